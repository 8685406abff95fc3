"""A Numba type that is one SIMD vector: 16 floats or 8 doubles.

Numba turns a Python function into LLVM instructions. LLVM knows vectors, ``<16 x float>``, as values like
any other: one ``fadd`` adds all lanes, and where the processor's registers are narrower LLVM makes several
instructions of it, with the same result. Numba does not offer these values, so this module does:

- `VectorType` tells Numba's type inference that there is such a type, `_VectorModel` what LLVM makes of it.
- An *intrinsic* is a function that writes LLVM instructions itself. It returns a signature, from which Numba
  infers the types, and a function that is given an LLVM builder and the LLVM values of the arguments.
- `overload` gives the operators a meaning, so that kernels read ``a * (one - a)``.

No operation carries a fast-math flag: what is written is what is computed, in this order, on every machine.

References
----------
LLVM Language Reference, https://llvm.org/docs/LangRef.html; Numba, "Low-level extension API".
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, overload, register_model

__all__ = [
    "VECTOR_OF", "VectorType", "add_halves", "by_quarter", "constant", "constant_of", "exponent_and_mantissa",
    "exponent_from", "first_lanes", "fused", "fused_multiply_add", "lanes", "lanes_at", "largest", "load",
    "load_lanes", "load_vector", "magnitude", "minus_magnitude", "prefetch", "spread", "spread_like",
    "spread_scalar", "square_root", "store", "store_lanes", "store_vector", "total", "where_at_most",
    "where_less", "where_number",
]  # fmt: skip


class VectorType(types.Type):  # type: ignore[misc]
    """Numba's name for a vector of `lanes` scalars."""

    def __init__(self, scalar: types.Float, lanes: int) -> None:
        self.scalar, self.lanes = scalar, lanes
        super().__init__(name=f"vector({self.lanes} x {scalar})")

    @property
    def llvm(self) -> ir.VectorType:
        """The vector as LLVM knows it."""
        scalar = ir.FloatType() if self.scalar == types.float32 else ir.DoubleType()
        return ir.VectorType(scalar, self.lanes)

    @property
    def llvm_bits(self) -> ir.VectorType:
        """Vector of whole numbers of the same width, for work on exponents."""
        return ir.VectorType(ir.IntType(self.scalar.bitwidth), self.lanes)


# 64 bytes, the widest register of today's processors.
VECTOR_OF = {types.float32: VectorType(types.float32, 16), types.float64: VectorType(types.float64, 8)}


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    """A vector is a plain LLVM value, kept in registers."""

    def __init__(self, manager, vector):
        super().__init__(manager, vector, vector.llvm)


def pointer_to_vector(context, builder, array_type, array, index, vector):
    """LLVM pointer to the vector that begins at an element of a flat array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), vector.llvm.as_pointer())


def load_vector(context, builder, array_type, array, index, vector=None):
    """LLVM value of the vector there; it need not be aligned to more than its scalars."""
    vector = vector or VECTOR_OF[array_type.dtype]
    value = builder.load(pointer_to_vector(context, builder, array_type, array, index, vector))
    value.align = array_type.dtype.bitwidth // 8
    return value


def store_vector(context, builder, array_type, array, index, value, vector=None):
    """Write the vector there."""
    vector = vector or VECTOR_OF[array_type.dtype]
    pointer = pointer_to_vector(context, builder, array_type, array, index, vector)
    builder.store(value, pointer).align = array_type.dtype.bitwidth // 8


def spread_scalar(builder, vector, scalar):
    """LLVM vector with the scalar in every lane."""
    undefined = ir.Constant(vector.llvm, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, lanes_at([0] * vector.lanes))


def fused_multiply_add(builder, vector, a, b, c):
    """LLVM call of ``a * b + c``, rounded once."""
    kind = ir.FunctionType(vector.llvm, [vector.llvm] * 3)
    name = f"llvm.fma.v{vector.lanes}f{vector.scalar.bitwidth}"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [a, b, c])


def lanes_at(positions):
    """LLVM constant that picks lanes in a shuffle."""
    return ir.Constant(ir.VectorType(ir.IntType(32), len(positions)), list(positions))


@intrinsic
def lanes(_typing, array):
    """Scalars that a vector of this array's dtype holds: a constant for the compiler."""

    def codegen(context, _builder, signature, _args):
        return context.get_constant(types.intp, VECTOR_OF[signature.args[0].dtype].lanes)

    return types.intp(array), codegen


@intrinsic
def load(_typing, array, index):
    """Vector of the elements from `index` on."""

    def codegen(context, builder, signature, args):
        return load_vector(context, builder, signature.args[0], *args)

    return VECTOR_OF[array.dtype](array, types.intp), codegen


@intrinsic(prefer_literal=True)
def load_lanes(_typing, array, index, count):
    """Vector of `count` elements, a number that the compiler knows, from `index` on."""
    vector = VectorType(array.dtype, count.literal_value)

    def codegen(context, builder, signature, args):
        return load_vector(context, builder, signature.args[0], *args[:2], vector=vector)

    return vector(array, types.intp, count), codegen


@intrinsic
def prefetch(_typing, array, index):
    """Begin to fetch the line of the cache that has this element, which is going to be read and written."""

    def codegen(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, *[ir.IntType(32)] * 3])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], kind)
        builder.call(function, [pointer, *(ir.IntType(32)(number) for number in (1, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.intp), codegen


@intrinsic
def store(_typing, array, index, value):
    """Write a vector over the elements from `index` on."""

    def codegen(context, builder, signature, args):
        store_vector(context, builder, signature.args[0], *args, vector=value)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), codegen


@intrinsic
def store_lanes(_typing, array, index, stride, value):
    """Write the lanes of a vector, the first one at `index`, each `stride` elements after the one before."""

    def codegen(context, builder, signature, args):
        memory, index, stride, vector = args
        data = context.make_array(signature.args[0])(context, builder, memory).data
        for lane in range(value.lanes):
            scalar = builder.extract_element(vector, ir.Constant(ir.IntType(32), lane))
            builder.store(scalar, builder.gep(data, [index]))
            index = builder.add(index, stride)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, value), codegen


@intrinsic
def spread(_typing, scalar):
    """Vector with the scalar in every lane."""

    def codegen(_context, builder, signature, args):
        return spread_scalar(builder, signature.return_type, args[0])

    return VECTOR_OF[scalar](scalar), codegen


@intrinsic
def spread_like(_typing, like, scalar):
    """Vector of the type of `like` with the scalar in every lane."""

    def codegen(_context, builder, signature, args):
        return spread_scalar(builder, signature.return_type, args[1])

    return like(like, like.scalar), codegen


@intrinsic
def constant(_typing, like, value):
    """Vector of the type of `like` with the double `value`, rounded to it, in every lane."""

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        scalar = builder.fptrunc(args[1], ir.FloatType()) if vector.scalar == types.float32 else args[1]
        return spread_scalar(builder, vector, scalar)

    return like(like, types.float64), codegen


@intrinsic
def constant_of(_typing, like, for_floats, for_doubles):
    """Vector of the type of `like`: one double for vectors of floats, another for vectors of doubles."""

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        scalar = builder.fptrunc(args[1], ir.FloatType()) if vector.scalar == types.float32 else args[2]
        return spread_scalar(builder, vector, scalar)

    return like(like, types.float64, types.float64), codegen


@intrinsic
def fused(_typing, a, b, c):
    """``a * b + c``, rounded once."""

    def codegen(_context, builder, signature, args):
        return fused_multiply_add(builder, signature.return_type, *args)

    return a(a, a, a), codegen


def _give_meaning(symbol, instruction):
    """Let an operator between two vectors be this LLVM instruction."""

    @intrinsic
    def operation(_typing, a, b):
        def codegen(_context, builder, _signature, args):
            return getattr(builder, instruction)(*args)

        return a(a, a), codegen

    @overload(symbol)
    def of_vectors(a, b):
        if isinstance(a, VectorType) and a == b:
            return lambda a, b: operation(a, b)  # noqa: PLW0108 (Numba matches its parameters)
        return None


_give_meaning(operator.add, "fadd")
_give_meaning(operator.sub, "fsub")
_give_meaning(operator.mul, "fmul")
_give_meaning(operator.truediv, "fdiv")


@intrinsic
def magnitude(_typing, a):
    """|a|: the sign bit is cleared."""

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        rest = ir.Constant(vector.llvm_bits, [2 ** (vector.scalar.bitwidth - 1) - 1] * vector.lanes)
        return builder.bitcast(builder.and_(builder.bitcast(args[0], vector.llvm_bits), rest), vector.llvm)

    return a(a), codegen


@intrinsic
def minus_magnitude(_typing, a):
    """-|a|: the sign bit is set."""

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        sign = ir.Constant(vector.llvm_bits, [2 ** (vector.scalar.bitwidth - 1)] * vector.lanes)
        return builder.bitcast(builder.or_(builder.bitcast(args[0], vector.llvm_bits), sign), vector.llvm)

    return a(a), codegen


@intrinsic
def where_less(_typing, a, b, yes, no):
    """`yes` in the lanes where ``a < b``, else `no`; a NaN is less than nothing."""

    def codegen(_context, builder, _signature, args):
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return yes(a, a, yes, yes), codegen


@intrinsic
def where_at_most(_typing, a, b, yes, no):
    """`yes` in the lanes where ``a <= b``, else `no`; a NaN is at most nothing."""

    def codegen(_context, builder, _signature, args):
        return builder.select(builder.fcmp_ordered("<=", args[0], args[1]), args[2], args[3])

    return yes(a, a, yes, yes), codegen


@intrinsic
def where_number(_typing, a, yes, no):
    """`yes` in the lanes where `a` is a number, `no` where it is NaN."""

    def codegen(_context, builder, _signature, args):
        return builder.select(builder.fcmp_ordered("ord", args[0], args[0]), args[1], args[2])

    return yes(a, yes, yes), codegen


@intrinsic
def square_root(_typing, a):
    """Root of each lane, correctly rounded by every processor."""

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        kind = ir.FunctionType(vector.llvm, [vector.llvm])
        name = f"llvm.sqrt.v{vector.lanes}f{vector.scalar.bitwidth}"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)

    return a(a), codegen


@intrinsic
def exponent_and_mantissa(_typing, x):
    """Whole number n, and m from √½ to √2, with ``x = m * 2^n``; for normal numbers above 0."""
    shift, root = (23, 0x3F3504F3) if x.scalar == types.float32 else (52, 0x3FE6A09E667F3BCD)

    def codegen(context, builder, signature, args):
        vector = signature.args[0]
        bits = builder.bitcast(args[0], vector.llvm_bits)
        offset = builder.sub(bits, ir.Constant(vector.llvm_bits, [root] * vector.lanes))
        shifts = ir.Constant(vector.llvm_bits, [shift] * vector.lanes)
        n = builder.ashr(offset, shifts)
        mantissa = builder.bitcast(builder.sub(bits, builder.shl(n, shifts)), vector.llvm)
        pair = [builder.sitofp(n, vector.llvm), mantissa]
        return context.make_tuple(builder, signature.return_type, pair)

    return types.UniTuple(x, 2)(x), codegen


@intrinsic
def first_lanes(_typing, count, yes, no):
    """`yes` in the first `count` lanes, `no` in the others."""

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        numbers = vector.llvm_bits
        undefined = ir.Constant(numbers, ir.Undefined)
        count = args[0] if vector.scalar == types.float64 else builder.trunc(args[0], numbers.element)
        first = builder.insert_element(undefined, count, ir.Constant(ir.IntType(32), 0))
        counts = builder.shuffle_vector(first, undefined, lanes_at([0] * vector.lanes))
        inside = builder.icmp_signed("<", ir.Constant(numbers, list(range(vector.lanes))), counts)
        return builder.select(inside, *args[1:])

    return yes(types.intp, yes, yes), codegen


@intrinsic
def exponent_from(_typing, shifted):
    """2 to the n, where `shifted` is 1.5 times 2 to the number of mantissa bits, plus the whole number n.

    That sum has n in its lowest bits, so that no conversion is needed, and none can go wrong on a NaN.
    """
    bias, mantissa = (127, 23) if shifted.scalar == types.float32 else (1023, 52)

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        bits = builder.bitcast(args[0], vector.llvm_bits)
        biased = builder.add(bits, ir.Constant(vector.llvm_bits, [bias] * vector.lanes))
        shift = ir.Constant(vector.llvm_bits, [mantissa] * vector.lanes)
        return builder.bitcast(builder.shl(biased, shift), vector.llvm)

    return shifted(shifted), codegen


@intrinsic
def by_quarter(_typing, shifted, sine, cosine):
    """Sine of an angle and n quarter turns, from both waves of the angle, with n as `exponent_from` has it.

    An odd number of quarters swaps the two, and two of them change the sign.
    """

    def codegen(_context, builder, signature, args):
        vector = signature.return_type
        one, two, sign = (
            ir.Constant(vector.llvm_bits, [number] * vector.lanes)
            for number in (1, 2, vector.scalar.bitwidth - 2)
        )
        n = builder.bitcast(args[0], vector.llvm_bits)
        is_odd = builder.icmp_unsigned("==", builder.and_(n, one), one)
        chosen = builder.bitcast(builder.select(is_odd, args[2], args[1]), vector.llvm_bits)
        return builder.bitcast(builder.xor(chosen, builder.shl(builder.and_(n, two), sign)), vector.llvm)

    return sine(shifted, sine, sine), codegen


def _lane_of_halves(builder, value, combine):
    """LLVM scalar that all lanes become: the upper half is combined with the lower, until one is left."""
    width = value.type.count
    while width > 1:
        width //= 2
        lower, upper = (
            builder.shuffle_vector(value, value, lanes_at(range(begin, begin + width)))
            for begin in (0, width)
        )
        value = combine(lower, upper)
    return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))


@intrinsic
def total(_typing, a):
    """Sum of the lanes: the upper half is added to the lower, until one is left."""

    def codegen(_context, builder, _signature, args):
        return _lane_of_halves(builder, args[0], builder.fadd)

    return a.scalar(a), codegen


@intrinsic
def largest(_typing, a):
    """Largest of the lanes; a NaN counts for nothing."""

    def codegen(_context, builder, _signature, args):
        def larger(lower, upper):
            return builder.select(builder.fcmp_ordered("<", lower, upper), upper, lower)

        return _lane_of_halves(builder, args[0], larger)

    return a.scalar(a), codegen


def add_halves(builder, a, b, parts):
    """Vector that holds, for each row within `a` and within `b`, `parts` sums of its lower and upper parts.

    A vector holds several rows of ``2 * parts`` lanes; in the result the rows of `a` and `b` alternate
    so that the last step leaves row r in lane r.
    """
    lanes_ = a.type.count
    rows = lanes_ // (2 * parts)
    picks = []
    for begin in (0, parts):
        # order: for each row slot, first a's then b's
        chosen = []
        for row in range(rows):
            at = row * 2 * parts + begin
            chosen += range(at, at + parts)
            chosen += range(lanes_ + at, lanes_ + at + parts)
        picks.append(builder.shuffle_vector(a, b, lanes_at(chosen)))
    return builder.fadd(*picks)
