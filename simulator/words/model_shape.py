"""The shapes of a model, and the plan by which it is laid out over GPUs, as a scenario gives them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool

from simulator.words.quantity import Like, Quantity
from simulator.words.section import Fault, Section

AUTO = "auto"

# Far above whatever is counted here, and low enough to look for a neighbour that divides.
Degree = Annotated[Quantity, Like("", whole=True, certain=True, choice=True, least=1, most=1e7)]
Layers = Annotated[Quantity, Like("", whole=True, certain=True, least=1, most=1e4)]
Count = Annotated[Quantity, Like("", whole=True, certain=True, least=1, most=1e5)]
Size = Annotated[Quantity, Like("", whole=True, certain=True, least=1, most=1e9)]
Tokens = Annotated[Quantity, Like("tokens", whole=True, certain=True, choice=True, least=1, most=1e8)]
Sequences = Annotated[Quantity, Like("sequences", whole=True, certain=True, choice=True, least=1, most=1e7)]


class Shape(Section):
    """Shapes of a decoder-only transformer: those of a known model where left out."""

    layers: Layers | None = Field(default=None, description="layers of the transformer")
    hidden: Size | None = Field(default=None, description="width of the residual stream")
    heads: Count | None = Field(default=None, description="heads of queries")
    kv_heads: Count | None = Field(default=None, description="heads of keys and values; as many as heads")
    head_size: Size | None = Field(default=None, description="width of a head; hidden / heads")
    ffn: Size | None = Field(default=None, description="inner width of the MLP")
    gated: StrictBool | None = Field(default=None, description="two matrices lead into the MLP (SwiGLU)")
    vocabulary: Size | None = Field(default=None, description="tokens of the vocabulary, padding included")
    experts: Count | None = Field(default=None, description="of a mixture: routed experts in a layer")
    shared_experts: Count | None = Field(default=None, description="experts that every token visits")
    top_k: Count | None = Field(default=None, description="routed experts that a token visits")
    expert_ffn: Size | None = Field(default=None, description="inner width of an expert")
    dense_layers: Layers | None = Field(default=None, description="layers of a mixture that have no experts")

    def given(self) -> dict[str, float]:
        """Return the shapes that are given, by name."""
        values = ((name, getattr(self, name)) for name in type(self).model_fields if name != "source")
        return {name: float(getattr(value, "median", value)) for name, value in values if value is not None}

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the shapes whatever the known model below them; see also `mixture_faults`."""
        given = self.given()
        heads, hidden, key_heads = (given.get(name) for name in ("heads", "hidden", "kv_heads"))
        if heads and key_heads and heads % key_heads:
            yield ("kv_heads",), f"{key_heads:_.0f} does not divide the {heads:_.0f} heads"
        if heads and hidden and hidden % heads and self.head_size is None:
            text = f"{heads:_.0f} heads do not divide hidden, {hidden:_.0f}; write head_size where they need not"
            yield ("heads",), text
        yield from (((name,), text) for name, text in _too_many(given))


def mixture_faults(given: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return what is wrong with the experts of a model by its merged shapes: a field and a text each; 0 is absent."""
    if given.get("experts"):
        needed = [name for name in ("top_k", "expert_ffn") if not given.get(name)]
        return [*((name, "a mixture of experts needs it; write it") for name in needed), *_too_many(given)]
    lone = [name for name in ("shared_experts", "top_k", "expert_ffn", "dense_layers") if given.get(name)]
    return [(name, 'is that of a mixture of experts; write "experts: 64" too, or leave it out') for name in lone]


def _too_many(given: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    """Yield the shapes of a mixture that are larger than what they are a part of."""
    experts, visited = given.get("experts"), given.get("top_k")
    if experts and visited and visited > experts:
        yield "top_k", f"{visited:_.0f} are more than the {experts:_.0f} experts; lower it"
    layers, dense = given.get("layers"), given.get("dense_layers")
    if layers and dense and dense >= layers:
        yield "dense_layers", f"{dense:_.0f} of {layers:_.0f} layers leave none with experts; lower it"


class Parallel(Section):
    """How the model is laid out over GPUs. Data parallelism takes what is left; what is not given is searched."""

    tensor: Degree | None = Field(default=None, description="tensor-parallel degree")
    pipeline: Degree | None = Field(default=None, description="pipeline stages")
    context: Degree | None = Field(default=None, description="context-parallel degree: parts of a sequence")
    expert: Degree | None = Field(default=None, description="expert-parallel degree, within data parallelism")
    interleaving: Degree | None = Field(default=None, description="model chunks in a stage (virtual pipeline)")
    micro_batch: Degree | None = Field(default=None, description="sequences that pass through a stage together")
    head_counts: StrictBool | None = Field(
        default=None, description="embedding and head count as layers when stages are cut"
    )
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
