"""How notebooks show a step of back-propagation, formula by formula, and what a gradient check found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.displays import (
    Html,
    display,
    equation,
    folded,
    joined_html,
    paragraph,
    remark,
    some_of,
    table,
    with_indices,
)
from chainrule.inspection.formulas import Equation, Values
from chainrule.inspection.worked_example import example_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.inspection.check_result import CheckRow, CheckSummary
    from chainrule.inspection.formulas import Part
    from chainrule.inspection.trace import ForwardTrace, Trace

__all__ = ["check_display", "trace_display"]

DIGITS = 6
UNITS = (4, 2, 1)  # of a layer that are written out, as many as there is room for
ROOM = 60_000  # characters
MOST_BLOCKS, MOST_OPEN = 24, 4


def trace_display(step: Trace | ForwardTrace) -> str:
    """The worked example in blocks that fold: units and terms that have no room are counted."""
    for most in UNITS:
        title, *blocks = _blocks(example_parts(step, DIGITS, most))
        places = some_of(len(blocks), MOST_BLOCKS)
        parts = [
            paragraph(f"… {len(blocks) - MOST_BLOCKS} more steps: print the trace for all of them")
            if k is None
            else _block(blocks[k], is_open=k < MOST_OPEN)
            for k in places
        ]
        if sum(map(len, parts)) <= ROOM:
            break
    first, *others = map(str, title)
    word, _, whose = first.partition(": ")
    more = paragraph("More digits and units: print(trace.text(digits=17, most=100))", small=True)
    return display(word, *map(paragraph, others), *parts, more, more=whose)


def _blocks(parts: Iterator[Part]) -> list[list[Part]]:
    """Parts that no empty line parts."""
    found: list[list[Part]] = [[]]
    for one in parts:
        if one != "":
            found[-1].append(one)
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def _block(block: Sequence[Part], *, is_open: bool) -> Html:
    """A block: its first line is what it is, unless that is a part of it."""
    first, *others = block
    if not isinstance(first, str) or not others or isinstance(others[0], str):
        return joined_html(map(_part, block))
    return folded(with_indices(first), *map(_part, others), is_open=is_open)


def _part(one: Part) -> Html:
    match one:
        case Equation():
            return equation(one.left, one.sides)
        case Values():
            numbers = joined_html((with_indices(value) for value in one.written), ",  ")
            return paragraph(f"{one.word}: ", numbers)
        case _:
            return paragraph(with_indices(" ".join(one.split())))


def check_display(network: str, told: CheckSummary, *, is_open: bool) -> str:
    """The verdict, the errors beside their limits, and the weight that is worst."""
    rows = []
    for one in told.rows:
        network, layer, limit = one.figures
        rows.append([one.name, network, limit, layer, _verdict(one)])
    heads = ["compared with", "worst error / network", "limit", "/ layer", "verdict"]
    worst = [[*figures, with_indices(place)] for *figures, place in told.worst]
    heads_of_worst = ["compared with", "back-propagation", "estimate", "worst weight"]
    return display(
        told.title,
        paragraph(f"{told.extent}, {told.size}"),
        table(heads, rows, caption="Errors of the gradients", words=[4]),
        remark("Errors are shares of the largest gradient of the network, and of its layer."),
        *([remark(told.blindness)] if told.blindness else []),
        folded("Worst weights", table(heads_of_worst, worst, caption="Worst weights"), is_open=is_open),
        more=network,
    )


def _verdict(row: CheckRow) -> str:
    if not row.passed:
        return row.remark
    return f"passed ({row.remark})" if row.remark else "passed"
