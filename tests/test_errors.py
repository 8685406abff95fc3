"""The tree of errors: who is whose child, and what a message says."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import chainrule
from chainrule import errors
from chainrule.cli.naming import in_options
from chainrule.errors import (
    ChainruleError,
    CombinedError,
    DivergenceError,
    Faults,
    InputError,
    MissingPackageError,
    ModelFileError,
    OutputError,
    ShapeError,
    TableError,
    TableWarning,
    TrainingWarning,
    UnknownNameError,
    argument,
    said,
)
from chainrule.training import Epoch, History

TREE: list[tuple[type[Exception], tuple[type[Exception], ...]]] = [
    (ChainruleError, (Exception,)),
    (InputError, (ChainruleError, ValueError)),
    (CombinedError, (InputError,)),
    (ShapeError, (InputError,)),
    (UnknownNameError, (InputError,)),
    (TableError, (InputError,)),
    (ModelFileError, (InputError,)),
    (MissingPackageError, (ChainruleError, ImportError)),
    (OutputError, (ChainruleError, OSError)),
    (DivergenceError, (ChainruleError, ArithmeticError)),
    (TableWarning, (UserWarning,)),
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


def test_faults_are_said_together_in_the_words_of_a_face() -> None:
    faults = Faults()
    faults.refuse()
    with faults:
        raise InputError(parameter="rate", given=-1, needs="must be above 0", advice="Try 1.")
    with faults:
        raise UnknownNameError("gate", "tahn", ["tanh"], "gate")
    with pytest.raises(ZeroDivisionError), faults:
        _ = 1 / 0
    with pytest.raises(CombinedError) as caught:
        faults.refuse()
    with faults:
        raise caught.value
    assert len(faults.found) == 4
    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 (our own bytes)
    assert said(error, in_options) == (
        "There are 2 faults. (1) --rate is -1 but must be above 0. Try 1. (2) There is no gate 'tahn'. Did "
        "you mean 'tanh'? There are: tanh."
    )
    found = error.to_json()
    assert [one["parameter"] for one in found["errors"]] == ["rate", "gate"]
    assert found["parameter"] == "rate"


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


def test_a_message_is_made_of_its_parts() -> None:
    advice = f"Try {argument('rate', 0.1)}, or {argument('ignore', ['a b'])}."
    error = InputError(parameter="rate", given=-1, needs="must be above 0", advice=advice)
    assert str(error) == "rate is -1 but must be above 0. Try rate=0.1, or ignore=['a b']."
    assert (error.parameter, error.given, error.needs) == ("rate", -1, "must be above 0")
    assert error.advice == "Try rate=0.1, or ignore=['a b']."
    assert said(error, in_options) == "--rate is -1 but must be above 0. Try --rate 0.1, or --ignore 'a b'."
    assert said(error.advice, in_options) == "Try --rate 0.1, or --ignore 'a b'."
    assert str(InputError("It is 3", needs="must be 4", advice="Do so.")) == "It is 3 but must be 4. Do so."
    assert str(InputError("It is 3.", needs="must be 4", advice="Do so.")) == "It is 3. Do so."
    assert InputError(parameter="weights[0]", given=1, needs="must be 2").parameter == "weights"


def test_advice_can_be_added() -> None:
    error = _divergence()
    error.advise(f"Try {argument('rate', 1)}.")
    assert str(error) == "It diverged. Try rate=1."
    assert said(error, in_options) == "It diverged. Try --rate 1."


MARK = argument("rate", 7)


class _Odd:
    def __repr__(self) -> str:
        return f"<{MARK}\n>"


@pytest.mark.parametrize("given", [MARK, [MARK], {MARK: MARK}, _Odd(), Path(MARK), "⟦rate=7⟧", "\ud800"])
def test_what_is_given_is_never_taken_for_a_mark(given: object) -> None:
    error = InputError(parameter="rate", given=given, needs="must be above 0", advice="Try 1.")
    assert "rate=7" not in str(error).replace("⟦rate=7⟧", "")
    assert len(str(error).splitlines()) == 1
    assert str(error) == str(error).encode().decode()
    assert said(error, lambda name, *_: f"<{name}>").count("<rate>") == 1


def test_a_number_of_more_digits_than_python_writes_is_refused_in_words() -> None:
    error = InputError(parameter="seed", given=10**5000, needs="must be smaller")
    assert str(error) == "seed is an int of many digits but must be smaller."


@pytest.mark.parametrize(
    "given", [None, True, 3, 0.5, float("nan"), float("-inf"), 10**400, "text", Path("a.csv"), [1], np.eye(2),
              np.float64(1), lambda: 1, "⟦rate⟧"],
)  # fmt: skip
def test_errors_are_plain_data_and_travel_whatever_was_given(given: object) -> None:
    error = InputError(parameter="rate", given=given, needs="must be above 0", advice="Try 1.")
    data = error.to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert set(data) == {"error", "message", "parameter", "given", "needs", "advice"}
    assert data["message"] == str(error)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    assert again.to_json() == data
    assert said(again, in_options) == said(error, in_options)


def _texts(path: Path) -> list[str]:
    """String literals of a file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def test_only_the_command_line_speaks_of_options() -> None:
    rooms = Path(chainrule.__file__).parent
    found = [
        (path.name, text)
        for path in rooms.rglob("*.py")
        if "cli" not in path.relative_to(rooms).parts
        for text in _texts(path)
        if re.search(r"--[a-zA-Z]", text)
    ]
    assert found == []


def test_every_error_that_is_raised_is_given_needs_and_advice() -> None:
    made = {error.__name__ for error, _ in TREE} - {
        "CombinedError",
        "TableWarning",
        "TrainingWarning",
        "UnknownNameError",
    }
    found = []
    for path in Path(chainrule.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in made:
                fields = {one.arg for one in node.keywords}
                found += [] if fields >= {"needs", "advice"} else [(path.name, node.lineno)]
    assert found == []


def test_what_two_parameters_say_alike_is_said_once() -> None:
    faults = Faults()
    for parameter in ("target", "classes"):
        with faults:
            raise InputError("There is no column 'y'.", parameter=parameter)
    found = faults.together()
    assert (str(found), found.parameter) == ("There is no column 'y'.", "target")
    other = InputError("rate is -1.", parameter="rate")
    assert [one.parameter for one in getattr(faults.together(other), "errors", ())] == ["target", "rate"]
