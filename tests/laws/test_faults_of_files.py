"""A fault at every file operation of every command: the old file or the new one, and one line."""

from __future__ import annotations

import shutil
import signal
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from file_faults import KINDS, script

import chainrule
from conftest import FULL_SUITE

if TYPE_CHECKING:
    from forks import Forks
    from outcomes import Outcome

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
    typed, counted = COMMANDS[command].split(), tmp_path / "counted"
    whole = _copy(prepared, tmp_path / "whole", monkeypatch)
    before = contents(whole)
    good = forks.run(*typed, script=EVERY_EPOCH + script(0, ""), COUNTED=str(counted))
    assert good.code == 0, good.err
    after = contents(whole)
    n_points = int(counted.read_text(encoding="utf-8"))
    assert n_points > 5
    kinds = cycle(KINDS)
    for n in range(1, n_points + 1, 1 if FULL_SUITE else max(1, n_points // QUICK)):
        for kind in KINDS if FULL_SUITE else [next(kinds)]:
            folder = _copy(prepared, tmp_path / "faulty", monkeypatch)
            done = forks.run(*typed, script=EVERY_EPOCH + script(n, kind))
            told = f"{command}, {kind} at operation {n} of {n_points}: {done}"
            codes = {-9, 0} if kind == "killed" else {0, 2, *([130, 143] if kind in ENDED else [])}
            assert done.code in codes, told
            found = contents(folder)
            for name in {*before, *after, *found}:
                assert _is_lawful(folder / name, before, after, done), f"{told}: {name}"
            if done.code == 0:
                assert "fit" in typed or done.out == good.out, told
                assert all(found.get(name) == content for name, content in after.items()), told
            shutil.rmtree(folder)


ENDED = ("interrupted", "told to end")


def _is_lawful(path: Path, before: dict[str, bytes], after: dict[str, bytes], done: Outcome) -> bool:
    """Whether a file is what it was, or what it should be, or what the command says or a kill leaves."""
    name, content = path.name, path.read_bytes() if path.exists() else None
    if content == before.get(name) or (before.get(name) != after.get(name) and content == after.get(name)):
        return True
    if content is None:
        return False
    is_killed = done.code == -signal.SIGKILL
    if name.endswith(".chainrule"):  # begun, and removed by the next one that writes there
        return is_killed and name.startswith(".")
    if "checkpoint" in name:
        state = chainrule.load_state(path)
        return (is_killed or name in done.err) and 0 < len(state.epochs) <= 2
    record = chainrule.load_model(path).training if path.suffix == ".st" else None
    was_ended = done.code in {130, 143} and record is not None and record.stopped_by == "interrupt"
    return name in done.err and (was_ended or content in after.values())


def _copy(prepared: Path, to: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(prepared, to)
    monkeypatch.chdir(to)
    return to
