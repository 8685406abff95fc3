"""Which targets are asked for: what their cells mean, which rows have a value, which class each is of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from chainrule.errors import InputError, TableError, argument, said
from chainrule.tables.columns.checks import unusable
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.readings import (
    DateReading,
    DurationReading,
    NumberReading,
    kind_of_labels,
    read_cells,
    settle_reading,
)
from chainrule.tables.encoding.levels import levels_of, matched
from chainrule.tables.encoding.report import ColumnReport
from chainrule.tables.encoding.targets import ClassTarget, DateTarget, NumberTarget
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column, Kind
    from chainrule.tables.columns.readings import Reading
    from chainrule.tables.columns.roles import Roles
    from chainrule.tables.columns.table import Table
    from chainrule.tables.encoding.encoding import TargetPart

__all__ = ["Asked", "read_targets", "row_labels"]

MOST_CLASSES = 1000
FEW_CLASSES = 20
FEW_WHOLE_VALUES = 10
FEWEST_FOR_CLASSES = 4  # rows: two for each of two classes
ROWS_A_CLASS = 2


@dataclass(frozen=True)
class Asked:
    """Target columns as they were read.

    Attributes
    ----------
    columns : tuple of Column
    readings : tuple of Reading
    are_classes : bool
    present : array of shape (n_rows,)
        Rows that have a value of a target.
    labels : tuple of str, or None
        The class of each row, "" where it has none; None where the targets are no classes.
    decisions : tuple of Decision
    """

    columns: tuple[Column, ...]
    readings: tuple[Reading, ...]
    are_classes: bool
    present: npt.NDArray[np.bool_]
    labels: tuple[str, ...] | None
    decisions: list[Decision] = field(default_factory=list)

    def take(self, rows: npt.NDArray[np.intp]) -> Asked:
        """The same with these rows only."""
        labels = None if self.labels is None else tuple(self.labels[row] for row in rows.tolist())
        columns = tuple(column.take(rows) for column in self.columns)
        return Asked(columns, self.readings, self.are_classes, self.present[rows], labels, self.decisions)

    def learn(
        self, training_rows: npt.NDArray[np.intp], log: frozenset[str] = frozenset(), *, counts: bool = False
    ) -> tuple[TargetPart, ...]:
        """Parts of the encoding, learnt from these rows; classes from all.

        Parameters
        ----------
        training_rows : array of int
        log : frozenset of str
            Targets that are learnt by their logarithm.
        counts : bool
            Whether the others are learnt as counts.

        Raises
        ------
        TableError
            A target is constant in these rows, or has too many classes.
        InputError
            What is to be learnt by its logarithm is no number.
        """
        for column, reading in zip(self.columns, self.readings, strict=True):
            if column.name in log and (self.are_classes or isinstance(reading, DateReading)):
                raise InputError(
                    f"Target {column.title} holds {'classes' if self.are_classes else 'times'}",
                    parameter="log",
                    given=column.name,
                    needs="only numbers have a logarithm",
                    advice="Leave it out.",
                )
        if self.are_classes:
            return (self._classes(training_rows),)
        return tuple(
            self._numbers(
                column,
                reading,
                training_rows,
                "log" if column.name in log else "count" if counts else "plain",
            )
            for column, reading in zip(self.columns, self.readings, strict=True)
        )

    def report(self, parts: tuple[TargetPart, ...]) -> tuple[ColumnReport, ...]:
        """What became of each target."""
        reports = []
        for part in parts:
            about = [one for one in self.decisions if one.column == part.name]
            plain = "; ".join(said(one.words) for one in about if not one.is_warning)
            warnings = tuple(said(one.words) for one in about if one.is_warning)
            reports.append(ColumnReport(part.name, "target", _becomes(part), plain, warnings))
        return tuple(reports)

    def _classes(self, rows: npt.NDArray[np.intp]) -> ClassTarget:
        column, labels = self.columns[0], self.labels or ()
        in_training = {labels[row] for row in rows.tolist()}
        if len(in_training) == 1:
            where = "training rows" if len(set(labels)) > 1 else "rows"
            raise _constant(column, f"all {where} have {shown(next(iter(in_training)))}")
        target = ClassTarget.learn(column.name, column, kind_of_labels(column), column.take(rows))
        unlearnt = sorted(set(labels) - in_training - {""})
        if unlearnt:
            self._decide(
                column,
                f"{counted(len(unlearnt), 'class', 'classes')} of which no training row is: "
                f"{listed(unlearnt, 5)}",
                warning=True,
                guess=False,
            )
        alone = [
            level.spelling
            for level in levels_of(column, target.cells)
            if level.n_cells == 1 and level.label in in_training
        ]
        if alone:
            self._decide(
                column,
                f"{counted(len(alone), 'class', 'classes')} with a single row, kept for training: "
                f"{listed(alone, 5)}",
                warning=True,
                guess=False,
            )
        return target

    def _numbers(
        self,
        column: Column,
        reading: Reading,
        rows: npt.NDArray[np.intp],
        learnt_as: Literal["plain", "log", "count"],
    ) -> NumberTarget | DateTarget:
        assert isinstance(reading, (NumberReading, DurationReading, DateReading))  # noqa: S101 (no class)
        cells = read_cells(column, reading)
        training = read_cells(column.take(rows), reading)
        there = training.values[~np.isnan(training.values)]
        if not len(there):
            raise _constant(column, "it is missing in all training rows")
        if (there == there[0]).all():
            at = int(rows[np.flatnonzero(~np.isnan(training.values))[0]])
            raise _constant(column, f"all training rows have {shown(column.value(at))}")
        target: NumberTarget | DateTarget
        if isinstance(reading, DateReading):
            target = DateTarget.learn(column.name, reading, training)
        else:
            target = NumberTarget.learn(column.name, reading, training, learnt_as)
        n_missing = int(np.isnan(cells.values).sum())
        if n_missing and len(self.columns) > 1:
            words = f"missing in {counted(n_missing, 'row')}: there it counts for nothing"
            self._decide(column, words, guess=False)
        values = np.unique(cells.values[~np.isnan(cells.values)])
        whole = isinstance(reading, NumberReading) and (values == np.round(values)).all()
        if whole and len(values) <= min(FEW_WHOLE_VALUES, len(there) // ROWS_A_CLASS):
            self._decide(
                column,
                f"a number with only {len(values)} distinct whole values, which may be classes",
                guess=False,
                advice=f"{argument('classes', [column.name])} learns them so.",
            )
        return target

    def _decide(
        self, column: Column, words: str, *, guess: bool = True, warning: bool = False, advice: str = ""
    ) -> None:
        self.decisions.append(Decision(words, column.name, guess, warning, advice))


def read_targets(table: Table, roles: Roles, *, counts: bool = False) -> Asked:
    """Read the target columns of a table: two values are classes, and so is all that is no number or time.

    Where they are to be counts, two numbers are numbers, too.

    Raises
    ------
    TableError
        A column cannot be a target.
    InputError
        A count is asked to be another thing, too; or there are several targets, and one is of classes.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import TableOptions, read_table, settle_roles
    >>> table = read_table(pa.table({"x": [1, 2, 3, 4], "ok": [0, 1, None, 1]}))
    >>> asked = read_targets(table, settle_roles(table, "ok", TableOptions(classes="ok")))
    >>> asked.are_classes, asked.labels, asked.present.tolist()
    (True, ('0', '1', '', '1'), [True, True, False, True])
    """
    columns = tuple(table.column(name, "target") for name in roles.targets)
    readings: list[Reading] = []
    decisions: list[Decision] = []
    for column in columns:
        reason = unusable(column)
        if reason:
            raise TableError(
                f"{column.title.capitalize()} cannot be a target: {reason}.",
                parameter="target",
                needs="a target is numbers, classes or times",
                advice="Choose another target.",
            )
        if roles.asked.get(column.name) == "missing":
            raise InputError(
                f"{shown(column.name)} is the target",
                parameter="missing",
                given=column.name,
                needs="only of inputs can it count whether they have a value",
                advice="Leave it out.",
            )
        settled = settle_reading(
            column, roles.asked.get(column.name, "numbers" if column.name in roles.log else "")
        )
        if counts:
            _check_counted(column, settled.reading, roles)
        readings.append(settled.reading)
        decisions += settled.decisions
    if _are_classes(columns, readings, roles, decisions, may_be_two=not counts):
        labels = row_labels(columns[0], kind_of_labels(columns[0]))
        present = np.array([label != "" for label in labels], dtype=bool)
        _refuse_names(columns[0], labels)
        return Asked(columns, tuple(readings), True, present, labels, decisions)  # noqa: FBT003
    there = [~np.isnan(read_cells(c, r).values) for c, r in zip(columns, readings, strict=True)]  # type: ignore[arg-type]
    return Asked(columns, tuple(readings), False, np.logical_or.reduce(there), None, decisions)  # noqa: FBT003


def _check_counted(column: Column, reading: Reading, roles: Roles) -> None:
    """Refuse a target that a Poisson loss is to learn, and that is no count."""
    if column.name in roles.log:
        raise InputError(
            f"{argument('log', [column.name])} and {argument('loss', 'poisson')} were both given",
            parameter="log",
            given=column.name,
            needs="a Poisson loss learns counts as they are",
            advice="Give one of the two.",
        )
    if isinstance(reading, DateReading):
        raise TableError(
            f"Target {column.title} holds times",
            parameter="target",
            needs="a Poisson loss learns counts",
            advice=f"Leave out {argument('loss', 'poisson')}.",
        )


def _are_classes(
    columns: tuple[Column, ...],
    readings: list[Reading],
    roles: Roles,
    decisions: list[Decision],
    *,
    may_be_two: bool,
) -> bool:
    """Whether the target is one of classes; InputError where there are several and one is."""
    kinds = (NumberReading, DurationReading, DateReading)
    declared = {"classes", "categories"}
    of_classes = [
        column.name
        for column, reading in zip(columns, readings, strict=True)
        if roles.asked.get(column.name) in declared or column.is_category or not isinstance(reading, kinds)
    ]
    if of_classes and len(columns) > 1:
        names = [column.name for column in columns]
        raise InputError(
            f"The targets are {listed(names)}, of which {listed(of_classes)} hold classes,",
            parameter="target",
            given=names,
            needs="a network has either one class target or numeric ones",
            advice="Give one class target at a time.",
        )
    are_numbers = roles.asked.get(columns[0].name, "").startswith("numbers") or roles.log
    if of_classes or len(columns) > 1 or are_numbers or not may_be_two:
        return bool(of_classes)
    return isinstance(readings[0], NumberReading) and _has_two_values(columns[0], readings[0], decisions)


def _has_two_values(column: Column, reading: NumberReading, decisions: list[Decision]) -> bool:
    """Whether numbers are but two, each twice on average: that is decided to be two classes."""
    values = read_cells(column, reading).values
    there = values[~np.isnan(values)]
    if len(there) < FEWEST_FOR_CLASSES or len(np.unique(there)) != 2:  # noqa: PLR2004 (two classes)
        return False
    advice = f"{argument('numbers', [column.name])} learns them as numbers."
    decisions.append(Decision("two distinct numbers are two classes", column.name, advice=advice))
    return True


def row_labels(column: Column, kind: Kind | None = None) -> tuple[str, ...]:
    """The label of each row, "" where it has none.

    Raises
    ------
    TableError
        The cells are lists or other things that have no label.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> row_labels(read_table(pa.table({"k": ["a", None, "b"]})).column("k"))
    ('a', '', 'b')
    """
    reason = unusable(column)
    if reason:
        raise TableError(
            f"{column.title.capitalize()} tells no rows apart: {reason}.",
            needs="labels of rows are texts, numbers, booleans or times",
            advice="Choose another column.",
        )
    cells = kind or kind_of_labels(column)
    known = [level.label for level in levels_of(column, cells)]
    return tuple(np.array([*known, ""], dtype=object)[matched(column, known, cells).places])


def _refuse_names(column: Column, labels: tuple[str, ...]) -> None:
    """Raise TableError where a column has too many different values to be a target of classes."""
    n_rows, n_classes = sum(map(bool, labels)), len(set(labels) - {""})
    too_many = n_classes > MOST_CLASSES or (n_classes > FEW_CLASSES and n_rows < ROWS_A_CLASS * n_classes)
    if n_classes and too_many:
        almost = column.almost_numbers()
        more = "" if almost is None else f" Or correct a cell: {almost[0].lower()}{almost[1:]}."
        raise TableError(
            f"Target {column.title} has {n_classes} different values in {counted(n_rows, 'row')}",
            needs=f"classes are {MOST_CLASSES} at most, and have two rows each on average",
            advice=f"Choose another target.{more}",
        )


def _constant(column: Column, reason: str) -> TableError:
    return TableError(
        f"Constant target: {column.title} cannot be learnt, because {reason}.",
        needs="a target must have two values at least",
        advice="Choose another target, or add rows.",
    )


def _becomes(part: TargetPart) -> str:
    """What a target is, in words."""
    if isinstance(part, ClassTarget):
        return f"{counted(len(part.classes), 'class', 'classes')}: {listed(part.classes, 5)}"
    if isinstance(part, DateTarget):
        return "a time"
    return {"log": "a number, by its logarithm", "count": "a count", "plain": "a number"}[part.learnt_as]
