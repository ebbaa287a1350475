"""Plants faults, one at a time, and counts how many of them the tests catch.

    python -m tests.plant                                  # 200 faults in what stands before and behind both engines
    python -m tests.plant --count 60 --without test_naive.py simulator/nouns/cost.py

A fault is one changed constant, column, comparison, sign, operator or condition, in a copy of the tree. Only test files
that touch its statement are run, first those that touch much of the source in little time. One that hangs is caught.
Faults of `planted.txt` change nothing.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from tests.faults import Fault, faults_of
from tests.touched import TRACE, TRACE_TO

ROOT = Path(__file__).resolve().parent.parent
PLACES = (
    "simulator/compile/compile.py",
    "simulator/mechanisms",
    "simulator/nouns/clocks.py",
    "simulator/compile/interval.py",
    "simulator/metrics",
    "simulator/nouns/cost.py",
)
LEFT_OUT = (".git", ".venv", "__pycache__", ".*_cache", "runs", ".hypothesis", "shared", "build", "dist")
LEAST = 0.95  # of the faults that change anything
LONGEST = 200.0  # [s] of a test file while its lines are traced; slower ones are left out


class Copy:
    """A copy of the tree, in which faults are planted and tests run."""

    def __init__(self, folder: Path) -> None:
        """Copy the tree as it stands, and compile its kernels."""
        self.tree = folder / "tree"
        shutil.copytree(ROOT, self.tree, ignore=shutil.ignore_patterns(*LEFT_OUT))
        self.environment = os.environ | {"PYTHONPATH": str(self.tree), "XDG_CACHE_HOME": str(folder / "cache")}
        self.tests_fail(["tests/test_laws.py"], 900)

    def tests_fail(self, files: list[str], limit: float, **more: str) -> bool:
        """Return whether a test of some files fails, or they hang."""
        plugin = ["-p", "tests.touched"] if more else []
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *plugin, *files]
        try:
            run = subprocess.run(
                command, cwd=self.tree, env=self.environment | more, timeout=limit, capture_output=True, check=False
            )
        except subprocess.TimeoutExpired:
            return True
        return run.returncode not in (0, 5)  # 5: all tests of the file are slow ones

    def touched(self, file: str, sources: list[str]) -> dict[str, Any] | None:
        """Return the lines that a test file touches, and the time that it takes [s]; None where it fails as it is."""
        report, started = self.tree / "touched.json", time.monotonic()
        names = os.pathsep.join(str(self.tree / source) for source in sources)
        if self.tests_fail([f"tests/{file}"], LONGEST, **{TRACE: names, TRACE_TO: str(report)}):
            return None
        lines = json.loads(report.read_text(encoding="utf-8"))
        return {"seconds": time.monotonic() - started} | {source: lines[str(self.tree / source)] for source in sources}

    def catches(self, fault: Fault, touched: dict[str, Any], seconds: float) -> bool:
        """Return whether the tests that touch a fault notice it."""
        near = [file for file, of in touched.items() if not set(fault.lines).isdisjoint(of.get(fault.source, ()))]
        near.sort(key=lambda file: touched[file]["seconds"] / len(touched[file][fault.source]))
        chosen, sum_of = [], 0.0
        for file in near:
            sum_of += touched[file]["seconds"]
            if sum_of <= seconds or not chosen:
                chosen.append(f"tests/{file}")
        source = self.tree / fault.source
        sound = source.read_text(encoding="utf-8")
        try:
            source.write_text(fault.planted_in(sound), encoding="utf-8")
            for stale in (source.parent / "__pycache__").glob(f"{source.stem}.*"):
                stale.unlink()
            return bool(chosen) and self.tests_fail(chosen, 3 * seconds + 60)
        finally:
            source.write_text(sound, encoding="utf-8")


def drawn(sources: list[str], seed: int, count: int) -> list[Fault]:
    """Return faults at random, as many of each kind as there are; those that change nothing are left out."""
    known = (ROOT / "tests/planted.txt").read_text(encoding="utf-8").splitlines()
    found = [each for source in sources for each in faults_of(source, (ROOT / source).read_text(encoding="utf-8"))]
    found = [each for each in found if str(each) not in known]
    random.Random(seed).shuffle(found)
    turns: Counter[str] = Counter()
    in_turn = []
    for fault in found:
        in_turn.append((turns[fault.kind], fault.kind, fault))
        turns[fault.kind] += 1
    return [fault for _, _, fault in sorted(in_turn, key=lambda each: each[:2])][:count]


def plant(asked: argparse.Namespace, folder: Path) -> dict[str, list[int]]:
    """Plant the faults and return how many were caught and how many survived, by kind and by source."""
    ends, table = time.monotonic() + 60 * asked.minutes, {"all": [0, 0]}
    paths = [path for place in asked.paths for path in (sorted(ROOT.glob(f"{place}/*.py")) or [ROOT / place])]
    sources = [str(path.relative_to(ROOT)) for path in paths]
    copies: SimpleQueue[Copy] = SimpleQueue()
    for number in range(asked.copies):
        copies.put(Copy(folder / str(number)))

    def with_a_copy(ask: Callable[[Copy], Any]) -> Any:
        copy = copies.get()
        try:
            return ask(copy) if time.monotonic() < ends else None
        finally:
            copies.put(copy)

    files = sorted(path.name for path in (ROOT / "tests").glob("test_*.py") if path.name not in asked.without)
    faults = drawn(sources, asked.seed, asked.count)
    with ThreadPoolExecutor(asked.copies) as pool:
        lines = pool.map(lambda file: with_a_copy(lambda copy: copy.touched(file, sources)), files)
        touched = {file: of for file, of in zip(files, lines, strict=True) if of is not None}
        print("left out, as they fail or are slow:", *(file for file in files if file not in touched), flush=True)
        tried = pool.map(lambda fault: with_a_copy(lambda copy: copy.catches(fault, touched, asked.seconds)), faults)
        for fault, caught in zip(faults, tried, strict=True):
            for name in () if caught is None else (fault.kind, fault.source, "all"):
                table.setdefault(name, [0, 0])[not caught] += 1
            print({True: "caught  ", False: "SURVIVED", None: "no time "}[caught], fault, flush=True)
    return table


def main() -> int:
    """Plant the faults, print what became of them, and return 1 if too few were caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", default=PLACES, help="sources, or folders of them")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=120.0, help="of test files a fault, as they took while traced")
    parser.add_argument("--minutes", type=float, default=58.0, help="after which nothing more is begun")
    parser.add_argument("--copies", type=int, default=2, help="of the tree, in which faults are planted at a time")
    parser.add_argument("--without", action="append", default=[], help="a test file to leave out")
    with tempfile.TemporaryDirectory() as folder:
        table = plant(parser.parse_args(), Path(folder))
    for name, (caught, survived) in sorted(table.items(), key=lambda item: ("/" in item[0], item[0])):
        print(f"{name:40} {caught:4} caught {survived:4} survived")
    return int(table["all"][0] < LEAST * sum(table["all"]))


if __name__ == "__main__":
    sys.exit(main())
