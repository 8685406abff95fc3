"""Read what already has types: Parquet, Arrow, Feather and ORC files, and what speaks Arrow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.held import Origin
from chainrule.tables.columns.table import assemble, refuse_too_wide
from chainrule.tables.sources.jsonlines import said_flat
from chainrule.words import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chainrule.tables.columns.held import InPandas
    from chainrule.tables.columns.layout import Given
    from chainrule.tables.columns.table import Table
    from chainrule.tables.sources.formats import Format
    from chainrule.tables.sources.source import File

__all__ = ["from_arrow", "is_dictionary", "one_array", "origin_of", "read_typed"]


def read_typed(file: File, kind: Format, given: Given) -> Table:
    """Read a Parquet, Arrow, Feather or ORC file; TableError where it is damaged."""
    try:
        table = READERS[kind](file.path, file.title)
        table.validate(full=True)  # what a damaged file says of its cells may lie outside of it
        return from_arrow(table, file.title, given, file.decisions)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, TableError):  # which is a ValueError
            raise
        raise TableError(
            f"{file.title} is {TITLES[kind]} but cannot be read: it is cut short, damaged or encrypted.",
            needs="must be a whole file",
            advice="Save or download it again.",
        ) from error


def from_arrow(table: pa.Table, title: str, given: Given, decisions: Sequence[Decision] = ()) -> Table:
    """Make a table of an Arrow one: objects become columns of their own, the index of a frame is left out."""
    refuse_too_wide(title, table.num_columns)
    names = table.column_names  # asked once: each time it is a new list
    index = _index_columns(table, frozenset(names))
    nested = [field.name for field in table.schema if pa.types.is_struct(field.type)]
    if nested:
        table = table.flatten()
        names = table.column_names
        refuse_too_wide(title, len(names))
    kept = [position for position, name in enumerate(names) if name not in index]
    said = (*decisions, *said_index(index), *said_flat(nested))
    columns = [table.column(position) for position in kept]
    cells = [one_array(column) for column in columns]
    categories = [is_dictionary(column.type) for column in columns]
    called = [names[position] for position in kept]
    origins = [origin_of(column) for column in columns]
    return assemble(
        title, called, cells, said, decimal=given.decimal, is_category=categories, origins=origins
    )


def said_index(index: Sequence[str] | dict[str, None]) -> tuple[Decision, ...]:
    """What is said of the index of a frame."""
    words = f"the frame's index {listed(index)} is no column: left out (reset_index() makes it one)"
    return (Decision(words, is_guess=False),) if index else ()


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """One array in place of chunks; dictionaries decoded, every kind of string made a large one."""
    chunks = [_plain(chunk) for chunk in column.chunks]
    return pa.concat_arrays(chunks) if chunks else _plain(pa.array([], column.type))


def is_dictionary(kind: pa.DataType) -> bool:
    """Whether a type says itself that its cells are categories."""
    return bool(pa.types.is_dictionary(kind))


def origin_of(column: pa.ChunkedArray, pandas: InPandas = "") -> Origin:
    """What a column of Arrow says of its cells beside their type."""
    if not is_dictionary(column.type):
        return Origin(pandas=pandas)
    chunks = column.unify_dictionaries().chunks
    categories = chunks[0].dictionary if chunks else pa.array([], column.type.value_type)
    return Origin(_plain(categories), bool(column.type.ordered), pandas)


def _plain(chunk: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(chunk.type):
        return _plain(chunk.dictionary).take(chunk.indices)
    if pa.types.is_run_end_encoded(chunk.type):
        return _plain(pc.run_end_decode(chunk))
    if isinstance(chunk, pa.ExtensionArray):
        return _plain(chunk.storage)
    if pa.types.is_binary_view(chunk.type):
        return chunk.cast(pa.large_binary())
    return chunk.cast(pa.large_string()) if _is_string(chunk.type) else chunk


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _index_columns(table: pa.Table, names: frozenset[str]) -> dict[str, None]:
    """The columns that hold the index of a pandas frame: pandas itself does not count them as columns."""
    try:
        stored = json.loads((table.schema.metadata or {}).get(b"pandas", b"{}")).get("index_columns", [])
        return dict.fromkeys(name for name in stored if isinstance(name, str) and name in names)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _parquet(path: Path, title: str) -> pa.Table:
    with pq.ParquetFile(path, memory_map=True) as file:
        refuse_too_wide(title, len(file.schema_arrow))
        return file.read()


def _arrow(path: Path, title: str) -> pa.Table:
    # Not mapped: the table would change, or end, with the file.
    with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
        refuse_too_wide(title, len(reader.schema))
        return reader.read_all()


def _arrow_stream(path: Path, title: str) -> pa.Table:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        refuse_too_wide(title, len(reader.schema))
        return reader.read_all()


def _feather_1(path: Path, title: str) -> pa.Table:
    import warnings  # noqa: PLC0415 (for a format of the past alone)

    from pyarrow import feather  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyarrow says that it will not read it for ever
        table = feather.read_table(str(path), memory_map=False)
    refuse_too_wide(title, table.num_columns)
    return table


def _orc(path: Path, title: str) -> pa.Table:
    from pyarrow import orc  # noqa: PLC0415 (seldom needed, and not part of every build of Arrow)

    file = orc.ORCFile(str(path))
    refuse_too_wide(title, len(file.schema))
    return file.read()


READERS: dict[str, Callable[[Path, str], pa.Table]] = {
    "Parquet": _parquet,
    "Arrow": _arrow,
    "Arrow stream": _arrow_stream,
    "Feather 1": _feather_1,
    "ORC": _orc,
}
TITLES = {
    "Parquet": "a Parquet file",
    "Arrow": "an Arrow file",
    "Arrow stream": "an Arrow stream",
    "Feather 1": "a Feather file",
    "ORC": "an ORC file",
}
