"""The shapes of a model, and the plan by which it is laid out over GPUs, as a scenario gives them."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool

from simulator.quantity import Like, Quantity
from simulator.section import Fault, Section

AUTO = "auto"

Degree = Annotated[Quantity, Like("", whole=True, certain=True, choice=True, least=1)]
Size = Annotated[Quantity, Like("", whole=True, certain=True, least=1)]
Tokens = Annotated[Quantity, Like("tokens", whole=True, certain=True, choice=True, least=1)]
Sequences = Annotated[Quantity, Like("sequences", whole=True, certain=True, choice=True, least=1)]


class Shape(Section):
    """Shapes of a decoder-only transformer: those of a known model where left out."""

    layers: Size | None = Field(default=None, description="layers of the transformer")
    hidden: Size | None = Field(default=None, description="width of the residual stream")
    heads: Size | None = Field(default=None, description="heads of queries")
    kv_heads: Size | None = Field(default=None, description="heads of keys and values; as many as heads")
    head_size: Size | None = Field(default=None, description="width of a head; hidden / heads")
    ffn: Size | None = Field(default=None, description="inner width of the MLP")
    gated: StrictBool | None = Field(default=None, description="two matrices lead into the MLP (SwiGLU)")
    vocabulary: Size | None = Field(default=None, description="tokens of the vocabulary, padding included")
    experts: Size | None = Field(default=None, description="of a mixture: routed experts in a layer")
    shared_experts: Size | None = Field(default=None, description="experts that every token visits")
    top_k: Size | None = Field(default=None, description="routed experts that a token visits")
    expert_ffn: Size | None = Field(default=None, description="inner width of an expert")
    dense_layers: Size | None = Field(default=None, description="layers of a mixture that have no experts")

    def given(self) -> dict[str, float]:
        """Return the shapes that are given, by name."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields if name != "source")
        return {name: float(getattr(value, "median", value)) for name, value in values if value is not None}

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the shapes."""
        if self.experts is not None:
            for name in ("top_k", "expert_ffn"):
                if getattr(self, name) is None:
                    yield (name,), "a mixture of experts needs it; write it"
        if self.top_k is not None and self.experts is not None and self.top_k.median > self.experts.median:
            yield ("top_k",), f"{self.top_k.text()} are more than the {self.experts.text()} experts; lower it"


class Parallel(Section):
    """How the model is laid out over GPUs. Data parallelism takes what is left; what is not given is searched."""

    tensor: Degree | None = Field(default=None, description="tensor-parallel degree")
    pipeline: Degree | None = Field(default=None, description="pipeline stages")
    context: Degree | None = Field(default=None, description="context-parallel degree: parts of a sequence")
    expert: Degree | None = Field(default=None, description="expert-parallel degree, within data parallelism")
    interleaving: Degree | None = Field(default=None, description="model chunks in a stage (virtual pipeline)")
    micro_batch: Degree | None = Field(default=None, description="sequences that pass through a stage together")
    recompute: Literal["none", "selective", "full"] | None = Field(
        default=None, description="what the backward pass computes again instead of keeping it"
    )
    sharding: Literal["optimizer", "weights"] | None = Field(
        default=None, description="what replicas divide among them: optimizer states (ZeRO-1) or weights too (FSDP)"
    )

    @property
    def degrees(self) -> dict[str, int]:
        """The degrees that are given, by name."""
        names = ("tensor", "pipeline", "context", "expert", "interleaving", "micro_batch")
        values = ((name, getattr(self, name)) for name in names)
        return {name: int(value.median) for name, value in values if value is not None}


def _plan(value: Any) -> Any:
    return Parallel() if value == AUTO else value


Plan = Annotated[Parallel, BeforeValidator(_plan, json_schema_input_type=Parallel | Literal["auto"])]
