"""Plan: everything about a scenario that an engine needs, as numbers, and the numbers by which mechanisms are known.

No words, and nothing that changes. A number is given once: results that were kept hang on it.
"""

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Integers: TypeAlias = npt.NDArray[np.int64]
    Keys: TypeAlias = npt.NDArray[np.uint64]
else:  # reading a scenario needs the numbers, and no arrays
    Floats = Integers = Keys = Any


class Effect(IntEnum):
    """What a strike does to the job."""

    STOP = 0
    STALL = 1
    SLOW = 2
    CORRUPT = 3  # silently: the alarm comes later, and what was saved since is worthless


class Overlap(IntEnum):
    """What a storage save does that is due while the last one still drains."""

    DELAY = 0
    SKIP = 1


class Choice(IntEnum):
    """Which node of the pool fills a place."""

    FIRST = 0  # the one that has been there longest
    RANDOM = 1
    FEWEST = 2  # the one that was taken least often


class Tally(IntEnum):
    """What is counted beside failures, in one replication."""

    STALLS = 0  # strikes that the network got over while the job stood still
    REBUILDS = 1  # of those, the ones that took a rebuild of the communicators
    SLOWED = 2  # strikes that slowed the job down
    CORRUPTIONS = 3  # silent strikes
    ALARMS = 4  # of those, the ones that were found
    CHECKPOINTS_LOST = 5  # alarms after which no checkpoint from before was kept
    EVICTIONS = 6  # slow nodes taken out of the job
    REPAIRS = 7  # repair jobs that entered the shop
    MANUAL_REPAIRS = 8  # of those, the ones that need hands
    VENDOR_REPAIRS = 9  # of those, the ones that need the maker
    CURES = 10  # of all repair jobs, the ones that cure
    MISSED = 11  # diagnoses that found nothing
    BLAMED = 12  # diagnoses that blamed an innocent node
    RETIRED = 13  # nodes that never come back, by policy
    SWAPS = 14  # places filled anew
    SELECTIONS = 15  # selections of hosts
    PREEMPTIONS = 16  # nodes fetched from other jobs
    WAITS = 17  # times that the job waited for a repair
    TRAYS = 18  # of the places filled anew, those by a spare of the same machine
    BLOCKS = 19  # blocks moved to another machine


TALLIES = len(Tally)


class Purpose(IntEnum):
    """What a number of a name (stream, ordinal) is for; also the column of the law that turns it into a quantity."""

    BUDGET = 0
    UNIT = 1
    HIDDEN = 2
    DETECTION = 3
    DIAGNOSIS = 4
    REPAIR = 5
    CURE = 6
    RELAPSE = 7
    LENGTH = 8  # of a stall, of a maintenance window
    FACTOR = 9
    FOUND = 10
    HEALED = 11
    SWAP = 12
    RESTART = 13
    RESTORE = 14
    LEMON = 15
    RESTORE_MEMORY = 16  # a law only: the number drawn is that of RESTORE
    INPUT = 17  # an uncertain input: one number a replication
    MEMBER = 18  # whether a place of the domain is hit
    MULTIPATH = 19  # whether another path carries on
    REBUILD = 20  # of communicators
    MISSED = 21  # whether the diagnosis finds nothing
    BLAMED = 22  # whether it blames another node
    INNOCENT = 23  # which one
    MANUAL = 24  # repair by hand, where the first one does not do
    VENDOR = 25  # and with the maker
    ESCALATE = 26  # whether it goes from the first stage of repair to the second
    ESCALATE_AGAIN = 27  # and from the second to the third
    SELECTION = 28  # of hosts
    CHOICE = 29  # of a node of the pool
    SPREAD = 30  # what the slowest rank takes longer than the usual one: a pure number


class Stream(IntEnum):
    """The streams of a cause, columns of `Plan.streams`; of the last row, which is the job's own, the first only."""

    WEATHER = 0  # candidates of the cohort and of renewed units, and what a script gives
    BENCH = 1
    RELAPSE = 2  # of what the weather broke; and alarms
    BENCH_RELAPSE = 3  # of what broke on the bench
    LEMON = 4  # which nodes are bad


class Rule(IntEnum):
    """Columns of `Plan.rules`, int64, one row a cause."""

    MASKED = 0  # a STOP whose length is at most this is void: the link retries; 0: none [ticks]
    REBUILD = 1  # one above `reach` and at most this costs a rebuild of the communicators; 0: none [ticks]
    EVICT_BELOW = 2  # slow places at least this fast are never found [1/Q]; Q + 1: all can be
    PATIENCE = 3  # a slow place is found no sooner than it has cost so much [ticks]
    SLICE = 4  # row of `slices` of the first unit; -1: the units are not of slices


RULES = len(Rule)


class Odds(IntEnum):
    """Columns of `Plan.odds`, float64, one row a cause: probabilities."""

    MULTIPATH = 0  # that another path carries on when a STOP strikes: it becomes SLOW
    MEMBERS = 1  # of each place of the block that a STOP takes it
    MISSED = 2  # that the diagnosis finds nothing
    BLAMED = 3  # that it blames another node
    LEMON_AGAIN = 4  # of each node to turn bad (again) at the end of each `lemon_period`
    CURE_MANUAL = 5  # that a repair cures which ended by hand
    CURE_VENDOR = 6  # and one that ended with the maker


ODDS = len(Odds)


class Slice(IntEnum):
    """Columns of `Plan.slices`: what one element of the fabric does when it fails."""

    FIRST = 0  # first place that it cuts off
    NODES = 1  # how many; 0: none, it slows the job
    SPEED = 2  # to this [1/Q]


class Line(IntEnum):
    """Columns of a script: strikes that are given instead of drawn. Absent is -1."""

    AT = 0
    CAUSE = 1
    EFFECT = 2
    PLACE = 3
    BLAST = 4
    BENCH = 5  # index in the pool; -1: the strike falls on a place
    LENGTH = 6
    SPEED = 7
    FOUND = 8  # ticks after onset
    HEALED = 9
    DETECTION = 10
    DIAGNOSIS = 11
    REPAIR = 12
    RETIRE = 13  # 1 retires; -1 does not
    RELAPSE = 14  # ticks after the node is placed again


class Plan(NamedTuple):
    """One replication's givens. Scalars are int64, times in ticks, arrays one row a cause unless said otherwise."""

    needed: int  # places of the job [nodes]
    spares: int  # nodes in the pool at tick 0
    work: int  # W: failure-free training at nominal speed, up to 2.5 years
    interval: int  # tau: work between saves, at nominal speed
    save: int  # delta: blocking time of an ordinary save
    save_storage: int  # blocking time of a save that goes to storage too (the total)
    storage_every: int  # k: every k-th save goes to storage; 1 without a memory tier
    lag: int  # from the close of a storage save until it is durable
    overlap: int  # Overlap
    memory_group: int  # G: members that hold each other's copies; 0: no memory tier
    memory_peers: int  # copies besides the owner's
    memory_apart: int  # 1: members of a group stand ceil(needed/G) apart
    start_up: int  # first phase: RESTART so long; 0: TRAINING at once
    horizon: int  # OUT_OF_TIME then; times.NEVER: none
    max_records: int  # DIVERGED when the log has as many records
    crews: int  # of the first stage of the repair shop; 0: unlimited
    warm_up: int  # strikes before it do not count in `out_seen`
    window_period: int  # after the windows listed, one each so many ticks; 0: none
    pace: int  # speed of the job without slow places, 1..Q, before the draw of SPREAD
    max_candidates: int  # DIVERGED when so many candidates have come from the clocks of units
    evaluation: int  # ticks of evaluation for Q ticks of productive time, 0..Q
    slow_start: int  # on top of every RESTART of a recovery
    checkpoints_kept: int  # in storage; 0: all
    selects: int  # 1: there is a working pool behind the pool, and selections of hosts
    reserve: int  # nodes of the working pool at tick 0, those of the job and of the pool not counted
    backup: int  # nodes that can be fetched from other jobs
    fetch: int  # time that fetching one takes
    refill: int  # nodes that must be in the pool before a job that ran short goes on
    choice: int  # Choice
    at_strike: int  # 1: repairs begin at the strike; 0: when the diagnosis has found the nodes
    crews_manual: int  # 0: unlimited
    crews_vendor: int  # 0: unlimited
    retire_count: int  # a node is retired that was taken so often within `retire_window`; 0: never
    retire_window: int
    block: int  # places of a compute block; 0: no blocks
    trays: int  # spares within each machine that serves a block
    spare_blocks: int  # machines that serve none at tick 0
    lemon_period: int  # nodes may turn bad at every multiple of this; 0: never

    units: Integers  # n: units that can break, all in all; 0: the cause has no weather
    per_place: Integers  # u: units in each place; 0: the units span places, or there is one for the job
    span: Integers  # g: places that one unit spans; 0: the unit is the job's and has no place
    effect: Integers  # see Effect
    blast: Integers  # b: nodes in the aligned block that a STOP takes; 0: none
    exposed: Integers  # ledger.Exposed
    renewal: Integers  # 1: a broken unit is replaced by a new one; 0: minimal repair
    bench: Integers  # 1: spares burn too
    retire: Integers  # 1: nodes taken never return
    hidden: Floats  # share of STOPs that the network hides: they become STALLs
    reach: Integers  # a STOP whose length is at most this is retried through: it becomes a STALL; 0: none [ticks]
    cure: Floats  # probability that a repair cures
    lemon_share: Floats  # share of nodes that the cause can strike, to which its units belong; 0: not a lemon cause
    hazard_kind: Integers  # times.Hazard
    hazard: Floats  # (causes, 3): two parameters of the hazard, and the cohort's age at tick 0 [s]
    laws: Floats  # (causes + 1, purposes, 4): kind and parameters [s]; the last row: windows, SPREAD
    streams: Integers  # (causes + 1, streams): numbers of streams, see Stream; the last row: the job's own
    rules: Integers  # (causes, RULES), see Rule
    odds: Floats  # (causes, ODDS), see Odds
    escalate: Floats  # (2,): probability that a repair goes on from the first stage to the second, and to the third
    retire_score: Floats  # (2,): score from which a node is retired, 0: never; time in which it is forgotten [s]
    slices: Integers  # (rows, 3), see Slice
    table: Floats  # (rows, 3) of piecewise constant hazards: age from [s], rate [1/s], cumulative hazard at that age
    window_due: Integers  # (windows,), ascending
    window_length: Integers  # (windows,); -1: drawn under the last row of `laws`
    script: Integers  # (lines, 15), in the order of the file; see Line
    script_order: Integers  # (lines,): the lines by (at, cause, order in the file)


class Result(NamedTuple):
    """What one replication came to; the same from both engines, to the tick."""

    outcome: int  # ledger.Outcome
    finish: int  # [ticks]
    work: int  # w at the end, in 1/Q tick
    kept: int  # K at the end [ticks]
    records: int
    ledger: Integers  # (accounts,) [ticks]; sums to finish
    failures: Integers  # (causes,): STOP strikes, merged and on the bench too
    interruptions: Integers  # (causes,): STOP strikes that began DETECTION
    out_seen: Integers  # (bins,): STOP strikes after warm_up, by nodes they found out of service (the last: or more)
    tally: Integers  # (tallies,), see Tally
    log: Integers  # (records, columns), see ledger.Column; (0, columns) where none was asked for


OUT_BINS = 1024


def out_bins(plan: Plan) -> int:
    """Length of `out_seen`."""
    return min(plan.needed + plan.spares + 1, OUT_BINS)
