"""From causes as they are written to the rows of a plan: portions of a rate, paces, and what an interval must know."""

import pytest

from simulator.compile.compile import compile_plan
from simulator.mechanisms.pace import Evaluation, Ranks, pace_at
from simulator.numbers.durations import Hazards, level_at
from simulator.numbers.plan import Plan
from simulator.numbers.times import SPEED_SCALE
from simulator.scenario import ScenarioErrors, parse_scenario

DAY = 86_400.0
RACKS = "cluster.nodes_per_rack=4 nodes"
BASE = """
schema: 1
name: rows
cluster: {nodes: 128 nodes}
job: {work: 20 d}
failures: {node: {part: node, rate: 0.02 /node/day}}
recovery: {detection: 1 min}
checkpoint: {interval: 30 min, tiers: [{to: storage, blocking: 5 s, lag: 1 min, restore: 1 min}]}
"""


def plan_of(*overrides: str) -> Plan:
    return compile_plan(parse_scenario(BASE, list(overrides)))


def hazard(plan: Plan, row: int, days: float) -> float:
    """Cumulative hazard of one unit of a row from new to an age."""
    return float(level_at(Hazards(plan.hazard_kind, plan.hazard, plan.table), row, days * DAY))


LAWS = [
    [],
    ["failures.node.law=weibull", "failures.node.shape=0.5"],
    ["failures.node.law=weibull", "failures.node.shape=2.0"],
    ["failures.node.rate=null", "failures.node.law=weibull", "failures.node.shape=0.7", "failures.node.scale=50 d"],
    ["failures.node.intensity=[[0 d, 3], [4 d, 1]]"],
]


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize("days", [0.5, 5.0, 60.0])
def test_a_common_cause_takes_its_share_of_the_hazard_at_every_age(law: list[str], days: float) -> None:
    """The beta factor: of a node's failures 1 % strike its rack, once, and the rest strike it alone."""
    whole = hazard(plan_of(*law), 0, days)
    plan = plan_of(*law, RACKS, "failures.node.common={share: 1%, domain: rack}")
    assert plan.units.tolist() == [128, 32] and plan.blast.tolist() == [1, 4]
    assert hazard(plan, 0, days) == pytest.approx(0.99 * whole, rel=1e-12)
    assert hazard(plan, 1, days) == pytest.approx(0.01 * whole, rel=1e-12)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_bad_nodes_fail_times_the_rate_on_top(law: list[str]) -> None:
    plan = plan_of(*law, "failures.node.lemons={share: 5%, times: 10}")
    assert hazard(plan, 1, 5.0) == pytest.approx(10 * hazard(plan_of(*law), 0, 5.0), rel=1e-12)
    assert hazard(plan, 0, 5.0) == hazard(plan_of(*law), 0, 5.0)
    assert plan.lemon_share.tolist() == [0.0, 0.05]


def test_pauses_follow_the_time_that_training_takes() -> None:
    ranks = Ranks.model_validate({"noise": "10%"})
    evaluation = Evaluation.model_validate({"every": "1 h", "takes": "30 min"})
    longer = ranks.noise_at(None, 1_024)
    assert pace_at(None, ranks, None, 1_024) == pytest.approx(1 / (1 + longer))
    assert pace_at(None, None, evaluation, 1_024) == pytest.approx(1 / 1.5)
    assert pace_at(None, ranks, evaluation, 1_024) == pytest.approx(1 / (1.5 * (1 + longer)))
    plan = plan_of("job.ranks={noise: 10%}", "job.evaluation={every: 1 h, takes: 30 min}")
    assert plan.evaluation == pytest.approx(0.5 * (1 + longer) * SPEED_SCALE, abs=1)
    slow = SPEED_SCALE / plan.pace - 1 - plan.evaluation / SPEED_SCALE
    assert slow == pytest.approx(longer, abs=1e-4), "what is neither productive nor evaluation is the noise"


def test_an_automatic_interval_knows_of_corruption() -> None:
    """Its alarms stop the job, and a job that never saves has nowhere to go back to."""
    corrupt = ("failures.node.effect=corrupt", "failures.node.found=10 min")
    assert plan_of(*corrupt, "checkpoint.interval=auto").interval == plan_of("checkpoint.interval=auto").interval


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            [RACKS, "failures.node.common={share: 1%, domain: rack}", "failures.node.part=rack"],
            "is no wider than a rack",
        ),
        (
            [RACKS, "failures.node.common={share: 1%, domain: rack}", "failures.node.part=software"],
            "or that has no place",
        ),
        (["failures.node.common={share: 1%, domain: site}"], "write nodes_per_site under cluster"),
        (
            ["failures.node.common={share: 1%, domain: rack}", "failures.node.effect=slow", "failures.node.speed=80%"],
            "only stops do",
        ),
        (["failures.node.bisection=5 min", "failures.node.diagnosis=5 min"], "give one or the other"),
        (["recovery.host_selection=3 min"], "no nodes beside the hot spares"),
        (["recovery.preemption=20 min", "cluster.cold_spares=4 nodes"], "no nodes beside the hot spares"),
        (
            [
                "failures.node.law=lognormal",
                "failures.node.shape=1",
                "failures.node.common={share: 1%, domain: rack}",
            ],
            "not defined for a lognormal law",
        ),
    ],
)
def test_what_makes_no_row_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(BASE, overrides)
    assert message in str(caught.value)
