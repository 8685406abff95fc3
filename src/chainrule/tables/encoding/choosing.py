"""Choose how a table is encoded: which columns are inputs and targets, and what each of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.errors import InputError, Remark, TableError, argument
from chainrule.tables.columns.checks import check_as_category
from chainrule.tables.columns.roles import settle_roles
from chainrule.tables.columns.wording import remedies, way_out
from chainrule.tables.encoding.encoding import Encoding
from chainrule.tables.encoding.parts import CategoryInput, ClassTarget, NumberInput, NumberTarget, folded
from chainrule.tables.encoding.statistics import SMALLEST_SCALE, Spread, measure
from chainrule.words import counted, listed, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.table import Table
    from chainrule.tables.columns.wording import Role

__all__ = ["MOST_CATEGORIES", "MOST_CLASSES", "choose_encoding", "target_labels"]

MOST_CATEGORIES = 50
MOST_CLASSES = 1000
FEW_CLASSES = 20
FEW_WHOLE_VALUES = 10
FEWEST_TRAINING_ROWS = 2
FEWEST_COUNTED = 10


def choose_encoding(
    table: Table,
    *,
    targets: Sequence[str],
    inputs: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    classes: Sequence[str] = (),
    training_rows: npt.ArrayLike,
) -> tuple[Encoding, tuple[str, ...]]:
    """Choose the encoding of a table.

    Parameters
    ----------
    table : Table
        The whole table: categories and classes are collected from all its rows.
    targets : sequence of str
        One column of classes, or one or more columns of numbers.
    inputs : sequence of str, optional
        The input columns; by default all but `targets` and `ignore`.
    ignore : sequence of str
        Columns left out.
    classes : sequence of str
        Columns that hold classes or categories even where their cells are numbers.
    training_rows : array of shape (n,)
        Places of the rows, counted from 0, whose mean and standard deviation are taken.

    Returns
    -------
    encoding : Encoding
    remarks : tuple of str
        One sentence for each thing that is worth knowing.

    Raises
    ------
    UnknownNameError
        A column is named that the table does not have.
    InputError
        The lists contradict one another, or the targets are mixed.
    TableError
        A column in use has a cell that cannot be used, or too many categories, or a target is constant.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> table = read_table(pa.table({"x": [1.0, 3.0], "island": ["Dream", "Biscoe"], "y": [0.5, 0.75]}))
    >>> encoding, remarks = choose_encoding(table, targets=["y"], training_rows=[0, 1])
    >>> encoding.input_names, encoding.output_names
    (('x', 'island=Biscoe', 'island=Dream'), ('y',))
    """
    roles = settle_roles(table, targets, inputs, ignore, classes)
    rows = _training_rows(table, training_rows)
    remarks: list[str] = []
    target_columns = [table.column(name) for name in roles.targets]
    declared = frozenset(roles.classes)
    chosen = _targets(target_columns, declared, rows, remarks)
    parts = tuple(_input(table.column(name), declared, rows, remarks) for name in roles.inputs)
    return Encoding(parts, chosen), tuple(map(Remark, remarks))


def target_labels(
    table: Table, targets: Sequence[str], classes: Sequence[str] = ()
) -> tuple[str, ...] | None:
    """Return the label of each row where the target is one of classes, or None where targets are numbers.

    It needs no encoding, so that rows can be split by class before one is chosen.

    Parameters
    ----------
    table : Table
        The whole table.
    targets, classes : sequence of str
        As for `choose_encoding`.

    Returns
    -------
    tuple of str, one a row, or None

    Raises
    ------
    UnknownNameError, InputError, TableError
        As `choose_encoding` for the target.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from chainrule.tables import read_table
    >>> table = read_table(pa.table({"x": [1, 2], "kind": [0, 1]}))
    >>> target_labels(table, ["kind"]), target_labels(table, ["kind"], classes=["kind"])
    (None, ('0', '1'))
    """
    roles = settle_roles(table, targets, None, (), classes, need_inputs=False)
    columns = [table.column(name) for name in roles.targets]
    declared = frozenset(roles.classes)
    if not _is_class_target(columns, declared):
        return None
    # Refused here already, because a split by classes that are none fails for a reason that misleads.
    _check_number_of_classes(columns[0], _categories(columns[0], declared, [], "target"))
    labels = columns[0].as_labels()
    return tuple(map(folded, labels)) if columns[0].kind == "boolean" else labels


def _training_rows(table: Table, given: npt.ArrayLike) -> npt.NDArray[np.intp]:
    rows = np.asarray(given)
    whole = rows.ndim == 1 and (rows.dtype.kind in "iu" or not len(rows))
    if not whole or (len(rows) and not 0 <= rows.min() <= rows.max() < table.n_rows):
        raise InputError(
            f"training_rows is an array of the shape {rows.shape} and the type {rows.dtype}",
            parameter="training_rows",
            given=given,
            needs=f"must hold whole numbers from 0 to {table.n_rows - 1}, in one dimension",
            advice="Take them from split_rows.",
        )
    if len(rows) < FEWEST_TRAINING_ROWS:
        raise TableError(
            f"{table.title} gives {counted(len(rows), 'training row')}",
            needs=f"training needs {FEWEST_TRAINING_ROWS} at least",
            advice="Give more rows.",
        )
    return rows.astype(np.intp)


def _is_class_target(columns: Sequence[Column], declared: frozenset[str]) -> bool:
    """Whether the target is one of classes; InputError where it is mixed or there are several."""
    of_classes = [column.name for column in columns if column.name in declared or column.kind != "number"]
    if of_classes and len(columns) > 1:
        names = [column.name for column in columns]
        raise InputError(
            f"The targets are {listed(names)}, of which {listed(of_classes)} hold classes,",
            parameter="target",
            given=names,
            needs="a network has either one class target or numeric ones",
            advice="Give one class target at a time.",
        )
    return bool(of_classes)


def _targets(
    columns: Sequence[Column], declared: frozenset[str], rows: npt.NDArray[np.intp], remarks: list[str]
) -> tuple[NumberTarget, ...] | tuple[ClassTarget]:
    if _is_class_target(columns, declared):
        return (_class_target(columns[0], declared, rows, remarks),)
    return tuple(_number_target(column, rows, remarks, gaps=len(columns) > 1) for column in columns)


def _number_target(
    column: Column, rows: npt.NDArray[np.intp], remarks: list[str], *, gaps: bool
) -> NumberTarget:
    """Target, which may be missing in some rows where it is one of several."""
    numbers = column.as_numbers("target", gaps=gaps)
    there = numbers[rows][~np.isnan(numbers[rows])]
    if not len(there):
        raise _constant_target(column, "it is missing in all training rows")
    spread = _spread(column, there)
    n_missing = int(np.isnan(numbers).sum())
    if n_missing:
        remarks.append(
            f"target {shown(column.name)} is missing in {counted(n_missing, 'row')}: "
            "there it counts for nothing"
        )
    if spread.scale == 0:
        raise _constant_target(column, f"all training rows have {_one_number(column, rows)}")
    values = np.unique(numbers[~np.isnan(numbers)])
    if len(values) <= FEW_WHOLE_VALUES and np.array_equal(values, np.round(values)):
        remarks.append(
            f"target {shown(column.name)} has only {len(values)} distinct whole values; "
            f"if they are classes, give {argument('classes', [column.name])}"
        )
    return NumberTarget(column.name, spread.mean, spread.scale)


def _class_target(
    column: Column, declared: frozenset[str], rows: npt.NDArray[np.intp], remarks: list[str]
) -> ClassTarget:
    labels = _categories(column, declared, remarks, "target")
    _check_number_of_classes(column, labels)
    target = ClassTarget(column.name, labels, column.kind)
    if len(labels) < FEWEST_TRAINING_ROWS:
        raise _constant_target(column, f"all rows have {shown(labels[0])}")
    in_training = target.encode(column.take(rows)).any(axis=0)
    if in_training.sum() == 1:
        raise _constant_target(column, f"all training rows have {shown(labels[int(np.argmax(in_training))])}")
    return target


def _check_number_of_classes(column: Column, labels: Sequence[str]) -> None:
    """Raise TableError where a column has too many different values to be a target of classes."""
    n_rows = len(column.cells)
    if len(labels) > MOST_CLASSES or (len(labels) > FEW_CLASSES and 2 * len(labels) > n_rows):
        needs = f"at most {MOST_CLASSES}, and two rows each"
        raise TableError(
            f"Target {column.title} has {len(labels)} classes in {n_rows} rows, too many to learn: {needs}.",
            needs=needs,
            advice=f"Choose another target.{_not_numbers(column)}",
        )


def _input(
    column: Column, declared: frozenset[str], rows: npt.NDArray[np.intp], remarks: list[str]
) -> NumberInput | CategoryInput:
    if column.name not in declared and column.kind == "number":
        return _number_input(column, rows, remarks)
    labels = _categories(column, declared, remarks, "input")
    if len(labels) > MOST_CATEGORIES:
        raise TableError(
            f"Input {column.title} has {len(labels)} different values",
            needs=f"a column of categories may have {MOST_CATEGORIES} at most",
            advice=remedies(way_out("input", column.name)) + _not_numbers(column),
        )
    if len(labels) == 1:
        remarks.append(f"input {shown(column.name)} is constant ({shown(labels[0])}): it tells nothing")
    if column.name not in declared and _names_rows(column, len(labels)):
        remarks.append(
            f"input {shown(column.name)} is text with {len(labels)} different values in {len(column.cells)} "
            f"rows; if it only names the rows, {way_out('input', column.name)}"
        )
    return CategoryInput(column.name, labels, column.kind)


def _number_input(column: Column, rows: npt.NDArray[np.intp], remarks: list[str]) -> NumberInput:
    numbers = column.as_numbers("input")
    spread = _spread(column, numbers[rows])
    if _counts(numbers):
        remarks.append(
            f"input {shown(column.name)} counts the rows; if it says nothing else, "
            f"{way_out('input', column.name)}"
        )
    if spread.scale == 0:
        remarks.append(
            f"input {shown(column.name)} is constant ({_one_number(column, rows)}) in the training rows: "
            "it tells nothing"
        )
    return NumberInput(column.name, spread.mean, spread.scale)


def _one_number(column: Column, rows: npt.NDArray[np.intp]) -> str:
    """The one number that these rows have, with all the digits that they give it."""
    labels = sorted(set(column.take(rows).coded("number")[0]), key=_by_value)
    if len(labels) == 1:
        return labels[0]
    return f"{labels[0]} to {labels[-1]}, which are one number to the 16 digits that are kept"


def _names_rows(column: Column, n_labels: int) -> bool:
    """Whether a text has fewer than two rows for each value, in enough rows not to do so by chance."""
    n_rows = len(column.cells)
    return column.kind == "text" and FEWEST_COUNTED <= n_rows < 2 * n_labels and not column.almost_numbers()


def _counts(numbers: npt.NDArray[np.float64]) -> bool:
    """Whether the numbers go 0, 1, 2, … or 1, 2, 3, … through enough rows not to do so by chance."""
    steps = np.arange(len(numbers))
    return len(numbers) >= FEWEST_COUNTED and bool(
        np.all(numbers - steps == numbers[0]) and numbers[0] in {0, 1}
    )


def _spread(column: Column, numbers: npt.NDArray[np.float64]) -> Spread:
    spread = measure(numbers)
    if spread.scale < SMALLEST_SCALE and numbers.min() != numbers.max():
        raise TableError(
            f"The numbers of {column.title} differ by less than {SMALLEST_SCALE:.0e}, too little to be "
            "computed with.",
            needs="must differ by more",
            advice="Give them in a smaller unit.",
        )
    return spread


def _categories(column: Column, declared: frozenset[str], remarks: list[str], role: Role) -> tuple[str, ...]:
    """The labels of a column, sorted; of a boolean one spelling each."""
    if column.name not in declared:
        check_as_category(column, role)
    almost = column.almost_numbers()
    if almost is not None:
        remarks.append(almost[0].lower() + almost[1:])
    labels = sorted(set(column.coded(role=role)[0]), key=_by_value if column.kind == "number" else None)
    if column.kind == "boolean":
        labels = sorted({folded(label): label for label in reversed(labels)}.values(), key=folded)
    return tuple(labels)


def _by_value(label: str) -> tuple[float, str]:
    """Where a label that is a number stands: 2 before 10."""
    return float(label), label


def _not_numbers(column: Column) -> str:
    """What to add where a column has too many categories: it may have been meant as numbers."""
    almost = column.almost_numbers()
    if almost is not None:
        return f" Or correct a cell: {almost[0].lower()}{almost[1:]}."
    return f" {column.cell(0)}, which is no number." if column.kind == "text" else ""


def _constant_target(column: Column, reason: str) -> TableError:
    return TableError(
        f"Constant target: {column.title} cannot be learnt, because {reason}.",
        needs="a target must have two values at least",
        advice="Choose another target, or add rows.",
    )
