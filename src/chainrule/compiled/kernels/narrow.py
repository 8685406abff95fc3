"""Online training of narrow networks: no layer after the inputs has more units than one vector has lanes.

A layer's net inputs, outputs and deltas then are one register each, and a tenth of a microsecond is saved
on a sample of a network as small as 2-3-1. A sample's weight multiplies the rate of its step, and not the
deltas: every number waits for them, and nothing for the rate.
"""

from __future__ import annotations

from chainrule.compiled.language.tiles import column_from, totals_of_rows
from chainrule.compiled.language.vectors import (
    constant,
    first_lanes,
    fused,
    load_lanes,
    spread_like,
    store,
    total,
    where_number,
)
from chainrule.compiled.machine.compiling import TRAINING, kernel, part
from chainrule.compiled.machine.team import restore_environment, standard_environment
from chainrule.compiled.twins.units import activation, delta_from

__all__ = ["WIDTHS", "train_narrow"]

WIDTHS = (4, 8, 16)  # lanes


def _kernel(width):
    """The kernel for layers of up to `width` units."""

    @part(forceinline=True)
    def weighted_sum(M, layer, like):
        """Equation (2)."""
        row = layer.weights
        z = constant(like, 0.0)
        for j in range(layer.inputs + 1):
            z = fused(spread_like(z, M[layer.before + j]), load_lanes(M, row, width), z)
            row += width
        return z

    def train_narrow(
        M, layers, places, X, Y, W, order, first, stop, batch_size, rate, loss, kept, numbers, team, me, n
    ):
        environment = standard_environment()
        rate = M.dtype.type(rate)
        bottom, top = layers[0], layers[len(layers) - 1]
        some = load_lanes(M, places.parts, width)
        zero, one = constant(some, 0.0), constant(some, 1.0)
        for j in range(bottom.inputs):
            M[bottom.before + j] = X[order[first] * bottom.inputs + j]
        z = weighted_sum(M, bottom, zero)
        for s in range(first, stop):
            # Forward.
            a = activation(bottom.activation, z)
            for m in range(1, len(layers)):
                layer, before = layers[m], layers[m - 1]
                store(M, before.net_inputs, z)
                store(M, layer.before, first_lanes(layer.inputs, a, one))
                z = weighted_sum(M, layer, zero)
                a = activation(layer.activation, z)
            # Equations (4) and (7).
            begin = order[s] * top.units
            if begin + width <= len(Y):
                y = load_lanes(Y, begin, width)
            else:
                for k in range(top.units):
                    M[places.targets + k] = Y[begin + k]
                y = load_lanes(M, places.targets, width)
            residual = first_lanes(top.units, where_number(y, y - a, zero), zero)
            weight = W[order[s]]
            loss += weight * (total(residual * residual) / 2)
            step_rate = rate * weight
            delta = delta_from(top.activation, z, a, residual)
            # Backward, equations (9) and (8).
            for m in range(len(layers) - 1, 0, -1):
                layer, before = layers[m], layers[m - 1]
                row, part = layer.weights, places.parts
                for j in range(layer.inputs + 1):
                    weights = load_lanes(M, row, width)
                    store(M, part, weights * delta)
                    step = spread_like(zero, step_rate * M[layer.before + j])
                    store(M, row, fused(step, delta, weights))
                    row += width
                    part += width
                upstream = totals_of_rows(column_from(M, places.parts, width))
                z_before = load_lanes(M, before.net_inputs, width)
                a_before = load_lanes(M, layer.before, width)
                delta = delta_from(before.activation, z_before, a_before, upstream)
                delta = first_lanes(before.units, delta, zero)
            # The first layer's update, and its net inputs for the next sample.
            this, next_ = order[s] * bottom.inputs, order[min(s + 1, stop - 1)] * bottom.inputs
            row = bottom.weights
            z = zero
            for j in range(bottom.inputs):
                step = spread_like(zero, step_rate * X[this + j])
                weights = fused(step, delta, load_lanes(M, row, width))
                store(M, row, weights)
                z = fused(spread_like(z, X[next_ + j]), weights, z)
                row += width
            bias = fused(spread_like(zero, step_rate), delta, load_lanes(M, row, width))
            store(M, row, bias)
            z = z + bias
        restore_environment(environment)
        return loss

    train_narrow.__name__ = f"train_narrow_{width}"
    compiled = kernel(*TRAINING)
    return compiled(train_narrow)


train_narrow = {width: _kernel(width) for width in WIDTHS}
