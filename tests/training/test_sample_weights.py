"""Weights of samples, and targets that are missing: what they mean, engine by engine and rule by rule."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, ShapeError, train
from chainrule.equations import RULES as ALL_RULES
from chainrule.training import ENGINES

each_engine = pytest.mark.parametrize("engine", ENGINES)

# A few epochs on numbers drawn by chance: how well they went is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(5)
N = 9
X, Y = RANDOM.uniform(-1, 1, (N, 2)), RANDOM.uniform(-1, 1, (N, 3))
WEIGHT = RANDOM.uniform(0.2, 3, N)
START = Network.random((2, 4, 3), ["tanh", "identity"], seed=2)

LOSSES: list[Any] = [
    ("rss", "identity", Y),
    ("cross_entropy", "softmax", np.eye(3)[RANDOM.integers(0, 3, N)]),
    ("binary_cross_entropy", "logistic", RANDOM.integers(0, 2, (N, 3)).astype(float)),
    ("huber:0.3", "identity", Y),
    ("quantile:0.7", "identity", Y),
    ("poisson", "softplus", np.abs(Y) + 0.5),
    ("poisson", "exp", np.abs(Y) + 0.5),
]
WITHOUT_RATE = ("lbfgs", "levenberg_marquardt")


def _train(X: Any, Y: Any, net: Network = START, **settings: Any) -> Any:  # noqa: ANN401 (arrays)
    """Full batches, where a row counts in the same update wherever it stands."""
    settings = {"rate": 0.05, "epochs": 5, "batch_size": len(X), **settings}
    if settings.get("rule") in WITHOUT_RATE:
        settings["rate"] = None
    return train(net, X, Y, **settings)


def _assert_close(first: Any, second: Any) -> None:  # noqa: ANN401 (results)
    for w, same in zip(first.network.weights, second.network.weights, strict=True):
        np.testing.assert_allclose(w, same, rtol=1e-10, atol=1e-12)
    assert first.history.loss == pytest.approx(second.history.loss, rel=1e-11)
    assert first.history.loss_before == pytest.approx(second.history.loss_before, rel=1e-12)
    assert first.history.loss_after == pytest.approx(second.history.loss_after, rel=1e-11)


def _assert_same(first: Any, second: Any) -> None:  # noqa: ANN401 (results)
    for w, same in zip(first.network.weights, second.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    assert first.history.loss == second.history.loss
    assert first.history.loss_after == second.history.loss_after


each_rule = pytest.mark.parametrize("rule", ALL_RULES)
each_loss = pytest.mark.parametrize(("loss", "output", "targets"), LOSSES, ids=[name for name, *_ in LOSSES])


@each_engine
@each_rule
def test_a_weight_of_two_is_the_row_twice(rule: str, engine: str) -> None:
    weight = np.ones(N)
    weight[[1, 4]] = 2
    twice = np.concatenate([np.arange(N), [1, 4]])
    weighted = _train(X, Y, sample_weight=weight, rule=rule, engine=engine)
    _assert_close(weighted, _train(X[twice], Y[twice], rule=rule, engine=engine))
    assert weighted.history.loss[-1] != pytest.approx(_train(X, Y, rule=rule).history.loss[-1], rel=1e-6)


@each_engine
@each_loss
def test_a_weight_of_two_is_the_row_twice_for_every_loss(
    loss: str,
    output: str,
    targets: Any,  # noqa: ANN401 (an array)
    engine: str,
) -> None:
    net = Network(START.weights, ["tanh", output], loss)
    weight = np.ones(N)
    weight[[1, 4]] = 2
    twice = np.concatenate([np.arange(N), [1, 4]])
    weighted = _train(X, targets, net, sample_weight=weight, engine=engine)
    _assert_close(weighted, _train(X[twice], targets[twice], net, engine=engine))


@each_engine
@each_rule
def test_a_weight_of_zero_leaves_the_row_out(rule: str, engine: str) -> None:
    weight = WEIGHT.copy()
    weight[[0, 5]] = 0
    rest = weight > 0
    weighted = _train(X, Y, sample_weight=weight, rule=rule, engine=engine)
    _assert_close(weighted, _train(X[rest], Y[rest], sample_weight=WEIGHT[rest], rule=rule, engine=engine))


@each_engine
@pytest.mark.parametrize("batch_size", [1, 4])
def test_in_mini_batches_a_weight_multiplies_the_loss_of_its_row(batch_size: int, engine: str) -> None:
    # A batch divides by the number of its rows, not by their weights: all rows count alike over an epoch.
    given: dict[str, Any] = {"epochs": 2, "batch_size": batch_size, "shuffle": False}
    found = _train(X, Y, sample_weight=WEIGHT, engine=engine, **given)
    share = WEIGHT / WEIGHT.mean()
    w1, w2 = (w.copy() for w in START.weights)
    for first in [*range(0, N, batch_size)] * 2:
        rows = slice(first, first + batch_size)
        n = len(X[rows])
        one = np.ones((n, 1))
        hidden = np.tanh(np.hstack([one, X[rows]]) @ w1.T)
        outputs = np.hstack([one, hidden]) @ w2.T
        delta = (outputs - Y[rows]) * share[rows, np.newaxis]
        hidden_delta = delta @ w2[:, 1:] * (1 - hidden**2)
        w2 -= 0.05 * delta.T @ np.hstack([one, hidden]) / n
        w1 -= 0.05 * hidden_delta.T @ np.hstack([one, X[rows]]) / n
    for w, expected in zip(found.network.weights, (w1, w2), strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-14)


@each_engine
@pytest.mark.parametrize("batch_size", [1, 4, N])
def test_the_scale_of_all_weights_is_without_meaning(batch_size: int, engine: str) -> None:
    given: dict[str, Any] = {"batch_size": batch_size, "engine": engine, "epochs": 20}
    weighted = _train(X, Y, sample_weight=WEIGHT, **given)
    _assert_same(weighted, _train(X, Y, sample_weight=1024 * WEIGHT, **given))
    _assert_close(weighted, _train(X, Y, sample_weight=0.3 * WEIGHT, **given))


@each_engine
@each_rule
@pytest.mark.parametrize("weight", [1, 0.3])
def test_weights_that_are_all_equal_give_the_bits_of_none(weight: float, rule: str, engine: str) -> None:
    weighted = _train(X, Y, sample_weight=[weight] * N, rule=rule, engine=engine)
    _assert_same(weighted, _train(X, Y, rule=rule, engine=engine))


@each_engine
def test_losses_of_the_history_are_weighted_means(engine: str) -> None:
    result = _train(X, Y, sample_weight=WEIGHT, engine=engine)
    for net, found in ((START, result.history.loss_before), (result.network, result.history.loss_after)):
        losses = ((Y - net(X)) ** 2).sum(axis=1) / 2
        assert found == pytest.approx(np.average(losses, weights=WEIGHT), rel=1e-13)
    assert result.history.loss[0] == pytest.approx(result.history.loss_before, rel=1e-13)


# Missing targets

SPLIT = np.array([[0, 1, 2], [1, 2, 0]])


@each_engine
@pytest.mark.parametrize("rule", ["descent", "adam", "lbfgs", "levenberg_marquardt"])
def test_a_missing_target_counts_for_nothing(rule: str, engine: str) -> None:
    # Whatever stood there, the outputs of a single layer are fitted each from the rows that have it.
    net = Network([START.weights[0]], "identity")
    targets = RANDOM.uniform(-1, 1, (N, 4))
    gaps = np.zeros((N, 4), dtype=bool)
    gaps[[0, 3, 3, 7], [0, 0, 2, 3]] = True
    targets[gaps] = np.nan
    rate = 0.5 if rule == "descent" else 0.02
    result = _train(X, targets, net, rate=rate, epochs=3000, rule=rule, engine=engine)
    for k in range(4):
        rows = ~gaps[:, k]
        design = np.hstack([np.ones((rows.sum(), 1)), X[rows]])
        expected = np.linalg.lstsq(design, targets[rows, k], rcond=None)[0]
        np.testing.assert_allclose(result.network.weights[0][k], expected, rtol=0, atol=1e-4)
    outputs = result.network(X)
    losses = np.where(gaps, 0, (targets - outputs) ** 2).sum(axis=1) / 2
    assert result.history.loss_after == pytest.approx(losses.mean(), rel=1e-12)


@each_engine
@pytest.mark.parametrize(("batch_size", "hidden"), [*itertools.product((1, 4, N), (4, 17))])
def test_a_missing_target_has_no_delta(batch_size: int, hidden: int, engine: str) -> None:
    # The notes' loss with an output's own answer in the gap is that loss without it, as is its slope.
    net = Network.random((2, hidden, 3), ["logistic", "tanh"], seed=4)
    targets = Y.copy()
    targets[2, 1] = targets[6, 0] = np.nan
    given: dict[str, Any] = {"batch_size": batch_size, "shuffle": False, "epochs": 1, "engine": engine}
    found = _train(X, targets, net, **given).network
    for first in range(0, N, batch_size):
        rows = slice(first, first + batch_size)
        filled = np.where(np.isnan(targets[rows]), net(X[rows]), targets[rows])
        net = _train(X[rows], filled, net, **{**given, "engine": "reference"}).network
    for w, expected in zip(found.weights, net.weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-14)


def test_a_missing_target_of_a_single_output_is_refused() -> None:
    with pytest.raises(InputError, match=r"Y\[1, 0\] is nan but every number must be finite"):
        _train([[0.0, 0.0]] * 2, [[1.0], [np.nan]], Network.random((2, 1)))


@pytest.mark.parametrize(
    ("weight", "error", "message"),
    [
        ([1] * 3, ShapeError, "sample_weight has shape (3,) but must be (9,)"),
        (np.ones((N, 1)), ShapeError, "sample_weight has shape (9, 1) but must be (9,)"),
        ([1] * 8 + [-1], InputError, "sample_weight[8] is -1.0 but must be finite and at least 0"),
        ([np.nan] + [1] * 8, InputError, "sample_weight[0] is nan but must be finite"),
        ([np.inf] + [1] * 8, InputError, "sample_weight[0] is inf but must be finite"),
        ([0] * N, InputError, "The mean of sample_weight is 0 but must be above 0"),
        ([1e308] * N, InputError, "The mean of sample_weight is"),
        (["a"] * N, InputError, "sample_weight cannot be read as numbers"),
    ],
)
def test_weights_that_make_no_sense_are_refused(
    weight: Any,  # noqa: ANN401 (that is the point)
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error) as caught:
        _train(X, Y, sample_weight=weight)
    assert message in str(caught.value)
