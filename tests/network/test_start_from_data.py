"""Normal first weights, those that are adapted to rows, and those of outputs that are 0."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule
from chainrule import InputError, MLPRegressor, Network
from chainrule.equations import STARTS, GlorotNormal, HeNormal, LecunNormal, Start
from chainrule.network import data_start
from chainrule.random_streams import Purpose, normal, permutation, uniform

RANDOM = np.random.default_rng(8)
X = RANDOM.normal(3.0, 5.0, size=(200, 6)) * np.array([1, 10, 100, 0.1, 1, 1])


@pytest.mark.parametrize(
    ("start", "variance"),
    [(GlorotNormal(), 2 / (30 + 50)), (HeNormal(), 2 / 30), (LecunNormal(), 1 / 30)],
    ids=["glorot", "he", "lecun"],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weights_have_the_variance_of_their_formula(start: Start, variance: float, seed: int) -> None:
    (w,) = Network.random((30, 50), seed=seed, start=start).weights
    assert (w[:, 0] == 0).all()
    expected = math.sqrt(variance) * normal(1550, seed=seed, purpose=Purpose.START).reshape(50, 31)[:, 1:]
    np.testing.assert_array_equal(w[:, 1:], expected)
    # standard errors over 1,500 draws, times 5
    assert abs(w[:, 1:].mean()) < 5 * math.sqrt(variance / 1500)
    assert abs((w[:, 1:] ** 2).mean() - variance) < 5 * variance * math.sqrt(2 / 1500)


def _net(start: str = "from_data", **given: Any) -> Network:  # noqa: ANN401 (handed through)
    return Network.random((6, 20, 9, 2), ["mish", "tanh", "identity"], start=start, X=X, **given)


@pytest.mark.parametrize("start", ["from_data", "from_data,he_normal", "from_data,uniform"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_net_inputs_of_every_unit_have_the_deviation_1(dtype: str, start: str) -> None:
    net = _net(start, dtype=dtype, seed=3)
    few = {"float64": 1e-12, "float32": 1e-4}[dtype]
    for z in net.forward(X).z:
        np.testing.assert_allclose(z.astype(float).std(axis=0), 1, rtol=few)
        assert (z.min(axis=0) <= few * 100).all()  # the bias weight puts 0 among the rows
        assert (z.max(axis=0) >= -few * 100).all()


def test_weights_from_rows_by_hand() -> None:
    first, adapted = Network.random((6, 20), "tanh", seed=4, start="lecun_normal"), None
    (w,), n = first.weights, len(X)
    adapted = Network.random((6, 20), "tanh", seed=4, start="from_data", X=X).weights[0]
    z = X @ w[:, 1:].T
    np.testing.assert_allclose(adapted[:, 1:], w[:, 1:] / z.std(axis=0)[:, np.newaxis], rtol=1e-12)
    numbers = uniform(200, seed=4, purpose=Purpose.START_FROM_DATA)
    for k in range(20):
        rows = [math.floor(numbers[i * 20 + k] * n) for i in range(5)]
        shares = [-math.log(1 - numbers[100 + i * 20 + k]) for i in range(5)]
        bias = -sum(c * z[row, k] for c, row in zip(shares, rows, strict=True)) / sum(shares)
        assert adapted[k, 0] == pytest.approx(bias / z[:, k].std(), rel=1e-12)


def test_a_unit_that_is_the_same_for_all_rows_keeps_its_weights() -> None:
    net = Network.random((6, 3), "tanh", start="from_data", X=np.ones((4, 6)))
    w = Network.random((6, 3), "tanh", start="lecun_normal").weights[0]
    np.testing.assert_array_equal(net.weights[0][:, 1:], w[:, 1:])
    np.testing.assert_allclose(net.forward(np.ones((4, 6))).z[0], 0, atol=1e-15)


def test_of_many_rows_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_start, "MOST_ROWS", 50)
    found = _net(seed=2)
    drawn = X[permutation(len(X), seed=2, purpose=Purpose.START_FROM_DATA, counter=3)[:50]]
    expected = Network.random((6, 20, 9, 2), ["mish", "tanh", "identity"], seed=2, start="from_data", X=drawn)
    for w, same in zip(found.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(w, same)


@pytest.mark.parametrize("start", ["zero_output", "zero_output,uniform", "zero_output,from_data"])
def test_weights_of_the_outputs_are_0_and_the_others_as_without(start: str) -> None:
    net = _net(start, seed=5)
    other = _net(start.removeprefix("zero_output").removeprefix(",") or "lecun_normal", seed=5)
    for w, same in zip(net.weights[:-1], other.weights[:-1], strict=True):
        np.testing.assert_array_equal(w, same)
    assert not net.weights[-1].any()
    assert not net(X).any()


@pytest.mark.parametrize("start", ["from_data", "zero_output,from_data"])
def test_a_start_from_rows_needs_rows(start: str) -> None:
    with pytest.raises(InputError, match=f"start is {start}.* but there are no rows|X must be the rows"):
        Network.random((6, 2), start=start)


def test_a_fit_starts_from_its_rows_to_learn_from() -> None:
    given: dict[str, Any] = {"target": "species", "hidden": 5, "epochs": 1, "rate": 1e-12, "rule": "descent"}
    found = chainrule.fit("examples/iris.csv", **given, start="from_data", validation=0.2, seed=6)
    data = found.data
    watched = set(range(len(data.X))) - set(data.training_rows.tolist())
    assert watched  # held-out rows, of which nothing is known
    deviations = found.model.network.forward(data.X[data.training_rows]).z[0].std(axis=0)
    assert (np.abs(deviations - 1) < 0.2).all()
    assert (np.abs(deviations - 1) > 1e-9).any()  # rows to watch are among these


def test_estimators_start_from_their_rows() -> None:
    y = RANDOM.normal(size=len(X))
    model = MLPRegressor(
        hidden_layer_sizes=(4,), start="from_data", max_iter=1, learning_rate_init=1e-12, random_state=1
    )
    with pytest.warns(Warning):  # noqa: PT030 (that it has not converged)
        model.fit(X, y)
    np.testing.assert_allclose(model.network_.forward(X).z[0].std(axis=0), 1, rtol=1e-6)


def test_starts_may_follow_one_another_by_name() -> None:
    assert STARTS.named("zero_output,from_data,he_normal").then.then == HeNormal()  # type: ignore[attr-defined]
