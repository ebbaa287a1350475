"""Arrays as kernels see them: bare, so that nobody may count from the end; and code that is translated only once."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from random_plans import random_plan

from simulator import jit
from simulator.compile.script import load_script
from simulator.engines.kernel import run, world
from simulator.numbers.chance import replication_key
from simulator.numbers.plan import Plan

compiled = pytest.mark.skipif(not jit.COMPILED, reason="nothing is compiled here")


class Shelf(NamedTuple):
    """A number, and an array of each number of dimensions."""

    size: int
    line: np.ndarray
    sheet: np.ndarray
    cube: np.ndarray


def shelf() -> Shelf:
    dice = np.random.default_rng(3)
    return Shelf(7, dice.integers(0, 99, 5), dice.random((4, 3)), dice.integers(0, 99, (3, 2, 4)))


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorator, without a cache: functions of a test have no file of their own."""
    monkeypatch.setattr(jit, "CACHE_FOLDER", None)
    monkeypatch.setattr(jit, "_kernels", [], raising=False)
    return jit.kernel


def test_tables_are_indexed_like_arrays(kernel: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    @jit.rule
    def weigh(shelf: Shelf, row: int) -> float:
        total = shelf.size + shelf.sheet[row, 1] + shelf.sheet[row][2] + shelf.line[row]
        for column in range(len(shelf.sheet[0])):
            total += column * shelf.sheet[row, column]
        for depth in range(len(shelf.cube[row][0])):
            total += shelf.cube[row, 1, depth] * shelf.cube[row][0][depth] + shelf.cube[row, 1][depth]
        return total + 100 * len(shelf.cube) + 10 * len(shelf.cube[0]) + len(shelf.line)

    @kernel
    def weigh_all(shelf: Shelf, out: np.ndarray) -> int:
        shelf = jit.by_reference(shelf)
        for row in range(len(out)):
            out[row] = weigh(shelf, row)
        return len(out)

    def plainly(shelf: Shelf, row: int) -> float:
        total = shelf.size + shelf.sheet[row, 1] + shelf.sheet[row, 2] + shelf.line[row]
        for column in range(3):
            total += column * shelf.sheet[row, column]
        for depth in range(4):
            total += shelf.cube[row, 1, depth] * shelf.cube[row, 0, depth] + shelf.cube[row, 1, depth]
        return float(total + 325)

    out = np.zeros(3)
    assert weigh_all(shelf(), out) == 3
    assert out.tolist() == [plainly(shelf(), row) for row in range(3)]


def test_what_is_written_through_a_table_stands_in_the_array(
    kernel: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    @jit.rule
    def mark(shelf: Shelf) -> None:
        shelf.line[2] = 3.9
        shelf.line[shelf.line[2]] += 1
        row = shelf.sheet[1]
        row[0] = shelf.size
        shelf.sheet[2, 2] *= 2.0
        shelf.cube[1, 1, 3] = -5
        shelf.cube[2, 0][1] -= 1

    @kernel
    def mark_once(shelf: Shelf) -> int:
        mark(jit.by_reference(shelf))
        return 0

    done, wanted = shelf(), shelf()
    mark_once(done)
    wanted.line[2] = 3
    wanted.line[3] += 1
    wanted.sheet[1, 0] = 7
    wanted.sheet[2, 2] *= 2.0
    wanted.cube[1, 1, 3] = -5
    wanted.cube[2, 0, 1] -= 1
    for one, other in zip(done[1:], wanted[1:], strict=True):
        assert np.array_equal(one, other)


def code_of(function: Any) -> str:
    return "".join(function.inspect_llvm().values())


@compiled
def test_what_a_table_cannot_be_is_refused(kernel: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    from numba.core.errors import TypingError

    @kernel
    def first(shelf: Shelf) -> float:
        return jit.by_reference(shelf).sheet[0, 1]

    @kernel
    def half(shelf: Shelf) -> float:
        return jit.by_reference(shelf).line[0.5]

    turned = shelf()._replace(sheet=np.asfortranarray(shelf().sheet))
    with pytest.raises(TypingError, match="sheet is not contiguous"):
        first(turned)
    with pytest.raises(TypingError):
        half(shelf())
    assert first(shelf()) == shelf().sheet[0, 1]


@compiled
def test_a_rule_is_translated_with_its_kernel_only(kernel: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Else two hundred functions were optimised and translated again and again: twice the time of compilation."""

    @jit.rule
    def deepest(shelf: Shelf) -> int:
        return shelf.line[0] * 1_234_567

    @jit.rule
    def deeper(shelf: Shelf) -> int:
        return deepest(shelf) + deepest(shelf)

    @kernel
    def deep(shelf: Shelf) -> int:
        return deeper(jit.by_reference(shelf))

    assert deep(shelf()) == 2 * 1_234_567 * shelf().line[0]
    assert str(2 * 1_234_567) in code_of(deep) and not re.search("call .*deepe", code_of(deep))
    for rule in (deepest, deeper):
        assert "1234567" not in code_of(rule) and "define" not in code_of(rule)


# the same code, with every index looked at


class Checked(np.ndarray):
    """An array in which nobody counts from the end; NumPy itself refuses what lies behind it."""

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(_not_negative(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_not_negative(index), value)


def _not_negative(index: Any) -> Any:
    for number in index if isinstance(index, tuple) else (index,):
        if isinstance(number, int | np.integer) and number < 0:
            raise IndexError(f"index {number} counts from the end")
    return index


def checked(values: Any) -> Any:
    return type(values)(*(each.view(Checked) if isinstance(each, np.ndarray) else each for each in values))


def run_checked(plan: Plan, replication: int, capacity: int) -> int:
    """One replication, not compiled, with its indices checked; returns its number of records."""
    new_world = world.new_world

    def make(*arguments: Any, **options: Any) -> Any:
        return checked(new_world(*arguments, **options))

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(run.__globals__, "new_world", make)
        patch.setitem(run.__globals__, "_CAPACITY", capacity)
        return int(run(checked(plan), replication_key(1, replication), log=True).records)


def look_at_every_index() -> int:
    assert not jit.COMPILED
    with pytest.raises(IndexError, match="counts from the end"):
        np.arange(3).view(Checked)[-1]
    cases = load_script(Path(__file__).parent / "oracles" / "hand_cases.yaml")
    plans = [*map(random_plan, range(100)), *(case.plan for case in cases)]
    # A world of one row is outgrown by nearly every plan: what happens then must stay within it too.
    return sum(run_checked(plan, number, 1 if number % 3 == 0 else 256) for number, plan in enumerate(plans))


def test_no_index_is_negative() -> None:
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parent)])
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": paths}
    command = [sys.executable, "-c", "import test_references as t; print(t.look_at_every_index())"]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr[-2_000:]
    assert int(said.stdout) > 10_000
