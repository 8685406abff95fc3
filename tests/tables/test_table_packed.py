"""What is packed is unpacked, by its bytes, within bounds, and leaves nothing behind."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from table_files import cells, refusal, written

from chainrule.tables import read_table
from chainrule.tables.sources import packed, reading, source

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = b"a,b\n1,2\n"
WORKBOOK = Path(__file__).with_name("workbooks") / "island.xls"


def zipped(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def as_parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": ["1"], "b": ["2"]}), buffer)
    return buffer.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "zip": lambda content: zipped(("t.csv", content)),
    "zip of bzip2": lambda content: zipped(("t.csv", content), compression=zipfile.ZIP_BZIP2),
    "gzip of zip": lambda content: gzip.compress(zipped(("folder/t.csv", content))),
    "two streams of gzip": lambda content: gzip.compress(content[:3]) + gzip.compress(content[3:]),
    "two streams of xz": lambda content: lzma.compress(content[:3]) + bytes(8) + lzma.compress(content[3:]),
    "two streams of zstd": lambda content: zstd(content[:3]) + zstd(content[3:]),
    "two streams of bzip2": lambda content: bz2.compress(content[:3]) + bz2.compress(content[3:]),
}


@pytest.fixture(autouse=True)
def folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own, to see that nothing is left in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv", "t"])
def test_whatever_its_name(tmp_path: Path, packing: str, name: str, folder_for_temporary_files: Path) -> None:
    table = read_table(written(tmp_path, PACKINGS[packing](TEXT), name), strict=True)
    assert cells(table) == [["1", "2"]]
    assert table.title == name
    assert table.decisions == ()
    assert list(folder_for_temporary_files.iterdir()) == []


@pytest.mark.parametrize("name", ["t.jsonl.gz", "t.parquet.gz", "t.xls.gz", "t.arff.gz"])
def test_every_kind_of_table_may_be_packed(tmp_path: Path, name: str) -> None:
    content = {
        "t.jsonl.gz": b'{"a": 1, "b": 2}',
        "t.parquet.gz": as_parquet(),
        "t.xls.gz": WORKBOOK.read_bytes(),
        "t.arff.gz": b"@relation t\n@attribute a string\n@attribute b string\n@data\n1,2\n",
    }[name]
    table = read_table(written(tmp_path, gzip.compress(content), name), strict=True)
    assert table.n_rows == 3 if "xls" in name else cells(table) == [["1", "2"]]
    assert table.decisions == ()


def test_the_only_table_of_an_archive(tmp_path: Path) -> None:
    for others in ([("README.txt", b"x")], [("LICENSE", b"x"), ("__MACOSX/t.csv", b"x"), (".x.csv", b"y")]):
        path = written(tmp_path, zipped(*others, ("data/t.csv", TEXT)), "t.zip")
        table = read_table(path)
        assert cells(table) == [["1", "2"]]
        assert table.remarks == ("read 't.csv', which the archive holds beside others",)
        assert "cannot be read without a guess" in refusal(lambda path=path: read_table(path, strict=True))  # type: ignore[misc]
    alone = written(
        tmp_path, zipped(("__MACOSX/._t.csv", b"x"), ("data/", b""), ("data/t.csv", TEXT)), "t.zip"
    )
    assert read_table(alone, strict=True).decisions == ()
    probable = written(tmp_path, zipped(("iris.data", TEXT), ("iris.names", b"x")), "t.zip")
    assert cells(read_table(probable)) == [["1", "2"]]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            [("a.csv", TEXT), ("b.csv", TEXT)],
            "t.zip holds 2 tables ('a.csv', 'b.csv') but an archive must hold one",
        ),
        ([("a.csv.gz", TEXT), ("b.xlsx", TEXT)], "t.zip holds 2 tables ('a.csv.gz', 'b.xlsx') but"),
        ([("a", TEXT), ("b", TEXT)], "t.zip holds 2 files ('a', 'b') but an archive must hold one table."),
        ([], "t.zip is an empty archive but an archive must hold one table."),
    ],
)
def test_archives_without_one_table(tmp_path: Path, members: list[tuple[str, bytes]], says: str) -> None:
    assert refusal(lambda: read_table(written(tmp_path, zipped(*members), "t.zip"))).startswith(says)


def test_an_encrypted_archive(tmp_path: Path) -> None:
    content = bytearray(zipped(("t.csv", TEXT)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    message = refusal(lambda: read_table(written(tmp_path, bytes(content), "t.zip")))
    assert message == ("t.zip is encrypted but a table must be readable without a password. Unpack it first.")


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd", "zip"])
def test_damaged_archives(tmp_path: Path, packing: str, folder_for_temporary_files: Path) -> None:
    whole = PACKINGS[packing](b"".join(b"%d,%d\n" % (one, one * one) for one in range(3000)))
    wrong = bytearray(whole)
    wrong[len(wrong) // 2] ^= 0xFF
    # Arrow writes zstd without a checksum, as zstd itself does not.
    for content in (whole[: len(whole) // 2], *([] if packing == "zstd" else [bytes(wrong)])):
        message = refusal(lambda content=content: read_table(written(tmp_path, content, "t.csv.gz")))  # type: ignore[misc]
        assert message.startswith(
            f"t.csv.gz is packed with {packing} but cannot be unpacked: it is cut short or"
        )
    assert list(folder_for_temporary_files.iterdir()) == []


@pytest.mark.parametrize("packing", ["gzip", "bzip2", "xz", "zstd", "zip of bzip2"])
def test_an_archive_that_grows_without_end(
    tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch, folder_for_temporary_files: Path
) -> None:
    monkeypatch.setattr(packed, "LEAST_ROOM", 2 * 10**6)
    monkeypatch.setattr(packed, "MOST_GROWTH", 10)
    path = written(tmp_path, PACKINGS[packing](bytes(2**24)), "t.csv.gz")
    largest = 0
    copy = source.cut_to

    def copied(read: Callable[[int], bytes], target: Path, most: int | None = None) -> bool:
        nonlocal largest
        is_all = copy(read, target, most)
        largest = max(largest, target.stat().st_size)
        return is_all

    monkeypatch.setattr(packed, "cut_to", copied)
    assert refusal(lambda: read_table(path)) == (
        "t.csv.gz grows to more than 2 MB when it is unpacked but it may grow to 10 times its size, or to 2 "
        "MB. If it is what it should be, unpack it first."
    )
    assert largest <= 2 * 10**6
    assert list(folder_for_temporary_files.iterdir()) == []


def test_packed_again_and_again(tmp_path: Path) -> None:
    layers = list(
        itertools.accumulate([gzip.compress] * 4, lambda content, pack: pack(content), initial=TEXT)
    )
    assert cells(read_table(written(tmp_path, layers[3], "t.gz"))) == [["1", "2"]]
    message = refusal(lambda: read_table(written(tmp_path, layers[4], "t.gz")))
    assert message.startswith("t.gz is packed more than 3 times but")


def test_xz_that_would_take_gigabytes_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_MEMORY", 2**20)
    message = refusal(lambda: read_table(written(tmp_path, lzma.compress(TEXT), "t.xz")))
    assert message.startswith("t.xz is packed with xz but cannot be unpacked")


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packed, "cut_to", full)
    message = refusal(lambda: read_table(written(tmp_path, gzip.compress(TEXT), "t.gz")))
    assert message.startswith("t.gz cannot be unpacked: No space left on device. Make room in the folder")


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_nothing_is_left_where_reading_ends_early(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    folder_for_temporary_files: Path,
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        assert len(list(folder_for_temporary_files.iterdir())) == 1
        raise error

    monkeypatch.setattr(reading, "read_delimited", interrupted)
    with pytest.raises(error):
        read_table(written(tmp_path, gzip.compress(TEXT), "t.gz"))
    assert list(folder_for_temporary_files.iterdir()) == []


def test_a_text_that_begins_as_a_bzip2_file_does(tmp_path: Path) -> None:
    assert cells(read_table(written(tmp_path, b"BZh1,b\nx,2\n"))) == [["x", "2"]]
