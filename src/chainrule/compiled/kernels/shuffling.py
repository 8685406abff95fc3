"""Compiled twin of `random_streams.permutation`: the order of the samples in an epoch.

References
----------
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11. What is here is their
Philox4x64-10.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from chainrule.compiled.machine.compiling import part

__all__ = ["NUMBERS_A_BLOCK", "shuffle", "sort"]

NUMBERS_A_BLOCK = 4
ROUNDS = 10
_MULTIPLIER_1, _MULTIPLIER_2 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_KEY_STEP_1, _KEY_STEP_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ZERO = np.uint64(0)


@intrinsic
def _upper_half(_typing, a, b):
    """The upper 64 of the 128 bits of a product."""

    def codegen(_context, builder, _signature, args):
        whole = ir.IntType(128)
        product = builder.mul(*(builder.zext(factor, whole) for factor in args))
        return builder.trunc(builder.lshr(product, ir.Constant(whole, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


@part
def _philox(block, counter, seed, purpose):
    """Four numbers of a stream; its first block is number 1, as NumPy has it."""
    a, b, c, d = block, _ZERO, _ZERO, counter
    for _ in range(ROUNDS):
        a, b, c, d = (
            _upper_half(_MULTIPLIER_2, c) ^ b ^ seed,
            _MULTIPLIER_2 * c,
            _upper_half(_MULTIPLIER_1, a) ^ d ^ purpose,
            _MULTIPLIER_1 * a,
        )
        seed += _KEY_STEP_1
        purpose += _KEY_STEP_2
    return a, b, c, d


@part
def sort(order, raw, ends):
    """Write the order that sorts the first raw numbers; equal ones keep theirs.

    Raw numbers lie evenly, so that one falls into each of as many buckets on average, and only neighbours are
    left to change places. `ends` has room for one number a bucket.
    """
    n = len(order)
    for bucket in range(n):
        ends[bucket] = 0
    for i in range(n):
        ends[_upper_half(raw[i], np.uint64(n))] += 1
    end = 0
    for bucket in range(n):
        end, ends[bucket] = end + ends[bucket], end
    for i in range(n):
        bucket = _upper_half(raw[i], np.uint64(n))
        order[ends[bucket]] = i
        ends[bucket] += 1
    for i in range(1, n):
        sample, k = order[i], i
        while k > 0 and raw[order[k - 1]] > raw[sample]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = sample


@part
def shuffle(order, raw, ends, seed, purpose, counter):
    """Write the order that sorts as many raw numbers of the stream; `raw` has room for whole blocks."""
    for block in range((len(order) + NUMBERS_A_BLOCK - 1) // NUMBERS_A_BLOCK):
        a, b, c, d = _philox(np.uint64(block + 1), counter, seed, purpose)
        at = block * NUMBERS_A_BLOCK
        raw[at], raw[at + 1], raw[at + 2], raw[at + 3] = a, b, c, d
    sort(order, raw, ends)
