"""Lemons: nodes that are bad for a cause which strikes no others, wherever they are."""

from typing import TYPE_CHECKING

from simulator.engines.reference.causes import Cause
from simulator.engines.reference.strikes import GENERATION, Name
from simulator.numbers.plan import Odds, Purpose, Stream

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Lemons:
    """Which nodes a lemon cause can strike."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._shares = [float(share) for share in world.plan.lemon_share]
        self._period = int(world.plan.lemon_period)

    def are_struck_by(self, cause: Cause) -> bool:
        """Whether a cause strikes bad nodes only."""
        return self._shares[cause.row] > 0.0

    def to_be(self, cause: Cause) -> list[int]:
        """The nodes that are bad from the start, or all if others may turn bad."""
        nodes = range(self._world.staffing.nodes)
        if self._period > 0 and cause.odds[Odds.LEMON_AGAIN] > 0.0:
            return list(nodes)
        return [node for node in nodes if self._is_born_bad(cause, node)]

    def is_bad(self, cause: Cause, node: int) -> bool:
        """Whether a node came as a lemon or turned into one, and was not cured since."""
        cured_at = self._world.histories.cured_at(node)
        if cured_at is None and self._is_born_bad(cause, node):
            return True
        if self._period == 0:
            return False
        cured, now = (cured_at or 0) // self._period, self._world.calendar.tick // self._period
        return any(self._turns_bad(cause, node, period) for period in range(cured + 1, now + 1))

    def _is_born_bad(self, cause: Cause, node: int) -> bool:
        return self._happens(cause, node, self._shares[cause.row])

    def _turns_bad(self, cause: Cause, node: int, period: int) -> bool:
        # Periods, counted from 1, have the place that generations have elsewhere.
        return self._happens(cause, node + GENERATION * period, cause.odds[Odds.LEMON_AGAIN])

    def _happens(self, cause: Cause, ordinal: int, share: float) -> bool:
        return self._world.chance.happens(Name(cause.row, Stream.LEMON, ordinal), Purpose.LEMON, share)
