"""How messages quote a cell and list names: short, on one line, and safe to print."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chainrule.tables.roles import Role

__all__ = ["counted", "listed", "option", "printable", "remedies", "shown", "suggestion", "way_out"]

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


def option(flag: str, name: str) -> str:
    """An option of the command line with a column's name; in Python it is the argument of that name.

    Examples
    --------
    >>> option("ignore", "date of birth")
    "--ignore 'date of birth'"
    """
    return f"--{flag} {printable(shlex.quote(name))}"


def way_out(role: Role | None, name: str) -> str:
    """What can be done without the column; nothing where a model has learnt it and needs it.

    Examples
    --------
    >>> way_out("input", "day"), way_out("target", "day"), way_out("learnt input", "day")
    ('ignore the column (--ignore day)', 'choose another target', '')
    """
    if role == "input":
        return f"ignore the column ({option('ignore', name)})"
    return "choose another target" if role == "target" else ""


def remedies(*ways: str) -> str:
    """Make one sentence of what can be done; ways that are empty are left out.

    Examples
    --------
    >>> remedies("correct the cell", "remove the row", ""), remedies("fill it in", "sort it", "go")
    ('Correct the cell, or remove the row.', 'Fill it in, sort it, or go.')
    """
    given = [way for way in ways if way]
    sentence = ", or ".join([", ".join(given[:-1]), given[-1]] if len(given) > 1 else given)
    return f"{sentence[0].upper()}{sentence[1:]}."


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
