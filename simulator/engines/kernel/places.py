"""Rows of places, nodes and memory groups: each is given one when it is first visited in a replication.

A row's number leads to it, modulo the length of the table; if it is another's, one of those behind is its own. A table
that has a row for everybody never comes to that, and one of a large cluster is small enough to stay in the cache.
"""

from simulator.engines.kernel.tables import Group, Node, Place
from simulator.engines.kernel.world import At, World
from simulator.jit import rule
from simulator.numbers.plan import Integers, Plan


@rule
def _find(world: World, table: Integers, epoch: int, number: int) -> int:
    """The row of a number, or the free one that it may have. (Columns 0 and 1 of every table: EPOCH, NUMBER.)"""
    mask = len(table) - 1
    row = number & mask
    while table[row, 0] == epoch and table[row, 1] != number and world.state[At.OVERFLOW] == 0:
        row = (row + 1) & mask
    return row


@rule
def visit_place(world: World, place: int) -> int:
    """The row of a place; at the first visit: its own node, nothing special."""
    state = world.state
    places = world.places
    row = _find(world, places, state[At.EPOCH], place)
    if places[row, Place.EPOCH] != state[At.EPOCH]:
        places[row, Place.EPOCH] = state[At.EPOCH]
        places[row, Place.NUMBER] = place
        places[row, Place.NODE] = place
        places[row, Place.MARK] = -1
        places[row, Place.LOST] = 0
        places[row, Place.SERIAL] = 0
        places[row, Place.AWAITS] = -1
        state[At.SEATS] += 1
        if 2 * state[At.SEATS] > len(places) and len(places) < len(world.empty):
            state[At.OVERFLOW] = 1
    return row


@rule
def visit_node(world: World, node: int) -> int:
    """The row of a node; at the first visit: not cured, not marked."""
    state = world.state
    nodes = world.nodes
    row = _find(world, nodes, state[At.EPOCH], node)
    if nodes[row, Node.EPOCH] != state[At.EPOCH]:
        nodes[row, Node.EPOCH] = state[At.EPOCH]
        nodes[row, Node.NUMBER] = node
        nodes[row, Node.NEXT] = -1
        nodes[row, Node.CURED] = 0
        nodes[row, Node.CAUSE] = -1
        nodes[row, Node.TAKEN] = 0
        state[At.NODES] += 1
        if 2 * state[At.NODES] > len(nodes) and len(nodes) < len(world.pool[0]) - 1:
            state[At.OVERFLOW] = 1
    return row


@rule
def node_in(world: World, place: int) -> int:
    """The node in a place, -1 where it is empty; the place need not have a row for that."""
    row = _find(world, world.places, world.state[At.EPOCH], place)
    return world.places[row, Place.NODE] if world.places[row, Place.EPOCH] == world.state[At.EPOCH] else place


@rule
def place_of(plan: Plan, world: World, node: int) -> int:
    """The place in which a node sits, -1 if in none; the node need not have a row for that (see Node.NEXT)."""
    row = _find(world, world.nodes, world.state[At.EPOCH], node)
    place = world.nodes[row, Node.NEXT] if world.nodes[row, Node.EPOCH] == world.state[At.EPOCH] else -1
    if place < 0:
        place = node  # it never moved, or it sits nowhere
    return place if place < plan.needed and node_in(world, place) == node else -1


@rule
def last_cure(world: World, node: int) -> int:
    """One more than the tick of the last repair that cured a node, 0 without one; it need not have a row for that."""
    row = _find(world, world.nodes, world.state[At.EPOCH], node)
    return world.nodes[row, Node.CURED] if world.nodes[row, Node.EPOCH] == world.state[At.EPOCH] else 0


@rule
def times_taken(world: World, node: int) -> int:
    """How often a node was taken; it need not have a row for that."""
    row = _find(world, world.nodes, world.state[At.EPOCH], node)
    return world.nodes[row, Node.TAKEN] if world.nodes[row, Node.EPOCH] == world.state[At.EPOCH] else 0


@rule
def visit_group(world: World, group: int) -> int:
    """The row of a memory group; at the first visit since L was empty: no member in it."""
    # No more groups than places have lost anything, and their table is as long as that of places.
    groups = world.groups
    row = _find(world, groups, world.state[At.LOST_EPOCH], group)
    if groups[row, Group.EPOCH] != world.state[At.LOST_EPOCH]:
        groups[row, Group.EPOCH] = world.state[At.LOST_EPOCH]
        groups[row, Group.NUMBER] = group
        groups[row, Group.LOST] = 0
    return row


@rule
def is_filled(world: World, place: int) -> bool:
    """Whether a node sits in a place."""
    return world.places[visit_place(world, place), Place.NODE] >= 0


@rule
def any_filled(plan: Plan, world: World, first: int, last: int) -> bool:
    """Whether a node sits in any of the places first to last - 1."""
    if world.state[At.EMPTY] == 0:
        return True
    for place in range(first, min(last, plan.needed)):  # noqa: SIM110 - Numba compiles no generators
        if is_filled(world, place):
            return True
    return False
