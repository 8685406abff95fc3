"""Sines of turns, logarithm and exponential: within one unit in the last place, the same bits everywhere."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.elementary import exponential, logarithm, sine_and_cosine_of_turns

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]


def sine(turns: FloatArray) -> FloatArray:
    return sine_and_cosine_of_turns(turns).sine


def cosine(turns: FloatArray) -> FloatArray:
    return sine_and_cosine_of_turns(turns).cosine


def spread_over(lowest: float, highest: float, n: int) -> FloatArray:
    """Numbers all over a range, made of whole numbers alone."""
    steps = (np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(11)
    return lowest + (highest - lowest) * (steps.astype(np.float64) / 2.0**53)


def powers(lowest: int, highest: int, n: int) -> FloatArray:
    """Numbers of every size between two powers of two."""
    exponents = lowest + np.arange(n) * (highest - lowest) // n
    return np.ldexp(1 + spread_over(0, 1, n), exponents)


def worst(function: Callable[[FloatArray], FloatArray], exact: Callable[[Any], Any], at: FloatArray) -> float:
    """The largest error, in units in the last place of the exact value."""
    errors = []
    with mpmath.workprec(150):
        for x, found in zip(at.tolist(), function(at).tolist(), strict=True):
            value = exact(mpmath.mpf(x))
            unit = math.ulp(float(value))
            errors.append(float(abs(mpmath.mpf(found) - value) / unit))
    return max(errors)


@pytest.mark.parametrize(
    ("function", "exact", "at"),
    [
        (sine, lambda t: mpmath.sinpi(2 * t), spread_over(-0.5, 0.5, 3000)),
        (sine, lambda t: mpmath.sinpi(2 * t), powers(-960, -3, 1000)),
        (cosine, lambda t: mpmath.cospi(2 * t), spread_over(-0.5, 0.5, 3000)),
        (cosine, lambda t: mpmath.cospi(2 * t), spread_over(-1e6, 1e6, 1000)),
        (logarithm, mpmath.log, spread_over(0.7, 1.5, 3000)),
        (logarithm, mpmath.log, powers(-1074, 1023, 2000)),
        (exponential, mpmath.exp, spread_over(-1, 1, 3000)),
        (exponential, mpmath.exp, spread_over(-745, 709.7, 2000)),
    ],
)
def test_within_one_unit_in_the_last_place(
    function: Callable[[FloatArray], FloatArray], exact: Callable[[Any], Any], at: FloatArray
) -> None:
    assert worst(function, exact, at) < 0.85


def test_quarters_of_a_turn_are_exact() -> None:
    waves = sine_and_cosine_of_turns([0, 0.25, 0.5, 0.75, 1, -0.25, -0.5, -0.75, 12345.25, 2.0**60, -0.0])
    assert waves.sine.tolist() == [0, 1, 0, -1, 0, -1, 0, 1, 1, 0, 0]
    assert waves.cosine.tolist() == [1, 0, -1, 0, 1, 0, -1, 0, 0, 1, 1]
    assert not np.signbit(waves.sine[waves.sine == 0]).any()


@given(st.integers(0, 2**40), st.integers(-(2**12), 2**12))
def test_whole_turns_change_no_bit(part: int, whole: int) -> None:
    turns = part / 2.0**40
    one, other = sine_and_cosine_of_turns([turns]), sine_and_cosine_of_turns([turns + whole])
    assert [wave.tobytes() for wave in one] == [wave.tobytes() for wave in other]


@pytest.mark.parametrize("function", [sine, cosine, logarithm, exponential])
def test_a_value_has_the_same_bits_whatever_is_beside_it(
    function: Callable[[FloatArray], FloatArray],
) -> None:
    values = np.concatenate([powers(-40, 40, 67), spread_over(0.1, 9, 36)])
    together = function(values)
    assert all(together[k] == function(values[k : k + 1])[0] for k in range(len(values)))


def test_the_ends() -> None:
    with np.errstate(all="raise"):
        logs = logarithm([0.0, -1.0, math.inf, math.nan, 1.0, 5e-324])
        assert np.array_equal(logs[:5], [-math.inf, math.nan, math.inf, math.nan, 0], equal_nan=True)
        assert logs[5] == math.log(5e-324)
        powers_of_e = exponential([math.inf, -math.inf, math.nan, 0.0, 710.0, -746.0, 1e300, -1e300])
        assert np.array_equal(
            powers_of_e, [math.inf, 0, math.nan, 1, math.inf, 0, math.inf, 0], equal_nan=True
        )
        for wave in sine_and_cosine_of_turns([math.inf, -math.inf, math.nan]):
            assert np.isnan(wave).all()


@given(st.floats(1e-300, 1e300))
def test_the_exponential_undoes_the_logarithm(x: float) -> None:
    assert exponential(logarithm([x]))[0] == pytest.approx(x, rel=4e-16 * max(1, abs(math.log(x))))


def test_no_bit_ever_changes() -> None:
    """A change of these digests changes what models predict, and needs a decision of its own."""
    digests = {
        name: hashlib.sha256(function(at).astype("<f8").tobytes()).hexdigest()[:16]
        for name, function, at in [
            ("sine", sine, spread_over(-3, 3, 10_000)),
            ("cosine", cosine, spread_over(-3, 3, 10_000)),
            ("logarithm", logarithm, powers(-1074, 1023, 10_000)),
            ("exponential", exponential, spread_over(-745, 709.7, 10_000)),
        ]
    }
    assert digests == {
        "sine": "8f99eaa98a0651ff",
        "cosine": "7713728e85be5be6",
        "logarithm": "9f6528bef14c1c89",
        "exponential": "98c243b443388c48",
    }
