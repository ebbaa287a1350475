"""Slow places: marks, their healing and finding, and the speed of the job."""

from simulator.chance import Chance, Purpose
from simulator.durations import NEVER, SPEED_SCALE, draw_speed, draw_ticks
from simulator.engines.kernel.heap import REF, SERIAL, drop_top, sift_up
from simulator.engines.kernel.names import later, line_of
from simulator.engines.kernel.world import At, Mark, Place, World
from simulator.jit import rule
from simulator.plan import Line, Plan

HEALED = 0  # of one mark's two events on one tick, healing comes first
FOUND = 1


@rule
def mark_place(plan: Plan, world: World, chance: Chance, seat: int) -> None:
    """The strike at hand makes its place slow."""
    state = world.state
    row = state[At.FREE_MARK]
    if row < 0:
        row = state[At.MARKS]
        if row >= len(world.marks):
            state[At.OVERFLOW] = 1
            return
        state[At.MARKS] += 1
    else:
        state[At.FREE_MARK] = world.marks[row, Mark.PLACE]
    state[At.SERIAL] += 1
    mark = world.marks[row]
    mark[Mark.PLACE] = state[At.PLACE]
    mark[Mark.CAUSE] = state[At.CAUSE]
    mark[Mark.STREAM] = state[At.STREAM]
    mark[Mark.ORDINAL] = state[At.ORDINAL]
    mark[Mark.UNIT] = state[At.UNIT]
    mark[Mark.SLOT] = state[At.SLOT]
    mark[Mark.FOUND] = -1
    mark[Mark.SERIAL] = state[At.SERIAL]
    mark[Mark.ACTIVE] = state[At.ACTIVE]
    world.active[state[At.ACTIVE]] = row
    state[At.ACTIVE] += 1
    mark[Mark.SEAT] = seat
    world.places[seat, Place.MARK] = row
    line = line_of(plan, state[At.STREAM], state[At.ORDINAL])
    if line >= 0:
        mark[Mark.SPEED] = plan.script[line, Line.SPEED]
        if mark[Mark.SPEED] < 0:
            mark[Mark.SPEED] = draw_speed(
                plan.laws, chance.key, mark[Mark.CAUSE], mark[Mark.STREAM], mark[Mark.ORDINAL]
            )
        _expect(world, row, HEALED, plan.script[line, Line.HEALED])
        _expect(world, row, FOUND, plan.script[line, Line.FOUND])
    else:
        _draw_mark(plan, world, chance, row)
    state[At.SPEED] = min(state[At.SPEED], mark[Mark.SPEED])


@rule
def _draw_mark(plan: Plan, world: World, chance: Chance, row: int) -> None:
    mark = world.marks[row]
    cause = mark[Mark.CAUSE]
    stream = mark[Mark.STREAM]
    ordinal = mark[Mark.ORDINAL]
    mark[Mark.SPEED] = draw_speed(plan.laws, chance.key, cause, stream, ordinal)
    _expect(world, row, HEALED, draw_ticks(plan.laws, chance.key, cause, stream, ordinal, Purpose.HEALED.value))
    _expect(world, row, FOUND, draw_ticks(plan.laws, chance.key, cause, stream, ordinal, Purpose.FOUND.value))


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
    """A mark goes: healed, or its node is taken."""
    state = world.state
    mark = world.marks[row]
    world.places[mark[Mark.SEAT], Place.MARK] = -1
    if mark[Mark.FOUND] >= 0:
        state[At.FOUND] -= 1
    state[At.ACTIVE] -= 1
    last = world.active[state[At.ACTIVE]]
    world.active[mark[Mark.ACTIVE]] = last
    world.marks[last, Mark.ACTIVE] = mark[Mark.ACTIVE]
    mark[Mark.SERIAL] = -1
    mark[Mark.PLACE] = state[At.FREE_MARK]
    state[At.FREE_MARK] = row
    if mark[Mark.SPEED] == state[At.SPEED]:
        speed = SPEED_SCALE
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


@rule
def first_found(world: World) -> int:
    """The found mark that is evicted first: least by (tick found, cause, ordinal)."""
    best = -1
    for index in range(world.state[At.ACTIVE]):
        row = world.active[index]
        if world.marks[row, Mark.FOUND] >= 0 and (best < 0 or _found_before(world, row, best)):
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
