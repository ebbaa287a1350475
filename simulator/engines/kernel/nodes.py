"""Places and nodes: who is taken, how the empty places are filled."""

from simulator.engines.kernel.blocks import leave_list, serve_anew, sort_places, visit_machine
from simulator.engines.kernel.checkpoints import lose_copy
from simulator.engines.kernel.places import visit_node, visit_place
from simulator.engines.kernel.pools import around, close_gap, join, pick
from simulator.engines.kernel.retirement import note_taking, returns, stays_away
from simulator.engines.kernel.slots import new_row
from simulator.engines.kernel.slow import unmark
from simulator.engines.kernel.tables import Fate, Job, Machine, Node, Place
from simulator.engines.kernel.units import await_relapse, bear_those_of
from simulator.engines.kernel.world import At, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.plan import Plan, Tally


@rule
def open_job(plan: Plan, world: World, cause: int, stream: int, ordinal: int) -> int:
    """A repair job under a strike's name; -1 where the table is full."""
    row = new_row(world, world.jobs, At.JOBS.value)
    if row < 0:
        return row
    job = world.jobs[row]
    job[Job.CAUSE] = cause
    job[Job.STREAM] = stream
    job[Job.ORDINAL] = ordinal
    job[Job.FIRST] = -1
    job[Job.LAST] = -1
    job[Job.FATE] = Fate.RIGHT
    job[Job.STAGE] = 0
    job[Job.RETURNS] = returns(plan, cause, ordinal)
    return row


@rule
def await_shop(world: World, job: int) -> None:
    """A repair job is on its way to the shop: at once, or when the diagnosis has found its nodes."""
    state = world.state
    if state[At.PENDING] >= len(world.pending):
        state[At.OVERFLOW] = 1
        return
    world.pending[state[At.PENDING]] = job
    state[At.PENDING] += 1
    state[At.MISSES] += world.jobs[job, Job.FATE] == Fate.MISSED


@rule
def add_node(plan: Plan, world: World, job: int, node: int) -> None:
    """A taken node joins a repair job, behind those of lower places; its relapse mark goes."""
    row = visit_node(world, node)
    note_taking(plan, world, row)
    world.nodes[row, Node.TAKEN] += 1
    world.nodes[row, Node.NEXT] = -1
    world.nodes[row, Node.CAUSE] = -1
    if world.jobs[job, Job.FIRST] < 0:
        world.jobs[job, Job.FIRST] = row
    else:
        world.nodes[world.jobs[job, Job.LAST], Node.NEXT] = row
    world.jobs[job, Job.LAST] = row
    world.state[At.TAKEN] += 1
    world.state[At.OUT] += 1


@rule
def come_back(plan: Plan, world: World, row: int) -> None:
    """A node (its row) whose repair has ended joins, unless it stays away for ever."""
    if seldom(stays_away(plan, world, row)):
        return
    world.state[At.OUT] -= 1
    join(plan, world, row)


@rule
def take(plan: Plan, world: World, seat: int, job: int) -> None:
    """The node of a filled place is taken."""
    add_node(plan, world, job, world.places[seat, Place.NODE])
    vacate(plan, world, seat)


@rule
def vacate(plan: Plan, world: World, seat: int) -> None:
    """A filled place is empty from now on."""
    state = world.state
    place = world.places[seat]
    place[Place.NODE] = -1
    world.empty[state[At.EMPTY]] = seat
    state[At.EMPTY] += 1
    lose_copy(plan, world, seat)
    if place[Place.MARK] >= 0:
        unmark(world, place[Place.MARK])


@rule
def take_from_pool(plan: Plan, world: World, slot: int, job: int) -> None:
    """The node in a slot of the pool is taken; those behind it move up."""
    state = world.state
    head = state[At.POOL_HEAD]
    add_node(plan, world, job, world.pool[0, around(world, head + slot)])
    close_gap(world.pool[0], head, slot)
    state[At.POOL_HEAD] = around(world, head + 1)
    state[At.POOL] -= 1


@rule
def fill_places(plan: Plan, world: World, chance: Chance, selecting: bool) -> bool:
    """Fill all empty places, ascending. Returns whether places were vacated, as blocks moved to other machines."""
    state = world.state
    if seldom(state[At.EMPTY] > 1):
        sort_places(world.empty, world.places, state[At.EMPTY])
    vacated = False
    block = -1
    listed = 0
    stays = 1
    index = 0
    while index < state[At.EMPTY]:
        if seldom(plan.block > 0) and world.places[world.empty[index], Place.NUMBER] // plan.block != block:
            block = world.places[world.empty[index], Place.NUMBER] // plan.block
            visit_machine(plan, world, block)
            listed = world.machines[block, Machine.LISTED]
            stays = 1
            if world.machines[block, Machine.REPLACED] >= 0:
                vacated |= _move_block(plan, world, block)
                listed = plan.block
                stays = 0
        seat = world.empty[index]
        if seldom(listed > 0):
            listed -= 1
            world.tally[Tally.TRAYS] += stays
            node = leave_list(plan, world, world.machines[block, Machine.SERVED_BY])
        else:
            node = pick(plan, world, chance, selecting)
        state[At.SERIAL] += 1
        world.places[seat, Place.NODE] = node
        world.places[seat, Place.SERIAL] = state[At.SERIAL]
        world.tally[Tally.SWAPS] += 1
        row = visit_node(world, node)
        if world.nodes[row, Node.CAUSE] >= 0:
            await_relapse(world, seat)
        world.nodes[row, Node.NEXT] = world.places[seat, Place.NUMBER]
        bear_those_of(world, seat)
        index += 1
    state[At.EMPTY] = 0
    return vacated


@rule
def _move_block(plan: Plan, world: World, block: int) -> bool:
    """A block moves to another machine: all its places are empty. Returns whether any was filled."""
    state = world.state
    before = state[At.EMPTY]
    for place in range(block * plan.block, min((block + 1) * plan.block, plan.needed)):
        seat = visit_place(world, place)
        if world.places[seat, Place.NODE] >= 0:
            row = visit_node(world, world.places[seat, Place.NODE])
            vacate(plan, world, seat)
            join(plan, world, row)
    sort_places(world.empty, world.places, state[At.EMPTY])
    serve_anew(plan, world, block)
    world.tally[Tally.BLOCKS] += 1
    return state[At.EMPTY] > before
