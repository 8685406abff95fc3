"""Callbacks: when they are called, what they can read, and how they end a training."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from disturbances import Clock

from chainrule import InputError, Network, train
from chainrule.training import ENGINES, StoppedBy

if TYPE_CHECKING:
    from chainrule.training import Progress

each_engine = pytest.mark.parametrize("engine", ENGINES)

# A few epochs on numbers drawn by chance: how well they went is not what is tested.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(4)
X, Y = RANDOM.uniform(-1, 1, (11, 2)), RANDOM.uniform(-1, 1, (11, 1))
START = Network.random((2, 3, 1), ["tanh", "identity"], seed=2)
BATCH, STEPS = 4, 3  # batches of 4, 4 and 3


def _train(**settings: Any) -> Any:  # noqa: ANN401 (handed through)
    return train(START, X, Y, **{"rate": 0.1, "epochs": 4, "batch_size": BATCH, **settings})


def _bits(net: Network) -> bytes:
    return b"".join(w.tobytes() for w in net.weights)


@each_engine
def test_events_come_in_order_and_say_where_the_training_stands(engine: str) -> None:
    seen: list[tuple[Any, ...]] = []

    def on_step(progress: Progress) -> None:
        seen.append(("step", progress.steps, progress.samples, len(progress.epochs)))
        assert (progress.n_epochs, progress.n_samples) == (2, 11)

    def on_epoch(progress: Progress) -> None:
        seen.append(("epoch", progress.steps, progress.samples, len(progress.epochs)))
        assert progress.epoch.number == len(progress.epochs)

    _train(epochs=2, on_step=on_step, on_epoch=on_epoch, engine=engine)
    assert seen == [
        ("step", 1, 4, 0), ("step", 2, 8, 0), ("step", 3, 11, 0), ("epoch", 3, 0, 1),
        ("step", 4, 4, 1), ("step", 5, 8, 1), ("step", 6, 11, 1), ("epoch", 6, 0, 2),
    ]  # fmt: skip


@each_engine
@pytest.mark.parametrize("rule", ["descent", "adam"])
@pytest.mark.parametrize("batch_size", [1, 2, 4, 11, 20])
def test_watching_every_step_changes_no_bit(batch_size: int, rule: str, engine: str) -> None:
    given: dict[str, Any] = {"engine": engine, "batch_size": batch_size, "rule": rule}
    alone, watched = _train(**given), _train(**given, on_step=lambda progress: progress.network)
    assert _bits(alone.network) == _bits(watched.network)
    assert alone.history.loss == watched.history.loss


@each_engine
def test_the_network_is_the_one_after_each_step(engine: str) -> None:
    networks: list[Network] = []
    _train(epochs=1, shuffle=False, on_step=lambda p: networks.append(p.network), engine=engine)
    net = START
    for first, found in zip((0, 4, 8), networks, strict=True):
        rows = slice(first, first + BATCH)
        net = train(
            net, X[rows], Y[rows], rate=0.1, epochs=1, batch_size=4, shuffle=False, engine=engine
        ).network
        for w, same in zip(found.weights, net.weights, strict=True):
            np.testing.assert_allclose(w, same, rtol=0, atol=1e-15)


@each_engine
def test_after_an_epoch_network_and_state_are_those_of_that_epoch(engine: str) -> None:
    kept: list[Any] = []
    result = _train(on_epoch=lambda p: kept.append((p.network, p.state)), engine=engine)
    for n, (net, state) in enumerate(kept, 1):
        expected = _train(epochs=n, engine=engine)
        assert _bits(net) == _bits(state.network) == _bits(expected.network)
        assert state.epochs == result.history.epochs[:n]


@each_engine
def test_inside_an_epoch_the_state_is_that_of_the_last_completed_one(engine: str) -> None:
    def look(progress: Progress) -> None:
        if progress.steps == 2 * STEPS + 2:
            kept.append((progress.network, progress.state))

    kept: list[Any] = []
    _train(on_step=look, engine=engine)
    [(now, state)] = kept
    assert _bits(state.network) == _bits(_train(epochs=2, engine=engine).network) != _bits(now)
    assert len(state.epochs) == 2


@each_engine
@pytest.mark.parametrize("stops_at", [1, 2, 3, 4, 7, 12])
def test_stop_in_a_step_ends_there_and_drops_the_epoch_under_way(stops_at: int, engine: str) -> None:
    def stop(progress: Progress) -> None:
        steps.append(progress.steps)
        if progress.steps == stops_at:
            progress.stop()

    steps: list[int] = []
    result = _train(on_step=stop, engine=engine)
    assert steps == list(range(1, stops_at + 1))
    assert result.stopped_by == StoppedBy.CALLBACK
    n_epochs = (stops_at - 1) // STEPS  # after its last step an epoch is not yet completed
    assert len(result.history.epochs) == n_epochs
    expected = _train(epochs=n_epochs, engine=engine).network if n_epochs else START
    assert _bits(result.network) == _bits(expected)


@each_engine
@pytest.mark.parametrize("stops_at", [1, 3])
def test_stop_after_an_epoch_keeps_that_epoch(stops_at: int, engine: str) -> None:
    def stop(progress: Progress) -> None:
        if progress.epoch.number == stops_at:
            progress.stop()

    result = _train(on_epoch=stop, engine=engine)
    expected = _train(epochs=stops_at, engine=engine)
    assert result.stopped_by == StoppedBy.CALLBACK
    assert _bits(result.network) == _bits(expected.network)
    assert result.history.loss == expected.history.loss
    assert result.history.loss_after == expected.history.loss_after


def test_a_loss_goal_reached_in_the_epoch_of_a_stop_is_named() -> None:
    assert _train(on_epoch=lambda p: p.stop(), loss_goal=1e9).stopped_by == StoppedBy.LOSS_GOAL


@each_engine
@pytest.mark.parametrize(("every", "calls"), [(1, 12), (2, 6), (3, 4), (5, 2), (100, 0)])
def test_on_time_is_called_every_so_many_seconds(
    monkeypatch: pytest.MonkeyPatch, every: int, calls: int, engine: str
) -> None:
    # With on_step, the clock is looked at after each of the twelve steps; it shows 1 when training begins.
    monkeypatch.setattr(time, "monotonic", Clock())
    seen: list[int] = []
    _train(
        on_time=lambda p: seen.append(p.steps),
        on_step=lambda _: None,
        every_seconds=every,
        engine=engine,
    )
    assert seen == list(range(every, 13, every))
    assert len(seen) == calls


@each_engine
def test_stop_when_the_time_has_come_ends_the_training(monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    monkeypatch.setattr(time, "monotonic", Clock())
    settings: dict[str, Any] = {"on_time": lambda p: p.stop(), "every_seconds": 8, "on_step": lambda _: None}
    result = _train(engine=engine, **settings)
    assert (result.stopped_by, len(result.history.epochs)) == (
        StoppedBy.CALLBACK,
        2,
    )  # in step 8 of 3 + 3 + 3
    assert _bits(result.network) == _bits(_train(epochs=2, engine=engine).network)


def test_seconds_never_go_back() -> None:
    seconds: list[float] = []
    result = _train(on_epoch=lambda p: seconds.append(p.seconds))
    assert seconds == sorted(seconds)
    assert all(one >= 0 for one in (*seconds, *result.history.seconds))


def test_before_the_first_epoch_there_is_none_to_read() -> None:
    def look(progress: Progress) -> None:
        with pytest.raises(IndexError):
            _ = progress.epoch
        progress.stop()

    assert _train(on_step=look).history.epochs == ()


@pytest.mark.parametrize("event", ["on_step", "on_epoch", "on_time"])
@each_engine
def test_an_error_in_a_callback_comes_through(event: str, engine: str) -> None:
    def refuse(_: Progress) -> None:
        message = "no further"
        raise LookupError(message)

    with pytest.raises(LookupError, match="no further"):
        _train(**{event: refuse}, every_seconds=1e-9, engine=engine)


@each_engine
def test_the_best_network_is_given_back_after_a_stop(engine: str) -> None:
    scores = iter([0.1, 0.5, 0.2, 0.3])
    result = _train(
        metric=lambda *_: next(scores),
        patience=9,
        on_epoch=lambda p: p.stop() if p.epoch.number == 3 else None,
        engine=engine,
    )
    assert (result.stopped_by, result.best_epoch) == (StoppedBy.CALLBACK, 2)
    assert _bits(result.network) == _bits(_train(epochs=2, engine=engine).network)


@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
def test_the_rules_that_find_their_own_steps_call_back_too(rule: str) -> None:
    seen: list[Any] = []

    def stop(progress: Progress) -> None:
        seen.append(("epoch", progress.steps, len(progress.epochs)))
        if progress.epoch.number == 2:
            progress.stop()

    settings: dict[str, Any] = {"rate": None, "batch_size": None, "rule": rule, "epochs": 50}
    result = _train(
        **settings,
        on_step=lambda p: seen.append(("step", p.steps, len(p.epochs))),
        on_epoch=stop,
    )
    assert seen == [("step", 1, 0), ("epoch", 1, 1), ("step", 2, 1), ("epoch", 2, 2)]
    assert result.stopped_by == StoppedBy.CALLBACK
    assert _bits(result.network) == _bits(_train(**{**settings, "epochs": 2}).network)


@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt"])
def test_stop_in_a_step_drops_the_step_where_it_is_the_epoch(rule: str) -> None:
    settings: dict[str, Any] = {"rate": None, "batch_size": None, "rule": rule, "epochs": 50}
    result = _train(**settings, on_step=lambda p: p.stop() if p.steps == 3 else None)
    assert (result.stopped_by, len(result.history.epochs)) == (StoppedBy.CALLBACK, 2)
    assert _bits(result.network) == _bits(_train(**{**settings, "epochs": 2}).network)


@pytest.mark.parametrize("seconds", [0, -1, "1", None])
def test_times_that_are_not_above_0_are_refused(seconds: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match="every_seconds is"):
        _train(every_seconds=seconds)


@pytest.mark.parametrize("last", [2, 3])
def test_a_progress_says_when_its_training_is_over(last: int) -> None:
    seen: list[tuple[Progress, bool]] = []

    def hear(progress: Progress) -> None:
        seen.append((progress, progress.is_over))
        if progress.epoch.number == last:
            progress.stop()

    train(Network.random((1, 1)), [[0.0], [1.0]], [[0.0], [1.0]], rate=0.1, epochs=3, on_epoch=hear)
    assert [was for _, was in seen] == [False] * last
    assert all(progress.is_over for progress, _ in seen)
