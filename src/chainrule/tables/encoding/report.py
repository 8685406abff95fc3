"""What became of a table: of each of its columns and rows, and why. A model keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from chainrule.lines import LABEL, LONGEST_TEXT, NARROW, WIDTH, labelled, padded, span, wrapped
from chainrule.stored import MOST, Meta, Name, Stored, Text
from chainrule.tables.columns.roles import Purpose
from chainrule.tables.encoding.display import report_display
from chainrule.words import (
    LEAST_ALIKE,
    MOST_NAMED,
    alike,
    counted,
    groups_alike,
    in_common,
    joined,
    named,
    shown,
    told_apart,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
        return tuple(_about_rows(self, all_columns=False))

    def __str__(self) -> str:
        return "\n".join(report_lines(self))

    def _repr_html_(self) -> str:
        return report_display(self)

    def __repr__(self) -> str:
        extent = f"{counted(self.n_read, 'row')}, {counted(len(self.columns), 'column')}"
        return f"Report({named(self.table)}, {extent})"


def report_lines(
    report: Report, *, most: int | None = None, width: int = WIDTH, elsewhere: str = ""
) -> Iterator[str]:
    """A report in lines for people: rows, columns, and what to look at.

    Parameters
    ----------
    report : Report
    most : int, optional
        Lines for columns, and for warnings, where there are more of them; columns that become the same share
        one then, and what has no room is only counted. By default each column has its line.
    width : int
        Columns of a line.
    elsewhere : str
        Where those stand that are only counted.

    Examples
    --------
    >>> print(Report("t.csv", 8, 0, (), (ColumnReport("age", "input", "a number"),)))
    Read      t.csv: 8 rows, 1 column
    Columns   age  a number
    """
    text = min(width, LONGEST_TEXT)
    yield from labelled(_about_rows(report, all_columns=most is None), text)
    longest = min(LONGEST_NAME + max(width - WIDTH, 0) // 2, width - 2)
    if most is None or len(report.columns) <= most:
        names = told_apart([one.name for one in report.columns], longest)
        pairs, more = list(zip(names, map(_about, report.columns), strict=True)), 0
    else:
        pairs, more = _together(report.columns, longest, most)
    lines = _beside(pairs, width) if width >= NARROW else _below(pairs, width)
    margin = " " * LABEL if width >= NARROW else "  "
    yield from lines
    if more:
        yield from wrapped(f"… {counted(more, 'column')} more{elsewhere}", width, first=margin, rest=margin)
    warnings = alike(report.all_warnings, most=None if most is None else MOST_NAMED)
    rows = [("Warning", words) for words in warnings[:most]]
    if len(warnings) > len(rows):
        rows.append(("", f"… {counted(len(warnings) - len(rows), 'warning')} more{elsewhere}"))
    yield from labelled(rows, text)


def _together(columns: Sequence[ColumnReport], longest: int, most: int) -> tuple[list[tuple[str, str]], int]:
    """Names with what they become, alike columns in one line, and how many columns have no room."""
    abouts = list(map(_about, columns))
    names = told_apart([one.name for one in columns], longest)
    pairs: list[tuple[str, str]] = []
    n_told = 0
    for places in groups_alike(abouts):
        parts = [places] if len(places) >= LEAST_ALIKE else [[place] for place in places]
        for one in parts[: most - len(pairs)]:
            n_told += len(one)
            if len(one) == 1:
                pairs.append((names[one[0]], abouts[one[0]]))
            else:
                first = joined([names[place] for place in one], MOST_NAMED)
                common = in_common([abouts[place] for place in one])
                pairs.append((counted(len(one), "column"), f"{first}: {common}".removesuffix(": ")))
    return pairs, len(columns) - n_told


def _beside(pairs: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """What columns become, beside their names."""
    longest = max((span(name) for name, _ in pairs), default=0)
    margin = " " * (LABEL + longest + 2)
    for place, (name, about) in enumerate(pairs):
        first = f"{'' if place else 'Columns':<{LABEL}}{padded(name, longest)}  "
        yield from wrapped(about, width, first=first, rest=margin) or [first.rstrip()]


def _below(pairs: Sequence[tuple[str, str]], width: int) -> Iterator[str]:
    """What columns become, below their names where there is no room beside them."""
    longest = max((span(name) for name, about in pairs if _fits(name, about, width)), default=0)
    if pairs:
        yield "Columns"
    for name, about in pairs:
        if longest + 4 + span(about) <= width and span(name) <= longest:
            yield f"  {padded(name, longest)}  {about}".rstrip()
        else:
            yield f"  {name}"
            yield from wrapped(about, width, first="    ", rest="    ")


def _fits(name: str, about: str, width: int) -> bool:
    return span(name) + span(about) + 4 <= width


def _about_rows(report: Report, *, all_columns: bool) -> Iterator[tuple[str, str]]:
    """What was read, how it was cut, which rows are used for what and which are not."""
    read = f"{counted(report.n_read, 'row')}, {counted(len(report.columns), 'column')}"
    yield "Read", f"{named(report.table)}: {read}"
    yield from (("", words) for words in alike(report.said, most=None if all_columns else MOST_NAMED))
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
