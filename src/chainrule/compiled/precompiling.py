"""All kernels and routines, compiled and kept before anybody asks for them."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import chainrule.compiled.kernels.epochs
import chainrule.compiled.trainer
import chainrule.compiled.twins.curvature  # noqa: F401 (and with these all others)
from chainrule.compiled.machine.cache import folder, let_all_read
from chainrule.compiled.machine.compiling import everything
from chainrule.compiled.machine.folders import COMPLETE, FOLDER_VARIABLE, is_trusted
from chainrule.compiled.machine.processor import processor
from chainrule.errors import OutputError
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Precompiled", "precompile"]

DTYPES = (np.dtype("float32"), np.dtype("float64"))


def _not_kept() -> OutputError:
    return OutputError(
        f"Kernels cannot be kept in {printable(str(folder()))}, which must be a folder that you can write, "
        "and that nobody else but root can.",
        needs="must be a folder that you can write, and that nobody else but root can",
        advice=f"Name another place in the variable {FOLDER_VARIABLE}, or remove the folder.",
    )


class Precompiled(NamedTuple):
    """What was compiled, for which processor, and where it is kept."""

    folder: Path
    processor: str
    n_compiled: int
    n_kept: int
    seconds: float


def precompile(on_next: Callable[[str], object]) -> Precompiled:
    """Compile and keep everything for both dtypes, so that all users of the machine can load it.

    Parameters
    ----------
    on_next : callable
        Hears before each kernel which of how many it is. What it raises ends the work; what is kept stays.

    Raises
    ------
    OutputError
        The folder cannot be written, or others may write there.
    """
    began, compiled = time.perf_counter(), 0
    if folder().exists() and not is_trusted(folder()):
        raise _not_kept()
    tasks = [(one, dtype) for dtype in DTYPES for one in everything]  # those of one dtype share parts
    for number, (one, dtype) in enumerate(tasks, 1):
        on_next(f"{number} of {len(tasks)}: {one.name}, {dtype}")
        compiled += not one.is_kept(dtype)
        one.of(dtype)
        if not one.is_kept(dtype):
            raise _not_kept()
    with suppress(OSError):  # of root, on a disk that is read only by now
        (folder() / COMPLETE).touch()
    let_all_read()
    seconds = time.perf_counter() - began
    return Precompiled(folder(), processor().name, compiled, len(tasks), seconds)
