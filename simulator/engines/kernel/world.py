"""World: everything that changes in one replication of the fast engine, as a few int64 arrays.

`world.state[At.X]` holds the scalars. Places and nodes have a row only once something happens to them (see places.py),
and rows are reset lazily (one belongs to this replication when its EPOCH says so), so a replication costs what its
failures cost, not what the cluster costs. Tables that grow with the failures have a capacity; a replication that
exceeds one sets OVERFLOW and is run again in a larger world.
"""

from enum import IntEnum, auto
from typing import NamedTuple

import numpy as np

from simulator.engines.kernel.heap import HEAP_COLUMNS
from simulator.engines.kernel.tables import ROW, WIDE, Group, Its, Job, Machine, Mark, Unit
from simulator.numbers.ledger import ACCOUNTS, LOG_COLUMNS
from simulator.numbers.plan import TALLIES, Floats, Integers, Plan, out_bins


class At(IntEnum):
    """Where a scalar of the world stands in `world.state`."""

    EPOCH = 0  # number of the replication in this world
    OVERFLOW = auto()
    NOW = auto()
    PHASE = auto()
    BEGUN = auto()  # the tick up to which the phase is booked
    ENDS = auto()  # the tick of the phase's timer
    ENDING = auto()  # what the timer of a stretch rings for: see Ending
    RECORDS = auto()
    TAKEN = auto()  # nodes taken so far
    TAKEN_NOTED = auto()  # and when the last record was completed
    LOST_NOTED = auto()  # training lost by then
    OVERLONG = auto()  # more records than the plan allows
    CANDIDATES = auto()  # that came from the clocks of units
    # training and checkpoints
    WORK = auto()  # w
    CYCLE_WORK = auto()  # c
    SAVES = auto()  # i
    SINCE_STORAGE = auto()  # i mod k: saves since the last one that was due in storage
    KEPT = auto()  # K
    PACE = auto()  # P
    SPEED = auto()  # s
    TO_SAVE = auto()  # training ticks until the next save is due
    SAVE_LEFT = auto()  # ticks which that save takes, or still takes
    SAVE_GOES = auto()  # where it goes: see Save
    CYCLE = auto()  # m: ticks of a cycle at this speed
    CYCLE_SPEED = auto()  # the speed for which it holds
    STORAGE_SAVE = auto()  # ticks of a storage save in a regular stretch, the wait for the last drain included
    DURABLE_WORK = auto()  # D
    DURABLE_KEPT = auto()
    DURABLE_SAVES = auto()
    DURABLE_SINCE = auto()
    MEMORY_WORK = auto()  # M
    MEMORY_KEPT = auto()
    MEMORY_SAVES = auto()
    MEMORY_SINCE = auto()
    MEMORY_USABLE = auto()
    DRAIN_ENDS = auto()
    DRAIN_WORK = auto()
    DRAIN_KEPT = auto()
    DRAIN_SAVES = auto()
    STORED = auto()  # storage saves that ever closed
    LOST_EPOCH = auto()  # members of L carry it; a new number empties L
    PAUSED = auto()  # the phase that a stall pauses
    PAUSED_LEFT = auto()
    STARTING_UP = auto()
    # places, pools, shop
    EMPTY = auto()  # number of empty places
    POOL_HEAD = auto()
    POOL = auto()  # number of nodes in the pool
    RESERVE_HEAD = auto()  # these two stand to the reserve as those two to the pool
    RESERVE = auto()
    BACKUP = auto()
    OUT = auto()  # nodes out of service
    SHORT = auto()  # 1: the job ran short of nodes, and wants a refill
    FETCHING = auto()  # 1: a node is fetched in this WAIT
    SERIAL = auto()  # last serial number given to a placement or a mark
    JOBS = auto()  # rows of `jobs` that were ever in use; see slots.py
    FREE_JOB = auto()
    PENDING = auto()  # jobs that wait for the close of DIAGNOSIS
    MISSES = auto()  # how many of them are to be missed
    URGENT = auto()  # a repair job that enters the shop whatever the phase; -1: none
    RETURNS = auto()
    ENTRIES = auto()  # jobs that ever entered the shop, or another stage of it
    FITTING = auto()  # how often it was asked whether the empty places of blocks fit
    # slow places
    MARKS = auto()  # these two stand to `marks` as those two to `jobs`
    FREE_MARK = auto()
    ACTIVE = auto()
    FOUND = auto()  # found places that still hold their node
    SLOW_ENDS = auto()
    # corruptions
    CORRUPTIONS = auto()  # and these two to `corruptions`
    FREE_CORRUPTION = auto()
    # windows
    WINDOW = auto()  # number of the next window
    WINDOW_DUE = auto()
    WINDOW_PENDING = auto()  # number of the pending window; -1: none
    # the lead
    LEAD_CAUSE = auto()
    LEAD_STREAM = auto()
    LEAD_ORDINAL = auto()
    # weather
    NEXT = auto()  # tick of the next candidate
    BENCHES = auto()  # 1: some cause strikes spares
    SOURCE = auto()  # where it comes from: a clock, or one of Source
    SUDDEN = auto()
    UNITS = auto()
    LINE = auto()  # next line of the script
    # what an event leaves to do: see loop.conclude
    REGROUP = auto()
    DEPART = auto()
    RELEASE = auto()  # a repair job that has ended; -1: none
    LEADS = auto()  # a new lead: the first length that it is asked for; -1: none
    BEGINS = auto()  # which of these is the length of the phase that begins now; -1: none
    BIRTHS = auto()  # first unit slot to be born; -1: none
    HAUNTED = auto()  # row of the first place whose relapse is to be drawn; -1: none
    NOTE = auto()  # 1: a record of this event was begun
    # rows of the tables that belong to this replication
    SEATS = auto()
    NODES = auto()
    LENGTHS = auto()  # and behind it: the lengths that the lead owns, see Length; then the traits of each cause


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
    SELECTION = 7  # in place of SWAP; only of plans that select


# In `world.state`: the traits of the first cause.
TRAITS_OF = At.LENGTHS.value + len(Length)


class Trait(IntEnum):
    """Bits of what is special about a cause, or about the candidate at hand, so that the others need one test."""

    LAYERED = 1  # the network may absorb its STOPs
    FABRIC = 2  # its units are elements of a fabric
    MEMBERS = 4  # not each place of a block is taken
    ERRING = 8  # its diagnosis errs
    REBUILT = 16  # of the candidate: it stalls until the communicators are set up anew
    CERTAIN = 32  # nothing makes it void


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


class World(NamedTuple):
    """The state of one replication. Capacities in brackets are guesses that grow."""

    state: Integers
    ledger: Integers
    failures: Integers
    interruptions: Integers
    out_seen: Integers
    tally: Integers
    log: Integers  # (records, columns); as many records are kept as fit
    clock: Integers  # (2 causes,): tick of the next candidate; cohorts, then benches
    clock_ordinal: Integers
    clock_level: Floats
    clock_units: Integers  # how many units burn
    lemons: Integers  # (causes, nodes) if some cause strikes bad nodes only: those that it may strike
    candidate: Integers  # the one at hand; see Its
    sudden: Integers  # heap [capacity]: candidates of renewed units, and relapses
    units: Integers  # [capacity]
    unit_level: Floats
    left: Integers  # hash set of the units that left their cohort [power of 2]
    places: Integers
    groups: Integers
    nodes: Integers
    takings: Integers  # as long as `nodes` if a policy retires nodes: when they were taken; see retirement.py
    scores: Floats
    pool: Integers  # two rings, the pool and (if the plan selects) the reserve
    empty: Integers  # rows of the empty places, in no order
    jobs: Integers  # [capacity]
    pending: Integers  # [capacity]
    returns: Integers  # heap [capacity]
    crews: Integers  # heaps of ticks at which crews are free, one a stage; see shop.py for when they are kept
    marks: Integers  # [capacity]
    active: Integers
    slow_ends: Integers  # heap [capacity]
    corruptions: Integers  # [capacity]
    machines: Integers


def _rows_for(number: int, capacity: int) -> int:
    """Rows for so many places or nodes, a power of 2: one each, unless that is too many."""
    return min(16 * capacity, 1 << (number - 1).bit_length())


def new_world(plan: Plan, capacity: int = 256, log_capacity: int = 0) -> World:
    """A world for plans of this shape (see shape_of). Its tables hold `capacity` rows, a power of 2."""
    causes = len(plan.units)
    nodes, machines, crews, history = shape_of(plan)
    groups = places = _rows_for(plan.needed, capacity)
    node_rows = _rows_for(nodes, capacity)

    def rows(number: int, columns: int) -> Integers:
        return np.zeros((number, columns), np.int64)

    return World(
        state=np.zeros(TRAITS_OF + causes, np.int64),
        ledger=np.zeros(ACCOUNTS, np.int64),
        failures=np.zeros(causes, np.int64),
        interruptions=np.zeros(causes, np.int64),
        out_seen=np.zeros(out_bins(plan), np.int64),
        tally=np.zeros(TALLIES, np.int64),
        log=np.empty((log_capacity, LOG_COLUMNS), np.int64),  # read only as far as it is written
        clock=np.zeros(2 * causes, np.int64),
        clock_ordinal=np.zeros(2 * causes, np.int64),
        clock_level=np.zeros(2 * causes),
        clock_units=np.zeros(2 * causes, np.int64),
        lemons=rows(*lemon_shape(plan, nodes)),
        candidate=np.zeros(len(Its), np.int64),
        sudden=rows(2 * capacity, HEAP_COLUMNS),
        units=rows(capacity, len(Unit)),
        unit_level=np.zeros(capacity),
        left=np.zeros(4 * capacity, np.int64),
        places=rows(places, ROW),
        groups=rows(groups, len(Group)),
        nodes=rows(node_rows, ROW),
        takings=rows(node_rows if history else 0, history),
        scores=np.zeros(node_rows if history else 0),
        pool=rows(1 + plan.selects, nodes + 1),
        empty=np.zeros(plan.needed, np.int64),
        jobs=rows(capacity, len(Job)),
        pending=np.zeros(capacity, np.int64),
        returns=rows(capacity, HEAP_COLUMNS),
        crews=np.zeros(crews, np.int64),
        marks=rows(capacity, len(Mark)),
        active=np.zeros(capacity, np.int64),
        slow_ends=rows(2 * capacity, HEAP_COLUMNS),
        corruptions=rows(capacity, WIDE),
        machines=rows(machines, len(Machine)),
    )


def shape_of(plan: Plan) -> tuple[int, int, int, int]:
    """What decides the size of a world beside places and causes: nodes, machines, crews, columns of `takings`."""
    nodes = plan.needed + plan.spares + plan.reserve + plan.backup
    blocks = -(-plan.needed // plan.block) if plan.block else 0
    machines = blocks + plan.spare_blocks if plan.block else 0
    if plan.block:
        nodes += blocks * plan.trays + plan.spare_blocks * (plan.block + plan.trays)
    retires = plan.retire_count > 0 or plan.retire_score[0] > 0
    history = 1 + plan.retire_count if retires else 0
    return nodes, machines, plan.crews + plan.crews_manual + plan.crews_vendor, history


def lemon_shape(plan: Plan, nodes: int) -> tuple[int, int]:
    """Rows and columns of `lemons`; of what is not a lemon cause's nothing is touched, so it takes no memory."""
    return (len(plan.units), nodes) if (plan.lemon_share > 0.0).any() else (0, 0)


def has_room_for(world: World, plan: Plan) -> bool:
    """Whether a world was made for plans of this shape."""
    nodes, machines, crews, history = shape_of(plan)
    return (
        (len(world.empty), len(world.failures), len(world.out_seen)) == (plan.needed, len(plan.units), out_bins(plan))
        and world.pool.shape == (1 + plan.selects, nodes + 1)
        and world.lemons.shape == lemon_shape(plan, nodes)
        and (len(world.machines), len(world.crews), world.takings.shape[1]) == (machines, crews, history)
    )
