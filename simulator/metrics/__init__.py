"""What an ensemble says: one function a metric, each with its Monte Carlo error; and all of them as `summary.json`.

An `Estimate` holds mean, standard deviation, standard error of the mean, and P10, P50, P90, P95, P99 with the ends of
their 95 % intervals. Unfinished replications count as infinitely long in quantiles; means are over the others.
"""

from simulator.ensemble.estimates import Estimate
from simulator.metrics.middle import ledger_share_median
from simulator.metrics.money import (
    Line,
    Money,
    cost_per_replication,
    cost_usd,
    delay_cost_usd,
    delay_per_replication,
    lines_per_replication,
    money,
)
from simulator.metrics.probability import Probability, Proportion
from simulator.metrics.promises import deadline, finish_date, never_finishes
from simulator.metrics.quantities import (
    counts,
    ettr,
    events,
    failures,
    failures_by_cause,
    finish_days,
    goodput,
    interruptions,
    interruptions_by_cause,
    interventions_per_day,
    ledger_share,
    mfu_end_to_end,
    mttf_hours,
    outcomes,
    wall_days,
)
from simulator.metrics.spares import OutOfService, nodes_out_of_service
from simulator.metrics.summary import SCHEMA, summarise
from simulator.metrics.variance import Split, variance_share

__all__ = [
    "SCHEMA",
    "Estimate",
    "Line",
    "Money",
    "OutOfService",
    "Probability",
    "Proportion",
    "Split",
    "cost_per_replication",
    "cost_usd",
    "counts",
    "deadline",
    "delay_cost_usd",
    "delay_per_replication",
    "ettr",
    "events",
    "failures",
    "failures_by_cause",
    "finish_date",
    "finish_days",
    "goodput",
    "interruptions",
    "interruptions_by_cause",
    "interventions_per_day",
    "ledger_share",
    "ledger_share_median",
    "lines_per_replication",
    "mfu_end_to_end",
    "money",
    "mttf_hours",
    "never_finishes",
    "nodes_out_of_service",
    "outcomes",
    "summarise",
    "variance_share",
    "wall_days",
]
