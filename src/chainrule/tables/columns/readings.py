"""What the cells of a column mean: settled by all of them, so that the others end a doubt about one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import TableError, UnknownNameError, argument
from chainrule.tables.columns import grammar
from chainrule.tables.columns.cells import (
    BooleanReading,
    Cells,
    Reading,
    TextReading,
    read_cells,
    reading_option,
)
from chainrule.tables.columns.checks import check_usable, first
from chainrule.tables.columns.dates import DATE_FORMS, DateReading, date_part, settle_dates
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.grammar import Note
from chainrule.tables.columns.notation.digits import plain_numbers
from chainrule.tables.columns.notation.durations import DURATION_FORMS, DurationReading, settle_durations
from chainrule.tables.columns.notation.names import says_date, says_duration
from chainrule.tables.columns.notation.typed import as_digits
from chainrule.tables.columns.notation.words import are_pair, may_hold_values, says_none, words_for_none
from chainrule.tables.columns.numbers import (
    NUMBER_FORMS,
    NumberReading,
    number_form,
    settle_numbers,
)
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.tables.columns.column import Column, Kind
    from chainrule.tables.columns.grammar import Distinct, FloatArray, Found

__all__ = [
    "BooleanReading", "Cells", "DateReading", "DurationReading", "NumberReading", "Reading", "Settled",
    "TextReading", "kind_of_labels", "read_cells", "read_numbers", "reading_option", "settle_reading",
]  # fmt: skip


class Settled(NamedTuple):
    """How the cells of a column are read, and what was decided to read them so."""

    reading: Reading
    decisions: tuple[Decision, ...]


MOST_WORDS = 100  # that a reading keeps
KINDS = ("numbers", "dates", "classes", "categories", "text")


def settle_reading(column: Column, asked: str = "") -> Settled:
    """Find out how the cells of a column are to be read, by all of them together.

    Parameters
    ----------
    column : Column
    asked : str
        What the column was said to hold: "numbers", "dates", "categories" (or "classes"), "text"; after a
        colon a form may follow, as in "numbers:decimal-comma" or "dates:day-month-year".

    Returns
    -------
    Settled

    Raises
    ------
    UnknownNameError
        There is no such kind or form.
    TableError
        No cell can be read as was asked, or the cells are lists, objects or bytes.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import Column
    >>> settle_reading(Column("paid", pa.array(["1.234,50 €", "7 €"], pa.large_string()))).reading
    NumberReading(decimal=',', thousands='.', signs=('€',), notations=(), words=())
    >>> settle_reading(Column("zip", pa.array(["02134", "10115"], pa.large_string()))).reading
    TextReading()
    """
    kind, _, form = asked.partition(":")
    _check_asked(kind, form)
    check_usable(column, None, gaps=True)
    if kind == "text" or (column.is_category and not kind):
        return Settled(TextReading(), ())
    if kind in {"classes", "categories"}:
        return Settled(BooleanReading() if _is_boolean(column) else TextReading(), ())
    reading, notes = (_settle_text if column.is_text else _settle_typed)(column, kind, form)
    return Settled(reading, tuple(_decision(column, note) for note in notes))


def read_numbers(column: Column) -> FloatArray:
    """The numbers in a column, however they are written, NaN where there is none, shape (n_rows,).

    Raises
    ------
    TableError
        No cell is a number.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import Column
    >>> read_numbers(Column("share", pa.array(["10 %", "2.5 %", None], pa.large_string()))).tolist()
    [10.0, 2.5, nan]
    """
    reading = settle_reading(column, "numbers").reading
    if isinstance(reading, (NumberReading, DurationReading)):
        return read_cells(column, reading).values
    return np.full(len(column.cells), np.nan)


def kind_of_labels(column: Column) -> Kind:
    """How cells that are categories are compared: by value, in any letter case, or as they are written.

    Numbers that are codes, with zeros before them, are compared as written.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import Column
    >>> [kind_of_labels(Column("c", pa.array(cells))) for cells in ([1, 2], [True, False])]
    ['number', 'boolean']
    """
    if _is_boolean(column):
        return "boolean"
    return "text" if column.kind == "number" and _are_codes(column) else column.kind


def _check_asked(kind: str, form: str) -> None:
    if kind and kind not in KINDS:
        raise UnknownNameError("kind of column", kind, KINDS, "asked")
    forms = {"numbers": (*NUMBER_FORMS, *DURATION_FORMS), "dates": DATE_FORMS}.get(kind, ())
    if form and form not in forms:
        raise UnknownNameError(f"form of {kind}", form, forms, kind)


def _settle_typed(column: Column, kind: str, form: str) -> tuple[Reading, tuple[Note, ...]]:
    """Settle a column whose cells have a type."""
    cell_type = column.cells.type
    if pa.types.is_boolean(cell_type):
        return (NumberReading(decimal=".") if kind == "numbers" else BooleanReading()), ()
    if pa.types.is_null(cell_type):
        return TextReading(), ()
    if pa.types.is_duration(cell_type):
        return DurationReading("days"), ()
    if pa.types.is_temporal(cell_type):
        return DateReading("time" if pa.types.is_time(cell_type) else "year-month-day"), ()
    if kind == "dates" or (not kind and says_date(column.name)):
        cells = grammar.distinct(as_digits(column.numbers()))
        found = settle_dates(cells, column.name, form, is_asked=kind == "dates")
        if kind == "dates" or (len(cells.texts) and found.is_read.all()):
            return _accepted(column, cells, found, kind)
    return NumberReading(decimal="."), _infinities(column, column.numbers())


def _settle_text(column: Column, kind: str, form: str) -> tuple[Reading, tuple[Note, ...]]:
    """Settle a column of strings."""
    present = grammar.trimmed(column.cells.filter(pa.array(~column.missing)))
    if not len(present):
        return TextReading(), ()
    # Whole numbers are the same whatever the table's decimal mark is.
    is_plain = column.decimal == "." or not pc.any(pc.match_substring(present, ".")).as_py()
    if kind != "dates" and is_plain and form in {"", number_form(column.decimal)}:
        plain = plain_numbers(present)
        if plain is not None:
            return _settle_plain(column, present, plain, kind)
    cells = grammar.distinct(present)
    if kind == "dates":
        return _accepted(column, cells, settle_dates(cells, column.name, form, is_asked=True), kind)
    if kind == "numbers":
        return _settle_asked_numbers(column, cells, form)
    return (BooleanReading(), ()) if are_pair(cells) else _settle_values(column, cells)


def _settle_plain(
    column: Column, present: pa.Array, plain: FloatArray, kind: str
) -> tuple[Reading, tuple[Note, ...]]:
    """Settle a column of plain numbers: they may be codes, or dates if the name says so."""
    if not kind and _are_codes(column):
        at = pc.index(pc.match_substring_regex(present, _ZERO_FIRST), True).as_py()
        words = f"whole numbers with zeros before them, such as {shown(present[at].as_py())}, are codes"
        return TextReading(), (Note(words, is_guess=True, form="numbers"),)
    if not kind and says_date(column.name):
        cells = grammar.distinct(present)
        found = settle_dates(cells, column.name)
        if found.is_read.all():
            return _accepted(column, cells, found, kind)
    numbers = np.full(len(column.cells), np.nan)
    numbers[~column.missing] = plain
    return NumberReading("," if column.decimal == "," else "."), _infinities(column, numbers)


def _settle_asked_numbers(column: Column, cells: Distinct, form: str) -> tuple[Reading, tuple[Note, ...]]:
    if form in DURATION_FORMS:
        return _accepted(column, cells, settle_durations(cells, form), "numbers")
    found = settle_numbers(cells, column.decimal, form)
    if words_for_none(cells, found.is_read) is None:
        # What stands beside numbers is overlooked only where it must be.
        found = settle_numbers(cells, column.decimal, form, is_asked=True)
    if not found.is_read.any() and not form:
        found = settle_durations(cells)
    return _accepted(column, cells, found, "numbers")


def _settle_values(column: Column, cells: Distinct) -> tuple[Reading, tuple[Note, ...]]:
    """Settle cells that may be dates, durations or numbers: what reads all of them, else nearly all."""
    if not may_hold_values(cells):
        return TextReading(), ()
    tried = []
    for found in _ways(column, cells):
        if found.is_read.all():
            return _accepted(column, cells, found, "")
        tried.append(found)
    tried.sort(key=lambda found: -cells.count(found.is_read))  # of equal ones the first tried
    for found in tried:
        if words_for_none(cells, found.is_read) is not None:
            return _accepted(column, cells, found, "")
    return TextReading(), _of_text(column, cells, tried)


def _ways(column: Column, cells: Distinct) -> Iterator[Found]:
    """The ways in which cells may be values, those first that could be taken for others."""
    if says_duration(column.name):
        yield settle_durations(cells, in_units=False)
    yield settle_dates(cells, column.name)
    yield settle_durations(cells, in_units=False)
    yield settle_numbers(cells, column.decimal)
    yield settle_durations(cells)  # 5 min is rather a number with its unit


def _accepted(column: Column, cells: Distinct, found: Found, kind: str) -> tuple[Reading, tuple[Note, ...]]:
    """The reading that was found, with its words for none; TableError where it reads no cell."""
    if not found.is_read.any():
        raise TableError(
            f"{column.cell(first(~column.missing))} and no other cell of it can be read as {kind}",
            parameter=kind,
            given=column.name,
            needs=f"{kind} were asked for",
            advice="Ask for another form, or leave that out.",
        )
    words = words_for_none(cells, found.is_read)
    if words is None:
        words = tuple(sorted(cells.texts.filter(pa.array(~found.is_read)).to_pylist()))
    reading = _with_words(found.reading, words if len(words) <= MOST_WORDS else ())
    notes = (*found.notes, *_of_words(column, cells, found, words))
    if isinstance(reading, NumberReading) and grammar.matches(cells.texts, "[iI][nN][fF]").any():
        notes += _infinities(column, np.where(read_cells(column, reading).infinite, np.inf, 0.0))
    return reading, notes


T = TypeVar("T", NumberReading, DateReading, DurationReading)


def _with_words(reading: T, words: tuple[str, ...]) -> T:
    """The reading with these words for none."""
    fields = {name: getattr(reading, name) for name in reading.__struct_fields__}
    return type(reading)(**{**fields, "words": words})


def _of_words(column: Column, cells: Distinct, found: Found, words: tuple[str, ...]) -> tuple[Note, ...]:
    """What is said of words that are read as missing."""
    if not words:
        return ()
    at = _row_of(column, words)
    is_surprise = not all(map(says_none, words))
    n = counted(cells.count(~found.is_read), "cell")
    said = f"{listed(words)} ({n}, row {at} first) read as missing"
    return (Note(said, is_guess=True, is_warning=is_surprise),)


def _infinities(column: Column, numbers: FloatArray) -> tuple[Note, ...]:
    """What is said of numbers that are infinite."""
    infinite = np.isinf(numbers)
    if not infinite.any():
        return ()
    cells = counted(int(infinite.sum()), "infinite number")
    words = f"{cells} (row {column.row(first(infinite))} first) read as missing"
    return (Note(words, is_guess=True, is_warning=True),)


def _of_text(column: Column, cells: Distinct, tried: list[Found]) -> tuple[Note, ...]:
    """What is said of a text of which half the cells at least could be numbers or dates."""
    found = tried[0]
    n_all, n_read = int(cells.counts.sum()), cells.count(found.is_read)
    if 2 * n_read < n_all:
        overlooked = settle_numbers(cells, column.decimal, is_asked=True)
        if overlooked.is_read.all():
            return (
                Note("numbers with different signs or units beside them are read as text", form="numbers"),
            )
        return ()
    other = cells.texts.filter(pa.array(~found.is_read))[0].as_py()
    kind = "dates" if isinstance(found.reading, DateReading) else "numbers"
    row = _row_of(column, (other,))
    words = f"text, though {n_read} of {n_all} cells are {kind}: row {row} is {shown(other)}"
    return (Note(words, is_guess=True, form=kind),)


def _row_of(column: Column, words: tuple[str, ...]) -> int:
    """The number of the first row that has one of these words."""
    there = pc.is_in(grammar.trimmed(column.cells), pa.array(words, pa.large_string()))
    return column.row(pc.index(there, value=True).as_py())


def _decision(column: Column, note: Note) -> Decision:
    """What was decided, with what to ask for to have it otherwise."""
    option, _, form = (note.form or "categories").partition(":")
    advice = f"{argument(option, [f'{column.name}:{form}' if form else column.name])} reads it otherwise."
    return Decision(note.words, column.name, note.is_guess, note.is_warning, advice)


_ZERO_FIRST = "^0[0-9]+$"


def _are_codes(column: Column) -> bool:
    """Whether whole numbers are written with zeros before them, and are no part of a date such as a month."""
    if not column.is_text or not grammar.matches(grammar.trimmed(column.cells), _ZERO_FIRST).any():
        return False
    present = grammar.trimmed(column.cells.filter(pa.array(~column.missing)))
    return bool(grammar.matches(present, "^[0-9]+$").all()) and not date_part(column.name, column)


def _is_boolean(column: Column) -> bool:
    """Whether the cells are booleans, typed or as two words."""
    if pa.types.is_boolean(column.cells.type):
        return True
    if not column.is_text or column.is_category:
        return False
    return are_pair(grammar.distinct(column.cells.filter(pa.array(~column.missing))))
