r"""Piecewise-linear encoding of inputs, as a first layer: nothing in it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace, real_part
from chainrule.equations.layers.layer import LAYERS, LayerKind, keep_whole
from chainrule.given import whole_number_from_0, whole_number_from_1
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn

__all__ = ["Piecewise"]


@LAYERS.register
@dataclass(frozen=True)
class Piecewise(LayerKind):
    r"""Each input, and how far it has come through each of its bins, equation (66).

    .. math:: z_{jt} = \min\left(1, \max\left(0, \frac{a_j - b_{j,t-1}}{b_{jt} - b_{j,t-1}}\right)\right)

    It is 0 for a bin that has no width. Units are the inputs as they are, then :math:`z_{j1}` of each encoded
    input j, then :math:`z_{j2}`, and so on. The matrix has a line of edges :math:`b_{j0} \dots b_{jT}` for
    each encoded input, which are the first ones; it is held as it is. The ends are cut off, as the input
    itself goes on, too.

    Parameters
    ----------
    bins : int
        T, bins of an input.
    passed : int
        Inputs at the end that are not encoded: columns of classes, say.

    References
    ----------
    Gorishniy, Rubachev & Babenko (2022), On embeddings for numerical features in tabular deep learning,
    NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> Piecewise(bins=2).forward(np.array([[0.0, 1.0, 3.0]]), np.array([[2.0], [-1.0]]))
    array([[ 2. ,  1. ,  0.5],
           [-1. ,  0. ,  0. ]])
    """

    bins: int = 16
    passed: int = 0
    name: ClassVar[str] = "piecewise"
    code: ClassVar[int] = 6
    also_called: ClassVar[tuple[str, ...]] = ("ple", "piecewise_linear", "quantile_bins")
    equation: ClassVar[str] = "66"
    is_held: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keep_whole(self, "bins", whole_number_from_1)
        keep_whole(self, "passed", whole_number_from_0)

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Inputs, and units: the inputs and the bins of each encoded one."""
        inputs = shape[0] + self.passed
        return inputs, inputs + shape[0] * self.bins

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """(encoded inputs, T + 1)."""
        return inputs - self.passed, self.bins + 1

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        """Bins of equal width from -2 to 2; a fit puts quantiles of its rows there."""
        lines = inputs - self.passed
        numbers = uniform(lines)
        xp = array_namespace(numbers)
        edges = 4 * xp.arange(self.bins + 1, dtype=numbers.dtype) / self.bins - 2
        return xp.ones_like(numbers)[:, None] * edges[None, :]

    def fault_of(self, weights: Array) -> str | None:
        """What is wrong with edges, in words; None where those of each input do not fall."""
        falls = bool(array_namespace(weights).any(weights[:, 1:] < weights[:, :-1]))
        return "must have edges that do not fall from left to right" if falls else None

    def _parts(self, weights: Array, a_before: Array) -> tuple[Array, Array, Array]:
        """Shares of bins before they are cut off, widths of bins, and inputs; (n_samples, T, lines)."""
        xp = array_namespace(a_before)
        lower, width = weights[:, :-1].T[None, ...], (weights[:, 1:] - weights[:, :-1]).T[None, ...]
        x = a_before[:, None, : weights.shape[0]]
        safe = xp.where(real_part(width) > 0, width, xp.ones_like(width))
        return (x - lower) / safe, xp.where(real_part(width) > 0, 1 / safe, xp.zeros_like(width)), x

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equation (66)."""
        xp = array_namespace(a_before)
        share, slope, _ = self._parts(weights, a_before)
        real = real_part(share)
        z = xp.where(real < 0, xp.zeros_like(share), xp.where(real > 1, xp.ones_like(share), share))
        z = xp.where(real_part(slope) > 0, z, xp.zeros_like(z))
        return xp.concat([a_before, xp.reshape(z, (a_before.shape[0], -1))], axis=1)

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas of the inputs themselves, plus those of the bins in which they lie, by their widths."""
        xp = array_namespace(delta)
        share, slope, _ = self._parts(weights, a_before)
        inside = (real_part(share) > 0) & (real_part(share) < 1)
        lines, inputs = weights.shape[0], a_before.shape[1]
        of_bins = xp.reshape(delta[:, inputs:], (delta.shape[0], self.bins, lines))
        through = xp.sum(xp.where(inside, of_bins * slope, xp.zeros_like(of_bins)), axis=1)
        return xp.concat([delta[:, :lines] + through, delta[:, lines:inputs]], axis=1)

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """0: the edges are held."""
        return array_namespace(delta).zeros((delta.shape[0], *weights.shape), dtype=delta.dtype)

    def gradient(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """0 likewise."""
        return array_namespace(delta).zeros(weights.shape, dtype=delta.dtype)

    def magnitudes(self, weights: Array, a_before: Array) -> Array:
        """A share is at most 1, and wrong by what the distance to an edge is wrong by."""
        xp = array_namespace(a_before)
        _, slope, x = self._parts(weights, a_before)
        sizes = 1 + (xp.abs(x) + xp.max(xp.abs(weights), axis=1)[None, None, :]) * slope
        return xp.concat([xp.abs(a_before), xp.reshape(sizes, (a_before.shape[0], -1))], axis=1)

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Letters of equation (66): where the first bin begins, and where each ends."""
        return ("q", line + 1, number) if number else ("p", line + 1, 1)

    def words(self, shape: tuple[int, int]) -> str:
        """What each input becomes."""
        passed = f", {counted(self.passed, 'input')} passed on as they are" if self.passed else ""
        return f"{counted(shape[0], 'input')}, with {counted(self.bins, 'bin')} of each{passed}"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """The input itself, or equation (66)."""
        inputs = weights.shape[0] + self.passed
        if k < inputs:
            return [f"a[{k}]"]
        t, j = divmod(k - inputs, weights.shape[0])
        if weights[j, t + 1] <= weights[j, t]:
            return ["0"]
        return [f"min(1, max(0, (a[{j}] − W[{j},{t}])/(W[{j},{t + 1}] − W[{j},{t}])))"]

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As `backward`."""
        inputs, lines = weights.shape[0] + self.passed, weights.shape[0]
        here = [t for t in range(self.bins if j < lines else 0) if weights[j, t] < a[j] < weights[j, t + 1]]
        bins = (f"d[{inputs + t * lines + j}]/(W[{j},{t + 1}] − W[{j},{t}])" for t in here)
        return [f"d[{j}]", *bins]
