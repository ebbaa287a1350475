"""Compute blocks: machines with lists of trays, whether the empty places fit, and moving a block to another machine.

A machine has a row only once something happens to it. Its first trays are the head of its list and are only counted;
nodes that join the list later are linked to each other by their rows.
"""

from simulator.engines.kernel.tables import Machine, Node, Place
from simulator.engines.kernel.world import At, World
from simulator.jit import routine, rule
from simulator.numbers.plan import Integers, Plan


@rule
def blocks_of(plan: Plan) -> int:
    """How many blocks there are; machines with a number below it serve one at tick 0."""
    return (plan.needed + plan.block - 1) // plan.block


@rule
def begin_blocks(plan: Plan, world: World) -> None:
    """Machines without a block at tick 0; there are always as many."""
    for row in range(plan.spare_blocks):
        world.machines[row, Machine.IDLE] = blocks_of(plan) + row
        world.machines[row, Machine.STAMP] = 0


@rule
def home_of(plan: Plan, node: int) -> int:
    """The machine in which a node stands at tick 0; -1: none."""
    if node < plan.needed:
        return node // plan.block
    tray = node - plan.needed - plan.spares
    if tray < 0:
        return -1
    blocks = blocks_of(plan)
    if tray < blocks * plan.trays:
        return tray // plan.trays
    return blocks + (tray - blocks * plan.trays) // (plan.block + plan.trays)


@rule
def _first_trays(plan: Plan, machine: int) -> int:
    """How many nodes stand in a machine's list at tick 0."""
    return plan.trays if machine < blocks_of(plan) else plan.block + plan.trays


@rule
def visit_machine(plan: Plan, world: World, number: int) -> None:
    """At the first visit of a machine or block: nothing has happened to it."""
    row = world.machines[number]
    if row[Machine.EPOCH] != world.state[At.EPOCH]:
        row[Machine.EPOCH] = world.state[At.EPOCH]
        row[Machine.LEFT] = 0
        row[Machine.FIRST] = -1
        row[Machine.JOINED] = 0
        row[Machine.SERVED_BY] = number


@rule
def join_list(plan: Plan, world: World, machine: int, node: int) -> None:
    """A node (its row) joins the tail of a machine's list."""
    visit_machine(plan, world, machine)
    row = world.machines[machine]
    world.nodes[node, Node.NEXT] = -1
    if row[Machine.FIRST] < 0:
        row[Machine.FIRST] = node
    else:
        world.nodes[row[Machine.LAST], Node.NEXT] = node
    row[Machine.LAST] = node
    row[Machine.JOINED] += 1


@rule
def leave_list(plan: Plan, world: World, machine: int) -> int:
    """The node at the head of a machine's list leaves it."""
    visit_machine(plan, world, machine)
    row = world.machines[machine]
    blocks = blocks_of(plan)
    if row[Machine.LEFT] < _first_trays(plan, machine):
        row[Machine.LEFT] += 1
        before = min(machine, blocks) * plan.trays + max(0, machine - blocks) * (plan.block + plan.trays)
        return plan.needed + plan.spares + before + row[Machine.LEFT] - 1
    node = row[Machine.FIRST]
    row[Machine.FIRST] = world.nodes[node, Node.NEXT]
    row[Machine.JOINED] -= 1
    return world.nodes[node, Node.NUMBER]


@rule
def fits(plan: Plan, world: World, extra: int) -> bool:
    """Whether the empty places, and place `extra` (-1: none), fit; notes with each block how."""
    return _fits(
        world.state, world.empty, world.places, world.machines, plan.needed, plan.block, plan.trays,
        plan.spare_blocks, extra,
    )  # fmt: skip


@routine
def _fits(
    state: Integers, empty: Integers, places: Integers, machines: Integers, needed: int, size: int, trays: int,
    idle: int, extra: int,
) -> bool:  # fmt: skip
    sort_places(empty, places, state[At.EMPTY])
    state[At.FITTING] += 1
    pool = state[At.POOL]
    index = 0
    count = state[At.EMPTY]
    while index < count or extra >= 0:
        place = places[empty[index], Place.NUMBER] if index < count else needed
        if 0 <= extra < place:
            place = extra
        block = place // size
        behind = min(needed, (block + 1) * size)
        missing = 0
        if 0 <= extra < behind:
            missing = 1
            extra = -1
        while index < count and places[empty[index], Place.NUMBER] < behind:
            missing += 1
            index += 1
        row = machines[block]
        machine = row[Machine.SERVED_BY] if row[Machine.EPOCH] == state[At.EPOCH] else block
        listed = min(missing, _length(state, machines, needed, size, trays, machine))
        row[Machine.LISTED] = listed
        row[Machine.REPLACED] = -1
        if pool >= missing - listed:
            pool -= missing - listed
            continue
        best = -1
        for other in range(idle):
            machine = machines[other, Machine.IDLE]
            if machines[other, Machine.STAMP] == state[At.FITTING]:
                continue
            if best >= 0 and machines[best, Machine.IDLE] < machine:
                continue
            if _length(state, machines, needed, size, trays, machine) >= behind - block * size:
                best = other
        if best < 0:
            return False
        machines[best, Machine.STAMP] = state[At.FITTING]
        row[Machine.REPLACED] = best
    return True


@rule
def _length(state: Integers, machines: Integers, needed: int, size: int, trays: int, machine: int) -> int:
    """How long the list of a machine is."""
    first = trays if machine * size < needed else size + trays
    if machines[machine, Machine.EPOCH] != state[At.EPOCH]:
        return first
    return first - machines[machine, Machine.LEFT] + machines[machine, Machine.JOINED]


@routine
def sort_places(empty: Integers, places: Integers, count: int) -> None:
    """Sort so many rows of places by their numbers."""
    # Insertion: one place as a rule, a block in order else.
    for index in range(1, count):
        seat = empty[index]
        behind = index
        while behind > 0 and places[empty[behind - 1], Place.NUMBER] > places[seat, Place.NUMBER]:
            empty[behind] = empty[behind - 1]
            behind -= 1
        empty[behind] = seat


@rule
def serve_anew(plan: Plan, world: World, block: int) -> None:
    """A block (that was visited) is served by the machine that replaces its own from now on; that one serves none."""
    row = world.machines[block]
    other = row[Machine.REPLACED]
    machine = row[Machine.SERVED_BY]
    row[Machine.SERVED_BY] = world.machines[other, Machine.IDLE]
    world.machines[other, Machine.IDLE] = machine
