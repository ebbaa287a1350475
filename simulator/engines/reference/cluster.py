"""The cluster: who sits in which place of the job, and what failed repairs left behind in the nodes."""

import simpy

from simulator.engines.reference.calendar import Calendar
from simulator.engines.reference.strikes import Strike
from simulator.numbers.plan import Plan

NOBODY = -1


class Cluster:
    """Places and their nodes. A place is a seat of the job; a node is a machine."""

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self._calendar = calendar
        self.places = int(plan.needed)
        self.node_in = list(range(self.places))
        self.seatings = [0] * self.places  # how often a node was seated there: whoever sits there still has its number
        self.empty: set[int] = set()
        self.uncured: dict[int, Strike] = {}  # by node out of the job: the strike whose repair did not cure it
        self.relapses: dict[int, list[simpy.Process]] = {}  # by place

    def is_filled(self, place: int) -> bool:
        """Whether a node sits in a place of the job."""
        return 0 <= place < self.places and self.node_in[place] != NOBODY

    def place_of(self, node: int) -> int:
        """The place in which a node sits; -1 if it sits in none."""
        return self.node_in.index(node) if node in self.node_in else -1

    def leave(self, place: int) -> int:
        """Empty a place; the relapse of its node is off. Returns the node."""
        node, self.node_in[place] = self.node_in[place], NOBODY
        self.empty.add(place)
        for relapse in self.relapses.pop(place, []):
            self._calendar.cancel(relapse)
        return node

    def seat(self, place: int, node: int) -> Strike | None:
        """Fill a place. Returns the strike whose repair did not cure the node, if there is one."""
        self.node_in[place] = node
        self.seatings[place] += 1
        self.empty.remove(place)
        return self.uncured.pop(node, None)

    def expect_relapse(self, place: int, relapse: simpy.Process) -> None:
        """The node in a place will be struck again, as long as it sits there."""
        self.relapses.setdefault(place, []).append(relapse)
