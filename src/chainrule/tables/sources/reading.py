"""The door: one function that reads any table."""

from __future__ import annotations

import os

from chainrule.errors import TableError
from chainrule.tables.columns.table import Table
from chainrule.tables.delimited.reading import read_delimited
from chainrule.tables.sources.arrow import read_frame, read_parquet
from chainrule.tables.sources.decoding import decode
from chainrule.tables.sources.jsonlines import read_json
from chainrule.tables.sources.source import checked_path, read_bytes, title_of

__all__ = ["as_table", "read_table"]

JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})


def read_table(source: object) -> Table:
    r"""Read a table from a file or a data frame.

    Parameters
    ----------
    source : path or data frame
        A name that ends in ``.parquet`` is Parquet; ``.jsonl``, ``.ndjson`` and ``.json`` are JSON lines;
        any other file is delimited text. A data frame is anything that speaks Arrow: pandas, polars, pyarrow.

    Returns
    -------
    Table
        With at least one column and one row; ``remarks`` says what was settled.

    Raises
    ------
    TableError
        There is no such file, or it is no table; the message says what is wrong, where, and what to do.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "cities.csv"
    ...     _ = path.write_text("city;rain\nRome;0,8\nOslo;0,7\n")
    ...     table = read_table(path)
    >>> table.names, table.n_rows, table.remarks
    (('city', 'rain'), 2, ("delimiter ';'", 'decimal comma'))
    """
    return _read(source, "source")


def as_table(given: object, parameter: str = "table") -> Table:
    """Table that is given as such, or what is read of anything else; an error names the parameter."""
    return given if isinstance(given, Table) else _read(given, parameter)


def _read(source: object, parameter: str) -> Table:
    try:
        return _read_any(source, parameter)
    except TableError as error:
        error.parameter = parameter
        raise


def _read_any(source: object, parameter: str) -> Table:
    if isinstance(source, (str, os.PathLike)):
        return _read_file(source)
    if hasattr(source, "__arrow_c_stream__"):
        return read_frame(source)
    raise TableError(
        f"A {type(source).__name__} was given",
        parameter=parameter,
        given=source,
        needs="a table is the path of a file, or a data frame that speaks Arrow",
        advice="Make a frame of it, for example with pandas.DataFrame.",
    )


def _read_file(source: str | os.PathLike[str]) -> Table:
    path = checked_path(source)
    suffix = path.suffix.lower()
    data = read_bytes(path)
    if suffix == ".parquet":
        return read_parquet(data, title_of(path))
    decoded = decode(data, title_of(path))
    read_text = read_json if suffix in JSON_SUFFIXES else read_delimited
    return read_text(decoded.text, title_of(path), decoded.remarks)
