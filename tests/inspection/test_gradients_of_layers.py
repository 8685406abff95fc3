"""The gradient of every kind of layers, in every place of a chain, with every activation and loss."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from test_gradients_of_all_pairs import (
    FREE,
    HIDDEN,
    PAIRS,
    Case,
    assert_right,
    is_away_from_kinks,
    targets_for,
)

from chainrule import Network, check_gradients
from chainrule.equations import MemberBias, MemberDense, MemberScale, Periodic, Scale

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("scale", "member_scale:2", "member_bias:2", "member_dense:2", "periodic:2:2", "periodic:2:1:1")
PLACES = {"first": 0, "middle": 1, "last": 2}


def chain_of(kind: str, place: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Dense layers with another one among them, and the sizes that are asked for."""
    layers = ["dense", "dense"]
    layers.insert(PLACES[place], kind)
    return tuple(layers), (2, 3, 2, 2)[: 3 + (kind[:12] == "member_dense")]


def layer_case(kind: str, place: str, activation: str, loss: str, output: str) -> Case:
    """The first random case that is away from kinks."""
    (layers, sizes), n = chain_of(kind, place), 3
    first = "tanh" if activation == "exp" else activation  # the exponential of another one saturates
    for seed in range(1000):
        random = np.random.default_rng(seed)
        activations = [first, activation, output]
        net = Network.random(sizes, activations, "rss", seed=seed, start="uniform", layers=layers)
        net = Network(
            [w + 0.5 * random.normal(size=w.shape) for w in net.weights], activations, loss, layers=layers
        )
        Y = targets_for(loss, output, (n, net.sizes[-1]), random)
        case = Case(net, random.normal(size=(n, 2)), Y)
        of_rows = case._replace(Y=np.repeat(Y, net.members, axis=0))
        # Far from 0 the complex softplus has few digits.
        if is_away_from_kinks(of_rows) and all(np.abs(z).max() < 8 for z in net.forward(case.X).z):
            return case
    raise AssertionError


ALL = list(itertools.product(KINDS, PLACES))


@pytest.mark.parametrize(("kind", "place"), ALL)
def test_every_kind_in_every_place(kind: str, place: str) -> None:
    case = layer_case(kind, place, "tanh", "rss", "identity")
    assert_right(check_gradients(*case))
    weight = [1.0, 0.0, 2.5]
    assert_right(check_gradients(*case, sample_weight=weight, l1=0.01, l2=0.05))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", HIDDEN)
def test_every_kind_with_every_activation(kind: str, activation: str) -> None:
    assert_right(check_gradients(*layer_case(kind, "middle", activation, "rss", "tanh")))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("loss", "output"), [pair for pair in PAIRS if pair[0] not in FREE or pair[1] == "tanh"]
)
def test_every_kind_with_every_loss(kind: str, loss: str, output: str) -> None:
    assert_right(check_gradients(*layer_case(kind, "last", "tanh", loss, output)))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "place"), ALL)
@pytest.mark.parametrize(("loss", "output"), PAIRS)
def test_every_combination(kind: str, place: str, loss: str, output: str) -> None:
    for activation in HIDDEN:
        assert_right(check_gradients(*layer_case(kind, place, activation, loss, output)))


@pytest.mark.parametrize(
    ("cls", "kind", "method", "wrong"),
    [
        (Scale, "scale", "backward", lambda _, w, __, delta: delta * w[:, 0] * 1.001),
        (Scale, "scale", "gradient", lambda _, __, a, delta: -(delta * a).sum(axis=0)[:, None]),
        (MemberScale, "member_scale:2", "backward", lambda _, __, ___, delta: delta),
        (MemberBias, "member_bias:2", "backward", lambda _, __, ___, delta: -delta),
        (MemberBias, "member_bias:2", "gradient", lambda _, w, __, up: 0 * w - up.mean(axis=0)[:, None] / 2),
        (MemberDense, "member_dense:2", "backward", lambda _, w, __, up: up @ w[: up.shape[1], 1:]),
        (Periodic, "periodic:2:2", "backward", lambda _, __, a, delta: delta[:, : a.shape[1]]),
        (Periodic, "periodic:2:2", "products", lambda _, w, a, __: np.zeros((len(a), *w.shape))),
    ],
)  # fmt: skip
def test_red_for_a_broken_layer(
    cls: type, kind: str, method: str, wrong: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = layer_case(kind, "middle", "tanh", "rss", "identity")
    assert check_gradients(*case).passed
    monkeypatch.setattr(cls, method, wrong)
    assert not check_gradients(*case).passed


def test_kinks_of_units_around_layers_are_no_alarm() -> None:
    """Inputs at 0 and units of which many are at their kink, behind a scale and behind members' scales."""
    layers = ("scale", "dense", "member_scale:2", "member_dense:2")
    net = Network.random((2, 4, 1), ["identity", "relu", "identity", "identity"], seed=3, layers=layers)
    X = np.array([[0.0, 0.0], [1.0, -1.0], [0.0, 2.0]])
    check = check_gradients(net, X, np.ones((3, 1)))
    assert check.passed, str(check)


def test_a_check_of_a_sample_of_weights_takes_any_layer() -> None:
    layers = ("scale", "periodic", "dense", "member_scale:4", "member_bias:4", "member_dense:4")
    activations = ["identity", "identity", "identity", "identity", "tanh", "identity"]
    net = Network.random((10, 20, 2), activations, seed=2, layers=layers)
    random = np.random.default_rng(0)
    check = check_gradients(net, random.normal(size=(6, 10)), random.normal(size=(6, 2)), sample=60)
    assert check.passed, str(check)
    assert check.n_checked == 60
    assert check.n_weights == sum(w.size for w in net.weights)
