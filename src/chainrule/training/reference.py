"""The reference engine: the notes' algorithm, line by line, in the equations of this package.

Charter: readable, and the oracle of every faster engine. It does one thing after the other as the
derivation says; it does not fuse, reuse memory, or run in threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from chainrule.equations import descend
from chainrule.network import backward, forward, gradients

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import numpy.typing as npt

    from chainrule.equations import Array
    from chainrule.network import Network
    from chainrule.training.settings import Settings

__all__ = ["ReferenceEngine"]

# An overflow is no news of its own: the finite check after each epoch catches what it leads to.
_without_overflow_warnings = np.errstate(over="ignore", invalid="ignore")


class ReferenceEngine:
    """Trains the weights of a network, an epoch at a time.

    Attributes
    ----------
    state : tuple of arrays
        The weights as they are; an update makes new ones.
    """

    def __init__(self, net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any], settings: Settings) -> None:
        self._net, self._samples, self._settings = net, (X, Y), settings
        self.state: Sequence[Array] = net.weights

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing is held."""

    @_without_overflow_warnings
    def epoch(self, order: npt.NDArray[np.intp]) -> float:
        """Go once through the samples in this order; mean of their losses, before the update each led to.

        There is an update after each batch; the last may be smaller.
        """
        X, Y = self._samples
        loss = 0.0
        for first in range(0, len(order), self._settings.batch_size):
            rows = order[first : first + self._settings.batch_size]
            loss += self._step(X[rows], Y[rows])
        return loss / len(order)

    def _step(self, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> float:
        """One update of every weight matrix, equation (8); all deltas come from the weights before it."""
        weights, net = self.state, self._net
        passed = forward(weights, net.activations, X)
        deltas = backward(weights, net.activations, net.loss, passed, Y)
        self.state = tuple(
            descend(w, g, self._settings.rate)
            for w, g in zip(weights, gradients(X, passed, deltas), strict=True)
        )
        return float(net.loss.value(passed.a[-1], Y).astype(np.float64).sum())

    @staticmethod
    def outputs(net: Network, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Outputs of a network, by the equations."""
        outputs: npt.NDArray[Any] = net.forward(X).a[-1]
        return outputs

    def weights_of(self, state: Sequence[Array]) -> Sequence[Array]:
        """Weight matrices of such a state."""
        return state
