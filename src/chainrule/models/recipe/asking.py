"""Whether a fit is left to a recipe, and to which: known before the table is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, argument
from chainrule.words import series

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EFFORTS", "NEWEST", "RECIPES", "asked_recipe", "takes_recipe"]

EFFORTS = ("quick", "normal", "best")
NEWEST = "modern-2"
RECIPES = {"modern": NEWEST, NEWEST: NEWEST}  # by the names of defaults that stand for them
# What may be said beside a recipe: it settles all other settings of the network and of its training.
BESIDE = ("seed", "held_out", "folds", "threads", "class_weight", "calibrate", "effort", "recipe", "defaults")


def takes_recipe(given: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """Whether settings leave a fit to a recipe: none of these names is given that it settles.

    Parameters
    ----------
    given : mapping
        What was given, by name; None stands for what was not.
    names : tuple of str
        Of all settings.
    """
    return asked_recipe(given.get("defaults")) is not None and not _in_the_way(given, names)


def asked_recipe(defaults: object) -> str | None:
    """The recipe that a name of defaults stands for; None for one network."""
    return RECIPES.get("modern" if defaults is None else str(defaults))


def refuse_effort_beside(given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Raise InputError where an effort is asked for and something is given that a recipe settles."""
    effort = given.get("effort")
    if effort is None or takes_recipe(given, names):
        return
    others = _in_the_way(given, names)
    what = f"{series(list(map(argument, others)))} was given, too" if others else "the defaults are no recipe"
    raise InputError(
        f"{argument('effort', effort)} was given, and {what}",
        parameter="effort",
        given=effort,
        needs="says how much is tried where the network and its training are not said",
        advice=f"Leave {argument('effort')} out, or {argument(others[0] if others else 'defaults')}.",
    )


def _in_the_way(given: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    """Settings that a recipe settles itself."""
    return [name for name in names if name not in BESIDE and given.get(name) is not None]
