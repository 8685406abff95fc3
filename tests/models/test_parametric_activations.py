"""Fits whose hidden units learn what part of an activation they have."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import chainrule
from chainrule import InputError, Network
from chainrule.equations import Dense, Identity, ParametricMish
from chainrule.estimators import MLPRegressor
from chainrule.files import content_of, model_from_bytes
from chainrule.network import members_of
from chainrule.settings import FitSettings, Settings
from chainrule.training.dropout import kept_numbers

DRAWN = np.random.default_rng(5)
A, B = DRAWN.normal(size=60), DRAWN.normal(size=60)
TABLE = pa.table({"a": A, "b": B, "y": A * B})


def test_a_fit_puts_the_layer_behind_each_hidden_one() -> None:
    for given in ("parametric_mish", ParametricMish()):
        result = chainrule.fit(TABLE, target="y", activation=given, hidden=(5, 4), epochs=30, seed=1)
        (net,) = members_of(result.model.network)
        parts = ParametricMish()
        assert net.layers == (Dense(), parts, Dense(), parts, Dense())
        assert net.activations == (Identity(),) * 5
        for w in (net.weights[1], net.weights[3]):
            assert w.shape[1] == 1
            assert not (w == 1).any()  # each has learnt its part
            assert np.ptp(w) > 0.001
    assert result.model.training is not None
    assert result.model.training.start == "glorot_uniform"
    read = model_from_bytes(content_of(result.model))
    assert read.training is not None
    assert read.training.activation == "parametric_mish"
    assert read.training.hidden == (5, 4)


def test_with_the_whole_of_an_activation_it_is_that_activation() -> None:
    names = ("dense", "parametric_selu", "dense")
    parts = Network.random((3, 5, 2), "identity", seed=2, layers=names)
    plain = Network([parts.weights[0], parts.weights[2]], ["selu", "identity"])
    X = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(parts(X), plain(X), rtol=1e-14)
    linear = parts.with_weights([parts.weights[0], np.zeros((5, 1)), parts.weights[2]])
    first, last = (np.asarray(w) for w in plain.weights)
    expected = (X @ first[:, 1:].T + first[:, 0]) @ last[:, 1:].T + last[:, 0]
    np.testing.assert_allclose(linear(X), expected, rtol=1e-13)


def test_networks_of_members_have_it_too() -> None:
    result = chainrule.fit(TABLE, target="y", activation="parametric_selu", hidden=4, members=3, epochs=3)
    (net,) = members_of(result.model.network)
    names = ["member_scale", "dense", "member_scale", "member_bias", "parametric_selu", "member_dense"]
    assert [layer.name for layer in net.layers] == names


def test_a_step_starts_from_the_start_of_its_activation() -> None:
    def start(activation: str) -> str:
        result = chainrule.fit(TABLE, target="y", activation=activation, epochs=1, hidden=3)
        assert result.model.training is not None
        return str(result.model.training.start)

    assert start("parametric_selu") == start("selu") == "lecun_uniform"


def test_units_drop_out_behind_it() -> None:
    net = Network.random((2, 4, 1), "identity", layers=("dense", "parametric_mish", "dense"))
    kept = kept_numbers(Settings(rate=0.1, epochs=1, dropout=0.5), net, 1, 0, 8)
    assert (kept[:, :4] == 1).all()  # those of the dense layer
    assert set(np.unique(kept[:, 4:])) == {0, 2}


def test_an_estimator_without_a_place_for_its_numbers_says_who_has_one() -> None:
    X = np.column_stack([A, B])
    with pytest.raises(InputError, match=r"'parametric_mish' is a layer.*Try 'mish', or `chainrule.fit`"):
        MLPRegressor(activation="parametric_mish").fit(X, A)


@pytest.mark.parametrize("given", ["parametric_mish:2", "parametric_selu:"])
def test_parameters_that_are_learnt_are_not_given(given: str) -> None:
    with pytest.raises(InputError, match="has parameters that it learns, and takes none") as caught:
        FitSettings(rate=0.1, epochs=1, activation=given)
    assert (caught.value.parameter, caught.value.given) == ("activation", given)
