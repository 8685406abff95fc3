"""The state of a training in a model file: how it is written, and how it is read with distrust."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from chainrule.errors import InputError, ModelFileError
from chainrule.stored import Finite, NotNegative, Sha256, Stored, WholeFrom1, not_a_model
from chainrule.training import Epoch, TrainingState
from chainrule.training.settings import ALL_RULES, Settings
from chainrule.words import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from chainrule.network import Network

    Tensors = Mapping[str, npt.NDArray[Any]]

__all__ = ["StoredState", "state_of", "state_tensors", "state_to_json"]

# Of an epoch; the time that it took is left out, so that the same training gives the same file.
EPOCH_FIELDS = ("loss", "rate", "validation_loss", "score")


class StoredState(Stored, frozen=True):
    """The state of a training, but its arrays."""

    best_epoch: WholeFrom1 | None
    data: Sha256
    epochs: tuple[tuple[Finite, Finite | None, Finite | None, Finite | None], ...]
    loss_before: Finite
    numbers: tuple[tuple[NotNegative, ...], ...]
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        if self.best_epoch is not None and self.best_epoch > len(self.epochs):
            message = f"best_epoch is {self.best_epoch} but there are {len(self.epochs)} epochs."
            raise InputError(message)


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


def state_of(stored: StoredState | None, tensors: Tensors, net: Network) -> TrainingState | None:
    """State of a training from what a file holds besides its network.

    Raises
    ------
    ModelFileError
        A part does not fit the others.
    """
    if stored is None:
        if tensors:
            raise ModelFileError(not_a_model("its tensors are not W1, W2, … of one type"))
        return None
    settings = _settings(stored.settings)
    rule, best = _arrays(stored, settings, tensors, net)
    epochs = tuple(
        Epoch(number, loss, 0.0, *others) for number, (loss, *others) in enumerate(stored.epochs, 1)
    )
    return TrainingState(
        network=net,
        rule=rule,
        best=best,
        best_epoch=stored.best_epoch,
        loss_before=stored.loss_before,
        epochs=epochs,
        settings=settings,
        data=stored.data,
    )


def _refuse(what: str) -> NoReturn:
    raise ModelFileError(not_a_model(f"{what} are not those of a training's state"))


def _settings(data: dict[str, Any]) -> dict[str, Any]:
    """Settings that would train; those of another version are refused."""
    try:
        known = Settings(**{**data, "metric": "loss"}).to_json()
    except (TypeError, InputError) as error:
        message = not_a_model(
            f"its settings are not those of a training: {printable(str(error)[:200]).rstrip('.')}"
        )
        raise ModelFileError(message) from error
    if {**known, "metric": data.get("metric")} != data or not isinstance(data["metric"], str):
        _refuse("its settings")
    return {**known, "metric": data["metric"]}


def _arrays(
    stored: StoredState, settings: Mapping[str, Any], tensors: Tensors, net: Network
) -> tuple[tuple[tuple[Any, ...], ...], Network | None]:
    """State of the rule for each matrix, and the best network."""
    kind, n = _rule_of(settings), len(net.weights)
    best_names = [] if stored.best_epoch is None else [f"best{m}" for m in range(1, n + 1)]
    if set(tensors) != {*(f"rule{m}.{name}" for m in range(1, n + 1) for name in kind.arrays), *best_names}:
        _refuse("its tensors")
    for name, tensor in tensors.items():
        like = net.weights[int(re.findall(r"\d+", name)[0]) - 1]
        if tensor.shape != like.shape or tensor.dtype != like.dtype or not np.isfinite(tensor).all():
            _refuse("its tensors")
    if len(stored.numbers) != n or any(len(numbers) != len(kind.numbers) for numbers in stored.numbers):
        _refuse("its numbers")
    for numbers in stored.numbers:
        for name, value in zip(kind.numbers, numbers, strict=True):
            if not (value > 0 if name == "damping" else value <= 1):  # the others are powers of a share
                _refuse("its numbers")
    rule = tuple(
        (*(tensors[f"rule{m}.{name}"] for name in kind.arrays), *numbers)
        for m, numbers in enumerate(stored.numbers, 1)
    )
    return rule, net.with_weights([tensors[name] for name in best_names]) if best_names else None
