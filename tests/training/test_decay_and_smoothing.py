"""Decay on a schedule, and targets that are smoothed: by hand, and however epochs are run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from chainrule import InputError, Network, Trainer, train
from chainrule.training import ENGINES, FlatCosine

if TYPE_CHECKING:
    from chainrule.equations import Past

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(4)
X, Y = RANDOM.normal(size=(24, 4)), RANDOM.normal(size=(24, 1))
CLASSES = np.eye(3)[RANDOM.integers(0, 3, 24)]
STILL = Network([np.ones((2, 5)), np.zeros((1, 3))], ["tanh", "identity"])  # no gradient in the first layer
START = Network.random((4, 5, 1), ["tanh", "identity"], seed=2)
SOFTMAX = Network.random((4, 5, 3), ["tanh", "softmax"], "cross_entropy", seed=2)
LOGISTIC = Network.random((4, 5, 3), ["tanh", "logistic"], "binary_cross_entropy", seed=2)
each_engine = pytest.mark.parametrize("engine", ENGINES)


class Never:
    """No decay at all."""

    name: ClassVar[str] = "never"
    heeds_losses: ClassVar[bool] = False

    def next_factor(self, past: Past, epochs: int) -> float:  # noqa: ARG002 (interface)
        """Always 0."""
        return 0.0


def _same(first: Network, second: Network) -> None:
    for w, same in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(w, same)


@each_engine
def test_weights_without_a_gradient_decay_as_the_schedule_says(engine: str) -> None:
    zeros = np.zeros((24, 1))
    given: dict[str, Any] = {"rule": "adamw:0.5", "rate": 0.125, "batch_size": 12, "engine": engine}
    found = train(STILL, X, zeros, epochs=4, decay_schedule="flat_cosine", **given).network.weights[0]
    # two steps an epoch, with the factors 1, 1, 1 and 1/2
    expected = (1 - 0.125 * 0.5) ** 6 * (1 - 0.125 * 0.25) ** 2
    np.testing.assert_allclose(found[:, 1:], expected, rtol=1e-14)
    np.testing.assert_array_equal(found[:, 0], 1)


@each_engine
def test_a_factor_of_0_is_adam(engine: str) -> None:
    given: dict[str, Any] = {"rate": 0.01, "epochs": 5, "batch_size": 8, "engine": engine}
    found = train(START, X, Y, rule="adamw:0.5:0.9:0.95", decay_schedule=Never(), **given)
    _same(found.network, train(START, X, Y, rule="adam:0.9:0.95", **given).network)


@pytest.mark.parametrize("threads", [1, 2])
def test_epochs_in_one_call_decay_like_those_one_by_one(threads: int) -> None:
    given: dict[str, Any] = {
        "rule": "adamw:0.5", "rate": 0.01, "epochs": 1500, "batch_size": 8, "schedule": "cosine",
        "decay_schedule": "flat_cosine", "threads": threads,
    }  # fmt: skip
    found, one_by_one = train(START, X, Y, **given), train(START, X, Y, on_epoch=lambda _: None, **given)
    assert found.history.loss == one_by_one.history.loss
    _same(found.network, one_by_one.network)
    constant = train(START, X, Y, **given | {"decay_schedule": "constant"})
    assert constant.history.loss[:700] == found.history.loss[:700]
    assert constant.history.loss[1400:] != found.history.loss[1400:]


@each_engine
def test_a_training_goes_on_in_the_middle_of_a_schedule(engine: str) -> None:
    given: dict[str, Any] = {"rule": "adamw:0.5", "rate": 0.01, "batch_size": 8, "engine": engine}
    given["decay_schedule"] = "exponential:0.5"
    half = train(START, X, Y, epochs=3, **given)
    resumed = train(START, X, Y, epochs=6, resume=half.state, **given)
    _same(resumed.network, train(START, X, Y, epochs=6, **given).network)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rule": "adam"}, "schedule is flat_cosine but the update rule adam lets no weight decay"),
        ({"rule": "rmsprop"}, "the update rule rmsprop lets no weight decay"),
        (
            {"rule": "adamw", "decay_schedule": "plateau"},
            "schedule is plateau but may not depend on",
        ),
    ],
)
def test_a_decay_schedule_that_does_not_suit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        train(START, X, Y, rate=0.1, epochs=1, **{"decay_schedule": FlatCosine(), **given})


@each_engine
@pytest.mark.parametrize(("net", "n_classes"), [(SOFTMAX, 3), (LOGISTIC, 2)], ids=["softmax", "logistic"])
def test_smoothing_is_a_training_on_smoothed_targets(net: Network, n_classes: int, engine: str) -> None:
    given: dict[str, Any] = {"rate": 0.1, "epochs": 3, "batch_size": 8, "engine": engine}
    found = train(net, X, CLASSES, label_smoothing=0.125, **given)
    expected = train(net, X, 0.875 * CLASSES + 0.125 / n_classes, **given)
    _same(found.network, expected.network)
    assert found.history.loss == expected.history.loss


@each_engine
def test_rows_to_watch_are_not_smoothed(engine: str) -> None:
    given: dict[str, Any] = {"rate": 0.1, "epochs": 3, "batch_size": 8, "engine": engine}
    found = train(SOFTMAX, X, CLASSES, label_smoothing=0.25, validation=(X, CLASSES), **given)
    outputs = found.network(X)
    exact = -np.log(outputs[CLASSES == 1]).mean()
    assert found.history.validation_loss[-1] == pytest.approx(exact, rel=1e-12)
    shared = train(SOFTMAX, X, CLASSES, label_smoothing=0.25, validation=0.25, **given)
    assert shared.history.validation_loss[-1] is not None


def test_missing_targets_stay_missing() -> None:
    gaps = CLASSES.copy()
    gaps[::5, 1] = np.nan
    given: dict[str, Any] = {"rate": 0.1, "epochs": 3, "batch_size": 8}
    found = train(LOGISTIC, X, gaps, label_smoothing=0.125, **given)
    _same(found.network, train(LOGISTIC, X, 0.875 * gaps + 0.125 / 2, **given).network)


def test_a_step_smooths_as_an_epoch_does() -> None:
    given: dict[str, Any] = {"rate": 0.1, "label_smoothing": 0.125}
    trainer = Trainer(SOFTMAX, **given)
    trainer.step(X, CLASSES)
    _same(
        trainer.network, train(SOFTMAX, X, CLASSES, epochs=1, batch_size=24, shuffle=False, **given).network
    )


def test_smoothing_is_for_losses_of_classes() -> None:
    with pytest.raises(InputError) as caught:
        train(START, X, Y, rate=0.1, epochs=1, label_smoothing=0.1)
    assert str(caught.value) == (
        "label_smoothing is 0.1 with the loss rss but is for cross_entropy and binary_cross_entropy. "
        "Leave it out."
    )
