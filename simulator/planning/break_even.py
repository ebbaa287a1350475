"""Break-even: the value of one input at which an alternative and the base come to the same, or a target is just met."""

import math
import threading
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble, Progress
from simulator.ensemble.ensemble import settled
from simulator.ensemble.estimates import quantile, rank
from simulator.numbers.plan import Floats
from simulator.planning import outcomes, quantities
from simulator.planning.goal import STATISTICS, BreakEvenError, Question, check_between, check_price, number_at
from simulator.planning.progress import Several, Stopped
from simulator.scenario import Scenario, ScenarioErrors
from simulator.words import units

SCAN = 5  # values at which it is looked first, both ends among them: it may cross more than once
CLOSE = 1e-3  # the search ends with a bracket of this share of the range,
NEAR = 1e-2  # and of this share of the value, which may be far smaller than the range;
MOST = 40  # or after so many halvings
RESAMPLES = 200
Z95 = 1.959963984540054
FAR = 10.0  # a range of more times than this is halved by ratio

Pair = tuple[Scenario, Scenario | None]  # the base, and the alternative where there is one


class BreakEven(NamedTuple):
    """Where two options, or an option and a target, are equal; numbers of the input in SI."""

    path: str
    value: float | None  # None: nowhere in the range
    text: str  # the value with its unit; empty where there is none
    low: float  # the range that was searched
    high: float
    half_width: float  # half the 95 % interval of the value; infinite where it is open, NaN where there is none
    evaluated: tuple[tuple[float, float], ...]  # value, and alternative minus base (or base minus target) there
    like: str = ""  # the unit of the input
    interval: tuple[float, float] = (math.nan, math.nan)  # 95 %, from the paired Monte Carlo error; open at infinity
    measure: str = "finish"  # finish [days] | goodput [1] | cost [USD, with that of the delay]
    statistic: str = "mean"
    target: float | None = None  # in the unit of the measure
    whole: bool = False  # only whole numbers were tried, and this is the first from which the sign is the other one
    crossings: int = 0  # changes of sign among the first values; more than one: there are more values like this one
    replications: int = 0
    replications_of_the_scenario: int = 0  # that it asks for by itself
    unfinished: int = 0  # replications among all that did not finish
    rises: bool = False  # the difference goes from below zero to above it at the value; it falls otherwise
    bracket: tuple[float, float] = (math.nan, math.nan)  # the values tried between which the sign turns
    interrupted: bool = False  # by Ctrl-C or a cancel: the value is not known yet, and the bracket may be wide

    @property
    def at_low(self) -> float:
        """The difference at the lower end of the range, or at the lowest value tried so far."""
        return self.evaluated[0][1]

    @property
    def at_high(self) -> float:
        """The difference at the upper end of the range, or at the highest value tried so far."""
        return self.evaluated[-1][1]


def planned(replications: int, *, target: bool) -> int:
    """Return how many replications a break-even takes, as nearly as can be said before."""
    values = SCAN + math.ceil(math.log2(1 / CLOSE))
    return replications * values * (1 if target else 2)


def break_even(
    path: str,
    scenarios: Callable[[str], Pair],
    between: tuple[str, str],
    question: Question,
    *,
    replications: int = 200,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> BreakEven:
    """Return the value of an input, given as text to `scenarios`, at which the question's difference is zero.

    An uncertain input is known at each value tried, unless its spread stands in a key of its own. A scan of the range,
    then halving: differences under common random numbers are monotone where the effect is, and piecewise constant where
    an input is a whole number or chooses a rule. Ctrl-C and `cancel` keep the values that were tried, from two on.
    Raises ScenarioErrors, BreakEvenError, KeyboardInterrupt, Cancelled.
    """
    ends = [scenarios(text)[0] for text in between]
    numbers = [number_at(end, path) for end in ends]
    low, high = sorted(number.median for number in numbers)
    check_between(path, between, numbers)
    for end in ends:
        check_price(end, question)
    like = numbers[0].like
    whole = _is_whole(path, scenarios, low, high, like)
    expected = planned(replications, target=question.target is not None)
    work = Several(expected, threads=threads, progress=progress, cancel=cancel)
    search = _Search(scenarios, like, question, replications, work)
    bracket, crossings, interrupted = _bracketed(search, low, high, whole)
    value, interval = _crossing(search, None if interrupted else bracket, whole)
    return BreakEven(
        path=path,
        value=value,
        text="" if value is None else units.show(value, like),
        low=low,
        high=high,
        half_width=(interval[1] - interval[0]) / 2,
        evaluated=tuple((value, search.found[value][0]) for value in sorted(search.found)),
        like=like,
        interval=interval,
        measure=question.measure,
        statistic=question.statistic,
        target=question.target,
        whole=whole,
        crossings=crossings,
        replications=replications,
        replications_of_the_scenario=ends[0].replications,
        unfinished=search.unfinished,
        rises=bracket is not None and search.at(bracket[0]) < 0,
        bracket=(math.nan, math.nan) if bracket is None else bracket,
        interrupted=interrupted,
    )


def _is_whole(path: str, scenarios: Callable[[str], Pair], low: float, high: float, like: str) -> bool:
    """Return whether an input takes whole numbers only: it is tried with one that is not."""
    if low != math.floor(low) or high != math.floor(high):
        return False
    try:
        scenarios(units.exact(low + 0.5, like))
    except ScenarioErrors as failed:
        return any(error.path == path and "whole number" in error.message for error in failed.errors)
    return False


class _Search:
    """Differences at values of the input, each computed once."""

    def __init__(
        self, scenarios: Callable[[str], Pair], like: str, question: Question, replications: int, work: Several
    ) -> None:
        self.found: dict[float, tuple[float, float]] = {}  # difference and its standard error, by value
        self.unfinished = 0
        self._scenarios, self._like, self._question = scenarios, like, question
        self._replications, self._work = replications, work

    def at(self, value: float) -> float:
        """Return the difference at a value; infinite where one of the two is."""
        if value not in self.found:
            base, other = self._scenarios(units.exact(value, self._like))
            counted = self.unfinished
            try:
                own = self._values(base)
                against = None if other is None or self._question.target is not None else self._values(other)
            except Stopped:
                self.unfinished = counted  # a value of which only one half was tried does not count
                raise
            self.found[value] = difference(own, against, self._question)
        return self.found[value][0]

    def between(self, low: float, high: float) -> float:
        """Return where a line through two values crosses zero; the middle where a difference is infinite."""
        below, above = self.at(low), self.at(high)
        if above == 0 or below == 0:
            return high if above == 0 else low
        if not (math.isfinite(below) and math.isfinite(above)):
            return (low + high) / 2
        return low + (high - low) * below / (below - above)

    def interval(self, value: float, bracket: tuple[float, float]) -> tuple[float, float]:
        """Return the 95 % interval of a crossing: the values around it whose difference may well be zero.

        It holds the bracket, and the error within it is the larger one of its ends: few runs may decide on one side.
        """
        known = [(each, *self.found[each]) for each in sorted(self.found)]
        errors = [self.found[end][1] for end in {*bracket, value} if end in self.found]
        error = max(errors) if all(map(math.isfinite, errors)) else math.nan
        below = _leaves_zero(value, [point for point in known if point[0] <= value][::-1], error)
        above = _leaves_zero(value, [point for point in known if point[0] >= value], error)
        return (
            -math.inf if below is None else min(below, bracket[0]),
            math.inf if above is None else max(above, bracket[1]),
        )

    def _values(self, scenario: Scenario) -> Floats:
        ensemble = self._work.run(settled(scenario, replications=self._replications), self._replications)
        self.unfinished += outcomes.unfinished(ensemble)
        return per_replication(ensemble, self._question)


def per_replication(ensemble: Ensemble, question: Question) -> Floats:
    """Return what is asked for of each replication. Raises BreakEvenError for a cost without a price.

    An unfinished one counts with its horizon in the mean of the finish, and as endless in its quantiles.
    """
    if question.measure == "cost":
        cost = outcomes.dollars(ensemble)
        if cost is None:
            raise BreakEvenError("the scenario has no price, so there is no cost; give one, such as cost.gpu")
        return cost
    if question.measure == "goodput":
        return quantities.values(ensemble, "goodput")
    return outcomes.days(ensemble) if question.statistic == "mean" else quantities.values(ensemble, "finish_days")


def difference(base: Floats, other: Floats | None, question: Question) -> tuple[float, float]:
    """Return alternative minus base, or base minus target, and its standard error from pairs; NaN where infinite.

    The difference itself is NaN where both are infinite: nothing tells them apart.
    """
    share = STATISTICS[question.statistic]
    if share is None:
        each = base - (question.target or 0.0) if other is None else other - base
        error = float(each.std(ddof=1)) / math.sqrt(len(each)) if len(each) > 1 else math.nan
        return float(each.mean()), error
    ends = [quantile(np.sort(values), share) for values in ((base,) if other is None else (base, other))]
    rows, at = outcomes.resamples(len(base), RESAMPLES), rank(len(base), share) - 1
    drawn = [np.sort(values[rows], axis=1)[:, at] for values in ((base,) if other is None else (base, other))]
    if other is None:
        found, spread = ends[0] - (question.target or 0.0), drawn[0]
    else:
        found = ends[1] - ends[0]
        spread = drawn[1] - drawn[0] if np.isfinite(drawn).all() else drawn[0]
    return found, float(spread.std(ddof=1)) if np.isfinite(drawn).all() else math.nan


def _bracketed(search: _Search, low: float, high: float, whole: bool) -> tuple[tuple[float, float] | None, int, bool]:
    """Return the values around the first change of sign, how many changes were seen, and whether it was stopped."""
    try:
        bracket, crossings = _scanned(search, low, high, whole)
        if bracket is not None:
            bracket = _halved(search, *bracket, CLOSE * (high - low), whole)
    except Stopped as stopped:
        if len(search.found) < 2:
            raise stopped.again() from None
        return *_turns(search, sorted(search.found)), True
    return bracket, crossings, False


def _scanned(search: _Search, low: float, high: float, whole: bool) -> tuple[tuple[float, float] | None, int]:
    """Return the first neighbours with a change of sign between them, and how many such there are.

    Where both are equal, or none finishes, there is no sign, and neighbours are those on either side.
    """
    steps = [step / (SCAN - 1) for step in range(SCAN)]
    if low > 0 and high / low > FAR:
        values = [low * (high / low) ** step for step in steps]
    else:
        values = [low + (high - low) * step for step in steps]
    values = sorted({float(round(value)) for value in values} if whole else {*values[:-1], high})
    return _turns(search, values)


def _turns(search: "_Search", values: Sequence[float]) -> tuple[tuple[float, float] | None, int]:
    """Return the first neighbours among values with a change of sign between them, and how many such there are."""
    signed = [(value, sign) for value in values if (sign := _sign(search.at(value))) != 0]
    turns = [(low, high) for (low, before), (high, after) in pairwise(signed) if before != after]
    return (turns[0] if turns else None), len(turns)


def _crossing(
    search: "_Search", bracket: tuple[float, float] | None, whole: bool
) -> tuple[float | None, tuple[float, float]]:
    """Return the value within a bracket at which the difference is zero, and its 95 % interval."""
    if bracket is None:
        return None, (math.nan, math.nan)
    value = bracket[1] if whole else search.between(*bracket)
    return value, search.interval(value, (value, value) if whole else bracket)


def _halved(search: _Search, low: float, high: float, close: float, whole: bool) -> tuple[float, float]:
    """Return neighbours around the change of sign: a whole number apart, or `close` and near against the value.

    Where the difference is zero over a stretch, they are those around its lower end.
    """
    below = _sign(search.at(low))
    for _ in range(MOST):
        if high - low <= (1.0 if whole else min(close, NEAR * max(abs(low), abs(high)))):
            break
        middle = math.sqrt(low * high) if low > 0 and high / low > FAR else (low + high) / 2
        middle = float(math.floor(middle)) if whole else middle
        if not low < middle < high:
            break
        if _sign(search.at(middle)) == below:
            low = middle
        else:
            high = middle
    return low, high


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _leaves_zero(value: float, points: Sequence[tuple[float, float, float]], error: float) -> float | None:
    """Return where, going away from a value, the difference first is beyond its error; None where it never is.

    `points` are values with difference and standard error, the nearest first; between them it is taken to be a line.
    `error` is the standard error at the value itself.
    """
    near, excess = value, -Z95 * error if points and math.isfinite(error) else -math.inf
    for number, (far, found, own) in enumerate(points):
        # An error that is unknown tells nothing.
        larger = max(own, error) if number == 0 and math.isfinite(error) else own
        within = Z95 * larger if math.isfinite(larger) else math.inf
        beyond = math.inf if math.isinf(found) else abs(found) - within
        if beyond > 0:
            share = -excess / (beyond - excess) if math.isfinite(excess) and math.isfinite(beyond) else 1.0
            return near + (far - near) * share
        near, excess = far, beyond
    return None
