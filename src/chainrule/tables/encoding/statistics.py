"""Mean and standard deviation that do not depend on the rows' order, and survive the largest numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Spread", "measure", "restore", "standardise"]

SMALLEST_SCALE = float(np.finfo(np.float64).tiny)


class Spread(NamedTuple):
    """Mean, and standard deviation with n in the denominator: exactly 0 where all values are equal."""

    mean: float
    scale: float


def measure(values: npt.NDArray[np.float64]) -> Spread:
    r"""Measure the mean and the standard deviation, with sums that are rounded once.

    .. math:: \bar x = \frac{1}{n} \sum_i x_i, \qquad s = \sqrt{\frac{1}{n} \sum_i (x_i - \bar x)^2}

    Parameters
    ----------
    values : array of shape (n,)
        Finite, n at least 1.

    Returns
    -------
    Spread
        The same for every order of the values.

    Notes
    -----
    The values are divided by a power of two first, so that the squares of the largest floats stay finite.

    Examples
    --------
    >>> measure(np.array([1.0, 2.0, 3.0, 4.0]))
    Spread(mean=2.5, scale=1.118033988749895)
    >>> measure(np.array([1e308, 1e308, -1e308, -1e308]))
    Spread(mean=0.0, scale=1e+308)
    """
    lowest, highest = float(values.min()), float(values.max())
    if lowest == highest:
        return Spread(lowest, 0.0)
    exponent = math.frexp(max(-lowest, highest))[1]
    small = np.ldexp(values, -exponent)
    mean = math.fsum(small) / len(small)
    variance = math.fsum(np.square(small - mean)) / len(small)
    return Spread(math.ldexp(mean, exponent), math.ldexp(math.sqrt(variance), exponent))


def standardise(values: npt.NDArray[np.float64], spread: Spread) -> npt.NDArray[np.float64]:
    """(x - mean) / scale, or 0 for a constant; each value by itself, so that its bits are always the same."""
    if spread.scale == 0:
        return np.zeros(len(values))
    with np.errstate(over="ignore"):
        plain = (values - spread.mean) / spread.scale
        # A difference beyond the largest float is taken between halves; elsewhere it is never used.
        halves = (values / 2 - spread.mean / 2) / spread.scale * 2
        standard: npt.NDArray[np.float64] = np.where(np.isinf(values - spread.mean), halves, plain)
        return standard


def restore(values: npt.NDArray[np.float64], spread: Spread) -> npt.NDArray[np.float64]:
    """Undo `standardise`: value * scale + mean."""
    with np.errstate(over="ignore", invalid="ignore"):
        return values * spread.scale + spread.mean
