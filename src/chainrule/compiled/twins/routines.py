"""Functions over rows that kernels reach by their address: each is compiled when a network first needs it.

Activations, losses and update rules are many, and a kernel that had all of them in it would take half a
minute to compile. So each is a routine, compiled by itself and kept on the disk by itself, and a kernel
calls the address that stands in the record of a layer or among the places. Such a call costs some
nanoseconds, and comes once a row or once for many rows.
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

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

__all__ = [
    "Routine", "call_rows", "call_start", "call_update", "rows_routine", "start_routine", "update_routine",
]  # fmt: skip

_LAYER, _PLACES = types.CPointer(from_dtype(LAYER)), types.CPointer(from_dtype(PLACES))
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
    """A function of the memory, a layer and numbers, compiled for each dtype when it is first asked for."""

    def __init__(
        self, name: str, function: Callable[..., Any], numbers: tuple[Any, ...], returns: Any
    ) -> None:
        self.name, self._function, self._numbers, self._returns = name, function, numbers, returns
        self._compiled: dict[np.dtype[Any], Any] = {}

    def address(self, dtype: np.dtype[Any]) -> int:
        """Where the function for memory of this dtype begins."""
        return int(self.of(dtype).address)

    def of(self, dtype: np.dtype[Any]) -> Any:
        """The function for memory of this dtype."""
        if dtype not in self._compiled:
            memory = types.CPointer(from_dtype(dtype))
            signature = self._returns(memory, _LAYER, *self._numbers)
            compiled: Any = Callback(self._function, signature)
            compiled._cache = KernelFiles(self.name)  # noqa: SLF001 (Numba has no other door)
            with undisturbed():
                compiled.compile()
            self._compiled[dtype] = compiled
        return self._compiled[dtype]


def rows_routine(name: str, over_rows: Callable[..., Any]) -> Routine:
    """Routine of a part over the rows of a layer from one number up to another."""

    def routine(memory, layer, row, stop):
        over_rows(_memory(memory), _record(layer), row, stop)

    return Routine(name, routine, (types.int64, types.int64), types.void)


def start_routine(name: str, over_rows: Callable[..., Any]) -> Routine:
    """Routine of a part that starts the deltas of some rows and writes their losses to their places."""

    def routine(memory, layer, places, row, stop):
        over_rows(_memory(memory), _record(layer), _record(places), row, stop)

    return Routine(name, routine, (_PLACES, types.int64, types.int64), types.void)


def update_routine(name: str, over_rows: Callable[..., Any]) -> Routine:
    """Routine of a part that updates the weights of some inputs of a layer."""

    def routine(memory, layer, begin, stop, factor, decay, numbers):
        over_rows(_memory(memory), _record(layer), begin, stop, factor, decay, numbers)

    numbers = (types.int64, types.int64, types.float64, types.float64, types.int64)
    return Routine(name, routine, numbers, types.void)


def _call(context, builder, address, result, arguments):
    """LLVM call of the function at an address."""
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(builder.inttoptr(address, kind.as_pointer()), arguments)


def _data(context, builder, array_type, array):
    """LLVM pointer to the first number of the memory."""
    return context.make_array(array_type)(context, builder, array).data


@intrinsic
def call_rows(_typing, address, M, layer, row, stop):
    """Call a routine over rows."""

    def codegen(context, builder, signature, args):
        memory = _data(context, builder, signature.args[1], args[1])
        _call(context, builder, args[0], ir.VoidType(), [memory, *args[2:]])
        return context.get_dummy_value()

    return types.void(types.int64, M, layer, types.int64, types.int64), codegen


@intrinsic
def call_start(_typing, address, M, layer, places, row, stop):
    """Call a routine that starts the deltas of some rows."""

    def codegen(context, builder, signature, args):
        memory = _data(context, builder, signature.args[1], args[1])
        _call(context, builder, args[0], ir.VoidType(), [memory, *args[2:]])
        return context.get_dummy_value()

    return types.void(types.int64, M, layer, places, types.int64, types.int64), codegen


@intrinsic
def call_update(_typing, address, M, layer, begin, stop, factor, decay, numbers):
    """Call a routine that updates weights."""

    def codegen(context, builder, signature, args):
        memory = _data(context, builder, signature.args[1], args[1])
        _call(context, builder, args[0], ir.VoidType(), [memory, *args[2:]])
        return context.get_dummy_value()

    whole, number = types.int64, types.float64
    return types.void(whole, M, layer, whole, whole, number, number, whole), codegen
