"""How kernels are optimised, and functions that only ever become part of one.

Numba has one level of optimisation for a process. Kernels are branches and integers, nothing to vectorise: the first
level is as fast for them as the third, and compiles in three quarters of the time. So they have an optimiser of their
own, and that of the user's functions stays as it is.

Numba makes of every function a library of machine code with all in it that it calls: a rule that ten others call is
optimised and translated eleven times, and again in what calls those. A `_Part` keeps its code as it is for those that
link it; of two hundred functions only the kernel itself becomes machine code, which is half the time of compilation.
Numba's manual does not name what is overridden here; see docs/decisions/0012-bare-arrays-and-parts.md and private.py.
"""

from functools import cache
from typing import Any

import llvmlite.binding
from numba.core.codegen import JITCodeLibrary, JITCPUCodegen
from numba.core.compiler import Compiler

from simulator.jit.references import refers

# Vector code for loops of a few turns costs more than it saves: 2 % of the time.
_LEVEL: dict[str, Any] = {"opt": 1, "loop_vectorize": False}


class _Optimiser(JITCPUCodegen):
    """Numba's optimiser at a level of ours."""

    def _customize_tm_options(self, options: dict[str, Any]) -> None:
        super()._customize_tm_options(options)
        options["opt"] = _LEVEL["opt"]

    def _pass_builder(self, **kwargs: Any) -> Any:
        return super()._pass_builder(**(_LEVEL | kwargs))

    # Its name before Numba 0.62.
    def _pass_manager_builder(self, **kwargs: Any) -> Any:
        before: Any = super()
        return before._pass_manager_builder(**(_LEVEL | kwargs))


@cache
def _optimiser() -> _Optimiser:
    return _Optimiser("derisk")


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


class KernelCompiler(Compiler):
    """Compiles with the kernels' optimiser: a part where the arguments exist within kernels only, else a whole."""

    def define_pipelines(self) -> Any:
        """Return Numba's own stages, which put the code into the library that they are given."""
        state = self.state
        name = state.func_id.func_qualname
        if refers(state.args) or state.flags.no_cpython_wrapper:
            state.flags.no_cpython_wrapper = True
            state.library = _Part(_optimiser(), name)
        else:
            state.library = _optimiser().create_library(name)
        state.library.enable_object_caching()
        return super().define_pipelines()
