"""A diagnosis that errs: it finds nothing, or blames another node. Semantics 7.9."""

from simulator.engines.kernel.names import number_of
from simulator.engines.kernel.phase_sets import is_busy
from simulator.engines.kernel.places import visit_node, visit_place
from simulator.engines.kernel.tables import Fate, Its, Place
from simulator.engines.kernel.units import haunt
from simulator.engines.kernel.world import At, Trait, World
from simulator.jit import rule
from simulator.numbers.chance import Chance
from simulator.numbers.plan import Odds, Plan, Purpose, Tally


@rule
def fate_of(plan: Plan, world: World, chance: Chance) -> int:
    """What the diagnosis makes of the STOP at hand, which takes places before the diagnosis is over."""
    state = world.state
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    if number_of(plan, world, chance, Purpose.MISSED.value) < plan.odds[cause, Odds.MISSED]:
        return Fate.MISSED.value
    if not is_busy(state[At.PHASE]) or candidate[Its.TRAITS] & Trait.FABRIC or plan.blast[cause] != 1:
        return Fate.RIGHT.value
    if plan.needed > 1 and number_of(plan, world, chance, Purpose.BLAMED.value) < plan.odds[cause, Odds.BLAMED]:
        return Fate.BLAMED.value
    return Fate.RIGHT.value


@rule
def blame(plan: Plan, world: World, chance: Chance) -> int:
    """Another place is blamed for the STOP at hand, whose own node will strike again; returns the other place."""
    candidate = world.candidate
    seat = visit_place(world, candidate[Its.PLACE])
    node = visit_node(world, world.places[seat, Place.NODE])
    haunt(world, seat, node, candidate[Its.CAUSE], candidate[Its.STREAM], candidate[Its.ORDINAL])
    world.tally[Tally.BLAMED] += 1
    return _innocent_place(plan, world, chance)


@rule
def _innocent_place(plan: Plan, world: World, chance: Chance) -> int:
    """The place that is blamed for the first place of the STOP at hand."""
    candidate = world.candidate
    number = number_of(plan, world, chance, Purpose.INNOCENT.value)
    place = min(plan.needed - 2, int(number * (plan.needed - 1)))
    return place + 1 if place >= candidate[Its.PLACE] else place
