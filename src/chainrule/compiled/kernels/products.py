"""The one product of matrices of which passes over several samples are made.

Every scalar of the result is one chain of fused multiply-adds that begins at 0 and runs in order of the index
that is summed over, whatever the number of rows and the size of the tiles. A chain that is too long for its
numbers to stay in the nearest cache is put down and taken up again, which changes no bit of it. So a sample's
numbers are the same in every batch and on every thread.
"""

from __future__ import annotations

from chainrule.compiled.language.tiles import add_outer_product, store_tile, tile_from, zeros
from chainrule.compiled.language.vectors import lanes
from chainrule.compiled.machine.compiling import part
from chainrule.compiled.machine.target import FEW_ROWS, TILE_COLUMNS, TILE_LENGTH, TILE_ROWS
from chainrule.compiled.twins.routines import product_routine

__all__ = ["PRODUCT", "rows_of_next_tile"]

FROM_ZERO = False  # where a chain has not begun


@part
def rows_of_next_tile(rows):
    """Rows of the next tile, where so many are left: whole tiles, and at the end what wastes least."""
    return TILE_ROWS if rows > 2 * FEW_ROWS or FEW_ROWS < rows <= TILE_ROWS else FEW_ROWS


def _block(rows, columns):
    """Function for one tile of the result."""

    @part
    def block(M, left, left_width, right, right_rows, n, result, result_width, is_begun):
        if is_begun:
            tile = tile_from(M, result, result_width, lanes(M), rows, columns)
        else:
            tile = zeros(M, rows, columns)
        for _ in range(n):
            row = tile_from(M, right, 0, right_rows * lanes(M), 1, columns)
            tile = add_outer_product(tile, M, left, left_width, row)
            left += 1
            right += lanes(M)
        store_tile(M, result, result_width, lanes(M), tile)

    return block


def _all_rows(columns):
    """Function for some columns of the result, in tiles."""
    many, few = _block(TILE_ROWS, columns), _block(FEW_ROWS, columns)

    @part
    def multiply_rows(M, left, left_width, right, right_rows, n, result, result_width, rows, is_begun):
        while rows > 0:
            next_ = rows_of_next_tile(rows)
            if next_ == TILE_ROWS:
                many(M, left, left_width, right, right_rows, n, result, result_width, is_begun)
            else:
                few(M, left, left_width, right, right_rows, n, result, result_width, is_begun)
            left += next_ * left_width
            result += next_ * result_width
            rows -= next_

    return multiply_rows


_wide, _narrow = _all_rows(TILE_COLUMNS), _all_rows(1)
_wide_row, _narrow_row = _block(1, 4), _block(1, 1)


@part
def _multiply_row(M, left, right, right_rows, n, result, result_width):
    """The product for one row."""
    k = 0
    while k + 4 * lanes(M) <= result_width:
        _wide_row(M, left, 0, right + k * right_rows, right_rows, n, result + k, 0, FROM_ZERO)
        k += 4 * lanes(M)
    while k < result_width:
        _narrow_row(M, left, 0, right + k * right_rows, right_rows, n, result + k, 0, FROM_ZERO)
        k += lanes(M)


@part
def _multiply(M, left, left_width, right, right_rows, n, result, result_width, rows):
    """``result = left @ right`` for one row or for fours of rows, with n columns of left, n rows of right.

    Left and result lie in M row after row, at a distance; right is packed like weights, in columns of
    `right_rows` rows. As many columns are computed as fit a row of the result.
    """
    if rows == 1:
        _multiply_row(M, left, right, right_rows, n, result, result_width)
        return
    parts = (n + TILE_LENGTH - 1) // TILE_LENGTH
    for part_ in range(parts):
        begin, k = n * part_ // parts, 0
        some = n * (part_ + 1) // parts - begin
        # Columns outside, rows inside: what is taken of `right` then stays in the nearest cache.
        while k < result_width:
            from_, at, to = left + begin, right + k * right_rows + begin * lanes(M), result + k
            if k + TILE_COLUMNS * lanes(M) <= result_width:
                _wide(M, from_, left_width, at, right_rows, some, to, result_width, rows, part_ > 0)
                k += TILE_COLUMNS * lanes(M)
            else:
                _narrow(M, from_, left_width, at, right_rows, some, to, result_width, rows, part_ > 0)
                k += lanes(M)


PRODUCT = product_routine("multiply", _multiply)
