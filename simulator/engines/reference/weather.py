"""The weather: one process a cause, which draws its candidates and lets those strike that are not void.

Weather falls on places (that of lemon causes on nodes) in calendar time, whatever the job does. A void candidate
changes nothing.
"""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import simpy

from simulator.engines.reference.calendar import Rank, Story
from simulator.engines.reference.causes import Cause
from simulator.engines.reference.layers import Layers
from simulator.engines.reference.lemons import Lemons
from simulator.engines.reference.strikes import (
    GENERATION,
    Name,
    Strike,
    Window,
    relapse_of,
    scripted_strike,
)
from simulator.engines.reference.voids import is_void
from simulator.numbers.plan import Line, Purpose, Stream
from simulator.numbers.times import NEVER

if TYPE_CHECKING:
    from simulator.engines.reference.world import World

StrikeOn = Callable[[Cause, Name, int], Strike | None]  # what a candidate on a unit would do


class RenewedUnit:
    """A unit that broke and left the cohort for ever: its successors have clocks of their own."""

    def __init__(self, family: int, generation: int) -> None:
        self.family = family  # j of the cohort's candidate that broke it
        self.generation = generation  # the last one drawn
        self.clock: simpy.Process | None = None  # None while it waits to be born


class Weather:
    """All that arrives by itself: failures of units, of renewed units, of uncured nodes; alarms; scripts; windows."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._plan = world.plan
        self._causes = world.causes
        self._calendar = world.calendar
        self._chance = world.chance
        self.candidates = 0  # that came from the clocks of units
        self._lemons = Lemons(world)
        self._layers = Layers(world.cluster.places, world.chance)
        self._renewed: dict[tuple[int, int], RenewedUnit] = {}  # by cause and unit
        self._unborn: dict[int, list[tuple[Cause, int]]] = {}  # by first place: causes and units

    def begin(self) -> None:
        """Start the processes."""
        self._calendar.process(self._windows())
        for cause in self._causes:
            if len(self._plan.script):
                self._calendar.process(self._script(cause))
                continue
            if cause.units:
                self._begin_cohorts(cause)

    def _begin_cohorts(self, cause: Cause) -> None:
        if self._lemons.are_struck_by(cause):
            bad = self._lemons.to_be(cause)
            if bad:
                strike_on = partial(self._strike_on_node, bad)
                self._calendar.process(self._cohort(cause, Stream.WEATHER, cause.per_place * len(bad), strike_on))
            return
        self._calendar.process(self._cohort(cause, Stream.WEATHER, cause.units, self._strike_on_place))
        units = cause.per_place * int(self._plan.spares)
        if cause.on_bench and units:
            self._calendar.process(self._cohort(cause, Stream.BENCH, units, self._strike_on_bench))

    # where candidates come from

    def _script(self, cause: Cause) -> Story:
        rows = [row for row, line in enumerate(self._plan.script) if line[Line.CAUSE] == cause.row]
        for row in sorted(rows, key=lambda row: int(self._plan.script[row, Line.AT])):
            strike = scripted_strike(self._plan, row)
            yield self._candidate(int(self._plan.script[row, Line.AT]), strike.name)
            self._arrive(strike)

    def _cohort(self, cause: Cause, stream: Stream, units: int, strike_on: StrikeOn) -> Story:
        """Units as old as the calendar, as one clock: those of places, of the spares it began with, or of bad nodes."""
        level, tick = self._chance.first_level(cause.row), 0
        for ordinal in count():
            name = Name(cause.row, stream, ordinal)
            level += self._chance.budget(name) / units
            tick = max(tick, self._chance.cohort_tick(cause.row, level))
            if tick >= NEVER:
                return
            yield self._candidate(tick, name)
            self.candidates += 1
            self._arrive(strike_on(cause, name, self._chance.index(name, Purpose.UNIT, units)))

    def _strike_on_place(self, cause: Cause, name: Name, unit: int) -> Strike | None:
        return None if (cause.row, unit) in self._renewed else self._layers.strike_on_unit(cause, name, unit)

    def _strike_on_bench(self, cause: Cause, name: Name, unit: int) -> Strike | None:
        return self._layers.strike_on_bench(cause, name, unit // cause.per_place)

    def _strike_on_node(self, bad: list[int], cause: Cause, name: Name, unit: int) -> Strike | None:
        """Units of a lemon cause belong to bad nodes, and are struck where these are: in a place, or on the bench."""
        node = bad[unit // cause.per_place]
        if not self._lemons.is_bad(cause, node):
            return None
        place, pool = self._world.cluster.place_of(node), self._world.staffing.pools.pool
        if place >= 0:
            return self._layers.strike_on_unit(cause, name, cause.per_place * place)
        return self._layers.strike_on_bench(cause, name, pool.index(node)) if cause.on_bench and node in pool else None

    def _renewed_unit(self, cause: Cause, number: int, unit: RenewedUnit) -> Story:
        """A unit born now, at age 0, until it breaks. Candidates that do not break it leave its age alone."""
        born = tick = self._calendar.tick
        clock = self._calendar.active_process
        level = 0.0
        while True:
            unit.generation += 1
            name = Name(cause.row, Stream.WEATHER, unit.family + GENERATION * unit.generation)
            level += self._chance.budget(name)
            tick = max(tick, born + self._chance.age(cause.row, level))
            if tick >= NEVER:
                return
            yield self._candidate(tick, name)
            self.candidates += 1
            self._arrive(self._layers.strike_on_unit(cause, name, number))
            if unit.clock is not clock:
                return

    def _uncured_node(self, place: int, repair: Strike) -> Story:
        """A node that was not cured strikes again, some time after it was seated, if it is still there."""
        strikes_at = self._calendar.tick + self._chance.ticks(repair, Purpose.RELAPSE)
        strike = relapse_of(repair, place)
        yield self._candidate(strikes_at, strike.name)
        self._arrive(strike)

    def _later(self, strike: Strike, at: int) -> Story:
        yield self._candidate(at, strike.name)
        self._arrive(strike)

    def _windows(self) -> Story:
        """Planned stops: those listed, then one each period."""
        row, period = len(self._causes), int(self._plan.window_period)
        due = 0
        for number in count():
            given = {}
            if number < len(self._plan.window_due):
                due, length = int(self._plan.window_due[number]), int(self._plan.window_length[number])
                given = {Purpose.LENGTH: length} if length >= 0 else {}
            elif period > 0:
                due += period
            else:
                return
            yield self._calendar.ring(due, Rank.WINDOW_DUE)
            self._world.planning.on_window(Window(Name(row, Stream.WEATHER, number), given))

    def _candidate(self, at: int, name: Name) -> simpy.Event:
        return self._calendar.ring(at, Rank.CANDIDATE, *name)

    def _arrive(self, strike: Strike | None) -> None:
        if strike is not None and not is_void(strike, self._world):
            self._world.operations.on_strike(strike)

    # renewal, relapses and what else follows

    def break_unit(self, strike: Strike) -> None:
        """The unit of a strike broke; it is replaced where its first place has a node, or as soon as it has."""
        cause = self._causes[strike.name.cause]
        if not cause.renewal or strike.unit < 0:
            return
        family, generation = strike.name.ordinal % GENERATION, strike.name.ordinal // GENERATION
        unit = self._renewed.setdefault((cause.row, strike.unit), RenewedUnit(family, generation))
        self._calendar.cancel(unit.clock)
        unit.clock = None
        if strike.place < 0 or self._world.cluster.is_filled(strike.place):
            self._give_birth(cause, strike.unit)
        else:
            self._unborn.setdefault(strike.place, []).append((cause, strike.unit))

    def _give_birth(self, cause: Cause, number: int) -> None:
        unit = self._renewed[cause.row, number]
        unit.clock = self._calendar.tell(self._renewed_unit(cause, number, unit))

    def on_fill(self, place: int, uncured: Strike | None) -> None:
        """A node was seated: the units that broke there are new, and what a repair left in the node comes with it."""
        for cause, number in self._unborn.pop(place, []):
            self._give_birth(cause, number)
        if uncured is not None:
            self.expect_relapse(place, uncured)

    def expect_relapse(self, place: int, uncured: Strike) -> None:
        """The node in a place has what struck under that name; from now on it counts until it is struck again."""
        self._world.cluster.expect_relapse(place, self._calendar.tell(self._uncured_node(place, uncured)))

    def expect(self, strike: Strike, wait: int) -> None:
        """A strike is to come after so many ticks."""
        self._calendar.process(self._later(strike, self._calendar.tick + wait))
