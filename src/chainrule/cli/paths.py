"""Paths that are typed, and paths that are printed to be typed."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from chainrule.errors import OutputError

__all__ = ["output_path", "refuse_to_replace", "same_file", "shell_word"]


def output_path(text: str) -> Path:
    """Path of a file to write, from what was typed for --out."""
    if not text.strip() or text.endswith(("/", os.sep)):
        message = f"--out is {text!r} but must be the name of a file. Add its name."
        raise OutputError(message)
    return Path(text)


def same_file(one: Path, other: Path) -> bool:
    """Whether both paths lead to one file that exists, through whatever links."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def refuse_to_replace(out: Path, source: Path, what: str) -> None:
    """Refuse to write the result over what it was made from, whatever --force says."""
    if same_file(out, source):
        message = f"{out} is the {what} itself, which would be lost. Give another name with --out."
        raise OutputError(message)


def shell_word(path: Path) -> str:
    """Path as a word that a POSIX shell and this command line take for a path."""
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
