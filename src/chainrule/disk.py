"""Write a file whole or not at all, and replace nothing that was not meant.

A name that a user gives may be a link, which is followed. A name that the program makes itself is one that
nothing has, and what it wrote there is replaced or removed only while it still is what it wrote.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import stat
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import OutputError, argument
from chainrule.interrupts import put_off
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

try:
    import fcntl
except ImportError:  # not on Windows, where what a kill leaves stays
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "OwnFile", "check_writable", "is_device", "write_file", "written_beside", "written_somewhere",
]  # fmt: skip

TEMPORARY = ".chainrule"  # how the name ends that a file has while it is being written
SECONDS_OF_A_WRITER = 60  # after which one that holds no lock was killed


def write_file(path: str | os.PathLike[str], content: bytes, *, overwrite: bool = True) -> None:
    """Write `content` to `path`; whatever goes wrong, what stood there before stays as it was.

    Raises
    ------
    OutputError
        The place cannot be written, or a file stands there and `overwrite` is False.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(pathlib.Path(folder, "a.txt"), b"hello")
    ...     pathlib.Path(folder, "a.txt").read_bytes()
    b'hello'
    """
    try:
        # A link is followed, so that the file behind it is replaced and not the link.
        target = Path(os.path.realpath(path))
        if is_device(target):
            _write_to_device(target, content)
        else:
            with put_off():
                _replace(target, content, overwrite=overwrite)
    except FileExistsError as error:
        raise _exists(path) from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte in it
        raise _failure(path, error) from error


def check_writable(path: str | os.PathLike[str], *, overwrite: bool) -> None:
    """Find out before a long computation whether its result could be written; nothing is changed.

    Raises
    ------
    OutputError
        As `write_file` would, as far as that can be known.
    """
    try:
        with put_off():
            _check(Path(os.path.realpath(path)), overwrite=overwrite)
    except FileExistsError as error:
        raise _exists(path) from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte in it
        raise _failure(path, error) from error


def is_device(path: str | os.PathLike[str]) -> bool:
    """Whether something stands there that is neither a file nor a folder: a pipe, a terminal, a device."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _free_name(path: Path) -> Path:
    """The path, or the first one with a number that nothing has, not even a link that leads nowhere."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(2))
    return next(one for one in itertools.chain([path], numbered) if not os.path.lexists(one))


class OwnFile:
    """A file of the program's own: under a free name, and only as long as it is what was written there.

    Parameters
    ----------
    path : Path
        The name that it has where that is free.
    replaces : bool
        Whether what stands there is of the program's own, too: an earlier state that was taken over.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "state.st")
    ...     path.write_bytes(b"another's")
    ...     own = OwnFile(path)
    ...     own.write(b"ours")
    ...     own.path.name, own.remove(), path.read_bytes()
    9
    ('state-2.st', True, b"another's")
    """

    def __init__(self, path: Path, *, replaces: bool = False) -> None:
        self._asked = path
        self._written: tuple[int, ...] | None = None
        with contextlib.suppress(OSError):
            self._written = _told_apart(path) if replaces else None
        self.path = _free_name(path) if self._written is None else path

    @property
    def is_left(self) -> bool:
        """Whether what was written may still be there: it was not removed, or nobody can tell."""
        return self._written is not None

    def _is_there(self) -> bool:
        """Whether what was written there last still is."""
        for _ in range(2):  # the first fault may pass
            try:
                return self._written is not None and _told_apart(self.path) == self._written
            except FileNotFoundError:
                return False
            except OSError:
                continue
        return False

    def write(self, content: bytes) -> None:
        """Write, or replace what was written; under another name where something else has come there.

        Raises
        ------
        OutputError
            The place cannot be written.
        """
        try:
            with put_off():
                if not self._is_there():
                    self.path, self._written = _free_name(self._asked), None
                _check_folder(self.path)
                with written_beside(self.path, content) as temporary:
                    temporary.chmod(_mode_of(self.path))
                    written = _told_apart(temporary)
                    if self._written is None:
                        _link_or_rename(temporary, self.path)
                    else:
                        temporary.replace(self.path)
                    self._written = written  # it has the same, whatever its name
        except (OSError, ValueError) as error:
            raise _failure(self.path, error) from error

    def remove(self) -> bool:
        """Remove what was written, where it still is that; whether it was removed."""
        for _ in range(2):
            try:
                is_ours = self._written is not None and _told_apart(self.path) == self._written
                if is_ours:
                    self.path.unlink()
                self._written = None
            except FileNotFoundError:
                self._written = None
            except OSError:
                continue
            else:
                return is_ours
        return False


def written_somewhere(content: bytes, path: Path) -> Path | None:
    """Write what has no place where it should stand under a free name near it, or wherever there is room.

    Where that was: beside it, in the working folder, in the user's, in the one for temporary files; None
    where nothing can be written anywhere.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.st")
    ...     path.touch()
    ...     written_somewhere(b"content", path).name
    'net-2.st'
    """
    places: tuple[Callable[[], Path], ...] = (path.parent.joinpath, Path.cwd, Path.home, _temporary_folder)
    for folder in places:
        with contextlib.suppress(OutputError, OSError, RuntimeError):  # there may be no such folder
            own = OwnFile(folder() / path.name)
            own.write(content)
            return own.path
    return None


def _temporary_folder() -> Path:
    return Path(tempfile.gettempdir())


def _told_apart(path: Path) -> tuple[int, ...]:
    """What tells a file from another one of its name."""
    found = path.lstat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


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


def _check(target: Path, *, overwrite: bool) -> None:
    """Raise the OSError that writing would raise, as far as that can be known."""
    _check_folder(target)
    if not target.exists():
        with written_beside(target, b""):
            pass
    elif target.is_file() and not overwrite:
        raise FileExistsError


def _check_folder(target: Path) -> None:
    """Raise an OSError where no file of this name can be."""
    if target.is_dir():
        raise IsADirectoryError("it is a directory")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent}")


def _replace(target: Path, content: bytes, *, overwrite: bool) -> None:
    """Write beside the target, then let the new file take its place in one step."""
    _check_folder(target)
    with written_beside(target, content) as temporary:
        temporary.chmod(_mode_of(target))
        if overwrite:
            temporary.replace(target)
        else:
            _link_or_rename(temporary, target)


def _link_or_rename(temporary: Path, target: Path) -> None:
    """Give the file its name unless that is taken: in one step where the file system has links."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError as error:
        if target.exists():
            raise FileExistsError from error
        temporary.replace(target)


def _write_to_device(target: Path, content: bytes) -> None:
    """Write to a pipe or a device, which cannot be replaced."""
    with target.open("wb", buffering=0) as device:
        rest = memoryview(content)
        while rest:
            rest = rest[device.write(rest) :]


def _mode_of(target: Path) -> int:
    """Permissions of the file that stands there, or those that a new file gets."""
    if target.exists():
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _exists(path: str | os.PathLike[str]) -> OutputError:
    """Error for a file that stands in the way."""
    return OutputError(
        f"{printable(str(path))} exists already",
        parameter="path",
        given=path,
        needs="is not to be overwritten",
        advice=f"Choose another name, or say {argument('overwrite', True)}.",  # noqa: FBT003
    )


def _failure(path: str | os.PathLike[str], error: OSError | ValueError) -> OutputError:
    """Error for a file that cannot be written."""
    reason = printable(getattr(error, "strerror", None) or str(error))
    return OutputError(
        f"{printable(str(path))} cannot be written: {reason}. Nothing was written there.",
        parameter="path",
        given=path,
        needs="must be a place that can be written to",
        advice="Choose another place, or make room for it.",
    )
