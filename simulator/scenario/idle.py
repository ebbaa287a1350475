"""What is said of machines, job and saves, and nothing asks for: no cause, no prediction, no price.

What a profile, a known model or a default says just so is no setting, and stands in every scenario that is written out.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.nouns.failures import Cause
from simulator.nouns.job import Job
from simulator.nouns.operators import MATURITY
from simulator.scenario.errors import AS_SET
from simulator.scenario.sites import on_two_sites
from simulator.scenario.yaml_tree import Item
from simulator.words.parts import key_of
from simulator.words.quantity import Quantity
from simulator.words.section import Fault, Place, Section

if TYPE_CHECKING:
    from simulator.scenario.model import Scenario
    from simulator.workload.zoo import KnownModel

_LEAVE = "or leave this out"
_LEVELS = ("nodes_per_feed", "nodes_per_row", "nodes_per_hall")
_WITH_RACKS = ("dragonfly", "torus_3d")  # fabrics whose links follow the racks
_NOUNS = {"GPU": "gpu", "NIC": "nic"}
_INSTEAD = "give model, global_batch and tokens under job instead"


def settings(scenario: "Scenario", tree: Item) -> Iterator[Fault]:
    """Yield what is written and nothing asks for, with places from the root."""
    for place, text in (
        *_fabric_faults(scenario), *_count_faults(scenario, tree), *_plan_faults(scenario, tree),
        *_work_faults(scenario, tree), *_save_faults(scenario, tree), *_operator_faults(scenario),
    ):  # fmt: skip
        if tree.find(place) is not None:
            yield place, text


def _operator_faults(scenario: "Scenario") -> Iterator[Fault]:
    """Yield a correlation between inputs of which there are no two."""
    alike = scenario.document.operator.alike
    if alike is not None and alike.median > 0 and not any(path == MATURITY for path in _paths(scenario)):
        text = "what an operator is good at is known exactly here, or one thing of it is not"
        yield ("operator", "alike"), f"{text}; leave two or more of detection, diagnosis, restart and pause unsaid"


def _paths(scenario: "Scenario") -> Iterator[str]:
    return (quantity.path for quantity in scenario.inputs)


def unused_of_profile(scenario: "Scenario") -> set[Place]:
    """Return where the profile of a node says of a cluster what nothing asks for."""
    return {place for place, _ in (*_counts(scenario, None), *_peaks(scenario))}


def step_is_used(scenario: "Scenario") -> bool:
    """Return whether the predicted step is that of the job: an MFU, work, or another step time says otherwise."""
    job, step = scenario.document.job, scenario.step
    if job.phases:
        return any(phase.step_time is not None and phase.step_time.how == "inferred" for phase in job.phases)
    return (
        step is not None and job.by_steps and job.step_time is not None
        and job.step_time.median == step.prediction.step_s
    )  # fmt: skip


def _speed_key(scenario: "Scenario") -> str:
    """Return the key that says how fast a job is where no prediction does."""
    job = scenario.document.job
    return "work" if job.work is not None else "mfu" if job.by_mfu else "step_time"


def _known(name: str | None) -> "KnownModel | None":
    if name is None:
        return None
    from simulator.scenario.step import known_model  # brings the step-time model, which few scenarios need

    return known_model(name)


def _fabric_faults(scenario: "Scenario") -> Iterator[Fault]:
    cluster, predicted = scenario.document.cluster, step_is_used(scenario)
    if cluster.fabric is None:
        return
    apart = predicted and on_two_sites(cluster)
    used = {
        "fabric": predicted or bool(cluster.built),
        "topology": apart or bool(cluster.built),
        "radix": bool(cluster.built),
        "wan_bandwidth": apart or "wan link" in cluster.elements,
        "wan_round_trip": apart,
    }
    why = "the predicted step does not follow from it" if predicted else (
        f"job.{_speed_key(scenario)} says how fast the job is"
    )  # fmt: skip
    part = "wan link" if cluster.topology == "two_sites" else "spine"
    struck = f"a cause of a part such as {part}, {_LEAVE}"
    remedy = f"give {struck}" if predicted else f"{_INSTEAD}, or {struck}"
    for name, needed in used.items():
        if not needed and getattr(cluster, name) is not None:
            yield (
                ("cluster", name),
                f"{why}, and no cause strikes an element of the fabric for which it counts; {remedy}",
            )


def _nouns(causes: Iterator[Cause]) -> set[str]:
    """Return the parts and domains that causes strike or count by."""
    found = set()
    for cause in causes:
        found |= {cause.part, _NOUNS.get(cause.per, cause.per)}
        found |= set() if cause.common is None else {cause.common.domain}
    return found


def _count_faults(scenario: "Scenario", tree: Item) -> Iterator[Fault]:
    """Yield numbers of parts and sizes of domains that no cause strikes or counts by."""
    # Who writes no failure at all asks for the run without failures, whatever could fail.
    if scenario.document.failures.given:
        yield from ((place, text) for place, text in _counts(scenario, tree) if not _of_profile(scenario, place))


def _of_profile(scenario: "Scenario", place: Place) -> bool:
    return scenario.document.cluster.in_profile(*(str(key) for key in place[1:]))


def _counts(scenario: "Scenario", tree: Item | None) -> Iterator[Fault]:
    cluster = scenario.document.cluster
    nouns = _nouns(iter(scenario.document.failures.given.values()))
    keys = {key_of(noun) for noun in nouns if noun not in cluster.parts}
    if cluster.built:
        keys.add("nodes_per_leaf")
        # Feeds, rows and halls that only the fabric knows are made of racks, and halls of rows.
        made = {key for key in keys & {*_LEVELS} if tree is None or tree.find(("cluster", key)) is None}
        keys |= {"nodes_per_rack"} if made or cluster.built in _WITH_RACKS else set()
        keys |= {"nodes_per_row"} if "nodes_per_hall" in made else set()
    if cluster.built == "two_sites" or (cluster.topology == "two_sites" and step_is_used(scenario)):
        keys.add("nodes_per_site")
    for name in ("nics_per_node", "nodes_per_leaf", "nodes_per_rack", *_LEVELS, "nodes_per_site"):
        if getattr(cluster, name) is not None and name not in keys:
            part = "nic" if name == "nics_per_node" else name.removeprefix("nodes_per_")
            text = f"no cause strikes a {part} or counts by it, and no other domain needs it"
            yield ("cluster", name), f'{text}; give one with "part: {part}", {_LEAVE}'
    for name in cluster.parts:
        if name not in nouns:
            yield ("cluster", "parts", name), f'no cause strikes a {name}; give one with "part: {name}", {_LEAVE}'


def _plan_faults(scenario: "Scenario", tree: Item) -> Iterator[Fault]:
    """Yield shapes, batch and plan of a model whose step is not predicted, or not used and asked for all the same."""
    job, step, predicted = scenario.document.job, scenario.step, step_is_used(scenario)
    key = _speed_key(scenario)
    known = _known(job.model)
    for name in ("shape", "sequence", "global_batch", "parallel"):
        value = getattr(job, name)
        asked = step is not None or (job.by_steps and name in ("sequence", "global_batch"))
        asked |= name == "shape" and _shape_is_counted(scenario, tree)
        alike = name == "sequence" and known is not None and value is not None
        if alike and value.median == float(known.model.sequence):  # type: ignore[union-attr] # asked before
            continue
        for place in _places(tree, ("job", name)):
            # Beside a given speed a plan is checked and its step is shown; a what-if about it has no answer.
            a_question = not predicted and not job.by_steps and tree.nearest(place).spot.file in AS_SET
            if not asked or a_question:
                yield place, f"job.{key} says how fast the job is; {_INSTEAD}, without {key}, {_LEAVE}"
    for name in ("sequence", "global_batch"):
        if job.phases and all(getattr(phase, name) is not None for phase in job.phases):
            yield ("job", name), f"every phase has its own; {_LEAVE.removeprefix('or ')}"
    plan, shape = job.parallel, job.shape
    if step is not None and shape is not None and known is not None and shape.ffn is not None:
        model = step.case.model
        if float(model.experts) > 0 and not float(model.dense_layers):
            yield ("job", "shape", "ffn"), f"every layer has experts; write expert_ffn, {_LEAVE}"
    if step is not None and plan.recompute == "selective":
        text = "fused attention keeps no scores, so there is nothing to select"
        yield ("job", "parallel", "recompute"), f'{text}; write "recompute: none" or full, {_LEAVE}'
    if step is not None and plan.head_counts and not step.case.head_counts:
        text = "the cut of the layers is not even with embedding and head, or there is none"
        yield ("job", "parallel", "head_counts"), f"{text}; give another number of stages, {_LEAVE}"


def _places(tree: Item, place: Place) -> list[Place]:
    """Return where a section of the job says something: at each of its keys, or at its one word."""
    found = tree.find(place)
    if found is None:
        return []
    return [(*place, key) for key in found.value] if isinstance(found.value, dict) else [place]


def _flop_are_counted(scenario: "Scenario") -> bool:
    """Return whether FLOP that are kept have an MFU, or a price."""
    return scenario.gpu_peak is not None or bool(scenario.document.cost.lines)


def _flop_follow(scenario: "Scenario") -> bool:
    """Return whether FLOP that something asks for follow from parameters and tokens."""
    job = scenario.document.job
    return job.flop is None and job.tokens_at(None) is not None and (job.by_mfu or _flop_are_counted(scenario))


def _size_follows(scenario: "Scenario", tree: Item) -> bool:
    """Return whether the size of a checkpoint that something asks for follows from parameters."""
    return scenario.document.checkpoint.size is None and _size_is_used(scenario, tree)


def _shape_is_counted(scenario: "Scenario", tree: Item) -> bool:
    """Return whether parameters that something asks for are counted in the shape of the model."""
    job = scenario.document.job
    counted = [of for of in (job.parameters, job.active_parameters) if of is not None and not of.said]
    return bool(counted) and (_flop_follow(scenario) or _size_follows(scenario, tree))


def _is_of_model(job: Job, name: str) -> bool:
    """Return whether a number of parameters is that of the model of the job."""
    from simulator.scenario.step import model_of  # brings the step-time model, which few scenarios need

    model = None if job.model is None and job.shape is None else model_of(job)
    return model is not None and getattr(job, name).median == float(getattr(model, name))


def _peaks(scenario: "Scenario") -> Iterator[Fault]:
    """Yield peak speeds that no time, and no MFU that is reported, refers to."""
    job = scenario.document.job
    needed = {job.precision} if job.by_mfu or scenario.flop() is not None else set()
    for name in scenario.document.cluster.peak:
        if name not in needed:
            text = "nothing is counted in FLOP" if not needed else f"the job computes in {job.precision}"
            remedy = (
                "give parameters and tokens, or flop, or mfu under job" if not needed else f"write precision: {name}"
            )
            yield ("cluster", "peak", name), f"{text}; {remedy}, {_LEAVE}"


def _work_faults(scenario: "Scenario", tree: Item) -> Iterator[Fault]:
    """Yield what a job says of its size, speed and model that makes neither time nor FLOP nor bytes."""
    job = scenario.document.job
    yield from ((place, text) for place, text in _peaks(scenario) if not _of_profile(scenario, place))
    known, peak = _known(job.model), scenario.gpu_peak is not None
    timed, counted, has_tokens = job.by_mfu, _flop_are_counted(scenario), job.tokens_at(None) is not None
    if job.mfu is not None and job.work is not None and not peak:
        text = "job.work says how long it takes, and without a peak speed an MFU tells no FLOP"
        yield ("job", "mfu"), f'{text}; write "peak: {{bf16: 989 TFLOP/s}}" under cluster, {_LEAVE}'
    if job.flop is not None and not timed and not counted:
        text = "without a peak speed or a price nobody asks for FLOP"
        yield ("job", "flop"), f'{text}; write "peak: {{bf16: 989 TFLOP/s}}" under cluster, {_LEAVE}'
    if job.flop is not None and job.tokens is not None and not job.by_steps:
        yield ("job", "tokens"), "flop says how much work it is; leave one of them out"
    by_tokens, sized = _flop_follow(scenario), _size_follows(scenario, tree)
    active = job.active_parameters
    if active is not None and active.said and not by_tokens and not _is_of_model(job, "active_parameters"):
        yield ("job", "active_parameters"), f"no FLOP follow from it; give tokens and mfu, {_LEAVE}"
    of_model = job.parameters is not None and _is_of_model(job, "parameters")
    if job.parameters is not None and not ((by_tokens and active is None) or sized or of_model):
        text = "neither the work nor the size of a checkpoint follows from it"
        remedy = "give tokens and mfu, or a bandwidth of a tier" if active is None else "give a bandwidth of a tier"
        yield ("job", "parameters"), f"{text}; {remedy}, {_LEAVE}"
    filled = tree.find(("job", "parameters")) is None or of_model
    long = known is not None and job.sequence is not None and job.sequence.median == float(known.model.sequence)
    by_length = job.by_steps and has_tokens and (tree.find(("job", "sequence")) is None or long)
    a_question = scenario.step is not None and not step_is_used(scenario) and _is_set(tree, ("job", "model"))
    told = (scenario.step is not None and not a_question) or by_length or (filled and (by_tokens or sized))
    if known is not None and not told:
        text = f"job.{_speed_key(scenario)} says how fast the job is, and nothing else follows from its model"
        yield ("job", "model"), f"{text}; {_INSTEAD}, or put a label into name, {_LEAVE}"
    idle = any(place[-1] == job.precision for place, _ in _peaks(scenario))
    if job.precision != "bf16" and scenario.step is None and (not peak or idle):
        yield ("job", "precision"), f"no peak speed and no step is asked for; give mfu, or a model, {_LEAVE}"


def _is_set(tree: Item, place: Place) -> bool:
    return tree.find(place) is not None and tree.nearest(place).spot.file in AS_SET


def _size_is_used(scenario: "Scenario", tree: Item) -> bool:
    """Return whether a save or a load takes as long as a checkpoint is large."""
    document = scenario.document
    tiers = document.checkpoint.tiers
    if any(tier.bandwidth is not None and None in (tier.blocking, tier.lag, tier.restore) for tier in tiers):
        return True
    for position, tier in enumerate(tiers):
        place = ("checkpoint", "tiers", position)
        asynchronous = tier.to == "host_memory" or tier.storage is not None
        absent = [name for name in ("blocking", "restore") if tree.find((*place, name)) is None]
        if document.cluster.node is not None and asynchronous and absent and (
            "blocking" in absent or tier.to == "host_memory"
        ):  # fmt: skip
            return True
    return False


def _save_faults(scenario: "Scenario", tree: Item) -> Iterator[Fault]:
    """Yield sizes, bandwidths and profiles that no time of a save or load follows from."""
    document = scenario.document
    checkpoint = document.checkpoint
    for position in range(len(checkpoint.tiers)):
        place: Place = ("checkpoint", "tiers", position)
        said = {name for name in ("blocking", "lag", "restore", "bandwidth") if tree.find((*place, name)) is not None}
        if {"blocking", "lag", "restore"} <= said:
            for name in ("bandwidth", "storage"):
                yield (*place, name), "blocking, lag and restore say how long it takes; leave one of them out"
        elif "bandwidth" in said and ("blocking" in said or document.cluster.node is None):
            yield (*place, "storage"), "bandwidth says how fast it is; leave one of them out"
    used = _size_is_used(scenario, tree)
    if not used or checkpoint.size is not None:
        text = "size says how large a checkpoint is" if used else "no time of a save or a load follows from its size"
        remedy = "leave one of them out" if used else f'write "bandwidth: 200 GB/s" in a tier, {_LEAVE}'
        if not _is_default(checkpoint, "bytes_per_parameter"):
            yield ("checkpoint", "bytes_per_parameter"), f"{text}; {remedy}"
        if not used:
            yield ("checkpoint", "size"), f"{text}; {remedy}"


def _is_default(section: Section, name: str) -> bool:
    """Return whether a number is the one that holds where a scenario is silent."""
    value, usual = getattr(section, name), type(section).model_fields[name].get_default()
    if not isinstance(value, Quantity) or not isinstance(usual, Quantity):
        return bool(value == usual)
    return (value.median, value.p10, value.p90, value.spread) == (usual.median, usual.p10, usual.p90, usual.spread)
