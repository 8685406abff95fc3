"""How messages quote a cell and list names: short, on one line, and safe to print."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["counted", "leave_out", "listed", "printable", "shown", "suggestion"]

LONGEST_QUOTATION = 40
MOST_LISTED = 10
MOST_COMPARED = 1000


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


def printable(text: str) -> str:
    r"""Escape what a terminal would obey or could not print.

    Examples
    --------
    >>> print(printable("a\nb"))
    a\nb
    """
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def leave_out(name: str, *, or_else: bool = False) -> str:
    """Name the way out of a column that cannot be used.

    Examples
    --------
    >>> leave_out("date of birth")
    "Fit without the column: --ignore 'date of birth'."
    """
    begin = "fit" if or_else else "Fit"
    return f"{begin} without the column: --ignore {printable(shlex.quote(name))}."


def listed(names: Iterable[object], most: int = MOST_LISTED) -> str:
    """Quote several names, cut after `most` of them.

    Examples
    --------
    >>> listed("abcd", most=2)
    "'a', 'b' and 2 more"
    """
    quoted = [shown(name) for name in names]
    more = f" and {len(quoted) - most} more" if len(quoted) > most else ""
    return ", ".join(quoted[:most]) + more


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row"), counted(0, "class", "classes")
    ('1 row', '2 rows', '0 classes')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {plural or noun + 's'}"


def suggestion(given: str, known: Sequence[str]) -> str:
    """Ask whether a known name was meant; nothing where none is close.

    Examples
    --------
    >>> suggestion("setsa", ["setosa", "virginica"])
    " Did you mean 'setosa'?"
    """
    folded = {name.casefold(): name for name in reversed(known[:MOST_COMPARED])}
    close = get_close_matches(given[:LONGEST_QUOTATION].casefold(), folded, n=1, cutoff=0.6)
    return f" Did you mean {shown(folded[close[0]])}?" if close else ""
