"""The fast engine meets the closed forms of oracles/closed_forms.yaml: |z| < 4, with seeds fixed beforehand.

What holds for this engine holds for the other one too, whose logs are identical (test_engines).
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from strategies import NEVER, Cause, Law, Sketch, plan_of

from simulator.engines.kernel import Batch, run_batch
from simulator.numbers import theory
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Plan, Purpose
from simulator.numbers.times import TICKS_PER_SECOND, Hazard
from tests.oracles import closed_forms

Row = dict[str, Any]
ORACLES: dict[str, list[Row]] = YAML(typ="safe").load(Path(__file__).parent / "oracles" / "closed_forms.yaml")
SEED = 1_906
MINUTE, HOUR, DAY, YEAR = 60.0, 3_600.0, 86_400.0, 365 * 86_400.0
UNLIMITED = 10**9


def rows(section: str, **wanted: object) -> list[Row]:
    return [row for row in ORACLES[section] if wanted.items() <= row.items()]


def number(written: str | float) -> float:
    return float(Fraction(written))


def in_ticks(seconds: float) -> int:
    return round(seconds * TICKS_PER_SECOND)


def fixed(seconds: float) -> Law:
    return ("FIXED", in_ticks(seconds), 0)


def run_many(plan: Plan, count: int, seed: int = SEED) -> Batch:
    """Replications 0..count-1, in pieces that need little memory."""
    world, pieces = None, []
    for first in range(0, count, 25_000):
        piece, world = run_batch(plan, seed, first, min(25_000, count - first), world)
        pieces.append(piece)
    return Batch(*(np.concatenate(columns) for columns in zip(*pieces, strict=True)))


def z_of_mean(values: np.ndarray, mean: float) -> float:
    return float((values.mean() - mean) / (values.std(ddof=1) / math.sqrt(len(values))))


def z_of_variance(values: np.ndarray, variance: float) -> float:
    off = values - values.mean()
    error = math.sqrt((np.mean(off**4) - np.mean(off**2) ** 2) / len(values))
    return float((values.var(ddof=1) - variance) / error)


def struck_job(
    rate: float, work: float, interval: float, save: float, restart: float, detection: float = 0.0, **more: Any
) -> Plan:
    """One cause stops the whole job, at `rate` [1/s], and takes no node. Detection cannot be struck, restart can."""
    laws = {"DETECTION": fixed(detection), "RESTART": fixed(restart)}
    exposed = more.pop("exposed", "BUSY")
    cause = Cause(per_place=0, blast=0, exposed=exposed, mean=TICKS_PER_SECOND / rate, laws=laws)  # type: ignore[arg-type]
    return plan_of(
        Sketch(
            work=in_ticks(work), interval=in_ticks(interval), save=in_ticks(save), save_storage=in_ticks(save),
            horizon=NEVER, max_records=UNLIMITED, causes=(cause,), **more,
        )
    )  # fmt: skip


def run_times(plan: Plan, count: int) -> np.ndarray:
    """Wall-clock times of finished runs [s]."""
    batch = run_many(plan, count)
    assert (batch.outcome == Outcome.DONE).all() and (batch.ledger.sum(axis=1) == batch.finish).all()
    return batch.finish / TICKS_PER_SECOND


# run time


@pytest.mark.parametrize("row", rows("run_time"), ids=str)
def test_run_time_has_the_mean_and_the_variance_of_the_closed_form(row: Row) -> None:
    plan = struck_job(
        number(row["lambda"]), row["n"] * row["tau"], row["tau"], row["delta"], row["R"], detection=row["D0"]
    )
    times = run_times(plan, 100_000)
    assert abs(z_of_mean(times, row["mean_s"])) < 4
    assert abs(z_of_variance(times, row["variance_s2"])) < 4


def test_a_recovery_in_two_phases_is_the_same_law() -> None:
    """Part restart, part restore: what can be struck is one recovery, however it is divided."""
    plan = struck_job(1 / 1_800, 40 * 600.0, 600.0, 5.0, 100.0, detection=60.0)
    split = plan._replace(laws=plan.laws.copy())
    split.laws[:, Purpose.RESTORE, 1] = 140.0
    times = run_times(split, 40_000)
    assert abs(z_of_mean(times, theory.expected_run_time(1 / 1_800, 600.0, 5.0, 240.0, 60.0, 40))) < 4
    assert abs(z_of_variance(times, closed_forms.run_time_variance(1 / 1_800, 600.0, 5.0, 240.0, 60.0, 40))) < 4


# optimal interval


def least(log_intervals: np.ndarray, values: np.ndarray) -> float:
    """Where a smooth curve through the values is least."""
    curve = np.polynomial.Polynomial.fit(log_intervals, values, 4)
    fine = np.linspace(log_intervals[0], log_intervals[-1], 10_001)
    return float(np.exp(fine[np.argmin(curve(fine))]))


@pytest.mark.parametrize("row", rows("optimal_interval"), ids=str)
def test_the_best_interval_of_paired_runs_is_the_exact_one(row: Row) -> None:
    rate, save, exact = number(row["lambda"]), row["delta"], row["exact_s"]
    work, restart = 120 * exact, 60.0
    segments = [round(120 / factor) for factor in (0.5, 0.65, 0.8, 1.0, 1.25, 1.55, 2.0)]
    # Rounded up, so that the last segment is a few ticks shorter than the others and none is added.
    intervals = {count: math.ceil(in_ticks(work) / count) / TICKS_PER_SECOND for count in segments}
    times = {count: run_times(struck_job(rate, work, intervals[count], save, restart), 20_000) for count in segments}
    expected = {count: theory.expected_run_time(rate, work / count, save, restart, 0.0, count) for count in segments}
    for count in set(segments) - {120}:
        assert abs(z_of_mean(times[count] - times[120], expected[count] - expected[120])) < 4
    logs = np.log([work / count for count in segments])
    best = least(logs, np.array([times[count].mean() for count in segments]))
    assert best == pytest.approx(exact, rel=0.04), "the simulated optimum"
    # The last segment is not saved, which moves the optimum of a finite run a little.
    assert least(logs, np.array([expected[count] for count in segments])) == pytest.approx(exact, rel=0.02)


# spares


def repairs(failures_per_repair: float, crews: int, law: Law) -> Plan:
    """Failures at a constant rate, whatever is out, and repairs of one hour in the mean; 1,000 spares are ample."""
    cause = Cause(mean=in_ticks(HOUR) / failures_per_repair, laws={"REPAIR": law})  # type: ignore[arg-type]
    return plan_of(
        Sketch(
            needed=100, spares=1_000, work=in_ticks(YEAR), interval=in_ticks(YEAR), crews=crews, causes=(cause,),
            warm_up=in_ticks(200 * HOUR), horizon=in_ticks(700 * HOUR), max_records=UNLIMITED,
        )
    )  # fmt: skip


def z_of_share(batch: Batch, at_least: int, share: float) -> float:
    """The share of failures that saw so many nodes out: a ratio of sums over replications (Cochran 1977)."""
    seen, all_seen = batch.out_seen[:, at_least:].sum(axis=1), batch.out_seen.sum(axis=1)
    off = seen - share * all_seen
    return float(off.sum() / math.sqrt(len(off) * off.var(ddof=1)))


LOGNORMAL: Law = ("LOGNORMAL", in_ticks(HOUR * math.exp(-0.5)), 1.0)  # its mean is an hour
EXPONENTIAL: Law = ("EXPONENTIAL", in_ticks(HOUR), 0)


@pytest.mark.parametrize("row", rows("spares", model="M/M/c"), ids=str)
def test_spares_with_few_crews(row: Row) -> None:
    batch = run_many(repairs(row["a"], row["c"], EXPONENTIAL), 100)
    assert abs(z_of_share(batch, row["at_least"], row["probability"])) < 4
    assert abs(z_of_share(batch, 20, theory.crews_tail(row["a"], row["c"], 20))) < 4


@pytest.mark.parametrize("law", [LOGNORMAL, EXPONENTIAL, ("FIXED", in_ticks(HOUR), 0)], ids=lambda law: law[0])
def test_spares_with_ample_crews_whatever_the_law_of_repair(law: Law) -> None:
    tail, enough = rows("spares", model="M/G/inf")
    batch = run_many(repairs(tail["a"], 0, law), 100)
    assert abs(z_of_share(batch, tail["at_least"], tail["probability"])) < 4
    wanted = enough["spares_for"]
    for at_least in (10, 20, wanted["one_percent"] - 1, wanted["one_percent"], wanted["one_per_mille"]):
        assert abs(z_of_share(batch, at_least, theory.unlimited_crews_tail(tail["a"], at_least))) < 4
    shares = batch.out_seen.sum(axis=0)[::-1].cumsum()[::-1] / batch.out_seen.sum()
    assert int(np.argmax(shares <= 0.01)) == wanted["one_percent"]


# ageing


def ageing(row: Row, renewal: bool, blast: int) -> Plan:
    """200 places of one unit each; what breaks is replaced on the spot, or with its node by one of 300 spares."""
    plan = plan_of(
        Sketch(
            needed=200, spares=300, work=in_ticks(YEAR), interval=in_ticks(YEAR), horizon=in_ticks(300 * DAY),
            max_records=UNLIMITED, causes=(Cause(hazard="WEIBULL", blast=blast, renewal=renewal),),
        )
    )  # fmt: skip
    assert plan.hazard_kind[0] == Hazard.WEIBULL
    return plan._replace(hazard=np.array([[row["shape"], 400 * DAY, row["age0_d"] * DAY]]))


@pytest.mark.parametrize("blast", [0, 1], ids=["replaced on the spot", "replaced with its node"])
@pytest.mark.parametrize("kind", ["renewal", "minimal_repair"])
@pytest.mark.parametrize("row", rows("weibull_counts"), ids=str)
def test_weibull_counts(row: Row, kind: str, blast: int) -> None:
    counts = run_many(ageing(row, kind == "renewal", blast), 3_000).failures[:, 0]
    assert abs(z_of_mean(counts, row[kind])) < 4
    if kind == "minimal_repair":
        assert abs(z_of_variance(counts, row[kind])) < 4, "a Poisson process"


# rates and shares


@pytest.mark.parametrize("row", rows("rates"), ids=str)
def test_rates(row: Row) -> None:
    mean = in_ticks(DAY) / (row["nodes"] * row["per_node_day"])
    horizon = 400 * in_ticks(row["mttf_h"] * HOUR)
    cause = Cause(per_place=1, blast=1, mean=mean)  # type: ignore[arg-type]
    sketch = Sketch(needed=row["nodes"], spares=8, work=in_ticks(YEAR), interval=in_ticks(YEAR), horizon=horizon)
    batch = run_many(plan_of(sketch)._replace(**causes_of(sketch, cause), max_records=UNLIMITED), 300)
    exact = horizon / mean
    assert abs(z_of_mean(batch.failures[:, 0], exact)) < 4
    assert abs(z_of_variance(batch.failures[:, 0], exact)) < 4
    mttf = horizon / batch.failures.mean() / TICKS_PER_SECOND / HOUR
    assert mttf == pytest.approx(row["mttf_h"], rel=0.01)


def causes_of(sketch: Sketch, cause: Cause) -> Row:
    """The fields of a plan with this cause instead."""
    other = plan_of(Sketch(needed=sketch.needed, causes=(cause,)))
    return {name: getattr(other, name) for name in ("units", "per_place", "blast", "hazard", "laws")}


@pytest.mark.parametrize("row", rows("ettr"), ids=str)
def test_ettr_to_first_order(row: Row) -> None:
    """The next order is as large as the difference: λ²(R²/2 + Rτ/2 + τ²/12); beyond it the exact form holds."""
    rate = row["nodes"] * row["per_node_day"] / DAY
    restart, interval = row["restart_min"] * MINUTE, row["interval_min"] * MINUTE
    segments = round(100 * HOUR / interval)
    times = run_times(struck_job(rate, segments * interval, interval, 0.0, restart, exposed="ALWAYS"), 4_000)
    assert abs(z_of_mean(times, theory.expected_run_time(rate, interval, 0.0, restart, 0.0, segments))) < 4
    ettr = segments * interval / times.mean()
    next_order = rate * rate * (restart * restart / 2 + restart * interval / 2 + interval * interval / 12)
    assert 0 < ettr - row["ettr"] < 1.1 * next_order + 5e-4, "beyond its third printed digit"


@pytest.mark.parametrize("row", rows("goodput_conventions"), ids=str)
def test_goodput_by_two_conventions(row: Row) -> None:
    """Saves that cost nothing leave no work to lose. M is up-time, or the clock's, and then recovery can be struck."""
    rate, restart, work = 1 / (row["M_min"] * MINUTE), row["R_min"] * MINUTE, 50 * HOUR
    shares: Sequence[tuple[str, float]] = (
        ("RUNNING", closed_forms.goodput_conventions(1 / rate, restart).up_time),
        ("BUSY", closed_forms.goodput_conventions(1 / rate, restart).struck_recovery),
    )
    printed = (row["M_over_M_plus_R"], row["exp_minus_R_over_M"])
    for (exposed, share), told in zip(shares, printed, strict=True):
        batch = run_many(struck_job(rate, work, 1e-3, 0.0, restart, exposed=exposed), 4_000)
        assert abs(z_of_mean(batch.finish / TICKS_PER_SECOND, work / share)) < 4
        assert batch.ledger[:, Account.PRODUCTIVE].sum() / batch.finish.sum() == pytest.approx(told, abs=3e-3)
