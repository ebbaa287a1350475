"""Rows of places and nodes: reset when first visited in a replication."""

from simulator.engines.kernel.world import At, Node, Place, World
from simulator.jit import rule
from simulator.plan import Plan


@rule
def visit_place(world: World, place: int) -> None:
    """Reset a place's row if it dates from an earlier replication: its own node, nothing special."""
    row = world.places[place]
    if row[Place.EPOCH] != world.state[At.EPOCH]:
        row[Place.EPOCH] = world.state[At.EPOCH]
        row[Place.NODE] = place
        row[Place.MARK] = -1
        row[Place.LOST] = 0
        row[Place.SERIAL] = 0
        row[Place.AWAITS] = -1


@rule
def visit_node(world: World, node: int) -> None:
    """Reset a node's row if it dates from an earlier replication: not cured, not marked."""
    row = world.nodes[node]
    if row[Node.EPOCH] != world.state[At.EPOCH]:
        row[Node.EPOCH] = world.state[At.EPOCH]
        row[Node.NEXT] = -1
        row[Node.CURED] = 0
        row[Node.CAUSE] = -1


@rule
def is_filled(world: World, place: int) -> bool:
    """Whether a node sits in a place."""
    visit_place(world, place)
    return world.places[place, Place.NODE] >= 0


@rule
def any_filled(plan: Plan, world: World, first: int, last: int) -> bool:
    """Whether a node sits in any of the places first to last - 1."""
    if world.state[At.EMPTY] == 0:
        return True
    for place in range(first, min(last, plan.needed)):  # noqa: SIM110 - Numba compiles no generators
        if is_filled(world, place):
            return True
    return False
