r"""Update rules that give each weight a rate of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.rules.rule import RULES, RuleFacts, without_subnormals
from chainrule.given import keep_between, keep_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.arrays import Array
    from chainrule.equations.rules.rule import RuleState

__all__ = ["Adam", "AdamW", "IRpropMinus", "RMSprop"]


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
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("adagrad", "adadelta"), "It, too, divides gradients by the root of their squares."
    )
    arrays: ClassVar[tuple[str, ...]] = ("mean_of_squares",)
    numbers: ClassVar[tuple[str, ...]] = ()
    rate_is_step = True
    code = 5

    def __post_init__(self) -> None:
        keep_share(self, "decay", example=0.99)
        keep_between(self, "epsilon", 0.0, math.inf, example=1e-8)

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
    also_called: ClassVar[tuple[str, ...]] = ("adaptive_moment_estimation",)
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("adamax", "nadam", "amsgrad", "radam", "adabelief"), "It is the rule that yours is made from."
    )
    arrays: ClassVar[tuple[str, ...]] = ("mean", "mean_of_squares")
    numbers: ClassVar[tuple[str, ...]] = ("power_of_beta1", "power_of_beta2")
    rate_is_step = True
    code = 6

    def __post_init__(self) -> None:
        _keep_parameters(self)

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


def _keep_parameters(rule: Adam | AdamW) -> None:
    """Check what both have."""
    keep_share(rule, "beta1", example=0.9)
    keep_share(rule, "beta2", example=0.999)
    keep_between(rule, "epsilon", 0.0, math.inf, example=1e-8)


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
    rate_is_step = True
    decays = True
    code = 6  # weights decay before Adam moves them

    def __post_init__(self) -> None:
        keep_between(self, "decay", 0.0, math.inf, example=0.01)
        _keep_parameters(self)

    def decaying_by(self, factor: float) -> Adam | AdamW:
        """The same rule with a decay that is multiplied by a factor of at least 0."""
        return replace(self, decay=self.decay * factor) if self.decay * factor else self._adam

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
        kept = xp.concat([weights[:, :1], (weights * (1 - rate * self.decay))[:, 1:]], axis=1)
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
    also_called: ClassVar[tuple[str, ...]] = ("irprop",)
    resembles: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("rprop", "irprop_plus", "irprop+"), "It is a later form of RPROP."
    )
    arrays: ClassVar[tuple[str, ...]] = ("step", "gradient_before")
    numbers: ClassVar[tuple[str, ...]] = ()
    rate_is_step = True
    takes_all_rows = True
    usual_rate = 0.01
    code = 7

    def __post_init__(self) -> None:
        keep_between(self, "decrease", 0.0, 1.0, example=0.5)
        keep_between(self, "increase", 1.0, math.inf, example=1.2)
        keep_between(self, "smallest", 0.0, math.inf, example=1e-6)
        keep_between(self, "largest", self.smallest, math.inf, example=50.0)

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
