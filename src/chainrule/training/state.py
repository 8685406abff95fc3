"""Where a training stands, so that another one can go on from there as if nothing had happened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.arithmetic import ARITHMETIC, FIRST_ARITHMETIC, ends_alike
from chainrule.equations import RULES
from chainrule.errors import InputError, argument
from chainrule.settings import settings_of
from chainrule.training.engines import ROWS_AT_ONCE
from chainrule.words import counted, quoted, series

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.settings import Settings
    from chainrule.training.history import Epoch
    from chainrule.training.task import Rows, Task

__all__ = ["TrainingState", "arithmetic_after", "check_resumable", "fingerprint", "other_bits"]


@dataclass(frozen=True, repr=False)
class TrainingState:
    """Everything that a training needs to go on: a result has one, and `save` writes it to a file.

    Attributes
    ----------
    network : Network
        The network after the last completed epoch.
    rule : tuple of tuples
        State of the update rule for each weight matrix: arrays, then numbers.
    best : Network or None
        The network with the best watched value, where there is a stopping criterion.
    best_epoch : int or None
    loss_before : float
        Mean loss over the training rows before the first epoch.
    epochs : tuple of Epoch
        The completed epochs; stopping criteria and schedules know from them what they have seen.
    settings : dict
        The settings, as plain data.
    data : str
        SHA-256 of the samples, targets, weights of samples and masks; empty where others may follow.
    arithmetic : tuple of int
        Versions of the arithmetic by which it came about, as in `History`.

    Examples
    --------
    >>> from chainrule import Network, train
    >>> X, Y, start = [[0.0], [1.0]], [[0.0], [1.0]], Network.random((1, 1))
    >>> state = train(start, X, Y, rate=1, epochs=3).state
    >>> state
    TrainingState(Network(1-1, logistic, rss, float64), 3 epochs)
    >>> longer = train(start, X, Y, rate=1, epochs=5, resume=state)
    >>> len(longer.history.epochs)
    5
    """

    network: Network
    rule: tuple[tuple[Any, ...], ...]
    best: Network | None
    best_epoch: int | None
    loss_before: float
    epochs: tuple[Epoch, ...]
    settings: Mapping[str, Any]
    data: str
    arithmetic: tuple[int, ...] = (FIRST_ARITHMETIC,)  # of one that does not say so

    def elsewhere(self) -> TrainingState:
        """The same standing, to go on from with other rows and settings, by the same update rule.

        What it has met counts for it still: its epochs number those to come, and with them the orders of
        the rows.

        Examples
        --------
        >>> from chainrule import Network, train
        >>> state = train(Network.random((1, 1)), [[0.0], [1.0]], [[0.0], [1.0]], rate=1, epochs=1).state
        >>> more = train(state.network, [[0.5]], [[0.5]], rate=0.5, epochs=2, resume=state.elsewhere())
        >>> len(more.history.epochs)
        2
        """
        return replace(self, data="")

    def __repr__(self) -> str:
        return f"TrainingState({self.network!r}, {counted(len(self.epochs), 'epoch')})"


def fingerprint(task: Task, validation: Rows | None) -> str:
    """SHA-256 of everything that a training is given but its settings and first weights."""
    digest = hashlib.sha256()
    arrays: list[npt.NDArray[Any] | None] = []
    for rows in (task.rows, validation):
        arrays += [None, None, None] if rows is None else [rows.X, rows.Y, rows.sample_weight]
    for array in (*arrays, *(task.masks or ())):
        digest.update(b"none" if array is None else f"{array.dtype} {array.shape}".encode())
        if array is not None:  # piece by piece: one whose rows do not follow each other is copied for it
            for first in range(0, len(array), ROWS_AT_ONCE):
                digest.update(np.ascontiguousarray(array[first : first + ROWS_AT_ONCE]).data)
    return digest.hexdigest()


def check_resumable(state: TrainingState, net: Network, settings: Settings, data: str) -> None:
    """Raise InputError where going on from a state with these arguments would not be going on.

    The network that is given counts for its sizes, activations and loss alone.
    """
    if not isinstance(state, TrainingState):
        raise InputError(
            f"{argument('resume')} is {quoted(state)}",
            parameter="resume",
            given=state,
            needs="must be the state of a training",
            advice="Give result.state, or load_state(path).",
        )
    if repr(state.network) != repr(net):
        raise InputError(
            f"The state is that of {state.network!r} but the network is {net!r}.",
            parameter="net",
            given=net,
            needs="must be like the network of the state",
            advice="Give the network that the training began with, or state.network.",
        )
    given, then = settings.to_json(), state.settings
    free = [one.name for one in settings_of(type(settings)) if one.is_free]
    names = given if state.data else ["rule"]
    changed = [name for name in names if name not in free and given[name] != then.get(name)]
    if changed:
        name = changed[0]
        raise InputError(
            parameter=name,
            given=given[name],
            needs=f"was {quoted(then.get(name))} when the state was kept",
            advice="Give what was given then, or start anew from state.network; only "
            f"{series(list(map(argument, sorted(free))))} may change.",
        )
    if state.data and data != state.data:
        raise InputError(
            "The samples, targets, weights of samples or masks are not those of the state.",
            parameter="resume",
            given=state,
            needs="must be a state of the same samples, targets, weights of samples and masks",
            advice="Give the same ones, or start anew from state.network.",
        )
    if len(state.epochs) > settings.epochs:
        raise InputError(
            parameter="epochs",
            given=settings.epochs,
            needs=f"the state has {len(state.epochs)} already",
            advice=f"Give a larger number: {argument('epochs')} counts all of them.",
        )


def other_bits(versions: tuple[int, ...], settings: Settings, engine: str) -> str:
    """That a training goes on by other bits than the last of some versions would; "" where it does not.

    The settings have their batch size. What NumPy adds has no version.
    """
    is_numpy = engine != "compiled" or RULES.fact(settings.rule, "engine") == "levenberg_marquardt"
    if is_numpy or ends_alike(versions[-1], settings.batch_size or 1):
        return ""
    return (
        f"The state was kept by arithmetic {versions[-1]}, and this version of chainrule has arithmetic "
        f"{ARITHMETIC}, which adds up batches of {settings.batch_size} rows in another order: the training "
        "goes on by new bits."
    )


def arithmetic_after(versions: tuple[int, ...], settings: Settings, engine: str) -> tuple[int, ...]:
    """Versions of the arithmetic of a training that goes on."""
    return (*(versions if other_bits(versions, settings, engine) else versions[:-1]), ARITHMETIC)
