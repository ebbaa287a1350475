"""How kernels are compiled: with the options that they were measured with, once, and without holding Python back."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_plans import random_plan

from simulator import jit
from simulator.compile.script import load_script
from simulator.engines.kernel import run, run_batch
from simulator.engines.kernel.loop import simulate_all
from simulator.engines.kernel.world import new_world
from simulator.numbers.chance import replication_key, uniform

PACKAGE = Path(jit.__file__).parents[1]
compiled = pytest.mark.skipif(not jit.COMPILED, reason="nothing is compiled here")


# options


@compiled
def test_the_entry_point_has_the_pinned_options() -> None:
    options = simulate_all.targetoptions  # type: ignore[attr-defined]
    wanted = {"nogil": True, "error_model": "numpy", "_nrt": False, "nopython": True, "no_cpython_wrapper": False}
    assert wanted.items() <= options.items()
    assert not options.get("parallel") and not options.get("fastmath")


@compiled
def test_a_kernel_cannot_allocate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The undocumented option is honoured: without reference counting there is no new array."""
    from numba.core.errors import TypingError

    monkeypatch.setattr(jit, "CACHE_FOLDER", None)
    monkeypatch.setattr(jit, "_kernels", [], raising=False)

    @jit.kernel
    def allocates(size: int) -> int:
        return len(np.zeros(size))

    @jit.kernel
    def divides(number: float) -> float:
        return 1.0 / number

    with pytest.raises(TypingError):
        allocates(3)
    assert divides(0.0) == np.inf, "errors as in NumPy: no exception, no branch for one"


@compiled
def test_a_kernel_counts_no_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrays that wander between functions are not counted; compiled plainly they are."""
    import numba

    def code_of(decorate: Callable[[Callable[..., Any]], Any]) -> str:
        @decorate
        def largest(pair: tuple[np.ndarray, np.ndarray], row: int) -> float:
            longer = pair[0] if len(pair[0]) > len(pair[1]) else pair[1]
            return longer[row]

        assert largest((np.arange(4.0), np.arange(3.0)), 2) == 2
        return "".join(largest.inspect_llvm().values())

    monkeypatch.setattr(jit, "CACHE_FOLDER", None)
    monkeypatch.setattr(jit, "_kernels", [], raising=False)
    counts = re.compile("call .*NRT_(incref|decref)")
    assert counts.search(code_of(numba.njit))
    assert not counts.search(code_of(jit.kernel))


@compiled
def test_one_compilation_serves_every_plan() -> None:
    """Another type of one field, such as an array that is a slice, would cost half a minute."""
    case = load_script(Path(__file__).parent / "oracles" / "hand_cases.yaml")[0]
    before = len(simulate_all.nopython_signatures)  # type: ignore[attr-defined]
    for plan in (random_plan(1), random_plan(2), case.plan):
        run(plan, np.uint64(replication_key(1, 0)), log=True)
        run_batch(plan, 1, 0, 2)
    assert len(simulate_all.nopython_signatures) == max(before, 1)  # type: ignore[attr-defined]


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def test_nothing_is_parallel_inside_a_kernel() -> None:
    """With Numba's default threading layer two Python threads would abort the process."""
    for source in sources():
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.keyword):
                on = not (isinstance(node.value, ast.Constant) and not node.value.value)
                assert not (node.arg in ("parallel", "fastmath") and on), source
            assert not (isinstance(node, ast.Attribute | ast.Name) and "prange" in ast.dump(node)), source


# threads


@compiled
def test_two_threads_and_python_move_at_one_time() -> None:
    """While two kernels run, Python sees both worlds change: neither holds the lock of the interpreter."""
    plan = random_plan(14)._replace(max_records=10**6)
    run_batch(plan, 1, 0, 1)
    worlds = [new_world(plan, 4_096) for _ in range(2)]
    batches, enough = [0, 0], threading.Event()

    def work(number: int) -> None:
        while not enough.is_set():
            run_batch(plan, 1, 0, 2_000, worlds[number])
            batches[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    # Who holds the lock shows a world as it stands before and after a batch, never on its way. The scheduler owes
    # nobody a core, so we look as long as it takes; the limit only ends a test that fails.
    most, limit = [0, 0], time.monotonic() + 120
    seen: defaultdict[tuple[int, int], set[bytes]] = defaultdict(set)
    while min(most) < 10 and time.monotonic() < limit:
        for number, world in enumerate(worlds):
            moments = seen[number, batches[number]]
            moments.add(world.state.tobytes())
            most[number] = max(most[number], len(moments))
    enough.set()
    for thread in threads:
        thread.join()
    assert min(most) >= 10


# the cache


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, in place of the package."""
    copy = tmp_path / "simulator"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "_data"))
    monkeypatch.setattr(jit, "_PACKAGE", copy)
    return copy


def imported_by_kernels() -> set[Path]:
    """Files of the package that the fast engine is made of, found by following its imports."""
    found: set[Path] = set()
    to_read = set((PACKAGE / "engines" / "kernel").glob("*.py"))
    while to_read:
        source = to_read.pop()
        found.add(source.relative_to(PACKAGE))
        for node in ast.walk(ast.parse(source.read_text())):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("simulator"):
                continue
            # `from simulator import times` names a file by what it imports.
            names = [node.module] if node.module != "simulator" else [f"simulator.{each.name}" for each in node.names]
            for name in names:
                path = PACKAGE.joinpath(*str(name).split(".")[1:])
                target = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
                if target.relative_to(PACKAGE) not in found:
                    to_read.add(target)
    return found


def test_a_change_in_any_file_of_a_kernel_changes_the_cache_folder(package: Path) -> None:
    before, kernels = jit._digest(), imported_by_kernels()
    assert {Path("engines/kernel/loop.py"), Path("numbers/chance.py"), Path("numbers/times.py")} <= kernels
    for name in sorted(kernels):
        text = (package / name).read_text()
        (package / name).write_text(text + "# changed\n")
        assert jit._digest() != before, f"{name} is not among the sources"
        (package / name).write_text(text)
    assert jit._digest() == before


def test_a_change_elsewhere_does_not(package: Path) -> None:
    before = jit._digest()
    elsewhere = package / "words" / "units.py"
    elsewhere.write_text(elsewhere.read_text() + "# changed\n")
    assert jit._digest() == before


def test_the_folder_carries_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = jit._cache_folder()
    assert folder is not None and folder.is_relative_to(tmp_path) and folder.is_dir()
    assert jit._digest() in folder.name


def test_a_home_that_cannot_be_written_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_folder, elsewhere = tmp_path / "file", tmp_path / "elsewhere"
    no_folder.write_text("in the way")
    elsewhere.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_folder))
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    folder = jit._cache_folder()
    assert folder is not None and folder.is_relative_to(elsewhere)
    assert no_folder.read_text() == "in the way"


def test_nowhere_to_write_means_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file"))
    assert jit._cache_folder() is None
    monkeypatch.setattr(jit, "CACHE_FOLDER", None)
    assert jit.cache_is_cold() is jit.COMPILED


@compiled
def test_a_kernel_works_without_a_cache(tmp_path: Path) -> None:
    """In a process of its own, where no folder can be written."""
    (tmp_path / "file").write_text("")
    nowhere = str(tmp_path / "file")
    code = f"""
import tempfile
import numpy as np
tempfile.tempdir = {nowhere!r}
from simulator import jit
from simulator.numbers import chance
assert jit.CACHE_FOLDER is None
print(float(chance.uniform(np.uint64(chance.replication_key(1, 2)), 3, 4, 5)).hex())
"""
    environment = os.environ | {"XDG_CACHE_HOME": nowhere, "PYTHONPATH": str(PACKAGE.parent)}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr[-2_000:]
    assert said.stdout.strip() == float(uniform(np.uint64(replication_key(1, 2)), 3, 4, 5)).hex()
