"""The loop: which clock rings first? And the entry point of the fast engine."""

import numpy as np

from simulator.chance import Chance, Purpose
from simulator.durations import NEVER, SPEED_SCALE
from simulator.engines.kernel.heap import REF, drop_top
from simulator.engines.kernel.names import later, named_ticks
from simulator.engines.kernel.nodes import next_to_shop, return_nodes, send_to_repair
from simulator.engines.kernel.phases import (
    end_phase,
    enter_for,
    follow,
    note,
    planned_stop,
    regroup,
    settle,
    stop_is_wanted,
    tell,
    train_on,
)
from simulator.engines.kernel.slow import HEALED, next_slow_end, unmark
from simulator.engines.kernel.strikes import on_candidate
from simulator.engines.kernel.training import depart, find_end, is_training, look_ahead
from simulator.engines.kernel.units import clear_units, give_birth
from simulator.engines.kernel.weather import find_next, start_weather
from simulator.engines.kernel.world import At, Ending, Job, Length, Mark, Source, World
from simulator.jit import kernel, rule
from simulator.ledger import Account, Column, Kind, Phase
from simulator.plan import Integers, Keys, Plan

_PURPOSES = {
    Length.MAINTENANCE: Purpose.LENGTH,
    Length.DETECTION: Purpose.DETECTION,
    Length.DIAGNOSIS: Purpose.DIAGNOSIS,
    Length.SWAP: Purpose.SWAP,
    Length.RESTART: Purpose.RESTART,
    Length.RESTORE: Purpose.RESTORE,
    Length.RESTORE_MEMORY: Purpose.RESTORE_MEMORY,
}
_PURPOSE = np.array([_PURPOSES[length] for length in Length], np.int64)


@rule
def begin(plan: Plan, world: World, chance: Chance) -> None:
    """The state at tick 0."""
    state = world.state
    epoch = state[At.EPOCH] + 1
    lost_epoch = state[At.LOST_EPOCH] + 1
    clear_units(world)
    for counters in (state, world.ledger, world.failures, world.interruptions, world.out_seen):
        counters[:] = 0
    state[At.EPOCH] = epoch
    state[At.LOST_EPOCH] = lost_epoch
    state[At.SPEED] = SPEED_SCALE
    state[At.DRAIN_ENDS] = NEVER
    state[At.MEMORY_USABLE] = 1 if plan.memory_group > 0 else 0
    for nothing in (At.FREE_JOB, At.FREE_MARK, At.URGENT, At.LEADS, At.WINDOW_PENDING, At.BIRTHS):
        state[nothing] = -1
    state[At.WINDOW_DUE] = due_of_window(plan, world)
    state[At.POOL] = plan.spares
    for spare in range(plan.spares):
        world.pool[spare] = plan.needed + spare
    start_weather(plan, world, chance)
    if plan.start_up > 0:
        state[At.STARTING_UP] = 1
        enter_for(world, Phase.RESTART.value, plan.start_up)
    else:
        train_on(world, Phase.TRAINING.value)


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
    tell(world, Kind.WINDOW_DUE.value, -1, number, -1)


@rule
def on_return(plan: Plan, world: World, chance: Chance) -> None:
    """A repair job ends; a job that waits for nodes may go on."""
    state = world.state
    job = return_nodes(plan, world, chance)
    tell(world, Kind.RETURN.value, world.jobs[job, Job.CAUSE], world.jobs[job, Job.ORDINAL], -1)
    if state[At.PHASE] == Phase.WAIT and state[At.POOL] >= state[At.EMPTY]:
        state[At.REGROUP] = 1


@rule
def on_slow_end(world: World) -> None:
    """A slow place is healed or found."""
    state = world.state
    heap = world.slow_ends
    row = heap[0, REF]
    healed = heap[0, 3] == HEALED
    drop_top(heap, state[At.SLOW_ENDS])
    state[At.SLOW_ENDS] -= 1
    mark = world.marks[row]
    tell(world, Kind.SLOW_END.value, mark[Mark.CAUSE], mark[Mark.ORDINAL], mark[Mark.PLACE])
    if healed:
        unmark(world, row)
        if is_training(world):
            train_on(world, state[At.PHASE])
    else:
        mark[Mark.FOUND] = state[At.NOW]
        state[At.FOUND] += 1


@rule
def end(world: World, phase: int) -> None:
    """The replication ends without being done."""
    world.state[At.PHASE] = phase
    tell(world, Kind.END.value, -1, -1, -1)


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
def nobody_asks_for_the_work(plan: Plan, world: World) -> bool:
    """Whether nodes can come back without anybody asking how far training is: no stop can follow, nor the end."""
    state = world.state
    return state[At.PHASE] <= Phase.SAVING and state[At.FOUND] == 0 and state[At.RECORDS] + 1 < plan.max_records


@rule
def on_next_event(plan: Plan, world: World, chance: Chance) -> None:
    """The next event, the least by (tick, rank): phase end, horizon, return, slow place, window, candidate."""
    state = world.state
    returns = world.returns[0, 0] if state[At.RETURNS] > 0 else NEVER
    slow = next_slow_end(world) if state[At.SLOW_ENDS] > 0 else NEVER
    weather = min(state[At.WINDOW_DUE], state[At.NEXT])
    other = min(plan.horizon, min(min(returns, slow), weather))
    # Steps of a recovery that nothing disturbs are taken one after the other: nothing else can have changed.
    while state[At.ENDS] <= other and state[At.ENDS] < NEVER and follow(plan, world):
        if state[At.OVERLONG] == 1:
            return
    tick = min(state[At.ENDS], other)
    if tick >= NEVER:
        end(world, Phase.DIVERGED.value)
        return
    if state[At.ENDS] == tick and state[At.PHASE] <= Phase.SAVING and state[At.ENDING] == Ending.UNKNOWN:
        find_end(plan, world, stop_is_wanted(world))
        return
    state[At.NOW] = tick
    only_return = returns == tick and min(state[At.ENDS], plan.horizon) > tick
    if not (only_return and nobody_asks_for_the_work(plan, world)):
        settle(plan, world)
    if state[At.ENDS] == tick:
        end_phase(plan, world)
    elif plan.horizon == tick:
        end(world, Phase.OUT_OF_TIME.value)
    elif returns == tick:
        on_return(plan, world, chance)
    elif slow == tick:
        on_slow_end(world)
    elif state[At.WINDOW_DUE] == tick:
        on_window(plan, world)
    else:
        on_candidate(plan, world, chance)


@rule
def conclude(plan: Plan, world: World, chance: Chance) -> None:
    """What an event leaves to do: regroup, send nodes to the shop, begin the next phase, find the next candidate."""
    state = world.state
    if state[At.REGROUP] == 1:
        regroup(plan, world, chance)
    if state[At.PENDING] > 0 or state[At.URGENT] >= 0:
        send_all(plan, world, chance)
    while state[At.BIRTHS] >= 0:
        give_birth(plan, world, chance)
    if state[At.LEADS] >= 0:
        draw_lengths(plan, world, chance)
    if state[At.DEPART] == 1:
        state[At.DEPART] = 0
        depart(plan, world, stop_is_wanted(world))
    if state[At.SOURCE] == Source.UNKNOWN:
        find_next(plan, world)
    if state[At.NOTE] == 1:
        note(plan, world)
        if state[At.RECORDS] <= len(world.log) and is_training(world) and state[At.BEGUN] < state[At.NOW]:
            note_training(plan, world)


@rule
def draw_lengths(plan: Plan, world: World, chance: Chance) -> None:
    """Draw all that a new lead will be asked for. At once, for then the processor has several draws under way."""
    state = world.state
    cause = state[At.LEAD_CAUSE]
    stream = state[At.LEAD_STREAM]
    ordinal = state[At.LEAD_ORDINAL]
    first = state[At.LEADS]
    for length in range(first, len(_PURPOSE)):
        state[At.LENGTHS + length] = named_ticks(plan, chance, cause, stream, ordinal, _PURPOSE[length])
    if state[At.BEGINS] == 1:
        state[At.ENDS] = later(state[At.NOW], state[At.LENGTHS + first])
    state[At.LEADS] = -1


@rule
def send_all(plan: Plan, world: World, chance: Chance) -> None:
    """The repair jobs that are due in the shop enter it, in order of strike."""
    sent = 0
    while True:
        urgent = world.state[At.URGENT] >= 0
        job = next_to_shop(world, sent)
        if job < 0:
            break
        if not urgent:
            sent += 1
        send_to_repair(plan, world, chance, job)
    if sent > 0:
        world.state[At.PENDING] = 0


@rule
def note_training(plan: Plan, world: World) -> None:
    """Put into the last record how far training is, which nobody else has asked."""
    state = world.state
    row = state[At.RECORDS] - 1
    trained, saving = look_ahead(plan, world)
    world.log[row, Column.PHASE_AFTER] = Phase.SAVING if saving else Phase.TRAINING
    world.log[row, Column.WORK] += trained * state[At.SPEED]
    world.log[row, Column.KEPT] += trained


@rule
def simulate(plan: Plan, world: World, chance: Chance) -> None:
    """One replication: from tick 0 to DONE, OUT_OF_TIME or DIVERGED (or OVERFLOW: run it again in a larger world)."""
    state = world.state
    begin(plan, world, chance)
    while True:
        conclude(plan, world, chance)
        if state[At.PHASE] >= Phase.DONE or state[At.OVERFLOW] == 1:
            break
        if state[At.OVERLONG] == 1:
            state[At.PHASE] = Phase.DIVERGED
            break
        if nobody_can_come(world):
            end(world, Phase.DIVERGED.value)
        elif not (stop_is_wanted(world) and planned_stop(plan, world)) and state[At.DEPART] == 0:
            on_next_event(plan, world, chance)
    world.ledger[Account.PRODUCTIVE] = state[At.WORK] // SPEED_SCALE
    world.ledger[Account.SLOW] = state[At.KEPT] - world.ledger[Account.PRODUCTIVE]


@rule
def _copy(source: Integers, target: Integers) -> None:
    # Assigning arrays would make Numba allocate, and kernels do not.
    for index in range(len(source)):
        target[index] = source[index]


@kernel
def simulate_all(plan: Plan, world: World, keys: Keys, rows: tuple[Integers, ...]) -> int:
    """The replications of some keys, one into each row of the outputs; returns how many fitted into this world.

    `rows` are those of a Batch: scalars (n, 5), ledger, failures, interruptions, out_seen.
    """
    scalars, ledger, failures, interruptions, out_seen = rows
    state = world.state
    for row in range(len(keys)):
        simulate(plan, world, Chance(keys[row]))
        if state[At.OVERFLOW] == 1:
            return row
        scalars[row, 0] = state[At.PHASE]
        scalars[row, 1] = state[At.NOW]
        scalars[row, 2] = state[At.WORK]
        scalars[row, 3] = state[At.KEPT]
        scalars[row, 4] = state[At.RECORDS]
        _copy(world.ledger, ledger[row])
        _copy(world.failures, failures[row])
        _copy(world.interruptions, interruptions[row])
        _copy(world.out_seen, out_seen[row])
    return len(keys)
