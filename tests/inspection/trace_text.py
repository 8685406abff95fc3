"""A reader of printed traces: it takes the equations of a text apart and works them out again."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from chainrule import Trace

BEGIN = re.compile(r"^  (\S+) (:?=) ")
FUNCTIONS: dict[str, object] = {
    "exp": math.exp,
    "tanh": math.tanh,
    "ln": math.log,
    "sqrt": math.sqrt,
    "pi": math.pi,
    "max": max,
    "abs": abs,
    "int": int,
    "sign": lambda x: (x > 0) - (x < 0),
    "clip": lambda x, limit: min(max(x, -limit), limit),
    "__builtins__": {},
}
SIGNS = (
    ("·", "*"), ("−", "-"), ("²", "**2"), ("³", "**3"), ("½", "0.5"), ("√", "sqrt"), ("π", "pi"), ("±", ""),
    ("≤", "<="),
)  # fmt: skip


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
    for printed, python in SIGNS:
        spelled = spelled.replace(printed, python)
    spelled = re.sub(r"ln\s+([^\s(]\S*)", r"ln(\1)", spelled)
    spelled = re.sub(r"\|([^|]*)\|", r"abs(\1)", spelled)
    spelled = re.sub(r"\[([^]]*)\]", r"int(\1)", spelled)  # Iverson's brackets
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
    for function in (*step.network.activations, step.network.loss):
        known |= {field.name: getattr(function, field.name) for field in fields(function)}  # type: ignore[arg-type]
    return known


def results_of(step: Trace) -> dict[str, float]:
    """Every left-hand side that the text of a trace may have, with its number."""
    known = {name: value for name, value in symbols_of(step).items() if name[0] in "zaδ"}
    word = "RSS" if step.network.loss.name == "rss" else "L"
    known[word] = step.loss_before
    for m, (slopes, after) in enumerate(zip(step.gradients, step.weights_after, strict=True), 1):
        comma = "," if max(slopes.shape) > 9 else ""
        for (k, j), value in _entries(slopes):
            known[f"∂{word}/∂W_{k + 1}{comma}{j}^({m})"] = value
            known[f"W_{k + 1}{comma}{j}^({m})"] = float(after[k, j])
    return known


def with_numbers(symbols: str, known: dict[str, float]) -> str:
    """Right-hand side in symbols with every symbol replaced by its number."""
    names = sorted(known, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(name) for name in names))
    return pattern.sub(lambda found: f"({known[found.group()]!r})", symbols)


def with_sums(symbols: str, step: Trace) -> str:
    """Right-hand side with the sums of a softmax layer as numbers."""
    z, a, last = step.z[-1], step.a[-1], len(step.z) + 1
    spelled = symbols.replace("Σ_i exp(z_i)", repr(float(np.exp(z).sum())))
    begin = f"Σ_i a_i^({last})·"
    if begin not in spelled:
        return spelled
    before, term = spelled.removesuffix(")").split(begin)
    terms = [
        worked_out(term.replace("y_i", f"({y!r})").replace(f"a_i^({last})", f"({one!r})"))
        for y, one in zip(step.y.tolist(), a.tolist(), strict=True)
    ]
    return f"{before}({sum(one * of for one, of in zip(a.tolist(), terms, strict=True))!r}))"


def _entries(array: object) -> list[tuple[tuple[int, int], float]]:
    """Places and numbers of a matrix."""
    rows: list[list[float]] = array.tolist()  # type: ignore[attr-defined]
    return [((k, j), value) for k, row in enumerate(rows) for j, value in enumerate(row)]
