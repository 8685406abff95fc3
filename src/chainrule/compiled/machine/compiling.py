"""How kernels and their parts are compiled: without Numba's reference counting, so that they cannot allocate.

Else every call that hands an array on would count a reference up and down, with two locked additions each:
online training of 64-32-10 spent a tenth of its time on them, batches of it a seventh.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from numba import from_dtype, types
from numba.core import config

from chainrule.compiled.layout import LAYER, PLACES
from chainrule.compiled.machine.cache import KernelFiles
from chainrule.compiled.machine.compiler import jit, undisturbed
from chainrule.errors import InputError, argument

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from chainrule.compiled.machine.compiler import Dispatcher

__all__ = [
    "DOUBLE", "DOUBLES", "EVALUATION", "FLOATS", "LAYERS", "NETWORK", "SAMPLES", "TABLE", "TRAINING",
    "UNSIGNED", "WHOLE", "WHOLES", "Compiled", "Kernel", "everything", "inlined", "kernel", "part",
]  # fmt: skip

part = partial(jit, no_cpython_wrapper=True, no_cfunc_wrapper=True)
inlined = partial(jit, inline="always")

# Types of the arguments of kernels. The first two depend on the dtype: a flat array of it that is written,
# and one that is only read.
FLOATS, SAMPLES = "floats", "samples"
LAYERS, DOUBLE, WHOLE = types.Array(from_dtype(LAYER), 1, "C"), types.float64, types.int64
DOUBLES, WHOLES, UNSIGNED = (types.Array(kind, 1, "C") for kind in (types.float64, types.int64, types.uint64))
_ORDER = types.Array(types.int64, 1, "C", readonly=True)
NETWORK = (FLOATS, LAYERS, from_dtype(PLACES))
TABLE = (SAMPLES, SAMPLES, SAMPLES)  # X, Y, weights of samples
# What every training takes, so that one caller does for all: order, first, stop, batch size; rate, loss
# before, what is left of outputs; numbers of the rule, team, number in it, threads.
TRAINING = (
    *(*NETWORK, *TABLE, _ORDER, WHOLE, WHOLE, WHOLE),
    *(DOUBLE, DOUBLE, SAMPLES, DOUBLES, WHOLES, WHOLE, WHOLE),
)
# What a pass over rows in the order of the table takes: first, stop, losses of rows.
EVALUATION = (*NETWORK, *TABLE, WHOLE, WHOLE, FLOATS)


class Compiled(Protocol):
    """What is compiled by itself, for each dtype when it is first asked for."""

    name: str

    def of(self, dtype: np.dtype[Any]) -> object:
        """The function for this dtype."""
        ...

    def is_kept(self, dtype: np.dtype[Any]) -> bool:
        """Whether it is on the disk."""
        ...


everything: list[Compiled] = []  # all kernels and routines that were defined so far


class Kernel:
    """A compiled function that is loaded from the disk where it is there, and saved there where it is not.

    It is compiled for one set of argument types for each dtype, given when it is defined, so that no call
    can set off a compilation by chance (a read-only array is another type to Numba).
    """

    def __init__(
        self, dispatcher: Dispatcher, argument_types: Callable[[types.Float], tuple[Any, ...]]
    ) -> None:
        if config.DISABLE_JIT:
            raise InputError(
                "NUMBA_DISABLE_JIT is set",
                parameter="engine",
                needs="kernels must be compiled",
                advice=f"Unset it, or use {argument('engine', 'reference')}.",
            )
        self._dispatcher, self._argument_types = dispatcher, argument_types
        self.name = dispatcher.py_func.__name__
        self._files = KernelFiles(self.name)
        dispatcher._cache = self._files  # noqa: SLF001 (Numba has no other door)
        self._ready: set[np.dtype[Any]] = set()
        self._addresses: dict[np.dtype[Any], int] = {}
        everything.append(self)

    def of(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        """The function for arrays of this dtype."""
        if dtype not in self._ready:
            with undisturbed():
                self._dispatcher.compile(self._argument_types(from_dtype(dtype)))
            self._ready.add(dtype)
        return self._dispatcher

    def unchecked(self, dtype: np.dtype[Any]) -> Callable[..., Any]:
        """The same function, without Numba's look at the arguments, which takes a third of a microsecond.

        It reads whatever lies in an array as numbers of its own type, and knows one dimension only.
        """
        self.of(dtype)
        found: Any = self._dispatcher.overloads[self._argument_types(from_dtype(dtype))]
        return found.entry_point  # type: ignore[no-any-return]

    def is_at_hand(self, dtype: np.dtype[Any]) -> bool:
        """Whether it is compiled, here or on the disk."""
        return dtype in self._ready or self.is_kept(dtype)

    def is_kept(self, dtype: np.dtype[Any]) -> bool:
        """Whether it is on the disk."""
        return self._files.has(self._argument_types(from_dtype(dtype)))

    def address(self, dtype: np.dtype[Any]) -> int:
        """Where that function begins, for kernels that call it."""
        if dtype not in self._addresses:
            self.of(dtype)
            found: Any = self._dispatcher.overloads[self._argument_types(from_dtype(dtype))]
            name = found.fndesc.llvm_func_name
            with undisturbed():  # another thread may be adding a kernel
                self._addresses[dtype] = int(found.library.get_pointer_to_function(name))
        return self._addresses[dtype]


def kernel(*arguments: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Compile the decorated function as a kernel with these types of arguments."""

    def argument_types(scalar: types.Float) -> tuple[Any, ...]:
        meanings = {
            FLOATS: types.Array(scalar, 1, "C"),
            SAMPLES: types.Array(scalar, 1, "C", readonly=True),
        }
        return tuple(meanings.get(argument, argument) for argument in arguments)

    def compiled(function: Callable[..., Any]) -> Kernel:
        return Kernel(jit(nogil=True, no_cfunc_wrapper=True)(function), argument_types)

    return compiled
