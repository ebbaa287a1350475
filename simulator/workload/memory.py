"""Memory that a rank needs, and the bytes of a checkpoint."""

from typing import NamedTuple

import numpy as np

from simulator.roofline import Numbers
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


def local_parameters(model: Transformer, layout: Layout) -> Numbers:
    """Return the weights of a rank on a stage with an embedding; experts are divided by their own degree."""
    layers = model.layers * model.attention_parameters + model.mlp_layers * model.mlp_parameters
    dense = layers / layout.pipeline + model.embedding_parameters
    experts = np.asarray(model.experts) / layout.expert + model.shared_experts
    routed = model.moe_layers / layout.pipeline * (model.expert_parameters * experts + model.hidden * model.experts)
    return (dense + routed) / layout.tensor


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
    kept = tokens * (unsharded / spread + (heads + mlp) / layout.tensor)
    scores = 5.0 * layout.micro_batch * model.heads * np.asarray(model.sequence) ** 2 / layout.tensor
    kept = kept + np.where(fused | (np.asarray(layout.recompute) >= Recompute.SELECTIVE), 0.0, scores)
    return np.where(np.asarray(layout.recompute) == Recompute.FULL, 2.0 * tokens * model.hidden / spread, kept)


def in_flight(layout: Layout) -> Numbers:
    """Return the micro-batches whose activations the first stage holds, in units of all its layers.

    1F1B holds as many as there are stages; interleaving 1 + (p-1)/(p v) times that (Korthikanti et al. 2022,
    section 4.2.3).
    """
    pipeline = np.asarray(layout.pipeline)
    interleaved = pipeline * (1.0 + (pipeline - 1.0) / (pipeline * layout.interleaving))
    plain = np.minimum(pipeline, np.maximum(1.0, layout.micro_batches))
    return np.where(np.asarray(layout.interleaving) > 1, interleaved, plain)


def memory(model: Transformer, layout: Layout, machine: Machine) -> Memory:
    """Return what a step needs of a rank's memory [B]."""
    parameters = local_parameters(model, layout)
    alike = layout.data * layout.context
    whole = np.asarray(layout.sharded_weights) > 0
    shards = np.where(whole, alike, 1.0)
    states = np.where(whole | (np.asarray(layout.sharded_optimizer) > 0), alike, 1.0)
    tokens = layout.micro_batch * np.asarray(model.sequence) / layout.context
    return Memory(
        weights=WEIGHT_BYTES * parameters / shards,
        gradients=np.asarray(layout.gradient_bytes) * parameters / shards,
        optimizer=OPTIMIZER_STATE_BYTES * parameters / states,
        activations=activation_bytes(model, layout, machine.operand_bytes)
        * model.layers
        / layout.pipeline
        * in_flight(layout),
        # In fp32, on the last stage, which holds fewer activations: counted on the only stage where there is one.
        logits=np.where(np.asarray(layout.pipeline) > 1, 0.0, 4.0 * tokens * model.vocabulary / layout.tensor),
    )


def checkpoint_bytes(model: Transformer) -> Numbers:
    """Return the size of a checkpoint: bf16 weights, fp32 master weights and two moments [B]."""
    return CHECKPOINT_BYTES * model.parameters
