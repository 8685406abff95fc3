"""The table that was read: columns with names, and what was settled on the way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import InputError, TableError, UnknownNameError
from chainrule.given import unmasked
from chainrule.tables.columns import grammar
from chainrule.tables.columns.column import Column
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["MOST_COLUMNS", "Table", "assemble", "check_table", "refuse_absent", "refuse_too_wide"]

# Tables of genes have up to 60,000. Of one as wide as this, a column takes 0.04 ms in few rows and 0.4 ms in
# hundreds: half a minute at most. What is wider was mostly turned over, or has values for names.
MOST_COLUMNS = 100_000


def refuse_absent(table: Table, names: Sequence[str], parameter: str) -> None:
    """Raise UnknownNameError for all of these names that no column has."""
    known = frozenset(table.names)
    absent = [name for name in names if name not in known]
    if absent:
        raise UnknownNameError("column", absent[0] if len(absent) == 1 else absent, table.names, parameter)


@dataclass(frozen=True, eq=False)
class Table:
    """A table in memory, every cell as its source gave it.

    Attributes
    ----------
    title : str
        What messages call the table: the file's name, or "the data frame".
    columns : tuple of Column
        The columns, in order.
    n_rows : int
        Number of rows, the header not counted.
    remarks : tuple of str
        One sentence for each thing that was settled and is not obvious.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> table = read_table(pa.table({"x": [1, 2, 3], "kind": ["a", "b", "a"]}))
    >>> table.names, table.n_rows, table.take([2]).column("x").as_numbers().tolist()
    (('x', 'kind'), 3, [3.0])
    >>> table
    Table(the data frame, 3 rows, columns 'x', 'kind')
    """

    title: str
    columns: tuple[Column, ...]
    n_rows: int
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Table({self.title}, {counted(self.n_rows, 'row')}, columns {listed(self.names)})"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str, parameter: str = "name") -> Column:
        """Return the column of this name, which was given for a parameter.

        Raises
        ------
        UnknownNameError, InputError
            The table has no such column, and a message suggests a similar name; or this is no name.
        """
        if not isinstance(cast("object", name), str):
            raise InputError(
                parameter=parameter,
                given=name,
                needs="must be the name of a column",
                advice="Give it as text.",
            )
        if name not in self._by_name:
            raise UnknownNameError("column", name, self.names, parameter)
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def take(self, rows: npt.ArrayLike) -> Table:
        """Return the table with these rows only.

        Parameters
        ----------
        rows : array of shape (n,)
            Places of the rows, counted from 0. In messages each row keeps the number it has here.

        Returns
        -------
        Table
            With n rows, in the order given; this table is not changed.

        Raises
        ------
        InputError
            There are no such places.
        """
        places = _places(rows, self.n_rows)
        taken = tuple(column.take(places) for column in self.columns)
        return Table(self.title, taken, len(places), self.remarks)


def check_table(table: object) -> None:
    """Raise InputError for what is no table, such as a frame that was not read as one."""
    if not isinstance(table, Table):
        raise InputError(
            f"table is a {type(table).__name__}",
            parameter="table",
            given=table,
            needs="must be a Table",
            advice="Make one with read_table.",
        )


def _places(rows: npt.ArrayLike, n_rows: int) -> npt.NDArray[np.intp]:
    """Places of rows, each a whole number from 0 on of a row that there is; InputError else."""
    try:
        places = unmasked(rows)
    except (TypeError, ValueError, OverflowError):
        places = np.empty((), dtype=object)
    is_whole = places.dtype.kind in "iu" or places.size == 0
    if places.ndim != 1 or not is_whole or ((places < 0) | (places >= n_rows)).any():
        raise InputError(
            parameter="rows",
            given=rows,
            needs=f"must be whole numbers from 0 to {n_rows - 1}, in one row",
            advice="Give the places of the rows, as in [0, 2].",
        )
    return places.astype(np.intp)


def assemble(
    title: str,
    names: Sequence[str],
    cells: Sequence[pa.Array],
    remarks: Sequence[str] = (),
    delimiter: str | None = None,
) -> Table:
    """Make a table of named Arrow arrays: settle unnamed columns and the decimal mark.

    Raises
    ------
    TableError
        Two columns have one name, there is no column or no row, or there are too many columns.
    """
    refuse_too_wide(title, len(names))
    kept, notes = _named([name.strip() for name in names], cells)
    _refuse_duplicates(title, [name for name, _ in kept])
    decimal = _decimal_mark([array for _, array in kept], delimiter)
    if decimal == ",":
        notes.append("decimal comma")
    columns = tuple(Column(name, array, title, decimal) for name, array in kept)
    if not columns:
        raise TableError(
            f"{title} has no column with a name", needs="needs one at least", advice="Add a line of names."
        )
    n_rows = len(columns[0].cells)
    if n_rows == 0:
        raise TableError(
            f"{title} has column names but no rows.",
            needs="needs at least one row",
            advice="Add at least one row below the names.",
        )
    return Table(title, columns, n_rows, (*remarks, *notes))


def refuse_too_wide(title: str, n_columns: int) -> None:
    """Raise TableError for more columns than are read: each source asks before it does anything slow."""
    if n_columns > MOST_COLUMNS:
        raise TableError(
            f"{title} has more than {MOST_COLUMNS} columns",
            needs=f"a table may have {MOST_COLUMNS} at most",
            advice="Select columns first; if the rows stand in columns, transpose the table.",
        )


def _named(names: Sequence[str], cells: Sequence[pa.Array]) -> tuple[list[tuple[str, pa.Array]], list[str]]:
    """Give every unnamed column a name, or leave it out where it only counts the rows or is empty."""
    kept: list[tuple[str, pa.Array]] = []
    remarks = []
    for position, (name, array) in enumerate(zip(names, cells, strict=True), start=1):
        if name:
            kept.append((name, array))
        elif position == 1 and _counts_rows(array):
            remarks.append("the first column has no name and counts the rows: left out")
        elif grammar.missing_cells(array).all():
            remarks.append(f"column {position} has no name and no values: left out")
        else:
            kept.append((f"unnamed_{position}", array))
            remarks.append(f"column {position} has no name and is called 'unnamed_{position}'")
    return kept, remarks


def _counts_rows(cells: pa.Array) -> bool:
    column = Column("", cells)
    if column.kind != "number" or column.missing.any():
        return False
    numbers = column.as_numbers() if not _infinite(column) else np.array([])
    count = np.arange(len(cells))
    return np.array_equal(numbers, count) or np.array_equal(numbers, count + 1)


def _infinite(column: Column) -> bool:
    return column.is_text and bool(grammar.matches(column.cells, "[iIeE]").any())


def _refuse_duplicates(title: str, names: Sequence[str]) -> None:
    places: dict[str, list[int]] = {}
    for position, name in enumerate(names, start=1):
        places.setdefault(name, []).append(position)
    for name, positions in places.items():
        if len(positions) > 1:
            where = ", ".join(map(str, positions[:10]))
            raise TableError(
                f"{title} has {counted(len(positions), 'column')} named {shown(name)} (columns {where})",
                needs="every name must be there once",
                advice="Rename them; if the first line is no line of names, add one.",
            )


def _decimal_mark(arrays: Sequence[pa.Array], delimiter: str | None) -> str:
    """The decimal mark of the whole table: a comma where numbers use it and none uses a point."""
    texts = [array for array in arrays if pa.types.is_large_string(array.type)]
    commas = [array for array in texts if _numbers_with(array, ",")]
    if not commas or any(_numbers_with(array, ".") for array in texts):
        return "."
    # 1,234 may be one thousand: only a semicolon between the cells says that the comma is no separator.
    certain = delimiter == ";" or not all(_may_be_thousands(array) for array in commas)
    return "," if certain else "."


def _numbers_with(cells: pa.Array, mark: str) -> bool:
    """Whether all cells are numbers by the grammar with this decimal mark, and one at least has the mark."""
    if not pc.any(pc.match_substring(cells, mark)).as_py():
        return False
    present = grammar.trimmed(cells.filter(pa.array(~grammar.missing_cells(cells))))
    return bool(len(present)) and bool(grammar.matches(present, grammar.number_pattern(mark)).all())


def _may_be_thousands(cells: pa.Array) -> bool:
    marked = cells.filter(pc.match_substring(cells, ","))
    return bool(grammar.matches(grammar.trimmed(marked), grammar.THOUSANDS_PATTERN).all())
