"""The options of `chainrule fit`: each does what its setting does in Python, or says what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import chainrule
from chainrule.files import model_to_bytes
from chainrule.training import Callbacks, run_training
from command_line import read_once

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("one_database", "tables_read_once")

FIT = ("fit", "iris.csv", "--target", "species", "--hidden", "4", "--epochs", "3", "--out", "new.st")


OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("--activation gelu", {"activation": "gelu"}),
    ("--activation leaky_relu:0.2", {"activation": "leaky_relu:0.2"}),
    ("--output logistic", {"output": "logistic"}),
    ("--output identity --loss huber:0.5", {"output": "identity", "loss": "huber:0.5"}),
    ("--loss poisson", {"loss": "poisson"}),
    ("--defaults notes", {"defaults": "notes"}),
    ("--rule nesterov:0.7 --rate 0.05", {"rule": "nesterov:0.7", "rate": 0.05}),
    ("--rule lbfgs", {"rule": "lbfgs"}),
    ("--rule irprop_minus", {"rule": "irprop_minus"}),
    ("--rule levenberg_marquardt --loss rss", {"rule": "levenberg_marquardt", "loss": "rss"}),
    ("--schedule warm_up:2,step:1:0.5", {"schedule": "warm_up:2,step:1:0.5"}),
    ("--batch-size 7", {"batch_size": 7}),
    ("--rate-factors ntp --bias-rate 0.1", {"rate_factors": "ntp", "bias_rate": 0.1}),
    ("--label-smoothing 0.125", {"label_smoothing": 0.125}),
    (
        "--rule adamw:0.5 --decay-schedule step:1:0.5",
        {"rule": "adamw:0.5", "decay_schedule": "step:1:0.5"},
    ),
    ("--rule adam:0.9:0.95", {"rule": "adam:0.9:0.95"}),
    ("--l2 0.25", {"l2": 0.25}),
    ("--dropout 0.5", {"dropout": 0.5}),
    ("--patience 1 --validation 0.3", {"patience": 1, "validation": 0.3}),
    ("--loss-goal 9.5", {"loss_goal": 9.5}),
    ("--dtype float32", {"dtype": "float32"}),
    ("--engine reference", {"engine": "reference"}),
    ("--class-weight balanced", {"class_weight": "balanced"}),
    ("--class-weight setosa=5,virginica=0.5", {"class_weight": {"setosa": 5.0, "virginica": 0.5}}),
    ("--seed 3", {"seed": 3}),
]


@pytest.mark.parametrize(("typed", "settings"), OPTIONS)
def test_an_option_is_the_setting_of_its_name(
    typed: str, settings: dict[str, Any], here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    done = chainrule_command(*FIT, *typed.split())
    assert done.code == 0, done.err
    content = Path("new.st").read_bytes()
    assert content == content_after(**settings)
    assert content != content_after()


def test_units_are_read_whatever_blanks_stand_around_them(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    done = chainrule_command(*FIT, "--hidden", "\x1d3, 2\t")
    assert done.code == 0, done.err
    assert Path("new.st").read_bytes() == content_after(hidden=(3, 2))


def content_after(**settings: Any) -> bytes:  # noqa: ANN401 (handed through)
    """Model file of a fit in Python."""
    given = {"hidden": 4, "epochs": 3, **settings}
    return model_to_bytes(chainrule.fit(read_once("iris.csv"), target="species", **given).model)


REFUSED = {
    "--activation swish": "There is no activation 'swish'",
    "--activation relu:2": "The activation 'relu:2' has 1 number but relu takes no number",
    "--activation leaky_relu:x": "The activation 'leaky_relu:x' has 'x' after a colon",
    "--activation leaky_relu:7": "The activation 'leaky_relu:7' cannot be: slope is 7.0 but must be",
    "--activation softmax": "softmax is the activation of a hidden layer",
    "--hidden none --activation swish": "There is no activation 'swish'",
    "--output softmaxx": "Did you mean 'softmax'?",
    "--output relu --loss cross_entropy": "The loss cross_entropy needs outputs that are chances",
    "--loss hinge": "There is no loss 'hinge'",
    "--loss huber:-1": "The loss 'huber:-1' cannot be: limit is -1.0",
    "--loss quantile:1.5": "The loss 'quantile:1.5' cannot be: share is 1.5",
    "--defaults old": "There is no set of defaults 'old'. There are: modern, modern-2, modern-1, notes.",
    "--rule sgd": "There is no update rule 'sgd'",
    "--rule adam:2": "The update rule 'adam:2' cannot be: beta1 is 2.0",
    "--rule lbfgs --rate 0.1": "--rate is 0.1 but the update rule lbfgs finds its own steps",
    "--rule lbfgs --schedule cosine": "The schedule is cosine but the update rule lbfgs",
    "--rule lbfgs --dropout 0.5": "--dropout is 0.5 but the update rule lbfgs",
    "--rule irprop_minus --batch-size 4": "all 112 rows in one batch. Leave --batch-size out.",
    "--rule levenberg_marquardt": "The loss is cross_entropy but levenberg_marquardt needs rss",
    "--schedule cos": "There is no schedule 'cos'. Did you mean 'cosine'?",
    "--schedule step:0": "The schedule 'step:0' cannot be: every is 0",
    "--schedule warm_up:2,foo": "There is no schedule 'foo'",
    "--l2 -1": "--l2 is -1.0 but must be a finite number of at least 0",
    "--l2 x": "--l2 is 'x' but must be a number",
    "--dropout 1": "--dropout is 1.0 but must be at least 0 and below 1",
    "--dropout nan": "--dropout is nan but must be",
    "--patience -1": "--patience is -1 but must be a whole number of at least 0",
    "--patience 1.5": "--patience is '1.5' but must be a whole number",
    "--validation 1": "--validation is 1.0 but must be at least 0 and below 1",
    "--validation x": "--validation is 'x' but must be a number",
    "--class-weight foo": "--class-weight is 'foo' but must be 'balanced' or a weight for each class",
    "--class-weight setosa=0": "--class-weight of 'setosa' is 0.0 but must be a finite number above 0",
    "--class-weight setosa=inf": "--class-weight of 'setosa' is inf but must be",
    "--class-weight setosa=x": "--class-weight has 'setosa=x' but needs class=number",
    "--class-weight setosa=1,2": "--class-weight has '2' but needs class=number",
    "--class-weight setosa=1,setosa=2": "--class-weight has 'setosa=2' but needs class=number, each",
    "--class-weight setos=1": "There is no class 'setos'. Did you mean 'setosa'?",
    "--rate 0": "--rate is 0.0 but must be a finite number above 0",
    "--loss-goal 0": "--loss-goal is 0.0 but must be a finite number above 0",
}


@pytest.mark.parametrize("typed", REFUSED)
def test_a_bad_value_is_one_line_and_code_2(
    typed: str, here: Path, chainrule_command: Callable[..., Any]
) -> None:
    before = set(here.iterdir())
    done = chainrule_command("fit", "iris.csv", "--target", "species", "--out", "new.st", *typed.split())
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert REFUSED[typed] in line
    assert line.endswith(".")
    assert set(here.iterdir()) == before


def test_weights_of_classes_need_classes(here: Path, chainrule_command: Callable[..., Any]) -> None:
    done = chainrule_command(
        "fit", here / "penguins.csv", "--target", "body_mass_g", "--class-weight", "balanced", "--out", "n.st"
    )
    assert done.code == 2
    assert "--class-weight is 'balanced' but the target is a number" in done.err


def test_the_summary_tells_of_warnings_and_the_best_epoch(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    done = chainrule_command(
        *FIT[:-4],
        "--epochs",
        60,
        "--rate",
        0.5,
        "--patience",
        3,
        "--validation",
        0.3,
        "--json",
        "--out",
        "n.st",
    )
    assert done.code == 0
    found = json.loads(done.out)
    watched = found["validation_loss_of_epochs"]
    assert found["stopped_by"] == "patience"
    assert found["best_epoch"] == 1 + watched.index(min(watched))
    assert found["epochs_run"] == found["best_epoch"] + 3
    assert done.err.count("Warning: ") == len(found["diagnosis"])
    shown = chainrule_command("show", "n.st").out
    assert f"ended by patience, the best was epoch {found['best_epoch']}" in shown


# Going on


def after_each_epoch(call: Callable[[Any], None]) -> Callable[..., Any]:
    """Training that calls something after each epoch, besides what it is given to call."""

    def run(*arguments: Any, callbacks: Callbacks, **others: Any) -> Any:  # noqa: ANN401 (as run_training)
        return run_training(*arguments, callbacks=replace(callbacks, on_epoch=call), **others)

    return run


@pytest.fixture
def interrupting(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Press Ctrl-C after so many epochs, once."""

    def arrange(epochs: int) -> None:
        left = [True]

        def press(training: Any) -> None:  # noqa: ANN401 (a Progress)
            if len(training.epochs) == epochs and left:
                left.clear()
                raise KeyboardInterrupt

        monkeypatch.setattr("chainrule.models.learning.run_training", after_each_epoch(press))

    return arrange


RESUMABLE = [
    "", "--defaults notes", "--patience 4 --validation 0.2 --dropout 0.25", "--rule lbfgs",
    "--rule levenberg_marquardt --loss rss --hidden 4",
    "--rule momentum --schedule plateau:1:0.5 --class-weight balanced",
    "--class-weight setosa=2,virginica=0.5 --rule adamw:0.1", "--seed 4 --held-out 0.4 --hidden none",
]  # fmt: skip


@pytest.mark.parametrize("typed", RESUMABLE)
def test_an_interrupted_fit_goes_on_as_if_nothing_had_happened(
    typed: str, here: Path, chainrule_command: Callable[..., Any], interrupting: Callable[[int], None],
) -> None:  # fmt: skip
    arguments = ["fit", "iris.csv", "--target", "species", "--epochs", 7, *typed.split()]
    whole = chainrule_command(*arguments, "--out", "whole.st")
    assert whole.code == 0, whole.err
    interrupting(3)
    stopped = chainrule_command(*arguments, "--out", "parts.st")
    assert stopped.code == 130, stopped.err
    assert stopped.err.splitlines()[-1] == (
        "Go on with: chainrule fit iris.csv --resume parts.checkpoint.st --out parts.st --force"
    )
    assert "a training after 3 epochs" in chainrule_command("show", "parts.checkpoint.st").out
    resumed = chainrule_command(
        "fit", "iris.csv", "--resume", "parts.checkpoint.st", "--out", "parts.st", "--force"
    )
    assert resumed.code == 0, resumed.err
    assert here.joinpath("parts.st").read_bytes() == here.joinpath("whole.st").read_bytes()


def test_a_fit_that_went_on_can_be_interrupted_and_goes_on_again(
    here: Path, chainrule_command: Callable[..., Any], interrupting: Callable[[int], None]
) -> None:
    arguments = ["fit", here / "iris.csv", "--target", "species"]
    assert chainrule_command(*arguments, "--epochs", 9, "--out", "whole.st").code == 0
    interrupting(2)
    assert chainrule_command(*arguments, "--epochs", 5, "--out", "a.st").code == 130
    again = ["fit", "iris.csv", "--resume", "a.checkpoint.st", "--out", "a.st", "--force"]
    interrupting(4)
    assert chainrule_command(*again).code == 130
    done = chainrule_command(*again, "--epochs", 9)  # more than were asked for at first
    assert done.code == 0, done.err
    assert here.joinpath("a.st").read_bytes() == here.joinpath("whole.st").read_bytes()


def test_a_fit_that_breaks_leaves_the_checkpoint_of_the_last_minute(
    here: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["fit", here / "iris.csv", "--target", "species", "--epochs", 6]
    assert chainrule_command(*arguments, "--out", "whole.st").code == 0
    monkeypatch.setattr("chainrule.jobs.checkpoint.SECONDS_BETWEEN", 0.0)
    kept = chainrule_command(*arguments, "--out", "a.st")
    assert kept.code == 0
    assert not here.joinpath("a.checkpoint.st").exists()  # of no use any more

    def broken(training: Any) -> None:  # noqa: ANN401 (a Progress)
        if len(training.epochs) == 4:
            message = "the power fails"
            raise RuntimeError(message)

    with monkeypatch.context() as failing:
        failing.setattr("chainrule.models.learning.run_training", after_each_epoch(broken))
        failing.setattr("chainrule.jobs.fit.SECONDS_BETWEEN_LOOKS", 1e-9)
        with pytest.raises(RuntimeError, match="the power fails"):
            chainrule_command(*arguments, "--out", "b.st")
    assert not here.joinpath("b.st").exists()
    done = chainrule_command("fit", "iris.csv", "--resume", "b.checkpoint.st", "--out", "b.st")
    assert done.code == 0, done.err
    assert here.joinpath("b.st").read_bytes() == here.joinpath("whole.st").read_bytes()


def test_what_cannot_go_on_is_refused(
    here: Path, chainrule_command: Callable[..., Any], interrupting: Callable[[int], None]
) -> None:
    interrupting(2)
    assert chainrule_command(*FIT).code == 130
    go_on = ["fit", "iris.csv", "--resume", "new.checkpoint.st", "--out", "x.st"]
    text = here.joinpath("iris.csv").read_text(encoding="utf-8")
    here.joinpath("other.csv").write_text(text.replace("5.1", "5.2", 1), encoding="utf-8")
    state = chainrule.load_state("new.checkpoint.st")
    chainrule.save(state, "of_python.st")  # no record of the table
    before = {path: path.read_bytes() for path in here.iterdir()}
    for arguments, words in (
        ([*go_on[:3], "of_python.st", *go_on[4:]], "of_python.st is no checkpoint of `chainrule fit`"),
        ([*go_on, "--target", "species"], "--target was given with --resume, which settles it"),
        ([*go_on, "--rate", "0.5"], "--rate was given with --resume"),
        ([*go_on, "--hidden", "5"], "--hidden was given with --resume"),
        ([*go_on, "--class-weight", "balanced"], "--class-weight was given with --resume"),
        ([*go_on, "--seed", "5"], "--seed was given with --resume"),
        ([*go_on, "--held-out", "0.5"], "--held-out was given with --resume"),
        ([*go_on, "--defaults", "notes"], "--defaults was given with --resume"),
        ([*go_on, "--epochs", "1"], "--epochs is 1 but the state has 2 already"),
        (["fit", "penguins.csv", *go_on[2:]], "column"),
        (["fit", "other.csv", *go_on[2:]], "other.csv is not the table whose training"),
        ([*go_on[:3], "new.st", *go_on[4:]], "new.st is no checkpoint of `chainrule fit`"),
        ([*go_on[:3], "none.st", *go_on[4:]], "There is no file none.st"),
        ([*go_on[:3], "iris.csv", *go_on[4:]], "iris.csv is not a chainrule model"),
        (["fit", "iris.csv", "--out", "x.st"], "--target is missing"),
    ):
        done = chainrule_command(*arguments)
        assert (done.code, done.out) == (2, ""), arguments
        notes, error = done.err.splitlines()[:-1], done.err.splitlines()[-1]
        assert words in error
        laid_out = "Note: the file is not laid out as the table that was learnt: its layout is found anew"
        assert notes == [laid_out] * (arguments[1] == "penguins.csv")
    assert {path: path.read_bytes() for path in here.iterdir()} == before


def test_the_summary_of_a_fit_that_went_on_counts_the_rows_that_were_learnt(
    here: Path, chainrule_command: Callable[..., Any], interrupting: Callable[[int], None]
) -> None:
    rule = ("--rule", "irprop_minus", "--patience", 9, "--validation", 0.25)
    interrupting(2)
    assert chainrule_command(*FIT, *rule).code == 130
    go_on = ("fit", here / "iris.csv", "--resume", "new.checkpoint.st", "--out", "x.st", "--json")
    done = chainrule_command(*go_on)
    assert done.code == 0, done.err
    assert json.loads(done.out)["batch_size"] == 84  # of 112 training rows, a quarter is watched
