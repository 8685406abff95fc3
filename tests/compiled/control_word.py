"""The word that settles how this thread's processor rounds and whether it takes subnormal numbers for 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from numba.core.typing import Signature

__all__ = ["KNOWN", "STANDARD", "SUBNORMALS_ARE_ZERO", "TOWARDS_ZERO", "exchange_control_word"]

_PROCESSOR = binding.get_process_triple().split("-")[0]
_ARM = _PROCESSOR in {"aarch64", "arm64"}
KNOWN = _ARM or _PROCESSOR == "x86_64"
# As every process starts, and with one thing changed: bits 24, and 22 and 23, of ARM's word.
STANDARD, SUBNORMALS_ARE_ZERO, TOWARDS_ZERO = (0, 1 << 24, 3 << 22) if _ARM else (0x1F80, 0x9FC0, 0x7F80)


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, args: list[ir.Value]) -> ir.Value:
    kind = ir.FunctionType(result, [value.type for value in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def _exchange_on_x86(builder: ir.IRBuilder, word: ir.Value) -> ir.Value:
    old, new = (cgutils.alloca_once(builder, ir.IntType(32)) for _ in range(2))
    builder.store(word, new)
    for name, place in (("stmxcsr", old), ("ldmxcsr", new)):
        pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
        _call(builder, f"llvm.x86.sse.{name}", ir.VoidType(), [pointer])
    return builder.load(old)


def _exchange_on_arm(builder: ir.IRBuilder, word: ir.Value) -> ir.Value:
    wide = ir.IntType(64)
    old = _call(builder, "llvm.aarch64.get.fpcr", wide, [])
    _call(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), [builder.zext(word, wide)])
    return builder.trunc(old, word.type)


@intrinsic  # type: ignore[untyped-decorator]
def _exchange(_typing: object, _word: object) -> tuple[Signature, object]:
    def codegen(
        _context: object, builder: ir.IRBuilder, _signature: Signature, args: list[ir.Value]
    ) -> ir.Value:
        return (_exchange_on_arm if _ARM else _exchange_on_x86)(builder, args[0])

    return types.uint32(types.uint32), codegen


@njit  # type: ignore[untyped-decorator]
def exchange_control_word(word: int) -> int:
    """Set the word of this thread and give what it was, on processors that are known here."""
    return _exchange(np.uint32(word))  # type: ignore[no-any-return]
