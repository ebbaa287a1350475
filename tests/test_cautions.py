"""Cautions: what a scenario may say, and its planner should know to be doubtful."""

from pathlib import Path

import pytest
from test_cli import as_json, derisk

from simulator.app.state import Draft, load
from simulator.scenario import ScenarioErrors, parse_scenario
from simulator.scenario.cases import read_cases
from simulator.scenario.cautions import PREDICTED_STEP, PUBLISHED_STEP, cautions
from simulator.workload.predict import predict

MIXTURE = """\
schema: 1
name: mixture
cluster: {node: hgx_h800, gpus: 2_048 GPUs, hot_spares: 4 nodes, fabric: infiniband_ndr}
job: {model: deepseek_v3, tokens: 1T tokens, global_batch: 15_360 sequences, precision: fp8, parallel: auto}
failures: {gpu: {part: gpu, rate: 0.3 /kGPU/day}}
recovery: {repair: 24 h}
"""
# DeepSeek-V3 as published: arXiv 2412.19437, sections 3.2 and 4.2, table 1.
DEEPSEEK = """\
cases:
- id: deepseek_v3
  gpu: h800
  gpus: 2048
  fabric: infiniband_ndr
  model: {layers: 61, hidden: 7168, heads: 128, kv_heads: 128, ffn: 18432, glu: true, vocab: 129280, seq: 4096,
          moe: {experts: 256, shared: 1, topk: 8, moe_ffn: 2048, dense_layers: 3, dense_ffn: 18432, mla: true}}
  precision: fp8
  gbs: 15360
  tp: 1
  pp: 16
  ep: 64
"""


def test_the_miss_that_is_told_is_the_miss_that_is(tmp_path: Path) -> None:
    path = tmp_path / "deepseek.yaml"
    path.write_text(DEEPSEEK, encoding="utf-8")
    (entry,) = read_cases(path)
    assert entry.case is not None
    (found,) = predict([entry.case])
    assert found.step_s == pytest.approx(PREDICTED_STEP, abs=0.1)
    tokens_a_step, gpu_hours_a_trillion, gpus = 15_360 * 4_096, 180_000, 2_048
    assert tokens_a_step / 1e12 * gpu_hours_a_trillion * 3_600 / gpus == pytest.approx(PUBLISHED_STEP, abs=0.05)


def test_a_predicted_mixture_is_told_to_be_doubtful() -> None:
    (told,) = cautions(parse_scenario(MIXTURE))
    assert told.startswith("job.step_time: the step of a mixture of experts is predicted badly")
    assert "comes out 52% longer (30.3 s) than published (19.9 s)" in told
    assert cautions(parse_scenario(MIXTURE, ["job.step_time=20 s"])) == ()
    assert cautions(parse_scenario(MIXTURE, ["job.model=llama3_70b", "job.global_batch=1_024 sequences"])) == ()


def test_flop_of_a_mixture_are_those_of_the_parameters_that_a_token_meets() -> None:
    given = parse_scenario(MIXTURE, ["job.mfu=20%"])
    active = given.document.job.active_parameters
    assert active is not None and active.median == pytest.approx(37.5e9, rel=0.02)
    assert cautions(given) == () and given.flop() == pytest.approx(6 * active.median * 1e12)
    all_of_them = parse_scenario(MIXTURE, ["job.mfu=20%", "job.parameters=671B parameters"])
    assert all_of_them.flop() == given.flop()
    own = parse_scenario(MIXTURE, ["job.mfu=20%", "job.active_parameters=40B parameters"])
    assert own.work() == pytest.approx(given.work() * 40e9 / active.median)
    uncertain = parse_scenario(MIXTURE, ["job.mfu=20%", "job.tokens={value: 1T tokens, spread: 10%}"])
    assert uncertain.flop({"job.tokens": 2e12}) == pytest.approx(2 * (given.flop() or 0.0)), "tokens are drawn"
    with pytest.raises(ScenarioErrors, match="700B parameters exceed the 671B parameters of the model"):
        parse_scenario(
            MIXTURE, ["job.mfu=20%", "job.parameters=671B parameters", "job.active_parameters=700B parameters"]
        )


def test_a_name_of_no_model_needs_the_active_parameters_of_its_mixture() -> None:
    text = MIXTURE.replace(
        "model: deepseek_v3", "parameters: 1T parameters, active_parameters: 32B parameters, mfu: 25%"
    )
    text = text.replace(", global_batch: 15_360 sequences", "").replace(", parallel: auto", "").replace("  fabric", "")
    text = text.replace(", fabric: infiniband_ndr", "").replace(
        "recovery:", "checkpoint: {tiers: [{to: storage, bandwidth: 100 GB/s}]}\nrecovery:"
    )
    given = parse_scenario(text)
    assert given.flop() == pytest.approx(6 * 32e9 * 1e12) and given.checkpoint_size() == pytest.approx(14e12)


def test_check_run_and_the_app_tell_it(tmp_path: Path) -> None:
    path = tmp_path / "mixture.yaml"
    path.write_text(MIXTURE, encoding="utf-8")
    checked = derisk("check", path, "--json")
    assert [line.split(":")[0] for line in as_json(checked)["cautions"]] == ["job.step_time"]
    run = derisk("run", path, "-n", 2, "-o", tmp_path / "runs")
    for result in (checked, run):
        assert result.stderr.count("caution: job.step_time: the step of a mixture") == 1
    scenario = load(Draft.of_text(MIXTURE, "mixture.yaml")).scenario
    assert scenario is not None and len(cautions(scenario)) == 1
