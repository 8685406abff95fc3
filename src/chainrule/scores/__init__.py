"""How good outputs are: of arrays, as training watches them, and in the terms of a table's targets."""

from chainrule.scores.arrays import accuracy, heeds_weights, metric_named, r2
from chainrule.scores.calibration import expected_calibration_error
from chainrule.scores.classes import ClassRows, ClassScore, score_classes
from chainrule.scores.comparison import Gain, gain_of
from chainrule.scores.digits import number_text, share_text, span_text
from chainrule.scores.display import score_parts
from chainrule.scores.numbers import NumberRows, NumberScore, score_numbers
from chainrule.scores.targets import Score, each_of, score_to_json
from chainrule.scores.wording import member_lines, score_lines

__all__ = [
    "ClassRows", "ClassScore", "Gain", "NumberRows", "NumberScore", "Score", "accuracy", "each_of",
    "expected_calibration_error", "gain_of", "heeds_weights", "member_lines", "metric_named", "number_text",
    "r2", "score_classes", "score_lines", "score_numbers", "score_parts", "score_to_json",
    "share_text", "span_text",
]  # fmt: skip
