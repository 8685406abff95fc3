"""What every picture shares: its figure, its panels, its colours and its few words."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import matplotlib as mpl
import numpy as np
from matplotlib import rcParams, rcParamsDefault
from matplotlib.backends import BackendFilter, backend_registry
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import Formatter, MaxNLocator

from chainrule.displays import in_notebook
from chainrule.plots.labels import cut, inches_of, wording, wrapped, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Look",
    "Panel",
    "Plain",
    "colour_bar",
    "content_of",
    "drawn",
    "drawn_into",
    "label_axes",
    "mixed",
    "say_below",
    "size_of",
    "title",
    "varies",
]

LIGHT, DARK = (
    ("#0b62a8", "#c2570c"),
    ("#7fc1ff", "#ffab66"),
)  # lines of their own, told apart by style as well
DOTS = 144  # of an inch, where a picture is made of dots
MOST_COLUMNS = 3  # of panels
FEWEST_DIGITS, MOST_DIGITS = 7, 17  # of ticks
EXPONENT = re.compile("e(?:[+]|(\N{MINUS SIGN}))0*")
FRAME = re.compile(b'<clipPath id="(p[0-9a-f]{10})">')  # what is drawn is cut to it
BREAK = "\n"  # between a label and remarks beneath it; names have none
BAR = 0.12  # inches across
FLAT, LEAST = 1e-9, 1e-300  # share of the largest value by which a map varies that has lines; and least value
READABLE = 3.0  # ratio of brightness between ink and ground
PYPLOT = "matplotlib.pyplot"
PADS: dict[str, Any] = {
    "w_pad": 0.1,
    "h_pad": 0.1,
    "wspace": 0.04,
    "hspace": 0.04,
}  # inches around panels, shares between them
# From below 0 to above it, lighter all the way, so that a picture in grey says the same.
BELOW_AND_ABOVE = ["#0a2f66", "#4a729c", "#8f8f8f", "#e3ab72", "#ffeed6"]


@dataclass(frozen=True)
class Look:
    """Colours and sizes that belong to the user's style and to the ground that is drawn on.

    Attributes
    ----------
    ground, ink, quiet, faint : str
        What is drawn on; words; lines that only guide; areas that only guide.
    first, second : str
        Colours of lines.
    size : float
        Points of plain words.
    """

    ground: str
    ink: str
    quiet: str
    faint: str
    first: str
    second: str
    size: float

    @classmethod
    def of(cls, ax: Any) -> Look:
        """That of a pair of axes."""
        ground, ink = _ground_of(ax), to_hex(rcParams["text.color"])
        is_dark = _brightness(ground) < 0.18  # noqa: PLR2004 (as bright as mid-grey)
        if _contrast(ink, ground) < READABLE:
            ink = "#ffffff" if is_dark else "#000000"
        first, second = DARK if is_dark else LIGHT
        cycle = rcParams["axes.prop_cycle"]
        if cycle != rcParamsDefault["axes.prop_cycle"]:
            own = cycle.by_key().get("color", [])
            first, second = (own * 2)[:2] if own else (first, second)
        small = 0.9 * rcParams["font.size"]
        return cls(
            ground,
            ink,
            mixed(ink, ground, 0.45),
            mixed(ink, ground, 0.9),
            to_hex(first),
            to_hex(second),
            small,
        )

    @property
    def small(self) -> float:
        """Points of words that stand aside."""
        return 0.88 * self.size

    def shades(self) -> LinearSegmentedColormap:
        """From the ground to the first colour, evenly darker or lighter."""
        return LinearSegmentedColormap.from_list("shades", [self.ground, self.first])

    @staticmethod
    def signed() -> LinearSegmentedColormap:
        """From dark, far below 0, to light, far above it."""
        return LinearSegmentedColormap.from_list("signed", BELOW_AND_ABOVE)


@dataclass(frozen=True)
class Panel:
    """One pair of axes to be.

    Attributes
    ----------
    draw : callable
        Draws into axes, by a look.
    width, height : float
        Inches.
    is_extra : bool
        Whether it is left out where axes were given for the others alone.
    has_row : bool
        Whether it stands in a row by itself, since its shape is settled.
    """

    draw: Callable[[Any, Look], None]
    width: float = 4.4
    height: float = 3.4
    is_extra: bool = False
    has_row: bool = False


def drawn_into(panels: Sequence[Panel], axes: Sequence[Any]) -> None:
    """Draw panels into axes."""
    for panel, ax in zip(panels, axes, strict=False):
        panel.draw(ax, Look.of(ax))


def drawn(panels: Sequence[Panel]) -> list[Any]:
    """Draw panels into a figure of their own, and give back its axes."""
    columns = _columns_of(panels)
    rows = [panels[k : k + columns] for k in range(0, len(panels), columns)]
    widths = [max(row[k].width for row in rows if k < len(row)) for k in range(columns)]
    heights = [max(panel.height for panel in row) for row in rows]
    figure = _new_figure(sum(widths), sum(heights))
    grid = figure.add_gridspec(len(rows), columns, width_ratios=widths, height_ratios=heights)
    every = []
    for k, panel in enumerate(panels):
        ax = figure.add_subplot(grid[divmod(k, columns)])
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        panel.draw(ax, Look.of(ax))
        every.append(ax)
    figure.get_layout_engine().execute(figure)  # which settles how much room axes have
    for first in range(0, len(every), columns):
        _fit_again(figure, every[first : first + columns])
    if any(ax.get_box_aspect() is not None for ax in every):  # which are measured as they are by now
        figure.get_layout_engine().execute(figure)
    return every


def _columns_of(panels: Sequence[Panel]) -> int:
    """How many panels stand side by side."""
    if any(panel.has_row for panel in panels):
        return 1
    return 2 if len(panels) == 4 else min(len(panels), MOST_COLUMNS)  # noqa: PLR2004 (two by two)


def _fit_again(figure: Any, axes: Sequence[Any]) -> None:
    """Cut words anew to the room that there is beside each other, now that this is known."""
    width, height = figure.get_size_inches()
    boxes = [ax.get_position() for ax in axes]
    between = [(one.x1 + other.x0) / 2 for one, other in pairwise(boxes)]
    for ax, box, left, right in zip(axes, boxes, [0.01, *between], [*between, 0.99], strict=True):
        middle = (box.x0 + box.x1) / 2
        for text in ax.findobj(Text):
            whole, size = text.get_label(), text.get_fontsize()
            if not whole or text.get_text() == "":
                continue
            if text is ax.xaxis.label:
                text.set_text(_lines(whole, 2 * width * min(middle - left, right - middle), size))
            elif text is ax.yaxis.label:
                text.set_text(cut(whole, height * box.height, size))
            else:
                text.set_text(_head(whole, width * (right - box.x0), size))


def _head(whole: str, room: float, size: float) -> str:
    """Words cut to what a figure behind them leaves of the room."""
    words, _, figure = whole.partition(BREAK)
    return f"{cut(words, room - inches_of(figure, size), size)}{figure}"


def _lines(whole: str, room: float, size: float) -> str:
    """A label in one line, and remarks beneath it."""
    label, *remarks = whole.split(BREAK)
    lines = [cut(label, room, size)] if label else []
    return "\n".join([*lines, *(line for one in remarks for line in wrapped(one, room, size))])


def _new_figure(width: float, height: float) -> Any:
    """A figure; one of pyplot's only where this would show it: in a notebook, or where it opens windows."""
    size: dict[str, Any] = {"figsize": (width, height), "layout": ConstrainedLayoutEngine(**PADS)}
    return import_module(PYPLOT).figure(**size) if _is_shown() else Figure(**size)


def _is_shown() -> bool:
    """Whether pyplot shows its figures: a notebook's own backend, or one with windows where it is loaded."""
    if in_notebook():
        return mpl.get_backend().lower() not in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)
    windows = map(str.lower, backend_registry.list_builtin(BackendFilter.INTERACTIVE))
    return PYPLOT in sys.modules and mpl.get_backend().lower() in windows


def content_of(figure: Any, ending: str, words: str, dots: int = DOTS) -> bytes:
    """A figure as the content of a file, the same bytes each time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    ending : {"svg", "png", "pdf"}
    words : str
        What it shows, for who does not see it.
    dots : int
        Of an inch, where it is made of dots.
    """
    no_date: dict[str, dict[str, str | None]] = {
        "svg": {"Title": words, "Date": None, "Creator": None},
        "pdf": {"Title": words, "CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Title": words, "Software": None},
    }
    with io.BytesIO() as file, mpl.rc_context({"svg.hashsalt": "chainrule"}):
        figure.savefig(file, format=ending, dpi=dots, metadata=no_date[ending])
        content = file.getvalue()
    if ending != "svg":
        return content
    told = f'<svg role="img" aria-label={quoteattr(words)} '.encode()
    return _numbered(content).replace(b"<svg ", told, 1)


def _numbered(content: bytes) -> bytes:
    """An SVG whose frames have ids in their order, not such as the last bit of a layout makes another."""
    for k, frame in enumerate(dict.fromkeys(FRAME.findall(content)), 1):
        for before, after in ((b'id="', b'"'), (b"url(#", b")")):
            content = content.replace(before + frame + after, before + b"frame%d" % k + after)
    return content


def title(
    ax: Any,
    look: Look,
    words: str,
    beneath: str = "",
    figure: str = "",
    above: float = 6.0,
) -> None:
    """What a panel shows, with a figure that is never cut, and beneath it in smaller words of what.

    So many points above the panel.
    """
    room, size = size_of(ax)[0], look.size * 1.1
    pad = above + (look.small * 1.5 if beneath else 0.0)
    whole = f"{words}{BREAK}{figure}"
    head = ax.set_title(_head(whole, room, size), loc="left", color=look.ink, pad=pad, **wording(size))
    head.set_label(whole)
    if beneath:
        text = ax.annotate(
            cut(beneath, room, look.small), (0, 1), (0, above), xycoords="axes fraction",
            textcoords="offset points", va="bottom", ha="left", color=look.quiet, **wording(look.small),
        )  # fmt: skip
        text.set_label(beneath)


def label_axes(ax: Any, look: Look, across: str, up: str) -> None:
    """What runs along each axis, and ticks that do not stand out."""
    for axis, words, room in zip((ax.xaxis, ax.yaxis), (across, up), size_of(ax), strict=True):
        axis.set_label_text(cut(words, room, look.size), color=look.ink, **wording(look.size))
        axis.label.set_label(words)
        axis.set_major_formatter(Plain())
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
    ax.tick_params(labelsize=look.small, color=look.quiet, labelcolor=look.ink, length=3)
    for spine in ax.spines.values():
        spine.set_color(look.quiet)


class Plain(Formatter):  # type: ignore[misc, unused-ignore]
    """Ticks as whole numbers each, with the digits that tell them apart and nothing in a corner of its own.

    Examples
    --------
    >>> Plain().format_ticks([-0.25, 0.0, 15e6, 3e12])
    ['−0.25', '0', '1.5e7', '3e12']
    >>> Plain().format_ticks([100000001.0, 100000002.0])
    ['100000001', '100000002']
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """One tick."""
        del pos
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """All ticks of an axis."""
        texts: list[str] = []
        for digits in range(FEWEST_DIGITS, MOST_DIGITS):
            texts = [written(float(one), digits) for one in values]
            texts = [EXPONENT.sub(r"e\1", one) for one in texts]
            if len(set(texts)) == len(set(values)):
                break
        return texts


def say_below(ax: Any, look: Look, words: str) -> None:
    """A remark under a panel, beneath the label of its lower axis."""
    label = ax.xaxis.label
    whole = f"{label.get_label()}{BREAK}{words}"
    label.set(text=_lines(whole, size_of(ax)[0], look.size), color=look.ink, **wording(look.size))
    label.set_label(whole)


def colour_bar(ax: Any, look: Look, image: Any) -> Any:
    """What the colours of an image stand for, at its right side."""
    share = BAR / max(size_of(ax)[0], BAR)
    bar = ax.figure.colorbar(image, cax=ax.inset_axes([1.0 + 0.8 * share, 0.0, share, 1.0]))
    bar.ax.yaxis.set_major_formatter(Plain())
    bar.ax.tick_params(labelsize=look.small, labelcolor=look.ink, color=look.quiet, length=3)
    bar.outline.set_visible(False)
    return bar


def varies(field: Any) -> bool:
    """Whether a map varies so much that lines of equal height can be told apart.

    Examples
    --------
    >>> import numpy as np
    >>> varies(np.array([1.0, 2.0])), varies(np.array([1.0, 1.0 + 1e-12]))
    (True, False)
    """
    return bool(np.ptp(field) > FLAT * max(float(np.abs(field).max()), LEAST))


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, with so large a share of the other."""
    pairs = zip(to_rgb(one), to_rgb(other), strict=True)
    return to_hex([a + (b - a) * share for a, b in pairs])


def size_of(ax: Any) -> tuple[float, float]:
    """Inches of a pair of axes, width and height, in a figure or in a part of one."""
    box, within = ax.get_position(), ax.figure.bbox
    return float(box.width * within.width / ax.figure.dpi), float(box.height * within.height / ax.figure.dpi)


def _ground_of(ax: Any) -> str:
    """Colour behind axes, which may let the figure, or a page, be seen."""
    for one in (ax.get_facecolor(), ax.figure.get_facecolor(), ax.figure.figure.get_facecolor()):
        if one[3] > 0.5:  # noqa: PLR2004 (more than half)
            return to_hex(one)
    return "#ffffff"


def _brightness(colour: str) -> float:
    """Relative luminance of a colour, 0 to 1."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in to_rgb(colour)]  # noqa: PLR2004 (sRGB)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """Ratio of brightness of two colours, 1 to 21."""
    low, high = sorted((_brightness(one), _brightness(other)))
    return (high + 0.05) / (low + 0.05)
