"""Networks of several members: none is treated otherwise than the others, alone and in a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import chainrule
from chainrule import InputError, Network, check_gradients, tabm_masks, tabm_network, train
from chainrule.equations import MemberBias, MemberDense, MemberScale
from chainrule.training import ENGINES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.TrainingWarning")

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(40, 3)), RANDOM.normal(size=(40, 2))
K = 3


def a_network() -> Network:
    net = tabm_network((3, 9, 5, 2), ["tanh", "relu", "identity"], members=K, start="glorot_uniform", seed=2)
    return net.with_weights([w + 0.1 * RANDOM.normal(size=w.shape) for w in net.weights])


def in_another_order(net: Network, order: npt.NDArray[np.intp]) -> Network:
    """The same network, with its members in another order."""
    weights = []
    for layer, w in zip(net.layers, net.weights, strict=True):
        if isinstance(layer, (MemberScale, MemberBias)):
            weights.append(w[:, order])
        elif isinstance(layer, MemberDense):
            weights.append(w.reshape(K, -1, w.shape[1])[order].reshape(w.shape))
        else:
            weights.append(w)
    return net.with_weights(weights)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "given",
    [
        {"rule": "descent", "l2": 0.3, "l1": 0.1},
        {"rule": "adamw:0.5", "rate_factors": "ntp"},
        {"rule": "adamw:0.5", "decay_schedule": "flat_cosine", "bias_rate": 0.1, "batch_size": 8},
        {"rule": "lbfgs", "l2": 0.3, "batch_size": None, "rate": None},
        {"rule": "levenberg_marquardt", "l2": 0.3, "batch_size": None, "rate": None},
    ],
    ids=lambda given: given["rule"],
)
def test_members_in_another_order_train_to_the_same(given: dict[str, Any], engine: str) -> None:
    """Penalties and decay, too, are the same for each."""
    order = np.array([2, 0, 1])
    settings: dict[str, Any] = {"rate": 0.01, "epochs": 4, "batch_size": 10, "engine": engine, **given}
    net = a_network()
    one = train(net, X, Y, masks=tabm_masks(net), **settings).network
    other = train(in_another_order(net, order), X, Y, masks=tabm_masks(net), **settings).network
    for w, same, first in zip(in_another_order(one, order).weights, other.weights, net.weights, strict=True):
        np.testing.assert_allclose(w, same, rtol=0, atol=1e-9 * np.abs(w).max())
        assert np.abs(same - first).max() > 1e-4


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rule", ["lbfgs", "levenberg_marquardt", "adamw:0.5"])
def test_penalties_leave_held_layers_alone(rule: str, engine: str) -> None:
    net = Network.random((3, 4, 2), "tanh", layers=("order", "piecewise:3", "dense", "dense"))
    rate: dict[str, Any] = {"rate": 0.01} if rule.startswith("adamw") else {}
    l2: dict[str, Any] = {} if rule.startswith("adamw") else {"l2": 0.3}
    found = train(net, X, Y, rule=rule, epochs=3, engine=engine, **rate, **l2).network
    for m in (0, 1):
        np.testing.assert_array_equal(found.weights[m], net.weights[m])
    assert np.abs(found.weights[2] - net.weights[2]).max() > 1e-4


def test_penalised_gradients_are_slopes() -> None:
    net = a_network()
    assert check_gradients(net, X[:8], Y[:8], l2=0.3, masks=tabm_masks(net)).passed


# First weights, and what is held


def test_first_weights_are_those_of_tabm() -> None:
    net = tabm_network((3, 9, 5, 2), members=4, seed=1)
    scales = [w for layer, w in zip(net.layers, net.weights, strict=True) if isinstance(layer, MemberScale)]
    assert set(scales[0].ravel()) == {-1, 1}
    assert all((w == 1).all() for w in scales[1:])
    assert len(scales) == 4
    assert net.members == 4


def test_shared_bias_weights_stay_where_they_are() -> None:
    net = a_network()
    found = train(net, X, Y, masks=tabm_masks(net), rule="adam", rate=0.01, epochs=3, batch_size=8).network
    for m, (w, first) in enumerate(zip(found.weights, net.weights, strict=True)):
        assert (w[:, 0] == first[:, 0]).all() == (m in {1, 5})
    plain = Network.random((3, 4, 2))
    assert all(mask.all() for mask in tabm_masks(plain))


# In a fit

FRAME = pd.DataFrame({
    "a": RANDOM.normal(size=120), "b": RANDOM.normal(size=120), "kind": ["x", "y", "z"] * 40,
})  # fmt: skip
FRAME["y"] = FRAME["a"] * FRAME["b"] + (FRAME["kind"] == "x")
FEW: dict[str, Any] = {"hidden": (8, 6), "epochs": 6, "members": 4, "seed": 5}


@pytest.mark.parametrize("target", ["y", "kind"])
def test_a_fit_trains_members_in_one_network(target: str, tmp_path: Path) -> None:
    result = chainrule.fit(FRAME, target=target, **FEW)
    net = result.model.network
    assert isinstance(net, Network)
    assert net.members == 4
    assert (net.weights[1][:, 0] == 0).all()
    record = result.model.training
    assert record is not None
    assert (record.members, record.hidden, record.activation) == (4, (8, 6), "relu")
    other = chainrule.fit(FRAME, target=target, engine="reference", **FEW).model.network
    for w, expected in zip(net.weights, other.weights, strict=True):
        np.testing.assert_allclose(w, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    chainrule.save(result.model, tmp_path / "m.safetensors")
    again = chainrule.load_model(tmp_path / "m.safetensors")
    assert again.training == record
    X_ = result.data.X
    assert again.network(X_).tobytes() == net(X_).tobytes()
    own = np.mean([net.member(i + 1)(X_) for i in range(4)], axis=0)
    np.testing.assert_allclose(net(X_), own, rtol=1e-12, atol=1e-12)


def test_members_with_embedded_inputs_in_folds_and_ensembles() -> None:
    given = {**FEW, "input_layers": ("piecewise:3", "scale")}
    result = chainrule.fit(FRAME, target="y", ensemble=2, **given)
    assert [member.network.members for member in result.model.members] == [4, 4]
    alone = chainrule.fit(FRAME, target="y", **given).model.network
    first = result.model.members[0].network
    for w, same in zip(alone.weights, first.weights, strict=True):
        np.testing.assert_array_equal(w, same)
    folds = chainrule.cross_validate(FRAME, target="y", folds=3, **given)
    assert len(folds.folds) == 3


def test_a_fit_goes_on_with_its_members() -> None:
    whole = chainrule.fit(FRAME, target="y", **FEW)
    half = chainrule.fit(FRAME, target="y", **{**FEW, "epochs": 3})
    again = chainrule.fit(FRAME, target="y", resume=half.training.state, **FEW).model
    for w, same in zip(again.network.weights, whole.model.network.weights, strict=True):
        np.testing.assert_array_equal(w, same)


@pytest.mark.parametrize("members", [0, -1, 2.5, "many", True])
def test_numbers_of_members_that_there_are_not(members: Any) -> None:  # noqa: ANN401
    with pytest.raises(InputError, match="members"):
        chainrule.fit(FRAME, target="y", hidden=4, epochs=1, members=members)
    with pytest.raises(InputError, match="members"):
        tabm_network((2, 3, 1), members=members)
