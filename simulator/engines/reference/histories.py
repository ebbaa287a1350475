"""Histories: what is remembered of each node, wherever it is: takings and cures."""

from collections import defaultdict
from math import exp

from simulator.durations import TICKS_PER_SECOND
from simulator.engines.reference.calendar import Calendar
from simulator.plan import Plan


class Histories:
    """The past of every node."""

    def __init__(self, plan: Plan, calendar: Calendar) -> None:
        self._calendar = calendar
        self._retire_count = int(plan.retire_count)
        self._retire_window = int(plan.retire_window)
        self._retire_score, self._memory = (float(value) for value in plan.retire_score)
        self._takings: defaultdict[int, list[int]] = defaultdict(list)
        self._score: dict[int, float] = {}  # at the last taking
        self._cured_at: dict[int, int] = {}

    def times_taken(self, node: int) -> int:
        """How often a node was taken."""
        return len(self._takings[node])

    def note_taking(self, node: int) -> None:
        """A node broke, or was evicted, or was blamed."""
        if self._retire_score > 0.0:
            self._score[node] = self._score_now(node) + 1.0
        self._takings[node].append(self._calendar.tick)

    def is_worn_out(self, node: int) -> bool:
        """Whether the policy of retirement keeps a node out for ever, when it would come back."""
        takings, count = self._takings[node], self._retire_count
        if 0 < count <= len(takings) and self._calendar.tick - takings[-count] <= self._retire_window:
            return True
        return self._retire_score > 0.0 and self._score_now(node) >= self._retire_score

    def _score_now(self, node: int) -> float:
        takings = self._takings[node]
        if not takings:
            return 0.0
        seconds = (self._calendar.tick - takings[-1]) / TICKS_PER_SECOND
        return self._score[node] * exp(-(seconds / self._memory))

    def note_cure(self, node: int) -> None:
        """A repair cured a node, of whatever was bad in it."""
        self._cured_at[node] = self._calendar.tick

    def cured_at(self, node: int) -> int | None:
        """The tick of the last repair that cured a node; None without one."""
        return self._cured_at.get(node)
