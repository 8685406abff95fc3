"""What the README shows is done by two programs, one after the other, as it says."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import chainrule

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import pytest

DOCS = Path(__file__).parents[1] / "docs"
README = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_a_model_that_one_program_saved_is_loaded_and_used_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("examples").symlink_to(Path(__file__).parents[1] / "examples")
    monkeypatch.chdir(tmp_path)
    here, there, _ = PYTHON
    assert 'fit("examples/iris.csv", target="species", hidden=64, seed=1)' in here
    assert 'chainrule.save(result.model, "iris.safetensors")' in here
    model = chainrule.fit("examples/iris.csv", target="species", hidden=64, seed=1).model
    chainrule.save(model, "iris.safetensors")
    tmp_path.joinpath("there.txt").write_text(there, encoding="utf-8")
    script = (
        "import doctest, sys\n"
        "found = doctest.testfile('there.txt', module_relative=False)\n"
        "sys.exit(found.failed or not found.attempted)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()


def test_the_first_command_prints_what_is_shown(
    tmp_path: Path, chainrule_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.joinpath("examples").symlink_to(DOCS.parent / "examples")
    monkeypatch.chdir(tmp_path)
    [typed] = re.findall(r"chainrule (fit examples/iris.csv --target species)$", README, re.MULTILINE)
    [shown] = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    done = chainrule_command(*shlex.split(typed))
    assert "accuracy" in shown
    assert doctest.OutputChecker().check_output(shown, done.out, doctest.ELLIPSIS), done.out


def rows_of(page: str) -> list[list[str]]:
    """The cells of all tables of a page, row by row, without what makes them bold."""
    lines = [line.strip().strip("|") for line in page.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("*") for cell in line.split("|")] for line in lines]


def test_figures_are_those_of_the_pages_they_come_from() -> None:
    measured = rows_of(DOCS.joinpath("performance.md").read_text(encoding="utf-8"))
    first_words = [[cell.split(" ")[0] for cell in row[2:6]] for row in measured if row[1:2] == ["AVX2"]]
    speeds = [row for row in rows_of(README) if len(row) == 5 and row[1][:1].isdigit()]
    assert len(speeds) == 6
    for _, *figures in speeds:
        assert figures in first_words
    study = DOCS.joinpath("study.md").read_text(encoding="utf-8")
    summary = re.findall(r"<!-- study group=judging shows=summary -->(.*?)<!-- end -->", study, re.DOTALL)
    told = {row[0]: row[1] for row in rows_of("".join(summary))}
    accuracies = [row for row in rows_of(README) if len(row) == 3 and row[1][:1].isdigit()]
    assert len(accuracies) == 5
    for rival, error, seconds in accuracies:
        assert told[f"error in that of {rival}"] == error
        assert f"{float(told[f'seconds in those of {rival}']):.3g}" == f"{float(seconds):.3g}"
