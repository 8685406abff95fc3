"""The trace of one step: its numbers against published ones, training, and derivatives of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import InputError, Network, ShapeError, trace, train
from chainrule.network import loss_over_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule import Trace

# The worked example that Matt Mazur published, here with the bias weights of each unit moving on their own.
MAZUR = Network([[[0.35, 0.15, 0.20], [0.35, 0.25, 0.30]], [[0.60, 0.40, 0.45], [0.60, 0.50, 0.55]]])
OUTPUTS = [0.7513650695523157, 0.7729284653214625]
RSS_BEFORE, RSS_AFTER = 0.2983711087600027, 0.28047144679143016
W1_AFTER = [
    [0.3456143226552565, 0.1497807161327628, 0.19956143226552567],
    [0.3450228726473914, 0.24975114363236958, 0.29950228726473915],
]
W2_AFTER = [
    [0.5307507191857215, 0.35891647971788465, 0.4086661860762334],
    [0.6190491182582781, 0.5113012702387375, 0.5613701211079891],
]


def mazur() -> Trace:
    return trace(MAZUR, [0.05, 0.10], [0.01, 0.99], rate=0.5)


@st.composite
def steps(draw: st.DrawFn) -> tuple[Network, npt.NDArray[Any], npt.NDArray[Any], float]:
    """A random network, one sample for it, and a rate."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=6))
    names = st.sampled_from([
        "identity", "logistic", "tanh", "relu", "leaky_relu:0.1", "softplus", "softsign", "gelu",
        "selu", "mish", "cos",
    ])  # fmt: skip
    activations = draw(st.lists(names, min_size=len(sizes) - 1, max_size=len(sizes) - 1))
    seed, dtype = draw(st.integers(0, 2**32)), draw(st.sampled_from(["float32", "float64"]))
    net = Network.random(sizes, activations, seed=seed, dtype=dtype, start="uniform")
    random = np.random.default_rng(seed)
    x, y = random.normal(size=sizes[0]), random.normal(size=sizes[-1])
    return net, x, y, draw(st.floats(0.001, 2.0))


# Numbers


def test_published_worked_example() -> None:
    step = mazur()
    np.testing.assert_allclose(step.a[-1], OUTPUTS, rtol=0, atol=1e-15)
    np.testing.assert_allclose(step.weights_after[0], W1_AFTER, rtol=0, atol=1e-15)
    np.testing.assert_allclose(step.weights_after[1], W2_AFTER, rtol=0, atol=1e-15)
    assert step.loss_before == pytest.approx(RSS_BEFORE, rel=0, abs=1e-15)
    assert step.loss_after == pytest.approx(RSS_AFTER, rel=0, abs=1e-15)


@given(steps())
def test_trace_is_the_step_that_training_takes(
    given_step: tuple[Network, npt.NDArray[Any], npt.NDArray[Any], float],
) -> None:
    net, x, y, rate = given_step
    step = trace(net, x, y, rate=rate)
    result = train(net, [x], [y], rate=rate, epochs=1, engine="reference")
    for after, trained in zip(step.weights_after, result.network.weights, strict=True):
        assert after.dtype == trained.dtype == net.dtype
        assert after.tobytes() == trained.tobytes()
    # The trace has the loss in the network's dtype, the history in float64.
    digits = float(np.finfo(net.dtype).eps)
    assert step.loss_before == result.history.loss[0]
    assert step.loss_before == pytest.approx(result.history.loss_before, rel=8 * digits)
    assert step.loss_after == pytest.approx(result.history.loss_after, rel=8 * digits)


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("softmax", "cross_entropy"),
        ("softmax", "rss"),
        ("logistic", "binary_cross_entropy"),
        ("softplus", "poisson"),
        ("exp", "poisson"),
        ("identity", "huber:0.5"),
        ("identity", "absolute"),
        ("identity", "quantile:0.9"),
    ],
)
@pytest.mark.parametrize("hidden", ["relu", "gelu"])
def test_trace_is_the_step_that_training_takes_with_any_loss(hidden: str, output: str, loss: str) -> None:
    net = Network.random((3, 4, 2), [hidden, output], loss, seed=5, start="uniform")
    x, y = [0.5, -1.0, 2.0], [1.0, 0.0]
    step = trace(net, x, y, rate=0.1)
    result = train(net, [x], [y], rate=0.1, epochs=1, engine="reference")
    for after, trained in zip(step.weights_after, result.network.weights, strict=True):
        assert after.tobytes() == trained.tobytes()
    assert step.loss_before == result.history.loss_before == result.history.loss[0]
    assert step.loss_after == result.history.loss_after


def test_softmax_step_worked_by_hand() -> None:
    # Net inputs 0 and ln 3: chances 1/4 and 3/4, residuals 3/4 and -3/4, and a loss of ln 4.
    net = Network([[[0.0, 0.0], [np.log(3), 0.0]]], "softmax", "cross_entropy")
    step = trace(net, [2.0], [1.0, 0.0], rate=0.5)
    np.testing.assert_allclose(step.a[0], [0.25, 0.75], rtol=1e-15)
    np.testing.assert_allclose(step.delta[0], [0.75, -0.75], rtol=1e-15)
    assert step.loss_before == pytest.approx(np.log(4), rel=1e-15)
    np.testing.assert_allclose(step.gradients[0], [[-0.75, -1.5], [0.75, 1.5]], rtol=1e-15)
    np.testing.assert_allclose(step.weights_after[0], [[0.375, 0.75], [np.log(3) - 0.375, -0.75]], rtol=1e-15)


def test_targets_that_the_loss_is_not_defined_for_are_refused() -> None:
    net = Network.random((1, 2), "softmax", "cross_entropy")
    with pytest.raises(InputError, match=r"^Row 0 of y sums to 2 but the loss cross_entropy needs chances"):
        trace(net, [1.0], [1.0, 1.0], rate=0.5)
    with pytest.raises(InputError, match=r"^y\[0, 0\] is nan"):
        trace(net, [1.0], [np.nan, 1.0], rate=0.5)


@given(steps())
def test_update_is_minus_rate_times_gradient(
    given_step: tuple[Network, npt.NDArray[Any], npt.NDArray[Any], float],
) -> None:
    net, x, y, rate = given_step
    step = trace(net, x, y, rate=rate)
    before = (step.x, *step.a[:-1])
    for m in range(len(net.weights)):
        np.testing.assert_array_equal(step.updates[m], -net.dtype.type(rate) * step.gradients[m])
        np.testing.assert_array_equal(
            step.weights_after[m], net.weights[m] - net.dtype.type(rate) * step.gradients[m]
        )
        outer = -np.outer(step.delta[m], np.concatenate([np.ones(1, net.dtype), before[m]]))
        np.testing.assert_array_equal(step.gradients[m], outer)


@given(steps())
def test_delta_is_minus_the_derivative_of_rss_in_z(
    given_step: tuple[Network, npt.NDArray[Any], npt.NDArray[Any], float],
) -> None:
    # A bias weight moves its unit's z alone, and by as much: its complex step is the derivative in z.
    net, x, y, rate = given_step
    step = trace(net, x, y, rate=rate)
    wide = [w.astype(np.float64) for w in net.weights]
    exact = trace(net.with_weights(wide), step.x, step.y, rate=rate)
    largest = max(float(np.max(np.abs(delta))) for delta in exact.delta)
    for m, delta in enumerate(step.delta):
        for k in range(len(delta)):
            moved = [w.astype(np.complex128) for w in wide]
            moved[m][k, 0] += 1e-30j
            X, Y = exact.x[np.newaxis], exact.y[np.newaxis]
            slope = loss_over_rows(moved, net.activations, net.loss, X, Y)[0].imag / 1e-30
            assert exact.delta[m][k] == pytest.approx(-slope, rel=1e-12, abs=1e-13 * largest + 1e-17)
            assert delta[k] == pytest.approx(-slope, rel=1e-4, abs=1e-5 * largest + 1e-6)


@given(steps())
def test_z_and_a_are_those_of_the_forward_pass(
    given_step: tuple[Network, npt.NDArray[Any], npt.NDArray[Any], float],
) -> None:
    net, x, y, rate = given_step
    step = trace(net, x, y, rate=rate)
    passed = net.forward([x])
    for m in range(len(net.weights)):
        np.testing.assert_array_equal(step.z[m], passed.z[m][0])
        np.testing.assert_array_equal(step.a[m], passed.a[m][0])
        assert step.z[m].shape == step.a[m].shape == step.delta[m].shape == (net.sizes[m + 1],)


def test_trace_changes_nothing_and_keeps_what_it_was_given() -> None:
    x, y = np.array([0.05, 0.10]), np.array([0.01, 0.99])
    before = [w.copy() for w in MAZUR.weights]
    step = trace(MAZUR, x, y, rate=0.5)
    for w, same in zip(MAZUR.weights, before, strict=True):
        np.testing.assert_array_equal(w, same)
    assert step.network is MAZUR
    assert (step.x.tolist(), step.y.tolist(), step.rate) == ([0.05, 0.10], [0.01, 0.99], 0.5)


# JSON


@given(steps())
def test_json_keeps_every_bit(
    given_step: tuple[Network, npt.NDArray[Any], npt.NDArray[Any], float],
) -> None:
    net, x, y, rate = given_step
    step = trace(net, x, y, rate=rate)
    data = json.loads(json.dumps(step.to_json(), allow_nan=False))
    assert list(data) == ["network", "rate", "x", "y", "layers", "loss_before", "loss_after"]
    assert (data["network"], data["rate"]) == (repr(net), rate)
    assert (data["loss_before"], data["loss_after"]) == (step.loss_before, step.loss_after)
    kept = {
        "weights": net.weights,
        "z": step.z,
        "a": step.a,
        "delta": step.delta,
        "gradient": step.gradients,
        "update": step.updates,
        "weights_after": step.weights_after,
    }
    assert len(data["layers"]) == len(net.weights)
    for m, layer in enumerate(data["layers"]):
        assert list(layer) == ["kind", *kept]
        assert layer["kind"] == "dense"
        for name, arrays in kept.items():
            assert np.array(layer[name], dtype=net.dtype).tobytes() == arrays[m].tobytes()
    assert np.array(data["x"], dtype=net.dtype).tobytes() == step.x.tobytes()
    assert np.array(data["y"], dtype=net.dtype).tobytes() == step.y.tobytes()


# What is refused


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            [[0.05, 0.1]],
            [0.0, 1.0],
            r"^x has shape \(1, 2\) but one sample of this network needs \(2,\). Give a single row, not a",
        ),
        ([0.05], [0.0, 1.0], r"^x has shape \(1,\) but one sample of this network needs \(2,\)."),
        ([0.05, 0.1], [0.0], r"^y has shape \(1,\) but one sample of this network needs \(2,\)."),
        ([0.05, 0.1], 1.0, r"^y has shape \(\) but one sample of this network needs \(2,\)."),
    ],
)
def test_what_is_not_one_sample_is_refused(x: Any, y: Any, message: str) -> None:  # noqa: ANN401
    with pytest.raises(ShapeError, match=message):
        trace(MAZUR, x, y, rate=0.5)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([np.nan, 0.1], [0.0, 1.0], r"^x\[0, 0\] is nan but every number must be finite in float64."),
        ([0.05, 0.1], [0.0, np.inf], r"^y\[0, 1\] is inf but every number must be finite"),
        (["a", "b"], [0.0, 1.0], r"^x cannot be read as a table of numbers"),
        ([1j, 0.0], [0.0, 1.0], r"^x cannot be read as a table of numbers"),
    ],
)
def test_what_is_no_finite_number_is_refused(x: Any, y: Any, message: str) -> None:  # noqa: ANN401
    with pytest.raises(InputError, match=message):
        trace(MAZUR, x, y, rate=0.5)


def test_number_that_float32_cannot_hold_is_refused() -> None:
    net = Network.random((1, 1), dtype="float32")
    with pytest.raises(InputError, match=r"^x\[0, 0\] is inf but every number must be finite in float32"):
        trace(net, [1e39], [0.0], rate=0.5)


def test_ragged_sample_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"^x "):
        trace(MAZUR, [[0.05, 0.1], [1.0]], [0.0, 1.0], rate=0.5)


@pytest.mark.parametrize("rate", [0, -0.5, np.nan, np.inf, "0.5", None, True])
def test_rate_must_be_a_finite_number_above_0(rate: Any) -> None:  # noqa: ANN401 (hostile on purpose)
    with pytest.raises(InputError, match=r"^rate is .* but must be a finite number above 0. Try 0.1.$"):
        trace(MAZUR, [0.05, 0.10], [0.01, 0.99], rate=rate)


def test_step_that_overflows_is_shown_and_does_not_warn() -> None:
    step = trace(Network([[[0.0, 1.0]]], "identity"), [1e200], [0.0], rate=1.0)
    assert step.loss_before == np.inf
    assert "= inf" in str(step)


def test_a_trace_is_frozen() -> None:
    x = np.array([0.05, 0.1])
    step = trace(MAZUR, x, [0.01, 0.99], rate=0.5)
    x[0] = 7
    assert step.x.tolist() == [0.05, 0.1]
    arrays = [
        step.x,
        step.y,
        *step.z,
        *step.a,
        *step.delta,
        *step.gradients,
        *step.updates,
        *step.weights_after,
    ]
    assert not any(array.flags.writeable for array in arrays)


def test_json_keeps_what_is_not_finite() -> None:
    step = trace(Network([[[0.0, 1.0]]], "identity"), [2.0], [3.0], rate=1e308)
    assert not np.isfinite(step.loss_after)
    found = json.loads(json.dumps(step.to_json()))
    assert found["loss_after"] == step.loss_after
    assert found["loss_before"] == step.loss_before
