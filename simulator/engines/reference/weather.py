"""The weather: one process a cause, which draws its candidates and lets those strike that are not void.

Weather falls on places in calendar time, whatever the job does. A void candidate changes nothing.
"""

from dataclasses import replace
from itertools import count

import simpy

from simulator.chance import Purpose
from simulator.durations import NEVER
from simulator.engines.reference.calendar import Calendar, Rank, Story
from simulator.engines.reference.cluster import Cluster
from simulator.engines.reference.operations import Operations
from simulator.engines.reference.progress import BUSY, RUNNING, Progress
from simulator.engines.reference.strikes import (
    GENERATION,
    Cause,
    Chance,
    Name,
    Strike,
    Window,
    relapse_of,
    scripted_strike,
)
from simulator.ledger import Effect, Exposed
from simulator.plan import Line, Plan

PHASES_EXPOSED = {Exposed.BUSY: BUSY, Exposed.RUNNING: RUNNING}


class RenewedUnit:
    """A unit that broke and left the cohort for ever: its successors have clocks of their own."""

    def __init__(self, family: int, generation: int) -> None:
        self.family = family  # j of the cohort's candidate that broke it
        self.generation = generation  # the last one drawn
        self.clock: simpy.Process | None = None  # None while it waits to be born


class Weather:
    """Everything that arrives by itself: failures of units, of renewed units, of uncured nodes; scripts; windows."""

    def __init__(
        self,
        plan: Plan,
        causes: list[Cause],
        calendar: Calendar,
        chance: Chance,
        progress: Progress,
        cluster: Cluster,
        operations: Operations,
    ) -> None:
        self._plan = plan
        self._causes = causes
        self._calendar = calendar
        self._chance = chance
        self._progress = progress
        self._cluster = cluster
        self._operations = operations
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
                self._calendar.process(self._cohort(cause, cause.units, on_bench=False))
            bench_units = cause.per_place * self._cluster.spares
            if cause.on_bench and cause.units and bench_units:
                self._calendar.process(self._cohort(cause, bench_units, on_bench=True))

    # where candidates come from

    def _script(self, cause: Cause) -> Story:
        rows = [row for row, line in enumerate(self._plan.script) if line[Line.CAUSE] == cause.row]
        for row in sorted(rows, key=lambda row: int(self._plan.script[row, Line.AT])):
            strike = scripted_strike(self._plan, row)
            yield self._candidate(int(self._plan.script[row, Line.AT]), strike.name)
            self._arrive(strike)

    def _cohort(self, cause: Cause, units: int, on_bench: bool) -> Story:
        """Units as old as the calendar, as one clock: those of the job's places, or of the spares it began with."""
        stream = cause.row + (len(self._causes) if on_bench else 0)
        level, tick = self._chance.first_level(cause.row), 0
        for ordinal in count():
            name = Name(cause.row, stream, ordinal)
            level += self._chance.budget(name) / units
            tick = max(tick, self._chance.cohort_tick(cause.row, level))
            if tick >= NEVER:
                return
            yield self._candidate(tick, name)
            unit = self._chance.unit(name, units)
            if on_bench:
                self._arrive(self._strike(cause, name, slot=unit // cause.per_place))
            elif (cause.row, unit) not in self._renewed:
                self._arrive(self._strike(cause, name, unit))

    def _renewed_unit(self, cause: Cause, number: int, unit: RenewedUnit) -> Story:
        """A unit born now, at age 0, until it breaks. Void candidates, stalls and slow strikes leave its age alone."""
        born = tick = self._calendar.tick
        clock = self._calendar.active_process
        level = 0.0
        while True:
            unit.generation += 1
            name = Name(cause.row, cause.row, unit.family + GENERATION * unit.generation)
            level += self._chance.budget(name)
            tick = max(tick, born + self._chance.age(cause.row, level))
            if tick >= NEVER:
                return
            yield self._candidate(tick, name)
            self._arrive(self._strike(cause, name, number))
            if unit.clock is not clock:
                return

    def _uncured_node(self, place: int, repair: Strike) -> Story:
        """A node whose repair did not cure it strikes again, some time after it was seated, if it is still there."""
        strikes_at = self._calendar.tick + self._chance.ticks(repair, Purpose.RELAPSE)
        strike = relapse_of(repair, place, len(self._causes))
        yield self._candidate(strikes_at, strike.name)
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
            self._operations.on_window(Window(Name(row, 4 * row, number), given))

    def _candidate(self, at: int, name: Name) -> simpy.Event:
        return self._calendar.ring(at, Rank.CANDIDATE, *name)

    # what becomes of them

    def _strike(self, cause: Cause, name: Name, unit: int = -1, slot: int = -1) -> Strike:
        strike = Strike(
            name,
            cause.effect,
            cause.first_place(unit) if unit >= 0 else -1,
            blast=cause.blast,
            exposed=cause.exposed,
            unit=unit,
            slot=slot,
            retires=cause.retires,
        )
        return replace(strike, effect=Effect.STALL) if self._network_absorbs(cause, strike) else strike

    def _network_absorbs(self, cause: Cause, strike: Strike) -> bool:
        """Whether the transport hides a stop, or retries until the outage is over: the application sees a pause."""
        if cause.effect is not Effect.STOP:
            return False
        outlasts = cause.reach > 0 and self._chance.ticks(strike, Purpose.LENGTH) <= cause.reach
        return outlasts or self._chance.happens(strike.name, Purpose.HIDDEN, cause.hidden)

    def _arrive(self, strike: Strike) -> None:
        if not self._is_void(strike):
            self._operations.on_strike(strike)

    def _is_void(self, strike: Strike) -> bool:
        phase, cluster = self._progress.phase, self._cluster
        if strike.exposed is not Exposed.ALWAYS and phase not in PHASES_EXPOSED[strike.exposed]:
            return True
        if strike.slot >= 0:
            return self._is_void_on_bench(strike)
        if self._falls_on_no_lemon(strike, cluster.node_in[strike.place] if cluster.is_filled(strike.place) else -1):
            return True
        if strike.effect is Effect.SLOW:
            return strike.place in cluster.slow or not cluster.is_filled(strike.place)
        if strike.effect is Effect.STALL or strike.blast == 0:
            return phase not in BUSY or self._spans_nobody(strike)
        return not cluster.filled_block(strike) or self._spans_nobody(strike)

    def _is_void_on_bench(self, strike: Strike) -> bool:
        pool = self._cluster.pool
        if strike.effect is not Effect.STOP or strike.slot >= len(pool):
            return True
        return self._falls_on_no_lemon(strike, pool[strike.slot])

    def _falls_on_no_lemon(self, strike: Strike, node: int) -> bool:
        """Whether a lemon cause fell on a node that it cannot strike. Scripts and relapses do not ask."""
        cause = self._causes[strike.name.cause]
        asks = (strike.unit >= 0 or strike.slot >= 0) and not strike.scripted and cause.lemon_share > 0.0
        return asks and (node < 0 or not self._cluster.is_lemon(cause, node))

    def _spans_nobody(self, strike: Strike) -> bool:
        """Whether a unit spans places that are all empty."""
        span = self._causes[strike.name.cause].span
        if strike.unit < 0 or not span:
            return False
        places = range(strike.place, min(strike.place + span, self._cluster.places))
        return not any(self._cluster.is_filled(place) for place in places)

    # renewal

    def break_unit(self, strike: Strike) -> None:
        """The unit of a strike broke; it is replaced where its first place has a node, or as soon as it has."""
        cause = self._causes[strike.name.cause]
        if not cause.renewal or strike.unit < 0:
            return
        family, generation = strike.name.ordinal % GENERATION, strike.name.ordinal // GENERATION
        unit = self._renewed.setdefault((cause.row, strike.unit), RenewedUnit(family, generation))
        self._calendar.cancel(unit.clock)
        unit.clock = None
        if strike.place < 0 or self._cluster.is_filled(strike.place):
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
            self._cluster.relapses[place] = self._calendar.tell(self._uncured_node(place, uncured))
