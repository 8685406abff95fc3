"""Dates and times of day in text: in which order day, month and year stand is settled by the whole column.

Every date is one of the calendar: 31 April is no other day, it is none. Of a time with a zone the wall clock
counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow.compute as pc

from chainrule.stored import Stored
from chainrule.tables.columns import grammar
from chainrule.tables.columns.grammar import Found, Note, Words
from chainrule.tables.columns.notation.dates import (
    ANY_DATE,
    OWN_SHAPES,
    READ_BY,
    SHAPES,
    read_dates,
    shape_pattern,
)
from chainrule.tables.columns.notation.names import part_named, says_date
from chainrule.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.grammar import Distinct, FloatArray

__all__ = ["DATE_FORMS", "DateReading", "date_part", "read_dates", "says_date", "settle_dates"]

DateForm = Literal[
    "year-month-day", "day-month-year", "month-day-year", "year-month", "year-quarter", "year-week",
    "compact", "time", "year", "epoch-seconds", "epoch-milliseconds",
]  # fmt: skip
DATE_FORMS: tuple[DateForm, ...] = (
    "year-month-day", "day-month-year", "month-day-year", "year-month", "year-quarter", "year-week",
    "compact", "time", "year", "epoch-seconds", "epoch-milliseconds",
)  # fmt: skip
_OF_DIGITS: tuple[DateForm, ...] = (
    "compact",
    "epoch-seconds",
    "epoch-milliseconds",
    "year",
)  # whole numbers, too


class DateReading(Stored, frozen=True, tag_field="cells", tag="date"):
    """The cells are dates, months, or times of day.

    Attributes
    ----------
    form : str
        How they are written, one of `DATE_FORMS`. Typed dates are read as what they are.
    words : tuple of str
        Texts that are read as missing, beyond the tokens that always are.

    Examples
    --------
    >>> DateReading("day-month-year").form
    'day-month-year'
    """

    form: DateForm = "year-month-day"
    words: Words = ()


EPOCHS = (315_532_800, 2_208_988_800)  # seconds of 1980 to 2040, which a name may say to be times
YEARS = (1800, 2100)  # of whole numbers that a name says to be dates


def settle_dates(cells: Distinct, name: str, form: str = "", *, is_asked: bool = False) -> Found:
    """Find the form by which most of the cells of a column are dates.

    Parameters
    ----------
    cells : Distinct
    name : str
        The column's name, which decides whether whole numbers may be dates.
    form : str
        One of `DATE_FORMS`, or nothing.
    is_asked : bool
        Whether the column was said to hold dates.

    Examples
    --------
    >>> import pyarrow as pa
    >>> cells = grammar.distinct(pa.array(["01/02/2024", "13/02/2024"]))
    >>> found = settle_dates(cells, "day")
    >>> found.reading.form, found.is_read.tolist()
    ('day-month-year', [True, True])
    """
    looks = np.ones(len(cells.texts), bool)
    if not is_asked:
        looks = grammar.matches(cells.texts, ANY_DATE)
    if says_date(name):
        looks |= grammar.matches(cells.texts, _COUNTED)
    none = Found(DateReading(), np.zeros(len(looks), bool))
    if 2 * cells.count(looks) < cells.counts.sum() or not looks.any():
        return none
    some = cells.only(looks)
    forms = [one for one in DATE_FORMS if one == form] or [
        one for one in _forms_there(some) if _may_be(one, some, name, is_asked=is_asked)
    ]
    values: dict[DateForm, FloatArray] = {one: read_dates(some.texts, one) for one in forms}
    n_read = {one: some.count(~np.isnan(found)) for one, found in values.items()}
    most = max(n_read.values(), default=0)
    if not most:
        return none
    best = [one for one in forms if n_read[one] == most]
    chosen, notes = _chosen(best, values, some)
    if chosen == "year-month" and not is_asked and are_seasons(some):
        return none
    if chosen in _OF_DIGITS and not is_asked and grammar.matches(some.texts, _COUNTED).all():
        words = f"whole numbers read as dates ({chosen}), for the name of the column says so"
        notes = (Note(words, is_guess=True, form="numbers"),)
    looks[looks] = ~np.isnan(values[chosen])
    return Found(DateReading(chosen), looks, notes)


_COUNTED = r"^[0-9]+(?:\.[0-9]+)?$"  # seconds since 1970


def _forms_there(cells: Distinct) -> list[DateForm]:
    """The forms that read anything of what is written; of orders that read the same the one it speaks for."""
    shapes = {shape for shape in SHAPES if grammar.matches(cells.texts, shape_pattern(shape)).any()}
    found = [one for one in DATE_FORMS if one.startswith("epoch") or shapes & {*READ_BY[one]}]
    if (
        "year last" not in shapes and found and found[0] in OWN_SHAPES
    ):  # then each of the three reads all the same
        own = {
            one: sum(_counts(shape, cells) for shape in OWN_SHAPES[one]) for one in found if one in OWN_SHAPES
        }
        best = max(own, key=lambda one: own[one])
        found = [one for one in found if one not in own or one == best]
    return found


def _may_be(form: DateForm, cells: Distinct, name: str, *, is_asked: bool) -> bool:
    """Whether a form that nobody asked for comes into question."""
    if form not in _OF_DIGITS:
        return True
    if form == "compact" and grammar.matches(cells.texts, "T").all():  # 20240229T1230
        return True
    if not (is_asked or says_date(name)) or (form == "year" and not is_asked):
        return False
    return _is_in_range(read_dates(cells.texts, form), form)


def _is_in_range(seconds: FloatArray, form: DateForm) -> bool:
    """Whether whole numbers, read by a form, are all dates of times that people write of."""
    if np.isnan(seconds).any():
        return False
    low, high = EPOCHS
    if not form.startswith("epoch"):
        low, high = ((year - 1970) * 31_556_952 for year in YEARS)
    return bool((seconds >= low).all() and (seconds < high).all())


def _chosen(
    best: Sequence[DateForm], values: Mapping[DateForm, FloatArray], cells: Distinct
) -> tuple[DateForm, tuple[Note, ...]]:
    """The form of those that read equally many cells, and what is to be said."""
    own = {one: sum(_counts(shape, cells) for shape in OWN_SHAPES[one]) for one in best if one in OWN_SHAPES}
    chosen = max(best, key=lambda one: own.get(one, 0))  # of equal ones the first
    others = [one for one in best if not np.array_equal(values[one], values[chosen], equal_nan=True)]
    if others:
        return _of_doubt(chosen, others, cells)
    has_short_years = _counts("year last", cells) and grammar.matches(cells.texts, _SHORT_YEAR).any()
    pivot = "; years of two digits are 1969 to 2068" if has_short_years else ""
    is_plain = chosen == "year-month-day"
    if chosen == "time":
        return chosen, (Note("times of day", form="numbers:clock"),)
    notes = () if is_plain and not pivot else (Note(f"dates, read as {chosen}{pivot}"),)
    return chosen, notes + _of_zones(cells)


_SHORT_YEAR = r"^[0-9]{1,2}[-/.] ?[0-9]{1,2}[-/.] ?[0-9]{2}\b"


def _of_doubt(
    chosen: DateForm, others: Sequence[DateForm], cells: Distinct
) -> tuple[DateForm, tuple[Note, ...]]:
    """Which form is taken where several read all cells: the part that never changes is rather the day."""
    parts = pc.extract_regex(cells.texts, shape_pattern("year last"))
    first, second = (parts.field(place).drop_null().unique() for place in (0, 2))
    if chosen == "day-month-year" and "month-day-year" in others and len(second) == 1 < len(first):
        chosen, others = "month-day-year", [*(one for one in others if one != "month-day-year"), chosen]
    marks = parts.field(1).drop_null().unique().to_pylist()
    if marks == ["."] and chosen == "day-month-year":  # nobody writes the month first with points
        return chosen, (Note(f"dates, read as {chosen}"),)
    words = f"dates, read as {chosen}, for no cell tells that they are not {others[0]}"
    return chosen, (Note(words, is_guess=True, is_warning=True, form=f"dates:{others[0]}"), *_of_zones(cells))


def _of_zones(cells: Distinct) -> tuple[Note, ...]:
    """What is said where times of several zones stand in one column."""
    zones = pc.extract_regex(
        cells.texts, r":[0-9]{2}(?:[.,][0-9]+)? ?(?P<zone>Z|(?:UTC|GMT)?[+-][0-9]{2}:?[0-9]{2}|UTC|GMT)\b"
    )
    found = sorted(zones.field(0).filter(zones.is_valid()).unique().to_pylist())
    if len(found) <= 1:
        return ()
    return (
        Note(
            f"times of the zones {listed(found)} are read by the clock, without their zone", is_warning=True
        ),
    )


def _counts(shape: str, cells: Distinct) -> int:
    return cells.count(grammar.matches(cells.texts, shape_pattern(shape)))


def are_seasons(cells: Distinct) -> bool:
    """Whether what looks like months counts years in twos: 2008-09, 2009-10.

    Examples
    --------
    >>> import pyarrow as pa
    >>> are_seasons(grammar.distinct(pa.array(["2008-09", "2009-10"], pa.large_string())))
    True
    """
    pairs = [text.split("-") for text in cells.texts.to_pylist()]
    return len(pairs) > 1 and all(
        len(pair) == 2 and pair[0].isdecimal() and f"{int(pair[0]) + 1:04}"[2:] == pair[1]  # noqa: PLR2004 (parts)
        for pair in pairs
    )


_RANGES = {
    "year": (1000, 2999), "month": (0, 12), "day": (1, 31), "hour": (0, 24), "minute": (0, 59),
    "weekday": (0, 7), "week": (0, 53), "day of year": (0, 366),
}  # fmt: skip
_CYCLES = {"month": 12, "hour": 24, "weekday": 7}  # counted from 0 or from 1


def date_part(name: str, column: Column) -> str:
    """Which part of a date the whole numbers of a column are, where its name and their range both say so.

    Parameters
    ----------
    name : str
        The column's name.
    column : Column

    Returns
    -------
    str
        "year", "month", "day", "hour", "minute", "weekday", "week", "day of year", or "" for none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import Column
    >>> [date_part("month", Column("month", pa.array(cells))) for cells in ([1, 12], [1, 13])]
    ['month', '']
    """
    part = part_named(name)
    if not part:
        return ""
    numbers = column.whole_numbers()
    if numbers is None or not len(numbers):
        return ""
    low, high = _RANGES[part]
    cycle = _CYCLES.get(part, high - low + 1)
    first, last = numbers.min(), numbers.max()
    return part if low <= first and last <= high and last - first < cycle else ""
