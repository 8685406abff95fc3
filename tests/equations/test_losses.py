"""A loss and its delta describe the same function, for every activation and number of outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.equations import (
    ACTIVATIONS,
    LOSSES,
    RSS,
    Activation,
    gradient,
    loss_named,
    mean_loss,
    net_input,
)
from chainrule.errors import UnknownNameError

STEP = 1e-200  # of the complex step
EPS = float(np.finfo(np.float64).eps)

each_activation = pytest.mark.parametrize("g", ACTIVATIONS.values(), ids=list(ACTIVATIONS))
seeds = st.integers(0, 2**32 - 1)


def _rss_in_plain_python(a: npt.NDArray[Any], y: npt.NDArray[Any]) -> list[float]:
    return [sum((t - o) ** 2 for o, t in zip(*rows, strict=True)) / 2 for rows in zip(a, y, strict=True)]


@given(seeds, st.integers(1, 5), st.integers(1, 4))
def test_rss_is_half_the_sum_of_squared_residuals(seed: int, n_outputs: int, n_samples: int) -> None:
    a, y = np.random.default_rng(seed).uniform(-5, 5, (2, n_samples, n_outputs))
    value = RSS().value(a, y)
    assert value.shape == (n_samples,)
    np.testing.assert_allclose(value, _rss_in_plain_python(a, y), rtol=8 * EPS)


def test_rss_is_zero_only_at_the_target() -> None:
    y = np.array([[0.25, 1.0]])
    assert RSS().value(y, y).tolist() == [0.0]
    assert (RSS().value(np.nextafter(y, 2), y) > 0).all()


@each_activation
@pytest.mark.parametrize("n_outputs", [1, 2, 3, 4, 5])
@given(seeds)
def test_output_delta_is_minus_the_derivative_of_rss(g: Activation, n_outputs: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    z, y = random.uniform(-4, 4, (1, n_outputs)), random.uniform(-2, 2, (1, n_outputs))
    delta = RSS().output_delta(z, g.forward(z), y, g)
    assert delta.shape == (1, n_outputs)
    for k in range(n_outputs):
        stepped = z.astype(complex)
        stepped[0, k] += 1j * STEP
        slope = RSS().value(g.forward(stepped), y).imag[0] / STEP
        # y - a, at most 10 here, and 1 - a are rounded to a few eps before they are multiplied.
        assert delta[0, k] == pytest.approx(-slope, rel=8 * EPS, abs=10 * EPS)


@each_activation
@pytest.mark.parametrize("n_samples", [1, 2, 7])
@pytest.mark.parametrize("n_outputs", [1, 2, 5])
@given(seeds)
def test_gradient_is_the_derivative_of_the_mean_loss(
    g: Activation, n_samples: int, n_outputs: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x, y = random.uniform(-2, 2, (n_samples, 3)), random.uniform(-2, 2, (n_samples, n_outputs))
    w = random.uniform(-1, 1, (n_outputs, 4))
    z = net_input(w, x)
    slopes = gradient(RSS().output_delta(z, g.forward(z), y, g), x)
    assert slopes.shape == w.shape
    for place in np.ndindex(*w.shape):
        stepped = w.astype(complex)
        stepped[place] += 1j * STEP
        loss = mean_loss(RSS().value(g.forward(net_input(stepped, x.astype(complex))), y))
        assert slopes[place] == pytest.approx(loss.imag / STEP, rel=32 * EPS, abs=64 * EPS)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_mean_loss_is_the_mean(losses: list[float]) -> None:
    assert mean_loss(np.array(losses)) == pytest.approx(sum(losses) / len(losses), rel=50 * EPS)


def test_losses_are_found_by_name() -> None:
    assert dict(LOSSES) == {"rss": RSS()}
    assert loss_named("rss") == RSS()


def test_unknown_loss_suggests_the_one_that_was_meant() -> None:
    with pytest.raises(
        UnknownNameError, match=r"There is no loss 'rrs'\. Did you mean 'rss'\? There are: rss"
    ):
        loss_named("rrs")
