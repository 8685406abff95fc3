"""How many columns a line has, and whether a stream is a terminal."""

from __future__ import annotations

import os
from typing import TextIO

from chainrule.lines import WIDTH

__all__ = ["asked_width", "is_terminal", "terminal_width", "width_of"]

LEAST, USUAL = 20, 80
MOST_DIGITS = 9  # of a number of columns; what has more is none


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at it, rather than a program or a file that takes it in."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def asked_width(stream: TextIO | None) -> int | None:
    """Columns that COLUMNS asks for, or those of the terminal; None for a pipe or a file.

    Fewer than 20 columns are as good as 20.
    """
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and len(asked) <= MOST_DIGITS and int(asked) > 0:
        return max(int(asked), LEAST)
    return max(terminal_width(stream), LEAST) if is_terminal(stream) else None


def terminal_width(stream: TextIO | None) -> int:
    """Columns of the terminal itself, whatever COLUMNS says."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return USUAL


def width_of(stream: TextIO | None) -> int:
    """Columns of a line that is written there: 100 where nothing says another number."""
    return asked_width(stream) or WIDTH
