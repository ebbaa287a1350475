"""A training step as people write it down: which keys a case has, what each may be, and what it is in the model."""

import math
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from simulator.words.hardware import Fabric, Gpu
from simulator.words.section import did_you_mean, refusal
from simulator.workload.case import Case
from simulator.workload.layout import Recompute
from simulator.workload.machine import PRECISIONS
from simulator.workload.transformer import Transformer

RECOMPUTE: Mapping[str, Recompute] = {
    "none": Recompute.NONE, "selective": Recompute.SELECTIVE, "selective+sp": Recompute.SELECTIVE,
    "full": Recompute.FULL,
}  # fmt: skip

# Keys that tell a reader where a case is from, and the model nothing.
SILENT = frozenset({"note", "notes", "source", "name", "total_params_B", "active_params_B"})

# What to write where a case cannot do without.
EXAMPLES: Mapping[str, str] = {
    "gpu": "gpu: h100_sxm", "gpus": "gpus: 1_024", "gbs": "gbs: 2_048, in sequences",
    "model": "model: {layers: 80, hidden: 8192, heads: 64, ffn: 28672, vocab: 128256, seq: 8192}",
    "layers": "layers: 80", "hidden": "hidden: 8192", "heads": "heads: 64", "vocab": "vocab: 128256",
    "seq": "seq: 8192, in tokens", "experts": "experts: 256", "topk": "topk: 8", "moe_ffn": "moe_ffn: 2048",
}  # fmt: skip

# Shapes of latent attention (MLA), where a case only says that there is some: DeepSeek-V3, arXiv 2412.19437, 4.2.
_LATENT = {"query_rank": 1536.0, "kv_rank": 512.0, "rope_size": 64.0}
_LATENT_HEAD = 128.0

# Far above whatever is counted here, and low enough to look for a neighbour that divides.
_MOST, _MOST_LAYERS, _MOST_RANKS = 10**9, 10_000, 10_000_000
_SLOWEST_PORT, _FASTEST_PORT = 0.001, 100_000  # [GB/s]
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _refused(text: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{text}", {"text": text})


def _written(value: Any) -> str:
    """Return a value of a file about as it stands there."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_written(below)}' for key, below in value.items())}}}"
    return "null" if value is None else str(value)


def _shown(value: Any) -> str:
    text = _written(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _number(value: Any) -> float:
    try:
        found = math.nan if isinstance(value, bool | list | dict) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise _refused(f"{_shown(value)} is not a number")
    return found


def _whole(least: int, most: int = _MOST) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        found = _number(value)
        if found != math.floor(found):
            raise _refused(f"{_shown(value)} is not a whole number")
        if found < least:
            raise _refused(f"{_shown(value)} must be at least {least}")
        if found > most:
            raise _refused(f"{_shown(value)} must be at most {most:_}")
        return int(found)

    return read


def _positive(value: Any) -> float:
    found = _number(value)
    if found <= 0:
        raise _refused(f"{_shown(value)} must be above 0")
    return found


def _share(value: Any) -> float:
    found = _positive(value)
    if found > 1:
        raise _refused(f"{_shown(value)} must be at most 1")
    return found


def _port(value: Any) -> float:
    found = _positive(value)
    if not _SLOWEST_PORT <= found <= _FASTEST_PORT:
        bounds = f"between {_SLOWEST_PORT} and {_FASTEST_PORT:_}"
        raise _refused(f"{_shown(value)} must lie {bounds}; it is in GB/s, one direction: 400 Gb/s are 50")
    return found


def _truth(value: Any) -> bool:
    found = _WORDS.get(str(value).lower())
    if found is None:
        raise _refused(f"{_shown(value)} is not a truth value; write true or false")
    return found


def _sharding(value: Any) -> int:
    """Return over how many ranks weights are sharded; 0: not at all, 1: over all replicas."""
    word = str(value).lower()
    return int(_WORDS[word]) if word in _WORDS else _whole(0)(value)


def _text(value: Any) -> str:
    if isinstance(value, list | dict | bool):
        raise _refused("must be text; put it in quotes")
    return str(value)


def _any_text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _measured(value: Any) -> dict[str, Any]:
    """Return what was measured; a number alone is the step."""
    return value if isinstance(value, dict) else {"step_s": value}


def _one_of(known: Mapping[str, Any]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if isinstance(value, bool):
            raise _refused(f"{_shown(value)} is not one of {', '.join(known)}")
        word = _text(value).strip().lower().replace(" ", "")
        if word not in known:
            raise _refused(f"'{_text(value)}' is not one of {', '.join(known)}{did_you_mean(word, known)}")
        return word

    return read


Whole = Annotated[int, BeforeValidator(_whole(1))]
Layers = Annotated[int, BeforeValidator(_whole(1, _MOST_LAYERS))]
Ranks = Annotated[int, BeforeValidator(_whole(1, _MOST_RANKS))]  # or what they share out: a batch
Degree = Annotated[int, BeforeValidator(_whole(1, 100_000))]
WholeOrZero = Annotated[int, BeforeValidator(_whole(0))]
Positive = Annotated[float, BeforeValidator(_positive)]
Share = Annotated[float, BeforeValidator(_share)]
Port = Annotated[float, BeforeValidator(_port)]  # [GB/s]
Truth = Annotated[bool, BeforeValidator(_truth)]
Text = Annotated[str, BeforeValidator(_text)]
Remark = Annotated[str, BeforeValidator(_any_text)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class ExpertsRow(_Row):
    """The mixture of experts of a case's model."""

    experts: Degree
    shared: WholeOrZero = 0
    topk: Whole
    moe_ffn: Whole
    dense_layers: WholeOrZero = 0
    dense_ffn: Whole | None = None
    mla: Truth = False

    @model_validator(mode="after")
    def _hold_rules(self) -> "ExpertsRow":
        if self.topk > self.experts:
            raise refusal([(("topk",), f"a token cannot visit {self.topk} of {self.experts} experts")], self.topk)
        return self


class ModelRow(_Row):
    """The model of a case."""

    name: Remark = ""
    layers: Layers
    hidden: Whole
    heads: Degree
    kv_heads: Whole | None = None
    head_dim: Whole | None = None
    ffn: Whole | None = None
    glu: Truth = False
    vocab: Whole
    seq: Whole
    tied: Truth | None = None  # absent: as GPT, Megatron-LM and MPT do, which have no gate, and Llama does not
    moe: ExpertsRow | None = None

    @model_validator(mode="after")
    def _hold_rules(self) -> "ModelRow":
        found: list[tuple[tuple[str, ...], str]] = []
        if self.kv_heads is not None and self.heads % self.kv_heads:
            text = f"{self.kv_heads} does not divide the {self.heads} heads"
            found.append((("kv_heads",), text))
        if self.head_dim is None and self.hidden % self.heads and not self.latent:
            text = f"{self.heads} heads do not divide hidden, {self.hidden}; write head_dim where they need not"
            found.append((("heads",), text))
        if self.moe is None and self.ffn is None:
            found.append((("ffn",), "is missing; write ffn: 28672, the inner size of the MLP"))
        if self.moe is not None and self.moe.dense_layers > self.layers:
            text = f"{self.moe.dense_layers} of {self.layers} layers cannot be dense"
            found.append((("moe", "dense_layers"), text))
        if found:
            raise refusal(found)
        return self

    @property
    def latent(self) -> bool:
        """Whether attention is latent (MLA)."""
        return self.moe is not None and self.moe.mla

    def transformer(self) -> Transformer:
        """Return the model in the terms of the step-time model."""
        moe = self.moe
        head = self.head_dim or (_LATENT_HEAD if self.latent else self.hidden / self.heads)
        ffn = self.ffn or 0
        if moe is not None:
            ffn = moe.dense_ffn or self.ffn or moe.moe_ffn
        plain = Transformer(
            self.layers, self.hidden, self.heads, self.kv_heads or self.heads, head, ffn, float(self.glu),
            self.vocab, self.seq, tied=float(not self.glu if self.tied is None else self.tied),
        )  # fmt: skip
        if moe is None:
            return plain
        mixture = plain._replace(
            experts=moe.experts, shared_experts=moe.shared, top_k=moe.topk, expert_ffn=moe.moe_ffn,
            dense_layers=moe.dense_layers,
        )  # fmt: skip
        return mixture._replace(**_LATENT) if self.latent else mixture


class CaseRow(_Row):
    """A case as it is written: docs/step_time.md, "The format of cases", says what each key means."""

    id: Text = ""
    family: Remark = ""
    gpu: Text
    gpus: Ranks
    model: ModelRow
    precision: Annotated[str, BeforeValidator(_one_of(PRECISIONS))] = "bf16"
    gbs: Ranks
    tp: Degree | None = None
    pp: Degree | None = None
    cp: Degree | None = None
    ep: Degree | None = None
    dp: Ranks | None = None
    vp: Degree | None = None
    mbs: Degree | None = None
    recompute: Annotated[str, BeforeValidator(_one_of(RECOMPUTE))] | None = None
    sp: Truth = True
    flash: Truth = True
    dist_opt: Truth = True
    overlap_dp: Truth = True
    fsdp: Annotated[int, BeforeValidator(_sharding)] = 0
    gradient_bytes: Positive | None = None
    asym_embed_loss: Truth = False
    nic_GBps: Port | None = None  # noqa: N815 - the format's name
    port_share: Share = 1.0
    fabric: Text | None = None
    measured: Annotated[dict[str, Any], BeforeValidator(_measured)] = {}
    use: Remark = ""
    provenance: Remark = ""
    provenance_class: Remark = ""

    @model_validator(mode="after")
    def _step_is_a_time(self) -> "CaseRow":
        if self.measured.get("step_s") is not None:
            try:
                _positive(self.measured["step_s"])
            except PydanticCustomError as failed:
                raise refusal([(("measured", "step_s"), failed.message())]) from None
        return self

    @property
    def measured_step(self) -> float | None:
        """The step that was measured, where it was [s]."""
        step = self.measured.get("step_s")
        return None if step is None else float(step)

    def case(self, name: str, gpu: Gpu, up: Fabric | None, out: Fabric | None) -> Case:
        """Return the case of this row, on a GPU with a fabric within its domain and one between domains."""
        return Case(
            id=name, gpu=gpu, precision=self.precision, model=self.model.transformer(), gpus=self.gpus,
            global_batch=self.gbs, tensor=self.tp, pipeline=self.pp, context=self.cp or 1, expert=self.ep,
            data=self.dp, interleaving=self.vp, micro_batch=self.mbs,
            recompute=None if self.recompute is None else RECOMPUTE[self.recompute],
            gradient_bytes=self.gradient_bytes, sequence_parallel=self.sp, flash=self.flash,
            sharded_optimizer=self.dist_opt, sharded_weights=self.fsdp > 0, overlap=self.overlap_dp,
            head_counts=self.asym_embed_loss, port=None if self.nic_GBps is None else self.nic_GBps * 1e9,
            port_share=self.port_share, up=up, out=out, family=self.family,
        )  # fmt: skip
