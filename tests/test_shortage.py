"""The warning of spares and crews that will not do: queues for crews, and batches that spares are not for."""

import re

import numpy as np
import pytest

from simulator import resources
from simulator.ensemble import Ensemble, run_ensemble
from simulator.metrics import nodes_out_of_service
from simulator.report.run.shortage import out_of_service, warning
from simulator.scenario import Scenario, load_scenario, parse_scenario

SHORT = """
schema: 1
name: crews
cluster: {node: hgx_h100, gpus: 16_384 GPUs}
job: {work: 60 d}
failures:
  gpu: {part: gpu, rate: 0.3 /kGPU/day}
"""
MANUAL = "recovery.manual={share: 30%, time: {p50: 2 d, p90: 7 d}, crews: 2 crews, cure: 90%}"
SITES = ("one_site_100k", "two_sites_100k")


def read(*sets: str) -> Scenario:
    return parse_scenario(SHORT, list(sets))


def site(name: str, *sets: str) -> Scenario:
    return load_scenario(resources.scenarios() / f"{name}.yaml", list(sets))


def wait_for_nodes(ensemble: Ensemble) -> float:
    """Return the mean share of the time in which the job waits, without the 30 s of each swap."""
    table = ensemble.table
    days = table["waiting_days"].to_numpy() - table["interruptions"].to_numpy() * 30 / 86_400
    return float(np.mean(days / table["wall_days"].to_numpy()))


def mended(words: str, *sets: str) -> Scenario:
    """Return the scenario with all that the remedy in a warning says."""
    remedy = [
        f"{section}.{key}={number}"
        for key, number, section in re.findall(r'"(\w+): ([\d_]+ \w+)" under ([\w.]+\w)', words)
    ]
    assert remedy
    return read(*sets, *remedy)


# Crews


@pytest.mark.parametrize("crews", [22, 25])
def test_a_queue_of_exponential_repairs_is_that_of_mmc(crews: int) -> None:
    path = resources.scenarios() / "oracles" / "spares_mmc.yaml"
    found = out_of_service(load_scenario(path, [f"recovery.crews={crews} crews"]))
    # The stationary distribution of M/M/c with a load of 20 [Erlang 1917].
    weights = [1.0]
    for jobs in range(1, 2_000):
        weights.append(weights[-1] * 20 / min(jobs, crews))
    share, jobs_ = np.array(weights) / sum(weights), np.arange(2_000)
    mean = float(share @ jobs_)
    assert found.mean == pytest.approx(mean, rel=1e-6)
    assert found.sigma == pytest.approx(float(share @ (jobs_ - mean) ** 2) ** 0.5, rel=1e-6)
    assert found.waiting == pytest.approx(mean - 20, rel=1e-5)


@pytest.mark.parametrize(
    ("crews", "told", "least", "most"),
    [(2, True, 0.9, 1.0), (10, True, 0.2, 1.0), (14, True, 0.01, 0.2), (16, False, 0.0, 0.02), (40, False, 0.0, 0.001)],
)
def test_crews_are_told_where_the_job_waits_for_them(crews: int, told: bool, least: float, most: float) -> None:
    scenario = read(f"recovery.crews={crews} crews", "run.max_events=200_000")
    assert bool(warning(scenario)) is told
    ensemble = run_ensemble(scenario, replications=60, seed=3, twins=False)
    assert least <= wait_for_nodes(ensemble) <= most
    if not told:
        assert nodes_out_of_service(ensemble).nodes.mean == pytest.approx(out_of_service(scenario).mean, rel=0.2)


def test_repairs_that_never_catch_up_are_told_with_the_crews_that_do() -> None:
    words = warning(read("recovery.crews=2 crews"))
    assert words.startswith("Repairs never catch up: 5.78 repairs a day of 52.81 h each keep 12.7 crews busy, and")
    assert "recovery has 2" in words and "hot_spares" not in words
    assert warning(mended(words, "recovery.crews=2 crews")) == ""


def test_a_stage_of_repair_by_hand_is_told_under_its_own_name() -> None:
    words = warning(read(MANUAL))
    assert "recovery.manual has 2" in words and "recovery has" not in words
    assert warning(mended(words, MANUAL)) == ""
    both = warning(read(MANUAL, "recovery.crews=4 crews"))
    assert "recovery.manual has 2" in both and "recovery has 4" in both
    assert warning(mended(both, MANUAL, "recovery.crews=4 crews")) == ""


@pytest.mark.parametrize(
    ("crews", "spares", "told"),
    [(2, 4, "Repairs never catch up"), (14, 62, "waiting for a crew"), (16, 16, "waiting for a crew"), (40, 16, "")],
)
def test_a_remedy_does(crews: int, spares: int, told: str) -> None:
    sets = (f"recovery.crews={crews} crews", f"cluster.hot_spares={spares} nodes")
    words = warning(read(*sets))
    assert told in words and ("crews:" in words) is bool(told)
    assert warning(mended(words, *sets)) == ""


def test_a_queue_has_no_time_to_grow_in_a_short_run() -> None:
    sets = ("recovery.crews=2 crews", "job.work=5 d")
    assert warning(read(*sets)) == "" and out_of_service(read(*sets)).stages[0].behind
    assert "never catch up" in warning(read(*sets, "cluster.hot_spares=4 nodes"))


def test_repairs_that_do_not_end_are_told_without_a_number_of_crews() -> None:
    assert "never come back" in warning(read("recovery.repair=never", "recovery.crews=2 crews"))


def test_uncured_nodes_follow_the_stage_in_which_the_repair_ends() -> None:
    by_hand = "recovery.manual={share: 100%, time: 1 h, cure: 50%}"
    rates = [out_of_service(read(stage, "recovery.crews=9 crews")).stages[0].rate for stage in (by_hand, MANUAL)]
    assert rates[0] * 0.5 == pytest.approx(rates[1] * (0.7 * 0.85 + 0.3 * 0.9), rel=0.01)


# Batches


@pytest.mark.parametrize("name", SITES)
def test_an_outage_of_a_site_is_no_reason_for_spares(name: str) -> None:
    found, without = out_of_service(site(name)), out_of_service(site("plan_100k"))
    assert warning(site(name)) == "" and found.beyond >= 6_144
    assert (found.mean, found.sigma) == pytest.approx((without.mean, without.sigma), rel=0.01)


def test_spares_are_still_told_beside_outages_of_a_site() -> None:
    words = warning(site("one_site_100k", "cluster.hot_spares=90 nodes"))
    assert '"hot_spares: 106 nodes"' in words and "No number" not in words


def test_frequent_outages_of_a_site_are_told_apart() -> None:
    words = warning(site("two_sites_100k", "failures.outage.rate=6 /site/year"))
    assert words.startswith("No number of spares helps during 3% of the time: 6_144 nodes or more")


def rack(share: str, spares: int) -> Scenario:
    racks = f"failures.rack={{part: rack, rate: {share} /rack/year, repair: 1 d}}"
    return read("cluster.nodes_per_rack=32 nodes", f"cluster.hot_spares={spares} nodes", racks)


def test_frequent_outages_of_racks_remain_a_reason_for_spares() -> None:
    assert out_of_service(rack("0.02", 24)).beyond == 32 and warning(rack("0.02", 24)) == ""
    often = out_of_service(rack("1", 24))
    assert often.beyond == np.inf and "hot_spares" in warning(rack("1", 24))
