"""The words in which results are told to people: accounts of time, fields of `summary.json`, statistics."""

from simulator.mechanisms import CARDS
from simulator.numbers.ledger import Account

_ACCOUNTS = {account: words for card in CARDS for account, words in card.accounts.items()}
ACCOUNTS = {account: _ACCOUNTS[account] for account in Account}
# In the order in which they are told: from what hardly touches the job to what stops it. Two spaces: a part of those
# above, whose mean is never zero where that of the part is not.
COUNTS = {count: words for card in CARDS for count, words in card.counts.items()}

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
