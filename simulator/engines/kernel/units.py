"""Units that broke and were replaced by new ones (renewal), and relapses: candidates that come from a heap."""

from simulator.engines.kernel.heap import REF, SERIAL, sift_up
from simulator.engines.kernel.names import DEPTH, GENERATION, drawn_ticks, hazards_of, later, line_of, quotient
from simulator.engines.kernel.places import visit_node, visit_place
from simulator.engines.kernel.tables import Its, Node, Place, Unit
from simulator.engines.kernel.world import At, Source, World
from simulator.jit import rule, seldom
from simulator.numbers.chance import Chance
from simulator.numbers.durations import age_at, budget, ticks
from simulator.numbers.plan import Line, Plan, Purpose, Rule, Slice, Stream
from simulator.numbers.times import NEVER


@rule
def first_place(plan: Plan, cause: int, unit: int) -> int:
    """The first place of a unit, or -1 for one without a place."""
    if plan.per_place[cause] == 1:
        return unit
    if plan.per_place[cause] > 0:
        return quotient(unit, plan.per_place[cause])
    if seldom(plan.rules[cause, Rule.SLICE] >= 0):
        row = plan.rules[cause, Rule.SLICE] + unit
        return plan.slices[row, Slice.FIRST] if plan.slices[row, Slice.NODES] > 0 else -1
    return unit * plan.span[cause] if plan.span[cause] > 0 else -1


@rule
def _slot_of_hash(world: World, cause: int, unit: int) -> int:
    """Where (cause, unit) stands in the hash set, or the free slot where it would."""
    entry = cause * 2**40 + unit + 1
    mask = len(world.left) - 1
    slot = (entry * 0x9E3779B97F4A7C1 >> 20) & mask
    while world.left[slot] != 0 and world.left[slot] != entry:
        slot = (slot + 1) & mask
    return slot


@rule
def has_left_cohort(world: World, cause: int, unit: int) -> bool:
    """Whether a unit has broken before, and so has a clock of its own."""
    return world.left[_slot_of_hash(world, cause, unit)] != 0


@rule
def slot_of(world: World, cause: int, unit: int) -> int:
    """The slot of a unit; -1 if it is still of the cohort."""
    if has_left_cohort(world, cause, unit):
        for slot in range(world.state[At.UNITS]):
            if world.units[slot, Unit.CAUSE] == cause and world.units[slot, Unit.UNIT] == unit:
                return slot
    return -1


@rule
def clear_units(world: World) -> None:
    """Forget the units of the replication before."""
    if world.state[At.UNITS] > 0:
        for slot in range(len(world.left)):
            world.left[slot] = 0
    world.state[At.UNITS] = 0


@rule
def _leave_cohort(world: World, cause: int, unit: int, family: int) -> int:
    """Give a unit a slot of its own; -1 where none is left."""
    slot = world.state[At.UNITS]
    if slot >= len(world.units):
        world.state[At.OVERFLOW] = 1
        return -1
    world.state[At.UNITS] += 1
    world.left[_slot_of_hash(world, cause, unit)] = cause * 2**40 + unit + 1
    world.units[slot, Unit.CAUSE] = cause
    world.units[slot, Unit.UNIT] = unit
    world.units[slot, Unit.FAMILY] = family
    world.units[slot, Unit.GENERATION] = 0
    return slot


@rule
def break_unit(plan: Plan, world: World, slot: int) -> None:
    """The unit at hand (CAUSE, UNIT, and ORDINAL if it is still of the cohort) breaks: a new one will stand there."""
    state = world.state
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    if plan.renewal[cause] == 0 or candidate[Its.UNIT] < 0:
        return
    if slot < 0:
        slot = _leave_cohort(world, cause, candidate[Its.UNIT], candidate[Its.ORDINAL])
        if slot < 0:
            return
    world.units[slot, Unit.ALIVE] = 0
    place = first_place(plan, cause, candidate[Its.UNIT])
    seat = visit_place(world, place) if place >= 0 else -1
    if place < 0 or world.places[seat, Place.NODE] >= 0:
        world.units[slot, Unit.NEXT] = state[At.BIRTHS]
        state[At.BIRTHS] = slot
    else:
        world.units[slot, Unit.NEXT] = world.places[seat, Place.AWAITS]
        world.places[seat, Place.AWAITS] = slot


@rule
def bear_those_of(world: World, seat: int) -> None:
    """A place was filled: the units that await it are to be born."""
    slot = world.places[seat, Place.AWAITS]
    world.places[seat, Place.AWAITS] = -1
    while slot >= 0:
        following = world.units[slot, Unit.NEXT]
        world.units[slot, Unit.NEXT] = world.state[At.BIRTHS]
        world.state[At.BIRTHS] = slot
        slot = following


@rule
def give_birth(plan: Plan, world: World, chance: Chance) -> None:
    """A new unit begins at age 0."""
    slot = world.state[At.BIRTHS]
    world.state[At.BIRTHS] = world.units[slot, Unit.NEXT]
    world.units[slot, Unit.ALIVE] = 1
    world.units[slot, Unit.BIRTH] = world.state[At.NOW]
    world.units[slot, Unit.LAST] = world.state[At.NOW]
    world.unit_level[slot] = 0.0
    advance_unit(plan, world, chance, slot)


@rule
def advance_unit(plan: Plan, world: World, chance: Chance, slot: int) -> None:
    """A unit's own clock draws its next candidate."""
    unit = world.units[slot]
    cause = unit[Unit.CAUSE]
    unit[Unit.GENERATION] += 1
    ordinal = unit[Unit.FAMILY] + unit[Unit.GENERATION] * GENERATION
    world.unit_level[slot] += budget(chance.key, plan.streams[cause, Stream.WEATHER], ordinal)
    age = ticks(age_at(hazards_of(plan), cause, world.unit_level[slot]))
    unit[Unit.LAST] = max(unit[Unit.LAST], later(unit[Unit.BIRTH], age))
    push_sudden(world, unit[Unit.LAST], cause, Stream.WEATHER.value, ordinal, slot, unit[Unit.GENERATION])


@rule
def push_sudden(world: World, tick: int, cause: int, stream: int, ordinal: int, ref: int, serial: int) -> None:
    """Add a candidate to the heap, unless it never comes."""
    state = world.state
    row = state[At.SUDDEN]
    if tick >= NEVER:
        return
    if row >= len(world.sudden) - 1:
        state[At.OVERFLOW] = 1
        return
    state[At.SUDDEN] += 1
    sudden = world.sudden
    sudden[row, 0] = tick
    sudden[row, 1] = cause
    sudden[row, 2] = stream
    sudden[row, 3] = ordinal
    sudden[row, REF] = ref
    sudden[row, SERIAL] = serial
    sift_up(sudden, row)
    state[At.SOURCE] = Source.UNKNOWN


@rule
def haunt(world: World, seat: int, node: int, cause: int, stream: int, ordinal: int) -> None:
    """The node in a place was not cured by the repair of this name, and will strike again."""
    row = world.nodes[node]
    row[Node.CAUSE] = cause
    row[Node.STREAM] = stream
    row[Node.ORDINAL] = ordinal
    await_relapse(world, seat)


@rule
def await_relapse(world: World, seat: int) -> None:
    """A marked node sits in a place: its relapse is to be drawn at the end of the event."""
    world.places[seat, Place.HAUNTED] = world.state[At.HAUNTED]
    world.state[At.HAUNTED] = seat


@rule
def draw_relapse(plan: Plan, world: World, chance: Chance) -> None:
    """The mark of the first node that awaits it turns into a relapse."""
    state = world.state
    seat = state[At.HAUNTED]
    state[At.HAUNTED] = world.places[seat, Place.HAUNTED]
    row = world.nodes[visit_node(world, world.places[seat, Place.NODE])]
    cause = row[Node.CAUSE]
    stream = row[Node.STREAM]
    ordinal = row[Node.ORDINAL]
    row[Node.CAUSE] = -1
    line = line_of(plan, cause, ordinal)
    if line >= 0:
        wait = plan.script[line, Line.RELAPSE]
    else:
        wait = drawn_ticks(plan, chance, cause, stream, ordinal, Purpose.RELAPSE.value)
    of_bench = stream == Stream.BENCH or stream == Stream.BENCH_RELAPSE
    stream = Stream.BENCH_RELAPSE.value if of_bench else Stream.RELAPSE.value
    tick = later(state[At.NOW], wait)
    push_sudden(world, tick, cause, stream, ordinal + DEPTH, seat, world.places[seat, Place.SERIAL])
