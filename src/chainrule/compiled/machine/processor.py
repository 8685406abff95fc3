"""The processor that kernels are compiled for: this one, or a baseline that it has at least.

A process compiles and loads for one processor alone, which is settled when it first asks. Bits are the same
for all of them.
"""

from __future__ import annotations

import os
import platform
from functools import cache
from typing import NamedTuple

from llvmlite import binding
from numba.core import config
from numba.core.codegen import get_host_cpu_features

from chainrule.compiled.machine.folders import COMPLETE, folder_for, is_trusted
from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.words import quoted, series

__all__ = ["PROCESSOR_VARIABLE", "Processor", "baseline", "compile_for", "host", "processor"]

PROCESSOR_VARIABLE = "CHAINRULE_CPU"

# The levels of the x86-64 psABI, by LLVM's names of features; each has those of the levels below, too.
_LEVELS = {
    "x86-64-v2": "cx16 popcnt sahf sse3 sse4.1 sse4.2 ssse3",
    "x86-64-v3": "avx avx2 bmi bmi2 f16c fma lzcnt movbe xsave",
    "x86-64-v4": "avx512bw avx512cd avx512dq avx512f avx512vl",
}
_chosen: list[Processor] = []  # by `compile_for`


class Processor(NamedTuple):
    """LLVM's name of a processor, and its list of features, such as ``+avx2,-avx512f``."""

    name: str
    features: str


def host() -> Processor:
    """The processor of this machine, unless variables of Numba name another one."""
    features = get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES
    return Processor(str(config.CPU_NAME or binding.get_host_cpu_name()), str(features))


def baseline(name: str) -> Processor:
    """A level of processors of the x86-64 family.

    Raises
    ------
    UnknownNameError
        There is none of this name.
    InputError
        This machine has not all that it asks for, so that it could neither run nor prove its kernels.

    Examples
    --------
    >>> baseline("x86-64-v2").features
    '+cx16,+popcnt,+sahf,+sse3,+sse4.1,+sse4.2,+ssse3'
    """
    if not isinstance(name, str) or name not in _LEVELS:
        raise UnknownNameError(
            "baseline", name if isinstance(name, str) else quoted(name), list(_LEVELS), parameter="cpu"
        )
    lacking = [feature for feature in _features_of(name) if not _of_host().get(feature, False)]
    if lacking:
        raise InputError(
            f"This machine's processor lacks {', '.join(lacking)} of {name}",
            parameter="cpu",
            given=name,
            needs="the kernels of a baseline are compiled where they can run",
            advice=f"Name a lower level, as in {argument('cpu', next(iter(_LEVELS)))}.",
        )
    return Processor(name, ",".join(f"+{feature}" for feature in _features_of(name)))


def compile_for(name: str) -> None:
    """Let this process compile and load for a baseline.

    Raises
    ------
    UnknownNameError, InputError
        As `baseline` does, or kernels for another processor are in use already.
    """
    wanted = baseline(name)
    if not processor.cache_info().currsize:
        _chosen[:] = [wanted]
    if processor() != wanted:
        raise InputError(
            f"This process has loaded kernels for {processor().name}",
            parameter="cpu",
            given=name,
            needs="one process has kernels for one processor",
            advice="Name it in a new process, before anything is trained or predicted.",
        )


@cache
def processor() -> Processor:
    """The one that this process compiles and loads for.

    Where none is named: this machine's, but a baseline where only that one's kernels are kept.
    """
    if _chosen:
        return _chosen[0]
    own = host()
    if config.CPU_NAME or config.CPU_FEATURES is not None:
        return own
    asked = os.environ.get(PROCESSOR_VARIABLE)
    if asked:
        return _asked_for(asked)
    if _is_kept(own):
        return own
    baselines = (baseline(name) for name in reversed(_LEVELS) if _has(name))
    return next((one for one in baselines if _is_kept(one, COMPLETE)), own)


def _asked_for(name: str) -> Processor:
    """The baseline that the variable names."""
    try:
        return baseline(name)
    except InputError as error:
        raise InputError(
            f"The variable {PROCESSOR_VARIABLE} is {quoted(name)}. {error}",
            given=name,
            needs="must name a baseline that this machine can run",
            advice=f"Set it to one of {series(list(_LEVELS))}, or unset it.",
        ) from None


def _is_kept(one: Processor, content: str = "") -> bool:
    """Whether there is a folder of its kernels, with this content, that may be used."""
    try:
        place = folder_for(one)
        return (place / content).exists() and is_trusted(place)
    except OSError:
        return False


def _features_of(level: str) -> list[str]:
    """Features of a level and of those below."""
    names = list(_LEVELS)
    return sorted(feature for name in names[: names.index(level) + 1] for feature in _LEVELS[name].split())


def _has(level: str) -> bool:
    """Whether this machine has all that a level asks for."""
    return all(_of_host().get(feature, False) for feature in _features_of(level))


@cache
def _of_host() -> dict[str, bool]:
    """Features of the processor that runs this, none where it is of another family."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return {}
    return dict(binding.get_host_cpu_features())
