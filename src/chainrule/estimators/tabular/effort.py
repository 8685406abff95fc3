"""Fits that are left to the recipe: what may be said beside an effort, and what an estimator then has."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from chainrule.errors import InputError
from chainrule.estimators.warning import ended, warn
from chainrule.models import choice_in_words, cost_in_words
from chainrule.models.ensembles import fit_networks
from chainrule.models.recipe.asking import NEWEST, ONE_NETWORK, asked_recipe
from chainrule.settings.values import EFFORTS
from chainrule.words import series

if TYPE_CHECKING:
    from chainrule.models import Dataset
    from chainrule.settings import FitSettings
    from chainrule.training import Callbacks

__all__ = ["OF_SCIKIT_LEARN", "asked_beside", "check_effort", "effort_of", "fit_mixed", "named_defaults"]

OF_SCIKIT_LEARN = "scikit-learn"  # the defaults that are no defaults of `fit`
AS_IN_FIT = ("effort", "class_weight", "threads", "calibrate")
BESIDE = (*AS_IN_FIT, "random_state", "numbers_as", "callbacks", "verbose")


def effort_of(estimator: Any) -> str | None:
    """How much is tried, where a recipe is asked for: by an effort, or by its own name.

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> effort_of(MLPRegressor(defaults="modern-2")), effort_of(MLPRegressor(defaults="modern"))
    ('normal', None)
    """
    effort: str | None = estimator.effort
    return "normal" if effort is None and estimator.defaults == NEWEST else effort


def check_effort(estimator: Any) -> None:
    """Refuse an effort that there is not, and parameters beside it that the recipe settles itself.

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> check_effort(MLPRegressor(effort="quick", max_iter=10))
    Traceback (most recent call last):
    chainrule.errors.InputError: effort='quick' was given with max_iter but ... that is beside it.
    """
    effort = effort_of(estimator)
    if effort is None:
        return
    if effort not in EFFORTS:
        raise InputError(
            parameter="effort",
            given=effort,
            needs=f"must be one of {', '.join(EFFORTS)}, or None",
            advice="Try effort='normal'.",
        )
    usual = {name: one.default for name, one in signature(type(estimator).__init__).parameters.items()}
    others = {
        name: value
        for name, value in estimator.get_params(deep=False).items()
        if name not in BESIDE and repr(value) != repr(usual[name])
    }
    if asked_recipe(others.get("defaults")) is not None:
        others.pop("defaults", None)
    if others:
        name, advice = "effort", "Leave effort out, or all that is beside it."
        if estimator.effort is None:
            name = "defaults"
            advice = "Give defaults='modern' for one network, or leave out the others."
        raise InputError(
            f"{name}={getattr(estimator, name)!r} was given with {series(list(others))}",
            parameter=name,
            given=getattr(estimator, name),
            needs="the recipe settles the network and its training by the rows themselves",
            advice=advice,
        )


def asked_beside(estimator: Any) -> dict[str, Any]:
    """Settings of `fit` that an estimator asks for beside its recipe."""
    asked = {name: value for name, value in estimator._asked().items() if name in AS_IN_FIT}
    return {**asked, "effort": effort_of(estimator)}


def named_defaults(estimator: Any) -> str:
    """The defaults of `fit` that an estimator trains by: of a recipe only where it has an effort.

    Examples
    --------
    >>> from chainrule import MLPRegressor
    >>> named_defaults(MLPRegressor(defaults="modern")), named_defaults(MLPRegressor(effort="best"))
    ('modern-1', 'modern')
    """
    name = "modern" if estimator.defaults == OF_SCIKIT_LEARN else str(estimator.defaults)
    return name if effort_of(estimator) is not None or asked_recipe(name) is None else ONE_NETWORK


def fit_mixed(estimator: Any, data: Dataset, settings: FitSettings, functions: Callbacks | None) -> None:
    """Train what the recipe says, and answer by what it has mixed."""
    if vars(estimator).get("_skl_callbacks"):
        warn("callbacks of scikit-learn hear nothing of what a recipe trains", UserWarning)
    if estimator.verbose:
        print(cost_in_words(data, settings))  # noqa: T201 (what verbose asks for)
    on_epoch = None if functions is None else functions.on_epoch
    result = fit_networks(data, settings, on_epoch=on_epoch, warn=False)
    model, losses = result.model, [epoch.loss for epoch in result.history.epochs]
    assert model.training is not None  # noqa: S101 (as of every fit)
    if estimator.verbose:
        print(choice_in_words(model.training))  # noqa: T201 (likewise)
    estimator._take_mixed(model.network)
    estimator._encoding, estimator._record, estimator._report = data.encoding, model.training, data.report
    estimator._settle_classes()
    estimator._settings, estimator.history_ = settings, result.history
    estimator._calibrated = None if model.calibration is None else (model.calibration, data.encoding)
    estimator.n_iter_, estimator.loss_curve_ = len(losses), losses
    estimator.loss_ = result.history.loss_after
    estimator.best_loss_ = estimator.loss_
    estimator.t_ = len(losses) * len(data.training_rows)
    ended(estimator, result.training, own_steps=False, is_one=False, is_enough=True)
