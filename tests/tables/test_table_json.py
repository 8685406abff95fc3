"""JSON lines are read as the same text that a CSV file would have."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import pandas as pd
import pytest
from table_files import cells, read, refusal


def test_keys_are_columns_and_cells_are_text(tmp_path: Path) -> None:
    text = '{"x": 1.50, "kind": "a", "ok": true}\n\n{"ok": false, "x": "2", "kind": "é"}\n'
    table = read(tmp_path, text, "t.jsonl")
    assert table.names == ("x", "kind", "ok")
    assert cells(table) == [["1.50", "a", "true"], ["2", "é", "false"]]
    assert [column.kind for column in table.columns] == ["number", "text", "boolean"]


def test_a_key_that_is_not_there_is_a_missing_value(tmp_path: Path) -> None:
    table = read(tmp_path, '{"x": 1}\n{"x": null, "y": 2}\n', "t.ndjson")
    message = refusal(table.column("x").as_numbers)
    assert message.startswith(
        "A value is missing in column 'x' of t.ndjson in row 2, but every row needs one."
    )
    assert "in row 1" in refusal(table.column("y").as_numbers)


def test_an_array_of_objects(tmp_path: Path) -> None:
    assert cells(read(tmp_path, '[\n {"x": 1},\n {"x": 2}\n]\n', "t.json")) == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"x": 1}\nfoo\n', "Line 2 of t.jsonl is no JSON ("),
        ('{"x": 1}\n3\n', "Line 2 of t.jsonl is '3' but must be a JSON object."),
        ('{"x": 1}\n[1]\n', "Line 2 of t.jsonl is '[1]' but must be a JSON object."),
        ('{"x": 1, "x": 2}\n', "Line 1 of t.jsonl has the key 'x' twice but every key must be there once."),
        ("[1, 2]", "Row 1 of t.jsonl is '1' but must be a JSON object."),
        ('[{"x": 1}', "t.jsonl is no JSON ("),
        ("{}\n", "t.jsonl has no column with a name"),
        ("[]", "t.jsonl has no column with a name"),
        ('{"\\ud800": 1}', "t.jsonl has text that is no Unicode"),
        ('{"x": "\\ud800"}', "t.jsonl has text that is no Unicode"),
        ("[" * 100_000, "t.jsonl has lists or objects nested"),
        ('{"x":' * 100_000, "Line 1 of t.jsonl has lists or objects nested"),
    ],
)
def test_what_is_no_table_of_objects(tmp_path: Path, text: str, says: str) -> None:
    assert refusal(lambda: read(tmp_path, text, "t.jsonl")).startswith(says)


def test_nested_values_are_refused_only_in_use(tmp_path: Path) -> None:
    table = read(tmp_path, '{"x": 1, "tags": "a"}\n{"x": 2, "tags": ["a"]}\n', "t.jsonl")
    assert table.column("x").as_numbers().tolist() == [1, 2]
    message = refusal(table.column("tags").as_labels)
    assert message == (
        "Row 2 of column 'tags' of t.jsonl is a list, but only numbers, text, booleans and dates can be "
        "used. Write its cells as numbers."
    )


def test_objects_become_columns(tmp_path: Path) -> None:
    table = read(tmp_path, '{"at": null, "id": 1}\n{"at": {"x": 1, "y": {"z": 2}}}\n{"at": [1]}\n', "t.jsonl")
    assert table.names == ("at", "id", "at.x", "at.y")
    assert table.column("at.x").cells.to_pylist() == [None, "1", None]
    assert table.remarks == ("the objects in 'at' became columns of their own ('at.…')",)
    assert "Row 3 of column 'at' of t.jsonl is a list, but" in refusal(table.column("at").as_numbers)
    assert "Row 2 of column 'at.y' of t.jsonl is an object, but" in refusal(table.column("at.y").as_numbers)
    assert read(tmp_path, '[{"a": {"b": 1}}, {"a": {"c": 2}}]', "t.json").names == ("a.b", "a.c")


FRAME = pd.DataFrame({"a": [1.5, 2.0, None], "b": ["x", "y", "z"]})


@pytest.mark.parametrize(
    ("orient", "says"),
    [
        ("records", None),
        ("columns", "each key of the object is a column"),
        ("index", "each key of the object numbers a row"),
        ("split", "the names stand in 'columns' and the rows in 'data'"),
        ("table", "the rows stand in 'data'"),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_what_pandas_writes(tmp_path: Path, orient: str, says: str | None, indent: int | None) -> None:
    text: str = FRAME.to_json(orient=orient, indent=indent)
    table = read(tmp_path, text, "t.json")
    assert table.column("a").as_numbers(gaps=True)[:2].tolist() == [1.5, 2.0]
    assert table.column("a").missing.tolist() == [False, False, True]
    assert table.column("b").cells.to_pylist() == ["x", "y", "z"]
    assert table.remarks[: len(table.decisions)] == ((says,) if says else ()) or orient == "table"
    assert [one.is_guess for one in table.decisions if one.words == says] == [True] * (says is not None)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('{"a": [1, 2], "b": ["x", null]}', [["1", "x"], ["2", None]]),
        ('{"a": [1, 2], "b": [3]}', [["1", "3"], ["2", None]]),
        ('{"found": 2,\n "rows": [{"a": 1}, {"a": 2}]}', [["1"], ["2"]]),
        ('{"a": 1,\n "b": 2}\n', [["1", "2"]]),
        ('{"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}', [["1", "2", "3", "4"]]),
        ('{"a": 1}\n{"a": 2}', [["1"], ["2"]]),
    ],
)
def test_documents_and_lines(tmp_path: Path, text: str, rows: list[list[object]]) -> None:
    assert cells(read(tmp_path, text, "t.json")) == rows


def test_columns_of_different_lengths(tmp_path: Path) -> None:
    table = read(tmp_path, '{"a": [1, 2], "b": [3]}', "t.json")
    assert table.remarks == ("each key of the object is a column, and some lack cells",)


def test_an_object_whose_key_is_there_already(tmp_path: Path) -> None:
    message = refusal(lambda: read(tmp_path, '{"a.b": 1, "a": {"b": 2}}', "t.jsonl"))
    assert message.startswith(
        "Row 1 of t.jsonl has a key of an object in it, joined to the object's own, twice"
    )


@pytest.mark.parametrize("text", ['{"x": 1}\n{"x": 2}\n', ' [ {"x": 1},\n{"x": 2}]', '{"x": 1}\r\n{"x": 2}'])
@pytest.mark.parametrize("name", ["t.csv", "t", "t.txt", "t.parquet"])
def test_json_by_another_name(tmp_path: Path, text: str, name: str) -> None:
    table = read(tmp_path, text, name)
    assert cells(table) == [["1"], ["2"]]
    assert [one.is_guess for one in table.decisions] == [True]


def test_json_infinity_and_nan(tmp_path: Path) -> None:
    table = read(tmp_path, '{"x": NaN, "y": 1}\n{"x": 1, "y": -Infinity}\n', "t.jsonl")
    assert "A value is missing" in refusal(table.column("x").as_numbers)
    assert "is '-Infinity', which is infinite" in refusal(table.column("y").as_numbers)
