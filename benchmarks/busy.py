"""One thread and two beside a program that keeps a core busy: what a sample takes, in microseconds.

``python -m benchmarks.busy``, in the root of the repository, on a machine of two cores that does nothing
else. The program beside it runs in a loop at the same priority. Each figure is the median of several
trainings of a second or so, on one thread and on two in turns, single precision.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from chainrule import Network
from chainrule.compiled.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS = 1 << 12
TASKS = {  # sizes, batch
    "4-32-3, batches of 32": ((4, 32, 3), 32),
    "64-64-64-64-64-10, batches of 32": ((64, 64, 64, 64, 64, 10), 32),
    "64-64-64-64-64-10, batches of 128": ((64, 64, 64, 64, 64, 10), 128),
    "784-300-10, batches of 128": ((784, 300, 10), 128),
}
THREADS = (1, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each task, with no program beside it and with some."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.busy", description=__doc__)
    parser.add_argument("--beside", type=int, default=1, help="programs that are busy")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one training")
    asked = parser.parse_args(arguments)
    print("| what | beside | 1 thread | 2 threads | ratio |\n| --- | --: | --: | --: | --: |")  # noqa: T201
    for name, (sizes, batch_size) in TASKS.items():
        for threads in THREADS:
            microseconds(sizes, batch_size, threads, 0.1)  # kernels are loaded
        for beside in (0, asked.beside):
            with busy(beside):
                turns = [
                    [microseconds(sizes, batch_size, threads, asked.seconds) for threads in THREADS]
                    for _ in range(asked.turns)
                ]
            one, two = (median(times) for times in zip(*turns, strict=True))
            print(f"| {name} | {beside} | {one:.3g} | {two:.3g} | {two / one:.2f} |", flush=True)  # noqa: T201
    return 0


def microseconds(sizes: tuple[int, ...], batch_size: int, threads: int, seconds: float) -> float:
    """Of a sample, in a training of about so many seconds from its first call on."""
    rng, net = np.random.default_rng(0), Network.random(sizes, seed=1, dtype="float32")
    X, Y = (rng.uniform(0, 1, (ROWS, columns)).astype(np.float32) for columns in (sizes[0], sizes[-1]))
    parts = net.weights, net.activations, net.loss, X, Y
    done, began = 0, time.perf_counter()
    with Trainer(*parts, batch_size=batch_size, threads=threads) as running:
        while not done or time.perf_counter() - began < seconds:
            *_, (last, _) = running.epoch(np.arange(ROWS), rate=0.001)
            done += last
    return (time.perf_counter() - began) / done * 1e6


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """So many programs that take whatever time they get."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        time.sleep(0.2)
        yield
    finally:
        for program in started:
            program.kill()
            program.wait()


if __name__ == "__main__":
    sys.exit(main())
