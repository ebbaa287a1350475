"""Metrics: identities that hold for every ensemble, infinities, and estimates against what is known exactly."""

import json
import math
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator import metrics
from simulator.ensemble import Ensemble, run_ensemble
from simulator.ensemble.estimates import STATISTICS, estimate
from simulator.numbers.ledger import Account
from simulator.scenario import parse_scenario
from tests.test_ensemble import CALM, CERTAIN, SMALL

COSTS = ("cost.gpu=2 USD/GPU/h", "job.start=2027-03-01", "job.deadline=2027-03-03", "cost.delay=1000 USD/day")
MFU = """
schema: 1
name: with FLOP
cluster: {nodes: 40 nodes, hot_spares: 10 nodes, peak: {bf16: 1000 TFLOP/s}}
job: {parameters: 1B parameters, tokens: 2T tokens, mfu: 40%}
failures: {gpu: {part: gpu, rate: 4 /kGPU/day}}
recovery: {detection: 1 min, diagnosis: 2 min, swap: 30 s, restart: 4 min, repair: 12 h}
checkpoint: {interval: 10 min, tiers: [{to: storage, blocking: 5 s, restore: 2 min}]}
run: {replications: 20}
"""


def ran(*overrides: str, text: str = SMALL, replications: int | None = None) -> Ensemble:
    return run_ensemble(parse_scenario(text, list(overrides)), replications=replications)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return ran(*COSTS)


@pytest.fixture(scope="module")
def unfinished() -> Ensemble:
    # The horizon comes before the end of about half the replications.
    return ran("run.horizon=49.5 h", *COSTS)


def made(ensemble: Ensemble, **columns: Any) -> Ensemble:
    """An ensemble with the columns given in the place of its own."""
    length = len(next(iter(columns.values())))
    table = pd.concat([ensemble.table] * (length // ensemble.replications + 1), ignore_index=True).head(length)
    return replace(ensemble, table=table.assign(**columns))


def test_the_summary_has_every_field_and_is_json(ensemble: Ensemble) -> None:
    summary = metrics.summarise(ensemble)
    head = "schema scenario seed replications engine outcomes never_finishes goodput ettr finish_days "
    head += "finish_date deadline wall_days"
    tail = "cost_usd delay_cost_usd money nodes_out_of_service ledger_share ledger_share_median variance_share events"
    middle = "failures interruptions mttf_hours counts interventions_per_day"
    assert list(summary) == [*head.split(), *middle.split(), *tail.split()]
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    for field in ("goodput", "ettr", "wall_days", "events", "interventions_per_day"):
        assert list(summary[field])[:-1] == list(STATISTICS) and list(summary[field])[-1] == "unbounded"
        assert summary[field]["unbounded"] == ["p95_high", "p99_high"]  # 60 replications are too few for these
    assert list(summary["failures"]["by_cause"]) == ["gpu", "network"]


def test_ledger_shares_sum_to_one(ensemble: Ensemble, unfinished: Ensemble) -> None:
    for one in (ensemble, unfinished):
        shares = metrics.ledger_share(one)
        assert list(shares) == list(Account)
        assert math.fsum(share.mean for share in shares.values()) == pytest.approx(1.0, abs=1e-12)
        assert shares[Account.PRODUCTIVE].mean == pytest.approx(metrics.goodput(one).mean)


def test_goodput_is_the_work_over_the_time_of_finished_runs(ensemble: Ensemble) -> None:
    table = ensemble.table
    assert np.allclose(table["goodput"] * table["finish_days"], 2.0)
    assert (table["ettr"] >= table["goodput"]).all() and (table["ettr"] < 1).all()


def test_maintenance_counts_against_goodput_and_not_against_ettr() -> None:
    one = ran("maintenance.windows=[{at: 20 h, length: 6 h}]", text=CALM, replications=2)
    assert metrics.goodput(one).mean < 48 / 54
    assert metrics.ettr(one).mean > 0.98


def test_failures_by_cause_sum_to_the_total(ensemble: Ensemble) -> None:
    for total, parts in [
        (metrics.failures(ensemble), metrics.failures_by_cause(ensemble)),
        (metrics.interruptions(ensemble), metrics.interruptions_by_cause(ensemble)),
    ]:
        assert math.fsum(part.mean for part in parts.values()) == pytest.approx(total.mean)


def test_mttf_is_all_hours_over_all_interruptions(ensemble: Ensemble) -> None:
    table = ensemble.table
    found = metrics.mttf_hours(ensemble)
    assert found.mean == pytest.approx(24 * table["wall_days"].sum() / table["interruptions"].sum())
    assert found.infinite == (table["interruptions"] == 0).sum()


def test_mfu_end_to_end_counts_every_gpu_and_every_second() -> None:
    one = ran(text=MFU)
    flop, peak = 6 * 1e9 * 2e12, 50 * 8 * 1e15
    assert np.allclose(one.table["mfu_end_to_end"], flop / (peak * one.table["finish_days"] * 86_400))
    found = metrics.mfu_end_to_end(one)
    assert found is not None and found.mean == pytest.approx(0.4 * 40 / 50 * metrics.goodput(one).mean)


def test_mfu_is_not_told_where_it_is_unknown(ensemble: Ensemble) -> None:
    assert metrics.mfu_end_to_end(ensemble) is None
    assert "mfu_end_to_end" not in metrics.summarise(ensemble)


# Infinities


def test_unfinished_runs_count_as_infinite_in_quantiles_and_are_said(unfinished: Ensemble) -> None:
    summary = metrics.summarise(unfinished)
    late = summary["outcomes"]["OUT_OF_TIME"]
    assert 0.1 < late / 60 < 0.9
    finish = summary["finish_days"]
    assert finish["unfinished"] == late and finish["p90"] is None and finish["p10"] is not None
    done = unfinished.table.loc[unfinished.table["outcome"] == "DONE", "finish_days"]
    assert finish["mean"] == pytest.approx(done.mean())
    assert summary["finish_date"]["p90"] is None and summary["finish_date"]["p10"] == "2027-03-03"
    assert summary["delay_cost_usd"]["unfinished"] == late
    assert summary["wall_days"]["p90"] == pytest.approx(49.5 / 24)


def test_nothing_that_fails_is_no_trouble() -> None:
    calm = ran(text=CALM, replications=3)
    summary = metrics.summarise(calm)
    assert json.dumps(summary, allow_nan=False)
    assert summary["mttf_hours"]["mean"] is None and summary["mttf_hours"]["uninterrupted"] == 3
    assert summary["nodes_out_of_service"]["mean"] is None and summary["nodes_out_of_service"]["at_least"] == {}
    assert summary["finish_days"]["sd"] == 0.0


def test_one_replication_has_no_error_and_says_so() -> None:
    summary = metrics.summarise(ran(replications=1))
    assert summary["goodput"]["sd"] is None and summary["goodput"]["mc_error"] is None
    assert summary["goodput"]["p10"] == summary["goodput"]["p90"] == summary["goodput"]["mean"]


def test_an_estimate_keeps_the_infinite_apart() -> None:
    found = estimate(np.array([3.0, np.inf, 1.0, np.nan, 2.0]))
    assert found[:3] == (2.0, 1.0, 1.0 / math.sqrt(3))
    assert (found.p10, found.p50, found.p90, found.infinite) == (1.0, 2.0, math.inf, 1)


# Nodes out of service


def test_nodes_out_of_service_pool_all_failures(ensemble: Ensemble) -> None:
    found = metrics.nodes_out_of_service(ensemble)
    every = np.concatenate([np.repeat(np.arange(len(counts)), counts) for counts in ensemble.table["nodes_out_seen"]])
    assert found.nodes.mean == pytest.approx(every.mean()) and found.nodes.sd == pytest.approx(every.std(ddof=1))
    ordered = np.sort(every)
    for name, share in [("p10", 0.1), ("p50", 0.5), ("p90", 0.9)]:
        assert getattr(found.nodes, name) == ordered[math.ceil(share * len(ordered)) - 1]
    assert math.fsum(found.distribution) == pytest.approx(1.0) and found.at_least[0] == (1.0, 0.0)
    for nodes, tail in enumerate(found.at_least):
        assert tail.probability == pytest.approx((every >= nodes).mean())
        assert found.distribution[nodes] == pytest.approx((every == nodes).mean())


def test_the_error_of_a_tail_is_that_of_a_ratio(ensemble: Ensemble) -> None:
    from simulator.ensemble.estimates import ratio

    seen = ensemble.table["nodes_out_seen"]
    for nodes, tail in enumerate(metrics.nodes_out_of_service(ensemble).at_least):
        tails = np.array([counts[nodes:].sum() for counts in seen], float)
        assert tail == pytest.approx(ratio(tails, np.array([counts.sum() for counts in seen], float)), abs=1e-9)


# Ignorance and chance


def test_without_uncertain_inputs_all_is_chance() -> None:
    one = ran(*CERTAIN, replications=5)
    assert metrics.variance_share(one, "finish_days") == (0.0, 1.0, 0.0, 0)


def test_without_failures_all_is_ignorance() -> None:
    calm = ran("job.work.value=2 d", "job.work.spread=10%", text=CALM, replications=30)
    assert metrics.variance_share(calm, "finish_days").ignorance == pytest.approx(1.0)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_shares_of_variance_are_found(ensemble: Ensemble, share: float) -> None:
    dice = np.random.default_rng(int(100 * share) + 1)
    inputs, own, other = dice.normal(size=(3, 4000))
    columns = {
        name: 5.0 + math.sqrt(share) * inputs + math.sqrt(1 - share) * weather
        for name, weather in (("finish_days", own), ("twin_finish_days", other))
    }
    found = metrics.variance_share(made(ensemble, **columns), "finish_days")
    assert abs(found.ignorance - share) / found.mc_error < 4
    assert found.ignorance + found.chance == 1.0 and found.pairs == 4000


def test_unfinished_runs_are_left_out_of_the_split(unfinished: Ensemble) -> None:
    table = unfinished.table
    pairs = (np.isfinite(table["finish_days"]) & np.isfinite(table["twin_finish_days"])).sum()
    assert metrics.variance_share(unfinished, "goodput").pairs == pairs < 60


# Promises


def test_a_day_counts_to_its_end(ensemble: Ensemble) -> None:
    one = made(ensemble, finish_days=[2.0, 2.9, 3.0, 3.1, 4.0, np.inf])
    found = metrics.deadline(one)
    assert found is not None and found.probability == 0.5
    found_dates = metrics.finish_date(one)
    assert found_dates is not None
    dates = {"p10": date(2027, 3, 3), "p50": date(2027, 3, 4), "p90": None}
    assert {name: found_dates[name] for name in dates} == dates


def test_a_promise_that_all_keep_is_not_certain(ensemble: Ensemble) -> None:
    found = metrics.deadline(made(ensemble, finish_days=[2.0] * 20))
    assert found is not None and found.probability == 1.0 and found.mc_error > 0.01


def test_costs_follow_from_prices(ensemble: Ensemble) -> None:
    gpus, delay = metrics.cost_usd(ensemble), metrics.delay_cost_usd(ensemble)
    assert gpus is not None and gpus.mean == pytest.approx(2.0 * 42 * 8 * 24 * metrics.wall_days(ensemble).mean)
    late = np.maximum(0.0, ensemble.table["finish_days"] - 3.0)
    assert delay is not None and delay.mean == pytest.approx(1000.0 * late.mean())
    without = ran(replications=2)
    assert metrics.cost_usd(without) is metrics.delay_cost_usd(without) is metrics.deadline(without) is None


def test_an_uncertain_price_is_that_of_the_replication() -> None:
    one = ran("cost.gpu.value=2 USD/GPU/h", "cost.gpu.spread=20%", replications=10)
    found = metrics.cost_usd(one)
    price = one.table["input:cost.gpu"] * 3600
    assert found is not None and found.mean == pytest.approx((price * one.table["wall_days"] * 24 * 42 * 8).mean())
