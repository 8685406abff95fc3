r"""Layers of several networks at once, which share their dense weights: TabM's.

Each sample is seen by K networks, the members: a batch holds it K times, one row below the other, and row n
is that of member n modulo K. Dense layers between these here are shared by all. The mean loss over all rows
is the mean of the K losses, so that nothing else has to know of members.

References
----------
Gorishniy, Kotelnikov & Babenko (2025), TabM: advancing tabular deep learning with parameter-efficient
ensembling, ICLR. Wen, Tran & Ba (2020), BatchEnsemble, ICLR.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.dense import Dense, with_bias_unit
from chainrule.equations.layers.layer import LAYERS, LayerKind, keep_whole
from chainrule.equations.layers.scale import Scale
from chainrule.given import whole_number_from_1
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn, Layer

__all__ = ["MemberBias", "MemberDense", "MemberScale"]


@dataclass(frozen=True)
class _OfMembers(LayerKind):
    """A layer with weights of each member.

    Parameters
    ----------
    members : int
        How many networks there are.
    """

    members: int = 8

    def __post_init__(self) -> None:
        keep_whole(self, "members", whole_number_from_1)

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """(n_inputs, K)."""
        return inputs, self.members

    def _by_member(self, rows: Array) -> Array:
        """Rows of shape (n, K, n_units): one sample below the other, the members side by side."""
        xp = array_namespace(rows)
        return xp.reshape(rows, (-1, self.members, rows.shape[1]))

    def _own(self, products: Array) -> Array:
        """Products (n_rows, n_units) in the column of each row's member, shape (n_rows, n_units, K)."""
        xp = array_namespace(products)
        rows = xp.arange(products.shape[0]) % self.members
        mine = rows[:, None] == xp.arange(self.members)[None, :]
        return products[:, :, None] * xp.astype(mine, products.dtype)[:, None, :]

    def _gradient_of(self, products: Array) -> Array:
        """Minus the mean over all rows of the products of each member's, shape (n_units, K)."""
        return -array_namespace(products).sum(self._by_member(products), axis=0).T / products.shape[0]


@LAYERS.register
@dataclass(frozen=True)
class MemberScale(_OfMembers):
    r"""Scale of each input for each member: :math:`z_j = r_{ij} a_j` in the rows of member i, equation (61).

    Its matrix has shape (n_inputs, K).

    Examples
    --------
    >>> import numpy as np
    >>> MemberScale(2).forward(np.array([[1.0, 10.0]]), np.array([[0.5], [0.5]]))
    array([[0.5],
           [5. ]])
    """

    name: ClassVar[str] = "member_scale"
    is_spared: ClassVar[bool] = True  # as the scales that no member has for itself
    code: ClassVar[int] = 2
    equation: ClassVar[str] = "61"

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """1 or -1 by chance, so that the members differ from the beginning."""
        numbers = uniform(inputs * self.members)
        xp = array_namespace(numbers)
        signs = xp.where(numbers < 0.5, -xp.ones_like(numbers), xp.ones_like(numbers))  # noqa: PLR2004 (halves)
        return xp.reshape(signs, (inputs, self.members))

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (61)."""
        xp = array_namespace(a_before)
        return xp.reshape(self._by_member(a_before) * weights.T[None, ...], a_before.shape)

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the scales."""
        xp = array_namespace(delta)
        return xp.reshape(self._by_member(delta) * weights.T[None, ...], delta.shape)

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the inputs, for the scale of the row's member."""
        return self._own(delta * a_before)

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The same over a batch, equation (15)."""
        return self._gradient_of(delta * a_before)

    def of_member(self, weights: Array, member: int) -> tuple[Layer, Array]:
        """Its own scales."""
        return Scale(), weights[:, member : member + 1]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Its letter in equation (61)."""
        return "r", number + 1, line + 1

    def words(self, shape: tuple[int, int]) -> str:
        """How many."""
        return f"{counted(shape[0], 'scale')}, one of each input, of each of {counted(shape[1], 'member')}"


@LAYERS.register
@dataclass(frozen=True)
class MemberBias(_OfMembers):
    r"""Bias of each unit for each member: :math:`z_k = a_k + b_{ik}` in the rows of member i, equation (62).

    Its matrix has shape (n_units, K).

    Examples
    --------
    >>> import numpy as np
    >>> MemberBias(2).forward(np.array([[1.0, 10.0]]), np.array([[0.5], [0.5]]))
    array([[ 1.5],
           [10.5]])
    """

    name: ClassVar[str] = "member_bias"
    is_spared: ClassVar[bool] = True
    code: ClassVar[int] = 3
    equation: ClassVar[str] = "62"

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """All 0."""
        numbers = uniform(inputs * self.members)
        xp = array_namespace(numbers)
        return xp.reshape(xp.zeros_like(numbers), (inputs, self.members))

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (62)."""
        xp = array_namespace(a_before)
        return xp.reshape(self._by_member(a_before) + weights.T[None, ...], a_before.shape)

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The deltas themselves."""
        return delta

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The deltas, for the bias of the row's member."""
        return self._own(delta)

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The same over a batch, equation (15)."""
        return self._gradient_of(delta)

    def of_member(self, weights: Array, member: int) -> tuple[Layer, Array]:
        """Its own biases."""
        return MemberBias(1), weights[:, member : member + 1]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Its letter in equation (62)."""
        return ("b", line + 1) if self.members == 1 else ("b", number + 1, line + 1)

    def words(self, shape: tuple[int, int]) -> str:
        """How many."""
        own = f", of each of {counted(shape[1], 'member')}" if shape[1] > 1 else ""
        return f"{counted(shape[0], 'bias', 'biases')}, one of each unit{own}"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """Equation (62), of a single member."""
        return [f"a[{k}]", f"W[{k},0]"] if weights.shape[1] == 1 else ()

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As `backward`."""
        return [f"d[{j}]"]

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """As `products`, of a single member."""
        return [f"d[{line}]"] if weights.shape[1] == 1 else ()


@LAYERS.register
@dataclass(frozen=True)
class MemberDense(_OfMembers):
    r"""A dense layer for each member: :math:`z_k = W_{ik0} + \sum_j W_{ikj} a_j`, equation (63).

    Its matrix has shape (K n_units, 1 + n_inputs): the units of member 1, then those of member 2.

    Examples
    --------
    >>> import numpy as np
    >>> MemberDense(2).forward(np.array([[0.0, 1.0], [0.5, 2.0]]), np.array([[3.0], [3.0]]))
    array([[3. ],
           [6.5]])
    """

    name: ClassVar[str] = "member_dense"
    code: ClassVar[int] = 4
    chooses_units: ClassVar[bool] = True
    equation: ClassVar[str] = "63"

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Inputs, and units of one member."""
        return shape[1] - 1, shape[0] // self.members

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """(K n_units, 1 + n_inputs)."""
        return self.members * units, 1 + inputs

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """A formula is asked for these."""
        raise NotImplementedError

    def _of_units(self, weights: Array) -> Array:
        """Weights of shape (K, n_units, 1 + n_inputs)."""
        return array_namespace(weights).reshape(weights, (self.members, -1, weights.shape[1]))

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (63)."""
        xp, own = array_namespace(a_before), self._of_units(weights)
        rows = xp.permute_dims(self._by_member(a_before), (1, 0, 2))
        z = rows @ xp.permute_dims(own[:, :, 1:], (0, 2, 1)) + own[:, None, :, 0]
        return xp.reshape(xp.permute_dims(z, (1, 0, 2)), (a_before.shape[0], own.shape[1]))

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the weights of the row's member."""
        xp, own = array_namespace(delta), self._of_units(weights)
        rows = xp.permute_dims(self._by_member(delta), (1, 0, 2)) @ own[:, :, 1:]
        return xp.reshape(xp.permute_dims(rows, (1, 0, 2)), a_before.shape)

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas times the inputs, for the weights of the row's member."""
        xp = array_namespace(delta)
        inputs = with_bias_unit(a_before)
        units = xp.permute_dims(self._own(delta), (0, 2, 1))  # (n_rows, K, n_units)
        units = xp.reshape(units, (delta.shape[0], math.prod(units.shape[1:])))
        return units[:, :, None] * inputs[:, None, :]

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """The same over a batch, equation (15)."""
        xp = array_namespace(delta)
        inputs = with_bias_unit(a_before)
        rows = xp.permute_dims(self._by_member(delta), (1, 2, 0))
        sums = rows @ xp.permute_dims(self._by_member(inputs), (1, 0, 2))
        return -xp.reshape(sums, weights.shape) / delta.shape[0]

    def of_member(self, weights: Array, member: int) -> tuple[Layer, Array]:
        """Its own dense layer."""
        units = weights.shape[0] // self.members
        return Dense(), weights[member * units : (member + 1) * units, :]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Column 0 is that of the bias unit."""
        return "W", line + 1, number

    def words(self, shape: tuple[int, int]) -> str:
        """Units, the bias unit and the inputs of each."""
        own = f"{shape[0] // self.members} x (1 + {shape[1] - 1})"
        return f"{own}, of each of {counted(self.members, 'member')}"
