"""Several trainings at once, on threads: each is to the bit what it would be alone.

The kernels run without the interpreter's lock, so that threads share the processors, and no process is
started. Nothing of one training is in another: each has a network, rows and memory of its own. Several
networks are not packed into one vector register, though that would be faster still where they are small: the
sums of a network would take another order then, and so other bits.
"""

from __future__ import annotations

import math
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from chainrule.given import whole_number_from_1
from chainrule.interrupts import interruptible, look, put_off, stopped_if
from chainrule.training.result import StoppedBy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Together", "shared_threads", "train_together"]

AHEAD = 1  # trainings that are made ready while others run
SECONDS_BETWEEN_LOOKS = 0.1  # for Ctrl-C, where waiting for threads does not let it through


class Ended(Protocol):
    """What a training gives back: it says what ended it."""

    @property
    def stopped_by(self) -> StoppedBy: ...


T = TypeVar("T", bound=Ended)


class Together(NamedTuple, Generic[T]):
    """What several trainings gave back.

    Attributes
    ----------
    results : list
        In the order of the trainings. Where they were interrupted, None for one that came to no result, and
        nothing for those that were not begun.
    was_interrupted : bool
        Whether Ctrl-C ended them, or a callback of one of them by raising KeyboardInterrupt.
    """

    results: list[T | None]
    was_interrupted: bool

    @property
    def done(self) -> list[T]:
        """Those that ended by themselves."""
        return [one for one in self.results if one is not None and one.stopped_by is not StoppedBy.INTERRUPT]


def shared_threads(threads: int | None, trainings: int, engine: object = "compiled") -> tuple[int, int]:
    """How many of so many trainings to run at once, and how many threads each of them then has.

    Where no number is given, as many as there are processors; but all that the reference engine does is
    Python's, which does not run at once.

    Examples
    --------
    >>> shared_threads(2, 5), shared_threads(8, 3), shared_threads(None, 5, "reference")
    ((2, 1), (3, 2), (1, 1))
    """
    if threads is None and isinstance(engine, str) and engine == "reference":
        return 1, 1
    if threads is None:
        from chainrule.compiled.machine.target import processors  # noqa: PLC0415 (Numba takes its time to load)

        threads = processors()
    at_once = min(whole_number_from_1(threads, "threads"), trainings)
    return at_once, threads // at_once


def train_together(trainings: Iterable[Callable[[], T]], threads: int) -> Together[T]:
    """Run trainings on threads, or one after the other in this thread where that is to be one.

    They begin in order. One is taken from what gives them while `threads` others run, in this thread: what is
    done there, as for its rows, is done only when it is needed. Where one fails, those after it are stopped
    and those before it are not, so that the error is the one that one after the other would have met.

    Parameters
    ----------
    trainings : iterable of callable
        Each gives back what has a `stopped_by`. None may warn: Python's filters of warnings belong to all
        threads.
    threads : int

    Examples
    --------
    >>> from functools import partial
    >>> from chainrule import Network
    >>> from chainrule.training import Settings, run_training
    >>> starts = [Network.random((1, 1), seed=seed) for seed in (0, 1)]
    >>> settings = Settings(rate=1, epochs=3, threads=1)
    >>> both = train_together((partial(run_training, net, [[1.0]], [[0.5]], settings) for net in starts), 2)
    >>> [len(one.history.epochs) for one in both.done]
    [3, 3]
    """
    return _one_by_one(trainings) if threads == 1 else _Crew(iter(trainings), threads).all()


def _one_by_one(trainings: Iterable[Callable[[], T]]) -> Together[T]:
    """All in this thread."""
    results: list[T | None] = []
    try:
        for training in trainings:
            results.append(None)
            results[-1] = result = training()
            if result.stopped_by is StoppedBy.INTERRUPT:
                return Together(results, was_interrupted=True)
    except KeyboardInterrupt:
        return Together(results, was_interrupted=True)
    return Together(results, was_interrupted=False)


class _Crew(Generic[T]):
    """Threads that run trainings, and what the thread that waits for them knows of each."""

    def __init__(self, trainings: Iterator[Callable[[], T]], threads: int) -> None:
        self.trainings, self.threads = trainings, threads
        self.begun: list[Future[T]] = []
        self.is_more, self.was_interrupted = True, False
        self.last: float = math.inf  # those with a higher number, from 0, are to stop

    def all(self) -> Together[T]:
        """Run all of them, or until there is a reason to stop."""
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                with interruptible():
                    self._run(pool)
            except KeyboardInterrupt:
                self._stop_after(-1)
                self.was_interrupted = True
            except BaseException:
                self._stop_after(-1)
                raise
        faults = [one.exception() for one in self.begun]
        failures = [fault for fault in faults if fault is not None and not _is_interrupt(fault)]
        if failures and not self.was_interrupted:
            raise failures[0]
        pairs = zip(self.begun, faults, strict=True)
        results = [one.result() if fault is None else None for one, fault in pairs]
        return Together(results, self.was_interrupted)

    def _run(self, pool: ThreadPoolExecutor) -> None:
        """Begin one after the other while there is room and no reason to stop, and wait for all."""
        under_way: dict[Future[T], int] = {}
        while True:
            while self.is_more and len(under_way) < self.threads + AHEAD:
                number = len(self.begun)
                if self._begin(pool, number):
                    under_way[self.begun[number]] = number
            if not under_way:
                return
            ended, _ = wait(under_way, SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
            look()  # these may be part of one training of others
            for one in ended:
                self._ended(under_way.pop(one), one)

    def _begin(self, pool: ThreadPoolExecutor, number: int) -> bool:
        """Begin the next one, or note why it cannot be made; False where there is none."""
        try:
            training = next(self.trainings, None)
        except Exception as fault:  # noqa: BLE001 (raised where it would have been one by one)
            self.begun.append(Future())
            self.begun[number].set_exception(fault)
            return True
        if training is None:
            self.is_more = False
            return False
        with put_off():  # what is begun must be known
            # In a context as here, of which NumPy's treatment of errors is a part.
            self.begun.append(pool.submit(copy_context().run, self._one, number, training))
        return True

    def _one(self, number: int, training: Callable[[], T]) -> T:
        """Run one of them, in a thread that others share."""
        with stopped_if(lambda: number > self.last):
            look()
            return training()

    def _ended(self, number: int, one: Future[T]) -> None:
        """Let others stop where one failed or was interrupted, but by none that it was told to stop by."""
        fault = one.exception()
        if number > self.last:
            return
        if _is_interrupt(fault) or (fault is None and one.result().stopped_by is StoppedBy.INTERRUPT):
            self._stop_after(-1)
            self.was_interrupted = True
        elif fault is not None:
            self._stop_after(number)

    def _stop_after(self, number: int) -> None:
        """Begin no more, and let all stop that come after this one."""
        self.is_more, self.last = False, number


def _is_interrupt(fault: BaseException | None) -> bool:
    return isinstance(fault, KeyboardInterrupt)
