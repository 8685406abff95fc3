"""No speed without equality: a tool is timed only after it gave our numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BOUNDS", "UnequalError", "difference", "loss_of"]

# Largest difference that counts as equal, relative to the layer's largest number. After the updates of the
# check, sums in another order have moved float32 weights by some 1e-6 and float64 ones by some 1e-15, and
# PyTorch's addmm_, which adds each sample's term to the weight itself, small networks' by ten times that.
BOUNDS = {"float32": 3e-5, "float64": 1e-12}


class UnequalError(Exception):
    """A tool computes something else, so that its speed says nothing."""


def difference(ours: list[npt.NDArray[Any]], theirs: list[npt.NDArray[Any]]) -> float:
    """Largest difference of any layer, relative to the layer's largest number; infinite for another shape."""
    if [a.shape for a in ours] != [b.shape for b in theirs]:
        return np.inf
    with np.errstate(invalid="ignore"):
        differences = [
            float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(ours, theirs, strict=True)
        ]
    return max(np.inf if np.isnan(d) else d for d in differences)


def loss_of(weights: list[npt.NDArray[Any]], X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> float:
    """Mean of half the squared errors, of a network with tanh units and identity outputs."""
    a = X
    for w in weights[:-1]:
        a = np.tanh(w[:, 0] + a @ w[:, 1:].T)
    outputs = weights[-1][:, 0] + a @ weights[-1][:, 1:].T
    return float(0.5 * ((Y - outputs) ** 2).sum() / len(X))
