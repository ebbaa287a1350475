"""World: everything that changes in one replication of the fast engine, as a few int64 arrays.

`world.state[At.X]` holds the scalars. Places and nodes have a row only once something happens to them (see places.py),
and rows are reset lazily (one belongs to this replication when its EPOCH says so), so a replication costs what its
failures cost, not what the cluster costs. Tables that grow with the failures have a capacity; a replication that
exceeds one sets OVERFLOW and is run again in a larger world.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from simulator.engines.kernel.heap import HEAP_COLUMNS
from simulator.ledger import ACCOUNTS, LOG_COLUMNS
from simulator.plan import Floats, Integers, Plan, out_bins


class At(IntEnum):
    """Where a scalar of the world stands in `world.state`."""

    EPOCH = 0  # number of the replication in this world
    OVERFLOW = 1
    NOW = 2
    PHASE = 3
    BEGUN = 4  # the tick up to which the phase is booked
    ENDS = 5  # the tick of the phase's timer
    ENDING = 6  # what the timer of a stretch rings for: see Ending
    RECORDS = 7
    OVERLONG = 8  # more records than the plan allows
    # training and checkpoints
    WORK = 9  # w
    CYCLE_WORK = 10  # c
    SAVES = 11  # i
    SINCE_STORAGE = 12  # i mod k: saves since the last one that was due in storage
    KEPT = 13  # K
    SPEED = 14
    TO_SAVE = 15  # training ticks until the next save is due
    SAVE_LEFT = 16  # ticks which that save takes, or still takes
    SAVE_GOES = 17  # where it goes: see Save
    CYCLE = 18  # m: ticks of a cycle at this speed
    CYCLE_SPEED = 19  # the speed for which it holds
    STORAGE_SAVE = 20  # ticks of a storage save in a regular stretch, the wait for the last drain included
    DURABLE_WORK = 21  # D
    DURABLE_KEPT = 22
    DURABLE_SAVES = 23
    DURABLE_SINCE = 24
    MEMORY_WORK = 25  # M
    MEMORY_KEPT = 26
    MEMORY_SAVES = 27
    MEMORY_SINCE = 28
    MEMORY_USABLE = 29
    DRAIN_ENDS = 30
    DRAIN_WORK = 31
    DRAIN_KEPT = 32
    DRAIN_SAVES = 33
    LOST_EPOCH = 34  # members of L carry it; a new number empties L
    PAUSED = 35  # the phase that a stall pauses
    PAUSED_LEFT = 36
    STARTING_UP = 37
    # places, pool, shop
    EMPTY = 38  # number of empty places
    POOL_HEAD = 39
    POOL = 40  # number of nodes in the pool
    SERIAL = 41  # last serial number given to a placement or a mark
    JOBS = 42  # rows of `jobs` in use
    FREE_JOB = 43  # first row to use again; -1: none
    PENDING = 44  # what the timer of a stretch rings for: see Ending
    URGENT = 45  # a repair job that enters the shop whatever the phase; -1: none
    RETURNS = 46
    ENTRIES = 47  # jobs that ever entered the shop
    # slow places
    MARKS = 48
    FREE_MARK = 49
    ACTIVE = 50
    FOUND = 51  # found places that still hold their node
    SLOW_ENDS = 52
    # windows
    WINDOW = 53  # number of the next window
    WINDOW_DUE = 54
    WINDOW_PENDING = 55  # what the timer of a stretch rings for: see Ending
    # the lead
    LEAD_CAUSE = 56
    LEAD_STREAM = 57
    LEAD_ORDINAL = 58
    # weather
    NEXT = 59  # tick of the next candidate
    BENCHES = 60  # 1: some cause strikes spares
    SOURCE = 61  # where it comes from: a clock, or one of Source
    SUDDEN = 62
    UNITS = 63
    LINE = 64  # next line of the script
    # the candidate at hand
    CAUSE = 65
    STREAM = 66
    ORDINAL = 67
    UNIT = 68  # -1: none (scripted, relapse)
    SLOT = 69  # of a renewed unit; -1: none
    PLACE = 70  # first place; -1: none
    BLAST = 71
    EFFECT = 72
    BENCH = 73  # slot of the pool that it falls on; -1: it falls on places
    # what an event leaves to do: see loop.conclude
    REGROUP = 74
    DEPART = 75
    LEADS = 76  # a new lead: the first length that it is asked for; -1: none
    BEGINS = 77  # 1: that is the length of the phase that begins now
    BIRTHS = 78  # first unit slot to be born; -1: none
    NOTE = 79  # 1: a record of this event was begun
    # rows of the tables that belong to this replication
    SEATS = 80
    NODES = 81
    LENGTHS = 82  # and behind it: the lengths that the lead owns, see Length


# A row of places or nodes is as wide as a cache line, so that a visit costs one miss at most.
_ROW = 8


class Source(IntEnum):
    """Sources of candidates beside the clocks of the cohorts and of the bench."""

    SCRIPT = -1
    SUDDEN = -2
    NONE = -3
    UNKNOWN = -4  # to be found


class Length(IntEnum):
    """Lengths of phases that a lead owns, in the order in which they are asked for."""

    MAINTENANCE = 0
    DETECTION = 1
    DIAGNOSIS = 2
    SWAP = 3
    RESTART = 4
    RESTORE = 5
    RESTORE_MEMORY = 6


class Ending(IntEnum):
    """What the timer of a stretch rings for."""

    SAVE = 0  # the close of its first save
    DONE = 1
    UNKNOWN = 2  # nothing yet: its end is not before


class Save(IntEnum):
    """Where a save goes."""

    ORDINARY = 0
    STORAGE = 1
    NOWHERE = 2  # skipped: there is no memory tier, and the last one still drains


class Place(IntEnum):
    """Columns of `world.places`."""

    EPOCH = 0
    NUMBER = 1
    NODE = 2  # its number; -1: empty
    MARK = 3  # row of the slow mark; -1: none
    LOST = 4  # equal to LOST_EPOCH: member of L
    SERIAL = 5  # of this filling
    AWAITS = 6  # first unit slot to be born when the place is filled; -1: none


class Node(IntEnum):
    """Columns of `world.nodes`."""

    EPOCH = 0
    NUMBER = 1
    NEXT = 2  # row of the next node of the same repair job; -1: last
    CURED = 3  # lemon marks are gone
    CAUSE = 4  # of the repair that did not cure; -1: not marked
    STREAM = 5
    ORDINAL = 6


class Group(IntEnum):
    """Columns of `world.groups`: memory groups with members in L."""

    EPOCH = 0  # a LOST_EPOCH
    NUMBER = 1
    LOST = 2  # members in L


class Job(IntEnum):
    """Columns of `world.jobs`: repair jobs."""

    CAUSE = 0
    STREAM = 1
    ORDINAL = 2
    FIRST = 3
    LAST = 4


class Mark(IntEnum):
    """Columns of `world.marks`: slow places."""

    PLACE = 0
    SPEED = 1
    CAUSE = 2
    STREAM = 3
    ORDINAL = 4
    UNIT = 5
    SLOT = 6
    FOUND = 7  # the tick at which it was found; -1: not yet
    SERIAL = 8
    ACTIVE = 9  # its row in `active`
    SEAT = 10  # row of its place


class Unit(IntEnum):
    """Columns of `world.units`: units that have left their cohort."""

    CAUSE = 0
    UNIT = 1
    FAMILY = 2  # j
    GENERATION = 3  # the last one used
    BIRTH = 4
    LAST = 5  # tick of its last candidate
    NEXT = 6  # next slot that awaits the same place
    ALIVE = 7


class World(NamedTuple):
    """The state of one replication. Capacities in brackets are guesses that grow."""

    state: Integers
    ledger: Integers
    failures: Integers
    interruptions: Integers
    out_seen: Integers
    log: Integers  # (records, 8); as many records are kept as fit
    clock: Integers  # (2 causes,): tick of the next candidate; cohorts, then benches
    clock_ordinal: Integers
    clock_level: Floats
    sudden: Integers  # heap [capacity]: candidates of renewed units, and relapses
    units: Integers  # [capacity]
    unit_level: Floats
    left: Integers  # hash set of the units that left their cohort [power of 2]
    places: Integers
    groups: Integers
    nodes: Integers
    pool: Integers  # ring
    empty: Integers  # rows of the empty places, in no order
    jobs: Integers  # [capacity]
    pending: Integers  # [capacity]
    returns: Integers  # heap [capacity]
    crews: Integers  # heap of ticks at which crews are free; kept while no crew is
    marks: Integers  # [capacity]
    active: Integers
    slow_ends: Integers  # heap [capacity]


def _rows_for(number: int, capacity: int) -> int:
    """Rows for so many places or nodes, a power of 2: one each, unless that is too many."""
    return min(16 * capacity, 1 << (number - 1).bit_length())


def new_world(plan: Plan, capacity: int = 256, log_capacity: int = 0) -> World:
    """A world for plans of this shape (nodes, causes, crews). Its tables hold `capacity` rows, a power of 2."""
    causes = len(plan.units)
    nodes = plan.needed + plan.spares
    groups = places = _rows_for(plan.needed, capacity)

    def rows(number: int, columns: int) -> Integers:
        return np.zeros((number, columns), np.int64)

    return World(
        state=np.zeros(At.LENGTHS + len(Length), np.int64),
        ledger=np.zeros(ACCOUNTS, np.int64),
        failures=np.zeros(causes, np.int64),
        interruptions=np.zeros(causes, np.int64),
        out_seen=np.zeros(out_bins(plan), np.int64),
        log=np.empty((log_capacity, LOG_COLUMNS), np.int64),  # read only as far as it is written
        clock=np.zeros(2 * causes, np.int64),
        clock_ordinal=np.zeros(2 * causes, np.int64),
        clock_level=np.zeros(2 * causes),
        sudden=rows(2 * capacity, HEAP_COLUMNS),
        units=rows(capacity, len(Unit)),
        unit_level=np.zeros(capacity),
        left=np.zeros(4 * capacity, np.int64),
        places=rows(places, _ROW),
        groups=rows(groups, len(Group)),
        nodes=rows(_rows_for(nodes, capacity), _ROW),
        pool=np.zeros(nodes + 1, np.int64),
        empty=np.zeros(plan.needed, np.int64),
        jobs=rows(capacity, len(Job)),
        pending=np.zeros(capacity, np.int64),
        returns=rows(capacity, HEAP_COLUMNS),
        crews=np.zeros(plan.crews, np.int64),
        marks=rows(capacity, len(Mark)),
        active=np.zeros(capacity, np.int64),
        slow_ends=rows(2 * capacity, HEAP_COLUMNS),
    )
