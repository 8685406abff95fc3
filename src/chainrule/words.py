"""How messages quote, list, count and guess: short, on one line, and safe to print."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from chainrule.lines import apart, cut, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = [
    "LEAST_ALIKE", "LONGEST_VALUE", "MOST_NAMED", "alike", "closest", "counted", "duration", "groups_alike",
    "in_common", "joined", "listed", "named", "printable", "quoted", "series", "shortened", "shown",
    "suggestion", "told_apart",
]  # fmt: skip

LONGEST_QUOTATION = 40
LONGEST_VALUE = 1000
LONGEST_OBJECT, PAGE = 200, 2  # characters, and ends of lines
PLAIN = (str, bytes, int, float, list, tuple, dict, set)
MOST_LISTED = 10
# Finding what is close takes time that grows with both.
MOST_COMPARED = 1000
LONGEST_COMPARED = 60
LETTERS_FOR_ONE_WRONG = 4
SHORTEST_BEGINNING = 3
LEAST_ALIKE, MOST_NAMED = 4, 3  # texts that are said as one, and columns that are named of them
QUOTED = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
LOOSE = re.compile(  # what may differ in texts that are alike, and what is quoted, which may not
    rf"\bcolumn (?P<column>{QUOTED}):?|(?<!\w){QUOTED}(?!\w)"
    r"|(?<!\w)(?P<number>[+−-]?\d\w*(?:[^\s\w'\"]\w+)*)"
    r"(?P<unit> (?:training |held-out )?(?:cell|row|value)s?\b)?"
)
IGNORED = re.compile(r"[\s_-]+")
NUMBERS = re.compile("[0-9]+")


def printable(text: str) -> str:
    r"""Escape what a terminal would obey or could not print.

    Examples
    --------
    >>> print(printable("a\nb"))
    a\nb
    """
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def shown(cell: object, most: int = LONGEST_QUOTATION) -> str:
    r"""Quote a cell: at most 40 characters, or another number of them, control characters escaped.

    Examples
    --------
    >>> print(shown("two\nlines"))
    'two\nlines'
    >>> len(shown("x" * 1000))
    42
    """
    try:
        text = str(cell)
    except Exception:  # noqa: BLE001 (a user's own object may raise anything)
        text = quoted(cell)
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def quoted(value: object) -> str:
    r"""Whatever was given as Python writes it, on one line that is not too long.

    Of an object that takes a page, such as a data frame or a model, it is the type.

    Examples
    --------
    >>> quoted("two\nlines"), quoted([0.5, 1])
    ("'two\\nlines'", '[0.5, 1]')
    """
    by_type = f"an object of the type {type(value).__name__}"
    try:
        written = repr(value)
        text = printable(" ".join(written.split()))
    except Exception:  # noqa: BLE001 (as above)
        is_int = isinstance(value, int)  # of more digits than Python writes
        return "an int of many digits" if is_int else by_type
    if not isinstance(value, PLAIN) and (len(text) > LONGEST_OBJECT or written.count("\n") >= PAGE):
        return by_type
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
    return cut(printable(name), most)


def told_apart(names: Sequence[str], most: int) -> list[str]:
    """Names as `named` cuts them; those that would look the same with their number before them.

    Examples
    --------
    >>> told_apart(["size of the leaf in cm", "size of the bud in cm", "age"], most=11)
    ['1: siz…n cm', '2: siz…n cm', 'age']
    """
    return apart([printable(name) for name in names], most)


def counted(n: int, noun: str, plural: str = "") -> str:
    """A number and its noun.

    Examples
    --------
    >>> counted(1, "row"), counted(2, "row"), counted(0, "class", "classes")
    ('1 row', '2 rows', '0 classes')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Time as people say it.

    Examples
    --------
    >>> duration(7.4), duration(61), duration(7300)
    ('7 s', '1:01 min', '2:01 h')
    """
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 (seconds of a minute)
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"  # noqa: PLR2004


def joined(words: Sequence[str], most: int) -> str:
    """Words separated by commas, cut after `most` of them.

    Examples
    --------
    >>> joined("abcd", most=2)
    'a, b and 2 more'
    """
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def alike(texts: Sequence[str], alone: Sequence[str] = (), *, most: int | None = MOST_NAMED) -> list[str]:
    """Texts, of which four or more that differ in the name of a column and in numbers alone are said as one.

    Parameters
    ----------
    texts, alone : sequences of str
        What is said of many together, and in its place of each that has few like it.
    most : int, optional
        Columns that are named; None for all.

    Examples
    --------
    >>> print(*alike([f"column '{name}' has {k} gaps" for k, name in enumerate("abcd", 1)]))
    4 columns, 'a', 'b', 'c' and 1 more: column … has 1 to 4 gaps
    >>> alike(["column 'a' has 1 gap"])
    ["column 'a' has 1 gap"]
    """
    told = []
    for places in groups_alike(texts):
        names = list(dict.fromkeys(name for place in places if (name := _column(texts[place])) is not None))
        if len(places) < LEAST_ALIKE or len(names) < len(places):
            told += [(alone or texts)[place] for place in places]
            continue
        common = in_common([texts[place] for place in places])
        told.append(f"{counted(len(places), 'column')}, {joined(names, most or len(names))}: {common}")
    return told


def groups_alike(texts: Sequence[str]) -> list[list[int]]:
    """Places of texts that differ in the name of a column and in numbers alone, in the order of the first.

    Examples
    --------
    >>> groups_alike(["missing in 1 row", "a date", "missing in 23 rows"])
    [[0, 2], [1]]
    """
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, text in enumerate(texts):
        groups.setdefault(tuple(common for common, _ in _pieces(text)), []).append(place)
    return list(groups.values())


def in_common(group: Sequence[str]) -> str:
    """What texts of one group have in common: from which number to which, and dots for what else differs.

    Examples
    --------
    >>> in_common(["missing in 1 row, row 7 first", "missing in 23 rows, row 2 first"])
    'missing in 1 to 23 rows, row … first'
    """
    words = []
    for pieces in zip(*map(_pieces, group), strict=True):
        common, written = pieces[0][0], {one for _, one in pieces}
        if len(written) == 1 or "…" not in common:  # what differs then is "row" and "rows"
            words.append(max(written, key=len))
        elif all(one.isdecimal() for one in written) and not words[-1].endswith("row "):
            words.append(f"{min(map(int, written))} to {max(map(int, written))}")
        else:
            words.append(common)
    return "".join(words).removeprefix("column …: ")


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Pieces of a text: what each is in all texts of a group, and as it is written."""
    end = 0
    for found in LOOSE.finditer(text):
        between, whole = text[end : found.start()], found[0]
        end = found.end()
        yield between, between
        if found["column"]:
            yield f"column …{':' * whole.endswith(':')}", whole
        elif found["number"]:
            yield "…", found["number"]
            unit = found["unit"] or ""
            yield unit.removesuffix("s"), unit
        else:
            yield whole, whole
    yield text[end:], text[end:]


def _column(text: str) -> str | None:
    """The first column that a text names, as it is written; None where it names none."""
    return next((found["column"] for found in LOOSE.finditer(text) if found["column"]), None)


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
    if span(whole) <= room:
        return whole
    room -= len(f", … {len(names)} more")
    kept = 1
    while span(", ".join(texts[: kept + 1])) <= room:
        kept += 1
    if kept == len(names):
        return whole
    return f"{', '.join(texts[:kept])}, … {len(names) - kept} more"


def closest(given: str, known: Iterable[str], letters: int | None = None) -> str | None:
    """The known name that was probably meant, None where none is like it.

    Letter case, blanks, hyphens and underscores say nothing. One letter in four, rounded, may be wrong,
    missing, too many or in its neighbour's place, and one of two or three; or it is how the name begins, in
    three letters or more. Names that differ in their digits alone are of a series, and none is meant for
    another.

    Parameters
    ----------
    given : str
    known : iterable of str
        Names, of which the first thousand are compared.
    letters : int, optional
        How many of the given letters tell it from others; all, unless it ends as every other does.

    Examples
    --------
    >>> closest("TAHN", ["relu", "tanh"]), closest("petal len", ["petal_length"]), closest("tan", ["relu"])
    ('tanh', 'petal_length', None)
    """
    text = _folded(given)
    n_letters = len(text) if letters is None else letters
    most = max((n_letters + LETTERS_FOR_ONE_WRONG // 2) // LETTERS_FOR_ONE_WRONG, min(n_letters - 1, 1))
    best, meant = most + 1, None
    for name in islice(known, MOST_COMPARED):
        other = _folded(name)
        if text != other and _shape(text) == _shape(other):
            continue
        distance = _distance(text, other, best)
        if distance > most and len(text) >= SHORTEST_BEGINNING and other.startswith(text):
            distance = most
        if distance < best:
            best, meant = distance, name
    return meant


def _folded(name: str) -> str:
    return IGNORED.sub("", name[:LONGEST_COMPARED].casefold())


def _shape(text: str) -> str:
    """The text with all its numbers alike."""
    return NUMBERS.sub("0", text)


def _distance(one: str, other: str, enough: int) -> int:
    """Letters to change, drop, add or swap with their neighbour, counted as far as `enough`."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    if abs(len(one) - len(other)) >= enough:
        return enough
    for i, letter in enumerate(one):
        last, before, row = before, row, [i + 1]
        for j, its in enumerate(other):
            cost = min(before[j + 1] + 1, row[j] + 1, before[j] + (letter != its))
            if i and j and letter == other[j - 1] and its == one[i - 1]:
                cost = min(cost, last[j - 1] + 1)
            row.append(cost)
        if min(row) >= enough and min(before) >= enough:
            return enough
    return min(row[-1], enough)


def suggestion(
    given: str | Sequence[str], known: Iterable[str], also_called: Mapping[str, tuple[str, str]] | None = None
) -> str:
    """Ask whether a known name was meant, for each that was given; nothing where none is like it.

    Parameters
    ----------
    given : str, or sequence of str
    known : iterable of str
    also_called : mapping, optional
        Of other names that a known one goes by: that one, and a sentence about what differs or nothing.

    Examples
    --------
    >>> suggestion("setsa", ["setosa", "virginica"])
    " Did you mean 'setosa'?"
    >>> suggestion(["Lenght", "colour", "widht"], ["length", "width"])
    " Did you mean 'length' for 'Lenght', and 'width' for 'widht'?"
    >>> suggestion("MSE", ["rss"], {"mse": ("rss", "It is half the sum.")})
    " Did you mean 'rss'? It is half the sum."
    """
    others, names = also_called or {}, list(islice(known, MOST_COMPARED))
    if not isinstance(given, str):
        meant: dict[str, str] = {}
        for one in given[:MOST_LISTED]:
            like = closest(one, [name for name in names if name not in meant.values()])
            meant |= {one: like} if like is not None else {}
        asked = [f"{shown(like)} for {shown(one)}" for one, like in meant.items()]
        return f" Did you mean {', and '.join(asked)}?" if asked else ""
    by_fold = {_folded(name): name for name in others}
    like = by_fold.get(_folded(given)) or closest(given, [*names, *others])
    if like is None:
        return ""
    name, differs = others.get(like, (like, ""))
    return f" Did you mean {shown(name)}? {differs}".rstrip()
