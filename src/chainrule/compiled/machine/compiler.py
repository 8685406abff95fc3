"""A Numba target of our own, which hands a kernel to LLVM once, with all its parts.

Numba optimises each function by itself and makes machine code of it, then links it into those that call it,
where it is optimised again. A first fit needs some seventy functions, of which ten are kernels or routines;
nobody calls the machine code of the others, since they are inlined. Here a library is no more than its
functions until somebody asks where one of them begins. Then all that it calls is linked to it, and the whole
is optimised and translated, once.

Kernels count no references, so that nothing of Numba's runtime is needed either, and of its declarations only
those of numbers, tuples, records and arrays. All of this is Numba's, with another order and without what no
kernel has; see decision 0032.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from llvmlite import binding
from numba import _dynfunc
from numba.core import externals, typed_passes, types, typing, untyped_passes, utils
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler import CompilerBase
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import PassManager, _pass_registry
from numba.core.cpu import CPUContext
from numba.core.registry import CPUDispatcher, CPUTarget
from numba.core.target_extension import (
    CPU,
    dispatcher_registry,
    jit_registry,
    target_override,
    target_registry,
)

from chainrule.compiled.machine.processor import processor
from chainrule.interrupts import put_off

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Callback", "Dispatcher", "jit", "undisturbed"]

NAME = "chainrule"


class _Library(JITCodeLibrary):
    """A function, with all that it calls once its address is asked for."""

    _is_whole = False

    def _optimize_functions(self, ll_module):
        """Leave all of that to the end."""
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self):
        """Take no more functions."""
        self._raise_if_finalized()
        self._finalized = True

    def get_pointer_to_function(self, name):
        """Where a function of it begins; 0 where there is none of that name."""
        self._complete()
        return super().get_pointer_to_function(name)

    def _complete(self):
        """Link what it calls, optimise and translate, once. Kernels are vectors as they are written."""
        self._ensure_finalized()
        if not self._is_whole:
            self._is_whole = True
            self._link_all_below(self, set())
            manager, options = self._codegen._module_pass_manager(
                opt=2, loop_vectorize=False, slp_vectorize=False
            )
            manager.run(self._final_module, options)
            self._finalize_final_module()

    def _link_all_below(self, library, linked):
        """Callers first: LLVM takes of a library only what something calls already."""
        for other in library._linking_libraries:
            if other not in linked:
                linked.add(other)
                self._final_module.link_in(other._get_module_for_linking(), preserve=True)
                self._link_all_below(other, linked)

    def _get_module_for_linking(self):
        """Its functions as ones that may be inlined and then left out."""
        self._ensure_finalized()
        if self._shared_module is None:
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == binding.Linkage.external:
                    function.linkage = "linkonce_odr"
            self._shared_module = self._final_module
        return self._shared_module

    def serialize_using_object_code(self):
        """Machine code, and the names in it; Numba would add the code for LLVM, to link it elsewhere."""
        self._complete()
        names = [function.name for function in self._final_module.functions if not function.is_declaration]
        return self.name, "object", (self._get_compiled_object(), names)

    @classmethod
    def _unserialize(cls, codegen, state):
        name, _, (code, names) = state
        library = codegen.create_library(name)
        library.enable_object_caching()
        library._set_compiled_object(code)
        library._is_whole = True
        library._finalize_final_module()
        codegen._engine._defined_symbols.update(names)
        return library


class _Codegen(JITCPUCodegen):
    _library_class = _Library

    def _get_host_cpu_name(self):
        return processor().name

    def _get_host_cpu_features(self):
        return processor().features


class _Context(CPUContext):
    """How functions are translated."""

    def init(self):
        """Make what translates; Numba's own would be made beside it."""
        self._is_loaded, self._sizes = False, {}
        self.is32bit = utils.MACHINE_BITS == 32  # noqa: PLR2004
        self._internal_codegen = _Codegen("chainrule.exec")
        externals.c_math_functions.install(self)

    def refresh(self):
        """Take what was declared since, for this target: for its own, Numba would load all that it has."""
        if self._is_loaded:  # Numba asks for this at each intrinsic, which is in one of them
            for registry in self._registries:
                self.install_registry(registry)
            return
        self._is_loaded = True
        with target_override(NAME):
            super().refresh()

    def load_additional_registries(self):
        """Load how numbers, tuples, records and arrays are translated."""
        # What only compiling needs, a tenth of a second, is not loaded with a finished kernel.
        from numba.core import optional  # noqa: F401, PLC0415
        from numba.cpython import builtins, mathimpl, numbers, rangeobj, tupleobj  # noqa: F401, PLC0415
        from numba.misc import literal  # noqa: F401, PLC0415
        from numba.np import arrayobj, npyimpl  # noqa: F401, PLC0415

        self.install_registry(mathimpl.registry)
        self.install_registry(npyimpl.registry)

    def post_lowering(self, mod, library):
        """Link nothing that counts references."""

    def get_executable(self, library, fndesc, env):
        """Python function of a kernel; for a part, which has no wrapper, one that nobody calls."""
        try:
            library.get_function(fndesc.llvm_cpython_wrapper_name)
        except NameError:
            if not library._is_whole:
                return _dynfunc.make_function(fndesc.lookup_module(), fndesc.qualname, "", 0, env, (library,))
        return super().get_executable(library, fndesc, env)

    def get_abi_sizeof(self, ty):
        """Bytes of a type of LLVM's, which parses a module to tell."""
        name = str(ty)
        if name not in self._sizes:
            self._sizes[name] = super().get_abi_sizeof(ty)
        return self._sizes[name]


class _Typing(typing.Context):
    """How types are inferred."""

    def __init__(self):
        super().__init__()
        self._resolved = {}

    def refresh(self):
        """Take what was declared since."""
        with target_override(NAME):
            super().refresh()

    def load_additional_registries(self):
        """Load the types of numbers and of what NumPy makes of them."""
        from numba.core.typing import mathdecl, npydecl  # noqa: PLC0415

        self.install_registry(mathdecl.registry)
        self.install_registry(npydecl.registry)

    def resolve_function_type(self, func, args, kws):
        """Signature of a call, found once: for each +, Numba tries what texts, lists and sets make of it."""
        function = func if isinstance(func, types.Type) else self._lookup_global(func)
        if not isinstance(function, types.BaseFunction):
            return super().resolve_function_type(func, args, kws)
        call = function, tuple(args), tuple(kws.items())
        if call not in self._resolved:
            found = super().resolve_function_type(func, args, kws)
            if found is None:
                return None
            self._resolved[call] = found, function._impl_keys[found.args]
        # Numba's own target, which has the same record of the function, may have changed what translates it.
        found, function._impl_keys[found.args] = self._resolved[call]
        return found


class _Target(CPUTarget):
    @cached_property
    def _toplevel_typing_context(self):
        return _Typing()

    @cached_property
    def _toplevel_target_context(self):
        return _Context(self.typing_context, NAME)


class _Passes(PassManager):
    def run(self, state):
        """Run them, without what Numba checks and records around each."""
        for each, _name in self.passes:
            _pass_registry.get(each).pass_inst.run_pass(state)


class _Compiler(CompilerBase):
    """Numba's passes, without those for objects, closures, generators, lists and parallel loops.

    Nor is the end of each variable's life found out: nothing happens there where no reference is counted.
    """

    def _compile_core(self):
        """Look functions up for this target, in passes where Numba does not say for which, too."""
        with target_override(NAME):
            return super()._compile_core()

    def define_pipelines(self):
        """From bytecode to LLVM's code."""
        passes = _Passes(NAME)
        for each in (
            untyped_passes.TranslateByteCode,
            untyped_passes.FixupArgs,
            untyped_passes.GenericRewrites,
            untyped_passes.InlineInlinables,
            # Else one name for signed and for unsigned numbers would be one for floats.
            untyped_passes.ReconstructSSA,
            typed_passes.NopythonTypeInference,
            typed_passes.PreLowerStripPhis,
            typed_passes.NativeLowering,
            typed_passes.NoPythonBackend,
        ):
            passes.add_pass(each, each._name)
        passes.finalize()
        return [passes]


class _Processor(CPU):
    """What Numba knows the target by."""


target_registry[NAME] = _Processor
_TARGET = _Target(NAME)


class Dispatcher(CPUDispatcher):
    """A function that is compiled for this target."""

    targetdescr = _TARGET


class Callback(CFunc):
    """A function of pointers and numbers that is compiled for this target, to be called by its address."""

    _targetdescr = _TARGET

    def __init__(self, function, signature):
        form = (signature.args, signature.return_type)
        super().__init__(function, form, {}, {"_nrt": False}, pipeline_class=_Compiler)


def jit(function=None, **options):
    """Compile the decorated function for this target, with these options of Numba's."""
    if function is None:
        return lambda function: jit(function, **options)
    options = {"nopython": True, "_nrt": False, **options}
    return Dispatcher(function, targetoptions=options, pipeline_class=_Compiler)


dispatcher_registry[_Processor] = Dispatcher
jit_registry[_Processor] = jit


@contextmanager
def undisturbed() -> Iterator[None]:
    """Compile, or load what was compiled, alone.

    Signals wait: LLVM calls back into Python, where a KeyboardInterrupt would be lost. So does Python's
    search for garbage, of which there is little among a compiler's many objects: it took a fifth of the time.
    """
    with put_off(), global_compiler_lock:
        collects = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            if collects:
                gc.enable()
