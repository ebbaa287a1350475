"""Comparisons: closed forms, laws, and what `derisk compare` tells."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_cli import SMALL, as_json, derisk

from simulator import metrics
from simulator.ensemble import Ensemble, run_ensemble
from simulator.ensemble.estimates import estimate
from simulator.planning import quantities
from simulator.planning.compare import CompareError, Difference, compare, difference
from simulator.planning.differences import differing
from simulator.planning.quantities import FINISH
from simulator.report.inputs import readable
from simulator.report.study.compare_sheet import as_text
from simulator.scenario import load_scenario, parse_scenario

ROOT = Path(__file__).resolve().parent.parent
LLAMA = ROOT / "scenarios" / "presets" / "llama3_405b_16k.yaml"
PRICED = SMALL + "cost: {gpu: {value: 2 USD/GPU/h, spread: 20%}, delay: 1000 USD/day}\n"
DATED = PRICED.replace("work: 3 d", "work: 3 d, start: 2027-03-01, deadline: 2027-03-03")
T_95_3 = 3.182446305284263  # Student's law with 3 degrees of freedom, from tables


def ensemble(text: str = SMALL, *overrides: str, **arguments: Any) -> Ensemble:
    return run_ensemble(parse_scenario(text, list(overrides)), **{"replications": 40, "twins": False} | arguments)


def of_values(base: list[float], other: list[float], measure: quantities.Measure = FINISH) -> Difference:
    first, second = np.array(base), np.array(other)
    return difference(measure, first, second, np.isfinite(first) & np.isfinite(second))


# Closed forms


def test_mean_interval_and_gain_by_hand() -> None:
    told = of_values([1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 4.5, 4.0])
    # Differences 0.5, 0, 1.5, 0: mean 0.5, sum of squares around it 1.5, so their variance is 0.5.
    assert told.mean == 0.5
    assert told.half_width == pytest.approx(T_95_3 * math.sqrt(0.5 / 4), rel=1e-12)
    assert (told.pairs, told.left_out, told.probability_better) == (4, 0, 0.0)
    assert (told.p50, told.p90) == (0.0, 0.5)  # order statistics: 2 and 4 against 2 and 4.5
    # Without pairing (Welch): variances 5/3 and 7/3 - the sums of squares are 5 and 6.5.
    first, second = 5 / 3 / 4, 6.5 / 3 / 4
    freedom = (first + second) ** 2 * 3 / (first**2 + second**2)
    from scipy.stats import t

    assert told.gain == pytest.approx(t.ppf(0.975, freedom) * math.sqrt(first + second) / told.half_width, rel=1e-12)


def test_a_shift_of_all_pairs_is_known_exactly() -> None:
    base = np.random.Generator(np.random.PCG64(5)).exponential(size=300)
    told = difference(FINISH, base, base + 1.0, np.full(300, True))
    assert told.mean == pytest.approx(1.0, abs=1e-12)
    assert told.half_width < 1e-12 and told.gain > 1e6
    assert told.p90 == pytest.approx(1.0) and told.p90_half_width < 1e-12
    assert told.probability_better == 0.0


def test_the_interval_of_p90_is_that_of_theory_where_pairs_are_independent() -> None:
    generator = np.random.Generator(np.random.PCG64(6))
    base, other = generator.exponential(size=(2, 4_000))
    told = difference(FINISH, base, other, np.full(4_000, True))
    # The standard error of an exponential's P90 is sqrt(0.9 x 0.1 / n) / 0.1 (density 0.1 there), and there are two.
    expected = 1.96 * math.sqrt(2) * math.sqrt(0.09 / 4_000) / 0.1
    assert 0.85 < told.p90_half_width / expected < 1.15
    assert 0.9 < told.gain < 1.1  # independent pairs gain nothing


def test_an_interval_of_95_percent_holds_in_95_percent() -> None:
    generator = np.random.Generator(np.random.PCG64(7))
    held = 0
    for _ in range(1_000):
        base = generator.normal(size=12)
        told = of_values(list(base), list(base + 0.3 + generator.normal(scale=0.5, size=12)))
        held += abs(told.mean - 0.3) <= told.half_width
    assert abs(held - 950) / math.sqrt(1_000 * 0.95 * 0.05) < 4


def test_pairs_of_which_one_did_not_finish_are_left_out_of_the_mean_and_count_in_quantiles() -> None:
    told = of_values([1.0, 2.0, math.inf, math.inf], [2.0, math.inf, 3.0, math.inf])
    assert (told.pairs, told.left_out, told.mean) == (1, 3, 1.0)
    assert math.isnan(told.half_width)  # of one pair nothing is known
    assert told.p50 == 1.0  # 3 against 2: the second smallest of four
    assert math.isnan(told.p90) and math.isnan(told.p90_half_width)
    assert told.probability_better == 0.25
    assert of_values([1.0] * 20, [1.0] * 17 + [math.inf] * 3).p90 == math.inf


def test_a_run_without_failures_takes_an_hour_longer_for_an_hour_more_of_work() -> None:
    text = "schema: 1\nname: quiet\ncluster: {nodes: 4 nodes}\njob: {work: 24 h}\n"
    text += "checkpoint: {interval: 1 h, tiers: [{to: storage, blocking: 0 s}]}\n"
    runs = {"24 h": ensemble(text), "25 h": ensemble(text, "job.work=25 h")}
    told = compare(runs).differences[0][0]
    assert told.mean == pytest.approx(1 / 24, abs=1e-12)
    assert (told.half_width, told.p90_half_width) == (0.0, 0.0)


def test_of_few_pairs_the_p90_has_no_interval() -> None:
    base = np.random.Generator(np.random.PCG64(8)).exponential(size=36)
    other = base + np.random.Generator(np.random.PCG64(9)).exponential(size=36)
    for count in (1, 5, 35, 36):
        told = difference(FINISH, base[:count], other[:count], np.full(count, True))
        # Of 35 all lie below the P90 with 0.9^35 = 2.503 %, and of 36 with 2.25 %, which is less than 2.5 %.
        assert math.isinf(told.p90_half_width) == (count < 36) and math.isfinite(told.p90)
    runs = {"one": ensemble(replications=5), "other": ensemble(SMALL, "recovery.restart=1 h", replications=5)}
    sheet = as_text(compare(runs), differing([each.scenario for each in runs.values()]), None)
    row = next(line for line in sheet.splitlines() if line.strip().startswith("finish P90"))
    assert "±" not in row and "at P90 and" in sheet and "inf" not in sheet and "never" not in row


# Laws


def test_a_scenario_differs_from_itself_in_nothing() -> None:
    again = {"one": ensemble(DATED, "cost.gpu=2 USD/GPU/h"), "other": ensemble(DATED, "cost.gpu=2 USD/GPU/h")}
    comparison = compare(again)
    assert comparison.names == ("one", "other")
    assert [told.measure.name for told in comparison.differences[0]] == [
        "finish_days", "goodput", "cost_usd", "delay_cost_usd",
    ]  # fmt: skip
    for told in comparison.differences[0]:
        assert (told.mean, told.half_width, told.probability_better) == (0.0, 0.0, 0.0)
        assert told.base == told.other
        assert (told.p50, told.p90, told.p90_half_width) == (0.0, 0.0, 0.0) or math.isinf(told.base.p90)
        assert math.isinf(told.gain)
    assert differing([each.scenario for each in comparison.ensembles]) == ()


def test_a_comparison_the_other_way_round_has_the_other_sign() -> None:
    one, other = ensemble(PRICED), ensemble(PRICED, "recovery.restart=20 min")
    forth, back = compare({"a": one, "b": other}), compare({"b": other, "a": one})
    for there, here in zip(forth.differences[0], back.differences[0], strict=True):
        for name in ("mean", "p50", "p90"):
            assert getattr(there, name) == -getattr(here, name) or math.isinf(there.base.p90)
        for name in ("half_width", "p90_half_width", "gain", "pairs", "left_out"):
            np.testing.assert_equal(getattr(there, name), getattr(here, name))
        assert there.probability_better + here.probability_better <= 1.0


def test_longer_restarts_finish_later_and_cost_more() -> None:
    runs = {
        restart: ensemble(PRICED, "cluster.hot_spares=16 nodes", f"recovery.restart={restart}", replications=200)
        for restart in ("1 min", "1 h")
    }
    finish, goodput, cost = compare(runs).differences[0]
    assert finish.mean - finish.half_width > 0 and cost.mean - cost.half_width > 0
    assert goodput.mean + goodput.half_width < 0
    assert max(each.probability_better for each in (finish, goodput, cost)) < 0.05


def test_pairing_narrows_the_interval_at_least_five_times_on_the_published_run() -> None:
    runs = {
        f"{seconds} s": run_ensemble(
            load_scenario(LLAMA, [f"recovery.restart={seconds} s"]), replications=60, twins=False
        )
        for seconds in (240, 200)
    }
    finish, goodput = compare(runs).differences[0][:2]
    assert finish.mean + finish.half_width < 0 and goodput.mean - goodput.half_width > 0
    assert finish.gain >= 5 and goodput.gain >= 5


def test_values_of_money_are_those_of_the_metrics() -> None:
    run = ensemble(DATED)
    assert {each.name for each in quantities.measures(run)} == {"finish_days", "goodput", "cost_usd", "delay_cost_usd"}
    for name in ("cost_usd", "delay_cost_usd", "goodput", "finish_days"):
        np.testing.assert_equal(tuple(estimate(quantities.values(run, name))), tuple(getattr(metrics, name)(run)))
    with pytest.raises(KeyError):
        quantities.values(ensemble(), "cost_usd")


# What cannot be compared


def test_what_has_no_pairs_is_refused() -> None:
    run = ensemble()
    with pytest.raises(CompareError, match=r"^a comparison takes two or more"):
        compare({"a": run})
    with pytest.raises(CompareError, match=r"^b has seed 2, and a has seed 1: .* run both with the same --seed$"):
        compare({"a": run, "b": ensemble(seed=2)})
    with pytest.raises(CompareError, match=r"^b has 39 replications, and a has 40: .* the same number, -n$"):
        compare({"a": run, "b": ensemble(replications=39)})
    shifted = replace(run, table=run.table.assign(replication=run.table["replication"] + 40))
    with pytest.raises(CompareError, match="not the same shard"):
        compare({"a": run, "b": shifted})


# What differs


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (("2770.078352090713 h", "117.8 d"), ["115.4 d", "117.8 d"]),
        (
            ("{p10: 7.841613969667177 s, p50: 8.36535651299099 s, p90: 8.924 s}", "{p10: 7 s, p50: 8 s, p90: 9 s}"),
            ["{p10: 7.842 s, p50: 8.365 s, p90: 8.924 s}", "{p10: 7 s, p50: 8 s, p90: 9 s}"],
        ),
        (("30 s", "5 min"), ["30 s", "300 s"]),
        (("5 s", "2 d"), ["5 s", "2 d"]),  # no unit suits both
        (("100.01 d", "100.02 d"), ["100.01 d", "100.02 d"]),  # more digits, or none would differ
        (("16_384 GPUs", "98304 GPUs"), ["16_384 GPUs", "98_304 GPUs"]),
        (("0.3 /kGPU/day", "0.0003 /GPU/day"), ["0.3 /kGPU/day", "0.3 /kGPU/day"]),
        (("41.23456789%", "0.5"), ["41.23%", "50%"]),
        (("hgx_h100", None), ["hgx_h100", "-"]),
        (
            ("2027-03-01", "{p50: 1 min, p90: 600 s, law: lognormal}"),
            ["2027-03-01", "{p50: 1 min, p90: 10 min, law: lognormal}"],
        ),
    ],
)
def test_values_side_by_side_read_in_four_digits_and_one_unit(values: tuple[str | None, ...], told: list[str]) -> None:
    assert readable(values) == told


PLANNED = """\
schema: 1
name: planned
cluster: {node: hgx_h100, gpus: 1_024 GPUs, hot_spares: 4 nodes, fabric: infiniband_ndr}
job: {model: llama3_70b, tokens: 1T tokens, global_batch: 1_024 sequences, precision: bf16, parallel: auto}
failures: {gpu: {part: gpu, rate: 0.3 /kGPU/day}}
recovery: {repair: 24 h}
"""


def test_what_follows_from_a_difference_is_marked_as_such() -> None:
    base, other = parse_scenario(PLANNED), parse_scenario(PLANNED, ["cluster.fabric=roce_400g_ecmp"])
    rows = {row.path: row.follows for row in differing([base, other])}
    assert rows.pop("cluster.fabric") is False
    assert {"job.step_time", "run.horizon"} <= set(rows) and all(rows.values())
    # What a scenario says itself is no consequence, be it what another leaves open.
    given = parse_scenario(PLANNED, ["job.step_time=8 s", "run.horizon=100 d"])
    rows = {row.path: row.follows for row in differing([base, given])}
    assert rows["job.step_time"] is False and rows["run.horizon"] is False


@pytest.mark.parametrize(
    ("operator", "named"),
    [("best", "best"), ("{automatic: 70%, by_hand: 30%}", "{automatic: 70%, by_hand: 30%}")],
)
def test_a_class_of_operator_differs_and_what_it_fills_follows(operator: str, named: str) -> None:
    base, other = parse_scenario(PLANNED), parse_scenario(PLANNED, [f"operator={operator}"])
    rows = {row.path: row for row in differing([base, other])}
    assert rows.pop("operator.classes") == ("operator.classes", ("automatic", named), False)
    assert "recovery.diagnosis" in rows and all(row.follows for row in rows.values())
    # What a scenario says itself beside its class does not follow from that.
    own = "checkpoint.tiers=[{to: host_memory, blocking: 1 s}, {to: storage, every: 9}]"
    rows = {row.path: row for row in differing([base, parse_scenario(PLANNED, [f"operator={operator}", own])])}
    said = {path for path, row in rows.items() if not row.follows}
    assert {"operator.classes", "checkpoint.tiers.0.to", "checkpoint.tiers.1.every"} <= said
    assert all(path.startswith(("operator.classes", "checkpoint.tiers")) for path in said)


def test_inputs_that_differ_are_named_with_all_values_however_they_are_written() -> None:
    base = parse_scenario(SMALL, ["recovery.restart={value: 5 min, source: a test}"])
    other = parse_scenario(SMALL, ["recovery.restart=300 s", "failures.gpu.rate=x2", "cluster.hot_spares=3 nodes"])
    third = parse_scenario(SMALL, ["recovery.restart=5 min", "cost.gpu=2 USD/GPU/h"])
    rows = {row.path: row.values for row in differing([base, other, third])}
    assert rows == {
        "cluster.hot_spares": ("2 nodes", "3 nodes", "2 nodes"),
        "failures.gpu.rate": tuple(f"{{value: {rate} /kGPU/day, spread: 30%}}" for rate in (5, 10, 5)),
        "cost.gpu": (None, None, "2 USD/GPU/h"),
    }  # fmt: skip


# The command


@pytest.fixture
def small(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(DATED, encoding="utf-8")
    return file


def test_variants_are_compared_and_their_runs_reused(small: Path, tmp_path: Path) -> None:
    variants = ["--with", "recovery.restart=10 min", "--with", "recovery.restart=5 min, cluster.hot_spares=3 nodes"]
    first = derisk("compare", small, *variants, "-o", tmp_path / "runs")
    assert first.exit_code == 0, first.stderr
    assert "A  recovery.restart=10 min, the base" in first.stdout
    assert "B against A: it finishes" in first.stdout and "the cost of the delay" in first.stdout
    assert "What differs: 2 inputs" in first.stdout and "cluster.hot_spares  2 nodes  3 nodes" in first.stdout
    again = derisk("compare", small, *variants, "-o", tmp_path / "runs")
    assert again.stderr.count("was done before and is reused") == 2
    assert again.stdout.split("Results")[0] == first.stdout.split("Results")[0]
    assert len(list((tmp_path / "runs").iterdir())) == 2


def test_of_one_variant_the_scenario_is_the_base(small: Path, tmp_path: Path) -> None:
    result = derisk("compare", small, "--with", "recovery.restart=1 h", "-n", 20, "--json", "-o", tmp_path / "runs")
    told = as_json(result)
    assert (told["base"], told["replications"], told["seed"]) == (str(small), 20, 1)
    alternative = told["alternatives"][0]
    assert alternative["name"] == "recovery.restart=1 h"
    assert alternative["differences"]["finish_days"]["mean"] > 0
    assert alternative["pairs"] + alternative["left_out"] == 20
    assert [row["path"] for row in told["inputs"]] == ["recovery.restart"]


def test_of_several_variants_the_first_may_be_the_scenario_as_it_is(small: Path, tmp_path: Path) -> None:
    words = ("--with", "", "--with", "recovery.restart=1 h", "--with", "recovery.restart=2 h")
    told = as_json(derisk("compare", small, *words, "-n", 20, "--json", "-o", tmp_path / "runs"))
    assert told["base"] == "as it is"
    alone = as_json(derisk("compare", small, *words[2:4], "-n", 20, "--json", "-o", tmp_path / "runs"))
    assert [each["name"] for each in told["alternatives"]] == ["recovery.restart=1 h", "recovery.restart=2 h"]
    assert told["alternatives"][0]["differences"] == alone["alternatives"][0]["differences"]


def test_files_get_the_seed_and_the_number_of_the_first(small: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(DATED.replace("replications: 40", "seed: 9, replications: 77").replace("3 d,", "4 d,"), "utf-8")
    told = as_json(derisk("compare", small, other, "--json", "-o", tmp_path / "runs"))
    assert (told["seed"], told["replications"]) == (1, 40)
    assert {row["path"] for row in told["inputs"]} == {"job.work", "run.horizon"}


def test_a_stop_rule_is_not_followed_and_that_is_said(small: Path, tmp_path: Path) -> None:
    stop = "run.stop={quantity: goodput, half_width: 50%, max: 20}"
    words = ("compare", small, "--with", "recovery.restart=1 h", "--set", stop, "-o", tmp_path / "runs")
    result = derisk(*words, "--json")
    assert "stop rules are not followed here" in result.stderr
    assert as_json(result)["replications"] == 40


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is nothing to compare with; name two scenarios, or variants with --with"),
        (("--with", "recovery.restart"), "'recovery.restart' gives no value"),
        (("--with", "recovery.restart=1 h", "--with", "recovery.restart=1 h"), "'recovery.restart=1 h' is given twice"),
        (("--with", ""), "--with '' changes nothing"),
        (("other.yaml", "--with", "recovery.restart=1 h"), "makes variants of one scenario"),
        (
            ("--with", "run.seed=99"),
            "run.seed: all variants have the same seed and number of replications; write --seed",
        ),
        (("--with", "recovery.restart=1 h, run.replications=9"), "number of replications; write -n"),
        (("--with", "run={seed: 99}"), "run: all variants have the same seed"),
    ],
)
def test_what_cannot_be_meant_ends_with_2(small: Path, words: tuple[str, ...], told: str) -> None:
    result = derisk("compare", small, *words)
    assert result.exit_code == 2 and result.stdout == ""
    assert told in " ".join(result.stderr.replace("│", " ").split())


def test_errors_of_all_scenarios_are_told_at_once_and_end_with_3(small: Path, tmp_path: Path) -> None:
    variants = ("--with", "recovery.restart=5", "--with", "cluster.hot_spaers=3 nodes")
    result = derisk("compare", small, *variants, "-o", tmp_path / "runs")
    assert result.exit_code == 3 and not (tmp_path / "runs").exists()
    assert "5 has no unit" in result.stderr and "did you mean 'hot_spares'?" in result.stderr


def test_an_interrupted_run_ends_with_130(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run_ensemble

    def stopped(*words: Any, **arguments: Any) -> Ensemble:
        return replace(whole(*words, **arguments), interrupted=True)

    monkeypatch.setattr("simulator.ensemble.run_ensemble", stopped)
    result = derisk("compare", small, "--with", "recovery.restart=1 h", "-o", tmp_path / "runs")
    assert result.exit_code == 130 and result.stdout == ""
    assert "interrupted; the same command goes on" in result.stderr


def test_a_difference_that_may_be_none_is_said_to_be(small: Path) -> None:
    runs = {"a": ensemble(DATED), "b": ensemble(DATED, "failures.gpu.rate=x1.2")}
    sheet = as_text(compare(runs), differing([each.scenario for each in runs.values()]), None)
    finish = compare(runs).differences[0][0]
    assert ("pairs cannot tell from nothing" in sheet.split(";")[0]) == (abs(finish.mean) <= finish.half_width)
    assert ("are left out of the differences of means" in sheet) == (finish.left_out > 0)


# One number a scenario


def test_a_run_a_sweep_a_comparison_and_a_tornado_show_the_same_quantile_of_the_same_scenario(tmp_path: Path) -> None:
    from simulator.planning.sweep import Axis, outcome, prepare
    from simulator.planning.tornado import tornado

    scenario = parse_scenario(SMALL)
    finish = metrics.finish_days(run_ensemble(scenario))  # as many replications as it asks for by itself
    ends = ("p10", "p50", "p90", "p90_low", "p90_high")
    told = [getattr(finish, name) for name in ends]
    base = compare({"as it is": run_ensemble(scenario), "other": ensemble(replications=scenario.replications)})
    assert [getattr(base.differences[0][0].base, name) for name in ends] == told
    file = tmp_path / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    grid = prepare(file, [], (Axis("cluster.hot_spares", ("x1",)),))
    assert grid.replications == grid.usual == scenario.replications
    row = outcome(grid.cells[0], grid.axes, run_ensemble(grid.scenarios[0], twins=False)).row
    assert [row[f"finish_days_{name}"] for name in ends] == told
    found = tornado(scenario, scenario.replications)
    assert (found.finish_p10_days, found.finish_p90_days) == (finish.p10, finish.p90)
    assert found.finish_p90_interval == (finish.p90_low, finish.p90_high) or math.isnan(finish.p90_high)


def test_fewer_replications_are_the_first_of_all_and_told_as_such() -> None:
    from simulator.report import text

    few, all_of_them = (run_ensemble(parse_scenario(SMALL), replications=count).table for count in (20, 40))
    assert few["finish_days"].tolist() == all_of_them["finish_days"].head(20).tolist()
    assert text.replications(100, 1_000) == "100 of 1_000 replications"
    assert text.replications(1_000, 1_000) == text.replications(1_000, 256) == "1_000 replications"


def test_the_difference_of_medians_has_an_interval() -> None:
    dice = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        base = dice.exponential(size=100)
        told = difference(FINISH, base, base + dice.normal(0.3, 0.1, size=100), np.full(100, True))
        covered += abs(told.p50 - 0.3) <= told.p50_half_width
    assert covered / 200 > 0.95 - 4 * math.sqrt(0.95 * 0.05 / 200)
