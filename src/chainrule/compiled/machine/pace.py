"""How many samples a kernel trains on in one call, and on how many threads: by what calls before took.

Threads that meet after every phase of a batch are as slow as the slowest of them. Where another program has
its core, that is many times as slow as one thread alone, and how many cores are free shows in nothing but the
time. So a training tries, now and then and for a moment, half as many threads or twice as many, and goes on
with those that were quicker. Their number changes no bit, and so a clock may choose it.
"""

from __future__ import annotations

__all__ = ["SHORTER", "Pace"]

SECONDS_AT_ONCE = 0.1  # of a call, until Python looks for Ctrl-C
SHORTER = 5  # times, of several threads: all of a sudden they may be many times as slow
SECONDS_OF_TRIAL = 0.005
SECONDS_AT_FIRST = 0.04  # until the first trial: threads that have just begun are slow, whatever their number
MOST_BETWEEN = 64 * SECONDS_OF_TRIAL  # from one trial to the next, when nothing changes
ENOUGH = 0.75  # of the seconds that were meant
GAIN = 1.1  # of more threads, for which they are taken from other programs
CAUTION = 4  # times as slow as the others a number of threads may be that was never tried


class Pace:
    """Samples and threads of the next call of a kernel.

    Parameters
    ----------
    threads : int
        Most of them, with which it begins.
    samples : int
        Of the first call.

    Examples
    --------
    Two threads that are slower than one are found out.

    >>> pace = Pace(2, samples=1000)
    >>> for seconds in (0.04, 0.01, 0.01):
    ...     pace.took(1000, seconds)
    ...     print(pace.threads)
    1
    1
    2
    """

    def __init__(self, threads: int, samples: int) -> None:
        self.threads, self.samples = threads, samples
        self._most = self._best = threads
        self._each: dict[int, float] = {}  # seconds of a sample, by number of threads
        self._between, self._is_up_next = SECONDS_OF_TRIAL, False
        self._measure(SECONDS_AT_FIRST)

    def _measure(self, length: float) -> None:
        """Begin to measure the threads of now, for about so many seconds."""
        self._length, self._done, self._seconds = length, 0, 0.0

    def took(self, samples: int, seconds: float) -> None:
        """Learn how long the last call took, and choose for the next one."""
        seconds, left = max(seconds, 1e-6), SECONDS_AT_ONCE
        self._each[self.threads] = each = seconds / samples
        if self._most > 1:
            self._done, self._seconds = self._done + samples, self._seconds + seconds
            self._each[self.threads] = self._seconds / self._done
            if self._seconds > ENOUGH * self._length:
                self._choose()
            each = self._each.get(self.threads, CAUTION * each)
            left = min(self._length - self._seconds, left if self.threads == 1 else left / SHORTER)
        self.samples = max(1, int(left / each))

    def _choose(self) -> None:
        """Try another number of threads, or go on with the better of two after such a trial."""
        if self.threads == self._best:
            self.threads = self._other()
            self._measure(SECONDS_OF_TRIAL)
            return
        fewer, more = sorted((self.threads, self._best))
        better = more if GAIN * self._each[more] < self._each[fewer] else fewer
        changes = better != self._best
        self._between = SECONDS_OF_TRIAL if changes else min(4 * self._between, MOST_BETWEEN)
        self.threads = self._best = better
        self._measure(self._between)

    def _other(self) -> int:
        """Half as many threads as now, or twice as many, in turns where there are both."""
        self._is_up_next = self._best == 1 or (self._best < self._most and not self._is_up_next)
        return min(2 * self._best, self._most) if self._is_up_next else self._best // 2
