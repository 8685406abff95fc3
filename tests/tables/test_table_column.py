"""The rule that says what the cells of a column are."""

from __future__ import annotations

import datetime as dt
import decimal
import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal

from chainrule.errors import UnknownNameError
from chainrule.tables import Column, read_table
from chainrule.tables.columns.checks import unusable
from chainrule.tables.columns.grammar import MISSING_TOKENS, canonical_number

if TYPE_CHECKING:
    from chainrule.tables.columns.wording import Role


def column(*values: Any, kind: Any = None) -> Column:  # noqa: ANN401 - whatever a frame may hold
    return read_table(pa.table({"c": pa.array(values, kind)})).column("c")


@pytest.mark.parametrize(
    "cell", ["1", "-1", "+1", "1.", ".5", "01", "1e5", "1E-5", "1e999", "inf", "-Infinity", " 2 ", "1" * 400]
)
def test_numbers(cell: str) -> None:
    assert column(cell, "3").kind == "number"


@pytest.mark.parametrize(
    "cell",
    [
        "1,000",
        "1 000",
        "1_000",
        "5%",
        "$5",
        "0x10",
        "1e",
        ".",
        "+",
        "1e5.5",
        "\u0661",
        "½",
        "−1",
        "1.2.3",
        "--1",
        "d",
    ],
)
def test_no_numbers(cell: str) -> None:
    assert column(cell, "3").kind == "text"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_read_back_to_its_bits(number: float) -> None:
    read_back = column(repr(number)).as_numbers()[0]
    assert read_back == number
    assert np.signbit(read_back) == np.signbit(number)


@pytest.mark.parametrize("cells", [("true", "False"), ("TRUE", "TRUE"), (True, False)])
def test_booleans(cells: tuple[object, ...]) -> None:
    assert column(*cells).kind == "boolean"


@pytest.mark.parametrize("cells", [("yes", "no"), ("t", "f"), ("true", "no")])
def test_no_booleans(cells: tuple[str, ...]) -> None:
    assert column(*cells).kind == "text"


def test_zero_and_one_are_numbers() -> None:
    assert column("0", "1").kind == "number"


@pytest.mark.parametrize("token", [*MISSING_TOKENS, None, " ", "\u00a0 \u2009", "\r\n"])
def test_missing_values(token: str | None) -> None:
    cells = column("1", token, "3", token)
    assert cells.kind == "number"
    assert cells.missing.tolist() == [False, True, False, True]
    message = refusal(cells.as_numbers)
    assert message == (
        "A value is missing in column 'c' of the data frame in 2 rows, the first of them row 2, but every "
        "row needs one. Fill them in, or remove these rows."
    )
    assert refusal(cells.as_labels) == message


@pytest.mark.parametrize("token", ["None", "none", "na", "--", "Nan", "0"])
def test_no_missing_values(token: str) -> None:
    assert column("a", token).as_labels() == ("a", token)


def test_typed_nan_is_missing() -> None:
    assert "in row 2," in refusal(column(1.0, float("nan")).as_numbers)


@pytest.mark.parametrize("cell", ["inf", "-INFINITY", "1e999", float("inf")])
def test_infinity(cell: object) -> None:
    cells = column(cell, "1" if isinstance(cell, str) else 1.0)
    assert cells.kind == "number"
    message = refusal(cells.as_numbers)
    assert message.startswith(f"Row 1 of column 'c' of the data frame is {str(cell)!r}, which is infinite")


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ([dt.date(2024, 2, 29), dt.date(2024, 3, 1)], ("2024-02-29", "2024-03-01")),
        (
            [dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC), dt.datetime(2024, 2, 29, tzinfo=dt.UTC)],
            ("2024-02-29 12:00:00", "2024-02-29 00:00:00"),
        ),
        ([dt.time(12, 30), dt.time(8)], ("12:30:00", "08:00:00")),
    ],
)
def test_labels_of_typed_dates_are_what_they_say(cells: list[object], labels: tuple[str, ...]) -> None:
    found = column(*cells).as_labels()
    assert tuple(label.removesuffix("Z").removesuffix(".000000") for label in found) == labels


def test_codes_of_missing_cells() -> None:
    cells = column("a", "-", None, "b", "NA")
    labels, codes = cells.coded(gaps=True)
    assert [labels[code] if code >= 0 else None for code in codes] == ["a", None, None, "b", None]
    labels, codes = cells.coded(gaps=True, known=["a", "-"])
    assert [labels[code] if code >= 0 else None for code in codes] == ["a", "-", None, "b", None]


@pytest.mark.parametrize("cells", [(1.0, None, float("nan")), (True, None, None), (None, None, None)])
def test_codes_of_missing_typed_cells(cells: tuple[object, ...]) -> None:
    _, codes = column(*cells).coded(gaps=True)
    assert codes.tolist() == [-1 if cell is None or cell != cell else 0 for cell in cells]  # noqa: PLR0124 - NaN


def test_a_category_stays_one_when_rows_are_taken() -> None:
    cells = Column("c", pa.array(["1", "2"], pa.large_string()), is_category=True)
    assert cells.take(np.array([1])).is_category
    assert not column("1").is_category


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("01", " 2", None), [1.0, 2.0]),
        ((1.0, 2.5), None),
        ((3, 4), [3.0, 4.0]),
        (("1", "x"), None),
        (("1", "inf"), None),
        ((None,), None),
    ],
)
def test_whole_numbers(cells: tuple[object, ...], numbers: list[float] | None) -> None:
    found = column(*cells).whole_numbers()
    assert numbers == (None if found is None else found.tolist())


MISSING = "A value is missing in column 'c' of the data frame in row 2, but "
INFINITE = (
    "Row 2 of column 'c' of the data frame is 'inf', which is infinite, but every number must be finite. "
)
LIST = (
    "Row 1 of column 'c' of the data frame is a list, but only numbers, text, booleans and dates can be "
    "used. Write its cells as numbers"
)


@pytest.mark.parametrize(
    ("role", "second", "message"),
    [
        (
            "input",
            "NA",
            f"{MISSING}every row needs one. Fill it in, remove the row, or ignore the column (ignore=['c']).",
        ),
        ("target", "NA", f"{MISSING}every row needs one. Remove the row, or choose another target."),
        (
            "learnt input",
            "NA",
            f"{MISSING}the model needs one in every row. Fill it in, or remove the row.",
        ),
        ("learnt target", "NA", f"{MISSING}every row needs one. Remove the row."),
        (
            "input",
            "inf",
            f"{INFINITE}Correct the cell, remove the row, or ignore the column (ignore=['c']).",
        ),
        ("target", "inf", f"{INFINITE}Correct the cell, remove the row, or choose another target."),
        ("learnt input", "inf", f"{INFINITE}Correct the cell, or remove the row."),
        ("input", ["x"], f"{LIST}, or ignore the column (ignore=['c'])."),
        ("target", ["x"], f"{LIST}, or choose another target."),
        ("learnt input", ["x"], f"{LIST}."),
    ],
)
def test_what_to_do_depends_on_the_role(role: Role, second: object, message: str) -> None:
    first: object = ["x"] if isinstance(second, list) else "1"
    assert refusal(lambda: column(first, second).as_numbers(role)) == message
    if second != "inf":
        assert refusal(lambda: column(first, second).as_labels(role=role)) == message


def test_a_column_is_printed_in_short() -> None:
    assert repr(column(*range(1000))) == "Column('c', 1000 rows of the data frame)"


def test_a_time_that_python_cannot_hold() -> None:
    cells = column(1, kind=pa.int64()).cells.cast(pa.timestamp("ns"))
    assert "00:00:00.000000001" in refusal(Column("c", cells).as_numbers)


@pytest.mark.parametrize(
    ("cell", "is_what", "are_what"),
    [(b"x", "bytes", "bytes"), ([b"x"], "a list", "lists"), ({"a": b"x"}, "an object", "objects")],
)
def test_types_that_are_no_cells(cell: object, is_what: str, are_what: str) -> None:
    cells = Column("c", pa.array([cell]), "the data frame")
    assert unusable(cells) == f"its cells are {are_what}"
    says = f"Row 1 of column 'c' of the data frame is {is_what}, but only numbers, text, booleans and dates"
    assert says in refusal(cells.as_numbers)
    assert unusable(column(1)) == ""


def test_a_cell_that_is_no_number() -> None:
    message = refusal(column("1", "abc").as_numbers)
    assert message == (
        "Row 2 of column 'c' of the data frame is 'abc' but numbers are needed there. "
        "Correct the cell, or remove the row."
    )


def test_a_row_keeps_its_number() -> None:
    taken = column("1", "2", "x", "4").take(np.array([3, 2])).take(np.array([1]))
    assert refusal(taken.as_numbers).startswith("Row 3 of ")


def test_almost_numbers() -> None:
    cells = column(*["1.5"] * 9, "1.5.")
    assert cells.almost_numbers() == (
        "row 10 of column 'c' of the data frame is '1.5.', which is no number, so the whole column is "
        "read as text"
    )
    assert column(*["1.5"] * 8, "x", "y").almost_numbers() is None


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.int8(), [1, -2]),
        (pa.uint64(), [1, 2**63]),
        (pa.float16(), [np.float16(1.5), np.float16(2)]),
        (pa.float32(), [1.5, 2]),
        (pa.decimal128(10, 2), [decimal.Decimal("1.50"), decimal.Decimal(-2)]),
        (pa.string(), ["1.50", "-2"]),
        (pa.string_view(), ["1.50", "-2"]),
        (pa.dictionary(pa.int8(), pa.string()), ["1.50", "1.50"]),
    ],
)
def test_typed_numbers(kind: Any, values: list[object]) -> None:  # noqa: ANN401
    cells = column(*values, kind=kind)
    assert cells.kind == "number"
    assert cells.as_numbers().tolist() == [float(value) for value in values]  # type: ignore[arg-type]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**28), max_value=10**28))
def test_typed_decimals_are_rounded_once(number: decimal.Decimal) -> None:
    assert column(number, kind=pa.decimal128(38, 8)).as_numbers().tolist() == [float(number)]


@pytest.mark.parametrize("cells", [("01", "0.5"), (1.0, 0.5), (" 1.00", "5e-1")])
def test_labels_of_numbers_are_their_values(cells: tuple[object, ...]) -> None:
    assert column(*cells).as_labels() == ("1", "0.5")


def test_long_whole_numbers_stay_apart() -> None:
    assert column("9007199254740993", "9007199254740992").as_labels() == (
        "9007199254740993",
        "9007199254740992",
    )
    assert column(9007199254740993).as_labels() == ("9007199254740993",)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_canonical_label_is_its_own_label(number: float) -> None:
    label = canonical_number(number)
    assert canonical_number(label) == label
    assert float(label) == float(str(number))


@given(st.lists(st.sampled_from(["a", "b", "A", " a", "1", "é"]), min_size=1))
def test_labels_of_text_are_its_cells(cells: list[str]) -> None:
    cells.append("x")
    assert column(*cells).as_labels() == tuple(cells)


def test_labels_of_typed_booleans() -> None:
    assert column(True, False).as_labels() == ("true", "false")  # noqa: FBT003 - cells


def test_an_unknown_column() -> None:
    table = read_table(pa.table({"petal_length": [1]}))
    assert "Did you mean 'petal_length'?" in refusal(lambda: table.column("petal_lenght"), UnknownNameError)


def test_take_repeats_and_reorders() -> None:
    table = read_table(pa.table({"x": list(range(10))}))
    rows = random.Random(0).choices(range(10), k=30)  # noqa: S311 - no secret
    taken = table.take(rows)
    assert taken.n_rows == 30
    assert taken.column("x").as_numbers().tolist() == rows
    assert table.take([]).n_rows == 0
