"""A network as layers of units, with lines for weights: as thick as they are large, broken below 0."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from chainrule.equations import Dense, Identity, name_of
from chainrule.errors import InputError
from chainrule.given import whole_number_from_1
from chainrule.inspection import Trace
from chainrule.network import Network, members_of
from chainrule.plots.drawing import Look, Panel, title
from chainrule.plots.labels import POINTS, fitted, wording, written
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.plots.subjects import Subject

    Matrix = npt.NDArray[np.float64]

__all__ = ["input_names", "network_panels", "one_network", "output_names"]

MOST_UNITS, MOST_TRACED = 10, 6  # of a layer
MOST_LAYERS = 7
THINNEST, THICKEST = 0.25, 3.2  # points
ROOM_OF_NAMES = 1.5  # inches
BROKEN = (0, (2.2, 1.4))
UNIT = 8.0  # points across
BELOW = 10.0  # points
BIAS = "1"


class Column(NamedTuple):
    """The units of a layer that are drawn.

    Attributes
    ----------
    layer : int
        0 for the inputs.
    x : float
    y : array of the units' places, the first on top
    bias : float or None
        Place of the bias unit.
    n_units : int
        All of them.
    """

    layer: int
    x: float
    y: Matrix
    bias: float | None
    n_units: int


def one_network(subject: Subject, member: int | None) -> tuple[Network, str]:
    """The network that is drawn, and which it is of several."""
    if subject.network is None:
        raise TypeError  # what has no network has no such kind
    networks, words = members_of(subject.network), ""
    place = whole_number_from_1(1 if member is None else member, "member")
    several = len(networks) if len(networks) > 1 else networks[0].members
    if place > several:
        needs = f"must be from 1 to {several}: the network has no others"
        raise InputError(parameter="member", given=member, needs=needs, advice="Try 1.")
    if several > 1:
        what = "network" if len(networks) > 1 else "member"
        words = f"{what} {place} of {several}"
    if len(networks) > 1:
        return networks[place - 1], words
    return (networks[0] if several == 1 else networks[0].member(place)), words


def input_names(subject: Subject, net: Network) -> list[str]:
    """Names of the inputs: those of the columns, or as the notes have them."""
    names = () if subject.encoding is None else subject.encoding.input_names
    return list(names) if len(names) == net.sizes[0] else [f"x_{i}" for i in range(1, net.sizes[0] + 1)]


def output_names(subject: Subject, net: Network) -> list[str]:
    """Names of the outputs: classes, or targets."""
    n, encoding = net.sizes[-1], subject.encoding
    if encoding is not None and encoding.n_outputs == n:
        classes = encoding.classes
        if classes is not None:
            return list(classes[-n:])  # one output is that of the second of two classes
        return [part.name for part in encoding.learnt]
    return [f"y_{k}" for k in range(1, n + 1)]


def network_panels(subject: Subject, *, member: int | None = None) -> list[Panel]:
    """Layers from left to right, their units, weights and names; of a trace with its numbers."""
    net, words = one_network(subject, member)
    step = subject.thing if isinstance(subject.thing, Trace) else None
    columns = _columns_of(net, MOST_UNITS if step is None else MOST_TRACED)
    slots = max(len(one.y) + (one.bias is not None) + (len(one.y) < one.n_units) for one in columns)
    height = (1.4 if step is None else 1.8) + max(slots - 1, 2) * (0.27 if step is None else 0.48)
    return [Panel(partial(_draw, subject, net, words, step), 1.5 * len(columns) + 2.4, height)]


def _draw(
    subject: Subject,
    net: Network,
    words: str,
    step: Trace | None,
    ax: Any,
    look: Look,
) -> None:
    columns = _columns_of(net, MOST_UNITS if step is None else MOST_TRACED)
    dense = [w for w, kind in zip(net.weights, net.layers, strict=True) if type(kind) is Dense and w.size]
    largest = max((float(np.abs(w).max()) for w in dense), default=0.0)
    away = BELOW if step is None else BELOW + 1.4 * look.small  # of words below the lowest units, in points
    ax.set_axis_off()
    ax.set_xlim(-0.12, columns[-1].x + 0.12)
    ax.set_ylim(0.0, 1.0)
    for before, after in pairwise(columns):
        if after.layer == before.layer + 1:
            _lines(ax, look, net, before, after, largest)
        else:
            more = counted(after.layer - before.layer - 1, "more layer")
            ax.text(
                (before.x + after.x) / 2, 0.5, f"… {more}", ha="center", va="center", color=look.ink,
                **wording(look.small),
            )  # fmt: skip
    for column in columns:
        _units(ax, look, net, column, away, is_last=column is columns[-1])
    _names(ax, look, columns[0], input_names(subject, net), is_left=True)
    _names(ax, look, columns[-1], output_names(subject, net), is_left=False)
    if step is not None:
        _numbers(ax, look, columns, step)
    sizes = "-".join(map(str, net.sizes))
    beneath = f"{words}; " if words else ""
    n = sum(w.size for w in net.weights)
    head = f"Network {sizes}" if step is None else f"One step of back-propagation, {sizes}"
    told = f"{beneath}{counted(n, 'weight')}" if step is None else _told_of(step)
    title(ax, look, head, told, above=UNIT if step is None else 2 * UNIT)
    _key(ax, look, dense, away)


def _told_of(step: Trace) -> str:
    before, after = (f"{one:.4g}" for one in (step.loss_before, step.loss_after))
    return (
        f"rate {step.rate:g}: loss of the sample {before} before, {after} after; a above, δ below each unit"
    )


def _columns_of(net: Network, most: int) -> list[Column]:
    """Layers that are drawn, with places for their units."""
    sizes = net.sizes
    layers = list(range(len(sizes)))
    if len(layers) > MOST_LAYERS:
        layers = [*layers[:4], *layers[4 - MOST_LAYERS :]]
    biases = [type(kind) is Dense for kind in net.layers] + [False]
    every = [min(sizes[layer], most) + biases[layer] for layer in layers]
    columns = []
    for x, (layer, slots) in enumerate(zip(layers, every, strict=True)):
        n, has_bias = sizes[layer], biases[layer]
        shown = n if n <= most else most - 1
        step = 1.0 / max(slots - 1, 0.6 * (max(every) - 1), 2)
        top = 0.5 + step * (slots - 1) / 2
        places = top - step * np.arange(slots)
        y = np.asarray(places[has_bias : has_bias + shown], np.float64)
        columns.append(Column(layer, float(x), y, float(places[0]) if has_bias else None, n))
    return columns


def _lines(
    ax: Any,
    look: Look,
    net: Network,
    before: Column,
    after: Column,
    largest: float,
) -> None:
    """Lines for the weights of a dense layer; a band for what connects units in another way."""
    kind, w = net.layers[before.layer], np.asarray(net.weights[before.layer], np.float64)
    if type(kind) is not Dense:
        name = name_of(kind).split(":")[0].replace("_", " ")
        ax.fill(
            [before.x, after.x, after.x, before.x],
            [before.y[0], after.y[0], after.y[-1], before.y[-1]],
            color=look.faint,
            zorder=0,
        )
        middle = (before.x + after.x) / 2
        ax.text(middle, 0.5, name, ha="center", va="center", color=look.ink, **wording(look.small))
        return
    ys = before.y if before.bias is None else np.array([before.bias, *before.y])
    shown = w[: len(after.y), (before.bias is None) : len(before.y) + 1]
    ends = [[(before.x, float(y)), (after.x, float(end))] for end in after.y for y in ys]
    sizes = np.abs(shown).ravel()
    order = np.argsort(sizes, kind="stable")
    share = sizes / largest if largest else np.zeros(len(sizes))
    for is_negative in (False, True):
        own = [k for k in order if (shown.ravel()[k] < 0) == is_negative and sizes[k] > 0]
        lines = LineCollection(
            [ends[k] for k in own],
            linewidths=[_thickness(float(share[k])) for k in own],
            colors=look.second if is_negative else look.first,
            linestyles=[BROKEN] if is_negative else "solid",
            alpha=0.75,
            capstyle="butt",
            zorder=1,
        )
        lines.set_gid(f"{'negative' if is_negative else 'positive'}-{before.layer + 1}")
        ax.add_collection(lines, autolim=False)


def _thickness(share: float) -> float:
    """Points of a line for a weight that is so large a share of the largest."""
    return THINNEST + (THICKEST - THINNEST) * share


def _units(ax: Any, look: Look, net: Network, column: Column, away: float, *, is_last: bool) -> None:
    """Circles for units, a square for the bias unit, and what the layer is."""
    place = np.full(len(column.y), column.x)
    ax.plot(
        place, column.y, "o", markersize=UNIT, markerfacecolor=look.ground, markeredgecolor=look.ink,
        markeredgewidth=0.9, zorder=3, clip_on=False,
    )  # fmt: skip
    if column.bias is not None:
        ax.plot(
            [column.x], [column.bias], "s", markersize=UNIT, markerfacecolor=look.faint,
            markeredgecolor=look.quiet, markeredgewidth=0.7, zorder=3, clip_on=False,
        )  # fmt: skip
        ax.text(
            column.x, column.bias - 0.002, BIAS, ha="center", va="center_baseline", color=look.ink, zorder=4,
            **wording(0.75 * look.small),
        )  # fmt: skip
    hidden = column.n_units - len(column.y)
    if hidden:
        y = column.y[-1] - (column.y[0] - column.y[1] if len(column.y) > 1 else 0.1)
        ax.text(
            column.x, y, f"… {hidden} more", ha="center", va="center", color=look.ink, zorder=4,
            bbox={"facecolor": look.ground, "edgecolor": "none", "pad": 1.0}, **wording(look.small),
        )  # fmt: skip
    what = "input" if column.layer == 0 else "output" if is_last else "unit"
    lines = [counted(column.n_units, what)]
    if column.layer and type(net.activations[column.layer - 1]) is not Identity:
        lines.append(name_of(net.activations[column.layer - 1]))
    ax.annotate(
        "\n".join(lines), (column.x, 0), (0, -away), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", va="top", color=look.ink, **wording(look.small),
    )  # fmt: skip


def _names(ax: Any, look: Look, column: Column, names: Sequence[str], *, is_left: bool) -> None:
    texts = fitted(names[: len(column.y)], ROOM_OF_NAMES, look.small)
    side, away = ("right", -UNIT) if is_left else ("left", UNIT)
    for y, text in zip(column.y, texts, strict=True):
        ax.annotate(
            text, (column.x, float(y)), (away, 0), textcoords="offset points", ha=side, va="center",
            color=look.ink, annotation_clip=False, **wording(look.small),
        )  # fmt: skip


def _numbers(ax: Any, look: Look, columns: Sequence[Column], step: Trace) -> None:
    """Outputs above units, and deltas below them."""
    for column in columns:
        m = column.layer
        above = step.x if m == 0 else step.a[m - 1]
        for k, y in enumerate(column.y):
            _number(ax, look, column.x, float(y), written(float(above[k])), away=UNIT, va="bottom")
            if m:
                text = written(float(step.delta[m - 1][k]), 2)
                _number(ax, look, column.x, float(y), text, away=-UNIT, va="top")


def _number(ax: Any, look: Look, x: float, y: float, text: str, *, away: float, va: str) -> None:
    ax.annotate(
        text, (x, y), (0, 0.8 * away), textcoords="offset points", ha="center", va=va, color=look.ink,
        zorder=5, annotation_clip=False, bbox={"facecolor": look.ground, "edgecolor": "none", "pad": 0.3},
        **wording(0.85 * look.small),
    )  # fmt: skip


def _key(ax: Any, look: Look, dense: Sequence[Matrix], away: float) -> None:
    """How weights are drawn, by the largest above 0 and the smallest below it."""
    high = max((float(w.max()) for w in dense), default=0.0)
    low = min((float(w.min()) for w in dense), default=0.0)
    ends: list[tuple[float, str, str, Any]] = []
    if high > 0:
        ends.append((high, f"up to {written(high)}", look.first, "-"))
    if low < 0:
        ends.append((low, f"down to {written(low)}", look.second, BROKEN))
    handles = [
        Line2D(
            [],
            [],
            color=colour,
            linewidth=_thickness(abs(end) / max(high, -low)),
            linestyle=style,
            label=words,
        )
        for end, words, colour, style in ends
    ]
    handles = handles or [Line2D([], [], color="none", label="all weights are 0")]
    down = ScaledTranslation(0, -(away + 3.2 * look.small) / POINTS, ax.figure.dpi_scale_trans)
    legend = ax.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=ax.transAxes + down,
        ncols=2, frameon=False, fontsize=look.small, labelcolor=look.ink, handlelength=3.0, borderaxespad=0.0,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set(**wording())
