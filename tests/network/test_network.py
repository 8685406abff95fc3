"""The network as a frozen record: what it takes, what it refuses, and that nothing changes it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule import (
    RSS,
    ChainruleError,
    Identity,
    InputError,
    Logistic,
    Model,
    Network,
    ShapeError,
    Tanh,
    UnknownNameError,
    check_gradients,
    trace,
    train,
)

W1 = [[0.35, 0.15, 0.20], [0.35, 0.25, 0.30]]
W2 = [[0.60, 0.40, 0.45]]


def _net(activations: Any = "logistic") -> Network:  # noqa: ANN401 (the constructor takes many forms)
    return Network([W1, W2], activations)


# What a network is


def test_network_has_sizes_activations_loss_and_dtype() -> None:
    net = _net(["tanh", "identity"])
    assert net.sizes == (2, 2, 1)
    assert net.activations == (Tanh(), Identity())
    assert net.loss == RSS()
    assert net.dtype == np.float64


@pytest.mark.parametrize(
    ("activations", "expected"),
    [
        ("tanh", (Tanh(), Tanh())),
        (Tanh(), (Tanh(), Tanh())),
        (["tanh", Logistic()], (Tanh(), Logistic())),
        (("identity", "tanh"), (Identity(), Tanh())),
    ],
)
def test_activations_are_names_or_objects_one_or_many(
    activations: Any,  # noqa: ANN401 (the constructor takes many forms)
    expected: tuple[object, ...],
) -> None:
    assert _net(activations).activations == expected


@pytest.mark.parametrize(
    ("net", "text"),
    [
        (_net(), "Network(2-2-1, logistic, rss, float64)"),
        (_net(["tanh", "identity"]), "Network(2-2-1, tanh, identity, rss, float64)"),
        (Network.random((4, 3), dtype="float32"), "Network(4-3, logistic, rss, float32)"),
    ],
)
def test_repr_names_sizes_activations_loss_and_dtype(net: Network, text: str) -> None:
    assert repr(net) == text


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float32", "float32"), "float32"),
        (("float64", "float64"), "float64"),
        (("float32", "float64"), "float64"),
        (("float16", "float16"), "float64"),
        (("int32", "float32"), "float64"),
        (("int64", "int64"), "float64"),
        (("bool", "bool"), "float64"),
        ((">f4", ">f4"), "float32"),
        ((">f8", ">f8"), "float64"),
        (("longdouble", "float32"), "float64"),
    ],
)
def test_weights_are_float32_throughout_or_float64(dtypes: tuple[str, str], expected: str) -> None:
    net = Network([np.ones((2, 3), dtypes[0]), np.ones((1, 3), dtypes[1])])
    assert [w.dtype for w in net.weights] == [np.dtype(expected)] * 2
    assert net.dtype == expected


# That nothing changes it


def test_attributes_cannot_be_set() -> None:
    net = _net()
    for name in ("weights", "activations", "loss", "sizes", "dtype", "new"):
        with pytest.raises((dataclasses.FrozenInstanceError, AttributeError)):
            setattr(net, name, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del net.weights


def _copies(net: Network) -> dict[str, Network]:
    return {
        "made": net,
        "with_weights": net.with_weights(net.weights),
        "copy": copy.copy(net),
        "deepcopy": copy.deepcopy(net),
        "pickle": pickle.loads(pickle.dumps(net)),  # noqa: S301 (our own bytes)
        "replace": dataclasses.replace(net),
    }


@pytest.mark.parametrize("how", ["made", "with_weights", "copy", "deepcopy", "pickle", "replace"])
def test_weights_are_read_only_however_the_network_came_about(how: str) -> None:
    net = _copies(_net("tanh"))[how]
    assert isinstance(net.weights, tuple)
    for w, given_w in zip(net.weights, (W1, W2), strict=True):
        assert w.tolist() == given_w
        assert not w.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            w[0, 0] = 9.0
    assert net.activations == (Tanh(), Tanh())
    assert net.dtype == np.float64


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_weights_are_copies_of_what_was_given(dtype: str, order: Any) -> None:  # noqa: ANN401 (a Literal of NumPy's)
    given_w = np.array(W2, dtype=dtype, order=order)
    net = Network([given_w])
    assert given_w.flags.writeable
    given_w[:] = 7.0
    np.testing.assert_array_equal(net.weights[0], np.array(W2, dtype=dtype))


def test_calling_and_forward_change_nothing() -> None:
    net = _net()
    X = np.array([[0.05, 0.10], [1.0, -1.0]])
    before = X.copy()
    outputs = net(X)
    outputs[:] = 0
    passed = net.forward(X)
    passed.a[0][:] = 0
    np.testing.assert_array_equal(X, before)
    assert [w.tolist() for w in net.weights] == [W1, W2]


def test_with_weights_keeps_activations_and_loss() -> None:
    net = _net(["tanh", "identity"])
    other = net.with_weights([np.zeros((3, 3)), np.zeros((1, 4))])
    assert other.sizes == (2, 3, 1)
    assert other.activations == net.activations
    assert other.loss is net.loss
    assert net.sizes == (2, 2, 1)


# What it computes


@given(
    st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 9), st.sampled_from(["float32", "float64"])
)
def test_one_sample_is_its_row_of_the_batch_to_the_bit(
    seed: int, n_out: int, n_samples: int, dtype: str
) -> None:
    net = Network.random((3, 4, n_out), ["tanh", "logistic"], seed=seed, dtype=dtype)
    X = np.random.default_rng(seed).uniform(-2, 2, (n_samples, 3)).astype(dtype)
    outputs = net(X)
    assert outputs.shape == (n_samples, n_out)
    assert outputs.dtype == dtype
    for row, x in zip(outputs, X, strict=True):
        alone = net(x)
        assert alone.shape == (n_out,)
        np.testing.assert_array_equal(alone, row)
        np.testing.assert_array_equal(net(x.tolist()), row)


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 40), min_size=2, max_size=4),
    st.sampled_from(["float32", "float64"]),
)
def test_calling_agrees_with_forward_to_rounding(seed: int, sizes: list[int], dtype: str) -> None:
    names = ["tanh", "logistic", "identity"][-len(sizes) + 1 :]
    net = Network.random(sizes, names, seed=seed, dtype=dtype)
    X = np.random.default_rng(seed).uniform(-2, 2, (5, sizes[0])).astype(dtype)
    # Sums of up to 41 products in two orders, at numbers of about 1; each layer passes on what came before.
    digits = 41 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(net(X), net.forward(X).a[-1], rtol=digits, atol=digits)


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_number_of_threads_changes_no_bit(threads: int) -> None:
    net = Network.random((3, 5, 2), seed=1)
    X = np.random.default_rng(1).uniform(-2, 2, (7, 3))
    np.testing.assert_array_equal(net(X, threads=threads), net(X))
    np.testing.assert_array_equal(net(X[0], threads=threads), net(X[0]))


@pytest.mark.parametrize("how", ["made", "with_weights", "copy", "deepcopy", "pickle", "replace"])
def test_copies_of_a_network_that_has_predicted_predict_the_same(how: str) -> None:
    net = _net("tanh")
    outputs = net([[1.0, 2.0]])
    np.testing.assert_array_equal(_copies(net)[how]([[1.0, 2.0]]), outputs)
    np.testing.assert_array_equal(net([[1.0, 2.0]]), outputs)


def test_forward_gives_every_z_and_a() -> None:
    passed = _net(["tanh", "identity"]).forward([[1, 2], [3, 4], [5, 6]])
    assert [z.shape for z in passed.z] == [(3, 2), (3, 1)]
    np.testing.assert_allclose(passed.z[0][0], [0.35 + 0.15 + 0.4, 0.35 + 0.25 + 0.6], rtol=1e-15)
    np.testing.assert_array_equal(passed.a[0], np.tanh(passed.z[0]))
    np.testing.assert_array_equal(passed.a[1], passed.z[1])


@pytest.mark.parametrize(
    "X", [[[1, 2]], [[1.0, 2.0]], [[True, False]], ((1, 2), (3, 4)), np.array([[1, 2]], "i1")]
)
def test_inputs_may_be_any_real_numbers(X: Any) -> None:  # noqa: ANN401 (any array-like)
    assert _net()(X).dtype == np.float64


def test_nan_in_the_inputs_travels_to_the_outputs_of_its_row() -> None:
    assert np.isnan(_net()([[np.nan, 0.0], [0.0, 0.0]])).tolist() == [[True], [False]]


def test_own_activation_and_loss_may_be_given_as_objects() -> None:
    class Half:
        name: ClassVar[str] = "half"
        formula: ClassVar[str] = "z / 2"
        derivative: ClassVar[str] = "1 / 2"

        def forward(self, z: Any) -> Any:  # noqa: ANN401 (array of any library)
            return z / 2

        def backward(self, z: Any, a: Any, upstream: Any) -> Any:  # noqa: ANN401, ARG002 (array of any library)
            return upstream / 2

    net = Network([[[0.0, 1.0]]], Half())
    assert net([[3.0]]).tolist() == [[1.5]]
    assert net([3.0], threads=2).tolist() == [1.5]
    assert repr(net) == "Network(1-1, half, rss, float64)"


# What it refuses

OK2 = [[0.0, 1.0, 2.0]]
REFUSED_WEIGHTS: list[Any] = [
    pytest.param([], ShapeError, "no weights but needs at least one matrix", id="none"),
    pytest.param([[1.0, 2.0]], ShapeError, r"weights\[0\] has shape \(2,\) but must be \(n_out", id="1-D"),
    pytest.param([[[[1.0, 2.0]]]], ShapeError, r"weights\[0\] has shape \(1, 1, 2\) but must be", id="3-D"),
    pytest.param([3.0], ShapeError, r"weights\[0\] has shape \(\) but must be", id="number"),
    pytest.param([[[1.0]]], ShapeError, r"weights\[0\] has shape \(1, 1\) but must be", id="bias only"),
    pytest.param([np.ones((0, 2))], ShapeError, r"weights\[0\] has shape \(0, 2\) but must be", id="no unit"),
    pytest.param(
        [OK2, [[0.0, 1.0, 2.0]]],
        ShapeError,
        r"weights\[1\] has 3 columns but needs 2: one for the bias and one for each of the 1 units",
        id="chain",
    ),
    pytest.param(
        [[[0.0, 1.0], [0.0, 2.0]], [[0.0, 1.0]]],
        ShapeError,
        r"weights\[1\] has 2 columns but needs 3: one for the bias and one for each of the 2 units",
        id="chain, too few",
    ),
    pytest.param(
        [OK2, [[0.0, np.nan]]], InputError, r"weights\[1\]\[0, 1\] is nan but every number", id="nan"
    ),
    pytest.param([[[0.0, 1.0], [-np.inf, 1.0]]], InputError, r"weights\[0\]\[1, 0\] is -inf", id="inf"),
    pytest.param(
        [np.full((1, 2), np.longdouble("1e400"))], InputError, r"weights\[0\]\[0, 0\] is inf", id="too long"
    ),
    pytest.param(
        [[[0.0, 1.0], [1.0]]], InputError, "cannot be read as matrices of real numbers", id="ragged"
    ),
    pytest.param([[[0.0, 1j]]], InputError, "cannot be read as matrices of real numbers", id="complex"),
    pytest.param([[["0", "1"]]], InputError, "cannot be read as matrices of real numbers", id="text"),
    pytest.param([[[None, 1.0]]], InputError, "cannot be read as matrices of real numbers", id="object"),
    pytest.param([np.ones((1, 2), "m8[s]")], InputError, "cannot be read as matrices of real", id="times"),
    pytest.param(None, InputError, "cannot be read as matrices of real numbers", id="None"),
]


@pytest.mark.parametrize(("weights", "error", "message"), REFUSED_WEIGHTS)
def test_weights_that_are_no_network_are_refused(
    weights: Any,  # noqa: ANN401 (that is the point)
    error: type[ChainruleError],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        Network(weights)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_wrong_number_of_activations_is_refused(count: int) -> None:
    with pytest.raises(ShapeError, match=f"There are {count} activations but 2 weight matrices. Give one"):
        _net(["tanh"] * count)


def test_unknown_activation_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match=r"no activation 'tahn'\. Did you mean 'tanh'"):
        _net(["logistic", "tahn"])


def test_unknown_loss_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match=r"no loss 'RSS'\. Did you mean 'rss'"):
        Network([W1], loss="RSS")


@pytest.mark.parametrize("activation", [5, None, Tanh, [Tanh, "tanh"]])
def test_object_that_is_no_activation_is_refused(activation: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"activation is .* with forward\(\) and backward\(\)\. Give"):
        _net(activation)


@pytest.mark.parametrize("loss", [None, RSS, Tanh()])
def test_object_that_is_no_loss_is_refused(loss: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"loss is .* with values\(\) and slopes\(\)\. Give"):
        Network([W1], loss=loss)


REFUSED_INPUTS: list[Any] = [
    pytest.param([[1.0, 2.0, 3.0]], ShapeError, r"X has shape \(1, 3\) but the network needs", id="columns"),
    pytest.param([[1.0]], ShapeError, r"needs \(n_samples, 2\). Give one sample a row", id="one column"),
    pytest.param([[[1.0, 2.0]]], ShapeError, r"X has shape \(1, 1, 2\) but the network needs", id="3-D"),
    pytest.param(1.0, ShapeError, r"X has shape \(\) but the network needs", id="number"),
    pytest.param(np.ones((1, 3)), ShapeError, r"X has shape \(1, 3\) but the network", id="array's columns"),
    pytest.param(np.ones((2, 1)), ShapeError, r"X has shape \(2, 1\) but the network", id="array's column"),
    pytest.param(np.ones((1, 1, 2)), ShapeError, r"X has shape \(1, 1, 2\) but the", id="3-D array"),
    pytest.param(np.ones(()), ShapeError, r"X has shape \(\) but the network needs", id="array of a number"),
    pytest.param(np.ones((0, 2)), ShapeError, "X has no rows but at least one", id="no rows"),
    pytest.param([[1.0, 2.0], [3.0]], InputError, "X cannot be read as a table of numbers", id="ragged"),
    pytest.param([["a", "b"]], InputError, "X cannot be read as a table of numbers", id="words"),
    pytest.param([["1", "2"]], InputError, "X cannot be read as a table of numbers", id="digits"),
    pytest.param([[1j, 2.0]], InputError, "X cannot be read as a table of numbers", id="complex list"),
    pytest.param(np.ones((1, 2), complex), InputError, "X cannot be read as a table", id="complex array"),
    pytest.param(np.ones((1, 2), "M8[D]"), InputError, "X cannot be read as a table", id="dates"),
    pytest.param([[{}, 2.0]], InputError, "X cannot be read as a table of numbers", id="objects"),
    pytest.param([[10**400, 2]], InputError, "X cannot be read as a table of numbers", id="too large"),
]


@pytest.mark.parametrize(("X", "error", "message"), REFUSED_INPUTS)
def test_inputs_that_do_not_fit_are_refused(
    X: Any,  # noqa: ANN401 (that is the point)
    error: type[ChainruleError],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        _net()(X)
    with pytest.raises(error, match=message):
        _net().forward(X)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_one_sample_of_another_length_is_refused(n: int) -> None:
    for x in (np.ones(n), [1.0] * n):
        with pytest.raises(ShapeError, match=rf"X has shape \(1, {n}\) but the network needs"):
            _net()(x)


def test_one_sample_alone_is_for_calling_not_for_forward() -> None:
    with pytest.raises(ShapeError, match=r"X has shape \(2,\) but the network needs \(n_samples, 2\)"):
        _net().forward([1.0, 2.0])


@pytest.mark.parametrize("threads", [0, -1, 2.5, "a", True])
def test_threads_that_are_no_count_are_refused(threads: Any) -> None:  # noqa: ANN401 (that is the point)
    with pytest.raises(InputError, match=r"threads is .* but must be a whole number of at least 1"):
        Network.random((1, 1))([[1.0]], threads=threads)


def test_a_model_in_place_of_its_network_is_refused_with_what_to_do() -> None:
    model = Model(Network.random((1, 1)))
    for call in (
        lambda: train(model, [[0.0]], [[1.0]], rate=1, epochs=1),  # type: ignore[arg-type]
        lambda: trace(model, [0.0], [1.0], rate=1),  # type: ignore[arg-type]
        lambda: check_gradients(model, [[0.0]], [[1.0]]),  # type: ignore[arg-type]
    ):
        with pytest.raises(InputError, match=r"net is a Model but must be a Network.*model\.network"):
            call()
