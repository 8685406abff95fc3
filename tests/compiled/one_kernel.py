"""A program that uses one kernel, the quickest to compile, and says how that went, as JSON:

    python one_kernel.py float32 float64 [--meeting FOLDER --children N] [--user ID]

It prints digests of what the kernel computes, how often Numba compiled, and the folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from numba.core import event

import chainrule
from chainrule.compiled.layout import flat
from chainrule.compiled.machine.cache import folder
from chainrule.compiled.machine.compiler import Dispatcher
from chainrule.compiled.twins.curvature import run_two_loops


def _digest(dtype: str) -> str:
    steps, changes = np.random.default_rng(1).standard_normal((2, 3, 32)).astype(dtype)
    direction = steps[0] + changes[1]
    run_two_loops.of(direction.dtype)(flat(steps), flat(changes), np.empty(3, dtype), direction)
    return hashlib.sha256(direction.tobytes()).hexdigest()


def _name_of_folder() -> str:
    try:
        return str(folder())
    except OSError:
        return ""


def main() -> None:
    """Use the kernel, once so many children have come to the folder of the meeting."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dtypes", nargs="+")
    parser.add_argument("--meeting")
    parser.add_argument("--children", type=int, default=0)
    parser.add_argument("--user", type=int)
    given = parser.parse_args()
    if given.user:  # only now: the folder of Python itself may be one that only root can enter
        Dispatcher.targetdescr.target_context.refresh()
        os.setgroups([])
        os.setgid(given.user)
        os.setuid(given.user)
    if given.meeting:
        tempfile.mkstemp(dir=given.meeting)
        while len(list(Path(given.meeting).iterdir())) < given.children:
            time.sleep(0.001)
    with event.install_recorder("numba:compile") as recorder:
        digests = {dtype: _digest(dtype) for dtype in given.dtypes}
    answer = {
        "digests": digests,
        "compilations": len(recorder.buffer),
        "folder": _name_of_folder(),
        "package": chainrule.__file__,
    }
    print(json.dumps(answer))  # noqa: T201 (a program)


if __name__ == "__main__":
    main()
