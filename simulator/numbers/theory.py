"""Closed forms that users are shown and plans are made with: run time, intervals, crews, order statistics.

Everything is in SI units. Each function knows one restricted model, exactly or to a stated accuracy, and nothing else.
"""

import math

import numpy as np
from scipy import special

OVERFLOW = 709.0  # e^709 is about the largest power of e that a float64 holds
NORMAL_REACH = 40.0  # standard deviations: 1 - Phi(40) is zero in float64


def expected_run_time(
    failure_rate: float, interval: float, save: float, restart: float, detection: float, segments: int
) -> float:
    """Mean wall-clock time [s] of `segments` intervals [s] of work with a blocking save [s] after each but the last.

    Failures come at `failure_rate` λ [1/s]; each costs the unsaved work, a detection D0 [s] that cannot be struck and a
    restart R [s] that can, which then begins again at detection. Infinite beyond the range of a float64. Raises
    ValueError for a negative time or rate, or without work. Source: Daly 2006, the complete cost function, for D0 = 0;
    otherwise the mean recovery becomes e^(λR) (D0 + (1 - e^(-λR))/λ).
    """
    _require(min(failure_rate, save, restart, detection) >= 0, "rates and times must not be negative")
    _require(interval > 0 and segments >= 1, "needs at least one segment of work")
    recovery = detection + _until_unstruck(failure_rate, restart, detection)
    last = _until_unstruck(failure_rate, interval, recovery)
    if segments == 1:
        return last
    return (segments - 1) * _until_unstruck(failure_rate, interval + save, recovery) + last


def _until_unstruck(failure_rate: float, length: float, penalty: float) -> float:
    """Mean time until one whole `length` passes without a failure; each failure costs the time so far and a penalty."""
    exposure = failure_rate * length
    if exposure == 0:
        return length
    if exposure > OVERFLOW:
        return math.inf
    return length + math.expm1(exposure) * (_time_to_failure_within(exposure, length) + penalty)


def _time_to_failure_within(exposure: float, length: float) -> float:
    """Mean of an exponential time given that it falls within `length`; a series where the closed form would cancel."""
    if exposure < 0.03:
        return (1 / 2 - exposure / 12 + exposure * (exposure * exposure) / 720) * length
    return (1 / exposure - 1 / math.expm1(exposure)) * length


def optimal_interval(failure_rate: float, save: float) -> float:
    """Work between saves [s] that minimises the mean run time when every segment is saved: (1 + W(-e^(-1-λδ)))/λ.

    failure_rate λ [1/s], blocking save δ [s]. Raises ValueError unless λ > 0 and δ >= 0. Source: the stationary point
    of Daly's (2006) complete cost function; Corless et al. 1996 for W and its series at the branch point (eq. 4.22).
    """
    _require_failures_and_save(failure_rate, save)
    exposure = failure_rate * save
    if exposure < 1e-6:  # 1 + W cancels at the branch point
        p = math.sqrt(-2 * math.expm1(-exposure))
        return p * (1 - p / 3 + 11 / 72 * p * p - 43 / 540 * p**3) / failure_rate
    return float(1 + special.lambertw(-math.exp(-1 - exposure)).real) / failure_rate


def young_interval(failure_rate: float, save: float) -> float:
    """First-order optimum of the work between saves [s], sqrt(2 δ/λ); arguments and errors as `optimal_interval`.

    Source: Young 1974.
    """
    _require_failures_and_save(failure_rate, save)
    return math.sqrt(2 * save / failure_rate)


def best_segments(work: float, failure_rate: float, save: float, restart: float, detection: float) -> tuple[int, float]:
    """Number of equal segments [-], and the work in each [s], with the smallest `expected_run_time` for `work` [s].

    Exact; restart and detection [s] scale the mean and do not move its minimum. Raises ValueError without work, or with
    failures and a free save, which has no best number. Source: own argument: with a = λ work the mean goes as
    e^(a/n) ((n-1) e^(λδ) + 1) - n, which rises beyond n = work/`optimal_interval` and is concave, then convex, before.
    """
    _require(work > 0, "needs work to cut into segments")
    if failure_rate == 0:
        return 1, work
    _require(save > 0, "a free save has no best interval")

    def run_time(segments: int) -> float:
        return expected_run_time(failure_rate, work / segments, save, restart, detection, segments)

    segments = math.ceil(work / optimal_interval(failure_rate, save))
    while segments > 1 and run_time(segments - 1) < run_time(segments):
        segments -= 1
    segments = min(1, segments, key=run_time)
    return segments, work / segments


def first_order_ettr(mttf: float, restart: float, interval: float, save: float) -> float:
    """Share of available time that trains [-], to first order: 1 - save/interval - (restart + interval/2)/mttf.

    All in [s]; mttf is wall-clock time from failure to failure. A negative result says that the first order is out of
    its range. Raises ValueError unless mttf and interval are positive. Source: Young 1974 for the two terms in the
    interval; Kokolis et al. 2024 (arXiv 2410.21680) for the name and the restart.
    """
    _require(mttf > 0 and interval > 0, "needs a positive mttf and interval")
    return 1 - save / interval - (restart + interval / 2) / mttf


def crews_tail(offered_load: float, crews: int, at_least: int) -> float:
    """Probability [-] that `at_least` nodes [-] are out of service, seen by a Poisson failure: the queue M/M/c.

    offered_load is failure rate times mean repair [-], crews the number of repairs at a time. Raises ValueError unless
    0 < offered_load < crews. Source: Erlang 1917; stationary distribution as in Cooper 1981, chapter 3.
    """
    _require(0 < offered_load < crews, "needs a load above zero and below the number of crews")
    utilisation = offered_load / crews
    log_all_busy = crews * math.log(offered_load) - offered_load - math.lgamma(crews + 1)
    queue = math.exp(log_all_busy) / (1 - utilisation)
    total = 1 - unlimited_crews_tail(offered_load, crews) + queue
    if at_least >= crews:
        return float(queue * utilisation ** (at_least - crews) / total)
    idle = unlimited_crews_tail(offered_load, at_least) - unlimited_crews_tail(offered_load, crews)
    return (idle + queue) / total


def unlimited_crews_tail(offered_load: float, at_least: int) -> float:
    """Probability [-] that `at_least` nodes [-] are out of service when no repair waits: M/G/∞, a Poisson tail.

    Holds for every law of repair with the mean that is in offered_load [-]. Raises ValueError for a negative load.
    Source: Palm 1943; Takács 1962, chapter 3.
    """
    _require(offered_load >= 0, "needs a load of zero or more")
    return float(special.pdtrc(at_least - 1, offered_load)) if at_least > 0 else 1.0


def expected_maximum_of_normals(n: int) -> float:
    """Mean of the largest of n independent standard Normal values [standard deviations], by quadrature (1e-9).

    Raises ValueError for n < 1. Source: Tippett 1925: E = ∫ (1 - Φ(x)^n - Φ(-x)^n) dx from 0 to infinity.
    """
    from scipy import integrate  # half a second to import, and for this function only

    _require(n >= 1, "needs at least one value")

    def above(x: float) -> float:
        return float(-np.expm1(n * special.log_ndtr(x)) - np.exp(n * special.log_ndtr(-x)))

    knee = math.sqrt(2 * math.log(n)) + 1  # the integrand falls from one to zero about here
    pieces = ((0.0, knee), (knee, NORMAL_REACH))
    return math.fsum(integrate.quad(above, low, high, epsabs=1e-10, epsrel=1e-10, limit=200)[0] for low, high in pieces)


def expected_maximum_of_paretos(n: int, index: float) -> float:
    """Mean of the largest of n independent Pareto values [scales], where P(X > x) = x^-index from x = 1 on.

    Raises ValueError for n < 1, and for an index of 1 or less, whose mean is infinite. Source: Arnold 2015, Pareto
    Distributions, section 3.4: E = Γ(n+1) Γ(1 - 1/index) / Γ(n + 1 - 1/index).
    """
    _require(n >= 1 and index > 1, "needs at least one value and an index above 1")
    return math.exp(math.lgamma(n + 1) + math.lgamma(1 - 1 / index) - math.lgamma(n + 1 - 1 / index))


def _require_failures_and_save(failure_rate: float, save: float) -> None:
    _require(failure_rate > 0 and save >= 0, "needs a positive failure rate and a save time of zero or more")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise ValueError(message)
