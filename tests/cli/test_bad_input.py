"""Bad input gives one message that says what, where and what to do, exit code 2, and loses nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("one_database")

IRIS = Path(__file__).parents[2] / "examples" / "iris.csv"
HEADER = "sepal_length,sepal_width,petal_length,petal_width,species"
ROW = "5.1,3.5,1.4,0.2,setosa"


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def refused(here: Path, chainrule_command: Callable[..., Any]) -> Callable[..., str]:
    """Run a command that must be refused, and give its message."""

    def run(*arguments: object) -> str:
        before = contents(here)
        done = chainrule_command(*arguments)
        assert done.code == 2, (done.out, done.err)
        assert done.out == ""
        assert contents(here) == before
        message = str(done.err)
        errors = [line for line in message.splitlines() if not line.startswith("Note: ")]
        assert len(errors) == 1, message
        assert re.fullmatch(r"Error: \S.*\.", errors[0]), errors[0]
        return errors[0]

    return run


def table(*lines: str) -> None:
    Path("t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_missing_table(refused: Callable[..., str]) -> None:
    message = refused("fit", "iriss.csv", "--target", "species")
    assert "iriss.csv" in message
    assert "iris.csv" in message.replace("iriss.csv", "")


def test_directory_for_a_table(refused: Callable[..., str]) -> None:
    Path("folder").mkdir()
    assert "folder" in refused("fit", "folder", "--target", "species", "--out", "x.safetensors")


BAD_TABLES: dict[str, tuple[bytes, list[str]]] = {
    "empty file": (b"", ["t.csv", "empty"]),
    "blanks only": (b" \n \n", ["t.csv"]),
    "header only": (f"{HEADER}\n".encode(), ["no rows"]),
    "one row": (f"{HEADER}\n{ROW}\n".encode(), ["row"]),
    "ragged row": (
        f"{HEADER}\n{ROW}\n5.1,3.5,1.4\n{ROW}\n".encode(),
        ["Row 2", "line 3", "3 cells", "5 columns"],
    ),
    "binary file": (bytes(range(256)) * 4, ["t.csv"]),
    "zip file": (b"PK\x03\x04" + bytes(40), ["t.csv"]),
    "no delimiter": (b"Dear all,\nthis is a letter.\nNo table\n", ["delimiter"]),
    "duplicate names": (b"a,a,species\n1,2,x\n3,4,y\n1,2,x\n2,5,y\n", ["'a'", "1, 2"]),
    "no header": ("\n".join([ROW] * 4).encode(), ["5.1", "names"]),
    "missing value": (
        f"{HEADER}\n{ROW}\n5,NA,1,1,virginica\n{ROW}\n6,3,1,2,virginica\n".encode(),
        ["sepal_width", "row 2", "missing"],
    ),
    "infinity": (
        f"{HEADER}\n{ROW}\n{ROW}\n5,inf,1,1,virginica\n6,3,1,2,virginica\n".encode(),
        ["sepal_width", "Row 3", "inf"],
    ),
    "constant target": (f"{HEADER}\n{ROW}\n{ROW}\n{ROW}\n{ROW}\n".encode(), ["onstant target", "species"]),
    "dates": (
        b"day,x,species\n2024-01-01,1,a\n2024-01-02,2,b\n2024-01-03,3,a\n2024-01-04,4,b\n",
        ["day", "Row 1", "2024-01-01", "--ignore day"],
    ),
    "too many categories": (
        "\n".join(["name,x,species", *(f"n{i},{i % 7},{'ab'[i % 2]}" for i in range(80))]).encode(),
        ["name", "80", "50", "--ignore name"],
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_table(name: str, refused: Callable[..., str]) -> None:
    content, parts = BAD_TABLES[name]
    Path("t.csv").write_bytes(content)
    message = refused("fit", "t.csv", "--target", "species", "--out", "x.safetensors")
    for part in parts:
        assert part in message


def test_unknown_target(refused: Callable[..., str]) -> None:
    message = refused("fit", "iris.csv", "--target", "specis", "--out", "x.safetensors")
    assert "'specis'" in message
    assert "Did you mean 'species'?" in message


SETTINGS = [
    ("--hidden", "0"), ("--hidden", "8,0"), ("--hidden", "-3"), ("--hidden", "eight"), ("--hidden", "8.5"),
    ("--rate", "-1"), ("--rate", "0"), ("--rate", "nan"), ("--rate", "inf"),
    ("--rate", "fast"), ("--epochs", "1.5"), ("--epochs", "many"), ("--seed", "x"), ("--held-out", "0,2"),
    ("--epochs", "0"), ("--epochs", "-1"), ("--batch-size", "0"),
    ("--loss-goal", "-1"), ("--loss-goal", "nan"),
    ("--held-out", "1"), ("--held-out", "-0.1"), ("--held-out", "nan"), ("--held-out", "2"),
    ("--seed", "-1"), ("--seed", str(2**64)),
]  # fmt: skip


@pytest.mark.usefixtures("tables_read_once")
@pytest.mark.parametrize(("option", "value"), SETTINGS)
def test_setting_out_of_range(option: str, value: str, refused: Callable[..., str]) -> None:
    message = refused("fit", "iris.csv", "--target", "species", "--out", "x.safetensors", option, value)
    words = option.strip("-").replace("-", "_")
    assert words in message.replace("-", "_")
    assert "must" in message


def test_target_in_two_roles(refused: Callable[..., str]) -> None:
    message = refused(
        "fit", "iris.csv", "--target", "species", "--ignore", "species", "--out", "x.safetensors"
    )
    assert "species" in message


@pytest.mark.usefixtures("tables_read_once")
@pytest.mark.parametrize("out", ["missing/x.safetensors", ".", "iris.csv/x.safetensors"])
def test_output_that_cannot_be(out: str, refused: Callable[..., str]) -> None:
    assert out in refused("fit", "iris.csv", "--target", "species", "--out", out)


def test_existing_files_stay(refused: Callable[..., str]) -> None:
    Path("p.csv").write_text("mine", encoding="utf-8")
    assert "--force" in refused("fit", "iris.csv", "--target", "species")
    assert "--force" in refused("predict", "iris.safetensors", "iris.csv", "--out", "p.csv")


def test_force_overwrites(here: Path, chainrule_command: Callable[..., Any]) -> None:
    before = contents(here)
    done = chainrule_command("fit", "iris.csv", "--target", "species", "--epochs", 1, "--force")
    assert done.code == 0
    after = contents(here)
    assert {name for name in after if after[name] != before.get(name)} == {"iris.safetensors"}


def test_disk_full(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    message = refused("fit", "iris.csv", "--target", "species", "--epochs", 1, "--out", "x.safetensors")
    assert "No space left" in message
    assert "x.safetensors" in message
    assert "No space left" in refused("predict", "iris.safetensors", "iris.csv", "--out", "p.csv")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_device(refused: Callable[..., str]) -> None:
    assert "/dev/full" in refused("predict", "iris.safetensors", "iris.csv", "--out", "/dev/full")


def test_predictions_are_csv(refused: Callable[..., str]) -> None:
    assert "p.csv" in refused("predict", "iris.safetensors", "iris.csv", "--out", "p.parquet")


BAD_ROWS: dict[str, tuple[list[str], list[str]]] = {
    "text for a number": ([HEADER, ROW, "5,wide,1,1,setosa"], ["sepal_width", "Row 2", "'wide'"]),
    "missing for a number": ([HEADER, ROW, "5,,1,1,setosa"], ["sepal_width", "row 2"]),
    "infinity for a number": ([HEADER, ROW, "5,1e999,1,1,setosa"], ["sepal_width", "Row 2", "1e999"]),
    "a column missing": (["sepal_length,petal_length,petal_width", "1,2,3"], ["sepal_width"]),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_row_that_the_model_has_not_learnt(name: str, refused: Callable[..., str]) -> None:
    lines, parts = BAD_ROWS[name]
    table(*lines)
    message = refused("predict", "iris.safetensors", "t.csv", "--out", "p.csv")
    for part in parts:
        assert part in message


def test_category_not_seen(refused: Callable[..., str]) -> None:
    lines = Path("penguins.csv").read_text(encoding="utf-8").splitlines()
    table(lines[0], lines[1], lines[2].replace("Torgersen", "Torgerson"))
    message = refused("predict", "penguins.safetensors", "t.csv")
    for part in ("island", "Row 2", "'Torgerson'", "Torgersen"):
        assert part in message


def test_class_not_seen(refused: Callable[..., str]) -> None:
    table(HEADER, ROW, ROW.replace("setosa", "setossa"))
    message = refused("score", "iris.safetensors", "t.csv")
    for part in ("species", "Row 2", "'setossa'", "setosa"):
        assert part in message


def newer_format(content: bytes) -> bytes:
    """The same file as a version of the future would write it."""
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    document = json.loads(header["__metadata__"]["chainrule"])
    header["__metadata__"]["chainrule"] = json.dumps({**document, "format": 3})
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "one byte short": lambda content: content[:-1],
    "one byte more": lambda content: content + b"\0",
    "bit flipped in a weight": lambda content: content[:-5] + bytes([content[-5] ^ 4]) + content[-4:],
    "huge header length": lambda content: struct.pack("<Q", 2**62) + content[8:],
    "newer format": newer_format,
    "not a model": lambda _: b"hello, I am a text\n" * 50,
    "a table": lambda _: IRIS.read_bytes(),
}


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.parametrize("command", ["predict", "score", "show", "trace", "check"])
def test_damaged_model(name: str, command: str, refused: Callable[..., str]) -> None:
    damaged = DAMAGE[name](Path("iris.safetensors").read_bytes())
    Path("bad.safetensors").write_bytes(damaged)
    message = refused(command, "bad.safetensors", *([] if command == "show" else ["iris.csv"]))
    assert message.count("bad.safetensors") == 1
    if name == "newer format":
        assert "format 3" in message
        assert "Upgrade" in message


def test_missing_model(refused: Callable[..., str]) -> None:
    assert "no.safetensors" in refused("show", "no.safetensors")


def test_model_for_a_table(refused: Callable[..., str]) -> None:
    assert "iris.safetensors" in refused("predict", "iris.safetensors", "iris.safetensors")


@pytest.mark.usefixtures("tables_read_once")
def test_rows_that_do_not_exist(refused: Callable[..., str]) -> None:
    for row in (0, -1, 151):
        assert "1 to 150" in refused("trace", "iris.safetensors", "iris.csv", "--row", row)


@pytest.mark.usefixtures("tables_read_once")
@pytest.mark.parametrize(
    ("command", "option", "value"),
    [("trace", "--digits", 0), ("trace", "--digits", 18), ("trace", "--units", 0), ("trace", "--rate", -1),
     ("check", "--rows", 0), ("check", "--weights", 0), ("check", "--seed", -1)],
)  # fmt: skip
def test_options_of_inspection(command: str, option: str, value: int, refused: Callable[..., str]) -> None:
    assert str(value) in refused(command, "iris.safetensors", "iris.csv", option, value)


def test_unknown_command_and_option(here: Path, chainrule_command: Callable[..., Any]) -> None:
    before = contents(here)
    for arguments in (["fitt"], ["fit", "iris.csv", "--targt", "species"], ["fit", "iris.csv"], ["predict"]):
        done = chainrule_command(*arguments)
        assert done.code == 2
        assert "Traceback" not in done.err
    assert contents(here) == before


def test_as_a_process_there_is_no_traceback(here: Path) -> None:
    command = shutil.which("chainrule") or str(Path(sys.executable).with_name("chainrule"))
    done = subprocess.run(
        [command, "fit", "none.csv", "--target", "x"], capture_output=True, text=True, check=False, cwd=here
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1
