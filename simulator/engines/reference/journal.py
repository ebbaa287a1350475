"""The journal: the event log and the counts."""

from dataclasses import dataclass

import numpy as np

from simulator.engines.reference.calendar import Calendar
from simulator.numbers.ledger import LOG_COLUMNS, Kind
from simulator.numbers.plan import TALLIES, Integers, Plan, Tally, out_bins


@dataclass(frozen=True)
class Note:
    """What happened, before it is known what came of it."""

    tick: int
    kind: Kind
    cause: int = -1
    ordinal: int = -1
    place: int = -1
    effect: int = -1


class Journal:
    """Counts records, and keeps them when asked to. A record tells the state after its event is wholly processed."""

    def __init__(self, plan: Plan, calendar: Calendar, keep: bool) -> None:
        self._calendar = calendar
        self.records = 0
        self.failures = np.zeros(len(plan.units), np.int64)
        self.interruptions = np.zeros(len(plan.units), np.int64)
        self.out_seen = np.zeros(out_bins(plan), np.int64)
        self.tally = np.zeros(TALLIES, np.int64)
        self._warm_up = int(plan.warm_up)
        self._max_records = int(plan.max_records)
        self._keep = keep
        self._open: Note | None = None
        self._rows: list[tuple[int, ...]] = []
        # of the event that is being processed
        self._nodes = 0
        self._lost = 0

    @property
    def is_open(self) -> bool:
        """Whether the last event makes a record that is still to be completed."""
        return self._open is not None

    @property
    def is_full(self) -> bool:
        """Whether there are as many records as the plan allows."""
        return self.records >= self._max_records

    def note(self, kind: Kind, cause: int = -1, ordinal: int = -1, place: int = -1, effect: int = -1) -> None:
        """Open the record of an event of this tick. An event makes one record at most."""
        note = Note(self._calendar.tick, kind, cause, ordinal, place, effect)
        assert self._open is None, f"{note} in the middle of {self._open}"
        self._open = note

    def close(self, phase_after: int, work: int, kept: int) -> None:
        """Complete the record of the last event."""
        note = self._open
        assert note is not None, "no record is open"
        self.records += 1
        if self._keep:
            event = (note.tick, int(note.kind), note.cause, note.ordinal, note.place)
            state = (int(phase_after), work, kept)
            self._rows.append((*event, *state, note.effect, self._nodes, self._lost))
        self._open, self._nodes, self._lost = None, 0, 0

    def note_taking(self) -> None:
        """A node was taken by the event that is being processed."""
        self._nodes += 1

    def note_loss(self, ticks: int) -> None:
        """So much training was lost by it."""
        self._lost += ticks

    def count(self, what: Tally, times: int = 1) -> None:
        """Count something that happened."""
        self.tally[what] += times

    def count_interruption(self, cause: int) -> None:
        """Count a STOP strike that interrupted the job."""
        self.interruptions[cause] += 1

    def count_stop(self, cause: int, nodes_out: int) -> None:
        """Count a STOP strike and, after the warm-up, how many nodes it found out of service."""
        self.failures[cause] += 1
        if self._calendar.tick >= self._warm_up:
            self.out_seen[min(nodes_out, len(self.out_seen) - 1)] += 1

    def log(self) -> Integers:
        """The records kept, (records, columns)."""
        return np.array(self._rows, np.int64).reshape(-1, LOG_COLUMNS)
