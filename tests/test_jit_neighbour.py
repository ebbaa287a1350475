"""What the package leaves as it was in the process of a user: settings, and how the user's functions are compiled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator import jit

HERE = Path(__file__).parent
ROOT = HERE.parent

# All that others import comes first, so that what changes afterwards was changed by the package.
SETTINGS = """
import decimal, faulthandler, gc, importlib, json, locale, logging, pkgutil, random, signal, socket, sys, threading
import warnings
import llvmlite.binding, numba, numba.core.codegen, numba.core.registry, numpy as np
for name in ("dask", "jinja2", "networkx", "pandas", "plotly.graph_objects", "pyarrow", "pydantic", "ruamel.yaml",
             "scipy.optimize", "scipy.stats", "scipy.special", "simpy", "streamlit", "streamlit.testing.v1", "typer",
             "typer.testing", "xlsxwriter"):
    try:
        importlib.import_module(name)
    except ImportError:
        pass

def settings():
    import os
    root = logging.getLogger()
    codegen = numba.core.registry.cpu_target.target_context.codegen()
    return {
        "numba": {name: repr(value) for name, value in vars(numba.config).items() if name.isupper()},
        "codegen": [repr(codegen.magic_tuple()), codegen._loopvect, codegen._opt_level, type(codegen).__name__],
        "options": sorted(vars(numba.core.codegen.JITCPUCodegen)),
        "library": {name: id(value) for name, value in vars(numba.core.codegen.CPUCodeLibrary).items()
                    if callable(value)},
        "locators": [each.__name__ for each in numba.core.caching.CacheImpl._locator_classes],
        "numpy errors": [np.geterr(), repr(np.geterrcall())],
        "numpy prints": {name: repr(value) for name, value in np.get_printoptions().items()},
        "numpy random": repr(np.random.get_state()),
        "random": repr(random.getstate()),
        "environment": dict(os.environ),
        "warnings": [repr(each) for each in warnings.filters] + [warnings.showwarning.__qualname__],
        "path": list(sys.path) + [os.getcwd()],
        "hooks": [repr(sys.meta_path), repr(sys.path_hooks), repr(sys.excepthook), repr(sys.displayhook),
                  repr(threading.excepthook), repr(sys.gettrace()), repr(sys.getprofile())],
        "logging": [root.level, repr(root.handlers), logging.root.manager.disable, repr(logging.getLoggerClass())],
        "locale": locale.setlocale(locale.LC_ALL),
        "limits": [sys.getrecursionlimit(), sys.getswitchinterval(), gc.get_threshold(), gc.isenabled(),
                   sys.get_int_max_str_digits(), socket.getdefaulttimeout(), threading.stack_size()],
        "decimal": repr(decimal.getcontext()),
        "signals": [repr(signal.getsignal(each)) for each in sorted(signal.valid_signals())],
        "threads": [each.name for each in threading.enumerate()],
        "streams": [repr(sys.stdout), repr(sys.stderr), repr(sys.stdin)],
    }

def changed(before):
    return {name: [before[name], value] for name, value in settings().items() if value != before[name]}

before = settings()
import simulator
found = {"package": changed(before)}
# The command line of the package is for a process of its own; its modules are not.
for module in pkgutil.walk_packages(simulator.__path__, "simulator."):
    if module.name != "simulator.__main__":
        importlib.import_module(module.name)
found["rooms"] = changed(before)
sys.path.insert(0, HERE)
from random_plans import random_plan
sys.path.remove(HERE)
from simulator.numbers.chance import replication_key
from simulator.engines import kernel, reference
plan = random_plan(3)
kernel.run(plan, np.uint64(replication_key(1, 0)), log=True)
kernel.run_batch(plan, 1, 0, 3)
reference.simulate(plan, np.uint64(replication_key(1, 0)))
found["run"] = changed(before)
before.clear()
print(json.dumps(found))
"""

# The code of a user's loop, optimised; a sum of whole numbers is what vector code is made of.
CODE = """
import re, sys
import numba, numpy as np

def make(name):
    def total(values):
        result = 0
        for value in values:
            result += value * value
        return result
    total.__name__ = total.__qualname__ = name
    return numba.njit(total)

def code_of(name):
    function = make(name)
    assert function(np.arange(100)) == 328350
    assert function._cache.cache_path is None
    llvm, = function.inspect_llvm().values()
    machine, = function.inspect_asm().values()
    # Numba numbers its functions and names some places by their number in the process.
    return [re.sub(r"v[0-9]+|0x[0-9a-f]+|(?<![<])\\b[0-9]{6,}\\b|B[0-9]+c[A-Za-z0-9]+", "#", text)
            for text in (llvm, machine)]

first = code_of("total")
if len(sys.argv) > 1:
    sys.path.insert(0, sys.argv[1])
    from random_plans import random_plan
    from simulator.engines import kernel
    from simulator.numbers.chance import replication_key
    kernel.run(random_plan(1), np.uint64(replication_key(1, 0)))
second = code_of("total")
assert re.search("<[0-9]+ x i64>", second[0]), "no vector code"
print(first == second)
"""


def said_by(code: str, *arguments: str, **environment: str) -> str:
    """What a process of its own prints."""
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("disabled", ["0", "1"])
def test_no_setting_of_the_process_changes(disabled: str) -> None:
    """Not when the package is imported, nor all its modules, nor when both engines run, compiled or not."""
    nothing = '{"package": {}, "rooms": {}, "run": {}}'
    assert said_by(f"HERE = {str(HERE)!r}\n{SETTINGS}", NUMBA_DISABLE_JIT=disabled) == nothing


@pytest.mark.skipif(not jit.COMPILED, reason="nothing is compiled here")
def test_a_users_function_is_compiled_to_the_same_instructions() -> None:
    # First that two compilations of one function can be compared at all.
    assert said_by(CODE) == "True"
    assert said_by(CODE, str(HERE)) == "True"


@pytest.mark.skipif(not jit.COMPILED, reason="nothing is compiled here")
def test_the_comparison_sees_another_level_of_optimisation() -> None:
    lowered = CODE.replace('second = code_of("total")', 'numba.config.OPT = 1; second = code_of("total")')
    assert lowered != CODE and said_by(lowered.replace("assert re.search", "bool and re.search")) == "False"
