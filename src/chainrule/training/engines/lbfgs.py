"""L-BFGS: over losses and gradients of the engine that was asked for."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from chainrule.equations.rules.line_search import line_search
from chainrule.errors import TrainingWarning
from chainrule.network import Objective
from chainrule.training.engines.flat import Flat, check_float64

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.settings import Settings
    from chainrule.training.engines import GradientEngine
    from chainrule.training.task import Task

    Matrices = Sequence[npt.NDArray[Any]]

__all__ = ["LBFGSEngine"]

FLAT_FALL = 2.220446049250313e-09  # share of the objective's fall where L-BFGS-B ends
WHOLE = 8  # doubles of a vector; zeros fill the last one
EPSILON = float(np.finfo(np.float64).eps)


class _State(NamedTuple):
    """Weights; steps and changes of the gradient, shape (n_pairs, n_weights); share that was won last."""

    weights: npt.NDArray[Any]
    steps: npt.NDArray[Any]
    changes: npt.NDArray[Any]
    fall: float


class _Place(NamedTuple):
    """Weights, and there the objective, the sum of the losses and the gradient."""

    weights: npt.NDArray[Any]
    value: float
    losses: float
    gradient: npt.NDArray[Any]


class LBFGSEngine:
    """Trains by steps of L-BFGS, an epoch each.

    Attributes
    ----------
    state : tuple
        All that the next step depends on; a step makes a new one.
    converged : bool
        Whether there is no step to take any more.
    evaluations : int
        Times that the objective and its gradient were computed.
    """

    def __init__(self, task: Task, settings: Settings, gradients: GradientEngine) -> None:
        check_float64(task.net, settings.rule.name)
        self._task, self._rule, self._gradients = task, settings.rule, gradients
        self.losses = gradients.losses
        self._objective = Objective((), task.net.loss, settings.l1, settings.l2, layers=task.net.layers)
        self._flat = Flat(task.net.weights, multiple_of=WHOLE)
        weights = self._flat.numbers(task.net.weights)
        none = np.empty((0, len(weights)))
        self.state = _State(weights, none, none, fall=1.0)
        self._here: _Place | None = None
        self.converged, self.evaluations = False, 0

    def __enter__(self) -> Self:
        self._gradients.__enter__()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._gradients.__exit__(None, None, None)  # it ends its threads, whatever happened

    def epoch(
        self,
        order: npt.NDArray[np.intp],
        *,
        rate: float | None,  # noqa: ARG002 (interface)
        number: int,  # noqa: ARG002 (interface)
        steps_at_once: int | None = None,  # noqa: ARG002 (interface)
    ) -> Iterator[tuple[int, float]]:
        """One step; yields the losses after it, or nothing where it has converged."""
        weights, steps, changes, fall = self.state
        here = self._here or self._at(weights)
        there = None
        if fall > FLAT_FALL and np.abs(here.gradient).max() > self._rule.tolerance:
            there = self._moved(here, steps, changes)
        if there is None:
            self.converged = True
            return
        step, change = there.weights - here.weights, there.gradient - here.gradient
        if _product(step, change) > -EPSILON * _product(step, here.gradient):
            kept = max(0, len(steps) + 1 - self._rule.memory)
            steps = np.concatenate([steps[kept:], step[np.newaxis]])
            changes = np.concatenate([changes[kept:], change[np.newaxis]])
        fall = (here.value - there.value) / max(abs(here.value), abs(there.value), 1.0)
        self.state, self._here = _State(there.weights, steps, changes, min(max(fall, 0.0), 1.0)), there
        yield len(order), there.losses

    def _moved(self, here: _Place, steps: npt.NDArray[Any], changes: npt.NDArray[Any]) -> _Place | None:
        """Where the step leads; against the gradient where the pairs lead nowhere, or None."""
        if not len(steps):
            return self._searched(here, -here.gradient, 1 / np.sqrt(_product(here.gradient, here.gradient)))
        direction = self._gradients.direction_of(steps, changes, here.gradient)
        return self._searched(here, direction, 1.0) or self._searched(here, -here.gradient, 1.0)

    def _searched(self, here: _Place, direction: npt.NDArray[Any], step: float) -> _Place | None:
        """Where a line search along a direction ends; None where it fails."""
        there = here

        def along(step: float) -> tuple[float, float]:
            nonlocal there
            there = self._at(here.weights + step * direction)
            return there.value, _product(there.gradient, direction)

        slope = _product(here.gradient, direction)
        return there if line_search(along, here.value, slope, float(step)) else None

    def _at(self, weights: npt.NDArray[Any]) -> _Place:
        """Objective and gradient for some weights."""
        self.evaluations += 1
        matrices = self._flat.matrices(weights)
        losses, gradients = self._gradients.losses_and_gradients(matrices)
        value = losses / len(self._task.rows) + float(self._objective.penalties(matrices))
        return _Place(weights, value, losses, self._flat.numbers(gradients))

    def in_blocks(self, n_epochs: int) -> None:
        """Epoch by epoch alone."""

    def weights_of(self, state: _State) -> Matrices:
        """Weight matrices of such a state."""
        return self._flat.matrices(state.weights)

    def rule_of(self, state: _State) -> list[tuple[Any, ...]]:
        """Steps, changes of the gradient and the last fall, for each weight matrix."""
        stacks = (self._flat.matrices(stack) for stack in (state.steps, state.changes))
        return [(*pair, state.fall) for pair in zip(*stacks, strict=True)]

    def resume(self, weights: Matrices, rule: Sequence[tuple[Any, ...]]) -> None:
        """Go on from weights and such a state, or with a new memory where an earlier version kept none."""
        self.state, self._here = self.state._replace(weights=self._flat.numbers(weights)), None
        if len(rule[0]) == len(self._rule.earlier_arrays):
            message = (
                "The state is that of an earlier version, which kept no curvature for lbfgs: the training "
                "goes on from its weights, by new bits."
            )
            warnings.warn(message, TrainingWarning, stacklevel=2)
            return
        steps, changes, falls = zip(*rule, strict=True)
        self.state = _State(
            self.state.weights,
            self._flat.numbers(steps),
            self._flat.numbers(changes),
            falls[0],
        )


def _product(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> float:
    """Inner product by NumPy's own sum: BLAS would add in an order of the processor's."""
    return float(np.add.reduce(a * b))
