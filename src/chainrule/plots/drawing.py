"""What every picture shares: its figure, its panels, its colours and its few words."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import rcParams, rcParamsDefault
from matplotlib.backends import BackendFilter, backend_registry
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure

from chainrule.plots.labels import cut, wording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Look", "Panel", "content_of", "drawn", "label_axes", "mixed", "say_below", "title", "width_of"]

LIGHT, DARK = ("#0b62a8", "#c2570c"), ("#7fc1ff", "#ffab66")  # lines of their own, told apart by style as well
DOTS = 144  # of an inch, of a picture in a notebook
MOST_COLUMNS = 3  # of panels
READABLE = 3.0  # ratio of brightness between ink and ground
PYPLOT = "matplotlib.pyplot"


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
    def of(cls, ax: Any) -> Look:  # noqa: ANN401 (matplotlib has no types)
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
            ground, ink, mixed(ink, ground, 0.45), mixed(ink, ground, 0.9), to_hex(first), to_hex(second), small
        )

    @property
    def small(self) -> float:
        """Points of words that stand aside."""
        return 0.88 * self.size

    def shades(self) -> LinearSegmentedColormap:
        """From the ground to the first colour, evenly darker or lighter."""
        return LinearSegmentedColormap.from_list("shades", [self.ground, self.first])


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
    """

    draw: Callable[[Any, Look], None]
    width: float = 4.4
    height: float = 3.4
    is_extra: bool = False


class Picture(Figure):  # type: ignore[misc, unused-ignore]
    """A figure that a notebook shows by itself, and of which pyplot need know nothing."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        with io.BytesIO() as file:
            self.savefig(file, format="png", dpi=DOTS)
            width, height = (round(inches * DOTS / 2) for inches in self.get_size_inches())
            return file.getvalue(), {"width": width, "height": height}


def drawn(panels: Sequence[Panel], axes: Sequence[Any] | None) -> Any:  # noqa: ANN401 (matplotlib has no types)
    """Draw panels, into axes or a figure of their own, which is given back."""
    if axes is not None:
        for panel, ax in zip(panels, axes, strict=False):
            panel.draw(ax, Look.of(ax))
        return None
    columns = len(panels) if len(panels) <= MOST_COLUMNS else 2 if len(panels) == 4 else MOST_COLUMNS  # noqa: PLR2004
    rows = [panels[k : k + columns] for k in range(0, len(panels), columns)]
    widths = [max(row[k].width for row in rows if k < len(row)) for k in range(columns)]
    heights = [max(panel.height for panel in row) for row in rows]
    figure = _new_figure(sum(widths), sum(heights))
    grid = figure.add_gridspec(len(rows), columns, width_ratios=widths, height_ratios=heights)
    for k, panel in enumerate(panels):
        ax = figure.add_subplot(grid[divmod(k, columns)])
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        panel.draw(ax, Look.of(ax))
    return figure


def _new_figure(width: float, height: float) -> Any:  # noqa: ANN401 (as above)
    """A figure; one of pyplot's only where the program has loaded it and it opens windows."""
    size = {"figsize": (width, height), "layout": "constrained"}
    pyplot = sys.modules.get(PYPLOT)
    if pyplot is not None and mpl.get_backend().lower() in map(
        str.lower, backend_registry.list_builtin(BackendFilter.INTERACTIVE)
    ):
        return pyplot.figure(FigureClass=Picture, **size)
    return Picture(**size)


def content_of(figure: Any, ending: str, words: str) -> bytes:  # noqa: ANN401 (as above)
    """A figure as the content of a file, the same bytes each time.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    ending : {"svg", "png", "pdf"}
    words : str
        What it shows, for who does not see it.
    """
    no_date: dict[str, dict[str, str | None]] = {
        "svg": {"Title": words, "Date": None, "Creator": None},
        "pdf": {"Title": words, "CreationDate": None, "Creator": None, "Producer": None},
        "png": {"Title": words, "Software": None},
    }
    with io.BytesIO() as file, mpl.rc_context({"svg.hashsalt": "chainrule"}):
        figure.savefig(file, format=ending, dpi=DOTS, metadata=no_date[ending])
        return file.getvalue()


def title(ax: Any, look: Look, words: str, beneath: str = "") -> None:  # noqa: ANN401 (as above)
    """What a panel shows, and beneath it in smaller words of what."""
    room, size = width_of(ax), look.size * 1.1
    pad = look.small * 2.1 if beneath else 6.0
    ax.set_title(cut(words, room, size), loc="left", color=look.ink, pad=pad, **wording(size))
    if beneath:
        ax.annotate(
            cut(beneath, room, look.small), (0, 1), (0, 6), xycoords="axes fraction",
            textcoords="offset points", va="bottom", ha="left", color=look.quiet, **wording(look.small),
        )  # fmt: skip


def label_axes(ax: Any, look: Look, across: str, up: str) -> None:  # noqa: ANN401 (as above)
    """What runs along each axis, and ticks that do not stand out."""
    room_up = float(ax.get_position().height * ax.figure.get_size_inches()[1])
    ax.set_xlabel(cut(across, width_of(ax), look.size), color=look.ink, **wording(look.size))
    ax.set_ylabel(cut(up, room_up, look.size), color=look.ink, **wording(look.size))
    ax.tick_params(labelsize=look.small, color=look.quiet, labelcolor=look.ink, length=3)
    for spine in ax.spines.values():
        spine.set_color(look.quiet)


def say_below(ax: Any, look: Look, words: str) -> None:  # noqa: ANN401 (as above)
    """A remark under a panel, beneath the label of its lower axis."""
    lines = [one for one in (ax.get_xlabel(), cut(words, width_of(ax) * 1.1, look.small)) if one]
    ax.set_xlabel("\n".join(lines), color=look.ink, **wording(look.size))


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two, with so large a share of the other."""
    pairs = zip(to_rgb(one), to_rgb(other), strict=True)
    return to_hex([a + (b - a) * share for a, b in pairs])


def width_of(ax: Any) -> float:  # noqa: ANN401 (as above)
    """Inches of a pair of axes, which words over it may take."""
    return float(ax.get_position().width * ax.figure.get_size_inches()[0])


def _ground_of(ax: Any) -> str:  # noqa: ANN401 (as above)
    """Colour behind axes, which may let the figure, or a page, be seen."""
    for one in (ax.get_facecolor(), ax.figure.get_facecolor()):
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
