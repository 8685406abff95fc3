r"""A layer that puts its inputs in another order, for layers that want some of them first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace, real_part
from chainrule.equations.layers.layer import LAYERS, LayerKind
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn

__all__ = ["Order"]


@LAYERS.register
@dataclass(frozen=True)
class Order(LayerKind):
    r"""The inputs in another order: :math:`z_k = a_{o_k}`, equation (67).

    Its matrix has shape (n_inputs, 1): the numbers of the inputs, counted from 0, each once. It is held as it
    is.

    Examples
    --------
    >>> import numpy as np
    >>> Order().forward(np.array([[2.0], [0.0], [1.0]]), np.array([[0.1, 0.2, 0.3]]))
    array([[0.3, 0.1, 0.2]])
    """

    name: ClassVar[str] = "order"
    code: ClassVar[int] = 7
    also_called: ClassVar[tuple[str, ...]] = ("permutation", "select")
    equation: ClassVar[str] = "67"
    is_held: ClassVar[bool] = True

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """The order as it is."""
        numbers = uniform(inputs)
        return array_namespace(numbers).arange(inputs, dtype=numbers.dtype)[:, None]

    def fault_of(self, weights: Array) -> str | None:
        """What is wrong with an order, in words; None for one that has each number once."""
        xp = array_namespace(weights)
        numbers = xp.arange(weights.shape[0], dtype=weights.dtype)
        is_order = bool(xp.all(xp.sort(weights[:, 0]) == numbers))
        return None if is_order else f"must have each number from 0 to {weights.shape[0] - 1} once"

    def _places(self, weights: Array) -> Array:
        xp = array_namespace(weights)
        return xp.astype(real_part(weights[:, 0]), xp.int64)

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (67)."""
        return array_namespace(a_before).take(a_before, self._places(weights), axis=1)

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The deltas in the order of the inputs."""
        xp = array_namespace(delta)
        return xp.take(delta, xp.argsort(self._places(weights)), axis=1)

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """0: the order is held."""
        return array_namespace(delta).zeros((delta.shape[0], *weights.shape), dtype=delta.dtype)

    def magnitudes(self, weights: Array, a_before: Array) -> Array:
        """The inputs by size."""
        return self.forward(weights, array_namespace(a_before).abs(a_before))

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Its letter in equation (67)."""
        return "o", line + 1

    def words(self, shape: tuple[int, int]) -> str:
        """How many."""
        return f"{counted(shape[0], 'input')} in another order"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """Equation (67)."""
        return [f"a[{int(weights[k, 0])}]"]

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As `backward`."""
        return [f"d[{k}]" for k in range(weights.shape[0]) if int(weights[k, 0]) == j]
