"""95 % intervals of figures: by resampling rows, or by a formula where that is better."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.random_streams import Purpose, permutation, raw_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    FloatArray: TypeAlias = npt.NDArray[np.float64]
    Figure: TypeAlias = Callable[[FloatArray], FloatArray]
    Interval: TypeAlias = tuple[float, float]

__all__ = [
    "bootstrap_intervals", "intervals_to_json", "logit_interval", "mean_of_shares_interval", "share_interval",
]  # fmt: skip

LOW, HIGH = 0.025, 0.975
NORMAL = NormalDist()
Z = NORMAL.inv_cdf(HIGH)
RESAMPLES = 2000
MOST_UNITS = 2000  # more rows are put together at random, so that time does not grow with them
AT_ONCE = 2**20  # numbers of a chunk
FEWEST_DEFINED = 0.5  # share of the resamples that must have the figure


def bootstrap_intervals(
    terms: FloatArray | Sequence[FloatArray], figures: Mapping[str, Figure], *, seed: int
) -> dict[str, Interval | None]:
    """BCa bootstrap intervals (Efron, 1987) of figures that are functions of sums over rows.

    Parameters
    ----------
    terms : array, or sequence of arrays, of shape (n_terms, n_rows)
        What each row adds to each sum.
    figures : dict of functions
        Each takes sums, shape (n_terms, ...), and gives the figure, shape (...).
    seed : int

    Returns
    -------
    dict of two floats, or None
        None where no resample differs from another, or too few have the figure.

    Examples
    --------
    >>> terms = [np.ones(50), np.arange(50) / 49]
    >>> low, high = bootstrap_intervals(terms, {"mae": lambda sums: sums[1] / sums[0]}, seed=0)["mae"]
    >>> bool(0.35 < low < 0.45 < 0.55 < high < 0.65)
    True
    """
    units = _put_together(np.asarray(terms), seed)
    total = units.sum(axis=1)
    drawn = _resampled(units, seed)
    with np.errstate(all="ignore"):
        return {
            name: _bca(figure(total), figure(drawn), figure(total[:, np.newaxis] - units))
            for name, figure in figures.items()
        }


def intervals_to_json(intervals: Mapping[str, Interval | None]) -> dict[str, list[float] | None]:
    """Intervals as plain data."""
    return {name: None if one is None else list(one) for name, one in intervals.items()}


def _put_together(terms: FloatArray, seed: int) -> FloatArray:
    """Terms of single rows; where they are many, of groups of them, drawn at random."""
    n = terms.shape[1]
    if n <= MOST_UNITS:
        return terms
    filled = np.zeros((len(terms), -(-n // MOST_UNITS) * MOST_UNITS))
    filled[:, :n] = terms[:, permutation(n, seed=seed, purpose=Purpose.BOOTSTRAP, counter=1)]
    grouped: FloatArray = filled.reshape(len(terms), -1, MOST_UNITS).sum(axis=1)
    return grouped


def _resampled(units: FloatArray, seed: int) -> FloatArray:
    """Sums of as many units, drawn again and again with replacement, shape (n_terms, RESAMPLES)."""
    n = units.shape[1]
    sums = np.empty((len(units), RESAMPLES))
    chunk = max(1, AT_ONCE // n)
    for begin in range(0, RESAMPLES, chunk):
        end = min(begin + chunk, RESAMPLES)
        raw = raw_numbers((end - begin) * n, seed=seed, purpose=Purpose.BOOTSTRAP, first=begin * n)
        places = ((raw >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.intp)
        for sums_of_one, unit in zip(sums, units, strict=True):
            sums_of_one[begin:end] = unit[places].reshape(end - begin, n).sum(axis=1)
    return sums


def _bca(estimate: Any, drawn: FloatArray, left_out: FloatArray) -> Interval | None:  # noqa: ANN401 (a number of NumPy's)
    """Quantiles of the resamples, corrected for bias and for an error that depends on the value."""
    drawn, left_out = drawn[np.isfinite(drawn)], left_out[np.isfinite(left_out)]
    if not np.isfinite(estimate) or len(drawn) < FEWEST_DEFINED * RESAMPLES or np.ptp(drawn) == 0:
        return None
    below = float(np.mean(drawn < estimate) + np.mean(drawn == estimate) / 2)
    bias = NORMAL.inv_cdf(min(max(below, 1 / RESAMPLES), 1 - 1 / RESAMPLES))
    # Divided by the largest, because sums of large numbers would overflow, and cubes of them.
    scaled = left_out / (np.max(np.abs(left_out), initial=0.0) or 1.0)
    pull = scaled.mean() - scaled if len(scaled) else np.zeros(1)
    pull /= np.max(np.abs(pull)) or 1.0
    spread = float(np.sum(pull**2))
    skew = float(np.sum(pull**3)) / (6 * spread**1.5) if spread else 0.0

    def corrected(share: float) -> float:
        z = bias + NORMAL.inv_cdf(share)
        return NORMAL.cdf(bias + z / (1 - skew * z))

    low, high = np.quantile(drawn, [corrected(LOW), corrected(HIGH)])
    return float(low), float(high)


def share_interval(share: float, weights: FloatArray) -> Interval:
    """Interval of a share of rows (Wilson, 1927); their number is Kish's where they have weights.

    Unlike the bootstrap's it has a width where all rows are right.

    Examples
    --------
    >>> [round(one, 3) for one in share_interval(1.0, np.ones(38))]
    [0.908, 1.0]
    """
    weights = weights / weights.max()  # of the smallest ones the square is 0
    n = float(weights.sum()) ** 2 / float(np.sum(weights**2))
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def mean_of_shares_interval(shares: Sequence[float], intervals: Sequence[Interval]) -> Interval:
    """Interval of the mean of independent shares, by those of each (Zou and Donner, 2008).

    Examples
    --------
    >>> mean_of_shares_interval([0.5, 1.0], [(0.4, 0.6), (0.9, 1.0)])
    (0.6792893218813453, 0.8)
    """
    mean, n = math.fsum(shares) / len(shares), len(shares)
    pairs = list(zip(shares, intervals, strict=True))
    below = math.sqrt(math.fsum((one - low) ** 2 for one, (low, _) in pairs)) / n
    above = math.sqrt(math.fsum((high - one) ** 2 for one, (_, high) in pairs)) / n
    return max(mean - below, 0.0), min(mean + above, 1.0)


def logit_interval(share: float, error: float) -> Interval | None:
    """Interval of a share with a standard error, symmetric for its log odds; None where it has none.

    Examples
    --------
    >>> [round(one, 3) for one in logit_interval(0.9, 0.03)]
    [0.824, 0.945]
    """
    if not 0 < share < 1 or not error:
        return None
    odds, half = math.log(share / (1 - share)), Z * error / (share * (1 - share))
    return tuple(0.5 * (1 + math.tanh(one / 2)) for one in (odds - half, odds + half))  # type: ignore[return-value]
