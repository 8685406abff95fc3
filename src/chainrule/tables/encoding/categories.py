"""Inputs of categories: a column of X for each level, or one for two levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from chainrule.errors import TableError
from chainrule.stored import MOST, Meta, Name, Stored, Text
from chainrule.tables.columns.column import Kind
from chainrule.tables.columns.decisions import Said
from chainrule.tables.encoding.levels import levels_of, matched, one_hot, refuse_repeats
from chainrule.tables.encoding.numbers import missing_name
from chainrule.tables.encoding.worked import Step, Worked, WorkedCell, label_mark, missing_mark, raw_cell
from chainrule.words import counted, named

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.encoding.levels import Level

    FloatArray = npt.NDArray[np.float64]

__all__ = ["KEPT_OF_MORE", "MOST_ASKED_LEVELS", "MOST_LEVELS", "BinaryInput", "CategoryInput"]

MOST_LEVELS = 50
KEPT_OF_MORE = 20
MOST_ASKED_LEVELS = 1000  # where a column is said to be one of categories

Share = Annotated[float, Meta(ge=0, le=1)]


class CategoryInput(Stored, frozen=True, tag_field="kind", tag="category", omit_defaults=True):
    """An input of categories: one column of X for each, 1 where the row has it and 0 elsewhere.

    Attributes
    ----------
    name : str
        The column's name.
    categories : tuple of str
        Sorted. A single one that stands alone says nothing, so its column of X is 0 always.
    cells : {"text", "number", "boolean"}
        How a cell is matched: as it is written, by its value, or in any letter case; and where that finds
        nothing, by value across types (see `levels.matched`).
    has_rest : bool
        Whether one more column of X is for the categories that are not among these, because they were rarer
        in training or not there. Without it a category not known is 0 in all columns.
    has_missing : bool
        Whether a last column of X is for cells without a value, as if that were a category.

    Examples
    --------
    >>> CategoryInput("island", ("Biscoe", "Dream"), "text").names
    ('island=Biscoe', 'island=Dream')
    >>> CategoryInput("island", ("Dream",), "text", has_rest=True, has_missing=True).names
    ('island=Dream', 'island (rest)', 'island (missing)')
    """

    name: Name
    categories: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MOST)]
    cells: Kind
    has_rest: bool = False
    has_missing: bool = False

    def __post_init__(self) -> None:
        refuse_repeats(self.categories, "category", self.cells)

    @classmethod
    def learn(
        cls,
        name: str,
        column: Column,
        cells: Kind,
        most: int = MOST_LEVELS,
        kept_of_more: int = KEPT_OF_MORE,
    ) -> CategoryInput:
        """Learn an input from the training rows of a column.

        Parameters
        ----------
        name : str
        column : Column
            The training rows alone (`Column.take`).
        cells : {"text", "number", "boolean"}
            How a cell is matched.
        most : int
            Up to so many categories get a column each.
        kept_of_more : int
            If there are more, so many do: the most frequent, of equally frequent ones the first in their
            order. The others share one column, the rest.

        Returns
        -------
        CategoryInput
            The same for every order of the rows. A stream of them needs one counter a level (see
            `levels_of`).

        Raises
        ------
        TableError
            No training row has a value.
        """
        levels = levels_of(column, cells)
        if not levels:
            raise _no_value(column)
        n_kept = len(levels) if len(levels) <= most else kept_of_more
        kept = set(sorted(levels, key=lambda level: -level.n_cells)[:n_kept])
        has_missing = sum(level.n_cells for level in levels) < len(column.cells)
        categories = tuple(_spelled(level, cells) for level in levels if level in kept)
        return cls(name, categories, cells, has_rest=n_kept < len(levels), has_missing=has_missing)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        rest = (f"{self.name} (rest)",) if self.has_rest else ()
        missing = (missing_name(self.name),) if self.has_missing else ()
        return (*(f"{self.name}={category}" for category in self.categories), *rest, *missing)

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of X, shape (n_rows, n_columns), and tell `said` of categories not known."""
        found = matched(column, self.categories, self.cells)
        places, n_known = found.places.copy(), len(self.categories)
        unseen = (places < 0) & ~found.missing
        said.met_by_value(column, found.by_value, self.categories)
        if self.has_rest:
            places[unseen] = n_known
            said.rest(column, unseen)
        else:
            said.unseen(column, unseen, "taken for none of them", self.categories)
        if self.has_missing:
            places[found.missing] = n_known + self.has_rest
        else:
            said.missing(column, found.missing, "taken for none of them")
        width = n_known + self.has_rest + self.has_missing
        return one_hot(places, width) if width > 1 else np.zeros((len(places), 1))

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of X are computed: the formulas, and of a column of one row with their numbers."""
        x = [None] * len(self.names) if column is None else self.encode(column, Said())[0].tolist()
        if len(self.names) == 1:  # a category alone says nothing
            columns = [Worked(self.names[0], (Step("", "", {}, 0.0),))]
        else:
            columns = [
                label_mark(name, label, value, is_sparse=True)
                for name, label, value in zip(self.names, self.categories, x, strict=False)
            ]
        if self.has_rest:
            rest = Step("", "[{cell} is another one]", {}, x[len(self.categories)])
            columns.append(Worked(self.names[len(self.categories)], (rest,), is_sparse=True))
        if self.has_missing:
            columns.append(missing_mark(self.names[-1], x[-1], is_sparse=True))
        read, words = (None, "") if column is None else self._said_of(column)
        return WorkedCell(self.name, tuple(columns), raw_cell(column), read, words)

    def _said_of(self, column: Column) -> tuple[str | None, str]:
        """The category of a cell, and what is odd about it."""
        found = matched(column, self.categories, self.cells)
        place = int(found.places[0])
        if place >= 0:
            return self.categories[place], "the only one of training" if len(self.names) == 1 else ""
        if found.missing[0]:
            return None, "missing" if self.has_missing else "missing, so it is none of them"
        return (
            None,
            "rare or new, so it counts as the rest" if self.has_rest else "new, so it is none of them",
        )


class BinaryInput(Stored, frozen=True, tag_field="kind", tag="binary", omit_defaults=True):
    """An input of two levels in one column of X: 0 for the first, 1 for the second.

    Attributes
    ----------
    name : str
        The column's name.
    levels : tuple of two str
        Sorted.
    share : float
        The second level's share of the training rows that have a value: what a row gets that has none, or
        another.
    cells : {"text", "number", "boolean"}
        How a cell is matched, as of `CategoryInput`.
    has_missing : bool
        Whether a second column of X is 1 for cells without a value, and 0 elsewhere.

    Examples
    --------
    >>> BinaryInput("smoker", ("no", "yes"), 0.2, "text").names
    ('smoker=yes',)
    """

    name: Name
    levels: Annotated[tuple[Text, ...], Meta(min_length=2, max_length=2)]
    share: Share
    cells: Kind
    has_missing: bool = False

    def __post_init__(self) -> None:
        refuse_repeats(self.levels, "category", self.cells)

    @classmethod
    def learn(cls, name: str, column: Column, cells: Kind) -> BinaryInput:
        """Learn an input from the training rows of a column, as `CategoryInput.learn`.

        Raises
        ------
        TableError
            The training rows have not just two different values.
        """
        levels = levels_of(column, cells)
        if len(levels) != 2:  # noqa: PLR2004 (binary)
            raise TableError(
                f"The training rows of {column.title} have {counted(len(levels), 'value')}",
                needs="two are needed",
                advice="Take the column as categories.",
            )
        n_present = levels[0].n_cells + levels[1].n_cells
        return cls(
            name,
            tuple(_spelled(level, cells) for level in levels),
            levels[1].n_cells / n_present,
            cells,
            has_missing=n_present < len(column.cells),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns in X."""
        return (f"{self.name}={self.levels[1]}", *((missing_name(self.name),) if self.has_missing else ()))

    def encode(self, column: Column, said: Said) -> FloatArray:
        """Return its columns of X, shape (n_rows, 1 or 2), and tell `said` of cells with neither level."""
        found = matched(column, self.levels, self.cells)
        said.met_by_value(column, found.by_value, self.levels)
        done = "taken for a mixture of both categories, as frequent as they were in training"
        said.unseen(column, (found.places < 0) & ~found.missing, done, self.levels)
        if not self.has_missing:
            said.missing(column, found.missing, done)
        values = np.where(found.places < 0, self.share, found.places)
        return np.column_stack([values, found.missing] if self.has_missing else [values]).astype(np.float64)

    def worked(self, column: Column | None = None) -> WorkedCell:
        """How its columns of X are computed, as of `CategoryInput`."""
        x = [None] * len(self.names) if column is None else self.encode(column, Said())[0].tolist()
        symbols = {"label": named(self.levels[1]), "other": named(self.levels[0])}
        step = Step("", "[{cell} = {label}]", {"share": self.share}, x[0], symbols)
        read, words = None, ""
        if column is not None:
            found = matched(column, self.levels, self.cells)
            place = int(found.places[0])
            if place >= 0:
                read = self.levels[place]
            else:
                step = step._replace(formula="{share}")
                odd = "missing" if found.missing[0] else "neither of them"
                words = f"{odd}, so the share of {named(self.levels[1])} in training stands"
        columns = [Worked(self.names[0], (step,), "{share} where it is neither that nor {other}")]
        if self.has_missing:
            columns.append(missing_mark(self.names[1], x[1]))
        return WorkedCell(self.name, tuple(columns), raw_cell(column), read, words)


def _spelled(level: Level, cells: Kind) -> str:
    """How a level is stored: booleans as most cells have them, numbers by value, text as it is."""
    return level.spelling if cells == "boolean" else level.label


def _no_value(column: Column) -> TableError:
    return TableError(
        f"No training row of {column.title} has a value",
        needs="categories are learnt from values",
        advice="Leave the column out, or add rows.",
    )
