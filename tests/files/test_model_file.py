"""A model file gives back every bit, and nothing but a model."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule
from chainrule import InputError, Model, ModelFileError, Network, TrainingState
from chainrule.files import load_model, model_from_bytes, model_to_bytes, save
from chainrule.files.layout import FORMAT
from messy_table import MESSY, OF_MESSY
from model_documents import JSON, edited, header_of, of_format, places_in, resealed, with_document

pytestmark = pytest.mark.usefixtures("one_database")

IRIS = Path(__file__).parents[2] / "examples" / "iris.csv"
PENGUINS = IRIS.with_name("penguins.csv")
TINY = Network([[[0.5, -0.25]], [[1.0, 2.0], [0.0, -0.0]]], ["tanh", "logistic"])


@pytest.fixture(scope="module")
def iris_model() -> Model:
    return chainrule.fit(IRIS, target="species", hidden=8, epochs=2).model


def refusal(content: bytes) -> str:
    """Message of the one error that hostile content may raise."""
    with pytest.raises(ModelFileError) as caught:
        model_from_bytes(content)
    message = str(caught.value)
    assert message.startswith("The ")
    assert message.endswith(".")
    assert ".." not in message
    assert "\n" not in message
    return message


# What is written is read


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [(1, 1), (2, 3, 1), (5, 4, 3, 2, 1, 7)])
def test_every_bit_comes_back(dtype: str, sizes: tuple[int, ...], tmp_path: Path) -> None:
    net = Network.random(sizes, "tanh", seed=3, dtype=dtype)
    save(net, tmp_path / "net.st")
    again = chainrule.load(tmp_path / "net.st")
    assert isinstance(again, Network)
    assert (again.sizes, again.dtype, again.activations, again.loss) == (
        net.sizes, net.dtype, net.activations, net.loss,
    )  # fmt: skip
    for ours, theirs in zip(net.weights, again.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()
        assert not theirs.flags.writeable


@pytest.mark.parametrize(("table", "target"), [(IRIS, "species"), (PENGUINS, "body_mass_g")])
def test_encoding_and_record_come_back(table: Path, target: str, tmp_path: Path) -> None:
    model = chainrule.fit(table, target=target, epochs=1).model
    save(model, tmp_path / "m.st")
    again = load_model(tmp_path / "m.st")
    assert (again.encoding, again.training) == (model.encoding, model.training)
    ours, theirs = model.predict(table), again.predict(table)
    assert ours.names == theirs.names
    assert all(ours[name].tolist() == theirs[name].tolist() for name in ours)


def test_golden_file() -> None:
    """The format is a promise: a file of this version is the same to the byte for good."""
    content = model_to_bytes(Model(TINY))
    assert hashlib.sha256(content).hexdigest() == (
        "dea8b3eaa1f5fafa20ac9162c721d89bbc8df16d35883e9db9b694e1ea5d359b"
    )
    assert model_from_bytes(content).network.weights[1].tobytes() == TINY.weights[1].tobytes()


def test_golden_file_of_format_1() -> None:
    """What version 0.1.0 wrote before there were states is read for good."""
    content = with_document(model_to_bytes(Model(TINY)), lambda document: of_format(document, 1))
    assert hashlib.sha256(content).hexdigest() == (
        "f2eeb8508b75a70b616c149cd9bdcff91dd37e642a6d93d37e31d2deaf8502ae"
    )
    assert model_from_bytes(content).network.weights[1].tobytes() == TINY.weights[1].tobytes()


def test_golden_file_of_format_2() -> None:
    """And what was written before models kept what became of their table."""
    content = with_document(model_to_bytes(Model(TINY)), lambda document: of_format(document, 2))
    assert hashlib.sha256(content).hexdigest() == (
        "d5eb320980d9dd9101a44f5d373927b0b34dad5ac79526a30a58673eb61e0236"
    )
    assert model_from_bytes(content).network.weights[1].tobytes() == TINY.weights[1].tobytes()


def test_golden_file_of_format_3() -> None:
    """And what was written before files said what was saved in them."""
    content = with_document(model_to_bytes(Model(TINY)), lambda document: of_format(document, 3))
    assert hashlib.sha256(content).hexdigest() == (
        "0277e31773f9a04fa460ecc93c5e5c940a9b6e1d829425a9c1eeea3efb9b2041"
    )
    assert model_from_bytes(content).network.weights[1].tobytes() == TINY.weights[1].tobytes()


def test_a_format_may_lack_only_what_it_had_not() -> None:
    def without_state(document: dict[str, Any]) -> None:
        of_format(document, 2)
        del document["state"]

    assert "state" in refusal(with_document(model_to_bytes(Model(TINY)), without_state))


def test_model_of_format_1_is_read_with_encoding_and_record() -> None:
    model = load_model(Path(__file__).with_name("format_1.st"))
    net, record = model.network, model.training
    assert repr(net) == "Network(4-2-3, logistic, rss, float64)"
    before = [0.14609180859921317, 0.29996769088127107, 0.6183692749849283]  # by the version that wrote it
    np.testing.assert_allclose(net([[0.5, -1, 1, 0]])[0], before, rtol=1e-14)
    assert record is not None
    assert (record.rate, record.epochs, record.batch_size, record.seed) == (0.5, 2, 1, 1)
    assert (record.rule, record.schedule, record.l2, record.patience) == ("descent", "constant", 0.0, None)
    assert record.final_loss == 0.21345119857442538
    assert model.state is None
    assert model.predict(IRIS).names[0] == "species"
    again = model_from_bytes(model_to_bytes(model))  # in the format of today
    assert (again.encoding, again.training) == (model.encoding, model.training)


def test_every_kind_of_part_role_and_report_comes_back() -> None:
    """Whatever a model holds of its table: what is said of each is that there is one of each kind."""
    documents = []
    for content in messy_files():
        model = model_from_bytes(content)
        assert model_to_bytes(model) == content
        assert model.encoding is not None
        assert model.encoding.layout is not None
        assert model.encoding.layout.names == tuple(MESSY.splitlines()[1].split(";"))
        assert model.report is not None
        assert (model.report.n_read, [one.count for one in model.report.left_out]) == (25, [1])
        assert [one.name for one in model.report.columns] == list(model.encoding.layout.names)
        documents.append(json.loads(header_of(content)[0]["__metadata__"]["chainrule"]))
    parts = [part for one in documents for side in ("inputs", "targets") for part in one["encoding"][side]]
    assert {part["kind"] for part in parts} == {
        "number", "binary", "category", "text", "date", "cycle", "missing", "class",
    }  # fmt: skip
    assert {part["reading"]["cells"] for part in parts if "reading" in part} == {"number", "date", "duration"}
    roles = {column["role"] for one in documents for column in one["report"]["columns"]}
    assert roles == {"input", "target", "left out", "id", "weights", "split", "group"}


def test_the_same_model_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    script = (
        "import sys, chainrule\n"
        "model = chainrule.fit(sys.argv[1], target='species', epochs=1, seed=5).model\n"
        "chainrule.save(model, sys.argv[2])\n"
    )
    another = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"  # for hashes than this process has
    subprocess.run(
        [sys.executable, "-c", script, str(IRIS), str(tmp_path / "there.st")],
        check=True,
        env={**os.environ, "PYTHONHASHSEED": another},
    )
    save(chainrule.fit(IRIS, target="species", epochs=1, seed=5).model, tmp_path / "here.st")
    assert (tmp_path / "here.st").read_bytes() == (tmp_path / "there.st").read_bytes()


def test_a_file_tells_nothing_of_where_it_was_made(iris_model: Model) -> None:
    content = model_to_bytes(iris_model)
    for secret in (os.uname().nodename, str(IRIS.parent), os.environ.get("HOME", "/root"), "2026"):
        assert secret.encode() not in content


def test_other_tools_read_the_weights(iris_model: Model, tmp_path: Path) -> None:
    save(iris_model, tmp_path / "m.st")
    tensors = safetensors.numpy.load_file(tmp_path / "m.st")
    np.testing.assert_array_equal(tensors["W2"], iris_model.network.weights[1])


def test_own_activations_cannot_be_saved(tmp_path: Path) -> None:
    class Square:
        name = "square"

        def forward(self, z: Any) -> Any:  # noqa: ANN401 (arrays)
            return z * z

        def backward(self, z: Any, _a: Any, upstream: Any) -> Any:  # noqa: ANN401 (arrays)
            return 2 * z * upstream

    net = Network([[[0.0, 1.0]]], Square())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot be saved"):
        save(net, tmp_path / "net.st")
    assert not list(tmp_path.iterdir())


# What was saved is what comes back


def training_state() -> TrainingState:
    X, Y = [[0.0, 1.0], [1.0, 0.0]], [[0.0], [1.0]]
    return chainrule.train(Network.random((2, 1)), X, Y, rate=0.1, epochs=2, engine="reference").state


@pytest.mark.parametrize("kind", ["network", "model", "model of a network", "checkpoint", "state"])
def test_load_gives_what_was_saved(kind: str, iris_model: Model, tmp_path: Path) -> None:
    state = training_state()
    saved: Any = {
        "network": TINY,
        "model": iris_model,
        "model of a network": Model(TINY),
        "checkpoint": Model(state.network, state=state),
        "state": state,
    }[kind]
    save(saved, tmp_path / "saved.st")
    again = chainrule.load(tmp_path / "saved.st")
    assert type(again) is type(saved)
    assert repr(again) == repr(saved)
    save(again, tmp_path / "again.st")
    assert (tmp_path / "again.st").read_bytes() == (tmp_path / "saved.st").read_bytes()
    model = load_model(tmp_path / "saved.st")  # whatever was saved
    assert isinstance(model, Model)
    assert (model.state is None) == (kind not in {"checkpoint", "state"})


def test_a_saved_model_predicts_when_it_is_loaded(iris_model: Model, tmp_path: Path) -> None:
    save(iris_model, tmp_path / "iris.st")
    again = chainrule.load(tmp_path / "iris.st")
    assert isinstance(again, Model)
    assert np.array_equal(again.predict(IRIS), iris_model.predict(IRIS))


@pytest.mark.parametrize("holds", ["network", "state"])
def test_a_file_that_says_it_holds_less_than_it_has(holds: str, iris_model: Model) -> None:
    content = model_to_bytes(iris_model)
    message = refusal(with_document(content, lambda document: document.update(holds=holds)))
    assert f"what it has is not what a {holds} alone has" in message
    refusal(with_document(model_to_bytes(TINY), lambda document: document.update(holds="state")))
    of_state = model_to_bytes(training_state())
    refusal(with_document(of_state, lambda document: document.update(holds="network")))


# What is not a model is refused


def test_cut_short_at_every_length(iris_model: Model) -> None:
    content = model_to_bytes(iris_model)
    for length in range(len(content)):
        refusal(content[:length])


def test_any_single_bit_flipped(iris_model: Model) -> None:
    content = bytearray(model_to_bytes(iris_model))
    for place in range(len(content)):
        for bit in range(8):
            content[place] ^= 1 << bit
            refusal(bytes(content))
            content[place] ^= 1 << bit
    assert model_from_bytes(bytes(content)).network.sizes == (4, 8, 3)


@pytest.mark.parametrize("length", [0, 1, 2**24, 100_000_001, 2**40, 2**63, 2**64 - 1])
def test_header_length_that_lies(length: int) -> None:
    refusal(struct.pack("<Q", length) + model_to_bytes(Model(TINY))[8:])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(1000),
        IRIS.read_bytes(),
        np.random.default_rng(0).bytes(10_000),
    ],
    ids=["empty", "text", "picture", "zeros", "table", "noise"],
)
def test_not_a_model(content: bytes) -> None:
    assert "not a chainrule model" in refusal(content)


def test_another_safetensors_file() -> None:
    assert "chainrule" in refusal(safetensors.numpy.save({"W1": np.zeros((1, 2))}))
    assert "chainrule" in refusal(safetensors.numpy.save({"W1": np.zeros((1, 2))}, metadata={"format": "pt"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "1",
        '"x"',
        "{",
        "[" * 100_000,
        '{"format": NaN}',
        '{"format": 1, "format": 1}',
        "1" * 5000,
    ],
    ids=["empty", "list", "null", "number", "text", "open", "deep", "NaN", "twice", "long"],
)  # fmt: skip
def test_document_that_is_none(text: str) -> None:
    refusal(safetensors.numpy.save({"W1": np.zeros((1, 2))}, metadata={"chainrule": text}))


def test_newer_format() -> None:
    message = refusal(
        with_document(model_to_bytes(Model(TINY)), lambda document: document.update(format=FORMAT + 1))
    )
    told = f"has format {FORMAT + 1} but this version of chainrule reads formats up to {FORMAT}"
    assert told in message
    assert "Upgrade" in message


@pytest.mark.parametrize("version", [True, "1", 0, -1, None, [1]])
def test_format_that_is_none(version: object) -> None:
    refusal(with_document(model_to_bytes(Model(TINY)), lambda document: document.update(format=version)))


FIELDS = ["format", "holds", "activations", "loss", "encoding", "training", "state", "report", "sha256"]
WRONG: list[object] = [None, True, 0, 1.5, "", "x", [], {}, [1], {"a": 1}, ["logistic"], "logistic"]


@pytest.mark.parametrize("field", FIELDS)
def test_field_of_another_type_or_absent(field: str, iris_model: Model) -> None:
    content = model_to_bytes(iris_model)
    refusal(with_document(content, lambda document: document.pop(field) and None))
    refusal(with_document(content, lambda document: document.update({field + "x": document.pop(field)})))
    for value in WRONG:
        if field in {"encoding", "training", "state", "report"} and value is None:
            continue
        if field == "sha256" and isinstance(value, str):
            continue  # with_document writes the right digest over it
        changed = with_document(content, lambda document, value=value: document.update({field: value}))  # type: ignore[misc]
        refusal(changed)


def test_names_that_this_version_does_not_know() -> None:
    content = model_to_bytes(Model(TINY))
    message = refusal(with_document(content, lambda document: document.update(activations=["swish", "relu"])))
    assert "swish" in message
    refusal(with_document(content, lambda document: document.update(activations=["tanh"])))
    refusal(with_document(content, lambda document: document.update(loss="hinge")))
    refusal(with_document(content, lambda document: document.update(loss="cross_entropy")))  # no softmax


def with_tensors(tensors: dict[str, Any]) -> bytes:
    """Model with other tensors and a right digest."""
    header, _ = header_of(model_to_bytes(Model(TINY)))
    content = safetensors.numpy.save(tensors, metadata=None)
    other, rest = header_of(content)
    document = json.loads(header["__metadata__"]["chainrule"])
    document["sha256"] = "0" * 64
    other["__metadata__"] = {"chainrule": json.dumps(document, sort_keys=True, separators=(",", ":"))}
    return resealed(other, rest)


W1, W2 = (w.copy() for w in TINY.weights)


@pytest.mark.parametrize(
    "tensors",
    [
        {}, {"W1": W1}, {"W1": W1, "W2": W2, "W3": W2}, {"W1": W1, "W3": W2}, {"W0": W1, "W1": W2},
        {"W1": W1.astype(np.float32), "W2": W2}, {"W1": W1.astype(np.float16), "W2": W2.astype(np.float16)},
        {"W1": W1.astype(np.int64), "W2": W2.astype(np.int64)}, {"W1": W1.ravel(), "W2": W2},
        {"W1": W1[:, :1], "W2": W2}, {"W1": np.zeros((0, 2)), "W2": W2}, {"W1": W2, "W2": W2},
        {"W1": W1 * np.nan, "W2": W2}, {"W1": W1 * np.inf, "W2": W2}, {"W1": W1 > 0, "W2": W2 > 0},
    ],
)  # fmt: skip
def test_tensors_that_make_no_network(tensors: dict[str, Any]) -> None:
    refusal(with_tensors(tensors))


def test_the_hostile_helpers_can_make_a_model() -> None:
    """What is refused above is refused for what was changed, not for how it was made."""
    assert model_from_bytes(with_tensors({"W1": W1, "W2": W2})).network.sizes == TINY.sizes
    assert (
        model_from_bytes(with_document(model_to_bytes(Model(TINY)), lambda _: None)).network.sizes
        == TINY.sizes
    )


def test_bfloat16_weights() -> None:
    header, rest = header_of(with_tensors({"W1": W1, "W2": W2}))
    for name in ("W1", "W2"):
        begin, end = header[name]["data_offsets"]
        header[name].update(dtype="BF16", shape=[(end - begin) // 4, 2])
    refusal(resealed(header, rest))


def test_encoding_of_another_network(iris_model: Model) -> None:
    content = model_to_bytes(Model(Network.random((5, 3)), iris_model.encoding))
    assert "encodes 4 inputs" in refusal(content)


@pytest.mark.parametrize(
    "text", ["half", "huber:1.5", "[1]", '{"a": "x"}', '{"a": null}', "[" * 10_000, "9" * 5000]
)
def test_class_weight_that_is_none(text: str, iris_model: Model) -> None:
    def weighted(document: dict[str, Any]) -> None:
        document["training"]["class_weight"] = text

    assert "field class_weight of the training record" in refusal(
        with_document(model_to_bytes(iris_model), weighted)
    )


@settings(max_examples=300 if os.environ.get("FULL_SUITE") else 100)
@given(data=st.data())
def test_a_changed_document_is_refused_or_a_model(data: st.DataObject) -> None:
    for content in sealed():
        header, _ = header_of(content)
        document = json.loads(header["__metadata__"]["chainrule"])
        path = data.draw(st.sampled_from(places_in(document)))
        how = data.draw(st.sampled_from(["replace", "remove", "double"]))
        changed = edited(document, path, data.draw(JSON), how)
        try:
            model = model_from_bytes(with_document(content, lambda _, changed=changed: changed))  # type: ignore[misc]
        except ModelFileError:
            continue
        again = model_from_bytes(model_to_bytes(model))
        assert (again.training, again.report) == (model.training, model.report)
        assert again.encoding == model.encoding


@cache
def sealed() -> list[bytes]:
    """Files of a model of classes and of one of a number, and those with parts and roles of every kind."""
    return [
        model_to_bytes(chainrule.fit(table, target=target, hidden=4, epochs=1).model)
        for table, target in ((IRIS, "species"), (PENGUINS, "body_mass_g"))
    ] + messy_files()


def messy_files() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", chainrule.TableWarning)
        path = Path(folder, "t.csv")
        path.write_text(MESSY, encoding="utf-8")
        return [model_to_bytes(chainrule.fit(path, hidden=1, epochs=1, **said).model) for said in OF_MESSY]


# Files that cannot be read


def test_messages_name_the_file_once(tmp_path: Path) -> None:
    path = tmp_path / "no.st"
    with pytest.raises(ModelFileError, match="There is no file") as caught:
        chainrule.load(path)
    assert str(caught.value).count("no.st") == 1
    for content in (b"", b"x" * 100, sealed()[0][:-3]):
        path.write_bytes(content)
        with pytest.raises(ModelFileError) as caught:
            chainrule.load(path)
        assert str(caught.value).count("no.st") == 1


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no regular file"):
        chainrule.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ModelFileError, match="no regular file"):
        chainrule.load(tmp_path / "pipe")
    with pytest.raises(ModelFileError):
        chainrule.load("/dev/zero")


def test_a_large_file_that_is_none_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.st"
    with path.open("wb") as file:
        file.truncate(50_000_000_000)  # a hole: it takes no room
    monkeypatch.setattr(Path, "read_bytes", None)
    with pytest.raises(ModelFileError):
        chainrule.load(path)


def test_what_no_file_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise safetensors.SafetensorError("HeaderTooLarge")

    monkeypatch.setattr("safetensors.numpy.save", refuses)
    with pytest.raises(InputError, match="characters but 100 million fit into a file"):
        model_to_bytes(Model(Network.random((2, 1))))
