"""Histories: what is remembered of each node, wherever it is: how often it was taken, and cures."""

from collections import Counter

from simulator.engines.reference.calendar import Calendar
from simulator.engines.reference.journal import Journal
from simulator.engines.reference.retirement import Retirement
from simulator.engines.reference.strikes import Strike
from simulator.numbers.plan import Plan


class Histories:
    """The past of every node."""

    def __init__(self, plan: Plan, calendar: Calendar, journal: Journal) -> None:
        self._calendar = calendar
        self._journal = journal
        self._retirement = Retirement(plan, calendar, journal)
        self._taken: Counter[int] = Counter()
        self._cured_at: dict[int, int] = {}

    def times_taken(self, node: int) -> int:
        """How often a node was taken."""
        return self._taken[node]

    def note_taking(self, node: int) -> None:
        """A node broke, or was evicted, or was blamed."""
        self._taken[node] += 1
        self._journal.note_taking()
        self._retirement.note_taking(node)

    def never_returns(self, strike: Strike) -> bool:
        """Whether what a strike takes is given up at once."""
        return self._retirement.never_returns(strike)

    def stays_away(self, node: int) -> bool:
        """Whether a node that would come back does not."""
        return self._retirement.stays_away(node)

    def note_cure(self, node: int) -> None:
        """A repair cured a node, of whatever was bad in it until now."""
        self._cured_at[node] = self._calendar.tick

    def cured_at(self, node: int) -> int | None:
        """The tick of the last repair that cured a node; None without one."""
        return self._cured_at.get(node)
