r"""Softmax: the activation that mixes the units of a layer, for outputs that are the chances of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.activations.activation import ACTIVATIONS, ActivationFacts, OutputRange
from chainrule.equations.arrays import array_namespace, real_part

if TYPE_CHECKING:
    from chainrule.equations.arrays import Array

__all__ = ["Softmax", "log_of_sum_of_exponentials"]


def _largest(z: Array) -> Array:
    """Largest real part of each row, as a column."""
    return array_namespace(z).max(real_part(z), axis=-1, keepdims=True)


def log_of_sum_of_exponentials(z: Array) -> Array:
    r"""Logarithm :math:`\ln \sum_k e^{z_k}` of each row, as a column; no exponential overflows."""
    xp = array_namespace(z)
    largest = _largest(z)
    return largest + xp.log(xp.sum(xp.exp(z - largest), axis=-1, keepdims=True))


@ACTIVATIONS.register
@dataclass(frozen=True)
class Softmax(ActivationFacts):
    r"""Softmax of a layer, :math:`a_k = e^{z_k} / \sum_i e^{z_i}`: outputs above 0 with the sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[800.0, 800.0, 0.0]])
    >>> a = Softmax().forward(z)
    >>> a
    array([[0.5, 0.5, 0. ]])
    >>> Softmax().backward(z, a, np.array([[1.0, 0.0, 0.0]]))
    array([[ 0.25, -0.25, -0.  ]])
    """

    name: ClassVar[str] = "softmax"
    also_called: ClassVar[tuple[str, ...]] = ("softargmax", "normalized_exponential")
    formula: ClassVar[str] = "exp(z) / Σ_i exp(z_i)"
    derivative: ClassVar[str] = "a_k·([k = i] − a_i)"
    outputs = OutputRange.SHARES
    lowest_output, highest_output = 0.0, 1.0
    mixes_units = True
    fewest_units = 2
    usual_loss = "cross_entropy"
    code = 8

    def forward(self, z: Array) -> Array:
        r"""Softmax of each row of `z`, equation (24), shifted by its largest number: that changes nothing."""
        xp = array_namespace(z)
        exponentials = xp.exp(z - _largest(z))
        return exponentials / xp.sum(exponentials, axis=-1, keepdims=True)

    def backward(self, z: Array, a: Array, upstream: Array) -> Array:  # noqa: ARG002 (interface)
        r"""Product of the signal with the Jacobian of the layer, equation (25)."""
        xp = array_namespace(a, upstream)
        return a * (upstream - xp.sum(a * upstream, axis=-1, keepdims=True))
