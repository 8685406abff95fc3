"""Read JSON: one object a line, its keys the columns, or one document that holds such rows or columns.

Cells become text as they are written: ``{"x": 1}``, ``{"x": "1"}`` and the CSV cell ``1`` are the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.table import assemble, refuse_too_wide
from chainrule.words import counted, listed, printable, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainrule.tables.columns.layout import Given
    from chainrule.tables.columns.table import Table
    from chainrule.tables.sources.source import File

__all__ = ["flattened", "read_json", "refuse_sparse"]

# A cell that a row lacks takes no room in the file but as much as any other in the table: with a new key in
# each row they grow with the square. So many are made, and so many more for each cell that is there.
MOST_ABSENT = 10_000_000
ABSENT_FOR_EACH = 10


class _RepeatedKeyError(ValueError):
    """A key that one object has twice."""


def read_json(file: File, given: Given) -> Table:
    """Read a table from JSON lines, or from one document, in UTF-8.

    A document may be an array of objects, which are rows; an object in which one key has such an array; an
    object of columns, each an array or an object whose keys number the rows; an object of numbered rows; or
    of the names of columns and rows of their cells: pandas writes all of these.

    A key that an object lacks, and null, are missing values. An object in a cell becomes columns of its own,
    ``address.city``; one that is deeper, and a list, stay what cannot be used.

    Raises
    ------
    TableError
        A line that is no JSON object, a key twice in one object, text that cannot be encoded, or rows that
        hardly have a key in common.
    """
    rows, names, nested = [], dict[str, None](), dict[str, None]()
    said: list[Decision] = []
    for number, row in enumerate(_rows(file, said), start=1):
        flat = flattened(row, nested)
        if flat is None:
            raise _repeated(
                f"Row {number} of {file.title}", "a key of an object in it, joined to the object's own,"
            )
        rows.append(flat)
        names.update(dict.fromkeys(flat))
        refuse_too_wide(file.title, len(names))
    refuse_sparse(rows, len(names), file.title)
    try:
        cells = [_cells([row.get(key) for row in rows]) for key in names]
        keys = [key.encode().decode() for key in names]
        decisions = (*file.decisions, *said, *said_flat(nested))
        return assemble(file.title, keys, cells, decisions, decimal=given.decimal)
    except UnicodeEncodeError as error:
        text = ascii(error.object)[:40]
        raise TableError(
            f"{file.title} has text that is no Unicode (half of a surrogate pair): {text}.",
            needs="must be Unicode",
            advice="Correct it.",
        ) from error


def flattened(row: dict[str, Any], nested: dict[str, None]) -> dict[str, Any] | None:
    """Return the row with the keys of each object in it as its own, ``a.b``; None where one is there twice.

    Examples
    --------
    >>> flattened({"id": 1, "at": {"x": 2, "y": 3}}, {})
    {'id': 1, 'at.x': 2, 'at.y': 3}
    """
    flat: dict[str, Any] = {}
    for key, value in row.items():
        inner = (
            {f"{key}.{name}": cell for name, cell in value.items()}
            if isinstance(value, dict)
            else {key: value}
        )
        if not flat.keys().isdisjoint(inner):
            return None
        flat.update(inner)
        if isinstance(value, dict):
            nested[key] = None
    return flat


def said_flat(nested: Iterable[str]) -> tuple[Decision, ...]:
    """What is said of the objects whose keys became columns."""
    names = list(nested)
    if not names:
        return ()
    example = shown(f"{names[0]}.…")
    return (
        Decision(
            f"the objects in {listed(names, 3)} became columns of their own ({example})", is_guess=False
        ),
    )


def refuse_sparse(rows: list[dict[str, Any]], n_keys: int, name: str) -> None:
    """Refuse rows with so different keys that nearly all cells of the table would be missing."""
    there = sum(map(len, rows))
    if len(rows) * n_keys - there > MOST_ABSENT + ABSENT_FOR_EACH * there:
        raise TableError(
            f"{name} has {n_keys} different keys in {counted(len(rows), 'row')}, and a row has "
            f"{there / len(rows):.3g} of them on average,",
            needs="the rows of a table have the same keys",
            advice="Give each row the same keys, the names of the columns, and what differs as values.",
        )


def _rows(file: File, said: list[Decision]) -> Iterator[dict[str, Any]]:
    """The rows, whichever way they are written; what was decided about that is added to what is said."""
    with file.path.open(encoding="utf-8-sig") as lines:
        first = next((line for line in lines if line.strip()), "")
        is_alone = not any(line.strip() for line in lines)
        lines.seek(0)
        if first.lstrip().startswith("["):
            yield from _array(lines.read(), file.title)
            return
        document = (
            _document(first if is_alone else lines.read()) if is_alone or not _document(first) else None
        )
        if document is None:
            lines.seek(0)
            yield from _lines(lines, file.title)
            return
        rows, words = _rows_in(document)
        said += [Decision(words)] if words else []
        yield from rows


def _document(text: str) -> dict[str, Any] | None:
    """The object that a text is, None where it is none: its lines are then read one by one."""
    try:
        document = _parse(text, "")
    except TableError:
        return None
    return document if isinstance(document, dict) else None


def _rows_in(document: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """The rows that an object holds, and what is said of them: where it holds none, it is a row itself."""
    names, cells = document.get("columns"), document.get("data")
    if _are_cells(names, cells):
        rows = [dict(zip(map(str, names or ()), row, strict=True)) for row in cells or ()]
        return rows, "the names stand in 'columns' and the rows in 'data'"
    columns = {key: _column(value) for key, value in document.items()}
    if None not in columns.values():
        keys = dict.fromkeys(key for column in columns.values() for key in column or ())
        rows = [{name: (column or {}).get(key) for name, column in columns.items()} for key in keys]
        is_even = all(len(column or {}) == len(keys) for column in columns.values())
        return rows, f"each key of the object is a column{'' if is_even else ', and some lack cells'}"
    if all(key.isdecimal() and isinstance(row, dict) for key, row in document.items()):
        return list(document.values()), "each key of the object numbers a row"
    tables = [key for key, value in document.items() if _are_rows(value)]
    if len(tables) == 1:
        return document[tables[0]], f"the rows stand in {shown(tables[0])}"
    return [document], ""


def _are_cells(names: object, cells: object) -> bool:
    """Whether these are names of columns, and rows of as many cells."""
    return (
        isinstance(names, list)
        and isinstance(cells, list)
        and bool(cells)
        and len({*map(str, names)}) == len(names)
        and all(isinstance(row, list) and len(row) == len(names) for row in cells)
    )


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _column(value: object) -> dict[str, Any] | None:
    """The cells of a column by the number of their row; None for what is no column."""
    if isinstance(value, list) and value and not any(isinstance(cell, (list, dict)) for cell in value):
        return {str(number): cell for number, cell in enumerate(value)}
    if isinstance(value, dict) and value and all(key.isdecimal() for key in value):
        return value
    return None


def _lines(lines: Iterable[str], name: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
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
        raise _repeated(where, f"the key {shown(error)}") from error
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


def _repeated(where: str, what: str) -> TableError:
    return TableError(f"{where} has {what} twice", needs="every key must be there once", advice="Remove one.")


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
