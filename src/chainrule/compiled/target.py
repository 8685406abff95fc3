"""What the processor that kernels are compiled for can hold in its registers."""

from __future__ import annotations

from llvmlite import binding
from numba.core import config

__all__ = ["TILE_COLUMNS", "TILE_ROWS", "processor_features", "processor_name"]


def processor_name() -> str:
    """LLVM's name of the processor that Numba compiles for."""
    return str(config.CPU_NAME or binding.get_host_cpu_name())


def processor_features() -> str:
    """LLVM's list of its features, such as ``+avx2,-avx512f``."""
    if config.CPU_FEATURES is not None:
        return str(config.CPU_FEATURES)
    return str(binding.get_host_cpu_features().flatten()) if not config.CPU_NAME else ""


# A tile's sums and one row of the other matrix must fit the registers: 32 of 64 bytes, or 16 of 32. The size
# changes the speed alone, never a bit of the result.
_WIDE = "+avx512f" in processor_features()
TILE_ROWS, TILE_COLUMNS = (8, 2) if _WIDE else (4, 1)
