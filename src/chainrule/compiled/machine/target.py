"""The processor that kernels are compiled for, and how many there are."""

from __future__ import annotations

import os
from typing import NamedTuple

from chainrule.compiled.machine.processor import processor

__all__ = [
    "FEW_ROWS", "HAS_LONG_VECTORS", "STREAMS", "TILE_COLUMNS", "TILE_LENGTH", "TILE_ROWS", "processors",
    "useful_threads",
]  # fmt: skip

# Weights times samples, between two meetings, for which a second thread gains a quarter.
WORK_FOR_THREADS = 1 << 19


class _Tiles(NamedTuple):
    """How work is cut for the registers of a processor; it changes the speed alone, never a bit of a result.

    A vector of 64 bytes is one register, two or four. A tile's sums, one row of the other matrix and the
    number that multiplies it must fit the registers, and sums must be enough that those of one step keep the
    units for multiply-adds busy until the first can go on: two units with four steps of delay need eight
    registers.
    """

    rows: int
    columns: int
    streams: int  # vectors of units that go through the inputs together, online


# 32 registers of 64 bytes: 16 sums. 16 of 32: 6 x 2 registers of sums. 32 of 16 (NEON): 6 x 4.
HAS_LONG_VECTORS = "+avx512f" in processor().features
TILE_ROWS, TILE_COLUMNS, STREAMS = _Tiles(8, 2, 4) if HAS_LONG_VECTORS else _Tiles(6, 1, 2)
FEW_ROWS = 4  # what is left of rows: all numbers of rows are multiples of it
# Steps of a product whose part of the weights, 16 KiB, stays in the nearest cache.
TILE_LENGTH = 256 // TILE_COLUMNS


def useful_threads(work: int) -> int:
    """Threads that pay off for so much work between two meetings, at most one for every processor."""
    return max(1, min(processors(), 2 * work // WORK_FOR_THREADS))


def processors() -> int:
    """How many processors this process may use.

    No more than OMP_NUM_THREADS says, by which joblib tells the processes that share them.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    there = len(affinity(0)) if affinity else os.cpu_count() or 1
    said = os.environ.get("OMP_NUM_THREADS", "")
    return min(there, int(said)) if said.isdecimal() and int(said) else there
