"""Instruction sets: which the host has, and how to keep every tool to a smaller one.

A host with AVX-512 so runs and times what one with AVX2 alone would run. How each setting was verified stands
in the README beside this file; those that can be seen in the speed of a product are checked again each time.
"""

from __future__ import annotations

import importlib
import platform
import re
from typing import Any

from llvmlite import binding

__all__ = ["FOREIGN", "host", "offered", "settings", "slug"]

_V2 = "64bit cmov cx8 fxsr mmx sse sse2 cx16 sahf popcnt sse3 sse4.1 sse4.2 ssse3"
_V3 = f"{_V2} avx avx2 bmi bmi2 f16c fma lzcnt movbe xsave"
_V4 = f"{_V3} avx512f avx512bw avx512cd avx512dq avx512vl"
# LLVM's names of what a level has, as the x86-64 psABI defines it.
LEVELS = {"x86-64-v2": _V2.split(), "x86-64-v3": _V3.split(), "x86-64-v4": _V4.split()}

# Variables by which users and systems choose instructions, blocks or threads of a tool; all are dropped.
FOREIGN = (
    "ATEN_CPU", "DNNL_", "GLIBC_TUNABLES", "MKL_", "NPY_DISABLE", "NPY_ENABLE", "NUMBA_", "OMP_", "GOMP_",
    "KMP_", "ONEDNN_", "OPENBLAS_", "XLA_", "JAX_",
)  # fmt: skip

# How the tools are told to do with AVX2; chainrule and the limits, which Numba compiles, are told apart.
_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",  # PyTorch's own loops
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",  # its products; on AMD's processors MKL does with AVX2 as it is
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # PyTorch and XLA
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy, SciPy
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL",  # copies of memory
}
_AVX2_OF_XLA = "--xla_cpu_max_isa=AVX2"


def host() -> str:
    """Largest level of this machine; where there are no levels, its kind."""
    found = [level for level, needed in LEVELS.items() if all(_features().get(name) for name in needed)]
    return found[-1] if found else platform.machine().lower()


def offered() -> list[str]:
    """Targets that this machine can run: its own and, with AVX-512, that of AVX2."""
    own = host()
    return ["x86-64-v3", own] if own == "x86-64-v4" else [own]


def _features() -> dict[str, bool]:
    """What this processor has and has not, by LLVM's names."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return {}
    found: dict[str, bool] = binding.get_host_cpu_features()
    return {"64bit": True, "cmov": True, "cx8": True, "fxsr": True, "mmx": True, **found}


def settings(target: str) -> dict[str, str]:
    """Environment for the processes of a target; nothing for the host's own."""
    if target == host():
        return {}
    level = LEVELS[target]
    features = [("+" if has and name in level else "-") + name for name, has in sorted(_features().items())]
    of_numpy = [name for name in _dispatched_by_numpy() if name == "X86_V4" or name.startswith("AVX512")]
    return _AVX2 | {
        "NUMBA_CPU_NAME": target,
        "NUMBA_CPU_FEATURES": ",".join(features),
        "NPY_DISABLE_CPU_FEATURES": " ".join(of_numpy),
        "XLA_FLAGS": _AVX2_OF_XLA,
    }


def _dispatched_by_numpy() -> list[str]:
    """Sets of instructions that NumPy has loops for."""
    loops: Any = importlib.import_module("numpy._core._multiarray_umath")  # it has no public door

    found: list[str] = getattr(loops, "__cpu_dispatch__", [])
    return found


def slug(of: dict[str, Any], target: str) -> str:
    """Name of a kind of processor with a target, for a file: ``amd-family26-model2-x86-64-v4``."""
    kind = f"{of['vendor']} family{of['family']} model{of['model']}" if of["family"] else of["processor"]
    return re.sub(r"[^a-z0-9]+", "-", f"{kind} {target}".lower()).strip("-")
