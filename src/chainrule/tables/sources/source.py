"""Open the file that a path names, and nothing else: no patterns, no addresses, no folders."""

from __future__ import annotations

import os
import re
from pathlib import Path

from chainrule.errors import TableError
from chainrule.words import closest, printable, shown

__all__ = ["checked_path", "read_bytes", "title_of"]

LONGEST_PATH = 4096
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+:)//?")  # a Path has one slash of the two; C:/ is no address


def checked_path(source: str | os.PathLike[str]) -> Path:
    """Return the path of a file that exists, or raise TableError saying what is there instead."""
    text = os.fspath(source)
    if not isinstance(text, str) or not text.strip() or "\0" in text or len(text) > LONGEST_PATH:
        message = f"{shown(text)} is no path of a file. Give the path of a table, such as 'iris.csv'."
        raise TableError(message)
    path = Path(text)
    try:
        if path.is_dir():
            message = f"{shown_path(path)} is a folder but a table is one file. Give the path of the file."
            raise TableError(message)
        exists = path.exists()
        if exists and not (path.is_file() or path.is_fifo()):
            message = f"{shown_path(path)} is a device but a table is a file. Give the path of a file."
            raise TableError(message)
    except OSError as error:
        raise TableError(_unreadable(path, error)) from error
    if not exists:
        raise TableError(_absent(text, path))
    return path


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, or raise TableError where it cannot be read or has none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableError(_unreadable(path, error)) from error
    if not data:
        message = f"{title_of(path)} is empty but a table needs a line of names and at least one row below."
        raise TableError(message)
    return data


def title_of(path: Path) -> str:
    """Return the name that messages give the file."""
    return printable(path.name)


def shown_path(path: str | Path) -> str:
    """The path in quotation marks; cut at its beginning where it is long, because its end tells most."""
    text = str(path)
    return repr(text if len(text) <= 200 else "…" + text[-199:])  # noqa: PLR2004 - see the line above


def _unreadable(path: Path, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{shown_path(path)} cannot be read: {reason}. Check the path and its permissions."


def _absent(text: str, path: Path) -> str:
    if ADDRESS.match(text):
        address = shown_path(ADDRESS.sub(r"\1//", text))
        return (
            f"{address} is an address but a table is a file on this computer: addresses are not opened. "
            "Download the table, and give the path of the file."
        )
    similar = closest(path.name, _neighbours(path))
    question = "" if similar is None else f" Did you mean {shown_path(path.with_name(similar))}?"
    return f"There is no file {shown_path(path)}.{question} Check the path."


def _neighbours(path: Path, most: int = 1000) -> list[str]:
    """Some names of the folder, for "did you mean"; none where it cannot be listed."""
    try:
        with os.scandir(path.parent) as entries:
            return [entry.name for entry, _ in zip(entries, range(most), strict=False)]
    except OSError:
        return []
