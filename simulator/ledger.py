"""The accounts of time, and the words both engines share: phases, outcomes, effects, kinds of record, purposes.

Every tick of a replication is booked on exactly one account, and the accounts sum to the clock. Both engines book on
these accounts; how they come to book there they tell apart.
"""

from enum import IntEnum


class Account(IntEnum):
    """Where a tick of wall-clock time went."""

    PRODUCTIVE = 0  # training that is kept, at nominal speed
    SLOW = 1  # the extra time of kept training below nominal speed
    LOST_WORK = 2  # training that was done and then rolled back
    CHECKPOINT_SAVE = 3  # the blocking part of saves
    CHECKPOINT_RESTORE = 4  # loading a checkpoint
    DETECTION = 5  # from the failure until somebody or something notices
    DIAGNOSIS = 6  # from the alarm until the broken nodes are known
    RESTART = 7  # process start and communicator set-up
    WAITING = 8  # swapping nodes in, or waiting for nodes to come
    NETWORK_STALL = 9  # the transport recovers below the application
    MAINTENANCE = 10  # planned stops
    EVALUATION = 11  # pauses of training that is kept, in which the model is evaluated


ACCOUNTS = len(Account)


class Phase(IntEnum):
    """What the job is doing. The numbers order nothing: sets of phases stand in docs/semantics.md, 4.1."""

    TRAINING = 0
    SAVING = 1
    CLOSING = 2  # the closing save before a planned stop
    STALL = 3
    RESTART = 4
    RESTORE = 5
    DETECTION = 6
    DIAGNOSIS = 7
    SWAP = 8
    WAIT = 9
    MAINTENANCE = 10
    DONE = 11
    OUT_OF_TIME = 12
    DIVERGED = 13


class Outcome(IntEnum):
    """How a replication ended."""

    DONE = 0
    OUT_OF_TIME = 1
    DIVERGED = 2


class Effect(IntEnum):
    """What a strike does to the job."""

    STOP = 0
    STALL = 1
    SLOW = 2
    CORRUPT = 3  # silently: the alarm comes later, and what was saved since is worthless


class Exposed(IntEnum):
    """The phases in which a cause can strike."""

    ALWAYS = 0
    BUSY = 1
    RUNNING = 2


class Kind(IntEnum):
    """What a record of the event log tells."""

    PHASE_END = 0  # a timer ran out, or DONE; not TRAINING to SAVING or back
    RETURN = 1  # a repair job leaves the shop
    SLOW_END = 2  # a slow place healed, or was found
    WINDOW_DUE = 3
    STRIKE = 4
    PLANNED_STOP = 5
    END = 6  # OUT_OF_TIME or DIVERGED


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


class Column(IntEnum):
    """Columns of the event log, all int64; what a kind of record lacks is -1."""

    TICK = 0
    KIND = 1
    CAUSE = 2
    ORDINAL = 3
    PLACE = 4
    PHASE_AFTER = 5
    WORK = 6  # w, in 1/Q tick
    KEPT = 7  # K, in ticks
    EFFECT = 8  # of a strike, after all layers
    NODES = 9  # nodes taken by the event
    LOST = 10  # training lost by the event, in ticks


LOG_COLUMNS = len(Column)


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


class Overlap(IntEnum):
    """What a storage save does that is due while the last one still drains."""

    DELAY = 0
    SKIP = 1


class Choice(IntEnum):
    """Which node of the pool fills a place."""

    FIRST = 0  # the one that has been there longest
    RANDOM = 1
    FEWEST = 2  # the one that was taken least often


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
