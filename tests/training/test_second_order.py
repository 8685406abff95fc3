"""L-BFGS and Levenberg-Marquardt: they reach the minimum that SciPy reaches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

from chainrule import InputError, Network, train
from chainrule.training import ENGINES, LBFGS, LevenbergMarquardt, StoppedBy

each_engine = pytest.mark.parametrize("engine", ENGINES)

RANDOM = np.random.default_rng(5)
N = 40
X = RANDOM.uniform(-2, 2, (N, 2))
TEACHER = Network.random((2, 3, 2), ["tanh", "identity"], start="uniform", seed=95)
Y = TEACHER.with_weights([1.5 * w for w in TEACHER.weights])(X) + RANDOM.normal(0, 0.1, (N, 2))
WEIGHT = RANDOM.uniform(0.2, 3, N)
START = Network.random((2, 3, 2), ["tanh", "identity"], seed=4)


def _outputs(numbers: Any) -> Any:  # noqa: ANN401 (arrays)
    """Outputs of the network, written out."""
    w1, w2 = numbers[:9].reshape(3, 3), numbers[9:].reshape(2, 4)
    one = np.ones((N, 1))
    return np.hstack([one, np.tanh(np.hstack([one, X]) @ w1.T)]) @ w2.T


def _residuals(numbers: Any, weight: Any) -> Any:  # noqa: ANN401 (arrays)
    return ((_outputs(numbers) - Y) * np.sqrt(weight / weight.sum())[:, np.newaxis]).ravel()


def _flat(net: Network) -> Any:  # noqa: ANN401 (an array)
    return np.concatenate([w.ravel() for w in net.weights])


each_weight = pytest.mark.parametrize("weight", [None, WEIGHT], ids=["alike", "weighted"])


# From other starts the two come to different minima, sometimes the one and sometimes the other to the lower.
@each_weight
@pytest.mark.parametrize("seed", [4, 5, 8])
def test_levenberg_marquardt_reaches_the_minimum_of_scipy(seed: int, weight: Any) -> None:  # noqa: ANN401
    start = Network.random((2, 3, 2), ["tanh", "identity"], seed=seed)
    result = train(start, X, Y, epochs=500, rule="levenberg_marquardt", sample_weight=weight)
    given = np.ones(N) if weight is None else weight
    settings: dict[str, Any] = {"method": "lm", "xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
    expected = least_squares(_residuals, _flat(start), args=(given,), max_nfev=20_000, **settings)
    assert result.history.loss_after == pytest.approx(expected.cost, rel=1e-8)
    assert result.stopped_by == StoppedBy.CONVERGED
    assert result.history.loss_after < 0.02 * result.history.loss_before


def test_levenberg_marquardt_never_lets_the_loss_grow() -> None:
    result = train(START, X, Y, epochs=60, rule=LevenbergMarquardt(damping=1e-8))
    losses = [*result.history.loss, result.history.loss_after]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] == result.history.loss_before


def test_a_step_of_levenberg_marquardt_is_that_of_the_normal_equations() -> None:
    # The Jacobian by central differences; a network of one layer would be solved in one step.
    start, step, damping = _flat(START), 1e-6, 0.01
    columns = [
        (_residuals(start + step * e, np.ones(N)) - _residuals(start - step * e, np.ones(N))) / (2 * step)
        for e in np.eye(17)
    ]
    J = np.stack(columns, axis=1)
    expected = start - np.linalg.solve(J.T @ J + damping * np.eye(17), J.T @ _residuals(start, np.ones(N)))
    result = train(START, X, Y, epochs=1, rule=f"levenberg_marquardt:{damping}")
    np.testing.assert_allclose(_flat(result.network), expected, rtol=0, atol=1e-7)
    assert result.state.rule == ((damping / 10,),) * 2


def test_levenberg_marquardt_of_a_linear_network_is_ridge_regression() -> None:
    net = Network.random((2, 2), "identity", seed=1)
    result = train(net, X, Y, epochs=30, rule="levenberg_marquardt", l2=0.1, sample_weight=WEIGHT)
    design, share = np.hstack([np.ones((N, 1)), X]), WEIGHT / WEIGHT.sum()
    curvature = design.T @ (share[:, np.newaxis] * design) + np.diag([0, 0.1, 0.1])
    expected = np.linalg.solve(curvature, design.T @ (share[:, np.newaxis] * Y)).T
    np.testing.assert_allclose(result.network.weights[0], expected, rtol=0, atol=1e-7)


def test_levenberg_marquardt_bears_columns_that_say_the_same() -> None:
    # The curvature is singular, and the damping soon too small to mend it.
    net = Network.random((3, 2), "identity", seed=1)
    twice = np.hstack([X, X[:, :1]])
    result = train(net, twice, Y, epochs=200, rule="levenberg_marquardt")
    once = train(Network.random((2, 2), "identity"), X, Y, epochs=200, rule="levenberg_marquardt")
    assert result.history.loss_after == pytest.approx(once.history.loss_after, rel=1e-9)


def _objective(numbers: Any, weight: Any, l2: float) -> tuple[float, Any]:  # noqa: ANN401 (arrays)
    """Mean loss and penalties, and their gradient, by the formulas."""
    w1, w2 = numbers[:9].reshape(3, 3), numbers[9:].reshape(2, 4)
    one, share = np.ones((N, 1)), (weight / weight.sum())[:, np.newaxis]
    hidden = np.tanh(np.hstack([one, X]) @ w1.T)
    sent = np.hstack([one, hidden])
    error = sent @ w2.T - Y
    delta = error * share
    slopes = [(delta @ w2[:, 1:] * (1 - hidden**2)).T @ np.hstack([one, X]), delta.T @ sent]
    inner = [w * np.array([0] + [1] * (w.shape[1] - 1)) for w in (w1, w2)]
    value = (error**2 * share).sum() / 2 + l2 / 2 * sum((w**2).sum() for w in inner)
    return float(value), np.concatenate(
        [(slope + l2 * w).ravel() for slope, w in zip(slopes, inner, strict=True)]
    )


@each_engine
@each_weight
@pytest.mark.parametrize("l2", [0.0, 0.01])
def test_lbfgs_reaches_the_minimum_of_scipy(weight: Any, l2: float, engine: str) -> None:  # noqa: ANN401
    result = train(START, X, Y, epochs=5000, rule="lbfgs", sample_weight=weight, l2=l2, engine=engine)
    given = np.ones(N) if weight is None else weight
    expected = minimize(_objective, _flat(START), args=(given, l2), method="L-BFGS-B", jac=True)
    assert result.stopped_by == StoppedBy.CONVERGED
    assert expected.success
    # the way of 130 steps depends on last digits; where it ends, the loss falls by less than 2e-9 a step
    assert _objective(_flat(result.network), given, l2)[0] == pytest.approx(expected.fun, rel=1e-4)


@each_engine
def test_lbfgs_takes_the_steps_of_scipy(engine: str) -> None:
    seen: list[Any] = []
    minimize(
        _objective, _flat(START), args=(np.ones(N), 0.0), method="L-BFGS-B", jac=True,
        options={"maxiter": 8, "maxcor": 4}, callback=lambda x: seen.append(x.copy()),
    )  # fmt: skip
    found: list[Any] = []
    train(
        START, X, Y, epochs=8, rule=LBFGS(memory=4), engine=engine,
        on_epoch=lambda progress: found.append(_flat(progress.network)),
    )  # fmt: skip
    assert len(seen) == 8
    np.testing.assert_allclose(found, seen, rtol=0, atol=1e-11)


@each_engine
def test_lbfgs_reports_the_loss_of_every_step(engine: str) -> None:
    found: list[Any] = []
    result = train(
        START, X, Y, epochs=20, rule="lbfgs", l2=0.01, engine=engine,
        on_epoch=lambda progress: found.append(_flat(progress.network)),
    )  # fmt: skip
    expected = [(_residuals(numbers, np.ones(N)) ** 2).sum() / 2 for numbers in found]
    assert result.history.loss == pytest.approx(expected, rel=1e-12)
    assert result.history.rate == (None,) * 20


@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
def test_a_start_at_the_minimum_is_converged(rule: str) -> None:
    net = Network([np.linalg.lstsq(np.hstack([np.ones((N, 1)), X]), Y, rcond=None)[0].T], "identity")
    result = train(net, X, Y, epochs=50, rule=rule)
    assert result.stopped_by == StoppedBy.CONVERGED
    np.testing.assert_allclose(result.network.weights[0], net.weights[0], rtol=0, atol=1e-7)


@pytest.mark.parametrize(
    ("net", "settings", "message"),
    [
        (START, {"rule": "lbfgs", "rate": 0.1}, "rate is 0.1 but the update rule lbfgs finds its own steps"),
        (START, {"rule": "lbfgs", "batch_size": 4}, "batch_size is 4 but the update rule lbfgs needs all 40"),
        (
            START,
            {"rule": "levenberg_marquardt", "l1": 0.1},
            "l1 is 0.1 but levenberg_marquardt takes squares",
        ),
        (
            Network.random((2, 2), "logistic", "binary_cross_entropy"),
            {"rule": "levenberg_marquardt"},
            "The loss is binary_cross_entropy but levenberg_marquardt needs rss. Try the rule lbfgs.",
        ),
        (
            Network.random((2, 2), dtype="float32"),
            {"rule": "lbfgs"},
            "The network is float32 but the update rule lbfgs needs float64",
        ),
        (START, {"rule": "levenberg_marquardt:0"}, "damping is 0.0 but must be a finite number above 0"),
        (START, {"rule": "lbfgs:0"}, "memory is 0 but must be a whole number"),
    ],
)
def test_what_does_not_suit_the_rules_is_refused(net: Network, settings: Any, message: str) -> None:  # noqa: ANN401
    with pytest.raises(InputError) as caught:
        train(net, X, np.abs(np.sign(Y)), epochs=3, **settings)
    assert message in str(caught.value)


def test_a_jacobian_that_is_too_large_is_refused() -> None:
    net = Network.random((2, 600, 2), seed=1)
    rows = 100_000_000 // (2 * sum(w.size for w in net.weights)) + 1
    with pytest.raises(InputError, match=r"The Jacobian would have \d+ numbers but levenberg_marquardt"):
        train(net, np.zeros((rows, 2)), np.zeros((rows, 2)), epochs=1, rule="levenberg_marquardt")
