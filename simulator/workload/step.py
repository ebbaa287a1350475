"""Seconds a step, by what they go to: the step-time model, for one case or for arrays of them.

A layer's forward and backward pass on one rank and one micro-batch come from `layer`; a pipeline of them, what
replicas exchange and the optimizer make a step. All times are those of the slowest rank.
"""

from typing import NamedTuple

import numpy as np

from simulator.roofline import Numbers
from simulator.workload import layer as layers
from simulator.workload.constants import Constants
from simulator.workload.layout import Layout
from simulator.workload.machine import Machine
from simulator.workload.memory import local_parameters
from simulator.workload.network import all_reduce_time, group, ring_time, send_time
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
    hop = send_time(machine.network, apart, boundary)
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
        optimizer=OPTIMIZER_BYTES * local_parameters(model, layout) / _shards(layout) / machine.memory_bandwidth,
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
    chunks = layout.pipeline * layout.interleaving
    # Whole layers in every chunk; the small number keeps a quotient that is whole from becoming one more.
    most = np.ceil((model.layers + 2.0 * ends) / chunks - 1e-9) * layout.interleaving
    last = most - ends
    waits = last * layer + head > most * layer
    return _Stage(np.where(waits, last, most), np.where(waits, head, 0.0))


def _bubble(layout: Layout, mean: Numbers, hop: Numbers) -> Numbers:
    """Return the time in which the pipeline fills and drains [s], and what a last, partial round of chunks leaves."""
    fill = (layout.pipeline - 1.0) * (mean / layout.interleaving + 2.0 * hop)
    missing = np.mod(-np.asarray(layout.micro_batches), layout.pipeline)
    return fill + missing * (1.0 - 1.0 / layout.interleaving) * mean


def _shards(layout: Layout) -> Numbers:
    alike = layout.data * layout.context
    whole = (np.asarray(layout.sharded_optimizer) > 0) | (np.asarray(layout.sharded_weights) > 0)
    return np.where(whole, alike, 1.0)


def _data_parallel(
    model: Transformer, layout: Layout, machine: Machine, constants: Constants, window: Numbers
) -> Numbers:
    """Return what is exposed of gradients and weights on their way between replicas [s].

    `window` is the computation of one micro-batch [s]: what is not exposed hides behind it, or sticks out.
    """
    parameters = local_parameters(model, layout)
    replicas = group(machine.network, layout.data * layout.context, layout.tensor)
    scatter = ring_time(replicas, parameters * layout.gradient_bytes)
    gather = ring_time(replicas, parameters * WEIGHT_BYTES)
    reduce = all_reduce_time(replicas, parameters * layout.gradient_bytes)
    once = np.where(np.asarray(layout.sharded_optimizer) > 0, scatter + gather, reduce)
    # Weights that live in shards come together layer by layer, forward and backward, in every micro-batch.
    piece = ring_time(replicas, parameters / model.layers * WEIGHT_BYTES)
    pieces = 2.0 * piece + ring_time(replicas, parameters / model.layers * layout.gradient_bytes)
    whole = np.asarray(layout.sharded_weights) > 0
    traffic = np.where(whole, layout.micro_batches * model.layers * pieces, once)
    window = np.where(whole, layout.micro_batches * window, window)
    exposed = np.where(np.asarray(layout.overlap) > 0, constants.data_exposed, 1.0)
    return exposed * traffic + np.maximum(0.0, (1.0 - exposed) * traffic - window)
