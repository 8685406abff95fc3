r"""Update rules: from a gradient to new weights.

A rule is a pair of pure functions. `init` gives the state that it begins with, `update` takes weights,
gradient and state, and gives the weights and the state after one update. A state is a tuple: first arrays of
the shape of the weights (`arrays` names them), then plain numbers (`numbers` names them).

Conventions are those of PyTorch: the rate multiplies the velocity when the weights are moved, and is not part
of it; epsilon is added to the root, not under it.

References
----------
Paszke et al. (2019), PyTorch: an imperative style, high-performance deep learning library, NeurIPS; its
package `torch.optim` for the conventions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from chainrule.equations.arrays import array_namespace
from chainrule.equations.kinds import RULES
from chainrule.given import check_between, check_share

if TYPE_CHECKING:
    from chainrule.equations.arrays import Array

__all__ = [
    "Adam",
    "AdamW",
    "Descent",
    "IRpropMinus",
    "Momentum",
    "Nesterov",
    "RMSprop",
    "Rule",
    "RuleFacts",
    "RuleState",
    "descend",
    "levenberg_marquardt_step",
]

RuleState: TypeAlias = tuple[Any, ...]


def descend(weights: Array, gradient: Array, rate: complex) -> Array:
    r"""Gradient descent, equation (8): the weights after one update.

    .. math:: W_{kj} := W_{kj} - \eta \frac{\partial\,\text{loss}}{\partial W_{kj}}

    Parameters
    ----------
    weights, gradient : arrays of one shape
        Weights before the update, and the gradient of the loss in them.
    rate : float
        Learning rate :math:`\eta`; imaginary where the gradient check follows an update.

    Returns
    -------
    array of that shape

    Examples
    --------
    >>> import numpy as np
    >>> descend(np.array([1.0]), np.array([-0.25]), rate=0.5)
    array([1.125])
    """
    return weights - rate * gradient


class Rule(Protocol):
    """What training needs of an update rule.

    Attributes
    ----------
    name : str
        The shorthand for it wherever a rule is asked for.
    arrays, numbers : tuples of str
        What its state is made of.

    Examples
    --------
    >>> from chainrule.equations import RULES
    >>> RULES.named("adam").arrays
    ('mean', 'mean_of_squares')
    """

    name: ClassVar[str]
    arrays: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ()

    def init(self, weights: Array) -> RuleState:
        """State before the first update of these weights."""
        ...

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Weights and state after one update."""
        ...


@RULES.facts
class RuleFacts:
    """What an update rule permits, belongs to and is usual for it; one's own may say some of it, or nothing.

    Attributes
    ----------
    takes_rate : bool
        Whether it has a learning rate; one without finds its own steps.
    takes_all_rows : bool
        Whether it needs the gradient over all rows: one batch an epoch.
    usual_rate : float or None
        Rate that suits most networks on standardised numbers.
    engine : str or None
        Engine that runs it, where that is not the one that is asked for.
    code : int or None
        Number of its compiled twin, where there is one.
    """

    takes_rate: ClassVar[bool] = True
    takes_all_rows: ClassVar[bool] = False
    usual_rate: ClassVar[float | None] = 0.001
    engine: ClassVar[str | None] = None
    code: ClassVar[int | None] = None


@RULES.register
@dataclass(frozen=True)
class Descent(RuleFacts):
    """Gradient descent, the notes' rule: no state.

    Examples
    --------
    >>> import numpy as np
    >>> Descent().update(np.array([1.0]), np.array([-0.25]), (), rate=0.5)
    (array([1.125]), ())
    """

    name: ClassVar[str] = "descent"
    arrays: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ()
    usual_rate = 0.1
    code = 2

    def init(self, weights: Array) -> RuleState:  # noqa: ARG002 (interface)
        """Nothing."""
        return ()

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (8)."""
        return descend(weights, gradient, rate), state


@RULES.register
@dataclass(frozen=True)
class Momentum(RuleFacts):
    r"""Descent along a velocity, the sum of past gradients that fade.

    Parameters
    ----------
    momentum : float
        Share :math:`\mu` of the velocity that is kept, from 0 to below 1.

    Notes
    -----
    Rumelhart, Hinton & Williams (1986) multiply the gradient by the rate before it enters the velocity; for a
    constant rate the weights are the same.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w, g = Momentum(0.5), np.array([1.0]), np.array([1.0])
    >>> w, state = rule.update(w, g, rule.init(w), rate=0.1)
    >>> w, state = rule.update(w, g, state, rate=0.1)
    >>> w, state
    (array([0.75]), (array([1.5]),))
    """

    momentum: float = 0.9
    name: ClassVar[str] = "momentum"
    arrays: ClassVar[tuple[str, ...]] = ("velocity",)
    numbers: ClassVar[tuple[str, ...]] = ()
    usual_rate = 0.01
    code = 3

    def __post_init__(self) -> None:
        check_share(self.momentum, "momentum", example=0.9)

    def init(self, weights: Array) -> RuleState:
        """Velocity 0."""
        return (array_namespace(weights).zeros_like(weights),)

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (38)."""
        velocity = without_subnormals(self.momentum * state[0] + gradient)
        return weights - rate * velocity, (velocity,)


@RULES.register
@dataclass(frozen=True)
class Nesterov(Momentum):
    r"""Momentum that looks a step ahead: the velocity as it will be after the next gradient like this one.

    Parameters
    ----------
    momentum : float
        Share :math:`\mu` of the velocity that is kept, from 0 to below 1.

    References
    ----------
    Sutskever, Martens, Dahl & Hinton (2013), On the importance of initialization and momentum in deep
    learning, ICML.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Nesterov(0.5), np.array([1.0])
    >>> rule.update(w, np.array([1.0]), rule.init(w), rate=0.1)[0]
    array([0.85])
    """

    name: ClassVar[str] = "nesterov"
    code = 4

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (39)."""
        velocity = without_subnormals(self.momentum * state[0] + gradient)
        return weights - rate * (gradient + self.momentum * velocity), (velocity,)


@RULES.register
@dataclass(frozen=True)
class RMSprop(RuleFacts):
    r"""Descent with each gradient divided by the root of the mean of its past squares.

    Parameters
    ----------
    decay : float
        Share :math:`\alpha` of the mean of squares that is kept, from 0 to below 1.
    epsilon : float
        Added to the root.

    References
    ----------
    Hinton (2012), Neural networks for machine learning, lecture 6e.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = RMSprop(), np.array([1.0])
    >>> rule.update(w, np.array([4.0]), rule.init(w), rate=0.01)[0]
    array([0.9])
    """

    decay: float = 0.99
    epsilon: float = 1e-8
    name: ClassVar[str] = "rmsprop"
    arrays: ClassVar[tuple[str, ...]] = ("mean_of_squares",)
    numbers: ClassVar[tuple[str, ...]] = ()
    code = 5

    def __post_init__(self) -> None:
        check_share(self.decay, "decay", example=0.99)
        check_between(self.epsilon, "epsilon", 0.0, math.inf, example=1e-8)

    def init(self, weights: Array) -> RuleState:
        """Mean of squares 0."""
        return (array_namespace(weights).zeros_like(weights),)

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (40)."""
        xp = array_namespace(weights)
        squares = without_subnormals(self.decay * state[0] + (1 - self.decay) * (gradient * gradient))
        return weights - rate * (gradient / (xp.sqrt(squares) + self.epsilon)), (squares,)


@RULES.register
@dataclass(frozen=True)
class Adam(RuleFacts):
    r"""Descent along the mean of past gradients, divided by the root of the mean of their squares.

    Parameters
    ----------
    beta1, beta2 : float
        Shares of the mean and of the mean of squares that are kept, from 0 to below 1.
    epsilon : float
        Added to the root.

    References
    ----------
    Kingma & Ba (2015), Adam: a method for stochastic optimization, ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = Adam(), np.array([1.0])
    >>> w, state = rule.update(w, np.array([4.0]), rule.init(w), rate=0.1)
    >>> w.round(6), state[2:]
    (array([0.9]), (0.9, 0.999))
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    name: ClassVar[str] = "adam"
    arrays: ClassVar[tuple[str, ...]] = ("mean", "mean_of_squares")
    numbers: ClassVar[tuple[str, ...]] = ("power_of_beta1", "power_of_beta2")
    code = 6

    def __post_init__(self) -> None:
        check_share(self.beta1, "beta1", example=0.9)
        check_share(self.beta2, "beta2", example=0.999)
        check_between(self.epsilon, "epsilon", 0.0, math.inf, example=1e-8)

    def init(self, weights: Array) -> RuleState:
        """Both means 0, and the powers of both betas 1."""
        zeros = array_namespace(weights).zeros_like(weights)
        return zeros, zeros, 1.0, 1.0

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (41)."""
        xp = array_namespace(weights)
        mean, squares, power1, power2 = state
        mean = without_subnormals(self.beta1 * mean + (1 - self.beta1) * gradient)
        squares = without_subnormals(self.beta2 * squares + (1 - self.beta2) * (gradient * gradient))
        power1, power2 = self.beta1 * power1, self.beta2 * power2
        root = xp.sqrt(squares) * (1 / math.sqrt(1 - power2)) + self.epsilon
        return weights - (rate / (1 - power1)) * (mean / root), (mean, squares, power1, power2)


@RULES.register
@dataclass(frozen=True)
class AdamW(RuleFacts):
    r"""Adam, and beside it weights that decay by a share of the rate, whatever their gradients.

    Parameters
    ----------
    decay : float
        Share :math:`\lambda` of a weight, times the rate, that every update takes away; the bias weights in
        column 0 keep theirs.
    beta1, beta2, epsilon : float
        As for `Adam`.

    References
    ----------
    Loshchilov & Hutter (2019), Decoupled weight decay regularization, ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = AdamW(decay=0.5), np.array([[1.0, 1.0]])
    >>> rule.update(w, np.array([[4.0, 4.0]]), rule.init(w), rate=0.1)[0].round(6)
    array([[0.9 , 0.85]])
    """

    decay: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    name: ClassVar[str] = "adamw"
    arrays: ClassVar[tuple[str, ...]] = Adam.arrays
    numbers: ClassVar[tuple[str, ...]] = Adam.numbers
    code = 6  # weights decay before Adam moves them

    def __post_init__(self) -> None:
        check_between(self.decay, "decay", 0.0, math.inf, example=0.01)
        _ = self._adam

    @property
    def _adam(self) -> Adam:
        return Adam(self.beta1, self.beta2, self.epsilon)

    def init(self, weights: Array) -> RuleState:
        """As for Adam."""
        return self._adam.init(weights)

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (42)."""
        xp = array_namespace(weights)
        kept = xp.concat([weights[:, :1], weights[:, 1:] * (1 - rate * self.decay)], axis=1)
        return self._adam.update(kept, gradient, state, rate)


@RULES.register
@dataclass(frozen=True)
class IRpropMinus(RuleFacts):
    r"""iRPROP−: a step of its own for each weight, which grows while the gradient keeps its sign.

    The size of a gradient plays no part, so that it must be that of all samples: one batch an epoch. The rate
    is the first step.

    Parameters
    ----------
    decrease, increase : float
        Factors of a step when the gradient has changed its sign, and when it has kept it.
    smallest, largest : float
        Limits of a step.

    References
    ----------
    Igel & Hüsken (2003), Empirical evaluation of the improved Rprop learning algorithms, Neurocomputing 50.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = IRpropMinus(), np.array([1.0, 1.0])
    >>> w, state = rule.update(w, np.array([3.0, -3.0]), rule.init(w), rate=0.1)
    >>> w, state = rule.update(w, np.array([1.0, 2.0]), state, rate=0.1)
    >>> w, state[0]
    (array([0.78, 1.1 ]), array([0.12, 0.05]))
    """

    decrease: float = 0.5
    increase: float = 1.2
    smallest: float = 1e-6
    largest: float = 50.0
    name: ClassVar[str] = "irprop_minus"
    arrays: ClassVar[tuple[str, ...]] = ("step", "gradient_before")
    numbers: ClassVar[tuple[str, ...]] = ()
    takes_all_rows = True
    usual_rate = 0.01
    code = 7

    def __post_init__(self) -> None:
        check_between(self.decrease, "decrease", 0.0, 1.0, example=0.5)
        check_between(self.increase, "increase", 1.0, math.inf, example=1.2)
        check_between(self.smallest, "smallest", 0.0, math.inf, example=1e-6)
        check_between(self.largest, "largest", self.smallest, math.inf, example=50.0)

    def init(self, weights: Array) -> RuleState:
        """Steps of 0, which stand for the rate, and gradients of 0, which have no sign to change."""
        zeros = array_namespace(weights).zeros_like(weights)
        return zeros, zeros

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (43)."""
        xp = array_namespace(weights)
        step, before = state
        step = xp.where(step == 0, rate * xp.ones_like(step), step)
        agreement = xp.sign(gradient) * xp.sign(before)
        grown = xp.where(agreement > 0, self.increase * step, step)
        grown = xp.where(grown > self.largest, self.largest * xp.ones_like(step), grown)
        shrunk = xp.where(agreement < 0, self.decrease * step, grown)
        step = xp.where(shrunk < self.smallest, self.smallest * xp.ones_like(step), shrunk)
        gradient = xp.where(agreement < 0, xp.zeros_like(gradient), gradient)
        return weights - xp.sign(gradient) * step, (step, gradient)


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


def without_subnormals(numbers: Array) -> Array:
    r"""State of a rule, with 0 in the place of what is below the smallest normal number.

    Many processors are slow at subnormal numbers, and a fading velocity would end as one.

    Examples
    --------
    >>> import numpy as np
    >>> without_subnormals(np.array([1e-310, 1e-300]))
    array([0.e+000, 1.e-300])
    """
    xp = array_namespace(numbers)
    smallest = xp.finfo(numbers.dtype).smallest_normal
    return xp.where(xp.abs(numbers) < smallest, xp.zeros_like(numbers), numbers)
