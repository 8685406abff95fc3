"""Proves docs/derivation.md: every displayed formula, every erratum and every number, read from the page.

The network below knows two definitions only, net input and activation. Its deltas and gradients come from
differentiating RSS directly, so that none of the formulas under test is used to prove them.
"""

from __future__ import annotations

import operator
import re
import runpy
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
import sympy

from derivation_page import (
    PAGE,
    SECOND_PAGE,
    Formula,
    Node,
    UnreadableFormulaError,
    formulas,
    inline,
    labels,
    parse_chain,
    parse_formula,
    table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Expression: TypeAlias = Any  # SymPy ships no types
Key: TypeAlias = tuple[Any, ...]

TEXT = PAGE.read_text(encoding="utf-8")
SOURCES = PAGE.parents[1] / "src" / "chainrule"
EQUATIONS = range(1, 19)
OF_PAGES = {
    path.stem: [int(label.removeprefix("eq-")) for label in labels(path.read_text(encoding="utf-8"))]
    for path in PAGE.parent.glob("*.md")
}
OF_ALL_PAGES = [n for numbers in OF_PAGES.values() for n in numbers]
SINGLE_SAMPLE = ((2, 2, 2), (1, 2, 1, 2), (2, 2), (3, 1), (1, 1, 1, 1, 1, 1), (1, 1, 1, 2, 1, 1))
BATCHES = (((1, 1), 1), ((2, 1, 1), 1), ((1, 2, 1), 2), ((1, 1, 1, 1), 2), ((2, 2), 3))
QUICK = {(1, 1), (2, 2), (1, 2, 1), (2, 2, 2), (1, 2, 1, 2), (1, 1, 1, 1)}  # with up to two hidden layers
OF_A_BATCH = {"N", "X", "Y", "Z", "A", "Delta"}


def logistic(z: Expression, layer: int = 0) -> Expression:  # noqa: ARG001 (same for every layer)
    return 1 / (1 + sympy.exp(-z))


@cache
def _unknown(layer: int) -> Any:  # noqa: ANN401 (a SymPy class)
    slope = sympy.Function(f"slope_{layer}")
    return type(f"g_{layer}", (sympy.Function,), {"fdiff": lambda self, _=1: slope(self.args[0])})


def any_activation(z: Expression, layer: int) -> Expression:
    """Apply a function of which nothing is known but that it has a derivative; each layer has its own."""
    return _unknown(layer)(z)


@dataclass
class Net:
    """A network of exact numbers or symbols. Layers count from 1, samples from 1, unit 0 is the bias unit."""

    sizes: tuple[int, ...]
    weights: list[Expression]
    X: Expression
    Y: Expression
    activation: Callable[[Expression, int], Expression] = logistic
    known: dict[Key, Expression] = field(default_factory=dict)

    @classmethod
    def symbolic(cls, sizes: tuple[int, ...], n_samples: int = 1) -> Net:
        def matrix(name: str, rows: int, columns: int, first: int) -> Expression:
            return sympy.Matrix(
                rows, columns, lambda r, c: sympy.Symbol(f"{name}_{r + 1}_{c + first}", real=True)
            )

        weights = [matrix(f"W{m}", sizes[m], 1 + sizes[m - 1], 0) for m in range(1, len(sizes))]
        X, Y = (matrix(name, n_samples, n, 1) for name, n in (("x", sizes[0]), ("y", sizes[-1])))
        return cls(sizes, weights, X, Y)

    @property
    def n_layers(self) -> int:
        return len(self.sizes)

    @property
    def n_samples(self) -> int:
        return int(self.X.rows)

    def size(self, m: int) -> int:
        self._within(m, 1, self.n_layers)
        return self.sizes[m - 1]

    def value(self, key: Key, fixed: dict[Key, Expression]) -> Expression:
        """Compute a quantity, given those in `fixed`, from the definitions alone."""
        if key in fixed:
            return fixed[key]
        name, *where = key
        return getattr(self, f"_{name}")(*where, fixed)

    def _W(self, k: int, j: int, m: int, _: dict[Key, Expression]) -> Expression:  # noqa: N802
        self._within(m, 1, self.n_layers - 1)
        self._within(k, 1, self.sizes[m])
        self._within(j, 0, self.sizes[m - 1])
        return self.weights[m - 1][k - 1, j]

    def _z(self, n: int, k: int, m: int, fixed: dict[Key, Expression]) -> Expression:
        self._within(m, 2, self.n_layers)
        before = range(1 + self.sizes[m - 2])
        return sum(
            self.value(("W", k, j, m - 1), fixed) * self.value(("a", n, j, m - 1), fixed) for j in before
        )

    def _a(self, n: int, k: int, m: int, fixed: dict[Key, Expression]) -> Expression:
        self._within(m, 1, self.n_layers)
        self._within(k, 0, self.sizes[m - 1])
        if k == 0:
            return sympy.Integer(1)
        return self._x(n, k, fixed) if m == 1 else self.activation(self.value(("z", n, k, m), fixed), m)

    def _x(self, n: int, j: int, _: dict[Key, Expression]) -> Expression:
        self._within(n, 1, self.n_samples)
        self._within(j, 0, self.sizes[0])
        return self.X[n - 1, j - 1] if j else sympy.Integer(1)

    def _y(self, n: int, k: int, _: dict[Key, Expression]) -> Expression:
        self._within(n, 1, self.n_samples)
        self._within(k, 1, self.sizes[-1])
        return self.Y[n - 1, k - 1]

    def _RSS(self, n: int, fixed: dict[Key, Expression]) -> Expression:  # noqa: N802
        outputs = range(1, 1 + self.sizes[-1])
        residuals = [self._y(n, k, fixed) - self.value(("a", n, k, self.n_layers), fixed) for k in outputs]
        return sum(residual**2 for residual in residuals) / 2

    def _L(self, fixed: dict[Key, Expression]) -> Expression:  # noqa: N802
        return sum(self._RSS(n, fixed) for n in range(1, 1 + self.n_samples)) / sympy.Integer(self.n_samples)

    def _delta(self, n: int, k: int, m: int, _: dict[Key, Expression]) -> Expression:
        return -self.partial(("RSS", n), ("z", n, k, m))

    def partial(self, of: Key, by: Key) -> Expression:
        """Differentiate one quantity by another: move that one alone and follow what depends on it."""
        if (of, by) not in self.known:
            moved = sympy.Dummy()
            slope = sympy.diff(self.value(of, {by: moved}), moved)
            self.known[of, by] = slope.subs(moved, self.value(by, {}))
        return self.known[of, by]

    def matrix(self, name: str, m: int) -> Expression:
        """Collect Z, A, Delta, W, W without its bias column, X, Y or D, from the single quantities."""
        if name in {"X", "Y", "D"}:
            return {"X": self.X, "Y": self.Y, "D": self.X.row_join(self.Y)}[name]
        if name in {"W", "overline W"}:
            self._within(m, 1, self.n_layers - 1)
            return self.weights[m - 1] if name == "W" else self.weights[m - 1][:, 1:]
        rows, columns = self.n_samples, self.sizes[m - 1]
        return sympy.Matrix(rows, columns, lambda n, k: self.value((name.lower(), n + 1, k + 1, m), {}))

    def after_step(self, rate: Expression) -> Net:
        """Move every weight against the gradient, by differentiation only; exact to 50 digits."""
        moved = [
            sympy.Matrix(
                *W.shape,
                lambda k, j, m=m, W=W: sympy.N(W[k, j] - rate * self.partial(("L",), ("W", k + 1, j, m)), 50),
            )
            for m, W in enumerate(self.weights, start=1)
        ]
        return replace(self, weights=moved, known={})

    @staticmethod
    def _within(index: int, first: int, last: int) -> None:
        if not first <= index <= last:
            message = f"index {index} is not from {first} to {last}"
            raise LookupError(message)


def _sum(*terms: Expression) -> Expression:
    """Sum in which a number beside a matrix stands for that number in every entry."""
    shapes = [term.shape for term in terms if isinstance(term, sympy.MatrixBase)]
    if not shapes:
        return sum(terms)
    whole = [term if isinstance(term, sympy.MatrixBase) else term * sympy.ones(*shapes[0]) for term in terms]
    return sum(whole[1:], start=whole[0])


def _beside(left: Expression, right: Expression) -> Expression:
    """Two matrices side by side; the number 1 stands for a column of ones."""
    return (sympy.ones(right.rows, 1) if left == 1 else left).row_join(right)


OPERATIONS: dict[str, Callable[..., Expression]] = {
    "sum": _sum,
    "negative": operator.neg,
    "product": operator.mul,
    "fraction": operator.truediv,
    "power": operator.pow,
    "root": sympy.sqrt,
    "tanh": sympy.tanh,
    "Im": lambda part: sympy.im(sympy.expand(part)),
    "entrywise": sympy.matrix_multiply_elementwise,
    "transposed": lambda part: part.T,
    "beside": _beside,
}


@dataclass
class Meaning:
    """What the symbols of a formula stand for."""

    net: Net
    values: dict[str, Expression] = field(default_factory=dict)
    calls: dict[str, Callable[[Expression], Expression]] = field(default_factory=dict)
    unit: Callable[[Expression], Expression] = logistic

    def of(self, node: Node) -> Expression:
        """Value of a syntax tree."""
        read: dict[str, Callable[[Node], Expression]] = {
            "symbol": self.symbol,
            "call": self.call,
            "partial": self.partial,
            "sum over": self.sum_over,
            "number": lambda number: sympy.Integer(number.text),
            "imaginary unit": lambda _: sympy.I,
        }
        if node.kind in read:
            return read[node.kind](node)
        return OPERATIONS[node.kind](*(self.of(part) for part in node.parts))

    def number(self, node: Node | None) -> int:
        return int(self.of(node)) if node else 0

    def symbol(self, node: Node) -> Expression:
        if node.text in self.values and not node.indices:
            return self.values[node.text]
        if node.text == "u":
            return sympy.Integer(self.net.size(self.number(node.indices[0])))
        if node.text in {"z", "a"} and not node.indices:
            z = sympy.Symbol("z")
            return z if node.text == "z" else self.unit(z)
        if node.text == "n":
            return sympy.Symbol(f"n_{node.indices[0].text}", positive=True)
        if self.is_matrix(node):
            return self.net.matrix(node.text, self.number(node.layer))
        return self.net.value(self.key(node), {})

    @staticmethod
    def is_matrix(node: Node) -> bool:
        return node.text in {"W", "overline W", "X", "Y", "D", "Z", "A", "Delta"} and not node.indices

    def key(self, node: Node) -> Key:
        """Name of a quantity of the network; the only sample's index may be left out."""
        indices = [self.number(index) for index in node.indices]
        layer = [self.number(node.layer)] if node.layer else []
        n_indices = {"W": 2, "L": 0, "RSS": 1}.get(node.text, 2)
        if len(indices) == n_indices - 1 and self.net.n_samples == 1 and node.text != "W":
            indices.insert(0, 1)
        has_layer = node.text in {"W", "z", "a", "delta"}
        if len(indices) != n_indices or bool(layer) != has_layer:
            raise UnreadableFormulaError(node)
        return (node.text, *indices, *layer)

    def call(self, node: Node) -> Expression:
        argument = self.of(node.parts[0])
        if node.text in self.calls:
            return self.calls[node.text](argument)
        if not node.indices and node.text == "g":
            return self.unit(argument)
        if node.text == "g'" and node.indices:
            z = sympy.Dummy()
            return sympy.diff(self.net.activation(z, self.number(node.indices[0])), z).subs(z, argument)
        raise UnreadableFormulaError(node)

    def partial(self, node: Node) -> Expression:
        of, by = node.parts
        if self.is_matrix(by):
            m, W = self.number(by.layer), self.of(by)
            return sympy.Matrix(*W.shape, lambda k, j: self.net.partial(self.key(of), ("W", k + 1, j, m)))
        if not by.indices:
            return sympy.diff(self.of(of), self.of(by))
        return self.net.partial(self.key(of), self.key(by))

    def sum_over(self, node: Node) -> Expression:
        first, last, term = node.parts
        steps = range(self.number(first), self.number(last) + 1)
        return sum(replace(self, values={**self.values, node.text: sympy.Integer(i)}).of(term) for i in steps)


def is_zero(expression: Expression) -> bool:
    """Is it 0 for all values of its symbols?

    Every function value is replaced by a symbol of its own, outermost first. What is left is a quotient of
    polynomials, and where its numerator expands to 0 the expression is 0. SymPy's simplify would take
    minutes to say that a deep network's formula is wrong; this says so at once.
    """
    if isinstance(expression, sympy.MatrixBase):
        return all(is_zero(entry) for entry in expression)
    rational = expression
    for atom in sorted(expression.atoms(sympy.Function), key=sympy.count_ops, reverse=True):
        rational = rational.xreplace({atom: sympy.Dummy()})
    numerator, _ = sympy.fraction(sympy.together(rational))
    return bool(sympy.expand(numerator) == 0)


def claims(formula: Formula, net: Net) -> Iterator[Meaning]:
    """Every choice of the indices for which the formula is claimed on this network."""
    outer = {"l": sympy.Integer(net.n_layers), "N": sympy.Integer(net.n_samples), "eta": sympy.Symbol("eta")}
    outer["e"] = sympy.E
    meanings = [Meaning(net, outer)] if formula.n_layers in {None, net.n_layers} else []
    for index in reversed(formula.ranges):
        meanings = [
            replace(meaning, values={**meaning.values, index.name: sympy.Integer(i)})
            for meaning in meanings
            for i in range(meaning.number(index.first), meaning.number(index.last) + 1)
        ]
    yield from meanings


@cache
def symbolic_net(
    sizes: tuple[int, ...], n_samples: int, activation: Callable[[Expression, int], Expression]
) -> Net:
    """One network for all formulas, so that each of its derivatives is taken once."""
    return replace(Net.symbolic(sizes, n_samples), activation=activation, known={})


def networks(formula: Formula, *, every: bool) -> list[Net]:
    """Symbolic networks on which a formula is proved: all, or the quick ones and those it is claimed for."""
    cases = BATCHES if formula.names() & OF_A_BATCH else [(sizes, 1) for sizes in SINGLE_SAMPLE]
    if not every:
        cases = [case for case in cases if case[0] in QUICK or len(case[0]) == formula.n_layers]
    if not formula.any_activation:
        return [symbolic_net(*case, logistic) for case in cases]
    # What holds for any activation holds for the logistic one; a small network shows that it is one.
    return [symbolic_net((1, 2, 1), 1, logistic), *(symbolic_net(*case, any_activation) for case in cases)]


# The activation that a formula about a single unit is about, and the smooth function of one weight.
UNITS = {"eq-3": logistic, "eq-5": logistic, "eq-11": sympy.tanh, "eq-12": sympy.tanh, "eq-13": lambda z: z}
W, H = sympy.symbols("w h", real=True)
TAYLOR = sympy.symbols("c:8", real=True)


def smooth(w: Expression) -> Expression:
    """Any function with eight terms of a Taylor series around w."""
    return sum(c * (w - W) ** power for power, c in enumerate(TAYLOR))


def counted(formula: Formula, *, every: bool = False) -> int:
    """Prove every claim of a formula; return how many there were."""
    count = 0
    for net in networks(formula, every=every):
        for meaning in claims(formula, net):
            for chain in formula.chains:
                sides = [meaning.of(side) for side in chain]
                assert len(sides) > 1, f"{formula.label} states nothing"
                for left, right in pairwise(sides):
                    assert is_zero(left - right), f"{left} is not {right}: {meaning.values} in {net.sizes}"
                    count += 1
    return count


def slope_of_smooth(w: Expression) -> Expression:
    x = sympy.Dummy()
    return sympy.diff(smooth(x), x).subs(x, w)


ALL = formulas(TEXT)
OF_ONE_UNIT = [formula for formula in ALL if formula.label in UNITS]
OF_DIFFERENCES = [formula for formula in ALL if formula.label in {"eq-16", "eq-17"}]
OF_THE_START = [formula for formula in ALL if formula.label == "eq-18"]
OF_NETWORKS = [f for f in ALL if f not in [*OF_ONE_UNIT, *OF_DIFFERENCES, *OF_THE_START]]


each_of_networks = pytest.mark.parametrize(
    "formula", OF_NETWORKS, ids=lambda formula: formula.label or "step"
)


@each_of_networks
def test_formula_follows_from_differentiating_the_whole_network(formula: Formula) -> None:
    assert counted(formula) > 0


@pytest.mark.slow
@each_of_networks
def test_formula_follows_on_every_network(formula: Formula) -> None:
    assert counted(formula, every=True) > 0


@pytest.mark.parametrize("formula", OF_ONE_UNIT, ids=lambda formula: formula.label)
def test_activation_and_its_slope(formula: Formula) -> None:
    meaning = Meaning(Net.symbolic((1, 1)), {"e": sympy.E}, unit=UNITS[formula.label])
    exponentials = [[meaning.of(side).rewrite(sympy.exp) for side in chain] for chain in formula.chains]
    for sides in exponentials:
        assert len(sides) > 1
        assert all(is_zero(left - right) for left, right in pairwise(sides))


@pytest.mark.parametrize("formula", OF_DIFFERENCES, ids=lambda formula: formula.label)
def test_difference_has_the_order_of_error_that_is_printed(formula: Formula) -> None:
    """Right up to the printed power of h, and no better, for any smooth function."""
    meaning = Meaning(
        Net.symbolic((1, 1)),
        {"w": W, "h": H},
        {"L": smooth, "L'": slope_of_smooth, "O": sympy.O},
    )
    *definitions, (difference, claimed) = formula.chains
    for name, body in definitions:
        at_h = meaning.of(body)
        meaning.calls[name.text] = partial(at_h.subs, H)
    error = sympy.expand(meaning.of(difference) - meaning.of(claimed).removeO())
    (order,) = [sympy.degree(part.expr, H) for part in meaning.of(claimed).atoms(sympy.Order)]
    assert all(error.coeff(H, power) == 0 for power in range(order))
    assert error.coeff(H, order) != 0


@pytest.mark.parametrize("formula", OF_THE_START, ids=lambda formula: formula.label)
def test_start_has_the_variance_that_is_printed(formula: Formula) -> None:
    n_in, n_out = (sympy.Symbol(name, positive=True) for name in ("n_in", "n_out"))
    meaning = Meaning(Net.symbolic((1, 1)))
    (name, limit), (variance, printed) = formula.chains
    r = sympy.sqrt(6 / (n_in + n_out))
    assert name.text == "r"
    assert is_zero(meaning.of(limit) - r)
    meaning.values["r"], x = r, sympy.Symbol("x")
    assert is_zero(sympy.integrate(x**2 / (2 * r), (x, -r, r)) - meaning.of(variance))
    assert is_zero(meaning.of(variance) - meaning.of(printed))


def test_formula_that_is_wrong_is_not_proved() -> None:
    for wrong in (
        r"\delta_k^{(l)} &= -(y_k - a_k^{(l)}) (1 - a_k^{(l)})\, a_k^{(l)} \\ &\text{for } k = 1, \dots, u_l",
        r"\delta_k^{(l)} &= (y_k - a_k^{(l)}) (1 - a_k^{(l)}) \\ &\text{for } k = 1, \dots, u_l",
        r"z_k^{(l)} &= \sum_{j=1}^{u_{l-1}} W_{kj}^{(l-1)} a_j^{(l-1)} \\ &\text{for } k = 1, \dots, u_l",
    ):
        with pytest.raises(AssertionError, match="is not"):
            counted(parse_formula(wrong))
    with pytest.raises(LookupError):
        counted(parse_formula(r"z_k^{(l)} &= W_{k0}^{(l)} \\ &\text{for } k = 1, \dots, u_l"))


def test_page_numbers_its_equations_1_to_18_in_order() -> None:
    """Sphinx numbers labelled formulas in the order of the page, so the number shown is the label's."""
    assert labels(TEXT) == [f"eq-{number}" for number in EQUATIONS]
    assert [formula.label for formula in ALL if formula.label] == labels(TEXT)
    assert len(ALL) == TEXT.count("{math}")
    assert "$$" not in TEXT


def standings() -> dict[int, str]:
    rows = table(TEXT, "equation", "what it says")
    return {int(row["equation"].removeprefix("{eq}`eq-").removesuffix("`")): row["standing"] for row in rows}


def test_every_equation_is_listed_as_proved_or_defined() -> None:
    assert list(standings()) == list(EQUATIONS)
    assert all(re.match(r"(defined|proved)\b", standing) for standing in standings().values())
    defined = {number for number, standing in standings().items() if standing == "defined"}
    assert defined == {1, 2, 3, 4, 11, 14}


def cited(text: str) -> set[int]:
    """Equation numbers that a text cites, one by one or in a list."""
    words = re.sub(r"\s+(?:#:?\s+)?", " ", text)
    lists = re.findall(r"[Ee]quations?(?:(?:,| and| or| to|, and)? \(\d+\))+", words)
    lists += re.findall(r"\(\d+\)(?= of docs/(?:derivation|units-losses-rules)\.md)", words)
    return {int(number) for found in lists for number in re.findall(r"\((\d+)\)", found)}


def test_citations_are_found_one_by_one_and_in_lists() -> None:
    text = "Equation (2), equations (7) and\n    # (9); (3), equations (4) or (6), (15) of docs/derivation.md"
    assert cited(text) == {2, 4, 6, 7, 9, 15}


def test_page_cites_only_its_own_equations() -> None:
    assert cited(TEXT) == set(EQUATIONS)


def test_each_number_belongs_to_one_equation_of_one_page() -> None:
    assert sorted(OF_ALL_PAGES) == list(range(1, 1 + len(OF_ALL_PAGES)))


@pytest.mark.oracle
def test_sphinx_gives_an_equation_the_number_of_its_label() -> None:
    pytest.importorskip("sphinx")
    domain = runpy.run_path(str(PAGE.with_name("conf.py")))["NumberedByLabel"]
    numbered = domain(SimpleNamespace(domaindata={}, new_serialno=lambda _: 0))
    numbered.note_equation("recipe", "eq-72")
    numbered.note_equation("layers", "eq-60")
    assert [numbered.get_equation_number_for(label) for label in ("eq-72", "eq-60")] == [72, 60]


def test_code_cites_only_equations_of_the_pages() -> None:
    for path in SOURCES.rglob("*.py"):
        unknown = cited(path.read_text(encoding="utf-8")) - set(OF_ALL_PAGES)
        assert not unknown, f"{path} cites equations {sorted(unknown)}, which no page has"


def test_every_equation_of_the_second_page_is_in_the_code() -> None:
    """Some stand behind a word, "dropout (37)". Numbers in brackets are something else in the kernels."""
    rooms = [path for path in SOURCES.rglob("*.py") if path.parent.name != "compiled"]
    named = re.findall(r"\((\d+)\)", "".join(path.read_text(encoding="utf-8") for path in rooms))
    assert set(OF_PAGES[SECOND_PAGE.stem]) <= {int(number) for number in named}


def test_equations_of_the_notes_are_in_the_code_or_steps_of_proof() -> None:
    in_code = set().union(*(cited(path.read_text(encoding="utf-8")) for path in SOURCES.rglob("*.py")))
    steps = {number for number, standing in standings().items() if "step of proof" in standing}
    assert steps == {6, 10}
    assert set(range(1, 11)) - in_code <= steps


@cache
def example() -> tuple[Net, Expression]:
    """Read the network of the worked example and its rate from the page."""
    given = {inline(row["symbol"]): sympy.Rational(row["given"]) for row in table(TEXT, "symbol", "given")}
    net = replace(
        Net.symbolic((2, 2, 2)),
        weights=[
            sympy.Matrix(2, 3, lambda k, j, m=m: given.pop(f"W_{{{k + 1}{j}}}^{{({m})}}")) for m in (1, 2)
        ],
        X=sympy.Matrix([[given.pop("x_1"), given.pop("x_2")]]),
        Y=sympy.Matrix([[given.pop("y_1"), given.pop("y_2")]]),
    )
    rate = given.pop(r"\eta")
    assert not given
    return net, rate


def assert_printed(expression: Expression, printed: str) -> None:
    """Is the number right to the last digit that is printed?"""
    digits, _, exponent = printed.partition("e")
    last = len(digits.partition(".")[2]) - int(exponent or 0)
    error = sympy.Abs(sympy.N(expression, 40) - sympy.Rational(printed))
    assert error <= sympy.Rational(1, 2) / sympy.Integer(10) ** last, (
        f"{sympy.N(expression, 20)}, not {printed}"
    )


@pytest.mark.parametrize("column", ["with the old weights", "after the step"])
def test_worked_example(column: str) -> None:
    net, rate = example()
    state = net if column == "with the old weights" else net.after_step(rate)
    rows = table(TEXT, "symbol", column)
    assert len(rows) >= 13
    for row in rows:
        (quantity,) = parse_chain(inline(row["symbol"]))
        assert_printed(Meaning(state).of(quantity), row[column])
        assert cited(f"equation {row['equation']}") <= set(EQUATIONS)


ERRATA = table(TEXT, "line", "as printed")


def errata_values(row: dict[str, str], net: Net) -> tuple[Expression, Expression, list[Expression]]:
    """Value as printed, the truth, and the other sides of the correct form, for the indices of the row."""
    point = {name: sympy.Integer(value) for name, value in re.findall(r"\$([a-y]) = (\d+)\$", row["at"])}
    meaning = Meaning(net, {"l": sympy.Integer(net.n_layers), "e": sympy.E, **point})
    printed = meaning.of(parse_chain(inline(row["as printed"]))[-1])
    truth, *correct = [meaning.of(side) for side in parse_chain(inline(row["correct"]))]
    return printed, truth, correct


def test_errata_cover_the_seven_corrections() -> None:
    assert sorted({row["line"][0] for row in ERRATA}) == list("1234567")


@pytest.mark.parametrize("row", ERRATA, ids=lambda row: row["line"])
def test_erratum_is_wrong_as_printed_and_right_as_corrected(row: dict[str, str]) -> None:
    printed, truth, correct = errata_values(row, Net.symbolic((2, 2, 2)))
    assert correct
    assert all(is_zero(truth - side) for side in correct)
    assert not is_zero(printed - truth)


@pytest.mark.parametrize("row", ERRATA, ids=lambda row: row["line"])
def test_numbers_of_an_erratum(row: dict[str, str]) -> None:
    net, _ = example()
    z = [("z", int(value)) for value in re.findall(r"\$z = (\d+)\$", row["at"])]
    printed, truth = (value.subs(z) for value in errata_values(row, net)[:2])
    assert_printed(printed, row["printed gives"])
    assert_printed(truth, row["correct gives"])
    assert abs(sympy.N(printed - truth, 40)) > abs(sympy.N(truth, 40)) / 10


def test_printed_slope_is_right_at_zero_by_accident() -> None:
    (row,) = [row for row in ERRATA if row["line"] == "2"]
    printed, truth, _ = errata_values(row, example()[0])
    assert printed.subs("z", 0) == truth.subs("z", 0) == sympy.Rational(1, 4)


def test_weights_of_the_last_layer_do_not_lead_anywhere() -> None:
    """Line 7 of the errata: the printed W^(l) does not exist."""
    net, _ = example()
    with pytest.raises(LookupError):
        Meaning(net, {"l": sympy.Integer(3)}).of(parse_chain("W_{11}^{(l)}")[0])


@pytest.mark.parametrize("row", table(TEXT, "$z$", "true slope"), ids=lambda row: row["$z$"])
def test_saturated_slope_loses_the_digits_that_the_page_says(row: dict[str, str]) -> None:
    z = sympy.Integer(inline(row["$z$"]))
    assert_printed(sympy.diff(logistic(sympy.Symbol("z"))).subs("z", z), row["true slope"])
    a = 1 / (1 + np.exp(-np.float64(int(z))))
    (computed,) = [row[name] for name in row if name.endswith("double precision")]
    assert f"{(1 - a) * a:.6e}" == computed or ((1 - a) * a == 0 and computed == "0")


@pytest.mark.parametrize(("kind", "z"), [(np.float64, 37), (np.float32, 17)])
def test_slope_is_exactly_zero_from_where_the_page_says(kind: type[np.floating[Any]], z: int) -> None:
    precision = {np.float64: "double", np.float32: "single"}[kind]
    assert re.search(rf"from \$z = {z}\$ (?:on )?in\s+{precision}", TEXT)
    one = kind(1)
    assert one - one / (one + np.exp(kind(-z))) == 0
    assert one - one / (one + np.exp(kind(1 - z))) > 0
