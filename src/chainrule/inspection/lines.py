"""The parts of a worked example as lines of text, of which none is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.inspection.formulas import Equation, Values
from chainrule.lines import NARROW, WIDTH, in_terms, kept, span, unmarked, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chainrule.inspection.formulas import Part

__all__ = ["as_text", "equation_lines", "fitting"]

WORD = 9  # columns for what the numbers of a sample are


def as_text(parts: Iterable[Part], width: int) -> str:
    """Lines of all parts."""
    lines: list[str] = []
    for one in parts:
        match one:
            case Equation():
                lines += equation_lines(one.left, *one.sides, width=width)
            case Values():
                word = f"{one.word:<{WORD}}"
                margin = " " * (WORD if width >= NARROW else 2)
                lines += wrapped("   ".join(map(kept, one.written)), width, first=word, rest=margin)
            case _:
                lines.append(one)
    return "\n".join(fitting(lines, width)).rstrip()


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
