"""How good predictions of classes are."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.given import truth
from chainrule.scores.calibration import expected_calibration_error
from chainrule.scores.display import score_display
from chainrule.scores.intervals import (
    bootstrap_intervals,
    intervals_to_json,
    logit_interval,
    mean_of_shares_interval,
    share_interval,
)
from chainrule.scores.ranks import area_of_classes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.scores.intervals import Interval
    from chainrule.scores.ranks import Area

    FloatArray = npt.NDArray[np.float64]
    Places = npt.NDArray[np.intp]

__all__ = ["ClassRows", "ClassScore", "score_classes"]

TWO = 2
LEAST_CHANCE = float(np.finfo(np.float64).eps)  # whose logarithm a chance of 0 counts as
MOST_IN_JSON = 100  # classes of a confusion table


class ClassRows(NamedTuple):
    """What was scored.

    Attributes
    ----------
    truth, guess : arrays of int, shape (n_rows,)
        Places of the classes.
    outputs : array of shape (n_rows, n_classes), or None
    chances : bool
        Whether the outputs are probabilities.
    weights : array of shape (n_rows,), or None
    seed : int
        Of the resamples.
    places : array of int, or None
        Which of all rows these are, where some were left out.
    usual : array of int, shape (n_rows,), or None
        Places of the classes that are guessed without inputs, where they are not one for all rows.
    """

    truth: Places
    guess: Places
    outputs: FloatArray | None = None
    chances: bool = False
    weights: FloatArray | None = None
    seed: int = 0
    places: Places | None = None
    usual: Places | None = None

    @property
    def counting(self) -> FloatArray:
        """What each row counts."""
        return np.ones(len(self.truth)) if self.weights is None else self.weights

    def chance_terms(self) -> tuple[FloatArray, FloatArray] | None:
        """Log loss and Brier score of each row; None where there are no probabilities."""
        if self.outputs is None or not self.chances:
            return None
        rows = np.arange(len(self.truth))
        missed = self.outputs.copy()
        missed[rows, self.truth] -= 1.0
        squares = missed[:, 1] ** 2 if missed.shape[1] == TWO else np.sum(missed**2, axis=1)
        given = np.clip(self.outputs[rows, self.truth], LEAST_CHANCE, 1 - LEAST_CHANCE)
        return -np.log(given), squares


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """How good predictions of classes are. What is undefined is None.

    Attributes
    ----------
    target : str
    n_rows : int
    accuracy : float
        Share of rows whose class was predicted.
    balanced_accuracy : float
        Mean of the recalls of the classes that have rows.
    log_loss : float or None
        Mean of minus the logarithm of the probability that was given to the row's class; None where the
        outputs are no probabilities.
    auc : float or None
        Area under the ROC curve: how often a row of the second class has a larger output for it than one of
        the first. Of more classes, the mean over each against the rest.
    brier : float or None
        Mean squared difference of the probabilities from 1 for the row's class and 0 for the others: of the
        second one of two classes, summed over more of them.
    calibration_error : float or None
        Expected calibration error: how far the largest probability is from how often it is right, in the mean
        over 15 bins of it; None where there are no probabilities.
    majority : str or None
        Most frequent class of the training rows, where it is known.
    majority_accuracy : float or None
        Accuracy of always guessing that class.
    precision, recall, f1 : dict of str to float or None
        For each class: the share of the rows that it was predicted for which are its own; the share of its
        rows that were found; their harmonic mean.
    rows : dict of str to int
        How many rows each class has.

    Examples
    --------
    >>> import chainrule
    >>> score = chainrule.fit("examples/iris.csv", target="species", hidden=64, seed=0).held_out_score
    >>> round(score.accuracy, 3), [round(one, 3) for one in score.intervals["accuracy"]]
    (0.974, [0.865, 0.995])
    >>> score.confusion
    ((13, 0, 0), (0, 12, 1), (0, 0, 12))
    """

    target: str
    n_rows: int
    accuracy: float
    balanced_accuracy: float
    log_loss: float | None
    auc: float | None
    brier: float | None
    calibration_error: float | None
    majority: str | None
    majority_accuracy: float | None
    precision: dict[str, float | None]
    recall: dict[str, float | None]
    f1: dict[str, float | None]
    rows: dict[str, int]
    scored: ClassRows = field(repr=False, compare=False)
    area: Area | None = field(repr=False, compare=False)

    @property
    def is_of_classes(self) -> bool:
        """Whether it is one of classes, and not of numbers."""
        return True

    @property
    def is_weighted(self) -> bool:
        """Whether rows count by weights."""
        return self.scored.weights is not None

    @cached_property
    def confusion(self) -> tuple[tuple[float, ...], ...]:
        """Rows, or their weights, by their class (first) and the class that was predicted (second)."""
        table = _confusion(self.scored, len(self.rows))
        counts = table if self.is_weighted else table.astype(np.int64)
        return tuple(map(tuple, counts.tolist()))

    @cached_property
    def intervals(self) -> dict[str, Interval | None]:
        """95 % interval of each figure, computed when it is first asked for; None where there is none."""
        scored, weights = self.scored, self.scored.counting
        found: dict[str, Interval | None] = {
            "accuracy": share_interval(self.accuracy, weights),
            "balanced_accuracy": self._balanced_interval(),
            "log_loss": None,
            "auc": None,
            "brier": None,
            "calibration_error": None,
        }
        if self.area is not None:
            found["auc"] = logit_interval(self.area.area, self.area.error)
        terms = scored.chance_terms()
        if terms is not None:
            log_loss, brier = terms
            means = {
                "log_loss": lambda sums: sums[1] / sums[0],
                "brier": lambda sums: sums[2] / sums[0],
            }
            found |= bootstrap_intervals(
                [weights, weights * log_loss, weights * brier], means, seed=scored.seed
            )
        return found

    def _balanced_interval(self) -> Interval:
        shares, intervals = [], []
        for place, share in enumerate(self.recall.values()):
            if share is not None:
                own = self.scored.counting[self.scored.truth == place]
                shares.append(share)
                intervals.append(share_interval(share, own))
        return mean_of_shares_interval(shares, intervals)

    def _repr_html_(self) -> str:
        return score_display(self)

    def to_json(self, *, intervals: bool = True) -> dict[str, Any]:
        """Every figure under its name; the confusion table of up to 100 classes."""
        data = {one.name: getattr(self, one.name) for one in fields(self) if one.compare}
        has_table = len(self.rows) <= MOST_IN_JSON
        data["confusion"] = [list(row) for row in self.confusion] if has_table else None
        data["intervals"] = intervals_to_json(self.intervals) if truth(intervals, "intervals") else None
        return data


def score_classes(
    target: str, scored: ClassRows, classes: Sequence[str], majority: str | None = None
) -> ClassScore:
    """Every figure of predicted classes, of one row at least.

    Examples
    --------
    >>> rows = ClassRows(truth=np.array([0, 1, 1]), guess=np.array([0, 1, 0]))
    >>> score = score_classes("kind", rows, ["a", "b"], majority="b")
    >>> round(score.accuracy, 3), score.recall, round(score.majority_accuracy, 3)
    (0.667, {'a': 1.0, 'b': 0.5}, 0.667)
    """
    weights = scored.counting
    table = _confusion(scored, len(classes))
    found, own, guessed = np.diagonal(table), table.sum(axis=1), table.sum(axis=0)
    recall = _shares(found, own)
    has_rows = [one for one in recall if one is not None]
    terms = scored.chance_terms()
    area = None
    if scored.outputs is not None:
        area = area_of_classes(scored.truth, scored.outputs, weights, sum_to_1=scored.chances)
    usual: Places | int | None = scored.usual
    if usual is None and majority is not None and majority in classes:
        usual = list(classes).index(majority)
    always = None if usual is None else np.average(scored.truth == usual, weights=weights)
    return ClassScore(
        target=target,
        n_rows=len(scored.truth),
        accuracy=float(np.average(scored.truth == scored.guess, weights=weights)),
        balanced_accuracy=math.fsum(has_rows) / len(has_rows),
        log_loss=None if terms is None else float(np.average(terms[0], weights=weights)),
        auc=None if area is None else area.area,
        brier=None if terms is None else float(np.average(terms[1], weights=weights)),
        calibration_error=_calibration_error(scored),
        majority=majority,
        majority_accuracy=None if always is None else float(always),
        precision=dict(zip(classes, _shares(found, guessed), strict=True)),
        recall=dict(zip(classes, recall, strict=True)),
        f1=dict(zip(classes, _shares(2 * found, own + guessed), strict=True)),
        rows=dict(zip(classes, np.bincount(scored.truth, minlength=len(classes)).tolist(), strict=True)),
        scored=scored,
        area=area,
    )


def _calibration_error(scored: ClassRows) -> float | None:
    if scored.outputs is None or not scored.chances:
        return None
    return expected_calibration_error(scored.truth, scored.outputs, scored.weights)


def _confusion(scored: ClassRows, n: int) -> FloatArray:
    pairs = np.asarray(np.bincount(scored.truth * n + scored.guess, scored.counting, n * n), np.float64)
    return pairs.reshape(n, n)


def _shares(parts: FloatArray, wholes: FloatArray) -> list[float | None]:
    """One divided by the other; None where there is nothing to divide."""
    return [
        part / whole if whole else None for part, whole in zip(parts.tolist(), wholes.tolist(), strict=True)
    ]
