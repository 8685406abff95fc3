r"""A dense layer: net input, the way back, gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.layer import LAYERS, LayerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn

__all__ = ["Dense", "gradient", "net_input", "with_bias_unit"]


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

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The sum of equation (9); nothing leads back from the bias unit."""
        return delta @ weights[:, 1:]

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the inputs, the bias unit among them."""
        return delta[:, :, None] * with_bias_unit(a_before)[:, None, :]

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Equation (15)."""
        return gradient(delta, a_before)

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Column 0 is that of the bias unit."""
        return "W", line + 1, number

    def words(self, shape: tuple[int, int]) -> str:
        """Units, and the bias unit and the inputs."""
        return f"{shape[0]} x (1 + {shape[1] - 1})"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """Equation (2)."""
        return [f"W[{k},0]·x[0]", *(f"W[{k},{j + 1}]·a[{j}]" for j in range(weights.shape[1] - 1))]

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """The sum of equation (9)."""
        return [f"d[{k}]·W[{k},{j + 1}]" for k in range(weights.shape[0])]

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """Equations (7) and (9)."""
        return [f"d[{line}]·a[{number - 1}]" if number else f"d[{line}]·x[0]"]
