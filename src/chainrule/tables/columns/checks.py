"""What keeps a column from being used, told with what can be done: that depends on the column's role."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from chainrule.errors import TableError
from chainrule.tables.columns.wording import remedies, way_out
from chainrule.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.wording import Role

__all__ = ["check_finite", "check_usable", "first", "is_typed_number", "unusable"]


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


def first(flags: npt.NDArray[np.bool_]) -> int:
    """The place of the first true flag."""
    return int(np.argmax(flags))


def is_typed_number(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of numbers."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def unusable(column: Column) -> str:
    """What keeps the cells of a column from being numbers, text, booleans or dates, in a clause; or nothing.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import Column
    >>> unusable(Column("c", pa.array([[1]]))), unusable(Column("c", pa.array([1])))
    ('its cells are lists', '')
    """
    kind = column.cells.type
    known = (pa.types.is_boolean, pa.types.is_null, pa.types.is_date, pa.types.is_time, pa.types.is_timestamp)
    if (
        column.is_text
        or is_typed_number(kind)
        or pa.types.is_duration(kind)
        or any(is_one(kind) for is_one in known)
    ):
        return ""
    plural = {"an object": "objects", "a list": "lists"}
    return f"its cells are {plural.get(_what(kind), _what(kind))}"


def _what(kind: pa.DataType) -> str:
    """What a cell of a type is that cannot be used."""
    if pa.types.is_struct(kind) or pa.types.is_map(kind):
        return "an object"
    if pa.types.is_nested(kind):
        return "a list"
    return "bytes" if "binary" in str(kind) else f"of the type {kind}"


def _check_type(column: Column, role: Role | None) -> None:
    if unusable(column):
        at = first(column.cells.is_valid().to_numpy(zero_copy_only=False))
        raise TableError(
            f"Row {column.row(at)} of {column.title} is {_what(column.cells.type)},",
            needs="only numbers, text, booleans and dates can be used",
            advice=remedies("write its cells as numbers", way_out(role, column.name)),
        )


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
