"""The gradient check where rounding exceeds the last digit: no false alarm, and no fault missed."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from chainrule import RSS, CrossEntropy, InputError, Logistic, Network, Softmax, check_gradients, train
from chainrule.equations.layers import deltas, dense
from chainrule.equations.losses import loss
from chainrule.equations.losses.loss import LossFacts
from chainrule.equations.rules import rule
from chainrule.inspection import gradient_check, rounding
from chainrule.network import objective, passes

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    import numpy.typing as npt

    from chainrule import GradientCheck
    from chainrule.inspection.check_result import MethodCheck

NAMES = ("identity", "logistic", "tanh")
SIZES = [(3, 2), (1, 1), (3, 4, 2), (3, 5, 4, 4, 3, 2)]


def complex_step_of(check: GradientCheck) -> MethodCheck:
    """What the complex step found; functions of this package always have one."""
    assert check.complex_step is not None
    return check.complex_step


def networks(sizes: tuple[int, ...]) -> list[Network]:
    """Networks of these sizes with every pair of hidden and output activation."""
    n_hidden = len(sizes) - 2
    pairs = itertools.product(NAMES, repeat=2)
    return [
        Network.random(sizes, [hidden] * n_hidden + [output], seed=seed)
        for seed, (hidden, output) in enumerate(pairs)
    ]


# No false alarm


RESIDUALS, SCALES = (0.0, 1e-12, 1e-9, 1e-5, 1.0), (1e-3, 1.0, 1e3)


def assert_no_alarm(net: Network, n: int, scale: float, residual: float) -> None:
    """The check of a right network passes where its targets are so near to its outputs."""
    random = np.random.default_rng(n)
    X = scale * random.normal(size=(n, net.sizes[0]))
    Y = net(X) + residual * random.normal(size=(n, net.sizes[-1]))
    check = check_gradients(net, X, Y)
    assert check.passed, str(check)


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("sizes", SIZES)
def test_targets_that_are_nearly_the_outputs(sizes: tuple[int, ...], scale: float, residual: float) -> None:
    """A third of the pairs of activations, or a ninth: over the scales and residuals all of them."""
    first = SCALES.index(scale) * len(RESIDUALS) + RESIDUALS.index(residual)
    share = 3 if len(sizes) < 4 else 9  # with many layers one check takes as long as all of the others
    for number, net in enumerate(networks(sizes)[first % share :: share]):
        assert_no_alarm(net, (1, 7)[(first + number) % 2], scale, residual)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", SIZES)
def test_all_targets_that_are_nearly_the_outputs(sizes: tuple[int, ...]) -> None:
    for net, n, scale, residual in itertools.product(networks(sizes), (1, 7), SCALES, RESIDUALS):
        assert_no_alarm(net, n, scale, residual)


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("sizes", SIZES)
def test_two_hundred_samples_of_any_scale(sizes: tuple[int, ...], *, every: bool) -> None:
    cases = list(itertools.product(networks(sizes)[::2], SCALES))
    for net, scale in cases if every else cases[::4]:
        random = np.random.default_rng(5)
        check = check_gradients(
            net, scale * random.normal(size=(200, sizes[0])), random.uniform(size=(200, sizes[-1]))
        )
        assert check.passed, str(check)


@pytest.mark.parametrize("bias", [-800, -745, -720, -690, -372, -370, -100, -20, 0, 20, 40, 100, 800])
@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("activation", ["logistic", "tanh"])
def test_flat_ends_down_to_the_smallest_numbers(activation: str, target: float, bias: float) -> None:
    one = Network([[[bias, 1.0, 1.0]]], activation)
    two = Network([[[bias, 1.0, 1.0]], [[0.1, 2.0]]], activation)
    for net in (one, two):
        check = check_gradients(net, [[0.3, 0.1]], [[target]])
        assert check.passed, str(check)


@pytest.mark.parametrize("size", [1e-300, 1e-100, 1e-10, 1e10, 1e20, 1e100])
def test_inputs_targets_and_weights_of_extreme_size(size: float) -> None:
    for weight, x, y in ((1.0, size, 0.0), (1.0, 0.3, size), (size, 0.3, 0.1)):
        net = Network([[[0.1, weight, 1.0]]], "identity")
        check = check_gradients(net, [[x, 0.1]], [[y]])
        assert check.passed, str(check)


def test_least_squares_at_its_minimum() -> None:
    random = np.random.default_rng(0)
    X = random.normal(size=(50, 2))
    for noise in (0.0, 0.5):
        Y = X @ [[1.0], [2.0]] + 0.3 + noise * random.normal(size=(50, 1))
        design = np.column_stack([np.ones(50), X])
        best = np.linalg.lstsq(design, Y)[0].T
        check = check_gradients(Network([best], "identity"), X, Y)
        assert check.largest_gradient < 1e-14
        assert check.passed, str(check)
        assert "(no more than rounding: up to" in str(check)


def test_exclusive_or_learnt_well() -> None:
    X, Y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    net = train(Network.random((2, 3, 1), start="uniform", seed=1), X, Y, rate=0.7, epochs=6000).network
    check = check_gradients(net, X, Y)
    assert check.passed, str(check)


# No fault missed


@pytest.mark.parametrize("share", [1e-3, 2e-7, 1e-9, 1e-11])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0])
def test_one_wrong_digit_is_seen(share: float, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network.random((3, 4, 3, 2), ["tanh", "logistic", "identity"], start="uniform", seed=6)
    random = np.random.default_rng(6)
    X, Y = scale * random.normal(size=(5, 3)), random.uniform(size=(5, 2))
    right: Callable[..., tuple[npt.NDArray[Any], ...]] = vars(objective)["gradients"]

    def wrong(*arguments: Any, **more: Any) -> tuple[Any, ...]:  # noqa: ANN401 (arrays)
        found = [g.copy() for g in right(*arguments, **more)]
        largest = max(float(np.max(np.abs(g))) for g in found)
        found[1][2, 3] += share * largest
        return tuple(found)

    monkeypatch.setattr(objective, "gradients", wrong)
    check = check_gradients(net, X, Y)
    assert not complex_step_of(check).passed
    assert not check.passed
    assert str(complex_step_of(check).worst) == "W_3,3^(2)"
    assert check.differences.passed == (share < 1e-7)


@pytest.mark.parametrize("residual", [1.0, 1e-3, 1e-6, 1e-9])
def test_wrong_equation_is_seen_near_a_minimum(residual: float, monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network.random((3, 4, 2), ["tanh", "logistic"], start="uniform", seed=2)
    random = np.random.default_rng(2)
    X = random.normal(size=(5, 3))
    Y = net(X) + residual * random.normal(size=(5, 2))
    assert check_gradients(net, X, Y).passed
    monkeypatch.setattr(Logistic, "backward", lambda _, __, a, upstream: 1.001 * (1 - a) * a * upstream)
    assert not check_gradients(net, X, Y).passed


def test_infinite_bound_excuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network.random((2, 2, 1), seed=1)

    def unbounded(*arguments: Any) -> Any:  # noqa: ANN401 (arrays)
        bounds = rounding.rounding_of(*arguments)
        return replace(bounds, gradients=tuple(np.full_like(g, np.inf) for g in bounds.gradients))

    monkeypatch.setattr(gradient_check, "rounding_of", unbounded)
    assert not complex_step_of(check_gradients(net, [[0.1, 0.2]], [[1.0]])).passed


# Each equation broken in its source, wherever it is used: the code of the function itself is replaced.


def _transposed_weights(delta_next, weights_next, z, a, activation, kept=None, layer_next=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001, PLR0917
    return activation.backward(z, a, delta_next @ weights_next[:, 1:].T)


def _reversed_columns(weights, a_before):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return with_bias_unit(a_before) @ weights[:, ::-1].T  # type: ignore[name-defined]  # noqa: F821


def _bias_unit_last(a):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    xp = array_namespace(a)  # type: ignore[name-defined]  # noqa: F821
    return xp.concat([a, xp.ones_like(a[:, :1])], axis=1)


def _bias_unit_0(a):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    xp = array_namespace(a)  # type: ignore[name-defined]  # noqa: F821
    return xp.concat([xp.zeros_like(a[:, :1]), a], axis=1)


def _sum_of_losses(losses):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    xp = array_namespace(losses)  # type: ignore[name-defined]  # noqa: F821
    return xp.sum(losses)


def _gradient_sum(delta, a_before):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return -(delta.T @ with_bias_unit(a_before))  # type: ignore[name-defined]  # noqa: F821


def _uphill(weights, gradient, rate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return weights + rate * gradient


def _at_full_rate(weights, gradient, rate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    return weights - gradient


def _twice(weights, gradient, rate):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return weights - 2 * rate * gradient


def _mean_of_outputs(self, a, y):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    return (y - a) * (y - a) / 2 / y.shape[-1]


BROKEN: list[tuple[Any, Any]] = [
    (deltas.hidden_delta, _transposed_weights),
    (dense.net_input, _reversed_columns),
    (dense.with_bias_unit, _bias_unit_last),
    (dense.with_bias_unit, _bias_unit_0),
    (dense.gradient, _gradient_sum),
    (loss.mean_loss, _sum_of_losses),
    (rule.descend, _uphill),
    (rule.descend, _at_full_rate),
    (rule.descend, _twice),
    (RSS.values, _mean_of_outputs),
]


@pytest.mark.parametrize(("right", "wrong"), BROKEN, ids=[wrong.__name__ for _, wrong in BROKEN])
def test_red_where_the_source_is_broken(
    right: FunctionType, wrong: FunctionType, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = Network.random((3, 3, 3, 3), ["tanh", "logistic", "identity"], start="uniform", seed=4)
    random = np.random.default_rng(4)
    X, Y = random.normal(size=(5, 3)), random.uniform(size=(5, 3))
    assert check_gradients(net, X, Y).passed
    monkeypatch.setattr(right, "__code__", wrong.__code__)
    assert not check_gradients(net, X, Y).passed


def test_red_where_deltas_come_from_the_new_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network.random((3, 4, 2), start="uniform", seed=4)
    random = np.random.default_rng(4)
    X, Y = random.normal(size=(5, 3)), random.uniform(size=(5, 2))
    right = passes.backward

    def wrong(weights: Any, *others: Any, **more: Any) -> Any:  # noqa: ANN401 (arrays)
        return right([1.01 * w for w in weights], *others, **more)

    monkeypatch.setattr(objective, "backward", wrong)
    assert not check_gradients(net, X, Y).passed


# What is reported


def strict_json(check: Any) -> dict[str, Any]:  # noqa: ANN401 (a GradientCheck)
    """The check through JSON and back: only plain types."""
    data = check.to_json()
    again: dict[str, Any] = json.loads(json.dumps(data))
    assert repr(again) == repr(data)  # NaN is not itself
    return again


def test_json_has_every_figure_as_a_plain_number() -> None:
    net = Network.random((2, 3, 1), seed=1)
    check = check_gradients(net, [[0.1, 0.2]], [[1.0]])
    data = strict_json(check)
    assert list(data) == list(vars(check))
    assert data["passed"] is True
    assert (data["n_samples"], data["n_weights"], data["n_checked"]) == (1, 13, 13)
    assert data["differences"]["relative_to_network"] == check.differences.relative_to_network
    assert data["complex_step"]["worst"] == vars(complex_step_of(check).worst)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_gradient_that_is_not_finite_fails_and_stays_what_it_is(
    value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RSS, "slopes", lambda _, a, __: np.full_like(a, value))
    check = check_gradients(Network.random((2, 3, 1), seed=1), [[0.1, 0.2]], [[1.0]])
    assert not check.passed
    assert not check.differences.passed
    assert not complex_step_of(check).passed
    assert "FAILED" in str(check)
    data = strict_json(check)
    assert data["passed"] is False
    assert repr(data["largest_gradient"]) == repr(value)
    assert repr(abs(data["differences"]["gradient"])) == repr(value)


def test_zero_gradients_are_shown_as_no_more_than_rounding() -> None:
    X = np.random.default_rng(0).normal(size=(9, 3))
    net = Network.random((3, 4, 2), ["tanh", "logistic"], seed=3)
    check = check_gradients(net, X, net.forward(X).a[-1])
    assert check.largest_gradient == 0
    assert check.passed
    assert check.update_error == 0
    assert "largest gradient 0" in str(check)
    assert "too far apart" not in str(check)
    strict_json(check)


def test_summary_to_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    # By hand: a = 2, delta = 1, gradients -1 and -2; twice the delta makes them -2 and -4.
    monkeypatch.setattr(RSS, "slopes", lambda _, a, y: 2 * (y - a))
    check = check_gradients(Network([[[0.0, 1.0]]], "identity"), [[2.0]], [[3.0]])
    assert str(check).splitlines() == [
        "Gradient check FAILED: Network(1-1, identity, rss, float64)",
        "1 sample, all 2 weights, largest gradient 4",
        "",
        "                      worst error relative to the largest gradient",
        "                      of the network     limit   of the layer",
        "central differences          5.0e-01     1e-07        5.0e-01  <-- too far apart",
        "complex step                 5.0e-01     1e-12        5.0e-01  <-- too far apart",
        "update (slope)               5.0e-01     1e-07                 <-- too far apart",
        "",
        "worst weight          back-propagation        estimate",
        "central differences                 -4              -2   W_1,1^(1)",
        "complex step                        -4              -2   W_1,1^(1)",
    ]


def test_loss_that_overflows_is_refused() -> None:
    with pytest.raises(InputError, match=r"^The loss of the network on these samples is inf but must be fin"):
        check_gradients(Network([[[0.0, 1.0]]], "identity"), [[1e200]], [[0.0]])


# What is answered so well that its loss is a small difference of large net inputs


def parted(loss: str, output: str, size: float) -> tuple[Network, Any, Any]:
    """Two classes that a network parts, with net inputs of the output layer as large as that."""
    random = np.random.default_rng(3)
    is_second = random.uniform(size=60) < 0.5
    X = np.where(is_second, 1.0, -1.0)[:, np.newaxis] + 0.1 * random.normal(size=(60, 3))
    n_outputs = 2 if output == "softmax" else 1
    net = Network.random((3, 8, n_outputs), ["tanh", output], loss, seed=1)
    last = np.zeros((n_outputs, 9))
    signs = np.tanh(np.mean(np.tanh(X @ net.weights[0][:, 1:].T) * np.sign(X[:, :1]), axis=0) * 50)
    last[:, 1:] = size / 8 * np.array([[-1.0], [1.0]])[-n_outputs:] * signs
    Y = np.eye(2)[is_second.astype(int)][:, -n_outputs:]
    return net.with_weights([net.weights[0], last]), X, Y


@pytest.mark.parametrize("size", [20.0, 30.0, 40.0])
@pytest.mark.parametrize(
    ("loss", "output"), [("cross_entropy", "softmax"), ("binary_cross_entropy", "logistic")]
)
def test_no_false_alarm_where_the_loss_has_underflowed(loss: str, output: str, size: float) -> None:
    check = check_gradients(*parted(loss, output, size))
    assert check.largest_gradient < 1e-3
    assert check.passed, str(check)
    assert ("cannot see them" in str(check)) == (check.differences.rounding >= 1)


def test_differences_that_see_nothing_say_so_and_the_complex_step_still_sees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net, X, Y = parted("cross_entropy", "softmax", 24.0)
    check = check_gradients(net, X, Y)
    assert check.differences.rounding >= 1 > complex_step_of(check).rounding
    assert "central differences cannot see them; the complex step can." in str(check)
    monkeypatch.setattr(passes, "hidden_delta", lambda *arguments: 1.5 * deltas.hidden_delta(*arguments))
    broken = check_gradients(net, X, Y)
    assert broken.differences.passed
    assert not broken.passed


class OwnEntropy(LossFacts):
    """Known from the net inputs as the built-in one is, but says nothing of how large its terms are."""

    name: ClassVar[str] = "own_entropy"
    formula: ClassVar[str] = "−y·ln a"
    slope: ClassVar[str] = "y/a"
    fused_with = Softmax
    values, slopes = CrossEntropy.values, CrossEntropy.slopes
    values_of_net_inputs = CrossEntropy.values_of_net_inputs


def test_a_fused_loss_of_ones_own_need_not_say_how_large_its_terms_are() -> None:
    net = Network.random((3, 4, 2), ["tanh", "softmax"], OwnEntropy(), seed=1)
    _, X, Y = parted("cross_entropy", "softmax", 1.0)
    check = check_gradients(net, X, Y)
    assert check.complex_step is None
    assert check.passed, str(check)


def test_a_wide_network_is_checked_in_fewer_weights_and_a_small_one_in_all() -> None:
    random = np.random.default_rng(0)
    for sizes, n, n_checked in (((4, 64, 3), 150, 515), ((60, 500, 1), 200, 322), ((60, 4000, 1), 200, 100)):
        net = Network.random(sizes)
        assert min(gradient_check._usual_sample(net, n), sum(w.size for w in net.weights)) == n_checked
    net = Network.random((60, 4000, 1), "identity")
    check = check_gradients(net, random.normal(size=(200, 60)), random.normal(size=(200, 1)))
    assert (check.n_checked, check.passed) == (100, True)


@pytest.mark.parametrize(("n", "n_inputs", "n_units"), [(200, 92, 32), (3, 5000, 200), (7, 2, 1)])
def test_net_inputs_in_blocks_are_those_of_all_rows(n: int, n_inputs: int, n_units: int) -> None:
    random = np.random.default_rng(1)
    w, a = random.normal(size=(n_units, 1 + n_inputs)), random.normal(size=(n, n_inputs))
    found = gradient_check._net_inputs(w, a)
    assert found.shape == (n, n_units)
    assert np.allclose(found, w[:, 0] + a @ w[:, 1:].T, rtol=1e-13, atol=1e-12)
