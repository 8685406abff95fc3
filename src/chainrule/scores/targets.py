"""How good predictions are, in the terms of the target: classes or numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

from chainrule.scores.classes import ClassScore
from chainrule.scores.numbers import NumberScore

__all__ = ["Score", "each_of", "score_to_json"]

Score: TypeAlias = ClassScore | tuple[NumberScore, ...] | tuple[ClassScore, ...]


def each_of(score: Score | None) -> tuple[Any, ...]:
    """The scores of single targets; none where there is no score."""
    return () if score is None else score if isinstance(score, tuple) else (score,)


def score_to_json(score: Score | None, *, intervals: bool = True) -> Any:  # noqa: ANN401 (JSON)
    """Score as plain data: an object for classes, a list with one object for each of several targets."""
    if score is None:
        return None
    data = [one.to_json(intervals=intervals) for one in each_of(score)]
    return data if isinstance(score, tuple) else data[0]
