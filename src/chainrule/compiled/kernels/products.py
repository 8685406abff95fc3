"""The one product of matrices of which passes over several samples are made.

Every scalar of the result is one chain of fused multiply-adds that begins at 0 and runs in order of the index
that is summed over, whatever the number of rows and the size of the tiles. So a sample's numbers are
the same in every batch and on every thread.
"""

from __future__ import annotations

from chainrule.compiled.language.tiles import add_outer_product, store_tile, tile_from, zeros
from chainrule.compiled.language.vectors import lanes
from chainrule.compiled.machine.compiling import part
from chainrule.compiled.machine.target import TILE_COLUMNS, TILE_ROWS

__all__ = ["multiply"]


def _block(rows, columns):
    """Function for one tile of the result."""

    @part
    def block(M, left, left_width, right, right_width, n, result, result_width):
        tile = zeros(M, rows, columns)
        for _ in range(n):
            tile = add_outer_product(tile, M, left, left_width, tile_from(M, right, 0, 1, columns))
            left += 1
            right += right_width
        store_tile(M, result, result_width, tile)

    return block


def _columns_of(rows, columns):
    """Function for all columns of the result, in tiles of `rows` rows."""
    wide, narrow = _block(rows, columns), _block(rows, 1)

    @part
    def multiply_by_tiles(M, left, left_width, right, right_width, n, result, result_width, n_rows):
        k = 0
        # Columns outside, rows inside: the columns of a large `right` then stay in a near cache.
        while k < result_width:
            from_, to = left, result + k
            is_wide = k + columns * lanes(M) <= result_width
            for _ in range(0, n_rows, rows):
                if is_wide:
                    wide(M, from_, left_width, right + k, right_width, n, to, result_width)
                else:
                    narrow(M, from_, left_width, right + k, right_width, n, to, result_width)
                from_ += rows * left_width
                to += rows * result_width
            k += (columns if is_wide else 1) * lanes(M)

    return multiply_by_tiles


_multiply_tiles, _multiply_row = _columns_of(TILE_ROWS, TILE_COLUMNS), _columns_of(1, 4)


@part
def multiply(M, left, left_width, right, right_width, n, result, result_width, rows):
    """``result = left @ right`` for one row or for whole tiles of rows: left has n columns, right n rows.

    All matrices lie in M, at an offset and with a distance between their rows; as many columns are
    computed as fit a row of the result.
    """
    if rows == 1:
        _multiply_row(M, left, left_width, right, right_width, n, result, result_width, 1)
    else:
        _multiply_tiles(M, left, left_width, right, right_width, n, result, result_width, rows)
