"""Which targets are asked for: what their cells mean, which rows have a value, which class each is of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import InputError, TableError, argument, said
from chainrule.tables.columns.checks import unusable
from chainrule.tables.columns.decisions import Decision
from chainrule.tables.columns.held import held_times
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
from chainrule.tables.encoding.targets.classes import ClassTarget
from chainrule.tables.encoding.targets.constant import ConstantTarget
from chainrule.tables.encoding.targets.dates import DateTarget
from chainrule.tables.encoding.targets.kind import kind_of_targets
from chainrule.tables.encoding.targets.numbers import LearntAs, NumberTarget
from chainrule.tables.encoding.targets.scaling import NO_LIMITS, Limits
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column, Kind
    from chainrule.tables.columns.readings import Reading
    from chainrule.tables.columns.roles import Roles
    from chainrule.tables.columns.table import Table
    from chainrule.tables.encoding.encoding import TargetPart
    from chainrule.tables.encoding.targets.kind import TargetKind

    FloatArray = npt.NDArray[np.float64]

__all__ = ["Asked", "read_targets", "row_labels"]

MOST_CLASSES = 1000
FEW_CLASSES = 20
FEW_WHOLE_VALUES = 10
ROWS_A_CLASS = 2


@dataclass(frozen=True)
class Asked:
    """Target columns as they were read.

    Attributes
    ----------
    columns : tuple of Column
    readings : tuple of Reading
    kind : {"numbers", "classes", "labels"}
        As of `Encoding`.
    present : array of shape (n_rows,)
        Rows that have a value of a target.
    labels : tuple of str, or None
        The class of each row, "" where it has none; None where there is no target of classes, or several.
    decisions : tuple of Decision
    """

    columns: tuple[Column, ...]
    readings: tuple[Reading, ...]
    kind: TargetKind
    present: npt.NDArray[np.bool_]
    labels: tuple[str, ...] | None
    decisions: list[Decision] = field(default_factory=list)

    def take(self, rows: npt.NDArray[np.intp]) -> Asked:
        """The same with these rows only."""
        labels = None if self.labels is None else tuple(self.labels[row] for row in rows.tolist())
        columns = tuple(column.take(rows) for column in self.columns)
        return Asked(columns, self.readings, self.kind, self.present[rows], labels, self.decisions)

    def learn(
        self, training_rows: npt.NDArray[np.intp], roles: Roles, limits: Limits = NO_LIMITS
    ) -> tuple[TargetPart, ...]:
        """Parts of the encoding, learnt from these rows; classes from all.

        Parameters
        ----------
        training_rows : array of int
        roles : Roles
            Which targets are learnt by their logarithm, and which as they are.
        limits : Limits
            What the outputs of the network can give and its loss can take.

        Raises
        ------
        TableError
            All targets are constant in these rows, or one has too many classes.
        InputError
            What is to be learnt by its logarithm is no number.
        """
        for column, reading in zip(self.columns, self.readings, strict=True):
            if column.name in roles.log and (self.kind != "numbers" or isinstance(reading, DateReading)):
                raise InputError(
                    f"Target {column.title} holds {'times' if self.kind == 'numbers' else 'classes'}",
                    parameter="log",
                    given=column.name,
                    needs="only numbers have a logarithm",
                    advice="Leave it out.",
                )
        constants = [self._constant(k, training_rows) for k in range(len(self.columns))]
        if constants[0] and all(constants):
            raise _nothing_to_learn(self.columns[0], constants[0][1])
        return tuple(
            self._left_out(*constant)
            if constant
            else (self._numbers if self.kind == "numbers" else self._classes)(k, training_rows, roles, limits)
            for k, constant in enumerate(constants)
        )

    def report(self, parts: tuple[TargetPart, ...]) -> tuple[ColumnReport, ...]:
        """What became of each target."""
        reports = []
        for part in parts:
            about = [one for one in self.decisions if one.column == part.name]
            plain = "; ".join(said(one.words) for one in about if not one.is_warning)
            warnings = tuple(said(one.words) for one in about if one.is_warning)
            reports.append(ColumnReport(part.name, "target", part.words, plain, warnings))
        return tuple(reports)

    def _constant(self, k: int, rows: npt.NDArray[np.intp]) -> tuple[ConstantTarget, str] | None:
        """The one value that a target has in these rows, and that in words; None where it varies."""
        column, reading = self.columns[k], self.readings[k]
        missing = ConstantTarget(column.name), "it is missing in all training rows"
        if self.kind == "numbers":
            values = read_cells(column.take(rows), reading).values  # type: ignore[arg-type]
            there = np.flatnonzero(~np.isnan(values))
            if not len(there):
                return missing
            at, value = int(rows[there[0]]), float(values[there[0]])
            if (values[there] != value).any():
                return None
            words = f"all training rows have {shown(column.value(at))}"
            return ConstantTarget.of_number(column, reading, value, at), words
        labels = self.labels or row_labels(column, kind_of_labels(column))
        in_training = {labels[row] for row in rows.tolist()} - {""}
        if len(in_training) > 1:
            return None
        if not in_training:
            return missing
        where = "training rows" if len(set(labels) - {""}) > 1 else "rows"
        (label,) = in_training
        return ConstantTarget.of_label(column, label), f"all {where} have {shown(label)}"

    def _left_out(self, target: ConstantTarget, why: str) -> ConstantTarget:
        """A target beside others that is not learnt, because it is constant."""
        words = f"not learnt, but always answered so: {why}"
        self.decisions.append(Decision(words, target.name, is_guess=False, is_warning=True))
        return target

    def _classes(self, k: int, rows: npt.NDArray[np.intp], _roles: Roles, limits: Limits) -> ClassTarget:
        column = self.columns[k]
        one_unit = limits.one_unit or self.kind == "labels"
        training = column.take(rows)
        target = ClassTarget.learn(column.name, column, kind_of_labels(column), training, one_unit=one_unit)
        labels = self.labels
        if labels is None:
            return target
        in_training = {labels[row] for row in rows.tolist()}
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
        self, k: int, rows: npt.NDArray[np.intp], roles: Roles, limits: Limits
    ) -> NumberTarget | DateTarget:
        column, reading = self.columns[k], self.readings[k]
        assert isinstance(reading, (NumberReading, DurationReading, DateReading))  # noqa: S101 (no class)
        cells = read_cells(column, reading)
        training = read_cells(column.take(rows), reading)
        held = held_times(column.cells.type, column.origin)
        target: NumberTarget | DateTarget
        if isinstance(reading, DateReading):
            target = DateTarget.learn(column.name, reading, training, limits=limits, held=held)
        else:
            kind: LearntAs = "count" if limits.are_counts else "plain"
            target = NumberTarget.learn(
                column.name,
                reading,
                training,
                "log" if column.name in roles.log else kind,
                limits=limits,
                as_is=column.name in roles.as_is,
                held=held,
            )
        self._say_scaling(column, target, training.values)
        n_missing = int(np.isnan(cells.values).sum())
        if n_missing and len(self.columns) > 1:
            words = f"missing in {counted(n_missing, 'row')}: there it counts for nothing"
            self._decide(column, words, guess=False)
        values = np.unique(cells.values[~np.isnan(cells.values)])
        whole = isinstance(reading, NumberReading) and (values == np.round(values)).all()
        n_there = int(np.count_nonzero(~np.isnan(training.values)))
        if whole and len(values) <= min(FEW_WHOLE_VALUES, n_there // ROWS_A_CLASS):
            self._decide(
                column,
                f"a number with only {len(values)} distinct whole values, which may be classes",
                guess=False,
                advice=f"{argument('classes', [column.name])} learns them so.",
            )
        return target

    def _say_scaling(self, column: Column, target: NumberTarget | DateTarget, values: FloatArray) -> None:
        """Say where a target is not standardised because of what the outputs can give."""
        low, high = np.nanmin(values), np.nanmax(values)
        if target.scaled == "range":
            ends = np.array([low, high])
            first, last = target.learnt(ends).round(12).tolist()
            words = f"{' and '.join(target.written(ends))} are learnt as {first:g} and {last:g}"
            self._decide(column, words, guess=False)
        elif target.scaled == "above":
            (first,) = target.written(np.array([low]))
            words = f"learnt as what lies above {first}: the outputs give nothing below 0"
            self._decide(column, words, guess=False, warning=True)

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
        A count is asked to be another thing, too; or one of several targets has more than two classes.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import TableOptions, read_table, settle_roles
    >>> table = read_table(pa.table({"x": [1, 2, 3, 4], "ok": [0, 1, None, 1]}))
    >>> asked = read_targets(table, settle_roles(table, "ok", TableOptions(classes="ok")))
    >>> asked.kind, asked.labels, asked.present.tolist()
    ('classes', ('0', '1', '', '1'), [True, True, False, True])
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
        # One without a value is of any kind, and so goes with all others.
        readings.append(NumberReading() if column.missing.all() else settled.reading)
        decisions += settled.decisions
    kind = kind_of_targets(columns, readings, roles, decisions, may_be_classes=not counts)
    if kind == "classes":
        labels = row_labels(columns[0], kind_of_labels(columns[0]))
        present = np.array([label != "" for label in labels], dtype=bool)
        _refuse_names(columns[0], labels)
        return Asked(columns, tuple(readings), kind, present, labels, decisions)
    if kind == "labels":
        there = [~column.missing for column in columns]
    else:
        there = [~np.isnan(read_cells(c, r).values) for c, r in zip(columns, readings, strict=True)]  # type: ignore[arg-type]
    return Asked(columns, tuple(readings), kind, np.logical_or.reduce(there), None, decisions)


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
        more = "" if almost is None else f" Or correct a cell: {almost}."
        raise TableError(
            f"Target {column.title} has {n_classes} different values in {counted(n_rows, 'row')}",
            needs=f"classes are {MOST_CLASSES} at most, and have two rows each on average",
            advice=f"Choose another target.{more}",
        )


def _nothing_to_learn(column: Column, reason: str) -> TableError:
    """That no target varies."""
    return TableError(
        f"Constant target: {column.title} cannot be learnt, because {reason}.",
        needs="a target must have two values at least",
        advice="Choose another target, or add rows.",
    )
