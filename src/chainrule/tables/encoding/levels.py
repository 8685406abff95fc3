"""Categories and classes as labels: which there are, and which of them a cell has, whatever its source."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import InputError
from chainrule.tables.columns import grammar
from chainrule.tables.columns.checks import is_typed_number
from chainrule.words import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column, Kind

__all__ = [
    "TRUTHS",
    "Level",
    "Matched",
    "folded",
    "labels_in",
    "levels_of",
    "matched",
    "one_hot",
    "refuse_repeats",
]

WHOLE = r"^[+-]?[0-9]+(?:\.0*)?$"
TRUTHS = {"false": "0", "true": "1"}
OTHER_TRUTHS = {"no": "0", "yes": "1", "n": "0", "y": "1", "f": "0", "t": "1", "off": "0", "on": "1"}
EVERY_TRUTH = {**TRUTHS, **OTHER_TRUTHS, "0": "0", "1": "1"}


class Level(NamedTuple):
    """A value of a column of categories: its label, the spelling most cells have, and in how many it is."""

    label: str
    spelling: str
    n_cells: int


class Matched(NamedTuple):
    """Which of the known labels each cell has, arrays of shape (n_rows,).

    `places` is -1 where it has none; then the cell is `missing`, or else its category is not known.
    `by_value` are the cells of text that are spelled like no known label, but have the value of one.
    """

    places: npt.NDArray[np.intp]
    missing: npt.NDArray[np.bool_]
    by_value: npt.NDArray[np.bool_]


class _Distinct(NamedTuple):
    """The different cells of a column as labels, and for each row which it has: -1 for a null."""

    labels: list[str]
    spellings: list[str]
    missing: npt.NDArray[np.bool_]
    codes: npt.NDArray[np.intp]


def levels_of(column: Column, cells: Kind) -> tuple[Level, ...]:
    """The levels of a column in the order of their labels, and how often each is there; no missing cells.

    Parameters
    ----------
    column : Column
        Of the training rows alone (`Column.take`).
    cells : {"text", "number", "boolean"}
        What makes cells one level: their letters, their value, or their letters in any case.

    Returns
    -------
    tuple of Level
        Sorted: numbers by value, booleans in lower case. Of two spellings that are as frequent, the first in
        this order stands. A stream of rows gives the same with a counter of each spelling.

    Examples
    --------
    >>> from chainrule.tables import read_table
    >>> column = read_table(pa.table({"floor": ["10", "02", "2", "2.0", "02", None]})).column("floor")
    >>> levels_of(column, "number")
    (Level(label='2', spelling='02', n_cells=4), Level(label='10', spelling='10', n_cells=1))
    """
    distinct = _distinct(column, cells)
    codes = distinct.codes[distinct.codes >= 0]
    counts = np.bincount(codes, minlength=len(distinct.labels)).tolist()
    present = np.flatnonzero(~distinct.missing).tolist()
    if cells == "text" and column.is_text:  # no two spellings are one level
        labels = sorted((distinct.labels[place], counts[place]) for place in present)
        return tuple(Level(label, label, count) for label, count in labels)
    fold, order = _fold(cells), _order(cells)
    spellings: dict[str, list[tuple[int, str]]] = {}
    for place in present:
        spelled = (-counts[place], distinct.spellings[place])
        spellings.setdefault(fold(distinct.labels[place]), []).append(spelled)
    return tuple(
        Level(label, min(found)[1], -sum(count for count, _ in found))
        for label, found in sorted(spellings.items(), key=lambda item: order(item[0]))
    )


def matched(column: Column, known: Sequence[str], cells: Kind) -> Matched:
    """Find the known label of each cell, whatever type its source gave it.

    First by the label itself, so that a known category wins over a missing token. Else by value: of text that
    is all whole numbers, a number of that value; of booleans, 0 and 1, and other words such as "yes" and
    "no"; of 0 and 1, booleans; of text, "true" or "false" in another letter case. A value that two of the
    known labels have decides nothing.

    Parameters
    ----------
    column : Column
    known : sequence of str
    cells : {"text", "number", "boolean"}

    Examples
    --------
    >>> from chainrule.tables import read_table
    >>> table = read_table(pa.table({"zip": [1069.0, None, 80331.0], "ok": ["TRUE", "false", "NA"]}))
    >>> matched(table.column("zip"), ("01069", "80331"), "text").places.tolist()
    [0, -1, 1]
    >>> matched(table.column("ok"), ("0", "1"), "number").places.tolist()
    [1, 0, -1]
    """
    distinct = _distinct(column, cells)
    fold = _fold(cells)
    places = {fold(label): place for place, label in enumerate(known)}
    # The last one of each array is for nulls, whose code is -1.
    found = np.array([*(places.get(fold(label), -1) for label in distinct.labels), -1], dtype=np.intp)
    if cells == "number" and column.is_text:  # one row alone may not show the decimal mark of its table
        otherwise = np.flatnonzero(found[:-1] < 0)
        spelled = [distinct.spellings[place] for place in otherwise]
        mark = "." if column.decimal == "," else ","
        labels = _canonical(grammar.trimmed(pa.array(spelled, pa.large_string())), spelled, mark)
        found[otherwise] = [places.get(fold(label), -1) for label in labels]
    missing = np.append(distinct.missing, True) & (found < 0)
    by_value = _by_value(known, cells)
    others = np.flatnonzero((found < 0) & ~missing & bool(by_value))
    labels = [distinct.labels[other] for other in others]
    found[others] = [by_value.get(value, -1) for value in _values(labels, column.decimal, cells)]
    is_guess = np.zeros(len(found), dtype=bool)
    if column.is_text:
        is_guess[others] = (found[others] >= 0) & _may_err(labels, known, cells)
    return Matched(found[distinct.codes], missing[distinct.codes], is_guess[distinct.codes])


def labels_in(cells: pa.Array) -> list[str]:
    """The label of each of different cells, none of which is missing, as a source's own categories are."""
    values = _with_labels(cells)
    is_text = pa.types.is_large_string(values.type)
    return [cell if is_text else _spelling(cell) for cell in values.to_pylist()]


def _may_err(labels: Sequence[str], known: Sequence[str], cells: Kind) -> npt.NDArray[np.bool_]:
    """Whether labels of text may mean another thing than their value: all but numbers, "true" and "false"."""
    if cells == "text" or any(folded(label) in OTHER_TRUTHS for label in known):
        return np.ones(len(labels), dtype=bool)
    return np.array([folded(label) in OTHER_TRUTHS for label in labels], dtype=bool)


def _distinct(column: Column, cells: Kind) -> _Distinct:
    """The different cells; those of a type that has no labels are all one, spelled like none."""
    dictionary = pc.dictionary_encode(_with_labels(column.cells))
    values, indices = dictionary.dictionary, pc.fill_null(dictionary.indices, -1)
    codes = indices.to_numpy(zero_copy_only=False).astype(np.intp)
    is_text = pa.types.is_large_string(values.type)
    spellings = values.to_pylist() if is_text else [_spelling(value) for value in values.to_pylist()]
    labels = spellings
    if is_text and cells == "number":
        labels = _canonical(grammar.trimmed(values), spellings, column.decimal)
    return _Distinct(labels, spellings, grammar.missing_cells(values), codes)


def _with_labels(cells: pa.Array) -> pa.Array:
    """The cells in a type that has labels: dates as text, and what has no text as one that is no label."""
    kind = cells.type
    if pa.types.is_large_string(kind) or is_typed_number(kind) or pa.types.is_boolean(kind):
        return cells
    try:
        return cells.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        unlike = f"of the type {kind}"
        return pa.array(
            [unlike if valid else None for valid in cells.is_valid().to_pylist()], pa.large_string()
        )


def _spelling(value: object) -> str:
    """How a cell of a number or a truth is written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return grammar.canonical_number(value)


def _canonical(trimmed: pa.Array, others: Sequence[str], decimal: str) -> list[str]:
    """The one spelling of each text that is a number; of what is none, the other text."""
    are_numbers = grammar.matches(trimmed, grammar.number_pattern(decimal)).tolist()
    return [
        grammar.canonical_number(text.replace(decimal, ".")) if is_number else other
        for text, is_number, other in zip(trimmed.to_pylist(), are_numbers, others, strict=True)
    ]


def _by_value(known: Sequence[str], cells: Kind) -> dict[str, int]:
    """The places of labels by what `_values` makes of a cell; a value that several have is left out."""
    if cells == "number":
        keys = [label if label in {"0", "1"} else "" for label in known]
    elif cells == "boolean":
        keys = [EVERY_TRUTH.get(folded(label), "") for label in known]
    elif grammar.matches(pa.array(known, pa.large_string()), WHOLE).all():
        keys = [grammar.canonical_number(label) for label in known]
    else:
        keys = [folded(label) if folded(label) in TRUTHS else "" for label in known]
    times = Counter(keys)
    return {key: place for place, key in enumerate(keys) if key and times[key] == 1}


def _values(labels: Sequence[str], decimal: str, cells: Kind) -> list[str]:
    """What of labels is compared where no known one is like them: a number, or letters in one case."""
    trimmed = grammar.trimmed(pa.array(labels, pa.large_string()))
    values = _canonical(trimmed, [folded(label) for label in labels], decimal)
    return values if cells == "text" else [EVERY_TRUTH.get(value, value) for value in values]


def folded(label: str) -> str:
    """A boolean's label in the one letter case in which it is matched."""
    return label.strip().lower()


def _fold(cells: Kind) -> Callable[[str], str]:
    """What of a label is compared with a cell of this kind."""
    return folded if cells == "boolean" else str


def _order(cells: Kind) -> Callable[[str], str | tuple[float, str]]:
    """Where a label stands among others: numbers by value, so that 2 is before 10."""
    return _place_of_number if cells == "number" else str


def _place_of_number(label: str) -> tuple[float, str]:
    """The value of a label, and for what is no number behind all that are."""
    try:
        return float(label), label
    except ValueError:
        return float("inf"), label


def refuse_repeats(names: Iterable[str], what: str, cells: Kind = "text") -> None:
    """Raise InputError for a name, or a label as cells of this kind are matched, that is there twice."""
    seen: set[str] = set()
    for name in map(_fold(cells), names):
        if name in seen:
            raise InputError(
                f"The {what} {shown(name)} is there twice",
                given=name,
                needs="must be there once",
                advice="Leave one out.",
            )
        seen.add(name)


def one_hot(places: npt.NDArray[np.intp], width: int) -> npt.NDArray[np.float64]:
    """A row of zeros for each place, with 1.0 there; of -1 zeros alone.

    Examples
    --------
    >>> one_hot(np.array([1, -1]), 2).tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    encoded = np.zeros((len(places), width))
    there = np.flatnonzero(places >= 0)
    encoded[there, places[there]] = 1.0
    return encoded
