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
        raise TableError(
            f"{shown(text)} is no path of a file.",
            needs="must be the path of a file",
            advice="Give the path of a table, such as 'iris.csv'.",
        )
    path = Path(text)
    try:
        if path.is_dir():
            raise TableError(
                f"{shown_path(path)} is a folder",
                needs="a table is one file",
                advice="Give the path of the file.",
            )
        exists = path.exists()
        if exists and not (path.is_file() or path.is_fifo()):
            raise TableError(
                f"{shown_path(path)} is a device",
                needs="a table is a file",
                advice="Give the path of a file.",
            )
    except OSError as error:
        raise _unreadable(path, error) from error
    if not exists:
        raise _absent(text, path)
    return path


def read_bytes(path: Path) -> bytes:
    """Return the file's bytes, or raise TableError where it cannot be read or has none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not data:
        raise TableError(
            f"{title_of(path)} is empty",
            needs="a table needs a line of names and at least one row below",
            advice="Give a file with a table in it.",
        )
    return data


def title_of(path: Path) -> str:
    """Return the name that messages give the file."""
    return printable(path.name)


def shown_path(path: str | Path) -> str:
    """The path in quotation marks; cut at its beginning where it is long, because its end tells most."""
    text = str(path)
    return repr(text if len(text) <= 200 else "…" + text[-199:])  # noqa: PLR2004 - see the line above


def _unreadable(path: Path, error: OSError) -> TableError:
    return TableError(
        f"{shown_path(path)} cannot be read: {error.strerror or type(error).__name__}.",
        needs="must be a file that can be read",
        advice="Check the path and its permissions.",
    )


def _absent(text: str, path: Path) -> TableError:
    if ADDRESS.match(text):
        address = shown_path(ADDRESS.sub(r"\1//", text))
        return TableError(
            f"{address} is an address",
            needs="a table is a file on this computer: addresses are not opened",
            advice="Download the table, and give the path of the file.",
        )
    similar = closest(path.name, _neighbours(path), len(path.stem))
    question = "" if similar is None else f"Did you mean {shown_path(path.with_name(similar))}? "
    return TableError(
        f"There is no file {shown_path(path)}.",
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
