"""Unpack what is packed, to a temporary file of a stated size at most, so that no archive fills the disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pyarrow as pa

from chainrule.errors import TableError
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.sources.formats import format_of, is_known
from chainrule.tables.sources.source import BLOCK, beginning, cut_to
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chainrule.tables.sources.source import File, TemporaryFolder

__all__ = ["unpacked"]

# A text packs to a fifth, a table of few values to a fiftieth; what grows more was made to fill a disk.
MOST_GROWTH = 100
LEAST_ROOM = 10**9
MOST_LAYERS = 3  # a table in a gzip file in a zip archive has two
MOST_MEMORY = 2**29  # that unpacking xz may take

Packing: TypeAlias = Literal["gzip", "bzip2", "xz", "zstd", "zip"]
PACKINGS: tuple[tuple[bytes, Packing], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    *((b"BZh%d" % level + block, "bzip2")
      for level in range(1, 10) for block in (b"1AY&SY", b"\x17rE8P\x90")),
)  # fmt: skip
ENDINGS = frozenset({".gz", ".gzip", ".bz2", ".xz", ".zst", ".zstd", ".zip"})
PROBABLY_TABLES = (".txt", ".dat", ".data")
NOT_PART_OF_IT = ("__MACOSX/", ".")  # what systems add to an archive
ENCRYPTED = 0x1


def unpacked(file: File, folder: TemporaryFolder) -> File:
    """Return the file itself, or a temporary one of what it has packed; told by its bytes, not by its name.

    Raises
    ------
    TableError
        It is damaged, encrypted, grows too large, or holds more tables than one.
    """
    for _ in range(MOST_LAYERS):
        packing = _packing_of(file)
        if packing is None:
            return file
        file = _from_zip(file, folder) if packing == "zip" else _from_stream(file, packing, folder)
    if _packing_of(file) is not None:
        raise TableError(
            f"{file.title} is packed more than {MOST_LAYERS} times",
            needs=f"a table may be packed {MOST_LAYERS} times at most",
            advice="Unpack it first.",
        )
    return file


def _packing_of(file: File) -> Packing | None:
    head = beginning(file.path, 10)
    found = next((packing for magic, packing in PACKINGS if head.startswith(magic)), None)
    return None if found == "zip" and format_of(file) == "Excel" else found


def _from_stream(file: File, packing: Packing, folder: TemporaryFolder) -> File:
    path = Path(file.name)
    name = path.stem if path.suffix.lower() in ENDINGS else file.name
    with _reader(file.path, packing, file.title) as read:
        return replace(file, path=_unpack(read, file, folder), name=name)


def _from_zip(file: File, folder: TemporaryFolder) -> File:
    with _faults_told(file.title, "zip"), zipfile.ZipFile(file.path) as archive:
        member, is_only = _table_in(archive, file.title)
        if member.flag_bits & ENCRYPTED:
            raise TableError(
                f"{file.title} is encrypted",
                needs="a table must be readable without a password",
                advice="Unpack it first.",
            )
        with archive.open(member) as stream:
            path = _unpack(stream.read, file, folder)
    name = Path(member.filename).name
    said = Decision(f"read {shown(name)}, which the archive holds beside others", advice="Unpack another.")
    return replace(file, path=path, name=name, decisions=(*file.decisions, *(() if is_only else (said,))))


def _table_in(archive: zipfile.ZipFile, title: str) -> tuple[zipfile.ZipInfo, bool]:
    """The member that is a table, and whether there is no other member."""
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_of_the_system(one)]
    if len(members) == 1:
        return members[0], True
    surely = [one for one in members if is_known(_without_packing(one.filename))]
    probably = [one for one in members if _without_packing(one.filename).endswith(PROBABLY_TABLES)]
    tables = surely or probably
    if len(tables) == 1:
        return tables[0], False
    names = listed([one.filename for one in tables or members])
    what = counted(len(tables or members), "table" if tables else "file")
    raise TableError(
        f"{title} holds {what} ({names})" if members else f"{title} is an empty archive",
        needs="an archive must hold one table",
        advice="Unpack it, and give the path of one.",
    )


def _is_of_the_system(member: zipfile.ZipInfo) -> bool:
    path = Path(member.filename)
    return member.filename.startswith(NOT_PART_OF_IT[0]) or path.name.startswith(NOT_PART_OF_IT[1])


def _without_packing(name: str) -> str:
    path = Path(name.lower())
    return path.stem if path.suffix in ENDINGS else path.name


def _unpack(read: Callable[[int], bytes], file: File, folder: TemporaryFolder) -> Path:
    """Write what comes out to a new file, unless it is more than may come out of this one."""
    most = max(LEAST_ROOM, MOST_GROWTH * file.path.stat().st_size)
    target = folder.new_file()
    if not cut_to(read, target, most):
        raise TableError(
            f"{file.title} grows to more than {most // 10**6} MB when it is unpacked",
            needs=f"it may grow to {MOST_GROWTH} times its size, or to {LEAST_ROOM // 10**6} MB",
            advice="If it is what it should be, unpack it first.",
        )
    return target


@contextmanager
def _reader(path: Path, packing: Packing, title: str) -> Iterator[Callable[[int], bytes]]:
    """Give the function that reads so many bytes of what is packed."""
    with _faults_told(title, packing):
        if packing == "gzip":
            with gzip.open(path) as unpacking:
                yield unpacking.read
        elif packing == "bzip2":
            with bz2.open(path) as unpacking_bz2:
                yield unpacking_bz2.read
        elif packing == "zstd":
            with pa.input_stream(str(path), compression="zstd") as stream:
                yield stream.read
        else:
            with path.open("rb") as file:
                blocks = _xz_blocks(file.read)
                yield lambda _: next(blocks, b"")


def _xz_blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Unpack xz streams, one behind another, in blocks; none takes more memory than is stated."""
    packed = read(BLOCK)
    while packed:
        unpacking = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY)
        while not unpacking.eof:
            if unpacking.needs_input and not packed:
                packed = read(BLOCK)
                if not packed:
                    raise EOFError
            block = unpacking.decompress(packed, BLOCK)
            packed = b""
            if block:
                yield block
        packed = unpacking.unused_data.lstrip(b"\0") or read(BLOCK).lstrip(b"\0")


@contextmanager
def _faults_told(title: str, packing: Packing) -> Iterator[None]:
    """Make one error of all that unpackers raise; one of a full disk is told as that."""
    try:
        yield
    except (
        EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
        pa.ArrowException, NotImplementedError, RuntimeError, ValueError,
    ) as error:  # fmt: skip
        if isinstance(error, TableError):  # which is a ValueError
            raise
        raise _damaged(title, packing) from error
    except OSError as error:
        if error.errno is not None:
            raise TableError(
                f"{title} cannot be unpacked: {error.strerror}.",
                needs="must be unpacked to a temporary file",
                advice="Make room in the folder for temporary files, or unpack it first.",
            ) from error
        raise _damaged(title, packing) from error


def _damaged(title: str, packing: Packing) -> TableError:
    return TableError(
        f"{title} is packed with {packing} but cannot be unpacked: it is cut short or damaged, or made in a "
        "way that is not known.",
        needs="must be a whole file",
        advice="Download it again, or unpack it first.",
    )
