"""Delimited text is read as a person reads it, and never guessed in silence."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest looks at the annotations
from typing import Any

import duckdb
import pytest
from delimited_files import cut, cut_fast, said
from table_files import cells, read, refusal, written

from chainrule.tables import read_table
from chainrule.tables.delimited import cutting, duck
from chainrule.tables.delimited.reading import read_delimited
from chainrule.tables.delimited.records import Dialect
from chainrule.tables.delimited.text_file import TextFile

pytestmark = pytest.mark.usefixtures("one_database")


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end(tmp_path: Path, mark: str, end: str) -> None:
    table = read(tmp_path, end.join([f"a{mark}b", f"1{mark}x", f"2{mark}y", ""]))
    assert table.names == ("a", "b")
    assert cells(table) == [["1", "x"], ["2", "y"]]
    named = {",": (), "\t": ("delimiter tab",)}.get(mark, (f"delimiter {mark!r}",))
    assert table.remarks == named


@pytest.mark.parametrize(
    ("encoding", "remarks"),
    [
        ("utf-8", ()),
        ("utf-8-sig", ()),
        ("utf-16", ("decoded as UTF-16",)),
        ("utf-32", ("decoded as UTF-32",)),
        ("cp1252", ("decoded as Windows-1252, because line 2 is not UTF-8",)),
    ],
)
def test_every_encoding(tmp_path: Path, encoding: str, remarks: tuple[str, ...]) -> None:
    table = read(tmp_path, "stadt,x\nKöln,1\n".encode(encoding))
    assert table.names == ("stadt", "x")
    assert cells(table) == [["Köln", "1"]]
    assert table.remarks == remarks


def test_quotes_hold_delimiters_line_ends_quotes_and_blanks(tmp_path: Path) -> None:
    table = read(tmp_path, 'a,b\n"1,5\n""x""",  2 \n" y ",""\n')
    assert cells(table) == [['1,5\n"x"', "2"], [" y ", ""]]


def test_quotes_within_a_cell_are_only_characters(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "pipe,n\n5\" wide,1\nO'Neill,2\n")) == [['5" wide', "1"], ["O'Neill", "2"]]


def test_single_quotes_where_they_are_used_throughout(tmp_path: Path) -> None:
    table = read(tmp_path, "'a','b, c'\n'it''s','x'\n")
    assert table.names == ("a", "b, c")
    assert cells(table) == [["it's", "x"]]
    assert table.remarks[0] == "cells quoted with '"


def test_single_quotes_that_hold_cells_together(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "a,b\n1,'x, y'\n2,z\n")) == [["1", "x, y"], ["2", "z"]]


def test_single_quotes_around_a_few_cells_are_characters(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "a,b\n1,'x'\n2,y\n")) == [["1", "'x'"], ["2", "y"]]


def test_delimiters_in_quoted_lines_do_not_mislead(tmp_path: Path) -> None:
    assert cells(read(tmp_path, '"a","b"\n"\n;","\n;0"\n')) == [["\n;", "\n;0"]]


def test_single_quotes_that_do_not_close_are_characters(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "a,b\n'tis,1\n'x',2\n")) == [["'tis", "1"], ["'x'", "2"]]


def test_german_table(tmp_path: Path) -> None:
    table = read(tmp_path, "größe;preis\n1,5;3\n-0,25;4e1\n".encode("cp1252"))
    assert table.column("größe").as_numbers().tolist() == [1.5, -0.25]
    assert table.column("preis").as_numbers().tolist() == [3, 40]
    assert table.remarks[1:] == ("delimiter ';'", "decimal comma")


def test_decimal_comma_is_decided_for_the_whole_file(tmp_path: Path) -> None:
    table = read(tmp_path, "a;b\n1,5;2.5\n2,5;3.5\n")
    assert table.column("a").kind == "text"
    assert table.column("b").kind == "number"
    assert table.remarks == ("delimiter ';'",)


@pytest.mark.parametrize(
    ("text", "kind"),
    [('a,b\n"1,234",1\n', "text"), ("a\tb\n1,234\t1\n", "text"), ("a;b\n1,234;1\n", "number")],
)
def test_a_comma_that_may_part_thousands_is_no_decimal_comma(tmp_path: Path, text: str, kind: str) -> None:
    assert read(tmp_path, text).column("a").kind == kind


def test_title_lines_are_skipped_and_quoted(tmp_path: Path) -> None:
    table = read(tmp_path, "Rain in 2020\nall stations\n\nplace\tyear\train\nOslo\t2020\t1.5\n")
    assert table.names == ("place", "year", "rain")
    assert table.remarks == ("delimiter tab", "2 title lines skipped: 'Rain in 2020', 'all stations'")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_title_lines_that_a_spreadsheet_padded(tmp_path: Path, mark: str) -> None:
    text = "Sales 2024,,\n,,\nall shops,,\nshop,month,sold\nA,1,7\nB,2,8\n".replace(",", mark)
    table = read(tmp_path, text)
    assert table.names == ("shop", "month", "sold")
    assert cells(table) == [["A", "1", "7"], ["B", "2", "8"]]
    assert table.remarks[-1] == "2 title lines skipped: 'Sales 2024', 'all shops'"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("x,\n1,a\n2,b\n", ("x", "unnamed_2")),
        (",x\n7,1\n9,2\n", ("unnamed_1", "x")),
        ("x,,\na,,\nb,,\n", ("x",)),
    ],
)
def test_a_header_with_one_name_is_no_title_line(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    assert read(tmp_path, text).names == names


def test_a_name_too_few_is_that_of_the_first_column(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\nr1,1,x\nr2,2,y\n")
    assert table.names == ("unnamed_1", "a", "b")
    assert table.remarks[0] == (
        "line 1 has one name less than the rows have cells: the first column has no name"
    )


def test_excel_separator_line(tmp_path: Path) -> None:
    table = read(tmp_path, "sep=;\r\na;b\r\n1,5;x\r\n")
    assert cells(table) == [["1,5", "x"]]
    assert table.remarks == ("delimiter ';', as the first line says", "decimal comma")


def test_runs_of_blanks(tmp_path: Path) -> None:
    table = read(tmp_path, '  x   y  "big name"\n  1.5  2  "a b"\n 10.5 3\tc  \n')
    assert table.names == ("x", "y", "big name")
    assert cells(table) == [["1.5", "2", "a b"], ["10.5", "3", "c"]]
    assert table.remarks == ("delimiter runs of blanks",)


def test_prose_is_one_column_and_a_guess(tmp_path: Path) -> None:
    table = cut(tmp_path, "It was a dark night.\nRain fell, and fell.\nNobody came.\n")
    assert table.names == ("It was a dark night.",)
    assert table.decisions[0].words == (
        "no delimiter cuts the lines, such as 'It was a dark night.', into an equal number of cells: "
        "one column"
    )
    assert table.decisions[0].is_guess


def test_one_column(tmp_path: Path) -> None:
    table = read(tmp_path, "x\n1\n\n2\n\n\n")
    assert cells(table) == [["1"], [""], ["2"]]
    assert table.remarks == ("no delimiter: one column",)


def test_r_row_names_are_left_out(tmp_path: Path) -> None:
    table = read(tmp_path, '"","x","kind"\n"1",5.1,"a"\n"2",4.9,"b"\n')
    assert table.names == ("x", "kind")
    assert table.remarks == ("the first column has no name and counts the rows: left out",)


def test_pandas_index_is_left_out(tmp_path: Path) -> None:
    assert read(tmp_path, ",x,y\n0,5.1,a\n1,4.9,b\n").names == ("x", "y")
    # Beside a target it is all that there is.
    assert read(tmp_path, ",x\n0,5.1\n1,4.9\n").names == ("unnamed_1", "x")


def test_another_unnamed_column_gets_a_name(tmp_path: Path) -> None:
    table = read(tmp_path, ",x, \n7,1,a\n9,2,b\n")
    assert table.names == ("unnamed_1", "x", "unnamed_3")
    assert table.remarks[1] == "column 3 has no name and is called 'unnamed_3'"


def test_an_unnamed_column_without_values_is_left_out(tmp_path: Path) -> None:
    table = read(tmp_path, "x,,y\n1,,2\n3,,4\n")
    assert table.names == ("x", "y")
    assert table.remarks == ("column 2 has no name and no values: left out",)


@pytest.mark.parametrize("text", ["x,y,\n1,2,\n3,4,\n", "x,y\n1,2,\n3,4,\n"])
def test_a_delimiter_that_ends_each_line_begins_no_column(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert table.names == ("x", "y")
    assert cells(table) == [["1", "2"], ["3", "4"]]
    assert table.remarks == ("every line ends with a delimiter, which begins no column",)


@pytest.mark.parametrize("fewest", [cutting.FEWEST_LINES_FOR_DUCKDB, 10**9])
def test_a_cell_behind_what_seemed_to_end_each_line_is_a_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fewest: int
) -> None:
    monkeypatch.setattr(cutting, "FEWEST_LINES_FOR_DUCKDB", fewest)
    table = read(tmp_path, "x,y,\n" + "1,2,\n" * 3000 + "3,4,z\n")
    assert table.names == ("x", "y", "unnamed_3")
    assert cells(table)[-1] == ["3", "4", "z"]


def test_duplicate_names(tmp_path: Path) -> None:
    table = read(tmp_path, "x,y, x,x_2,x\n1,2,3,4,5\n")
    assert table.names == ("x", "y", "x_3", "x_2", "x_4")
    assert table.remarks == (
        "column 3 has the name of a column before it, 'x', and is called 'x_3'",
        "column 5 has the name of a column before it, 'x', and is called 'x_4'",
    )


def test_years_may_be_names(tmp_path: Path) -> None:
    assert read(tmp_path, "place,1999,2000\nOslo,1,2\n").names == ("place", "1999", "2000")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1", "Row 3 (line 5) of t.csv has 1 cell but the header has 2 columns."),
        ("1,2,3", "Row 3 (line 5) of t.csv has 3 cells but the header has 2 columns."),
        ("1,2,", "Row 3 (line 5) of t.csv has 3 cells but the header has 2 columns."),
        ('1,"2', "Row 3 (line 5) of t.csv has the cell '\"2', which begins with a quote"),
        ('"1"0,2', "Row 3 (line 5) of t.csv has the cell '\"1\"0', which begins with a quote"),
    ],
)
@pytest.mark.parametrize("given", [{"bad_rows": "fail"}, {"strict": True}])
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, row: str, says: str, given: dict[str, Any]) -> None:
    message = refusal(lambda: cut(tmp_path, f'a,b\n1,"x\ny"\n2,z\n{row}\n9,9\n', **given))
    assert message.startswith(says)


def test_header_without_rows(tmp_path: Path) -> None:
    message = refusal(lambda: read(tmp_path, "a,b\n\n"))
    assert message == (
        "t.csv has a header ('a', 'b') but no rows. Add at least one row below it, or give header=False if "
        "it is a row itself."
    )


def test_one_row_is_a_table(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2").n_rows == 1


# What DuckDB does wrong when it is left alone.


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n\n3,4\n",
        "1,2,\n3,4\n",
        "1\n2,3\n",
        '1,"2\n',
        '1,"2"3\n',
        '1,"""2"""\n',
        "1,2\n3,4\n\n\n5,6\n",
        '1,"x" "y"\n',
        '1,"x"   "y"\n',
    ],
)
def test_what_duckdb_skips_or_forgives_is_noticed(tmp_path: Path, text: str) -> None:
    assert cut_fast(tmp_path, text) is None


@pytest.mark.parametrize("text", ["1,2\n3,4\n", '1,"2"\n3,4\n'])
def test_a_byte_that_duckdb_loses_is_noticed(tmp_path: Path, text: str) -> None:
    file = TextFile(written(tmp_path, text), "t.csv")
    counts = file.count(Dialect(","))
    assert duck.cut_fast(file, Dialect(","), 2, 0, counts) is not None
    assert duck.cut_fast(file, Dialect(","), 2, 0, counts._replace(others=counts.others + 1)) is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_fast_reading_does_answer(tmp_path: Path, end: str) -> None:
    assert cut_fast(tmp_path, f'1,"2,{end}3"{end}3 , 4') == [["1", "2,\n3"], ["3", "4"]]


def test_yes_and_no_stay_text(tmp_path: Path) -> None:
    table = read(tmp_path, "x,sick\n1,yes\n2,no\n")
    assert table.column("sick").kind == "text"
    assert table.column("sick").as_labels() == ("yes", "no")


def test_rows_keep_the_order_of_the_file(tmp_path: Path) -> None:
    n = 200_000
    table = read(tmp_path, "a,b\n" + "".join(f"{i},text {i}\n" for i in range(n)))
    assert table.column("a").as_numbers().tolist() == list(range(n))


def test_types_do_not_depend_on_the_first_rows(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\n" + "1,2\n" * 30_000 + "x,3\n")
    assert table.column("a").kind == "text"
    assert table.n_rows == 30_001


@pytest.mark.parametrize("place", [0, 500])
def test_a_huge_cell(tmp_path: Path, place: int) -> None:
    huge = "z" * (duck.LONGEST_LINE + 1)
    rows = ["1,y"] * 1000
    rows[place] = f"1,{huge}"
    table = cut(tmp_path, "\n".join(["a,b", *rows, ""]))
    assert table.n_rows == 1000
    assert cells(table)[place][1] == huge


@pytest.mark.parametrize(
    "name", ["a*.csv", "a?.csv", "[ab].csv", "it's.csv", 'say "x".csv', "s3:x.csv", "ä b.csv"]
)
def test_a_path_is_a_path(tmp_path: Path, name: str) -> None:
    written(tmp_path, "decoy,x\n9,9\n", "ab.csv")
    written(tmp_path, "decoy,x\n9,9\n", "a.csv")
    assert read(tmp_path, "a,b\n1,2\n", name).names == ("a", "b")


def test_a_pattern_finds_no_other_file(tmp_path: Path) -> None:
    written(tmp_path, "a,b\n1,2\n", "one.csv")
    message = refusal(lambda: read_table(tmp_path / "*.csv"))
    assert message.startswith("There is no file")


@pytest.mark.parametrize("folder", ["x[1]", "a=1", "x*'?"])
def test_a_folder_is_a_folder(tmp_path: Path, folder: str) -> None:
    for name, row in (("x1", "decoy,9\n"), (folder, "1,2\n")):
        (tmp_path / name).mkdir()
        table = cut(tmp_path / name, "a,b\n" + row * 1000)
    assert table.names == ("a", "b")
    assert cells(table) == [["1", "2"]] * 1000


def test_a_name_that_ends_as_that_of_a_packed_file_does(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n" + "1,2\n" * 1000, "t.csv.gz")
    assert read_delimited(path, "t.csv.gz").n_rows == 1000


def test_the_users_own_connection_is_left_alone(tmp_path: Path) -> None:
    read(tmp_path, "a,b\n1,2\n")
    tables = duckdb.execute("SHOW ALL TABLES").fetchall()
    assert tables == []


def test_a_very_wide_table(tmp_path: Path) -> None:
    n = 3000
    header = ",".join(f"a_rather_long_name_of_a_gene_whose_number_is_{i}" for i in range(n))
    row = ",".join(["1.5"] * n)
    table = read(tmp_path, f"{header}\n{row}\n{row}\n")
    assert len(table.names) == n
    assert table.n_rows == 2


def test_points_that_may_part_thousands_are_no_decimal_points(tmp_path: Path) -> None:
    table = cut(tmp_path, "rate;population\n1,15;2.101\n0,5;1.400\n2,25;12.000\n")
    assert "decimal comma" in said(table)
    assert {one.decimal for one in table.columns} == {","}
    table = cut(tmp_path, "a;b\n1,15;2.5\n0,5;1.400\n")  # 2.5 parts no thousands
    assert {one.decimal for one in table.columns} == {"."}
