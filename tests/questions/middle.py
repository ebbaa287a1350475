"""The median of the differences of pairs: what most runs gain, where a few that never end would make the mean."""

import math
from typing import NamedTuple

import numpy as np

from simulator.ensemble.estimates import interval_ranks, quantile
from simulator.numbers.plan import Floats


class Middle(NamedTuple):
    """The median of other minus base over pairs, and its 95 % interval; infinite where the pairs do not bound it."""

    value: float
    low: float
    high: float
    pairs: int  # those of which at least one finished

    def times(self, factor: float) -> "Middle":
        """Return it in another unit; the factor is positive."""
        return Middle(factor * self.value, factor * self.low, factor * self.high, self.pairs)

    @property
    def clear(self) -> bool:
        """Whether the interval does not hold zero."""
        return self.low > 0 or self.high < 0


def middle(base: Floats, other: Floats) -> Middle:
    """Return the median of the differences of pairs; one in which only one side finished counts as infinite.

    Its interval lies between two order statistics (David & Nagaraja 2003, section 7.1).
    """
    some = np.isfinite(base) | np.isfinite(other)
    ordered = np.sort(other[some] - base[some])
    count = len(ordered)
    if count == 0:
        return Middle(math.nan, -math.inf, math.inf, 0)
    low, high = interval_ranks(count, 0.5)
    ends = ordered[low - 1] if low >= 1 else -math.inf, ordered[high - 1] if high <= count else math.inf
    return Middle(quantile(ordered, 0.5), float(ends[0]), float(ends[1]), count)
