"""The output layer of a fit: its activation and its loss, and what they can learn of a table's targets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.equations import ACTIVATIONS, LOSSES, name_of
from chainrule.errors import InputError, argument
from chainrule.models.defaults import check_defaults
from chainrule.models.recipe.asking import takes_recipe
from chainrule.table_options import NumberEncoding
from chainrule.tables import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.tables import Roles, TargetKind

__all__ = ["AskedOutputs", "OutputLayer", "needs_counts", "output_layer"]

TWO = 2


class OutputLayer(NamedTuple):
    """Activation and loss of the outputs."""

    output: Any
    loss: Any


USUAL = {
    "modern": {
        "numbers": OutputLayer("identity", "rss"),
        "classes": OutputLayer("softmax", "cross_entropy"),
        "labels": OutputLayer("logistic", "binary_cross_entropy"),
    },
    "notes": dict.fromkeys(("numbers", "classes", "labels"), OutputLayer("logistic", "rss")),
}


class AskedOutputs(NamedTuple):
    """What of the output layer was asked for, and where the rest comes from."""

    output: Any = None
    loss: Any = None
    defaults: str = "modern"
    by_recipe: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> AskedOutputs:
        """What of the settings that were given is about the output layer."""
        defaults = check_defaults("modern" if given.get("defaults") is None else given["defaults"])
        return cls(given.get("output"), given.get("loss"), defaults, takes_recipe(given))

    def limits(self, kind: TargetKind, n_classes: int, roles: Roles) -> Limits:
        """What the outputs can give and the loss can take, for targets of this kind.

        Raises
        ------
        InputError
            One unit for two classes is asked of another target, or outputs that compete of several labels.
        """
        one_unit = _takes_one_unit(self, kind, n_classes, roles)
        layer = output_layer(self, kind, one_unit=one_unit)
        output, loss = ACTIVATIONS.made_of(layer.output, "output"), LOSSES.made_of(layer.loss, "loss")
        if kind == "labels":
            _refuse_rivals(output, loss, roles)
        lowest_target, highest_target = (LOSSES.fact(loss, f"{end}_target") for end in ("lowest", "highest"))
        return Limits(
            max(ACTIVATIONS.fact(output, "lowest_output"), lowest_target),
            min(ACTIVATIONS.fact(output, "highest_output"), highest_target),
            0.0 if highest_target == 1 else Limits().filled,  # chances mean what they are
            needs_counts(layer.loss),
            one_unit,
            self.defaults == "notes",
            NumberEncoding(squashed=True) if self.by_recipe else None,
        )


def output_layer(asked: AskedOutputs, kind: TargetKind, *, one_unit: bool) -> OutputLayer:
    """Output activation and loss: where one is given, the other is what belongs to it.

    Examples
    --------
    >>> output_layer(AskedOutputs(), "classes", one_unit=False)
    OutputLayer(output='softmax', loss='cross_entropy')
    >>> output_layer(AskedOutputs(loss="poisson"), "numbers", one_unit=False)
    OutputLayer(output='softplus', loss='poisson')
    """
    usual = USUAL["notes" if asked.defaults == "notes" else "modern"][
        "labels" if kind == "classes" and one_unit else kind
    ]
    if asked.output is None and asked.loss is None:
        return usual
    if asked.output is None:
        belonging = LOSSES.fact(LOSSES.made_of(asked.loss, "loss"), "usual_output")
        one_alone = "identity" if usual.output == "identity" else "logistic"
        return OutputLayer(belonging or one_alone, asked.loss)
    if asked.loss is None:
        belonging = ACTIVATIONS.fact(ACTIVATIONS.made_of(asked.output, "output"), "usual_loss")
        is_plain = kind == "numbers" or asked.defaults == "notes"
        return OutputLayer(asked.output, "rss" if is_plain else belonging)
    return OutputLayer(asked.output, asked.loss)


def needs_counts(loss: Any) -> bool:  # noqa: ANN401 (text, object, or None)
    """Whether a loss needs targets that are counts, of which 0 stays 0."""
    if loss is None:
        return False
    made = LOSSES.made_of(loss, "loss")
    limits = LOSSES.fact(made, "lowest_target"), LOSSES.fact(made, "highest_target")
    return limits == (0, math.inf)


def _takes_one_unit(asked: AskedOutputs, kind: TargetKind, n_classes: int, roles: Roles) -> bool:
    """Whether two classes share one output: as was said, or where the outputs do not compete."""
    if roles.one_unit and (kind == "numbers" or (kind == "classes" and n_classes != TWO)):
        what = "numbers" if kind == "numbers" else f"{n_classes} classes"
        raise InputError(
            f"The target has {what}",
            parameter="one_unit",
            given=True,
            needs="one unit tells two classes apart",
            advice=f"Leave out {argument('one_unit')}.",
        )
    if kind != "classes" or n_classes != TWO:
        return False
    if roles.one_unit is not None:
        return roles.one_unit
    output = output_layer(asked, kind, one_unit=False).output
    return not ACTIVATIONS.fact(ACTIVATIONS.made_of(output, "output"), "mixes_units")


def _refuse_rivals(output: Any, loss: Any, roles: Roles) -> None:  # noqa: ANN401 (objects)
    """Refuse outputs of which one holds, for labels: a row may have several of them, or none."""
    needs = "each of several targets has a unit of its own, which says whether a row has it"
    if roles.one_unit is False:
        raise InputError(
            "An output for each class was asked for",
            parameter="one_unit",
            given=False,
            needs=needs,
            advice=f"Leave out {argument('one_unit', False)}, or fit one target at a time.",  # noqa: FBT003 (as it is typed)
        )
    competes = ACTIVATIONS.fact(output, "mixes_units")
    if competes or LOSSES.fact(loss, "shares_of_one"):
        name, given = ("output", output) if competes else ("loss", loss)
        raise InputError(
            f"{argument(name, name_of(given))} is for classes of which one holds",
            parameter=name,
            given=name_of(given),
            needs=needs,
            advice=f"Take {argument('output', 'logistic')}, or fit one target at a time.",
        )
