"""Functions that kernels reach by their address: each is compiled when a network first needs it.

Activations, losses and update rules are many, and a kernel that had all of them in it would take half a
minute to compile; products of matrices and their tiles would be compiled anew in every kernel. So each is a
routine, compiled by itself and kept on the disk by itself, and a kernel calls the address that stands in the
record of a layer or among the places. Such a call costs some nanoseconds, and comes once a row or once for
many rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import from_dtype, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from chainrule.compiled.layout import LAYER, PLACES
from chainrule.compiled.machine.cache import KernelFiles
from chainrule.compiled.machine.compiler import Callback, undisturbed
from chainrule.compiled.machine.compiling import everything

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

__all__ = [
    "Routine", "call_gradients", "call_prepare", "call_product", "call_rows", "call_start", "call_transpose",
    "call_update", "gradients_routine", "prepare_routine", "product_routine", "rows_routine", "start_routine",
    "transpose_routine", "update_routine",
]  # fmt: skip

_LAYER, _PLACES = types.CPointer(from_dtype(LAYER)), types.CPointer(from_dtype(PLACES))
_WHOLE, _NUMBER = types.int64, types.float64
_ALL = 1 << 40  # numbers of the memory: a routine is given its beginning alone


@intrinsic
def _memory(_typing, pointer):
    """Array that begins at a pointer; Numba's own way to it counts references."""
    array_type = types.Array(pointer.dtype, 1, "C")

    def codegen(context, builder, _signature, args):
        array = context.make_array(array_type)(context, builder)
        length, size = (
            context.get_constant(types.intp, number) for number in (_ALL, pointer.dtype.bitwidth // 8)
        )
        populate_array(array, data=args[0], shape=[length], strides=[size], itemsize=size, meminfo=None)
        return array._getvalue()  # noqa: SLF001 (Numba's way to the struct's value)

    return array_type(pointer), codegen


@intrinsic
def _record(_typing, pointer):
    """Record at a pointer."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(signature.return_type))

    return pointer.dtype(pointer), codegen


class Routine:
    """A function of the memory and of other things, compiled for each dtype when it is first asked for."""

    def __init__(self, name: str, function: Callable[..., Any], others: tuple[Any, ...]) -> None:
        self.name, self._function, self._others = name, function, others
        self._files = KernelFiles(name)
        self._compiled: dict[np.dtype[Any], Any] = {}
        everything.append(self)

    def address(self, dtype: np.dtype[Any]) -> int:
        """Where the function for memory of this dtype begins."""
        return int(self.of(dtype).address)

    def of(self, dtype: np.dtype[Any]) -> Any:
        """The function for memory of this dtype."""
        if dtype not in self._compiled:
            compiled: Any = Callback(self._function, self._signature(dtype))
            compiled._cache = self._files  # noqa: SLF001 (Numba has no other door)
            with undisturbed():
                compiled.compile()
            self._compiled[dtype] = compiled
        return self._compiled[dtype]

    def is_kept(self, dtype: np.dtype[Any]) -> bool:
        """Whether it is on the disk."""
        return self._files.has(self._signature(dtype))

    def _signature(self, dtype: np.dtype[Any]) -> Any:
        return types.void(types.CPointer(from_dtype(dtype)), *self._others)


def rows_routine(name: str, over_rows: Callable[..., Any]) -> Routine:
    """Routine of a part over the rows of a layer from one number up to another."""

    def routine(memory, layer, row, stop):
        over_rows(_memory(memory), _record(layer), row, stop)

    return Routine(name, routine, (_LAYER, _WHOLE, _WHOLE))


def product_routine(name: str, product: Callable[..., Any]) -> Routine:
    """Routine of a part that multiplies matrices: `multiply`."""

    def routine(memory, left, left_width, right, right_rows, n, result, result_width, rows):
        product(_memory(memory), left, left_width, right, right_rows, n, result, result_width, rows)

    return Routine(name, routine, (_WHOLE,) * 8)


def gradients_routine(name: str, add: Callable[..., Any]) -> Routine:
    """Routine of a part that computes gradients of some weights: `add_gradients`."""

    def routine(memory, layer, row, rows, begin, stop, k, to, to_column, step, is_added):
        add(_memory(memory), _record(layer), row, rows, begin, stop, k, to, to_column, step, is_added)

    return Routine(name, routine, (_LAYER, *(_WHOLE,) * 7, _NUMBER, _WHOLE))


def transpose_routine(name: str, transpose: Callable[..., Any]) -> Routine:
    """Routine of a part that transposes weights of some inputs and one vector of units of a layer."""

    def routine(memory, layer, k, begin, stop):
        transpose(_memory(memory), _record(layer), k, begin, stop)

    return Routine(name, routine, (_LAYER, _WHOLE, _WHOLE, _WHOLE))


def prepare_routine(name: str, over_column: Callable[..., Any]) -> Routine:
    """Routine of a part that makes gradients of the objective of sums."""

    def routine(memory, layer, k, begin, stop, gradients, scale, l1, l2):
        over_column(_memory(memory), _record(layer), k, begin, stop, gradients, scale, l1, l2)

    return Routine(name, routine, (_LAYER, *(_WHOLE,) * 4, *(_NUMBER,) * 3))


def start_routine(name: str, over_rows: Callable[..., Any]) -> Routine:
    """Routine of a part that starts the deltas of some rows and writes their losses to their places."""

    def routine(memory, layer, places, row, stop):
        over_rows(_memory(memory), _record(layer), _record(places), row, stop)

    return Routine(name, routine, (_LAYER, _PLACES, _WHOLE, _WHOLE))


def update_routine(name: str, over_column: Callable[..., Any]) -> Routine:
    """Routine of a part that updates the weights of some inputs and one vector of units of a layer."""

    def routine(memory, layer, k, begin, stop, gradients, factor, decay, numbers):
        over_column(_memory(memory), _record(layer), k, begin, stop, gradients, factor, decay, numbers)

    return Routine(name, routine, (_LAYER, *(_WHOLE,) * 4, _NUMBER, _NUMBER, _WHOLE))


def _call(others):
    """Codegen of a call: the address, the memory, and then what the signature has."""

    def codegen(context, builder, signature, args):
        memory = context.make_array(signature.args[1])(context, builder, args[1]).data
        arguments = [memory, *args[2:]]
        kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), arguments)
        return context.get_dummy_value()

    return types.void(_WHOLE, *others), codegen


@intrinsic
def call_rows(_typing, address, M, layer, row, stop):
    """Call a routine over rows."""
    return _call((M, layer, _WHOLE, _WHOLE))


@intrinsic
def call_start(_typing, address, M, layer, places, row, stop):
    """Call a routine that starts the deltas of some rows."""
    return _call((M, layer, places, _WHOLE, _WHOLE))


@intrinsic
def call_product(_typing, address, M, left, left_width, right, right_rows, n, result, result_width, rows):
    """Call a routine that multiplies matrices."""
    return _call((M, *(_WHOLE,) * 8))


@intrinsic
def call_gradients(_typing, address, M, layer, row, rows, begin, stop, k, to, to_column, step, is_added):
    """Call a routine that computes gradients."""
    return _call((M, layer, *(_WHOLE,) * 7, _NUMBER, _WHOLE))


@intrinsic
def call_transpose(_typing, address, M, layer, k, begin, stop):
    """Call a routine that transposes weights."""
    return _call((M, layer, _WHOLE, _WHOLE, _WHOLE))


@intrinsic
def call_prepare(_typing, address, M, layer, k, begin, stop, gradients, scale, l1, l2):
    """Call a routine that makes gradients of the objective."""
    return _call((M, layer, *(_WHOLE,) * 4, *(_NUMBER,) * 3))


@intrinsic
def call_update(_typing, address, M, layer, k, begin, stop, gradients, factor, decay, numbers):
    """Call a routine that updates weights."""
    return _call((M, layer, *(_WHOLE,) * 4, _NUMBER, _NUMBER, _WHOLE))
