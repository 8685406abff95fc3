"""What others call a setting is asked back by the name that it has here, in Python and as an option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule import UnknownNameError
from chainrule.jobs import FitJob
from chainrule.settings import FitSettings, Settings, called_otherwise, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# As scikit-learn, Keras, PyTorch, XGBoost and R's neuralnet have it.
OTHERS = {
    "learning_rate": "rate", "learning_rate_init": "rate", "lr": "rate", "max_iter": "epochs",
    "n_epochs": "epochs", "num_epochs": "epochs", "iterations": "epochs", "random_state": "seed",
    "hidden_layer_sizes": "hidden", "layers": "hidden", "units": "hidden", "alpha": "l2",
    "weight_decay": "l2",
    "optimizer": "rule", "solver": "rule", "n_iter_no_change": "patience", "early_stopping": "patience",
    "validation_fraction": "validation", "validation_split": "validation", "test_size": "held_out",
    "n_jobs": "threads", "batch": "batch_size", "init": "start", "kernel_initializer": "start",
    "out_activation": "output", "momentum": "rule", "dropout_rate": "dropout", "clipnorm": "clip_norm",
    "max_grad_norm": "clip_norm", "criterion": "loss", "scoring": "metric", "lr_scheduler": "schedule",
    "Learning-Rate": "rate", "precision": "dtype", "cv": "folds", "n_splits": "folds", "k_fold": "folds",
}  # fmt: skip
OF_TRAINING = {one.name for one in settings_of(Settings)}


@pytest.mark.parametrize("other", OTHERS)
def test_another_name_is_asked_back_by_the_one_that_is_meant(other: str, tmp_path: Path) -> None:
    meant = rf"There is no setting {other!r}\. Did you mean {OTHERS[other]!r}\?"
    given: dict[str, Any] = {other: 3}
    with pytest.raises(UnknownNameError, match=meant) as caught:
        chainrule.fit("examples/iris.csv", target="species", **given)
    assert caught.value.parameter == other
    with pytest.raises(UnknownNameError, match=meant):
        FitJob("examples/iris.csv", target="species", out=tmp_path / "iris.st", **given).run()
    if OTHERS[other] in OF_TRAINING:
        given["epochs"] = 1
        with pytest.raises(UnknownNameError, match=meant):
            chainrule.train(chainrule.Network.random((1, 1)), [[0.0]], [[1.0]], **given)


@pytest.mark.parametrize("other", [name for name in OTHERS if name.islower()])
def test_so_it_is_on_the_command_line(other: str, chainrule_command: Callable[..., Any]) -> None:
    option = f"--{other.replace('_', '-')}"
    done = chainrule_command("fit", "table.csv", option, "3")
    meant = f"--{OTHERS[other].replace('_', '-')}"
    assert done.code == 2
    assert done.err.startswith(f"Error: There is no option {option}. Did you mean '{meant}'?"), done.err
    assert done.err.count("\n") == 1


def test_what_differs_is_said_in_the_words_of_the_face(chainrule_command: Callable[..., Any]) -> None:
    with pytest.raises(UnknownNameError, match=r"a number of the rule: rule='momentum:0\.9'\."):
        chainrule.fit("examples/iris.csv", target="species", momentum=0.9)
    assert (
        "a number of the rule: --rule momentum:0.9." in chainrule_command("fit", "t.csv", "--momentum=1").err
    )


def test_arguments_and_options_of_tables_may_be_meant_too(chainrule_command: Callable[..., Any]) -> None:
    net: Any = chainrule.Network.random((1, 1))
    given: dict[str, Any]
    for given, meant in (
        ({"sample_weights": [1.0]}, "sample_weight"), ({"callbacks": print}, "on_epoch"),
        ({"mask": []}, "masks"),
    ):  # fmt: skip
        with pytest.raises(UnknownNameError, match=f"Did you mean {meant!r}"):
            chainrule.fit("examples/iris.csv", target="species", **given)
        with pytest.raises(UnknownNameError, match=f"Did you mean {meant!r}"):
            chainrule.train(net, [[0.0]], [[1.0]], epochs=1, **given)
    with pytest.raises(UnknownNameError, match="Did you mean 'ignore'"):
        chainrule.fit("examples/iris.csv", target="species", ignored="sepal_width")
    assert "Did you mean '--ignore'?" in chainrule_command("inspect", "t.csv", "--ignored=x").err


def test_nothing_is_asked_that_the_command_does_not_have(chainrule_command: Callable[..., Any]) -> None:
    for typed in (("predict", "m", "t", "--learning-rate", "3"), ("fit", "t.csv", "--xyzzy"), ("fit", "-z")):
        done = chainrule_command(*typed)
        assert (done.code, "Did you mean" in done.err) == (2, False)
        assert f"There is no option {next(one for one in typed if one.startswith('-'))}." in done.err


def test_no_other_name_is_that_of_a_setting_or_of_two() -> None:
    called = called_otherwise(FitSettings)
    names = {one.name for one in settings_of(FitSettings)}
    assert not names & called.keys()
    every = [name for one in settings_of(FitSettings) for name in (*one.also_called, *one.resembles)]
    assert len(every) == len(set(every)) == len(called)
