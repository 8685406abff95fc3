"""The encoding: how a table becomes X and Y, and the network's outputs become labels and units again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from chainrule.errors import InputError, ModelFileError, ShapeError, TableError
from chainrule.given import real_numbers
from chainrule.stored import MOST, Meta, Stored, plain, read
from chainrule.tables.columns.table import check_table
from chainrule.tables.encoding.parts import (
    CategoryInput,
    ClassTarget,
    NumberInput,
    NumberTarget,
    refuse_repeats,
)
from chainrule.tables.encoding.statistics import Spread, restore
from chainrule.words import listed, printable, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.table import Table

__all__ = ["Encoding"]

MOST_ABSENT_LISTED = 20


class Encoding(Stored, frozen=True):
    """How the columns of a table become X and Y. It decides alone, whatever a later table looks like.

    Attributes
    ----------
    inputs : tuple of NumberInput and CategoryInput
        In the order of X.
    targets : tuple of NumberTarget, or of one ClassTarget
        In the order of Y.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import choose_encoding, read_table
    >>> table = read_table(pa.table({"size": [1, 2, 3], "kind": ["a", "b", "a"]}))
    >>> encoding, remarks = choose_encoding(table, targets=["kind"], training_rows=[0, 1, 2])
    >>> encoding.encode_inputs(table).round(3).tolist()
    [[-1.225], [0.0], [1.225]]
    >>> encoding.encode_targets(table).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    >>> encoding.decode_outputs([[0.2, 0.9], [0.6, 0.6]])
    ('b', 'a')
    """

    inputs: Annotated[tuple[NumberInput | CategoryInput, ...], Meta(min_length=1, max_length=MOST)]
    targets: Annotated[tuple[NumberTarget | ClassTarget, ...], Meta(min_length=1, max_length=MOST)]

    def __post_init__(self) -> None:
        refuse_repeats([part.name for part in (*self.inputs, *self.targets)], "column")
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
        """The classes of a class target, in the order of Y's columns; None for numeric targets."""
        return self.targets[0].classes if isinstance(self.targets[0], ClassTarget) else None

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names of the target columns in the table."""
        return tuple(part.name for part in self.targets)

    def encode_inputs(self, table: Table) -> npt.NDArray[np.float64]:
        """Return X.

        Parameters
        ----------
        table : Table
            With a column for every input, in any order; other columns are not looked at.

        Returns
        -------
        array of shape (n_rows, n_inputs), float64
            A row has the same bits whatever rows are beside it.

        Raises
        ------
        TableError
            A column is missing, or a cell is missing, is not of the kind learnt, or a category not learnt.
        """
        return _encoded(table, self.inputs, "the model needs")

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
            As for `encode_inputs`.
        """
        return _encoded(table, self.targets, "the model's answers are compared with")

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
        """Return the columns of the table that are neither inputs nor targets."""
        check_table(table)
        used = {part.name for part in self.inputs} | set(self.target_names)
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

    def _in_units(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        numbers = [part for part in self.targets if isinstance(part, NumberTarget)]
        units = [restore(values[:, k], Spread(part.mean, part.scale)) for k, part in enumerate(numbers)]
        return np.column_stack(units)


def _encoded(
    table: Table, parts: Sequence[NumberInput | CategoryInput | ClassTarget], who_needs: str
) -> npt.NDArray[np.float64]:
    check_table(table)
    there = set(table.names)
    absent = [part.name for part in parts if part.name not in there]
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
    several = len(parts) > 1
    columns = [
        part.encode_with_gaps(table.column(part.name))
        if several and isinstance(part, NumberTarget)
        else part.encode(table.column(part.name))
        for part in parts
    ]
    return np.concatenate(columns, axis=1)


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
