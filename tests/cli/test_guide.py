"""What "From a raw file to an answer" and "Getting started" show beyond what `tests/test_guides.py` runs."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from guides import commands_of, is_shown, printed_by

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
GUIDE = ROOT.joinpath("docs/from-a-raw-file.md").read_text(encoding="utf-8")
COMMANDS = commands_of(GUIDE)


def test_the_notes_exclusive_or_prints_what_is_shown(
    tmp_path: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    started = ROOT.joinpath("docs/getting-started.md").read_text(encoding="utf-8")
    [(typed, shown)] = [one for one in commands_of(started) if one.typed.startswith("chainrule fit")]
    printed = printed_by(typed)
    assert is_shown(shown, printed), printed.out
    as_numbers = chainrule_command(*shlex.split(typed)[1:], "--numbers", "y", "--out", "numbers.st")
    assert as_numbers.code == 0
    predicted = chainrule_command("predict", "numbers.st", "examples/exclusive-or.csv").out.split()
    assert [round(float(number), 3) for number in predicted[1:]] == [0.072, 0.933, 0.931, 0.073]


def test_the_command_that_is_shown_makes_the_same_model(
    tmp_path: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("flats.csv", "new-flats.csv"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    shown = COMMANDS[-1][1].strip()
    assert chainrule_command("fit", "flats.csv", "--target", "rent", "--out", "one.st").code == 0
    assert chainrule_command(*shlex.split(shown)[1:], "--out", "two.st").code == 0
    one, two = (chainrule_command("predict", model, "new-flats.csv").out for model in ("one.st", "two.st"))
    assert one == two


@pytest.mark.parametrize("name", ["flats.csv", "new-flats.csv"])
def test_the_lines_of_the_files_that_are_shown_stand_there(name: str) -> None:
    content = ROOT.joinpath("examples", name).read_bytes()
    text = content.decode("cp1252" if name == "flats.csv" else "utf-8")
    blocks = [one for one in re.findall(r"```text\n((?:.*\n)*?)```", GUIDE) if one in text]
    assert len(blocks) == 1
