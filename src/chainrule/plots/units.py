"""What one unit says over two inputs, the others at values that are typical."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams

from chainrule.errors import InputError, argument
from chainrule.models import gives_chances
from chainrule.network import as_samples
from chainrule.plots.drawing import Look, Panel, colour_bar, label_axes, say_below, title, varies
from chainrule.plots.labels import places_of, written
from chainrule.plots.networks import input_names, one_network, output_names
from chainrule.plots.numbers import Scale, date_ticks
from chainrule.plots.weights import as_list, checked_layer, chosen
from chainrule.tables import DateTarget, typical_row
from chainrule.tables.columns.readings import DurationReading
from chainrule.words import joined, named

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from chainrule.models import Model
    from chainrule.network import Network
    from chainrule.plots.subjects import Subject
    from chainrule.tables import Table

    Numbers = npt.NDArray[np.float64]

__all__ = ["Ground", "unit_panels"]

STEPS = 61  # of the map, each way
STEPS_OF_LINE = 241
MARGIN = 0.08  # of half a range
MOST_TRIED = 60  # inputs, of which the two are chosen that move the unit most
MOST_ROWS = 400  # that are marked
MOST_NAMED = 2  # of the other inputs
USUAL = (-2.0, 2.0)  # of inputs of which nothing is known: two standard deviations of scaled ones


@dataclass(frozen=True)
class Ground:
    """What the map can be drawn over.

    Attributes
    ----------
    names : list of str
        Inputs that can be varied: columns of numbers, or inputs of the network.
    typical, low, high : arrays of shape (n_names,)
    of : callable
        Gives X for values of all of them, shape (n_points, n_names).
    rows : array of shape (n_rows, n_names)
        Rows that are known.
    marked : array of bool, shape (n_rows,), or None
        Which of them are of the class that the unit stands for.
    beside : list of str
        Other columns of the table, and their most frequent cells.
    is_encoded : bool
        Whether these are inputs of the network, not columns of the table.
    """

    names: list[str]
    typical: Numbers
    low: Numbers
    high: Numbers
    of: Callable[[Numbers], npt.NDArray[Any]]
    rows: Numbers
    marked: npt.NDArray[np.bool_] | None = None
    beside: tuple[str, ...] = ()
    is_encoded: bool = False

    def grid(self, axes: Sequence[int], steps: int) -> tuple[list[Numbers], Numbers]:
        """Values along one or two axes, and all points of them."""
        lines = [np.linspace(self.low[k], self.high[k], steps) for k in axes]
        points = np.tile(self.typical, (steps ** len(axes), 1))
        for k, values in zip(axes, np.meshgrid(*lines), strict=True):
            points[:, k] = values.ravel()
        return lines, points


def unit_panels(
    subject: Subject,
    *,
    member: int | None = None,
    layer: int | None = None,
    unit: str | int | None = None,
    inputs: Sequence[str | int] | None = None,
    table: Any = None,
    X: Any = None,
) -> list[Panel]:
    """The output of a unit over two inputs, or over one where there is no other."""
    net, words = one_network(subject, member)
    m = checked_layer(net, layer, len(net.weights))
    is_last = m == len(net.weights)
    names = output_names(subject, net) if is_last else [f"{k}" for k in range(1, net.sizes[m] + 1)]
    place = 0 if unit is None else chosen(names, unit, "unit")
    ground = _ground_of(subject, net, table, X)
    if is_last:
        ground = replace(
            ground, marked=_of_class(subject, ground, place, has_own=table is None and X is None)
        )
    values_of = _answers_of(subject, net, member, place) if is_last else _outputs_of(net, m, place)
    axes = _axes_of(ground, inputs, values_of)
    steps = STEPS if len(axes) > 1 else STEPS_OF_LINE
    lines, points = ground.grid(axes, steps)
    values = values_of(ground.of(points))
    scale = _scale_of(subject, values, place) if is_last else Scale()
    head = f"{_head(subject, net, m, names[place], is_last=is_last)}{scale.unit}"
    if words and (not is_last or member is not None):
        head = f"{head}, {words}"
    return [Panel(partial(_draw, ground, axes, lines, scale.scaled(values), scale, head), 5.0, 4.0)]


def _of_class(subject: Subject, ground: Ground, place: int, *, has_own: bool) -> Any:
    """Which rows of the data are of the class of an output."""
    data = subject.data
    if data is None or not has_own or data.encoding.kind == "numbers" or len(ground.rows) != len(data.Y):
        return None
    return data.Y[:, place] > 0.5  # noqa: PLR2004 (0 or 1)


def _head(subject: Subject, net: Network, m: int, name: str, *, is_last: bool) -> str:
    """What the map is of."""
    if not is_last:
        return f"Unit {name} of layer {m}"
    encoding = subject.encoding
    if encoding is not None and encoding.n_outputs == net.sizes[-1] and encoding.kind != "numbers":
        what = "probability" if gives_chances(net, encoding) else "output"
        return f"{what.capitalize()} of {named(name)}"
    return f"Predicted {named(name)}" if encoding is not None else f"Output {named(name)}"


def _scale_of(subject: Subject, values: Numbers, place: int) -> Scale:
    """How answers are written: of a target that is a time as such."""
    encoding = subject.encoding
    if encoding is None or encoding.kind != "numbers":
        return Scale()
    part: Any = encoding.learnt[place]
    is_date = isinstance(part, DateTarget)
    is_time = is_date or isinstance(part.reading, DurationReading)
    return Scale.of(values, is_time=is_time, is_date=is_date)


def _outputs_of(net: Network, m: int, place: int) -> Callable[[npt.NDArray[Any]], Numbers]:
    """Function of X that gives the output of a unit within the network, the mean of its members."""

    def values(X: npt.NDArray[Any]) -> Numbers:
        passed = net.forward(X).a[m - 1]
        return np.asarray(passed.reshape(len(X), -1, passed.shape[1]).mean(axis=1)[:, place], np.float64)

    return values


def _answers_of(
    subject: Subject, net: Network, member: int | None, place: int
) -> Callable[[npt.NDArray[Any]], Numbers]:
    """Function of X that gives an answer in the target's own unit: of all networks, or of a member."""
    encoding = subject.encoding
    network: Any = subject.network if member is None else net
    model = None if subject.model is None else replace(subject.model, network=network)

    def values(X: npt.NDArray[Any]) -> Numbers:
        if model is None or encoding is None:
            return np.asarray(network(X)[:, place], np.float64)
        outputs = np.asarray(model.outputs(X), np.float64)
        if encoding.kind != "numbers":
            return outputs[:, place]
        return np.asarray(encoding.decode_outputs(outputs)[:, place], np.float64)  # type: ignore[call-overload]

    return values


def _axes_of(
    ground: Ground, inputs: Sequence[str | int] | None, values_of: Callable[[npt.NDArray[Any]], Numbers]
) -> list[int]:
    """The inputs that are asked for, or those two that move the unit most."""
    if inputs is not None:
        axes = [chosen(ground.names, one, "inputs") for one in as_list(inputs)]
        if len(axes) not in {1, 2} or len(set(axes)) < len(axes):
            needs = "must be two inputs, or one"
            raise InputError(parameter="inputs", given=inputs, needs=needs, advice="Give two.")
        return axes
    moves = []
    for k in places_of(len(ground.names), MOST_TRIED):
        _, points = ground.grid([k], 9)
        moves.append((-float(np.ptp(values_of(ground.of(points)))), k))
    return sorted(k for _, k in sorted(moves)[:2])


def _ground_of(subject: Subject, net: Network, table: Any, X: Any) -> Ground:
    """Columns of the table where there is one, else the inputs of the network."""
    model, data = subject.model, subject.data
    if table is not None and (subject.encoding is None or X is not None):
        raise InputError(
            f"{argument('table')} was given",
            parameter="table",
            given=table,
            needs="a network alone knows no tables" if X is None else f"{argument('X')} was given as well",
            advice=f"Give {argument('X')} alone.",
        )
    if model is not None and model.encoding is not None and X is None:
        source = model.read(table) if table is not None else None if data is None else data.table
        if source is not None:
            ground = _over_columns(model, source)
            if ground is not None:
                return ground
            X = model.encoding.encode_inputs(source)
    n = net.sizes[0]
    rows = np.zeros((0, n)) if X is None else np.asarray(as_samples(X, n, net.dtype, "X"), np.float64)
    low, high = (np.full(n, end) for end in USUAL)
    typical = np.zeros(n)
    if len(rows):
        typical, low, high = rows.mean(axis=0), rows.min(axis=0), rows.max(axis=0)
    low, high = _apart(low, high)
    return Ground(
        input_names(subject, net), typical, low, high, lambda points: points.astype(net.dtype), rows,
        is_encoded=subject.encoding is not None,
    )  # fmt: skip


def _over_columns(model: Model, table: Table) -> Ground | None:
    """Columns of numbers, the others at their median or most frequent cell; None where there are none."""
    row = typical_row(model.table_encoding, table)
    if row is None:
        return None
    low, high = _apart(np.nanmin(row.numbers, axis=0), np.nanmax(row.numbers, axis=0))
    beside = tuple(f"{named(name, 16)} {named(cell, 16)}" for name, cell in row.cells.items())
    return Ground(row.names, row.typical, low, high, row.encoded, row.numbers, beside=beside)


def _apart(low: Numbers, high: Numbers) -> tuple[Numbers, Numbers]:
    """Ends of ranges a little beyond values, also where there is one value."""
    beyond = np.where(high > low, MARGIN * (high / 2 - low / 2), 1.0)
    return low - beyond, high + beyond


def _draw(
    ground: Ground,
    axes: list[int],
    lines: list[Numbers],
    values: Numbers,
    scale: Scale,
    head: str,
    ax: Any,
    look: Look,
) -> None:
    others = [k for k in range(len(ground.names)) if k not in axes]
    title(ax, look, head, _typical_in_words(ground, others))
    names = [ground.names[k] for k in axes]
    if len(axes) == 1:
        label_axes(ax, look, names[0], f"output{scale.unit}")
        ax.plot(lines[0], values, color=look.first, linewidth=1.4, label="unit")
        if scale.is_date:
            date_ticks(ax.yaxis)
        return
    label_axes(ax, look, names[0], names[1])
    field = values.reshape(len(lines[1]), len(lines[0]))
    image = ax.pcolormesh(*lines, field, cmap=rcParams["image.cmap"], shading="gouraud", rasterized=True)
    bar = colour_bar(ax, look, image)
    if np.isfinite(field).all() and varies(field):
        contour = ax.contour(*lines, field, levels=5, colors="white", linewidths=0.8, alpha=0.9)
        bar.add_lines(contour)
    if scale.is_date:
        date_ticks(bar.ax.yaxis)
    _rows(ground, axes, ax, look)


def _rows(ground: Ground, axes: list[int], ax: Any, look: Look) -> None:
    """Circles for rows that are known, those of the class filled."""
    there = np.flatnonzero(np.isfinite(ground.rows[:, axes]).all(axis=1))
    shown = there[places_of(len(there), MOST_ROWS)]
    if not len(shown):
        return
    own = np.zeros(len(ground.rows), dtype=bool) if ground.marked is None else ground.marked
    for is_own, fill in ((False, "white"), (True, "black")):
        some = shown[own[shown] == is_own]
        ax.plot(
            *ground.rows[np.ix_(some, axes)].T, "o", markersize=3.4, markerfacecolor=fill,
            markeredgecolor="black" if not is_own else "white", markeredgewidth=0.6,
            label="own rows" if is_own else "rows",
        )  # fmt: skip
    of_all = "" if len(shown) == len(there) else f"{len(shown)} of {len(there):,} "
    words = (
        f"dots: {of_all}rows" if ground.marked is None else f"dots: {of_all}rows, black those of the class"
    )
    say_below(ax, look, words)


def _typical_in_words(ground: Ground, others: list[int]) -> str:
    texts = [f"{named(ground.names[k], 16)} {written(float(ground.typical[k]), 4)}" for k in others]
    texts = [*ground.beside, *texts]
    if not texts:
        return ""
    of = "encoded inputs" if ground.is_encoded else "others"
    return f"{of} as is typical: {joined(texts, MOST_NAMED)}"
