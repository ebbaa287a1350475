"""Strikes: a candidate comes; if it is not void it stops, stalls or slows the job."""

from simulator.chance import Chance, Purpose, uniform
from simulator.durations import NEVER, draw_ticks
from simulator.engines.kernel.heap import REF, SERIAL, drop_top
from simulator.engines.kernel.names import later, line_of
from simulator.engines.kernel.nodes import is_lemon, nodes_out, open_job, send_to_repair, take, take_from_pool
from simulator.engines.kernel.phases import book, enter, lasts, lead, note, stop_is_wanted
from simulator.engines.kernel.places import any_filled, is_filled
from simulator.engines.kernel.slow import mark_place
from simulator.engines.kernel.training import depart, drain, is_training, roll_back, settle
from simulator.engines.kernel.units import advance_unit, break_unit, first_place, has_left_cohort
from simulator.engines.kernel.weather import advance_clock, find_next
from simulator.engines.kernel.world import At, Place, Source, Unit, World
from simulator.jit import rule
from simulator.ledger import Effect, Exposed, Kind, Phase
from simulator.plan import Line, Plan


@rule
def on_candidate(plan: Plan, world: World, chance: Chance) -> None:
    """The next candidate comes, and the one after it is found."""
    state = world.state
    source = state[At.SOURCE]
    state[At.UNIT] = -1
    state[At.SLOT] = -1
    if source >= 0:
        on_clock(plan, world, chance, source)
    elif source == Source.SUDDEN:
        on_sudden(plan, world, chance)
    else:
        on_line(plan, world, chance)
    find_next(plan, world)


@rule
def on_clock(plan: Plan, world: World, chance: Chance, clock: int) -> None:
    """A candidate of a cohort or of a bench."""
    state = world.state
    causes = len(plan.units)
    cause = clock if clock < causes else clock - causes
    ordinal = world.clock_ordinal[clock]
    state[At.CAUSE] = cause
    state[At.STREAM] = clock
    state[At.ORDINAL] = ordinal
    advance_clock(plan, world, chance, clock)
    if not is_exposed(world, plan.exposed[cause]):
        return
    units = plan.units[cause] if clock < causes else plan.per_place[cause] * plan.spares
    unit = 0
    if units > 1:
        number = uniform(chance.key, clock, ordinal, Purpose.UNIT)
        unit = min(units - 1, int(number * units))
    effect = drawn_effect(plan, chance, cause, clock, ordinal)
    if clock >= causes:
        if effect == Effect.STOP:
            strike_bench(plan, world, chance, unit // plan.per_place[cause])
        return
    state[At.UNIT] = unit
    state[At.EFFECT] = effect
    state[At.BLAST] = plan.blast[cause]
    state[At.PLACE] = first_place(plan, cause, unit)
    if plan.renewal[cause] == 1 and has_left_cohort(world, cause, unit):
        return
    if is_void_unit(plan, world, chance):
        return
    strike(plan, world, chance)


@rule
def drawn_effect(plan: Plan, chance: Chance, cause: int, stream: int, ordinal: int) -> int:
    """The effect of a strike: a STOP may be hidden by the network, and then it stalls."""
    effect = plan.effect[cause]
    if effect == Effect.STOP and plan.hidden[cause] > 0.0:
        if uniform(chance.key, stream, ordinal, Purpose.HIDDEN) < plan.hidden[cause]:
            return Effect.STALL.value
    return effect


@rule
def is_exposed(world: World, exposed: int) -> bool:
    """Whether a cause can strike in the present phase."""
    phase = world.state[At.PHASE]
    if exposed == Exposed.ALWAYS:
        return True
    return phase <= Phase.STALL if exposed == Exposed.RUNNING else phase <= Phase.RESTORE


@rule
def is_void_unit(plan: Plan, world: World, chance: Chance) -> bool:
    """Whether the unit of the candidate at hand is not there to strike: no node in it, or not a lemon."""
    state = world.state
    cause = state[At.CAUSE]
    place = state[At.PLACE]
    if plan.lemon_share[cause] > 0.0:
        if place < 0 or not is_filled(world, place):
            return True
        if not is_lemon(plan, world, chance, world.places[place, Place.NODE]):
            return True
    if plan.per_place[cause] == 0 and plan.span[cause] > 0:
        return not any_filled(plan, world, place, place + plan.span[cause])
    return False


@rule
def on_line(plan: Plan, world: World, chance: Chance) -> None:
    """A scripted candidate."""
    state = world.state
    line = plan.script_order[state[At.LINE]]
    state[At.LINE] += 1
    row = plan.script[line]
    state[At.CAUSE] = row[Line.CAUSE]
    state[At.STREAM] = row[Line.CAUSE]
    state[At.ORDINAL] = line
    if row[Line.BENCH] >= 0:
        if row[Line.EFFECT] == Effect.STOP:
            strike_bench(plan, world, chance, row[Line.BENCH])
        return
    state[At.EFFECT] = row[Line.EFFECT]
    state[At.PLACE] = row[Line.PLACE]
    state[At.BLAST] = row[Line.BLAST] if row[Line.BLAST] >= 0 else 1
    strike(plan, world, chance)


@rule
def on_sudden(plan: Plan, world: World, chance: Chance) -> None:
    """A candidate of a renewed unit, or a relapse."""
    state = world.state
    state[At.CAUSE] = world.sudden[0, 1]
    state[At.STREAM] = world.sudden[0, 2]
    state[At.ORDINAL] = world.sudden[0, 3]
    ref = world.sudden[0, REF]
    serial = world.sudden[0, SERIAL]
    drop_top(world.sudden, state[At.SUDDEN])
    state[At.SUDDEN] -= 1
    if state[At.STREAM] < len(plan.units):
        on_unit(plan, world, chance, ref, serial)
    elif world.places[ref, Place.NODE] >= 0 and world.places[ref, Place.SERIAL] == serial:
        state[At.EFFECT] = Effect.STOP
        state[At.BLAST] = 1
        state[At.PLACE] = ref
        strike(plan, world, chance)


@rule
def on_unit(plan: Plan, world: World, chance: Chance, slot: int, generation: int) -> None:
    """A candidate of a renewed unit's own clock; stale if the unit was evicted since it was drawn."""
    state = world.state
    unit = world.units[slot]
    if unit[Unit.ALIVE] == 0 or unit[Unit.GENERATION] != generation:
        return
    cause = state[At.CAUSE]
    if is_exposed(world, plan.exposed[cause]):
        state[At.UNIT] = unit[Unit.UNIT]
        state[At.SLOT] = slot
        state[At.EFFECT] = drawn_effect(plan, chance, cause, cause, state[At.ORDINAL])
        state[At.BLAST] = plan.blast[cause]
        state[At.PLACE] = first_place(plan, cause, unit[Unit.UNIT])
        if not is_void_unit(plan, world, chance):
            strike(plan, world, chance)
    if unit[Unit.ALIVE] == 1 and unit[Unit.GENERATION] == generation:
        advance_unit(plan, world, chance, slot)


@rule
def strike(plan: Plan, world: World, chance: Chance) -> None:
    """The candidate at hand strikes, unless its effect finds nothing to act on."""
    effect = world.state[At.EFFECT]
    if effect == Effect.STOP:
        on_stop(plan, world, chance)
    elif effect == Effect.STALL:
        on_stall(plan, world, chance)
    else:
        on_slow(plan, world, chance)


@rule
def count_failure(plan: Plan, world: World) -> None:
    """Count a STOP, and how many nodes it finds out of service."""
    state = world.state
    world.failures[state[At.CAUSE]] += 1
    if state[At.NOW] >= plan.warm_up:
        world.out_seen[min(nodes_out(plan, world), len(world.out_seen) - 1)] += 1


@rule
def on_stop(plan: Plan, world: World, chance: Chance) -> None:
    """A STOP: nodes are taken, work is rolled back, and a job at work goes to DETECTION."""
    state = world.state
    phase = state[At.PHASE]
    busy = phase <= Phase.RESTORE
    blast = state[At.BLAST]
    first = state[At.PLACE] // max(1, blast) * blast
    if (not busy) and (blast == 0 or not any_filled(plan, world, first, first + blast)):
        return
    count_failure(plan, world)
    if busy:
        world.interruptions[state[At.CAUSE]] += 1
        book(plan, world)
        drain(world, state[At.NOW])
        state[At.DRAIN_ENDS] = NEVER
        state[At.STARTING_UP] = 0
    job = -1
    if blast > 0:
        job = open_job(world, state[At.CAUSE], state[At.STREAM], state[At.ORDINAL])
        if job < 0:
            return
        for place in range(first, min(first + blast, plan.needed)):
            if is_filled(world, place):
                take(plan, world, place, job)
    roll_back(world)
    break_unit(plan, world, chance, state[At.SLOT])
    if busy or phase == Phase.SWAP:
        lead(world, state[At.CAUSE], state[At.STREAM], state[At.ORDINAL])
    if busy:
        enter(world, Phase.DETECTION, lasts(plan, world, chance, Purpose.DETECTION))
    if job >= 0:
        if busy or phase == Phase.DETECTION or phase == Phase.DIAGNOSIS:
            await_diagnosis(world, job)
        else:
            send_to_repair(plan, world, chance, job)
    note(plan, world, Kind.STRIKE, state[At.CAUSE], state[At.ORDINAL], state[At.PLACE])


@rule
def await_diagnosis(world: World, job: int) -> None:
    """A repair job waits until the diagnosis has found its nodes."""
    state = world.state
    if state[At.PENDING] >= len(world.pending):
        state[At.OVERFLOW] = 1
        return
    world.pending[state[At.PENDING]] = job
    state[At.PENDING] += 1


@rule
def strike_bench(plan: Plan, world: World, chance: Chance, slot: int) -> None:
    """A STOP takes the node in a slot of the pool; the job goes on."""
    state = world.state
    cause = state[At.CAUSE]
    if slot >= state[At.POOL]:
        return
    if plan.lemon_share[cause] > 0.0:
        node = world.pool[(state[At.POOL_HEAD] + slot) % len(world.pool)]
        if not is_lemon(plan, world, chance, node):
            return
    count_failure(plan, world)
    job = open_job(world, cause, state[At.STREAM], state[At.ORDINAL])
    if job < 0:
        return
    take_from_pool(world, slot, job)
    send_to_repair(plan, world, chance, job)
    note(plan, world, Kind.STRIKE, cause, state[At.ORDINAL], -1)


@rule
def on_stall(plan: Plan, world: World, chance: Chance) -> None:
    """A STALL pauses a job at work; outages that overlap run in parallel."""
    state = world.state
    phase = state[At.PHASE]
    if phase > Phase.RESTORE:
        return
    length = stall_length(plan, world, chance)
    if phase == Phase.STALL:
        state[At.ENDS] = max(state[At.ENDS], later(state[At.NOW], length))
    else:
        book(plan, world)
        state[At.PAUSED] = state[At.PHASE]
        state[At.PAUSED_LEFT] = state[At.ENDS] - state[At.NOW]
        enter(world, Phase.STALL, length)
    note(plan, world, Kind.STRIKE, state[At.CAUSE], state[At.ORDINAL], state[At.PLACE])


@rule
def stall_length(plan: Plan, world: World, chance: Chance) -> int:
    """How long the stall at hand lasts [ticks]."""
    state = world.state
    line = line_of(plan, state[At.STREAM], state[At.ORDINAL])
    if line >= 0 and plan.script[line, Line.LENGTH] >= 0:
        return plan.script[line, Line.LENGTH]
    return draw_ticks(plan, chance.key, state[At.CAUSE], state[At.STREAM], state[At.ORDINAL], Purpose.LENGTH)


@rule
def on_slow(plan: Plan, world: World, chance: Chance) -> None:
    """A SLOW makes a filled place slow that is not slow yet."""
    state = world.state
    place = state[At.PLACE]
    if place < 0 or not is_filled(world, place) or world.places[place, Place.MARK] >= 0:
        return
    if is_training(world):
        settle(plan, world)
    mark_place(plan, world, chance)
    if is_training(world):
        depart(plan, world, stop_is_wanted(world))
    note(plan, world, Kind.STRIKE, state[At.CAUSE], state[At.ORDINAL], place)
