"""Strikes and windows: what happens to the job, under which name, and what follows from a strike later on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.numbers.ledger import Exposed
from simulator.numbers.plan import Effect, Line, Plan, Purpose, Stream
from simulator.numbers.times import NEVER

# An ordinal is j + 2^32 g + 2^48 d: candidate j of the cohort, generation g of its unit, depth d of the relapse.
GENERATION = 2**32
DEPTH = 2**48

RELAPSE_OF = {
    Stream.WEATHER: Stream.RELAPSE,
    Stream.RELAPSE: Stream.RELAPSE,
    Stream.BENCH: Stream.BENCH_RELAPSE,
    Stream.BENCH_RELAPSE: Stream.BENCH_RELAPSE,
}

_GIVEN = {
    Purpose.LENGTH: Line.LENGTH,
    Purpose.FACTOR: Line.SPEED,
    Purpose.FOUND: Line.FOUND,
    Purpose.HEALED: Line.HEALED,
    Purpose.DETECTION: Line.DETECTION,
    Purpose.DIAGNOSIS: Line.DIAGNOSIS,
    Purpose.REPAIR: Line.REPAIR,
    Purpose.RELAPSE: Line.RELAPSE,
}
_GIVEN_TO_WHAT_FOLLOWS = (Purpose.DETECTION, Purpose.DIAGNOSIS, Purpose.REPAIR)


class Name(NamedTuple):
    """Who owns a drawn number: a cause, one of its streams, and an ordinal in it."""

    cause: int
    stream: Stream
    ordinal: int


@dataclass(frozen=True, eq=False)
class Window:
    """A planned stop that is due. `given` holds its length where the plan lists it."""

    name: Name
    given: Mapping[Purpose, int]


@dataclass(frozen=True, eq=False)
class Strike:
    """A candidate with the effect that it would have: drawn, scripted, or following from an earlier strike."""

    name: Name
    effect: Effect
    place: int = -1  # the first place of its unit; -1: none
    blast: int = 1  # 0: a STOP takes nothing
    takes: tuple[int, ...] = ()  # the places that a STOP takes, as far as they are filled
    exposed: Exposed = Exposed.ALWAYS
    unit: int = -1  # the unit that breaks; -1: none does
    slot: int = -1  # index in the pool; -1: it falls on the job
    scripted: bool = False
    rebuilds: bool = False  # a STALL in which the communicators are set up anew
    is_certain: bool = False  # nothing makes it void
    given: Mapping[Purpose, int] = field(default_factory=dict)  # ticks (and a speed) that stand instead of draws

    @property
    def of_weather(self) -> bool:
        """Whether it fell on a unit by itself; scripts and what follows from other strikes do not."""
        return not self.scripted and (self.unit >= 0 or self.slot >= 0)


def block_around(place: int, blast: int, needed: int) -> tuple[int, ...]:
    """The aligned block of so many places around one, cut at `needed`."""
    if blast == 0 or place < 0:
        return ()
    first = blast * (place // blast)
    return tuple(range(first, min(first + blast, needed)))


def scripted_strike(plan: Plan, row: int) -> Strike:
    """Line `row` of the plan's script. Healing and finding that it does not give never happen."""
    line = [int(value) for value in plan.script[row]]
    cause, place = line[Line.CAUSE], line[Line.PLACE]
    blast = 1 if line[Line.BLAST] < 0 else line[Line.BLAST]
    given = {Purpose.FOUND: NEVER, Purpose.HEALED: NEVER}
    given |= {purpose: line[column] for purpose, column in _GIVEN.items() if line[column] >= 0}
    return Strike(
        Name(cause, Stream.WEATHER, row),
        Effect(line[Line.EFFECT]),
        place=place,
        blast=blast,
        takes=block_around(place, blast, int(plan.needed)),
        slot=line[Line.BENCH],
        scripted=True,
        given=given,
    )


def relapse_of(repair: Strike, place: int) -> Strike:
    """The strike of a node, in its new place, that a repair under the name of `repair` did not cure."""
    return what_follows(repair, RELAPSE_OF[repair.name.stream], place)


def what_follows(strike: Strike, stream: Stream, place: int, is_certain: bool = False) -> Strike:
    """The STOP on one place that a strike leads to, later on."""
    return Strike(
        Name(strike.name.cause, stream, strike.name.ordinal + DEPTH),
        Effect.STOP,
        place,
        takes=block_around(place, 1, place + 1),
        scripted=strike.scripted,
        is_certain=is_certain,
        given={purpose: strike.given[purpose] for purpose in _GIVEN_TO_WHAT_FOLLOWS if purpose in strike.given},
    )
