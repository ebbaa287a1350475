"""A tornado: what the answer would be with one uncertain input at its P10 or P90, and all others drawn as ever."""

import math
import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from simulator.ensemble import Ensemble, Progress, pinned
from simulator.ensemble.ensemble import settled
from simulator.ensemble.estimates import QUANTILES, interval, quantile, rank
from simulator.metrics import Split, variance_share
from simulator.nouns.operators import CLASS
from simulator.numbers.plan import Floats
from simulator.planning import outcomes, quantities
from simulator.planning.progress import Several, Stopped
from simulator.scenario import Scenario
from simulator.words import units
from simulator.words.quantity import Z90, Quantity

RESAMPLES = 200
OPEN = (math.nan, math.nan)  # an interval that nothing bounds
WORST = QUANTILES[-1]  # the quantile of the finish that a bar tells of


class Bar(NamedTuple):
    """One uncertain input: what the answer is with it at its P10 and at its P90, under common random numbers."""

    path: str
    low: str  # its P10, as text with unit
    high: str  # its P90
    finish_p90_days: tuple[float, float]  # infinite where more than one in ten does not finish
    goodput: tuple[float, float]  # mean
    cost_usd: tuple[float, float] | None  # mean; None without prices
    wall_days: tuple[float, float] = (math.nan, math.nan)  # mean; what does not finish ends at its horizon
    finish_error_days: float = math.nan  # standard error of the difference of the two P90s; NaN where infinite
    assumed: bool = False  # nothing backs the input
    finish_p90_intervals: tuple[tuple[float, float], tuple[float, float]] = (OPEN, OPEN)  # 95 % of each P90 [days]

    @property
    def swing_days(self) -> float:
        """The distance of the two P90s [days]; infinite where one of them is, NaN where both are."""
        return _distance(self.finish_p90_days)


class Tornado(NamedTuple):
    """All bars, the largest swing of the finish first; those that cannot be told by it follow, by goodput."""

    scenario_name: str
    replications: int  # of each end of a bar
    finish_p90_days: float
    goodput: float
    cost_usd: float | None
    bars: tuple[Bar, ...]
    finish_p10_days: float = math.nan
    unfinished: int = 0  # replications of the scenario as it is that do not finish
    interrupted: bool = False  # the bars are those that were done
    splits: tuple[tuple[str, Split], ...] = ()  # of finish_days and goodput: from inputs, or from chance
    finish_p90_interval: tuple[float, float] = OPEN  # 95 %, from order statistics [days]
    replications_of_the_scenario: int = 0  # that it asks for by itself


def tornado(
    scenario: Scenario,
    replications: int = 200,
    *,
    threads: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Tornado:
    """Return the tornado of a scenario: two ensembles for each uncertain input.

    Stopped in between it keeps the bars that are done. Raises KeyboardInterrupt or Cancelled before the first.
    """
    usual = scenario.replications
    scenario = settled(scenario, replications=replications)
    work = Several(replications * (1 + 2 * len(scenario.inputs)), threads=threads, progress=progress, cancel=cancel)
    try:
        base = work.run(scenario, replications, twins=True)
    except Stopped as stopped:
        raise stopped.again() from None
    bars: list[Bar] = []
    interrupted = False
    try:
        for quantity in scenario.inputs:
            bars.append(_bar(work, scenario, quantity, replications))
    except Stopped as stopped:
        interrupted = True
        if not bars:
            raise stopped.again() from None
    finish = np.sort(quantities.values(base, "finish_days"))
    return Tornado(
        scenario_name=scenario.name,
        replications=replications,
        finish_p90_days=quantile(finish, WORST),
        goodput=_mean(base, "goodput"),
        cost_usd=_cost(base),
        bars=tuple(sorted(bars, key=_order)),
        finish_p10_days=quantile(finish, QUANTILES[0]),
        unfinished=outcomes.unfinished(base),
        interrupted=interrupted,
        splits=tuple((name, variance_share(base, name)) for name in ("finish_days", "goodput")),
        finish_p90_interval=interval(finish, WORST),
        replications_of_the_scenario=usual,
    )


def _bar(work: Several, scenario: Scenario, quantity: Quantity, replications: int) -> Bar:
    ends = [quantity.at_score(score) for score in (-Z90, Z90)]
    low, high = (work.run(scenario, replications, design=pinned(scenario, {quantity.path: value})) for value in ends)
    finishes = [quantities.values(ensemble, "finish_days") for ensemble in (low, high)]
    at_low, at_high = (interval(np.sort(finish), WORST) for finish in finishes)
    costs = _cost(low), _cost(high)
    return Bar(
        path=quantity.path,
        low=_shown(scenario, quantity, ends[0]),
        high=_shown(scenario, quantity, ends[1]),
        finish_p90_days=_pair([quantile(np.sort(finish), WORST) for finish in finishes]),
        goodput=_pair([_mean(ensemble, "goodput") for ensemble in (low, high)]),
        cost_usd=None if costs[0] is None or costs[1] is None else (costs[0], costs[1]),
        wall_days=_pair([float(outcomes.days(ensemble).mean()) for ensemble in (low, high)]),
        finish_error_days=_error(*finishes),
        assumed=outcomes.assumed(quantity),
        finish_p90_intervals=(at_low, at_high),
    )


def _shown(scenario: Scenario, quantity: Quantity, value: float) -> str:
    """Return a value of an input for people: a class of operator by its name."""
    if quantity.path == CLASS:
        return list(scenario.document.operator.classes)[int(value)]
    return units.show(value, quantity.like)


def _pair(both: list[float]) -> tuple[float, float]:
    return both[0], both[1]


def _mean(ensemble: Ensemble, name: str) -> float:
    return float(quantities.values(ensemble, name).mean())


def _cost(ensemble: Ensemble) -> float | None:
    known = {measure.name for measure in quantities.measures(ensemble)}
    return _mean(ensemble, "cost_usd") if "cost_usd" in known else None


def _error(low: Floats, high: Floats) -> float:
    """Return the standard error of the difference of two P90s, by resampling pairs (Efron 1979) [days]."""
    rows = outcomes.resamples(len(low), RESAMPLES)
    at = rank(len(low), WORST) - 1
    drawn = [np.sort(finish[rows], axis=1)[:, at] for finish in (low, high)]
    if not np.isfinite(drawn).all():
        return math.nan
    return float(np.std(drawn[1] - drawn[0], ddof=1))


def _distance(ends: tuple[float, float]) -> float:
    low, high = ends
    return math.nan if math.isinf(low) and math.isinf(high) else abs(high - low)


def _order(bar: Bar) -> tuple[float, float, str]:
    swing = bar.swing_days
    # What is infinite at both ends has no swing that can be told: behind all others, by goodput.
    return (1.0 if math.isnan(swing) else -swing, -abs(bar.goodput[1] - bar.goodput[0]), bar.path)
