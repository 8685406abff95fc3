"""Area under the ROC curve by ranks: how often a row of a class has a larger output than another row."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Area", "area_of_classes", "area_under_roc"]

TWO = 2


class Area(NamedTuple):
    """An area, and what each row pulls it up or down by, shape (n_rows,)."""

    area: float
    pulls: FloatArray

    @property
    def error(self) -> float:
        """Standard error (DeLong, DeLong and Clarke-Pearson, 1988)."""
        n = len(self.pulls)
        return math.sqrt(float(np.sum(self.pulls**2)) * n / (n - 1))  # there are two rows at least


def area_under_roc(
    is_positive: npt.NDArray[np.bool_], outputs: FloatArray, weights: FloatArray
) -> Area | None:
    """Area of one class against the rest, equal outputs by half; None where one of both has no row.

    Examples
    --------
    >>> area_under_roc(np.array([False, True, True]), np.array([0.2, 0.2, 0.9]), np.ones(3)).area
    0.75
    """
    if np.isnan(outputs).any():
        return None
    largest = [float(np.max(weights[side], initial=0.0)) for side in (~is_positive, is_positive)]
    if not all(largest):
        return None
    weights = weights / np.where(is_positive, largest[1], largest[0])  # so that no product of them is 0
    _, place = np.unique(outputs, return_inverse=True)
    positive = np.bincount(place, weights * is_positive)
    negative = np.bincount(place, weights * ~is_positive)
    n_positive, n_negative = float(positive.sum()), float(negative.sum())
    below = np.cumsum(negative) - negative / 2  # of each output, the others that it is above
    above = n_positive - (np.cumsum(positive) - positive / 2)
    area = float(np.sum(positive * below)) / (n_positive * n_negative)
    pulls = np.where(
        is_positive,
        weights / n_positive * (below[place] / n_negative - area),
        weights / n_negative * (above[place] / n_positive - area),
    )
    return Area(area, pulls)


def area_of_classes(
    truth: npt.NDArray[np.intp], outputs: FloatArray, weights: FloatArray, *, sum_to_1: bool
) -> Area | None:
    """Area of two classes; of more, the mean over each against the rest that has rows on both sides.

    Parameters
    ----------
    truth : array of int, shape (n_rows,)
        Place of each row's class.
    outputs : array of shape (n_rows, n_classes)
    weights : array of shape (n_rows,)
    sum_to_1 : bool
        Whether the second of two outputs says all; else it counts by how much it is above the first.

    Examples
    --------
    >>> area_of_classes(np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]]), np.ones(2), sum_to_1=True).area
    1.0
    """
    area, pulls, n = 0.0, np.zeros(len(truth)), 0
    for one in _areas(truth, outputs, weights, sum_to_1=sum_to_1):
        if one is not None:
            area, pulls, n = area + one.area, pulls + one.pulls, n + 1
    return Area(area / n, pulls / n) if n else None


def _areas(
    truth: npt.NDArray[np.intp], outputs: FloatArray, weights: FloatArray, *, sum_to_1: bool
) -> Iterator[Area | None]:
    if outputs.shape[1] == TWO:
        with np.errstate(invalid="ignore", over="ignore"):
            second = outputs[:, 1] if sum_to_1 else outputs[:, 1] - outputs[:, 0]
        yield area_under_roc(truth == 1, second, weights)
        return
    for place, column in enumerate(outputs.T):
        yield area_under_roc(truth == place, column, weights)
