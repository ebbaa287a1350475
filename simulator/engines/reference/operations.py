"""Operations: what strikes, returns and windows do to the job and its nodes, and when a stop is planned."""

from typing import TYPE_CHECKING

from simulator.chance import Purpose
from simulator.durations import NEVER
from simulator.engines.reference.calendar import Calendar, Rank, Story
from simulator.engines.reference.checkpoints import Tiers
from simulator.engines.reference.cluster import Cluster, Mark
from simulator.engines.reference.journal import Journal, Note
from simulator.engines.reference.policy import JobView, Policy
from simulator.engines.reference.progress import BUSY, Progress
from simulator.engines.reference.shop import Shop
from simulator.engines.reference.strikes import Cause, Chance, Strike, Window
from simulator.ledger import Effect, Kind, Phase

if TYPE_CHECKING:
    from simulator.engines.reference.job import Job
    from simulator.engines.reference.weather import Weather


class Operations:
    """The hands on the cluster. `lead` is the strike or window under whose name the phases of a recovery are drawn."""

    job: "Job"
    weather: "Weather"

    def __init__(
        self,
        causes: list[Cause],
        calendar: Calendar,
        chance: Chance,
        journal: Journal,
        progress: Progress,
        cluster: Cluster,
        tiers: Tiers,
        shop: Shop,
        policy: Policy,
        view: JobView,
    ) -> None:
        self._causes = causes
        self._calendar = calendar
        self._chance = chance
        self._journal = journal
        self._progress = progress
        self._tiers = tiers
        self._shop = shop
        self._policy = policy
        self._view = view
        self._undiagnosed: list[tuple[Strike, list[int]]] = []
        self.cluster = cluster
        self.lead: Strike | Window | None = None
        self.window: Window | None = None  # pending

    # strikes

    def on_strike(self, strike: Strike) -> None:
        """A candidate that is not void strikes."""
        place = -1 if strike.slot >= 0 else strike.place
        self._note(Kind.STRIKE, strike.name.cause, strike.name.ordinal, place)
        if strike.effect is Effect.STALL:
            self._progress.book()
            self.job.pause(self._chance.ticks(strike, Purpose.LENGTH))
        elif strike.effect is Effect.SLOW:
            self._slow_down(strike)
        else:
            self._journal.count_stop(self._calendar.tick, strike.name.cause, self.cluster.nodes_out)
            if strike.slot >= 0:
                self._shop.admit(strike, [self.cluster.take_from_pool(strike.slot)], self.on_return)
            else:
                self._stop(strike)

    def _stop(self, strike: Strike) -> None:
        phase = self._progress.phase
        if phase in BUSY:
            self._progress.book()
            self._tiers.cancel_drain()
        nodes = self._take(strike, self.cluster.filled_block(strike))
        if phase in BUSY:
            self._journal.interruptions[strike.name.cause] += 1
            self._undiagnosed.append((strike, nodes))
            self.lead = strike
            self.job.stop()
        elif phase in (Phase.DETECTION, Phase.DIAGNOSIS):
            self._undiagnosed.append((strike, nodes))  # one look finds both
        else:
            self._shop.admit(strike, nodes, self.on_return)
            if phase is Phase.SWAP:
                self.lead = strike

    def _take(self, strike: Strike, places: list[int]) -> list[int]:
        """Empty places, and go back to the newest checkpoint that this leaves. Returns the nodes, by place."""
        nodes = [self.cluster.take(place) for place in places]
        for place in places:
            self._tiers.lose_copy(place)
        self._progress.speed = self.cluster.speed
        self.weather.break_unit(strike)
        self._progress.roll_back(self._tiers.survivor())
        return nodes

    def send_to_repair(self) -> None:
        """The diagnosis is over: what was struck since the job stopped enters the shop, in order of strike."""
        for strike, nodes in self._undiagnosed:
            self._shop.admit(strike, nodes, self.on_return)
        self._undiagnosed.clear()

    def on_return(self, strike: Strike, nodes: list[int]) -> None:
        """A repair is over. Its nodes may be those that the job waits for."""
        self._note(Kind.RETURN, strike.name.cause, strike.name.ordinal)
        cured = self._chance.cures(strike, self._causes[strike.name.cause].cure)
        self.cluster.bring_back(nodes, strike, cured)
        if self._progress.phase is Phase.WAIT and self.cluster.can_fill:
            self.job.go_on_with_enough_nodes()

    # slow places

    def _slow_down(self, strike: Strike) -> None:
        found_after = self._chance.ticks(strike, Purpose.FOUND)
        healed_after = self._chance.ticks(strike, Purpose.HEALED)
        mark = self.cluster.mark_slow(strike, self._chance.speed(strike), found_after, healed_after)
        mark.process = self._calendar.tell(self._until_found_and_healed(mark))
        self._adopt_speed()

    def _until_found_and_healed(self, mark: Mark) -> Story:
        cause, _, ordinal = mark.strike.name
        place = mark.strike.place
        if mark.found_at < mark.healed_at:
            yield self._calendar.ring(mark.found_at, Rank.SLOW_ENDS, cause, ordinal)
            self._note(Kind.SLOW_END, cause, ordinal, place)
            mark.found = True
        if mark.healed_at < NEVER:
            yield self._calendar.ring(mark.healed_at, Rank.SLOW_ENDS, cause, ordinal)
            self._note(Kind.SLOW_END, cause, ordinal, place)
            self.cluster.heal(place)
            self._adopt_speed()

    def _adopt_speed(self) -> None:
        """The slow places changed; training up to now was at the old speed."""
        if self._progress.speed != self.cluster.speed:
            self._progress.book()
            self._progress.speed = self.cluster.speed
            if self._progress.phase is Phase.TRAINING:
                self.job.change_pace()

    def _to_evict(self) -> list[Mark]:
        if not self.cluster.can_evict:
            return []
        found = [mark for place, mark in self.cluster.slow.items() if mark.found and place >= 0]
        asked = (mark for mark in sorted(found, key=lambda mark: mark.order))
        return [mark for mark in asked if self._policy.evict(self._view, mark.strike.place, mark.speed)]

    def evict_slow_nodes(self) -> None:
        """While the pool has a node to spare, send found slow nodes to the shop, one repair each."""
        for first, mark in enumerate(self._to_evict()):
            if not self.cluster.can_evict:
                return
            nodes = self._take(mark.strike, [mark.strike.place])
            self._shop.admit(mark.strike, nodes, self.on_return)
            if first == 0:
                self.lead = mark.strike

    def fill_places(self) -> None:
        """Seat nodes of the pool in all empty places. From now on they can be struck there."""
        for place in sorted(self.cluster.empty):
            slot = self._policy.node(self._view, place, tuple(self.cluster.pool))
            if not 0 <= slot < len(self.cluster.pool):
                raise ValueError(
                    f"{type(self._policy).__name__}.node returned {slot}; the pool has {len(self.cluster.pool)} nodes"
                )
            uncured = self.cluster.fill(place, slot)
            self.weather.on_fill(place, uncured)

    # planned stops

    def on_window(self, window: Window) -> None:
        """A window is due. While another is pending or kept it is dropped: one visit does both."""
        self._note(Kind.WINDOW_DUE, -1, window.name.ordinal)
        if self.window is None and self._progress.phase is not Phase.MAINTENANCE:
            self.window = window

    def begin_window(self) -> Window:
        """The pending window begins, and leads the recovery from it."""
        window = self.window
        assert window is not None, "no window is pending"
        self.lead, self.window = window, None
        return window

    def wants_a_stop(self) -> bool:
        """Whether a window is pending, or a slow node could be replaced."""
        return self.window is not None or bool(self._to_evict())

    def stop_as_planned(self) -> bool:
        """Begin a planned stop where one is wanted and nothing is in its way. Returns whether one was begun."""
        phase = self._progress.phase
        if phase is Phase.WAIT:
            wanted = self.window is not None
        else:
            wanted = phase in (Phase.TRAINING, Phase.RESTART, Phase.RESTORE) and self.wants_a_stop()
        if wanted:
            self._progress.book()
            self._note(Kind.PLANNED_STOP)
            self.job.stop_as_planned()
        return wanted

    # the end

    def waits_for_nobody(self) -> bool:
        """Whether the job waits for nodes of which none will come."""
        waits = self._progress.phase is Phase.WAIT and not self.cluster.can_fill
        return waits and self._shop.repairs == 0 and self.window is None

    def _note(self, kind: Kind, cause: int = -1, ordinal: int = -1, place: int = -1) -> None:
        self._journal.note(Note(self._calendar.tick, kind, cause, ordinal, place))
