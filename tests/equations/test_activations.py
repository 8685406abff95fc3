"""Activations against arbitrary precision, complex steps and SymPy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np
import numpy.typing as npt
import pytest
import sympy
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chainrule.equations import (
    ACTIVATIONS,
    GELU,
    SELU,
    Activation,
    Cos,
    Exp,
    Identity,
    LeakyReLU,
    Logistic,
    Mish,
    ReLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    name_of,
)
from chainrule.equations.activations.rectifiers import SELU_ALPHA, SELU_SCALE
from chainrule.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable

FORWARD = Logistic().forward
HUGE = float(np.finfo(np.float64).max)
STEP = 1e-200  # of the complex step: far below the rounding of z, so that no truncation is left
BITS = 200  # of what is true: where nothing cancels every one of them counts, however small the number is

each_activation = pytest.mark.parametrize("g", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
OF_ONE_UNIT = {name: g for name, g in ACTIVATIONS.items() if g != Softmax()}
each_of_one_unit = pytest.mark.parametrize("g", OF_ONE_UNIT.values(), ids=list(OF_ONE_UNIT))
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


def _true_logistic(z: float, bits: int = BITS) -> mpmath.mpf:
    with mpmath.workprec(bits):
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
    with mpmath.workprec(2200):  # 1 - a needs as many bits as e^-700 lies below 1
        true_a = _true_logistic(z, bits=2200)
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


def _complex_step(g: Activation, z: npt.NDArray[Any], upstream: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Derivative of the activations, each times its upstream and added up, in each net input of one row."""
    slopes = np.zeros_like(z)
    for i in range(z.shape[1]):
        stepped = z.astype(complex)
        stepped[0, i] += 1j * STEP
        slopes[0, i] = (g.forward(stepped).imag / STEP * upstream).sum()
    return slopes


@each_activation
@settings(max_examples=30)  # each of up to six numbers, for each of ten activations
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=6), st.floats(-3, 3))
def test_backward_is_derivative_times_upstream(g: Activation, numbers: list[float], upstream: float) -> None:
    assume(0.0 not in numbers)  # where relu and leaky relu have no derivative
    z = np.array([numbers])
    signal = upstream * np.linspace(1, -0.5, len(numbers))[np.newaxis]
    back = g.backward(z, g.forward(z), signal)
    # Where a is near ±1 the digits of 1 - a end at eps, not at eps times itself; gelu multiplies them by z³.
    few = 128 if g == GELU() else 16
    np.testing.assert_allclose(back, _complex_step(g, z, signal), rtol=2e-15, atol=few * np.finfo(float).eps)


def _iverson(found: re.Match[str]) -> str:
    return f"Piecewise((1, {found[1]}), (0, True))"


def _printed(text: str) -> Any:  # noqa: ANN401 (a SymPy expression)
    """Read a formula as it is printed in a trace; a letter in it may be explained after a comma."""
    for sign, meaning in {
        "−": "-",
        "·": "*",
        "²": "**2",
        "³": "**3",
        "√": "sqrt",
        "π": "pi",
        "≤": "<=",
    }.items():
        text = text.replace(sign, meaning)
    text = re.sub(r"\|(\w)\|", r"Abs(\1)", re.sub(r"\[(.*?)\]", _iverson, text))
    formula, *rest = text.replace("max(", "Max(").replace("min(", "Min(").replace("ln(", "log(").split(",  ")
    z, slope = sympy.Symbol("z", real=True), sympy.Rational(1, 100)
    meant = sympy.sympify(formula, locals={"z": z, "slope": slope})
    for definition in rest:
        name, body = definition.split(" = ")
        meant = meant.subs(name, _printed(body))
    return meant


@each_of_one_unit
@pytest.mark.parametrize("place", [-5.0, -0.75, 0.5, 3.0])
def test_printed_derivative_is_that_of_the_printed_formula(g: Activation, place: float) -> None:
    z = sympy.Symbol("z", real=True)
    formula = _printed(g.formula)
    (t,) = [_printed(body.split(" = ")[1]) for body in g.formula.split(",  ")[1:]] or [sympy.Integer(0)]
    derivative = _printed(g.derivative).subs({"a": formula, "t": t})
    there = sympy.Rational(place)
    slope = sympy.N(sympy.diff(formula, z).subs(z, there), 40)
    assert abs(slope - sympy.N(derivative.subs(z, there), 40)) < 1e-16
    a = g.forward(np.array([[place]]))
    assert a[0, 0] == pytest.approx(float(sympy.N(formula.subs(z, there), 40)), rel=1e-14)
    assert g.backward(np.array([[place]]), a, np.ones((1, 1)))[0, 0] == pytest.approx(float(slope), rel=1e-11)


def _true_softplus(z: float) -> mpmath.mpf:
    with mpmath.workprec(BITS):
        return mpmath.log1p(mpmath.exp(mpmath.mpf(z))) if abs(z) < 1e4 else mpmath.mpf(max(z, 0.0))


def _true_softsign(z: float) -> mpmath.mpf:
    with mpmath.workprec(BITS):
        return mpmath.mpf(z) / (1 + abs(mpmath.mpf(z)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("g", "true", "ulps"),
    [
        (ReLU(), lambda z: mpmath.mpf(max(z, 0.0)), 0.0),
        (LeakyReLU(0.25), lambda z: mpmath.mpf(max(z, z / 4)), 0.5),
        (Softplus(), _true_softplus, 4.0),  # an exponential, as in the logistic, a logarithm and a sum
        (Softsign(), _true_softsign, 1.5),
    ],
    ids=lambda thing: getattr(thing, "name", ""),
)
def test_rectifier_keeps_its_digits_in_both_tails(
    g: Activation, true: Callable[[float], mpmath.mpf], ulps: float, dtype: str
) -> None:
    z = _tails(dtype)[1:-1]  # the largest number has no neighbour to take a unit from
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = g.forward(z)
        slope = g.backward(z, a, np.ones_like(z))
    assert a.dtype == slope.dtype == dtype
    assert _ulps(a, [true(float(x)) for x in z]).max() <= ulps
    assert ((slope >= 0) & (slope <= 1)).all()


@pytest.mark.parametrize(("dtype", "ulps"), [("float64", 1.0), ("float32", 4.0)])  # as NumPy promises
def test_exponential_keeps_its_digits_up_to_both_ends(dtype: str, ulps: float) -> None:
    z = _tails(dtype)
    last = np.log(np.finfo(dtype).max)
    with np.errstate(divide="raise", invalid="raise", over="ignore"):
        a = Exp().forward(z)
    assert a.dtype == dtype
    assert (a[z > last] == np.inf).all()
    near = np.abs(z) < last
    with mpmath.workprec(BITS):
        assert _ulps(a[near], [mpmath.exp(mpmath.mpf(float(x))) for x in z[near]]).max() <= ulps
    assert Exp().backward(z, a, np.full_like(z, 0.5)).tolist() == (a / 2).tolist()


def _true_gelu(z: float) -> tuple[float, float]:
    """Value and derivative of the tanh form."""
    with mpmath.workdps(60):
        c, x = mpmath.mpf(0.044715), mpmath.mpf(z)
        scale = mpmath.sqrt(2 / mpmath.pi)
        t = mpmath.tanh(scale * (x + c * x**3))
        slope = (1 + t) / 2 + x / 2 * (1 - t**2) * scale * (1 + 3 * c * x**2)
        return float(x / 2 * (1 + t)), float(slope)


def _true_selu(z: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    scale, alpha, x = mpmath.mpf(1.0507009873554805), mpmath.mpf(1.6732632423543772), mpmath.mpf(z)
    return (scale * x, scale) if z > 0 else (scale * alpha * mpmath.expm1(x), scale * alpha * mpmath.exp(x))


def _true_mish(z: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    x = mpmath.mpf(z)
    t = mpmath.tanh(mpmath.log1p(mpmath.exp(x)))
    return x * t, t + x * (1 - t**2) / (1 + mpmath.exp(-x))


def _true_cos(z: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    return mpmath.cos(mpmath.mpf(z)), -mpmath.sin(mpmath.mpf(z))


@pytest.mark.parametrize(
    ("g", "true"),
    [(SELU(), _true_selu), (Mish(), _true_mish), (Cos(), _true_cos)],
    ids=["selu", "mish", "cos"],
)
def test_unit_is_the_true_function(g: Activation, true: Callable[[float], tuple[Any, Any]]) -> None:
    z = np.concatenate([np.linspace(-40, 40, 801), np.geomspace(1e-18, 1, 60), -np.geomspace(1e-18, 1, 60)])
    with mpmath.workprec(BITS):
        exact = np.array([[float(number) for number in true(float(x))] for x in z])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = g.forward(z)
        slope = g.backward(z, a, np.ones_like(z))
    eps = np.finfo(np.float64).eps
    np.testing.assert_allclose(a, exact[:, 0], rtol=8 * eps, atol=1e-300)
    # The slope of mish adds two terms of either sign, the second of which has the digits of 1 - t²: times z.
    np.testing.assert_allclose(slope, exact[:, 1], rtol=8 * eps, atol=(40 if g == Mish() else 0) * eps)


def test_selu_keeps_mean_and_variance_of_normal_net_inputs() -> None:
    z = np.linspace(-12, 12, 400_001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    a = SELU().forward(z)
    assert (a * density).sum() == pytest.approx(0, abs=1e-9)
    assert (a * a * density).sum() == pytest.approx(1, abs=1e-9)


def test_gelu_is_the_true_function() -> None:
    z = np.concatenate([np.linspace(-12, 12, 961), [-1e300, -1e6, 1e6, 1e300]])
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = GELU().forward(z)
        slope = GELU().backward(z, a, np.ones_like(z))
    true_a, true_slope = np.array([_true_gelu(float(x)) for x in z]).T
    # t near -1 is rounded to a multiple of eps/2, and so is what 1 + t leaves of it, times z/2.
    eps = float(np.finfo(np.float64).eps)
    near = np.abs(z) <= 12
    np.testing.assert_allclose(a[near], true_a[near], rtol=4 * eps, atol=8 * eps)
    np.testing.assert_allclose(slope[near], true_slope[near], rtol=4 * eps, atol=64 * eps)
    assert a[~near].tolist() == [0, 0, 1e6, 1e300]
    assert slope[~near].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("g", "at_the_kink"),
    [(ReLU(), 0.0), (LeakyReLU(0.25), 0.25), (SELU(), SELU_SCALE * SELU_ALPHA)],
    ids=["relu", "leaky_relu", "selu"],
)
def test_slope_at_a_kink_is_that_of_the_left_side(g: Activation, at_the_kink: float) -> None:
    z = np.array([[0.0, -0.0, -5e-324]])
    assert g.forward(z).tolist() == [[0.0, -0.0, g.forward(z)[0, 2]]]
    assert g.backward(z, g.forward(z), np.ones_like(z)).tolist() == [[at_the_kink] * 3]


rows = st.lists(st.floats(-800, 800), min_size=2, max_size=6)


@given(rows)
@example([800.0, -800.0])
@example([1e300, 0.0, -1e300])
@example([0.0, 0.0, 0.0])
def test_softmax_is_the_true_function(numbers: list[float]) -> None:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        a = Softmax().forward(np.array([numbers]))[0]
    with mpmath.workprec(BITS):  # all powers are above 0, and so is their sum: nothing cancels
        largest = max(numbers)
        powers = [
            mpmath.exp(mpmath.mpf(x) - mpmath.mpf(largest)) if x - largest > -1e4 else mpmath.mpf(0)
            for x in numbers
        ]
        true = [float(power / sum(powers)) for power in powers]
    # z less the largest is rounded to an ulp of up to 1600 before it goes into the exponential.
    np.testing.assert_allclose(a, true, rtol=1600 * np.finfo(float).eps, atol=1e-320)
    assert a.sum() == pytest.approx(1, rel=1e-15)
    assert (a >= 0).all()


@given(rows, st.floats(-100, 100))
def test_softmax_knows_differences_only(numbers: list[float], shift: float) -> None:
    z = np.array([numbers])
    few = 4000 * float(np.finfo(float).eps)
    np.testing.assert_allclose(Softmax().forward(z + shift), Softmax().forward(z), rtol=few, atol=1e-300)


@given(rows, st.integers(0, 2**32 - 1))
def test_what_softmax_passes_back_sums_to_0(numbers: list[float], seed: int) -> None:
    z, signal = np.array([numbers]), np.random.default_rng(seed).uniform(-3, 3, (1, len(numbers)))
    back = Softmax().backward(z, Softmax().forward(z), signal)
    assert abs(back.sum()) <= 16 * np.finfo(float).eps


@each_activation
def test_nan_comes_out_of_every_activation(g: Activation) -> None:
    assert np.isnan(g.forward(np.array([[np.nan]]))).all()


def test_activations_are_found_by_name() -> None:
    known: dict[str, object] = dict(ACTIVATIONS)
    assert known == {
        "identity": Identity(),
        "logistic": Logistic(),
        "tanh": Tanh(),
        "relu": ReLU(),
        "leaky_relu": LeakyReLU(0.01),
        "softplus": Softplus(),
        "exp": Exp(),
        "softsign": Softsign(),
        "gelu": GELU(),
        "selu": SELU(),
        "mish": Mish(),
        "cos": Cos(),
        "softmax": Softmax(),
    }
    assert ACTIVATIONS.named("tanh") == Tanh()
    assert ACTIVATIONS.named("leaky_relu:0.2") == LeakyReLU(0.2)


@each_activation
def test_name_of_an_activation_leads_back_to_it(g: Activation) -> None:
    assert ACTIVATIONS.named(name_of(g)) == g
    assert name_of(LeakyReLU(0.2)) == "leaky_relu:0.2"


@pytest.mark.parametrize("slope", [0, 1, -0.1, 1.5, float("nan"), True, "0.1"])
def test_slope_of_leaky_relu_must_lie_between_0_and_1(slope: Any) -> None:  # noqa: ANN401 (anything)
    with pytest.raises(
        InputError, match=r"slope is .* but must be a finite number above 0 and below 1\. Try 0"
    ):
        LeakyReLU(slope)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("leaky_relu:much", "has 'much' after a colon, where a number is needed"),
        ("leaky_relu:0.1:2", "has 2 numbers but leaky_relu takes at most slope"),
        ("relu:1", "has 1 number but relu takes no number"),
    ],
)
def test_numbers_after_a_name_must_suit_it(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ACTIVATIONS.named(name)


@pytest.mark.parametrize(
    ("name", "meant"), [("logistc", "logistic"), ("TANH", "tanh"), ("identiy", "identity")]
)
def test_unknown_activation_suggests_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(UnknownNameError, match=f"There is no activation '{name}'. Did you mean '{meant}'"):
        ACTIVATIONS.named(name)
