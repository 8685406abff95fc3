"""Read sources that become delimited text on the way, and give their columns back the types they declare."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.columns.layout import Layout
from chainrule.tables.delimited.reading import read_delimited

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from chainrule.tables.columns.layout import Given
    from chainrule.tables.columns.table import Table
    from chainrule.tables.sources.source import File

__all__ = ["places_of", "read_text", "retyped"]


def read_text(file: File, given: Given, layout: Layout | None, absent: Sequence[str] = ()) -> Table:
    """Read a file that this package wrote, commas between its quoted cells, and find names and rows in it.

    Parameters
    ----------
    file : File
    given : Given
    layout : Layout, optional
        Of the table that a model was fitted to, whatever that was cut with.
    absent : sequence of str
        Names of columns that may be missing where there is no line of names.
    """
    plain = replace(given, delimiter=",", encoding=None, sheet=None)
    if layout is not None:
        layout = Layout(
            delimiter=",", header_lines=layout.header_lines, names=layout.names, replaced=layout.replaced
        )
    return read_delimited(file.path, file.title, plain, layout, file.decisions, absent=absent)


def retyped(
    table: Table,
    casts: Mapping[int, Callable[[pa.Array], pa.Array] | None],
    categories: Collection[int] = (),
    missing: str = "",
) -> Table:
    """Give columns the types that their source declares, where all their cells fit.

    Parameters
    ----------
    table : Table
        Of text, as `read_text` gave it.
    casts : mapping
        Of the place of a column in the file: a function of its cells, with nulls where one is missing, that
        raises a ValueError where one does not fit.
    categories : collection of int
        Places of columns whose cells are categories.
    missing : str
        What a cell without a value was written as.
    """
    columns, places = [], places_of(table)
    for column in table.columns:
        place = places[column.name]
        typed = replace(column, cells=_typed(column.cells, casts.get(place), missing))
        columns.append(replace(typed, is_category=place in categories))
    return replace(table, columns=tuple(columns))


def places_of(table: Table) -> dict[str, int]:
    """Of each column that the file has: its place there, also where columns before it are left out."""
    return {name: place for place, name in enumerate(table.layout.names if table.layout else table.names)}


def _typed(cells: pa.Array, cast: Callable[[pa.Array], pa.Array] | None, missing: str) -> pa.Array:
    cells = pc.if_else(pc.equal(cells, missing), pa.scalar(None, pa.large_string()), cells)
    try:
        return cells if cast is None else cast(cells)
    except (pa.ArrowException, ValueError, OverflowError):
        return cells
