"""D = [X | Y]: a table as numbers, with the rows to learn from and the rows to be judged by."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import TableError, argument, said
from chainrule.models.defaults import check_defaults
from chainrule.models.judging.scoring import majorities_of
from chainrule.models.looking import about_rows, given_away, totals, twins, unlike_training
from chainrule.models.outputs import AskedOutputs, needs_counts
from chainrule.models.rows import Parted, given_weights, part_in_folds, part_rows, row_weights, with_value
from chainrule.tables import (
    Decision,
    Encoding,
    Report,
    RowsLeftOut,
    Table,
    TableOptions,
    as_table,
    choose_encoding,
    read_targets,
    refuse_guesses,
    settle_roles,
)
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.models.model import Model
    from chainrule.tables import ColumnReport, Limits, Roles
    from chainrule.tables.columns.readings import Settled
    from chainrule.tables.encoding.asking import Asked

__all__ = ["Dataset", "Usable", "prepare", "prepare_again", "prepare_with", "report_of", "usable_rows"]

HELD_OUT = 0.25
AS_USUAL = AskedOutputs()
FEWEST_TRAINING_ROWS = 2


@dataclass(frozen=True)
class Dataset:
    """A table as the network sees it, D = [X | Y], equation (1).

    Attributes
    ----------
    table : Table
        The rows that are used: those that have a value of the target.
    encoding : Encoding
        How columns become numbers, and outputs the targets.
    X : array of shape (n_rows, n_inputs)
    Y : array of shape (n_rows, n_outputs)
    training_rows, held_out_rows : arrays of int
        Rows of `table` counted from 0, in ascending order.
    watched_rows : array of int
        Training rows that a column says are only watched; none where no column says so.
    weights : array of shape (n_rows,) or None
        What each row counts, where a column or `sample_weight` says so.
    held_out : float
        Share of rows that was asked to be held out.
    seed : int
        What settled which rows those are.
    report : Report
        What became of each column and row, and why.
    decisions : tuple of Decision
        What was decided about the table.

    Examples
    --------
    >>> import pyarrow
    >>> table = pyarrow.table({"x": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "a", "b"]})
    >>> data = prepare(table, target="kind")
    >>> data.X.shape, data.Y.shape, data.encoding.classes
    ((4, 1), (4, 2), ('a', 'b'))
    """

    table: Table
    encoding: Encoding
    X: npt.NDArray[np.float64]
    Y: npt.NDArray[np.float64]
    training_rows: npt.NDArray[np.intp]
    held_out_rows: npt.NDArray[np.intp]
    watched_rows: npt.NDArray[np.intp]
    weights: npt.NDArray[np.float64] | None
    held_out: float
    seed: int
    report: Report
    decisions: tuple[Decision, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the reader of a summary should know of the table, in words."""
        return tuple(one.words for one in self.decisions)

    @cached_property
    def majorities(self) -> tuple[str | None, ...]:
        """Of each target that is learnt, the most frequent class of the training rows; None for numbers."""
        return majorities_of(self.encoding, self.Y[self.training_rows])

    @property
    def majority(self) -> str | None:
        """That of the one target of classes; None where there is another target, or several."""
        return self.majorities[0] if self.encoding.kind == "classes" else None

    @cached_property
    def labels(self) -> tuple[str, ...] | None:
        """The class of each row; None where the targets are numbers."""
        if self.encoding.classes is None:
            return None
        return tuple(map(str, self.encoding.decode_outputs(self.Y)))


@dataclass(frozen=True)
class Usable:
    """A table whose columns have their roles and whose targets are read: what does not depend on the parting.

    Attributes
    ----------
    source : Table
        All rows.
    roles : Roles
    table : Table
        The rows that have a value of the target.
    targets : Asked
        Of these rows.
    left_out : tuple of RowsLeftOut
    strict : bool
        As for `prepare_with`.
    limits : Limits
        What the outputs of the network can give and its loss can take.
    weights : array of shape (n_rows,), or None
        What each of these rows counts.
    """

    source: Table
    roles: Roles
    table: Table
    targets: Asked
    left_out: tuple[RowsLeftOut, ...]
    strict: bool
    limits: Limits
    weights: npt.NDArray[np.float64] | None
    _settled: dict[str, Settled] = field(default_factory=dict)

    def part(self, *, held_out: float, seed: int) -> Parted:
        """Rows to learn from and rows to hold out.

        Raises
        ------
        TableError, InputError
            As for `prepare`.
        """
        labels = self.targets.labels
        parted = part_rows(self.table, self.roles.of_rows, labels, held_out=held_out, seed=seed)
        _refuse_too_few(self.table, len(parted.training), len(parted.held_out), held_out)
        return parted

    def part_in_folds(self, *, folds: int, seed: int) -> tuple[Parted, ...]:
        """The same for each fold.

        Raises
        ------
        InputError
            There are more folds than rows, or than groups.
        """
        return part_in_folds(self.table, self.roles.of_rows, self.targets.labels, folds=folds, seed=seed)

    def encode(self, parted: Parted, *, held_out: float, seed: int) -> Dataset:
        """The table as numbers, all that is learnt of it learnt from the training rows.

        Raises
        ------
        TableError
            Nothing is left to learn from; or, where strict, something would be guessed.
        """
        source, roles, used = self.source, self.roles, self.table
        targets = replace(self.targets, decisions=[*self.targets.decisions])  # which more are added to
        chosen = choose_encoding(
            used, roles, targets, parted.training, source=source, limits=self.limits, settled=self._settled
        )
        decisions = (*source.decisions, *chosen.decisions)
        if self.strict:
            refuse_guesses(source.title, decisions)
        X, Y = chosen.encoding.encode_inputs(used), chosen.encoding.encode_targets(used)
        unlike = unlike_training(chosen.encoding, used.take(parted.held_out), strict=self.strict)
        looked_at = (
            *unlike,
            *about_rows(used, roles),
            *totals(used),
            *given_away(chosen.encoding, X, Y),
            *twins(X, Y, parted.training, parted.held_out),
        )
        report = _report(source, chosen.columns, parted, self.left_out, looked_at)
        decisions = (*decisions, *looked_at)
        return Dataset(
            used, chosen.encoding, X, Y, parted.training, parted.held_out, parted.watched,
            self.weights, held_out, seed, report, decisions,
        )  # fmt: skip


def prepare(
    table: Any,  # noqa: ANN401 (a path, or any frame that speaks Arrow)
    *,
    target: str | int | Sequence[str] | None,
    held_out: float = HELD_OUT,
    seed: int = 0,
    output: Any = None,  # noqa: ANN401 (text or object)
    loss: Any = None,  # noqa: ANN401 (likewise)
    defaults: str = "modern",
    **options: Any,  # noqa: ANN401 (of `TableOptions`)
) -> Dataset:
    """Read a table, choose its encoding and hold rows out.

    Parameters
    ----------
    table : path, data frame or Table
    target : str, int or sequence of them
        Column to learn, by name, number from 1, or pattern; several where all are numbers, or of two classes
        each.
    held_out : float
        Share of the rows that is held out, in [0, 1); for classes, as much of each.
    seed : int
    output, loss : str or object, optional
        Of the network: how targets are scaled follows from what the outputs can give and the loss can take.
    defaults : {"modern", "modern-2", "modern-1", "notes"}
        Where they come from if they are not given.
    **options
        What is said of the table: see `TableOptions`.

    Returns
    -------
    Dataset

    Raises
    ------
    TableError, UnknownNameError, InputError
        The table, a name or a setting does not fit.

    Examples
    --------
    >>> import pyarrow
    >>> data = prepare(pyarrow.table({"x": [1.0, 2.0], "y": [2.0, 4.0]}), target="y", held_out=0)
    >>> data.X.tolist()
    [[-1.0], [1.0]]
    """
    asked = TableOptions.of(options)
    source = as_table(table, **asked.of_file)
    roles = settle_roles(source, target, asked)
    outputs = AskedOutputs(output, loss, check_defaults(defaults))
    return prepare_with(source, roles, held_out=held_out, seed=seed, strict=asked.strict, outputs=outputs)


def prepare_with(
    source: Table,
    roles: Roles,
    *,
    held_out: float = HELD_OUT,
    seed: int = 0,
    strict: bool = False,
    outputs: AskedOutputs = AS_USUAL,
) -> Dataset:
    """Choose the encoding of a table whose columns have their roles, and hold rows out.

    Parameters
    ----------
    source : Table
    roles : Roles
    held_out, seed
        As for `prepare`.
    strict : bool
        Whether all that would be guessed is refused.
    outputs : AskedOutputs
        What was asked for of the output layer, which settles how targets are scaled.

    Raises
    ------
    TableError, InputError
        The table or a setting does not fit; or, where strict, something would be guessed.
    """
    usable = usable_rows(source, roles, strict=strict, outputs=outputs)
    return usable.encode(usable.part(held_out=held_out, seed=seed), held_out=held_out, seed=seed)


def usable_rows(
    source: Table,
    roles: Roles,
    *,
    strict: bool = False,
    outputs: AskedOutputs = AS_USUAL,
    sample_weight: object = None,
) -> Usable:
    """Read the targets of a table whose columns have their roles, and take the rows that have a value.

    Parameters
    ----------
    source, roles, strict, outputs
        As for `prepare_with`.
    sample_weight : array of shape (n_rows,), optional
        What each row of the table counts, relative to the others.

    Raises
    ------
    TableError, InputError
        As for `prepare_with`; or the weights do not fit.
    """
    weights = given_weights(source, roles.of_rows, sample_weight)
    targets = read_targets(source, roles, counts=needs_counts(outputs.loss))
    limits = outputs.limits(targets.kind, len(set(targets.labels or ()) - {""}), roles)
    used, left_out = with_value(source, targets.present)
    there = np.flatnonzero(targets.present)
    weights = row_weights(used, roles.of_rows) if weights is None else weights[there]
    return Usable(source, roles, used, targets.take(there), left_out, strict, limits, weights)


def report_of(source: Table, roles: Roles, *, strict: bool = False) -> Report:
    """What becomes of a table, without a training: targets may be missing.

    Raises
    ------
    TableError, InputError
        As for `prepare`.
    """
    if roles.targets:
        by_default = AskedOutputs.of({})  # what a fit makes of it that is told no more
        return prepare_with(source, roles, strict=strict, outputs=by_default).report
    everything = np.arange(source.n_rows, dtype=np.intp)
    chosen = choose_encoding(source, roles, None, everything)
    if strict:
        refuse_guesses(source.title, (*source.decisions, *chosen.decisions))
    return _report(source, chosen.columns, Parted(everything, everything[:0], everything[:0]), ())


def _report(
    source: Table,
    columns: tuple[ColumnReport, ...],
    parted: Parted,
    left_out: tuple[RowsLeftOut, ...],
    looked_at: Sequence[Decision] = (),
) -> Report:
    of_rows = {one.words for one in source.left_out}
    about_all = [one for one in (*source.decisions, *looked_at) if one.words not in of_rows]
    return Report(
        source.title,
        len(parted.training),
        len(parted.held_out),
        (*(RowsLeftOut(*one) for one in source.left_out), *left_out),
        columns,
        tuple(said(one.words) for one in about_all if not one.is_warning),
        tuple(said(one.words) for one in about_all if one.is_warning),
    )


def prepare_again(table: Table, model: Model, sample_weight: object = None) -> Dataset:
    """A table as the training of a model saw it: with its encoding, and the same rows held out.

    Raises
    ------
    TableError
        The table has not the columns of the model, or a cell does not fit.
    """
    encoding, record = model.table_encoding, model.training
    held_out, seed = (record.held_out, record.seed) if record else (0.0, 0)
    seed = seed if record is None or record.seed_of_rows is None else record.seed_of_rows
    present = encoding.has_target(table)
    weights = given_weights(table, encoding.rows, sample_weight)
    used, left_out = with_value(table, present)
    X, Y = encoding.encode_inputs(used), encoding.encode_targets(used)
    labels = None if encoding.classes is None else tuple(map(str, encoding.decode_outputs(Y)))
    parted = part_rows(used, encoding.rows, labels, held_out=held_out, seed=seed)
    report = model.report or _report(table, (), parted, left_out)
    return Dataset(
        used, encoding, X, Y, parted.training, parted.held_out, parted.watched,
        row_weights(used, encoding.rows) if weights is None else weights[present],
        held_out, seed, report, table.decisions,
    )  # fmt: skip


def _refuse_too_few(table: Table, n_training: int, n_held_out: int, held_out: float) -> None:
    """Refuse a table of which too few rows are left to learn from."""
    if n_training >= FEWEST_TRAINING_ROWS:
        return
    held = f", of which {n_held_out} would be held out," if n_held_out else ""
    raise TableError(
        f"{table.title} has {counted(table.n_rows, 'row')} with a value of the target{held}",
        parameter="held_out",
        given=held_out,
        needs=f"training needs {FEWEST_TRAINING_ROWS} at least",
        advice=f"Give more rows, or hold out 0 ({argument('held_out', 0)}).",
    )
