"""A file's content under a temporary name beside it, and nothing left of it whatever comes.

Only a kill leaves such a file; the next one that writes there removes it.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # not on Windows, where what a kill leaves stays
    fcntl = None  # type: ignore[assignment]

__all__ = ["written_beside"]

TEMPORARY = ".chainrule"  # how the name ends that a file has while it is being written
SECONDS_OF_A_WRITER = 60  # after which one that holds no lock was killed


@contextmanager
def written_beside(target: Path, content: bytes) -> Iterator[Path]:
    """Keep the content under another name in the target's folder, on the disk; only its owner may read it.

    Whoever asks for it renames it to the target in one step. What is not renamed is gone at the end.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    prefix = f".{target.name[:50]}."
    _remove_leftovers(target.parent, prefix)
    temporary = target.with_name(f"{prefix}{secrets.token_hex(8)}{TEMPORARY}")
    try:  # begun before the file is, so that no signal comes between
        with open(temporary, "xb", opener=_private) as file:
            _lock(file.fileno())
            file.write(content)
            file.flush()
            if content:  # an attempt has nothing to keep
                os.fsync(file.fileno())
        yield temporary
    finally:
        try:
            temporary.unlink(missing_ok=True)
        except OSError:  # once more; what stays even then is removed by the next one that writes there
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner may read."""
    return os.open(path, flags, 0o600)


def _lock(descriptor: int) -> bool:
    """Hold a file while this process writes it; False where another one does, or nothing can tell."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, AttributeError):
        return False
    return True


def _remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what a process that was killed left of its writing: nobody holds it, and it is not young."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if not re.fullmatch(rf"{re.escape(prefix)}[0-9a-f]{{16}}{TEMPORARY}", entry.name):
                continue
            with contextlib.suppress(OSError):
                young = time.time() - entry.stat(follow_symlinks=False).st_mtime < SECONDS_OF_A_WRITER
                if young or not entry.is_file(follow_symlinks=False):
                    continue
                descriptor = os.open(entry.path, os.O_RDWR)
                try:
                    if _lock(descriptor):
                        Path(entry.path).unlink()
                finally:
                    os.close(descriptor)
