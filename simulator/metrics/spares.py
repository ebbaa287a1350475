"""How many nodes are out of service when something breaks: what spares are for."""

import math
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import QUANTILES, UNKNOWN, Estimate, ratio
from simulator.ensemble.table import LIST_COLUMN
from simulator.metrics.probability import Probability
from simulator.plan import Integers


class OutOfService(NamedTuple):
    """Nodes that failures found out of service: neither in a place of the job nor in the pool of spares."""

    nodes: Estimate
    distribution: list[float]  # probability of exactly 0, 1, 2... nodes
    at_least: list[Probability]  # of at least 0, 1, 2... nodes


def nodes_out_of_service(ensemble: Ensemble) -> OutOfService:
    """Return how many nodes failures found neither in the job nor in the pool, all failures after warm-up together.

    Mean and probabilities are ratios of sums over replications, with the error of such a ratio; sd and quantiles are
    those of all failures. Counts above 1023 are told as 1023.
    """
    seen = [np.asarray(counts, dtype=np.int64) for counts in ensemble.table[LIST_COLUMN]]
    pooled = np.zeros(max((len(counts) for counts in seen), default=0), np.int64)
    for counts in seen:
        pooled[: len(counts)] += counts
    total = int(pooled.sum())
    return OutOfService(
        _nodes(seen, pooled), [int(count) / total for count in pooled], _tails(seen, len(pooled), total)
    )


def _nodes(seen: list[Integers], pooled: Integers) -> Estimate:
    if not len(pooled):
        return UNKNOWN
    sums = np.array([int(np.arange(len(counts)) @ counts) for counts in seen], np.float64)
    totals = np.array([int(counts.sum()) for counts in seen], np.float64)
    mean, error = ratio(sums, totals)
    total, up_to = int(pooled.sum()), pooled.cumsum()
    squares = math.fsum(pooled * (np.arange(len(pooled)) - mean) ** 2)
    low, middle, high = (float(np.searchsorted(up_to, share * total - 1e-9)) for share in QUANTILES)
    return Estimate(mean, math.sqrt(squares / (total - 1)) if total > 1 else math.nan, error, low, middle, high)


def _tails(seen: list[Integers], bins: int, total: int) -> list[Probability]:
    """Return the probability of at least 0, 1, 2... nodes: in each replication a count over its failures."""
    replications = len(seen)
    tails, squares, products = (np.zeros(bins, np.int64) for _ in range(3))
    failures_squared = 0
    for counts in seen:
        failures = int(counts.sum())
        tail = counts[::-1].cumsum()[::-1]
        tails[: len(tail)] += tail
        squares[: len(tail)] += tail**2
        products[: len(tail)] += tail * failures
        failures_squared += failures**2
    found = []
    for nodes in range(bins):
        share = int(tails[nodes]) / total
        # The sum of (tail - share x failures)^2 over replications, from sums of whole numbers.
        residuals = int(squares[nodes]) - 2 * share * int(products[nodes]) + share**2 * failures_squared
        error = math.nan
        if replications > 1:
            error = math.sqrt(max(0.0, residuals) * replications / (replications - 1)) / total
        found.append(Probability(share, error))
    return found
