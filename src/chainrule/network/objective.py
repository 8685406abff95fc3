"""What training makes small: the mean loss of a batch, with weights for samples, plus penalties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.equations import (
    columns_spared,
    layers_of,
    mean_loss,
    members_of,
    penalty,
    penalty_gradient,
    sample_losses,
)
from chainrule.equations.arrays import array_namespace
from chainrule.network.passes import backward, each_member, forward, gradients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations import Activation, Array, Layer, Loss

__all__ = ["Objective"]


@dataclass(frozen=True)
class Objective:
    """A function of the weights, and its gradient: both are that of the same function.

    Attributes
    ----------
    activations : sequence of Activation
    loss : Loss
    l1, l2 : float
        Penalties, equation (35).
    masks : sequence of arrays of the shapes of the weights, optional
        1 for a weight that is trained, 0 for one that is held.
    layers : sequence of Layer, optional
        Kinds of the layers; all are dense where none are given.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.equations import RSS, Identity
    >>> weights, one = [np.array([[0.0, 2.0]])], np.array([[1.0]])
    >>> objective = Objective((Identity(),), RSS(), l2=0.5)
    >>> float(objective.value(weights, one, one))
    1.5
    >>> objective.losses_and_gradients(weights, one, one)[1]
    (array([[1., 2.]]),)
    """

    activations: Sequence[Activation]
    loss: Loss
    l1: float = 0.0
    l2: float = 0.0
    masks: Sequence[Array] | None = None
    layers: Sequence[Layer] | None = None

    def losses(
        self, weights: Sequence[Array], X: Array, Y: Array, sample_weight: Array | None = None
    ) -> Array:
        """Loss of each sample times its weight, shape (n_samples,), without penalties."""
        X, Y, sample_weight, _ = self._rows(len(weights), X, Y, sample_weight)
        passed = forward(weights, self.activations, X, layers=self.layers)
        return self._weighted(len(weights), passed.z[-1], passed.a[-1], Y, sample_weight)

    def value(
        self, weights: Sequence[Array], X: Array, Y: Array, sample_weight: Array | None = None
    ) -> Array:
        """Mean loss (34) plus penalties (35)."""
        return mean_loss(self.losses(weights, X, Y, sample_weight)) + self.penalties(weights)

    def penalties(self, weights: Sequence[Array]) -> Array:
        """Penalties of all weight matrices, equation (35)."""
        if not (self.l1 or self.l2):  # L-BFGS asks at every step
            return 0.0
        pairs = zip(weights, self._are_spared(weights), strict=True)
        return sum(penalty(w, l1=self.l1, l2=self.l2) for w, is_spared in pairs if not is_spared)

    def _are_spared(self, weights: Sequence[Array]) -> list[bool]:
        """Of which matrices penalties spare every column."""
        kinds = zip(layers_of(self.layers, len(weights)), weights, strict=True)
        return [columns_spared(layer, w.shape[1]) > 1 for layer, w in kinds]

    def losses_and_gradients(
        self,
        weights: Sequence[Array],
        X: Array,
        Y: Array,
        sample_weight: Array | None = None,
        kept: Sequence[Array] | None = None,
    ) -> tuple[Array, tuple[Array, ...]]:
        """Losses of the samples as above, and the gradient of the value in every weight matrix."""
        X, Y, sample_weight, kept = self._rows(len(weights), X, Y, sample_weight, kept)
        passed, chain = forward(weights, self.activations, X, kept, layers=self.layers), self.layers
        deltas = backward(
            *(weights, self.activations, self.loss, passed, Y),
            sample_weight=sample_weight,
            kept=kept,
            layers=chain,
        )
        slopes = gradients(weights, X, passed, deltas, layers=chain)
        if self.l1 or self.l2:
            slopes = tuple(
                g if is_spared else g + penalty_gradient(w, l1=self.l1, l2=self.l2)
                for g, w, is_spared in zip(slopes, weights, self._are_spared(weights), strict=True)
            )
        if self.masks is not None:
            slopes = tuple(g * mask for g, mask in zip(slopes, self.masks, strict=True))
        return self._weighted(len(weights), passed.z[-1], passed.a[-1], Y, sample_weight), slopes

    def _rows(
        self,
        n_matrices: int,
        X: Array,
        Y: Array,
        sample_weight: Array | None,
        kept: Sequence[Array] | None = None,
    ) -> tuple[Array, Array, Array | None, Sequence[Array] | None]:
        """The rows that each member of the network sees."""
        members = members_of(layers_of(self.layers, n_matrices))
        if members == 1:
            return X, Y, sample_weight, kept
        weights = None if sample_weight is None else each_member(sample_weight, members)
        of_units = None if kept is None else [each_member(one, members) for one in kept]
        return each_member(X, members), each_member(Y, members), weights, of_units

    def _weighted(self, n_matrices: int, z: Array, a: Array, Y: Array, sample_weight: Array | None) -> Array:
        """Loss of each sample, the mean of its members', times its weight."""
        losses = sample_losses(self.loss, z, a, Y, self.activations[-1])
        losses = losses if sample_weight is None else losses * sample_weight
        members = members_of(layers_of(self.layers, n_matrices))
        if members == 1:
            return losses
        xp = array_namespace(losses)
        return xp.mean(xp.reshape(losses, (-1, members)), axis=1)
