"""What the README's speed table is made of: `make bench`, or `python benchmarks/run.py`.

Everything is measured in one run on one core unless said otherwise. What is compared is run in turns, and of ten turns
the shortest counts, as whatever else the machine does can only lengthen one. Machines are compared by the calibrating
loop at the top of the table. A failure is a STOP strike, an event a record of the event log.
"""

import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from simulator import __version__, resources
from simulator.compile.compile import compile_plan
from simulator.engines import kernel, reference
from simulator.engines.kernel.world import World, new_world
from simulator.numbers.chance import replication_key
from simulator.numbers.plan import Plan
from simulator.scenario import load_scenario

TURNS = 10
SEED = 90
ROOT = Path(__file__).resolve().parent.parent
PRESET = "llama3_405b_16k"
CALIBRATION_STEPS = 20_000_000
LOGGED = 60  # replications with and without an event log
LOG_CAPACITY = 2**15  # records of one of them


class Line(NamedTuple):
    """A line of the table."""

    what: str
    measured: str
    target: str = ""


class Batch:
    """Replications of a benchmark plan, and how long they took at best."""

    def __init__(self, name: str, count: int) -> None:
        self.plan = plan_of(name)
        self.count = count
        self.best = float("inf")
        # The first call compiles, and makes the world.
        batch, self.world = kernel.run_batch(self.plan, SEED, 0, count)
        self.failures = int(batch.failures.sum())
        self.events = int(batch.records.sum())

    def turn(self) -> None:
        begun = time.perf_counter()
        _, self.world = kernel.run_batch(self.plan, SEED, 0, self.count, self.world)
        self.best = min(self.best, time.perf_counter() - begun)

    @property
    def per_failure(self) -> float:
        return 1e9 * self.best / self.failures

    @property
    def per_event(self) -> float:
        return 1e9 * self.best / self.events

    @property
    def per_second(self) -> float:
        return self.count / self.best


def plan_of(name: str) -> Plan:
    """The plan of a benchmark scenario, by its name."""
    return compile_plan(load_scenario(resources.scenarios() / "benchmarks" / f"{name}.yaml"))


@numba.njit
def calibrating_loop(steps: int) -> int:
    state = np.uint64(88172645463325252)
    for _ in range(steps):
        state ^= state << np.uint64(13)
        state ^= state >> np.uint64(7)
        state ^= state << np.uint64(17)
    return state


def best_of(action: Callable[[], Any], turns: int = TURNS) -> float:
    """Return the shortest time of an action [s]."""
    times = []
    for _ in range(turns):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return min(times)


def kernel_lines() -> Iterator[Line]:
    """The fast engine: a failure, an event, replications a second, and whether the cluster's size matters."""
    batches = {
        "base_10k": Batch("base_10k", 200),
        "base_10k_slow": Batch("base_10k_slow", 150),
        "base_10k_all": Batch("base_10k_all", 100),
        "base_10m": Batch("base_10m", 200),
        "base_98k": Batch("base_98k", 20),
        "base_98k_slow": Batch("base_98k_slow", 10),
    }
    for _ in range(TURNS):
        for batch in batches.values():
            batch.turn()
    base, slow, huge = (batches[name] for name in ("base_10k", "base_10k_slow", "base_10m"))
    yield Line("10,000 GPUs: a failure", f"{base.per_failure:.0f} ns", "at most 450 ns")
    yield Line("10,000 GPUs: an event", f"{base.per_event:.1f} ns")
    yield Line("10,000 GPUs with slow nodes: a failure", f"{slow.per_failure:.0f} ns", "at most 750 ns")
    yield Line("10,000 GPUs with slow nodes: an event", f"{slow.per_event:.1f} ns")
    everything = batches["base_10k_all"]
    yield Line("10,000 GPUs with all that is rare: an event", f"{everything.per_event:.1f} ns")
    yield Line("the same against the first", f"{everything.per_event / base.per_event:.2f} times", "at most 2 times")
    yield Line("98,304 GPUs: replications a second", f"{batches['base_98k'].per_second:.0f}", "at least 330")
    yield Line(
        "98,304 GPUs with slow nodes: replications a second",
        f"{batches['base_98k_slow'].per_second:.0f}",
        "at least 120",
    )
    change = huge.per_failure / base.per_failure - 1
    yield Line("a failure among 10 million GPUs against 10,000, as many a day", f"{change:+.0%}", "within 20 %")
    yield from reference_lines(base, slow)
    yield from log_lines(base, slow)


def reference_lines(*batches: Batch) -> Iterator[Line]:
    """The SimPy engine, and how many times slower it is."""
    for batch, label in zip(batches, ("", " with slow nodes"), strict=True):
        key = np.uint64(replication_key(SEED, 0))
        result = reference.simulate(batch.plan, key)  # the samplers are compiled once
        seconds = best_of(lambda plan=batch.plan, key=key: reference.simulate(plan, key), turns=3)
        failures = int(result.failures.sum())
        yield Line(f"10,000 GPUs{label}: a failure, SimPy engine", f"{1e6 * seconds / failures:.0f} us")
        ratio = 1e9 * seconds / failures / batch.per_failure
        yield Line(f"10,000 GPUs{label}: the fast engine is so many times faster", f"{ratio:,.0f}")


def log_lines(*batches: Batch) -> Iterator[Line]:
    """What an event log costs."""
    for batch, label in zip(batches, ("", " with slow nodes"), strict=True):
        # The same replications, in a world that keeps the records of the one at hand and in one that only counts them.
        worlds = {log: new_world(batch.plan, 256, LOG_CAPACITY if log else 0) for log in (False, True)}

        def told(log: bool, batch: Batch = batch, worlds: dict[bool, World] = worlds) -> None:
            _, worlds[log] = kernel.run_batch(batch.plan, SEED, 0, LOGGED, worlds[log])

        times: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(TURNS):
            for log in times:
                times[log].append(best_of(lambda log=log: told(log), turns=1))
        extra = min(times[True]) / min(times[False]) - 1
        yield Line(f"10,000 GPUs{label}: an event log costs extra", f"{extra:+.1%}", "at most 5 %")


def thread_lines() -> Iterator[Line]:
    """What a second thread brings."""
    plan, count = plan_of("base_10k_slow"), 400
    worlds = [kernel.run_batch(plan, SEED, 0, 1)[1] for _ in range(2)]

    def work(worker: int) -> None:
        kernel.run_batch(plan, SEED, worker * count, count, worlds[worker])

    def together() -> None:
        threads = [threading.Thread(target=work, args=(worker,)) for worker in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    alone, both = [], []
    for _ in range(TURNS):
        alone.append(best_of(lambda: work(0), turns=1) + best_of(lambda: work(1), turns=1))
        both.append(best_of(together, turns=1))
    yield Line("speed-up by a second thread", f"{min(alone) / min(both):.2f} times", "at least 1.7 times")


def derisk(*words: str, home: str | None = None, timed: bool = True) -> tuple[float, float]:
    """Run a command line in a process of its own; return its wall time [s] and peak memory [MB]."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if home is not None:
        environment["XDG_CACHE_HOME"] = home
    # A process in between, because the peak of children is that of all of them so far.
    code = (
        "import resource, subprocess, sys, time; begun = time.perf_counter();"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
        "print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, sys.executable, "-m", "simulator", *words]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    wall, peak = map(float, done.stdout.split())
    unit = 1e6 if sys.platform == "darwin" else 1e3  # ru_maxrss is in bytes there, else in kB
    return wall, peak / unit


def command_lines() -> Iterator[Line]:
    """Whole commands, from their start to their end."""
    with tempfile.TemporaryDirectory() as folder:

        def fresh() -> str:
            return tempfile.mkdtemp(dir=folder)  # a run that is there already would be reused

        derisk("run", PRESET, "-n", "10", "-o", fresh())
        walls = [derisk("run", PRESET, "-n", "1000", "-o", fresh())[0] for _ in range(3)]
        yield Line(f"derisk run {PRESET}, 1,000 replications (all cores)", f"{min(walls):.1f} s", "at most 5 s")
        helps = [derisk("--help")[0] for _ in range(TURNS)]
        typical = statistics.median(helps)
        yield Line("derisk --help", f"{min(helps):.2f} s (median {typical:.2f} s)", "at most 0.5 s")
        cold, _ = derisk("run", PRESET, "-n", "1000", "-o", fresh(), home=fresh())
        yield Line("the same run with an empty cache: compiles", f"{cold:.0f} s", "at most 45 s")
        _, peak = derisk("run", "benchmarks/base_98k_slow", "-n", "10000", "-o", fresh())
        yield Line("98,304 GPUs with slow nodes, 10,000 replications: peak memory", f"{peak:.0f} MB", "under 1,000 MB")


def processor() -> str:
    """What the processor calls itself."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def main() -> None:
    """Print the table."""
    print(
        f"Derisk {__version__}, Python {platform.python_version()}, Numba {numba.__version__}, NumPy {np.__version__}; "
    )
    print(f"{processor()}, {os.cpu_count()} cores.\n")
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > 0.7:
        print(f"The machine is busy (load {os.getloadavg()[0]:.1f}): times are too long, and ratios may be off.\n")
    print("| | measured | target |\n|---|---:|---:|", flush=True)
    calibrating_loop(1)
    step = 1e9 * best_of(lambda: calibrating_loop(CALIBRATION_STEPS)) / CALIBRATION_STEPS
    lines = [Line("calibration: three shifts and xors, one after another", f"{step:.2f} ns")]
    for section in (iter(lines), kernel_lines(), thread_lines(), command_lines()):
        for line in section:
            print(f"| {line.what} | {line.measured} | {line.target} |", flush=True)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\nPeak memory of this process: {own / (1e6 if sys.platform == 'darwin' else 1e3):.0f} MB.")


if __name__ == "__main__":
    main()
