"""One column of a table, and the rule that says what its cells are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from chainrule.errors import TableError
from chainrule.tables.columns import grammar
from chainrule.tables.columns.checks import check_finite, check_usable, first, is_typed_number
from chainrule.words import counted, shown

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    from chainrule.tables.columns.held import Origin
    from chainrule.tables.columns.wording import Role

__all__ = ["Column", "Kind"]

Kind = Literal["number", "text", "boolean"]

ONE_IN_OTHER = 10  # at most one cell in ten is no number: the column was probably meant to hold numbers


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
        Its name, as the header gives it.
    cells : pyarrow.Array of length n_rows
        Strings for delimited text and JSON lines; the source's own type for Parquet and data frames.
    table : str
        What messages call the table: the file's name, or "the data frame".
    decimal : str
        The table's decimal mark, "." or ",".
    numbering : array of shape (n_rows,), optional
        For each cell the row of the table read that it stands in, counted from 0; by default its own place.
    is_category : bool
        Whether the source itself says that the cells are categories, whatever they look like.
    origin : Origin or None
        What a source that has types says of the column; None where cells are what is written there.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> column = read_table(pa.table({"age": ["31", "4.5"]})).column("age")
    >>> column.kind, column.as_numbers().tolist(), column.as_labels()
    ('number', [31.0, 4.5], ('31', '4.5'))
    """

    name: str
    cells: pa.Array
    table: str = "the table"
    decimal: str = "."
    numbering: npt.NDArray[np.intp] | None = None
    is_category: bool = False
    origin: Origin | None = None

    def __repr__(self) -> str:
        return f"Column({shown(self.name)}, {counted(len(self.cells), 'row')} of {self.table})"

    def __getstate__(self) -> dict[str, Any]:
        # What was computed from the cells is computed again: its arrays, restored, would be writable.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @cached_property
    def kind(self) -> Kind:
        """What all cells that are not missing are: "number", "boolean" or else "text"."""
        if pa.types.is_boolean(self.cells.type):
            return "boolean"
        if is_typed_number(self.cells.type):
            return "number"
        return self._kind_of_text() if self.is_text else "text"

    @property
    def is_text(self) -> bool:
        """Whether the cells are strings, so that the typing rule decides."""
        return bool(pa.types.is_large_string(self.cells.type))

    @cached_property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which cells hold no value, shape (n_rows,)."""
        return grammar.missing_cells(self.cells)

    def as_numbers(self, role: Role | None = None, *, gaps: bool = False) -> npt.NDArray[np.float64]:
        """Return the cells as numbers.

        Parameters
        ----------
        role : {"input", "target", "learnt input", "learnt target"}, optional
            What the column is used for, so that a message says what can be done.
        gaps : bool
            Whether cells may be missing.

        Returns
        -------
        array of shape (n_rows,), float64
            All finite, but NaN where a cell is missing; read-only.

        Raises
        ------
        TableError
            A cell is missing, is no number, or is infinite; the message names column and row.
        """
        check_usable(self, role, gaps=gaps)
        numbers = self._numbers
        wrong = np.isnan(numbers) & ~self.missing
        if wrong.any():
            learnt = role in {"learnt input", "learnt target"}
            raise TableError(
                self.cell(first(wrong)),
                needs="the model learnt numbers there" if learnt else "numbers are needed there",
                advice="Correct the cell, or remove the row.",
            )
        check_finite(self, numbers, role)
        return numbers

    def as_labels(self, kind: Kind | None = None, role: Role | None = None) -> tuple[str, ...]:
        """Return the cells as labels.

        Parameters
        ----------
        kind : {"number", "text", "boolean"}, optional
            How a label is spelled; by default as the column's own kind says. Numbers have one label for
            each value: "1" for ``1``, ``1.0`` and ``01``.
        role : {"input", "target", "learnt input", "learnt target"}, optional
            As for `as_numbers`.

        Returns
        -------
        tuple of str
            One a row.

        Raises
        ------
        TableError
            A cell is missing, or is no number, text or boolean; the message names column and row.
        """
        labels, codes = self.coded(kind, role)
        return tuple(np.array(labels, dtype=object)[codes])

    def coded(
        self,
        kind: Kind | None = None,
        role: Role | None = None,
        *,
        gaps: bool = False,
        known: Collection[str] = (),
    ) -> tuple[list[str], npt.NDArray[np.intp]]:
        """Return the different labels in no order (one may come twice), and for each row which one it has.

        Parameters
        ----------
        kind, role : optional
            As for `as_labels`.
        gaps : bool
            Whether cells may be missing: they have the code -1.
        known : collection of str
            Labels that are none of those: a category that is written as a missing value is.

        Raises
        ------
        TableError
            As `as_labels`.
        """
        check_usable(self, role, gaps=gaps)
        is_odd = pa.types.is_temporal(self.cells.type) or pa.types.is_null(self.cells.type)
        dictionary = pc.dictionary_encode(self.cells.cast(pa.large_string()) if is_odd else self.cells)
        cells = dictionary.dictionary
        if self.is_text and (kind or self.kind) == "number":
            are_numbers = grammar.matches(grammar.trimmed(cells), grammar.number_pattern(self.decimal))
        else:
            are_numbers = np.zeros(len(cells), dtype=bool)
        labels = list(map(self._label, cells.to_pylist(), are_numbers.tolist()))
        codes = pc.fill_null(dictionary.indices, -1).to_numpy(zero_copy_only=False).astype(np.intp)
        if gaps:
            is_kept = np.array([*(label in known for label in labels), False])
            codes[self.missing & ~is_kept[codes]] = -1
        return labels, codes

    def row(self, index: int) -> int:
        """The number that a message gives the row of this cell: counted from 1, without the header."""
        return int(index if self.numbering is None else self.numbering[index]) + 1

    def cell(self, index: int) -> str:
        """The beginning of a sentence about one cell."""
        return f"Row {self.row(index)} of {self.title} is {shown(self.value(index))}"

    @property
    def title(self) -> str:
        """The column's name and its table's, for messages."""
        return f"column {shown(self.name)} of {self.table}"

    def almost_numbers(self) -> str | None:
        """Say in a clause which cell keeps a text column from being numbers, where 90 % of its cells are."""
        if not self.is_text or self.kind != "text":
            return None
        other = ~self.missing & np.isnan(grammar.numbers_in(self.cells, self.decimal))
        present = int((~self.missing).sum())
        if not present or ONE_IN_OTHER * other.sum() > present:
            return None
        cell = self.cell(first(other))
        return f"{cell[0].lower()}{cell[1:]}, which is no number, so the whole column is read as text"

    def take(self, rows: npt.NDArray[np.intp]) -> Column:
        """The column with these rows only; they keep their numbers in messages."""
        numbering = rows if self.numbering is None else self.numbering[rows]
        return replace(self, cells=self.cells.take(pa.array(rows)), numbering=numbering)

    def value(self, index: int) -> object:
        """One cell for a message; a time as Arrow writes it, because not each fits Python's own types."""
        if pa.types.is_temporal(self.cells.type) and not pa.types.is_interval(self.cells.type):
            return self.cells.slice(index, 1).cast(pa.string())[0].as_py()
        return self.cells[index].as_py()

    def _kind_of_text(self) -> Kind:
        present = grammar.trimmed(self.cells.filter(pa.array(~self.missing)))
        if not len(present):
            return "text"
        if grammar.matches(present, grammar.number_pattern(self.decimal)).all():
            return "number"
        return "boolean" if grammar.matches(present, grammar.BOOLEAN_PATTERN).all() else "text"

    def numbers(self) -> npt.NDArray[np.float64]:
        """Values by the plain grammar, shape (n_rows,), NaN for what is no number; read-only."""
        return self._numbers

    def whole_numbers(self) -> npt.NDArray[np.float64] | None:
        """The cells that are not missing, shape (n,), where they are whole numbers; None where one is not."""
        if self.kind != "number":
            return None
        numbers = self._numbers[~self.missing]
        return numbers if np.array_equal(numbers, np.round(numbers)) and not np.isinf(numbers).any() else None

    @cached_property
    def _numbers(self) -> npt.NDArray[np.float64]:
        """The value of each cell; NaN for a cell that is no number. Nobody may write to it."""
        numbers = self._values()
        numbers.flags.writeable = False
        return numbers

    def _values(self) -> npt.NDArray[np.float64]:
        if self.is_text:
            return grammar.numbers_in(self.cells, self.decimal)
        if not is_typed_number(self.cells.type):
            return np.full(len(self.cells), np.nan)
        # Arrow rounds decimals twice, but their digits once.
        cells = self.cells.cast(pa.string()) if pa.types.is_decimal(self.cells.type) else self.cells
        numbers: npt.NDArray[np.float64] = pc.cast(cells, pa.float64(), safe=False).to_numpy(
            zero_copy_only=False
        )
        return numbers

    def _label(self, cell: object, is_number: bool) -> str:  # noqa: FBT001 (mapped)
        if isinstance(cell, bool):
            return "true" if cell else "false"
        if not isinstance(cell, str):
            return grammar.canonical_number(cell)
        if is_number:
            return grammar.canonical_number(cell.strip(grammar.BLANKS).replace(self.decimal, "."))
        return cell
