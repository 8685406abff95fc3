"""A Numba type that is a block of a matrix held in registers: rows of vectors.

Almost all the work of training is one operation, a product of two matrices, and a tile is a part of its
result. Each scalar of the tile is one chain of fused multiply-adds, in order of the index that is summed
over. Tiles of another size cut the product in another way, but no chain changes, and so no bit of the result
does: a machine may use the size that fits its registers.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model

from chainrule.compiled.language.vectors import (
    VECTOR_OF,
    VectorType,
    add_halves,
    fused_multiply_add,
    lanes_at,
    load_vector,
    spread_scalar,
    store_vector,
)

__all__ = [
    "TileType", "add_column", "add_multiple", "add_outer_product", "add_products_and_descend",
    "add_scaled_rows", "column_from", "column_of_zeros", "square_from", "store_tile", "sum_of_rows",
    "tile_from", "total_of_column", "totals_of_rows", "transpose_block", "zeros",
]  # fmt: skip


class TileType(types.Type):  # type: ignore[misc]
    """Numba's name for `rows` times `columns` vectors."""

    def __init__(self, vector: VectorType, rows: int, columns: int) -> None:
        self.vector, self.rows, self.columns = vector, rows, columns
        super().__init__(name=f"tile({rows} x {columns} of {vector.name})")


@register_model(TileType)
class _TileModel(models.PrimitiveModel):  # type: ignore[misc]
    """An LLVM array of vectors; LLVM gives each a register of its own."""

    def __init__(self, manager, tile):
        super().__init__(manager, tile, ir.ArrayType(tile.vector.llvm, tile.rows * tile.columns))


class _Writer:
    """What an intrinsic needs to write instructions for the vectors of tiles in one array."""

    def __init__(self, context, builder, array_type=None, memory=None):
        self.context, self.builder = context, builder
        self.array_type, self.memory = array_type, memory

    def offset(self, index, number, stride):
        """Index of element ``index + number * stride``; the stride is an LLVM value or a plain number."""
        if isinstance(stride, int):
            return self.builder.add(index, self.context.get_constant(types.intp, number * stride))
        return self.builder.add(
            index, self.builder.mul(stride, self.context.get_constant(types.intp, number))
        )

    def places(self, tile, index, row_stride, column_stride):
        """Indices of the vectors of a tile, row after row."""
        for row in range(tile.rows):
            begin = self.offset(index, row, row_stride)
            for column in range(tile.columns):
                yield self.offset(begin, column, column_stride)

    def load(self, index, vector=None):
        """Vector in the array."""
        return load_vector(self.context, self.builder, self.array_type, self.memory, index, vector)

    def store(self, index, vector):
        """Write a vector into the array."""
        kind = VECTOR_OF[self.array_type.dtype]
        store_vector(self.context, self.builder, self.array_type, self.memory, index, vector, kind)

    def spread(self, index):
        """Vector that has one scalar of the array in every lane."""
        data = self.context.make_array(self.array_type)(self.context, self.builder, self.memory).data
        scalar = self.builder.load(self.builder.gep(data, [index]))
        return spread_scalar(self.builder, VECTOR_OF[self.array_type.dtype], scalar)

    def vectors(self, tile, value):
        """The vectors of a tile, row after row."""
        return [self.builder.extract_value(value, place) for place in range(tile.rows * tile.columns)]

    def tile(self, tile, vectors):
        """Tile made of vectors."""
        value = ir.Constant(self.context.get_value_type(tile), ir.Undefined)
        for place, vector in enumerate(vectors):
            value = self.builder.insert_value(value, vector, place)
        return value

    def fused(self, tile, a, b, c):
        """``a * b + c``."""
        return fused_multiply_add(self.builder, tile.vector, a, b, c)


def _tile_of(array, rows, columns):
    return TileType(VECTOR_OF[array.dtype], rows.literal_value, columns.literal_value)


def _zero_tile(context, tile):
    zero = ir.Constant(tile.vector.llvm, [0.0] * tile.vector.lanes)
    return ir.Constant(context.get_value_type(tile), [zero] * (tile.rows * tile.columns))


@intrinsic(prefer_literal=True)
def zeros(_typing, array, rows, columns):
    """Tile of zeros for the dtype of `array`."""
    tile = _tile_of(array, rows, columns)

    def codegen(context, _builder, _signature, _args):
        return _zero_tile(context, tile)

    return tile(array, rows, columns), codegen


@intrinsic
def column_of_zeros(_typing, array):
    """Tile of one column of zero vectors, one for each lane; `totals_of_rows` makes one vector of it."""
    vector = VECTOR_OF[array.dtype]
    tile = TileType(vector, vector.lanes, 1)

    def codegen(context, _builder, _signature, _args):
        return _zero_tile(context, tile)

    return tile(array), codegen


def _column_of(vector):
    """Tile of one column of as many such vectors as each has lanes, and what loads it where they lie."""
    tile = TileType(vector, vector.lanes, 1)

    def codegen(context, builder, signature, args):
        writer = _Writer(context, builder, signature.args[0], args[0])
        places = (writer.offset(args[1], row, vector.lanes) for row in range(vector.lanes))
        return writer.tile(tile, [writer.load(place, vector) for place in places])

    return tile, codegen


@intrinsic
def square_from(_typing, array, index):
    """Tile of one column of as many vectors as each has lanes, that lie one after the other."""
    tile, codegen = _column_of(VECTOR_OF[array.dtype])
    return tile(array, types.intp), codegen


@intrinsic(prefer_literal=True)
def column_from(_typing, array, index, lanes):
    """Tile of one column of short vectors, as many as each has lanes, that lie one after the other."""
    tile, codegen = _column_of(VectorType(array.dtype, lanes.literal_value))
    return tile(array, types.intp, lanes), codegen


@intrinsic(prefer_literal=True)
def tile_from(_typing, array, index, row_stride, column_stride, rows, columns):
    """Tile whose rows, and whose columns of vectors, begin so many elements apart in `array`."""
    tile = _tile_of(array, rows, columns)

    def codegen(context, builder, signature, args):
        writer = _Writer(context, builder, signature.args[0], args[0])
        places = writer.places(tile, *args[1:4])
        return writer.tile(tile, [writer.load(place) for place in places])

    return tile(array, types.intp, types.intp, types.intp, rows, columns), codegen


@intrinsic
def store_tile(_typing, array, index, row_stride, column_stride, tile):
    """Write the tile, its rows and its columns so many elements apart."""

    def codegen(context, builder, signature, args):
        writer = _Writer(context, builder, signature.args[0], args[0])
        places = writer.places(tile, *args[1:4])
        for place, vector in zip(places, writer.vectors(tile, args[4]), strict=True):
            writer.store(place, vector)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, types.intp, tile), codegen


@intrinsic
def add_outer_product(_typing, tile, array, scalars, stride, row):
    """Add to row r of the tile: the scalar at ``scalars + r * stride`` times `row`, a tile of one row."""

    def codegen(context, builder, signature, args):
        value, memory, scalars, stride, row_value = args
        writer = _Writer(context, builder, signature.args[1], memory)
        vectors, sums = writer.vectors(row, row_value), []
        for place, old in enumerate(writer.vectors(tile, value)):
            r, column = divmod(place, tile.columns)
            if column == 0:
                scalar = writer.spread(writer.offset(scalars, r, stride))
            sums.append(writer.fused(tile, scalar, vectors[column], old))
        return writer.tile(tile, sums)

    return tile(tile, array, types.intp, types.intp, row), codegen


@intrinsic
def add_scaled_rows(_typing, tile, array, scalars, other):
    """Add to row r of the tile: the scalar at ``scalars + r`` times row r of the other tile."""

    def codegen(context, builder, signature, args):
        value, memory, scalars, other_value = args
        writer = _Writer(context, builder, signature.args[1], memory)
        others, sums = writer.vectors(tile, other_value), []
        for place, old in enumerate(writer.vectors(tile, value)):
            r, column = divmod(place, tile.columns)
            if column == 0:
                scalar = writer.spread(writer.offset(scalars, r, 1))
            sums.append(writer.fused(tile, scalar, others[place], old))
        return writer.tile(tile, sums)

    return tile(tile, array, types.intp, tile), codegen


@intrinsic
def add_multiple(_typing, tile, scalar, other):
    """The tile plus the scalar times another."""

    def codegen(context, builder, _signature, args):
        value, scalar, other_value = args
        writer = _Writer(context, builder)
        factor = spread_scalar(builder, tile.vector, scalar)
        pairs = zip(writer.vectors(tile, value), writer.vectors(tile, other_value), strict=True)
        return writer.tile(tile, [writer.fused(tile, factor, new, old) for old, new in pairs])

    return tile(tile, tile.vector.scalar, tile), codegen


@intrinsic
def add_products_and_descend(_typing, column, array, rows, stride, steps, delta):
    """One column of rows of weights, each read once: backward through them, then one update.

    To row r of the tile `column` is added the vector of weights at ``rows + r * stride`` times `delta`; then
    that vector grows by the scalar at ``steps + r`` times `delta`.
    """

    def codegen(context, builder, signature, args):
        value, memory, rows, stride, steps, delta_value = args
        writer = _Writer(context, builder, signature.args[1], memory)
        sums = []
        for r, old in enumerate(writer.vectors(column, value)):
            place = writer.offset(rows, r, stride)
            weights = writer.load(place)
            sums.append(writer.fused(column, weights, delta_value, old))
            step = writer.spread(writer.offset(steps, r, 1))
            writer.store(place, writer.fused(column, step, delta_value, weights))
        return writer.tile(column, sums)

    return column(column, array, types.intp, types.intp, types.intp, delta), codegen


def _added_in_halves(builder, vectors, count):
    """LLVM vectors, the upper half added to the lower until so many are left."""
    while len(vectors) > count:
        half = len(vectors) // 2
        vectors = [builder.fadd(vectors[at], vectors[at + half]) for at in range(half)]
    return vectors


@intrinsic
def sum_of_rows(_typing, tile):
    """Tile of one row: the upper half of the rows is added to the lower, until one is left."""
    result = TileType(tile.vector, 1, tile.columns)

    def codegen(context, builder, _signature, args):
        writer = _Writer(context, builder)
        vectors = writer.vectors(tile, args[0])
        return writer.tile(result, _added_in_halves(builder, vectors, tile.columns))

    return result(tile), codegen


@intrinsic
def add_column(_typing, column, array, index, stride):
    """Add to each vector of a tile of one column the one that lies there, `stride` elements apart."""

    def codegen(context, builder, signature, args):
        value, memory, index, stride = args
        writer = _Writer(context, builder, signature.args[1], memory)
        vectors = writer.vectors(column, value)
        places = (writer.offset(index, row, stride) for row in range(column.rows))
        pairs = zip(vectors, places, strict=True)
        return writer.tile(column, [builder.fadd(old, writer.load(place)) for old, place in pairs])

    return column(column, array, types.intp, types.intp), codegen


@intrinsic
def total_of_column(_typing, column):
    """Sum of the vectors of a tile of one column, lane by lane in the order of `total`."""

    def codegen(context, builder, _signature, args):
        return _added_in_halves(builder, _Writer(context, builder).vectors(column, args[0]), 1)[0]

    return column.vector(column), codegen


@intrinsic
def totals_of_rows(_typing, column):
    """Vector of the totals of a tile of one column, each added up as `total` does.

    Two vectors are halved at once, so that the whole costs one addition and two shuffles a row.
    """

    def codegen(context, builder, _signature, args):
        rows = _Writer(context, builder).vectors(column, args[0])
        # Rows r and r + half become one vector, in which each has half as many parts as before. That order
        # of pairing leaves the totals in the order of the rows.
        parts = column.vector.lanes
        while len(rows) > 1:
            half, parts = len(rows) // 2, parts // 2
            rows = [add_halves(builder, rows[r], rows[r + half], parts) for r in range(half)]
        return rows[0]

    return column.vector(column), codegen


@intrinsic
def transpose_block(_typing, array, source, source_stride, target, target_stride):
    """Copy a square block, as many rows as a vector has lanes, so that rows become columns."""
    vector = VECTOR_OF[array.dtype]

    def codegen(context, builder, signature, args):
        memory, source, source_stride, target, target_stride = args
        writer = _Writer(context, builder, signature.args[0], memory)
        size = vector.lanes
        rows = [writer.load(writer.offset(source, r, source_stride)) for r in range(size)]
        block = size // 2
        while block:  # blocks beside the diagonal change places, then blocks within blocks
            for r in (r for r in range(size) if not r & block):
                a, b = rows[r], rows[r + block]
                upper = [lane if not lane & block else size + lane - block for lane in range(size)]
                lower = [lane + block if not lane & block else size + lane for lane in range(size)]
                rows[r] = builder.shuffle_vector(a, b, lanes_at(upper))
                rows[r + block] = builder.shuffle_vector(a, b, lanes_at(lower))
            block //= 2
        for r, row in enumerate(rows):
            writer.store(writer.offset(target, r, target_stride), row)
        return context.get_dummy_value()

    return types.void(array, *[types.intp] * 4), codegen
