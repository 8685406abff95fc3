"""ARFF is read with the names and types that its header declares; scipy is the judge of what both read."""

from __future__ import annotations

import datetime as dt
import io
from contextlib import suppress
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import arff
from table_files import cells, read, refusal, written

from chainrule.errors import TableError
from chainrule.tables import Table, read_table

WEATHER = """% a comment
@RELATION 'the weather'

@attribute 'out look' {sunny, 'over cast', "rainy"}
@ATTRIBUTE temperature  NUMERIC
@attribute humidity real % per cent
@attribute windy { TRUE,FALSE }
@attribute note string

@data
sunny, 85 ,85.5,FALSE,'it''s'
% in between
'over cast',?,90,TRUE,"a, \\"b\\""

rainy,-1e3,?,?,it\\'s 5 % more
"""


def read_arff(folder: Path, text: str, name: str = "t.arff", **options: object) -> Table:
    return read_table(written(folder, text, name), **options)  # type: ignore[arg-type]


def test_names_types_and_cells(tmp_path: Path) -> None:
    table = read_arff(tmp_path, WEATHER.replace("''", "\\'"), strict=True)
    assert table.names == ("out look", "temperature", "humidity", "windy", "note")
    assert cells(table) == [
        ["sunny", 85.0, 85.5, "FALSE", "it's"],
        ["over cast", None, 90.0, "TRUE", 'a, "b"'],
        ["rainy", -1000.0, None, None, "it's 5 % more"],
    ]
    assert [column.is_category for column in table.columns] == [True, False, False, True, False]
    assert [str(column.cells.type) for column in table.columns[1:3]] == ["double", "double"]
    assert table.decisions == ()
    assert table.column("windy").missing.tolist() == [False, False, True]


def test_it_is_told_by_its_first_lines(tmp_path: Path) -> None:
    table = read_arff(tmp_path, "% x\n\n@relation t\n@attribute a real\n@data\n1\n2\n", "t.csv")
    assert cells(table) == [[1.0], [2.0]]
    assert table.remarks == ("read as ARFF, which it is, although its name ends in .csv",)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[object]]]:
    names = draw(st.lists(st.from_regex("[a-z]{1,5}", fullmatch=True), min_size=1, max_size=4, unique=True))
    labels = ["red", "dark_green", "x-1"]
    kinds = [draw(st.sampled_from(["numeric", "nominal"])) for _ in names]
    cell = {
        "numeric": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "nominal": st.sampled_from(labels),
    }
    rows = draw(st.lists(st.tuples(*(cell[kind] for kind in kinds)), min_size=1, max_size=5))
    declared = {"numeric": "real", "nominal": "{red, dark_green, x-1}"}
    header = [f"@attribute {name} {declared[kind]}" for name, kind in zip(names, kinds, strict=True)]
    body = [",".join("?" if one is None else str(one) for one in row) for row in rows]
    return "\n".join(["@relation t", *header, "@data", *body, ""]), [list(row) for row in rows]


@given(made=tables())
def test_the_same_as_scipy_reads(
    made: tuple[str, list[list[object]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, rows = made
    table = read_arff(tmp_path_factory.mktemp("arff"), text)
    data, meta = arff.loadarff(io.StringIO(text))
    assert list(table.names) == meta.names()
    assert cells(table) == rows
    for name in table.names:
        found = [one.decode() if isinstance(one, bytes) else one for one in data[name].tolist()]
        assert [None if one != one else one for one in found] == table.column(name).cells.to_pylist()  # noqa: PLR0124


def test_dates(tmp_path: Path) -> None:
    text = """@relation t
@attribute a date
@attribute b date "dd.MM.yyyy HH:mm"
@attribute c date 'yyyy-MM-dd'
@attribute d date "yyyy z"
@data
2024-02-29T12:30:01,"29.02.2024 12:30",2024-02-29,"2024 GMT"
?,'01.03.2024 00:00',2024-13-45,"2025 GMT"
"""
    table = read_arff(tmp_path, text)
    moment = dt.datetime(2024, 2, 29, 12, 30)  # noqa: DTZ001
    assert table.column("a").cells.to_pylist() == [moment.replace(second=1), None]
    assert table.column("b").cells.to_pylist() == [moment, dt.datetime(2024, 3, 1)]  # noqa: DTZ001
    assert table.column("c").cells.to_pylist() == ["2024-02-29", "2024-13-45"]
    assert table.column("d").cells.to_pylist() == ["2024 GMT", "2025 GMT"]
    said = "its cells are not all dates, as the header declares: read as text"
    assert [(one.column, one.words) for one in table.decisions] == [("c", said), ("d", said)]


@pytest.mark.parametrize("pattern", ["yyyy-yyyy", "dd.dd.MM.yyyy", "%%", "Q", "yyyy 'of'' MM", ""])
def test_patterns_of_dates_that_python_does_not_know(tmp_path: Path, pattern: str) -> None:
    table = read_arff(tmp_path, f'@relation t\n@attribute a date "{pattern}"\n@data\n"2024"\n"2025"\n')
    assert table.column("a").cells.to_pylist() == ["2024", "2025"]


def test_sparse_rows(tmp_path: Path) -> None:
    text = """@relation t
@attribute n numeric
@attribute c {no, yes}
@attribute s string
@attribute m real
@data
{1 yes, 3 2.5}
{}
{0 ?, 2 'a, b'}
5,no,x,1
"""
    table = read_arff(tmp_path, text, strict=True)
    assert cells(table) == [
        [0.0, "yes", None, 2.5], [0.0, "no", None, 0.0], [None, "no", "a, b", 0.0], [5.0, "no", "x", 1.0],
    ]  # fmt: skip
    assert table.remarks == ("3 sparse rows: what one leaves out is 0, of a nominal column its first label",)


def test_weights_and_blanks_between_cells(tmp_path: Path) -> None:
    header = "@relation t\n@attribute a real\n@attribute b real\n@data\n"
    assert cells(read_arff(tmp_path, header + "1 2\n3\t 4\n")) == [[1.0, 2.0], [3.0, 4.0]]
    table = read_arff(tmp_path, header + "1,2,{0.5}\n3,4\n")
    assert cells(table) == [[1.0, 2.0], [3.0, 4.0]]
    assert table.remarks == ("the weights of 1 row are not used",)


def test_cells_that_are_not_as_declared(tmp_path: Path) -> None:
    header = "@relation t\n@attribute a real\n@attribute b {x, y}\n@data\n"
    table = read_arff(tmp_path, header + "1,x\nten,z\n3,?\n")
    assert cells(table) == [["1", "x"], ["ten", "z"], ["3", None]]
    assert [(one.column, one.words, one.is_warning) for one in table.decisions] == [
        ("a", "its cells are not all numbers, as the header declares: read as text", True),
        ("b", "the header does not list 'z': taken as they are", True),
    ]


def test_names_in_place_of_those_of_the_header(tmp_path: Path) -> None:
    text = "@relation t\n@attribute a real\n@attribute b {x, y}\n@data\n1,x\n"
    table = read_arff(tmp_path, text, names=["u", "v"])
    assert table.names == ("u", "v")
    assert [column.is_category for column in table.columns] == [False, True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@relation t\n", "t.arff has no rows: there is no @data below 0 attributes."),
        ("@relation t\n@attribute a real\n", "t.arff has no rows: there is no @data below 1 attribute."),
        ("@relation t\n@data\n1\n", "t.arff has no rows: there is no @data below 0 attributes."),
        ("@relation t\n@attribute a real\n@data\n% x\n", "t.arff declares 1 attribute but has no rows."),
        ("@relation t\nx\n", "Line 2 of t.arff is 'x' but the header of an ARFF file has lines of"),
        ("@relation t\n@attribute a\n", "Line 2 of t.arff is '@attribute a' but"),
        ("@relation t\n@attribute a relational\n", "Line 2 of t.arff declares 'a' to be 'relational' but"),
        ("@relation t\n@attribute a real\n@data\n{1 5}\n", "Line 4 of t.arff has '1 5' but a sparse row has"),
        ("@relation t\n@attribute a real\n@data\n{x}\n", "Line 4 of t.arff has 'x' but a sparse row has"),
        (
            "@relation t\n@attribute a real\n@data\n1,2\n3,4\n",
            "2 rows of t.arff have another number of cells but",
        ),
        ("a,b\n1,2\n", "Line 1 of t.arff is 'a,b' but the header of an ARFF file"),
    ],
)
def test_what_is_no_arff(tmp_path: Path, text: str, says: str) -> None:
    assert refusal(lambda: read_arff(tmp_path, text)).startswith(says)


@pytest.mark.parametrize(
    "row", ["'" * 200_000, "'a" * 100_000, "\\" * 200_001, "{" + "'" * 200_000 + "}", "{" * 200_000]
)
def test_quotes_that_are_not_closed_take_no_time(tmp_path: Path, row: str) -> None:
    header = "@relation t\n@attribute a string\n@data\n"
    with suppress(TableError):
        assert read_arff(tmp_path, header + row + "\n").n_rows == 1


def test_quotes_within_cells(tmp_path: Path) -> None:
    header = "@relation t\n@attribute a string\n@attribute b string\n@data\n"
    assert cells(read_arff(tmp_path, header + "don't,5\"\nx,y\n")) == [["don't", '5"'], ["x", "y"]]
    assert read(tmp_path, header + "'open,1\nx,y\n", "t.arff").n_rows == 2
