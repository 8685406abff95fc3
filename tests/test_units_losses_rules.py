"""Proves docs/units-losses-rules.md: slopes by SymPy's derivatives, choices by comparison with the code.

A function made of pieces is read at a point, which settles the piece; what is proved holds for the whole
piece. The points below lie on every side of every kink.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
import sympy

from chainrule.compiled.twins.curvature import direction_of as compiled_direction
from chainrule.equations import (
    ACTIVATIONS,
    GELU,
    LOSSES,
    RSS,
    RULES,
    SELU,
    Absolute,
    Adam,
    AdamW,
    BinaryCrossEntropy,
    ClassicalMomentum,
    ClassicalNesterov,
    Cos,
    CrossEntropy,
    Exp,
    Huber,
    Identity,
    IRpropMinus,
    LeakyReLU,
    Logistic,
    Loss,
    Mish,
    Momentum,
    Nesterov,
    Poisson,
    Quantile,
    ReLU,
    RMSprop,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    clip_factor,
    levenberg_marquardt_step,
    penalty,
    penalty_gradient,
    rate_factors,
    smoothed_targets,
)
from chainrule.equations.activations.rectifiers import SELU_ALPHA, SELU_SCALE
from chainrule.equations.rules.curvature import lbfgs_direction
from chainrule.equations.stopping import generalization_loss, training_progress
from chainrule.errors import InputError
from chainrule.network.domains import check_pairs
from derivation_page import (
    SECOND_PAGE,
    Formula,
    Node,
    UnreadableFormulaError,
    formulas,
    labels,
    parse_formula,
    table,
)
from test_derivation import cited, is_zero

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Expression: TypeAlias = Any  # SymPy ships no types
Key: TypeAlias = tuple[Any, ...]

TEXT = SECOND_PAGE.read_text(encoding="utf-8")
EQUATIONS = [*range(19, 60)]
ALL = formulas(TEXT)
NUMBERED = {int(formula.label.removeprefix("eq-")): formula for formula in ALL if formula.label}
(DELTA,) = [formula for formula in ALL if not formula.label]


def unknown(name: str) -> Any:  # noqa: ANN401 (a SymPy class)
    """Make a function of which nothing is known but that it has a derivative."""
    slope = sympy.Function(f"slope_of_{name}")
    return type(name, (sympy.Function,), {"fdiff": lambda self, _=1: slope(self.args[0])})


OPERATIONS: dict[str, Callable[..., Expression]] = {
    "sum": lambda *terms: sum(terms[1:], start=terms[0]),
    "negative": operator.neg,
    "product": operator.mul,
    "fraction": operator.truediv,
    "power": operator.pow,
    "root": sympy.sqrt,
    "tanh": sympy.tanh,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "ln": sympy.log,
    "transposed": lambda matrix: matrix.T,
}
COMPARED = {">": operator.gt, "<": operator.lt, "\\leq": operator.le}


@dataclass
class Reading:
    """What the symbols of a formula stand for, and the point that settles the pieces of its functions."""

    values: dict[Key, Expression]
    point: dict[Expression, Expression] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict)

    def at(self, expression: Expression) -> Expression:
        """Value at the point, to many digits."""
        number = sympy.N(sympy.sympify(expression).subs(self.point), 40)
        assert number.is_number, f"{expression} is no number at {self.point}"
        return number

    def of(self, node: Node) -> Expression:
        """Value of a syntax tree."""
        read: dict[str, Callable[[Node], Expression]] = {
            "number": lambda number: sympy.Rational(number.text),
            "symbol": self.symbol,
            "call": lambda call: self.values[(call.text,)](self.of(call.parts[0])),
            "partial": self.partial,
            "sum over": self.sum_over,
            "max": lambda node: max(map(self.of, node.parts), key=self.at),
            "min": lambda node: min(map(self.of, node.parts), key=self.at),
            "sign": lambda node: sympy.sign(self.at(self.of(node.parts[0]))),
            "magnitude": lambda node: (
                self.of(node.parts[0]) * (-1 if self.at(self.of(node.parts[0])) < 0 else 1)
            ),
            "cases": self.cases,
        }
        if node.kind in read:
            return read[node.kind](node)
        return OPERATIONS[node.kind](*(self.of(part) for part in node.parts))

    def key(self, node: Node) -> Key:
        """Name of a symbol with its indices, and then its layer."""
        layer = [int(self.of(node.layer))] if node.layer else []
        return (node.text, *(self.place(index) for index in node.indices), *layer)

    def place(self, node: Node) -> int | str:
        """Number of an index; the text of one that only tells names apart, as in `f_+`."""
        if node.kind == "symbol" and node.text not in self.index:
            return node.text.removeprefix("\\mathrm{").removesuffix("}")
        return int(self.of(node))

    def symbol(self, node: Node) -> Expression:
        if not node.indices and node.text in self.index:
            return sympy.Integer(self.index[node.text])
        return {("e",): sympy.E, ("pi",): sympy.pi, **self.values}[self.key(node)]

    def partial(self, node: Node) -> Expression:
        of, by = (self.of(part) for part in node.parts)
        moved = sympy.Dummy()
        return sympy.diff(of.subs(by, moved), moved).subs(moved, by)

    def sum_over(self, node: Node) -> Expression:
        first, last, term = node.parts
        steps = range(int(self.of(first)), int(self.of(last)) + 1)
        return sum(replace(self, index={**self.index, node.text: i}).of(term) for i in steps)

    def cases(self, node: Node) -> Expression:
        *pieces, otherwise = node.parts
        for piece in pieces:
            value, condition = piece.parts
            left, right = (self.at(self.of(part)) for part in condition.parts)
            if COMPARED[condition.text](left, right):
                return self.of(value)
        return self.of(otherwise)

    def claims(self, formula: Formula) -> Iterator[Reading]:
        """Every choice of the indices for which the formula is claimed; definitions are shared."""
        choices = [
            range(int(self.of(index.first)), int(self.of(index.last)) + 1)
            for index in reversed(formula.ranges)
            if not any(later.name in index.last.names() for later in formula.ranges)
        ]
        names = [index.name for index in reversed(formula.ranges)]
        for chosen in product(*choices):
            yield replace(self, index={**self.index, **dict(zip(names, chosen, strict=True))})


def same(left: Expression, right: Expression) -> bool:
    """Are they equal for all values of their symbols? Exponentials become symbols, logarithms sums."""
    difference = sympy.sympify(left - right)
    # The tanh of a logarithm is a fraction.
    difference = difference.replace(
        lambda one: isinstance(one, sympy.tanh) and isinstance(one.args[0], sympy.log),
        lambda one: 1 - 2 / (one.args[0].args[0] ** 2 + 1),
    )
    exponents = {
        z: sympy.log(sympy.Symbol(f"exp_{z}", positive=True))
        for z in difference.free_symbols
        if str(z)[0] in "zc"
    }
    if difference.has(sympy.exp, sympy.log):
        difference = difference.subs(exponents)
        inside = difference.replace(
            sympy.log, lambda argument: sympy.log(sympy.factor(sympy.together(argument)))
        )
        difference = sympy.expand_log(inside, force=True)
    return is_zero(difference)


def proved(formula: Formula, reading: Reading) -> int:
    """Prove the equations of a formula, in every claim, from the definitions among them; count them."""
    count = 0
    for claim in reading.claims(formula):
        for chain in formula.chains:
            first, *others = chain
            if first.kind == "symbol" and claim.key(first) not in claim.values:
                claim.values[claim.key(first)] = claim.of(others[0])
            for left, right in pairwise([claim.of(side) for side in chain]):
                assert same(left, right), f"{left} is not {right}: {claim.index} at {claim.point}"
                count += 1
    return count


def symbols(name: str, n: int) -> dict[Key, Expression]:
    return {(name, k): sympy.Symbol(f"{name}_{k}", real=True) for k in range(1, n + 1)}


def number(text: str) -> Expression:
    return sympy.Rational(text)


# Activations of one unit.

z, s, lambda_, alpha = sympy.symbols("z s lambda alpha", real=True)
OF_UNITS: dict[int, Any] = {
    19: ReLU(),
    20: LeakyReLU(0.25),
    21: Softplus(),
    22: Softsign(),
    23: GELU(),
    49: Exp(),
    53: SELU(),
    54: Mish(),
    55: Cos(),
}
SIDES = [number("-3"), number("-0.5"), number("0.5"), number("3")]
each_unit = pytest.mark.parametrize("n", OF_UNITS)


def unit_at(place: Expression) -> Reading:
    known = {("z",): z, ("s",): s, ("lambda",): lambda_, ("alpha",): alpha}
    scale, share = map(sympy.Rational, (SELU_SCALE, SELU_ALPHA))
    return Reading(known, {z: place, s: number("0.25"), lambda_: scale, alpha: share})


@each_unit
@pytest.mark.parametrize("place", SIDES, ids=str)
def test_slope_of_a_unit_is_the_derivative_of_its_activation(n: int, place: Expression) -> None:
    assert proved(NUMBERED[n], unit_at(place)) >= 2


@each_unit
@pytest.mark.parametrize("place", [*SIDES, number("0")], ids=str)
def test_unit_of_the_page_is_that_of_the_code(n: int, place: Expression) -> None:
    g, reading = OF_UNITS[n], unit_at(place)
    *definitions, (activation, *forms), (_, slope) = NUMBERED[n].chains
    for name, value in definitions:
        reading.values[reading.key(name)] = reading.of(value)
    assert activation.text == "a"
    net_input = np.array([[float(place)]])
    few_ulp = 4 * float(np.finfo(np.float64).eps)  # 1 + t loses digits where t is near -1
    for form in forms:
        np.testing.assert_allclose(
            g.forward(net_input), float(reading.at(reading.of(form))), rtol=1e-15, atol=few_ulp
        )
    back = g.backward(net_input, g.forward(net_input), np.ones((1, 1)))
    np.testing.assert_allclose(back, float(reading.at(reading.of(slope))), rtol=1e-15, atol=few_ulp)


def test_softsign_has_no_kink() -> None:
    slope = NUMBERED[22].chains[1][1]
    assert unit_at(number("0")).of(slope).subs(z, 0) == 1
    assert unit_at(number("-1")).of(slope).subs(z, 0) == 1


def test_two_forms_of_gelu_differ_as_the_page_says() -> None:
    assert r"by up to $5 \cdot 10^{-4}$" in TEXT
    from math import erf, sqrt  # noqa: PLC0415 (only here)

    points = np.linspace(-6, 6, 4001)
    exact = np.array([x / 2 * (1 + erf(x / sqrt(2))) for x in points])
    assert 4e-4 < np.abs(GELU().forward(points) - exact).max() <= 5e-4


def test_numbers_of_the_units_are_right() -> None:
    assert "from\n$z = 710$ on in double precision" in TEXT
    assert "from $z = 710$ on in double precision,\nfrom 89 on in single" in TEXT
    assert np.isfinite(np.exp([709.0])).all()
    assert np.isfinite(np.exp(np.array([88.0], np.float32))).all()
    with np.errstate(over="ignore"):
        assert np.isinf(np.exp(np.array([710.0]))).all()
        assert np.isinf(np.exp(np.array([89.0], np.float32))).all()
    assert r"Beyond $\lvert z \rvert = 10$" in TEXT
    assert np.tanh(np.sqrt(2 / np.pi) * (10 + 0.044715 * 1000)) == 1


# Softmax.


def softmax_of(n_outputs: int) -> Reading:
    """Net inputs of so many outputs, and their activations as equation (24) of the page has them."""
    reading = Reading({**symbols("z", n_outputs), ("c",): sympy.Symbol("c")}, index={"l": 1})
    reading.values |= {
        ("u", 1): sympy.Integer(n_outputs),
        **symbols("b", n_outputs),
        **symbols("y", n_outputs),
    }
    proved(NUMBERED[24], reading)
    return reading


outputs = pytest.mark.parametrize("n_outputs", [1, 2, 3, pytest.param(4, marks=pytest.mark.slow)])


@outputs
def test_softmax_may_be_shifted_and_sums_to_1(n_outputs: int) -> None:
    reading = softmax_of(n_outputs)
    assert proved(NUMBERED[24], reading) == 2 * n_outputs
    assert same(sum(reading.values[("a", k)] for k in range(1, n_outputs + 1)), sympy.Integer(1))


@outputs
def test_product_with_the_slopes_of_softmax(n_outputs: int) -> None:
    assert proved(NUMBERED[25], softmax_of(n_outputs)) == n_outputs


def test_softmax_of_the_page_is_that_of_the_code() -> None:
    reading = softmax_of(3)
    net_inputs, signal = [0.5, -1.0, 2.0], [0.25, 1.0, -3.0]
    reading.point = {
        reading.values[name, k + 1]: sympy.Rational(x)
        for name, row in (("z", net_inputs), ("b", signal))
        for k, x in enumerate(row)
    }
    a = Softmax().forward(np.array([net_inputs]))
    back = Softmax().backward(np.array([net_inputs]), a, np.array([signal]))
    for k, claim in enumerate(reading.claims(NUMBERED[25])):
        assert a[0, k] == pytest.approx(float(claim.at(claim.values[("a", k + 1)])), rel=1e-15)
        assert back[0, k] == pytest.approx(float(claim.at(claim.of(NUMBERED[25].chains[0][1]))), rel=1e-14)


# Losses.

OF_LOSSES: dict[int, Any] = {
    26: Absolute(),
    27: Huber(1.5),
    28: Quantile(0.75),
    29: Poisson(),
    30: CrossEntropy(),
    32: BinaryCrossEntropy(),
}
NUMBERS = {"kappa": number("1.5"), "tau": number("0.75")}
# Residuals on every side of every kink of (26) to (28); all outputs and targets suit the other losses, too.
PAIRS = [("0.5", "0.75"), ("0.5", "0.25"), ("0.25", "3"), ("4", "0.5"), ("0.5", "1.75")]
CHANCES = PAIRS[:2]
each_loss = pytest.mark.parametrize("n", OF_LOSSES)


def loss_at(output: Expression, target: Expression, n_outputs: int = 1) -> Reading:
    reading = Reading({**symbols("a", n_outputs), **symbols("y", n_outputs)}, index={"l": 1})
    for k in range(1, n_outputs + 1):
        reading.point |= {reading.values["a", k]: output, reading.values["y", k]: target}
    for name, value in NUMBERS.items():
        reading.values[name,] = sympy.Symbol(name, positive=True)
        reading.point[reading.values[name,]] = value
    reading.values["u", 1] = sympy.Integer(n_outputs)
    return reading


@each_loss
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_slope_of_a_loss_is_minus_its_derivative(n: int, pair: tuple[str, str]) -> None:
    reading = loss_at(number(pair[0]), number(pair[1]), n_outputs=2)
    assert proved(NUMBERED[n], reading) == 4


@each_loss
@pytest.mark.parametrize("pair", [*PAIRS, ("0.5", "0.5")], ids=str)
def test_loss_of_the_page_is_that_of_the_code(n: int, pair: tuple[str, str]) -> None:
    if n == 32 and pair not in [*CHANCES, ("0.5", "0.5")]:
        return
    loss, reading = OF_LOSSES[n], loss_at(*map(number, pair))
    reading.index["k"] = 1
    (_, value), (_, slope) = NUMBERED[n].chains
    a, y = (np.array([[float(x)]]) for x in pair)
    np.testing.assert_allclose(
        loss.values(a, y), float(reading.at(reading.of(value))), rtol=1e-14, atol=1e-16
    )
    np.testing.assert_allclose(
        loss.slopes(a, y), float(reading.at(reading.of(slope))), rtol=1e-14, atol=1e-16
    )


def test_huber_has_no_kink() -> None:
    value = NUMBERED[27].chains[0][1]
    sides = []
    for residual in ("1.4", "1.6"):
        reading = loss_at(number("0"), number(residual))
        reading.index["k"] = 1
        a, y, kappa = (reading.values[key] for key in (("a", 1), ("y", 1), ("kappa",)))
        sides.append(
            [part.subs(y, a + kappa) for part in (reading.of(value), sympy.diff(reading.of(value), a))]
        )
    assert all(same(left, right) for left, right in zip(*sides, strict=True))


def test_quantile_of_one_half_is_half_the_absolute_error() -> None:
    reading = loss_at(number("1"), number("3"))
    reading.index["k"] = 1
    half = reading.of(NUMBERED[28].chains[0][1]).subs(reading.values["tau",], sympy.Rational(1, 2))
    assert same(half, reading.of(NUMBERED[26].chains[0][1]) / 2)


@outputs
def test_delta_of_softmax_and_cross_entropy(n_outputs: int) -> None:
    reading = softmax_of(n_outputs)
    ((total, one),) = NUMBERED[31].conditions
    last = reading.values["y", n_outputs]
    reading.values["y", n_outputs] = sympy.solve(reading.of(total) - reading.of(one), last)[0]
    assert proved(NUMBERED[31], reading) == 4 * n_outputs


@outputs
def test_delta_of_logistic_and_binary_cross_entropy(n_outputs: int) -> None:
    reading = softmax_of(n_outputs)
    reading.values |= {
        ("a", k): 1 / (1 + sympy.exp(-reading.values["z", k])) for k in range(1, n_outputs + 1)
    }
    assert proved(NUMBERED[33], reading) == 4 * n_outputs


@outputs
def test_delta_of_exponential_and_poisson(n_outputs: int) -> None:
    reading = softmax_of(n_outputs)
    reading.values |= {("a", k): sympy.exp(reading.values["z", k]) for k in range(1, n_outputs + 1)}
    assert proved(NUMBERED[50], reading) == 4 * n_outputs


def test_delta_is_the_slope_of_the_loss_times_that_of_the_unit() -> None:
    net_input = sympy.Symbol("z_1", real=True)
    reading = Reading({("z", 1): net_input, ("u", 1): sympy.Integer(1)}, index={"l": 1})
    reading.values["a", 1] = unknown("g")(net_input)
    reading.values["E", 1] = unknown("E")(reading.values["a", 1])
    reading.values["delta", 1] = -sympy.diff(reading.values["E", 1], net_input)
    assert proved(DELTA, reading) == 1


def suits(loss: str, activation: str) -> bool:
    try:
        check_pairs((ACTIVATIONS.named(activation),), (2, 2), LOSSES.named(loss))
    except InputError:
        return False
    return True


def test_table_of_pairs_is_what_the_code_takes() -> None:
    rows = table(TEXT, "loss", "outputs")
    listed = {row["loss"].strip("`"): row["outputs"] for row in rows}
    assert set(listed) == set(LOSSES)
    for loss, taken in listed.items():
        accepted = {activation for activation in ACTIVATIONS if suits(loss, activation)}
        assert accepted == (set(ACTIVATIONS) if taken == "any" else set(re.findall(r"`(\w+)`", taken)))


# Weights of samples, penalties, dropout.


def test_weights_of_samples_have_the_mean_1_and_equal_ones_change_nothing() -> None:
    n_rows = 3
    given = {("omega", n): sympy.Symbol(f"omega_{n}", positive=True) for n in range(1, n_rows + 1)}
    reading = Reading(
        {**given, **symbols("E", n_rows), ("M",): sympy.Integer(n_rows), ("N",): sympy.Integer(n_rows)}
    )
    definition, (mean_name, mean) = NUMBERED[34].chains
    assert (definition[0].text, mean_name.text) == ("w", "L")
    for claim in reading.claims(NUMBERED[34]):
        claim.values[claim.key(definition[0])] = claim.of(definition[1])
    weights = [reading.values["w", n] for n in range(1, n_rows + 1)]
    assert same(sum(weights), sympy.Integer(n_rows))
    equal = dict.fromkeys(given.values(), sympy.Symbol("omega", positive=True))
    assert [sympy.simplify(w.subs(equal)) for w in weights] == [1, 1, 1]
    assert same(
        reading.of(mean), sum(weights[n] * reading.values["E", n + 1] for n in range(n_rows)) / n_rows
    )


SHAPES = ((2, 3), (1, 3))


def penalised() -> tuple[Reading, list[np.ndarray[Any, Any]]]:
    """Reading of a 2-2-1 network whose weights have every sign, and those weights."""
    weights = [np.array([[0.5, -2.0, 1.0], [-0.25, 3.0, -0.5]]), np.array([[-1.0, 4.0, -0.75]])]
    reading = Reading(
        {("u", 1): sympy.Integer(2), ("u", 2): sympy.Integer(2), ("u", 3): sympy.Integer(1)}, index={"l": 3}
    )
    for m, matrix in enumerate(weights, start=1):
        for (k, j), value in np.ndenumerate(matrix):
            w = reading.values["W", k + 1, j, m] = sympy.Symbol(f"W_{k + 1}{j}_{m}", real=True)
            reading.point[w] = sympy.Rational(value)
    for n, value in ((1, "0.5"), (2, "0.125")):
        reading.values["lambda", n] = sympy.Symbol(f"lambda_{n}", positive=True)
        reading.point[reading.values["lambda", n]] = number(value)
    return reading, weights


def test_gradient_of_the_penalties() -> None:
    reading, weights = penalised()
    reading.values["R",] = reading.of(NUMBERED[35].chains[0][1])
    slopes = 0
    for m, (rows, columns) in enumerate(SHAPES, start=1):
        layer = replace(NUMBERED[36], ranges=NUMBERED[36].ranges[:-1])
        slopes += proved(layer, replace(reading, index={**reading.index, "m": m}))
        assert (rows, columns) == weights[m - 1].shape
    assert slopes == 2 * (2 * 2 + 1 * 2)
    every = NUMBERED[36].ranges[-1]
    assert (every.name, reading.of(every.first), reading.of(every.last)) == ("m", 1, len(weights))


def test_penalties_of_the_page_are_those_of_the_code() -> None:
    reading, weights = penalised()
    total = float(reading.at(reading.of(NUMBERED[35].chains[0][1])))
    assert sum(float(penalty(w, l1=0.5, l2=0.125)) for w in weights) == total
    (_, inner), (_, bias) = NUMBERED[36].chains
    for m, matrix in enumerate(weights, start=1):
        gradient = penalty_gradient(matrix, l1=0.5, l2=0.125)
        for (k, j), slope in np.ndenumerate(gradient):
            claim = replace(reading, index={"k": k + 1, "j": j, "m": m})
            assert slope == float(claim.at(claim.of(inner if j else bias)))


def test_dropout_keeps_the_mean_and_its_way_back_is_the_derivative() -> None:
    (factor, pieces), (sent,), (delta, claimed) = NUMBERED[37].chains
    piece, otherwise = pieces.parts
    p = sympy.Symbol("p", positive=True)
    reading = Reading({("p",): p, ("u", 2): sympy.Integer(2)}, index={"m": 1, "j": 1})
    dropped, chance = (reading.of(part) for part in (piece.parts[0], piece.parts[1].parts[0]))
    assert factor.text == "rho"
    assert (dropped, chance) == (0, p)
    assert same(chance * dropped + (1 - chance) * reading.of(otherwise), sympy.Integer(1))

    g, net_input = unknown("g"), sympy.Symbol("x")
    reading.values |= {("z", 1): net_input, ("rho", 1): sympy.Symbol("rho"), ("a", 1): g(net_input)}
    reading.values |= {("W", k, 1): sympy.Symbol(f"W_{k}1") for k in (1, 2)}
    reading.values["g'",] = lambda at: sympy.diff(g(net_input), net_input).subs(net_input, at)
    next_z = [reading.values["W", k, 1] * reading.of(sent) + sympy.Symbol(f"rest_{k}") for k in (1, 2)]
    behind = next_z[0] ** 2 * next_z[1] + next_z[1]  # any loss will do
    reading.values |= {("delta", 1): -2 * next_z[0] * next_z[1], ("delta", 2): -(next_z[0] ** 2) - 1}
    assert delta.text == "delta"
    assert is_zero(reading.of(claimed) + sympy.diff(behind, net_input))


# Update rules.

GRADIENTS = [[0.5, -2.0], [0.25, -1.0], [-1.5, -0.5], [-0.125, 3.0], [0.75, 0.0], [1.0, 2.0]]
RATE = 0.125
RATES = [RATE, RATE, RATE, RATE / 4, RATE / 4, RATE / 2]


@dataclass(frozen=True)
class RuleOfThePage:
    """Formulas of a rule, that of the code, its parameters as the page calls them, and the state at first."""

    numbers: tuple[int, ...]
    rule: Any
    parameters: dict[Key, float]
    state: dict[Key, float]


ADAM = {("beta", 1): 0.75, ("beta", 2): 0.875, ("epsilon",): 0.0625}
MEANS = {("overline g",): 0.0, ("q",): 0.0}
STEPS = {("f", "+"): 1.5, ("f", "-"): 0.25, ("gamma", "min"): 0.0625, ("gamma", "max"): 0.25}
RULES_OF_THE_PAGE = [
    RuleOfThePage((38,), Momentum(0.75), {("mu",): 0.75}, {("v",): 0.0}),
    RuleOfThePage((39,), Nesterov(0.75), {("mu",): 0.75}, {("v",): 0.0}),
    RuleOfThePage((40,), RMSprop(0.75, 0.0625), {("alpha",): 0.75, ("epsilon",): 0.0625}, {("q",): 0.0}),
    RuleOfThePage((41,), Adam(0.75, 0.875, 0.0625), ADAM, MEANS),
    RuleOfThePage((42, 41), AdamW(0.5, 0.75, 0.875, 0.0625), {**ADAM, ("lambda",): 0.5}, MEANS),
    RuleOfThePage((51,), ClassicalMomentum(0.75), {("mu",): 0.75}, {("V",): 0.0}),
    RuleOfThePage((52,), ClassicalNesterov(0.75), {("mu",): 0.75}, {("V",): 0.0}),
    RuleOfThePage((43,), IRpropMinus(0.25, 1.5, 0.0625, 0.25), STEPS, {("gamma",): RATE, ("g", "old"): 0.0}),
]


def carry_out(formula: Formula, reading: Reading) -> None:
    """Carry out the lines of a formula for one weight, from top to bottom."""
    for target, (*_, value) in zip(formula.targets, formula.chains, strict=True):
        name = target or formula.chains[formula.targets.index(target)][0]
        key = ("W",) if name.text == "W" else reading.key(name)
        reading.values[key] = reading.at(reading.of(value))


@pytest.mark.parametrize("case", RULES_OF_THE_PAGE, ids=lambda case: case.rule.name)
def test_rule_of_the_page_is_that_of_the_code(case: RuleOfThePage) -> None:
    weights = np.array([[1.0, -1.0]])
    pages = []
    for j, weight in enumerate(weights[0]):
        known = {**case.parameters, **case.state, ("W",): weight}
        pages.append(
            Reading({key: sympy.Rational(value) for key, value in known.items()}, index={"j": j, "k": 1})
        )
    state = case.rule.init(weights)
    for t, (gradient, rate) in enumerate(zip(GRADIENTS, RATES, strict=True), start=1):
        weights, state = case.rule.update(weights, np.array([gradient]), state, rate)
        for j, page in enumerate(pages):
            page.values |= {("g",): sympy.Rational(gradient[j]), ("t",): sympy.Integer(t)}
            page.values["eta",] = sympy.Rational(rate)
            for n in case.numbers:
                page.values["W", 1, j] = page.values["W",]
                if n != 42 or j > 0:
                    carry_out(NUMBERED[n], page)
            assert weights[0, j] == pytest.approx(float(page.values["W",]), rel=1e-14)


def test_every_rule_but_descent_is_on_the_page() -> None:
    assert {case.rule.name for case in RULES_OF_THE_PAGE} == {
        name for name, rule in RULES.items() if RULES.fact(rule, "engine") is None
    } - {"descent"}
    (spared,) = NUMBERED[42].ranges
    assert (spared.name, spared.first.text) == ("j", "1")
    assert "$f_{+}$, 1.2," in TEXT
    assert "$f_{-}$, 0.5," in TEXT
    assert (IRpropMinus().increase, IRpropMinus().decrease) == (1.2, 0.5)


def test_levenberg_marquardt_step_is_least_in_what_the_page_says() -> None:
    assert r"\frac{1}{2} \lvert r - J d \rvert^2 + \frac{\mu}{2} \lvert d \rvert^2" in TEXT
    J = sympy.Matrix(3, 2, lambda i, j: sympy.Symbol(f"J_{i}{j}"))
    r, d = (
        sympy.Matrix(n, 1, lambda i, _, name=name: sympy.Symbol(f"{name}_{i}"))
        for name, n in (("r", 3), ("d", 2))
    )
    mu = sympy.Symbol("mu", positive=True)
    ((left, right),) = NUMBERED[44].chains
    reading = Reading({("J",): J, ("r",): r, ("d",): d, ("mu",): mu, ("I",): sympy.eye(2)})
    missed = r - J * d
    least = (missed.T * missed)[0] / 2 + mu * (d.T * d)[0] / 2
    slopes = sympy.Matrix([sympy.diff(least, step) for step in d])
    assert is_zero(slopes - (reading.of(left) - reading.of(right)))


def test_levenberg_marquardt_step_of_the_code_solves_the_page_s_equation() -> None:
    random = np.random.default_rng(1)
    J, r = random.normal(size=(5, 3)), random.normal(size=5)
    d = levenberg_marquardt_step(J.T @ J, J.T @ r, 0.25)
    known = {"J": sympy.Matrix(J), "r": sympy.Matrix(r), "d": sympy.Matrix(d), "mu": sympy.Rational(1, 4)}
    reading = Reading({(name,): value for name, value in known.items()} | {("I",): sympy.eye(3)})
    left, right = (np.array(reading.of(side), dtype=float) for side in NUMBERED[44].chains[0])
    np.testing.assert_allclose(left, right, rtol=1e-12)


def estimate(d: Any, h: Any, H: Any) -> Any:  # noqa: ANN401 (SymPy's matrices)
    """Equation (48) of the page for a step, a change of the gradient and the estimate before."""
    known = {"d": d, "h": h, "H": H, "I": sympy.eye(len(d)), "n": sympy.Integer(len(d))}
    reading = Reading({(name,): value for name, value in known.items()})
    reading.values |= {(name, i + 1): known[name][i] for name in "dh" for i in range(len(d))}
    (_, product_), (new,) = NUMBERED[48].chains
    reading.values["theta",] = reading.of(product_)
    return reading.of(new)


def test_estimate_of_l_bfgs_leads_from_the_change_to_the_step() -> None:
    d, h = (sympy.Matrix(sympy.symbols(f"{name}1:4", real=True)) for name in "dh")
    H = sympy.Matrix(3, 3, lambda i, j: sympy.Symbol(f"H{min(i, j)}{max(i, j)}", real=True))
    new = estimate(d, h, H)
    assert is_zero(new * h - d)
    assert is_zero(new - new.T)


@pytest.mark.parametrize("direction_of", [lbfgs_direction, compiled_direction], ids=["equations", "compiled"])
@pytest.mark.parametrize("n_pairs", [0, 1, 2, 5])
def test_direction_of_l_bfgs_is_that_of_the_page(n_pairs: int, direction_of: Any) -> None:  # noqa: ANN401
    n = 8  # a whole vector
    random = np.random.default_rng(2)
    steps, g = random.normal(size=(n_pairs, n)), random.normal(size=n)
    root = random.normal(size=(n, n))
    changes = steps @ (root @ root.T)  # of a bowl
    H = sympy.eye(n)
    if n_pairs:
        H = H * float(steps[-1] @ changes[-1] / (changes[-1] @ changes[-1]))
    for d, h in zip(steps, changes, strict=True):
        H = estimate(sympy.Matrix(d), sympy.Matrix(h), H)
    expected = -np.array(H * sympy.Matrix(g), dtype=float).ravel()
    np.testing.assert_allclose(direction_of(steps, changes, g), expected, rtol=1e-9)


@pytest.mark.parametrize("most", [1.0, 100.0])
def test_clipping_of_the_page_is_that_of_the_code(most: float) -> None:
    reading, gradients = penalised()
    reading.values |= {("g", *key[1:]): symbol for key, symbol in reading.values.items() if key[0] == "W"}
    (length, root), (shortened,) = NUMBERED[45].chains
    reading.values |= {reading.key(length): reading.at(reading.of(root)), ("g",): sympy.Integer(1)}
    reading.values["c",] = sympy.Rational(most)
    assert clip_factor(gradients, most) == pytest.approx(float(reading.at(reading.of(shortened))), rel=1e-15)


@pytest.mark.parametrize(("loss", "n_classes"), [(CrossEntropy(), 3), (BinaryCrossEntropy(), 2)])
def test_smoothed_targets_of_the_page_are_those_of_the_code(loss: Loss, n_classes: int) -> None:
    ((smoothed,),) = NUMBERED[57].chains
    y = [0.0, 1.0, 0.25]
    known: dict[Key, Any] = {("y", k): sympy.Rational(one) for k, one in enumerate(y, 1)}
    known |= {("sigma",): number("0.125"), ("K",): sympy.Integer(n_classes)}
    expected = [float(Reading(known, index={"k": k}).of(smoothed)) for k in (1, 2, 3)]
    np.testing.assert_allclose(smoothed_targets(np.array([y]), 0.125, loss), [expected], rtol=1e-15)


def test_factors_of_the_page_are_those_of_the_code() -> None:
    ((_, rate),) = NUMBERED[56].chains
    for m, (of_bias, of_others, _) in enumerate(
        rate_factors("6,ntp", 0.125, [np.zeros((3, 5))] * 2) or (), 1
    ):
        known = {("eta",): sympy.Integer(1), ("f", 0): number("0.125"), ("f", 1): number("6")}
        known["f", 2] = 1 / sympy.sqrt(4)
        for j, factor in ((0, of_bias), (1, of_others)):
            assert float(Reading(known, index={"m": m, "k": 1, "j": j}).of(rate)) == factor


@pytest.mark.parametrize(
    ("strip", "watched", "lowest"),
    [
        ([1.5, 1.25, 1.0, 1.125], 1.5, 1.25),
        ([0.5, -0.25, -1.0, -0.875], -0.5, -0.75),  # minus a score, or a Poisson loss
        ([-1.5, -1.25], 0.25, -0.75),
    ],
)
def test_stopping_criteria_of_the_page_are_those_of_the_code(
    strip: list[float], watched: float, lowest: float
) -> None:
    ((_, above),) = NUMBERED[46].chains
    (_, progress), (_, quotient) = NUMBERED[47].chains
    known: dict[Key, float] = {("L", "va"): watched, ("L", "opt"): lowest, ("L", "low"): min(strip)}
    known |= {("L", i): loss for i, loss in enumerate(strip, start=1)}
    reading = Reading({key: sympy.Rational(value) for key, value in known.items()}, index={"k": len(strip)})
    reading.values |= {("GL",): reading.of(above), ("P", len(strip)): reading.of(progress)}
    assert generalization_loss(watched, lowest) == pytest.approx(float(reading.of(above)), rel=1e-15)
    assert training_progress(strip) == pytest.approx(float(reading.of(progress)), rel=1e-15)
    assert is_zero(reading.of(quotient) * reading.of(progress) - reading.of(above))


# The page as a whole.


def test_page_numbers_its_equations_in_order() -> None:
    assert labels(TEXT) == [f"eq-{n}" for n in EQUATIONS]
    assert list(NUMBERED) == list(EQUATIONS)
    assert len(ALL) == TEXT.count("{math}")
    assert "$$" not in TEXT


def test_every_equation_is_explained_and_listed_once_as_proved_or_defined() -> None:
    rows = table(TEXT, "equation", "what it says")
    standings = {
        int(row["equation"].removeprefix("{eq}`eq-").removesuffix("`")): row["standing"] for row in rows
    }
    assert len(rows) == len(EQUATIONS)
    assert list(standings) == list(EQUATIONS)
    assert {n for n, standing in standings.items() if standing == "defined"} == {
        34,
        35,
        *range(38, 44),
        *range(45, 49),
        51,
        52,
        *range(56, 60),
    }
    assert set(standings.values()) == {"defined", "proved"}
    for n in EQUATIONS:
        assert len(re.findall(rf"^Equation \({n}\)", TEXT, re.MULTILINE)) == 1


def test_every_activation_and_loss_is_on_one_of_the_two_pages() -> None:
    units = {Logistic, Tanh, Identity, Softmax, *map(type, OF_UNITS.values())}
    assert units == {type(g) for g in ACTIVATIONS.values()}
    assert {RSS, *map(type, OF_LOSSES.values())} == {type(loss) for loss in LOSSES.values()}


def test_page_cites_only_equations_of_the_two_pages() -> None:
    assert cited(TEXT) <= {*range(1, 19), *EQUATIONS}
    assert set(EQUATIONS) <= cited(TEXT)


@pytest.mark.parametrize(
    ("n", "right", "wrong"),
    [
        (19, "1 & ", "2 & "),
        (20, "s z", "-s z"),
        (21, "1 + e^{-z}}", "1 + e^z}"),
        (22, ")^2}", ")}"),
        (23, "3 \\cdot", "2 \\cdot"),
        (27, "\\kappa \\lvert", "\\lvert"),
        (28, "(\\tau - 1) (", "(1 - \\tau) ("),
        (29, "- 1", "+ 1"),
        (30, "-y_k \\ln", "y_k \\ln"),
        (32, "a_k (1", "(1"),
        (49, "a &= e^z", "a &= 2 e^z"),
    ],
)
def test_formula_that_is_wrong_is_not_proved(n: int, right: str, wrong: str) -> None:
    latex = re.search(rf"^:label: eq-{n}\n\n(.*?)\n```$", TEXT, re.DOTALL | re.MULTILINE)
    assert latex
    assert right in latex[1]

    def proved_everywhere(formula: Formula) -> bool:
        units, losses = map(unit_at, SIDES), (loss_at(*map(number, pair)) for pair in PAIRS)
        return all(proved(formula, reading) for reading in (units if n in OF_UNITS else losses))

    assert proved_everywhere(parse_formula(latex[1]))
    with pytest.raises(AssertionError, match="is not"):
        proved_everywhere(parse_formula(latex[1].replace(right, wrong)))


def test_formula_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(UnreadableFormulaError):
        parse_formula(r"a &= \begin{cases} 1 & \text{if you like } z > 0 \\ 0 & \text{else} \end{cases}")
