"""What of Numba's own workings kernels are compiled with, looked for before any of it is used.

Numba's manual names none of it, so a version may rename it. Where a piece is missing, or takes other arguments than it
did in the versions that were tried, kernels are compiled plainly: slower, with the same answers.
"""

import inspect
import pkgutil
from typing import Any

import numba

# Where a piece stands, and the names of its arguments; None for what is no function. Of two names one is enough.
_Pieces = dict[str, tuple[str, ...] | None]

COMPILER: _Pieces = {
    "numba.core.cpu:CPUTargetOptions._nrt": None,
    "numba.core.cpu:CPUTargetOptions.boundscheck": None,
    "numba.core.cpu:CPUTargetOptions.forceinline": None,
    "numba.core.cpu:CPUTargetOptions.no_cfunc_wrapper": None,
    "numba.core.cpu:CPUTargetOptions.no_cpython_wrapper": None,
    "numba.core.codegen:JITCPUCodegen._create_empty_module": ("self", "name"),
    "numba.core.codegen:JITCPUCodegen._customize_tm_options": ("self", "options"),
    "numba.core.codegen:JITCPUCodegen._module_pass_manager": ("self", "kwargs"),
    "numba.core.codegen:JITCPUCodegen._pass_builder|_pass_manager_builder": ("self", "kwargs"),
    "numba.core.codegen:JITCPUCodegen.create_library": ("self", "name", "kwargs"),
    "numba.core.codegen:JITCodeLibrary._finalize_final_module": ("self",),
    "numba.core.codegen:JITCodeLibrary._get_module_for_linking": ("self",),
    "numba.core.codegen:JITCodeLibrary._optimize_final_module": ("self",),
    "numba.core.codegen:JITCodeLibrary.enable_object_caching": ("self",),
    "numba.core.compiler:Compiler.define_pipelines": ("self",),
    "numba.core.cgutils:alloca_once_value": ("builder", "value", "name", "zfill"),
    "numba.core.cgutils:create_struct_proxy": ("fe_type", "kind"),
    "numba.core.cgutils:do_boundscheck": ("context", "builder", "ind", "dimlen", "axis"),
    "numba.core.cgutils:gep_inbounds": ("builder", "ptr", "inds", "kws"),
    "numba.core.cgutils:pack_array": ("builder", "values", "ty"),
    "numba.core.cgutils:unpack_tuple": ("builder", "tup", "count"),
    "numba.core.datamodel.models:PrimitiveModel": ("dmm", "fe_type", "be_type"),
    "numba.core.datamodel.models:StructModel": ("dmm", "fe_type", "members"),
    "numba.core.imputils:lower_builtin": None,
    "numba.core.imputils:lower_getattr_generic": None,
    "numba.core.typing.templates:AbstractTemplate": None,
    "numba.core.typing.templates:AttributeTemplate": None,
    "numba.core.typing.templates:infer_getattr": None,
    "numba.core.typing.templates:infer_global": None,
    "numba.core.typing.templates:signature": ("return_type", "args", "kws"),
}

CACHE: _Pieces = {
    "numba.core.caching:NullCache.load_overload": ("self", "sig", "target_context"),
    "numba.core.caching:NullCache.save_overload": ("self", "sig", "cres"),
    "numba.core.codegen:JITCPUCodegen.magic_tuple": ("self",),
    "numba.core.compiler:CompileResult._reduce": ("self",),
    "numba.core.compiler:CompileResult._rebuild": (
        "target_context", "libdata", "fndesc", "env", "signature", "objectmode", "lifted", "typeann", "reload_init",
        "referenced_envs",
    ),
    "numba.core.serialize:dumps": ("obj",),
}  # fmt: skip


def missing(pieces: _Pieces) -> list[str]:
    """Return which pieces this version of Numba does not have, or has with other arguments."""
    return [place for place, arguments in pieces.items() if not _is_there(place, arguments)]


def has_a_cache() -> bool:
    """Return whether a compiled function has a cache where one of ours can be put."""
    return type(getattr(numba.njit(missing), "_cache", None)).__name__ == "NullCache"


def _is_there(place: str, arguments: tuple[str, ...] | None) -> bool:
    owner, _, names = place.rpartition("." if "." in place.partition(":")[2] else ":")
    try:
        holder = pkgutil.resolve_name(owner)
    except (ImportError, AttributeError):
        return False
    found = [getattr(holder, name) for name in names.split("|") if hasattr(holder, name)]
    return bool(found) and (arguments is None or _arguments(found[0]) == arguments)


def _arguments(piece: Any) -> tuple[str, ...] | None:
    try:
        return tuple(inspect.signature(piece).parameters)
    except (TypeError, ValueError):
        return None
