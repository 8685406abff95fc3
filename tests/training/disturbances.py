"""What disturbs a training in the tests: Ctrl-C at any line of its loop, and a clock that runs."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any

from chainrule.training.run import Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from chainrule import TrainingResult

__all__ = ["Clock", "interrupted_at"]

LOOP = {method.__code__ for method in vars(Run).values() if inspect.isfunction(method)}


def interrupted_at(line: int, training: Callable[[], TrainingResult]) -> tuple[TrainingResult | None, bool]:
    """KeyboardInterrupt at the n-th executed line of the loop, and whether the training came to that.

    No result where the interrupt falls before the first epoch.
    """
    lines = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 (a trace function)
        nonlocal lines
        if frame.f_code not in LOOP:
            return None
        if event == "line":
            lines += 1
            if lines == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        result = training()
    except KeyboardInterrupt:
        return None, True
    finally:
        sys.settrace(before)
    return result, lines >= line


class Clock:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now
