"""What was decided about a table and may be decided otherwise: said, stored, and refused where strict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import Faults, TableError, argument
from chainrule.tables.columns.wording import remedies
from chainrule.words import counted, listed, shown, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.wording import Role

    Flags = npt.NDArray[np.bool_]

__all__ = ["MOST_SAID", "Decision", "Said", "refuse_guesses"]

MOST_SAID = 100
MOST_REFUSED = 20


@dataclass(frozen=True)
class Decision:
    """One thing that was decided about a table because nobody said it.

    Attributes
    ----------
    words : str
        What was decided and why: a clause that begins with a small letter and has no full stop.
    column : str
        The column that it is about; nothing for the whole table.
    is_guess : bool
        Whether it is refused where nothing may be guessed (``strict``).
    is_warning : bool
        Whether the user should look at it.
    advice : str
        How to have it otherwise: a sentence.

    Examples
    --------
    >>> Decision("no line of names: the columns are called c1 to c4").is_guess
    True
    """

    words: str
    column: str = ""
    is_guess: bool = True
    is_warning: bool = False
    advice: str = ""

    @property
    def sentence(self) -> str:
        """The whole of it, with its column and what can be done, for who sees no table of columns.

        Examples
        --------
        >>> Decision("constant", "x", advice="Leave it out.").sentence
        "column 'x': constant. Leave it out."
        """
        where = (
            f"column {shown(self.column)}: " if self.column and shown(self.column) not in self.words else ""
        )
        return f"{where}{self.words}{f'. {self.advice}' if self.advice else ''}"


def refuse_guesses(title: str, decisions: Sequence[Decision]) -> None:
    """Raise TableError for everything that was decided though nobody said it.

    Examples
    --------
    >>> refuse_guesses("t.csv", [Decision("no line of names", advice="Name the columns.")])
    Traceback (most recent call last):
    chainrule.errors.TableError: t.csv cannot be read without a guess: no line of names. Name the columns.
    """
    faults = Faults()
    for one in [one for one in decisions if one.is_guess][:MOST_REFUSED]:
        with faults:
            where = f"Column {shown(one.column)} of {title}" if one.column else title
            raise TableError(
                f"{where} cannot be read without a guess: {one.words}.",
                parameter="strict",
                needs="must be said where nothing is guessed",
                advice=one.advice or f"Say it, or leave out {argument('strict')}.",
            )
    faults.refuse()


class Said:
    """What is to be said of the cells of a table that a model encodes: one thing a column and cause.

    Each method is told in which rows a cell is so, shape (n_rows,), and what is done with it; where it is so
    in none, nothing is said.

    Parameters
    ----------
    is_strict : bool
        Whether the first such cell is refused with a TableError instead.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> column = read_table(pa.table({"age": [31.0, None, None]})).column("age")
    >>> said = Said()
    >>> said.missing(column, column.missing, "taken for the mean")
    >>> said.remarks()[0].words
    "column 'age' has 2 cells without a value where training had none, row 2 first: taken for the mean"
    """

    def __init__(self, *, is_strict: bool = False) -> None:
        self.is_strict = is_strict
        self._decisions: list[Decision] = []
        self._n_unsaid = 0

    def remarks(self) -> tuple[Decision, ...]:
        """What was said, in its order: a hundred decisions at most, and one that counts those beyond."""
        more = f"{counted(self._n_unsaid, 'remark')} more of this kind about cells of other columns"
        return (*self._decisions, Decision(more, is_warning=True)) if self._n_unsaid else (*self._decisions,)

    def missing(self, column: Column, where: Flags, done: str, role: Role = "learnt input") -> None:
        """Cells without a value, in a column that had one in every training row."""
        if not where.any():
            return
        if self.is_strict:
            raise missing_error(column, where, role)
        first = column.row(_first(where))
        cells = counted(int(where.sum()), "cell")
        self._say(column, f"has {cells} without a value where training had none, row {first} first: {done}")

    def unreadable(
        self, column: Column, where: Flags, done: str, kind: str = "numbers", role: Role = "learnt input"
    ) -> None:
        """Cells that the reading learnt cannot read: they are no numbers, or no dates."""
        if not where.any():
            return
        if self.is_strict:
            raise unreadable_error(column, where, kind, role)
        is_one = where.sum() == 1
        what = f"that is no {kind.removesuffix('s')}" if is_one else f"that are no {kind}"
        self._say(column, f"has {_counted(column, where, what)}: {done}")

    def infinite(self, column: Column, where: Flags, done: str) -> None:
        """Cells that are infinite."""
        if not where.any():
            return
        if self.is_strict:
            raise infinite_error(column, where)
        what = "that is infinite" if where.sum() == 1 else "that are infinite"
        self._say(column, f"has {_counted(column, where, what)}: {done}")

    def outside(self, column: Column, where: Flags, needs: str, done: str) -> None:
        """Numbers that a target cannot have as it is learnt, and what each must be."""
        if not where.any():
            return
        if self.is_strict:
            raise outside_error(column, where, needs)
        self._say(column, f"has {_counted(column, where, 'that cannot be learnt')}; each {needs}: {done}")

    def unseen(
        self, column: Column, where: Flags, done: str, known: Sequence[str], what: str = "category"
    ) -> None:
        """Cells whose category, or class, was not there in training."""
        if not where.any():
            return
        if self.is_strict:
            raise unseen_error(column, where, known, what)
        self._say(column, f"has {_counted(column, where, f'of a {what} not learnt')}: {done}")

    def met_by_value(self, column: Column, where: Flags, known: Sequence[str]) -> None:
        """Cells that are spelled as no category is, but have the value of one."""
        if not where.any():
            return
        if self.is_strict:
            raise unseen_error(column, where, known, "category")
        self._say(
            column,
            f"has {_counted(column, where, 'written unlike any category')}: taken for those of like value",
        )

    def rest(self, column: Column, where: Flags) -> None:
        """Cells of categories that share one column, rare ones of training among them: so never refused."""
        if where.any():
            cells = _counted(column, where, "of rare or new categories")
            self._say(column, f"has {cells}: taken for the rest", is_guess=False, is_warning=False)

    def far(self, column: Column, where: Flags) -> None:
        """Cells much farther from the mean than any training row."""
        if not where.any():
            return
        if self.is_strict:
            raise far_error(column, where)
        self._say(
            column,
            f"has {_counted(column, where, 'far outside what training had')}: drawn to its edge",
        )

    def not_constant(self, column: Column, where: Flags, constant: float) -> None:
        """Cells that differ, in a column that was constant in training: no guess, so never refused."""
        if where.any():
            cells = _counted(column, where, f"unlike the one number of training, {constant:g}")
            self._say(column, f"has {cells}: not followed", is_guess=False)

    def _say(self, column: Column, clause: str, *, is_guess: bool = True, is_warning: bool = True) -> None:
        if len(self._decisions) >= MOST_SAID:
            self._n_unsaid += 1
            return
        words = f"column {shown(column.name)} {clause}"
        self._decisions.append(Decision(words, column.name, is_guess, is_warning))


def missing_error(column: Column, where: Flags, role: Role) -> TableError:
    """The error for cells without a value where a model needs one."""
    rows, at = int(where.sum()), column.row(_first(where))
    place = f"row {at}" if rows == 1 else f"{counted(rows, 'row')}, the first of them row {at}"
    is_input = role == "learnt input"
    return TableError(
        f"A value is missing in {column.title} in {place},",
        needs="the model needs one in every row" if is_input else "every row needs one",
        # Of what is to be predicted no value should be made up.
        advice=remedies(
            f"fill {'it' if rows == 1 else 'them'} in" if is_input else "",
            "remove the row" if rows == 1 else "remove these rows",
        ),
    )


def unreadable_error(column: Column, where: Flags, kind: str, role: Role) -> TableError:
    """The error for cells that are not what a model learnt there, or that a target cannot have."""
    learnt = role in {"learnt input", "learnt target"}
    return TableError(
        column.cell(_first(where)),
        needs=f"the model learnt {kind} there" if learnt else f"{kind} are needed there",
        advice="Correct the cell, or remove the row.",
    )


def infinite_error(column: Column, where: Flags) -> TableError:
    """The error for infinite cells."""
    return TableError(
        f"{column.cell(_first(where))}, which is infinite,",
        needs="every number must be finite",
        advice=remedies("correct the cell", "remove the row"),
    )


def unseen_error(column: Column, where: Flags, known: Sequence[str], what: str) -> TableError:
    """The error for cells of a category or class that a model has not learnt."""
    at = _first(where)
    like = suggestion(str(column.value(at)), known)
    return TableError(
        f"{column.cell(at)}, a {what} that the model has not learnt.",
        needs=f"must be a {what} that the model has learnt",
        advice=f"{like} It learnt: {listed(known)}. Correct the cell, remove the row, or train on a table "
        "that has it.".lstrip(),
    )


def outside_error(column: Column, where: Flags, needs: str) -> TableError:
    """The error for numbers that a target cannot have as it is learnt."""
    return TableError(column.cell(_first(where)), needs=needs, advice="Correct the cell, or remove the row.")


def far_error(column: Column, where: Flags) -> TableError:
    """The error for numbers too far from those of the training rows."""
    return TableError(
        f"{column.cell(_first(where))}, too far from the training rows to be computed with.",
        needs="must be nearer to the training rows",
        advice="Correct it.",
    )


def _first(where: Flags) -> int:
    return int(np.argmax(where))


def _counted(column: Column, where: Flags, what: str) -> str:
    """How many cells are so, and the first of them."""
    at = _first(where)
    cells = counted(int(where.sum()), "cell")
    return f"{cells} {what}, {shown(column.value(at))} in row {column.row(at)} first"
