"""A row as most are, and what becomes of it where one of its cells is another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.columns.readings import read_cells
from chainrule.tables.encoding.numbers import NumberInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from chainrule.tables.columns.table import Table
    from chainrule.tables.encoding.encoding import Encoding

    FloatArray = npt.NDArray[np.float64]

__all__ = ["TypicalRow", "typical_row"]


class TypicalRow:
    """The median of each column of numbers that is an input, and the most frequent cell of each other one.

    Attributes
    ----------
    names : list of str
        Columns of numbers that have one at least.
    numbers : array of shape (n_rows, n_names)
        What they hold, NaN where a cell has no number.
    typical : array of shape (n_names,)
    cells : dict of str
        Of the other columns, as text.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.models import prepare
    >>> table = pa.table({"size": [1.0, 2.0, 6.0], "kind": ["a", "b", "a"], "y": [1.0, 2.0, 3.0]})
    >>> data = prepare(table, target="y", held_out=0)
    >>> row = typical_row(data.encoding, data.table)
    >>> row.names, row.typical.tolist(), row.cells
    (['size'], [2.0], {'kind': 'a'})
    >>> row.encoded(np.array([[2.0], [6.0]])).round(3).tolist()
    [[-0.463, 0.0], [1.389, 0.0]]
    """

    def __init__(self, encoding: Encoding, table: Table) -> None:
        self._encoding, self._table = encoding, table
        parts = {part.name: part for part in encoding.inputs if isinstance(part, NumberInput)}
        read = {name: _numbers(part, table) for name, part in parts.items()}
        self.names = [name for name, values in read.items() if not np.isnan(values).all()]
        self.numbers = np.column_stack([read[name] for name in self.names] or [np.zeros((table.n_rows, 0))])
        self.typical: FloatArray = np.array([np.nanmedian(read[name]) for name in self.names])
        others = dict.fromkeys(part.name for part in encoding.inputs if part.name not in self.names)
        usual = {name: _most_frequent(table.column(name).cells) for name in others}
        self.cells = {name: str(cell[0].as_py()) for name, cell in usual.items()}
        alone = usual | {
            name: pa.array([value]) for name, value in zip(self.names, self.typical, strict=True)
        }
        self._base = encoding.encode_inputs(self._with(alone, 1))

    def encoded(self, points: FloatArray) -> FloatArray:
        """X of rows that have these numbers, shape (n_points, n_names), and are typical else."""
        X, first = np.tile(self._base, (len(points), 1)), 0
        for part in self._encoding.inputs:
            own = slice(first, first := first + len(part.names))
            place = self.names.index(part.name) if part.name in self.names else None
            if place is not None and (points[:, place] != self.typical[place]).any():
                table = self._with({part.name: pa.array(points[:, place])}, len(points))
                X[:, own] = replace_inputs(self._encoding, (part,)).encode_inputs(table)
        return X

    def _with(self, cells: Mapping[str, Any], n_rows: int) -> Table:
        """A table of columns with these cells."""
        columns = (
            replace(self._table.column(name), cells=own, numbering=None) for name, own in cells.items()
        )
        return replace(self._table, columns=tuple(columns), n_rows=n_rows)


def typical_row(encoding: Encoding, table: Table) -> TypicalRow | None:
    """That of a table; None where it has no rows, or no numbers among its inputs."""
    row = TypicalRow(encoding, table) if table.n_rows else None
    return row if row is not None and row.names else None


def replace_inputs(encoding: Encoding, inputs: tuple[Any, ...]) -> Encoding:
    """The encoding of some of its inputs alone."""
    return type(encoding)(inputs, encoding.targets, encoding.rows, encoding.layout)


def _numbers(part: NumberInput, table: Table) -> FloatArray:
    values = np.asarray(read_cells(table.column(part.name), part.reading).values, np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _most_frequent(cells: Any) -> Any:  # noqa: ANN401 (pyarrow has no types)
    """The most frequent cell alone in an array, the first of equal ones; one that is missing comes last."""
    counts = pc.value_counts(cells.cast(pa.string()) if pa.types.is_dictionary(cells.type) else cells)
    order = counts.to_pylist()
    best = max(range(len(order)), key=lambda k: (order[k]["values"] is not None, order[k]["counts"], -k))
    row = pc.index(
        cells.cast(pa.string()) if pa.types.is_dictionary(cells.type) else cells, order[best]["values"]
    )
    return cells.slice(max(row.as_py(), 0), 1)
