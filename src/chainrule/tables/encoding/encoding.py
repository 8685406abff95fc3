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
from chainrule.tables.encoding.levels import matched, refuse_repeats
from chainrule.tables.encoding.numbers import MissingInput, NumberInput
from chainrule.tables.encoding.targets import ClassTarget, DateTarget, NumberTarget
from chainrule.tables.encoding.texts import TextInput
from chainrule.words import listed, printable, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.table import Table

__all__ = ["Encoding", "InputPart", "TargetPart"]

MOST_ABSENT_LISTED = 20

InputPart: TypeAlias = (
    NumberInput | BinaryInput | CategoryInput | TextInput | DateInput | CycleInput | MissingInput
)
TargetPart: TypeAlias = NumberTarget | DateTarget | ClassTarget


class Encoding(Stored, frozen=True):
    """How the columns of a table become X and Y. It decides alone, whatever a later table looks like.

    Attributes
    ----------
    inputs : tuple of parts
        `NumberInput`, `MissingInput`, `CategoryInput`, `BinaryInput`, `DateInput`, `CycleInput`, `TextInput`,
        in the order of X.
    targets : tuple of NumberTarget and DateTarget, or of one ClassTarget
        In the order of Y.
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
        if len(self.targets) > 1 and any(isinstance(part, ClassTarget) for part in self.targets):
            raise InputError(
                f"There are {len(self.targets)} targets and one of classes among them,",
                parameter="targets",
                given=self.target_names,
                needs="targets are one of classes or numbers only",
                advice="Leave some out.",
            )

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
    def classes(self) -> tuple[str, ...] | None:
        """The classes of a class target as they are written, in the order of Y's columns; None for others."""
        return self.targets[0].labels if isinstance(self.targets[0], ClassTarget) else None

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
            Classes: 1.0 for the row's class, 0.0 elsewhere. Numbers: standardised; NaN where one of several
            targets is missing.

        Raises
        ------
        TableError
            A column is missing, or a cell is missing, is not of the kind learnt, or a class not learnt.
        """
        return _encoded(table, self.targets, "the model's answers are compared with", Said())

    def has_target(self, table: Table) -> npt.NDArray[np.bool_]:
        """Say of each row whether it has a value of a target.

        Raises
        ------
        TableError
            A column is missing.
        """
        _refuse_absent(table, self.targets, "the model's answers are compared with")
        there: npt.NDArray[np.bool_] = np.logical_or.reduce(
            [_has_value(part, table.column(part.name)) for part in self.targets]
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
        tuple of str, or array of shape (n_rows, n_targets)
            Each row's class, that with the largest output (the first of equal ones); or numbers in the
            targets' own units.

        Raises
        ------
        ShapeError
            The outputs have another number of columns than Y.
        InputError
            An output of a class is NaN, so that none is the largest.
        """
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
        classes = self.classes
        return self._in_units(values) if classes is None else _winners(values, classes)

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

    def answers(self, outputs: npt.ArrayLike) -> dict[str, Any]:
        """What the outputs mean, by the names of the targets: numbers, times as text, or classes.

        Raises
        ------
        ShapeError, InputError
            As for `decode_outputs`.
        """
        decoded = self.decode_outputs(outputs)
        if isinstance(decoded, tuple):
            return {self.target_names[0]: list(decoded)}
        return {
            part.name: part.written(numbers) if isinstance(part, DateTarget) else numbers
            for part, numbers in zip(self.targets, decoded.T, strict=True)
        }

    def _in_units(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        numbers = [part for part in self.targets if not isinstance(part, ClassTarget)]
        return np.column_stack([part.decode(values[:, k]) for k, part in enumerate(numbers)])


def _encoded(
    table: Table, parts: Sequence[InputPart | TargetPart], who_needs: str, said: Said
) -> npt.NDArray[np.float64]:
    _refuse_absent(table, parts, who_needs)
    several = len({part.name for part in parts}) > 1
    columns = [
        part.encode_with_gaps(table.column(part.name), said)
        if several and isinstance(part, NumberTarget | DateTarget)
        else part.encode(table.column(part.name), said)
        for part in parts
    ]
    return np.concatenate(columns, axis=1)


def _has_value(part: TargetPart, column: Column) -> npt.NDArray[np.bool_]:
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


def _winners(values: npt.NDArray[np.float64], classes: tuple[str, ...]) -> tuple[str, ...]:
    undecided = np.isnan(values).any(axis=1)
    if undecided.any():
        raise InputError(
            f"Row {int(np.argmax(undecided)) + 1} of outputs has NaN, so no class has the largest output.",
            parameter="outputs",
            needs="must be numbers",
            advice="Check that the network's weights are finite.",
        )
    return tuple(classes[winner] for winner in np.argmax(values, axis=1))
