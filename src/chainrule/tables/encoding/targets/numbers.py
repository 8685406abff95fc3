"""Targets that are numbers: one column of Y each, and back in their own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from chainrule.errors import TableError
from chainrule.stored import Finite, Name, Positive, Stored
from chainrule.tables.columns.decisions import outside_error
from chainrule.tables.columns.held import Held, named_type, refuse_other_types
from chainrule.tables.columns.readings import DurationReading, NumberReading, read_cells
from chainrule.tables.encoding.elementary import exponential, logarithm
from chainrule.tables.encoding.statistics import Spread, measure, restore, standardise
from chainrule.tables.encoding.targets.answers import Answer
from chainrule.tables.encoding.targets.gaps import GAP, constant_error, refuse_gaps, say_gaps

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.decisions import Said
    from chainrule.tables.columns.readings import Cells

    FloatArray = npt.NDArray[np.float64]

__all__ = ["NumberTarget"]

TICKS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}  # of a second
MOST_TICKS = 9.2e18  # that 64 bits hold


class NumberTarget(Stored, frozen=True, tag_field="kind", tag="number", omit_defaults=True):
    """A numeric target: one column of Y, standardised like an input, and back in its own unit.

    Attributes
    ----------
    name : str
        The column's name.
    mean, scale : float
        Of the training rows, as they are learnt.
    reading : NumberReading or DurationReading
        How a cell is read; durations in seconds.
    learnt_as : {"plain", "log", "count"}
        Whether the number itself is standardised, or its logarithm, which `decode` undoes; or whether it is
        only divided, by the training rows' mean, so that it stays a number of things that a Poisson loss can
        learn.
    held : Held or None
        How its column held durations, where they were no text.

    Examples
    --------
    >>> NumberTarget("price", mean=100.0, scale=20.0).names
    ('price',)
    >>> NumberTarget("price", mean=0.0, scale=1.0, learnt_as="log").decode(np.array([0.0, 1.0])).tolist()
    [1.0, 2.7182818284590455]
    """

    name: Name
    mean: Finite
    scale: Positive
    reading: NumberReading | DurationReading = NumberReading()
    learnt_as: Literal["plain", "log", "count"] = "plain"
    held: Held | None = None

    def __post_init__(self) -> None:
        refuse_other_types(self.held, pa.types.is_duration, "durations")

    @classmethod
    def learn(
        cls,
        name: str,
        reading: NumberReading | DurationReading,
        cells: Cells,
        learnt_as: Literal["plain", "log", "count"] = "plain",
        *,
        held: Held | None = None,
    ) -> NumberTarget:
        """Learn a target from the cells of the training rows; those without a number are left out.

        Parameters
        ----------
        name : str
        reading : NumberReading or DurationReading
            With which the cells were read.
        cells : Cells
            Of the training rows alone.
        learnt_as : {"plain", "log", "count"}
            For "log" all numbers must be above 0, for "count" none below.
        held : Held, optional
            How the column holds durations, where they are no text.

        Returns
        -------
        NumberTarget
            The same for every order of the rows, and of a stream of them (see `statistics`).

        Raises
        ------
        TableError
            There is no number, all are one, or one is outside what `learnt_as` can learn.
        """
        present = cells.values[~np.isnan(cells.values)]
        outside = _outside(present, learnt_as)
        if outside.any():
            raise TableError(
                f"The target {name!r} has the value {present[np.argmax(outside)]:g}",
                needs=_range(learnt_as),
                advice="Learn it plainly.",
            )
        spread = (
            measure(logarithm(present) if learnt_as == "log" else present)
            if len(present)
            else Spread(0.0, 0.0)
        )
        if spread.scale == 0:
            raise constant_error(name)
        if learnt_as == "count":
            spread = Spread(0.0, spread.mean)
        return cls(name, spread.mean, spread.scale, reading, learnt_as, held=held)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return (self.name,)

    @property
    def baseline(self) -> float:
        """What is predicted without inputs: the training rows' mean, their geometric mean for a logarithm."""
        return self.scale if self.learnt_as == "count" else float(self.decode(np.zeros(1))[0])

    def encode(self, column: Column, said: Said) -> FloatArray:  # noqa: ARG002 (no value is made up)
        """Return its column of Y, shape (n_rows, 1); TableError names a cell that is no number."""
        cells = read_cells(column, self.reading)
        refuse_gaps(column, cells, "numbers")
        outside = _outside(cells.values, self.learnt_as)
        if outside.any():
            raise outside_error(column, outside, _range(self.learnt_as))
        return self._encoded(cells.values)

    def encode_with_gaps(self, column: Column, said: Said) -> FloatArray:
        """Return its column of Y, NaN where there is no number, and tell `said` where one cannot be read."""
        cells = read_cells(column, self.reading)
        outside = _outside(cells.values, self.learnt_as)
        say_gaps(column, cells, said, "numbers")
        said.outside(column, outside, _range(self.learnt_as), GAP)
        return self._encoded(np.where(outside, np.nan, cells.values))

    def decode(self, outputs: FloatArray) -> FloatArray:
        """Return outputs of the network, shape (n_rows,), in the target's own unit."""
        numbers = restore(outputs, Spread(self.mean, self.scale))
        return exponential(numbers) if self.learnt_as == "log" else numbers

    def answers(self, outputs: FloatArray) -> Answer:
        """Say the number of each row, by outputs of shape (n_rows, 1): a float, or a typed duration."""
        numbers = self.decode(outputs[:, 0])
        if self.held is None:
            return Answer(pa.array(numbers))
        kind = named_type(self.held.type)
        ticks = np.rint(np.clip(numbers * TICKS[kind.unit], -MOST_TICKS, MOST_TICKS))
        cells = pa.array(ticks, pa.int64(), mask=np.isnan(ticks), safe=False).cast(kind)
        return Answer(cells, numbers.tolist(), self.held.pandas)

    def _encoded(self, values: FloatArray) -> FloatArray:
        learnt = np.where(np.isnan(values), np.nan, logarithm(values)) if self.learnt_as == "log" else values
        return standardise(learnt, Spread(self.mean, self.scale))[:, np.newaxis]


def _outside(values: FloatArray, learnt_as: str) -> npt.NDArray[np.bool_]:
    """Which numbers cannot be learnt so."""
    if learnt_as == "log":
        return values <= 0
    return values < 0 if learnt_as == "count" else np.zeros(len(values), dtype=bool)


def _range(learnt_as: str) -> str:
    return (
        "must be above 0, to be learnt as its logarithm"
        if learnt_as == "log"
        else "must be 0 or above, as counts are"
    )
