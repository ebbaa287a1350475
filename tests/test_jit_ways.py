"""The other ways to compile kernels: plainly, where Numba lacks a piece, and with indices that are looked at."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator import jit
from simulator.jit import private
from tests.compiled_ways import answers, hidden

pytestmark = pytest.mark.skipif(not jit.TUNED or jit.CHECKED, reason="kernels are compiled another way here")
ROOT = Path(__file__).parent.parent
PIECES = {**private.COMPILER, **private.CACHE}
FUNCTIONS = [place for place, arguments in PIECES.items() if arguments is not None]


def said_by(*arguments: str, **environment: str) -> list[str]:
    """The lines that a process of its own prints."""
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])} | environment
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout.splitlines()


# pieces of Numba that may go


def test_nothing_is_missing_here() -> None:
    """So that the kernels that are tested, and measured, are the tuned ones."""
    assert not private.missing(PIECES) and private.has_a_cache()
    assert jit.TUNED and jit.KEPT


@pytest.mark.parametrize("place", PIECES)
def test_a_piece_that_is_not_there_is_missed(place: str) -> None:
    with hidden(place):
        assert place in private.missing(PIECES)
    assert not private.missing(PIECES)


@pytest.mark.parametrize("place", FUNCTIONS)
def test_a_piece_with_other_arguments_is_missed(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Any, something: Any, new: Any) -> None:
        raise AssertionError("this is not called")

    owner, _, names = place.rpartition("." if "." in place.partition(":")[2] else ":")
    for name in names.split("|"):
        monkeypatch.setattr(pkgutil.resolve_name(owner), name, other, raising=False)
    assert place in private.missing(PIECES)


def test_a_module_that_is_not_there_is_missed() -> None:
    gone: dict[str, tuple[str, ...] | None] = {
        "numba.core.gone:piece": None,
        "numba.core.codegen:Gone.piece": ("self",),
    }
    assert private.missing(gone) == list(gone)


def compared(engine: str, *places: str) -> list[tuple[bool, bool]]:
    """Whether kernels are tuned and kept without each place; the answers are those of this process."""
    lines = [line.rsplit(" ", 3) for line in said_by("-m", "tests.compiled_ways", engine, *places)]
    assert [place for place, *_ in lines] == list(places)
    assert {word for *_, word in lines} == {answers(engine)}
    return [(tuned == "True", kept == "True") for _, tuned, kept, _ in lines]


def test_draws_that_are_compiled_plainly_are_the_same() -> None:
    nrt, dumps = "numba.core.cpu:CPUTargetOptions._nrt", "numba.core.serialize:dumps"
    assert compared("reference", nrt, dumps) == [(False, True), (True, False)]


@pytest.mark.slow
def test_kernels_give_the_same_answers_without_any_piece_of_the_compiler() -> None:
    assert set(compared("kernel", *private.COMPILER)) == {(False, True)}


@pytest.mark.slow
def test_kernels_give_the_same_answers_without_any_piece_of_the_cache() -> None:
    assert set(compared("kernel", *private.CACHE)) == {(True, False)}


# indices that are looked at

# Four ways to reach an element. What each says of an index is printed.
PLANTED = """
from typing import NamedTuple
import numpy as np
from simulator import jit
jit.CACHE_FOLDER = None

class Shelf(NamedTuple):
    line: np.ndarray
    sheet: np.ndarray

@jit.rule
def element(shelf, index):
    return shelf.line[index]

@jit.rule
def cell(shelf, index):
    return shelf.sheet[index, 1] + shelf.sheet[1][index]

@jit.rule
def put(shelf, index):
    shelf.line[index] = 7.0
    return 7.0

@jit.kernel
def table(shelf, index):
    return element(jit.by_reference(shelf), index)

@jit.kernel
def sheet(shelf, index):
    return cell(jit.by_reference(shelf), index)

@jit.kernel
def write(shelf, index):
    return put(jit.by_reference(shelf), index)

@jit.kernel
def plain(shelf, index):
    return shelf.line[index]

shelf = Shelf(np.arange(3.0), np.arange(9.0).reshape(3, 3))
for function in (table, sheet, write, plain):
    for index in (0, 2, 3, -1, 10**6):
        if not jit.CHECKED and not 0 <= index < 3:
            continue  # foreign memory
        try:
            function(shelf, index)
            print(function.__name__, index, "ok")
        except IndexError as error:
            print(function.__name__, index, error)
"""


def test_an_index_outside_is_an_error_where_indices_are_checked() -> None:
    lines = said_by("-c", PLANTED, DERISK_CHECKED="1")
    wrong = "index is out of bounds"
    for function in ("table", "sheet", "write"):
        found = [line for line in lines if line.startswith(function)]
        ways = zip((0, 2, 3, -1, 10**6), ("ok", "ok", wrong, wrong, wrong), strict=True)
        assert found == [f"{function} {index} {what}" for index, what in ways]
    # An array that is no table may be counted from its end, as in Python.
    assert [line for line in lines if line.startswith("plain") and wrong in line] == [
        f"plain 3 {wrong}",
        f"plain 1000000 {wrong}",
    ]


def test_an_index_is_not_looked_at_otherwise() -> None:
    lines = said_by("-c", PLANTED, DERISK_CHECKED="0")
    assert len(lines) == 8 and all(line.endswith("ok") for line in lines)


def test_random_plans_have_no_index_outside() -> None:
    (line,) = said_by("-m", "tests.compiled_ways", "kernel", DERISK_CHECKED="1")
    assert line.split() == ["-", "True", "True", answers("kernel")]


def test_checked_kernels_have_a_cache_of_their_own() -> None:
    code = "from simulator import jit; print(jit.CHECKED, jit.CACHE_FOLDER)"
    ways = [said_by("-c", code, DERISK_CHECKED=value)[0].split() for value in ("1", "0", "")]
    assert [checked for checked, _ in ways] == ["True", "False", "False"]
    assert ways[0][1] != ways[1][1] == ways[2][1] == str(jit.CACHE_FOLDER)
