"""Compiled twins of the activations: g over whole vectors, forward and backward.

To add one: two functions of vectors and an entry in `FUNCTIONS`; its code stands on its class.
"""

from __future__ import annotations

from chainrule.compiled.language.elementary import (
    cosine,
    exponential,
    exponential_less_1_up_to_0,
    exponential_up_to_0,
    hyperbolic_tangent,
    logarithm,
    logistic,
    sine,
    softplus,
)
from chainrule.compiled.language.tiles import add_column, column_of_zeros, total_of_column, transpose_block
from chainrule.compiled.language.vectors import (
    constant,
    constant_of,
    first_lanes,
    fused,
    lanes,
    largest,
    load,
    magnitude,
    minus_magnitude,
    spread,
    store,
    store_lanes,
    total,
    where_at_most,
    where_less,
)
from chainrule.compiled.machine.compiling import inlined, part
from chainrule.compiled.twins.routines import rows_routine
from chainrule.equations import (
    GELU,
    SELU,
    Cos,
    Exp,
    Identity,
    LeakyReLU,
    Logistic,
    Mish,
    ReLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from chainrule.equations.activations.rectifiers import (
    GELU_CUBE,
    GELU_END,
    GELU_SCALE,
    SELU_ALPHA,
    SELU_SCALE,
)

__all__ = ["BACKWARD", "DROP", "FORWARD", "FUNCTIONS", "SEND", "activation", "delta_from", "flushed"]


LOGISTIC, TANH, RELU = Logistic.code, Tanh.code, ReLU.code

MOST_VECTORS = 8  # of a row of softmax, beyond which rows at once are no quicker than one by one

# The square roots of the smallest normal numbers.
TINY_FLOAT, TINY_DOUBLE = 2.0**-63, 2.0**-511


@inlined
def flushed(delta):
    """Compiled twin of flush_to_zero."""
    smallest = constant_of(delta, TINY_FLOAT, TINY_DOUBLE)
    return where_less(magnitude(delta), smallest, constant(delta, 0.0), delta)


@inlined
def _identity(z, _parameter):
    return z


@inlined
def _logistic(z, _parameter):
    return logistic(z)


@inlined
def _tanh(z, _parameter):
    return hyperbolic_tangent(z)


@inlined
def _relu(z, _parameter):
    zero = constant(z, 0.0)
    return where_less(z, zero, zero, z)


@inlined
def _leaky_relu(z, slope):
    return where_at_most(z, constant(z, 0.0), constant(z, slope) * z, z)


@inlined
def _softplus(z, _parameter):
    return softplus(z)


@inlined
def _exp(z, _parameter):
    return exponential(z)


@inlined
def _softsign(z, _parameter):
    return z / (constant(z, 1.0) + magnitude(z))


@inlined
def _near(z):
    """Net inputs no further from 0 than the tanh form of gelu is told apart from its ends."""
    end = constant(z, GELU_END)
    near = where_less(end, z, end, z)
    return where_less(near, constant(z, -GELU_END), constant(z, -GELU_END), near)


@inlined
def _tanh_of_gelu(near):
    cube = near * near * near
    return hyperbolic_tangent(constant(near, GELU_SCALE) * fused(constant(near, GELU_CUBE), cube, near))


@inlined
def _gelu(z, _parameter):
    return z * constant(z, 0.5) * (constant(z, 1.0) + _tanh_of_gelu(_near(z)))


@inlined
def _selu(z, _parameter):
    zero = constant(z, 0.0)
    curved = constant(z, SELU_ALPHA) * exponential_less_1_up_to_0(where_less(zero, z, zero, z))
    return constant(z, SELU_SCALE) * where_less(zero, z, z, curved)


@inlined
def _tanh_of_mish(z):
    """The tanh of softplus as a fraction, its denominator, and e^-|z|, of which both are made.

    With e in the place of e^z it is e(e + 2) / (e(e + 2) + 2); above 0, where that would overflow, both are
    divided by the square of e^z.
    """
    zero, one, two = constant(z, 0.0), constant(z, 1.0), constant(z, 2.0)
    e = exponential_up_to_0(minus_magnitude(z))
    numerator = where_less(z, zero, fused(e, e, e + e), fused(two, e, one))
    denominator = where_less(z, zero, numerator + two, fused(e + e, e, numerator))
    return numerator / denominator, denominator, e


@inlined
def _mish(z, _parameter):
    t, _, _ = _tanh_of_mish(z)
    return z * t


@inlined
def _cos(z, _parameter):
    return cosine(z)


@inlined
def _back_identity(_z, _a, upstream, _parameter):
    return flushed(upstream)


@inlined
def _back_logistic(_z, a, upstream, _parameter):
    return flushed((constant(a, 1.0) - a) * a * upstream)


@inlined
def _back_tanh(_z, a, upstream, _parameter):
    return flushed((constant(a, 1.0) - a * a) * upstream)


@inlined
def _back_relu(z, _a, upstream, _parameter):
    zero = constant(z, 0.0)
    return flushed(where_at_most(z, zero, zero, upstream))


@inlined
def _back_leaky_relu(z, _a, upstream, slope):
    return flushed(where_at_most(z, constant(z, 0.0), constant(z, slope) * upstream, upstream))


@inlined
def _back_softplus(z, _a, upstream, _parameter):
    return flushed(logistic(z) * upstream)


@inlined
def _back_exp(_z, a, upstream, _parameter):
    return flushed(a * upstream)


@inlined
def _back_softsign(z, _a, upstream, _parameter):
    size = constant(z, 1.0) + magnitude(z)
    return flushed(upstream / size / size)


@inlined
def _back_gelu(z, _a, upstream, _parameter):
    near, one, half = _near(z), constant(z, 1.0), constant(z, 0.5)
    t = _tanh_of_gelu(near)
    slope_of_argument = constant(z, GELU_SCALE) * fused(constant(z, 3 * GELU_CUBE), near * near, one)
    return flushed(fused(near * half * (one - t * t), slope_of_argument, (one + t) * half) * upstream)


@inlined
def _back_selu(z, _a, upstream, _parameter):
    zero = constant(z, 0.0)
    curved = constant(z, SELU_ALPHA) * exponential_up_to_0(where_less(zero, z, zero, z)) * upstream
    return flushed(constant(z, SELU_SCALE) * where_less(zero, z, upstream, curved))


@inlined
def _back_mish(z, _a, upstream, _parameter):
    """Signal times t + z (1 - t²) / (1 + e^-z), the last two factors as one fraction."""
    t, denominator, e = _tanh_of_mish(z)
    shrunk = e / denominator
    shrunk = shrunk * where_less(z, constant(z, 0.0), constant(z, 1.0), e) / denominator
    four = constant(z, 4.0)
    return flushed(fused(z * four, shrunk * (constant(z, 1.0) + e), t) * upstream)


@inlined
def _back_cos(z, _a, upstream, _parameter):
    return flushed(constant(z, 0.0) - sine(z) * upstream)


@inlined
def activation(code, z):
    """Compiled twin of Activation.forward on one vector, for the kernels of narrow networks."""
    if code == LOGISTIC:
        return logistic(z)
    if code == TANH:
        return hyperbolic_tangent(z)
    if code == RELU:
        return _relu(z, 0.0)
    return z


@inlined
def delta_from(code, z, a, upstream):
    """Compiled twin of Activation.backward on one vector, then flushed, for the same kernels."""
    if code == LOGISTIC:
        return _back_logistic(z, a, upstream, 0.0)
    if code == TANH:
        return _back_tanh(z, a, upstream, 0.0)
    if code == RELU:
        return _back_relu(z, a, upstream, 0.0)
    return _back_identity(z, a, upstream, 0.0)


def _forward(function):
    """Function over rows of a layer: a = g(z) of the units; the bias unit after them stays 1."""

    @part
    def over_rows(M, layer, row, stop):
        last, parameter = layer.width - lanes(M), layer.parameter
        while row < stop:
            z = layer.net_inputs + row * layer.width
            a = layer.outputs + row * layer.outputs_width
            for k in range(0, last, lanes(M)):
                store(M, a + k, function(load(M, z + k), parameter))
            value = function(load(M, z + last), parameter)
            one, zero = constant(value, 1.0), constant(value, 0.0)
            units = layer.units - last
            store(M, a + last, first_lanes(units, value, first_lanes(units + 1, one, zero)))
            row += 1

    return over_rows


def _backward(function):
    """Function over rows of a layer: delta = g'(z) * upstream, in place; 0 beyond the units."""

    @part
    def over_rows(M, layer, row, stop):
        last, parameter = layer.width - lanes(M), layer.parameter
        while row < stop:
            z = layer.net_inputs + row * layer.width
            a = layer.outputs + row * layer.outputs_width
            delta = layer.deltas + row * layer.width
            for k in range(0, last, lanes(M)):
                value = function(load(M, z + k), load(M, a + k), load(M, delta + k), parameter)
                store(M, delta + k, value)
            value = function(load(M, z + last), load(M, a + last), load(M, delta + last), parameter)
            store(M, delta + last, first_lanes(layer.units - last, value, constant(value, 0.0)))
            row += 1

    return over_rows


@inlined
def _lowest(like):
    """Below every net input that softmax takes for the largest of a row."""
    return constant_of(like, -3.0e38, -1.0e308)


@inlined
def _is_fused(layer):
    """Whether a loss starts with the deltas of this layer, so that nothing is passed back through it."""
    return layer.deltas != 0 and layer.backward == 0


@part
def _softmax_of_row(M, layer, row):
    """Compiled twin of Softmax.forward, equation (24): what is added up is one vector, and then its lanes.

    Where the loss is fused, the row's deltas begin with the logarithm of the sum of all e^z, which it needs.
    """
    z, a = layer.net_inputs + row * layer.width, layer.outputs + row * layer.outputs_width
    lowest = _lowest(load(M, z))
    top = lowest
    for k in range(0, layer.width, lanes(M)):
        value = first_lanes(layer.units - k, load(M, z + k), lowest)
        top = where_less(top, value, value, top)
    most = spread(largest(top))
    sums = constant(top, 0.0)
    for k in range(0, layer.width, lanes(M)):
        value = exponential_up_to_0(load(M, z + k) - most)
        value = first_lanes(layer.units - k, value, constant(value, 0.0))
        sums = sums + value
        store(M, a + k, value)
    sum_ = spread(total(sums))
    for k in range(0, layer.width, lanes(M)):
        store(M, a + k, load(M, a + k) / sum_)
    M[a + layer.units] = 1  # the bias unit
    if _is_fused(layer):
        store(M, layer.deltas + row * layer.width, logarithm(sum_) + most)


@part
def _softmax_of_rows(M, layer, row):
    """The same bits for as many rows as a vector has lanes: these run over the rows, in transposed blocks."""
    width = layer.outputs_width
    z, a = layer.net_inputs + row * layer.width, layer.outputs + row * width
    top = _lowest(load(M, z))
    for k in range(0, layer.width, lanes(M)):
        transpose_block(M, z + k, layer.width, a + k, width)
        for i in range(min(lanes(M), layer.units - k)):
            value = load(M, a + k + i * width)
            top = where_less(top, value, value, top)
    sums = column_of_zeros(M)
    for k in range(0, layer.width, lanes(M)):
        for i in range(lanes(M)):
            at = a + k + i * width
            is_real = k + i < layer.units
            store(M, at, exponential_up_to_0(load(M, at) - top) if is_real else constant(top, 0.0))
        sums = add_column(sums, M, a + k, width)
    sum_ = total_of_column(sums)
    for k in range(0, layer.width, lanes(M)):
        real = layer.units - k
        for i in range(min(lanes(M), real)):
            at = a + k + i * width
            store(M, at, load(M, at) / sum_)
        if real < lanes(M):
            store(M, a + k + real * width, constant(top, 1.0))  # the bias unit
        transpose_block(M, a + k, width, a + k, width)
    if _is_fused(layer):
        store_lanes(M, layer.deltas + row * layer.width, layer.width, logarithm(sum_) + top)


@part
def _forward_softmax(M, layer, row, stop):
    """Rows at once where there are enough; the last ones overlap with those before, which changes nothing."""
    if layer.width <= MOST_VECTORS * lanes(M) and stop - row >= lanes(M):
        while row < stop:
            row = min(row, stop - lanes(M))
            _softmax_of_rows(M, layer, row)
            row += lanes(M)
    while row < stop:
        _softmax_of_row(M, layer, row)
        row += 1


@part
def _backward_softmax(M, layer, row, stop):
    """Compiled twin of Softmax.backward, equation (25), then flushed."""
    while row < stop:
        a, delta = layer.outputs + row * layer.outputs_width, layer.deltas + row * layer.width
        sums = constant(load(M, delta), 0.0)
        for k in range(0, layer.width, lanes(M)):
            product = load(M, a + k) * load(M, delta + k)
            sums = sums + first_lanes(layer.units - k, product, constant(product, 0.0))
        shift = spread(total(sums))
        for k in range(0, layer.width, lanes(M)):
            value = flushed(load(M, a + k) * (load(M, delta + k) - shift))
            store(M, delta + k, first_lanes(layer.units - k, value, constant(value, 0.0)))
        row += 1


FUNCTIONS = {
    Identity: (_identity, _back_identity),
    Logistic: (_logistic, _back_logistic),
    Tanh: (_tanh, _back_tanh),
    ReLU: (_relu, _back_relu),
    LeakyReLU: (_leaky_relu, _back_leaky_relu),
    Softplus: (_softplus, _back_softplus),
    Exp: (_exp, _back_exp),
    Softsign: (_softsign, _back_softsign),
    GELU: (_gelu, _back_gelu),
    SELU: (_selu, _back_selu),
    Mish: (_mish, _back_mish),
    Cos: (_cos, _back_cos),
}
# By the code of an activation: from net inputs to outputs of a layer, and from what arrives at its outputs to
# its deltas, in place; both for some rows.
FORWARD = {g.code: rows_routine(f"forward_{g.name}", _forward(twin)) for g, (twin, _) in FUNCTIONS.items()}
BACKWARD = {g.code: rows_routine(f"backward_{g.name}", _backward(twin)) for g, (_, twin) in FUNCTIONS.items()}
FORWARD[Softmax.code] = rows_routine("forward_softmax", _forward_softmax)
BACKWARD[Softmax.code] = rows_routine("backward_softmax", _backward_softmax)


@part
def _send(M, layer, row, stop):
    """Equation (37): what is left of the outputs of some rows, where units drop out."""
    for k in range(row * layer.outputs_width, stop * layer.outputs_width, lanes(M)):
        store(M, layer.sent + k, load(M, layer.outputs + k) * load(M, layer.kept + k))


@part
def _drop(M, layer, row, stop):
    """The same of what arrives at them on the way back."""
    for r in range(row, stop):
        delta, kept = layer.deltas + r * layer.width, layer.kept + r * layer.outputs_width
        for k in range(0, layer.width, lanes(M)):
            store(M, delta + k, load(M, delta + k) * load(M, kept + k))


SEND, DROP = rows_routine("send_kept", _send), rows_routine("drop_on_the_way_back", _drop)
