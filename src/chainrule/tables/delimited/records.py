"""Cut delimited text into records and cells: the exact reading, which knows lines and quotes.

DuckDB reads the same text many times faster, but forgives what must not be forgiven and cannot say where a
record begins. So this reading settles the dialect, finds every fault, and is the oracle of the fast one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLANK_RUNS", "Dialect", "Record", "records"]

BLANK_RUNS = " "


class Record(NamedTuple):
    """One record: its cells, its first line, where the next one begins, and the first cell at fault."""

    cells: tuple[str, ...]
    line: int
    end: int
    unclosed: str | None


@dataclass(frozen=True)
class Dialect:
    """How a text is cut: the character between two cells, and the one around a quoted cell."""

    delimiter: str
    quote: str = '"'

    @property
    def blanks(self) -> str:
        """The blanks that may stand around a cell."""
        return " " if self.delimiter == "\t" else " \t"

    @cached_property
    def cell(self) -> re.Pattern[str]:
        """One cell and what ends it: groups are the quoted content, the plain content, the end."""
        end = r"[ \t]++(?!\n|\Z)" if self.delimiter == BLANK_RUNS else re.escape(self.delimiter)
        blanks, quote = f"[{self.blanks}]*", self.quote
        stop = " \t" if self.delimiter == BLANK_RUNS else self.delimiter
        lead = blanks if self.delimiter != BLANK_RUNS else ""
        quoted = rf"{quote}((?:[^{quote}]+|{quote}{quote})*+){quote}"
        return re.compile(rf"{lead}(?:{quoted}|([^{re.escape(stop)}\n]*+)){blanks}?({end}|{blanks}(?:\n|\Z))")


def records(
    text: str, dialect: Dialect, start: int = 0, line: int = 1, most: int | None = None
) -> Iterator[Record]:
    """Cut the text into records, from this position and line on; none goes on behind one of `most` cells."""
    while start < len(text):
        record = _record(text, dialect, start, line, most)
        yield record
        if len(record.cells) == most:
            return
        line += text.count("\n", start, record.end)
        start = record.end


def _record(text: str, dialect: Dialect, start: int, line: int, most: int | None) -> Record:
    cells, position, unclosed = [], _indented(text, dialect, start), None
    match_cell, blanks, quote, quotes = dialect.cell.match, dialect.blanks, dialect.quote, dialect.quote * 2
    while True:
        match = cast("re.Match[str]", match_cell(text, position))  # the pattern matches every text
        quoted, plain, end = match.groups()
        if quoted is None:
            plain = plain.strip(blanks)
            unclosed = unclosed or (plain if plain.startswith(quote) else None)
        cells.append(plain if quoted is None else quoted.replace(quotes, quote))
        position = match.end()
        if not end or "\n" in end or len(cells) == most:
            return Record(tuple(cells), line, position, unclosed)


def _indented(text: str, dialect: Dialect, start: int) -> int:
    """Where the first cell of a record may begin: behind its indentation, where blanks end cells."""
    if dialect.delimiter == BLANK_RUNS:
        while text[start : start + 1] in {" ", "\t"}:
            start += 1
    return start
