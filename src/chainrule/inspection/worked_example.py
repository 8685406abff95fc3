"""A trace as a worked example on paper: the formula with symbols, with numbers, and the result."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, LAYERS, LOSSES, Dense, is_fused, name_of
from chainrule.errors import InputError
from chainrule.given import whole_number_from_1
from chainrule.inspection.formulas import (
    Equation,
    Values,
    derivative_of,
    formula_of,
    name_of_number,
    of_output,
    said,
    slope_of,
    with_value,
    written_out,
)
from chainrule.inspection.lines import as_text
from chainrule.lines import kept, unmarked
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from chainrule.equations import Layer
    from chainrule.inspection.formulas import Part
    from chainrule.inspection.trace import ForwardTrace, Trace

__all__ = ["checked_limits", "example_parts", "forward_example", "worked_example", "written"]

MOST_DIGITS = 17
HALF_A_SQUARE, RESIDUAL = "½·(y − a)²", "y − a"
SYMBOL = re.compile(r"([Wadx])\[(\d+)(?:,(\d+))?\]")  # of the terms that a layer writes
SUM_OF_EXPONENTIALS = "Σ_i exp(z_i)"  # in the formula of softmax


def worked_example(step: Trace, digits: int, most: int, width: int) -> str:
    """Text of a whole step; at most `most` units of a layer and terms of a sum are written out."""
    page = _Page(step, *checked_limits(digits, most))
    return as_text(page.lines(), whole_number_from_1(width, "width"))


def forward_example(passed: ForwardTrace, digits: int, most: int, width: int) -> str:
    """Text of a forward pass alone, as `worked_example`."""
    page = _ForwardPage(passed, *checked_limits(digits, most))
    return as_text(page.lines(), whole_number_from_1(width, "width"))


def example_parts(step: ForwardTrace | Trace, digits: int, most: int) -> Iterator[Part]:
    """The same parts, for who sets them otherwise: lines of text, of which an empty one ends a block."""
    pages: Any = _Page if hasattr(step, "delta") else _ForwardPage
    for one in pages(step, digits, most).lines():
        match one:
            case Equation(left, sides):
                yield Equation(left, tuple(map(unmarked, sides)))
            case Values():
                yield one
            case _:
                yield unmarked(one)


def written(value: float, digits: int) -> str:
    """Number to so many digits; a negative zero is 0."""
    return format(float(value) + 0.0, f".{digits}g")


def checked_limits(digits: int, most: int) -> tuple[int, int]:
    """Digits and units to write out, or InputError where they are no numbers that can be written to."""
    digits, most = whole_number_from_1(digits, "digits"), whole_number_from_1(most, "most")
    if digits > MOST_DIGITS:
        raise InputError(
            parameter="digits", given=digits, needs=f"must be from 1 to {MOST_DIGITS}", advice="Try 6."
        )
    return digits, most


class _ForwardPage:
    """The lines of a forward pass."""

    def __init__(self, passed: ForwardTrace | Trace, digits: int, most: int) -> None:
        self.passed = passed
        self.digits = digits
        self.most = most
        self.n_layers = len(passed.z) + 1
        self.delta: Sequence[npt.NDArray[Any]] = ()  # of a forward pass alone

    def lines(self) -> Iterator[Part]:
        """Inputs and forward pass."""
        yield f"Forward pass{self.whose()}: {self.passed.network!r}"
        yield from self.of_all()
        yield ""
        yield self.sample("inputs", "x", self.passed.x, "x_0 = 1 (bias unit)")
        yield ""
        for m in range(1, self.n_layers):
            yield from self.forward(m)

    def whose(self) -> str:
        """Words for the member that a network is."""
        return f" of member {self.passed.member} of {self.passed.members}" if self.passed.member else ""

    def of_all(self) -> Iterator[str]:
        """Line that says what becomes of the outputs of all members."""
        if self.passed.member:
            yield f"What is predicted is the mean of the outputs of {counted(self.passed.members, 'member')}."

    def number(self, value: float) -> str:
        """Number to the digits asked for; a negative zero is 0."""
        return written(value, self.digits)

    def factor(self, value: float) -> str:
        """Number as a factor of a product: in brackets where it is negative."""
        shown = self.number(value)
        return f"({shown})" if shown.startswith("-") else shown

    def with_parameters(self, formula: str, thing: object) -> str:
        """Formula with the parameters of an activation or a loss as numbers."""
        for field in fields(thing) if is_dataclass(thing) else ():
            formula = with_value(formula, field.name, self.number(getattr(thing, field.name)))
        return formula

    def sample(self, word: str, symbol: str, values: npt.NDArray[Any], *before: str) -> Values:
        """Inputs or targets of the sample."""
        shown = [f"{symbol}_{k} = {self.number(v)}" for k, v in enumerate(values[: self.most], 1)]
        return Values(word, (*before, *shown, *self.left_out(len(values))))

    def left_out(self, n: int) -> list[str]:
        """Words for what is not written out."""
        return [f"… {n - self.most} more"] if n > self.most else []

    def units(self, n: int) -> Iterator[int]:
        """Units of a layer that are written out, counted from 0."""
        return iter(range(min(n, self.most)))

    def unwritten_units(self, n: int, of_what: str = "unit") -> Iterator[str]:
        """Line that counts the units that are not written out."""
        if n > self.most:
            yield f"  … {_more(n - self.most, of_what)}"
        yield ""

    def before(self, m: int) -> npt.NDArray[Any]:
        """Activations of the layer before W^(m), or the inputs."""
        return self.passed.x if m == 1 else self.passed.a[m - 2]

    def in_symbols(self, m: int, term: str) -> str:
        """Term that the layer of W^(m) writes, with its symbols."""

        def symbol(match: re.Match[str]) -> str:
            kind, i, j = match.groups()
            if kind == "W":
                return name_of_number(self.passed.network, m, int(i), int(j))
            if kind == "x":
                return "x_0"
            if kind == "d":
                return f"δ_{int(i) + 1}^({m + 1})"
            return f"x_{int(i) + 1}" if m == 1 else f"a_{int(i) + 1}^({m})"

        return SYMBOL.sub(symbol, term)

    def in_numbers(self, m: int, term: str) -> str:
        """The same term with numbers."""
        weights, before = self.passed.network.weights[m - 1], self.before(m)

        def number(match: re.Match[str]) -> str:
            kind, i, j = match.groups()
            if kind == "x":
                return "1"
            if kind == "W":
                return self.factor(weights[int(i), int(j)])
            return self.factor((before if kind == "a" else self.delta[m - 1])[int(i)])

        return SYMBOL.sub(number, term)

    def terms(self, m: int, written_by: str, method: str, *place: int) -> Sequence[str]:
        """Terms that the layer of W^(m) writes, if any, of what its method computes in a place."""
        net = self.passed.network
        writes = said(net.layers[m - 1], written_by, method)
        terms: Sequence[str] = writes(net.weights[m - 1], self.before(m), *place) if writes else ()
        return terms

    def sums(self, m: int, terms: Sequence[str]) -> tuple[str, ...]:
        """Sum of terms, in symbols and in numbers, if there are any."""
        if not terms:
            return ()
        sides = [self.in_symbols(m, term) for term in terms], [self.in_numbers(m, term) for term in terms]
        return tuple(self.total(side).replace("+ −", "− ") for side in sides)

    def total(self, terms: Sequence[str]) -> str:
        """Sum of terms; a long one keeps its first terms and its last."""
        if len(terms) <= self.most + 1:
            return " + ".join(terms)
        left_out = kept(f"… {len(terms) - self.most} more terms …")
        return " + ".join([*terms[: self.most - 1], left_out, terms[-1]])

    def forward(self, m: int) -> Iterator[Part]:
        """Net inputs and activations of layer m + 1."""
        layer, activation = m + 1, self.passed.network.activations[m - 1]
        role = "output" if layer == self.n_layers else "hidden"
        kind = self.passed.network.layers[m - 1]
        name, equation = name_of(activation).split(":")[0], LAYERS.fact(kind, "equation")
        of_kind = "" if type(kind) is Dense else f"{name_of(kind).split(':')[0]}, "
        cited = f", equation ({equation})" if equation else ""
        yield f"Layer {layer} ({role}, {of_kind}{name}): net inputs{cited}, and activations"
        z, a = self.passed.z[m - 1], self.passed.a[m - 1]
        with np.errstate(over="ignore"):
            total = self.number(float(np.sum(np.exp(z))))
        for k in self.units(len(z)):
            sums = self.sums(m, self.terms(m, "terms_of_unit", "forward", k))
            yield Equation.of(f"z_{k + 1}^({layer})", *sums, self.number(z[k]))
            formula = formula_of(activation)
            in_numbers = self.with_parameters(formula, activation).replace(SUM_OF_EXPONENTIALS, total)
            yield Equation.of(
                f"a_{k + 1}^({layer})",
                with_value(formula, "z", f"z_{k + 1}^({layer})"),
                with_value(in_numbers, "z", self.factor(z[k])),
                self.number(a[k]),
            )
        yield from self.unwritten_units(len(z))


class _Page(_ForwardPage):
    """The lines of one worked example."""

    def __init__(self, step: Trace, digits: int, most: int) -> None:
        super().__init__(step, digits, most)
        self.step, self.delta = step, step.delta
        self.word = LOSSES.fact(step.network.loss, "symbol") if LOSSES.knows(step.network.loss) else "L"

    def lines(self) -> Iterator[Part]:
        """Inputs, forward pass, loss, backward pass, updates, loss afterwards."""
        step = self.step
        yield f"One step of back-propagation{self.whose()}: {step.network!r}, rate {self.number(step.rate)}"
        yield from self.of_all()
        yield ""
        yield self.sample("inputs", "x", step.x, "x_0 = 1 (bias unit)")
        yield self.sample("targets", "y", step.y)
        yield ""
        for m in range(1, self.n_layers):
            yield from self.forward(m)
        yield from self.loss()
        for m in range(self.n_layers - 1, 0, -1):
            yield from self.deltas(m)
        for m in range(self.n_layers - 1, 0, -1):
            yield from self.updates(m)
        yield f"{self.word} with the new weights = {self.number(step.loss_after)}"
        yield f"{'before':>{len(self.word) + 21}} = {self.number(step.loss_before)}"

    def loss(self) -> Iterator[Part]:
        """Loss of the sample: RSS as the notes have it, any other as a sum over the outputs."""
        y, a, loss = self.step.y, self.step.a[-1], self.step.network.loss
        layer = self.n_layers
        formula = written_out(said(loss, "formula", "values") or "loss(y, a)")
        if formula == HALF_A_SQUARE:  # the half stands before the sum
            symbols = [f"(y_{k} − a_{k}^({layer}))²" for k in range(1, len(y) + 1)]
            numbers = [f"({self.number(t)} − {self.factor(v)})²" for t, v in zip(y, a, strict=True)]
            sums = (f"½·({self.total(symbols)})", f"½·({self.total(numbers)})")
        else:
            pairs = [(f"y_{k}", f"a_{k}^({layer})") for k in range(1, len(y) + 1)]
            values = [(self.factor(t), self.factor(v)) for t, v in zip(y, a, strict=True)]
            valued = self.with_parameters(formula, loss)
            in_symbols = self.total([of_output(formula, *pair) for pair in pairs])
            in_numbers = self.total([of_output(valued, *pair) for pair in values])
            sums = (in_symbols.replace("+ −", "− "), in_numbers.replace("+ −", "− "))
        equation = LOSSES.fact(loss, "equation") if LOSSES.knows(loss) else None
        title = "Loss" if self.word != "L" else f"Loss ({name_of(loss)})"
        yield f"{title}, equation ({equation})" if equation else title
        yield Equation.of(self.word, *sums, self.number(self.step.loss_before))
        yield ""

    def deltas(self, m: int) -> Iterator[Part]:
        """Deltas of layer m + 1: from the residual at the output, from the layer after elsewhere."""
        layer = m + 1
        kind, equation = ("output", 7) if layer == self.n_layers else ("hidden", 9)
        net = self.step.network
        if kind == "output" and is_fused(net.loss, net.activations[-1]):
            equation = LOSSES.fact(net.loss, "fused_equation")
        cited = f"equation ({equation})"
        if kind == "hidden" and type(net.layers[m]) is not Dense:
            cited = self.cited(net.layers[m], equation)
        word = f"{kept(f'δ = −∂{self.word}/∂z')}, the direction of descent"
        yield f"Layer {layer}: {kind} deltas, {cited}; {word}"
        delta = self.step.delta[m - 1]
        for k in self.units(len(delta)):
            yield Equation.of(f"δ_{k + 1}^({layer})", *self.one_delta(m, k), self.number(delta[k]))
        yield from self.unwritten_units(len(delta))

    @staticmethod
    def cited(kind: Layer, equation: int) -> str:
        """Numbers of the equations behind what passes through a layer that is not dense."""
        own = LAYERS.fact(kind, "equation")
        return f"equations ({equation}) and ({own})" if own else f"equation ({equation})"

    def one_delta(self, m: int, k: int) -> tuple[str, ...]:
        """Signal times derivative for unit k of layer m + 1, in symbols and in numbers."""
        layer, net = m + 1, self.step.network
        z, a, activation = self.step.z[m - 1], self.step.a[m - 1], net.activations[m - 1]
        signals = self.signal(m, k)
        if not signals or (layer == self.n_layers and is_fused(net.loss, activation)):
            return signals
        if ACTIVATIONS.fact(activation, "mixes_units"):
            shift = f"Σ_i a_i^({layer})·({of_output(slope_of(net.loss), 'y_i', f'a_i^({layer})')})"
            sum_ = self.factor(float(np.sum(a * net.loss.slopes(a, self.step.y))))
            return (
                f"a_{k + 1}^({layer})·({signals[0]} − {shift})",
                f"{self.factor(a[k])}·({signals[1]} − {sum_})",
            )
        derivative = derivative_of(activation)
        derivatives = (derivative, self.with_parameters(derivative, activation))
        with_a = (f"a_{k + 1}^({layer})", self.factor(a[k]))
        with_z = (f"z_{k + 1}^({layer})", self.factor(z[k]))
        in_symbols, in_numbers = (
            f"{_bracketed(signal)}·{with_value(with_value(slope, 'a', one_a), 'z', one_z)}"
            for signal, slope, one_a, one_z in zip(signals, derivatives, with_a, with_z, strict=True)
        )
        return in_symbols, in_numbers

    def signal(self, m: int, k: int) -> tuple[str, ...]:
        """What reaches unit k of layer m + 1 from above, in symbols and in numbers."""
        layer = m + 1
        if layer == self.n_layers:
            y, a, net = self.step.y[k], self.step.a[m - 1][k], self.step.network
            slope = slope_of(net.loss)
            if slope == RESIDUAL or is_fused(net.loss, net.activations[-1]):
                return f"y_{k + 1} − a_{k + 1}^({layer})", f"{self.number(y)} − {self.factor(a)}"
            valued = self.with_parameters(slope, net.loss)
            of_symbols = of_output(slope, f"y_{k + 1}", f"a_{k + 1}^({layer})")
            return of_symbols, of_output(valued, self.factor(y), self.factor(a))
        return self.sums(m + 1, self.terms(m + 1, "terms_passed_back", "backward", k))

    def updates(self, m: int) -> Iterator[Part]:
        """Gradient, update and new value of each number of W^(m)."""
        kind, weights = self.step.network.layers[m - 1], self.step.network.weights[m - 1]
        cited, line = f"equation ({7 if m == self.n_layers - 1 else 9})", "unit"
        if type(kind) is not Dense:
            cited, line = self.cited(kind, 15), "line"
        if LAYERS.fact(kind, "is_held"):
            yield f"W^({m}) is held as it is"
            yield ""
            return
        yield f"W^({m}): gradients, {cited}, and updates, equation (8)"
        n_lines, n_numbers = weights.shape
        for k in self.units(n_lines):
            for j in self.units(n_numbers):
                yield from self.one_update(m, k, j)
            if n_numbers > self.most:
                yield f"  … {_more(n_numbers - self.most, 'weight')} of {line} {k + 1}"
        yield from self.unwritten_units(n_lines, line)

    def one_update(self, m: int, k: int, j: int) -> Iterator[Part]:
        """Gradient and new value of one number."""
        net, weights = self.step.network, self.step.network.weights[m - 1]
        name, terms = name_of_number(net, m, k, j), self.terms(m, "terms_of_descent", "products", k, j)
        is_product = len(terms) == 1 and not terms[0].startswith("−")
        sums = self.sums(m, terms) if is_product else [f"({side})" for side in self.sums(m, terms)]
        yield Equation.of(
            f"∂{self.word}/∂{name}",
            *(f"−{side}" for side in sums),
            self.number(self.step.gradients[m - 1][k, j]),
        )
        rates, before = ("η", self.factor(self.step.rate)), (name, self.number(weights[k, j]))
        steps = zip(before, rates, sums, strict=False)  # there are no sums where a kind writes none
        yield Equation.of(
            f"{name} :",
            *(f"{old} + {rate}·{side}" for old, rate, side in steps),
            self.number(self.step.weights_after[m - 1][k, j]),
        )


def _bracketed(signal: str) -> str:
    """Sum in brackets, of which a single negative number has its own."""
    return signal if re.fullmatch(r"\([^()]*\)", signal) else f"({signal})"


def _more(n: int, thing: str) -> str:
    """Words for so many things more."""
    return counted(n, f"more {thing}")
