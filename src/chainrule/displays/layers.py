"""A picture of layers: their units, of many the first and the last, and the weights between those drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.displays.blocks import some_of
from chainrule.displays.html import Html, element
from chainrule.displays.picture import picture, pixels, width_of, words_at
from chainrule.displays.style import FIRST, SECOND
from chainrule.words import joined, named, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

__all__ = ["Between", "Layer", "layers_picture"]

MOST_UNITS, MOST_LAYERS, MOST_IN_WORDS = 8, 12, 30
LONGEST_NAME, LONGEST_CAPTION = 24, 22
STEP_X, STEP_Y, RADIUS, MARGIN = 130.0, 24.0, 8.0, 12.0
# Thickness of a line for the size of its weight beside the largest of its matrix.
THICKNESS = ((0.05, 0.4), (0.3, 0.8), (0.6, 1.6), (1.0, 2.8))


@dataclass(frozen=True)
class Layer:
    """Units side by side.

    Attributes
    ----------
    n_units : int
    caption : tuple of str
        Lines below them.
    names : sequence of str
        Of the units, if they have any.
    """

    n_units: int
    caption: tuple[str, ...]
    names: Sequence[str] = ()


@dataclass(frozen=True)
class Between:
    """What leads from one layer to the next.

    Attributes
    ----------
    weights : array of shape (n_out, n_in), or None
        None where it is no matrix of one weight for each pair of units.
    """

    weights: npt.NDArray[Any] | None = None


def layers_picture(layers: Sequence[Layer], between: Sequence[Between]) -> Html:
    """Draw layers from the left to the right.

    Parameters
    ----------
    layers : sequence of Layer
        Two or more.
    between : sequence of Between
        One fewer.

    Examples
    --------
    >>> drawn = layers_picture([Layer(2, ("inputs",)), Layer(1, ("identity",))], [Between(np.eye(1, 2))])
    >>> drawn.count("<circle"), 'aria-label="2 inputs, 1 identity"' in drawn
    (3, True)
    """
    places = some_of(len(layers), MOST_LAYERS)
    drawn = [layers[m] for m in places if m is not None]
    rows = max(len(some_of(one.n_units, MOST_UNITS)) for one in drawn)
    names = [list(_named(drawn[end])) for end in (0, -1)]
    left, right = (MARGIN + max(map(width_of, one), default=0.0) for one in names)
    # A caption may reach further than its column.
    left, right = (max(side, width_of("x" * LONGEST_CAPTION) / 2 - RADIUS) for side in (left, right))
    height = rows * STEP_Y
    parts: list[Html] = []
    captions: list[list[str]] = []
    for column, m in enumerate(places):
        x = left + RADIUS + column * STEP_X
        if m is None:
            parts.append(words_at(x, height / 2, f"… {len(layers) - MOST_LAYERS} layers", anchor="middle"))
            continue
        layer, is_first, is_last = layers[m], m == 0, m == len(layers) - 1
        if not is_first and places[column - 1] is not None:
            parts.extend(_lines(layers[m - 1], layer, between[m - 1], x - STEP_X, height))
        parts.extend(_units(layer, x, height))
        if is_first or is_last:
            parts.extend(_names(layer, x, height, is_first=is_first))
        left_out = [f"{MOST_UNITS} drawn"] if None in some_of(layer.n_units, MOST_UNITS) else []
        captions.append([*layer.caption, *left_out])
        for line, words in enumerate(captions[-1]):
            text = named(words, LONGEST_CAPTION)
            parts.append(words_at(x, height + 14 + 14 * line, text, anchor="middle"))
    in_words = [" ".join((str(one.n_units), *map(printable, one.caption[-1:]))) for one in layers]
    label = joined(in_words, MOST_IN_WORDS)
    width = left + right + (len(places) - 1) * STEP_X + 2 * RADIUS
    return picture(width, height + 8 + 14 * max(map(len, captions)), label, *parts)


def _named(layer: Layer) -> Iterator[str]:
    """Names of the units that are drawn, which may be fewer than there are."""
    for k in some_of(layer.n_units, MOST_UNITS):
        if k is not None and k < len(layer.names):
            yield named(layer.names[k], LONGEST_NAME)


def _heights(layer: Layer, height: float) -> dict[int | None, float]:
    """Where the units of a layer are drawn, and where those that are not are counted."""
    places = some_of(layer.n_units, MOST_UNITS)
    top = (height - len(places) * STEP_Y) / 2
    return {k: top + (row + 0.5) * STEP_Y for row, k in enumerate(places)}


def _units(layer: Layer, x: float, height: float) -> Iterator[Html]:
    for k, y in _heights(layer, height).items():
        if k is None:
            yield words_at(x, y + 4, "⋮", anchor="middle")
        else:
            yield element(
                "circle", cx=pixels(x), cy=pixels(y), r=pixels(RADIUS), fill="none", stroke="currentColor"
            )


def _names(layer: Layer, x: float, height: float, *, is_first: bool) -> Iterator[Html]:
    """Names beside the units of the first layer, or the last."""
    for k, y in _heights(layer, height).items():
        if k is not None and k < len(layer.names):
            at, anchor = (x - RADIUS - 4, "end") if is_first else (x + RADIUS + 4, "start")
            short = named(layer.names[k], LONGEST_NAME)
            whole = printable(layer.names[k])
            rest = named(layer.names[k], 200) if short != whole else None
            yield words_at(at, y + 4, short, anchor=anchor, rest=rest)


def _lines(before: Layer, after: Layer, between: Between, x: float, height: float) -> Iterator[Html]:
    """Lines between the units that are drawn: by sign and size of their weights, where these are known.

    Those of one look are one path, so that a picture stays small.
    """
    ends = [(k, y) for k, y in _heights(after, height).items() if k is not None]
    starts = [(j, y) for j, y in _heights(before, height).items() if j is not None]
    w = between.weights
    if w is None:  # each goes to some of the others
        middle = [pixels(height / 2 + shift) for shift in (-4, 0, 4)]
        tip, root = pixels(x + STEP_X - 3 * RADIUS), pixels(x + 3 * RADIUS)
        back = pixels(x + STEP_X - 3 * RADIUS - 6)
        way = f"M{root} {middle[1]}L{tip} {middle[1]}M{back} {middle[0]}L{tip} {middle[1]}L{back} {middle[2]}"
        yield element("path", d=way, fill="none", stroke="currentColor", opacity="0.6")
        return
    largest = float(np.max(np.abs(w), initial=0.0))
    looks: dict[tuple[bool, float], list[str]] = {}
    for k, to in ends:
        for j, since in starts:
            value = float(w[k, j])
            if not value:
                continue
            size = abs(value) / largest
            thickness = next(thick for most, thick in THICKNESS if size <= most)
            way = f"M{pixels(x + RADIUS)} {pixels(since)}L{pixels(x + STEP_X - RADIUS)} {pixels(to)}"
            looks.setdefault((value < 0, thickness), []).append(way)
    for (is_negative, thickness), ways in sorted(looks.items(), key=lambda one: one[0][1]):
        yield element(
            "path", d="".join(ways), fill="none", stroke=SECOND if is_negative else FIRST,
            stroke_width=pixels(thickness), stroke_dasharray="5 3" if is_negative else None,
            stroke_opacity="0.9",
        )  # fmt: skip
