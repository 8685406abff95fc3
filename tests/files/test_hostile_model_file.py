"""Model files made to do harm, with a digest that is right: one error that names the file, and no other."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import safetensors.numpy

import chainrule
from chainrule import Model, ModelFileError, Network, OutputError
from chainrule.disk import check_writable
from chainrule.files import model_from_bytes, model_to_bytes, save
from chainrule.files.layout import FORMAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IRIS = Path(__file__).parents[2] / "examples" / "iris.csv"
MODEL = chainrule.fit(IRIS, target="species", hidden=8, epochs=1).model
CONTENT = model_to_bytes(MODEL)


def resealed(header: dict[str, object], rest: bytes) -> bytes:
    """File of a header and tensors, its digest of zeros replaced by the right one."""
    text = json.dumps(header, separators=(",", ":")).encode()
    content = struct.pack("<Q", len(text)) + text + rest
    return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1)


def changed(edit: Callable[[str], str]) -> bytes:
    """Model whose document is edited as text, with a digest that is right for it."""
    length = int.from_bytes(CONTENT[:8], "little")
    header = json.loads(CONTENT[8 : 8 + length])
    text = header["__metadata__"]["chainrule"]
    text = text.replace(json.loads(text)["sha256"], "0" * 64)
    header["__metadata__"]["chainrule"] = edit(text)
    return resealed(header, CONTENT[8 + length :])


def with_field(field: str, value: str) -> bytes:
    """Model in whose document the first field of this name has another value, given as JSON."""

    def edit(text: str) -> str:
        edited, n = re.subn(
            rf'"{field}":(\[[^]]*\]|"[^"]*"|[^,}}]+)', lambda _: f'"{field}":{value}', text, count=1
        )
        assert n == 1
        return edited

    return changed(edit)


def refusal(content: bytes, folder: Path) -> str:
    """Message of the one error that loading may raise; it names the file once and can be printed."""
    path = folder / "hostile.st"
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        chainrule.load_model(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert message.count("hostile.st") == 1
    assert message.isprintable()
    assert len(message) < 600 + len(str(path))
    return message


def test_the_helper_changes_nothing_but_what_it_should() -> None:
    assert model_to_bytes(model_from_bytes(changed(lambda text: text))) == CONTENT
    training = model_from_bytes(with_field("rate", "0.125")).training
    assert training is not None
    assert training.rate == 0.125


# Numbers


@pytest.mark.parametrize("field", ["rate", "final_loss", "held_out", "mean", "scale"])
@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "1" + 400 * "0", "1" + 5000 * "0"])
def test_number_that_is_infinite_as_a_float(field: str, number: str, tmp_path: Path) -> None:
    assert "is not a chainrule model, or is damaged" in refusal(with_field(field, number), tmp_path)


@pytest.mark.parametrize("field", ["epochs", "seed", "n_training_rows", "epochs_run", "batch_size"])
def test_whole_number_beyond_all_measure(field: str, tmp_path: Path) -> None:
    refusal(with_field(field, "1" + 4000 * "0"), tmp_path)
    refusal(with_field(field, "1.5"), tmp_path)


def test_large_numbers_that_training_takes_are_read_again() -> None:
    model = model_from_bytes(with_field("batch_size", "1" + 40 * "0"))
    assert model.training is not None
    assert model.training.batch_size == 10**40
    assert model_from_bytes(model_to_bytes(model)).training == model.training


@pytest.mark.parametrize("version", ["1.0", "true", '"1"', "0", "-1", "null", "1e0", "[1]"])
def test_format_is_a_whole_number_from_1(version: str, tmp_path: Path) -> None:
    assert "is damaged: format: " in refusal(with_field("format", version), tmp_path)


@pytest.mark.parametrize("version", [str(FORMAT + 1), "1000000000000000000000000000000"])
def test_newer_format_is_named(version: str, tmp_path: Path) -> None:
    message = refusal(with_field("format", version), tmp_path)
    assert f"has format {version} but this version of chainrule reads formats up to {FORMAT}." in message


# Text


HARD_TEXTS = ['"a\\nb\\r\\u001b[31m"', '"\\ud800"', '["\\u202e", "\\ud800"]', '"' + "x" * 100_000 + '"']
DEEP = ["[" * depth + "]" * depth for depth in (10, 300, 900, 960, 980, 990, 1000, 1100, 5000)]


@pytest.mark.parametrize("field", ["activations", "loss", "mean", "rate", "kind", "sha256", "encoding"])
@pytest.mark.parametrize("value", HARD_TEXTS, ids=["control", "surrogate", "list", "long"])
def test_message_quotes_hostile_text_safely(field: str, value: str, tmp_path: Path) -> None:
    refusal(with_field(field, value), tmp_path)


@pytest.mark.parametrize("field", ["activations", "loss", "mean", "rate", "start", "sha256", "format"])
def test_nesting_at_any_depth(field: str, tmp_path: Path) -> None:
    for value in DEEP:
        refusal(with_field(field, value), tmp_path)
        refusal(
            with_field(field, value.replace("[", '{"a":').replace("]", "}").replace(":}", ":1}")), tmp_path
        )


# Messages name the file


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("mean", "null", "is damaged: encoding.inputs[0].mean: Expected `float`, got `null`"),
        ("kind", '"colour"', "is damaged: encoding.inputs[0].kind: Invalid value 'colour'"),
        ("rate", '"fast"', "The field rate of the training record must be float | None, not 'fast'"),
        ("training", "[]", "The training record must hold exactly the fields rule"),
        (
            "activations",
            '["swish", "tanh"]',
            "names the activations swish, tanh, the loss cross_entropy and the layers dense, dense but this",
        ),
        ("sha256", '"00"', "is damaged: sha256: Expected `str` matching"),
    ],
)
def test_message_says_which_field(field: str, value: str, words: str, tmp_path: Path) -> None:
    if field == "training":
        content = changed(lambda text: re.sub(r'"training":\{[^}]*\}', '"training":[]', text))
    else:
        content = with_field(field, value)
    assert words in refusal(content, tmp_path)


@pytest.mark.parametrize("name", ["The file", "The file.st"])
def test_a_file_called_the_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelFileError, match=rf"^There is no file {name}\. Check the name"):
        chainrule.load(name)
    Path(name).write_bytes(b"junk")
    with pytest.raises(ModelFileError, match=rf"^{name} is not a chainrule model"):
        chainrule.load(name)


# Headers


def tensors_of_type(name: str) -> bytes:
    """Model whose weights are declared to be of a type."""
    length = int.from_bytes(CONTENT[:8], "little")
    header = json.loads(CONTENT[8 : 8 + length])
    text = header["__metadata__"]["chainrule"]
    header["__metadata__"]["chainrule"] = text.replace(json.loads(text)["sha256"], "0" * 64)
    bytes_each = {"C64": 8, "BF16": 2, "F16": 2, "U64": 8}.get(name, 1)
    for tensor in ("W1", "W2"):
        begin, end = header[tensor]["data_offsets"]
        header[tensor].update(dtype=name, shape=[(end - begin) // bytes_each])
    return resealed(header, CONTENT[8 + length :])


@pytest.mark.parametrize("name", ["F8_E4M3", "F8_E5M2", "BF16", "F16", "I8", "U64", "BOOL", "C64"])
def test_weights_of_another_type(name: str, tmp_path: Path) -> None:
    assert "its weights are neither float32 nor float64" in refusal(tensors_of_type(name), tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        b'{"a":' + b"[" * 100_000,
        b'{"a\\nb\\u001b":{"dtype":"F64","shape":[1],"data_offsets":[0,9]}}',
        b'{"a\\nb\\u001b":{"dtype":"F64","shape":[1],"data_offsets":[1,9]}}',
        b'{"W1":{"dtype":"F64","shape":[9223372036854775808,2],"data_offsets":[0,8]}}',
        b'{"__metadata__":{"chainrule":"{}"},"__metadata__":{"chainrule":"[]"}}',
        b'{"__metadata__":["chainrule"]}',
        b'{"__metadata__":{"chainrule":3}}',
        b'{"__metadata__":"chainrule","W1":[]}',
        b'{"__metadata__":{"chainrule":"{}"},"W1":{"data_offsets":[null,null]}}',
        b'{"__metadata__":{"chainrule":"{}"},"W1":{"data_offsets":["a","b"]}}',
        b'{"__metadata__":{"chainrule":"{}"},"W1":{"data_offsets":[0]}}',
        b"{\xff\xfe}",
        b"{}",
    ],
)
def test_header_that_is_none(header: bytes, tmp_path: Path) -> None:
    refusal(struct.pack("<Q", len(header)) + header + bytes(9), tmp_path)


@pytest.fixture
def gigabytes(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """Make files of 50 gigabytes that begin as told; the rest is a hole and takes no room."""
    path = tmp_path / "large.safetensors"

    def made(begin: bytes) -> Path:
        with path.open("wb") as file:
            file.write(begin)
            file.truncate(50_000_000_000)
        return path

    yield made
    path.unlink()


def test_large_file_of_another_program_is_not_read_to_its_end(gigabytes: Callable[[bytes], Path]) -> None:
    size = 50_000_000_000
    for metadata in ({}, {"__metadata__": {"format": "pt"}}):
        n = 0
        for _ in range(3):  # the length of the header depends on the number in it
            tensor = {"dtype": "U8", "shape": [size - 8 - n], "data_offsets": [0, size - 8 - n]}
            header = json.dumps({**metadata, "layers.0.weight": tensor}).encode()
            n = len(header)
        with pytest.raises(ModelFileError, match="is not a chainrule model, or is damaged"):
            chainrule.load(gigabytes(struct.pack("<Q", n) + header))


def test_model_with_a_large_tail_is_not_read_to_its_end(gigabytes: Callable[[bytes], Path]) -> None:
    with pytest.raises(ModelFileError, match="is not a chainrule model, or is damaged"):
        chainrule.load(gigabytes(CONTENT))


def test_tail_of_one_byte_is_noticed(tmp_path: Path) -> None:
    refusal(CONTENT + b"\0", tmp_path)


def test_ten_megabytes_of_noise(tmp_path: Path) -> None:
    refusal(np.random.default_rng(1).bytes(10_000_000), tmp_path)


def test_tensors_in_another_order_are_the_same_network() -> None:
    many = Network.random((2,) * 12, seed=1)  # W10 comes before W2 by name
    again = model_from_bytes(model_to_bytes(Model(many))).network
    for ours, theirs in zip(many.weights, again.weights, strict=True):
        assert ours.tobytes() == theirs.tobytes()
    stored = safetensors.numpy.load(model_to_bytes(Model(many)))
    assert stored["W10"].tobytes() == many.weights[9].tobytes()


# Names that no file has


def test_name_with_a_null_byte(tmp_path: Path) -> None:
    name = f"{tmp_path}/a\0b"
    with pytest.raises(ModelFileError, match="There is no file"):
        chainrule.load(name)
    with pytest.raises(OutputError, match=r"cannot be written: .*embedded null"):
        save(MODEL, name)
    with pytest.raises(OutputError, match=r"cannot be written: .*embedded null"):
        check_writable(name, overwrite=True)
    assert not list(tmp_path.iterdir())


def test_name_that_is_too_long_is_refused_both_ways(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read: File name too long"):
        chainrule.load(tmp_path / ("x" * 300))
    with pytest.raises(OutputError, match="cannot be written: File name too long"):
        save(MODEL, tmp_path / ("x" * 300))
    assert not list(tmp_path.iterdir())
