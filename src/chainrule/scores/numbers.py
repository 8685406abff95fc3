"""How good predictions of numbers are."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.given import truth
from chainrule.scores.arrays import share_explained
from chainrule.scores.display import score_display
from chainrule.scores.intervals import bootstrap_intervals, intervals_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.scores.intervals import Interval

    FloatArray = npt.NDArray[np.float64]

__all__ = ["NumberRows", "NumberScore", "score_numbers"]

ROUNDING = 1e-12  # of sums of squares


class NumberRows(NamedTuple):
    """What was scored.

    Attributes
    ----------
    actual, predicted : arrays of shape (n_rows,)
        In the target's own unit.
    weights : array of shape (n_rows,), or None
    mean : float, or array of shape (n_rows,)
        What is guessed without inputs.
    is_time : bool
        Whether it is a date or a duration, in seconds.
    has_zero : bool
        Whether 0 is a number like others, of which one can be a share off; not so for dates.
    seed : int
        Of the resamples.
    places : array of int, or None
        Which of all rows these are, where some were left out.
    """

    actual: FloatArray
    predicted: FloatArray
    weights: FloatArray | None = None
    mean: float | FloatArray = 0.0
    is_time: bool = False
    has_zero: bool = True
    seed: int = 0
    places: npt.NDArray[np.intp] | None = None

    @property
    def counting(self) -> FloatArray:
        """What each row counts."""
        return np.ones(len(self.actual)) if self.weights is None else self.weights


@dataclass(frozen=True, kw_only=True)
class NumberScore:
    """How far the numbers were off, in the target's own unit. What is undefined is None.

    Attributes
    ----------
    target : str
    n_rows : int
    rmse : float
        Root of the mean squared error.
    mae : float
        Mean absolute error.
    mape : float or None
        Mean of the absolute error as a share of the actual value; None where one of these is 0, and for
        dates.
    r2 : float or None
        Coefficient of determination, 1 - SSE / SST with SST about the mean of these rows; None where they
        do not vary.
    mean_rmse, mean_mae, mean_mape, mean_r2 : float, or float or None
        The same for always guessing the mean of the training rows.

    Examples
    --------
    >>> score = score_numbers("price", NumberRows(np.array([1.0, 3.0]), np.array([1.0, 2.0]), mean=2.0))
    >>> round(score.rmse, 3), score.mae, round(score.r2, 3), score.mean_rmse
    (0.707, 0.5, 0.5, 1.0)
    """

    target: str
    n_rows: int
    rmse: float
    mae: float
    mape: float | None
    r2: float | None
    mean_rmse: float
    mean_mae: float
    mean_mape: float | None
    mean_r2: float | None
    scored: NumberRows = field(repr=False, compare=False)

    @property
    def is_of_classes(self) -> bool:
        """Whether it is one of classes, and not of numbers."""
        return False

    @property
    def is_weighted(self) -> bool:
        """Whether rows count by weights."""
        return self.scored.weights is not None

    @cached_property
    def intervals(self) -> dict[str, Interval | None]:
        """95 % interval of each figure, computed when it is first asked for; None where there is none."""
        scored, weights = self.scored, self.scored.counting
        if not np.isfinite(scored.predicted).all():
            return dict.fromkeys(["rmse", "mae", "mape", "r2"])
        size, errors = _errors(scored.actual, scored.predicted)
        about = scored.actual / size
        about -= np.average(about, weights=weights)
        shares = np.zeros(len(errors)) if self.mape is None else _shares_off(scored.actual, scored.predicted)
        terms = [weights, weights * errors**2, weights * np.abs(errors), weights * about]
        terms += [weights * about**2, weights * shares]
        figures = {
            "rmse": lambda sums: size * np.sqrt(sums[1] / sums[0]),
            "mae": lambda sums: size * (sums[2] / sums[0]),
            "mape": lambda sums: sums[5] / sums[0],
            "r2": _share_explained_of,
        }
        found = bootstrap_intervals(terms, figures, seed=scored.seed)
        return {name: None if getattr(self, name) is None else one for name, one in found.items()}

    def _repr_html_(self) -> str:
        return score_display(self)

    def to_json(self, *, intervals: bool = True) -> dict[str, Any]:
        """Every figure under its name."""
        data = {one.name: getattr(self, one.name) for one in fields(self) if one.compare}
        data["intervals"] = intervals_to_json(self.intervals) if truth(intervals, "intervals") else None
        return data


def score_numbers(target: str, scored: NumberRows) -> NumberScore:
    """Every figure of predicted numbers, of one row at least."""
    rmse, mae, mape, r2 = _figures(scored)
    always = _figures(scored._replace(predicted=scored.mean + np.zeros_like(scored.actual)))
    mean_rmse, mean_mae, mean_mape, mean_r2 = always
    return NumberScore(
        target=target,
        n_rows=len(scored.actual),
        rmse=rmse,
        mae=mae,
        mape=mape,
        r2=r2,
        mean_rmse=mean_rmse,
        mean_mae=mean_mae,
        mean_mape=mean_mape,
        mean_r2=mean_r2,
        scored=scored,
    )


def _figures(scored: NumberRows) -> tuple[float, float, float | None, float | None]:
    """RMSE, MAE, MAPE and R²."""
    actual, predicted, weights = scored.actual, scored.predicted, scored.counting
    counts = actual[weights > 0]
    varies = bool(np.ptp(counts / np.max(np.abs(counts), initial=1.0)) > 0)
    has_shares = scored.has_zero and bool(np.all(counts != 0))
    if not np.isfinite(predicted).all():  # infinitely far off, or nobody can tell
        error = float(np.max(np.abs(predicted)))
        return error, error, error if has_shares else None, -error if varies else None
    size, errors = _errors(actual, predicted)
    rmse = size * float(np.sqrt(np.average(errors**2, weights=weights)))
    mae = size * float(np.average(np.abs(errors), weights=weights))
    mape = None
    if has_shares:
        with np.errstate(over="ignore"):
            mape = float(np.average(_shares_off(actual, predicted), weights=weights))
    r2 = share_explained(actual / size, predicted / size, weights) if varies else None
    return rmse, mae, mape, r2


def _share_explained_of(sums: Sequence[FloatArray]) -> FloatArray:
    """R² of resamples by their sums; NaN where rows all have one value, of which rounding is left."""
    around = sums[4] - sums[3] ** 2 / sums[0]
    varies = around > ROUNDING * sums[4]
    return np.where(varies, 1 - sums[1] / np.where(varies, around, 1.0), np.nan)


def _errors(actual: FloatArray, predicted: FloatArray) -> tuple[float, FloatArray]:
    """Size of the largest number, and the errors divided by it, so that squares of them stay finite."""
    size = max(float(np.max(np.abs(actual))), float(np.max(np.abs(predicted)))) or 1.0
    with np.errstate(over="ignore"):
        residuals = actual - predicted
    return size, np.where(np.isfinite(residuals), residuals / size, actual / size - predicted / size)


def _shares_off(actual: FloatArray, predicted: FloatArray) -> FloatArray:
    """Absolute errors as shares of the actual values; 0 for a row that has none, and counts for nothing."""
    with np.errstate(all="ignore"):
        residuals = np.abs(actual - predicted)
        shares = np.where(np.isfinite(residuals), residuals / np.abs(actual), np.abs(1 - predicted / actual))
    return np.where(actual == 0, 0.0, shares)
