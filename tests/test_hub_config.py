"""A model's config.json: read as the model of a case, and told in our words where it is given for something else."""

import json
from pathlib import Path
from typing import Any

import pytest
from test_cli import derisk

from simulator.scenario import ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.cases import read_cases
from simulator.workload.zoo import MODELS

# The keys of the files of Llama 3 70B, DeepSeek-V3 and Mixtral 8x7B that tell their shapes.
LLAMA = {
    "model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672, "num_attention_heads": 64,
    "num_hidden_layers": 80, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072,
    "tie_word_embeddings": False, "hidden_act": "silu",
}  # fmt: skip
DEEPSEEK = {
    "model_type": "deepseek_v3", "hidden_size": 7168, "intermediate_size": 18432, "num_attention_heads": 128,
    "num_hidden_layers": 61, "num_key_value_heads": 128, "vocab_size": 129280, "tie_word_embeddings": False,
    "hidden_act": "silu", "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048, "first_k_dense_replace": 3, "q_lora_rank": 1536, "kv_lora_rank": 512,
    "qk_rope_head_dim": 64, "qk_nope_head_dim": 128,
}  # fmt: skip
MIXTRAL = {
    "model_type": "mixtral", "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
    "num_hidden_layers": 32, "num_key_value_heads": 8, "vocab_size": 32000, "tie_word_embeddings": False,
    "hidden_act": "silu", "num_local_experts": 8, "num_experts_per_tok": 2,
}  # fmt: skip
NAMED = {"llama3_70b": LLAMA, "deepseek_v3": DEEPSEEK, "mixtral_8x7b": MIXTRAL}


def file_of_cases(folder: Path, model: dict[str, Any]) -> Path:
    path = folder / "cases.json"
    case = {"id": "ours", "gpu": "h100_sxm", "gpus": 1024, "gbs": 1024, "model": model}
    path.write_text(json.dumps({"cases": [case]}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", NAMED)
def test_a_configuration_is_read_as_the_model_that_it_is(name: str, tmp_path: Path) -> None:
    known = MODELS[name].model
    (entry,) = read_cases(file_of_cases(tmp_path, NAMED[name] | {"seq": int(known.sequence)}))
    assert entry.errors == () and entry.case is not None
    read = entry.case.model
    assert read.parameters == known.parameters and read.active_parameters == known.active_parameters
    assert (read.query_rank, read.kv_rank, read.rope_size) == (known.query_rank, known.kv_rank, known.rope_size)


def test_what_a_configuration_does_not_tell_is_asked_for_and_what_is_not_read_is_told(tmp_path: Path) -> None:
    path = file_of_cases(tmp_path, LLAMA | {"rope_theta": 500000})
    result = derisk("step", path)
    assert result.exit_code == 3
    assert "ours.model.seq: is missing; write seq: 8192, in tokens" in result.stderr
    for key in ("max_position_embeddings", "rope_theta"):
        assert f"{key}: is not read" in result.stderr
    assert "hidden_size" not in result.stderr


def test_other_latent_attention_than_ours_is_not_read_silently(tmp_path: Path) -> None:
    path = file_of_cases(tmp_path, DEEPSEEK | {"kv_lora_rank": 256, "seq": 4096})
    result = derisk("step", path)
    assert "kv_lora_rank: is not read" in result.stderr


@pytest.mark.parametrize("name", NAMED)
def test_a_configuration_alone_is_told_what_to_write(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(NAMED[name]), encoding="utf-8")
    result = derisk("step", path)
    assert (
        result.exit_code == 3 and "is the configuration of a model, which tells no GPUs and no batch" in result.stderr
    )
    row = next(line for line in result.stderr.splitlines() if line.startswith("  - {"))
    advised = tmp_path / "advised.yaml"
    advised.write_text(f"cases:\n{row}\n", encoding="utf-8")
    (entry,) = read_cases(advised)
    assert entry.case is not None and entry.case.model.parameters == MODELS[name].model.parameters


@pytest.mark.parametrize("name", NAMED)
def test_a_configuration_for_a_scenario_is_told_as_a_shape(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(NAMED[name]), encoding="utf-8")
    with pytest.raises(ScenarioErrors) as caught:
        load_scenario(path)
    shape = caught.value.errors[0].headline.split("shape: ")[1].split("}")[0] + "}"
    text = f"""\
schema: 1
name: ours
cluster: {{node: hgx_h100, gpus: 1_024 GPUs}}
job: {{shape: {shape}, tokens: 1T tokens, mfu: 40%}}
"""
    parameters = parse_scenario(text).document.job.parameters
    assert parameters is not None
    # A shape has no latent attention, whose weights are others.
    assert parameters.median == pytest.approx(MODELS[name].model.parameters, rel=0.02)


def test_keys_of_a_configuration_in_a_shape_are_told_ours() -> None:
    text = "schema: 1\nname: ours\ncluster: {node: hgx_h100, gpus: 1_024 GPUs}\n"
    text += "job: {shape: {hidden_size: 8192, vocab_size: 128256}, tokens: 1T tokens, mfu: 40%}\n"
    with pytest.raises(ScenarioErrors) as caught:
        parse_scenario(text)
    told = [error.headline for error in caught.value.errors]
    assert any("job.shape.hidden_size: unknown key; did you mean 'hidden'?" in line for line in told)
    assert any("job.shape.vocab_size: unknown key; did you mean 'vocabulary'?" in line for line in told)
