"""Operations: what strikes and returns do to the job and its nodes."""

from typing import TYPE_CHECKING

from simulator.engines.reference.corruption import Corruptions
from simulator.engines.reference.diagnosis import LOOKING, Finding
from simulator.engines.reference.progress import BUSY
from simulator.engines.reference.shop import Repair
from simulator.engines.reference.strikes import Strike, Window
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import Effect, Purpose, Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Operations:
    """The hands on the cluster. `lead` is the strike or window under whose name the phases of a recovery are drawn."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._corruptions = Corruptions(world)
        self.lead: Strike | Window | None = None

    # strikes

    def on_strike(self, strike: Strike) -> None:
        """A candidate that is not void strikes."""
        journal = self._world.journal
        place = -1 if strike.slot >= 0 else strike.place
        journal.note(Kind.STRIKE, strike.name.cause, strike.name.ordinal, place, int(strike.effect))
        if strike.effect is Effect.STALL:
            self._stall(strike)
        elif strike.effect is Effect.SLOW:
            journal.count(Tally.SLOWED)
            self._world.slowness.begin(strike)
        elif strike.effect is Effect.CORRUPT:
            self._corruptions.begin(strike)
        else:
            if strike.is_certain:
                strike = self._corruptions.find_out(strike)
            journal.count_stop(strike.name.cause, self._world.staffing.nodes_out)
            if strike.slot >= 0:
                self._stop_on_bench(strike)
            else:
                self._stop(strike)

    def _stall(self, strike: Strike) -> None:
        self._world.journal.count(Tally.STALLS)
        if strike.rebuilds:
            self._world.journal.count(Tally.REBUILDS)
        self._world.progress.book()
        self._world.job.pause(self._world.chance.ticks(strike, Purpose.LENGTH))

    def _stop(self, strike: Strike) -> None:
        world, phase = self._world, self._world.progress.phase
        if phase in BUSY:
            world.progress.book()
            world.tiers.cancel_drain()
        repair = self._take_nodes_of(strike, world.diagnosis.finding(strike, phase))
        self.roll_back()
        if phase in LOOKING:
            world.diagnosis.expect(repair)  # one look finds all
        else:
            world.shop.admit(repair)
        if phase in BUSY or phase is Phase.SWAP:
            self.lead = strike
        if phase in BUSY:
            world.journal.count_interruption(strike.name.cause)
            world.job.stop()

    def _take_nodes_of(self, strike: Strike, finding: Finding) -> Repair:
        """Take the nodes that a STOP broke, or the one that is blamed for it. Returns their repair job."""
        world = self._world
        if finding is Finding.INNOCENT:
            world.journal.count(Tally.BLAMED)
            innocent = self.take(world.diagnosis.innocent(strike))
            world.weather.expect_relapse(strike.place, strike)
            return Repair(strike, [innocent], is_innocent=True)
        places = [place for place in strike.takes if world.cluster.is_filled(place)]
        nodes = [self.take(place) for place in places]
        world.weather.break_unit(strike)
        return Repair(strike, nodes, is_missed=finding is Finding.NOTHING)

    def _stop_on_bench(self, strike: Strike) -> None:
        node = self._world.staffing.pools.pool.pop(strike.slot)
        self._world.cluster.uncured.pop(node, None)
        self._world.histories.note_taking(node)
        self._world.shop.admit(Repair(strike, [node]))

    # places and nodes

    def take(self, place: int) -> int:
        """Empty a place whose node broke, or is thought to have. Returns the node."""
        node = self.leave(place)
        self._world.histories.note_taking(node)
        return node

    def leave(self, place: int) -> int:
        """Empty a place; its copy of the checkpoint, its slow mark and its relapse go with the node. Returns that."""
        self._world.slowness.forget(place)
        self._world.tiers.lose_copy(place)
        return self._world.cluster.leave(place)

    def roll_back(self) -> None:
        """Places were emptied, or the job stopped: go back to the newest checkpoint that this leaves."""
        self._world.progress.speed = self._world.slowness.speed
        self._world.journal.note_loss(self._world.progress.roll_back(self._world.tiers.survivor()))

    def on_return(self, repair: Repair, cured: bool) -> None:
        """A repair is over. Its nodes may be those that the job waits for."""
        self._world.journal.note(Kind.RETURN, repair.strike.name.cause, repair.strike.name.ordinal)
        self.bring_back(repair, cured)
        if self._world.job.waits_for_returns and self._world.staffing.can_go_on:
            self._world.job.go_on_with_enough_nodes()

    def bring_back(self, repair: Repair, cured: bool) -> None:
        """Nodes come back, in order of place, unless they have been away too often. What is not cured stays in one."""
        world = self._world
        for node in repair.nodes:
            if cured:
                world.histories.note_cure(node)
            if world.histories.stays_away(node):
                continue
            world.staffing.join(node)
            if node == repair.nodes[0] and not cured and not repair.is_innocent:
                world.cluster.uncured[node] = repair.strike

    # the end

    def waits_for_nobody(self) -> bool:
        """Whether the job waits for nodes of which none will come."""
        world = self._world
        waits = world.job.waits_for_returns and not world.staffing.can_go_on
        return waits and world.shop.repairs == 0 and world.planning.window is None
