"""What follows when a phase ends, and stops that are planned.

A rule here says which phase comes next; how long it lasts the lead knows (see loop.draw_lengths).
"""

from simulator.engines.kernel.checkpoints import keep_in_memory, make_durable, memory_is_better
from simulator.engines.kernel.phase_sets import is_stretch, leads_to_regroup
from simulator.engines.kernel.phases import book, enter, enter_for, note, tell, train_on
from simulator.engines.kernel.pools import fetch_node
from simulator.engines.kernel.regroup import stop_is_wanted
from simulator.engines.kernel.world import At, Ending, Length, World
from simulator.jit import rule
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import Plan
from simulator.numbers.times import NEVER


@rule
def end_phase(plan: Plan, world: World) -> None:
    """The timer of the present phase rings."""
    state = world.state
    phase = state[At.PHASE]
    if is_stretch(phase):
        if state[At.ENDING] == Ending.SAVE:
            state[At.DEPART] = 1
            return
        state[At.PHASE] = Phase.DONE
    elif phase == Phase.WAIT:
        fetch_node(plan, world)
        state[At.REGROUP] = 1
    elif leads_to_regroup(phase):
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
        if stop_is_wanted(plan, world):
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
    elif phase == Phase.SWAP and state[At.EMPTY] == 0 and not stop_is_wanted(plan, world):
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
    if is_stretch(state[At.PAUSED]):
        train_on(world, state[At.PAUSED])
    else:
        enter_for(world, state[At.PAUSED], state[At.PAUSED_LEFT])


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
    state[At.STORED] += state[At.DURABLE_WORK] != state[At.WORK]
    state[At.DURABLE_WORK] = state[At.WORK]
    state[At.DURABLE_KEPT] = state[At.KEPT]
    state[At.DURABLE_SAVES] = state[At.SAVES]
    state[At.DURABLE_SINCE] = state[At.SINCE_STORAGE]
    state[At.CYCLE_WORK] = 0
    if plan.memory_group > 0:
        keep_in_memory(world)
