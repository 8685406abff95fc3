"""Which encoding a table gets, what the user is told, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from table_files import refusal

from chainrule.errors import ChainruleError, InputError, TableError, UnknownNameError
from chainrule.tables import (
    CategoryInput,
    ClassTarget,
    Encoding,
    NumberInput,
    NumberTarget,
    Table,
    choose_encoding,
    read_table,
    target_labels,
)


def frame(**columns: Any) -> Table:  # noqa: ANN401 - whatever a frame may hold
    return read_table(pa.table(columns))


def choose(table: Table, **settings: Any) -> tuple[Encoding, tuple[str, ...]]:  # noqa: ANN401
    settings.setdefault("training_rows", np.arange(table.n_rows))
    return choose_encoding(table, **settings)


TABLE = frame(
    x=[1.0, 2.0, 3.0, 6.0],
    flag=["no", "yes", "no", "no"],
    ok=["True", "FALSE", "TRUE", "false"],
    number=["10", "2", "02", "10.0"],
    kind=["b", "a", "b", "c"],
)


def test_all_other_columns_are_inputs() -> None:
    encoding, remarks = choose(TABLE, targets=["kind"])
    assert encoding.inputs[0] == NumberInput("x", 3.0, np.sqrt(3.5))
    assert encoding.inputs[1] == CategoryInput("flag", ("no", "yes"), "text")
    assert encoding.inputs[2] == CategoryInput("ok", ("FALSE", "TRUE"), "boolean")
    assert encoding.inputs[3] == NumberInput("number", 6.0, 4.0)
    assert encoding.targets == (ClassTarget("kind", ("a", "b", "c"), "text"),)
    assert remarks == ()


def test_inputs_ignore_and_classes() -> None:
    encoding, _ = choose(TABLE, targets=["kind"], inputs=["number", "x"], classes=["number"])
    assert encoding.inputs[0] == CategoryInput("number", ("2", "10"), "number")
    assert encoding.input_names == ("number=2", "number=10", "x")
    encoding, _ = choose(TABLE, targets=["x"], ignore=["ok", "flag", "kind"])
    assert encoding.input_names == ("number",)


def test_statistics_are_those_of_the_training_rows_and_categories_those_of_all() -> None:
    encoding, _ = choose(TABLE, targets=["kind"], training_rows=[1, 2])
    assert encoding.inputs[0] == NumberInput("x", 2.5, 0.5)
    assert encoding.classes == ("a", "b", "c")


def test_several_numeric_targets() -> None:
    encoding, _ = choose(TABLE, targets=["x", "number"], inputs=["flag"])
    assert [part.name for part in encoding.targets] == ["x", "number"]
    assert all(isinstance(part, NumberTarget) for part in encoding.targets)


@pytest.mark.parametrize(
    "spelling", [["1", "2", "1", "2"], ["01", "2.0", "1", "2"], [1, 2, 1, 2], [1.0, 2.0, 1.0, 2.0]]
)
def test_declared_classes_are_the_same_in_every_source(spelling: list[object]) -> None:
    encoding, _ = choose(frame(x=[1, 2, 3, 5], k=spelling), targets=["k"], classes=["k"])
    assert encoding.targets == (ClassTarget("k", ("1", "2"), "number"),)


REFUSED: list[tuple[dict[str, Any], type[ChainruleError], str]] = [
    ({"targets": []}, InputError, "No target was given"),
    ({"targets": "kind"}, InputError, "targets is 'kind' but must be a list of column names"),
    ({"targets": [3]}, InputError, "targets has '3' but must be a list of column names"),
    ({"targets": ["kind", "kind"]}, InputError, "targets has the column 'kind' twice"),
    ({"targets": ["kin"]}, UnknownNameError, "There is no column 'kin'. Did you mean 'kind'?"),
    (
        {"targets": ["kin", "other"]},
        UnknownNameError,
        "There are no columns 'kin', 'other'. Did you mean 'kind'",
    ),
    ({"targets": ["kind"], "inputs": ["y"]}, UnknownNameError, "There is no column 'y'."),
    ({"targets": ["kind"], "ignore": ["y"]}, UnknownNameError, "There is no column 'y'."),
    ({"targets": ["kind"], "classes": ["y"]}, UnknownNameError, "There is no column 'y'."),
    ({"targets": ["kind"], "inputs": ["x", "kind"]}, InputError, "'kind' is both in targets and in inputs"),
    ({"targets": ["kind"], "ignore": ["kind"]}, InputError, "'kind' is both in targets and in ignore"),
    (
        {"targets": ["kind"], "inputs": ["x"], "ignore": ["x"]},
        InputError,
        "'x' is both in inputs and in ignore",
    ),
    ({"targets": ["kind"], "ignore": ["x", "flag", "ok", "number"]}, InputError, "No input column is left"),
    ({"targets": ["kind"], "inputs": []}, InputError, "No input column is left"),
    ({"targets": ["kind", "x"]}, InputError, "The targets are 'kind', 'x', of which 'kind' hold classes"),
    (
        {"targets": ["kind", "flag"]},
        InputError,
        "The targets are 'kind', 'flag', of which 'kind', 'flag' hold classes",
    ),
    (
        {"targets": ["kind"], "training_rows": [1]},
        TableError,
        "the data frame gives 1 training row but training needs 2",
    ),
    ({"targets": ["kind"], "training_rows": [0, 2]}, TableError, "Constant target: column 'kind'"),
    ({"targets": ["x"], "training_rows": [1, 1]}, TableError, "Constant target: column 'x'"),
]


@pytest.mark.parametrize(("settings", "kind", "says"), REFUSED)
def test_settings_that_contradict(settings: dict[str, Any], kind: type[ChainruleError], says: str) -> None:
    assert refusal(lambda: choose(TABLE, **settings), kind).startswith(says)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (["1", "NA", "3"], "A value is missing in column 'c'"),
        (["a", None, "b"], "A value is missing in column 'c'"),
        (["1", "inf", "3"], "Row 2 of column 'c' of the data frame is 'inf', which is infinite"),
        (
            ["a", "2024-01-01", "b"],
            "Row 2 of column 'c' of the data frame is '2024-01-01', which is a date or time",
        ),
        ([[1], [2], [3]], "Row 1 of column 'c' of the data frame is a list, but only numbers, text"),
        (["1,5", "2.5", "3"], "Row 1 of column 'c' of the data frame is '1,5', but the decimal mark"),
    ],
)
def test_cells_are_judged_only_in_use(bad: list[object], says: str) -> None:
    table = frame(x=[1, 2, 4], c=bad, y=[1.5, 2, 3])
    assert refusal(lambda: choose(table, targets=["y"])).startswith(says)
    assert refusal(lambda: choose(table, targets=["c"])).startswith(says)
    assert choose(table, targets=["y"], ignore=["c"])[0].input_names == ("x",)


def test_dates_may_be_declared_categories() -> None:
    table = frame(c=["2024-01-01", "2024-01-02", "2024-01-01"], y=[1.5, 2, 3])
    assert choose(table, targets=["y"], classes=["c"])[0].n_inputs == 2


def test_a_target_of_no_classes_is_refused_before_the_rows_are_split() -> None:
    money = frame(x=list(range(30)), y=[f"{n},000" for n in range(1, 31)])
    assert "thousands separators" in refusal(lambda: target_labels(money, ["y"]))
    names = frame(x=list(range(30)), y=[f"n{n}" for n in range(30)])
    assert "is 'n0', which is no number" in refusal(lambda: target_labels(names, ["y"]))


def test_too_many_categories() -> None:
    table = frame(who=[f"p{i}" for i in range(51)], y=[i / 2 for i in range(51)])
    message = refusal(lambda: choose(table, targets=["y"]))
    assert message == (
        "Input column 'who' of the data frame has 51 different values but a column of categories may "
        "have 50 at most. Ignore the column (ignore=['who']). Row 1 of column 'who' of the data frame is "
        "'p0', which is no number."
    )
    assert choose(table.take(range(50)), targets=["y"])[0].n_inputs == 50


def test_too_many_categories_because_of_one_cell() -> None:
    table = frame(size=[*map(str, range(60)), "6O"], y=[i / 2 for i in range(61)])
    assert refusal(lambda: choose(table, targets=["y"])).endswith(
        "(ignore=['size']). Or correct a cell: row 61 of column 'size' of the data frame is '6O', which is "
        "no number, so the whole column is read as text."
    )


def test_a_column_with_one_cell_that_is_no_number_is_remarked() -> None:
    table = frame(size=[*["1"] * 10, "x"], y=range_halves(11))
    assert choose(table, targets=["y"])[1] == (
        (
            "row 11 of column 'size' of the data frame is 'x', which is no number, "
            "so the whole column is read as text"
        ),
    )


def range_halves(n: int) -> list[float]:
    return [i * i / 2 for i in range(n)]


def test_too_many_classes() -> None:
    few = frame(x=range_halves(41), who=[f"p{i}" for i in range(41)])
    assert "has 41 classes in 41 rows, too many to learn" in refusal(lambda: choose(few, targets=["who"]))
    many = frame(x=range_halves(2002), who=[f"p{i // 2}" for i in range(2002)])
    assert "has 1001 classes in 2002 rows" in refusal(lambda: choose(many, targets=["who"]))
    assert (
        len(
            choose(frame(x=range_halves(20), who=list("abcdefghijklmnopqrst")), targets=["who"])[0].classes
            or ()
        )
        == 20
    )


def test_one_class_only() -> None:
    message = refusal(lambda: choose(frame(x=[1, 2], k=["a", "a"]), targets=["k"]))
    assert message.startswith(
        "Constant target: column 'k' of the data frame cannot be learnt, because all rows have 'a'."
    )


def test_constant_inputs_are_remarked() -> None:
    table = frame(x=[2, 2, 5], k=["a", "a", "a"], y=[1.5, 2.5, 3])
    encoding, remarks = choose(table, targets=["y"], training_rows=[0, 1])
    assert remarks == (
        "input 'x' is constant (2) in the training rows: it tells nothing",
        "input 'k' is constant ('a'): it tells nothing",
    )
    assert encoding.encode_inputs(table).tolist() == [[0, 0]] * 3


def test_a_target_that_may_be_classes_is_remarked() -> None:
    table = frame(x=[1, 2, 4], quality=[5, 6, 5])
    assert choose(table, targets=["quality"])[1] == (
        "target 'quality' has only 2 distinct whole values; if they are classes, give classes=['quality']",
    )


def test_an_input_that_counts_the_rows_is_remarked() -> None:
    table = frame(id=range(1, 11), y=range_halves(10))
    assert choose(table, targets=["y"])[1] == (
        "input 'id' counts the rows; if it says nothing else, ignore the column (ignore=['id'])",
    )


def test_numbers_that_hardly_differ() -> None:
    table = frame(x=[0.0, 5e-324], y=[1.5, 2.5])
    assert "too little to be computed with" in refusal(lambda: choose(table, targets=["y"]))


def test_labels_before_the_encoding() -> None:
    assert target_labels(TABLE, ["kind"]) == ("b", "a", "b", "c")
    assert target_labels(TABLE, ["x"]) is None
    assert target_labels(TABLE, ["x", "number"]) is None
    assert target_labels(TABLE, ["number"], ["number"]) == ("10", "2", "2", "10")
    assert target_labels(TABLE, ["ok"]) == ("true", "false", "true", "false")
    refusal(lambda: target_labels(TABLE, ["kind", "x"]), InputError)
    refusal(lambda: target_labels(TABLE, ["nothing"]), UnknownNameError)


def test_training_rows_beyond_the_table() -> None:
    for rows in ([0, 4], [0, -1], [0.5, 1.5], [[0, 1]]):
        message = refusal(lambda rows=rows: choose(TABLE, targets=["kind"], training_rows=rows), InputError)  # type: ignore[misc]
        assert message.startswith("training_rows ")


def test_text_that_names_the_rows_is_remarked() -> None:
    table = frame(who=[f"p{i // 2}" for i in range(19)], y=range_halves(19))
    assert choose(table, targets=["y"])[1] == (
        (
            "input 'who' is text with 10 different values in 19 rows; if it only names the rows, "
            "ignore the column (ignore=['who'])"
        ),
    )
    assert choose(table, targets=["y"], classes=["who"])[1] == ()
    twice = frame(who=[f"p{i // 2}" for i in range(20)], y=range_halves(20))
    assert choose(twice, targets=["y"])[1] == ()


@pytest.mark.parametrize("cells", [["01.02.2024", "2.2.2024"] * 5, ["5 %", "7 %"] * 5])
def test_nothing_that_a_number_or_date_may_be_is_taken_for_text(cells: list[str]) -> None:
    table = frame(c=cells, x=range_halves(10), y=range_halves(10))
    assert refusal(lambda: choose(table, targets=["y"])).endswith(
        "take the column as classes (classes=['c']), or ignore the column (ignore=['c'])."
    )
    for use in (choose, target_labels):
        message = refusal(lambda use=use: use(table, targets=["c"]))  # type: ignore[misc]
        assert message.endswith("take the column as classes (classes=['c']), or choose another target.")
    assert choose(table, targets=["y"], classes=["c"])[0].n_inputs == 3


def test_the_advice_is_for_the_role_of_the_column() -> None:
    gaps = frame(x=[1.0, None, 3.0], y=[1.5, 2.5, None])
    assert refusal(lambda: choose(gaps, targets=["y"])).endswith("Remove the row, or choose another target.")
    assert refusal(lambda: choose(gaps, targets=["x"])).endswith("Remove the row, or choose another target.")
    whole = frame(x=[1.0, None, 3.0], y=[1.5, 2.5, 3.5])
    assert refusal(lambda: choose(whole, targets=["y"])).endswith("or ignore the column (ignore=['x']).")
    text = frame(k=["a", None, "b"], y=[1.5, 2.5, 3.5])
    assert refusal(lambda: target_labels(text, ["k"])).endswith("Remove the row, or choose another target.")


def test_a_constant_is_told_with_all_its_digits() -> None:
    same, alike = [10**18 + 1] * 3, [10**18, 10**18 + 1, 10**18]
    table = frame(same=same, alike=alike, y=[1.5, 2.5, 3.5])
    assert "because all training rows have 1000000000000000001." in refusal(
        lambda: choose(table, targets=["same"])
    )
    both = "1000000000000000000 to 1000000000000000001, which are one number to the 16 digits that are kept"
    assert f"because all training rows have {both}." in refusal(lambda: choose(table, targets=["alike"]))
    assert choose(table, targets=["y"])[1] == (
        "input 'same' is constant (1000000000000000001) in the training rows: it tells nothing",
        f"input 'alike' is constant ({both}) in the training rows: it tells nothing",
    )
