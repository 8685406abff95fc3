"""Scores for people: lines of aligned text."""

from __future__ import annotations

from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from chainrule.lines import LONGEST_TEXT, NARROW, padded, span, table, wrapped
from chainrule.scores.digits import MANY, number_text, share_text, span_text
from chainrule.words import named, told_apart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chainrule.scores.classes import ClassScore
    from chainrule.scores.comparison import Gain
    from chainrule.scores.targets import Score

__all__ = ["class_rows", "figure_rows", "member_lines", "score_lines", "score_notes"]

WIDTH = 98  # columns; with an indent of two, a line of a hundred
LONGEST_NAME = 32
LONGEST_LABEL, LONGEST_NUMBER = 16, 22  # names of targets, beside those of figures
MOST_LINES = 20  # of classes or targets
WORST = 10  # classes that are shown where there are more
MOST_CONFUSED = 10  # classes of a confusion table that may take several blocks of columns
MOST_BLOCKS = 3
SHORTEST_NAME = 8  # columns of a class, below which a wider table of confusions says nothing
MOST_PAIRS = 10  # of classes that were taken for others, where there is no room for a table
FIGURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
    "calibration_error": "calibration error",
}
NUMBERS = {"rmse": "RMSE", "mae": "MAE", "mape": "MAPE", "r2": "R²"}
OF_SEVERAL = ("accuracy", "balanced_accuracy", "auc", "rmse", "r2")  # figures of each of several targets
# Figures of networks alone.
OF_MEMBERS = {"accuracy": "accuracy", "log_loss": "log loss", "rmse": "RMSE", "r2": "R²"}
Row = tuple[str, ...]


def score_lines(
    score: Score,
    linear: Score | None = None,
    gain: Gain | None = None,
    *,
    intervals: bool = True,
    width: int = WIDTH,
) -> list[str]:
    r"""Lines that fit: each figure and its interval, beside what is simpler; what that says.

    Parameters
    ----------
    score, linear : Score
        Of the network, and of a linear model on the same rows.
    gain : Gain, optional
    intervals : bool
        Whether the rows were new to the network, so that there is something to be unsure of.
    width : int
        Columns of a line; a table that is wider has its last columns below the first.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.scores import NumberRows, score_numbers
    >>> score = score_numbers("price", NumberRows(np.array([1.0, 3, 4]), np.array([1.0, 2, 4]), mean=2.0))
    >>> print("\n".join(score_lines((score,), intervals=False)))
          network  always the mean
    RMSE   0.5774            1.414
    MAE    0.3333            1.333
    MAPE   11.1 %           61.1 %
    R²      0.786           -0.286
    """
    scores = _each(score)
    lines = table(figure_rows(score, linear, intervals=intervals), width)
    if len(scores) == 1 and scores[0].is_of_classes:
        rows, more = class_rows(scores[0])
        lines += ["", *table(rows, width), *(line for one in more for line in wrapped(one, width))]
        lines += _confusion(scores[0], width)
    lines += [line for one in score_notes(score) for line in wrapped(one, width)]
    return [*lines, *([] if gain is None else ["", *wrapped(str(gain), min(width, LONGEST_TEXT))])]


def figure_rows(score: Score, linear: Score | None = None, *, intervals: bool = True) -> list[Row]:
    """Figure, network, interval, linear model, always the same guess; the first row says which is which."""
    scores, others = _each(score), _each(linear)
    of_classes, is_alone = [one for one in scores if one.is_of_classes], len(scores) == 1
    figures, always = (FIGURES, "") if of_classes else (NUMBERS, "always the mean")
    if any(one.majority_accuracy is not None for one in of_classes):
        usual = of_classes[0].majority if is_alone else None
        always = f"always {'the majority' if usual is None else named(usual, LONGEST_NAME)}"
    some = {name: words for name, words in figures.items() if is_alone or name in OF_SEVERAL}
    return _table_of(scores[:MOST_LINES], others[:MOST_LINES], some, always, intervals=intervals)


def score_notes(score: Score) -> list[str]:
    """What is to be known beside the figures."""
    scores = _each(score)
    notes = []
    if any(not one.is_of_classes and one.r2 is None for one in scores):
        notes.append("Where the rows do not vary there is no R².")
    if len(scores) > MOST_LINES:
        notes.append(f"… {len(scores) - MOST_LINES} more targets: see the score as JSON")
    if any(one.is_weighted for one in scores):
        notes.append("Rows count by their weights.")
    return notes


def member_lines(scores: Sequence[Score], width: int = WIDTH) -> list[str]:
    """What the networks of an ensemble score alone, in the mean: a line for each target and figure.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.scores import NumberRows, score_numbers
    >>> rows = [NumberRows(np.array([1.0, 3, 4]), np.array([1.0, 2, k]), mean=2.0) for k in (4.0, 5.0)]
    >>> for line in member_lines([(score_numbers("price", one),) for one in rows]):
    ...     print(line)
    Each of the 2 networks alone, in the mean (from, to):
    RMSE  0.6969  (0.5774, 0.8165)
    R²    0.679  (0.571, 0.786)
    """
    targets = list(zip(*map(_each, scores), strict=True))
    rows: list[tuple[str, list[str]]] = []
    for alike in targets[:MOST_LINES]:
        is_time = not alike[0].is_of_classes and alike[0].scored.is_time
        own = f" of {named(alike[0].target, LONGEST_LABEL)}" if len(targets) > 1 else ""
        for name, words in OF_MEMBERS.items():
            values = [getattr(one, name, None) for one in alike]
            known = [value for value in values if value is not None]
            if len(known) == len(values):
                text = (span_text if is_time else number_text) if name == "rmse" else share_text
                three = map(text, (sum(known) / len(known), min(known), max(known)))
                rows.append((f"{words}{own}", list(three)))
    longest = max((span(words) for words, _ in rows), default=0)
    said = [f"{padded(words, longest)}  {mean}  ({low}, {high})" for words, (mean, low, high) in rows]
    if max(map(span, said), default=0) > width:
        said = [line for words, three in rows for line in (words, f"  {three[0]}  ({three[1]}, {three[2]})")]
    return [*wrapped(f"Each of the {len(scores)} networks alone, in the mean (from, to):", width), *said]


def _each(score: Score | None) -> tuple[Any, ...]:
    """As `each_of`, which knows the classes of scores, and they this."""
    return () if score is None else score if isinstance(score, tuple) else (score,)


def _table_of(
    scores: Sequence[Any], linear: Sequence[Any], figures: dict[str, str], always: str, *, intervals: bool
) -> list[Row]:
    """Figure, network, interval, linear model, always the same guess; without what is not there."""
    rows: list[Row] = [("", "network", "95 % interval", "linear model", always)]
    are_times = [not score.is_of_classes and score.scored.is_time for score in scores]
    is_wide = any(are_times) or any(score.is_of_classes for score in scores)
    longest = LONGEST_LABEL if is_wide else LONGEST_NUMBER
    targets = told_apart([score.target for score in scores], longest)
    for score, other, target, is_time in zip_longest(scores, linear, targets, are_times):
        of = f" of {target}" if len(scores) > 1 else ""
        for name, words in figures.items():
            value, guess = getattr(score, name), _guess(score, name)
            if value is None and name != "r2":
                continue
            interval = score.intervals[name] if intervals else None
            shown = partial(_figure, name, is_time=is_time)
            rows.append(
                (
                    f"{words}{of}",
                    shown(value),
                    "" if interval is None else " to ".join(map(shown, interval)),
                    "" if other is None else shown(getattr(other, name)),
                    "" if guess is None and name != "r2" else shown(guess),
                )
            )
    kept = [k for k in range(len(rows[0])) if k < 2 or any(row[k] for row in rows[1:])]  # noqa: PLR2004 (name, figure)
    return [tuple(row[k] for k in kept) for row in rows]


def _guess(score: Any, name: str) -> float | None:  # noqa: ANN401 (a score of classes or of numbers)
    """Figure of always guessing the same."""
    if not score.is_of_classes:
        value: float | None = getattr(score, f"mean_{name}")
        return value
    if name == "accuracy" or score.majority_accuracy is None:
        return score.majority_accuracy if name == "accuracy" else None
    if score.majority is None:
        return None
    there = [one for one, recall in score.recall.items() if recall is not None]
    return (score.majority in there) / len(there) if name == "balanced_accuracy" else None


def class_rows(score: ClassScore) -> tuple[list[Row], list[str]]:
    """Rows, precision, recall and F1 of each class; of many those of the lowest recall, and words for it."""
    names = list(score.rows)
    written = dict(zip(names, told_apart(names, LONGEST_NAME), strict=True))
    more = []
    if len(names) > MOST_LINES:
        words = f"… the lowest {WORST} recalls of {len(names)} classes; the score as JSON has all"
        more = [words]
        recall = score.recall
        names = sorted(names, key=lambda one: (recall[one] is None, recall[one] or 0.0))[:WORST]
    rows: list[Row] = [("class", "rows", "precision", "recall", "F1")]
    rows += [
        (
            written[name],
            str(score.rows[name]),
            *(_figure("", of[name]) for of in (score.precision, score.recall, score.f1)),
        )
        for name in names
    ]
    return rows, more


def _confusion(score: ClassScore, width: int) -> list[str]:
    """Table of the classes and what they were taken for; where it has no room, the worst pairs of classes."""
    names, title = list(score.rows), [""]
    corner = "class \\ predicted"
    first = len(corner)
    if width < NARROW:
        first = min(max(map(span, names)), width // 3)
        corner, title = "class", ["", *wrapped("Rows of each class, by what was predicted:", width)]
    room = (width - first) // len(names) - 2
    is_wide = len(names) > MOST_CONFUSED
    longest = min(room if room >= SHORTEST_NAME else width // 3, LONGEST_NAME)
    rows: list[Row] = [(corner, *told_apart(names, longest))]
    for name, counts in zip(told_apart(names, first), score.confusion, strict=True):
        rows.append((name, *(_count(one, score) for one in counts)))
    lines = table(rows, width)
    n_blocks = len(lines) // len(rows)  # with a line between them
    if n_blocks > (1 if is_wide else MOST_BLOCKS) or (is_wide and room < SHORTEST_NAME):
        return ["", *_confused_pairs(score, width)]
    return [*title, *lines]


def _confused_pairs(score: ClassScore, width: int) -> list[str]:
    """Which classes were taken for which most often, and how many others were."""
    names = list(score.rows)
    pairs = [
        (count, names[k], names[j])
        for k, counts in enumerate(score.confusion)
        for j, count in enumerate(counts)
        if count and j != k
    ]
    pairs.sort(key=lambda one: -one[0])
    if not pairs:
        return wrapped(f"No class of the {len(names)} was taken for another.", width)
    shown, rest = pairs[:MOST_PAIRS], pairs[MOST_PAIRS:]
    longest = min(LONGEST_NAME, (width - len("  for  12345")) // 2)
    written = dict(zip(names, told_apart(names, longest), strict=True))
    rows: list[Row] = [("class", "taken for", "rows")]
    rows += [(written[one], written[other], _count(count, score)) for count, one, other in shown]
    lines = table(rows, width, left=2)
    if rest:
        times = _count(sum(count for count, _, _ in rest), score)
        more = (
            f"… {len(rest)} more pairs of the {len(names)} classes, {times} rows; the score as JSON has all"
        )
        lines += wrapped(more, width)
    return lines


def _count(count: float, score: ClassScore) -> str:
    return f"{count:.1f}" if score.is_weighted else str(count)


def _figure(name: str, value: float | None, *, is_time: bool = False) -> str:
    """A figure with as many digits as say something."""
    if value is None:
        return "none"
    if name in {"rmse", "mae"}:
        return span_text(value) if is_time else number_text(value)
    return _percent(100 * value) if name == "mape" else share_text(value)


def _percent(value: float) -> str:
    return f"{value:.1f} %" if value < MANY else f"{number_text(value)} %"
