"""The encoding: how a table becomes X and Y, and the network's outputs become labels and units again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import numpy as np

from chainrule.errors import InputError, ModelFileError, ShapeError, TableError
from chainrule.given import real_numbers
from chainrule.stored import MOST, Meta, Stored, plain, read
from chainrule.tables.columns.decisions import Said
from chainrule.tables.columns.layout import Layout
from chainrule.tables.columns.readings import read_cells
from chainrule.tables.columns.roles import RowRoles
from chainrule.tables.columns.table import check_table
from chainrule.tables.encoding.categories import BinaryInput, CategoryInput
from chainrule.tables.encoding.dates import CycleInput, DateInput
from chainrule.tables.encoding.display import encoding_display
from chainrule.tables.encoding.levels import matched, refuse_repeats
from chainrule.tables.encoding.numbers import MissingInput, NumberInput
from chainrule.tables.encoding.targets.classes import ClassTarget
from chainrule.tables.encoding.targets.constant import ConstantTarget
from chainrule.tables.encoding.targets.dates import DateTarget
from chainrule.tables.encoding.targets.numbers import NumberTarget
from chainrule.tables.encoding.texts import TextInput
from chainrule.words import counted, listed, printable, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.table import Table
    from chainrule.tables.encoding.targets.answers import Answer
    from chainrule.tables.encoding.targets.kind import TargetKind

__all__ = ["Encoding", "InputPart", "LearntTarget", "TargetPart"]

MOST_ABSENT_LISTED = 20

InputPart: TypeAlias = (
    NumberInput | BinaryInput | CategoryInput | TextInput | DateInput | CycleInput | MissingInput
)
LearntTarget: TypeAlias = NumberTarget | DateTarget | ClassTarget
TargetPart: TypeAlias = LearntTarget | ConstantTarget


class Encoding(Stored, frozen=True):
    """How the columns of a table become X and Y. It decides alone, whatever a later table looks like.

    Attributes
    ----------
    inputs : tuple of parts
        `NumberInput`, `MissingInput`, `CategoryInput`, `BinaryInput`, `DateInput`, `CycleInput`, `TextInput`,
        in the order of X.
    targets : tuple of NumberTarget and DateTarget, or of one ClassTarget, or of several with one unit each
        In the order of Y; of several, one that was constant is a `ConstantTarget`, which has no column of Y.
    rows : RowRoles
        Columns that say something of rows and are not learnt.
    layout : Layout or None
        How the delimited text was cut that it was learnt from.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.models import prepare
    >>> data = prepare(pa.table({"size": [1, 2, 3], "kind": ["a", "b", "a"]}), target="kind", held_out=0)
    >>> table, encoding = data.table, data.encoding
    >>> encoding.encode_inputs(table).round(3).tolist()
    [[-1.225], [0.0], [1.225]]
    >>> encoding.encode_targets(table).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    >>> encoding.decode_outputs([[0.2, 0.9], [0.6, 0.6]])
    ('b', 'a')
    """

    inputs: Annotated[tuple[InputPart, ...], Meta(min_length=1, max_length=MOST)]
    targets: Annotated[tuple[TargetPart, ...], Meta(min_length=1, max_length=MOST)]
    rows: RowRoles = RowRoles()
    layout: Layout | None = None

    def __post_init__(self) -> None:
        refuse_repeats(self.input_names, "column")
        alone = [part.name for part in self.inputs if not isinstance(part, CycleInput)]  # beside its number
        refuse_repeats([*alone, *self.target_names], "column")
        if self.targets and not self.learnt:
            raise InputError(
                "There is no target to learn",
                parameter="targets",
                given=self.target_names,
                needs="one at least must vary",
                advice="Give another one.",
            )
        of_classes = [part for part in self.learnt if isinstance(part, ClassTarget)]
        if of_classes and len(self.targets) > 1:
            if len(of_classes) == len(self.learnt) and all(part.one_unit for part in of_classes):
                return
            raise InputError(
                f"There are {len(self.targets)} targets and one of classes among them,",
                parameter="targets",
                given=self.target_names,
                needs="targets are one of classes, several of two classes each, or numbers only",
                advice="Leave some out.",
            )

    def _repr_html_(self) -> str:
        return encoding_display(self)

    def __repr__(self) -> str:
        return f"Encoding({counted(self.n_inputs, 'input')}, {counted(self.n_outputs, 'output')})"

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name for each column of X: "petal_length", "island=Biscoe"."""
        return tuple(name for part in self.inputs for name in part.names)

    @property
    def output_names(self) -> tuple[str, ...]:
        """One name for each column of Y: "output_setosa" for a class, the target's name for a number."""
        return tuple(name for part in self.targets for name in part.names)

    @property
    def n_inputs(self) -> int:
        """The number of columns of X."""
        return len(self.input_names)

    @property
    def n_outputs(self) -> int:
        """The number of columns of Y."""
        return len(self.output_names)

    @property
    def kind(self) -> TargetKind:
        """What is learnt: numbers (times among them), the classes of one target, or several labels."""
        if not isinstance(self.learnt[0], ClassTarget):
            return "numbers"
        return "classes" if len(self.targets) == 1 else "labels"

    @property
    def learnt(self) -> tuple[LearntTarget, ...]:
        """The targets that have a column of Y: all but those that were constant."""
        return tuple(part for part in self.targets if not isinstance(part, ConstantTarget))

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes of the one class target as they are written, in their order; None for other targets."""
        target = self.targets[0]
        return target.labels if isinstance(target, ClassTarget) and self.kind == "classes" else None

    @property
    def class_values(self) -> tuple[Any, ...] | None:
        """The classes in their own type, in order; of several targets those of each; None for numbers."""
        if self.kind == "numbers":
            return None
        values = tuple(part.values for part in self.learnt if isinstance(part, ClassTarget))
        return values[0] if self.kind == "classes" else values

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names of the target columns in the table."""
        return tuple(part.name for part in self.targets)

    @property
    def how_read(self) -> dict[str, Any]:
        """How `as_table` reads a table as the one was read that was learnt."""
        known = dict.fromkeys([*(part.name for part in self.inputs), *self.target_names, *self.rows.ids])
        return {"layout": self.layout, "absent": self.target_names, "known": tuple(known)}

    def encode_inputs(self, table: Table, said: Said | None = None) -> npt.NDArray[np.float64]:
        """Return X.

        Parameters
        ----------
        table : Table
            With a column for every input, in any order; other columns are not looked at.
        said : Said, optional
            Hears of each cell that is not as learnt, and what it is taken for.

        Returns
        -------
        array of shape (n_rows, n_inputs), float64
            A row has the same bits whatever rows are beside it.

        Raises
        ------
        TableError
            A column is missing; or a cell is not as learnt, where `said` is strict.
        """
        if said is not None and not isinstance(said, Said):
            raise InputError(
                parameter="said", given=said, needs="must be a Said, or None", advice="Leave it out."
            )
        return _encoded(table, self.inputs, "the model needs", Said() if said is None else said)

    def encode_targets(self, table: Table) -> npt.NDArray[np.float64]:
        """Return Y.

        Parameters
        ----------
        table : Table
            With a column for every target.

        Returns
        -------
        array of shape (n_rows, n_outputs), float64
            Classes: 1.0 for the row's class, 0.0 elsewhere. Numbers: scaled as each target was learnt. NaN
            where one of several targets is missing.

        Raises
        ------
        TableError
            A column is missing, or a cell is missing, is not of the kind learnt, or a class not learnt.
        """
        return _encoded(table, self.learnt, "the model's answers are compared with", Said())

    def has_target(self, table: Table) -> npt.NDArray[np.bool_]:
        """Say of each row whether it has a value of a target.

        Raises
        ------
        TableError
            A column is missing.
        """
        _refuse_absent(table, self.learnt, "the model's answers are compared with")
        there: npt.NDArray[np.bool_] = np.logical_or.reduce(
            [_has_value(part, table.column(part.name)) for part in self.learnt]
        )
        return there

    def decode_outputs(self, outputs: npt.ArrayLike) -> tuple[str, ...] | npt.NDArray[np.float64]:
        """Return what the outputs of the network mean.

        Parameters
        ----------
        outputs : array of shape (n_rows, n_outputs)
            As Y is.

        Returns
        -------
        tuple of str, or array of shape (n_rows, n_learnt)
            Of the targets that are learnt. Each row's class, that with the largest output (the first of equal
            ones); or numbers in the targets' own units, or for several targets of classes the label of each.

        Raises
        ------
        ShapeError
            The outputs have another number of columns than Y.
        InputError
            An output of a class is NaN, so that none is the largest.
        """
        if self.kind == "numbers":
            return np.column_stack([part.decode(own[:, 0]) for part, own in self.parted(outputs)])
        labels = [
            np.array(part.labels, dtype=object)[part.decided(own)] for part, own in self.parted(outputs)
        ]
        return tuple(labels[0]) if self.kind == "classes" else np.column_stack(labels)

    def parted(self, outputs: npt.ArrayLike) -> Iterator[tuple[Any, npt.NDArray[np.float64]]]:
        """Each target that is learnt, with its columns of the outputs, or of Y.

        Raises
        ------
        ShapeError, InputError
            They are no table of numbers as Y is one.
        """
        values, first = self._checked(outputs), 0
        for part in self.learnt:
            yield part, values[:, first : first + len(part.names)]
            first += len(part.names)

    def unused_columns(self, table: Table) -> tuple[str, ...]:
        """Return the columns of the table that are neither inputs nor targets, nor say anything of rows."""
        check_table(table)
        rows = self.rows
        used = {part.name for part in self.inputs} | {*self.target_names, *rows.ids}
        used |= {name for name in (rows.weights, rows.split, rows.group) if name is not None}
        return tuple(name for name in table.names if name not in used)

    def to_json(self) -> dict[str, Any]:
        """Return the encoding as plain JSON types, for a model file."""
        return plain(self)

    @classmethod
    def from_json(cls, data: object) -> Encoding:
        """Return the encoding that `to_json` gave.

        Parameters
        ----------
        data : object
            What a JSON parser returned. Nothing in it is trusted.

        Raises
        ------
        ModelFileError
            It is no encoding; the message names the field.
        """
        try:
            return read(data, cls, "encoding")
        except ModelFileError as error:
            error.parameter = "data"
            raise

    def answers(self, outputs: npt.ArrayLike) -> dict[str, Answer]:
        """What the outputs mean, by the names of the targets, each in the type that its column had.

        Raises
        ------
        ShapeError, InputError
            As for `decode_outputs`.
        """
        values = self._checked(outputs)
        learnt = {part.name: part.answers(own) for part, own in self.parted(values)}
        return {
            part.name: part.answers(values[:, :0]) if isinstance(part, ConstantTarget) else learnt[part.name]
            for part in self.targets
        }

    def _checked(self, outputs: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Outputs as an array of numbers with a column for each of Y."""
        try:
            values = real_numbers(outputs, np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"outputs cannot be read as a table of numbers: {printable(str(error))}.",
                parameter="outputs",
                given=outputs,
                needs="must be a table of numbers",
                advice="Give the network's outputs.",
            ) from error
        if values.ndim != 2 or values.shape[1] != self.n_outputs:  # noqa: PLR2004 - rows and columns
            raise ShapeError(
                f"outputs has the shape {values.shape}",
                parameter="outputs",
                given=values.shape,
                needs=f"(n_rows, {self.n_outputs}) is needed, as Y has it",
                advice="Give the network's outputs.",
            )
        return values


def _encoded(
    table: Table, parts: Sequence[InputPart | LearntTarget], who_needs: str, said: Said
) -> npt.NDArray[np.float64]:
    _refuse_absent(table, parts, who_needs)
    several, first = len({part.name for part in parts}) > 1, 0
    encoded = np.empty((table.n_rows, sum(len(part.names) for part in parts)))
    for part in parts:
        encode = part.encode_with_gaps if several and isinstance(part, LearntTarget) else part.encode
        own = encode(table.column(part.name), said)
        encoded[:, first : first + own.shape[1]] = own
        first += own.shape[1]
    return encoded


def _has_value(part: LearntTarget, column: Column) -> npt.NDArray[np.bool_]:
    """Which cells of a target have a value."""
    if isinstance(part, ClassTarget):
        return ~matched(column, part.classes, part.cells).missing
    return ~np.isnan(read_cells(column, part.reading).values)


def _refuse_absent(table: Table, parts: Sequence[InputPart | TargetPart], who_needs: str) -> None:
    """Raise TableError where the table has not the column of each part."""
    check_table(table)
    there = set(table.names)
    absent = list(dict.fromkeys(part.name for part in parts if part.name not in there))
    if absent:
        used, one = {part.name for part in parts}, len(absent) == 1
        others = [name for name in table.names if name not in used]
        similar = suggestion(absent[0] if one else absent, others)
        remedy = "Add the column, or rename one." if one else "Add the columns, or rename others."
        raise TableError(
            f"{table.title} has no column{'' if one else 's'} {listed(absent, MOST_ABSENT_LISTED)}",
            needs=f"{who_needs} {'it' if one else 'them'}",
            advice=f"{similar} There are: {listed(table.names)}. {remedy}".lstrip(),
        )
