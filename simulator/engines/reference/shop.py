"""The repair shop: a SimPy resource whose units are crews."""

from collections.abc import Callable
from itertools import count

import simpy

from simulator.chance import Purpose
from simulator.engines.reference.calendar import Calendar, Rank, Story
from simulator.engines.reference.strikes import Chance, Strike
from simulator.plan import Plan

Return = Callable[[Strike, list[int]], None]


class Shop:
    """Repairs nodes, first come, first served. The nodes that one strike took are mended together, by one crew."""

    def __init__(self, plan: Plan, calendar: Calendar, chance: Chance) -> None:
        self._calendar = calendar
        self._chance = chance
        self._entries = count()
        # Where no crews are given nobody waits for one: there are never more repairs than nodes.
        self._crews = simpy.Resource(calendar, capacity=int(plan.crews) or max(1, int(plan.needed + plan.spares)))
        self.repairs = 0  # waiting for a crew or in its hands

    def admit(self, strike: Strike, nodes: list[int], on_return: Return) -> None:
        """Take in the nodes that a strike broke, and call `on_return` when they are ready. Retired ones never enter."""
        if nodes and not strike.retires:
            self.repairs += 1
            self._calendar.process(self._repair(next(self._entries), strike, nodes, on_return))

    def _repair(self, entry: int, strike: Strike, nodes: list[int], on_return: Return) -> Story:
        with self._crews.request() as crew:
            yield crew
            ready = self._calendar.tick + self._chance.ticks(strike, Purpose.REPAIR)
            yield self._calendar.ring(ready, Rank.RETURN, entry)
        self.repairs -= 1
        on_return(strike, nodes)
