"""Seconds a step, by what they go to: the step-time model, for one case or for arrays of them.

A layer's forward and backward pass on one rank and one micro-batch come from `layer`; a pipeline of them, what
replicas exchange and the optimizer make a step. All times are those of the slowest rank.
"""

from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import Numbers
from simulator.workload import layer as layers
from simulator.workload.constants import Constants
from simulator.workload.layout import Layout
from simulator.workload.machine import Machine
from simulator.workload.memory import dense_parameters, routed_parameters
from simulator.workload.network import Group, between_sites_time, group, ring_time, send_time
from simulator.workload.transformer import Transformer

OPTIMIZER_BYTES = 26.0  # of memory traffic for a parameter: Adam in fp32 reads and writes three states and a gradient
WEIGHT_BYTES = 2.0  # of a weight on its way to the other replicas
LEAST_JITTER = 64.0  # accelerators below which a step is as steady as that of one node


class StepTime(NamedTuple):
    """Parts of a step, which sum to it [s]."""

    matmul: Numbers
    attention: Numbers
    elementwise: Numbers
    tensor_parallel: Numbers
    context_parallel: Numbers
    expert_parallel: Numbers
    pipeline_bubble: Numbers
    pipeline_transfer: Numbers
    data_parallel: Numbers
    optimizer: Numbers
    step_overhead: Numbers
    jitter: Numbers

    @property
    def total(self) -> Numbers:
        """The step [s]."""
        return sum(self, start=np.zeros(()))


def step_time(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> StepTime:
    """Return the parts of an optimizer step [s].

    Sources: Narayanan et al. 2021, section 2 (pipelines), Korthikanti et al. 2022 (sequence parallelism, recomputing),
    Rajbhandari et al. 2020 (ZeRO); the terms for what is exposed are ours, see docs/step_time.md.
    """
    one = layers.layer_time(model, layout, machine, constants)
    head = layers.head_time(model, layout, machine)
    stage = _slowest_stage(model, layout, one.total, head)
    mean = (model.layers * one.total + head) / layout.pipeline
    count = layout.micro_batches
    busy = layers.LayerTime(*(count * stage.layers * part for part in one))
    apart = layout.tensor * layout.context * layout.data  # of the ranks of neighbouring stages
    # Tensor-parallel ranks each send their part, as if activations were divided among them.
    boundary = layers.rank_tokens(model, layout) * model.hidden * layers.ACTIVATION_BYTES / layout.tensor
    hop = send_time(machine.network, layout.pipeline, apart, boundary)
    hop = np.where(np.asarray(layout.pipeline) > 1, hop, 0.0)
    hidden = (np.asarray(layout.interleaving) > 1) & (np.asarray(layout.overlap) > 0)
    parts = StepTime(
        matmul=busy.matmul + count * stage.head,
        attention=busy.attention,
        elementwise=busy.elementwise,
        tensor_parallel=busy.tensor_parallel,
        context_parallel=busy.context_parallel,
        expert_parallel=busy.expert_parallel,
        pipeline_bubble=_bubble(layout, mean, hop),
        pipeline_transfer=2.0 * count * layout.interleaving * hop * np.where(hidden, constants.pipeline_exposed, 1.0),
        data_parallel=_data_parallel(model, layout, machine, constants, stage.layers * one.total + stage.head),
        optimizer=OPTIMIZER_BYTES * _updated_parameters(model, layout) / machine.memory_bandwidth,
        step_overhead=machine.step_overhead + 0.0 * count,
        jitter=0.0,
    )
    late = constants.jitter * np.maximum(0.0, np.log2(layout.gpus / LEAST_JITTER))
    return parts._replace(jitter=parts.total * late)


class _Stage(NamedTuple):
    layers: Numbers
    head: Numbers  # time of the head, where the slowest stage is the one that has it [s]


def _slowest_stage(model: Transformer, layout: Layout, layer: Numbers, head: Numbers) -> _Stage:
    """Return the stage that all others wait for: the last, with the head, or one with only layers."""
    ends = np.where(np.asarray(layout.head_counts) > 0, 1.0, 0.0)
    stages = np.asarray(layout.pipeline)
    chunks = stages * layout.interleaving
    # Whole layers in every chunk; the small number keeps a quotient that is whole from becoming one more.
    most = np.ceil((model.layers + 2.0 * ends) / chunks - 1e-9) * layout.interleaving
    # The only stage holds both embedding and head, and of two stages each holds one of them.
    last = most - ends * np.where(stages > 1, 1.0, 2.0)
    plain = most - ends * np.where(stages > 2, 0.0, np.where(stages > 1, 1.0, 2.0))
    waits = last * layer + head > plain * layer
    return _Stage(np.where(waits, last, plain), np.where(waits, head, 0.0))


def _bubble(layout: Layout, mean: Numbers, hop: Numbers) -> Numbers:
    """Return the time in which the pipeline fills and drains [s], and what a last, partial round of chunks leaves."""
    fill = (layout.pipeline - 1.0) * (mean / layout.interleaving + 2.0 * hop)
    missing = np.mod(-np.asarray(layout.micro_batches), layout.pipeline)
    return fill + missing * (1.0 - 1.0 / layout.interleaving) * mean


def _updated_parameters(model: Transformer, layout: Layout) -> Numbers:
    """Return the parameters that a rank's optimizer updates."""
    dense, routed = dense_parameters(model, layout), routed_parameters(model, layout)
    shared = (np.asarray(layout.sharded_optimizer) > 0) | (np.asarray(layout.sharded_weights) > 0)
    return np.where(shared, dense / layout.replicas + routed / layout.expert_replicas, dense + routed)


def _data_parallel(
    model: Transformer, layout: Layout, machine: Machine, constants: Constants, window: Numbers
) -> Numbers:
    """Return what is exposed of gradients and weights on their way between replicas [s].

    `window` is the computation of one micro-batch [s]: what is not exposed hides behind it, or sticks out.
    """
    alike = group(machine.network, layout.replicas, layout.tensor)
    traffic = _exchange(alike, dense_parameters(model, layout), model.layers, layout)
    if np.any(np.asarray(model.experts) > 0):
        # Ranks with the same experts stand further apart, and are fewer.
        alike = group(machine.network, layout.expert_replicas, layout.expert_tensor * layout.expert)
        routed = routed_parameters(model, layout)
        traffic = traffic + np.where(routed > 0, _exchange(alike, routed, model.layers, layout), 0.0)
    # Weights that are divided stay within a site; between sites only gradients go, those of the whole model.
    traffic = traffic + between_sites_time(machine.network, model.parameters * layout.gradient_bytes)
    whole = np.asarray(layout.sharded_weights) > 0
    window = np.where(whole, layout.micro_batches * window, window)
    exposed = np.where(np.asarray(layout.overlap) > 0, constants.data_exposed, 1.0)
    return exposed * traffic + np.maximum(0.0, (1.0 - exposed) * traffic - window)


def _exchange(alike: Group, parameters: Numbers, layers: Numbers, layout: Layout) -> Numbers:
    """Return the time in which ranks exchange the gradients, and weights, of what they hold alike [s]."""
    scatter = ring_time(alike, parameters * layout.gradient_bytes)
    gather = ring_time(alike, parameters * WEIGHT_BYTES)
    once = scatter + np.where(np.asarray(layout.sharded_optimizer) > 0, gather, scatter)
    # Weights that live in shards come together layer by layer, forward and backward, in every micro-batch.
    piece = ring_time(alike, parameters / layers * WEIGHT_BYTES)
    pieces = 2.0 * piece + ring_time(alike, parameters / layers * layout.gradient_bytes)
    return np.where(np.asarray(layout.sharded_weights) > 0, layout.micro_batches * layers * pieces, once)
