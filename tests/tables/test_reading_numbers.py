"""Numbers as people write them, against Python's own float."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.tables import Column
from chainrule.tables.columns.cells import read_cells
from chainrule.tables.columns.notation.digits import plain_numbers
from chainrule.tables.columns.numbers import NumberReading, read_numbers
from chainrule.tables.columns.readings import TextReading, settle_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

UNGROUPED = NumberReading(decimal=".")


def texts(*cells: str | None) -> pa.Array:
    return pa.array(cells, pa.large_string())


def column(*cells: str | None, name: str = "c", decimal: str = ".") -> Column:
    return Column(name, texts(*cells), decimal=decimal)


def values(cells: Sequence[str], decimal: str = ".") -> list[float]:
    found = column(*cells, decimal=decimal)
    reading = settle_reading(found).reading
    assert isinstance(reading, NumberReading), reading
    numbers, *_ = read_cells(found, reading)
    return list(map(float, numbers))


def same(one: float, other: float) -> bool:
    """Whether two floats have the same bits."""
    return one == other and math.copysign(1, one) == math.copysign(1, other)


digits = st.text("0123456789", min_size=1, max_size=40)
digits_or_none = st.text("0123456789", max_size=12)
exponents = st.integers(-400, 400)


@st.composite
def plain(draw: st.DrawFn) -> str:
    sign = draw(st.sampled_from(["", "+", "-"]))
    whole, fraction = draw(digits), draw(digits)
    shape = draw(st.sampled_from([whole, f"{whole}.", f"{whole}.{fraction}", f".{fraction}"]))
    exponent = draw(st.none() | exponents)
    return f"{sign}{shape}" + ("" if exponent is None else draw(st.sampled_from("eE")) + str(exponent))


@given(st.lists(plain(), min_size=1, max_size=5))
def test_plain_numbers_are_what_float_says(cells: list[str]) -> None:
    found = read_numbers(texts(*cells), UNGROUPED).tolist()
    assert all(same(one, float(cell)) for one, cell in zip(found, cells, strict=True))


@given(st.lists(plain() | st.sampled_from(["inf", "-Infinity", "+INF"]), min_size=1, max_size=5))
def test_a_number_is_the_same_beside_cells_that_are_read_in_the_slow_way(cells: list[str]) -> None:
    alone = read_numbers(texts(*cells), UNGROUPED)
    beside = read_numbers(texts(*cells, "−7", "x"), UNGROUPED)
    assert all(same(one, other) for one, other in zip(alone, beside, strict=False))
    assert beside[-2] == -7
    assert np.isnan(beside[-1])


@given(st.text("0123456789.,eE+-_xX'nNaAiIfF() ", max_size=12))
def test_whatever_else_is_no_plain_number(cell: str) -> None:
    cell = cell.strip()
    is_plain = plain_numbers(texts(cell)) is not None
    try:
        value = float(cell)
    except ValueError:
        assert not is_plain
    else:  # float also reads 1_000 and NaN, which are no numbers here
        assert is_plain == ("_" not in cell and not math.isnan(value))


def grouped(number: str, mark: str) -> str:
    """Whole digits with a mark between thousands, by Python's own hand."""
    return f"{int(number):,}".replace(",", mark)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**40).map(str), digits_or_none, st.sampled_from(["", "-"])),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from([
        (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (".", "\u2019"), (",", "\u00a0"),
        (",", "\u202f"), (".", "\u2009"),
    ]),
)  # fmt: skip
def test_thousands_are_parted_as_they_are_anywhere(
    numbers: list[tuple[str, str, str]], marks: tuple[str, str]
) -> None:
    decimal, thousands = marks
    cells = [f"{sign}{grouped(whole, thousands)}{decimal}{fraction}" for whole, fraction, sign in numbers]
    # Both marks in one cell leave no doubt.
    cells.append(f"1{thousands}234{decimal}5")
    expected = [float(f"{sign}{whole}.{fraction}") for whole, fraction, sign in numbers] + [1234.5]
    assert all(same(one, other) for one, other in zip(values(cells), expected, strict=True))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,234", "5,678"], [1234, 5678]),
        (["1,234", "5,67"], [1.234, 5.67]),
        (["1,234", "0,567"], [1.234, 0.567]),
        (["1,234", "5.5"], [1234, 5.5]),
        (["1.234", "5.678"], [1.234, 5.678]),
        (["1.234.567", "8"], [1234567, 8]),
        (["1.234,5", "8"], [1234.5, 8]),
        (["12,34,567", "1,23,456.5"], [1234567, 123456.5]),
        (["1 234", "5"], [1234, 5]),
        (["1'234.50", "2"], [1234.5, 2]),
        (["−3", "4"], [-3, 4]),
        (["5", "5.0", "05"], [5, 5, 5]),
        (["12 %", "3%", "-4.5 %"], [12, 3, -4.5]),
        (["5 ‰", "6 ‰"], [5, 6]),
        (["12%", "3"], [12, 3]),
        (["$5", "-$3.50", "$-2", "$1,000"], [5, -3.5, -2, 1000]),
        (["5 €", "1.234,50 €"], [5, 1234.5]),
        (["EUR 12.50", "13 €"], [12.5, 13]),
        (["12,-", "13,50"], [12, 13.5]),
        (["kr 12", "13 kr"], [12, 13]),
        (["12 kg", "3.5kg"], [12, 3.5]),
        (["5 m²", "6 m2"], [5, 6]),
        (["80 km/h", "7 km/h"], [80, 7]),
        (["45 min", "5 min."], [45, 5]),
        (["20 °C", "-3 °C"], [20, -3]),
        (["1.2K", "3M", "4B", "5"], [1200, 3e6, 4e9, 5]),
        (["€110.5M", "€600K", "€0"], [110.5e6, 600e3, 0]),
        (["1,5 Mio. €", "2 Mrd. €"], [1.5e6, 2e9]),
        (["3m", "4m"], [3, 4]),
        (["($3.50)", "$4"], [-3.5, 4]),
        (["3.5-", "4"], [-3.5, 4]),
        (["<1", "5", "6"], [1, 5, 6]),
        (["100+", "50", "60"], [100, 50, 60]),
        (["≤ 5", "7", ">= 8", "9"], [5, 7, 8, 9]),
        (["10,000+", "5,000+", "0"], [10000, 5000, 0]),
        (["1st", "2nd", "3rd", "11th"], [1, 2, 3, 11]),
        (["1.1e3", "7"], [1100, 7]),
    ],
)
def test_what_the_whole_column_settles(cells: list[str], expected: list[float]) -> None:
    assert values(cells) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [(["1.234", "5.678"], [1234, 5678]), (["1,234", "5,678"], [1.234, 5.678]), (["1", "2"], [1, 2])],
)
def test_where_nothing_else_does_the_decimal_mark_of_the_table_settles(
    cells: list[str], expected: list[float]
) -> None:
    assert values(cells, decimal=",") == expected


@pytest.mark.parametrize(
    "cells",
    [
        ["10-14", "15-19"],
        ["1_000", "2_000"],
        ["0x10", "0x1F"],
        ["1.2.3", "1.2.4"],
        ["10.0.0.1", "10.0.0.2"],
        ["030 123 456", "030 123 457"],
        ["12,34", "1,2,3"],
        ["<=50K", ">50K"],
        ["<30", ">30", "NO"],
        ["(1)", "(2)"],
        ["(5", "6", "7)"],
        ["5 kg", "6 lb"],
        ["$5", "6 €"],
        ["1bbl", "2bbl", "idi"],
        ["A12", "A13"],
        ["12a", "14", "15"],
        ["٣", "٤"],
        ["½", "¼"],
        ["1e", "2e5.5"],
        ["1 2345", "6"],
        ["5'11\"", "6'2\""],
        ["3.5/5", "4/5"],
        ["1½", "2½"],
        ["--5", "6"],
        ["5 5", "6"],
        ["2", "3", "4", "5more"],
        ["2", "4", "more"],
    ],
)
def test_what_is_no_number(cells: list[str]) -> None:
    assert settle_reading(column(*cells)).reading == TextReading()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1,234", "5,678"], "whether the comma is a decimal mark"),
        (["12%", "0.3"], "'%' beside them in 1 cell of 2, all read as if they were alike"),
        (["<1", "5", "6"], "bounds such as <5 or 5+ are read as the number itself (1 cell)"),
        (["1", "inf", "2"], "1 infinite number (row 2 first) read as missing"),
    ],
)
def test_doubt_is_a_warning(cells: list[str], words: str) -> None:
    (one,) = [one for one in settle_reading(column(*cells)).decisions if one.is_warning]
    assert words in one.words
    assert one.is_guess
    assert one.column == "c"


@pytest.mark.parametrize("cells", [["1.5", "2"], ["1.234"], ["1", "2"], ["-3e5", ".5", "7."], ["−1", "2"]])
def test_nothing_is_said_of_plain_numbers(cells: list[str]) -> None:
    assert settle_reading(column(*cells)).decisions == ()


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["1,5", "2"], "numbers with a decimal comma"),
        (["1,234.5", "2"], "numbers with commas between thousands"),
        (["5 kg", "6 kg"], "numbers with 'kg' beside them"),
        (
            ["1.5K", "2M"],
            "letters behind numbers multiply them: K by a thousand, M by a million, B by a billion",
        ),
    ],
)
def test_what_is_certain_is_said_but_no_guess(cells: list[str], words: str) -> None:
    (one,) = settle_reading(column(*cells)).decisions
    assert (one.words, one.is_guess, one.is_warning) == (words, False, False)


def test_a_cell_is_read_by_the_reading_alone() -> None:
    reading = NumberReading(decimal=",", thousands=".", signs=("€",), words=("k",))
    cells = read_cells(column("1.234,5 EUR", "7", "8 $", "k", "?", "1,234.5", "(3)", "5+", "2K"), reading)
    assert cells.values.tolist()[:2] == [1234.5, 7]
    assert cells.missing.tolist() == [False] * 3 + [True] * 2 + [False] * 4
    assert cells.unreadable.tolist() == [False] * 2 + [True] + [False] * 2 + [True] * 4


def test_an_older_file_reads_numbers_as_the_plain_grammar_does() -> None:
    cells = read_cells(column("1,5", "2", "−3", "4%", "1.234,5", decimal=","), NumberReading())
    assert cells.values[:2].tolist() == [1.5, 2]
    assert cells.unreadable.tolist() == [False, False, True, True, True]


@pytest.mark.parametrize(
    ("cells", "is_code"),
    [
        (["007", "012"], True),
        (["02134", "10115"], True),
        (["00", "1"], True),
        (["0", "10"], False),
        (["0.5", "01"], False),
        (["-01", "02"], False),
        (["0", "00001.5"], False),
    ],
)
def test_codes(cells: list[str], is_code: bool) -> None:  # noqa: FBT001 - expected
    settled = settle_reading(column(*cells))
    assert (settled.reading == TextReading()) == is_code
    if is_code:
        assert settled.decisions[0].is_guess
        asked = settle_reading(column(*cells), "numbers").reading
        assert read_cells(column(*cells), asked).values.tolist() == [float(cell) for cell in cells]  # type: ignore[arg-type]


def test_months_with_a_zero_are_no_codes() -> None:
    assert isinstance(settle_reading(column("01", "12", name="month")).reading, NumberReading)


@pytest.mark.slow
@given(st.text("0123456789.,'+-()<>=%$€kKmMB eE\u00a0\u2212", max_size=14), st.sampled_from(",."))
def test_whatever_is_written_the_values_are_finite_or_none(cell: str, mark: str) -> None:
    found = column(cell, "1", "2", decimal=mark)
    settled = settle_reading(found, "numbers")
    cells = read_cells(found, settled.reading)  # type: ignore[arg-type]
    assert np.isfinite(cells.values[1:]).all()
    assert (np.isnan(cells.values) == (cells.missing | cells.unreadable)).all()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("$(3.50)", "$1.25", "$ (2.00)"), [-3.5, 1.25, -2.0]),
        (("Rs. 100", "Rs. 1,25,000", "Rs.5"), [100.0, 125_000.0, 5.0]),
        (("kr. 5", "kr. 6.50"), [5.0, 6.5]),
    ],
)
def test_currencies_that_stand_before_a_bracket_or_end_with_a_point(
    cells: tuple[str, ...], expected: list[float]
) -> None:
    assert values(cells) == expected
