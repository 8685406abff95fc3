"""Training once more, as a plain loop in a precision beyond the networks': the oracle of both engines.

It shares no line with either: its own g, its own slope, and sums that NumPy makes, in float64 for networks
of float32 and in extended precision (64 bits of mantissa) for networks of float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import Network
from chainrule.random_streams import Purpose, permutation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["Case", "case", "errors_in_eps", "precise_weights", "wider_dtype"]

UPDATES = 50


def wider_dtype(dtype: str) -> npt.DTypeLike:
    """Type whose rounding errors do not count beside those of `dtype`."""
    return np.float64 if dtype == "float32" else np.longdouble


@dataclass(frozen=True)
class Case:
    """A network, its samples, and how to train it; about fifty updates."""

    net: Network
    X: npt.NDArray[Any]
    Y: npt.NDArray[Any]
    batch_size: int
    rate: float
    epochs: int


def case(
    sizes: Sequence[int], activations: Sequence[str], dtype: str, batch_size: int, *, seed: int, n: int = 0
) -> Case:
    """Case with two and a half batches, so that the last one of each epoch is smaller (if it can be).

    Numbers are chosen so that rounding errors add up instead of growing on their own. First weights have the
    spectral norm 1, so that neither signals nor deltas grow on their way through a deep network; inputs and
    targets are up to 1. The curvature of the loss then is at most the squared lengths of all layers'
    activations, and the rate lies well below its inverse. Near twice that, an update overshoots, two runs
    that differ in the last bit part, and no engine could be told right from wrong. The rate is a power of
    two, so that it is the same number in every precision.
    """
    random = np.random.default_rng(seed)
    n = n or max(batch_size * 5 // 2, 3)
    updates_per_epoch = math.ceil(n / batch_size)
    longest = 1 + max(sizes[:-1])
    weights = [random.uniform(-1, 1, (n_out, 1 + n_in)) for n_in, n_out in pairwise(sizes)]
    return Case(
        net=Network([(w / np.linalg.norm(w, 2)).astype(dtype) for w in weights], list(activations)),
        X=random.uniform(-1, 1, (n, sizes[0])).astype(dtype),
        Y=random.uniform(-1, 1, (n, sizes[-1])).astype(dtype),
        batch_size=batch_size,
        rate=2.0 ** -math.ceil(math.log2(4 * longest)),
        epochs=math.ceil(UPDATES / updates_per_epoch),
    )


def _g(name: str, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name == "identity":
        return z
    a: npt.NDArray[Any] = np.tanh(z) if name == "tanh" else 1 / (1 + np.exp(-z))
    return a


def _slope(name: str, a: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name == "identity":
        return np.ones_like(a)
    slope: npt.NDArray[Any] = 1 - a**2 if name == "tanh" else a * (1 - a)
    return slope


def _update(
    weights: list[npt.NDArray[Any]], names: list[str], X: npt.NDArray[Any], Y: npt.NDArray[Any], rate: float
) -> None:
    """One update of every matrix, in place, from the mean of the samples' gradients."""
    a = [X]
    for w, name in zip(weights, names, strict=True):
        a.append(_g(name, w[:, 0] + a[-1] @ w[:, 1:].T))
    error = Y - a[-1]
    for m in reversed(range(len(weights))):
        delta = error * _slope(names[m], a[m + 1])
        error = delta @ weights[m][:, 1:]
        weights[m][:, 0] += rate * delta.sum(axis=0) / len(X)
        weights[m][:, 1:] += rate * (delta.T @ a[m]) / len(X)


def precise_weights(given: Case, *, rounded: bool = False, seed: int = 0) -> list[npt.NDArray[Any]]:
    """Weights after training in the wider precision; or rounded to the network's after each update."""
    wider = wider_dtype(str(given.net.dtype))
    weights = [w.astype(wider) for w in given.net.weights]
    names = [activation.name for activation in given.net.activations]
    X, Y = given.X.astype(wider), given.Y.astype(wider)
    for epoch in range(1, given.epochs + 1):
        order = permutation(len(X), seed=seed, purpose=Purpose.SHUFFLE, counter=epoch)
        for first in range(0, len(X), given.batch_size):
            rows = order[first : first + given.batch_size]
            _update(weights, names, X[rows], Y[rows], given.rate)
            if rounded:
                weights = [w.astype(given.net.dtype).astype(wider) for w in weights]
    return weights


def errors_in_eps(
    given: Case, weights: Sequence[npt.NDArray[Any]], precise: Sequence[npt.NDArray[Any]]
) -> list[float]:
    """Worst error of each matrix, in units of eps times its largest weight, before or after the training."""
    eps = np.finfo(given.net.dtype).eps
    return [
        float(np.abs(w - exact).max() / (eps * max(np.abs(exact).max(), np.abs(start).max())))
        for w, exact, start in zip(weights, precise, given.net.weights, strict=True)
    ]
