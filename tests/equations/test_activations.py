"""Activations against arbitrary precision, complex steps and SymPy."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
import sympy
from hypothesis import example, given
from hypothesis import strategies as st

from chainrule.equations import ACTIVATIONS, Activation, Identity, Logistic, Tanh, activation_named
from chainrule.errors import UnknownNameError

FORWARD = Logistic().forward
HUGE = float(np.finfo(np.float64).max)
STEP = 1e-200  # of the complex step: far below the rounding of z, so that no truncation is left

each_activation = pytest.mark.parametrize("g", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
finite_double = st.floats(allow_nan=False, allow_infinity=False)
finite_single = st.floats(allow_nan=False, allow_infinity=False, width=32)


def _tails(dtype: str) -> npt.NDArray[Any]:
    """Dense sample of net inputs: both tails down to the last subnormal, the middle, tiny and huge."""
    last = 746.0 if dtype == "float64" else 104.0
    corners = [0.0, 1e-300, 1e-30, 1e-9, 36.7, 36.8, 17.3, 40.0, 700.0, 708.4, 745.0, 745.2, 1e6, 1e30]
    positive = np.concatenate(
        [
            np.array(corners, dtype=dtype),
            np.linspace(0, last, 1500, dtype=dtype),
            np.linspace(last * 0.93, last, 500, dtype=dtype),
            np.geomspace(1e-20, 1, 300, dtype=dtype),
            np.array([np.finfo(dtype).max, np.finfo(dtype).tiny], dtype=dtype),
        ]
    )
    return np.unique(np.concatenate([-positive, positive]))


def _true_logistic(z: float) -> mpmath.mpf:
    with mpmath.workprec(2200):  # 1 - a needs as many bits as e^-746 lies below 1
        return 1 / (1 + mpmath.exp(-mpmath.mpf(z))) if abs(z) < 1e4 else mpmath.mpf(z > 0)


def _ulps(computed: npt.NDArray[Any], true: list[mpmath.mpf]) -> npt.NDArray[np.float64]:
    """Distance from the true values, in units of the last place of the computed ones."""
    spacing = np.spacing(np.abs(computed))
    return np.array(
        [
            float(abs(mpmath.mpf(float(c)) - t) / float(s))
            for c, t, s in zip(computed, true, spacing, strict=True)
        ]
    )


# The exponential is good to about 1 ulp (NumPy promises 4 in float32), the sum and the quotient add ½ each.
@pytest.mark.parametrize(("dtype", "ulps"), [("float64", 2.0), ("float32", 3.0)])
def test_logistic_keeps_its_digits_in_both_tails(dtype: str, ulps: float) -> None:
    z = _tails(dtype)
    a = FORWARD(z)
    assert a.dtype == dtype
    assert _ulps(a, [_true_logistic(float(x)) for x in z]).max() <= ulps


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_logistic_never_falls_over_a_dense_sample(dtype: str) -> None:
    a = FORWARD(_tails(dtype))
    assert (np.diff(a) >= 0).all()
    assert a[0] == 0
    assert a[-1] == 1


def _assert_quiet_and_bounded(z: npt.NDArray[Any]) -> None:
    """No floating-point flag, values in [0, 1], and both sides add up to 1."""
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a, mirrored = FORWARD(z), FORWARD(-z)
        slope = Logistic().backward(z, a, np.ones_like(a))
    assert (a >= 0).all()
    assert (a <= 1).all()
    assert (slope >= 0).all()
    assert (slope <= 0.25).all()
    assert (np.abs(a + mirrored - 1) <= np.finfo(z.dtype).eps).all()


@given(finite_double)
@example(HUGE)
@example(-HUGE)
@example(-745.2)
@example(709.8)
@example(5e-324)
@example(-0.0)
def test_logistic_of_any_double_is_quiet_and_bounded(z: float) -> None:
    _assert_quiet_and_bounded(np.array([[z]]))


@given(finite_single)
@example(float(np.finfo(np.float32).max))
@example(-float(np.finfo(np.float32).max))
@example(-104.0)
@example(88.8)
def test_logistic_of_any_single_is_quiet_and_bounded(z: float) -> None:
    _assert_quiet_and_bounded(np.array([[z]], dtype=np.float32))


@given(st.lists(finite_double, min_size=2, max_size=20))
def test_logistic_rises_with_z(numbers: list[float]) -> None:
    a = FORWARD(np.sort(np.array(numbers)))
    # Neighbouring z may round in opposite directions: one unit in the last place of a is no fall.
    assert (a[1:] >= a[:-1] - np.spacing(a[:-1])).all()


def test_logistic_of_infinity_is_its_limit() -> None:
    with np.errstate(all="raise"):
        assert FORWARD(np.array([-np.inf, np.inf])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("z", [-700.0, -40.0, -5.0, -1e-9, 0.0, 1e-9, 5.0, 40.0, 700.0])
def test_logistic_has_its_derivative_in_the_complex_plane(z: float) -> None:
    with mpmath.workprec(2200):
        true_a = _true_logistic(z)
        true = float((1 - true_a) * true_a)
    step = STEP if abs(z) < 100 else 1e-3  # at the far ends 1e-200 times the slope would be subnormal
    derivative = FORWARD(np.array([complex(z, step)])).imag[0] / step
    # z - h²/6 g''' / g' is what a step of 1e-3 leaves; a step of 1e-200 leaves nothing
    assert derivative == pytest.approx(true, rel=1e-15 + 4 * np.finfo(float).eps + step * step / 6, abs=0)


@pytest.mark.parametrize("z", [-40.0, -5.0, -1e-9, 0.0, 1e-9, 5.0, 40.0])
def test_logistic_backward_is_the_complex_step(z: float) -> None:
    derivative = FORWARD(np.array([complex(z, STEP)])).imag / STEP
    a = FORWARD(np.array([z]))
    back = Logistic().backward(np.array([z]), a, np.array([1.0]))
    # Right of 0, a = 1 / (1 + e) carries eps/2 from the sum and eps/4 from the quotient, which 1 - a keeps:
    # far to the right no digit of it is left. On the left every factor is good to a few ulp.
    np.testing.assert_allclose(back, derivative, rtol=1e-15, atol=np.finfo(float).eps if z > 0 else 0)


complex_points = st.builds(complex, st.floats(-60, 60), st.floats(-2.5, 2.5))


@given(complex_points)
@example(complex(0, 2))
@example(complex(-0.0, -2))
@example(complex(-40, 1))
@example(complex(40, 1))
def test_logistic_in_the_complex_plane_is_the_true_function(z: complex) -> None:
    computed = FORWARD(np.array([z]))[0]
    with mpmath.workdps(50):
        true = complex(1 / (1 + mpmath.exp(-mpmath.mpc(z))))
    # 1 + e^-z loses digits near its zero at ±iπ: at an imaginary part of 2.5 up to a factor 1/(π - 2.5).
    assert abs(computed - true) <= 16 * np.finfo(float).eps * abs(true)


@given(complex_points)
@example(complex(40, 1e-20))
def test_tanh_in_the_complex_plane_is_the_true_function(z: complex) -> None:
    z = complex(z.real, z.imag / 2)  # its poles lie at ±iπ/2
    computed = Tanh().forward(np.array([z]))[0]
    with mpmath.workdps(50):
        true = complex(mpmath.tanh(mpmath.mpc(z)))
    assert abs(computed - true) <= 16 * np.finfo(float).eps * abs(true)


@pytest.mark.parametrize("z", [-18.0, -5.0, -1e-9, 0.0, 1e-9, 0.5, 5.0, 18.0])
def test_tanh_has_its_derivative_in_the_complex_plane(z: float) -> None:
    derivative = Tanh().forward(np.array([complex(z, STEP)])).imag / STEP
    with mpmath.workdps(60):
        true = float(mpmath.sech(z) ** 2)
    np.testing.assert_allclose(derivative, true, rtol=1e-14)
    a = Tanh().forward(np.array([z]))
    # a·a is rounded to a multiple of eps/2 near 1, and so is what 1 - a·a leaves of it.
    back = Tanh().backward(np.array([z]), a, np.array([1.0]))
    np.testing.assert_allclose(back, true, rtol=1e-15, atol=2 * np.finfo(float).eps)


@given(finite_double)
def test_tanh_is_odd_bounded_and_quiet(z: float) -> None:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = Tanh().forward(np.array([z, -z]))
    assert a[0] == -a[1]
    assert abs(a[0]) <= 1


def test_identity_gives_z_and_passes_the_signal() -> None:
    z = np.array([[complex(-3, 2), HUGE]])
    np.testing.assert_array_equal(Identity().forward(z), z)
    np.testing.assert_array_equal(Identity().backward(z, z, z.real / 7), z.real / 7)


@each_activation
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=6), st.floats(-3, 3))
def test_backward_is_derivative_times_upstream(g: Activation, numbers: list[float], upstream: float) -> None:
    z = np.array([numbers])
    derivative = g.forward(z + STEP * 1j).imag / STEP
    back = g.backward(z, g.forward(z), np.full_like(z, upstream))
    # Where a is near ±1 the digits of 1 - a end at eps, not at eps times itself.
    np.testing.assert_allclose(back, derivative * upstream, rtol=1e-15, atol=8 * np.finfo(float).eps)


@each_activation
def test_printed_derivative_is_that_of_the_printed_formula(g: Activation) -> None:
    z, a = sympy.symbols("z a")
    formula, derivative = (
        sympy.sympify(text.replace("−", "-").replace("·", "*").replace("²", "**2"), locals={"z": z, "a": a})
        for text in (g.formula, g.derivative)
    )
    slope = sympy.diff(formula, z)
    assert sympy.simplify((slope - derivative.subs(a, formula)).rewrite(sympy.exp)) == 0
    code = sympy.lambdify(z, formula, "numpy")
    points = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(g.forward(points), code(points), rtol=1e-14)
    back = g.backward(points, g.forward(points), np.ones_like(points))
    np.testing.assert_allclose(
        back, np.broadcast_to(sympy.lambdify(z, slope)(points), points.shape), rtol=1e-11
    )


def test_activations_are_found_by_name() -> None:
    assert dict(ACTIVATIONS) == {"identity": Identity(), "logistic": Logistic(), "tanh": Tanh()}
    assert activation_named("tanh") == Tanh()


@pytest.mark.parametrize(
    ("name", "meant"), [("logistc", "logistic"), ("TANH", "tanh"), ("identiy", "identity")]
)
def test_unknown_activation_suggests_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"There is no activation '{name}'. Did you mean '{meant}'"):
        activation_named(name)
