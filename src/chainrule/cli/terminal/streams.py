"""What goes to standard output and standard error: whole, safe, and in lines that fit."""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

from chainrule.cli.terminal.colour import emphasised, with_verdict
from chainrule.cli.terminal.size import is_terminal, width_of
from chainrule.interrupts import interruptible
from chainrule.lines import LONGEST_TEXT, span, wrapped
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "aside", "can_show", "command_lines", "escape_what_cannot_be_encoded", "give", "note", "note_command",
    "say", "write_all",
]  # fmt: skip

AT_ONCE = getattr(select, "PIPE_BUF", 0)  # bytes that a pipe with room takes; Windows does not tell


def escape_what_cannot_be_encoded() -> None:
    """Show characters such as η and ² as escapes where the terminal's encoding has none of them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def can_show(text: str) -> bool:
    """Whether the encoding of standard output has these characters."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def say(text: str = "", *, bold: int = 0) -> None:
    """Print lines for people that belong to the result, the first characters of them in bold type."""
    shown = _visible(text)
    write_all(sys.stdout, f"{emphasised(shown[:bold], sys.stdout)}{shown[bold:]}\n")


def give(text: str) -> None:
    """Print data, every character as it is; on a terminal none that it would obey."""
    write_all(sys.stdout, _visible(text) if is_terminal(sys.stdout) else text)


def note(text: str) -> None:
    """Print what is not the result; what cannot be printed there is no reason to end.

    A note is one line, which is broken on a terminal alone.
    """
    lines = _visible(text).split("\n")
    if is_terminal(sys.stderr):
        width = min(width_of(sys.stderr), LONGEST_TEXT)
        lines = [part for line in lines for part in wrapped(line, width, rest="  ") or [""]]
    aside("".join(f"{with_verdict(line, sys.stderr)}\n" for line in lines))


def note_command(words: str, command: Sequence[str]) -> None:
    """Print a command to copy, which `command_lines` takes, behind the words for it."""
    whole = f"{words}: {' '.join(command)}"
    if not is_terminal(sys.stderr) or len(whole) <= width_of(sys.stderr):
        note(whole)
        return
    lines = command_lines(command, width_of(sys.stderr))
    aside("".join(f"{line}\n" for line in [f"{words}:", *map(_visible, lines)]))


def command_lines(command: Sequence[str], width: int, margin: str = "  ") -> list[str]:
    r"""A command to copy: in lines that a shell takes for one, where it is longer than a line.

    Parameters
    ----------
    command : sequence of str
        What is never broken: words of a shell, or an option with its value.
    width : int
        Columns. A word that is longer stays whole, so that it can be copied.
    margin : str

    Examples
    --------
    >>> print("\n".join(command_lines(["chainrule check", "iris.safetensors", "iris.csv"], 36)))
      chainrule check iris.safetensors \
        iris.csv
    """
    whole = margin + " ".join(command)
    if span(whole) <= width:
        return [whole]
    lines = [margin + command[0]]
    for one in command[1:]:
        if span(lines[-1]) + 1 + span(one) + len(" \\") <= width:
            lines[-1] += f" {one}"
        else:
            lines.append(f"{margin}  {one}")
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def aside(text: str) -> None:
    """Write what may be lost to standard error; a signal in it, which is remembered, is met later."""
    with contextlib.suppress(OSError, KeyboardInterrupt):
        write_all(sys.stderr, text)


def _visible(text: str) -> str:
    """Lines with escapes for whatever a terminal would obey or could not print."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def write_all(stream: TextIO | None, text: str) -> None:
    """Write all of a text, or raise the OSError that tells why not; nothing where the stream is closed.

    Python itself loses what is left of a short write where its streams have no buffers.
    """
    if stream is None:
        return
    try:
        number = stream.fileno()
    except (OSError, ValueError, AttributeError):  # a notebook's, say, that is no file
        stream.write(text)
        stream.flush()
        return
    stream.flush()
    rest = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
    while rest:
        if AT_ONCE and not select.select([], [number], [], 0)[1]:  # nobody reads, maybe for ever
            with interruptible():
                select.select([], [number], [])
        with contextlib.suppress(BlockingIOError):  # a pipe that another program fills as well
            rest = rest[os.write(number, rest[: AT_ONCE or len(rest)]) :]
