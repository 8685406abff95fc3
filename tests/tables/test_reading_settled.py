"""What a column is, settled by all of its cells: odd and hostile ones, and what is asked of it."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import UnknownNameError, said
from chainrule.stored import Stored, plain, read
from chainrule.tables import Column
from chainrule.tables.columns.dates import DATE_FORMS
from chainrule.tables.columns.notation.durations import DURATION_FORMS
from chainrule.tables.columns.numbers import NUMBER_FORMS
from chainrule.tables.columns.readings import (
    BooleanReading,
    DateReading,
    DurationReading,
    NumberReading,
    Reading,
    TextReading,
    kind_of_labels,
    read_cells,
    reading_option,
    settle_reading,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


def column(cells: Sequence[object], name: str = "c", **more: Any) -> Column:  # noqa: ANN401 - its other fields
    kinds = {type(cell) for cell in cells} - {type(None)}
    text = kinds == {str}
    return Column(name, pa.array(cells, pa.large_string() if text else None), **more)


def kind(cells: Sequence[object], **more: Any) -> str:  # noqa: ANN401 - the column's other fields
    return type(settle_reading(column(cells, **more)).reading).__name__.removesuffix("Reading")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], "Text"),
        ([None, None], "Text"),
        (["", "?", "NA", " "], "Text"),
        (["5"], "Number"),
        (["a"], "Text"),
        (["2024-02-29"], "Date"),
        (["yes", "no", ""], "Boolean"),
        (["Yes", "NO"], "Boolean"),
        (["Y", "n"], "Boolean"),
        (["t", "f"], "Boolean"),
        (["on", "off"], "Boolean"),
        (["TRUE"], "Boolean"),
        (["yes", "yes"], "Text"),
        (["yes", "no", "maybe"], "Text"),
        (["true", "no"], "Text"),
        (["0", "1"], "Number"),
        (["male", "female"], "Text"),
        ([1, 2], "Number"),
        ([1.5, None], "Number"),
        ([decimal.Decimal("1.5")], "Number"),
        ([True, None], "Boolean"),
        ([dt.date(2024, 2, 29)], "Date"),
        ([dt.time(12, 30)], "Date"),
        ([dt.timedelta(1)], "Duration"),
        (["None", "none"], "Text"),
        (["x" * 100_000, "1" * 100_000], "Text"),
        (["1" * 400, "2"], "Number"),
    ],
)
def test_what_a_column_is(cells: list[object], expected: str) -> None:
    assert kind(cells) == expected


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1", "2", "unknown"], ("unknown",)),
        (["1.5", "Missing", "--", "."], ("--", ".", "Missing")),
        (["none", "none", "none", "none", "5"], ("none",)),
        (["2024-02-29", "n.a."], ("n.a.",)),
        ([*map(str, range(10)), *["T"] * 10], ("T",)),
        ([*["1", "2", "3"] * 6, "x", "y"], ("x", "y")),
        ([*["1.5"] * 9, "1,5"], ("1,5",)),
        ([*["5 kg"] * 9, "unknown", "heavy"], ("heavy", "unknown")),
    ],
)
def test_words_among_values_are_missing(cells: list[str], words: tuple[str, ...]) -> None:
    found = column(cells)
    settled = settle_reading(found)
    assert settled.reading.words == words  # type: ignore[union-attr]
    assert read_cells(found, settled.reading).missing.tolist() == [cell in words for cell in cells]  # type: ignore[arg-type]
    decision = settled.decisions[-1]
    assert "read as missing" in decision.words
    assert decision.is_guess


@pytest.mark.parametrize(
    ("cells", "is_warning"), [(["1", "2", "unknown"], False), ([*["1"] * 10, "unknwon"], True)]
)
def test_words_that_say_nothing_of_a_missing_value_are_a_warning(
    cells: list[str], is_warning: bool  # noqa: FBT001 - expected
) -> None:  # fmt: skip
    assert [one.is_warning for one in settle_reading(column(cells)).decisions] == [is_warning]


@pytest.mark.parametrize(
    "cells",
    [
        ["2", "4", "more"],
        ["2", "3", "4", "5more"],
        [*map(str, range(9)), "T", "T"],
        [*map(str, range(10)), *["T"] * 11],
        [*map(str, range(10)), *["5-more"] * 11],
        [*["1"] * 16, "x", "y"],
        ["1", "a", "b"],
    ],
)
def test_more_words_make_a_text(cells: list[str]) -> None:
    assert kind(cells) == "Text"


def test_a_text_of_mostly_numbers_is_said_with_its_first_word() -> None:
    (one,) = settle_reading(column(["1", "2", "more", "3"], "persons")).decisions
    assert one.words == "text, though 3 of 4 cells are numbers: row 3 is 'more'"
    assert one.is_guess
    assert said(one.advice) == "numbers=['persons'] reads it otherwise."
    assert kind(["a", "b", "1"]) == "Text"
    assert settle_reading(column(["a", "b", "1"])).decisions == ()


def test_numbers_of_several_units_are_text_and_said() -> None:
    (one,) = settle_reading(column(["$5", "6 €"])).decisions
    assert one.words == "numbers with different signs or units beside them are read as text"
    assert not one.is_guess
    found = column(["$5", "6 €"])
    assert read_cells(found, settle_reading(found, "numbers").reading).values.tolist() == [5, 6]  # type: ignore[arg-type]


def test_rows_are_numbered_as_in_the_table_read() -> None:
    found = column([*["1"] * 20, "x"]).take(np.arange(20, -1, -1))
    (one,) = settle_reading(found).decisions
    assert one.words == "'x' (1 cell, row 21 first) read as missing"


def test_the_source_decides_what_is_a_category() -> None:
    assert kind(["1", "2"], is_category=True) == "Text"
    assert kind([1, 2], is_category=True) == "Text"
    assert kind(["true", "false"], is_category=True) == "Text"
    asked = settle_reading(column(["1", "2"], is_category=True), "numbers")
    assert isinstance(asked.reading, NumberReading)


@pytest.mark.parametrize("cells", [[[1]], [{"a": 1}], [b"x"]])
def test_what_cannot_be_used_is_refused(cells: list[object]) -> None:
    assert "only numbers, text, booleans and dates can be used" in refusal(
        lambda: settle_reading(column(cells))
    )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("number", "There is no kind of column 'number'. Did you mean 'numbers'? There are: numbers, dates"),
        ("dates:day-mont-year", "There is no form of dates 'day-mont-year'. Did you mean 'day-month-year'? "),
        (
            "numbers:decimal-coma",
            "There is no form of numbers 'decimal-coma'. Did you mean 'decimal-comma'? ",
        ),
        ("text:long", "There is no form of text 'long'."),
    ],
)
def test_what_cannot_be_asked(asked: str, says: str) -> None:
    message = refusal(lambda: settle_reading(column(["1"]), asked), UnknownNameError)
    assert message.startswith(says)
    if ":" in asked and asked.startswith(("dates", "numbers")):
        assert all(
            form in message for form in (DATE_FORMS if "dates" in asked else (*NUMBER_FORMS, *DURATION_FORMS))
        )


@pytest.mark.parametrize(
    ("cells", "asked", "kind_asked"),
    [(["a", "b"], "numbers", "numbers"), (["a"], "dates", "dates"), (["1,5"], "dates:year", "dates")],
)
def test_what_no_cell_can_be(cells: list[str], asked: str, kind_asked: str) -> None:
    message = refusal(lambda: settle_reading(column(cells), asked))
    assert message == (
        f"Row 1 of column 'c' of the table is {cells[0]!r} and no other cell of it can be read as "
        f"{kind_asked} but {kind_asked} were asked for. Ask for another form, or leave that out."
    )


@pytest.mark.parametrize(
    ("cells", "asked", "expected"),
    [
        (["007", "1"], "numbers", NumberReading(decimal=".")),
        (["1", "a", "b"], "numbers", NumberReading(decimal=".", words=("a", "b"))),
        (["1,234", "5,678"], "numbers:decimal-comma", NumberReading(decimal=",")),
        (["1.234", "5.678"], "numbers:decimal-comma", NumberReading(decimal=",", thousands=".")),
        (["1 234"], "numbers:decimal-comma-thousands-blank", NumberReading(decimal=",", thousands=" ")),
        (["<30", ">30"], "numbers", NumberReading(decimal=".", notations=("bounds",))),
        (["01/02/2024"], "dates:month-day-year", DateReading("month-day-year")),
        (["01/02/2024", "x"], "dates", DateReading("day-month-year", words=("x",))),
        (["2024", "2023"], "dates", DateReading("year")),
        (["1", "2"], "categories", TextReading()),
        (["1", "2"], "classes", TextReading()),
        (["yes", "no"], "categories", BooleanReading()),
        (["yes", "no"], "text", TextReading()),
        ([True, False], "numbers", NumberReading(decimal=".")),
        ([True, False], "text", TextReading()),
        ([2024, 2023], "dates:year", DateReading("year")),
    ],
)
def test_what_is_asked_is_done(cells: list[object], asked: str, expected: Reading) -> None:
    assert settle_reading(column(cells), asked).reading == expected


def test_too_many_different_words_are_not_kept() -> None:
    found = column(["1", *(f"x{i}" for i in range(200))])
    settled = settle_reading(found, "numbers")
    assert settled.reading == NumberReading(decimal=".")
    assert "200 cells" in settled.decisions[0].words
    assert read_cells(found, settled.reading).unreadable.sum() == 200


def test_an_infinity_is_missing_and_told_apart() -> None:
    found = read_cells(column(["1", "-inf", "x"]), NumberReading(decimal="."))
    assert found.infinite.tolist() == [False, True, False]
    assert found.missing.tolist() == [False, True, False]
    assert found.unreadable.tolist() == [False, False, True]


def test_booleans_as_numbers() -> None:
    read_back = read_cells(column([True, None, False]), NumberReading(decimal="."))
    assert read_back.values[[0, 2]].tolist() == [1, 0]
    assert read_back.missing.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("cells", "reading"),
    [
        ([dt.date(2024, 1, 1)], NumberReading(decimal=".")),
        ([1.5], DateReading()),
        ([1.5], DurationReading()),
        ([True], DateReading()),
        ([dt.timedelta(1)], DateReading()),
        (["2024-01-01"], NumberReading()),
        (["5"], DateReading()),
    ],
)
def test_cells_of_another_kind_cannot_be_read(cells: list[object], reading: Any) -> None:  # noqa: ANN401
    assert read_cells(column(cells), reading).unreadable.tolist() == [True]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", "2.0"], "number"),
        (["007", "1"], "text"),
        (["Yes", "no"], "boolean"),
        ([True], "boolean"),
        ([1.5], "number"),
        (["a", "b"], "text"),
        (["02134", "x"], "text"),
    ],
)
def test_how_labels_are_compared(cells: list[object], expected: str) -> None:
    assert kind_of_labels(column(cells)) == expected


class Holder(Stored, frozen=True):
    reading: Reading


@pytest.mark.parametrize(
    "reading",
    [
        NumberReading(),
        NumberReading(decimal=",", thousands="'", signs=("€",), notations=("bounds",), words=("x",)),
        DurationReading("units"),
        DateReading("time", words=("x",)),
        BooleanReading(),
        TextReading(),
    ],
)
def test_a_reading_comes_back_from_a_file(reading: Reading) -> None:
    assert read(plain(Holder(reading)), Holder).reading == reading


some_cells = st.sampled_from([
    "1", "2.5", "-3", "1,5", "1,234", "1.234", "1.234,5", "1 234", "5 %", "$5", "5 €", "3 kg", "2K", "3M",
    "(5)", "7-", "<5", "5+", "007", "inf", "x", "unknown", "T", "", "NA", "-", "yes", "no", "true",
    "2024-02-29",
    "01/02/2024", "13/02/2024", "02/13/2024", "3 Feb 2024", "2024-02", "12:30", "26:10", "1:02:03", "P1D",
    "2 h 30 min", "45 min", "20240229", "1700000000", "10-14", "2008-09", "A12",
])  # fmt: skip


@given(
    st.lists(some_cells, min_size=1, max_size=4).flatmap(
        lambda kinds: st.lists(st.sampled_from(kinds), min_size=1, max_size=25)
    ),
    st.sampled_from(["c", "date", "duration", "month"]),
    st.sampled_from(".,"),
    st.randoms(use_true_random=False),
)
def test_a_reading_is_what_its_option_asks_for_and_no_order_of_rows_changes_it(
    cells: list[str], name: str, mark: str, rng: random.Random
) -> None:
    found = column(cells, name, decimal=mark)
    reading = settle_reading(found).reading
    mixed = cells.copy()
    rng.shuffle(mixed)
    assert settle_reading(column(mixed, name, decimal=mark)).reading == reading
    if not found.missing.all():
        assert settle_reading(found, reading_option(reading)).reading == reading
    if isinstance(reading, (NumberReading, DateReading, DurationReading)):
        whole = read_cells(found, reading)
        one = rng.randrange(len(cells))
        alone = read_cells(column([cells[one]], name, decimal=mark), reading)
        assert [array[one].tobytes() for array in whole] == [array[0].tobytes() for array in alone]


@pytest.mark.parametrize("cells", [[*["1"] * 19, "3a"], [*["$5"] * 19, "6 €"], [*["2"] * 15, "(2)", "<3"]])
def test_what_is_overlooked_only_when_asked_for_is_not_overlooked_without_need(cells: list[str]) -> None:
    found = column(cells)
    reading = settle_reading(found).reading
    assert settle_reading(found, reading_option(reading)).reading == reading


@pytest.mark.slow
@given(st.lists(st.text(max_size=15), min_size=1, max_size=6), st.sampled_from(["c", "date", "lap"]))
def test_any_text_is_settled(cells: list[str], name: str) -> None:
    try:
        found = column(cells, name)
    except UnicodeEncodeError:  # halves of pairs, which Arrow does not hold
        return
    reading = settle_reading(found).reading
    if isinstance(reading, (NumberReading, DateReading, DurationReading)):
        values = read_cells(found, reading)
        assert (np.isnan(values.values) == (values.missing | values.unreadable)).all()
