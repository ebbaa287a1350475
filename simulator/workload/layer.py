"""One layer's forward and backward pass on one rank and one micro-batch, and the head's [s]."""

from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import BACKWARD_ATTENTION, Numbers, matmul_time
from simulator.workload.constants import Constants
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import Machine
from simulator.workload.network import all_to_all_time, group, ring_time, shift_time
from simulator.workload.transformer import Product, Transformer

ACTIVATION_BYTES = 2.0
BACKWARD_ELEMENTWISE = 1.5  # tensors that the backward pass moves, over those of the forward pass
# Memory traffic of attention that is not fused, counted in 16-bit numbers for each score. Forward: the product writes,
# softmax reads and writes, dropout reads, writes and keeps a mask of a byte, the second product reads. Backward alike.
SCORE_PASSES_FORWARD, SCORE_PASSES_BACKWARD = 6.5, 10.5
# The same for each logit, forward and backward: written, cast to fp32, softmax and loss, and the way back; codes that
# fuse all of it take half, codes that fuse nothing twice as many.
LOGIT_PASSES = 16.0


class LayerTime(NamedTuple):
    """Forward and backward pass of a layer, and what of it is computed again [s]."""

    matmul: Numbers
    attention: Numbers
    elementwise: Numbers
    tensor_parallel: Numbers
    context_parallel: Numbers
    expert_parallel: Numbers

    @property
    def total(self) -> Numbers:
        """All of it [s]."""
        return sum(self, start=np.zeros(()))


def layer_time(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> LayerTime:
    """Return the time of the mean layer of a model, forward and backward [s]."""
    again = np.where(np.asarray(layout.recompute) == Recompute.FULL, 1.0, 0.0)
    forward, backward = attention_time(model, layout, machine)
    fused = np.asarray(layout.flash) > 0
    scores_again = np.where((np.asarray(layout.recompute) == Recompute.SELECTIVE) & ~fused, 1.0, again)
    elementwise = elementwise_bytes(model, layout, machine, constants) / machine.memory_bandwidth
    return LayerTime(
        matmul=products_time(model, layout, machine, constants) * (3.0 + again),
        attention=forward * (1.0 + scores_again) + backward,
        elementwise=elementwise * (1.0 + BACKWARD_ELEMENTWISE + again),
        # An all-gather and a reduce-scatter around attention, the same around the MLP, and all of it backward.
        tensor_parallel=(8.0 + 4.0 * again) * _tensor_collective(model, layout, machine, constants),
        context_parallel=_ring_of_keys(model, layout, machine, forward, backward, again),
        expert_parallel=(4.0 + 2.0 * again) * _expert_exchange(model, layout, machine, constants),
    )


def rank_tokens(model: Transformer, layout: Layout) -> Numbers:
    """Return the tokens of a micro-batch on a rank [tokens]."""
    return layout.micro_batch * model.sequence / layout.context


def product_time(product: Product, tokens: Numbers, layout: Layout, machine: Machine, width: Numbers = 1.0) -> Numbers:
    """Return the time of a product's forward pass [s]; `width` weight matrices stand side by side in one launch."""
    outer = product.outer / layout.tensor if product.sharded == "outer" else product.outer
    inner = product.inner / layout.tensor if product.sharded == "inner" else product.inner
    share = np.asarray(tokens) / width
    time = width * matmul_time(share, outer, inner, machine.speed, machine.memory_bandwidth, machine.operand_bytes)
    return product.count * (time + machine.overhead)


def products_time(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> Numbers:
    """Return the time of the mean layer's matrix products, forward [s]; backward there are two for each of them."""
    tokens = rank_tokens(model, layout)
    attention = sum(product_time(product, tokens, layout, machine) for product in model.attention_products())
    dense = sum(product_time(product, tokens, layout, machine) for product in model.mlp_products(model.ffn))
    share = np.asarray(model.moe_layers) / model.layers
    if not np.any(share):
        return attention + dense
    held = np.where(share > 0, np.asarray(model.experts) / layout.expert, 1.0)
    routed = tokens * model.top_k * constants.expert_imbalance
    experts = sum(
        product_time(product, routed, layout, machine, held)
        for product in model.mlp_products(np.maximum(model.expert_ffn, 1.0))
    )
    shared = model.mlp_products(np.asarray(model.expert_ffn) * model.shared_experts)
    experts = experts + sum(product_time(product, tokens, layout, machine) for product in shared)
    return attention + (1.0 - share) * dense + np.where(share > 0, share * experts, 0.0)


def attention_time(model: Transformer, layout: Layout, machine: Machine) -> tuple[Numbers, Numbers]:
    """Return the time of attention's core, forward and backward [s]: fused and causal, or the whole square."""
    pairs = layout.micro_batch * np.asarray(model.sequence) ** 2 * model.heads / (layout.context * layout.tensor)
    flop = 2.0 * pairs * (2.0 * model.head_size + model.rope_size)
    fused = 0.5 * flop / machine.attention_speed
    products = flop / machine.speed_16 + 2.0 * machine.overhead
    scores = pairs * ACTIVATION_BYTES / machine.memory_bandwidth
    flash = np.asarray(layout.flash) > 0
    forward = np.where(flash, fused, products + SCORE_PASSES_FORWARD * scores)
    return forward, np.where(flash, BACKWARD_ATTENTION * fused, 2.0 * products + SCORE_PASSES_BACKWARD * scores)


def elementwise_bytes(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> Numbers:
    """Return the memory traffic of what is element-wise in a layer, forward [B]: norms, activations, casts."""
    spread = np.where(np.asarray(layout.sequence_parallel) > 0, layout.tensor, 1.0)
    share = np.asarray(model.moe_layers) / model.layers
    inner = (1.0 - share) * model.ffn + share * np.asarray(model.expert_ffn) * (model.top_k + model.shared_experts)
    mlp = 2.0 * (model.matrices_in + 1.0) * inner
    casts = np.where(np.asarray(machine.operand_bytes) < ACTIVATION_BYTES, 6.0 * model.hidden + 4.0 * inner, 0.0)
    numbers = 14.0 * model.hidden / spread + (mlp + 4.0 * model.hidden + casts) / layout.tensor
    return constants.elementwise_traffic * rank_tokens(model, layout) * ACTIVATION_BYTES * numbers


def head_time(model: Transformer, layout: Layout, machine: Machine) -> Numbers:
    """Return the time of the head and the loss on a micro-batch, forward and backward [s]; always in 16 bits."""
    tokens, width = rank_tokens(model, layout), np.asarray(model.vocabulary) / layout.tensor
    product = matmul_time(
        tokens, width, model.hidden, machine.speed_16, machine.memory_bandwidth, ACTIVATION_BYTES, machine.overhead
    )
    return 3.0 * product + LOGIT_PASSES * tokens * width * ACTIVATION_BYTES / machine.memory_bandwidth


def _tensor_collective(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> Numbers:
    ranks = group(machine.network, layout.tensor, 1.0)
    time = ring_time(ranks, rank_tokens(model, layout) * model.hidden * ACTIVATION_BYTES)
    # Without sequence parallelism it is half of an all-reduce, which nothing runs beside.
    hidden = (np.asarray(layout.overlap) > 0) & (np.asarray(layout.sequence_parallel) > 0)
    return time * np.where(hidden, constants.tensor_exposed, 1.0)


RING_ATTENTION_LEFT = 0.1  # of a ring's traffic that shows even where attention takes longer: the first exchange


def _ring_of_keys(
    model: Transformer, layout: Layout, machine: Machine, forward: Numbers, backward: Numbers, again: Numbers
) -> Numbers:
    """Return what attention does not hide of keys and values that go round the context-parallel ranks [s]."""
    ranks = np.asarray(layout.context)
    width = np.where(
        np.asarray(model.kv_rank) > 0, model.kv_rank + model.rope_size, 2.0 * model.kv_heads * model.head_size
    )
    size = width * rank_tokens(model, layout) * ACTIVATION_BYTES / layout.tensor
    time = np.where(ranks > 1, (ranks - 1.0) * shift_time(machine.network, ranks, layout.tensor, size), 0.0)
    shown_forward = np.maximum(0.0, time - forward) + RING_ATTENTION_LEFT * time
    shown_backward = np.maximum(0.0, 2.0 * time - backward) + 2.0 * RING_ATTENTION_LEFT * time
    return shown_forward * (1.0 + again) + shown_backward


def _expert_exchange(model: Transformer, layout: Layout, machine: Machine, constants: Constants) -> Numbers:
    """Return what is exposed of sending tokens to their experts, or back, in the mean layer [s]."""
    tokens = rank_tokens(model, layout) / layout.tensor
    size = tokens * model.top_k * model.hidden * ACTIVATION_BYTES * constants.expert_imbalance
    time = all_to_all_time(machine.network, layout.expert, layout.expert_tensor, size)
    return constants.expert_exposed * time * np.asarray(model.moe_layers) / model.layers
