"""Read data frames and what is like them: pandas, polars, all that speaks Arrow, dicts and lists of dicts."""

from __future__ import annotations

import datetime as dt
import math
import numbers
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.held import Origin
from chainrule.tables.columns.table import assemble, refuse_too_wide
from chainrule.tables.sources.arrow import from_arrow, is_dictionary, one_array, origin_of, said_index
from chainrule.tables.sources.jsonlines import flattened, refuse_sparse, said_flat
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainrule.tables.columns.held import InPandas
    from chainrule.tables.columns.layout import Given
    from chainrule.tables.columns.table import Table

__all__ = ["is_frame", "read_frame"]

TITLE = "the data frame"
SCALARS = (str, bool, np.bool_, numbers.Real, Decimal, dt.date, dt.time, dt.timedelta)
WHOLE = 1e15  # below which a float that is whole is written as an integer


def is_frame(source: object) -> bool:
    """Whether this is what `read_frame` reads.

    Examples
    --------
    >>> is_frame({"x": [1]}), is_frame([{"x": 1}]), is_frame([[1]])
    (True, True, False)
    """
    is_records = isinstance(source, list) and bool(source) and all(isinstance(row, dict) for row in source)
    return (
        hasattr(source, "__arrow_c_stream__")
        or isinstance(source, dict)
        or is_records
        or _is_structured(source)
    )


def read_frame(frame: object, given: Given) -> Table:
    """Read a data frame, a dict of columns, a list of dicts that are rows, or a structured array.

    A column of Python objects that Arrow has no one type for becomes text, as its cells are written; where a
    cell is neither text nor a number nor a time, the column is kept as one that cannot be used.

    Raises
    ------
    TableError
        It is no table: columns of different lengths, or what Arrow cannot hold.
    """
    try:
        if isinstance(frame, dict):
            return _from_columns(list(frame), list(frame.values()), given)
        if isinstance(frame, list):
            return _from_rows(frame, given)
        if _is_structured(frame):
            array = cast("np.ndarray[Any, Any]", frame)
            names = array.dtype.names or ()
            return _from_columns(names, [array[name] for name in names], given)
        return _from_pandas(frame, given) if _is_pandas(frame) else from_arrow(pa.table(frame), TITLE, given)
    except TableError:
        raise
    except Exception as error:  # whatever the frame's own package raises
        raise TableError(
            f"The data frame cannot be read as an Arrow table ({_reason(error)}).",
            needs="must be a frame that Arrow can hold",
            advice="Give every column one type and a name of its own.",
        ) from error


def _is_structured(source: object) -> bool:
    return isinstance(source, np.ndarray) and source.dtype.names is not None


def _is_pandas(frame: Any) -> bool:  # noqa: ANN401 (any frame)
    """Whether it is a frame of pandas, whose columns are read one by one: it may hold what Arrow does not."""
    return type(frame).__module__.split(".")[0] == "pandas" and hasattr(frame, "columns")


def _from_pandas(frame: Any, given: Given) -> Table:  # noqa: ANN401 (pandas is not imported here)
    refuse_too_wide(TITLE, frame.shape[1])
    labels = list(frame.columns)
    index = [str(name) for name in frame.index.names if name is not None]
    decisions = list(said_index(index))
    if frame.columns.nlevels > 1:
        joined = [" ".join(str(part) for part in label if str(part)) for label in labels]
        words = f"the names of {frame.columns.nlevels} levels are joined: {listed(joined, 3)}"
        decisions.append(Decision(words, is_guess=False))
        labels = joined
    columns = [series for _, series in frame.items()]
    return _from_columns(labels, columns, given, decisions, index=frame.index)


def _from_rows(rows: list[dict[Any, Any]], given: Given) -> Table:
    """Rows of dicts: a key that one lacks is missing there."""
    nested, names, flat_rows = dict[str, None](), dict[object, None](), list[dict[Any, Any]]()
    for number, row in enumerate(rows, start=1):
        flat = flattened(row, nested)
        if flat is None:
            raise TableError(
                f"Row {number} has a key of an object in it, joined to the object's own, twice",
                needs="every key must be there once",
                advice="Rename one.",
            )
        flat_rows.append(flat)
        names.update(dict.fromkeys(flat))
        refuse_too_wide(TITLE, len(names))
    refuse_sparse(flat_rows, len(names), TITLE)
    columns = [[row.get(name) for row in flat_rows] for name in names]
    return _from_columns(list(names), columns, given, said_flat(nested))


def _from_columns(
    names: Sequence[object],
    columns: Sequence[Any],
    given: Given,
    decisions: Iterable[Decision] = (),
    *,
    index: object = None,
) -> Table:
    refuse_too_wide(TITLE, len(names))
    lengths = {len(column): str(name) for name, column in zip(names, columns, strict=True)}
    if len(lengths) > 1:
        (one, other), *_ = zip(*list(lengths.items())[:2], strict=True)
        raise TableError(
            f"The column {shown(lengths[one])} has {counted(one, 'cell')}",
            needs=f"the column {shown(lengths[other])} has {other}",
            advice="Give each column a cell for each row.",
        )
    arrays = [_array(column) for column in columns]
    return assemble(
        TITLE,
        [str(name) for name in names],
        [array for array, _, _ in arrays],
        tuple(decisions),
        decimal=given.decimal,
        is_category=[flag for _, flag, _ in arrays],
        origins=[origin for _, _, origin in arrays],
        index=index,
    )


def _array(column: Any) -> tuple[pa.Array, bool, Origin]:  # noqa: ANN401 (a list, an array, a pandas series)
    """One column as an Arrow array, whether its own type says that it holds categories, and what more."""
    is_category = str(getattr(column, "dtype", "")) == "category"
    found = _in_arrow(column)
    if found is None or _is_opaque(found.type):
        return _as_written(column), is_category, Origin()
    chunked = pa.chunked_array([found]) if isinstance(found, pa.Array) else found
    return one_array(chunked), is_dictionary(found.type), origin_of(chunked, _in_pandas(column))


def _in_pandas(column: Any) -> InPandas:  # noqa: ANN401 (as above)
    """Which of pandas' own kinds of arrays holds a column: one with a missing value of its own."""
    kind = getattr(column, "dtype", None)
    if type(kind).__name__ == "ArrowDtype":
        return "arrow"
    return "nullable" if type(getattr(kind, "na_value", None)).__name__ == "NAType" else ""


def _in_arrow(column: Any) -> pa.Array | pa.ChunkedArray | None:  # noqa: ANN401 (as above)
    """The column as Arrow has it, else as NumPy has it, such as a sparse one; None where neither can."""
    for given in (lambda: column, lambda: np.asarray(column)):
        try:
            return pa.array(given(), from_pandas=True)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            continue
    return None


def _is_opaque(kind: pa.DataType) -> bool:
    """Whether the type is one of pandas' own, such as intervals and periods, which have a text."""
    return isinstance(kind.value_type if is_dictionary(kind) else kind, pa.BaseExtensionType)


def _as_written(column: Iterable[object]) -> pa.Array:
    """Cells of different types as text; a column with other objects keeps their places only."""
    cells = [None if _is_missing(cell) else cell for cell in column]
    texts = [None if cell is None else _written(cell) for cell in cells]
    if any(text is None and cell is not None for text, cell in zip(texts, cells, strict=True)):
        return pa.array([None if cell is None else {} for cell in cells], pa.struct([]))
    return pa.array(texts, pa.large_string())


def _is_missing(cell: object) -> bool:
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(cell, (float, np.floating)) and math.isnan(cell)


def _written(cell: object) -> str | None:
    """A cell as a delimited text has it; None for an object that is no value of a table."""
    if isinstance(cell, (bool, np.bool_)):
        return str(bool(cell)).lower()
    if isinstance(cell, (float, np.floating)):
        number = float(cell)
        return str(int(number)) if number.is_integer() and abs(number) < WHOLE else repr(number)
    is_value = isinstance(cell, SCALARS) or type(cell).__name__ in {"Interval", "Period"}
    return str(cell) if is_value else None


def _reason(error: BaseException) -> str:
    return shown(" ".join(map(str, error.args)).split("\n", maxsplit=1)[0] or type(error).__name__)[1:-1]
