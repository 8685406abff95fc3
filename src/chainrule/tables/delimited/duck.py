r"""The fast reading of delimited text: DuckDB cuts, and is asked for nothing but cutting.

DuckDB gets the file itself, columns numbered and typed as text, and no freedom to guess. Because it still
skips blank lines and forgives a cell too many, its answer counts only if no delimiter and no line end of the
file got lost in it. Whatever goes wrong here is no error: the exact reading is asked, and knows the row.
"""

from __future__ import annotations

import glob
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.delimited.growing import GrowingColumn, cell_bytes
from chainrule.tables.delimited.records import MOST_LINES_OF_A_CELL

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from chainrule.tables.delimited.records import Dialect
    from chainrule.tables.delimited.text_file import Counts, TextFile

__all__ = ["cut_fast"]

LONGEST_LINE = 2**21  # bytes; DuckDB's memory grows with sixteen times this for each thread
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
BLOCK = 2**20  # bytes
INTERRUPTED = re.compile("(?:INTERRUPT Error|Query interrupted)", re.IGNORECASE)
ROWS_AT_ONCE = 2**17
THREADS = 2
AHEAD = "64MB"  # that DuckDB cuts while what it has cut is copied
NO_DELIMITER = "\x01"  # for a table of one column: where it is in one, the row is too wide


def cut_fast(
    file: TextFile, dialect: Dialect, width: int, skipped: int, body: Counts
) -> list[pa.Array] | None:
    r"""Cut a file into columns, or return None where DuckDB cannot be trusted to have done it.

    Parameters
    ----------
    file : TextFile
    dialect : Dialect
        With a delimiter of one character that is ASCII.
    width : int
        Number of columns.
    skipped : int
        Number of records before the rows.
    body : Counts
        How many delimiters and line ends the rows have; the last one has a line end, whether or not one is
        there.

    Returns
    -------
    list of `width` pyarrow arrays of large strings, or None
        Line ends within cells are ``\n``; the blanks around cells are gone.
    """
    try:
        found = _query(file.path, dialect, width, skipped, body)
    except (duckdb.Error, pa.ArrowException, OSError, UnicodeError, RuntimeError) as error:
        if INTERRUPTED.match(str(error)):  # what DuckDB makes of Ctrl-C now and then
            raise KeyboardInterrupt from error
        return None
    if found is None:
        return None
    columns = [column.whole() for column in found]
    if not _nothing_lost(body, dialect, columns) or (body.quotes and file.has_quotes_apart(dialect)):
        return None
    if body.new_line != "\n" or body.quotes:
        columns = [_with_line_feeds(column) for column in columns]
    if _trim(columns, dialect) and body.quotes and file.has_quoted_blanks(dialect):
        return None
    return None if (body.quotes or dialect.comment) and _begins_oddly(columns, dialect) else columns


def _query(
    path: Path, dialect: Dialect, width: int, skipped: int, body: Counts
) -> list[GrowingColumn] | None:
    names = [f"c{position}" for position in range(width)]
    query = (  # nothing of the user's is put into it: the names are c0, c1, …
        "SELECT * FROM read_csv($path, auto_detect = false, header = false, skip = $skipped, comment = '', "  # noqa: S608
        "delim = $delimiter, quote = $quote, escape = $quote, new_line = $new_line, encoding = 'utf-8', "
        "compression = 'none', hive_partitioning = false, null_padding = false, ignore_errors = false, "
        f"max_line_size = {LONGEST_LINE}, "
        f"columns = {{{', '.join(f'{name}: VARCHAR' for name in names)}}}, force_not_null = {names})"
    )
    values = {
        "path": glob.escape(str(path)),  # DuckDB takes a path for a pattern
        "delimiter": dialect.delimiter or NO_DELIMITER,
        "quote": dialect.quote,
        "skipped": skipped,
        "new_line": body.new_line.replace("\r", "\\r").replace("\n", "\\n"),
    }
    with duckdb.connect(":memory:", config=SETTINGS) as connection:
        # Its bar would stand in the output of whoever reads for more than two seconds.
        connection.execute(f"SET streaming_buffer_size = '{AHEAD}'; SET enable_progress_bar = false")
        columns = [GrowingColumn(body.line_ends) for _ in names]
        n_rows = 0
        for batch in connection.sql(query, params=values).to_arrow_reader(ROWS_AT_ONCE):
            n_rows += len(batch)
            if n_rows > body.line_ends or any(column.null_count for column in batch.columns):
                return None
            for column, more in zip(columns, batch.columns, strict=True):
                column.add(more)
        return columns


def _with_line_feeds(column: pa.Array) -> pa.Array:
    r"""The column with ``\n`` for every line end."""
    if not _occurrences(column, "\r"):
        return column
    return pc.replace_substring(pc.replace_substring(column, "\r\n", "\n"), "\r", "\n")


def _nothing_lost(body: Counts, dialect: Dialect, columns: list[pa.Array]) -> bool:
    """Whether all of the rows is there, in cells or between two: line ends, delimiters, and every other byte.

    The quotes around cells and the blanks beside them are not there.
    """
    n_rows = len(columns[0])
    between = n_rows * (len(columns) - 1)
    n_bytes = sum(cell_bytes(column)[1].size for column in columns)
    if not body.quotes:
        return (body.line_ends, body.delimiters, body.others) == (n_rows, between, n_bytes + between)
    feeds, returns = (_each(columns, mark) for mark in "\n\r")
    pairs = [_pairs(column) if any_of else 0 for column, any_of in zip(columns, returns, strict=True)]
    if body.line_ends != n_rows + sum(feeds) + sum(returns) - sum(pairs):
        return False
    if any(total and _has_long_cell(column) for total, column in zip(feeds, columns, strict=True)):
        return False
    within = {
        mark: _within(columns, mark) for mark in {dialect.delimiter, dialect.quote, *dialect.blanks} - {""}
    }
    blanks = body.blanks - sum(within[blank] for blank in dialect.blanks)
    quotes = body.quotes - within[dialect.quote]
    others = n_bytes - sum(feeds) - sum(returns) + between + quotes + blanks
    return body.delimiters == between + within.get(dialect.delimiter, 0) and body.others == others


def _within(columns: list[pa.Array], mark: str) -> int:
    return sum(_each(columns, mark))


def _each(columns: list[pa.Array], mark: str) -> list[int]:
    """How often a character is in each column; NumPy lets go of the interpreter while it counts."""
    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(lambda column: _occurrences(column, mark), columns))


def _pairs(column: pa.Array) -> int:
    return pc.sum(pc.count_substring(column, "\r\n")).as_py() or 0


def _occurrences(column: pa.Array, mark: str) -> int:
    """How often a character is there."""
    _, text = cell_bytes(column)
    blocks = range(0, text.size, BLOCK)
    return sum(int(np.count_nonzero(text[start : start + BLOCK] == ord(mark))) for start in blocks)


def _has_long_cell(column: pa.Array) -> bool:
    """Whether a cell has so many lines that they may be rows."""
    return bool(pc.max(pc.count_substring(column, "\n")).as_py() > MOST_LINES_OF_A_CELL)


def _trim(columns: list[pa.Array], dialect: Dialect) -> bool:
    """Take away the blanks around cells, and say whether there were any."""
    has_blanks = False
    for place, column in enumerate(columns):
        if not any(_occurrences(column, blank) for blank in dialect.blanks):
            continue
        first, last = _ends(column)
        if any((first == ord(blank)).any() or (last == ord(blank)).any() for blank in dialect.blanks):
            columns[place] = pc.ascii_trim(column, characters=dialect.blanks)
            has_blanks = True
    return has_blanks


def _begins_oddly(columns: list[pa.Array], dialect: Dialect) -> bool:
    """Whether a cell begins with a quote, or a row as a comment does: the exact reading looks at them."""
    for place, column in enumerate(columns):
        marks = dialect.quote + (dialect.comment[:1] if place == 0 else "")
        if any(_occurrences(column, mark) and (_ends(column)[0] == ord(mark)).any() for mark in marks):
            return True
    return False


def _ends(column: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """The first and the last byte of each cell that has one."""
    offsets, text = cell_bytes(column)
    filled = offsets[1:] > offsets[:-1]
    begins, ends = offsets[:-1] - offsets[0], offsets[1:] - offsets[0] - 1
    return (text[begins], text[ends]) if filled.all() else (text[begins[filled]], text[ends[filled]])
