"""Targets: what a column becomes in Y, and what the network's outputs become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from chainrule.errors import InputError, TableError
from chainrule.stored import MOST, Finite, Meta, Name, Positive, Stored, Text
from chainrule.tables.columns.column import Kind
from chainrule.tables.columns.decisions import (
    Said,
    infinite_error,
    missing_error,
    outside_error,
    unreadable_error,
    unseen_error,
)
from chainrule.tables.columns.readings import DateReading, DurationReading, NumberReading, read_cells
from chainrule.tables.encoding.dates import spread_in_words, time_in_words
from chainrule.tables.encoding.elementary import exponential, logarithm
from chainrule.tables.encoding.levels import levels_of, matched, one_hot, refuse_repeats
from chainrule.tables.encoding.statistics import Spread, measure, restore, standardise
from chainrule.tables.encoding.worked import (
    Step,
    Worked,
    WorkedAnswer,
    WorkedCell,
    label_mark,
    raw_cell,
    restored,
    standardised,
)
from chainrule.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.readings import Cells

    FloatArray = npt.NDArray[np.float64]

__all__ = ["ClassTarget", "DateTarget", "NumberTarget"]

GAP = "counts for nothing there"
DAY = 86_400.0
EARLIEST, LATEST = -62_135_596_800.0, 253_402_300_799.0  # 0001-01-01 to 9999-12-31T23:59:59


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

    @classmethod
    def learn(
        cls,
        name: str,
        reading: NumberReading | DurationReading,
        cells: Cells,
        learnt_as: Literal["plain", "log", "count"] = "plain",
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
            raise _constant(name)
        if learnt_as == "count":
            spread = Spread(0.0, spread.mean)
        return cls(name, spread.mean, spread.scale, reading, learnt_as)

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

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its column of Y is computed: the formula, and of a column of one row with its numbers."""
        numbers = {"mean": self.mean, "scale": self.scale}
        formula = standardised(numbers, "ln {cell}" if self.learnt_as == "log" else "{cell}")
        read = None if column is None else float(read_cells(column, self.reading).values[0])
        y = None if read is None else float(self._encoded(np.array([read]))[0, 0])
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

    def _encoded(self, values: FloatArray) -> FloatArray:
        learnt = np.where(np.isnan(values), np.nan, logarithm(values)) if self.learnt_as == "log" else values
        return standardise(learnt, Spread(self.mean, self.scale))[:, np.newaxis]


class DateTarget(Stored, frozen=True, tag_field="kind", tag="date", omit_defaults=True):
    """A target that is a date or time: one column of Y, standardised seconds, and back as ISO 8601 text.

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

    @classmethod
    def learn(cls, name: str, reading: DateReading, cells: Cells) -> DateTarget:
        """Learn a target from the cells of the training rows; those without a date are left out.

        Raises
        ------
        TableError
            There is no date, or all are the same.
        """
        present = cells.values[~np.isnan(cells.values)]
        spread = measure(present) if len(present) else Spread(0.0, 0.0)
        if spread.scale == 0:
            raise _constant(name)
        unit: Literal["day", "second"] = "second" if np.mod(present, DAY).any() else "day"
        return cls(name, reading, spread.mean, spread.scale, unit)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return (self.name,)

    def encode(self, column: Column, said: Said) -> FloatArray:  # noqa: ARG002 (no value is made up)
        """Return its column of Y, shape (n_rows, 1); TableError names a cell that is no date."""
        cells = read_cells(column, self.reading)
        refuse_gaps(column, cells, "dates")
        return standardise(cells.values, Spread(self.mean, self.scale))[:, np.newaxis]

    def encode_with_gaps(self, column: Column, said: Said) -> FloatArray:
        """Return its column of Y, NaN where there is no date, and tell `said` where one cannot be read."""
        cells = read_cells(column, self.reading)
        say_gaps(column, cells, said, "dates")
        return standardise(cells.values, Spread(self.mean, self.scale))[:, np.newaxis]

    def decode(self, outputs: FloatArray) -> FloatArray:
        """Return outputs of the network, shape (n_rows,), in seconds since 1970-01-01T00:00."""
        return restore(outputs, Spread(self.mean, self.scale))

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its column of Y is computed, as of `NumberTarget`."""
        numbers: dict[str, Any] = spread_in_words(Spread(self.mean, self.scale), self.reading)
        read, y = None, None
        if column is not None:
            seconds = read_cells(column, self.reading).values
            read = time_in_words(float(seconds[0]), self.reading, exact=self.scale < DAY)
            numbers["cell"], y = read, float(standardise(seconds, Spread(self.mean, self.scale))[0])
        step = Step("", standardised(numbers), numbers, y)
        return WorkedCell(self.name, (Worked(self.name, (step,)),), raw_cell(column), read)

    def worked_answer(self, outputs: FloatArray | None = None) -> WorkedAnswer:
        """How its output becomes a time, as of `NumberTarget`."""
        numbers: dict[str, Any] = spread_in_words(Spread(self.mean, self.scale), self.reading)
        numbers |= {} if outputs is None else {"a": float(outputs[0])}
        answer = None if outputs is None else self.written(self.decode(outputs))[0]
        return WorkedAnswer(self.name, Step("", restored(numbers), numbers, answer))

    @property
    def baseline(self) -> float:
        """What is predicted without inputs: the training rows' mean, in seconds."""
        return self.mean

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


class ClassTarget(Stored, frozen=True, tag_field="kind", tag="class", omit_defaults=True):
    """A target of classes: one column of Y for each, 1 for the row's class and 0 elsewhere.

    Attributes
    ----------
    name : str
        The column's name.
    classes : tuple of str
        Sorted, two at least.
    cells : {"text", "number", "boolean"}
        How a cell is matched, as of `CategoryInput`.
    spellings : tuple of str
        How predictions write the classes, where otherwise: of numbers, as most training rows had them.

    Examples
    --------
    >>> ClassTarget("species", ("setosa", "virginica"), "text").names
    ('output_setosa', 'output_virginica')
    >>> ClassTarget("floor", ("1", "2"), "number", ("01", "02")).labels
    ('01', '02')
    """

    name: Name
    classes: Annotated[tuple[Text, ...], Meta(min_length=2, max_length=MOST)]
    cells: Kind
    spellings: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()

    def __post_init__(self) -> None:
        refuse_repeats(self.classes, "class", self.cells)
        refuse_repeats(self.spellings, "spelling")
        if self.spellings and len(self.spellings) != len(self.classes):
            raise InputError(
                f"There are {counted(len(self.classes), 'class', 'classes')} "
                f"and {counted(len(self.spellings), 'spelling')}",
                given=self.spellings,
                needs="each class has one, or none has",
                advice="Leave the spellings out.",
            )

    @classmethod
    def learn(cls, name: str, column: Column, cells: Kind, training: Column | None = None) -> ClassTarget:
        """Learn a target: its classes from all rows, and how most training rows spell them.

        Parameters
        ----------
        name : str
        column : Column
            Cells without a value are left out.
        cells : {"text", "number", "boolean"}
            How a cell is matched.
        training : Column, optional
            Its training rows alone (`Column.take`); by default they are all.

        Returns
        -------
        ClassTarget
            The same for every order of the rows. A stream of them needs one counter a spelling.

        Raises
        ------
        TableError
            There are fewer than two classes.
        """
        levels = levels_of(column, cells)
        if len(levels) < 2:  # noqa: PLR2004 (one is constant)
            raise _constant(name)
        usual = {} if training is None else {one.label: one.spelling for one in levels_of(training, cells)}
        spellings = tuple(usual.get(level.label, level.spelling) for level in levels)
        if cells == "boolean":
            return cls(name, spellings, cells)
        labels = tuple(level.label for level in levels)
        return cls(name, labels, cells, () if spellings == labels else spellings)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return tuple(f"output_{label}" for label in self.classes)

    @property
    def labels(self) -> tuple[str, ...]:
        """How predictions write the classes."""
        return self.spellings or self.classes

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of Y, shape (n_rows, n_classes); TableError names a cell of no class learnt."""
        found = matched(column, self.classes, self.cells)
        if found.missing.any():
            raise missing_error(column, found.missing, "learnt target")
        if (found.places < 0).any():
            raise unseen_error(column, found.places < 0, self.classes, "class")
        said.met_by_value(column, found.by_value, self.classes)
        return one_hot(found.places, len(self.classes))

    def encode_with_gaps(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of Y, NaN where a cell has no class learnt, and tell `said` of unknown ones."""
        found = matched(column, self.classes, self.cells)
        said.unseen(column, (found.places < 0) & ~found.missing, GAP, self.classes, "class")
        said.met_by_value(column, found.by_value, self.classes)
        encoded = one_hot(found.places, len(self.classes))
        encoded[found.places < 0] = np.nan
        return encoded

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of Y are computed, and which of them is 1 for a column of one row."""
        y = [None] * len(self.names) if column is None else self.encode(column, Said())[0].tolist()
        marks = tuple(
            label_mark(name, label, one, is_sparse=len(self.names) > 1)
            for name, label, one in zip(self.names, self.classes[-len(self.names) :], y, strict=True)
        )
        place = None if column is None else int(matched(column, self.classes, self.cells).places[0])
        read = None if place is None else self.labels[place]
        return WorkedCell(self.name, marks, raw_cell(column), read)

    def worked_answer(self, outputs: FloatArray | None = None) -> WorkedAnswer:
        """Which class the outputs of one row answer, and by which output."""
        words = "the class of the largest output"
        if outputs is None:
            return WorkedAnswer(self.name, Step("", words))
        place = int(np.argmax(outputs))
        step = Step("", words, {"a": float(outputs[place])}, self.labels[place])
        return WorkedAnswer(self.name, step, place, "is the largest output")


def refuse_gaps(column: Column, cells: Cells, kind: str) -> None:
    """Raise TableError for a cell of a target without a number or date."""
    if cells.unreadable.any():
        raise unreadable_error(column, cells.unreadable, kind, "learnt target")
    if cells.infinite.any():
        raise infinite_error(column, cells.infinite)
    if cells.missing.any():
        raise missing_error(column, cells.missing, "learnt target")


def say_gaps(column: Column, cells: Cells, said: Said, kind: str) -> None:
    """Tell `said` of cells of a target that have something, but no number or date."""
    said.unreadable(column, cells.unreadable, GAP, kind, "learnt target")
    said.infinite(column, cells.infinite, GAP)


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


def _constant(name: str) -> TableError:
    return TableError(
        f"The target {name!r} has not two different values in the training rows.",
        needs="a target must have two values at least",
        advice="Choose another target, or add rows.",
    )
