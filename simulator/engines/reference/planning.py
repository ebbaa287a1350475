"""Planning: windows that are due, slow nodes that could be replaced, and when the job stops for them."""

from typing import TYPE_CHECKING

from simulator.engines.reference.eviction import Eviction
from simulator.engines.reference.strikes import Strike, Window
from simulator.numbers.ledger import Kind, Phase

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Planning:
    """What the job stops for without being struck."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._eviction = Eviction(world)
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
        return self.window is not None or self._eviction.is_wanted

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

    def replace_slow_nodes(self) -> None:
        """While there is a node to spare, send found slow nodes to the shop."""
        self._eviction.evict_slow_nodes()

    def found_after(self, strike: Strike, speed: int) -> int:
        """Ticks from the onset until a slow place is found, and its node to be replaced."""
        return self._eviction.found_after(strike, speed)
