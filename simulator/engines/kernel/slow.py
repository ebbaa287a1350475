"""Slow places, and what slows the whole job: marks, their healing and finding, eviction, and the speed of the job."""

from simulator.engines.kernel.blocks import fits
from simulator.engines.kernel.heap import REF, SERIAL, drop_top, sift_up
from simulator.engines.kernel.names import later, line_of, ticks_of
from simulator.engines.kernel.slots import free_row, new_row
from simulator.engines.kernel.tables import Its, Mark, Place
from simulator.engines.kernel.world import At, Trait, World
from simulator.jit import rule
from simulator.numbers.chance import Chance
from simulator.numbers.durations import draw_value
from simulator.numbers.plan import Line, Plan, Purpose, Rule, Slice, Stream
from simulator.numbers.times import NEVER, SPEED_SCALE

HEALED = 0  # of one mark's two events on one tick, healing comes first
FOUND = 1


@rule
def mark_place(plan: Plan, world: World, chance: Chance, seat: int, found: int) -> None:
    """The strike at hand makes its place slow (-1: the job), which is found after so many ticks (below 0: never)."""
    state = world.state
    candidate = world.candidate
    row = new_row(world, world.marks, At.MARKS.value)
    if row < 0:
        return
    state[At.SERIAL] += 1
    mark = world.marks[row]
    mark[Mark.PLACE] = candidate[Its.PLACE]
    mark[Mark.CAUSE] = candidate[Its.CAUSE]
    mark[Mark.STREAM] = candidate[Its.STREAM]
    mark[Mark.ORDINAL] = candidate[Its.ORDINAL]
    mark[Mark.UNIT] = candidate[Its.UNIT]
    mark[Mark.SLOT] = candidate[Its.SLOT]
    mark[Mark.FOUND] = -1
    mark[Mark.SERIAL] = state[At.SERIAL]
    mark[Mark.ACTIVE] = state[At.ACTIVE]
    world.active[state[At.ACTIVE]] = row
    state[At.ACTIVE] += 1
    mark[Mark.SEAT] = seat
    if seat >= 0:
        world.places[seat, Place.MARK] = row
    speed = _drawn_speed(plan, world, chance)
    mark[Mark.SPEED] = max(1, speed * state[At.PACE] // SPEED_SCALE)
    state[At.SPEED] = min(state[At.SPEED], mark[Mark.SPEED])
    _expect(world, row, HEALED, _time_to_heal(plan, world, chance))
    if seat >= 0:
        _expect(world, row, FOUND, found_after(plan, world, speed, found))


@rule
def _drawn_speed(plan: Plan, world: World, chance: Chance) -> int:
    """The speed that the strike at hand leaves, by its script, its element of the fabric or its law."""
    candidate = world.candidate
    cause = candidate[Its.CAUSE]
    line = line_of(plan, candidate[Its.CAUSE], candidate[Its.ORDINAL])
    if line >= 0 and plan.script[line, Line.SPEED] >= 0:
        return plan.script[line, Line.SPEED]
    if candidate[Its.PLACE] < 0 and candidate[Its.TRAITS] & Trait.FABRIC:
        return plan.slices[plan.rules[cause, Rule.SLICE] + candidate[Its.UNIT], Slice.SPEED]
    stream = plan.streams[cause, candidate[Its.STREAM]]
    factor = draw_value(plan.laws, chance.key, cause, stream, candidate[Its.ORDINAL], Purpose.FACTOR.value)
    return max(1, int(min(factor, 1.0) * SPEED_SCALE + 0.5))


@rule
def draw_pace(plan: Plan, chance: Chance) -> int:
    """The speed of the job without slow places: its slowest rank takes SPREAD longer than the usual one."""
    causes = len(plan.units)
    longer = draw_value(plan.laws, chance.key, causes, plan.streams[causes, Stream.WEATHER], 0, Purpose.SPREAD.value)
    return max(1, int(plan.pace / (1.0 + max(0.0, longer))))


@rule
def _time_to_heal(plan: Plan, world: World, chance: Chance) -> int:
    """Ticks until what the strike at hand slowed is healed; below 0: never."""
    candidate = world.candidate
    line = line_of(plan, candidate[Its.CAUSE], candidate[Its.ORDINAL])
    if line >= 0:
        return plan.script[line, Line.HEALED]
    if candidate[Its.HEALS] >= 0:
        return candidate[Its.HEALS]
    return ticks_of(plan, world, chance, Purpose.HEALED.value)


@rule
def _expect(world: World, row: int, kind: int, wait: int) -> None:
    """A mark will be healed or found after `wait` ticks; below 0: never."""
    state = world.state
    size = state[At.SLOW_ENDS]
    if wait < 0 or later(state[At.NOW], wait) >= NEVER:
        return
    if size >= len(world.slow_ends) - 1:
        state[At.OVERFLOW] = 1
        return
    heap = world.slow_ends
    heap[size, 0] = state[At.NOW] + wait
    heap[size, 1] = world.marks[row, Mark.CAUSE]
    heap[size, 2] = world.marks[row, Mark.ORDINAL]
    heap[size, 3] = kind
    heap[size, REF] = row
    heap[size, SERIAL] = world.marks[row, Mark.SERIAL]
    state[At.SLOW_ENDS] += 1
    sift_up(heap, size)


@rule
def unmark(world: World, row: int) -> None:
    """A mark goes: healed, or its place is empty."""
    state = world.state
    mark = world.marks[row]
    if mark[Mark.SEAT] >= 0:
        world.places[mark[Mark.SEAT], Place.MARK] = -1
    if mark[Mark.FOUND] >= 0:
        state[At.FOUND] -= 1
    state[At.ACTIVE] -= 1
    last = world.active[state[At.ACTIVE]]
    world.active[mark[Mark.ACTIVE]] = last
    world.marks[last, Mark.ACTIVE] = mark[Mark.ACTIVE]
    mark[Mark.SERIAL] = -1
    free_row(world, world.marks, At.MARKS.value, row)
    if mark[Mark.SPEED] == state[At.SPEED]:
        speed = state[At.PACE]
        for index in range(state[At.ACTIVE]):
            speed = min(speed, world.marks[world.active[index], Mark.SPEED])
        state[At.SPEED] = speed


@rule
def next_slow_end(world: World) -> int:
    """The tick at which the next mark is healed or found; marks that are gone are dropped on the way."""
    state = world.state
    heap = world.slow_ends
    while state[At.SLOW_ENDS] > 0:
        if world.marks[heap[0, REF], Mark.SERIAL] == heap[0, SERIAL]:
            return heap[0, 0]
        drop_top(heap, state[At.SLOW_ENDS])
        state[At.SLOW_ENDS] -= 1
    return NEVER


# Eviction: when a slow place is found, and whether its node can be replaced. Semantics 8.5, 12.1 b, 13.2.


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
