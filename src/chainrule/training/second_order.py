"""Rules that use curvature, for all rows at once: L-BFGS through SciPy, and Levenberg-Marquardt.

The one import of SciPy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from chainrule.equations import RSS, levenberg_marquardt_step
from chainrule.errors import InputError
from chainrule.given import keep_whole, positive_number
from chainrule.network import Objective, jacobian

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.training.settings import Settings
    from chainrule.training.task import Task

    Matrices = Sequence[npt.NDArray[Any]]

__all__ = ["LBFGS", "LevenbergMarquardt", "LevenbergMarquardtEngine", "minimize_by_lbfgs"]

MOST_NUMBERS = 10**8  # of a Jacobian: 800 megabytes
LARGEST_DAMPING = 1e10  # no step is as short as this one would be


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS: steps along an estimate of the curvature from the last gradients; an epoch is one such step.

    Parameters
    ----------
    memory : int
        Gradients that the estimate is made of.

    References
    ----------
    Byrd, Lu, Nocedal & Zhu (1995), A limited memory algorithm for bound constrained optimization, SIAM
    Journal on Scientific Computing 16; as `scipy.optimize.minimize` runs it.

    Examples
    --------
    >>> LBFGS()
    LBFGS(memory=10)
    """

    memory: int = 10
    name: ClassVar[str] = "lbfgs"
    arrays: ClassVar[tuple[str, ...]] = ("start",)
    numbers: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        keep_whole(self, "memory")


@dataclass(frozen=True)
class LevenbergMarquardt:
    """Levenberg-Marquardt: steps to where the squares would be least if the network were linear.

    For RSS and small networks; an epoch is one step that lowers the loss. Equation (44).

    Parameters
    ----------
    damping : float
        What is added to the curvature at first; a tenth of it after each step that succeeds, ten times as
        much after one that fails.

    References
    ----------
    Hagan & Menhaj (1994), Training feedforward networks with the Marquardt algorithm, IEEE Transactions on
    Neural Networks 5.

    Examples
    --------
    >>> LevenbergMarquardt()
    LevenbergMarquardt(damping=0.001)
    """

    damping: float = 1e-3
    name: ClassVar[str] = "levenberg_marquardt"
    arrays: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ("damping",)

    def __post_init__(self) -> None:
        positive_number(self.damping, "damping", "0.001")


def check_suits(net: Network, settings: Settings) -> None:
    """Raise InputError for a network that a rule of this module cannot train."""
    rule = settings.rule
    if net.dtype != np.float64:
        message = (
            f"The network is {net.dtype} but the update rule {rule.name} needs float64: it compares losses "
            "that differ in their last digits. Make it with dtype='float64'."
        )
        raise InputError(message)
    if not isinstance(rule, LevenbergMarquardt):
        return
    if type(net.loss) is not RSS:
        message = f"The loss is {net.loss.name} but levenberg_marquardt needs rss. Try the rule lbfgs."
        raise InputError(message)
    if settings.l1:
        message = (
            f"l1 is {settings.l1:g} but levenberg_marquardt takes squares only. Use l2, or the rule lbfgs."
        )
        raise InputError(message)


def flattened(matrices: Matrices) -> npt.NDArray[Any]:
    """All numbers of some matrices, one after the other."""
    return np.concatenate([matrix.ravel() for matrix in matrices])


def shaped(numbers: npt.NDArray[Any], like: Matrices) -> tuple[npt.NDArray[Any], ...]:
    """The matrices again."""
    ends = np.cumsum([matrix.size for matrix in like])[:-1]
    return tuple(
        part.reshape(matrix.shape) for part, matrix in zip(np.split(numbers, ends), like, strict=True)
    )


def minimize_by_lbfgs(
    rule: LBFGS,
    start: Matrices,
    function: Callable[[Matrices], tuple[float, Matrices]],
    epochs: int,
    after_step: Callable[[Matrices], bool],
) -> bool:
    """Run SciPy's L-BFGS from some weights; whether it ended by itself because it has converged.

    Parameters
    ----------
    function
        Objective and gradient for weights.
    epochs : int
        Most steps.
    after_step
        Called with the weights after each step; whether to go on.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 (it takes its time to load)

    stopped = False

    def fun(x: npt.NDArray[Any]) -> tuple[float, npt.NDArray[Any]]:
        value, gradients = function(shaped(x, start))
        return value, flattened(gradients)

    def callback(intermediate_result: Any) -> None:  # noqa: ANN401 (SciPy's record; it asks for this name)
        nonlocal stopped
        if not after_step(shaped(intermediate_result.x.copy(), start)):
            stopped = True
            raise StopIteration

    options = {"maxcor": rule.memory, "maxiter": epochs, "maxfun": 20 * epochs + 100}
    result = minimize(fun, flattened(start), jac=True, method="L-BFGS-B", callback=callback, options=options)
    return not stopped and result.status != 1


class LevenbergMarquardtEngine:
    """Trains by Levenberg-Marquardt steps, in the arithmetic of the equations whatever the engine's name.

    Attributes
    ----------
    state : tuple
        Weights, and the damping.
    converged : bool
        Whether no step lowers the loss any more.
    """

    def __init__(self, task: Task, settings: Settings) -> None:
        self._task, self._settings = task, settings
        n_numbers = task.Y.size * sum(w.size for w in task.net.weights)
        if n_numbers > MOST_NUMBERS:
            message = (
                f"The Jacobian would have {n_numbers} numbers but levenberg_marquardt is for small "
                f"networks, up to {MOST_NUMBERS}. Take fewer rows or hidden units, or the rule lbfgs."
            )
            raise InputError(message)
        self._objective = Objective(task.net.activations, task.net.loss, settings.l1, settings.l2, task.masks)
        self.state: tuple[Matrices, float] = (task.net.weights, settings.rule.damping)
        self.converged = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Nothing is held."""

    def epoch(
        self,
        order: npt.NDArray[np.intp],
        *,
        rate: float | None,  # noqa: ARG002 (interface)
        number: int,  # noqa: ARG002 (interface)
        steps_at_once: int | None = None,  # noqa: ARG002 (interface)
    ) -> Iterator[tuple[int, float]]:
        """One step that lowers the loss, with as much damping as it needs; yields the losses before it."""
        task = self._task
        weights, damping = self.state
        losses = self._objective.losses(weights, task.X, task.Y, task.sample_weight)
        curvature, slope = self._quadratic(weights)
        before = self._value(weights)
        while damping <= LARGEST_DAMPING:
            step = levenberg_marquardt_step(curvature, slope, damping)
            moved = tuple(w + d for w, d in zip(weights, shaped(step, weights), strict=True))
            if self._value(moved) < before:
                self.state = moved, max(damping / 10, 1 / LARGEST_DAMPING / LARGEST_DAMPING)
                break
            damping *= 10
        else:
            self.converged = True
        yield len(order), math.fsum(losses.tolist())

    def _value(self, weights: Matrices) -> float:
        """Objective; infinite where it overflows."""
        task = self._task
        with np.errstate(over="ignore", invalid="ignore"):
            value = float(self._objective.value(weights, task.X, task.Y, task.sample_weight))
        return value if math.isfinite(value) else math.inf

    def _quadratic(self, weights: Matrices) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Curvature and descent direction of the objective with the network taken as linear."""
        task, l2 = self._task, self._settings.l2
        outputs, rows = jacobian(weights, task.net.activations, task.X)
        share = np.ones(len(task.X)) if task.sample_weight is None else task.sample_weight
        residuals = task.Y - outputs
        present = ~np.isnan(residuals)
        weight = (present * share[:, np.newaxis]).ravel() / len(task.X)
        free = np.ones(rows.shape[1]) if task.masks is None else flattened(task.masks)
        rows = rows * free
        weighted = rows * weight[:, np.newaxis]
        decay = flattened([_not_bias(w) for w in weights]) * l2 * free
        curvature = rows.T @ weighted + np.diag(decay)
        slope = weighted.T @ np.where(present, residuals, 0).ravel() - decay * flattened(weights)
        return curvature, slope

    def losses(
        self,
        weights: Matrices,
        X: npt.NDArray[Any],
        Y: npt.NDArray[Any],
        sample_weight: npt.NDArray[Any] | None,
    ) -> npt.NDArray[Any]:
        """Loss of each sample times its weight, by the equations."""
        with np.errstate(over="ignore", invalid="ignore"):
            losses: npt.NDArray[Any] = self._objective.losses(weights, X, Y, sample_weight)
        return losses

    @staticmethod
    def weights_of(state: tuple[Matrices, float]) -> Matrices:
        """Weight matrices of such a state."""
        return state[0]

    @staticmethod
    def rule_of(state: tuple[Matrices, float]) -> list[tuple[float]]:
        """State of the rule, for each weight matrix, in such a state."""
        return [(state[1],) for _ in state[0]]

    def resume(self, weights: Matrices, rule: Sequence[tuple[float]]) -> None:
        """Go on from weights and a damping."""
        self.state = tuple(weights), rule[0][0]


def _not_bias(weights: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """1 for each weight, 0 for each bias weight."""
    ones = np.ones_like(weights)
    ones[:, 0] = 0
    return ones
