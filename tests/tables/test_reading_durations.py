"""Durations against pandas' Timedelta, and which times are durations."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.tables import Column
from chainrule.tables.columns.cells import read_cells
from chainrule.tables.columns.dates import DateReading
from chainrule.tables.columns.notation.durations import DurationReading
from chainrule.tables.columns.readings import settle_reading

HOUR, DAY, YEAR = 3600, 86_400, 365.2425 * 86_400


def column(*cells: str, name: str = "c") -> Column:
    return Column(name, pa.array(cells, pa.large_string()))


def form(*cells: str, name: str = "c", asked: str = "") -> str:
    reading = settle_reading(column(*cells, name=name), asked).reading
    return reading.form if isinstance(reading, DurationReading) else type(reading).__name__


def seconds(reading: str, *cells: str) -> list[float]:
    values, *_ = read_cells(column(*cells), DurationReading(reading))  # type: ignore[arg-type]
    return list(map(float, values))


spans = st.timedeltas(dt.timedelta(days=-9999), dt.timedelta(days=9999))


@given(st.lists(spans, min_size=1, max_size=5))
def test_as_pandas_and_python_write_them(found: list[dt.timedelta]) -> None:
    expected = [one.total_seconds() for one in found]
    for cells in ([str(pd.Timedelta(one)) for one in found], [str(one) for one in found]):
        assert seconds("days", *cells) == pytest.approx(expected, rel=1e-15, abs=1e-9)


@given(st.lists(spans.filter(lambda one: one >= dt.timedelta(0)), min_size=1, max_size=5))
def test_as_iso_8601_writes_them(found: list[dt.timedelta]) -> None:
    cells = [pd.Timedelta(one).isoformat() for one in found]
    assert seconds("iso-duration", *cells) == pytest.approx([one.total_seconds() for one in found], rel=1e-15)
    assert form(*cells) == "iso-duration"


@given(st.lists(spans, min_size=1, max_size=5), st.sampled_from(["s", "ms", "us", "ns"]))
def test_typed_durations(found: list[dt.timedelta], unit: str) -> None:
    typed = pd.Series(found).astype(f"timedelta64[{unit}]")
    cells = Column("c", pa.array(typed, pa.duration(unit)))
    assert settle_reading(cells) == (DurationReading("days"), ())
    values, *_ = read_cells(cells, DurationReading("days"))
    assert values.tolist() == pytest.approx([one.total_seconds() for one in typed], rel=1e-15, abs=1e-9)


@pytest.mark.parametrize(
    ("reading", "cell", "expected"),
    [
        ("clock", "1:23", 83 * 60),
        ("clock", "1:23:45", 5025),
        ("clock", "26:10:00", 94200),
        ("clock", "-0:30", -1800),
        ("clock", "0:00:01.5", 1.5),
        ("minutes-seconds", "1:23", 83),
        ("minutes-seconds", "75:00.25", 4500.25),
        ("minutes-seconds", "1:02:03", 3723),
        ("days", "3 days 04:00:00", 3 * DAY + 4 * HOUR),
        ("days", "-1 days +23:00:00", -HOUR),
        ("days", "1 day, 2:03:04", DAY + 7384),
        ("days", "5 days", 5 * DAY),
        ("days", "0:00:10", 10),
        ("iso-duration", "P1DT2H", DAY + 2 * HOUR),
        ("iso-duration", "PT0.5S", 0.5),
        ("iso-duration", "P2W", 14 * DAY),
        ("iso-duration", "-PT1M", -60),
        ("iso-duration", "P1Y", YEAR),
        ("iso-duration", "P6M", YEAR / 2),
        ("units", "2 h 30 min", 9000),
        ("units", "2h30", 9000),
        ("units", "1 hour, 5 minutes", 3900),
        ("units", "1d 2h 3m 4s", DAY + 7384),
        ("units", "1 year", YEAR),
        ("units", "3 weeks", 21 * DAY),
        ("units", "1,5 h", 5400),
    ],
)
def test_values(reading: str, cell: str, expected: float) -> None:
    assert seconds(reading, cell) == [expected]


@pytest.mark.parametrize(
    ("reading", "cell"),
    [
        ("clock", "1:60"),
        ("clock", "1:23:60"),
        ("clock", "1:2"),
        ("clock", "1:23:45:6"),
        ("iso-duration", "P"),
        ("iso-duration", "P1DT"),
        ("iso-duration", "1D"),
        ("days", "3 days 4"),
        ("units", ""),
        ("units", ","),
        ("units", "30 min 2 h"),
        ("units", "2 apples"),
        ("minutes-seconds", "1:99"),
    ],
)
def test_what_is_no_duration(reading: str, cell: str) -> None:
    assert np.isnan(seconds(reading, cell, "x")).all()


@pytest.mark.parametrize(
    ("cells", "name", "expected"),
    [
        (["12:30", "8:05"], "c", "DateReading"),
        (["12:30", "8:05"], "duration", "clock"),
        (["12:30", "8:05"], "Dauer", "clock"),
        (["26:10:00", "1:00:00"], "c", "clock"),
        (["0:59:30", "1:02:45"], "lap", "clock"),
        (["59:30", "1:02:45"], "result", "minutes-seconds"),
        (["45:30", "38:12"], "c", "minutes-seconds"),
        (["9:30", "1:02:45"], "duration", "minutes-seconds"),
        (["1:23.45", "1:20.05"], "c", "minutes-seconds"),
        (["3 days 04:00:00", "0 days 01:00:00"], "c", "days"),
        (["P1DT2H", "PT5M"], "c", "iso-duration"),
        (["2 h 30 min", "45 min"], "c", "units"),
        (["1 year", "2 weeks", "3 months"], "age", "units"),
        (["45 min", "5 min"], "c", "NumberReading"),
        (["3 days", "5 days"], "c", "days"),
        (["4:3", "16:9"], "ratio", "TextReading"),
        (["2:1", "0:0"], "score", "TextReading"),
        (["1.5 m", "2 m"], "c", "NumberReading"),
    ],
)
def test_which_are_durations(cells: list[str], name: str, expected: str) -> None:
    assert form(*cells, name=name) == expected


@pytest.mark.parametrize(
    ("cells", "other"), [(["45:30", "38:12"], "clock"), (["1:23", "0:59"], "minutes-seconds")]
)
def test_two_numbers_are_a_warning_that_names_the_option(cells: list[str], other: str) -> None:
    found = column(*cells, name="duration")
    (one,) = settle_reading(found).decisions
    assert one.is_warning
    assert f'["duration:{other}"]' in one.advice
    assert settle_reading(found, f"numbers:{other}").reading == DurationReading(other)  # type: ignore[arg-type]


def test_times_within_a_day_are_durations_where_that_is_asked() -> None:
    assert isinstance(settle_reading(column("12:30", "8:05"), "dates").reading, DateReading)
    assert form("12:30", "8:05", asked="numbers:clock") == "clock"


def test_words_among_durations_are_missing() -> None:
    found = column("1:02:45", "26:10:00", "unknown")
    settled = settle_reading(found)
    assert settled.reading == DurationReading("clock", words=("unknown",))
    assert read_cells(found, settled.reading).missing.tolist() == [False, False, True]
