r"""The model file: safetensors, so that no code runs when a file is opened.

The weights are tensors ``W1``, ``W2``, …; everything else is one JSON string with sorted keys in the
metadata entry ``chainrule``. A checkpoint is the same file with the state of a training in it: tensors
``best1``, ``best2``, … and ``rule1.velocity``, …, and a field ``state``. An ensemble has all of these once
for each network, ``member1.W1`` and so on, and a field ``members``. The field ``sha256`` is the SHA-256 of
the whole file with the 64 digits of that field set to ``0``, so that any flipped bit is noticed, in the
header as in the weights. There are no times, paths or host names in it: the same training gives the same
file.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, TypeVar

import safetensors.numpy

from chainrule.disk import write_file
from chainrule.equations import ACTIVATIONS, LAYERS, LOSSES, Dense, Kind, name_of
from chainrule.errors import InputError, ModelFileError
from chainrule.files.layout import (
    ENTRY,
    FORMAT,
    FORMAT_OF_ONE,
    LENGTH_BYTES,
    NO_DIGEST,
    may_begin,
    with_digest,
)
from chainrule.files.parsing import model_from_bytes, saved_from_bytes
from chainrule.files.states import state_tensors, state_to_json
from chainrule.given import path_given, truth
from chainrule.models import Model
from chainrule.models.beside import reads_checkpoints
from chainrule.models.record import YOUNGEST
from chainrule.network import Ensemble, Network
from chainrule.stored import plain
from chainrule.training import TrainingState
from chainrule.words import printable, quoted

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

__all__ = ["content_of", "load", "load_model", "load_state", "model_to_bytes", "save"]


def save(
    model: Network | Ensemble | Model | TrainingState, path: str | os.PathLike[str], *, overwrite: bool = True
) -> None:
    """Write a network, a model with its encoding, or a training's state to a file; whole or not at all.

    Parameters
    ----------
    model : Network, Ensemble, Model or TrainingState
    path : path
    overwrite : bool
        Whether a file that stands there may be replaced.

    Raises
    ------
    OutputError
        The file cannot be written, or stands in the way.
    InputError
        The network holds an activation or a loss of the user's own, which a file cannot hold, or something
        else that could not be read back; or `model` is none of these, or `path` no path.

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
    content, replaces = content_of(model), truth(overwrite, "overwrite")
    write_file(path_given(path, "path"), content, overwrite=replaces)


@reads_checkpoints
def load(path: str | os.PathLike[str]) -> Network | Ensemble | Model | TrainingState:
    """Read back what `save` wrote: a network, a model with its encoding, or a training's state.

    `load_model` reads any of them as a model, `load_state` the state of any that has one.

    Returns
    -------
    Network, Ensemble, Model or TrainingState
        As it was saved. A file of format 1 to 3 does not say what it was: with an encoding or a record of a
        training it is a model, with a state alone a state, else a network.

    Raises
    ------
    ModelFileError
        There is no such file, it is no model, it is damaged, or a newer version wrote it.

    Examples
    --------
    >>> import tempfile, pathlib, chainrule, pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "a", "b", "b"] * 5})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "kinds.safetensors")
    ...     chainrule.save(chainrule.fit(table, target="kind", epochs=50, seed=1).model, path)
    ...     model = chainrule.load(path)
    >>> model.predict(pyarrow.table({"x": [1.0, 4.0]}))["kind"]
    array(['a', 'b'], dtype=object)
    >>> chainrule.load("missing.safetensors")
    Traceback (most recent call last):
    chainrule.errors.ModelFileError: There is no file missing.safetensors. ...
    """
    return _parsed(path, saved_from_bytes)


def load_state(path: str | os.PathLike[str]) -> TrainingState:
    """Read the state of a training from a checkpoint file.

    Raises
    ------
    ModelFileError
        As for `load`; or the file holds a model alone.

    Examples
    --------
    >>> import tempfile, pathlib, chainrule
    >>> result = chainrule.train(chainrule.Network.random((1, 1)), [[0.0]], [[1.0]], rate=1, epochs=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "checkpoint.safetensors")
    ...     chainrule.save(result.state, path)
    ...     chainrule.load_state(path)
    TrainingState(Network(1-1, logistic, rss, float64), 2 epochs)
    """
    found = load_model(path)
    if found.state is None and found.states:
        raise ModelFileError(
            f"{printable(str(path))} holds the states of {len(found.states)} trainings, of an ensemble.",
            parameter="path",
            given=path,
            needs="must hold the state of one training",
            advice="Read it with load_model, whose members have a state each, or go on with all of them by "
            "chainrule.fit(..., resume=path).",
        )
    state = found.state
    if state is None:
        raise ModelFileError(
            f"{printable(str(path))} holds a model but no state of a training.",
            parameter="path",
            given=path,
            needs="must hold the state of a training",
            advice="Give a checkpoint, which `chainrule fit` keeps when it is interrupted and chainrule.save "
            "writes of a result's state.",
        )
    return state


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
    return _parsed(path, model_from_bytes)


def _parsed(path: str | os.PathLike[str], parse: Callable[[bytes], T]) -> T:
    """What a parser finds in a file; what is wrong with it is said of its path."""
    try:
        content = _read(path_given(path, "path"))
    except OSError as error:
        raise ModelFileError(
            f"{printable(str(path))} cannot be read: {error.strerror or printable(str(error))}.",
            parameter="path",
            given=path,
            needs="must be a file that can be read",
            advice="Check the name and its permissions.",
        ) from error
    try:
        return parse(content)
    except ModelFileError as error:
        says = error.what.removeprefix("The file")
        what = printable(str(path)) + (f": {says}" if says == error.what else says)
        raise ModelFileError(
            what, parameter="path", given=path, needs=error.needs, advice=error.advice
        ) from error


def model_to_bytes(saved: Network | Ensemble | Model | TrainingState) -> bytes:
    """Content of a model file.

    Raises
    ------
    InputError
        What is saved is none of these, or holds what a file cannot.

    Examples
    --------
    >>> from chainrule import Model, Network
    >>> from chainrule.files import model_from_bytes
    >>> content = model_to_bytes(Model(Network.random((2, 1))))
    >>> model_from_bytes(content).network
    Network(2-1, logistic, rss, float64)
    """
    model, holds = _whole(saved)
    document: dict[str, Any] = {
        "format": _format_of(model),
        "holds": holds,
        "encoding": model.encoding.to_json() if model.encoding else None,
        "training": model.training.to_json() if model.training else None,
        "state": None if model.state is None else state_to_json(model.state),
        **_functions(model),
        "report": None if model.report is None else plain(model.report),
        "sha256": NO_DIGEST,
    }
    if model.calibration is not None:
        document["calibration"] = plain(model.calibration)
    tensors = _tensors(model)
    if model.members:
        document["members"] = [_member(one) for one in model.members]
        for own, share in zip(document["members"], model.network.weights or (), strict=False):
            own["weight"] = share
        document |= {"activations": [], "loss": document["members"][0]["loss"]}
        tensors = {
            f"member{k}.{name}": tensor
            for k, one in enumerate(model.members, 1)
            for name, tensor in _tensors(one).items()
        }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        content: bytes = safetensors.numpy.save(tensors, metadata={ENTRY: text})
    except safetensors.SafetensorError as error:
        raise InputError(
            f"The model cannot be saved: what its file would say of it has {len(text):,} characters",
            parameter="model",
            given=model,
            needs="100 million fit into a file",
            advice="The history of fewer epochs fits: save the network alone.",
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    return with_digest(content, NO_DIGEST, digest)


def _format_of(model: Model) -> int:
    """The oldest format that can hold a model."""
    kept = {} if model.training is None else model.training.to_json()
    if model.state is not None:
        kept |= state_to_json(model.state)["settings"]
    has_young = any(name in kept for name in YOUNGEST)
    has_young = has_young or model.calibration is not None
    return FORMAT if model.members or has_young or not _are_dense(model.network) else FORMAT_OF_ONE


def _member(model: Model) -> dict[str, Any]:
    """What the document has of one network of an ensemble."""
    training, state = model.training, model.state
    return {
        **_functions(model),
        "training": None if training is None else training.to_json(),
        "state": None if state is None else state_to_json(state),
    }


def _functions(model: Model) -> dict[str, Any]:
    """Names of the activations and of the loss of one network; those of an ensemble stand in its members."""
    if model.members:
        return {}
    _check_known(model.network)
    net = model.network
    activations = [name_of(activation) for activation in net.activations]
    layers = {} if _are_dense(net) else {"layers": [name_of(layer) for layer in net.layers]}
    return {"activations": activations, "loss": name_of(net.loss), **layers}


def _are_dense(net: Network) -> bool:
    """Whether all layers are those of the oldest formats, which say nothing of them."""
    return all(type(layer) is Dense for layer in net.layers)


def _tensors(model: Model) -> dict[str, Any]:
    """Weights of one network, and the arrays of its state."""
    if model.members:
        return {}
    tensors = {f"W{m}": weights for m, weights in enumerate(model.network.weights, 1)}
    return tensors if model.state is None else tensors | state_tensors(model.state)


def content_of(saved: Network | Ensemble | Model | TrainingState) -> bytes:
    """Content of a model file, proven to be one: it has been read.

    Raises
    ------
    InputError
        What is saved holds what a file cannot, or what could not be read back.

    Examples
    --------
    >>> from chainrule import Model, Network
    >>> content_of(Model(Network.random((2, 1)))) == model_to_bytes(Model(Network.random((2, 1))))
    True
    """
    content = model_to_bytes(saved)
    try:
        model_from_bytes(content)
    except ModelFileError as error:
        raise InputError(
            f"The model cannot be saved: its file could not be read back. {error.what}",
            parameter="model",
            given=saved,
            needs=error.needs,
            advice="Give what it was learnt from shorter names.",
        ) from error
    return content


def _whole(model: object) -> tuple[Model, str]:
    """Model with nothing but what was given, and what that is; InputError for no network, model or state."""
    if isinstance(model, Model):
        return model, "model"
    if isinstance(model, TrainingState):
        return Model(model.network, state=model), "state"
    if isinstance(model, (Network, Ensemble)):
        return Model(model), "network"
    parts = [name for name in ("model", "network") if hasattr(model, name)]
    raise InputError(
        f"A {type(model).__name__} was given",
        parameter="model",
        given=model,
        needs="a file holds a Network, an Ensemble, a Model or a TrainingState",
        advice=f"Give result.{parts[0]}." if parts else "Give one of them.",
    )


def _read(path: Path) -> bytes:
    """Bytes of a regular file; the first ones alone where the rest cannot be that of a model."""
    if not path.exists():
        raise ModelFileError(
            f"There is no file {printable(str(path))}.",
            parameter="path",
            given=path,
            needs="must be a file that exists",
            advice="Check the name, or fit a model with `chainrule fit`.",
        )
    if not path.is_file():
        raise ModelFileError(
            f"{printable(str(path))} is no regular file",
            parameter="path",
            given=path,
            needs="a model is one",
            advice="Give the model file itself.",
        )
    with path.open("rb") as file:
        content = file.read(LENGTH_BYTES + 1)
        size = path.stat().st_size
        if not may_begin(content, size):
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


def _reads_back(thing: object, kind: Kind[Any]) -> bool:
    """Whether the name of a thing, with its numbers, stands for its like."""
    try:
        return kind.knows(thing) and name_of(kind.named(name_of(thing))) == name_of(thing)
    except InputError:
        return False


def _check_known(net: Network) -> None:
    """Refuse to save what could not be read again."""
    own: list[object] = [g for g in net.activations if not _reads_back(g, ACTIVATIONS)]
    own += [] if _reads_back(net.loss, LOSSES) else [net.loss]
    own += [layer for layer in net.layers if not _reads_back(layer, LAYERS)]
    if own:
        raise InputError(
            f"{quoted(own[0])} cannot be saved: a model file holds only the activations "
            f"{', '.join(ACTIVATIONS)}, the losses {', '.join(LOSSES)} and the layers {', '.join(LAYERS)}.",
            parameter="model",
            given=own[0],
            needs="must have activations, a loss and layers that a file can hold",
            advice="Enter its class with `register`, or save the weights with NumPy instead.",
        )
