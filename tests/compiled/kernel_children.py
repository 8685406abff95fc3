"""Python processes of their own, with kernels for other processors and folders of their own for them."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llvmlite import binding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "HERE", "LACKING", "TARGETS", "WIDEST", "environment", "environment_of_target", "run_child",
    "settings_of_target",
]  # fmt: skip

HERE = Path(__file__).parent

_X86_64 = "64bit cmov cx8 fxsr mmx sse sse2"
_HASWELL = (
    f"{_X86_64} avx avx2 bmi bmi2 crc32 cx16 f16c fma fsgsbase invpcid lzcnt movbe pclmul popcnt rdrnd sahf "
    "sse3 sse4.1 sse4.2 ssse3 xsave xsaveopt"
)
_SKYLAKE = (
    f"{_HASWELL} adx aes avx512bw avx512cd avx512dq avx512f avx512vl clflushopt clwb pku prfchw rdseed "
    "xsavec xsaves"
)
_ZNVER4 = (
    f"{_SKYLAKE} avx512bf16 avx512bitalg avx512ifma avx512vbmi avx512vbmi2 avx512vnni avx512vpopcntdq clzero "
    "gfni mwaitx rdpid rdpru sha shstk sse4a vaes vpclmulqdq wbnoinvd"
)
# Features by LLVM's name of the processor; whatever else the host has is switched off.
TARGETS = {
    "x86-64": frozenset(_X86_64.split()),
    "haswell": frozenset(_HASWELL.split()),
    "skylake-avx512": frozenset(_SKYLAKE.split()),
    "znver4": frozenset(_ZNVER4.split()),
}
# Its widest registers, by their names in assembly.
WIDEST = {"x86-64": "xmm", "haswell": "ymm", "skylake-avx512": "zmm", "znver4": "zmm"}
_NEEDED = {
    "x86-64": "sse2",
    "haswell": "avx2 fma",
    "skylake-avx512": "avx512f avx512bw avx512cd avx512dq avx512vl",
    "znver4": "avx512f avx512bw avx512cd avx512dq avx512vl avx512vbmi2 avx512bf16",
}
_IS_X86_64 = platform.machine().lower() in {"x86_64", "amd64"}
_HOST: Mapping[str, bool] = binding.get_host_cpu_features() if _IS_X86_64 else {}
# Why a target cannot be run here.
LACKING = {
    target: [name for name in needed.split() if not _HOST.get(name, False)]
    for target, needed in _NEEDED.items()
}


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Environment of this process, with another folder for kernels and no settings of Numba."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    return {**inherited, "CHAINRULE_CACHE_DIR": str(folder), **more}


def settings_of_target(target: str) -> dict[str, str]:
    """Settings by which Numba compiles for another processor, as far as this one can run it."""
    if target not in TARGETS:
        raise ValueError(f"{target} is none of {', '.join(TARGETS)}")
    if LACKING[target]:
        raise ValueError(f"this processor cannot run kernels for {target}, for want of {LACKING[target]}")
    features = ",".join(
        ("+" if available and name in TARGETS[target] else "-") + name
        for name, available in sorted(_HOST.items())
    )
    return {"NUMBA_CPU_NAME": target, "NUMBA_CPU_FEATURES": features}


def environment_of_target(target: str, folder: Path, **more: str) -> dict[str, str]:
    """Environment in which a child compiles for another processor."""
    return environment(folder, **settings_of_target(target), **more)


def run_child(
    arguments: Sequence[str], env: Mapping[str, str], *, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments, in this folder; its modules can be imported."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**env, "PYTHONPATH": os.pathsep.join([*_inherited_path(env), str(HERE)])},
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def _inherited_path(env: Mapping[str, str]) -> list[str]:
    return [env["PYTHONPATH"]] if env.get("PYTHONPATH") else []
