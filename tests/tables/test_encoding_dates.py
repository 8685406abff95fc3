"""Inputs of dates: the position in time and in the cycles, against Python's own calendar."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import ModelFileError
from chainrule.stored import plain, read
from chainrule.tables import Column, read_table
from chainrule.tables.columns.decisions import Said
from chainrule.tables.columns.readings import Cells, DateReading, read_cells
from chainrule.tables.encoding.dates import DateInput, turns

READING = DateReading("year-month-day")
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the clock on the wall
DAY = 86_400

times = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1))  # noqa: DTZ001


def column(moments: list[dt.datetime | None]) -> Column:
    return read_table(pa.table({"x": pa.array(moments, pa.timestamp("us"))})).column("x")


def learnt(moments: list[dt.datetime | None]) -> DateInput:
    return DateInput.learn("x", READING, read_cells(column(moments), READING))


def days(first: dt.date, n: int, step: float = 1.0) -> list[dt.datetime | None]:
    start = dt.datetime.combine(first, dt.time())
    return [start + dt.timedelta(days=step * k) for k in range(n)]


def test_the_position_is_standardised_seconds() -> None:
    part = learnt([EPOCH, EPOCH + dt.timedelta(days=2), None])
    assert (part.mean, part.scale, part.has_missing, part.parts, part.reach) == (DAY, DAY, True, (), 1.0)
    X = part.encode(column([EPOCH + dt.timedelta(days=1.5), None]), Said())
    assert X.tolist() == [[0.5, 0.0], [0.0, 1.0]]
    assert part.names == ("x", "x (missing)")


@given(times)
def test_places_in_the_cycles_are_those_of_the_calendar(moment: dt.datetime) -> None:
    seconds = np.array([(moment - EPOCH) / dt.timedelta(seconds=1)])
    midnight = dt.datetime.combine(moment.date(), dt.time())
    new_year = dt.datetime(moment.year, 1, 1)  # noqa: DTZ001
    next_year = dt.datetime(moment.year + 1, 1, 1)  # noqa: DTZ001
    monday = midnight - dt.timedelta(days=moment.weekday())
    for cycle, exact in {
        "year": (moment - new_year) / (next_year - new_year),
        "week": (moment - monday) / dt.timedelta(weeks=1),
        "day": (moment - midnight) / dt.timedelta(days=1),
    }.items():
        (found,) = turns(seconds, cycle)  # type: ignore[arg-type]
        assert found == pytest.approx(exact, abs=1e-11)
        assert 0 <= found < 1


def test_cycles_that_the_training_rows_fill() -> None:
    assert learnt(days(dt.date(2024, 1, 1), 366)).parts == ("year", "week")
    assert learnt(days(dt.date(2024, 1, 1), 60)).parts == ("week",)
    assert learnt(days(dt.date(2024, 1, 1), 4)).parts == ()
    assert learnt(days(dt.date(2024, 1, 1), 48, 1 / 24)).parts == ("day",)
    assert learnt(days(dt.date(2024, 1, 1), 20, 7.0)).parts == ()
    assert learnt(days(dt.date(2024, 1, 1), 400, 1 / 24 + 1)).parts == ("year", "week", "day")
    yearly: list[dt.datetime | None] = [dt.datetime(year, 1, 1) for year in range(2000, 2010)]  # noqa: DTZ001
    assert learnt(yearly).parts == ()
    monthly: list[dt.datetime | None] = [dt.datetime(2000, month, 1) for month in range(1, 13)]  # noqa: DTZ001
    assert learnt(monthly).parts == ("year",)


def test_sine_and_cosine_by_hand() -> None:
    part = DateInput("x", READING, 0.0, 1e9, ("year", "week", "day"), has_missing=True, reach=9.0)
    moment = dt.datetime(2023, 7, 2, 12)  # noqa: DTZ001 - the middle of the year, Sunday noon
    (row, gap) = part.encode(column([moment, None]), Said()).tolist()
    eleven_twelfths = 2 * math.pi * (6.5 / 7)
    assert row[1:] == pytest.approx(
        [0, -1, math.sin(eleven_twelfths), math.cos(eleven_twelfths), 0, -1, 0], abs=1e-15
    )
    assert row[1] == 0
    assert gap == [0] * 7 + [1]
    assert part.names[1:3] == ("x (sine of the year)", "x (cosine of the year)")


def test_late_dates_are_drawn_in_and_said() -> None:
    part, said = learnt(days(dt.date(2024, 1, 1), 100)), Said()
    X = part.encode(column([dt.datetime(2024, 4, 12), dt.datetime(9000, 1, 1)]), said)  # noqa: DTZ001
    assert part.reach < X[0, 0] < X[1, 0] <= part.reach + 1
    (remark,) = said.remarks()
    assert "1 cell far outside what training had, '9000-01-01 00:00:00" in remark.words


def test_odd_cells_are_said() -> None:
    part, said = learnt(days(dt.date(2024, 1, 1), 3)), Said()
    text = read_table(pa.table({"x": ["soon", "", "later"]})).column("x")
    assert part.encode(text, said).tolist() == [[0.0], [0.0], [0.0]]
    words = [one.words for one in said.remarks()]
    assert words[0].startswith("column 'x' has 2 cells that are no dates, 'soon' in row 1 first")
    assert words[1].startswith("column 'x' has 1 cell without a value")
    assert "is 'soon' but the model learnt dates there" in refusal(
        lambda: part.encode(text, Said(is_strict=True))
    )


@given(st.lists(st.none() | times, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order(moments: list[dt.datetime | None], random: Any) -> None:  # noqa: ANN401
    part = learnt(moments)
    places = list(range(len(moments)))
    random.shuffle(places)
    shuffled = [moments[place] for place in places]
    assert learnt(shuffled) == part
    X = part.encode(column(moments), Said())
    assert part.encode(column(shuffled), Said()).tobytes() == X[places].tobytes()
    assert np.isfinite(X).all()


def test_any_seconds_have_a_place() -> None:
    seconds = np.array([-1e300, 1e300, np.nan, 0.0])
    with np.errstate(all="raise"):
        for cycle in ("year", "week", "day"):
            found = turns(seconds, cycle)
            assert ((found[[0, 1, 3]] >= 0) & (found[[0, 1, 3]] <= 1)).all()
            assert np.isnan(found[2])


def test_without_a_date_and_of_one_date() -> None:
    nothing = np.array([np.nan])
    gap = np.array([True])
    part = DateInput.learn("x", READING, Cells(nothing, gap, ~gap, ~gap))
    assert (part.scale, part.has_missing, part.parts) == (0, True, ())
    one = learnt([EPOCH, EPOCH])
    assert (one.scale, one.parts) == (0, ())
    assert one.encode(column([dt.datetime(2024, 1, 1)]), Said()).tolist() == [[0.0]]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"parts": ["week", "year"]}, "in the order year, week, day"),
        ({"parts": ["day", "day"]}, "each may be there once"),
        ({"parts": ["month"]}, "parts"),
        ({"scale": -1.0}, "scale"),
        ({"reach": -1.0}, "reach"),
        ({"reading": {"cells": "number"}}, "reading"),
    ],
)
def test_a_damaged_field_is_named(changed: dict[str, object], says: str) -> None:
    part = learnt(days(dt.date(2024, 1, 1), 400, 1 / 24 + 1))
    whole = plain(part)
    assert read(whole, DateInput) == part
    assert says in refusal(lambda: read({**whole, **changed}, DateInput), ModelFileError)
