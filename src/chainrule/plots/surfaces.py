"""The loss over a plane of two weights, and the way that a training took over it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib import rcParams
from matplotlib.colors import LogNorm

from chainrule.displays import is_logarithmic
from chainrule.equations import name_of
from chainrule.errors import InputError, argument
from chainrule.given import whole_number_from_0, whole_number_from_1
from chainrule.inspection import WeightPlace
from chainrule.network import Network, Objective, as_pairs
from chainrule.plots.drawing import Look, Panel, colour_bar, label_axes, say_below, title, varies
from chainrule.plots.labels import places_of, wording, written
from chainrule.plots.networks import one_network
from chainrule.plots.weights import as_list
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.plots.subjects import Subject

    Numbers = npt.NDArray[np.float64]
    Place = tuple[int, int, int]

__all__ = ["Surface", "surface_of", "surface_panels"]

STEPS = 41  # of the plane, each way
MOST_ROWS = 500  # that the loss is the mean of
LEVELS = 9
BEYOND = 0.35  # of the way's extent, around it
LEAST = 1.0  # extent of the plane to each side, where no way is known


class Surface(NamedTuple):
    """Losses over a plane.

    Attributes
    ----------
    places : two places
        Matrix, unit and source of each weight, from 1; source 0 is the bias.
    across, up : arrays of shape (n_steps,)
        Values of the two weights.
    loss : array of shape (n_steps, n_steps)
        Mean loss without penalties; a line for each value of the second weight.
    way : array of shape (n_networks, 2)
        Values of the two weights along the training.
    n_rows : int
        That the loss is the mean of.
    """

    places: tuple[Place, Place]
    across: Numbers
    up: Numbers
    loss: Numbers
    way: Numbers
    n_rows: int


def surface_panels(
    subject: Subject,
    *,
    member: int | None = None,
    weights: Sequence[Sequence[int]] | None = None,
    path: Sequence[Network] | None = None,
    X: Any = None,
    Y: Any = None,
) -> list[Panel]:
    """Contours of the loss, and the way over them where networks of the training are given."""
    net, words = one_network(subject, member)
    networks = _checked_path(net, subject.path if path is None else path)
    X, Y, rows = _rows(subject, X, Y)
    surface = surface_of(net, X, Y, weights=weights, path=networks)
    beneath = "; ".join(one for one in (words, f"mean of {counted(surface.n_rows, 'row')}{rows}") if one)
    return [Panel(partial(_draw, surface, name_of(net.loss), beneath), 5.4, 4.4)]


def surface_of(
    net: Network,
    X: Any,
    Y: Any,
    *,
    weights: Sequence[Sequence[int]] | None = None,
    path: Sequence[Network] = (),
) -> Surface:
    """Losses where two weights of a network have other values.

    Examples
    --------
    >>> net = Network([[[0.0, 1.0]]], "identity")
    >>> found = surface_of(net, [[1.0], [2.0]], [[1.0], [2.0]])
    >>> found.places, found.loss.shape, float(found.loss[20, 20])
    (((1, 1, 0), (1, 1, 1)), (41, 41), 0.0)
    """
    samples, targets = as_pairs(net, X, Y)
    known = (~np.isnan(targets)).any(axis=1)  # of several targets training takes those that a row has
    samples, targets = samples[known], targets[known]
    kept = places_of(len(samples), MOST_ROWS)
    samples, targets = samples[kept], targets[kept]
    places = _places_of(net, weights, path)
    end = np.array([float(net.weights[m - 1][k - 1, i]) for m, k, i in places])
    way = np.array([[float(one.weights[m - 1][k - 1, i]) for m, k, i in places] for one in path]).reshape(
        -1, 2
    )
    lines = [_line(end[k], way[:, k]) for k in range(2)]
    objective = Objective(net.activations, net.loss, layers=net.layers)
    trial = [np.array(w, np.float64) for w in net.weights]
    loss = np.empty((STEPS, STEPS))
    (m, k, i), (n, q, j) = places
    with np.errstate(all="ignore"):
        for row, up in enumerate(lines[1]):
            trial[n - 1][q - 1, j] = up
            for column, across in enumerate(lines[0]):
                trial[m - 1][k - 1, i] = across
                losses = objective.losses(trial, samples.astype(np.float64), targets.astype(np.float64))
                loss[row, column] = float(np.mean(losses))
    return Surface(places, lines[0], lines[1], loss, way, len(samples))


def _line(end: float, way: Numbers) -> Numbers:
    """Values of a weight: around its way, or around where it is."""
    low, high = (float(way.min()), float(way.max())) if len(way) else (end, end)
    low, high = min(low, end), max(high, end)
    beyond = max(BEYOND * (high - low), 0.0) or max(LEAST, abs(end))
    # The value of the network itself is one of the steps, so that its own loss is among those drawn.
    steps = np.linspace(low - beyond, high + beyond, STEPS)
    steps[np.argmin(np.abs(steps - end))] = end
    return steps


def _places_of(net: Network, weights: object, path: Sequence[Network]) -> tuple[Place, Place]:
    """The two weights that are asked for, those that moved most, or the two largest."""
    if weights is not None:
        found = [_place(net, one) for one in as_list(weights)]
        if len(found) != 2 or found[0] == found[1]:  # noqa: PLR2004 (a plane)
            raise InputError(
                parameter="weights",
                given=weights,
                needs="must be two weights, each by its matrix, unit and source",
                advice=f"Try {argument('weights', [[1, 1, 1], [1, 1, 2]])}.",
            )
        return found[0], found[1]
    sizes = [np.abs(np.asarray(w, np.float64)) for w in net.weights]
    if len(path) > 1:
        stacks = [
            np.stack([np.asarray(one.weights[m], np.float64) for one in path]) for m in range(len(sizes))
        ]
        sizes = [np.ptp(stack, axis=0) for stack in stacks]
    every = [(-float(size), m, k, i) for m, w in enumerate(sizes, 1) for (k, i), size in np.ndenumerate(w)]
    if len(every) < 2:  # noqa: PLR2004 (as above)
        needs = "a plane needs two weights"
        raise InputError("The network has one weight", parameter="thing", needs=needs, advice="Draw another.")
    largest = sorted(sorted(every)[:2], key=lambda one: one[1:])
    (_, *first), (_, *second) = largest
    return (first[0], first[1] + 1, first[2]), (second[0], second[1] + 1, second[2])


def _place(net: Network, one: object) -> Place:
    """Matrix, unit and source of a weight that there is."""
    if isinstance(one, WeightPlace):
        one = (one.matrix, one.unit, one.source)
    given = as_list(one)
    if len(given) == 3:  # noqa: PLR2004 (matrix, unit, source)
        m, k = (whole_number_from_1(number, "weights") for number in given[:2])
        i = whole_number_from_0(given[2], "weights")
        shape = net.weights[m - 1].shape if m <= len(net.weights) else (0, 0)
        if k <= shape[0] and i < shape[1]:
            return m, k, i
    raise InputError(
        parameter="weights",
        given=one,
        needs="must be the matrix, the unit and the source of a weight of the network, source 0 the bias",
        advice=f"Try {argument('weights', [[1, 1, 0], [1, 1, 1]])}.",
    )


def _checked_path(net: Network, path: object) -> list[Network]:
    """Networks like the one that is drawn."""
    given = as_list(path)
    shapes = [w.shape for w in net.weights]
    networks = [one for one in given if isinstance(one, Network) and [w.shape for w in one.weights] == shapes]
    if len(networks) < len(given):
        raise InputError(
            parameter="path",
            given=path,
            needs="must be networks like the one that is drawn, in the order of the training",
            advice="Keep those of a training: on_epoch=lambda progress: path.append(progress.network).",
        )
    return networks


def _rows(subject: Subject, X: Any, Y: Any) -> tuple[Any, Any, str]:
    """Rows that the loss is of: those given, or those that it has learnt from."""
    if X is not None and Y is not None:
        return X, Y, ""
    data = subject.data
    if data is not None and X is None and Y is None:
        rows = data.training_rows
        return data.X[rows], data.Y[rows], " it has learnt from"
    raise InputError(
        f"{argument('X')} and {argument('Y')} are missing.",
        parameter="X" if X is None else "Y",
        needs="the loss is one of rows",
        advice="Give the rows that the network has learnt from, as it was given them.",
    )


def _told_apart(levels: Numbers) -> list[str]:
    """Levels with as few digits as tell them apart."""
    texts: list[str] = []
    for digits in range(2, 8):
        texts = [written(float(one), digits) for one in levels]
        if len(set(texts)) == len(texts):
            break
    return texts


def _draw(surface: Surface, loss_name: str, beneath: str, ax: Any, look: Look) -> None:
    names = [str(WeightPlace(*place)) for place in surface.places]
    finite = surface.loss[np.isfinite(surface.loss)]
    is_log = bool(len(finite)) and is_logarithmic(float(finite.min()), float(finite.max()))
    head = f"Loss ({loss_name}) over two weights{', logarithmic levels' if is_log else ''}"
    title(ax, look, head, beneath)
    label_axes(ax, look, names[0], names[1])
    is_hilly = bool(len(finite)) and varies(finite)
    if is_hilly:
        _contours(surface, finite, ax, look, is_log=is_log)
    if len(surface.way):
        ax.plot(*surface.way.T, color="white", linewidth=2.6, zorder=3)
        ax.plot(*surface.way.T, color="#c2220c", linewidth=1.2, zorder=4, label="way")
        for at, words, fill in ((0, "start", "white"), (-1, "end", "#c2220c")):
            x, y = surface.way[at]
            ax.plot([x], [y], "o", markersize=6, markerfacecolor=fill, markeredgecolor="#c2220c", zorder=5)
            ax.annotate(
                words, (x, y), (7, 5), textcoords="offset points", color="black", zorder=6,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8},
                **wording(look.small),
            )  # fmt: skip
        others = "the other weights as at the end; on the way there they were others, too"
    else:
        others = "the other weights as they are"
    say_below(ax, look, others if is_hilly else f"the loss hardly varies; {others}")


def _contours(surface: Surface, finite: Numbers, ax: Any, look: Look, *, is_log: bool) -> None:
    """Areas and lines of equal loss, as many as numbers can tell apart."""
    low, high = float(finite.min()), float(finite.max())
    levels = np.geomspace(low, high, LEVELS + 2) if is_log else np.linspace(low, high, LEVELS + 2)
    levels = np.unique(levels)
    field = np.ma.masked_invalid(surface.loss)
    how = {"norm": LogNorm(low, high)} if is_log else {"vmin": low, "vmax": high}
    filled = ax.contourf(surface.across, surface.up, field, levels=levels, cmap=rcParams["image.cmap"], **how)
    ax.contour(
        surface.across, surface.up, field, levels=levels[1:-1], colors="white", linewidths=0.5, alpha=0.8
    )
    bar = colour_bar(ax, look, filled)
    bar.set_ticks(levels, labels=_told_apart(levels))
    bar.minorticks_off()
