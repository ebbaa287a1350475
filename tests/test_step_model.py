"""The step-time model: closed forms, published totals, and what must be nothing."""

import numpy as np
import pytest
from hypothesis import given
from step_plans import COMPUTING, FREE, case_of, layouts, machines, models

from simulator.scenario.profiles import load_fabric, load_gpu
from simulator.workload.case import stack, take
from simulator.workload.constants import fitted_constants
from simulator.workload.layer import BACKWARD_ATTENTION
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import Machine, network_of
from simulator.workload.memory import (
    activation_bytes,
    checkpoint_bytes,
    in_flight,
    local_parameters,
    memory,
    routed_parameters,
)
from simulator.workload.network import (
    Network,
    all_reduce_time,
    all_to_all_time,
    group,
    ring_time,
    send_time,
    shift_time,
)
from simulator.workload.predict import machine_for
from simulator.workload.step import StepTime, step_time
from simulator.workload.transformer import Transformer
from simulator.workload.zoo import MODELS

CONSTANTS = fitted_constants()
DENSE = ("llama3_8b", "llama3_70b", "llama3_405b", "gpt3_175b")
H100 = machine_for(case_of("llama3_8b", "h100_sxm", 8, 8), CONSTANTS)
GIB = 2.0**30
COMMUNICATION = ("tensor_parallel", "context_parallel", "expert_parallel", "pipeline_transfer", "data_parallel")


def step_of(model: Transformer, layout: Layout, machine: Machine) -> StepTime:
    """The parts of a step, as plain numbers [s]."""
    return StepTime(*(float(np.asarray(part)) for part in step_time(model, layout, machine, CONSTANTS)))


# Models


@pytest.mark.parametrize(
    ("name", "total", "active"),
    [
        # Published: arXiv 2407.21783, 2005.14165, 2412.19437, 2401.04088; Korthikanti et al. 2022, table 3.
        ("llama3_8b", 8.03e9, 8.03e9),
        ("llama3_70b", 70.6e9, 70.6e9),
        ("llama3_405b", 405.9e9, 405.9e9),
        ("gpt3_175b", 175e9, 175e9),
        ("megatron_22b", 22e9, 22e9),
        ("megatron_530b", 530e9, 530e9),
        ("megatron_1t", 1_008e9, 1_008e9),
        ("deepseek_v3", 671e9, 37e9),
        ("mixtral_8x7b", 46.7e9, 12.9e9),
    ],
)
def test_parameters_are_as_published(name: str, total: float, active: float) -> None:
    model = MODELS[name].model
    # Published sizes are rounded; DeepSeek does not say whether 37 billion hold the embedding.
    rough = 0.02 if name in ("megatron_22b", "deepseek_v3") else 0.004
    assert float(model.parameters) == pytest.approx(total, rel=0.004 if name == "deepseek_v3" else rough)
    assert float(model.active_parameters) == pytest.approx(active, rel=rough)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_one_rank_holds_all_parameters(name: str) -> None:
    model = MODELS[name].model
    assert float(local_parameters(model, Layout())) == pytest.approx(float(model.parameters))


def test_a_checkpoint_has_fourteen_bytes_a_parameter() -> None:
    assert float(checkpoint_bytes(MODELS["llama3_405b"].model)) == pytest.approx(5.7e12, rel=0.01)


# Time


@pytest.mark.parametrize("name", DENSE)
def test_one_accelerator_takes_its_flop_over_its_speed(name: str) -> None:
    model = MODELS[name].model
    parts = step_of(model, Layout(micro_batch=2, global_batch=6), COMPUTING)
    tokens = 6.0 * model.sequence
    products = 6.0 * (model.parameters - (1.0 - model.tied) * model.embedding_parameters)
    scores = model.flop_per_token(causal=True) - products
    assert parts.matmul == pytest.approx(products * tokens / COMPUTING.speed)
    # Model FLOP count attention's backward pass twice; fused attention computes its scores again.
    again = (1.0 + BACKWARD_ATTENTION) / 3.0
    assert parts.attention == pytest.approx(again * scores * tokens / COMPUTING.speed)
    assert parts.total == pytest.approx(parts.matmul + parts.attention, rel=1e-6)


def test_full_recomputing_adds_a_forward_pass() -> None:
    model = MODELS["llama3_8b"].model._replace(vocabulary=1e-9)
    kept, again = (step_of(model, Layout(recompute=recompute), COMPUTING) for recompute in (0, Recompute.FULL))
    assert again.matmul == pytest.approx(4.0 / 3.0 * kept.matmul)
    assert again.attention == pytest.approx((2.0 + BACKWARD_ATTENTION) / (1.0 + BACKWARD_ATTENTION) * kept.attention)


@given(models(), machines())
def test_one_accelerator_does_not_communicate(model: Transformer, machine: Machine) -> None:
    parts = step_of(model, Layout(global_batch=4), machine)
    assert all(getattr(parts, name) == 0.0 for name in (*COMMUNICATION, "pipeline_bubble", "jitter"))
    assert parts.step_overhead == machine.step_overhead


@given(models(), layouts(), machines())
def test_parts_are_never_negative(model: Transformer, layout: Layout, machine: Machine) -> None:
    parts = step_of(model, layout, machine)
    assert min(parts) >= 0.0 and parts.matmul > 0.0
    assert parts.total == pytest.approx(sum(parts))


@pytest.mark.parametrize(("stages", "chunks", "batches"), [(4, 1, 4), (8, 1, 64), (4, 2, 8), (16, 2, 32), (8, 4, 8)])
def test_a_pipeline_idles_a_known_share(stages: int, chunks: int, batches: int) -> None:
    # (p-1)/(m v) of the time in which it works: Narayanan et al. 2021, section 2.2.
    model = MODELS["gpt3_175b"].model._replace(layers=128, vocabulary=1e-9)
    layout = Layout(pipeline=stages, interleaving=chunks, global_batch=batches)
    parts = step_of(model, layout, COMPUTING)
    busy = parts.matmul + parts.attention
    assert parts.pipeline_bubble / busy == pytest.approx((stages - 1) / (batches * chunks), rel=1e-6)


def test_an_interleaved_pipeline_waits_for_a_whole_round() -> None:
    model = MODELS["gpt3_175b"].model
    even, odd = (
        step_of(model, Layout(pipeline=8, interleaving=4, global_batch=count), COMPUTING) for count in (16, 17)
    )
    assert odd.pipeline_bubble > 3.0 * even.pipeline_bubble


@pytest.mark.parametrize(("stages", "most"), [(1, 30), (2, 15), (4, 8), (8, 4)])
def test_embedding_and_head_take_places_of_layers(stages: int, most: int) -> None:
    # 30 layers and the two ends are 32; a lone stage holds both ends, and of two stages each holds one.
    model = MODELS["llama3_8b"].model._replace(layers=30, vocabulary=1e-9)
    layout = Layout(pipeline=stages, global_batch=1, head_counts=1.0)
    one = step_of(model._replace(layers=1), Layout(), COMPUTING)
    assert step_of(model, layout, COMPUTING).matmul == pytest.approx(most * one.matmul, rel=1e-6)


def test_an_uneven_pipeline_waits_for_its_fullest_stage() -> None:
    model = MODELS["llama3_8b"].model._replace(vocabulary=1e-9)
    even, uneven = (
        step_of(model._replace(layers=layers), Layout(pipeline=8, global_batch=8), COMPUTING) for layers in (32, 30)
    )
    assert uneven.matmul == pytest.approx(even.matmul)


@given(models(), layouts(), machines())
def test_communication_is_free_on_a_free_network(model: Transformer, layout: Layout, machine: Machine) -> None:
    parts = step_of(model, layout, machine._replace(network=FREE))
    assert sum(getattr(parts, name) for name in COMMUNICATION) < 1e-6 * parts.total


def test_experts_that_are_spread_exchange_fewer_gradients() -> None:
    model, layout = MODELS["deepseek_v3"].model, Layout(data=64, global_batch=64)
    few, many = (step_of(model, layout._replace(expert=degree), H100) for degree in (1, 64))
    assert many.data_parallel < 0.1 * few.data_parallel
    assert many.expert_parallel > few.expert_parallel == 0.0


def test_arrays_are_computed_like_numbers() -> None:
    rng = np.random.default_rng(7)
    rows = [Layout(2, 4, 1, 1, int(data), 2, 1, 8.0 * data, int(data) % 3) for data in rng.integers(1, 99, 20)]
    model, layout = MODELS["llama3_70b"].model, stack(rows)
    together = np.asarray(step_time(model, layout, H100, CONSTANTS).total)
    assert together == pytest.approx([step_of(model, row, H100).total for row in rows], rel=1e-12)
    places = np.array([3, 5])
    assert np.asarray(step_time(model, take(layout, places), H100, CONSTANTS).total) == pytest.approx(together[places])


# The network

NETWORK = Network(8.0, 400e9, 50e9, up_latency=2e-6, out_latency=10e-6, base_latency=8e-6)


@pytest.mark.parametrize(
    ("ranks", "stride", "bandwidth", "latency"),
    [
        (8, 1, 400e9, 8e-6 + 2e-6),
        (2, 4, 400e9, 8e-6 + 2e-6),
        (64, 1, 400e9, 8e-6 + 8 * 10e-6),  # eight ports side by side
        (64, 2, 200e9, 8e-6 + 16 * 10e-6),
        (64, 8, 50e9, 8e-6 + 64 * 10e-6),
    ],
)
def test_a_ring_takes_what_it_moves_and_its_hops(ranks: int, stride: int, bandwidth: float, latency: float) -> None:
    ring, size = group(NETWORK, ranks, stride), 1e9
    expected = size * (ranks - 1) / ranks / bandwidth + latency
    assert float(ring_time(ring, size)) == pytest.approx(expected)
    assert float(all_reduce_time(ring, size)) == pytest.approx(2.0 * expected)


def test_nobody_to_talk_to_takes_no_time() -> None:
    assert float(ring_time(group(NETWORK, 1, 1), 1e9)) == 0.0
    assert float(all_to_all_time(NETWORK, 1, 1, 1e9)) == 0.0


def test_an_all_to_all_splits_into_what_stays_and_what_leaves() -> None:
    within = float(all_to_all_time(NETWORK, 8, 1, 1e9))
    assert within == pytest.approx(1e9 * 7 / 8 / 400e9 + 10e-6)
    across = float(all_to_all_time(NETWORK, 32, 1, 1e9))
    assert across == pytest.approx(1e9 * (7 / 32 / 400e9 + 24 / 32 / 50e9) + 18e-6)


def test_a_neighbour_in_the_domain_is_nearer() -> None:
    near, far = 2e-6 + 1e6 / 400e9, 10e-6 + 1e6 / 50e9
    assert float(send_time(NETWORK, 2, 4, 1e6)) == pytest.approx(near)
    assert float(send_time(NETWORK, 4, 4, 1e6)) == pytest.approx((near + far) / 2)
    assert float(send_time(NETWORK, 4, 8, 1e6)) == pytest.approx(far)


# Memory: Korthikanti et al. 2022, arXiv 2205.05198, as published: 18 bytes a parameter, of the first stage, without
# the embedding; activations without recomputing and without sequence parallelism, then with both.

KORTHIKANTI = [
    ("megatron_22b", 1, 1, 4, 45.56, 59.25, 9.56),
    ("megatron_175b", 8, 3, 1, 45.56, 66.84, 12.35),
    ("megatron_530b", 35, 3, 1, 31.64, 114.0, 23.08),
    ("megatron_1t", 64, 1, 1, 32.96, 131.25, 26.56),
]


@pytest.mark.parametrize(("name", "stages", "chunks", "batch", "states", "whole", "selective"), KORTHIKANTI)
def test_memory_is_as_korthikanti_published(
    name: str, stages: int, chunks: int, batch: int, states: float, whole: float, selective: float
) -> None:
    model = MODELS[name].model._replace(vocabulary=0.0)
    layout = Layout(
        tensor=8, pipeline=stages, interleaving=chunks, micro_batch=batch, global_batch=10_000, flash=0,
        sharded_optimizer=0, sequence_parallel=0, gradient_bytes=4,
    )  # fmt: skip
    machine = machine_for(case_of(name, "a100_sxm", 8, 8), CONSTANTS)
    plain = memory(model, layout, machine)
    assert float(plain.weights + plain.gradients + plain.optimizer) / GIB == pytest.approx(states, rel=0.002)
    assert float(plain.activations) / GIB == pytest.approx(whole, rel=0.01)
    better = memory(model, layout._replace(recompute=Recompute.SELECTIVE, sequence_parallel=1), machine)
    assert float(better.activations) / GIB == pytest.approx(selective, rel=0.01)


def test_full_recomputing_keeps_inputs_and_one_layer_that_is_live() -> None:
    model = MODELS["llama3_8b"].model
    layout = Layout(recompute=Recompute.FULL, micro_batch=2, global_batch=2)
    inputs = 2.0 * 2.0 * model.sequence * model.hidden * model.layers
    live = float(activation_bytes(model, layout._replace(recompute=Recompute.NONE)))
    assert float(memory(model, layout, H100).activations) == pytest.approx(inputs + live)


def test_context_parallelism_divides_the_scores() -> None:
    model, layout = MODELS["gpt3_175b"].model, Layout(flash=0)
    one, four = (float(activation_bytes(model, layout._replace(context=degree))) for degree in (1, 4))
    assert four == pytest.approx(one / 4)


@given(layouts())
def test_no_more_is_in_flight_than_there_is(layout: Layout) -> None:
    assert 1.0 <= float(in_flight(layout)) <= max(1.0, float(layout.micro_batches))


def test_the_head_is_counted_once_where_it_is_the_embedding() -> None:
    model = MODELS["llama3_8b"].model
    tied, untied = (float(local_parameters(model._replace(tied=tied), Layout())) for tied in (1.0, 0.0))
    assert untied - tied == pytest.approx(float(model.embedding_parameters))
    first, second = (float(local_parameters(model._replace(tied=tied), Layout(pipeline=2))) for tied in (1.0, 0.0))
    assert first == second


@pytest.mark.parametrize(
    ("tensor", "data", "expert", "held", "alike"),
    [(1, 64, 64, 4, 1), (1, 64, 16, 16, 4), (8, 8, 8, 4, 1), (8, 8, 64, 4, 1)],
)
def test_experts_are_spread_over_ranks(tensor: int, data: int, expert: int, held: float, alike: float) -> None:
    # 256 experts: with tensor 8 an expert is cut into 8 parts, unless experts are spread over those ranks too.
    model, layout = MODELS["deepseek_v3"].model, Layout(tensor=tensor, data=data, expert=expert)
    assert float(routed_parameters(model, layout)) == pytest.approx(58 * float(model.expert_parameters) * held)
    assert float(layout.expert_replicas) == alike


@given(models(), layouts(), machines())
def test_all_ranks_together_hold_what_optimizers_need(model: Transformer, layout: Layout, machine: Machine) -> None:
    experts = min(layout.expert, layout.tensor * layout.data * layout.context)
    layout = layout._replace(sharded_optimizer=1.0, pipeline=1, interleaving=1, head_counts=0.0, expert=experts)
    each = float(memory(model, layout, machine).optimizer)
    assert each * float(layout.gpus) == pytest.approx(12.0 * float(model.parameters))


def test_sharded_weights_leave_two_layers_whole() -> None:
    model = MODELS["llama3_70b"].model
    layout = Layout(data=10_000_000, global_batch=10_000_000, sharded_weights=1)
    layer = float(model.parameters - 2.0 * model.embedding_parameters) / model.layers
    assert float(memory(model, layout, H100).weights) == pytest.approx(2.0 * 2.0 * layer, rel=0.001)


def test_an_oversubscribed_level_slows_what_leaves_its_pod() -> None:
    flat = Network(domain=8, up_bandwidth=400e9, out_bandwidth=50e9)
    tight = flat._replace(pod=3_072, oversubscription=7)
    size = 1e10
    # A ring of many ranks in a pod leaves it once: there is enough above for all groups. One of four shares it.
    assert ring_time(group(tight, 1_024, 8), size) == ring_time(group(flat, 1_024, 8), size)
    latency = 8.4e-6 + 16 * 14e-6
    alone = ring_time(group(flat, 16, 768), size) - latency
    assert ring_time(group(tight, 16, 768), size) - latency == pytest.approx(alone * 7 / 4)
    # Of a chain of stages one link in six leaves a pod of six; one that stays in it does not notice.
    assert send_time(tight, 4, 512, size) == send_time(flat, 4, 512, size) == pytest.approx(14e-6 + size / 50e9)
    assert send_time(tight, 16, 512, size) == pytest.approx(14e-6 + size / 50e9 * (1 + 6 / 6))
    # A ring shifts as slowly as its slowest link.
    assert shift_time(tight, 16, 512, size) == pytest.approx(14e-6 + size / (50e9 / 7))
    assert shift_time(flat, 16, 1, size) == pytest.approx(14e-6 + size / 50e9)
    assert shift_time(flat, 8, 1, size) == pytest.approx(1.9e-6 + size / 400e9)
    assert all_to_all_time(tight, 4_096, 1, size) > all_to_all_time(flat, 4_096, 1, size)
    assert all_to_all_time(tight, 3_072, 1, size) == all_to_all_time(flat, 3_072, 1, size)


def test_what_is_lost_of_ports_or_to_collisions_slows_communication_in_proportion() -> None:
    gpu = load_gpu("h100_sxm")
    whole, degraded = (network_of(gpu, port_share=share) for share in (1.0, 0.875))
    assert degraded.out_bandwidth == pytest.approx(0.875 * whole.out_bandwidth)
    assert degraded.up_bandwidth == whole.up_bandwidth
    ecmp, spraying = (network_of(gpu, out=load_fabric(f"roce_400g_{name}")) for name in ("ecmp", "spraying"))
    assert 1.3 <= spraying.out_bandwidth / ecmp.out_bandwidth <= 1.7
    pods = network_of(gpu, out=load_fabric("roce_400g_llama3"))
    assert (pods.pod, pods.oversubscription) == (3_072, 7)
