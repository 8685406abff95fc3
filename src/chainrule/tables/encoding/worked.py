"""How a cell became numbers, and numbers an answer: formulas in symbols, with their numbers, and the result.

A part writes its formulas itself (`worked`, and `worked_answer` of a target). A part that has no such method
is left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from chainrule.words import named, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    from chainrule.tables.columns.column import Column
    from chainrule.tables.columns.table import Table

    Number: TypeAlias = Callable[[float], str]

__all__ = [
    "Quantity", "Step", "Worked", "WorkedAnswer", "WorkedCell", "column_formula", "label_mark",
    "missing_mark", "raw_cell", "restored", "standardised", "with_numbers", "worked_answers",
    "worked_cells", "worked_parts", "worked_value", "written_formula",
]  # fmt: skip

SYMBOL = re.compile(r"\{(\w+)\}")
OPENED = "(|"  # behind these a negative number needs no brackets of its own


class Quantity(NamedTuple):
    """A number and its unit, in the singular."""

    number: float
    unit: str


class Step(NamedTuple):
    """One equation: left = formula in symbols = formula in numbers = value.

    Attributes
    ----------
    left : str
        What it is of; nothing for the column or the target itself.
    formula : str
        Its symbols in braces. One that is not in `symbols` is called as it is, with blanks for underscores.
    values : mapping
        The numbers of symbols: numbers, quantities, or texts such as dates.
    value : float, str or None
        The result; None where no row is looked at.
    symbols : mapping
        What symbols are called.

    Examples
    --------
    >>> step = Step("", "({cell} − {mean})/{scale}", {"cell": 3.0, "mean": -2.0, "scale": 4.0}, 1.25)
    >>> with_numbers(step, str), with_numbers(step, str, names={"cell": "age"}, of=())
    ('(3.0 − (-2.0))/4.0', '(age − mean)/scale')
    """

    left: str
    formula: str
    values: Mapping[str, float | str | Quantity] = {}
    value: float | str | None = None
    symbols: Mapping[str, str] = {}


class Worked(NamedTuple):
    """How one column of X or Y is computed.

    Attributes
    ----------
    name : str
        The column's name.
    steps : tuple of Step
        The last one is of the column itself.
    remark : str
        What else holds of the formula, in symbols as a formula is.
    is_sparse : bool
        Whether it is one of many of which most are 0.
    symbol : str
        As the network calls it: x_1, y_1.
    """

    name: str
    steps: tuple[Step, ...]
    remark: str = ""
    is_sparse: bool = False
    symbol: str = ""


class WorkedCell(NamedTuple):
    """What a cell became, or would become.

    Attributes
    ----------
    column : str
        The name of its column.
    columns : tuple of Worked
        Its columns of X or Y.
    cell : object
        As it stands in the table; None for no value, and where no row is looked at.
    read : float, str or None
        As what it is read; None where it has no value that the part knows.
    remark : str
        What is odd about it, and what comes of that.
    """

    column: str
    columns: tuple[Worked, ...]
    cell: object = None
    read: float | str | None = None
    remark: str = ""


class WorkedAnswer(NamedTuple):
    """How outputs become the answer to one target.

    Attributes
    ----------
    target : str
    step : Step
        With the symbol ``a`` for the output.
    place : int
        Which of all outputs ``a`` is, from 0.
    because : str
        What is true of ``a``, so that the answer is this one; nothing where the formula says it.
    """

    target: str
    step: Step
    place: int = 0
    because: str = ""


def with_numbers(
    step: Step, number: Number, names: Mapping[str, str] | None = None, of: Iterable[str] | None = None
) -> str:
    """Formula with the numbers of its symbols, of all or of some of them.

    Parameters
    ----------
    step : Step
    number : callable
        Writes a number.
    names : mapping, optional
        What symbols are called, before what the step calls them.
    of : iterable of str, optional
        The symbols that become numbers, by default all that have one; the others keep their names.
    """
    known, names = set(step.values if of is None else of), {**step.symbols, **(names or {})}

    def written(found: re.Match[str]) -> str:
        symbol = found[1]
        if symbol not in step.values or symbol not in known:
            return names.get(symbol, symbol.replace("_", " "))
        shown = worked_value(step.values[symbol], number)
        before = step.formula[: found.start()][-1:]
        stands_free = found[0] == step.formula or (before and before in OPENED)
        return f"({shown})" if shown.startswith("-") and not stands_free else shown

    return SYMBOL.sub(written, step.formula)


def written_formula(steps: Iterable[Step], number: Number, names: Mapping[str, str]) -> str:
    """The formula of a column or an answer with the numbers learnt, and those that it is made of behind it.

    Parameters
    ----------
    steps : iterable of Step
        Of no row; the last one is of the column itself.
    number : callable
        Writes a number.
    names : mapping
        What symbols are called.

    Examples
    --------
    >>> steps = Step("s", "{cell} − {mean}", {"mean": 2.0}), Step("", "{s}/√(1 + {s}²)")
    >>> written_formula(steps, str, {"cell": "age"})
    's/√(1 + s²),  s = age − 2.0'
    """
    *inner, own = steps
    formula = with_numbers(own, number, names) or "0"
    return ",  ".join([formula, *(f"{step.left} = {with_numbers(step, number, names)}" for step in inner)])


def column_formula(column: Worked, name: str, number: Number) -> str:
    """An equation of no row: the column's symbol, its formula, and what else holds of that.

    Parameters
    ----------
    column : Worked
    name : str
        Of the column of the table.
    number : callable
        Writes a number.
    """
    last, names = column.steps[-1], {"cell": named(name)}
    remark = with_numbers(last._replace(formula=column.remark), number, names)
    return f"{column.symbol} = {written_formula(column.steps, number, names)}{',  ' * bool(remark)}{remark}"


def worked_value(value: float | str | Quantity | None, number: Number) -> str:
    """A value as it is written: a text as it is, a number with its unit.

    Examples
    --------
    >>> worked_value(Quantity(2.5, "day"), str), worked_value("2024-01-01", str)
    ('2.5 days', '2024-01-01')
    """
    if isinstance(value, Quantity):
        shown = number(value.number)
        return f"{shown} {value.unit}{'s' * (shown != '1')}"
    return printable(value) if isinstance(value, str) else "" if value is None else number(value)


def missing_mark(name: str, value: float | None, *, is_sparse: bool = False) -> Worked:
    """The column of X that marks missing cells."""
    return Worked(name, (Step("", "[{cell} is missing]", {}, value),), is_sparse=is_sparse)


def label_mark(name: str, label: str, value: float | None, *, is_sparse: bool = False) -> Worked:
    """A column that is 1 where the cell is of this label, and 0 elsewhere."""
    step = Step("", "[{cell} = {label}]", {}, value, {"label": named(label)})
    return Worked(name, (step,), is_sparse=is_sparse)


def standardised(
    numbers: Mapping[str, float | str | Quantity], cell: str = "{cell}", centre: str = "mean"
) -> str:
    """Formula of (cell - mean) / scale, without a mean that is 0 and a scale that is 1.

    Examples
    --------
    >>> standardised({"mean": 3.0, "scale": 2.0}), standardised({"mean": 0.0, "scale": 2.0})
    ('({cell} − {mean})/{scale}', '{cell}/{scale}')
    >>> standardised({"mean": 0.0, "scale": 1.0}), standardised({"mean": 0.0, "scale": 2.0}, "ln {cell}")
    ('{cell}', '(ln {cell})/{scale}')
    """
    shifted = cell if numbers[centre] == 0 else f"{cell} − {{{centre}}}"
    if numbers["scale"] == 1:
        return shifted
    return f"{shifted if shifted == '{cell}' else f'({shifted})'}/{{scale}}"


def restored(numbers: Mapping[str, float | str | Quantity]) -> str:
    """Formula of output * scale + mean, likewise.

    Examples
    --------
    >>> restored({"mean": 3.0, "scale": 2.0}), restored({"mean": 0.0, "scale": 1.0})
    ('{a}·{scale} + {mean}', '{a}')
    """
    scaled = "{a}" if numbers["scale"] == 1 else "{a}·{scale}"
    return scaled if numbers["mean"] == 0 else f"{scaled} + {{mean}}"


def worked_cells(parts: Iterable[Any], table: Table | None, letter: str) -> tuple[WorkedCell, ...]:
    """How the columns of X or Y are computed: the formulas, and of a table of one row with their numbers.

    Parameters
    ----------
    parts : iterable of input parts, or of target parts
        In the order of X or Y.
    table : Table, optional
        Of one row.
    letter : str
        "x" or "y".

    Returns
    -------
    tuple of WorkedCell
        One for each column of the table, whether one part or two are made of it.
    """
    found: dict[str, WorkedCell] = {}
    for _, cell in worked_parts(parts, table, letter):
        if cell is None:
            continue
        before = found.get(cell.column)
        found[cell.column] = before._replace(columns=before.columns + cell.columns) if before else cell
    return tuple(found.values())


def worked_parts(
    parts: Iterable[Any], table: Table | None, letter: str
) -> Iterator[tuple[Any, WorkedCell | None]]:
    """Each part and how its own columns are computed, as `worked_cells`; None of a part that does not say."""
    first = 1
    for part in parts:
        if hasattr(part, "worked"):
            cell: WorkedCell = part.worked(None if table is None else table.column(part.name))
            own = enumerate(cell.columns, first)
            columns = tuple(one._replace(symbol=f"{letter}_{place}") for place, one in own)
            yield part, cell._replace(columns=columns)
        else:
            yield part, None
        first += len(part.names)


def worked_answers(parts: Iterable[Any], outputs: npt.NDArray[np.float64] | None) -> tuple[WorkedAnswer, ...]:
    """How the outputs of the network become answers: the formulas, and of one row with their numbers.

    Parameters
    ----------
    parts : iterable of target parts
        In the order of Y.
    outputs : array of shape (n_outputs,), optional
        Without NaN.
    """
    found, first = [], 0
    for part in parts:
        width = len(part.names)
        if hasattr(part, "worked_answer"):
            own = None if outputs is None else outputs[first : first + width]
            answer: WorkedAnswer = part.worked_answer(own)
            found.append(answer._replace(place=first + answer.place))
        first += width
    return tuple(found)


def raw_cell(column: Column | None) -> object:
    """The cell of a column of one row, as it stands in the table."""
    return None if column is None else column.value(0)
