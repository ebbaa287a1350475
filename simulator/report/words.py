"""The words in which results are told to people: accounts of time, fields of `summary.json`, statistics."""

from typing import NamedTuple

from simulator.ledger import Account, Tally


class Words(NamedTuple):
    """An account for people."""

    label: str
    meaning: str


ACCOUNTS = {
    Account.PRODUCTIVE: Words("productive training", "training that is kept, at nominal speed"),
    Account.SLOW: Words("slow training", "the extra time of kept training below nominal speed"),
    Account.LOST_WORK: Words("lost work", "training that was done and then rolled back"),
    Account.CHECKPOINT_SAVE: Words("saving checkpoints", "the blocking part of saves"),
    Account.CHECKPOINT_RESTORE: Words("restoring checkpoints", "loading a checkpoint after a failure"),
    Account.DETECTION: Words("detection", "from the failure until somebody or something notices"),
    Account.DIAGNOSIS: Words("diagnosis", "from the alarm until the broken nodes are known"),
    Account.RESTART: Words("restart", "process start and communicator set-up"),
    Account.WAITING: Words("waiting for nodes", "swapping nodes in, or waiting for nodes to come"),
    Account.NETWORK_STALL: Words("network stalls", "the transport recovers below the application"),
    Account.MAINTENANCE: Words("maintenance", "planned stops"),
    Account.EVALUATION: Words("evaluation", "pauses of training that is kept, in which the model is evaluated"),
}

# In the order in which they are told: from what hardly touches the job to what stops it. Two spaces: a part of those
# above, whose mean is never zero where that of the part is not.
COUNTS = {
    Tally.STALLS: Words(
        "outages that the network got over", "outages in which the job stood still, and after which it went on"
    ),
    Tally.REBUILDS: Words("  by new communicators", "of the stalls, those that took a rebuild of the communicators"),
    Tally.SLOWED: Words(
        "strikes that slowed the job down", "slow nodes, and outages of the network in which a slower path carried on"
    ),
    Tally.EVICTIONS: Words("slow nodes taken out of the job", "slow nodes that were found and swapped for spares"),
    Tally.CORRUPTIONS: Words("silent corruptions", "strikes that corrupt training, and nobody notices"),
    Tally.ALARMS: Words("  found, and training rolled back", "silent corruptions that were found, each a failure then"),
    Tally.CHECKPOINTS_LOST: Words(
        "  found too late: training began anew", "alarms after which no checkpoint from before the corruption was kept"
    ),
    Tally.SWAPS: Words("places of the job filled anew", "nodes put where a node had been taken out of the job"),
    Tally.TRAYS: Words("  by a spare of the same machine", "of the places filled anew, those by a spare of their rack"),
    Tally.BLOCKS: Words("blocks moved to another machine", "compute blocks that another machine took over whole"),
    Tally.SELECTIONS: Words(
        "selections of hosts", "the job's places were filled from the working pool, for the spares were too few"
    ),
    Tally.PREEMPTIONS: Words("nodes fetched from other jobs", "nodes fetched because pool and reserve were too small"),
    Tally.WAITS: Words("waits for a repair", "times that the job could not go on until nodes were repaired"),
    Tally.REPAIRS: Words("repairs", "repair jobs; all nodes that one failure took are one"),
    Tally.CURES: Words("  that cure", "repairs after which the fault is gone"),
    Tally.MANUAL_REPAIRS: Words("  that need hands", "repairs that the automatic first stage does not end"),
    Tally.VENDOR_REPAIRS: Words("  that need the vendor too", "repairs that the manual stage does not end either"),
    Tally.RETIRED: Words("nodes retired for failing too often", "nodes that come back no more, by policy"),
    Tally.MISSED: Words("diagnoses that found nothing", "the broken nodes went back to the spares as they were"),
    Tally.BLAMED: Words("diagnoses that blamed another node", "an innocent node was taken, and the broken one stayed"),
}

STATISTICS = {
    "mean": "the average over the replications",
    "sd": "the standard deviation between replications",
    "mc_error": "the standard error of the mean: how far it may be off because there are only so many replications",
    "p10": "one replication in ten is below; runs that did not finish count as infinitely long",
    "p50": "the median; runs that did not finish count as infinitely long",
    "p90": "one replication in ten is above; runs that did not finish count as infinitely long",
    "p95": "one replication in twenty is above; runs that did not finish count as infinitely long",
    "p99": "one replication in a hundred is above; runs that did not finish count as infinitely long",
}
STATISTICS |= {
    f"{name}_{end}": f"the {word} end of the 95 % interval of {name.upper()}, which this many replications leave"
    for name in ("p10", "p50", "p90", "p95", "p99")
    for end, word in (("low", "lower"), ("high", "upper"))
}

# What the block of money holds beside its lines and its parts.
MONEY = {
    "lines_usd": "what the run costs, line by line; they sum to the total in every replication",
    "total_usd": "all lines together, without delay: the same as cost_usd",
    "of_which_usd": "what of the lines did not become training; in them, not on top, and without overlap",
    "usd_per_effective_exaflop": "the total over the model FLOP of productive training, in units of 10^18 FLOP",
    "usd_per_goodput_point": "what one more per cent of the wall clock that trains would save, at the same work: what "
    "runs with the clock, times 0.01 / (goodput + 0.01)",
}

# What is no metric; those tell of themselves, in metrics.
RESULTS = {
    "schema": "the version of the form of this file",
    "scenario": "the name of the scenario",
    "seed": "the seed of all draws: the same seed gives the same numbers on every machine",
    "replications": "simulated runs, each with its own draws of what is uncertain and of chance",
    "engine": "kernel (compiled) or reference (SimPy); both give the same results, to the tick",
    "model": "the version of the model, with a digest of its code: other code may give other results",
    "outcomes": "how many replications are DONE, OUT_OF_TIME (the horizon came first) or DIVERGED (no end in sight)",
    "precision": "how well the quantile of a stop rule is known: half the width of its 95 % interval",
}
