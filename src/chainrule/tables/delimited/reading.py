"""Read delimited text, whole: dialect, header, rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import TableError
from chainrule.tables.columns import grammar
from chainrule.tables.columns.column import Column
from chainrule.tables.columns.table import assemble
from chainrule.tables.delimited.dialect import Layout, settle_layout
from chainrule.tables.delimited.duck import cut_fast
from chainrule.tables.delimited.records import BLANK_RUNS, Dialect, Record, records
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.columns.table import Table

__all__ = ["read_delimited"]

# DuckDB takes a tenth of a millisecond for each column before it cuts any; the exact reading, 0.6 µs a cell.
FEWEST_LINES_FOR_DUCKDB = 200
YEAR = re.compile(r"[12][0-9]{3}")


def read_delimited(text: str, name: str, remarks: Sequence[str] = ()) -> Table:
    r"""Read a table from a text whose line ends are ``\n``.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        The file's name, for messages.
    remarks : sequence of str
        What the caller settled, such as the encoding.

    Returns
    -------
    Table
        All cells text, without the blanks around them unless they are quoted.

    Raises
    ------
    TableError
        No delimiter, no header, no rows, a ragged row, a quote that is not closed, two columns of one name.
    """
    layout = settle_layout(text, name)
    if layout.header.unclosed is not None:
        raise _unclosed(layout.header, f"The header (line {layout.header.line})", name, layout.dialect)
    body = _without_blank_end(text[layout.header.end :], layout.dialect)
    if not body:
        header = listed(layout.header.cells)
        raise TableError(
            f"{name} has a header ({header}) but no rows.",
            needs="needs at least one row",
            advice="Add at least one row below it.",
        )
    columns = _cut(body, layout, name)
    _refuse_data_as_header(layout.header, columns, name)
    return assemble(name, layout.header.cells, columns, (*remarks, *layout.remarks), layout.dialect.delimiter)


def _without_blank_end(body: str, dialect: Dialect) -> str:
    """The text without the blank lines at its end."""
    end = len(body)
    while end:
        start = body.rfind("\n", 0, end - 1) + 1
        if body[start:end].strip(dialect.blanks + "\n"):
            break
        end = start
    return body[:end]


def _cut(body: str, layout: Layout, name: str) -> list[pa.Array]:
    """Cut the rows: the fast way where it gives the same as the exact one."""
    dialect, width = layout.dialect, len(layout.header.cells)
    if dialect.delimiter == BLANK_RUNS or body.count("\n") < FEWEST_LINES_FOR_DUCKDB:
        return _cut_exactly(body, layout, name)
    blanks = _has_outer_blanks(body, dialect)
    if blanks and dialect.quote in body:
        return _cut_exactly(body, layout, name)
    columns = cut_fast(body, dialect, width)
    if columns is None:
        return _cut_exactly(body, layout, name)
    return [pc.utf8_trim(column, characters=dialect.blanks) for column in columns] if blanks else columns


def _has_outer_blanks(body: str, dialect: Dialect) -> bool:
    """Whether a blank stands beside a delimiter or at an end of a line."""
    if body[0] in dialect.blanks or body[-1] in dialect.blanks:
        return True
    edges = [(edge, blank) for edge in ("\n", dialect.delimiter) for blank in dialect.blanks]
    return any(edge + blank in body or blank + edge in body for edge, blank in edges)


def _cut_exactly(body: str, layout: Layout, name: str) -> list[pa.Array]:
    """Cut the rows one by one, and refuse the first one at fault."""
    rows = []
    width = len(layout.header.cells)
    line = layout.header.line + 1
    for number, record in enumerate(records(body, layout.dialect, line=line), start=1):
        if record.unclosed is not None:
            raise _unclosed(record, f"Row {number} (line {record.line})", name, layout.dialect)
        if len(record.cells) != width:
            raise _ragged(record, number, width, name)
        rows.append(record.cells)
    return [pa.array(cells, pa.large_string()) for cells in zip(*rows, strict=True)]


def _unclosed(record: Record, where: str, name: str, dialect: Dialect) -> TableError:
    return TableError(
        f"{where} of {name} has the cell {shown(record.unclosed)}, which begins with a quote,",
        needs="the quote is not closed at the end of the cell",
        advice=f"Close it; write a quote inside a quoted cell twice ({dialect.quote * 2}).",
    )


def _ragged(record: Record, number: int, width: int, name: str) -> TableError:
    where = f"Row {number} (line {record.line}) of {name}"
    if not any(record.cells):
        return TableError(
            f"{where} is blank,",
            needs="only blank lines at the end of a table are skipped",
            advice="Remove the line.",
        )
    return TableError(
        f"{where} has {counted(len(record.cells), 'cell')}",
        needs=f"the header has {counted(width, 'column')}",
        advice="Add or remove cells, or quote a cell that has the delimiter in it. It reads "
        f"{listed(record.cells, 5)}.",
    )


def _refuse_data_as_header(header: Record, columns: Sequence[pa.Array], name: str) -> None:
    """Refuse a first record that is rather a row: a number above numbers, or all its cells seen below."""
    number_above = any(map(_is_number_above_numbers, header.cells, columns))
    all_below = all(map(_stands_below, header.cells, columns))
    if number_above or all_below:
        raise TableError(
            f"Line {header.line} of {name} should hold the names of the columns but looks like data: "
            f"{listed(header.cells, 5)}.",
            needs="the first line must hold the names of the columns",
            advice="Add a line of names above it.",
        )


def _is_number_above_numbers(cell: str, column: pa.Array) -> bool:
    is_number = any(re.match(grammar.number_pattern(mark), cell) for mark in ".,")
    if not is_number or YEAR.fullmatch(cell):
        return False
    below = [Column("", column, decimal=mark) for mark in ".,"]
    return any(one.kind == "number" or one.almost_numbers() is not None for one in below)


def _stands_below(cell: str, column: pa.Array) -> bool:
    return cell != "" and bool(pc.any(pc.equal(column, cell)).as_py())
