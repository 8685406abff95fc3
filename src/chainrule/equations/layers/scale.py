r"""A layer that scales each of its inputs by a number of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.layer import LAYERS, LayerKind
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn

__all__ = ["Scale"]


@LAYERS.register
@dataclass(frozen=True)
class Scale(LayerKind):
    r"""Learnt scale of each input: :math:`z_j = s_j a_j`, equation (60).

    Its matrix has shape (n_inputs, 1). Before the first dense layer it learns how much each input counts.

    Notes
    -----
    :math:`\partial z_j / \partial a_j = s_j` and :math:`\partial z_j / \partial s_j = a_j`, all others are 0.

    References
    ----------
    Holzmüller, Grinsztajn & Steinwart (2024), Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data, NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> Scale().forward(np.array([[2.0], [3.0]]), np.array([[0.5, -1.0]]))
    array([[ 1., -3.]])
    """

    name: ClassVar[str] = "scale"
    code: ClassVar[int] = 1
    also_called: ClassVar[tuple[str, ...]] = ("diagonal", "scaling", "feature_weights")
    equation: ClassVar[str] = "60"

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """All 1."""
        numbers = uniform(inputs)
        return array_namespace(numbers).ones_like(numbers)[:, None]

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (60)."""
        return a_before * weights[:, 0]

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the scales."""
        return delta * weights[:, 0]

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the inputs."""
        return (delta * a_before)[:, :, None]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Its letter in equation (60)."""
        return "s", line + 1

    def words(self, shape: tuple[int, int]) -> str:
        """How many."""
        return f"{counted(shape[0], 'scale')}, one of each input"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """Equation (60)."""
        return [f"W[{k},0]·a[{k}]"]

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As `backward`."""
        return [f"d[{j}]·W[{j},0]"]

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """As `products`."""
        return [f"d[{line}]·a[{line}]"]
