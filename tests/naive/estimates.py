"""What a list of values says: mean, errors, order statistics and their intervals (docs/outputs.md), in loops."""

import functools
import math
from collections.abc import Sequence
from typing import Any

from scipy.stats import binom

SHARES = {"p10": 0.1, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
NORMAL_975 = 1.959963984540054
Numbers = dict[str, Any]


def told(values: Sequence[float], infinite: str = "") -> Numbers:
    """Return an estimate as `summary.json` has it, `infinite` the name of the number of values without end."""
    finite = [x for x in values if math.isfinite(x)]
    known = sorted(x for x in values if not math.isnan(x))
    mean, sd = mean_and_sd(finite)
    found: Numbers = {"mean": mean, "sd": sd, "mc_error": sd / math.sqrt(len(finite)) if finite else math.nan}
    found |= {name: ranked(known, rank_of(len(known), share)) for name, share in SHARES.items()}
    for name, share in SHARES.items():
        low, high = interval_ranks(len(known), share)
        found |= {f"{name}_low": ranked(known, low), f"{name}_high": ranked(known, high)}
    return finished(found, infinite, sum(math.isinf(x) for x in values))


def finished(found: Numbers, infinite: str = "", count: int = 0) -> Numbers:
    """Return numbers for JSON, with the names of ends that so few values do not bound."""
    open_ends = [name for name, x in found.items() if name.endswith(("_low", "_high")) and math.isnan(x)]
    numbers = {name: x if math.isfinite(x) else None for name, x in found.items()}
    if open_ends and not math.isnan(found["p50"]):
        numbers["unbounded"] = open_ends
    return numbers | ({infinite: count} if infinite else {})


def with_ratio(estimate: Numbers, numerators: Sequence[float], denominators: Sequence[float]) -> Numbers:
    """Return an estimate with the mean of all replications together in the place of its own."""
    mean, error = ratio(numerators, denominators)
    return estimate | {"mean": number(mean), "mc_error": number(error)}


def number(x: float) -> float | None:
    """Return a number for JSON."""
    return x if math.isfinite(x) else None


def mean_and_sd(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the standard deviation (n - 1)."""
    if not values:
        return math.nan, math.nan
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, math.nan
    return mean, math.sqrt(math.fsum((x - mean) ** 2 for x in values) / (len(values) - 1))


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> tuple[float, float]:
    """Return a ratio of sums and its standard error (Cochran 1977, equation 6.13)."""
    count, below = len(numerators), math.fsum(denominators)
    if below == 0:
        return math.nan, math.nan
    value = math.fsum(numerators) / below
    if count < 2:
        return value, math.nan
    pairs = zip(numerators, denominators, strict=True)
    variance = math.fsum((x - value * y) ** 2 for x, y in pairs) / (count - 1)
    return value, math.sqrt(variance / count) / (below / count)


def rank_of(count: int, share: float) -> int:
    """Return the rank of the smallest value that at least a share of the values do not exceed."""
    rank = 1
    while rank < count and rank + 1e-9 < share * count:
        rank += 1
    return rank


def ranked(ordered: Sequence[float], rank: int) -> float:
    """Return the value of a rank, 1 for the smallest; NaN where there is none."""
    return ordered[rank - 1] if 1 <= rank <= len(ordered) else math.nan


@functools.cache
def interval_ranks(count: int, share: float) -> tuple[int, int]:
    """Return the ranks between which a quantile lies with 95 %: how many values are below it is binomial."""
    low, high = 0, 0
    while low < count and binom.cdf(low, count, share) <= 0.025:  # at most `low` values, fewer than the next rank
        low += 1
    while high <= count and binom.sf(high - 1, count, share) > 0.025:  # `high` values or more
        high += 1
    return low, high


def proportion(met: int, count: int) -> Numbers:
    """Return a probability with the error and the interval of Agresti and Coull (1998)."""
    middle = (met + 2) / (count + 4)
    error = math.sqrt(middle * (1 - middle) / (count + 4))
    ends = {"low": max(0.0, middle - NORMAL_975 * error), "high": min(1.0, middle + NORMAL_975 * error)}
    return {"probability": met / count, "mc_error": error} | ends
