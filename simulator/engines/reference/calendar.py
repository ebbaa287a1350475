"""The calendar: SimPy's queue of events, but events of one tick come in the order of a written rule.

SimPy orders events of one time by priority and then by insertion. Here a priority is the tuple (rank, key...), so that
the order does not depend on which process happened to speak first. What SimPy schedules for itself (the start of a
process, an interrupt, a request granted) comes before every rank: a reaction is complete before the next event begins.
"""

from collections.abc import Generator
from contextlib import suppress
from enum import IntEnum
from heapq import heappop, heappush
from typing import Any

import simpy
from simpy.events import NORMAL

from simulator.numbers.times import NEVER

Story = Generator[simpy.Event, Any, None]


class Rank(IntEnum):
    """What comes first on one tick: what ends is achieved; what strikes meets the state that follows."""

    DRAIN_ENDS = 1
    PHASE_ENDS = 2
    HORIZON = 3
    RETURN = 4  # key: order of entry in the shop
    SLOW_ENDS = 5  # key: cause, ordinal
    WINDOW_DUE = 6
    CANDIDATE = 7  # key: cause, stream, ordinal


class Bell(simpy.Event):
    """An event that rings at a tick of its own, with a rank and a key among the events of that tick."""

    def __init__(self, calendar: "Calendar", at: int, moment: tuple[int, ...]) -> None:
        super().__init__(calendar)
        self._ok = True
        self._value = None
        if at < NEVER:
            calendar.schedule(self, moment, at - calendar.tick)


class Calendar(simpy.Environment):
    """A SimPy environment whose clock is integer ticks and whose ties are ordered by (rank, key)."""

    _queue: list[Any]

    @property
    def tick(self) -> int:
        """The current tick."""
        return int(self._now)

    def schedule(self, event: simpy.Event, priority: Any = NORMAL, delay: Any = 0) -> None:
        """Enter an event; a plain priority is one of SimPy's own and comes before all ranks."""
        moment = priority if isinstance(priority, tuple) else (priority - len(Rank),)
        heappush(self._queue, (self._now + delay, moment, next(self._eid), event))

    def ring(self, at: int, rank: Rank, *key: int) -> Bell:
        """A bell for a tick; never, from 2^61 on."""
        return Bell(self, at, (rank, *key))

    def tell(self, story: Story) -> simpy.Process:
        """Start a process that `cancel` may end at any time."""
        return self.process(_until_cancelled(story))

    def cancel(self, process: simpy.Process | None) -> None:
        """End a process, unless it is over or is the one that speaks: that one must end by itself."""
        if process is not None and process.is_alive and process is not self.active_process:
            process.interrupt()

    def settle(self) -> None:
        """Complete the reactions to the last event: everything that SimPy scheduled for itself on this tick."""
        while self._queue and self._queue[0][1] < (Rank.DRAIN_ENDS,) and self._queue[0][0] == self._now:
            self.step()

    def is_silent(self) -> bool:
        """Whether nothing will ever ring, but for a drain that ends. Bells nobody waits for are dropped on the way."""
        while self._queue and isinstance(self._queue[0][3], Bell) and not self._queue[0][3].callbacks:
            heappop(self._queue)
        if not self._queue or self._queue[0][1][0] != Rank.DRAIN_ENDS:
            return not self._queue
        return all(priority[0] == Rank.DRAIN_ENDS or not event.callbacks for _, priority, _, event in self._queue)


def _until_cancelled(story: Story) -> Story:
    with suppress(simpy.Interrupt):
        yield from story
