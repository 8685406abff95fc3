"""Ctrl-C: it ends a command at once, but never parts a result from its file."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

__all__ = ["Watch", "at_most_one_interrupt", "no_interrupt"]


class Watch:
    """Remembers that Ctrl-C was pressed: a database may make another error of KeyboardInterrupt."""

    def __init__(self) -> None:
        self.interrupted = False
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = _answer_with(self._note_and_raise)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _restore(self._before)

    def _note_and_raise(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        signal.default_int_handler(number, frame)


@contextmanager
def at_most_one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C through and none after it: a second one must not lose what the first has kept."""

    def once(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.default_int_handler(number, frame)

    before = _answer_with(once)
    try:
        yield
    finally:
        _restore(before)


@contextmanager
def no_interrupt() -> Iterator[None]:
    """Let no Ctrl-C through: for the moment in which a file is written."""
    before = _answer_with(signal.SIG_IGN)
    try:
        yield
    finally:
        _restore(before)


def _answer_with(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> Any:  # noqa: ANN401
    """Set what answers Ctrl-C and return what did; nothing is set where Ctrl-C is not Python's to answer."""
    before = signal.getsignal(signal.SIGINT)
    if not callable(before):  # a job in the background, say, ignores Ctrl-C, and is to go on doing so
        return None
    signal.signal(signal.SIGINT, handler)
    return before


def _restore(before: Any) -> None:  # noqa: ANN401 (typeshed has no name for it)
    """Set again what answered before."""
    if before is not None:
        signal.signal(signal.SIGINT, before)
