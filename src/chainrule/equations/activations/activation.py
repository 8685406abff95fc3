r"""Activations :math:`a = g(z)`, each beside its derivative.

``backward`` is a vector-Jacobian product, not a derivative: it multiplies the signal that arrives from
above by :math:`\partial a / \partial z`. For a unit that only sees its own net input that is
:math:`g'(z) \cdot \text{upstream}`; an activation that mixes the units of a layer fits the same interface.

All of them are holomorphic in the code as in the mathematics, because the gradient check steps into the
complex plane: a logistic written with an absolute value would silently have the gradient 0 there.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.arrays import array_namespace, real_part
from chainrule.equations.kinds import Kind

if TYPE_CHECKING:
    from chainrule.equations.arrays import Array

__all__ = ["ACTIVATIONS", "Activation", "ActivationFacts", "Identity", "Logistic", "OutputRange", "Tanh"]


class OutputRange(enum.Enum):
    """Where the outputs of an activation lie: a loss may need them there.

    Examples
    --------
    >>> Logistic.outputs.value
    'chances between 0 and 1, each of its own'
    """

    REAL = "any numbers"
    POSITIVE = "expected counts above 0"
    UNIT = "chances between 0 and 1, each of its own"
    SHARES = "chances of classes that sum to 1"


class Activation(Protocol):
    """What a layer needs of its g.

    Attributes
    ----------
    name : str
        The shorthand for it wherever an activation is asked for, and its name in a model file.
    formula : str
        g as it stands in a printed trace, as a function of ``z``.
    derivative : str
        g' as it stands in a printed trace, as a function of ``a``.

    Examples
    --------
    >>> from chainrule.equations import ACTIVATIONS
    >>> isinstance(ACTIVATIONS.named("tanh"), Tanh)
    True
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    derivative: ClassVar[str]

    def forward(self, z: Array) -> Array:
        """Activations of the net inputs `z`, same shape and dtype."""
        ...

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:
        r"""Signal `upstream`, given for the activations `a`, passed back to the net inputs `z`."""
        ...


ACTIVATIONS: Kind[Activation] = Kind("activation", "forward", "backward")


@ACTIVATIONS.facts
class ActivationFacts:
    """What an activation permits, belongs to and is usual for it; one's own may say some of it, or nothing.

    Attributes
    ----------
    outputs : OutputRange
        Where its outputs lie.
    lowest_output, highest_output : float
        Between which they lie.
    mixes_units : bool
        Whether a unit's output depends on the net inputs of the others: such a layer is the output layer.
    fewest_units : int
        Units that such a layer has at least.
    saturates : bool
        Whether it is steepest at 0 and flat far from it.
    dies : bool
        Whether it is 0, and flat, for every net input below 0.
    usual_start : str
        First weights that suit it.
    usual_loss : str
        Loss that belongs to it where the targets are classes.
    code : int or None
        Number of its compiled twin, where there is one.
    """

    outputs: ClassVar[OutputRange] = OutputRange.REAL
    lowest_output: ClassVar[float] = -math.inf
    highest_output: ClassVar[float] = math.inf
    mixes_units: ClassVar[bool] = False
    fewest_units: ClassVar[int] = 1
    saturates: ClassVar[bool] = False
    dies: ClassVar[bool] = False
    usual_start: ClassVar[str] = "glorot_uniform"
    usual_loss: ClassVar[str] = "rss"
    code: ClassVar[int | None] = None


@ACTIVATIONS.register
@dataclass(frozen=True)
class Logistic(ActivationFacts):
    r"""Logistic unit of the notes, :math:`a = 1 / (1 + e^{-z})`.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[-800.0, 0.0, 2.0]])
    >>> a = Logistic().forward(z)
    >>> a
    array([[0.        , 0.5       , 0.88079708]])
    >>> Logistic().backward(z, a, np.ones_like(a))
    array([[0.        , 0.25      , 0.10499359]])
    """

    name: ClassVar[str] = "logistic"
    also_called: ClassVar[tuple[str, ...]] = ("sigmoid", "sigm", "logsig", "expit")
    formula: ClassVar[str] = "1 / (1 + exp(−z))"
    derivative: ClassVar[str] = "(1 − a)·a"
    outputs = OutputRange.UNIT
    lowest_output, highest_output = 0.0, 1.0
    saturates = True
    usual_loss = "binary_cross_entropy"
    code = 1

    def forward(self, z: Array) -> Array:
        r"""Logistic of `z`, equation (3).

        Both forms are the same function; each is used on the half of the plane where its exponential
        cannot overflow, so that either tail keeps its digits and no finite `z` warns.
        """
        xp = array_namespace(z)
        right = real_part(z) >= 0
        exponential = xp.exp(xp.where(right, -z, z))
        return xp.where(right, 1 / (1 + exponential), exponential / (1 + exponential))

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times :math:`(1 - a)\, a`, equation (5)."""
        return (1 - a) * a * upstream


@ACTIVATIONS.register
@dataclass(frozen=True)
class Tanh(ActivationFacts):
    r"""Hyperbolic tangent, :math:`a = \tanh z`.

    Examples
    --------
    >>> import numpy as np
    >>> a = Tanh().forward(np.array([[0.0, 1.0]]))
    >>> a
    array([[0.        , 0.76159416]])
    >>> Tanh().backward(None, a, np.ones_like(a))
    array([[1.        , 0.41997434]])
    """

    name: ClassVar[str] = "tanh"
    also_called: ClassVar[tuple[str, ...]] = ("tansig", "hyperbolic_tangent")
    formula: ClassVar[str] = "tanh(z)"
    derivative: ClassVar[str] = "(1 − a²)"
    lowest_output, highest_output = -1.0, 1.0
    saturates = True
    code = 2

    def forward(self, z: Array) -> Array:
        r"""Hyperbolic tangent of `z`, equation (11)."""
        return array_namespace(z).tanh(z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times :math:`1 - a^2`, equation (12)."""
        return (1 - a * a) * upstream


@ACTIVATIONS.register
@dataclass(frozen=True)
class Identity(ActivationFacts):
    r"""Identity, :math:`a = z`: the output of a network whose targets are numbers.

    Examples
    --------
    >>> import numpy as np
    >>> Identity().forward(np.array([[-3.0, 4.0]]))
    array([[-3.,  4.]])
    >>> Identity().backward(None, None, np.array([[0.5, 2.0]]))
    array([[0.5, 2. ]])
    """

    name: ClassVar[str] = "identity"
    also_called: ClassVar[tuple[str, ...]] = ("linear", "purelin", "none")
    formula: ClassVar[str] = "z"
    derivative: ClassVar[str] = "1"
    code = 0

    def forward(self, z: Array) -> Array:
        r"""Net inputs as they are, equation (13)."""
        return z

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal as it is: the derivative in equation (13) is 1."""
        return upstream
