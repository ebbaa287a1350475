"""How many nodes are out of service when something breaks: what spares are for."""

import math
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import SHARES, UNKNOWN, Estimate, ratio
from simulator.ensemble.table import LIST_COLUMN
from simulator.metrics.probability import NORMAL, Probability
from simulator.numbers.plan import Integers


class OutOfService(NamedTuple):
    """Nodes that failures found out of service: neither in a place of the job nor in the pool of spares."""

    nodes: Estimate
    distribution: list[float]  # probability of exactly 0, 1, 2... nodes
    at_least: list[Probability]  # of at least 0, 1, 2... nodes


def nodes_out_of_service(ensemble: Ensemble) -> OutOfService:
    """Return how many nodes failures found neither in the job nor in the pool, all failures after warm-up together.

    Mean and probabilities are ratios of sums over replications, with the error of such a ratio; sd and quantiles are
    those of all failures. The interval of a quantile holds the counts whose distribution is within its own error of
    the share (Woodruff 1952), for failures of one replication are no independent draws. Counts above 1023 are told as
    1023.
    """
    seen = [np.asarray(counts, dtype=np.int64) for counts in ensemble.table[LIST_COLUMN]]
    pooled = np.zeros(max((len(counts) for counts in seen), default=0), np.int64)
    for counts in seen:
        pooled[: len(counts)] += counts
    total = int(pooled.sum())
    tails = _tails(seen, len(pooled), total)
    return OutOfService(_nodes(seen, pooled, tails), [int(count) / total for count in pooled], tails)


def _nodes(seen: list[Integers], pooled: Integers, tails: list[Probability]) -> Estimate:
    if not len(pooled):
        return UNKNOWN
    sums = np.array([int(np.arange(len(counts)) @ counts) for counts in seen], np.float64)
    totals = np.array([int(counts.sum()) for counts in seen], np.float64)
    mean, error = ratio(sums, totals)
    total, up_to = int(pooled.sum()), pooled.cumsum()
    squares = math.fsum(pooled * (np.arange(len(pooled)) - mean) ** 2)
    quantiles = (float(np.searchsorted(up_to, share * total - 1e-9)) for share in SHARES.values())
    ends = (end for share in SHARES.values() for end in _interval(tails, share))
    sd = math.sqrt(squares / (total - 1)) if total > 1 else math.nan
    return Estimate(mean, sd, error, 0, *quantiles, *ends)


def _interval(tails: list[Probability], share: float) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a quantile of nodes; NaN where one replication leaves no error."""
    if any(math.isnan(tail.mc_error) for tail in tails):
        return math.nan, math.nan
    # What may be more, and what may be less, of the failures finds at most so many nodes: the last bin has all.
    up_to = [(1.0 - tail.probability, NORMAL * tail.mc_error) for tail in tails[1:]]
    most = len(up_to)
    low = next((nodes for nodes, (known, error) in enumerate(up_to) if known + error >= share), most)
    high = next((nodes for nodes, (known, error) in enumerate(up_to) if known - error >= share), most)
    return float(low), float(high)


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
