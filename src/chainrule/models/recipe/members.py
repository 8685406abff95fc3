"""Networks that each learn from all folds of the rows but one, kept at the ends of the schedule's cycles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DivergenceError, InputError, argument
from chainrule.given import LARGEST_SEED
from chainrule.models.recipe.choice import of_members
from chainrule.models.recipe.input_layers import start_networks
from chainrule.models.rows import most_folds, part_in_folds
from chainrule.random_streams import Purpose, uniform
from chainrule.training import Callbacks, StoppedBy, of_one_of_several, run_training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from threading import RLock

    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.models.recipe.choice import Recipe
    from chainrule.network import Network
    from chainrule.settings import FitSettings
    from chainrule.tables import Table
    from chainrule.training import Epoch, TrainingResult, TrainingState

    Places = npt.NDArray[np.intp]

__all__ = [
    "Member",
    "UntilEpoch",
    "folds_of",
    "member_trainings",
    "members_of_recipe",
    "n_folds_of",
    "n_of_all_rows",
    "those_that_answer",
]

FEWEST_FOLDS = 2
ROOT_OF_3 = 3**0.5  # uniform numbers within it have the variance 1


class UntilEpoch:
    """Ends a training after an epoch, from which it can go on.

    Parameters
    ----------
    end : int
    """

    def __init__(self, end: int) -> None:
        self._end, self._done = end, 0

    def begin(self, done: int) -> UntilEpoch:
        """Know how many epochs were before."""
        self._done = done
        return self

    @property
    def epochs_left(self) -> int:
        """Until it ends the training."""
        return max(1, self._end - self._done)

    def at_once(self) -> int:
        """All that are left."""
        return self.epochs_left

    def take_in(self, epochs: Sequence[Epoch], *_looks: object) -> int | None:
        """How many of these are the last ones."""
        self._done = epochs[-1].number
        last = [k for k, epoch in enumerate(epochs, 1) if epoch.number == self._end]
        return last[0] if last else None


@dataclass(frozen=True)
class Member:
    """One of the networks, where its training stands.

    Attributes
    ----------
    training, held_out : arrays of int
        Rows that it learns from, and those that it does not.
    settings : FitSettings
        With a seed of its own.
    start : Network
    drawing : int
        Of folds, counted from 0.
    snapshots : tuple of Network
        At the ends of the cycles that are behind it.
    answers : tuple of arrays of shape (n_held_out, n_outputs)
        What each of these answers to the rows that it has not learnt from.
    result : TrainingResult or None
    """

    training: Places
    held_out: Places
    settings: FitSettings
    start: Network
    drawing: int = 0
    snapshots: tuple[Network, ...] = ()
    answers: tuple[npt.NDArray[Any], ...] = ()
    result: TrainingResult | None = None

    @property
    def stopped_by(self) -> StoppedBy:
        """What ended the last part of its training."""
        return StoppedBy.EPOCHS if self.result is None else self.result.stopped_by


def n_folds_of(data: Dataset, folds: int) -> int:
    """How many folds there are: as many as asked for, or as rows or groups can be parted in.

    Raises
    ------
    InputError
        They cannot be parted in two.
    """
    n_folds = min(folds, most_folds(_what_parts(data, _rows_that_count(data)), data.encoding.rows))
    if n_folds >= FEWEST_FOLDS:
        return n_folds
    have_groups = data.encoding.rows.group is not None
    raise InputError(
        f"The rows to learn from {'are of one group' if have_groups else 'are too few'}",
        parameter="defaults",
        needs="a recipe chooses by rows that a network has not learnt from, and needs two folds",
        advice=f"Give {argument('defaults', 'modern-1')} for one network, or "
        f"{'rows of another group' if have_groups else 'more rows'}.",
    )


def _rows_that_count(data: Dataset) -> Places:
    """Training rows without those whose weight is 0, of which a fold might hold nothing else."""
    rows = data.training_rows
    counts = rows if data.weights is None else rows[data.weights[rows] > 0]
    return counts if len(counts) else rows


def _what_parts(data: Dataset, rows: Places) -> Table:
    """These rows of the table, with what they are parted by."""
    group = data.encoding.rows.group
    column = data.table.columns[0] if group is None else data.table.column(group, "group")
    return replace(data.table, columns=(column,)).take(rows)


def folds_of(data: Dataset, folds: int, seed: int) -> tuple[tuple[Places, Places], ...]:
    """For each fold of the training rows, those outside it and those in it.

    Raises
    ------
    InputError
        They cannot be parted in two.
    """
    rows, n_folds = _rows_that_count(data), n_folds_of(data, folds)
    labels = None if data.labels is None else [data.labels[row] for row in rows]
    parted = part_in_folds(_what_parts(data, rows), data.encoding.rows, labels, folds=n_folds, seed=seed)
    return tuple((rows[one.training], rows[one.held_out]) for one in parted)


def members_of_recipe(data: Dataset, settings: FitSettings, recipe: Recipe) -> list[Member]:
    """All networks, before their training: one for each fold of each drawing, each with a seed of its own.

    Of rows in order, those of the folds know old rows alone. They choose, and others that learn from all rows
    answer.
    """
    places = [
        (training, held_out, repeat)
        for repeat in range(recipe.effort.repeats)
        for training, held_out in folds_of(data, recipe.effort.folds, _seed_after(settings, repeat))
    ]
    rows = data.training_rows
    places += [(rows, rows[:0], 0)] * n_of_all_rows(data, recipe)
    own = [of_members(settings, seed=_seed_after(settings, k), threads=1) for k in range(len(places))]
    return [
        Member(training, held_out, of_one, _first(net, of_one), repeat)
        for (training, held_out, repeat), of_one, net in zip(
            places, own, start_networks(data, own), strict=True
        )
    ]


def _seed_after(settings: FitSettings, k: int) -> int:
    """The k-th seed after that of the settings; 0 follows the largest."""
    return (settings.seed + k) % (LARGEST_SEED + 1)


def n_of_all_rows(data: Dataset, recipe: Recipe) -> int:
    """How many networks learn from all rows: where those of folds know old ones alone, and are no groups."""
    rows = data.encoding.rows
    return n_folds_of(data, recipe.effort.folds) if rows.in_order and rows.group is None else 0


def those_that_answer(members: Sequence[Member]) -> list[Member]:
    """The networks that learn from all rows where there are some, else all."""
    return [one for one in members if not len(one.held_out)] or list(members)


def _first(net: Network, settings: FitSettings) -> Network:
    """Network to start from: bias weights of the variance 1, and outputs that begin at 0."""
    weights = list(net.weights)
    for m in range(len(weights) - len(settings.hidden) - 1, len(weights) - 1):
        numbers = uniform(len(weights[m]), seed=settings.seed, purpose=Purpose.START, counter=(1 << 21) + m)
        own = weights[m].copy()
        own[:, 0] = ROOT_OF_3 * (2 * numbers - 1)
        weights[m] = own
    weights[-1] = np.zeros_like(weights[-1])
    return net.with_weights(weights)


def member_trainings(  # noqa: PLR0917 (called in one place)
    data: Dataset,
    members: Sequence[Member],
    ends: Sequence[int],
    weights: npt.NDArray[np.float64] | None,
    told: dict[str, Any],
    lock: RLock,
) -> Iterator[Callable[[], Member]]:
    """The next part of each network's training: up to the first of these epochs that it has not reached."""
    for k, member in enumerate(members, 1):
        yield partial(_trained, data, member, ends, weights, told, lock, (k, len(members)))


def _trained(  # noqa: PLR0917 (called in one place)
    data: Dataset,
    member: Member,
    ends: Sequence[int],
    weights: npt.NDArray[np.float64] | None,
    told: dict[str, Any],
    lock: RLock,
    number: tuple[int, int],
) -> Member:
    """A network whose training has gone on up to the end of its next cycle."""
    rows, cycle = member.training, len(member.snapshots)
    end = ends[cycle]
    facts = {"member": number, "cycle": (cycle + 1, len(ends)), "n_epochs": end}
    state: TrainingState | None = None if member.result is None else member.result.state
    done = 0 if state is None else len(state.epochs)
    try:
        result = run_training(
            member.start,
            data.X[rows],
            data.Y[rows],
            member.settings,
            sample_weight=None if weights is None else weights[rows],
            engine=member.settings.engine,
            callbacks=Callbacks(
                **{name: of_one_of_several(one, lock, **facts) for name, one in told.items()}
            ),
            resume=state,
            observer=UntilEpoch(end).begin(done),
            warn=False,
        )
    except DivergenceError as error:
        error.seed, error.settings = member.settings.seed, member.settings
        raise
    if result.stopped_by is StoppedBy.INTERRUPT:
        return replace(member, result=result)
    state = result.state  # now: what makes it holds the rows, and memory of an engine
    result = replace(result, _state=state)
    held_out = data.X[member.held_out]
    answers = result.network(held_out, threads=1) if len(held_out) else data.Y[:0]
    snapshots = (*member.snapshots, result.network)
    return replace(member, result=result, snapshots=snapshots, answers=(*member.answers, answers))
