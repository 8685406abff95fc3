"""Dates and times against Python's datetime and pandas, and what must not be taken for a date."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.tables import Column
from chainrule.tables.columns.cells import read_cells
from chainrule.tables.columns.dates import DateReading, date_part
from chainrule.tables.columns.notation.dates import read_dates
from chainrule.tables.columns.readings import settle_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock, here and below


def column(cells: Sequence[object], name: str = "c", kind: Any = None) -> Column:  # noqa: ANN401 - a type of Arrow
    text = all(cell is None or isinstance(cell, str) for cell in cells)
    return Column(name, pa.array(cells, pa.large_string() if text and kind is None else kind))


def form(cells: Sequence[object], name: str = "c", asked: str = "") -> str:
    """The form that is settled; the name of the reading where it is none of dates."""
    reading = settle_reading(column(cells, name), asked).reading
    return reading.form if isinstance(reading, DateReading) else type(reading).__name__


def seconds(cells: Sequence[object], reading: str) -> list[float]:
    found, *_ = read_cells(column(cells), DateReading(reading))  # type: ignore[arg-type]
    return list(map(float, found))


def since_1970(moment: dt.datetime) -> float:
    return (moment - EPOCH) / dt.timedelta(seconds=1)


def days(year: int, month: int, day: int) -> float:
    return since_1970(dt.datetime(year, month, day))  # noqa: DTZ001


moments = st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)).map(  # noqa: DTZ001
    lambda one: one.replace(microsecond=one.microsecond // 8 * 8)
)
four = st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31))  # noqa: DTZ001


@given(st.lists(moments, min_size=1, max_size=6), st.sampled_from(["T", " "]))
def test_iso_times(found: list[dt.datetime], mark: str) -> None:
    cells = [one.isoformat(mark) for one in found]
    assert seconds(cells, "year-month-day") == pytest.approx(
        [since_1970(one) for one in found], rel=0, abs=1e-5
    )
    assert form(cells) == "year-month-day"


@pytest.mark.parametrize(
    ("pattern", "reading"),
    [
        ("%d.%m.%Y", "day-month-year"),
        ("%d/%m/%Y %H:%M", "day-month-year"),
        ("%m/%d/%Y", "month-day-year"),
        ("%m/%d/%Y %I:%M:%S %p", "month-day-year"),
        ("%m-%d-%Y, %H:%M:%S", "month-day-year"),
        ("%Y/%m/%d", "year-month-day"),
        ("%Y.%m.%d %H:%M:%S", "year-month-day"),
        ("%d %b %Y", "day-month-year"),
        ("%d-%B-%Y", "day-month-year"),
        ("%b %d, %Y", "month-day-year"),
        ("%A, %d %B %Y", "day-month-year"),
        ("%a, %B %d, %Y %I:%M %p", "month-day-year"),
        ("%a %b %d %H:%M:%S %Y", "month-day-year"),
        ("%d/%b/%Y:%H:%M:%S", "day-month-year"),
        ("%Y%m%dT%H%M%S", "compact"),
        ("%Y-%m", "year-month"),
        ("%b %Y", "year-month"),
        ("%m/%Y", "year-month"),
    ],
)
@settings(max_examples=15)
@given(found=st.lists(four, min_size=1, max_size=4))
def test_every_form_is_what_datetime_writes(pattern: str, reading: str, found: list[dt.datetime]) -> None:
    cells = [one.strftime(pattern) for one in found]
    expected = [since_1970(dt.datetime.strptime(cell, pattern)) for cell in cells]  # noqa: DTZ007
    assert seconds(cells, reading) == expected
    if pattern[1] not in "dm" or any(one.day > 12 for one in found) or "%b" in pattern.lower():
        assert form(cells) == reading


@given(st.lists(st.dates(dt.date(1, 1, 1)), min_size=1, max_size=6))
def test_weeks_of_iso_8601(found: list[dt.date]) -> None:
    parts = [one.isocalendar() for one in found]
    cells = [f"{year:04}-W{week:02}-{weekday}" for year, week, weekday in parts]
    expected = [since_1970(dt.datetime.combine(one, dt.time())) for one in found]
    kept = [
        (cell, value)
        for cell, value, part in zip(cells, expected, parts, strict=True)
        if 1 <= part.year <= 9998
    ]
    assert seconds([cell for cell, _ in kept], "year-week") == [value for _, value in kept]


@pytest.mark.parametrize("cells", [["2023-W53"], ["2024-W53"], ["2024-W54"], ["2024-W00"], ["2024W5-8"]])
def test_weeks_that_there_are_not(cells: list[str]) -> None:
    assert np.isnan(read_dates(pa.array(cells, pa.large_string()), "year-week")).all()


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
def test_only_dates_of_the_calendar_are_dates(year: int, month: int, day: int) -> None:
    (found,) = seconds([f"{day:02}.{month:02}.{year:04}"], "day-month-year")
    try:
        assert found == days(year, month, day)
    except ValueError:
        assert np.isnan(found)


@given(
    st.lists(
        st.datetimes(dt.datetime(1680, 1, 1), dt.datetime(2260, 1, 1)), min_size=1, max_size=5  # noqa: DTZ001
    ),
    st.sampled_from(["s", "ms", "us", "ns"]),
)  # fmt: skip
def test_typed_and_written_times_have_the_same_bits(found: list[dt.datetime], unit: str) -> None:
    typed = pd.Series(found).astype(f"datetime64[{unit}]")
    values, *_ = read_cells(column(typed.tolist(), kind=pa.timestamp(unit)), DateReading())
    assert values.tolist() == seconds([str(one) for one in typed], "year-month-day")


@pytest.mark.parametrize(
    ("cells", "kind", "expected"),
    [
        ([dt.date(1970, 1, 2), None], pa.date32(), [86400, None]),
        ([dt.date(1969, 12, 31)], pa.date64(), [-86400]),
        ([dt.time(1, 0, 0, 500_000)], pa.time64("us"), [3600.5]),
        ([dt.time(0, 1)], pa.time32("s"), [60]),
        ([0], pa.timestamp("s", tz="+02:00"), [7200]),
        ([0], pa.timestamp("ms", tz="Asia/Kolkata"), [19800]),
        ([0], pa.timestamp("ns", tz="No/Where"), [0]),
        ([-1], pa.timestamp("ms"), [-1 + 0.999]),
    ],
)
def test_typed_dates(cells: list[object], kind: Any, expected: list[float | None]) -> None:  # noqa: ANN401
    found = column(cells, kind=kind)
    settled = settle_reading(found)
    assert isinstance(settled.reading, DateReading)
    read = read_cells(found, settled.reading)
    assert [
        None if missing else value for value, missing in zip(read.values, read.missing, strict=True)
    ] == expected


@pytest.mark.parametrize(
    ("cells", "reading", "expected"),
    [
        (["2024-02-29", "2024-2-1"], "year-month-day", [(2024, 2, 29), (2024, 2, 1)]),
        (["29.2.2024", "1. 3. 2024"], "day-month-year", [(2024, 2, 29), (2024, 3, 1)]),
        (["29.2.2000", "29.2.1600"], "day-month-year", [(2000, 2, 29), (1600, 2, 29)]),
        (["13/02/2024", "01/02/2024"], "day-month-year", [(2024, 2, 13), (2024, 2, 1)]),
        (["02/13/2024", "01/02/2024"], "month-day-year", [(2024, 2, 13), (2024, 1, 2)]),
        (["31/12/68", "31/12/69"], "day-month-year", [(2068, 12, 31), (1969, 12, 31)]),
        (["99-12-31", "98-01-02"], "year-month-day", [(1999, 12, 31), (1998, 1, 2)]),
        (["3 Feb 2024", "29-Feb-24"], "day-month-year", [(2024, 2, 3), (2024, 2, 29)]),
        (["February 3rd, 2024", "Mar. 1, 2024"], "month-day-year", [(2024, 2, 3), (2024, 3, 1)]),
        (["3. März 2024", "1. Dezember 2023"], "day-month-year", [(2024, 3, 3), (2023, 12, 1)]),
        (["3 février 2024", "1er août 2023"], "day-month-year", [(2024, 2, 3), (2023, 8, 1)]),
        (["3 de enero de 2024", "1 de agosto de 2023"], "day-month-year", [(2024, 1, 3), (2023, 8, 1)]),
        (["Thu, 29 Feb 2024", "Friday, 1 March 2024"], "day-month-year", [(2024, 2, 29), (2024, 3, 1)]),
        (["2024 Feb 3", "03FEB2024"], "year-month-day", [(2024, 2, 3), (2024, 2, 3)]),
        (["1960-01", "1960-02"], "year-month", [(1960, 1, 1), (1960, 2, 1)]),
        (["Jan-24", "Feb 2024"], "year-month", [(2024, 1, 1), (2024, 2, 1)]),
        (["1960-Q1", "Q4 1960", "1960Q2"], "year-quarter", [(1960, 1, 1), (1960, 10, 1), (1960, 4, 1)]),
        (["2024年2月29日", "2024년 3월 1일"], "year-month-day", [(2024, 2, 29), (2024, 3, 1)]),
        (["2024W05", "2024-W01"], "year-week", [(2024, 1, 29), (2024, 1, 1)]),
        (["20240229T0000", "20240301T000000Z"], "compact", [(2024, 2, 29), (2024, 3, 1)]),
        (["2024-02-29", "29.02.2024", "1 Mar 2024"], "day-month-year", [(2024, 2, 29)] * 2 + [(2024, 3, 1)]),
    ],
)
def test_forms(cells: list[str], reading: str, expected: list[tuple[int, int, int]]) -> None:
    assert form(cells) == reading
    assert seconds(cells, reading) == [days(*one) for one in expected]


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        ("2024-02-29T12", 12),
        ("2024-02-29T12:30Z", 12.5),
        ("2024-02-29 12:30:00+05:30", 12.5),
        ("2024-02-29 12:30 UTC", 12.5),
        ("2024-02-29T24:00", 24),
        ("Thu Feb 29 2024 12:00:00 GMT+0100 (Central European Time)", 12),
        ("2024-02-29 12:00 AM", 0),
        ("2024-02-29 12:30 pm", 12.5),
        ("29.02.2024, 1:15", 1.25),
    ],
)
def test_times_beside_dates(cell: str, hours: float) -> None:
    assert seconds([cell], "day-month-year") == [days(2024, 2, 29) + hours * 3600]


@pytest.mark.parametrize(
    "cell",
    [
        "2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01", "2024-02-29T25:00",
        "2024-02-29T24:01", "29.02.1800", "29.02.1900",
        "2024-02-29T12:60", "2024-02-29T12:30:60", "2024-02-29 13:00 PM", "2024-02-29 0:30 AM", "2024-02-29x",
        "2024-02.29", "31 Feb 2024", "3 Foo 2024", "2024-02-290", "29/02.2024", "١٢.٢.٢٠٢٤",
    ],
)  # fmt: skip
def test_what_the_calendar_and_the_clock_do_not_have(cell: str) -> None:
    assert np.isnan(seconds([cell], "day-month-year")).all()


@pytest.mark.parametrize(
    ("cells", "reading"),
    [
        (["12:30", "8:05"], "time"),
        (["12:30:15.5", "23:59:59"], "time"),
        (["9 AM", "1:30 pm"], "time"),
        (["26:10", "1:00"], "DurationReading"),
    ],
)
def test_times_of_day(cells: list[str], reading: str) -> None:
    assert form(cells) == reading


def test_seconds_of_times_of_day() -> None:
    assert seconds(["12:30", "9 AM", "12 am", "0:00:00.25"], "time") == [45000, 32400, 0, 0.25]


@pytest.mark.parametrize(
    "cells",
    [
        ["10-14", "15-19"],
        ["1488", "4066"],
        ["530101", "534817"],
        ["2010", "2011"],
        ["20240229", "20240301"],
        ["1700000000", "1700000060"],
        ["1.2.3", "1.2.4"],
        ["10.0.0.1", "10.0.0.2"],
        ["32.1.2024", "33.1.2024"],
        ["3-4-2", "1-1-2"],
        ["12 apples 2024", "13 apples 2024"],
        ["2008-09", "2009-10", "2010-11"],
        ["1999-2000", "2000-2001"],
        ["room 01/02/2024", "room 01/03/2024"],
        ["May", "June"],
        ["Q1", "Q2"],
        ["24-Jan", "25-Jan"],
        ["555-1234", "555-2345"],
        ["978-3-16", "978-3-17"],
        ["1/2", "3/4"],
    ],
)
def test_what_must_not_be_taken_for_a_date(cells: list[str]) -> None:
    assert form(cells) in {"TextReading", "NumberReading"}


@pytest.mark.parametrize(
    ("cells", "reading", "other"),
    [
        (["01/02/2024", "03/04/2024"], "day-month-year", "month-day-year"),
        (["01-02-2024"], "day-month-year", "month-day-year"),
        (["01/01/2024", "02/01/2024", "03/01/2024"], "month-day-year", "day-month-year"),
        (["01/01/2024", "01/02/2024", "01/03/2024"], "day-month-year", "month-day-year"),
        (["01-02-03", "04-05-06"], "day-month-year", "year-month-day"),
    ],
)
def test_an_order_that_no_cell_settles_is_a_warning_that_names_the_option(
    cells: list[str], reading: str, other: str
) -> None:
    assert form(cells, "sold") == reading
    (one,) = settle_reading(column(cells, "sold")).decisions
    assert one.is_warning
    assert one.is_guess
    assert f'["sold:{other}"]' in one.advice
    assert form(cells, "sold", f"dates:{other}") == other
    assert all(not one.is_warning for one in settle_reading(column(cells), f"dates:{other}").decisions)


def test_with_points_the_day_comes_first() -> None:
    (one,) = settle_reading(column(["01.02.2024", "03.04.2024"])).decisions
    assert (one.words, one.is_guess, one.is_warning) == ("dates, read as day-month-year", False, False)


def test_times_of_several_zones_are_a_warning() -> None:
    (one,) = settle_reading(column(["2024-02-29T12:30Z", "2024-02-29T12:30+01:00"])).decisions
    assert one.is_warning
    assert "'+01:00', 'Z'" in one.words


def test_nothing_is_said_of_iso_dates() -> None:
    assert settle_reading(column(["2024-02-29", "2024-03-01 12:30"])).decisions == ()


@pytest.mark.parametrize("typed", [False, True])
@pytest.mark.parametrize(
    ("name", "cells", "reading"),
    [
        ("date", [20240229, 20240301], "compact"),
        ("saleDate", [19990101, 20240301], "compact"),
        ("yyyymm", [202401, 202412], "compact"),
        ("timestamp", [1700000000, 1700000060], "epoch-seconds"),
        ("created_at", [1700000000000], "epoch-milliseconds"),
        ("date", [20240230, 20240301], "NumberReading"),
        ("date", [99990101], "NumberReading"),
        ("weight", [20240229, 20240301], "NumberReading"),
        ("time", [0, 172792], "NumberReading"),
        ("year", [2010, 2011], "NumberReading"),
        ("day", [1, 31], "NumberReading"),
    ],
)
def test_whole_numbers_are_dates_where_name_and_range_say_so(
    name: str, cells: list[int], reading: str, typed: bool  # noqa: FBT001 - the source
) -> None:  # fmt: skip
    assert form(cells if typed else [str(cell) for cell in cells], name) == reading


def test_whole_numbers_that_are_dates_are_said() -> None:
    (one,) = settle_reading(column([20240229], "date")).decisions
    assert one.words == "whole numbers read as dates (compact), for the name of the column says so"
    assert one.is_guess
    assert '"numbers", ["date"]' in one.advice
    assert all(not one.is_guess for one in settle_reading(column([20240229], "date"), "dates").decisions)


def test_values_of_whole_numbers() -> None:
    assert seconds(["20240229", "19700102123005"], "compact") == [days(2024, 2, 29), 131405]
    assert seconds([20240229.0, None, 1.5], "compact")[0] == days(2024, 2, 29)
    assert seconds(["1700000000.5"], "epoch-seconds") == [1700000000.5]
    assert seconds([1700000000500], "epoch-milliseconds") == [1700000000.5]
    assert seconds([1987], "year") == [days(1987, 1, 1)]


def test_years_are_dates_where_that_is_asked() -> None:
    assert form(["1987", "2024"], "c", "dates") == "year"


def test_cells_that_no_calendar_has_among_dates_are_missing_and_said() -> None:
    found = column([f"{day:02}.03.2024" for day in range(1, 31)] + ["31.04.2024"], "sold")
    settled = settle_reading(found)
    assert settled.reading == DateReading("day-month-year", words=("31.04.2024",))
    assert [one.words for one in settled.decisions if one.is_warning] == [
        "'31.04.2024' (1 cell, row 31 first) read as missing"
    ]
    assert read_cells(found, settled.reading).missing.tolist() == [False] * 30 + [True]


@pytest.mark.parametrize(
    ("name", "cells", "part"),
    [
        ("year", [2010, 2014], "year"),
        ("YrSold", [2006, 2010], "year"),
        ("Jahr", [1999], "year"),
        ("month", [1, 12], "month"),
        ("mnth", [0, 11], "month"),
        ("Monat", ["01", "12"], "month"),
        ("mois", [3], "month"),
        ("day", [1, 31], "day"),
        ("Tag", [5], "day"),
        ("hour", [0, 23], "hour"),
        ("pickup_hour", [7, 9], "hour"),
        ("Stunde", [1, 24], "hour"),
        ("minute", [0, 59], "minute"),
        ("weekday", [0, 6], "weekday"),
        ("Wochentag", [1, 7], "weekday"),
        ("day_of_week", [1, 7], "weekday"),
        ("DayOfWeek", [0, 3], "weekday"),
        ("week", [1, 53], "week"),
        ("day of year", [1, 366], "day of year"),
        ("month", [0, 12], ""),
        ("month", [1, 13], ""),
        ("month", [1.5, 2], ""),
        ("month", ["Jan", "Feb"], ""),
        ("day", [0, 1], ""),
        ("hour", [0, 24], ""),
        ("months", [1, 12], ""),
        ("hours_per_week", [1, 12], ""),
        ("age", [1, 12], ""),
        ("tenure_month_count", [1, 12], ""),
        ("days_since_last_visit", [1, 12], ""),
        ("monthly_charge", [1, 12], ""),
        ("year", [1, 99], ""),
        ("year", [None], ""),
        ("Day Calls", [1, 31], "day"),
    ],
)
def test_parts_of_dates(name: str, cells: list[object], part: str) -> None:
    assert date_part(name, column(cells, name)) == part
