"""The journal: the event log and the counts of strikes."""

from dataclasses import dataclass

import numpy as np

from simulator.ledger import LOG_COLUMNS, Kind
from simulator.plan import Integers, Plan, out_bins


@dataclass(frozen=True)
class Note:
    """What happened, before it is known what came of it."""

    tick: int
    kind: Kind
    cause: int = -1
    ordinal: int = -1
    place: int = -1


class Journal:
    """Counts records, and keeps them when asked to. A record tells the state after its event is wholly processed."""

    def __init__(self, plan: Plan, keep: bool) -> None:
        self.records = 0
        self.failures = np.zeros(len(plan.units), np.int64)
        self.interruptions = np.zeros(len(plan.units), np.int64)
        self.out_seen = np.zeros(out_bins(plan), np.int64)
        self._warm_up = int(plan.warm_up)
        self._max_records = int(plan.max_records)
        self._keep = keep
        self._open: Note | None = None
        self._rows: list[tuple[int, ...]] = []

    @property
    def is_open(self) -> bool:
        """Whether the last event makes a record that is still to be completed."""
        return self._open is not None

    @property
    def is_full(self) -> bool:
        """Whether there are as many records as the plan allows."""
        return self.records >= self._max_records

    def note(self, note: Note) -> None:
        """Open the record of an event. An event makes one record at most."""
        assert self._open is None, f"{note} in the middle of {self._open}"
        self._open = note

    def close(self, phase_after: int, work: int, kept: int) -> None:
        """Complete the record of the last event."""
        note = self._open
        assert note is not None, "no record is open"
        self.records += 1
        if self._keep:
            row = (note.tick, int(note.kind), note.cause, note.ordinal, note.place, int(phase_after), work, kept)
            self._rows.append(row)
        self._open = None

    def count_stop(self, tick: int, cause: int, nodes_out: int) -> None:
        """Count a STOP strike and, after the warm-up, how many nodes it found out of service."""
        self.failures[cause] += 1
        if tick >= self._warm_up:
            self.out_seen[min(nodes_out, len(self.out_seen) - 1)] += 1

    def log(self) -> Integers:
        """The records kept, (records, 8)."""
        return np.array(self._rows, np.int64).reshape(-1, LOG_COLUMNS)
