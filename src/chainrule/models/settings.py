"""Settings of a fit: what was given, with the defaults for the table filled in."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chainrule.equations import ACTIVATIONS, LOSSES, RULES, name_of
from chainrule.errors import InputError, UnknownNameError, argument
from chainrule.models.defaults import default_settings
from chainrule.settings import FitSettings, plain, refuse_unknown_settings, settings_of
from chainrule.words import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainrule.models.dataset import Dataset
    from chainrule.models.model import Model

__all__ = ["fit_settings", "needs_counts", "settings_of_checkpoint", "usual_start"]

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
    is_classes = data.encoding.classes is not None
    usual = default_settings(defaults, len(data.training_rows), classes=is_classes)
    chosen = {
        **_output_and_loss(usual, asked, is_classes=is_classes),
        **_rate_and_batch(usual, asked),
        **asked,
        "held_out": data.held_out,
        "seed": data.seed,
    }
    settings = replace(usual, **chosen)
    if not is_classes and LOSSES.fact(LOSSES.made_of(settings.loss), "highest_target") == 1:
        _refuse_shares(settings)
    if "start" not in asked:
        settings = replace(settings, start=usual_start(settings.hidden, settings.activation))
    if not settings.criteria and "validation" not in asked:
        settings = replace(settings, validation=0.0)
    _check_class_weight(settings.class_weight, data)
    _refuse_giants((data.X.shape[1], *settings.hidden, data.Y.shape[1]))
    return settings


def needs_counts(loss: Any) -> bool:  # noqa: ANN401 (text, object, or None)
    """Whether a loss needs targets that are counts, so that they are not standardised."""
    if loss is None:
        return False
    made = LOSSES.made_of(loss, "loss")
    limits = LOSSES.fact(made, "lowest_target"), LOSSES.fact(made, "highest_target")
    return limits == (0, math.inf)


def usual_start(hidden: Sequence[int], activation: Any) -> str:  # noqa: ANN401 (text or object)
    """First weights that suit the hidden layers, where there are any."""
    if not hidden:
        return "glorot_uniform"
    return str(ACTIVATIONS.fact(ACTIVATIONS.made_of(activation), "usual_start"))


def settings_of_checkpoint(model: Model, **given: Any) -> FitSettings:  # noqa: ANN401 (settings)
    """Settings that a checkpoint's training followed; of those that are given, some may be others than then.

    Raises
    ------
    InputError
        The model is no checkpoint, or a setting is not as it was, and may not be another.
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
    then = replace(record.settings, **state.settings)
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


def _output_and_loss(usual: FitSettings, asked: Mapping[str, Any], *, is_classes: bool) -> dict[str, Any]:
    """Output activation and loss: where one is given, the other is what belongs to it."""
    output: Any = asked.get("output")
    loss: Any = asked.get("loss")
    if output is None and loss is None:
        return {"output": usual.output, "loss": usual.loss}
    if output is None:
        belonging = LOSSES.fact(LOSSES.made_of(loss, "loss"), "usual_output")
        return {"output": belonging or ("logistic" if is_classes else "identity")}
    usual_loss = ACTIVATIONS.fact(ACTIVATIONS.made_of(output, "output"), "usual_loss")
    return {"loss": usual_loss if is_classes else "rss"}


def _rate_and_batch(usual: FitSettings, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Rate and batch size that belong to the rule, where it is not the usual one."""
    rule = RULES.made_of(asked.get("rule", usual.rule), "rule")
    is_usual = RULES.fact(rule, "name") == RULES.fact(usual.rule, "name")
    return {
        "rate": usual.rate if is_usual else RULES.fact(rule, "usual_rate"),
        "batch_size": None if RULES.fact(rule, "takes_all_rows") else usual.batch_size,
    }


def _refuse_shares(settings: FitSettings) -> None:
    loss = LOSSES.made_of(settings.loss)
    raise InputError(
        f"The loss {name_of(loss)} needs {LOSSES.fact(loss, 'targets_needed')}",
        parameter="loss",
        given=name_of(loss),
        needs="the numbers of a table are standardised, so that the network sees none",
        advice="Take rss or huber, or train with the numbers themselves in Python: chainrule.train.",
    )


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
