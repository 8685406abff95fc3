"""Weights as pictures: a square for each, or a dot of a larger one; of pixels as pictures themselves."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from chainrule.equations import Dense, name_of
from chainrule.errors import InputError
from chainrule.given import whole_number_from_1
from chainrule.plots.drawing import Look, Panel, colour_bar, label_axes, say_below, size_of, title
from chainrule.plots.labels import POINTS, fitted, inches_of, wording, written
from chainrule.plots.networks import input_names, one_network, output_names
from chainrule.words import counted, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.network import Network
    from chainrule.plots.subjects import Subject

    Numbers = npt.NDArray[np.float64]

__all__ = ["as_list", "checked_layer", "chosen", "weights_panels"]

MOST_LAYERS = 6
MOST_SQUARES = 32  # in a line, each of which can be told by its size
MOST_DOTS = 512
MOST_UNITS = 64  # whose inputs are drawn as pictures
ROOM_OF_NAMES = 1.3  # inches
MOST_MEASURED, MEASURED = 60, 9.0  # names, and points
CELL, SMALL_CELL = 0.24, 0.075  # inches of a square, and of a dot
WIDEST, TALLEST = 4.6, 3.4  # inches
GAP = 1  # pixels between pictures


def checked_layer(net: Network, layer: int | None, usual: int) -> int:
    """Number of a weight matrix, from 1."""
    if layer is None:
        return usual
    found = whole_number_from_1(layer, "layer")
    if found > len(net.weights):
        raise InputError(
            parameter="layer",
            given=layer,
            needs=f"must be from 1 to {len(net.weights)}: the network has no other weights",
            advice="Try 1.",
        )
    return found


def weights_panels(
    subject: Subject,
    *,
    member: int | None = None,
    layer: int | None = None,
    pixels: tuple[int, int] | None = None,
) -> list[Panel]:
    """A picture for each matrix, or of each unit's weights to inputs that are pixels."""
    net, words = one_network(subject, member)
    if pixels is not None:
        return [_as_pixels(net, words, checked_layer(net, layer, 1), pixels)]
    layers = [checked_layer(net, layer, 1)] if layer is not None else list(range(1, len(net.weights) + 1))
    panels = []
    for m in layers[:MOST_LAYERS]:
        width, height = _box_of(net.weights[m - 1].shape)
        beneath, beside = (_room_of(names) for names in _names_along(subject, net, m))
        size = (width + beside + 1.6, height + beneath + 1.4)
        more = len(layers) - MOST_LAYERS if m == layers[:MOST_LAYERS][-1] else 0
        panels.append(Panel(partial(_matrix, subject, net, words, m, max(more, 0)), *size, has_row=True))
    return panels


def _matrix(
    subject: Subject,
    net: Network,
    words: str,
    m: int,
    more: int,
    ax: Any,
    look: Look,
) -> None:
    w = np.asarray(net.weights[m - 1], np.float64)
    kind = net.layers[m - 1]
    is_dense = type(kind) is Dense
    shown = w[:MOST_DOTS, :MOST_DOTS]
    largest = float(np.abs(w).max()) if w.size else 0.0
    beneath = "; ".join(one for one in (f"up to ±{written(largest)}", _shape_in_words(net, m), words) if one)
    title(ax, look, f"Weights W^({m})", beneath)
    label_axes(ax, look, "from" if is_dense else "numbers of the layer", "to" if is_dense else "")
    below = []
    if max(w.shape) <= MOST_SQUARES:
        _squares(ax, look, w, largest)
        below.append("filled above 0, open below" if largest else "all are 0")
    else:
        end = largest or 1.0
        image = ax.imshow(
            shown, norm=Normalize(-end, end), cmap=look.signed(), aspect="auto", interpolation="nearest"
        )
        width, height = _box_of(w.shape)
        ax.set_box_aspect(height / width)
        ax.set_anchor("NW")
        colour_bar(ax, look, image)
        if is_dense:
            ax.axvline(0.5, color=look.ground, linewidth=2.0)
    left_out = [
        f"{n - k} more {what}"
        for n, k, what in zip(w.shape, shown.shape, ("units", "inputs"), strict=True)
        if n > k
    ]
    if left_out:
        below.append(f"{' and '.join(left_out)} are not drawn")
    if more:
        below.append(f"{counted(more, 'more matrix', 'more matrices')} not drawn")
    _ticks(ax, look, subject, net, m, shown.shape)
    if below:
        say_below(ax, look, "; ".join(below))


def _shape_in_words(net: Network, m: int) -> str:
    kind, (lines, columns) = net.layers[m - 1], net.weights[m - 1].shape
    if type(kind) is Dense:
        return f"{counted(lines, 'unit')}, {counted(columns - 1, 'input')} and the bias"
    return f"{name_of(kind).split(':')[0].replace('_', ' ')}, {lines} × {columns} numbers"


def _squares(ax: Any, look: Look, w: Numbers, largest: float) -> None:
    """A square for each weight: as large as it is, filled above 0 and open below."""
    lines, columns = w.shape
    sides = 0.92 * np.sqrt(np.abs(w) / largest) if largest else np.zeros_like(w)
    for is_negative in (False, True):
        places = [(i, k) for i, k in np.ndindex(w.shape) if (w[i, k] < 0) == is_negative and w[i, k]]
        boxes = [
            Rectangle((k - side / 2, i - side / 2), side, side)
            for (i, k), side in ((place, float(sides[place])) for place in places)
        ]
        colour = look.second if is_negative else look.first
        squares = PatchCollection(
            boxes, facecolor=look.ground if is_negative else colour, edgecolor=colour, linewidth=0.9
        )
        squares.set_gid("negative" if is_negative else "positive")
        ax.add_collection(squares, autolim=False)
    ax.set_xlim(-0.6, columns - 0.4)
    ax.set_ylim(lines - 0.4, -0.6)
    ax.set_box_aspect(lines / columns)
    ax.set_anchor("NW")


def _box_of(shape: tuple[int, ...]) -> tuple[float, float]:
    """Inches of a matrix, width and height."""
    lines, columns = shape
    if max(shape) <= MOST_SQUARES:
        return max(columns, 5) * CELL, lines * CELL
    return min(max(columns * SMALL_CELL, 1.0), WIDEST), min(max(lines * SMALL_CELL, 0.7), TALLEST)


def _ticks(
    ax: Any,
    look: Look,
    subject: Subject,
    net: Network,
    m: int,
    shape: tuple[int, ...],
) -> None:
    """Names of units where they have room, and how many have not."""
    across, up = _names_along(subject, net, m)
    (width, height), (wide, tall) = size_of(ax), _box_of(shape)
    for axis, names, n, room in (
        ("x", across, shape[1], 0.8 * min(width, wide)),
        ("y", up, shape[0], 0.8 * min(height, tall)),
    ):
        line = 1.25 * look.small / POINTS
        step = max(int(np.ceil(n * line / max(room, line))), 1)
        places = list(range(0, n, step))
        every = fitted(names, ROOM_OF_NAMES, look.small)  # a number before a name is its place among all
        texts = [every[k] for k in places]
        how = {"color": look.ink, **wording(look.small)}
        if axis == "x":
            is_turned = max(inches_of(one, look.small) for one in texts) > 0.9 * room * step / n
            ax.set_xticks(places, texts, rotation=90 if is_turned else 0, **how)
        else:
            ax.set_yticks(places, texts, **how)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _names_along(subject: Subject, net: Network, m: int) -> tuple[list[str], list[str]]:
    """Names of the columns and of the lines of a matrix."""
    lines, columns = net.weights[m - 1].shape
    is_dense = type(net.layers[m - 1]) is Dense
    before = input_names(subject, net) if m == 1 else [f"{k}" for k in range(1, net.sizes[m - 1] + 1)]
    across = ["bias", *before] if is_dense else [f"{k}" for k in range(1, columns + 1)]
    is_last = is_dense and m == len(net.weights)
    up = output_names(subject, net) if is_last else [f"{k}" for k in range(1, lines + 1)]
    if not is_dense and lines == net.sizes[m - 1]:
        up = before
    return across, up


def _room_of(names: Sequence[str]) -> float:
    """Inches that names take, as many of them as are looked at."""
    texts = fitted(names[:MOST_MEASURED], ROOM_OF_NAMES, MEASURED)
    return max((inches_of(one, MEASURED) for one in texts), default=0.0)


def _as_pixels(net: Network, words: str, m: int, pixels: tuple[int, int]) -> Panel:
    """One panel with a picture for each unit of a dense layer."""
    w = np.asarray(net.weights[m - 1], np.float64)
    n_inputs = w.shape[1] - 1
    width, height = _checked_pixels(pixels, n_inputs, is_dense=type(net.layers[m - 1]) is Dense)
    shown = w[:MOST_UNITS, 1:].reshape(-1, height, width)
    columns = min(int(np.ceil(np.sqrt(len(shown) * height / width))), len(shown)) or 1
    rows = -(-len(shown) // columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for k, picture in enumerate(shown):
        row, column = divmod(k, columns)
        top, left = row * (height + GAP), column * (width + GAP)
        sheet[top : top + height, left : left + width] = picture
    more = len(w) - len(shown)
    inches = 5.0 / max(sheet.shape)
    size = (sheet.shape[1] * inches + 1.6, sheet.shape[0] * inches + 1.0)
    return Panel(partial(_sheet, sheet, words, m, len(shown), more, (width, height)), *size)


def _checked_pixels(pixels: object, n_inputs: int, *, is_dense: bool) -> tuple[int, int]:
    """Width and height of the picture that inputs are."""
    needs = f"must be the width and the height of a picture of {n_inputs} pixels"
    given = as_list(pixels)
    if len(given) != 2 or not is_dense:  # noqa: PLR2004 (width, height)
        needs = needs if is_dense else "needs a layer that is dense"
        raise InputError(parameter="pixels", given=pixels, needs=needs, advice="Try (28, 28).")
    width, height = (whole_number_from_1(one, "pixels") for one in given)
    if width * height != n_inputs:
        raise InputError(parameter="pixels", given=pixels, needs=needs, advice="Leave it out for a matrix.")
    return width, height


def _sheet(
    sheet: Numbers,
    words: str,
    m: int,
    n: int,
    more: int,
    pixels: tuple[int, int],
    ax: Any,
    look: Look,
) -> None:
    largest = float(np.nanmax(np.abs(sheet))) or 1.0
    image = ax.imshow(sheet, norm=Normalize(-largest, largest), cmap=look.signed(), interpolation="nearest")
    ax.set_axis_off()
    size = f"{pixels[0]} × {pixels[1]} inputs each"
    told = [words, counted(n, "unit"), size, f"{more} more are not drawn" if more else ""]
    title(ax, look, f"Weights W^({m}) of each unit", "; ".join(one for one in told if one))
    colour_bar(ax, look, image)


def as_list(given: object) -> list[Any]:
    """What was given one by one, in a list, a tuple or an array; or one alone."""
    return list(given) if isinstance(given, (list, tuple)) or np.ndim(given) else [given]  # type: ignore[call-overload,arg-type]


def chosen(names: Sequence[str], given: object, parameter: str) -> int:
    """Place of a name, or of a number from 1."""
    if isinstance(given, str) and given in names:
        return list(names).index(given)
    found = 0
    with suppress(InputError):
        found = whole_number_from_1(given, parameter)
    if 1 <= found <= len(names):
        return found - 1
    raise InputError(
        parameter=parameter,
        given=given,
        needs=f"must be a name, or a number from 1 to {len(names)}",
        advice=f"There are: {listed(names)}." if names else f"{quoted(given)} is neither.",
    )
