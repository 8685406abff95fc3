"""A reader of printed traces: it takes the equations of a text apart and works them out again."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chainrule import Trace

BEGIN = re.compile(r"^  (\S+) (:?=) ")
FUNCTIONS = {"exp": math.exp, "tanh": math.tanh, "__builtins__": {}}


class Equation(NamedTuple):
    """One printed equation: what it is of, in symbols, in numbers, and its result."""

    left: str
    symbols: str
    numbers: str
    result: float


def equations(text: str) -> list[Equation]:
    """Every equation of a printed trace, in its order."""
    blocks: list[str] = []
    inside = False
    for line in text.splitlines():
        if BEGIN.match(line):
            blocks.append(line)
            inside = True
        elif inside and line.startswith("   "):
            blocks[-1] += line
        else:
            inside = False
    parted = [re.split(r"\s+:?=\s+", block.strip()) for block in blocks]
    return [Equation(left, symbols, numbers, float(result)) for left, symbols, numbers, result in parted]


def worked_out(expression: str) -> float:
    """Value of an expression as it stands in the text."""
    spelled = expression
    for printed, python in (("·", "*"), ("−", "-"), ("²", "**2"), ("½", "0.5")):
        spelled = spelled.replace(printed, python)
    return float(eval(spelled, dict(FUNCTIONS)))  # noqa: S307 (the text of our own trace, without builtins)


def symbols_of(step: Trace) -> dict[str, float]:
    """Every symbol that the text of a trace may use, with its number."""
    known = {"η": step.rate, "x_0": 1.0}
    known |= {f"x_{i}": float(v) for i, v in enumerate(step.x, 1)}
    known |= {f"y_{i}": float(v) for i, v in enumerate(step.y, 1)}
    for m, weights in enumerate(step.network.weights, 1):
        comma = "," if max(weights.shape) > 9 else ""
        for (k, j), value in _entries(weights):
            known[f"W_{k + 1}{comma}{j}^({m})"] = value
        for symbol, arrays in (("z", step.z), ("a", step.a), ("δ", step.delta)):
            known |= {f"{symbol}_{k}^({m + 1})": float(v) for k, v in enumerate(arrays[m - 1], 1)}
    return known


def results_of(step: Trace) -> dict[str, float]:
    """Every left-hand side that the text of a trace may have, with its number."""
    known = {name: value for name, value in symbols_of(step).items() if name[0] in "zaδ"}
    known["RSS"] = step.loss_before
    for m, (slopes, after) in enumerate(zip(step.gradients, step.weights_after, strict=True), 1):
        comma = "," if max(slopes.shape) > 9 else ""
        for (k, j), value in _entries(slopes):
            known[f"∂RSS/∂W_{k + 1}{comma}{j}^({m})"] = value
            known[f"W_{k + 1}{comma}{j}^({m})"] = float(after[k, j])
    return known


def with_numbers(symbols: str, known: dict[str, float]) -> str:
    """Right-hand side in symbols with every symbol replaced by its number."""
    names = sorted(known, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(name) for name in names))
    return pattern.sub(lambda found: f"({known[found.group()]!r})", symbols)


def _entries(array: object) -> list[tuple[tuple[int, int], float]]:
    """Places and numbers of a matrix."""
    rows: list[list[float]] = array.tolist()  # type: ignore[attr-defined]
    return [((k, j), value) for k, row in enumerate(rows) for j, value in enumerate(row)]
