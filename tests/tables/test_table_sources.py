"""What is no table, is refused in a sentence that says what it is and what to do."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from table_files import cells, read, refusal, written

from chainrule.errors import InputError
from chainrule.tables import as_table, read_table


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "t.csv is empty but a table needs at least one row."),
        (b" \n\t\n\n", "t.csv has only blank lines"),
        (b"\xef\xbb\xbf", "t.csv has only blank lines"),
        (b"\xff\xfe", "t.csv has only blank lines"),
        (b"\x89PNG\r\n\x1a\n", "t.csv is a PNG image"),
        (b"PAR1....", "t.csv is a Parquet file but cannot be read"),
        (b'\x10\x00\x00\x00\x00\x00\x00\x00{"a":1}', "t.csv is a safetensors file, such as a model"),
        (b"a,b\n1,\x00\n", "t.csv is a binary file (it has zero bytes)"),
        (b"a,b\n1," + b"x" * 2**21 + b"\x00\n", "t.csv is a binary file (it has zero bytes)"),
        (b"a,b\n1,\x81\xff\n", "t.csv is neither UTF-8 nor Windows-1252 (byte 7)"),
        (b"<!DOCTYPE html>\n<html>", "t.csv is a web page but a table is needed."),
        (b" <table><tr><td>1</td></tr></table>", "t.csv is a web page but a table is needed."),
        (b"<?xml version='1.0'?><Workbook/>", "t.csv is an XML document but a table is needed."),
        (b"7z\xbc\xaf\x27\x1c", "t.csv is a 7z archive"),
        (b"\0" * 257 + b"ustar\x0000", "t.csv is a tar archive"),
        (b"$FL2@(#) IBM SPSS", "t.csv is an SPSS file"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, says: str) -> None:
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
    def forbidden(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    path = written(tmp_path, "a,b\n1,2\n")
    monkeypatch.setattr(Path, "open", forbidden)
    assert "cannot be read: Permission denied" in refusal(lambda: read_table(path))


@pytest.mark.parametrize("path", ["", "  ", "a\0b", "x" * 5000, b"t.csv"])
def test_what_is_no_path(path: object) -> None:
    message = refusal(lambda: read_table(path))
    assert "is no path of a file" in message or "was given but a table is" in message


@pytest.mark.parametrize("path", ["x" * 300, "a/" * 1000])
def test_a_path_too_long_for_the_system(path: str) -> None:
    message = refusal(lambda: read_table(path))
    assert "cannot be read: " in message or "There is no file" in message


@pytest.mark.parametrize("source", [None, 3, [], [[1, 2]], [{"a": 1}, 2], np.zeros((2, 2))])
def test_what_is_neither_path_nor_frame(source: object) -> None:
    assert "was given but a table is the path of a file, or a data frame" in refusal(
        lambda: read_table(source)
    )


def test_a_file_name_cannot_harm_the_terminal(tmp_path: Path) -> None:
    message = refusal(lambda: read(tmp_path, "", "a\x1b[31m\n.csv"))
    assert message.startswith("a\\x1b[31m\\n.csv is empty")


def test_quoted_cells_are_short_and_escaped(tmp_path: Path) -> None:
    path = written(tmp_path, f"a,b\n1,2\n\x1b[31m{'x' * 100}\n")
    message = refusal(lambda: read_table(path, bad_rows="fail"))
    assert message.endswith(f"It reads '\\x1b[31m{'x' * 34}…'.")


@pytest.mark.parametrize("name", ["t.parquet", "t.xlsx", "t.feather", "t.json", "t.arff.csv"])
def test_text_by_any_other_name_is_delimited_text(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, "a,b\n1,2\n", name)
    assert cells(table) == [["1", "2"]]
    suffix = Path(name).suffix
    said = [f"read as delimited text, which it is, although its name ends in {suffix}"]
    assert list(table.remarks) == (said if suffix != ".csv" else [])
    assert all(one.is_guess for one in table.decisions)


@pytest.mark.parametrize("content", ["PAR1", "PAR1" + "x" * 100 + "PAR1", "PARE...."])
def test_damaged_parquet(tmp_path: Path, content: str) -> None:
    assert refusal(lambda: read(tmp_path, content, "t.parquet")) == (
        "t.parquet is a Parquet file but cannot be read: it is cut short, damaged or encrypted. "
        "Save or download it again."
    )


@pytest.mark.parametrize("content", [b"FEA1....", b"ARROW1..", b"\xff\xff\xff\xff\x10\0\0\0", b"ORC\0...."])
def test_other_damaged_files(tmp_path: Path, content: bytes) -> None:
    message = refusal(lambda: read(tmp_path, content, "t.csv"))
    assert message.endswith(
        "but cannot be read: it is cut short, damaged or encrypted. Save or download it again."
    )


def test_a_text_that_begins_as_an_orc_file_does(tmp_path: Path) -> None:
    assert cells(read(tmp_path, "ORC,rank\nx,1\ny,2\n")) == [["x", "1"], ["y", "2"]]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"a,b\n1,2\n",))
    writer.start()
    table = read_table(pipe)
    writer.join()
    assert cells(table) == [["1", "2"]]
    assert table.title == "pipe"


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="this system has no such device")
def test_the_standard_input_by_its_path() -> None:
    code = "from chainrule.tables import read_table; print(read_table('/dev/stdin'))"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, input="a,b\n1,2\n", capture_output=True, text=True, check=True).stdout
    assert said == "Table(stdin, 1 row, columns 'a', 'b')\n"


def test_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n")))
    table = read_table("-")
    assert cells(table) == [["1", "2"]]
    assert table.title == "the standard input"
    assert refusal(lambda: read_table("-")).startswith("the standard input is empty")


def test_no_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert refusal(lambda: read_table("-")).startswith("the standard input is no file or pipe.")


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"encoding": "utf-9"}, "There is no encoding 'utf-9'."),
    ({"encoding": "hex"}, "There is no encoding 'hex'."),
    ({"encoding": "windows1252 "}, "Did you mean 'windows-1252'?"),
    ({"encoding": 8}, "encoding is 8 but must be the name of an encoding."),
    ({"delimiter": ",,"}, "delimiter is ',,' but must be one character"),
    ({"delimiter": '"'}, "delimiter is '\"' but must be one character"),
    ({"delimiter": 3}, "delimiter is 3 but must be one character"),
    ({"decimal": ";"}, "decimal is ';' but must be '.' or ','."),
    ({"names": ["a", " a"]}, "names has 'a' 2 times but every name must be there once."),
    ({"names": "a"}, "names is 'a' but must be a list of names"),
    ({"names": []}, "names is [] but must be a list of names"),
    ({"names": ["a", ""]}, "names is ['a', ''] but must be a list of names"),
    ({"names": 3}, "names is 3 but must be a list of names"),
    ({"header": "no"}, "header is 'no' but must be True or False."),
    ({"strict": "no"}, "strict is 'no' but must be True or False."),
    ({"bad_rows": "emty"}, "Did you mean 'empty'?"),
    ({"sheet": 0}, "sheet is 0 but must be the name of a sheet, or its number from 1."),
    ({"sheet": ""}, "sheet is '' but must be the name of a sheet, or its number from 1."),
    ({"sheet": True}, "sheet is True but must be the name of a sheet, or its number from 1."),
    ({"sheet": "x"}, "sheet is 'x' but delimited text has no sheets."),
]


@pytest.mark.parametrize(("options", "says"), OPTIONS)
def test_options_that_are_none(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    path = written(tmp_path, "a,b\n1,2\n")
    with pytest.raises(InputError) as caught:
        read_table(path, **options)
    assert says in str(caught.value)
    assert caught.value.parameter in options


@pytest.mark.parametrize(
    "option", [{"header": True}, {"delimiter": ","}, {"encoding": "utf-8"}, {"sheet": 1}]
)
def test_options_that_have_no_meaning_for_a_frame(option: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="but a data frame has no ") as caught:
        read_table({"a": [1]}, **option)
    assert caught.value.parameter in option


def test_names_in_place_of_those_of_the_source(tmp_path: Path) -> None:
    assert read_table({"a": [1], "b": [2]}, names=["x", "y"]).names == ("x", "y")
    json = written(tmp_path, '{"a": 1}\n', "t.jsonl")
    assert read_table(json, names=["x"]).names == ("x",)
    with pytest.raises(InputError, match="names has 2 names but t"):
        read_table(json, names=["x", "y"])


def test_a_table_takes_no_options() -> None:
    table = read_table({"a": [1]})
    assert as_table(table) is table
    assert as_table(table, header=None, strict=False) is table
    with pytest.raises(InputError, match="delimiter is ';' but cannot be given for a Table"):
        as_table(table, "table", delimiter=";")


def test_nothing_is_guessed_where_that_is_asked(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n", "t.parquet")
    assert refusal(lambda: read_table(path, strict=True)) == (
        "t.parquet cannot be read without a guess: read as delimited text, which it is, although its name "
        "ends in .parquet. Give the file the ending of what it is."
    )
    table = read_table(path)
    assert "cannot be read without a guess" in refusal(lambda: as_table(table, strict=True))
    assert read_table(written(tmp_path, "a,b\n1,2\n"), strict=True).n_rows == 1
