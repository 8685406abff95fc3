"""Statistics of the training rows that do not depend on the rows' order, and survive the largest numbers.

Each can be had of a stream of rows that fits into no memory, to the same bits. A sum that is rounded once is
exact in a few partial sums, or in one integer of 2100 bits; the mean takes one pass and the variance another.
Extremes take one pass. The value at a place of the sorted column takes four: its bits, as an integer that
sorts like the numbers, are found 16 at a time by counting how many values fall into each of 65,536 bins.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = [
    "ROUNDINGS",
    "Spread",
    "exact_sum",
    "measure",
    "quantiles",
    "restore",
    "rounding_error",
    "standardise",
]

SMALLEST_SCALE = float(np.finfo(np.float64).tiny)
EPSILON = float(np.finfo(np.float64).eps)
LARGEST_EXACT_WHOLE = 2.0**53
# Two numbers that each went through so many roundings, as shares that were computed and added up, differ by
# no more than so many times the distance of neighbouring numbers.
ROUNDINGS = 64
MANTISSA = 53
FEW = 64  # values that are summed as fast one by one
LOWEST, HIGHEST = -950, 1000  # exponents, between which nothing overflows or is subnormal


class Spread(NamedTuple):
    """Mean, and standard deviation with n in the denominator: exactly 0 where all values are one number."""

    mean: float
    scale: float


def measure(values: FloatArray) -> Spread:
    r"""Measure the mean and the standard deviation, with sums that are rounded once.

    .. math:: \bar x = \frac{1}{n} \sum_i x_i, \qquad s = \sqrt{\frac{1}{n} \sum_i (x_i - \bar x)^2}

    Parameters
    ----------
    values : array of shape (n,)
        Finite, n at least 1.

    Returns
    -------
    Spread
        The same for every order of the values. The scale is 0 where the values differ by no more than the
        error of their own arithmetic (`rounding_error`), or by less than can be divided by.

    Notes
    -----
    The values are divided by a power of two first, so that the squares of the largest floats stay finite.

    Examples
    --------
    >>> measure(np.array([1.0, 2.0, 3.0, 4.0]))
    Spread(mean=2.5, scale=1.118033988749895)
    >>> measure(np.array([1e308, 1e308, -1e308, -1e308]))
    Spread(mean=0.0, scale=1e+308)
    >>> measure(np.array([0.3, 0.1 + 0.2])).scale
    0.0
    """
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:
        return Spread(lowest, 0.0)
    exponent = math.frexp(max(-lowest, highest))[1]
    small = np.ldexp(values, -exponent)
    mean = exact_sum(small) / len(small)
    if highest / 2 - lowest / 2 <= rounding_error(values) / 2:
        return Spread(math.ldexp(mean, exponent), 0.0)
    variance = exact_sum(np.square(small - mean)) / len(small)
    scale = math.ldexp(math.sqrt(variance), exponent)
    return Spread(math.ldexp(mean, exponent), scale if scale >= SMALLEST_SCALE else 0.0)


def exact_sum(values: FloatArray) -> float:
    r"""Sum that is rounded once: the bits of `math.fsum`, in a few sweeps over all values at once.

    Each sweep cuts off the upper bits of all values, so many that their sum is exact in any order, and leaves
    the rest to the next.

    Parameters
    ----------
    values : array of shape (n,)

    Notes
    -----
    With n below :math:`2^b` and all values up to :math:`2^e`, :math:`(\sigma + x) - \sigma` for
    :math:`\sigma = 1.5 \cdot 2^{e + b}` is x to a multiple of :math:`2^{e + b - 52}`. Sums of these are whole
    multiples of it, up to :math:`2^{52}`, and so is nothing of them ever rounded [1]_.

    References
    ----------
    .. [1] S. M. Rump, T. Ogita, S. Oishi, "Accurate Floating-Point Summation, Part I", SIAM Journal on
       Scientific Computing 31 (2008), 189-224.

    Examples
    --------
    >>> exact_sum(np.array([1e100, 1.0, -1e100] * 50))
    50.0
    """
    largest, bits = float(np.abs(values).max(initial=0.0)), len(values).bit_length()
    exponent, totals = math.frexp(largest)[1] + bits, list[float]()
    while math.isfinite(largest) and LOWEST < exponent < HIGHEST and len(values) > FEW:
        sigma = math.ldexp(1.5, exponent)
        upper = (values + sigma) - sigma
        totals.append(float(upper.sum()))
        values = values - upper
        if not values.any():
            return math.fsum(totals)
        exponent += bits - MANTISSA
    return math.fsum([*totals, *values.tolist()])


def rounding_error(values: FloatArray) -> float:
    r"""Difference up to which numbers may be one and the same, computed in different ways.

    It is 64 units in the last place of the largest, :math:`64 \, \epsilon \max_i |x_i|`: the most by which
    two numbers differ that went through 64 roundings each. Whole numbers up to 2\ :sup:`53` are exact, and it
    is 0 where all are.

    Examples
    --------
    >>> [rounding_error(np.array(values)) for values in ([0.3], [3.0, 4.0], [2.0**60])]
    [4.263256414560601e-15, 0.0, 16384.0]
    """
    largest = float(np.abs(values).max())
    if largest <= LARGEST_EXACT_WHOLE and bool((values == np.rint(values)).all()):
        return 0.0
    return largest * (ROUNDINGS * EPSILON)


def quantiles(values: FloatArray, shares: Sequence[Fraction]) -> tuple[float, ...]:
    r"""Numbers below which these shares of the values lie, between two of them in proportion.

    With the values sorted, and counted from 0, and :math:`h = (n - 1) q`,

    .. math:: x_{\lfloor h \rfloor} + (h - \lfloor h \rfloor) (x_{\lfloor h \rfloor + 1} - x_{\lfloor h
    \rfloor})

    computed exactly and rounded once. NumPy calls the definition "linear".

    Parameters
    ----------
    values : array of shape (n,)
        Finite, n at least 1.
    shares : sequence of Fraction
        From 0 to 1.

    Examples
    --------
    >>> from fractions import Fraction
    >>> quantiles(np.array([4.0, 1.0, 2.0]), [Fraction(1, 4), Fraction(1, 2), Fraction(1)])
    (1.5, 2.0, 4.0)
    """
    last = len(values) - 1
    places = [(*divmod(last * share.numerator, share.denominator), share.denominator) for share in shares]
    needed = {min(at + step, last) for at, _, _ in places for step in (0, 1)}
    ordered = np.partition(values, sorted(needed))
    return tuple(
        _between(float(ordered[at]), float(ordered[min(at + 1, last)]), part, whole)
        for at, part, whole in places
    )


def _between(low: float, high: float, part: int, whole: int) -> float:
    """The number that lies so many parts of the whole from the low one to the high one, rounded once."""
    if low == high or part == 0:
        return low + 0.0  # a zero has no sign
    (a, b), (c, d) = low.as_integer_ratio(), high.as_integer_ratio()
    both = max(b, d)  # powers of two
    return (a * (both // b) * (whole - part) + c * (both // d) * part) / (both * whole)


def standardise(values: FloatArray, spread: Spread) -> FloatArray:
    """(x - mean) / scale, or 0 for a constant; each value by itself, so that its bits are always the same."""
    if spread.scale == 0:
        return np.zeros(len(values))
    with np.errstate(over="ignore"):
        plain = (values - spread.mean) / spread.scale
        # A difference beyond the largest float is taken between halves; elsewhere it is never used.
        halves = (values / 2 - spread.mean / 2) / spread.scale * 2
        standard: FloatArray = np.where(np.isinf(values - spread.mean), halves, plain)
        return standard


def restore(values: FloatArray, spread: Spread) -> FloatArray:
    """Undo `standardise`: value * scale + mean."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values * spread.scale + spread.mean
