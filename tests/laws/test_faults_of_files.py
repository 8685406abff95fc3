"""A fault at every file operation of every command: the old file or the new one, and one line.

Each operation has one kind of fault, the kinds by turns; the quick run takes some of the operations.
"""

from __future__ import annotations

import os
import shutil
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from file_faults import KINDS, script
from inventory import Inventory, contents

if TYPE_CHECKING:
    from pathlib import Path

    from forks import Forks

FIT = "fit iris.csv --target species --epochs 2 --hidden 3 --defaults notes"
COMMANDS = {
    "fit": f"{FIT} --out new.st",
    "fit again": f"{FIT} --out old.st --force",
    "resume": "fit iris.csv --resume old.checkpoint.st --out old.st --force",
    "predict": "predict old.st iris.csv --out new.csv",
    "predict again": "predict old.st iris.csv --out old.csv --force",
    "predictions": "predict old.st iris.csv",
    "score": "score old.st iris.csv --json",
    "trace": "trace old.st iris.csv",
    "check": "check old.st iris.csv --rows 3 --weights 5",
    "show": "show old.st --json",
}
FULL_SUITE = bool(os.environ.get("FULL_SUITE"))
QUICK = 8  # operations of each command that the quick run lets fail
EVERY_EPOCH = """
import chainrule.jobs.checkpoint as kept, chainrule.jobs.fit as fit
kept.SECONDS_BETWEEN = 0.0
fit.SECONDS_BETWEEN_LOOKS = 1e-9
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_at_each_file_operation(
    command: str, prepared: Path, forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed, counted = COMMANDS[command].split(), tmp_path / "counted"
    whole = _copy(prepared, tmp_path / "whole", monkeypatch)
    good = forks.run(*typed, script=EVERY_EPOCH + script(0, ""), COUNTED=str(counted))
    assert good.code == 0, good.err
    inventory = Inventory(contents(prepared), contents(whole), good)
    n_points = int(counted.read_text(encoding="utf-8"))
    assert n_points > 4
    kinds = cycle(KINDS)
    for n in range(1, n_points + 1, 1 if FULL_SUITE else max(1, n_points // QUICK)):
        kind, folder = next(kinds), _copy(prepared, tmp_path / "faulty", monkeypatch)
        counted.unlink()
        done = forks.run(*typed, script=EVERY_EPOCH + script(n, kind), COUNTED=str(counted))
        told = f"{command}, {kind} at operation {n} of {n_points}: {done}"
        if int(counted.read_text(encoding="utf-8") or n) < n:  # nothing where it was killed
            break  # the first one has filled the cache of kernels
        assert done.code in CODES.get(kind, {0, 2}), told
        inventory.check(folder, done, told)
        shutil.rmtree(folder)


CODES = {"killed": {-9, 0}, "interrupted": {130}, "told to end": {143}}


def _copy(prepared: Path, to: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(prepared, to)
    monkeypatch.chdir(to)
    return to
