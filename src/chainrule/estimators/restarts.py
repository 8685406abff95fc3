"""Several trainings from first weights of their own, of which the best is kept."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from chainrule.errors import InputError

__all__ = ["restarted"]

SEEDS = 2**31 - 1


def restarted(estimator: Any, X: Any, y: Any, sample_weight: Any, watched: Any) -> Any:
    """Fit an estimator as many times as it has restarts, and leave it as the best of them."""
    est = estimator
    if est.warm_start:
        raise InputError(
            "warm_start=True was given with n_restarts",
            parameter="n_restarts",
            given=est.n_restarts,
            needs="each restart begins with first weights of its own",
            advice="Leave one of them out.",
        )
    first = est.random_state
    if not isinstance(first, (int, np.integer)):
        first = int(check_random_state(first).randint(SEEDS))
    own = [
        clone(est).set_params(n_restarts=1, random_state=int(first) + k, callbacks=None, threads=1)
        for k in range(est.n_restarts)
    ]
    threads = est.threads or os.cpu_count() or 1
    with ThreadPoolExecutor(min(threads, len(own))) as pool:
        fits = [pool.submit(one.fit, X, y, sample_weight, validation_data=watched) for one in own]
        est.restarts_ = [fit.result() for fit in fits]
    scores = [_score(one) for one in est.restarts_]
    best = est.restarts_[int(np.argmax(scores))]
    vars(est).update({name: value for name, value in vars(best).items() if name not in est.get_params()})
    return est


def _score(fitted: Any) -> float:
    """What restarts are judged by: the validation score where there is one, or else the loss."""
    score = fitted.best_validation_score_
    return float(-fitted.loss_ if score is None else score)
