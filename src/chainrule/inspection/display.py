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
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.inspection.check_result import GradientCheck
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


def check_display(check: GradientCheck) -> str:
    """The verdict, the errors beside their limits, and the weight that is worst."""
    methods = [("central differences", check.differences)]
    if check.complex_step is not None:
        methods.append(("complex step", check.complex_step))
    rows = [
        [
            name,
            f"{one.relative_to_network:.1e}",
            f"{one.relative_to_layer:.1e}",
            f"{one.limit:.0e}",
            _verdict(one.relative_to_network, one.limit, passed=one.passed),
        ]
        for name, one in methods
    ]
    if check.complex_step is not None:  # as in the text
        within = check.update_error <= check.update_limit
        rows.append(
            [
                "update (slope)",
                f"{check.update_error:.1e}",
                "",
                f"{check.update_limit:.0e}",
                _verdict(check.update_error, check.update_limit, passed=within),
            ]
        )
    heads = ["compared with", "worst error / network", "/ layer", "limit", "verdict"]
    worst = [
        [name, f"{one.gradient:.9g}", f"{one.estimate:.9g}", with_indices(str(one.worst))]
        for name, one in methods
    ]
    heads_of_worst = ["compared with", "back-propagation", "estimate", "worst weight"]
    of_all = "all" if check.n_checked == check.n_weights else f"{check.n_checked} of"
    extent = f"{counted(check.n_samples, 'sample')}, {of_all} {check.n_weights} weights"
    return display(
        f"Gradient check {'passed' if check.passed else 'FAILED'}",
        paragraph(f"{extent}, largest gradient {check.largest_gradient:.6g}"),
        table(heads, rows, caption="Errors of the gradients", words=[4]),
        remark("Errors are shares of the largest gradient of the network, and of its layer."),
        folded(
            "Worst weights", table(heads_of_worst, worst, caption="Worst weights"), is_open=not check.passed
        ),
        more=check.network,
    )


def _verdict(error: float, limit: float, *, passed: bool) -> str:
    if not passed:
        return "too far apart"
    return "passed" if error <= limit else "passed: no more than rounding"
