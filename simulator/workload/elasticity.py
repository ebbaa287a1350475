"""What faster hardware would buy: elasticities of a step, d ln(step) / d ln(resource), at a plan and tuned anew.

With latencies and fixed times as one more resource the elasticities of a plan sum to -1: twice of everything is half
the time (Euler's theorem on homogeneous functions).
"""

import math
from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import Numbers
from simulator.workload.case import Case, take
from simulator.workload.constants import Constants, fitted_constants
from simulator.workload.layout import Layout
from simulator.workload.machine import Machine
from simulator.workload.plans import table_of
from simulator.workload.predict import grid_of, machine_for, machines_of, weigh
from simulator.workload.search import fastest, steps_of
from simulator.workload.step import step_time
from simulator.workload.transformer import Transformer

RESOURCES = ("compute", "memory_bandwidth", "scale_up_bandwidth", "scale_out_bandwidth", "latency")

# Of the logarithm of a resource, either way: the truncation of central differences is then far below 1e-9, and few
# kinks of the roofline are as near.
HALF_STEP = 1e-5
GAIN = 1.1  # by which a resource grows where plans are tuned anew


class Retuned(NamedTuple):
    """What a resource that is better by a tenth buys: relative changes of the step [1], and the plan for it."""

    same_plan: float
    best_plan: float
    layout: Layout


def elasticities(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> dict[str, float]:
    """Return d ln(step) / d ln(resource) of one plan for each of RESOURCES [1]; they sum to -1."""
    found = slopes(model, layout, machine, constants)
    return {resource: float(np.asarray(slope)) for resource, slope in found.items()}


def case_elasticities(case: Case, constants: Constants | None = None) -> dict[str, float]:
    """Return elasticities of a case's predicted median, over layouts that are plausible, their weights held fixed [1].

    Raises ValueError for a case that has no layout.
    """
    constants = constants or fitted_constants()
    grid = grid_of([case])
    weight = weigh(grid, constants).weight
    machine = take(machines_of([case], constants), grid.owner)
    found = slopes(grid.model, grid.layout, machine, constants)
    return {resource: float(weight @ slope) for resource, slope in found.items()}


def retuned(case: Case, constants: Constants | None = None, gain: float = GAIN) -> dict[str, Retuned]:
    """Return what each resource buys if it grows by `gain` and the plan is searched anew.

    What the case gives of the plan stays as it is. Raises ValueError where no plan fits in memory.
    """
    constants = constants or fitted_constants()
    machine = machine_for(case, constants)
    table = table_of(case, machine)
    if not table.fits.any():
        raise ValueError(f"no plan of {case.id} fits in memory")
    before = steps_of(case, table, machine, constants)
    kept = fastest(before)[0]
    found = {}
    for resource in RESOURCES:
        # A resource changes nothing of what fits, so the table stays.
        after = steps_of(case, table, with_more(machine, resource, gain), constants)
        best = fastest(after)[0]
        layout = Layout(*(float(value) for value in take(table.layout, best)))
        same_plan, best_plan = (float(after[plan] / before[kept]) - 1.0 for plan in (kept, best))
        found[resource] = Retuned(same_plan, best_plan, layout)
    return found


def slopes(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> dict[str, Numbers]:
    """Return the elasticities of plans, numbers or arrays, by central differences of logarithms [1]."""
    found = {}
    for resource in RESOURCES:
        up, down = (
            np.log(step_time(model, layout, with_more(machine, resource, factor), constants).total)
            for factor in (math.exp(HALF_STEP), math.exp(-HALF_STEP))
        )
        found[resource] = (up - down) / (2.0 * HALF_STEP)
    return found


def with_more(machine: Machine, resource: str, factor: float) -> Machine:
    """Return a machine with so many times one of RESOURCES; of latency, with times that are so many times shorter."""
    network = machine.network
    if resource == "compute":
        return machine._replace(
            speed=machine.speed * factor,
            speed_16=machine.speed_16 * factor,
            attention_speed=machine.attention_speed * factor,
        )
    if resource == "memory_bandwidth":
        return machine._replace(memory_bandwidth=machine.memory_bandwidth * factor)
    if resource == "scale_up_bandwidth":
        return machine._replace(network=network._replace(up_bandwidth=network.up_bandwidth * factor))
    if resource == "scale_out_bandwidth":
        wan = network.wan_bandwidth * factor  # what is between sites is between nodes, too
        return machine._replace(
            network=network._replace(out_bandwidth=network.out_bandwidth * factor, wan_bandwidth=wan)
        )
    if resource != "latency":
        raise KeyError(resource)
    return machine._replace(
        overhead=machine.overhead / factor,
        step_overhead=machine.step_overhead / factor,
        network=network._replace(
            up_latency=network.up_latency / factor,
            out_latency=network.out_latency / factor,
            base_latency=network.base_latency / factor,
            wan_round_trip=network.wan_round_trip / factor,
        ),
    )
