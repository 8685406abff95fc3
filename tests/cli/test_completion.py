"""Shells complete options, names, models, and the columns of the table that stands in the line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chainrule.cli.options import SETTINGS, _names
from chainrule.cli.terminal.completion import columns_of_table, models, one_of
from chainrule.equations import ACTIVATIONS, LOSSES, RULES, SCHEDULES

IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `chainrule` in the path, and tables and models to complete."""
    examples = Path(__file__).parents[2] / "examples"
    for name in ("iris.csv", "flats.csv"):
        shutil.copy(examples / name, tmp_path)
    for name in ("iris.safetensors", "other.st", "a b.safetensors", "notes.txt"):
        tmp_path.joinpath(name).touch()
    tmp_path.joinpath("bin").mkdir()
    script = tmp_path / "bin" / "chainrule"
    main = "import sys; sys.argv[0] = 'chainrule'; from chainrule.cli import main; main()"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{main}" "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(script.parent), prepend=":")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setenv("COMP_WORDS", line)


def test_columns_of_the_table_in_the_line(command: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert command.is_dir()
    typed(monkeypatch, "chainrule fit iris.csv --target ")
    assert columns_of_table("") == IRIS
    assert columns_of_table("se") == IRIS[:2]
    assert columns_of_table("species,pe") == ["species,petal_length", "species,petal_width"]
    typed(monkeypatch, "chainrule fit flats.csv --target ")  # with lines above the header, and odd names
    names = [
        "No",
        "offer",
        "postcode",
        "area",
        "rooms",
        "built",
        "7",
        "heating",
        "balcony",
        "remarks",
        "rent",
    ]
    assert columns_of_table("") == names
    typed(monkeypatch, "chainrule fit 'flats.csv --target ")
    assert columns_of_table("") == []
    for line in ("chainrule fit ", "chainrule fit missing.csv ", "chainrule fit iris.safetensors ", ""):
        typed(monkeypatch, line)
        assert columns_of_table("") == []


@pytest.mark.parametrize("content", [b"", b"\0\1\2,\0", b"one\ntwo\n", b"\xff\xfe,", b",,,\n,,,\n"])
def test_what_is_no_table_at_a_glance_offers_nothing_odd(
    content: bytes, command: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.joinpath("x.csv").write_bytes(content)
    typed(monkeypatch, "chainrule fit x.csv --target ")
    assert all(name.isprintable() for name in columns_of_table(""))


def test_nothing_is_offered_that_a_shell_would_run(command: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = 'x\\,"y; touch pwned",$(touch pwned),`touch pwned`,ok,it\'s,-a,b c,d:e,größe'
    command.joinpath("evil.csv").write_text(f"{header}\n1,2,3,4,5,6,7,8,9,10\n", encoding="utf-8")
    typed(monkeypatch, "chainrule fit evil.csv --target ")
    assert columns_of_table("") == ["1", "2", "3", "4", "ok", "6", "7", "8", "9", "größe"]
    command.joinpath("$(touch pwned).st").touch()
    assert models("") == ["iris.safetensors", "other.st"]
    assert models(f"{command}/ir") == [f"{command}/iris.safetensors"]
    assert models("missing/") == models("no") == []


def test_names_are_those_of_the_definitions() -> None:
    for name, kind in (("loss", LOSSES), ("rule", RULES), ("schedule", SCHEDULES), ("output", ACTIVATIONS)):
        assert set(_names(SETTINGS[name])) == set(kind)
    assert _names(SETTINGS["effort"]) == ["quick", "normal", "best"]
    assert _names(SETTINGS["dtype"]) == ["float64", "float32"]
    assert one_of(["adam", "adamw", "rmsprop"])("ad") == ["adam", "adamw"]


LINES = {
    "chainrule sc": ["score"],
    "chainrule fit iris.csv --target ": sorted(IRIS),
    "chainrule show ir": ["iris.safetensors"],
}
SOME = ["chainrule fit iris.csv --target ", "chainrule show ir"]


def ran(shell: str, script: str, folder: Path) -> str:
    """What a script of a shell prints."""
    options = {"bash": ["--norc"], "fish": ["--no-config"], "zsh": ["-f"]}
    path = shutil.which(shell)
    assert path is not None
    done = subprocess.run(
        [path, *options[shell], "-c", script], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.stderr == ""
    return done.stdout


def test_bash_completes(command: Path) -> None:
    empty = " ''"
    asked = "".join(
        f"COMP_WORDS=({line}{empty * line.endswith(' ')}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        "_chainrule_completion chainrule; echo ${COMPREPLY[@]}\n"
        for line in LINES
    )
    script = f'eval "$(_CHAINRULE_COMPLETE=source_bash chainrule)"\n{asked}complete -p chainrule\n'
    *offered, registered = ran("bash", script, command).splitlines()
    assert [sorted(line.split()) for line in offered] == list(LINES.values())
    assert registered == "complete -o default -F _chainrule_completion chainrule"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes(command: Path) -> None:
    asked = "".join(f"complete -C '{line}' | cut -f1 | sort | string join ' '\n" for line in SOME)
    script = f"_CHAINRULE_COMPLETE=source_fish chainrule | source\n{asked}"
    assert [line.split() for line in ran("fish", script, command).splitlines()] == [
        LINES[line] for line in SOME
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_what_zsh_evaluates_offers_the_columns(command: Path) -> None:
    script = (
        "_arguments() { print -r -- $@ }\n"
        'eval $(_TYPER_COMPLETE_ARGS="chainrule fit iris.csv --target " '
        "_CHAINRULE_COMPLETE=complete_zsh chainrule)\n"
    )
    offered = ran("zsh", script, command).strip()
    assert offered.startswith("*: :((")
    assert all(f'"{name}"' in offered for name in IRIS)
