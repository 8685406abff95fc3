"""What notebooks show: HTML and pictures of plain data, safe and without scripts, and a line that moves."""

from chainrule.displays.blocks import (
    display,
    facts,
    first_and_last,
    folded,
    paragraph,
    remark,
    some_of,
    table,
    warning,
    wide,
)
from chainrule.displays.curve import Curve, curves, is_logarithmic
from chainrule.displays.formulas import equation, with_indices
from chainrule.displays.html import Html, element, inline, joined_html
from chainrule.displays.layers import Between, Layer, layers_picture
from chainrule.displays.notebook import MovingLine, in_notebook

__all__ = [
    "Between", "Curve", "Html", "Layer", "MovingLine", "curves", "display", "element", "equation", "facts",
    "first_and_last", "folded", "in_notebook", "inline", "is_logarithmic", "joined_html", "layers_picture",
    "paragraph", "remark", "some_of", "table", "warning", "wide", "with_indices",
]  # fmt: skip
