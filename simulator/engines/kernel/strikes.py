"""Strikes: a candidate comes; if it is not void it stops, stalls or slows the job, or takes a node of the pool."""

from simulator.chance import Chance, Purpose, uniform
from simulator.durations import NEVER, draw_ticks
from simulator.engines.kernel.checkpoints import make_durable, roll_back
from simulator.engines.kernel.heap import REF, SERIAL, drop_top
from simulator.engines.kernel.names import later, line_of
from simulator.engines.kernel.nodes import around, await_shop, is_lemon, nodes_out, open_job, take, take_from_pool
from simulator.engines.kernel.phases import enter, enter_for, lead, tell, train_on
from simulator.engines.kernel.places import any_filled, visit_place
from simulator.engines.kernel.slow import mark_place
from simulator.engines.kernel.training import is_training
from simulator.engines.kernel.units import advance_unit, break_unit, first_place, has_left_cohort
from simulator.engines.kernel.weather import advance_clock
from simulator.engines.kernel.world import At, Length, Place, Source, Unit, World
from simulator.jit import rule
from simulator.ledger import Effect, Exposed, Kind, Phase
from simulator.plan import Line, Plan


@rule
def on_candidate(plan: Plan, world: World, chance: Chance) -> None:
    """The next candidate comes."""
    state = world.state
    source = state[At.SOURCE]
    state[At.SOURCE] = Source.UNKNOWN
    state[At.UNIT] = -1
    state[At.SLOT] = -1
    state[At.BENCH] = -1
    if source >= 0:
        strikes = meet_clock(plan, world, chance, source)
    elif source == Source.SUDDEN:
        strikes = meet_sudden(plan, world, chance)
    else:
        strikes = meet_line(plan, world)
    generation = world.units[state[At.SLOT], Unit.GENERATION] if state[At.SLOT] >= 0 else 0
    if strikes:
        strike(plan, world, chance)
    slot = state[At.SLOT]
    if slot >= 0 and world.units[slot, Unit.ALIVE] == 1 and world.units[slot, Unit.GENERATION] == generation:
        advance_unit(plan, world, chance, slot)


@rule
def meet_clock(plan: Plan, world: World, chance: Chance, clock: int) -> bool:
    """A candidate of a cohort or of a bench; returns whether it may strike."""
    state = world.state
    causes = len(plan.units)
    cause = clock if clock < causes else clock - causes
    ordinal = world.clock_ordinal[clock]
    state[At.CAUSE] = cause
    state[At.STREAM] = clock
    state[At.ORDINAL] = ordinal
    units = plan.units[cause] if clock < causes else plan.per_place[cause] * plan.spares
    unit = 0
    if units > 1:
        unit = min(units - 1, int(uniform(chance.key, clock, ordinal, Purpose.UNIT) * units))
    advance_clock(plan, world, chance, clock)
    if clock >= causes:
        state[At.BENCH] = unit // plan.per_place[cause]
    else:
        state[At.UNIT] = unit
        if plan.renewal[cause] == 1 and has_left_cohort(world, cause, unit):
            return False
    return is_there(plan, world, chance, unit)


@rule
def meet_sudden(plan: Plan, world: World, chance: Chance) -> bool:
    """A candidate of a renewed unit's own clock, or a relapse; returns whether it may strike."""
    state = world.state
    state[At.CAUSE] = world.sudden[0, 1]
    state[At.STREAM] = world.sudden[0, 2]
    state[At.ORDINAL] = world.sudden[0, 3]
    ref = world.sudden[0, REF]
    serial = world.sudden[0, SERIAL]
    drop_top(world.sudden, state[At.SUDDEN])
    state[At.SUDDEN] -= 1
    if state[At.STREAM] >= len(plan.units):
        state[At.EFFECT] = Effect.STOP
        state[At.BLAST] = 1
        state[At.PLACE] = world.places[ref, Place.NUMBER]
        return world.places[ref, Place.NODE] >= 0 and world.places[ref, Place.SERIAL] == serial
    if world.units[ref, Unit.ALIVE] == 0 or world.units[ref, Unit.GENERATION] != serial:
        return False  # drawn before the unit was evicted
    state[At.SLOT] = ref
    state[At.UNIT] = world.units[ref, Unit.UNIT]
    return is_there(plan, world, chance, state[At.UNIT])


@rule
def meet_line(plan: Plan, world: World) -> bool:
    """A scripted candidate; returns whether it may strike."""
    state = world.state
    line = plan.script_order[state[At.LINE]]
    state[At.LINE] += 1
    row = plan.script[line]
    state[At.CAUSE] = row[Line.CAUSE]
    state[At.STREAM] = row[Line.CAUSE]
    state[At.ORDINAL] = line
    state[At.EFFECT] = row[Line.EFFECT]
    state[At.PLACE] = row[Line.PLACE]
    state[At.BLAST] = row[Line.BLAST] if row[Line.BLAST] >= 0 else 1
    state[At.BENCH] = row[Line.BENCH]
    return True


@rule
def is_there(plan: Plan, world: World, chance: Chance, unit: int) -> bool:
    """Fill in the candidate at hand; returns whether its cause is exposed and its unit is there to strike."""
    state = world.state
    cause = state[At.CAUSE]
    if not is_exposed(world, plan.exposed[cause]):
        return False
    state[At.EFFECT] = drawn_effect(plan, world, chance)
    state[At.BLAST] = plan.blast[cause]
    if state[At.BENCH] >= 0:
        return True
    place = first_place(plan, cause, unit)
    state[At.PLACE] = place
    if plan.lemon_share[cause] > 0.0:
        if place < 0:
            return False
        node = world.places[visit_place(world, place), Place.NODE]
        if node < 0 or not is_lemon(plan, world, chance, node):
            return False
    if plan.per_place[cause] == 0 and plan.span[cause] > 0:
        return any_filled(plan, world, place, place + plan.span[cause])
    return True


@rule
def drawn_effect(plan: Plan, world: World, chance: Chance) -> int:
    """The effect of the candidate at hand: the network may hide a STOP or outlast it, and then it stalls."""
    state = world.state
    cause = state[At.CAUSE]
    effect = plan.effect[cause]
    if effect != Effect.STOP:
        return effect
    if plan.reach[cause] > 0 and stall_length(plan, world, chance) <= plan.reach[cause]:
        return Effect.STALL.value
    if plan.hidden[cause] <= 0.0:
        return effect
    number = uniform(chance.key, state[At.STREAM], state[At.ORDINAL], Purpose.HIDDEN)
    return Effect.STALL.value if number < plan.hidden[cause] else effect


@rule
def is_exposed(world: World, exposed: int) -> bool:
    """Whether a cause can strike in the present phase."""
    phase = world.state[At.PHASE]
    if exposed == Exposed.ALWAYS:
        return True
    return phase <= Phase.STALL if exposed == Exposed.RUNNING else phase <= Phase.RESTORE


@rule
def strike(plan: Plan, world: World, chance: Chance) -> None:
    """The candidate at hand strikes, unless its effect finds nothing to act on."""
    state = world.state
    effect = state[At.EFFECT]
    if state[At.BENCH] >= 0:
        strike_bench(plan, world, chance)
    elif effect == Effect.STOP:
        on_stop(plan, world)
    elif effect == Effect.STALL:
        on_stall(plan, world, chance)
    else:
        on_slow(plan, world, chance)


@rule
def tell_strike(world: World) -> None:
    """Have a record made of the strike at hand."""
    state = world.state
    place = state[At.PLACE] if state[At.BENCH] < 0 else -1
    tell(world, Kind.STRIKE.value, state[At.CAUSE], state[At.ORDINAL], place)


@rule
def count_failure(plan: Plan, world: World) -> None:
    """Count a STOP, and how many nodes it finds out of service."""
    state = world.state
    world.failures[state[At.CAUSE]] += 1
    if state[At.NOW] >= plan.warm_up:
        world.out_seen[min(nodes_out(plan, world), len(world.out_seen) - 1)] += 1


@rule
def on_stop(plan: Plan, world: World) -> None:
    """A STOP: nodes are taken, work is rolled back, and a job at work goes to DETECTION."""
    state = world.state
    phase = state[At.PHASE]
    busy = phase <= Phase.RESTORE
    blast = state[At.BLAST]
    first = state[At.PLACE] if blast <= 1 else state[At.PLACE] // blast * blast
    if blast > 0 and state[At.PLACE] < 0:
        return
    if (not busy) and (blast == 0 or not any_filled(plan, world, first, first + blast)):
        return
    count_failure(plan, world)
    tell_strike(world)
    if busy:
        interrupt(world)
    if blast > 0:
        job = open_job(world, state[At.CAUSE], state[At.STREAM], state[At.ORDINAL])
        if job < 0:
            return
        for place in range(first, min(first + blast, plan.needed)):
            seat = visit_place(world, place)
            if state[At.OVERFLOW] == 1:
                return
            if world.places[seat, Place.NODE] >= 0:
                take(plan, world, seat, job)
        await_shop(world, job)
    roll_back(world)
    break_unit(plan, world, state[At.SLOT])
    if busy or phase == Phase.SWAP:
        first = Length.DETECTION.value if busy else Length.SWAP.value
        lead(world, state[At.CAUSE], state[At.STREAM], state[At.ORDINAL], first, busy)


@rule
def interrupt(world: World) -> None:
    """A job at work stops: the drain, a save in flight and a paused phase are forgotten."""
    state = world.state
    world.interruptions[state[At.CAUSE]] += 1
    make_durable(world, state[At.NOW])
    state[At.DRAIN_ENDS] = NEVER
    state[At.STARTING_UP] = 0
    enter(world, Phase.DETECTION.value, Length.DETECTION.value)


@rule
def strike_bench(plan: Plan, world: World, chance: Chance) -> None:
    """A STOP takes the node in a slot of the pool; the job goes on."""
    state = world.state
    slot = state[At.BENCH]
    cause = state[At.CAUSE]
    if state[At.EFFECT] != Effect.STOP or slot >= state[At.POOL]:
        return
    if plan.lemon_share[cause] > 0.0 and len(plan.script) == 0:
        node = world.pool[around(world, state[At.POOL_HEAD] + slot)]
        if not is_lemon(plan, world, chance, node):
            return
    count_failure(plan, world)
    tell_strike(world)
    job = open_job(world, cause, state[At.STREAM], state[At.ORDINAL])
    if job < 0:
        return
    take_from_pool(world, slot, job)
    state[At.URGENT] = job


@rule
def on_stall(plan: Plan, world: World, chance: Chance) -> None:
    """A STALL pauses a job at work; outages that overlap run in parallel."""
    state = world.state
    phase = state[At.PHASE]
    if phase > Phase.RESTORE:
        return
    tell_strike(world)
    length = stall_length(plan, world, chance)
    if phase == Phase.STALL:
        state[At.ENDS] = max(state[At.ENDS], later(state[At.NOW], length))
        return
    state[At.PAUSED] = phase
    state[At.PAUSED_LEFT] = state[At.ENDS] - state[At.NOW]
    enter_for(world, Phase.STALL.value, length)


@rule
def stall_length(plan: Plan, world: World, chance: Chance) -> int:
    """How long the stall at hand lasts [ticks]."""
    state = world.state
    line = line_of(plan, state[At.STREAM], state[At.ORDINAL])
    if line >= 0 and plan.script[line, Line.LENGTH] >= 0:
        return plan.script[line, Line.LENGTH]
    return draw_ticks(plan.laws, chance.key, state[At.CAUSE], state[At.STREAM], state[At.ORDINAL], Purpose.LENGTH.value)


@rule
def on_slow(plan: Plan, world: World, chance: Chance) -> None:
    """A SLOW makes a filled place slow that is not slow yet."""
    state = world.state
    place = state[At.PLACE]
    if place < 0:
        return
    seat = visit_place(world, place)
    if world.places[seat, Place.NODE] < 0 or world.places[seat, Place.MARK] >= 0:
        return
    tell_strike(world)
    mark_place(plan, world, chance, seat)
    if is_training(world):
        train_on(world, state[At.PHASE])
