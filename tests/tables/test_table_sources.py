"""What is no table, is refused in a sentence that says what it is and what to do."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from table_files import read, refusal, written

from chainrule.tables import read_table


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "t.csv is empty but a table needs a line of names and at least one row below."),
        (b" \n\t\n\n", "t.csv has only blank lines"),
        (b"\xef\xbb\xbf", "t.csv has only blank lines"),
        (
            gzip.compress(b"a,b\n1,2\n", mtime=0),
            "t.csv is compressed with gzip but a table is text. Unpack it first.",
        ),
        (zipped(), "t.csv is a zip file or an Excel workbook but a table is text. Unpack it first, or save"),
        (b"\x89PNG\r\n\x1a\n", "t.csv is a PNG image"),
        (b"PAR1....", "t.csv is a Parquet file but a table is text. Let its name end in .parquet."),
        (b'\x10\x00\x00\x00\x00\x00\x00\x00{"a":1}', "t.csv is a safetensors file, such as a model"),
        (b"a,b\n1,\x00\n", "t.csv is a binary file (it has zero bytes)"),
        ("a,b\n1,2\n".encode("utf-16-le"), "t.csv is a binary file (it has zero bytes)"),
        (b"a,b\n1,\x81\xff\n", "t.csv is neither UTF-8 nor Windows-1252 (byte 7)"),
        (b"\xff\xfea", "t.csv is no UTF-16-LE (byte 1)"),
        (b"<!DOCTYPE html>\n<html>", "t.csv is a web page but a table is needed."),
    ],
)
def test_what_is_no_text_table(tmp_path: Path, content: bytes, says: str) -> None:
    assert refusal(lambda: read(tmp_path, content)).startswith(says)


def test_a_missing_file_with_a_similar_one(tmp_path: Path) -> None:
    written(tmp_path, "a,b\n1,2\n", "iris.csv")
    message = refusal(lambda: read_table(tmp_path / "irs.csv"))
    assert message.startswith("There is no file ")
    assert f"Did you mean {str(tmp_path / 'iris.csv')!r}?" in message


def test_a_missing_file_in_a_missing_folder() -> None:
    assert refusal(lambda: read_table("no/such/file.csv")).startswith("There is no file 'no/such/file.csv'.")


@pytest.mark.parametrize("address", ["http://x.org/t.csv", "https://x.org/t.parquet", "s3://bucket/t.csv"])
def test_an_address_is_not_opened(address: str) -> None:
    for source in (address, Path(address)):
        assert refusal(lambda source=source: read_table(source)) == (  # type: ignore[misc]
            f"{address!r} is an address but a table is a file on this computer: addresses are not opened. "
            "Download the table, and give the path of the file."
        )


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder but a table is one file" in refusal(lambda: read_table(tmp_path))


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="this system has no devices")
def test_a_device() -> None:
    assert "is a device but a table is a file" in refusal(lambda: read_table("/dev/null"))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    path = written(tmp_path, "a,b\n1,2\n")
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    assert "cannot be read: Permission denied" in refusal(lambda: read_table(path))


@pytest.mark.parametrize("path", ["", "  ", "a\0b", "x" * 5000, b"t.csv"])
def test_what_is_no_path(path: object) -> None:
    message = refusal(lambda: read_table(path))
    assert "is no path of a file" in message or "was given but a table is" in message


@pytest.mark.parametrize("path", ["x" * 300, "a/" * 1000])
def test_a_path_too_long_for_the_system(path: str) -> None:
    message = refusal(lambda: read_table(path))
    assert "cannot be read: " in message or "There is no file" in message


@pytest.mark.parametrize("source", [None, 3, [[1, 2]], {"a": [1]}, np.zeros((2, 2))])
def test_what_is_neither_path_nor_frame(source: object) -> None:
    assert "was given but a table is the path of a file, or a data frame" in refusal(
        lambda: read_table(source)
    )


def test_a_file_name_cannot_harm_the_terminal(tmp_path: Path) -> None:
    message = refusal(lambda: read(tmp_path, "", "a\x1b[31m\n.csv"))
    assert message.startswith("a\\x1b[31m\\n.csv is empty")


def test_quoted_cells_are_short_and_escaped(tmp_path: Path) -> None:
    message = refusal(lambda: read(tmp_path, f"a,b\n1,2\n\x1b[31m{'x' * 100}\n"))
    assert message.endswith(f"It reads '\\x1b[31m{'x' * 34}…'.")


def test_text_that_is_called_parquet(tmp_path: Path) -> None:
    assert refusal(lambda: read(tmp_path, "a,b\n1,2\n", "t.parquet")) == (
        "t.parquet is no Parquet file although it is called one. If it is text, let its name end in .csv, or "
        "in .jsonl for JSON lines; else save the table as Parquet again."
    )


@pytest.mark.parametrize("content", ["PAR1", "PAR1" + "x" * 100 + "PAR1", "PARE...."])
def test_damaged_parquet(tmp_path: Path, content: str) -> None:
    assert refusal(lambda: read(tmp_path, content, "t.parquet")) == (
        "t.parquet is a Parquet file but cannot be read: it is cut short, damaged or encrypted. "
        "Save or download it again."
    )


def test_text_by_any_other_name_is_delimited_text(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2\n", "t.feather").names == ("a", "b")
    assert refusal(lambda: read(tmp_path, b"FEA1....", "t.feather")).startswith("t.feather is a Feather file")
