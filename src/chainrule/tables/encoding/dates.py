"""Inputs of dates and times: the position in time, and where in the year, the week and the day it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple, TypeAlias

import numpy as np

from chainrule.elementary import sine_and_cosine_of_turns
from chainrule.errors import InputError
from chainrule.stored import Finite, Meta, Name, NotNegative, Stored
from chainrule.tables.columns.decisions import Said
from chainrule.tables.columns.readings import DateReading, NumberReading, read_cells
from chainrule.tables.encoding.numbers import (
    missing_name,
    place,
    place_steps,
    place_words,
    reach_of,
    say_unread,
)
from chainrule.tables.encoding.statistics import Spread, measure
from chainrule.tables.encoding.worked import Quantity, Step, Worked, WorkedCell, missing_mark, raw_cell

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.readings import Cells

    FloatArray = npt.NDArray[np.float64]

__all__ = ["CYCLES", "Cycle", "CycleInput", "DateInput", "spread_in_words", "time_in_words", "turns"]

Cycle: TypeAlias = Literal["year", "week", "day"]
DatePart: TypeAlias = Literal["month", "weekday", "hour", "minute"]

MICROSECONDS = 1_000_000  # of a second
DAY = 86_400.0
WEEK = 7 * DAY
YEAR = 365 * DAY
FIRST_MONDAY = 4 * DAY  # 1970-01-05
SHARE_OF_CYCLE = 0.75
# The years that the calendar is asked for: beyond, the position in the year is that at the end of them.
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0  # 0001-01-01 to 9999-12-31T23:59:59


class DateInput(Stored, frozen=True, tag_field="kind", tag="date", omit_defaults=True):
    """An input of dates: (t - mean) / scale, sine and cosine of its place in cycles, a mark of missing ones.

    Times are seconds since 1970-01-01T00:00 of the clock on the wall. A cell without a date takes the place
    of the mean, 0, and is 0 in sine and cosine, which is the middle of the circle.

    Attributes
    ----------
    name : str
        The column's name.
    reading : DateReading
        How a cell is read.
    mean, scale : float
        Of the training rows that have a date, in seconds. ``scale`` is 0 where these are all the same.
    parts : tuple of {"year", "week", "day"}
        The cycles, in this order.
    has_missing : bool
        Whether a last column of X is 1 where the cell has no date, and 0 elsewhere.
    reach : float
        As of `NumberInput`.

    Examples
    --------
    >>> DateInput("day", DateReading("year-month-day"), 1e9, 1e7, parts=("week",)).names
    ('day', 'day (sine of the week)', 'day (cosine of the week)')
    """

    name: Name
    reading: DateReading
    mean: Finite
    scale: NotNegative
    parts: Annotated[tuple[Cycle, ...], Meta(max_length=3)] = ()
    has_missing: bool = False
    reach: NotNegative = 0.0

    def __post_init__(self) -> None:
        if list(self.parts) != [cycle for cycle in CYCLES if cycle in self.parts]:
            raise InputError(
                f"The cycles are {', '.join(self.parts)},",
                given=self.parts,
                needs="each may be there once, in the order year, week, day",
                advice="Sort them.",
            )

    @classmethod
    def learn(cls, name: str, reading: DateReading, cells: Cells) -> DateInput:
        """Learn an input from the cells of the training rows.

        A cycle is taken where the training rows stand at more than one place of it, and the time from the
        first to the last is at least three quarters of it: of a shorter time it says nothing that the
        position does not. Of months, each at its first day, the day of the week says nothing.

        Parameters
        ----------
        name : str
        reading : DateReading
            With which the cells were read.
        cells : Cells
            Of the training rows alone.

        Returns
        -------
        DateInput
            The same for every order of the rows, and of a stream of them (see `statistics`; whether places
            differ takes the first one's place and one pass). Without a single date its mean and scale are 0.
        """
        present = cells.values[~np.isnan(cells.values)]
        has_missing = len(present) < len(cells.values)
        if not len(present):
            return cls(name, reading, 0.0, 0.0, has_missing=has_missing)
        spread = measure(present)
        span = float(present.max()) - float(present.min())
        parts: tuple[Cycle, ...] = tuple(
            cycle
            for cycle, (length, place_in) in CYCLES.items()
            if span >= SHARE_OF_CYCLE * length and np.ptp(place_in(present)) > 0
        )
        if _are_months(present):
            parts = tuple(cycle for cycle in parts if cycle == "year")
        return cls(name, reading, spread.mean, spread.scale, parts, has_missing, reach_of(present, spread))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        waves = [
            f"{self.name} ({wave} of the {cycle})" for cycle in self.parts for wave in ("sine", "cosine")
        ]
        return (self.name, *waves, *((missing_name(self.name),) if self.has_missing else ()))

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of X, shape (n_rows, 1 to 8), and tell `said` of cells that are odd."""
        cells = read_cells(column, self.reading)
        say_unread(column, cells, said, "dates", has_missing=self.has_missing)
        columns = [place(column, cells.values, Spread(self.mean, self.scale), self.reach, said)]
        is_absent = np.isnan(cells.values)
        for cycle in self.parts:
            columns += [
                np.where(is_absent, 0.0, wave)
                for wave in sine_and_cosine_of_turns(turns(cells.values, cycle))
            ]
        if self.has_missing:
            columns.append(is_absent.astype(np.float64))
        return np.column_stack(columns)

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of X are computed: the formulas, and of a column of one row with their numbers."""
        cells = None if column is None else read_cells(column, self.reading)
        value = None if cells is None else float(cells.values[0])
        is_absent = value is not None and bool(np.isnan(value))
        x = [None] * len(self.names) if column is None else self.encode(column, Said())[0].tolist()
        spread, read = Spread(self.mean, self.scale), None
        numbers: dict[str, str | Quantity] = spread_in_words(spread, self.reading)
        if value is not None and not is_absent:
            read = time_in_words(value, self.reading, exact=self.scale < DAY)
            numbers["cell"] = read
        steps = place_steps(value, spread, self.reach, x[0], numbers)
        remark = "" if self.scale == 0 else "drawn in beyond ±{reach}"
        columns = [Worked(self.name, steps, remark)]
        for k, name in enumerate(self.names[1 : 1 + 2 * len(self.parts)]):
            steps = (Step("", "", {}, x[k + 1]),)
            if not is_absent:
                turn = _turn_step(value, self.parts[k // 2], self.reading)
                wave = "cos(2π·{t})" if k % 2 else "sin(2π·{t})"
                t = {} if turn.value is None else {"t": turn.value}
                steps = (turn, Step("", wave, t, x[k + 1]))
            columns.append(Worked(name, steps))
        if self.has_missing:
            columns.append(missing_mark(self.names[-1], x[-1]))
        words = "" if cells is None else place_words(cells, spread, self.reach, "date")
        return WorkedCell(self.name, tuple(columns), raw_cell(column), read, words)


class CycleInput(Stored, frozen=True, tag_field="kind", tag="cycle", omit_defaults=True):
    r"""A part of a date as two columns of X, its place in the cycle that it is a part of.

    .. math:: \sin 2 \pi x / p, \quad \cos 2 \pi x / p

    Attributes
    ----------
    name : str
        The column's name.
    part : {"month", "weekday", "hour", "minute"}
        Which part; the cycle is the year, the week, the day or the hour.
    reading : NumberReading
        How a cell is read. One without a number is 0 in both columns.

    Examples
    --------
    >>> CycleInput("month", "month").names
    ('month (sine of the year)', 'month (cosine of the year)')
    """

    name: Name
    part: DatePart
    reading: NumberReading = NumberReading()

    PERIODS: ClassVar[dict[DatePart, float]] = {"month": 12.0, "weekday": 7.0, "hour": 24.0, "minute": 60.0}
    CYCLES: ClassVar[dict[DatePart, str]] = {
        "month": "the year",
        "weekday": "the week",
        "hour": "the day",
        "minute": "the hour",
    }

    @classmethod
    def of(cls, name: str, part: str, reading: NumberReading) -> CycleInput | None:
        """The input of a part of a date, by its name; None for one that comes again in no cycle."""
        found = next((one for one in cls.PERIODS if one == part), None)
        return None if found is None else cls(name, found, reading)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        cycle = self.CYCLES[self.part]
        return (f"{self.name} (sine of {cycle})", f"{self.name} (cosine of {cycle})")

    def encode(self, column: Column, said: Said) -> npt.NDArray[np.float64]:  # noqa: ARG002 (the number beside it says)
        """Return its columns of X, shape (n_rows, 2)."""
        values = read_cells(column, self.reading).values
        there = ~np.isnan(values)
        sine, cosine = sine_and_cosine_of_turns(np.where(there, values, 0.0) / self.PERIODS[self.part])
        return np.column_stack([np.where(there, sine, 0.0), np.where(there, cosine, 0.0)])

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of X are computed, as of `DateInput`."""
        value = None if column is None else float(read_cells(column, self.reading).values[0])
        x = [None, None] if column is None else self.encode(column, Said())[0].tolist()
        is_absent = value is not None and bool(np.isnan(value))
        numbers = {"period": self.PERIODS[self.part]} | ({} if value is None else {"cell": value})
        columns = [
            Worked(name, (Step("", "" if is_absent else f"{wave}(2π·{{cell}}/{{period}})", numbers, one),))
            for name, wave, one in zip(self.names, ("sin", "cos"), x, strict=True)
        ]
        return WorkedCell(self.name, tuple(columns), raw_cell(column), None if is_absent else value)


def turns(seconds: FloatArray, cycle: Cycle) -> FloatArray:
    """How much of the cycle has passed at each time, from 0 to 1; NaN for NaN.

    The year is that of the calendar, from New Year to New Year, so that the first of January is 0 in leap
    years too; the week begins on Monday, the day at midnight.

    Parameters
    ----------
    seconds : array of shape (n,)
        Since 1970-01-01T00:00.
    cycle : {"year", "week", "day"}

    Examples
    --------
    >>> noon = np.array([1_704_110_400.0])  # on Monday, 2024-01-01
    >>> [round(float(turns(noon, cycle)[0]), 6) for cycle in ("year", "week", "day")]
    [0.001366, 0.071429, 0.5]
    """
    return CYCLES[cycle].place(seconds)


def time_in_words(seconds: float, reading: DateReading, *, exact: bool = False) -> str:
    """A time as ISO 8601 text, to the second or to the microsecond; a date alone at midnight.

    Examples
    --------
    >>> time_in_words(86_400.0, DateReading()), time_in_words(86_400.5, DateReading(), exact=True)
    ('1970-01-02', '1970-01-02T00:00:00.5')
    >>> time_in_words(45_000.0, DateReading("time"))
    '12:30:00'
    """
    inside = min(max(seconds, EARLIEST), LATEST)
    whole = round(inside * MICROSECONDS) if exact else round(inside) * MICROSECONDS
    text = str(np.datetime64(whole, "us"))
    text = text.rstrip("0").rstrip(".") if "." in text else text
    text = f"{text}:00" if text.count(":") == 1 else text
    day, _, clock = text.partition("T")
    return clock if reading.form == "time" else text if clock.strip("0:") else day


def spread_in_words(spread: Spread, reading: DateReading) -> dict[str, str | Quantity]:
    """Mean and scale of times: a time, and days, or seconds where it is less than one day."""
    in_days = spread.scale >= DAY
    scale = Quantity(spread.scale / DAY, "day") if in_days else Quantity(spread.scale, "second")
    return {"mean": time_in_words(spread.mean, reading, exact=not in_days), "scale": scale}


def _turn_step(seconds: float | None, cycle: Cycle, reading: DateReading) -> Step:
    """What `turns` does as an equation."""
    begin, length = f"start_of_the_{cycle}", f"length_of_the_{cycle}"
    formula = f"({{cell}} − {{{begin}}})/{{{length}}}"
    if seconds is None:
        return Step("t", formula)
    t = float(turns(np.array([seconds]), cycle)[0])
    if cycle == "year":
        inside = int(np.floor(min(max(seconds, EARLIEST), LATEST)))
        year = np.datetime64(inside, "s").astype("datetime64[Y]")
        start, end = (
            float(one.astype("datetime64[s]").astype(np.int64))
            for one in (year, year + np.timedelta64(1, "Y"))
        )
        lasts = Quantity((end - start) / DAY, "day")
    else:
        start = seconds - float(np.mod(seconds - FIRST_MONDAY, CYCLES[cycle].length))
        lasts = Quantity(7.0, "day") if cycle == "week" else Quantity(24.0, "hour")
    cell, first = (time_in_words(one, reading, exact=cycle == "day") for one in (seconds, start))
    return Step("t", formula, {"cell": cell, begin: first, length: lasts}, t)


def _are_months(seconds: FloatArray) -> bool:
    """Whether each time is the beginning of a month."""
    inside = np.clip(seconds, EARLIEST, LATEST)
    months = np.floor(inside).astype("datetime64[s]").astype("datetime64[M]")
    return bool((months.astype("datetime64[s]").astype(np.float64) == seconds).all())


def _in_day(seconds: FloatArray) -> FloatArray:
    return np.mod(seconds, DAY) / DAY


def _in_week(seconds: FloatArray) -> FloatArray:
    return np.mod(seconds - FIRST_MONDAY, WEEK) / WEEK


def _in_year(seconds: FloatArray) -> FloatArray:
    inside = np.clip(np.where(np.isnan(seconds), 0.0, seconds), EARLIEST, LATEST)
    years = np.floor(inside).astype("datetime64[s]").astype("datetime64[Y]")
    start = years.astype("datetime64[s]").astype(np.float64)
    end = (years + np.timedelta64(1, "Y")).astype("datetime64[s]").astype(np.float64)
    return np.where(np.isnan(seconds), np.nan, (inside - start) / (end - start))


class _Turning(NamedTuple):
    length: float
    place: Callable[[FloatArray], FloatArray]


CYCLES: dict[Cycle, _Turning] = {
    "year": _Turning(YEAR, _in_year),
    "week": _Turning(WEEK, _in_week),
    "day": _Turning(DAY, _in_day),
}
