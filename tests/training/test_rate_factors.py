"""Factors of the rate: by hand, against a parametrisation that needs none, and in both engines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, Trainer, train
from chainrule.equations import RULES, rate_factors
from chainrule.training import ENGINES

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(4)
X, Y = RANDOM.normal(size=(24, 4)), RANDOM.normal(size=(24, 2))
NARROW = Network.random((4, 5, 2), ["tanh", "identity"], seed=2)
WIDE = Network.random((4, 40, 2), ["tanh", "identity"], seed=2)
WITH_RATE = [name for name in RULES if RULES.fact(RULES[name], "takes_rate")]
each_rule = pytest.mark.parametrize("rule", WITH_RATE)
each_engine = pytest.mark.parametrize("engine", ENGINES)


def _train(net: Network = NARROW, **settings: Any) -> Any:  # noqa: ANN401 (handed through)
    given: dict[str, Any] = {"rate": 0.0625, "epochs": 4, "batch_size": 8, "shuffle": False, **settings}
    if given.get("rule") == "irprop_minus":
        given["batch_size"] = None
    return train(net, X, Y, **given)


@each_engine
@pytest.mark.parametrize("batch_size", [1, 8, 24])
def test_each_matrix_and_its_bias_weights_move_by_their_own_rate(batch_size: int, engine: str) -> None:
    factors, bias_rate = (0.5, 3.0), 0.25
    given: dict[str, Any] = {"rate_factors": factors, "bias_rate": bias_rate}
    one: dict[str, Any] = {"rule": "descent", "engine": engine}
    found = Trainer(NARROW, rate=0.1, **given, **one)
    plain = Trainer(NARROW, rate=0.1, **one)
    found.step(X[:batch_size], Y[:batch_size])
    plain.step(X[:batch_size], Y[:batch_size])
    for w, moved, usual, factor in zip(
        NARROW.weights, found.network.weights, plain.network.weights, factors, strict=True
    ):
        step, expected = moved - w, usual - w
        np.testing.assert_allclose(step[:, 1:], factor * expected[:, 1:], rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(step[:, 0], bias_rate * expected[:, 0], rtol=1e-9, atol=1e-15)


@each_engine
@each_rule
@pytest.mark.parametrize("net", [NARROW, WIDE], ids=["narrow", "wide"])
def test_one_factor_for_all_is_another_rate(net: Network, rule: str, engine: str) -> None:
    found = _train(net, rule=rule, engine=engine, rate_factors=0.25, bias_rate=0.25)
    expected = _train(net, rule=rule, engine=engine, rate=0.0625 / 4)
    for w, same in zip(found.network.weights, expected.network.weights, strict=True):
        if rule == "descent":  # without factors it is fused into the gradient
            np.testing.assert_allclose(w, same, rtol=1e-13, atol=1e-15)
        else:
            np.testing.assert_array_equal(w, same)


@each_rule
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("given", [{}, {"l2": 0.01, "clip_norm": 0.5}], ids=["", "penalised"])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_engines_agree(batch_size: int, given: dict[str, Any], dtype: str, rule: str) -> None:
    net = Network.random((4, 40, 7, 2), ["tanh", "relu", "identity"], seed=3, dtype=dtype)
    given = {"rule": rule, "rate_factors": "6,ntp,0.3", "bias_rate": 0.1, "rate": 0.003, **given}
    given["batch_size"] = batch_size
    compiled, reference = (_train(net, engine=engine, **given) for engine in ("compiled", "reference"))
    few = 3e3 * float(np.finfo(dtype).eps)
    for w, expected in zip(compiled.network.weights, reference.network.weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=few * np.abs(expected).max())


@each_engine
def test_ntp_is_the_neural_tangent_parametrisation_under_adam(engine: str) -> None:
    scaled = [w.copy() for w in WIDE.weights]  # of which the network's weights are the share 1/√n_in
    roots = [np.sqrt(w.shape[1] - 1) for w in scaled]
    for w, root in zip(scaled, roots, strict=True):
        w[:, 1:] *= root
    means, squares = ([np.zeros_like(w) for w in scaled] for _ in range(2))

    def network() -> Network:
        divided = [np.hstack([w[:, :1], w[:, 1:] / root]) for w, root in zip(scaled, roots, strict=True)]
        return Network(divided, WIDE.activations, WIDE.loss)

    steps = 12
    for t in range(1, steps + 1):
        now = network()
        hidden = now.forward(X).a[0]
        delta = (now(X) - Y) / len(X)
        back = (delta @ now.weights[1][:, 1:]) * (1 - hidden**2)
        ones = np.ones((len(X), 1))
        slopes = [back.T @ np.hstack([ones, X]), delta.T @ np.hstack([ones, hidden])]
        for m, (slope, root) in enumerate(zip(slopes, roots, strict=True)):
            slope[:, 1:] /= root
            means[m] = 0.9 * means[m] + 0.1 * slope
            squares[m] = 0.95 * squares[m] + 0.05 * slope**2
            rate = np.full(slope.shape, 0.01)
            rate[:, 0] *= 0.1
            scaled[m] -= rate * (means[m] / (1 - 0.9**t)) / (np.sqrt(squares[m] / (1 - 0.95**t)) + 1e-30)
    given: dict[str, Any] = {"rule": "adam:0.9:0.95:1e-30", "rate": 0.01}
    given |= {"rate_factors": "ntp", "bias_rate": 0.1}
    found = _train(WIDE, engine=engine, epochs=steps, batch_size=24, **given).network
    for w, expected in zip(found.weights, network().weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=1e-9, atol=1e-12)


@each_engine
def test_decay_is_multiplied_with_the_rate(engine: str) -> None:
    still = Network([np.ones((2, 5)), np.zeros((1, 3))], ["tanh", "identity"])  # whose first gradients are 0
    given: dict[str, Any] = {
        "rule": "adamw:0.5",
        "rate": 0.125,
        "engine": engine,
        "epochs": 1,
        "batch_size": 24,
    }
    for factors, of_decay in (("2,1", 2), ("ntp,1", 1)):  # a weight and its share of 1/√n_in decay alike
        found = train(still, X, Y[:, :1], rate_factors=factors, **given).network.weights[0]
        np.testing.assert_allclose(found[:, 1:], 1 - 0.125 * of_decay * 0.5, rtol=1e-15)
        np.testing.assert_array_equal(found[:, 0], 1)


@each_engine
def test_a_training_goes_on_with_its_factors(engine: str) -> None:
    given: dict[str, Any] = {"rule": "adam", "rate_factors": "ntp", "bias_rate": 0.5, "engine": engine}
    half = _train(epochs=3, **given)
    assert half.state.settings["rate_factors"] == "ntp"
    resumed, whole = _train(epochs=6, resume=half.state, **given), _train(epochs=6, **given)
    for w, same in zip(resumed.network.weights, whole.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    with pytest.raises(InputError, match=r"rate_factors is '1' but was 'ntp'"):
        _train(epochs=6, resume=half.state, rule="adam", bias_rate=0.5, engine=engine)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("ntp", "ntp"), (6, "6"), ([6.0, "ntp", 0.1], "6,ntp,0.1"), (" 1e-05, ntp", "1e-05,ntp")],
)
def test_factors_are_kept_as_a_text(given: Any, kept: str) -> None:  # noqa: ANN401 (anything)
    net = Network.random((4, *[3] * (kept.count(",") + 1)), "tanh")
    state = train(net, X, np.ones((24, 3)), rate=0.1, epochs=1, rate_factors=given).state
    assert state.settings["rate_factors"] == kept


def test_no_factors_are_none() -> None:
    assert rate_factors("1", 1.0, NARROW.weights) is None
    assert rate_factors("1", 0.5, NARROW.weights) == ((0.5, 1.0, 1.0),) * 2


@each_engine
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"rate_factors": "1,2,3"},
            "has 3 factors but needs one, or one for each of the 2 weight",
        ),
        ({"rate_factors": "npt"}, "rate_factors has 'npt' but must be numbers above 0, or ntp"),
        ({"bias_rate": 0.0}, "bias_rate is 0.0 but must be"),
        ({"rule": "lbfgs", "rate": None, "rate_factors": "ntp", "batch_size": None}, "finds its own steps"),
        ({"rule": "lbfgs", "rate": None, "bias_rate": 0.5, "batch_size": None}, "finds its own steps"),
    ],
)
def test_what_does_not_suit_is_refused(given: dict[str, Any], message: str, engine: str) -> None:
    with pytest.raises(InputError, match=message):
        _train(engine=engine, **given)
