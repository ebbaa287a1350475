"""A job's step from its model, plan, GPUs and fabric: filled in, uncertain, explained; and ways to get it wrong."""

import math
from dataclasses import replace

import pytest

from simulator import resources
from simulator.compile.compile import compile_plan
from simulator.numbers.times import TICKS_PER_SECOND
from simulator.planning.elasticity import STORAGE, resource_effects
from simulator.scenario import Scenario, ScenarioErrors, load_scenario, parse_scenario
from simulator.scenario.profiles import load_fabric, load_gpu
from simulator.words.model_shape import mixture_faults
from simulator.workload.case import Case
from simulator.workload.network import Network, between_sites_time
from simulator.workload.predict import predict
from simulator.workload.zoo import MODELS

FILE = resources.scenarios() / "planned_405b_gb200.yaml"
SMALL = """
schema: 1
name: 8B on 64 H100
cluster: {node: hgx_h100, gpus: 64 GPUs, fabric: infiniband_ndr}
job:
  model: Llama3 8B
  tokens: 15T tokens
  global_batch: 512 sequences
  parallel: {tensor: 2, pipeline: 1, micro_batch: 1}
failures: {node: {part: node, mtbf: 200 d}}
checkpoint: {interval: 10 min}
run: {horizon: 900 d}
"""


def small(*overrides: str) -> Scenario:
    return parse_scenario(SMALL, list(overrides), name="small.yaml")


def refusal(*overrides: str) -> str:
    with pytest.raises(ScenarioErrors) as caught:
        small(*overrides)
    return "\n".join(error.headline for error in caught.value.errors)


def test_the_work_is_steps_of_the_predicted_time() -> None:
    scenario = small()
    job, step = scenario.document.job, scenario.step
    assert step is not None and job.step_time is not None and job.parameters is not None
    steps = 15e12 / (512 * 8_192)
    assert scenario.work() == pytest.approx(steps * step.prediction.step_s)
    assert job.parameters.median == pytest.approx(8.03e9, rel=0.001)
    assert job.parameters.source == "arXiv 2407.21783, table 3"
    assert (job.step_time.p10, job.step_time.p90) == (step.prediction.p10, step.prediction.p90)
    assert not job.step_time.assumed and "tensor 2" in job.step_time.backing


def test_the_error_of_the_prediction_is_an_uncertain_input() -> None:
    scenario = small()
    assert "job.step_time" in [quantity.path for quantity in scenario.inputs]
    works = [compile_plan(scenario, scenario.draw_inputs(1, number)).work for number in range(200)]
    spread = math.log(sorted(works)[180] / sorted(works)[20])
    assert scenario.step is not None
    assert spread == pytest.approx(2 * 1.2816 * scenario.step.prediction.spread, rel=0.3)
    assert compile_plan(scenario).work == round(scenario.work() * TICKS_PER_SECOND)


def test_what_is_given_overrides_the_prediction() -> None:
    by_mfu = small("job.mfu=40%")
    assert by_mfu.document.job.step_time is None and by_mfu.step is not None
    assert by_mfu.work() == pytest.approx(6 * 8.03e9 * 15e12 / (0.4 * 64 * 989e12), rel=0.001)
    by_step = small("job.step_time=10 s")
    assert by_step.work() == pytest.approx(15e12 / (512 * 8_192) * 10)
    by_work = small("job.work=20 d")
    assert by_work.work() == 20 * 86_400


def test_a_known_model_gives_its_parameters_to_an_mfu() -> None:
    scenario = small("job.mfu=40%", "job.global_batch=null")
    assert scenario.step is None and scenario.work() == pytest.approx(small("job.mfu=40%").work())
    refused = refusal("job.mfu=40%", "job.model=our own")
    assert "no known model 'our own'; known are llama3_8b" in refused and "a label belongs in name" in refused


def test_resolved_it_says_the_same_again() -> None:
    scenario = small()
    again = parse_scenario(scenario.resolved_yaml(), name="again.yaml")
    assert again.resolved() == scenario.resolved()
    assert again.work() == scenario.work() and again.step is not None
    assert "interleaving" in again.resolved()["job"]["parallel"]


def test_a_plan_left_open_is_searched_and_explained() -> None:
    fixed, searched = small(), small("job.parallel=auto")
    assert fixed.step is not None and searched.step is not None
    assert searched.step.prediction.step_s <= fixed.step.prediction.step_s
    assert any("fastest" in sentence for sentence in searched.step.explained)
    assert searched.step.prediction.fits


def test_faster_machines_and_networks_are_faster() -> None:
    slow = small("cluster.fabric=roce_400g_ecmp").work()
    assert small("cluster.node=hgx_b200").work() < small("cluster.node=hgx_h200").work() <= small().work() < slow


def test_the_shape_of_an_unknown_model_is_enough() -> None:
    shape = "{layers: 32, hidden: 4096, heads: 32, kv_heads: 8, ffn: 14336, gated: true, vocabulary: 128256}"
    own = small("job.model=", f"job.shape={shape}", "job.sequence=8_192 tokens")
    assert own.work() == pytest.approx(small().work())
    assert own.document.job.parameters is not None and own.document.job.parameters.source == "job.shape"


def test_a_mixture_of_experts_counts_the_parameters_that_a_token_meets() -> None:
    scenario = load_scenario(
        FILE, ["job.model=deepseek_v3", "job.global_batch=15_360 sequences", "cluster.gpus=2_304 GPUs"]
    )
    flop = scenario.flop()
    assert flop is not None and flop == pytest.approx(6 * 37.5e9 * 15.6e12, rel=0.02)
    assert scenario.checkpoint_size() == pytest.approx(14 * 671e9, rel=0.01)
    assert "expert" in scenario.resolved()["job"]["parallel"]


@pytest.mark.parametrize("speed", ["job.mfu=20%", "job.step_time=10 s"])
def test_a_mixture_whose_speed_is_given_counts_what_a_token_meets(speed: str) -> None:
    mixture = ["job.model=deepseek_v3", "job.global_batch=15_360 sequences", "cluster.gpus=2_304 GPUs"]
    given = load_scenario(FILE, [*mixture, speed])
    flop = given.flop()
    assert flop is not None and flop == pytest.approx(6 * 37.5e9 * 15.6e12, rel=0.02)
    if "mfu" in speed:
        assert given.work() == pytest.approx(flop / (0.2 * 2_304 * 5e15))
    assert given.checkpoint_size() == pytest.approx(14 * 671e9, rel=0.01)
    own = load_scenario(FILE, [*mixture, speed, "job.active_parameters=100B parameters"])
    assert own.flop() == pytest.approx(6 * 100e9 * 15.6e12)


def test_saves_take_what_the_machines_need_for_them() -> None:
    tiers = "[{to: host_memory}, {to: storage, every: 3, storage: parallel_file_system}]"
    scenario = small(f"checkpoint.tiers={tiers}")
    memory, storage = (scenario.document.checkpoint.tier(name) for name in ("host_memory", "storage"))
    assert memory is not None and storage is not None and memory.blocking is not None
    copy = 14 * 8.03e9 / (64 * 52.5e9)
    assert memory.blocking.median == pytest.approx(0.2 + copy, rel=0.001)
    assert storage.bandwidth is not None and storage.bandwidth.median == 2e12
    usual = small().document.checkpoint.tier("storage")
    assert usual is not None and usual.bandwidth is not None and usual.blocking is not None


def test_storage_that_is_slower_than_the_interval_sets_the_pace() -> None:
    slow = "checkpoint.tiers=[{to: storage, bandwidth: 0.02 GB/s, blocking: 1 s}]"
    plan = compile_plan(small("checkpoint.interval=auto", slow))
    assert plan.interval == plan.lag > 0


def test_elasticities_of_the_run_follow_those_of_the_step() -> None:
    effects = {effect.resource: effect for effect in resource_effects(small("job.tokens=1T tokens"), 60)}
    steps = [effect.step for effect in effects.values() if effect.step is not None]
    assert sum(steps) == pytest.approx(-1.0, abs=1e-6)
    for name, effect in effects.items():
        if name != STORAGE:
            assert effect.step is not None
            assert effect.run_time.value == pytest.approx(effect.step, abs=0.03 + 4 * effect.run_time.error)
    assert effects[STORAGE].goodput.value >= -4 * effects[STORAGE].goodput.error - 1e-9


def test_elasticities_move_a_speed_that_is_given_as_they_move_the_predicted_step() -> None:
    given = small("job.tokens=1T tokens", "job.mfu=40%")
    assert given.step is not None
    for effect in resource_effects(given, 60):
        if effect.resource != STORAGE:
            assert effect.step is not None
            assert effect.run_time.value == pytest.approx(effect.step, abs=0.03 + 4 * effect.run_time.error)
    with pytest.raises(ValueError, match="not predicted"):
        resource_effects(replace(given, step=None), 2)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("job.model=llama3_9b", "--set: job.model: there is no known model 'llama3_9b'; did you mean 'llama3_8b'?"),
        ("job.precision=fp9", "--set: job.precision: NVIDIA H100 SXM 80 GB does not compute in 'fp9'"),
        ("job.precision=fp4", "--set: job.precision: NVIDIA H100 SXM 80 GB does not compute in 'fp4'"),
        ("job.parallel.tensor=3", "--set: job.parallel.tensor: 32 heads are not divisible by tensor 3"),
        ("job.parallel.tensor=0", "--set: job.parallel.tensor: 0 must not be below 1"),
        ("job.parallel.tensr=2", "--set: job.parallel.tensr: unknown key; did you mean 'tensor'?"),
        ("job.parallel.recompute=some", "'some' is not one of none, selective, full"),
        ("job.parallel=best", "job.parallel: "),
        ("job.parallel.micro_batch=512", 'job.parallel: no plan has these degrees; write "parallel: auto", or '),
        ("cluster.fabric=infiniband_nrd", "--set: cluster.fabric: there is no hardware profile 'infiniband_nrd'"),
        ("cluster.fabric=h100_sxm", "--set: cluster.fabric: 'h100_sxm' is the profile of a gpu"),
        ("job.global_batch=521 sequences", "--set: job.global_batch: 521 sequences cannot be shared out over 64 GPUs"),
        ("job.global_batch=512", "--set: job.global_batch: 512 has no unit"),
        ("job.global_batch=null", "the amount of work is unknown"),
        ("job.tokens=null", 'how long is the run? write "tokens: 15.6T tokens"'),
        ("cluster.node=null", "of which GPUs?"),
        ("job.model=llama3_405b", "job.parallel: no plan fits in the 80 GB of a GPU"),
        ("checkpoint.tiers=[{to: storage, storage: h100_sxm}]", "'h100_sxm' is the profile of a gpu"),
        ("checkpoint.tiers=[{to: host_memory, storage: nvme_local}]", "belongs to a tier to storage"),
        ("job.shape={layers: 2, experts: 8}", "--set: job.shape.top_k: a mixture of experts needs it; write it"),
        ("job.shape.layers=1e12", "--set: job.shape.layers: 1e12 must not be above 10_000"),
        ("job.shape.heads=1_000_000_007", "job.shape.heads: 1_000_000_007 must not be above 100_000"),
        ("job.global_batch=1e30 sequences", "job.global_batch: 1e30 sequences must not be above 10_000_000 sequences"),
        ("job.parallel.tensor=1e9", "job.parallel.tensor: 1e9 must not be above 10_000_000"),
        ("job.shape={heads: 32, kv_heads: 5}", "job.shape.kv_heads: 5 does not divide the 32 heads"),
        (
            "job.shape={heads: 24, hidden: 4096}",
            "job.shape.heads: 24 heads do not divide hidden, 4_096; write head_size",
        ),
        ("job.shape={layers: 8, dense_layers: 8}", "job.shape.dense_layers: 8 of 8 layers leave none with experts"),
        ("job.shape={experts: 8, top_k: 9}", "job.shape.top_k: 9 are more than the 8 experts; lower it"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(override: str, message: str) -> None:
    assert message in refusal(override)


@pytest.mark.parametrize("other", ["mfu: 40%", "work: 20 d"])
def test_the_time_of_a_step_is_given_alone(other: str) -> None:
    text = SMALL.replace("  tokens: 15T tokens\n", f"  {other}\n  step_time: 3 s\n")
    with pytest.raises(ScenarioErrors, match=f"job.step_time: give either {other.partition(':')[0]} or step_time"):
        parse_scenario(text, name="small.yaml")
    # What is laid on top replaces it instead.
    assert small("job.step_time=3 s", f"job.{other.replace(': ', '=')}").document.job.step_time is None


def test_a_mixture_of_experts_is_whole() -> None:
    needed = "a mixture of experts needs it; write it"
    assert mixture_faults({"layers": 2, "experts": 8}) == [("top_k", needed), ("expert_ffn", needed)]
    assert mixture_faults({"experts": 8, "top_k": 9, "expert_ffn": 64})[0][0] == "top_k"
    alone = mixture_faults({"experts": 0, "top_k": 2, "dense_layers": 1})
    assert [field for field, _ in alone] == ["top_k", "dense_layers"]
    for known in MODELS.values():
        assert mixture_faults(known.model._asdict()) == []


def test_without_machines_memory_still_has_to_say_how_long_it_takes() -> None:
    text = SMALL.replace("node: hgx_h100, ", "").replace(", fabric: infiniband_ndr", "")
    tiers = "checkpoint.tiers=[{to: host_memory}, {to: storage}]"
    with pytest.raises(ScenarioErrors, match="how long does a load take"):
        parse_scenario(text, ["job.work=20 d", "recovery.restart=5 min", tiers], name="small.yaml")


def test_a_plan_that_counts_the_head_as_a_layer_comes_back_whole() -> None:
    scenario = load_scenario(FILE)
    assert scenario.resolved()["job"]["parallel"]["head_counts"] is True
    again = parse_scenario(scenario.resolved_yaml(), name="again.yaml")
    assert again.step is not None and scenario.step is not None
    assert again.step.prediction.step_s == pytest.approx(scenario.step.prediction.step_s, rel=1e-9)


def test_llama_3_as_published_is_predicted_from_what_its_authors_say() -> None:
    """Table 4 of arXiv 2407.21783: 430 and 400 TFLOP/s a GPU on 8,192 and 16,384; ours have at most 2,560."""
    known = MODELS["llama3_405b"].model
    gpu = load_gpu("h100_sxm")
    for gpus, published in ((8_192, 430.0), (16_384, 400.0)):
        case = Case("llama", gpu, "bf16", known, gpus, 2_048, 8, 16, 1, 1, up=load_fabric("nvlink4"))
        found = predict([case])[0]
        measured = found.step_s * found.tflops_per_gpu / published
        assert found.p10 < measured < found.p90 and abs(found.tflops_per_gpu / published - 1) < 0.06


def test_what_did_not_finish_tells_no_elasticity() -> None:
    tight = small("job.tokens=1T tokens", "run.horizon=25 d", "failures.node.mtbf=20 d")
    effects = resource_effects(tight, 40)
    assert all(0 < effect.pairs <= 40 for effect in effects) and min(effect.pairs for effect in effects) < 40
    for effect in effects:
        if effect.step is not None:
            assert effect.run_time.value == pytest.approx(effect.step, abs=0.05 + 4 * effect.run_time.error)


def test_a_plan_that_cannot_be_is_refused_even_beside_an_mfu() -> None:
    assert "64 heads" not in refusal("job.mfu=40%", "job.parallel.tensor=3")
    assert "32 heads are not divisible by tensor 3" in refusal("job.mfu=40%", "job.parallel.tensor=3")


def test_gpus_that_no_even_cut_fills_get_an_uneven_one() -> None:
    scenario = small("cluster.gpus=96 GPUs", "job.parallel=auto", "job.global_batch=1_024 sequences")
    assert scenario.step is not None and (scenario.step.case.pipeline or 0) % 3 == 0


# Two sites

TWO = """\
schema: 1
name: two sites
cluster: {node: hgx_h100, gpus: 512 GPUs, fabric: infiniband_ndr, topology: two_sites, wan_bandwidth: 1 Tb/s}
job:
  model: llama3_8b
  tokens: 0.4T tokens
  global_batch: 512 sequences
  parallel: {tensor: 2, pipeline: 1, micro_batch: 1}
failures: {gpu: {part: gpu, rate: 0.3 /kGPU/day}}
"""


def test_the_gradients_of_two_sites_take_their_bytes_over_the_wan_and_a_round_trip() -> None:
    network = Network(8.0, 1e12, 1e11, sites=2.0, wan_bandwidth=1.25e11, wan_round_trip=5e-3)
    # By hand: 2 x 16 GB x (1 - 1/2) / (125 GB/s) + 5 ms.
    assert between_sites_time(network, 16e9) == pytest.approx(0.128 + 0.005)
    assert between_sites_time(network._replace(sites=1.0), 16e9) == 0.0
    assert between_sites_time(network._replace(sites=4.0), 16e9) == pytest.approx(2 * 16 * 0.75 / 125 + 0.005)


def test_a_narrow_wan_makes_the_step_longer_by_what_is_not_hidden() -> None:
    narrow, narrower = (parse_scenario(TWO, [f"cluster.wan_bandwidth={each}"]).step for each in ("1 Gb/s", "0.5 Gb/s"))
    assert narrow is not None and narrower is not None
    case = narrow.case
    assert (case.sites, case.wan_round_trip, case.tensor, case.pipeline) == (2, 5e-3, 2, 1)
    # The backward pass hides as much of both, so all that comes on top is exposed: b P / W more, with S = 2.
    gradients = float(case.gradient_bytes or 0) * float(case.model.parameters)
    assert gradients > 1e10 and case.gradient_bytes == narrower.case.gradient_bytes
    more = gradients / 0.0625e9 - gradients / 0.125e9
    parts = [step.prediction.parts["data_parallel"] for step in (narrow, narrower)]
    assert parts[1] - parts[0] == pytest.approx(more, rel=1e-3)


def test_wider_is_faster_and_a_longer_way_is_slower() -> None:
    def step(*overrides: str) -> float:
        found = parse_scenario(TWO, list(overrides)).step
        assert found is not None
        return found.prediction.step_s

    one = step("cluster.topology=", "cluster.wan_bandwidth=")
    assert one < step("cluster.wan_bandwidth=100 Tb/s") < step() < step("cluster.wan_bandwidth=0.1 Tb/s")
    assert step("cluster.wan_round_trip=80 ms") > step("cluster.wan_round_trip=1 ms")
    assert step("cluster.nodes_per_site=64 nodes") == one  # all of them on one of the sites


def test_two_sites_need_a_wan_for_a_predicted_step_and_a_replica_each() -> None:
    with pytest.raises(ScenarioErrors, match='write "wan_bandwidth: 10 Tb/s"'):
        parse_scenario(TWO, ["cluster.wan_bandwidth="])
    with pytest.raises(ScenarioErrors, match="one replica of 512 GPUs cannot stand on two sites"):
        parse_scenario(TWO, ["cluster.gpus=512 GPUs", "job.parallel={tensor: 8, pipeline: 32, context: 2}"])


def test_on_the_shipped_two_sites_a_narrow_wan_costs_time() -> None:
    path = resources.scenarios() / "two_sites_100k.yaml"
    wide, narrow = (load_scenario(path, [f"cluster.wan_bandwidth={each}"]).work() for each in ("100 Tb/s", "10 Tb/s"))
    one = load_scenario(resources.scenarios() / "one_site_100k.yaml").work()
    assert one < wide < 1.05 * one and narrow > 1.15 * one
