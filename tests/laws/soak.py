"""Fits that are killed at random moments and go on, on a disk of 2 MB that is full now and then.

Run by hand, as root, since it mounts the disk::

    python tests/laws/soak.py 200

Nothing may be lost: in the end the model has the bytes of an undisturbed fit, and no file is left but what a
command has named.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TABLE = Path(__file__).parents[2] / "examples/iris.csv"
# A checkpoint as often as the training is looked at, some ten times a second. Signals that come before the
# program can answer them, which it tells, are Python's.
PROGRAM = (
    "import os, chainrule.jobs.checkpoint as kept; kept.SECONDS_BETWEEN = 0.0\n"
    "from chainrule.interrupts import Watch; from chainrule.cli import main\n"
    "Watch().__enter__(); os.write(int(os.environ['READY']), b'.'); main()"
)
FIT = "fit iris.csv --target species --hidden 3 --defaults notes --epochs 20000 --out m.st"
RESUME = "fit iris.csv --resume {} --out m.st --force"
CODES = {0, 2, -signal.SIGKILL, 130, 143}
MOST_TRIES = 60


def start(folder: Path, typed: str, seed: int) -> subprocess.Popen[str]:
    """Start a command in a folder."""
    words = [*typed.split(), *(["--seed", str(seed)] if "--resume" not in typed else [])]
    reading, writing = os.pipe()
    running = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words], cwd=folder, text=True,
        env={**os.environ, "READY": str(writing)}, pass_fds=[writing],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return running


def once(disk: Path, seed: int, expected: bytes, chance: random.Random) -> Counter[str]:
    """One fit until it is done, disturbed on its way; how often by what."""
    met: Counter[str] = Counter()
    for path in disk.iterdir():
        path.unlink()
    disk.joinpath("iris.csv").write_bytes(TABLE.read_bytes())
    named = "iris.csv m.st"
    for _ in range(MOST_TRIES):
        checkpoints = sorted(disk.glob("m.checkpoint*.st"), key=lambda one: one.stat().st_mtime_ns)
        typed = RESUME.format(checkpoints[-1].name) if checkpoints else f"{FIT} --force"
        filler = disk / "filler"
        if chance.random() < 0.25:
            fill(filler)
            met["full"] += 1
        running = start(disk, typed, seed)
        how = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
        if how is not None:
            time.sleep(chance.uniform(0.0, 1.2))
            running.send_signal(how)
            met[how.name] += 1
        out, err = running.communicate()
        named += out + err
        filler.unlink(missing_ok=True)
        assert running.returncode in CODES, (typed, running.returncode, err)
        assert err.count("Error: ") <= 1, err
        assert "Traceback" not in err, err
        met[f"exit {running.returncode}"] += 1
        if running.returncode == 0:
            break
        if running.returncode == 2:  # the disk was full: the network is where the message says
            for word in err.split():
                kept = Path(word.rstrip("."))
                if kept.is_absolute() and kept.suffix == ".st" and disk not in kept.parents:
                    kept.unlink(missing_ok=True)
    else:
        raise AssertionError(f"not done after {MOST_TRIES} tries: {met}")
    assert disk.joinpath("m.st").read_bytes() == expected, f"seed {seed}: other bytes"
    left = {path.name for path in disk.iterdir() if path.name not in named}
    assert not left, f"seed {seed}: {left} was never named"
    return met


def fill(filler: Path) -> None:
    """Take all the room that there is."""
    try:
        with filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"\0" * 4096)
    except OSError:
        pass


def main() -> None:
    """As many fits as asked for."""
    n, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    met: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        disk, calm = Path(place, "disk"), Path(place, "calm")
        disk.mkdir()
        calm.mkdir()
        calm.joinpath("iris.csv").write_bytes(TABLE.read_bytes())
        subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], check=True)
        try:
            for seed in range(first, first + n):
                calm_fit = start(calm, f"{FIT} --force", seed)
                calm_fit.communicate()
                assert calm_fit.returncode == 0
                met += once(disk, seed, calm.joinpath("m.st").read_bytes(), random.Random(seed))  # noqa: S311 (no secret)
                print(seed, dict(met), flush=True)  # noqa: T201 (a script)
        finally:
            subprocess.run(["/bin/umount", disk], check=True)


if __name__ == "__main__":
    main()
