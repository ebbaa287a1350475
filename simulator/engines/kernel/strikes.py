"""Strikes: a candidate comes; if it is not void it stops the job (see stops.py), stalls, slows or corrupts it."""

from simulator.engines.kernel.corruption import corrupt, meet_alarm
from simulator.engines.kernel.heap import REF, SERIAL, drop_top
from simulator.engines.kernel.layers import VOID, after_layers, draw_length, traits_of
from simulator.engines.kernel.names import later, line_of, number, ticks_of
from simulator.engines.kernel.phase_sets import is_busy, is_running
from simulator.engines.kernel.phases import enter_for, train_on
from simulator.engines.kernel.places import any_filled, visit_place
from simulator.engines.kernel.slow import mark_place
from simulator.engines.kernel.stops import on_stop, strike_bench, tell_strike
from simulator.engines.kernel.tables import Its, Place, Unit
from simulator.engines.kernel.training import is_training
from simulator.engines.kernel.units import advance_unit, first_place
from simulator.engines.kernel.weather import advance_clock, unit_struck
from simulator.engines.kernel.world import At, Source, Trait, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.ledger import Exposed, Phase
from simulator.numbers.plan import Effect, Line, Plan, Purpose, Rule, Slice, Stream, Tally


@rule
def on_candidate(plan: Plan, world: World, chance: Chance) -> None:
    """The next candidate comes."""
    state = world.state
    candidate = world.candidate
    source = state[At.SOURCE]
    state[At.SOURCE] = Source.UNKNOWN
    candidate[Its.UNIT] = -1
    candidate[Its.SLOT] = -1
    candidate[Its.BENCH] = -1
    candidate[Its.TRAITS] = 0
    candidate[Its.LENGTH] = -1
    candidate[Its.HEALS] = -1
    if source >= 0:
        strikes = meet_clock(plan, world, chance, source)
    elif source == Source.SUDDEN:
        strikes = meet_sudden(plan, world, chance)
    else:
        strikes = meet_line(plan, world)
    generation = world.units[candidate[Its.SLOT], Unit.GENERATION] if candidate[Its.SLOT] >= 0 else 0
    if strikes:
        strike(plan, world, chance)
    slot = candidate[Its.SLOT]
    if seldom(slot >= 0) and world.units[slot, Unit.ALIVE] == 1 and world.units[slot, Unit.GENERATION] == generation:
        advance_unit(plan, world, chance, slot)


@rule
def meet_clock(plan: Plan, world: World, chance: Chance, clock: int) -> bool:
    """A candidate of a cohort or of a bench; returns whether it may strike."""
    state = world.state
    candidate = world.candidate
    causes = len(plan.units)
    cause = clock if clock < causes else clock - causes
    ordinal = world.clock_ordinal[clock]
    state[At.CANDIDATES] += 1
    candidate[Its.CAUSE] = cause
    stream = Stream.BENCH.value if clock >= causes else Stream.WEATHER.value
    candidate[Its.STREAM] = stream
    candidate[Its.ORDINAL] = ordinal
    units = world.clock_units[clock]
    unit = 0
    if units > 1:
        unit = min(units - 1, int(number(plan, chance, cause, stream, ordinal, Purpose.UNIT.value) * units))
    advance_clock(plan, world, chance, clock)
    if clock >= causes:
        candidate[Its.BENCH] = unit // plan.per_place[cause]
    else:
        unit = unit_struck(plan, world, chance, unit)
        if unit < 0 and candidate[Its.BENCH] < 0:
            return False
        candidate[Its.UNIT] = unit
    return is_there(plan, world, chance, unit)


@rule
def meet_sudden(plan: Plan, world: World, chance: Chance) -> bool:
    """A candidate of a renewed unit's own clock, or a relapse; returns whether it may strike."""
    state = world.state
    candidate = world.candidate
    candidate[Its.CAUSE] = world.sudden[0, 1]
    candidate[Its.STREAM] = world.sudden[0, 2]
    candidate[Its.ORDINAL] = world.sudden[0, 3]
    ref = world.sudden[0, REF]
    serial = world.sudden[0, SERIAL]
    drop_top(world.sudden, state[At.SUDDEN])
    state[At.SUDDEN] -= 1
    if candidate[Its.STREAM] != Stream.WEATHER:
        candidate[Its.EFFECT] = Effect.STOP
        candidate[Its.BLAST] = 1
        if serial < 0:
            return meet_alarm(plan, world, ref)
        candidate[Its.PLACE] = world.places[ref, Place.NUMBER]
        return world.places[ref, Place.NODE] >= 0 and world.places[ref, Place.SERIAL] == serial
    if world.units[ref, Unit.ALIVE] == 0 or world.units[ref, Unit.GENERATION] != serial:
        return False  # drawn before the unit was evicted
    state[At.CANDIDATES] += 1
    candidate[Its.SLOT] = ref
    candidate[Its.UNIT] = world.units[ref, Unit.UNIT]
    return is_there(plan, world, chance, candidate[Its.UNIT])


@rule
def meet_line(plan: Plan, world: World) -> bool:
    """A scripted candidate; returns whether it may strike."""
    state = world.state
    candidate = world.candidate
    line = plan.script_order[state[At.LINE]]
    state[At.LINE] += 1
    row = plan.script[line]
    candidate[Its.CAUSE] = row[Line.CAUSE]
    candidate[Its.STREAM] = Stream.WEATHER
    candidate[Its.ORDINAL] = line
    candidate[Its.EFFECT] = row[Line.EFFECT]
    candidate[Its.PLACE] = row[Line.PLACE]
    candidate[Its.BLAST] = row[Line.BLAST] if row[Line.BLAST] >= 0 else 1
    candidate[Its.BENCH] = row[Line.BENCH]
    return True


@rule
def is_there(plan: Plan, world: World, chance: Chance, unit: int) -> bool:
    """Fill in the candidate at hand; returns whether its cause is exposed and what it falls on is there to strike."""
    state = world.state
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    if not is_exposed(world, plan.exposed[cause]):
        return False
    effect = plan.effect[cause]
    traits = traits_of(world, cause)
    candidate[Its.TRAITS] = traits
    if seldom(traits & Trait.LAYERED != 0) and effect == Effect.STOP:
        effect = after_layers(plan, world, chance, unit)
        if effect == VOID:
            return False
    candidate[Its.EFFECT] = effect
    candidate[Its.BLAST] = plan.blast[cause]
    slot = candidate[Its.BENCH]
    if slot >= 0:
        return effect == Effect.STOP and slot < state[At.POOL]
    place = first_place(plan, cause, unit)
    candidate[Its.PLACE] = place
    span = plan.span[cause] if plan.per_place[cause] == 0 else 0
    if seldom(traits & Trait.FABRIC != 0):
        span = plan.slices[plan.rules[cause, Rule.SLICE] + unit, Slice.NODES]
        candidate[Its.BLAST] = span
    return span == 0 or any_filled(plan, world, place, place + span)


@rule
def is_exposed(world: World, exposed: int) -> bool:
    """Whether a cause can strike in the present phase."""
    phase = world.state[At.PHASE]
    if exposed == Exposed.ALWAYS:
        return True
    return is_running(phase) if exposed == Exposed.RUNNING else is_busy(phase)


@rule
def strike(plan: Plan, world: World, chance: Chance) -> None:
    """The candidate at hand strikes, unless its effect finds nothing to act on."""
    candidate = world.candidate
    effect = candidate[Its.EFFECT]
    if seldom(candidate[Its.BENCH] >= 0):
        strike_bench(plan, world)
    elif effect == Effect.STOP:
        on_stop(plan, world, chance)
    elif effect == Effect.STALL:
        on_stall(plan, world, chance)
    else:
        on_silent(plan, world, chance)


@rule
def on_stall(plan: Plan, world: World, chance: Chance) -> None:
    """A STALL pauses a job at work; outages that overlap run in parallel."""
    state = world.state
    candidate = world.candidate
    phase = state[At.PHASE]
    if not is_busy(phase):
        return
    tell_strike(world)
    world.tally[Tally.STALLS] += 1
    length = candidate[Its.LENGTH]
    if length < 0:
        length = draw_length(plan, world, chance)
    elif candidate[Its.TRAITS] & Trait.REBUILT:
        world.tally[Tally.REBUILDS] += 1
        length = later(length, ticks_of(plan, world, chance, Purpose.REBUILD.value))
    if phase == Phase.STALL:
        state[At.ENDS] = max(state[At.ENDS], later(state[At.NOW], length))
        return
    state[At.PAUSED] = phase
    state[At.PAUSED_LEFT] = state[At.ENDS] - state[At.NOW]
    enter_for(world, Phase.STALL.value, length)


@rule
def on_silent(plan: Plan, world: World, chance: Chance) -> None:
    """A SLOW or a CORRUPT, which are found later: the one acts on a place that is not slow yet, the other on any."""
    state = world.state
    candidate = world.candidate
    slows = candidate[Its.EFFECT] == Effect.SLOW
    seat = -1
    if candidate[Its.PLACE] >= 0:
        seat = visit_place(world, candidate[Its.PLACE])
        if world.places[seat, Place.NODE] < 0 or (slows and world.places[seat, Place.MARK] >= 0):
            return
    if not slows and not is_running(state[At.PHASE]):
        return
    tell_strike(world)
    line = line_of(plan, candidate[Its.CAUSE], candidate[Its.ORDINAL])
    found = plan.script[line, Line.FOUND] if line >= 0 else ticks_of(plan, world, chance, Purpose.FOUND.value)
    if not slows:
        corrupt(plan, world, seat, found)
        return
    world.tally[Tally.SLOWED] += 1
    mark_place(plan, world, chance, seat, found)
    if is_training(world):
        train_on(world, state[At.PHASE])
