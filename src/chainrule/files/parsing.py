"""From the bytes of a file to a model. Any byte may be hostile: nothing is believed before it is checked."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import safetensors.numpy
from safetensors import SafetensorError

from chainrule.arithmetic import FIRST_ARITHMETIC
from chainrule.equations import ACTIVATIONS, LAYERS, LOSSES
from chainrule.errors import InputError, ModelFileError, UnknownNameError
from chainrule.files.layout import (
    ENTRY,
    FORMAT,
    LENGTH_BYTES,
    NO_DIGEST,
    may_begin,
    with_digest,
)
from chainrule.files.states import StoredState, state_of
from chainrule.models import Calibration, Model, TrainingRecord
from chainrule.network import Ensemble, Network, members_of
from chainrule.stored import MOST, Finite, Meta, Sha256, Stored, Text, not_a_model, read
from chainrule.tables import Encoding, Report
from chainrule.words import printable

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.training import TrainingState

    Tensors = dict[str, npt.NDArray[Any]]

__all__ = ["model_from_bytes", "saved_from_bytes"]

OF_A_MODEL = ("encoding", "training", "report", "calibration")  # what it has beside its network
MOST_DIGITS = 300  # of a whole number, so that a float can hold it
# What a message quotes of a file.
MOST_SHOWN = 20
LONGEST_SHOWN = 80
LONGEST_REASON = 200


class _Member(Stored, frozen=True):
    """One network of an ensemble."""

    activations: Annotated[tuple[Text, ...], Meta(max_length=MOST)]
    layers: Annotated[tuple[Text, ...], Meta(max_length=MOST)]
    loss: Text
    training: Any  # as below
    state: StoredState | None
    weight: Finite | None


class _Document(Stored, frozen=True):
    """Everything that a model file holds but its arrays."""

    format: Literal[1, 2, 3, 4, 5, 6]
    holds: Literal["network", "model", "state"]
    activations: Annotated[tuple[Text, ...], Meta(max_length=MOST)]
    layers: Annotated[tuple[Text, ...], Meta(max_length=MOST)]
    loss: Text
    encoding: Encoding | None
    training: Any  # `TrainingRecord.from_json` checks it
    state: StoredState | None
    report: Report | None
    members: Annotated[tuple[_Member, ...], Meta(min_length=2, max_length=MOST)] | None
    sha256: Sha256
    calibration: Calibration | None = None


def model_from_bytes(content: bytes) -> Model:
    """Model from the content of a file, whatever was saved in it; every byte of it may be hostile.

    Raises
    ------
    ModelFileError
        The content is no model, is damaged, or was written by a newer version.
    """
    return _read_content(content)[0]


def saved_from_bytes(content: bytes) -> Network | Ensemble | Model | TrainingState:
    """What was saved, of the kind that it was; every byte of the content may be hostile.

    Raises
    ------
    ModelFileError
        As for `model_from_bytes`.
    """
    model, holds = _read_content(content)
    if holds == "network":
        return model.network
    return model.state if holds == "state" and model.state is not None else model


def _read_content(content: bytes) -> tuple[Model, str]:
    """Model of a file, and what was saved in it."""
    tensors = _tensors(content)
    fields = _document(content)
    document = _read_document(fields)
    _check_digest(content, document.sha256)
    if document.holds not in {"model", _judged(fields)}:  # any of them may be a model's
        raise not_a_model(f"what it has is not what a {document.holds} alone has")
    if document.members is None:
        model = _model_of(document, tensors)
    else:
        model = _ensemble(document, document.members, tensors)
    encoding, first = document.encoding, members_of(model.network)[0]
    if encoding and (encoding.n_inputs, encoding.n_outputs) != (first.sizes[0], first.sizes[-1]):
        raise ModelFileError(
            f"The file encodes {encoding.n_inputs} inputs and {encoding.n_outputs} outputs",
            needs=f"its network has {first.sizes[0]} and {first.sizes[-1]}",
            advice="Fit the model again.",
        )
    calibration = document.calibration
    if calibration and not (encoding and calibration.fits(encoding)):
        raise not_a_model("its calibration is of other targets")
    whole = replace(model, encoding=encoding, report=document.report, calibration=calibration)
    return whole, document.holds


def _model_of(document: _Document | _Member, tensors: Tensors) -> Model:
    """One network with its record and its state."""
    own = {name: tensor for name, tensor in tensors.items() if re.fullmatch(r"W\d+", name)}
    net = _network(document, own)
    training = None if document.training is None else TrainingRecord.from_json(document.training, net)
    others = {name: tensor for name, tensor in tensors.items() if name not in own}
    return Model(net, None, training, state_of(document.state, others, net))


def _ensemble(document: _Document, stored: tuple[_Member, ...], tensors: Tensors) -> Model:
    """Several networks, each from its own part of the document and its own tensors."""
    parts: list[dict[str, npt.NDArray[Any]]] = [{} for _ in stored]
    for name, tensor in tensors.items():
        prefix, _, rest = name.partition(".")
        number = re.fullmatch(r"member([1-9]\d{0,5})", prefix)
        if number is None or int(number[1]) > len(stored):
            raise not_a_model("its tensors are not those of its members")
        parts[int(number[1]) - 1][rest] = tensor
    if document.activations or document.state is not None or document.loss != stored[0].loss:
        raise not_a_model("what its members have stands beside them, too")
    members = tuple(_model_of(one, part) for one, part in zip(stored, parts, strict=True))
    try:
        shares = [one.weight for one in stored]
        is_even = all(one is None for one in shares)
        weights = None if is_even else [math.nan if one is None else one for one in shares]
        network = Ensemble((one.network for one in members), weights)
    except InputError as error:
        raise not_a_model(printable(str(error)[:LONGEST_REASON])) from error
    training = None
    if document.training is not None:
        training = TrainingRecord.from_json(document.training, network.members[0])
        if training.recipe is None and len(members) > (training.ensemble or 1):
            raise not_a_model("it has more members than were asked for")
    return Model(network, None, training, members=members)


def _tensors(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """Tensors of a safetensors file; the library checks every length and offset."""
    if not may_begin(content[: LENGTH_BYTES + 1], len(content)):
        raise not_a_model("it does not begin as one, or it is cut short")
    try:
        return dict(safetensors.numpy.load(content))
    except KeyError as error:
        reason = f"its weights are neither float32 nor float64 but {error}"
        raise not_a_model(reason) from error
    except (SafetensorError, TypeError, ValueError, AttributeError) as error:
        raise not_a_model(printable(str(error)[:LONGEST_REASON])) from error


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
        raise not_a_model("it has no readable entry 'chainrule'") from error
    if not isinstance(document, dict):
        raise not_a_model("its entry 'chainrule' is no JSON object")
    return document


def _refuse_number(text: str) -> NoReturn:
    """Refuse NaN and Infinity, which JSON does not have, and what becomes infinite here."""
    raise ValueError(f"{text} is no number that a model holds")


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
        raise ValueError("a key stands twice")
    return found


def _read_document(document: dict[str, Any]) -> _Document:
    """Document with the fields of its format; a newer format is refused by its number."""
    version = document.get("format")
    if version == 1:
        document.setdefault("state", None)
    if version in (1, 2):  # it may be what no set can hold
        document.setdefault("report", None)
    if version in (1, 2, 3):
        document.setdefault("holds", _judged(document))
    if version in (1, 2, 3, 4):
        for part in (document.get("training"), document.get("state")):
            if isinstance(part, dict):
                part.setdefault("arithmetic", [FIRST_ARITHMETIC])
    for part in _members_in(document):
        part.setdefault("weight", None)
    for part in (document, *_members_in(document)):
        given = part.get("activations")
        part.setdefault("layers", ["dense"] * (len(given) if isinstance(given, list) else 0))
    document.setdefault("members", None)  # of one network
    if type(version) is int and version > FORMAT:
        raise ModelFileError(
            f"The file has format {version}",
            needs=f"this version of chainrule reads formats up to {FORMAT}",
            advice="Upgrade with `pip install -U chainrule`.",
        )
    return read(document, _Document)


def _members_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What a document has of each network of an ensemble, as far as it is what it should be."""
    members = document.get("members")
    return [one for one in members if isinstance(one, dict)] if isinstance(members, list) else []


def _judged(document: dict[str, Any]) -> str:
    """What was saved in a file that does not say so, by what it has."""
    if any(document.get(name) is not None for name in OF_A_MODEL):
        return "model"
    return "network" if document.get("state") is None else "state"


def _check_digest(content: bytes, digest: str) -> None:
    """Compare the SHA-256 with that of the content."""
    if content.count(digest.encode()) != 1:
        raise not_a_model("its SHA-256 does not stand there once")
    blank = with_digest(content, digest, NO_DIGEST)
    if hashlib.sha256(blank).hexdigest() != digest:
        raise not_a_model("its SHA-256 does not agree with its content")


def _network(document: _Document | _Member, tensors: dict[str, npt.NDArray[Any]]) -> Network:
    """Network from the tensors W1, W2, … and the names of its activations and loss."""
    names = [f"W{m}" for m in range(1, len(tensors) + 1)]
    if sorted(tensors) != sorted(names) or len({t.dtype for t in tensors.values()}) != 1:
        raise not_a_model("its tensors are not W1, W2, … of one type")
    if any(str(t.dtype) not in {"float32", "float64"} for t in tensors.values()):
        raise not_a_model("its weights are neither float32 nor float64")
    try:
        weights = [tensors[name] for name in names]
        return Network(weights, document.activations, document.loss, layers=document.layers)
    except UnknownNameError as error:
        used, kinds = (
            printable(", ".join(named[:MOST_SHOWN])[:LONGEST_SHOWN]) or "(none)"
            for named in (document.activations, document.layers)
        )
        raise ModelFileError(
            f"The file names the activations {used}, the loss {printable(document.loss[:LONGEST_SHOWN])} "
            f"and the layers {kinds}",
            needs=f"this version knows {', '.join(ACTIVATIONS)}, {', '.join(LOSSES)} and {', '.join(LAYERS)}",
            advice="Upgrade chainrule.",
        ) from error
    except InputError as error:
        raise not_a_model(printable(str(error)[:LONGEST_REASON])) from error
