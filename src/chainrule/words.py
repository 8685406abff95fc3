"""How messages quote, list, count and guess: short, on one line, and safe to print."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "closest", "counted", "joined", "listed", "named", "printable", "quoted", "series", "shortened", "shown",
    "suggestion",
]  # fmt: skip

LONGEST_QUOTATION = 40
LONGEST_VALUE = 1000
MOST_LISTED = 10
# Finding what is close takes time that grows with both.
MOST_COMPARED = 1000
LONGEST_COMPARED = 100


def printable(text: str) -> str:
    r"""Escape what a terminal would obey or could not print.

    Examples
    --------
    >>> print(printable("a\nb"))
    a\nb
    """
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def shown(cell: object) -> str:
    r"""Quote a cell: at most 40 characters, control characters escaped.

    Examples
    --------
    >>> print(shown("two\nlines"))
    'two\nlines'
    >>> len(shown("x" * 1000))
    42
    """
    text = str(cell)
    return repr(text if len(text) <= LONGEST_QUOTATION else text[: LONGEST_QUOTATION - 1] + "…")


def quoted(value: object) -> str:
    r"""Whatever was given as Python writes it, on one line that is not too long.

    Examples
    --------
    >>> quoted("two\nlines"), quoted([0.5, 1])
    ("'two\\nlines'", '[0.5, 1]')
    """
    try:
        text = printable(" ".join(repr(value).split()))
    except Exception:  # noqa: BLE001 (a user's own object may raise anything)
        is_int = isinstance(value, int)  # of more digits than Python writes
        return "an int of many digits" if is_int else f"an object of the type {type(value).__name__}"
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def named(name: str, most: int = LONGEST_QUOTATION) -> str:
    r"""Name from a table: its middle cut where it is long, and escapes for what a terminal would obey.

    Examples
    --------
    >>> print(named("two\nlines"))
    two\nlines
    >>> named("temperature of 1990", most=11)
    'tempe… 1990'
    """
    text = printable(name)
    half = most // 2
    return text if len(text) <= most else f"{text[: most - 1 - half]}…{text[-half:]}"


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row"), counted(0, "class", "classes")
    ('1 row', '2 rows', '0 classes')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {plural or noun + 's'}"


def joined(words: Sequence[str], most: int) -> str:
    """Words separated by commas, cut after `most` of them.

    Examples
    --------
    >>> joined("abcd", most=2)
    'a, b and 2 more'
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def listed(names: Iterable[object], most: int = MOST_LISTED) -> str:
    """Quote several names, cut after `most` of them.

    Examples
    --------
    >>> listed("abcd", most=2)
    "'a', 'b' and 2 more"
    """
    return joined([shown(name) for name in names], most)


def series(words: Sequence[str]) -> str:
    """All of the words, with "and" before the last.

    Examples
    --------
    >>> series(["rate", "epochs", "patience"])
    'rate, epochs and patience'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def shortened(names: Sequence[str], room: int) -> str:
    """Names separated by commas, as many as fit into `room` characters, one at least.

    Examples
    --------
    >>> shortened(["petal_length", "petal_width", "sepal_length"], room=38)
    'petal_length, petal_width, … 1 more'
    """
    texts = [named(name) for name in names]
    whole = ", ".join(texts)
    if len(whole) <= room:
        return whole
    room -= len(f", … {len(names)} more")
    kept = 1
    while len(", ".join(texts[: kept + 1])) <= room:
        kept += 1
    if kept == len(names):
        return whole
    return f"{', '.join(texts[:kept])}, … {len(names) - kept} more"


def closest(given: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, whatever its letter case; None where none is close.

    Examples
    --------
    >>> closest("TAHN", ["relu", "tanh"])
    'tanh'
    """
    folded: dict[str, str] = {}
    for name in islice(known, MOST_COMPARED):
        folded.setdefault(name.casefold(), name)
    close = get_close_matches(given[:LONGEST_COMPARED].casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def suggestion(given: str, known: Iterable[str]) -> str:
    """Ask whether a known name was meant; nothing where none is close.

    Examples
    --------
    >>> suggestion("setsa", ["setosa", "virginica"])
    " Did you mean 'setosa'?"
    """
    meant = closest(given, known)
    return "" if meant is None else f" Did you mean {shown(meant)}?"
