"""What a user is told of a scenario that is wrong: all at once, at the layer at fault, with remedies that hold."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from test_cli import derisk

from simulator import resources
from simulator.scenario import ScenarioError, ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.remedies import followed, remedies
from simulator.scenario.yaml_tree import Item, read_text

BROKEN = Path(__file__).parent / "broken"
EXPECTED: dict[str, list[str]] = YAML(typ="safe").load(BROKEN / "expected.yaml")
PRESET = resources.scenarios() / "presets" / "llama3_405b_16k.yaml"


def errors_of(text: str, overrides: list[str] | None = None, folder: Path = Path()) -> list[ScenarioError]:
    """Return what is wrong with a text; nothing where it is a scenario."""
    try:
        parse_scenario(text, overrides, name="mine.yaml", folder=folder)
    except ScenarioErrors as failed:
        return failed.errors
    return []


def written(tree: Item) -> str:
    """Return a tree as text: JSON is YAML."""
    return json.dumps(tree.data())


# Remedies


def advised() -> list[tuple[str, int, int]]:
    """Return all remedies of the corpus that can be tried: the file, the number of its error, and of the remedy."""
    found = []
    for name in EXPECTED:
        try:
            text = (BROKEN / name).read_text(encoding="utf-8")
            read_text(text, name)
        except (ScenarioErrors, UnicodeDecodeError):
            continue  # what is no YAML has no keys to change
        for number, error in enumerate(errors_of(text, folder=BROKEN)):
            if error.file == "mine.yaml":
                found += [(name, number, place) for place, _ in enumerate(remedies(error))]
    return found


@pytest.mark.parametrize(("name", "number", "place"), advised())
def test_advice_that_is_followed_to_the_letter_is_accepted(name: str, number: int, place: int) -> None:
    text = (BROKEN / name).read_text(encoding="utf-8")
    errors = errors_of(text, folder=BROKEN)
    error = errors[number]
    remedy = remedies(error)[place]
    tree = followed(read_text(text, "mine.yaml"), error, remedy)
    assert tree is not None, f"{error.headline}: {remedy} has no place"
    before = {(one.path, one.message) for one in errors}
    after = {(one.path, one.message): one for one in errors_of(written(tree), folder=BROKEN)}
    assert (error.path, error.message) not in after, f"{remedy} does not mend it"
    fresh = [one.headline for key, one in after.items() if key not in before]
    assert not [line for line in fresh if f": {error.path}:" in line], f"{remedy} leads to {fresh}"


def test_the_corpus_has_remedies_of_every_kind() -> None:
    kinds = [remedies(errors_of((BROKEN / name).read_text(encoding="utf-8"), folder=BROKEN)[number])[place].kind
             for name, number, place in advised()]  # fmt: skip
    assert {kind: kinds.count(kind) > 1 for kind in ("value", "pair", "key", "out")} == dict.fromkeys(
        ("value", "pair", "key", "out"), True
    )
    assert len(kinds) > 80


# The layer at fault


def test_an_override_at_fault_is_named_and_not_the_preset() -> None:
    for overrides in (["cluster.gpus=1e18 GPUs"], ["recovery.swap=30 s", "cluster.gpus=1e18 GPUs", "run.seed=3"]):
        with pytest.raises(ScenarioErrors) as caught:
            load_scenario(PRESET, overrides)
        (error,) = caught.value.errors
        assert error.headline.startswith("--set 'cluster.gpus=1e18 GPUs': job: "), error.headline
        assert "are too little; check tokens, parameters and GPUs" in error.headline


@pytest.mark.parametrize(
    ("own", "line", "message"),
    [
        ("cluster: {gpus: 1e18 GPUs}", 4, "are too little"),
        ("job: {start: 2027-01-01}\ncluster:\n  gpus: 1e18 GPUs", 6, "are too little"),
        (
            "failures: {gpu: {part: gpu, rate: 1 /day, blast: 4_000 nodes}}",
            4,
            "4000 nodes are more than the 2_048 nodes of the job",
        ),
        ("run:\n  seed: 3\njob: {tokens: 1e30 tokens}", 6, "of work are more than the 2.5 years"),
    ],
)
def test_a_file_at_fault_is_named_and_not_the_preset_below(own: str, line: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"schema: 1\nextends: llama3_405b_16k\nname: mine\n{own}\n", encoding="utf-8")
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(path)
    told = [error for error in caught.value.errors if message in error.message]
    assert [(error.file, error.line) for error in told] == [(str(path), line)], caught.value


def test_the_layer_in_the_middle_answers_for_its_own_mistakes(tmp_path: Path) -> None:
    (tmp_path / "middle.yaml").write_text(
        "schema: 1\nextends: llama3_405b_16k\nname: middle\ncluster: {gpus: 1e18 GPUs}\n", encoding="utf-8"
    )
    top = tmp_path / "top.yaml"
    top.write_text("schema: 1\nextends: middle\nname: top\ncluster: {hot_spares: 3 nodes}\n", encoding="utf-8")
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(top, ["recovery.swap=1 min"])
    assert [(error.file, error.line) for error in caught.value.errors] == [(str(tmp_path / "middle.yaml"), 4)]


def test_a_mistake_of_the_base_stays_there() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(BROKEN / "too_much_work.yaml", ["recovery.swap=1 min"])
    (error,) = caught.value.errors
    assert error.line == 6 and error.file.endswith("too_much_work.yaml")


@pytest.mark.parametrize(
    ("words", "headline"),
    [
        (("compare", PRESET, "--with", "recovery.restart=5"), "--with: recovery.restart: 5 has no unit"),
        (("sweep", PRESET, "--axis", "recovery.restart=5,6 min"), "--axis: recovery.restart: 5 has no unit"),
        (
            (
                *("break-even", "example", "--input", "recovery.swap", "--between", "5", "2min", "--target"),
                "finish.p90=80 d",
            ),
            "--between: recovery.swap: 5 has no unit",
        ),
        (("sensitivity", PRESET, "--option", "recovery.restart=5"), "--option: recovery.restart: 5 has no unit"),
        (("check", PRESET, "--set", "recovery.restart=5"), "--set: recovery.restart: 5 has no unit"),
        (
            ("compare", PRESET, "--with", "cluster.gpus=1e18 GPUs"),
            "--with 'cluster.gpus=1e18 GPUs': job: 9.349e-8 s of work are too little",
        ),
    ],
)
def test_an_error_names_the_option_that_gave_the_value(words: tuple[str, ...], headline: str) -> None:
    result = derisk(*words)
    assert result.exit_code == 3
    assert headline in result.stderr and ("--set" in words) == ("--set" in result.stderr)


def test_a_value_of_the_sweep_of_a_file_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = "schema: 1\nextends: example\nname: mine\nsweep:\n  recovery.restart: [5, 6 min]\n"
    path.write_text(text, encoding="utf-8")
    result = derisk("sweep", path)
    assert result.exit_code == 3
    assert result.stderr.startswith("sweep in the scenario: recovery.restart: 5 has no unit (in cell 1 of 2")


def test_zero_of_an_uncertain_rate_is_told_what_to_do() -> None:
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(resources.scenarios() / "example.yaml", ["failures.gpu.rate=0 /kGPU/day"])
    (error,) = caught.value.errors
    assert error.headline.startswith("--set 'failures.gpu.rate=0 /kGPU/day': failures.gpu.spread: ")
    assert "leave the spread out, or to switch a cause off write times: 0" in error.headline
    for cure in (["failures.gpu.times=0"], ["failures.gpu.rate=0 /kGPU/day", "failures.gpu.spread="]):
        load_scenario(resources.scenarios() / "example.yaml", cure)


# All at once


def test_an_error_hides_no_other() -> None:
    text = """\
name: five mistakes in five stages
extends: llama3_405b
cluster: {gpus: 16_381 GPUs, hot_spares: 8, wan_bandwidth: 10 Tb/s}
failures: {spine: {prt: gpu, rate: 0.1}}
recovery: {evction: {slower_than: 97%}}
"""
    told = [error.headline for error in errors_of(text)]
    for words in (
        'schema: missing; write "schema: 1"',
        "extends: there is no file 'llama3_405b' beside this one or among the presets; "
        "did you mean 'llama3_405b_16k' or 'llama3_405b_b200'?",
        'cluster.hot_spares: 8 alone is refused: nodes or GPUs? write "8 nodes"',
        "cluster.wan_bandwidth: joins two sites",
        "failures.spine.prt: unknown key; did you mean 'part'?",
        "failures.spine.rate: 0.1 has no unit",
        "recovery.evction: unknown key; did you mean 'eviction'?",
    ):
        assert any(words in line for line in told), (words, told)
    assert len(told) == len(set(told))


# Newcomers: files from a blank page after reading the README, with the mistakes that come naturally

DENSE = """\
name: 70B on 12,288 H200
cluster:
  node: h200
  gpus: 12288
  hot_spares: 2%
job:
  parameters: 70B
  tokens: 15T
  mfu: 40
  start: 2027-03-01
failures:
  gpu: {part: GPU, rate: 0.3 per 1000 GPUs per day}
  nic: {part: nic, mtbf: 20000 hrs}
recovery:
  detection: 2
  restart: 5 minutes
  repair_time: 24h
checkpoint:
  interval: 30
  tiers: [{to: storage, blocking: 10, restore: 120 sec}]
cost:
  gpu: $2.50/GPU/h
"""
MIXTURE = """\
schema: 1
name: mixture of experts on 36,864 GB200
cluster:
  node: gb200
  gpus: 36864
  hot_spares: 72
  fabric: infiniband
job:
  model: deepseek-v3
  tokens: 30T
  global_batch: 15360
  precision: FP8
  parallel: {tensor: 1, pipeline: 8, expert: 64}
failures:
  gpu: {part: GPU, rate: 0.2 /kGPU/day}
  nvlink: {part: nvswitch, mtbf: 200k hours}
  software: {part: software, rate: 0.05/kGPU/day}
recovery: {detection: {p50: 1 min, p90: 10 min}, restart: 5 min, repair: {mean: 24 h}}
checkpoint: {interval: auto, tiers: [{to: storage, blocking: 10 s, restore: 2 min}]}
"""
VARIATION = """\
extends: llama3_405b
cluster:
  gpus: 24000
failures:
  faulty_gpus: {rate: 0.25}
recovery:
  restart: 300
"""


def followed_once(text: str, errors: list[ScenarioError]) -> str:
    """Return a text in which the first remedy of each error that can be followed is, in the order of the file."""
    tree = read_text(text, "mine.yaml")
    for error in errors:
        changes = (followed(tree, error, remedy) for remedy in remedies(error))
        changed = next((change for change in changes if change is not None), None)
        assert changed is not None, f"no remedy can be followed: {error.headline}"
        tree = changed
    return written(tree)


@pytest.mark.parametrize("text", [DENSE, MIXTURE, VARIATION], ids=["dense", "mixture", "variation"])
def test_a_newcomer_who_does_as_told_has_a_scenario_after_two_rounds(text: str) -> None:
    for _ in range(2):
        errors = errors_of(text)
        if not errors:
            break
        text = followed_once(text, errors)
    assert errors_of(text) == []


def test_a_newcomer_is_told_all_mistakes_in_the_first_round() -> None:
    wrong = """
        schema cluster.node cluster.gpus job.parameters job.tokens job.mfu failures.gpu.part
        failures.nic.mtbf recovery.detection recovery.repair_time checkpoint.interval checkpoint.tiers.0.blocking
    """
    assert sorted(error.path for error in errors_of(DENSE)) == sorted(wrong.split())
