"""Many epochs in one call: where they are short, what Python does between two of them takes longer than they.

The kernels that train and evaluate are called by their addresses: the same code, compiled once, whoever
calls them.
"""

from __future__ import annotations

from math import isfinite, nan

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chainrule.compiled.kernels.shuffling import shuffle
from chainrule.compiled.machine.compiling import (
    DOUBLE,
    DOUBLES,
    FLOATS,
    NETWORK,
    TABLE,
    UNSIGNED,
    WHOLE,
    WHOLES,
    kernel,
    part,
)
from chainrule.compiled.machine.team import OVER, meet, restore_environment, standard_environment
from chainrule.compiled.twins.rules import DECAY, POWER1, POWER2

__all__ = ["N_PARTIALS", "exact_sum", "train_epochs"]

# Doubles that overlap nowhere: more than the 2098 bits of a sum have room for.
N_PARTIALS = 64


def _caller(returns):
    """Function of the address of a kernel and a tuple of its arguments."""

    @intrinsic
    def call_kernel(_typing, address, arguments):
        def codegen(context, builder, signature, args):
            kinds = list(signature.args[1])
            function = context.call_conv.get_function_type(returns, kinds)
            status, result = context.call_conv.call_function(
                builder,
                builder.inttoptr(args[0], function.as_pointer()),
                returns,
                kinds,
                cgutils.unpack_tuple(builder, args[1]),
            )
            with cgutils.if_unlikely(builder, status.is_error):
                context.call_conv.return_status_propagate(builder, status)
            return result

        return returns(types.int64, arguments), codegen

    return call_kernel


_call_training, _call_evaluation = _caller(types.float64), _caller(types.none)


@part
def exact_sum(numbers, partials):
    """Sum that is rounded once, as `math.fsum` gives it; NaN where something on the way is not finite.

    After Shewchuk (1997), Adaptive precision floating-point arithmetic, Discrete & Computational Geometry
    18: the partials, smaller ones first, have no bits in common, and their sum is exact.
    """
    n_partials = 0
    for number in numbers:
        high, kept = np.float64(number), 0
        for k in range(n_partials):
            larger, smaller = high, partials[k]
            if abs(larger) < abs(smaller):
                larger, smaller = smaller, larger
            high = larger + smaller
            low = smaller - (high - larger)
            if low != 0:
                partials[kept] = low
                kept += 1
        if not isfinite(high):
            return nan
        partials[kept] = high
        n_partials = kept + 1
    high, low, k = 0.0, 0.0, n_partials
    while k > 0 and low == 0:
        k -= 1
        larger = high
        high = larger + partials[k]
        low = partials[k] - (high - larger)
    # Half a unit that the partials below lift over the half, or pull under it.
    if k > 0 and ((low < 0 and partials[k - 1] < 0) or (low > 0 and partials[k - 1] > 0)):
        moved = high + 2 * low
        if moved - high == 2 * low:
            high = moved
    return high


@part
def _keep(M, n, states, to):
    """Copy the first numbers of the memory, and tell whether all are finite."""
    zeros = M.dtype.type(0)
    for i in range(n):
        states[to + i] = M[i]
        zeros += M[i] - M[i]
    return zeros == 0


@part
def _first_of_unit(layer, k):
    """Place of the first weight of a unit."""
    return layer.weights + k // layer.column * layer.column * layer.numbers_width + k % layer.column


@part
def _copy_weights(M, layers, E, to_layers):
    """Packed weights, to where columns may be of another width."""
    for m in range(len(layers)):
        layer, to_layer = layers[m], to_layers[m]
        for k in range(layer.lines):
            at, to = _first_of_unit(layer, k), _first_of_unit(to_layer, k)
            for _ in range(layer.numbers):
                E[to] = M[at]
                at += layer.column
                to += to_layer.column


@kernel(
    *(WHOLE, *NETWORK, *TABLE, WHOLE, DOUBLES, WHOLES),
    *(WHOLE, *NETWORK, *TABLE, FLOATS, DOUBLES),
    *(WHOLE, DOUBLES, DOUBLES, DOUBLE, WHOLES, UNSIGNED, WHOLES, types.uint64, types.uint64),
    *(DOUBLES, DOUBLES, FLOATS, DOUBLES, WHOLE, WHOLE),
)
def train_epochs(
    train, M, layers, places, X, Y, W, batch_size, numbers, team,
    evaluate, E, E_layers, E_places, E_X, E_Y, E_W, rows, partials,
    first, rates, decays, goal, order, raw, ends, seed, purpose,
    losses, watched, states, powers, me, threads,
):  # fmt: skip
    """Train for an epoch at each of the rates, and of the decays if any; give how many epochs those were.

    The last one is that whose mean loss reached the goal, or in which something stopped being finite.
    Of each are written: the sums of the losses of all samples and, where there is room for losses of rows, of
    all rows in E, the state and its powers. Where there are no ends of buckets, no epoch is shuffled.

    Every thread of the team calls this with its number `me`; thread 0 does what is not training.
    """
    environment = standard_environment()
    n, size, done = len(order), layers[0].before, 0
    while done < len(rates):
        if me == 0 and len(ends) > 0:
            shuffle(order, raw, ends, seed, purpose, np.uint64(first + done))
        if me == 0 and len(decays) > 0:
            numbers[DECAY] = decays[done]
        if not meet(team, threads):
            break
        loss = _call_training(
            train,
            (
                *(M, layers, places, X, Y, W, order, 0, n, batch_size, rates[done]),
                *(0.0, W, numbers, team, me, threads),
            ),
        )
        if me == 0:
            losses[done] = loss
            powers[2 * done], powers[2 * done + 1] = numbers[POWER1], numbers[POWER2]
            is_finite = _keep(M, size, states, done * size) and isfinite(loss)
            if is_finite and len(rows) > 0:
                _copy_weights(M, layers, E, E_layers)
                _call_evaluation(evaluate, (E, E_layers, E_places, E_X, E_Y, E_W, 0, len(rows), rows))
                watched[done] = exact_sum(rows, partials)
            team[OVER] = 1 if not is_finite or loss / n <= goal else 0
        done += 1
        if not meet(team, threads) or team[OVER] != 0:
            break
    restore_environment(environment)
    return done
