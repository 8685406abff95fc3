"""Rows that cannot be cut as the others are mended, emptied, left out or refused, and each is counted."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest looks at the annotations
from typing import TYPE_CHECKING, Any

import pytest
from delimited_files import cut, said, warned
from table_files import cells, refusal

from chainrule.tables.delimited import cutting
from chainrule.tables.delimited.records import Record, records

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = "1,2\n"
MANY = 400  # rows, so that DuckDB is asked first


@pytest.mark.parametrize("n", [2, MANY])
@pytest.mark.parametrize(
    ("row", "read", "words"),
    [
        ("7", ["7", ""], "has fewer cells than the 2 names: the rest is empty"),
        ("7,8,9", ["", ""], "has more cells than the 2 names: made empty"),
        ("7,8,,", ["7", "8"], "has more cells than the 2 names, all empty: they are dropped"),
        ('7,"8', ["", ""], "has a quote that is not closed: made empty"),
        ('"7,8', ["", ""], "has a quote that is not closed: made empty"),
        (
            '"7"x,8',
            ['"7"x', "8"],
            "has a quote that closes before the end of its cell: read as it is written",
        ),
    ],
)
def test_a_row_at_fault(tmp_path: Path, n: int, row: str, read: list[str], words: str) -> None:
    table = cut(tmp_path, "a,b\n" + GOOD * n + row + "\n" + GOOD * n)
    assert cells(table) == [["1", "2"]] * n + [read] + [["1", "2"]] * n
    assert warned(table) == [f"row {n + 1} {words}"]
    assert table.left_out == ()


@pytest.mark.parametrize("n", [2, MANY])
@pytest.mark.parametrize("row", ["", ",", " , ", '"",""', "  "])
def test_an_empty_row_is_left_out_and_counted(tmp_path: Path, n: int, row: str) -> None:
    table = cut(tmp_path, "a,b\n" + GOOD * n + row + "\n" + GOOD * n)
    assert table.n_rows == 2 * n
    assert table.left_out == (("empty", 1, (n + 1,)),)
    assert said(table) == [f"row {n + 1} is empty: left out"]
    assert table.column("a").row(n) == n + 2  # rows are numbered as in the file


@pytest.mark.parametrize("n", [3, MANY])
def test_rows_that_repeat_the_names_are_left_out(tmp_path: Path, n: int) -> None:
    table = cut(tmp_path, ("name,x\n" + "ann,2\n" * n) * 3)
    assert table.n_rows == 3 * n
    assert table.left_out == (("repeats the names", 2, (n + 1, 2 * n + 2)),)
    assert table.column("x").kind == "number"


def test_a_cell_that_repeats_a_name_is_a_cell(tmp_path: Path) -> None:
    assert cut(tmp_path, "name,x\nname,2\nbob,3\n").n_rows == 2
    assert cut(tmp_path, "word\nfive\nword\nsix\n", header=True).n_rows == 3


def test_nothing_but_blank_lines_at_the_end_is_no_row(tmp_path: Path) -> None:
    for n in (2, MANY):
        table = cut(tmp_path, "a,b\n" + GOOD * n + "\n\n \n\n")
        assert (table.n_rows, table.left_out) == (n, ())


def test_many_faults_are_counted_and_the_first_named(tmp_path: Path) -> None:
    table = cut(tmp_path, "a,b\n" + (GOOD + GOOD + "7\n") * 50)
    (words,) = warned(table)
    assert words == (
        "50 rows (3, 6, 9, 12, 15, 18, 21, 24, 27, 30 and 40 more) have fewer cells than the 2 names: the "
        "rest is empty"
    )


def test_all_faults_are_refused_at_once(tmp_path: Path) -> None:
    text = "a,b\n1,2\n7\n1,2\n1,2,3\n" + '1,"2\n' + GOOD * 40
    message = refusal(lambda: cut(tmp_path, text, bad_rows="fail"))
    assert message == (
        "t.csv has 3 rows at fault: row 2 (line 3) has 1 cell; row 4 (line 5) has 3 cells; row 5 (line 6) "
        "has the cell '\"2' but there are 2 columns, and every quote must be closed. Correct them, or give "
        "bad_rows='empty', and what cannot be cut is missing."
    )


def test_twenty_faults_are_listed(tmp_path: Path) -> None:
    message = refusal(lambda: cut(tmp_path, "a,b\n" + (GOOD + GOOD + "7\n") * 50, strict=True))
    assert message.startswith("t.csv has 50 rows at fault: row 3 (line 4) has 1 cell; ")
    assert "row 60 (line 61) has 1 cell and 30 more but" in message


@pytest.mark.parametrize("n", [3, 2000])
def test_a_quote_that_is_not_closed_swallows_no_rows(tmp_path: Path, n: int) -> None:
    table = cut(tmp_path, "a,b\n" + GOOD * n + '"1,2\n' + GOOD * n)
    assert table.n_rows == 2 * n + 1
    assert cells(table)[-1] == ["1", "2"]


def test_two_stray_quotes_far_apart_hold_no_rows(tmp_path: Path) -> None:
    table = cut(tmp_path, "a,b\n" + GOOD * 500 + '"1,2\n' + GOOD * 500 + '1,2"\n' + GOOD * 500)
    assert table.n_rows == 1502
    assert warned(table) == ["row 501 has a quote that is not closed: made empty"]


def test_two_stray_quotes_that_hold_one_cell_hold_no_rows(tmp_path: Path) -> None:
    """As they stand they are a cell of many lines, and its row has as many cells as any."""
    table = cut(tmp_path, "a,b\n" + GOOD * 500 + '1,"2\n' + GOOD * 500 + '1,2"\n' + GOOD * 500)
    assert table.n_rows == 1502
    assert warned(table) == ["row 501 has a quote that is not closed: made empty"]


@pytest.mark.parametrize("n", [3, 500])
def test_a_long_text_in_quotes_is_one_cell(tmp_path: Path, n: int) -> None:
    letter = "\n".join(f"Line {line}{', and more' * (line % 3)}" for line in range(300))
    table = cut(tmp_path, "a,b\n" + GOOD * n + f'1,"{letter}"\n' + GOOD * n)
    assert table.n_rows == 2 * n + 1
    assert cells(table)[n] == ["1", letter]


@pytest.mark.parametrize("size", [300_000, 3_000_000])
def test_a_long_cell_in_the_first_row(tmp_path: Path, size: int) -> None:
    table = cut(tmp_path, f'a,b\n1,"{"z" * size}"\n2,x\n')
    assert [len(cell) for cell in table.column("b").cells.to_pylist()] == [size, 1]


@pytest.mark.parametrize("n", [2, MANY])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("final", ["", "end"])
def test_line_ends(tmp_path: Path, n: int, end: str, final: str) -> None:
    text = end.join(["a,b", *["1,2"] * n, f'3,"x{end}y"']) + (end if final else "")
    table = cut(tmp_path, text)
    assert cells(table) == [["1", "2"]] * n + [["3", "x\ny"]]
    assert said(table) == []


@pytest.mark.parametrize("n", [2, MANY])
def test_mixed_line_ends(tmp_path: Path, n: int) -> None:
    table = cut(tmp_path, "a,b\r\n" + "1,2\n1,2\r\n1,2\r" * n + '1,"2\r\n"\n')
    assert cells(table) == [["1", "2"]] * (3 * n) + [["1", "2\n"]]


@pytest.mark.parametrize("n", [2, MANY])
def test_line_feeds_in_cells_of_lines_that_end_otherwise(tmp_path: Path, n: int) -> None:
    """As spreadsheets write them."""
    assert cells(cut(tmp_path, "a,b\r\n" + '1,"x\ny"\r\n' * n)) == [["1", "x\ny"]] * n


@pytest.mark.parametrize("n", [2, MANY])
def test_zero_bytes(tmp_path: Path, n: int) -> None:
    message = refusal(lambda: cut(tmp_path, "a,b\n" + GOOD * n + "1,\0\n"))
    assert message.startswith("t.csv is a binary file (it has zero bytes)")


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    for n in (2, MANY):
        message = refusal(lambda n=n: cut(tmp_path, b"a,b\n" + b"1,2\n" * n + b"1,\xe9\n"))  # type: ignore[misc]
        assert message.startswith("t.csv is not UTF-8 but")


@pytest.mark.parametrize("text", ["a,b", "a,b\n", "a\n", "name,city\n\n\n"])
def test_only_names(tmp_path: Path, text: str) -> None:
    assert "but no rows" in refusal(lambda: cut(tmp_path, text))


@pytest.mark.parametrize("text", ["1", "1,2", "5.1,3.5,setosa\n"])
def test_only_one_row(tmp_path: Path, text: str) -> None:
    assert cut(tmp_path, text).n_rows == 1


@pytest.mark.parametrize("text", ["", "\n\n", " \n", ",,\n,,\n"])
def test_nothing_at_all(tmp_path: Path, text: str) -> None:
    assert refusal(lambda: cut(tmp_path, text)).startswith("t.csv has no cell with anything in it")


@pytest.mark.parametrize("delimiter", ["ab", '"', "\n"])
def test_what_is_no_delimiter(tmp_path: Path, delimiter: str) -> None:
    message = refusal(lambda: cut(tmp_path, "a,b\n1,2\n", delimiter=delimiter))
    assert "must be one character" in message


@pytest.mark.parametrize("n", [2, MANY])
@pytest.mark.parametrize("delimiter", [":", "§", "\x1f"])
def test_a_delimiter_that_is_given(tmp_path: Path, n: int, delimiter: str) -> None:
    table = cut(tmp_path, f"a{delimiter}b\n" + f"1{delimiter}x,y\n" * n, delimiter=delimiter)
    assert cells(table) == [["1", "x,y"]] * n


# A large file with a few faults is cut in parts.


def test_parts_give_what_the_exact_reading_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = ["7", "7,8,9", '"7"x,8', "", ",", "a,b", '1,"x\n\n\ny"', "  1 ,2", "\n\n\n", '1,"2', "é,ü"]
    rows = [odd[row // 97 % len(odd)] if row % 97 == 0 else f"{row},word" for row in range(2500)]
    text = "a,b\n" + "\n".join(rows) + "\n\n\n"
    monkeypatch.setattr(cutting, "FEWEST_LINES_FOR_DUCKDB", 10**9)
    exact = cut(tmp_path, text)
    monkeypatch.setattr(cutting, "FEWEST_LINES_FOR_DUCKDB", 1)
    monkeypatch.setattr(cutting, "_cut_exactly", lambda *_, **__: pytest.fail("it was asked for"))
    for part in (1000, 5000):
        monkeypatch.setattr(cutting, "PART", part)
        table = cut(tmp_path, text)
        assert cells(table) == cells(exact)
        assert table.decisions == exact.decisions
        assert table.left_out == exact.left_out
        rows_of_file = [table.column("a").row(place) for place in (0, 100, table.n_rows - 1)]
        assert rows_of_file == [exact.column("a").row(place) for place in (0, 100, exact.n_rows - 1)]


def test_most_parts_of_a_large_file_are_read_fast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exact: list[int] = []
    monkeypatch.setattr(cutting, "PART", 10_000)

    def counted(*of: Any, **more: Any) -> Iterator[Record]:  # noqa: ANN401 - those of records
        exact.append(1)
        return records(*of, **more)

    monkeypatch.setattr(cutting, "records", counted)
    table = cut(tmp_path, "a,b\n" + GOOD * 10_000 + "7\n" + GOOD * 10_000)
    assert table.n_rows == 20_001
    assert len(exact) < 3
