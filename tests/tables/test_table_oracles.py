"""Files over every layout, against three other readers of delimited text."""

from __future__ import annotations

import csv
import io
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations
from typing import TYPE_CHECKING, NamedTuple

import duckdb
import pandas as pd
import pytest
from delimited_files import cut
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from table_files import cells, written

if TYPE_CHECKING:
    from chainrule.tables import Table

pytestmark = pytest.mark.usefixtures("one_database")


class Drawn(NamedTuple):
    """A file: its names, or none, its rows, and how they are written."""

    names: list[str] | None
    rows: list[list[str]]
    delimiter: str
    quote: str
    end: str
    all_quoted: bool
    ends: bool
    mark: bool

    @property
    def text(self) -> str:
        text = io.StringIO(newline="")
        quoting = csv.QUOTE_ALL if self.all_quoted else csv.QUOTE_MINIMAL
        writer = csv.writer(
            text,
            delimiter=self.delimiter,
            quotechar=self.quote,
            lineterminator=self.end,
            quoting=quoting,  # type: ignore[arg-type]
        )
        writer.writerows(([self.names] if self.names else []) + self.rows)
        written_text = text.getvalue() if self.ends else text.getvalue().removesuffix(self.end)
        return "\ufeff" * self.mark + written_text


numbers = st.one_of(st.integers(-99, 999).map(str), st.decimals(-9, 9, places=2).map(str))
letters = st.text("abcxyzÄé€", min_size=1, max_size=5)
awkward = st.text("ab,;\t|\"\n'é. 0", max_size=7).map(lambda text: f"w{text}w")
missing = st.sampled_from(["", "NA", "?"])


@st.composite
def files(draw: st.DrawFn, *, inner: st.SearchStrategy[str] = letters) -> Drawn:
    kinds = draw(st.lists(st.sampled_from(["number", "text"]), min_size=1, max_size=4))
    columns = [numbers] + [numbers | missing if kind == "number" else inner | missing for kind in kinds]
    rows = draw(st.lists(st.tuples(*columns).map(list), min_size=2, max_size=8))
    names = draw(st.lists(letters, min_size=len(columns), max_size=len(columns), unique=True))
    return Drawn(
        draw(st.sampled_from([names, None])),
        rows,
        draw(st.sampled_from(",;\t|")),
        draw(st.sampled_from('""\'')),
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def as_csv_reads(drawn: Drawn) -> list[list[str]]:
    text = io.StringIO(drawn.text.removeprefix("\ufeff"), newline="")
    return [
        [cell.replace("\r\n", "\n") for cell in row]
        for row in csv.reader(text, delimiter=drawn.delimiter, quotechar=drawn.quote)
    ]


def as_pandas_reads(path: Path, drawn: Drawn) -> list[list[str]]:
    frame = pd.read_csv(
        path,
        sep=drawn.delimiter,
        quotechar=drawn.quote,
        header=0 if drawn.names else None,
        dtype=str,
        keep_default_na=False,
        encoding="utf-8",
    )
    return [[str(cell).replace("\r\n", "\n") for cell in row] for row in frame.fillna("").to_numpy().tolist()]


def as_duckdb_reads(path: Path, drawn: Drawn) -> list[list[str]]:
    relation = duckdb.read_csv(
        str(path),
        header=bool(drawn.names),
        delimiter=drawn.delimiter,
        quotechar=drawn.quote,
        escapechar=drawn.quote,
        all_varchar=True,
        na_values="\x01",
        auto_detect=False,
        lineterminator={"\n": "\\n", "\r\n": "\\r\\n"}[drawn.end],
        columns={f"c{place}": "VARCHAR" for place in range(len(drawn.rows[0]))},
    )
    return [[(cell or "").replace("\r\n", "\n") for cell in row] for row in relation.fetchall()]


def check(folder: Path, drawn: Drawn) -> None:
    assume(any(row[-1] for row in drawn.rows))  # an empty cell at the end of each line is none
    # Where single quotes hold a double one that may open a cell, both quotes are good readings.
    assume(drawn.quote != "'" or f'{drawn.delimiter}"' not in drawn.text)
    path = written(folder, drawn.text)
    table = cut(folder, drawn.text, header=drawn.names is not None, delimiter=drawn.delimiter)
    assert table.layout is not None
    assume(table.layout.quote == drawn.quote or not set(drawn.text) & set("\"'"))
    rows = cells(table)
    assert rows == as_csv_reads(drawn)[bool(drawn.names) :]
    assert rows == as_pandas_reads(path, drawn)
    assert rows == as_duckdb_reads(path, drawn)
    assert table.names == tuple(drawn.names or [f"c{place + 1}" for place in range(len(rows[0]))])
    assert left_out(table) == 0


def left_out(table: Table) -> int:
    return sum(one.count for one in table.left_out)


fixed_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
thorough = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=2000)


@fixed_folder
@given(files())
def test_files_as_other_readers_read_them(tmp_path: Path, drawn: Drawn) -> None:
    check(tmp_path, drawn)


@fixed_folder
@given(files(inner=awkward))
def test_awkward_files_as_other_readers_read_them(tmp_path: Path, drawn: Drawn) -> None:
    check(tmp_path, drawn)


@pytest.mark.slow
@thorough
@given(st.one_of(files(), files(inner=awkward)))
def test_many_files_as_other_readers_read_them(tmp_path: Path, drawn: Drawn) -> None:
    check(tmp_path, drawn)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(files())
def test_the_layout_is_found(tmp_path: Path, drawn: Drawn) -> None:
    """Nothing is given: the delimiter, the quotes and, above numbers, the names."""
    assume(any(row[-1] for row in drawn.rows))
    table = cut(tmp_path, drawn.text)
    assert table.layout is not None
    assert table.layout.delimiter == drawn.delimiter
    assert (table.layout.header_lines == 1) == (drawn.names is not None)
    assert cells(table) == drawn.rows


faults = st.sampled_from(["short", "surplus", "empty surplus", "blank", "empty", "unclosed", "names"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(files(), st.lists(st.tuples(faults, st.integers(0, 8)), max_size=4))
def test_every_row_read_is_a_row_or_left_out(
    tmp_path: Path, drawn: Drawn, broken: list[tuple[str, int]]
) -> None:
    """Faults among rows: each is one row read, and only what is empty or repeats names is left out."""
    assume(drawn.names and len(drawn.rows[0]) > 1)
    mark, n = drawn.delimiter, len(drawn.rows[0])
    lines = {
        "short": "7",
        "surplus": mark.join(["7"] * (n + 2)),
        "empty surplus": mark.join(["7"] * n + ["", ""]),
        "blank": "",
        "empty": mark * (n - 1),
        "unclosed": mark.join(['"7'] + ["7"] * (n - 1)),
        "names": mark.join(drawn.names or []),
    }
    rows = [mark.join(row) for row in drawn.rows]
    for fault, place in broken:
        rows.insert(place, lines[fault])
    while rows and not rows[-1]:
        rows.pop()
    text = "\n".join([lines["names"], *rows]) + "\n"
    table = cut(tmp_path, text, header=True, delimiter=mark)
    assert table.n_rows + left_out(table) == len(rows)
    gone = [row for row in rows if row in {lines["blank"], lines["empty"], lines["names"]}]
    assert left_out(table) == len(gone)
    numbers_of_rows = [table.column(table.names[0]).row(place) for place in range(table.n_rows)]
    kept = [number for number, row in enumerate(rows, start=1) if row not in gone]
    assert numbers_of_rows == kept
