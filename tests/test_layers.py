"""Network faults by layer: links that flap, a transport that retries, and what is left to restart the job."""

import math

import numpy as np
import pytest
from strategies import NEVER, Cause, Law, Sketch, plan_of
from test_engines import tell_twice

from simulator.compile.compile import compile_plan
from simulator.compile.interval import stop_rate
from simulator.engines.kernel import run_batch
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account
from simulator.numbers.plan import Effect, Plan
from simulator.numbers.times import SPEED_SCALE, TICKS_PER_SECOND
from simulator.scenario import ScenarioErrors, parse_scenario

SEED = 9_001
SECOND = TICKS_PER_SECOND
HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND


def flaps(outage: Law, reach: int, work: int = 2 * HOUR, mean: int = 2 * HOUR) -> Plan:
    """A job of eight nodes whose links go down now and then, each time so long, under a transport with a reach."""
    laws: dict[str, Law] = {"LENGTH": outage, "DETECTION": ("FIXED", 10 * SECOND, 0), "RESTART": ("FIXED", SECOND, 0)}
    cause = Cause(per_place=8, mean=mean, blast=0, reach=reach, laws=laws)
    return plan_of(Sketch(needed=8, work=work, interval=600 * SECOND, horizon=NEVER, causes=(cause,)))


def test_four_links_that_flap_cost_a_quarter_of_their_minute_and_no_restart() -> None:
    """Dynamics of multi-path transport: throughput falls by 25 % for 60 s, so 15 s of work are lost."""
    slow = {"at": 600 * SECOND, "effect": Effect.SLOW, "speed": SPEED_SCALE * 3 // 4, "healed": 60 * SECOND}
    script = tuple({**slow, "place": place} for place in range(4))
    sketch = Sketch(needed=8, work=HOUR, interval=HOUR, horizon=NEVER, script=script)
    result = tell_twice(plan_of(sketch), replication_key(SEED, 0))
    assert result.finish - HOUR == 15 * SECOND
    assert result.interruptions.sum() == 0 and result.ledger[Account.RESTART] == 0


@pytest.mark.parametrize(("reach", "restarts"), [(30, True), (59, True), (60, False), (120, False)])
def test_a_flap_of_a_minute_restarts_the_job_unless_the_transport_reaches_as_far(reach: int, restarts: bool) -> None:
    plan = flaps(("FIXED", 60 * SECOND, 0), reach * SECOND)
    results = [tell_twice(plan, replication_key(SEED, number)) for number in range(8)]
    strikes = sum(int(result.failures.sum()) for result in results)
    stalled = sum(int(result.ledger[Account.NETWORK_STALL]) for result in results)
    assert (strikes > 0) == restarts and (stalled > 0) != restarts


@pytest.mark.parametrize(
    ("outage", "survives"),
    [
        (("EXPONENTIAL", 20 * SECOND, 0), math.exp(-1.5)),
        (("WEIBULL", 20 * SECOND, 0.5), math.exp(-((30 / 20) ** 2))),  # quantiles are raised to 1/shape
        (("UNIFORM", 0, 100 * SECOND), 0.7),
        (("LOGNORMAL", 30 * SECOND, 1.0), 0.5),
    ],
)
def test_the_outages_that_outlast_the_transport_stop_the_job(outage: Law, survives: float) -> None:
    plan = flaps(outage, 30 * SECOND, work=10 * DAY)
    rate = stop_rate(plan) / stop_rate(plan._replace(reach=np.zeros_like(plan.reach)))
    assert rate == pytest.approx(survives, rel=1e-9)
    batch, _ = run_batch(plan, SEED, 0, 200)
    stops, expected = batch.failures.sum(), stop_rate(plan) * batch.finish.sum() / SECOND
    assert abs(stops - expected) < 4 * math.sqrt(expected)


def test_a_farther_reach_is_never_worse_under_the_same_weather() -> None:
    plans = [flaps(("EXPONENTIAL", 5 * SECOND, 0), reach * SECOND, 2 * DAY) for reach in (0, 5, 20, 60)]
    finishes = [run_batch(plan, SEED, 0, 100)[0].finish.mean() for plan in plans]
    assert finishes == sorted(finishes, reverse=True) and finishes[0] > finishes[-1]


SCENARIO = """
schema: 1
name: links
cluster: {nodes: 8 nodes, nics_per_node: 8 NICs}
job: {work: 5 d}
failures:
  flap: {part: link, rate: 1 /link/day, stall: {p50: 10 s, p90: 2 min}, reach: 30 s}
recovery: {detection: 1 min}
checkpoint: {interval: 10 min}
"""


def test_a_scenario_gives_the_reach_of_its_transport() -> None:
    plan = compile_plan(parse_scenario(SCENARIO))
    assert plan.reach.tolist() == [30 * SECOND]
    score = math.log(30 / 10) / (math.log(120 / 10) / 1.2815515655446004)
    share = 0.5 * math.erfc(score / math.sqrt(2))
    assert stop_rate(plan) == pytest.approx(64 / 86_400 * share, rel=1e-6)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("failures.flap.stall=null", 'how long do outages last? write "stall: {p50: 10 s, p90: 2 min}"'),
        ("failures.flap.effect=stall", "is what turns stops into stalls; the effect is stall"),
        ("failures.flap.reach=0 s", "must be above zero"),
        ("failures.flap.reach={p10: 1 s, p50: 2 s, p90: 3 s}", "must be a certain number"),
        ("failures.flap.reach=30", "30 has no unit"),
    ],
)
def test_what_is_wrong_with_a_reach_is_said(override: str, message: str) -> None:
    with pytest.raises(ScenarioErrors, match=r"failures\.flap") as caught:
        parse_scenario(SCENARIO, [override])
    assert message in str(caught.value)
