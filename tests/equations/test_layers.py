"""Net input, hidden delta, gradient and update against loops that follow the notes' indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.equations import (
    ACTIVATIONS,
    Activation,
    descend,
    gradient,
    hidden_delta,
    net_input,
    with_bias_unit,
)

FEW_ULP = 16 * float(np.finfo(np.float64).eps)
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 5)


@given(seeds, sizes, sizes, sizes)
def test_net_input_sums_bias_and_inputs(seed: int, n: int, n_in: int, n_out: int) -> None:
    random = np.random.default_rng(seed)
    w, a = random.normal(size=(n_out, 1 + n_in)), random.normal(size=(n, n_in))
    expected = [
        [w[k, 0] * 1 + sum(w[k, 1 + j] * a[i, j] for j in range(n_in)) for k in range(n_out)]
        for i in range(n)
    ]
    np.testing.assert_allclose(net_input(w, a), expected, rtol=FEW_ULP, atol=FEW_ULP)


def test_bias_unit_stands_in_column_0_and_is_1() -> None:
    a = np.array([[2.0, 3.0], [4.0, 5.0]], dtype=np.float32)
    biased = with_bias_unit(a)
    assert biased.tolist() == [[1.0, 2.0, 3.0], [1.0, 4.0, 5.0]]
    assert biased.dtype == np.float32


@pytest.mark.parametrize("g", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
@given(seeds, sizes, sizes, sizes)
def test_hidden_delta_collects_the_deltas_after_it(
    g: Activation, seed: int, n: int, n_units: int, n_next: int
) -> None:
    random = np.random.default_rng(seed)
    delta, w = random.normal(size=(n, n_next)), random.normal(size=(n_next, 1 + n_units))
    z = random.normal(size=(n, n_units))
    collected = [
        [sum(delta[i, k] * w[k, 1 + j] for k in range(n_next)) for j in range(n_units)] for i in range(n)
    ]
    expected = np.zeros_like(z)
    for j in range(n_units):  # softmax lets every unit of the layer depend on each net input
        step = 1e-200j * (np.arange(n_units) == j)
        expected[:, j] = (g.forward(z + step).imag / 1e-200 * collected).sum(axis=1)
    np.testing.assert_allclose(
        hidden_delta(delta, w, z, g.forward(z), g), expected, rtol=FEW_ULP, atol=4 * FEW_ULP
    )


@given(seeds, sizes, sizes, sizes)
def test_gradient_averages_minus_delta_times_activation(seed: int, n: int, n_in: int, n_out: int) -> None:
    random = np.random.default_rng(seed)
    delta, a = random.normal(size=(n, n_out)), random.normal(size=(n, n_in))
    biased = np.hstack([np.ones((n, 1)), a])
    expected = [
        [-sum(delta[i, k] * biased[i, j] for i in range(n)) / n for j in range(1 + n_in)]
        for k in range(n_out)
    ]
    np.testing.assert_allclose(gradient(delta, a), expected, rtol=FEW_ULP, atol=FEW_ULP)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(1e-6, 1e3))
def test_descent_goes_against_the_gradient(weight: float, slope: float, rate: float) -> None:
    assert descend(np.array([weight]), np.array([slope]), rate).tolist() == [weight - rate * slope]
