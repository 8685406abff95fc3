"""Whether probabilities are as large as the shares that they speak of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["BINS", "expected_calibration_error"]

BINS = 15


def expected_calibration_error(
    truth: npt.NDArray[np.intp], chances: FloatArray, weights: FloatArray | None = None, bins: int = BINS
) -> float:
    r"""Mean difference between how sure a network is and how often it is right, in bins of equal width.

    A row's confidence is the largest of its probabilities, and it is right where that is of its class.
    Bin b of B has the rows whose confidence lies in ((b - 1)/B, b/B]:

    .. math:: \sum_b \frac{W_b}{W} \left| \mathrm{acc}_b - \mathrm{conf}_b \right|

    Parameters
    ----------
    truth : array of int, shape (n_rows,)
        Places of the classes.
    chances : array of shape (n_rows, n_classes)
    weights : array of shape (n_rows,), optional
    bins : int

    Returns
    -------
    float
        0 at best. Of few rows it is too large, as chance alone moves a bin of few rows.

    Examples
    --------
    >>> chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    >>> round(expected_calibration_error(np.array([0, 1, 1]), chances), 3)  # (2 |0.5 - 0.9| + |1 - 0.6|) / 3
    0.4
    """
    sure, right = chances.max(axis=1), chances.argmax(axis=1) == truth
    place = np.clip(np.ceil(sure * bins).astype(np.intp) - 1, 0, bins - 1)
    counts = np.ones(len(truth)) if weights is None else weights
    beyond = np.bincount(place, counts * (right - sure), bins)
    return math.fsum(np.abs(beyond).tolist()) / math.fsum(counts.tolist())
