"""What a command left, and the law that every command of every test obeys."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass
from typing import NoReturn

__all__ = ["Outcome", "lawful"]

EXIT_CODES = {0, 1, 2, 129, 130, 143}
KILLED = -signal.SIGKILL  # by the test itself
LINE_OF_PROGRESS = "\r\x1b[K"


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str


def lawful(arguments: tuple[object, ...], outcome: Outcome) -> Outcome:
    """The outcome, after a look at what no command may do, whatever it was given.

    It ends with an exit code that the docs name, tells of errors in one line and of nothing by a traceback
    or a warning of Python's, sends no terminal a character that it would obey, and gives strict JSON.
    """
    said = outcome.err.replace(LINE_OF_PROGRESS, "")
    assert outcome.code in EXIT_CODES | {KILLED}, outcome
    assert sum(line.startswith("Error: ") for line in said.splitlines()) <= 1, outcome
    assert "Traceback" not in said, outcome
    assert not re.search(r"^\S+:\d+: \w*Warning: ", said, re.MULTILINE), outcome
    assert "Exception ignored" not in said, outcome
    assert all(line.isprintable() for line in said.split("\n")), outcome
    words = [str(one) for one in arguments]
    if (
        words[:1] != ["predict"] and "--command" not in words
    ):  # which give names as they are, but to terminals
        assert all(line.isprintable() for line in outcome.out.split("\n")), outcome
    was_cut = outcome.code in {KILLED, 130, 143}  # in the midst of what it wrote
    if "--json" in words and outcome.out and "--help" not in words and not was_cut:
        json.loads(outcome.out, parse_constant=_refuse)
    return outcome


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")
