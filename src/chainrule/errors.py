"""Every error that chainrule raises on purpose, in one tree.

::

    ChainruleError
    ├── InputError (also ValueError)     something given does not fit
    │   ├── CombinedError                several of a call's faults, said at once
    │   ├── ShapeError                   arrays that do not belong together
    │   ├── UnknownNameError             a name that does not exist, with "did you mean"
    │   ├── TableError                   a table, or a cell of it, that cannot be used
    │   └── ModelFileError               a file that is no model, or is damaged
    ├── MissingPackageError (also ImportError)   a package that is needed and is not installed
    ├── OutputError (also OSError)       a result that cannot be written
    └── DivergenceError (also ArithmeticError)   training that left the finite numbers

    TableWarning (a UserWarning)         table of which something should be looked at, though it was read
    TrainingWarning (a UserWarning)      training that went badly, though it ended

A message says what was given, what is needed, and what to do; the error carries each of these by itself.
Where it speaks of a parameter, `argument` marks it, so that each face can call it by its own name:
``argument("rate", 0.1)`` is "rate=0.1" in Python and "--rate 0.1" on the command line.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from chainrule.words import LONGEST_VALUE, joined, listed, printable, quoted, shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = [
    "ChainruleError", "CombinedError", "DivergenceError", "InputError", "MissingPackageError",
    "ModelFileError", "OutputError", "ShapeError", "TableError", "TableWarning", "TrainingWarning",
    "UnknownNameError",
]  # fmt: skip

MOST_LISTED = 20
LARGEST = 1e300  # number that is plain data; NaN is none
# Unicode keeps these two for a program's own use. Whatever quotes a text of a user's escapes them, as it does
# all that cannot be printed, so that no name, cell or path is ever taken for a mark.
BEGIN, END = "\ufdd0", "\ufdd1"

Call: TypeAlias = "Callable[..., str]"


def argument(name: str, *value: object) -> str:
    """Mark a parameter in a text, alone or with a value that JSON can hold.

    Examples
    --------
    >>> said(f"Try {argument('ignore', ['id'])}.")
    "Try ignore=['id']."
    """
    return f"{BEGIN}{json.dumps([name, *value])}{END}"


def in_python(name: str, *value: object) -> str:
    """A parameter, alone or with a value, as Python has it; 5.0 as 5."""
    return "=".join([name, *(repr(one).removesuffix(".0") for one in value)])


def said(text: object, call: Call = in_python) -> str:
    """Text with each of its marked parameters called as a face calls it: by a function of name and value.

    What keeps its marks, a `Remark` or an error, may be given itself.
    """
    plain, *marked = str(getattr(text, "marked", text)).split(BEGIN)
    parts = (one.split(END, 1) for one in marked)
    return plain + "".join(call(*json.loads(mark)) + after for mark, after in parts)


class Remark(str):  # noqa: SLOT000 (it keeps its marks)
    """Something that the reader of a result should know: in Python's words, with its marks kept for a face.

    Examples
    --------
    >>> remark = Remark(f"it only names the rows: {argument('ignore', 'id')} leaves it out")
    >>> remark
    "it only names the rows: ignore='id' leaves it out"
    >>> said(remark, lambda name, value: f"--{name} {value}")
    'it only names the rows: --ignore id leaves it out'
    """

    marked: str

    def __new__(cls, text: str) -> Self:
        """Text with its marks read."""
        remark = super().__new__(cls, said(text))
        remark.marked = getattr(text, "marked", text)
        return remark


class ChainruleError(Exception):
    """The root of the tree: catch this to catch every error of this package.

    The message is "`what` but `needs`. `advice`".

    Parameters
    ----------
    what : str
        What does not fit; where there is none, "`parameter` is `given`". One that ends with a full stop
        stands by itself, without "but" and what is needed.
    parameter : str, optional
        Name of the parameter that does not fit, as Python has it, or of a part, such as "weights[0]" or
        "validation X", of which the parameter is kept.
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
    >>> advice = f"Try {argument('rate', 0.1)}."
    >>> error = ChainruleError(parameter="rate", given=-1, needs="must be above 0", advice=advice)
    >>> print(error)
    rate is -1 but must be above 0. Try rate=0.1.
    >>> print(said(error, lambda name, *value: " ".join([f"--{name}", *map(str, value)])))
    --rate is -1 but must be above 0. Try --rate 0.1.
    """

    def __init__(
        self,
        what: str = "",
        *,
        parameter: str | None = None,
        given: object = None,
        needs: str = "",
        advice: str = "",
    ) -> None:
        self.parameter = parameter and parameter.removeprefix("the ").split()[0].split("[")[0]
        self.given = given
        self.needs, self.advice = Remark(needs), Remark(advice)
        is_whole = what.endswith(".") or not needs
        what = what or f"{argument(str(parameter))} is {quoted(given)}"
        self.what = what if is_whole else f"{what} but {self.needs.marked}."
        super().__init__(said(self))

    @property
    def marked(self) -> str:
        """The message with its parameters marked."""
        return f"{self.what} {self.advice.marked}".rstrip()

    def advise(self, more: str) -> None:
        """Add to the advice what only who calls knows."""
        self.advice = Remark(f"{self.advice.marked} {more}".lstrip())
        self.args = (said(self),)

    def to_json(self, call: Call = in_python) -> dict[str, Any]:
        """What a program should know of the error, as plain data, its texts in the words of a face."""
        return {
            "error": type(self).__name__,
            "message": said(self, call),
            "parameter": self.parameter,
            "given": _plain(self.given),
            "needs": said(self.needs, call),
            "advice": said(self.advice, call),
        }

    def __reduce__(self) -> tuple[object, ...]:
        # Back from a pickle with its attributes, not through __init__, whose arguments `args` does not hold.
        # What was given may be anything, and need not travel.
        return type(self).__new__, (type(self), *self.args), vars(self) | {"given": _plain(self.given)}


def _plain(given: object) -> bool | float | str | None:
    """What JSON has a word for as it is, all else as the text that a message has for it."""
    if given is None:
        return None
    if isinstance(given, (str, os.PathLike)):
        return str(given)
    return given if isinstance(given, (int, float)) and abs(given) < LARGEST else quoted(given)


class InputError(ChainruleError, ValueError):
    """A value that was given does not fit; the message says which, why, and what to do.

    Examples
    --------
    >>> raise InputError("rate is -1 but must be above 0. Try 0.1.")
    Traceback (most recent call last):
    chainrule.errors.InputError: rate is -1 but must be above 0. Try 0.1.
    """


class CombinedError(InputError):
    """Several errors of one call or command, said at once.

    Parameters
    ----------
    errors : sequence of ChainruleError
        Two at least.

    Examples
    --------
    >>> needs = "must be above 0"
    >>> errors = [InputError(parameter=name, given=-1, needs=needs) for name in ("rate", "seed")]
    >>> print(CombinedError(errors))
    There are 2 faults. (1) rate is -1 but must be above 0. (2) seed is -1 but must be above 0.
    """

    def __init__(self, errors: Sequence[ChainruleError]) -> None:
        self.errors = tuple(errors)
        listed = " ".join(f"({k}) {one.marked}" for k, one in enumerate(self.errors, 1))
        super().__init__(f"There are {len(self.errors)} faults. {listed}", parameter=self.errors[0].parameter)

    def to_json(self, call: Call = in_python) -> dict[str, Any]:
        """As any error, and each of the errors by itself."""
        return {**super().to_json(call), "errors": [one.to_json(call) for one in self.errors]}


class Faults:
    """Errors that are found one after the other and said at once: what each block raises is kept.

    Examples
    --------
    >>> faults = Faults()
    >>> with faults:
    ...     raise InputError("rate is -1.")
    >>> faults.refuse()
    Traceback (most recent call last):
    chainrule.errors.InputError: rate is -1.
    """

    def __init__(self) -> None:
        self.found: list[ChainruleError] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, ChainruleError):
            return False
        self.found += error.errors if isinstance(error, CombinedError) else [error]
        return True

    def refuse(self) -> None:
        """Raise what was found, if anything was."""
        if self.found:
            raise self.together()

    def together(self, *more: ChainruleError) -> ChainruleError:
        """All that was found, and more, as one error; what two parameters say alike once."""
        every: dict[str, ChainruleError] = {}
        for one in (*self.found, *more):
            every.setdefault(str(one), one)
        found = list(every.values())
        return CombinedError(found) if len(found) > 1 else found[0]


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
    given : str, or sequence of str
        The name that was given, or several.
    known : iterable of str
        The names that exist.
    parameter : str, optional
        What it was given for.
    also_called : mapping, optional
        Of other names that a known one goes by: that one, and a sentence about what differs or nothing.

    Examples
    --------
    >>> print(UnknownNameError("activation", "logistc", ["identity", "logistic", "tanh"]))
    There is no activation 'logistc'. Did you mean 'logistic'? There are: identity, logistic, tanh.
    """

    def __init__(
        self,
        what: str,
        given: str | Sequence[str],
        known: Iterable[str],
        parameter: str | None = None,
        also_called: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self.known = tuple(known)
        there_are = f"There are: {joined([printable(name) for name in self.known], MOST_LISTED)}."
        advice = f"{suggestion(given, self.known, also_called)} {there_are}".lstrip()
        several = not isinstance(given, str)
        super().__init__(
            f"There are no {what}s {listed(given, MOST_LISTED)}."
            if several
            else f"There is no {what} {shown(given, LONGEST_VALUE)}.",
            parameter=parameter,
            given=given,
            needs=f"must be a known {what}",
            advice=advice,
        )


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


class MissingPackageError(ChainruleError, ImportError):
    """A package of an extra is needed and not installed; the message says how to install it.

    Examples
    --------
    >>> issubclass(MissingPackageError, ImportError)
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


class TableWarning(UserWarning):
    """A table was read, but something of it should be looked at: the message says what was made of it.

    Examples
    --------
    >>> issubclass(TableWarning, UserWarning)
    True
    """


def warn_of_table(remarks: Sequence[str]) -> None:
    """Warn of what should be looked at, in one warning; of nothing where there is nothing."""
    if remarks:
        shown_ones = [
            *remarks[:MOST_LISTED],
            *([f"{len(remarks) - MOST_LISTED} more"] * (len(remarks) > MOST_LISTED)),
        ]
        warnings.warn("; ".join(shown_ones), TableWarning, stacklevel=3)


class DivergenceError(ChainruleError, ArithmeticError):
    """Training left the finite numbers; the last finite network comes with the error.

    Parameters
    ----------
    what : str
        At which epoch, at which rate.
    network : Network
        The network as it was before the epoch that diverged: all its weights are finite.
    history : History
        The epochs that ended with a finite loss.
    epoch : int
        The epoch that diverged, counted from 1.
    rate : float
        The learning rate that was used.

    Attributes
    ----------
    seed : int or None
        Of an ensemble or a recipe, that of the network that diverged.
    settings : FitSettings or None
        Of a recipe, those of that network.

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
        what: str,
        *,
        network: Any,  # noqa: ANN401 (Network and History stand in rooms above this one)
        history: Any,  # noqa: ANN401
        epoch: int,
        rate: float,
        needs: str = "",
        advice: str = "",
    ) -> None:
        self.network = network
        self.history = history
        self.epoch = epoch
        self.rate = rate
        self.seed: int | None = None
        self.settings: Any = None
        parameter = None if math.isnan(rate) else "rate"
        super().__init__(what, parameter=parameter, given=rate, needs=needs, advice=advice)
