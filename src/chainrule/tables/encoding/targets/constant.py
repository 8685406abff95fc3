"""A target that never varied: it is not learnt, and answered with its constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import InputError
from chainrule.stored import Finite, Name, Stored, Text
from chainrule.tables.columns.held import Held, held_times, named_type
from chainrule.tables.columns.readings import DateReading, kind_of_labels
from chainrule.tables.encoding.levels import levels_of
from chainrule.tables.encoding.targets.answers import Answer, labelled, lasting
from chainrule.tables.encoding.targets.classes import held_labels
from chainrule.tables.encoding.targets.dates import DAY, DateTarget
from chainrule.tables.encoding.worked import Step, WorkedAnswer

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.readings import Reading

__all__ = ["ConstantTarget"]

MOMENT, TIME = "timestamp[s]", "time32[s]"  # in which times are held that were text or numbers


class ConstantTarget(Stored, frozen=True, tag_field="kind", tag="constant", omit_defaults=True):
    """One of several targets that had one value in all training rows: it has no column of Y.

    Attributes
    ----------
    name : str
        The column's name.
    number : float or None
        The value, where it is a number; seconds of a duration.
    label : str or None
        The value as it is written, where it is none. Without either, it was missing in all rows.
    held : Held or None
        How its column held it, where that is no text.

    Examples
    --------
    >>> ConstantTarget("doors", number=4.0).answers(np.zeros((2, 0))).plain()
    [4.0, 4.0]
    """

    name: Name
    number: Finite | None = None
    label: Text | None = None
    held: Held | None = None

    def __post_init__(self) -> None:
        try:
            self.answers(np.zeros((1, 0)))
        except (pa.ArrowException, AttributeError, KeyError, ValueError, OverflowError) as error:
            raise InputError(
                parameter="label",
                given=self.label,
                needs="must be of the type that its column held",
                advice="Fit the model again.",
            ) from error

    @classmethod
    def of_number(cls, column: Column, reading: Reading, number: float, row: int) -> ConstantTarget:
        """The number, the duration or the time that a column has in a row, held as `DateTarget` would."""
        held = held_times(column.cells.type, column.origin)
        if not isinstance(reading, DateReading):
            return cls(column.name, number, held=held)
        if held is not None:
            return cls(column.name, label=str(column.value(row)), held=held)
        unit: Literal["day", "second"] = "second" if number % DAY else "day"
        (written,) = DateTarget(column.name, reading, 0.0, 1.0, unit).written(np.array([number]))
        return cls(column.name, label=written, held=Held(TIME if reading.form == "time" else MOMENT))

    @classmethod
    def of_label(cls, column: Column, label: str) -> ConstantTarget:
        """A label of a column, held as `ClassTarget` would with all that the column has."""
        cells = kind_of_labels(column)
        levels = levels_of(column, cells)
        spellings = [level.spelling for level in levels]
        labels = spellings if cells == "boolean" else [level.label for level in levels]
        held = held_labels(column, cells, labels, spellings)
        place = [level.label for level in levels].index(label)
        text = (spellings if held.type == "string" else labels)[place]
        return cls(column.name, label=text, held=None if held == Held("string") else held)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y: it has none."""
        return ()

    @property
    def words(self) -> str:
        """What becomes of it, in words."""
        return "a constant, not learnt"

    def answers(self, outputs: npt.NDArray[np.float64]) -> Answer:
        """Say its value in each row, by outputs of shape (n_rows, 0)."""
        n_rows = len(outputs)
        if self.label is not None:
            rows = np.zeros(n_rows, dtype=np.intp)
            held = self.held or Held("string")
            return labelled(rows, [self.label], [_written(self.label, held)], held)
        numbers = np.full(n_rows, np.nan if self.number is None else self.number)
        return Answer(pa.array(numbers)) if self.held is None else lasting(numbers, self.held)

    def worked_answer(self, outputs: npt.NDArray[np.float64] | None = None) -> WorkedAnswer:  # noqa: ARG002 (it has none)
        """Its value, whatever the row."""
        number = "missing" if self.number is None else self.number
        constant = number if self.label is None else self.label
        return WorkedAnswer(self.name, Step("", "{constant}", {"constant": constant}, constant))


def _written(label: str, held: Held) -> str:
    """A label in a text: of a moment that of the clock on the wall, as `DateTarget` writes it."""
    kind = named_type(held.type)
    if not pa.types.is_timestamp(kind):
        return label
    cells = held.cells([label])
    wall = cells if kind.tz is None else pc.local_timestamp(cells)
    moment = wall.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False)[0]
    return str(moment).removesuffix("T00:00:00")
