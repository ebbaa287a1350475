"""Planning: windows that are due, slow nodes that could be replaced, and when the job stops for them."""

from typing import TYPE_CHECKING

from simulator.engines.reference.shop import Repair
from simulator.engines.reference.slowness import Mark
from simulator.engines.reference.strikes import Window
from simulator.ledger import Kind, Phase, Tally

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Planning:
    """What the job stops for without being struck."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.window: Window | None = None  # pending

    def on_window(self, window: Window) -> None:
        """A window is due. While another is pending or kept it is dropped: one visit does both."""
        self._world.journal.note(Kind.WINDOW_DUE, -1, window.name.ordinal)
        if self.window is None and self._world.progress.phase is not Phase.MAINTENANCE:
            self.window = window

    def begin_window(self) -> Window:
        """The pending window begins, and leads the recovery from it."""
        window = self.window
        assert window is not None, "no window is pending"
        self._world.operations.lead, self.window = window, None
        return window

    def wants_a_stop(self) -> bool:
        """Whether a window is pending, or a slow node could be replaced."""
        return self.window is not None or self._next_to_evict() is not None

    def stop_as_planned(self) -> bool:
        """Begin a planned stop where one is wanted and nothing is in its way. Returns whether one was begun."""
        phase = self._world.progress.phase
        if phase is Phase.WAIT:
            wanted = self.window is not None
        else:
            wanted = phase in (Phase.TRAINING, Phase.RESTART, Phase.RESTORE) and self.wants_a_stop()
        if wanted:
            self._world.progress.book()
            self._world.journal.note(Kind.PLANNED_STOP)
            self._world.job.stop_as_planned()
        return wanted

    def evict_slow_nodes(self) -> None:
        """While there is a node to spare, send found slow nodes to the shop, one repair each. The first one leads."""
        operations, evicted = self._world.operations, 0
        while (mark := self._next_to_evict()) is not None:
            nodes = [operations.take(mark.strike.place)]
            self._world.weather.break_unit(mark.strike)
            operations.roll_back()
            self._world.shop.admit(Repair(mark.strike, nodes))
            if not evicted:
                operations.lead = mark.strike
            evicted += 1
        self._world.journal.count(Tally.EVICTIONS, evicted)

    def _next_to_evict(self) -> Mark | None:
        """The first found place that has a node to spare, and that the policy does not want to keep."""
        world = self._world
        for mark in world.slowness.found:
            place = mark.strike.place
            if world.staffing.can_evict(place) and world.policy.evict(world.view, place, mark.speed):
                return mark
        return None
