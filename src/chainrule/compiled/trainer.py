"""A network in training: its packed weights, the samples, and the kernel that fits both."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.compiled.layout import Memory, flat, lanes_of, pack, padded, reserve, unpack
from chainrule.compiled.minibatch import ROWS_AT_ONCE, train_minibatches
from chainrule.compiled.narrow import WIDTHS, train_narrow
from chainrule.compiled.narrow_minibatch import MOST_INPUTS, MOST_UNITS, train_narrow_minibatches
from chainrule.compiled.online import train_online
from chainrule.compiled.target import TILE_ROWS, useful_threads
from chainrule.compiled.team import STOP, TEAM_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["Trainer"]

# A kernel runs for about this long before Python looks for Ctrl-C, and then goes on.
SECONDS_AT_ONCE = 0.1
SAMPLES_AT_FIRST = 1 << 12
WORK_AT_FIRST = 1 << 26  # weights times samples
TILE_PADDING = 8  # rows of a batch are padded to whole tiles, of whichever size


class Trainer:
    """Trains packed weights, an epoch at a time.

    Parameters
    ----------
    weights : sequence of arrays of shape (units, 1 + inputs)
    activations : sequence of int
        Their codes, one a layer.
    X, Y : arrays of the weights' dtype
    batch_size : int
    rate : float
    threads : int or None
        None for as many as pay off.
    """

    def __init__(
        self,
        weights: Sequence[npt.NDArray[Any]],
        activations: Sequence[int],
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        *,
        batch_size: int,
        rate: float,
        threads: int | None = None,
    ) -> None:
        self._sizes = (weights[0].shape[1] - 1, *(w.shape[0] for w in weights))
        self._activations, self._dtype = activations, weights[0].dtype
        self._samples = flat(X), flat(Y)
        self._batch_size, self._rate, self._threads = min(batch_size, len(X)), rate, 1
        n_weights = sum(w.size for w in weights)
        self._samples_at_once = max(1, min(SAMPLES_AT_FIRST, WORK_AT_FIRST // n_weights))
        if self._batch_size == 1:
            self._prepare_online()
        elif self._sizes[0] <= MOST_INPUTS and max(self._sizes[1:]) <= MOST_UNITS:
            self._prepare_narrow_batches()
        else:
            self._prepare_batches(threads, n_weights)
        pack(self._memory, weights)
        self._team = np.zeros(TEAM_LENGTH, np.int64)
        self._pool = ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None

    def _reserve(self, rows: int, **extras: Any) -> Memory:
        return reserve(self._sizes, self._activations, self._dtype, rows, with_deltas=True, **extras)

    def _prepare_online(self) -> None:
        """One sample at a time, in one register a layer where the layers are narrow enough."""
        width = next((width for width in WIDTHS if max(self._sizes[1:]) <= width), None)
        self._memory = self._reserve(1, pad_to=width)
        self._kernel = (train_narrow[width] if width else train_online).of(self._dtype)
        self._train = self._online

    def _prepare_narrow_batches(self) -> None:
        """One vector of samples at a time, and a gradient in each of its lanes."""
        lanes = lanes_of(self._dtype)
        self._memory = self._reserve(lanes, with_gradients=True, pad_to=MOST_UNITS, gradient_lanes=lanes)
        self._kernel = train_narrow_minibatches.of(self._dtype)
        self._train = self._in_narrow_batches

    def _prepare_batches(self, threads: int | None, n_weights: int) -> None:
        """A whole batch at a time where it fits; shared by threads, each with a tile of rows at least."""
        rows = padded(min(self._batch_size, ROWS_AT_ONCE), TILE_PADDING)
        self._memory = self._reserve(
            rows, with_transposed=True, with_gradients=self._batch_size > ROWS_AT_ONCE
        )
        self._threads = min(threads or useful_threads(rows * n_weights), rows // TILE_ROWS)
        self._kernel = train_minibatches.of(self._dtype)
        self._train = self._in_batches

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._pool is not None:
            self._team[STOP] = 1
            self._pool.shutdown()

    def epoch(self, order: npt.NDArray[np.intp]) -> float:
        """Train on the samples in this order; mean of their losses, each before the update that it led to."""
        loss, first, order = 0.0, 0, flat(order)
        while first < len(order):
            stop = min(first + self._whole_batches(self._samples_at_once), len(order))
            began = time.perf_counter()
            loss = self._train(order, first, stop, loss)  # one sum, wherever the epoch is cut
            seconds = max(time.perf_counter() - began, 1e-6)
            self._samples_at_once = max(1, int((stop - first) / seconds * SECONDS_AT_ONCE))
            first = stop
        return loss / len(order)

    @property
    def state(self) -> npt.NDArray[Any]:
        """Copy of the packed weights as they are."""
        return self._memory.weights.copy()

    def weights_of(self, state: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
        """Public weights of such a copy."""
        return unpack(state, self._memory.layers)

    def _whole_batches(self, samples: int) -> int:
        return max(samples // self._batch_size, 1) * self._batch_size

    def _online(self, order: npt.NDArray[np.intp], first: int, stop: int, loss: float) -> float:
        with np.errstate(over="ignore"):  # a rate beyond the dtype is infinite, and training diverges
            rate = self._dtype.type(self._rate)
        return float(self._kernel(*self._memory, *self._samples, order, first, stop, rate, loss))

    def _in_narrow_batches(self, order: npt.NDArray[np.intp], first: int, stop: int, loss: float) -> float:
        return float(
            self._kernel(
                *self._memory, *self._samples, order, first, stop, self._batch_size, self._rate, loss
            )
        )

    def _in_batches(self, order: npt.NDArray[np.intp], first: int, stop: int, loss: float) -> float:
        """Every thread of the team runs the kernel; this one is number 0."""
        arguments = (
            *self._memory,
            *self._samples,
            order,
            first,
            stop,
            self._batch_size,
            self._rate,
            loss,
            self._team,
        )
        if self._pool is None:
            return float(self._kernel(*arguments, 0, 1))
        try:
            others = [self._pool.submit(self._share, arguments, me) for me in range(1, self._threads)]
            loss = self._share(arguments, 0)
            for other in others:
                other.result()
        except BaseException:  # Ctrl-C
            self._team[STOP] = 1
            raise
        return loss

    def _share(self, arguments: tuple[Any, ...], me: int) -> float:
        """One thread's part. Whatever ends it early ends all, who else would wait for it for ever."""
        try:
            return float(self._kernel(*arguments, me, self._threads))
        except BaseException:
            self._team[STOP] = 1
            raise
