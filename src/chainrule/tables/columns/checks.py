"""What keeps a column from being used, told with what can be done: that depends on the column's role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from chainrule.errors import TableError, argument
from chainrule.tables.columns import grammar
from chainrule.tables.columns.wording import remedies, way_out
from chainrule.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.wording import Role

__all__ = ["check_as_category", "check_finite", "check_usable", "first", "is_typed_number"]


def check_usable(column: Column, role: Role | None, *, gaps: bool = False) -> None:
    """Raise TableError where a cell is missing, or of a type that is no number, text or boolean."""
    _check_type(column, role)
    if column.missing.any() and not gaps:
        raise _missing(column, role)


def check_finite(column: Column, numbers: npt.NDArray[np.float64], role: Role | None) -> None:
    """Raise TableError where one of the column's numbers is infinite."""
    infinite = np.isinf(numbers)
    if infinite.any():
        raise TableError(
            f"{column.cell(first(infinite))}, which is infinite,",
            needs="every number must be finite",
            advice=remedies("correct the cell", "remove the row", way_out(role, column.name)),
        )


def check_as_category(column: Column, role: Role | None) -> None:
    """Raise TableError for text that was not declared to be classes and is better not taken for them.

    Dates are that, and numbers that are written in another way than the grammar's.
    """
    check_usable(column, role)
    if column.is_text and column.kind == "text":
        cells = grammar.trimmed(column.cells)
        _check_dates(column, cells, role)
        _check_separators(column, cells)
        _check_signs(column, cells, role)


def first(flags: npt.NDArray[np.bool_]) -> int:
    """The place of the first true flag."""
    return int(np.argmax(flags))


def is_typed_number(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _check_type(column: Column, role: Role | None) -> None:
    kind = column.cells.type
    if column.is_text or is_typed_number(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return
    at = first(column.cells.is_valid().to_numpy(zero_copy_only=False))
    raise TableError(
        f"{_odd_cell(column, at)},",
        needs="only numbers, text and booleans can be used yet",
        advice=remedies("write its cells as numbers", way_out(role, column.name)),
    )


def _odd_cell(column: Column, at: int) -> str:
    """The beginning of a sentence about a cell of a type that cannot be used."""
    kind = column.cells.type
    if pa.types.is_temporal(kind):
        return f"{column.cell(at)}, which is a date or time"
    what = f"of the type {kind}"
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        what = "an object"
    elif pa.types.is_nested(kind):
        what = "a list"
    elif "binary" in str(kind):
        what = "bytes"
    return f"Row {column.row(at)} of {column.title} is {what}"


def _missing(column: Column, role: Role | None) -> TableError:
    rows, at = int(column.missing.sum()), column.row(first(column.missing))
    where = f"row {at}" if rows == 1 else f"{counted(rows, 'row')}, the first of them row {at}"
    reason = "the model needs one in every row" if role == "learnt input" else "every row needs one"
    # Of what is to be predicted no value should be made up.
    fill = "" if role in {"target", "learnt target"} else f"fill {'it' if rows == 1 else 'them'} in"
    remove = "remove the row" if rows == 1 else "remove these rows"
    return TableError(
        f"A value is missing in {column.title} in {where},",
        needs=reason,
        advice=remedies(fill, remove, way_out(role, column.name)),
    )


def _check_dates(column: Column, cells: pa.Array, role: Role | None) -> None:
    """Refuse a column that has an ISO date, or nothing but dates in other notations."""
    dates = grammar.matches(cells, grammar.DATE_PATTERN)
    if dates.any() or grammar.matches(cells, grammar.OTHER_DATE_PATTERN).all():
        ways = ("write it as a number", _as_classes(column), way_out(role, column.name))
        raise TableError(
            f"{column.cell(first(dates))}, which is a date or time,",
            needs="only numbers, text and booleans can be used yet",
            advice=remedies(*ways),
        )


def _check_separators(column: Column, cells: pa.Array) -> None:
    if grammar.matches(cells, grammar.AMBIGUOUS_PATTERN).all():
        at = first(np.isnan(grammar.numbers_in(cells, column.decimal)))
        raise TableError(
            f"{column.cell(at)},",
            needs=f"the decimal mark of {column.table} is {column.decimal!r}, so this may be a number with "
            "thousands separators or another decimal mark",
            advice="Write every number with a decimal point and without thousands separators.",
        )


def _check_signs(column: Column, cells: pa.Array, role: Role | None) -> None:
    """Refuse a column of numbers with signs of per cent or of a currency beside them."""
    if grammar.matches(grammar.without_signs(cells), grammar.AMBIGUOUS_PATTERN).all():
        at = first(~grammar.matches(cells, grammar.AMBIGUOUS_PATTERN))
        ways = ("write every number without the sign", _as_classes(column), way_out(role, column.name))
        raise TableError(
            f"{column.cell(at)}, a number with a sign of per cent or of a currency,",
            needs="a number is digits alone",
            advice=remedies(*ways),
        )


def _as_classes(column: Column) -> str:
    return f"take the column as classes ({argument('classes', [column.name])})"
