"""A network as a chain of layers: what may follow what, first weights, members, and what a user sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from chainrule import InputError, Network, ShapeError, UnknownNameError, check_gradients, save, trace, train
from chainrule.equations import LAYERS, Dense, LayerKind, MemberBias, Scale
from chainrule.inspection import trace_forward

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

# First weights


def test_first_weights_of_every_kind() -> None:
    layers = ("order", "scale", "piecewise:4", "periodic:2:1", "member_scale:2", "dense", "member_bias:2")
    net = Network.random((3, 5), seed=7, layers=layers)
    order, scale, piecewise, periodic, signs, dense, biases = net.weights
    assert order.ravel().tolist() == [0, 1, 2]
    assert (scale == 1).all()
    assert piecewise.tolist() == [[-2, -1, 0, 1, 2]] * 3
    assert periodic.shape == (15, 7)
    assert set(signs.ravel()) == {-1, 1}
    assert dense.shape == (5, 31)
    assert (biases == 0).all()
    assert net.sizes == (3, 3, 3, 15, 30, 30, 5, 5)
    again = Network.random((3, 5), seed=7, layers=layers)
    assert all((a == b).all() for a, b in zip(net.weights, again.weights, strict=True))
    other = Network.random((3, 5), seed=8, layers=layers)
    assert not (other.weights[3] == periodic).all()


def test_each_member_has_first_weights_as_if_it_were_alone() -> None:
    (w,) = Network.random((4, 3), seed=1, layers="member_dense:50").weights
    assert w.shape == (150, 5)
    limit = (6 / (4 + 3)) ** 0.5  # of a layer of 3 units, not of 150
    assert 0.97 * limit < np.abs(w[:, 1:]).max() <= limit
    assert (w[:, 0] == 0).all()


def test_dense_networks_have_the_bits_that_they_had() -> None:
    plain, said = Network.random((3, 4, 2), seed=3), Network.random((3, 4, 2), seed=3, layers="dense")
    assert all((a == b).all() for a, b in zip(plain.weights, said.weights, strict=True))
    assert repr(plain) == repr(said) == "Network(3-4-2, logistic, rss, float64)"
    assert plain.layers == (Dense(), Dense())


# What may follow what


def test_sizes_are_asked_for_where_layers_do_not_settle_them() -> None:
    with pytest.raises(ShapeError, match=r"2 numbers of units behind the inputs, but 1 dense layers?"):
        Network.random((3, 4, 2), layers=("scale", "dense"))
    with pytest.raises(ShapeError, match="needs more of them"):
        Network.random((2, 3), layers=("periodic:2:2:2", "dense"))


def test_matrices_that_do_not_fit_their_kind() -> None:
    with pytest.raises(ShapeError, match=r"weights\[0\] has shape \(3, 2\) but a layer of the kind scale"):
        Network([np.ones((3, 2)), np.ones((1, 4))], layers=("scale", "dense"))
    with pytest.raises(ShapeError, match=r"weights\[1\] has shape \(2, 1\).*behind 3 units.*shape \(3, 1\)"):
        Network([np.ones((3, 4)), np.ones((2, 1))], layers=("dense", "scale"))
    with pytest.raises(ShapeError, match=r"1 kinds? of layers but 2 weight matrices"):
        Network([np.ones((3, 4)), np.ones((2, 4))], layers=("dense",))
    with pytest.raises(InputError, match="2 and 3 members"):
        Network.random((3, 3), layers=("member_scale:2", "dense", "member_bias:3"))
    with pytest.raises(InputError, match="each number from 0 to 1 once"):
        Network([[[1.0], [1.0]], [[0.0, 1.0, 1.0]]], layers=("order", "dense"))
    with pytest.raises(UnknownNameError, match="scale"):
        Network.random((3, 3), layers=("diagonal", "dense"))
    with pytest.raises(InputError, match=r"layer is .* but must be a name or an object"):
        Network.random((3, 3), layers=(3, "dense"))  # type: ignore[arg-type]


def test_one_activation_stands_after_the_dense_layers() -> None:
    net = Network.random((3, 4, 2), "tanh", layers=("scale", "dense", "member_bias:2", "member_dense:2"))
    assert [g.name for g in net.activations] == ["identity", "tanh", "identity", "tanh"]


# Members


def test_members_are_networks_of_their_own_and_their_mean_predicts() -> None:
    layers = ("scale", "member_scale:3", "dense", "member_bias:3", "member_dense:3")
    net = Network.random((4, 6, 2), "tanh", seed=2, layers=layers)
    assert net.members == 3
    X = np.random.default_rng(0).normal(size=(20, 4))
    members = [net.member(i) for i in (1, 2, 3)]
    assert [one.members for one in members] == [1, 1, 1]
    assert members[0].layers == (Scale(), Scale(), Dense(), MemberBias(1), Dense())
    np.testing.assert_allclose(net(X), np.mean([one(X) for one in members], axis=0), rtol=1e-13)
    for number in (0, 4, -1):
        with pytest.raises(InputError, match=rf"member is {number} but must be (from 1 to 3|a whole number)"):
            net.member(number)
    passed = net.forward(X)
    assert passed.a[-1].shape == (60, 2)
    np.testing.assert_allclose(passed.a[-1][1::3], members[1](X), rtol=1e-13)


def test_a_network_of_one_member_is_its_own() -> None:
    net = Network.random((2, 3, 1), seed=1)
    assert (net.members, repr(net.member(1))) == (1, repr(net))


# What a user sees


def test_a_trace_is_of_the_member_that_is_asked_for() -> None:
    net = Network.random((2, 3, 1), "tanh", seed=2, layers=("member_scale:3", "dense", "member_dense:3"))
    x, y = [0.5, -1.0], [0.25]
    first, third = trace(net, x, y, rate=0.1), trace(net, x, y, rate=0.1, member=3)
    assert (first.member, third.member, first.members) == (1, 3, 3)
    assert str(third).startswith("One step of back-propagation of member 3 of 3: Network(2-2-3-1")
    assert "What is predicted is the mean of the outputs of 3 members." in str(third)
    assert repr(third.network) == repr(net.member(3))
    assert third.a[-1].tolist() == net.member(3).forward([x]).a[-1][0].tolist()
    assert (third.to_json()["member"], third.to_json()["members"]) == (3, 3)
    forward = trace_forward(net, x, member=2)
    assert str(forward).startswith("Forward pass of member 2 of 3: ")
    assert forward.to_json()["layers"][0]["kind"] == "scale"
    with pytest.raises(InputError, match="member is 4 but must be from 1 to 3"):
        trace(net, x, y, rate=0.1, member=4)
    with pytest.raises(InputError, match="member"):
        trace(net, x, y, rate=0.1, member=0)
    assert "member" not in trace(net.member(1), x, y, rate=0.1).to_json()


def test_the_worked_example_has_every_kind_in_its_own_letters() -> None:
    layers = ("order", "scale", "piecewise:2", "periodic:1:1", "dense", "member_bias:1", "dense")
    activations = ["identity"] * 4 + ["tanh", "identity", "identity"]
    net = Network.random((2, 3, 1), activations, seed=2, layers=layers)
    text = trace(net, [0.5, -1.5], [0.25], rate=0.1).text(most=20)
    for line in (
        "Layer 2 (hidden, order, identity): net inputs, equation (67), and activations",
        "  z_1^(2) = x_1 = 0.5 = 0.5",
        "Layer 3 (hidden, scale, identity): net inputs, equation (60), and activations",
        "  z_2^(3) = s_2^(2)·a_2^(2) = 1·(-1.5) = -1.5",
        "Layer 4 (hidden, piecewise, identity): net inputs, equation (66), and activations",
        "  z_4^(4) = min(1, max(0, (a_2^(3) − p_21^(3))/(q_21^(3) − p_21^(3))))",
        "Layer 5 (hidden, periodic, identity): net inputs, equation (65), and activations",
        "Layer 7 (hidden, member_bias, identity): net inputs, equation (62), and activations",
        "W^(6): gradients, equations (15) and (62), and updates, equation (8)",
        "W^(3) is held as it is",
        "W^(2): gradients, equations (15) and (60), and updates, equation (8)",
        "W^(1) is held as it is",
    ):
        assert line in text.splitlines(), line
    assert "∂RSS/∂s_1^(2) = −δ_1^(3)·a_1^(2)" in text


def test_show_says_the_chain_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from chainrule.cli.commands import show  # noqa: PLC0415 (only here)

    layers = ("scale", "periodic:2:1:1", "member_scale:2", "dense", "member_dense:2")
    save(Network.random((2, 3, 1), "tanh", seed=1, layers=layers), tmp_path / "net.st")
    show.run(tmp_path / "net.st", weights=False, command=False, as_json=False)
    shown = capsys.readouterr().out
    for words in (
        "2 members share weights; a prediction is the mean of theirs",
        "W^(1)   2 scales, one of each input; 2 weights, the largest 1",
        "W^(2)   1 input, with 1 sum of 2 cosines of each, 1 input passed on as they are;",
        "W^(3)   3 scales, one of each input, of each of 2 members;",
        "W^(4)   3 x (1 + 3); 12 weights",
        "3 tanh",
        "W^(5)   1 x (1 + 3), of each of 2 members; 8 weights",
        "s_1^(1) = 1",
        "w_11^(2) = ",
    ):
        assert words in shown, words
    show.run(tmp_path / "net.st", weights=False, command=False, as_json=True)
    assert '"layers"' in capsys.readouterr().out


# A user's own kind


class Cube(LayerKind):
    """Scale of the third power of each input."""

    name: ClassVar[str] = "cube"

    def sizes(self, shape: tuple[int, int]) -> tuple[int, int]:
        return shape[0], shape[0]

    def shape(self, inputs: int, units: int) -> tuple[int, int]:  # noqa: ARG002 (settled by the inputs)
        return inputs, 1

    def start(self, inputs: int, uniform: Any, normal: Any) -> Any:  # noqa: ANN401, ARG002 (functions)
        return np.ones((inputs, 1))

    def forward(self, weights: Any, a_before: Any) -> Any:  # noqa: ANN401 (arrays)
        return weights[:, 0] * a_before**3

    def backward(self, weights: Any, a_before: Any, delta: Any) -> Any:  # noqa: ANN401 (arrays)
        return 3 * delta * weights[:, 0] * a_before**2

    def products(self, weights: Any, a_before: Any, delta: Any) -> Any:  # noqa: ANN401, ARG002 (arrays)
        return (delta * a_before**3)[:, :, None]


class WrongCube(Cube):
    """With another slope."""

    name: ClassVar[str] = "wrong_cube"

    def backward(self, weights: Any, a_before: Any, delta: Any) -> Any:  # noqa: ANN401 (arrays)
        return 2 * delta * weights[:, 0] * a_before**2


def _samples() -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    random = np.random.default_rng(1)
    return random.uniform(0.5, 1.5, size=(20, 2)), random.uniform(size=(20, 1))


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrainingWarning")
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_kind_of_ones_own_is_trained_checked_and_traced(place: int) -> None:
    layers: list[Any] = ["dense", "dense"]
    layers.insert(place, Cube())
    net = Network.random((2, 3, 1), "tanh", seed=1, layers=layers)
    X, Y = _samples()
    assert check_gradients(net, X, Y).passed
    trained = train(net, X, Y, rate=0.1, epochs=30, engine="reference", seed=1)
    assert trained.history.loss_after < trained.history.loss_before
    assert (trained.network.weights[place] != 1).all()
    assert train(net, X, Y, epochs=5, rule="lbfgs", engine="reference").history.loss_after < 1
    np.testing.assert_allclose(net(X), net.forward(X).a[-1])
    assert f"Layer {place + 2} (" in str(trace(net, X[0], Y[0], rate=0.1))
    layers[place] = WrongCube()
    if place:
        assert not check_gradients(Network(net.weights, net.activations, layers=layers), X, Y).passed
    with pytest.raises(InputError, match=r"layer .*Cube.* has no kernel.*reference"):
        train(net, X, Y, rate=0.1, epochs=1)


def test_a_kind_of_ones_own_by_name(tmp_path: Path) -> None:
    own = Network.random((2, 1), layers=(Cube(), "dense"), seed=1)
    with pytest.raises(InputError, match="cannot be saved"):
        save(own, tmp_path / "own.st")
    LAYERS.register(Cube)
    try:
        named = Network.random((2, 1), layers=("cube", "dense"), seed=1)
        X, _ = _samples()
        assert named(X).tobytes() == own(X).tobytes()
        save(named, tmp_path / "own.st")
    finally:
        del LAYERS._entries["cube"]


def test_a_class_derived_from_a_kind_is_another_one() -> None:
    class Double(Scale):
        def forward(self, weights: Any, a_before: Any) -> Any:  # noqa: ANN401 (arrays)
            return 2 * super().forward(weights, a_before)

    net = Network.random((2, 1), "identity", layers=(Double(), "dense"), seed=1)
    with pytest.raises(InputError, match="has no kernel"):
        train(net, *_samples(), rate=0.1, epochs=1)
    text = str(trace(net, [1.0, 2.0], [0.5], rate=0.1))
    assert "s_1^(1)·x_1" not in text.split("Loss", maxsplit=1)[0]


# First weights from data


def test_rows_start_shared_layers_by_what_every_member_sees() -> None:
    """The net inputs of all members' rows have the deviation 1, where their mean would have less."""
    layers = ("member_scale:4", "dense", "member_dense:4")
    X = np.random.default_rng(3).normal(size=(500, 6))
    net = Network.random((6, 5, 1), "tanh", seed=1, layers=layers, start="from_data", X=X)
    z = net.forward(X).z[1]
    assert z.shape == (2000, 5)
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=1e-12)
