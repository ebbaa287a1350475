"""Training steps to be predicted, from a file of cases: what is absent was not published, and is not guessed."""

from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.hardware import Gpu
from simulator.scenario.errors import ScenarioErrors, error_at
from simulator.scenario.profiles import load_fabric, load_gpu
from simulator.scenario.source import Item, read_file
from simulator.section import did_you_mean
from simulator.workload.case import Case
from simulator.workload.layout import Recompute
from simulator.workload.machine import PRECISIONS
from simulator.workload.transformer import Transformer

RECOMPUTE = {
    "none": Recompute.NONE, "selective": Recompute.SELECTIVE, "selective+sp": Recompute.SELECTIVE,
    "full": Recompute.FULL,
}  # fmt: skip

# Shapes of latent attention (MLA), where a case only says that there is some: DeepSeek-V3, arXiv 2412.19437, 4.2.
_LATENT = {"query_rank": 1536.0, "kv_rank": 512.0, "rope_size": 64.0}
_LATENT_HEAD = 128.0


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ExpertsRow(_Row):
    """The mixture of experts of a case's model."""

    experts: int = Field(ge=1)
    shared: int = Field(default=0, ge=0)
    topk: int = Field(ge=1)
    moe_ffn: int = Field(ge=1)
    dense_layers: int = Field(default=0, ge=0)
    dense_ffn: int | None = Field(default=None, ge=1)
    mla: bool = False


class ModelRow(_Row):
    """The model of a case."""

    name: str = ""
    layers: int = Field(ge=1, le=10_000)
    hidden: int = Field(ge=1)
    heads: int = Field(ge=1)
    kv_heads: int | None = Field(default=None, ge=1)
    head_dim: int | None = Field(default=None, ge=1)
    ffn: int = Field(ge=1)
    glu: bool = False
    vocab: int = Field(ge=1)
    seq: int = Field(ge=1)
    tied: bool = False
    moe: ExpertsRow | None = None
    total_params_B: float | None = None  # noqa: N815 - the format's name
    active_params_B: float | None = None  # noqa: N815

    def transformer(self) -> Transformer:
        """Return the model in the terms of the step-time model."""
        moe = self.moe
        latent = moe is not None and moe.mla
        head = self.head_dim or (_LATENT_HEAD if latent else self.hidden / self.heads)
        plain = Transformer(
            self.layers, self.hidden, self.heads, self.kv_heads or self.heads, head, self.ffn, float(self.glu),
            self.vocab, self.seq, tied=float(self.tied),
        )  # fmt: skip
        if moe is None:
            return plain
        mixture = plain._replace(
            ffn=moe.dense_ffn or self.ffn, experts=moe.experts, shared_experts=moe.shared, top_k=moe.topk,
            expert_ffn=moe.moe_ffn, dense_layers=moe.dense_layers,
        )  # fmt: skip
        return mixture._replace(**_LATENT) if latent else mixture


class CaseRow(_Row):
    """A case as it is written; see the head of `scenarios/step_time/published_runs.yaml`."""

    id: str
    family: str = ""
    gpu: str
    gpus: int = Field(ge=1)
    model: ModelRow
    precision: str = "bf16"
    gbs: int = Field(ge=1)
    tp: int | None = Field(default=None, ge=1)
    pp: int | None = Field(default=None, ge=1)
    cp: int | None = Field(default=None, ge=1)
    ep: int | None = Field(default=None, ge=1)
    dp: int | None = Field(default=None, ge=1)
    vp: int | None = Field(default=None, ge=1)
    mbs: int | None = Field(default=None, ge=1)
    recompute: str | None = None
    sp: bool = True
    flash: bool = True
    dist_opt: bool = True
    overlap_dp: bool = True
    fsdp: int = 0
    gradient_bytes: float | None = Field(default=None, gt=0)
    asym_embed_loss: bool = False
    nic_GBps: float | None = Field(default=None, gt=0)  # noqa: N815 - the format's name
    fabric: str | None = None
    measured: dict[str, Any] = {}
    use: str = ""
    provenance: str = ""
    provenance_class: str = ""


class Entry(NamedTuple):
    """A case of a file: what it says, and the case, or what is wrong with it."""

    id: str
    row: CaseRow | None
    case: Case | None
    errors: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()  # keys that nobody reads


def read_cases(path: Path) -> list[Entry]:
    """Return the cases of a file. Raises ScenarioErrors where it is no file of cases; a wrong case is an entry."""
    tree = read_file(path, str(path))
    listed = tree.child("cases") if isinstance(tree.value, dict) else tree
    if listed is None or not isinstance(listed.value, list) or not listed.value:
        raise ScenarioErrors(
            [error_at(tree.spot, "cases", 'is no list of cases; write "cases:" and "- id: ..." below')]
        )
    return [_entry(item, number, path.parent) for number, item in enumerate(listed.value)]


def _entry(item: Item, number: int, folder: Path) -> Entry:
    named = item.child("id")
    name = str(named.value) if named is not None else f"cases.{number}"
    try:
        row = CaseRow.model_validate(item.data())
    except ValidationError as failed:
        return Entry(name, None, None, tuple(_complaint(item, name, detail) for detail in failed.errors()))
    remarks = tuple(_unknown_keys(item, name))
    try:
        return Entry(name, row, _case(row, item, folder), (), remarks)
    except ScenarioErrors as failed:
        return Entry(name, row, None, tuple(error.headline for error in failed.errors), remarks)


def _complaint(item: Item, name: str, detail: Any) -> str:
    place = detail["loc"]
    path = ".".join((name, *map(str, place)))
    missing = detail["type"] == "missing"
    text = "is missing" if missing else f"{detail['input']!r} {detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return error_at(item.nearest(place).spot, path, text).headline


def _unknown_keys(item: Item, name: str) -> list[str]:
    known = CaseRow.model_fields
    keys = item.value if isinstance(item.value, dict) else {}
    return [
        error_at(item.nearest((key,)).spot, f"{name}.{key}", f"is not read{did_you_mean(key, known)}").headline
        for key in keys
        if key not in known
    ]


def _case(row: CaseRow, item: Item, folder: Path) -> Case:
    gpu_item = item.child("gpu")
    assert gpu_item is not None  # a row without it is not valid
    gpu = load_gpu(gpu_item, folder, f"{row.id}.gpu")
    _check_words(row, item, gpu)
    fabric = item.child("fabric")
    return Case(
        id=row.id, gpu=gpu, precision=row.precision, model=row.model.transformer(), gpus=row.gpus,
        global_batch=row.gbs, tensor=row.tp, pipeline=row.pp, context=row.cp, expert=row.ep, data=row.dp,
        interleaving=row.vp, micro_batch=row.mbs,
        recompute=None if row.recompute is None else RECOMPUTE[row.recompute],
        gradient_bytes=row.gradient_bytes, sequence_parallel=row.sp, flash=row.flash, sharded_optimizer=row.dist_opt,
        sharded_weights=row.fsdp > 0, overlap=row.overlap_dp, head_counts=row.asym_embed_loss,
        port=None if row.nic_GBps is None else row.nic_GBps * 1e9,
        up=None if gpu.scale_up_fabric is None else load_fabric(gpu.scale_up_fabric),
        out=None if fabric is None else load_fabric(fabric, folder, f"{row.id}.fabric"), family=row.family,
    )  # fmt: skip


def _check_words(row: CaseRow, item: Item, gpu: Gpu) -> None:
    errors = []
    if row.recompute is not None and row.recompute not in RECOMPUTE:
        known = ", ".join(RECOMPUTE)
        errors.append(("recompute", f"'{row.recompute}' is not one of {known}{did_you_mean(row.recompute, RECOMPUTE)}"))
    kind = PRECISIONS.get(row.precision)
    if kind is None:
        known = ", ".join(PRECISIONS)
        errors.append(
            ("precision", f"'{row.precision}' is not one of {known}{did_you_mean(row.precision, PRECISIONS)}")
        )
    elif kind not in gpu.peak:
        text = f"{gpu.name} has no {kind}; it computes in {', '.join(gpu.peak)}"
        errors.append(("precision", text))
    if errors:
        raise ScenarioErrors(
            error_at(item.nearest((key,)).spot, f"{row.id}.{key}", text, str(getattr(row, key))) for key, text in errors
        )
