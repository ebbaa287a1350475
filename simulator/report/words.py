"""The words in which results are told to people: accounts of time, fields of `summary.json`, statistics."""

from typing import NamedTuple

from simulator.ledger import Account


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
}

STATISTICS = {
    "mean": "the average over the replications",
    "sd": "the standard deviation between replications",
    "mc_error": "the standard error of the mean: how far it may be off because there are only so many replications",
    "p10": "one replication in ten is below; runs that did not finish count as infinitely long",
    "p50": "the median; runs that did not finish count as infinitely long",
    "p90": "one replication in ten is above; runs that did not finish count as infinitely long",
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
