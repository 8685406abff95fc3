"""Mini-batch training: passes over a batch's samples, then one update of every weight.

Two phases alternate, with a meeting of all threads after each. In the first, samples are shared out: a
thread takes its rows forward and backward. In the second, weights are shared out: a weight's gradient is one
chain over all samples of the batch, in their order, and the weight is updated as soon as it is known: by
plain descent while the gradient is in a register, by any other rule while it is in the nearest cache.
Clipping by the norm of all gradients needs a meeting in between. No sum is ever split between threads, so
that their number cannot change a bit.
"""

from __future__ import annotations

from math import inf, sqrt

from chainrule.compiled.kernels.forward import forward_rows, multiply_rows
from chainrule.compiled.kernels.products import multiply
from chainrule.compiled.kernels.samples import copy_numbers
from chainrule.compiled.language.tiles import (
    add_multiple,
    add_outer_product,
    store_tile,
    tile_from,
    transpose_block,
    zeros,
)
from chainrule.compiled.language.vectors import lanes
from chainrule.compiled.machine.compiling import TRAINING, kernel, part
from chainrule.compiled.machine.target import TILE_COLUMNS, TILE_ROWS
from chainrule.compiled.machine.team import meet, restore_environment, standard_environment
from chainrule.compiled.twins.losses import start_deltas
from chainrule.compiled.twins.routines import call_update
from chainrule.compiled.twins.rules import (
    CLIP_NORM,
    DECAY,
    FUSED,
    GRADIENTS,
    L1,
    L2,
    POWER1,
    POWER2,
    A,
    B,
    next_power,
    prepare_rows,
    square_length,
    write_step_numbers,
)
from chainrule.compiled.twins.units import pass_back

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
        if before.kept != 0:
            for r in range(row, stop):
                at = before.deltas + r * width
                multiply_rows(M, at, at, before.kept + r * before.outputs_width, width, 1)
        pass_back(M, before, row, stop)


@part
def _take_samples(M, layers, places, X, Y, W, order, begin, row, stop):
    """Copy the samples ``order[begin + row : begin + stop]`` into their rows."""
    bottom, top = layers[0], layers[len(layers) - 1]
    for r in range(row, stop):
        sample = order[begin + r]
        copy_numbers(M, bottom.before + r * bottom.before_width, X, sample * bottom.inputs, bottom.inputs)
        copy_numbers(M, places.targets + r * top.width, Y, sample * top.units, top.units)
        M[places.sample_weights + r] = W[sample]


@part
def _take_kept(M, layers, kept, begin, row, stop):
    """Copy what is left of each hidden unit's output, a row for each sample from number `begin` on."""
    n_hidden = 0
    for m in range(len(layers) - 1):
        n_hidden += layers[m].units
    for r in range(row, stop):
        at = (begin + r) * n_hidden
        for m in range(len(layers) - 1):
            layer = layers[m]
            copy_numbers(M, layer.kept + r * layer.outputs_width, kept, at, layer.units)
            at += layer.units


def _descent(inputs, columns):
    """Function for a tile of weights: so many inputs, and `columns` vectors of units."""

    @part
    def descend_tile(M, layer, j, k, rows, step, is_first_part, is_fused):
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
        if is_fused:
            weights = tile_from(M, layer.weights + place, layer.width, inputs, columns)
            store_tile(M, layer.weights + place, layer.width, add_multiple(weights, step, tile))
        else:
            store_tile(M, layer.gradients + place, layer.width, tile)

    return descend_tile


def _descent_of(inputs, columns):
    """Function for all weights of so many inputs."""
    wide, narrow = _descent(inputs, columns), _descent(inputs, 1)

    @part
    def descend_inputs(M, layer, j, rows, step, is_first_part, is_fused):
        k = 0
        while k + columns * lanes(M) <= layer.width:
            wide(M, layer, j, k, rows, step, is_first_part, is_fused)
            k += columns * lanes(M)
        while k < layer.width:
            narrow(M, layer, j, k, rows, step, is_first_part, is_fused)
            k += lanes(M)

    return descend_inputs


_descend_tile, _descend_bias = _descent_of(TILE_ROWS, TILE_COLUMNS), _descent_of(1, 4)


@part
def _descend(M, layer, j, rows, step, is_first_part, is_fused):
    """Compiled twin of gradient (15), if fused of descend (8) too, for one vector of inputs."""
    for tile in range(j, min(j + lanes(M), layer.inputs), TILE_ROWS):
        _descend_tile(M, layer, tile, rows, step, is_first_part, is_fused)
    if layer.inputs % TILE_ROWS == 0 and j <= layer.inputs < j + lanes(M):  # else it was in the last tile
        _descend_bias(M, layer, layer.inputs, rows, step, is_first_part, is_fused)


@part
def _transpose(M, layer, j):
    """Copy the new weights of as many inputs as a vector has lanes to their transposed places."""
    if layer.transposed != 0 and j < layer.inputs:
        for k in range(0, layer.width, lanes(M)):
            to = layer.transposed + k * layer.before_width + j
            transpose_block(M, layer.weights + j * layer.width + k, layer.width, to, layer.before_width)


@part
def _clip_factor(M, layers, places, most):
    """Compiled twin of clip_factor, equation (45): blocks are added in their order by every thread."""
    squares, place = 0.0, places.norms
    for m in range(len(layers)):
        for _ in range(layers[m].before_width // lanes(M)):
            squares += M[place]
            place += 1
    norm = sqrt(squares)
    return most / norm if norm > most else 1.0


@part
def _update_weights(
    M, layers, places, rows, numbers, is_first_part, is_last_part, batch_rows, rate, team, me, threads
):
    """Second phase: gradients of this thread's share of the weights, and their update after the last part.

    False where the team is told to stop.
    """
    rule, scale = places.rule, M.dtype.type(-1 / batch_rows)
    step = M.dtype.type(rate / batch_rows)
    is_clipped = places.update != 0 and numbers[CLIP_NORM] < inf
    is_prepared = (
        rule == GRADIENTS or is_clipped or numbers[L1] != 0 or numbers[L2] != 0 or layers[0].masks != 0
    )
    l1, l2 = M.dtype.type(numbers[L1]), M.dtype.type(numbers[L2])
    decay = 1 - rate * numbers[DECAY]
    factor = 1.0 if is_prepared else -1 / batch_rows
    c = places.step_numbers
    norms = places.norms
    for m in range(len(layers)):
        layer = layers[m]
        blocks = layer.before_width // lanes(M)
        for block in range(blocks * me // threads, blocks * (me + 1) // threads):
            begin = block * lanes(M)
            _descend(M, layer, begin, rows, step, is_first_part, is_last_part and rule == FUSED)
            if is_last_part:
                stop = min(begin + lanes(M), layer.inputs + 1)
                if rule != FUSED and is_prepared:
                    prepare_rows(M, layer, begin, stop, scale, l1, l2)
                if is_clipped:
                    M[norms + block] = square_length(M, layer, begin, stop)
                else:
                    if places.update != 0:
                        call_update(places.update, M, layer, begin, stop, factor, decay, c)
                    _transpose(M, layer, begin)
        norms += blocks
    if is_clipped and is_last_part:
        if not meet(team, threads):
            return False
        factor = _clip_factor(M, layers, places, numbers[CLIP_NORM])
        for m in range(len(layers)):
            layer = layers[m]
            blocks = layer.before_width // lanes(M)
            for block in range(blocks * me // threads, blocks * (me + 1) // threads):
                begin = block * lanes(M)
                stop = min(begin + lanes(M), layer.inputs + 1)
                call_update(places.update, M, layer, begin, stop, factor, decay, c)
                _transpose(M, layer, begin)
    return True


@kernel(*TRAINING)
def train_minibatches(
    M, layers, places, X, Y, W, order, first, stop, batch_size, rate, loss, kept, numbers, team, me, threads
):
    """One update after each batch of ``order[first:stop]``; gives `loss` plus the samples' losses before it.

    Every thread of the team calls this with its number `me`; the loss is right in thread 0.
    """
    environment = standard_environment()
    top = layers[len(layers) - 1]
    power1, power2 = numbers[POWER1], numbers[POWER2]
    for batch in range(first, stop, batch_size):
        batch_rows = min(batch_size, stop - batch)
        power1, power2 = (
            next_power(places.rule, power1, numbers[A]),
            next_power(places.rule, power2, numbers[B]),
        )
        for begin in range(0, batch_rows, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, batch_rows - begin)
            tiles = (rows + TILE_ROWS - 1) // TILE_ROWS
            row, end = tiles * me // threads * TILE_ROWS, tiles * (me + 1) // threads * TILE_ROWS
            _take_samples(M, layers, places, X, Y, W, order, batch + begin, row, min(end, rows))
            if layers[0].kept != 0:
                _take_kept(M, layers, kept, batch + begin - first, row, min(end, rows))
            if row < end:
                forward_rows(M, layers, row, end)
                start_deltas(M, top, places, row, end)
                _backward_rows(M, layers, row, end)
            if me == 0:  # before they meet: a thread that comes late must not write what others use
                write_step_numbers(M, places, places.rule, numbers, rate, power1, power2)
            if not meet(team, threads):
                restore_environment(environment)
                return loss
            if me == 0:
                for r in range(rows):
                    loss += M[places.losses + r]
            is_last_part = begin + ROWS_AT_ONCE >= batch_rows
            if not _update_weights(
                M,
                layers,
                places,
                rows,
                numbers,
                begin == 0,
                is_last_part,
                batch_rows,
                rate,
                team,
                me,
                threads,
            ) or not meet(team, threads):
                restore_environment(environment)
                return loss
    if me == 0:
        numbers[POWER1], numbers[POWER2] = power1, power2
    restore_environment(environment)
    return loss
