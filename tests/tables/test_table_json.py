"""JSON lines are read as the same text that a CSV file would have."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

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
        ('{"x": 1, " x": 2}', "t.jsonl has 2 columns named 'x'"),
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
        "Row 2 of column 'tags' of t.jsonl is a list, but only numbers, text and booleans can be used yet. "
        "Write its cells as numbers."
    )
    objects = read(tmp_path, '{"at": null}\n{"at": {"x": 1}}\n{"at": [1]}\n', "t.jsonl").column("at")
    assert "Row 2 of column 'at' of t.jsonl is an object, but" in refusal(objects.as_numbers)


def test_json_infinity_and_nan(tmp_path: Path) -> None:
    table = read(tmp_path, '{"x": NaN, "y": 1}\n{"x": 1, "y": -Infinity}\n', "t.jsonl")
    assert "A value is missing" in refusal(table.column("x").as_numbers)
    assert "is '-Infinity', which is infinite" in refusal(table.column("y").as_numbers)
