"""Several trainings from first weights of their own, on threads: the best is kept, or all are averaged."""

from __future__ import annotations

from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from scipy.special import log_expit, logsumexp
from sklearn.base import clone, is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from chainrule.errors import InputError
from chainrule.estimators.options import has_own_steps, rule_of
from chainrule.estimators.rows import without_gaps
from chainrule.estimators.warning import gathered, warn
from chainrule.training import StoppedBy, shared_threads, train_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

__all__ = ["Once", "averaged", "averaged_decision", "restarted", "stepped"]

SEEDS, MOST = 2**31 - 1, 2**32
E = TypeVar("E")
T = TypeVar("T")


class _Fitted(NamedTuple):
    """One of the trainings: the estimator, what it would warn of, and what ended it."""

    estimator: Any
    warnings: Sequence[tuple[str, type[Warning]]]
    stopped_by: StoppedBy


def restarted(estimator: Any, X: Any, y: Any, sample_weight: Any, watched: Any) -> Any:
    """Fit an estimator as many times as it has restarts, and leave it as the best of them.

    Each is what the estimator alone would be with the random state that it has in `restarts_`: the given one,
    and those that follow it. All of them watch the same rows.
    """
    if estimator.warm_start:
        raise InputError(
            "warm_start=True was given with n_restarts",
            parameter="n_restarts",
            given=estimator.n_restarts,
            needs="each restart begins with first weights of its own",
            advice="Leave one of them out.",
        )
    first = estimator.random_state
    if not isinstance(first, (int, np.integer)):
        first = int(check_random_state(first).randint(SEEDS))
    if estimator.callbacks is not None or vars(estimator).get("_skl_callbacks"):
        warn("callbacks hear nothing of restarts", UserWarning)
    if (
        estimator.early_stopping
        and watched is None
        and y is not None
        and not has_own_steps(rule_of(estimator))
    ):
        X, y, sample_weight, watched = _parted(estimator, X, y, sample_weight, int(first))
    n = estimator.n_restarts
    at_once, threads = shared_threads(estimator.threads, n, estimator.engine or "compiled")
    given = {"n_restarts": 1, "callbacks": None, "validation_data": watched, "threads": threads}

    def begun() -> Iterator[Callable[[], _Fitted]]:
        for k in range(n):
            one = clone(estimator).set_params(**given, random_state=(int(first) + k) % MOST)
            vars(one).pop("_skl_callbacks", None)  # of the whole
            yield partial(_fit, one, X, y, sample_weight)

    together = train_together(begun(), at_once)
    done = together.done
    if not done:
        raise KeyboardInterrupt
    best = max(done, key=lambda one: _score(one.estimator))  # the first of equal ones
    names = {*estimator.get_params(), "_given", "_skl_callbacks"}
    vars(estimator).update({name: it for name, it in vars(best.estimator).items() if name not in names})
    estimator.restarts_ = [one.estimator for one in done]
    for text, category in best.warnings:
        warn(text, category)
    if together.was_interrupted:
        warn(f"Training interrupted by user: {len(done)} of {n} restarts are done.", UserWarning)
    return estimator


class Once:
    """What estimators make of the same rows before they train: the first one makes it, and all have it."""

    def __init__(self) -> None:
        self._lock, self._made = Lock(), dict[str, tuple[Any, dict[str, Any]]]()

    def made(self, name: str, estimator: Any, make: Callable[[], T]) -> T:
        """What was made under a name, or is made now; with the attributes that the estimator got by it."""
        with self._lock:
            if name not in self._made:
                before = dict(vars(estimator))
                found = make()
                news = {
                    attribute: it
                    for attribute, it in vars(estimator).items()
                    if attribute not in before or before[attribute] is not it
                }
                self._made[name] = found, news
            found, news = self._made[name]
        vars(estimator).update(news)
        return found


def averaged(estimator: Any, X: Any, y: Any, sample_weight: Any, watched: Any) -> Any:
    """Fit an estimator as many times as its ensemble has networks, and let it answer by their mean.

    Each is what the estimator alone would be with the random state that it has in `estimators_`: the given
    one, and those that follow it.
    """
    if estimator.calibrate and watched is None:
        raise InputError(
            f"calibrate=True was given with ensemble={estimator.ensemble}",
            parameter="calibrate",
            given=True,
            needs="rows that one of the networks watches, others have learnt from",
            advice="Give validation_data, which none learns from.",
        )
    members = _members_of(estimator, goes_on=estimator.warm_start)
    at_once, threads = shared_threads(estimator.threads, len(members), estimator.engine or "compiled")
    for one in members:
        one.threads = threads
    together = train_together((partial(_fit, one, X, y, sample_weight) for one in members), at_once)
    done = together.done
    if not done:
        raise KeyboardInterrupt
    if together.was_interrupted:
        warn(f"Training interrupted by user: {len(done)} of {len(members)} networks are done.", UserWarning)
    for text, category in dict.fromkeys(one for fitted in done for one in fitted.warnings):
        warn(text, category)
    _take(estimator, [one.estimator for one in done])
    if estimator.calibrate:
        estimator._calibrate_mean(watched)
    return estimator


def stepped(estimator: E, X: Any, y: Any, sample_weight: Any, **classes: Any) -> E:
    """Let each estimator of an ensemble go on for one epoch."""
    members = _members_of(estimator, goes_on=True)
    with gathered() as warnings:
        for one in members:
            one.partial_fit(X, y, sample_weight, **classes)
    for text, category in dict.fromkeys(warnings):
        warn(text, category)
    _take(estimator, members)
    return estimator


def averaged_decision(
    values: Sequence[npt.NDArray[Any]],
    are_odds: bool,  # noqa: FBT001 (of two)
    shares: Sequence[float] | None = None,
) -> npt.NDArray[Any]:
    """What decides by the mean: of logarithms of odds those of the mean chances, of outputs their mean.

    All count the same where no shares are given.

    Examples
    --------
    Chances of 0.9 and 0.5 have the mean 0.7.

    >>> odds = averaged_decision([np.log([9.0]), np.log([1.0])], True)
    >>> (1 / (1 + np.exp(-odds))).round(12).tolist()
    [0.7]
    """
    if not are_odds:
        mean: npt.NDArray[Any] = sum(values[1:], values[0]) / len(values)
        return mean if shares is None else np.average(values, axis=0, weights=shares)
    stack = np.stack(values)
    logs = np.zeros(len(stack)) if shares is None else np.log(shares)
    logs = logs.reshape(-1, *[1] * (stack.ndim - 1))
    odds: npt.NDArray[Any] = logsumexp(logs + log_expit(stack), axis=0) - logsumexp(
        logs + log_expit(-stack), axis=0
    )
    return odds.astype(stack.dtype)


def _members_of(estimator: Any, *, goes_on: bool) -> list[Any]:
    """An estimator for each network of an ensemble: new ones, or those that there are and that go on."""
    if estimator.n_restarts > 1:
        raise InputError(
            f"n_restarts={estimator.n_restarts} was given with ensemble={estimator.ensemble}",
            parameter="n_restarts",
            given=estimator.n_restarts,
            needs="each network of an ensemble is one training",
            advice="Leave one of them out.",
        )
    if estimator.callbacks is not None or vars(estimator).get("_skl_callbacks"):
        warn("callbacks hear nothing of the networks of an ensemble", UserWarning)
    before = vars(estimator).get("estimators_", []) if goes_on else []
    if len(before) not in {0, estimator.ensemble}:
        raise InputError(
            f"ensemble is {estimator.ensemble}",
            parameter="ensemble",
            given=estimator.ensemble,
            needs=f"must be {len(before)}, as in the call before, to go on",
            advice="Make a new estimator.",
        )
    first = before[0].random_state if before else estimator.random_state
    if not isinstance(first, (int, np.integer)):
        first = int(check_random_state(first).randint(SEEDS))
    # As a clone has them; but it takes its time.
    given = {**estimator.get_params(deep=False), "ensemble": 1, "callbacks": None, "calibrate": None}
    names, once, members = {*given, "_given", "_skl_callbacks"}, Once(), []
    for k in range(estimator.ensemble):
        one = type(estimator)(**{**given, "random_state": (int(first) + k) % MOST})
        one._given, one._encoded_once = estimator._given, once
        if before:
            vars(one).update({name: it for name, it in vars(before[k]).items() if name not in names})
            one._encoded_once = None
        members.append(one)
    return members


def _take(estimator: Any, members: Sequence[Any]) -> None:
    """Have the attributes of the first of them, and all of them."""
    for one in members:
        one._encoded_once = None
    names = {*estimator.get_params(), "_given", "_skl_callbacks"}
    vars(estimator).update({name: it for name, it in vars(members[0]).items() if name not in names})
    estimator.estimators_ = list(members)


def _fit(estimator: Any, X: Any, y: Any, sample_weight: Any) -> _Fitted:
    with gathered() as warnings:
        estimator.fit(X, y, sample_weight)
    return _Fitted(estimator, warnings, estimator._stopped_by)


def _score(fitted: Any) -> float:
    """What restarts are judged by: the validation score where there is one, or else the loss."""
    watched = [one.validation_loss for one in fitted.history_.epochs if one.validation_loss is not None]
    if watched:
        return -float(min(watched))
    score = fitted.best_validation_score_
    return float(-fitted.loss_ if score is None else score)


def _parted(estimator: Any, X: Any, y: Any, sample_weight: Any, seed: int) -> tuple[Any, ...]:
    """Rows to train on, and those that all restarts watch."""
    rows = without_gaps(X, y, sample_weight)
    X, y, sample_weight = rows.X, rows.y, rows.sample_weight
    if rows.gaps is not None:
        y = np.where(rows.gaps, np.nan, y)
    arrays = [X, y] if sample_weight is None or np.ndim(sample_weight) == 0 else [X, y, sample_weight]
    labels = np.asarray(y)
    is_binary = is_classifier(estimator) and labels.size == len(labels) and len(np.unique(labels)) == 2  # noqa: PLR2004 (two)
    strata = labels.ravel() if is_binary else None
    parts = train_test_split(
        *arrays, test_size=estimator.validation_fraction, random_state=seed, stratify=strata
    )
    rows, held_out = parts[::2], tuple(parts[1::2])
    return (*rows, *([None] * (3 - len(rows))), held_out)
