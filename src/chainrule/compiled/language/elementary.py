r"""Exponential and logarithm, logistic, tanh and softplus from them, sine and cosine: vectors, no library.

No library is called, so that every machine computes the same bits. :math:`e^x` is
:math:`2^n e^r` with :math:`x = n \ln 2 + r` and :math:`|r| \le \tfrac12 \ln 2`; for :math:`e^r` the
first terms of its series are enough. NaN goes in and comes out. Where exp or the logistic would lie below the
smallest normal number the result is 0; tanh of a subnormal number is that number.

The logarithm is :math:`n \ln 2 + \ln m` with m from :math:`\sqrt{1/2}` to :math:`\sqrt 2`, and :math:`\ln m`
the series of :math:`2\,\mathrm{artanh}\,s` with :math:`s = (m - 1) / (m + 1)`.

Sine and cosine take quarter turns off, :math:`x = n \tfrac{\pi}{2} + r` with r up to an eighth of a turn.
What the rounding of r loses is kept, and their series follow. Arguments beyond `LARGEST_ANGLE`, where
neighbouring numbers lie a sixteenth apart, count as that.

Worst errors, in units in the last place, as the tests find them over every float32 (and over a dense
sample of float64): see `docs/arithmetic.md`.

References
----------
Cody & Waite (1980), Software Manual for the Elementary Functions, chapter 6.
"""

from __future__ import annotations

from math import factorial

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from chainrule.compiled.language.vectors import (
    by_quarter,
    constant,
    constant_of,
    exponent_and_mantissa,
    exponent_from,
    fused,
    fused_multiply_add,
    minus_magnitude,
    where_less,
    where_number,
)
from chainrule.compiled.machine.compiling import inlined

__all__ = [
    "LARGEST_ANGLE", "cosine", "exponential", "exponential_less_1_up_to_0", "exponential_up_to_0",
    "hyperbolic_tangent", "log_1p", "logarithm", "logistic", "sine", "softplus",
]  # fmt: skip

# 1.5 times 2 to the number of mantissa bits: adding it rounds to a whole number and leaves that in the
# lowest bits.
_ROUND = (12582912.0, 6755399441055744.0)
# ln 2 in two parts: the nearest number, and what is missing.
_LN_2_UPPER = (0.693147182464599609375, 0.69314718055994528622676398299518041312694549560546875)
_LN_2_LOWER = (-1.904654299957768e-09, 2.3190468138462996e-17)
# The lowest numbers whose exp is not subnormal, about -126 ln 2 and -1022 ln 2.
_LOWEST = (-87.33654022216797, -708.3964185322641)  # -126 ln 2 itself would be rounded to below it
_HIGHEST = (89.0, 710.0)  # whose exp is beyond the largest number, though half of it is not
_LOG_2_OF_E = 1.4426950408889634
# Terms of the logarithm's series; what is left out, at s = 1/3, is less than an eighth of an ulp.
_LOGARITHM_ENDS_AT = (8, 17)
_SERIES_ENDS_AT = (7, 13)  # power of r in the last term; what is left out is less than an eighth of an ulp
# What sine and cosine are computed for: n is found right there, and a product of it with a part is exact.
LARGEST_ANGLE = (2.0**19, 2.0**48)
_TWO_OVER_PI = 0.6366197723675814
# A quarter turn, in radians, in three parts: the nearest number, that to the rest, and so on.
_QUARTER_TURN = (
    (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15),
    (1.5707963267948966, 6.123233995736766e-17, -1.4973849048591698e-33),
)
_SINE_ENDS_AT, _COSINE_ENDS_AT = (9, 17), (10, 16)  # likewise powers of the last terms


def _polynomial(builder, vector, coefficients, x):
    """LLVM value of a polynomial, lowest power first.

    Pairs of terms first, then pairs of pairs: the same work as one chain, at a third of its length.
    """
    values, power = [ir.Constant(vector.llvm, [c] * vector.lanes) for c in coefficients], x
    while len(values) > 1:
        pairs = range(0, len(values) - 1, 2)
        odd = values[len(pairs) * 2 :]
        values = [
            fused_multiply_add(builder, vector, values[at + 1], power, values[at]) for at in pairs
        ] + odd
        power = builder.fmul(power, power)
    return values[0]


@intrinsic
def _series_from_square(_typing, r):
    """1/2! + r/3! + r²/4! + …, so that ``e^r = 1 + r + r² * it``."""
    last = _SERIES_ENDS_AT[0 if r.scalar == types.float32 else 1]
    terms = [1 / factorial(power) for power in range(2, last + 1)]

    def codegen(_context, builder, signature, args):
        return _polynomial(builder, signature.return_type, terms, args[0])

    return r(r), codegen


@intrinsic
def _series_of_logarithm(_typing, square):
    """2/3 + 2 s²/5 + 2 s⁴/7 + …, so that ``2 artanh s = 2 s + s * s² * it``, for s up to a third."""
    terms = [2 / power for power in range(3, 2 * _LOGARITHM_ENDS_AT[square.scalar != types.float32] + 2, 2)]

    def codegen(_context, builder, signature, args):
        return _polynomial(builder, signature.return_type, terms, args[0])

    return square(square), codegen


@inlined
def _reduced(x):
    """``e^r - 1`` of x = n ln 2 + r, and n in the form that `exponent_from` takes."""
    rounding = constant_of(x, _ROUND[0], _ROUND[1])
    shifted = fused(x, constant(x, _LOG_2_OF_E), rounding)
    n = shifted - rounding
    r = fused(n, constant_of(x, -_LN_2_UPPER[0], -_LN_2_UPPER[1]), x)
    r = fused(n, constant_of(x, -_LN_2_LOWER[0], -_LN_2_LOWER[1]), r)
    return fused(_series_from_square(r), r * r, r), shifted


@inlined
def exponential(x):
    """e^x: infinite where no number is as large, and 0 where it is below the smallest normal number."""
    zero, one = constant(x, 0.0), constant(x, 1.0)
    highest = constant_of(x, _HIGHEST[0], _HIGHEST[1])
    near = where_less(highest, x, highest, x)
    r_part, shifted = _reduced(near)
    # Above 0 twice the half, as 2^n alone may be beyond the largest number; below, a half may be subnormal.
    power = exponent_from(where_less(zero, near, shifted - one, shifted))
    value = fused(r_part, power, power)
    value = where_less(zero, near, value + value, value)
    return where_less(x, constant_of(x, _LOWEST[0], _LOWEST[1]), zero, value)


@inlined
def exponential_up_to_0(x):
    """e^x of x up to 0, in fewer steps, with the same bits."""
    r_part, shifted = _reduced(x)
    power = exponent_from(shifted)
    lowest = constant_of(x, _LOWEST[0], _LOWEST[1])
    return where_less(x, lowest, constant(x, 0.0), fused(r_part, power, power))


@inlined
def logistic(z):
    """1 / (1 + e^-z), in the form whose exponential cannot overflow; either tail keeps its digits."""
    zero, one = constant(z, 0.0), constant(z, 1.0)
    x = minus_magnitude(z)
    r_part, shifted = _reduced(x)
    power = exponent_from(shifted)
    lowest = constant_of(x, _LOWEST[0], _LOWEST[1])
    e = where_less(x, lowest, zero, fused(r_part, power, power))
    one_and_e = where_less(x, lowest, one, fused(r_part, power, power + one))
    return where_less(z, zero, e, one) / one_and_e


@inlined
def exponential_less_1_up_to_0(x):
    """e^x - 1 of x up to 0, which keeps its digits where x is small."""
    one = constant(x, 1.0)
    r_part, shifted = _reduced(x)
    power = exponent_from(shifted)
    lowest = constant_of(x, _LOWEST[0], _LOWEST[1])
    return where_less(x, lowest, constant(x, -1.0), fused(r_part, power, power - one))


@inlined
def hyperbolic_tangent(z):
    """Tanh z, from e^(-2|z|) - 1, which keeps its digits where z is small."""
    zero, two = constant(z, 0.0), constant(z, 2.0)
    minus = minus_magnitude(z)
    less_one = exponential_less_1_up_to_0(minus + minus)
    size = (zero - less_one) / (two + less_one)
    return where_less(z, zero, zero - size, size)


@inlined
def _twice_artanh(s):
    """Twice the inverse hyperbolic tangent of s, from 0 to a third of either sign."""
    square = s * s
    return fused(s * square, _series_of_logarithm(square), s + s)


@inlined
def log_1p(t):
    """Logarithm of 1 + t, for t from 0 to 1: exact to its digits where t is small."""
    return _twice_artanh(t / (constant(t, 2.0) + t))


@inlined
def logarithm(x):
    """Logarithm of a normal number above 0; of a NaN it is NaN, of anything else it means nothing."""
    n, m = exponent_and_mantissa(x)
    one = constant(x, 1.0)
    of_m = _twice_artanh((m - one) / (m + one))
    lower = fused(n, constant_of(x, _LN_2_LOWER[0], _LN_2_LOWER[1]), of_m)
    value = fused(n, constant_of(x, _LN_2_UPPER[0], _LN_2_UPPER[1]), lower)
    return where_number(x, value, x)


@inlined
def softplus(z):
    """Logarithm of 1 + e^z, in the form whose exponential cannot overflow."""
    zero = constant(z, 0.0)
    return where_less(z, zero, zero, z) + log_1p(exponential_up_to_0(minus_magnitude(z)))


@intrinsic
def _series_of_sine(_typing, square):
    """-1/3! + r²/5! - …, so that ``sin r = r + r³ * it``."""
    last = _SINE_ENDS_AT[square.scalar != types.float32]
    terms = [(-1) ** (power // 2) / factorial(power) for power in range(3, last + 1, 2)]

    def codegen(_context, builder, signature, args):
        return _polynomial(builder, signature.return_type, terms, args[0])

    return square(square), codegen


@intrinsic
def _series_of_cosine(_typing, square):
    """1/4! - r²/6! + …, so that ``cos r = 1 - r²/2 + r⁴ * it``."""
    last = _COSINE_ENDS_AT[square.scalar != types.float32]
    terms = [(-1) ** (power // 2) / factorial(power) for power in range(4, last + 1, 2)]

    def codegen(_context, builder, signature, args):
        return _polynomial(builder, signature.return_type, terms, args[0])

    return square(square), codegen


@inlined
def _quarters_and_waves(x):
    """Quarter turns n of x, in the form that `by_quarter` takes, and sine and cosine of what is left."""
    end, zero, half = constant_of(x, LARGEST_ANGLE[0], LARGEST_ANGLE[1]), constant(x, 0.0), constant(x, 0.5)
    near = where_less(end, x, end, x)
    near = where_less(near, zero - end, zero - end, near)
    rounding = constant_of(x, _ROUND[0], _ROUND[1])
    shifted = fused(near, constant(x, _TWO_OVER_PI), rounding)
    n = rounding - shifted
    first = fused(n, constant_of(x, _QUARTER_TURN[0][0], _QUARTER_TURN[1][0]), near)  # exact
    second = constant_of(x, _QUARTER_TURN[0][1], _QUARTER_TURN[1][1])
    product = n * second
    r = first + product
    of_first = r - product
    lost = fused(n, second, zero - product) + ((first - of_first) + (product - (r - of_first)))
    lost = fused(n, constant_of(x, _QUARTER_TURN[0][2], _QUARTER_TURN[1][2]), lost)
    square = r * r
    sine_ = r + fused(r * square, _series_of_sine(square), lost - half * square * lost)
    half_square, one = half * square, constant(x, 1.0)
    beginning = one - half_square
    rest = fused(square * square, _series_of_cosine(square), (one - beginning) - half_square - r * lost)
    return shifted, sine_, beginning + rest


@inlined
def sine(x):
    """Sine of an angle in radians."""
    shifted, sine_, cosine_ = _quarters_and_waves(x)
    return by_quarter(shifted, sine_, cosine_)


@inlined
def cosine(x):
    """Cosine of an angle in radians: the sine of a quarter turn more."""
    shifted, sine_, cosine_ = _quarters_and_waves(x)
    return by_quarter(shifted + constant(x, 1.0), sine_, cosine_)
