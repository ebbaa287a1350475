"""Corruption: weights that went bad silently, the alarm that tells of it, and the checkpoints from before."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulator.engines.reference.progress import State
from simulator.engines.reference.strikes import Name, Strike, what_follows
from simulator.numbers.plan import Purpose, Stream, Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


@dataclass(eq=False)
class Corruption:
    """What was true at the onset."""

    clean: State  # the newest checkpoint in storage without it
    saves: int  # storage saves closed by then
    seating: int  # number of the seating of the node in its place


class Corruptions:
    """The corruptions that nobody knows of yet."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._kept = int(world.plan.checkpoints_kept)
        self._hidden: dict[Name, Corruption] = {}  # by the name of the alarm

    def begin(self, strike: Strike) -> None:
        """The weights go bad, and nothing is seen. What is in storage is clean; a save that drains is not trusted."""
        tiers, cluster = self._world.tiers, self._world.cluster
        alarm = what_follows(strike, Stream.RELAPSE, strike.place, is_certain=True)
        seating = cluster.seatings[strike.place] if strike.place >= 0 else 0
        self._hidden[alarm.name] = Corruption(tiers.storage, tiers.saves_closed, seating)
        self._world.journal.count(Tally.CORRUPTIONS)
        self._world.weather.expect(alarm, self._world.chance.ticks(strike, Purpose.FOUND))

    def find_out(self, alarm: Strike) -> Strike:
        """An alarm discards what was saved since. Returns it as it strikes, on the node that did it, if that sits."""
        cluster, corruption = self._world.cluster, self._hidden.pop(alarm.name)
        self._world.journal.count(Tally.ALARMS)
        self._discard_checkpoints(corruption)
        stayed = cluster.is_filled(alarm.place) and cluster.seatings[alarm.place] == corruption.seating
        return replace(alarm, takes=(alarm.place,) if stayed else ())

    def _discard_checkpoints(self, corruption: Corruption) -> None:
        """Only what was saved before the onset is worth something, and perhaps none of that is kept any more."""
        tiers = self._world.tiers
        clean = corruption.clean
        if 0 < self._kept <= tiers.saves_closed - corruption.saves:
            self._world.journal.count(Tally.CHECKPOINTS_LOST)
            clean = State(0, 0, 0)
        tiers.fall_back(clean)
        for other in self._hidden.values():
            if other.clean.work > tiers.storage.work:
                other.clean = tiers.storage
