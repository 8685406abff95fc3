"""Paths that are typed, and paths that are printed to be typed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import typer

from chainrule.errors import OutputError

__all__ = ["input_path", "output_path", "shell_word"]

QUOTES = "'\\"


def input_path(text: str) -> Path:
    """Path of a file to read, from what was typed; of nothing Python would make the working folder."""
    if not text:
        raise typer.BadParameter("it is empty but must be the name of a file.")
    return Path(text)


def output_path(text: str, parameter: str = "out") -> Path:
    """Path of a file to write, from what was typed for --out, or for another option."""
    if not text.strip() or text.endswith(("/", os.sep)):
        raise OutputError(
            parameter=parameter, given=text, needs="must be the name of a file", advice="Add its name."
        )
    return Path(text)


def shell_word(path: Path) -> str:
    r"""Path as a word that a POSIX shell and this command line take for a path, in one line.

    Examples
    --------
    >>> print(shell_word(Path("my table.csv")), shell_word(Path("-")), shell_word(Path("two\nlines")))
    'my table.csv' ./- $'two\x0alines'
    """
    text = f"./{path}" if str(path).startswith("-") else str(path)
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(one if one.isprintable() and one not in QUOTES else _bytes(one) for one in text)}'"


def _bytes(one: str) -> str:
    """A character as shells have it between $' and '."""
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(one))
