"""Machines and published runs that ship with the package: each answers when, how surely and for how much."""

import math
from pathlib import Path

import pytest

from simulator import resources
from simulator.ensemble import run_ensemble
from simulator.metrics import summarise
from simulator.planning.elasticity import follows_its_step
from simulator.scenario import load_scenario
from simulator.scenario.profiles import load_node
from simulator.words.quantity import ASSUMED

PRESETS = [file for file in resources.scenario_files() if resources.shelf(file) == "presets"]
STARTS = [*PRESETS, *(resources.scenarios() / f"{name}.yaml" for name in ("planned_405b_gb200", "example"))]
FEW = 120  # replications
ACCELERATORS = {"a100_sxm", "gb200", "b200_sxm", "mi300x", "tpu_v5p", "h100_sxm"}
each_preset = pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)


@pytest.mark.parametrize("file", STARTS, ids=lambda file: file.stem)
def test_it_has_a_start_a_deadline_and_a_price(file: Path) -> None:
    scenario = load_scenario(file)
    job, price = scenario.document.job, scenario.document.cost.gpu
    assert job.start is not None and job.deadline is not None and job.deadline > job.start
    assert price is not None and price.median > 0
    assert scenario.question and scenario.question.endswith("?")


@each_preset
def test_every_input_has_a_source_or_says_why_it_is_assumed(file: Path) -> None:
    rows = load_scenario(file).table()
    assert [row.path for row in rows if row.source.strip(" :") in ("", ASSUMED)] == []
    given = [row for row in rows if row.path.startswith(("failures.", "cost.", "recovery.", "checkpoint.tiers."))]
    unnamed = [row.path for row in given if row.source.startswith("default") and row.ignorance]
    assert unnamed == [], "what is not known has a range that somebody answers for"


@each_preset
def test_its_replications_finish_and_answer(file: Path) -> None:
    ensemble = run_ensemble(load_scenario(file), replications=FEW, threads=1)
    summary = summarise(ensemble)
    # Some operators by hand have a tail: about one run of a thousand is not done after ten times its work.
    assert (ensemble.table["outcome"] != "DONE").sum() <= 1
    for name in ("finish_days", "cost_usd", "goodput"):
        found = summary[name]
        assert 0 < found["p10"] <= found["p50"] <= found["p90"] and math.isfinite(found["p90"])
    assert summary["goodput"]["p90"] <= 1 and summary["mfu_end_to_end"]["p90"] < 1
    assert summary["finish_days"]["p90"] < 5 * summary["finish_days"]["p10"], "no tail that only says not known"


@each_preset
def test_the_shares_of_causes_are_those_of_a_whole(file: Path) -> None:
    causes = load_scenario(file).document.failures.given.values()
    shares = [cause.times.median for cause in causes if cause.times.median != 1]
    assert not shares or sum(shares) == pytest.approx(1, abs=2e-3)


def test_the_machines_are_those_that_are_asked_for_and_their_plans_can_be_explained() -> None:
    found = {file.stem: load_scenario(file) for file in PRESETS}
    nodes = [scenario.document.cluster.node for scenario in found.values()]
    assert {load_node(node)[0].gpu for node in nodes if node is not None} >= ACCELERATORS
    explained = {name for name, scenario in found.items() if follows_its_step(scenario)}
    assert explained >= set(found) - {"llama3_405b_16k"}
    racks = found["deepseek_v3_gb200_nvl72"].document.cluster
    assert racks.blocks is not None and racks.blocks.trays.median == 2 and racks.blocks.size.median == 16
