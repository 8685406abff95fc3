"""What stands where in a figure."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import chainrule

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).parents[2] / "examples"
PIXEL = 1.0  # by which letters may touch: where their boxes are rounded


def figure_of(thing: Any, kind: str | None = None, **options: Any) -> Any:
    """The figure that a plot has of its own."""
    return np.ravel(chainrule.plot(thing, kind, **options))[0].figure


def lines_of(ax: Any, label: str) -> list[Any]:
    """Lines that were drawn under a name."""
    return [line for line in ax.get_lines() if line.get_label() == label]


def words_of(figure: Any) -> list[str]:
    """All words that are seen."""
    return [words for words, _ in _seen(figure)]


def checked(figure: Any) -> str:
    """All words of a figure in one line, none of which overlaps another or reaches beyond it."""
    seen = _seen(figure)
    assert faults_among(seen, figure) == []
    return " ".join(" ".join(words for words, _ in seen).split())


def faults_of(figure: Any) -> list[tuple[str, ...]]:
    """Words that overlap others, and words that reach beyond the figure."""
    return faults_among(_seen(figure), figure)


def faults_among(seen: list[tuple[str, Any]], figure: Any) -> list[tuple[str, ...]]:
    """The same of words whose boxes are known."""
    width, height = figure.bbox.width, figure.bbox.height
    faults: list[tuple[str, ...]] = [
        ("outside", words)
        for words, box in seen
        if box.x0 < -PIXEL or box.y0 < -PIXEL or box.x1 > width + PIXEL or box.y1 > height + PIXEL
    ]
    for (words, box), (others, other) in itertools.combinations(seen, 2):
        across = min(box.x1, other.x1) - max(box.x0, other.x0)
        if across > PIXEL and min(box.y1, other.y1) - max(box.y0, other.y0) > PIXEL:
            faults.append(("overlap", words, others))
    return faults


def _seen(figure: Any) -> list[tuple[str, Any]]:
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    renderer = canvas.get_renderer()
    unseen = set()
    for ax in figure.findobj(Axes):
        for axis in (ax.xaxis, ax.yaxis):
            there = {id(tick) for tick in axis._update_ticks()} if ax.axison else set()
            for tick in [*axis.majorTicks, *axis.minorTicks]:
                if id(tick) not in there:
                    unseen |= {id(tick.label1), id(tick.label2)}
            if not ax.axison:
                unseen.add(id(axis.label))
    texts = {id(one): one for one in _visible(figure) if one.get_text().strip() and id(one) not in unseen}
    return [(one.get_text(), one.get_window_extent(renderer)) for one in texts.values()]


def _visible(artist: Any) -> Iterator[Any]:
    for child in artist.get_children():
        if child.get_visible():
            if isinstance(child, Text):
                yield child
            yield from _visible(child)
