"""A reader of formulas: it works them out with many digits, from numbers that the test knows itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np
import pyarrow as pa

from chainrule.tables import Column, Said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainrule.tables import Worked, WorkedCell

__all__ = ["check_bits", "check_column", "check_value", "column", "evaluated", "mp", "six"]

# Many digits, so that its own roundings are never seen.
mp = mpmath.mp.clone()
mp.dps = 60
SIX = 6
SIGNS = (("−", "-"), ("·", "*"), ("²", "**2"), ("√", "sqrt"), ("π", "*pi"), ("ln cell", "ln(cell)"))
FUNCTIONS = {"sqrt": mp.sqrt, "sin": mp.sin, "cos": mp.cos, "exp": mp.exp, "ln": mp.ln, "pi": mp.pi}


def six(value: float) -> str:
    return format(value + 0.0, ".6g")


def column(cell: object, name: str = "c") -> Column:
    cells = pa.array([cell], pa.large_string()) if isinstance(cell, str) else pa.array([cell])
    return Column(name, cells)


def evaluated(formula: str, numbers: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a number of mpmath
    """A formula's value for numbers of its symbols, worked out with many digits."""
    python = re.sub(r"\{(\w+)\}", r"\1", formula)
    for written, spelled in SIGNS:
        python = python.replace(written, spelled)
    python = re.sub(r"\|(\w+)\|", r"abs(\1)", python)
    known = {name: mp.mpf(number) for name, number in numbers.items()}
    return eval(python, {**FUNCTIONS, "abs": abs, "max": max, "min": min, "__builtins__": {}}, known)  # noqa: S307 - our own formulas


def check_value(printed: float | str | None, exact: Any) -> None:  # noqa: ANN401
    """A number is the exact one, to the last of the digits that are printed."""
    assert isinstance(printed, float)
    shown = mp.mpf(six(printed))
    last = mp.mpf(10) ** (mp.floor(mp.log10(abs(shown))) - SIX + 1) if shown else mp.mpf(0)
    # What is rounded twice, to a float before, may miss the nearest digits by a hair.
    assert abs(shown - exact) <= last / 2 * mp.mpf("1.00001") + mp.mpf("1e-300")


def check_column(worked: Worked, numbers: Mapping[str, Any]) -> None:
    """Each step of a column is what its own formula says, of the steps before and of numbers given here."""
    known = dict(numbers)
    for step in worked.steps:
        if not step.formula:
            assert step.value == 0
            continue
        exact = evaluated(step.formula, known)
        check_value(step.value, exact)
        known[step.left] = exact


def check_bits(cell: WorkedCell, part: Any, cells: Column) -> None:  # noqa: ANN401
    """The values written are those of `encode`, and no column is left out."""
    values = np.array([one.steps[-1].value for one in cell.columns], dtype=np.float64)
    assert values.tobytes() == part.encode(cells, Said())[0].tobytes()
    assert tuple(one.name for one in cell.columns) == part.names
