"""Inputs of numbers, and the mark of a missing value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import InputError
from chainrule.stored import Finite, Name, NotNegative, Stored
from chainrule.table_options import NumberEncoding
from chainrule.tables.columns.decisions import Said, far_error
from chainrule.tables.columns.readings import (
    BooleanReading,
    DateReading,
    DurationReading,
    NumberReading,
    TextReading,
    read_cells,
)
from chainrule.tables.encoding.statistics import (
    EPSILON,
    ROUNDINGS,
    SMALLEST_SCALE,
    Spread,
    measure,
    standardise,
)
from chainrule.tables.encoding.transforms.piecewise import PiecewiseLinear, worked_bins
from chainrule.tables.encoding.transforms.squashing import (
    FAR,
    Squash,
    drawn_in,
    has_heavy_tails,
    squash_steps,
    unsquashed,
)
from chainrule.tables.encoding.worked import Step, Worked, WorkedCell, missing_mark, raw_cell, standardised

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.readings import Cells
    from chainrule.tables.encoding.worked import Quantity

    FloatArray = npt.NDArray[np.float64]

__all__ = [
    "MissingInput", "NumberInput", "missing_name", "place", "place_steps", "place_words", "reach_of",
    "say_unread",
]  # fmt: skip


class NumberInput(Stored, frozen=True, tag_field="kind", tag="number", omit_defaults=True):
    """A numeric input: (x - mean) / scale; the same squashed; components by bins; a mark of missing values.

    A cell without a number, because it is missing, infinite or cannot be read, takes the place of the mean:
    0, where numbers are scaled, and the median's, 0, where they are squashed. With a mean of 0 and a scale of
    1 they are learnt as they are.

    Attributes
    ----------
    name : str
        The column's name.
    mean, scale : float
        Of the training rows that have a number. ``scale`` is 0 where these are one number but for rounding,
        and then the column of X is 0 always.
    reading : NumberReading or DurationReading
        How a cell is read; durations in seconds.
    has_missing : bool
        Whether a last column of X is 1 where the cell has no number, and 0 elsewhere.
    reach : float, optional
        The largest magnitude in this column of X among the training rows. What lies beyond is drawn in, so
        that it never goes further than reach + 1. None, as models of older formats have it: nothing is drawn
        in, and what is too far to be computed with is an error.
    squash : Squash, optional
        Makes a second column of X.
    fill : float
        What takes the place of a missing number in X: the mean, where numbers are not scaled.
    bins : PiecewiseLinear, optional
        Makes a column of X for each bin.
    has_standard : bool
        Whether the first column of X is (x - mean) / scale; else what follows stands alone.

    Examples
    --------
    >>> NumberInput("age", mean=30.0, scale=10.0).names
    ('age',)
    >>> NumberInput("age", mean=30.0, scale=10.0, has_missing=True, squash=Squash(28.0, 12.0)).names
    ('age', 'age (squashed)', 'age (missing)')
    >>> bins = PiecewiseLinear((20.0, 30.0, 60.0))
    >>> NumberInput("age", mean=30.0, scale=10.0, bins=bins, has_standard=False).names
    ('age (bin 1)', 'age (bin 2)')
    """

    name: Name
    mean: Finite
    scale: NotNegative
    reading: NumberReading | DurationReading = NumberReading()
    has_missing: bool = False
    reach: NotNegative | None = None
    squash: Squash | None = None
    fill: Finite = 0.0
    bins: PiecewiseLinear | None = None
    has_standard: bool = True

    def __post_init__(self) -> None:
        if not (self.has_standard or self.squash or self.bins):
            raise InputError(
                "A number has no column of X",
                parameter="has_standard",
                given=False,
                needs="one at least must stand for it",
                advice="Give squash or bins, or leave it out.",
            )

    @classmethod
    def learn(
        cls,
        name: str,
        reading: NumberReading | DurationReading,
        cells: Cells,
        *,
        encoding: NumberEncoding | None = None,
        as_is: bool = False,
    ) -> NumberInput:
        """Learn an input from the cells of the training rows.

        Parameters
        ----------
        name : str
        reading : NumberReading or DurationReading
            With which the cells were read.
        cells : Cells
            Of the training rows alone.
        encoding : NumberEncoding, optional
            By default standardised, and squashed beside it where `has_heavy_tails` says so.
        as_is : bool
            Whether numbers are not scaled, and nothing is beside them.

        Returns
        -------
        NumberInput
            The same for every order of the rows, and of a stream of them (see `statistics`). Without a single
            number its mean and scale are 0.
        """
        present = cells.values[~np.isnan(cells.values)]
        has_missing = len(present) < len(cells.values)
        if not len(present):
            return cls(name, 0.0, 0.0, reading, has_missing)
        spread = measure(present)
        if spread.scale == 0:
            return cls(name, spread.mean, 0.0, reading, has_missing)
        if as_is:
            plain = Spread(0.0, 1.0)
            return cls(name, *plain, reading, has_missing, reach_of(present, plain), fill=spread.mean)
        encoding = encoding or NumberEncoding(standard=True, squashed=has_heavy_tails(present))
        return cls(
            name,
            spread.mean,
            spread.scale,
            reading,
            has_missing,
            reach_of(present, spread),
            Squash.learn(present) if encoding.squashed else None,
            bins=PiecewiseLinear.learn(present, encoding.n_bins) if encoding.n_bins else None,
            has_standard=encoding.standard,
        )

    @property
    def is_plain(self) -> bool:
        """Whether numbers are learnt as they are, and nothing of them beside."""
        return (self.mean, self.scale) == (0.0, 1.0) and self.encoding == NumberEncoding(standard=True)

    @property
    def encoding(self) -> NumberEncoding:
        """Of what it is made: what `learn` was given, or chose."""
        n_bins = self.bins.n_bins if self.bins else 0
        return NumberEncoding(self.has_standard, self.squash is not None, n_bins)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        standard, squashed = (
            (self.name,) * self.has_standard,
            (f"{self.name} (squashed)",) * bool(self.squash),
        )
        n_bins = self.bins.n_columns if self.bins else 0
        bins = (f"{self.name} (bin {k})" for k in range(1, n_bins + 1))
        return (*standard, *squashed, *bins, *(missing_name(self.name),) * self.has_missing)

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of X, shape (n_rows, n_columns), and tell `said` of cells that are odd."""
        cells = read_cells(column, self.reading)
        kind = "durations" if isinstance(self.reading, DurationReading) else "numbers"
        say_unread(column, cells, said, kind, has_missing=self.has_missing)
        if self.scale == 0:
            rounding = abs(self.mean) * (ROUNDINGS * EPSILON) + SMALLEST_SCALE
            said.not_constant(column, np.abs(cells.values - self.mean) > rounding, self.mean)
        placed = place(column, cells.values, Spread(self.mean, self.scale), self.reach, said)
        nothing, first = np.isnan(cells.values), int(self.has_standard)
        encoded = np.empty((len(nothing), len(self.names)))
        if self.has_standard:
            encoded[:, 0] = np.where(nothing, self.fill, placed) if self.fill else placed
        if self.squash:
            encoded[:, first] = _filled(self.squash.apply(cells.values))
            first += 1
        if self.bins:
            values = np.where(nothing, self.mean, cells.values)
            encoded[:, first : first + self.bins.n_columns] = self.bins.apply_drawn_in(values)
        if self.has_missing:
            encoded[:, -1] = nothing
        return encoded

    def restored(self, columns: FloatArray) -> FloatArray:
        """The numbers again, in whatever unit and place, from its columns of X."""
        if self.has_standard or self.bins is None:
            return columns[:, 0] if self.has_standard else unsquashed(columns[:, 0])
        first = int(self.squash is not None)
        restored: FloatArray = columns[:, first : first + self.bins.n_columns] @ np.diff(self.bins.edges)
        return restored

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of X are computed: the formulas, and of a column of one row with their numbers."""
        cells = None if column is None else read_cells(column, self.reading)
        value = None if cells is None else float(cells.values[0])
        x = [None] * len(self.names) if column is None else self.encode(column, Said())[0].tolist()
        names, spread = self.names, Spread(self.mean, self.scale)
        columns: list[Worked] = []
        if self.has_standard:
            numbers = {"mean": self.mean, "scale": self.scale}
            remark = "drawn in beyond ±{reach}" if self.reach is not None and self.scale else ""
            columns.append(Worked(self.name, place_steps(value, spread, self.reach, x[0], numbers), remark))
        if self.squash:
            k = len(columns)
            columns.append(Worked(names[k], squash_steps(self.squash, value, x[k])))
        if self.bins:
            columns += worked_bins(self.bins, names[len(columns) :], value, x[len(columns) :])
        if isinstance(self.reading, DurationReading):
            first = columns[0]
            columns[0] = first._replace(
                remark=",  ".join(["{cell} in seconds", *[first.remark] * bool(first.remark)])
            )
        if self.has_missing:
            columns.append(missing_mark(self.names[-1], x[-1]))
        words = "" if cells is None else place_words(cells, spread, self.reach, "number")
        edges = self.bins.edges if self.bins else ()
        if not words and edges and value is not None and not edges[0] <= value <= edges[-1]:
            words = "beyond what training had, so it is drawn in"
        if cells is not None and not words and isinstance(self.reading, DurationReading):
            words = "in seconds"
        read = None if value is None or np.isnan(value) else value
        return WorkedCell(self.name, tuple(columns), raw_cell(column), read, words)


class MissingInput(Stored, frozen=True, tag_field="kind", tag="missing", omit_defaults=True):
    """Of a column that is left out otherwise, whether a cell has a value: 1 where it has none, 0 elsewhere.

    Attributes
    ----------
    name : str
        The column's name.
    reading : Reading
        How a cell is read, for what counts as no value.

    Examples
    --------
    >>> MissingInput("comment").names
    ('comment (missing)',)
    """

    name: Name
    reading: NumberReading | DurationReading | DateReading | BooleanReading | TextReading = TextReading()

    @property
    def names(self) -> tuple[str, ...]:
        """The name of its column in X."""
        return (missing_name(self.name),)

    def encode(self, column: Column, said: Said) -> FloatArray:  # noqa: ARG002 (every value is as good)
        """Return its column of X, shape (n_rows, 1)."""
        if isinstance(self.reading, (BooleanReading, TextReading)):
            return column.missing.astype(np.float64)[:, np.newaxis]
        return np.isnan(read_cells(column, self.reading).values).astype(np.float64)[:, np.newaxis]

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its column of X is computed, as of `NumberInput`."""
        x = None if column is None else float(self.encode(column, Said())[0, 0])
        return WorkedCell(self.name, (missing_mark(self.names[0], x),), raw_cell(column))


def say_unread(column: Column, cells: Cells, said: Said, kind: str, *, has_missing: bool) -> None:
    """Tell `said` of cells without a number: those that are missing only where training had none."""
    done = "taken for missing" if has_missing else "taken for the mean"
    said.unreadable(column, cells.unreadable, done, kind)
    said.infinite(column, cells.infinite, done)
    if not has_missing:
        said.missing(column, cells.missing & ~cells.infinite, done)


def place(column: Column, values: FloatArray, spread: Spread, reach: float | None, said: Said) -> FloatArray:
    """Standardise values, 0 for NaN; beyond the reach drawn in, which is said where it is far."""
    standard = standardise(values, spread)
    if reach is None:
        too_far = np.isinf(standard) | (np.isnan(standard) & ~np.isnan(values))
        if too_far.any():
            raise far_error(column, too_far)
        return _filled(standard)
    said.far(column, np.abs(standard) > reach + FAR)
    return _filled(drawn_in(standard, reach))


def place_steps(
    value: float | None,
    spread: Spread,
    reach: float | None,
    x: float | None,
    numbers: Mapping[str, float | str | Quantity],
) -> tuple[Step, ...]:
    """What `place` does as equations.

    Parameters
    ----------
    value : float, optional
        NaN where the cell has none; None where no row is looked at.
    spread, reach
        As of `place`.
    x : float, optional
        What it gave.
    numbers : mapping
        What is written for ``mean`` and ``scale``, and for ``cell`` where that is not the value itself.
    """
    if spread.scale == 0 or (value is not None and np.isnan(value)):
        return (Step("", "", {}, 0.0 if x is None else x),)
    edge, formula = {} if reach is None else {"reach": reach}, standardised(numbers)
    if value is None:
        return (Step("", formula, {**numbers, **edge}),)
    numbers = {"cell": value, **numbers}
    standard = float(standardise(np.array([value]), spread)[0])
    if reach is None or abs(standard) <= reach:
        return (Step("", formula, numbers, x),)
    beyond = abs(standard) - reach
    drawn = "{reach} + {d}/√(1 + {d}²)"
    return (
        Step("s", formula, numbers, standard),
        Step("d", "|{s}| − {reach}", {"s": standard, **edge}, beyond),
        Step("", drawn if standard > 0 else f"−({drawn})", {"d": beyond, **edge}, x),
    )


def place_words(cells: Cells, spread: Spread, reach: float | None, kind: str) -> str:
    """What is odd about a cell that `place` takes, and what comes of that; cells of one row."""
    odd = "missing" if cells.missing[0] else f"no {kind}" if cells.unreadable[0] else ""
    odd = "infinite" if cells.infinite[0] else odd
    if odd:
        return f"{odd}, so the mean stands"
    if spread.scale == 0:
        return f"training had one {kind} only, so this says nothing"
    is_beyond = reach is not None and np.abs(standardise(cells.values, spread))[0] > reach
    return "beyond what training had, so it is drawn in" if is_beyond else ""


def reach_of(values: FloatArray, spread: Spread) -> float:
    """The largest magnitude of training values, standardised."""
    return float(np.abs(standardise(values, spread)).max())


def missing_name(name: str) -> str:
    """The name of the column of X that marks missing values."""
    return f"{name} (missing)"


def _filled(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), 0.0, values)
