"""Signals that end the program: Ctrl-C, SIGTERM and SIGHUP alike, and none parts a result from its file.

While signals are put off none is answered; each is answered afterwards, by whatever answers it elsewhere. One
that was ignored when the program began, as by nohup or in the background, stays ignored. Charter: no NumPy,
since a signal may come while the program loads.

Signals come to the main thread alone. What runs in another one looks, where it can be stopped, whether the
thread that waits for it wants it to.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType

    Answer = Callable[[int, FrameType | None], Any]

__all__ = [
    "Watch", "exit_code", "ignore_signals", "interruptible", "look", "put_off", "signal_came", "stopped_if",
]  # fmt: skip

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS: tuple[int, ...] = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))

_came: list[int] = []  # signals that were let through under a watch, the first one first
_held: list[int] | None = None  # signals that came while all are put off; None while none is
_answers: dict[int, Answer] = {}  # what answers each signal that is let through
_is_told: ContextVar[Callable[[], bool] | None] = ContextVar("_is_told", default=None)  # to stop, of a thread


def exit_code() -> int:
    """Exit code of a program that the first signal has ended: 130 for Ctrl-C, 143, 129."""
    return 128 + (_came[0] if _came else signal.SIGINT)


def signal_came() -> bool:
    """Whether a watch let a signal through: an error that a library made of it is none of its own."""
    return bool(_came)


class Watch:
    """Answers the first signal as Python answers Ctrl-C, and those after it only where the program waits.

    They must not lose what the first one has kept. A watch under another one changes nothing.
    """

    def __enter__(self) -> Self:
        self._before = _take_over(_first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        global _held  # noqa: PLW0603 (one assignment, which no signal can part)
        if self._before:
            _restore(self._before)
            _came.clear()
            _held = None


@contextmanager
def put_off() -> Iterator[None]:
    """Let signals through when this is done: for what must not be parted, as a file from its name.

    Where an error is on its way, it becomes the context of the KeyboardInterrupt.
    """
    global _held  # noqa: PLW0603
    if _held is not None or not _may_set():
        yield
        return
    before = _take_over()
    _held = []
    try:
        yield
    finally:
        if not _came:  # after the first one all others stay put off
            came, _held = _held or [], None
            _restore(before)
            for number in came:
                signal.raise_signal(number)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let signals through in the midst of what puts them off, those that have come already included.

    For what may take long and loses nothing, as a training, or for ever, as a pipe that nobody reads.
    """
    global _held  # noqa: PLW0603
    if _held is None or not _may_set():
        yield
        return
    held, _held = _held, None
    try:
        while held:
            signal.raise_signal(held.pop(0))
        yield
    finally:
        _held = held


@contextmanager
def stopped_if(is_told: Callable[[], bool]) -> Iterator[None]:
    """Let what runs here, in a thread that no signal comes to, be stopped where it looks."""
    before = _is_told.set(is_told)
    try:
        yield
    finally:
        _is_told.reset(before)


def look() -> None:
    """Raise KeyboardInterrupt, as Ctrl-C does, where this thread is told to stop."""
    is_told = _is_told.get()
    if is_told is not None and is_told():
        raise KeyboardInterrupt


def _answer(number: int, frame: FrameType | None) -> None:
    """Answer a signal, or keep it for later."""
    if _held is None:
        _answers[number](number, frame)
    else:
        _held.append(number)


def _first(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt, and put off all signals from now on."""
    global _held  # noqa: PLW0603
    _came.append(number)
    _held = []
    raise KeyboardInterrupt


def _take_over(answer: Answer | None = None) -> dict[int, Any]:
    """Let signals be answered here, by this answer or by what answers them now; what that was, for each.

    A program's usual end by a signal is an answer only where another one takes its place.
    """
    before: dict[int, Any] = {}
    for number in SIGNALS if _may_set() else ():
        found = signal.getsignal(number)
        is_own = callable(found) and found is not _answer
        if is_own or (answer is not None and found is signal.SIG_DFL):
            before[number] = found
            _answers[number] = answer or found  # type: ignore[assignment]  # it is callable
            signal.signal(number, _answer)
    return before


def _restore(before: dict[int, Any]) -> None:
    """Set again what answered before."""
    for number, answer in before.items():
        signal.signal(number, answer)


def ignore_signals() -> None:
    """Let nothing end the program any more: it is about to end with its own exit code."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _may_set() -> bool:
    """Whether this is the thread that signals come to."""
    return threading.current_thread() is threading.main_thread()
