r"""Sines of turns, logarithm, exponential and sum with the same bits everywhere.

Libraries compute these each in its own way, so that their last bits differ between machines. Here they are
made of what every machine rounds alike: + - * / and exact moves of the exponent, one NumPy operation after
the other, of which none is ever fused with the next. Where the last bit matters a product is kept in two
parts: what it is rounded to, and what it lost.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Waves", "exponential", "logarithm", "sine_and_cosine_of_turns", "total_of"]

# 2 pi and ln 2 to some forty digits, from which every constant below is rounded.
TWO_PI = Fraction("6.2831853071795864769252867665590057683943387987502")
LN_2 = Fraction("0.69314718055994530941723212145817656807550013436026")

SPLITTER = 2.0**27 + 1  # cuts a number into two halves of 26 bits
LEADING_BITS = 32  # of ln 2, so that its product with an exponent, of 11 bits, is exact

LARGEST_EXPONENT = 709.79  # the exponential of what lies above is infinite
SMALLEST_EXPONENT = -745.14  # and 0 of what lies below
FEW = 64  # numbers whose sum is rounded once


def _rounded(number: Fraction, bits: int = 53) -> float:
    """The nearest number of so many bits."""
    shift = bits - math.frexp(float(number))[1]
    return math.ldexp(round(number * Fraction(2) ** shift), -shift)


def _in_two(number: Fraction, bits: int = 53) -> tuple[float, float]:
    """A number as its first bits, and the rest."""
    high = _rounded(number, bits)
    return high, float(number - Fraction(high))


# Of sin(2 pi f) / f and of (1 - cos(2 pi f)) / f^2, in powers of f^2: the first coefficient in two parts.
_SINE_HIGH, _SINE_LOW = _in_two(TWO_PI, 26)
_SINE = [float((-1) ** k * TWO_PI ** (2 * k + 1) / math.factorial(2 * k + 1)) for k in range(1, 10)]
_COSINE_HIGH, _COSINE_LOW = _in_two(TWO_PI**2 / 2)
_COSINE = [float((-1) ** k * TWO_PI ** (2 * k) / math.factorial(2 * k)) for k in range(2, 11)]
# Of ln((1 + s) / (1 - s)) / s - 2, and of (e^r - 1 - r) / r^2.
_ARTANH = [2 / (2 * k + 1) for k in range(1, 13)]
_EXPONENTIAL = [1 / math.factorial(k) for k in range(2, 16)]
_LN_2_HIGH, _LN_2_LOW = _in_two(LN_2, LEADING_BITS)


class Waves(NamedTuple):
    """Sine and cosine of the same angles."""

    sine: FloatArray
    cosine: FloatArray


def sine_and_cosine_of_turns(turns: npt.ArrayLike) -> Waves:
    r"""Sine and cosine of angles counted in whole turns.

    .. math:: \sin 2 \pi t, \qquad \cos 2 \pi t

    Parameters
    ----------
    turns : array of any shape

    Returns
    -------
    Waves
        Two arrays of that shape, each within one unit in the last place for turns that are 0 or at least
        1e-290; exact at quarters of a turn; NaN where the turns are not finite.

    Notes
    -----
    Whole turns and quarters are taken off exactly, so that what is left is at most an eighth of a turn; the
    series of both functions follow, up to its 19th and 20th power.

    Examples
    --------
    >>> sine, cosine = sine_and_cosine_of_turns([0.0, 0.25, 1.5, 1 / 12])
    >>> sine.tolist(), cosine.tolist()
    ([0.0, 1.0, 0.0, 0.5], [1.0, 0.0, -1.0, 0.8660254037844387])
    """
    turns = np.asarray(turns, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        rest = turns - np.rint(turns)
        quarters = np.rint(4 * rest)
        rest = rest - quarters / 4
    sine, cosine = _sine(rest), _cosine(rest)
    is_odd = np.abs(quarters) == 1
    first, second = np.where(is_odd, cosine, sine), np.where(is_odd, sine, cosine)
    # A quarter forward turns (sine, cosine) into (cosine, -sine); zeros have no sign.
    first = np.where((quarters == -1) | (np.abs(quarters) == 2), -first, first) + 0.0  # noqa: PLR2004
    second = np.where((quarters == 1) | (np.abs(quarters) == 2), -second, second) + 0.0  # noqa: PLR2004
    return Waves(first, second)


def logarithm(values: npt.ArrayLike) -> FloatArray:
    r"""Natural logarithm.

    Parameters
    ----------
    values : array of any shape
        Above 0.

    Returns
    -------
    array of that shape, float64
        Within one unit in the last place; minus infinity for 0, and NaN below.

    Notes
    -----
    With :math:`x = m \, 2^k` and m from the root of 1/2 to that of 2 it is :math:`k \ln 2 + \ln m`, and
    :math:`\ln m` the series of :math:`2 \, \mathrm{artanh} \, s` in :math:`s = (m - 1) / (m + 1)`.

    Examples
    --------
    >>> logarithm([1.0, 2.0, 10.0]).tolist()
    [0.0, 0.6931471805599453, 2.302585092994046]
    """
    values = np.asarray(values, dtype=np.float64)
    is_number = (values > 0) & (values < np.inf)
    mantissa, exponent = np.frexp(np.where(is_number, values, 1.0))
    is_low = mantissa < math.sqrt(0.5)
    mantissa = np.where(is_low, 2 * mantissa, mantissa)
    k = (exponent - is_low).astype(np.float64)
    beyond = mantissa - 1
    s = beyond / (2 + beyond)
    square = s * s
    half = 0.5 * beyond * beyond
    series = square * _polynomial(square, _ARTANH)
    # ln m is f - (f^2/2 - s (f^2/2 + series)) with f = m - 1: the largest term is exact and is added last.
    found = k * _LN_2_HIGH - ((half - (s * (half + series) + k * _LN_2_LOW)) - beyond)
    outside = np.where(values == 0, -np.inf, np.where(values == np.inf, np.inf, np.nan))
    logarithms: FloatArray = np.where(is_number, found, outside)
    return logarithms


def exponential(values: npt.ArrayLike) -> FloatArray:
    r"""Exponential function.

    Parameters
    ----------
    values : array of any shape

    Returns
    -------
    array of that shape, float64
        Within one unit in the last place, of subnormal numbers too; infinite above 709.78, 0 below -745.13,
        NaN for NaN.

    Notes
    -----
    With :math:`x = k \ln 2 + r` and r at most half of ln 2 it is :math:`2^k e^r`, of whose series the terms
    up to :math:`r^{15}` are kept.

    Examples
    --------
    >>> exponential([0.0, 1.0, -1000.0]).tolist()
    [1.0, 2.7182818284590455, 0.0]
    """
    values = np.asarray(values, dtype=np.float64)
    inside = np.clip(np.where(np.isnan(values), 0.0, values), SMALLEST_EXPONENT - 1, LARGEST_EXPONENT + 1)
    k = np.rint(inside / float(LN_2))
    high, low = inside - k * _LN_2_HIGH, k * _LN_2_LOW
    r = high - low
    found = 1 + (high + (r * r * _polynomial(r, _EXPONENTIAL) - low))
    with np.errstate(over="ignore", under="ignore"):
        powers: FloatArray = np.ldexp(found, k.astype(np.int32))
    return np.where(np.isnan(values), values, powers)


def total_of(values: npt.ArrayLike) -> float:
    """Sum of all: while they are many the second half is added to the first; what is left is rounded once.

    Examples
    --------
    >>> total_of([1.0, 1e100, 1.0, -1e100])
    2.0
    """
    rest = np.ravel(np.asarray(values, dtype=np.float64))
    while len(rest) > FEW:
        half = (len(rest) + 1) // 2
        first = rest[:half].copy()
        first[: len(rest) - half] += rest[half:]
        rest = first
    return math.fsum(rest.tolist())


def _polynomial(x: FloatArray, coefficients: Sequence[float]) -> FloatArray:
    """The sum of the coefficients times the powers of x, from the 0th on, by Horner's rule."""
    total = np.full(x.shape, coefficients[-1])
    for one in coefficients[-2::-1]:
        total *= x
        total += one
    return total


def _halves(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A number as the sum of two of 26 bits, exactly."""
    long = SPLITTER * x
    high = long - (long - x)
    return high, x - high


def _product(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A product in two parts: rounded, and exactly what the rounding lost."""
    product = x * y
    (x_high, x_low), (y_high, y_low) = _halves(x), _halves(y)
    lost = x_low * y_low - (((product - x_high * y_high) - x_low * y_high) - x_high * y_low)
    return product, lost


def _sine(rest: FloatArray) -> FloatArray:
    """Sine of at most an eighth of a turn: the first term's exact part is added last."""
    square = rest * rest
    high, low = _halves(rest)
    others = rest * (square * _polynomial(square, _SINE))
    return high * _SINE_HIGH + (low * _SINE_HIGH + (rest * _SINE_LOW + others))


def _cosine(rest: FloatArray) -> FloatArray:
    """Cosine of at most an eighth of a turn: what the roundings of its second term lose is added again."""
    square, square_lost = _product(rest, rest)
    term, term_lost = _product(square, np.full(rest.shape, _COSINE_HIGH))
    term_lost = term_lost + (square * _COSINE_LOW + square_lost * _COSINE_HIGH)
    beginning = 1 - term
    lost = (1 - beginning) - term
    return beginning + (lost - term_lost + square * square * _polynomial(square, _COSINE))
