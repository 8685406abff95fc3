"""What the machine allows: kernels that only move the weights, or only multiply and add.

Each is a loop of LLVM instructions on whole registers, written out here so that no compiler's choice stands
between the bound and the machine. Loops hold as many independent chains as registers of the target have room
for, and touch memory for nothing but what they are about: a chain that is spilled is no limit.
"""

from __future__ import annotations

import os
import platform
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from threading import Barrier
from typing import TYPE_CHECKING, Any

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic

from chainrule.compiled.machine.processor import processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from benchmarks.rivals import Form, Options
    from benchmarks.tasks import Task

__all__ = ["multiply_adds", "one_pass", "product", "two_passes", "versions"]


def _registers() -> tuple[int, int]:
    """How many vector registers there are, and how many bytes each has, of what Numba compiles for."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return 32, 16  # NEON
    features = processor().features.split(",")
    if "+avx512f" in features:
        return 32, 64
    return 16, 32 if "+avx" in features else 16


REGISTERS, VECTOR_BYTES = _registers()
CACHE_LINE = 64
AT_ONCE = 8  # independent vectors of a loop over memory
# A quarter of the registers stays free for what the chains share. To hide the latency of a multiply-add, 8 to
# 10 chains are needed on today's x86-64 processors, and up to 16 with NEON.
ACCUMULATORS = REGISTERS * 3 // 4


def versions() -> dict[str, str]:
    """Versions of the compiler's parts."""
    return {name: version(name) for name in ("numba", "llvmlite")}


def _vector_type(scalar: types.Float) -> ir.VectorType:
    """LLVM vector of such scalars."""
    of = ir.FloatType() if scalar == types.float32 else ir.DoubleType()
    return ir.VectorType(of, VECTOR_BYTES * 8 // scalar.bitwidth)


def _spread(builder: Any, scalar: Any, vector: ir.VectorType) -> Any:
    """Vector with the scalar in every lane."""
    nothing = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(nothing, scalar, ir.IntType(32)(0))
    return builder.shuffle_vector(
        first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    )


def _sum_of_lanes(builder: Any, vectors: list[Any]) -> Any:
    """Scalar that depends on every lane of every vector."""
    total = vectors[0]
    for vector in vectors[1:]:
        total = builder.fadd(total, vector)
    lanes = [builder.extract_element(total, ir.IntType(32)(k)) for k in range(total.type.count)]
    scalar = lanes[0]
    for lane in lanes[1:]:
        scalar = builder.fadd(scalar, lane)
    return scalar


def _vectors_at(context: Any, builder: Any, array_type: Any, array: Any, block: Any) -> list[Any]:
    """Pointers to the vectors of a block."""
    vector = _vector_type(array_type.dtype)
    data = context.make_array(array_type)(context, builder, array).data
    first = builder.mul(block, ir.Constant(block.type, AT_ONCE * vector.count))
    at = [builder.add(first, ir.Constant(block.type, k * vector.count)) for k in range(AT_ONCE)]
    return [builder.bitcast(builder.gep(data, [i]), vector.as_pointer()) for i in at]


@intrinsic
def _read(_typing: Any, array: Any, begin: Any, end: Any) -> Any:
    """Sum of the blocks from `begin` to before `end`: one read of each element."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = _vector_type(signature.args[0].dtype)
        zero = ir.Constant(vector, None)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(AT_ONCE)]
        with cgutils.for_range_slice(builder, args[1], args[2], args[1].type(1)) as (block, _):
            for sum_, pointer in zip(
                sums, _vectors_at(context, builder, signature.args[0], args[0], block), strict=True
            ):
                loaded = builder.load(pointer)
                loaded.align = VECTOR_BYTES
                builder.store(builder.fadd(builder.load(sum_), loaded), sum_)
        return _sum_of_lanes(builder, [builder.load(sum_) for sum_ in sums])

    return array.dtype(array, begin, end), codegen


@intrinsic
def _read_and_write(_typing: Any, array: Any, begin: Any, end: Any, addend: Any) -> Any:
    """Add a number to each element of the blocks: one read and one write; gives the sum, like `_read`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = _vector_type(signature.args[0].dtype)
        addend = _spread(builder, args[3], vector)
        zero = ir.Constant(vector, None)
        sums = [cgutils.alloca_once_value(builder, zero) for _ in range(AT_ONCE)]
        with cgutils.for_range_slice(builder, args[1], args[2], args[1].type(1)) as (block, _):
            for sum_, pointer in zip(
                sums, _vectors_at(context, builder, signature.args[0], args[0], block), strict=True
            ):
                loaded = builder.load(pointer)
                loaded.align = VECTOR_BYTES
                changed = builder.fadd(loaded, addend)
                builder.store(changed, pointer).align = VECTOR_BYTES
                builder.store(builder.fadd(builder.load(sum_), changed), sum_)
        return _sum_of_lanes(builder, [builder.load(sum_) for sum_ in sums])

    return array.dtype(array, begin, end, addend), codegen


@intrinsic
def _multiply_and_add(_typing: Any, times: Any, factor: Any, addend: Any) -> Any:
    """Independent chains of ``x * factor + addend`` in registers, `times` long."""

    def codegen(_context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = _vector_type(signature.args[1])
        factor, addend = (_spread(builder, arg, vector) for arg in args[1:])
        kind = ir.FunctionType(vector, [vector] * 3)
        name = f"llvm.fma.v{vector.count}f{signature.args[1].bitwidth}"
        fma = cgutils.get_or_insert_function(builder.module, kind, name)
        chains = [cgutils.alloca_once_value(builder, addend) for _ in range(ACCUMULATORS)]
        with cgutils.for_range(builder, args[0]):
            for chain in chains:
                builder.store(builder.call(fma, [builder.load(chain), factor, addend]), chain)
        return _sum_of_lanes(builder, [builder.load(chain) for chain in chains])

    return factor(times, factor, addend), codegen


@njit(nogil=True)
def _stream(weights: Any, ends: Any, samples: Any, fused: Any, tiny: Any) -> Any:
    """Move all weights as online training does: forward through the layers, then back.

    With `fused`, the first layer's update of one sample and its forward pass of the next go together.
    """
    change = tiny
    for _ in range(samples):
        if not fused:
            change += tiny * _read(weights, 0, ends[0])
        for m in range(1, len(ends)):
            change += tiny * _read(weights, ends[m - 1], ends[m])
        for m in range(len(ends) - 1, 0, -1):
            change += tiny * _read_and_write(weights, ends[m - 1], ends[m], change)
        change += tiny * _read_and_write(weights, 0, ends[0], change)
    return change


@njit(nogil=True)
def _multiply_and_add_only(times: Any, factor: Any, addend: Any) -> Any:
    """A call for Python."""
    return _multiply_and_add(times, factor, addend)


class Streaming:
    """Weights in one aligned array, each layer filled up to whole blocks, and nothing but moving them."""

    output = "logistic"

    def __init__(self, task: Task, *, fused: bool) -> None:
        self.fused, self.scalar = fused, np.dtype(task.dtype).type
        block = AT_ONCE * VECTOR_BYTES // np.dtype(task.dtype).itemsize
        counts = [n_out * (1 + n_in) for n_in, n_out in zip(task.sizes, task.sizes[1:], strict=False)]
        self.ends = np.cumsum([-(-count // block) for count in counts])
        self.weights = _aligned(int(self.ends[-1]) * block, task.dtype)

    def reset(self, rows: int) -> None:
        """So many samples."""
        self.rows = rows

    def run(self, epochs: int) -> None:
        """Move the weights for every sample."""
        _stream(self.weights, self.ends, self.rows * epochs, self.fused, self.scalar(1e-30))

    def result(self) -> None:
        """Nothing."""


def _aligned(size: int, dtype: str) -> npt.NDArray[Any]:
    """Zeros that begin where a cache line does."""
    width = np.dtype(dtype).itemsize
    room = np.zeros(size + CACHE_LINE // width, dtype)
    skip = -room.ctypes.data % CACHE_LINE // width
    return room[skip : skip + size]


class MultiplyAdds:
    """As many operations as the training has, at the highest rate that the processor reaches."""

    output = "logistic"

    def __init__(self, flops: int, dtype: str, threads: int) -> None:
        self.flops, self.threads = flops, threads  # operations a sample
        self.scalar = np.dtype(dtype).type
        self.flops_a_turn = 2 * ACCUMULATORS * VECTOR_BYTES // np.dtype(dtype).itemsize
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self.pool = ThreadPoolExecutor(threads, initializer=_stay, initargs=(iter(cores),))
        all_there = Barrier(threads)  # a pool starts no thread while another seems to be idle
        list(self.pool.map(lambda _: all_there.wait(), range(threads)))

    def reset(self, rows: int) -> None:
        """So many samples."""
        self.rows = rows

    def run(self, epochs: int) -> None:
        """Multiply and add, on every thread its share."""
        turns = round(self.flops * self.rows * epochs / self.flops_a_turn / self.threads)
        work = partial(_multiply_and_add_only, turns, self.scalar(0.5))
        list(self.pool.map(work, [self.scalar(1 + thread) for thread in range(self.threads)]))

    def result(self) -> None:
        """Nothing."""


def _stay(cores: Iterator[int]) -> None:
    """Keep this thread to the next core, so that no two share one."""
    if (core := next(cores, None)) is not None:
        os.sched_setaffinity(0, {core})


def product(A: npt.NDArray[Any], B: npt.NDArray[Any], threads: int) -> Callable[[], object]:
    """As many operations as the product of two square matrices takes."""
    form = MultiplyAdds(2 * A.size * len(B), A.dtype.name, threads)
    form.reset(1)
    return partial(form.run, 1)


def two_passes(task: Task, _X: Any, _Y: Any, _options: Options) -> dict[str, Callable[[], Form]]:
    """Every weight read in the forward pass, and read and written in the backward pass."""
    return {"2 reads, 1 write of a weight": partial(Streaming, task, fused=False)}


def one_pass(task: Task, _X: Any, _Y: Any, _options: Options) -> dict[str, Callable[[], Form]]:
    """As above, but the first layer's weights, whose update can wait for the next sample, only once."""
    return {"first layer 1 read, 1 write; others 2 reads, 1 write": partial(Streaming, task, fused=True)}


def multiply_adds(task: Task, _X: Any, _Y: Any, _options: Options) -> dict[str, Callable[[], Form]]:
    """Multiply-adds in registers."""
    return {
        f"{ACCUMULATORS} chains of multiply-adds, {VECTOR_BYTES} bytes wide": partial(
            MultiplyAdds, task.flops, task.dtype, task.threads
        )
    }
