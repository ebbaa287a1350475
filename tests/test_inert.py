"""What is said in vain: refused of the file that says it, told of a file below and of who takes its cause away.

The words of each refusal stand in tests/broken.
"""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from simulator import resources
from simulator.cli.application import application
from simulator.ensemble import run_ensemble
from simulator.scenario import (
    Scenario,
    ScenarioErrors,
    load_scenario,
    load_variants,
    parse_scenario,
    reload_scenario,
)
from simulator.scenario.no_effect import without

PLAIN = """\
schema: 1
name: plain
cluster: {nodes: 16 nodes, hot_spares: 2 nodes}
job: {work: 24 h}
failures:
  gpu: {part: gpu, rate: 0.3 /kGPU/day}
checkpoint: {interval: 10 min}
"""
SLOW = "  slow: {part: gpu, rate: 0.01 /kGPU/day, effect: slow, speed: 80%, found: 1 h}\n"
BITS = "  bits: {part: gpu, rate: 0.01 /kGPU/day, effect: corrupt, found: 4 h}\n"
POLICY = "recovery: {eviction: {slower_than: 90%}, retirement: {after: 3, within: 14 d}, crews: 4 crews}\n"
FULL = PLAIN.replace("checkpoint: {", f"{SLOW}{BITS}checkpoint: {{keep: 50, ") + POLICY
BROKEN = Path(__file__).parent / "broken"
VAIN = (
    "eviction_without_slow_nodes", "eviction_of_what_is_never_found", "checkpoints_kept_without_corruption",
    "crews_and_retirement_without_repair", "crews_for_software", "stall_without_absorbed", "age_at_a_constant_rate",
    "diagnosis_of_a_stall", "blamed_for_slowness", "spares_exposed_without_spares", "spares_exposed_to_a_leaf",
    "network_that_nothing_narrows", "choice_inside_blocks", "eviction_without_spares",
)  # fmt: skip
# What takes away what a policy is for.
TAKEN = [
    (["failures.slow="], ["recovery.eviction"]),
    (["failures.bits="], ["checkpoint.keep"]),
    (["cluster.hot_spares=0 nodes"], ["recovery.eviction"]),
    (["recovery.repair=never"], ["recovery.retirement", "recovery.crews"]),
    (["recovery.repair=never", "recovery.missed=5%"], ["recovery.crews"]),
    (
        ["recovery.repair=never", "recovery.manual={share: 9%, time: 1 h}", "recovery.vendor={share: 9%, time: 1 h}"],
        ["recovery.retirement", "recovery.crews", "recovery.manual", "recovery.vendor"],
    ),
]


def test_a_price_of_delay_without_a_deadline_is_told(tmp_path: Path) -> None:
    priced = PLAIN + "cost: {gpu: 2 USD/GPU/h, delay: 9 USD/day}\n"
    scenario = parse_scenario(priced)
    assert [text.partition("cost.delay: ")[2] for text in scenario.inert] == [
        'without a deadline nothing is late; write "start: 2027-03-01" and "deadline: 2027-06-15" under job, '
        "or leave this out"
    ]
    assert not parse_scenario(priced, ["job.start=2027-03-01", "job.deadline=2027-03-20"]).inert


def told(scenario: Scenario) -> set[str]:
    return {text.split(": ")[1] for text in scenario.inert}


def missing(scenario: Scenario, path: str) -> bool:
    found = scenario.resolved()
    for key in path.split("."):
        found = found.get(key, {})
    return not found


@pytest.mark.parametrize("path", resources.scenario_files(), ids=lambda path: path.stem)
def test_no_shipped_scenario_says_anything_in_vain(path: Path) -> None:
    assert load_scenario(path).inert == ()


@pytest.mark.parametrize("name", VAIN)
def test_what_is_refused_as_being_in_vain_changes_nothing(name: str, tmp_path: Path) -> None:
    # Failures enough for each rule to show, if it did anything.
    written = re.sub(r"rate: \S+ /", "rate: 30 /", (BROKEN / f"{name}.yaml").read_text(encoding="utf-8"))
    file = tmp_path / "vain.yaml"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(file)
    own = reload_scenario(file)
    document = own.document
    for error in caught.value.errors:
        document = without(document, tuple(error.path.split(".")))
    one, other = (run_ensemble(each, replications=30).table for each in (own, replace(own, document=document)))
    assert one["failures"].sum() + one["stalls"].sum() > 20
    # Who would go on to be repaired by hand is counted, though the repair before never ends.
    counted = ("manual_repairs", "interventions_per_day", "cures")
    columns = [column for column in one if not column.startswith("input:") and column not in counted]
    pd.testing.assert_frame_equal(one[columns], other[columns], check_exact=True)


@pytest.mark.parametrize(("settings", "paths"), TAKEN, ids=lambda value: str(value))
def test_a_policy_whose_cause_a_what_if_takes_away_is_told_and_not_refused(
    settings: list[str], paths: list[str]
) -> None:
    assert parse_scenario(FULL).inert == ()
    scenario = parse_scenario(FULL, settings)
    assert told(scenario) == set(paths)
    assert all(missing(scenario, path) for path in paths)
    # What is written down can be run as it stands.
    assert parse_scenario(scenario.resolved_yaml()).resolved() == scenario.resolved()


def test_a_sweep_over_no_spares_goes_through(tmp_path: Path) -> None:
    file = tmp_path / "full.yaml"
    file.write_text(FULL, encoding="utf-8")
    cells = [(), ("cluster.hot_spares=0 nodes",), ("cluster.hot_spares=0 nodes", "recovery.choice=random")]
    usual, none, chosen = load_variants(file, ["recovery.spares_exposed=true"], cells)
    assert isinstance(usual, Scenario) and usual.inert == ()
    assert isinstance(none, Scenario) and told(none) == {"recovery.eviction", "recovery.spares_exposed"}
    assert isinstance(chosen, Scenario) and told(chosen) == told(none)


@pytest.mark.parametrize("spares", ["0 nodes", "2 nodes"])
def test_a_sweep_of_a_policy_from_no_spares_on_goes_through(spares: str, tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text(PLAIN.replace("hot_spares: 2 nodes", f"hot_spares: {spares}"), encoding="utf-8")
    none, some = "cluster.hot_spares=0 nodes", "cluster.hot_spares=2 nodes"
    policy = "recovery.spares_exposed=true"
    cells = [(none,), (some,), (none, policy), (some, policy)]
    found = [each if isinstance(each, ScenarioErrors) else told(each) for each in load_variants(file, [], cells)]
    assert found == [set(), set(), {"recovery.spares_exposed"}, set()]
    # Where no cell has spares, the policy is in vain.
    *_, alone = load_variants(file, [none], [(policy,), ("cluster.hot_spares=-1 nodes",), ("run.seed=3", policy)])
    assert isinstance(alone, ScenarioErrors) and [error.path for error in alone.errors] == ["recovery.spares_exposed"]


def test_what_another_override_takes_away_is_told_and_not_refused() -> None:
    scenario = parse_scenario(PLAIN, ["cluster.hot_spares=0 nodes", "recovery.spares_exposed=true"])
    assert told(scenario) == {"recovery.spares_exposed"}
    with pytest.raises(ScenarioErrors, match="no hot spares that could break"):
        parse_scenario(PLAIN.replace("hot_spares: 2 nodes", "hot_spares: 0 nodes"), ["recovery.spares_exposed=true"])


def test_without_spares_a_choice_and_the_exposure_tells_nodes_apart_do_something() -> None:
    waits = PLAIN.replace("hot_spares: 2 nodes", "hot_spares: 0 nodes").replace("rate: 0.3", "rate: 30")
    waits += "recovery: {repair: 12 h, cure: 70%, relapse: 10 h}\n"
    lemons = "  bad: {part: node, rate: 0.2 /node/day, lemons: {share: 30%, times: 10}}\n"
    waits = waits.replace("checkpoint:", lemons + "checkpoint:")
    for policy in ("recovery.choice=random", "recovery.spares_exposed=true"):
        one, other = (run_ensemble(parse_scenario(waits, changes), replications=20) for changes in ([], [policy]))
        assert other.scenario.inert == () and (one.table["finish_days"] != other.table["finish_days"]).any()


def test_what_a_changed_effect_leaves_without_use_is_filled_in_as_if_nobody_had_said_it() -> None:
    blast = PLAIN.replace("rate: 0.3 /kGPU/day", "rate: 0.3 /kGPU/day, blast: 2 nodes")
    scenario = parse_scenario(blast, ["failures.gpu.effect=slow", "failures.gpu.speed=80%"])
    assert told(scenario) == {"failures.gpu.blast"}
    assert parse_scenario(scenario.resolved_yaml()).resolved() == scenario.resolved()


def test_a_policy_of_a_file_below_is_told_and_not_refused(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(PLAIN + POLICY, encoding="utf-8")
    file = tmp_path / "run.yaml"
    file.write_text("schema: 1\nextends: house.yaml\nname: run\n", encoding="utf-8")
    scenario = load_scenario(file)
    assert told(scenario) == {"recovery.eviction"} and "house.yaml:8:12" in scenario.inert[0]
    with pytest.raises(ScenarioErrors):
        load_scenario(tmp_path / "house.yaml")
    checked = CliRunner().invoke(application, ["check", str(file)])
    assert checked.exit_code == 0
    assert "without effect here:" in checked.stderr and "recovery.eviction: no cause makes" in checked.stderr
    file.write_text("schema: 1\nextends: house.yaml\nname: run\nrecovery: {eviction: {slower_than: 80%}}\n")
    with pytest.raises(ScenarioErrors, match="no cause makes a node slow"):
        load_scenario(file)


@pytest.mark.parametrize("setting", ["recovery.eviction.slower_than=90%", "checkpoint.keep=9", "failures.gpu.age=9 d"])
def test_an_override_that_does_nothing_is_refused(setting: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(PLAIN, [setting])
    assert [error.file for error in caught.value.errors] == ["--set"]


@pytest.mark.parametrize(
    "setting",
    [
        "failures.slow.rate=0 /kGPU/day",
        "failures.slow.found=never",
        "failures.gpu.blamed=0%",
        "recovery.missed=0%",
        "failures.gpu={part: gpu, rate: 1 /kGPU/day, stall: 8 s, absorbed: 0%}",
        "failures.gpu.spares_exposed=false",
    ],
)
def test_a_number_that_is_none_is_a_question(setting: str) -> None:
    assert parse_scenario(FULL, [setting]).inert == ()


def test_a_run_without_failures_may_say_what_follows_them() -> None:
    assert parse_scenario(PLAIN.replace("\n  gpu: {part: gpu, rate: 0.3 /kGPU/day}", " {}") + POLICY).inert == ()


def test_what_an_older_run_wrote_down_is_read_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "scenario.resolved.yaml"
    file.write_text(PLAIN + POLICY, encoding="utf-8")
    assert reload_scenario(file).document.recovery.eviction is not None


# What nothing asks for

GIVEN = """\
schema: 1
name: a fabric beside an MFU
cluster: {node: hgx_h100, gpus: 512 GPUs, hot_spares: 2 nodes}
job: {parameters: 70B parameters, tokens: 0.5T tokens, mfu: 40%}
failures:
  gpu: {part: gpu, rate: 0.3 /kGPU/day}
recovery: {cure: 100%}
checkpoint: {interval: 1 h}
"""
# What is refused there, and words of its remedy.
UNASKED = [
    (
        ["cluster.fabric=infiniband_ndr"],
        "cluster.fabric",
        "give model, global_batch and tokens under job instead, or a",
    ),
    (["cluster.nodes_per_rack=8 nodes"], "cluster.nodes_per_rack", 'give one with "part: rack"'),
    (["cluster.nics_per_node=4 NICs"], "cluster.nics_per_node", 'give one with "part: nic"'),
    (["cluster.parts={fan: 4 /node}"], "cluster.parts.fan", 'give one with "part: fan"'),
    (["cluster.peak.fp8=1_000 TFLOP/s"], "cluster.peak.fp8", "write precision: fp8"),
    (["job.global_batch=512 sequences"], "job.global_batch", "job.mfu says how fast the job is"),
    (["job.parallel={tensor: 8}"], "job.parallel.tensor", "give model, global_batch and tokens"),
    (["job.shape={layers: 80}"], "job.shape.layers", "without mfu"),
    (["job.sequence=4_096 tokens"], "job.sequence", "without mfu"),
    (["checkpoint.size=1 TB"], "checkpoint.size", 'write "bandwidth: 200 GB/s" in a tier'),
    (["checkpoint.bytes_per_parameter=18 B"], "checkpoint.bytes_per_parameter", "in a tier"),
    (["recovery.choice=random"], "recovery.choice", "every node is as good as the other"),
    (["failures.gpu.relapse=2 d"], "failures.gpu.relapse", 'write "cure: 80%"'),
    (["failures.scales={excess: 0.1, from: 512 GPUs}"], "failures.scales", "no more than 512 GPUs"),
    (["failures.gpu.members=100%"], "failures.gpu.members", "takes one node or none"),
    (["failures.gpu.on_replacement=minimal_repair"], "failures.gpu.on_replacement", "law: weibull"),
]


def test_hangs_that_cannot_be_told_apart_are_refused() -> None:
    more = "recovery: {hangs: {share: 10%, detection: 9 min}}\n"
    text = GIVEN.replace("recovery: {cure: 100%}\n", more).replace("cluster: {", "cluster: {nodes_per_rack: 4 nodes, ")
    causes = "  gpu: {part: gpu, rate: 0.3 /kGPU/day}\n  rack: {part: rack, rate: 1 /rack/year, hangs: 5%}"
    with pytest.raises(ScenarioErrors, match="is noticed at once") as caught:
        parse_scenario(text.replace("  gpu: {part: gpu, rate: 0.3 /kGPU/day}", causes))
    assert [error.path for error in caught.value.errors] == ["failures.rack.hangs"]


def test_a_cause_that_speaks_of_hangs_tells_them_apart_from_one_detection_for_all() -> None:
    text = GIVEN.replace("recovery: {cure: 100%}\n", "recovery: {detection: 1 min}\n")
    assert set(parse_scenario(text).document.failures.causes) == {"gpu"}
    apart = parse_scenario(text.replace("0.3 /kGPU/day}", "0.3 /kGPU/day, hangs: 5%}"))
    assert set(apart.document.failures.causes) == {"gpu", "gpu_hang"}
    assert apart.document.recovery.hangs is not None and "class automatic" in apart.document.recovery.hangs.share.source


def test_a_ladder_that_no_cause_climbs_is_refused() -> None:
    ladder = "recovery: {cure: 100%, ladder: [{rung: warm, share: 50%, time: 1 min}]}"
    text = GIVEN.replace("recovery: {cure: 100%}", ladder).replace("0.3 /kGPU/day", "0.3 /kGPU/day, restart: 2 min")
    with pytest.raises(ScenarioErrors, match="could be told apart so"):
        parse_scenario(text)


@pytest.mark.parametrize(("overrides", "path", "remedy"), UNASKED, ids=[path for _, path, _ in UNASKED])
def test_what_nothing_asks_for_is_refused(overrides: list[str], path: str, remedy: str) -> None:
    with pytest.raises(ScenarioErrors, match=re.escape(remedy)) as caught:
        parse_scenario(GIVEN, overrides)
    assert [error.path for error in caught.value.errors] == [path]


def test_a_profile_that_does_not_exist_is_an_error_wherever_it_is_named() -> None:
    with pytest.raises(ScenarioErrors, match="no hardware profile 'infiniband_nrd'; did you mean 'infiniband_ndr'"):
        parse_scenario(GIVEN, ["cluster.fabric=infiniband_nrd"])


def test_a_fabric_without_effect_has_no_best_in_a_sweep(tmp_path: Path) -> None:
    file = tmp_path / "given.yaml"
    file.write_text(GIVEN, encoding="utf-8")
    words = ["sweep", str(file), "--axis", "cluster.fabric=infiniband_ndr,roce_400g_ecmp", "--output", str(tmp_path)]
    swept = CliRunner().invoke(application, words)
    assert swept.exit_code == 3 and "no cause strikes an element" in swept.output and "best" not in swept.output
    # The file of a house may name it for others that predict their step, or break its spines.
    child = tmp_path / "child.yaml"
    file.write_text(GIVEN.replace("hot_spares", "fabric: infiniband_ndr, hot_spares"), encoding="utf-8")
    child.write_text("schema: 1\nextends: given.yaml\n", encoding="utf-8")
    assert told(load_scenario(child)) == {"cluster.fabric"}
    broken = ["cluster.gpus=2_048 GPUs", "failures.spine={part: spine, rate: 0.1 /spine/year}"]
    assert load_scenario(child, broken).inert == ()


def test_a_model_is_known_or_an_error_and_told_where_nothing_follows_from_it() -> None:
    with pytest.raises(ScenarioErrors, match=r"did you mean 'llama3_70b'.*a label belongs in name"):
        parse_scenario(GIVEN, ["job.model=lama3_70b"])
    assert told(parse_scenario(GIVEN, ["job.model=Llama 3 70B"])) == {"job.model"}
    counted = parse_scenario(GIVEN.replace("parameters: 70B parameters, ", "model: llama3_70b, "))
    assert counted.inert == () and counted.flop() == pytest.approx(6 * 70.55e9 * 0.5e12, rel=1e-3)


def test_what_a_profile_or_a_model_says_just_so_may_stand() -> None:
    for overrides in ([], ["job.parameters=", "job.model=llama3_70b"]):
        scenario = parse_scenario(GIVEN, overrides)
        assert parse_scenario(scenario.resolved_yaml()).resolved() == scenario.resolved()
