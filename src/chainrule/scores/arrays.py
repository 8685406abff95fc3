"""What can be watched besides the loss: functions of targets and outputs, the larger the better."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.equations import METRICS
from chainrule.errors import InputError, UnknownNameError, argument

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Metric: TypeAlias = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]

__all__ = ["LOSS", "accuracy", "heeds_weights", "metric_named", "r2", "share_explained"]

LOSS = "loss"
HALF = 0.5


def accuracy(
    Y: npt.NDArray[Any], outputs: npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None
) -> float:
    """Share of samples whose largest output is that of their class; with one output, on the right side of ½.

    Where samples have no class or several, each output is one of its own, and the mean over them is given;
    targets that are missing are left out.

    Examples
    --------
    >>> accuracy(np.array([[1, 0], [0, 1]]), np.array([[0.9, 0.2], [0.8, 0.3]]))
    0.5
    >>> accuracy(np.array([[1, 1], [0, 1]]), np.array([[0.9, 0.2], [0.1, 0.7]]))
    0.75
    """
    if Y.shape[1] > 1 and (np.count_nonzero(Y > HALF, axis=1) == 1).all():
        right = outputs.argmax(axis=1) == Y.argmax(axis=1)
        return float(np.average(right, weights=sample_weight))
    weights = np.ones(len(Y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    counts = np.where(np.isnan(Y), 0.0, weights[:, np.newaxis])
    return float(np.average((outputs > HALF) == (Y > HALF), weights=counts))


def r2(
    Y: npt.NDArray[Any], outputs: npt.NDArray[Any], sample_weight: npt.NDArray[Any] | None = None
) -> float:
    """Coefficient of determination, the mean over the outputs; missing targets are left out.

    Examples
    --------
    >>> r2(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]))
    0.5
    """
    weights = np.ones(len(Y)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    shares = []
    for y, a in zip(Y.T.astype(np.float64), outputs.T.astype(np.float64), strict=True):
        here = ~np.isnan(y) & (weights > 0)
        if here.any():
            share = share_explained(y[here], a[here], weights[here])
            shares.append(-np.inf if share is None else share)
    return float(np.mean(shares))


def share_explained(
    y: npt.NDArray[Any], a: npt.NDArray[Any], weights: npt.NDArray[Any] | None = None
) -> float | None:
    """Coefficient of determination of one output, 1 - SSE / SST; 1 where both are 0, None where SST alone is.

    Examples
    --------
    >>> share_explained(np.array([1.0, 3.0]), np.array([1.0, 2.0]))
    0.5
    """
    weights = np.ones(len(y)) if weights is None else weights
    mean = np.average(y, weights=weights)
    variance = float(np.sum(weights * (y - mean) ** 2))
    error = float(np.sum(weights * (y - a) ** 2))
    return 1 - error / variance if variance else None if error else 1.0


def metric_named(metric: str | Metric, parameter: str = "metric") -> Any:  # noqa: ANN401 (a function with or without weights)
    """Function that a metric stands for; None for the loss.

    Raises
    ------
    UnknownNameError
        There is no such metric.
    InputError
        It is neither a name nor a function.

    Examples
    --------
    >>> metric_named("r2")(np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]))
    0.5
    """
    if isinstance(metric, str):
        if metric != LOSS and metric not in METRICS:
            raise UnknownNameError(METRICS.what, metric, (LOSS, *METRICS), parameter, METRICS.also_called())
        return METRICS.get(metric)
    given: object = metric
    if not callable(given):
        raise InputError(
            parameter=parameter,
            given=given,
            needs=f"must be 'loss', {', '.join(map(repr, METRICS))} or a function of targets and outputs, "
            "the larger the better",
            advice=f"Try {argument(parameter, LOSS)}.",
        )
    return metric


def heeds_weights(metric: Metric) -> bool:
    """Whether a metric takes weights of samples: those of this package, and one registered that has them."""
    return METRICS.knows(metric) and "sample_weight" in signature(metric).parameters


accuracy.also_called = ("acc", "hit_rate")  # type: ignore[attr-defined]
r2.also_called = ("r2_score", "r_squared", "coefficient_of_determination")  # type: ignore[attr-defined]
METRICS.register(accuracy)
METRICS.register(r2)
