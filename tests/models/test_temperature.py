"""Temperature scaling: against SciPy's minimum, against softmax(z / T) itself, and to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp, softmax

from chainrule import Network
from chainrule.models.judging.temperature import (
    LEAST,
    MOST,
    at_temperature,
    log_loss,
    temperature_of,
    unit_at_temperature,
)

SEEDS = st.integers(0, 2**32 - 1)
TEMPERATURE, LOSS = "0x1.300a8b3814edep+0", "0x1.1cd63b26b672dp+0"  # of `test_bits`
TEMPERATURES = [LEAST, 0.3, 1.0, 2.5, MOST]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_of_a_network_it_divides_the_net_inputs(temperature: float, dtype: str) -> None:
    rng, exact = np.random.default_rng(0), 1e-11 if dtype == "float64" else 1e-4
    X = 4 * rng.normal(size=(50, 3))
    net = Network.random((3, 5, 4), ["tanh", "softmax"], "cross_entropy", seed=1, dtype=dtype)
    z = net.forward(X).z[-1].astype(np.float64)
    found = at_temperature(net(X), temperature)
    np.testing.assert_allclose(found, softmax(z / temperature, axis=1), rtol=exact / min(temperature, 1))
    net = Network.random((3, 5, 1), ["tanh", "logistic"], "binary_cross_entropy", seed=1, dtype=dtype)
    z = net.forward(X).z[-1].astype(np.float64)[:, 0]
    found = unit_at_temperature(net(X)[:, 0], temperature)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-z / temperature)), rtol=exact / min(temperature, 1))


def test_probabilities_stay_sane_where_digits_end() -> None:
    """Of what was rounded to 0 or 1 the temperature can make what still was to be told, and no NaN."""
    found = at_temperature(np.array([[1.0, 0.0, 0.0], [1.0, 1e-300, 0.0]]), 100.0)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-14)
    found = unit_at_temperature(np.array([1.0, 0.0, 5e-324]), 2.0)
    assert 1 - 1e-7 < found[0] < 1 - 1e-9  # the logit of 1 - 2^-54 is 37.4
    assert (found[1:] < 1e-100).all()
    assert np.isfinite(unit_at_temperature(np.array([1.0, 0.0], dtype=np.float32), 0.01)).all()


@given(seed=SEEDS, temperature=st.floats(LEAST, MOST), k=st.integers(2, 5), n_ulps=st.integers(0, 3))
def test_the_class_that_is_answered_stays(seed: int, temperature: float, k: int, n_ulps: int) -> None:
    """Also where the largest two are neighbours among all numbers, which rounding makes equals."""
    chances = np.random.default_rng(seed).dirichlet(np.ones(k), 20)
    first, second = np.argsort(chances, axis=1)[:, -2:].T
    rows = np.arange(20)
    near = chances[rows, first].copy()
    for _ in range(n_ulps):
        near = np.nextafter(near, 2.0)
    chances[rows, second] = near
    found = at_temperature(chances, temperature)
    np.testing.assert_array_equal(found.argmax(axis=1), chances.argmax(axis=1))
    units = 0.5 + (chances[:, 0] - 0.5) * np.float64(2.0) ** -np.arange(30, 50)
    np.testing.assert_array_equal(unit_at_temperature(units, temperature) > 0.5, units > 0.5)


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_minimum(seed: int, k: int, *, weighted: bool) -> None:
    """Of the log loss of softmax(z / T) with one row more of all classes, as SciPy finds it."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 200))
    z = 2 * rng.normal(size=(n, k))
    truth = np.array([rng.choice(k, p=one) for one in softmax(z / rng.uniform(0.5, 3), axis=1)])
    weights = rng.uniform(0.1, 3, n) if weighted else None
    target = (n * np.eye(k)[truth] + 1 / k) / (n + 1)

    def loss(beta: float) -> float:
        return float(np.average(-(target * log_softmax(beta * z, axis=1)).sum(axis=1), weights=weights))

    expected = minimize_scalar(loss, bounds=(1 / MOST, 1 / LEAST), method="bounded", options={"xatol": 1e-10})
    found = temperature_of(truth, softmax(z, axis=1), weights)
    assert found == pytest.approx(1 / expected.x, rel=1e-5)
    assert loss(1 / found) <= expected.fun + 1e-14
    two = softmax(z, axis=1)
    if k == 2:
        assert temperature_of(truth, two[:, 1], weights) == pytest.approx(found, rel=1e-9)


def test_it_finds_the_one_that_was_there() -> None:
    rng = np.random.default_rng(3)
    z = 3 * rng.normal(size=(20_000, 4))
    truth = (rng.random((20_000, 1)) > softmax(z / 1.7, axis=1).cumsum(axis=1)).sum(axis=1)
    assert temperature_of(truth, softmax(z, axis=1)) == pytest.approx(1.7, rel=0.03)


def test_it_stays_within_bounds_whatever_the_rows_say() -> None:
    chances = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    wrong = temperature_of(np.array([1, 1, 0]), chances)
    assert wrong == pytest.approx(MOST, rel=1e-9)
    right = temperature_of(np.array([0, 0, 1]), chances)
    assert LEAST < right < 1
    sure = at_temperature(chances, right)[np.arange(3), [0, 0, 1]]
    assert 0.5 < sure.mean() < 1 - 1 / 8 + 0.1  # as if one row in eight were wrong
    assert temperature_of(np.array([0, 1, 1]), np.full((3, 2), 0.5)) == 1.0
    assert temperature_of(np.array([0]), np.array([[1.0, 0.0]])) > 1


def test_bits() -> None:
    """The same bits on every machine: sums are rounded once, exp and logarithm are the program's own."""
    n = np.arange(40)
    parts = np.column_stack([n % 7 + 1, n % 5 + 1, n % 3 + 1]) / 16.0
    chances = parts / (parts[:, :1] + parts[:, 1:2] + parts[:, 2:])
    temperature = temperature_of(n % 3, chances)
    assert temperature.hex() == TEMPERATURE
    assert log_loss(n % 3, at_temperature(chances, 0.5)).hex() == LOSS
    by_scipy = logsumexp(2 * np.log(chances), axis=1) - 2 * np.log(chances[n, n % 3])
    assert log_loss(n % 3, at_temperature(chances, 0.5)) == pytest.approx(by_scipy.mean(), rel=1e-13)
