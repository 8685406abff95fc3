"""Networks with layers of several kinds in files: round trips to the bit, and files that lie about them."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import ModelFileError, Network, train
from chainrule.equations import LAYERS
from chainrule.files.model_file import model_to_bytes
from chainrule.files.parsing import model_from_bytes
from chainrule.models import Model
from model_documents import header_of, resealed, with_document

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LAYERS_OF_ALL = (
    *("order", "scale", "piecewise:3:1", "periodic:2:2:1", "member_scale:3"),
    *("dense", "member_bias:3", "member_dense:3"),
)


def network(dtype: str = "float64") -> Network:
    return Network.random((3, 4, 2), layers=LAYERS_OF_ALL, seed=1, dtype=dtype)


CONTENT = model_to_bytes(Model(network()))


def refusal(content: bytes) -> str:
    with pytest.raises(ModelFileError) as caught:
        model_from_bytes(content)
    return str(caught.value)


def same(one: Network, other: Network) -> bool:
    weights = zip(one.weights, other.weights, strict=True)
    return (one.layers, one.activations, one.loss, one.dtype, one.sizes) == (
        other.layers, other.activations, other.loss, other.dtype, other.sizes
    ) and all(a.tobytes() == b.tobytes() for a, b in weights)  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("way", ["file", "pickle", "copy", "deepcopy", "bytes"])
def test_every_way_keeps_every_bit(way: str, dtype: str, tmp_path: Path) -> None:
    net = network(dtype)
    ways: dict[str, Callable[[], Any]] = {
        "pickle": lambda: pickle.loads(pickle.dumps(net)),  # noqa: S301 (its own)
        "copy": lambda: copy.copy(net),
        "deepcopy": lambda: copy.deepcopy(net),
        "bytes": lambda: model_from_bytes(model_to_bytes(Model(net))).network,
    }
    if way == "file":
        chainrule.save(net, tmp_path / "net.st")
        again: Any = chainrule.load(tmp_path / "net.st")
    else:
        again = ways[way]()
    assert same(again, net)
    X = np.linspace(-2, 2, 30, dtype=dtype).reshape(10, 3)
    assert again(X).tobytes() == net(X).tobytes()


@settings(max_examples=60)
@given(st.lists(st.sampled_from([*LAYERS, "periodic:1:2", "piecewise:2"]), max_size=4), st.integers(0, 99))
def test_any_chain_goes_through_a_file(kinds: list[str], seed: int) -> None:
    layers = [*kinds, "dense"]
    n_chosen = sum(bool(LAYERS.fact(LAYERS.named(kind), "chooses_units")) for kind in layers)
    net = Network.random((2, *[2] * n_chosen), "tanh", seed=seed, layers=layers)
    assert same(model_from_bytes(model_to_bytes(Model(net))).network, net)


def test_a_training_goes_on_from_a_file_to_the_same_bits(tmp_path: Path) -> None:
    net, random = network(), np.random.default_rng(0)
    X, Y = random.normal(size=(30, 3)), random.uniform(size=(30, 2))
    more: dict[str, Any] = {"rate": 0.01, "rule": "adam", "batch_size": 8, "seed": 2, "dropout": 0.2}
    whole = train(net, X, Y, epochs=6, **more)
    half = train(net, X, Y, epochs=3, **more)
    chainrule.save(half.state, tmp_path / "state.st")
    went_on = train(net, X, Y, epochs=6, resume=chainrule.load_state(tmp_path / "state.st"), **more)
    assert same(went_on.network, whole.network)
    assert not same(went_on.network, half.network)


# Files that lie


def with_layers(*layers: object) -> bytes:
    return with_document(CONTENT, lambda document: document.update(layers=list(layers)))


@pytest.mark.parametrize(
    ("place", "name", "words"),
    [
        (0, "scales", "the layers scales, scale"),
        (0, "periodic:1e9", "needs another one"),
        (2, "piecewise:4:1", "needs another one"),
        (2, "piecewise:nan:1", "cannot be"),
        (3, "periodic:nan", "cannot be"),
        (3, "periodic:2:2:-1", "cannot be"),
        (3, "periodic:2:2:1:1", "takes at most"),
        (3, "periodic:2:2:2", "needs another one"),
        (4, "member_scale:0.5", "cannot be"),
        (4, "member_scale:2", "needs another one"),
        (4, "member_scale:1e300", "cannot be"),
        (5, "scale", "needs another one"),
        (6, "member_bias:" + "9" * 400, "member_bias:9999"),
        (7, "member_dense:2", "3 members|2 and 3"),
        (7, "dense", "sizes|outputs|units|needs"),
    ],
)
def test_a_kind_that_does_not_fit_its_matrix(place: int, name: str, words: str) -> None:
    layers = list(LAYERS_OF_ALL)
    layers[place] = name
    if name == "dense":  # six units of one network are as good as three members of two
        assert model_from_bytes(with_layers(*layers)).network.sizes[-1] == 6
        return
    message = refusal(with_layers(*layers))
    assert any(word in message for word in words.split("|")), message
    assert len(message) < 1500


@pytest.mark.parametrize(
    "layers",
    [[], ["dense"], [*LAYERS_OF_ALL, "scale"], "dense", None, 3, [3] * 8, {"dense": 1}, [["dense"]] * 8],
)
def test_what_is_no_list_of_so_many_names(layers: object) -> None:
    refusal(with_document(CONTENT, lambda document: document.update(layers=layers)))


def test_a_file_that_says_nothing_of_its_layers() -> None:
    refusal(with_document(CONTENT, lambda document: document.pop("layers") and None))


@pytest.mark.parametrize(
    ("place", "number", "words"),
    [
        (0, 3.0, "once"),  # an order has 0 to 2
        (0, 0.5, "once"),
        (0, np.nan, "finite"),
        (1, np.inf, "finite"),
        (2, 1e9, "do not fall"),  # the first edge above the others
    ],
)
def test_numbers_that_no_such_layer_has(place: int, number: float, words: str) -> None:
    header, rest = header_of(CONTENT)
    begin = header[f"W{place + 1}"]["data_offsets"][0]
    changed = rest[:begin] + np.array(number).tobytes() + rest[begin + 8 :]
    document = header["__metadata__"]["chainrule"]
    digest = json.loads(document)["sha256"]
    header["__metadata__"]["chainrule"] = document.replace(digest, "0" * 64)
    assert words in refusal(resealed(header, changed))
