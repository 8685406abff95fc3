"""How good numbers are: beside what was, how far off, and how often within the intervals they promise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.ticker import Formatter

from chainrule.equations import Quantile
from chainrule.errors import InputError, argument
from chainrule.network import members_of
from chainrule.plots.drawing import Look, Panel, label_axes, say_below, title
from chainrule.plots.labels import first_targets, places_of
from chainrule.scores.digits import number_text, share_text, span_text
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.models import Model
    from chainrule.plots.subjects import Scored, Subject
    from chainrule.scores import NumberScore

    Numbers = npt.NDArray[np.float64]

__all__ = [
    "DAY",
    "DAYS",
    "Scale",
    "coverage_of",
    "coverage_panels",
    "date_ticks",
    "predicted_panels",
    "residuals_panels",
    "unit_of",
]

MOST_ROWS = 5000  # that are drawn
MANY = 400  # rows from which on marks are small and see through
DAY = 86_400.0
DAYS = (-719_162.0, 2_932_896.0)  # since 1970, of the first of January of year 1 and the last day of 9999
SPANS = {"days": DAY, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0}
SHARES = tuple(k / 20 for k in range(1, 20))


class _Dates(Formatter):  # type: ignore[misc, unused-ignore]
    """Ticks of dates: whole years, months or days where all are, each by itself."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """One tick."""
        del pos
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """All ticks of an axis."""
        times = [num2date(one) for one in values]
        if any(one.hour or one.minute or one.second for one in times):
            return [f"{one:%m-%d %H:%M}" for one in times]
        if any(one.day > 1 for one in times):
            return [f"{one:%Y-%m-%d}" for one in times]
        return [f"{one:%Y-%m}" if any(two.month > 1 for two in times) else f"{one:%Y}" for one in times]


class Scale(NamedTuple):
    """How the numbers of a target are written.

    Attributes
    ----------
    size : float
        By which they are divided.
    unit : str
        In words, behind a name.
    is_date : bool
    """

    size: float = 1.0
    unit: str = ""
    is_date: bool = False

    @classmethod
    def of(cls, values: Numbers, *, is_time: bool, is_date: bool = False) -> Scale:
        """That of numbers; of times, which are in seconds, days where they are dates."""
        if is_date:
            return cls(DAY, is_date=True)
        if not is_time:
            return cls()
        unit, size = unit_of(values)
        return cls(size, f" ({unit})")

    def scaled(self, values: Numbers) -> Numbers:
        """Values so divided; dates within those that can be written."""
        return np.clip(values / self.size, *DAYS) if self.is_date else values / self.size


def _scale_of(score: NumberScore, values: Numbers) -> Scale:
    """That of the values of a target."""
    rows = score.scored
    return Scale.of(values, is_time=rows.is_time, is_date=rows.is_time and not rows.has_zero)


def unit_of(seconds: Numbers) -> tuple[str, float]:
    """The largest unit of time of which there is one at least, and its seconds."""
    largest = float(np.max(np.abs(seconds[np.isfinite(seconds)]), initial=0.0))
    unit = next((name for name, size in SPANS.items() if largest >= size), "seconds")
    return unit, SPANS[unit]


def predicted_panels(subject: Subject, scored: Scored) -> list[Panel]:
    """Of each target what was predicted against what was."""
    return _panels(subject, scored, _predicted, 4.0)


def residuals_panels(subject: Subject, scored: Scored) -> list[Panel]:
    """Of each target how far off it was against what was predicted."""
    return _panels(subject, scored, _residuals, 3.6)


def _panels(subject: Subject, scored: Scored, draw: Any, height: float) -> list[Panel]:
    of = _answers_with(subject)
    return [
        Panel(partial(draw, score, scored.rows, of, more), 4.4, height)
        for score, more in first_targets(scored.scores)
    ]


def _answers_with(subject: Subject) -> str:
    """What a prediction is, where it is no mean."""
    if subject.network is None:
        return "predicted"
    loss: Any = members_of(subject.network)[0].loss
    return f"predicted {100 * loss.share:g} % quantile" if isinstance(loss, Quantile) else "predicted"


def _predicted(
    score: NumberScore,
    rows: str,
    of: str,
    more: str,
    ax: Any,
    look: Look,
) -> None:
    scale = _scale_of(score, score.scored.actual)
    actual, predicted = scale.scaled(score.scored.actual), scale.scaled(score.scored.predicted)
    r2 = "" if score.r2 is None else f": R² {share_text(score.r2)}".replace("-", "\N{MINUS SIGN}")
    title(ax, look, score.target, rows, r2)
    label_axes(ax, look, f"actual{scale.unit}", f"{of}{scale.unit}")
    low, high = _around(np.concatenate([actual, predicted]))
    ax.plot([low, high], [low, high], color=look.quiet, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    below = _points(ax, look, actual, predicted)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_box_aspect(1.0)
    if scale.is_date:
        date_ticks(ax.xaxis)
        date_ticks(ax.yaxis)
    _below(ax, look, below, score, more)


def _residuals(
    score: NumberScore,
    rows: str,
    of: str,
    more: str,
    ax: Any,
    look: Look,
) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        off = score.scored.actual - score.scored.predicted
    across = _scale_of(score, score.scored.predicted)
    up = Scale.of(off, is_time=score.scored.is_time)
    written = span_text if score.scored.is_time else number_text
    title(ax, look, score.target, rows, f": RMSE {written(score.rmse)}")
    label_axes(ax, look, f"{of}{across.unit}", f"actual − predicted{up.unit}")
    ax.axhline(0.0, color=look.quiet, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    predicted, off = across.scaled(score.scored.predicted), up.scaled(off)
    below = _points(ax, look, predicted, off)
    ax.set_xlim(*_around(predicted))
    low, high = _around(np.append(off, 0.0))
    ax.set_ylim(-max(-low, high), max(-low, high))
    if across.is_date:
        date_ticks(ax.xaxis)
    _below(ax, look, below, score, more)


def _below(ax: Any, look: Look, rows: str, score: NumberScore, more: str) -> None:
    weights = "figures count rows by their weights" if score.is_weighted else ""
    words = "; ".join(one for one in (rows, weights, more) if one)
    if words:
        say_below(ax, look, words)


def _points(ax: Any, look: Look, x: Numbers, y: Numbers) -> str:
    """Draw a mark for each row, of very many for some of them; what is to be said of the others."""
    there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    shown = there[places_of(len(there), MOST_ROWS)]
    many = len(shown) > MANY
    ax.plot(
        x[shown], y[shown], "o", markersize=2.6 if many else 4.2,
        markerfacecolor=look.first if many else "none", markeredgecolor=look.first,
        markeredgewidth=0.0 if many else 0.9,
        alpha=max(0.15, min(0.7, 900 / max(len(shown), 1))) if many else 0.85, zorder=2, label="rows",
        rasterized=many,
    )  # fmt: skip
    words = []
    if len(shown) < len(there):
        words.append(f"{len(shown):,} of {len(there):,} rows are drawn")
    if len(there) < len(x):
        n = len(x) - len(there)
        words.append(f"{counted(n, 'row')} without a finite value {'is' if n == 1 else 'are'} not drawn")
    return "; ".join(words)


def _around(values: Numbers) -> tuple[float, float]:
    """Ends of an axis around values, of one value alone as well."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    span = high / 2 - low / 2  # half, so that it cannot overflow
    margin = 0.1 * span if span > 1e-12 * max(abs(low), abs(high)) else max(abs(high) * 0.1, 0.5)
    return max(low - margin, -1.7e308), min(high + margin, 1.7e308)


def date_ticks(axis: Any) -> None:
    """Ticks of an axis of days since 1970, as dates, and none beyond those that can be written."""
    seen = axis.get_view_interval()
    within = tuple(float(one) for one in np.clip(seen, *DAYS))
    if within != tuple(seen):
        axis.axes.set(**{f"{axis.axis_name}lim": within})
    axis.set_major_locator(AutoDateLocator(minticks=2, maxticks=4, interval_multiples=False))
    axis.set_major_formatter(_Dates())


def coverage_of(model: Model, X: Numbers, Y: Numbers, shares: Sequence[float] = SHARES) -> dict[str, Any]:
    """Of each target pairs of the share that an interval promises and of the share of rows within it.

    Only of shares that so few rows as the calibration has seen can tell.
    """
    calibration, encoding = model.calibration, model.table_encoding
    if calibration is None:
        raise InputError(
            "The model was fitted without looking at how far off it is",
            parameter="kind",
            given="calibration",
            needs="a calibration of numbers is one of intervals",
            advice=f"Fit it with {argument('calibrate', True)}.",  # noqa: FBT003 (a value that is shown)
        )
    outputs = model.outputs(X)
    most = min(getattr(one, "most", 1.0) for one in calibration.targets)
    targets = {part.name: own[:, 0] for part, own in encoding.parted(Y)}
    pairs: dict[str, list[tuple[float, float]]] = {}
    loss = members_of(model.network)[0].loss
    for share in (one for one in shares if one <= most):
        for name, (low, high) in calibration.ends(outputs, encoding, share, loss).items():
            y = targets[name]
            there = ~np.isnan(y)
            within = (low[there] <= y[there]) & (y[there] <= high[there])
            if there.any():
                pairs.setdefault(name, []).append((share, float(within.mean())))
    return {name: np.array(one) for name, one in pairs.items()}


def coverage_panels(model: Model, X: Numbers, Y: Numbers, rows: str) -> list[Panel]:
    """Of each target how many rows lie within intervals, against how many should."""
    pairs = coverage_of(model, X, Y)
    n = {part.name: int((~np.isnan(own)).sum()) for part, own in model.table_encoding.parted(Y)}
    return [
        Panel(partial(_coverage, name, pairs[name], n[name], rows, more), 4.2, 4.0)
        for name, more in first_targets(list(pairs))
    ]


def _coverage(
    name: str,
    pairs: Numbers,
    n: int,
    rows: str,
    more: str,
    ax: Any,
    look: Look,
) -> None:
    promised, found = pairs.T
    title(ax, look, name, rows, ": rows within intervals")
    label_axes(ax, look, "share that the interval promises", "share of the rows within it")
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_box_aspect(1.0)
    wide = np.linspace(0, 1, 101)
    chance = 1.96 * np.sqrt(wide * (1 - wide) / max(n, 1))
    ax.fill_between(
        wide, np.clip(wide - chance, 0, 1), np.clip(wide + chance, 0, 1), color=look.faint, zorder=0
    )
    ax.plot([0, 1], [0, 1], color=look.quiet, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    ax.plot(promised, found, "o-", color=look.first, markersize=3.5, linewidth=1.2, zorder=2, label="within")
    about = f"band: what chance alone does to {counted(n, 'row')}"
    say_below(ax, look, f"{about}; {more}" if more else about)
