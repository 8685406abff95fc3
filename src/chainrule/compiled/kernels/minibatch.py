"""Mini-batch training: passes over a batch's samples, then one update of every weight.

Two phases alternate, with a meeting of all threads after each. In the first, samples are shared out: a
thread takes its rows forward and backward. In the second, weights are shared out: a weight's gradient is one
chain over all samples of the batch, in their order, and the weight is updated as soon as it is known: by
plain descent while the gradient is in a register, by any other rule while it is in the nearest cache.
Clipping by the norm of all gradients needs a meeting in between. No sum is ever split between threads, so
that their number cannot change a bit.

A batch of more than 512 rows is another kernel's work (`kernels/blocks.py`), which uses parts of this one.
"""

from __future__ import annotations

from math import inf, sqrt

from chainrule.compiled.kernels.forward import forward_rows
from chainrule.compiled.kernels.gradients import columns_at_once
from chainrule.compiled.kernels.samples import copy_numbers
from chainrule.compiled.language.vectors import lanes
from chainrule.compiled.machine.compiling import TRAINING, kernel, part
from chainrule.compiled.machine.target import FEW_ROWS, TILE_COLUMNS
from chainrule.compiled.machine.team import meet, restore_environment, standard_environment
from chainrule.compiled.twins.routines import (
    call_gradients,
    call_prepare,
    call_product,
    call_rows,
    call_start,
    call_transpose,
    call_update,
)
from chainrule.compiled.twins.rules import (
    ADAM,
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
    square_length,
    write_step_numbers,
)

__all__ = [
    "INPUTS_AT_ONCE", "clip_and_update", "pass_rows", "share_of_inputs", "take_rows", "train_minibatches",
    "update_column",
]  # fmt: skip

# Inputs whose gradients, for the units of a tile, are known before their weights are updated. A multiple of
# all heights of tiles and numbers of lanes; 6 or 12 KiB stay in the nearest cache.
INPUTS_AT_ONCE = 96


@part
def take_rows(M, layers, places, X, Y, W, order, kept, first, begin, row, stop):
    """Copy the samples ``order[begin + row : begin + stop]`` into their rows.

    Where units drop out, what is left of each hidden unit's output comes with them, a row for each sample
    from number `first` on.
    """
    bottom, top, n_hidden = layers[0], layers[len(layers) - 1], 0
    for m in range(len(layers) - 1):
        n_hidden += layers[m].units
    for r in range(row, stop):
        sample = order[begin + r]
        copy_numbers(M, bottom.before + r * bottom.before_width, X, sample * bottom.inputs, bottom.inputs)
        copy_numbers(M, places.targets + r * top.width, Y, sample * top.units, top.units)
        M[places.sample_weights + r] = W[sample]
        if places.members > 1:
            M[places.row_members + r] = (begin + r) % places.members
        if bottom.kept != 0:
            at = (begin - first + r) * n_hidden
            for m in range(len(layers) - 1):
                layer = layers[m]
                copy_numbers(M, layer.kept + r * layer.outputs_width, kept, at, layer.units)
                at += layer.units


@part
def _backward_rows(M, layers, places, row, stop):
    """Compiled twin of backward, equation (9), from the outputs to the first layer that is trained."""
    for m in range(len(layers) - 1, places.bottom, -1):
        layer, before = layers[m], layers[m - 1]
        if layer.kind != 0:
            call_rows(layer.pass_back, M, layer, row, stop)
            if before.kept != 0:
                call_rows(before.drop, M, before, row, stop)
            call_rows(before.backward, M, before, row, stop)
            continue
        delta = layer.deltas + row * layer.width
        upstream = before.deltas + row * before.width
        width = before.width
        right, n = layer.transposed, layer.units
        call_product(layer.product, M, delta, layer.width, right, layer.width, n, upstream, width, stop - row)
        if before.kept != 0:
            call_rows(before.drop, M, before, row, stop)
        call_rows(before.backward, M, before, row, stop)


@part
def pass_rows(M, layers, places, row, stop):
    """Forward, losses and backward for fours of rows."""
    forward_rows(M, layers, row, stop)
    call_start(places.start, M, layers[len(layers) - 1], places, row, stop)
    _backward_rows(M, layers, places, row, stop)


@part
def _clip_factor(M, layers, places, most):
    """Compiled twin of clip_factor, equation (45): blocks are added in their order by every thread."""
    squares, place = 0.0, places.norms
    for m in range(len(layers)):
        for _ in range(layers[m].numbers_width // lanes(M)):
            squares += M[place]
            place += 1
    norm = sqrt(squares)
    return most / norm if norm > most else 1.0


@part
def share_of_inputs(M, layer, me, threads):
    """The inputs whose weights are this thread's: the first one, and where they end; whole vectors."""
    blocks = layer.numbers_width // lanes(M)
    begin, stop = blocks * me // threads * lanes(M), blocks * (me + 1) // threads * lanes(M)
    return begin, min(stop, layer.numbers)


@part
def update_column(M, layer, places, numbers, k, begin, stop, gradients, batch_rows, rate, keeps_all):
    """The gradient of the objective from its sums, and unless that must wait the update."""
    factor = -1 / batch_rows
    if places.prepare != 0:
        l1, l2 = numbers[L1], numbers[L2]
        call_prepare(places.prepare, M, layer, k, begin, stop, gradients, factor, l1, l2)
        factor = 1.0
    if not keeps_all:
        decay, c = 1 - rate * numbers[DECAY], places.step_numbers
        call_update(places.update, M, layer, k, begin, stop, gradients, factor, decay, c)


@part
def clip_and_update(M, layers, places, numbers, rate, team, me, threads):
    """The update, where all gradients had to be known before; False where the team is told to stop."""
    norms = places.norms
    for m in range(len(layers)):
        layer = layers[m]
        begin, stop = share_of_inputs(M, layer, me, threads)
        for j in range(begin, stop, lanes(M)):
            M[norms + j // lanes(M)] = square_length(M, layer, j, min(j + lanes(M), stop))
        norms += layer.numbers_width // lanes(M)
    if not meet(team, threads):
        return False
    factor, decay = _clip_factor(M, layers, places, numbers[CLIP_NORM]), 1 - rate * numbers[DECAY]
    for m in range(len(layers)):
        layer = layers[m]
        begin, stop = share_of_inputs(M, layer, me, threads)
        for k in range(0, layer.lines_width if layer.is_held == 0 else 0, lanes(M)):
            gradients = layer.gradients + k * layer.numbers_width + begin * lanes(M)
            c = places.step_numbers
            call_update(places.update, M, layer, k, begin, stop, gradients, factor, decay, c)
            if layer.transposed != 0:
                call_transpose(layer.transpose, M, layer, k, begin, stop)
    return True


@part
def _update_weights(M, layers, places, rows, numbers, rate, me, threads, keeps_all):
    """Second phase: this thread's share of the gradients, and of the update unless all are to be kept."""
    step, is_fused = rate / rows, places.rule == FUSED
    for m in range(len(layers)):
        layer = layers[m]
        first, end = share_of_inputs(M, layer, me, threads)
        # Else its gradients may need weights that another thread has moved by then.
        if layer.kind != 0 and not keeps_all:
            first, end = 0, layer.numbers if me == 0 else 0
        if layer.is_held != 0:
            first, end = 0, 0
        k = 0
        while k < layer.lines_width:
            columns = columns_at_once(M, layer, k)
            for begin in range(first, end, INPUTS_AT_ONCE):
                stop = min(begin + INPUTS_AT_ONCE, end)
                to, to_column = k * layer.numbers_width + begin * lanes(M), layer.numbers_width * lanes(M)
                if is_fused:
                    to += layer.weights
                elif keeps_all:
                    to += layer.gradients
                else:
                    to_column = INPUTS_AT_ONCE * lanes(M)
                    to = places.gradients_at_once + me * TILE_COLUMNS * to_column
                call_gradients(
                    *(layer.add_gradients, M, layer, 0, rows, begin, stop, k, to, to_column, step, is_fused)
                )
                for c in range(columns):
                    at = k + c * lanes(M)
                    if not is_fused:
                        gradients = to + c * to_column
                        update_column(
                            *(M, layer, places, numbers, at, begin, stop, gradients, rows, rate, keeps_all)
                        )
                    if layer.transposed != 0 and not keeps_all:
                        call_transpose(layer.transpose, M, layer, at, begin, stop)
            k += columns * lanes(M)


@kernel(*TRAINING)
def train_minibatches(
    M, layers, places, X, Y, W, order, first, stop, batch_size, rate, loss, kept, numbers, team, me, threads
):
    """One update after each batch of ``order[first:stop]``; gives `loss` plus the samples' losses before it.

    Every thread of the team calls this with its number `me`; the loss is right in thread 0.
    """
    environment = standard_environment()
    power1, power2 = numbers[POWER1], numbers[POWER2]
    is_clipped = places.update != 0 and numbers[CLIP_NORM] < inf  # then all gradients must be known
    for batch in range(first, stop, batch_size):
        rows = min(batch_size, stop - batch)
        if places.rule == ADAM:
            power1, power2 = power1 * numbers[A], power2 * numbers[B]
        fours = (rows + FEW_ROWS - 1) // FEW_ROWS
        row, end = fours * me // threads * FEW_ROWS, fours * (me + 1) // threads * FEW_ROWS
        take_rows(M, layers, places, X, Y, W, order, kept, first, batch, row, min(end, rows))
        if row < end:
            pass_rows(M, layers, places, row, end)
        if me == 0:  # before they meet: a thread that comes late must not write what others use
            write_step_numbers(M, places, places.rule, numbers, rate, power1, power2)
        if not meet(team, threads):
            break
        if me == 0:
            for r in range(rows):
                loss += M[places.losses + r]
        keeps_all = is_clipped or places.rule == GRADIENTS
        _update_weights(M, layers, places, rows, numbers, rate, me, threads, keeps_all)
        if is_clipped and not clip_and_update(M, layers, places, numbers, rate, team, me, threads):
            break
        if not meet(team, threads):
            break
        if me == 0:
            numbers[POWER1], numbers[POWER2] = power1, power2
    restore_environment(environment)
    return loss
