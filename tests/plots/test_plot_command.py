"""`--plot`: whole pictures of what was asked for, and every fault before the work begins."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import matplotlib as mpl
import pytest

from chainrule.errors import OutputError
from chainrule.plots import door
from command_line import run_command

if TYPE_CHECKING:
    from pathlib import Path

    from forks import Forks

FIT = ("fit", "iris.csv", "--target", "species", "--hidden", 3, "--epochs", 5, "--out", "new.st")
pytestmark = pytest.mark.usefixtures("tables_read_once")


def test_each_command_draws(here: Path) -> None:
    for command, name, kind in (
        (FIT, "fit.svg", b"<?xml"),
        (("score", "iris.safetensors", "iris.csv"), "score.png", b"\x89PNG"),
        (("show", "iris.safetensors"), "show.pdf", b"%PDF"),
    ):
        done = run_command(*command, "--plot", name)
        assert done.code == 0, done.err
        assert done.out.splitlines()[-1].split() == ["Plot", name]
        assert here.joinpath(name).read_bytes().startswith(kind)
    found = ET.fromstring(here.joinpath("fit.svg").read_text(encoding="utf-8"))  # noqa: S314 (our own)
    assert found.tag.endswith("svg")


def test_the_summary_as_json_says_where_it_is(here: Path) -> None:
    done = run_command("score", "iris.safetensors", "iris.csv", "--plot", "a.SVG", "--json")
    assert json.loads(done.out)["plot"] == "a.SVG"
    assert here.joinpath("a.SVG").exists()
    assert "plot" not in json.loads(run_command("show", "iris.safetensors", "--json").out)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.jpg", "--plot is 'a.jpg' but must end in one of .svg, .png, .pdf. Try --plot a.svg."),
        ("a", "--plot is 'a' but must end in one of .svg, .png, .pdf. Try --plot a.svg."),
        (".png", "--plot is '.png' but must end in one of .svg, .png, .pdf. Try --plot picture.svg."),
        ("there.svg", "there.svg exists already but is not to be overwritten"),
        ("missing/a.svg", "missing/a.svg cannot be written"),
        ("", "--plot is '' but must be the name of a file"),
    ],
)
def test_what_cannot_be_drawn_is_said_before_the_work(here: Path, name: str, words: str) -> None:
    here.joinpath("there.svg").write_text("mine", encoding="utf-8")
    before = sorted(here.iterdir())
    for command in (FIT, ("show", "iris.safetensors")):
        done = run_command(*command, "--plot", name)
        assert (done.code, done.out) == (2, "")
        assert words in done.err
    assert sorted(here.iterdir()) == before
    assert here.joinpath("there.svg").read_text(encoding="utf-8") == "mine"


def test_force_replaces_a_picture(here: Path) -> None:
    here.joinpath("there.svg").write_text("mine", encoding="utf-8")
    assert run_command("show", "iris.safetensors", "--plot", "there.svg", "--force").code == 0
    assert here.joinpath("there.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_a_picture_takes_the_place_of_no_other_file_of_the_command(here: Path) -> None:
    here.joinpath("iris.csv").rename(here / "table.svg")
    done = run_command("score", "iris.safetensors", "table.svg", "--plot", "table.svg", "--force")
    assert done.code == 2
    assert "table.svg is the table itself, which would be lost" in done.err
    done = run_command("fit", "table.svg", "--target", "species", "--out", "m.svg", "--plot", "m.svg")
    assert "m.svg is the model itself" in done.err


def test_faults_are_said_together(here: Path) -> None:
    done = run_command(*FIT, "--rate", "x", "--plot", "a.jpg")
    assert done.err.startswith("Error: There are 2 faults. (1) --rate is 'x'")
    assert "(2) --plot is 'a.jpg'" in done.err
    assert not here.joinpath("new.st").exists()


COMMANDS = {
    "fit": (FIT, "Saved     new.st"),
    "score": (("score", "iris.safetensors", "iris.csv"), "Score of iris.safetensors"),
    "show": (("show", "iris.safetensors"), "Model     iris.safetensors"),
}


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_picture_that_finds_no_place_costs_no_result(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: tuple[str, ...]
) -> None:
    def full(path: Path, *_: object, **__: object) -> None:
        raise OutputError(f"{path} cannot be written: no space.", needs="room", advice="Make room.")

    monkeypatch.setattr("chainrule.cli.plots.write_file", full)
    command, words = COMMANDS[name]
    done = run_command(*command, "--plot", "a.svg", *options)
    assert done.code == 2
    assert done.err.endswith("Error: a.svg cannot be written: no space. Make room.\n")
    assert "cannot be printed" not in done.err
    assert here.joinpath("new.st").exists() == (name == "fit")
    assert not here.joinpath("a.svg").exists()
    assert "plot" not in json.loads(done.out) if options else words in done.out


NO_PLACE = """
import chainrule.cli.plots, chainrule.errors
def full(path, *_, **__):
    words = f"{path} cannot be written: no space."
    raise chainrule.errors.OutputError(words, needs="room", advice="Make room.")
chainrule.cli.plots.write_file = full
"""


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_has_had_enough_costs_no_picture_and_hides_no_fault_of_it(
    here: Path, forks: Forks, name: str, options: tuple[str, ...]
) -> None:
    for script, code in (("", 0), (NO_PLACE, 2)):
        reader, writer = os.pipe()
        os.close(reader)
        command = [*COMMANDS[name][0], "--plot", f"{code}.svg", "--force", *options]
        done = forks.run(*map(str, command), script=script, stdout=writer)
        os.close(writer)
        assert done.code == code, done.err
        assert here.joinpath(f"{code}.svg").exists() == (code == 0)
        assert ("2.svg cannot be written: no space." in done.err) == (code == 2)


def test_without_matplotlib_nothing_is_trained(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "find_spec", lambda _: None)
    done = run_command(*FIT, "--plot", "a.svg")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "pip install 'chainrule[plot]'" in done.err
    assert not here.joinpath("new.st").exists()


def test_a_link_to_the_table_is_the_table(here: Path) -> None:
    content = here.joinpath("iris.csv").read_bytes()
    here.joinpath("picture.png").symlink_to("iris.csv")
    done = run_command("score", "iris.safetensors", "iris.csv", "--plot", "picture.png", "--force")
    assert done.code == 2
    assert "picture.png is the table itself, which would be lost" in done.err
    assert here.joinpath("iris.csv").read_bytes() == content


def test_no_latex_is_needed_whatever_the_settings_of_matplotlib_say(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(mpl.rcParams, "text.usetex", not mpl.rcParamsDefault["text.usetex"])
    monkeypatch.setenv("PATH", str(here))  # which has no latex
    done = run_command("score", "iris.safetensors", "iris.csv", "--plot", "picture.png")
    assert done.code == 0, done.err
    assert here.joinpath("picture.png").is_file()
