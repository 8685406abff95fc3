"""A fault at every file operation of every command: the old file or the new one, and one line."""

from __future__ import annotations

import os
import shutil
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from file_faults import KINDS, script

import chainrule
from conftest import FULL_SUITE

if TYPE_CHECKING:
    from forks import Forks

COMMANDS = {
    "fit": "fit iris.csv --target species --epochs 2 --hidden 3 --defaults notes --out new.st",
    "fit again": "fit iris.csv --target species --epochs 2 --hidden 3 --defaults notes --out old.st --force",
    "resume": "fit iris.csv --resume old.checkpoint.st --out old.st --force",
    "predict": "predict old.st iris.csv --out new.csv",
    "predict again": "predict old.st iris.csv --out old.csv --force",
    "predictions": "predict old.st iris.csv",
    "score": "score old.st iris.csv --json",
    "trace": "trace old.st iris.csv",
    "check": "check old.st iris.csv --rows 3 --weights 5",
    "show": "show old.st --json",
}
QUICK = 12  # operations of each command that the quick run lets fail
EVERY_EPOCH = "import chainrule.jobs.checkpoint as kept, chainrule.jobs.fit as fit\n" + (
    "kept.SECONDS_BETWEEN = 0.0\nfit.SECONDS_BETWEEN_LOOKS = 1e-9\n"
)
STOP_AFTER_1 = (
    EVERY_EPOCH
    + """
call = kept.Checkpoint.__call__
def ended(self, training):
    call(self, training)
    os.kill(os.getpid(), signal.SIGTERM)
kept.Checkpoint.__call__ = ended
"""
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """Folder with a table, a model, its checkpoint and predictions."""
    folder = tmp_path_factory.mktemp("prepared")
    table = Path(__file__).parents[2] / "examples/iris.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    folder.joinpath("iris.csv").write_text("".join([lines[0], *lines[1::5]]), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        typed = COMMANDS["fit"].replace("new.st", "old.st").split()
        assert forks.run(*typed, script=STOP_AFTER_1).code == 143
        assert forks.run("predict", "old.st", "iris.csv", "--out", "old.csv").code == 0
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_at_each_file_operation(
    command: str, prepared: Path, forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = COMMANDS[command].split()
    counted = tmp_path / "counted"
    whole = _copy(prepared, tmp_path / "whole", monkeypatch)
    before = contents(whole)
    good = forks.run(*typed, script=EVERY_EPOCH + script(0, ""), COUNTED=str(counted))
    assert good.code == 0, good.err
    after = contents(whole)
    written = {name for name in after if after[name] != before.get(name)}
    gone = set(before) - set(after)
    n_points = int(counted.read_text(encoding="utf-8"))
    assert n_points > 5
    step = 1 if FULL_SUITE else max(1, n_points // QUICK)
    kinds = cycle(KINDS)
    for n in range(1, n_points + 1, step):
        for kind in KINDS if FULL_SUITE else [next(kinds)]:
            folder = _copy(prepared, tmp_path / f"{n}", monkeypatch)
            done = forks.run(*typed, script=EVERY_EPOCH + script(n, kind))
            found = contents(folder)
            told = f"{command}, {kind} at operation {n} of {n_points}: {done}"
            assert done.code in (KILLED if kind == "killed" else {0, 2, 130, 143}), told
            assert (done.out == good.out or "fit" in typed) or done.code != 0 or kind == "killed", told
            for name in set(before) | set(after):
                as_before = found.get(name) == before.get(name)
                as_after = found.get(name) == after.get(name)
                may_change = name in written | gone
                assert as_before or (
                    may_change and (as_after or _is_interrupted(folder / name, done.code))
                ), f"{told}: {name} is neither what it was nor what it should be"
            for name in written:
                assert done.code != 0 or kind == "killed" or found.get(name) == after[name], f"{told}: {name}"
            for name in set(found) - set(before) - set(after):
                is_left = kind == "killed" and name.startswith(".") and name.endswith(".chainrule")
                said = name in done.err + done.out
                assert is_left or said or (kind == "killed" and "checkpoint" in name), (
                    f"{told}: {name} is left"
                )
            shutil.rmtree(folder)


KILLED = {-9, 0}


def _is_interrupted(path: Path, code: int) -> bool:
    """Whether a model is that of a training that was ended by a signal."""
    if code not in {130, 143} or not path.exists() or path.suffix != ".st":
        return False
    record = chainrule.load_model(path).training
    return record is not None and record.stopped_by == "interrupt"


def _copy(prepared: Path, to: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(prepared, to)
    monkeypatch.chdir(to)
    return to
