"""Penalties, clipping and dropout: gradients against complex steps, the rest against hand-worked numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.equations import (
    ACTIVATIONS,
    clip_factor,
    dropped_out,
    hidden_delta,
    net_input,
    penalty,
    penalty_gradient,
)

EPS = float(np.finfo(np.float64).eps)
STEP = 1e-200  # of the complex step

strengths = st.floats(0, 2)
seeds = st.integers(0, 2**32 - 1)


def test_penalty_by_hand() -> None:
    weights = np.array([[100.0, -2.0, 0.5], [-100.0, 0.0, 3.0]])
    # 0.25 · (2 + 0.5 + 0 + 3) + 0.5 / 2 · (4 + 0.25 + 0 + 9); the bias weights ±100 take no part.
    assert float(penalty(weights, l1=0.25, l2=0.5)) == 1.375 + 3.3125
    assert penalty_gradient(weights, l1=0.25, l2=0.5).tolist() == [[0.0, -1.25, 0.5], [0.0, 0.0, 1.75]]


@given(seeds, strengths, strengths, st.integers(1, 4), st.integers(1, 4))
def test_gradient_of_the_penalty_is_its_derivative(
    seed: int, l1: float, l2: float, rows: int, n_in: int
) -> None:
    weights = np.random.default_rng(seed).normal(size=(rows, 1 + n_in))
    slopes = penalty_gradient(weights, l1=l1, l2=l2)
    for place in np.ndindex(*weights.shape):
        stepped = weights.astype(complex)
        stepped[place] += 1j * STEP
        slope = complex(penalty(stepped, l1=l1, l2=l2)).imag / STEP
        assert slopes[place] == pytest.approx(slope, rel=4 * EPS, abs=4 * EPS)
    assert (slopes[:, 0] == 0).all()


def test_no_penalty_adds_nothing() -> None:
    weights = np.array([[1.0, -2.0, 3.0]])
    assert float(penalty(weights, l1=0.0, l2=0.0)) == 0
    assert not penalty_gradient(weights, l1=0.0, l2=0.0).any()


@given(seeds, st.floats(1e-3, 1e3))
def test_clipping_shortens_the_whole_gradient_and_never_lengthens_it(seed: int, most: float) -> None:
    random = np.random.default_rng(seed)
    gradients = [random.normal(size=shape) * random.uniform(0.01, 100) for shape in ((3, 2), (1, 4))]
    norm = math.sqrt(sum(float((g * g).sum()) for g in gradients))
    factor = clip_factor(gradients, most)
    assert factor == pytest.approx(min(1.0, most / norm), rel=8 * EPS)
    assert factor * norm <= most * (1 + 8 * EPS) or factor == 1


@pytest.mark.parametrize(("most", "factor"), [(5.0, 1.0), (2.5, 0.5), (10.0, 1.0)])
def test_clipping_by_hand(most: float, factor: float) -> None:
    assert clip_factor([np.array([[3.0]]), np.array([[0.0, -4.0]])], most) == factor  # of a length of 5


def test_clipping_leaves_a_gradient_of_0() -> None:
    assert clip_factor([np.zeros((2, 2))], 1.0) == 1.0


def test_dropout_leaves_out_and_raises() -> None:
    a, kept = np.array([[3.0, -5.0, 7.0]]), np.array([[4 / 3, 0.0, 4 / 3]])
    assert dropped_out(a, kept).tolist() == [[4.0, 0.0, 7 * (4 / 3)]]
    nan = dropped_out(np.array([[np.nan, 1.0]]), np.array([[0.0, 0.0]]))
    assert np.isnan(nan).tolist() == [[True, False]]


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu"])
def test_hidden_delta_of_a_layer_with_dropout_is_the_derivative(name: str) -> None:
    """Of any loss of what the layer sends forward, here half the squares of the net inputs behind it."""
    g, random = ACTIVATIONS[name], np.random.default_rng(5)
    z, w = random.normal(size=(4, 3)), random.normal(size=(2, 4))
    kept = np.where(random.random((4, 3)) < 0.4, 0, 1 / 0.6)

    def losses(
        z: np.ndarray[tuple[int, int], np.dtype[np.complex128]],
    ) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
        behind = net_input(w, dropped_out(g.forward(z), kept))
        halves: np.ndarray[tuple[int], np.dtype[np.complex128]] = (behind * behind).sum(axis=1) / 2
        return halves

    delta_behind = -net_input(w, dropped_out(g.forward(z), kept))
    delta = hidden_delta(delta_behind, w, z, g.forward(z), g, kept)
    assert (delta[kept == 0] == 0).all()
    for j in range(3):
        stepped = z.astype(complex)
        stepped[:, j] += 1j * STEP
        np.testing.assert_allclose(delta[:, j], -losses(stepped).imag / STEP, rtol=64 * EPS, atol=64 * EPS)
