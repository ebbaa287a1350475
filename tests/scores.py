"""Scores of a forecast that is an ensemble of values, against a value that was observed, exactly or up to a range.

All scores are in the unit of the values; smaller is better. What was published is seldom one number: "97 %" is 96.5 to
97.5 %, and "more than 90 %" is 90 to 100 %. So an observation is a closed range, and the truth is somewhere in it.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from simulator.ensemble.estimates import quantile
from simulator.numbers.plan import Floats

Covered = Literal["yes", "no", "open"]


class Observed(NamedTuple):
    """What is known of the true value: it is from `low` to `high`."""

    low: float
    high: float


class Score(NamedTuple):
    """What an ensemble says, and how that compares with what was observed."""

    median: float
    p10: float
    p90: float
    covered: Covered  # whether P10 to P90 holds the true value; open: that depends on where in its range it is
    crps: float  # of the distance to the range: no CRPS of a value in it is smaller
    crps_least: float  # of that value of the range for which it is least
    crps_most: float  # of that for which it is largest

    @property
    def width(self) -> float:
        """The width of the 80 % interval."""
        return self.p90 - self.p10


def exact(value: float) -> Observed:
    """Return the observation of a value without an error."""
    return Observed(value, value)


def printed(value: float, digits: int) -> Observed:
    """Return the observation of a number that was rounded to so many decimals."""
    half = 0.5 * 10.0**-digits
    return Observed(value - half, value + half)


def score(values: Floats, observed: Observed) -> Score:
    """Return the scores of an ensemble. Raises ValueError where it is empty, or the range is none."""
    if not observed.low <= observed.high:
        raise ValueError(f"{observed.low} to {observed.high} is no range")
    ordered = np.sort(values)
    p10, median, p90 = (quantile(ordered, share) for share in (0.1, 0.5, 0.9))
    nearest = min(max(median, observed.low), observed.high)
    ends = [crps(ordered, end) for end in observed]
    return Score(
        median, p10, p90, covered(p10, p90, observed), crps_outside(ordered, observed),
        crps_least=min(crps(ordered, nearest), *ends), crps_most=max(ends),
    )  # fmt: skip


def crps(values: Floats, truth: float) -> float:
    """Return the continuous ranked probability score of an ensemble x_1..x_m and a true value y.

    CRPS = E|X - y| - E|X - X'|/2, with X and X' independent draws from the forecast (Gneiting & Raftery 2007, Journal
    of the American Statistical Association 102, section 4.2, there with the other sign). Its unbiased estimate from m
    draws, the fair score of Ferro (2014, Quarterly Journal of the Royal Meteorological Society 140), is

        sum_i |x_i - y| / m  -  sum_i sum_j |x_i - x_j| / (2 m (m - 1)).

    A certain forecast scores its absolute error. Raises ValueError for no values.
    """
    count = len(values)
    if count == 0:
        raise ValueError("an ensemble without values forecasts nothing")
    error = math.fsum(np.abs(values - truth)) / count
    return error - 0.5 * mean_difference(values)


def mean_difference(values: Floats) -> float:
    """Return the mean of |x_i - x_j| over all pairs of different members; 0 of a single one."""
    count = len(values)
    if count == 1:
        return 0.0
    # In order, the sum over pairs counts member i (from 1) 2i - m - 1 times.
    times = 2.0 * np.arange(1, count + 1) - count - 1.0
    return 2.0 * math.fsum(times * np.sort(values)) / (count * (count - 1))


def crps_outside(values: Floats, observed: Observed) -> float:
    """Return the CRPS of the signed distance from the range in which the true value is; the true distance is 0.

    This is the threshold-weighted CRPS (Gneiting & Ranjan 2011, Journal of Business & Economic Statistics 29) with a
    weight of 1 outside the range and 0 in it. It needs nothing that was not published, and is the CRPS where the range
    is one value. It is a bound: the CRPS of no value in the range is smaller, since what the forecast says within the
    range is not judged. After "more than 90 %" a forecast scores 0 wherever above 90 % it lies. It is proper for a
    range that was fixed beforehand; authors choose theirs, so here it compares forecasts of the same publication only.
    """
    return crps(values - np.clip(values, observed.low, observed.high), 0.0)


def covered(p10: float, p90: float, observed: Observed) -> Covered:
    """Return whether an interval holds the true value: all of its range, nothing of it, or a part."""
    if p10 <= observed.low and observed.high <= p90:
        return "yes"
    return "no" if observed.high < p10 or p90 < observed.low else "open"


class Mean(NamedTuple):
    """Scores over several forecasts."""

    number: int
    covered_least: int  # intervals that hold the true value for sure
    covered_most: int  # and those that may
    width: float
    crps: float
    crps_most: float


def mean(scores: Sequence[Score]) -> Mean:
    """Return the means over forecasts, each counting alike. Raises ValueError for none."""
    if not scores:
        raise ValueError("there is no mean of no scores")
    number = len(scores)
    return Mean(
        number,
        covered_least=sum(each.covered == "yes" for each in scores),
        covered_most=sum(each.covered != "no" for each in scores),
        width=math.fsum(each.width for each in scores) / number,
        crps=math.fsum(each.crps for each in scores) / number,
        crps_most=math.fsum(each.crps_most for each in scores) / number,
    )
