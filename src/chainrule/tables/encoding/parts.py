"""The parts of an encoding: how one column becomes columns of X or Y, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from chainrule.errors import InputError, TableError
from chainrule.stored import MOST, Finite, Meta, Name, NotNegative, Positive, Stored, Text
from chainrule.tables.columns.column import Kind
from chainrule.tables.columns.wording import Role
from chainrule.tables.encoding.statistics import Spread, standardise
from chainrule.words import listed, shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column

__all__ = ["CategoryInput", "ClassTarget", "NumberInput", "NumberTarget", "one_hot", "refuse_repeats"]


class NumberInput(Stored, frozen=True, tag_field="kind", tag="number"):
    """A numeric input: one column of X, (x - mean) / scale.

    Attributes
    ----------
    name : str
        The column's name.
    mean, scale : float
        Of the training rows. ``scale`` is 0 where they are all equal, and then the column of X is 0 always.

    Examples
    --------
    >>> NumberInput("age", mean=30.0, scale=10.0).names
    ('age',)
    """

    name: Name
    mean: Finite
    scale: NotNegative

    role: ClassVar[Role] = "learnt input"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        return (self.name,)

    def encode(self, column: Column) -> npt.NDArray[np.float64]:
        """Return its columns of X, shape (n_rows, 1); TableError names a cell that is no finite number."""
        return self._encoded(column, column.as_numbers(self.role))

    def _encoded(self, column: Column, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        values = standardise(numbers, Spread(self.mean, self.scale))
        far = np.isinf(values) | (np.isnan(values) & ~np.isnan(numbers))
        if far.any():
            at = int(np.argmax(far))
            raise TableError(
                f"{column.cell(at)}, too far from the training rows to be computed with.",
                needs="must be nearer to the training rows",
                advice="Correct it.",
            )
        return values[:, np.newaxis]


class NumberTarget(NumberInput, frozen=True, tag="number"):
    """A numeric target: one column of Y, standardised like an input, and back in its own unit.

    Examples
    --------
    >>> NumberTarget("price", mean=100.0, scale=20.0).names
    ('price',)
    """

    scale: Positive
    role: ClassVar[Role] = "learnt target"

    def encode_with_gaps(self, column: Column) -> npt.NDArray[np.float64]:
        """Return its column of Y, with NaN where a cell is missing."""
        return self._encoded(column, column.as_numbers(self.role, gaps=True))


class CategoryInput(Stored, frozen=True, tag_field="kind", tag="category"):
    """An input of categories: one column of X for each, 1 where the row has it and 0 elsewhere.

    Attributes
    ----------
    name : str
        The column's name.
    categories : tuple of str
        Sorted. A single one says nothing, so its column of X is 0 always.
    cells : {"text", "number", "boolean"}
        How a cell is matched: as it is written, by its value, or in any letter case.

    Examples
    --------
    >>> CategoryInput("island", ("Biscoe", "Dream"), "text").names
    ('island=Biscoe', 'island=Dream')
    """

    name: Name
    categories: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MOST)]
    cells: Kind

    def __post_init__(self) -> None:
        refuse_repeats(map(_matched(self.cells), self.categories), "category")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        return tuple(f"{self.name}={category}" for category in self.categories)

    def encode(self, column: Column) -> npt.NDArray[np.float64]:
        """Return its columns of X, shape (n_rows, n_categories); TableError names a category not learnt."""
        codes = _codes(column, self.categories, self.cells, "learnt input")
        width = len(self.categories)
        return one_hot(codes, width) if width > 1 else np.zeros((len(codes), 1))


class ClassTarget(Stored, frozen=True, tag_field="kind", tag="class"):
    """A target of classes: one column of Y for each, 1 for the row's class and 0 elsewhere.

    Attributes
    ----------
    name : str
        The column's name.
    classes : tuple of str
        Sorted, two at least.
    cells : {"text", "number", "boolean"}
        How a cell is matched: as it is written, by its value, or in any letter case.

    Examples
    --------
    >>> ClassTarget("species", ("setosa", "virginica"), "text").names
    ('output_setosa', 'output_virginica')
    """

    name: Name
    classes: Annotated[tuple[Text, ...], Meta(min_length=2, max_length=MOST)]
    cells: Kind

    def __post_init__(self) -> None:
        refuse_repeats(map(_matched(self.cells), self.classes), "class")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in Y."""
        return tuple(f"output_{label}" for label in self.classes)

    def encode(self, column: Column) -> npt.NDArray[np.float64]:
        """Return its columns of Y, shape (n_rows, n_classes); TableError names a class not learnt."""
        return one_hot(_codes(column, self.classes, self.cells, "learnt target"), len(self.classes))


def one_hot(codes: npt.NDArray[np.intp], width: int) -> npt.NDArray[np.float64]:
    """A row of zeros for each code, with 1.0 at its place.

    Examples
    --------
    >>> one_hot(np.array([1, 0]), 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    encoded = np.zeros((len(codes), width))
    encoded[np.arange(len(codes)), codes] = 1.0
    return encoded


def _codes(column: Column, known: tuple[str, ...], cells: Kind, role: Role) -> npt.NDArray[np.intp]:
    """The place of each row's label among the known ones."""
    labels, codes = column.coded(cells, role)
    fold = _matched(cells)
    places = {fold(label): place for place, label in enumerate(known)}
    found = np.array([places.get(fold(label), -1) for label in labels], dtype=np.intp)[codes]
    if (found < 0).any():
        at = int(np.argmin(found))
        label = labels[codes[at]]
        what = "class" if role == "learnt target" else "category"
        raise TableError(
            f"{column.cell(at)}, a {what} that the model has not learnt.",
            needs=f"must be a {what} that the model has learnt",
            advice=f"{suggestion(label, known)} It learnt: {listed(known)}. Correct the cell, remove the "
            "row, or train on a table that has it.".lstrip(),
        )
    return found


def folded(label: str) -> str:
    """A boolean's label in the one letter case in which it is matched."""
    return label.strip().lower()


def _matched(cells: Kind) -> Callable[[str], str]:
    """What of a label is compared with a cell of this kind."""
    return folded if cells == "boolean" else str


def refuse_repeats(names: Iterable[str], what: str) -> None:
    """Raise InputError for a name that is there twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(
                f"The {what} {shown(name)} is there twice",
                given=name,
                needs="must be there once",
                advice="Leave one out.",
            )
        seen.add(name)
