"""Which encoding a table gets, what the user is told of each column, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from table_files import chosen, refusal

from chainrule.errors import ChainruleError, InputError, TableError, UnknownNameError
from chainrule.tables import (
    BinaryInput,
    CategoryInput,
    ClassTarget,
    CycleInput,
    DateInput,
    DateTarget,
    MissingInput,
    NumberInput,
    NumberTarget,
    Table,
    TableOptions,
    TextInput,
    read_table,
    read_targets,
    refuse_guesses,
    row_labels,
    settle_roles,
)


def frame(**columns: Any) -> Table:  # noqa: ANN401 - whatever a frame may hold
    return read_table(pa.table(columns))


def squares(n: int) -> list[float]:
    return [k * k / 2 for k in range(n)]


TABLE = frame(
    x=[1.0, 2.0, 3.0, 6.0],
    flag=["no", "yes", "no", "no"],
    ok=["True", "FALSE", "TRUE", "false"],
    number=["10", "2", "02", "10.0"],
    kind=["b", "a", "b", "c"],
)


def about(
    table: Table,
    column: str,
    target: object = "y",
    **options: Any,  # noqa: ANN401
) -> tuple[str, str, tuple[str, ...]]:
    """What a column becomes, why, and the warnings."""
    report = next(one for one in chosen(table, target, **options).columns if one.name == column)
    return report.becomes or report.role, report.why, report.warnings


def parts(table: Table, target: object = "y", **options: Any) -> list[type]:  # noqa: ANN401
    return [type(part) for part in chosen(table, target, **options).encoding.inputs]


def test_all_other_columns_are_inputs() -> None:
    encoding = chosen(TABLE, "kind").encoding
    x, flag, ok, number = encoding.inputs
    assert isinstance(x, NumberInput)
    assert (x.mean, x.scale) == (3.0, np.sqrt(3.5))
    assert flag == BinaryInput("flag", ("no", "yes"), 0.25, "boolean")
    assert ok == BinaryInput("ok", ("FALSE", "TRUE"), 0.5, "boolean")
    assert isinstance(number, NumberInput)
    assert (number.mean, number.scale) == (6.0, 4.0)
    assert encoding.targets == (ClassTarget("kind", ("a", "b", "c"), "text"),)


def test_statistics_are_those_of_the_training_rows_and_classes_those_of_all() -> None:
    encoding = chosen(TABLE, "kind", [1, 2], inputs="x").encoding
    (x,) = encoding.inputs
    assert isinstance(x, NumberInput)
    assert (x.mean, x.scale) == (2.5, 0.5)
    assert encoding.classes == ("a", "b", "c")
    rare = frame(k=["a", "a", "b", "b", "c", "c"], y=squares(6))
    (part,) = chosen(rare, "y", [0, 1, 2, 3]).encoding.inputs
    assert part == BinaryInput("k", ("a", "b"), 0.5, "text")


@pytest.mark.parametrize(
    "spelling", [["1", "2", "1", "2"], ["1", "2.0", "1", "2"], [1, 2, 1, 2], [1.0, 2.0, 1.0, 2.0]]
)
def test_two_numbers_are_two_classes_in_every_source(spelling: list[object]) -> None:
    table = frame(x=[1, 2, 3, 5], k=spelling)
    encoding = chosen(table, "k").encoding
    assert encoding.classes == ("1", "2")
    assert about(table, "k", "k")[1] == "two distinct numbers are two classes"
    (target,) = chosen(table, "k", numbers="k").encoding.targets
    assert isinstance(target, NumberTarget)


def test_two_numbers_that_hardly_repeat_are_numbers() -> None:
    assert chosen(frame(x=[1, 2, 4], k=[1.5, 2.5, 2.5]), "k").encoding.classes is None


def test_two_numbers_beside_infinite_ones_that_are_read_as_missing_are_numbers() -> None:
    """Of classes, infinity would be a third one, though it is said to be missing."""
    table = frame(x=[1.0, 2, 3, 4, 5, 6], y=[0.0, 1, 0, 1, 0, np.inf])
    asked = read_targets(table, settle_roles(table, "y", TableOptions()))
    assert (asked.kind, asked.present.tolist()) == ("numbers", [True] * 5 + [False])
    asked = read_targets(table, settle_roles(table, "y", TableOptions.of({"classes": "y"})))
    assert asked.kind == "classes"
    assert len(set(asked.labels or ())) == 3


def test_few_whole_numbers_may_be_classes() -> None:
    table = frame(x=squares(9), grade=[5, 6, 7] * 3)
    words = "a number with only 3 distinct whole values, which may be classes"
    assert about(table, "grade", "grade") == ("a number", words, ())
    (decision,) = (one for one in chosen(table, "grade").decisions if one.column == "grade")
    assert "classes" in decision.advice
    assert chosen(table, "grade", classes="grade").encoding.classes == ("5", "6", "7")


def test_missing_values() -> None:
    table = frame(x=[1.0, None, 3.0, 5.0], k=["a", "b", "?", "c"], b=["u", "v", "", "u"], y=squares(4))
    assert about(table, "x") == (
        "a number, and whether it is missing",
        "missing in 1 training row, row 2 first: taken for the mean",
        (),
    )
    assert about(table, "k")[:2] == (
        "one of 3 categories, and whether it is missing",
        "missing in 1 training row, row 3 first",
    )
    assert about(table, "b")[0] == "'u' or 'v', and whether it is missing"
    X = chosen(table, "y").encoding.encode_inputs(table)
    assert X[1, :2].tolist() == [0, 1]
    assert X[2, 2:6].tolist() == [0, 0, 0, 1]
    assert X[2, 6:].tolist() == [1 / 3, 1]
    later = chosen(table, "y", [0, 3], inputs=["x"]).encoding
    assert later.input_names == ("x",)


def test_infinite_numbers_are_missing_and_said() -> None:
    becomes, _, warnings = about(frame(x=["1", "inf", "3", "4"], y=squares(4)), "x")
    assert becomes == "a number, and whether it is missing"
    assert warnings == ("1 infinite number (row 2 first) read as missing",)


def test_text_that_hardly_repeats_is_left_out_but_whether_it_is_missing() -> None:
    names = [f"p{k}" for k in range(12)]
    table = frame(who=names, note=[*names[:11], None], y=squares(12))
    assert about(table, "who")[0] == "left out"
    assert "hardly repeats (12 values in 12 training rows)" in about(table, "who")[1]
    assert parts(table) == [MissingInput]
    assert parts(table, inputs=["who"]) == [CategoryInput]
    assert parts(table, text=["who"], ignore=["note"]) == [TextInput]
    assert parts(table, categories=["note"], ignore=["who"]) == [CategoryInput]
    twice = frame(who=[f"p{k // 2}" for k in range(20)], y=squares(20))
    assert parts(twice) == [CategoryInput]


def test_many_categories_that_repeat_share_a_rest() -> None:
    table = frame(city=[f"c{k % 60:02}" for k in range(180)], y=squares(180))
    (part,) = chosen(table, "y").encoding.inputs
    assert isinstance(part, CategoryInput)
    assert (len(part.categories), part.has_rest) == (20, True)
    assert about(table, "city") == (
        "one of 21 categories",
        "the 20 most frequent of 60 values, and one for the rest",
        (),
    )


@pytest.mark.parametrize(
    ("n", "kept", "has_rest"), [(60, 60, False), (1000, 1000, False), (1003, 1000, True)]
)
def test_categories_that_are_asked_for_have_a_column_each(n: int, kept: int, has_rest: bool) -> None:  # noqa: FBT001 (a case)
    table = frame(city=[f"c{k % n:04}" for k in range(2 * n)], y=squares(2 * n))
    (part,) = chosen(table, "y", categories=["city"]).encoding.inputs
    assert isinstance(part, CategoryInput)
    assert (len(part.categories), part.has_rest) == (kept, has_rest)


def test_an_index_is_left_out_unless_nothing_else_remains() -> None:
    table = frame(id=range(1, 11), x=squares(10), y=squares(10))
    assert about(table, "id")[:2] == ("left out", "left out: it numbers the rows")
    assert parts(table, numbers="id") == [NumberInput, NumberInput]
    alone = frame(t=range(10), y=squares(10))
    assert about(alone, "t")[0] == "a number"
    assert "kept because no other input remains" in about(alone, "t")[1]
    few = frame(t=range(9), x=squares(9), y=squares(9))
    assert about(few, "t")[0] == "a number"


def test_an_index_is_known_where_rows_without_a_target_are_not_used() -> None:
    whole = frame(id=range(20), x=squares(20), y=squares(20))
    used = whole.take([k for k in range(20) if k % 3])
    roles = settle_roles(used, "y", TableOptions())
    from chainrule.tables import choose_encoding  # noqa: PLC0415

    rows = np.arange(used.n_rows)
    result = choose_encoding(used, roles, read_targets(used, roles), rows, source=whole)
    assert [part.name for part in result.encoding.inputs] == ["x"]


def test_whole_numbers_that_all_differ_stay_with_a_warning() -> None:
    table = frame(code=[(k * 7919) % 10007 for k in range(60)], y=squares(60))
    assert about(table, "code")[2] == ("whole numbers that all differ: if it only names the rows, ignore it",)
    assert about(frame(code=[1.5, *range(2, 61)], y=squares(60)), "code")[2] == ()


def test_constants_are_left_out() -> None:
    table = frame(same=[0.1 + 0.2, 0.3, 0.3], k=["a", "a", "a"], x=[1, 2, 4], y=squares(3))
    assert about(table, "same")[1] == "left out: constant (0.3) in the rows that are learnt from"
    assert about(table, "k")[1] == "left out: constant ('a') in the rows that are learnt from"
    assert parts(table) == [NumberInput]


def test_codes_with_zeros_before_them_are_categories() -> None:
    table = frame(zip=["01067", "04103", "10115", "01067"], y=squares(4))
    assert parts(table) == [CategoryInput]
    assert "are codes" in about(table, "zip")[1]
    (part,) = chosen(frame(k=["00", "000", "7", "00"], y=squares(4)), "y").encoding.inputs
    assert part == BinaryInput("k", ("0", "7"), 0.25, "number")


def test_a_source_s_own_categories_are_categories_even_where_they_are_numbers() -> None:
    postcode = pa.array([1067, 4103, 1069, 1067]).dictionary_encode()
    table = frame(postcode=postcode, y=squares(4))
    (part,) = chosen(table, "y").encoding.inputs
    assert part == CategoryInput("postcode", ("1067", "1069", "4103"), "number")


def test_dates_and_parts_of_dates() -> None:
    days = [dt.datetime(2020, 1, 1) + dt.timedelta(hours=37 * k) for k in range(300)]  # noqa: DTZ001
    table = frame(
        sold=[day.isoformat() for day in days],
        month=[day.month for day in days],
        hour=[day.hour for day in days],
        weight=[1488 + 8 * k for k in range(300)],
        y=squares(300),
    )
    encoding = chosen(table, "y").encoding
    sold, month, month_cycle, hour, hour_cycle, weight = encoding.inputs
    assert isinstance(sold, DateInput)
    assert sold.parts == ("year", "week", "day")
    assert isinstance(month, NumberInput)
    assert isinstance(hour, NumberInput)
    for cycle, name in ((month_cycle, "month"), (hour_cycle, "hour")):
        assert isinstance(cycle, CycleInput)
        assert (cycle.name, cycle.part) == (name, name)
    assert isinstance(weight, NumberInput)
    assert np.allclose((encoding.encode_inputs(table)[:, 8:10] ** 2).sum(axis=1), 1)
    assert parts(table, categories="month", inputs=["month"]) == [CategoryInput]


def test_a_date_as_target_is_a_time_and_comes_back_as_one() -> None:
    table = frame(x=[1, 2, 4], due=["03.02.2024", "05.02.2024", "29.02.2024"])
    encoding = chosen(table, "due").encoding
    assert isinstance(encoding.targets[0], DateTarget)
    answers = encoding.answers(encoding.encode_targets(table))
    assert answers["due"].texts() == ("2024-02-03", "2024-02-05", "2024-02-29")


def test_a_target_by_its_logarithm() -> None:
    table = frame(x=[1, 2, 4], price=[1.0, 10.0, 1000.0])
    (target,) = chosen(table, "price", log="price").encoding.targets
    assert isinstance(target, NumberTarget)
    assert target.learnt_as == "log"
    assert "must be above 0" in refusal(lambda: chosen(frame(x=[1, 2], y=[0.0, 1.0]), "y", log="y"))


REFUSED: list[tuple[dict[str, Any], type[ChainruleError], str]] = [
    ({"target": None}, InputError, "No target was given"),
    ({"target": []}, InputError, "No target was given"),
    ({"target": 3.5}, InputError, "target is 3.5 but must be names of columns"),
    ({"target": "kin"}, UnknownNameError, "There is no column 'kin'. Did you mean 'kind'?"),
    ({"target": ["kin", "other"]}, UnknownNameError, "There are no columns 'kin', 'other'."),
    ({"target": 6}, UnknownNameError, "There is no column '6'."),
    ({"target": "kind", "inputs": ["y"]}, UnknownNameError, "There is no column 'y'."),
    ({"target": "kind", "ignore": ["y*"]}, UnknownNameError, "There is no column 'y*'."),
    ({"target": "kind", "inputs": ["x", "kind"]}, InputError, "'kind' is both in target and in inputs"),
    ({"target": "kind", "ignore": ["kind"]}, InputError, "'kind' is both in target and in ignore"),
    ({"target": "kind", "inputs": ["x"], "ignore": ["x"]}, InputError, "'x' is both in ignore and in inputs"),
    ({"target": "kind", "numbers": ["x"], "dates": ["x"]}, InputError, "'x' is both in numbers and in dates"),
    ({"target": "kind", "weights": "x", "group": "x"}, InputError, "'x' is both in weights and in group"),
    ({"target": "kind", "log": ["x"]}, InputError, "'x' is no target but only targets are learnt"),
    ({"target": "kind", "ignore": ["x", "flag", "ok", "number"]}, InputError, "No input column is left"),
    ({"target": ["kind", "x"]}, InputError, "The targets are 'kind', 'x', of which 'kind' hold classes"),
    ({"target": "kind", "training_rows": [0, 2]}, TableError, "Constant target: column 'kind'"),
    (
        {"target": "x", "training_rows": [1, 1]},
        TableError,
        "Constant target: column 'x' of the data frame cannot be learnt, because all training rows have",
    ),
]


@pytest.mark.parametrize(("given", "kind", "says"), REFUSED)
def test_what_contradicts(given: dict[str, Any], kind: type[ChainruleError], says: str) -> None:
    assert refusal(lambda: chosen(TABLE, **given), kind).startswith(says)


def test_columns_by_number_pattern_and_commas() -> None:
    assert [part.name for part in chosen(TABLE, 5, inputs="1,4").encoding.inputs] == ["x", "number"]
    assert [part.name for part in chosen(TABLE, "kind", ignore="f*,?").encoding.inputs] == ["ok", "number"]
    odd = frame(**{"2": [1, 2, 4], "a,b": [1, 2, 5], "q*": [2, 3, 7], "y:z": squares(3)})
    encoding = chosen(odd, "y:z", inputs=["2", "a,b", "q*"]).encoding
    assert [part.name for part in encoding.inputs] == ["2", "a,b", "q*"]
    assert chosen(odd, "y:z", numbers=["2:decimal-point"], inputs=["2"]).encoding.n_inputs == 1


def test_too_many_classes() -> None:
    few = frame(x=squares(41), who=[f"p{i}" for i in range(41)])
    assert "has 41 different values in 41 rows" in refusal(lambda: chosen(few, "who"))
    many = frame(x=squares(2002), who=[f"p{i // 2}" for i in range(2002)])
    assert "has 1001 different values in 2002 rows" in refusal(lambda: chosen(many, "who"))
    assert (
        len(chosen(frame(x=squares(20), who=list("abcdefghijklmnopqrst")), "who").encoding.classes or ())
        == 20
    )


def test_nothing_that_tells_anything_is_left() -> None:
    table = frame(who=[f"p{i}" for i in range(12)], c=["x"] * 12, y=squares(12))
    message = refusal(lambda: chosen(table, "y"))
    assert message.startswith("No column of the data frame is left to learn from: 'who' (left out: text that")
    assert "'c' (left out: constant ('x')" in message


def test_what_cannot_be_used_is_left_out_and_no_target() -> None:
    table = frame(x=[1, 2, 4], c=[[1], [2], [3]], y=squares(3))
    assert about(table, "c")[1] == "left out: its cells are lists"
    assert "cannot be a target: its cells are lists" in refusal(lambda: chosen(table, "c"))


def test_strict_refuses_each_guess_and_says_all() -> None:
    table = frame(x=[1.0, None, 3.0], k=["007", "010", "007"], z=[1, 2, 4], y=squares(3))
    message = refusal(
        lambda: refuse_guesses(table.title, chosen(table, "y").decisions), InputError.__subclasses__()[0]
    )
    assert message.startswith(
        "There are 2 faults. (1) Column 'x' of the data frame cannot be read without a guess"
    )
    assert "(2) Column 'k'" in message
    refuse_guesses(table.title, chosen(table, "y", inputs="z").decisions)


def test_labels_of_rows() -> None:
    assert row_labels(TABLE.column("kind")) == ("b", "a", "b", "c")
    assert row_labels(frame(k=["a", None, "?"]).column("k")) == ("a", "", "")
    asked = read_targets(TABLE, settle_roles(TABLE, "number", TableOptions(classes=("number",))))
    assert asked.labels == ("10", "2", "2", "10")
