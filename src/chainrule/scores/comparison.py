"""Whether a network is better than what is simpler, on rows that neither has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from chainrule.scores.classes import ClassScore
from chainrule.scores.intervals import bootstrap_intervals

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.scores.intervals import Interval
    from chainrule.scores.numbers import NumberScore
    from chainrule.scores.targets import Score

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Gain", "gain_of"]

Verdict: TypeAlias = Literal["better", "no better", "worse"]
Rival: TypeAlias = Literal["linear model", "majority", "mean"]

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
    figure : {"accuracy", "rmse"}
    network, other : float
        The figure of both. The RMSE of several targets is in standard deviations of each.
    difference : float
        For classes, of the accuracies. For numbers, of the mean squared errors, as a share of the larger one.
        Above 0 where the network is better.
    interval : tuple of float, or None
        95 % bootstrap interval of the difference, from the same rows for both.
    n_rows : int

    Examples
    --------
    >>> print(Gain("better", "linear model", "accuracy", 0.9, 0.5, 0.4, (0.3, 0.5), 100))
    On these 100 rows the network is better than a linear model: accuracy 0.900 against 0.500,
    which is 0.400 more (95 % interval: 0.300 to 0.500).
    """

    verdict: Verdict
    than: Rival
    figure: Literal["accuracy", "rmse"]
    network: float
    other: float
    difference: float
    interval: Interval | None
    n_rows: int

    def __str__(self) -> str:
        rows = "On this row" if self.n_rows == 1 else f"On these {self.n_rows} rows"
        begin = f"{rows} the network is {self.verdict} than {SAID[self.than]}: "
        by = abs(self.difference)
        if self.figure == "accuracy":
            end = f"accuracy {self.network:.3f} against {self.other:.3f}"
            more = (
                f"which is {by:.3f} {'less' if self.difference < 0 else 'more'}"
                if by
                else "which is the same"
            )
            between = "" if self.interval is None else " to ".join(f"{one:.3f}" for one in self.interval)
        else:
            end = f"RMSE {self.network:.6g} against {self.other:.6g}"
            worse = f"{100 * by:.0f} % {'more' if self.difference < 0 else 'less'} squared error"
            more = f"which is {worse}"
            between = "" if self.interval is None else _percent_less(*self.interval)
        return f"{begin}{end}, {more}{f' (95 % interval: {between})' if between else ''}."

    def to_json(self) -> dict[str, Any]:
        """Every field, and the sentence."""
        return {**vars(self), "sentence": str(self)}


def _percent_less(low: float, high: float) -> str:
    ends = [f"{abs(100 * one):.0f} % {'more' if one < 0 else 'less'}" for one in (low, high)]
    return " to ".join(ends)


class _Errors(NamedTuple):
    """What each row errs, shape (n_rows,), weights included, and what it counts."""

    network: FloatArray
    linear: FloatArray | None
    always: FloatArray | None
    counts: FloatArray


def gain_of(score: Score, linear: Score | None) -> Gain | None:
    """Compare the score of a network with that of a linear model on the same rows, and the guess in both.

    Returns
    -------
    Gain or None
        None where there is neither a linear model nor a guess to compare with.
    """
    scores: tuple[Any, ...] = score if isinstance(score, tuple) else (score,)
    others: tuple[Any, ...] | None = linear if isinstance(linear, tuple) or linear is None else (linear,)
    if not scores:
        return None
    is_classes = isinstance(scores[0], ClassScore)
    errors = _errors_of_classes(scores, others) if is_classes else _errors_of_numbers(scores, others)
    rivals: list[tuple[Rival, FloatArray]] = []
    if errors.linear is not None and np.isfinite(errors.linear).all():
        rivals.append(("linear model", errors.linear))
    if errors.always is not None:
        rivals.append(("majority" if is_classes else "mean", errors.always))
    if not rivals:
        return None
    than, other = min(rivals, key=lambda rival: float(rival[1].sum()))
    seed = scores[0].scored.seed
    n = int(np.count_nonzero(errors.counts))
    total = float(errors.counts.sum())
    mine, others_sum = float(errors.network.sum()), float(other.sum())
    if is_classes:
        difference = (others_sum - mine) / total
        interval = _interval(errors.network, other, errors.counts, 1.0, seed, is_classes=True)
        figures = (1 - mine / total, 1 - others_sum / total)
        return Gain(_verdict(interval), than, "accuracy", *figures, difference, interval, n)
    units = 1.0 if len(scores) > 1 else _size(scores[0], others[0] if others else None)
    figures = (units * math.sqrt(mine / total), units * math.sqrt(others_sum / total))
    if not math.isfinite(mine):
        return Gain("worse", than, "rmse", *figures, -1.0, None, n)
    difference = (others_sum - mine) / (max(others_sum, mine) or 1.0)
    typical = math.sqrt(float(np.mean((errors.network - other) ** 2)))
    interval = _interval(errors.network, other, errors.counts, typical, seed, is_classes=False)
    return Gain(_verdict(interval), than, "rmse", *figures, difference, interval, n)


def _verdict(interval: Interval | None) -> Verdict:
    low, high = interval or (0.0, 0.0)
    return "better" if low > 0 else "worse" if high < 0 else "no better"


def _interval(
    network: FloatArray, other: FloatArray, counts: FloatArray, typical: float, seed: int, *, is_classes: bool
) -> Interval | None:
    """Interval of the difference, with two rows made up, one for each side: few rows cannot shout."""

    def of_sums(sums: FloatArray) -> FloatArray:
        mine, others, total = sums
        return (others - mine) / (total if is_classes else np.maximum(others, mine))

    weight = float(counts.mean())
    terms = [
        np.append(network, [0.0, typical * (weight if is_classes else 1.0)]),
        np.append(other, [typical * (weight if is_classes else 1.0), 0.0]),
        np.append(counts, [weight, weight]),
    ]
    return bootstrap_intervals(terms, {"difference": of_sums}, seed=seed)["difference"]


def _errors_of_classes(scores: tuple[ClassScore, ...], others: tuple[ClassScore, ...] | None) -> _Errors:
    """How often each row is wrong, over all targets."""
    rows = _Rows(scores)
    known = all(one.majority_accuracy is not None for one in scores)
    for k, score in enumerate(scores):
        truth, weights = score.scored.truth, score.scored.counting
        rows.add(0, score, weights * (score.scored.guess != truth))
        if others is not None:
            rows.add(1, score, weights * (others[k].scored.guess != truth))
        if known:
            rows.add(2, score, weights * (truth != list(score.rows).index(str(score.majority))))
        rows.add(3, score, weights)
    return rows.errors(has_linear=others is not None, has_always=known)


def _errors_of_numbers(scores: tuple[NumberScore, ...], others: tuple[NumberScore, ...] | None) -> _Errors:
    """Squared errors of each row: of one target divided by a size, of several by the variance of each."""
    rows = _Rows(scores)
    for k, score in enumerate(scores):
        scored, weights = score.scored, score.scored.counting
        other = None if others is None else others[k]
        size = _size(score, other)
        actual = scored.actual / size
        spread = 1.0
        if len(scores) > 1:
            spread = float(np.std(actual)) or 1.0
        with np.errstate(invalid="ignore", over="ignore"):
            rows.add(0, score, weights * ((scored.predicted / size - actual) / spread) ** 2)
            if other is not None:
                rows.add(1, score, weights * ((other.scored.predicted / size - actual) / spread) ** 2)
            rows.add(2, score, weights * ((scored.mean / size - actual) / spread) ** 2)
        rows.add(3, score, weights)
    return rows.errors(has_linear=others is not None, has_always=True)


def _size(score: NumberScore, other: NumberScore | None) -> float:
    """Size of the largest finite number, so that squares stay finite."""
    arrays = [score.scored.actual, score.scored.predicted, np.array([score.scored.mean])]
    arrays += [] if other is None else [other.scored.predicted]
    sizes = np.abs(np.concatenate(arrays))
    return float(np.max(sizes[np.isfinite(sizes)], initial=0.0)) or 1.0


class _Rows:
    """Sums over targets for each row, wherever a target is missing."""

    def __init__(self, scores: tuple[Any, ...]) -> None:
        self.places = [
            np.arange(one.n_rows) if one.scored.places is None else one.scored.places for one in scores
        ]
        self.sums = np.zeros((4, max(int(own[-1]) for own in self.places) + 1))
        self.of = {id(one): own for one, own in zip(scores, self.places, strict=True)}

    def add(self, line: int, score: Any, values: FloatArray) -> None:  # noqa: ANN401 (of either kind)
        self.sums[line, self.of[id(score)]] += values

    def errors(self, *, has_linear: bool, has_always: bool) -> _Errors:
        network, linear, always, counts = self.sums[:, self.sums[3] > 0]
        return _Errors(network, linear if has_linear else None, always if has_always else None, counts)
