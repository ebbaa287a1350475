"""Memory that a rank needs, and the bytes of a checkpoint."""

from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import Numbers
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import Machine
from simulator.workload.transformer import Transformer

WEIGHT_BYTES = 2.0  # bf16
OPTIMIZER_STATE_BYTES = 12.0  # fp32: master weight and two moments
CHECKPOINT_BYTES = WEIGHT_BYTES + OPTIMIZER_STATE_BYTES  # of a parameter


class Memory(NamedTuple):
    """What lies in a rank's memory at its fullest, on the first stage [B]."""

    weights: Numbers
    gradients: Numbers
    optimizer: Numbers
    activations: Numbers
    logits: Numbers

    @property
    def total(self) -> Numbers:
        """All of it [B]."""
        return sum(self, start=np.zeros(()))


def stage_layers(model: Transformer, layout: Layout) -> Numbers:
    """Return the layers of the fullest stage: whole layers in every chunk.

    Where embedding and head count as layers the first and last stage hold fewer: the mean stands for a stage that
    has an embedding.
    """
    chunks = layout.pipeline * layout.interleaving
    # The small number keeps a quotient that is whole from becoming one more.
    most = np.ceil(np.asarray(model.layers) / chunks - 1e-9) * layout.interleaving
    return np.where(np.asarray(layout.head_counts) > 0, model.layers / np.asarray(layout.pipeline), most)


def dense_parameters(model: Transformer, layout: Layout) -> Numbers:
    """Return the weights of a rank on a stage with an embedding, without routed experts."""
    layers = model.attention_parameters + model.mlp_layers / model.layers * model.mlp_parameters
    shared = model.expert_parameters * model.shared_experts + model.hidden * model.experts
    layers = layers + model.moe_layers / model.layers * shared
    return (layers * stage_layers(model, layout) + _ends(model, layout)) / layout.tensor


def _ends(model: Transformer, layout: Layout) -> Numbers:
    """Return the weights of embedding and head on a stage: of both where there is only one, and they share none."""
    return np.where(np.asarray(layout.pipeline) > 1, 1.0, 2.0 - np.asarray(model.tied)) * model.embedding_parameters


def routed_parameters(model: Transformer, layout: Layout) -> Numbers:
    """Return the weights of routed experts on a rank: divided by their own degree, and cut."""
    held = np.asarray(model.experts) / (layout.expert * layout.expert_tensor)
    return model.moe_layers / model.layers * stage_layers(model, layout) * model.expert_parameters * held


def local_parameters(model: Transformer, layout: Layout) -> Numbers:
    """Return the weights of a rank on a stage with an embedding."""
    return dense_parameters(model, layout) + routed_parameters(model, layout)


def activation_bytes(model: Transformer, layout: Layout, operand_bytes: Numbers = 2.0) -> Numbers:
    """Return what one layer keeps of one micro-batch for the backward pass, on a rank [B].

    With 16-bit operands, sequence parallelism and no fused attention: 34 s b h / t, and 5 a s^2 b / t of scores unless
    recomputed (Korthikanti et al. 2022, equation 4 and section 5; two bytes of 34 are dropout masks, which newer codes
    lack).
    """
    tokens = layout.micro_batch * np.asarray(model.sequence) / layout.context
    spread = np.where(np.asarray(layout.sequence_parallel) > 0, layout.tensor, 1.0)
    fused = np.asarray(layout.flash) > 0
    share = np.asarray(model.moe_layers) / model.layers
    inner = (1.0 - share) * model.ffn + share * np.asarray(model.expert_ffn) * (model.top_k + model.shared_experts)
    unsharded = (4.0 + 2.0 * operand_bytes + np.where(fused, 0.0, 2.0)) * model.hidden
    heads = 2.0 * (model.query_width + 2.0 * model.kv_heads * model.head_size) + 2.0 * model.query_width
    mlp = 2.0 * model.matrices_in * inner + operand_bytes * inner
    mlp = mlp + operand_bytes * share * model.top_k * model.hidden  # tokens as they arrive at routed experts
    kept = tokens * (unsharded / spread + (heads + mlp) / layout.tensor)
    scores = 5.0 * tokens * model.heads * model.sequence / layout.tensor
    kept = kept + np.where(fused | (np.asarray(layout.recompute) >= Recompute.SELECTIVE), 0.0, scores)
    return np.where(np.asarray(layout.recompute) == Recompute.FULL, 2.0 * tokens * model.hidden / spread, kept)


def in_flight(layout: Layout) -> Numbers:
    """Return the micro-batches whose activations the first stage holds, in units of all its layers.

    1F1B holds as many as there are stages; interleaving 1 + (p-1)/(p v) times that (Korthikanti et al. 2022,
    section 4.2.3); neither more than there are in a step.
    """
    pipeline = np.asarray(layout.pipeline)
    interleaved = pipeline * (1.0 + (pipeline - 1.0) / (pipeline * layout.interleaving))
    held = np.where(np.asarray(layout.interleaving) > 1, interleaved, pipeline)
    return np.minimum(held, np.maximum(1.0, layout.micro_batches))


def memory(model: Transformer, layout: Layout, machine: Machine) -> Memory:
    """Return what a step needs of a rank's memory [B]."""
    dense, routed = dense_parameters(model, layout), routed_parameters(model, layout)
    whole = np.asarray(layout.sharded_weights) > 0
    divided = dense / layout.replicas + routed / layout.expert_replicas
    kept = np.where(whole, divided, dense + routed)
    states = np.where(whole | (np.asarray(layout.sharded_optimizer) > 0), divided, dense + routed)
    layers = stage_layers(model, layout)
    # Of weights that live in shards two layers are whole, one in use and one on its way, and one layer's gradients
    # (Zhao et al. 2023, arXiv 2304.11277, section 3.4).
    one = np.where(whole, (dense + routed - _ends(model, layout) / layout.tensor) / layers, 0.0)
    tokens = layout.micro_batch * np.asarray(model.sequence) / layout.context
    full = np.asarray(layout.recompute) == Recompute.FULL
    live = activation_bytes(model, layout._replace(recompute=Recompute.NONE), machine.operand_bytes)
    activations = activation_bytes(model, layout, machine.operand_bytes) * layers * in_flight(layout)
    return Memory(
        weights=WEIGHT_BYTES * (kept + 2.0 * one),
        gradients=np.asarray(layout.gradient_bytes) * (kept + one),
        optimizer=OPTIMIZER_STATE_BYTES * states,
        # Recomputing brings back one layer at a time.
        activations=activations + np.where(full, live, 0.0),
        # In fp32, on the last stage, which holds fewer activations: counted on the only stage where there is one.
        logits=np.where(np.asarray(layout.pipeline) > 1, 0.0, 4.0 * tokens * model.vocabulary / layout.tensor),
    )


def checkpoint_bytes(model: Transformer) -> Numbers:
    """Return the size of a checkpoint: bf16 weights, fp32 master weights and two moments [B]."""
    return CHECKPOINT_BYTES * model.parameters
