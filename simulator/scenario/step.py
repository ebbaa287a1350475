"""From a scenario's job to its training step: the case, the plan where it is left open, and what follows from both."""

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from simulator.nouns.job import UNKNOWN_FLOP, Job
from simulator.scenario.errors import ScenarioErrors
from simulator.scenario.profiles import load_fabric, outer_fabric
from simulator.scenario.schema import Document
from simulator.scenario.sites import NO_WAN, on_two_sites, wan_of, with_round_trip
from simulator.scenario.validate import error_for
from simulator.scenario.yaml_tree import Item
from simulator.words.hardware import Fabric, Gpu
from simulator.words.model_shape import Parallel, mixture_faults
from simulator.words.quantity import Quantity
from simulator.words.section import Fault, did_you_mean
from simulator.workload.case import Case
from simulator.workload.check import faults_of
from simulator.workload.layout import Layout, Recompute
from simulator.workload.machine import PRECISIONS
from simulator.workload.predict import Prediction, predict
from simulator.workload.search import Found, nearest_that_fits, search
from simulator.workload.transformer import Transformer
from simulator.workload.zoo import MODELS, KnownModel

NEEDED = ("layers", "hidden", "heads", "ffn", "vocabulary")
TOLERATED_MEMORY = 1.15  # of what a profile calls GB: makers mean GiB, and the count is uncertain by a tenth
PREDICTED = "step-time model, docs/step_time.md"


class Step(NamedTuple):
    """The training step of a scenario: its case with every degree fixed, and what is predicted of it."""

    case: Case
    prediction: Prediction
    explained: tuple[str, ...]  # how its plan was found, in sentences
    filled: tuple[str, ...] = ()  # what of the plan the job leaves open


def known_model(name: str | None) -> KnownModel | None:
    """Return the known model that a name means, in any spelling of case, blanks, hyphens and underscores."""
    return None if name is None else _BY_LETTERS.get(_letters(name))


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]", "", name.lower())


_BY_LETTERS = {_letters(name): model for name, model in MODELS.items()}


def model_of(job: Job) -> Transformer | None:
    """Return the model of a job, a known one or one by its shape; None where too little is said of it."""
    return _model(job)[0]


def with_step(document: Document, gpu: Gpu | None, tree: Item, folder: Path) -> tuple[Document, Step | None]:
    """Return a document whose job has what its model tells, and its step where model, batch and GPU are known.

    Raises ScenarioErrors for a model that is not known where a prediction needs it, and for a plan that cannot be.
    """
    if document.job.phases:
        return _with_phases(document, gpu, tree, folder)
    job = document.job
    model, faults = _model(job)
    if job.model is not None and known_model(job.model) is None:
        raise ScenarioErrors([error_for(tree, (("job", "model"), _unknown(job.model)))])
    if model is None or job.global_batch is None or gpu is None:
        if job.predicted:
            faults = faults or [_nothing_to_predict_from(gpu)]
            raise ScenarioErrors(error_for(tree, fault) for fault in faults)
        document = _named(document, model)
        if document.job.mfu is not None and document.job.work is None and document.job.flop_unknown:
            raise ScenarioErrors([error_for(tree, (("job",), UNKNOWN_FLOP))])
        return document, None
    document = _named(document, model)
    needed = document.job.predicted
    if needed and on_two_sites(document.cluster) and document.cluster.wan_bandwidth is None:
        raise ScenarioErrors([error_for(tree, (("cluster", "topology"), NO_WAN))])
    document = document.model_copy(update={"cluster": with_round_trip(document.cluster)}) if needed else document
    try:
        step = _predicted(document, model, gpu, _fabrics(gpu, tree, folder))
    except _ImpossiblePlanError as failed:
        if needed or document.job.parallel.degrees:
            raise ScenarioErrors(error_for(tree, fault) for fault in failed.faults) from None
        return document, None  # whoever gives an MFU and no plan need not have one that we find
    return (_filled(document, step, model) if needed else document), step


def _with_phases(document: Document, gpu: Gpu | None, tree: Item, folder: Path) -> tuple[Document, Step | None]:
    """Return a document whose phases have the step times that nobody gives, and the step of the longest phase."""
    found = []
    for place, phase in enumerate(document.job.phases):
        alone = document.model_copy(update={"job": document.job.in_phase(phase)})
        try:
            found.append(with_step(alone, gpu, tree, folder))
        except ScenarioErrors as failed:
            raise ScenarioErrors(
                replace(error, path=f"{error.path} (phase {place})") for error in failed.errors
            ) from None
    phases = tuple(
        phase.model_copy(update={"step_time": done.job.step_time, "global_batch": done.job.global_batch})
        if document.job.by_steps
        else phase
        for phase, (done, _) in zip(document.job.phases, found, strict=True)
    )
    longest, step = max(found, key=lambda pair: pair[0].job.tokens.median if pair[0].job.tokens is not None else 0.0)
    update = {name: getattr(longest.job, name) for name in ("parameters", "active_parameters", "sequence")}
    if all(done.job.parallel == longest.job.parallel for done, _ in found):
        update["parallel"] = longest.job.parallel  # else each phase has a plan of its own, and the job has none
    job = document.job.model_copy(update={**update, "phases": phases})
    return document.model_copy(update={"job": job, "cluster": longest.cluster}), step


def _checkpoint(document: Document) -> float | None:
    return document.checkpoint.size_at(None, document.job.parameters)


class _ImpossiblePlanError(Exception):
    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults


def _nothing_to_predict_from(gpu: Gpu | None) -> Fault:
    if gpu is None:
        return ("job",), 'of which GPUs? write "node: hgx_h100" under cluster, or mfu under job'
    return ("job", "global_batch"), 'missing; write "global_batch: 2_048 sequences"'


def _model(job: Job) -> tuple[Transformer | None, list[Fault]]:
    """Return the model of a job: a known one, with the shapes that are given on top."""
    known = known_model(job.model)
    given = {} if job.shape is None else job.shape.given()
    if known is None and job.shape is None:
        return None, [(("job", "model"), f"missing; write one of {', '.join(MODELS)}, or give its shape, or mfu")]
    missing = [name for name in NEEDED if known is None and name not in given]
    # To count parameters takes no sequence; to predict a step does.
    if known is None and job.sequence is None and (job.predicted or job.global_batch is not None):
        return None, [(("job", "sequence"), 'missing; write "sequence: 8_192 tokens"')]
    if missing:
        return None, [(("job", "shape", name), "missing; write it") for name in missing]
    base = {} if known is None else known.model._asdict()
    wrong = mixture_faults({name: float(value) for name, value in (base | given).items()})
    if wrong:
        return None, [(("job", "shape", name), text) for name, text in wrong]
    length = {} if job.sequence is None else {"sequence": job.sequence.median}
    if known is not None:
        return known.model._replace(**given, **length), []
    heads = given["heads"]
    usual = {"kv_heads": heads, "head_size": given["hidden"] / heads, "gated": 0.0, "sequence": math.nan}
    return Transformer(**(usual | given | length)), []


def _unknown(name: str) -> str:
    hint = did_you_mean(name.strip().lower().replace(" ", "_"), MODELS) or ";"
    return f"there is no known model '{name}'{hint} known are {', '.join(MODELS)}; a label belongs in name"


def _named(document: Document, model: Transformer | None = None) -> Document:
    """Return a document whose job has the parameters, FLOP and sequence length of a model that is known."""
    job = document.job
    known = known_model(job.model)
    if model is None:
        model = None if known is None else known.model
    if model is None:
        return document
    source = known.source if known is not None and job.shape is None else "job.shape"
    update: dict[str, Any] = {}
    if job.parameters is None:
        update["parameters"] = Quantity(float(model.parameters), "parameters", source=source)
    update |= _active(job, model, source)
    if job.sequence is None and not math.isnan(float(model.sequence)):
        update["sequence"] = Quantity(float(model.sequence), "tokens", choice=True, source=source)
    return document.model_copy(update={"job": job.model_copy(update=update)})


def _active(job: Job, model: Transformer, source: str) -> dict[str, Quantity]:
    """Return the parameters of a mixture of experts that a token meets, where FLOP follow from them."""
    active = float(model.active_parameters)
    fewer = job.parameters is None or active < job.parameters.median
    unsaid = job.active_parameters is None and job.flop is None and job.work is None
    if float(model.experts) > 0 and unsaid and fewer:
        return {"active_parameters": Quantity(active, "parameters", source=source)}
    return {}


def _fabrics(gpu: Gpu, tree: Item, folder: Path) -> tuple[Fabric | None, Fabric | None]:
    """Return the fabric within a domain and the one between domains, where they are named."""
    return None if gpu.scale_up_fabric is None else load_fabric(gpu.scale_up_fabric), outer_fabric(tree, folder)


def _predicted(document: Document, model: Transformer, gpu: Gpu, fabrics: tuple[Fabric | None, Fabric | None]) -> Step:
    job, plan = document.job, document.job.parallel
    given = plan.degrees
    kind = PRECISIONS.get(job.precision)
    if kind is None or kind not in gpu.peak:
        known = [name for name, of in PRECISIONS.items() if of in gpu.peak]
        hint = did_you_mean(job.precision, known) or f"; it has {', '.join(gpu.peak)}"
        raise _ImpossiblePlanError([(("job", "precision"), f"{gpu.name} does not compute in '{job.precision}'{hint}")])
    assert job.global_batch is not None  # asked before
    case = Case(
        id=document.name, gpu=gpu, precision=job.precision, model=model, gpus=document.cluster.job_gpus,
        global_batch=job.global_batch.median, up=fabrics[0], out=fabrics[1],
        recompute=None if plan.recompute is None else Recompute[plan.recompute.upper()],
        sharded_weights=plan.sharding == "weights", tensor=given.get("tensor"), pipeline=given.get("pipeline"),
        context=given.get("context"), expert=given.get("expert"), interleaving=given.get("interleaving"),
        micro_batch=given.get("micro_batch"), head_counts=bool(plan.head_counts), checkpoint=_checkpoint(document),
        **wan_of(document.cluster),
    )  # fmt: skip
    if case.sites > 1 and case.global_batch < case.sites:
        raise _ImpossiblePlanError([(("job", "global_batch"), "one sequence is on one site; give two or more")])
    found = faults_of(case)
    if found:
        raise _ImpossiblePlanError([(_place(plan, fault.field), fault.text) for fault in found])
    sharded = None if plan.sharding is None else plan.sharding == "weights"
    chosen = search(case, shard_weights=sharded)
    if not chosen.plans:
        # Whoever gives a plan may know that it fits: what is counted of memory is uncertain by a tenth.
        chosen = search(case, shard_weights=sharded, usable=TOLERATED_MEMORY)
    if not chosen.plans:
        raise _ImpossiblePlanError([_no_plan(case, chosen)])
    fixed = fixed_at(case, chosen.plans[0].layout)
    if case.sites > 1 and (fixed.data or 1) < case.sites:
        text = f"one replica of {case.gpus:_} GPUs cannot stand on two sites; divide the model over fewer GPUs"
        raise _ImpossiblePlanError([(("job", "parallel"), text)])
    filled = tuple(name for name in type(plan).model_fields if getattr(plan, name) is None)
    return Step(fixed, predict([fixed])[0], tuple(chosen.explain()), filled)


def _no_plan(case: Case, found: Found) -> Fault:
    if found.divide:
        room = f"{found.capacity / 1e9:.0f} GB of a GPU"
        return ("job", "parallel"), f"no plan fits in the {room}; {nearest_that_fits(case)}"
    # Batches that many replicas can share: a sixty-fourth of the GPUs is as many replicas as large models have.
    least = max(8, case.gpus // 64)
    near = max(1, round(case.global_batch / least)) * least
    if near == case.global_batch:
        text = (
            f'no plan has these degrees; write "parallel: auto", or the nearest that works: {nearest_that_fits(case)}'
        )
        return ("job", "parallel"), text
    text = f"{case.global_batch:_.0f} sequences cannot be shared out over {case.gpus:_} GPUs"
    return ("job", "global_batch"), f'{text}; write "{near:_} sequences"'


def fixed_at(case: Case, layout: Layout) -> Case:
    """Return a case with the plan of a layout."""
    return case._replace(
        tensor=int(layout.tensor), pipeline=int(layout.pipeline), context=int(layout.context),
        expert=int(layout.expert), data=int(layout.data), interleaving=int(layout.interleaving),
        micro_batch=int(layout.micro_batch), recompute=Recompute(int(layout.recompute)),
        sharded_weights=bool(layout.sharded_weights), gradient_bytes=float(layout.gradient_bytes),
        sequence_parallel=bool(layout.sequence_parallel), head_counts=bool(layout.head_counts),
    )  # fmt: skip


def _place(plan: Parallel, field: str) -> tuple[str, ...]:
    if field in Parallel.model_fields:
        return ("job", "parallel", field)
    return ("job", {"global_batch": "global_batch", "precision": "precision"}.get(field, "parallel"))


def _filled(document: Document, step: Step, model: Transformer) -> Document:
    """Return a document with the predicted step and the plan it stands on."""
    job, case = document.job, step.case
    source = f"{PREDICTED}: {plan_words(case)}"
    found = step.prediction
    time = Quantity(found.step_s, "s", p10=found.p10, p90=found.p90, source=source, how="inferred")
    degrees = {
        name: _degree(getattr(case, name)) for name in ("tensor", "pipeline", "context", "interleaving", "micro_batch")
    }
    if float(model.experts) > 0:
        degrees["expert"] = _degree(case.expert)
    assert case.recompute is not None
    words = {"recompute": case.recompute.name.lower(), "sharding": "weights" if case.sharded_weights else "optimizer"}
    plan = job.parallel.model_copy(
        update={name: value for name, value in (degrees | words).items() if getattr(job.parallel, name) is None}
    )
    if plan.head_counts is None and case.head_counts:
        plan = plan.model_copy(update={"head_counts": True})
    update: dict[str, Any] = {"step_time": time, "parallel": plan}
    return document.model_copy(update={"job": job.model_copy(update=update)})


def _degree(value: int | None) -> Quantity:
    return Quantity(float(value or 1), "", choice=True, source="the fastest plan that fits")


def plan_words(case: Case) -> str:
    """Return a plan in a few words: tensor 8, pipeline 16, data 128."""
    names = ("tensor", "pipeline", "interleaving", "context", "expert", "data", "micro_batch")
    degrees = ((name.replace("_", "-"), getattr(case, name)) for name in names)
    words = ", ".join(f"{name} {degree}" for name, degree in degrees if degree not in (None, 1) or name == "data")
    return f"{words}, {case.gpus:_} GPUs, {case.precision}"
