"""What the tests of delimited text share: write a text, and read it straight from its file."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - pytest and Hypothesis look at the annotations
from typing import TYPE_CHECKING, Any

from table_files import written

from chainrule.tables.columns.layout import Given
from chainrule.tables.delimited import duck
from chainrule.tables.delimited.reading import read_delimited
from chainrule.tables.delimited.records import Dialect
from chainrule.tables.delimited.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables import Table
    from chainrule.tables.columns.layout import Layout

COMMAS = Dialect(",")


def cut(
    folder: Path,
    text: str | bytes,
    layout: Layout | None = None,
    absent: Sequence[str] = (),
    **given: Any,  # noqa: ANN401 - the fields of Given
) -> Table:
    """What is read of a text that is written into a file of the folder."""
    return read_delimited(written(folder, text), "t.csv", Given(**given), layout, absent=absent)


def cut_fast(folder: Path, text: str, width: int = 2, dialect: Dialect = COMMAS) -> list[list[str]] | None:
    """Rows as the fast reading cuts them, with line ends and all counted as the reading does."""
    file = TextFile(written(folder, text), "t.csv")
    counts = file.count(dialect)
    trailing = file.trailing_lines() or 0
    body = counts._replace(line_ends=counts.line_ends - trailing + 1)
    columns = duck.cut_fast(file, dialect, width, 0, body)
    return columns and [list(row) for row in zip(*(column.to_pylist() for column in columns), strict=True)]


def said(table: Table) -> list[str]:
    """What was decided about the table, in words."""
    return [one.words for one in table.decisions]


def warned(table: Table) -> list[str]:
    return [one.words for one in table.decisions if one.is_warning]
