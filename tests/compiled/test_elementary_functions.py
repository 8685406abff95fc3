"""The project's own exp, logistic and tanh against NumPy, the C library's long double, and mpmath.

An error is counted in units in the last place: the distance to the exact value, over the distance between two
neighbouring numbers there. Every float32 is tried in the slow test; its references are computed in float64,
whose own error is a billionth of the unit.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import mpmath
import numpy as np
import pytest
from elementwise import computed
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from chainrule.compiled.language import elementary
from chainrule.compiled.language.vectors import load_lanes, store

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any]

NAMES = ("exponential_up_to_0", "exponential", "logistic", "hyperbolic_tangent")
EXPONENTIALS = NAMES[:2]
DTYPES = ("float32", "float64")

# Worst errors, rounded up: in float32 over every number; in float64 over the samples of these tests.
BOUNDS = {
    ("exponential_up_to_0", "float32"): 1.08,
    ("exponential", "float32"): 1.08,
    ("logistic", "float32"): 2.41,
    ("hyperbolic_tangent", "float32"): 2.5,
    ("exponential_up_to_0", "float64"): 1.1,
    ("exponential", "float64"): 1.1,
    ("logistic", "float64"): 2.45,
    ("hyperbolic_tangent", "float64"): 2.7,
}
# From these magnitudes on, results are constants.
SATURATED = {"float32": 128.0, "float64": 1024.0}
# The last numbers whose exponentials are finite: the logarithms of the largest numbers, rounded down.
LAST = {"float32": 88.72283172607422, "float64": 709.782712893384}


def _value(name: str, x: float | str, dtype: str) -> float:
    return float(computed(name, np.array([x], dtype))[0])


def _exact(name: str, x: Array) -> Array:
    """By NumPy, in the precision of x, in forms that keep their digits at either end."""
    if name in EXPONENTIALS:
        exact: Array = np.exp(x)
    elif name == "hyperbolic_tangent":
        exact = np.tanh(x)
    else:
        e = np.exp(-np.abs(x))
        exact = np.where(x < 0, e, 1) / (1 + e)
    return exact


def _units(exact: Array, dtype: str) -> Array:
    """Unit in the last place of `dtype` at exact values that are not below its smallest normal number."""
    about = np.finfo(dtype)
    if exact.dtype == np.float64:  # quicker than frexp, of which 10 billion are needed
        powers: Array = (exact.view(np.int64) & 0x7FF0_0000_0000_0000).view(np.float64)
    else:
        mantissas, exponents = np.frexp(exact)
        powers = np.ldexp(np.ones_like(mantissas), exponents - 1)
    units: Array = powers * about.eps.astype(exact.dtype)
    return units


def _worst_error(name: str, x: Array, exact: Array, *, units: Array | None = None) -> tuple[float, float]:
    """Worst error in ulp, and where; exact values below the normal numbers must have come out as 0.

    Where rounding carries a value to the smallest normal number, or just below, either is right.
    """
    dtype = str(x.dtype)
    results = computed(name, x)
    smallest = np.finfo(dtype).smallest_normal
    magnitudes = np.abs(exact)
    tiny = magnitudes < smallest * (1 + 4 * np.finfo(dtype).eps)
    units = _units(exact, dtype) if units is None else units
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(tiny, 0, np.abs(results.astype(exact.dtype) - exact) / units)
    if tiny.any():
        got, expected = results[tiny], x[tiny]
        if name == "hyperbolic_tangent":  # it is its argument there, whatever that is
            np.testing.assert_array_equal(got, expected)
        else:
            assert ((got == 0) | (got >= smallest)).all()
            assert (got[magnitudes[tiny] < smallest * (1 - 4 * np.finfo(dtype).eps)] == 0).all()
    at = int(errors.argmax())
    return float(errors[at]), float(x[at])


def _assert_bound(name: str, dtype: str, worst: tuple[float, float]) -> None:
    print(f"{name}, {dtype}: {worst[0]:.4f} ulp at {worst[1]!r}")  # noqa: T201 (shown by pytest -s)
    assert worst[0] < BOUNDS[name, dtype]


def _floats_between(first: int, stop: int, step: int = 1) -> Array:
    """Floats by their bits."""
    return np.arange(first, stop, step, dtype=np.uint32).view(np.float32)


def _bits(x: float) -> int:
    return int(np.array(x, np.float32).view(np.uint32))


def _ranges_of_floats(name: str) -> tuple[tuple[int, int], ...]:
    """Bits of the floats, of either sign, that are not saturated."""
    end = _bits(SATURATED["float32"])
    negative = (0x8000_0000, 0x8000_0000 + end)
    if name == "exponential_up_to_0":
        return (negative,)
    return ((0, _bits(LAST["float32"]) + 1 if name == "exponential" else end), negative)


def _sample_of_doubles(name: str, n: int) -> Array:
    """Every size evenly, the middle densely, and the neighbourhoods of the ends."""
    rng = np.random.default_rng(7)
    sizes: Array = np.concatenate(
        [
            np.exp2(rng.uniform(-1074, 10, n // 4)),
            rng.uniform(0, 8, n // 4),
            rng.uniform(0, 40, n // 4),
            rng.uniform(0, 760, n // 8),
            708.396418532264 + rng.uniform(-1e-12, 1e-12, n // 16),
            rng.uniform(0.3, 0.4, n // 16),  # about half of ln 2, where reduced arguments change sides
        ]
    )
    if name != "exponential_up_to_0":
        sizes *= rng.choice([-1.0, 1.0], len(sizes))
    return np.minimum(-sizes, LAST["float64"]) if name == "exponential" else -sizes


@pytest.mark.parametrize("name", NAMES)
def test_floats_of_every_size(name: str) -> None:
    worst = max(
        _worst_error(name, x, _exact(name, x.astype(np.float64)))
        for first, stop in _ranges_of_floats(name)
        for x in [_floats_between(first, stop, 479)]
    )
    _assert_bound(name, "float32", worst)


@pytest.mark.skipif(
    bool(np.finfo(np.longdouble).eps > 1e-18), reason="no type wider than float64 on this platform"
)
@pytest.mark.parametrize("n", [400_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_doubles_by_the_long_double_of_the_library(name: str, n: int) -> None:
    x = _sample_of_doubles(name, n)
    worst = _worst_error(name, x, _exact(name, x.astype(np.longdouble)))
    _assert_bound(name, "float64", worst)


def _by_mpmath(name: str, x: float) -> mpmath.mpf:
    z = mpmath.mpf(x)
    if name in EXPONENTIALS:
        return mpmath.exp(z)
    if name == "hyperbolic_tangent":
        return mpmath.tanh(z)
    return 1 / (1 + mpmath.exp(-z))


@pytest.mark.parametrize("n", [5_000, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_doubles_by_mpmath(name: str, n: int) -> None:
    x = _sample_of_doubles(name, n)
    with mpmath.workprec(120):
        exact = [_by_mpmath(name, float(value)) for value in x]
        # As a double and what is left of it, so that the distance to a double is computed without rounding.
        leading = np.array([float(value) for value in exact])
        rest = np.array([float(value - float(value)) for value in exact])
    results = computed(name, x)
    normal = np.abs(leading) >= np.finfo(np.float64).smallest_normal
    errors = np.abs((results - leading) - rest)[normal] / _units(leading[normal], "float64")
    at = int(errors.argmax())
    _assert_bound(name, "float64", (float(errors[at]), float(x[normal][at])))
    tiny = results[~normal]
    np.testing.assert_array_equal(tiny, x[~normal] if name == "hyperbolic_tangent" else 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_float(name: str) -> None:
    chunk = 1 << 15  # stays in the caches

    def worst_of_chunk(bits: tuple[int, int]) -> tuple[float, float]:
        x = _floats_between(*bits)
        return _worst_error(name, x, _exact(name, x.astype(np.float64)))

    chunks = [
        (first, min(first + chunk, end))
        for begin, end in _ranges_of_floats(name)
        for first in range(begin, end, chunk)
    ]
    with ThreadPoolExecutor(2) as pool:
        worst = max(pool.map(worst_of_chunk, chunks))
    _assert_bound(name, "float32", worst)


def _constants(name: str) -> tuple[float, float]:
    """Results far below and far above 0."""
    return {
        "exponential_up_to_0": (0.0, np.nan),
        "exponential": (0.0, np.inf),
        "logistic": (0.0, 1.0),
        "hyperbolic_tangent": (-1.0, 1.0),
    }[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_saturated_float_and_every_nan(name: str) -> None:
    chunk, end, infinity = 1 << 20, _bits(SATURATED["float32"]), _bits(np.inf)
    for sign, constant in zip((0x8000_0000, 0), _constants(name), strict=True):
        if np.isnan(constant):
            continue
        for first in range(sign + end, sign + infinity, chunk):
            assert (computed(name, _floats_between(first, first + chunk)) == constant).all()
        assert _value(name, -np.inf if sign else np.inf, "float32") == constant
        for first in range(sign + infinity + 1, sign + 0x8000_0000, chunk):
            stop = min(first + chunk, sign + 0x8000_0000)
            assert np.isnan(computed(name, _floats_between(first, stop))).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_in_nan_out_in_its_lane_alone(name: str, dtype: str) -> None:
    for at in range(32):
        x = np.full(32, -0.5, dtype)
        x[at] = np.nan
        np.testing.assert_array_equal(np.isnan(computed(name, x)), np.arange(32) == at)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_infinities_and_the_largest_numbers_saturate(name: str, dtype: str) -> None:
    below, above = _constants(name)
    large = float(np.finfo(dtype).max)
    for size in (SATURATED[dtype], 1e30, large, np.inf):
        assert _value(name, -size, dtype) == below
        if not np.isnan(above):
            assert _value(name, size, dtype) == above


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_both_zeros(dtype: str, zero: float) -> None:
    assert [_value(name, zero, dtype) for name in EXPONENTIALS] == [1.0, 1.0]
    assert _value("logistic", zero, dtype) == 0.5
    assert _value("hyperbolic_tangent", zero, dtype) == 0.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_both_exponentials_have_the_same_bits_up_to_0(dtype: str) -> None:
    x = -np.abs(_sample_of_doubles("exponential", 32_000)).astype(dtype)
    one, other = (computed(name, x) for name in EXPONENTIALS)
    assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_exponential_is_infinite_beyond_the_largest_number_and_not_before(dtype: str) -> None:
    largest = np.longdouble(np.finfo(dtype).max)
    last = np.array([LAST[dtype]], dtype)
    beyond = np.nextafter(last, last * 2)
    assert np.exp(last.astype(np.longdouble)) <= largest < np.exp(beyond.astype(np.longdouble))
    steps = np.arange(200, dtype=dtype) * np.spacing(last)
    assert np.isfinite(computed("exponential", last - steps)).all()
    assert (computed("exponential", beyond + steps) == np.inf).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_below_the_normal_numbers_are_zero(dtype: str) -> None:
    about = np.finfo(dtype)
    end = float(-np.log(np.longdouble(about.smallest_normal)))
    x = -np.linspace(end * 0.99, end * 1.01, 200_001).astype(dtype)
    for name in (*EXPONENTIALS, "logistic"):
        results = computed(name, x)
        assert ((results == 0) | (results >= about.smallest_normal)).all()
        assert results[0] > 0
        assert results[-1] == 0
        kept = x[results > 0].min()
        assert kept == pytest.approx(-end, rel=4 * float(about.eps))
        assert (results[x < kept] == 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_saturation_is_reached_once_and_kept(name: str, dtype: str) -> None:
    # Errors of two ulp let neighbours change places, but the last steps before a constant are in order.
    below, above = _constants(name)
    for sign, constant in ((-1, below), (1, above)):
        if np.isnan(constant):
            continue
        x = sign * np.linspace(0, SATURATED[dtype], 400_001).astype(dtype)
        results = computed(name, x)
        assert (np.abs(results) <= abs(constant or 1)).all()
        reached = int((results == constant).argmax())
        assert reached > 0
        assert (results[reached:] == constant).all()
        if constant != 0:
            assert (np.abs(results[: reached - 1]) < abs(constant)).all()


def _over_width(name: str, width: int) -> Callable[[Array, Array], None]:
    function = getattr(elementary, name)

    @njit
    def over(x, y):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        for i in range(0, len(x), width):
            store(y, i, function(load_lanes(x, i, width)))

    return over  # type: ignore[no-any-return]


@pytest.mark.parametrize(("dtype", "width"), [("float32", 8), ("float64", 16)])  # half and twice the kernels'
@pytest.mark.parametrize("name", NAMES)
def test_same_bits_in_vectors_of_any_width(name: str, dtype: str, width: int) -> None:
    x = _sample_of_doubles(name, 32_000)
    x = (x if name == "exponential" else -np.abs(x)).astype(dtype)
    results = np.empty_like(x)
    _over_width(name, width)(x, results)
    assert results.tobytes() == computed(name, x).tobytes()


@given(st.sampled_from(NAMES), st.sampled_from(DTYPES), st.floats(max_value=0, width=32), st.integers(0, 47))
def test_same_bits_in_every_lane(name: str, dtype: str, x: float, at: int) -> None:
    others = np.linspace(-90, 0, 48).astype(dtype)
    others[at] = x
    assert computed(name, others)[at] == _value(name, x, dtype)


def test_worst_errors_are_those_that_the_page_promises() -> None:
    page = (Path(__file__).parents[2] / "docs" / "arithmetic.md").read_text(encoding="utf-8")
    headings = ("$e^x$", "$e^x$", "logistic", "tanh")
    for name, heading in zip(NAMES, headings, strict=True):
        single, double = (BOUNDS[name, dtype] for dtype in DTYPES)
        assert f"| {heading} | {single} | {double} |" in page
