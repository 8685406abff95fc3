"""A table becomes X and Y, and outputs become labels and units again; the stored encoding decides alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import chosen, refusal

from chainrule.errors import InputError, ShapeError
from chainrule.tables import (
    CategoryInput,
    ClassTarget,
    Encoding,
    NumberInput,
    NumberTarget,
    Said,
    Table,
    read_table,
)
from chainrule.tables.encoding.statistics import measure, standardise

STRICT = Said(is_strict=True)

finite = st.floats(allow_nan=False, allow_infinity=False)


def frame(**columns: Any) -> Table:  # noqa: ANN401 - whatever a frame may hold
    return read_table(pa.table(columns))


PENGUINS = Encoding(
    (
        NumberInput("mass", 4000.0, 500.0),
        CategoryInput("island", ("Biscoe", "Dream", "Torgersen"), "text"),
        CategoryInput("wild", ("False", "True"), "boolean"),
        CategoryInput("year", ("2007", "2008"), "number"),
    ),
    (ClassTarget("species", ("Adelie", "Gentoo"), "text"),),
)
HOUSES = Encoding(
    (NumberInput("area", 0.0, 1.0),), (NumberTarget("price", 10.0, 2.0), NumberTarget("rent", 1.0, 0.5))
)


def test_names_and_widths() -> None:
    assert PENGUINS.input_names == (
        "mass",
        "island=Biscoe",
        "island=Dream",
        "island=Torgersen",
        "wild=False",
        "wild=True",
        "year=2007",
        "year=2008",
    )
    assert (PENGUINS.n_inputs, PENGUINS.n_outputs) == (8, 2)
    assert PENGUINS.output_names == ("output_Adelie", "output_Gentoo")
    assert PENGUINS.classes == ("Adelie", "Gentoo")
    assert PENGUINS.target_names == ("species",)
    assert (HOUSES.classes, HOUSES.output_names, HOUSES.target_names) == (
        None,
        ("price", "rent"),
        ("price", "rent"),
    )


def test_a_row_by_hand() -> None:
    table = frame(year=["02008"], wild=["TRUE"], island=["Dream"], mass=["4250"], species=["Gentoo"])
    assert PENGUINS.encode_inputs(table).tolist() == [[0.5, 0, 1, 0, 0, 1, 0, 1]]
    assert PENGUINS.encode_targets(table).tolist() == [[0, 1]]
    assert HOUSES.encode_targets(frame(rent=[2], price=[9.0])).tolist() == [[-0.5, 2.0]]


def test_typed_cells_mean_the_same() -> None:
    table = frame(year=[2008.0], wild=[True], island=pa.array(["Dream"]).dictionary_encode(), mass=[4250])
    assert PENGUINS.encode_inputs(table).tolist() == [[0.5, 0, 1, 0, 0, 1, 0, 1]]


def test_a_decimal_comma_in_the_new_table() -> None:
    assert HOUSES.encode_inputs(frame(area=["1,5", "-2"])).tolist() == [[1.5], [-2]]


def test_constants_encode_to_zero() -> None:
    encoding = Encoding((NumberInput("x", 3.0, 0.0), CategoryInput("k", ("a",), "text")), HOUSES.targets)
    assert encoding.encode_inputs(frame(x=[3, 4], k=["a", "a"])).tolist() == [[0, 0], [0, 0]]
    assert encoding.input_names == ("x", "k=a")
    assert "'b', a category that the model has not learnt" in refusal(
        lambda: encoding.encode_inputs(frame(x=[3], k=["b"]), STRICT)
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"mass": ["4000", "abc"]}, "Row 2 of column 'mass' of the data frame is 'abc' but the model learnt"),
        ({"mass": [1, None]}, "A value is missing in column 'mass' of the data frame in row 2"),
        ({"island": ["Dream", "dream"]}, "Row 2 of column 'island' of the data frame is 'dream', a category"),
        ({"island": ["Dream", "?"]}, "A value is missing in column 'island'"),
        ({"wild": ["true", "nope"]}, "Row 2 of column 'wild' of the data frame is 'nope', a category"),
        ({"year": [2007, 2009]}, "Row 2 of column 'year' of the data frame is '2009', a category"),
    ],
)
def test_cells_that_the_model_cannot_take(changed: dict[str, list[object]], says: str) -> None:
    good = {"mass": [1, 2], "island": ["Dream", "Dream"], "wild": [True, True], "year": [2007, 2007]}
    table = frame(**{**good, **changed})
    assert refusal(lambda: PENGUINS.encode_inputs(table, STRICT)).startswith(says)
    heard = Said()
    assert PENGUINS.encode_inputs(table, heard).shape == (2, 8)
    assert [one.column for one in heard.remarks()] == list(changed)


def test_a_category_not_learnt_is_told_the_known_ones() -> None:
    table = frame(mass=[1], island=["dream"], wild=[True], year=[2007])
    assert "Did you mean 'Dream'? It learnt: 'Biscoe', 'Dream', 'Torgersen'." in refusal(
        lambda: PENGUINS.encode_inputs(table, STRICT)
    )


def test_a_class_not_learnt() -> None:
    message = refusal(lambda: PENGUINS.encode_targets(frame(species=["Gento"])))
    assert "is 'Gento', a class that the model has not learnt. Did you mean 'Gentoo'?" in message


def test_missing_columns_are_all_named() -> None:
    message = refusal(lambda: PENGUINS.encode_inputs(frame(mas=[1], wild=[True])))
    assert message.startswith(
        "the data frame has no columns 'mass', 'island', 'year' but the model needs them."
    )
    assert "Did you mean 'mas' for 'mass'? There are: 'mas', 'wild'. Add the columns, or rename" in message
    assert "Did you mean 'mas'? There" in refusal(
        lambda: PENGUINS.encode_inputs(frame(mas=[1], island=["Dream"], wild=[True], year=[2007]))
    )
    assert "Did you mean" not in refusal(lambda: PENGUINS.encode_inputs(frame(area=[1], wild=[True])))


def test_a_number_too_far_from_training() -> None:
    encoding = Encoding((NumberInput("x", 0.0, 1e-10),), HOUSES.targets)
    assert "too far from the training rows" in refusal(lambda: encoding.encode_inputs(frame(x=[1e308])))


@given(st.permutations(["mass", "island", "wild", "year", "extra"]))
def test_order_and_extra_columns_do_not_matter(order: list[str]) -> None:
    columns = {"mass": [1.0], "island": ["Dream"], "wild": [True], "year": [2007], "extra": [b"x"]}
    table = frame(**{name: columns[name] for name in order})
    assert PENGUINS.encode_inputs(table).tolist() == [[-7.998, 0, 1, 0, 0, 1, 1, 0]]
    assert PENGUINS.unused_columns(table) == ("extra",)


@given(st.lists(finite, min_size=2, max_size=40), finite, st.floats(1e-300, 1e300), st.data())
def test_a_row_has_the_same_bits_whatever_is_beside_it(
    values: list[float], mean: float, scale: float, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    spread = (mean, scale)
    together = standardise(np.array(values), type(measure(np.ones(1)))(*spread))
    alone = standardise(np.array([values[at]]), type(measure(np.ones(1)))(*spread))
    assert together[at].tobytes() == alone[0].tobytes()


@given(st.lists(finite, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_statistics_do_not_depend_on_the_order(values: list[float], random: Any) -> None:  # noqa: ANN401
    shuffled = list(values)
    random.shuffle(shuffled)
    first, second = measure(np.array(values)), measure(np.array(shuffled))
    assert first == second
    assert math.isfinite(first.mean)
    assert math.isfinite(first.scale)


@given(
    st.lists(st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 9)), min_size=2, max_size=50)
)
def test_statistics_are_those_of_numpy(values: list[float]) -> None:
    array = np.array(values)
    spread = measure(array)
    size = np.abs(array).max()
    assert spread.mean == pytest.approx(array.mean(), rel=1e-12, abs=1e-15 * size)
    assert spread.scale == pytest.approx(array.std(), rel=1e-9, abs=1e-12 * size)


def test_equal_values_have_scale_zero_exactly() -> None:
    assert measure(np.full(10, 0.1)) == (0.1, 0.0)


def test_the_largest_floats_are_standardised() -> None:
    values = np.array([1.7e308, -1.7e308])
    assert standardise(values, measure(values)).tolist() == [1.0, -1.0]
    uneven = np.array([1.7e308, -1.7e308, -1.7e308])
    assert np.allclose(standardise(uneven, measure(uneven)), [math.sqrt(2), -math.sqrt(0.5), -math.sqrt(0.5)])


def test_the_largest_output_wins_and_the_first_of_equal_ones() -> None:
    assert PENGUINS.decode_outputs([[0.1, 0.2], [0.5, 0.5], [-1.0, -2.0]]) == ("Gentoo", "Adelie", "Adelie")
    assert PENGUINS.decode_outputs(np.zeros((0, 2))) == ()


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1))
def test_numbers_come_back_in_their_units(rows: list[tuple[float, float]]) -> None:
    table = frame(price=[price for price, _ in rows], rent=[rent for _, rent in rows])
    assert np.allclose(HOUSES.decode_outputs(HOUSES.encode_targets(table)), rows, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("outputs", [[[1.0]], [1.0, 2.0], [[[1.0, 2.0]]]])
def test_outputs_of_another_shape(outputs: Any) -> None:  # noqa: ANN401
    assert "(n_rows, 2) is needed" in refusal(lambda: PENGUINS.decode_outputs(outputs), ShapeError)


def test_outputs_without_a_winner() -> None:
    message = refusal(lambda: PENGUINS.decode_outputs([[1.0, 2.0], [math.nan, 1.0]]), InputError)
    assert message.startswith("Row 2 of outputs has NaN")


@pytest.mark.parametrize("missing", ["mass", "island", "wild", "year"])
def test_a_strict_prediction_does_not_do_without_a_value(missing: str) -> None:
    row: dict[str, list[object]] = {"mass": [1], "island": ["Dream"], "wild": [True], "year": [2007]}
    assert refusal(lambda: PENGUINS.encode_inputs(frame(**{**row, missing: [None]}), STRICT)).endswith(
        "but the model needs one in every row. Fill it in, or remove the row."
    )


def test_a_target_that_answers_are_compared_with() -> None:
    assert refusal(lambda: PENGUINS.encode_targets(frame(species=["Adelie", None]))).endswith(
        "in row 2, but every row needs one. Remove the row."
    )
    assert refusal(lambda: HOUSES.encode_targets(frame(area=[1]))).startswith(
        "the data frame has no columns 'price', 'rent' but the model's answers are compared with them."
    )


def test_one_of_several_number_targets_may_be_missing() -> None:
    table = frame(area=[1, 2, 4, 3], price=[1, 2, 5, 4], rent=[1, None, 3, None])
    encoding, columns, _ = chosen(table, ["price", "rent"], [0, 1, 2])
    assert np.isnan(encoding.encode_targets(table)).tolist() == [[False, False], [False, True]] * 2
    assert encoding.encode_targets(table)[[0, 2], 1].tolist() == [-1, 1]
    assert columns[2].why == "missing in 2 rows: there it counts for nothing"
    without, columns, _ = chosen(table, ["price", "rent"], [1, 3])
    assert columns[2].warnings == ("not learnt, but always answered so: it is missing in all training rows",)
    assert without.encode_targets(table).shape == (4, 1)
    assert np.isnan(without.answers([[0.0]])["rent"].plain()).all()
    assert "is missing in all training rows" in refusal(lambda: chosen(table, ["rent"], [1, 3]))
    assert encoding.has_target(table).tolist() == [True] * 4
    assert chosen(table, "rent", [0, 2]).encoding.has_target(table).tolist() == [True, False] * 2


def test_a_date_where_the_model_learnt_numbers() -> None:
    assert refusal(lambda: HOUSES.encode_inputs(frame(area=["2024-01-01"]), STRICT)).endswith(
        "is '2024-01-01' but the model learnt numbers there. Correct the cell, or remove the row."
    )
