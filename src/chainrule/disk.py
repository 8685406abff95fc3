"""Write a file whole or not at all, and replace nothing that was not meant.

Where a user names the place of a result, a link is followed, unless it leads round to itself. A name that the
program makes itself is one that nothing has, not even a link, and what it wrote there is replaced or removed
only while it still is what it wrote.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import OutputError, argument
from chainrule.interrupts import interruptible, put_off
from chainrule.temporary import written_beside
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "OwnFile", "check_writable", "is_device", "named_after", "write_file", "written_files",
    "written_somewhere",
]  # fmt: skip

LONGEST_NAME = 255  # bytes, of nearly every file system

_accounts: list[list[Path]] = []


@contextmanager
def written_files() -> Iterator[list[Path]]:
    """Every file that gets its name while this is open: for who must not say that there is none.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder, written_files() as written:
    ...     write_file(pathlib.Path(folder, "a.txt"), b"hello")
    ...     [path.name for path in written]
    ['a.txt']
    """
    _accounts.append([])
    try:
        yield _accounts[-1]
    finally:
        _accounts.pop()


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
        if is_device(path):
            with interruptible():
                _write_to_device(Path(path), content)
        else:
            with put_off():
                _replace(_behind_links(path), content, overwrite=overwrite)
                _tell(Path(path))
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
            if not is_device(path):
                _check(_behind_links(path), overwrite=overwrite)
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


def _behind_links(path: str | os.PathLike[str]) -> Path:
    """The file that a name leads to, so that no link is replaced; OSError where links lead round."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def named_after(path: Path, ending: str) -> Path:
    """Name of a file beside another one: its stem with an ending, cut where no file system would take it.

    Examples
    --------
    >>> str(named_after(Path("models/iris.st"), ".checkpoint"))
    'models/iris.checkpoint.st'
    >>> len(named_after(Path("é" * 126 + ".st"), ".checkpoint").name.encode())
    254
    """
    stem, end = os.fsencode(path.stem), f"{ending}{path.suffix}"
    room = max(LONGEST_NAME - len(os.fsencode(end)), 1)
    cut = path.stem if len(stem) <= room else stem[:room].decode(errors="ignore")
    return path.with_name(f"{cut}{end}")


def _free_name(path: Path) -> Path:
    """The path, or the first one with a number that nothing has, not even a link that leads nowhere."""
    numbered = (named_after(path, f"-{number}") for number in itertools.count(2))
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
                    _tell(self.path)
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

    Where that was: beside it, unless that is a place of devices, in the working folder, in the user's, in the
    one for temporary files; None where nothing can be written anywhere.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.st")
    ...     path.touch()
    ...     written_somewhere(b"content", path).name
    'net-2.st'
    """
    places = (path.parent.joinpath, Path.cwd, Path.home, lambda: Path(tempfile.gettempdir()))
    for folder in places[is_device(path) :]:
        with contextlib.suppress(OutputError, OSError, RuntimeError):  # there may be no such folder
            own = OwnFile(folder() / path.name)
            own.write(content)
            return own.path
    return None


def _told_apart(path: Path) -> tuple[int, ...]:
    """What tells a file from another one of its name."""
    found = path.lstat()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


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


def _tell(path: Path) -> None:
    """Let who keeps an account of written files know of one."""
    for account in _accounts:
        if path not in account:
            account.append(path)


def _write_to_device(target: Path, content: bytes) -> None:
    """Write to a pipe or a device, which cannot be replaced."""
    with (
        contextlib.suppress(BrokenPipeError),
        target.open("wb", buffering=0) as device,
    ):  # a reader had enough
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
    left = "It may have got a part." if is_device(path) else "Nothing was written there."
    return OutputError(
        f"{printable(str(path))} cannot be written: {reason}. {left}",
        parameter="path",
        given=path,
        needs="must be a place that can be written to",
        advice="Choose another place, or make room for it.",
    )
