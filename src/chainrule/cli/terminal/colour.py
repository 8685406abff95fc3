"""Colours, where a terminal shows them: nothing is told by a colour alone."""

from __future__ import annotations

import os
import re
from typing import TextIO

from chainrule.cli.terminal.size import is_terminal

__all__ = ["emphasised", "has_colours", "with_verdict"]

BOLD, RED, YELLOW, RESET = "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[0m"
VERDICTS = {"Error": RED, "Warning": YELLOW, "Note": BOLD, "Interrupted": BOLD}
VERDICT = re.compile(rf"({'|'.join(VERDICTS)})(?=[:.])")


def has_colours(stream: TextIO | None) -> bool:
    """Whether codes for colours are written: NO_COLOR forbids them, FORCE_COLOR asks for them.

    Otherwise a terminal has them that is not TERM=dumb.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if forced := os.environ.get("FORCE_COLOR"):
        return forced not in {"0", "false"}
    return os.environ.get("TERM", "") != "dumb" and is_terminal(stream)


def emphasised(text: str, stream: TextIO | None) -> str:
    """Text in bold type, and that of a warning in its colour."""
    return f"{VERDICTS.get(text, BOLD)}{text}{RESET}" if text and has_colours(stream) else text


def with_verdict(text: str, stream: TextIO | None) -> str:
    """Text whose first word says what kind of a message it is, in the colour of that kind."""
    found = VERDICT.match(text)
    if found is None or not has_colours(stream):
        return text
    return f"{VERDICTS[found[1]]}{found[1]}{RESET}{text[found.end() :]}"
