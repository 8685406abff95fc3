"""Equations in lines that fit, and other lines of a worked example."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lines import NARROW, WIDTH, in_terms, span, unmarked, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["equation_lines", "fitting"]


def equation_lines(left: str, *sides: str, indent: int = 2, width: int = WIDTH) -> Iterator[str]:
    """Left-hand side with its right-hand sides below each other, or side by side where they fit.

    Lines are broken between terms. What follows stands below the first side, in a narrow line nearer to the
    margin.
    """
    margin = " " * indent
    whole = f"{margin}{' = '.join([left, *sides])}".replace(": =", ":=")
    if span(whole) <= width:
        yield unmarked(whole)
        return
    far = span(left) + indent
    if width < NARROW or far > width // 2:
        far = indent + 2
    rest = " " * (far + len(" = "))
    yield from wrapped(in_terms(sides[0]), width, first=f"{margin}{left} = ".replace(": =", ":="), rest=rest)
    for side in sides[1:]:
        yield from wrapped(in_terms(side), width, first=f"{' ' * far} = ", rest=rest)


def fitting(lines: Iterable[str], width: int) -> Iterator[str]:
    """Lines, of which those that are too long are broken, with the rest further to the right."""
    for line in lines:
        margin = " " * (len(line) - len(line.lstrip(" ")))
        if span(line) <= width:
            yield unmarked(line)
        else:
            yield from wrapped(line.lstrip(), width, first=margin, rest=f"{margin}    ")
