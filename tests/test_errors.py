"""The tree of errors: who is whose child, and what a message says."""

from __future__ import annotations

import copy
import pickle

import pytest

import chainrule
from chainrule import errors
from chainrule.errors import (
    ChainruleError,
    DivergenceError,
    InputError,
    ModelFileError,
    OutputError,
    ShapeError,
    TableError,
    TrainingWarning,
    UnknownNameError,
)
from chainrule.training import Epoch, History

TREE: list[tuple[type[Exception], tuple[type[Exception], ...]]] = [
    (ChainruleError, (Exception,)),
    (InputError, (ChainruleError, ValueError)),
    (ShapeError, (InputError,)),
    (UnknownNameError, (InputError,)),
    (TableError, (InputError,)),
    (ModelFileError, (InputError,)),
    (OutputError, (ChainruleError, OSError)),
    (DivergenceError, (ChainruleError, ArithmeticError)),
    (TrainingWarning, (UserWarning,)),
]


@pytest.mark.parametrize(("error", "parents"), TREE)
def test_tree_is_as_drawn(error: type[Exception], parents: tuple[type[Exception], ...]) -> None:
    assert error.__bases__ == parents
    drawing = errors.__doc__ or ""
    assert error.__name__ in drawing


def test_every_error_is_in_the_tree_and_public() -> None:
    assert {error.__name__ for error, _ in TREE} == set(errors.__all__)
    assert {name for name in errors.__all__ if name != "OutputError"} <= set(chainrule.__all__)


@pytest.mark.parametrize(
    ("given", "known", "message"),
    [
        ("tahn", ["tanh", "relu"], "There is no gate 'tahn'. Did you mean 'tanh'? There are: tanh, relu."),
        ("TANH", ["relu", "tanh"], "There is no gate 'TANH'. Did you mean 'tanh'? There are: relu, tanh."),
        ("", ["tanh"], "There is no gate ''. There are: tanh."),
        ("xyz", ["tanh", "relu"], "There is no gate 'xyz'. There are: tanh, relu."),
    ],
)
def test_unknown_name_says_what_was_meant_and_what_there_is(
    given: str, known: list[str], message: str
) -> None:
    error = UnknownNameError("gate", given, known)
    assert str(error) == message
    assert error.given == given
    assert error.known == tuple(known)


@pytest.mark.parametrize(
    ("count", "ending"),
    [(20, "name18, name19."), (21, "name18, name19 and 1 more."), (1000, "name19 and 980 more.")],
)
def test_long_lists_of_names_are_cut(count: int, ending: str) -> None:
    error = UnknownNameError("column", "zzz", (f"name{i}" for i in range(count)))
    assert str(error).endswith(ending)
    assert len(error.known) == count


def _divergence() -> DivergenceError:
    history = History(0.5, (Epoch(1, 0.25, 0.1),), 0.125)
    net = chainrule.Network([[[0.0, 1.0]]])
    return DivergenceError("It diverged.", network=net, history=history, epoch=2, rate=9.0)


def test_divergence_carries_what_was_left() -> None:
    error = _divergence()
    assert str(error) == "It diverged."
    assert (error.epoch, error.rate, error.history.loss_after) == (2, 9.0, 0.125)
    assert error.network.weights[0].tolist() == [[0.0, 1.0]]


def test_errors_travel_between_processes() -> None:
    # A pool of workers sends an error back as a pickle; one that cannot be read again hangs or hides it.
    unknown = pickle.loads(pickle.dumps(UnknownNameError("gate", "tahn", ["tanh"])))  # noqa: S301 (our own bytes)
    assert str(unknown) == str(UnknownNameError("gate", "tahn", ["tanh"]))
    assert unknown.known == ("tanh",)
    for error in (copy.copy(_divergence()), pickle.loads(pickle.dumps(_divergence()))):  # noqa: S301 (our own bytes)
        assert str(error) == "It diverged."
        assert (error.epoch, error.rate) == (2, 9.0)
        assert error.history == _divergence().history
        assert error.network.weights[0].tolist() == [[0.0, 1.0]]
