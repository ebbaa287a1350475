"""What a scenario says of hangs, detection, scales and rungs in vain, and what a class of operator fills just so.

And what is told of an interval or scales that are not written as they should be.
"""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from simulator.ensemble import run_ensemble
from simulator.scenario import Scenario, ScenarioErrors, load_scenario, parse_scenario

PLAIN = """\
schema: 1
name: plain
cluster: {nodes: 16 nodes, hot_spares: 2 nodes}
job: {work: 24 h}
failures:
  gpu: {part: gpu, rate: 30 /kGPU/day}
  software: {part: software, rate: 30 /kGPU/day}
recovery: {repair: 1 h}
checkpoint: {interval: 10 min}
"""
BOTH = ("failures.gpu.hangs=", "failures.software.hangs=")
GROWS = "{excess: 0.5, from: 64 GPUs}"
RUNG = "[{rung: retry, share: 40%, time: 20 s, keeps_nodes: true}]"
# What makes something idle, what is said in vain then, where, and words of the remedy.
IDLE = [
    (["failures.gpu.hangs=100%"], "failures.gpu.detection=20 min", 'write "hangs: 10%" under the cause'),
    (["recovery.hangs.share=100%"], "recovery.detection=20 min", 'write "hangs: 10%" under the cause'),
    ([f"{each}100%" for each in BOTH], "recovery.detection=20 min", 'write "hangs: 10%" under the cause'),
    ([f"{each}20%" for each in BOTH], "recovery.hangs.share=40%", "leave it out"),
    ([f"{each[:-6]}scales={GROWS}" for each in BOTH], f"failures.scales={GROWS}", "leave it out"),
    (["failures.gpu="], f"recovery.ladder={RUNG}", 'give one with "effect: stop" and "part: gpu"'),
]


def path_of(setting: str) -> str:
    path = setting.partition("=")[0]
    return f"{path}.0.keeps_nodes" if path == "recovery.ladder" else path


def answer(scenario: Scenario) -> pd.DataFrame:
    table = run_ensemble(scenario, replications=10).table
    return table[[column for column in table if not column.startswith("input:")]]


def written(folder: Path, settings: list[str]) -> Path:
    """Return a file that says what settings do, over the plain one."""
    whole: dict[str, Any] = {"schema": "1", "extends": "plain.yaml"}
    for setting in settings:
        path, _, value = setting.partition("=")
        *above, key = path.split(".")
        section = whole
        for word in above:
            section = section.setdefault(word, {})
        section[key] = YAML(typ="safe").load(value)
    (folder / "plain.yaml").write_text(PLAIN, encoding="utf-8")
    with (folder / "run.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(whole, file)
    return folder / "run.yaml"


@pytest.mark.parametrize(("why", "setting", "remedy"), IDLE, ids=[path_of(setting) for _, setting, _ in IDLE])
def test_what_no_cause_has_a_use_for_is_refused(why: list[str], setting: str, remedy: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioErrors, match=re.escape(remedy)) as caught:
        load_scenario(written(tmp_path, [*why, setting]))
    assert [error.path for error in caught.value.errors] == [path_of(setting)]
    with pytest.raises(ScenarioErrors, match=re.escape(remedy)):
        load_scenario(written(tmp_path, why), [setting])


@pytest.mark.parametrize(("why", "setting"), [each[:2] for each in IDLE], ids=[path_of(each[1]) for each in IDLE])
def test_what_a_what_if_leaves_without_use_is_told(why: list[str], setting: str, tmp_path: Path) -> None:
    told = load_scenario(written(tmp_path, [setting]), why)
    assert [line.split(": ")[1] for line in told.inert] == [path_of(setting)]
    assert parse_scenario(told.resolved_yaml()).resolved() == told.resolved()
    rung = setting if setting.startswith("recovery.ladder") else ""  # of which one key alone is idle
    pd.testing.assert_frame_equal(answer(told), answer(parse_scenario(PLAIN, [*why, rung] if rung else why)))


def test_what_acts_for_some_cause_is_taken() -> None:
    domain = "failures.gpu.common={share: 60%, domain: rack}"
    for settings in (
        ["failures.gpu.hangs=100%", "recovery.detection=20 min"],
        ["failures.gpu.hangs=90%", "failures.gpu.detection=20 min"],
        ["cluster.nodes_per_rack=4 nodes", domain, "failures.gpu.hangs=100%", "failures.gpu.detection=20 min"],
        ["recovery.hangs.share=100%", "recovery.detection=20 min", "maintenance={every: 6 h, length: 10 min}"],
        ["failures.gpu.hangs=20%", "recovery.hangs.share=40%"],
        [f"failures.gpu.scales={GROWS}", f"failures.scales={GROWS}"],
        [f"recovery.ladder={RUNG}"],
    ):
        assert parse_scenario(PLAIN, settings).inert == ()
        if not settings[-1].startswith("maintenance"):
            before, after = (answer(parse_scenario(PLAIN, each)) for each in (settings[:-1], settings))
            assert not before.equals(after), settings


@pytest.mark.parametrize("operator", ["by_hand", "automatic", "best", "{automatic: 70%, by_hand: 30%}"])
@pytest.mark.parametrize("why", [*(why for why, _, _ in IDLE), ["failures.gpu.detection=20 min", "failures.software="]])
def test_what_a_class_fills_without_use_is_read_again(why: list[str], operator: str) -> None:
    scenario = parse_scenario(PLAIN, [f"operator={operator}", *why])
    assert scenario.inert == ()
    assert parse_scenario(scenario.resolved_yaml()).resolved() == scenario.resolved()


@pytest.mark.parametrize(
    ("written_as", "key", "told"),
    [
        ("{times_optimum: 2, p10: 1 min}", ".p10", "unknown key; the keys here are times_optimum"),
        ("{times_optimun: 2}", ".times_optimun", "unknown key; did you mean 'times_optimum'?"),
        ("{p10: 1 min, p50: 2 min, p90: 4 min, p99: 9 min}", ".p99", "unknown key; did you mean 'p90'?"),
    ],
)
def test_an_interval_names_the_keys_that_it_has(written_as: str, key: str, told: str) -> None:
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(PLAIN, [f"checkpoint.interval={written_as}"])
    assert [error.headline for error in caught.value.errors] == [f"--set: checkpoint.interval{key}: {told}"]


@pytest.mark.parametrize("machines", ["nodes: 2 nodes", "nodes: 16 nodes", "gpus: 512 GPUs", "gpus: 65_536 GPUs"])
@pytest.mark.parametrize("missing", ["excess: 0.1", "from: 2 GPUs"])
@pytest.mark.parametrize("section", ["failures", "failures.gpu"])
def test_the_example_for_scales_is_accepted(section: str, missing: str, machines: str) -> None:
    text = PLAIN.replace("nodes: 16 nodes", machines)
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(text, [f"{section}.scales={{{missing}}}"])
    (error,) = caught.value.errors
    example = re.fullmatch('write "(.*)"', error.remedy)
    assert example is not None and error.path.startswith(f"{section}.scales.")
    parse_scenario(text, [f"{section}.scales={{{missing}, {example[1]}}}"])
