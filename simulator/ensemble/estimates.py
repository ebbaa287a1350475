"""Estimates from replications: means with their standard errors, quantiles as order statistics, and their intervals."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulator.numbers.plan import Floats

QUANTILES = (0.1, 0.5, 0.9)
SHARES = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
ENDS = tuple(f"{name}_{end}" for name in SHARES for end in ("low", "high"))
STATISTICS = ("mean", "sd", "mc_error", *SHARES, *ENDS)  # of an estimate, as results name them
LEVEL = 0.95
FAR = 12.0  # standard deviations beyond which a binomial count does not lie: less than 1e-30


class Estimate(NamedTuple):
    """What the replications say about a quantity. NaN: unknown; quantiles may be infinite.

    `p90_low` and `p90_high` are the ends of the 95 % interval of `p90`; NaN where the replications do not bound it.
    """

    mean: float  # of the finite values
    sd: float
    mc_error: float  # standard error of the mean
    infinite: int  # replications whose value is infinite
    p10: float
    p50: float
    p90: float
    p95: float
    p99: float
    p10_low: float = math.nan
    p10_high: float = math.nan
    p50_low: float = math.nan
    p50_high: float = math.nan
    p90_low: float = math.nan
    p90_high: float = math.nan
    p95_low: float = math.nan
    p95_high: float = math.nan
    p99_low: float = math.nan
    p99_high: float = math.nan


UNKNOWN = Estimate(math.nan, math.nan, math.nan, 0, *[math.nan] * len(SHARES))


def estimate(values: Floats) -> Estimate:
    """Return the estimate of a quantity from its value in each replication; infinite ones count in quantiles only."""
    finite = values[np.isfinite(values)]
    mean, sd = moments(finite)
    error = sd / math.sqrt(len(finite)) if len(finite) else math.nan
    known = np.sort(values[~np.isnan(values)])
    quantiles = (quantile(known, share) for share in SHARES.values())
    ends = (end for share in SHARES.values() for end in interval(known, share))
    return Estimate(mean, sd, error, int(np.isinf(values).sum()), *quantiles, *ends)


def moments(values: Floats) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1); NaN where there are too few values.

    Sums are exact before they are rounded (Shewchuk 1997), so they do not depend on the machine that adds.
    """
    if len(values) == 0:
        return math.nan, math.nan
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, math.nan
    return mean, math.sqrt(math.fsum((values - mean) ** 2) / (len(values) - 1))


def ratio(numerators: Floats, denominators: Floats) -> tuple[float, float]:
    """Return a ratio of sums over replications and its standard error (Cochran 1977, equation 6.13); NaN if unknown."""
    total = math.fsum(denominators)
    if total == 0.0:
        return math.nan, math.nan
    value = math.fsum(numerators) / total
    count = len(numerators)
    if count == 1:
        return value, math.nan
    residuals = math.fsum((numerators - value * denominators) ** 2)
    return value, math.sqrt(residuals / (count * (count - 1))) / (total / count)


def quantile(ordered: Floats, share: float) -> float:
    """Return the smallest value that at least a share of the ordered values do not exceed: an order statistic."""
    return float(ordered[rank(len(ordered), share) - 1]) if len(ordered) else math.nan


def rank(count: int, share: float) -> int:
    """Return the rank of a quantile among `count` ordered values, 1 for the smallest."""
    # A product such as 0.07 * 100 may come out just above the whole number that it is.
    return min(count, max(1, math.ceil(share * count - 1e-9)))


def interval(ordered: Floats, share: float) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a quantile of ordered values; NaN for an end that they do not bound.

    The interval lies between two order statistics, whatever the law of the values: how many of them fall below the
    quantile is binomial (David & Nagaraja 2003, section 7.1).
    """
    count = len(ordered)
    low, high = interval_ranks(count, share)
    return (
        float(ordered[low - 1]) if low >= 1 else math.nan,
        float(ordered[high - 1]) if high <= count else math.nan,
    )


def half_width(ordered: Floats, share: float) -> float:
    """Return half the width of the 95 % interval of a quantile; infinite where the values do not bound it."""
    low, high = interval(ordered, share)
    return 0.5 * (high - low) if math.isfinite(low) and math.isfinite(high) else math.inf


@lru_cache(maxsize=256)
def interval_ranks(count: int, share: float, level: float = LEVEL) -> tuple[int, int]:
    """Return the ranks of the order statistics around a quantile; 0 or count + 1 where there is none.

    Fewer values than the lower rank, or as many as the upper one or more, fall below the quantile with a probability
    of at most (1 - level) / 2 each.
    """
    if count == 0:
        return 0, 1
    tail = 0.5 * (1.0 - level)
    at, below = _first_count(count, share)
    chance = below
    low = None
    while True:
        if low is None and below > tail:
            low = at
        if below >= 1.0 - tail or at == count:
            break
        chance *= (count - at) / (at + 1) * share / (1.0 - share)
        at, below = at + 1, below + chance
    return low if low is not None else count, at + 1


def _first_count(count: int, share: float) -> tuple[int, float]:
    """Return a number of successes below which a binomial count does not fall, and its probability."""
    # Without SciPy, whose import takes longer than a summary.
    spread = math.sqrt(count * share * (1.0 - share))
    first = max(0, math.floor(count * share - FAR * spread) - 1)
    ways = math.lgamma(count + 1) - math.lgamma(first + 1) - math.lgamma(count - first + 1)
    return first, math.exp(ways + first * math.log(share) + (count - first) * math.log1p(-share))
