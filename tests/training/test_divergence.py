"""Training that leaves the finite numbers is noticed, and gives back what was finite."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chainrule import DivergenceError, Network, TrainingResult, TrainingWarning, train
from chainrule.training import ENGINES
from chainrule.training.diagnosis import FEWEST_EPOCHS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

X, Y = [[100.0], [90.0]], [[1.0], [2.0]]

each_engine = pytest.mark.parametrize("engine", ENGINES)


def _train(**settings: Any) -> TrainingResult:  # noqa: ANN401 (handed through)
    given = {"rate": 10.0, "epochs": 200, "shuffle": False, **settings}
    return train(Network([[[0.0, 1.0]]], "identity"), X, Y, **given)


def _diverge(**settings: Any) -> DivergenceError:  # noqa: ANN401 (handed through)
    with pytest.raises(DivergenceError) as caught:
        _train(**settings)
    return caught.value


def _grown_loss(n_epochs: int) -> AbstractContextManager[object]:
    """A loss that grew is warned of, but for a short trial."""
    warned = pytest.warns(TrainingWarning, match=r"The loss grew from 4386 to \d")
    return warned if n_epochs >= FEWEST_EPOCHS else nullcontext()


@each_engine
@pytest.mark.parametrize("rate", [10.0, 1e6])
@pytest.mark.parametrize("batch_size", [1, 2])
def test_divergence_gives_back_the_last_finite_network(batch_size: int, rate: float, engine: str) -> None:
    settings: dict[str, Any] = {"batch_size": batch_size, "rate": rate, "engine": engine}
    error = _diverge(**settings)
    assert error.epoch > 1
    assert error.rate == rate
    with _grown_loss(error.epoch - 1):
        shorter = _train(epochs=error.epoch - 1, **settings)
    for w, same in zip(error.network.weights, shorter.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
        assert np.isfinite(w).all()
    assert error.history.loss == shorter.history.loss
    assert error.history.loss_before == shorter.history.loss_before
    assert np.isfinite(error.history.loss).all()
    assert error.history.loss_after == shorter.history.loss_after
    assert np.isfinite(error.history.loss_after)


@each_engine
@pytest.mark.parametrize("rate", [10.0, 1e6])
@pytest.mark.parametrize("batch_size", [1, 2])
def test_epoch_of_divergence_does_not_depend_on_the_epochs_asked_for(
    batch_size: int, rate: float, engine: str
) -> None:
    # A loss that only the network after an epoch shows is met in the next one, if there is one.
    settings: dict[str, Any] = {"batch_size": batch_size, "rate": rate, "engine": engine}
    longer = _diverge(**settings)
    just = _diverge(epochs=longer.epoch, **settings)
    assert (str(just), just.epoch) == (str(longer), longer.epoch)
    assert just.history.loss == longer.history.loss
    for w, same in zip(just.network.weights, longer.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)


@each_engine
def test_divergence_names_epoch_rate_loss_and_what_to_try(engine: str) -> None:
    error = _diverge(engine=engine)
    message = str(error)
    assert f"in epoch {error.epoch}, at rate 10, a weight or the loss stopped being finite" in message
    assert f"(the loss was {error.history.loss_after:g} before that epoch)" in message
    assert "The data are not scaled: X[:, 0] has mean 95, deviation 5. Standardise every" in message


@each_engine
def test_divergence_in_the_first_epoch_gives_back_the_start(engine: str) -> None:
    net = Network([[[0.0, 1.0]]], "identity")
    with pytest.raises(DivergenceError, match="in epoch 1, at rate 1e\\+300") as caught:
        train(net, X, Y, rate=1e300, epochs=3, batch_size=1, engine=engine)
    assert caught.value.epoch == 1
    for w, same in zip(caught.value.network.weights, net.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    assert caught.value.history.epochs == ()
    assert caught.value.history.loss_after == caught.value.history.loss_before


@each_engine
@pytest.mark.parametrize(("dtype", "large"), [("float64", 1e200), ("float32", 1e25)])
def test_weight_that_overflows_is_noticed_where_the_loss_stays_finite(
    dtype: str, large: float, engine: str
) -> None:
    # The weight becomes large · large = inf, its net input inf, the output exactly 1, the loss exactly 0.
    net = Network([np.zeros((1, 2), dtype=dtype)])
    overflown = np.array([[0.0, np.inf]], dtype=dtype)
    outputs = net.activations[0].forward(overflown[:, 1:])
    assert float(net.loss.values(outputs, np.ones((1, 1), dtype=dtype)).sum()) == 0.0
    with pytest.raises(DivergenceError, match="a weight or the loss stopped being finite") as caught:
        train(net, [[large]], [[1.0]], rate=large, epochs=1, engine=engine)
    np.testing.assert_array_equal(caught.value.network.weights[0], 0.0)


@each_engine
@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_loss_that_overflows_is_noticed_where_the_weights_stay_finite(epochs: int, engine: str) -> None:
    # From 0, one step of 1e200 gives a finite weight whose squared residual is beyond float64.
    with pytest.raises(DivergenceError) as caught:
        train(Network([[[0.0, 0.0]]], "identity"), [[1.0]], [[1.0]], rate=1e200, epochs=epochs, engine=engine)
    assert caught.value.epoch == 1
    np.testing.assert_array_equal(caught.value.network.weights[0], 0.0)


@each_engine
def test_sum_of_losses_that_overflows_is_noticed_where_each_is_finite(engine: str) -> None:
    # One step gives two weights of 8e153, outputs of 1.6e154 and losses of 1.3e308, two of which overflow.
    with pytest.raises(DivergenceError) as caught:
        train(
            Network([[[0.0, 0.0]]], "identity"), [[1.0]] * 4, [[1.0]] * 4,
            rate=8e153, epochs=1, batch_size=4, engine=engine,
        )  # fmt: skip
    assert caught.value.epoch == 1
    assert caught.value.history.loss_after == caught.value.history.loss_before == 0.5


@each_engine
def test_weights_that_overflow_inside_an_epoch_and_come_to_nan_are_noticed(engine: str) -> None:
    rows = [[1e200], [-1e200], [1e200], [-1e200]]
    with pytest.raises(DivergenceError):
        train(Network([[[0.0, 0.0]]], "tanh"), rows, [[1.0]] * 4, rate=1e200, epochs=1, engine=engine)


@each_engine
def test_divergence_is_an_arithmetic_error_without_warnings(engine: str) -> None:
    assert isinstance(_diverge(rate=1e6, engine=engine), ArithmeticError)
