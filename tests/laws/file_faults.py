"""Faults at the n-th file operation of a command that runs in this process: read by the child of a fork.

What counts is every call by which Python code opens, writes, keeps, names, removes or looks at a file. The
number of calls is written to a descriptor when the command ends.
"""

from __future__ import annotations

import builtins
import errno
import functools
import io
import os
import signal
from pathlib import Path
from typing import Any

__all__ = ["KINDS", "script"]

KINDS = ("no space", "input/output error", "interrupted", "short write", "killed", "told to end")
CALLS = (
    "open", "write", "fsync", "link", "replace", "rename", "unlink", "remove", "mkdir", "chmod", "stat",
    "lstat", "scandir", "fdopen",
)  # fmt: skip


def script(n: int, kind: str) -> str:
    """What a fork runs before the command, with a fault at its n-th operation; none for n = 0."""
    return f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import file_faults
file_faults.install({n}, {kind!r})
"""


class _Counter:
    """Counts operations, and answers the n-th one as a machine in trouble does."""

    def __init__(self, n: int, kind: str) -> None:
        self.n, self.kind, self.count = n, kind, 0

    def is_due(self) -> bool:
        """Whether this operation is to be cut short; other faults are raised here."""
        self.count += 1
        if self.count != self.n:
            return False
        if self.kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind in {"interrupted", "told to end"}:
            os.kill(os.getpid(), signal.SIGINT if self.kind == "interrupted" else signal.SIGTERM)
            return False
        if self.kind == "short write":
            return True
        number = errno.ENOSPC if self.kind == "no space" else errno.EIO
        raise OSError(number, os.strerror(number))


class _Raw(io.FileIO):
    """A file whose writes are operations, too."""

    counter: _Counter

    def write(self, data: Any, /) -> int:  # noqa: ANN401 (any buffer)
        """Write all, or half of it."""
        whole = memoryview(data)
        cut = self.counter.is_due() and len(whole) > 1
        return super().write(whole[: len(whole) // 2] if cut else whole)


def install(n: int, kind: str) -> None:
    """Count from now on."""
    counter = _Raw.counter = _Counter(n, kind)
    opened = io.open

    def count(name: str) -> None:
        real = getattr(os, name)

        @functools.wraps(real)
        def counted(*arguments: Any, **others: Any) -> Any:  # noqa: ANN401
            cut = counter.is_due()
            if cut and name == "write" and len(arguments[1]) > 1:
                return real(arguments[0], memoryview(arguments[1])[: len(arguments[1]) // 2])
            return real(*arguments, **others)

        setattr(os, name, counted)

    def counted_open(file: Any, mode: str = "r", buffering: int = -1, *arguments: Any, **others: Any) -> Any:  # noqa: ANN401
        counter.is_due()
        if mode in {"wb", "xb"} and buffering != 0:
            return io.BufferedWriter(_Raw(file, mode[0], **others))
        return opened(file, mode, buffering, *arguments, **others)

    for name in CALLS:
        count(name)
    builtins.open = io.open = counted_open
    told = os.environ.get("COUNTED")
    if told is not None:
        import atexit  # noqa: PLC0415

        real_write = os.write.__wrapped__  # type: ignore[attr-defined]
        descriptor = os.open.__wrapped__(told, os.O_WRONLY | os.O_CREAT)  # type: ignore[attr-defined]
        atexit.register(lambda: real_write(descriptor, str(counter.count).encode()))
