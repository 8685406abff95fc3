"""A text file, read in blocks: its beginning, some of its end, what is behind, its characters counted."""

from __future__ import annotations

import itertools
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.errors import TableError, argument

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from chainrule.tables.delimited.records import Dialect

    Bytes = npt.NDArray[np.uint8]

__all__ = ["Counts", "TextFile"]

BLOCK = 2**20  # bytes
TAIL = 2**16  # bytes
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
RETURN, LINE_FEED = b"\r\n"


class Counts(NamedTuple):
    """How often a text has what tells whether it was cut without loss.

    `others` are its bytes but for those of line ends, of which a pair is one.
    """

    others: int
    line_ends: int
    delimiters: int
    quotes: int
    blanks: int
    zeros: int
    new_line: str

    def behind(self, before: str, dialect: Dialect) -> Counts:
        """What is left of these counts behind some text."""
        return self._replace(
            others=self.others - len(before.encode()) + before.count("\n"),
            line_ends=self.line_ends - before.count("\n"),
            delimiters=self.delimiters - (before.count(dialect.delimiter) if dialect.delimiter else 0),
            quotes=self.quotes - (before.count(dialect.quote) if dialect.quote else 0),
            blanks=self.blanks - sum(before.count(blank) for blank in dialect.blanks),
        )


class TextFile:
    r"""A file of UTF-8 whose line ends, where its text is read, are all ``\n``; a byte-order mark is no text.

    Parameters
    ----------
    path : Path
    title : str
        What messages call it.
    """

    def __init__(self, path: Path, title: str) -> None:
        self.path = path.absolute()
        self.title = title
        self.size = path.stat().st_size

    def __repr__(self) -> str:
        return f"TextFile({self.title})"

    def beginning(self, n_characters: int) -> tuple[str, bool]:
        """The first characters, and whether they are all."""
        with self.reading() as read:
            text = read(n_characters)
            return text, not read(1)

    def end(self) -> str:
        """Some of the last lines, the first of them whole unless a quoted cell began before it."""
        text = self._end().decode("utf-8", errors="ignore")
        return text.replace("\r\n", "\n").replace("\r", "\n").partition("\n")[2]

    @contextmanager
    def reading(self, behind: int = 0) -> Generator[Callable[[int], str]]:
        """Open the file, and give what reads so many of its characters, those behind the first ones."""
        with self.path.open(encoding="utf-8-sig", newline=None) as file:

            def read(n_characters: int) -> str:
                try:
                    return file.read(n_characters)
                except UnicodeDecodeError as error:
                    raise self._no_utf8() from error

            read(behind)
            yield read

    def count(self, dialect: Dialect) -> Counts:
        """Count in blocks what tells whether the text was cut without loss."""
        marks = ["\n", "\r", "\0", dialect.delimiter, dialect.quote, *dialect.blanks]
        counts = Counter[str]()
        pairs, last = 0, 0
        for block in self._blocks():
            counts.update({mark: int(np.count_nonzero(block == ord(mark))) for mark in marks if mark})
            if counts["\r"]:
                pairs += int(np.count_nonzero((block[:-1] == RETURN) & (block[1:] == LINE_FEED)))
                pairs += int(last == RETURN and block[0] == LINE_FEED)
            last = int(block[-1])
        return Counts(
            others=self.size - counts["\n"] - counts["\r"] - self._has_mark() * len(BYTE_ORDER_MARK),
            line_ends=counts["\n"] + counts["\r"] - pairs,
            delimiters=counts[dialect.delimiter] if dialect.delimiter else 0,
            quotes=counts[dialect.quote] if dialect.quote else 0,
            blanks=sum(counts[blank] for blank in dialect.blanks),
            zeros=counts["\0"],
            new_line="\r\n" if pairs else "\r" if counts["\r"] else "\n",
        )

    def has_quoted_blanks(self, dialect: Dialect) -> bool:
        """Whether a blank may stand at an end of a quoted cell, inside the quotes."""
        last = np.array([LINE_FEED], np.uint8)
        for block in itertools.chain(self._blocks(), [last]):
            text = np.concatenate([last, block])
            blanks = _any_of(text, dialect.blanks)
            outer = blanks | _any_of(text, f"{dialect.delimiter}\r\n")
            inner = text[1:-1] == ord(dialect.quote)
            if (inner & ((outer[:-2] & blanks[2:]) | (blanks[:-2] & outer[2:]))).any():
                return True
            last = text[-2:]
        return False

    def has_quotes_apart(self, dialect: Dialect) -> bool:
        """Whether nothing but blanks may stand between a quote that closes and one that opens."""
        last = np.zeros(0, np.uint8)
        for block in self._blocks():
            text = np.concatenate([last, block])
            are_quotes, are_blank = text == ord(dialect.quote), _any_of(text, dialect.blanks)
            if (are_quotes[:-1] & are_blank[1:]).any():
                quotes = np.flatnonzero(are_quotes)
                steps, blanks = np.diff(quotes), np.diff(np.cumsum(are_blank)[quotes])
                if ((steps > 1) & (blanks == steps - 1)).any():
                    return True
            last = _from_last_quote(text, are_quotes, are_blank)
        return False

    def trailing_lines(self) -> int | None:
        """The number of line ends behind the last filled line; None where that is further than is looked."""
        end = self._end()
        filled = end.rstrip(b"\r\n")
        return len(end[len(filled) :].replace(b"\r\n", b"\n")) if filled else None

    def _has_mark(self) -> bool:
        with self.path.open("rb") as file:
            return file.read(len(BYTE_ORDER_MARK)) == BYTE_ORDER_MARK

    def _end(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(max(self.size - TAIL, 0))
            return file.read()

    def _blocks(self) -> Iterator[Bytes]:
        with self.path.open("rb") as file:
            while block := file.read(BLOCK):
                yield np.frombuffer(block, np.uint8)

    def _no_utf8(self) -> TableError:
        return TableError(
            f"{self.title} is not UTF-8",
            needs="a table is text in UTF-8 or in an encoding that is named",
            advice=f"Name its encoding, as in {argument('encoding', 'cp1252')}.",
        )


def _any_of(text: Bytes, marks: str) -> npt.NDArray[np.bool_]:
    """Which bytes are one of these characters."""
    found = np.zeros(text.size, np.bool_)
    for mark in marks:
        found |= text == ord(mark)
    return found


def _from_last_quote(
    text: Bytes, are_quotes: npt.NDArray[np.bool_], are_blank: npt.NDArray[np.bool_]
) -> Bytes:
    """The last quote and the blanks behind it; nothing where anything else is behind it."""
    if not are_quotes[-1] and not are_blank[-1]:
        return text[:0]
    n_behind = int(np.argmax(~are_blank[::-1])) if not are_blank.all() else text.size
    at = text.size - n_behind - 1
    return text[at:] if at >= 0 and are_quotes[at] else text[:0]
