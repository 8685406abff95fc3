"""Settings of a fit: what was given, with the defaults for the table filled in."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chainrule.equations import ACTIVATIONS, LAYERS, RULES, parametric_layer
from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.models.defaults import default_settings
from chainrule.models.outputs import AskedOutputs, OutputLayer, output_layer
from chainrule.models.recipe.asking import check_asking, takes_recipe
from chainrule.models.recipe.choice import recipe_settings
from chainrule.settings import FitSettings, plain, refuse_unknown_settings, settings_of
from chainrule.tables import ClassTarget
from chainrule.words import joined, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.models.dataset import Dataset
    from chainrule.models.model import Model
    from chainrule.tables import TargetKind

__all__ = ["fit_settings", "settings_of_checkpoint", "usual_start"]

MOST_LISTED = 20  # classes, in a message
MOST_WEIGHTS = 10**9  # eight gigabytes, before the first gradient
PATIENCE = 10  # epochs, of networks that each watch a fold


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
    check_asking({**asked, "defaults": defaults})
    if takes_recipe({**asked, "defaults": defaults}):
        layer = output_layer(AskedOutputs(), kind, one_unit=getattr(target, "one_unit", False))
        names = ("threads", "folds", "class_weight")
        beside = {"calibrate": True, **{name: asked[name] for name in (*names, "calibrate") if name in asked}}
        settings = recipe_settings(data, layer, effort=asked.get("effort") or "normal", given=beside)
        return replace(settings, class_weight=_class_weight_of_labels(settings.class_weight, data))
    usual = default_settings(defaults, len(data.training_rows), classes=kind != "numbers")
    layer = output_layer(
        AskedOutputs.of({**asked, "defaults": defaults}), kind, one_unit=getattr(target, "one_unit", False)
    )
    chosen = {
        **layer._asdict(),
        **_rate_and_batch(usual, asked),
        "l2": usual.l2 * _size_of_losses(layer, kind),
        **_watching_folds(usual, asked),
        **asked,
        "held_out": data.held_out,
        "seed": data.seed,
    }
    settings = replace(usual, **chosen)
    if "start" not in asked:
        settings = replace(settings, start=usual_start(settings.hidden, settings.activation))
    if not settings.criteria and "validation" not in asked:
        settings = replace(settings, validation=0.0)
    settings = replace(settings, class_weight=_class_weight_of_labels(settings.class_weight, data))
    _refuse_giants((data.X.shape[1], *settings.hidden, data.Y.shape[1]))
    return settings


def usual_start(hidden: Sequence[int], activation: Any) -> str:  # noqa: ANN401 (text or object)
    """First weights that suit the hidden layers, where there are any."""
    if not hidden:
        return "glorot_uniform"
    parts = parametric_layer(activation)
    own = ACTIVATIONS.made_of(activation) if parts is None else LAYERS.fact(parts, "activation")
    return str(ACTIVATIONS.fact(own, "usual_start"))


def settings_of_checkpoint(model: Model, **given: Any) -> FitSettings:  # noqa: ANN401 (settings)
    """Settings that a checkpoint's training followed; of those that are given, some may be others than then.

    Raises
    ------
    InputError
        The model is no checkpoint, or a setting is not as it was, and may not be another.
    """
    states, record = model.states, model.training
    if not states or record is None or record.recipe is not None:
        raise InputError(
            "The file holds a model but no state of a training, so that there is nothing to go on from.",
            parameter="model",
            needs="must be a checkpoint",
            advice="Give a checkpoint, which `chainrule fit` keeps while it trains and when it is "
            "interrupted.",
        )
    then = replace(record.settings, **{**states[0].settings, "seed": record.seed})
    settings = replace(then, **{name: value for name, value in given.items() if value is not None})
    for one in settings_of(FitSettings):
        was, now = plain(getattr(then, one.name)), plain(getattr(settings, one.name))
        if now != was and not one.is_free:
            raise InputError(
                parameter=one.name,
                given=now,
                needs=f"was {quoted(was)} when the state was kept",
                advice=f"Leave it out, as all that {argument('resume')} settles.",
            )
    return settings


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


def _watching_folds(usual: FitSettings, asked: Mapping[str, Any]) -> dict[str, Any]:
    """When networks stop that each watch a fold of their own, which is what they watch it for."""
    by = asked.get("ensemble_by")
    if not isinstance(by, str) or by != "folds":
        return {}
    return {"validation": 0.0} | ({} if usual.criteria or "stopping" in asked else {"patience": PATIENCE})


def _class_weight_of_labels(
    class_weight: str | Mapping[Any, float] | None, data: Dataset
) -> str | Mapping[str, float] | None:
    """Weights of classes by how these are written; refuse those of what is none."""
    if class_weight is None:
        return None
    encoding = data.encoding
    if encoding.kind != "classes":
        several = encoding.kind == "labels"
        raise InputError(
            parameter="class_weight",
            given=class_weight,
            needs="each of several targets has classes of its own" if several else "the target is a number",
            advice=f"Give {argument('weights')}, what each row counts, or fit one target at a time."
            if several
            else f"Leave it out, or name the target with {argument('classes')} if its numbers are classes.",
        )
    if isinstance(class_weight, str):
        return class_weight
    (target,) = encoding.targets
    assert isinstance(target, ClassTarget)  # noqa: S101 (as its kind says)
    kept: dict[str, float] = {}
    for value, weight in class_weight.items():
        place = target.place_of(value)
        if place is None:
            raise _no_class(value, target)
        label = target.labels[place]
        if label in kept:
            raise InputError(
                f"{argument('class_weight')} has two weights of the class {quoted(target.values[place])}",
                parameter="class_weight",
                given=class_weight,
                needs="each class may have one",
                advice="Leave one out.",
            )
        kept[label] = weight
    return kept


def _no_class(value: object, target: ClassTarget) -> InputError:
    """That a value is none of the classes, which are named as the user has them."""
    if all(isinstance(own, str) for own in target.values):
        return UnknownNameError("class", str(value), target.labels, "class_weight")
    return InputError(
        f"There is no class {quoted(value)}.",
        parameter="class_weight",
        given=value,
        needs="must be a class of the target",
        advice=f"There are: {joined([quoted(own) for own in target.values], MOST_LISTED)}.",
    )


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
