r"""Activations :math:`a = g(z)`, each beside its derivative.

``backward`` is a vector-Jacobian product, not a derivative: it multiplies the signal that arrives from
above by :math:`\partial a / \partial z`. For a unit that only sees its own net input that is
:math:`g'(z) \cdot \text{upstream}`; an activation that mixes the units of a layer fits the same interface.

All of them are holomorphic in the code as in the mathematics, because the gradient check steps into the
complex plane: a logistic written with an absolute value would silently have the gradient 0 there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from chainrule.equations.arrays import array_namespace, real_part

if TYPE_CHECKING:
    from chainrule.equations.arrays import Array

__all__ = ["Activation", "Identity", "Logistic", "Tanh"]


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
    >>> from chainrule.equations import activation_named
    >>> isinstance(activation_named("tanh"), Tanh)
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


@dataclass(frozen=True)
class Logistic:
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
    formula: ClassVar[str] = "1 / (1 + exp(−z))"
    derivative: ClassVar[str] = "(1 − a)·a"

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


@dataclass(frozen=True)
class Tanh:
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
    formula: ClassVar[str] = "tanh(z)"
    derivative: ClassVar[str] = "(1 − a²)"

    def forward(self, z: Array) -> Array:
        r"""Hyperbolic tangent of `z`, equation (11)."""
        return array_namespace(z).tanh(z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times :math:`1 - a^2`, equation (12)."""
        return (1 - a * a) * upstream


@dataclass(frozen=True)
class Identity:
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
    formula: ClassVar[str] = "z"
    derivative: ClassVar[str] = "1"

    def forward(self, z: Array) -> Array:
        r"""Net inputs as they are, equation (13)."""
        return z

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal as it is: the derivative in equation (13) is 1."""
        return upstream
