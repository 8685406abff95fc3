r"""More activations :math:`a = g(z)` of a unit's own net input, each beside its derivative.

Where one is made of pieces, the real part of z chooses the piece: within it the function is holomorphic, so
that the gradient check may step into the complex plane. A NaN goes in and comes out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.activations.activation import ACTIVATIONS, ActivationFacts, Logistic, OutputRange
from chainrule.equations.arrays import array_namespace, real_part
from chainrule.given import keep_between

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.equations.arrays import Array

__all__ = ["GELU", "SELU", "Cos", "Exp", "LeakyReLU", "Mish", "ReLU", "Softplus", "Softsign", "softplus"]


@ACTIVATIONS.register
@dataclass(frozen=True)
class ReLU(ActivationFacts):
    r"""Rectified linear unit, :math:`a = \max(0, z)`; its derivative at the kink is 0.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[-2.0, 0.0, 3.0]])
    >>> ReLU().forward(z)
    array([[0., 0., 3.]])
    >>> ReLU().backward(z, None, np.ones_like(z))
    array([[0., 0., 1.]])
    """

    name: ClassVar[str] = "relu"
    also_called: ClassVar[tuple[str, ...]] = (
        "rectifier",
        "rectified_linear",
        "rectified_linear_unit",
    )
    formula: ClassVar[str] = "max(0, z)"
    derivative: ClassVar[str] = "[z > 0]"
    lowest_output = 0.0
    dies = True
    usual_start = "he_uniform"
    code = 3

    def forward(self, z: Array) -> Array:
        r"""Net inputs above 0, else 0, equation (19)."""
        xp = array_namespace(z)
        return xp.where(real_part(z) <= 0, xp.zeros_like(z), z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal where the net input is above 0, equation (19)."""
        xp = array_namespace(z)
        return xp.where(real_part(z) <= 0, xp.zeros_like(upstream), upstream)


@ACTIVATIONS.register
@dataclass(frozen=True)
class LeakyReLU(ActivationFacts):
    r"""Rectified linear unit that lets a little through, :math:`a = z` above 0 and :math:`sz` below.

    Parameters
    ----------
    slope : float
        s, from 0 to 1; at the kink the derivative is s.

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU(0.1).forward(np.array([[-2.0, 3.0]]))
    array([[-0.2,  3. ]])
    """

    slope: float = 0.01
    name: ClassVar[str] = "leaky_relu"
    also_called: ClassVar[tuple[str, ...]] = ("lrelu",)
    resembles: ClassVar[Mapping[str, str]] = {"prelu": "Its slope is given, that of prelu is learnt."}
    formula: ClassVar[str] = "max(z, slope·z)"
    derivative: ClassVar[str] = "([z > 0] + slope·[z ≤ 0])"
    usual_start = "he_uniform"
    code = 4

    def __post_init__(self) -> None:
        keep_between(self, "slope", 0.0, 1.0, example=0.01)

    def forward(self, z: Array) -> Array:
        r"""Net inputs above 0, else the slope times them, equation (20)."""
        xp = array_namespace(z)
        return xp.where(real_part(z) <= 0, self.slope * z, z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal, times the slope where the net input is not above 0, equation (20)."""
        xp = array_namespace(z)
        return xp.where(real_part(z) <= 0, self.slope * upstream, upstream)


def softplus(z: Array) -> Array:
    r"""Logarithm :math:`\ln(1 + e^z)`, in a form whose exponential cannot overflow, equation (21)."""
    xp = array_namespace(z)
    right = real_part(z) > 0
    return xp.where(right, z, xp.zeros_like(z)) + xp.log1p(xp.exp(xp.where(right, -z, z)))


@ACTIVATIONS.register
@dataclass(frozen=True)
class Softplus(ActivationFacts):
    r"""Smooth rectifier, :math:`a = \ln(1 + e^z)`: its outputs are above 0.

    Examples
    --------
    >>> import numpy as np
    >>> Softplus().forward(np.array([[-800.0, 0.0, 800.0]]))
    array([[0.00000000e+00, 6.93147181e-01, 8.00000000e+02]])
    """

    name: ClassVar[str] = "softplus"
    also_called: ClassVar[tuple[str, ...]] = ("smooth_relu",)
    formula: ClassVar[str] = "ln(1 + exp(z))"
    derivative: ClassVar[str] = "1/(1 + exp(−z))"
    outputs = OutputRange.POSITIVE
    lowest_output = 0.0
    code = 5

    def forward(self, z: Array) -> Array:
        r"""Softplus of `z`, equation (21)."""
        return softplus(z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times the logistic of z, equation (21)."""
        return Logistic().forward(z) * upstream


@ACTIVATIONS.register
@dataclass(frozen=True)
class Exp(ActivationFacts):
    r"""Exponential, :math:`a = e^z`: its outputs are above 0, and a step of z multiplies them.

    Examples
    --------
    >>> import numpy as np
    >>> a = Exp().forward(np.array([[-800.0, 0.0, 1.0]]))
    >>> a
    array([[0.        , 1.        , 2.71828183]])
    >>> Exp().backward(None, a, np.full_like(a, 0.5))
    array([[0.        , 0.5       , 1.35914091]])
    """

    name: ClassVar[str] = "exp"
    also_called: ClassVar[tuple[str, ...]] = ("exponential",)
    formula: ClassVar[str] = "exp(z)"
    derivative: ClassVar[str] = "a"
    outputs = OutputRange.POSITIVE
    lowest_output = 0.0
    code = 9

    def forward(self, z: Array) -> Array:
        r"""Exponential of `z`, equation (49)."""
        return array_namespace(z).exp(z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times the output, equation (49)."""
        return a * upstream


@ACTIVATIONS.register
@dataclass(frozen=True)
class Softsign(ActivationFacts):
    r"""Softsign, :math:`a = z / (1 + |z|)`: like tanh, with tails that fall slowly.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[-3.0, 1.0]])
    >>> Softsign().forward(z)
    array([[-0.75,  0.5 ]])
    >>> Softsign().backward(z, None, np.ones_like(z))
    array([[0.0625, 0.25  ]])
    """

    name: ClassVar[str] = "softsign"
    formula: ClassVar[str] = "z / (1 + |z|)"
    derivative: ClassVar[str] = "1/(1 + |z|)²"
    lowest_output, highest_output = -1.0, 1.0
    saturates = True
    code = 6

    def forward(self, z: Array) -> Array:
        r"""Softsign of `z`, equation (22)."""
        return z / (1 + _magnitude(z))

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal divided by :math:`(1 + |z|)^2`, equation (22)."""
        return upstream / (1 + _magnitude(z)) / (1 + _magnitude(z))


def _magnitude(z: Array) -> Array:
    """|z| of real numbers, and on either side of 0 the holomorphic function that it is there."""
    return array_namespace(z).where(real_part(z) < 0, -z, z)


# sqrt(2 / pi), and the factor of the cube, of the tanh form.
GELU_SCALE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715
GELU_END = 10.0  # beyond it the tanh is ±1 to the last bit, and the cube would overflow first


@ACTIVATIONS.register
@dataclass(frozen=True)
class GELU(ActivationFacts):
    r"""Gaussian error linear unit, in its tanh form.

    .. math:: a = \tfrac12 z \left(1 + \tanh\left(\sqrt{2/\pi}\,(z + 0.044715\, z^3)\right)\right)

    Notes
    -----
    The form with the error function, :math:`z\,\Phi(z)`, is another function: they differ by up to 5e-4.

    References
    ----------
    Hendrycks & Gimpel (2016), Gaussian error linear units, arXiv 1606.08415.

    Examples
    --------
    >>> import numpy as np
    >>> GELU().forward(np.array([[-1.0, 0.0, 1.0]]))
    array([[-0.15880801,  0.        ,  0.84119199]])
    """

    name: ClassVar[str] = "gelu"
    also_called: ClassVar[tuple[str, ...]] = ("gelu_tanh", "gelu_new")
    resembles: ClassVar[Mapping[str, str]] = {
        "swish": "It is much like swish, but not the same.",
        "silu": "It is much like silu, but not the same.",
    }
    formula: ClassVar[str] = "z/2·(1 + t),  t = tanh(√(2/π)·(z + 0.044715·z³))"
    derivative: ClassVar[str] = "((1 + t)/2 + z/2·(1 − t²)·√(2/π)·(1 + 0.134145·z²))"
    lowest_output = -0.1701
    code = 7

    def forward(self, z: Array) -> Array:
        r"""GELU of `z`, equation (23)."""
        return z / 2 * (1 + self._tanh(_clipped(z)))

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times the derivative in equation (23)."""
        near = _clipped(z)
        t = self._tanh(near)
        slope_of_argument = GELU_SCALE * (1 + 3 * GELU_CUBE * near * near)
        return ((1 + t) / 2 + near / 2 * (1 - t * t) * slope_of_argument) * upstream

    @staticmethod
    def _tanh(z: Array) -> Array:
        return array_namespace(z).tanh(GELU_SCALE * (z + GELU_CUBE * (z * z * z)))


def _clipped(z: Array) -> Array:
    """Net inputs no further from 0 than the tanh form is told apart from its ends."""
    xp = array_namespace(z)
    end = GELU_END * xp.ones_like(z)
    near = xp.where(real_part(z) > GELU_END, end, z)
    return xp.where(real_part(z) < -GELU_END, -end, near)


# For these two numbers, outputs whose mean is 0 and whose variance is 1 keep both from layer to layer.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@ACTIVATIONS.register
@dataclass(frozen=True)
class SELU(ActivationFacts):
    r"""Scaled exponential linear unit: :math:`\lambda z` above 0, :math:`\lambda \alpha (e^z - 1)` below.

    Notes
    -----
    At the kink the derivative is that of the left side, :math:`\lambda \alpha`.

    References
    ----------
    Klambauer, Unterthiner, Mayr & Hochreiter (2017), Self-normalizing neural networks, NIPS 30.

    Examples
    --------
    >>> import numpy as np
    >>> SELU().forward(np.array([[-800.0, -1.0, 0.0, 1.0]]))
    array([[-1.75809934, -1.11133074,  0.        ,  1.05070099]])
    """

    name: ClassVar[str] = "selu"
    resembles: ClassVar[Mapping[str, str]] = {"elu": "It is elu between two fixed factors."}
    formula: ClassVar[str] = "1.0507009873554805·(max(0, z) + 1.6732632423543772·(exp(min(0, z)) − 1))"
    derivative: ClassVar[str] = "1.0507009873554805·([z > 0] + 1.6732632423543772·exp(z)·[z ≤ 0])"
    lowest_output = -SELU_SCALE * SELU_ALPHA
    usual_start = "lecun_uniform"
    code = 10

    def forward(self, z: Array) -> Array:
        r"""SELU of `z`, equation (53)."""
        xp = array_namespace(z)
        curved = SELU_ALPHA * xp.expm1(_not_above_0(z))
        return SELU_SCALE * xp.where(real_part(z) > 0, z, curved)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times the derivative in equation (53)."""
        xp = array_namespace(z)
        curved = SELU_ALPHA * xp.exp(_not_above_0(z)) * upstream
        return SELU_SCALE * xp.where(real_part(z) > 0, upstream, curved)


def _not_above_0(z: Array) -> Array:
    """Net inputs, and 0 in the place of those above it, whose exponential may overflow."""
    xp = array_namespace(z)
    return xp.where(real_part(z) > 0, xp.zeros_like(z), z)


@ACTIVATIONS.register
@dataclass(frozen=True)
class Mish(ActivationFacts):
    r"""Mish, :math:`a = z \tanh(\ln(1 + e^z))`.

    References
    ----------
    Misra (2020), Mish: a self regularized non-monotonic activation function, BMVC.

    Examples
    --------
    >>> import numpy as np
    >>> Mish().forward(np.array([[-1.0, 0.0, 1.0]]))
    array([[-0.30340146,  0.        ,  0.86509839]])
    """

    name: ClassVar[str] = "mish"
    formula: ClassVar[str] = "z·t,  t = tanh(ln(1 + exp(z)))"
    derivative: ClassVar[str] = "(t + z·(1 − t²)/(1 + exp(−z)))"
    lowest_output = -0.30885
    code = 11

    def forward(self, z: Array) -> Array:
        r"""Mish of `z`, equation (54)."""
        return z * array_namespace(z).tanh(softplus(z))

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times the derivative in equation (54)."""
        t = array_namespace(z).tanh(softplus(z))
        return (t + z * (1 - t * t) * Logistic().forward(z)) * upstream


@ACTIVATIONS.register
@dataclass(frozen=True)
class Cos(ActivationFacts):
    r"""Cosine, :math:`a = \cos z`: a unit that goes through the same outputs again and again.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[0.0, np.pi / 2, np.pi]])
    >>> Cos().forward(z).round(9)
    array([[ 1.,  0., -1.]])
    >>> Cos().backward(z, None, np.ones_like(z)).round(9)
    array([[-0., -1., -0.]])
    """

    name: ClassVar[str] = "cos"
    also_called: ClassVar[tuple[str, ...]] = ("cosine",)
    resembles: ClassVar[Mapping[str, str]] = {
        "sin": "It is a quarter turn ahead, which a bias weight takes back.",
        "sine": "It is a quarter turn ahead, which a bias weight takes back.",
    }
    formula: ClassVar[str] = "cos(z)"
    derivative: ClassVar[str] = "(−sin(z))"
    lowest_output, highest_output = -1.0, 1.0
    code = 12

    def forward(self, z: Array) -> Array:
        r"""Cosine of `z`, equation (55)."""
        return array_namespace(z).cos(z)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Signal times :math:`-\sin z`, equation (55)."""
        return -array_namespace(z).sin(z) * upstream
