"""What threads that run one kernel together need: a meeting point, and one floating-point environment.

The threads are Python's, which run the same compiled function with the interpreter's lock released. They
meet in a barrier that spins, because between two phases of a small batch there is not a microsecond to lose.
A thread that has waited for as long as it takes to be woken sleeps: whom it waits for may need its core.
"""

from __future__ import annotations

import sys

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from chainrule.compiled.machine.compiling import part

__all__ = ["OVER", "STOP", "TEAM_LENGTH", "meet", "restore_environment", "standard_environment"]

# Elements of the array of whole numbers that a team shares, each in a cache line of its own.
ARRIVED, GENERATION, STOP, ASLEEP, OVER, TEAM_LENGTH = 0, 8, 16, 24, 32, 40
SPINS = 1 << 10  # some twenty microseconds
# Seconds and nanoseconds that a thread sleeps before it looks whether the team is told to stop.
LONGEST_SLEEP = (0, 5_000_000)

_PROCESSOR = binding.get_process_triple().split("-")[0]
_X86 = _PROCESSOR in {"x86_64", "i386", "i686"}
_ARM = _PROCESSOR in {"aarch64", "arm64"}
# Round to nearest, keep subnormals, no traps: how every process starts.
_STANDARD, _WORD = 0x1F80 if _X86 else 0, ir.IntType(64)


def _element(context, builder, array_type, array, index):
    """LLVM pointer to an element."""
    return builder.gep(context.make_array(array_type)(context, builder, array).data, [index])


@intrinsic
def _add_to(_typing, team, index, amount):
    """Add to an element as one indivisible step, and give what it was before."""

    def codegen(context, builder, signature, args):
        pointer = _element(context, builder, signature.args[0], args[0], args[1])
        return builder.atomic_rmw("add", pointer, args[2], "seq_cst")

    return types.int64(team, types.intp, types.int64), codegen


@intrinsic
def _read(_typing, team, index):
    """Element as other threads last wrote it."""

    def codegen(context, builder, signature, args):
        return builder.load_atomic(
            _element(context, builder, signature.args[0], *args), ordering="acquire", align=8
        )

    return types.int64(team, types.intp), codegen


@intrinsic
def _write(_typing, team, index, value):
    """Write an element so that what was written before it is seen before it."""

    def codegen(context, builder, signature, args):
        pointer = _element(context, builder, signature.args[0], args[0], args[1])
        builder.store_atomic(args[2], pointer, ordering="release", align=8)
        return context.get_dummy_value()

    return types.void(team, types.intp, types.int64), codegen


@intrinsic
def _pause(_typing):
    """Tell the processor that this is a loop that waits."""

    def codegen(context, builder, _signature, _args):
        if _X86:
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), codegen


# Linux's number of the system call futex.
_FUTEX = {"x86_64": 202, "aarch64": 98}.get(_PROCESSOR) if sys.platform == "linux" else None
_WAIT, _WAKE = 128, 129  # operations of it, among the threads of one process
_ALL = 1 << 30


@intrinsic
def _futex(_typing, team, operation, value):
    """Sleep for a while, unless the generation is another than `value`; or wake so many who do."""

    def codegen(context, builder, signature, args):
        whole, array = ir.IntType(64), signature.args[0]
        longest = ir.Constant(ir.ArrayType(whole, 2), LONGEST_SLEEP)
        pointers = [
            _element(context, builder, array, args[0], context.get_constant(types.intp, GENERATION)),
            cgutils.alloca_once_value(builder, longest),
        ]
        place, time = (builder.ptrtoint(pointer, whole) for pointer in pointers)
        none = whole(0)
        kind = ir.FunctionType(whole, [whole], var_arg=True)
        function = cgutils.get_or_insert_function(builder.module, kind, "syscall")
        builder.call(function, [whole(_FUTEX), place, args[1], args[2], time, none, none])
        return context.get_dummy_value()

    return types.void(team, types.int64, types.int64), codegen


if _FUTEX is not None:

    @part
    def _rest(team, generation):
        """Sleep until the generation is over."""
        _add_to(team, ASLEEP, 1)
        _futex(team, _WAIT, generation)
        _add_to(team, ASLEEP, -1)

    @part
    def _wake(team):
        """Wake who sleeps."""
        if _read(team, ASLEEP) != 0:
            _futex(team, _WAKE, _ALL)

else:
    _offer_core = _pause if sys.platform == "win32" else types.ExternalFunction("sched_yield", types.int32())

    @part
    def _rest(_team, _generation):
        _offer_core()

    @part
    def _wake(_team):
        pass


@part
def meet(team, threads):
    """Wait until all threads are here; give False where the team is told to stop."""
    if threads == 1:
        return _read(team, STOP) == 0
    generation = _read(team, GENERATION)
    if _add_to(team, ARRIVED, 1) == threads - 1:
        _write(team, ARRIVED, 0)
        _add_to(team, GENERATION, 1)
        _wake(team)
    spins = 0
    while _read(team, GENERATION) == generation:
        if _read(team, STOP) != 0:
            return False
        spins += 1
        if spins < SPINS:
            _pause()
        else:
            _rest(team, generation)
    return True


def _control_word(builder, name, pointer):
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(pointer, ir.IntType(8).as_pointer())])


def _read_environment(builder):
    """LLVM value of this thread's control word, 64 bits wide; 0 where it is not known how to read it."""
    if _X86:
        place = cgutils.alloca_once(builder, ir.IntType(32))
        _control_word(builder, "llvm.x86.sse.stmxcsr", place)
        return builder.zext(builder.load(place), _WORD)
    if _ARM:
        kind = ir.FunctionType(_WORD, [])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.aarch64.get.fpcr"), [])
    return _WORD(0)


def _write_environment(builder, word):
    """Set it, where it is known how."""
    if _X86:
        place = cgutils.alloca_once_value(builder, builder.trunc(word, ir.IntType(32)))
        _control_word(builder, "llvm.x86.sse.ldmxcsr", place)
    if _ARM:
        kind = ir.FunctionType(ir.VoidType(), [_WORD])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.aarch64.set.fpcr")
        builder.call(function, [word])


@intrinsic
def standard_environment(_typing):
    """Set this thread's floating-point environment to the standard one, and give what it was.

    Another library may have switched subnormals off in this thread, which would change bits. On processors
    other than x86 and 64-bit ARM nothing is done.
    """

    def codegen(_context, builder, _signature, _args):
        before = _read_environment(builder)
        _write_environment(builder, _WORD(_STANDARD))
        return before

    return types.int64(), codegen


@intrinsic
def restore_environment(_typing, before):
    """Give the thread back the environment that it had."""

    def codegen(context, builder, _signature, args):
        _write_environment(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.int64), codegen
