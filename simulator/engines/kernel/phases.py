"""The phases of the job: entering, booking, what follows when one ends, regrouping, planned stops."""

from simulator.chance import Chance, Purpose
from simulator.durations import NEVER
from simulator.engines.kernel.names import later, named_ticks
from simulator.engines.kernel.nodes import fill_places, open_job, send_to_repair, take
from simulator.engines.kernel.slow import first_found
from simulator.engines.kernel.training import (
    close_save,
    depart,
    drain,
    is_training,
    keep_in_memory,
    memory_is_better,
    roll_back,
    settle,
)
from simulator.engines.kernel.units import break_unit
from simulator.engines.kernel.world import At, Mark, Save, World
from simulator.jit import rule
from simulator.ledger import Account, Column, Kind, Phase
from simulator.plan import Plan


@rule
def note(plan: Plan, world: World, kind: int, cause: int, ordinal: int, place: int) -> None:
    """Make a record of what has just happened; where the log is full, only count it."""
    state = world.state
    row = state[At.RECORDS]
    state[At.RECORDS] += 1
    if row >= len(world.log):
        return
    if is_training(world):
        settle(plan, world)
    log = world.log
    log[row, Column.TICK] = state[At.NOW]
    log[row, Column.KIND] = kind
    log[row, Column.CAUSE] = cause
    log[row, Column.ORDINAL] = ordinal
    log[row, Column.PLACE] = place
    # TRAINING and SAVING are one stretch here; which of the two it is, `settle` has just said.
    log[row, Column.PHASE_AFTER] = state[At.PHASE]
    log[row, Column.WORK] = state[At.WORK]
    log[row, Column.KEPT] = state[At.KEPT]


@rule
def enter(world: World, phase: int, length: int) -> None:
    """Begin a phase other than TRAINING and SAVING."""
    state = world.state
    state[At.PHASE] = phase
    state[At.BEGUN] = state[At.NOW]
    state[At.ENDS] = later(state[At.NOW], length)


@rule
def book(plan: Plan, world: World) -> None:
    """Book the time of the present phase up to now."""
    state = world.state
    phase = state[At.PHASE]
    if phase <= Phase.SAVING:
        settle(plan, world)
        return
    account = Account.WAITING.value
    if phase == Phase.CLOSING:
        account = Account.CHECKPOINT_SAVE.value
    elif phase == Phase.STALL:
        account = Account.NETWORK_STALL.value
    elif phase == Phase.RESTART:
        account = Account.RESTART.value
    elif phase == Phase.RESTORE:
        account = Account.CHECKPOINT_RESTORE.value
    elif phase == Phase.DETECTION:
        account = Account.DETECTION.value
    elif phase == Phase.DIAGNOSIS:
        account = Account.DIAGNOSIS.value
    elif phase == Phase.MAINTENANCE:
        account = Account.MAINTENANCE.value
    world.ledger[account] += state[At.NOW] - state[At.BEGUN]
    state[At.BEGUN] = state[At.NOW]


@rule
def lead(world: World, cause: int, stream: int, ordinal: int) -> None:
    """Later phases are drawn under this name."""
    world.state[At.LEAD_CAUSE] = cause
    world.state[At.LEAD_STREAM] = stream
    world.state[At.LEAD_ORDINAL] = ordinal


@rule
def lasts(plan: Plan, world: World, chance: Chance, purpose: int) -> int:
    """A duration under the lead's name [ticks]."""
    state = world.state
    return named_ticks(
        plan, chance, state[At.LEAD_CAUSE], state[At.LEAD_STREAM], state[At.LEAD_ORDINAL], purpose
    )


@rule
def train_on(plan: Plan, world: World) -> None:
    """Enter TRAINING."""
    world.state[At.PHASE] = Phase.TRAINING
    depart(plan, world, stop_is_wanted(world))


@rule
def stop_is_wanted(world: World) -> bool:
    """Whether a window is pending, or a found place can be evicted: that needs a node more than places are empty."""
    state = world.state
    return state[At.WINDOW_PENDING] >= 0 or (state[At.FOUND] > 0 and state[At.POOL] > state[At.EMPTY])


@rule
def regroup(plan: Plan, world: World, chance: Chance) -> None:
    """Maintenance, evictions, then the next phase by what is empty and what is in the pool."""
    state = world.state
    state[At.STARTING_UP] = 0
    if state[At.WINDOW_PENDING] >= 0:
        begin_maintenance(plan, world, chance)
        return
    if state[At.FOUND] > 0 and state[At.POOL] > state[At.EMPTY]:
        evict(plan, world, chance)
    if state[At.EMPTY] == 0:
        enter(world, Phase.RESTART, lasts(plan, world, chance, Purpose.RESTART))
    elif state[At.POOL] >= state[At.EMPTY]:
        fill_places(plan, world, chance)
        enter(world, Phase.SWAP, lasts(plan, world, chance, Purpose.SWAP))
    else:
        enter(world, Phase.WAIT, NEVER)


@rule
def begin_maintenance(plan: Plan, world: World, chance: Chance) -> None:
    """The pending window begins and leads."""
    state = world.state
    window = state[At.WINDOW_PENDING]
    causes = len(plan.units)
    state[At.WINDOW_PENDING] = -1
    lead(world, causes, 4 * causes, window)
    length = plan.window_length[window] if window < len(plan.window_length) else -1
    if length < 0:
        length = lasts(plan, world, chance, Purpose.LENGTH)
    enter(world, Phase.MAINTENANCE, length)


@rule
def evict(plan: Plan, world: World, chance: Chance) -> None:
    """Found slow nodes go to the shop while the pool can replace them; the first one's strike leads."""
    state = world.state
    first = True
    while state[At.FOUND] > 0 and state[At.POOL] > state[At.EMPTY]:
        row = first_found(world)
        mark = world.marks[row]
        state[At.CAUSE] = mark[Mark.CAUSE]
        state[At.ORDINAL] = mark[Mark.ORDINAL]
        state[At.UNIT] = mark[Mark.UNIT]
        slot = mark[Mark.SLOT]
        if first:
            lead(world, mark[Mark.CAUSE], mark[Mark.STREAM], mark[Mark.ORDINAL])
        first = False
        job = open_job(world, mark[Mark.CAUSE], mark[Mark.STREAM], mark[Mark.ORDINAL])
        if job < 0:
            return
        take(plan, world, mark[Mark.PLACE], job)
        break_unit(plan, world, chance, slot)
        send_to_repair(plan, world, chance, job)
        if state[At.OVERFLOW] == 1:
            return
    roll_back(world)


@rule
def planned_stop(plan: Plan, world: World, chance: Chance) -> None:
    """A planned stop is wanted: act where the phase allows it."""
    state = world.state
    phase = state[At.PHASE]
    if phase <= Phase.SAVING:
        settle(plan, world)
        if state[At.PHASE] == Phase.SAVING:
            depart(plan, world, True)  # stop when this save closes
            return
        drain(world, state[At.NOW])
        if state[At.DURABLE_WORK] == state[At.WORK]:
            regroup(plan, world, chance)
        else:
            enter(world, Phase.CLOSING, closing_length(plan, world))
    elif phase == Phase.RESTART or phase == Phase.RESTORE:
        book(plan, world)
        regroup(plan, world, chance)
    elif phase == Phase.WAIT and state[At.WINDOW_PENDING] >= 0:
        book(plan, world)
        regroup(plan, world, chance)
    else:
        return
    note(plan, world, Kind.PLANNED_STOP, -1, -1, -1)


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
    drain(world, state[At.NOW])
    state[At.DURABLE_WORK] = state[At.WORK]
    state[At.DURABLE_KEPT] = state[At.KEPT]
    state[At.DURABLE_SAVES] = state[At.SAVES]
    state[At.CYCLE_WORK] = 0
    if plan.memory_group > 0:
        keep_in_memory(world)


@rule
def end_phase(plan: Plan, world: World, chance: Chance) -> None:
    """The timer of the present phase rings."""
    state = world.state
    phase = state[At.PHASE]
    book(plan, world)
    if phase <= Phase.SAVING:
        if state[At.ENDING] == 0:
            depart(plan, world, stop_is_wanted(world))
            return
        state[At.PHASE] = Phase.DONE
    elif phase == Phase.DETECTION:
        enter(world, Phase.DIAGNOSIS, lasts(plan, world, chance, Purpose.DIAGNOSIS))
    elif phase == Phase.DIAGNOSIS:
        for index in range(state[At.PENDING]):
            send_to_repair(plan, world, chance, world.pending[index])
        state[At.PENDING] = 0
        regroup(plan, world, chance)
    elif phase == Phase.SWAP or phase == Phase.MAINTENANCE:
        regroup(plan, world, chance)
    elif phase == Phase.RESTART:
        end_restart(plan, world, chance)
    elif phase == Phase.RESTORE:
        if plan.memory_group > 0:
            keep_in_memory(world)
        train_on(plan, world)
    elif phase == Phase.STALL:
        resume(plan, world)
    else:
        close_closing_save(plan, world)
        if stop_is_wanted(world):
            regroup(plan, world, chance)
        else:
            train_on(plan, world)
    note(plan, world, Kind.PHASE_END, -1, -1, -1)


@rule
def end_restart(plan: Plan, world: World, chance: Chance) -> None:
    """From RESTART to RESTORE, from the better tier; at the very beginning there is nothing to restore."""
    if world.state[At.STARTING_UP] == 1:
        world.state[At.STARTING_UP] = 0
        train_on(plan, world)
        return
    purpose = Purpose.RESTORE_MEMORY.value if memory_is_better(world) else Purpose.RESTORE.value
    enter(world, Phase.RESTORE, lasts(plan, world, chance, purpose))


@rule
def resume(plan: Plan, world: World) -> None:
    """A stall is over: the phase it paused goes on."""
    state = world.state
    state[At.PHASE] = state[At.PAUSED]
    if state[At.PAUSED] <= Phase.SAVING:
        depart(plan, world, stop_is_wanted(world))
    else:
        enter(world, state[At.PAUSED], state[At.PAUSED_LEFT])
