r"""A dense layer, forward and backward: net input, hidden delta, gradient.

Convention: delta is the *descent* direction :math:`-\partial\,\text{loss} / \partial z`, as in the notes,
so that weights move by ``+ rate * delta * a``; most textbooks use the opposite sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.layer import LAYERS, LayerKind
from chainrule.equations.penalties import dropped_out

if TYPE_CHECKING:
    from chainrule.equations.activations.activation import Activation
    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn

__all__ = ["Dense", "flush_to_zero", "gradient", "hidden_delta", "net_input", "with_bias_unit"]


def with_bias_unit(a: Array) -> Array:
    r"""Activations with the bias unit :math:`x_0 = 1` before them, as equation (2) asks.

    Parameters
    ----------
    a : array of shape (n_samples, n_units)
        Activations of a layer, or the inputs X.

    Returns
    -------
    array of shape (n_samples, 1 + n_units)

    Examples
    --------
    >>> import numpy as np
    >>> with_bias_unit(np.array([[0.05, 0.1]]))
    array([[1.  , 0.05, 0.1 ]])
    """
    xp = array_namespace(a)
    return xp.concat([xp.ones_like(a[:, :1]), a], axis=1)


def net_input(weights: Array, a_before: Array) -> Array:
    r"""Net inputs of a layer, equation (2).

    .. math:: z_k = W_{k0} x_0 + \sum_j W_{kj} a_j, \qquad x_0 = 1

    Parameters
    ----------
    weights : array of shape (n_units, 1 + n_units_before)
        Weights that lead to the layer; column 0 holds the bias weights.
    a_before : array of shape (n_samples, n_units_before)
        Activations of the layer before, or the inputs X.

    Returns
    -------
    array of shape (n_samples, n_units)

    Examples
    --------
    >>> import numpy as np
    >>> net_input(np.array([[0.35, 0.15, 0.2]]), np.array([[0.05, 0.1]]))
    array([[0.3775]])
    """
    return with_bias_unit(a_before) @ weights.T


def hidden_delta(  # noqa: PLR0917 (the equation has so many)
    delta_next: Array,
    weights_next: Array,
    z: Array,
    a: Array,
    activation: Activation,
    kept: Array | None = None,
) -> Array:
    r"""Delta of a hidden layer, passed back from the layer after it, equation (9).

    .. math:: \delta_j = g'(z_j) \sum_k \delta_k W_{kj}

    Parameters
    ----------
    delta_next : array of shape (n_samples, n_units_next)
        Delta of the layer after.
    weights_next : array of shape (n_units_next, 1 + n_units)
        Weights from this layer to the next, as they were in the forward pass; the bias weights in
        column 0 take no part, because nothing leads back from the bias unit.
    z, a : arrays of shape (n_samples, n_units)
        Net inputs and activations of this layer.
    activation : Activation
        The layer's g.
    kept : array of shape (n_samples, n_units), optional
        What `dropped_out` has multiplied the activations with, equation (37).

    Returns
    -------
    array of shape (n_samples, n_units)

    References
    ----------
    Rumelhart, Hinton & Williams (1986), Learning representations by back-propagating errors,
    Nature 323.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.equations import Logistic
    >>> a = np.array([[0.5]])
    >>> hidden_delta(np.array([[0.5, 1.0]]), np.array([[9.0, 2.0], [9.0, 3.0]]), None, a, Logistic())
    array([[1.]])
    """
    upstream = delta_next @ weights_next[:, 1:]
    return activation.backward(z, a, upstream if kept is None else dropped_out(upstream, kept))


def flush_to_zero(delta: Array) -> Array:
    r"""Deltas, with 0 in the place of those too small to count.

    Too small is a magnitude below the square root of the smallest normal number, :math:`2^{-63}` in
    float32 and :math:`2^{-511}` in float64: the product of two such numbers would be subnormal. Many
    processors are slow at subnormal numbers; with this rule, the same in every engine, a saturated network
    has none.

    Parameters
    ----------
    delta : array of real floating-point numbers

    Returns
    -------
    array of the same shape and dtype

    Examples
    --------
    >>> import numpy as np
    >>> flush_to_zero(np.array([0.25, -1e-200, 1e-100]))
    array([2.5e-001, 0.0e+000, 1.0e-100])
    """
    xp = array_namespace(delta)
    threshold = xp.finfo(delta.dtype).smallest_normal ** 0.5
    return xp.where(xp.abs(delta) < threshold, xp.zeros_like(delta), delta)


def gradient(delta: Array, a_before: Array) -> Array:
    r"""Gradient of a batch's mean loss in one weight matrix, equation (15).

    .. math::
        \frac{\partial\,\text{loss}}{\partial W_{kj}} = -\frac{1}{N} \sum_n \delta_{nk}\, a_{nj}

    For a single sample that is :math:`-\delta_k a_j`: equation (7) at the output layer, equation (9) at
    a hidden one.

    Parameters
    ----------
    delta : array of shape (n_samples, n_units)
        Delta of the layer that the weights lead to.
    a_before : array of shape (n_samples, n_units_before)
        Activations of the layer that they come from.

    Returns
    -------
    array of shape (n_units, 1 + n_units_before)

    Examples
    --------
    >>> import numpy as np
    >>> gradient(np.array([[0.5], [0.25]]), np.array([[2.0], [4.0]]))
    array([[-0.375, -1.   ]])
    """
    return -(delta.T @ with_bias_unit(a_before)) / delta.shape[0]


@LAYERS.register
@dataclass(frozen=True)
class Dense(LayerKind):
    r"""Every unit sees every input: the layer of the notes, equation (2).

    Its matrix has shape (n_units, 1 + n_inputs).

    Examples
    --------
    >>> import numpy as np
    >>> Dense().forward(np.array([[0.35, 0.15, 0.2]]), np.array([[0.05, 0.1]]))
    array([[0.3775]])
    """

    name: ClassVar[str] = "dense"
    code: ClassVar[int] = 0
    also_called: ClassVar[tuple[str, ...]] = ("linear", "fully_connected", "fc")
    chooses_units: ClassVar[bool] = True
    equation: ClassVar[str] = "2"

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Inputs but the bias unit, and units."""
        return shape[1] - 1, shape[0]

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """(n_units, 1 + n_inputs)."""
        return units, 1 + inputs

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """A formula is asked for these."""
        raise NotImplementedError

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (2)."""
        return net_input(weights, a_before)

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:  # noqa: ARG002 (it is linear)
        """The sum of equation (9); nothing leads back from the bias unit."""
        return delta @ weights[:, 1:]

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:  # noqa: ARG002 (it is linear)
        """Deltas times the inputs, the bias unit among them."""
        return delta[:, :, None] * with_bias_unit(a_before)[:, None, :]

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:  # noqa: ARG002 (it is linear)
        """Equation (15)."""
        return gradient(delta, a_before)
