"""The updates themselves: an example worked by hand, a plain loop, and PyTorch's descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import Network, train
from chainrule.random_streams import Purpose, permutation
from chainrule.training import ENGINES, Settings
from chainrule.training.engines import loss_over_rows
from chainrule.training.engines.reference import ReferenceEngine
from chainrule.training.task import Rows, Task

if TYPE_CHECKING:
    import numpy.typing as npt

# Targets drawn by chance are not learnt well, and need not be.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

X_BY_HAND, Y_BY_HAND = [[0.05, 0.10]], [[0.01, 0.99]]


def _by_hand() -> Network:
    return Network([[[0.35, 0.15, 0.20], [0.35, 0.25, 0.30]], [[0.60, 0.40, 0.45], [0.60, 0.50, 0.55]]])


def test_outputs_and_loss_of_the_example_worked_by_hand() -> None:
    net = _by_hand()
    np.testing.assert_allclose(net(X_BY_HAND), [[0.7513650695523157, 0.7729284653214625]], rtol=0, atol=1e-15)
    result = train(net, X_BY_HAND, Y_BY_HAND, rate=0.5, epochs=1, engine="reference")
    assert result.history.loss_before == pytest.approx(0.2983711087600027, rel=0, abs=1e-15)
    assert result.history.loss == pytest.approx([0.2983711087600027], rel=0, abs=1e-15)
    assert result.history.loss_after == pytest.approx(0.28047144679143016, rel=0, abs=1e-15)


def test_one_update_of_the_example_worked_by_hand() -> None:
    w1, w2 = train(_by_hand(), X_BY_HAND, Y_BY_HAND, rate=0.5, epochs=1, engine="reference").network.weights
    np.testing.assert_allclose(
        w1,
        [
            [0.3456143226552565, 0.1497807161327628, 0.19956143226552567],
            [0.3450228726473914, 0.24975114363236958, 0.29950228726473915],
        ],
        rtol=0,
        atol=1e-15,
    )
    np.testing.assert_allclose(
        w2,
        [
            [0.5307507191857215, 0.35891647971788465, 0.4086661860762334],
            [0.6190491182582781, 0.5113012702387375, 0.5613701211079891],
        ],
        rtol=0,
        atol=1e-15,
    )


def _plain_g(name: str, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name == "identity":
        return z
    a: npt.NDArray[Any] = np.tanh(z) if name == "tanh" else 1 / (1 + np.exp(-z))
    return a


def _plain_slope(name: str, a: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if name == "identity":
        return np.ones_like(a)
    slope: npt.NDArray[Any] = 1 - a**2 if name == "tanh" else a * (1 - a)
    return slope


def _plain_update(
    weights: list[npt.NDArray[Any]], names: list[str], X: npt.NDArray[Any], Y: npt.NDArray[Any], rate: float
) -> None:
    """The notes' update, sample by sample and weight matrix by weight matrix, in place."""
    moves = [np.zeros_like(w) for w in weights]
    for x, y in zip(X, Y, strict=True):
        a = [x]
        for w, name in zip(weights, names, strict=True):
            a.append(_plain_g(name, w[:, 0] + w[:, 1:] @ a[-1]))
        error = y - a[-1]
        for m in reversed(range(len(weights))):
            delta = error * _plain_slope(names[m], a[m + 1])
            moves[m] += np.outer(delta, np.concatenate([[1.0], a[m]]))
            error = weights[m][:, 1:].T @ delta
    for w, move in zip(weights, moves, strict=True):
        w[:] = w + rate * move / len(X)


def _orders(n: int, seed: int, epochs: int) -> list[npt.NDArray[np.intp]]:
    return [permutation(n, seed=seed, purpose=Purpose.SHUFFLE, counter=e) for e in range(1, epochs + 1)]


def _case(sizes: list[int], n: int, seed: int) -> tuple[Network, npt.NDArray[Any], npt.NDArray[Any]]:
    random = np.random.default_rng(seed)
    names = [str(name) for name in random.choice(["identity", "logistic", "tanh"], len(sizes) - 1)]
    net = Network.random(sizes, names, seed=seed)
    return net, random.uniform(-1, 1, (n, sizes[0])), random.uniform(-1, 1, (n, sizes[-1]))


shapes = st.lists(st.integers(1, 4), min_size=2, max_size=6)


def _assert_same_weights(net: Network, expected: list[npt.NDArray[Any]]) -> None:
    for w, e in zip(net.weights, expected, strict=True):
        # Some 50 updates, each good to a few ulp of weights that are about 1.
        np.testing.assert_allclose(w, e, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("engine", ENGINES)
@given(sizes=shapes, n=st.integers(1, 9), batch_size=st.integers(1, 12), seed=st.integers(0, 10**6))
def test_training_is_the_plain_loop(
    engine: str, sizes: list[int], n: int, batch_size: int, seed: int
) -> None:
    net, X, Y = _case(sizes, n, seed)
    epochs = 4
    expected = [w.copy() for w in net.weights]
    for order in _orders(n, seed, epochs):
        for first in range(0, n, batch_size):
            rows = order[first : first + batch_size]
            _plain_update(expected, [g.name for g in net.activations], X[rows], Y[rows], 0.3)
    result = train(net, X, Y, rate=0.3, epochs=epochs, batch_size=batch_size, seed=seed, engine=engine)
    _assert_same_weights(result.network, expected)


N_SAMPLES = 20
BATCHES = [1, 2, 7, N_SAMPLES, N_SAMPLES + 5]


@pytest.mark.oracle
@pytest.mark.parametrize("batch_size", BATCHES)
@pytest.mark.parametrize("sizes", [[3, 2], [2, 3, 1], [4, 5, 3, 5], [3, 4, 4, 4, 4, 2]])
def test_fifty_updates_are_those_of_pytorch(sizes: list[int], batch_size: int) -> None:
    torch: Any = pytest.importorskip("torch")
    updates_an_epoch = -(-N_SAMPLES // batch_size)
    epochs = -(-50 // updates_an_epoch)
    net, X, Y = _case(sizes, N_SAMPLES, seed=sum(sizes))
    functions = {"identity": lambda z: z, "logistic": torch.sigmoid, "tanh": torch.tanh}
    weights = [torch.tensor(w, requires_grad=True) for w in net.weights]
    rule = torch.optim.SGD(weights, lr=0.3)
    for order in _orders(N_SAMPLES, 11, epochs):
        for rows in torch.from_numpy(order).split(batch_size):
            a = torch.from_numpy(X)[rows]
            for w, g in zip(weights, net.activations, strict=True):
                a = functions[g.name](torch.nn.functional.linear(a, w[:, 1:], w[:, 0]))
            rule.zero_grad()
            (((torch.from_numpy(Y)[rows] - a) ** 2).sum() / 2 / len(rows)).backward()
            rule.step()

    result = train(net, X, Y, rate=0.3, epochs=epochs, batch_size=batch_size, seed=11, engine="reference")
    _assert_same_weights(result.network, [w.detach().numpy() for w in weights])


@pytest.mark.parametrize("batch_size", BATCHES)
@pytest.mark.parametrize("shuffle", [True, False])
def test_an_epoch_takes_every_sample_once_the_last_smaller_batch_too(
    monkeypatch: pytest.MonkeyPatch, *, batch_size: int, shuffle: bool
) -> None:
    seen: list[list[float]] = []
    step = ReferenceEngine._step

    def noted(engine: Any, rows: Any, *given: Any) -> float:  # noqa: ANN401 (handed through)
        seen.append(rows.tolist())
        return step(engine, rows, *given)

    monkeypatch.setattr(ReferenceEngine, "_step", noted)
    X = np.arange(N_SAMPLES, dtype=float)[:, np.newaxis]
    settings: dict[str, Any] = {"rate": 1e-9, "epochs": 2, "batch_size": batch_size, "shuffle": shuffle}
    train(Network.random((1, 1)), X, 10 * X, seed=5, engine="reference", **settings)
    whole, rest = divmod(N_SAMPLES, batch_size)
    assert [len(rows) for rows in seen] == 2 * ([batch_size] * whole + [rest] * (rest > 0))
    orders = _orders(N_SAMPLES, 5, 2) if shuffle else [np.arange(N_SAMPLES)] * 2
    assert [row for rows in seen for row in rows] == np.concatenate(orders).tolist()


def _engine(net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> ReferenceEngine:
    return ReferenceEngine(Task(net, Rows(X, Y)), Settings(rate=0.5, epochs=1))


@pytest.mark.parametrize("n", [1, 4095, 4096, 4097, 9000])
def test_loss_over_a_table_is_the_mean_over_all_its_rows(n: int) -> None:
    net, X, Y = _case([3, 2], n, seed=1)
    expected = (0.5 * ((Y - net.forward(X).a[-1]) ** 2).sum(axis=1)).mean()
    assert loss_over_rows(_engine(net, X, Y), net.weights, Rows(X, Y)) == pytest.approx(expected, rel=1e-12)


def test_loss_over_a_table_of_float32_is_added_up_in_float64() -> None:
    # 20,000 losses of 0.005: a sum in float32, row by row, would be off in the fourth digit
    net = Network([np.zeros((1, 2), dtype=np.float32)], "identity")
    X, Y = np.zeros((20_000, 1), dtype=np.float32), np.full((20_000, 1), 0.1, dtype=np.float32)
    loss = loss_over_rows(_engine(net, X, Y), net.weights, Rows(X, Y))
    assert isinstance(loss, float)
    assert loss == float(np.float32(0.1) ** 2 / 2)


def test_an_epoch_does_not_touch_the_weights_it_starts_from() -> None:
    net, X, Y = _case([2, 3, 1], 4, seed=2)
    before = [w.copy() for w in net.weights]
    engine = _engine(net, X, Y)
    start = engine.weights_of(engine.state)
    assert [samples for samples, _ in engine.epoch(np.arange(4), rate=0.5, number=1)] == [1, 2, 3, 4]
    after = engine.weights_of(engine.state)
    for w, b, s, a in zip(net.weights, before, start, after, strict=True):
        np.testing.assert_array_equal(w, b)
        np.testing.assert_array_equal(s, b)
        assert not np.array_equal(w, a)


def _slopes(
    weights: list[npt.NDArray[Any]],
    X: npt.NDArray[Any],
    Y: npt.NDArray[Any],
    share: npt.NDArray[Any],
) -> list[npt.NDArray[Any]]:
    """Gradient of the mean weighted loss of tanh and identity units, with both penalties."""
    w1, w2 = weights
    ones = np.ones((len(X), 1))
    hidden = np.tanh(np.hstack([ones, X]) @ w1.T)
    delta = (np.hstack([ones, hidden]) @ w2.T - Y) * share[:, np.newaxis]
    hidden_delta = delta @ w2[:, 1:] * (1 - hidden**2)
    slopes = [
        hidden_delta.T @ np.hstack([ones, X]) / len(X),
        delta.T @ np.hstack([ones, hidden]) / len(X),
    ]
    for slope, w in zip(slopes, weights, strict=True):
        slope[:, 1:] += 0.002 * np.sign(w[:, 1:]) + 0.01 * w[:, 1:]
    return slopes


def _losses(weights: list[npt.NDArray[Any]], X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    ones = np.ones((len(X), 1))
    outputs = np.hstack([ones, np.tanh(np.hstack([ones, X]) @ weights[0].T)]) @ weights[1].T
    losses: npt.NDArray[Any] = ((Y - outputs) ** 2).sum(axis=1) / 2
    return losses


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [1, 6, 20, 50])
@pytest.mark.parametrize("hidden", [3, 21])
@pytest.mark.parametrize("rule", ["momentum", "classical_momentum", "adam"])
def test_loop_with_momentum_and_adam_is_a_few_lines_of_numpy(
    rule: str, hidden: int, batch_size: int, engine: str
) -> None:
    random = np.random.default_rng(3)
    n, epochs, rate = 50, 5, 0.02
    X, Y, weight = random.uniform(-1, 1, (n, 3)), random.uniform(-1, 1, (n, 2)), random.uniform(0.1, 4, n)
    net = Network.random((3, hidden, 2), ["tanh", "identity"], seed=6)
    result = train(
        net, X, Y, rate=rate, epochs=epochs, batch_size=batch_size, seed=12, rule=rule,
        schedule="exponential:0.9", l1=0.002, l2=0.01, sample_weight=weight, engine=engine,
    )  # fmt: skip

    weights, share, step, losses = list(net.weights), weight / weight.mean(), 0, []
    first, second = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for epoch, order in enumerate(_orders(n, 12, epochs)):
        eta, met = rate * 0.9**epoch, 0.0
        for at in range(0, n, batch_size):
            rows, step = order[at : at + batch_size], step + 1
            met += (_losses(weights, X[rows], Y[rows]) * share[rows]).sum()
            slopes = _slopes(weights, X[rows], Y[rows], share[rows])
            if rule == "momentum":
                first = [0.9 * v + g for v, g in zip(first, slopes, strict=True)]
                moves = first
            elif rule == "classical_momentum":
                first = [0.9 * v - eta * g for v, g in zip(first, slopes, strict=True)]
                moves = [-v / eta for v in first]
            else:
                first = [0.9 * m + 0.1 * g for m, g in zip(first, slopes, strict=True)]
                second = [0.999 * s + 0.001 * g**2 for s, g in zip(second, slopes, strict=True)]
                moves = [
                    m / (1 - 0.9**step) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8)
                    for m, s in zip(first, second, strict=True)
                ]
            weights = [w - eta * move for w, move in zip(weights, moves, strict=True)]
        losses.append(met / n)
    assert result.history.loss == pytest.approx(losses, rel=1e-10)
    for w, expected in zip(result.network.weights, weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-11)
