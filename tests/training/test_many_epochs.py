"""Many epochs in one call of a kernel give what one after the other gives, to the last bit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import chainrule
from chainrule import DivergenceError, Network, train
from chainrule.compiled.trainer import Trainer

if TYPE_CHECKING:
    from chainrule.equations import Past

RANDOM = np.random.default_rng(12)
X, Y = RANDOM.normal(size=(14, 2)), RANDOM.normal(size=(14, 2))
WATCHED = (RANDOM.normal(size=(5, 2)), RANDOM.normal(size=(5, 2)))
EPOCHS = 160
GAPS = Y.copy()
GAPS[3, 1] = np.nan

CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "in the table's order": {"shuffle": False},
    "batches": {"batch_size": 4},
    "all rows": {"batch_size": 14},
    "watched": {"validation": WATCHED},
    "watched, weighted": {"validation": (*WATCHED, [1, 2, 0, 1, 1]), "sample_weight": np.arange(14) + 1.0},
    "a share watched": {"validation": 0.3, "batch_size": 5},
    "goal": {"loss_goal": 0.41},
    "patience": {"validation": WATCHED, "patience": 7},
    "patience on the training loss": {"patience": 4, "batch_size": 14},
    "generalization loss": {"validation": WATCHED, "stopping": "generalization_loss:3"},
    "progress quotient": {"validation": WATCHED, "stopping": "progress_quotient:0.3:4"},
    "both": {"validation": WATCHED, "stopping": "generalization_loss:50", "patience": 30},
    "step": {"schedule": "step:40:0.5"},
    "exponential": {"schedule": "exponential:0.99", "batch_size": 7},
    "cosine": {"schedule": "cosine", "validation": WATCHED, "patience": 60},
    "warm-up": {"schedule": "warm_up:20,cosine"},
    "plateau": {"schedule": "plateau:2:0.5", "validation": WATCHED},
    "plateau after a warm-up": {"schedule": "warm_up:9,plateau:1:0.7", "batch_size": 3},
    "momentum": {"rule": "momentum", "batch_size": 4, "rate": 0.01},
    "plateau by classical momentum": {
        "rule": "classical_momentum",
        "batch_size": 4,
        "rate": 0.05,
        "schedule": "plateau:2:0.5",
    },
    "adam": {"rule": "adam", "batch_size": 5, "l2": 0.01, "clip_norm": 0.5, "rate": 0.01},
    "adamw, online": {"rule": "adamw:0.1", "rate": 0.01, "l1": 0.001},
    "irprop": {"rule": "irprop_minus", "rate": 0.01, "validation": WATCHED, "patience": 20},
    "plateau by adam": {"rule": "adam", "rate": 0.05, "schedule": "plateau:3:0.3", "batch_size": 7},
}
NETS = {
    "narrow": Network.random((2, 3, 2), seed=2, start="uniform"),
    "wide": Network.random((2, 20, 2), ["tanh", "identity"], seed=2),
    "rectified, single": Network.random(
        (2, 9, 2), ["relu", "identity"], "huber:0.7", seed=4, dtype="float32"
    ),
}


@pytest.fixture(autouse=True)
def _any_number_is_worth_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.training.engines.compiled.EPOCHS_WORTH_A_KERNEL", 0)


def _both(net: Network, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> tuple[Any, Any]:  # noqa: ANN401
    """Results of a training with many epochs at once, and of one with Python after each."""
    calls = []
    epochs = Trainer.epochs

    def counted(*arguments: Any, **others: Any) -> Any:  # noqa: ANN401
        calls.append(arguments)
        return epochs(*arguments, **others)

    monkeypatch.setattr(Trainer, "epochs", counted)
    given = {"rate": 0.1, "epochs": EPOCHS, "seed": 5, **settings}
    targets = given.pop("targets", Y)
    many = train(net, X, targets, **given)
    assert calls
    calls.clear()
    single = train(net, X, targets, **given, on_epoch=lambda _progress: None)
    assert not calls
    return many, single


def _without_time(history: chainrule.History) -> list[Any]:
    return [
        history.loss_before,
        history.loss_after,
        *(epoch._replace(seconds=0.0) for epoch in history.epochs),
    ]


def _assert_same(many: Any, single: Any) -> None:  # noqa: ANN401
    assert (many.stopped_by, many.best_epoch) == (single.stopped_by, single.best_epoch)
    assert _without_time(many.history) == _without_time(single.history)
    one, other = (result.state for result in (many, single))
    for mine, theirs in (
        (many.network, single.network),
        (one.network, other.network),
        (one.best, other.best),
    ):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_equal(mine.weights, theirs.weights)
    np.testing.assert_equal(one.rule, other.rule)


@pytest.mark.parametrize("net", NETS.values(), ids=list(NETS))
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
def test_bits_are_those_of_one_epoch_after_the_other(
    case: dict[str, Any], net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    _assert_same(*_both(net, monkeypatch, **case))


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
def test_gaps_and_masks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    masks = [np.ones((20, 3)), np.ones((2, 21))]
    masks[0][3, 1] = 0
    _assert_same(*_both(NETS["wide"], monkeypatch, targets=GAPS, masks=masks, batch_size=4))


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
@pytest.mark.parametrize("case", ["patience", "plateau", "adam", "warm-up"])
def test_a_training_that_goes_on_does_so_either_way(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"rate": 0.1, "seed": 5, **CASES[case]}
    whole = train(NETS["wide"], X, Y, epochs=EPOCHS, **given)
    if given.get("schedule") == "warm_up:20,cosine":  # whose wave is as long as the training
        return
    begun = train(NETS["wide"], X, Y, epochs=9, **given)
    many, single = _both(NETS["wide"], monkeypatch, **given, resume=begun.state)
    _assert_same(many, single)
    _assert_same(many, whole)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_divergence_is_the_same(batch_size: int) -> None:
    errors = []
    for on_epoch in (None, lambda _progress: None):
        with pytest.raises(DivergenceError) as caught:
            train(
                NETS["wide"],
                1e3 * X,
                1e3 * Y,
                rate=3.0,
                epochs=EPOCHS,
                batch_size=batch_size,
                on_epoch=on_epoch,
            )
        errors.append(caught.value)
    one, other = errors
    assert (one.epoch, str(one)) == (other.epoch, str(other))
    assert _without_time(one.history) == _without_time(other.history)
    np.testing.assert_equal(one.network.weights, other.network.weights)


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
def test_a_rate_that_falls_in_the_very_epoch_that_would_diverge_saves_it() -> None:
    random = np.random.default_rng(1)
    samples = random.normal(size=(200, 3))
    net = Network.random((3, 1), ["identity"], seed=1)
    given: dict[str, Any] = {"rate": 1.3, "epochs": 400, "schedule": "plateau:1:0.01"}
    many = train(net, samples, samples[:, :1], **given)
    single = train(net, samples, samples[:, :1], **given, on_epoch=lambda _progress: None)
    assert len(set(many.history.rate)) > 1
    assert _without_time(many.history) == _without_time(single.history)
    np.testing.assert_equal(many.network.weights, single.network.weights)


class AboveAFloor:
    """A schedule that fails at losses that this training never comes to."""

    name = "above_a_floor"

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        if past and past[-1].loss < 0.1:
            raise ZeroDivisionError
        return 1.0


class OfTheLoss:
    """A schedule that fails at losses below 0."""

    name = "of_the_loss"

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        return min(1.0, math.sqrt(past[-1].loss)) if past else 1.0


@pytest.mark.parametrize("rate", [0.5, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("schedule", ["plateau:1:0.1", "plateau:1:0.01", OfTheLoss(), AboveAFloor()])
@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
def test_a_rate_that_falls_in_time_keeps_the_training_finite(rate: float, schedule: Any) -> None:  # noqa: ANN401
    results = []
    for on_epoch in (None, lambda _progress: None):
        try:
            results.append(
                train(NETS["wide"], X, Y, rate=rate, epochs=EPOCHS, schedule=schedule, on_epoch=on_epoch)
            )
        except DivergenceError as error:
            results.append(error)  # type: ignore[arg-type]
    one, other = results
    assert type(one) is type(other), (one, other)
    assert _without_time(one.history) == _without_time(other.history)
    np.testing.assert_equal(one.network.weights, other.network.weights)


def test_a_rate_that_the_schedule_has_raised_is_the_one_that_is_blamed() -> None:
    with pytest.raises(DivergenceError, match="at rate ") as caught:
        train(NETS["wide"], X, Y, rate=0.05, epochs=EPOCHS, schedule="exponential:1.2")
    assert caught.value.rate == pytest.approx(0.05 * 1.2 ** (caught.value.epoch - 1), rel=1e-9)


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
def test_time_goes_on_between_blocks() -> None:
    seen: list[int] = []

    def look(progress: chainrule.Progress) -> None:
        assert progress.samples == 0
        assert progress.steps == 14 * len(progress.epochs)
        seen.append(len(progress.epochs))
        if len(seen) == 3:
            progress.stop()

    result = train(NETS["wide"], X, Y, rate=0.01, epochs=10**7, on_time=look, every_seconds=0.01)
    assert result.stopped_by.value == "callback"
    assert len(result.history.epochs) == seen[-1] > seen[0] > 1
    again = train(NETS["wide"], X, Y, rate=0.01, epochs=seen[-1])
    np.testing.assert_equal(result.network.weights, again.network.weights)
