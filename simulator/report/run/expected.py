"""What theory expects of a scenario before any run: closed forms at the medians, and what they leave out."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from simulator.compile.compile import compile_plan
from simulator.compile.interval import stop_rate
from simulator.mechanisms import CARDS
from simulator.mechanisms.neutral import neutral
from simulator.numbers import theory
from simulator.numbers.plan import Plan, Purpose
from simulator.numbers.times import SPEED_SCALE, TICKS_PER_SECOND, Law
from simulator.report.text import duration
from simulator.scenario import Scenario
from simulator.words import laws

DAY = 86_400.0
HOUR = 3_600.0
LONGEST_TOLD = 1e6 * DAY


class Expected(NamedTuple):
    """What the closed forms say, in the units that the names end with; None where a form does not apply."""

    strikes_per_day: dict[str, float]  # by cause, whatever they do to the job
    failures_per_day: float  # that stop the job
    mttf_hours: float
    recovery_minutes: float  # mean, from the failure to training again
    save_seconds: float  # mean blocking time
    interval_minutes: float  # as chosen
    interval_is_automatic: bool
    optimal_interval_minutes: float | None  # Lambert W
    young_interval_minutes: float | None
    goodput_first_order: float
    run_time_days: float
    run_time_leaves_out: list[str]  # empty: the run time is exact

    def as_json(self) -> dict[str, Any]:
        """Return the fields with what is infinite as None."""
        return {name: _finite(value) for name, value in self._asdict().items()}


def expected(scenario: Scenario) -> Expected:
    """Return what theory expects of a scenario at the medians of its inputs."""
    plan = compile_plan(scenario)
    causes = list(scenario.document.failures.causes)
    rate = stop_rate(plan)
    mttf = 1 / rate if rate > 0 else math.inf
    interval = plan.interval / TICKS_PER_SECOND
    save = _mean_save(plan)
    fixed, struck = _recovery(plan)
    # A run that ends before its first save saves nothing.
    saves = save if plan.interval < plan.work else 0.0
    works = rate > 0 and save > 0
    return Expected(
        strikes_per_day={name: _strikes(plan, row) * DAY for row, name in enumerate(causes)},
        failures_per_day=rate * DAY,
        mttf_hours=mttf / HOUR,
        recovery_minutes=(fixed + struck) / 60,
        save_seconds=save,
        interval_minutes=interval / 60,
        interval_is_automatic=scenario.document.checkpoint.follows,
        optimal_interval_minutes=theory.optimal_interval(rate, save) / 60 if works else None,
        young_interval_minutes=theory.young_interval(rate, save) / 60 if works else None,
        goodput_first_order=_goodput(plan, mttf, fixed + struck, saves),
        run_time_days=_run_time(plan, rate, save, fixed, struck) / DAY,
        run_time_leaves_out=list(_left_out(plan, scenario)),
    )


def trouble(scenario: Scenario, found: Expected) -> str:
    """Return in words why the job makes no progress to speak of at the medians of its inputs; empty where it does."""
    mttf, recovery = found.mttf_hours * HOUR, found.recovery_minutes * 60
    if mttf < recovery:
        often = duration(mttf) if mttf >= 1e-3 else "millisecond or less"
        why = f"the job fails every {often} in the mean, and a recovery takes {duration(recovery)}"
        remedy = "are the rates of its failures and the times of its recovery as they are meant?"
        return f"it hardly makes progress: {why}, so most replications will not finish; {remedy}"
    run = scenario.document.run.filled(scenario.work())
    horizon, length = (math.inf if run.horizon is None else run.horizon.median), found.run_time_days * DAY
    if length > horizon:
        known = length < LONGEST_TOLD
        why = f"theory expects a run time of {duration(length)}" if known else "theory expects no end"
        return f"{why}, and run.horizon ends a replication after {duration(horizon)}: most will not finish"
    strikes = sum(found.strikes_per_day.values()) * found.run_time_days
    if strikes <= run.max_events.median:
        return ""
    why = f"{strikes:.2g} failures are expected of a replication, and run.max_events is {run.max_events.median:_.0f}"
    return (
        f"{why}: it may end before the work is done, and takes long; are the rates of its failures as they are meant?"
    )


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _strikes(plan: Plan, row: int) -> float:
    """Return the strikes of one cause [1/s], those that only stall or slow the job too."""
    alone = np.zeros_like(plan.units)
    alone[row] = plan.units[row]
    none = {name: np.zeros_like(getattr(plan, name)) for name in ("effect", "hidden", "reach")}
    unmet = {name: getattr(neutral(len(plan.units)), name) for name in ("rules", "odds")}
    return stop_rate(plan._replace(units=alone, **none, **unmet))


def _mean_save(plan: Plan) -> float:
    return (plan.save * (plan.storage_every - 1) + plan.save_storage) / plan.storage_every / TICKS_PER_SECOND


def _goodput(plan: Plan, mttf: float, recovery: float, save: float) -> float:
    """Return the first-order goodput [1] of a job that trains at its own pace; times in seconds."""
    speed = plan.pace / SPEED_SCALE
    return speed * theory.first_order_ettr(mttf, recovery + _late(plan), plan.interval / TICKS_PER_SECOND / speed, save)


def _late(plan: Plan) -> float:
    """Return the work lost beyond half an interval [s]: without a memory tier a save is safe only after its lag."""
    return 0.0 if plan.memory_group else plan.lag / TICKS_PER_SECOND


def _recovery(plan: Plan) -> tuple[float, float]:
    """Return the mean time of a recovery that failures do not restart, and that they do [s], over the causes."""
    weights = [_stops(plan, row) for row in range(len(plan.units))]
    total = math.fsum(weights)
    restore = Purpose.RESTORE_MEMORY if plan.memory_group else Purpose.RESTORE
    fixed = struck = 0.0
    for row, weight in enumerate(weights):
        share = weight / total if total > 0 else 1 / len(weights)
        fixed += share * (mean_of(plan, row, Purpose.DETECTION) + mean_of(plan, row, Purpose.DIAGNOSIS))
        swap = mean_of(plan, row, Purpose.SWAP) if plan.blast[row] > 0 else 0.0
        struck += share * (swap + mean_of(plan, row, Purpose.RESTART) + mean_of(plan, row, restore))
    added = sum(card.recovery(plan) for card in CARDS if card.recovery is not None)
    return fixed, struck + added / TICKS_PER_SECOND


def _stops(plan: Plan, row: int) -> float:
    alone = np.zeros_like(plan.units)
    alone[row] = plan.units[row]
    return stop_rate(plan._replace(units=alone))


def mean_of(plan: Plan, row: int, purpose: Purpose) -> float:
    """Return the mean of a law of a plan, in its unit; infinite where it never comes."""
    kind, a, b, c = (float(number) for number in plan.laws[row, purpose])
    return laws.mean(Law(int(kind), a, b, c))


def _run_time(plan: Plan, rate: float, save: float, fixed: float, struck: float) -> float:
    """Return Daly's mean run time [s]; the last segment may be shorter than the others."""
    slower = SPEED_SCALE / plan.pace
    work = slower * plan.work / TICKS_PER_SECOND
    interval = slower * min(plan.interval, plan.work) / TICKS_PER_SECOND
    segments = -(-plan.work // min(plan.interval, plan.work))
    last = work - (segments - 1) * interval

    def forecast(length: float, number: int) -> float:
        return theory.expected_run_time(rate, length, save, struck, fixed, number)

    whole = forecast(interval, segments)
    if math.isfinite(whole) and segments > 1:
        whole += forecast(last, 1) - forecast(interval, 1)
    return plan.start_up / TICKS_PER_SECOND + whole


def _left_out(plan: Plan, scenario: Scenario) -> Iterator[str]:
    """Yield what the scenario has and the closed form of the run time has not."""
    if any(not _only_matters_to_nodes(quantity.path) for quantity in scenario.inputs):
        yield "the spread of uncertain inputs"
    found = (one.label for card in CARDS for one in card.left_out if one.applies(plan))
    yield from dict.fromkeys(found)


def _only_matters_to_nodes(path: str) -> bool:
    """Return whether an input is about repairs or money: the closed form waits for no node, and counts no money."""
    keys = path.split(".")
    return keys[0] == "cost" or not {"repair", "relapse", "cure"}.isdisjoint(keys)
