"""Read what already has types: Parquet files, and data frames that speak Arrow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from chainrule.errors import TableError
from chainrule.tables.columns.table import assemble, refuse_too_wide
from chainrule.words import listed, shown

if TYPE_CHECKING:
    from chainrule.tables.columns.table import Table

__all__ = ["read_frame", "read_parquet"]


def read_parquet(data: bytes, name: str) -> Table:
    """Read the bytes of a Parquet file; TableError where it is none or is damaged."""
    if not data.startswith(b"PAR"):
        raise TableError(
            f"{name} is no Parquet file although it is called one.",
            needs="must be what its name says",
            advice="If it is text, let its name end in .csv, or in .jsonl for JSON lines; else save the "
            "table as Parquet again.",
        )
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        refuse_too_wide(name, len(file.schema_arrow))
        return _from_arrow(file.read(), name)
    except (pa.ArrowException, OSError) as error:
        raise TableError(
            f"{name} is a Parquet file but cannot be read: it is cut short, damaged or encrypted.",
            needs="must be a whole Parquet file",
            advice="Save or download it again.",
        ) from error


def read_frame(frame: object) -> Table:
    """Read a data frame through its Arrow stream; TableError where it has none of one type a column."""
    try:
        return _from_arrow(pa.table(frame), "the data frame")
    except TableError:
        raise
    except Exception as error:  # whatever the frame's own package raises
        raise TableError(
            f"The data frame cannot be read as an Arrow table ({_reason(error)}).",
            needs="must be a frame that Arrow can hold",
            advice="Give every column one type and a name of its own.",
        ) from error


def _from_arrow(table: pa.Table, title: str) -> Table:
    refuse_too_wide(title, table.num_columns)
    names = table.column_names  # asked once: each time it is a new list
    index = _index_columns(table, frozenset(names))
    kept = [position for position, name in enumerate(names) if name not in index]
    remarks = (
        [f"the frame's index {listed(index)} is no column: left out (reset_index() makes it one)"]
        if index
        else []
    )
    cells = [_cells(table.column(position)) for position in kept]
    return assemble(title, [names[position] for position in kept], cells, remarks)


def _index_columns(table: pa.Table, names: frozenset[str]) -> dict[str, None]:
    """The columns that hold the index of a pandas frame: pandas itself does not count them as columns."""
    try:
        stored = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
        return dict.fromkeys(name for name in stored if isinstance(name, str) and name in names)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _cells(column: pa.ChunkedArray) -> pa.Array:
    """One array in place of chunks; dictionaries decoded, every kind of string made a large one."""
    chunks = [_plain(chunk) for chunk in column.chunks]
    return pa.concat_arrays(chunks) if chunks else _plain(pa.array([], column.type))


def _plain(chunk: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(chunk.type):
        return _plain(chunk.dictionary).take(chunk.indices)
    return chunk.cast(pa.large_string()) if _is_string(chunk.type) else chunk


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _reason(error: BaseException) -> str:
    return shown(" ".join(map(str, error.args)).split("\n", maxsplit=1)[0] or type(error).__name__)[1:-1]
