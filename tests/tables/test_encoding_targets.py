"""Targets: numbers plain, as logarithms and as counts; dates; classes; and back as they were given."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import InputError, ModelFileError
from chainrule.stored import plain, read
from chainrule.tables import ClassTarget, Column, NumberTarget, read_table
from chainrule.tables.columns.decisions import Said
from chainrule.tables.columns.readings import DateReading, NumberReading, read_cells
from chainrule.tables.encoding.targets.dates import DateTarget

READING = NumberReading()
DATES = DateReading("year-month-day")


def column(cells: Any) -> Column:  # noqa: ANN401 - whatever a frame may hold
    frame = pd.DataFrame({"y": cells}) if isinstance(cells, pd.Series) else pa.table({"y": cells})
    return read_table(frame).column("y")


def learnt(cells: Any, learnt_as: Any = "plain") -> NumberTarget:  # noqa: ANN401
    return NumberTarget.learn("y", READING, read_cells(column(cells), READING), learnt_as)


def learnt_date(moments: list[dt.datetime | None]) -> DateTarget:
    return DateTarget.learn("y", DATES, read_cells(column(pa.array(moments, pa.timestamp("us"))), DATES))


def day(year: int, month: int, day_of_month: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day_of_month, hour)  # noqa: DTZ001 - the clock on the wall


def test_a_plain_target_by_hand() -> None:
    target = learnt([1.0, 3.0, None])
    assert target == NumberTarget("y", 2.0, 1.0)
    assert target.encode(column([5.0]), Said()).tolist() == [[3.0]]
    assert target.decode(np.array([3.0, -1.0])).tolist() == [5.0, 1.0]


def test_a_target_learnt_as_its_logarithm() -> None:
    target = learnt([1.0, math.e**2], "log")
    assert [target.mean, target.scale] == pytest.approx([1, 1], rel=1e-15)
    assert target.encode(column([math.e**3]), Said())[0, 0] == pytest.approx(2, rel=1e-14)
    assert target.decode(np.array([2.0, 0.0])) == pytest.approx([math.e**3, math.e], rel=1e-14)
    assert target.decode(np.array([np.inf, -np.inf])).tolist() == [math.inf, 0]


def test_a_target_of_counts_is_only_divided() -> None:
    target = learnt([0, 2, 4], "count")
    assert target == NumberTarget("y", 0.0, 2.0, READING, "count", "share", 2.0)
    assert target.encode(column([0, 3]), Said()).tolist() == [[0.0], [1.5]]
    assert target.decode(np.array([1.5])).tolist() == [3.0]


@given(
    st.lists(st.floats(1e-6, 1e9), min_size=2, max_size=30, unique=True),
    st.sampled_from(["plain", "log", "count"]),
)
def test_numbers_come_back(values: list[float], learnt_as: str) -> None:
    if max(values) - min(values) <= 1e-10 * max(values):
        return
    target = learnt(values, learnt_as)
    back = target.decode(target.encode(column(values), Said())[:, 0])
    assert back == pytest.approx(values, rel=1e-12, abs=1e-12 * max(values) if learnt_as == "plain" else 0)
    assert target == learnt(values[::-1], learnt_as)


@pytest.mark.parametrize(
    ("values", "learnt_as", "says"),
    [
        (
            [1.0, 0.0],
            "log",
            "The target 'y' has the value 0 but must be above 0, to be learnt as its logarithm",
        ),
        ([1.0, -1.0], "count", "The target 'y' has the value -1 but must be 0 or above, as counts are"),
        ([1.0, 1.0], "plain", "has not two different values"),
        ([0.3, 0.1 + 0.2], "plain", "has not two different values"),
        ([None, None], "plain", "has not two different values"),
        ([0, 0], "count", "has not two different values"),
    ],
)
def test_what_no_target_can_be(values: list[float | None], learnt_as: str, says: str) -> None:
    assert says in refusal(lambda: learnt(values, learnt_as))


def test_what_is_predicted_without_inputs() -> None:
    values = [1.0, 2.0, 4.0, 9.0]
    assert [learnt(values, kind).baseline for kind in ("plain", "count")] == [4.0, 4.0]
    assert learnt(values, "log").baseline == pytest.approx(math.prod(values) ** 0.25, rel=1e-14)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["1", ""], "A value is missing in column 'y' of the data frame in row 2, but every row needs one."),
        (["1", "x"], "Row 2 of column 'y' of the data frame is 'x' but the model learnt numbers there."),
        (["1", "inf"], "Row 2 of column 'y' of the data frame is 'inf', which is infinite"),
        (["1", "-2"], "Row 2 of column 'y' of the data frame is '-2' but must be above 0"),
    ],
)
def test_no_answer_is_made_up(cells: list[str], says: str) -> None:
    target, said = learnt([1.0, 2.0], "log"), Said()
    assert refusal(lambda: target.encode(column(cells), said)).startswith(says)
    Y = target.encode_with_gaps(column(cells), said)
    assert np.isnan(Y[:, 0]).tolist() == [False, True]
    assert [one.words.endswith(": counts for nothing there") for one in said.remarks()] == [True] * (
        cells[1] != ""
    )


def test_numbers_that_cannot_be_learnt_so_are_said() -> None:
    said = Said()
    Y = learnt([1.0, 2.0], "count").encode_with_gaps(column([1.5, -1.0]), said)
    assert np.isnan(Y[:, 0]).tolist() == [False, True]
    (remark,) = said.remarks()
    assert remark.words == (
        "column 'y' has 1 cell that cannot be learnt, '-1.0' in row 2 first; each must be 0 or above, as "
        "counts are: counts for nothing there"
    )


def test_a_date_comes_back_as_a_day_or_a_second() -> None:
    target = learnt_date([day(2024, 1, 1), day(2024, 1, 3), None])
    assert (target.unit, target.scale) == ("day", 86_400)
    assert target.encode(column(pa.array([day(2024, 1, 4)])), Said()).tolist() == [[2.0]]
    assert target.written(target.decode(np.array([2.0, 0.6, -1e300, 1e300]))) == (
        "2024-01-04",
        "2024-01-03",
        "0001-01-01",
        "9999-12-31",
    )
    hourly = learnt_date([day(2024, 1, 1), day(2024, 1, 1, 2)])
    assert hourly.unit == "second"
    assert hourly.written(hourly.decode(np.array([0.0, 1e300]))) == (
        "2024-01-01T01:00:00",
        "9999-12-31T23:59:59",
    )
    assert "Row 2 of outputs has NaN" in refusal(lambda: target.written(np.array([0.0, np.nan])), InputError)


@given(st.lists(st.datetimes(day(1, 1, 1), day(9999, 12, 31)), min_size=2, max_size=9, unique=True))
def test_dates_come_back(moments: list[dt.datetime]) -> None:
    moments = [moment.replace(microsecond=0) for moment in moments]
    if len(set(moments)) < 2:
        return
    cells = column(pa.array(moments, pa.timestamp("us")))
    target = learnt_date([*moments])
    back = [
        dt.datetime.fromisoformat(text)
        for text in target.written(target.decode(target.encode(cells, Said())[:, 0]))
    ]
    assert max(abs(one - other) for one, other in zip(back, moments, strict=True)) <= dt.timedelta(seconds=1)


def test_gaps_of_a_date() -> None:
    target, said = learnt_date([day(2024, 1, 1), day(2024, 1, 3)]), Said()
    text = column(["soon", ""])
    assert np.isnan(target.encode_with_gaps(text, said)).all()
    assert [one.words for one in said.remarks()] == [
        "column 'y' has 1 cell that is no date, 'soon' in row 1 first: counts for nothing there"
    ]
    assert "is 'soon' but the model learnt dates there" in refusal(lambda: target.encode(text, Said()))


@pytest.mark.parametrize(
    ("cells", "kind", "classes", "labels"),
    [
        (["b", "a", "b"], "text", ("a", "b"), ("a", "b")),
        (["TRUE", "True", "false", "True"], "boolean", ("false", "True"), ("false", "True")),
        ([True, False], "boolean", ("false", "true"), ("false", "true")),
        ([0, 1, 1], "number", ("0", "1"), ("0", "1")),
        ([2.0, 1.0], "number", ("1", "2"), ("1", "2")),
        (["01", "1", "02", "01"], "number", ("1", "2"), ("01", "02")),
        (["10", "9"], "number", ("9", "10"), ("9", "10")),
    ],
)
def test_classes_come_back_as_they_were_written(
    cells: list[object],
    kind: Any,  # noqa: ANN401
    classes: tuple[str, ...],
    labels: tuple[str, ...],
) -> None:
    target = ClassTarget.learn("y", column(cells), kind)
    assert (target.classes, target.labels) == (classes, labels)
    assert target.names == tuple(f"output_{label}" for label in classes)
    assert ClassTarget.learn("y", column(cells[::-1]), kind) == target
    Y = target.encode(column(cells), Said(is_strict=True))
    back = [target.labels[k] for k in Y.argmax(axis=1)]
    assert target.encode(column(back), Said(is_strict=True)).tobytes() == Y.tobytes()


@pytest.mark.parametrize(
    "sources",
    [
        [
            [True, False],
            [1, 0],
            [1.0, 0.0],
            ["true", "FALSE"],
            ["1", "0"],
            pd.Series([True, False], dtype="object"),
        ],
        [[2, 1], [2.0, 1.0], ["2", "1"], ["2.0", "01"], pd.Series([2, 1], dtype="category")],
    ],
)
def test_every_source_means_the_same_classes(sources: list[Any]) -> None:
    for fit, later in itertools.product(map(column, sources), repeat=2):
        target = ClassTarget.learn("y", fit, fit.kind)
        assert target.encode(later, Said(is_strict=True)).tolist() == [[0, 1], [1, 0]]


def test_classes_that_are_not_known() -> None:
    target, said = ClassTarget.learn("y", column(["a", "b", None]), "text"), Said()
    cells = column(["b", "c", ""])
    Y = target.encode_with_gaps(cells, said)
    assert Y[0].tolist() == [0, 1]
    assert np.isnan(Y[1:]).all()
    assert [one.words for one in said.remarks()] == [
        "column 'y' has 1 cell of a class not learnt, 'c' in row 2 first: counts for nothing there"
    ]
    assert "in row 3, but every row needs one" in refusal(lambda: target.encode(cells, Said()))
    assert "is 'c', a class that the model has not learnt" in refusal(
        lambda: target.encode(column(["c"]), Said())
    )
    assert "has not two different values" in refusal(lambda: ClassTarget.learn("y", column(["a"]), "text"))


def test_targets_of_the_older_format_are_read() -> None:
    number = {"kind": "number", "name": "y", "mean": 1.5, "scale": 0.3}
    assert plain(read(number, NumberTarget)) == number
    values = [0.1, -7.25]
    Y = read(number, NumberTarget).encode(column(values), Said())
    assert Y.tobytes() == ((np.array(values) - 1.5) / 0.3).tobytes()
    classes = {"kind": "class", "name": "y", "classes": ["1", "2"], "cells": "number"}
    assert plain(read(classes, ClassTarget)) == classes
    assert read(classes, ClassTarget).labels == ("1", "2")


@pytest.mark.parametrize(
    ("target", "changed", "says"),
    [
        (NumberTarget("y", 1.0, 2.0), {"scale": 0.0}, "scale"),
        (NumberTarget("y", 1.0, 2.0), {"learnt_as": "square"}, "learnt_as"),
        (NumberTarget("y", 1.0, 2.0), {"reach": 2.0}, "unknown field"),
        (DateTarget("y", DATES, 1.0, 2.0), {"unit": "year"}, "unit"),
        (DateTarget("y", DATES, 1.0, 2.0), {"scale": 0.0}, "scale"),
        (ClassTarget("y", ("1", "2"), "number"), {"spellings": ["01"]}, "There are 2 classes and 1 spelling"),
        (
            ClassTarget("y", ("1", "2"), "number"),
            {"spellings": ["1", "1"]},
            "The spelling '1' is there twice",
        ),
        (ClassTarget("y", ("1", "2"), "number"), {"classes": ["1"]}, "classes"),
    ],
)
def test_a_damaged_field_is_named(target: Any, changed: dict[str, object], says: str) -> None:  # noqa: ANN401
    assert read(plain(target), type(target)) == target
    assert says in refusal(lambda: read({**plain(target), **changed}, type(target)), ModelFileError)


def test_a_time_of_day_comes_back_as_one() -> None:
    reading = DateReading("time")
    target = DateTarget.learn(
        "y", reading, read_cells(column(pa.array(["09:30", "17:45:10"], pa.large_string())), reading)
    )
    assert target.written(target.decode(np.array([-1.0, 1.0]))) == ("09:30:00", "17:45:10")
