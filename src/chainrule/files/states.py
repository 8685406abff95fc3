"""The state of a training in a model file: how it is written, and how it is read with distrust."""

from __future__ import annotations

import re
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import numpy as np

from chainrule.equations import CRITERIA, RULES, SCHEDULES, Kind, name_of
from chainrule.errors import InputError
from chainrule.models.record import YOUNGEST
from chainrule.settings import Settings, settings_of
from chainrule.stored import Finite, Meta, NotNegative, Stored, WholeFrom1, not_a_model
from chainrule.training import Epoch, TrainingState
from chainrule.words import counted, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import numpy.typing as npt

    from chainrule.network import Network

    Tensors = Mapping[str, npt.NDArray[Any]]

__all__ = ["StoredState", "refuse_unsavable", "state_of", "state_tensors", "state_to_json"]

# Of an epoch; the time that it took is left out, so that the same training gives the same file.
EPOCH_FIELDS = ("loss", "rate", "validation_loss", "score")


Watched = Finite | Literal["nan", "inf", "-inf"] | None
Sha256OrNone = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]  # none where other rows may follow


class StoredState(Stored, frozen=True):
    """The state of a training, but its arrays."""

    arithmetic: Annotated[tuple[WholeFrom1, ...], Meta(min_length=1)]
    best_epoch: WholeFrom1 | None
    data: Sha256OrNone
    epochs: tuple[tuple[Finite, Finite | None, Watched, Watched], ...]
    loss_before: Finite
    numbers: tuple[tuple[NotNegative, ...], ...]
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        if self.best_epoch is not None and self.best_epoch > len(self.epochs):
            raise InputError(
                parameter="best_epoch",
                given=self.best_epoch,
                needs=f"there are {len(self.epochs)} epochs",
                advice="Keep one of them.",
            )


def state_tensors(state: TrainingState) -> dict[str, npt.NDArray[Any]]:
    """Arrays of the rule's state, and the best weights."""
    rule = _rule_of(state.settings)
    tensors = {
        f"rule{m}.{name}": np.ascontiguousarray(array)
        for m, of_matrix in enumerate(state.rule, 1)
        for name, array in zip(_parts(rule, of_matrix)[0], of_matrix, strict=False)  # then come numbers
    }
    if state.best is not None:
        tensors |= {f"best{m}": weights for m, weights in enumerate(state.best.weights, 1)}
    return tensors


def state_to_json(state: TrainingState) -> dict[str, Any]:
    """Everything but the arrays."""
    rule = _rule_of(state.settings)
    _refuse_unnamed(rule, state)
    return {
        "arithmetic": list(state.arithmetic),
        "best_epoch": state.best_epoch,
        "data": state.data,
        "epochs": [[_in_json(getattr(epoch, name)) for name in EPOCH_FIELDS] for epoch in state.epochs],
        "loss_before": state.loss_before,
        "numbers": [list(of_matrix[len(_parts(rule, of_matrix)[0]) :]) for of_matrix in state.rule],
        "settings": {
            name: one for name, one in state.settings.items() if name not in YOUNGEST or one != YOUNGEST[name]
        },
    }


def _in_json(number: float | None) -> float | str | None:
    """Number as JSON has it; what is watched need not be finite."""
    return number if number is None or isfinite(number) else str(float(number))


def refuse_unsavable(settings: Mapping[str, Any]) -> None:
    """Raise InputError where the rule, the schedule or a criterion has no name to go by in a file."""
    kinds: dict[str, Kind[Any]] = {"rule": RULES, "schedule": SCHEDULES, "stopping": CRITERIA}
    for setting, kind in kinds.items():
        for text in str(settings[setting] or "").split(","):
            name = text.split(":")[0]
            if name and name not in kind:
                raise InputError(
                    f"The {kind.what} {name} cannot be saved: a file holds only {', '.join(kind)}.",
                    parameter="model",
                    given=name,
                    needs=f"must have a {kind.what} that a file can hold",
                    advice="Register its class under a name of its own, or save the network instead, which "
                    "says nothing of it.",
                )


def _rule_of(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 (any rule)
    """Rule that settings name; InputError where they cannot be saved."""
    refuse_unsavable(settings)
    return RULES.named(str(settings["rule"]))


def _parts(rule: Any, given: Collection[object]) -> tuple[tuple[str, ...], tuple[str, ...]]:  # noqa: ANN401 (any rule)
    """Names of the arrays and numbers in the state of a rule, or of its state of an earlier version.

    Which of the two tells what is given: the state of one matrix, or the names of its arrays.
    """
    earlier: tuple[str, ...] = getattr(rule, "earlier_arrays", ())
    if earlier and len(given) == len(earlier):
        return earlier, ()
    return RULES.fact(rule, "arrays"), RULES.fact(rule, "numbers")


def _refuse_unnamed(rule: Any, state: TrainingState) -> None:  # noqa: ANN401 (any rule)
    """Raise InputError where a rule of the user's own does not name all parts of its state."""
    named = sum(map(len, _parts(rule, state.rule[0])))
    if len(state.rule[0]) != named and RULES.is_own(rule):
        raise InputError(
            f"The state of {name_of(rule)} has {counted(len(state.rule[0]), 'part')}, of which "
            f"its arrays and numbers name {named}",
            parameter="model",
            given=rule,
            needs="they must name each",
            advice="Name them in two tuples of the class.",
        )


def state_of(stored: StoredState | None, tensors: Tensors, net: Network) -> TrainingState | None:
    """State of a training from what a file holds besides its network.

    Raises
    ------
    ModelFileError
        A part does not fit the others.
    """
    if stored is None:
        if tensors:
            raise not_a_model("its tensors are not W1, W2, … of one type")
        return None
    settings = _settings(stored.settings)
    rule, best = _arrays(stored, settings, tensors, net)
    epochs = tuple(
        Epoch(number, loss, 0.0, rate, *(float(one) if isinstance(one, str) else one for one in watched))
        for number, (loss, rate, *watched) in enumerate(stored.epochs, 1)
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
        arithmetic=stored.arithmetic,
    )


def _refuse(what: str) -> NoReturn:
    raise not_a_model(f"{what} are not those of a training's state")


def _settings(data: dict[str, Any]) -> dict[str, Any]:
    """Settings that would train; those of another version are refused."""
    try:
        known = Settings(**{**data, "metric": "loss"}).to_json()
    except (TypeError, InputError) as error:
        reason = printable(str(error)[:200]).rstrip(".")
        raise not_a_model(f"its settings are not those of a training: {reason}") from error
    known["metric"] = data.get("metric")
    needed = {one.name for one in settings_of(Settings) if one.name not in YOUNGEST}
    if not needed <= set(data) or {**known, **data} != known or not isinstance(known["metric"], str):
        _refuse("its settings")
    return known


def _arrays(
    stored: StoredState, settings: Mapping[str, Any], tensors: Tensors, net: Network
) -> tuple[tuple[tuple[Any, ...], ...], Network | None]:
    """State of the rule for each matrix, and the best network."""
    rule, n = _rule_of(settings), len(net.weights)
    best_names = [] if stored.best_epoch is None else [f"best{m}" for m in range(1, n + 1)]
    arrays, names = _parts(rule, [name for name in tensors if name.startswith("rule1.")])
    if set(tensors) != {*(f"rule{m}.{name}" for m in range(1, n + 1) for name in arrays), *best_names}:
        _refuse("its tensors")
    n_stacked = _n_stacked(rule, tensors) if arrays == RULES.fact(rule, "arrays") else ()
    for name, tensor in tensors.items():
        like = net.weights[int(re.findall(r"\d+", name)[0]) - 1]
        shape = like.shape if name in best_names else (*n_stacked, *like.shape)
        if tensor.shape != shape or tensor.dtype != like.dtype or not np.isfinite(tensor).all():
            _refuse("its tensors")
    if len(stored.numbers) != n or any(len(numbers) != len(names) for numbers in stored.numbers):
        _refuse("its numbers")
    for numbers in stored.numbers:
        for name, value in zip(names, numbers, strict=True):
            if not (value > 0 if name == "damping" else value <= 1):  # the others are shares, or their powers
                _refuse("its numbers")
    state = tuple(
        (*(tensors[f"rule{m}.{name}"] for name in arrays), *numbers)
        for m, numbers in enumerate(stored.numbers, 1)
    )
    return state, net.with_weights([tensors[name] for name in best_names]) if best_names else None


def _n_stacked(rule: Any, tensors: Tensors) -> tuple[int, ...]:  # noqa: ANN401 (any rule)
    """How many matrices each array of the rule's state must hold; none where each is but one."""
    if not getattr(rule, "is_stacked", False):
        return ()
    n = len(tensors[f"rule1.{rule.arrays[0]}"]) if tensors[f"rule1.{rule.arrays[0]}"].ndim else 0
    return (min(n, rule.memory),)
