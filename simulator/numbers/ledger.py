"""The accounts of time, and the words both engines share: phases, outcomes, kinds of record.

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
