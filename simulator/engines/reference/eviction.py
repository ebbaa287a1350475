"""Eviction: when a slow place is found, and whether its node is replaced. Semantics 8.5 and 12.1 b."""

from typing import TYPE_CHECKING

from simulator.engines.reference.shop import Repair
from simulator.engines.reference.slowness import Mark
from simulator.engines.reference.strikes import Strike
from simulator.numbers.plan import Purpose, Rule, Tally
from simulator.numbers.times import NEVER, SPEED_SCALE

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


class Eviction:
    """Replaces slow nodes by spares, as far as that pays."""

    def __init__(self, world: "World") -> None:
        self._world = world

    @property
    def is_wanted(self) -> bool:
        """Whether a slow node could be replaced."""
        return self._next() is not None

    def evict_slow_nodes(self) -> None:
        """While there is a node to spare, send found slow nodes to the shop, one repair each. The first one leads."""
        operations, evicted = self._world.operations, 0
        while (mark := self._next()) is not None:
            nodes = [operations.take(mark.strike.place)]
            self._world.weather.break_unit(mark.strike)
            operations.roll_back()
            self._world.shop.admit(Repair(mark.strike, nodes))
            if not evicted:
                operations.lead = mark.strike
            evicted += 1
        self._world.journal.count(Tally.EVICTIONS, evicted)

    def _next(self) -> Mark | None:
        """The first found place that has a node to spare, and that the policy does not want to keep."""
        world = self._world
        for mark in world.slowness.found:
            place = mark.strike.place
            if world.staffing.can_spare_one_for(place) and world.policy.evict(world.view, place, mark.speed):
                return mark
        return None

    def found_after(self, strike: Strike, speed: int) -> int:
        """Ticks from the onset until a slow place is found, and to replace its node pays."""
        found = self._world.chance.ticks(strike, Purpose.FOUND)
        if strike.scripted:
            return found
        rules = self._world.causes[strike.name.cause].rules
        if speed >= rules[Rule.EVICT_BELOW]:
            return NEVER
        patience, loss = rules[Rule.PATIENCE], SPEED_SCALE - speed
        if patience == 0:
            return found
        # After t ticks it has cost t loss / Q of them.
        return max(found, -(-patience * SPEED_SCALE // loss)) if loss else NEVER
