"""The parts of a worked example as lines of text, of which none is too long."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from chainrule.inspection.formulas import Equation, Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.inspection.formulas import Part

__all__ = ["LINE_WIDTH", "as_text", "equation_lines"]

LINE_WIDTH = 100


def as_text(parts: Iterator[Part]) -> str:
    """Lines of all parts."""
    lines: list[str] = []
    for one in parts:
        match one:
            case Equation():
                lines += equation_lines(one.left, *one.sides)
            case Values():
                whole = [value.replace(" ", "\0") for value in one.written]
                lines += [line.replace("\0", " ") for line in _wrapped(f"{one.word:<9}", "   ".join(whole))]
            case _:
                lines.append(one)
    return "\n".join(lines).rstrip()


def equation_lines(left: str, *sides: str, indent: int = 2) -> Iterator[str]:
    """Left-hand side with its right-hand sides below each other, or side by side where they fit."""
    margin = " " * indent
    whole = f"{margin}{' = '.join([left, *sides])}".replace(": =", ":=")
    if len(whole) <= LINE_WIDTH:
        yield whole
        return
    blank = " " * (len(left) + indent)
    yield from _wrapped(f"{margin}{left} = ".replace(": =", ":="), sides[0])
    for side in sides[1:]:
        yield from _wrapped(f"{blank} = ", side)


def _wrapped(prefix: str, text: str) -> list[str]:
    """Text behind a prefix, broken between terms, with the further lines set under the first."""
    indent = " " * len(prefix)
    return textwrap.wrap(
        text,
        width=LINE_WIDTH,
        initial_indent=prefix,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
