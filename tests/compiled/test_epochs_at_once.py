"""Many epochs in one call: the bits of epoch after epoch, with the orders and the sums of Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from running import run_epoch

from chainrule import Network
from chainrule.compiled.evaluation import RowLosses
from chainrule.compiled.kernels import shuffling
from chainrule.compiled.kernels.epochs import N_PARTIALS, exact_sum, train_epochs
from chainrule.compiled.machine.compiler import jit
from chainrule.compiled.trainer import Block, Trainer
from chainrule.equations import RSS, RULES, Descent, Tanh, Uniform
from chainrule.random_streams import Purpose, permutation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

SEED, N = 5, 37
DTYPES = ("float32", "float64")
RATES = np.array([0.1, 0.05, 1e-3, 0.2, 0.025])


# Orders.


@jit  # type: ignore[untyped-decorator]
def _shuffle(order: Any, raw: Any, ends: Any, *stream: Any) -> None:  # noqa: ANN401
    shuffling.shuffle(order, raw, ends, *stream)


@jit  # type: ignore[untyped-decorator]
def _sort(order: Any, raw: Any, ends: Any) -> None:  # noqa: ANN401
    shuffling.sort(order, raw, ends)


seeds = st.integers(0, 2**64 - 1)


@settings(max_examples=300)
@given(st.integers(1, 500), seeds, st.sampled_from(Purpose), seeds)
@example(1, 0, Purpose.SHUFFLE, 0)
@example(20_000, 2**64 - 1, Purpose.SHUFFLE, 2**64 - 1)
def test_orders_are_those_of_random_streams(n: int, seed: int, purpose: Purpose, counter: int) -> None:
    order, raw, ends = np.full(n, -1), np.zeros(n + -n % 4, np.uint64), np.full(n, -1)
    _shuffle(order, raw, ends, np.uint64(seed), np.uint64(purpose), np.uint64(counter))
    assert order.tolist() == permutation(n, seed=seed, purpose=purpose, counter=counter).tolist()


@given(st.lists(st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 1]), min_size=1))
def test_equal_numbers_keep_their_order(raw: list[int]) -> None:
    numbers, order = np.array(raw, np.uint64), np.zeros(len(raw), np.int64)
    _sort(order, numbers, np.zeros(len(raw), np.int64))
    assert order.tolist() == np.argsort(numbers, kind="stable").tolist()


# Sums.


@jit  # type: ignore[untyped-decorator]
def _exact_sum(numbers: Any, partials: Any) -> Any:  # noqa: ANN401
    return exact_sum(numbers, partials)


def _sum(numbers: npt.NDArray[Any]) -> float:
    return float(_exact_sum(numbers, np.zeros(N_PARTIALS)))


@settings(max_examples=300)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64)))
@example([])
@example([1e16, 1.0, 1e-16])  # above half a unit
@example([1e16, 1.0, -1e-16])  # below it
@example([-1e16, -1.0, -1e-16])
@example([1e308, 1.0, -1e308, 1e-300])
@example([2.0**-1074] * 3)
@example([math.ldexp(1.0, k) * (-1) ** k for k in range(-1074, 1023, 40)])  # every partial that there can be
def test_sum_is_rounded_once(numbers: list[float]) -> None:
    try:
        expected = math.fsum(numbers)
    except OverflowError:
        expected = math.nan
    assert _sum(np.array(numbers, np.float64)) == pytest.approx(expected, rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sum_of_losses_is_rounded_once(dtype: str) -> None:
    numbers = np.random.default_rng(1).lognormal(0, 20, 10_000).astype(dtype)
    assert _sum(numbers) == math.fsum(numbers.tolist())


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_sum_with_what_is_not_finite_is_nan(number: float) -> None:
    assert math.isnan(_sum(np.array([1.0, number, 2.0, *[0.1] * 100])))


# Epochs. Sizes and batch that lead to each kernel; 550 goes through the phases in two parts.

REACHES: dict[str, tuple[tuple[int, ...], int, dict[str, Any]]] = {
    "narrow_4": ((3, 4, 2), 1, {}),
    "narrow_8": ((3, 5, 4, 2), 1, {}),
    "narrow_16": ((3, 12, 2), 1, {}),
    "online": ((3, 40, 20, 2), 1, {}),
    "narrow_minibatches": ((3, 5, 2), 16, {}),
    "minibatches": ((3, 40, 20, 2), 16, {}),
    "all samples": ((3, 40, 2), 10**6, {}),
    **{
        f"minibatches, {name}": ((3, 20, 2), 16, {"rule": rule, "l2": 0.01, "clip_norm": 1.0})
        for name, rule in RULES.items()
        if RULES.fact(rule, "engine") is None
    },
}


def _trainer(reach: str, dtype: str, *, output: str = "tanh") -> tuple[Trainer, Callable[[], Any]]:
    """Trainer of random rows, and what makes the rows that it watches."""
    sizes, batch_size, given = REACHES[reach]
    rng = np.random.default_rng(3)
    X = rng.uniform(-1, 1, (N + 9, sizes[0])).astype(dtype)
    Y = rng.uniform(-1, 1, (N + 9, sizes[-1])).astype(dtype)
    net = Network.random(
        sizes, ["tanh"] * (len(sizes) - 2) + [output], seed=1, dtype=dtype, start=Uniform(0.3)
    )
    running = Trainer(
        net.weights, net.activations, net.loss, X[:N], Y[:N], batch_size=batch_size, threads=1, **given
    )
    return running, lambda: running.watch(X[N:], Y[N:], rng.uniform(0.5, 2, 9).astype(dtype))


def _bits(state: tuple[npt.NDArray[Any], npt.NDArray[np.float64]]) -> bytes:
    return b"".join(array.tobytes() for array in state)


def _one_by_one(
    running: Trainer, rates: npt.NDArray[np.float64], *, shuffle: bool = True, first: int = 1
) -> tuple[list[float], list[Any]]:
    """Sums of losses and states of epoch after epoch."""
    losses, states = [], []
    for number, rate in enumerate(rates.tolist(), first):
        order = np.arange(N)
        if shuffle:
            order = permutation(N, seed=SEED, purpose=Purpose.SHUFFLE, counter=number)
        losses.append(run_epoch(running, order, rate=rate, number=number))
        states.append(running.state)
    return losses, states


def _assert_same(block: Block, losses: Sequence[float], states: Sequence[Any]) -> None:
    assert (block.losses / N).tolist() == list(losses)
    assert [_bits(block.state(e)) for e in range(len(block))] == [_bits(state) for state in states]


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reach", REACHES)
def test_bits_of_many_epochs_are_those_of_one_after_the_other(
    reach: str,
    dtype: str,
    shuffle: bool,  # noqa: FBT001 (parametrized)
) -> None:
    expected = _one_by_one(_trainer(reach, dtype)[0], RATES, shuffle=shuffle)
    assert len({_bits(state) for state in expected[1]}) == len(RATES)
    running, watch = _trainer(reach, dtype)
    watched = watch()
    parts = [
        running.epochs(1 + at, RATES[at:stop], seed=SEED if shuffle else None, watched=watched)
        for at, stop in ((0, 2), (2, 3), (3, 5))
    ]
    assert [len(part) for part in parts] == [2, 1, 2]
    for part, at in zip(parts, (0, 2, 3), strict=True):
        stop = at + len(part)
        _assert_same(part, expected[0][at:stop], expected[1][at:stop])
        losses = RowLosses(running._sizes, running._activations, running._loss)
        X, Y, W = watched.samples
        given = X.reshape(len(W), -1), Y.reshape(len(W), -1), W
        found = [
            math.fsum(losses(running.weights_of(state), *given).tolist()) for state in expected[1][at:stop]
        ]
        assert part.watched_losses.tolist() == found
    assert _bits(running.state) == _bits(expected[1][-1])


@pytest.mark.parametrize("dtype", DTYPES)
def test_epochs_in_one_call_and_one_by_one_go_on_from_each_other(dtype: str) -> None:
    expected = _one_by_one(_trainer("minibatches, adam", dtype)[0], RATES[:4])
    running, _ = _trainer("minibatches, adam", dtype)
    running.epochs(1, RATES[:1], seed=SEED)
    losses, states = _one_by_one(running, RATES[1:3], first=2)
    assert losses == expected[0][1:3]
    running.resume(running.weights_of(states[0]), running.rule_of(states[0]))
    _assert_same(running.epochs(3, RATES[2:4], seed=SEED), expected[0][2:], expected[1][2:])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reach", ["narrow_4", "online", "narrow_minibatches", "minibatches"])
def test_block_ends_with_the_epoch_in_which_something_is_not_finite(reach: str, dtype: str) -> None:
    rates = np.array([0.1, 0.1, 1e300, 0.1, 0.1])
    losses, states = _one_by_one(_trainer(reach, dtype, output="identity")[0], rates)
    finite = [
        np.isfinite(loss) and np.isfinite(state[0]).all() for loss, state in zip(losses, states, strict=True)
    ]
    last = finite.index(False)
    running, watch = _trainer(reach, dtype, output="identity")
    block = running.epochs(1, rates, seed=SEED, watched=watch())
    assert len(block) == last + 1 < len(rates)
    assert np.isfinite(block.watched_losses).tolist() == finite[: last + 1]
    assert [np.isfinite(block.state(e)[0]).all() for e in range(last)] == [True] * last


def test_weights_that_are_not_finite_end_a_block_though_the_loss_is() -> None:
    with Trainer(
        [np.array([[0.0, 1.0]])], [Tanh()], RSS(), np.full((1, 1), 1e308), np.ones((1, 1)), batch_size=1
    ) as running:
        block = running.epochs(1, np.full(9, 1.0), seed=SEED)
    assert len(block) == 9  # saturated, nothing moves
    net = Network.random((1, 1), "identity", seed=1)
    with Trainer(
        net.weights, net.activations, net.loss, np.array([[1e200]]), np.array([[1.0]]), batch_size=1
    ) as running:
        block = running.epochs(1, np.full(9, 1e200), seed=SEED)
    assert len(block) == 1
    assert not np.isfinite(block.state(0)[0]).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_block_ends_with_the_epoch_that_reaches_the_goal(dtype: str) -> None:
    rates = np.full(60, 0.05)
    losses, states = _one_by_one(_trainer("narrow_8", dtype)[0], rates)
    goal = losses[30]
    reached = next(e for e, loss in enumerate(losses) if loss <= goal)
    block = _trainer("narrow_8", dtype)[0].epochs(1, rates, seed=SEED, loss_goal=goal)
    assert len(block) == reached + 1 < len(rates)
    _assert_same(block, losses[: reached + 1], states[: reached + 1])
    just_missed = _trainer("narrow_8", dtype)[0].epochs(
        1, rates[: reached + 1], seed=SEED, loss_goal=math.nextafter(goal, 0)
    )
    assert len(just_missed) == reached + 1


def test_states_of_a_block_are_copies() -> None:
    running, _ = _trainer("narrow_4", "float64")
    block = running.epochs(1, RATES[:3], seed=SEED)
    state = block.state(1)
    before = _bits(state)
    running.epochs(4, RATES[:3], seed=SEED)
    assert _bits(block.state(1)) == _bits(state) == before


def test_no_dropout_runs_many_epochs_at_once() -> None:
    net = Network.random((3, 40, 2), seed=1)
    X, Y = np.zeros((64, 3)), np.zeros((64, 2))

    def at_once(**given: Any) -> int:  # noqa: ANN401 (of Trainer)
        with Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=64, **given) as running:
            return running.epochs_at_once()

    assert at_once(threads=1) > 1
    assert at_once(threads=2) > 1
    assert at_once(threads=1, dropout=lambda _epoch, _first, n: np.ones(n * 40)) == 0


@pytest.mark.parametrize("batch_size", [32, 1000])
@pytest.mark.parametrize("goal", [None, 0.7])
def test_several_threads_run_many_epochs_with_the_same_bits(batch_size: int, goal: float | None) -> None:
    rng = np.random.default_rng(1)
    X, Y = rng.standard_normal((1000, 3)), rng.standard_normal((1000, 2))
    net = Network.random((3, 40, 2), ["tanh", "identity"], seed=1)
    found = set()
    for threads in (1, 2, 3):
        given = net.weights, net.activations, net.loss, X, Y
        with Trainer(*given, batch_size=batch_size, threads=threads) as running:
            watched = running.watch(X[:100], Y[:100])
            rates = np.full(9, 0.01)
            block = running.epochs(1, rates, seed=SEED, watched=watched, loss_goal=goal)
            assert len(block) == 9 or goal is not None
            found.add((block.losses.tobytes(), block.watched_losses.tobytes(), _bits(running.state)))
    assert len(found) == 1


def test_as_many_epochs_at_once_as_fit_a_tenth_of_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.compiled.trainer.MOST_STATES", 1 << 30)
    running, watch = _trainer("narrow_4", "float32")
    watched = watch()
    assert running.epochs_at_once(watched) < running.epochs_at_once() <= 4096 // N
    block = running.epochs(1, np.full(1000, 0.01), seed=SEED, watched=watched)
    expected = 0.1 / (block.seconds / len(block))
    assert running.epochs_at_once(watched) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("rule", [Descent(), None])
def test_state_of_so_large_a_network_that_few_are_kept(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    monkeypatch.setattr("chainrule.compiled.trainer.MOST_STATES", 1000)
    net = Network.random((3, 40, 2), seed=1)
    X, Y = np.zeros((8, 3)), np.zeros((8, 2))
    with Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=8, rule=rule) as running:
        assert running.epochs_at_once() == 1000 // len(running.state[0])


def test_epochs_that_take_long_are_run_one_by_one() -> None:
    net = Network.random((3, 4, 2), seed=1)
    for n, at_once in ((4096 // 64, 64), (4096 // 64 + 1, 0)):
        X, Y = np.zeros((n, 3)), np.zeros((n, 2))
        with Trainer(net.weights, net.activations, net.loss, X, Y, batch_size=1) as running:
            assert running.epochs_at_once() == at_once


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("reach", REACHES)
def test_nothing_that_was_not_finite_is_left_where_a_state_is_restored(reach: str, dtype: str) -> None:
    losses, states = _one_by_one(_trainer(reach, dtype, output="identity")[0], RATES[:3])
    running, _ = _trainer(reach, dtype, output="identity")
    block = running.epochs(1, np.array([RATES[0], *[1e300] * 9]), seed=SEED)
    if "irprop" not in reach:  # which takes no rate
        assert not np.isfinite(block.state(len(block) - 1)[0]).all()
    running.restore(block.state(0))
    assert _bits(running.state) == _bits(states[0])
    _assert_same(running.epochs(2, RATES[1:3], seed=SEED), losses[1:], states[1:])


def test_a_kernel_is_at_hand_once_it_is_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dtype = np.dtype("float64")
    train_epochs.of(dtype)
    assert train_epochs.is_at_hand(dtype)
    monkeypatch.setattr(train_epochs, "_ready", set())
    assert train_epochs.is_at_hand(dtype)  # on the disk
    monkeypatch.setattr("chainrule.compiled.machine.cache.folder", lambda: tmp_path)
    assert not train_epochs.is_at_hand(dtype)
