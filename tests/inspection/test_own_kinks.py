"""Units and losses of a user's own that are made of pieces: right ones pass, and a wrong piece is found."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule import InputError, Network, check_gradients, train


@dataclass(frozen=True)
class Pieces:
    """A continuous unit of straight pieces, with an error of one slope in back-propagation alone."""

    knots: tuple[float, ...]
    slopes: tuple[float, ...]
    wrong_piece: int = -1
    error: float = 0.0
    name = "pieces"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        a = self.slopes[0] * z
        for knot, before, after in zip(self.knots, self.slopes, self.slopes[1:], strict=False):
            a = a + (after - before) * np.maximum(z - knot, 0)
        return a

    def piece(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return np.searchsorted(self.knots, z, side="left")

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        piece = self.piece(z)
        return (np.asarray(self.slopes)[piece] + self.error * (piece == self.wrong_piece)) * upstream


@dataclass(frozen=True)
class Softsign:
    """Softsign by hand: its second derivative jumps at 0."""

    error: float = 0.0
    name = "softsign_by_hand"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return z / (1 + np.abs(z))

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        return (1 + self.error * (z < 0)) / (1 + np.abs(z)) ** 2 * upstream


@dataclass(frozen=True)
class Hinge:
    """A loss of one's own with a kink: what the residual is beyond a margin."""

    margin: float = 0.25
    name = "margin_loss"

    def values(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return np.maximum(np.abs(y - a) - self.margin, 0)

    def slopes(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return np.where(np.abs(y - a) > self.margin, np.sign(y - a), 0)


UNITS: dict[str, Any] = {
    "relu": Pieces((0.0,), (0.0, 1.0)),
    "leaky": Pieces((0.0,), (0.01, 1.0)),
    "relu6": Pieces((0.0, 6.0), (0.0, 1.0, 0.0)),
    "narrow relu6": Pieces((0.0, 0.3), (0.0, 1.0, 0.0)),
    "hard sigmoid": Pieces((-3.0, 3.0), (0.0, 1 / 6, 0.0)),
    "clipped": Pieces((-1.0, 1.0), (0.0, 1.0, 0.0)),
    "size": Pieces((0.0,), (-1.0, 1.0)),
    "stairs": Pieces((-0.5, -0.499, 0.2, 0.201), (0.5, 2.0, 0.1, 1.5, 0.7)),
    "softsign": Softsign(),
}
LOSSES: list[Any] = ["rss", "huber:0.3", "absolute", "quantile:0.8", Hinge()]


def _case(seed: int) -> tuple[str, Any, dict[str, Any]]:
    """Name of a unit, loss and what else is settled by a number; every kind comes up."""
    random = np.random.default_rng([seed, 17])
    name = sorted(UNITS)[seed % len(UNITS)]
    sizes = [int(n) for n in random.integers(1, 7, size=random.integers(2, 5))]
    rows = int(random.choice([1, 3, 20, 200]))
    X, Y = random.normal(size=(rows, sizes[0])), random.normal(size=(rows, sizes[-1]))
    if seed % 3 == 0:
        X[0] = 0  # with bias weights of 0 every unit is at its kink
    shapes = [(n_out, 1 + n_in) for n_in, n_out in itertools.pairwise(sizes)]
    more = {
        "sample_weight": random.random(rows) if seed % 4 == 1 else None,
        "l1": 0.01 if seed % 5 == 2 else 0.0,
        "l2": 0.1 if seed % 5 == 3 else 0.0,
        "masks": [random.random(shape) < 0.7 for shape in shapes] if seed % 7 == 2 else None,
    }
    scale = float(random.choice([0.1, 1.0, 3.0]))
    start = "glorot_uniform" if seed % 3 == 0 else "uniform"
    return name, LOSSES[seed % len(LOSSES)], {
        "sizes": sizes, "seed": seed, "X": X, "Y": Y, "more": more, "scale": scale, "start": start,
    }  # fmt: skip


def _net(unit: Any, loss: Any, case: dict[str, Any]) -> Network:  # noqa: ANN401
    activations = [unit] * (len(case["sizes"]) - 2) + ["identity"]
    net = Network.random(case["sizes"], activations, loss, seed=case["seed"], start=case["start"])
    masks = case["more"]["masks"] or [1.0] * len(net.weights)
    return net.with_weights([case["scale"] * w * mask for w, mask in zip(net.weights, masks, strict=True)])


def _trained(net: Network, case: dict[str, Any]) -> Network:
    settings: dict[str, Any] = {"rate": 0.02, "epochs": 15, "batch_size": 4, "engine": "reference"}
    return train(net, case["X"], case["Y"], **settings).network


def _check(unit: Any, loss: Any, case: dict[str, Any], *, trained: bool = False) -> Any:  # noqa: ANN401
    net = _net(unit, loss, case)
    return check_gradients(_trained(net, case) if trained else net, case["X"], case["Y"], **case["more"])


def _reached(unit: Any, net: Network, X: Any) -> list[int]:  # noqa: ANN401
    """Pieces that some sample reaches in a unit whose delta is not 0."""
    passed = net.forward(X)
    return sorted({int(piece) for z in passed.z[:-1] for piece in np.unique(unit.piece(z))})


# Each unit four times; what a quick case leaves to the next of its unit, the slow one does as well.
QUICK, ALL = range(36), range(200)
each_case = pytest.mark.parametrize(
    ("seed", "every"),
    [
        *((seed, False) for seed in QUICK),
        *(pytest.param(seed, True, marks=pytest.mark.slow) for seed in ALL),
    ],
)


@each_case
@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
def test_right_ones_pass_before_and_after_training(seed: int, *, every: bool) -> None:
    name, loss, case = _case(seed)
    for trained in (False, True) if every else (seed // len(UNITS) % 2 == 1,):
        check = _check(UNITS[name], loss, case, trained=trained)
        assert check.passed, str(check)


@each_case
def test_a_wrong_slope_of_a_piece_that_is_reached_is_found(seed: int, *, every: bool) -> None:
    name, loss, case = _case(seed)
    case["sizes"] = [case["sizes"][0], 4, *case["sizes"][-1:]]
    case["scale"], case["more"]["masks"] = 1.0, None
    unit = UNITS[name]
    if isinstance(unit, Softsign):
        wrong: list[Any] = [Softsign(error=1e-3)]
    else:
        net, case["X"] = _net(unit, loss, case), case["X"] + 0.01
        wrong = [Pieces(unit.knots, unit.slopes, piece, 1e-3) for piece in _reached(unit, net, case["X"])]
    for one in wrong if every else wrong[seed // len(UNITS) % len(wrong) :][:1]:
        exact, moved = _net(unit, loss, case), _net(one, loss, case)
        if _gradients_differ(exact, moved, case):
            assert not _check(one, loss, case).passed, one


def _gradients_differ(exact: Network, moved: Network, case: dict[str, Any]) -> bool:
    """Whether the error reaches a gradient at all: behind a dead unit, or a flat loss, it is nothing."""
    from chainrule.network import backward, gradients  # noqa: PLC0415 (the passes, to see what they give)

    found = []
    for net in (exact, moved):
        passed = net.forward(case["X"])
        deltas = backward(net.weights, net.activations, net.loss, passed, case["Y"])
        found.append(gradients(net.weights, case["X"], passed, deltas))
    largest = max(float(np.abs(g).max()) for g in found[0])
    return any(np.abs(a - b).max() > 1e-6 * largest for a, b in zip(*found, strict=True))


def test_at_a_kink_anything_between_both_slopes_is_right() -> None:
    X, Y = np.array([[0.0, 0.0]]), np.array([[1.0]])
    for slope in (-0.5, 0.0, 0.3, 1.0, 1.5):
        unit: Any = Pieces((0.0,), (0.0, 1.0), 0, slope)  # at the knot the lower piece counts
        net = Network([[[0.0, 0.5, 0.25]], [[0.0, 1.0]]], [unit, "identity"])
        assert check_gradients(net, X, Y).passed == (0 <= slope <= 1), slope


@pytest.mark.parametrize("error", [1e-3, -1e-3])
@pytest.mark.parametrize("loss", ["rss", "absolute", Hinge(0.25)], ids=["rss", "absolute", "own"])
def test_one_sample_at_a_kink_excuses_no_other(loss: Any, error: float) -> None:  # noqa: ANN401
    """Neither of the unit, at 1 and at -1, nor of the loss, in the last row."""
    X = np.array([[1.0], [-1.0], [0.5], [0.25], [-0.75], [0.125]])
    net = Network([[[0.0, 1.0]], [[0.0, 1.0]]], [UNITS["clipped"], "identity"], loss)
    Y = np.array([[0.0], [0.0], [3.0], [2.0], [1.0], [0.125]])
    assert check_gradients(net, X, Y).passed
    piece: Any = Pieces((-1.0, 1.0), (0.0, 1.0, 0.0), 1, error)
    wrong = Network(net.weights, [piece, "identity"], loss)
    assert not check_gradients(wrong, X[1:], Y[1:]).passed
    assert not check_gradients(wrong, X, Y).passed


@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_right_slopes_at_kinks_of_samples_that_cancel(slope: float) -> None:
    """The objective is smooth: relu(w) - relu(-w) is w, whatever both units' slopes at 0 come to."""
    unit: Any = Pieces((0.0,), (0.0, 1.0), 0, slope)
    net = Network([[[0.0, 0.0]], [[0.0, 1.0]]], [unit, "identity"])
    assert check_gradients(net, [[1.0], [-1.0]], [[1.0], [-1.0]]).passed


@pytest.mark.parametrize(
    ("slope", "is_right"), [(0.01, True), (0.5, True), (1.0, True), (1.2, False), (0, False)]
)
def test_right_slopes_at_kinks_of_layers_that_cancel(slope: float, *, is_right: bool) -> None:
    """Both sides have the slope -0.01, and back-propagation minus the square of the slope at 0."""
    unit: Any = Pieces((0.0,), (0.01, 1.0), 0, slope - 0.01)
    net = Network([[[0.0, 1.0]], [[0.0, -1.0]], [[0.0, 1.0]]], [unit, unit, "identity"])
    assert check_gradients(net, [[0.0]], [[1.0]]).passed == is_right


@pytest.mark.parametrize("error", [1e-3, -1e-3])
def test_kinks_of_several_layers_excuse_no_other_sample(error: float) -> None:
    X, Y = np.array([[0.0, 0.0], [0.5, 1.0], [-1.0, 0.25]]), np.ones((3, 1))
    weights = [[[0.0, 1.0, 0.5], [0.0, -1.0, 2.0]], [[0.0, 1.0, 1.0]], [[0.0, 2.0]]]
    assert check_gradients(Network(weights, [UNITS["size"]] * 2 + ["identity"]), X, Y).passed
    wrong: Any = Pieces((0.0,), (-1.0, 1.0), 1, error)
    assert not check_gradients(Network(weights, [wrong, wrong, "identity"]), X, Y).passed


@pytest.mark.parametrize("error", [1e-3, -1e-3])
def test_a_kink_behind_a_dead_unit_excuses_not_its_slope(error: float) -> None:
    """The first unit is far below its kink and the second at it: rounding explains nothing of the first's."""
    weights = [[[-1.0, 0.5]], [[0.0, 1.0]], [[0.0, 1.0]]]
    first, wrong = Pieces((0.0,), (0.0, 1.0)), Pieces((0.0,), (0.0, 1.0), 0, error)
    second: Any = Pieces((-1.0, 0.0), (1.0, 1.0, 0.0))
    for unit, is_right in ((first, True), (wrong, False)):
        one: Any = unit
        assert (
            check_gradients(Network(weights, [one, second, "identity"]), [[0.3]], [[1.0]]).passed is is_right
        )


@pytest.mark.parametrize("seed", [2, 3, 6, 7])
def test_where_the_curvature_jumps(seed: int) -> None:
    """Over the jump, the combination of one step and two is wrong by most of what parts them."""
    random, unit = np.random.default_rng(seed), Softsign()
    activations: list[Any] = [unit, unit, "identity"]
    net = Network.random((3, 2, 4, 3), activations, ("absolute", "huber:0.5")[seed % 2], seed=seed)
    X = 10 * random.normal(size=(30, 3))
    X[0], X[1:15] = 0, 1e-3 * X[1:15]
    check = check_gradients(net.with_weights([100 * w for w in net.weights]), X, random.normal(size=(30, 3)))
    assert check.passed, str(check)


@pytest.mark.parametrize("residual", [1.0, 1e-3, 1e-5])
def test_a_wrong_slope_is_found_near_a_minimum(residual: float) -> None:
    random = np.random.default_rng(2)
    right: Any = Softsign()
    wrong: Any = Softsign(error=1e-3)
    net, X = (
        Network.random((3, 4, 2), [right, "identity"], start="uniform", seed=2),
        random.normal(size=(9, 3)),
    )
    Y = net(X) + residual * random.normal(size=(9, 2))
    assert check_gradients(net, X, Y).passed
    assert not check_gradients(Network(net.weights, [wrong, "identity"]), X, Y).passed


class Largest:
    """A unit that mixes its layer: what is largest stays, and is added to all."""

    name = "largest"

    def __init__(self, error: float = 0.0) -> None:
        self.error = error

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        largest = np.max(z, axis=1, keepdims=True)
        return 0.1 * z + 0.3 * largest

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        slopes, rows = 0.1 * upstream, np.arange(len(z))
        slopes[rows, np.argmax(z, axis=1)] += (0.3 + self.error) * upstream.sum(axis=1)
        return slopes


class SoftmaxByHand:
    """Softmax, of which the check knows nothing."""

    name = "softmax_by_hand"

    def __init__(self, error: float = 0.0) -> None:
        self.error = error

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        powers = np.exp(z - np.max(z, axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        return a * (upstream - (1 + self.error) * (a * upstream).sum(axis=1, keepdims=True))


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", [Largest, SoftmaxByHand])
def test_units_that_mix_their_layer(kind: type, seed: int, *, every: bool) -> None:
    random = np.random.default_rng(seed)
    X, scale = random.normal(size=((1, 5, 40)[seed % 3], 2)), (0.01, 1.0, 10.0, 100.0)[seed % 4]
    if seed % 2:
        X[0] = 0  # all net inputs are the largest
    right, wrong = (
        Network.random((2, 3, 4, 2), [unit, unit, "identity"], seed=seed) for unit in (kind(), kind(1e-3))
    )
    weights = [scale * w for w in right.weights]
    residuals = (0.0, 1e-5, 1.0)  # each with every number of samples and with every scale
    for residual in residuals if every else residuals[seed // 4 :][:1]:
        Y = right.with_weights(weights)(X) + residual * random.normal(size=(len(X), 2))
        check = check_gradients(right.with_weights(weights), X, Y)
        assert check.passed, str(check)
    Y = right.with_weights(weights)(X) + random.normal(size=(len(X), 2))
    found = check_gradients(wrong.with_weights([2 * w + 0.1 for w in right.weights]), X, Y)
    assert not found.passed


def test_one_wrong_sample_of_two_hundred_is_found() -> None:
    X = np.linspace(-1, 0.999, 200)[:, np.newaxis]
    unit: Any = Pieces((0.0, 0.99), (0.1, 1.0, 0.5), 2, 1e-3)
    exact: Any = Pieces(unit.knots, unit.slopes)
    net = Network([[[0.0, 1.0]], [[0.0, 1.0]]], [unit, "identity"])
    assert (unit.piece(X) == 2).sum() == 1
    assert check_gradients(net.with_weights(net.weights), X, -X).passed is False
    right = Network(net.weights, [exact, "identity"])
    assert check_gradients(right, X, -X).passed


def test_training_refuses_the_wrong_one_and_takes_the_right_one() -> None:
    X, Y = np.linspace(-1, 1, 12)[:, np.newaxis], np.ones((12, 1))
    wrong = Pieces((0.0, 6.0), (0.0, 1.0, 0.0), 1, 1e-3)
    cases: list[tuple[Any, bool]] = [(UNITS["relu6"], True), (wrong, False)]
    for unit, is_right in cases:
        net = Network([[[0.0, 1.0], [0.1, -1.0]], [[0.0, 1.0, 0.5]]], [unit, "identity"])
        if is_right:
            assert train(net, X, Y, rate=0.1, epochs=3, engine="reference").history.epochs
        else:
            with pytest.raises(InputError, match="gradient of the network is wrong"):
                train(net, X, Y, rate=0.1, epochs=3, engine="reference")
