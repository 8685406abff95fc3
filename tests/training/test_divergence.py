"""Training that leaves the finite numbers is noticed, and gives back what was finite."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import DivergenceError, Network, train

X, Y = [[100.0], [90.0]], [[1.0], [2.0]]


def _diverge(rate: float = 10.0, batch_size: int = 1) -> DivergenceError:
    with pytest.raises(DivergenceError) as caught:
        train(
            Network([[[0.0, 1.0]]], "identity"),
            X,
            Y,
            rate=rate,
            epochs=200,
            batch_size=batch_size,
            shuffle=False,
        )
    return caught.value


@pytest.mark.parametrize("batch_size", [1, 2])
def test_divergence_gives_back_the_last_finite_network(batch_size: int) -> None:
    error = _diverge(batch_size=batch_size)
    assert error.epoch > 1
    assert error.rate == 10.0
    shorter = train(
        Network([[[0.0, 1.0]]], "identity"),
        X,
        Y,
        rate=10.0,
        epochs=error.epoch - 1,
        batch_size=batch_size,
        shuffle=False,
    )
    for w, same in zip(error.network.weights, shorter.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)
        assert np.isfinite(w).all()
    assert error.history.loss == shorter.history.loss
    assert error.history.loss_before == shorter.history.loss_before
    assert np.isfinite(error.history.loss).all()


def test_divergence_names_epoch_rate_loss_and_what_to_try() -> None:
    error = _diverge()
    message = str(error)
    assert f"in epoch {error.epoch}, at rate 10, a weight or the loss stopped being finite" in message
    assert f"(the loss was {error.history.last_loss:g} before that epoch)" in message
    assert "Try a rate of 1, and inputs and targets scaled" in message


def test_divergence_in_the_first_epoch_gives_back_the_start() -> None:
    net = Network([[[0.0, 1.0]]], "identity")
    with pytest.raises(DivergenceError, match="in epoch 1, at rate 1e\\+300") as caught:
        train(net, X, Y, rate=1e300, epochs=3, batch_size=1)
    assert caught.value.epoch == 1
    assert caught.value.network is net
    assert caught.value.history.epochs == ()
    assert caught.value.history.last_loss == caught.value.history.loss_before


@pytest.mark.parametrize(("dtype", "large"), [("float64", 1e200), ("float32", 1e25)])
def test_weight_that_overflows_is_noticed_where_the_loss_stays_finite(dtype: str, large: float) -> None:
    # The weight becomes large · large = inf, its net input inf, the output exactly 1, the loss exactly 0.
    net = Network([np.zeros((1, 2), dtype=dtype)])
    overflown = np.array([[0.0, np.inf]], dtype=dtype)
    outputs = net.activations[0].forward(overflown[:, 1:])
    assert float(net.loss.value(outputs, np.ones((1, 1), dtype=dtype))[0]) == 0.0
    with pytest.raises(DivergenceError, match="a weight or the loss stopped being finite") as caught:
        train(net, [[large]], [[1.0]], rate=large, epochs=1)
    np.testing.assert_array_equal(caught.value.network.weights[0], 0.0)


def test_loss_that_overflows_is_noticed_where_the_weights_stay_finite() -> None:
    # From 0, one step of 1e200 gives a finite weight whose squared residual is beyond float64.
    with pytest.raises(DivergenceError) as caught:
        train(Network([[[0.0, 0.0]]], "identity"), [[1.0]], [[1.0]], rate=1e200, epochs=1)
    assert caught.value.epoch == 1
    np.testing.assert_array_equal(caught.value.network.weights[0], 0.0)


def test_weights_that_overflow_inside_an_epoch_and_come_to_nan_are_noticed() -> None:
    rows = [[1e200], [-1e200], [1e200], [-1e200]]
    with pytest.raises(DivergenceError):
        train(Network([[[0.0, 0.0]]], "tanh"), rows, [[1.0]] * 4, rate=1e200, epochs=1)


def test_divergence_is_an_arithmetic_error_without_warnings() -> None:
    assert isinstance(_diverge(rate=1e6), ArithmeticError)
