"""The repair shop: three stages, each a SimPy resource whose units are crews."""

import sys
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import simpy

from simulator.engines.reference.calendar import Rank, Story
from simulator.engines.reference.strikes import Strike
from simulator.numbers.plan import Purpose, Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World

LENGTHS = (Purpose.REPAIR, Purpose.MANUAL, Purpose.VENDOR)  # by stage
GOES_ON = (Purpose.ESCALATE, Purpose.ESCALATE_AGAIN)  # from a stage to the next
COUNTS = (Tally.REPAIRS, Tally.MANUAL_REPAIRS, Tally.VENDOR_REPAIRS)


@dataclass(frozen=True, eq=False)
class Repair:
    """The nodes that one strike took, in order of place. They are mended together, by one crew, under its name."""

    strike: Strike
    nodes: list[int]
    is_missed: bool = False  # the diagnosis found nothing
    is_innocent: bool = False  # nothing was wrong with them


class Shop:
    """Repairs nodes; at each stage first come, first served."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._entries = count()  # to all stages
        self._escalate = [float(share) for share in world.plan.escalate]
        crews = (int(world.plan.crews), int(world.plan.crews_manual), int(world.plan.crews_vendor))
        # Where no crews are given nobody waits for one.
        self._unlimited = [number == 0 for number in crews]
        self._crews = [simpy.Resource(world.calendar, capacity=number or sys.maxsize) for number in crews]
        self.repairs = 0  # waiting for a crew or in its hands

    def admit(self, repair: Repair) -> None:
        """Take in the nodes that a strike broke. Retired ones never enter."""
        if not repair.nodes or self._world.histories.never_returns(repair.strike):
            return
        self.repairs += 1
        last = self._last_stage(repair.strike)
        cured = self._cures(repair.strike, last)
        for tally in COUNTS[: last + 1]:
            self._world.journal.count(tally)
        if cured:
            self._world.journal.count(Tally.CURES)
        self._world.calendar.process(self._mend(repair, next(self._entries), last, cured))

    def _last_stage(self, strike: Strike) -> int:
        """The stage that a repair does not leave for a next one; scripts know the first only."""
        if strike.scripted:
            return 0
        for stage, purpose in enumerate(GOES_ON):
            if not self._world.chance.happens(strike.name, purpose, self._escalate[stage]):
                return stage
        return len(GOES_ON)

    def _cures(self, strike: Strike, stage: int) -> bool:
        """Whether a repair cures; a scripted one does unless its line gives a relapse."""
        if strike.scripted:
            return Purpose.RELAPSE not in strike.given
        cause = self._world.causes[strike.name.cause]
        return self._world.chance.happens(strike.name, Purpose.CURE, cause.cures[stage])

    def _mend(self, repair: Repair, entry: int, last: int, cured: bool) -> Story:
        calendar, chance = self._world.calendar, self._world.chance
        stage = 0
        while True:
            with self._crews[stage].request() as crew:
                yield crew
                ready = calendar.tick + chance.ticks(repair.strike, LENGTHS[stage])
                while stage < last and self._unlimited[stage] and self._unlimited[stage + 1]:
                    stage += 1  # nobody waits for a crew here or there, so both are one
                    ready += chance.ticks(repair.strike, LENGTHS[stage])
                yield calendar.ring(ready, Rank.RETURN, entry)
            if stage == last:
                break
            stage += 1
            entry = next(self._entries)
        self.repairs -= 1
        self._world.operations.on_return(repair, cured)
