"""Dates as they are written, and the calendar that says which of them there are."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.tables.columns import grammar

if TYPE_CHECKING:
    from chainrule.tables.columns.grammar import BoolArray, FloatArray, IntArray

    Fields = dict[str, pa.Array]

__all__ = ["ANY_DATE", "OWN_SHAPES", "READ_BY", "SHAPES", "plain_letters", "read_dates", "shape_pattern"]

TWO_DIGITS = 2
PIVOT = 69  # the two digits 69 to 99 are years of 1900, and 00 to 68 of 2000

# Letters of Latin alphabets: the class of all letters takes a hundred times as long to be compiled.
_LETTER = r"[A-Za-z\x{c0}-\x{24f}]"
_WEEKDAY = (
    r"(?:(?i:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|mi[eé]|jue|vie|s[aá]b|dom)"
    rf"{_LETTER}*\.?,? +)?"
)
_ZONE = r"(?: ?(?P<zone>Z|(?:UTC|GMT)?[+-][0-9]{2}(?::?[0-9]{2})?|UTC|GMT)(?: \([^()]*\))?)?"
_CLOCK = (
    r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    r"(?: ?(?P<half>[aApP])\.?[mM]\.?)?"
)
_TIME = rf"(?:(?:[T:]| at |,? +){_CLOCK}{_ZONE}|[T ](?P<only>[0-9]{{2}})(?:Z)?)?"
_NAME = rf"(?P<name>{_LETTER}{{3,12}})\.?"
_DAY = r"(?P<day>[0-9]{1,2})"
_YEAR, _ANY_YEAR = "(?P<year>[0-9]{4})", "(?P<year>[0-9]{4}|[0-9]{2})"
_ORDINAL = "(?:st|nd|rd|th|er|[.º])?"

# Each way to write a date, anchored later. Marks that come twice must be the same.
SHAPES = {
    "year first": rf"{_YEAR}(?P<mark>[-/.])(?P<month>[0-9]{{1,2}})(?P<again>[-/.]){_DAY}{_TIME}",
    "year last": (
        r"(?P<first>[0-9]{1,2})(?P<mark>[-/.]) ?(?P<second_part>[0-9]{1,2})(?P<again>[-/.]) ?"
        rf"(?P<last>[0-9]{{4}}|[0-9]{{2}}){_TIME}"
    ),
    "day name": rf"{_WEEKDAY}{_DAY}{_ORDINAL}(?: de)?[-/ ]*{_NAME}(?: de)?,?[-/ ]*{_ANY_YEAR}{_TIME}",
    "name day": rf"{_WEEKDAY}{_NAME}[-/ ]*{_DAY}{_ORDINAL}(?:,? +|[-/]){_YEAR}{_TIME}",
    "year name": rf"{_YEAR}[-/ ]?{_NAME}[-/ ]?{_DAY}{_TIME}",
    "name clock year": rf"{_WEEKDAY}{_NAME} +{_DAY} {_CLOCK} (?:[A-Z]{{3,4}} )?{_YEAR}",
    "year in words": (
        r"(?P<year>[0-9]{4})[\x{5e74}\x{b144}] ?(?P<month>[0-9]{1,2})[\x{6708}\x{c6d4}] ?"
        rf"{_DAY}[\x{{65e5}}\x{{c77c}}]{_TIME}"
    ),
    "year month": r"(?P<year>[0-9]{4})(?:[-/]|M)(?P<month>[0-9]{1,2})",
    "month year": r"(?P<month>[0-9]{1,2})[-/](?P<year>[0-9]{4})",
    "name year": rf"{_NAME}(?:(?: de|,)? *[-/ ]?(?P<year>[0-9]{{4}})|(?:-| ?')(?P<short>[0-9]{{2}}))",
    "year, name": rf"{_YEAR}[-/ ]?{_NAME}",
    "year quarter": r"(?P<year>[0-9]{4})[-/ ]?[qQ](?P<quarter>[1-4])",
    "quarter year": r"[qQ](?P<quarter>[1-4])[-/ ]?(?P<year>[0-9]{4})",
    "year week": r"(?P<year>[0-9]{4})[- ]?[wW](?P<week>[0-9]{1,2})(?:-(?P<weekday>[1-7]))?",
    "compact": (
        r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?:(?P<day>[0-9]{2})"
        r"(?:[T _]?(?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})(?::?(?P<second>[0-9]{2}))?)?)?Z?"
    ),
    "clock": _CLOCK + _ZONE,
    "hour": r"(?P<hour>[0-9]{1,2}) ?(?P<half>[aApP])\.?[mM]\.?",
    "year": _YEAR,
}  # fmt: skip
_PLAIN = ("name clock year", "year in words")  # which no order of day and month is asked of
READ_BY = {  # shapes that a form reads; those that speak for it come first
    "year-month-day": ("year first", "year name", "year last", "day name", "name day", *_PLAIN),
    "day-month-year": ("year last", "day name", "year first", "name day", "year name", *_PLAIN),
    "month-day-year": ("year last", "name day", "year first", "day name", "year name", *_PLAIN),
    "year-month": ("year month", "month year", "name year", "year, name"),
    "year-quarter": ("year quarter", "quarter year"),
    "year-week": ("year week",),
    "compact": ("compact",),
    "time": ("clock", "hour"),
    "year": ("year",),
}  # fmt: skip
ANY_DATE = re.sub(r"\?P<\w+>", "?:", f"^(?:{'|'.join(SHAPES[one] for one in SHAPES if one != 'year')})$")

# The shapes that speak for one of the orders of day, month and year.
OWN_SHAPES = {
    "year-month-day": ("year first", "year name", "year in words"),
    "day-month-year": ("year last", "day name"),
    "month-day-year": ("year last", "name day", "name clock year"),
}

_MONTHS = (
    "january jan januar janner janvier janv enero ene gennaio",
    "february feb februar fevrier fevr fev febrero febbraio",
    "march mar marz mrz mars marzo",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio",
    "june jun juni juin junio giugno",
    "july jul juli juillet juil julio luglio",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre settembre",
    "october oct oktober okt octobre octubre ottobre",
    "november nov novembre noviembre",
    "december dec dezember dez decembre diciembre dic dicembre",
)  # fmt: skip
_MONTH_OF = {name: month for month, names in enumerate(_MONTHS, start=1) for name in names.split()}


def read_dates(cells: pa.Array, form: str) -> FloatArray:
    """Seconds from 1970-01-01T00:00 to each trimmed string, NaN for nulls and what is no date of this form.

    Parameters
    ----------
    cells : pyarrow.Array of large strings, length n
    form : str
        One of `DATE_FORMS`; times of day are seconds since midnight.

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> cells = pa.array(["1.2.1970", "31.4.1970", "1 Feb 1970 00:01"], pa.large_string())
    >>> read_dates(cells, "day-month-year").tolist()
    [2678400.0, nan, 2678460.0]
    """
    if form.startswith("epoch"):
        fits = grammar.matches(cells, r"^-?[0-9]+(?:\.[0-9]*)?$")
        seconds: FloatArray = pc.cast(pc.if_else(pa.array(fits), cells, None), pa.float64()).to_numpy(
            zero_copy_only=False
        )
        return seconds / 1000 if form == "epoch-milliseconds" else seconds
    values = np.full(len(cells), np.nan)
    left = np.flatnonzero(cells.is_valid().to_numpy(zero_copy_only=False))
    for shape in READ_BY[form]:
        if not len(left):
            break
        found = pc.extract_regex(cells.take(pa.array(left)), f"^{SHAPES[shape]}$")
        matched = np.flatnonzero(found.is_valid().to_numpy(zero_copy_only=False))
        if len(matched):
            names = [found.type.field(place).name for place in range(found.type.num_fields)]
            columns = found.take(pa.array(matched)).flatten()
            values[left[matched]] = _seconds(dict(zip(names, columns, strict=True)), form, len(matched))
            left = left[np.isnan(values[left])]
    return values


def _seconds(fields: Fields, form: str, n: int) -> FloatArray:
    """Seconds that the parts of dates stand for, NaN where they are none of the calendar."""
    time, is_time = _time(fields, n)
    if form == "time":
        return np.where(is_time, time, np.nan)
    if form == "year-week":
        days, is_date = _weeks(fields, n)
    else:
        days, is_date = _days(*_year_month_day(fields, form, n))
    if "mark" in fields:
        is_date &= pc.equal(fields["mark"], fields["again"]).to_numpy(zero_copy_only=False)
    return np.where(is_date & is_time, days * 86_400.0 + time, np.nan)


def _year_month_day(fields: Fields, form: str, n: int) -> tuple[IntArray, IntArray, IntArray]:
    if "first" in fields:
        order = {
            "day-month-year": ("last", "second_part", "first"),
            "month-day-year": ("last", "first", "second_part"),
        }.get(form, ("first", "second_part", "last"))
        year, month, day = (_whole(fields[name], 0) for name in order)
        year = _full_year(fields[order[0]], year)
        if form == "year-month-day":  # a year of two digits stands first only where none of four stands last
            year[(_length(fields["last"]) != TWO_DIGITS) | (_length(fields["first"]) != TWO_DIGITS)] = 0
        return year, month, day
    short = fields.get("short")
    text = fields["year"] if short is None else pc.if_else(pc.equal(short, ""), fields["year"], short)
    year = _full_year(text, _whole(text, 0))
    if "quarter" in fields:
        month = _whole(fields["quarter"], 0) * 3 - 2
    elif "name" in fields:
        month = _months(fields["name"])
    else:
        month = _whole(fields["month"], 0) if "month" in fields else np.ones(n, np.int64)
    day = _whole(fields["day"], 1) if "day" in fields else np.ones(n, np.int64)
    return year, month, day


def _full_year(text: pa.Array, year: IntArray) -> IntArray:
    """Years, of which those of two digits become one of 1969 to 2068."""
    century = np.where(year >= PIVOT, 1900, 2000)
    return np.where(_length(text) == TWO_DIGITS, century + year, year)


def _months(names: pa.Array) -> IntArray:
    """Number of each month that is named, 0 for what is no month."""
    coded = pc.dictionary_encode(names)
    numbers = [_MONTH_OF.get(plain_letters(one), 0) for one in coded.dictionary.to_pylist()]
    months: IntArray = np.array([*numbers, 0], np.int64)[coded.indices.to_numpy(zero_copy_only=False)]
    return months


def _days(year: IntArray, month: IntArray, day: IntArray) -> tuple[IntArray, BoolArray]:
    """Days from 1970-01-01 to dates, and which of them the calendar has."""
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    is_month = (month >= 1) & (month <= 12)  # noqa: PLR2004 (months)
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    length = lengths[np.where(is_month, month, 0)] + (is_leap & (month == 2))  # noqa: PLR2004 (February)
    is_date = (year >= 1) & (day >= 1) & (day <= length)
    # Years begin with March here, so that the leap day is the last of one.
    years, months = np.where(month > 2, year, year - 1), (month + 9) % 12  # noqa: PLR2004 (February)
    days = years * 365 + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 1
    return days - 719_468, is_date


def _weeks(fields: Fields, n: int) -> tuple[IntArray, BoolArray]:
    """Days from 1970-01-01 to the Monday of weeks of ISO 8601, or to the day that is given."""
    year, week = _whole(fields["year"], 0), _whole(fields["week"], 0)
    one = np.ones(n, np.int64)
    fourth, is_year = _days(year, one, 4 * one)  # of January, which is always in the first week
    monday = fourth - (fourth + 3) % 7 + 7 * (week - 1)
    last, _ = _days(year, 12 * one, 31 * one)
    return monday + _whole(fields["weekday"], 1) - 1, is_year & (week >= 1) & (monday + 3 <= last)


def _time(fields: Fields, n: int) -> tuple[FloatArray, BoolArray]:
    """Seconds since midnight, and which of them are times of day; 24:00 ends a day."""
    if "hour" not in fields:
        return np.zeros(n), np.ones(n, bool)
    hour, minute, second = (
        _whole(fields[name], 0) if name in fields else np.zeros(n, np.int64)
        for name in ("hour", "minute", "second")
    )
    if "only" in fields:
        hour = np.maximum(hour, _whole(fields["only"], 0))
    is_time = (hour <= 23) & (minute <= 59) & (second <= 59) | ((hour == 24) & (minute == 0) & (second == 0))  # noqa: PLR2004 (of a clock)
    if "half" in fields:
        halved = pc.not_equal(fields["half"], "").to_numpy(zero_copy_only=False)
        after_noon = pc.equal(pc.utf8_lower(fields["half"]), "p").to_numpy(zero_copy_only=False)
        is_time &= ~halved | ((hour >= 1) & (hour <= 12))  # noqa: PLR2004 (of a clock)
        hour = np.where(halved, hour % 12 + 12 * after_noon, hour)
    seconds = (hour * 3600 + minute * 60 + second).astype(np.float64)
    if "fraction" in fields:
        seconds += grammar.fraction(fields["fraction"])
    return seconds, is_time


def _whole(texts: pa.Array, absent: int) -> IntArray:
    """Whole numbers of strings of digits, and another where there are none."""
    filled = pc.if_else(pc.equal(texts, ""), str(absent), texts)
    numbers: IntArray = pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False)
    return numbers


def _length(texts: pa.Array) -> IntArray:
    lengths: IntArray = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    return lengths


@cache
def plain_letters(text: str) -> str:
    """The text in small letters without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text).casefold() if one.isalpha())


def shape_pattern(shape: str) -> str:
    """The regular expression of dates that are written in one way, such as "year last"."""
    return f"^{SHAPES[shape]}$"
