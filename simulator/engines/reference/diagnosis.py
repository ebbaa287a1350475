"""Diagnosis: what it finds of the nodes that were struck, rightly or not, and when they enter the shop."""

from enum import Enum, auto
from typing import TYPE_CHECKING

from simulator.engines.reference.progress import BUSY
from simulator.engines.reference.shop import Repair
from simulator.engines.reference.strikes import Strike
from simulator.numbers.ledger import Phase
from simulator.numbers.plan import Odds, Purpose, Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World

LOOKING = BUSY | {Phase.DETECTION, Phase.DIAGNOSIS}


class Finding(Enum):
    """What the diagnosis makes of a STOP."""

    GUILTY = auto()  # who was struck is taken out, and repaired
    NOTHING = auto()  # who was struck is taken out, and comes back as it is
    INNOCENT = auto()  # somebody else is taken out


class Diagnosis:
    """The repair jobs that wait for the diagnosis to end: nobody mends what is not found."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._at_strike = bool(world.plan.at_strike)
        self._waiting: list[Repair] = []

    def finding(self, strike: Strike, phase: Phase) -> Finding:
        """What will be found of a STOP that strikes in a phase. Only the weather's are ever mistaken."""
        if not (strike.of_weather and strike.blast and phase in LOOKING):
            return Finding.GUILTY
        world, cause = self._world, self._world.causes[strike.name.cause]
        if world.chance.happens(strike.name, Purpose.MISSED, cause.odds[Odds.MISSED]):
            return Finding.NOTHING
        one_of_many = cause.blast == 1 and not cause.elements and world.cluster.places > 1
        if phase in BUSY and one_of_many and world.chance.happens(strike.name, Purpose.BLAMED, cause.odds[Odds.BLAMED]):
            return Finding.INNOCENT if world.cluster.is_filled(self.innocent(strike)) else Finding.GUILTY
        return Finding.GUILTY

    def innocent(self, strike: Strike) -> int:
        """The place that is blamed for a strike on another one."""
        others = self._world.cluster.places - 1
        other = self._world.chance.index(strike.name, Purpose.INNOCENT, others)
        return other + 1 if other >= strike.place else other

    def expect(self, repair: Repair) -> None:
        """What was struck while the job worked or while others were looked for waits for the diagnosis, as a rule."""
        if repair.is_missed:
            self._world.journal.count(Tally.MISSED)
        if self._at_strike:
            self._conclude(repair)
        else:
            self._waiting.append(repair)

    def end(self) -> None:
        """The diagnosis is over: one repair job after the other enters the shop, as they were struck."""
        for repair in self._waiting:
            self._conclude(repair)
        self._waiting.clear()

    def _conclude(self, repair: Repair) -> None:
        if repair.is_missed:
            self._world.operations.bring_back(repair, cured=False)
        else:
            self._world.shop.admit(repair)
