"""Tornado and variance-based indices: closed forms, SALib, effects that are none, stopping, and what is printed."""

import csv
import io
import json
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample
from typer.testing import CliRunner

from simulator.cli import application
from simulator.ensemble import Cancelled, Ensemble, Progress, pinned, run_ensemble
from simulator.ensemble.estimates import quantile
from simulator.metrics import variance_share
from simulator.numbers.plan import Floats
from simulator.planning import indices as module
from simulator.planning.indices import (
    CHANCE,
    Index,
    Indices,
    grouped,
    indices,
    radial_design,
    replications_of,
    variance_indices,
)
from simulator.planning.sensitivity import Sensitivity
from simulator.planning.tornado import Bar, tornado
from simulator.report.study.sensitivity_sheet import as_csv, as_json, as_text, two_sided
from simulator.report.study.sensitivity_words import of_the_variance
from simulator.scenario import Scenario, parse_scenario
from simulator.words.quantity import Z90

SMALL = """
schema: 1
name: small
cluster: {nodes: 40 nodes, gpus_per_node: 8 GPUs, hot_spares: 2 nodes}
job: {work: 2 d}
failures:
  gpu: {part: gpu, rate: 4 /kGPU/day, spread: 60%, source: a test}
  host: {part: node, rate: 5e-3 /node/day, spread: 30%}
  board: {part: node, rate: 4e-3 /node/day, spread: 30%}
operator: {classes: automatic, alike: 0%}
recovery:
  detection: {p10: 10 s, p50: 1 min, p90: 8 min}
  diagnosis: {p10: 1 min, p50: 5 min, p90: 15 min}
  cure: 100%
  restart: 4 min
  repair: {mean: 12 h, shape: 0.5}
checkpoint: {interval: 10 min, tiers: [{to: storage, blocking: 5 s, lag: 2 min, restore: 2 min}]}
cost: {gpu: {value: 2 USD/GPU/h, spread: 20%}}
run: {seed: 11, replications: 60}
"""
CALM = """
schema: 1
name: calm
cluster: {nodes: 4 nodes}
job: {work: {p10: 8 d, p50: 10 d, p90: 15 d}}
recovery: {detection: 1 min, diagnosis: 1 min, swap: 1 min, restart: 1 min, repair: 1 d, cure: 100%}
checkpoint: {interval: 1 d, tiers: [{to: storage, blocking: 0 s, lag: 0 s, restore: 2 min}]}
"""
HOPELESS = (
    "failures.gpu.rate={value: 60 /kGPU/day, spread: 60%}",
    "run.horizon=60 h",
    "recovery.restart=30 min",
)


def small(*overrides: str) -> Scenario:
    return parse_scenario(SMALL, list(overrides))


def calm(*overrides: str) -> Scenario:
    return parse_scenario(CALM, list(overrides))


# Indices: the estimator alone


def ishigami(x: Floats) -> Floats:
    a, b = 7.0, 0.1
    x = 2 * math.pi * x - math.pi
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def ishigami_indices() -> tuple[list[float], list[float]]:
    a, b = 7.0, 0.1
    one = 0.5 * (1 + b * math.pi**4 / 5) ** 2
    two, both = a**2 / 8, b**2 * math.pi**8 * 8 / 225
    variance = one + two + both
    return [one / variance, two / variance, 0.0], [(one + both) / variance, two / variance, both / variance]


COEFFICIENTS = np.array([0.0, 1.0, 4.5, 9.0])


def sobol_g(x: Floats) -> Floats:
    return np.prod((np.abs(4 * x - 2) + COEFFICIENTS) / (1 + COEFFICIENTS), axis=1)


def sobol_g_indices() -> tuple[list[float], list[float]]:
    alone = 1 / (3 * (1 + COEFFICIENTS) ** 2)
    variance = np.prod(1 + alone) - 1
    total = [each * np.prod(1 + np.delete(alone, place)) / variance for place, each in enumerate(alone)]
    return (alone / variance).tolist(), total


@pytest.mark.parametrize(
    ("function", "exact"), [(ishigami, ishigami_indices), (sobol_g, sobol_g_indices)], ids=["Ishigami", "Sobol G"]
)
def test_the_estimator_against_salib_and_closed_forms(
    function: Callable[[Floats], Floats], exact: Callable[[], tuple[list[float], list[float]]]
) -> None:
    first, total = exact()
    size = len(first)
    problem = {"num_vars": size, "names": [str(place) for place in range(size)], "bounds": [[0.0, 1.0]] * size}
    points = salib_sample.sample(problem, 1024, calc_second_order=False, seed=3)
    values = function(points)
    blocks = values.reshape(1024, size + 2)  # a row of A, those with one factor from B, and the row of B
    found = indices(blocks[:, 0], blocks[:, -1], blocks[:, 1:-1].T, problem["names"])
    theirs = salib_analyze.analyze(problem, values, calc_second_order=False, seed=3)
    # The same estimators, but for the mean that is subtracted: ours is of A and B, theirs of all rows.
    np.testing.assert_allclose([index.first for index in found], theirs["S1"], atol=1e-4)
    np.testing.assert_allclose([index.total for index in found], theirs["ST"], atol=1e-4)
    # SALib's interval is 1.96 bootstrap standard errors; ours is the same error without chance.
    np.testing.assert_allclose([index.first_error for index in found], theirs["S1_conf"] / 1.96, rtol=0.35, atol=2e-3)
    for index, alone, with_others in zip(found, first, total, strict=True):
        assert abs(index.first - alone) < 4 * index.first_error
        assert abs(index.total - with_others) < 4 * index.total_error


def test_what_only_adds_up_has_indices_that_sum_to_one() -> None:
    random = np.random.default_rng(5)
    a, b = random.normal(size=(2, 2000, 3))
    weights = np.array([3.0, 2.0, 1.0])
    mixed = np.stack([np.where(np.arange(3) == factor, b, a) @ weights for factor in range(3)])
    found = indices(a @ weights, b @ weights, mixed, "abc")
    error = math.hypot(*(index.first_error for index in found))
    assert sum(index.first for index in found) <= 1 + 4 * error
    for index, weight in zip(found, weights, strict=True):
        assert abs(index.first - weight**2 / 14) < 4 * index.first_error
        assert abs(index.total - weight**2 / 14) < 4 * index.total_error


def test_where_nothing_varies_nothing_is_known() -> None:
    same = np.ones(8)
    (index,) = indices(same, same, same[None], ["a"])
    assert math.isnan(index.first) and math.isnan(index.total)


# Indices of scenarios


def test_groups_hold_every_input_once() -> None:
    groups = grouped(small())
    assert groups["failures.*.rate (3 causes)"] == ("failures.gpu.rate", "failures.host.rate", "failures.board.rate")
    assert sorted(path for paths in groups.values() for path in paths) == sorted(i.path for i in small().inputs)


def test_only_chance_where_nothing_is_uncertain_and_no_chance_where_nothing_breaks() -> None:
    spreads = (f"failures.{cause}.spread=0%" for cause in ("gpu", "host", "board"))
    known = ("recovery.detection=1 min", "recovery.diagnosis=2 min", "cost.gpu=2 USD/GPU/h")
    certain = small(*spreads, *known)
    (chance,) = variance_indices(certain, 64)[0].indices
    assert chance.name == CHANCE and abs(chance.first - 1) < 4 * chance.first_error
    assert abs(chance.total - 1) < 4 * chance.total_error and chance.total > 0.5
    work, none = variance_indices(calm(), 64)[0].indices
    assert (none.first, none.total) == (0.0, 0.0)
    assert work.name == "job.work" and abs(work.first - 1) < 4 * work.first_error


def test_indices_and_twins_split_the_variance_alike() -> None:
    scenario = small()
    of_goodput = next(each for each in variance_indices(scenario, 128) if each.measure == "goodput")
    chance = of_goodput.indices[-1]
    split = variance_share(run_ensemble(scenario, replications=300), "goodput")
    assert abs(chance.total - split.chance) < 4 * math.hypot(chance.total_error, split.mc_error)
    # Rates and detection act through one sum: alone they bring nearly all that is not chance.
    assert sum(index.first for index in of_goodput.indices) < 1 + 4 * sum(i.first_error for i in of_goodput.indices)


def test_a_price_moves_cost_and_nothing_else() -> None:
    found = {each.measure: {index.name: index for index in each.indices} for each in variance_indices(small(), 64)}
    assert (found["wall_days"]["cost.gpu"].total, found["goodput"]["cost.gpu"].total) == (0.0, 0.0)
    assert found["cost_usd"]["cost.gpu"].total > 0.1


def test_a_row_of_the_design_differs_in_one_factor() -> None:
    scenario = small()
    groups = grouped(scenario)
    design, blocks = radial_design(scenario, 16, groups)
    assert blocks == len(groups) + 3
    a, b = design(5), design(16 + 5)
    assert a.replication == b.replication == 5 and a.seed != b.seed
    for number, paths in enumerate(groups.values()):
        mixed = design((2 + number) * 16 + 5)
        assert mixed.inputs == {**a.inputs, **{path: b.inputs[path] for path in paths}}
        assert (mixed.seed, mixed.replication) == (a.seed, a.replication)
    chance = design((blocks - 1) * 16 + 5)
    assert chance.inputs == a.inputs and (chance.seed, chance.replication) == (b.seed, b.replication)


def test_indices_refuse_rows_and_groups_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="power of two"):
        variance_indices(small(), 100)
    with pytest.raises(ValueError, match="every uncertain input once"):
        variance_indices(small(), 16, groups={"some": ["failures.gpu.rate"]})


@pytest.mark.parametrize(("done", "rows"), [(16 * 7 - 1, 0), (16 * 7, 16), (63 * 7, 32), (64 * 7 - 1, 32)])
def test_a_cancel_keeps_the_rows_that_are_done_and_they_are_those_of_a_smaller_question(
    done: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(scenario: Scenario, **more: Any) -> Ensemble:
        whole = run_ensemble(scenario, **more)
        return replace(whole, table=whole.table.head(done), interrupted=True)

    assert replications_of(small(), 64) == 64 * 7
    cancel = threading.Event()
    cancel.set()
    with monkeypatch.context() as only:
        only.setattr(module, "run_ensemble", lambda scenario, cancel, **more: stopped(scenario, **more))
        if not rows:
            with pytest.raises(Cancelled):
                variance_indices(small(), 64, cancel=cancel)
            return
        found = variance_indices(small(), 64, cancel=cancel)
    whole = variance_indices(small(), rows)
    assert found[0].interrupted and not whole[0].interrupted
    assert [each._replace(planned=rows) for each in found] == list(whole)
    assert f"Stopped early: {rows} of 64 rows were done." in of_the_variance(found[0])


def test_shares_of_the_variance_are_told() -> None:
    def of(*factors: Index, rows: int = 64) -> str:
        return of_the_variance(Indices("wall_days", rows, factors, rows))

    rate, chance = Index("failures.gpu.rate", 0.5, 0.05, 0.6, 0.05), Index(CHANCE, 0.3, 0.05, 0.4, 0.05)
    told = of(rate, chance)
    assert told == (
        "Of the variance of the run time, the largest share comes from failures.gpu.rate: 50% (95 % interval 40% to "
        "60%) alone, 60% (95 % interval 50% to 70%) in total. Chance, which no measurement takes away, has 40% (95 % "
        "interval 30% to 50%) in total."
    )
    told = of(rate._replace(total=0.2), chance)
    assert "comes from chance" in told and "Of the inputs failures.gpu.rate has the largest" in told
    assert "No input has a share" in of(rate._replace(total=0.05), chance)
    assert "64 rows are too few" in of(rate._replace(total_error=0.5), chance._replace(total_error=0.5))
    nothing = Index(CHANCE, math.nan, math.nan, math.nan, math.nan)
    assert of(nothing) == "The run time does not vary: there is nothing to come from inputs or from chance."
    assert "Chance has no share" in of(rate, nothing) and "unknown" in of(rate._replace(first_error=math.nan), chance)


# Tornado


def test_a_bar_of_what_sets_the_length_of_the_run() -> None:
    found = tornado(calm(), 40)
    (bar,) = found.bars
    assert (bar.path, bar.low, bar.high) == ("job.work", "8 d", "15 d")
    assert bar.finish_p90_days == (8.0, 15.0) and bar.swing_days == 7.0
    assert bar.goodput == (1.0, 1.0) and bar.cost_usd is None
    assert bar.finish_error_days == 0.0 and bar.assumed


def test_ends_of_bars_are_runs_with_one_input_pinned() -> None:
    scenario = small()
    found = tornado(scenario, 30)
    assert {bar.path for bar in found.bars} == {each.path for each in scenario.inputs}
    for each in scenario.inputs:
        bar = next(bar for bar in found.bars if bar.path == each.path)
        for place, score in enumerate((-Z90, Z90)):
            design = pinned(scenario, {each.path: each.at_score(score)})
            table = run_ensemble(scenario, replications=30, design=design).table
            assert bar.finish_p90_days[place] == quantile(np.sort(table["finish_days"].to_numpy()), 0.9)
            assert bar.goodput[place] == pytest.approx(table["goodput"].mean(), rel=1e-12)
    assert [bar.swing_days for bar in found.bars] == sorted((bar.swing_days for bar in found.bars), reverse=True)
    assert found.bars[0].path in ("failures.gpu.rate", "recovery.detection")


def test_the_ends_of_a_class_of_operator_are_names() -> None:
    bars = {bar.path: bar for bar in tornado(small("operator.classes={automatic: 30%, by_hand: 70%}"), 20).bars}
    assert (bars["operator.class"].low, bars["operator.class"].high) == ("automatic", "by_hand")


def test_an_input_without_effect_has_no_swing_at_all() -> None:
    bar = next(bar for bar in tornado(small(), 20).bars if bar.path == "cost.gpu")
    assert bar.swing_days == 0.0 and bar.goodput[0] == bar.goodput[1] and bar.finish_error_days == 0.0
    assert bar.cost_usd is not None and bar.cost_usd[1] > bar.cost_usd[0]
    assert bar.cost_usd[1] / bar.cost_usd[0] == pytest.approx(math.exp(2 * Z90 * 0.2))


def test_threads_change_nothing() -> None:
    assert tornado(small(), 20, threads=1) == tornado(small(), 20, threads=2)
    assert variance_indices(small(), 16, threads=1) == variance_indices(small(), 16, threads=2)


def test_a_cancel_keeps_the_bars_that_are_done() -> None:
    told: list[Progress] = []
    cancel = threading.Event()

    def stop_in_the_third_bar(progress: Progress) -> None:
        told.append(progress)
        if progress.done >= 100:  # the base and two bars are 5 ensembles of 20
            cancel.set()

    found = tornado(small(), 20, progress=stop_in_the_third_bar, cancel=cancel)
    assert found.interrupted and 1 <= len(found.bars) < 6
    whole = {bar.path: bar for bar in tornado(small(), 20).bars}
    assert all(whole[bar.path] == bar for bar in found.bars)
    assert told[0].planned == 20 * 13 and all(a.done <= b.done for a, b in pairwise(told))
    with pytest.raises(Cancelled):
        tornado(small(), 20, cancel=cancel)


def test_a_finish_that_never_comes_is_called_so() -> None:
    scenario = small(*HOPELESS)
    found = tornado(scenario, 30)
    assert math.isinf(found.finish_p90_days) and found.unfinished > 3
    # What is infinite at both ends comes last, however large its effect on goodput is.
    kinds = [2 if math.isnan(b.swing_days) else 0 if math.isinf(b.swing_days) else 1 for b in found.bars]
    assert kinds == sorted(kinds) and 2 in kinds
    told = as_text(Sensitivity(found), None)
    assert "never" in told and "horizon" in told and "inf" not in told.replace("information", "")
    content = json.loads(json.dumps(as_json(Sensitivity(found), 11), allow_nan=False))
    assert content["tornado"]["finish_p90_days"] is None


def test_without_anything_uncertain_there_is_nothing_to_measure() -> None:
    found = tornado(calm("job.work=3 d"), 10)
    assert found.bars == () and "No input" in as_text(Sensitivity(found), None)


# What is printed


def test_two_sided_bars() -> None:
    assert two_sided(0.0, 30.0, 10.0, 0.0, 30.0) == "░" * 10 + "|" + "█" * 19
    assert two_sided(30.0, 0.0, 10.0, 0.0, 30.0) == "█" * 10 + "|" + "░" * 19
    assert two_sided(10.0, math.inf, 10.0, 0.0, 30.0).endswith("█") and len(two_sided(1.0, math.inf, 1.0, 0, 2)) == 31
    assert two_sided(5.0, 5.0, 5.0, 5.0, 5.0) == "|"


def test_the_table_for_programs_has_a_row_for_each_input() -> None:
    found = tornado(small(), 10)
    rows = list(csv.DictReader(io.StringIO(as_csv(Sensitivity(found)))))
    assert [row["input"] for row in rows] == [bar.path for bar in found.bars]
    first: Bar = found.bars[0]
    assert float(rows[0]["finish_p90_days_at_p90"]) == first.finish_p90_days[1]
    assert {row["assumed"] for row in rows} == {"True", "False"}


def derisk(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(application, ["sensitivity", *(str(word) for word in words)])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_tells_what_to_measure_first(file: Path) -> None:
    code, told, _ = derisk(file, "-n", 20, "--indices", "--rows", 16, "--threads", 1)
    assert code == 0
    for words in ("d between P10 and P90 of the finish", "What to measure next", "ASSUMED", "chance", "comes from"):
        assert words in told, words
    again = derisk(file, "-n", 20, "--indices", "--rows", 16, "--threads", 2)[1]
    assert told == again and derisk(file, "-n", 20, "--seed", 5)[1] != told


def test_the_command_keeps_whole_rows_when_it_is_interrupted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(scenario: Scenario, **more: Any) -> Ensemble:
        whole = run_ensemble(scenario, **more)
        return replace(whole, table=whole.table.head(40 * 7), interrupted=True)

    monkeypatch.setattr(module, "run_ensemble", stopped)
    code, told, error = derisk(file, "-n", 10, "--indices", "--rows", 64)
    assert code == 130 and "Stopped early: 32 of 64 rows were done." in told and "32 rows" in told
    assert "interrupted; 32 of 64 rows are kept" in error


def test_the_command_for_programs(file: Path, tmp_path: Path) -> None:
    written = tmp_path / "result.json"
    words = (
        file,
        "-n",
        10,
        "--option",
        "cluster.hot_spares=6 nodes; checkpoint.interval=5 min",
        "--set",
        "job.work=1 d",
    )
    code, told, _ = derisk(*words, "--json", "-o", written)
    content = json.loads(told)
    assert code == 0 and content["schema"] == 1 and content == json.loads(written.read_text(encoding="utf-8"))
    assert content["information"]["options"] == ["as it is", words[4]] and not content["information"]["suggested"]
    assert len(content["tornado"]["bars"]) == len(small().inputs)


@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        (("--rows", "100"), 2, "write 128"),
        (("--option", "cluster.hot_spares"), 2, "gives no value"),
        (("--option", "cluster.hot_spaers=3 nodes"), 3, "did you mean 'hot_spares'"),
        (("-o", "result.txt"), 2, ".csv or .json"),
        (("-n", "1"), 2, "10"),
    ],
)
def test_mistakes_are_told_with_a_remedy(file: Path, words: tuple[str, ...], code: int, remedy: str) -> None:
    found, _, told = derisk(file, *words)
    assert found == code and remedy in " ".join(told.replace("│", " ").split())
