"""Settle how a text is cut into cells: its delimiter, its quotes, its title lines and its header.

The delimiter is the candidate that gives the most of the first records one same width; whatever is
settled and is not the usual is said in a remark.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from chainrule.errors import TableError
from chainrule.tables.columns import grammar
from chainrule.tables.columns.table import MOST_COLUMNS, refuse_too_wide
from chainrule.tables.delimited.records import BLANK_RUNS, Dialect, Record, records
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Layout", "settle_layout"]

# A file that two of them fit equally well goes to the first: a comma is often part of a number or of prose.
DELIMITERS = ("\t", ";", "|", ",")
DELIMITER_NAMES = {"\t": "tab", BLANK_RUNS: "runs of blanks"}
SAMPLED_CHARACTERS = 2**18
SAMPLED_RECORDS = 200
SAMPLED_LINES = 10
NARROWEST_PADDED = 3  # of two cells, one may be a column without a name
SMALLEST_BLOCK = 2  # records, or cells of one, that must agree to make a table
BLANK_LINES = re.compile(r"(?:[ \t]*+\n)*+")  # matches every text
SEPARATOR_LINE = re.compile(r"""\s*"?sep=(.)"?[ \t]*(?:\n|\Z)""", re.IGNORECASE)


class Layout(NamedTuple):
    """What was settled: the dialect, the header, where the rows begin, and what the user is told."""

    dialect: Dialect
    header: Record
    remarks: tuple[str, ...]


class _Candidate(NamedTuple):
    dialect: Dialect
    sample: tuple[Record, ...]
    width: int
    agreeing: int

    @property
    def share(self) -> float:
        """The share of the records that have the width and close every quote that they open."""
        faultless = [len(record.cells) == self.width and record.unclosed is None for record in self.sample]
        return sum(faultless) / max(len(faultless), 1)


def settle_layout(text: str, name: str) -> Layout:
    """Find out how the text is cut, or raise TableError where no way is good enough."""
    given = SEPARATOR_LINE.match(text)
    start = BLANK_LINES.match(text, given.end() if given else 0).end()  # type: ignore[union-attr]
    delimiters = (given[1],) if given else DELIMITERS
    best = _best(text, start, delimiters) or _one_column(text, start) or _blank_runs(text, start)
    if best is None:
        raise TableError(
            f"No delimiter was recognised in {name}: no comma, semicolon, tab or pipe cuts its lines into an "
            f"equal number of cells. Its first line is {shown(text[start:].lstrip().split(chr(10), 1)[0])}.",
            needs="needs a delimiter that cuts all lines alike",
            advice="Save the table as CSV.",
        )
    refuse_too_wide(name, best.width)
    titles, header = _titles(best, name)
    remarks = _dialect_remarks(best, named_by_file=given is not None)
    return Layout(best.dialect, header, (*remarks, *_title_remarks(titles)))


def _best(text: str, start: int, delimiters: Sequence[str]) -> _Candidate | None:
    """The delimiter and quote that give the largest share of the records one width of two cells or more."""
    found = [_with_quotes(text, start, mark) for mark in delimiters]
    fitting = [one for one in found if one.width > 1 and _mostly_agrees(one)]
    return max(fitting, key=lambda one: one.share, default=None)


def _with_quotes(text: str, start: int, mark: str) -> _Candidate:
    """Cut with double quotes, or with single ones where they are meant without doubt.

    They are where they close every cell that they open, and either hold cells together or quote all names.
    """
    double, single = (_candidate(text, start, Dialect(mark, quote)) for quote in "\"'")
    names = next((record.cells for record in double.sample if len(record.cells) == double.width), ())
    all_quoted = all(len(name) > 1 and name[0] == name[-1] == "'" for name in names)
    meant = single.width > 1 and (single.share > double.share or all_quoted)
    return single if meant and _all_close(text, start, single.dialect) else double


def _candidate(text: str, start: int, dialect: Dialect) -> _Candidate:
    """Cut the beginning of the text, and see which width most of its records have."""
    sample = text[: _sample_end(text, start)]
    line = 1 + text.count("\n", 0, start)
    found = records(sample, dialect, start, line, MOST_COLUMNS + 1)
    cut = list(islice((record for record in found if any(record.cells)), SAMPLED_RECORDS))
    if len(cut) > 1 and len(sample) < len(text) and cut[-1].end >= len(sample):
        del cut[-1]
    widths = Counter(len(record.cells) for record in cut)
    if len(widths) > 1:
        del widths[1]  # title lines, however many
    width, agreeing = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    return _Candidate(dialect, tuple(cut), width, agreeing)


def _sample_end(text: str, start: int) -> int:
    """Enough of the text to judge by: some lines at least, however long they are."""
    end = start
    for _ in range(SAMPLED_LINES):
        end = text.find("\n", end) + 1 or len(text)
    return max(end, start + SAMPLED_CHARACTERS)


def _mostly_agrees(one: _Candidate) -> bool:
    """Whether at least half of the records below the title lines have the width."""
    widths = [len(record.cells) for record in one.sample]
    below = len(widths) - widths.index(one.width)
    return 2 * one.agreeing >= below and one.agreeing >= min(SMALLEST_BLOCK, len(widths))


def _all_close(text: str, start: int, dialect: Dialect) -> bool:
    """Whether single quotes, and no double ones, open cells, and close each that they open."""
    opening = re.compile(rf"(?:^|[\n{re.escape(dialect.delimiter)}])[ \t]*(['\"])")
    for searched in (text[start : start + SAMPLED_CHARACTERS], text[start:]):
        if {match[1] for match in opening.finditer(searched)} != {"'"}:
            return False
    return all(record.unclosed is None for record in records(text, dialect, start))


def _one_column(text: str, start: int) -> _Candidate | None:
    """A table of one column: no line has a delimiter or a blank in it."""
    one = _candidate(text, start, Dialect(","))
    cells = [cell for record in one.sample for cell in record.cells]
    if one.width == 1 and not any(set(cell) & {*DELIMITERS, " "} for cell in cells):
        return one
    return None


def _blank_runs(text: str, start: int) -> _Candidate | None:
    """Cells between runs of blanks: only where all records below the title lines agree and have numbers."""
    one = _candidate(text, start, Dialect(BLANK_RUNS))
    if one.width > MOST_COLUMNS:
        return one  # to be refused for that
    widths = [len(record.cells) for record in one.sample]
    if not widths:
        return None
    fewest = max(SMALLEST_BLOCK, len(widths) - widths.index(one.width))
    if one.width < SMALLEST_BLOCK or one.agreeing < fewest:
        return None
    rows = one.sample[widths.index(one.width) + 1 :]
    return one if all(_has_number(record) for record in rows) else None


def _has_number(record: Record) -> bool:
    return any(re.match(grammar.number_pattern(mark), cell) for mark in ".," for cell in record.cells)


def _titles(best: _Candidate, name: str) -> tuple[tuple[Record, ...], Record]:
    """The leading records of another width or with one name only, and the header below them."""
    full = [place for place, record in enumerate(best.sample) if len(record.cells) == best.width]
    place = next((place for place in full if not _is_padded_title(best.sample[place])), full[0])
    titles, header = best.sample[:place], best.sample[place]
    for title in titles:
        # One name too few or too many is rather a damaged header than a title.
        if len(title.cells) > 1 and abs(len(title.cells) - best.width) == 1:
            raise TableError(
                f"Line {title.line} of {name} has {counted(len(title.cells), 'cell')}",
                needs=f"most lines have {best.width}",
                advice="If it holds the names, correct their number; if it is a title, remove it.",
            )
    return titles, header


def _is_padded_title(record: Record) -> bool:
    """Whether only the first of three cells or more is filled, as spreadsheets save a title."""
    return len(record.cells) >= NARROWEST_PADDED and record.cells[0] != "" and not any(record.cells[1:])


def _dialect_remarks(best: _Candidate, *, named_by_file: bool) -> tuple[str, ...]:
    if best.width == 1:
        return ("no delimiter: one column",)
    dialect = best.dialect
    name = DELIMITER_NAMES.get(dialect.delimiter, repr(dialect.delimiter))
    remarks = [f"delimiter {name}"] if dialect.delimiter != "," or named_by_file else []
    if named_by_file:
        remarks[0] += ", as the first line says"
    if dialect.quote == "'":
        remarks.append("cells quoted with '")
    return tuple(remarks)


def _title_remarks(titles: Sequence[Record]) -> tuple[str, ...]:
    if not titles:
        return ()
    quoted = listed([" ".join(filter(None, title.cells)) for title in titles], most=3)
    return (f"{counted(len(titles), 'title line')} skipped: {quoted}",)
