"""Many epochs in one call are those of epoch after epoch, to the last bit, in all that a training gives back.

`on_epoch` needs Python after each epoch, and so leads along the other road.
"""

from __future__ import annotations

import itertools
import math
import os
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest
from disturbances import Clock, interrupted_at
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import DivergenceError, InputError, Network, save, train
from chainrule.compiled.machine.compiling import Kernel
from chainrule.training.engines.compiled import EPOCHS_WORTH_A_KERNEL, CompiledEngine
from chainrule.training.result import StoppedBy
from chainrule.training.run import FEWEST_IN_A_BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chainrule.equations.past import Past
    from chainrule.training import Progress, TrainingResult, TrainingState

# What is proved here has nothing to do with how well the few epochs went.
pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(11)
N = 13
X, Y = RANDOM.uniform(-1, 1, (N, 2)), RANDOM.uniform(-1, 1, (N, 2))
WEIGHT = RANDOM.uniform(0.2, 2, N)
WATCHED = RANDOM.uniform(-1, 1, (6, 2)), RANDOM.uniform(-1, 1, (6, 2))
SOME_MISSING = np.where(RANDOM.uniform(size=Y.shape) < 0.2, np.nan, Y)
START = Network.random((2, 4, 2), ["tanh", "identity"], seed=2)
MASKS = [np.array([[1, 1, 0]] * 2 + [[0, 1, 1]] * 2, bool), np.ones((2, 5), bool)]
EPOCHS = 40


@dataclass
class Blocks:
    """Lengths of the blocks that were run; and that of those to come, and in which of them Ctrl-C falls."""

    lengths: list[int] = field(default_factory=list)
    at_once: int = 11
    ctrl_c_in: int | None = None


@contextmanager
def _counted() -> Iterator[Blocks]:
    """Blocks of an engine that thinks every kernel at hand and its speed known."""
    counted, of_engine = Blocks(), CompiledEngine.epochs

    def at_once(engine: CompiledEngine, watched: Any = None) -> int:  # noqa: ARG001, ANN401 (interface)
        return 0 if engine._pool or engine._dropout else counted.at_once

    def epochs(*of_block: Any, **more: Any) -> Any:  # noqa: ANN401 (handed through)
        block = of_engine(*of_block, **more)
        counted.lengths.append(len(block))
        if len(counted.lengths) - 1 == counted.ctrl_c_in:
            signal.raise_signal(signal.SIGINT)
        return block

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CompiledEngine, "epochs_at_once", at_once)
        patch.setattr(CompiledEngine, "epochs", epochs)
        patch.setattr("chainrule.training.engines.compiled.EPOCHS_WORTH_A_KERNEL", 0)
        yield counted


@pytest.fixture
def blocks() -> Iterator[Blocks]:
    with _counted() as counted:
        yield counted


def _train(net: Network = START, targets: Any = Y, **more: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    return train(net, X, targets, **{"rate": 0.05, "epochs": EPOCHS, "batch_size": 4, "seed": 3, **more})


def _bits(net: Network | None) -> bytes | None:
    return None if net is None else b"".join(w.tobytes() for w in net.weights)


def _of_state(state: TrainingState) -> Any:  # noqa: ANN401 (to be compared)
    rule = [[np.asarray(part).tobytes() for part in of_matrix] for of_matrix in state.rule]
    rest = state.best_epoch, state.loss_before, state.settings, state.data
    return _bits(state.network), rule, _bits(state.best), rest, _without_seconds(state.epochs)


def _without_seconds(epochs: Any) -> str:  # noqa: ANN401 (a tuple of Epoch)
    return repr([epoch._replace(seconds=0.0) for epoch in epochs])  # as text NaN is itself


def _all_of(result: TrainingResult) -> Any:  # noqa: ANN401 (to be compared)
    """Everything but the seconds."""
    history = result.history
    ended = result.stopped_by, result.best_epoch, result.diagnosis
    losses = history.loss_before, history.loss_after, _without_seconds(history.epochs)
    return _bits(result.network), losses, ended, _of_state(result.state)


def _assert_same(net: Network = START, **more: Any) -> tuple[TrainingResult, Blocks]:  # noqa: ANN401
    with _counted() as counted:
        one_by_one = _train(net, on_epoch=lambda _: None, **more)
        assert not counted.lengths
        result = _train(net, **more)
    assert _all_of(result) == _all_of(one_by_one)
    return result, counted


# All settings.


@dataclass(frozen=True)
class Bold:
    """A rate that grows while the loss falls, and is halved where it rose: another one in every epoch."""

    name: ClassVar[str] = "bold"

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        if len(past) < 2:
            return 1.0
        return past[-1].factor * (1.05 if past[-1].loss < past[-2].loss else 0.5)


@dataclass(frozen=True)
class NotSaid:
    """A schedule of one's own that does not say whether it heeds losses."""

    name: ClassVar[str] = "not_said"

    def next_factor(self, past: Past, epochs: int) -> float:
        return 1 - len(past) // 10 / epochs


@dataclass(frozen=True)
class Late:
    """A criterion of one's own."""

    name: ClassVar[str] = "late"

    def stops(self, past: Past) -> bool:
        return len(past) == 17 and past[-1].loss < past[0].loss


SCHEDULES = [
    "constant", "step:7:0.5", "exponential:0.97", "cosine:0.1", "plateau:2:0.5", "warm_up:3,plateau:1:0.5",
    "warm_up:4,cosine", Bold(), NotSaid(),
]  # fmt: skip
CRITERIA = [
    {}, {"patience": 1}, {"patience": 4}, {"patience": 1000}, {"stopping": "generalization_loss:0.2"},
    {"stopping": "progress_quotient:0.01:5"}, {"stopping": Late(), "patience": 30},
]  # fmt: skip
RULES = ["descent", "momentum", "classical_momentum:0.5", "adam", "irprop_minus"]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("rate", [0.05, 0.5, 1.5])
def test_every_schedule_gives_the_rates_of_epoch_after_epoch(schedule: Any, rate: float) -> None:  # noqa: ANN401
    _, counted = _assert_same(schedule=schedule, rate=rate, validation=WATCHED)
    assert max(counted.lengths) >= FEWEST_IN_A_BLOCK


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda one: ",".join(map(str, one.values())) or "none")
@pytest.mark.parametrize("rate", [0.05, 0.5, 1.5])
def test_every_criterion_stops_where_it_does_epoch_after_epoch(criterion: Any, rate: float) -> None:  # noqa: ANN401
    result, counted = _assert_same(rate=rate, validation=WATCHED, **criterion)
    assert sum(counted.lengths) >= len(result.history.epochs) - FEWEST_IN_A_BLOCK
    if criterion:
        watched = result.history.validation_loss
        assert result.best_epoch == 1 + watched.index(min(watched))  # type: ignore[type-var]  # there are numbers


def test_criteria_stop_within_blocks_and_at_their_ends() -> None:
    ends = set()
    for patience, rate in itertools.product(range(1, 12), (0.5, 0.6, 0.7)):
        result, _ = _assert_same(rate=rate, validation=WATCHED, patience=patience)
        ends.add(len(result.history.epochs) % 11 if result.stopped_by == StoppedBy.PATIENCE else None)
    assert len(ends) > 5


more_settings = st.fixed_dictionaries(
    {
        "schedule": st.sampled_from(SCHEDULES),
        "rule": st.sampled_from(RULES),
        "rate": st.sampled_from([0.01, 0.1, 0.7]),
        "batch_size": st.sampled_from([1, 2, 4, N]),
        "shuffle": st.booleans(),
        "targets": st.sampled_from([Y, SOME_MISSING]),
        "validation": st.sampled_from([None, 0.3, WATCHED, (*WATCHED, WEIGHT[:6])]),
        "sample_weight": st.sampled_from([None, WEIGHT]),
        "masks": st.sampled_from([None, MASKS]),
        "l1": st.sampled_from([0.0, 0.001]),
        "l2": st.sampled_from([0.0, 0.01]),
        "clip_norm": st.sampled_from([None, 0.1]),
        "loss_goal": st.sampled_from([None, 0.35, 0.25]),
        "seed": st.integers(0, 99),
    }
)


@settings(max_examples=150 if os.environ.get("FULL_SUITE") else 80)
@given(more_settings, st.sampled_from(CRITERIA), st.sampled_from(["float64", "float32"]))
def test_every_setting_gives_the_bits_of_epoch_after_epoch(
    chosen: dict[str, Any], criterion: dict[str, Any], dtype: str
) -> None:
    if chosen["rule"] == "irprop_minus":
        chosen = {**chosen, "batch_size": None, "schedule": "constant"}
    if chosen["validation"] is None:
        criterion = {name: value for name, value in criterion.items() if name == "patience"}
    net = Network.random((2, 4, 2), ["tanh", "identity"], seed=2, dtype=dtype)
    _assert_same(net, **chosen, **criterion)


def test_a_state_is_saved_by_the_same_bytes(tmp_path: Path) -> None:
    with _counted() as counted:
        results = [
            _train(rule="adam", validation=WATCHED, patience=30, on_epoch=on_epoch)
            for on_epoch in (None, lambda _: None)
        ]
        assert counted.lengths == [11, 11, 10]  # so that what is left makes a block, too
    files = []
    for name, result in zip("ab", results, strict=True):
        state = result.state
        save(
            replace(state, epochs=tuple(epoch._replace(seconds=0.0) for epoch in state.epochs)),
            tmp_path / name,
        )
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("schedule", ["cosine", "plateau:2:0.5", "warm_up:3,exponential:0.9"])
def test_either_road_goes_on_from_the_other(schedule: str, blocks: Blocks) -> None:
    def stop(progress: Progress) -> None:
        if progress.epoch.number == 17:
            progress.stop()

    given: dict[str, Any] = {"schedule": schedule, "rule": "adam", "validation": WATCHED, "patience": 35}
    expected = _train(**given, on_epoch=lambda _: None)
    state = _train(**given, on_epoch=stop).state
    assert not blocks.lengths
    assert _all_of(_train(**given, resume=state)) == _all_of(expected)
    assert blocks.lengths
    begun = _train(**given, loss_goal=expected.history.loss[16])
    assert 1 < len(begun.history.epochs) <= 17
    assert _all_of(_train(**given, resume=begun.state, on_epoch=lambda _: None)) == _all_of(expected)


def test_a_loss_goal_ends_with_its_epoch_and_is_named_before_all_else() -> None:
    losses = _train(epochs=30, on_epoch=lambda _: None).history.loss
    for epoch in (1, 5, 11, 12, 22):
        goal = losses[epoch - 1]
        first = next(e for e, loss in enumerate(losses, 1) if loss <= goal)
        result, _ = _assert_same(loss_goal=goal, patience=1, validation=(X, -Y))
        assert len(result.history.epochs) <= first
        result, _ = _assert_same(loss_goal=goal)
        assert (len(result.history.epochs), result.stopped_by) == (first, StoppedBy.LOSS_GOAL)


class Ends:
    """A schedule that knows no epoch after the twentieth."""

    name = "ends"

    def __init__(self, *, heeds_losses: bool) -> None:
        self.heeds_losses = heeds_losses

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        return ((1.0,) * 20 + (math.nan,) * 4)[len(past)]


@pytest.mark.parametrize("heeds_losses", [True, False])
def test_a_schedule_that_fails_does_so_in_the_epoch_that_it_fails_for(
    heeds_losses: bool,  # noqa: FBT001 (parametrized)
    blocks: Blocks,
) -> None:
    given: dict[str, Any] = {"schedule": Ends(heeds_losses=heeds_losses)}
    goal = _train(epochs=17).history.loss[-1]
    result, _ = _assert_same(**given, loss_goal=goal)
    assert len(result.history.epochs) <= 17
    seen = []
    for on_epoch in (None, lambda _: None):
        with pytest.raises(InputError, match="gave nan for epoch 21") as caught:
            _train(**given, on_epoch=on_epoch)
        seen.append(str(caught.value))
    assert blocks.lengths
    assert seen[0] == seen[1]


# Numbers that are not finite.


LINEAR = Network.random((2, 2), "identity", seed=1)


def _diverged(**more: Any) -> Any:  # noqa: ANN401 (settings, and what is compared)
    with pytest.raises(DivergenceError) as caught:
        _train(LINEAR, **more)
    error = caught.value
    history = error.history
    losses = history.loss_before, history.loss_after, _without_seconds(history.epochs)
    return str(error), error.epoch, error.rate, _bits(error.network), losses


@pytest.mark.parametrize("rate", [9.0, 15.0, 1e5, 1e200])
@pytest.mark.parametrize("batch_size", [1, 4, N])
@pytest.mark.parametrize(
    "more",
    [{}, {"validation": WATCHED, "patience": 9999}, {"schedule": "plateau:5000:0.5"}],
    ids=["last", "best", "plateau"],
)
def test_divergence_is_that_of_epoch_after_epoch(
    more: dict[str, Any], batch_size: int, rate: float, blocks: Blocks
) -> None:
    given = {**more, "rate": rate, "batch_size": batch_size, "epochs": 9000}
    expected = _diverged(**given, on_epoch=lambda _: None)
    assert not blocks.lengths
    assert _diverged(**given) == expected
    assert blocks.lengths


@pytest.mark.parametrize("batch_size", [1, 4, N])
@pytest.mark.parametrize("rule", ["descent", "momentum"])
@pytest.mark.parametrize("net", [LINEAR, START], ids=["linear", "hidden"])
def test_epochs_at_a_rate_that_they_should_not_have_had_leave_nothing(
    net: Network, batch_size: int, rule: str
) -> None:
    # At the first rate the weights leave the finite numbers; at those of the schedule, never.
    given: dict[str, Any] = {"rate": 50.0, "batch_size": batch_size, "rule": rule, "epochs": 400}
    with _counted() as counted:
        counted.at_once = 400
        with pytest.raises(DivergenceError):
            _train(net, **given)
        given["schedule"] = "plateau:1:0.01"
        one_by_one = _train(net, **given, on_epoch=lambda _: None)
        counted.lengths.clear()
        result = _train(net, **given)
    assert counted.lengths[0] < 400
    assert _all_of(result) == _all_of(one_by_one)


@pytest.mark.parametrize("patience", [None, 20])
def test_a_validation_loss_that_is_not_finite_is_kept_as_it_is(patience: int | None) -> None:
    far = WATCHED[0], np.where(np.arange(12).reshape(6, 2) == 3, 1e200, WATCHED[1])
    result, counted = _assert_same(validation=far, patience=patience)
    assert set(result.history.validation_loss) == {math.inf}
    assert counted.lengths


# Where Python is needed after all.


NEED_PYTHON: dict[str, dict[str, Any]] = {
    "on_step": {"on_step": lambda _: None},
    "on_epoch": {"on_epoch": lambda _: None},
    "metric": {"metric": "r2"},
    "own metric": {"metric": lambda *_: 0.5},
    "dropout": {"dropout": 0.5},
    "threads": {"threads": 2, "batch_size": 13},
    "lbfgs": {"rule": "lbfgs", "rate": None, "batch_size": None},
    "reference": {"engine": "reference"},
}


@pytest.mark.parametrize("more", NEED_PYTHON.values(), ids=NEED_PYTHON)
def test_epoch_after_epoch_where_somebody_looks_in(more: dict[str, Any], blocks: Blocks) -> None:
    net = Network.random((2, 40, 2), ["tanh", "identity"], seed=2)
    _train(net, **more)
    assert not blocks.lengths


def test_a_block_is_no_longer_than_the_epochs_that_are_left(blocks: Blocks) -> None:
    result = _train(epochs=30)
    assert blocks.lengths == [11, 11, 8]
    assert [epoch.number for epoch in result.history.epochs] == list(range(1, 31))
    assert all(epoch.seconds > 0 for epoch in result.history.epochs)


def test_few_epochs_compile_no_kernel_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def at_once(*_: object) -> int:
        asked.append(1)
        return 0

    monkeypatch.setattr(CompiledEngine, "epochs_at_once", at_once)
    monkeypatch.setattr(CompiledEngine, "epochs_without", 0)
    for at_hand, n_epochs, is_asked in (
        (False, EPOCHS_WORTH_A_KERNEL - 1, False),
        (False, EPOCHS_WORTH_A_KERNEL, True),
        (True, FEWEST_IN_A_BLOCK, True),
    ):
        asked.clear()
        monkeypatch.setattr(Kernel, "is_at_hand", lambda *_, at_hand=at_hand: at_hand)
        _train(epochs=n_epochs)
        assert bool(asked) == is_asked


def test_time_is_told_between_blocks_and_a_stop_keeps_the_block(
    monkeypatch: pytest.MonkeyPatch, blocks: Blocks
) -> None:
    monkeypatch.setattr(time, "monotonic", Clock())
    seen: list[Any] = []

    def look(progress: Progress) -> None:
        seen.append((len(progress.epochs), progress.steps, progress.samples, _bits(progress.network)))
        expected = _train(epochs=len(progress.epochs)).state
        assert _of_state(progress.state)[:3] == _of_state(expected)[:3]
        if len(seen) == 2:
            progress.stop()

    result = _train(on_time=look)
    assert blocks.lengths[:1] == [11]
    assert [one[:3] for one in seen] == [(11, 44, 0), (22, 88, 0)]
    assert (result.stopped_by, len(result.history.epochs)) == (StoppedBy.CALLBACK, 22)
    assert seen[1][3] == _bits(result.network) == _bits(_train(epochs=22).network)


# Ctrl-C.


def _assert_interrupted(result: TrainingResult, undisturbed: Callable[[int], TrainingResult]) -> int:
    assert result.stopped_by == StoppedBy.INTERRUPT
    n_epochs = len(result.history.epochs)
    if n_epochs:
        expected = undisturbed(n_epochs)
        assert _all_of(result)[:2] == _all_of(expected)[:2]
        assert result.best_epoch == expected.best_epoch
        assert _of_state(result.state)[:3] == _of_state(expected.state)[:3]
    else:
        assert _bits(result.network) == _bits(START)
    return n_epochs


@pytest.mark.parametrize(
    "more", [{}, {"patience": 50, "validation": WATCHED, "rate": 0.7}], ids=["last", "best"]
)
@pytest.mark.parametrize("n_blocks", [2, pytest.param(3, marks=pytest.mark.slow)])
def test_interrupt_at_any_line_keeps_whole_epochs_and_the_best_of_them(
    n_blocks: int, more: dict[str, Any], blocks: Blocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chainrule.training.run.FEWEST_IN_A_BLOCK", 3)  # few lines, and so few trainings
    blocks.at_once = 3
    ends = range(0, 3 * n_blocks + 1, 3)
    undisturbed = {n: _train(**more, epochs=n, on_epoch=lambda _: None) for n in ends[1:]}
    ended_after: set[int] = set()
    for line in itertools.count(1):
        result, interrupted = interrupted_at(line, lambda: _train(**more, epochs=ends[-1]))
        if not interrupted:
            break
        if result is None:
            assert not ended_after, "training had begun"
            continue
        ended_after.add(_assert_interrupted(result, undisturbed.__getitem__))
    assert ended_after == {*ends}


@pytest.mark.parametrize("call", [0, 1, 2])
def test_signal_in_a_block_drops_that_block(blocks: Blocks, call: int) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        blocks.ctrl_c_in = call
        result = _train(patience=99)
    finally:
        signal.signal(signal.SIGINT, before)
    assert _assert_interrupted(result, lambda n: _train(patience=99, epochs=n)) == 11 * call
