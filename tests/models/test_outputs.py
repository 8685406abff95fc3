"""The output layer of a fit: how it settles what is learnt of the targets, and the notes' own system."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainrule
from chainrule.errors import InputError
from chainrule.models import fit_settings, prepare

EXAMPLES = Path(__file__).parents[2] / "examples"
XOR = {"x1": [0, 0, 1, 1], "x2": [0, 1, 0, 1], "y": [0, 1, 1, 0]}


def r2_of(result: chainrule.FitResult) -> float:
    """R² of the rows held out."""
    score: Any = result.held_out_score
    return float(score[0].r2)


def counts(n: int = 200) -> pd.DataFrame:
    """Counts of which many are far below their mean."""
    x = np.linspace(-2, 2, n)
    return pd.DataFrame({"x": x, "y": np.round(np.exp(1.5 * x) * 3).astype(int)})


@pytest.mark.parametrize("output", ["softplus", "exp", "relu", "logistic", "tanh", "softsign", "identity"])
def test_every_output_can_predict_below_the_mean(output: str) -> None:
    table = counts()
    result = chainrule.fit(table, target="y", output=output, activation="tanh", epochs=200, rate=0.01, seed=1)
    predicted = result.model.network(result.data.X)
    numbers = np.asarray(result.data.encoding.decode_outputs(predicted))[:, 0]
    assert numbers[table.x < -1].mean() < table.y.mean() / 4
    assert r2_of(result) > 0.9


@pytest.mark.parametrize("shift", [0.0, -30.0])
def test_what_lies_below_0_is_learnt_by_outputs_above_0(shift: float) -> None:
    table = counts().assign(y=lambda one: one.y + shift)
    with pytest.warns(chainrule.TableWarning) if shift else _nothing():
        result = chainrule.fit(table, target="y", output="softplus", activation="tanh", epochs=60, rate=0.01)
    assert r2_of(result) > 0.8


class _nothing:  # noqa: N801 (as a function is)
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def test_shares_are_learnt_by_binary_cross_entropy_as_they_are() -> None:
    x = np.linspace(-3, 3, 120)
    table = pd.DataFrame({"x": x, "share": 1 / (1 + np.exp(-x))})
    result = chainrule.fit(table, target="share", loss="binary_cross_entropy", epochs=40, rate=0.01)
    np.testing.assert_array_equal(result.data.Y[:, 0], table.share)
    assert r2_of(result) > 0.95
    beyond = chainrule.fit(table.assign(share=table.share * 50), target="share", loss="binary_cross_entropy")
    assert [beyond.data.Y.min(), beyond.data.Y.max()] == pytest.approx([0.1, 0.9], abs=0.05)


def test_several_columns_of_0_and_1_are_labels_with_binary_cross_entropy() -> None:
    x = np.random.default_rng(0).normal(size=(200, 2))
    table = pd.DataFrame({"u": x[:, 0], "v": x[:, 1], "a": (x[:, 0] > 0) * 1, "b": x.sum(axis=1) > 0})
    result = chainrule.fit(table, target=["a", "b"], epochs=30)
    net = result.model.network
    assert (net.sizes[-1], str(net.loss)) == (2, "BinaryCrossEntropy()")
    assert result.data.encoding.kind == "labels"
    decode = result.data.encoding.decode_outputs
    assert np.mean(np.asarray(decode(net(result.data.X))) == decode(result.data.Y)) > 0.95


def test_two_classes_take_one_unit_where_the_outputs_do_not_compete() -> None:
    table = pd.DataFrame({"x": [1, 2, 3, 4] * 5, "y": ["no", "no", "yes", "yes"] * 5})

    def units(**given: Any) -> tuple[int, str, str]:  # noqa: ANN401 (as they are)
        data = prepare(
            table, target="y", **{n: given[n] for n in ("output", "loss", "one_unit") if n in given}
        )
        settings = fit_settings(data, **{n: v for n, v in given.items() if n != "one_unit"})
        return data.Y.shape[1], settings.output, settings.loss

    assert units() == (2, "softmax", "cross_entropy")
    assert units(output="logistic") == (1, "logistic", "binary_cross_entropy")
    assert units(loss="binary_cross_entropy") == (1, "logistic", "binary_cross_entropy")
    assert units(output="tanh") == (1, "tanh", "rss")
    assert units(one_unit=True) == (1, "logistic", "binary_cross_entropy")
    assert units(output="logistic", one_unit=False) == (2, "logistic", "binary_cross_entropy")
    for target in ("species", "body_mass_g"):
        with pytest.raises(InputError, match="one unit tells two classes apart"):
            prepare(EXAMPLES / "penguins.csv", target=target, one_unit=True)


@pytest.mark.parametrize("said", [{}, {"numbers": "y"}, {"classes": "y", "one_unit": True}])
def test_the_notes_exclusive_or_is_that_of_train_to_the_last_bit(said: dict[str, Any]) -> None:
    result = chainrule.fit(
        XOR, target="y", defaults="notes", hidden=3, start="uniform", rate=0.7, epochs=2000, held_out=0,
        loss_goal=0.0025, seed=1, **said,
    )  # fmt: skip
    X, Y = np.column_stack([XOR["x1"], XOR["x2"]]), np.array(XOR["y"])[:, np.newaxis]
    start = chainrule.Network.random((2, 3, 1), start="uniform", seed=1)
    again = chainrule.train(start, X, Y, rate=0.7, epochs=2000, loss_goal=0.0025, seed=1)
    for ours, theirs in zip(result.model.network.weights, again.network.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(result.data.X, X)
    np.testing.assert_array_equal(result.data.Y, Y)


@pytest.mark.parametrize(
    ("table", "target"), [("iris.csv", "species"), ("penguins.csv", "body_mass_g"), ("penguins.csv", "sex")]
)
def test_the_notes_defaults_are_logistic_units_rss_and_an_update_after_each_row(
    table: str, target: str
) -> None:
    result = chainrule.fit(EXAMPLES / table, target=target, defaults="notes", epochs=3)
    net, record = result.model.network, result.model.training
    assert {type(g).__name__ for g in net.activations} == {"Logistic"}
    assert (str(net.loss), record.rule, record.batch_size) == ("RSS()", "descent", 1)  # type: ignore[union-attr]
    assert result.data.Y[~np.isnan(result.data.Y)].min() >= 0
    assert result.data.Y[result.data.training_rows].max() <= 1


def test_an_input_that_is_the_target_in_another_unit_is_found_whatever_the_scaling() -> None:
    table = counts().assign(twice=lambda one: one.y * 2 + 7)
    layers: list[dict[str, Any]] = [{}, {"output": "logistic"}, {"output": "softplus"}, {"defaults": "notes"}]
    for given in layers:
        data = prepare(table, target="y", **given)
        assert any("'twice' gives the target away" in one for one in data.remarks), given


@pytest.mark.parametrize(
    ("given", "parameter", "message"),
    [
        ({"output": "softmax"}, "output", "output='softmax' is for classes of which one holds but each of"),
        ({"output": "softmax", "loss": "rss"}, "output", "Take output='logistic', or fit one target at a"),
        ({"output": "logistic", "loss": "cross_entropy"}, "loss", "loss='cross_entropy' is for classes of"),
        ({"loss": "cross_entropy"}, "output", "output='softmax' is for classes of which one holds"),
        ({"one_unit": False}, "one_unit", "Leave out one_unit=False, or fit one target at a time."),
    ],
)
def test_outputs_of_which_one_holds_are_refused_for_labels(
    given: dict[str, Any], parameter: str, message: str
) -> None:
    table = pd.DataFrame({"x": range(12), "p": [0, 1] * 6, "q": [0, 0, 1] * 4})
    with pytest.raises(InputError) as caught:
        chainrule.fit(table, target=["p", "q"], epochs=1, **given)
    assert caught.value.parameter == parameter
    assert message in str(caught.value)
