"""What stands between a failure and the job: layers of the network, and members that are spared."""

from simulator.engines.kernel.names import line_of, number_of, ticks_of
from simulator.engines.kernel.places import visit_place
from simulator.engines.kernel.tables import Its, Place
from simulator.engines.kernel.world import TRAITS_OF, Trait, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance, uniform
from simulator.numbers.plan import Effect, Line, Odds, Plan, Purpose, Rule, Slice

VOID = -1  # an effect: the link retried, and nobody noticed
_PLACE = 2**20  # in a stream: one place further


@rule
def note_traits(plan: Plan, world: World) -> None:
    """Note of each cause what is special about it."""
    for cause in range(len(plan.units)):
        rules = plan.rules[cause]
        odds = plan.odds[cause]
        fabric = rules[Rule.SLICE] >= 0
        lengths = max(rules[Rule.MASKED], max(plan.reach[cause], rules[Rule.REBUILD])) > 0
        layered = fabric or lengths or odds[Odds.MULTIPATH] > 0.0 or plan.hidden[cause] > 0.0
        traits = Trait.LAYERED.value * layered + Trait.FABRIC.value * fabric
        traits += Trait.MEMBERS.value * (odds[Odds.MEMBERS] < 1.0)
        traits += Trait.ERRING.value * (odds[Odds.MISSED] > 0.0 or odds[Odds.BLAMED] > 0.0)
        world.state[TRAITS_OF + cause] = traits


@rule
def traits_of(world: World, cause: int) -> int:
    """What is special about a cause: see Trait."""
    return world.state[TRAITS_OF + cause]


@rule
def after_layers(plan: Plan, world: World, chance: Chance, unit: int) -> int:
    """The effect of a STOP of the weather, the candidate at hand, after the layers of the network."""
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    masked = plan.rules[cause, Rule.MASKED]
    rebuild = plan.rules[cause, Rule.REBUILD]
    reach = plan.reach[cause]
    multipath = plan.odds[cause, Odds.MULTIPATH]
    length = 0
    if seldom(multipath > 0.0 or max(masked, max(reach, rebuild)) > 0):
        length = draw_length(plan, world, chance)
        candidate[Its.LENGTH] = length
        if length <= masked and masked > 0:
            return VOID
        if multipath > 0.0 and number_of(plan, world, chance, Purpose.MULTIPATH.value) < multipath:
            candidate[Its.HEALS] = length
            return Effect.SLOW.value
        if length <= reach and reach > 0:
            return Effect.STALL.value
        if length <= rebuild and rebuild > 0:
            candidate[Its.TRAITS] |= Trait.REBUILT
            return Effect.STALL.value
    hidden = plan.hidden[cause]
    if hidden > 0.0 and number_of(plan, world, chance, Purpose.HIDDEN.value) < hidden:
        return Effect.STALL.value
    row = plan.rules[cause, Rule.SLICE]
    return Effect.SLOW.value if row >= 0 and plan.slices[row + unit, Slice.NODES] == 0 else Effect.STOP.value


@rule
def draw_length(plan: Plan, world: World, chance: Chance) -> int:
    """How long the outage at hand lasts [ticks]."""
    candidate = world.candidate
    line = line_of(plan, candidate[Its.CAUSE], candidate[Its.ORDINAL])
    if line >= 0 and plan.script[line, Line.LENGTH] >= 0:
        return plan.script[line, Line.LENGTH]
    return ticks_of(plan, world, chance, Purpose.LENGTH.value)


@rule
def is_taken(plan: Plan, world: World, chance: Chance, place: int, seat: int) -> bool:
    """Whether the STOP at hand takes the node of a place that it cuts off."""
    candidate = world.candidate
    if world.places[seat, Place.NODE] < 0:
        return False
    if not seldom(candidate[Its.TRAITS] & Trait.MEMBERS > 0):
        return True
    cause = candidate[Its.CAUSE]
    stream = plan.streams[cause, candidate[Its.STREAM]] + _PLACE * (1 + place)
    return uniform(chance.key, stream, candidate[Its.ORDINAL], Purpose.MEMBER) < plan.odds[cause, Odds.MEMBERS]


@rule
def takes_any(plan: Plan, world: World, chance: Chance, first: int, last: int) -> bool:
    """Whether the STOP at hand takes the node of any of the places first to last - 1."""
    for place in range(first, last):  # noqa: SIM110 - Numba compiles no generators
        if is_taken(plan, world, chance, place, visit_place(world, place)):
            return True
    return False
