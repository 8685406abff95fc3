"""Masks, dropout, clipping and penalties: what they do to a whole training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, ShapeError, train
from chainrule.equations import RULES
from chainrule.equations import RULES as ALL_RULES
from chainrule.random_streams import Purpose, uniform
from chainrule.training import ENGINES, Settings
from chainrule.training.dropout import kept_activations, kept_units

each_engine = pytest.mark.parametrize("engine", ENGINES)
each_rule = pytest.mark.parametrize("rule", ALL_RULES)

# A few epochs on numbers drawn by chance: how well they went is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(6)
N = 12
X, Y = RANDOM.uniform(-1, 1, (N, 3)), RANDOM.uniform(-1, 1, (N, 2))
START = Network.random((3, 5, 2), ["tanh", "identity"], seed=2)
WIDE = Network.random((3, 20, 2), ["tanh", "identity"], seed=2)


def _train(net: Network = START, **settings: Any) -> Any:  # noqa: ANN401 (handed through)
    given: dict[str, Any] = {"rate": 0.1, "epochs": 6, "batch_size": 4, **settings}
    if given.get("rule") in {"lbfgs", "levenberg_marquardt"}:
        given["rate"] = None
    if given.get("rule") in {"lbfgs", "levenberg_marquardt", "irprop_minus"}:
        given["batch_size"] = None
    return train(net, X, Y, **given)


def _assert_same(first: Network, second: Network) -> None:
    for w, same in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(w, same)


# Masks


def _masks(net: Network, seed: int = 1) -> list[Any]:
    random = np.random.default_rng(seed)
    return [random.uniform(size=w.shape) < 0.6 for w in net.weights]


@each_engine
@each_rule
@pytest.mark.parametrize("penalties", [{}, {"l2": 0.1}])
@pytest.mark.parametrize("net", [START, WIDE], ids=["narrow", "wide"])
def test_masks_hold_weights_to_the_bit_under_every_rule(
    net: Network, penalties: dict[str, float], rule: str, engine: str
) -> None:
    masks = _masks(net)
    result = _train(net, masks=masks, rule=rule, engine=engine, **penalties)
    for w, before, mask in zip(result.network.weights, net.weights, masks, strict=True):
        np.testing.assert_array_equal(w[~mask], before[~mask])
        assert (w[mask] != before[mask]).all()


@each_engine
@each_rule
def test_masks_of_ones_give_the_bits_of_none(rule: str, engine: str) -> None:
    masks = [np.ones(w.shape, dtype=int) for w in START.weights]
    with_masks, without = (_train(rule=rule, engine=engine, masks=m) for m in (masks, None))
    # Compiled descent is fused with the gradient where nothing comes between them; BLAS promises no bits.
    if (rule, engine) == ("descent", "compiled") or rule == "levenberg_marquardt":
        for w, same in zip(with_masks.network.weights, without.network.weights, strict=True):
            np.testing.assert_allclose(w, same, rtol=1e-9, atol=1e-14)
    else:
        _assert_same(with_masks.network, without.network)


@each_engine
def test_a_layer_that_is_held_is_a_fixed_layer_before_the_other(engine: str) -> None:
    masks = [np.zeros((5, 4), dtype=bool), np.ones((2, 6), dtype=bool)]
    held = _train(masks=masks, engine=engine).network
    features = START.forward(X).a[0]
    single = Network([START.weights[1]], "identity")
    alone = train(single, features, Y, rate=0.1, epochs=6, batch_size=4, engine=engine).network
    np.testing.assert_allclose(held.weights[1], alone.weights[0], rtol=0, atol=1e-14)


def test_the_loss_that_lbfgs_reports_is_right_where_a_whole_matrix_is_held() -> None:
    masks = [np.zeros((5, 4), dtype=bool), np.ones((2, 6), dtype=bool)]
    losses = _train(masks=masks, rule="lbfgs", epochs=6).history.loss
    for n, loss in enumerate(losses, 1):
        net = _train(masks=masks, rule="lbfgs", epochs=n).network
        assert loss == pytest.approx(((Y - net(X)) ** 2).sum() / 2 / N, rel=1e-12)


@pytest.mark.parametrize(
    ("masks", "error", "message"),
    [
        (
            [np.ones((5, 4))],
            ShapeError,
            "masks have the shapes [(5, 4)] but the weights have [(5, 4), (2, 6)]",
        ),
        ([np.ones((4, 5)), np.ones((2, 6))], ShapeError, "masks have the shapes [(4, 5), (2, 6)]"),
        ([np.full((5, 4), 2), np.ones((2, 6))], InputError, "masks hold other values than True and False"),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks: Any, error: type[Exception], message: str) -> None:  # noqa: ANN401
    with pytest.raises(error) as caught:
        _train(masks=masks)
    assert message in str(caught.value)


# Dropout


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_so_many_units_drop_out_and_the_mean_stays(share: float) -> None:
    settings = Settings(rate=0.1, epochs=1, dropout=share, seed=3)
    n = 20_000
    kept = kept_units(settings, 5, epoch=1, first=0, n_samples=n)
    deviation = math.sqrt(share * (1 - share) / n)
    # five units, and six standard deviations; the seed is fixed, and so is the outcome
    assert np.abs(kept.mean(axis=0) - (1 - share)).max() < 6 * deviation
    activations = kept_activations(settings, START, 1, 0, n)
    assert activations is not None
    assert set(np.unique(activations[0])) == {0.0, 1 / (1 - share)}
    assert np.abs(activations[0].mean(axis=0) - 1).max() < 6 * deviation / (1 - share)
    # two units drop out together as often as chance has it
    both = (kept[:, :-1] & kept[:, 1:]).mean(axis=0)
    assert np.abs(both - (1 - share) ** 2).max() < 6 * (1 - share) / math.sqrt(n)


def test_a_unit_has_its_own_number_in_the_stream_of_the_epoch() -> None:
    settings = Settings(rate=0.1, epochs=1, dropout=0.3, seed=9)
    whole = uniform(7 * 4, seed=9, purpose=Purpose.DROPOUT, counter=2).reshape(7, 4) >= 0.3
    np.testing.assert_array_equal(kept_units(settings, 4, 2, 0, 7), whole)
    np.testing.assert_array_equal(kept_units(settings, 4, 2, 3, 2), whole[3:5])
    assert not np.array_equal(kept_units(settings, 4, 3, 0, 7), whole)


def _plain_dropout(net: Network, kept: Any, rows: Any, rate: float) -> list[Any]:  # noqa: ANN401 (arrays)
    """One update of a network of tanh and identity units, of which some have dropped out."""
    w1, w2 = net.weights
    one = np.ones((len(rows), 1))
    hidden = np.tanh(np.hstack([one, X[rows]]) @ w1.T)
    sent = np.hstack([one, hidden * kept])
    delta = sent @ w2.T - Y[rows]
    hidden_delta = (delta @ w2[:, 1:]) * kept * (1 - hidden**2)
    n = len(rows)
    return [
        w1 - rate * hidden_delta.T @ np.hstack([one, X[rows]]) / n,
        w2 - rate * delta.T @ sent / n,
    ]


@each_engine
@pytest.mark.parametrize("batch_size", [1, 5, N])
@pytest.mark.parametrize("net", [START, WIDE], ids=["narrow", "wide"])
def test_training_with_dropout_is_the_plain_loop(net: Network, batch_size: int, engine: str) -> None:
    result = _train(net, dropout=0.4, batch_size=batch_size, epochs=3, shuffle=False, seed=8, engine=engine)
    units = net.sizes[1]
    for epoch in (1, 2, 3):
        numbers = uniform(N * units, seed=8, purpose=Purpose.DROPOUT, counter=epoch).reshape(N, units)
        for first in range(0, N, batch_size):
            rows = np.arange(N)[first : first + batch_size]
            net = net.with_weights(_plain_dropout(net, (numbers[rows] >= 0.4) / 0.6, rows, 0.1))
    for w, expected in zip(result.network.weights, net.weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-13)


@each_engine
@pytest.mark.parametrize("batch_size", [1, 4])
def test_dropout_gives_the_same_bits_for_the_same_seed(batch_size: int, engine: str) -> None:
    given: dict[str, Any] = {"dropout": 0.5, "batch_size": batch_size, "engine": engine, "shuffle": False}
    first, second = _train(seed=5, **given), _train(seed=5, **given)
    _assert_same(first.network, second.network)
    assert first.history.loss == second.history.loss
    assert first.history.loss != _train(seed=6, **given).history.loss
    assert first.history.loss != _train(**{**given, "dropout": 0.0}).history.loss


@each_engine
def test_nothing_drops_out_of_predictions_and_of_what_is_watched(engine: str) -> None:
    result = _train(dropout=0.5, engine=engine, validation=(X[:4], Y[:4]), metric="r2", l2=0.01)
    net = result.network
    one = np.ones((N, 1))
    outputs = np.hstack([one, np.tanh(np.hstack([one, X]) @ net.weights[0].T)]) @ net.weights[1].T
    np.testing.assert_allclose(net(X), outputs, rtol=0, atol=1e-14)
    losses = ((Y - outputs) ** 2).sum(axis=1) / 2
    assert result.history.loss_after == pytest.approx(losses.mean(), rel=1e-13)
    assert result.history.validation_loss[-1] == pytest.approx(losses[:4].mean(), rel=1e-13)


@each_engine
def test_dropout_of_a_network_without_hidden_units_is_none(engine: str) -> None:
    net = Network.random((3, 2), "identity", seed=1)
    _assert_same(_train(net, dropout=0.5, engine=engine).network, _train(net, engine=engine).network)


@pytest.mark.parametrize("value", [-0.1, 1, 1.0, np.nan, "0.5", None])
def test_shares_that_are_none_are_refused(value: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"dropout is .* but must be"):
        _train(dropout=value)


@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 0.5}, "needs the same loss twice for the same weights"),
        ({"clip_norm": 1.0}, "clip_norm is 1 but the update rule"),
        ({"schedule": "cosine"}, "The schedule is cosine but the update rule"),
    ],
)
def test_rules_that_find_their_own_steps_take_none_of_it(
    rule: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        _train(rule=rule, **settings)
    assert message in str(caught.value)


# Penalties and clipping


def _slopes(weights: list[Any], rows: Any, l1: float, l2: float) -> list[Any]:  # noqa: ANN401 (an index)
    """Gradient of the mean loss and the penalties, by the formulas."""
    w1, w2 = weights
    one = np.ones((len(X[rows]), 1))
    hidden = np.tanh(np.hstack([one, X[rows]]) @ w1.T)
    sent = np.hstack([one, hidden])
    delta = sent @ w2.T - Y[rows]
    hidden_delta = (delta @ w2[:, 1:]) * (1 - hidden**2)
    slopes = [hidden_delta.T @ np.hstack([one, X[rows]]) / len(one), delta.T @ sent / len(one)]
    for slope, w in zip(slopes, weights, strict=True):
        slope[:, 1:] += l1 * np.sign(w[:, 1:]) + l2 * w[:, 1:]
    return slopes


@each_engine
@pytest.mark.parametrize("penalties", [(0.03, 0.0), (0.0, 0.2), (0.01, 0.1)])
@pytest.mark.parametrize("clip_norm", [None, 0.3, 1e6])
@pytest.mark.parametrize("rule", ["descent", "momentum:0.7"])
@pytest.mark.parametrize("batch_size", [1, 4])
def test_penalties_and_clipping_are_the_plain_loop(
    penalties: tuple[float, float], clip_norm: float | None, rule: str, batch_size: int, engine: str
) -> None:
    l1, l2 = penalties
    result = _train(
        l1=l1, l2=l2, clip_norm=clip_norm, rule=rule, batch_size=batch_size, shuffle=False, engine=engine
    )
    weights = [w.copy() for w in START.weights]
    velocities, clipped = [np.zeros_like(w) for w in weights], 0
    for first in [*range(0, N, batch_size)] * 6:
        slopes = _slopes(weights, slice(first, first + batch_size), l1, l2)
        norm = math.sqrt(sum((slope**2).sum() for slope in slopes))
        factor = 1.0 if clip_norm is None or norm <= clip_norm else clip_norm / norm
        clipped += factor < 1
        kept = 0.7 if rule.startswith("momentum") else 0.0
        velocities = [kept * v + factor * slope for v, slope in zip(velocities, slopes, strict=True)]
        weights = [w - 0.1 * v for w, v in zip(weights, velocities, strict=True)]
    assert (clipped > 0) == (clip_norm == 0.3)
    for w, expected in zip(result.network.weights, weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-13)


@each_engine
def test_losses_of_the_history_are_without_penalties(engine: str) -> None:
    result = _train(l1=0.5, l2=0.5, engine=engine)
    losses = ((Y - result.network(X)) ** 2).sum(axis=1) / 2
    assert result.history.loss_after == pytest.approx(losses.mean(), rel=1e-13)
    assert result.history.loss_before == _train(engine=engine).history.loss_before


@each_engine
def test_l2_of_a_single_layer_leads_to_ridge_regression(engine: str) -> None:
    net = Network.random((3, 2), "identity", seed=1)
    l2 = 0.3
    result = _train(net, l2=l2, rate=0.5, batch_size=N, epochs=2000, engine=engine)
    design = np.hstack([np.ones((N, 1)), X])
    penalty = np.diag([0, l2, l2, l2])  # the bias weights are spared
    expected = np.linalg.solve(design.T @ design / N + penalty, design.T @ Y / N).T
    np.testing.assert_allclose(result.network.weights[0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(  # with the plain loop both agree, a few epochs long
    "engine",
    [pytest.param(engine, marks=[pytest.mark.slow] * (engine == "reference")) for engine in ENGINES],
)
def test_l1_leaves_no_weight_and_spares_the_bias(engine: str) -> None:
    net = Network.random((3, 2), "identity", seed=1)
    result = _train(net, l1=5.0, rate=0.001, batch_size=N, epochs=9000, engine=engine)
    weights = result.network.weights[0]
    assert np.abs(weights[:, 1:]).max() <= 2 * 0.001 * 5  # to and fro across 0, a step at a time
    np.testing.assert_allclose(weights[:, 0], Y.mean(axis=0), rtol=0, atol=0.02)


@pytest.mark.parametrize("name", ["l1", "l2"])
@pytest.mark.parametrize("value", [-1, np.nan, np.inf, "1", None])
def test_penalties_that_are_none_are_refused(name: str, value: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=rf"{name} is .* but must be"):
        _train(**{name: value})


def test_a_rule_that_is_given_as_an_object_is_that_of_its_name() -> None:
    _assert_same(_train(rule=RULES.named("adam:0.8")).network, _train(rule="adam:0.8").network)
