"""The command line speaks of parameters by their options, and takes no text of a user's for one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from chainrule.cli.app import app
from chainrule.cli.naming import in_options
from chainrule.errors import argument

if TYPE_CHECKING:
    from collections.abc import Callable

NO_PARAMETERS = {"as_json", "version", "help", "install_completion", "show_completion"}
MARK = argument("rate", 7)


def test_every_option_and_argument_is_known_by_the_name_of_its_parameter() -> None:
    commands: Any = typer.main.get_command(app)
    for name, command in commands.commands.items():
        whole = command.make_context(name, ["model", "table"], resilient_parsing=True).command
        for one in whole.params:
            if one.name in NO_PARAMETERS or (name == "show" and one.name in {"weights", "command"}):
                continue
            expected = one.opts[0] if one.param_type_name == "option" else one.metavar
            assert in_options(one.name) == expected, (name, one.name)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("batch_size", 32, "--batch-size 32"),
        ("rate", 5.0, "--rate 5"),
        ("ignore", ["a b", "c"], "--ignore 'a b' --ignore c"),
        ("target", "it's", """--target 'it'"'"'s'"""),
        ("classes", ["two\nlines"], r"--classes 'two\nlines'"),
        ("overwrite", True, "--force"),
        ("shuffle", False, "--no-shuffle"),
        ("table", "t.csv", "TABLE"),
        ("engine", "reference", "--engine reference"),
        ("every_seconds", 3, "every_seconds=3"),
    ],
)
def test_values_are_written_as_they_are_typed(name: str, value: object, words: str) -> None:
    assert in_options(name, value) == words


STRICT = ("fit", "t.csv", "--target", "y", "--held-out", "0", "--strict")


def _table(path: str, name: str) -> None:
    """Table with a value missing in the third row of a column, which is refused where nothing is guessed."""
    rows = [f"{'' if n == 3 else n},{n}" for n in range(1, 9)]
    Path(path).write_text("\n".join([f"{name},y", *rows]), encoding="utf-8")


@pytest.mark.parametrize("name", ["⟦rate⟧", "⟦rate=7⟧", "--force", "a but b. c"])
def test_a_column_is_called_by_its_name(name: str, here: Path, chainrule_command: Callable[..., Any]) -> None:
    assert here.is_dir()
    _table("t.csv", name)
    done = chainrule_command(*STRICT)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert (
        f"Column '{name}' of t.csv cannot be read without a guess: missing in 1 training row, row 3 first"
        in done.err
    )
    assert in_options("ignore", [name]) in done.err
    read = chainrule_command(*STRICT[:-1], "--epochs", 1)
    assert (read.code, read.err) == (0, "")
    assert f"{name}  a number, and whether it is missing" in read.out


def test_names_that_hold_a_mark_are_no_marks(here: Path, chainrule_command: Callable[..., Any]) -> None:
    name = MARK.replace('"', "").replace(", ", " ")
    _table("t.csv", name)
    messages = [
        chainrule_command(*STRICT).err,
        chainrule_command("fit", "t.csv", "--target", MARK).err,
        chainrule_command("fit", MARK, "--target", "y").err,
        chainrule_command("fit", "iris.csv", "--out", "n.st", "--target", "species", "--rate", MARK).err,
        chainrule_command("fit", "iris.csv", "--out", "n.st", "--target", "species", "--rule", MARK).err,
        chainrule_command(
            "fit", "iris.csv", "--out", "n.st", "--target", "species", "--rule", f"adam:{MARK}"
        ).err,
        chainrule_command(
            "fit", "iris.csv", "--out", "n.st", "--target", "species", "--class-weight", f"{MARK}=1"
        ).err,
        chainrule_command("fit", "iris.csv", "--target", "species", "--out", f"{MARK}/x.st").err,
        chainrule_command("show", MARK).err,
        chainrule_command("predict", "iris.safetensors", "iris.csv", "--out", f"{MARK}.json").err,
    ]
    (here / MARK).write_bytes(b"no model")
    messages.append(chainrule_command("show", MARK).err)
    for message in messages:
        assert message.startswith("Error: ")
        assert r"\ufdd0[" in message
        assert "--rate 7" not in message
        assert len(message.splitlines()) == 1


def test_advice_is_in_the_words_of_the_command_line(
    here: Path, chainrule_command: Callable[..., Any]
) -> None:
    assert here.is_dir()
    told = {
        (
            "fit",
            "iris.csv",
            "--out",
            "n.st",
        ): "Error: --target is missing. Give the column to learn, as in --target species; chainrule "
        "inspect lists all columns.",
        ("fit", "iris.csv", "--target", "species"): "Choose another name, or say --force.",
        (
            "fit",
            "iris.csv",
            "--target",
            "species",
            "--out",
            "iris.csv",
            "--force",
        ): "another name with --out.",
        (
            "trace",
            "iris.safetensors",
            "iris.csv",
            "--row",
            "151",
        ): "--row is 151 but iris.csv has rows 1 to 150. Try --row 1.",
        (
            "fit",
            "iris.csv",
            "--resume",
            "iris.safetensors",
            "--rate",
            "1",
            "--out",
            "n.st",
        ): "--rate was given with --resume, which settles it. Leave it out; only --epochs may change.",
        ("check", "iris.safetensors", "iris.csv", "--rows", "x"): "--rows is 'x' but must be a whole number. "
        "Try --rows 10.",
    }
    for typed, words in told.items():
        assert words in chainrule_command(*typed).err
