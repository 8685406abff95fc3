"""Temperature scaling: how sure probabilities are is learnt from rows that taught the network nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from chainrule.elementary import exponential, logarithm

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["LEAST", "MOST", "at_temperature", "log_loss", "temperature_of", "unit_at_temperature"]

LEAST, MOST = 1 / 64, 64.0  # temperatures
CLOSE = 2.0**-40  # of a step, beside 1 / T
MOST_STEPS = 100
SMALLEST = float(np.finfo(np.float64).tiny)
HALF = 0.5


def at_temperature(chances: npt.NDArray[np.floating], temperature: float) -> FloatArray:
    r"""Probabilities of another temperature: of softmax(z) those of softmax(z / T).

    .. math:: p'_k = \frac{p_k^{1/T}}{\sum_i p_i^{1/T}}

    They sum to 1 and are in the same order; the largest one stays the largest, to the last bit. They are
    made of the program's own functions and of sums over classes in their order: the same bits everywhere.

    Parameters
    ----------
    chances : array of shape (n_rows, n_classes)
    temperature : float
        Above 1 for less sure ones, below for surer ones.

    Examples
    --------
    >>> at_temperature(np.array([[0.9, 0.1], [0.5, 0.5]]), 2.0)
    array([[0.75, 0.25],
           [0.5 , 0.5 ]])
    """
    found = _scaled(_logarithms(chances), temperature)
    # Rounding may make equals of neighbours; the class that was answered stays.
    rows, first = np.arange(len(found)), chances.argmax(axis=1)
    is_lost = found.argmax(axis=1) != first
    top = np.nextafter(found.max(axis=1), 2.0)
    found[rows[is_lost], first[is_lost]] = top[is_lost]
    return found


def unit_at_temperature(chances: npt.NDArray[np.floating], temperature: float) -> FloatArray:
    """The same of one logistic unit for two classes, shape (n_rows,): of logistic(z) that of logistic(z / T).

    Examples
    --------
    >>> unit_at_temperature(np.array([0.9, 0.5]), 2.0)
    array([0.75, 0.5 ])
    """
    found = _scaled(_logarithms(_of_both(chances)), temperature)[:, 1]
    above = np.nextafter(HALF, 1.0)
    return np.where(chances > HALF, np.maximum(found, above), np.minimum(found, HALF))


def temperature_of(
    truth: npt.NDArray[np.intp], chances: npt.NDArray[np.floating], weights: FloatArray | None = None
) -> float:
    r"""The temperature whose probabilities have the smallest log loss on rows, with one row more made up.

    With :math:`\ell_{nk} = \ln p_{nk}` and :math:`\beta = 1 / T` it minimises

    .. math:: \sum_n w_n \Bigl( \ln \sum_k e^{\beta \ell_{nk}} - \beta \sum_k t_{nk} \ell_{nk} \Bigr)

    which is convex. The target :math:`t_{nk}` is 1 for the row's class and 0 for the others, by N parts of
    N + 1, and 1 / K for each by the last part, as if one row more had any of the K classes: or else a few
    rows that are all predicted rightly would make the network as sure as can be. Newton's steps in beta, kept
    between two ends that close in; each sum over rows is rounded once.

    Parameters
    ----------
    truth : array of int, shape (n_rows,)
        Places of the classes.
    chances : array of shape (n_rows, n_classes), or (n_rows,) of one unit for two classes
    weights : array of shape (n_rows,), optional

    Returns
    -------
    float
        Between 1/64 and 64.

    Examples
    --------
    >>> chances = np.array([[0.9, 0.1]] * 99)
    >>> round(temperature_of(np.array([0] * 74 + [1] * 25), chances), 3)  # 74.5 of 100 as with 0.9^(1/T)
    2.049
    """
    logs = _logarithms(chances if chances.ndim > 1 else _of_both(chances))
    n, k = logs.shape
    counts = np.ones(n) if weights is None else weights / (math.fsum(weights.tolist()) / n)
    own = logs[np.arange(n), truth]
    aimed = (n * own + _sum(logs) / k) / (n + 1)

    def slopes(beta: float) -> tuple[float, float]:
        """First and second derivative."""
        shares = _scaled(logs, 1 / beta)
        mean = _sum(shares * logs)
        spread = _sum(shares * (logs - mean[:, np.newaxis]) ** 2)
        return math.fsum((counts * (mean - aimed)).tolist()), math.fsum((counts * spread).tolist())

    low, high, beta = 1 / MOST, 1 / LEAST, 1.0
    for _ in range(MOST_STEPS):
        slope, curvature = slopes(beta)
        if slope == 0:
            break
        low, high = (beta, high) if slope < 0 else (low, beta)
        step = beta - slope / curvature if curvature > 0 else 0.0
        after = step if low < step < high else math.sqrt(low * high)
        is_there = abs(after - beta) <= CLOSE * beta
        beta = after
        if is_there:
            break
    return min(max(1 / beta, LEAST), MOST)


def log_loss(truth: npt.NDArray[np.intp], chances: FloatArray, weights: FloatArray | None = None) -> float:
    """Mean of minus the logarithm of the probability of each row's class, the same bits everywhere."""
    counts = np.ones(len(truth)) if weights is None else weights
    own = logarithm(np.maximum(chances[np.arange(len(truth)), truth], SMALLEST))
    return -math.fsum((counts * own).tolist()) / math.fsum(counts.tolist())


def _scaled(logs: FloatArray, temperature: float) -> FloatArray:
    """softmax(l / T)."""
    scaled = logs / temperature
    powers = exponential(scaled - scaled.max(axis=1, keepdims=True))
    return powers / _sum(powers)[:, np.newaxis]


def _logarithms(chances: npt.NDArray[np.floating]) -> FloatArray:
    """Those of what was rounded to 0 as of the smallest number that was not."""
    return logarithm(np.maximum(chances, np.finfo(chances.dtype).tiny))


def _of_both(chances: npt.NDArray[np.floating]) -> FloatArray:
    """Probabilities of both classes of a unit: that of the first is lost where the other rounds to 1."""
    least = np.finfo(chances.dtype).epsneg / 2
    return np.column_stack([np.maximum(1 - chances, least), chances])


def _sum(columns: FloatArray) -> FloatArray:
    """Sum over the columns in their order."""
    total = columns[:, 0].copy()
    for column in columns.T[1:]:
        total += column
    return total
