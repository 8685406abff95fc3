"""Settle how a text is cut into cells, by its beginning: as much of it as there must be to judge by.

The delimiter is the candidate that gives the most of the first records one same width.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from chainrule.errors import TableError
from chainrule.tables.columns.table import MOST_COLUMNS, refuse_too_wide
from chainrule.tables.delimited.header import is_number
from chainrule.tables.delimited.records import BLANK_RUNS, ONE_COLUMN, Dialect, Record, records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chainrule.tables.delimited.text_file import TextFile

__all__ = ["Cut", "Sample", "best_cut", "cut_with", "enough_of"]

# A file that two of them fit equally well goes to the first: a comma is often part of a number or of prose.
DELIMITERS = ("\t", ";", "|", ",")
EMPTY = "".join(DELIMITERS) + " \n"
COMMENTS = ("#", "%", "//")
SAMPLED_CHARACTERS = 2**18
MOST_SAMPLED_CHARACTERS = 2**26
SAMPLED_RECORDS = 200
MOST_RECORDS = 20_000  # with blank ones and comments
ENOUGH_RECORDS = 10
SMALLEST_BLOCK = 2  # records, or cells of one, that must agree to make a table
LINES_ASKED = 50  # whether most of them are comments, and then none is
OFTEN = 10  # at most one record in ten is cut otherwise
BLANK_LINES = re.compile(r"(?:[ \t]*+\n)*+")  # matches every text
INDENTATION = re.compile(r"[ \t]*+")
SEPARATOR_LINE = re.compile(r"""\s*"?sep=(.)"?[ \t]*(?:\n|\Z)""", re.IGNORECASE)
NUMBERS = re.compile(r"[+-]?[\d.][\d.,eE+-]*(?:[ \t]+[+-]?[\d.][\d.,eE+-]*)+")
THOUSANDS = re.compile(r"[+-]?\d{1,3}(?: \d{3})+(?:[.,]\d*)?")


class Sample(NamedTuple):
    """The beginning of a text.

    Attributes
    ----------
    text : str
    is_whole : bool
        Whether it is all of the text.
    start : int
        Where its lines begin, below blank lines, comments, and one that names the delimiter.
    separator : str or None
        The delimiter that it names.
    comment : str
        What begins its first lines, which are comments.
    """

    text: str
    is_whole: bool
    start: int
    separator: str | None
    comment: str

    @property
    def line(self) -> int:
        """The number of the line on which it begins."""
        return 1 + self.text.count("\n", 0, self.start)


class Cut(NamedTuple):
    """A dialect, the first records that it gives but for blank ones, the width of most, how many have it."""

    dialect: Dialect
    records: tuple[Record, ...]
    width: int
    agreeing: int

    @property
    def share(self) -> float:
        """The share of the records that have the width and close every quote that they open."""
        faultless = [len(record.cells) == self.width and record.unclosed is None for record in self.records]
        return sum(faultless) / max(len(faultless), 1)


def _first_sample(file: TextFile, n_characters: int) -> Sample:
    """The beginning of a file, down to its first lines that are neither blank nor comments."""
    text, is_whole = file.beginning(n_characters)
    named = SEPARATOR_LINE.match(text)
    start = BLANK_LINES.match(text, named.end() if named else 0).end()  # type: ignore[union-attr]
    comment, start = _comments(text, start, is_whole=is_whole)
    return Sample(text, is_whole, start, named[1] if named else None, comment)


def best_cut(file: TextFile, delimiter: str | None = None) -> tuple[Sample, Cut]:
    """Find out how a file is cut.

    Parameters
    ----------
    file : TextFile
    delimiter : str, optional
        The delimiter where it is given, one character; blanks for runs of them, nothing for one column.

    Raises
    ------
    TableError
        There is no cell, or there are too many.
    """
    sample, cut = enough_of(file, lambda sample: _best_of_sample(sample, delimiter))
    refuse_too_wide(file.title, cut.width)
    if not cut.records or not sample.text.strip(EMPTY):
        raise TableError(
            f"{file.title} has no cell with anything in it",
            needs="a table needs rows",
            advice="Give a file with a table in it.",
        )
    return sample, cut


def enough_of(file: TextFile, cut_sample: Callable[[Sample], Cut]) -> tuple[Sample, Cut]:
    """Cut more and more of the beginning of a file, until there are records enough to judge by."""
    n_characters = SAMPLED_CHARACTERS
    while True:
        sample = _first_sample(file, n_characters)
        cut = cut_sample(sample)
        if sample.is_whole or n_characters >= MOST_SAMPLED_CHARACTERS or len(cut.records) >= ENOUGH_RECORDS:
            return sample, cut
        n_characters *= 8


def cut_with(sample: Sample, dialect: Dialect, most: int = SAMPLED_RECORDS) -> Cut:
    """Cut the sample, and see which width most of its records have."""
    found = records(
        sample.text, dialect, sample.start, sample.line, MOST_COLUMNS + 1, is_whole=sample.is_whole
    )
    filled = (record for record in islice(found, MOST_RECORDS) if any(record.cells))
    cut = tuple(islice(filled, most))
    widths = Counter(len(record.cells) for record in cut)
    if len(widths) > 1:
        del widths[1]  # title lines, however many
    width, agreeing = max(widths.items(), key=lambda item: item[1], default=(0, 0))
    return Cut(dialect, cut, width, agreeing)


def _best_of_sample(sample: Sample, delimiter: str | None) -> Cut:
    given = delimiter if delimiter is not None else sample.separator
    if given is None:
        return _best_delimiter(sample)
    return _with_comments_between(sample, _with_quotes(sample, given))


def _comments(text: str, start: int, *, is_whole: bool) -> tuple[str, int]:
    """What begins the first lines and not most of the others, and where these begin.

    They are comments, or one has the names.
    """
    begin = INDENTATION.match(text, start).end()  # type: ignore[union-attr]
    mark = next((mark for mark in COMMENTS if text.startswith(mark, begin)), "")
    if not mark:
        return "", start
    block = re.compile(rf"(?:[ \t]*+(?:{mark}[^\n]*+)?(?:\n|\Z))*+").match(text, start)
    end = block.end()  # type: ignore[union-attr]
    others = [line.lstrip(" \t") for line in text[end:].split("\n", LINES_ASKED)[:LINES_ASKED] if line]
    is_comment = 2 * sum(line.startswith(mark) for line in others) < len(others)
    return (mark, end) if is_comment or (end == len(text) and not is_whole) else ("", start)


def _best_delimiter(sample: Sample) -> Cut:
    """The delimiter and quote that give the most of the records one width; else blanks; else none."""
    found = [_with_comments_between(sample, _with_quotes(sample, mark)) for mark in DELIMITERS]
    fitting = [one for one in found if one.width > 1 and _mostly_agrees(one)]
    best = max(fitting, key=lambda one: one.share, default=None)
    blanks = _blank_runs(sample)
    if best is None:
        return blanks or _with_quotes(sample, ONE_COLUMN)
    return blanks if blanks is not None and _parts_numbers(best, blanks) else best


def _with_quotes(sample: Sample, mark: str) -> Cut:
    """Cut with double quotes, with single ones, or with none, where these are meant without doubt.

    Single ones are where they close every cell that they open, and either hold cells together or quote all
    names; none are where more cells begin with one that is not closed than with one that is.
    """
    double, single = (cut_with(sample, Dialect(mark, quote, sample.comment)) for quote in "\"'")
    names = next((record.cells for record in double.records if len(record.cells) == double.width), ())
    all_quoted = all(len(name) > 1 and name[0] == name[-1] == "'" for name in names)
    fits = single.width > 1 or mark == ONE_COLUMN
    if fits and (single.share > double.share or all_quoted) and _all_close(sample, single.dialect):
        return single
    if sum(record.unclosed is not None for record in double.records) < SMALLEST_BLOCK:
        return double
    none = cut_with(sample, Dialect(mark, "", sample.comment))
    return none if none.share > double.share and not _mostly_quoted(none) else double


def _mostly_quoted(one: Cut) -> bool:
    """Whether more cells that begin with a quote end with one than do not."""
    opening = [cell for record in one.records for cell in record.cells if cell.startswith('"')]
    return 2 * sum(len(cell) > 1 and cell.endswith('"') for cell in opening) >= len(opening)


def _mostly_agrees(one: Cut) -> bool:
    """Whether three in five of the records below the title lines, or more, have the width."""
    widths = [len(record.cells) for record in one.records]
    below = len(widths) - widths.index(one.width)
    agrees = 5 * one.agreeing >= 3 * below and one.agreeing >= min(SMALLEST_BLOCK, len(widths))
    return agrees or (
        len(widths) == SMALLEST_BLOCK and widths[0] == one.width and _may_be_names(one.records[0])
    )


def _may_be_names(record: Record) -> bool:
    return not any(is_number(cell) or " " in cell for cell in record.cells)


def _all_close(sample: Sample, dialect: Dialect) -> bool:
    """Whether single quotes, and no double ones, open cells, and close each that they open."""
    opening = re.compile(rf"(?:^|[\n{re.escape(dialect.delimiter)}])[ \t]*(['\"])")
    if {match[1] for match in opening.finditer(sample.text[sample.start :])} != {"'"}:
        return False
    found = records(sample.text, dialect, sample.start, is_whole=sample.is_whole)
    return all(record.unclosed is None for record in found)


def _blank_runs(sample: Sample) -> Cut | None:
    """Cells between runs of blanks: where nearly all records below the title lines agree and have numbers."""
    one = cut_with(sample, Dialect(BLANK_RUNS, comment=sample.comment))
    if one.width > MOST_COLUMNS:
        return one  # to be refused for that
    widths = [len(record.cells) for record in one.records]
    if one.width < SMALLEST_BLOCK:
        return None
    below = len(widths) - widths.index(one.width)
    if one.agreeing < SMALLEST_BLOCK or OFTEN * (below - one.agreeing) > below:
        return None
    rows = [record for record in one.records if len(record.cells) == one.width][1:]
    return one if all(any(map(is_number, record.cells)) for record in rows) else None


def _parts_numbers(best: Cut, blanks: Cut) -> bool:
    """Whether a delimiter leaves several numbers in one cell, which runs of blanks part."""
    if blanks.width <= best.width or blanks.share < best.share:
        return False
    rows = [record for record in best.records if len(record.cells) == best.width]
    several = [any(map(_has_several_numbers, record.cells)) for record in rows]
    held = best.dialect.delimiter.strip()
    whole = not held or not any(held in cell for record in blanks.records for cell in record.cells)
    return whole and 2 * sum(several) > len(rows)


def _has_several_numbers(cell: str) -> bool:
    return NUMBERS.fullmatch(cell) is not None and THOUSANDS.fullmatch(cell) is None


def _with_comments_between(sample: Sample, one: Cut) -> Cut:
    """The cut with a comment mark, where every record of another width begins with one and no other does."""
    if one.dialect.comment or one.width <= 1:
        return one
    odd = [record.cells[0] for record in one.records if len(record.cells) != one.width]
    mark = next((mark for mark in COMMENTS if odd and odd[0].startswith(mark)), "")
    fit = [record.cells[0] for record in one.records if len(record.cells) == one.width]
    if not mark or not _all_begin(odd, mark) or any(cell.startswith(mark) for cell in fit):
        return one
    return cut_with(sample, Dialect(one.dialect.delimiter, one.dialect.quote, mark))


def _all_begin(cells: Sequence[str], mark: str) -> bool:
    return all(cell.startswith(mark) for cell in cells)
