"""Compiled twins of the losses: what a sample costs, and the deltas that the backward pass starts with.

To add one: two functions of vectors and an entry in `_FUNCTIONS`; its code stands on its class. One that is
fused with an activation has an entry in `_FUSED`, too, or there alone where it takes no other.
"""

from __future__ import annotations

from chainrule.compiled.language.elementary import logarithm, softplus
from chainrule.compiled.language.vectors import (
    constant,
    constant_of,
    first_lanes,
    lanes,
    load,
    spread,
    store,
    total,
    where_less,
    where_number,
)
from chainrule.compiled.machine.compiling import inlined, part
from chainrule.compiled.twins.routines import call_rows, start_routine
from chainrule.compiled.twins.units import flushed
from chainrule.equations import (
    RSS,
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    Quantile,
)

__all__ = ["FUSED_START", "START"]

SMALLEST_FLOAT, SMALLEST_DOUBLE = 2.0**-100, 2.0**-996  # 2^26 of the smallest normal numbers


@inlined
def _sign_times(residual, above, below):
    """`above` or `below` by the sign of the residual; 0 where that is 0, NaN where it is NaN."""
    zero = constant(residual, 0.0)
    value = where_less(zero, residual, above, where_less(residual, zero, below, zero))
    return where_number(residual, value, residual)


@inlined
def _slope_of_squares(_a, residual, _y, _parameter):
    return residual


@inlined
def _value_of_squares(_a, residual, _y, _slope):
    return residual * residual * constant(residual, 0.5)


@inlined
def _slope_of_absolute(_a, residual, _y, _parameter):
    return _sign_times(residual, constant(residual, 1.0), constant(residual, -1.0))


@inlined
def _residual_times_slope(_a, residual, _y, slope):
    return residual * slope


@inlined
def _slope_of_huber(_a, residual, _y, limit):
    most = constant(residual, limit)
    near = where_less(most, residual, most, residual)
    return where_less(near, constant(residual, -limit), constant(residual, -limit), near)


@inlined
def _value_of_huber(_a, residual, _y, near):
    return near * (residual + residual - near) * constant(residual, 0.5)


@inlined
def _slope_of_quantile(_a, residual, _y, share):
    return _sign_times(residual, constant(residual, share), constant(residual, share - 1))


@inlined
def _above_zero(a):
    smallest = constant_of(a, SMALLEST_FLOAT, SMALLEST_DOUBLE)
    return where_less(a, smallest, smallest, a)


@inlined
def _slope_of_poisson(a, _residual, y, _parameter):
    return y / _above_zero(a) - constant(a, 1.0)


@inlined
def _value_of_poisson(a, _residual, y, _slope):
    return a - y * logarithm(_above_zero(a))


def _over_outputs(slope, value):
    """Function of a row: slopes of the loss times the sample's weight, and the row's loss."""

    @part
    def of_row(M, layer, places, row):
        y = places.targets + row * layer.width
        a = layer.outputs + row * layer.outputs_width
        delta = layer.deltas + row * layer.width
        weight, parameter = M[places.sample_weights + row], places.loss_parameter
        zero = constant(load(M, y), 0.0)
        losses = zero
        for k in range(0, layer.width, lanes(M)):
            real = layer.units - k
            target, output = load(M, y + k), load(M, a + k)
            residual = target - output
            slopes = slope(output, residual, target, parameter)
            values = value(output, residual, target, slopes)
            losses = losses + first_lanes(real, where_number(target, values, zero), zero)
            slopes = first_lanes(real, where_number(target, slopes, zero), zero)
            store(M, delta + k, slopes * spread(weight))
        return total(losses) * weight

    return of_row


_squares = _over_outputs(_slope_of_squares, _value_of_squares)
_absolute = _over_outputs(_slope_of_absolute, _residual_times_slope)
_huber = _over_outputs(_slope_of_huber, _value_of_huber)
_quantile = _over_outputs(_slope_of_quantile, _residual_times_slope)
_poisson = _over_outputs(_slope_of_poisson, _value_of_poisson)


@part
def _softmax_entropy(M, layer, places, row):
    """Compiled twin of cross-entropy with softmax, equation (31)."""
    z, y = layer.net_inputs + row * layer.width, places.targets + row * layer.width
    a, delta = layer.outputs + row * layer.outputs_width, layer.deltas + row * layer.width
    weight = M[places.sample_weights + row]
    log_of_sum = spread(M[delta])  # where the forward pass left it
    zero = constant(load(M, y), 0.0)
    losses = zero
    for k in range(0, layer.width, lanes(M)):
        real, target = layer.units - k, load(M, y + k)
        value = target * (log_of_sum - load(M, z + k))
        losses = losses + first_lanes(real, where_number(target, value, zero), zero)
        residual = where_number(target, target - load(M, a + k), zero)
        store(M, delta + k, first_lanes(real, flushed(residual * spread(weight)), zero))
    return total(losses) * weight


@inlined
def _value_of_logistic_entropy(z, _a, y):
    return softplus(z) - y * z


@inlined
def _value_of_exponential_poisson(z, a, y):
    return a - y * z


def _over_residuals(value):
    """Function of a row: deltas that are the residuals, and the row's loss, from the net inputs."""

    @part
    def of_row(M, layer, places, row):
        z, y = layer.net_inputs + row * layer.width, places.targets + row * layer.width
        a, delta = layer.outputs + row * layer.outputs_width, layer.deltas + row * layer.width
        weight = M[places.sample_weights + row]
        zero = constant(load(M, y), 0.0)
        losses = zero
        for k in range(0, layer.width, lanes(M)):
            real, target, output = layer.units - k, load(M, y + k), load(M, a + k)
            values = value(load(M, z + k), output, target)
            losses = losses + first_lanes(real, where_number(target, values, zero), zero)
            residual = where_number(target, target - output, zero)
            store(M, delta + k, first_lanes(real, flushed(residual * spread(weight)), zero))
        return total(losses) * weight

    return of_row


_logistic_entropy = _over_residuals(_value_of_logistic_entropy)  # equation (33)
_exponential_poisson = _over_residuals(_value_of_exponential_poisson)  # equation (50)


def _over_rows(of_row, is_fused):
    """Function over rows: deltas and losses; where it is not fused, through the output activation."""

    @part
    def over_rows(M, layer, places, row, stop):
        for r in range(row, stop):
            M[places.losses + r] = of_row(M, layer, places, r)
        if not is_fused:
            call_rows(layer.backward, M, layer, row, stop)

    return over_rows


_FUNCTIONS = {
    RSS: _squares,
    Absolute: _absolute,
    Huber: _huber,
    Quantile: _quantile,
    Poisson: _poisson,
}
_FUSED = {
    CrossEntropy: _softmax_entropy,
    BinaryCrossEntropy: _logistic_entropy,
    Poisson: _exponential_poisson,
}
# The deltas of some rows of outputs, and their losses: by the code of a loss, and by those of a loss and the
# output activation that it is fused with.
START = {
    loss.code: start_routine(f"start_{loss.name}", _over_rows(of_row, is_fused=False))
    for loss, of_row in _FUNCTIONS.items()
}
FUSED_START = {
    (loss.code, loss.fused_with.code): start_routine(
        f"start_{loss.name}_of_{loss.fused_with.name}", _over_rows(of_row, is_fused=True)
    )
    for loss, of_row in _FUSED.items()
}
