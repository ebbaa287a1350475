"""Regrouping: maintenance, evictions, filling places, waiting for nodes.

A rule here says which phase comes next; how long it lasts the lead knows (see loop.draw_lengths).
"""

from simulator.engines.kernel.checkpoints import roll_back
from simulator.engines.kernel.nodes import await_shop, fill_places, open_job, take
from simulator.engines.kernel.phases import enter, enter_for, lead
from simulator.engines.kernel.pools import enough_nodes, refill_pool, way_to_fill
from simulator.engines.kernel.slow import can_evict, next_to_evict
from simulator.engines.kernel.tables import Its, Mark
from simulator.engines.kernel.units import break_unit, slot_of
from simulator.engines.kernel.world import At, Length, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.ledger import Phase
from simulator.numbers.plan import Plan, Stream, Tally
from simulator.numbers.times import NEVER


@rule
def regroup(plan: Plan, world: World, chance: Chance) -> None:
    """Maintenance, evictions, then the next phase by what is empty and who can fill it."""
    state = world.state
    state[At.REGROUP] = 0
    state[At.STARTING_UP] = 0
    if seldom(state[At.WINDOW_PENDING] >= 0):
        begin_maintenance(plan, world)
        return
    back = can_evict(plan, world)
    if seldom(back):
        evict(plan, world)
    if state[At.EMPTY] == 0:
        enter(world, Phase.RESTART.value, Length.RESTART.value)
    else:
        length = way_to_fill(plan, world)
        if length >= 0:
            back |= fill_places(plan, world, chance, length == Length.SELECTION)
            if seldom(length == Length.SELECTION):
                refill_pool(plan, world)
                state[At.SHORT] = 0
                world.tally[Tally.SELECTIONS] += 1
            enter(world, Phase.SWAP.value, length)
        else:
            wait(plan, world)
        if state[At.LEADS] >= 0:
            state[At.BEGINS] = length
    if seldom(back):
        roll_back(world)


@rule
def stop_is_wanted(plan: Plan, world: World) -> bool:
    """Whether a window is pending, or a found place can be evicted."""
    return world.state[At.WINDOW_PENDING] >= 0 or can_evict(plan, world)


@rule
def wait(plan: Plan, world: World) -> None:
    """Wait for a repair, or for a node that is fetched."""
    state = world.state
    state[At.SHORT] = plan.selects
    state[At.FETCHING] = int(state[At.BACKUP] > 0)
    enter_for(world, Phase.WAIT.value, plan.fetch if state[At.FETCHING] == 1 else NEVER)
    world.tally[Tally.WAITS] += 1 - state[At.FETCHING]


@rule
def nobody_can_come(plan: Plan, world: World) -> bool:
    """Whether the job waits for nodes though none is in the shop."""
    state = world.state
    return (
        state[At.PHASE] == Phase.WAIT
        and state[At.RETURNS] == 0
        and state[At.WINDOW_PENDING] < 0
        and state[At.FETCHING] == 0
        and not enough_nodes(plan, world)
    )


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
        lead(world, causes, Stream.WEATHER.value, window, Length.MAINTENANCE.value, True)
    else:
        lead(world, causes, Stream.WEATHER.value, window, Length.SWAP.value, False)


@rule
def evict(plan: Plan, world: World) -> None:
    """Found slow nodes go to the shop while they can be replaced; the first one's strike leads."""
    state = world.state
    candidate = world.candidate
    first = True
    while True:
        row = next_to_evict(plan, world)
        if row < 0:
            return
        mark = world.marks[row]
        cause = mark[Mark.CAUSE]
        stream = mark[Mark.STREAM]
        candidate[Its.CAUSE] = cause
        candidate[Its.ORDINAL] = mark[Mark.ORDINAL]
        candidate[Its.UNIT] = mark[Mark.UNIT]
        slot = mark[Mark.SLOT]
        if slot < 0 and candidate[Its.UNIT] >= 0 and plan.renewal[cause] == 1:
            slot = slot_of(world, cause, candidate[Its.UNIT])  # it may have broken since without losing its mark
        if first:
            lead(world, cause, stream, candidate[Its.ORDINAL], Length.SWAP.value, True)
        first = False
        job = open_job(plan, world, cause, stream, candidate[Its.ORDINAL])
        if job < 0:
            return
        take(plan, world, mark[Mark.SEAT], job)
        world.tally[Tally.EVICTIONS] += 1
        break_unit(plan, world, slot)
        await_shop(world, job)
        if state[At.OVERFLOW] == 1:
            return
