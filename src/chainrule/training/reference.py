"""The reference engine: the notes' algorithm, line by line, in the equations of this package.

Charter: readable, and the oracle of every faster engine. It does one thing after the other as the
derivation says; it does not fuse, reuse memory, or run in threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.equations import descend, mean_loss
from chainrule.network import backward, forward, gradients, loss_over_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy.typing as npt

    from chainrule.equations import Array
    from chainrule.network import Network
    from chainrule.training.settings import Settings

__all__ = ["epoch", "loss_over_table"]

ROWS_AT_ONCE = 4096  # bounds the memory of a pass over a whole table

# An overflow is no news of its own: the finite check after each epoch catches what it leads to.
_without_overflow_warnings = np.errstate(over="ignore", invalid="ignore")


@_without_overflow_warnings
def epoch(
    net: Network,
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    order: npt.NDArray[np.intp],
    settings: Settings,
) -> Sequence[Array]:
    """Go once through the rows in this order, with an update after each batch; the last may be smaller."""
    weights: Sequence[Array] = net.weights
    for first in range(0, len(order), settings.batch_size):
        rows = order[first : first + settings.batch_size]
        weights = _step(net, weights, X[rows], Y[rows], settings.rate)
    return weights


def _step(
    net: Network, weights: Sequence[Array], X: npt.NDArray[Any], Y: npt.NDArray[Any], rate: float
) -> tuple[Array, ...]:
    """One update of every weight matrix, equation (8); all deltas come from the weights before it."""
    passed = forward(weights, net.activations, X)
    deltas = backward(weights, net.activations, net.loss, passed, Y)
    return tuple(descend(w, g, rate) for w, g in zip(weights, gradients(X, passed, deltas), strict=True))


@_without_overflow_warnings
def loss_over_table(net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> float:
    """Mean loss over all rows, a bounded number of rows at a time."""
    losses = [
        loss_over_rows(
            net.weights,
            net.activations,
            net.loss,
            X[first : first + ROWS_AT_ONCE],
            Y[first : first + ROWS_AT_ONCE],
        )
        for first in range(0, len(X), ROWS_AT_ONCE)
    ]
    return float(mean_loss(np.concatenate(losses).astype(np.float64)))
