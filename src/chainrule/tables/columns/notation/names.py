"""What the name of a column says of its cells: that they are dates, durations, or one part of a date."""

from __future__ import annotations

import re

from chainrule.tables.columns.notation.dates import plain_letters

__all__ = ["part_named", "says_date", "says_duration"]

# A word of a name: ASCII or not, parted by all that is no letter, and by the first capital after a small one.
_WORDS = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])|[A-Z]", re.UNICODE)

_PARTS = {
    "year": "year yr yyyy jahr annee ano anno",
    "month": "month mnth mo monat mois mes",
    "day": "day dom tag jour dia dayofmonth",
    "hour": "hour hr hh stunde heure hora hourofday",
    "minute": "minute minuto",
    "weekday": "weekday dow wday dayofweek wochentag joursemaine jourdelasemaine diasemana diadelasemana",
    "week": "week weekofyear isoweek kw woche semaine semana weekno weeknumber weeknum",
    "day of year": "dayofyear doy yday",
}
_PART_OF = {word: part for part, words in _PARTS.items() for word in words.split()}


def _set_of(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# Words beside which a part of a date is counted: days since a purchase, hours per week.
_COUNTS = _set_of(
    "per since until till after before to number num n count no nr total sum mean avg average min max",
    "duration length age last first in years months days hours minutes weeks worked rate charge cost",
    "price income",
)
_DATES = _set_of(
    "date dates datum datetime day tag time zeit timestamp ts epoch unix period month monat year jahr",
    "fecha jour dia mois mes hora heure created updated modified birthday dob when yyyymm yyyymmdd",
    "ymd",
)
_DATE_ENDS = ("date", "datum", "timestamp", "datetime")
_DURATIONS = _set_of(
    "duration durations dauer elapsed lap laps pace split runtime length interval duree duracion took",
    "finish laptime chrono netto brutto",
)


def _words_of(name: str) -> list[str]:
    """The words of a name, in small letters and without accents.

    Examples
    --------
    >>> _words_of("Pickup_hour"), _words_of("YrSold"), _words_of("MO Año")
    (['pickup', 'hour'], ['yr', 'sold'], ['mo', 'ano'])
    """
    return [plain_letters(word) for word in _WORDS.findall(name)]


def part_named(name: str) -> str:
    """The part of a date that a column is called by, in English, German, French or Spanish; nothing else.

    Examples
    --------
    >>> part_named("hour"), part_named("YrSold"), part_named("Wochentag"), part_named("day_of_week")
    ('hour', 'year', 'weekday', 'weekday')
    >>> part_named("hours_per_week"), part_named("days"), part_named("month_count")
    ('', '', '')
    """
    words = _words_of(name)
    whole = "".join(words)
    if whole in _PART_OF:
        return _PART_OF[whole]
    if _COUNTS & set(words):
        return ""
    for first in range(len(words)):  # the longest that is named: day of week before day
        for last in range(len(words), first, -1):
            part = _PART_OF.get("".join(words[first:last]))
            if part:
                return part
    return ""


def says_date(name: str) -> bool:
    """Whether the name of a column says that whole numbers in it may be dates or times.

    Examples
    --------
    >>> says_date("saleDate"), says_date("created_at"), says_date("weight")
    (True, True, False)
    """
    words = _words_of(name)
    return bool(_DATES & set(words)) or any(word.endswith(_DATE_ENDS) for word in words)


def says_duration(name: str) -> bool:
    """Whether the name of a column says that clock times in it are durations.

    Examples
    --------
    >>> says_duration("lap_time"), says_duration("time")
    (True, False)
    """
    return bool(_DURATIONS & set(_words_of(name)))
