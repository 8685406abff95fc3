"""Read JSON lines: one object a line, its keys the columns.

Cells become text as they are written: ``{"x": 1}``, ``{"x": "1"}`` and the CSV cell ``1`` are the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from chainrule.errors import TableError
from chainrule.tables.columns.table import assemble, refuse_too_wide
from chainrule.words import counted, printable, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chainrule.tables.columns.table import Table

__all__ = ["read_json"]

# A cell that a row lacks takes no room in the file but as much as any other in the table: with a new key in
# each row they grow with the square. So many are made, and so many more for each cell that is there.
MOST_ABSENT = 10_000_000
ABSENT_FOR_EACH = 10


class _RepeatedKeyError(ValueError):
    """A key that one object has twice."""


def read_json(text: str, name: str, remarks: Sequence[str] = ()) -> Table:
    """Read a table from JSON lines, or from one array of objects.

    A key that an object lacks, and null, are missing values.

    Raises
    ------
    TableError
        A line that is no JSON object, a key twice in one object, text that cannot be encoded, or rows that
        hardly have a key in common.
    """
    rows, names = [], dict[str, None]()
    for row in _array(text, name) if text.lstrip().startswith("[") else _lines(text, name):
        rows.append(row)
        names.update(dict.fromkeys(row))
        refuse_too_wide(name, len(names))
    _refuse_sparse(rows, len(names), name)
    try:
        cells = [_cells([row.get(key) for row in rows]) for key in names]
        return assemble(name, [key.encode().decode() for key in names], cells, remarks)
    except UnicodeEncodeError as error:
        text = ascii(error.object)[:40]
        raise TableError(
            f"{name} has text that is no Unicode (half of a surrogate pair): {text}.",
            needs="must be Unicode",
            advice="Correct it.",
        ) from error


def _refuse_sparse(rows: list[dict[str, Any]], n_keys: int, name: str) -> None:
    """Refuse rows with so different keys that nearly all cells of the table would be missing."""
    there = sum(map(len, rows))
    if len(rows) * n_keys - there > MOST_ABSENT + ABSENT_FOR_EACH * there:
        raise TableError(
            f"{name} has {n_keys} different keys in {counted(len(rows), 'row')}, and a row has "
            f"{there / len(rows):.3g} of them on average,",
            needs="the rows of a table have the same keys",
            advice="Give each row the same keys, the names of the columns, and what differs as values.",
        )


def _lines(text: str, name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _object(_parse(line, f"Line {number} of {name}"), f"Line {number} of {name}", line)


def _array(text: str, name: str) -> Iterator[dict[str, Any]]:
    values = _parse(text, name)
    if not isinstance(values, list):
        needs = "must hold JSON objects, one a line, or one array of objects"
        raise TableError(f"{name} {needs}.", needs=needs, advice="Save it so.")
    for number, value in enumerate(values, start=1):
        text = "[…]" if isinstance(value, list) else str(value)  # one that is nested deeply has no text
        yield _object(value, f"Row {number} of {name}", text)


def _parse(text: str, where: str) -> object:
    try:
        return json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_without_repeats
        )
    except _RepeatedKeyError as error:
        raise TableError(
            f"{where} has the key {shown(error)} twice",
            needs="every key must be there once",
            advice="Remove one.",
        ) from error
    except RecursionError as error:
        raise TableError(
            f"{where} has lists or objects nested a thousand times or so",
            needs="a cell is a number, a text or a boolean",
            advice="Give one object a row, with plain values.",
        ) from error
    except ValueError as error:
        raise TableError(
            f"{where} is no JSON ({printable(str(error))})",
            needs='JSON lines need one object a line, such as {"age": 31, "city": "Rome"}',
            advice=f"It begins with {shown(text.strip())}.",
        ) from error


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RepeatedKeyError(key)
        found[key] = value
    return found


def _object(value: object, where: str, text: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TableError(
            f"{where} is {shown(text.strip())}",
            needs="must be a JSON object",
            advice="Write one object a line.",
        )
    return value


def _cells(values: list[object]) -> pa.Array:
    """A column of text; one with lists or objects keeps only their places, so that its use is refused."""
    nested = next((value for value in values if isinstance(value, (list, dict))), None)
    if nested is not None:
        empty, kind = type(nested)(), pa.list_(pa.null()) if isinstance(nested, list) else pa.struct([])
        return pa.array([empty if isinstance(value, (list, dict)) else None for value in values], kind)
    return pa.array(
        [str(value).lower() if isinstance(value, bool) else value for value in values], pa.large_string()
    )
