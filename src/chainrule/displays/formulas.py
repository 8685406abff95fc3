"""Formulas as the worked examples write them, set with their indices below and layers above the line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainrule.displays.html import Html, element, inline
from chainrule.displays.style import CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["equation", "with_indices"]

INDEX = re.compile(r"_([0-9]+(?:,[0-9]+)*|[a-z](?![A-Za-z]))")
LAYER = re.compile(r"\^\(([0-9]+)\)")


def with_indices(formula: str) -> Html:
    """Set indices and layers of a formula in plain text.

    Examples
    --------
    >>> with_indices("W_1,10^(2)·a_i")
    'W<sub>1,10</sub><sup>(2)</sup>·a<sub>i</sub>'
    """
    return Html(LAYER.sub(r"<sup>(\1)</sup>", INDEX.sub(r"<sub>\1</sub>", inline(formula))))


def equation(left: str, sides: Sequence[str]) -> Html:
    """A left-hand side and what it is: in symbols, in numbers, and the result, which stands out.

    Examples
    --------
    >>> equation("z_1", ["W_10·x_0", "0.5"]).removeprefix('<p class="chainrule-equation">')
    'z<sub>1</sub> = W<sub>10</sub>·x<sub>0</sub> = <b>0.5</b></p>'
    """
    *ways, result = sides
    is_update = left.endswith(" :")
    parts: list[object] = [with_indices(left.removesuffix(" :"))]
    for place, way in enumerate(ways):
        parts += [" := " if is_update and not place else " = ", with_indices(way)]
    parts += [" := " if is_update and not ways else " = ", element("b", with_indices(result))]
    return element("p", *parts, class_=f"{CLASS}-equation")
