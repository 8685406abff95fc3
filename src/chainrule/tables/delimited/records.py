"""Cut delimited text into records and cells: the exact reading, which knows lines and quotes.

DuckDB reads the same text many times faster, but forgives what must not be forgiven and cannot say where a
record begins. So this reading settles the layout, finds every fault, and is the oracle of the fast one.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BLANK_RUNS", "MOST_LINES_OF_A_CELL", "ONE_COLUMN", "Dialect", "Record", "records", "records_of"]

BLANK_RUNS = " "
ONE_COLUMN = ""
MOST_LINES_OF_A_CELL = (
    100  # a quoted cell of more lines is looked at: are they rows that a stray quote holds?
)
LINES_LOOKED_AT = 20
BLOCK = 2**20  # characters


class Record(NamedTuple):
    """One record: its cells (of a comment none), first line, where it begins and ends, the cell at fault."""

    cells: tuple[str, ...]
    line: int
    start: int
    end: int
    unclosed: str | None


@dataclass(frozen=True)
class Dialect:
    r"""How a text is cut: the character between two cells, that around a quoted one, what begins a comment.

    Examples
    --------
    >>> [record.cells for record in records("a;b\n1;'x;y'\n", Dialect(";", "'"))]
    [('a', 'b'), ('1', 'x;y')]
    """

    delimiter: str
    quote: str = '"'
    comment: str = ""

    @property
    def blanks(self) -> str:
        """The blanks that may stand around a cell."""
        return " " if self.delimiter == "\t" else " \t"

    @cached_property
    def cell(self) -> re.Pattern[str]:
        """One cell and what ends it: groups are the quoted content, the plain content, the end."""
        blanks, quote = f"[{self.blanks}]*", self.quote
        stop, lead, end = re.escape(self.delimiter), blanks, re.escape(self.delimiter)
        if self.delimiter == BLANK_RUNS:
            stop, lead, end = " \t", "", r"[ \t]++(?!\n|\Z)"
        ends = f"{end}|{blanks}(?:\\n|\\Z)" if end else rf"{blanks}(?:\n|\Z)"
        quoted = rf"{quote}((?:[^{quote}]+|{quote}{quote})*+){quote}" if quote else r"((?!))"
        return re.compile(rf"{lead}(?:{quoted}|([^{stop}\n]*+)){blanks}?({ends})")

    @cached_property
    def opened(self) -> re.Pattern[str]:
        """A quote and all that it holds, as far as the quote that would close it."""
        return re.compile(rf"{self.quote}(?:[^{self.quote}]+|{self.quote * 2})*+")

    @cached_property
    def commented(self) -> re.Pattern[str]:
        """A line that is a comment."""
        return re.compile(rf"[ \t]*{re.escape(self.comment)}[^\n]*(?:\n|\Z)")


class _Cut(NamedTuple):
    """Cells of a record, where it ends, its cell at fault, and whether more text could change it."""

    cells: tuple[str, ...]
    end: int
    unclosed: str | None
    is_certain: bool


def records(
    text: str,
    dialect: Dialect,
    start: int = 0,
    line: int = 1,
    most: int | None = None,
    *,
    is_whole: bool = True,
) -> Iterator[Record]:
    """Cut the text into records, from this position and line on; none goes on behind one of `most` cells.

    Where the text is not whole, the first record ends them that might be another if there were more of it.
    """
    while start < len(text):
        comment = dialect.commented.match(text, start) if dialect.comment else None
        cut = _Cut((), comment.end(), None, is_certain=True) if comment else _cut(text, dialect, start, most)
        if not is_whole and not (cut.is_certain and (cut.end < len(text) or len(cut.cells) == most)):
            return
        yield Record(cut.cells, line, start, cut.end, cut.unclosed)
        if len(cut.cells) == most:
            return
        line += text.count("\n", start, cut.end)
        start = cut.end


def records_of(read: Callable[[int], str], dialect: Dialect, line: int = 1) -> Iterator[Record]:
    """Cut what a function reads, so many characters at a time, into records; their places mean nothing."""
    text, is_whole = "", False
    while not is_whole:
        block = read(max(BLOCK, len(text)))  # twice as much where a cell does not end
        is_whole = not block
        text += block
        end = 0
        for record in records(text, dialect, 0, line, is_whole=is_whole):
            yield record
            end = record.end
        line += text.count("\n", 0, end)
        text = text[end:]


def _cut(text: str, dialect: Dialect, start: int, most: int | None) -> _Cut:
    cells, position, unclosed, is_certain = [], _indented(text, dialect, start), None, True
    match_cell, blanks, quote, quotes = dialect.cell.match, dialect.blanks, dialect.quote, dialect.quote * 2
    while True:
        match = cast("re.Match[str]", match_cell(text, position))  # the pattern matches every text
        quoted, plain, end = match.groups()
        if quoted is not None and quoted.count("\n") > MOST_LINES_OF_A_CELL and _holds_rows(quoted, dialect):
            match = cast("re.Match[str]", _as_it_stands(dialect).cell.match(text, position))
            quoted, plain, end = match.groups()
        elif quoted is None and quote and plain.startswith(quote):
            is_certain &= cast("re.Match[str]", dialect.opened.match(text, match.start(2))).end() < len(text)
        if quoted is None:
            plain = plain.strip(blanks)
            unclosed = unclosed or (plain if quote and plain.startswith(quote) else None)
        cells.append(plain if quoted is None else quoted.replace(quotes, quote))
        position = match.end()
        if not end or "\n" in end or len(cells) == most:
            return _Cut(tuple(cells), position, unclosed, is_certain)


def _holds_rows(quoted: str, dialect: Dialect) -> bool:
    """Whether the lines of a long quoted cell have all as many delimiters, one or more, as rows have."""
    if dialect.delimiter in {ONE_COLUMN, BLANK_RUNS}:
        return True  # of a cell that no delimiter tells from rows, so many lines are no cell
    lines = quoted.split("\n", LINES_LOOKED_AT + 1)[1:-1]
    count, agreeing = Counter(line.count(dialect.delimiter) for line in lines).most_common(1)[0]
    return count > 0 and 10 * agreeing >= 9 * len(lines)


def _as_it_stands(dialect: Dialect) -> Dialect:
    return Dialect(dialect.delimiter, "", dialect.comment)


def _indented(text: str, dialect: Dialect, start: int) -> int:
    """Where the first cell of a record may begin: behind its indentation, where blanks end cells."""
    if dialect.delimiter == BLANK_RUNS:
        while text[start : start + 1] in {" ", "\t"}:
            start += 1
    return start
