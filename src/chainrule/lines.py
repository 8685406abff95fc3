"""Text in lines: how many columns it takes, where it may be broken, and tables that have room."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "LABEL", "LONGEST_TEXT", "NARROW", "WIDTH", "apart", "cut", "in_terms", "kept", "labelled", "padded",
    "span", "table", "unmarked", "wrapped",
]  # fmt: skip

WIDTH = 100  # columns of a line, where no terminal says another number
LONGEST_TEXT = 120  # columns of running text, which nobody reads in longer lines
NARROW = 60  # columns, below which a word stands above its text and not beside it
LABEL = 10  # columns for the word that a line begins with
MOST_MARKS = 4  # characters of a column, of which most combine with others
GAP = 2  # columns between those of a table
LEAST_NAMES = 8  # columns for the names that begin the lines of a table
LEAST_HEAD = 12  # columns for the head of a column
KEPT, FIRM = "\0", "\1"  # blanks where a line is broken only if there is no other way, and the last of all
ENDS = (" ", KEPT, FIRM)
SIGNS = re.compile(r"[·,/]|(?<=[a-z0-9])-(?=[a-z])")  # behind which a word that is too long is broken
PATH = re.compile(r"['\"(]?~?[\w.@+-]*(?:[/\\][\w.@+-]*)+[^\w/]*")  # which is copied
# Never parted: an option from what it takes, a number from its unit or from what it counts, what is quoted.
UNITS = (
    r"(?:(?:training|held-out|more) )?"
    r"(?:[%€$°]|s|min|h|days?|hours?|minutes?|seconds?|weeks?|rows?|epochs?|weights?|networks?|columns?|cells?"
    r"|values?|inputs?|units|classes|members|folds?|billion|candidates?)(?![\w-])"
)
TOGETHER = re.compile(
    r"--[a-z][a-z-]*(?: (?:'[^']*'|[^\s'-]\S*))?"
    r"|(?<![^\s(])'[^']{1,40}'"
    rf"|(?<![^\s(])[±−-]?\d[\d.,:]*(?<![,.:]) {UNITS}"
    r"|(?<![^\s(])(?:rows?|epoch|seed|equation|rate|layer|l2) \(?\d\S*"
)


@cache
def _of_character(one: str) -> int:
    if unicodedata.category(one) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1


def span(text: str) -> int:
    """Columns that a text takes on a terminal: two of a wide character, none of a combining one.

    Examples
    --------
    >>> span("iris"), span("花の種類"), span("e\u0301")
    (4, 8, 1)
    """
    return len(text) if text.isascii() else sum(map(_of_character, text))


def cut(text: str, most: int, *, middle: bool = True) -> str:
    """Text of at most so many columns: the middle, or the end, of a longer one is left out.

    Examples
    --------
    >>> cut("temperature of 1990", 11), cut("花の種類です", 7), cut("iris", 1)
    ('tempe… 1990', '花…す', '…')
    """
    if span(text) <= most and len(text) <= MOST_MARKS * most:
        return text
    half = most // 2 if middle else 0
    return f"{_beginning(text, most - 1 - half)}…{_beginning(text[::-1], half)[::-1]}"


def _beginning(text: str, most: int) -> str:
    """As much of a text as fits into so many columns."""
    taken = 0
    for place, one in enumerate(text):
        taken += span(one)
        if taken > most or place >= MOST_MARKS * most:
            return text[:place]
    return text


def apart(texts: Sequence[str], most: int) -> list[str]:
    """Texts as `cut` leaves them; those that would look the same with their number before them.

    Examples
    --------
    >>> apart(["size of the leaf in cm", "size of the bud in cm", "age"], most=11)
    ['1: siz…n cm', '2: siz…n cm', 'age']
    """
    found = Counter(cut(text, most) for text in texts)
    return [
        cut(text, most) if found[cut(text, most)] == 1 else f"{k}: {cut(text, most - len(f'{k}: '))}"
        for k, text in enumerate(texts, 1)
    ]


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Text with blanks behind it, or before it, up to so many columns.

    Examples
    --------
    >>> padded("花", 4) + "|", padded("0.5", 5, right=True)
    ('花  |', '  0.5')
    """
    blanks = " " * (width - span(text))
    return blanks + text if right else text + blanks


def kept(text: str) -> str:
    """Text that `wrapped` breaks only where it has no room in a line of its own."""
    return text.replace(" ", KEPT)


def unmarked(text: str) -> str:
    """Text without the marks of `kept` and `in_terms`."""
    return text.replace(KEPT, " ").replace(FIRM, " ")


def in_terms(text: str) -> str:
    """A formula that `wrapped` breaks within brackets only where a bracket has no room in a line.

    Examples
    --------
    >>> wrapped(in_terms("z = (x − 0.25)/1.5"), 15)
    ['z =', '(x − 0.25)/1.5']
    """
    shown, depth = "", 0
    for one in text:
        depth += (one in "([") - (one in ")]")
        shown += FIRM if depth > 0 and one == " " else one
    return shown


def wrapped(text: str, width: int, *, first: str = "", rest: str = "") -> list[str]:
    """Text in lines of at most so many columns, broken at blanks.

    An option stays with its value, a number with its unit, and what `kept` marks in one line. A word that is
    longer than a line is broken, but for a path.

    Parameters
    ----------
    text : str
    width : int
        Columns.
    first, rest : str
        What the first line, and all others, begin with.

    Examples
    --------
    >>> wrapped("Errors fall by 16 % where --held-out 0.25 is given.", 24, rest="  ")
    ['Errors fall by 16 %', '  where --held-out 0.25', '  is given.']
    """
    text = TOGETHER.sub(lambda found: found[0].replace(" ", FIRM), text)
    room = max(width - span(rest), 1)
    lines, line = [], first
    is_begun = False
    for gap, word in _words(text, room):
        is_further = is_begun or span(first) > span(rest) > 0  # so that a new line has more room
        if is_further and span(line) + (span(gap) if is_begun else 0) + span(word) > width:
            lines.append(line)
            line, is_begun = rest, False
        line += (gap if is_begun else "") + word
        is_begun = True
    lines.append(line)
    return [unmarked(one).rstrip() for one in lines if one.strip()]


def _words(text: str, room: int, level: int = 0) -> Iterator[tuple[str, str]]:
    """Words that each have room in a line, with the blanks before them."""
    end = ENDS[level]
    for gap, word in re.findall(rf"([{end}]*)([^{end}]+)", text):
        blanks = " " * len(gap)
        if span(word) <= room:
            yield blanks, word
            continue
        if level + 1 < len(ENDS):
            parts = list(_words(word, room, level + 1))
        elif PATH.fullmatch(word):
            parts = [("", word)]
        else:
            parts = [("", one) for one in _pieces(word, room)]
        yield blanks, parts[0][1]
        yield from parts[1:]


def _pieces(word: str, room: int) -> Iterator[str]:
    """A word that is longer than a line, in pieces, behind the signs of products and between names."""
    while word:
        piece = _beginning(word, room) or word[0]
        if len(piece) < len(word):
            ends = [
                found.end() for found in SIGNS.finditer(word, 0, len(piece) + 1) if found.end() <= len(piece)
            ]
            piece = piece[: ends[-1]] if ends else piece
        yield piece
        word = word[len(piece) :]


def labelled(rows: Iterable[tuple[str, str]], width: int, label: int = LABEL) -> list[str]:
    """Words with what they name, in lines; in a narrow line a word stands above a text that is longer.

    A row without a word goes on with the one before it.

    Examples
    --------
    >>> for line in labelled([("Loss", "0.5 before, 0.25 after"), ("", "of the target")], 40):
    ...     print(line)
    Loss      0.5 before, 0.25 after
              of the target
    >>> for line in labelled([("Loss", "0.539117 before, 0.0836998 after")], 30):
    ...     print(line)
    Loss
      0.539117 before, 0.0836998
      after
    """
    groups: list[tuple[str, list[str]]] = []
    for word, text in rows:
        if word or not groups:
            groups.append((word, []))
        groups[-1][1].append(text)
    return [line for group in groups for line in _group(*group, width, label)]


def _group(word: str, texts: list[str], width: int, label: int) -> Iterator[str]:
    if width >= NARROW or all(span(text) <= width - label for text in texts):
        for place, text in enumerate(texts):
            margin = "" if place else word
            lines = wrapped(text, width - label) or [""]
            yield f"{margin:<{label}}{lines[0]}".rstrip()
            yield from (f"{'':<{label}}{line}" for line in lines[1:])
        return
    if word:
        yield word
    for text in texts:
        yield from wrapped(text, width, first="  ", rest="  " if len(texts) == 1 else "    ")


def table(rows: Sequence[Sequence[str]], width: int, *, left: int = 1) -> list[str]:
    r"""Names to the left, figures to the right; columns that have no room stand below the others.

    Each block of columns begins with the names. Where that helps, heads are cut, and names that take more
    than half a line.

    Parameters
    ----------
    rows : sequence of rows
        Each is a sequence of cells, the first of which is a name. The first row has the heads.
    width : int
        Columns of a line.
    left : int
        Columns of the table that are names.

    Examples
    --------
    >>> rows = [("", "network", "linear model"), ("RMSE", "0.5774", "1.414"), ("R²", "0.786", "-0.286")]
    >>> print("\n".join(table(rows, 40)))
          network  linear model
    RMSE   0.5774         1.414
    R²      0.786        -0.286
    >>> print("\n".join(table(rows, 20)))
          network
    RMSE   0.5774
    R²      0.786
    <BLANKLINE>
          linear model
    RMSE         1.414
    R²          -0.286
    """
    names = [row[0] for row in rows]
    columns = [list(one) for one in list(zip(*rows, strict=True))[1:]]
    _cut_heads(columns, width - max(map(span, names)))
    if _taken(columns) > width - max(map(span, names)):
        widest = max((span(cell) for one in columns for cell in one[1:]), default=0)
        names = apart(names, max(min(width // 2, width - GAP - widest), LEAST_NAMES))
    first = max(map(span, names))
    columns = [[cut(cell, width - first - GAP) for cell in one] for one in columns]
    lines: list[str] = []
    for block in _blocks(columns, width - first):
        lines += [""] * bool(lines)
        for place, name in enumerate(names):
            if place and not any(one[place] for one in block):  # all that is said of it stands elsewhere
                continue
            line = padded(name, first)
            for one in block:
                is_name = any(one is name_column for name_column in columns[: left - 1])
                line += " " * GAP + padded(one[place], max(map(span, one)), right=not is_name)
            lines.append(line.rstrip())
    return lines


def _taken(columns: Sequence[Sequence[str]]) -> int:
    """Columns of a line that those of a table take, with the gaps before them."""
    return sum(max(map(span, one)) + GAP for one in columns)


def _cut_heads(columns: list[list[str]], room: int) -> None:
    """Cut the longest heads, if all columns have room then and heads are still told apart."""
    heads = [one[0] for one in columns]
    bodies = [max(LEAST_HEAD, *map(span, one[1:]), 0) for one in columns]
    for most in range(max(map(span, heads), default=0), LEAST_HEAD - 1, -1):
        shorter = [cut(head, max(most, body)) for head, body in zip(heads, bodies, strict=True)]
        if len(set(shorter)) < len(set(heads)):
            return
        cut_ones = [[head, *one[1:]] for head, one in zip(shorter, columns, strict=True)]
        if _taken(cut_ones) <= room:
            columns[:] = cut_ones
            return


def _blocks(columns: list[list[str]], room: int) -> Iterator[list[list[str]]]:
    """Columns that have room beside each other."""
    block: list[list[str]] = []
    taken = 0
    for one in columns:
        width = max(map(span, one)) + GAP
        if block and taken + width > room:
            yield block
            block, taken = [], 0
        block.append(one)
        taken += width
    if block:
        yield block
