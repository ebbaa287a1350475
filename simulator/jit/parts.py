"""Functions that only ever become part of a kernel, and are optimised and translated once, with it.

Numba makes of every function a library of machine code with all in it that it calls: a rule that ten others call is
optimised and translated eleven times, and again in what calls those. A `_Part` keeps its code as it is for those that
link it; of two hundred functions only the kernel itself becomes machine code, which is half the time of compilation.
Numba's manual does not name what is overridden here; see docs/decisions/0012-bare-arrays-and-parts.md.
"""

from typing import Any

import llvmlite.binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

from simulator.jit.references import refers


class _Part(JITCodeLibrary):
    def _optimize_final_module(self) -> None:
        pass  # whoever links it does

    def _finalize_final_module(self) -> None:
        self._finalized = True
        self._get_module_for_linking()
        # Numba wants to write the address of each function's environment somewhere; that is all there is to translate.
        variables = [each.name for each in self._final_module.global_variables if "NumbaEnv" in each.name]
        empty = str(self._codegen._create_empty_module(self.name))
        lines = [empty, *(f'@"{name}" = common global i64 0' for name in variables)]
        self._final_module = llvmlite.binding.parse_assembly("\n".join(lines))
        super()._finalize_final_module()


class PartCompiler(Compiler):
    """Compiles a part where the function's arguments exist within kernels only, else as Numba does."""

    def define_pipelines(self) -> Any:
        """Return Numba's own stages, which put the code into the library that they are given."""
        state = self.state
        if refers(state.args) or state.flags.no_cpython_wrapper:
            state.flags.no_cpython_wrapper = True
            state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
        return super().define_pipelines()
