"""A text is decoded as what it is, said where that was a guess, and nothing of it is lost in silence."""

from __future__ import annotations

import codecs
from pathlib import Path  # noqa: TC003 - pytest looks at the annotations

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from table_files import cells, read, refusal, written

from chainrule.tables import read_table
from chainrule.tables.columns.layout import Given, Layout
from chainrule.tables.sources import encodings, source

TEXT = "name,x\nÅrhus,1\nKøln,2\n"
ROWS = [["Århus", "1"], ["Køln", "2"]]
RUSSIAN = "город,x\nюг,1\nЯлта,2\n"  # noqa: RUF001 (of another alphabet)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_a_byte_order_mark_says(tmp_path: Path, encoding: str) -> None:
    table = read_table(written(tmp_path, TEXT.encode(encoding)), strict=True)
    assert cells(table) == ROWS
    assert table.remarks == ((f"decoded as {encoding.upper()}",) if encoding in {"utf-16", "utf-32"} else ())


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [TEXT, "a\n1\n", RUSSIAN, "城市,x\n北京,1\n上海,2\n"])
def test_what_zero_bytes_say(tmp_path: Path, encoding: str, text: str) -> None:
    table = read(tmp_path, text.encode(encoding))
    assert [list(table.names), *cells(table)] == [line.split(",") for line in text.splitlines()]
    assert table.remarks[0] == f"decoded as {encoding.upper()}, as its zero bytes say"
    assert table.decisions[0].is_guess


def test_windows_1252(tmp_path: Path) -> None:
    table = read(tmp_path, TEXT.encode("cp1252"))
    assert cells(table) == ROWS
    (said,) = table.decisions
    assert said.words == "decoded as Windows-1252, because line 2 is not UTF-8"
    assert said.is_guess
    assert not said.is_warning
    assert table.layout is not None
    assert table.layout.encoding == "cp1252"


def test_a_few_bytes_that_windows_1252_does_not_define(tmp_path: Path) -> None:
    text = "name,x\n" + "Køln,2\n" * 200
    table = read(tmp_path, text.encode("cp1252") + b"a\x81,1\n")
    assert cells(table)[-1] == ["a\N{REPLACEMENT CHARACTER}", "1"]
    (said,) = table.decisions
    assert said.words == (
        "decoded as Windows-1252, in which 1 byte cannot be decoded (line 202): replaced by "
        "'\N{REPLACEMENT CHARACTER}'"
    )
    assert said.is_warning


def test_utf8_with_a_few_other_bytes(tmp_path: Path) -> None:
    content = TEXT.encode() + b"K\xf6ln,3\n" + b"good,4\n" + "é".encode() * 9 + b",5\n" + b"\xe9\xff,6\n" * 3
    table = read(tmp_path, content)
    mark = "\N{REPLACEMENT CHARACTER}"
    assert cells(table) == [
        *ROWS,
        [f"K{mark}ln", "3"],
        ["good", "4"],
        ["é" * 9, "5"],
        *([[mark * 2, "6"]] * 3),
    ]
    (said,) = table.decisions
    assert said.words == (
        "decoded as UTF-8, in which 7 bytes cannot be decoded (first in lines 4, 7 and 8): replaced by "
        f"{mark!r}"
    )
    assert said.is_warning
    assert said.is_guess


def test_a_mark_whose_encoding_has_faults(tmp_path: Path) -> None:
    table = read(tmp_path, codecs.BOM_UTF16_LE + f"{TEXT}x,".encode("utf-16-le") + b"a")
    assert cells(table)[:2] == ROWS
    assert "decoded as UTF-16-LE, in which 1 byte cannot be decoded (line 4): replaced" in table.remarks[0]
    table = read(tmp_path, codecs.BOM_UTF8 + TEXT.encode() + b"\xe9,1\n")
    assert table.names == ("name", "x")
    assert "decoded as UTF-8, in which 1 byte cannot be decoded (line 4): replaced" in table.remarks[0]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", RUSSIAN),
        ("shift_jis", "都市,x\n東京,1\n大阪,2\n"),
        ("gb18030", "城市,x\n北京,1\n上海,2\n"),
        ("latin-1", TEXT),
        ("utf-16", TEXT),
        ("UTF8", TEXT),
        ("utf-8-sig", TEXT),
        ("cp037", TEXT),
        ("utf-7", TEXT),
    ],
)
def test_an_encoding_that_is_named(tmp_path: Path, encoding: str, text: str) -> None:
    path = written(tmp_path, text.encode(encoding))
    table = read_table(path, encoding=encoding, strict=True)
    assert [list(table.names), *cells(table)] == [line.split(",") for line in text.splitlines()]
    assert table.decisions == ()


def test_a_name_that_does_not_fit(tmp_path: Path) -> None:
    path = written(tmp_path, TEXT.encode("cp1252"))
    table = read_table(path, encoding="utf-8")
    assert cells(table)[0] == ["\N{REPLACEMENT CHARACTER}rhus", "1"]
    assert table.remarks[0].startswith("decoded as UTF-8, in which 2 bytes cannot be decoded (lines 2 and 3)")
    assert "cannot be read without a guess" in refusal(
        lambda: read_table(path, encoding="utf-8", strict=True)
    )
    binary = written(tmp_path, b"a,b\n1,\0\n")
    assert "is a binary file" in refusal(lambda: read_table(binary, encoding="cp1252"))


def test_text_in_an_encoding_that_must_be_named(tmp_path: Path) -> None:
    message = refusal(lambda: read(tmp_path, "都市,x\n大阪,1\n".encode("shift_jis")))
    assert message.startswith("t.csv is neither UTF-8 nor Windows-1252 (byte ")
    assert message.endswith("Name it, as in encoding='shift_jis', or save the file as UTF-8.")


def test_the_encoding_that_a_model_learnt_is_tried_first(tmp_path: Path) -> None:
    path = written(tmp_path, RUSSIAN.encode("cp1251"))
    layout = Layout(delimiter=",", encoding="cp1251", names=("город", "x"))
    table = read_table(path, layout=layout)
    assert cells(table)[0] == ["юг", "1"]
    assert table.decisions == ()
    in_utf8 = written(tmp_path, RUSSIAN)
    assert cells(read_table(in_utf8, layout=layout))[0] == ["юг", "1"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
def test_blocks_may_end_anywhere(tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (encodings, source):
        monkeypatch.setattr(module, "BLOCK", size)
    assert cells(read(tmp_path, TEXT)) == ROWS
    assert cells(read(tmp_path, TEXT.encode("cp1252"))) == ROWS
    assert "because line 2 is" in read(tmp_path, TEXT.encode("cp1252")).remarks[0]
    assert cells(read(tmp_path, TEXT.encode("utf-16"))) == ROWS
    table = read(tmp_path, TEXT.encode() + "é".encode() * 3 + b"\xff,1\n")
    assert "(line 4)" in table.remarks[0]


def test_the_parts_of_a_character_must_stand_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (encodings, source):
        monkeypatch.setattr(module, "BLOCK", 1)
    table = read(tmp_path, b"name,x\n\xc3,\xa9\nb,c\n")
    assert cells(table)[0] == ["Ã", "©"]


def test_zero_bytes_anywhere_are_no_text(tmp_path: Path) -> None:
    text = b"@relation t\n@attribute a string\n@data\n" + b"x\n" * 2**20 + b"\0\n"
    assert "is a binary file (it has zero bytes)" in refusal(lambda: read(tmp_path, text, "t.arff"))


def test_a_character_that_is_cut_off_at_the_end(tmp_path: Path) -> None:
    table = read(tmp_path, TEXT.encode() + "x,é".encode()[:-1])
    assert cells(table)[-1] == ["x", "\N{REPLACEMENT CHARACTER}"]


@drawn(
    text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32", "cp1252", "shift_jis"]),
)
def test_the_text_is_what_python_decodes(
    text: str, encoding: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = f"x{text}".encode(encoding, errors="ignore").decode(encoding)
    path = written(tmp_path_factory.mktemp("text"), text.encode(encoding))
    file = source.File(path, path.name, path.name)
    with source.TemporaryFolder() as folder:
        found = encodings.as_utf8(file, Given(encoding=encoding), None, folder)
        assert found.file.path.read_bytes().decode("utf-8-sig") == text
        assert found.file.decisions == ()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "idna", "punycode"])
def test_text_that_is_not_in_the_encoding_that_was_given(encoding: str, tmp_path: Path) -> None:
    path = written(tmp_path, "x,é\n1,2\n".encode())
    message = refusal(lambda: read_table(path, encoding=encoding))
    assert message.startswith(f"t.csv is not in {encoding.upper()}: ")
    assert message.endswith("Leave the encoding out, and it is found.")
