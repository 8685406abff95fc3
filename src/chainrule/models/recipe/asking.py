"""Whether a fit is left to a recipe, and to which: known before the table is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError, Remark, argument
from chainrule.settings import FitSettings, settings_of
from chainrule.words import series

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "NEWEST", "ONE_NETWORK", "asked_recipe", "check_asking", "no_recipe_in_words", "refuse_to_go_on",
    "takes_recipe", "with_masks",
]  # fmt: skip

NEWEST = "modern-2"
RECIPES = {"modern": NEWEST, NEWEST: NEWEST}  # by the names of defaults that stand for them
ONE_NETWORK = "modern-1"  # the defaults of what no recipe is for
# What may be said beside a recipe: it settles all other settings of the network and of its training.
BESIDE = ("seed", "held_out", "folds", "threads", "class_weight", "calibrate", "effort", "recipe", "defaults")


def takes_recipe(given: Mapping[str, Any]) -> bool:
    """Whether settings leave a fit to a recipe: none is given that it settles; None counts for nothing."""
    return asked_recipe(given.get("defaults")) is not None and not _in_the_way(given)


def asked_recipe(defaults: object) -> str | None:
    """The recipe that a name of defaults stands for; None for one network."""
    return RECIPES.get("modern" if defaults is None else str(defaults))


def check_asking(given: Mapping[str, Any], others: Sequence[str] = ()) -> None:
    """Raise InputError where an effort, or a recipe by its name, was given with what that settles.

    Parameters
    ----------
    given : mapping
        Settings by name.
    others : sequence of str
        Arguments that are no settings, and were given for one network.
    """
    recipe, effort = given.get("recipe"), given.get("effort")
    if recipe is not None:
        raise InputError(
            f"{argument('recipe')} was given",
            parameter="recipe",
            given=recipe,
            needs="it follows from the defaults",
            advice=f"Give {argument('defaults', NEWEST)}.",
        )
    if effort is None:
        by_name, of_network = given.get("defaults"), [*_in_the_way(given), *others]
        if by_name == NEWEST and of_network:
            raise InputError(
                f"{argument('defaults', NEWEST)} was given with {series(list(map(argument, of_network)))}",
                parameter="defaults",
                given=by_name,
                needs="it is a recipe, which settles that by itself",
                advice=f"Give {argument('defaults', ONE_NETWORK)} for one network, or leave out "
                f"{argument(of_network[0])}.",
            )
        return
    check = next(one.check for one in settings_of(FitSettings) if one.name == "effort")
    check(effort, "effort")
    of_network = [*_in_the_way(given), *others]
    told = list(map(argument, of_network))
    if asked_recipe(given.get("defaults")) is None:
        of_network.append("defaults")
        told.append(argument("defaults", given["defaults"]))
    if of_network:
        raise InputError(
            f"{argument('effort', effort)} was given with {series(told)}",
            parameter="effort",
            given=effort,
            needs="an effort says how much is tried where the network and its training are not said",
            advice=f"Leave {argument('effort')} out, or {argument(of_network[0])}.",
        )


def no_recipe_in_words(given: Mapping[str, Any]) -> str:
    """Which settings put the recipe aside, where nobody said that they are to; "" where none does.

    Examples
    --------
    >>> no_recipe_in_words({"hidden": (8,), "seed": 1})
    'none: hidden was given, which a recipe settles itself'
    """
    in_the_way = _in_the_way(given)
    if given.get("defaults") not in {None, "modern"} or not in_the_way:
        return ""
    were = "was" if len(in_the_way) == 1 else "were"
    told = series(list(map(argument, in_the_way)))
    return Remark(f"none: {told} {were} given, which a recipe settles itself")


def with_masks(given: Mapping[str, Any], masks: object) -> dict[str, Any]:
    """Settings beside masks, which are of one network.

    Raises
    ------
    InputError
        An effort was asked for, too.
    """
    if masks is None or not takes_recipe(given):
        return dict(given)
    check_asking(given, ["masks"])
    return {**given, "defaults": ONE_NETWORK}


def refuse_to_go_on(given: Mapping[str, Any]) -> None:
    """Raise InputError where settings that leave a fit to a recipe stand beside the state of one network."""
    if takes_recipe(given):
        raise InputError(
            f"{argument('resume')} was given, and nothing that says how its network was trained",
            parameter="resume",
            needs="a recipe trains several networks, and begins anew",
            advice=f"Give what the state was trained by, as in {argument('defaults', ONE_NETWORK)}.",
        )


def _in_the_way(given: Mapping[str, Any]) -> list[str]:
    """Settings that a recipe settles itself."""
    names = (one.name for one in settings_of(FitSettings))
    return [name for name in names if name not in BESIDE and given.get(name) is not None]
