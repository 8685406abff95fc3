"""Faults of the system under the real command: strace lets a system call fail, or sends a signal in it.

The points are spread over all calls of the command's main thread that open, read, write, keep, name, remove
or look at files, from the moment at which the program itself begins to load: those before are Python's own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from inventory import Inventory, contents

from outcomes import Outcome, lawful

if TYPE_CHECKING:
    from pathlib import Path

REQUIRED = bool(os.environ.get("REQUIRE_ORACLES"))
CALLS = "openat,read,write,fsync,rename,link,unlink,newfstatat,mkdir,chmod,getdents64,flock,rt_sigaction"
KINDS = ("error=ENOSPC", "error=EIO", "signal=SIGKILL", "signal=SIGTERM", "signal=SIGINT", "signal=SIGHUP")
CODES = {"signal=SIGKILL": -9, "signal=SIGTERM": 143, "signal=SIGINT": 130, "signal=SIGHUP": 129}
POINTS = 54  # of each command
FIT = "fit iris.csv --target species --epochs 2 --hidden 3 --defaults notes"
COMMANDS = {
    "fit": f"{FIT} --out new.st",
    "resume": "fit iris.csv --resume old.checkpoint.st --out old.st --force",
    "predict": "predict old.st iris.csv --out new.csv",
    "score": "score old.st iris.csv --json",
    "trace": "trace old.st iris.csv",
    "check": "check old.st iris.csv --rows 3 --weights 5",
    "show": "show old.st --json",
}
PROGRAM = "from chainrule.cli import main; main()"
FIRST_OF_THE_PROGRAM = "chainrule/interrupts"
END_OF_THE_PROGRAM = "rt_sigaction(SIGINT, {sa_handler=SIG_IGN"  # from which on it lets nothing end it


def run(folder: Path, typed: str, *options: str) -> Outcome:
    """Run the command under strace."""
    strace = ["strace", "-qq", "-e", f"trace={CALLS}", *options]
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [*strace, sys.executable, "-c", PROGRAM, *typed.split()],
        cwd=folder, env=variables, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    out, err = (text.decode(errors="backslashreplace") for text in (done.stdout, done.stderr))
    return Outcome(done.returncode, out, err)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_fault_in_a_system_call(command: str, prepared: Path, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        if REQUIRED:
            pytest.fail("strace is not installed")
        pytest.skip("strace is not installed")
    typed = COMMANDS[command]
    whole, log = tmp_path / "whole", tmp_path / "log"
    shutil.copytree(prepared, whole)
    run(whole, typed)  # so that every module is compiled
    shutil.rmtree(whole)
    shutil.copytree(prepared, whole)
    good = run(whole, typed, "-o", str(log))
    assert good.code == 0, good
    inventory = Inventory(contents(prepared), contents(whole), good)
    calls = log.read_text(encoding="utf-8", errors="replace").splitlines()
    names = [call.split("(")[0] for call in calls]
    first = next(n for n, call in enumerate(calls) if FIRST_OF_THE_PROGRAM in call)
    last = max(n for n, call in enumerate(calls) if END_OF_THE_PROGRAM in call)
    assert len(calls) - first > POINTS
    points = [first + k * (len(calls) - first - 1) // (POINTS - 1) for k in range(POINTS)]
    for n, kind in zip(points, cycle(KINDS), strict=False):
        folder = tmp_path / f"{n}"
        shutil.copytree(prepared, folder)
        nth = names[: n + 1].count(names[n])  # strace counts each call by itself
        done = run(folder, typed, "-o", os.devnull, "-e", f"inject={names[n]}:{kind}:when={nth}")
        told = f"{command}, {kind} at call {n} of {len(calls)} ({calls[n][:150]}): {done}"
        lawful(tuple(typed.split()), done)
        is_sure = kind in CODES and n < last  # other faults may cost nothing
        assert done.code in ({CODES[kind]} if is_sure else {0, CODES.get(kind, 2)}), told
        inventory.check(folder, done, told)
        shutil.rmtree(folder)
