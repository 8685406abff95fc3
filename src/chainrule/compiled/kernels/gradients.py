"""Gradients of the weights over some rows, tile by tile, and the transposed copy of weights.

Each scalar of a tile is one chain of fused multiply-adds over the rows, in their order.
"""

from __future__ import annotations

from chainrule.compiled.kernels.products import rows_of_next_tile
from chainrule.compiled.language.tiles import (
    add_multiple,
    add_outer_product,
    store_tile,
    tile_from,
    transpose_block,
    zeros,
)
from chainrule.compiled.language.vectors import lanes, prefetch
from chainrule.compiled.machine.compiling import part
from chainrule.compiled.machine.target import FEW_ROWS, TILE_COLUMNS, TILE_ROWS
from chainrule.compiled.twins.routines import gradients_routine, transpose_routine

__all__ = ["ADD_GRADIENTS", "TRANSPOSE", "columns_at_once"]


def _tile_of_gradients(inputs, columns):
    """Function for a tile of so many inputs and vectors of units."""

    @part
    def tile_of_gradients(M, layer, row, rows, j, k, to, to_column, step, is_added):
        tile = zeros(M, inputs, columns)
        activations = layer.before + row * layer.before_width + j
        deltas = layer.deltas + row * layer.width + k
        for _ in range(rows):
            some = tile_from(M, deltas, 0, lanes(M), 1, columns)
            tile = add_outer_product(tile, M, activations, 1, some)
            activations += layer.before_width
            deltas += layer.width
        if is_added:
            tile = add_multiple(tile_from(M, to, lanes(M), to_column, inputs, columns), step, tile)
        store_tile(M, to, lanes(M), to_column, tile)

    return tile_of_gradients


@part
def _prefetch_update(M, layer, begin, stop, k, columns):
    """Let what a rule with a state needs for a tile come while the tile's gradients are computed."""
    at, width = k * layer.numbers_width, layer.numbers_width * lanes(M)
    for _c in range(columns):
        for i in range(at + begin * lanes(M), at + stop * lanes(M), lanes(M)):
            prefetch(M, layer.weights + i)
            prefetch(M, layer.first + i)
            if layer.second != 0:
                prefetch(M, layer.second + i)
        at += width


def _gradients(columns):
    """Function for so many vectors of units."""
    many, few = _tile_of_gradients(TILE_ROWS, columns), _tile_of_gradients(FEW_ROWS, columns)

    @part
    def gradients(M, layer, row, rows, begin, stop, k, to, to_column, step, is_added):
        j = begin
        while j < stop:
            next_ = rows_of_next_tile(stop - j)
            if layer.first != 0:
                _prefetch_update(M, layer, j, j + next_, k, columns)
            if next_ == TILE_ROWS:
                many(M, layer, row, rows, j, k, to, to_column, step, is_added)
            else:
                few(M, layer, row, rows, j, k, to, to_column, step, is_added)
            to += next_ * lanes(M)
            j += next_

    return gradients


_wide, _narrow = _gradients(TILE_COLUMNS), _gradients(1)


@part
def columns_at_once(M, layer, k):
    """Vectors of units of the next tile."""
    return TILE_COLUMNS if k + TILE_COLUMNS * lanes(M) <= layer.lines_width else 1


@part
def _add_gradients(M, layer, row, rows, begin, stop, k, to, to_column, step, is_added):
    """Compiled twin of gradient (15), without its sign and mean, for some inputs and the units of a tile.

    They are stored from `to` on, or added to what is there, `step` times: with the weights there that is
    descend (8).
    """
    step = M.dtype.type(step)
    if columns_at_once(M, layer, k) == TILE_COLUMNS:
        _wide(M, layer, row, rows, begin, stop, k, to, to_column, step, is_added != 0)
    else:
        _narrow(M, layer, row, rows, begin, stop, k, to, to_column, step, is_added != 0)


@part
def _transpose(M, layer, k, begin, stop):
    """Copy the new weights of some inputs and one vector of units to their transposed places."""
    for j in range(begin, min(stop, layer.inputs), lanes(M)):
        source = layer.weights + k * layer.before_width + j * lanes(M)
        transpose_block(M, source, lanes(M), layer.transposed + j * layer.width + k * lanes(M), lanes(M))


ADD_GRADIENTS = gradients_routine("add_gradients", _add_gradients)
TRANSPOSE = transpose_routine("transpose_weights", _transpose)
