"""Answers: what a model says of a target in each row, held as the target was in the table that was learnt."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from chainrule.tables.columns.held import named_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.held import Held, InPandas

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Answer", "in_numpy", "in_pandas", "labelled", "lasting"]

TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # of a second
MOST_TICKS = 9.2e18  # that 64 bits hold


class Answer(NamedTuple):
    """One column of predictions.

    Attributes
    ----------
    cells : pyarrow.Array of length n_rows
        In the type that the target had, a dictionary where it was categorical.
    written : pyarrow.Array, sequence or None
        What of each row is written in text, where that is not the cell itself.
    pandas : {"", "nullable", "arrow"}
        Which of pandas' own kinds of arrays held the target.

    Examples
    --------
    >>> Answer(pa.array([1, 0]), ("01", "00")).plain()
    [1, 0]
    """

    cells: pa.Array
    written: pa.Array | Sequence[Any] | None = None
    pandas: InPandas = ""

    def texts(self) -> Sequence[Any]:
        """What stands in a delimited text, one a row: labels and times as text, numbers as numbers."""
        written = self.cells if self.written is None else self.written
        return list(written.to_pylist()) if isinstance(written, pa.Array) else written

    def cell(self, row: int) -> object:
        """One cell, from 0, as `texts` has it."""
        if self.written is None and pa.types.is_temporal(self.cells.type):  # not each fits Python's own types
            return self.cells.slice(row, 1).cast(pa.string())[0].as_py()
        one = self.cells[row] if self.written is None else self.written[row]
        return one.as_py() if isinstance(one, pa.Scalar) else one

    def plain(self) -> Sequence[Any]:
        """What stands in JSON: numbers, booleans and text."""
        kind = self.cells.type.value_type if pa.types.is_dictionary(self.cells.type) else self.cells.type
        if pa.types.is_decimal(kind):
            return [float(cell) if isinstance(cell, Decimal) else cell for cell in self.cells.to_pylist()]
        if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return list(self.cells.to_pylist())
        return self.texts()


def labelled(places: npt.NDArray[np.intp], texts: Sequence[str], labels: Sequence[str], held: Held) -> Answer:
    """The answer that has at each place the value of a class.

    Parameters
    ----------
    places : array of shape (n_rows,)
    texts : sequence of str
        Of each class the text that tells its value.
    labels : sequence of str
        How each class is written.
    held : Held

    Examples
    --------
    >>> from chainrule.tables.columns.held import Held
    >>> labelled(np.array([1, 1, 0]), ("3", "5"), ("03", "05"), Held("int8")).cells.to_pylist()
    [5, 5, 3]
    """
    codes = pa.array(places)
    written = pa.array(labels, pa.large_string()).take(codes)
    if not held.categories:
        return Answer(held.cells(texts).take(codes), written, held.pandas)
    place_of = {text: place for place, text in enumerate(held.categories)}
    place = pa.array([place_of[text] for text in texts], pa.int32()).take(codes)
    cells = pa.DictionaryArray.from_arrays(place, held.cells(held.categories), ordered=held.ordered)
    return Answer(cells, written, held.pandas)


def lasting(seconds: FloatArray, held: Held) -> Answer:
    """The answer of durations, in the type that the target had.

    Examples
    --------
    >>> from chainrule.tables.columns.held import Held
    >>> lasting(np.array([1.5]), Held("duration[ms]")).cells.to_pylist()
    [datetime.timedelta(seconds=1, microseconds=500000)]
    """
    kind = named_type(held.type)
    ticks = np.rint(np.clip(seconds * TICKS[kind.unit], -MOST_TICKS, MOST_TICKS))
    cells = pa.array(ticks, pa.int64(), mask=np.isnan(ticks), safe=False).cast(kind)
    return Answer(cells, seconds.tolist(), held.pandas)


def in_numpy(cells: pa.Array) -> npt.NDArray[Any]:
    """Cells as NumPy has them: text and decimals as objects, dates as datetime64, of a zone those of UTC.

    Examples
    --------
    >>> in_numpy(pa.array(["a", "b"])), in_numpy(pa.array([0], pa.date32()))
    (array(['a', 'b'], dtype=object), array(['1970-01-01'], dtype='datetime64[D]'))
    """
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    if pa.types.is_time(cells.type):
        return np.array([*cells.to_pylist(), None], dtype=object)[:-1]
    array: npt.NDArray[Any] = cells.to_numpy(zero_copy_only=False)
    return array


def in_pandas(answer: Answer, pandas: Any) -> Any:  # noqa: ANN401 (pandas is imported where it is needed alone)
    """Cells as a series of pandas, in the kind of array in which it had the target."""
    cells = answer.cells
    if answer.pandas == "arrow":
        cells = cells.cast(pa.string()) if pa.types.is_large_string(cells.type) else cells
        return cells.to_pandas(types_mapper=pandas.ArrowDtype)
    if answer.pandas == "nullable":
        return cells.to_pandas(types_mapper=lambda kind: _nullable(kind, pandas))
    return cells.to_pandas()


def _nullable(kind: pa.DataType, pandas: Any) -> Any:  # noqa: ANN401 (as above)
    """Which of its types that may have missing values pandas has for this one, if any."""
    named = {"bool": "boolean", "float": "Float32", "double": "Float64", "large_string": "string"}
    whole = str(kind).replace("uint", "UInt").replace("int", "Int", 1) if pa.types.is_integer(kind) else ""
    name = named.get(str(kind), whole)
    return pandas.api.types.pandas_dtype(name) if name else None
