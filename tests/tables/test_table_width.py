"""Wide tables are read in time that grows with their cells, and too wide ones refused early."""

from __future__ import annotations

import json
import time
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from delimited_files import cut
from table_files import chosen, read, refusal

from chainrule.tables import TableOptions, read_table, split_rows
from chainrule.tables.columns import table as tables
from chainrule.tables.columns.roles import settle_roles
from chainrule.tables.delimited import cutting

MOST = tables.MOST_COLUMNS
TOO_WIDE = (
    f" has more than {MOST} columns but a table may have {MOST} at most. Select columns first; if the rows "
    "stand in columns, transpose the table."
)


def _line(width: int, delimiter: str = ",") -> str:
    return delimiter.join(map("c{}".format, range(width))) + "\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
def test_text_one_column_too_wide(tmp_path: Path, delimiter: str) -> None:
    row = delimiter.join(["1"] * (MOST + 1))
    assert refusal(lambda: read(tmp_path, _line(MOST + 1, delimiter) + row)) == f"t.csv{TOO_WIDE}"


def test_a_header_of_megabytes_is_not_cut_to_its_end(tmp_path: Path) -> None:
    began = time.process_time()
    assert refusal(lambda: read(tmp_path, "c," * 5_000_000 + "c\n1\n")) == f"t.csv{TOO_WIDE}"
    assert time.process_time() - began < 5  # ten seconds where it is


def test_lines_that_disagree_are_told_their_full_width(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2\n" * 30 + "1," * (MOST + 5) + "1\n"
    message = refusal(lambda: cut(tmp_path, text, bad_rows="fail"))
    assert f"has {MOST + 6} cells but the header has 2 columns" in message


def test_json_lines_with_too_many_keys(tmp_path: Path) -> None:
    wide = json.dumps(dict.fromkeys(map(str, range(MOST + 1)), 1))
    assert refusal(lambda: read(tmp_path, wide, "t.jsonl")) == f"t.jsonl{TOO_WIDE}"
    assert refusal(lambda: read(tmp_path, f"[{wide}]", "t.json")) == f"t.json{TOO_WIDE}"


def test_json_lines_with_a_new_key_in_each(tmp_path: Path) -> None:
    text = "".join(f'{{"k{row}": {row}}}\n' for row in range(20_000))
    began = time.process_time()
    assert refusal(lambda: read(tmp_path, text, "t.jsonl")) == (
        "t.jsonl has 20000 different keys in 20000 rows, and a row has 1 of them on average, but the rows of "
        "a table have the same keys. Give each row the same keys, the names of the columns, and what differs "
        "as values."
    )
    assert time.process_time() - began < 5  # a minute and more where every cell is made
    assert read(tmp_path, text[: text.index('{"k1000"')], "t.jsonl").n_rows == 1000


def test_many_keys_that_few_rows_lack_are_read(tmp_path: Path) -> None:
    rows = [{f"k{key}": 1 for key in range(100) if (key + row) % 10} for row in range(500)]
    assert len(read(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl").columns) == 100


def test_a_frame_one_column_too_wide() -> None:
    wide = pa.table([pa.array([1])] * (MOST + 1), names=[f"c{place}" for place in range(MOST + 1)])
    assert refusal(lambda: read_table(wide)) == f"the data frame{TOO_WIDE}"


def test_parquet_is_refused_by_its_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"a": [1], "b": [2], "c": [3]}), tmp_path / "t.parquet")
    monkeypatch.setattr(tables, "MOST_COLUMNS", 2)
    monkeypatch.setattr(pq.ParquetFile, "read", lambda _: pytest.fail("it was read"))
    message = refusal(lambda: read_table(tmp_path / "t.parquet"))
    assert message == f"t.parquet{TOO_WIDE}".replace(str(MOST), "2")


@pytest.mark.parametrize("source", ["text", "json", "frame"])
def test_twenty_thousand_columns_are_read_at_once(tmp_path: Path, source: str) -> None:
    width = 20_000
    frame = pa.table([pa.array([0.5] * 3)] * width, names=[f"c{place}" for place in range(width)])
    began = time.process_time()
    if source == "frame":
        table = read_table(frame)
    elif source == "json":
        row = json.dumps({f"c{place}": 0.5 for place in range(width)})
        table = read(tmp_path, f"{row}\n{row}\n{row}\n", "t.jsonl")
    else:
        table = read(tmp_path, _line(width) + ",".join(["0.5"] * width) + "\n")
    assert len(table.columns) == width
    assert time.process_time() - began < 2.5  # under one


def test_a_wide_index_of_a_frame_is_left_out_at_once() -> None:
    width = 60_000
    names = [f"c{place}" for place in range(width)]
    stored = {b"pandas": json.dumps({"index_columns": names[:-1]}).encode()}
    began = time.process_time()
    table = read_table(pa.table([pa.array([1])] * width, names=names).replace_schema_metadata(stored))
    assert table.names == (names[-1],)
    assert time.process_time() - began < 5


@pytest.mark.slow
def test_roles_of_many_columns_are_settled_at_once() -> None:
    width = 60_000
    names = [f"c{place}" for place in range(width)]
    table = read_table(pa.table([pa.array([1])] * width, names=names))
    began = time.process_time()
    settle_roles(
        table, names[:1], TableOptions(inputs=tuple(names[1 : width // 2]), ignore=tuple(names[width // 2 :]))
    )
    assert time.process_time() - began < 3


def test_few_lines_are_not_given_to_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(cutting, "cut_fast", lambda *_: asked.append(1))
    for lines in (cutting.FEWEST_LINES_FOR_DUCKDB - 1, cutting.FEWEST_LINES_FOR_DUCKDB + 1):
        assert read(tmp_path, "a,b\n" + "1,2\n" * lines).n_rows == lines
    assert len(asked) == 1


@pytest.mark.slow
def test_many_numbers_that_are_classes_are_told_at_once(tmp_path: Path) -> None:
    table = read(tmp_path, "n,y\n" + "".join(f"{row},1\n" for row in range(200_000)))
    began = time.process_time()
    message = refusal(lambda: chosen(table, "n", classes="n"))
    assert "has 200000 different values in 200000 rows" in message
    assert time.process_time() - began < 4  # under one; 6 where each label is looked at by itself


def test_many_classes_are_split_at_once() -> None:
    labels = [f"c{row % 50_000}" for row in range(100_000)]
    began = time.process_time()
    training, held_out = split_rows(len(labels), labels=labels, seed=0)
    assert time.process_time() - began < 2  # half a second; with the square of the classes 10
    assert len(held_out) == 25_000
    assert len({labels[row] for row in training}) == 50_000


@pytest.mark.parametrize(
    "before",
    ["\n" * 300, ",,\n" * 300, " \t\n" * 200_000, pytest.param("\n" * 2_000_000, marks=pytest.mark.slow)],
)
def test_a_table_below_many_blank_lines(tmp_path: Path, before: str) -> None:
    table = read(tmp_path, before + "x,y,z\n1,2,3\n")
    assert table.names == ("x", "y", "z")
    assert table.n_rows == 1


def test_many_blank_lines_and_nothing_else_but_delimiters(tmp_path: Path) -> None:
    for text in ("sep=,\n", ",\n" * 1000, ";;\n\n;;\n"):
        assert "has no cell with anything in it" in refusal(lambda text=text: read(tmp_path, text))  # type: ignore[misc]
