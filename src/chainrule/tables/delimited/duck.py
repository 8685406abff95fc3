"""The fast reading of delimited text: DuckDB cuts, and is asked for nothing but cutting.

DuckDB gets a file that this module wrote, columns numbered and typed as text, and no freedom to guess.
Because it still skips blank lines and forgives a cell too many, its answer counts only if no delimiter and
no line end of the text got lost in it. Whatever goes wrong here is no error: the exact reading is asked, and
knows the row.
"""

from __future__ import annotations

import glob
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from chainrule.tables.delimited.records import Dialect

__all__ = ["cut_fast"]

SHORTEST_LINE_LIMIT = 2**21
LONGEST_LINE_LIMIT = 2**24
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def cut_fast(body: str, dialect: Dialect, width: int) -> list[pa.Array] | None:
    r"""Cut rows of text into columns, or return None where DuckDB cannot be trusted to have done it.

    Parameters
    ----------
    body : str
        Records of `width` cells, line ends ``\n``, no header.
    dialect : Dialect
        With a delimiter of one character.
    width : int
        Number of columns.

    Returns
    -------
    list of `width` pyarrow arrays of large strings, or None
    """
    try:
        with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "rows.csv"
            path.write_text(body, encoding="utf-8", newline="")
            table = _query(path, dialect, width)
    except (duckdb.Error, OSError):
        return None
    except RuntimeError as error:
        if "interrupt" in str(error).lower():  # what DuckDB makes of Ctrl-C now and then
            raise KeyboardInterrupt from error
        raise
    columns = [_as_large(column) for column in table.columns]
    return columns if _nothing_lost(body, dialect, columns) else None


def _query(path: Path, dialect: Dialect, width: int) -> pa.Table:
    names = [f"c{position}" for position in range(width)]
    query = (  # nothing of the user's is put into it: the names are c0, c1, …
        "SELECT * FROM read_csv($path, auto_detect = false, header = false, skip = 0, comment = '', "  # noqa: S608
        "delim = $delimiter, quote = $quote, escape = $quote, new_line = '\\n', encoding = 'utf-8', "
        "null_padding = false, ignore_errors = false, max_line_size = $longest, "
        f"columns = {{{', '.join(f'{name}: VARCHAR' for name in names)}}}, force_not_null = {names})"
    )
    values = {
        # DuckDB takes a path for a pattern, and the folder for temporary files may have any name.
        "path": glob.escape(str(path)),
        "delimiter": dialect.delimiter,
        "quote": dialect.quote,
        "longest": min(max(SHORTEST_LINE_LIMIT, path.stat().st_size), LONGEST_LINE_LIMIT),
    }
    with duckdb.connect(":memory:", config=SETTINGS) as connection:
        return connection.sql(query, params=values).to_arrow_table()


def _as_large(column: pa.ChunkedArray) -> pa.Array:
    """One array instead of chunks; large strings, because a column may have more than 2 GiB."""
    return pa.concat_arrays([*column.cast(pa.large_string()).chunks, pa.array([], pa.large_string())])


def _nothing_lost(body: str, dialect: Dialect, columns: list[pa.Array]) -> bool:
    """Whether every delimiter and line end of the text is there: between two cells, or in one."""
    n_rows = len(columns[0])
    lines = body.count("\n") + (not body.endswith("\n"))
    if lines != n_rows + _occurrences(columns, "\n"):
        return False
    between = n_rows * (len(columns) - 1)
    return body.count(dialect.delimiter) == between + _occurrences(columns, dialect.delimiter)


def _occurrences(columns: list[pa.Array], mark: str) -> int:
    return sum(pc.sum(pc.count_substring(column, mark)).as_py() or 0 for column in columns)
