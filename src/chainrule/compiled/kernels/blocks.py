"""Training in batches of more than 512 rows: a thread takes whole blocks, and has gradients of its own.

Which block holds which rows, and in which order their sums are added, stands in `kernels/halves.py`. A batch
has two phases, and after each all threads meet. In the first, parts of the batch that several halvings leave
are shared out: a thread takes each block of its part forward and backward, adds its gradients up, and has the
sum of its part without a look at the others. In the second, weights are shared out, and a thread adds the
sums of the parts, and updates.
"""

from __future__ import annotations

from math import inf

from chainrule.compiled.kernels.gradients import columns_at_once
from chainrule.compiled.kernels.halves import BLOCK_ROWS, block_at, node_of
from chainrule.compiled.kernels.minibatch import (
    clip_and_update,
    pass_rows,
    share_of_inputs,
    take_rows,
    update_column,
)
from chainrule.compiled.language.vectors import fused, lanes, load, spread, store
from chainrule.compiled.machine.compiling import TRAINING, kernel, part
from chainrule.compiled.machine.target import FEW_ROWS
from chainrule.compiled.machine.team import meet, restore_environment, standard_environment
from chainrule.compiled.twins.routines import call_gradients, call_transpose
from chainrule.compiled.twins.rules import (
    ADAM,
    CLIP_NORM,
    FUSED,
    GRADIENTS,
    POWER1,
    POWER2,
    SUMS_OF_LOSSES,
    A,
    B,
    write_step_numbers,
)

__all__ = ["train_blocks"]


@part
def _copy_of(places, place, me, level):
    """Which copy of the gradients: that of a part, or a thread's own, for halves that wait for the other."""
    return place if level == 0 else (1 << places.levels) + me * places.own_levels + level - 1


@part
def _add_copies(M, layers, places, to, other):
    """Add all gradients of one copy to those of another."""
    begin = layers[0].gradients
    to, other = begin + to * places.n_gradients, begin + other * places.n_gradients
    for at in range(0, places.n_gradients, lanes(M)):
        store(M, to + at, load(M, to + at) + load(M, other + at))


@part
def _add_block(M, layers, places, rows, me, copy, is_added):
    """Gradients of the block that is in this thread's rows, stored in a copy or added to it."""
    row = me * BLOCK_ROWS
    for m in range(len(layers)):
        layer = layers[m]
        k = 0
        while k < layer.lines_width and layer.is_held == 0:
            to = layer.gradients + copy * places.n_gradients + k * layer.numbers_width
            to_column, stop = layer.numbers_width * lanes(M), layer.numbers
            call_gradients(
                *(layer.add_gradients, M, layer, row, rows, 0, stop, k, to, to_column, 1.0, is_added)
            )
            k += columns_at_once(M, layer, k) * lanes(M)


@part
def _sum_of_part(M, layers, places, X, Y, W, order, kept, first, batch, rows, place, numbers, me, loss):
    """Gradients and losses of one part of a batch of so many rows, added up as halves are.

    The losses are added to `loss` where the batch is one block, as in other batches.
    """
    begin, stop = node_of(place, places.levels, 0, rows)
    if rows > BLOCK_ROWS:
        loss = 0.0
    row, level, here = begin, 0, me * BLOCK_ROWS
    while row < stop:
        end, complete = block_at(row, begin, stop)
        n = end - row
        top = here + (n + FEW_ROWS - 1) // FEW_ROWS * FEW_ROWS
        take_rows(M, layers, places, X, Y, W, order, kept, first, batch + row - here, here, here + n)
        pass_rows(M, layers, places, here, top)
        for r in range(n):
            loss += M[places.losses + here + r]
        if complete == 0:
            level += 1
        copy = _copy_of(places, place, me, level - 1)
        _add_block(M, layers, places, n, me, copy, complete > 0)
        at = SUMS_OF_LOSSES + copy
        numbers[at] = numbers[at] + loss if complete > 0 else loss
        loss = 0.0
        for _ in range(complete - 1):
            level -= 1
            copy, other = _copy_of(places, place, me, level - 1), _copy_of(places, place, me, level)
            _add_copies(M, layers, places, copy, other)
            numbers[SUMS_OF_LOSSES + copy] += numbers[SUMS_OF_LOSSES + other]
        row = end


@part
def _has_rows(places, place, rows):
    begin, stop = node_of(place, places.levels, 0, rows)
    return begin < stop


@part
def _sum_of_losses(places, numbers, rows):
    """Sum over the whole batch, from those of its parts."""
    width, parts = 1, 1 << places.levels
    while width < parts:
        for place in range(0, parts, 2 * width):
            if _has_rows(places, place + width, rows):
                at = SUMS_OF_LOSSES + place
                numbers[at] += numbers[at + width]
        width *= 2
    return numbers[SUMS_OF_LOSSES]


@part
def _sum_of_column(M, layer, places, begin, stop, k, rows):
    """Gradients over the whole batch, for some inputs and one vector of units, in the first copy."""
    at = layer.gradients + k * layer.numbers_width + begin * lanes(M)
    end = at + (stop - begin) * lanes(M)
    width, parts = 1, 1 << places.levels
    while width < parts:
        for place in range(0, parts, 2 * width):
            if _has_rows(places, place + width, rows):
                copy = place * places.n_gradients
                other = copy + width * places.n_gradients
                for i in range(at, end, lanes(M)):
                    store(M, copy + i, load(M, copy + i) + load(M, other + i))
        width *= 2


@part
def _descend(M, layer, begin, stop, k, gradients, step):
    """Equation (8), as where a gradient is still in a register."""
    at = layer.weights + k * layer.numbers_width + begin * lanes(M)
    for i in range(0, (stop - begin) * lanes(M), lanes(M)):
        store(M, at + i, fused(spread(step), load(M, gradients + i), load(M, at + i)))


@part
def _update_weights(M, layers, places, rows, numbers, rate, me, threads, keeps_all):
    """Second phase: this thread's share of the gradients, and of the update unless all are to be kept."""
    for m in range(len(layers)):
        layer = layers[m]
        begin, stop = share_of_inputs(M, layer, me, threads)
        for k in range(0, layer.lines_width if layer.is_held == 0 else 0, lanes(M)):
            _sum_of_column(M, layer, places, begin, stop, k, rows)
            gradients = layer.gradients + k * layer.numbers_width + begin * lanes(M)
            if places.rule == FUSED:
                _descend(M, layer, begin, stop, k, gradients, M.dtype.type(rate / rows))
            else:
                update_column(*(M, layer, places, numbers, k, begin, stop, gradients, rows, rate, keeps_all))
            if layer.transposed != 0 and not keeps_all:
                call_transpose(layer.transpose, M, layer, k, begin, stop)


@kernel(*TRAINING)
def train_blocks(
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
        for place in range(me, 1 << places.levels, threads):
            _sum_of_part(
                *(M, layers, places, X, Y, W, order, kept, first, batch, rows, place, numbers, me, loss)
            )
        if me == 0:  # before they meet: a thread that comes late must not write what others use
            write_step_numbers(M, places, places.rule, numbers, rate, power1, power2)
        if not meet(team, threads):
            break
        if me == 0:
            sum_ = _sum_of_losses(places, numbers, rows)
            loss = sum_ if rows <= BLOCK_ROWS else loss + sum_
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
