"""The reference engine: the notes' algorithm, line by line, in the equations of this package.

Charter: readable, and the oracle of every faster engine. It does one thing after the other as the
derivation says; it does not fuse, reuse memory, or run in threads.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np

from chainrule.equations import LAYERS, RULES, clip_factor, columns_spared, rate_factors
from chainrule.equations.rules.curvature import lbfgs_direction
from chainrule.network import Objective
from chainrule.training.dropout import kept_activations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    import numpy.typing as npt

    from chainrule.equations import Array, RateFactors, RuleState
    from chainrule.settings import Settings
    from chainrule.training.task import Rows, Task

__all__ = ["ReferenceEngine"]

# An overflow is no news of its own: the finite check after each epoch catches what it leads to.
_without_overflow_warnings = np.errstate(over="ignore", invalid="ignore")


class ReferenceEngine:
    """Trains the weights of a network, an epoch at a time.

    Attributes
    ----------
    state : tuple
        The weights as they are, and the state of the rule for each matrix; an update makes new ones.
    """

    converged = False  # a rule of this engine never says so

    def __init__(self, task: Task, settings: Settings) -> None:
        self._task, self._settings = task, settings
        net = task.net
        self._objective = Objective(
            net.activations, net.loss, settings.l1, settings.l2, task.masks, net.layers
        )
        self._batch_size, self._place = settings.batch_size or 1, 0
        weights = task.net.weights
        # Else another engine moves the weights, by the gradients of this one.
        rule = settings.rule
        moves = RULES.fact(rule, "engine") is None
        factors = rate_factors(settings.rate_factors, settings.bias_rate, weights, net.layers)
        self._factors = _rows_of_factors(factors, weights)
        # Of the decay beside those of the rate, with which a rule multiplies it.
        of_rate = [own.decay / own.others for own in factors or ()] or [1.0] * len(weights)
        self._decays = [
            0.0 if columns_spared(layer, w.shape[1]) > 1 else own
            for own, layer, w in zip(of_rate, task.net.layers, weights, strict=True)
        ]
        self._rules = [rule] * len(weights)
        if RULES.fact(rule, "decays"):
            self.decay_by(1.0)
        self.state: tuple[Sequence[Array], Sequence[RuleState]] = (
            weights,
            tuple(rule.init(w) if moves else () for w in weights),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing is held."""

    def epoch(
        self,
        order: npt.NDArray[np.intp],
        *,
        rate: float,
        number: int,
        steps_at_once: int | None = None,  # noqa: ARG002 (interface)
    ) -> Iterator[tuple[int, float]]:
        """Go once through the samples in this order, with an update after each batch.

        Yields, after every update, how many samples are done, and the sum of their losses, each before the
        update that it led to.
        """
        loss = 0.0
        for first in range(0, len(order), self._batch_size):
            rows = order[first : first + self._batch_size]
            with np.errstate(over="ignore", invalid="ignore"):
                loss += self._step(rows, first, rate, number)
            yield first + len(rows), loss

    def _step(self, rows: npt.NDArray[np.intp], first: int, rate: float, number: int) -> float:
        """One update of every weight matrix; all gradients come from the weights before it."""
        task, settings = self._task, self._settings
        weights, states = self.state
        kept = kept_activations(settings, task.net, number, self._place + first, len(rows))
        sample_weight = None if task.sample_weight is None else task.sample_weight[rows]
        losses, slopes = self._objective.losses_and_gradients(
            weights, task.X[rows], task.Y[rows], sample_weight, kept
        )
        if settings.clip_norm is not None:
            factor = clip_factor(slopes, settings.clip_norm)
            slopes = tuple(factor * g for g in slopes)
        updated = [
            rule.update(w, g, state, rate if row is None else rate * row)
            for rule, w, g, state, row in zip(
                self._rules, weights, slopes, states, self._factors, strict=True
            )
        ]
        updated = [  # a rule may move what has no gradient
            ((old, state) if LAYERS.fact(layer, "is_held") else (new, state))
            for (new, state), old, layer in zip(updated, weights, task.net.layers, strict=True)
        ]
        if task.masks is not None:  # a rule may move a weight that has no gradient
            updated = [
                (np.where(mask, new, old), state)
                for (new, state), old, mask in zip(updated, weights, task.masks, strict=True)
            ]
        self.state = tuple(w for w, _ in updated), tuple(state for _, state in updated)
        return float(losses.astype(np.float64).sum())

    def decay_by(self, factor: float) -> None:
        """Multiply the rule's decay in the epochs to come."""
        self._rules = [self._settings.rule.decaying_by(factor * own) for own in self._decays]

    def go_on_with(self, rows: Rows, batch_size: int, place: int) -> bool:
        """Train on these rows from now on."""
        self._task, self._batch_size, self._place = replace(self._task, rows=rows), batch_size, place
        return True

    def in_blocks(self, n_epochs: int) -> None:
        """Epoch by epoch alone."""

    @_without_overflow_warnings
    def losses(
        self,
        weights: Sequence[Array],
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
    ) -> npt.NDArray[Any]:
        """Loss of each sample times its weight, by the equations."""
        losses: npt.NDArray[Any] = self._objective.losses(weights, X, Y, sample_weight)
        return losses

    @_without_overflow_warnings
    def losses_and_gradients(self, weights: Sequence[Array]) -> tuple[float, Sequence[Array]]:
        """Sum of the training samples' losses, and the gradient of the objective over all of them."""
        task = self._task
        losses, slopes = self._objective.losses_and_gradients(weights, task.X, task.Y, task.sample_weight)
        return math.fsum(losses.tolist()), slopes

    direction_of = staticmethod(lbfgs_direction)

    @staticmethod
    def weights_of(state: tuple[Sequence[Array], Sequence[RuleState]]) -> Sequence[Array]:
        """Weight matrices of such a state."""
        return state[0]

    @staticmethod
    def rule_of(state: tuple[Sequence[Array], Sequence[RuleState]]) -> Sequence[RuleState]:
        """State of the rule, for each weight matrix, in such a state."""
        return state[1]

    def resume(self, weights: Sequence[Array], rule: Sequence[RuleState]) -> None:
        """Go on from weights and a state of the rule."""
        self.state = tuple(weights), tuple(rule)


def _rows_of_factors(
    factors: Sequence[RateFactors] | None, weights: Sequence[npt.NDArray[Any]]
) -> Sequence[Array | None]:
    """Factors of the rate as rows, one for all units of a layer; None where all are 1."""
    if factors is None:
        return [None] * len(weights)
    rows = []
    for w, own in zip(weights, factors, strict=True):
        row = np.full((1, w.shape[1]), own.others, w.dtype)
        row[:, 0] = own.bias
        rows.append(row)
    return rows
