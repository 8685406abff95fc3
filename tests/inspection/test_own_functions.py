"""An activation and a loss of the user's own: checked by differences, trained by the reference engine."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
from array_api_compat import array_namespace

from chainrule import InputError, Network, check_gradients, train
from chainrule.equations import mean_loss


class Sine:
    """A unit over the array API."""

    name: ClassVar[str] = "sine"
    formula: ClassVar[str] = "sin(z)"
    derivative: ClassVar[str] = "cos(z)"

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return array_namespace(z).sin(z)

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        return array_namespace(z).cos(z) * upstream


class WrongSine(Sine):
    """One whose derivative has the wrong sign."""

    def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (any array)
        return -array_namespace(z).cos(z) * upstream


class RealSine(Sine):
    """One that loses what is imaginary: no complex step could check it."""

    def forward(self, z: Any) -> Any:  # noqa: ANN401 (any array)
        return np.sin(np.real(z)).astype(z.dtype)


class LogCosh:
    """A smooth loss over the array API."""

    name: ClassVar[str] = "log_cosh"
    formula: ClassVar[str] = "ln(cosh(y − a))"
    slope: ClassVar[str] = "tanh(y − a)"

    def values(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        xp = array_namespace(a, y)
        return xp.log(xp.cosh(y - a))

    def slopes(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return array_namespace(a, y).tanh(y - a)


class WrongLogCosh(LogCosh):
    """One whose derivative is that of half a square."""

    def slopes(self, a: Any, y: Any) -> Any:  # noqa: ANN401 (any array)
        return y - a


RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(6, 2)), RANDOM.normal(size=(6, 2))


def net_with(activation: object = "tanh", loss: object = "rss") -> Network:
    return Network.random((2, 3, 2), [activation, "identity"], loss, seed=1, start="uniform")  # type: ignore[list-item, arg-type]


OWN = [net_with(Sine()), net_with(loss=LogCosh()), net_with(Sine(), LogCosh()), net_with(RealSine())]


@pytest.mark.parametrize("net", OWN, ids=repr)
def test_right_ones_are_checked_by_differences_alone(net: Network) -> None:
    check = check_gradients(net, X, Y, sample_weight=[1, 0, 2, 1, 1, 3], l1=0.01, l2=0.1)
    assert check.passed, str(check)
    assert check.complex_step is None
    assert check.differences.relative_to_network < 1e-7
    assert "complex step" not in str(check)
    assert check.to_json()["complex_step"] is None


@pytest.mark.parametrize("net", OWN, ids=repr)
def test_right_ones_are_trained_by_the_reference_engine(net: Network) -> None:
    result = train(net, X, Y, rate=0.05, epochs=200, rule="adam", batch_size=6, engine="reference")
    assert result.history.loss_after < result.history.loss_before / 2
    losses = result.network.loss.values(result.network(X), Y).sum(axis=1)
    assert result.history.loss_after == pytest.approx(float(mean_loss(losses)), rel=1e-14)


@pytest.mark.parametrize(
    ("net", "name"), [(OWN[0], "Sine|sine"), (OWN[1], "LogCosh|log_cosh"), (OWN[2], "Sine|sine")], ids=repr
)
def test_the_compiled_engine_refuses_them_by_name(net: Network, name: str) -> None:
    with pytest.raises(InputError, match=rf"(?s)({name}).*engine=.reference"):
        train(net, X, Y, rate=0.1, epochs=1)


@pytest.mark.parametrize(
    ("net", "names"),
    [(net_with(WrongSine()), "WrongSine"), (net_with(loss=WrongLogCosh()), "WrongLogCosh"),
     (net_with(WrongSine(), LogCosh()), "LogCosh, WrongSine")],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_wrong_derivatives_are_seen_and_not_trained(net: Network, names: str, dtype: str) -> None:
    assert not check_gradients(net, X, Y).passed
    typed = net.with_weights([w.astype(dtype) for w in net.weights])
    with pytest.raises(
        InputError, match=rf"^The gradient of the network is wrong, with .* own {names}: for W_"
    ):
        train(typed, X, Y, rate=0.1, epochs=1, engine="reference")


def test_a_network_of_ones_own_predicts_by_the_equations() -> None:
    net = net_with(Sine())
    (w1, w2), ones = net.weights, np.ones((6, 1))
    hidden = np.sin(np.hstack([ones, X]) @ w1.T)
    np.testing.assert_allclose(net(X), np.hstack([ones, hidden]) @ w2.T, rtol=1e-14)
