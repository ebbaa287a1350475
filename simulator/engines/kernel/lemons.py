"""Lemons: nodes that are bad for a cause which strikes no others, wherever they are."""

from simulator.engines.kernel.names import GENERATION, number, quotient
from simulator.engines.kernel.places import last_cure, place_of
from simulator.engines.kernel.pools import around
from simulator.engines.kernel.tables import Its
from simulator.engines.kernel.world import At, World
from simulator.jit import rule
from simulator.numbers.chance import Chance
from simulator.numbers.plan import Odds, Plan, Purpose, Stream


@rule
def _turning_bad(plan: Plan, cause: int) -> float:
    """The probability of a node to turn bad at the end of a period; 0: they never do."""
    return plan.odds[cause, Odds.LEMON_AGAIN] if plan.lemon_period > 0 else 0.0


@rule
def _number(plan: Plan, chance: Chance, cause: int, ordinal: int) -> float:
    return number(plan, chance, cause, Stream.LEMON.value, ordinal, Purpose.LEMON.value)


@rule
def lemons_to_be(plan: Plan, world: World, chance: Chance, cause: int) -> int:
    """Note the nodes that are bad from the start, or all if others may turn bad; returns how many."""
    all_may = _turning_bad(plan, cause) > 0.0
    lemons = world.lemons[cause]
    count = 0
    for node in range(len(lemons)):
        lemons[count] = node
        count += all_may or _number(plan, chance, cause, node) < plan.lemon_share[cause]
    return count


@rule
def is_lemon(plan: Plan, world: World, chance: Chance, node: int) -> bool:
    """Whether one of the nodes noted for the (lemon) cause at hand is bad now."""
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    again = _turning_bad(plan, cause)
    cured = last_cure(world, node)
    if again <= 0.0:
        return cured == 0
    if cured == 0 and _number(plan, chance, cause, node) < plan.lemon_share[cause]:
        return True
    # What turned bad by the tick of its last repair that cured it is mended.
    first = (cured - 1) // plan.lemon_period + 1 if cured > 0 else 1
    for turn in range(first, world.state[At.NOW] // plan.lemon_period + 1):
        if _number(plan, chance, cause, node + turn * GENERATION) < again:
            return True
    return False


@rule
def find_lemon(plan: Plan, world: World, chance: Chance, unit: int) -> int:
    """The unit of the place in which the node sits that a candidate on a unit of lemons falls on.

    -1: the node is not bad now or cannot be struck; or it stands in the pool, and BENCH becomes its slot there.
    """
    state = world.state
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    node = world.lemons[cause, quotient(unit, plan.per_place[cause])]
    if not is_lemon(plan, world, chance, node):
        return -1
    place = place_of(plan, world, node)
    if place >= 0:
        return place * plan.per_place[cause]
    if plan.bench[cause] == 1:
        for slot in range(state[At.POOL]):
            if world.pool[0, around(world, state[At.POOL_HEAD] + slot)] == node:
                candidate[Its.BENCH] = slot
    return -1
