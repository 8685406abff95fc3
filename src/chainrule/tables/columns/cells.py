"""How the cells of a column are read, as records that are kept; and the cells read by them, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.stored import Stored
from chainrule.tables.columns import grammar
from chainrule.tables.columns.checks import is_typed_number
from chainrule.tables.columns.dates import DateReading
from chainrule.tables.columns.notation.dates import read_dates
from chainrule.tables.columns.notation.durations import DurationReading, read_durations
from chainrule.tables.columns.notation.typed import as_digits, seconds_of
from chainrule.tables.columns.numbers import NumberReading, number_form, read_numbers

if TYPE_CHECKING:
    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.grammar import BoolArray, FloatArray

__all__ = ["BooleanReading", "Cells", "Reading", "TextReading", "read_cells", "reading_option"]


class BooleanReading(Stored, frozen=True, tag_field="cells", tag="boolean"):
    """The cells are one of two words, such as true and false, in any letter case.

    Examples
    --------
    >>> reading_option(BooleanReading())
    'categories'
    """


class TextReading(Stored, frozen=True, tag_field="cells", tag="text"):
    """The cells are what is written there.

    Examples
    --------
    >>> reading_option(TextReading())
    'text'
    """


Reading: TypeAlias = NumberReading | DurationReading | DateReading | BooleanReading | TextReading


class Cells(NamedTuple):
    """The cells of a column as numbers, each array of shape (n_rows,).

    Attributes
    ----------
    values : float64
        NaN where a cell is missing, unreadable or infinite.
    missing : bool
        Where there is no value: a null, NaN, a token or word for none, an infinity.
    unreadable : bool
        Where there is a value that the reading cannot read.
    infinite : bool
        Where a number is infinite.
    """

    values: FloatArray
    missing: BoolArray
    unreadable: BoolArray
    infinite: BoolArray


MAY_BE_THOUSANDS = r"^[+-]?[0-9]{1,3}[.][0-9]{3}$"


def reading_option(reading: Reading) -> str:
    """What is to be asked of a column so that it is read in this way again.

    Examples
    --------
    >>> reading_option(NumberReading(decimal=",", thousands="."))
    'numbers:decimal-comma-thousands-point'
    >>> reading_option(DateReading("day-month-year"))
    'dates:day-month-year'
    """
    if isinstance(reading, NumberReading):
        return f"numbers:{number_form(reading.decimal, reading.thousands)}" if reading.decimal else "numbers"
    if isinstance(reading, DurationReading):
        return f"numbers:{reading.form}"
    if isinstance(reading, DateReading):
        return f"dates:{reading.form}"
    return "text" if isinstance(reading, TextReading) else "categories"


def read_cells(column: Column, reading: NumberReading | DurationReading | DateReading) -> Cells:
    """Read the cells of a column as numbers: as they are, as seconds, or as seconds since 1970-01-01T00:00.

    Parameters
    ----------
    column : Column
        Of any source: cells that have a type are read as what they are.
    reading : NumberReading, DurationReading or DateReading

    Returns
    -------
    Cells
        Arrays of shape (n_rows,). Of a time with a zone the wall clock counts.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import Column
    >>> column = Column("c", pa.array(["1,5", "NA", "x", "inf"], pa.large_string()))
    >>> cells = read_cells(column, NumberReading(decimal=","))
    >>> cells.values.tolist(), cells.missing.tolist(), cells.unreadable.tolist()
    ([1.5, nan, nan, nan], [False, True, False, True], [False, False, True, False])
    """
    missing = column.missing
    if column.is_text:
        words = pa.array(reading.words, pa.large_string())
        texts = pc.if_else(pa.array(missing), None, grammar.trimmed(column.cells))
        if reading.words:
            missing = missing | pc.is_in(texts, words).to_numpy(zero_copy_only=False)
            texts = pc.if_else(pa.array(missing), None, texts)
        values = _read_texts(column, texts, reading)
    else:
        values = _read_typed(column, reading)
    infinite = np.isinf(values)
    values = np.where(infinite, np.nan, values)
    return Cells(values, missing | infinite, np.isnan(values) & ~missing & ~infinite, infinite)


def _read_texts(
    column: Column, texts: pa.Array, reading: NumberReading | DurationReading | DateReading
) -> FloatArray:
    if isinstance(reading, DateReading):
        return read_dates(texts, reading.form)
    if isinstance(reading, DurationReading):
        return read_durations(texts, reading.form)
    if not reading.decimal:  # what an older file says of numbers is what the plain grammar says
        return grammar.numbers_in(texts, column.decimal)
    values = read_numbers(texts, reading)
    if column.decimal != reading.decimal and np.isnan(values).any():
        # The table that was learnt had another decimal mark than this one.
        plain = grammar.numbers_in(texts, column.decimal)
        is_other = np.isnan(values) & ~grammar.matches(texts, MAY_BE_THOUSANDS)
        values = np.where(is_other, plain, values)
    return values


def _read_typed(column: Column, reading: NumberReading | DurationReading | DateReading) -> FloatArray:
    cells = column.cells
    if isinstance(reading, NumberReading):
        is_boolean = pa.types.is_boolean(cells.type)
        return pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False) if is_boolean else column.numbers()
    if isinstance(reading, DurationReading):
        return seconds_of(cells) if pa.types.is_duration(cells.type) else np.full(len(cells), np.nan)
    if pa.types.is_temporal(cells.type) and not pa.types.is_duration(cells.type):
        return seconds_of(cells)
    return (
        read_dates(as_digits(column.numbers()), reading.form)
        if is_typed_number(cells.type)
        else np.full(len(cells), np.nan)
    )
