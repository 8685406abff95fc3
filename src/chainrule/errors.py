"""Every error that chainrule raises on purpose, in one tree.

::

    ChainruleError
    ├── InputError (also ValueError)     something given does not fit
    │   ├── ShapeError                   arrays that do not belong together
    │   ├── UnknownNameError             a name that does not exist, with "did you mean"
    │   ├── TableError                   a table, or a cell of it, that cannot be used
    │   └── ModelFileError               a file that is no model, or is damaged
    ├── OutputError (also OSError)       a result that cannot be written
    └── DivergenceError (also ArithmeticError)   training that left the finite numbers

    TrainingWarning (a UserWarning)      training that went badly, though it ended

A message says what was given, what is needed, and what to do; the error carries each of these by itself.
Where it speaks of a parameter, the parameter is marked, so that each face can call it by its own name:
``⟦rate⟧`` is "rate" in Python and "--rate" on the command line, ``⟦rate=0.1⟧`` "rate=0.1" and "--rate 0.1".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from chainrule.words import joined, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "ChainruleError",
    "DivergenceError",
    "InputError",
    "ModelFileError",
    "OutputError",
    "ShapeError",
    "TableError",
    "TrainingWarning",
    "UnknownNameError",
]

MOST_LISTED = 20


Call: TypeAlias = "Callable[[str, str | None], str]"
COLUMNS = ("inputs", "ignore", "classes")  # parameters that take a list of names
_MARKED = re.compile(r"⟦(\w+)(?:=([^⟧]*))?⟧")


def in_python(name: str, value: str | None) -> str:
    """A parameter, alone or with a value, as Python has it."""
    if value is None:
        return name
    if name in COLUMNS:
        return f"{name}=[{value!r}]"
    plain = re.fullmatch(r"[-+.\de]+|True|False|None|[\[('\"].*", value)
    return f"{name}={value if plain else repr(value)}"


def said(text: str, call: Call = in_python) -> str:
    """Text with each of its marked parameters called as a face calls it: a function of name and value."""
    return _MARKED.sub(lambda found: call(found[1], found[2]), getattr(text, "marked", text))


class Remark(str):  # noqa: SLOT000 (it keeps its marks)
    """Something that the reader of a result should know: in Python's words, with its marks kept for a face.

    Examples
    --------
    >>> remark = Remark("it only names the rows: ⟦ignore=id⟧ leaves it out")
    >>> remark
    "it only names the rows: ignore=['id'] leaves it out"
    >>> said(remark, lambda name, value: f"--{name} {value}")
    'it only names the rows: --ignore id leaves it out'
    """

    marked: str

    def __new__(cls, marked: str) -> Self:
        """Text with its marks read."""
        remark = super().__new__(cls, said(marked))
        remark.marked = marked
        return remark


class ChainruleError(Exception):
    """The root of the tree: catch this to catch every error of this package.

    Parameters
    ----------
    message : str
        The whole message, its parameters marked. Where there is none, it is made of the other arguments.
    parameter : str, optional
        Name of the parameter that does not fit, as Python has it.
    given : object, optional
        What was given for it.
    needs : str
        What is needed: "must be a finite number above 0".
    advice : str
        What to do, in whole sentences.

    Examples
    --------
    >>> import chainrule
    >>> try:
    ...     chainrule.load("no_such_file.safetensors")
    ... except chainrule.ChainruleError as error:
    ...     print(type(error).__name__)
    ModelFileError
    >>> error = ChainruleError(
    ...     parameter="rate", given=-1, needs="must be above 0", advice="Try ⟦rate=0.1⟧."
    ... )
    >>> print(error)
    rate is -1 but must be above 0. Try rate=0.1.
    >>> print(error.said(lambda name, value: f"--{name} {value or ''}".rstrip()))
    --rate is -1 but must be above 0. Try --rate 0.1.
    """

    def __init__(
        self,
        message: str = "",
        *,
        parameter: str | None = None,
        given: object = None,
        needs: str = "",
        advice: str = "",
    ) -> None:
        self.parameter, self.given, self.needs, self.advice = parameter, given, needs, advice
        self._marked = message or f"⟦{parameter}⟧ is {given!r} but {needs}. {advice}".rstrip()
        super().__init__(self.said(in_python))

    def said(self, call: Call) -> str:
        """The message in the words of a face."""
        return said(self._marked, call)

    def to_json(self) -> dict[str, Any]:
        """What a program should know of the error, as plain data."""
        return {
            "error": type(self).__name__,
            "message": str(self),
            "parameter": self.parameter,
            "given": None if self.given is None else str(self.given),
            "needs": said(self.needs),
            "advice": said(self.advice),
        }

    def __reduce__(self) -> tuple[object, ...]:
        # Back from a pickle with its attributes, not through __init__, whose arguments `args` does not hold.
        return type(self).__new__, (type(self), *self.args), vars(self)


class InputError(ChainruleError, ValueError):
    """A value that was given does not fit; the message says which, why, and what to do.

    Examples
    --------
    >>> raise InputError("rate is -1 but must be above 0. Try 0.1.")
    Traceback (most recent call last):
    chainrule.errors.InputError: rate is -1 but must be above 0. Try 0.1.
    """


class ShapeError(InputError):
    """Arrays whose shapes do not belong together.

    Examples
    --------
    >>> issubclass(ShapeError, ValueError)
    True
    """


class UnknownNameError(InputError):
    """A name that does not exist; the message lists the ones that do.

    Parameters
    ----------
    what : str
        What the name should be, in words: "column", "activation".
    given : str
        The name that was given.
    known : iterable of str
        The names that exist.
    parameter : str, optional
        What it was given for.

    Examples
    --------
    >>> print(UnknownNameError("activation", "logistc", ["identity", "logistic", "tanh"]))
    There is no activation 'logistc'. Did you mean 'logistic'? There are: identity, logistic, tanh.
    """

    def __init__(self, what: str, given: str, known: Iterable[str], parameter: str | None = None) -> None:
        self.known = tuple(known)
        there_are = f"There are: {joined(self.known, MOST_LISTED)}."
        advice = f"{suggestion(given, self.known)} {there_are}".lstrip()
        message = f"There is no {what} {given!r}. {advice}"
        super().__init__(message, parameter=parameter, given=given, needs=f"a known {what}", advice=advice)


class TableError(InputError):
    """A table, a column or a cell that cannot be used; the message names column and row.

    Examples
    --------
    >>> issubclass(TableError, InputError)
    True
    """


class ModelFileError(InputError):
    """A file that is no chainrule model, is damaged, or comes from a newer version.

    Examples
    --------
    >>> issubclass(ModelFileError, InputError)
    True
    """


class OutputError(ChainruleError, OSError):
    """A result that cannot be written where it was asked for.

    Examples
    --------
    >>> issubclass(OutputError, OSError)
    True
    """


class TrainingWarning(UserWarning):
    """Training ended, but it went badly: the message gives the figure that says so, and what to do.

    Examples
    --------
    >>> issubclass(TrainingWarning, UserWarning)
    True
    """


class DivergenceError(ChainruleError, ArithmeticError):
    """Training left the finite numbers; the last finite network comes with the error.

    Parameters
    ----------
    message : str
        At which epoch, at which rate, and what to try.
    network : Network
        The network as it was before the epoch that diverged: all its weights are finite.
    history : History
        The epochs that ended with a finite loss.
    epoch : int
        The epoch that diverged, counted from 1.
    rate : float
        The learning rate that was used.

    Examples
    --------
    >>> import chainrule
    >>> net = chainrule.Network([[[0.0, 1.0]]], activations="identity")
    >>> try:
    ...     chainrule.train(net, [[100.0], [90.0]], [[1.0], [2.0]], rate=10, epochs=200)
    ... except chainrule.DivergenceError as error:
    ...     print(error.rate, error.network.weights[0].shape)
    10.0 (1, 2)
    """

    def __init__(
        self,
        message: str,
        *,
        network: Any,  # noqa: ANN401 (Network and History stand in rooms above this one)
        history: Any,  # noqa: ANN401
        epoch: int,
        rate: float,
    ) -> None:
        self.network = network
        self.history = history
        self.epoch = epoch
        self.rate = rate
        super().__init__(message)
