"""Find the line of names among the first records of a file, or that there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chainrule.errors import argument
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.delimited.header import Verdict, are_sub_names, is_number, judge
from chainrule.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.delimited.dialect import Cut
    from chainrule.tables.delimited.header import Row
    from chainrule.tables.delimited.records import Record

__all__ = ["HAS_NO_NAMES", "Head", "find_names", "first_row", "joined_names"]

NARROWEST_PADDED = 3  # of two cells, one may be a column without a name
MOST_LINES = 3
HAS_NAMES, HAS_NO_NAMES = (argument("header", value) for value in (True, False))


class Head(NamedTuple):
    """The records above the rows: titles, and those with the names; what these are, and what is said.

    `first` is the place of the first row, which may be behind the last record.
    """

    titles: tuple[Record, ...]
    lines: tuple[Record, ...]
    names: tuple[str, ...]
    first: int
    decisions: tuple[Decision, ...] = ()


class _Candidate(NamedTuple):
    place: int
    cells: Row


def find_names(
    found: Cut, width: int, more: Sequence[Row], *, has_header: bool | None, is_named: bool
) -> Head:
    """Find the names of the columns.

    Parameters
    ----------
    found : Cut
        The first records of the file, without comments and blank ones.
    width : int
        Cells of a row, one at its end left out where it is always empty.
    more : sequence of rows
        Others from the end of the file.
    has_header : bool, optional
        Whether there are names, where the user says so.
    is_named : bool
        Whether the user gives the names.
    """
    first = _first_full(found)
    candidate = _candidate(found, first, width)
    below = found.records[candidate.place + 1 :]
    rows = [*_rows(below, found.width, width), *more]
    directly = next((n for n, one in enumerate(below) if not _fits(one, found.width)), len(below))
    n_lines, verdict = _judged(candidate, rows, min(MOST_LINES, 1 + directly))
    if has_header is None and not verdict.is_names:
        head = _without_names(found, first, width)
        decision = _no_names(width, found.records[head.first], verdict)
        return head if is_named else head._replace(decisions=(decision,))
    if has_header is False:
        return _without_names(found, first, width)
    lines = found.records[candidate.place : candidate.place + n_lines]
    cells = [candidate.cells, *(_filled(line.cells, len(candidate.cells)) for line in lines[1:])]
    names = joined_names(cells)
    said = () if has_header else _said_of_names(lines, names, verdict, width)
    return Head(found.records[: candidate.place], lines, names, candidate.place + n_lines, said)


def joined_names(lines: Sequence[Row]) -> tuple[str, ...]:
    """The names of several lines, each below the other: an empty cell of the first is as the one before.

    Examples
    --------
    >>> joined_names([("place", "rain", ""), ("", "mm", "days")])
    ('place', 'rain mm', 'rain days')
    """
    if len(lines) == 1:
        return tuple(lines[0])
    groups: list[str] = []
    for cell in lines[0]:
        groups.append(cell.strip() or (groups[-1] if groups else ""))
    filled = [
        group if any(line[place].strip() for line in lines[1:]) else cell
        for place, (group, cell) in enumerate(zip(groups, lines[0], strict=True))
    ]
    parts = zip(filled, *lines[1:], strict=True)
    return tuple(" ".join(dict.fromkeys(part.strip() for part in name if part.strip())) for name in parts)


def _first_full(found: Cut) -> int:
    """The first record that is as wide as most, and no title that a spreadsheet padded."""
    full = [place for place, record in enumerate(found.records) if len(record.cells) == found.width]
    return next((place for place in full if not _is_padded_title(found.records[place])), full[0])


def _is_padded_title(record: Record) -> bool:
    """Whether only the first of three cells or more is filled, as spreadsheets save a title."""
    return len(record.cells) >= NARROWEST_PADDED and record.cells[0] != "" and not any(record.cells[1:])


def _candidate(found: Cut, first: int, width: int) -> _Candidate:
    """The record that has the names if one has: the first full one, or one above with a cell more or less.

    R writes no name for the names of the rows, and others a delimiter more.
    """
    full = _Candidate(first, found.records[first].cells[:width])
    above = found.records[first - 1].cells if first else ()
    if len(above) <= 1 or abs(len(above) - found.width) != 1 or any(map(is_number, above)):
        return full
    rows = _rows(found.records[first + 1 :], found.width, width)
    verdict = judge(full.cells, rows)
    if verdict.is_names and not verdict.is_doubtful:
        return full
    if len(above) == width - 1:
        above = ("", *above)
    elif len(above) == width + 1 and not above[-1]:
        above = above[:-1]
    return _Candidate(first - 1, above)


def _rows(below: Sequence[Record], as_cut: int, width: int) -> list[Row]:
    return [one.cells[:width] for one in below if _fits(one, as_cut)]


def _fits(record: Record, width: int) -> bool:
    return len(record.cells) == width and record.unclosed is None


def _filled(cells: Row, width: int) -> Row:
    return (*cells, *[""] * width)[:width]


def _judged(candidate: _Candidate, rows: Sequence[Row], most_lines: int) -> tuple[int, Verdict]:
    """How many lines the names have, and whether they are names at all."""
    cells, n_lines = candidate.cells, 1
    rows = [_filled(row, len(cells)) for row in rows]
    while n_lines < most_lines and len(rows) > n_lines and _goes_on(cells, rows, n_lines):
        n_lines += 1
    return n_lines, judge(cells, rows[n_lines - 1 :])


def _goes_on(cells: Row, rows: Sequence[Row], n_lines: int) -> bool:
    line, below = rows[n_lines - 1], rows[n_lines:]
    if (
        n_lines > 1
        and line[0]
        and not any(line[1:])
        and not any(row[0] for row in [cells, *rows[: n_lines - 1]])
    ):
        return True  # the name of the index, which pandas writes below the names
    return are_sub_names(line, below) and judge(cells, below).is_names


def _without_names(found: Cut, first: int, width: int) -> Head:
    first = first_row(found, first)
    return Head(found.records[:first], (), tuple(f"c{place}" for place in range(1, width + 1)), first)


def first_row(found: Cut, full: int) -> int:
    """Where rows without names begin: at this full record, or at ragged ones right above that are rows."""
    while (
        full and len(found.records[full - 1].cells) > 1 and any(map(is_number, found.records[full - 1].cells))
    ):
        full -= 1
    return full


def _no_names(width: int, record: Record, verdict: Verdict) -> Decision:
    names = "c1" if width == 1 else f"c1 to c{width}"
    doubt = ", though its first line may be one" if verdict.is_doubtful else ""
    words = f"no line of names{doubt}: {'the column is' if width == 1 else 'the columns are'} called {names}"
    advice = f"Give {HAS_NAMES} if line {record.line} has the names ({listed(record.cells, 3)})."
    return Decision(words, is_warning=verdict.is_doubtful, advice=advice)


def _said_of_names(
    lines: Sequence[Record], names: Sequence[str], verdict: Verdict, width: int
) -> tuple[Decision, ...]:
    line, said = lines[0], []
    if len(line.cells) < width:
        words = f"line {line.line} has one name less than the rows have cells: the first column has no name"
        said.append(Decision(words, is_warning=True))
    if len(lines) > 1:
        said.append(Decision(f"names in {counted(len(lines), 'line')}, joined: {listed(names, 3)}"))
    if verdict.is_doubtful:
        words = f"line {line.line} is taken for the names, though it may be a row: {listed(line.cells, 3)}"
        said.append(Decision(words, is_warning=True, advice=f"Give {HAS_NO_NAMES} if it is one."))
    return tuple(said)
