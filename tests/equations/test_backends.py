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
    RSS,
    Activation,
    descend,
    flush_to_zero,
    gradient,
    hidden_delta,
    mean_loss,
    net_input,
    with_bias_unit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """A function of the room, and the shapes of the arrays that it takes."""

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]


def _equations_of(g: Activation) -> dict[str, Equation]:
    """Equations that involve an activation: 5 samples, 3 units, 2 units after them."""
    batch = (5, 3)
    return {
        f"{g.name} forward": Equation(g.forward, (batch,)),
        f"{g.name} backward": Equation(g.backward, (batch, batch, batch)),
        f"{g.name} hidden_delta": Equation(
            lambda delta, w, z, a: hidden_delta(delta, w, z, a, g), ((5, 2), (2, 4), batch, batch)
        ),
        f"{g.name} output_delta": Equation(
            lambda z, a, y: RSS().output_delta(z, a, y, g), (batch, batch, batch)
        ),
    }


EQUATIONS: dict[str, Equation] = {
    "with_bias_unit": Equation(with_bias_unit, ((5, 3),)),
    "net_input": Equation(net_input, ((2, 4), (5, 3))),
    "flush_to_zero": Equation(flush_to_zero, ((5, 3),)),
    "gradient": Equation(gradient, ((5, 2), (5, 3))),
    "descend": Equation(lambda w, slope: descend(w, slope, 0.7), ((2, 4), (2, 4))),
    "rss": Equation(RSS().value, ((5, 3), (5, 3))),
    "mean_loss": Equation(mean_loss, ((5,),)),
}
for activation in ACTIVATIONS.values():
    EQUATIONS |= _equations_of(activation)


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
    given = [_drawn(shape, dtype, seed) for seed, shape in enumerate(equation.shapes)]
    expected = np.asarray(equation.function(*given))
    arrays = [backend(values) for values in given]

    result = equation.function(*arrays)

    # A scalar of NumPy's is what NumPy gives for an array of no dimension; the others give an array.
    assert isinstance(result, type(arrays[0])) or (expected.ndim == 0 and isinstance(result, np.generic))
    assert result.dtype == arrays[0].dtype
    assert tuple(result.shape) == expected.shape
    for array, values in zip(arrays, given, strict=True):
        np.testing.assert_array_equal(np.asarray(array), values)
    # Sums of up to 5 products of numbers near 1, whose order is the library's; exp and tanh within 4 ulp.
    few_ulp = 8 * float(np.finfo(dtype).eps)
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

    no_arrays = {"activation_named", "loss_named"}
    lower_case = {name for name in equations.__all__ if name.islower()} - no_arrays
    assert lower_case <= {name.split()[-1] for name in EQUATIONS}


@pytest.mark.parametrize("g", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
@pytest.mark.parametrize("backend", BACKENDS)
def test_nan_travels_through_an_activation(backend: Callable[[NumpyArray], Any], g: Activation) -> None:
    z = backend(np.array([[np.nan, 0.5]]))
    a = g.forward(z)
    assert np.isnan(np.asarray(a)).tolist() == [[True, False]]
    back = g.backward(z, a, backend(np.array([[np.nan, 1.0]])))
    assert np.isnan(np.asarray(back)).tolist() == [[True, False]]
