"""A network in training: its packed weights, the samples, and the kernel that fits both."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from chainrule.compiled.layout import flat, lanes_of, pack, padded, reserve, unpack
from chainrule.compiled.minibatch import ROWS_AT_ONCE, train_minibatches
from chainrule.compiled.narrow import WIDTHS, train_narrow
from chainrule.compiled.narrow_minibatch import MOST_INPUTS, MOST_UNITS, train_narrow_minibatches
from chainrule.compiled.online import train_online
from chainrule.compiled.target import TILE_ROWS, useful_threads
from chainrule.compiled.team import STOP, TEAM_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        sizes = (weights[0].shape[1] - 1, *(w.shape[0] for w in weights))
        dtype = weights[0].dtype
        self._samples = flat(X), flat(Y)
        rows_in_batch = self._batch_size = min(batch_size, len(X))
        self._rate = rate
        n_weights = sum(w.size for w in weights)
        self._samples_at_once = max(1, min(SAMPLES_AT_FIRST, WORK_AT_FIRST // n_weights))
        self._threads = 1
        if rows_in_batch == 1:
            lanes = next((width for width in WIDTHS if max(sizes[1:]) <= width), None)
            self._memory = reserve(sizes, activations, dtype, 1, with_deltas=True, lanes=lanes)
            self._train = self._online((train_narrow[lanes] if lanes else train_online).of(dtype), dtype)
        elif sizes[0] <= MOST_INPUTS and max(sizes[1:]) <= MOST_UNITS:
            lanes = lanes_of(dtype)
            self._memory = reserve(
                sizes,
                activations,
                dtype,
                lanes,
                with_deltas=True,
                with_gradients=True,
                lanes=MOST_UNITS,
                gradient_lanes=lanes,
            )
            self._kernel = train_narrow_minibatches.of(dtype)
            self._train = self._in_narrow_batches
        else:
            rows = padded(min(rows_in_batch, ROWS_AT_ONCE), TILE_PADDING)
            self._memory = reserve(
                sizes,
                activations,
                dtype,
                rows,
                with_deltas=True,
                with_transposed=True,
                with_gradients=rows_in_batch > ROWS_AT_ONCE,
            )
            tiles = rows // TILE_ROWS  # more threads than that would have nothing to do
            self._threads = min(threads or useful_threads(rows * n_weights), tiles)
            self._kernel = train_minibatches.of(dtype)
            self._train = self._in_batches
        pack(self._memory, weights)
        self._team = np.zeros(TEAM_LENGTH, np.int64)
        self._pool = ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None

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

    def _online(
        self, kernel: Callable[..., float], dtype: np.dtype[Any]
    ) -> Callable[[npt.NDArray[np.intp], int, int, float], float]:
        with np.errstate(over="ignore"):  # a rate beyond the dtype is infinite, and training diverges
            rate = dtype.type(self._rate)
        return lambda order, first, stop, loss: kernel(
            *self._memory, *self._samples, order, first, stop, rate, loss
        )

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
