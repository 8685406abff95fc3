"""One row of a table on paper: how its cells became inputs and targets, and outputs an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.inspection import equation_lines, written
from chainrule.lines import WIDTH, wrapped
from chainrule.tables import column_formula, with_numbers, worked_value, written_formula
from chainrule.words import counted, named, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chainrule.tables import Step, Worked, WorkedAnswer, WorkedCell

__all__ = ["answer_lines", "answers_as_json", "cell_lines", "cells_as_json", "probability_lines"]

SHORTEST_RANGE = 3


def cell_lines(cells: Sequence[WorkedCell], digits: int, most: int, width: int = WIDTH) -> Iterator[str]:
    """What cells became: each cell as it stands in the table, and each of its columns as an equation.

    Parameters
    ----------
    cells : sequence of WorkedCell
        Of a row.
    digits : int
        Significant digits.
    most : int
        Cells, and equations of a cell, that are written out; the rest is counted.
    """
    for cell in cells[:most]:
        words = f"{named(cell.column)}: {_cell_words(cell, digits)}"
        yield from wrapped(words, width, first="  ", rest="    ")
        zeros = [one for one in cell.columns if _is_plain_zero(one)]
        others = [one for one in cell.columns if not _is_plain_zero(one)]
        before: tuple[Step, ...] = ()
        for one in others[:most]:
            for step in one.steps:
                if step not in before:  # sine and cosine are of the same turn
                    left = step.left or one.symbol
                    yield from _step_lines(step, left, {"cell": named(cell.column)}, digits, width=width)
            before = one.steps
        if len(others) > most:
            yield f"    … {len(others) - most} more"
        if zeros:
            yield from equation_lines(_ranges(zeros), "0", indent=4, width=width)
    if len(cells) > most:
        yield f"  … {counted(len(cells) - most, 'more column')} of the table"


def answer_lines(
    answers: Sequence[WorkedAnswer],
    layer: int | str,
    digits: int,
    most: int,
    *,
    shares: bool,
    when: str = "",
    width: int = WIDTH,
) -> Iterator[str]:
    """What outputs answer, target by target.

    Parameters
    ----------
    answers : sequence of WorkedAnswer
        Of a row.
    layer : int or str
        Number of the layer of outputs, or what stands in its place.
    digits, most : int
        Significant digits; targets that are written out.
    shares : bool
        Whether the outputs are probabilities of classes.
    when : str
        Words behind the name of each target.
    """
    for answer in answers[:most]:
        left = f"{named(answer.target)}{when}"
        symbol = f"a_{answer.place + 1}^({layer})"
        if not answer.because:
            yield from _step_lines(answer.step, left, {"a": symbol}, digits, width=width, indent=2)
            continue
        number = worked_value(answer.step.values["a"], lambda value: written(value, digits))
        because = f"{answer.because}, its probability" if shares else answer.because
        value = named(str(answer.step.value))
        yield from equation_lines(left, f"{value}, because {symbol} = {number} {because}", width=width)
    if len(answers) > most:
        yield f"  … {counted(len(answers) - most, 'more target')}"


def probability_lines(
    worked: Sequence[WorkedAnswer],
    layer: int | str,
    digits: int,
    most: int,
    *,
    when: str = "",
    width: int = WIDTH,
) -> Iterator[str]:
    """How outputs become probabilities at a temperature, as `answer_lines`."""
    for one in worked[:most]:
        left = f"{one.step.left}{when}"
        yield from _step_lines(
            one.step, left, {"a": f"a_{one.place + 1}^({layer})"}, digits, width=width, indent=2
        )


def cells_as_json(
    cells: Sequence[WorkedCell], formulas: Sequence[WorkedCell], into: str
) -> list[dict[str, Any]]:
    """What cells became as plain data, with formulas that keep every bit."""
    return [
        {
            "column": cell.column,
            "cell": cell.cell
            if isinstance(cell.cell, (str, bool, int, float, type(None)))
            else str(cell.cell),
            "read": cell.read,
            "remark": cell.remark,
            into: [
                _as_json(one, formula, cell.column)
                for one, formula in zip(cell.columns, of.columns, strict=True)
            ],
        }
        for cell, of in zip(cells, formulas, strict=True)
    ]


def answers_as_json(
    formulas: Sequence[WorkedAnswer], before: Sequence[WorkedAnswer], after: Sequence[WorkedAnswer]
) -> list[dict[str, Any]]:
    """What outputs answered as plain data, before and after a step; null where there is no answer."""
    return [
        {
            "target": formula.target,
            "formula": written_formula([formula.step], repr, {"a": f"a_{formula.place + 1}"}),
            "value": before[k].step.value if before else None,
            "value_after": after[k].step.value if after else None,
        }
        for k, formula in enumerate(formulas)
    ]


def _as_json(one: Worked, formula: Worked, column: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "symbol": one.symbol,
        "formula": column_formula(formula, column, repr),
        "value": one.steps[-1].value,
    }


def _is_plain_zero(column: Worked) -> bool:
    """Whether a column is 0 without a formula, or as most of its kind are."""
    last = column.steps[-1]
    return not last.value and (column.is_sparse or not last.formula)


def _cell_words(cell: WorkedCell, digits: int) -> str:
    """A cell as it stands in the table, as what it is read, and what is odd about it."""
    if cell.cell is None:
        return cell.remark or "missing"
    read = worked_value(cell.read, lambda value: written(value, digits))
    is_same = cell.read is not None and (str(cell.cell) == read or _is_number(cell.cell, cell.read))
    words = [named(str(cell.cell)) if is_same else shown(cell.cell)]
    if cell.read is not None and not is_same:
        words.append(f"read as {named(read)}")
    return ", ".join([*words, cell.remark] if cell.remark else words)


def _is_number(cell: object, read: float | str) -> bool:
    """Whether a cell is plainly the number that it is read as."""
    try:
        return float(str(cell)) == read
    except ValueError:
        return False


def _step_lines(
    step: Step, left: str, names: dict[str, str], digits: int, *, width: int, indent: int = 4
) -> Iterator[str]:
    """An equation with symbols, with numbers, and its result; what says the same twice is written once."""

    def number(value: float) -> str:
        return written(value, digits)

    sides = [
        with_numbers(step, number, names, of=()),
        with_numbers(step, number, names),
        worked_value(step.value, number),
    ]
    kept = [side for k, side in enumerate(sides) if side and side not in sides[:k]]
    yield from equation_lines(left, *kept, indent=indent, width=width)


def _ranges(columns: Sequence[Worked]) -> str:
    """Symbols of columns, three neighbours and more as a range: x_1, x_3 to x_7."""
    runs: list[list[Worked]] = []
    for one in columns:
        if runs and _place(runs[-1][-1]) + 1 == _place(one):
            runs[-1].append(one)
        else:
            runs.append([one])
    parts = [
        f"{run[0].symbol} to {run[-1].symbol}"
        if len(run) >= SHORTEST_RANGE
        else ", ".join(one.symbol for one in run)
        for run in runs
    ]
    return ", ".join(parts)


def _place(column: Worked) -> int:
    return int(column.symbol.split("_")[1])
