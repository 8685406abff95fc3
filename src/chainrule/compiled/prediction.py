"""Outputs of a network, by the compiled forward pass."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiled.addresses import for_predictions
from chainrule.compiled.codes import activation_codes
from chainrule.compiled.kernels.forward import PREDICTION_ROWS, predict_rows
from chainrule.compiled.layout import Memory, flat, pack, reserve, sizes_of
from chainrule.compiled.machine.target import useful_threads
from chainrule.equations import layers_of, members_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Layer

__all__ = ["Predictor"]

# Fewer samples than this are not worth a thread of their own.
SAMPLES_FOR_THREADS = 1 << 12


class Predictor:
    """Packed copies of a network's weights, each with room for one thread's work.

    A call takes a copy and puts it back, so that several threads may predict at once.
    """

    def __init__(
        self,
        weights: Sequence[npt.NDArray[Any]],
        activations: Sequence[Activation],
        kinds: Sequence[Layer] | None = None,
    ) -> None:
        self._weights, self._activations = weights, activation_codes(activations)
        self._kinds = layers_of(kinds, len(weights))
        self._sizes, self._members = sizes_of(weights, self._kinds), members_of(self._kinds)
        self._idle: deque[Memory] = deque()
        self._kernel = predict_rows.unchecked(weights[0].dtype)

    def __call__(self, X: npt.NDArray[Any], threads: int | None = None) -> npt.NDArray[Any]:
        """Outputs of an X of the weights' dtype, of shape (n_samples, n_inputs), or (n_inputs,) for one."""
        n, n_outputs = len(X) if X.ndim > 1 else 1, self._sizes[-1]
        outputs = np.empty((n, n_outputs) if X.ndim > 1 else n_outputs, X.dtype)
        samples, results = X.ravel() if X.flags.aligned else flat(X), outputs.ravel()
        if n == 1 or threads == 1 or (threads is None and n < SAMPLES_FOR_THREADS):
            self._predict(samples, results, 0, n)
        else:
            self._share_out(samples, results, n, threads)
        return outputs

    def _share_out(
        self, samples: npt.NDArray[Any], results: npt.NDArray[Any], n: int, threads: int | None
    ) -> None:
        """Outputs of so many samples, computed by threads."""
        n_outputs = self._sizes[-1]
        if threads is None:
            threads = useful_threads(n * sum(w.size for w in self._weights))
        threads = min(threads, n)
        shares = [n * share // threads for share in range(threads + 1)]
        # A kernel may write the numbers after its last row back as it read them, so that it must not be given
        # those of another thread.
        parts = [(results[: stop * n_outputs], first, stop) for first, stop in pairwise(shares)]
        with ThreadPoolExecutor(threads) as pool:
            others = [pool.submit(self._predict, samples, *part) for part in parts[1:]]
            self._predict(samples, *parts[0])
            for other in others:
                other.result()

    def _predict(self, X: npt.NDArray[Any], outputs: npt.NDArray[Any], first: int, stop: int) -> None:
        """Outputs of some of the samples."""
        try:
            memory = self._idle.pop()
        except IndexError:
            memory = self._new_memory()
        self._kernel(memory.array, memory.layers, X, first, stop, outputs, self._members)
        self._idle.append(memory)

    def _new_memory(self) -> Memory:
        dtype = self._weights[0].dtype
        memory = reserve(self._sizes, self._activations, dtype, PREDICTION_ROWS, kinds=self._kinds)
        for_predictions(memory)
        pack(memory, self._weights)
        return memory
