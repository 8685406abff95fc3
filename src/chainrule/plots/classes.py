"""How good classes are: which are taken for which, and how often chances are right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.errors import InputError
from chainrule.plots.drawing import Look, Panel, colour_bar, label_axes, mixed, say_below, size_of, title
from chainrule.plots.labels import first_targets, fitted, inches_of, wording
from chainrule.scores.calibration import BINS
from chainrule.scores.intervals import share_interval

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.plots.subjects import Scored
    from chainrule.scores import ClassScore

    Numbers = npt.NDArray[np.float64]

__all__ = ["Reliability", "calibration_panels", "confusion_panels", "reliability_of"]

MOST_CLASSES = 40
MOST_WRITTEN = 20  # classes whose counts have room
ROOM_OF_NAMES = 1.3  # inches
SMALLEST = 5.0  # points
HALF = 0.55
FOOT = -0.12  # of a calibration, where rows are counted


class Reliability(NamedTuple):
    """How often the answers were right that were about as sure.

    Attributes
    ----------
    sure, right : arrays of shape (n_bins,)
        Mean of the largest probability, and share of rows that it was right of.
    low, high : arrays
        Ends of the 95 % interval of that share.
    rows : array of int
        How many rows a bin has.
    """

    sure: Numbers
    right: Numbers
    low: Numbers
    high: Numbers
    rows: npt.NDArray[np.intp]


def confusion_panels(scored: Scored) -> list[Panel]:
    """A table for each target: rows by their class, columns by the class that was predicted."""
    panels = []
    for score, more in first_targets(scored.scores):
        size = 2.2 + 0.34 * min(len(score.rows), 16)
        panels.append(Panel(partial(_confusion, score, scored.rows, more), size + 0.6, size))
    return panels


def _confusion(score: ClassScore, rows: str, more: str, ax: Any, look: Look) -> None:
    names, table = list(score.rows), np.array(score.confusion, dtype=np.float64)
    left_out = len(names) - MOST_CLASSES
    if left_out > 0:
        most = np.sort(np.argsort(-table.sum(axis=1), kind="stable")[:MOST_CLASSES])
        names, table = [names[k] for k in most], table[np.ix_(most, most)]
        more = f"the {left_out} classes of the fewest rows are not drawn" + (f"; {more}" if more else "")
    own = np.array(score.confusion, dtype=np.float64).sum(axis=1)
    own = own if left_out <= 0 else own[most]
    shares = np.divide(table, own[:, np.newaxis], out=np.zeros_like(table), where=own[:, np.newaxis] > 0)
    image = ax.imshow(shares, cmap=look.shades(), vmin=0.0, vmax=1.0, aspect="equal")
    n = len(names)
    title(ax, look, score.target, rows, f": accuracy {score.accuracy:.3f}")
    label_axes(ax, look, "predicted class", "actual class")
    _class_ticks(ax, look, names)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    ax.grid(which="minor", color=look.faint, linewidth=0.6)
    ax.grid(which="major", visible=False)
    ax.tick_params(which="both", length=0)
    if n <= MOST_WRITTEN:
        _write_counts(ax, look, table, shares, is_weighted=score.is_weighted)
    else:
        bar = colour_bar(ax, look, image)
        bar.set_label("share of the rows of a class", color=look.ink, **wording(look.small))
    counted_how = "rows count by their weights" if score.is_weighted else ""
    below = "; ".join(one for one in (counted_how, more) if one)
    if below:
        say_below(ax, look, below)


def _class_ticks(ax: Any, look: Look, names: list[str]) -> None:
    """Names of classes along both axes, turned where they have no room side by side."""
    n = len(names)
    cell = min(size_of(ax)) * 0.8 / n
    size = min(look.small, max(SMALLEST, cell * 72 * 0.85))
    texts = fitted(names, ROOM_OF_NAMES, size)
    step = max(int(np.ceil(size * 1.15 / 72 / cell)), 1)
    places = list(range(0, n, step))
    is_turned = max(inches_of(one, size) for one in texts) > 0.9 * cell
    shown = [texts[k] for k in places]
    how = {"color": look.ink, **wording(size)}
    ax.set_xticks(places, shown, rotation=90 if is_turned else 0, **how)
    ax.set_yticks(places, shown, **how)
    if step > 1:
        say_below(ax, look, f"every {_ordinal(step)} class is named")


def _ordinal(n: int) -> str:
    return {2: "second", 3: "third"}.get(n, f"{n}th")


def _write_counts(ax: Any, look: Look, table: Numbers, shares: Numbers, *, is_weighted: bool) -> None:
    n = len(table)
    size = look.size if n <= 8 else max(SMALLEST, look.size * 8 / n)  # noqa: PLR2004 (as many as have room)
    for (i, k), count in np.ndenumerate(table):
        if count or n <= 8:  # noqa: PLR2004 (as above)
            text = f"{count:.1f}" if is_weighted else f"{count:.0f}"
            colour = look.ground if shares[i, k] > HALF else look.ink
            colour = mixed(look.quiet, look.ground, 0.2) if not count else colour
            ax.text(k, i, text, ha="center", va="center", color=colour, **wording(size))


def reliability_of(score: ClassScore, bins: int = BINS) -> Reliability | None:
    """How often answers are right in bins of how sure they are; None where outputs are no probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule.scores.classes import ClassRows, score_classes
    >>> chances = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    >>> rows = ClassRows(np.array([0, 1, 1]), np.array([0, 0, 1]), chances, chances=True)
    >>> found = reliability_of(score_classes("kind", rows, ["a", "b"]))
    >>> found.sure.tolist(), found.right.tolist(), found.rows.tolist()
    ([0.6, 0.9], [1.0, 0.5], [1, 2])
    """
    scored = score.scored
    if scored.outputs is None or not scored.chances:
        return None
    sure, right = scored.outputs.max(axis=1), scored.outputs.argmax(axis=1) == scored.truth
    place = np.clip(np.ceil(sure * bins).astype(np.intp) - 1, 0, bins - 1)
    found = []
    for one in np.unique(place):
        here = place == one
        weights = scored.counting[here]
        if not weights.any():
            continue
        share = float(np.average(right[here], weights=weights))
        low, high = share_interval(share, weights)
        found.append((float(np.average(sure[here], weights=weights)), share, low, high, int(here.sum())))
    columns = [np.array(column) for column in zip(*found, strict=True)]
    return Reliability(*columns)


def calibration_panels(scored: Scored) -> list[Panel]:
    """How often answers are right against how sure they are, and of how many rows that is."""
    pairs = [(score, reliability_of(score)) for score in scored.scores]
    there = [(score, found) for score, found in pairs if found is not None]
    if not there:
        raise InputError(
            "The outputs are no probabilities",
            parameter="kind",
            given="calibration",
            needs="a calibration of classes is one of probabilities",
            advice="Take a softmax output, or a logistic one of two classes.",
        )
    return [
        Panel(partial(_calibration, score, found, scored.rows, more), 4.2, 4.0)
        for (score, found), more in first_targets(there)
    ]


def _calibration(
    score: ClassScore,
    found: Reliability,
    rows: str,
    more: str,
    ax: Any,
    look: Look,
) -> None:
    error = "" if score.calibration_error is None else f": calibration error {score.calibration_error:.3f}"
    title(ax, look, score.target, rows, error)
    label_axes(ax, look, "how sure (largest probability)", "how often right")
    low = float(np.floor(10 * min(1.0 / len(score.rows), found.sure.min())) / 10)
    ax.set_xlim(low - 0.02, 1.02)
    ax.set_ylim(FOOT, 1.03)
    ax.set_box_aspect(1.0)
    ax.plot([low, 1], [low, 1], color=look.quiet, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    ends = [np.clip(found.right - found.low, 0, None), np.clip(found.high - found.right, 0, None)]
    ax.errorbar(
        found.sure, found.right, yerr=ends, fmt="o", color=look.first, markersize=5, elinewidth=0.8,
        capsize=0, zorder=3, label="right",
    )  # fmt: skip
    ax.set_xticks(np.arange(round(10 * low), 11, 1 if low >= 0.5 else 2)[::1] / 10)  # noqa: PLR2004 (half)
    ax.set_yticks(np.arange(0, 11, 2) / 10)
    _rows_of_bins(ax, look, found)
    about = "lines: 95 % intervals; at the foot: rows"
    say_below(ax, look, f"{about}; {more}" if more else about)


def _rows_of_bins(ax: Any, look: Look, found: Reliability) -> None:
    """Counts at the foot, left out where the one before has no room beside it."""
    size = 0.85 * look.small
    width = 0.9 * min(size_of(ax)[0], 3.2)
    low, high = ax.get_xlim()
    end = -1.0
    for x, n in zip(found.sure, found.rows, strict=True):
        at, half = (x - low) / (high - low) * width, inches_of(f"{n}", size) / 2
        if at - half > end + 0.04:
            ax.annotate(
                f"{n}", (x, FOOT), (0, 2), textcoords="offset points", ha="center", va="bottom",
                color=look.quiet, **wording(size),
            )  # fmt: skip
            end = at + half
