r"""Deltas of hidden layers: what the layer after passes back, times the slope of the activation.

Convention: delta is the *descent* direction :math:`-\partial\,\text{loss} / \partial z`, as in the notes,
so that weights move by ``+ rate * delta * a``; most textbooks use the opposite sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.dense import Dense
from chainrule.equations.penalties import dropped_out

if TYPE_CHECKING:
    from chainrule.equations.activations.activation import Activation
    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Layer

__all__ = ["flush_to_zero", "hidden_delta"]

OF_THE_NOTES: Layer = Dense()


def hidden_delta(  # noqa: PLR0917 (the equation has so many)
    delta_next: Array,
    weights_next: Array,
    z: Array,
    a: Array,
    activation: Activation,
    kept: Array | None = None,
    layer_next: Layer = OF_THE_NOTES,
) -> Array:
    r"""Delta of a hidden layer, passed back from the layer after it, equation (9).

    .. math:: \delta_j = g'(z_j) \sum_k \delta_k W_{kj}

    The sum is that of a dense layer; one of another kind passes back what its own equation says.

    Parameters
    ----------
    delta_next : array of shape (n_samples, n_units_next)
        Delta of the layer after.
    weights_next : array of shape (n_units_next, 1 + n_units)
        Weights from this layer to the next, as they were in the forward pass; the bias weights in
        column 0 take no part, because nothing leads back from the bias unit. A layer of another kind has a
        matrix of another shape.
    z, a : arrays of shape (n_samples, n_units)
        Net inputs and activations of this layer.
    activation : Activation
        The layer's g.
    kept : array of shape (n_samples, n_units), optional
        What `dropped_out` has multiplied the activations with, equation (37).
    layer_next : Layer
        Kind of the layer after.

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
    sent = a if kept is None else dropped_out(a, kept)
    upstream = layer_next.backward(weights_next, sent, delta_next)
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
