"""Mini-batch training of narrow networks, with lanes over samples: over units, most lanes would be empty.

A sample of a batch belongs to the lane of its number modulo the lanes. A weight's gradient is a chain in each
lane, and then the total of the lanes, the upper half added to the lower until one is left.
"""

from __future__ import annotations

from chainrule.compiled.kernels.halves import BLOCK_ROWS, block_at
from chainrule.compiled.language.vectors import (
    constant,
    first_lanes,
    fused,
    lanes,
    load,
    spread,
    store,
    total,
    where_number,
)
from chainrule.compiled.machine.compiling import TRAINING, kernel, part
from chainrule.compiled.machine.team import restore_environment, standard_environment
from chainrule.compiled.twins.rules import SUMS_OF_LOSSES
from chainrule.compiled.twins.units import activation, delta_from

__all__ = ["MOST_INPUTS", "MOST_UNITS", "train_narrow_minibatches"]

# Beyond these, the general kernel is as fast.
MOST_INPUTS, MOST_UNITS = 16, 8


@part
def _forward(M, layers):
    """Equations (2) and (3) for one vector of samples."""
    for m in range(len(layers)):
        layer = layers[m]
        for k in range(layer.units):
            weight, a = layer.weights + k, layer.before
            z = constant(load(M, a), 0.0)
            for _ in range(layer.inputs):
                z = fused(load(M, a), spread(M[weight]), z)
                weight += layer.width
                a += lanes(M)
            z = z + spread(M[weight])
            store(M, layer.net_inputs + k * lanes(M), z)
            store(M, layer.outputs + k * lanes(M), activation(layer.activation, z))


@part
def _start_deltas(M, layer, places, rows):
    """Equations (4) and (7); lanes beyond the samples have deltas of 0."""
    weights = load(M, places.sample_weights)
    zero = constant(weights, 0.0)
    losses = zero
    for k in range(layer.units):
        at = k * lanes(M)
        z, a, y = load(M, layer.net_inputs + at), load(M, layer.outputs + at), load(M, places.targets + at)
        residual = first_lanes(rows, where_number(y, y - a, zero), zero)
        losses = fused(residual, residual, losses)
        store(M, layer.deltas + at, delta_from(layer.activation, z, a, residual * weights))
    store(M, places.losses, losses * weights)


@part
def _add_gradients(M, layer):
    """Equation (15), still apart for each lane, and without its sign and mean."""
    place = layer.gradients
    for j in range(layer.inputs + 1):
        a = load(M, layer.before + j * lanes(M)) if j < layer.inputs else spread(M.dtype.type(1))
        for k in range(layer.units):
            store(M, place, fused(load(M, layer.deltas + k * lanes(M)), a, load(M, place)))
            place += lanes(M)


@part
def _pass_back(M, layer, before):
    """Equation (9)."""
    for j in range(layer.inputs):
        weight, delta, at = layer.weights + j * layer.width, layer.deltas, j * lanes(M)
        upstream = constant(load(M, delta), 0.0)
        for _ in range(layer.units):
            upstream = fused(load(M, delta), spread(M[weight]), upstream)
            weight += 1
            delta += lanes(M)
        z, a = load(M, before.net_inputs + at), load(M, before.outputs + at)
        store(M, before.deltas + at, delta_from(before.activation, z, a, upstream))


@part
def _sum_up(M, layers, sums, is_added):
    """Gradients of a block, stored or added to others; those in the lanes are 0 again for the next block."""
    for m in range(len(layers)):
        place = layers[m].gradients
        for _ in range((layers[m].inputs + 1) * layers[m].units):
            gradient = load(M, place)
            M[sums] = M[sums] + total(gradient) if is_added else total(gradient)
            store(M, place, constant(gradient, 0.0))
            place += lanes(M)
            sums += 1


@part
def _descend(M, layers, sums, step):
    """Equation (8)."""
    for m in range(len(layers)):
        layer = layers[m]
        for j in range(layer.inputs + 1):
            weight = layer.weights + j * layer.width
            for _ in range(layer.units):
                M[weight] += step * M[sums]
                weight += 1
                sums += 1


@part
def _take_samples(M, layers, places, X, Y, W, order, begin, rows):
    """Copy the samples ``order[begin : begin + rows]``, one to each lane."""
    bottom, top = layers[0], layers[len(layers) - 1]
    for r in range(rows):
        x, y = order[begin + r] * bottom.inputs, order[begin + r] * top.units
        for j in range(bottom.inputs):
            M[bottom.before + j * lanes(M) + r] = X[x + j]
        for k in range(top.units):
            M[places.targets + k * lanes(M) + r] = Y[y + k]
        M[places.sample_weights + r] = W[order[begin + r]]


@part
def _pass_block(M, layers, places, X, Y, W, order, begin, stop, loss):
    """Forward and backward for a block, a vector of samples at a time; `loss` plus their losses."""
    for row in range(begin, stop, lanes(M)):
        rows = min(lanes(M), stop - row)
        _take_samples(M, layers, places, X, Y, W, order, row, rows)
        _forward(M, layers)
        _start_deltas(M, layers[len(layers) - 1], places, rows)
        for r in range(rows):
            loss += M[places.losses + r] / 2
        for m in range(len(layers) - 1, -1, -1):
            _add_gradients(M, layers[m])
            if m > 0:
                _pass_back(M, layers[m], layers[m - 1])
    return loss


@kernel(*TRAINING)
def train_narrow_minibatches(
    M, layers, places, X, Y, W, order, first, stop, batch_size, rate, loss, kept, numbers, team, me, threads
):
    """One update after each batch of ``order[first:stop]``; gives `loss` plus the losses before it.

    A batch of more than 512 rows is divided into blocks, whose sums are added as `kernels/halves.py` says.
    """
    environment = standard_environment()
    for batch in range(first, stop, batch_size):
        end = min(batch + batch_size, stop)
        is_one_block = end - batch <= BLOCK_ROWS  # then its losses go on in the chain
        begin, sums = batch, places.sums - places.n_weights
        of_losses = SUMS_OF_LOSSES - 1
        while begin < end:
            block_end, complete = block_at(begin, batch, end)
            before = loss if is_one_block else 0.0
            of_block = _pass_block(M, layers, places, X, Y, W, order, begin, block_end, before)
            if complete == 0:
                sums += places.n_weights
                of_losses += 1
            _sum_up(M, layers, sums, complete > 0)
            numbers[of_losses] = numbers[of_losses] + of_block if complete > 0 else of_block
            for _ in range(complete - 1):
                sums -= places.n_weights
                of_losses -= 1
                for i in range(places.n_weights):
                    M[sums + i] += M[sums + places.n_weights + i]
                numbers[of_losses] += numbers[of_losses + 1]
            begin = block_end
        loss = numbers[of_losses] if is_one_block else loss + numbers[of_losses]
        _descend(M, layers, sums, M.dtype.type(rate / (end - batch)))
    restore_environment(environment)
    return loss
