"""The kernels' sine and cosine against NumPy and mpmath; errors are in units in the last place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np
import pytest
from elementwise import computed

from chainrule.compiled.language.elementary import LARGEST_ANGLE

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

NAMES, DTYPES = ("sine", "cosine"), ("float32", "float64")
# Worst errors, rounded up: in float32 over every number, in float64 over the samples below.
BOUNDS = {"float32": 0.8, "float64": 0.8}
LARGEST = dict(zip(DTYPES, LARGEST_ANGLE, strict=True))


def _exact(name: str, x: Array) -> Array:
    function: Any = np.sin if name == "sine" else np.cos
    exact: Array = function(x)
    return exact


def _by_mpmath(name: str, x: Array) -> tuple[Array, Array]:
    """Exact values as doubles and what is left of them."""
    function: Any = mpmath.sin if name == "sine" else mpmath.cos
    with mpmath.workprec(300):
        exact = [function(mpmath.mpf(float(one))) for one in x]
        leading = np.array([float(one) for one in exact])
        return leading, np.array([float(one - float(one)) for one in exact])


def _angles(dtype: str, n: int) -> Array:
    """Of every size up to the largest, and about every quarter turn, where one of the two is near 0."""
    rng, last = np.random.default_rng(3), np.log2(LARGEST[dtype])
    sizes = np.exp2(rng.uniform(-40, last, n))
    quarters = np.rint(np.exp2(rng.uniform(0, last - 1, n))) * (np.pi / 2)
    x = np.concatenate([sizes, rng.uniform(0, 20, n), quarters, [0.0, LARGEST[dtype]]])
    signed: Array = (x * rng.choice([-1.0, 1.0], len(x))).astype(dtype)
    return signed


def _assert_bound(name: str, x: Array, errors: Array) -> None:
    worst = float(errors.max())
    print(f"{name}, {x.dtype}: {worst:.4f} ulp at {float(x[errors.argmax()])!r}")  # noqa: T201 (by pytest -s)
    assert worst < BOUNDS[str(x.dtype)]


@pytest.mark.parametrize("name", NAMES)
def test_single_angles_of_every_size(name: str) -> None:
    x = _angles("float32", 100_000)
    exact = _exact(name, x.astype(np.float64))
    units = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    _assert_bound(name, x, np.abs(computed(name, x) - exact) / units)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_single_angle(name: str) -> None:
    stop, chunk = int(np.float32(LARGEST["float32"]).view(np.uint32)) + 1, 1 << 22
    for first in range(0x0080_0000, stop, chunk):  # normal numbers
        x = np.arange(first, min(first + chunk, stop), dtype=np.uint32).view(np.float32)
        exact = _exact(name, x.astype(np.float64))
        units = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
        found = computed(name, x)
        assert (np.abs(found - exact) / units).max() < BOUNDS["float32"]
        np.testing.assert_array_equal(computed(name, -x), -found if name == "sine" else found)


@pytest.mark.parametrize("n", [3_000, pytest.param(40_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_double_angles_of_every_size(name: str, n: int) -> None:
    x = _angles("float64", n)
    leading, rest = _by_mpmath(name, x)
    errors = np.abs((computed(name, x) - leading) - rest) / np.spacing(np.abs(leading))
    _assert_bound(name, x, errors)


@pytest.mark.parametrize("dtype", DTYPES)
def test_angles_beyond_the_largest_count_as_the_largest(dtype: str) -> None:
    end, largest = LARGEST[dtype], float(np.finfo(dtype).max)
    for name in NAMES:
        ends = computed(name, np.array([-end, end], dtype))
        for size in (end * 1.5, largest, np.inf):
            np.testing.assert_array_equal(computed(name, np.array([-size, size], dtype)), ends)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_nan_in_nan_out_and_the_same_bits_in_every_lane(name: str, dtype: str) -> None:
    x = np.linspace(-9, 9, 48).astype(dtype)
    alone = np.array([computed(name, x[at : at + 1])[0] for at in range(len(x))], dtype)
    assert computed(name, x).tobytes() == alone.tobytes()
    x[7] = np.nan
    np.testing.assert_array_equal(np.isnan(computed(name, x)), np.arange(48) == 7)


def test_worst_errors_of_waves_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "arithmetic.md").read_text(encoding="utf-8")
    assert f"| sine, cosine | {BOUNDS['float32']} | {BOUNDS['float64']} |" in page
    single, double = (round(np.log2(largest)) for largest in LARGEST_ANGLE)
    assert f"up to $2^{{{single}}}$ in single and $2^{{{double}}}$ in double precision" in " ".join(
        page.split()
    )
