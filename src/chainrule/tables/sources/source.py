"""Open what a path names, and nothing else: no patterns, no addresses, no folders."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chainrule.errors import TableError
from chainrule.interrupts import put_off
from chainrule.words import closest, printable, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from chainrule.tables.columns.decisions import Decision

__all__ = ["BLOCK", "File", "TemporaryFolder", "beginning", "cut_to", "opened", "unreadable"]

BLOCK = 2**20  # bytes that are read, or text that is written, at a time
LONGEST_PATH = 4096
STANDARD_INPUT = "-"
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:)//?")  # a Path has one slash of the two; C:/ is no address


@dataclass(frozen=True)
class File:
    """A plain file that holds a table: the one that was named, or a temporary one made of it.

    Attributes
    ----------
    path : Path
        Where its bytes are.
    name : str
        The name whose ending says what it should be: without the ``.gz`` of what was packed.
    title : str
        What messages call it.
    decisions : tuple of Decision
        What was decided on the way to it.
    """

    path: Path
    name: str
    title: str
    decisions: tuple[Decision, ...] = ()

    @property
    def suffix(self) -> str:
        """How the name ends, in small letters: ``.csv``."""
        return Path(self.name).suffix.lower()


class TemporaryFolder:
    """Where a file is unpacked or decoded: made when the first one is, and gone at the end, also on Ctrl-C.

    Examples
    --------
    >>> with TemporaryFolder() as folder:
    ...     path = folder.new_file()
    ...     _ = path.write_text("a,b")
    >>> path.exists()
    False
    """

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._n_files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with put_off():
            if self._folder is not None:
                self._folder.cleanup()

    def new_file(self) -> Path:
        """Path of a file that is not there yet; OSError where no folder can be made."""
        with put_off():
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True)
            self._n_files += 1
            return Path(self._folder.name) / f"{self._n_files}"


def opened(source: str | os.PathLike[str], folder: TemporaryFolder) -> File:
    """Find the file that a path names; what can be read once only, a pipe, is read to a temporary file.

    Raises
    ------
    TableError
        There is no such file, it cannot be read, or it has no bytes.
    """
    if os.fspath(source) == STANDARD_INPUT:
        return _standard_input(folder)
    path = _checked_path(source)
    title = printable(path.name)
    try:
        if path.is_fifo():
            with path.open("rb") as pipe:
                file = File(_kept(pipe.read, folder), path.name, title)
        else:
            file = File(path, path.name, title)
        is_empty = not beginning(file.path, 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if is_empty:
        raise _empty(title)
    return file


def beginning(path: Path, n_bytes: int) -> bytes:
    """Return the first bytes of a file; OSError where it cannot be read."""
    with path.open("rb") as file:
        return file.read(n_bytes)


def cut_to(read: Callable[[int], bytes], target: Path, most: int | None = None) -> bool:
    """Copy what a function reads to a new file, `most` bytes at most; whether that was all there is."""
    n_bytes = 0
    with target.open("xb") as file:
        while block := read(BLOCK):
            n_bytes += len(block)
            if most is not None and n_bytes > most:
                return False
            file.write(block)
    return True


def unreadable(path: str | Path, error: OSError) -> TableError:
    """Error for a file that the system does not give."""
    return TableError(
        f"{_shown_path(path)} cannot be read: {error.strerror or type(error).__name__}.",
        needs="must be a file that can be read",
        advice="Check the path and its permissions.",
    )


def _standard_input(folder: TemporaryFolder) -> File:
    """Everything that comes from the standard input, in a file."""
    title = "the standard input"
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None or sys.stdin.isatty():
        raise TableError(
            f"{title} is no file or pipe.",
            needs="must be where a table comes from",
            advice="Write the path of a file, or send a table there, as in 'chainrule fit - < table.csv'.",
        )
    try:
        path = _kept(stream.read, folder)
    except OSError as error:
        raise unreadable(title, error) from error
    if not beginning(path, 1):
        raise _empty(title)
    return File(path, STANDARD_INPUT, title)


def _kept(read: Callable[[int], bytes], folder: TemporaryFolder) -> Path:
    path = folder.new_file()
    cut_to(read, path)
    return path


def _empty(title: str) -> TableError:
    return TableError(
        f"{title} is empty",
        needs="a table needs at least one row",
        advice="Give a file with a table in it.",
    )


def _checked_path(source: str | os.PathLike[str]) -> Path:
    """Return the path of a file that exists, or raise TableError saying what is there instead."""
    text = os.fspath(source)
    if not isinstance(text, str) or not text.strip() or "\0" in text or len(text) > LONGEST_PATH:
        raise TableError(
            f"{shown(text)} is no path of a file.",
            needs="must be the path of a file",
            advice="Give the path of a table, such as 'iris.csv'.",
        )
    path = Path(text)
    try:
        if path.is_dir():
            raise TableError(
                f"{_shown_path(path)} is a folder",
                needs="a table is one file",
                advice="Give the path of the file.",
            )
        exists = path.exists()
        if exists and not (path.is_file() or path.is_fifo()):
            raise TableError(
                f"{_shown_path(path)} is a device",
                needs="a table is a file",
                advice="Give the path of a file.",
            )
    except OSError as error:
        raise unreadable(path, error) from error
    if not exists:
        raise _absent(text, path)
    return path


def _shown_path(path: str | Path) -> str:
    """The path in quotation marks; cut at its beginning where it is long, because its end tells most."""
    text = str(path)
    return repr(text if len(text) <= 200 else "…" + text[-199:])  # noqa: PLR2004 - see the line above


def _absent(text: str, path: Path) -> TableError:
    if ADDRESS.match(text):
        address = _shown_path(ADDRESS.sub(r"\1//", text))
        return TableError(
            f"{address} is an address",
            needs="a table is a file on this computer: addresses are not opened",
            advice="Download the table, and give the path of the file.",
        )
    similar = closest(path.name, _neighbours(path), len(path.stem))
    question = "" if similar is None else f"Did you mean {_shown_path(path.with_name(similar))}? "
    return TableError(
        f"There is no file {_shown_path(path)}.",
        needs="must be a file that exists",
        advice=f"{question}Check the path.",
    )


def _neighbours(path: Path, most: int = 1000) -> list[str]:
    """Some names of the folder, for "did you mean"; none where it cannot be listed."""
    try:
        with os.scandir(path.parent) as entries:
            return [entry.name for entry, _ in zip(entries, range(most), strict=False)]
    except OSError:
        return []
