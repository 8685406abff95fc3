"""Targets that are dates or times: one column of Y each, and back as dates."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import InputError
from chainrule.stored import Finite, Name, Positive, Stored
from chainrule.tables.columns.held import Held, named_type, refuse_other_types
from chainrule.tables.columns.readings import DateReading, read_cells
from chainrule.tables.encoding.dates import spread_in_words, time_in_words
from chainrule.tables.encoding.statistics import Spread, restore, standardise
from chainrule.tables.encoding.targets.answers import Answer
from chainrule.tables.encoding.targets.gaps import constant_error, refuse_gaps, say_gaps
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

__all__ = ["DateTarget"]

DAY = 86_400.0
FIRST_IN_NS, LAST_IN_NS = (pa.scalar(whole, pa.timestamp("s")) for whole in (-9_223_372_036, 9_223_372_036))
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0  # 0001-01-01 to 9999-12-31T23:59:59


class DateTarget(Stored, frozen=True, tag_field="kind", tag="date", omit_defaults=True):
    """A target that is a date or time: one column of Y, scaled seconds, and back as ISO 8601 text.

    Attributes
    ----------
    name : str
        The column's name.
    reading : DateReading
        How a cell is read.
    mean, scale : float
        Of the training rows, in seconds since 1970-01-01T00:00.
    unit : {"day", "second"}
        To what a prediction is rounded: to days where every training row stands at midnight.
    scaled, average
        As of `NumberTarget`, in seconds.
    held : Held or None
        How its column held dates, where they were no text or numbers.

    Examples
    --------
    >>> target = DateTarget("due", DateReading("year-month-day"), 1_704_110_400.0, 86_400.0, "day")
    >>> target.written(target.decode(np.array([0.4, 1.1])))
    ('2024-01-02', '2024-01-03')
    """

    name: Name
    reading: DateReading
    mean: Finite
    scale: Positive
    unit: Literal["day", "second"] = "second"
    scaled: Scaled = "spread"
    average: Finite | None = None
    held: Held | None = None

    def __post_init__(self) -> None:
        is_time = self.reading.form == "time"
        refuse_other_types(self.held, pa.types.is_time if is_time else _has_a_day, "times")

    @classmethod
    def learn(
        cls,
        name: str,
        reading: DateReading,
        cells: Cells,
        *,
        limits: Limits = NO_LIMITS,
        held: Held | None = None,
    ) -> DateTarget:
        """Learn a target from the cells of the training rows; those without a date are left out.

        Raises
        ------
        TableError
            There is no date, or all are the same.
        """
        present = cells.values[~np.isnan(cells.values)]
        scaling = scaling_of(present, limits, has_zero=False)
        if scaling.scale == 0:
            raise constant_error(name)
        unit: Literal["day", "second"] = "second" if np.mod(present, DAY).any() else "day"
        return cls(name, reading, scaling.mean, scaling.scale, unit, scaling.how, scaling.average, held)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return (self.name,)

    def encode(self, column: Column, said: Said) -> FloatArray:  # noqa: ARG002 (no value is made up)
        """Return its column of Y, shape (n_rows, 1); TableError names a cell that is no date."""
        cells = read_cells(column, self.reading)
        refuse_gaps(column, cells, "dates")
        return self.learnt(cells.values)[:, np.newaxis]

    def encode_with_gaps(self, column: Column, said: Said) -> FloatArray:
        """Return its column of Y, NaN where there is no date, and tell `said` where one cannot be read."""
        cells = read_cells(column, self.reading)
        say_gaps(column, cells, said, "dates")
        return self.learnt(cells.values)[:, np.newaxis]

    def learnt(self, values: FloatArray) -> FloatArray:
        """Return times, in seconds, as they are learnt; NaN stays NaN."""
        return standardise(values, Spread(self.mean, self.scale))

    def decode(self, outputs: FloatArray) -> FloatArray:
        """Return outputs of the network, shape (n_rows,), in seconds since 1970-01-01T00:00."""
        return restore(outputs, Spread(self.mean, self.scale))

    def answers(self, outputs: FloatArray) -> Answer:
        """Say the time of each row, by outputs of shape (n_rows, 1); InputError where one is NaN.

        Of text it is a time without a zone. By the clock of a zone, what comes twice is the first, and what
        is left out in spring the time after it.
        """
        seconds = self.decode(outputs[:, 0])
        written = self.written(seconds)
        pandas = self.held.pandas if self.held else ""
        if self.reading.form == "time":
            kind = named_type(self.held.type) if self.held else pa.time32("s")
            return Answer(
                pa.array(map(dt.time.fromisoformat, written), pa.time32("s")).cast(kind), written, pandas
            )
        cells = pa.array(np.array(written, dtype="datetime64[s]"))
        return Answer(
            cells if self.held is None else _in_type(cells, named_type(self.held.type)), written, pandas
        )

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its column of Y is computed, as of `NumberTarget`."""
        numbers: dict[str, Any] = spread_in_words(Spread(self.mean, self.scale), self.reading)
        read, y = None, None
        if column is not None:
            seconds = read_cells(column, self.reading).values
            read = time_in_words(float(seconds[0]), self.reading, exact=self.scale < DAY)
            numbers["cell"], y = read, float(self.learnt(seconds)[0])
        step = Step("", standardised(numbers), numbers, y)
        return WorkedCell(self.name, (Worked(self.name, (step,)),), raw_cell(column), read)

    def worked_answer(self, outputs: FloatArray | None = None) -> WorkedAnswer:
        """How its output becomes a time, as of `NumberTarget`."""
        numbers: dict[str, Any] = spread_in_words(Spread(self.mean, self.scale), self.reading)
        numbers |= {} if outputs is None else {"a": float(outputs[0])}
        answer = None if outputs is None else self.written(self.decode(outputs))[0]
        return WorkedAnswer(self.name, Step("", restored(numbers), numbers, answer))

    @property
    def words(self) -> str:
        """What is learnt, in words."""
        return "a time"

    @property
    def baseline(self) -> float:
        """What is predicted without inputs: the training rows' mean, in seconds."""
        return self.mean if self.average is None else self.average

    def written(self, seconds: FloatArray) -> tuple[str, ...]:
        """Write times as dates from the year 1 to 9999.

        Raises
        ------
        InputError
            A time is NaN.
        """
        seconds = np.clip(seconds, EARLIEST, LATEST)
        if np.isnan(seconds).any():
            raise InputError(
                f"Row {int(np.argmax(np.isnan(seconds))) + 1} of outputs has NaN, which is no time.",
                parameter="outputs",
                needs="must be numbers",
                advice="Check that the network's weights are finite.",
            )
        if self.reading.form == "time":
            seconds = np.rint(seconds % DAY) % DAY
            return tuple(text[-8:] for text in seconds.astype("datetime64[s]").astype(str).tolist())
        if self.unit == "day":
            days = np.rint(seconds / DAY).clip(EARLIEST / DAY, np.floor(LATEST / DAY))
            return tuple(days.astype("datetime64[D]").astype(str).tolist())
        return tuple(np.rint(seconds).astype("datetime64[s]").astype(str).tolist())


def _in_type(cells: pa.Array, kind: pa.DataType) -> pa.Array:
    """Times of the clock, in seconds, in the target's type; at its limits where it does not go so far."""
    if pa.types.is_date(kind):
        return cells.cast(kind)
    if kind.unit == "ns":
        cells = pc.min_element_wise(pc.max_element_wise(cells, FIRST_IN_NS), LAST_IN_NS)
    cells = cells.cast(pa.timestamp(kind.unit))
    if kind.tz is None:
        return cells
    return pc.assume_timezone(cells, kind.tz, ambiguous="earliest", nonexistent="latest")


def _has_a_day(kind: pa.DataType) -> bool:
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))
