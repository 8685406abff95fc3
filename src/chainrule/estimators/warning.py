"""Warnings of the line that called an estimator, and what is said of how a training ended."""

from __future__ import annotations

import inspect
import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from sklearn.exceptions import ConvergenceWarning

from chainrule.errors import TrainingWarning
from chainrule.training import StoppedBy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainrule.training import TrainingResult

__all__ = ["ended", "gathered", "warn"]

INNER = ("chainrule.", "sklearn.callback", "contextlib")  # modules that a call goes through


_gathered: ContextVar[list[tuple[str, type[Warning]]] | None] = ContextVar("_gathered", default=None)


@contextmanager
def gathered() -> Iterator[list[tuple[str, type[Warning]]]]:
    """Gather warnings instead of giving them: those of a thread belong to all threads."""
    kept: list[tuple[str, type[Warning]]] = []
    token = _gathered.set(kept)
    try:
        yield kept
    finally:
        _gathered.reset(token)


def warn(text: str, category: type[Warning] = ConvergenceWarning) -> None:
    """Warn of the line that called an estimator, from however deep within."""
    kept = _gathered.get()
    if kept is not None:
        kept.append((text, category))
        return
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").startswith(INNER):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, stacklevel=level)


def ended(
    estimator: Any,
    result: TrainingResult,
    *,
    own_steps: bool,
    is_one: bool,
    ran_out: bool = False,
    is_enough: bool = False,
) -> None:
    """Say what went badly in a training, and where it has not converged, unless all epochs are enough."""
    estimator._stopped_by = result.stopped_by
    for one in result.diagnosis:
        if one.is_warning and not is_one:  # one epoch is no training to judge
            warn(one.message, TrainingWarning)
    if result.stopped_by is StoppedBy.INTERRUPT:
        warn("Training interrupted by user.", UserWarning)
    elif ran_out or (result.stopped_by is StoppedBy.EPOCHS and not is_one and not is_enough):
        n = estimator.n_iter_
        warn(
            f"{estimator.solver} failed to converge after {n} iteration(s). Increase max_iter or max_fun, or "
            "scale the data."
            if own_steps
            else f"Stochastic Optimizer: Maximum iterations ({n}) reached and the optimization hasn't "
            "converged yet."
        )
