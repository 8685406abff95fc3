"""Formulas of activations, losses and layers as text, with symbols and with numbers in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.network import Network

__all__ = [
    "Equation", "Part", "Values", "derivative_of", "formula_of", "name_of_number", "of_output", "said",
    "slope_of", "with_value", "written_out",
]  # fmt: skip


class Equation(NamedTuple):
    """Left-hand side, and what it is: in symbols, in numbers, the result."""

    left: str
    sides: tuple[str, ...]

    @classmethod
    def of(cls, left: str, *sides: str) -> Equation:
        """Equation of its sides."""
        return cls(left, sides)


class Values(NamedTuple):
    """Numbers of a sample, and what they are."""

    word: str
    written: tuple[str, ...]


Part: TypeAlias = str | Equation | Values  # of a worked example


def of_output(formula: str, y: str, a: str) -> str:
    """Formula of a loss with its target and its output."""
    return with_value(with_value(formula, "a", a), "y", y)


def _comma(weights: npt.NDArray[Any]) -> str:
    """Comma between two indices, where one of them may have two digits."""
    return "," if max(weights.shape) > 9 else ""  # noqa: PLR2004 (the largest digit)


def name_of_number(net: Network, m: int, line: int, number: int) -> str:
    """What a number of W^(m) is called, where the layer calls it by a letter of its own by that."""
    layer, weights = net.layers[m - 1], net.weights[m - 1]
    letter, *indices = layer.symbol(line, number)
    return f"{letter}_{_comma(weights).join(map(str, indices))}^({m})"


def formula_of(activation: Activation) -> str:
    """Formula of g in z; a user's own activation may have none."""
    return written_out(said(activation, "formula", "forward") or "g(z)")


def derivative_of(activation: Activation) -> str:
    """Formula of g' in a; a user's own activation may have none."""
    formula = said(activation, "formula", "forward") or ""
    return written_out(said(activation, "derivative", "backward") or "g'", formula)


def slope_of(loss: Loss) -> str:
    """Formula of minus the derivative of a loss; a user's own may have none."""
    return said(loss, "slope", "slopes") or "−∂loss/∂a"


def said(thing: object, formula: str, method: str) -> Any:  # noqa: ANN401 (text, or a method that gives it)
    """Formula that a class has for a method; None where a class derived from it has changed the method."""
    order = type(thing).__mro__
    places = [next((k for k, c in enumerate(order) if name in vars(c)), None) for name in (formula, method)]
    if places[0] is None:  # of the object itself, or none
        return getattr(thing, formula, None)
    said = places[1] is None or places[0] <= places[1]
    return getattr(thing, formula) if said else None


def written_out(formula: str, explaining: str | None = None) -> str:
    """Formula with the letters replaced that it, or another one, explains after a comma."""
    first, *definitions = (formula if explaining is None else explaining).split(",  ")
    whole = first if explaining is None else formula
    for definition in definitions:
        letter, meaning = definition.split(" = ")
        whole = with_value(whole, letter, meaning)
    return whole


def with_value(formula: str, variable: str, value: str) -> str:
    """Formula with a value for its variable, which may be a letter of a function's name as well.

    Examples
    --------
    >>> with_value("exp(z) + z", "z", "(-2)")
    'exp(-2) + (-2)'
    """
    in_brackets = value if re.fullmatch(r"\([^()]*\)", value) else f"({value})"
    formula = re.sub(rf"\({variable}\)", lambda _: in_brackets, formula)
    return re.sub(rf"(?<![A-Za-z_]){variable}(?![A-Za-z_])", lambda _: value, formula)
