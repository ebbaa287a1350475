"""The one place that decides how kernels are compiled.

`kernel` compiles an entry point that Python calls, `sampler` what both engines draw with; `rule` compiles a function
that vanishes into the kernels that call it, `routine` one that stays. The environment variable NUMBA_DISABLE_JIT=1
turns all of them into plain Python, with the same answers.
"""

import hashlib
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

# Kernels here are branches and integers, nothing to vectorise: the first level of optimisation is as fast as the third,
# and compiles in three quarters of the time. Numba reads this once, when it is imported.
os.environ.setdefault("NUMBA_OPT", "1")

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from simulator.jit.parts import PartCompiler
from simulator.jit.references import refer
from simulator.jit.repair import remove_damaged
from simulator.resources import cache_folder

Function = TypeVar("Function", bound=Callable[..., Any])

_config: Any = numba.config  # its attributes are made at run time
_config.LOOP_VECTORIZE = 0  # vector code for loops of a few turns costs more than it saves: 2 % of the time

COMPILED = not _config.DISABLE_JIT

# Numba watches only the file in which a function stands, so a rule that changes elsewhere would go unnoticed: every
# file whose code ends up in a kernel counts towards the name of the cache folder.
_PACKAGE = Path(__file__).parents[1]
_SOURCES = ("jit/*.py", "resources.py", "ledger.py", "chance.py", "durations.py", "plan.py", "engines/kernel/*.py")


def _digest() -> str:
    state = hashlib.sha256(f"{numba.__version__} {np.__version__} {platform.python_version()}".encode())
    for pattern in _SOURCES:
        for source in sorted(_PACKAGE.glob(pattern)):
            state.update(source.read_bytes())
    return state.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """The folder for compiled kernels, or None where nothing can be written."""
    return cache_folder(f"kernels-{_digest()}")


CACHE_FOLDER = _cache_folder()
if CACHE_FOLDER is not None:
    _config.CACHE_DIR = str(CACHE_FOLDER)
    remove_damaged(CACHE_FOLDER)

if not COMPILED:
    # The draws multiply modulo 2^64. Compiled code wraps silently; NumPy's scalars wrap too, but warn each time.
    np.seterr(over="ignore")


_kernels: list[str] = []


def cache_is_cold() -> bool:
    """Whether a kernel has to be compiled before it can run, which takes half a minute or so."""
    if not COMPILED:
        return False
    return CACHE_FOLDER is None or not all(any(CACHE_FOLDER.rglob(f"*.{name}-*.nbi")) for name in _kernels)


def kernel(function: Function) -> Function:
    """Compile an entry point of the fast engine, called from Python."""
    _kernels.append(function.__name__)
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


def _unlikely(typing: Any, condition: Any) -> Any:
    """Pass a condition on, and tell LLVM that it seldom holds (its intrinsic `expect`)."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bit = ir.IntType(1)
        expect = builder.module.declare_intrinsic("llvm.expect", [bit], ir.FunctionType(bit, [bit, bit]))
        return builder.call(expect, [arguments[0], ir.Constant(bit, 0)])

    return numba.types.boolean(numba.types.boolean), build


def _as_it_is(value: Any) -> Any:
    return value


# A condition that seldom holds: what hangs on it is laid out of the way of what is done for every failure. With all
# that a plan may have and most plans do not, that is 4 % of the time.
seldom: Any = intrinsic(_unlikely) if COMPILED else _as_it_is

# A NamedTuple of arrays as one word, and its arrays bare: see references.py.
by_reference: Any = intrinsic(refer) if COMPILED else _as_it_is


def _compile(function: Function, *, python: bool, **options: bool) -> Function:
    # `_nrt=False` switches Numba's reference counting off: it is most of the cost of passing arrays between small
    # functions (564 against 42 ns an event on a prototype). It is undocumented, hence pinned and tested: a function
    # compiled so cannot allocate, and kernels here never do. Wrappers for callers from Python are left out where none
    # calls, and inlining is said each time: Numba would let a function inherit it from its first caller.
    njit: Any = numba.njit  # its published types do not know the undocumented options
    compiled: Function = njit(
        function,
        cache=python and CACHE_FOLDER is not None,
        nogil=True,
        error_model="numpy",
        _nrt=False,
        no_cpython_wrapper=not python,
        no_cfunc_wrapper=True,
        pipeline_class=PartCompiler,
        **options,
    )
    return compiled
