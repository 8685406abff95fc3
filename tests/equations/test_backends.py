"""Every equation runs unchanged on each array library, and changes nothing that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import array_api_strict
import numpy as np
import numpy.typing as npt
import pytest

from chainrule.equations import (
    ACTIVATIONS,
    LAYERS,
    LOSSES,
    RULES,
    Activation,
    CrossEntropy,
    Exp,
    Identity,
    Layer,
    Logistic,
    Loss,
    MemberBias,
    MemberDense,
    MemberScale,
    Periodic,
    Poisson,
    Rule,
    Softmax,
    Softplus,
    clip_factor,
    descend,
    dropped_out,
    flush_to_zero,
    gradient,
    hidden_delta,
    lbfgs_direction,
    levenberg_marquardt_step,
    mean_loss,
    net_input,
    output_delta,
    penalty,
    penalty_gradient,
    sample_losses,
    sample_magnitudes,
    smoothed_targets,
    with_bias_unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule.equations import Array

NumpyArray = npt.NDArray[Any]


def _read_only(values: NumpyArray) -> NumpyArray:
    copy = values.copy()
    copy.flags.writeable = False
    return copy


def _torch_tensor(values: NumpyArray) -> object:
    return pytest.importorskip("torch").from_numpy(values.copy())


BACKENDS: list[Any] = [
    pytest.param(np.array, id="numpy"),
    pytest.param(_read_only, id="read-only"),
    pytest.param(array_api_strict.asarray, id="strict"),
    pytest.param(_torch_tensor, id="torch", marks=pytest.mark.oracle),
]
DTYPES = ("float32", "float64", "complex128")


@dataclass(frozen=True)
class Equation:
    """A function of the room, the shapes of the arrays that it takes, and whether those may be complex."""

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    holomorphic: bool = True


BATCH, MATRIX = (5, 3), (2, 4)


def _equations_of_an_activation(g: Activation) -> dict[str, Equation]:
    """Equations that involve an activation: 5 samples, 3 units, 2 units after them."""
    return {
        f"{g.name} forward": Equation(g.forward, (BATCH,)),
        f"{g.name} backward": Equation(g.backward, (BATCH, BATCH, BATCH)),
        f"{g.name} hidden_delta": Equation(
            lambda delta, w, z, a: hidden_delta(delta, w, z, a, g), ((5, 2), MATRIX, BATCH, BATCH)
        ),
    }


def _equations_of_a_loss(loss: Loss, g: Activation) -> dict[str, Equation]:
    """Equations that involve a loss: its outputs are the activations of what is drawn."""

    def values(z: Array, y: Array) -> Array:
        return loss.values(g.forward(z), y)

    def slopes(z: Array, y: Array) -> Array:
        return loss.slopes(g.forward(z), y)

    def output_delta_of(z: Array, y: Array) -> Array:
        return output_delta(loss, z, g.forward(z), y, g)

    def sample_losses_of(z: Array, y: Array) -> Array:
        return sample_losses(loss, z, g.forward(z), y, g)

    def sample_magnitudes_of(z: Array, y: Array) -> Array:
        return sample_magnitudes(loss, z, g.forward(z), y, g)

    return {
        f"{loss.name} values": Equation(values, (BATCH, BATCH)),
        f"{loss.name} slopes": Equation(slopes, (BATCH, BATCH)),
        f"{loss.name} output_delta": Equation(output_delta_of, (BATCH, BATCH)),
        f"{loss.name} sample_losses": Equation(sample_losses_of, (BATCH, BATCH)),
        f"{loss.name} sample_magnitudes": Equation(sample_magnitudes_of, (BATCH, BATCH), holomorphic=False),
    }


def _equations_of_a_rule(rule: Rule) -> dict[str, Equation]:
    """Weights, and each array of the state, after three updates."""

    def after(place: int) -> Callable[[Array, Array], Array]:
        def function(weights: Array, gradient: Array) -> Array:
            state = rule.init(weights)
            for sign in (1, 1, -1):
                weights, state = rule.update(weights, sign * gradient, state, 0.1)
            return (weights, *state)[place]

        return function

    names = ("update", *rule.arrays)
    return {
        f"{rule.name} {name}": Equation(after(place), (MATRIX, MATRIX), holomorphic=False)
        for place, name in enumerate(names)
    }


SMALL: dict[str, Layer] = {
    layer.name: layer for layer in (MemberScale(2), MemberBias(2), MemberDense(2), Periodic(2, 2, 1))
}


def _equations_of_a_layer(layer: Layer) -> dict[str, Equation]:
    """6 samples of 3 inputs, 2 units where these may be chosen."""
    shape = layer.shape(3, 2)
    _, units = layer.sizes(shape)
    step = (shape, (6, 3), (6, units))
    return {
        f"{layer.name} forward": Equation(layer.forward, (shape, (6, 3))),
        f"{layer.name} magnitudes": Equation(layer.magnitudes, (shape, (6, 3)), holomorphic=False),
        f"{layer.name} backward": Equation(layer.backward, step),
        f"{layer.name} products": Equation(layer.products, step),
        f"{layer.name} gradient": Equation(layer.gradient, step),
    }


def _damped(curvature: Array, slope: Array) -> Array:
    return levenberg_marquardt_step(curvature.T @ curvature, slope, 0.5)


def _by_lbfgs(steps: Any, changes: Any, gradient: Any) -> Any:  # noqa: ANN401 (any array)
    # Pairs whose product is far from 0, as those that are remembered have.
    return lbfgs_direction(steps, changes + 4 * steps, gradient)


EQUATIONS: dict[str, Equation] = {
    "with_bias_unit": Equation(with_bias_unit, (BATCH,)),
    "net_input": Equation(net_input, (MATRIX, BATCH)),
    "flush_to_zero": Equation(flush_to_zero, (BATCH,)),
    "gradient": Equation(gradient, ((5, 2), BATCH)),
    "descend": Equation(lambda w, slope: descend(w, slope, 0.7), (MATRIX, MATRIX)),
    "mean_loss": Equation(mean_loss, ((5,),)),
    "penalty": Equation(lambda w: penalty(w, l1=0.5, l2=0.25), (MATRIX,)),
    "penalty_gradient": Equation(lambda w: penalty_gradient(w, l1=0.5, l2=0.25), (MATRIX,)),
    "smoothed_targets": Equation(lambda y: smoothed_targets(y, 0.1, CrossEntropy()), (BATCH,)),
    "dropped_out": Equation(dropped_out, (BATCH, BATCH)),
    "lbfgs_direction": Equation(_by_lbfgs, ((2, 3), (2, 3), (3,)), holomorphic=False),
    "levenberg_marquardt_step": Equation(_damped, ((3, 3), (3,)), holomorphic=False),
}
for activation in ACTIVATIONS.values():
    EQUATIONS |= _equations_of_an_activation(activation)
for layer in LAYERS.values():
    EQUATIONS |= _equations_of_a_layer(SMALL.get(layer.name, layer))
# Slopes that are real even where the outputs are complex.
CONSTANT_ON_PIECES = {
    f"{loss} {what}" for loss in ("absolute", "quantile") for what in ("slopes", "output_delta")
}
OUTPUTS: dict[str, Activation] = {
    "cross_entropy": Softmax(),
    "binary_cross_entropy": Logistic(),
    "poisson": Softplus(),
}
for loss in LOSSES.values():
    EQUATIONS |= _equations_of_a_loss(loss, OUTPUTS.get(loss.name, Identity()))
# Poisson once more, of the outputs that it is fused with.
EQUATIONS |= {f"fused {name}": one for name, one in _equations_of_a_loss(Poisson(), Exp()).items()}
for rule in (rule for rule in RULES.values() if RULES.fact(rule, "engine") is None):
    EQUATIONS |= _equations_of_a_rule(rule)


def _drawn(shape: tuple[int, ...], dtype: str, seed: int) -> NumpyArray:
    random = np.random.default_rng(seed)
    values = random.uniform(-2, 2, shape)
    if dtype == "complex128":
        values = values + 1j * random.uniform(-0.5, 0.5, shape)
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", EQUATIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_equation_keeps_library_and_dtype_and_agrees_with_numpy(
    backend: Callable[[NumpyArray], Any], name: str, dtype: str
) -> None:
    equation = EQUATIONS[name]
    if dtype == "complex128" and not equation.holomorphic:
        return
    given = [_drawn(shape, dtype, seed) for seed, shape in enumerate(equation.shapes)]
    expected = np.asarray(equation.function(*given))
    arrays = [backend(values) for values in given]

    result = equation.function(*arrays)

    # A scalar of NumPy's is what NumPy gives for an array of no dimension; the others give an array.
    assert isinstance(result, type(arrays[0])) or (expected.ndim == 0 and isinstance(result, np.generic))
    assert result.dtype == arrays[0].dtype or (name in CONSTANT_ON_PIECES and dtype == "complex128")
    assert tuple(result.shape) == expected.shape
    for array, values in zip(arrays, given, strict=True):
        np.testing.assert_array_equal(np.asarray(array), values)
    # Sums of up to 5 products of numbers near 1, whose order is the library's; exp, ln and tanh within 4 ulp.
    few_ulp = (64 if "_step" in name else 16) * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(np.asarray(result), expected, rtol=few_ulp, atol=few_ulp)


@pytest.mark.parametrize(("dtype", "exponent"), [("float32", -63), ("float64", -511)])
@pytest.mark.parametrize("backend", BACKENDS)
def test_only_what_is_below_the_square_root_of_the_smallest_normal_number_becomes_0(
    backend: Callable[[NumpyArray], Any], dtype: str, exponent: int
) -> None:
    least = np.ldexp(np.ones((), dtype), exponent)
    assert least * least == np.finfo(dtype).smallest_normal
    kept = np.array([least, -least, 1, -np.inf, np.inf, np.nan], dtype)
    flushed = np.array(
        [np.nextafter(least, least * 0), -np.nextafter(least, least * 0), least**2, 0, -0.0], dtype
    )
    np.testing.assert_array_equal(np.asarray(flush_to_zero(backend(kept))), kept)
    np.testing.assert_array_equal(np.asarray(flush_to_zero(backend(flushed))), np.zeros(5, dtype))


def test_every_function_of_the_room_is_in_the_table() -> None:
    from chainrule import equations  # noqa: PLC0415 (only this test looks at the room as a whole)

    no_arrays = {"is_fused", "name_of", "layers_of", "members_of", "columns_spared", "rate_factors"}
    no_arrays |= {"parametric_layer", "clip_factor"}  # which gives a number, and is tested below
    lower_case = {name for name in equations.__all__ if name.islower()} - no_arrays
    assert lower_case <= {name.split()[-1] for name in EQUATIONS}


@pytest.mark.parametrize("g", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
@pytest.mark.parametrize("backend", BACKENDS)
def test_nan_travels_through_an_activation(backend: Callable[[NumpyArray], Any], g: Activation) -> None:
    z = backend(np.array([[np.nan, 0.5]]))
    a = g.forward(z)
    mixed = g == Softmax()  # where one net input is NaN, so is the sum that divides the others
    assert np.isnan(np.asarray(a)).tolist() == [[True, mixed]]
    back = g.backward(z, a, backend(np.array([[np.nan, 1.0]])))
    assert np.isnan(np.asarray(back)).tolist() == [[True, mixed]]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_clip_factor_is_a_number_of_python(backend: Callable[[NumpyArray], Any], dtype: str) -> None:
    factor = clip_factor([backend(np.array([[3.0]], dtype)), backend(np.array([[0.0, -4.0]], dtype))], 2.5)
    assert type(factor) is float
    assert factor == 0.5


@pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
@pytest.mark.parametrize("backend", BACKENDS)
def test_missing_target_counts_for_nothing(backend: Callable[[NumpyArray], Any], loss: Loss) -> None:
    z, y = backend(np.array([[0.25, 0.5]])), backend(np.array([[0.5, np.nan]]))
    g = OUTPUTS.get(loss.name, Identity())
    if g == Softmax():  # of whose targets all are missing, or none
        y = backend(np.array([[np.nan, np.nan]]))
    a = g.forward(z)
    delta = np.asarray(output_delta(loss, z, a, y, g))
    assert np.isfinite(np.asarray(sample_losses(loss, z, a, y, g))).all()
    assert delta[0, 1] == 0
    assert np.isfinite(delta).all()
