"""How fast the step-time model is: evaluations a second on one core, and searches for a plan.

`python benchmarks/step_time.py`; of ten turns the shortest counts. NumPy computes all of it on one core.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.scenario.profiles import load_fabric, load_gpu
from simulator.workload.case import Case, take
from simulator.workload.constants import fitted_constants
from simulator.workload.elasticity import retuned
from simulator.workload.memory import memory
from simulator.workload.plans import table_of
from simulator.workload.predict import machine_for
from simulator.workload.search import nearest_that_fits, search
from simulator.workload.step import step_time
from simulator.workload.zoo import MODELS

TURNS = 10
ROWS = 10_000


def case_of(model: str, gpu: str, gpus: int, batch: float) -> Case:
    """A case of which no degree is given."""
    chip = load_gpu(gpu)
    up = None if chip.scale_up_fabric is None else load_fabric(chip.scale_up_fabric)
    return Case(model, chip, "bf16", MODELS[model].model, gpus, batch, context=None, expert=None, up=up)


def best_of(action: Callable[[], Any]) -> float:
    """Return the shortest time of an action [s]."""
    times = []
    for _ in range(TURNS):
        begun = time.perf_counter()
        action()
        times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    """Print the table."""
    print("| | measured | target |\n|---|---:|---:|")
    constants = fitted_constants()
    for name in ("llama3_405b", "deepseek_v3"):
        case = case_of(name, "h100_sxm", 16_384, 2_048)
        machine = machine_for(case, constants)
        table = table_of(case, machine)
        rows = take(table.layout, np.resize(np.flatnonzero(table.fits), ROWS))
        steps = best_of(lambda c=case, r=rows, m=machine: step_time(c.model, r, m, constants).total)
        needs = best_of(lambda c=case, r=rows, m=machine: memory(c.model, r, m).total)
        print(f"| {name}: steps a second and core | {ROWS / steps:,.0f} | at least 100,000 |")
        print(f"| {name}: memories a second and core | {ROWS / needs:,.0f} | |")
    for name, gpu, gpus in (
        ("llama3_405b", "h100_sxm", 16_384),
        ("llama3_70b", "h100_sxm", 1_024),
        ("deepseek_v3", "gb200", 2_048),
    ):
        case = case_of(name, gpu, gpus, 2_048)
        found = search(case)
        seconds = best_of(lambda c=case: search(c))
        plans = f"{found.looked_at:,} plans, {found.divide:,} divide, {found.fit:,} fit"
        target = "at most 2 s" if name == "llama3_405b" else ""
        print(f"| search: {name} on {gpus:,} {gpu} ({plans}) | {1e3 * seconds:.0f} ms | {target} |")
    case = case_of("llama3_405b", "h100_sxm", 16_384, 2_048)
    print(f"| tuned anew for five resources | {1e3 * best_of(lambda: retuned(case)):.0f} ms | |")
    given = case._replace(tensor=8, pipeline=16, context=1, micro_batch=1)
    print(f"| the nearest plan that fits | {1e3 * best_of(lambda: nearest_that_fits(given)):.0f} ms | |")


if __name__ == "__main__":
    main()
