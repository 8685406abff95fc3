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

A message says what was given, what is needed, and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.words import joined, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

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


class ChainruleError(Exception):
    """The root of the tree: catch this to catch every error of this package.

    Examples
    --------
    >>> import chainrule
    >>> try:
    ...     chainrule.load("no_such_file.safetensors")
    ... except chainrule.ChainruleError as error:
    ...     print(type(error).__name__)
    ModelFileError
    """


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

    Examples
    --------
    >>> print(UnknownNameError("activation", "logistc", ["identity", "logistic", "tanh"]))
    There is no activation 'logistc'. Did you mean 'logistic'? There are: identity, logistic, tanh.
    """

    def __init__(self, what: str, given: str, known: Iterable[str]) -> None:
        self.given = given
        self.known = tuple(known)
        there_are = f"There are: {joined(self.known, MOST_LISTED)}."
        super().__init__(f"There is no {what} {given!r}.{suggestion(given, self.known)} {there_are}")

    def __reduce__(self) -> tuple[object, ...]:
        # Back from a pickle with its attributes, not through __init__, whose arguments `args` does not hold.
        return type(self).__new__, (type(self), *self.args), vars(self)


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

    def __reduce__(self) -> tuple[object, ...]:
        # Back from a pickle with its attributes, not through __init__, whose arguments `args` does not hold.
        return type(self).__new__, (type(self), *self.args), vars(self)
