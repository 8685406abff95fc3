"""Choose how the inputs of a table are encoded: what each column becomes, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.errors import TableError, argument, said
from chainrule.tables.columns.checks import unusable
from chainrule.tables.columns.dates import date_part
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.readings import (
    BooleanReading,
    DateReading,
    DurationReading,
    NumberReading,
    TextReading,
    kind_of_labels,
    read_cells,
    settle_reading,
)
from chainrule.tables.encoding.categories import (
    KEPT_OF_MORE,
    MOST_ASKED_LEVELS,
    MOST_LEVELS,
    BinaryInput,
    CategoryInput,
)
from chainrule.tables.encoding.dates import CycleInput, DateInput
from chainrule.tables.encoding.encoding import Encoding
from chainrule.tables.encoding.levels import levels_of
from chainrule.tables.encoding.numbers import MissingInput, NumberInput
from chainrule.tables.encoding.report import ColumnReport
from chainrule.tables.encoding.targets.scaling import NO_LIMITS, Limits
from chainrule.tables.encoding.texts import TextInput
from chainrule.words import counted, joined, series, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.table_options import NumberEncoding
    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.readings import Cells, Settled
    from chainrule.tables.columns.roles import Roles
    from chainrule.tables.columns.table import Table
    from chainrule.tables.encoding.asking import Asked
    from chainrule.tables.encoding.encoding import InputPart

__all__ = ["Chosen", "choose_encoding"]

FEWEST_COUNTED = 10  # rows that may tell an index, an identifier or free text from chance
FEWEST_NAMED = 50
ROWS_A_VALUE = 2  # text with fewer rows for each value hardly repeats


class Chosen(NamedTuple):
    """How a table is encoded, what became of each column, and what was decided."""

    encoding: Encoding
    columns: tuple[ColumnReport, ...]
    decisions: tuple[Decision, ...]


@dataclass
class _Choice:
    """What one column becomes, while it is being found out."""

    column: Column
    encoding: NumberEncoding | None = None  # of numbers, as it was asked for
    parts: list[InputPart] = field(default_factory=list)
    becomes: str = ""
    why: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    may_return: bool = False  # where no other input remains

    def decide(self, words: str, *, warning: bool = False, advice: str = "", guess: bool = True) -> None:
        """Note a decision about the column."""
        self.decisions.append(Decision(words, self.column.name, guess, warning, advice))

    def leave_out(self, why: str, advice: str = "", *, may_return: bool = False) -> _Choice:
        """Leave the column out."""
        self.parts, self.becomes, self.may_return = [], "", may_return
        self.decide(
            f"left out: {why}", advice=advice or f"{argument('inputs', [self.column.name])} takes it."
        )
        return self

    def report(self) -> ColumnReport:
        """What became of it, in words."""
        plain = [one.words for one in self.decisions if not one.is_warning]
        return ColumnReport(
            self.column.name,
            "input" if self.parts else "left out",
            self.becomes,
            said("; ".join([*self.why, *plain])),
            tuple(said(one.words) for one in self.decisions if one.is_warning),
        )


def choose_encoding(
    table: Table,
    roles: Roles,
    targets: Asked | None,
    training_rows: npt.NDArray[np.intp],
    *,
    source: Table | None = None,
    limits: Limits = NO_LIMITS,
    settled: dict[str, Settled] | None = None,
) -> Chosen:
    """Choose how a table is encoded.

    Parameters
    ----------
    table : Table
        The rows that are used: how a cell is read, and which classes there are, is settled by all of them.
    roles : Roles
    targets : Asked or None
        Targets of these rows; None where nothing is to be learnt yet, and then the encoding has no targets.
    training_rows : array of int
        Places of the rows that categories, means and all other statistics are taken from.
    source : Table, optional
        The whole table, where rows of it are not used: it tells whether a column counts the rows.
    limits : Limits
        What the outputs of the network can give, and its loss and its inputs can take.
    settled : dict, optional
        How columns of this table are read, where that was found out before; what is found out is entered.

    Returns
    -------
    Chosen

    Raises
    ------
    TableError
        Nothing is left to learn from, or a target is constant.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import TableOptions, read_table, read_targets, settle_roles
    >>> table = read_table(pa.table({"x": [1.0, 3.0], "island": ["Dream", "Biscoe"], "y": [0.5, 0.75]}))
    >>> roles = settle_roles(table, "y", TableOptions())
    >>> chosen = choose_encoding(table, roles, read_targets(table, roles), np.array([0, 1]))
    >>> chosen.encoding.input_names, chosen.encoding.output_names
    (('x', 'island=Dream'), ('y',))
    """
    parts = () if targets is None else targets.learn(training_rows, roles, limits)
    whole = table if source is None else source
    choices = [
        _choice(
            table.column(name),
            roles.asked.get(name, ""),
            training_rows,
            keep=name in roles.named,
            is_index=_counts_rows(whole.column(name)),
            as_is=name in roles.as_is,
            encoding=roles.numbers_as.get(name, limits.numbers_as),
            keeps_shares=limits.keeps_shares and name not in roles.numbers_as,
            known=settled,
        )
        for name in roles.inputs
    ]
    if not any(one.parts for one in choices):
        _bring_back(choices, training_rows, table)
    encoding = Encoding(
        tuple(part for one in choices for part in one.parts), parts, roles.of_rows, table.layout
    )
    reports = {one.column.name: one.report() for one in choices}
    if targets is not None:
        reports |= {one.name: one for one in targets.report(parts)}
    columns = tuple(reports.get(name) or _other(name, roles) for name in table.names)
    decisions = [decision for one in choices for decision in one.decisions]
    return Chosen(encoding, columns, (*decisions, *(targets.decisions if targets else ())))


def _other(name: str, roles: Roles) -> ColumnReport:
    """What became of a column that is neither input nor target."""
    role = roles.role(name)
    words = {
        "id": "names the rows, kept in predictions",
        "weights": "what each row counts",
        "split": "which part each row is of",
        "group": "which rows belong together",
        "left out": "",
    }
    return ColumnReport(name, role, words[role], "left out as asked" if role == "left out" else "")


def _bring_back(choices: Sequence[_Choice], rows: npt.NDArray[np.intp], table: Table) -> None:
    """Take the columns that were left out only because others tell more; refuse where there is none."""
    for one in choices:
        if one.may_return:
            again = _choice(one.column, "numbers", rows, keep=True, encoding=one.encoding)
            if again.parts:
                one.parts, one.becomes, one.decisions = again.parts, again.becomes, again.decisions
                one.decide("kept because no other input remains")
    if not any(one.parts for one in choices):
        reasons = [f"{shown(one.column.name)} ({one.decisions[-1].words})" for one in choices]
        raise TableError(
            f"No column of {table.title} is left to learn from: {joined(reasons, 5)}.",
            parameter="inputs",
            needs="training needs an input",
            advice=f"Name the columns to learn from with {argument('inputs')}.",
        )


def _choice(
    column: Column,
    asked: str,
    rows: npt.NDArray[np.intp],
    *,
    keep: bool,
    is_index: bool = False,
    as_is: bool = False,
    encoding: NumberEncoding | None = None,
    keeps_shares: bool = False,
    known: dict[str, Settled] | None = None,
) -> _Choice:
    """What a column becomes: by what it was said to be, or else by what its cells are."""
    choice = _Choice(column, encoding)
    reason = unusable(column)
    if reason:
        return choice.leave_out(reason)
    training = column.take(rows)
    if asked == "missing":
        choice.parts, choice.becomes = [MissingInput(column.name)], "whether it is missing"
        return choice
    known = {} if known is None else known
    settled = known[column.name] = known.get(column.name) or settle_reading(column, asked)
    choice.decisions += settled.decisions
    nothing = training.missing.all()
    if nothing or (is_index and not keep):
        reason = "no value in the rows that are learnt from" if nothing else "it numbers the rows"
        return choice.leave_out(reason, may_return=not nothing)
    if asked == "text":
        return _text(choice, training)
    if asked in {"classes", "categories"} or isinstance(settled.reading, (TextReading, BooleanReading)):
        return _categories(choice, training, keep=keep or asked != "", all_of_them=asked == "categories")
    return _values(choice, settled.reading, training, as_is=as_is, keeps_shares=keeps_shares)


def _values(
    choice: _Choice,
    reading: NumberReading | DurationReading | DateReading,
    training: Column,
    *,
    as_is: bool,
    keeps_shares: bool,
) -> _Choice:
    """A number, a duration or a date."""
    if isinstance(reading, DateReading):
        return _dates(choice, reading, training)
    if keeps_shares and not as_is and _are_shares(read_cells(training, reading)):
        as_is = True
        choice.decide("it lies between 0 and 1", guess=False)
    return _numbers(choice, reading, training, as_is=as_is)


def _are_shares(cells: Cells) -> bool:
    """Whether all numbers lie between 0 and 1."""
    present = cells.values[~np.isnan(cells.values)]
    return bool(((present >= 0) & (present <= 1)).all())


def _numbers(
    choice: _Choice, reading: NumberReading | DurationReading, training: Column, *, as_is: bool
) -> _Choice:
    """A number, with a cycle beside it where it is a part of a date."""
    column, name = choice.column, choice.column.name
    everywhere, cells = read_cells(column, reading), read_cells(training, reading)
    if np.isnan(cells.values).all():
        return choice.leave_out("no number in the rows that are learnt from")
    part = NumberInput.learn(name, reading, cells, as_is=as_is, encoding=choice.encoding)
    if part.scale == 0 and not part.has_missing:
        return choice.leave_out(f"constant ({part.mean:g}) in the rows that are learnt from", may_return=True)
    choice.parts = [part]
    choice.becomes = "a duration, in seconds" if isinstance(reading, DurationReading) else "a number"
    choice.becomes += ", as it is" if part.is_plain else ""
    if isinstance(reading, NumberReading):
        _take_cycle(choice, reading)
    if part.squash is not None:
        choice.becomes += ", squashed beside" if part.has_standard else ", squashed"
        if choice.encoding is None:
            choice.decide("some values are far from most", guess=False)
    if part.bins is not None:
        beside = " beside" if part.has_standard or part.squash else ""
        choice.becomes += f", in {counted(part.bins.n_columns, 'bin')}{beside}"
    _say_gaps(choice, training, cells, has_missing=part.has_missing)
    if isinstance(reading, NumberReading) and _may_name_rows(everywhere.values):
        choice.decide(
            "whole numbers that all differ: if it only names the rows, ignore it",
            warning=True,
            advice=f"{argument('ignore', [name])} leaves it out.",
            guess=False,
        )
    return choice


def _take_cycle(choice: _Choice, reading: NumberReading) -> None:
    """Beside a number that is a part of a date, its place in the cycle of that part."""
    cycle = CycleInput.of(choice.column.name, date_part(choice.column.name, choice.column), reading)
    if cycle is not None:
        choice.parts.append(cycle)
        choice.becomes += f" and its place in {CycleInput.CYCLES[cycle.part]}"
        choice.decide(f"the {cycle.part} of a date, as its name and its range say")


def _say_gaps(choice: _Choice, training: Column, cells: Cells, *, has_missing: bool) -> None:
    """Say how many cells had no number, and what they are taken for."""
    if not has_missing:
        return
    choice.becomes += ", and whether it is missing"
    choice.decide(
        f"{_missing(training, np.isnan(cells.values))}: taken for the mean", advice=_filled_in(training)
    )


def _missing(training: Column, where: npt.NDArray[np.bool_]) -> str:
    """In how many rows a value is missing, and in which first."""
    rows = counted(int(where.sum()), "training row")
    return f"missing in {rows}, row {training.row(int(np.argmax(where)))} first"


def _filled_in(column: Column) -> str:
    """What is done where a missing value may not be decided about."""
    return f"Fill in what is missing, or leave the column out with {argument('ignore', [column.name])}."


def _dates(choice: _Choice, reading: DateReading, training: Column) -> _Choice:
    """A time, with its place in the year, the week and the day where they vary."""
    cells = read_cells(training, reading)
    part = DateInput.learn(choice.column.name, reading, cells)
    if part.scale == 0 and not part.has_missing:
        return choice.leave_out("one date in all the rows that are learnt from")
    choice.parts = [part]
    choice.becomes = " and ".join(
        ["a time", *([f"its place in the {series(part.parts)}"] if part.parts else [])]
    )
    _say_gaps(choice, training, cells, has_missing=part.has_missing)
    return choice


def _categories(choice: _Choice, training: Column, *, keep: bool, all_of_them: bool) -> _Choice:
    """One column of X for each category, or for two one; text that hardly repeats is left out."""
    column, name = choice.column, choice.column.name
    kind = kind_of_labels(column)
    levels = levels_of(training, kind)
    if kind == "text" and column.kind == "number" and len(levels_of(training, "number")) < len(levels):
        kind, levels = "number", levels_of(training, "number")
        choice.decide("codes that are the same number are one category")
    n_present = sum(level.n_cells for level in levels)
    if not levels:
        return choice.leave_out("no value in the rows that are learnt from")
    hardly = n_present >= FEWEST_COUNTED and ROWS_A_VALUE * len(levels) > n_present
    if hardly and not keep:
        choice.leave_out(
            f"text that hardly repeats ({len(levels)} values in {counted(n_present, 'training row')})",
            f"{argument('text', [name])} learns from its words, {argument('categories', [name])} its values.",
        )
        if n_present < len(training.cells):
            choice.parts, choice.becomes = [MissingInput(name)], "whether it is missing"
        return choice
    missing = ", and whether it is missing" if n_present < len(training.cells) else ""
    if len(levels) == 1 and not missing:
        return choice.leave_out(f"constant ({shown(levels[0].spelling)}) in the rows that are learnt from")
    if len(levels) == 2:  # noqa: PLR2004 (a binary)
        choice.parts = [BinaryInput.learn(name, training, kind)]
        choice.becomes = f"{shown(levels[0].spelling)} or {shown(levels[1].spelling)}{missing}"
    else:
        limits = (MOST_ASKED_LEVELS, MOST_ASKED_LEVELS) if all_of_them else (MOST_LEVELS, KEPT_OF_MORE)
        part = CategoryInput.learn(name, training, kind, *limits)
        choice.parts, n_kept = [part], len(part.categories)
        choice.becomes = f"one of {counted(n_kept + part.has_rest, 'category', 'categories')}{missing}"
        if part.has_rest:
            more = f"{argument('categories', [name])} gives each its own." * (not all_of_them)
            choice.decide(
                f"the {n_kept} most frequent of {len(levels)} values, and one for the rest", advice=more
            )
    if missing:
        choice.decide(_missing(training, training.missing), advice=_filled_in(training))
    almost = column.almost_numbers()
    if almost is not None:
        choice.decide(almost, warning=True, advice=f"{argument('numbers', [name])} reads numbers.")
    return choice


def _text(choice: _Choice, training: Column) -> _Choice:
    """Free text by the parts of its words."""
    part = TextInput.learn(choice.column.name, training)
    choice.parts = [part]
    choice.becomes = f"text, by the parts of its words ({counted(len(part.names), 'column')})"
    return choice


def _counts_rows(column: Column) -> bool:
    """Whether the numbers go 0, 1, 2, … or 1, 2, 3, … through all rows, too many to do so by chance."""
    n_rows = len(column.cells)
    if n_rows < FEWEST_COUNTED or str(column.cells[0].as_py()).strip().split(".")[0] not in {"0", "1"}:
        return False
    if column.kind != "number" or column.missing.any():
        return False
    steps = read_cells(column, NumberReading()).values - np.arange(n_rows)
    return bool((steps == steps[0]).all())


def _may_name_rows(values: npt.NDArray[np.float64]) -> bool:
    """Whether they are whole numbers of which none comes twice, in enough rows not to do so by chance."""
    if len(values) < FEWEST_NAMED or np.isnan(values).any() or (values != np.floor(values)).any():
        return False
    return len(np.unique(values)) == len(values)
