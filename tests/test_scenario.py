"""Scenarios: what is refused and how, layers, sources, and what a scenario resolves to."""

import contextlib
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from simulator import resources
from simulator.app.state import Draft, load
from simulator.compile.compile import compile_plan
from simulator.engines import kernel
from simulator.ensemble import run_ensemble
from simulator.numbers.plan import Plan, Purpose
from simulator.numbers.times import Family
from simulator.report.run.folder import load as read_run
from simulator.report.run.folder import write as write_run
from simulator.scenario import Scenario, ScenarioErrors, json_schema, load_scenario, parse_scenario
from simulator.scenario.named import find_scenario

BROKEN = Path(__file__).parent / "broken"
EXPECTED: dict[str, list[str]] = YAML(typ="safe").load(BROKEN / "expected.yaml")
EXAMPLE = resources.scenarios() / "example.yaml"

SMALL = """\
schema: 1
name: small
cluster: {gpus: 128 GPUs, hot_spares: 1 nodes}
job: {work: 24 h}
failures:
  source: a paper
  gpu: {part: gpu, rate: 0.3 /kGPU/day, spread: 35%}
  nic: {part: node, mtbf: 50_000 h}
recovery:
  repair: {mean: 24 h, shape: 0.5}
  cure: 90%
  detection: {p10: 1 min, p50: 2 min, p90: 10 min}
  diagnosis: 2 min
  restart: {p50: 4 min, p90: 8 min}
checkpoint:
  interval: 10 min
  tiers:
    - {to: host_memory, blocking: 5 s, restore: 20 s}
    - {to: storage, every: 3, blocking: 6 s, lag: 1 min, restore: 2 min}
"""


def refused(text: str, overrides: list[str] | None = None) -> list[str]:
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(text, overrides, name="small.yaml")
    return [error.headline for error in caught.value.errors]


def same(one: Plan, other: Plan) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


# refusals


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-gpu", "@sum", " =1"])
def test_no_cause_is_a_formula_of_a_spreadsheet(name: str) -> None:
    told = refused(SMALL.replace("  nic: {part", f'  "{name}": {{part'))
    assert len(told) == 1 and "is taken for a formula" in told[0] and "begin the name with a letter" in told[0]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_scenario_is_told_exactly_what_is_wrong(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(name)
    assert [error.headline for error in caught.value.errors] == EXPECTED[name]


def test_the_corpus_and_its_expectations_are_complete() -> None:
    assert set(EXPECTED) == {path.name for path in BROKEN.glob("*.yaml")} - {"expected.yaml"}
    assert len(EXPECTED) >= 40


def test_an_error_shows_the_line_with_a_caret() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(SMALL.replace("rate: 0.3 /kGPU/day", "rate: 0.3"), name="small.yaml")
    assert str(caught.value) == (
        'small.yaml:7:20: failures.gpu.rate: 0.3 has no unit; write "0.3 /kGPU/day"\n'
        "     7 |   gpu: {part: gpu, rate: 0.3, spread: 35%}\n"
        "       |                    ^^^^^^^^^"
    )
    (error,) = caught.value.errors
    assert (error.file, error.line, error.column, error.value) == ("small.yaml", 7, 20, "0.3")
    assert (error.message, error.remedy) == ("0.3 has no unit", 'write "0.3 /kGPU/day"')


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(path)
    headline = f"{path}:1:1: has 100.0 MB; a file of this kind has at most 1 MB"
    assert [error.headline for error in caught.value.errors] == [headline]


def test_a_folder_a_missing_file_and_an_impossible_name_are_refused(tmp_path: Path) -> None:
    for path, text in ((tmp_path, "is a folder; name a scenario file"), (tmp_path / "no", "there is no such file")):
        with pytest.raises(ScenarioErrors) as caught:
            load_scenario(path)
        assert caught.value.errors[0].headline == f"{path}:1:1: {text}"
    with pytest.raises(ScenarioErrors):
        load_scenario("/dev/zero")
    with pytest.raises(ScenarioErrors):
        load_scenario("a\0b")
    with pytest.raises(ScenarioErrors):
        load_scenario("x" * 5000)


ODD = ["x", "{}", "[]", "[[]]", "{a: b}", "-1", ".nan", "1e999 h", "never", "auto", "true", "'null'", "{p50: 3}"]
ODD += ["{value: {}}", "9" * 5000, "x2", "x0", "{p10: 1 h, p50: 2 h, p90: 3 h}", "2 h", "50%", "3", "1 /GPU/day"]


@pytest.mark.parametrize("value", ODD)
def test_whatever_stands_in_a_field_is_read_or_refused(value: str) -> None:
    paths = [row.path for row in parse_scenario(SMALL).table()]
    paths += ["cluster", "job", "failures", "failures.gpu", "recovery", "checkpoint.tiers", "run.stop", "cost.gpu"]
    paths += ["failures.gpu.part", "failures.gpu.intensity", "failures.gpu.observed", "maintenance", "job.start"]
    read = 0
    for path in paths:
        with contextlib.suppress(ScenarioErrors):
            compile_plan(parse_scenario(SMALL, [f"{path}={value}"]))
            read += 1
    assert read < len(paths)


# layers


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_maps_merge_while_scalars_and_lists_replace(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", SMALL)
    top = "schema: 1\nextends: base.yaml\nname: top\njob: {start_up: 5 min}\ncheckpoint:\n  tiers: [{to: storage}]\n"
    scenario = load_scenario(write(tmp_path, "top.yaml", top))
    document = scenario.document
    assert scenario.name == "top"
    assert scenario.work() == 86_400 and document.job.start_up.at(None) == {"value": 300}
    assert [tier.to for tier in document.checkpoint.tiers] == ["storage"]
    assert document.checkpoint.interval == parse_scenario(SMALL).document.checkpoint.interval


def test_a_preset_is_found_by_name_from_anywhere(tmp_path: Path) -> None:
    scenario = load_scenario(
        write(tmp_path, "mine.yaml", "schema: 1\nextends: example\ncluster: {hot_spares: 9 nodes}\n")
    )
    assert (scenario.name, scenario.spares) == (load_scenario(EXAMPLE).name, 9)


@pytest.mark.parametrize(
    "name",
    [
        "llama3_405b_16k",
        "llama3_405b_16k.yaml",
        "presets/llama3_405b_16k",
        "presets/llama3_405b_16k.yaml",
        "scenarios/presets/llama3_405b_16k.yaml",
    ],
)
def test_extends_takes_the_names_that_run_takes(name: str, tmp_path: Path) -> None:
    assert find_scenario(name).resolve() == resources.scenarios() / "presets" / "llama3_405b_16k.yaml"
    # A file may have the name of what it extends.
    path = tmp_path / "llama3_405b_16k.yaml"
    path.write_text(f"schema: 1\nextends: {name}\nname: ours\n", encoding="utf-8")
    assert load_scenario(path).gpus == 16_384
    assert load(Draft.of_text(path.read_text(encoding="utf-8"), "ours.yaml")).errors == ()


@pytest.mark.parametrize(
    "word", ["../pyproject", "scenarios/../../README.md", "/etc/passwd", "step_time/published_runs"]
)
def test_in_the_app_extends_names_nothing_but_what_ships(word: str) -> None:
    (error,) = load(Draft.of_text(f"schema: 1\nextends: {word}\nname: ours\n", "ours.yaml")).errors
    assert error.message.startswith("here it may only name a preset")


def test_a_file_beside_the_scenario_comes_before_a_preset(tmp_path: Path) -> None:
    (tmp_path / "example.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("schema: 1\nextends: example\nname: mine\n", encoding="utf-8")
    assert load_scenario(tmp_path / "mine.yaml").gpus == 128


def test_an_unknown_base_is_told_with_what_was_probably_meant(tmp_path: Path) -> None:
    for name, hint in (
        ("llama3_405b", "did you mean 'llama3_405b_16k' or 'llama3_405b_b200'?"),
        ("lama3_405b_16k", "did you mean 'llama3_405b_16k'?"),
        ("nothing_like_it_at_all", "known by name are "),
    ):
        (told,) = refused(f"schema: 1\nextends: {name}\nname: ours\n")
        assert f"there is no file '{name}' beside this one or among the presets; {hint}" in told


def test_a_text_can_extend_a_preset_too() -> None:
    assert parse_scenario("schema: 1\nextends: example\nname: text\n").gpus == load_scenario(EXAMPLE).gpus


def test_null_unsets_what_a_base_gives(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", SMALL)
    top = "schema: 1\nextends: base.yaml\nfailures: {nic: null, gpu: {spread: null}}\n"
    scenario = load_scenario(write(tmp_path, "top.yaml", top))
    assert list(scenario.document.failures.causes) == ["gpu"]
    assert [quantity.path for quantity in scenario.inputs] == ["recovery.detection"]


def test_one_way_of_saying_a_thing_displaces_another() -> None:
    scenario = parse_scenario(SMALL, ["failures.nic.rate=1 /node/year", "cluster.nodes=20 nodes"])
    assert scenario.document.failures.causes["nic"].mtbf is None
    assert scenario.nodes == 20
    law = parse_scenario(SMALL, ["recovery.repair={p50: 1 h, p90: 9 h}"]).document.recovery.repair
    assert law.family == "lognormal"
    assert parse_scenario(SMALL, ["recovery.repair.mean=48 h"]).document.recovery.repair.at(None) == {
        "mean": 172_800.0,
        "shape": 0.5,
    }


def test_set_changes_a_value_and_scales_one() -> None:
    base = parse_scenario(SMALL)
    scenario = parse_scenario(SMALL, ["checkpoint.tiers.0.blocking=3 s", "failures.gpu.rate=x0.5", "job.work=x2"])
    assert scenario.document.checkpoint.tiers[0].blocking.median == 3
    assert compile_plan(scenario).hazard[0, 0] == compile_plan(base).hazard[0, 0] / 2
    assert scenario.work() == 2 * base.work()
    uncertain = parse_scenario(SMALL, ["recovery.detection=x2"]).document.recovery.detection.numbers[0][1]
    assert (uncertain.p10, uncertain.median, uncertain.p90) == (120, 240, 1200)
    # A rate that is given as an MTBF can be scaled as a rate.
    assert compile_plan(parse_scenario(SMALL, ["failures.nic.rate=x3"])).hazard[1, 0] == 3 / (50_000 * 3600)


@pytest.mark.parametrize(
    ("override", "headline"),
    [
        ("cluster.hot_spares=4", '--set: cluster.hot_spares: 4 alone is refused: nodes or GPUs? write "4 nodes"'),
        ("cluster.hot_spaers=6 nodes", "--set: cluster.hot_spaers: unknown key; did you mean 'hot_spares'?"),
        ("cluster.hot_spares=9_9 nodes", "--set: cluster.hot_spares: 99 spares exceed the 16 nodes of the job; lower them"),  # noqa: E501
        ("cluster.hot_spares", "--set: 'cluster.hot_spares' is not of the form a.b=value"),
        ("=3", "--set: '=3' is not of the form a.b=value"),
        ("checkpoint.tiers.7.every=3", "--set: checkpoint.tiers.7: there is no item 7; the list has items 0 to 1"),
        ("job.deadline=x2", "--set: job.deadline: x2 scales a number that is given; none is"),
        ("failures.gpu.part=x2", "--set: failures.gpu.part: x2 scales a number; there is none to scale"),
        ("job.work=[1", "--set: job.work: '[1' is not YAML: expected ',' or ']', but got '<stream end>' (while parsing a flow sequence)"),  # noqa: E501
        ("job.work=*a", "--set: job.work: '*a' anchors and aliases are not read"),
    ],
)  # fmt: skip
def test_an_error_in_a_set_names_it(override: str, headline: str) -> None:
    assert refused(SMALL, [override]) == [headline]


# sources


def source_of(scenario: Scenario, path: str) -> str:
    return next(row.source for row in scenario.table() if row.path == path)


def test_a_source_vouches_for_the_numbers_of_its_own_file_only(tmp_path: Path) -> None:
    write(tmp_path, "base.yaml", SMALL)
    top = write(tmp_path, "top.yaml", "schema: 1\nextends: base.yaml\nfailures: {nic: {mtbf: 9_000 h}}\n")
    assert source_of(parse_scenario(SMALL), "failures.nic.mtbf") == "a paper"
    assert source_of(load_scenario(top), "failures.gpu.rate") == "a paper"
    assert source_of(load_scenario(top), "failures.nic.mtbf") == "ASSUMED"
    assert source_of(parse_scenario(SMALL, ["failures.gpu.rate=x2"]), "failures.gpu.rate") == "ASSUMED"
    own = parse_scenario(SMALL, ['recovery.swap={value: 1 min, source: "measured"}'])
    assert source_of(own, "recovery.swap") == "measured"


def test_a_default_is_assumed_and_a_decision_is_not() -> None:
    scenario = parse_scenario(SMALL)
    assert source_of(scenario, "recovery.swap").startswith("ASSUMED: ")
    assert source_of(scenario, "recovery.detection") == "ASSUMED"
    assert source_of(scenario, "cluster.hot_spares") == "chosen"


def test_given_chosen_default_and_what_follows_are_told_apart(tmp_path: Path) -> None:
    text = SMALL.replace("cluster: {", "cluster: {node: hgx_h100, ")
    standing = {row.path: row.standing for row in parse_scenario(text, ["recovery.swap=1 min"]).table()}
    assert standing["cluster.gpus"] == standing["cluster.hot_spares"] == standing["checkpoint.interval"] == "chosen"
    assert standing["failures.gpu.rate"] == standing["failures.nic.mtbf"] == standing["recovery.repair.mean"] == "given"
    assert standing["recovery.swap"] == "given"  # on the command line
    assert standing["recovery.relapse.mean"] == standing["run.replications"] == standing["run.horizon"] == "default"
    assert standing["cluster.gpus_per_node"] == "follows"  # from the profile of the node
    # A run folder remembers, though its own file says everything.
    ensemble = run_ensemble(parse_scenario(text), replications=2)
    kept = read_run(write_run(ensemble, tmp_path)).scenario
    assert {row.path: row.standing for row in kept.table()} == {
        row.path: row.standing for row in ensemble.scenario.table()
    }
    assert set(kept.silent()) >= {"recovery.relapse.mean", "cluster.gpus_per_node"}


def test_what_a_profile_knows_comes_with_its_source() -> None:
    scenario = parse_scenario(SMALL, ["cluster.node=hgx_h100", "job={tokens: 1T tokens, parameters: 8B parameters, mfu: 40%}"])  # fmt: skip  # noqa: E501
    assert scenario.gpu_peak == 989e12
    assert "H100" in source_of(scenario, "cluster.peak.bf16")
    assert scenario.work() == pytest.approx(6 * 8e9 * 1e12 / (0.4 * 989e12 * 128))


# ignorance


def test_inputs_are_drawn_by_name_and_do_not_shift_each_other() -> None:
    both, one = parse_scenario(SMALL), parse_scenario(SMALL, ["failures.gpu.spread=null"])
    assert [quantity.path for quantity in both.inputs] == ["failures.gpu.rate", "recovery.detection"]
    drawn = both.draw_inputs(7, 3)
    assert drawn["recovery.detection"] == one.draw_inputs(7, 3)["recovery.detection"]
    assert drawn == both.draw_inputs(7, 3) != both.draw_inputs(7, 4)


def test_drawn_inputs_have_the_percentiles_given() -> None:
    scenario = parse_scenario(SMALL, ["failures.shared_spread=30%", "recovery.cure={p10: 90%, p50: 97%, p90: 99%}"])
    draws = [scenario.draw_inputs(1, replication) for replication in range(4000)]
    detection = np.quantile([draw["recovery.detection"] for draw in draws], [0.1, 0.5, 0.9])
    assert detection == pytest.approx([60, 120, 600], rel=0.1)
    shared = np.log([draw["failures.shared_spread"] for draw in draws])
    assert shared.mean() == pytest.approx(0, abs=0.02) and shared.std() == pytest.approx(0.3, rel=0.05)
    assert max(draw["recovery.cure"] for draw in draws) == 1.0


def test_a_count_is_known_to_one_over_its_root() -> None:
    counted = "failures.gpu.observed={count: 148, over: 54 d, on: 16_384 GPUs}"
    scenario = parse_scenario(SMALL, [counted, "failures.gpu.spread=null"])
    (count, _) = scenario.inputs
    assert count.path == "failures.gpu.observed.count" and count.spread == 148**-0.5
    certain = parse_scenario(SMALL, [counted, "failures.gpu.spread=0%"])
    assert [quantity.path for quantity in certain.inputs] == ["recovery.detection"]
    assert same(compile_plan(certain), compile_plan(parse_scenario(certain.resolved_yaml())))


# what a scenario resolves to


@pytest.mark.parametrize("path", resources.scenario_files(), ids=lambda path: path.stem)
def test_a_shipped_scenario_resolves_to_itself(path: Path) -> None:
    scenario = load_scenario(path)
    again = parse_scenario(scenario.resolved_yaml())
    drawn = scenario.draw_inputs(3, 5)
    assert again.draw_inputs(3, 5) == drawn
    assert same(compile_plan(scenario), compile_plan(again))
    assert same(compile_plan(scenario, drawn), compile_plan(again, drawn))
    assert again.resolved() == scenario.resolved()


def test_every_number_of_the_table_has_a_path_that_set_takes() -> None:
    scenario = load_scenario(EXAMPLE)
    rows = scenario.table()
    assert len({row.path for row in rows}) == len(rows)
    written = scenario.resolved()
    for row in rows:
        item = written
        for key in row.path.split("."):
            item = item[int(key)] if isinstance(item, list) else item[key]


def test_the_schema_for_editors_knows_every_section() -> None:
    schema = json_schema()
    assert schema["properties"]["schema"] == {"const": 1, "description": "the version of this schema"}
    assert {"cluster", "job", "failures", "recovery", "checkpoint", "run", "extends"} <= set(schema["properties"])


@pytest.mark.parametrize("path", resources.scenario_files(), ids=lambda path: path.stem)
def test_the_schema_for_editors_accepts_a_shipped_scenario(path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    # To an editor's YAML 1.2, as to JSON, an unquoted date is text.
    written = json.loads(json.dumps(YAML(typ="safe").load(path), default=str))
    jsonschema.validate(written, json_schema())


def test_reading_a_scenario_needs_no_compiler() -> None:
    code = "import sys, simulator.scenario; sys.exit('numba' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_profile_of_ones_own_stands_beside_the_scenario(tmp_path: Path) -> None:
    folder = resources.hardware_profiles()
    shutil.copy(folder / "hgx_h100.yaml", tmp_path / "mine.yaml")
    file = write(tmp_path, "s.yaml", SMALL.replace("cluster: {", "cluster: {node: mine.yaml, "))
    counted = load_scenario(file, ["job.flop=1e24 FLOP", "job.mfu=40%"])
    assert counted.gpu_peak == 989e12
    assert parse_scenario(counted.resolved_yaml()).gpu_peak == 989e12
    # What nobody asks for is not written out where the profile is not named.
    again = parse_scenario(load_scenario(file).resolved_yaml())
    assert again.inert == () and again.gpu_peak is None


def test_a_law_over_an_unknown_number_is_a_law() -> None:
    plan = compile_plan(parse_scenario(SMALL, ["recovery.detection={p50: 2 min, p90: 8 min}"]))
    assert plan.laws[0, Purpose.DETECTION, 0] == Family.LOGNORMAL


def test_a_weibull_cause_can_be_switched_off() -> None:
    off = ["failures.gpu.law=weibull", "failures.gpu.shape=0.8", "failures.gpu.times=0"]
    plan = compile_plan(parse_scenario(SMALL, off))
    assert plan.hazard[0, 1] == math.inf
    assert kernel.run(plan, np.uint64(1)).failures[0] == 0


def test_an_override_changes_an_item_of_a_list_that_the_file_leaves_to_its_default() -> None:
    text = "{schema: 1, name: t, cluster: {nodes: 8 nodes, gpus_per_node: 8 GPUs}, job: {work: 9 d}, failures: {}}"
    usual, given, scaled = (
        parse_scenario(text, changes).document.checkpoint.tiers[0]
        for changes in ([], ["checkpoint.tiers.0.lag=3 min"], ["checkpoint.tiers.0.blocking=x2"])
    )
    assert given.lag is not None and usual.blocking is not None
    assert given.blocking is not None and scaled.blocking is not None
    assert given.lag.median == 180.0 and given.blocking.median == usual.blocking.median
    assert scaled.blocking.median == 2 * usual.blocking.median > 0
    with pytest.raises(ScenarioErrors, match="there is no item 1"):
        parse_scenario(text, ["checkpoint.tiers.1.lag=3 min"])


def test_an_override_scales_what_the_file_leaves_to_its_default() -> None:
    text = "{schema: 1, name: t, cluster: {nodes: 8 nodes, gpus_per_node: 8 GPUs}, job: {work: 9 d}, failures: {}}"
    usual, longer = (parse_scenario(text, settings) for settings in ([], ["recovery.swap=x2"]))
    before, after = (found.document.recovery.swap.at(None)["value"] for found in (usual, longer))
    assert after == 2 * before > 0
    with pytest.raises(ScenarioErrors, match="none is"):
        parse_scenario(text, ["job.step_time=x2"])  # which has no default
