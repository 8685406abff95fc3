"""Online training: one update after every sample, fused into the backward pass.

In a layer above the first each weight is read once forward, and read and written once backward. In the first
layer, which is often the widest, one sample's update and the next sample's forward pass go together,
so that its weights are read and written only once a sample.

The order of every sum is fixed by the sizes of the layer alone.
"""

from __future__ import annotations

from chainrule.compiled.kernels.samples import copy_numbers
from chainrule.compiled.language.tiles import (
    add_outer_product,
    add_products_and_descend,
    add_scaled_rows,
    column_of_zeros,
    square_from,
    store_tile,
    sum_of_rows,
    tile_from,
    totals_of_rows,
    zeros,
)
from chainrule.compiled.language.vectors import fused, lanes, load, spread, store
from chainrule.compiled.machine.compiling import TRAINING, kernel, part
from chainrule.compiled.machine.target import FEW_ROWS, HAS_LONG_VECTORS, STREAMS
from chainrule.compiled.machine.team import restore_environment, standard_environment
from chainrule.compiled.twins.routines import call_rows, call_start

__all__ = ["train_online"]


def _net_inputs(chains, columns):
    """Function for `columns` vectors of net inputs, each a sum of several chains, which overlap."""

    @part
    def some_net_inputs(M, layer, k):
        sums = zeros(M, chains, columns)
        to_column = layer.before_width * lanes(M)
        row = layer.weights + k * layer.before_width
        for j in range(0, layer.inputs + 1, chains):
            weights = tile_from(M, row, lanes(M), to_column, chains, columns)
            sums = add_scaled_rows(sums, M, layer.before + j, weights)
            row += chains * lanes(M)
        store_tile(M, layer.net_inputs + k, 0, lanes(M), sum_of_rows(sums))

    return some_net_inputs


_four_vectors, _two_vectors, _one_vector = _net_inputs(1, 4), _net_inputs(2, 2), _net_inputs(4, 1)


@part
def _forward_layer(M, layer):
    """Compiled twin of net_input, equation (2), and of the activation."""
    k = 0
    while k + 4 * lanes(M) <= layer.width:
        _four_vectors(M, layer, k)
        k += 4 * lanes(M)
    if k + 2 * lanes(M) <= layer.width:
        _two_vectors(M, layer, k)
        k += 2 * lanes(M)
    if k < layer.width:
        _one_vector(M, layer, k)
    call_rows(layer.forward, M, layer, 0, 1)


@part
def _scale_activations(M, layer, steps, rate):
    """The activations before a layer, times the rate."""
    before = layer.before
    for j in range(0, layer.before_width, lanes(M)):
        store(M, steps + j, load(M, before + j) * spread(rate))


@part(forceinline=True)
def _add_parts(M, layer, steps, j, parts):
    """What each lane of rows of weights, from j on, adds to the deltas before, and the update of the rows."""
    # Records are memory, too: what they say is read before the loops, and not after every number written.
    at, deltas, to_column = layer.weights + j * lanes(M), layer.deltas, layer.before_width * lanes(M)
    for k in range(0, layer.width, lanes(M)):
        delta = load(M, deltas + k)
        parts = add_products_and_descend(parts, M, at, lanes(M), steps + j, delta)
        at += to_column
    return parts


@part(forceinline=True)
def _parts_at_once(M, layer, places, j):
    """Of as many rows as a vector has lanes."""
    return _add_parts(M, layer, places.steps, j, column_of_zeros(M))


@part(forceinline=True)
def _parts_by_fours(M, layer, places, j):
    """The same, where registers are too few for so many rows."""
    for i in range(0, lanes(M), FEW_ROWS):
        parts = _add_parts(M, layer, places.steps, j + i, zeros(M, FEW_ROWS, 1))
        store_tile(M, places.parts + i * lanes(M), lanes(M), 0, parts)
    return square_from(M, places.parts)


_parts = _parts_at_once if HAS_LONG_VECTORS else _parts_by_fours


@part
def _backward_layer(M, layer, before, places, rate):
    """Compiled twin of hidden_delta (9) and descend (8), in one pass over the weights."""
    steps = places.steps
    _scale_activations(M, layer, steps, rate)
    for j in range(0, layer.inputs, lanes(M)):
        store(M, before.deltas + j, totals_of_rows(_parts(M, layer, places, j)))
    if layer.inputs % lanes(M) == 0:  # else the last rows held the bias weights
        at = layer.weights + layer.inputs * lanes(M)
        for k in range(0, layer.width, lanes(M)):
            store(M, at, fused(spread(rate), load(M, layer.deltas + k), load(M, at)))
            at += layer.before_width * lanes(M)
    call_rows(before.backward, M, before, 0, 1)


def _descent_and_net_inputs(columns):
    """Function for `columns` vectors of units of the first layer."""

    @part
    def descend_and_sum(M, layer, steps, k):
        delta = tile_from(M, layer.deltas + k, 0, lanes(M), 1, columns)
        z = zeros(M, 1, columns)
        row, to_column = layer.weights + k * layer.before_width, layer.before_width * lanes(M)
        before = layer.before
        for j in range(layer.inputs + 1):
            weights = tile_from(M, row, 0, to_column, 1, columns)
            weights = add_outer_product(weights, M, steps + j, 0, delta)
            store_tile(M, row, 0, to_column, weights)
            z = add_outer_product(z, M, before + j, 0, weights)
            row += lanes(M)
        store_tile(M, layer.net_inputs + k, 0, lanes(M), z)

    return descend_and_sum


_descend_many, _descend_two, _descend_one = (_descent_and_net_inputs(columns) for columns in (STREAMS, 2, 1))


@part
def _descend_and_begin_next(M, layer, steps):
    """Equation (8) of the first layer for one sample, and equation (2) for the next, with the new weights."""
    k = 0
    while k + STREAMS * lanes(M) <= layer.width:
        _descend_many(M, layer, steps, k)
        k += STREAMS * lanes(M)
    if k + 2 * lanes(M) <= layer.width:
        _descend_two(M, layer, steps, k)
        k += 2 * lanes(M)
    if k < layer.width:
        _descend_one(M, layer, steps, k)
    call_rows(layer.forward, M, layer, 0, 1)


@kernel(*TRAINING)
def train_online(
    M, layers, places, X, Y, W, order, first, stop, batch_size, rate, loss, kept, numbers, team, me, threads
):
    """One update after each of the samples ``order[first:stop]``; gives `loss` plus the losses before it."""
    environment = standard_environment()
    step = M.dtype.type(rate)
    bottom, top = layers[0], layers[len(layers) - 1]
    # Steps of 0 along deltas of -0 change no weight, so this is only the first sample's forward pass.
    for j in range(0, bottom.before_width, lanes(M)):
        store(M, places.steps + j, spread(M.dtype.type(0.0)))
    for k in range(0, bottom.width, lanes(M)):
        store(M, bottom.deltas + k, spread(M.dtype.type(-0.0)))
    copy_numbers(M, bottom.before, X, order[first] * bottom.inputs, bottom.inputs)
    _descend_and_begin_next(M, bottom, places.steps)
    for s in range(first, stop):
        for m in range(1, len(layers)):
            _forward_layer(M, layers[m])
        copy_numbers(M, places.targets, Y, order[s] * top.units, top.units)
        M[places.sample_weights] = W[order[s]]
        call_start(places.start, M, top, places, 0, 1)
        loss += M[places.losses]
        for m in range(len(layers) - 1, 0, -1):
            _backward_layer(M, layers[m], layers[m - 1], places, step)
        _scale_activations(M, bottom, places.steps, step)
        if s + 1 < stop:
            copy_numbers(M, bottom.before, X, order[s + 1] * bottom.inputs, bottom.inputs)
        _descend_and_begin_next(M, bottom, places.steps)
    restore_environment(environment)
    return loss
