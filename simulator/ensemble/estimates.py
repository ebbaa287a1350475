"""Estimates from replications: means with their standard errors, quantiles as order statistics, and their intervals."""

import math
from bisect import bisect_left, bisect_right
from typing import NamedTuple

import numpy as np

from simulator.plan import Floats

QUANTILES = (0.1, 0.5, 0.9)
LEVEL = 0.95


class Estimate(NamedTuple):
    """What the replications say about a quantity. NaN: unknown; quantiles may be infinite."""

    mean: float  # of the finite values
    sd: float
    mc_error: float  # standard error of the mean
    p10: float
    p50: float
    p90: float
    infinite: int = 0  # replications whose value is infinite


UNKNOWN = Estimate(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan)


def estimate(values: Floats) -> Estimate:
    """Return the estimate of a quantity from its value in each replication; infinite ones count in quantiles only."""
    finite = values[np.isfinite(values)]
    mean, sd = moments(finite)
    error = sd / math.sqrt(len(finite)) if len(finite) else math.nan
    known = np.sort(values[~np.isnan(values)])
    low, middle, high = (quantile(known, share) for share in QUANTILES)
    return Estimate(mean, sd, error, low, middle, high, int(np.isinf(values).sum()))


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


def half_width(ordered: Floats, share: float) -> float:
    """Return half the width of the 95 % interval of a quantile; infinite where the values do not bound it.

    The interval lies between two order statistics, whatever the law of the values: how many of them fall below the
    quantile is binomial (David & Nagaraja 2003, section 7.1).
    """
    low, high = interval_ranks(len(ordered), share)
    if low < 1 or high > len(ordered) or math.isinf(ordered[high - 1]):
        return math.inf
    return 0.5 * float(ordered[high - 1] - ordered[low - 1])


def interval_ranks(count: int, share: float, level: float = LEVEL) -> tuple[int, int]:
    """Return the ranks of the order statistics around a quantile; 0 or count + 1 where there is none."""
    from scipy.special import bdtr

    def below(successes: int) -> float:
        return float(bdtr(successes, count, share))

    tail = 0.5 * (1.0 - level)
    low = bisect_right(range(count), tail, key=below)
    high = bisect_left(range(count), 1.0 - tail, key=below) + 1
    return low, high
