"""Proves docs/layers.md: what is passed back, and gradients, by SymPy's derivatives, and both by the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sympy

from chainrule.equations import (
    LAYERS,
    Layer,
    MemberBias,
    MemberDense,
    MemberScale,
    Order,
    ParametricMish,
    Periodic,
    Piecewise,
    Scale,
)
from derivation_page import PAGE, Formula, formulas, labels
from test_derivation import cited
from test_units_losses_rules import Reading, number, proved

if TYPE_CHECKING:
    import numpy.typing as npt

THIRD_PAGE = PAGE.with_name("layers.md")
TEXT = THIRD_PAGE.read_text(encoding="utf-8")
EQUATIONS = range(60, 69)
NUMBERED = {int(formula.label.removeprefix("eq-")): formula for formula in formulas(TEXT)}
INPUTS, UNITS, WAVES, SUMS, MEMBER = 2, 3, 2, 2, 2
PLACES = [
    {"a_1": number("0.3"), "a_2": number("-1.5")},
    {"a_1": number("2.25"), "a_2": number("0.75")},
    {"a_1": number("-3"), "a_2": number("3")},
]


def _symbols(name: str, *sizes: int) -> dict[tuple[Any, ...], Any]:
    """A symbol for each choice of the indices."""
    return {
        (name, *(i + 1 for i in index)): sympy.Symbol(
            f"{name}_{'_'.join(str(i + 1) for i in index)}", real=True
        )
        for index in np.ndindex(*sizes)
    }


def _reading(n: int) -> Reading:
    """Everything that equation n names."""
    units = UNITS if n == 63 else INPUTS
    values: dict[tuple[Any, ...], Any] = {
        **_symbols("a", INPUTS), **_symbols("delta", units), **_symbols("s", INPUTS),
        ("n",): sympy.Integer(INPUTS), ("u",): sympy.Integer(units),
        ("P",): sympy.Integer(WAVES), ("T",): sympy.Integer(SUMS),
    }  # fmt: skip
    if n in {61, 62, 63}:
        values |= _symbols("r", MEMBER, INPUTS) | _symbols("b", MEMBER, units)
        values |= _symbols("w", MEMBER, units, INPUTS)
    if n in {64, 65}:
        values |= _symbols("w", INPUTS, WAVES) | _symbols("b", INPUTS, WAVES)
        values |= _symbols("c", INPUTS, SUMS) | _symbols("A", INPUTS, SUMS, WAVES)
    if n in {65, 66}:
        values |= _symbols("delta", INPUTS, SUMS)
    if n == 66:
        values |= _symbols("p", INPUTS, SUMS) | _symbols("q", INPUTS, SUMS)
    if n == 67:
        values |= _symbols("P", INPUTS, INPUTS)
    if n == 68:
        u = sympy.Symbol("u", real=True)
        mish = u * sympy.tanh(sympy.log(1 + sympy.exp(u)))
        values |= _symbols("alpha", INPUTS)
        values["g",] = lambda at: mish.subs(u, at)
        values["g'",] = lambda at: sympy.diff(mish, u).subs(u, at)
    return Reading(values, index={"i": MEMBER})


def _define(formula: Formula, reading: Reading) -> list[tuple[Any, ...]]:
    """Give the symbols on the left of the first line what is on its right."""
    (left, right), keys = formula.chains[0], []
    for claim in reading.claims(formula):
        if (key := claim.key(left)) not in claim.values:
            claim.values[key] = claim.of(right)
            keys.append(key)
    return keys


def _ready(n: int, place: dict[str, Any]) -> Reading:
    reading = _reading(n)
    reading.point = {
        symbol: place.get(str(symbol), _value(symbol))
        for symbol in reading.values.values()
        if getattr(symbol, "is_Symbol", False)
    }
    if n == 65:
        _define(NUMBERED[64], reading)
    keys = _define(NUMBERED[n], reading)
    loss = -sum(reading.values["delta", *key[1:]] * reading.values[key] for key in keys if n != 64)
    if n in {65, 66}:  # the inputs themselves are units, too
        loss -= sum(reading.values["delta", j] * reading.values["a", j] for j in range(1, INPUTS + 1))
    reading.values["E",] = loss
    return reading


def _value(symbol: Any) -> Any:  # noqa: ANN401 (of SymPy)
    """A number for everything else: edges that rise, and whatever comes for the others."""
    name, *indices = str(symbol).split("_")
    numbers = [int(i) for i in indices]
    if name in {"p", "q"}:
        return sympy.Integer(numbers[0] + numbers[1] - 3 + (name == "q"))
    if name == "P":  # of two inputs, exchanged
        return sympy.Integer(int(numbers[0] != numbers[1]))
    return sympy.Rational(sum(ord(letter) for letter in str(symbol)) % 23 - 11, 8)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("n", EQUATIONS)
def test_every_line_follows_from_the_first(n: int, place: dict[str, Any]) -> None:
    assert proved(NUMBERED[n], _ready(n, place)) >= len(NUMBERED[n].chains) - 1


def _matrix(n: int, number_of: Any) -> tuple[Layer, npt.NDArray[Any]]:  # noqa: ANN401 (a function)
    """The layer of an equation, with the numbers of its symbols in their places."""
    layers: dict[int, Layer] = {
        60: Scale(), 61: MemberScale(MEMBER), 62: MemberBias(MEMBER), 63: MemberDense(MEMBER),
        65: Periodic(WAVES, SUMS), 66: Piecewise(SUMS), 67: Order(),
        68: ParametricMish(),
    }  # fmt: skip
    layer = layers[n]
    w = np.zeros(layer.shape(INPUTS, UNITS))
    for line, column in np.ndindex(*w.shape):
        letter, *indices = layer.symbol(line, column)
        if n == 63:
            member, k = divmod(line, UNITS)
            letter, indices = ("w", [member + 1, k + 1, column]) if column else ("b", [member + 1, k + 1])
        elif n == 67:
            w[line, 0] = 1 - line
            continue
        letter = "alpha" if letter == "α" else letter
        w[line, column] = number_of((letter, *indices))
    return layer, w


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("n", [n for n in EQUATIONS if n != 64])
def test_layers_of_the_page_are_those_of_the_code(n: int, place: dict[str, Any]) -> None:
    reading = _ready(n, place)

    def number_of(key: tuple[Any, ...]) -> float:
        return float(reading.at(reading.values[key]))

    layer, w = _matrix(n, number_of)
    members = LAYERS.fact(layer, "members")
    a = np.array([[number_of(("a", j)) for j in range(1, INPUTS + 1)]] * members)
    inputs_too = n in {65, 66}
    names = sorted((key[1:] for key in reading.values if key[0] == "z"), key=lambda key: key[::-1])
    expected = [number_of(("z", *key)) for key in names]
    delta = [number_of(("delta", *key)) for key in names]
    if inputs_too:
        expected = [*a[0], *expected]
        delta = [*(number_of(("delta", j)) for j in range(1, INPUTS + 1)), *delta]
    z = layer.forward(w, a)[members - 1]
    np.testing.assert_allclose(z, expected, rtol=1e-13, atol=1e-15)
    back = layer.backward(w, a, np.array([delta] * members))[members - 1]
    slopes = [
        -float(reading.at(sympy.diff(reading.values["E",], reading.values["a", j])))
        for j in range(1, INPUTS + 1)
    ]
    np.testing.assert_allclose(back, slopes, rtol=1e-12, atol=1e-14)


def test_every_equation_of_the_page_is_explained_and_in_the_code() -> None:
    assert [f"eq-{n}" for n in EQUATIONS] == labels(TEXT)
    assert set(EQUATIONS) <= cited(TEXT)
    in_code = {
        int(n)
        for path in (PAGE.parents[1] / "src" / "chainrule" / "equations" / "layers").glob("*.py")
        for n in cited(path.read_text(encoding="utf-8"))
    }
    assert set(EQUATIONS) <= in_code
    assert {LAYERS.fact(layer, "equation") for layer in LAYERS.values()} == {"2"} | {
        str(n) for n in EQUATIONS if n != 64
    }
