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

from chainrule import load_model
from chainrule.files.layout import FORMAT
from chainrule.tables import NumberInput

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
    "binary file": (bytes(range(256)) * 4, ["t.csv"]),
    "zip file": (b"PK\x03\x04" + bytes(40), ["t.csv"]),
    "no table": (b"Dear all,\nthis is a letter.\nNo table\n", ["no column 'species'", "Dear all,"]),
    "no header": ("\n".join([ROW] * 4).encode(), ["no column 'species'", "c1, c2, c3, c4, c5"]),
    "constant target": (
        f"{HEADER}\n{ROW}\n{ROW}\n{ROW}\n{ROW}\n".encode(),
        ["onstant target", "species", "all rows have 'setosa'"],
    ),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_table(name: str, refused: Callable[..., str]) -> None:
    content, parts = BAD_TABLES[name]
    Path("t.csv").write_bytes(content)
    message = refused("fit", "t.csv", "--target", "species", "--out", "x.safetensors")
    for part in parts:
        assert part in message


def fitted_table(*rows: str, header: str = HEADER) -> bytes:
    """Eight rows that can be learnt from, and others among them."""
    return "\n".join(
        [header, ROW, *rows, *(f"{n},{n % 4},{n % 3},1,virginica" for n in range(1, 8))]
    ).encode()


SEPAL_WIDTH = "sepal_width a number, and whether it is missing"
# What is decided, as the report has it; what must stand in the error where nothing may be decided.
MESSY: dict[str, tuple[bytes, list[str], list[str]]] = {
    "short row": (
        fitted_table("5.1,3.5,1.4"),
        [
            "9 rows, 5 columns",
            "row 2 has fewer cells than the 5 names: the rest is empty",
            "Left out 1 row: no value of the target (row 2)",
        ],
        ["Row 2 (line 3) of t.csv has 3 cells but the header has 5 columns", "--bad-rows empty"],
    ),
    "duplicate names": (
        fitted_table(header="a,a,petal_length,petal_width,species"),
        ["column 2 has the name of a column before it, 'a', and is called 'a_2'", "a_2 a number"],
        ["t.csv", "column 2 has the name of a column before it, 'a'", "is called 'a_2'"],
    ),
    "missing value": (
        fitted_table("5,NA,1,1,virginica", ROW),
        [f"{SEPAL_WIDTH}; missing in 1 training row, row 2 first: taken for the mean"],
        ["Column 'sepal_width' of t.csv", "row 2 first", "--ignore sepal_width"],
    ),
    "infinity": (
        fitted_table("5,inf,1,1,virginica", ROW),
        [f"{SEPAL_WIDTH}; missing in 1 training row, row 2 first",
         "Warning column 'sepal_width': 1 infinite number (row 2 first) read as missing"],
        ["Column 'sepal_width' of t.csv cannot be read without a guess: 1 infinite number (row 2 first)"],
    ),
    "names again": (
        fitted_table("", HEADER, ROW),
        ["11 rows", "Left out 1 row: empty (row 2)", "1 row: repeats the names (row 3)"],
        ["t.csv", "row 3 repeats the names", "Delete it."],
    ),
    "text that hardly repeats": (
        "\n".join(["name,x,species", *(f"n{i},{i * i % 7},{'ab'[i % 2]}" for i in range(80))]).encode(),
        ["name left out: text that hardly repeats (80 values in 80 training rows)"],
        ["Column 'name' of t.csv", "80 values", "--text name", "--categories name"],
    ),
    "index": (
        "\n".join(["n,x,species", *(f"{i},{i * i % 7},{'ab'[i % 2]}" for i in range(80))]).encode(),
        ["n left out: it numbers the rows"],
        ["Column 'n' of t.csv cannot be read without a guess: left out: it numbers the rows", "--inputs n"],
    ),
    "two forms of dates": (
        "\n".join(
            ["day,x,species", *(f"0{i % 9 + 1}/0{i % 7 + 1}/2024,{i % 5},{'ab'[i % 2]}" for i in range(40))]
        ).encode(),
        ["day a time and its place in the"],
        ["Column 'day' of t.csv", "--dates day:"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSY)
def test_what_is_decided_is_said_and_refused_where_nothing_may_be(
    name: str, refused: Callable[..., str], chainrule_command: Callable[..., Any]
) -> None:
    content, decided, parts = MESSY[name]
    Path("t.csv").write_bytes(content)
    fit = ("fit", "t.csv", "--target", "species", "--held-out", 0, "--hidden", 2, "--epochs", 1)
    message = refused(*fit, "--strict", "--out", "x.safetensors")
    for part in parts:
        assert part in message
    done = chainrule_command(*fit, "--out", "x.safetensors")
    assert done.code == 0, done.err
    said, shown = (
        " ".join(text.split()) for text in (done.out, chainrule_command("show", "x.safetensors").out)
    )
    for words in decided:
        assert words in said
        assert words in shown


def test_dates_are_no_guess_where_they_can_be_read_in_one_way_only(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    rows = [f"2024-01-{i + 1:02},{i % 5},{'ab'[i % 2]}" for i in range(28)]
    here.joinpath("t.csv").write_text("\n".join(["day,x,species", *rows]), encoding="utf-8")
    done = chainrule_command(
        "fit", "t.csv", "--target", "species", "--strict", "--hidden", 2, "--epochs", 1, "--held-out", 0
    )
    assert (done.code, done.err) == (0, "")
    assert "day      a time and its place in the week" in done.out


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


UNLIKE: dict[str, tuple[str, list[str], str]] = {
    "text for a number": (
        "5,wide,1,1,setosa",
        ["sepal_width", "Row 2", "'wide'", "numbers"],
        "column 'sepal_width' has 1 cell that is no number, 'wide' in row 2 first: taken for the mean",
    ),
    "missing for a number": (
        "5,,1,1,setosa",
        ["sepal_width", "row 2", "missing"],
        (
            "column 'sepal_width' has 1 cell without a value where training had none, row 2 first: "
            "taken for the mean"
        ),
    ),
    "infinity for a number": (
        "5,1e999,1,1,setosa",
        ["sepal_width", "Row 2", "1e999", "infinite"],
        "column 'sepal_width' has 1 cell that is infinite, '1e999' in row 2 first: taken for the mean",
    ),
}


@pytest.mark.parametrize("name", UNLIKE)
def test_cell_that_is_not_as_learnt_is_said_or_refused(
    name: str, refused: Callable[..., str], chainrule_command: Callable[..., Any]
) -> None:
    row, parts, words = UNLIKE[name]
    table(HEADER, ROW, row)
    message = refused("predict", "iris.safetensors", "t.csv", "--strict", "--out", "p.csv")
    for part in parts:
        assert part in message
    done = chainrule_command("predict", "iris.safetensors", "t.csv", "--json")
    assert (done.code, done.err) == (0, f"Note: {words}\n")
    found = json.loads(done.out)
    assert found["remarks"] == [words]
    encoding = load_model("iris.safetensors").table_encoding
    [learnt] = [
        one.mean for one in encoding.inputs if isinstance(one, NumberInput) and one.name == "sepal_width"
    ]
    table(HEADER, ROW, f"5,{learnt!r},1,1,setosa")
    like = json.loads(chainrule_command("predict", "iris.safetensors", "t.csv", "--json").out)
    assert like == {**found, "remarks": []}


def test_a_column_that_is_not_there_is_always_refused(refused: Callable[..., str]) -> None:
    table("sepal_length,petal_length,petal_width", "1,2,3")
    for strict in ([], ["--strict"]):
        message = refused("predict", "iris.safetensors", "t.csv", "--out", "p.csv", *strict)
        assert "sepal_width" in message


def test_category_not_seen(refused: Callable[..., str], chainrule_command: Callable[..., Any]) -> None:
    lines = Path("penguins.csv").read_text(encoding="utf-8").splitlines()
    table(lines[0], lines[1], lines[2].replace("Torgersen", "Torgerson"))
    message = refused("predict", "penguins.safetensors", "t.csv", "--strict")
    for part in ("island", "Row 2", "'Torgerson'", "Did you mean 'Torgersen'?"):
        assert part in message
    done = chainrule_command("predict", "penguins.safetensors", "t.csv")
    told = "column 'island' has 1 cell of a category not learnt, 'Torgerson' in row 2 first"
    assert (done.code, done.err) == (0, f"Note: {told}: taken for none of them\n")
    model = load_model("penguins.safetensors")
    encoding = model.table_encoding
    X = encoding.encode_inputs(model.read("t.csv"))
    of_island = [k for k, name in enumerate(encoding.input_names) if name.startswith("island=")]
    assert X[0, of_island].sum() == 1
    assert X[1, of_island].tolist() == [0, 0, 0]


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
    header["__metadata__"]["chainrule"] = json.dumps({**document, "format": FORMAT + 1})
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
        assert f"format {FORMAT + 1}" in message
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
