r"""The model file: safetensors, so that no code runs when a file is opened.

The weights are tensors ``W1``, ``W2``, …; everything else is one JSON string with sorted keys in the
metadata entry ``chainrule``. Its field ``sha256`` is the SHA-256 of the whole file with the 64 digits of
that field set to ``0``, so that any flipped bit is noticed, in the header as in the weights. There are no
times, paths or host names in it: the same training gives the same file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import safetensors.numpy
from safetensors import SafetensorError

from chainrule.equations import ACTIVATIONS, LOSSES
from chainrule.errors import InputError, ModelFileError
from chainrule.files.writing import write_file
from chainrule.models import Model, TrainingRecord
from chainrule.network import Network
from chainrule.tables import Encoding

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["load", "load_model", "model_from_bytes", "model_to_bytes", "save"]

FORMAT = 1
ENTRY = "chainrule"
NO_DIGEST = "0" * 64
LENGTH_BYTES = 8  # the file begins with the length of its header
MOST_HEADER_BYTES = 100_000_000  # the limit of the safetensors format
MOST_DIGITS = 300  # of a whole number, so that a float can hold it


def save(model: Network | Model, path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
    """Write a network, or a model with its encoding of tables, to a file; whole or not at all.

    Parameters
    ----------
    model : Network or Model
    path : path
    overwrite : bool
        Whether a file that stands there may be replaced.

    Raises
    ------
    OutputError
        The file cannot be written, or stands in the way.
    InputError
        The network holds an activation or a loss of the user's own, which a file cannot hold.

    Examples
    --------
    >>> import tempfile, pathlib, chainrule
    >>> net = chainrule.Network.random((2, 3, 1), seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.safetensors")
    ...     chainrule.save(net, path)
    ...     again = chainrule.load(path)
    >>> again, (again.weights[0] == net.weights[0]).all()
    (Network(2-3-1, logistic, rss, float64), np.True_)
    """
    whole = model if isinstance(model, Model) else Model(model)
    write_file(path, model_to_bytes(whole), overwrite=overwrite)


def load(path: str | os.PathLike[str]) -> Network:
    """Read the network of a model file.

    Raises
    ------
    ModelFileError
        There is no such file, it is no model, it is damaged, or a newer version wrote it.

    Examples
    --------
    >>> import chainrule
    >>> chainrule.load("missing.safetensors")
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: There is no file missing.safetensors. ...
    """
    return load_model(path).network


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file: network, encoding of tables, and record of the training.

    Raises
    ------
    ModelFileError
        There is no such file, it is no model, it is damaged, or a newer version wrote it.

    Examples
    --------
    >>> import tempfile, pathlib, chainrule
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "net.safetensors")
    ...     chainrule.save(chainrule.Network.random((2, 1)), path)
    ...     chainrule.load_model(path).encoding is None
    True
    """
    try:
        content = _read(Path(path))
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}. Check the name and its permissions."
        raise ModelFileError(message) from error
    try:
        return model_from_bytes(content)
    except ModelFileError as error:
        raise ModelFileError(_naming(path, str(error))) from error


def _naming(path: str | os.PathLike[str], message: str) -> str:
    """Message with the name of the file, in place of the words that stand for it or before it."""
    words = "The file"
    name = os.fspath(path)
    return name + message.removeprefix(words) if message.startswith(words) else f"{name}: {message}"


def model_to_bytes(model: Model) -> bytes:
    """Content of a model file.

    Examples
    --------
    >>> from chainrule import Model, Network
    >>> content = model_to_bytes(Model(Network.random((2, 1))))
    >>> model_from_bytes(content).network
    Network(2-1, logistic, rss, float64)
    """
    net = model.network
    _check_known(net)
    document = {
        "format": FORMAT,
        "activations": [activation.name for activation in net.activations],
        "loss": net.loss.name,
        "encoding": model.encoding.to_json() if model.encoding else None,
        "training": model.training.to_json() if model.training else None,
        "sha256": NO_DIGEST,
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    tensors = {f"W{m}": weights for m, weights in enumerate(net.weights, 1)}
    content: bytes = safetensors.numpy.save(tensors, metadata={ENTRY: text})
    digest = hashlib.sha256(content).hexdigest()
    return _with_digest(content, NO_DIGEST, digest)


def model_from_bytes(content: bytes) -> Model:
    """Model from the content of a file; every byte of it may be hostile.

    Raises
    ------
    ModelFileError
        The content is no model, is damaged, or was written by a newer version.
    """
    tensors = _tensors(content)
    document = _document(content)
    _check_format(document)
    _check_digest(content, document["sha256"])
    net = _network(document, tensors)
    encoding = None if document["encoding"] is None else Encoding.from_json(document["encoding"])
    training = None if document["training"] is None else TrainingRecord.from_json(document["training"])
    if encoding and (encoding.n_inputs, encoding.n_outputs) != (net.sizes[0], net.sizes[-1]):
        message = (
            f"The file encodes {encoding.n_inputs} inputs and {encoding.n_outputs} outputs but its network "
            f"has {net.sizes[0]} and {net.sizes[-1]}. Fit the model again."
        )
        raise ModelFileError(message)
    return Model(net, encoding, training)


def _read(path: Path) -> bytes:
    """Bytes of a regular file; the first ones alone where the rest cannot be that of a model."""
    if not path.exists():
        message = f"There is no file {path}. Check the name, or fit a model with `chainrule fit`."
        raise ModelFileError(message)
    if not path.is_file():
        message = f"{path} is no regular file but a model is one. Give the model file itself."
        raise ModelFileError(message)
    with path.open("rb") as file:
        content = file.read(LENGTH_BYTES + 1)
        size = path.stat().st_size
        if not _may_begin(content, size):
            return content
        content += file.read(int.from_bytes(content[:LENGTH_BYTES], "little") - 1)
        # A file of many gigabytes that is something else is not read to its end.
        return content + file.read() if _promised_size(content) == size else content


def _promised_size(content: bytes) -> int:
    """Size of the whole file as its header tells it; -1 where it does not."""
    try:
        header = json.loads(content[LENGTH_BYTES:])
        ends = [header[name]["data_offsets"][1] for name in header if name != "__metadata__"]
        return len(content) + max(ends, default=0) if ENTRY in header["__metadata__"] else -1
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return -1


def _may_begin(begin: bytes, size: int) -> bool:
    """Whether a file of this size can be safetensors, by its length of the header and one byte more."""
    length = int.from_bytes(begin[:LENGTH_BYTES], "little")
    possible = len(begin) > LENGTH_BYTES and length <= min(size - LENGTH_BYTES, MOST_HEADER_BYTES)
    return possible and begin[LENGTH_BYTES:] == b"{"


def _not_a_model(reason: str) -> str:
    """Message for a file that is no model, or no longer one."""
    return (
        f"The file is not a chainrule model, or is damaged: {reason}. Give a file that `chainrule fit` or "
        "chainrule.save wrote, or fit the model again."
    )


def _tensors(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Tensors of a safetensors file; the library checks every length and offset."""
    if not _may_begin(content[: LENGTH_BYTES + 1], len(content)):
        raise ModelFileError(_not_a_model("it does not begin as one, or it is cut short"))
    try:
        return dict(safetensors.numpy.load(content))
    except KeyError as error:
        reason = f"its weights are neither float32 nor float64 but {error}"
        raise ModelFileError(_not_a_model(reason)) from error
    except (SafetensorError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(_not_a_model(_printable(str(error)[:200]))) from error


def _document(content: bytes) -> dict[str, Any]:
    """Everything but the weights, from the metadata of the header."""
    length = int.from_bytes(content[:LENGTH_BYTES], "little")
    try:
        header = json.loads(content[LENGTH_BYTES : LENGTH_BYTES + length])
        document = json.loads(
            header["__metadata__"][ENTRY],
            parse_constant=_refuse_number,
            parse_float=_finite,
            parse_int=_short,
            object_pairs_hook=_unique,
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(_not_a_model("it has no readable entry 'chainrule'")) from error
    if not isinstance(document, dict):
        raise ModelFileError(_not_a_model("its entry 'chainrule' is no JSON object"))
    return document


def _refuse_number(text: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have, and what becomes infinite here."""
    message = f"{text} is no number that a model holds"
    raise ValueError(message)


def _finite(text: str) -> float:
    """Float that is finite, which 1e999 is not."""
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _short(text: str) -> int:
    """Whole number that a float can hold, though not to the last digit."""
    return int(text) if len(text) <= MOST_DIGITS else _refuse_number(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Object from its pairs, refused where a key stands twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return found


def _check_format(document: dict[str, Any]) -> None:
    """Refuse a newer format, and a document with other fields than this one has."""
    version = document.get("format")
    whole = version if isinstance(version, int) and not isinstance(version, bool) else 0
    if whole > FORMAT:
        message = (
            f"The file has format {version} but this version of chainrule reads formats up to {FORMAT}. "
            "Upgrade with `pip install --upgrade chainrule`."
        )
        raise ModelFileError(message)
    expected = {"format", "activations", "loss", "encoding", "training", "sha256"}
    if whole != FORMAT or set(document) != expected:
        raise ModelFileError(_not_a_model("its fields are not those of a model"))


def _check_digest(content: bytes, digest: object) -> None:
    """Compare the SHA-256 with that of the content."""
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ModelFileError(_not_a_model("its SHA-256 is no such thing"))
    if content.count(digest.encode()) != 1:
        raise ModelFileError(_not_a_model("its SHA-256 does not stand there once"))
    blank = _with_digest(content, digest, NO_DIGEST)
    if hashlib.sha256(blank).hexdigest() != digest:
        raise ModelFileError(_not_a_model("its SHA-256 does not agree with its content"))


def _with_digest(content: bytes, old: str, new: str) -> bytes:
    """Content with the 64 digits replaced."""
    return content.replace(f'\\"sha256\\":\\"{old}\\"'.encode(), f'\\"sha256\\":\\"{new}\\"'.encode(), 1)


def _network(document: dict[str, Any], tensors: dict[str, npt.NDArray[Any]]) -> Network:
    """Network from the tensors W1, W2, … and the names of its activations and loss."""
    names = [f"W{m}" for m in range(1, len(tensors) + 1)]
    activations, loss = document["activations"], document["loss"]
    if sorted(tensors) != sorted(names) or len({t.dtype for t in tensors.values()}) != 1:
        raise ModelFileError(_not_a_model("its tensors are not W1, W2, … of one type"))
    known = isinstance(activations, list) and all(
        isinstance(g, str) and g in ACTIVATIONS for g in activations
    )
    if not known or not isinstance(loss, str) or loss not in LOSSES:
        message = (
            f"The file names the activations {_shown(activations)} and the loss {_shown(loss)} but this "
            f"version knows {', '.join(ACTIVATIONS)} and {', '.join(LOSSES)}. Upgrade chainrule."
        )
        raise ModelFileError(message)
    if any(str(t.dtype) not in {"float32", "float64"} for t in tensors.values()):
        raise ModelFileError(_not_a_model("its weights are neither float32 nor float64"))
    try:
        return Network([tensors[name] for name in names], activations, loss)
    except InputError as error:
        raise ModelFileError(_not_a_model(str(error))) from error


def _shown(names: object) -> str:
    """What stands where names should, cut short and printable."""
    plain = names if isinstance(names, list) else [names]
    text = ", ".join(name if isinstance(name, str) else type(name).__name__ for name in plain[:20])
    return _printable(text[:80]) or "(none)"


def _printable(text: str) -> str:
    """Text with a question mark in place of line ends, control characters and halves of characters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _check_known(net: Network) -> None:
    """Refuse to save what could not be read again."""
    own = [g for g in net.activations if ACTIVATIONS.get(g.name) != g]
    if own or LOSSES.get(net.loss.name) != net.loss:
        what = own[0] if own else net.loss
        message = (
            f"{what!r} cannot be saved: a model file holds only the activations {', '.join(ACTIVATIONS)} and "
            f"the losses {', '.join(LOSSES)}. Save the weights with NumPy instead."
        )
        raise InputError(message)
