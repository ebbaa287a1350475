"""Silent corruption: the clean checkpoint that its onset remembers, and the alarm that goes back to it."""

from enum import IntEnum

from simulator.engines.kernel.checkpoints import make_durable
from simulator.engines.kernel.names import DEPTH, later
from simulator.engines.kernel.slots import IN_USE, free_row, new_row
from simulator.engines.kernel.tables import WIDE, Its, Place
from simulator.engines.kernel.units import push_sudden
from simulator.engines.kernel.world import At, Trait, World
from simulator.jit import rule
from simulator.numbers.plan import Plan, Stream, Tally
from simulator.numbers.times import NEVER


class Corruption(IntEnum):
    """Columns of `world.corruptions`: those whose alarm is to come."""

    LINK = 0  # see slots.py
    PLACE = 1  # first place of the unit; -1: none
    SEAT = 2
    SERIAL = 3  # of the filling that was corrupted
    CLEAN_WORK = 4  # the clean checkpoint
    CLEAN_KEPT = 5
    CLEAN_SAVES = 6
    CLEAN_SINCE = 7
    STORED = 8  # storage saves closed at its onset


assert len(Corruption) <= WIDE


@rule
def corrupt(plan: Plan, world: World, seat: int, found: int) -> None:
    """The strike at hand corrupts the job through a place (-1: none); the alarm comes after `found` ticks."""
    state = world.state
    candidate = world.candidate
    world.tally[Tally.CORRUPTIONS] += 1
    tick = later(state[At.NOW], found)
    if found < 0 or tick >= NEVER:
        return
    row = new_row(world, world.corruptions, At.CORRUPTIONS.value)
    if row < 0:
        return
    corruption = world.corruptions[row]
    corruption[Corruption.PLACE] = candidate[Its.PLACE]
    corruption[Corruption.SEAT] = seat
    corruption[Corruption.SERIAL] = world.places[seat, Place.SERIAL] if seat >= 0 else 0
    corruption[Corruption.STORED] = state[At.STORED]
    make_durable(world, state[At.NOW])
    _trust(world, row)
    cause = candidate[Its.CAUSE]
    push_sudden(world, tick, cause, Stream.RELAPSE.value, candidate[Its.ORDINAL] + DEPTH, row, -1)


@rule
def _trust(world: World, row: int) -> None:
    """The durable checkpoint is the clean one of a corruption."""
    state = world.state
    corruption = world.corruptions[row]
    corruption[Corruption.CLEAN_WORK] = state[At.DURABLE_WORK]
    corruption[Corruption.CLEAN_KEPT] = state[At.DURABLE_KEPT]
    corruption[Corruption.CLEAN_SAVES] = state[At.DURABLE_SAVES]
    corruption[Corruption.CLEAN_SINCE] = state[At.DURABLE_SINCE]


@rule
def _still_sits(world: World, row: int) -> bool:
    """Whether the corrupting node has kept its place since the onset."""
    seat = world.corruptions[row, Corruption.SEAT]
    if seat < 0 or world.places[seat, Place.NODE] < 0:
        return False
    return world.places[seat, Place.SERIAL] == world.corruptions[row, Corruption.SERIAL]


@rule
def meet_alarm(plan: Plan, world: World, row: int) -> bool:
    """The alarm of a corruption (its row) is the candidate at hand, a STOP; it strikes whatever the job does."""
    candidate = world.candidate
    candidate[Its.TRAITS] = Trait.CERTAIN
    candidate[Its.PLACE] = world.corruptions[row, Corruption.PLACE]
    candidate[Its.BLAST] = int(_still_sits(world, row))
    _fall_back(plan, world, row)
    return True


@rule
def _fall_back(plan: Plan, world: World, row: int) -> None:
    """Nothing that was saved since a corruption is to be trusted."""
    state = world.state
    corruption = world.corruptions[row]
    world.tally[Tally.ALARMS] += 1
    if plan.checkpoints_kept > 0 and state[At.STORED] - corruption[Corruption.STORED] >= plan.checkpoints_kept:
        world.tally[Tally.CHECKPOINTS_LOST] += 1
        for column in range(Corruption.CLEAN_WORK.value, Corruption.CLEAN_SINCE.value + 1):
            corruption[column] = 0
    make_durable(world, state[At.NOW])
    if corruption[Corruption.CLEAN_WORK] <= state[At.DURABLE_WORK]:
        state[At.DURABLE_WORK] = corruption[Corruption.CLEAN_WORK]
        state[At.DURABLE_KEPT] = corruption[Corruption.CLEAN_KEPT]
        state[At.DURABLE_SAVES] = corruption[Corruption.CLEAN_SAVES]
        state[At.DURABLE_SINCE] = corruption[Corruption.CLEAN_SINCE]
    state[At.MEMORY_USABLE] = 0
    free_row(world, world.corruptions, At.CORRUPTIONS.value, row)
    for other in range(state[At.CORRUPTIONS]):
        is_above = world.corruptions[other, Corruption.CLEAN_WORK] > state[At.DURABLE_WORK]
        if world.corruptions[other, Corruption.LINK] == IN_USE and is_above:
            _trust(world, other)
