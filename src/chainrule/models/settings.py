"""Settings of a fit: what was given, with the defaults for the table filled in."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chainrule.equations import ACTIVATIONS, RULES
from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.models.defaults import default_settings
from chainrule.models.outputs import AskedOutputs, OutputLayer, output_layer
from chainrule.settings import FitSettings, refuse_unknown_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.models.dataset import Dataset
    from chainrule.models.model import Model
    from chainrule.tables import TargetKind

__all__ = ["fit_settings", "settings_of_checkpoint", "usual_start"]

MOST_WEIGHTS = 10**9  # eight gigabytes, before the first gradient


def fit_settings(data: Dataset, *, defaults: str = "modern", **given: Any) -> FitSettings:  # noqa: ANN401 (settings)
    """Settings as given, or else by the defaults for this table; None stands for one that is not given.

    Raises
    ------
    InputError
        A setting is out of its range, or does not go with the others.
    UnknownNameError
        There is no such setting, or nothing of the name that it was given.
    """
    asked = {name: value for name, value in given.items() if value is not None}
    refuse_unknown_settings(given, FitSettings)
    kind, target = data.encoding.kind, data.encoding.learnt[0]
    usual = default_settings(defaults, len(data.training_rows), classes=kind != "numbers")
    layer = output_layer(
        AskedOutputs.of({**asked, "defaults": defaults}), kind, one_unit=getattr(target, "one_unit", False)
    )
    chosen = {
        **layer._asdict(),
        **_rate_and_batch(usual, asked),
        "l2": usual.l2 * _size_of_losses(layer, kind),
        **asked,
        "held_out": data.held_out,
        "seed": data.seed,
    }
    settings = replace(usual, **chosen)
    if "start" not in asked:
        settings = replace(settings, start=usual_start(settings.hidden, settings.activation))
    if not settings.criteria and "validation" not in asked:
        settings = replace(settings, validation=0.0)
    _check_class_weight(settings.class_weight, data)
    _refuse_giants((data.X.shape[1], *settings.hidden, data.Y.shape[1]))
    return settings


def usual_start(hidden: Sequence[int], activation: Any) -> str:  # noqa: ANN401 (text or object)
    """First weights that suit the hidden layers, where there are any."""
    if not hidden:
        return "glorot_uniform"
    return str(ACTIVATIONS.fact(ACTIVATIONS.made_of(activation), "usual_start"))


def settings_of_checkpoint(model: Model, epochs: int | None = None) -> FitSettings:
    """Settings that a checkpoint's training followed, for as many epochs, or more.

    Raises
    ------
    InputError
        The model is no checkpoint.
    """
    state, record = model.state, model.training
    if state is None or record is None:
        raise InputError(
            "The file holds a model but no state of a training, so that there is nothing to go on from.",
            parameter="model",
            needs="must be a checkpoint",
            advice="Give a checkpoint, which `chainrule fit` keeps while it trains and when it is "
            "interrupted.",
        )
    settings = replace(record.settings, **state.settings)
    return settings if epochs is None else replace(settings, epochs=epochs)


def _size_of_losses(layer: OutputLayer, kind: TargetKind) -> float:
    """How large losses are beside those of standardised numbers: a penalty must be as much smaller."""
    output = ACTIVATIONS.made_of(layer.output, "output")
    limits = (ACTIVATIONS.fact(output, "lowest_output"), ACTIVATIONS.fact(output, "highest_output"))
    return 0.1 if kind == "numbers" and limits == (0, 1) else 1.0


def _rate_and_batch(usual: FitSettings, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Rate and batch size that belong to the rule, where it is not the usual one."""
    rule = RULES.made_of(asked.get("rule", usual.rule), "rule")
    is_usual = RULES.fact(rule, "name") == RULES.fact(usual.rule, "name")
    return {
        "rate": usual.rate if is_usual else RULES.fact(rule, "usual_rate"),
        "batch_size": None if RULES.fact(rule, "takes_all_rows") else usual.batch_size,
    }


def _check_class_weight(class_weight: str | Mapping[str, float] | None, data: Dataset) -> None:
    """Refuse weights of classes that are none."""
    if class_weight is None:
        return
    classes = data.encoding.classes
    if classes is None:
        raise InputError(
            parameter="class_weight",
            given=class_weight,
            needs="the target is a number",
            advice=f"Leave it out, or name the target with {argument('classes')} if its numbers are classes.",
        )
    for name in () if isinstance(class_weight, str) else class_weight:
        if name not in classes:
            raise UnknownNameError("class", str(name), classes, "class_weight")


def _refuse_giants(sizes: Sequence[int]) -> None:
    """Refuse a network that no memory holds before anything is computed."""
    n_weights = sum((1 + n_in) * n_out for n_in, n_out in pairwise(sizes))
    if n_weights > MOST_WEIGHTS:
        raise InputError(
            f"A network {'-'.join(map(str, sizes))} would have {n_weights} weights",
            parameter="hidden",
            given=tuple(sizes[1:-1]),
            needs=f"may have at most {MOST_WEIGHTS}",
            advice="Take fewer hidden units.",
        )
