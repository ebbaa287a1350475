"""Checkpoints: the copy in the nodes' memory, the copy in storage, and the drain from one to the other."""

import simpy

from simulator.engines.reference.calendar import Calendar, Rank, Story
from simulator.engines.reference.progress import State
from simulator.numbers.plan import Plan


class Tiers:
    """The newest checkpoint of each tier, and whether the one in memory can still be read."""

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self._calendar = calendar
        self._lag = int(plan.lag)
        self._peers = int(plan.memory_peers)
        self._group = int(plan.memory_group)
        self._stride = -(-int(plan.needed) // self._group) if self._group and plan.memory_apart else 0
        self._drain: simpy.Process | None = None
        self._drain_end = 0
        self.draining: State | None = None
        self.storage = State(0, 0, 0)
        self.saves_closed = 0  # of those that go to storage, whether they still drain or not
        self.memory: State | None = State(0, 0, 0) if self.has_memory else None
        self._lost_places: set[int] = set()
        self._lost_of_group: dict[int, int] = {}

    @property
    def has_memory(self) -> bool:
        """Whether the plan has a memory tier."""
        return self._group > 0

    def survivor(self) -> State:
        """The checkpoint to go back to: memory where it can be read and is not older than storage."""
        return self.memory if self.memory is not None and self.memory_serves() else self.storage

    def memory_serves(self) -> bool:
        """Whether a restore would read from memory."""
        return self.memory is not None and self.memory.work >= self.storage.work

    def keep_in_memory(self, state: State) -> None:
        """Every place has the state in its memory: after a save, and after a restore."""
        self._lost_places.clear()
        self._lost_of_group.clear()
        if self.has_memory:
            self.memory = state

    def lose_copy(self, place: int) -> None:
        """A place was taken. Memory is lost once a group has lost more members than there are peers."""
        if not self.has_memory or place in self._lost_places:
            return
        self._lost_places.add(place)
        group = place % self._stride if self._stride else place // self._group
        self._lost_of_group[group] = self._lost_of_group.get(group, 0) + 1
        if self._lost_of_group[group] > self._peers:
            self.memory = None

    def rest_of_drain(self) -> int:
        """Ticks until the drain in flight ends; 0 where there is none."""
        return self._drain_end - self._calendar.tick if self.draining is not None else 0

    def drain(self, state: State) -> None:
        """A storage save closed: send its state. It is durable after the lag, and not before."""
        self.saves_closed += 1
        if self._lag == 0:
            self.storage = state
            return
        self.draining = state
        self._drain_end = self._calendar.tick + self._lag
        self._drain = self._calendar.tell(self._until_durable(state))

    def _until_durable(self, state: State) -> Story:
        yield self._calendar.ring(self._drain_end, Rank.DRAIN_ENDS)
        self.storage = state
        self.draining = None

    def is_draining(self, state: State) -> bool:
        """Whether the work of a state is on its way to storage."""
        return self.draining is not None and self.draining.work == state.work

    def keep_in_storage(self, state: State, is_new: bool) -> None:
        """A closing save is durable. It is not a new one where it only waited for the drain of another."""
        self.storage = state
        self.saves_closed += is_new

    def fall_back(self, clean: State) -> None:
        """Everything saved after a state is worthless, and so is what the nodes hold."""
        if clean.work <= self.storage.work:
            self.storage = clean
        self.memory = None

    def cancel_drain(self) -> None:
        """What was still draining when the job stopped never becomes durable."""
        self._calendar.cancel(self._drain)
        self.draining = None
