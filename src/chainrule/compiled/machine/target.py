"""The processor that kernels are compiled for, and how many there are."""

from __future__ import annotations

import os

from llvmlite import binding
from numba.core import config
from numba.core.codegen import get_host_cpu_features

__all__ = [
    "TILE_COLUMNS", "TILE_ROWS", "processor_features", "processor_name", "processors", "useful_threads",
]  # fmt: skip

# Weights times samples, between two meetings, for which a second thread gains a quarter.
WORK_FOR_THREADS = 1 << 19


def processor_name() -> str:
    """LLVM's name of the processor that Numba compiles for."""
    return str(config.CPU_NAME or binding.get_host_cpu_name())


def processor_features() -> str:
    """LLVM's list of its features, such as ``+avx2,-avx512f``."""
    return str(get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES)


# A tile's sums and one row of the other matrix must fit the registers: 32 of 64 bytes, or 16 of 32. The size
# changes the speed alone, never a bit of the result.
TILE_ROWS, TILE_COLUMNS = (8, 2) if "+avx512f" in processor_features() else (4, 1)


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
