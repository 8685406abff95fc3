"""Compiled kernels are kept on disk, so that a machine compiles each of them once.

Numba's own cache notices neither an edit in another file nor another processor, and stops at a damaged
index. Here a folder is named by a digest of everything that settles the machine code: all sources of
`compiled` and its sub-rooms and of `equations`, the versions of Python, Numba and llvmlite, and the
processor. A file in it holds one kernel for one set of argument types, behind its own digest. Files are
written whole under another name and then renamed, so that processes may start at once; whatever cannot be
read is compiled again.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import secrets
import shutil
import sys
import time
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from numba.core.bytecode import FunctionIdentity
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from chainrule.compiled.machine.folders import FOLDER_VARIABLE, folder_for, is_trusted, place_of_folders
from chainrule.compiled.machine.processor import processor
from chainrule.temporary import written_beside
from chainrule.words import printable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FOLDER_VARIABLE", "KernelFiles", "folder", "let_all_read"]

SECONDS_TO_KEEP = 90 * 24 * 3600


@cache
def folder() -> Path:
    """Folder for kernels of this version of everything; it may be deleted at any time."""
    return folder_for(processor())


class KernelFiles:
    """What a dispatcher asks of its cache."""

    def __init__(self, kernel: str) -> None:
        self.kernel = kernel
        self.cache_path = ""

    def _path(self, signature: object) -> Path:
        digest = hashlib.sha256(str(signature).encode()).hexdigest()[:16]
        return folder() / f"{self.kernel}-{digest}"

    def has(self, signature: object) -> bool:
        """Whether the disk has the kernel for these types of arguments, whole and surely our own."""
        try:
            return bool(self._stored(signature))
        except OSError:
            return False

    def _stored(self, signature: object) -> bytes:
        """What was written; OSError where that is nothing, not whole, or perhaps somebody else's."""
        path = self._path(signature)
        _refuse_what_others_may_write(path.parent)
        stored = path.read_bytes()
        digest, content = stored[:32], stored[32:]
        if hashlib.sha256(content).digest() != digest:
            raise OSError("it is damaged")
        return content

    def load_overload(self, signature: object, target_context: Any) -> Any:
        """Kernel from the disk, or None after a word on stderr: it is compiled next."""
        try:
            content = pickle.loads(self._stored(signature))  # noqa: S301 (written by this user or root)
            return CompileResult._rebuild(target_context, *content)  # noqa: SLF001
        except Exception:  # noqa: BLE001, S110 (whatever is wrong with it, compiling mends it)
            pass
        _announce()
        _number_functions_anew()
        target_context.refresh()  # what compiling needs besides: a third of a second
        return None

    def save_overload(self, signature: object, result: Any) -> None:
        """Write the kernel; where that fails it stays compiled for this process."""
        content = dumps(result._reduce())  # noqa: SLF001
        try:
            path = self._path(signature)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_what_others_may_write(path.parent)
            _write(path, hashlib.sha256(content).digest() + content)
            _remove_old_folders(path.parent)
        except OSError as error:
            _say_not_kept(error.strerror or str(error))

    def flush(self) -> None:
        """Numba asks for this before it compiles anew."""


def _number_functions_anew() -> None:
    """Let the functions that are compiled next have numbers that no other process gives.

    Numba tells functions of one name, as closures are, apart by a number in their symbols, which each
    process counts up from 1. A process that loads what two others compiled would take their n-th functions
    for one and the same, and call the first in the place of the second.
    """
    FunctionIdentity._unique_ids = count(secrets.randbits(60))  # noqa: SLF001 (Numba has no other door)


def _refuse_what_others_may_write(place: Path) -> None:
    """Raise OSError for a folder in which somebody else could have put code."""
    if place.exists() and not is_trusted(place):
        raise OSError("others may write there")


def _remove_old_folders(current: Path) -> None:
    """Delete the folders of other versions that nothing was added to for a season."""
    for other in current.parent.glob("kernels-*"):
        with contextlib.suppress(OSError):  # another process deletes it as well
            if other != current and time.time() - other.stat().st_mtime > SECONDS_TO_KEEP:
                shutil.rmtree(other, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    """Write the file whole. Where another process was first and has it open, all is well."""
    with written_beside(path, content) as temporary:
        try:
            temporary.replace(path)
        except PermissionError:
            if not path.exists():
                raise


@cache
def _announce() -> None:
    """Say once what takes some seconds."""
    _say("compiling kernels, once; this takes some seconds")


@cache
def _say_not_kept(reason: str) -> None:
    """Say once why the next process has to compile again."""
    _say(
        f"the kernels cannot be kept in {place_of_folders()} ({reason}). "
        f"Set {FOLDER_VARIABLE} to a folder of your own that can be written."
    )


def _say(message: str) -> None:
    """One line on stderr, where there is one."""
    if sys.stderr is not None:
        print(f"chainrule: {printable(message)}", file=sys.stderr, flush=True)  # noqa: T201


def let_all_read() -> None:
    """Let other users of the machine load the kernels of the folder, where this user owns it."""
    with contextlib.suppress(OSError):
        for path in (folder(), *folder().iterdir()):
            path.chmod(path.stat().st_mode & 0o777 | (0o555 if path.is_dir() else 0o444))
