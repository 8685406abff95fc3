"""The gradient of every activation, loss, penalty and weighting is that of the objective."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from chainrule import (
    GELU,
    SELU,
    Absolute,
    BinaryCrossEntropy,
    Cos,
    CrossEntropy,
    Exp,
    Huber,
    LeakyReLU,
    Mish,
    Network,
    Poisson,
    Quantile,
    ReLU,
    Softmax,
    Softplus,
    Softsign,
    check_gradients,
)
from chainrule.equations import ACTIVATIONS, LOSSES
from chainrule.equations.losses import entropies
from chainrule.inspection import gradient_check
from chainrule.network import objective, passes

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainrule import GradientCheck

HIDDEN = (
    "identity", "logistic", "tanh", "relu", "leaky_relu:0.1", "softplus", "exp", "softsign", "gelu", "selu",
    "mish", "cos",
)  # fmt: skip
OUTPUTS = (*HIDDEN, "softmax")
FREE = ("rss", "absolute", "huber:0.4", "quantile:0.8")  # losses of any output
PAIRS = [
    *itertools.product(FREE, OUTPUTS),
    ("cross_entropy", "softmax"),
    ("binary_cross_entropy", "logistic"),
    *itertools.product(["poisson"], ["softplus", "exp", "logistic", "softmax"]),
]


def test_the_pairs_leave_nothing_out() -> None:
    losses, outputs = zip(*PAIRS, strict=True)
    assert {ACTIVATIONS.named(name).name for name in outputs} == set(ACTIVATIONS)
    assert {LOSSES.named(name).name for name in losses} == set(LOSSES)


PENALTIES: tuple[dict[str, Any], ...] = ({}, {"l1": 0.01, "l2": 0.05})
WEIGHTS = (None, [1.0, 0.0, 2.5, 0.25])
MARGIN = 0.02  # from any kink: many steps of the differences


class Case(NamedTuple):
    """A network with samples whose every net input and residual is away from the kinks."""

    net: Network
    X: Any
    Y: Any


def targets_for(loss: str, output: str, shape: tuple[int, int], random: np.random.Generator) -> Any:  # noqa: ANN401
    """Targets that the loss is defined for; for softmax outputs, residuals of both signs."""
    if output == "softmax" and loss != "poisson":
        return random.dirichlet(np.ones(shape[1]), size=shape[0])
    if loss == "binary_cross_entropy":
        return random.uniform(size=shape)
    if loss == "poisson":
        return random.poisson(2.0, size=shape).astype(float)
    return random.normal(size=shape)


def is_away_from_kinks(case: Case) -> bool:
    """Whether no net input is near 0, and no residual near 0 or the limit of a Huber loss."""
    passed = case.net.forward(case.X)
    residuals = np.abs(case.Y - passed.a[-1])
    limit = case.net.loss.limit if isinstance(case.net.loss, Huber) else 0.0
    return all((np.abs(z) > MARGIN).all() for z in passed.z) and bool(
        (np.abs(residuals - limit) > MARGIN).all()
    )


def case_of(hidden: str, output: str, loss: str, n_outputs: int, n: int = 4) -> Case:
    """The first random case that is away from kinks."""
    for seed in range(1000):
        random = np.random.default_rng(seed)
        net = Network.random((2, 3, n_outputs), [hidden, output], loss, seed=seed, start="uniform")
        case = Case(net, random.normal(size=(n, 2)), targets_for(loss, output, (n, n_outputs), random))
        if is_away_from_kinks(case):
            return case
    raise AssertionError


def assert_right(check: GradientCheck) -> None:
    assert check.passed, str(check)
    assert check.complex_step is not None
    assert check.differences.relative_to_network < 1e-7
    assert check.complex_step.relative_to_network < 1e-12
    assert check.update_error < 1e-12


SETTINGS = list(itertools.product(PENALTIES, WEIGHTS))


@pytest.mark.parametrize("number", [0, 1, 2, *(pytest.param(k, marks=pytest.mark.slow) for k in (3, 4))])
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_activation_and_loss(loss: str, output: str, number: int) -> None:
    """A pair has every penalty and weighting, and half of the hidden activations; the next has the others."""
    pair = PAIRS.index((loss, output))
    n_outputs = range(2 if output == "softmax" else 1, 6)
    penalty, weight = SETTINGS[(pair // 2 + number) % 4]
    hidden = HIDDEN[(2 * number + pair % 2) % len(HIDDEN)]
    case = case_of(hidden, output, loss, n_outputs[(pair + number) % len(n_outputs)])
    assert_right(check_gradients(*case, sample_weight=weight, **penalty))


@pytest.mark.slow
@pytest.mark.parametrize(("penalty", "weight"), SETTINGS)
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_activation_and_loss_with_every_setting(
    loss: str, output: str, penalty: dict[str, Any], weight: list[float] | None
) -> None:
    for hidden, n_outputs in itertools.product(HIDDEN, range(2 if output == "softmax" else 1, 6)):
        case = case_of(hidden, output, loss, n_outputs)
        assert_right(check_gradients(*case, sample_weight=weight, **penalty))


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_missing_targets(loss: str, output: str, *, every: bool) -> None:
    case = case_of("gelu", output, loss, 3)
    Y = case.Y.copy()
    if loss == "cross_entropy":  # a sample has all its chances, or none
        Y[2] = np.nan
    else:
        Y[0, 1], Y[1, 0], Y[2] = np.nan, np.nan, np.nan
    for penalty, weight in SETTINGS if every else [SETTINGS[PAIRS.index((loss, output)) % 4]]:
        assert_right(check_gradients(case.net, case.X, Y, sample_weight=weight, **penalty))


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_masks(loss: str, output: str) -> None:
    net, X, Y = case_of("softplus", output, loss, 3)
    masks = [np.arange(w.size).reshape(w.shape) % 3 > 0 for w in net.weights]
    check = check_gradients(net, X, Y, masks=masks, l1=0.01, l2=0.05)
    assert_right(check)
    assert check.n_checked == sum(int(mask.sum()) for mask in masks) < check.n_weights


@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_gradient_by_differences_that_know_nothing_of_the_check(loss: str, output: str) -> None:
    """Written out here: mean of weighted losses plus penalties, and its slope in every weight."""
    net, X, Y = case_of("tanh", output, loss, 3)
    weight = np.array([1.0, 0.0, 2.5, 0.25])

    def value(weights: list[Any]) -> float:
        passed = passes.forward(weights, net.activations, X)
        losses = net.loss.values(passed.a[-1], Y).sum(axis=1)
        inner = np.concatenate([w[:, 1:].ravel() for w in weights])
        mean = (losses * weight).sum() / weight.sum()
        return float(mean + 0.01 * np.abs(inner).sum() + 0.05 / 2 * (inner**2).sum())

    found = vars(gradient_check)["Objective"](net.activations, net.loss, 0.01, 0.05)
    _, gradients = found.losses_and_gradients(net.weights, X, Y, weight / weight.mean())
    largest = max(float(np.abs(g).max()) for g in gradients)
    for m, w in enumerate(net.weights):
        for k, j in np.ndindex(w.shape):
            high, low = ([one.copy() for one in net.weights] for _ in range(2))
            high[m][k, j] += 1e-5
            low[m][k, j] -= 1e-5
            slope = (value(high) - value(low)) / 2e-5
            assert slope == pytest.approx(gradients[m][k, j], rel=0, abs=1e-7 * max(1.0, largest))


# Broken derivatives are seen

BROKEN_ACTIVATIONS: list[tuple[str, type, str, Callable[..., Any]]] = [
    ("relu", ReLU, "backward", lambda _, __, ___, up: up),
    ("relu", ReLU, "backward", lambda _, z, __, up: np.where(z > 0, up, 0.001 * up)),
    ("relu", ReLU, "forward", lambda _, z: np.where(np.real(z) < 0, 0 * z, 1.001 * z)),
    ("leaky_relu:0.1", LeakyReLU, "backward", lambda _, z, __, up: np.where(z > 0, up, 0)),
    ("leaky_relu:0.1", LeakyReLU, "backward", lambda _, z, __, up: np.where(z > 0, up, -0.1 * up)),
    ("softplus", Softplus, "backward", lambda _, __, a, up: a * up),
    ("softplus", Softplus, "backward", lambda _, __, a, up: np.exp(-a) * up),
    ("exp", Exp, "backward", lambda _, __, ___, up: up),
    ("exp", Exp, "backward", lambda _, z, a, up: z * a * up),
    ("exp", Exp, "forward", lambda _, z: np.exp2(np.real(z)) + z - np.real(z)),
    ("softsign", Softsign, "backward", lambda _, z, __, up: up / (1 + np.abs(z))),
    ("softsign", Softsign, "backward", lambda _, z, __, up: up / (1 + z) ** 2),
    ("gelu", GELU, "backward", lambda self, z, __, up: (1 + self._tanh(z)) / 2 * up),
    ("gelu", GELU, "backward", lambda _, z, a, up: (a / z) * up),
    (
        "selu",
        SELU,
        "backward",
        lambda _, z, __, up: np.where(z > 0, up, 1.758 * np.exp(np.minimum(z, 0)) * up),
    ),
    ("mish", Mish, "backward", lambda _, z, a, up: (a / z) * up),
    ("cos", Cos, "backward", lambda _, z, __, up: np.sin(z) * up),
]
SOFTMAX_BACKWARD: list[Callable[..., Any]] = [
    lambda _, __, a, up: a * (1 - a) * up,  # the diagonal alone
    lambda _, __, a, up: a * up,
    lambda _, __, a, up: a * (up - up.sum(axis=-1, keepdims=True)),
    lambda _, __, a, up: a * (up - (a * up).mean(axis=-1, keepdims=True)),
]


@pytest.mark.parametrize("number", range(len(BROKEN_ACTIVATIONS)))
def test_red_for_a_broken_activation(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name, kind, method, broken = BROKEN_ACTIVATIONS[number]
    hidden, output = case_of(name, "identity", "rss", 2, n=8), case_of("tanh", name, "rss", 2, n=8)
    monkeypatch.setattr(kind, method, broken)
    for case in (hidden, output):
        check = check_gradients(*case)
        assert not check.passed
        assert not check.differences.passed
        assert check.complex_step is not None
        assert not check.complex_step.passed


@pytest.mark.parametrize("broken", SOFTMAX_BACKWARD)
def test_red_for_a_broken_softmax(broken: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("tanh", "softmax", "rss", 3)
    monkeypatch.setattr(Softmax, "backward", broken)
    assert not check_gradients(*case).passed


BROKEN_LOSSES: list[tuple[str, str, Any, str, Callable[..., Any]]] = [
    ("absolute", "tanh", Absolute, "slopes", lambda _, a, y: y - a),
    ("absolute", "tanh", Absolute, "slopes", lambda _, a, y: -np.sign(np.real(y - a))),
    ("absolute", "tanh", Absolute, "values", lambda _, a, y: (y - a) * np.sign(np.real(y - a)) / 2),
    ("huber:0.4", "tanh", Huber, "slopes", lambda _, a, y: y - a),
    ("huber:0.4", "tanh", Huber, "slopes", lambda _, a, y: np.sign(np.real(y - a)) * 0.4),
    ("quantile:0.8", "tanh", Quantile, "slopes", lambda _, a, y: np.where(np.real(y - a) < 0, 0.2, -0.8)),
    ("poisson", "softplus", Poisson, "slopes", lambda _, a, y: y / a),
    ("poisson", "softplus", Poisson, "slopes", lambda _, a, y: y - a),
    ("poisson", "softplus", Poisson, "values", lambda _, a, y: a - y * np.log2(a)),
    ("poisson", "exp", Poisson, "values_of_net_inputs", lambda _, z, y: np.exp(z) - y * np.exp(z)),
    ("cross_entropy", "softmax", CrossEntropy, "values_of_net_inputs", lambda _, z, y: -y * z),
    (
        "binary_cross_entropy", "logistic", BinaryCrossEntropy, "values_of_net_inputs",
        lambda _, z, y: np.log(1 + np.exp(z)) + y * z,
    ),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BROKEN_LOSSES)))
def test_red_for_a_broken_loss(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, output, kind, method, broken = BROKEN_LOSSES[number]
    case = case_of("tanh", output, loss, 3, n=8)
    assert_right(check_gradients(*case))
    if loss in {"absolute", "huber:0.4", "quantile:0.8"} and method == "slopes":
        values = kind.values  # built upon the slopes: kept as it is, so that the slopes alone are broken
        right = kind.slopes

        def kept_values(self: Any, a: Any, y: Any) -> Any:  # noqa: ANN401 (a loss and arrays)
            with pytest.MonkeyPatch.context() as whole:
                whole.setattr(kind, "slopes", right)
                return values(self, a, y)

        monkeypatch.setattr(kind, "values", kept_values)
    monkeypatch.setattr(kind, method, broken)
    assert not check_gradients(*case).passed


@pytest.mark.parametrize(
    ("loss", "output"),
    [("cross_entropy", "softmax"), ("binary_cross_entropy", "logistic"), ("poisson", "exp")],
)
@pytest.mark.parametrize(
    "broken",
    [
        lambda _l, _z, a, y, _g: a - y,
        lambda _l, _z, a, y, g: g.backward(None, a, y - a),  # the derivative of the activation once more
        lambda loss, _z, a, y, _g: loss.slopes(a, y),
    ],
    ids=["sign", "twice", "no activation"],
)
def test_red_for_a_broken_delta_of_a_fused_pair(
    broken: Callable[..., Any], loss: str, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of("tanh", output, loss, 3)
    monkeypatch.setattr(passes, "output_delta", broken)
    assert not check_gradients(*case).passed


@pytest.mark.parametrize("name", ["l1", "l2", "bias", "sample_weight", "masks", "missing"])
def test_red_where_a_part_of_the_objective_is_forgotten(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient without it fails the check of an objective with it."""
    net, X, Y = case_of("tanh", "identity", "rss", 3)
    with_all: dict[str, Any] = {"l1": 0.1, "l2": 0.1, "sample_weight": [1.0, 0.0, 2.5, 0.25]}
    right_backward, right_penalty = (vars(objective)[part] for part in ("backward", "penalty_gradient"))
    assert_right(check_gradients(net, X, Y, **with_all))
    if name in {"l1", "l2"}:
        monkeypatch.setattr(
            objective,
            "penalty_gradient",
            lambda w, *, l1, l2: right_penalty(w, **{"l1": l1, "l2": l2, name: 0.0}),
        )
    elif name == "bias":
        monkeypatch.setattr(objective, "penalty_gradient", lambda w, *, l1, l2: l1 * np.sign(w) + l2 * w)
    elif name == "sample_weight":
        monkeypatch.setattr(
            objective,
            "backward",
            lambda *args, **named: right_backward(*args, **{**named, "sample_weight": None}),
        )
    elif name == "masks":
        masks = [np.arange(w.size).reshape(w.shape) % 3 > 0 for w in net.weights]
        monkeypatch.setattr(gradient_check, "as_masks", lambda masks, _net: [2.0 * mask for mask in masks])
        with_all["masks"] = masks
    else:
        Y = Y.copy()
        Y[0, 1] = np.nan
        monkeypatch.setattr(entropies, "_present", lambda y, numbers: np.where(np.isnan(y), 1.0, numbers))
    assert not check_gradients(net, X, Y, **with_all).passed


# Kinks


@pytest.mark.parametrize("activation", ["relu", "leaky_relu:0.1", "selu", "softsign"])
def test_samples_exactly_at_a_kink(activation: str) -> None:
    net = Network([[[0.0, 1.0], [0.3, 0.2]], [[0.1, 0.7, 0.4]]], [activation, "identity"])
    for X, Y in (([[0.0]], [[1.0]]), ([[0.0], [1.0], [-0.5]], [[1.0], [2.0], [3.0]])):
        check = check_gradients(net, X, Y)
        assert check.passed, str(check)
        assert check.complex_step is not None
        assert check.complex_step.relative_to_network < 1e-12


@pytest.mark.parametrize("activation", ["relu", "leaky_relu:0.1", "selu"])
@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6, 1e-9, 1e-12, 1e-15, 1e-300])
def test_samples_near_a_kink(activation: str, distance: float) -> None:
    net = Network([[[0.0, 1.0], [0.3, 0.2]], [[0.1, 0.7, 0.4]]], [activation, "identity"])
    check = check_gradients(net, [[distance], [-distance], [0.7]], [[1.0], [2.0], [3.0]])
    assert check.passed, str(check)
    assert check.complex_step is not None
    assert check.complex_step.relative_to_network < 1e-12
    assert check.differences.relative_to_network < 1e-7


@pytest.mark.parametrize("weight", [0.0, -0.0, 1e-300, 1e-9, -1e-4, 1.9e-3])
def test_weights_at_and_near_the_kink_of_a_penalty(weight: float) -> None:
    net = Network([[[0.2, weight], [weight, 0.2]], [[0.1, weight, 0.4]]], ["tanh", "identity"])
    check = check_gradients(net, [[0.3], [1.0]], [[1.0], [2.0]], l1=0.5)
    assert_right(check)


@pytest.mark.parametrize("loss", ["absolute", "quantile:0.8", "huber:0.4"])
@pytest.mark.parametrize("distance", [0.0, 1e-2, 1e-6, 1e-12])
def test_residuals_at_and_near_a_kink(loss: str, distance: float) -> None:
    net = Network([[[0.0, 1.0]]], "identity", loss)
    kink = 0.4 if loss == "huber:0.4" else 0.0
    X = np.array([[0.5], [0.25], [-0.75]])
    Y = X + np.array([[kink + distance], [-kink - distance], [2.0]])
    check = check_gradients(net, X, Y)
    assert check.passed, str(check)
    assert check.complex_step is not None
    assert check.complex_step.relative_to_network < 1e-12


def test_a_wrong_derivative_is_seen_though_a_sample_is_at_the_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Network([[[0.0, 1.0], [0.3, 0.2]], [[0.1, 0.7, 0.4]]], ["relu", "identity"])
    monkeypatch.setattr(ReLU, "backward", lambda _, z, __, up: np.where(z > 0, 1.001 * up, 0.0))
    check = check_gradients(net, [[0.0], [1.0]], [[1.0], [2.0]])
    assert not check.passed
    assert not check.differences.passed  # of the weights that move no sample over the kink
