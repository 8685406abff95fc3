"""Update rules: from a gradient to new weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.equations.arrays import Array

__all__ = ["descend"]


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
