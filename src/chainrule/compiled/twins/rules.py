"""Compiled twins of the update rules, over columns of packed weights.

A rule is a function of vectors: a weight, its gradient and two numbers of state go in, the weight and both
numbers come out. What is the same for all weights of a step is computed once, in double precision, and
rounded once.

To add one: a function of vectors, a code, its numbers in `rule_numbers` and `write_step_numbers`, and an
entry in `UPDATE`.
"""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.compiled.codes import checked_code
from chainrule.compiled.language.vectors import (
    constant,
    constant_of,
    fused,
    lanes,
    load,
    magnitude,
    spread_like,
    square_root,
    store,
    total,
    where_at_most,
    where_less,
)
from chainrule.compiled.machine.compiling import inlined, part
from chainrule.compiled.twins.routines import prepare_routine, update_routine
from chainrule.equations import (
    RULES,
    Adam,
    AdamW,
    ClassicalMomentum,
    ClassicalNesterov,
    Descent,
    IRpropMinus,
    Momentum,
    Nesterov,
    RMSprop,
    Rule,
)

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = [
    "ADAM", "CLIP_NORM", "DECAY", "FUSED", "GRADIENTS", "L1", "L2", "POWER1", "POWER2", "PREPARE",
    "SUMS_OF_LOSSES", "UPDATE", "rule_code", "rule_numbers", "square_length", "write_step_numbers",
]  # fmt: skip

# Gradients alone, without an update; descent that is fused into the gradients; then the rules.
GRADIENTS, FUSED = 0, 1
DESCENT, MOMENTUM, NESTEROV, RMSPROP = Descent.code, Momentum.code, Nesterov.code, RMSprop.code
ADAM, IRPROP_MINUS = Adam.code, IRpropMinus.code
CLASSICAL_MOMENTUM, CLASSICAL_NESTEROV = ClassicalMomentum.code, ClassicalNesterov.code

# Places in the array of what a rule and the penalties are given; the powers of beta change with each step.
# From SUMS_OF_LOSSES on a kernel may put down the losses of blocks.
A, B, C, D, DECAY, L1, L2, CLIP_NORM, POWER1, POWER2, SUMS_OF_LOSSES = range(11)
_TINY_FLOAT, _TINY_DOUBLE = 2.0**-126, 2.0**-1022


def rule_code(rule: Rule) -> int:
    """Number that stands for a rule in the kernels; InputError for one that has no kernel."""
    return checked_code(rule, RULES)


def rule_numbers(
    rule: Rule | None,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    clip_norm: float | None = None,
    n_sums: int = 0,
) -> npt.NDArray[np.float64]:
    """What the kernels are told of a rule and of penalties, and room for so many sums of losses."""
    given: Any = rule
    numbers = np.zeros(SUMS_OF_LOSSES + n_sums)
    numbers[[L1, L2, POWER1, POWER2]] = l1, l2, 1, 1
    numbers[CLIP_NORM] = inf if clip_norm is None else clip_norm
    if isinstance(rule, Momentum):  # or one that is made from it
        numbers[A] = given.momentum
    elif isinstance(rule, RMSprop):
        numbers[[A, B]] = given.decay, given.epsilon
    elif isinstance(rule, (Adam, AdamW)):
        numbers[[A, B, C]] = given.beta1, given.beta2, given.epsilon
        numbers[DECAY] = given.decay if isinstance(rule, AdamW) else 0.0
    elif isinstance(rule, IRpropMinus):
        numbers[[A, B, C, D]] = given.decrease, given.increase, given.smallest, given.largest
    return numbers


@inlined
def _without_subnormals(x):
    """Compiled twin of without_subnormals."""
    smallest = constant_of(x, _TINY_FLOAT, _TINY_DOUBLE)
    return where_less(magnitude(x), smallest, constant(x, 0.0), x)


@inlined
def _descent(w, g, first, second, c):
    """Equation (8)."""
    return fused(spread_like(w, c[0]), g, w), first, second


@inlined
def _momentum(w, g, velocity, second, c):
    """Equation (38)."""
    velocity = _without_subnormals(fused(spread_like(w, c[1]), velocity, g))
    return fused(spread_like(w, c[0]), velocity, w), velocity, second


@inlined
def _nesterov(w, g, velocity, second, c):
    """Equation (39)."""
    velocity = _without_subnormals(fused(spread_like(w, c[1]), velocity, g))
    return fused(spread_like(w, c[0]), fused(spread_like(w, c[1]), velocity, g), w), velocity, second


@inlined
def _classical_momentum(w, g, velocity, second, c):
    """Equation (51)."""
    velocity = _without_subnormals(fused(spread_like(w, c[1]), velocity, spread_like(w, c[0]) * g))
    return w + velocity, velocity, second


@inlined
def _classical_nesterov(w, g, velocity, second, c):
    """Equation (52)."""
    step = spread_like(w, c[0]) * g
    velocity = _without_subnormals(fused(spread_like(w, c[1]), velocity, step))
    return w + fused(spread_like(w, c[1]), velocity, step), velocity, second


@inlined
def _rmsprop(w, g, squares, second, c):
    """Equation (40)."""
    squares = _without_subnormals(fused(spread_like(w, c[1]), squares, spread_like(w, c[2]) * (g * g)))
    root = square_root(squares) + spread_like(w, c[3])
    return fused(spread_like(w, c[0]), g / root, w), squares, second


@inlined
def _adam(w, g, mean, squares, c):
    """Equation (41), and (42) where the weight has been let decay before."""
    mean = _without_subnormals(fused(spread_like(w, c[1]), mean, spread_like(w, c[2]) * g))
    squares = _without_subnormals(fused(spread_like(w, c[3]), squares, spread_like(w, c[4]) * (g * g)))
    root = fused(square_root(squares), spread_like(w, c[5]), spread_like(w, c[6]))
    return fused(spread_like(w, c[0]), mean / root, w), mean, squares


@inlined
def _sign(x):
    zero = constant(x, 0.0)
    return where_less(zero, x, constant(x, 1.0), where_less(x, zero, constant(x, -1.0), x))


@inlined
def _irprop_minus(w, g, step, before, c):
    """Equation (43)."""
    zero = constant(w, 0.0)
    step = where_at_most(step, zero, spread_like(w, c[0]), step)
    agreement = _sign(g) * _sign(before)
    largest, smallest = spread_like(w, c[4]), spread_like(w, c[3])
    grown = where_less(zero, agreement, spread_like(w, c[2]) * step, step)
    grown = where_less(largest, grown, largest, grown)
    shrunk = where_less(agreement, zero, spread_like(w, c[1]) * step, grown)
    step = where_less(shrunk, smallest, smallest, shrunk)
    g = where_less(agreement, zero, zero, g)
    return w - _sign(g) * step, step, g


def _over_column(rule):
    """Function over a column of packed weights, for a rule on vectors."""

    @part
    def over_column(M, layer, k, begin, stop, gradients, factor, decay, numbers):
        c = (
            M[numbers + 1],
            M[numbers + 2],
            M[numbers + 3],
            M[numbers + 4],
            M[numbers + 5],
            M[numbers + 6],
        )
        # Equation (56); a factor of 1 changes no bit.
        factor, decay = M.dtype.type(factor), M.dtype.type(1 - (1 - decay) * layer.decay_factor)
        rate, bias_rate = (
            M.dtype.type(M[numbers] * layer.rate_factor),
            M.dtype.type(M[numbers] * layer.bias_factor),
        )
        # The record is memory, too: what it says is read once, and not after every number that is written.
        inputs, masks, weights = layer.numbers - 1, layer.masks, layer.weights
        penalised = layer.penalised
        first_at, second_at = layer.first, layer.second
        at = k * layer.numbers_width + begin * lanes(M)
        for j in range(begin, stop):
            kept = decay if j < penalised else M.dtype.type(1)
            w, g = load(M, weights + at), load(M, gradients)
            first, second = load(M, first_at + at), load(M, second_at + at)
            g = g * spread_like(w, factor)
            first_of_c = rate if j < inputs else bias_rate
            new, first, second = rule(w * spread_like(w, kept), g, first, second, (first_of_c, *c))
            if masks != 0:
                new = where_less(load(M, masks + at), constant(w, 0.5), w, new)
            store(M, weights + at, new)
            if first_at != 0:
                store(M, first_at + at, first)
            if second_at != 0:
                store(M, second_at + at, second)
            at += lanes(M)
            gradients += lanes(M)

    return over_column


# By the code of a rule: new weights of some inputs and one vector of units, from gradients times a factor.
UPDATE = {
    DESCENT: update_routine("update_by_descent", _over_column(_descent)),
    MOMENTUM: update_routine("update_by_momentum", _over_column(_momentum)),
    NESTEROV: update_routine("update_by_nesterov", _over_column(_nesterov)),
    RMSPROP: update_routine("update_by_rmsprop", _over_column(_rmsprop)),
    ADAM: update_routine("update_by_adam", _over_column(_adam)),
    IRPROP_MINUS: update_routine("update_by_irprop_minus", _over_column(_irprop_minus)),
    CLASSICAL_MOMENTUM: update_routine("update_by_classical_momentum", _over_column(_classical_momentum)),
    CLASSICAL_NESTEROV: update_routine("update_by_classical_nesterov", _over_column(_classical_nesterov)),
}


@part
def write_step_numbers(M, places, rule, numbers, rate, power1, power2):
    """What is the same for all weights of a step, the first of them minus the rate of the step."""
    number, c = M.dtype.type, places.step_numbers
    a, b = numbers[A], numbers[B]
    M[c] = number(-rate)
    M[c + 1] = number(a)
    if rule == ADAM:
        M[c] = number(-rate / (1 - power1))
        M[c + 2] = number(1 - a)
        M[c + 3] = number(b)
        M[c + 4] = number(1 - b)
        M[c + 5] = number(1 / sqrt(1 - power2))
        M[c + 6] = number(numbers[C])
    elif rule == RMSPROP:
        M[c + 2] = number(1 - a)
        M[c + 3] = number(b)
    elif rule == IRPROP_MINUS:
        M[c] = number(rate)
        M[c + 2] = number(b)
        M[c + 3] = number(numbers[C])
        M[c + 4] = number(numbers[D])


@part
def _prepare_column(M, layer, k, begin, stop, gradients, scale, l1, l2):
    """From sums of deltas times activations to gradients of the objective, in place: equations (15), (36)."""
    scale, l1, l2 = M.dtype.type(scale), M.dtype.type(l1), M.dtype.type(l2)
    at = k * layer.numbers_width + begin * lanes(M)
    for j in range(begin, stop):
        of_squares = l2 if j < layer.penalised else M.dtype.type(0)
        of_sizes = l1 if j < layer.penalised else M.dtype.type(0)
        g = load(M, gradients)
        w = load(M, layer.weights + at)
        g = g * spread_like(g, scale)
        if l1 != 0 or l2 != 0:
            g = fused(spread_like(g, of_squares), w, fused(spread_like(g, of_sizes), _sign(w), g))
        if layer.masks != 0:
            g = g * load(M, layer.masks + at)
        store(M, gradients, g)
        at += lanes(M)
        gradients += lanes(M)


PREPARE = prepare_routine("prepare_gradients", _prepare_column)


@part
def square_length(M, layer, begin, stop):
    """Sum of the squares of the gradients of some inputs: one chain in each lane, then the lanes."""
    sums = constant(load(M, layer.gradients), 0.0)
    for j in range(begin, stop):
        for k in range(0, layer.lines_width, lanes(M)):
            g = load(M, layer.gradients + k * layer.numbers_width + j * lanes(M))
            sums = fused(g, g, sums)
    return total(sums)
