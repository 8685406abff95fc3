"""The gradient check is green for what is right, and red when any one equation is broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import RSS, Identity, InputError, Logistic, Network, ShapeError, Tanh, check_gradients, train
from chainrule.equations.layers import deltas, dense
from chainrule.equations.losses import loss
from chainrule.equations.rules import rule
from chainrule.inspection import gradient_check
from chainrule.network import objective, passes

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule import GradientCheck
    from chainrule.inspection.check_result import MethodCheck

NAMES = ("identity", "logistic", "tanh")


def complex_step_of(check: GradientCheck) -> MethodCheck:
    """What the complex step found; functions of this package always have one."""
    assert check.complex_step is not None
    return check.complex_step


def samples(net: Network, n: int, seed: int = 0, scale: float = 1.0) -> tuple[Any, Any]:
    """Random inputs, and targets between 0 and 1."""
    random = np.random.default_rng(seed)
    return scale * random.normal(size=(n, net.sizes[0])), random.uniform(size=(n, net.sizes[-1]))


def assert_right(net: Network, X: Any, Y: Any) -> None:  # noqa: ANN401 (arrays)
    check = check_gradients(net, X, Y)
    assert check.passed, str(check)
    assert check.n_checked == check.n_weights
    assert check.differences.relative_to_network < 1e-7
    assert complex_step_of(check).relative_to_network < 1e-12
    assert check.update_error < 1e-12


def test_the_notes_own_network() -> None:
    """Six layers of units, W^(1) to W^(5)."""
    net = Network.random((3, 5, 4, 6, 4, 2), start="uniform", seed=1)
    assert len(net.weights) == 5
    assert_right(net, *samples(net, 20))
    assert_right(net, *samples(net, 1))


def test_each_weight_is_right_in_its_own_layer() -> None:
    net = Network.random((3, 5, 4, 6, 4, 2), start="uniform", seed=1)
    check = check_gradients(net, *samples(net, 20))
    assert complex_step_of(check).relative_to_layer < 1e-12
    assert check.differences.relative_to_layer < 1e-6


@pytest.mark.parametrize("n_outputs", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("hidden", [(), (1,), (4,), (3, 2)])
@pytest.mark.parametrize("activation", NAMES)
def test_outputs_and_hidden_layers(n_outputs: int, hidden: tuple[int, ...], activation: str) -> None:
    net = Network.random((3, *hidden, n_outputs), activation, start="uniform", seed=n_outputs)
    assert_right(net, *samples(net, 7))


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=6),
    choice=st.lists(st.sampled_from(NAMES), min_size=5, max_size=5),
    n=st.integers(1, 9),
    seed=st.integers(0, 10_000),
)
def test_any_network(sizes: list[int], choice: list[str], n: int, seed: int) -> None:
    net = Network.random(sizes, choice[: len(sizes) - 1], start="uniform", seed=seed)
    check = check_gradients(net, *samples(net, n, seed))
    assert check.passed, str(check)


def test_loss_and_gradient_are_of_the_same_function() -> None:
    """The loss that training reports, followed by differences, has the gradient that training descends."""
    net = Network.random((2, 3, 4), ["tanh", "identity"], seed=2)
    X, Y = samples(net, 6)
    rate = 1e-6

    def reported(weights: list[Any]) -> float:
        return train(net.with_weights(weights), X, Y, rate=1e-12, epochs=1).history.loss_before

    after = train(net, X, Y, rate=rate, epochs=1, batch_size=6).network
    for m, (before, moved) in enumerate(zip(net.weights, after.weights, strict=True)):
        gradient = (before - moved) / rate
        for k, j in np.ndindex(before.shape):
            step = np.zeros_like(before)
            step[k, j] = 1e-5
            high, low = (
                reported([w + sign * step if i == m else w for i, w in enumerate(net.weights)])
                for sign in (1, -1)
            )
            assert (high - low) / 2e-5 == pytest.approx(gradient[k, j], rel=1e-5, abs=1e-8)


def test_no_false_alarm_near_a_minimum() -> None:
    net = Network.random((5, 4, 2), ["tanh", "identity"], seed=0)
    X, Y = samples(net, 30)
    trained = train(net, X, Y, rate=0.2, epochs=5000, batch_size=30).network
    check = check_gradients(trained, X, Y)
    assert check.largest_gradient < check_gradients(net, X, Y).largest_gradient / 100
    assert check.passed, str(check)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_no_false_alarm_for_inputs_of_any_size(scale: float, activation: str) -> None:
    net = Network.random((4, 6, 2), activation, seed=3)
    check = check_gradients(net, *samples(net, 15, scale=scale))
    assert check.passed, str(check)


def test_no_false_alarm_where_everything_is_saturated_or_exact() -> None:
    saturated = Network([[[500.0, 1.0]], [[-800.0, 3.0]]])
    assert check_gradients(saturated, [[1.0]], [[1.0]]).passed
    exact = Network([[[0.0, 1.0]]], "identity")
    check = check_gradients(exact, [[1.0], [2.0]], [[1.0], [2.0]])
    assert check.passed
    assert check.largest_gradient == 0


def test_float32_networks_are_checked_in_float64() -> None:
    net = Network.random((3, 4, 2), dtype="float32", seed=5)
    check = check_gradients(net, *samples(net, 10))
    assert check.passed
    assert complex_step_of(check).relative_to_network < 1e-12


# Break the equations one by one


def without_bias(weights: Any, a_before: Any) -> Any:  # noqa: ANN401 (arrays)
    return a_before @ weights[:, 1:].T


def bias_last(weights: Any, a_before: Any) -> Any:  # noqa: ANN401 (arrays)
    return a_before @ weights[:, :-1].T + weights[:, -1]


def delta_with_bias_column(delta: Any, weights: Any, z: Any, a: Any, g: Any, *_others: Any) -> Any:  # noqa: ANN401 (as the equation)
    return g.backward(z, a, delta @ weights[:, :-1])


def delta_without_derivative(delta: Any, weights: Any, *_others: Any) -> Any:  # noqa: ANN401 (arrays)
    return delta @ weights[:, 1:]


RIGHT_DELTA, RIGHT_GRADIENT = deltas.hidden_delta, dense.gradient

BROKEN: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "2: no bias": (dense, "net_input", without_bias),
    "2: bias in the last column": (dense, "net_input", bias_last),
    "2: x_0 is 0": (
        dense, "with_bias_unit", lambda a: np.concatenate([np.zeros_like(a[:, :1]), a], axis=1)
    ),
    "2: x_0 is 2": (
        dense, "with_bias_unit", lambda a: np.concatenate([2 * np.ones_like(a[:, :1]), a], axis=1)
    ),
    "3: another slope": (Logistic, "forward", lambda _, z: 1 / (1 + np.exp(-2 * z))),
    "3: falling": (Logistic, "forward", lambda _, z: 1 / (1 + np.exp(z))),
    "4: no half": (RSS, "values", lambda _, a, y: (y - a) ** 2),
    "4: mean over outputs": (RSS, "values", lambda _, a, y: (y - a) ** 2 / 2 / y.shape[-1]),
    "4: absolute": (RSS, "values", lambda _, a, y: np.abs(y - a)),
    "5: as the notes print it": (Logistic, "backward", lambda _, __, a, up: a * a * up),
    "5: one factor": (Logistic, "backward", lambda _, __, a, up: a * up),
    "5: no upstream": (Logistic, "backward", lambda _, __, a, ___: a * (1 - a)),
    "7: sign": (RSS, "slopes", lambda _, a, y: a - y),
    "7: no derivative": (passes, "output_delta", lambda _, __, a, y, ___: y - a),
    "7: twice": (RSS, "slopes", lambda _, a, y: 2 * (y - a)),
    "8: sign": (gradient_check, "descend", lambda w, g, rate: w + rate * g),
    "8: no rate": (gradient_check, "descend", lambda w, g, _: w - g),
    "8: twice": (gradient_check, "descend", lambda w, g, rate: w - 2 * rate * g),
    "8: bias stays": (
        gradient_check, "descend", lambda w, g, rate: w - rate * g * (np.arange(g.shape[1]) > 0)
    ),
    "9: bias column": (passes, "hidden_delta", delta_with_bias_column),
    "9: no derivative": (passes, "hidden_delta", delta_without_derivative),
    "9: sign": (passes, "hidden_delta", lambda *arguments: -RIGHT_DELTA(*arguments)),
    "14: sum": (gradient_check, "mean_loss", np.sum),
    "15: sum": (dense, "gradient", lambda delta, a: RIGHT_GRADIENT(delta, a) * len(a)),
    "15: sign": (dense, "gradient", lambda delta, a: -RIGHT_GRADIENT(delta, a)),
    "15: first sample only": (dense, "gradient", lambda delta, a: RIGHT_GRADIENT(delta[:1], a[:1])),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_red_for_a_broken_equation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network.random((2, 3, 2, 2), start="uniform", seed=6)
    X, Y = samples(net, 5)
    assert check_gradients(net, X, Y).passed
    monkeypatch.setattr(*BROKEN[name])
    check = check_gradients(net, X, Y)
    assert not check.passed
    assert "FAILED" in str(check)
    assert "too far apart" in str(check)
    json.dumps(check.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("activation", "method", "broken"),
    [
        (Tanh, "forward", lambda _, z: np.tanh(2 * z)),
        (Tanh, "backward", lambda _, __, a, up: (1 - a) * up),
        (Identity, "forward", lambda _, z: 2 * z),
        (Identity, "backward", lambda _, __, ___, up: 2 * up),
    ],
)
def test_red_for_a_broken_activation(
    activation: type, method: str, broken: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = Network.random((3, 4, 2), [activation(), "logistic"], start="uniform", seed=6)
    X, Y = samples(net, 5)
    assert check_gradients(net, X, Y).passed
    monkeypatch.setattr(activation, method, broken)
    assert not check_gradients(net, X, Y).passed


def test_an_equation_in_use_is_the_one_that_was_broken() -> None:
    """The names that the cases above replace are those that training runs."""
    assert vars(passes)["hidden_delta"] is deltas.hidden_delta
    assert vars(dense)["gradient"] is dense.gradient
    assert vars(dense)["net_input"] is dense.net_input
    assert {type(layer) for layer in Network.random((2, 3, 1)).layers} == {dense.Dense}
    assert vars(gradient_check)["descend"] is rule.descend
    assert vars(gradient_check)["mean_loss"] is loss.mean_loss


@pytest.mark.parametrize("place", [(0, 0, 0), (0, 3, 2), (1, 1, 4), (1, 0, 0)])
def test_the_worst_weight_is_named(place: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network.random((3, 4, 2), start="uniform", seed=7)
    X, Y = samples(net, 5)
    m, k, j = place
    right = vars(objective)["gradients"]

    def wrong(*arguments: Any, **more: Any) -> tuple[Any, ...]:  # noqa: ANN401 (arrays)
        found = [g.copy() for g in right(*arguments, **more)]
        found[m][k, j] += 1e-6
        return tuple(found)

    monkeypatch.setattr(objective, "gradients", wrong)
    check = check_gradients(net, X, Y)
    assert not check.passed
    for method in (check.differences, complex_step_of(check)):
        assert (method.worst.matrix, method.worst.unit, method.worst.source) == (m + 1, k + 1, j)
    assert f"W_{k + 1},{j}^({m + 1})" in str(check)


def test_large_networks_are_checked_in_a_seeded_sample() -> None:
    net = Network.random((20, 30, 5), seed=1)
    X, Y = samples(net, 3)
    check = check_gradients(net, X, Y, sample=50)
    assert (check.n_checked, check.n_weights) == (50, 785)
    assert "50 of 785 weights" in str(check)
    assert check_gradients(net, X, Y, sample=50) == check
    assert check_gradients(net, X, Y, sample=50, seed=1).complex_step != check.complex_step


def test_what_is_refused() -> None:
    net = Network.random((2, 1))
    with pytest.raises(ShapeError, match="X has 1 rows but Y has 2"):
        check_gradients(net, [[1, 2]], [[0], [1]])
    with pytest.raises(InputError, match=r"X\[0, 1\] is nan"):
        check_gradients(net, [[1, np.nan]], [[0]])
    with pytest.raises(InputError, match="sample is 0"):
        check_gradients(net, [[1, 2]], [[0]], sample=0)
    with pytest.raises(InputError, match="seed is -1"):
        check_gradients(net, [[1, 2]], [[0]], seed=-1)
