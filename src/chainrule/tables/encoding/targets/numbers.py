"""Targets that are numbers: one column of Y each, and back in their own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from chainrule.elementary import exponential, logarithm
from chainrule.errors import TableError
from chainrule.stored import Finite, Name, Positive, Stored
from chainrule.tables.columns.decisions import outside_error
from chainrule.tables.columns.held import Held, refuse_other_types
from chainrule.tables.columns.readings import DurationReading, NumberReading, read_cells
from chainrule.tables.encoding.statistics import Spread, restore, standardise
from chainrule.tables.encoding.targets.answers import Answer, lasting
from chainrule.tables.encoding.targets.gaps import GAP, constant_error, refuse_gaps, say_gaps
from chainrule.tables.encoding.targets.scaling import NO_LIMITS, Limits, Scaled, scaling_of
from chainrule.tables.encoding.worked import (
    Step,
    Worked,
    WorkedAnswer,
    WorkedCell,
    raw_cell,
    restored,
    standardised,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.decisions import Said
    from chainrule.tables.columns.readings import Cells

    FloatArray = npt.NDArray[np.float64]

__all__ = ["LearntAs", "NumberTarget"]

LearntAs: TypeAlias = Literal["plain", "log", "count"]


class NumberTarget(Stored, frozen=True, tag_field="kind", tag="number", omit_defaults=True):
    """A numeric target: one column of Y, (y - mean) / scale, and back in its own unit.

    Attributes
    ----------
    name : str
        The column's name.
    mean, scale : float
        Of the training rows, as they are learnt: what they are, `scaled` tells.
    reading : NumberReading or DurationReading
        How a cell is read; durations in seconds.
    learnt_as : {"plain", "log", "count"}
        Whether the number itself is learnt, or its logarithm, which `decode` undoes; or whether it is a
        number of things, none below 0, that a Poisson loss can learn.
    scaled : {"spread", "as_is", "share", "above", "range"}
        As of `Scaling`: it follows from what the outputs can give and the loss can take.
    average : float or None
        What is predicted without inputs, where that is not `decode` of 0.
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
    learnt_as: LearntAs = "plain"
    scaled: Scaled = "spread"
    average: Finite | None = None
    held: Held | None = None

    def __post_init__(self) -> None:
        refuse_other_types(self.held, pa.types.is_duration, "durations")

    @classmethod
    def learn(
        cls,
        name: str,
        reading: NumberReading | DurationReading,
        cells: Cells,
        learnt_as: LearntAs = "plain",
        *,
        limits: Limits = NO_LIMITS,
        as_is: bool = False,
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
        limits : Limits
            What the outputs can give and the loss can take.
        as_is : bool
            Whether the number, or its logarithm, is not to be scaled.
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
        limits = limits._replace(are_counts=learnt_as == "count")
        is_log = learnt_as == "log"
        scaling = scaling_of(logarithm(present) if is_log else present, limits, as_is=as_is)
        if scaling.scale == 0:
            raise constant_error(name)
        average = scaling.average
        if is_log and average is not None:
            average = float(exponential(np.array([average]))[0])
        return cls(name, scaling.mean, scaling.scale, reading, learnt_as, scaling.how, average, held)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return (self.name,)

    @property
    def baseline(self) -> float:
        """What is predicted without inputs: the training rows' mean, their geometric mean for a logarithm."""
        if self.average is not None:
            return self.average
        # Files of formats before 4 have a count's mean as its scale.
        return self.scale if self.learnt_as == "count" else float(self.decode(np.zeros(1))[0])

    @property
    def is_plain(self) -> bool:
        """Whether numbers, or their logarithms, are learnt as they are."""
        return self.scaled == "as_is"

    @property
    def words(self) -> str:
        """What is learnt, in words."""
        kind = {"plain": "a number", "log": "a number, by its logarithm", "count": "a count"}[self.learnt_as]
        how = {
            "spread": "",
            "as_is": ", as it is",
            "share": ", in parts of its mean",
            "above": ", above its smallest",
            "range": ", within the limits of the outputs",
        }[self.scaled]
        return kind if self.learnt_as == "count" else kind + how

    def encode(self, column: Column, said: Said) -> FloatArray:  # noqa: ARG002 (no value is made up)
        """Return its column of Y, shape (n_rows, 1); TableError names a cell that is no number."""
        cells = read_cells(column, self.reading)
        refuse_gaps(column, cells, "numbers")
        outside = _outside(cells.values, self.learnt_as)
        if outside.any():
            raise outside_error(column, outside, _range(self.learnt_as))
        return self.learnt(cells.values)[:, np.newaxis]

    def encode_with_gaps(self, column: Column, said: Said) -> FloatArray:
        """Return its column of Y, NaN where there is no number, and tell `said` where one cannot be read."""
        cells = read_cells(column, self.reading)
        outside = _outside(cells.values, self.learnt_as)
        say_gaps(column, cells, said, "numbers")
        said.outside(column, outside, _range(self.learnt_as), GAP)
        return self.learnt(np.where(outside, np.nan, cells.values))[:, np.newaxis]

    def decode(self, outputs: FloatArray) -> FloatArray:
        """Return outputs of the network, shape (n_rows,), in the target's own unit."""
        numbers = restore(outputs, Spread(self.mean, self.scale))
        return exponential(numbers) if self.learnt_as == "log" else numbers

    def answers(self, outputs: FloatArray) -> Answer:
        """Say the number of each row, by outputs of shape (n_rows, 1): a float, or a typed duration."""
        numbers = self.decode(outputs[:, 0])
        if self.held is None:
            return Answer(pa.array(numbers))
        return lasting(numbers, self.held)

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its column of Y is computed: the formula, and of a column of one row with its numbers."""
        numbers = {"mean": self.mean, "scale": self.scale}
        formula = standardised(numbers, "ln {cell}" if self.learnt_as == "log" else "{cell}")
        read = None if column is None else float(read_cells(column, self.reading).values[0])
        y = None if read is None else float(self.learnt(np.array([read]))[0])
        step = Step("", formula, numbers if read is None else {**numbers, "cell": read}, y)
        words = "in seconds" if isinstance(self.reading, DurationReading) else ""
        learnt = Worked(self.name, (step,), "{cell} in seconds" if words else "")
        return WorkedCell(self.name, (learnt,), raw_cell(column), read, words)

    def worked_answer(self, outputs: FloatArray | None = None) -> WorkedAnswer:
        """How its output becomes a number in its own unit, and of the output of one row with its numbers."""
        numbers = {"mean": self.mean, "scale": self.scale}
        formula = f"exp({restored(numbers)})" if self.learnt_as == "log" else restored(numbers)
        if outputs is None:
            return WorkedAnswer(self.name, Step("", formula, numbers))
        answer = float(self.decode(outputs)[0])
        return WorkedAnswer(self.name, Step("", formula, {**numbers, "a": float(outputs[0])}, answer))

    def learnt(self, values: FloatArray) -> FloatArray:
        """Return numbers in the target's own unit as they are learnt; NaN stays NaN."""
        plain = np.where(np.isnan(values), np.nan, logarithm(values)) if self.learnt_as == "log" else values
        return standardise(plain, Spread(self.mean, self.scale))

    def written(self, numbers: FloatArray) -> tuple[str, ...]:
        """Write numbers for people."""
        return tuple(f"{number:g}" for number in numbers.tolist())


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
