"""What became of a table: of each of its columns and rows, and why. A model keeps it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

from chainrule.stored import MOST, Meta, Name, Stored, Text
from chainrule.tables.columns.roles import Purpose
from chainrule.tables.encoding.display import report_display
from chainrule.words import counted, named, shown, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ColumnReport", "Report", "RowsLeftOut", "report_lines"]

LONGEST_NAME = 28

Count = Annotated[int, Meta(ge=0)]


class ColumnReport(Stored, frozen=True):
    """What became of one column.

    Attributes
    ----------
    name : str
    role : {"input", "target", "left out", "id", "weights", "split", "group"}
    becomes : str
        What it is in X or Y, in words; nothing for one that is left out.
    why : str
        Why, where that is not plain; clauses parted by semicolons.
    warnings : tuple of str
        What the user should look at.

    Examples
    --------
    >>> ColumnReport("age", "input", "a number and whether it is missing", "missing in 177 rows").role
    'input'
    """

    name: Name
    role: Purpose
    becomes: Text = ""
    why: Text = ""
    warnings: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()


class RowsLeftOut(Stored, frozen=True):
    """How many rows were left out for one reason, and the first of them, counted from 1."""

    reason: Text
    count: Count
    first: Annotated[tuple[Count, ...], Meta(max_length=MOST)] = ()


class Report(Stored, frozen=True):
    """What became of a table. Rows read are the rows used and those left out, always.

    Attributes
    ----------
    table : str
        What messages call it.
    n_training, n_held_out : int
        Rows that are learnt from, those that are watched among them, and rows that are held out.
    left_out : tuple of RowsLeftOut
    columns : tuple of ColumnReport
        Every column, in the order of the table.
    said : tuple of str
        What was decided about the table as a whole.
    warnings : tuple of str
        What the user should look at, of the table as a whole.

    Examples
    --------
    >>> Report("t.csv", 8, 2, (RowsLeftOut("no value of the target", 1, (3,)),), ()).n_read
    11
    """

    table: Text
    n_training: Count
    n_held_out: Count
    left_out: Annotated[tuple[RowsLeftOut, ...], Meta(max_length=MOST)]
    columns: Annotated[tuple[ColumnReport, ...], Meta(max_length=MOST)]
    said: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()
    warnings: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()

    @property
    def n_read(self) -> int:
        """Rows that were read."""
        return self.n_training + self.n_held_out + sum(one.count for one in self.left_out)

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """What the user should look at, of columns and of the table."""
        of_columns = (f"column {shown(one.name)}: {words}" for one in self.columns for words in one.warnings)
        return (*self.warnings, *of_columns)

    @property
    def extent(self) -> tuple[tuple[str, str], ...]:
        """What was read, how it was cut, which rows are used for what and which are not, in words."""
        return tuple(_about_rows(self))

    def __str__(self) -> str:
        return "\n".join(report_lines(self))

    def _repr_html_(self) -> str:
        return report_display(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, ARG002, FBT001 (IPython's own)
        """Write what a notebook keeps as text beside the display: a line, where the whole can be long."""
        extent = f"{counted(self.n_read, 'row')}, {counted(len(self.columns), 'column')}"
        printer.text(f"Report({named(self.table)}, {extent})")


def report_lines(
    report: Report, *, most: int | None = None, width: int = 100, label: int = 10, elsewhere: str = ""
) -> Iterator[str]:
    """A report in lines for people: rows, columns, and what to look at.

    Parameters
    ----------
    report : Report
    most : int, optional
        Columns, and warnings, of which more are only counted; by default all are listed.
    width, label : int
        Characters of a line, and of the word that it begins with.
    elsewhere : str
        Where those stand that are only counted.

    Examples
    --------
    >>> print(Report("t.csv", 8, 0, (), (ColumnReport("age", "input", "a number"),)))
    Read      t.csv: 8 rows, 1 column
    Columns   age  a number
    """
    for word, text in _about_rows(report):
        yield from _wrapped(word, text, width, label)
    columns, warnings = report.columns[:most], report.all_warnings[:most]
    names = told_apart([one.name for one in columns], LONGEST_NAME)
    longest = max(map(len, names), default=0)
    for place, (column, name) in enumerate(zip(columns, names, strict=True)):
        lines = textwrap.wrap(_about(column), width - label - longest - 2, break_on_hyphens=False) or [""]
        yield f"{'' if place else 'Columns':<{label}}{name:<{longest}}  {lines[0]}".rstrip()
        yield from (f"{'':<{label + longest}}  {line}" for line in lines[1:])
    yield from _more(len(report.columns) - len(columns), "column", elsewhere, label)
    for warning in warnings:
        yield from _wrapped("Warning", warning, width, label)
    yield from _more(len(report.all_warnings) - len(warnings), "warning", elsewhere, label)


def _about_rows(report: Report) -> Iterator[tuple[str, str]]:
    """What was read, how it was cut, which rows are used for what and which are not."""
    read = f"{counted(report.n_read, 'row')}, {counted(len(report.columns), 'column')}"
    yield "Read", f"{named(report.table)}: {read}"
    yield from (("", words) for words in report.said)
    for one in report.left_out:
        first = ", ".join(map(str, one.first))
        more = ", …" if one.count > len(one.first) else ""
        where = f" (row{'s' * (one.count > 1)} {first}{more})" if first else ""
        yield "Left out", f"{counted(one.count, 'row')}: {one.reason}{where}"
    if report.n_held_out:
        used = report.n_training + report.n_held_out
        yield "Rows", f"{used} used: {report.n_training} to learn from, {report.n_held_out} held out"


def _about(column: ColumnReport) -> str:
    """What a column is for, what it becomes, and why."""
    role = "" if column.role in {"input", "left out"} else f"{column.role}: "
    return role + "; ".join(part for part in (column.becomes, column.why) if part)


def _wrapped(word: str, text: str, width: int, label: int) -> Iterator[str]:
    for place, line in enumerate(textwrap.wrap(text, width - label, break_on_hyphens=False) or [""]):
        yield f"{'' if place else word:<{label}}{line}".rstrip()


def _more(n: int, what: str, elsewhere: str, label: int) -> Iterator[str]:
    if n > 0:
        yield f"{'':<{label}}… {counted(n, what)} more{elsewhere}"
