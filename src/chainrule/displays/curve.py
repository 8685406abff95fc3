"""A small picture of what falls or rises from epoch to epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.displays.html import Html, element
from chainrule.displays.picture import path, picture, pixels, width_of, words_at
from chainrule.displays.style import FIRST, SECOND
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Curve", "curves", "is_logarithmic"]

WIDTH, HEIGHT, TOP, BOTTOM = 420.0, 130.0, 12.0, 20.0
MOST_POINTS = 200  # of a line: no more can be seen
FAR_APART = 20.0  # times the smallest value is the largest, beyond which logarithms alone show both
LOGARITHMIC = "logarithmic scale"


@dataclass(frozen=True)
class Curve:
    """A value for each epoch, from the first.

    Attributes
    ----------
    name : str
    values : sequence of float or None
        None, and what is not finite, leaves a gap.
    """

    name: str
    values: Sequence[float | None]


def is_logarithmic(low: float, high: float) -> bool:
    """Whether values from the lowest to the highest are drawn on a logarithmic scale.

    Examples
    --------
    >>> is_logarithmic(1.0, 20.0), is_logarithmic(1.0, 21.0), is_logarithmic(0.0, 1.0)
    (False, True, False)
    """
    return low > 0 and high > FAR_APART * low


def curves(what: str, lines: Sequence[Curve], *, best: int | None = None) -> Html:
    """Draw lines over epochs, the first whole and the second dashed, and which epoch was the best.

    Parameters
    ----------
    what : str
        What the values are: "Loss".
    lines : sequence of Curve
        One or two.
    best : int, optional
        Number of an epoch, from 1; 0 stands for what was before the first.

    Returns
    -------
    Html
        Nothing where no line has two values.

    Examples
    --------
    >>> "Loss of 3 epochs: training from 2 to 0.5" in curves("Loss", [Curve("training", [2.0, 1.0, 0.5])])
    True
    """
    known = [
        [(e, v) for e, v in enumerate(one.values, 1) if v is not None and math.isfinite(v)] for one in lines
    ]
    n_epochs = max((len(one.values) for one in lines), default=0)
    values = [v for points in known for _, v in points]
    if n_epochs < 2 or max(map(len, known), default=0) < 2:  # noqa: PLR2004 (ends of a line)
        return Html()
    low, high = min(values), max(values)
    is_log = is_logarithmic(low, high)
    ends = [_four(value) for value in (high, low)]
    left = 8 + max(map(width_of, ends))

    def across(epoch: float) -> float:
        return left + (WIDTH - left - 8) * (epoch - 1) / (n_epochs - 1)

    def down(value: float) -> float:
        whole, part = high - low, high - value
        if is_log:  # the quotient of what is far apart may have no room
            whole, part = math.log(high) - math.log(low), math.log(high) - math.log(value)
        elif not math.isfinite(whole):
            whole, part = high / 2 - low / 2, high / 2 - value / 2
        return TOP + (HEIGHT - TOP - BOTTOM) * (part / whole if whole else 0.5)

    bottom = HEIGHT - BOTTOM + 4
    grey = "currentColor"
    parts: list[Html] = [
        element("path", d=f"M{pixels(left)} {pixels(TOP)}V{pixels(bottom)}H{pixels(WIDTH - 8)}", fill="none",
                stroke=grey, opacity="0.5"),
        words_at(left - 4, down(high) + 4, ends[0], anchor="end"),
        *([words_at(left - 4, down(low) + 4, ends[1], anchor="end")] if high > low else []),
        words_at(left, HEIGHT - 2, "epoch 1"),
        words_at(WIDTH - 8, HEIGHT - 2, str(n_epochs), anchor="end"),
        *([words_at((left + WIDTH) / 2, HEIGHT - 2, LOGARITHMIC, anchor="middle")] if is_log else []),
    ]  # fmt: skip
    looks = ((FIRST, None), (SECOND, "5 3"))
    for points, (colour, dash) in zip(known, looks, strict=False):
        if points:
            way = [(across(e), down(v)) for e, v in _fewer(points)]
            parts.append(path(way if len(way) > 1 else way * 2, stroke=colour, dash=dash))
    if best is not None and 1 <= best <= n_epochs:
        x = across(best)
        parts.append(path([(x, TOP), (x, bottom)], stroke=grey, width=1, dash="1 3"))
        anchor = "end" if best > n_epochs / 2 else "start"
        shift = -4 if anchor == "end" else 4
        parts.append(words_at(x + shift, TOP - 2, f"best: epoch {best}", anchor=anchor))
    ways = [
        f"{one.name} from {_four(points[0][1])} to {_four(points[-1][1])}"
        for one, points in zip(lines, known, strict=True)
        if points
    ]
    found = f"; the best epoch is {best}" if best is not None else ""
    scale = f", {LOGARITHMIC}" if is_log else ""
    label = f"{what} of {counted(n_epochs, 'epoch')}{scale}: {'; '.join(ways)}{found}"
    return picture(WIDTH, HEIGHT, label, *parts, shrinks=True)


def _four(value: float) -> str:
    return f"{value:.4g}"


def _fewer(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The lowest and the highest of so many neighbours, and both ends: what a finer picture would show."""
    n_parts = MOST_POINTS // 2
    if len(points) <= MOST_POINTS:
        return list(points)
    kept = {points[0], points[-1]}
    for part in range(n_parts):
        those = points[len(points) * part // n_parts : len(points) * (part + 1) // n_parts]
        kept |= {min(those, key=lambda one: one[1]), max(those, key=lambda one: one[1])}
    return sorted(kept)
