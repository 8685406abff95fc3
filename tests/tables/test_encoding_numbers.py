"""Inputs of numbers: gaps, far values, constants but for rounding, skewed columns; what is said of cells."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import ModelFileError
from chainrule.stored import plain, read
from chainrule.table_options import NumberEncoding
from chainrule.tables import Column, NumberInput, read_table
from chainrule.tables.columns.decisions import MOST_SAID, Decision, Said
from chainrule.tables.columns.readings import NumberReading, TextReading, read_cells
from chainrule.tables.encoding.numbers import MissingInput
from chainrule.tables.encoding.statistics import exact_sum, measure, quantiles, rounding_error
from chainrule.tables.encoding.transforms.squashing import Squash, drawn_in, has_heavy_tails

finite = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-1e6, 1e6)
STANDARD, SQUASHED_BESIDE = NumberEncoding.of("standard"), NumberEncoding.of("standard+squashed")


def column(cells: Any, name: str = "x") -> Column:  # noqa: ANN401 - whatever a frame may hold
    return read_table(pa.table({name: cells})).column(name)


def learnt(cells: Any, **options: Any) -> NumberInput:  # noqa: ANN401
    reading = NumberReading()
    return NumberInput.learn("x", reading, read_cells(column(cells), reading), **options)


def encoded(part: NumberInput, cells: Any) -> tuple[list[list[float]], tuple[Decision, ...]]:  # noqa: ANN401
    said = Said()
    return part.encode(column(cells), said).tolist(), said.remarks()


def test_a_column_by_hand() -> None:
    part = learnt([1.0, 2.0, 3.0, 6.0])
    assert part == NumberInput("x", 3.0, math.sqrt(3.5), reach=3 / math.sqrt(3.5))
    assert encoded(part, [3.0, 6.0]) == ([[0.0], [3 / math.sqrt(3.5)]], ())


def test_statistics_are_those_of_the_cells_that_have_a_number() -> None:
    part = learnt([1.0, None, 3.0, math.nan, math.inf])
    assert (part.mean, part.scale, part.has_missing) == (2.0, 1.0, True)
    X, remarks = encoded(part, [None, 3.0])
    assert X == [[0.0, 1.0], [1.0, 0.0]]
    assert part.names == ("x", "x (missing)")
    assert remarks == ()


def test_a_gap_that_training_had_not_is_the_mean_and_said() -> None:
    X, remarks = encoded(learnt([1.0, 3.0]), ["3", "", "NA"])
    assert X == [[1.0], [0.0], [0.0]]
    assert [one.words for one in remarks] == [
        "column 'x' has 2 cells without a value where training had none, row 2 first: taken for the mean"
    ]
    assert remarks[0].is_guess
    assert remarks[0].column == "x"


def test_cells_that_are_no_numbers_count_as_missing_and_are_said() -> None:
    X, remarks = encoded(learnt([1.0, 3.0, None]), ["3", "three", "inf", "?", "four"])
    assert X == [[1, 0], [0, 1], [0, 1], [0, 1], [0, 1]]
    assert [one.words for one in remarks] == [
        "column 'x' has 2 cells that are no numbers, 'three' in row 2 first: taken for missing",
        "column 'x' has 1 cell that is infinite, 'inf' in row 3 first: taken for missing",
    ]


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["1", "x"], "Row 2 of column 'x' of the data frame is 'x' but the model learnt numbers there."),
        (["1", "inf"], "Row 2 of column 'x' of the data frame is 'inf', which is infinite, but every number"),
        (
            ["1", ""],
            "A value is missing in column 'x' of the data frame in row 2, but the model needs one in",
        ),
        (["1", "1e9"], "Row 2 of column 'x' of the data frame is '1e9', too far from the training rows"),
    ],
)
def test_strict_refuses_the_first(cells: list[str], says: str) -> None:
    part, said = learnt([1.0, 3.0]), Said(is_strict=True)
    assert refusal(lambda: part.encode(column(cells), said)).startswith(says)


def test_a_constant_is_not_followed() -> None:
    part = learnt([5.0, 5.0, 5.0])
    X, remarks = encoded(part, [5.0, 7.5, 9.0])
    assert X == [[0], [0], [0]]
    (remark,) = remarks
    assert remark.words == (
        "column 'x' has 2 cells unlike the one number of training, 5, '7.5' in row 2 first: not followed"
    )
    assert not remark.is_guess
    assert part.encode(column([7.5]), Said(is_strict=True)).tolist() == [[0.0]]


@pytest.mark.parametrize(
    "values",
    [
        [0.1 + 0.2, 0.3],
        [1 / 3 + 1 / 3 + 1 / 3, sum([0.1] * 10), sum([1 / 49] * 49), 1.0],
        [1e300 * 0.1, 1e299],
        [2.0**60, 2.0**60 + 256],
        [0.0, 5e-324],
        [4.35 * 100, 435.0],
    ],
)
def test_one_number_but_for_rounding_is_constant(values: list[float]) -> None:
    part = learnt(values)
    assert part.scale == 0
    assert encoded(part, values) == ([[0.0]] * len(values), ())


@pytest.mark.parametrize(
    "values",
    [[2.0**53 - 1, 2.0**53 - 2], [1.0, 1 + 1e-13], [1e-320, 1e-300], [0.0, 1e-300], [1e15 + 0.25, 1e15 + 33]],
)
def test_what_differs_by_more_than_rounding_is_no_constant(values: list[float]) -> None:
    assert learnt(values).scale > 0


@given(st.lists(st.integers(1, 10**6), min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_shares_that_add_up_to_one_are_constant(parts: list[int], random: Any) -> None:  # noqa: ANN401
    shares = [part / sum(parts) for part in parts]
    totals = []
    for _ in range(5):
        random.shuffle(shares)
        totals.append(sum(shares))
    assert measure(np.array(totals)).scale == 0


@given(st.lists(finite, min_size=1, max_size=30))
def test_numbers_that_differ_by_their_rounding_error_are_the_only_constants(values: list[float]) -> None:
    array = np.array(values)
    width = Fraction(max(values)) - Fraction(min(values))
    scale = measure(array).scale
    if width <= Fraction(rounding_error(array)):
        assert scale == 0
    elif width > Fraction(1e-300):
        assert scale > 0


@given(st.lists(finite, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order(values: list[float], random: Any) -> None:  # noqa: ANN401
    shuffled = list(values)
    random.shuffle(shuffled)
    assert learnt(values) == learnt(shuffled)


@given(st.lists(finite, min_size=1, max_size=30), st.lists(finite, min_size=1, max_size=10))
def test_no_value_goes_further_than_one_beyond_training(values: list[float], later: list[float]) -> None:
    part = learnt(values, encoding=SQUASHED_BESIDE)
    X = part.encode(column(later), Said())
    assert np.isfinite(X).all()
    assert (np.abs(X[:, 0]) <= (part.reach or 0) + 1).all()
    assert (np.abs(X[:, 1:]) <= 3).all()


@given(st.lists(moderate, min_size=2, max_size=30))
def test_training_values_are_not_drawn_in(values: list[float]) -> None:
    part = learnt(values, encoding=STANDARD)
    old = NumberInput("x", part.mean, part.scale)
    assert (
        part.encode(column(values), Said(is_strict=True)).tobytes()
        == old.encode(column(values), Said(is_strict=True)).tobytes()
    )


def test_values_beyond_the_reach_stay_in_order_and_the_far_ones_are_said() -> None:
    part = learnt([-1.0, 1.0])
    cells = [1.0, 1.5, 2.0, 2.5, 10.0, 1e6, -1e308]
    X, remarks = encoded(part, cells)
    values = [row[0] for row in X]
    assert values[:5] == sorted(set(values[:5]))
    assert values[1] == pytest.approx(1 + 0.5 / math.sqrt(1.25), rel=1e-15)
    assert values[6] == -2.0
    assert [one.words for one in remarks] == [
        "column 'x' has 4 cells far outside what training had, '2.5' in row 4 first: drawn to its edge"
    ]


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20), st.floats(0, 10))
def test_drawing_in_keeps_the_order(values: list[float], reach: float) -> None:
    drawn = drawn_in(np.sort(np.array(values)), reach)
    assert (np.diff(drawn) >= 0).all()
    assert (drawn == -drawn_in(-np.sort(np.array(values)), reach)).all()


@given(
    st.lists(moderate, min_size=1, max_size=50),
    st.sampled_from([Fraction(0), Fraction(1, 100), Fraction(1, 4), Fraction(1, 2), Fraction(1)]),
)
def test_quantiles_are_those_of_numpy(values: list[float], share: Fraction) -> None:
    (found,) = quantiles(np.array(values), [share])
    expected = np.quantile(values, float(share))
    size = max(map(abs, values))
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-13 * size)


def wide(draw: Any) -> Any:  # noqa: ANN401
    """Many numbers of very different sizes, of which some cancel."""
    n, top = draw(st.integers(1, 400)), draw(st.sampled_from([0, 3, 30, 300]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    values = rng.normal(size=n) * 10.0 ** rng.uniform(-top, top, n)
    values = np.concatenate([values, draw(st.sampled_from([1.0, 0.0, -1.0])) * values[: n // 2]])
    return rng.permutation(
        np.concatenate([values, draw(st.lists(finite.map(lambda x: x / 1e3), max_size=5))])
    )


@given(st.composite(wide)())
def test_sums_are_rounded_once(values: Any) -> None:  # noqa: ANN401
    assert exact_sum(values) == math.fsum(values.tolist())


def test_a_quantile_is_rounded_once() -> None:
    values = np.array([-0.0, 5e-324, 1e-300, 0.1, 0.3, 1e16, 1.7e308, -1.7e308])
    ordered = [Fraction(one) for one in sorted(values.tolist())]
    for k in range(98):
        place = Fraction(7 * k, 97)
        at = min(int(place), 6)
        expected = float(ordered[at] + (place - at) * (ordered[at + 1] - ordered[at]))
        (found,) = quantiles(values, [Fraction(k, 97)])
        assert (found, math.copysign(1, found)) == (expected, math.copysign(1, expected))


def test_squashing_is_that_of_the_literature() -> None:
    robust = Squash.learn(np.array([3.0, -1.0, 2.0]))
    assert robust is not None
    assert robust.apply(np.array([3.0, -1.0, 2.0])) == pytest.approx([0.49319696, -1.34164079, 0.0], abs=5e-9)
    narrow = Squash.learn(np.array([0.0, 1.0, 1.0, 1.0, 2.0]))
    assert narrow is not None
    assert narrow.apply(np.array([0.0, 1.0, 2.0])) == pytest.approx([-0.9486833, 0.0, 0.9486833], abs=5e-8)
    assert Squash.learn(np.ones(3)) is None


@given(st.lists(moderate, min_size=4, max_size=60))
def test_squashing_agrees_with_a_formula_of_pandas(values: list[float]) -> None:
    squash = Squash.learn(np.array(values))
    series = pd.Series(values)
    inner = series.quantile(0.75) - series.quantile(0.25)
    scale = inner if inner > 0 else (series.max() - series.min()) / 2
    if squash is None:
        assert scale < 1e-300
    elif scale > 1e-9 * max(1, series.abs().max()):  # else rounding of the quartiles rules
        z = (series - series.median()) / scale
        assert squash.apply(np.array(values)) == pytest.approx(z / np.sqrt(1 + z**2 / 9), rel=1e-6, abs=1e-6)


def test_which_columns_are_squashed() -> None:
    steps = np.arange(1, 1000) / 1000
    assert not has_heavy_tails(steps)
    assert not has_heavy_tails(np.array([1.0, 2.0, 4.0]))
    assert has_heavy_tails(np.where(steps > 0.9, steps, 0.0))
    assert has_heavy_tails(1 / steps)
    normal = np.array([*map(float, pd.Series(steps).rank())])
    assert not has_heavy_tails(normal)
    part = learnt((1 / steps).tolist())
    assert part.names == ("x", "x (squashed)")
    assert learnt((1 / steps).tolist(), encoding=STANDARD).squash is None


def test_a_missing_cell_is_in_the_middle_of_both_columns() -> None:
    part = learnt([None, *(1000 / k for k in range(1, 100))])
    assert part.names == ("x", "x (squashed)", "x (missing)")
    assert encoded(part, [None])[0] == [[0.0, 0.0, 1.0]]


def test_nothing_but_gaps() -> None:
    part = learnt([None, None])
    assert (part.mean, part.scale, part.has_missing) == (0.0, 0.0, True)
    assert encoded(part, [None, 1.0])[0] == [[0.0, 1.0], [0.0, 0.0]]


@pytest.mark.parametrize("reading", [NumberReading(), TextReading()], ids=["of a number", "of a text"])
def test_only_the_mark_of_a_missing_cell(reading: NumberReading | TextReading) -> None:
    part = MissingInput("x", reading)
    assert part.names == ("x (missing)",)
    assert part.encode(column(["1", "", "3"]), Said()).tolist() == [[0.0], [1.0], [0.0]]


@pytest.mark.parametrize(
    "source",
    [
        pa.array([1, 2, None, 40]),
        pa.array([1.0, 2.0, math.nan, 40.0]),
        pd.Series([1, 2, None, 40]),
        pd.Series([1, 2, pd.NA, 40], dtype="Int64"),
        pd.Series([1, 2, None, 40], dtype="object"),
        ["1", "2", "NA", "40"],
        ["1.0", "02", "", "4e1"],
    ],
)
def test_every_source_gives_the_same_bits(source: Any) -> None:  # noqa: ANN401
    cells = (
        read_table(pd.DataFrame({"x": source})).column("x")
        if isinstance(source, pd.Series)
        else column(source)
    )
    part = NumberInput.learn("x", NumberReading(), read_cells(cells, NumberReading()))
    expected = learnt([1.0, 2.0, None, 40.0])
    assert part == expected
    assert part.encode(cells, Said()).tobytes() == expected.encode(column([1, 2, None, 40]), Said()).tobytes()


def test_a_part_of_the_older_format_is_read_and_has_its_bits() -> None:
    old = {"kind": "number", "name": "x", "mean": 3.1, "scale": 0.7}
    part = read(old, NumberInput)
    assert plain(part) == old
    values = np.array([0.1, -1e5, 3.1, 1e300])
    X = part.encode(column(values), Said())
    assert X.tobytes() == ((values - 3.1) / 0.7).tobytes()
    assert "too far from the training rows" in refusal(
        lambda: NumberInput("x", 0.0, 1e-10).encode(column([1e308]), Said())
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reach", -1.0),
        ("reach", math.nan),
        ("squash", {"median": 0.0, "scale": 0.0}),
        ("squash", {"median": 0.0}),
        ("squash", {"median": 0.0, "scale": 1.0, "more": 1}),
        ("reading", {"cells": "text"}),
        ("reading", {"cells": "number", "decimal": ";"}),
        ("has_missing", 1),
    ],
)
def test_a_damaged_field_is_named(field: str, value: object) -> None:
    whole = plain(learnt([1.0, 2.0, None]))
    assert field in refusal(lambda: read({**whole, field: value}, NumberInput), ModelFileError)
    assert read(whole, NumberInput) == learnt([1.0, 2.0, None])


def test_what_is_said_has_an_end() -> None:
    said = Said()
    for k in range(MOST_SAID + 7):
        cells = column(["", ""], f"column {k}" + "x" * 500)
        said.missing(cells, cells.missing, "taken for the mean")
    remarks = said.remarks()
    assert len(remarks) == MOST_SAID + 1
    assert remarks[-1].words.startswith("7 remarks more")
    assert max(len(one.words) for one in remarks) < 200
