"""A gradient check against its limits, and what a model answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from chainrule.inspection import summary_of_check
from chainrule.plots.drawing import Look, Panel, label_axes, say_below, title
from chainrule.plots.labels import first_targets, fitted, wording, written
from chainrule.plots.numbers import DAY, DAYS, date_ticks, unit_of
from chainrule.words import counted

if TYPE_CHECKING:
    from chainrule.inspection import CheckRow, GradientCheck
    from chainrule.models import Predictions
    from chainrule.plots.subjects import Subject

__all__ = ["answers_panels", "errors_panels"]

MOST_CLASSES = 30
MICROSECONDS = 1e6  # of a second
SMALLEST_ERROR = 1e-18  # that is drawn; 0 has no place on a logarithmic scale
ROOM_OF_NAMES = 1.6  # inches


def errors_panels(subject: Subject) -> list[Panel]:
    """The worst error of each estimate, and its limit."""
    check: GradientCheck = subject.thing
    return [Panel(partial(_errors, check), 5.2, 2.6)]


def _errors(check: GradientCheck, ax: Any, look: Look) -> None:
    told = summary_of_check(check)
    title(ax, look, told.title, told.extent)
    label_axes(ax, look, "worst error / largest gradient (logarithmic scale)", "")
    ax.set_xscale("log")
    for place, row in enumerate(told.rows):
        error, limit, remark = row.error, row.limit, _remark(row)
        shown = min(max(error, SMALLEST_ERROR), 1e300)
        ax.plot([SMALLEST_ERROR, shown], [place, place], color=look.quiet, linewidth=0.8, zorder=1)
        ax.plot([shown], [place], "o", color=look.first, markersize=6, zorder=3, label="error")
        if error < SMALLEST_ERROR:
            ax.annotate(
                written(error, 2), (shown, place), (7, 0), textcoords="offset points", va="center",
                color=look.ink, **wording(look.small),
            )  # fmt: skip
        if remark:
            ax.annotate(
                remark, (shown, place), (0, -9), textcoords="offset points", va="top",
                ha="right" if error > limit else "left", color=look.ink, **wording(look.small),
            )  # fmt: skip
        ax.plot(
            [limit], [place], "|", color=look.ink, markersize=16, markeredgewidth=1.4, zorder=2, label="limit"
        )
    ax.annotate(
        "limit", (told.rows[0].limit, 0), (0, 10), textcoords="offset points", ha="center", va="bottom",
        color=look.ink, **wording(look.small),
    )  # fmt: skip
    names = [row.name for row in told.rows]
    ax.set_ylim(len(names) - 0.5, -0.8)
    ax.set_yticks(range(len(names)), names, color=look.ink, **wording(look.size))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlim(SMALLEST_ERROR / 3, None)


def _remark(row: CheckRow) -> str:
    """What an estimate that passed is not worth."""
    if not row.passed:
        return ""
    if row.method is not None and row.method.rounding >= 1:
        return "cannot see these gradients: rounding is larger"
    return row.remark.partition(":")[0]


def answers_panels(subject: Subject) -> list[Panel]:
    """How often each class was answered, or how numbers are spread, for each target."""
    predictions: Predictions = subject.thing
    return [
        Panel(partial(_answers, predictions, name, more), 4.6, _height_of(predictions, name))
        for name, more in first_targets(predictions.targets)
    ]


def _height_of(predictions: Predictions, name: str) -> float:
    """Inches: as much as bars need."""
    if predictions.classes is None:
        return 3.2
    n = min(len(set(map(str, predictions[name]))), MOST_CLASSES)
    return 1.1 + 0.24 * max(n, 3)


def _answers(predictions: Predictions, name: str, more: str, ax: Any, look: Look) -> None:
    values = predictions[name]
    title(ax, look, f"Predicted {name}", counted(len(predictions), "row"))
    numbers, unit = _as_numbers(values) if predictions.classes is None else (None, "")
    if numbers is not None:
        finite = numbers[np.isfinite(numbers)]
        label_axes(ax, look, f"predicted {name}{unit}", "rows")
        ax.hist(finite, bins=_edges(finite), color=look.first, edgecolor=look.ground, linewidth=0.6)
        ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        if values.dtype.kind == "M":
            date_ticks(ax.xaxis)
    else:
        more = _class_bars(values, more, ax, look)
    if more:
        say_below(ax, look, more)


def _as_numbers(values: Any) -> tuple[Any, str]:
    """Answers as numbers, times as days, and a unit in words; None where they are texts."""
    kind = values.dtype.kind
    if kind == "M":
        days = values.astype("datetime64[us]").astype(np.float64) / MICROSECONDS / DAY
        return np.where(np.isnat(values), np.nan, np.clip(days, *DAYS)), ""
    if kind == "m":
        seconds = values.astype("timedelta64[us]").astype(np.float64) / MICROSECONDS
        unit, size = unit_of(seconds)
        return seconds / size, f" ({unit})"
    return (values.astype(np.float64), "") if kind in "iuf" else (None, "")


def _edges(values: Any) -> Any:
    """Edges of as many bins as so few rows can fill."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, int(np.clip(np.sqrt(max(len(values), 1)), 5, 40)) + 1)


def _class_bars(values: Any, more: str, ax: Any, look: Look) -> str:
    found, counts = np.unique(np.asarray([str(one) for one in values]), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MOST_CLASSES]
    label_axes(ax, look, "", "")
    names = fitted([str(found[k]) for k in order], ROOM_OF_NAMES, look.small)
    bars = ax.barh(range(len(order)), counts[order], color=look.first, height=0.5)
    size = {"color": look.ink, **wording(look.small)}
    ax.bar_label(bars, [f"{one:,}" for one in counts[order]], padding=4, **size)
    ax.spines["bottom"].set_visible(False)
    ax.set_xticks([])
    ax.margins(x=0.12)
    ax.set_yticks(range(len(order)), names, color=look.ink, **wording(look.small))
    ax.set_ylim(len(order) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    if len(found) > len(order):
        rest = f"{len(found) - len(order)} rarer classes are not drawn"
        return f"{rest}; {more}" if more else rest
    return more
