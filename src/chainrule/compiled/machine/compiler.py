"""A Numba target of our own, which hands a kernel to LLVM once, with all its parts.

Numba optimises every function by itself and makes machine code of it, then links it into those that call it,
where it is optimised again. Of the kernels' parts, of which there are some seventy in a first fit, nobody
calls the machine code: they are inlined. Here a library is no more than its functions until somebody asks for
an address in it. Then all that it calls is linked to it, and the whole is optimised and translated.

Parts count no references, so that nothing of Numba's runtime is needed either, and of its declarations only
those of numbers, tuples, records and arrays are loaded.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from llvmlite import binding
from numba import _dynfunc
from numba.core import compiler_machinery, typing, untyped_passes
from numba.core import typed_passes as typed
from numba.core.ccallback import CFunc
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler import CompilerBase
from numba.core.cpu import CPUContext
from numba.core.decorators import jit as numba_jit
from numba.core.imputils import builtin_registry
from numba.core.registry import CPUDispatcher, CPUTarget
from numba.core.target_extension import (
    CPU,
    dispatcher_registry,
    jit_registry,
    target_override,
    target_registry,
)

__all__ = ["Callback", "Dispatcher", "jit"]

NAME = "chainrule"


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """A function, with all that it calls once its address is asked for."""

    _is_whole = False

    def _optimize_functions(self, ll_module: Any) -> None:
        """Leave all of that to the end."""
        ll_module.data_layout = self._codegen._data_layout

    def finalize(self) -> None:
        """Take no more functions."""
        self._raise_if_finalized()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """Where a function of it begins, 0 where there is none of that name."""
        self._complete()
        return int(super().get_pointer_to_function(name))

    def _complete(self) -> None:
        """Link what it calls, optimise, and translate, once."""
        self._ensure_finalized()
        if self._is_whole:
            return
        self._is_whole = True
        self._link_all_below(self, set())
        manager, options = self._codegen._module_pass_manager()
        manager.run(self._final_module, options)
        self._finalize_final_module()

    def _link_all_below(self, library: _Library, linked: set[_Library]) -> None:
        """Callers first: LLVM links only what something calls already."""
        for other in library._linking_libraries:
            if other not in linked:
                linked.add(other)
                self._final_module.link_in(other._get_module_for_linking(), preserve=True)
                self._link_all_below(other, linked)

    def _get_module_for_linking(self) -> Any:
        """Its functions, so that each is linked once, however many call it, and may be inlined."""
        self._ensure_finalized()
        if self._shared_module is None:
            for function in self._final_module.functions:
                if not function.is_declaration and function.linkage == binding.Linkage.external:
                    function.linkage = "linkonce_odr"
            self._shared_module = self._final_module
        return self._shared_module

    def serialize_using_object_code(self) -> Any:
        """Machine code and the names in it; nothing is ever linked to a kernel that was loaded."""
        self._complete()
        module = self._final_module
        values = (*module.functions, *module.global_variables)
        names = sorted(value.name for value in values if not value.is_declaration)
        return self.name, "object", (self._get_compiled_object(), names)

    @classmethod
    def _unserialize(cls, codegen: Any, state: Any) -> _Library:
        name, _, (code, names) = state
        library: _Library = codegen.create_library(name)
        library.enable_object_caching()
        library._set_compiled_object(code)
        library._is_whole = True
        library._finalize_final_module()
        codegen._engine._defined_symbols.update(names)
        return library


class _Codegen(JITCPUCodegen):  # type: ignore[misc]
    _library_class = _Library


class _Context(CPUContext):  # type: ignore[misc]
    """What functions are translated with."""

    def init(self) -> None:
        super().init()
        self._internal_codegen = _Codegen("chainrule.exec")

    def refresh(self) -> None:
        """Take what was declared since, for this target: for Numba's own, it would load all of Numba."""
        with target_override(NAME):
            super().refresh()

    def load_additional_registries(self) -> None:
        """Load how numbers, tuples, records and arrays are translated."""
        from numba.core import inline_closurecall, optional  # noqa: F401, PLC0415 (a third of a second)
        from numba.cpython import (  # noqa: PLC0415
            builtins,  # noqa: F401
            iterators,  # noqa: F401
            mathimpl,
            numbers,  # noqa: F401
            rangeobj,  # noqa: F401
            tupleobj,  # noqa: F401
        )
        from numba.misc import literal  # noqa: F401, PLC0415
        from numba.np import arrayobj, npyimpl  # noqa: PLC0415

        self.install_registry(mathimpl.registry)
        self.install_registry(npyimpl.registry)

    def post_lowering(self, mod: Any, library: Any) -> None:
        """Nothing is added: no reference is counted."""

    def get_executable(self, library: Any, fndesc: Any, env: Any) -> Any:
        """Python function of a kernel; a part gets one that nobody calls."""
        try:
            library.get_function(fndesc.llvm_cpython_wrapper_name)
        except NameError:
            if not library._is_whole:
                return _dynfunc.make_function(
                    fndesc.lookup_module(), fndesc.qualname.split(".")[-1], "part", 0, env, (library,)
                )
        return super().get_executable(library, fndesc, env)


class _Typing(typing.Context):  # type: ignore[misc]
    """What types are inferred with."""

    def refresh(self) -> None:
        """Take what was declared since."""
        with target_override(NAME):
            super().refresh()

    def load_additional_registries(self) -> None:
        from numba.core.typing import mathdecl, npydecl  # noqa: PLC0415

        self.install_registry(mathdecl.registry)
        self.install_registry(npydecl.registry)


class _Target(CPUTarget):  # type: ignore[misc]
    @cached_property
    def _toplevel_typing_context(self) -> _Typing:
        return _Typing()

    @cached_property
    def _toplevel_target_context(self) -> _Context:
        return _Context(self.typing_context, NAME)


class _Ours(CPU):  # type: ignore[misc]
    """What Numba knows the target by."""


class _Passes(compiler_machinery.PassManager):  # type: ignore[misc]
    pass


class _Compiler(CompilerBase):  # type: ignore[misc]
    """Numba's passes, but those for what no kernel has: objects, closures, generators, lists, parallel loops."""

    def define_pipelines(self) -> list[Any]:
        passes = _Passes("chainrule")
        for each in (
            untyped_passes.TranslateByteCode,
            untyped_passes.FixupArgs,
            untyped_passes.IRProcessing,
            untyped_passes.InlineClosureLikes,
            untyped_passes.RewriteSemanticConstants,
            untyped_passes.DeadBranchPrune,
            untyped_passes.GenericRewrites,
            untyped_passes.InlineInlinables,
            untyped_passes.ReconstructSSA,
            typed.NopythonTypeInference,
            typed.PreLowerStripPhis,
            typed.InlineOverloads,
            typed.NopythonRewrites,
            typed.IRLegalization,
            typed.AnnotateTypes,
            typed.NativeLowering,
            typed.NoPythonBackend,
        ):
            passes.add_pass(each, each._name)
        passes.finalize()
        return [passes]


target_registry[NAME] = _Ours
TARGET = _Target(NAME)


class Dispatcher(CPUDispatcher):  # type: ignore[misc]
    """A function that is compiled for this target."""

    targetdescr = TARGET


class Callback(CFunc):  # type: ignore[misc]
    """A function of pointers and numbers that is compiled for this target."""

    _targetdescr = TARGET

    def __init__(self, function: Any, signature: Any, **options: Any) -> None:
        types = (signature.args, signature.return_type)
        super().__init__(function, types, {}, options, pipeline_class=_Compiler)


def jit(function: Any = None, **options: Any) -> Any:
    """Compile the decorated function for this target, with these options of Numba's."""
    if function is None:
        return lambda function: jit(function, **options)
    return Dispatcher(function, targetoptions={"nopython": True, **options}, pipeline_class=_Compiler)


dispatcher_registry[_Ours] = Dispatcher
jit_registry[_Ours] = jit
