"""Laws that hold whatever the numbers: more of a good thing is never worse in the mean, and the weather is shared."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import NEVER, Cause, Law, Sketch, plan_of

from simulator.engines.kernel import run, run_batch
from simulator.engines.reference import simulate
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Plan, Purpose
from simulator.numbers.times import TICKS_PER_SECOND

SEED = 4_711
MINUTE, HOUR, DAY = (seconds * TICKS_PER_SECOND for seconds in (60, 3_600, 86_400))


def lognormal(mean: float, deviation: float = 0.8) -> Law:
    return ("LOGNORMAL", mean * math.exp(-deviation * deviation / 2), deviation)


def a_cluster(**more: Any) -> Sketch:
    """A job that feels everything: few spares, few crews, slow repairs, two tiers, slow nodes, failed repairs."""
    recovery: dict[str, Law] = {
        "DETECTION": lognormal(2 * MINUTE), "DIAGNOSIS": ("FIXED", 3 * MINUTE, 0), "SWAP": ("FIXED", MINUTE, 0),
        "RESTART": lognormal(6 * MINUTE), "RESTORE": ("FIXED", 5 * MINUTE, 0), "RESTORE_MEMORY": ("FIXED", MINUTE, 0),
        "REPAIR": lognormal(20 * HOUR), "RELAPSE": ("EXPONENTIAL", 12 * HOUR, 0), "LENGTH": ("EXPONENTIAL", MINUTE, 0),
    }  # fmt: skip
    slow: dict[str, Law] = {"FACTOR": ("UNIFORM", 0.5, 0.9), "FOUND": ("EXPONENTIAL", HOUR, 0)}
    causes = (
        Cause(per_place=8, mean=int(2.5 * HOUR), hidden=0.2, cure=0.9, laws=recovery),
        Cause(per_place=1, mean=9 * HOUR, hazard="EXPONENTIAL", blast=2, laws=recovery),
        Cause(effect="SLOW", mean=30 * HOUR, laws=recovery | slow),
    )
    given: dict[str, Any] = {
        "needed": 64, "spares": 12, "crews": 14, "work": 6 * DAY, "interval": 20 * MINUTE, "save": 5 * TICKS_PER_SECOND,
        "save_storage": 30 * TICKS_PER_SECOND, "storage_every": 3, "lag": 4 * MINUTE, "memory_group": 2,
        "memory_peers": 1, "horizon": NEVER, "max_records": 10**6, "causes": causes,
    }  # fmt: skip
    return Sketch(**(given | more))


BASE = plan_of(a_cluster())


def laws_scaled(plan: Plan, factor: float, *purposes: Purpose) -> Plan:
    """The same plan with these durations so many times as long: their draws stay the same, so each one scales."""
    laws = plan.laws.copy()
    for row in range(len(laws)):
        for purpose in purposes:
            law = laws[row, purpose]
            law[1] = law[1] + math.log(factor) if law[0] == 3 else law[1] * factor  # LOGNORMAL: its median
    return plan._replace(laws=laws)


def rates_scaled(plan: Plan, factor: float) -> Plan:
    hazard = plan.hazard.copy()
    hazard[:, 0] *= factor
    return plan._replace(hazard=hazard)


def finishes(plan: Plan, count: int, seed: int = SEED) -> np.ndarray:
    batch, _ = run_batch(plan, seed, 0, count)
    assert (batch.outcome == Outcome.DONE).all()
    return batch.finish / TICKS_PER_SECOND


def z_of_gain(better: Plan, worse: Plan, count: int = 500) -> float:
    """How many standard errors the better plan finishes earlier, in the mean over the same weather."""
    gain = finishes(worse, count) - finishes(better, count)
    return float(gain.mean() / (gain.std(ddof=1) / math.sqrt(count)))


BETTER = {
    "more spares": BASE._replace(spares=18),
    "more crews": BASE._replace(crews=20),
    "unlimited crews": BASE._replace(crews=0),
    "shorter detection": laws_scaled(BASE, 0.5, Purpose.DETECTION),
    "shorter diagnosis": laws_scaled(BASE, 0.5, Purpose.DIAGNOSIS),
    "shorter restart": laws_scaled(BASE, 0.8, Purpose.RESTART),
    "faster restore": laws_scaled(BASE, 0.5, Purpose.RESTORE, Purpose.RESTORE_MEMORY),
    "faster swap": laws_scaled(BASE, 0.5, Purpose.SWAP),
    "faster repair": laws_scaled(BASE, 0.7, Purpose.REPAIR),
    "lower rates": rates_scaled(BASE, 0.8),
    "repairs that cure": BASE._replace(cure=np.ones(3)),
    "more that the network hides": BASE._replace(hidden=BASE.hidden + np.array([0.3, 0, 0])),
    "shorter stalls": laws_scaled(BASE, 0.3, Purpose.LENGTH),
    "cheaper saves": BASE._replace(save=0, save_storage=0),
    "another copy": BASE._replace(memory_group=3, memory_peers=2),
    "shorter lag": BASE._replace(lag=0),
}


@pytest.mark.parametrize("name", BETTER)
def test_more_of_a_good_thing_is_never_worse_in_the_mean(name: str) -> None:
    assert z_of_gain(BETTER[name], BASE) > -4


@pytest.mark.parametrize("name", sorted(set(BETTER) - {"more crews", "unlimited crews", "shorter stalls"}))
def test_most_good_things_help_beyond_doubt(name: str) -> None:
    assert z_of_gain(BETTER[name], BASE) > 4


# no failures


@settings(max_examples=100)
@given(
    work=st.integers(1, 5_000),
    interval=st.integers(1, 700),
    save=st.integers(0, 40),
    more=st.integers(0, 40),
    every=st.integers(1, 4),
    start_up=st.integers(0, 90),
    memory=st.booleans(),
)
def test_without_failures_a_run_is_work_and_saves(
    work: int, interval: int, save: int, more: int, every: int, start_up: int, memory: bool
) -> None:
    tier = {"memory_group": 2, "memory_peers": 1, "storage_every": every} if memory else {}
    saves = -(-work // interval) - 1
    to_storage = saves // every if memory else saves
    sketch = Sketch(
        work=work, interval=interval, save=save, save_storage=save + more, start_up=start_up, horizon=NEVER,
        causes=(Cause(silent=True),), needed=2, **tier,
    )  # fmt: skip
    key = replication_key(SEED, 0)
    for result in (run(plan_of(sketch), key), simulate(plan_of(sketch), key)):
        assert result.outcome == Outcome.DONE
        assert result.finish == work + start_up + saves * save + to_storage * more
        assert result.ledger[Account.PRODUCTIVE] == result.kept == work
        assert result.ledger[Account.RESTART] == start_up


@pytest.mark.parametrize("lag", [0, 7, 150, 10**6])
def test_without_failures_only_a_drain_delays(lag: int) -> None:
    """Two saves in flight at a time: each waits until the one before is durable."""
    sketch = Sketch(work=1_000, interval=100, save=5, save_storage=5, lag=lag, causes=(Cause(silent=True),))
    waits = max(0, lag - 100) * 8  # every save but the first of nine
    for engine in (run, simulate):
        result = engine(plan_of(sketch)._replace(horizon=NEVER), replication_key(SEED, 0))
        assert result.finish == 1_000 + 9 * 5 + waits
        skipping = engine(plan_of(sketch)._replace(horizon=NEVER, overlap=1), replication_key(SEED, 0))
        assert skipping.finish <= 1_000 + 9 * 5


# the same weather


def test_a_rate_scales_the_clock_and_draws_no_new_arrivals() -> None:
    """Strikes of a cause that nothing hides come at times in exact proportion."""
    sketch = Sketch(horizon=50_000, work=10**6, interval=10**6, causes=(Cause(per_place=0, blast=0, mean=2_000),))
    plan, key = plan_of(sketch), replication_key(SEED, 1)
    once, twice = run(plan, key, log=True), run(rates_scaled(plan, 2.0), key, log=True)
    ticks_of = [result.log[result.log[:, 1] == 4][:, 0] for result in (once, twice)]
    shared = len(ticks_of[0])
    assert shared > 10
    assert np.abs(ticks_of[0] - 2 * ticks_of[1][:shared]).max() <= 1  # rounded to ticks


def at_16k_gpus(restart: float) -> Plan:
    """2,048 nodes of eight GPUs for 30 days, a failure every two hours or so; the cluster of the Llama 3 paper."""
    laws: dict[str, Law] = {
        "DETECTION": ("LOGNORMAL", MINUTE, 1.0), "DIAGNOSIS": ("FIXED", 2 * MINUTE, 0),
        "SWAP": ("FIXED", 30 * TICKS_PER_SECOND, 0), "RESTART": ("FIXED", restart * TICKS_PER_SECOND, 0),
        "RESTORE": ("FIXED", 2 * MINUTE, 0), "REPAIR": lognormal(24 * HOUR),
    }  # fmt: skip
    return plan_of(
        Sketch(
            needed=2_048, spares=48, crews=30, work=30 * DAY, interval=10 * MINUTE, save=5 * TICKS_PER_SECOND,
            save_storage=5 * TICKS_PER_SECOND, lag=MINUTE, horizon=NEVER, max_records=10**6,
            causes=(Cause(per_place=8, mean=2 * HOUR, cure=0.97, laws=laws),),
        )
    )  # fmt: skip


def test_a_paired_comparison_has_thirty_times_less_variance() -> None:
    slow, fast = finishes(at_16k_gpus(240), 600), finishes(at_16k_gpus(200), 600)
    independent = slow.var(ddof=1) + fast.var(ddof=1)
    paired = (slow - fast).var(ddof=1)
    assert independent / paired > 30
    # To compare: with another seed nothing is paired.
    assert (slow - finishes(at_16k_gpus(200), 600, seed=SEED + 1)).var(ddof=1) > 0.7 * independent
