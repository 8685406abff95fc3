"""Where kernels are kept, by what settles their machine code, and whose folders are trusted."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from functools import cache
from itertools import chain
from pathlib import Path

import llvmlite
import numba
import platformdirs

__all__ = ["COMPLETE", "FOLDER_VARIABLE", "folder_for", "is_trusted", "place_of_folders"]

FOLDER_VARIABLE = "CHAINRULE_CACHE_DIR"
COMPLETE = "complete"  # file in a folder that has all kernels
ROOMS = ("compiled", "equations")  # sources of kernels: their constants are those of the equations
ROOT = 0


def folder_for(processor: tuple[str, str]) -> Path:
    """Folder for kernels of this version of everything; it may be deleted at any time."""
    digest = _digest_of_versions()
    name, features = processor
    digest.update(repr((name, features)).encode())
    return place_of_folders() / f"kernels-{digest.hexdigest()[:16]}"


def place_of_folders() -> Path:
    """Where the folders are."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given or platformdirs.user_cache_dir("chainrule", appauthor=False))


def _digest_of_versions() -> hashlib._Hash:
    """Begun digest of the sources, of Python, Numba and llvmlite."""
    return _of_versions().copy()


@cache
def _of_versions() -> hashlib._Hash:
    digest = hashlib.sha256()
    package = Path(__file__).parents[2]
    rooms = [sorted((package / room).rglob("*.py")) for room in ROOMS]
    if not all(rooms):
        raise OSError("the sources of the kernels are not installed, so that an upgrade would go unnoticed")
    for source in chain.from_iterable(rooms):
        digest.update(source.relative_to(package).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    python = (sys.platform, sys.version_info[:2], sysconfig.get_config_var("SOABI"))
    digest.update(repr((*python, numba.__version__, llvmlite.__version__)).encode())
    return digest


def is_trusted(place: Path) -> bool:
    """Whether nobody else could have put code into a folder that exists: it is this user's alone, or root's.

    Root's folder is as trustworthy as the program itself, where no folder above it lets others replace it.
    """
    if not hasattr(os, "geteuid"):
        return True
    about = place.stat()
    if about.st_mode & 0o022 or about.st_uid not in {ROOT, os.geteuid()}:
        return False
    return about.st_uid == os.geteuid() or all(map(_keeps_names, place.resolve().parents))


def _keeps_names(folder: Path) -> bool:
    """Whether nobody but root and this user could replace what has a name in a folder."""
    about = folder.stat()
    is_sticky = bool(about.st_mode & 0o1000)  # where each may replace what is their own alone
    return about.st_uid in {ROOT, os.geteuid()} and (is_sticky or not about.st_mode & 0o022)
