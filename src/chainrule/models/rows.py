"""Which rows a network learns from, which are only watched, and which judge it; and what each counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.errors import InputError, TableError, argument
from chainrule.given import real_numbers
from chainrule.network import as_sample_weight
from chainrule.tables import (
    RowsLeftOut,
    fold_groups,
    fold_in_order,
    fold_rows,
    read_numbers,
    row_labels,
    split_groups,
    split_in_order,
    split_rows,
)
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables import RowRoles, Table

    Places = npt.NDArray[np.intp]

__all__ = [
    "Parted", "given_weights", "part_in_folds", "part_rows", "row_weights", "watch_rows", "with_value",
]  # fmt: skip

NO_TARGET = "no value of the target"
MOST_ROWS_NAMED = 5
# What a column may say of a row, in any letter case.
TRAINING = ("train", "training", "learn", "fit")
WATCHED = ("validation", "validate", "valid", "val", "dev", "watch")
HELD_OUT = ("test", "testing", "held out", "held-out", "holdout", "hold-out")


class Parted(NamedTuple):
    """Places of the rows to learn from, those to be watched among them, and of the rows held out."""

    training: Places
    watched: Places
    held_out: Places


def part_rows(
    table: Table, roles: RowRoles, labels: Sequence[str] | None, *, held_out: float, seed: int
) -> Parted:
    """Part the rows as a column of the table says, by groups, in order, or at random, each class alike.

    Raises
    ------
    TableError
        The column that tells a row's part has another word.
    InputError
        No row can be held out.
    """
    nothing = np.zeros(0, dtype=np.intp)
    if roles.split is not None:
        return _as_the_column_says(table, roles.split)
    if roles.group is not None:
        training, rest = split_groups(_groups(table, roles.group), held_out=held_out, seed=seed)
    elif roles.in_order:
        training, rest = split_in_order(table.n_rows, held_out=held_out)
    else:
        training, rest = split_rows(table.n_rows, labels=labels, held_out=held_out, seed=seed)
    return Parted(training, nothing, rest)


def part_in_folds(
    table: Table, roles: RowRoles, labels: Sequence[str] | None, *, folds: int, seed: int
) -> tuple[Parted, ...]:
    """Part the rows once for each fold: by groups, in order, or at random, each class alike.

    Raises
    ------
    InputError
        There are more folds than rows, or than groups.
    """
    nothing = np.zeros(0, dtype=np.intp)
    if roles.group is not None:
        found = fold_groups(_groups(table, roles.group), folds=folds, seed=seed)
    elif roles.in_order:
        found = fold_in_order(table.n_rows, folds=folds)
    else:
        found = fold_rows(table.n_rows, labels=labels, folds=folds, seed=seed)
    return tuple(Parted(training, nothing, held_out) for training, held_out in found)


def most_folds(table: Table, roles: RowRoles) -> int:
    """In how many folds rows can be parted at most, in the way in which `part_in_folds` does."""
    if roles.group is not None:
        return len(set(_groups(table, roles.group)))
    return table.n_rows - roles.in_order


def with_value(table: Table, present: npt.NDArray[np.bool_]) -> tuple[Table, tuple[RowsLeftOut, ...]]:
    """The rows of a table that have a value of a target, and an account of the others.

    Raises
    ------
    TableError
        No row has one.
    """
    if present.all():
        return table, ()
    absent = np.flatnonzero(~present)
    if len(absent) == table.n_rows:
        raise TableError(
            f"No row of {table.title} has a value of the target",
            parameter="target",
            needs="one at least is needed",
            advice="Choose another target.",
        )
    first = tuple(table.columns[0].row(int(at)) for at in absent[:MOST_ROWS_NAMED])
    return table.take(np.flatnonzero(present)), (RowsLeftOut(NO_TARGET, len(absent), first),)


def watch_rows(
    table: Table, rows: Places, roles: RowRoles, labels: Sequence[str] | None, *, share: float, seed: int
) -> tuple[Places, Places]:
    """Part training rows in those to learn from and those to watch, in the way in which rows are held out.

    The places are those among the training rows.
    """
    if roles.group is not None:
        groups = _groups(table, roles.group)
        return split_groups([groups[row] for row in rows.tolist()], held_out=share, seed=seed)
    if roles.in_order:
        return split_in_order(len(rows), held_out=share)
    return split_rows(len(rows), labels=labels, held_out=share, seed=seed)


def _groups(table: Table, name: str) -> list[str]:
    """The group of each row; one that has none is alone in a group."""
    labels = row_labels(table.column(name, "group"))
    return [label or f"\0{row}" for row, label in enumerate(labels)]


def row_weights(table: Table, roles: RowRoles) -> npt.NDArray[np.float64] | None:
    """What each row counts, as a column says; None where none does.

    Raises
    ------
    TableError
        A cell is missing, or no number above 0.
    """
    if roles.weights is None:
        return None
    column = table.column(roles.weights, "weights")
    weights = read_numbers(column)
    wrong = ~((weights > 0) & np.isfinite(weights))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise TableError(
            f"{column.cell(at)}{', which is missing' if column.missing[at] else ''},",
            parameter="weights",
            needs="a row's weight must be a number above 0",
            advice="Correct the cell, or remove the row.",
        )
    return weights


def given_weights(table: Table, roles: RowRoles, values: object) -> npt.NDArray[np.float64] | None:
    """What each row of a table counts, as an array says that is given beside it; None where all are equal.

    There is a number for each row that was read; for those that were left out then, too, or for none of them.

    Raises
    ------
    InputError, ShapeError
        The array does not fit, or a column of the table says what each row counts.
    """
    if values is None:
        return None
    if roles.weights is not None:
        raise InputError(
            f"{argument('sample_weight')} was given, and {argument('weights', roles.weights)}",
            parameter="sample_weight",
            needs="one of them alone can say what a row counts",
            advice="Leave one out.",
        )
    places = np.arange(table.n_rows)
    n_read = table.n_rows + sum(one.count for one in table.left_out)
    if n_read != table.n_rows and _length(values) == n_read:
        places = np.array([table.columns[0].row(k) - 1 for k in range(table.n_rows)], dtype=np.intp)
    n = max(int(places.max(initial=0)) + 1, n_read if _length(values) == n_read else table.n_rows)
    if as_sample_weight(values, n, np.float64) is None:
        return None
    plain: npt.NDArray[np.float64] = real_numbers(values, np.float64)  # not yet divided by their mean
    return plain[places]


def refuse_weightless(
    weights: npt.NDArray[np.float64] | None, held_out: Sequence[npt.NDArray[np.intp]]
) -> None:
    """Refuse folds that nothing judges, because no row that is held out in one of them counts.

    Raises
    ------
    InputError
        All their weights are 0.
    """
    if weights is not None and not any(weights[rows].any() for rows in held_out):
        raise InputError(
            f"Each row that is held out has the weight 0 in {argument('sample_weight')}",
            parameter="sample_weight",
            given=weights,
            needs="one of them must count, to judge the networks",
            advice="Give one of them a weight.",
        )


def _length(values: object) -> int:
    """How many there are; -1 where that cannot be told."""
    try:
        return len(values)  # type: ignore[arg-type]
    except TypeError:
        return -1


def _as_the_column_says(table: Table, name: str) -> Parted:
    column = table.column(name, "split")
    labels = row_labels(column)
    part_of = {label: _part(label) for label in set(labels)}
    parts = np.array([part_of[label] for label in labels], dtype=np.intp)
    if (parts < 0).any():
        at = int(np.argmax(parts < 0))
        words = listed([TRAINING[0], WATCHED[0], HELD_OUT[0]])
        raise TableError(
            f"{column.cell(at)},",
            parameter="split",
            given=name,
            needs=f"each row must say {words}",
            advice=f"Correct the cell, or leave out {argument('split')}, and rows are held out at random.",
        )
    training, watched, rest = (np.flatnonzero(parts == part).astype(np.intp) for part in range(3))
    if not len(training):
        raise TableError(
            f"No row of column {shown(name)} says {TRAINING[0]}",
            parameter="split",
            given=name,
            needs="a network needs rows to learn from",
            advice="Say train for the rows to learn from.",
        )
    return Parted(np.sort(np.concatenate([training, watched])), watched, rest)


def _part(label: str) -> int:
    """0 for a row to learn from, 1 for one to watch, 2 for one that is held out, -1 for another word."""
    word = label.strip().lower()
    return next((k for k, words in enumerate((TRAINING, WATCHED, HELD_OUT)) if word in words), -1)
