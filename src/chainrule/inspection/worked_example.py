"""A trace as a worked example on paper: the formula with symbols, with numbers, and the result."""

from __future__ import annotations

import re
import textwrap
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.equations import ACTIVATIONS, LOSSES, is_fused, name_of
from chainrule.errors import InputError
from chainrule.given import whole_number_from_1
from chainrule.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from chainrule.equations import Activation, Loss
    from chainrule.inspection.trace import ForwardTrace, Trace

__all__ = ["LINE_WIDTH", "checked_limits", "equation_lines", "forward_example", "worked_example", "written"]

MOST_DIGITS = 17
LINE_WIDTH = 100
HALF_A_SQUARE, RESIDUAL = "½·(y − a)²", "y − a"
SUM_OF_EXPONENTIALS = "Σ_i exp(z_i)"  # in the formula of softmax


def worked_example(step: Trace, digits: int, most: int) -> str:
    """Text of a whole step; at most `most` units of a layer and terms of a sum are written out."""
    return "\n".join(_Page(step, *checked_limits(digits, most)).lines()).rstrip()


def forward_example(passed: ForwardTrace, digits: int, most: int) -> str:
    """Text of a forward pass alone, as `worked_example`."""
    return "\n".join(_ForwardPage(passed, *checked_limits(digits, most)).lines()).rstrip()


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

    def lines(self) -> Iterator[str]:
        """Inputs and forward pass."""
        yield f"Forward pass: {self.passed.network!r}"
        yield ""
        yield from self.sample("inputs   ", "x", self.passed.x, "x_0 = 1 (bias unit)")
        yield ""
        for m in range(1, self.n_layers):
            yield from self.forward(m)

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
            formula = _with(formula, field.name, self.number(getattr(thing, field.name)))
        return formula

    def sample(self, word: str, symbol: str, values: npt.NDArray[Any], *before: str) -> list[str]:
        """Inputs or targets of the sample."""
        shown = [f"{symbol}_{k} = {self.number(v)}" for k, v in enumerate(values[: self.most], 1)]
        whole = [one.replace(" ", "\0") for one in (*before, *shown, *self.left_out(len(values)))]
        return [line.replace("\0", " ") for line in _wrapped(word, "   ".join(whole))]

    def left_out(self, n: int) -> list[str]:
        """Words for what is not written out."""
        return [f"… {n - self.most} more"] if n > self.most else []

    def units(self, n: int) -> Iterator[int]:
        """Units of a layer that are written out, counted from 0."""
        return iter(range(min(n, self.most)))

    def unwritten_units(self, n: int) -> Iterator[str]:
        """Line that counts the units that are not written out."""
        if n > self.most:
            yield f"  … {_more(n - self.most, 'unit')}"
        yield ""

    def before(self, m: int) -> tuple[str, Callable[[int], str], npt.NDArray[Any]]:
        """Symbol of unit j of the layer before W^(m), with its number: x for inputs, a for hidden layers."""
        if m == 1:
            return "x", lambda j: f"x_{j}", self.passed.x
        return "a", lambda j: f"a_{j}^({m})" if j else "x_0", self.passed.a[m - 2]

    def total(self, terms: Sequence[str]) -> str:
        """Sum of terms; a long one keeps its first terms and its last."""
        if len(terms) <= self.most + 1:
            return " + ".join(terms)
        left_out = f"… {len(terms) - self.most} more terms …"
        return " + ".join([*terms[: self.most - 1], left_out, terms[-1]])

    def forward(self, m: int) -> Iterator[str]:
        """Net inputs and activations of layer m + 1."""
        layer, activation = m + 1, self.passed.network.activations[m - 1]
        role = "output" if layer == self.n_layers else "hidden"
        name = name_of(activation).split(":")[0]
        yield f"Layer {layer} ({role}, {name}): net inputs, equation (2), and activations"
        _, symbol, values = self.before(m)
        inputs = [1.0, *values]
        weights, z, a = self.passed.network.weights[m - 1], self.passed.z[m - 1], self.passed.a[m - 1]
        with np.errstate(over="ignore"):
            total = self.number(float(np.sum(np.exp(z))))
        for k in self.units(len(z)):
            symbols = [f"W_{k + 1}{_comma(weights)}{j}^({m})·{symbol(j)}" for j in range(len(inputs))]
            numbers = [f"{self.factor(w)}·{self.factor(v)}" for w, v in zip(weights[k], inputs, strict=True)]
            yield from equation_lines(
                f"z_{k + 1}^({layer})", self.total(symbols), self.total(numbers), self.number(z[k])
            )
            formula = _formula(activation)
            in_numbers = self.with_parameters(formula, activation).replace(SUM_OF_EXPONENTIALS, total)
            yield from equation_lines(
                f"a_{k + 1}^({layer})",
                _with(formula, "z", f"z_{k + 1}^({layer})"),
                _with(in_numbers, "z", self.factor(z[k])),
                self.number(a[k]),
            )
        yield from self.unwritten_units(len(z))


class _Page(_ForwardPage):
    """The lines of one worked example."""

    def __init__(self, step: Trace, digits: int, most: int) -> None:
        super().__init__(step, digits, most)
        self.step = step
        self.word = LOSSES.fact(step.network.loss, "symbol") if LOSSES.knows(step.network.loss) else "L"

    def lines(self) -> Iterator[str]:
        """Inputs, forward pass, loss, backward pass, updates, loss afterwards."""
        step = self.step
        yield f"One step of back-propagation: {step.network!r}, rate {self.number(step.rate)}"
        yield ""
        yield from self.sample("inputs   ", "x", step.x, "x_0 = 1 (bias unit)")
        yield from self.sample("targets  ", "y", step.y)
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

    def loss(self) -> Iterator[str]:
        """Loss of the sample: RSS as the notes have it, any other as a sum over the outputs."""
        y, a, loss = self.step.y, self.step.a[-1], self.step.network.loss
        layer = self.n_layers
        formula = _written_out(_said(loss, "formula", "values") or "loss(y, a)")
        if formula == HALF_A_SQUARE:  # the half stands before the sum
            symbols = [f"(y_{k} − a_{k}^({layer}))²" for k in range(1, len(y) + 1)]
            numbers = [f"({self.number(t)} − {self.factor(v)})²" for t, v in zip(y, a, strict=True)]
            sums = (f"½·({self.total(symbols)})", f"½·({self.total(numbers)})")
        else:
            pairs = [(f"y_{k}", f"a_{k}^({layer})") for k in range(1, len(y) + 1)]
            values = [(self.factor(t), self.factor(v)) for t, v in zip(y, a, strict=True)]
            valued = self.with_parameters(formula, loss)
            in_symbols = self.total([_of_output(formula, *pair) for pair in pairs])
            in_numbers = self.total([_of_output(valued, *pair) for pair in values])
            sums = (in_symbols.replace("+ −", "− "), in_numbers.replace("+ −", "− "))
        equation = LOSSES.fact(loss, "equation") if LOSSES.knows(loss) else None
        title = "Loss" if self.word != "L" else f"Loss ({name_of(loss)})"
        yield f"{title}, equation ({equation})" if equation else title
        yield from equation_lines(self.word, *sums, self.number(self.step.loss_before))
        yield ""

    def deltas(self, m: int) -> Iterator[str]:
        """Deltas of layer m + 1: from the residual at the output, from the layer after elsewhere."""
        layer = m + 1
        kind, equation = ("output", 7) if layer == self.n_layers else ("hidden", 9)
        net = self.step.network
        if kind == "output" and is_fused(net.loss, net.activations[-1]):
            equation = LOSSES.fact(net.loss, "fused_equation")
        word = f"δ = −∂{self.word}/∂z, the direction of descent"
        yield f"Layer {layer}: {kind} deltas, equation ({equation}); {word}"
        delta = self.step.delta[m - 1]
        for k in self.units(len(delta)):
            yield from equation_lines(f"δ_{k + 1}^({layer})", *self.one_delta(m, k), self.number(delta[k]))
        yield from self.unwritten_units(len(delta))

    def one_delta(self, m: int, k: int) -> tuple[str, str]:
        """Signal times derivative for unit k of layer m + 1, in symbols and in numbers."""
        layer, net = m + 1, self.step.network
        z, a, activation = self.step.z[m - 1], self.step.a[m - 1], net.activations[m - 1]
        signals = self.signal(m, k)
        if layer == self.n_layers and is_fused(net.loss, activation):
            return signals
        if ACTIVATIONS.fact(activation, "mixes_units"):
            shift = f"Σ_i a_i^({layer})·({_of_output(_slope(net.loss), 'y_i', f'a_i^({layer})')})"
            sum_ = self.factor(float(np.sum(a * net.loss.slopes(a, self.step.y))))
            return (
                f"a_{k + 1}^({layer})·({signals[0]} − {shift})",
                f"{self.factor(a[k])}·({signals[1]} − {sum_})",
            )
        derivative = _derivative(activation)
        derivatives = (derivative, self.with_parameters(derivative, activation))
        with_a = (f"a_{k + 1}^({layer})", self.factor(a[k]))
        with_z = (f"z_{k + 1}^({layer})", self.factor(z[k]))
        in_symbols, in_numbers = (
            f"({signal})·{_with(_with(slope, 'a', one_a), 'z', one_z)}"
            for signal, slope, one_a, one_z in zip(signals, derivatives, with_a, with_z, strict=True)
        )
        return in_symbols, in_numbers

    def signal(self, m: int, k: int) -> tuple[str, str]:
        """What reaches unit k of layer m + 1 from above, in symbols and in numbers."""
        layer = m + 1
        if layer == self.n_layers:
            y, a, net = self.step.y[k], self.step.a[m - 1][k], self.step.network
            slope = _slope(net.loss)
            if slope == RESIDUAL or is_fused(net.loss, net.activations[-1]):
                return f"y_{k + 1} − a_{k + 1}^({layer})", f"{self.number(y)} − {self.factor(a)}"
            valued = self.with_parameters(slope, net.loss)
            of_symbols = _of_output(slope, f"y_{k + 1}", f"a_{k + 1}^({layer})")
            return of_symbols, _of_output(valued, self.factor(y), self.factor(a))
        weights, delta = self.step.network.weights[m], self.step.delta[m]
        comma = _comma(weights)
        symbols = [f"δ_{i}^({layer + 1})·W_{i}{comma}{k + 1}^({layer})" for i in range(1, len(delta) + 1)]
        numbers = [
            f"{self.factor(d)}·{self.factor(w)}" for d, w in zip(delta, weights[:, k + 1], strict=True)
        ]
        return self.total(symbols), self.total(numbers)

    def updates(self, m: int) -> Iterator[str]:
        """Gradient, update and new value of each weight of W^(m)."""
        equation = 7 if m == self.n_layers - 1 else 9
        yield f"W^({m}): gradients, equation ({equation}), and updates, equation (8)"
        _, symbol, values = self.before(m)
        inputs = [1.0, *values]
        weights, delta = self.step.network.weights[m - 1], self.step.delta[m - 1]
        for k in self.units(len(delta)):
            for j in self.units(len(inputs)):
                yield from self.one_update(m, k, j, symbol(j), inputs[j], delta[k])
            if len(inputs) > self.most:
                yield f"  … {_more(len(inputs) - self.most, 'weight')} of unit {k + 1}"
        yield from self.unwritten_units(len(weights))

    def one_update(self, m: int, k: int, j: int, source: str, value: float, delta: float) -> Iterator[str]:  # noqa: PLR0917
        """Gradient and new value of one weight."""
        weights = self.step.network.weights[m - 1]
        name, signal = f"W_{k + 1}{_comma(weights)}{j}^({m})", f"δ_{k + 1}^({m + 1})"
        product = f"{self.factor(delta)}·{self.factor(value)}"
        yield from equation_lines(
            f"∂{self.word}/∂{name}",
            f"−{signal}·{source}",
            f"−{product}",
            self.number(self.step.gradients[m - 1][k, j]),
        )
        yield from equation_lines(
            f"{name} :",
            f"{name} + η·{signal}·{source}",
            f"{self.number(weights[k, j])} + {self.factor(self.step.rate)}·{product}",
            self.number(self.step.weights_after[m - 1][k, j]),
        )


def _of_output(formula: str, y: str, a: str) -> str:
    """Formula of a loss with its target and its output."""
    return _with(_with(formula, "a", a), "y", y)


def _more(n: int, thing: str) -> str:
    """Words for so many things more."""
    return counted(n, f"more {thing}")


def _comma(weights: npt.NDArray[Any]) -> str:
    """Comma between two indices, where one of them may have two digits."""
    return "," if max(weights.shape) > 9 else ""  # noqa: PLR2004 (the largest digit)


def _formula(activation: Activation) -> str:
    """Formula of g in z; a user's own activation may have none."""
    return _written_out(_said(activation, "formula", "forward") or "g(z)")


def _derivative(activation: Activation) -> str:
    """Formula of g' in a; a user's own activation may have none."""
    formula = _said(activation, "formula", "forward") or ""
    return _written_out(_said(activation, "derivative", "backward") or "g'", formula)


def _slope(loss: Loss) -> str:
    """Formula of minus the derivative of a loss; a user's own may have none."""
    return _said(loss, "slope", "slopes") or "−∂loss/∂a"


def _said(thing: object, formula: str, method: str) -> str | None:
    """Formula that a class has for a method; None where a class derived from it has changed the method."""
    order = type(thing).__mro__
    places = [next((k for k, c in enumerate(order) if name in vars(c)), None) for name in (formula, method)]
    if places[0] is None:  # of the object itself, or none
        return getattr(thing, formula, None)
    said = places[1] is None or places[0] <= places[1]
    return getattr(thing, formula) if said else None


def _written_out(formula: str, explaining: str | None = None) -> str:
    """Formula with the letters replaced that it, or another one, explains after a comma."""
    first, *definitions = (formula if explaining is None else explaining).split(",  ")
    whole = first if explaining is None else formula
    for definition in definitions:
        letter, meaning = definition.split(" = ")
        whole = _with(whole, letter, meaning)
    return whole


def _with(formula: str, variable: str, value: str) -> str:
    """Formula with a value for its variable, which may be a letter of a function's name as well."""
    return re.sub(rf"(?<![A-Za-z_]){variable}(?![A-Za-z_])", lambda _: value, formula)


def equation_lines(left: str, *sides: str, indent: int = 2) -> Iterator[str]:
    """Left-hand side with its right-hand sides below each other, or side by side where they fit."""
    margin = " " * indent
    whole = f"{margin}{' = '.join([left, *sides])}".replace(": =", ":=")
    if len(whole) <= LINE_WIDTH:
        yield whole
        return
    blank = " " * (len(left) + indent)
    yield from _wrapped(f"{margin}{left} = ".replace(": =", ":="), sides[0])
    for side in sides[1:]:
        yield from _wrapped(f"{blank} = ", side)


def _wrapped(prefix: str, text: str) -> list[str]:
    """Text behind a prefix, broken between terms, with the further lines set under the first."""
    indent = " " * len(prefix)
    return textwrap.wrap(
        text,
        width=LINE_WIDTH,
        initial_indent=prefix,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        drop_whitespace=True,
    )
