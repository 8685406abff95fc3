"""Losses of rows, as training computes them: what a training stops by is the same on every machine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiled.addresses import for_losses
from chainrule.compiled.kernels.forward import PREDICTION_ROWS, forward_rows
from chainrule.compiled.kernels.samples import copy_numbers
from chainrule.compiled.layout import Memory, flat, pack, reserve
from chainrule.compiled.machine.compiling import EVALUATION, kernel
from chainrule.compiled.machine.target import FEW_ROWS, useful_threads
from chainrule.compiled.machine.team import restore_environment, standard_environment
from chainrule.compiled.twins.routines import call_start
from chainrule.equations import layers_of, members_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.compiled.codes import Code
    from chainrule.equations import Layer

__all__ = ["Evaluator", "RowLosses", "evaluate_rows"]


@kernel(*EVALUATION)
def evaluate_rows(M, layers, places, X, Y, W, first, stop, losses):
    """Losses of the samples from `first` up to `stop`, each times its weight, written to their places."""
    environment = standard_environment()
    bottom, top = layers[0], layers[len(layers) - 1]
    while first < stop:
        rows = min(PREDICTION_ROWS, stop - first)
        for r in range(rows):
            sample = first + r
            copy_numbers(M, bottom.before + r * bottom.before_width, X, sample * bottom.inputs, bottom.inputs)
            copy_numbers(M, places.targets + r * top.width, Y, sample * top.units, top.units)
            M[places.sample_weights + r] = W[sample]
            if places.members > 1:
                M[places.row_members + r] = sample % places.members
        forward_rows(M, layers, 0, (rows + FEW_ROWS - 1) // FEW_ROWS * FEW_ROWS)
        call_start(places.start, M, top, places, 0, rows)
        for r in range(rows):
            losses[first + r] = M[places.losses + r]
        first += rows
    restore_environment(environment)


class Evaluator:
    """Some rows, and room for weights whose losses over them a kernel of many epochs is to give.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, the inputs first.
    activations, loss
        Their codes.
    X, Y : arrays of the weights' dtype
    sample_weight : array of shape (n_samples,), optional
    kinds : sequence of Layer, optional
        All layers are dense where none are given.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[Code],
        loss: Code,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
        kinds: Sequence[Layer] | None = None,
    ) -> None:
        W = np.ones(len(X), X.dtype) if sample_weight is None else sample_weight
        self.samples = flat(X), flat(Y), flat(W)
        self.memory = reserve(sizes, activations, X.dtype, PREDICTION_ROWS, loss=loss, kinds=kinds)
        for_losses(self.memory)
        self.row_losses = np.empty(len(X), X.dtype)


class RowLosses:
    """Losses of any rows under any weights, on several threads where that pays off.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, the inputs first.
    activations, loss
        Their codes.
    threads : int or None
        Most of them; None for as many as pay off.
    kinds : sequence of Layer, optional
        All layers are dense where none are given.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activations: Sequence[Code],
        loss: Code,
        threads: int | None = None,
        kinds: Sequence[Layer] | None = None,
    ) -> None:
        self._given, self._threads = (sizes, activations), threads
        self._loss, self._kinds = loss, kinds
        self._members = members_of(layers_of(kinds, len(sizes) - 1))
        self._memories: list[Memory] = []  # one a thread
        self._packed: Sequence[npt.NDArray[Any]] | None = None  # what is in all of them

    def __call__(
        self,
        weights: Sequence[npt.NDArray[Any]],
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None = None,
    ) -> npt.NDArray[Any]:
        """Loss of each sample times its weight, shape (n_samples,), for X and Y of the weights' dtype."""
        if self._members > 1:
            own = sample_weight if sample_weight is None else np.repeat(sample_weight, self._members)
            X, Y = np.repeat(X, self._members, axis=0), np.repeat(Y, self._members, axis=0)
            of_rows = self._of_rows(weights, X, Y, own).reshape(-1, self._members)
            means: npt.NDArray[Any] = of_rows.sum(axis=1) / self._members
            return means
        return self._of_rows(weights, X, Y, sample_weight)

    def _of_rows(
        self,
        weights: Sequence[npt.NDArray[Any]],
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
    ) -> npt.NDArray[Any]:
        """Loss of each row, which is one member's."""
        n, W = len(X), np.ones(len(X), X.dtype) if sample_weight is None else sample_weight
        useful = useful_threads(n * sum(w.size for w in weights))
        threads = min(self._threads or useful, useful, max(n, 1))
        self._pack(weights, threads)
        kernel, samples, losses = evaluate_rows.of(X.dtype), (flat(X), flat(Y), flat(W)), np.empty(n, X.dtype)
        ends = [n * share // threads for share in range(threads + 1)]

        def run(share: int) -> None:
            kernel(*self._memories[share], *samples, ends[share], ends[share + 1], losses)

        if threads == 1:
            run(0)
            return losses
        with ThreadPoolExecutor(threads - 1) as pool:
            others = [pool.submit(run, share) for share in range(1, threads)]
            run(0)
            for other in others:
                other.result()
        return losses

    def _pack(self, weights: Sequence[npt.NDArray[Any]], threads: int) -> None:
        """Have the weights in a memory for each thread; most calls have those of the call before."""
        fresh = self._memories if self._packed is not weights else []
        self._packed = None  # until all have them: an interrupt may come in between
        for _ in range(threads - len(self._memories)):
            memory = reserve(
                *self._given, weights[0].dtype, PREDICTION_ROWS, loss=self._loss, kinds=self._kinds
            )
            for_losses(memory)
            self._memories.append(memory)
            fresh = self._memories
        for memory in fresh:
            pack(memory, weights)
        self._packed = weights
