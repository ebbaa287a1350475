"""The fast engine: the model of docs/semantics.md as a compiled next-event loop that jumps over checkpoint cycles.

`run` simulates one replication, with its event log if asked; `run_batch` simulates many under one plan. Read `loop.py`
first: which clock rings next, and what an event leaves to do. `phase_sets.py`, `phases.py` and `steps.py` say what
follows what, `strikes.py` and `stops.py` what a failure does, `training.py` and `checkpoints.py` what is saved,
`regroup.py` and `nodes.py` how places are filled, `units.py` and `weather.py` where candidates come from. One mechanism
each, as in the reference engine: `blocks.py`, `corruption.py`, `diagnosis.py`, `eviction.py`, `layers.py`, `lemons.py`,
`pools.py`, `retirement.py`, `shop.py`. `world.py` is all that changes, and `slots.py` gives out rows of its tables.
"""

from typing import Any, NamedTuple

import numpy as np

from simulator.engines.kernel.loop import simulate_all
from simulator.engines.kernel.phase_sets import OUTCOME
from simulator.engines.kernel.world import At, World, has_room_for, new_world
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import ACCOUNTS
from simulator.numbers.plan import TALLIES, Integers, Plan, Result, out_bins

_CAPACITY = 256  # rows of the tables that grow with the failures, to begin with
_LOG_CAPACITY = 2**16  # records, to begin with


class Batch(NamedTuple):
    """Replications under one plan, one a row; see Result for the fields."""

    outcome: Integers  # (replications,)
    finish: Integers  # (replications,) [ticks]
    work: Integers  # (replications,) [1/Q tick]
    kept: Integers  # (replications,) [ticks]
    records: Integers  # (replications,)
    ledger: Integers  # (replications, accounts) [ticks]
    failures: Integers  # (replications, causes)
    interruptions: Integers  # (replications, causes)
    out_seen: Integers  # (replications, bins)
    tally: Integers  # (replications, tallies)


def run(plan: Plan, key: np.uint64, *, log: bool = False) -> Result:
    """One replication from its key (see chance.replication_key), with its event log if asked."""
    plan = _checked(plan)
    capacity = _CAPACITY
    log_capacity = _LOG_CAPACITY if log else 0
    keys, rows = np.array([key], np.uint64), _rows(plan, 1)
    while True:
        world = new_world(plan, capacity, log_capacity)
        done = simulate_all(plan, world, keys, rows)
        records = int(world.state[At.RECORDS])
        if not done:
            capacity *= 4
        elif log and records > log_capacity:
            log_capacity = records
        else:
            break
    state = world.state
    return Result(
        outcome=int(OUTCOME[state[At.PHASE]]),
        finish=int(state[At.NOW]),
        work=int(state[At.WORK]),
        kept=int(state[At.KEPT]),
        records=records,
        ledger=world.ledger,
        failures=world.failures,
        interruptions=world.interruptions,
        out_seen=world.out_seen,
        tally=world.tally,
        log=world.log[:records].copy() if log else world.log,
    )


def run_batch(plan: Plan, seed: int, first: int, count: int, world: World | None = None) -> tuple[Batch, World]:
    """Replications first..first+count-1 of a seed under one plan; releases the interpreter lock while it runs.

    Returns the world too: given back in, it spares the next call (of the same thread, for a plan of the same shape) its
    making. A replication that outgrows the world is run again in a larger one; answers do not depend on its size.
    """
    plan = _checked(plan)
    keys = np.array([replication_key(seed, replication) for replication in range(first, first + count)], np.uint64)
    rows = _rows(plan, count)
    if world is None or not has_room_for(world, plan):
        world = new_world(plan, _CAPACITY)
    done = 0
    while done < count:
        done += simulate_all(plan, world, keys[done:], tuple(array[done:] for array in rows))
        if world.state[At.OVERFLOW] == 1:
            world = new_world(plan, 4 * len(world.units))
    scalars, *counts = rows
    return Batch(*np.ascontiguousarray(scalars.T), *counts), world


def _rows(plan: Plan, count: int) -> tuple[Integers, ...]:
    causes = len(plan.units)
    widths = (5, ACCOUNTS, causes, causes, out_bins(plan), TALLIES)
    return tuple(np.empty((count, columns), np.int64) for columns in widths)


def _checked(plan: Plan) -> Plan:
    # A read-only or strided array, or a scalar of another kind, is another type to Numba: compiled all over again.
    plan = Plan(*(_plain(value) for value in plan))
    if plan.memory_group == 0:  # every save goes to storage
        plan = plan._replace(storage_every=1)
    return plan if plan.selects else plan._replace(reserve=0, backup=0)


def _plain(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return int(value)
    return value if value.flags.carray else value.copy()
