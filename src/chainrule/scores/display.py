"""How notebooks show scores: figures beside what is simpler, classes, and which was taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.displays import Html, display, folded, joined_html, paragraph, remark, table
from chainrule.scores.wording import class_rows, figure_rows, score_notes
from chainrule.words import counted, named, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chainrule.scores.classes import ClassScore
    from chainrule.scores.comparison import Gain
    from chainrule.scores.numbers import NumberScore
    from chainrule.scores.targets import Score

__all__ = ["gain_display", "score_display", "score_parts"]

MOST_CONFUSED, LONGEST_HEAD = 15, 16
CORNER, CAPTION = "class \\ predicted", "Rows by their class, and the class that was predicted"


def score_display(score: ClassScore | NumberScore) -> str:
    """The score of one target."""
    whole: Any = score if score.is_of_classes else (score,)
    title = f"Score of {counted(score.n_rows, 'row')}"
    return display(title, *score_parts(whole), more=named(score.target))


def score_parts(
    score: Score, linear: Score | None = None, gain: Gain | None = None, *, intervals: bool = True
) -> Iterator[Html]:
    """Figures, and of one target of classes what became of each, as `score_lines` has them."""
    heads, *rows = figure_rows(score, linear, intervals=intervals)
    yield table(["figure", *heads[1:]], rows, caption="Figures")
    if not isinstance(score, tuple):
        (heads, *rows), more = class_rows(score)
        yield folded("Classes", table(heads, rows, caption="Classes"), *map(paragraph, more))
        yield folded("Confusion", _confusion(score), is_open=True)
    yield from map(remark, score_notes(score))
    if gain is not None:
        yield remark(str(gain))


def _confusion(score: ClassScore) -> Html:
    """Rows by their class and the class that was predicted; of many the pairs that go wrong most."""
    names, counts = list(score.rows), score.confusion
    written: Callable[[float], str] = "{:.1f}".format if score.is_weighted else str
    if len(names) > MOST_CONFUSED:
        return _most_confused(names, counts, written)
    short = told_apart(names, LONGEST_HEAD)
    rows = [[name, *map(written, line)] for name, line in zip(short, counts, strict=True)]
    right = [(k, k + 1) for k in range(len(names))]
    return table([CORNER, *short], rows, caption=CAPTION, marked=right)


def _most_confused(
    names: Sequence[str], counts: Sequence[Sequence[float]], written: Callable[[float], str]
) -> Html:
    n = len(names)
    pairs = [(counts[i][k], i, k) for i in range(n) for k in range(n) if i != k and counts[i][k]]
    worst = sorted(pairs, key=lambda one: (-one[0], one[1:]))[:MOST_CONFUSED]
    rows = [[named(names[i]), named(names[k]), written(count)] for count, i, k in worst]
    left_out = len(pairs) - len(worst)
    more = f"… {counted(left_out, 'more pair')} of {n} classes: score.confusion has all" if left_out else ""
    of_all = table(["class", "predicted", "rows"], rows, caption=CAPTION, words=[1])
    return joined_html([of_all, paragraph(more, small=True) if more else ""])


def gain_display(gain: Gain) -> str:
    """Whether the network is better than what is simpler."""
    return display("Gain", paragraph(str(gain)), more=gain.verdict)
