"""Whether a network is better than what is simpler, on rows that neither has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from chainrule.scores.classes import ClassScore
from chainrule.scores.digits import number_text, share_text, span_text
from chainrule.scores.display import gain_display
from chainrule.scores.intervals import bootstrap_intervals
from chainrule.scores.targets import each_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from chainrule.scores.intervals import Interval
    from chainrule.scores.numbers import NumberScore
    from chainrule.scores.targets import Score

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Gain", "gain_of"]

Verdict: TypeAlias = Literal["better", "no better", "worse"]
Rival: TypeAlias = Literal["linear model", "majority", "mean"]

NAMES = {"accuracy": "accuracy", "rmse": "RMSE", "standardised rmse": "RMSE in standard deviations"}
LEAST_SHARE = -0.9999  # of which the other side is ten thousand times as good
SAID = {"linear model": "a linear model", "majority": "always the majority", "mean": "always the mean"}


@dataclass(frozen=True)
class Gain:
    """Whether the network is better than the better one of a linear model and always the same guess.

    Attributes
    ----------
    verdict : {"better", "no better", "worse"}
        "no better" where the interval of the difference holds 0.
    than : {"linear model", "majority", "mean"}
        What it is compared with: that which errs less on these rows.
    figure : {"accuracy", "rmse", "standardised rmse"}
        The last one is of several targets, in standard deviations of each.
    network, other : float
        The figure of both.
    difference : float
        For classes, of the accuracies. For numbers, of the mean squared errors, as a share of the larger one.
        Above 0 where the network is better.
    interval : tuple of float, or None
        95 % bootstrap interval of the difference, from the same rows for both.
    n_rows : int
    is_time : bool
        Whether the RMSE is in seconds.
    is_linear : bool
        Whether the network is a linear model itself.

    Examples
    --------
    >>> print(Gain("better", "linear model", "accuracy", 0.9, 0.5, 0.4, (0.3, 0.5), 100))
    On these 100 rows the network is better than a linear model: accuracy 0.900 against 0.500, 0.400 more
    (95 % interval: 0.300 more to 0.500 more).
    """

    verdict: Verdict
    than: Rival
    figure: Literal["accuracy", "rmse", "standardised rmse"]
    network: float
    other: float
    difference: float
    interval: Interval | None
    n_rows: int
    is_time: bool = False
    is_linear: bool = False

    def __str__(self) -> str:
        rows = "On this row" if self.n_rows == 1 else f"On these {self.n_rows} rows"
        is_accuracy = self.figure == "accuracy"
        shown = share_text if is_accuracy else span_text if self.is_time else number_text
        network, other = "the network", SAID[self.than]
        if self.is_linear:
            network = "the network, which is a linear model itself,"
            other = "one with the usual penalty" if self.than == "linear model" else other
        text = f"{rows} {network} is {self.verdict} than {other}: {NAMES[self.figure]} "
        text += f"{shown(self.network)} against {shown(self.other)}, "
        text += self._by(self.difference) if self.difference else "no difference"
        if self.difference:
            text += "" if is_accuracy else " squared error"
            text += ", which may be chance" if self.verdict == "no better" else ""
        if self.interval is not None and self._is_open:
            text += " (the rows are too few for an interval)"
        elif self.interval is not None:
            text += f" (95 % interval: {' to '.join(map(self._by, self.interval))})"
        return f"{text}."

    @property
    def _is_open(self) -> bool:
        """Whether the interval has no end that a number could say: of a row or two it holds almost all."""
        is_of_errors = self.figure != "accuracy" and self.verdict == "no better"
        return is_of_errors and self.interval is not None and self.interval[0] <= LEAST_SHARE

    def _by(self, difference: float) -> str:
        """A difference in words."""
        if self.figure == "accuracy":
            return f"{share_text(abs(difference))} {'less' if difference < 0 else 'more'}"
        if difference >= 0:
            return f"{100 * difference:.0f} % less"
        more = -difference / (1 + difference) if difference > -1 else math.inf  # of what the other one errs
        return "infinitely more" if math.isinf(more) else f"{100 * more:.0f} % more"

    def _repr_html_(self) -> str:
        return gain_display(self)

    def to_json(self) -> dict[str, Any]:
        """Every field, and the sentence."""
        interval = None if self.interval is None else list(self.interval)
        return {**vars(self), "interval": interval, "sentence": str(self)}


def gain_of(score: Score, linear: Score | None, *, is_linear: bool = False) -> Gain | None:
    """Compare a network with a linear model, scored on the same rows, and with always the same guess.

    Parameters
    ----------
    score, linear : Score
    is_linear : bool
        Whether the network is a linear model itself.

    Returns
    -------
    Gain or None
        None where there is nothing to compare with.

    Examples
    --------
    >>> from chainrule.scores import NumberRows, score_numbers
    >>> actual = np.arange(20.0)
    >>> score = score_numbers("y", NumberRows(actual, actual + 0.1, mean=9.5))
    >>> gain = gain_of((score,), None)
    >>> gain.verdict, gain.than, round(gain.network, 3), round(gain.other, 3)
    ('better', 'mean', 0.1, 5.766)
    """
    scores = each_of(score)
    others = each_of(linear) or (None,) * len(scores)
    if not scores:
        return None
    is_classes = isinstance(scores[0], ClassScore)
    unit = 1.0 if is_classes or len(scores) > 1 else _size(scores[0], others[0])
    errors_of = _wrong if is_classes else _squared if len(scores) == 1 else _standardised
    errors, counts = _summed(scores, others, errors_of)
    network, total = errors[0], float(counts.sum())
    names: tuple[Rival, Rival] = ("linear model", "majority" if is_classes else "mean")
    there = {name: one for name, one in zip(names, errors[1:], strict=True) if np.isfinite(one).all()}
    if not there:
        return None
    than = min(there, key=lambda name: float(there[name].sum()))
    mine, its = (float(one.sum()) / total for one in (network, there[than]))

    def difference(sums: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore"):  # 0 / 0
            by: FloatArray = (sums[1] - sums[0]) / (sums[2] if is_classes else np.maximum(sums[0], sums[1]))
            return by

    interval, by, (low, high) = None, -1.0, (-1.0, -1.0)  # of a network that left the finite numbers
    if math.isfinite(mine):
        terms = np.stack([network, there[than], counts])
        interval = bootstrap_intervals(_with_made_up(terms), {"": difference}, seed=scores[0].scored.seed)[""]
        by = float(np.nan_to_num(difference(terms.sum(axis=1))))
        low, high = interval or (0.0, 0.0)
    return Gain(
        verdict="better" if low > 0 else "worse" if high < 0 else "no better",
        than=than,
        figure="accuracy" if is_classes else "rmse" if len(scores) == 1 else "standardised rmse",
        network=1 - mine if is_classes else unit * math.sqrt(mine),
        other=1 - its if is_classes else unit * math.sqrt(its),
        difference=by,
        interval=interval,
        n_rows=len(counts),
        is_time=not is_classes and len(scores) == 1 and scores[0].scored.is_time,
        is_linear=is_linear,
    )


def _summed(
    scores: tuple[Any, ...], others: tuple[Any, ...], errors_of: Callable[[Any, Any], list[Any]]
) -> tuple[FloatArray, FloatArray]:
    """What each row errs over all its targets, shape (3, n_rows), and counts; weights included."""
    places = [np.arange(one.n_rows) if one.scored.places is None else one.scored.places for one in scores]
    errors = np.zeros((3, 1 + max(int(own[-1]) for own in places)))
    counts = np.zeros(errors.shape[1])
    for one, other, own in zip(scores, others, places, strict=True):
        counts[own] += one.scored.counting
        for line, error in enumerate(errors_of(one, other)):
            with np.errstate(invalid="ignore", over="ignore"):
                errors[line, own] += one.scored.counting * (np.nan if error is None else error)
    return errors[:, counts > 0], counts[counts > 0]


def _wrong(score: ClassScore, linear: ClassScore | None) -> list[Any]:
    """Whether the network, the linear model and the majority are wrong; None where there is none."""
    usual: Any = score.scored.usual
    if usual is None and score.majority_accuracy is not None:
        usual = list(score.rows).index(str(score.majority))
    guesses = [score.scored.guess, None if linear is None else linear.scored.guess, usual]
    return [None if guess is None else score.scored.truth != guess for guess in guesses]


def _standardised(score: NumberScore, linear: NumberScore | None) -> list[Any]:
    """The same in units of the standard deviation of the target, so that several can be added."""
    variance = float(np.var(score.scored.actual / _size(score, linear))) or 1.0
    return [None if error is None else error / variance for error in _squared(score, linear)]


def _squared(score: NumberScore, linear: NumberScore | None) -> list[Any]:
    """Squared errors of the network, the linear model and the mean, in units of `_size`."""
    size = _size(score, linear)
    actual = score.scored.actual / size
    guesses = [score.scored.predicted, None if linear is None else linear.scored.predicted, score.scored.mean]
    with np.errstate(invalid="ignore", over="ignore"):
        return [None if guess is None else (guess / size - actual) ** 2 for guess in guesses]


def _size(score: NumberScore, linear: NumberScore | None) -> float:
    """Size of the largest finite number, divided by which all squares stay finite."""
    arrays = [score.scored.actual, score.scored.predicted, np.atleast_1d(score.scored.mean)]
    sizes = np.abs(np.concatenate(arrays if linear is None else [*arrays, linear.scored.predicted]))
    return float(np.max(sizes[np.isfinite(sizes)], initial=0.0)) or 1.0


def _with_made_up(terms: FloatArray) -> FloatArray:
    """Terms of the rows and of two made-up ones, each for one side, so that a few rows are no proof.

    They differ as much as a row of those that differ does, in the root of the mean square.
    """
    network, other, counts = terms
    apart = (network - other)[network != other]
    by = float(np.sqrt(np.mean(apart**2))) if len(apart) else float(counts.mean())
    made_up = np.array([[by, 0.0], [0.0, by], [float(counts.mean())] * 2])
    return np.concatenate([terms, made_up], axis=1)
