"""Durations in text, in seconds: of a clock, of ISO 8601, in days as pandas writes them, in units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.stored import Stored
from chainrule.tables.columns import grammar
from chainrule.tables.columns.grammar import Found, Note, Words

if TYPE_CHECKING:
    from chainrule.tables.columns.grammar import Distinct, FloatArray

__all__ = ["DURATION_FORMS", "DurationReading", "read_durations", "settle_durations"]

DurationForm = Literal["clock", "minutes-seconds", "days", "iso-duration", "units"]
DURATION_FORMS: tuple[DurationForm, ...] = ("clock", "minutes-seconds", "days", "iso-duration", "units")


class DurationReading(Stored, frozen=True, tag_field="cells", tag="duration"):
    """The cells are durations, and their values seconds.

    Attributes
    ----------
    form : {"clock", "minutes-seconds", "days", "iso-duration", "units"}
        ``1:23`` is 1 h 23 min by a clock, or 1 min 23 s; ``3 days 04:00:00``, ``P1DT2H``, ``2 h 30 min``.
        Typed durations are read as what they are.
    words : tuple of str
        Texts that are read as missing, beyond the tokens that always are.

    Examples
    --------
    >>> DurationReading("iso-duration").form
    'iso-duration'
    """

    form: DurationForm = "clock"
    words: Words = ()


DAY, YEAR = 86_400, 365.2425  # seconds, and days of a year on average

_SIGN = r"(?P<sign>[+\-\x{2212}]?)"
_FULL = r"(?P<hours>[0-9]{1,9}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9])(?:[.,](?P<fraction>[0-9]+))?"
_NUMBER = r"[0-9]{1,9}(?:[.,][0-9]+)?"


def _unit(name: str, written: str) -> str:
    return rf"(?:(?P<{name}>{_NUMBER}) ?(?i:{written})\.?)?"


_UNITS = "[, ]*".join([
    _unit("years", "years?|yrs?|y|jahre?|ans?"),
    _unit("months", "months?|mon|mos?|monate?|mois"),
    _unit("weeks", "weeks?|wks?|w|wochen?"),
    _unit("days", "days?|d|tage?|jours?"),
    _unit("hours", "hours?|hrs?|h|std|stunden?"),
    _unit("minutes", r"minutes?|mins?|m|minuten"),
    _unit("seconds", "seconds?|secs?|s|sekunden?"),
])  # fmt: skip
_ISO = (
    rf"{_SIGN}P(?:(?P<years>{_NUMBER})Y)?(?:(?P<months>{_NUMBER})M)?(?:(?P<weeks>{_NUMBER})W)?"
    rf"(?:(?P<days>{_NUMBER})D)?(?:T(?:(?P<hours>{_NUMBER})H)?(?:(?P<minutes>{_NUMBER})M)?"
    rf"(?:(?P<seconds>{_NUMBER})S)?)?"
)
_PATTERNS: dict[str, tuple[str, ...]] = {
    "clock": (rf"{_SIGN}{_FULL}", rf"{_SIGN}(?P<hours>[0-9]{{1,9}}):(?P<minutes>[0-5][0-9])"),
    "minutes-seconds": (
        rf"{_SIGN}{_FULL}",
        rf"{_SIGN}(?P<minutes>[0-9]{{1,9}}):(?P<seconds>[0-5][0-9])(?:[.,](?P<fraction>[0-9]+))?",
    ),
    "days": (rf"(?P<whole_days>[+-]?[0-9]{{1,9}}) days?(?:,? (?P<sign>[+-]?){_FULL})?", rf"{_SIGN}{_FULL}"),
    "iso-duration": (_ISO,),
    "units": (_UNITS, r"(?P<hours>[0-9]{1,9}) ?h ?(?P<minutes>[0-5][0-9])"),
}
_ANY = re.sub(
    r"\?P<\w+>", "?:", f"^(?:{'|'.join(one for patterns in _PATTERNS.values() for one in patterns)})$"
)
_LENGTHS = {
    "years": YEAR * DAY, "months": YEAR / 12 * DAY, "weeks": 7 * DAY, "days": DAY, "hours": 3600,
    "minutes": 60, "seconds": 1,
}  # fmt: skip
_CALLED: dict[str, str] = {
    "clock": "hours:minutes:seconds", "minutes-seconds": "minutes:seconds", "days": "days and a clock",
    "iso-duration": "ISO 8601 writes them", "units": "numbers with units of time",
}  # fmt: skip
_NEEDS_DIGIT = ("iso-duration", "units")  # of which all parts may be left out, but not all at once


def read_durations(cells: pa.Array, form: str) -> FloatArray:
    """Seconds that each trimmed string stands for, NaN for nulls and what is no duration of this form.

    Parameters
    ----------
    cells : pyarrow.Array of large strings, length n
    form : str
        One of `DURATION_FORMS`. A year is 365.2425 days, a month the twelfth of it.

    Returns
    -------
    array of shape (n,)

    Examples
    --------
    >>> read_durations(pa.array(["1:23", "26:10:00", "x"], pa.large_string()), "clock").tolist()
    [4980.0, 94200.0, nan]
    """
    values = np.full(len(cells), np.nan)
    for pattern in _PATTERNS[form]:
        found = pc.extract_regex(cells, f"^{pattern}$")
        fits = found.is_valid().to_numpy(zero_copy_only=False)
        if form in _NEEDS_DIGIT:
            fits &= grammar.matches(cells, "[0-9]") & ~grammar.matches(cells, "T$")
        fits &= np.isnan(values)
        if fits.any():
            matched = found.filter(pa.array(fits))
            names = [matched.type.field(place).name for place in range(matched.type.num_fields)]
            values[fits] = _seconds(dict(zip(names, matched.flatten(), strict=True)))
    return values


def settle_durations(cells: Distinct, form: str = "", *, in_units: bool = True) -> Found:
    """Find the form by which most of the cells of a column are durations.

    Parameters
    ----------
    cells : Distinct
    form : str
        One of `DURATION_FORMS`, or nothing.
    in_units : bool
        Whether ``45 min`` comes into question where no form is given.

    Examples
    --------
    >>> found = settle_durations(grammar.distinct(pa.array(["26:10:00", "1:00:00"])))
    >>> found.reading.form, found.is_read.tolist()
    ('clock', [True, True])
    """
    looks = grammar.matches(cells.texts, _ANY)
    if 2 * cells.count(looks) < cells.counts.sum() and not form:
        return Found(DurationReading(), np.zeros(len(looks), bool))
    forms = [one for one in DURATION_FORMS if form == one or (not form and (in_units or one != "units"))]
    values = {one: read_durations(cells.texts, one) for one in forms}
    n_read = {one: cells.count(~np.isnan(found)) for one, found in values.items()}
    chosen = max(n_read, key=lambda one: n_read[one])  # of equal ones the first
    notes = [Note(f"durations in seconds, read as {_CALLED[chosen]}")]
    if chosen == "clock" and not form and n_read["clock"] == n_read["minutes-seconds"]:
        chosen, notes = _of_clock(cells, values["clock"])
    return Found(DurationReading(chosen), ~np.isnan(values[chosen]), tuple(notes))


def _of_clock(cells: Distinct, seconds: FloatArray) -> tuple[DurationForm, list[Note]]:
    """Whether two numbers are hours and minutes, or minutes and seconds: so beside three, or beyond a day."""
    is_short = grammar.matches(cells.texts, "^[^:]*:[^:]*$") & ~np.isnan(seconds)
    if not is_short.any():
        return "clock", [Note(f"durations in seconds, read as {_CALLED['clock']}")]
    has_long = (~is_short & ~np.isnan(seconds)).any()
    is_short_of_minutes = has_long or bool((np.abs(seconds[is_short]) >= DAY).any())
    chosen: DurationForm = "minutes-seconds" if is_short_of_minutes else "clock"
    other: DurationForm = "clock" if is_short_of_minutes else "minutes-seconds"
    read = "minutes:seconds" if is_short_of_minutes else "hours:minutes"
    words = f"durations in seconds, two numbers read as {read}"
    return chosen, [Note(words, is_guess=True, is_warning=True, form=f"numbers:{other}")]


def _seconds(fields: dict[str, pa.Array]) -> FloatArray:
    """Seconds of all parts together; the sign is for all but days that have their own."""
    total = np.zeros(len(next(iter(fields.values()))))
    for name, length in _LENGTHS.items():
        if name in fields:
            total += _number(fields[name]) * length
    if "fraction" in fields:
        total += grammar.fraction(fields["fraction"])
    if "sign" in fields:
        total = np.where(grammar.where_text(fields["sign"], {"-", "\u2212"}.__contains__), -total, total)
    return total + _number(fields["whole_days"]) * DAY if "whole_days" in fields else total


def _number(texts: pa.Array) -> FloatArray:
    filled = pc.replace_substring(pc.if_else(pc.equal(texts, ""), "0", texts), ",", ".")
    numbers: FloatArray = pc.cast(filled, pa.float64()).to_numpy(zero_copy_only=False)
    return numbers
