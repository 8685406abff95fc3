"""Settle where the names of the columns stand and where the rows begin, and say what was decided about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chainrule.errors import TableError, argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.delimited.dialect import cut_with
from chainrule.tables.delimited.header import judge
from chainrule.tables.delimited.names import HAS_NO_NAMES, Head, find_names
from chainrule.tables.delimited.records import BLANK_RUNS, ONE_COLUMN, Dialect, Record, records
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.columns.layout import Given
    from chainrule.tables.delimited.dialect import Cut, Sample
    from chainrule.tables.delimited.header import Row
    from chainrule.tables.delimited.text_file import TextFile

__all__ = ["Plan", "found_records", "last_comment", "make_plan", "settle_plan"]

DELIMITER_NAMES = {"\t": "tab", BLANK_RUNS: "runs of blanks"}
MOST_ROWS_ASKED = 1000
FEWEST_ROWS_ASKED = 10
MOST_CELLS_ASKED = 100_000


class Plan(NamedTuple):
    """How a file is cut into names and rows.

    Attributes
    ----------
    dialect : Dialect
    names : tuple of str
        As the file has them, or as they were given.
    replaced : tuple of str
        Those in the file, where others were given in their place.
    width : int
        Cells of a row as it is cut: one more than names where each row ends with a delimiter.
    before : str
        The text before the rows.
    skipped : int
        How many records that is.
    header : tuple of tuples of str
        The cells of each line of names, which may be repeated among the rows.
    decisions : tuple of Decision
    """

    dialect: Dialect
    names: tuple[str, ...]
    replaced: tuple[str, ...]
    width: int
    before: str
    skipped: int
    header: tuple[Row, ...]
    decisions: tuple[Decision, ...]

    @property
    def line(self) -> int:
        """The number of the line on which the rows begin."""
        return 1 + self.before.count("\n")

    @property
    def has_trailing(self) -> bool:
        """Whether each row ends with a delimiter."""
        return self.width > len(self.names)


def settle_plan(file: TextFile, sample: Sample, cut: Cut, given: Given, *, may_trail: bool = True) -> Plan:
    """Settle titles, names and the first row of a file that is cut so.

    Parameters
    ----------
    file, sample, cut
        The file, its beginning, and how that is cut.
    given : Given
    may_trail : bool
        Whether a last cell that is empty in all of the first rows may be none.

    Raises
    ------
    TableError
        The names that are given do not fit, or there is nothing below the names.
    """
    found = found_records(sample, cut)
    width = cut.width - (may_trail and _ends_with_delimiter(found))
    more = [] if sample.is_whole else _rows_at_end(file, found, width)
    is_named = given.names is not None
    head = None
    if given.header is not False and cut.dialect.comment:
        head = _names_in_comment(sample, found, width, more)
    head = head or find_names(found, width, more, has_header=given.header, is_named=is_named)
    return make_plan(file, sample, cut, head, given)


def make_plan(file: TextFile, sample: Sample, cut: Cut, head: Head, given: Given) -> Plan:
    """Plan of a file whose names and first row are known."""
    found = found_records(sample, cut)
    if head.first >= len(found.records):
        raise _no_rows(file.title, head)
    _check_given_names(given, len(head.names), file.title)
    rows_start = head.lines[-1].end if head.lines else found.records[head.first].start
    before = sample.text[:rows_start]
    said = [*_said_of_dialect(sample, cut, given), *_said_of_titles(head.titles), *head.decisions]
    if cut.width > len(head.names):
        said.append(Decision("every line ends with a delimiter, which begins no column", is_guess=False))
    skipped = sum(1 for _ in records(before, cut.dialect))
    header = tuple(line.cells for line in head.lines)
    replaced = head.names if given.names and header else ()
    names = given.names or head.names
    return Plan(cut.dialect, names, replaced, cut.width, before, skipped, header, tuple(said))


def found_records(sample: Sample, cut: Cut) -> Cut:
    """More of the first records, without comments and blank ones."""
    found = cut_with(sample, cut.dialect, _n_asked(cut.width)).records
    return cut._replace(records=found)


def _n_asked(width: int) -> int:
    return max(min(MOST_ROWS_ASKED, MOST_CELLS_ASKED // max(width, 1)), FEWEST_ROWS_ASKED)


def _rows_at_end(file: TextFile, found: Cut, width: int) -> list[Row]:
    """Some of the last rows of a large file, which may be sorted."""
    cut = records(file.end(), found.dialect)
    rows = [one.cells[:width] for one in cut if len(one.cells) == found.width and one.unclosed is None]
    return rows[-_n_asked(width) :]


def _ends_with_delimiter(found: Cut) -> bool:
    """Whether every record of full width has an empty cell at its end."""
    return found.width > 1 and all(
        not one.cells[-1] for one in found.records if len(one.cells) == found.width
    )


def _names_in_comment(sample: Sample, found: Cut, width: int, more: Sequence[Row]) -> Head | None:
    """The names where the last of the comments above the rows has them, as numpy writes them."""
    line = last_comment(sample, found)
    rows = [one.cells[:width] for one in found.records if len(one.cells) == found.width]
    if line is None or len(line.cells) != width or len(found.records[0].cells) != found.width:
        return None
    first = judge(rows[0], [*rows[1:], *more])
    if (first.is_names and not first.is_doubtful) or not judge(line.cells, [*rows, *more]).is_names:
        return None
    if width == 1 and " " in line.cells[0]:
        return None
    words = f"the names stand in line {line.line}, which begins with {found.dialect.comment}"
    return Head((), (line,), line.cells, 0, (Decision(words),))


def last_comment(sample: Sample, found: Cut) -> Record | None:
    """The comment right above the rows, cut as they are; a mark that is all of its first cell stays."""
    end = found.records[0].start
    text = sample.text[:end].rstrip(" \t\n")
    start = text.rfind("\n") + 1
    bare, mark = text[start:].lstrip(" \t"), found.dialect.comment
    if not mark or not bare.startswith(mark):
        return None
    dialect = Dialect(found.dialect.delimiter, found.dialect.quote)
    cells = next(records(bare.removeprefix(mark) or "\n", dialect)).cells
    cells = cells if cells[0] else (mark, *cells[1:])
    return Record(cells, 1 + text.count("\n"), start, end, None)


def _no_rows(title: str, head: Head) -> TableError:
    return TableError(
        f"{title} has a header ({listed(head.names)}) but no rows.",
        needs="needs at least one row",
        advice=f"Add at least one row below it, or give {HAS_NO_NAMES} if it is a row itself.",
    )


def _check_given_names(given: Given, n_columns: int, title: str) -> None:
    if given.names is not None and len(given.names) != n_columns:
        raise TableError(
            f"{counted(len(given.names), 'name')} {'was' if len(given.names) == 1 else 'were'} given",
            parameter="names",
            given=given.names,
            needs=f"{title} has {counted(n_columns, 'column')}",
            advice="Give one name for each column, in their order.",
        )


def _said_of_dialect(sample: Sample, cut: Cut, given: Given) -> list[Decision]:
    dialect, said = cut.dialect, []
    if dialect.delimiter == ONE_COLUMN:
        said.append(_one_column(sample, cut, given))
    elif dialect.delimiter != "," or sample.separator:
        name = DELIMITER_NAMES.get(dialect.delimiter, repr(dialect.delimiter))
        words = f"delimiter {name}{', as the first line says' if sample.separator else ''}"
        advice = f"Give {argument('delimiter', ',')} if it is a comma."
        said.append(Decision(words, is_guess=False, advice=advice))
    if dialect.quote == "'":
        said.append(Decision("cells quoted with '", is_guess=False))
    if not dialect.quote:
        words = 'cells begin with " and do not end with one: quotes are characters like any other'
        said.append(Decision(words, is_warning=True))
    if dialect.comment:
        said.append(Decision(f"lines that begin with {dialect.comment} are comments", is_guess=False))
    return said


def _one_column(sample: Sample, cut: Cut, given: Given) -> Decision:
    has_marks = any(set(one.cells[0]) & set("\t;|, ~^\x01") for one in cut.records)
    if given.delimiter is not None or not has_marks:
        return Decision("no delimiter: one column", is_guess=False)
    first = shown(sample.text[sample.start :].split("\n", 1)[0])
    words = f"no delimiter cuts the lines, such as {first}, into an equal number of cells: one column"
    return Decision(words, is_warning=True, advice=f"Give {argument('delimiter', ',')} if it is a comma.")


def _said_of_titles(titles: Sequence[Record]) -> list[Decision]:
    if not titles:
        return []
    quoted = listed([" ".join(filter(None, title.cells)) for title in titles], most=3)
    return [Decision(f"{counted(len(titles), 'title line')} skipped: {quoted}", is_guess=False)]
