"""The table that was read: columns with names, and what was settled on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.displays import display, first_and_last, folded, paragraph, warning
from chainrule.errors import InputError, Remark, TableError, UnknownNameError, said
from chainrule.given import unmasked
from chainrule.tables.columns import grammar
from chainrule.tables.columns.column import Column
from chainrule.tables.columns.decisions import Decision
from chainrule.words import counted, listed, named, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.held import Origin
    from chainrule.tables.columns.layout import Layout, LeftOut

__all__ = [
    "MOST_COLUMNS", "Table", "assemble", "check_table", "refuse_too_wide", "settle_names",
]  # fmt: skip

# Tables of genes have up to 60,000. Of one as wide as this, a column takes 0.04 ms in few rows and 0.4 ms in
# hundreds: half a minute at most. What is wider was mostly turned over, or has values for names.
MOST_COLUMNS = 100_000
AROUND_NAMES = " \t\n\r\N{NO-BREAK SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"  # the last is a byte-order mark, too
INDEX_NAMES = frozenset({"Unnamed: 0", "index", "level_0", "rownames"})  # that pandas and R write
COUNTS = " and counts the rows"
FEWEST_COLUMNS = 2  # a target, and what it is learnt from
MOST_SHOWN = 20  # decisions, in a notebook
CELLS_LOOKED_AT = 1000  # of a column, to see whether it is worth looking at all of it


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
    decisions : tuple of Decision
        One for each thing that was decided and is not obvious.
    layout : Layout or None
        How the file was cut, where it was delimited text.
    left_out : tuple of LeftOut
        Rows of the source that are none of the table: with `n_rows` they are all that were read.
    index : object
        The index of a data frame of pandas, whose rows these are; None for any other source.

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
    decisions: tuple[Decision, ...] = ()
    layout: Layout | None = None
    left_out: tuple[LeftOut, ...] = ()
    index: Any = None

    def __repr__(self) -> str:
        return f"Table({self.title}, {counted(self.n_rows, 'row')}, columns {listed(self.names)})"

    def _repr_html_(self) -> str:
        extent = f"{counted(self.n_rows, 'row')}, {counted(len(self.columns), 'column')}"
        cells = first_and_last([(one.name, one.value) for one in self.columns], self.n_rows, caption="Rows")
        shown = self.decisions[:MOST_SHOWN]
        words = [(warning if one.is_warning else paragraph)(said(one.sentence)) for one in shown]
        decided = folded("What was decided", *words, is_open=any(one.is_warning for one in shown))
        return display("Table", cells, decided, more=f"{named(self.title)}: {extent}")

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What was decided, in words."""
        return tuple(Remark(one.words) for one in self.decisions)

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
        index = None if self.index is None else self.index.take(places)
        return replace(self, columns=taken, n_rows=len(places), index=index)


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
    decisions: Sequence[Decision] = (),
    *,
    layout: Layout | None = None,
    left_out: Sequence[LeftOut] = (),
    numbering: npt.NDArray[np.intp] | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    is_category: Sequence[bool] = (),
    origins: Sequence[Origin] = (),
    index: object = None,
    whole: bool = False,
) -> Table:
    """Make a table of named Arrow arrays: settle the names, the columns that are none, and the decimal mark.

    Parameters
    ----------
    title : str
        What messages call the table.
    names, cells : sequences of the same length
        The columns as the source has them; a name may be empty, and two may be equal.
    decisions : sequence of Decision
        What was decided about the table before.
    layout : Layout, optional
        How the file was cut.
    left_out : sequence of LeftOut
        Rows of the source that are not among the cells.
    numbering : array of shape (n_rows,), optional
        For each row its place in the source, counted from 0; by default its own.
    delimiter : str, optional
        What stood between the cells: a semicolon tells that a comma in a number is a decimal mark.
    decimal : {".", ","}, optional
        The decimal mark; by default the numbers tell.
    is_category : sequence of bool
        For each column, whether the source says that it holds categories; nothing where it says so of none.
    origins : sequence of Origin
        For each column what the source says of it, where it has types.
    index : object
        The index of a data frame of pandas.
    whole : bool
        Whether columns stay that only count the rows, or have neither name nor values: a model may have
        learnt them from a table in which they had more to say.

    Raises
    ------
    TableError
        There is no column or no row, or there are too many columns.
    """
    refuse_too_wide(title, len(names))
    called, renamed = settle_names(names)
    none = [""] * len(names) if whole else list(map(_why_none, range(len(names)), names, cells))
    if len(names) - sum(map(bool, none)) < FEWEST_COLUMNS and none and none[0].endswith(COUNTS):
        none[0] = ""  # beside a target it is all that there is
    kept = [place for place, why in enumerate(none) if not why]
    names_kept = {called[place] for place in kept}
    notes = [one for one in renamed if one.column in names_kept]
    notes += [Decision(f"{why}: left out", is_guess=False) for why in none if why]
    if decimal is None:
        decimal = _decimal_mark([cells[place] for place in kept], delimiter)
        notes += [Decision("decimal comma", is_guess=False)] if decimal == "," else []
    categories = is_category or [False] * len(names)
    columns = tuple(
        Column(
            called[at], cells[at], title, decimal, numbering, is_category=categories[at],
            origin=origins[at] if origins else None,
        )
        for at in kept
    )  # fmt: skip
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
    return Table(title, columns, n_rows, (*decisions, *notes), layout, tuple(left_out), index)


def settle_names(names: Sequence[str]) -> tuple[tuple[str, ...], list[Decision]]:
    """Give every column a name that no other has: one without a name is called by its place.

    Examples
    --------
    >>> settle_names(["x", " x ", ""])[0]
    ('x', 'x_2', 'unnamed_3')
    """
    plain = [name.strip(AROUND_NAMES) for name in names]
    taken, used, numbers = set(plain), set[str](), dict[str, int]()
    decisions = []
    called = []
    for place, name in enumerate(plain, start=1):
        base = name or f"unnamed_{place}"
        new, number = base, numbers.get(base, 2)
        while new in used or (new != name and new in taken):
            new, number = f"{base}_{number}", number + 1
        numbers[base] = number
        used.add(new)
        called.append(new)
        if new != name:
            decisions.append(_renamed(place, name, new))
    return tuple(called), decisions


def _renamed(place: int, name: str, new: str) -> Decision:
    if not name:
        return Decision(f"column {place} has no name and is called {shown(new)}", new, is_guess=False)
    words = f"column {place} has the name of a column before it, {shown(name)}, and is called {shown(new)}"
    return Decision(words, new, advice="Rename one of them in the file.")


def refuse_too_wide(title: str, n_columns: int) -> None:
    """Raise TableError for more columns than are read: each source asks before it does anything slow."""
    if n_columns > MOST_COLUMNS:
        raise TableError(
            f"{title} has more than {MOST_COLUMNS} columns",
            needs=f"a table may have {MOST_COLUMNS} at most",
            advice="Select columns first; if the rows stand in columns, transpose the table.",
        )


def _why_none(place: int, name: str, cells: pa.Array) -> str:
    """Why this is no column of the table; nothing where it is one."""
    name = name.strip(AROUND_NAMES)
    if place == 0 and (not name or name in INDEX_NAMES) and _counts_rows(cells):
        return f"the first column {f'is called {shown(name)}' if name else 'has no name'}{COUNTS}"
    nothing = not name and grammar.missing_cells(cells).all()
    return f"column {place + 1} has no name and no values" if nothing else ""


def _counts_rows(cells: pa.Array) -> bool:
    column = Column("", cells)
    if column.kind != "number" or column.missing.any():
        return False
    numbers = column.as_numbers() if not _infinite(column) else np.array([])
    count = np.arange(len(cells))
    return np.array_equal(numbers, count) or np.array_equal(numbers, count + 1)


def _infinite(column: Column) -> bool:
    return column.is_text and bool(grammar.matches(column.cells, "[iIeE]").any())


def _decimal_mark(arrays: Sequence[pa.Array], delimiter: str | None) -> str:
    """The decimal mark of the whole table: a comma where numbers use it and none surely uses a point."""
    texts = [array for array in arrays if pa.types.is_large_string(array.type)]
    commas = [array for array in texts if _numbers_with(array, ",")]
    if not commas or any(_numbers_with(array, ".") and not _may_be_thousands(array, ".") for array in texts):
        return "."
    # 1,234 may be one thousand: only a semicolon between the cells says that the comma is no separator.
    certain = delimiter == ";" or not all(_may_be_thousands(array, ",") for array in commas)
    return "," if certain else "."


def _numbers_with(cells: pa.Array, mark: str) -> bool:
    """Whether all cells are numbers by the grammar with this decimal mark, and one at least has the mark."""
    first = cells[:CELLS_LOOKED_AT]
    if (len(first) == len(cells) and not _has_mark(first, mark)) or not _are_numbers(first, mark):
        return False
    return _has_mark(cells, mark) and _are_numbers(cells, mark)


def _has_mark(cells: pa.Array, mark: str) -> bool:
    return bool(pc.any(pc.match_substring(cells, mark)).as_py())


def _are_numbers(cells: pa.Array, mark: str) -> bool:
    present = grammar.trimmed(cells.filter(pa.array(~grammar.missing_cells(cells))))
    return bool(grammar.matches(present, grammar.number_pattern(mark)).all())


def _may_be_thousands(cells: pa.Array, mark: str) -> bool:
    """Whether each mark may part thousands, as in 1,234."""
    marked = cells.filter(pc.match_substring(cells, mark))
    return bool(grammar.matches(grammar.trimmed(marked), grammar.thousands_pattern(mark)).all())
