"""Strikes and windows: what happens to the job, under which name, and the numbers that a name owns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from simulator.chance import Purpose, uniform
from simulator.durations import (
    NEVER,
    Hazards,
    age_at,
    budget,
    cohort_tick,
    draw_speed,
    draw_ticks,
    level_at,
    ticks,
)
from simulator.ledger import Effect, Exposed
from simulator.plan import Line, Plan

# An ordinal is j + 2^32 g + 2^48 d: candidate j of the cohort, generation g of its unit, depth d of the relapse.
GENERATION = 2**32
DEPTH = 2**48

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
_GIVEN_TO_A_RELAPSE = (Purpose.DETECTION, Purpose.DIAGNOSIS, Purpose.REPAIR)


class Name(NamedTuple):
    """Who owns a drawn number: a cause, one of its streams, and an ordinal in it."""

    cause: int
    stream: int
    ordinal: int


@dataclass(frozen=True, eq=False)
class Window:
    """A planned stop that is due. `given` holds its length where the plan lists it."""

    name: Name
    given: Mapping[Purpose, int]


@dataclass(frozen=True, eq=False)
class Strike:
    """A candidate with the effect that it would have, drawn or scripted."""

    name: Name
    effect: Effect
    place: int = -1  # the first place of its unit; -1: none
    blast: int = 1  # nodes of the aligned block that a STOP takes
    exposed: Exposed = Exposed.ALWAYS
    unit: int = -1  # the unit that breaks; -1: none does
    slot: int = -1  # index in the pool; -1: it falls on the job
    retires: bool = False  # the nodes taken never return
    scripted: bool = False
    given: Mapping[Purpose, int] = field(default_factory=dict)  # ticks (and a speed) that stand instead of draws


class Cause(NamedTuple):
    """One row of the plan's causes, as plain numbers; see `Plan`."""

    row: int
    units: int
    per_place: int
    span: int
    effect: Effect
    blast: int
    exposed: Exposed
    renewal: bool
    on_bench: bool
    retires: bool
    hidden: float
    reach: int
    cure: float
    lemon_share: float

    def first_place(self, unit: int) -> int:
        """The first place of a unit; -1 where the unit is the job's."""
        return unit // self.per_place if self.per_place else unit * self.span if self.span else -1


def causes_of(plan: Plan) -> list[Cause]:
    """The plan's causes, row by row."""
    return [
        Cause(
            row,
            units=int(plan.units[row]),
            per_place=int(plan.per_place[row]),
            span=int(plan.span[row]),
            effect=Effect(int(plan.effect[row])),
            blast=int(plan.blast[row]),
            exposed=Exposed(int(plan.exposed[row])),
            renewal=bool(plan.renewal[row] == 1),
            on_bench=bool(plan.bench[row] == 1),
            retires=bool(plan.retire[row] == 1),
            hidden=float(plan.hidden[row]),
            reach=int(plan.reach[row]),
            cure=float(plan.cure[row]),
            lemon_share=float(plan.lemon_share[row]),
        )
        for row in range(len(plan.units))
    ]


def scripted_strike(plan: Plan, row: int) -> Strike:
    """Line `row` of the plan's script. Healing and finding that it does not give never happen."""
    line = [int(value) for value in plan.script[row]]
    cause, place, blast = line[Line.CAUSE], line[Line.PLACE], line[Line.BLAST]
    given = {Purpose.FOUND: NEVER, Purpose.HEALED: NEVER}
    given |= {purpose: line[column] for purpose, column in _GIVEN.items() if line[column] >= 0}
    return Strike(
        Name(cause, cause, row),
        Effect(line[Line.EFFECT]),
        place=place,
        blast=1 if blast < 0 else blast,
        slot=line[Line.BENCH],
        retires=line[Line.RETIRE] == 1,
        scripted=True,
        given=given,
    )


def relapse_of(repair: Strike, place: int, causes: int) -> Strike:
    """The strike of a node, in its new place, that a repair under the name of `repair` did not cure."""
    cause, stream, ordinal = repair.name
    from_bench = stream in (causes + cause, 3 * causes + cause)
    name = Name(cause, (3 if from_bench else 2) * causes + cause, ordinal + DEPTH)
    given = {purpose: repair.given[purpose] for purpose in _GIVEN_TO_A_RELAPSE if purpose in repair.given}
    return Strike(name, Effect.STOP, place, scripted=repair.scripted, given=given)


class Chance:
    """The draws of one replication: every number is a pure function of a name and a purpose."""

    def __init__(self, plan: Plan, key: np.uint64) -> None:
        self._laws = plan.laws
        self._hazards = Hazards(plan.hazard_kind, plan.hazard, plan.table)
        self._key = np.uint64(key)
        self._causes = len(plan.units)

    def ticks(self, owner: Strike | Window, purpose: Purpose) -> int:
        """The duration that a strike or a window owns for a purpose, given or drawn [ticks]."""
        if purpose in owner.given:
            return owner.given[purpose]
        return int(draw_ticks(self._laws, self._key, *owner.name, int(purpose)))

    def speed(self, strike: Strike) -> int:
        """The speed of the place that a SLOW strike marks, in 1..Q."""
        if Purpose.FACTOR in strike.given:
            return strike.given[Purpose.FACTOR]
        return int(draw_speed(self._laws, self._key, *strike.name))

    def happens(self, name: Name, purpose: Purpose, share: float) -> bool:
        """Whether something of probability `share` happens to a name."""
        return float(uniform(self._key, name.stream, name.ordinal, int(purpose))) < share

    def unit(self, name: Name, units: int) -> int:
        """The unit, of so many, on which a candidate falls."""
        return min(units - 1, int(uniform(self._key, name.stream, name.ordinal, int(Purpose.UNIT)) * units))

    def is_born_lemon(self, cause: int, node: int, share: float) -> bool:
        """Whether a node came as one of those that a lemon cause can strike."""
        return self.happens(Name(cause, 4 * self._causes + 1 + cause, node), Purpose.LEMON, share)

    def cures(self, strike: Strike, cure: float) -> bool:
        """Whether the repair under a strike's name cures; a scripted one does unless its line gives a relapse."""
        if strike.scripted:
            return Purpose.RELAPSE not in strike.given
        return self.happens(strike.name, Purpose.CURE, cure)

    def budget(self, name: Name) -> float:
        """The unit-exponential budget that a candidate burns."""
        return float(budget(self._key, name.stream, name.ordinal))

    def first_level(self, cause: int) -> float:
        """Cumulative hazard of a unit of the cohort at tick 0."""
        return float(level_at(self._hazards, cause, float(self._hazards.parameters[cause, 2])))

    def cohort_tick(self, cause: int, level: float) -> int:
        """The tick at which the cohort reaches a level."""
        return int(cohort_tick(self._hazards, cause, level))

    def age(self, cause: int, level: float) -> int:
        """The age at which a unit reaches a level [ticks]."""
        return int(ticks(age_at(self._hazards, cause, level)))
