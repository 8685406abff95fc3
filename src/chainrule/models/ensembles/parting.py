"""What the networks of an ensemble differ in: their seeds and, where that is asked, rows that they watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.errors import InputError, argument
from chainrule.given import check_seed
from chainrule.models.rows import part_in_folds
from chainrule.words import shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from chainrule.models.dataset import Dataset
    from chainrule.settings import FitSettings

    Places = npt.NDArray[np.intp]

__all__ = ["check_folds", "member_seeds", "watched_folds"]


def member_seeds(settings: FitSettings) -> tuple[int, ...]:
    """The seed of each network: the first one has that of a fit without ensemble, and the others follow it.

    Raises
    ------
    InputError
        The last of them would be too large.

    Examples
    --------
    >>> from chainrule.settings import FitSettings
    >>> member_seeds(FitSettings(rate=0.1, epochs=1, seed=7, ensemble=3))
    (7, 8, 9)
    """
    n = settings.ensemble or 1
    check_seed(settings.seed + n - 1)
    return tuple(range(settings.seed, settings.seed + n))


def check_folds(data: Dataset, *, has_table: bool) -> None:
    """Refuse folds to watch where something else says which rows are watched, or their order counts.

    Raises
    ------
    InputError
        It does.
    """
    roles = data.encoding.rows
    given, needs = "", "each network watches a fold of its own"
    if has_table:
        given = f"{argument('validation')} is a table"
    elif len(data.watched_rows):
        given = f"{argument('split', roles.split)} says which rows are watched"
    elif roles.in_order:
        given, needs = f"{argument('in_order')} was given", "a fold is among rows that come after it"
    if given:
        raise InputError(
            f"{argument('ensemble_by', 'folds')} was given, and {given}",
            parameter="ensemble_by",
            given="folds",
            needs=needs,
            advice=f"Leave {argument('ensemble_by')} out: the networks differ in their seeds alone, then.",
        )


def watched_folds(data: Dataset, folds: int) -> tuple[tuple[Places, Places], ...]:
    """For each network the rows to learn from and those to watch, of the training rows.

    Folds are those of a cross-validation: by groups where there are some, or at random, each class alike.

    Raises
    ------
    InputError
        There are more of them than training rows or groups.
    """
    rows = data.training_rows
    labels = None if data.labels is None else [data.labels[row] for row in rows]
    try:
        parted = part_in_folds(data.table.take(rows), data.encoding.rows, labels, folds=folds, seed=data.seed)
    except InputError as error:
        error.parameter = "ensemble"
        error.advise(f"Here they are the {shown('folds')} of {argument('ensemble', folds)}.")
        raise
    return tuple((rows[one.training], rows[one.held_out]) for one in parted)
