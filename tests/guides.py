"""Commands that a page shows, run in their order, and what they print compared with what it shows.

A block of a page that begins with ```` ```console ```` holds commands behind `$`, and below each what it
prints. Those of chainrule run in this process, all others in a shell. `...` stands for what may differ, such
as seconds.

What pages show is written anew, where it no longer holds, by
``REWRITE_GUIDES=1 pytest tests/test_guides.py``: read the difference before you keep it.
"""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from command_line import run_command

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Command", "commands_of", "is_shown", "printed_by", "rewritten"]

BLOCK = re.compile(r"(?<=^```console\n)(?:.*\n)*?(?=```$)", re.MULTILINE)
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
COMPILING = "chainrule: compiling kernels, once; this takes some seconds\n"
SECONDS = re.compile(r"\bin [0-9.]+ s\b")


class Command(NamedTuple):
    """What is typed, and what the page shows of what it prints."""

    typed: str
    shown: str


class Printed(NamedTuple):
    """What a command writes to standard output, and to standard error."""

    out: str
    err: str


def commands_of(page: str) -> list[Command]:
    """All commands of a page, in their order."""
    return [Command(*found.groups()) for block in BLOCK.finditer(page) for found in _in(block)]


def _in(block: re.Match[str]) -> Iterator[re.Match[str]]:
    return COMMAND.finditer(block.group())


def printed_by(typed: str) -> Printed:
    """Run a command in the working folder."""
    words = shlex.split(typed.replace("\\\n", ""))
    if words[0] == "chainrule":
        done = run_command(*words[1:])
        return Printed(done.out, done.err.removeprefix(COMPILING))
    shell = subprocess.run(["/bin/sh", "-c", typed], capture_output=True, text=True, check=True)
    return Printed(shell.stdout, shell.stderr)


def is_shown(shown: str, printed: Printed) -> bool:
    """Whether a page shows what was printed: results to the blank, or all, with long lines broken."""
    same = doctest.OutputChecker().check_output
    both = printed.out + printed.err
    broken = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return bool(printed.out and same(shown, printed.out, doctest.ELLIPSIS)) or same(shown, both, broken)


def rewritten(page: str) -> str:
    """The page, with what its commands print now wherever that is not what it shows."""

    def command(found: re.Match[str]) -> str:
        typed, shown = found.groups()
        printed = printed_by(typed)
        if is_shown(shown, printed):
            return found.group()
        return f"$ {typed}\n{SECONDS.sub('in ... s', printed.out + printed.err)}"

    return BLOCK.sub(lambda block: COMMAND.sub(command, block.group()), page)
