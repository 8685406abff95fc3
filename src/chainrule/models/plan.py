"""What is to be trained, and how: what was given, with the defaults filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chainrule.equations import activation_named, name_of
from chainrule.errors import InputError, UnknownNameError
from chainrule.given import positive_number, share_below_1, whole_number_from_1
from chainrule.models.defaults import Defaults, default_settings
from chainrule.training import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.models.dataset import Dataset
    from chainrule.models.model import Model

__all__ = ["BALANCED", "Plan", "plan", "plan_of"]

MOST_WEIGHTS = 10**9  # eight gigabytes, before the first gradient
BALANCED = "balanced"
# Output activation that belongs to a loss, and loss that belongs to an output activation.
OUTPUT_OF = {
    "cross_entropy": "softmax",
    "binary_cross_entropy": "logistic",
    "poisson": "softplus",
}
LOSS_OF = {"softmax": "cross_entropy", "logistic": "binary_cross_entropy"}
RATES = {"descent": 0.1, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.001, "irprop_minus": 0.01}


@dataclass(frozen=True)
class Plan:
    """Hidden layers, activations, loss, first weights and training settings.

    Examples
    --------
    >>> Plan((8,), "logistic", "logistic", "rss", "glorot_uniform", Settings(0.5, 100)).hidden
    (8,)
    """

    hidden: tuple[int, ...]
    activation: str
    output: str
    loss: str
    start: str
    settings: Settings
    validation: float = 0.0
    class_weight: str | Mapping[str, float] | None = None


def plan(
    data: Dataset,
    *,
    defaults: str = "modern",
    hidden: int | Sequence[int] | None = None,
    activation: str | None = None,
    output: str | None = None,
    loss: str | None = None,
    class_weight: str | Mapping[str, float] | None = None,
    validation: float | None = None,
    **given: Any,  # noqa: ANN401 (settings of `train`)
) -> Plan:
    """Plan as given, or else by the defaults for this table.

    Raises
    ------
    InputError
        A setting is out of its range, or does not go with the others.
    """
    is_classes = data.encoding.classes is not None
    usual = default_settings(defaults, len(data.training_rows), classes=is_classes)
    units = usual.hidden if hidden is None else hidden
    layers = tuple(
        whole_number_from_1(n, "hidden") for n in (units if isinstance(units, (list, tuple)) else (units,))
    )
    output, loss = _output_and_loss(usual, output, loss, is_classes=is_classes)
    if loss == "poisson" and not is_classes:
        message = (
            "The loss poisson needs counts but the numbers of a table are standardised, so that the network "
            "sees none. Take rss or huber, or train with the counts themselves in Python: chainrule.train."
        )
        raise InputError(message)
    activation = activation or usual.activation
    activation_named(activation)  # also where no hidden layer has it
    settings = _settings(usual, {name: value for name, value in given.items() if value is not None})
    share = usual.validation if validation is None else share_below_1(validation, "validation", "0.15")
    if not settings.criteria and validation is None:
        share = 0.0
    _check_class_weight(class_weight, data)
    _refuse_giants((data.X.shape[1], *layers, data.Y.shape[1]))
    is_rectified = bool(layers) and activation.split(":")[0] in {"relu", "leaky_relu"}
    start = "he_uniform" if is_rectified else "glorot_uniform"
    return Plan(layers, activation, output, loss, start, settings, share, class_weight)


def plan_of(model: Model, epochs: int | None = None) -> Plan:
    """Plan that a checkpoint's training followed, for as many epochs, or more.

    Raises
    ------
    InputError
        The model is no checkpoint.
    """
    state, record, net = model.state, model.training, model.network
    if state is None or record is None:
        message = (
            "The file holds a model but no state of a training, so that there is nothing to go on from. "
            "Give a checkpoint, which `chainrule fit` keeps while it trains and when it is interrupted."
        )
        raise InputError(message)
    settings = dict(state.settings)
    if epochs is not None:
        settings["epochs"] = epochs
    weight = record.class_weight
    names = [name_of(activation) for activation in net.activations]
    return Plan(
        hidden=net.sizes[1:-1],
        activation=names[0] if len(names) > 1 else "identity",
        output=names[-1],
        loss=name_of(net.loss),
        start=record.start,
        settings=Settings(**settings),
        validation=record.validation,
        class_weight=weight if weight is None or weight == BALANCED else json.loads(weight),
    )


def _output_and_loss(
    usual: Defaults, output: str | None, loss: str | None, *, is_classes: bool
) -> tuple[str, str]:
    """Output activation and loss: where one is given, the other is what belongs to it."""
    if output is None and loss is None:
        return usual.output, usual.loss
    if output is None:
        kind = str(loss).split(":")[0]
        return OUTPUT_OF.get(kind, "logistic" if is_classes else "identity"), str(loss)
    if loss is None:
        return output, LOSS_OF.get(output.split(":")[0], "rss") if is_classes else "rss"
    return output, loss


def _settings(usual: Defaults, given: dict[str, Any]) -> Settings:
    """Settings as given; the rate and the batch size that are not belong to the rule."""
    rule = given.get("rule", usual.rule)
    name = rule.split(":")[0] if isinstance(rule, str) else getattr(rule, "name", "")
    values: dict[str, Any] = {
        "rule": rule,
        "epochs": usual.epochs,
        "l2": usual.l2,
        "patience": usual.patience,
        "rate": usual.rate if name == usual.rule else RATES.get(name, 0.001),
        "batch_size": usual.batch_size,
    }
    if name in {"irprop_minus", "lbfgs", "levenberg_marquardt"}:
        values["batch_size"] = None
    if name in {"lbfgs", "levenberg_marquardt"}:
        values["rate"] = None
    return Settings(**{**values, **given})


def _check_class_weight(class_weight: str | Mapping[str, float] | None, data: Dataset) -> None:
    """Refuse weights of classes that are none."""
    if class_weight is None:
        return
    classes = data.encoding.classes
    if classes is None:
        message = (
            f"class_weight is {class_weight!r} but the target is a number. Leave it out, or name the "
            "target with --classes if its numbers are classes."
        )
        raise InputError(message)
    if isinstance(class_weight, str):
        if class_weight != BALANCED:
            message = f"class_weight is {class_weight!r} but must be 'balanced' or a weight for each class."
            raise InputError(message)
        return
    for name, weight in class_weight.items():
        if name not in classes:
            what = "class"
            raise UnknownNameError(what, str(name), classes)
        positive_number(weight, f"class_weight of {name!r}", "1")


def _refuse_giants(sizes: Sequence[int]) -> None:
    """Refuse a network that no memory holds before anything is computed."""
    n_weights = sum((1 + n_in) * n_out for n_in, n_out in pairwise(sizes))
    if n_weights > MOST_WEIGHTS:
        message = (
            f"A network {'-'.join(map(str, sizes))} would have {n_weights} weights but may have at most "
            f"{MOST_WEIGHTS}. Take fewer hidden units."
        )
        raise InputError(message)
