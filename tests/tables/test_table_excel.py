"""A workbook means what its table means as delimited text; other readers of workbooks are the judges."""

from __future__ import annotations

import csv
import datetime as dt
import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, TypeAlias

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from table_files import refusal, written

from chainrule.errors import UnknownNameError
from chainrule.tables import Table, read_table
from chainrule.tables.sources import excel

Rows: TypeAlias = list[list[Any]]

WORKBOOKS = Path(__file__).with_name("workbooks")
ISLANDS = {
    "name": ["Dream", "Biscoe", "Torgersen"],
    "mass": [3750.5, 4.0, None],
    "when": [dt.datetime(2024, 2, 29), dt.datetime(2024, 3, 1, 12, 30), dt.datetime(2024, 3, 2)],  # noqa: DTZ001
    "wild": [True, False, True],
}


def workbook(path: Path, *sheets: Rows, names: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for place, rows in enumerate(sheets):
        sheet = book.create_sheet(names[place] if names else None)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def columns(table: Table) -> dict[str, list[Any]]:
    return {column.name: column.cells.to_pylist() for column in table.columns}


def text_of(cell: object) -> str | None:
    """A cell as a delimited text has it."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return repr(cell).removesuffix(".0")
    return None if cell in {None, ""} else str(cell)


def meaning(table: Table) -> list[tuple[str, list[str | None]]]:
    """Names, and the cells as a delimited text has them."""
    return [(one.name, list(map(text_of, one.cells.to_pylist()))) for one in table.columns]


@pytest.mark.parametrize("name", ["island.xls", "island.xlsb", "island.ods"])
def test_every_kind_of_workbook(name: str) -> None:
    table = read_table(WORKBOOKS / name)
    assert columns(table) == ISLANDS
    assert table.decisions == ()
    assert [str(column.cells.type) for column in table.columns] == [
        "large_string", "double", "timestamp[us]", "bool",
    ]  # fmt: skip


def test_it_is_told_by_its_bytes(tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet"):
        table = read_table(written(tmp_path, (WORKBOOKS / "island.ods").read_bytes(), name))
        assert columns(table) == ISLANDS
        suffix = Path(name).suffix
        assert table.remarks == (f"read as a workbook, which it is, although its name ends in {suffix}",)


TABLES: dict[str, Rows] = {
    "numbers": [["a", "b"], [1, 2.5], [-3, 1e300], [2**53, 0.1]],
    "gaps": [["a", "b", "c"], [1, None, "x"], [None, 2.5, None], [3, 4, "z"]],
    "texts": [["a", "b"], ["two\nlines", 'a "quote", and a comma'], [" blanks ", "x;y"], ["é", "𐍈"]],
    "numbers in texts": [["zip", "x"], ["00501", 1], ["01234", 2]],
    "mixed": [["a", "b"], [5, True], ["x", 1], [2.5, "no"]],
    "title": [["Sales of the year", None, None], ["a", "b", "c"], [1, 2, 3], [4, 5, 6]],
    "no name": [["a", None, "c"], [1, 2, 3], [4, 5, 6]],
    "empty column": [["a", None, "c"], [1, None, 3], [4, None, 6]],
    "years": [["city", 2020, 2021], ["Rome", 1.5, 2], ["Oslo", 3, 4.5]],
    "one column": [["a"], [1], [2]],
    "no header": [[1, "x", 2.5], [2, "y", 3.5], [3, "x", 4.5]],
    "blank rows": [["a", "b"], [1, 2], [None, None], [3, 4]],
    "names again": [["a", "b"], [1, 2], ["a", "b"], [3, 4]],
    "names twice": [["a", "a"], [1, 2], [3, 4]],
    "index": [[None, "a"], [0, 5.5], [1, 6.5]],
    "missing words": [["a", "b"], ["NA", 1], ["?", 2], ["x", "n/a"]],
    "labels": [["class", "x"], [1, 0.5], [2, 0.25], [1, 0.5]],
}


@pytest.mark.parametrize("name", TABLES)
def test_the_same_as_the_text_of_the_same_table(tmp_path: Path, name: str) -> None:
    rows = TABLES[name]
    text = io.StringIO()
    csv.writer(text).writerows(
        [[cell.strip() if isinstance(cell, str) else cell for cell in row] for row in rows]
    )
    from_text = read_table(written(tmp_path, text.getvalue()))
    from_book = read_table(workbook(tmp_path / "t.xlsx", rows))
    assert meaning(from_book) == [
        (column, [cell.lower() if cell in {"True", "False"} else cell for cell in found])
        for column, found in meaning(from_text)
    ]
    assert from_book.n_rows == from_text.n_rows
    assert from_book.left_out == from_text.left_out
    assert from_book.remarks == tuple(one for one in from_text.remarks if one != "no delimiter: one column")
    assert [one.kind for one in from_book.columns] == [one.kind for one in from_text.columns]
    assert [one.missing.tolist() for one in from_book.columns] == [
        one.missing.tolist() for one in from_text.columns
    ]


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53),
    st.floats(-1e300, 1e300),  # pandas fails at an infinity, which openpyxl makes of the largest
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=5),
)  # fmt: skip


@pytest.mark.slow
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_cells_are_those_that_another_reader_finds(
    rows: list[tuple[Any, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("book") / "t.xlsx"
    workbook(path, [["a", "b"], *map(list, rows), ["end", "end"]])
    table = read_table(path, header=True)
    other = pd.read_excel(path, engine="openpyxl", dtype=object, keep_default_na=False, na_values=[""])
    assert table.names == ("a", "b")
    other = other.drop(index=[place - 1 for one in table.left_out for place in one.first])  # empty rows
    for name, found in meaning(table):
        expected = [None if cell != cell else text_of(cell) for cell in other[name]]  # noqa: PLR0124 (NaN)
        assert list(map(value, found)) == list(map(value, expected))


def value(cell: str | None) -> object:
    """A number, or a text without the blanks around it; an error and an empty text are missing."""
    text = (cell or "").strip(" \t")
    try:
        return float(text)
    except ValueError:
        return text


def test_dates_times_and_spans(tmp_path: Path) -> None:
    day, moment = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12, 30, 1)  # noqa: DTZ001
    rows: Rows = [
        ["day", "moment", "both", "time", "span", "mixed"],
        [day, moment, day, dt.time(12, 30), dt.timedelta(days=2, hours=3), day],
        [dt.date(1999, 12, 31), moment, moment, dt.time(0, 0, 1), dt.timedelta(minutes=90), "x"],
        [None, None, None, None, None, None],
        [day, moment, day, dt.time(1), dt.timedelta(hours=30), 5],
    ]
    table = read_table(workbook(tmp_path / "t.xlsx", rows))
    assert {one.name: str(one.cells.type) for one in table.columns} == {
        "day": "date32[day]", "moment": "timestamp[us]", "both": "timestamp[us]", "time": "time64[us]",
        "span": "duration[us]", "mixed": "large_string",
    }  # fmt: skip
    last = {name: found[-1] for name, found in columns(table).items()}
    midnight = dt.datetime(2024, 2, 29)  # noqa: DTZ001
    assert last == {
        "day": day, "moment": moment, "both": midnight, "time": dt.time(1), "span": dt.timedelta(hours=30),
        "mixed": "5",
    }  # fmt: skip
    assert table.column("mixed").cells[0].as_py() == "2024-02-29"


def test_a_table_that_begins_elsewhere(tmp_path: Path) -> None:
    rows: Rows = [[None] * 4, [None] * 4, [None, "a", "b", "c"], [None, 1, 2, 3], [None, 4, 5, 6]]
    assert columns(read_table(workbook(tmp_path / "t.xlsx", rows))) == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}


def test_errors_are_missing_and_counted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [["a", "b"], [1, 2], ["#N/A", 3], [4, "#DIV/0!"]]:
        book.active.append(row)
    assert book.active["A3"].data_type == "e"
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert columns(table) == {"a": [1, None, 4], "b": [2, 3, None]}
    (said,) = table.decisions
    assert said.words == "2 cells with an error such as #DIV/0! taken as missing (the first is A3)"
    assert said.is_warning
    assert not said.is_guess


def test_errors_that_are_texts(tmp_path: Path) -> None:
    table = read_table(workbook(tmp_path / "t.xlsx", [["a", "b"], ["Err:502", 2], [3, 4]]))
    assert columns(table)["a"] == [None, 3]
    assert table.remarks == ("1 cell with an error such as #DIV/0! taken as missing",)


NOTE: Rows = [["Read me"], ["first"]]
EMPTY: Rows = [[]]
TABLE: Rows = [["a", "b"], [1, 2]]
OTHER: Rows = [["c", "d"], [3, 4]]


def test_which_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", EMPTY, NOTE, TABLE, OTHER, names=("Empty", "Note", "Data", "2"))
    table = read_table(path)
    assert table.names == ("a", "b")
    (said,) = table.decisions
    assert said.words == "sheet 'Data', the first with a table; there are also 'Note', '2'"
    assert said.is_guess
    assert "cannot be read without a guess: sheet 'Data', the" in refusal(
        lambda: read_table(path, strict=True)
    )
    for sheet, names in ((3, ("a", "b")), ("Data", ("a", "b")), ("2", ("c", "d")), (4, ("c", "d"))):
        table = read_table(path, sheet=sheet, strict=True)
        assert table.names == names
        assert table.decisions == ()


def test_the_sheet_that_was_asked_for_is_learnt(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", TABLE, OTHER, names=("Data", "2"))
    layout = read_table(path, sheet="2").layout
    assert layout is not None
    assert layout.sheet == "2"
    assert read_table(path, layout=layout).names == ("c", "d")
    assert read_table(path, layout=layout, sheet="Data").names == ("a", "b")
    other = workbook(tmp_path / "new.xlsx", OTHER, names=("New",))
    assert read_table(other, layout=layout).names == ("c", "d")


def test_a_sheet_that_is_not_there(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", TABLE, OTHER, names=("Data", "More"))
    for sheet in ("Dta", 3, "0", "Data "):
        message = refusal(lambda sheet=sheet: read_table(path, sheet=sheet), UnknownNameError)  # type: ignore[misc]
        assert message.startswith(f"There is no sheet '{sheet}'. ")
        assert message.endswith("There are: Data, More.")
    assert "Did you mean 'Data'?" in refusal(lambda: read_table(path, sheet="Dta"), UnknownNameError)


def test_hidden_sheets_come_last(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", TABLE, OTHER, names=("Hidden", "Shown"))
    book = openpyxl.load_workbook(path)
    book["Hidden"].sheet_state = "hidden"
    book.save(path)
    assert read_table(path).names == ("c", "d")


def test_other_sheets_that_are_empty_are_no_choice(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", TABLE, EMPTY, names=("Sheet1", "Sheet2"))
    assert read_table(path, strict=True).names == ("a", "b")


def test_a_sheet_of_one_column_and_one_of_one_row(tmp_path: Path) -> None:
    assert columns(read_table(workbook(tmp_path / "t.xlsx", [["x"]], [["a"], [1]]))) == {"a": [1]}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "t.xls is a workbook but cannot be read: it is cut",
        ),
        ((WORKBOOKS / "island.xls").read_bytes()[:3000], "t.xls is a workbook but cannot be read: it is cut"),
        ((WORKBOOKS / "island.ods").read_bytes()[:900], "t.xls is packed with zip but cannot be unpacked"),
    ],
)
def test_damaged_workbooks(tmp_path: Path, content: bytes, says: str) -> None:
    assert refusal(lambda: read_table(written(tmp_path, content, "t.xls"))).startswith(says)


def test_no_sheet_with_a_cell(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", EMPTY, TABLE, names=("Empty", "Data"))
    assert refusal(lambda: read_table(path, sheet="Empty")).startswith(
        "Sheet 'Empty' of t.xlsx has no cell with a value but a table needs at least one row."
    )
    assert refusal(lambda: read_table(workbook(tmp_path / "e.xlsx", EMPTY))).startswith(
        "e.xlsx has no cell with a value"
    )


def test_a_sheet_that_claims_to_fill_the_memory(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "a", 1
    book.save(tmp_path / "t.xlsx")
    message = refusal(lambda: read_table(tmp_path / "t.xlsx"))
    assert message.startswith("t.xlsx has more cells than fit into half of the memory of this machine, or is")


def test_a_text_among_numbers_keeps_its_zeros(tmp_path: Path) -> None:
    table = read_table(workbook(tmp_path / "t.xlsx", [["x", "y"], [7, 1], ["007", 2]]))
    assert columns(table) == {"x": ["7", "007"], "y": [1, 2]}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit what a process may take")
def test_the_program_may_take_half_of_the_memory(tmp_path: Path) -> None:
    arguments = [str(WORKBOOKS / "island.xls"), str(tmp_path / "t.csv"), ""]
    code = (
        f"import sys; sys.path.append({str(excel.PROGRAM.parent)!r}); import workbook, resource, os; "
        f"workbook.main({arguments!r}); print(); print(resource.getrlimit(resource.RLIMIT_AS)[0]); "
        "print(os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    _, limit, memory = done.stdout.splitlines()
    assert 0 < int(limit) <= max(int(memory) // 2, 2**31)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("word/document.xml", "t.docx is a Word document but a table is needed."),
        ("content.xml", "t.docx is an OpenDocument file that is no spreadsheet but a table is needed."),
        ("Index/Document.iwa", "t.docx is an Apple iWork document but a table is needed."),
    ],
)
def test_other_documents_in_zip_archives(tmp_path: Path, part: str, says: str) -> None:
    with zipfile.ZipFile(tmp_path / "t.docx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(part, "")
    assert refusal(lambda: read_table(tmp_path / "t.docx")).startswith(says)


@pytest.mark.parametrize("fault", ["password", "large", "damaged", "empty"])
def test_what_the_program_finds_is_one_sentence(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(excel, "_answer", lambda *_: {"fault": fault, "sheets": []})
    message = refusal(lambda: read_table(WORKBOOKS / "island.xls"))
    assert message.startswith("island.xls ")
    assert "\n" not in message


@pytest.mark.parametrize("header", [True, False])
def test_a_workbook_is_read_as_the_text_that_a_model_learnt(tmp_path: Path, *, header: bool) -> None:
    rows: Rows = [[1, "x", 2.5], [2, "y", 3.5], [3, "x", 4.5]]
    names: Rows = [["n", "kind", "mass"]]
    text = "".join(";".join(map(str, row)) + "\n" for row in names * header + rows)
    learnt = read_table(written(tmp_path, text))
    path = workbook(tmp_path / "t.xlsx", names * header + rows[:1])
    table = read_table(path, layout=learnt.layout)
    assert table.names == learnt.names
    assert [list(one.cells.to_pylist()) for one in table.columns] == [[1], ["x"], [2.5]]
    assert not any(one.is_guess for one in table.decisions)
    again = read_table(written(tmp_path, text.replace(";", ",")), layout=table.layout)
    assert again.names == learnt.names


def test_no_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/python")
    message = refusal(lambda: read_table(WORKBOOKS / "island.xls"))
    assert message.startswith("island.xls cannot be read: '/no/python', which would read it, does not start.")


def test_nothing_is_loaded_for_what_is_no_workbook() -> None:
    code = "import sys, chainrule.tables; print('python_calamine' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_options_for_a_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", TABLE)
    assert read_table(path, header=True).names == ("a", "b")
    for option in ({"delimiter": ";"}, {"encoding": "utf-8"}):
        with pytest.raises(ValueError, match="but a workbook has no "):
            read_table(path, **option)  # type: ignore[arg-type]


def test_numbers_keep_all_their_bits(tmp_path: Path) -> None:
    numbers = [0.1 + 0.2, 1 / 3, 5e-324, 1.7e308, -0.0, 123456789.123456789]
    table = read_table(workbook(tmp_path / "t.xlsx", [["x", "n"], *([x, 1] for x in numbers)]))
    found = pd.read_excel(tmp_path / "t.xlsx", engine="openpyxl")["x"]
    assert table.column("x").cells.equals(pa.array(found, pa.float64()))
