"""The cluster: nodes in places, nodes in the pool, slow places and the marks of nodes that were not cured."""

from dataclasses import dataclass

import simpy

from simulator.durations import NEVER, SPEED_SCALE
from simulator.engines.reference.calendar import Calendar
from simulator.engines.reference.strikes import Cause, Chance, Strike
from simulator.plan import Plan

NOBODY = -1


@dataclass(eq=False)
class Mark:
    """A slow place."""

    strike: Strike
    speed: int
    found_at: int  # [ticks]
    healed_at: int  # [ticks]
    found: bool = False
    process: simpy.Process | None = None  # that waits for it to be found or to heal

    @property
    def order(self) -> tuple[int, int, int]:
        """Which of several found places is evicted first."""
        return self.found_at, self.strike.name.cause, self.strike.name.ordinal


class Cluster:
    """Who sits where. A place is a seat of the job; a node is a machine."""

    def __init__(self, plan: Plan, calendar: Calendar, chance: Chance) -> None:
        self._calendar = calendar
        self._chance = chance
        self.places = int(plan.needed)
        self.spares = int(plan.spares)
        self.node_in = list(range(self.places))
        self.empty: set[int] = set()
        self.pool = list(range(self.places, self.places + self.spares))
        self.slow: dict[int, Mark] = {}
        self.uncured: dict[int, Strike] = {}  # by node in the pool: the strike whose repair did not cure it
        self.relapses: dict[int, simpy.Process] = {}  # by place
        self._mended: set[int] = set()

    @property
    def nodes_out(self) -> int:
        """Nodes that are neither in a place nor in the pool."""
        return self.spares + len(self.empty) - len(self.pool)

    @property
    def can_fill(self) -> bool:
        """Whether the pool has a node for every empty place. All or none is filled."""
        return len(self.pool) >= len(self.empty)

    @property
    def can_evict(self) -> bool:
        """Whether the pool has a node left over for a place that is not empty yet."""
        return len(self.pool) > len(self.empty)

    @property
    def speed(self) -> int:
        """The job runs at the speed of its slowest place."""
        return min((mark.speed for mark in self.slow.values()), default=SPEED_SCALE)

    def is_filled(self, place: int) -> bool:
        """Whether a node sits in a place of the job."""
        return place >= 0 and self.node_in[place] != NOBODY

    def filled_block(self, strike: Strike) -> list[int]:
        """The places that a STOP empties: the filled ones of the aligned block around its unit's first place."""
        if strike.blast == 0 or strike.place < 0:
            return []
        first = strike.blast * (strike.place // strike.blast)
        return [place for place in range(first, min(first + strike.blast, self.places)) if self.is_filled(place)]

    def is_lemon(self, cause: Cause, node: int) -> bool:
        """Whether a lemon cause can strike a node: it came as a lemon and no repair has cured it yet."""
        return node not in self._mended and self._chance.is_born_lemon(cause.row, node, cause.lemon_share)

    def take(self, place: int) -> int:
        """Empty a place; its marks go. Returns the node."""
        node, self.node_in[place] = self.node_in[place], NOBODY
        self.empty.add(place)
        self.heal(place)
        self._calendar.cancel(self.relapses.pop(place, None))
        return node

    def take_from_pool(self, slot: int) -> int:
        """Take a node from the bench; its mark goes. Returns the node."""
        node = self.pool.pop(slot)
        self.uncured.pop(node, None)
        return node

    def fill(self, place: int, slot: int) -> Strike | None:
        """Seat a node of the pool. Returns the strike whose repair did not cure it, if there is one."""
        node = self.pool.pop(slot)
        self.node_in[place] = node
        self.empty.remove(place)
        return self.uncured.pop(node, None)

    def heal(self, place: int) -> None:
        """The place is slow no more."""
        mark = self.slow.pop(place, None)
        if mark is not None:
            self._calendar.cancel(mark.process)

    def mark_slow(self, strike: Strike, speed: int, found_after: int, healed_after: int) -> Mark:
        """The place of a strike is slow from now on. Returns the mark."""
        now = self._calendar.tick
        mark = Mark(strike, speed, min(now + found_after, NEVER), min(now + healed_after, NEVER))
        self.slow[strike.place] = mark
        return mark

    def bring_back(self, nodes: list[int], repair: Strike, cured: bool) -> None:
        """Repaired nodes join the tail of the pool, in order of place. A failed repair leaves a mark on the first."""
        self.pool.extend(nodes)
        if cured:
            self._mended.update(nodes)
        else:
            self.uncured[nodes[0]] = repair
