"""Signals that end the program: Ctrl-C, SIGTERM and SIGHUP alike, and none parts a result from its file.

One that was ignored when the program began, as by nohup or in the background, stays ignored. Charter: no
NumPy, since a signal may come while the program loads.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from types import FrameType, TracebackType

    Answer = Callable[[int, FrameType | None], Any]

__all__ = [
    "Watch", "answer_with", "at_most_one_interrupt", "exit_code", "ignore_signals", "interruptible",
    "no_interrupt", "put_off", "restore", "signal_came",
]  # fmt: skip

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS: tuple[int, ...] = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))

_came: list[int] = []  # signals that were let through


def exit_code() -> int:
    """Exit code of a program that the last signal has ended: 130 for Ctrl-C, 143, 129."""
    return 128 + (_came[-1] if _came else signal.SIGINT)


def signal_came() -> bool:
    """Whether a signal was let through: an error that a library made of it is none of its own."""
    return bool(_came)


class Watch:
    """Answers each signal as Python answers Ctrl-C, and remembers that one came.

    An error that a library makes of the KeyboardInterrupt is known by `interrupted`.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS if _may_set() else ():
            answer = signal.getsignal(number)
            if callable(answer) or answer is signal.SIG_DFL:
                self._before[number] = answer
                signal.signal(number, self._note_and_raise)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        restore(self._before)

    def _note_and_raise(self, number: int, frame: FrameType | None) -> None:
        self.interrupted = True
        _raise(number, frame)


def at_most_one_interrupt() -> AbstractContextManager[None]:
    """Let the first signal through and none after it: a second one must not lose what the first has kept."""

    def once(number: int, frame: FrameType | None) -> None:
        answer_with(_ignore)
        _raise(number, frame)

    return _answered(once)


def no_interrupt() -> AbstractContextManager[None]:
    """Let no signal through: for the moment in which a file is written."""
    return _answered(_ignore)


@contextmanager
def put_off() -> Iterator[None]:
    """Let a signal through when this is done: for the moment in which a file takes its name, or goes."""
    came: list[int] = []
    try:
        with _answered(lambda number, _frame: came.append(number)):
            yield
    finally:
        for number in came[:1]:
            signal.raise_signal(number)


def interruptible() -> AbstractContextManager[None]:
    """Let every signal through again: for what may take for ever, as a pipe that nobody reads."""
    return _answered(_raise)


@contextmanager
def _answered(answer: Answer) -> Iterator[None]:
    """Let signals be answered like this."""
    before = answer_with(answer)
    try:
        yield
    finally:
        restore(before)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Nothing; as a function, so that it can be seen that the signal is Python's to answer."""


def _raise(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
    raise KeyboardInterrupt


def answer_with(answer: Answer) -> dict[int, Answer]:
    """Set what answers each signal that Python answers, and return what did before."""
    before: dict[int, Answer] = {}
    for number in SIGNALS if _may_set() else ():
        found = signal.getsignal(number)
        if callable(found):
            before[number] = found
            signal.signal(number, answer)
    return before


def restore(before: dict[int, Any]) -> None:
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
