"""Losses, and the metric that is watched, epoch by epoch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from chainrule.displays import is_logarithmic
from chainrule.equations import name_of
from chainrule.network import members_of
from chainrule.plots.drawing import Look, Panel, Plain, label_axes, say_below, size_of, title
from chainrule.plots.labels import POINTS, wording
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.plots.subjects import Run, Subject

    Numbers = npt.NDArray[np.float64]

__all__ = ["history_panels"]

TINY, HUGE = 1e-290, 1e290  # beyond which a logarithmic axis cannot reach
MOST_RUNS = 50
FEW_EPOCHS = 25  # each of which gets a mark
DECADES = 1000.0  # times, above which ticks are powers of ten alone


class Curve(NamedTuple):
    """One line of a picture."""

    epochs: Numbers
    values: Numbers
    words: str
    is_second: bool  # of validation rows


def history_panels(subject: Subject) -> list[Panel]:
    """Losses of training and validation rows by epoch; beneath them the metric, where one is watched."""
    runs = subject.runs[:MOST_RUNS]
    panels = [Panel(partial(_losses, subject, runs), 5.2, 3.4)]
    if any(epoch.score is not None for run in runs for epoch in run.history.epochs):
        panels.append(Panel(partial(_metric, subject, runs), 5.2, 3.4, is_extra=True))
    return panels


def _losses(subject: Subject, runs: Sequence[Run], ax: Any, look: Look) -> None:
    curves = [one for run in runs for one in _curves_of(run)]
    is_log = _is_log(curves)
    scale = " (log scale)" if is_log else ""
    if is_log:
        ax.set_yscale("log")
    title(ax, look, "Loss by epoch", _of_what(subject, runs))
    label_axes(ax, look, "epoch", f"mean loss{_loss_name(subject)}{scale}")
    _draw(ax, look, curves, is_log=is_log, several=len(runs) > 1)
    if len(runs) == 1:
        _mark_best(ax, look, runs[0], curves)
        ends = [end for end in runs[0].ends if end < len(runs[0].history.epochs)]
        for end in ends:
            ax.axvline(end, color=look.quiet, linewidth=0.7, linestyle=(0, (1, 2)), zorder=0)
        if ends:
            say_below(ax, look, "dotted: where a cycle of the recipe ends")
    _say_gaps(ax, look, curves)


def _metric(subject: Subject, runs: Sequence[Run], ax: Any, look: Look) -> None:
    curves = []
    for run in runs:
        epochs = run.history.epochs
        has_rows = any(epoch.validation_loss is not None for epoch in epochs)
        words = "validation rows" if has_rows else "training rows"
        curves.append(_curve(epochs, [epoch.score for epoch in epochs], words, is_second=has_rows))
    title(ax, look, "The watched metric by epoch", _of_what(subject, runs))
    label_axes(ax, look, "epoch", "metric")
    _draw(ax, look, curves, is_log=False, several=len(runs) > 1)
    _say_gaps(ax, look, curves)


def _of_what(subject: Subject, runs: Sequence[Run]) -> str:
    n, every = len(runs), len(subject.runs)
    if every == 1:
        epochs = counted(len(runs[0].history.epochs), "epoch")
        return f"{epochs}; the first network of several" if subject.run == "first network" else epochs
    words = counted(every, subject.run)
    return f"the first {n} of {words}" if n < every else words


def _loss_name(subject: Subject) -> str:
    if subject.network is None:
        folds = getattr(subject.thing, "folds", None)
        return f", {name_of(members_of(folds[0].model.network)[0].loss)}" if folds else ""
    return f", {name_of(members_of(subject.network)[0].loss)}"


def _curves_of(run: Run) -> list[Curve]:
    epochs = run.history.epochs
    curves = [_curve(epochs, [epoch.loss for epoch in epochs], "training rows", is_second=False)]
    if any(epoch.validation_loss is not None for epoch in epochs):
        values = [epoch.validation_loss for epoch in epochs]
        curves.append(_curve(epochs, values, "validation rows", is_second=True))
    return curves


def _curve(epochs: Sequence[Any], values: Sequence[float | None], words: str, *, is_second: bool) -> Curve:
    numbers = np.array([one.number for one in epochs], dtype=np.float64)
    found = np.array([np.nan if one is None else one for one in values], dtype=np.float64)
    return Curve(numbers, found, words, is_second)


def _is_log(curves: Sequence[Curve]) -> bool:
    """Whether values are all above 0 and reach over more than an order of magnitude."""
    values = np.concatenate([one.values[np.isfinite(one.values)] for one in curves])
    if not len(values):
        return False
    low, high = float(values.min()), float(values.max())
    return low > TINY and high < HUGE and is_logarithmic(low, high)


def _draw(ax: Any, look: Look, curves: Sequence[Curve], *, is_log: bool, several: bool) -> None:
    """Draw lines, each kind named once, where the last of its kind ends."""
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    named: dict[str, tuple[float, str]] = {}
    last = 0.0
    for one in curves:
        finite = np.where(np.isfinite(one.values), one.values, np.nan)
        colour = look.second if one.is_second else look.first
        few = (len(one.epochs) <= FEW_EPOCHS and not several) or _has_lone_values(finite)
        ax.plot(
            one.epochs,
            finite,
            color=colour,
            linewidth=0.8 if several else 1.4,
            alpha=0.6 if several else 1.0,
            linestyle="--" if one.is_second else "-",
            marker=("^" if one.is_second else "o") if few else None,
            markersize=3.5,
            label=one.words,
        )
        there = np.flatnonzero(np.isfinite(finite))
        if len(there):
            last = max(last, one.epochs[there[-1]])
            if one.words not in named or several:
                named[one.words] = (float(finite[there[-1]]), colour)
    if not named:
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_yticks([])
        ax.set_xticks([])
        words = "no epochs" if not any(len(one.epochs) for one in curves) else "no finite value"
        ax.text(0.5, 0.5, words, ha="center", va="center", color=look.ink, **wording(look.size))
        return
    if is_log:
        _plain_powers(ax)
    _name_lines(ax, look, last, named)


def _has_lone_values(values: Numbers) -> bool:
    """Whether a value stands between gaps, so that no line leads to it."""
    there = np.concatenate([[False], np.isfinite(values), [False]])
    return bool((there[1:-1] & ~there[:-2] & ~there[2:]).any())


def _name_lines(ax: Any, look: Look, last: float, named: dict[str, tuple[float, str]]) -> None:
    """Names beside the ends of lines, apart from each other."""
    ax.margins(y=0.08)
    height = size_of(ax)[1] * POINTS
    line = 1.3 * look.size
    places = {}
    for words, (value, _) in named.items():
        (_, at) = ax.transAxes.inverted().transform(ax.transData.transform((last, value)))
        places[words] = at * height
    lowest = -np.inf
    for words in sorted(places, key=lambda one: places[one]):
        place = max(places[words], lowest + line)
        lowest = place
        value, colour = named[words]
        ax.annotate(
            words.removesuffix(" rows"), (last, value), (6, place - places[words]),
            textcoords="offset points", va="center", ha="left", color=colour, annotation_clip=False,
            **wording(look.size),
        )  # fmt: skip


def _mark_best(ax: Any, look: Look, run: Run, curves: Sequence[Curve]) -> None:
    """Mark the epoch that the network is from."""
    best = run.best_epoch
    if best is None or not 1 <= best <= len(run.history.epochs):
        return
    value = curves[-1].values[best - 1]
    ax.axvline(best, color=look.quiet, linewidth=0.8, zorder=0)
    if np.isfinite(value):
        ax.plot([best], [value], "o", color=look.ink, markersize=5, fillstyle="none", zorder=3, label="best")
    is_right = best > (1 + len(run.history.epochs)) / 2
    ax.annotate(
        f"best: epoch {best}", (best, 1), (-4 if is_right else 4, -3), xycoords=("data", "axes fraction"),
        textcoords="offset points", va="top", ha="right" if is_right else "left", color=look.ink,
        **wording(look.small),
    )  # fmt: skip


def _say_gaps(ax: Any, look: Look, curves: Sequence[Curve]) -> None:
    """Say of how many epochs nothing can be drawn."""
    lost = np.zeros(max((len(one.epochs) for one in curves), default=0), dtype=bool)
    for one in curves:
        gaps = ~np.isfinite(one.values)
        is_partly_there = not gaps.all()
        if is_partly_there or not one.is_second:
            lost[: len(gaps)] |= gaps
    if lost.any():
        n = int(lost.sum())
        say_below(
            ax, look, f"{counted(n, 'epoch')} without a finite value {'is' if n == 1 else 'are'} not drawn"
        )


def _plain_powers(ax: Any) -> None:
    """Ticks of a logarithmic scale as plain numbers, several of them however short it is."""
    low, high = ax.get_ylim()
    subs = (1.0, 2.0, 5.0) if high < DECADES * low else (1.0,)
    ax.yaxis.set_major_locator(LogLocator(subs=subs, numticks=8))
    ax.yaxis.set_major_formatter(Plain())
    ax.yaxis.set_minor_formatter(NullFormatter())
