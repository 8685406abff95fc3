"""How good predictions are, in the terms of the target: classes or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from chainrule.scores.arrays import share_explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["ClassScore", "NumberScore", "Score", "score_classes", "score_numbers", "score_to_json"]


@dataclass(frozen=True)
class ClassScore:
    """How often the class was right.

    Attributes
    ----------
    n_rows : int
    accuracy : float
        Share of rows whose class was predicted.
    recall : dict of str to float or None
        For each class, the share of its rows that were found; None where it has no row.
    majority : str
        Most frequent class of the training rows.
    majority_accuracy : float
        Accuracy of always guessing that class.

    Examples
    --------
    >>> score = score_classes(["a", "b", "b"], ["a", "b", "a"], classes=["a", "b"], majority="b")
    >>> round(score.accuracy, 3), score.recall, round(score.majority_accuracy, 3)
    (0.667, {'a': 1.0, 'b': 0.5}, 0.667)
    """

    n_rows: int
    accuracy: float
    recall: dict[str, float | None]
    majority: str
    majority_accuracy: float

    def to_json(self) -> dict[str, Any]:
        """Every figure under its name."""
        return vars(self).copy()


@dataclass(frozen=True)
class NumberScore:
    """How far the numbers were off, in the target's own unit.

    Attributes
    ----------
    target : str
    n_rows : int
    rmse : float
        Root of the mean squared error.
    r2 : float or None
        Coefficient of determination, 1 - SSE / SST with SST about the mean of these rows; None where they
        do not vary.
    mean_rmse, mean_r2 : float, float or None
        The same for always guessing the mean of the training rows.

    Examples
    --------
    >>> score = score_numbers("price", np.array([1.0, 3.0]), np.array([1.0, 2.0]), training_mean=2.0)
    >>> round(score.rmse, 3), round(score.r2, 3), score.mean_rmse
    (0.707, 0.5, 1.0)
    """

    target: str
    n_rows: int
    rmse: float
    r2: float | None
    mean_rmse: float
    mean_r2: float | None

    def to_json(self) -> dict[str, Any]:
        """Every figure under its name."""
        return vars(self).copy()


Score: TypeAlias = ClassScore | tuple[NumberScore, ...]


def score_to_json(score: Score | None) -> Any:  # noqa: ANN401 (JSON)
    """Score as plain data: an object for classes, a list with one object for each number."""
    if score is None:
        return None
    return [one.to_json() for one in score] if isinstance(score, tuple) else score.to_json()


def score_classes(
    actual: Sequence[str], predicted: Sequence[str], classes: Sequence[str], majority: str
) -> ClassScore:
    """Accuracy and recall of predicted classes."""
    truth, guess = np.asarray(actual, dtype=object), np.asarray(predicted, dtype=object)
    right = truth == guess
    rows_of = {name: truth == name for name in classes}
    return ClassScore(
        n_rows=len(truth),
        accuracy=float(np.mean(right)),
        recall={name: float(np.mean(right[rows])) if rows.any() else None for name, rows in rows_of.items()},
        majority=majority,
        majority_accuracy=float(np.mean(truth == majority)),
    )


def score_numbers(
    target: str, actual: npt.NDArray[Any], predicted: npt.NDArray[Any], training_mean: float
) -> NumberScore:
    """RMSE and R² of predicted numbers."""
    rmse, r2 = _rmse_and_r2(actual, predicted)
    mean_rmse, mean_r2 = _rmse_and_r2(actual, np.full_like(actual, training_mean))
    return NumberScore(target, len(actual), rmse, r2, mean_rmse, mean_r2)


def _rmse_and_r2(actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> tuple[float, float | None]:
    """Root mean squared error, and one minus its share of the variance."""
    varies = bool(np.ptp(actual / np.max(np.abs(actual), initial=1.0)) > 0)
    if not np.isfinite(predicted).all():  # infinitely far off, or nobody can tell
        error = float(np.max(np.abs(predicted)))
        return error, -error if varies else None
    # Divided by their size first, so that squares of large numbers stay finite.
    size = max(float(np.max(np.abs(actual))), float(np.max(np.abs(predicted)))) or 1.0
    with np.errstate(over="ignore"):
        residuals = actual - predicted
    shares = np.where(np.isfinite(residuals), residuals / size, actual / size - predicted / size)
    errors = float(np.mean(shares**2))
    return size * float(np.sqrt(errors)), share_explained(actual / size, predicted / size) if varies else None
