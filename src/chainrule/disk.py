"""Write a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.errors import OutputError, argument
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["check_writable", "write_file", "written_beside"]


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
        if target.exists() and not target.is_file() and not target.is_dir():
            _write_to_device(target, content)
        else:
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
        _check(Path(os.path.realpath(path)), overwrite=overwrite)
    except FileExistsError as error:
        raise _exists(path) from error
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte in it
        raise _failure(path, error) from error


@contextmanager
def written_beside(target: Path, content: bytes) -> Iterator[Path]:
    """Keep the content under another name in the target's folder, on the disk; only its owner may read it.

    Whoever asks for it renames it to the target in one step. What is not renamed is gone at the end.

    Raises
    ------
    OSError
        It cannot be written there.
    """
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if content:  # an attempt has nothing to keep
                os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


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
