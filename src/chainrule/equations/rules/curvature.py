r"""Rules that use curvature, for all rows at once; each is run by an engine of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.rules.rule import RULES, RuleFacts
from chainrule.given import keep_between, keep_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.arrays import Array

__all__ = ["LBFGS", "LevenbergMarquardt", "lbfgs_direction", "levenberg_marquardt_step"]


def lbfgs_direction(steps: Array, changes: Array, gradient: Array) -> Array:
    r"""Direction of L-BFGS, minus the product of equation (48)'s matrix and the gradient, by two loops.

    The matrix is never made. It begins as the unit matrix times :math:`s^\top y / y^\top y` of the last pair.

    Parameters
    ----------
    steps, changes : arrays of shape (n_pairs, n_weights)
        Steps of the weights, and by what the gradient changed in each; the last one is the latest.
    gradient : array of shape (n_weights,)

    Returns
    -------
    array of shape (n_weights,)
        Minus the gradient where there are no pairs.

    References
    ----------
    Nocedal (1980), Updating quasi-Newton matrices with limited storage, Mathematics of Computation 35.

    Examples
    --------
    >>> import numpy as np
    >>> lbfgs_direction(np.array([[1.0, 0.0]]), np.array([[4.0, 0.0]]), np.array([8.0, 8.0]))
    array([-2., -2.])
    """
    xp = array_namespace(gradient)
    direction, shares = -gradient, []
    n = steps.shape[0]
    along = [xp.sum(steps[i, :] * changes[i, :]) for i in range(n)]
    for i in reversed(range(n)):
        shares.append(xp.sum(steps[i, :] * direction) / along[i])
        direction = direction - shares[-1] * changes[i, :]
    if n:
        direction = direction * (along[-1] / xp.sum(changes[n - 1, :] * changes[n - 1, :]))
    for i in range(n):
        back = xp.sum(changes[i, :] * direction) / along[i]
        direction = direction + (shares[n - 1 - i] - back) * steps[i, :]
    return direction


@RULES.register
@dataclass(frozen=True)
class LBFGS(RuleFacts):
    """L-BFGS: steps along an estimate of the curvature from the last gradients; an epoch is one such step.

    Equation (48).

    Parameters
    ----------
    memory : int
        Steps that the estimate is made of.
    tolerance : float
        It has converged where no number of the gradient is larger.

    References
    ----------
    Liu & Nocedal (1989), On the limited memory BFGS method for large scale optimization, Mathematical
    Programming 45; Byrd, Lu, Nocedal & Zhu (1995), A limited memory algorithm for bound constrained
    optimization, SIAM Journal on Scientific Computing 16, for when it ends.

    Examples
    --------
    >>> LBFGS()
    LBFGS(memory=10, tolerance=1e-05)
    """

    memory: int = 10
    tolerance: float = 1e-5
    name: ClassVar[str] = "lbfgs"
    also_called: ClassVar[tuple[str, ...]] = ("l_bfgs", "limited_memory_bfgs")
    resembles: ClassVar[Mapping[str, str]] = {
        "bfgs": "It keeps the last few steps alone.",
        "l_bfgs_b": "It has no bounds.",
    }
    arrays: ClassVar[tuple[str, ...]] = ("steps", "changes")
    numbers: ClassVar[tuple[str, ...]] = ("fall",)
    is_stacked: ClassVar[bool] = True  # an array of its state holds a matrix for each remembered step
    earlier_arrays: ClassVar[tuple[str, ...]] = ("start",)  # of its state then, which tells no curvature
    takes_rate = False
    takes_all_rows = True
    usual_rate = None
    engine = "lbfgs"

    def __post_init__(self) -> None:
        keep_whole(self, "memory")
        keep_between(self, "tolerance", 0.0, math.inf, example=1e-5)


@RULES.register
@dataclass(frozen=True)
class LevenbergMarquardt(RuleFacts):
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
    also_called: ClassVar[tuple[str, ...]] = ("lm", "trainlm", "marquardt", "levenberg")
    resembles: ClassVar[Mapping[str, str]] = {"gauss_newton": "It is that with damping."}
    arrays: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ("damping",)
    takes_rate = False
    takes_all_rows = True
    needs_squares = True
    usual_rate = None
    engine = "levenberg_marquardt"

    def __post_init__(self) -> None:
        keep_between(self, "damping", 0.0, math.inf, example=0.001)


def levenberg_marquardt_step(curvature: Array, slope: Array, damping: float) -> Array:
    r"""Step of Levenberg and Marquardt, equation (44).

    .. math:: (J^\top J + \mu I)\, d = J^\top r

    Parameters
    ----------
    curvature : array of shape (n_weights, n_weights)
        :math:`J^\top J`, with J the Jacobian of the outputs in the weights, and each sample weighted as the
        loss does.
    slope : array of shape (n_weights,)
        :math:`J^\top r`, with r the residuals: minus the gradient of the loss.
    damping : float
        :math:`\mu`.

    Returns
    -------
    array of shape (n_weights,)
        What is added to the weights.

    References
    ----------
    Marquardt (1963), An algorithm for least-squares estimation of nonlinear parameters, Journal of the
    Society for Industrial and Applied Mathematics 11.

    Examples
    --------
    >>> import numpy as np
    >>> levenberg_marquardt_step(np.array([[3.0]]), np.array([2.0]), damping=1.0)
    array([0.5])
    """
    xp = array_namespace(curvature, slope)
    damped = curvature + damping * xp.eye(slope.shape[0], dtype=curvature.dtype)
    return xp.linalg.solve(damped, slope[:, None])[:, 0]
