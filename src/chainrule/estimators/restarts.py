"""Several trainings from first weights of their own, on threads, of which the best is kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
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

__all__ = ["restarted"]

SEEDS, MOST = 2**31 - 1, 2**32


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
