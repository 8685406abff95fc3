"""What each fold is worth in one number, and a table of these."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import mean, stdev
from typing import TYPE_CHECKING

from chainrule.lines import padded, span, table
from chainrule.scores import number_text, share_text, span_text
from chainrule.words import counted, named, told_apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["MOST_FIGURES", "WIDTH", "FoldFigure", "figure_lines"]

MOST_FIGURES, WIDTH = 4, 90  # in a line, which is printed with an indent of ten
LONGEST_HEAD, NARROWEST = 21, 10  # columns of a figure
DEVIATION = "standard deviation"


@dataclass(frozen=True)
class FoldFigure:
    """What each fold's held-out rows say of its network, in one number.

    Attributes
    ----------
    name : str
        "accuracy", "RMSE", or "RMSE of width" where there are several targets.
    of_folds : tuple of float
        NaN for a fold whose held-out rows have no value of the target.
    is_time : bool
        Whether it is a span of time, in seconds.

    Examples
    --------
    >>> figure = FoldFigure("accuracy", (0.5, 1.0))
    >>> figure.mean, round(figure.deviation, 3), str(figure)
    (0.75, 0.354, 'accuracy 0.750 ± 0.354')
    """

    name: str
    of_folds: tuple[float, ...]
    is_time: bool = False

    @property
    def mean(self) -> float:
        """Mean over the folds that have it; NaN where none has."""
        return mean(self._there) if self._there else math.nan

    @property
    def deviation(self) -> float:
        """Standard deviation over the folds that have it, with n - 1 in the denominator; NaN of one alone."""
        there = self._there  # whose squares may be no floats
        return stdev(there) if len(there) > 1 and all(map(math.isfinite, there)) else math.nan

    def __str__(self) -> str:
        return f"{named(self.name)} {self.spread}"

    @property
    def spread(self) -> str:
        """Mean and deviation as they are printed."""
        return f"{self.written(self.mean)} ± {self.written(self.deviation)}"

    def written(self, value: float) -> str:
        """A value as it is printed, as in the score of all folds."""
        if math.isnan(value):
            return "none"
        if self.name.startswith("accuracy"):
            return share_text(value)
        return span_text(value) if self.is_time else number_text(value)

    @property
    def _there(self) -> list[float]:
        return [value for value in self.of_folds if not math.isnan(value)]


def figure_lines(
    sizes: Sequence[tuple[int, int]], figures: Sequence[FoldFigure], most: int, width: int = WIDTH
) -> Iterator[str]:
    r"""Lines that fit: one for each fold, of many the first ones; mean and standard deviation.

    Parameters
    ----------
    sizes : sequence of (int, int)
        Rows that each fold learns from, and holds out.
    figures : sequence of FoldFigure
        Those for which there is no room are counted.
    most : int
        Folds that are shown.
    width : int
        Columns of a line.

    Examples
    --------
    >>> figure = FoldFigure("RMSE", (5400.0, 90.0), is_time=True)
    >>> print("\n".join(figure_lines([(8, 4), (8, 4)], [figure], 1)))
    fold                learns from    held out           RMSE
    1                             8           4    1.500 hours
    … 1 fold more
    mean                                         45.75 minutes
    standard deviation                             1.043 hours
    """
    n = len(sizes)
    columns = [
        ["fold", *map(str, range(1, n + 1)), "mean", DEVIATION],
        ["learns from", *(str(learnt) for learnt, _ in sizes), "", ""],
        ["held out", *(str(held_out) for _, held_out in sizes), "", ""],
        *map(_column, figures[:MOST_FIGURES], told_apart([one.name for one in figures], LONGEST_HEAD)),
    ]
    n_others = 3
    while len(columns) > n_others + 1 and _width(columns) > width:
        columns.pop()
    rows = list(zip(*columns, strict=True))
    shown, last = _aligned(columns), 2  # mean and standard deviation
    if _width(columns) > width:
        shown, last = table([*rows[: min(most, n) + 1], *rows[-2:]], width), 0
    yield from shown[: min(most, n) + 1] if last else shown
    if n > most:
        yield f"… {counted(n - most, 'fold')} more"
    yield from shown[len(shown) - last :]
    if more := len(figures) - len(columns) + n_others:
        yield f"… {counted(more, 'target')} more"


def _column(figure: FoldFigure, head: str) -> list[str]:
    """A figure of each fold, its mean and its deviation, below its name."""
    values = (*figure.of_folds, figure.mean, figure.deviation)
    return [head, *map(figure.written, values)]


def _widths(columns: Sequence[Sequence[str]]) -> list[int]:
    return [max(NARROWEST, *map(span, column)) for column in columns]


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(_widths(columns)) + 2 * (len(columns) - 1)


def _aligned(columns: Sequence[Sequence[str]]) -> list[str]:
    """Lines of columns, of which all but the first are aligned at the right."""
    widths = _widths(columns)
    return [
        "  ".join(
            padded(cell, width, right=place > 0)
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in zip(*columns, strict=True)
    ]
