"""The one product of matrices of which passes over several samples are made.

Every scalar of the result is one chain of fused multiply-adds that begins at 0 and runs in order of the index
that is summed over, whatever the number of rows and the size of the tiles. So a sample's numbers are
the same in every batch and on every thread.
"""

from __future__ import annotations

from chainrule.compiled.compiling import part
from chainrule.compiled.target import TILE_COLUMNS, TILE_ROWS
from chainrule.compiled.tiles import add_outer_product, store_tile, tile_from, zeros
from chainrule.compiled.vectors import lanes

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


_block_of_rows, _narrow_block_of_rows = _block(TILE_ROWS, TILE_COLUMNS), _block(TILE_ROWS, 1)
_block_of_one_row, _narrow_block_of_one_row = _block(1, 4), _block(1, 1)


@part
def multiply(M, left, left_width, right, right_width, n, result, result_width, rows):
    """``result = left @ right`` for one row or for whole tiles of rows: left has n columns, right n rows.

    All matrices lie in M, at an offset and with a distance between their rows; as many columns are
    computed as fit a row of the result.
    """
    k = 0
    if rows == 1:
        while k + 4 * lanes(M) <= result_width:
            _block_of_one_row(M, left, 0, right + k, right_width, n, result + k, 0)
            k += 4 * lanes(M)
        while k < result_width:
            _narrow_block_of_one_row(M, left, 0, right + k, right_width, n, result + k, 0)
            k += lanes(M)
        return
    # Columns outside, rows inside: the columns of a large `right` then stay in a near cache.
    while k + TILE_COLUMNS * lanes(M) <= result_width:
        from_, to = left, result + k
        for _ in range(0, rows, TILE_ROWS):
            _block_of_rows(M, from_, left_width, right + k, right_width, n, to, result_width)
            from_ += TILE_ROWS * left_width
            to += TILE_ROWS * result_width
        k += TILE_COLUMNS * lanes(M)
    while k < result_width:
        from_, to = left, result + k
        for _ in range(0, rows, TILE_ROWS):
            _narrow_block_of_rows(M, from_, left_width, right + k, right_width, n, to, result_width)
            from_ += TILE_ROWS * left_width
            to += TILE_ROWS * result_width
        k += lanes(M)
