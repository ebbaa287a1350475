"""Weather: the clocks of the causes, and which candidate comes next."""

from simulator.engines.kernel.lemons import find_lemon, lemons_to_be
from simulator.engines.kernel.names import hazards_of
from simulator.engines.kernel.tables import Its
from simulator.engines.kernel.units import has_left_cohort
from simulator.engines.kernel.world import At, Source, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.durations import age_at, budget, level_at, ticks
from simulator.numbers.plan import Line, Plan, Stream
from simulator.numbers.times import NEVER, Hazard


@rule
def start_weather(plan: Plan, world: World, chance: Chance) -> None:
    """Every clock draws its first candidate."""
    state = world.state
    causes = len(plan.units)
    scripted = len(plan.script) > 0
    for cause in range(causes):
        units = plan.units[cause]
        on_bench = 0
        if plan.lemon_share[cause] > 0.0:
            if units > 0 and not scripted:
                units = plan.per_place[cause] * lemons_to_be(plan, world, chance, cause)
        elif plan.bench[cause] == 1:
            on_bench = plan.per_place[cause] * plan.spares
        if on_bench > 0:
            state[At.BENCHES] = 1
        world.clock_units[cause] = units
        world.clock_units[causes + cause] = on_bench
        level = level_at(hazards_of(plan), cause, plan.hazard[cause, 2])
        for clock in (cause, causes + cause):
            world.clock[clock] = NEVER
            if units > 0 and world.clock_units[clock] > 0 and not scripted:
                world.clock[clock] = 0
                world.clock_ordinal[clock] = -1
                world.clock_level[clock] = level
                advance_clock(plan, world, chance, clock)
    state[At.SUDDEN] = 0
    state[At.LINE] = 0
    state[At.SOURCE] = Source.UNKNOWN


@rule
def unit_struck(plan: Plan, world: World, chance: Chance, unit: int) -> int:
    """The unit that the candidate at hand strikes, which its cohort's clock lets fall on `unit`.

    -1: none, as it has left the cohort; or, where BENCH says so, a slot of the pool.
    """
    cause = world.candidate[Its.CAUSE]
    if plan.lemon_share[cause] > 0.0:
        return find_lemon(plan, world, chance, unit)
    if seldom(plan.renewal[cause] == 1) and has_left_cohort(world, cause, unit):
        return -1
    return unit


@rule
def advance_clock(plan: Plan, world: World, chance: Chance, clock: int) -> None:
    """A cohort's or a bench's clock draws its next candidate."""
    causes = len(plan.units)
    cause = clock if clock < causes else clock - causes
    world.clock_ordinal[clock] += 1
    stream = plan.streams[cause, Stream.BENCH if clock >= causes else Stream.WEATHER]
    world.clock_level[clock] += budget(chance.key, stream, world.clock_ordinal[clock]) / world.clock_units[clock]
    world.clock[clock] = max(world.clock[clock], _tick_at(plan, cause, world.clock_level[clock]))


@rule
def _tick_at(plan: Plan, cause: int, level: float) -> int:
    """The tick at which the cohort reaches a level."""
    if plan.hazard_kind[cause] == Hazard.EXPONENTIAL and plan.hazard[cause, 0] > 0.0:  # as a rule: spared a call
        age = level / plan.hazard[cause, 0]
    else:
        age = age_at(hazards_of(plan), cause, level)
    return ticks(age - plan.hazard[cause, 2])


@rule
def find_next(plan: Plan, world: World) -> None:
    """Find the next candidate: the least by (tick, cause, stream, ordinal)."""
    state = world.state
    causes = len(plan.units)
    tick = NEVER
    source = Source.NONE.value
    cause = 0
    for clock in range(causes):
        # Which clock is first is anybody's guess, a branch predictor's too: hence minima without a branch.
        earlier = (world.clock[clock] - tick) >> 63
        tick += (world.clock[clock] - tick) & earlier
        source += (clock - source) & earlier
    cause = max(source, 0)
    clocks = 2 * causes if state[At.BENCHES] == 1 else causes
    for clock in range(causes, clocks):
        if world.clock[clock] < tick or (world.clock[clock] == tick and tick < NEVER and clock - causes < cause):
            tick = world.clock[clock]
            source = clock
            cause = clock - causes
    if seldom(state[At.LINE] < len(plan.script)):
        line = plan.script_order[state[At.LINE]]
        tick = plan.script[line, Line.AT]
        source = Source.SCRIPT.value
        cause = plan.script[line, Line.CAUSE]
    if seldom(state[At.SUDDEN] > 0) and _sudden_is_first(world, tick, cause, source >= causes):
        tick = world.sudden[0, 0]
        source = Source.SUDDEN.value
    state[At.NEXT] = tick
    state[At.SOURCE] = source


@rule
def _sudden_is_first(world: World, tick: int, cause: int, on_bench: bool) -> bool:
    # On one tick and cause the stream decides; in the cohort's own stream the cohort's ordinals are the smaller ones.
    sudden = world.sudden
    if sudden[0, 0] != tick:
        return sudden[0, 0] < tick
    if sudden[0, 1] != cause:
        return sudden[0, 1] < cause
    return sudden[0, 2] < (Stream.BENCH if on_bench else Stream.WEATHER)
