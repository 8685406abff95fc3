"""The word that settles how this thread's processor rounds and whether it takes subnormal numbers for 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from numba.core.typing import Signature

__all__ = ["exchange_control_word"]


@intrinsic  # type: ignore[untyped-decorator]
def _exchange(_typing: object, _word: object) -> tuple[Signature, object]:
    def codegen(
        _context: object, builder: ir.IRBuilder, _signature: Signature, args: list[ir.Value]
    ) -> ir.Value:
        pointer = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer])
        old, new = (cgutils.alloca_once(builder, ir.IntType(32)) for _ in range(2))
        builder.store(args[0], new)
        for name, place in (("stmxcsr", old), ("ldmxcsr", new)):
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}")
            builder.call(function, [builder.bitcast(place, pointer)])
        return builder.load(old)

    return types.uint32(types.uint32), codegen


@njit  # type: ignore[untyped-decorator]
def exchange_control_word(word: int) -> int:
    """Set the word of this thread, on x86 processors, and give what it was."""
    return _exchange(np.uint32(word))  # type: ignore[no-any-return]
