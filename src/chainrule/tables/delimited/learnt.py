"""Read a file as the table was laid out that a model has learnt: its columns by name, or by place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.table import settle_names
from chainrule.tables.delimited.dialect import Cut, Sample, cut_with, enough_of
from chainrule.tables.delimited.header import judge
from chainrule.tables.delimited.names import Head, first_row, joined_names
from chainrule.tables.delimited.plan import Plan, found_records, last_comment, make_plan
from chainrule.tables.delimited.records import Dialect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.tables.columns.layout import Given, Layout
    from chainrule.tables.delimited.header import Row
    from chainrule.tables.delimited.text_file import TextFile

__all__ = ["learnt_plan"]

RECORDS_SEARCHED = 20  # for the names


def learnt_plan(file: TextFile, layout: Layout, given: Given, absent: Sequence[str]) -> Plan | None:
    """Plan of a file that is laid out as the layout says, None where it is not.

    Parameters
    ----------
    file : TextFile
    layout : Layout
        Of the table that was learnt.
    given : Given
    absent : sequence of str
        Names of columns that a file without a line of names may lack.
    """
    if given.delimiter not in {None, layout.delimiter} or given.names is not None:
        return None

    def cut_as_learnt(sample: Sample) -> Cut:
        return cut_with(sample, Dialect(layout.delimiter, layout.quote, layout.comment or sample.comment))

    sample, cut = enough_of(file, cut_as_learnt)
    found = found_records(sample, cut)
    if not found.records or sample.separator not in {None, layout.delimiter}:
        return None
    head = None
    if given.header is not False:
        head = _by_name(sample, found, layout)
    if head is None and given.header is not True:
        head = _by_place(found, layout, absent)
    if head is None:
        return None
    return make_plan(file, sample, cut._replace(width=_width(found, head)), head, given)


def _width(found: Cut, head: Head) -> int:
    """Cells of a row: one more than names where a delimiter ends each of the first rows."""
    n = len(head.names)
    rows = found.records[head.first :]
    return n + 1 if rows and all(len(one.cells) == n + 1 and not one.cells[-1] for one in rows) else n


def _by_name(sample: Sample, found: Cut, layout: Layout) -> Head | None:
    """The line of names: the first that has half of the learnt names, or is made of them for its half."""
    in_comment = _in_comment(sample, found, layout)
    if in_comment is not None:
        return in_comment
    best, most = None, 0
    n_lines = max(layout.header_lines, 1)
    for place in range(min(len(found.records), RECORDS_SEARCHED)):
        lines = found.records[place : place + n_lines]
        width = max(len(line.cells) for line in lines)
        names = joined_names([_filled(line.cells, width) for line in lines])
        n_learnt = _n_learnt(names, layout)
        if n_learnt > most:
            first = place + len(lines)
            rows = found.records[first:]
            if rows and all(len(one.cells) == len(names) + 1 and one.cells[-1] for one in rows):
                names = ("", *names)  # as R writes names of rows
            best, most = Head(found.records[:place], lines, _in_place(names, layout), first), n_learnt
    return best


def _in_comment(sample: Sample, found: Cut, layout: Layout) -> Head | None:
    """The names in the last comment above the rows."""
    line = last_comment(sample, found)
    if line is None or not _n_learnt(line.cells, layout):
        return None
    return Head((), (line,), _in_place(line.cells, layout), 0)


def _n_learnt(names: Sequence[str], layout: Layout) -> int:
    """How many are learnt names, or those that these replaced; 0 where it is less than half."""
    there = frozenset(settle_names(names)[0])
    learnt = max(len(there & known) for known in map(_known, (layout.names, layout.replaced)))
    named = sum(1 for name in names if name.strip())
    return learnt if 2 * learnt >= max(min(len(layout.names), named), 1) else 0


def _known(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name for name in names if not name.startswith("unnamed_"))


def _in_place(names: Sequence[str], layout: Layout) -> tuple[str, ...]:
    """The names, each that was replaced by the one in its place."""
    settled = settle_names(names)[0]
    if len(frozenset(settled) & _known(layout.names)) >= len(frozenset(settled) & _known(layout.replaced)):
        return tuple(names)
    new = dict(zip(layout.replaced, layout.names, strict=True))
    return tuple(new.get(name, name) for name in settled)


def _filled(cells: Row, width: int) -> Row:
    return cells + ("",) * (width - len(cells))


def _by_place(found: Cut, layout: Layout, absent: Sequence[str]) -> Head | None:
    """No line of names: as many cells as were learnt, or as are left without those that may be absent."""
    names = {len(layout.names): layout.names}
    without = tuple(name for name in layout.names if name not in frozenset(absent))
    names.setdefault(len(without), without)
    widths = {len(one.cells) for one in found.records}
    width = found.width if found.width in names else next(iter(widths), 0)
    if width not in names or not names[width]:
        return None
    rows = [one.cells for one in found.records if len(one.cells) == width]
    verdict = judge(rows[0], rows[1:])
    had_names = layout.header_lines > 0
    if verdict.is_names and (had_names or not verdict.is_doubtful):
        return None
    words = "no line of names: the columns are those of the table that was learnt, by their place"
    if len(names[width]) < len(layout.names):
        words += f", without {', '.join(map(repr, absent))}"
    full = next(place for place, one in enumerate(found.records) if len(one.cells) == width)
    first = first_row(found, full)
    return Head(found.records[:first], (), names[width], first, (Decision(words, is_guess=had_names),))
