r"""Update rules: from a gradient to new weights.

A rule is a pair of pure functions. `init` gives the state that it begins with, `update` takes weights,
gradient and state, and gives the weights and the state after one update. A state is a tuple: first arrays of
the shape of the weights (`arrays` names them), then plain numbers (`numbers` names them).

Conventions are those of PyTorch: the rate multiplies the velocity when the weights are moved, and is not part
of it; epsilon is added to the root, not under it. The velocity of the classical rules holds the rate, as
that of Keras and scikit-learn does.

References
----------
Paszke et al. (2019), PyTorch: an imperative style, high-performance deep learning library, NeurIPS; its
package `torch.optim` for the conventions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from chainrule.equations.arrays import array_namespace
from chainrule.equations.kinds import Kind
from chainrule.given import keep_share

if TYPE_CHECKING:
    from chainrule.equations.arrays import Array

__all__ = [
    "RULES", "ClassicalMomentum", "ClassicalNesterov", "Descent", "Momentum", "Nesterov", "Rule", "RuleFacts",
    "RuleState", "descend", "without_subnormals",
]  # fmt: skip

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
        """Weights and state after one update.

        The rate is a row, one number for each column of the weights, where it has factors.
        """
        ...


RULES: Kind[Rule] = Kind("update rule", "init", "update")


@RULES.facts
class RuleFacts:
    """What an update rule permits, belongs to and is usual for it; one's own may say some of it, or nothing.

    Attributes
    ----------
    arrays, numbers : tuples of str
        What its state is made of; one's own needs to say so where it is to be saved.
    takes_rate : bool
        Whether it has a learning rate; one without finds its own steps.
    takes_all_rows : bool
        Whether it needs the gradient over all rows: one batch an epoch.
    usual_rate : float or None
        Rate that suits most networks on standardised numbers.
    needs_squares : bool
        Whether it lowers sums of squares alone.
    decays : bool
        Whether weights decay beside their gradients: `decaying_by(factor)` gives it with another decay.
    rate_is_step : bool
        Whether a step is about as long as the rate, however long the gradient is.
    engine : str or None
        Engine that runs it, where that is not the one that is asked for.
    code : int or None
        Number of its compiled twin, where there is one.
    """

    arrays: ClassVar[tuple[str, ...]] = ()
    numbers: ClassVar[tuple[str, ...]] = ()
    takes_rate: ClassVar[bool] = True
    takes_all_rows: ClassVar[bool] = False
    usual_rate: ClassVar[float | None] = 0.001
    needs_squares: ClassVar[bool] = False
    decays: ClassVar[bool] = False
    rate_is_step: ClassVar[bool] = False
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
    also_called: ClassVar[tuple[str, ...]] = (
        "sgd",
        "gd",
        "bgd",
        "gradient_descent",
        "stochastic_gradient_descent",
        "steepest_descent",
        "vanilla",
        "backprop",
    )
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
    When the rate changes, the whole velocity goes on at the new one; there `ClassicalMomentum` differs.

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
    also_called: ClassVar[tuple[str, ...]] = ("sgd_momentum", "gdm")
    arrays: ClassVar[tuple[str, ...]] = ("velocity",)
    numbers: ClassVar[tuple[str, ...]] = ()
    usual_rate = 0.01
    code = 3

    def __post_init__(self) -> None:
        keep_share(self, "momentum", example=0.9)

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
    also_called: ClassVar[tuple[str, ...]] = ("nag", "nesterov_momentum", "nesterov_accelerated_gradient")
    code = 4

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (39)."""
        velocity = without_subnormals(self.momentum * state[0] + gradient)
        return weights - rate * (gradient + self.momentum * velocity), (velocity,)


@RULES.register
@dataclass(frozen=True)
class ClassicalMomentum(Momentum):
    r"""Descent along a velocity that holds the rate: the last change of the weights, part of which goes on.

    .. math:: V := \mu V - \eta g, \quad W := W + V

    Parameters
    ----------
    momentum : float
        Share :math:`\mu` of the velocity that is kept, from 0 to below 1.

    Notes
    -----
    As in Keras and scikit-learn. At a constant rate the weights are those of `Momentum`. When the rate
    changes, past gradients keep the rate of their time, so that a lower one slows the weights down by and by.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods, USSR Computational
    Mathematics and Mathematical Physics 4. Rumelhart, Hinton & Williams (1986), Learning representations by
    back-propagating errors, Nature 323.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w, g = ClassicalMomentum(0.5), np.array([1.0]), np.array([1.0])
    >>> w, state = rule.update(w, g, rule.init(w), rate=0.5)
    >>> w, state = rule.update(w, g, state, rate=0.25)
    >>> w, state
    (array([0.]), (array([-0.5]),))
    """

    name: ClassVar[str] = "classical_momentum"
    also_called: ClassVar[tuple[str, ...]] = ("heavy_ball", "polyak")
    code = 8

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (51)."""
        velocity = without_subnormals(self.momentum * state[0] - rate * gradient)
        return weights + velocity, (velocity,)


@RULES.register
@dataclass(frozen=True)
class ClassicalNesterov(Momentum):
    r"""Nesterov's momentum with a velocity that holds the rate, as `ClassicalMomentum` has it.

    .. math:: V := \mu V - \eta g, \quad W := W + \mu V - \eta g

    Parameters
    ----------
    momentum : float
        Share :math:`\mu` of the velocity that is kept, from 0 to below 1.

    Notes
    -----
    As in Keras and scikit-learn. At a constant rate the weights are those of `Nesterov`. They are the places
    where Sutskever et al. (2013) take their gradients, a step ahead, whether the rate changes or not.

    References
    ----------
    Bengio, Boulanger-Lewandowski & Pascanu (2013), Advances in optimizing recurrent networks, ICASSP, for
    this form of it.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w, g = ClassicalNesterov(0.5), np.array([1.0]), np.array([1.0])
    >>> w, state = rule.update(w, g, rule.init(w), rate=0.5)
    >>> rule.update(w, g, state, rate=0.25)
    (array([-0.25]), (array([-0.5]),))
    """

    name: ClassVar[str] = "classical_nesterov"
    code = 9

    def update(
        self, weights: Array, gradient: Array, state: RuleState, rate: float
    ) -> tuple[Array, RuleState]:
        """Equation (52)."""
        step = rate * gradient
        velocity = without_subnormals(self.momentum * state[0] - step)
        return weights + (self.momentum * velocity - step), (velocity,)


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
