"""How good outputs are: of arrays, as training watches them, and in the terms of a table's targets."""

from chainrule.scores.arrays import accuracy, heeds_weights, metric_named, r2
from chainrule.scores.targets import (
    ClassScore,
    NumberScore,
    Score,
    score_classes,
    score_numbers,
    score_to_json,
)

__all__ = [
    "ClassScore", "NumberScore", "Score", "accuracy", "heeds_weights", "metric_named", "r2", "score_classes",
    "score_numbers", "score_to_json",
]  # fmt: skip
