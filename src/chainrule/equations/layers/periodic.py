r"""Periodic embedding of inputs: cosines of trained frequencies and phases, and a few sums of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from chainrule.equations.arrays import array_namespace
from chainrule.equations.layers.layer import LAYERS, LayerKind, keep_whole
from chainrule.given import whole_number_from_0, whole_number_from_1
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.equations.arrays import Array
    from chainrule.equations.layers.layer import Drawn

__all__ = ["Periodic"]


@LAYERS.register
@dataclass(frozen=True)
class Periodic(LayerKind):
    r"""Each input, and sums of cosines of it: PBLD embeddings, equations (64) and (65).

    .. math::
        h_{jp} = \cos(2 \pi w_{jp} a_j + b_{jp}), \qquad z_{je} = c_{je} + \sum_p A_{jep} h_{jp}

    Units are the inputs as they are, then :math:`z_{j1}` of each embedded input j, then :math:`z_{j2}`, and
    so on. The matrix has a line for each embedded input, which are the first ones:
    :math:`c_1, w_1 \dots w_P, b_1 \dots b_P, c_2 \dots c_E, A_{11} \dots A_{1P}, A_{21} \dots A_{EP}`.

    Parameters
    ----------
    frequencies : int
        P, cosines of an input.
    size : int
        E, sums that each input becomes.
    passed : int
        Inputs at the end that are not embedded: columns of classes, say.

    References
    ----------
    Gorishniy, Rubachev & Babenko (2022), On embeddings for numerical features in tabular deep learning,
    NeurIPS; with biases and the input itself as in Holzmüller, Grinsztajn & Steinwart (2024).

    Examples
    --------
    >>> import numpy as np
    >>> one = Periodic(frequencies=1, size=1)
    >>> one.forward(np.array([[0.5, 0.25, 0.0, 2.0]]), np.array([[2.0]])).round(12)
    array([[ 2. , -1.5]])
    """

    frequencies: int = 16
    size: int = 3
    passed: int = 0
    name: ClassVar[str] = "periodic"
    code: ClassVar[int] = 5
    also_called: ClassVar[tuple[str, ...]] = ("pbld", "plr", "periodic_embedding")
    equation: ClassVar[str] = "65"

    def __post_init__(self) -> None:
        keep_whole(self, "frequencies", whole_number_from_1)
        keep_whole(self, "size", whole_number_from_1)
        keep_whole(self, "passed", whole_number_from_0)

    @property
    def numbers(self) -> int:
        """Numbers of a line."""
        return 2 * self.frequencies + self.size * (self.frequencies + 1)

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Inputs, and units: the inputs and what each embedded one becomes."""
        inputs = shape[0] + self.passed
        return inputs, inputs + shape[0] * self.size

    def shape(self, inputs: int, units: int) -> tuple[int, int]:
        """(embedded inputs, 2 P + E (P + 1))."""
        return inputs - self.passed, self.numbers

    def start(self, inputs: int, uniform: Drawn, normal: Drawn) -> Array:
        r"""Frequencies :math:`N(0, 0.1^2)`, phases over a turn, sums within :math:`\pm 1/\sqrt P`."""
        lines, p = inputs - self.passed, self.frequencies
        frequencies, others = normal(lines * p), uniform(lines * (self.numbers - p))
        xp = array_namespace(others)
        w = 0.1 * xp.reshape(frequencies, (lines, p))
        others = 2 * xp.reshape(others, (lines, -1)) - 1
        limit = 1 / math.sqrt(p)
        b, sums = math.pi * others[:, 1 : 1 + p], limit * others[:, 1 + p :]
        return xp.concat([limit * others[:, :1], w, b, sums], axis=1)

    def _parts(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """C of shape (E, lines), w and b of (lines, P), A of (lines, E, P)."""
        xp, p, e = array_namespace(weights), self.frequencies, self.size
        rest = weights[:, 1 + 2 * p :]
        c = xp.concat([weights[:, :1], rest[:, : e - 1]], axis=1).T
        return (
            c,
            weights[:, 1 : 1 + p],
            weights[:, 1 + p : 1 + 2 * p],
            xp.reshape(rest[:, e - 1 :], (-1, e, p)),
        )

    def _turns(self, weights: Array, a_before: Array) -> Array:
        """Arguments of the cosines, shape (n_samples, lines, P)."""
        _, w, b, _ = self._parts(weights)
        return 2 * math.pi * w * a_before[:, : weights.shape[0], None] + b

    def _of_sums(self, weights: Array, delta: Array) -> Array:
        """Deltas of the sums, shape (n_samples, E, lines)."""
        lines = weights.shape[0]
        own = delta[:, lines + self.passed :]
        return array_namespace(delta).reshape(own, (delta.shape[0], self.size, lines))

    def _of_turns(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Deltas of the arguments of the cosines, shape (n_samples, lines, P)."""
        xp = array_namespace(delta)
        *_, A = self._parts(weights)
        d = xp.permute_dims(self._of_sums(weights, delta), (0, 2, 1))
        of_h = xp.sum(d[:, :, :, None] * A[None, ...], axis=2)
        return -xp.sin(self._turns(weights, a_before)) * of_h

    def forward(self, weights: Array, a_before: Array) -> Array:
        """Net inputs, equations (64) and (65)."""
        xp = array_namespace(a_before)
        c, _, _, A = self._parts(weights)
        h = xp.cos(self._turns(weights, a_before))
        z = xp.sum(A[None, ...] * h[:, :, None, :], axis=3)  # (n_samples, lines, E)
        z = xp.permute_dims(z, (0, 2, 1)) + c[None, ...]
        return xp.concat([a_before, xp.reshape(z, (a_before.shape[0], -1))], axis=1)

    def magnitudes(self, weights: Array, a_before: Array) -> Array:
        """A cosine is at most 1, and wrong by what its argument is wrong by."""
        xp = array_namespace(a_before)
        c, w, b, A = self._parts(xp.abs(weights))
        turns = 1 + 2 * math.pi * w * xp.abs(a_before)[:, : weights.shape[0], None] + b
        z = xp.permute_dims(xp.sum(A[None, ...] * turns[:, :, None, :], axis=3), (0, 2, 1)) + c[None, ...]
        return xp.concat([xp.abs(a_before), xp.reshape(z, (a_before.shape[0], -1))], axis=1)

    def backward(self, weights: Array, a_before: Array, delta: Array) -> Array:
        r"""Deltas of the inputs themselves, plus :math:`-2 \pi w \sin(\cdot)` times what arrives at h."""
        xp = array_namespace(delta)
        _, w, _, _ = self._parts(weights)
        inputs, lines = a_before.shape[1], weights.shape[0]
        through = xp.sum(2 * math.pi * w * self._of_turns(weights, a_before, delta), axis=2)
        return xp.concat([delta[:, :lines] + through, delta[:, lines:inputs]], axis=1)

    def products(self, weights: Array, a_before: Array, delta: Array) -> Array:
        """Shares of each sample in every number of a line."""
        xp, n, lines = array_namespace(delta), delta.shape[0], weights.shape[0]
        d = xp.permute_dims(self._of_sums(weights, delta), (0, 2, 1))  # (n, lines, E)
        of_turns = self._of_turns(weights, a_before, delta)
        of_w = 2 * math.pi * a_before[:, :lines, None] * of_turns
        h = xp.cos(self._turns(weights, a_before))
        of_A = xp.reshape(d[:, :, :, None] * h[:, :, None, :], (n, lines, -1))
        return xp.concat([d[:, :, :1], of_w, of_turns, d[:, :, 1:], of_A], axis=2)

    def _place(self, letter: str, p: int = 0, e: int = 0) -> int:
        """Column of w_p, b_p, c_e or A_ep, counted from 0."""
        first_of_sums = 2 * self.frequencies + self.size
        return {
            "w": 1 + p,
            "b": 1 + self.frequencies + p,
            "c": 2 * self.frequencies + e if e else 0,
            "A": first_of_sums + e * self.frequencies + p,
        }[letter]

    def symbol(self, line: int, number: int) -> tuple[str | int, ...]:
        """Their letters in equations (64) and (65)."""
        j, n = line + 1, self.frequencies
        if number == 0:
            return "c", j, 1
        if number <= 2 * n:
            return ("w", j, number) if number <= n else ("b", j, number - n)
        if number < 2 * n + self.size:
            return "c", j, number - 2 * n + 1
        e, p = divmod(number - 2 * n - self.size, n)
        return "A", j, e + 1, p + 1

    def words(self, shape: tuple[int, int]) -> str:
        """What each input becomes."""
        sums = f"{counted(self.size, 'sum')} of {counted(self.frequencies, 'cosine')}"
        passed = f", {counted(self.passed, 'input')} passed on as they are" if self.passed else ""
        return f"{counted(shape[0], 'input')}, with {sums} of each{passed}"

    def _turn(self, j: int, p: int) -> str:
        """Argument of a cosine, equation (64)."""
        return f"(2π·W[{j},{self._place('w', p)}]·a[{j}] + W[{j},{self._place('b', p)}])"

    def terms_of_unit(self, weights: Array, a: Array, k: int) -> Sequence[str]:
        """The input itself, or equation (65) with (64) in it."""
        inputs = weights.shape[0] + self.passed
        if k < inputs:
            return [f"a[{k}]"]
        e, j = divmod(k - inputs, weights.shape[0])
        waves = (f"W[{j},{self._place('A', p, e)}]·cos{self._turn(j, p)}" for p in range(self.frequencies))
        return [f"W[{j},{self._place('c', e=e)}]", *waves]

    def _reaching_wave(self, shape: tuple[int, int], j: int, p: int) -> list[str]:
        """What reaches the argument of a cosine, one term for each sum that it is in."""
        inputs = shape[0] + self.passed
        return [
            f"−d[{inputs + e * shape[0] + j}]·W[{j},{self._place('A', p, e)}]·sin{self._turn(j, p)}"
            for e in range(self.size)
        ]

    def terms_passed_back(self, weights: Array, a: Array, j: int) -> Sequence[str]:
        """As `backward`."""
        waves = range(self.frequencies if j < weights.shape[0] else 0)
        through = [
            f"{term}·2π·W[{j},{self._place('w', p)}]"
            for p in waves
            for term in self._reaching_wave(weights.shape, j, p)
        ]
        return [f"d[{j}]", *through]

    def terms_of_descent(self, weights: Array, a: Array, line: int, number: int) -> Sequence[str]:
        """As `products`."""
        letter, _, *which = self.symbol(line, number)
        if letter == "w":
            return [
                f"{term}·2π·a[{line}]" for term in self._reaching_wave(weights.shape, line, int(which[0]) - 1)
            ]
        if letter == "b":
            return self._reaching_wave(weights.shape, line, int(which[0]) - 1)
        delta = f"d[{weights.shape[0] + self.passed + (int(which[0]) - 1) * weights.shape[0] + line}]"
        return [delta if letter == "c" else f"{delta}·cos{self._turn(line, int(which[1]) - 1)}"]
