"""Every error that users meet says in fields which parameter does not fit, what is needed, and what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule.errors import ChainruleError
from chainrule.settings import FitSettings, settings_of
from chainrule.table_options import options_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Case: TypeAlias = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

EXAMPLES = Path(__file__).parents[1] / "examples"


class Own:
    """An activation of a user's own, which no file holds."""

    name = "own"

    def forward(self, z: Any) -> Any:  # noqa: ANN401
        return z

    def backward(self, _z: Any, _a: Any, upstream: Any) -> Any:  # noqa: ANN401
        return upstream


_own: Any = Own()
OWN = chainrule.Network([[[1.0, 1.0]]], _own)
NET = chainrule.Network.random((2, 1))
X, Y = [[0.0, 1.0], [1.0, 0.0]], [[0.0], [1.0]]
Y_AS_X = [[0.0, 0.0], [1.0, 1.0]]
NARROW = chainrule.Network.random((1, 1))
LINEAR = chainrule.Network([[[0.0, 1.0]]], activations="identity")
FAST = {"rate": 10, "epochs": 200}
DATES = pa.table({"x": ["2020-01-01", "2020-01-02"] * 4, "y": [1.0, 2.0] * 4})
CONSTANT = pa.table({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0] * 4})
SIGNED = pa.table(
    {"w": [1.0, 2.0, -3.0, 4.0] * 4, "x": [1.0, 2.0, 3.0, 5.0] * 4, "kind": ["a", "b", "a", "b"] * 4}
)
FRAME = pa.table({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2.0, 3.0, 5.0], "kind": ["a", "b", "a", "b"]})
SETTINGS: dict[str, Any] = {"rate": 0.1, "epochs": 1, "engine": "reference"}


def _state() -> chainrule.TrainingState:
    return chainrule.train(NET, X, Y, **SETTINGS).state


def _faulty(**given: Any) -> Case:  # noqa: ANN401
    return chainrule.train, (NET, X, Y), SETTINGS | given


def _fitted(**given: Any) -> Case:  # noqa: ANN401
    return chainrule.fit, (FRAME,), {"target": "kind"} | given


WRONG: dict[str, tuple[Callable[[], Case], str | None]] = {
    "no number": (lambda: _faulty(rate="x"), "rate"),
    "no rate": (lambda: _faulty(rate=None), "rate"),
    "negative seed": (lambda: _faulty(seed=-1), "seed"),
    "no truth": (lambda: _faulty(shuffle=3), "shuffle"),
    "half an epoch": (lambda: _faulty(epochs=0.5), "epochs"),
    "unknown rule": (lambda: _faulty(rule="sgd"), "rule"),
    "rule with a wrong number": (lambda: _faulty(rule="momentum:2"), "rule"),
    "rule with too many numbers": (lambda: _faulty(rule="descent:2"), "rule"),
    "rule with a word": (lambda: _faulty(rule="momentum:x"), "rule"),
    "rule that is none": (lambda: _faulty(rule=3), "rule"),
    "rate for lbfgs": (lambda: _faulty(rule="lbfgs"), "rate"),
    "schedule for lbfgs": (lambda: _faulty(rule="lbfgs", rate=None, schedule="cosine"), "schedule"),
    "dropout for lbfgs": (lambda: _faulty(rule="lbfgs", rate=None, dropout=0.5), "dropout"),
    "batches for lbfgs": (lambda: _faulty(rule="lbfgs", rate=None, batch_size=1), "batch_size"),
    "unknown metric": (lambda: _faulty(metric="f1"), "metric"),
    "no metric": (lambda: _faulty(metric=3), "metric"),
    "unknown engine": (lambda: _faulty(engine="fast"), "engine"),
    "nothing to watch": (lambda: _faulty(stopping="generalization_loss"), "stopping"),
    "all to watch": (lambda: _faulty(validation=0.9), "validation"),
    "odd validation": (lambda: _faulty(validation=(X,)), "validation"),
    "odd rows to watch": (lambda: _faulty(validation=(X, [[0.0]])), "validation"),
    "negative weight": (lambda: _faulty(sample_weight=[1, -1]), "sample_weight"),
    "weights of nothing": (lambda: _faulty(sample_weight=[0, 0]), "sample_weight"),
    "weights in words": (lambda: _faulty(sample_weight=["a", "b"]), "sample_weight"),
    "masks of another shape": (lambda: _faulty(masks=[[1]]), "masks"),
    "masks of other numbers": (lambda: _faulty(masks=[[[1, 2, 3]]]), "masks"),
    "no network": (lambda: (chainrule.train, (3, X, Y), SETTINGS), "net"),
    "wide samples": (lambda: (chainrule.train, (NET, [[1.0]], [[1.0]]), SETTINGS), "X"),
    "no samples": (lambda: (chainrule.train, (NET, np.ones((0, 2)), Y), SETTINGS), "X"),
    "samples in words": (lambda: (chainrule.train, (NET, [["a", "b"]], [[1.0]]), SETTINGS), "X"),
    "infinite samples": (lambda: (chainrule.train, (NET, [[1, np.inf]], [[1.0]]), SETTINGS), "X"),
    "fewer targets": (lambda: (chainrule.train, (NET, X, [[1.0]]), SETTINGS), "Y"),
    "another state": (lambda: _faulty(resume=_state(), rate=0.2), "rate"),
    "a state's path": (lambda: _faulty(resume="state.st"), "resume"),
    "a callback that is none": (lambda: _faulty(on_epoch=5), "on_epoch"),
    "warm-up before nothing": (lambda: (chainrule.WarmUp, (2, None), {}), "then"),
    "fewer epochs": (lambda: _faulty(resume=replace(_state(), epochs=_state().epochs * 3)), "epochs"),
    "other samples": (lambda: (chainrule.train, (NET, Y_AS_X, Y), SETTINGS | {"resume": _state()}), "resume"),
    "other network": (
        lambda: (chainrule.train, (NARROW, [[1.0]], [[1.0]]), SETTINGS | {"resume": _state()}), "net",
    ),
    "diverged": (lambda: (chainrule.train, (LINEAR, [[100.0], [90.0]], Y), SETTINGS | FAST), "rate"),
    "unknown column": (lambda: _fitted(target="kin"), "target"),
    "no column": (lambda: _fitted(target=4), "target"),
    "no target": (lambda: _fitted(target=None), "target"),
    "unknown input": (lambda: _fitted(inputs=["z"]), "inputs"),
    "inputs that are no names": (lambda: _fitted(inputs=[1.5]), "inputs"),
    "pattern that fits nothing": (lambda: _fitted(ignore="q*"), "ignore"),
    "ignored target": (lambda: _fitted(ignore=["kind"]), "ignore"),
    "nothing left": (lambda: _fitted(ignore=["x", "y"]), "ignore"),
    "weighted by an input": (lambda: _fitted(weights="x", inputs="x"), "inputs"),
    "weights below 0": (lambda: (chainrule.fit, (SIGNED,), {"target": "kind", "weights": "w"}), "weights"),
    "parts in other words": (lambda: _fitted(split="x"), "split"),
    "logarithm of an input": (lambda: _fitted(log="x", target="y"), "log"),
    "two kinds": (lambda: _fitted(numbers="x", text="x"), "text"),
    "unknown treatment of rows": (lambda: _fitted(bad_rows="skip"), "bad_rows"),
    "no truth of a table": (lambda: _fitted(strict=2), "strict"),
    "mixed targets": (lambda: _fitted(target=["kind", "y"]), "target"),
    "all held out": (lambda: _fitted(held_out=1), "held_out"),
    "too many held out": (lambda: _fitted(held_out=0.9, target="y"), "held_out"),
    "unknown defaults": (lambda: _fitted(defaults="old"), "defaults"),
    "unknown class": (lambda: _fitted(class_weight={"c": 1}), "class_weight"),
    "weights of no classes": (lambda: _fitted(class_weight="balanced", target="y"), "class_weight"),
    "weight of 0": (lambda: _fitted(class_weight={"a": 0}), "class_weight"),
    "no weights of classes": (lambda: _fitted(class_weight=3), "class_weight"),
    "no units": (lambda: _fitted(hidden=0), "hidden"),
    "too many units": (lambda: _fitted(hidden=10**9), "hidden"),
    "unknown activation": (lambda: _fitted(activation="relux"), "activation"),
    "counts below 0": (lambda: (chainrule.fit, (SIGNED,), {"target": "w", "loss": "poisson"}), None),
    "no such setting": (lambda: _fitted(pace=3), "pace"),
    "guesses where none may be": (
        lambda: (chainrule.fit, (DATES,), {"target": "y", "strict": True}), "strict",
    ),
    "constant": (lambda: (chainrule.fit, (CONSTANT,), {"target": "y"}), None),
    "no weights": (lambda: (chainrule.Network, ([],), {}), "weights"),
    "flat weights": (lambda: (chainrule.Network, ([[1.0]],), {}), "weights"),
    "weights that do not follow": (lambda: (chainrule.Network, ([[[1, 1]], [[1, 1, 1]]],), {}), "weights"),
    "matrices in words": (lambda: (chainrule.Network, (["a"],), {}), "weights"),
    "weights of NaN": (lambda: (chainrule.Network, ([[[1, np.nan]]],), {}), "weights"),
    "no such activation": (lambda: (chainrule.Network, ([[[1, 1]]], "tahn"), {}), "activations"),
    "too many activations": (lambda: (chainrule.Network, ([[[1, 1]]], ["tanh"] * 2), {}), "activations"),
    "softmax of one": (lambda: (chainrule.Network, ([[[1, 1]]], "softmax"), {}), "activations"),
    "pair": (lambda: (chainrule.Network, ([[[1, 1]]], "relu", "cross_entropy"), {}), "loss"),
    "no such loss": (lambda: (chainrule.Network, ([[[1, 1]]], "tanh", "los"), {}), "loss"),
    "one size": (lambda: (chainrule.Network.random, ((3,),), {}), "sizes"),
    "odd dtype": (lambda: (chainrule.Network.random, ((3, 1),), {"dtype": "int8"}), "dtype"),
    "no such start": (lambda: (chainrule.Network.random, ((3, 1),), {"start": "zeros"}), "start"),
    "absent table": (lambda: (chainrule.read_table, ("absent.csv",), {}), "source"),
    "address": (lambda: (chainrule.read_table, ("https://a.b/c.csv",), {}), "source"),
    "folder": (lambda: (chainrule.read_table, (".",), {}), "source"),
    "no table": (lambda: (chainrule.read_table, (3,), {}), "source"),
    "no path": (lambda: (chainrule.read_table, ("",), {}), "source"),
    "absent model": (lambda: (chainrule.load, ("absent.st",), {}), "path"),
    "table for a model": (lambda: (chainrule.load, (EXAMPLES / "iris.csv",), {}), "path"),
    "folder for a model": (lambda: (chainrule.load, (".",), {}), "path"),
    "wide sample to check": (lambda: (chainrule.check_gradients, (NET, [[1.0]], [[1.0]]), {}), "X"),
    "no sample of weights": (lambda: (chainrule.check_gradients, (NET, X, Y), {"sample": 0}), "sample"),
    "table to trace": (lambda: (chainrule.trace, (NET, X, Y), {"rate": 1}), "x"),
    "negative rate to trace": (lambda: (chainrule.trace, (NET, X[0], Y[0]), {"rate": -1}), "rate"),
    "folder to save to": (lambda: (chainrule.save, (NET, "."), {}), "path"),
    "file that stands there": (
        lambda: (chainrule.save, (NET, EXAMPLES / "iris.csv"), {"overwrite": False}), "path",
    ),
    "own activation to save": (lambda: (chainrule.save, (OWN, "own.st"), {}), "model"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_every_error_says_what_is_needed_and_what_to_do(name: str) -> None:
    made, parameter = WRONG[name]
    called, arguments, named = made()
    with pytest.raises(ChainruleError) as caught:
        called(*arguments, **named)
    error = caught.value
    assert error.needs
    assert error.advice
    assert str(error).endswith(f" {error.advice}")
    assert not error.needs.endswith(".")
    assert error.advice.endswith((".", "?"))
    assert error.parameter == parameter
    if parameter is not None and name != "no such setting":
        settings = {
            "defaults",
            *(one.name for one in settings_of(FitSettings)),
            *(one.name for one in options_of()),
        }
        assert parameter in set(signature(called).parameters) | (
            settings if called is chainrule.fit else set()
        )
    json.dumps(error.to_json(), allow_nan=False)
