"""The phases of the job: what follows when one ends, regrouping, planned stops.

A rule here says which phase comes next; how long it lasts the lead knows (see loop.draw_lengths).
"""

import numpy as np

from simulator.chance import Chance
from simulator.durations import NEVER
from simulator.engines.kernel.checkpoints import keep_in_memory, make_durable, memory_is_better, roll_back
from simulator.engines.kernel.names import later
from simulator.engines.kernel.nodes import await_shop, fill_places, open_job, take
from simulator.engines.kernel.slow import first_found
from simulator.engines.kernel.training import advance_stretch
from simulator.engines.kernel.units import break_unit
from simulator.engines.kernel.world import At, Ending, Length, Mark, World
from simulator.jit import rule
from simulator.ledger import Account, Column, Kind, Phase
from simulator.plan import Plan

_ACCOUNTS = {
    Phase.CLOSING: Account.CHECKPOINT_SAVE,
    Phase.STALL: Account.NETWORK_STALL,
    Phase.RESTART: Account.RESTART,
    Phase.RESTORE: Account.CHECKPOINT_RESTORE,
    Phase.DETECTION: Account.DETECTION,
    Phase.DIAGNOSIS: Account.DIAGNOSIS,
    Phase.SWAP: Account.WAITING,
    Phase.WAIT: Account.WAITING,
    Phase.MAINTENANCE: Account.MAINTENANCE,
}
# Training and saving are booked by the stretch itself.
_ACCOUNT = np.array([_ACCOUNTS.get(phase, -1) for phase in Phase], np.int64)


@rule
def settle(plan: Plan, world: World) -> None:
    """Bring the job up to now: book the time of its phase."""
    state = world.state
    phase = state[At.PHASE]
    if phase <= Phase.SAVING:
        advance_stretch(plan, world)
        return
    book(world, phase)


@rule
def book(world: World, phase: int) -> None:
    """Book the time of a phase other than TRAINING and SAVING, up to now."""
    world.ledger[_ACCOUNT[phase]] += world.state[At.NOW] - world.state[At.BEGUN]
    world.state[At.BEGUN] = world.state[At.NOW]


@rule
def tell(world: World, kind: int, cause: int, ordinal: int, place: int) -> None:
    """Begin the record of this event; what it comes to is added once it is wholly processed (see loop.note)."""
    row = world.state[At.RECORDS]
    world.state[At.NOTE] = 1
    if row < len(world.log):
        world.log[row, Column.KIND] = kind
        world.log[row, Column.CAUSE] = cause
        world.log[row, Column.ORDINAL] = ordinal
        world.log[row, Column.PLACE] = place


@rule
def note(plan: Plan, world: World) -> None:
    """Complete the record of this event; where the log is full, records are only counted."""
    state = world.state
    row = state[At.RECORDS]
    state[At.RECORDS] += 1
    state[At.NOTE] = 0
    if state[At.RECORDS] >= plan.max_records and state[At.PHASE] < Phase.DONE:
        state[At.OVERLONG] = 1
    if row < len(world.log):
        world.log[row, Column.TICK] = state[At.NOW]
        world.log[row, Column.PHASE_AFTER] = state[At.PHASE]
        world.log[row, Column.WORK] = state[At.WORK]
        world.log[row, Column.KEPT] = state[At.KEPT]


@rule
def enter(world: World, phase: int, length: int) -> None:
    """Begin a phase whose length is one of the lead's; a new lead's are drawn at the end of the event."""
    enter_for(world, phase, world.state[At.LENGTHS + length])


@rule
def enter_for(world: World, phase: int, length: int) -> None:
    """Begin a phase of a given length [ticks]."""
    state = world.state
    state[At.PHASE] = phase
    state[At.BEGUN] = state[At.NOW]
    state[At.ENDS] = later(state[At.NOW], length)


@rule
def train_on(world: World, phase: int) -> None:
    """Begin or go on with TRAINING or SAVING."""
    world.state[At.PHASE] = phase
    world.state[At.DEPART] = 1


@rule
def lead(world: World, cause: int, stream: int, ordinal: int, first: int, begins: bool) -> None:
    """Lengths from `first` on are drawn under this name, the first one for a phase that `begins` or not for it."""
    world.state[At.LEADS] = first
    world.state[At.BEGINS] = begins
    world.state[At.LEAD_CAUSE] = cause
    world.state[At.LEAD_STREAM] = stream
    world.state[At.LEAD_ORDINAL] = ordinal


@rule
def can_evict(world: World) -> bool:
    """Whether a found place can be evicted: that needs a node more than places are empty."""
    state = world.state
    return state[At.FOUND] > 0 and state[At.POOL] > state[At.EMPTY]


@rule
def stop_is_wanted(world: World) -> bool:
    """Whether a window is pending, or a found place can be evicted."""
    return world.state[At.WINDOW_PENDING] >= 0 or can_evict(world)


@rule
def regroup(plan: Plan, world: World, chance: Chance) -> None:
    """Maintenance, evictions, then the next phase by what is empty and what is in the pool."""
    state = world.state
    state[At.REGROUP] = 0
    state[At.STARTING_UP] = 0
    if state[At.WINDOW_PENDING] >= 0:
        begin_maintenance(plan, world)
        return
    if can_evict(world):
        evict(plan, world)
    if state[At.EMPTY] == 0:
        enter(world, Phase.RESTART.value, Length.RESTART.value)
    elif state[At.POOL] >= state[At.EMPTY]:
        fill_places(plan, world, chance)
        enter(world, Phase.SWAP.value, Length.SWAP.value)
    else:
        enter_for(world, Phase.WAIT.value, NEVER)


@rule
def begin_maintenance(plan: Plan, world: World) -> None:
    """The pending window begins and leads."""
    state = world.state
    window = state[At.WINDOW_PENDING]
    causes = len(plan.units)
    state[At.WINDOW_PENDING] = -1
    length = plan.window_length[window] if window < len(plan.window_length) else -1
    enter_for(world, Phase.MAINTENANCE.value, length)
    if length < 0:
        lead(world, causes, 4 * causes, window, Length.MAINTENANCE.value, True)
    else:
        lead(world, causes, 4 * causes, window, Length.SWAP.value, False)


@rule
def evict(plan: Plan, world: World) -> None:
    """Found slow nodes go to the shop while the pool can replace them; the first one's strike leads."""
    state = world.state
    first = True
    while can_evict(world):
        mark = world.marks[first_found(world)]
        cause = mark[Mark.CAUSE]
        stream = mark[Mark.STREAM]
        state[At.CAUSE] = cause
        state[At.ORDINAL] = mark[Mark.ORDINAL]
        state[At.UNIT] = mark[Mark.UNIT]
        slot = mark[Mark.SLOT]
        if first:
            lead(world, cause, stream, state[At.ORDINAL], Length.SWAP.value, True)
        first = False
        job = open_job(world, cause, stream, state[At.ORDINAL])
        if job < 0:
            return
        take(plan, world, mark[Mark.SEAT], job)
        break_unit(plan, world, slot)
        await_shop(world, job)
        if state[At.OVERFLOW] == 1:
            return
    roll_back(world)


@rule
def planned_stop(plan: Plan, world: World) -> bool:
    """A planned stop is wanted: act where the phase allows it; returns whether it did."""
    state = world.state
    phase = state[At.PHASE]
    if phase == Phase.SAVING:
        if state[At.ENDING] != Ending.SAVE:
            state[At.DEPART] = 1  # anew: to the close of this save
        return False
    if phase == Phase.TRAINING:
        make_durable(world, state[At.NOW])
        if state[At.DURABLE_WORK] == state[At.WORK]:
            state[At.REGROUP] = 1
        else:
            enter_for(world, Phase.CLOSING.value, closing_length(plan, world))
    elif phase == Phase.RESTART or phase == Phase.RESTORE or (phase == Phase.WAIT and state[At.WINDOW_PENDING] >= 0):
        state[At.REGROUP] = 1
    else:
        return False
    tell(world, Kind.PLANNED_STOP.value, -1, -1, -1)
    return True


@rule
def closing_length(plan: Plan, world: World) -> int:
    """Ticks of the closing save: the drain in flight first, then, unless it held this work, a save and its lag."""
    state = world.state
    if state[At.DRAIN_ENDS] == NEVER:
        return plan.save_storage + plan.lag
    rest = state[At.DRAIN_ENDS] - state[At.NOW]
    if state[At.DRAIN_WORK] == state[At.WORK]:
        return rest
    return rest + plan.save_storage + plan.lag


@rule
def close_closing_save(plan: Plan, world: World) -> None:
    """The closing save is durable, and every place holds it."""
    state = world.state
    make_durable(world, state[At.NOW])
    state[At.DURABLE_WORK] = state[At.WORK]
    state[At.DURABLE_KEPT] = state[At.KEPT]
    state[At.DURABLE_SAVES] = state[At.SAVES]
    state[At.DURABLE_SINCE] = state[At.SINCE_STORAGE]
    state[At.CYCLE_WORK] = 0
    if plan.memory_group > 0:
        keep_in_memory(world)


@rule
def end_phase(plan: Plan, world: World) -> None:
    """The timer of the present phase rings."""
    state = world.state
    phase = state[At.PHASE]
    if phase <= Phase.SAVING:
        if state[At.ENDING] == Ending.SAVE:
            state[At.DEPART] = 1
            return
        state[At.PHASE] = Phase.DONE
    elif phase == Phase.DIAGNOSIS or phase == Phase.SWAP or phase == Phase.MAINTENANCE:
        state[At.REGROUP] = 1
    elif phase == Phase.RESTART:  # at the very beginning there is nothing to restore
        state[At.STARTING_UP] = 0
        train_on(world, Phase.TRAINING.value)
    elif phase == Phase.RESTORE:
        if plan.memory_group > 0:
            keep_in_memory(world)
        train_on(world, Phase.TRAINING.value)
    elif phase == Phase.STALL:
        resume(world)
    else:
        close_closing_save(plan, world)
        if stop_is_wanted(world):
            state[At.REGROUP] = 1
        else:
            train_on(world, Phase.TRAINING.value)
    tell(world, Kind.PHASE_END.value, -1, -1, -1)


@rule
def follow(plan: Plan, world: World) -> bool:
    """End the phase, if that leads to the next step of the recovery and to nothing else; returns whether it did."""
    state = world.state
    phase = state[At.PHASE]
    if phase == Phase.DETECTION:
        following, length = Phase.DIAGNOSIS.value, Length.DIAGNOSIS.value
    elif phase == Phase.SWAP and state[At.EMPTY] == 0 and not stop_is_wanted(world):
        following, length = Phase.RESTART.value, Length.RESTART.value
    elif phase == Phase.RESTART and state[At.STARTING_UP] == 0:
        following = Phase.RESTORE.value
        length = Length.RESTORE_MEMORY.value if memory_is_better(world) else Length.RESTORE.value
    else:
        return False
    state[At.NOW] = state[At.ENDS]
    book(world, phase)
    enter(world, following, length)
    tell(world, Kind.PHASE_END.value, -1, -1, -1)
    note(plan, world)
    return True


@rule
def resume(world: World) -> None:
    """A stall is over: the phase it paused goes on."""
    state = world.state
    if state[At.PAUSED] <= Phase.SAVING:
        train_on(world, state[At.PAUSED])
    else:
        enter_for(world, state[At.PAUSED], state[At.PAUSED_LEFT])
