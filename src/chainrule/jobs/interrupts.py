"""Ctrl-C in a job: it never parts a result from its file."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

__all__ = ["answer_with", "at_most_one_interrupt", "no_interrupt", "restore"]


@contextmanager
def at_most_one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C through and none after it: a second one must not lose what the first has kept."""

    def once(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.default_int_handler(number, frame)

    before = answer_with(once)
    try:
        yield
    finally:
        restore(before)


@contextmanager
def no_interrupt() -> Iterator[None]:
    """Let no Ctrl-C through: for the moment in which a file is written."""
    before = answer_with(signal.SIG_IGN)
    try:
        yield
    finally:
        restore(before)


def answer_with(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Any:  # noqa: ANN401
    """Set what answers Ctrl-C and return what did; nothing is set where Ctrl-C is not Python's to answer."""
    if threading.current_thread() is not threading.main_thread():  # Ctrl-C never comes to another one
        return None
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # a job in the background, say, ignores Ctrl-C, and is to go on doing so
        return None
    signal.signal(signal.SIGINT, handler)
    return before


def restore(before: Any) -> None:  # noqa: ANN401 (typeshed has no name for it)
    """Set again what answered before."""
    if before is not None:
        signal.signal(signal.SIGINT, before)
