"""Mini-batch training: passes over a batch's samples, then one update of every weight.

Two phases alternate, with a meeting of all threads after each. In the first, samples are shared out: a
thread takes its rows forward and backward. In the second, weights are shared out: a weight's gradient is one
chain over all samples of the batch, in their order, and the weight is updated as soon as it is known. No sum
is ever split between threads, so that their number cannot change a bit.
"""

from __future__ import annotations

from chainrule.compiled.compiling import DOUBLE, TEAM, TRAINING, WHOLE, kernel, part
from chainrule.compiled.forward import forward_rows
from chainrule.compiled.losses import start_deltas
from chainrule.compiled.products import multiply
from chainrule.compiled.samples import copy_numbers
from chainrule.compiled.target import TILE_COLUMNS, TILE_ROWS
from chainrule.compiled.team import meet, restore_environment, standard_environment
from chainrule.compiled.tiles import (
    add_multiple,
    add_outer_product,
    store_tile,
    tile_from,
    transpose_block,
    zeros,
)
from chainrule.compiled.units import pass_back
from chainrule.compiled.vectors import lanes

__all__ = ["ROWS_AT_ONCE", "train_minibatches"]

# Samples whose activations are kept at once; a larger batch goes through the phases in parts.
ROWS_AT_ONCE = 512


@part
def _backward_rows(M, layers, row, stop):
    """Compiled twin of backward, equation (9), from the deltas of the outputs."""
    for m in range(len(layers) - 1, 0, -1):
        layer, before = layers[m], layers[m - 1]
        delta = layer.deltas + row * layer.width
        upstream = before.deltas + row * before.width
        width = before.width
        right, right_width = layer.transposed, layer.before_width
        multiply(M, delta, layer.width, right, right_width, layer.units, upstream, width, stop - row)
        pass_back(M, before, row, stop)


@part
def _take_samples(M, layers, places, X, Y, order, begin, row, stop):
    """Copy the samples ``order[begin + row : begin + stop]`` into their rows."""
    bottom, top = layers[0], layers[len(layers) - 1]
    for r in range(row, stop):
        sample = order[begin + r]
        copy_numbers(M, bottom.before + r * bottom.before_width, X, sample * bottom.inputs, bottom.inputs)
        copy_numbers(M, places.targets + r * top.width, Y, sample * top.units, top.units)


def _descent(inputs, columns):
    """Function for a tile of weights: so many inputs, and `columns` vectors of units."""

    @part
    def descend_tile(M, layer, j, k, rows, step, is_first_part, is_last_part):
        place = j * layer.width + k
        if is_first_part:
            tile = zeros(M, inputs, columns)
        else:
            tile = tile_from(M, layer.gradients + place, layer.width, inputs, columns)
        activations, deltas = layer.before + j, layer.deltas + k
        for _ in range(rows):
            tile = add_outer_product(tile, M, activations, 1, tile_from(M, deltas, 0, 1, columns))
            activations += layer.before_width
            deltas += layer.width
        if is_last_part:
            weights = tile_from(M, layer.weights + place, layer.width, inputs, columns)
            store_tile(M, layer.weights + place, layer.width, add_multiple(weights, step, tile))
        else:
            store_tile(M, layer.gradients + place, layer.width, tile)

    return descend_tile


def _descent_of(inputs, columns):
    """Function for all weights of so many inputs."""
    wide, narrow = _descent(inputs, columns), _descent(inputs, 1)

    @part
    def descend_inputs(M, layer, j, rows, step, is_first_part, is_last_part):
        k = 0
        while k + columns * lanes(M) <= layer.width:
            wide(M, layer, j, k, rows, step, is_first_part, is_last_part)
            k += columns * lanes(M)
        while k < layer.width:
            narrow(M, layer, j, k, rows, step, is_first_part, is_last_part)
            k += lanes(M)

    return descend_inputs


_descend_tile, _descend_bias = _descent_of(TILE_ROWS, TILE_COLUMNS), _descent_of(1, 4)


@part
def _descend(M, layer, j, rows, step, is_first_part, is_last_part):
    """Compiled twin of gradient (15) and descend (8), for as many inputs as a vector has lanes."""
    for tile in range(j, min(j + lanes(M), layer.inputs), TILE_ROWS):
        _descend_tile(M, layer, tile, rows, step, is_first_part, is_last_part)
    if layer.inputs % TILE_ROWS == 0 and j <= layer.inputs < j + lanes(M):  # else it was in the last tile
        _descend_bias(M, layer, layer.inputs, rows, step, is_first_part, is_last_part)
    if is_last_part and layer.transposed != 0 and j < layer.inputs:
        for k in range(0, layer.width, lanes(M)):
            to = layer.transposed + k * layer.before_width + j
            transpose_block(M, layer.weights + j * layer.width + k, layer.width, to, layer.before_width)


@kernel(*TRAINING, WHOLE, DOUBLE, DOUBLE, TEAM, WHOLE, WHOLE)
def train_minibatches(M, layers, places, X, Y, order, first, stop, batch_size, rate, loss, team, me, threads):
    """One update after each batch of ``order[first:stop]``; gives `loss` plus the samples' losses before it.

    Every thread of the team calls this with its number `me`; the loss is right in thread 0.
    """
    environment = standard_environment()
    top = layers[len(layers) - 1]
    for batch in range(first, stop, batch_size):
        batch_rows = min(batch_size, stop - batch)
        for begin in range(0, batch_rows, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, batch_rows - begin)
            tiles = (rows + TILE_ROWS - 1) // TILE_ROWS
            row, end = tiles * me // threads * TILE_ROWS, tiles * (me + 1) // threads * TILE_ROWS
            _take_samples(M, layers, places, X, Y, order, batch + begin, row, min(end, rows))
            if row < end:
                forward_rows(M, layers, row, end)
                for r in range(row, end):
                    M[places.losses + r] = start_deltas(M, top, places.targets, r)
                pass_back(M, top, row, end)
                _backward_rows(M, layers, row, end)
            if not meet(team, threads):
                restore_environment(environment)
                return loss
            if me == 0:
                for r in range(rows):
                    loss += M[places.losses + r]
            step = M.dtype.type(rate / batch_rows)
            for m in range(len(layers)):
                layer = layers[m]
                blocks = layer.before_width // lanes(M)
                for block in range(blocks * me // threads, blocks * (me + 1) // threads):
                    _descend(
                        M, layer, block * lanes(M), rows, step, begin == 0, begin + ROWS_AT_ONCE >= batch_rows
                    )
            if not meet(team, threads):
                restore_environment(environment)
                return loss
    restore_environment(environment)
    return loss
