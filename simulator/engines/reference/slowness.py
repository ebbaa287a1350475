"""Slowness: slow places and elements of the fabric, how they are found and healed, and the speed of the job."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import simpy

from simulator.engines.reference.calendar import Rank, Story
from simulator.engines.reference.strikes import Strike
from simulator.numbers.ledger import Kind, Phase
from simulator.numbers.plan import Purpose
from simulator.numbers.times import NEVER, SPEED_SCALE

if TYPE_CHECKING:
    from simulator.engines.reference.world import World


@dataclass(eq=False)
class Mark:
    """A slow place, or, without one, something that slows the whole job."""

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


class Slowness:
    """All marks: at most one a place, and any number of the job's own."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._of_place: dict[int, Mark] = {}
        self._of_job: set[Mark] = set()

    @property
    def speed(self) -> int:
        """The pace of the job, or, where there are marks, its product with the least of their speeds."""
        pace = self._world.pace
        marks = [*self._of_place.values(), *self._of_job]
        return max(1, min(mark.speed for mark in marks) * pace // SPEED_SCALE) if marks else pace

    @property
    def found(self) -> list[Mark]:
        """The marks of places that were found, in the order in which they are evicted."""
        return sorted((mark for mark in self._of_place.values() if mark.found), key=lambda mark: mark.order)

    def is_slow(self, place: int) -> bool:
        """Whether a place has a mark."""
        return place in self._of_place

    def begin(self, strike: Strike) -> None:
        """The first place of a strike, or the job, is slow from now on."""
        now, speed = self._world.calendar.tick, self._world.chance.speed(strike)
        found_at = NEVER
        if strike.place >= 0:  # what slows the whole job is no node, and never found
            found_at = min(now + self._world.planning.found_after(strike, speed), NEVER)
        healed_at = min(now + self._world.chance.ticks(strike, Purpose.HEALED), NEVER)
        mark = Mark(strike, speed, found_at, healed_at)
        if strike.place >= 0:
            self._of_place[strike.place] = mark
        else:
            self._of_job.add(mark)
        mark.process = self._world.calendar.tell(self._until_found_and_healed(mark))
        self._tell_the_job()

    def forget(self, place: int) -> None:
        """The node that made a place slow leaves it. Whoever takes it tells the job."""
        mark = self._of_place.pop(place, None)
        if mark is not None:
            self._world.calendar.cancel(mark.process)

    def _until_found_and_healed(self, mark: Mark) -> Story:
        calendar, (cause, _, ordinal) = self._world.calendar, mark.strike.name
        place = mark.strike.place
        if mark.found_at < mark.healed_at:
            yield calendar.ring(mark.found_at, Rank.SLOW_ENDS, cause, ordinal)
            self._world.journal.note(Kind.SLOW_END, cause, ordinal, place)
            mark.found = True
        if mark.healed_at < NEVER:
            yield calendar.ring(mark.healed_at, Rank.SLOW_ENDS, cause, ordinal)
            self._world.journal.note(Kind.SLOW_END, cause, ordinal, place)
            self._of_place.pop(place, None)
            self._of_job.discard(mark)
            self._tell_the_job()

    def _tell_the_job(self) -> None:
        """The marks changed; training up to now was at the old speed."""
        progress = self._world.progress
        if progress.speed != self.speed:
            progress.book()
            progress.speed = self.speed
            if progress.phase is Phase.TRAINING:
                self._world.job.change_speed()
