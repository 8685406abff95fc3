"""Tell a line of names from a row: what its cells are, beside what stands below each of them.

Each column votes. A word above numbers, or above codes of one form, is a name; a number above numbers, a
code above codes of its form, and a cell that stands below again are data. Numbers that ascend evenly, or are
years above what are none, may be names, where another column says so.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from chainrule.tables.columns import grammar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Verdict", "are_sub_names", "is_number", "judge"]

Row = tuple[str, ...]

MOST_COLUMNS_ASKED = 1000
MOST_OTHER = 10  # one cell in ten of a column of numbers or of codes may be something else
FEW = 3  # a column with three cells and more for each of its different words has categories
FEWEST_CELLS = 6  # that show that words come again
FEWEST_EVEN = 3  # numbers whose steps can be compared
FEWEST_NUMBERED = 4  # names that are nothing but 0, 1, 2, 3
SELDOM = 5  # at most one row in five
DOUBT = 4  # votes for each on the other side that leave no doubt
NUMBER = re.compile(
    r"[+-]?[$€£¥]? ?(?:\d[\d.,' \u00a0\u202f]*|[.,]\d+)(?:[eE][+-]?\d+)? ?[%‰$€£¥]?|[+-]?inf(?:inity)?",
    re.IGNORECASE,
)
WHOLE = re.compile("[0-9]{1,9}")
YEAR = re.compile(r"[12]\d{3}")
RUNS = re.compile(r"([0-9]+)|([^\W\d_]+)")
UNIT = re.compile(r"[(\[<].*[)\]>]|-|[%‰°]")
NO_VALUE = frozenset({"unknown", "none", "missing", "-", "--", "n.a.", "na", "nil", "x", ".", "error", "tbd"})
MISSING = frozenset(grammar.MISSING_TOKENS) - {""}


class Verdict(NamedTuple):
    """Whether a line holds names, and whether that may well be otherwise."""

    is_names: bool
    is_doubtful: bool


class _Votes(NamedTuple):
    names: float = 0
    data: float = 0


class _Below(NamedTuple):
    """What stands in one column below a line: the cells that are not missing, and what most of them are."""

    cells: tuple[str, ...]
    are_numbers: bool
    form: str | None


def judge(line: Sequence[str], rows: Sequence[Row]) -> Verdict:
    """Say whether the cells of a line are the names of the columns below it.

    Parameters
    ----------
    line : sequence of str
    rows : sequence of tuples of as many cells
        Some of the rows below; where there is none, the line is data if it has a number.

    Examples
    --------
    >>> judge(("mass", "kind"), [("3.5", "a"), ("4", "b")])
    Verdict(is_names=True, is_doubtful=False)
    >>> judge(("5", "a"), [("3.5", "a"), ("4", "b")])
    Verdict(is_names=False, is_doubtful=False)
    >>> judge(("Ann", "Rome"), [("Bob", "Oslo"), ("Eve", "Bonn")])
    Verdict(is_names=True, is_doubtful=True)
    """
    line = [cell.strip() for cell in line[:MOST_COLUMNS_ASKED]]
    if not rows:
        has_value = any(is_number(cell) or cell in MISSING for cell in line)
        return Verdict(not has_value, is_doubtful=True)
    others = [row for row in rows if any(one.strip() != cell for one, cell in zip(row, line, strict=False))]
    if len(others) < len(rows):
        # The same line again: names, where files were put together, or a row, which comes again more often.
        verdict, is_strong = _counted(line, others)
        if is_strong or SELDOM * (len(rows) - len(others)) <= len(rows):
            return verdict
    return _counted(line, rows)[0]


def _counted(line: Sequence[str], rows: Sequence[Row]) -> tuple[Verdict, bool]:
    """What the votes of all columns say, and whether one says without doubt that these are names."""
    below = [_below(place, rows) for place in range(len(line))]
    votes = [_vote(cell, column) for cell, column in zip(line, below, strict=True)]
    names, data = sum(one.names for one in votes), sum(one.data for one in votes)
    more = _vote_of_numbers(line, below, _Votes(names, data))
    names, data = names + more.names, data + more.data
    is_doubtful = max(names, data) < 1 or max(names, data) < DOUBT * min(names, data)
    is_strong = any(one.names >= 1 for one in votes) and names >= data
    return Verdict(names >= data, is_doubtful), is_strong


def are_sub_names(line: Sequence[str], rows: Sequence[Row]) -> bool:
    """Whether a line below the names goes on with them: no number above any column of numbers, but words.

    Examples
    --------
    >>> are_sub_names(("", "kg", "m"), [("a", "3", "1.5"), ("b", "4", "1.7")])
    True
    >>> are_sub_names(("c", "unknown", "2"), [("a", "3", "1.5"), ("b", "4", "1.7")])
    False
    """
    below = [_below(place, rows) for place in range(min(len(line), MOST_COLUMNS_ASKED))]
    above = [cell.strip() for cell, column in zip(line, below, strict=False) if column.are_numbers]
    words = [cell for cell in above if cell and cell not in MISSING]
    if not words or any(map(is_number, words)) or any(cell in MISSING for cell in above):
        return False
    others = [cell.strip() for cell, column in zip(line, below, strict=False) if not column.are_numbers]
    # A row has text in the columns of text, names of this kind have nothing there, or a unit.
    if any(cell and not UNIT.fullmatch(cell) for cell in others):
        return False
    are_words = all(re.search(r"[^\W\d_]|[%‰°]", word) for word in words)
    return are_words and not all(word.casefold() in NO_VALUE for word in words)


def is_number(cell: str) -> bool:
    """Whether a cell is a number in some notation.

    Examples
    --------
    >>> [is_number(cell) for cell in ("1.234,5", "€ 3", "12 %", "x1", "2024-02-29")]
    [True, True, True, False, False]
    """
    return NUMBER.fullmatch(cell) is not None


def _below(place: int, rows: Sequence[Row]) -> _Below:
    cells = tuple(row[place].strip() for row in rows)
    cells = tuple(cell for cell in cells if cell and cell not in MISSING)
    n_other = sum(not is_number(cell) for cell in cells)
    if cells and MOST_OTHER * n_other <= len(cells):
        return _Below(cells, are_numbers=True, form=None)
    form, count = Counter(map(_form, cells)).most_common(1)[0] if cells else ("", 0)
    is_code = "9" in form and MOST_OTHER * (len(cells) - count) <= len(cells)
    return _Below(cells, are_numbers=False, form=form if is_code else None)


def _vote(cell: str, below: _Below) -> _Votes:
    """What one cell that is no number says."""
    if not cell or not below.cells or is_number(cell):
        return _Votes()
    if cell in MISSING or cell in below.cells:
        return _Votes(data=1)
    if below.are_numbers:
        return _Votes(names=1)
    if below.form is not None:
        return _vote_of_code(cell, below)
    comes_again = len(below.cells) >= FEWEST_CELLS and FEW * len(set(below.cells)) <= len(below.cells)
    return _Votes(names=0.5) if comes_again else _Votes()


def _vote_of_code(cell: str, below: _Below) -> _Votes:
    """What a cell says above codes: the form of theirs, and letters of one of them, are those of a code."""
    if _form(cell) != below.form:
        return _Votes(names=1)
    return _Votes(data=1) if any(_letters(cell) == _letters(one) for one in below.cells) else _Votes()


def _vote_of_numbers(line: Sequence[str], below: Sequence[_Below], words: _Votes) -> _Votes:
    """What the cells that are numbers say together: they are data unless they may well be names."""
    places = [place for place, cell in enumerate(line) if is_number(cell)]
    cells = [line[place] for place in places]
    above_numbers = [place for place in places if below[place].are_numbers]
    if not cells or words.data > words.names:
        return _Votes(data=len(above_numbers))
    if _are_years(cells) and not any(YEAR.fullmatch(one) for at in above_numbers for one in below[at].cells):
        return _Votes(names=1)
    is_series = _is_consecutive(cells) or (len(cells) >= FEWEST_EVEN and _is_even(cells))
    if is_series and len(cells) > 1 and words.names > 0:
        return _Votes(names=1)
    # What counts from 0 or 1, and what ascends in a table of two ways, whose first name is none.
    fewest = FEWEST_EVEN if len(line) > len(cells) else FEWEST_NUMBERED
    counts = _is_consecutive(cells) and cells[0] in ({"0", "1"} if len(line) > len(cells) else {"0"})
    if len(cells) >= fewest and (counts or (not line[0] and below[0].cells and _ascend(cells))):
        return _Votes(names=1, data=0.5)
    n_data = len(above_numbers)
    if len(cells) >= FEWEST_NUMBERED and _is_even(cells):
        return _Votes(names=n_data / (DOUBT - 1), data=n_data)  # a row, but it may well be otherwise
    return _Votes(data=n_data)


def _are_years(cells: Sequence[str]) -> bool:
    return all(map(YEAR.fullmatch, cells)) and _ascend(cells)


def _ascend(cells: Sequence[str]) -> bool:
    values = _values(cells)
    return bool(values) and all(one < other for one, other in pairwise(values))


def _is_even(cells: Sequence[str]) -> bool:
    """Whether numbers ascend by equal steps, as far as their digits tell."""
    values = _values(cells)
    if not values:
        return False
    steps = [other - one for one, other in pairwise(values)]
    return steps[0] > 0 and all(abs(step - steps[0]) <= 1e-6 * abs(steps[0]) for step in steps)


def _values(cells: Sequence[str]) -> list[float]:
    """What plain numbers say; nothing where one is written in another way."""
    try:
        return [float(cell.replace(",", ".")) for cell in cells]
    except ValueError:
        return []


def _is_consecutive(cells: Sequence[str]) -> bool:
    first = int(cells[0]) if WHOLE.fullmatch(cells[0]) else -1
    return list(cells) == [str(first + place) for place in range(len(cells))]


def _form(cell: str) -> str:
    """The cell with each run of digits and of letters alike: "9" and "a"."""
    return RUNS.sub(lambda match: "9" if match[1] else "a", cell)


def _letters(cell: str) -> list[str]:
    return [match[2] for match in RUNS.finditer(cell) if match[2]]
