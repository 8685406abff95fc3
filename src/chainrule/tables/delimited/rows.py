"""The exact reading of the rows: one by one, each of as many cells as there are names, each fault counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from chainrule.errors import TableError, argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.layout import COMMENT, EMPTY, NAMES_AGAIN, LeftOut
from chainrule.tables.delimited.growing import GrowingColumns
from chainrule.words import counted, joined, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from chainrule.tables.delimited.header import Row
    from chainrule.tables.delimited.plan import Plan
    from chainrule.tables.delimited.records import Record

__all__ = ["Rows", "RowsCutter", "rows_without"]

BATCH = 20_000  # rows that are made columns at once
MOST_FIRST = 10
MOST_FAULTS = 20

OTHERWISE = f"give {argument('bad_rows', 'empty')}, and what cannot be cut is missing."


class Rows(NamedTuple):
    """The columns of a table, the place of each row where some were left out, those, and what is said."""

    columns: list[pa.Array]
    numbering: npt.NDArray[np.intp] | None
    left_out: tuple[LeftOut, ...]
    decisions: tuple[Decision, ...]


@dataclass
class _Counted:
    """How many rows, and the first of them."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, number: int) -> None:
        self.count += 1
        if len(self.first) < MOST_FIRST:
            self.first.append(number)


class _Fault(NamedTuple):
    record: Record
    number: int


@dataclass
class RowsCutter:
    """Takes records, and makes rows of them that have as many cells as there are names.

    Parameters
    ----------
    plan : Plan
    title : str
        What messages call the table.
    """

    plan: Plan
    title: str

    def __post_init__(self) -> None:
        self.n_read = 0
        self._rows: list[Row] = []
        self._columns = GrowingColumns(len(self.plan.names))
        self._blank_lines = 0
        self._left_out: dict[str, list[int]] = {}
        self._said: dict[str, _Counted] = {}
        self._faults: list[_Fault] = []
        self._n_faults = 0
        self.is_trailing_wrong = False

    def take(self, found: Iterable[Record]) -> None:
        """Make rows of records, which go on where the last ones ended."""
        n = len(self.plan.names)
        header = frozenset(self.plan.header)
        for record in found:
            cells = record.cells
            if len(cells) == n and record.unclosed is None and cells[0] and cells not in header:
                if self._blank_lines:
                    self._count_blank_lines()
                self.n_read += 1
                self._add(cells)
            else:
                self._take_odd(record, header)

    def take_columns(
        self, columns: list[pa.Array], gone: Mapping[str, npt.NDArray[np.intp]], blank_lines: int
    ) -> None:
        """Take rows that are columns already, the places of those that are none, and blank lines behind."""
        self._count_blank_lines()
        self._end_batch()
        for reason, places in gone.items():
            self._left_out.setdefault(reason, []).extend((places + self.n_read).tolist())
        kept = rows_without(columns, gone)
        self.n_read += len(kept.columns[0]) + sum(map(len, gone.values()))
        self._columns.add(kept.columns)
        self._blank_lines = blank_lines

    def rows(self, *, fails: bool) -> Rows:
        """The columns of all records that were taken.

        Raises
        ------
        TableError
            A row is at fault, and that was asked to fail.
        """
        if fails and self._n_faults:
            raise self._refusal()
        self._end_batch()
        columns = self._columns.whole()
        gone = {reason: np.array(places, dtype=np.intp) for reason, places in self._left_out.items()}
        numbering, left_out, said = _without(self.n_read, gone)
        return Rows(columns, numbering, left_out, (*self._decisions(), *said))

    def _take_odd(self, record: Record, header: frozenset[Row]) -> None:
        """Take a record that is not like most: blank, a comment, the names again, or at fault."""
        cells, n = record.cells, len(self.plan.names)
        if cells == ("",):
            self._blank_lines += 1
            return
        self._count_blank_lines()
        self.n_read += 1
        if not cells:
            self._leave_out(COMMENT)
        elif not any(cells) and n > 1:
            self._leave_out(EMPTY)
        elif cells in header and n > 1:
            self._leave_out(NAMES_AGAIN)
        else:
            self._add(self._mended(record))

    def _count_blank_lines(self) -> None:
        """Blank lines with a row below them: no rows, but in a table of one column a missing value each."""
        for _ in range(self._blank_lines):
            self.n_read += 1
            if len(self.plan.names) == 1:
                self._add(("",))
            else:
                self._leave_out(EMPTY)
        self._blank_lines = 0

    def _leave_out(self, reason: str) -> None:
        self._left_out.setdefault(reason, []).append(self.n_read - 1)

    def _mended(self, record: Record) -> Row:
        """The cells of a row with one for each name; all empty where they cannot be trusted."""
        cells, n = record.cells, len(self.plan.names)
        nothing = ("",) * n
        if record.unclosed is not None and not self._is_closed_within(record):
            self._fault("unclosed", record)
            return nothing
        if len(cells) > n and any(cells[n:]):
            self._fault("surplus", record)
            self.is_trailing_wrong |= self.plan.has_trailing and len(cells) == n + 1
            return nothing
        if len(cells) < n:
            self._fault("short", record)
        elif len(cells) > self.plan.width:
            self._fault("empty surplus", record)
        elif record.unclosed is not None:
            self._fault("quoted oddly", record)
        return (*cells, *nothing)[:n]

    def _is_closed_within(self, record: Record) -> bool:
        """Whether quotes that open a cell close before its end, so that its row is cut as it is meant."""
        opening = [cell for cell in record.cells if cell.startswith(self.plan.dialect.quote)]
        fits = len(record.cells) == len(self.plan.names)
        return fits and all(cell.count(self.plan.dialect.quote) % 2 == 0 for cell in opening)

    def _fault(self, kind: str, record: Record) -> None:
        self._said.setdefault(kind, _Counted()).add(self.n_read)
        self._n_faults += 1
        if len(self._faults) < MOST_FAULTS:
            self._faults.append(_Fault(record, self.n_read))

    def _add(self, cells: Row) -> None:
        self._rows.append(cells)
        if len(self._rows) == BATCH:
            self._end_batch()

    def _end_batch(self) -> None:
        if self._rows:
            self._columns.add([pa.array(cells, pa.large_string()) for cells in zip(*self._rows, strict=True)])
            self._rows = []

    def _decisions(self) -> list[Decision]:
        n = counted(len(self.plan.names), "name")
        words = {
            "short": (f"fewer cells than the {n}", "the rest is empty"),
            "empty surplus": (f"more cells than the {n}, all empty", "they are dropped"),
            "surplus": (f"more cells than the {n}", "made empty"),
            "unclosed": ("a quote that is not closed", "made empty"),
            "quoted oddly": ("a quote that closes before the end of its cell", "read as it is written"),
        }
        advice = f"Give {argument('bad_rows', 'fail')} to have each of them named."
        return [
            Decision(f"{_rows_of(self._said[kind])} {have}: {then}", is_warning=True, advice=advice)
            for kind, (have, then) in words.items()
            if kind in self._said
        ]

    def _refusal(self) -> TableError:
        if self._n_faults == 1:
            return _one_fault(self._faults[0], self.plan, self.title)
        faults = [_in_short(fault) for fault in self._faults]
        listing = "; ".join(faults) + (
            f" and {self._n_faults - len(faults)} more" if self._n_faults > len(faults) else ""
        )
        n = counted(len(self.plan.names), "column")
        return TableError(
            f"{self.title} has {self._n_faults} rows at fault: {listing}",
            parameter="bad_rows",
            needs=f"there are {n}, and every quote must be closed",
            advice=f"Correct them, or {OTHERWISE}",
        )


def rows_without(columns: list[pa.Array], gone: Mapping[str, npt.NDArray[np.intp]]) -> Rows:
    """Rows of columns from which some are left out, by reason: their places, ascending, counted from 0."""
    numbering, left_out, said = _without(len(columns[0]), gone)
    if numbering is not None:
        places = pa.array(numbering)
        for place in range(len(columns)):  # each is let go before the next is copied
            columns[place] = columns[place].take(places)
    return Rows(columns, numbering, left_out, tuple(said))


def _without(
    n_read: int, gone: Mapping[str, npt.NDArray[np.intp]]
) -> tuple[npt.NDArray[np.intp] | None, tuple[LeftOut, ...], list[Decision]]:
    """The places of the rows that stay, None where all do; what is told of the others; how it is said."""
    left_out = tuple(
        LeftOut(reason, len(places), tuple(int(place) + 1 for place in places[:MOST_FIRST]))
        for reason, places in gone.items()
    )
    numbering = np.delete(np.arange(n_read), np.concatenate(list(gone.values()))) if gone else None
    return numbering, left_out, [_decision(one) for one in left_out]


def _decision(left_out: LeftOut) -> Decision:
    is_guess = left_out.reason == NAMES_AGAIN  # an empty line is never a row
    return Decision(left_out.words, is_guess=is_guess, advice="Delete it." if is_guess else "")


def _rows_of(rows: _Counted) -> str:
    return f"{_numbered(rows.count, rows.first)} {'has' if rows.count == 1 else 'have'}"


def _numbered(count: int, first: Iterable[int]) -> str:
    numbers = [str(number) for number in first]
    if count == 1:
        return f"row {numbers[0]}"
    return f"{count} rows ({joined(numbers + [''] * (count - len(numbers)), len(numbers))})"


def _in_short(fault: _Fault) -> str:
    record, where = fault.record, f"row {fault.number} (line {fault.record.line})"
    if record.unclosed is not None:
        return f"{where} has the cell {shown(record.unclosed)}"
    return f"{where} has {counted(len(record.cells), 'cell')}"


def _one_fault(fault: _Fault, plan: Plan, title: str) -> TableError:
    record, where = fault.record, f"Row {fault.number} (line {fault.record.line}) of {title}"
    if record.unclosed is not None:
        return TableError(
            f"{where} has the cell {shown(record.unclosed)}, which begins with a quote,",
            parameter="bad_rows",
            needs="the quote is not closed at the end of the cell",
            advice=f"Close it; write a quote inside a quoted cell twice ({plan.dialect.quote * 2}); "
            f"or {OTHERWISE}",
        )
    return TableError(
        f"{where} has {counted(len(record.cells), 'cell')}",
        parameter="bad_rows",
        needs=f"the header has {counted(len(plan.names), 'column')}",
        advice="Add or remove cells, or quote a cell that has the delimiter in it; "
        f"or {OTHERWISE} It reads {listed(record.cells, 5)}.",
    )
