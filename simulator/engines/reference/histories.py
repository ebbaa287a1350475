"""Histories: what is remembered of each node, wherever it is: takings, cures, and whether it is a lemon."""

from collections import defaultdict
from math import exp

from simulator.durations import TICKS_PER_SECOND
from simulator.engines.reference.calendar import Calendar
from simulator.engines.reference.causes import Cause
from simulator.engines.reference.draws import Chance
from simulator.plan import Odds, Plan


class Histories:
    """The past of every node."""

    def __init__(self, plan: Plan, calendar: Calendar, chance: Chance) -> None:
        self._calendar = calendar
        self._chance = chance
        self._retire_count = int(plan.retire_count)
        self._retire_window = int(plan.retire_window)
        self._retire_score, self._memory = (float(value) for value in plan.retire_score)
        self._lemon_period = int(plan.lemon_period)
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

    # lemons

    def note_cure(self, node: int) -> None:
        """A repair cured a node, of whatever made it a lemon until now."""
        self._cured_at[node] = self._calendar.tick

    def lemons_to_be(self, cause: Cause, nodes: int) -> list[int]:
        """The nodes, of so many, that are bad from the start, or all if others may turn bad."""
        if self._lemon_period > 0 and cause.odds[Odds.LEMON_AGAIN] > 0.0:
            return list(range(nodes))
        return [node for node in range(nodes) if self._chance.is_born_lemon(cause.row, node, cause.lemon_share)]

    def is_lemon(self, cause: Cause, node: int) -> bool:
        """Whether a lemon cause can strike a node: it came as a lemon or turned into one, and was not cured since."""
        if node not in self._cured_at and self._chance.is_born_lemon(cause.row, node, cause.lemon_share):
            return True
        if self._lemon_period == 0:
            return False
        cured, now = self._cured_at.get(node, 0) // self._lemon_period, self._calendar.tick // self._lemon_period
        share = cause.odds[Odds.LEMON_AGAIN]
        return any(self._chance.turns_bad(cause.row, node, period, share) for period in range(cured + 1, now + 1))
