"""Where incidents lie in an event log, found without putting a word to them: a log may have millions of records."""

from typing import NamedTuple

import numpy as np

from simulator.numbers.ledger import Column, Kind, Phase
from simulator.numbers.plan import Effect, Integers, Plan, Result
from simulator.report.run.incidents import BUSY, ENDED, Incident, Note, Reader, Stalls, first_phase

MOST_READ = 200_000  # records that are put into words: about a second
MOST_OF_ONE = 1_000  # records of one incident that are
MOST_OF_A_MARK = 50  # records of one among many incidents, of which each is told in a few words


class Span(NamedTuple):
    """An incident in a log."""

    first: int  # its first record, from 0
    end: int  # one more than its last record
    ticks: int  # how long it lasts
    tick: int  # when it begins


TICKS, TICK = Span._fields.index("ticks"), Span._fields.index("tick")


class Told(NamedTuple):
    """What a log tells, up to a number of records."""

    happenings: list[Incident | Stalls | Note]  # in the order in which they began
    records: int  # up to this one
    stops_left: int  # incidents beyond it


def spans(plan: Plan, result: Result) -> Integers:
    """Return the incidents of a log in order, each a row that is a Span: those that `happenings` puts into words."""
    log = result.log
    if len(log) == 0:
        return np.zeros((0, len(Span._fields)), np.int64)
    tick, kind, after, effect = (log[:, name] for name in (Column.TICK, Column.KIND, Column.PHASE_AFTER, Column.EFFECT))
    before = np.append(first_phase(plan), after[:-1])
    strikes = (effect == Effect.STOP) & (after == Phase.DETECTION) & np.isin(before, list(BUSY))
    begins = np.flatnonzero(strikes | (kind == Kind.PLANNED_STOP))
    ends = np.flatnonzero(np.isin(after, (Phase.TRAINING, Phase.SAVING, *ENDED)))
    # Of the records between two that end an incident, the first that can begin one does.
    which, chosen = np.unique(np.searchsorted(ends, begins), return_index=True)
    first, last = begins[chosen], np.append(ends, len(log) - 1)[which]
    return np.stack([first, last + 1, tick[last] - tick[first], tick[first]], axis=1)


def tell(plan: Plan, result: Result, causes: tuple[str, ...], most: int = MOST_READ) -> Told:
    """Return what happened, as far as so many records tell; an incident that is begun is told to its end."""
    reader = Reader(plan, causes)
    log, number, left = result.log, 0, most
    found = spans(plan, result)
    for order, span in enumerate(map(Span._make, found[: most + 1].tolist())):
        upto = min(span.first, number + left)
        _read(reader, log, number, upto)
        number, left = upto, left - (upto - number)
        if left <= 0:
            return Told(reader.told, number, len(found) - order)
        _read_one(reader, log, span, MOST_OF_ONE)
        number, left = span.end, left - min(span.end - span.first, MOST_OF_ONE)
    upto = min(len(log), number + max(0, left))
    _read(reader, log, number, upto)
    return Told(reader.told, upto, 0)


def tell_some(plan: Plan, result: Result, causes: tuple[str, ...], chosen: Integers) -> list[Incident]:
    """Return some incidents of a log in a few words, in the order in which they are given."""
    told = []
    for span in map(Span._make, chosen.tolist()):
        before = result.log[span.first - 1] if span.first > 0 else None
        reader = Reader(plan, causes, before)
        _read_one(reader, result.log, span, MOST_OF_A_MARK)
        told += [one for one in reader.told if isinstance(one, Incident)]
    return told


def _read(reader: Reader, log: Integers, first: int, end: int) -> None:
    for record in log[first:end].tolist():
        reader.read(record)


def _read_one(reader: Reader, log: Integers, span: Span, most: int) -> None:
    """Read an incident: its first records, and the last, which ends it."""
    begun = min(span.end - 1, span.first + most)
    _read(reader, log, span.first, begun)
    reader.skip(log[begun : span.end - 1])
    _read(reader, log, span.end - 1, span.end)
