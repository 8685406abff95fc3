"""A column that grows by copies of parts, so that a table that is read is never twice in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["GrowingColumn", "GrowingColumns", "cell_bytes"]

MOST_PARTS = 4
SPARE = 16  # one byte for so many that there are, lest memory grows with every few rows


class GrowingColumn:
    """An array of large strings that grows, because a column may have more than 2 GiB.

    Memory that was reserved and not written takes no room, and that of the operating system's own pool
    grows without a copy where it can.

    Parameters
    ----------
    n_rows : int
        How many rows are expected.

    Examples
    --------
    >>> column = GrowingColumn(2)
    >>> for part in (["a", "bc"], ["d"]):
    ...     column.add(pa.array(part))
    >>> column.whole().to_pylist()
    ['a', 'bc', 'd']
    """

    def __init__(self, n_rows: int = 0) -> None:
        self._expected = n_rows
        self._starts = _Buffer(np.int64)
        self._letters = _Buffer(np.uint8)
        self._starts.append(np.zeros(1, np.int64), n_rows + 1)

    def add(self, column: pa.Array) -> None:
        """Copy the cells of an array of strings, none of them null."""
        starts, letters = cell_bytes(column)
        begin = self._letters.n
        row = self._starts.n - 1 + len(column)
        expected = (begin + letters.size) * self._expected // max(row, 1)
        self._letters.append(letters, expected)
        self._starts.append(starts[1:] + (begin - np.int64(starts[0])), self._expected + 1)

    def whole(self) -> pa.Array:
        """All cells in one array, which nothing must be added to any more."""
        return pa.LargeStringArray.from_buffers(
            self._starts.n - 1, self._starts.whole(), self._letters.whole()
        )


class GrowingColumns:
    """Several columns that grow by some of their rows at a time; a few such parts are kept as they are.

    Parameters
    ----------
    n_columns : int

    Examples
    --------
    >>> columns = GrowingColumns(1)
    >>> for part in (["a", "bc"], ["d"]):
    ...     columns.add([pa.array(part, pa.large_string())])
    >>> columns.whole()[0].to_pylist()
    ['a', 'bc', 'd']
    """

    def __init__(self, n_columns: int) -> None:
        self._n_columns = n_columns
        self._parts: list[list[pa.Array]] = []
        self._columns: list[GrowingColumn] = []

    def add(self, part: list[pa.Array]) -> None:
        """Add rows: arrays of large strings of one length, one for each column."""
        self._parts.append(part)
        if len(self._parts) == MOST_PARTS:
            self._drain()

    def whole(self) -> list[pa.Array]:
        """All columns, to which nothing must be added to any more."""
        if self._columns:
            self._drain()
            return [column.whole() for column in self._columns]
        nothing = pa.array([], pa.large_string())
        places = range(self._n_columns)
        return [pa.concat_arrays([nothing, *(part[place] for part in self._parts)]) for place in places]

    def _drain(self) -> None:
        self._columns = self._columns or [GrowingColumn() for _ in range(self._n_columns)]
        for part in self._parts:
            for column, cells in zip(self._columns, part, strict=True):
                column.add(cells)
        self._parts = []


class _Buffer:
    """Numbers one behind the other."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self.n = 0
        self._dtype = np.dtype(dtype)
        self._memory = pa.allocate_buffer(0, pa.system_memory_pool(), resizable=True)

    def append(self, numbers: npt.NDArray[Any], expected: int) -> None:
        end, size = self.n + numbers.size, self._dtype.itemsize
        if end * size > self._memory.size:
            self._memory.resize((max(expected, end) + end // SPARE) * size)
        np.frombuffer(self._memory, self._dtype)[self.n : end] = numbers
        self.n = end

    def whole(self) -> pa.Buffer:
        self._memory.resize(self.n * self._dtype.itemsize)
        return self._memory


def cell_bytes(column: pa.Array) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Where each cell begins, and where the last ends, in bytes; and the bytes of all cells."""
    _, starts, data = column.buffers()
    kind = np.int64 if pa.types.is_large_string(column.type) else np.int32
    offsets = np.frombuffer(starts, kind)[column.offset : column.offset + len(column) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return offsets, text[int(offsets[0]) : int(offsets[-1])]
