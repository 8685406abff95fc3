"""Parts of pictures: lines, circles and words of SVG, with no more digits than can be seen."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from chainrule.displays.blocks import wide
from chainrule.displays.html import Html, element, joined_html
from chainrule.displays.style import CLASS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["path", "picture", "pixels", "width_of", "words_at"]

LETTER = 6.6  # width of one, of the size that the sheet says; of wide scripts twice that


def pixels(value: float) -> str:
    """A length in a picture.

    Examples
    --------
    >>> pixels(2.0), pixels(1 / 3)
    ('2', '0.3')
    """
    return f"{value:.1f}".removesuffix(".0")


def width_of(text: str) -> float:
    """Room that words take, about.

    Examples
    --------
    >>> width_of("ab") == width_of("漢")
    True
    """
    return LETTER * sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def words_at(x: float, y: float, text: object, *, anchor: str = "start", rest: str | None = None) -> Html:
    """Words in a picture, and what a pointer over them tells.

    Examples
    --------
    >>> words_at(1, 2, "a")
    '<text x="1" y="2">a</text>'
    """
    inside = [text] if rest is None else [element("title", rest), text]
    at = None if anchor == "start" else anchor
    return element("text", *inside, x=pixels(x), y=pixels(y), text_anchor=at)


def path(
    points: Iterable[tuple[float, float]], *, stroke: str, width: float = 1.5, dash: str | None = None
) -> Html:
    """A line through points.

    Examples
    --------
    >>> path([(0, 0), (1, 2)], stroke="red")
    '<path d="M0 0L1 2" fill="none" stroke="red" stroke-width="1.5"></path>'
    """
    way = "L".join(f"{pixels(x)} {pixels(y)}" for x, y in points)
    return element(
        "path", d=f"M{way}", fill="none", stroke=stroke, stroke_width=pixels(width), stroke_dasharray=dash
    )


def picture(width: float, height: float, label: str, *parts: object, shrinks: bool = False) -> Html:
    """A picture, and what it shows in words: where there is less room, it shrinks, or else is scrolled."""
    size = f"{pixels(width)} {pixels(height)}"
    kind = f"{CLASS}-shrinks" if shrinks else None
    # Blanks between words, for who leaves out pictures, and not the words in them.
    inside = joined_html([element("title", label), *parts], " ")
    drawn = element(
        "svg", inside, class_=kind, role="img", aria_label=label, width=pixels(width),
        height=pixels(height), viewBox=f"0 0 {size}",
    )  # fmt: skip
    return wide(drawn)
