"""Levenberg-Marquardt: steps in the arithmetic of the equations, whichever engine was asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import LOSSES, columns_spared, levenberg_marquardt_step, name_of
from chainrule.errors import InputError, argument
from chainrule.network import each_member, jacobian
from chainrule.training.engines.flat import Flat, check_float64
from chainrule.training.engines.reference import ReferenceEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.equations import Layer
    from chainrule.settings import Settings
    from chainrule.training.task import Task

    Matrices = Sequence[npt.NDArray[Any]]

__all__ = ["LevenbergMarquardtEngine"]

MOST_NUMBERS = 10**8  # of a Jacobian: 800 megabytes
LARGEST_DAMPING = 1e10  # no step is as short as this one would be


class LevenbergMarquardtEngine(ReferenceEngine):
    """Trains by steps of Levenberg and Marquardt, an epoch each; the damping stands beside every matrix."""

    def __init__(self, task: Task, settings: Settings) -> None:
        _check_suits(task, settings)
        super().__init__(task, settings)
        self._flat = Flat(task.net.weights)
        n_numbers = task.Y.size * sum(w.size for w in task.net.weights)
        if n_numbers > MOST_NUMBERS:
            raise InputError(
                f"The Jacobian would have {n_numbers} numbers",
                parameter="rule",
                given=settings.rule.name,
                needs=f"levenberg_marquardt is for small networks, up to {MOST_NUMBERS}",
                advice="Take fewer rows or hidden units, or the rule lbfgs.",
            )
        self._move_to(task.net.weights, settings.rule.damping)

    def _move_to(self, weights: Matrices, damping: float) -> None:
        self.state = weights, tuple((damping,) for _ in weights)

    def epoch(
        self,
        order: npt.NDArray[np.intp],
        *,
        rate: float | None,  # noqa: ARG002 (interface)
        number: int,  # noqa: ARG002 (interface)
        steps_at_once: int | None = None,  # noqa: ARG002 (interface)
    ) -> Iterator[tuple[int, float]]:
        """One step that lowers the loss, with as much damping as it needs.

        Yields the losses before it, or nothing where it has converged.
        """
        task = self._task
        weights, ((damping,), *_) = self.state
        losses = self._objective.losses(weights, task.X, task.Y, task.sample_weight)
        curvature, slope = self._quadratic(weights)
        before = self._value(weights)
        while damping <= LARGEST_DAMPING:
            step = levenberg_marquardt_step(curvature, slope, damping)
            moved = tuple(w + d for w, d in zip(weights, self._flat.matrices(step), strict=True))
            if self._value(moved) < before:
                self._move_to(moved, max(damping / 10, 1 / LARGEST_DAMPING / LARGEST_DAMPING))
                yield len(order), math.fsum(losses.tolist())
                return
            damping *= 10
        self.converged = True

    def _value(self, weights: Matrices) -> float:
        """Objective; infinite where it overflows."""
        task = self._task
        with np.errstate(over="ignore", invalid="ignore"):
            value = float(self._objective.value(weights, task.X, task.Y, task.sample_weight))
        return value if math.isfinite(value) else math.inf

    def _quadratic(self, weights: Matrices) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Curvature and descent direction of the objective with the network taken as linear."""
        task, l2 = self._task, self._settings.l2
        net, members = task.net, task.net.members
        outputs, rows = jacobian(weights, net.activations, each_member(task.X, members), layers=net.layers)
        share = np.ones(len(task.X)) if task.sample_weight is None else task.sample_weight
        residuals = each_member(task.Y, members) - outputs
        present = ~np.isnan(residuals)
        weight = (present * each_member(share, members)[:, np.newaxis]).ravel() / len(residuals)
        free = np.ones(rows.shape[1]) if task.masks is None else self._flat.numbers(task.masks)
        rows = rows * free
        weighted = rows * weight[:, np.newaxis]
        decayed = [_not_spared(layer, w) for layer, w in zip(task.net.layers, weights, strict=True)]
        decay = self._flat.numbers(decayed) * l2 * free
        curvature = rows.T @ weighted + np.diag(decay)
        slope = weighted.T @ np.where(present, residuals, 0).ravel() - decay * self._flat.numbers(weights)
        return curvature, slope


def _not_spared(layer: Layer, weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """1 for each weight, 0 for each bias weight and for others that penalties spare."""
    ones = np.ones_like(weights)
    ones[:, : columns_spared(layer, weights.shape[1])] = 0
    return ones


def _check_suits(task: Task, settings: Settings) -> None:
    """Raise InputError for what the rule cannot train."""
    net, rule = task.net, settings.rule
    check_float64(net, rule.name)
    if LOSSES.is_own(net.loss) or not LOSSES.fact(net.loss, "is_of_squares"):
        raise InputError(
            f"The loss is {name_of(net.loss)}",
            parameter="rule",
            given=rule.name,
            needs=f"{rule.name} needs rss",
            advice="Try the rule lbfgs.",
        )
    if settings.l1:
        raise InputError(
            parameter="l1",
            given=settings.l1,
            needs=f"{rule.name} takes squares only",
            advice=f"Use {argument('l2')}, or the rule lbfgs.",
        )
