"""Figures of the benchmarks: how they are kept, and that the page says what they say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from benchmarks import __main__ as command
from benchmarks.figures import Figures, facts
from benchmarks.measuring import Row
from benchmarks.page import DOCS, PICTURES, files
from benchmarks.pictures import AXES, beside, growth
from benchmarks.report import grid
from benchmarks.tasks import Task
from benchmarks.worker import Prepared

if TYPE_CHECKING:
    from pathlib import Path

ROOT = DOCS.parent
KIND = {"processor": "P", "vendor": "AMD", "family": "26", "model": "2", "target": "x86-64-v4"}


Facts = list[dict[str, Any]]


def _row(tool: str, microseconds: list[float], **of_task: Any) -> Row:  # noqa: ANN401 (of any field)
    given = {"group": "online", "kind": "train", "sizes": (2, 3, 1), "batch_size": 1, "dtype": "float32"}
    task = Task(**{**given, "threads": 1, "rows": 64, "tools": ("chainrule", "JAX"), **of_task})
    return Row(task, tool, Prepared("a form", "logistic", 64, 1), None, microseconds, microseconds)


def _figures(ours: list[float], theirs: list[float], **of_task: Any) -> Facts:  # noqa: ANN401
    return [facts(_row("chainrule", ours, **of_task), ours), facts(_row("JAX", theirs, **of_task), ours)]


def test_page_and_pictures_are_what_the_figures_give() -> None:
    found = files(DOCS)
    assert len(found) == 1 + len(PICTURES)
    for path, text in found.items():
        assert path.read_text(encoding="utf-8") == text, f"run python -m benchmarks.page: {path.name} is old"


def test_ratio_is_of_times_in_the_same_turn() -> None:
    # A slow minute, the third, hits both; the ratio of the medians would be 6 / 2.
    _, theirs = _figures([1, 2, 20, 1, 2], [3, 6, 80, 2, 10])
    assert theirs["ratio"] == 3
    assert theirs["ratio_quartiles"] == [3, 4]
    assert theirs["us_median"] == 6


def test_table_shows_the_kinds_side_by_side_and_the_spread_of_the_fastest_rival() -> None:
    fast, slow = _figures([1.0] * 5, [2, 2, 3, 4, 4]), _figures([2.0] * 5, [5.0] * 5)
    assert grid({"AVX-512": fast, "AVX2": slow}, markdown=True) == [
        "| network | instructions | chainrule | JAX |",
        "| --- | --- | --: | --: |",
        "| 2-3-1 | AVX-512 | 1 | 3 (×3.00, 2.00 to 4.00) |",
        "| 2-3-1 | AVX2 | 2 | 5 (×2.50, 2.50 to 2.50) |",
    ]


def test_newer_figures_replace_those_of_the_same_tasks_alone(tmp_path: Path) -> None:
    machine = {**KIND, "date": "2026-01-01"}
    small, wide = {"sizes": (2, 3, 1)}, {"sizes": (784, 300, 10)}
    before = Figures.of_run(machine, [*_figures([1], [2], **small), *_figures([3], [4], **wide)])
    path = tmp_path / "figures.json"
    before.write(path)
    assert Figures.read(path) == before
    newer = Figures.of_run({**machine, "date": "2026-02-02"}, _figures([5], [6], **small))
    newer.before(Figures.read(path)).write(path)
    found = Figures.read(path)
    assert [(row["network"], row["us"], found.runs[row["run"]]["date"]) for row in found.rows] == [
        ("2-3-1", [5], "2026-02-02"),
        ("2-3-1", [6], "2026-02-02"),
        ("784-300-10", [3], "2026-01-01"),
        ("784-300-10", [4], "2026-01-01"),
    ]
    last = Figures.of_run({**machine, "date": "2026-03-03"}, _figures([7], [8], **wide)).before(found)
    assert [run["date"] for run in last.runs] == ["2026-02-02", "2026-03-03"]


def test_figures_of_another_kind_of_processor_are_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    Figures.of_run({**KIND, "vendor": "another"}, _figures([1], [2])).write(path)
    before = path.read_bytes()
    assert command.main(["limit", "--json", str(path)]) == command.WRONG_USE
    assert "which are kept" in capsys.readouterr().err
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
@pytest.mark.parametrize(
    "sent",
    [
        "SIGTERM",
        pytest.param("SIGINT", marks=pytest.mark.slow),
        pytest.param("SIGHUP", marks=pytest.mark.slow),
    ],
)
def test_run_ended_by_a_signal_keeps_what_it_has(sent: str, tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    arguments = ["-m", "benchmarks", "limit", "--quick", "--seconds", "0.001", "--json", str(path)]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    running = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr
    with running:
        said = ""
        for line in running.stderr:
            said += line
            if line.startswith("[1/3]"):
                running.send_signal(signal.Signals[sent])
                break
        out, err = running.communicate(timeout=120)
    assert running.returncode == 128 + signal.Signals[sent], said + err
    assert f"Ended by {sent}" in err
    assert "784-300-10" in out
    found = json.loads(path.read_text(encoding="utf-8"))
    assert {row["tool"] for row in found["rows"]} == {"chainrule", "one pass", "two passes"}
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_pictures_have_a_mark_for_each_figure() -> None:
    grown = [
        figure
        for axis in AXES
        for k in (1, 2)
        for figure in _figures(
            [k], [2 * k], group="growth", axis=axis, sizes=(2, *[k] * k, 1), batch_size=k, rows=k
        )
    ]
    for figure in grown:
        figure["tool"] = figure["tool"].replace("JAX", "PyTorch")
    drawn = ET.fromstring(growth({"AVX-512": grown, "AVX2": grown}))  # noqa: S314 (our own)
    marks = [path for path in drawn.iter() if path.get("class") in {"c0", "c1"}]
    assert len(marks) == 2 * (1 + len(AXES) * 2)  # the legend's and those of the lines
    compared = ET.fromstring(beside({"AVX-512": _figures([1], [2]), "AVX2": _figures([1], [3])}))  # noqa: S314
    assert len([path for path in compared.iter() if path.get("class") in {"c0", "c1"}]) == 2 * (1 + 1)
