"""Draws: the numbers that the names of one replication own."""

from math import floor

import numpy as np

from simulator.engines.reference.strikes import Name, Strike, Window
from simulator.numbers.chance import uniform
from simulator.numbers.durations import Hazards, age_at, budget, draw_value_with, level_at, ticks
from simulator.numbers.plan import Plan, Purpose, Stream
from simulator.numbers.times import SPEED_SCALE

# Of a stream: behind it those of the places.
_PLACE = 2**20


class Chance:
    """The draws of one replication: every number is a pure function of a name and a purpose."""

    def __init__(self, plan: Plan, key: np.uint64) -> None:
        self._laws = plan.laws
        self._hazards = Hazards(plan.hazard_kind, plan.hazard, plan.table)
        self._key = np.uint64(key)
        self._streams = [[int(number) for number in row] for row in plan.streams]
        self._causes = len(plan.units)

    def happens(self, name: Name, purpose: Purpose, share: float) -> bool:
        """Whether something of probability `share` happens to a name."""
        return self._number(name, purpose) < share

    def index(self, name: Name, purpose: Purpose, length: int) -> int:
        """One of so many, all equally likely."""
        return min(length - 1, int(self._number(name, purpose) * length))

    def _number(self, name: Name, purpose: Purpose) -> float:
        return float(uniform(self._key, self._stream(name), name.ordinal, int(purpose)))

    def _stream(self, name: Name) -> int:
        return self._streams[name.cause][name.stream]

    def _value(self, name: Name, purpose: Purpose, number: Purpose) -> float:
        """What a law makes of a number of a name."""
        owned = (name.cause, self._stream(name), name.ordinal)
        return float(draw_value_with(self._laws, self._key, *owned, int(purpose), int(number)))

    # of strikes and windows

    def ticks(self, owner: Strike | Window, purpose: Purpose) -> int:
        """The duration that a strike or a window owns for a purpose, given or drawn [ticks]."""
        if purpose in owner.given:
            return owner.given[purpose]
        # What memory gives back has its own law; the number is that of any restore.
        number = Purpose.RESTORE if purpose is Purpose.RESTORE_MEMORY else purpose
        return int(ticks(self._value(owner.name, purpose, number)))

    def speed(self, strike: Strike) -> int:
        """The speed that a SLOW strike marks its place with, in 1..Q."""
        if Purpose.FACTOR in strike.given:
            return strike.given[Purpose.FACTOR]
        factor = self._value(strike.name, Purpose.FACTOR, Purpose.FACTOR)
        return 1 if factor <= 0.0 else SPEED_SCALE if factor >= 1.0 else max(1, floor(factor * SPEED_SCALE + 0.5))

    def is_member(self, name: Name, place: int, share: float) -> bool:
        """Whether a strike that hits each place of a group with probability `share` hits this one."""
        stream = self._stream(name) + _PLACE * (1 + place)
        return share >= 1.0 or float(uniform(self._key, stream, name.ordinal, int(Purpose.MEMBER))) < share

    # of the job

    def pace(self, pace: int) -> int:
        """The speed of the job when nothing is slow, its slowest rank taken into account, in 1..Q."""
        spread = self._value(Name(self._causes, Stream.WEATHER, 0), Purpose.SPREAD, Purpose.SPREAD)
        return pace if spread <= 0.0 else max(1, floor(pace / (1.0 + spread)))

    def choice(self, filled: int, length: int) -> int:
        """Which of so many nodes fills the next place, by chance, when `filled` places have been filled."""
        return self.index(Name(self._causes, Stream.WEATHER, filled), Purpose.CHOICE, length)

    # of clocks

    def budget(self, name: Name) -> float:
        """The unit-exponential budget that a candidate burns."""
        return float(budget(self._key, self._stream(name), name.ordinal))

    def first_level(self, cause: int) -> float:
        """Cumulative hazard of a unit of the cohort at tick 0."""
        return float(level_at(self._hazards, cause, float(self._hazards.parameters[cause, 2])))

    def cohort_tick(self, cause: int, level: float) -> int:
        """The tick at which the cohort reaches a level."""
        age_at_start = float(self._hazards.parameters[cause, 2])
        return int(ticks(age_at(self._hazards, cause, level) - age_at_start))

    def age(self, cause: int, level: float) -> int:
        """The age at which a unit reaches a level [ticks]."""
        return int(ticks(age_at(self._hazards, cause, level)))
