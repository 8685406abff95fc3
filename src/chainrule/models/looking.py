"""What of a table and of D = [X | Y] should be looked at before a score is believed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import argument
from chainrule.tables import Decision, NumberInput, Said, row_labels
from chainrule.words import counted, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from chainrule.tables import Encoding, Roles, Table

    Matrix = npt.NDArray[np.float64]
    Places = npt.NDArray[np.intp]

__all__ = ["about_rows", "given_away", "totals", "twins", "unlike_training"]

SAME = 1e-9  # of standardised numbers
FEWEST_ROWS = 10
FEWEST_HELD_OUT = 20
ODD = 0x9E3779B97F4A7C15
WORTH_A_WORD = 0.05  # of the rows held out
TOTALS = frozenset({"total", "totals", "grand total", "sum", "gesamt", "summe", "all", "average", "mean"})


def given_away(encoding: Encoding, X: Matrix, Y: Matrix) -> Iterator[Decision]:
    """Inputs that are a target in other words: the same number in another unit, or a name for each class.

    Parameters
    ----------
    encoding : Encoding
    X : array of shape (n_rows, n_inputs)
    Y : array of shape (n_rows, n_outputs)
    """
    if len(X) < FEWEST_ROWS:
        return
    classes = None
    if encoding.kind == "classes":
        ((target, own),) = encoding.parted(Y)
        classes = target.decided(own)
    first = 0
    for part in encoding.inputs:
        columns = X[:, first : first + len(part.names)]
        first += len(part.names)
        x = part.restored(columns) if isinstance(part, NumberInput) else columns[:, 0]
        if _is_target(x, Y) if classes is None else _names_classes(columns, classes):
            yield Decision(
                f"column {shown(part.name)} gives the target away: one follows from the other",
                part.name,
                is_guess=False,
                is_warning=True,
                advice=f"{argument('ignore', [part.name])} leaves it out.",
            )


def twins(X: Matrix, Y: Matrix, training: Places, held_out: Places) -> Iterator[Decision]:
    """Rows held out that stand among the training rows, too: of them a score says less than it seems to."""
    if len(held_out) < FEWEST_HELD_OUT:
        return
    rows = np.ascontiguousarray(np.hstack([X, Y]))
    keys = _keys(rows)
    alike = held_out[np.isin(keys[held_out], keys[training])]  # all that are the same, and hardly another
    seen = {rows[row].tobytes() for row in training[np.isin(keys[training], keys[alike])].tolist()}
    n = sum(rows[row].tobytes() in seen for row in alike.tolist())
    if n > WORTH_A_WORD * len(held_out):
        yield Decision(
            f"{counted(n, 'row')} of the {len(held_out)} held out are the same as a training row in all "
            "that is used: the score may flatter",
            is_guess=False,
            is_warning=True,
        )


def _keys(rows: Matrix) -> npt.NDArray[np.uint64]:
    """A number for each row, the same for the same bits: their sum by powers of an odd number."""
    factors = np.cumprod(np.full(rows.shape[1], ODD, np.uint64))
    keys: npt.NDArray[np.uint64] = (rows.view(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return keys


def totals(table: Table) -> Iterator[Decision]:
    """A last row that sums the others up, as spreadsheets have one."""
    last = table.n_rows - 1
    for column in table.columns if last >= FEWEST_ROWS else ():
        cell = column.value(last)
        if (
            isinstance(cell, str)
            and cell.strip(" :").lower() in TOTALS
            and row_labels(column).count(cell) <= 1
        ):
            words = (
                f"row {column.row(last)} is {shown(cell)}: it may sum up the others, and is used as they are"
            )
            yield Decision(
                words, column.name, is_guess=False, is_warning=True, advice="Delete it if it does."
            )
            return


def unlike_training(encoding: Encoding, held_out: Table, *, strict: bool) -> Iterator[Decision]:
    """What of rows held out is not as learnt, and what it is taken for, as when a model predicts."""
    if not held_out.n_rows:
        return
    heard = Said(is_strict=strict)
    encoding.encode_inputs(held_out, heard)
    for one in heard.remarks():
        yield replace(one, words=f"of the rows held out, {one.words}", is_warning=False)


def about_rows(table: Table, roles: Roles) -> Iterator[Decision]:
    """What holds rows out where several things could, and rows that have no group."""
    group = roles.group
    if roles.split is not None and (group is not None or roles.in_order):
        words = f"column {shown(roles.split)} alone says which rows are held out"
        more = f"; of {shown(group)}, rows to watch are taken in groups" if group is not None else ""
        yield Decision(words + more, is_guess=False, is_warning=True)
    elif group is not None and roles.in_order:
        words = f"groups of {shown(group)} are held out, and the order of the rows counts for nothing"
        yield Decision(words, is_guess=False, is_warning=True)
    n = 0 if group is None else row_labels(table.column(group, "group")).count("")
    if group is not None and n:
        yield Decision(f"{counted(n, 'row')} without a group: each is one of its own", group, is_guess=False)


def _is_target(x: Matrix, Y: Matrix) -> bool:
    """Whether a column is one of Y, or its negative."""
    return any(_is_line(x[there], y[there]) for y in Y.T if (there := ~np.isnan(y)).any())


def _is_line(x: Matrix, y: Matrix) -> bool:
    """Whether one number is the other in another unit."""
    deviations = [(one - one.mean()) / (one.std() or 1.0) for one in (x, y)]
    gap = min(np.abs(deviations[0] - deviations[1]).max(), np.abs(deviations[0] + deviations[1]).max())
    return bool(gap < SAME and deviations[0].any())


def _names_classes(columns: Matrix, classes: Places) -> bool:
    """Whether rows of one class, and no others, have one same value in these columns."""
    names, first, of_rows = np.unique(classes, return_index=True, return_inverse=True)
    if columns.shape[1] > len(names) + 1:  # one for each category, and one for missing values
        return False
    values = columns[first]
    return bool((columns == values[of_rows]).all()) and len(np.unique(values, axis=0)) == len(names)
