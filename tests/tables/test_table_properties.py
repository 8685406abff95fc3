"""Whatever a table holds, it comes back as it was written; and the fast reading is the exact one."""

from __future__ import annotations

import csv
import io
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations
from typing import TYPE_CHECKING

import pytest
from delimited_files import cut, cut_fast, said
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from table_files import cells, written

from chainrule.errors import TableError
from chainrule.tables.delimited.records import Dialect, records
from chainrule.tables.sources.reading import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.usefixtures("one_database")

plain = st.text(st.sampled_from("abcxyz 0129.-é'\u2028\x1c"), max_size=6)
awkward = st.text(st.sampled_from("ab,;\t|\"'\n 01.é"), max_size=6)


@st.composite
def grids(draw: st.DrawFn, cell: st.SearchStrategy[str]) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    row = st.lists(cell, min_size=width, max_size=width)
    return draw(st.lists(row, min_size=1, max_size=12))


def as_csv(rows: Sequence[Sequence[str]], mark: str, end: str, quoting: int) -> str:
    """Written by Python's own csv module, an independent hand."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=mark, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow([f"name{place}" for place in range(len(rows[0]))])
    writer.writerows(rows)
    return text.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    grids(plain),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_a_table_is_read_as_it_was_written(  # noqa: PLR0917 - Hypothesis fills them by place
    tmp_path: Path, rows: list[list[str]], mark: str, end: str, encoding: str, quoting: int
) -> None:
    expected = rows if quoting == csv.QUOTE_ALL else [[cell.strip(" ") for cell in row] for row in rows]
    assume(any(map(any, expected)))
    data = as_csv(rows, mark, end, quoting).encode(encoding)
    table = read_table(written(tmp_path, data))
    assert cells(table) == [row for row in expected if any(row)]
    assert table.names == tuple(f"name{place}" for place in range(len(rows[0])))


@settings(max_examples=60, deadline=None)
@given(grids(awkward), st.sampled_from(",;\t|"))
def test_quoted_cells_may_hold_anything(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], mark: str
) -> None:
    rows = [["first", *row] for row in rows]  # lest the first row seem to go on with the names
    text = as_csv(rows, mark, "\n", csv.QUOTE_ALL)
    table = cut(tmp_path_factory.getbasetemp(), text, header=True, delimiter=mark)
    assert cells(table) == rows


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("ab,\"\n'"), max_size=30), st.sampled_from("\"'"))
def test_where_the_fast_reading_answers_it_is_the_exact_one(
    tmp_path_factory: pytest.TempPathFactory, text: str, quote: str
) -> None:
    dialect = Dialect(",", quote)
    body = f"x,y\n{text}\nz,z"
    fast = cut_fast(tmp_path_factory.getbasetemp(), body, 2, dialect)
    exact = list(records(body, dialect))
    if fast is not None:
        assert all(record.unclosed is None and len(record.cells) == 2 for record in exact)
        assert fast == [list(record.cells) for record in exact]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_any_bytes_are_a_table_or_a_table_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), data, name)
    try:
        table = read_table(path)
    except TableError as error:
        message = str(error)
    else:
        message = ""
        assert table.n_rows >= 1
        assert len(set(table.names)) == len(table.names) >= 1
    assert message.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1,;\t\" \n'.="), max_size=60))
def test_any_text_is_a_table_or_a_table_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        table = cut(tmp_path_factory.getbasetemp(), text + "x")
    except TableError as error:
        message = str(error)
    else:
        message = "".join(said(table))
        assert all(len(column.cells) == table.n_rows for column in table.columns)
    assert message.isprintable()
