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
import os
import pickle
import secrets
import shutil
import sys
import sysconfig
import time
from functools import cache
from itertools import chain, count
from pathlib import Path
from typing import Any

import llvmlite
import numba
import platformdirs
from numba.core.bytecode import FunctionIdentity
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from chainrule.compiled.machine.target import processor_features, processor_name
from chainrule.temporary import written_beside
from chainrule.words import printable

__all__ = ["FOLDER_VARIABLE", "KernelFiles", "folder"]

FOLDER_VARIABLE = "CHAINRULE_CACHE_DIR"
ROOMS = ("compiled", "equations")  # sources of kernels: their constants are those of the equations
SECONDS_TO_KEEP = 90 * 24 * 3600


@cache
def folder() -> Path:
    """Folder for kernels of this version of everything; it may be deleted at any time."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[2]
    rooms = [sorted((package / room).rglob("*.py")) for room in ROOMS]
    if not all(rooms):
        raise OSError("the sources of the kernels are not installed, so that an upgrade would go unnoticed")
    for source in chain.from_iterable(rooms):
        digest.update(source.relative_to(package).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    python = (sys.platform, sys.version_info[:2], sysconfig.get_config_var("SOABI"))
    about = (*python, numba.__version__, llvmlite.__version__)
    digest.update(repr((about, processor_name(), processor_features())).encode())
    return _place() / f"kernels-{digest.hexdigest()[:16]}"


def _place() -> Path:
    """Where the folders are."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given or platformdirs.user_cache_dir("chainrule", appauthor=False))


class KernelFiles:
    """What a dispatcher asks of its cache."""

    def __init__(self, kernel: str) -> None:
        self.kernel = kernel
        self.cache_path = ""

    def _path(self, signature: object) -> Path:
        digest = hashlib.sha256(str(signature).encode()).hexdigest()[:16]
        return folder() / f"{self.kernel}-{digest}"

    def has(self, signature: object) -> bool:
        """Whether the disk has, by its name, the kernel for these types of arguments."""
        try:
            return self._path(signature).exists()
        except OSError:
            return False

    def load_overload(self, signature: object, target_context: Any) -> Any:
        """Kernel from the disk, or None after a word on stderr: it is compiled next."""
        try:
            path = self._path(signature)
            _refuse_what_others_may_write(path.parent)
            stored = path.read_bytes()
            digest, content = stored[:32], stored[32:]
            if hashlib.sha256(content).digest() == digest:
                return CompileResult._rebuild(target_context, *pickle.loads(content))  # noqa: S301, SLF001
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
    if hasattr(os, "geteuid") and place.exists():
        about = place.stat()
        if about.st_uid != os.geteuid() or about.st_mode & 0o022:
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
        f"the kernels cannot be kept in {_place()} ({reason}). "
        f"Set {FOLDER_VARIABLE} to a folder of your own that can be written."
    )


def _say(message: str) -> None:
    """One line on stderr, where there is one."""
    if sys.stderr is not None:
        print(f"chainrule: {printable(message)}", file=sys.stderr, flush=True)  # noqa: T201
