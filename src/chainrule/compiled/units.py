"""Compiled twins of the activations: g over whole vectors, forward and backward.

To add one: two functions of vectors and a code here, the code in `codes`, and a branch in `activation`,
`delta_from` and the two choosing functions. The choice is made once for a layer, outside the loops over its
vectors.
"""

from __future__ import annotations

from chainrule.compiled.codes import LOGISTIC, TANH
from chainrule.compiled.compiling import inlined, part
from chainrule.compiled.elementary import hyperbolic_tangent, logistic
from chainrule.compiled.vectors import (
    constant,
    constant_of,
    first_lanes,
    lanes,
    load,
    magnitude,
    store,
    where_less,
)

__all__ = ["activate", "activation", "delta_from", "pass_back"]


# The square roots of the smallest normal numbers.
TINY_FLOAT, TINY_DOUBLE = 2.0**-63, 2.0**-511


@inlined
def _identity(z):
    return z


@inlined
def _flushed(delta):
    """Compiled twin of flush_to_zero."""
    smallest = constant_of(delta, TINY_FLOAT, TINY_DOUBLE)
    return where_less(magnitude(delta), smallest, constant(delta, 0.0), delta)


@inlined
def _back_identity(_z, _a, upstream):
    return _flushed(upstream)


@inlined
def _back_logistic(_z, a, upstream):
    return _flushed((constant(a, 1.0) - a) * a * upstream)


@inlined
def _back_tanh(_z, a, upstream):
    return _flushed((constant(a, 1.0) - a * a) * upstream)


@inlined
def activation(code, z):
    """Compiled twin of Activation.forward on one vector, equations (3), (11), (13)."""
    if code == LOGISTIC:
        return logistic(z)
    if code == TANH:
        return hyperbolic_tangent(z)
    return z


@inlined
def delta_from(code, z, a, upstream):
    """Compiled twin of Activation.backward on one vector, equations (5), (12), (13), then flushed."""
    if code == LOGISTIC:
        return _back_logistic(z, a, upstream)
    if code == TANH:
        return _back_tanh(z, a, upstream)
    return _back_identity(z, a, upstream)


def _forward(function):
    """Function over rows of a layer: a = g(z) of the units; the bias unit after them stays 1."""

    @part
    def over_rows(M, layer, row, stop):
        last = layer.width - lanes(M)
        while row < stop:
            z = layer.net_inputs + row * layer.width
            a = layer.outputs + row * layer.outputs_width
            for k in range(0, last, lanes(M)):
                store(M, a + k, function(load(M, z + k)))
            value = function(load(M, z + last))
            one, zero = constant(value, 1.0), constant(value, 0.0)
            units = layer.units - last
            store(M, a + last, first_lanes(units, value, first_lanes(units + 1, one, zero)))
            row += 1

    return over_rows


def _backward(function):
    """Function over rows of a layer: delta = g'(z) * upstream, in place; 0 beyond the units."""

    @part
    def over_rows(M, layer, row, stop):
        last = layer.width - lanes(M)
        while row < stop:
            z = layer.net_inputs + row * layer.width
            a = layer.outputs + row * layer.outputs_width
            delta = layer.deltas + row * layer.width
            for k in range(0, last, lanes(M)):
                store(M, delta + k, function(load(M, z + k), load(M, a + k), load(M, delta + k)))
            value = function(load(M, z + last), load(M, a + last), load(M, delta + last))
            store(M, delta + last, first_lanes(layer.units - last, value, constant(value, 0.0)))
            row += 1

    return over_rows


_forward_identity, _forward_logistic, _forward_tanh = (
    _forward(function) for function in (_identity, logistic, hyperbolic_tangent)
)
_backward_identity, _backward_logistic, _backward_tanh = (
    _backward(function) for function in (_back_identity, _back_logistic, _back_tanh)
)


@part
def activate(M, layer, row, stop):
    """From net inputs to outputs of a layer, for the rows from `row` up to `stop`."""
    if layer.activation == LOGISTIC:
        _forward_logistic(M, layer, row, stop)
    elif layer.activation == TANH:
        _forward_tanh(M, layer, row, stop)
    else:
        _forward_identity(M, layer, row, stop)


@part
def pass_back(M, layer, row, stop):
    """From what arrives at the outputs of a layer to its deltas, in place, for these rows."""
    if layer.activation == LOGISTIC:
        _backward_logistic(M, layer, row, stop)
    elif layer.activation == TANH:
        _backward_tanh(M, layer, row, stop)
    else:
        _backward_identity(M, layer, row, stop)
