"""How good predictions are, in the terms of the target: classes or numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

from chainrule.scores.classes import ClassScore
from chainrule.scores.numbers import NumberScore

__all__ = ["ClassScore", "NumberScore", "Score", "score_to_json"]

Score: TypeAlias = ClassScore | tuple[NumberScore, ...] | tuple[ClassScore, ...]


def score_to_json(score: Score | None, *, intervals: bool = True) -> Any:  # noqa: ANN401 (JSON)
    """Score as plain data: an object for classes, a list with one object for each of several targets."""
    if score is None:
        return None
    several = isinstance(score, tuple)
    data = [one.to_json(intervals=intervals) for one in (score if isinstance(score, tuple) else (score,))]
    return data if several else data[0]
