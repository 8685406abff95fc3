"""Cut the rows of a file: the fast way where it gives the same as the exact one, which names each fault.

A large file that the fast way cannot cut, because a few of its rows are at fault, is cut in parts: so the
exact way, which takes fifty times as long, looks at those parts alone that have one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow.compute as pc

from chainrule.errors import TableError
from chainrule.tables.columns.layout import EMPTY, NAMES_AGAIN
from chainrule.tables.delimited.duck import cut_fast
from chainrule.tables.delimited.records import BLANK_RUNS, records, records_of
from chainrule.tables.delimited.rows import RowsCutter, rows_without
from chainrule.tables.delimited.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import pyarrow as pa

    from chainrule.tables.delimited.plan import Plan
    from chainrule.tables.delimited.rows import Rows

    Places = dict[str, npt.NDArray[np.intp]]

__all__ = ["NoTrailingDelimiterError", "cut_rows"]

# DuckDB takes a tenth of a millisecond for each column before it cuts any; the exact reading, 0.6 µs a cell.
FEWEST_LINES_FOR_DUCKDB = 200
CHARACTERS_COUNTED = 2**18
PART = 2**22  # characters; of a file that has no two of them, none is cut in parts


class NoTrailingDelimiterError(Exception):
    """A row has a cell behind what seemed to end each row."""


class _Fast(NamedTuple):
    """Columns as DuckDB cuts them, places of rows that are none, and blank lines behind."""

    columns: list[pa.Array]
    gone: Places
    blank_lines: int


def cut_rows(file: TextFile, plan: Plan, *, fails: bool) -> Rows:
    """Cut the rows of a file.

    Parameters
    ----------
    file : TextFile
    plan : Plan
    fails : bool
        Whether a row at fault is an error.

    Raises
    ------
    TableError
        A row is at fault, and that was asked to fail; or the file is no text.
    NoTrailingDelimiterError
        The plan takes a last cell for none that has something in it.
    """
    if not _is_for_duckdb(file, plan):
        return _cut_exactly(file, plan, fails=fails)
    fast = _cut_fast(file, plan, plan.before, plan.skipped)
    if fast is not None:
        return rows_without(fast.columns, fast.gone)
    return (_cut_in_parts if file.size > 2 * PART else _cut_exactly)(file, plan, fails=fails)


def _is_for_duckdb(file: TextFile, plan: Plan) -> bool:
    delimiter = plan.dialect.delimiter
    fits = plan.width in {len(plan.names), len(plan.names) + 1}
    return delimiter != BLANK_RUNS and delimiter.isascii() and fits and _has_many_lines(file, plan)


def _has_many_lines(file: TextFile, plan: Plan) -> bool:
    """Whether there are rows enough, counted in a short file and estimated for a long one."""
    text, is_whole = file.beginning(CHARACTERS_COUNTED)
    n_lines = text.count("\n") - plan.before.count("\n")
    share = 1 if is_whole else len(text) / file.size
    return n_lines >= FEWEST_LINES_FOR_DUCKDB * share


def _cut_fast(file: TextFile, plan: Plan, before: str, skipped: int) -> _Fast | None:
    trailing = file.trailing_lines()
    if trailing is None:
        return None
    counts = file.count(plan.dialect)
    _refuse_zeros(file.title, counts.zeros)
    body = counts.behind(before, plan.dialect)
    body = body._replace(line_ends=body.line_ends - trailing + 1)
    columns = cut_fast(file, plan.dialect, plan.width, skipped, body)
    if columns is None:
        return None
    if plan.has_trailing and pc.any(pc.not_equal(columns.pop(), "")).as_py():
        raise NoTrailingDelimiterError
    blank_lines = max(trailing - 1, 0)
    if len(columns) == 1:  # in which a blank line is a row, but not at the end
        filled = np.flatnonzero(pc.not_equal(columns[0], "").to_numpy(zero_copy_only=False))
        n_rows = int(filled[-1]) + 1 if len(filled) else 0
        blank_lines += len(columns[0]) - n_rows
        columns = [columns[0][:n_rows]]
    return _Fast(columns, _rows_left_out(columns, plan), blank_lines)


def _cut_exactly(file: TextFile, plan: Plan, *, fails: bool) -> Rows:
    cutter = RowsCutter(plan, file.title)
    with file.reading(len(plan.before)) as read:
        cutter.take(records_of(_without_zeros(read, file.title), plan.dialect, plan.line))
    return _rows_of(cutter, fails=fails)


def _cut_in_parts(file: TextFile, plan: Plan, *, fails: bool) -> Rows:
    """Cut some megabytes at a time, each the fast way if that can be trusted there."""
    cutter = RowsCutter(plan, file.title)
    line, text, is_whole = plan.line, "", False
    with (
        file.reading(len(plan.before)) as read_any,
        tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as folder,
    ):
        read = _without_zeros(read_any, file.title)
        path = Path(folder) / "part.csv"
        while not is_whole:
            block = read(max(PART, len(text)))  # twice as much where a cell does not end
            is_whole = not block
            text += block
            n = _take_part(cutter, text, path, line, is_whole=is_whole)
            line += text.count("\n", 0, n)
            text = text[n:]
    return _rows_of(cutter, fails=fails)


def _take_part(cutter: RowsCutter, text: str, path: Path, line: int, *, is_whole: bool) -> int:
    """Cut as much of a text as is certain, and return the number of its characters."""
    end = len(text) if is_whole else text.rfind("\n") + 1
    if end:
        path.write_text(text[:end], encoding="utf-8", newline="")
        fast = _cut_fast(TextFile(path, cutter.title), cutter.plan, "", 0)
        if fast is not None:
            cutter.take_columns(fast.columns, fast.gone, fast.blank_lines)
            return end
    end = 0
    for record in records(text, cutter.plan.dialect, 0, line, is_whole=is_whole):
        cutter.take((record,))
        end = record.end
    return end


def _rows_of(cutter: RowsCutter, *, fails: bool) -> Rows:
    if cutter.is_trailing_wrong:
        raise NoTrailingDelimiterError
    return cutter.rows(fails=fails)


def _without_zeros(read: Callable[[int], str], title: str) -> Callable[[int], str]:
    """What reads characters, and refuses a zero byte among them."""

    def checked(n_characters: int) -> str:
        text = read(n_characters)
        _refuse_zeros(title, text.count("\0"))
        return text

    return checked


def _refuse_zeros(title: str, n_zeros: int) -> None:
    if n_zeros:
        raise TableError(
            f"{title} is a binary file (it has zero bytes)",
            needs="a table is text",
            advice="Save it as CSV in UTF-8, or let its name end in .parquet if it is Parquet.",
        )


def _rows_left_out(columns: Sequence[pa.Array], plan: Plan) -> Places:
    """The places of rows that are empty, and of those that repeat the names."""
    n = len(columns)
    if n == 1:
        return {}
    found = {EMPTY: _rows_like(columns, ("",) * n)}
    lines = [line[:n] for line in plan.header if len(line) >= n and any(line) and not any(line[n:])]
    again = [_rows_like(columns, line) for line in lines]
    found[NAMES_AGAIN] = np.unique(np.concatenate([*again, np.zeros(0, np.intp)]))
    return {reason: places for reason, places in found.items() if len(places)}


def _rows_like(columns: Sequence[pa.Array], cells: Sequence[str]) -> npt.NDArray[np.intp]:
    """The places of the rows that have just these cells."""
    places = np.arange(len(columns[0]))
    for column, cell in zip(columns, cells, strict=True):
        if not len(places):
            break
        looked_at = column if len(places) == len(column) else column.take(places)
        places = places[pc.equal(looked_at, cell).to_numpy(zero_copy_only=False)]
    return places
