"""Targets that are classes: a unit for each, or one for two; and back as labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pyarrow as pa

from chainrule.errors import InputError, argument
from chainrule.stored import MOST, Meta, Name, Stored, Text
from chainrule.tables.columns.checks import unusable
from chainrule.tables.columns.column import Column, Kind
from chainrule.tables.columns.decisions import Said, missing_error, unseen_error
from chainrule.tables.columns.held import Held, Origin, type_name
from chainrule.tables.encoding.levels import (
    TRUTHS,
    folded,
    labels_in,
    levels_of,
    matched,
    one_hot,
    refuse_repeats,
)
from chainrule.tables.encoding.targets.answers import Answer, labelled
from chainrule.tables.encoding.targets.gaps import GAP, constant_error
from chainrule.tables.encoding.worked import (
    Step,
    WorkedAnswer,
    WorkedCell,
    label_mark,
    raw_cell,
)
from chainrule.words import counted, listed, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]

__all__ = ["ClassTarget", "held_labels"]

TWO, HALF = 2, 0.5
WHOLE = re.compile("[+-]?[0-9]+")
WHOLES = {"int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1)}  # longer ones are names, not numbers


class ClassTarget(Stored, frozen=True, tag_field="kind", tag="class", omit_defaults=True):
    """A target of classes: one column of Y for each, 1 for the row's class and 0 elsewhere; or one for two.

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
    one_unit : bool
        Whether two classes share one column of Y: 0 for the first of them, 1 for the second.
    held : Held or None
        How its column held the classes, where that is not what `values` makes of the text alone.

    Examples
    --------
    >>> ClassTarget("species", ("setosa", "virginica"), "text").names
    ('output_setosa', 'output_virginica')
    >>> ClassTarget("floor", ("1", "2"), "number", ("01", "02")).labels
    ('01', '02')
    >>> ClassTarget("paid", ("no", "yes"), "boolean", one_unit=True).names
    ('output_yes',)
    """

    name: Name
    classes: Annotated[tuple[Text, ...], Meta(min_length=2, max_length=MOST)]
    cells: Kind
    spellings: Annotated[tuple[Text, ...], Meta(max_length=MOST)] = ()
    one_unit: bool = False
    held: Held | None = None

    def __post_init__(self) -> None:
        if self.one_unit and len(self.classes) != TWO:
            raise InputError(
                f"The target {self.name!r} has {len(self.classes)} classes",
                parameter="one_unit",
                given=self.one_unit,
                needs="one unit tells two classes apart",
                advice=f"Leave out {argument('one_unit')}.",
            )
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
        self._refuse_other_cells()

    @classmethod
    def learn(
        cls,
        name: str,
        column: Column,
        cells: Kind,
        training: Column | None = None,
        *,
        one_unit: bool = False,
    ) -> ClassTarget:
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
        one_unit : bool
            Whether two classes share one column of Y.

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
        if len(levels) < TWO:
            raise constant_error(name)
        usual = {} if training is None else {one.label: one.spelling for one in levels_of(training, cells)}
        spellings = tuple(usual.get(level.label, level.spelling) for level in levels)
        labels = spellings if cells == "boolean" else tuple(level.label for level in levels)
        target = cls(name, labels, cells, () if spellings == labels else spellings, one_unit)
        return cls(name, labels, cells, target.spellings, one_unit, target.held_as(column))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return tuple(f"output_{label}" for label in self.classes[self.one_unit :])

    @property
    def labels(self) -> tuple[str, ...]:
        """How predictions write the classes."""
        return self.spellings or self.classes

    @property
    def words(self) -> str:
        """What is learnt, in words."""
        in_one = " in one unit" if self.one_unit else ""
        return f"{counted(len(self.classes), 'class', 'classes')}{in_one}: {listed(self.classes, 5)}"

    @property
    def values(self) -> tuple[Any, ...]:
        """The classes in their own type, in their order.

        Of text that a file had, or where an older model does not say it, whole numbers are integers, other
        numbers floats, and "true" and "false" booleans; all else is text.

        Examples
        --------
        >>> ClassTarget("floor", ("1", "2"), "number", ("01", "02")).values
        (1, 2)
        >>> ClassTarget("floor", ("1", "2"), "number", held=Held("string")).values
        ('1', '2')
        """
        return tuple(self._as_held().cells(self._texts()).to_pylist())

    def answers(self, outputs: FloatArray) -> Answer:
        """Say the class of each row, by outputs of shape (n_rows, n_units); InputError as for `decided`."""
        return labelled(self.decided(outputs), self._texts(), self.labels, self._as_held())

    def place_of(self, value: object) -> int | None:
        """Which class a value is, counted from 0, whatever its type; None where it is none.

        Examples
        --------
        >>> target = ClassTarget("floor", ("1", "2"), "number", ("01", "02"))
        >>> [target.place_of(value) for value in (2, 2.0, np.int8(2), "02", "2", True, "3", 2**63)]
        [1, 1, 1, 1, 1, 0, None, None]
        """
        if isinstance(value, np.datetime64) and not isinstance(value.item(), int):
            value = value.item()  # a date where it is one
        try:
            found = matched(Column("", _cell_of(value)), self.classes, self.cells).places[0]
        except (pa.ArrowException, TypeError, ValueError, OverflowError):  # no cell of a table
            return None
        if found < 0 and value in self.values:  # a time, of which the text says how finely it is measured
            return self.values.index(value)
        return None if found < 0 else int(found)

    def held_as(self, column: Column) -> Held | None:
        """How a column holds these classes; None where `values` makes the same of their text."""
        held = held_labels(column, self.cells, self.classes, self.labels)
        return None if held == Held(self._type_of_text()) else held

    def _as_held(self) -> Held:
        """How the classes are held, said or told by their text."""
        return self.held or Held(self._type_of_text())

    def _texts(self) -> tuple[str, ...]:
        """Of each class the text that tells its value."""
        return self.labels if self._as_held().type == "string" else self.classes

    def _refuse_other_cells(self) -> None:
        """Raise InputError where the classes are not of the type in which they were held."""
        if self.held is None:
            return
        try:
            self.held.cells(self._texts())
            if not self.held.categories or set(self._texts()) <= set(self.held.categories):
                return
        except (pa.ArrowException, ValueError, OverflowError):
            pass
        raise InputError(
            f"The classes {listed(self.classes)} were held as {self.held.type!r}",
            parameter="held",
            given=self.held.type,
            needs="must be a type that each of them has, and all among its categories",
            advice="Fit the model again.",
        )

    def _type_of_text(self) -> str:
        """What type the classes have where text alone tells it."""
        return _type_of_text(self.cells, self.classes, self.labels)

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of Y, shape (n_rows, n_units); TableError names a cell of no class learnt."""
        found = matched(column, self.classes, self.cells)
        if found.missing.any():
            raise missing_error(column, found.missing, "learnt target")
        if (found.places < 0).any():
            raise unseen_error(column, found.places < 0, self.classes, "class")
        said.met_by_value(column, found.by_value, self.classes)
        return one_hot(found.places, len(self.classes))[:, self.one_unit :]

    def encode_with_gaps(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of Y, NaN where a cell has no class learnt, and tell `said` of unknown ones."""
        found = matched(column, self.classes, self.cells)
        said.unseen(column, (found.places < 0) & ~found.missing, GAP, self.classes, "class")
        said.met_by_value(column, found.by_value, self.classes)
        encoded = one_hot(found.places, len(self.classes))
        encoded[found.places < 0] = np.nan
        return encoded[:, self.one_unit :]

    def of_each_class(self, outputs: FloatArray) -> FloatArray:
        """Return an output for each class, shape (n_rows, n_classes), of those of its units.

        Examples
        --------
        >>> ClassTarget("paid", ("no", "yes"), "boolean", one_unit=True).of_each_class(np.array([[0.75]]))
        array([[0.25, 0.75]])
        """
        return np.column_stack([1.0 - outputs[:, 0], outputs[:, 0]]) if self.one_unit else outputs

    def decided(self, outputs: FloatArray) -> npt.NDArray[np.intp]:
        """Return the place of the class of each row, shape (n_rows,): that of the largest output.

        Of equal ones it is the first; one unit must be above a half for the second.

        Raises
        ------
        InputError
            An output is NaN, so that none is the largest.

        Examples
        --------
        >>> ClassTarget("paid", ("no", "yes"), "boolean").decided(np.array([[0.2, 0.9], [0.6, 0.6]]))
        array([1, 0])
        """
        undecided = np.isnan(outputs).any(axis=1)
        if undecided.any():
            raise InputError(
                f"Row {int(np.argmax(undecided)) + 1} of outputs has NaN, so that none is the largest.",
                parameter="outputs",
                needs="must be numbers",
                advice="Check that the network's weights are finite.",
            )
        return (outputs[:, 0] > HALF).astype(np.intp) if self.one_unit else outputs.argmax(axis=1)

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
        words, symbols = "the class of the largest output", {}
        if self.one_unit:
            words = "{second} where {a} is above ½, else {first}"
            symbols = dict(zip(("first", "second"), map(named, self.labels), strict=True))
        if outputs is None:
            return WorkedAnswer(self.name, Step("", words, symbols=symbols))
        winner = int(self.decided(outputs[np.newaxis])[0])
        place = 0 if self.one_unit else winner
        because = "is the largest output"
        if self.one_unit:
            because = "is above ½" if winner else "is not above ½"
        step = Step("", words, {"a": float(outputs[place])}, self.labels[winner], symbols)
        return WorkedAnswer(self.name, step, place, because)


def held_labels(column: Column, cells: Kind, labels: Sequence[str], spellings: Sequence[str]) -> Held:
    """How a column holds its labels, so that answers are held likewise.

    Examples
    --------
    >>> held_labels(Column("floor", pa.array([1, 2], pa.int8())), "number", ["1", "2"], ["1", "2"]).type
    'int8'
    """
    origin, kind = column.origin, column.cells.type
    if origin is None and (column.is_text or pa.types.is_floating(kind)):
        return Held(_type_of_text(cells, labels, spellings))  # a file's text, or a workbook without integers
    origin = origin or Origin()
    is_kept = origin.categories is not None and len(origin.categories) <= MOST  # that a file holds
    categories = tuple(labels_in(origin.categories)) if is_kept else ()
    return Held(type_name(kind), categories, origin.ordered, origin.pandas)


def _type_of_text(cells: Kind, labels: Sequence[str], spellings: Sequence[str]) -> str:
    """What type labels have where text alone tells it, as pandas.read_csv would have it."""
    if cells == "boolean":
        return "bool" if all(folded(label) in TRUTHS for label in labels) else "string"
    if cells == "text":
        return "string"
    if not all(WHOLE.fullmatch(spelling) for spelling in spellings):
        return "double"
    numbers = [int(label) for label in labels]
    low, high = min(numbers), max(numbers)
    return next((name for name, (least, most) in WHOLES.items() if least <= low and high <= most), "string")


def _cell_of(value: object) -> pa.Array:
    """A value as the cell of a table: as it is written, where Arrow has no type for it."""
    try:
        cell = pa.array([value], pa.large_string() if isinstance(value, str) else None)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        cell = None
    if cell is None or unusable(Column("", cell)):
        return pa.array([str(value)], pa.large_string())
    return cell
