"""Every shipped scenario loads, compiles, resolves to itself and is told alike by both engines; oracles are met."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ruamel.yaml import YAML

from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.engines import kernel, reference
from simulator.engines.kernel import Batch, run_batch
from simulator.ensemble.estimates import ratio
from simulator.metrics import summarise
from simulator.numbers import theory
from simulator.numbers.chance import replication_key
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Plan
from simulator.scenario import Scenario, load_scenario, parse_scenario

SCENARIOS = resources.scenarios()
SHIPPED = [str(file.relative_to(SCENARIOS)) for file in resources.scenario_files()]
ORACLES: dict[str, list[dict[str, Any]]] = YAML(typ="safe").load(
    Path(__file__).parent / "oracles" / "closed_forms.yaml"
)
SECOND, DAY = 10**6, 86_400 * 10**6  # [ticks]

# What makes one replication short enough for the engine that steps every checkpoint.
SHORTER = {
    "habits_16k.yaml": ["job.work=3 d", "run.horizon=8 d", "checkpoint.interval=10 min"],
    "owned_16k.yaml": ["job.tokens=2T tokens", "run.horizon=30 d"],
    "young_16k.yaml": ["job.work=3 d", "run.horizon=8 d", "checkpoint.interval=10 min"],
    "one_site_100k.yaml": ["job.work=3 d", "run.horizon=8 d"],
    "two_sites_100k.yaml": ["job.work=3 d", "run.horizon=8 d"],
    "curve_10k_100k_1m.yaml": ["job.work=1 d", "run.horizon=4 d", "checkpoint.interval=10 min"],
    "spares_32k.yaml": ["job.work=5 d"],
    "nvl72_vs_hgx.yaml": ["job.tokens=0.5T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "roce_vs_infiniband.yaml": ["job.tokens=0.5T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "oracles/airesim.yaml": ["job.work=20 d", "checkpoint.interval=10 min"],
    "benchmarks/base_10k_all.yaml": ["job.work=20 d"],
    "planned_405b_gb200.yaml": ["job.tokens=0.3T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "plan_100k.yaml": ["job.work=3 d", "run.horizon=8 d"],
    "presets/llama3_405b_16k.yaml": ["job.work=12 d", "run.horizon=30 d"],
    "presets/deepseek_v3_gb200_nvl72.yaml": ["job.tokens=2T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "presets/opt_175b_a100.yaml": ["job.tokens=60B tokens", "checkpoint.interval=10 min", "run.horizon=60 d"],
    "presets/llama3_405b_b200.yaml": ["job.tokens=1T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "presets/llama3_70b_mi300x.yaml": ["job.tokens=1T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "presets/llama3_70b_tpu_v5p.yaml": ["job.tokens=1T tokens", "checkpoint.interval=10 min", "run.horizon=30 d"],
    "benchmarks/base_10k.yaml": ["job.work=30 d"],
    "benchmarks/base_10k_slow.yaml": ["job.work=30 d"],
    "benchmarks/base_10m.yaml": ["job.work=2 d"],
    "benchmarks/base_98k.yaml": ["job.work=3 d"],
    "benchmarks/base_98k_slow.yaml": ["job.work=3 d"],
    "oracles/optimal_interval.yaml": ["job.work=3 d"],
    "oracles/spares_mmc.yaml": ["job.work=6 d", "run.warm_up=2 d"],
    "oracles/spares_mginf.yaml": ["job.work=6 d", "run.warm_up=2 d"],
    "oracles/rates.yaml": ["job.work=6 d"],
}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_asks_a_question_and_resolves_to_itself(name: str) -> None:
    scenario = load_scenario(SCENARIOS / name)
    again = parse_scenario(scenario.resolved_yaml(), name="again.yaml")
    assert scenario.question and scenario.question.endswith("?")
    assert again.resolved() == scenario.resolved()
    assert again.draw_inputs(3, 5) == scenario.draw_inputs(3, 5)
    values = scenario.draw_inputs(3, 5)
    for one, other in ((None, None), (values, values)):
        for before, after in zip(compile_plan(scenario, one), compile_plan(again, other), strict=True):
            assert np.array_equal(before, after)


@pytest.mark.parametrize("name", SHIPPED)
def test_both_engines_tell_a_shipped_scenario_alike(name: str) -> None:
    scenario = load_scenario(SCENARIOS / name, SHORTER.get(name, []))
    plan = compile_plan(scenario, scenario.draw_inputs(11, 2))
    key = np.uint64(replication_key(11, 2))
    fast, told = kernel.run(plan, key, log=True), reference.simulate(plan, key, log=True)
    assert np.array_equal(fast.log, told.log)
    assert fast.ledger.sum() == fast.finish
    for field, one, other in zip(fast._fields, fast, told, strict=True):
        assert np.array_equal(one, other), field


def test_what_has_no_source_is_said_to_be_assumed() -> None:
    published = load_scenario(SCENARIOS / "presets" / "llama3_405b_16k.yaml")
    backed = {row.path for row in published.table() if not row.source.startswith("ASSUMED")}
    unpublished = ("recovery.", "checkpoint.interval", "checkpoint.tiers.0.blocking", "checkpoint.tiers.0.restore")
    assert len([row for row in published.table() if row.path.startswith(unpublished)]) > 10
    assert not [path for path in backed if path.startswith(unpublished)]
    counts = [cause.observed.count.median for cause in published.document.failures.given.values() if cause.observed]
    assert sum(counts) == 419


class Row(NamedTuple):
    """A row of a closed form: its scenario, what makes the row of it, and what it should come to."""

    oracle: str
    sets: list[str]
    expected: dict[str, Any]


def rows(oracle: str, sets: Callable[[dict[str, Any]], list[str]]) -> list[Any]:
    return [
        pytest.param(Row(oracle, sets(expected), expected), id=f"{oracle}{number}")
        for number, expected in enumerate(ORACLES[oracle], start=1)
    ]


def scenario_of(row: Row, name: str = "") -> Scenario:
    return load_scenario(SCENARIOS / "oracles" / f"{name or row.oracle}.yaml", row.sets)


def replicate(plan: Plan, seed: int, count: int, chunk: int = 5_000) -> Batch:
    """Return replications 0..count-1, a chunk at a time."""
    parts, world = [], None
    for first in range(0, count, chunk):
        batch, world = run_batch(plan, seed, first, min(chunk, count - first), world)
        parts.append(batch)
    return Batch(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def z_of_mean(values: np.ndarray, expected: float) -> float:
    return float((values.mean() - expected) / (values.std(ddof=1) / math.sqrt(len(values))))


def z_of_variance(values: np.ndarray, expected: float) -> float:
    deviations = (values - values.mean()) ** 2
    return float((values.var(ddof=1) - expected) / (deviations.std(ddof=1) / math.sqrt(len(values))))


def failure_rate(written: str | float) -> float:
    return 1.0 / float(str(written).removeprefix("1/")) if isinstance(written, str) else written


def run_time_sets(case: dict[str, Any]) -> list[str]:
    return [
        f"failures.software.mtbf={1 / failure_rate(case['lambda']):.0f} s",
        f"checkpoint.interval={case['tau']} s",
        f"checkpoint.tiers.0.blocking={case['delta']} s",
        f"recovery.restart={case['R']} s",
        f"recovery.detection={case['D0']} s",
        f"job.work={case['n'] * case['tau']} s",
    ]


@pytest.mark.parametrize("row", rows("run_time", run_time_sets))
def test_run_time_has_the_mean_and_variance_of_the_closed_form(row: Row) -> None:
    batch = replicate(compile_plan(scenario_of(row)), seed=2006, count=100_000)
    seconds = batch.finish / SECOND
    assert (batch.outcome == Outcome.DONE).all()
    assert abs(z_of_mean(seconds, row.expected["mean_s"])) < 4
    assert abs(z_of_variance(seconds, row.expected["variance_s2"])) < 4


def interval_sets(case: dict[str, Any]) -> list[str]:
    return [
        f"failures.software.mtbf={1 / failure_rate(case['lambda']):.0f} s",
        f"checkpoint.tiers.0.blocking={case['delta']} s",
    ]


@pytest.mark.parametrize("row", rows("optimal_interval", interval_sets))
def test_the_automatic_interval_is_the_exact_optimum(row: Row) -> None:
    scenario = scenario_of(row)
    plan = compile_plan(scenario)
    interval, rate, save = plan.interval / SECOND, failure_rate(row.expected["lambda"]), row.expected["delta"]
    # The work is cut into equal segments, and there are some ten thousand of them.
    assert interval == pytest.approx(row.expected["exact_s"], rel=1e-4)
    finish = replicate(plan, seed=1974, count=400).finish / SECOND
    segments = math.ceil(plan.work / plan.interval)
    assert abs(z_of_mean(finish, theory.expected_run_time(rate, interval, save, 0.0, 0.0, segments))) < 4
    for factor in (0.7, 1.4):
        other = plan._replace(interval=int(plan.interval * factor))
        longer = replicate(other, seed=1974, count=400).finish / SECOND - finish
        assert longer.mean() > 4 * longer.std(ddof=1) / math.sqrt(len(longer))


def tail(batch: Batch, at_least: int) -> tuple[float, float]:
    """Return the share of failures that found so many nodes out of service, and its standard error."""
    seen = batch.out_seen.astype(np.float64)
    return ratio(seen[:, at_least:].sum(axis=1), seen.sum(axis=1))


def crews_sets(case: dict[str, Any]) -> list[str]:
    return [f"recovery.crews={case.get('c', 1)} crews"]


@pytest.mark.parametrize("row", [row for row in rows("spares", crews_sets) if "c" in row.values[0].expected])
def test_nodes_out_of_service_queue_for_crews_as_in_mmc(row: Row) -> None:
    scenario = scenario_of(row, "spares_mmc")
    batch = replicate(compile_plan(scenario), seed=1917, count=400)
    share, error = tail(batch, row.expected["at_least"])
    assert abs(share - row.expected["probability"]) < 4 * error


REPAIRS = {
    "lognormal": [],
    "weibull": ["recovery.repair={mean: 24 h, shape: 0.6, law: weibull}"],
    "fixed": ["recovery.repair=", "recovery.repair=24 h"],
}


@pytest.mark.parametrize("law", REPAIRS)
def test_nodes_out_of_service_are_poisson_when_every_repair_begins_at_once(law: str) -> None:
    exact, spares = (case for case in ORACLES["spares"] if case["model"] == "M/G/inf")
    plan = compile_plan(load_scenario(SCENARIOS / "oracles" / "spares_mginf.yaml", REPAIRS[law]))
    batch = replicate(plan, seed=1943, count=400)
    share, error = tail(batch, exact["at_least"])
    assert abs(share - exact["probability"]) < 4 * error
    enough_for = spares["spares_for"]
    for probability, enough in ((0.01, enough_for["one_percent"]), (0.001, enough_for["one_per_mille"])):
        assert tail(batch, enough)[0] < probability < tail(batch, enough - 1)[0]
        for nodes in (enough - 1, enough):
            share, error = tail(batch, nodes)
            assert abs(share - theory.unlimited_crews_tail(exact["a"], nodes)) < 4 * error


def weibull_sets(case: dict[str, Any]) -> list[str]:
    return [f"failures.wear.shape={case['shape']}", f"failures.wear.age={case['age0_d']} d"]


@pytest.mark.parametrize("kind", ["minimal_repair", "renewal"])
@pytest.mark.parametrize("row", rows("weibull_counts", weibull_sets))
def test_ageing_units_fail_as_often_as_theory_says(row: Row, kind: str) -> None:
    row = row._replace(sets=[*row.sets, f"failures.wear.on_replacement={kind}"])
    batch = replicate(compile_plan(scenario_of(row)), seed=1962, count=20_000)
    assert (batch.outcome == Outcome.OUT_OF_TIME).all()
    assert (batch.finish == 300 * DAY).all()
    assert abs(z_of_mean(batch.failures.sum(axis=1), row.expected[kind])) < 4


@pytest.mark.parametrize("row", rows("rates", lambda case: [f"cluster.nodes={case['nodes']} nodes"]))
def test_the_mttf_of_the_job_is_that_of_its_nodes(row: Row) -> None:
    batch = replicate(compile_plan(scenario_of(row)), seed=24, count=2_000)
    exact = 24 / (row.expected["nodes"] * row.expected["per_node_day"])
    mean, error = ratio(batch.finish / (3_600 * SECOND), batch.interruptions.sum(axis=1).astype(np.float64))
    assert exact == pytest.approx(row.expected["mttf_h"], abs=5e-4)
    assert abs(mean - exact) < 4 * error


def ettr_sets(case: dict[str, Any]) -> list[str]:
    return [
        f"cluster.nodes={case['nodes']} nodes",
        f"failures.node.rate={case['per_node_day']} /node/day",
        f"recovery.restart={case['restart_min']} min",
        f"checkpoint.interval={case['interval_min']} min",
    ]


@pytest.mark.parametrize("row", rows("ettr", ettr_sets))
def test_ettr_is_exact_where_the_first_order_is_near(row: Row) -> None:
    case = row.expected
    plan = compile_plan(scenario_of(row))
    batch = replicate(plan, seed=2024, count=2_000)
    rate = case["nodes"] * case["per_node_day"] / 86_400
    interval, restart = case["interval_min"] * 60, case["restart_min"] * 60
    exact = rate * interval * math.exp(-rate * restart) / math.expm1(rate * interval)
    mean, error = ratio(batch.ledger[:, Account.PRODUCTIVE].astype(float), batch.finish.astype(float))
    assert abs(mean - exact) < 4 * error
    # What the first order leaves out is of second order in failures per interval and per restart.
    first_order = theory.first_order_ettr(1 / rate, restart, interval, 0.0)
    assert first_order == pytest.approx(case["ettr"], abs=1e-3)
    assert 0 < exact - first_order < (rate * (interval + restart)) ** 2 / 3


def test_the_summary_shows_the_fields_that_the_oracles_name() -> None:
    from simulator.ensemble import run_ensemble

    scenario = load_scenario(SCENARIOS / "oracles" / "spares_mginf.yaml", ["job.work=200 d", "run.replications=20"])
    summary = summarise(run_ensemble(scenario, threads=1))
    assert summary["nodes_out_of_service"]["at_least"]["32"].keys() == {"probability", "mc_error"}
    for path in (("finish_days", "sd"), ("ettr", "mean"), ("mttf_hours", "mc_error"), ("failures", "total")):
        found: Any = summary
        for key in path:
            found = found[key]
        assert found is not None
