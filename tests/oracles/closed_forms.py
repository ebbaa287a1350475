"""Closed forms that the engines are held to and no user sees: variance of the run time, ageing, spares, conventions.

Everything is in SI units. Each function knows one restricted model, exactly or to a stated accuracy, and nothing else.
What the product shows stands in simulator/numbers/theory.py.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulator.numbers.theory import OVERFLOW, unlimited_crews_tail, young_interval

RENEWAL_STEPS = 4096  # of the renewal equation's grid: within 1e-5 relative for durations up to five scales


class Moments(NamedTuple):
    """Mean [s] and variance [s²] of a duration."""

    mean: float
    variance: float


class Goodput(NamedTuple):
    """The same failures and recoveries as a share of time [-], by three conventions for the time between failures M."""

    wall_clock: float  # M runs from failure to failure, recovery included: 1 - R/M
    up_time: float  # M counts only while the job trains: M/(M+R)
    struck_recovery: float  # M counts always, and a failure restarts the recovery: e^(-R/M)


def run_time_variance(
    failure_rate: float, interval: float, save: float, restart: float, detection: float, segments: int
) -> float:
    """Variance [s²] of the run time whose mean is `expected_run_time`; arguments, limits and errors are the same.

    Source: own derivation; segments are independent, and each holds a geometric number of failures whose costs are
    independent too, so Var = E[K] Var[cost] + Var[K] E[cost]² (a random sum; Feller 1968, chapter XII).
    """
    return _run_time(failure_rate, interval, save, restart, detection, segments).variance


def _run_time(
    failure_rate: float, interval: float, save: float, restart: float, detection: float, segments: int
) -> Moments:
    _require(min(failure_rate, save, restart, detection) >= 0, "rates and times must not be negative")
    _require(interval > 0 and segments >= 1, "needs at least one segment of work")
    recovery = _until_unstruck(failure_rate, restart, Moments(detection, 0.0))
    recovery = Moments(detection + recovery.mean, recovery.variance)
    last = _until_unstruck(failure_rate, interval, recovery)
    if segments == 1:
        return last
    saved = _until_unstruck(failure_rate, interval + save, recovery)
    return Moments((segments - 1) * saved.mean + last.mean, (segments - 1) * saved.variance + last.variance)


def _until_unstruck(failure_rate: float, length: float, penalty: Moments) -> Moments:
    """Time until one whole `length` passes without a failure; each failure costs the time so far and a penalty."""
    exposure = failure_rate * length
    if exposure == 0:
        return Moments(length, 0.0)
    if exposure > OVERFLOW:
        return Moments(math.inf, math.inf)
    failures = math.expm1(exposure)
    failures_variance = failures * math.exp(exposure)
    wasted = _time_to_failure_within(exposure, length)
    cost = Moments(wasted.mean + penalty.mean, wasted.variance + penalty.variance)
    return Moments(length + failures * cost.mean, failures * cost.variance + failures_variance * cost.mean * cost.mean)


def _time_to_failure_within(exposure: float, length: float) -> Moments:
    """An exponential time given that it falls within `length`; a series where the closed form would cancel."""
    square = exposure * exposure
    if exposure < 0.03:
        mean = 1 / 2 - exposure / 12 + exposure * square / 720
        variance = 1 / 12 - square / 240 + square * square / 6048
    else:
        mean = 1 / exposure - 1 / math.expm1(exposure)
        variance = 1 / square - 1 / (4 * math.sinh(exposure / 2) ** 2)
    return Moments(mean * length, variance * length * length)


def daly_interval(failure_rate: float, save: float) -> float:
    """Higher-order optimum of the work between saves [s]; arguments and errors as `optimal_interval`.

    sqrt(2δM) (1 + r/3 + r²/9) - δ with r = sqrt(δ/2M), M = 1/λ, for δ < 2M, else M. Source: Daly 2006.
    """
    first_order, ratio = young_interval(failure_rate, save), math.sqrt(failure_rate * save / 2)
    return first_order * (1 + ratio / 3 + ratio * ratio / 9) - save if ratio < 1 else 1 / failure_rate


def mttf(parts: Sequence[float], failure_rates: Sequence[float]) -> float:
    """Mean time to failure of the job [s] when any part stops it: 1/Σ parts·rate; infinite if nothing ever fails.

    parts [-] and failure_rates [1/s a part], both (causes,). Raises ValueError when their lengths differ. Source:
    the least of independent exponential times is exponential (Feller 1971, chapter I).
    """
    total = math.fsum(count * rate for count, rate in zip(parts, failure_rates, strict=True))
    return 1 / total if total > 0 else math.inf


def goodput_conventions(mttf: float, recovery: float) -> Goodput:
    """Goodput [-] by three conventions, lost work aside, for a failure every `mttf` [s] and a recovery [s] after each.

    Raises ValueError unless mttf > 0 and recovery >= 0. Source: alternating renewal (Cox 1962, chapter 7); the third is
    1 over the mean of a recovery that begins again when struck (as Daly 2006).
    """
    _require(mttf > 0 and recovery >= 0, "needs a positive mttf and a recovery of zero or more")
    ratio = recovery / mttf
    return Goodput(1 - ratio, 1 / (1 + ratio), math.exp(-ratio))


def spares_for(offered_load: float, probability: float) -> int:
    """Fewest spares [-] that are all out of service with at most this probability [-]; offered_load [-] as in M/G/∞.

    Raises ValueError for a negative load or a probability of zero or less. Source: as `unlimited_crews_tail`.
    """
    _require(probability > 0, "needs a probability above zero")
    enough = 1
    while unlimited_crews_tail(offered_load, enough) > probability:
        enough *= 2
    return bisect_left(range(enough), -probability, key=lambda spares: -unlimited_crews_tail(offered_load, spares))


def minimal_repair_count(shape: float, scale: float, age: float, duration: float) -> float:
    """Expected Weibull failures [-] of one unit in `duration` [s] from `age` [s] when a repair leaves it as old.

    shape [-], scale [s]. Raises ValueError unless shape and scale are positive and the times are not negative. Source:
    Barlow & Hunter 1960: the cumulative hazard ((age + duration)/scale)^shape - (age/scale)^shape.
    """
    _require_weibull(shape, scale, age, duration)
    return float(((age + duration) / scale) ** shape - (age / scale) ** shape)


def renewal_count(shape: float, scale: float, age: float, duration: float, steps: int = RENEWAL_STEPS) -> float:
    """Expected Weibull failures [-] of one place in `duration` [s], its unit of `age` [s] at first, then new.

    Arguments and errors as in `minimal_repair_count`. Solves M(t) = F(t) + ∫ M(t-s) dF(s) by the trapezoidal rule in M
    on a grid of `steps`, then lets the first interval have survived its age. Source: Cox 1962, chapter 4; the
    discretisation in dF rather than in a density, which may be infinite at zero, from Xie 1989.
    """
    _require_weibull(shape, scale, age, duration)
    times = np.linspace(0.0, duration, steps + 1) / scale
    new: NDArray[np.float64] = np.diff(-np.expm1(-(times**shape)))
    aged: NDArray[np.float64] = np.diff(-np.expm1((age / scale) ** shape - (times + age / scale) ** shape))
    midpoints = np.zeros(steps)  # of M in each step
    failed, renewals = 0.0, 0.0
    for step in range(steps):
        failed += float(new[step])
        earlier = float(midpoints[:step] @ new[step:0:-1])
        before, renewals = renewals, (failed + earlier + renewals * new[0] / 2) / (1 - new[0] / 2)
        midpoints[step] = (before + renewals) / 2
    return float(aged.sum() + midpoints @ aged[::-1])


def blast_radius_loss(bad_share: float, domain: int) -> float:
    """Share of capacity lost [-] when a domain of this many units [-] is lost with any one of them: 1 - (1-f)^T.

    A share f [-] of the units is bad, independently. Raises ValueError unless 0 <= f <= 1 and domain >= 1. Source:
    the binomial law's zero term.
    """
    _require(0 <= bad_share <= 1 and domain >= 1, "needs a share in [0, 1] and a domain of at least one unit")
    return float(-math.expm1(special.xlog1py(domain, -bad_share)))


def memory_tier_loss(nodes: int) -> float:
    """Probability [-] that a second random loss among `nodes` [-] hits the one peer that holds the first one's copy.

    Raises ValueError for fewer than two nodes. Source: 1/(N-1), the losses being independent and equally likely.
    """
    _require(nodes >= 2, "a peer needs at least two nodes")
    return 1 / (nodes - 1)


def _require_weibull(shape: float, scale: float, age: float, duration: float) -> None:
    _require(min(shape, scale) > 0 and min(age, duration) >= 0, "needs positive shape and scale and no negative time")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
