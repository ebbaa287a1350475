"""The loop: which clock rings first? And the entry points of the fast engine."""

import numpy as np

from simulator.chance import Chance, replication_key
from simulator.durations import NEVER, SPEED_SCALE
from simulator.engines.kernel.heap import REF, drop_top
from simulator.engines.kernel.nodes import return_nodes
from simulator.engines.kernel.phases import book, end_phase, enter, note, planned_stop, regroup, stop_is_wanted, train_on
from simulator.engines.kernel.slow import HEALED, next_slow_end, unmark
from simulator.engines.kernel.strikes import on_candidate
from simulator.engines.kernel.training import depart, is_training, settle
from simulator.engines.kernel.units import clear_units
from simulator.engines.kernel.weather import start_weather
from simulator.engines.kernel.world import At, Job, Mark, World
from simulator.jit import kernel, rule
from simulator.ledger import Account, Kind, Phase
from simulator.plan import Plan


@rule
def begin(plan: Plan, world: World, chance: Chance) -> None:
    """The state at tick 0."""
    state = world.state
    epoch = state[At.EPOCH] + 1
    lost_epoch = state[At.LOST_EPOCH] + 1
    clear_units(world)
    state[:] = 0
    state[At.EPOCH] = epoch
    state[At.LOST_EPOCH] = lost_epoch
    world.ledger[:] = 0
    world.failures[:] = 0
    world.interruptions[:] = 0
    world.out_seen[:] = 0
    world.crews[:] = 0
    state[At.SPEED] = SPEED_SCALE
    state[At.DRAIN_ENDS] = NEVER
    state[At.MEMORY_USABLE] = 1 if plan.memory_group > 0 else 0
    state[At.FREE_JOB] = -1
    state[At.FREE_MARK] = -1
    state[At.WINDOW_PENDING] = -1
    state[At.WINDOW_DUE] = due_of_window(plan, world)
    state[At.POOL] = plan.spares
    for spare in range(plan.spares):
        world.pool[spare] = plan.needed + spare
    start_weather(plan, world, chance)
    if plan.start_up > 0:
        state[At.STARTING_UP] = 1
        enter(world, Phase.RESTART, plan.start_up)
    else:
        train_on(plan, world)


@rule
def due_of_window(plan: Plan, world: World) -> int:
    """The tick at which window number WINDOW is due, given when the one before was (WINDOW_DUE)."""
    window = world.state[At.WINDOW]
    if window < len(plan.window_due):
        return plan.window_due[window]
    if plan.window_period <= 0:
        return NEVER
    return world.state[At.WINDOW_DUE] + plan.window_period


@rule
def on_window(plan: Plan, world: World) -> None:
    """A window is due: pending from now on, or dropped if one is pending or under way."""
    state = world.state
    number = state[At.WINDOW]
    if state[At.WINDOW_PENDING] < 0 and state[At.PHASE] != Phase.MAINTENANCE:
        state[At.WINDOW_PENDING] = number
    state[At.WINDOW] += 1
    state[At.WINDOW_DUE] = due_of_window(plan, world)
    note(plan, world, Kind.WINDOW_DUE, -1, number, -1)


@rule
def on_return(plan: Plan, world: World, chance: Chance) -> None:
    """A repair job ends; a job that waits for nodes may go on."""
    state = world.state
    job = return_nodes(plan, world, chance)
    cause = world.jobs[job, Job.CAUSE]
    ordinal = world.jobs[job, Job.ORDINAL]
    if state[At.PHASE] == Phase.WAIT and state[At.POOL] >= state[At.EMPTY]:
        book(plan, world)
        regroup(plan, world, chance)
    note(plan, world, Kind.RETURN, cause, ordinal, -1)


@rule
def on_slow_end(plan: Plan, world: World) -> None:
    """A slow place is healed or found."""
    state = world.state
    heap = world.slow_ends
    row = heap[0, REF]
    healed = heap[0, 3] == HEALED
    drop_top(heap, state[At.SLOW_ENDS])
    state[At.SLOW_ENDS] -= 1
    mark = world.marks[row]
    cause = mark[Mark.CAUSE]
    ordinal = mark[Mark.ORDINAL]
    place = mark[Mark.PLACE]
    if healed:
        if is_training(world):
            settle(plan, world)
        unmark(world, row)
        if is_training(world):
            depart(plan, world, stop_is_wanted(world))
    else:
        mark[Mark.FOUND] = state[At.NOW]
        state[At.FOUND] += 1
    note(plan, world, Kind.SLOW_END, cause, ordinal, place)


@rule
def end(plan: Plan, world: World, phase: int) -> None:
    """The replication ends without being done."""
    book(plan, world)
    world.state[At.PHASE] = phase
    note(plan, world, Kind.END, -1, -1, -1)


@rule
def nobody_can_come(world: World) -> bool:
    """Whether the job waits for nodes though none is in the shop."""
    state = world.state
    return (
        state[At.PHASE] == Phase.WAIT
        and state[At.RETURNS] == 0
        and state[At.WINDOW_PENDING] < 0
        and state[At.POOL] < state[At.EMPTY]
    )


@rule
def step(plan: Plan, world: World, chance: Chance) -> None:
    """The next event, the least by (tick, rank): phase end, horizon, return, slow place, window, candidate."""
    state = world.state
    returns = world.returns[0, 0] if state[At.RETURNS] > 0 else NEVER
    slow = next_slow_end(world) if state[At.SLOW_ENDS] > 0 else NEVER
    weather = min(state[At.WINDOW_DUE], state[At.NEXT])
    tick = min(min(state[At.ENDS], plan.horizon), min(min(returns, slow), weather))
    if tick >= NEVER:
        end(plan, world, Phase.DIVERGED)
        return
    state[At.NOW] = tick
    if state[At.ENDS] == tick:
        end_phase(plan, world, chance)
    elif plan.horizon == tick:
        end(plan, world, Phase.OUT_OF_TIME)
    elif returns == tick:
        on_return(plan, world, chance)
    elif slow == tick:
        on_slow_end(plan, world)
    elif state[At.WINDOW_DUE] == tick:
        on_window(plan, world)
    else:
        on_candidate(plan, world, chance)


@kernel
def simulate(plan: Plan, world: World, chance: Chance) -> None:
    """One replication: from tick 0 to DONE, OUT_OF_TIME or DIVERGED (or OVERFLOW: run it again in a larger world)."""
    state = world.state
    begin(plan, world, chance)
    while state[At.PHASE] < Phase.DONE and state[At.OVERFLOW] == 0:
        if nobody_can_come(world):
            end(plan, world, Phase.DIVERGED)
            break
        if stop_is_wanted(world):
            records = state[At.RECORDS]
            planned_stop(plan, world, chance)
            if state[At.RECORDS] >= plan.max_records:
                cut_short(plan, world)
                break
            if state[At.RECORDS] > records:
                continue
        step(plan, world, chance)
        if state[At.RECORDS] >= plan.max_records:
            cut_short(plan, world)
    world.ledger[Account.PRODUCTIVE] = state[At.WORK] // SPEED_SCALE
    world.ledger[Account.SLOW] = state[At.KEPT] - world.ledger[Account.PRODUCTIVE]


@rule
def cut_short(plan: Plan, world: World) -> None:
    """The log is as long as it may be: the replication diverges, unless that record was its end."""
    if world.state[At.PHASE] < Phase.DONE:
        book(plan, world)
        world.state[At.PHASE] = Phase.DIVERGED


@kernel
def simulate_chunk(plan: Plan, world: World, seed: int, first: int, count: int, scalars, ledgers, failures, interruptions, out_seen) -> int:  # type: ignore[no-untyped-def]  # noqa: E501
    """Replications first..first+count-1 into rows of the outputs; returns how many fitted into this world."""
    for row in range(count):
        simulate(plan, world, Chance(replication_key(seed, first + row)))
        if world.state[At.OVERFLOW] == 1:
            return row
        scalars[row, 0] = world.state[At.PHASE]
        scalars[row, 1] = world.state[At.NOW]
        scalars[row, 2] = world.state[At.WORK]
        scalars[row, 3] = world.state[At.KEPT]
        scalars[row, 4] = world.state[At.RECORDS]
        ledgers[row] = world.ledger
        failures[row] = world.failures
        interruptions[row] = world.interruptions
        out_seen[row] = world.out_seen
    return count
