"""Eviction: when a slow place is found, and whether its node can be replaced. Semantics 8.5, 12.1 b, 13.2."""

from simulator.durations import NEVER, SPEED_SCALE
from simulator.engines.kernel.blocks import fits
from simulator.engines.kernel.names import line_of
from simulator.engines.kernel.tables import Its, Mark
from simulator.engines.kernel.world import At, World
from simulator.jit import rule
from simulator.plan import Plan, Rule


@rule
def found_after(plan: Plan, world: World, speed: int, found: int) -> int:
    """Ticks after which the place at this speed is found that the candidate at hand slows; below 0: never.

    That is later than `found`, if evicting it is to pay; a script knows best itself.
    """
    cause = world.candidate[Its.CAUSE]
    if line_of(plan, cause, world.candidate[Its.ORDINAL]) >= 0:
        return found
    patience = plan.rules[cause, Rule.PATIENCE]
    if speed >= plan.rules[cause, Rule.EVICT_BELOW] or (patience > 0 and speed >= SPEED_SCALE):
        return -1
    if patience <= 0:
        return found
    # In two parts, as patience in parts of Q need not fit into 64 bits.
    lost = SPEED_SCALE - speed
    whole, rest = patience // lost, patience % lost
    if whole >= NEVER // SPEED_SCALE:
        return -1
    return max(found, whole * SPEED_SCALE + (rest * SPEED_SCALE + lost - 1) // lost)


@rule
def can_evict(plan: Plan, world: World) -> bool:
    """Whether a found place can be evicted: that needs a node more than places are empty."""
    state = world.state
    if state[At.FOUND] == 0:
        return False
    return state[At.POOL] > state[At.EMPTY] if plan.block == 0 else next_to_evict(plan, world) >= 0


@rule
def next_to_evict(plan: Plan, world: World) -> int:
    """The found mark that is evicted next: of those that can be, least by (tick found, cause, ordinal); -1: none."""
    state = world.state
    best = -1
    if plan.block == 0 and state[At.POOL] <= state[At.EMPTY]:
        return best
    for index in range(state[At.ACTIVE]):
        row = world.active[index]
        is_next = world.marks[row, Mark.FOUND] >= 0 and (best < 0 or _found_before(world, row, best))
        if is_next and (plan.block == 0 or fits(plan, world, world.marks[row, Mark.PLACE])):
            best = row
    return best


@rule
def _found_before(world: World, row: int, other: int) -> bool:
    marks = world.marks
    if marks[row, Mark.FOUND] != marks[other, Mark.FOUND]:
        return marks[row, Mark.FOUND] < marks[other, Mark.FOUND]
    if marks[row, Mark.CAUSE] != marks[other, Mark.CAUSE]:
        return marks[row, Mark.CAUSE] < marks[other, Mark.CAUSE]
    return marks[row, Mark.ORDINAL] < marks[other, Mark.ORDINAL]
