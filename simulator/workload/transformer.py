"""A decoder-only transformer: its shapes, parameters and model FLOP. Fields are numbers, or arrays of one shape."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import Numbers


class Product(NamedTuple):
    """A matrix product of one token's activations with a weight matrix of (inner, outer) numbers, `count` of them."""

    inner: Numbers
    outer: Numbers
    sharded: str  # "outer" or "inner": the dimension that tensor parallelism divides; "" where it divides none
    count: Numbers = 1.0

    @property
    def parameters(self) -> Numbers:
        """Weights."""
        return self.inner * self.outer * self.count


class Transformer(NamedTuple):
    """Shapes of a decoder-only transformer, dense or with a mixture of experts (experts == 0: dense)."""

    layers: Numbers
    hidden: Numbers
    heads: Numbers
    kv_heads: Numbers
    head_size: Numbers
    ffn: Numbers  # inner size of the MLP of dense layers
    gated: Numbers  # 1: two matrices into the MLP (SwiGLU), 0: one
    vocabulary: Numbers
    sequence: Numbers  # [tokens]
    experts: Numbers = 0.0
    shared_experts: Numbers = 0.0
    top_k: Numbers = 0.0  # experts that a token visits, without the shared ones
    expert_ffn: Numbers = 0.0
    dense_layers: Numbers = 0.0  # of a mixture: the layers that have none
    query_rank: Numbers = 0.0  # latent attention (MLA): ranks of the compressed query and of keys and values; 0: none
    kv_rank: Numbers = 0.0
    rope_size: Numbers = 0.0
    tied: Numbers = 0.0  # 1: embedding and head share their weights

    @property
    def moe_layers(self) -> Numbers:
        """Layers with experts."""
        return np.where(np.asarray(self.experts) > 0, np.subtract(self.layers, self.dense_layers), 0.0)

    @property
    def mlp_layers(self) -> Numbers:
        """Layers with a dense MLP."""
        return self.layers - self.moe_layers

    @property
    def matrices_in(self) -> Numbers:
        """Matrices that lead into an MLP."""
        return 1.0 + self.gated

    @property
    def query_width(self) -> Numbers:
        """Width of queries and of the attention's output, all heads."""
        return self.heads * self.head_size

    def attention_products(self) -> Iterator[Product]:
        """Yield the products around attention, plain ones and those of latent attention; those absent count 0."""
        latent = np.where(np.asarray(self.kv_rank) > 0, 1.0, 0.0)
        plain = 1.0 - latent
        key_width = self.head_size + self.rope_size
        yield Product(self.hidden, self.query_width + 2.0 * self.kv_heads * self.head_size, "outer", plain)
        yield Product(self.hidden, self.query_rank, "", latent)
        yield Product(self.query_rank, self.heads * key_width, "outer", latent)
        yield Product(self.hidden, self.kv_rank + self.rope_size, "", latent)
        yield Product(self.kv_rank, 2.0 * self.query_width, "outer", latent)
        yield Product(self.query_width, self.hidden, "inner")

    def mlp_products(self, width: Numbers) -> Iterator[Product]:
        """Yield the products of one MLP of an inner width."""
        yield Product(self.hidden, self.matrices_in * width, "outer")
        yield Product(width, self.hidden, "inner")

    @property
    def attention_parameters(self) -> Numbers:
        """Weights of a layer's attention, without norms."""
        return sum((product.parameters for product in self.attention_products()), start=0.0)

    @property
    def mlp_parameters(self) -> Numbers:
        """Weights of a dense MLP."""
        return (self.matrices_in + 1.0) * self.hidden * self.ffn

    @property
    def expert_parameters(self) -> Numbers:
        """Weights of one expert."""
        return (self.matrices_in + 1.0) * self.hidden * self.expert_ffn

    @property
    def embedding_parameters(self) -> Numbers:
        """Weights of the embedding, or of the head."""
        return self.vocabulary * self.hidden

    @property
    def parameters(self) -> Numbers:
        """All weights, without norms and biases."""
        experts = self.moe_layers * (self.expert_parameters * (self.experts + self.shared_experts) + self._router)
        return self._common_parameters + experts + (2.0 - self.tied) * self.embedding_parameters

    @property
    def active_parameters(self) -> Numbers:
        """The weights that a token meets, embedding and head included."""
        experts = self.moe_layers * (self.expert_parameters * (self.top_k + self.shared_experts) + self._router)
        return self._common_parameters + experts + (2.0 - self.tied) * self.embedding_parameters

    @property
    def _common_parameters(self) -> Numbers:
        return self.layers * self.attention_parameters + self.mlp_layers * self.mlp_parameters

    @property
    def _router(self) -> Numbers:
        return self.hidden * self.experts

    def flop_per_token(self, causal: bool) -> Numbers:
        """Return the model FLOP of a token, forward and backward [FLOP/token]: the embedding costs none.

        `causal` counts only the half of the scores that a causal mask keeps, as Meta and MaxText do; without it the
        whole square, as Narayanan et al. 2021 (appendix, equation 3) and Megatron-LM do.
        """
        products = self.active_parameters - (1.0 - self.tied) * self.embedding_parameters
        scores = self.heads * (2.0 * self.head_size + self.rope_size) * self.sequence  # keys, then values
        attention = 2.0 * self.layers * scores * (0.5 if causal else 1.0)
        return 3.0 * (2.0 * products + attention)
