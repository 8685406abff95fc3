"""Whole-network passes against complex steps and PyTorch's automatic differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import Network
from chainrule.equations import mean_loss
from chainrule.network import backward, forward, gradients, loss_over_rows

if TYPE_CHECKING:
    import numpy.typing as npt

NAMES = ("identity", "logistic", "tanh")
STEP = 1e-200  # of the complex step


@st.composite
def networks(draw: st.DrawFn, largest_depth: int = 6) -> Network:
    """Network of 2 to `largest_depth` layers, 1 to 5 outputs, a random activation for each weight matrix."""
    depth = draw(st.integers(2, largest_depth))
    sizes = draw(st.lists(st.integers(1, 5), min_size=depth, max_size=depth))
    activations = draw(st.lists(st.sampled_from(NAMES), min_size=depth - 1, max_size=depth - 1))
    return Network.random(sizes, activations, seed=draw(st.integers(0, 10**6)), start="uniform")


def _samples(net: Network, n: int, seed: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    return random.uniform(-2, 2, (n, net.sizes[0])), random.uniform(-1, 1, (n, net.sizes[-1]))


def _gradients(net: Network, X: npt.NDArray[Any], Y: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], ...]:
    passed = net.forward(X)
    return gradients(net.weights, X, passed, backward(net.weights, net.activations, net.loss, passed, Y))


def _assert_close(slopes: npt.NDArray[Any], expected: npt.NDArray[Any]) -> None:
    """Relative to the largest slope of the matrix: one that cancels to 0 has no digits of its own."""
    np.testing.assert_allclose(slopes, expected, rtol=1e-12, atol=1e-13 * float(np.abs(expected).max()))


@given(networks(), st.sampled_from([1, 2, 7]), st.integers(0, 10**6))
def test_gradients_are_the_derivative_of_the_mean_loss(net: Network, n: int, seed: int) -> None:
    X, Y = _samples(net, n, seed)
    for m, slopes in enumerate(_gradients(net, X, Y)):
        expected = np.empty_like(slopes)
        for place in np.ndindex(*slopes.shape):
            stepped = [w.astype(complex) for w in net.weights]
            stepped[m][place] += 1j * STEP
            losses = loss_over_rows(stepped, net.activations, net.loss, X.astype(complex), Y)
            expected[place] = mean_loss(losses).imag / STEP
        _assert_close(slopes, expected)


def _torch_outputs(torch: Any, weights: list[Any], names: list[str], X: Any) -> Any:  # noqa: ANN401 (no types)
    functions = {"identity": lambda z: z, "logistic": torch.sigmoid, "tanh": torch.tanh}
    a = X
    for w, name in zip(weights, names, strict=True):
        a = functions[name](torch.nn.functional.linear(a, w[:, 1:], w[:, 0]))
    return a


@pytest.mark.oracle
@given(networks(), st.integers(1, 9), st.integers(0, 10**6))
def test_gradients_are_those_of_pytorch(net: Network, n: int, seed: int) -> None:
    torch = pytest.importorskip("torch")
    X, Y = _samples(net, n, seed)
    weights = [torch.tensor(w, requires_grad=True) for w in net.weights]
    outputs = _torch_outputs(torch, weights, [g.name for g in net.activations], torch.from_numpy(X))
    loss = ((torch.from_numpy(Y) - outputs) ** 2).sum(dim=1).mean() / 2
    loss.backward()

    np.testing.assert_allclose(net(X), outputs.detach().numpy(), rtol=1e-12, atol=1e-14)
    rows = loss_over_rows(net.weights, net.activations, net.loss, X, Y)
    assert mean_loss(rows) == pytest.approx(loss.item(), rel=1e-12)
    for slopes, w in zip(_gradients(net, X, Y), weights, strict=True):
        _assert_close(slopes, w.grad.numpy())


@given(networks(), st.integers(2, 6), st.integers(0, 10**6))
def test_a_batch_is_the_mean_of_its_samples(net: Network, n: int, seed: int) -> None:
    X, Y = _samples(net, n, seed)
    alone = [_gradients(net, X[i : i + 1], Y[i : i + 1]) for i in range(n)]
    for m, slopes in enumerate(_gradients(net, X, Y)):
        largest = max(float(np.abs(each[m]).max()) for each in alone)
        np.testing.assert_allclose(
            slopes, sum(each[m] for each in alone) / n, rtol=1e-12, atol=1e-14 * largest
        )


def test_passes_refuse_activations_that_are_too_few() -> None:
    net = Network.random((2, 3, 1))
    with pytest.raises(ValueError, match="zip"):
        forward(net.weights, net.activations[:1], np.ones((1, 2)))
