"""The state of a training in a model file: how it is written, and how it is read with distrust."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule.errors import InputError, ModelFileError
from chainrule.files.layout import not_a_model
from chainrule.training import Epoch, TrainingState
from chainrule.training.settings import ALL_RULES, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from chainrule.network import Network

    Tensors = Mapping[str, npt.NDArray[Any]]

__all__ = ["state_from_json", "state_tensors", "state_to_json"]

FIELDS = {"best_epoch", "data", "epochs", "loss_before", "numbers", "settings"}
# Of an epoch; the time that it took is left out, so that the same training gives the same file.
EPOCH_FIELDS = ("loss", "rate", "validation_loss", "score")


def state_tensors(state: TrainingState) -> dict[str, npt.NDArray[Any]]:
    """Arrays of the rule's state, and the best weights."""
    names = _rule_of(state.settings).arrays
    tensors = {
        f"rule{m}.{name}": np.ascontiguousarray(array)
        for m, of_matrix in enumerate(state.rule, 1)
        for name, array in zip(names, of_matrix, strict=False)  # numbers come after the arrays
    }
    if state.best is not None:
        tensors |= {f"best{m}": weights for m, weights in enumerate(state.best.weights, 1)}
    return tensors


def state_to_json(state: TrainingState) -> dict[str, Any]:
    """Everything but the arrays."""
    n_arrays = len(_rule_of(state.settings).arrays)
    return {
        "best_epoch": state.best_epoch,
        "data": state.data,
        "epochs": [[getattr(epoch, name) for name in EPOCH_FIELDS] for epoch in state.epochs],
        "loss_before": state.loss_before,
        "numbers": [list(of_matrix[n_arrays:]) for of_matrix in state.rule],
        "settings": dict(state.settings),
    }


def _rule_of(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 (any rule)
    """Kind of rule that settings name; InputError for one of the user's own, which no file can hold."""
    name = str(settings["rule"]).split(":")[0]
    if name not in ALL_RULES:
        message = f"The update rule {name} cannot be saved: a file holds only {', '.join(ALL_RULES)}."
        raise InputError(message)
    return ALL_RULES[name]


def state_from_json(data: object, tensors: Tensors, net: Network) -> TrainingState | None:
    """State from what a file holds, every part of it checked.

    Raises
    ------
    ModelFileError
        A part is missing, unknown, or does not fit the network.
    """
    if data is None:
        if tensors:
            raise ModelFileError(not_a_model("its tensors are not W1, W2, … of one type"))
        return None
    if not isinstance(data, dict) or set(data) != FIELDS:
        _refuse("its fields")
    settings = _settings(data["settings"])
    epochs = _epochs(data["epochs"])
    best_epoch = data["best_epoch"]
    if best_epoch is not None and not (_is_whole(best_epoch) and 1 <= best_epoch <= len(epochs)):
        _refuse("its best epoch")
    if not isinstance(data["data"], str) or not re.fullmatch("[0-9a-f]{64}", data["data"]):
        _refuse("the SHA-256 of its data")
    rule, best = _arrays(data["numbers"], settings, tensors, net, with_best=best_epoch is not None)
    return TrainingState(
        network=net,
        rule=rule,
        best=best,
        best_epoch=best_epoch,
        loss_before=_number(data["loss_before"]),
        epochs=epochs,
        settings=settings,
        data=data["data"],
    )


def _refuse(what: str) -> NoReturn:
    raise ModelFileError(not_a_model(f"{what} are not those of a training's state"))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _refuse("its numbers")
    return float(value)


def _settings(data: object) -> dict[str, Any]:
    """Settings that would train; those of another version are refused."""
    if not isinstance(data, dict):
        _refuse("its settings")
    try:
        known = Settings(**{**data, "metric": "loss"}).to_json()
    except (TypeError, InputError) as error:
        message = not_a_model(f"its settings are not those of a training: {str(error)[:200]}")
        raise ModelFileError(message) from error
    if {**known, "metric": data.get("metric")} != data or not isinstance(data["metric"], str):
        _refuse("its settings")
    return {**known, "metric": data["metric"]}


def _epochs(data: object) -> tuple[Epoch, ...]:
    """Completed epochs, without their time."""
    if not isinstance(data, list):
        _refuse("its epochs")
    epochs = []
    for number, given in enumerate(data, 1):
        if not isinstance(given, list) or len(given) != len(EPOCH_FIELDS):
            _refuse("its epochs")
        loss, *others = given
        values = [None if value is None else _number(value) for value in others]
        epochs.append(Epoch(number, _number(loss), 0.0, *values))
    return tuple(epochs)


def _arrays(
    numbers: object, settings: Mapping[str, Any], tensors: Tensors, net: Network, *, with_best: bool
) -> tuple[tuple[tuple[Any, ...], ...], Network | None]:
    """State of the rule for each matrix, and the best network."""
    kind, n = _rule_of(settings), len(net.weights)
    expected = {f"rule{m}.{name}" for m in range(1, n + 1) for name in kind.arrays}
    best_names = [f"best{m}" for m in range(1, n + 1)] if with_best else []
    if set(tensors) != expected | set(best_names):
        _refuse("its tensors")
    for name, tensor in tensors.items():
        like = net.weights[int(re.findall(r"\d+", name)[0]) - 1]
        if tensor.shape != like.shape or tensor.dtype != like.dtype or not np.isfinite(tensor).all():
            _refuse("its tensors")
    if not isinstance(numbers, list) or len(numbers) != n:
        _refuse("its numbers")
    if not all(isinstance(one, list) and len(one) == len(kind.numbers) for one in numbers):
        _refuse("its numbers")
    for value, name in (
        (_number(value), name) for one in numbers for value, name in zip(one, kind.numbers, strict=True)
    ):
        if not (value > 0 if name == "damping" else 0 <= value <= 1):  # the others are powers of a share
            _refuse("its numbers")
    rule = tuple(
        (*(tensors[f"rule{m}.{name}"] for name in kind.arrays), *(_number(value) for value in of_matrix))
        for m, of_matrix in enumerate(numbers, 1)
    )
    return rule, net.with_weights([tensors[name] for name in best_names]) if with_best else None
