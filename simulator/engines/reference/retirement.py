"""Retirement: nodes that do not come back, as their cause, their script or the policy says. Semantics 11.2 and 11.8."""

from collections import defaultdict
from math import exp

from simulator.engines.reference.calendar import Calendar
from simulator.engines.reference.journal import Journal
from simulator.engines.reference.strikes import GENERATION, Strike
from simulator.numbers.plan import Line, Plan, Tally
from simulator.numbers.times import TICKS_PER_SECOND


class Retirement:
    """When nodes were taken, and which of them are kept out for ever."""

    def __init__(self, plan: Plan, calendar: Calendar, journal: Journal) -> None:
        self._plan = plan
        self._calendar = calendar
        self._journal = journal
        self._count, self._window = int(plan.retire_count), int(plan.retire_window)
        self._limit, self._memory = (float(value) for value in plan.retire_score)
        self._takings: defaultdict[int, list[int]] = defaultdict(list)
        self._score: dict[int, float] = {}  # at the last taking

    def never_returns(self, strike: Strike) -> bool:
        """Whether the nodes that a strike takes are given up at once, as its cause or its script's line says."""
        if strike.scripted:
            return bool(self._plan.script[strike.name.ordinal % GENERATION, Line.RETIRE] == 1)
        return bool(self._plan.retire[strike.name.cause] == 1)

    def note_taking(self, node: int) -> None:
        """A node broke, or was evicted, or was blamed."""
        if self._limit > 0.0:
            self._score[node] = self._score_now(node) + 1.0
        self._takings[node].append(self._calendar.tick)

    def stays_away(self, node: int) -> bool:
        """Whether the policy keeps a node out when it would come back; it is counted then."""
        is_worn_out = self._was_taken_too_often(node) or (self._limit > 0.0 and self._score_now(node) >= self._limit)
        self._journal.count(Tally.RETIRED, int(is_worn_out))
        return is_worn_out

    def _was_taken_too_often(self, node: int) -> bool:
        takings = self._takings[node]
        return 0 < self._count <= len(takings) and self._calendar.tick - takings[-self._count] <= self._window

    def _score_now(self, node: int) -> float:
        takings = self._takings[node]
        if not takings:
            return 0.0
        seconds = (self._calendar.tick - takings[-1]) / TICKS_PER_SECOND
        return self._score[node] * exp(-(seconds / self._memory))
