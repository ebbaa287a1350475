"""The one place that decides how kernels are compiled.

`kernel` compiles an entry point that Python calls, `sampler` what both engines draw with; `rule` compiles a function
that vanishes into the kernels that call it, `routine` one that stays. Nothing here changes how a user's own functions
are compiled.

The environment variable NUMBA_DISABLE_JIT=1 turns all of them into plain Python, with the same answers; with
DERISK_CHECKED=1 an index outside of an array raises IndexError, and a run takes longer.
"""

import hashlib
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import llvmlite
import numba
import numpy as np

from simulator.jit import private
from simulator.jit.cache import Cache
from simulator.resources import cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])

_config: Any = numba.config  # its attributes are made at run time

CHECKED = os.environ.get("DERISK_CHECKED", "0") not in ("", "0")
COMPILED = not _config.DISABLE_JIT
# Whether kernels are compiled as no user's function would be, and kept as Numba would not: see private.py.
TUNED = COMPILED and not private.missing(private.COMPILER)
KEPT = COMPILED and not private.missing(private.CACHE) and private.has_a_cache()

# A rule that changes in one file changes the kernel of another, so the sources of all kernels count towards the name of
# the cache folder.
_PACKAGE = Path(__file__).parents[1]
_SOURCES = ("jit/*.py", "resources.py", "numbers/*.py", "engines/kernel/*.py")


def _digest() -> str:
    versions = (numba.__version__, llvmlite.__version__, np.__version__, platform.python_version())
    ways = [word for word, on in (("checked", CHECKED), ("plain", not TUNED), ("own", KEPT)) if on]
    state = hashlib.sha256(" ".join([*versions, *ways]).encode())
    for pattern in _SOURCES:
        for source in sorted(_PACKAGE.glob(pattern)):
            state.update(source.read_bytes())
    return state.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """The folder for compiled kernels, or None where nothing can be written."""
    return cache_folder(f"kernels-{_digest()}")


CACHE_FOLDER = _cache_folder()
_kernels: list[Callable[..., Any]] = []


def cache_is_cold() -> bool:
    """Whether a kernel has to be compiled before it can run, which takes half a minute or so."""
    if not COMPILED:
        return False
    return CACHE_FOLDER is None or any(_is_cold(function, CACHE_FOLDER) for function in _kernels)


def _is_cold(function: Callable[..., Any], folder: Path) -> bool:
    return Cache(function, folder).is_empty() if KEPT else not any(folder.rglob(f"*.{function.__name__}-*.nbi"))


def kernel(function: Function) -> Function:
    """Compile an entry point of the fast engine, called from Python."""
    _kernels.append(function)
    return _compile(function, python=True, forceinline=False)


def sampler(function: Function) -> Function:
    """Compile a function that both engines call: from Python, and from within kernels, where it is inlined."""
    return _compile(function, python=True, forceinline=True)


def rule(function: Function) -> Function:
    """Compile a rule of the fast engine: it is inlined into the kernels that call it."""
    return _compile(function, python=False, forceinline=True)


def routine(function: Function) -> Function:
    """Compile a function that kernels call and do not inline: for few arguments and many callers."""
    return _compile(function, python=True, forceinline=False)


def _as_it_is(value: Any) -> Any:
    return value


# `seldom`: a condition that seldom holds. What hangs on it is laid out of the way of what is done for every failure.
# With all that a plan may have and most plans do not, that is 4 % of the time.
# `by_reference`: a NamedTuple of arrays as one word, and its arrays bare; see references.py.
seldom: Any = _as_it_is
by_reference: Any = _as_it_is
_tuned: dict[str, Any] = {}
if TUNED:
    from simulator.jit.parts import KernelCompiler
    from simulator.jit.references import refer, unlikely

    seldom = numba.extending.intrinsic(unlikely)
    by_reference = numba.extending.intrinsic(refer)
    # `_nrt=False` switches Numba's reference counting off: it is most of the cost of passing arrays between small
    # functions (564 against 42 ns an event on a prototype). A function compiled so cannot allocate, and kernels here
    # never do.
    _tuned = {"_nrt": False, "no_cfunc_wrapper": True, "pipeline_class": KernelCompiler}
elif COMPILED:
    seldom = by_reference = numba.njit(_as_it_is)


def _compile(function: Function, *, python: bool, forceinline: bool) -> Function:
    if not COMPILED:
        return _uncompiled(function) if python else function
    # Wrappers for callers from Python are left out where none calls, and inlining is said each time: Numba would let a
    # function inherit it from its first caller.
    tuned = _tuned | {"no_cpython_wrapper": not python, "forceinline": forceinline} if TUNED else {}
    options = {"nogil": True, "error_model": "numpy", "boundscheck": CHECKED or None} | tuned
    njit: Any = numba.njit  # its published types do not know all of these options
    if not python or CACHE_FOLDER is None:
        done: Function = njit(function, **options)
    elif KEPT:
        done = njit(function, **options)
        vars(done)["_cache"] = Cache(function, CACHE_FOLDER)
    else:
        done = _with_numbas_cache(lambda: njit(function, cache=True, **options), str(CACHE_FOLDER))
    return done


def _with_numbas_cache(decorate: Callable[[], Any], folder: str) -> Any:
    # Numba asks for its folder when a function is decorated, and never again.
    before = _config.CACHE_DIR
    _config.CACHE_DIR = folder
    try:
        return decorate()
    finally:
        _config.CACHE_DIR = before


def _uncompiled(function: Function) -> Function:
    # The draws multiply modulo 2^64. Compiled code wraps silently; NumPy's scalars wrap too, but warn each time.
    silent: Function = np.errstate(over="ignore")(function)
    return silent
