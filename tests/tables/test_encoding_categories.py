"""Inputs of categories: which levels are learnt, what others become, and that all sources mean the same."""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import ModelFileError, TableError
from chainrule.stored import plain, read
from chainrule.tables import CategoryInput, Column, read_table
from chainrule.tables.columns.decisions import Decision, Said
from chainrule.tables.encoding.categories import BinaryInput
from chainrule.tables.encoding.levels import levels_of, matched


def column(cells: Any) -> Column:  # noqa: ANN401 - whatever a frame may hold
    if isinstance(cells, pd.Series):
        return read_table(pd.DataFrame({"x": cells})).column("x")
    if isinstance(cells, pl.Series):
        return read_table(pl.DataFrame({"x": cells})).column("x")
    return read_table(pa.table({"x": cells})).column("x")


def encoded(
    part: CategoryInput | BinaryInput,
    cells: Any,  # noqa: ANN401
) -> tuple[list[list[float]], tuple[Decision, ...]]:
    said = Said()
    return part.encode(column(cells), said).tolist(), said.remarks()


def test_the_most_frequent_levels_have_a_column_each() -> None:
    part = CategoryInput.learn("x", column(["b", "c", "b", "a", "d", "d", None]), "text", 2, 2)
    assert part == CategoryInput("x", ("b", "d"), "text", has_rest=True, has_missing=True)
    assert part.names == ("x=b", "x=d", "x (rest)", "x (missing)")
    X, remarks = encoded(part, ["d", "a", "new", None])
    assert X == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert [(one.words, one.is_guess) for one in remarks] == [
        ("column 'x' has 2 cells of rare or new categories, 'a' in row 2 first: taken for the rest", False)
    ]


def test_of_equally_frequent_levels_the_first_are_kept() -> None:
    assert CategoryInput.learn("x", column(["d", "a", "c", "b"]), "text", 2, 2).categories == ("a", "b")
    assert CategoryInput.learn("x", column([10, 9, 2, 10]), "number", 2, 2).categories == ("2", "10")


def test_of_many_categories_fewer_have_a_column() -> None:
    fifty = [f"{k:02}" for k in range(50) for _ in range(50 - k)]
    assert CategoryInput.learn("x", column(fifty), "text").categories == tuple(sorted(set(fifty)))
    more = CategoryInput.learn("x", column([*fifty, "50"]), "text")
    assert more.categories == tuple(f"{k:02}" for k in range(20))
    assert more.has_rest


def test_without_a_rest_what_is_not_known_is_zero_and_said() -> None:
    part = CategoryInput.learn("x", column(["a", "b", "c"]), "text")
    X, remarks = encoded(part, ["a", "x", "", "y"])
    assert X == [[1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert [one.words for one in remarks] == [
        "column 'x' has 2 cells of a category not learnt, 'x' in row 2 first: taken for none of them",
        "column 'x' has 1 cell without a value where training had none, row 3 first: taken for none of them",
    ]


def test_two_levels_in_one_column() -> None:
    part = BinaryInput.learn("x", column(["yes", "no", "no", "no"]), "text")
    assert part == BinaryInput("x", ("no", "yes"), 0.25, "text")
    assert part.names == ("x=yes",)
    X, remarks = encoded(part, ["yes", "no", "maybe", None])
    assert X == [[1.0], [0.0], [0.25], [0.25]]
    assert len(remarks) == 2
    gaps = BinaryInput.learn("x", column(["yes", "no", None]), "text")
    assert gaps.names == ("x=yes", "x (missing)")
    assert encoded(gaps, ["yes", None]) == ([[1.0, 0.0], [0.5, 1.0]], ())
    assert "have 3 values" in refusal(lambda: BinaryInput.learn("x", column(["a", "b", "c"]), "text"))


@pytest.mark.parametrize(
    "part", [CategoryInput("x", ("a", "b"), "text"), BinaryInput("x", ("a", "b"), 0.5, "text")]
)
def test_strict_refuses_the_first(part: CategoryInput | BinaryInput) -> None:
    def strictly(cells: list[str]) -> str:
        return refusal(lambda: part.encode(column(cells), Said(is_strict=True)))

    assert strictly(["a", "A"]).startswith(
        "Row 2 of column 'x' of the data frame is 'A', a category that the model has not learnt. Did you"
    )
    assert strictly(["a", ""]).startswith(
        "A value is missing in column 'x' of the data frame in row 2, but the"
    )


def test_a_known_category_wins_over_a_missing_token() -> None:
    part = CategoryInput("x", ("DE", "NA"), "text", has_missing=True)
    assert encoded(part, ["NA", "DE", "", "?"])[0] == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 1]]


def test_one_category_says_nothing() -> None:
    assert encoded(CategoryInput("x", ("a",), "text"), ["a", "a"])[0] == [[0], [0]]
    assert encoded(CategoryInput("x", ("a",), "text", has_missing=True), ["a", None])[0] == [[1, 0], [0, 1]]


def test_no_value_in_any_training_row() -> None:
    assert "has a value" in refusal(lambda: CategoryInput.learn("x", column([None, ""]), "text"))


TRUTHS = [True, False, True, None]
WHOLE = [1, 0, 1, None]
SOURCES: dict[str, list[tuple[str, Any]]] = {
    "truths": [
        ("arrow", pa.array(TRUTHS)),
        ("pandas object", pd.Series(TRUTHS, dtype="object")),
        ("pandas boolean", pd.Series([True, False, True, pd.NA], dtype="boolean")),
        ("pandas category", pd.Series(TRUTHS, dtype="category")),
        ("polars", pl.Series(TRUTHS)),
        ("text", ["True", "False", "true", ""]),
        ("capitals", ["TRUE", "FALSE", "TRUE", "NA"]),
        ("integers", pa.array(WHOLE)),
        ("floats", pa.array([1.0, 0.0, 1.0, float("nan")])),
        ("pandas Int64", pd.Series([1, 0, 1, pd.NA], dtype="Int64")),
        ("digits", ["1", "0", "1", ""]),
        ("decimals", ["1.0", "0.0", "1.0", "NaN"]),
    ],
    "whole numbers": [
        ("arrow", pa.array([7, 10, 7, None])),
        ("small", pa.array([7, 10, 7, None], pa.uint8())),
        ("floats", pa.array([7.0, 10.0, 7.0, float("nan")])),
        ("pandas floats", pd.Series([7, 10, 7, None])),
        ("pandas Int64", pd.Series([7, 10, 7, pd.NA], dtype="Int64")),
        ("pandas objects", pd.Series([7, 10, 7, None], dtype="object")),
        ("pandas category", pd.Series([7, 10, 7, None], dtype="category")),
        ("pandas strings", pd.Series(["7", "10", "7", pd.NA], dtype="string")),
        ("polars", pl.Series([7, 10, 7, None])),
        ("polars category", pl.Series(["7", "10", "7", None], dtype=pl.Categorical)),
        ("polars enum", pl.Series(["7", "10", "7", None], dtype=pl.Enum(["10", "7"]))),
        ("text", ["7", "10", "7", ""]),
        ("padded", ["07", "10", "07", "NA"]),
        ("decimals", ["7.0", "10.0", "7.0", "nan"]),
    ],
    "text": [
        ("arrow", pa.array(["b", "a", "b", None])),
        ("dictionary", pa.array(["b", "a", "b", None]).dictionary_encode()),
        ("pandas objects", pd.Series(["b", "a", "b", None], dtype="object")),
        ("pandas strings", pd.Series(["b", "a", "b", pd.NA], dtype="string")),
        ("pandas category", pd.Series(["b", "a", "b", None], dtype="category")),
        ("polars", pl.Series(["b", "a", "b", None])),
        ("polars category", pl.Series(["b", "a", "b", None], dtype=pl.Categorical)),
        ("polars enum", pl.Series(["b", "a", "b", None], dtype=pl.Enum(["a", "b"]))),
        ("tokens", ["b", "a", "b", "N/A"]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", SOURCES)
def test_every_source_means_the_same_at_fit_and_at_prediction(what: str) -> None:
    sources = [(name, column(cells)) for name, cells in SOURCES[what]]
    X: dict[tuple[str, str, str], bytes] = {}
    for (fitted, fit), (later, cells) in itertools.product(sources, repeat=2):
        for kind in {fit.kind, "text"} if what == "whole numbers" else {fit.kind}:
            one_hot = CategoryInput.learn("x", fit, kind)
            # Text is in the order of its letters, numbers in that of their values.
            order = (
                np.argsort([float(one) for one in one_hot.categories]) if what == "whole numbers" else [0, 1]
            )
            said = Said()
            encoded = one_hot.encode(cells, said)
            X[fitted, later, kind] = encoded[:, [*order, 2]].tobytes()
            assert all("written unlike" in one.words for one in said.remarks()), (fitted, later, kind)
    assert len(set(X.values())) == 1, {key for key, bits in X.items() if bits != next(iter(X.values()))}


@pytest.mark.parametrize("what", ["truths", "text"])
def test_every_source_means_the_same_in_one_column(what: str) -> None:
    sources = [column(cells) for _, cells in SOURCES[what]]
    X = {
        BinaryInput.learn("x", fit, fit.kind).encode(cells, Said()).tobytes()
        for fit, cells in itertools.product(sources, repeat=2)
    }
    expected = np.array([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [2 / 3, 1.0]])
    assert [np.frombuffer(bits).tolist() for bits in X] == [expected.ravel().tolist()]


def test_text_of_whole_numbers_meets_numbers_by_value() -> None:
    zips = CategoryInput("x", ("01069", "80331"), "text")
    assert encoded(zips, [1069, 80331]) == ([[1, 0], [0, 1]], ())
    X, remarks = encoded(zips, ["1069", "80331.0", "01069"])
    assert X == [[1, 0], [0, 1], [1, 0]]
    (remark,) = remarks
    assert remark.words == (
        "column 'x' has 2 cells written unlike any category, '1069' in row 1 first: taken for those of "
        "like value"
    )
    assert "is '1069', a category that" in refusal(
        lambda: zips.encode(column(["1069"]), Said(is_strict=True))
    )


def test_words_for_true_and_false_mean_the_same_and_are_said() -> None:
    words = CategoryInput("x", ("no", "Yes"), "boolean")
    assert encoded(words, ["NO", "yes"]) == ([[1, 0], [0, 1]], ())
    assert encoded(words, [False, True]) == ([[1, 0], [0, 1]], ())
    assert encoded(words, [0, 1.0]) == ([[1, 0], [0, 1]], ())
    truths = CategoryInput("x", ("false", "true"), "boolean")
    for part, cells in [(words, ["0", "true"]), (truths, ["off", "on"])]:
        X, (remark,) = encoded(part, cells)
        assert X == [[1, 0], [0, 1]]
        assert "2 cells written unlike any category" in remark.words
    assert encoded(truths, ["0", "1.0"]) == ([[1, 0], [0, 1]], ())
    assert encoded(truths, ["2", "maybe"])[0] == [[0, 0], [0, 0]]


def test_a_value_that_two_categories_have_decides_nothing() -> None:
    part = CategoryInput("x", ("01", "1", "2"), "text")
    assert encoded(part, ["01", "1", "1.0", "02"])[0] == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert encoded(part, [1, 2])[0] == [[0, 1, 0], [0, 0, 1]]
    mixed = CategoryInput("x", ("01", "b"), "text")
    assert encoded(mixed, [1, 2])[0] == [[0, 0], [0, 0]]
    truths = CategoryInput("x", ("TRUE", "true", "x"), "text")
    assert encoded(truths, [True, False])[0] == [[0, 1, 0], [0, 0, 0]]
    assert encoded(CategoryInput("x", ("True", "maybe"), "text"), [True, False])[0] == [[1, 0], [0, 0]]


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([[1], None]),
        pa.array([b"\xff", None]),
        pa.array([dt.timedelta(1), None]),
        pa.array([None, None]),
    ],
)
def test_cells_of_any_type_are_said_and_never_a_fault(cells: pa.Array) -> None:
    X, remarks = encoded(CategoryInput("x", ("a", "b"), "text"), cells)
    assert X == [[0, 0], [0, 0]]
    assert 1 <= len(remarks) <= 2


def test_both_zeros_are_one_category() -> None:
    part = CategoryInput.learn("x", column([0.0, -0.0, 2.5]), "text")
    assert part.categories == ("0", "2.5")
    assert encoded(part, [-0.0, 2.5])[0] == [[1, 0], [0, 1]]


def test_dates_are_categories_as_text_has_them() -> None:
    dates = pa.array([dt.date(2024, 2, 29), None])
    assert encoded(CategoryInput("x", ("2024-02-29", "b"), "text"), dates)[0] == [[1, 0], [0, 0]]


@given(
    st.lists(st.sampled_from(["a", "b", "C", "d", "", "NA", " e", "é"]), min_size=1, max_size=40),
    st.integers(1, 5),
    st.randoms(use_true_random=False),
)
def test_levels_are_those_that_a_counter_finds(cells: list[str], most: int, random: Any) -> None:  # noqa: ANN401
    present = [cell for cell in cells if cell not in {"", "NA"}]
    if not present:
        with pytest.raises(TableError):
            CategoryInput.learn("x", column(cells), "text", most, most)
        return
    expected = sorted(Counter(sorted(present)).most_common(most))
    part = CategoryInput.learn("x", column(cells), "text", most, most)
    assert part.categories == tuple(label for label, _ in expected)
    assert part.has_rest == (len(set(present)) > most)
    assert part.has_missing == (len(present) < len(cells))
    shuffled = list(cells)
    random.shuffle(shuffled)
    assert CategoryInput.learn("x", column(shuffled), "text", most, most) == part
    X = part.encode(column(cells), Said())
    assert X.sum() == (len(cells) if X.shape[1] > 1 else 0)
    if X.shape[1] > 1:
        dummies = pd.get_dummies(pd.Series(cells))
        for k, label in enumerate(part.categories):
            assert (X[:, k] == dummies[label]).all()


@given(st.lists(st.sampled_from(["1", "01", "1.0", "2", "2e0", "10", "TRUE"]), min_size=1, max_size=30))
def test_spellings_of_one_number_are_one_level(cells: list[str]) -> None:
    levels = levels_of(column(cells), "number")
    values = Counter(float(cell) for cell in cells if cell != "TRUE")
    numbers = [level for level in levels if level.label != "TRUE"]
    counted = {float(level.label): level.n_cells for level in numbers}
    assert counted == dict(values)
    assert [float(level.label) for level in numbers] == sorted(values)
    for level in numbers:
        spelled = Counter(
            sorted(cell for cell in cells if cell != "TRUE" and float(cell) == float(level.label))
        )
        assert spelled[level.spelling] == max(spelled.values())


def test_a_part_of_the_older_format_is_read_and_has_its_bits() -> None:
    old = {"kind": "category", "name": "x", "categories": ["a", "b"], "cells": "text"}
    part = read(old, CategoryInput)
    assert plain(part) == old
    assert part.encode(column(["b", "a"]), Said(is_strict=True)).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"categories": []}, "categories"),
        ({"categories": ["a", "a"]}, "The category 'a' is there twice"),
        ({"cells": "boolean", "categories": ["yes", "YES"]}, "The category 'yes' is there twice"),
        ({"has_rest": 1}, "has_rest"),
        ({"most": 3}, "unknown field"),
    ],
)
def test_a_damaged_category_is_named(changed: dict[str, object], says: str) -> None:
    whole = plain(CategoryInput("x", ("a", "b"), "text", has_rest=True, has_missing=True))
    assert says in refusal(lambda: read({**whole, **changed}, CategoryInput), ModelFileError)


@pytest.mark.parametrize(
    ("changed", "says"),
    [({"share": 1.5}, "share"), ({"levels": ["a"]}, "levels"), ({"levels": ["a", "a"]}, "is there twice")],
)
def test_a_damaged_binary_is_named(changed: dict[str, object], says: str) -> None:
    whole = plain(BinaryInput("x", ("a", "b"), 0.5, "text", has_missing=True))
    assert says in refusal(lambda: read({**whole, **changed}, BinaryInput), ModelFileError)


def test_ten_thousand_hostile_categories_take_no_quadratic_time() -> None:
    many = tuple(f"{k:06}" for k in range(50_000))
    found = matched(column(list(range(50_000))), many, "text")
    assert found.places.tolist() == list(range(50_000))


def test_one_row_alone_has_the_decimal_mark_of_its_table() -> None:
    known = ("0.5", "1.5")
    for decimal in ",.":
        alone = Column("k", pa.array(["1,5", "0.5", "7,5"], pa.large_string()), decimal=decimal)
        assert matched(alone, known, "number").places.tolist() == [1, 0, -1]
