"""The door: what is wrong between sections, and what the engines cannot take. Checked once here, trusted inside."""

from collections.abc import Iterator

from simulator.mechanisms import CARDS
from simulator.nouns.cluster import Cluster
from simulator.nouns.failures import Cause
from simulator.nouns.failures.rows import clash
from simulator.scenario.model import Scenario
from simulator.scenario.number_paths import quantities
from simulator.words import units
from simulator.words.section import Fault, did_you_mean

LONGEST_WORK = 2.5 * 365 * 86_400  # [s]; work in 1/100,000 tick must fit int64
LONGEST_RESTART = 30 * 86_400.0  # [s]; what is longer was extrapolated, and not meant
Place = tuple[str | int, ...]


def faults(scenario: Scenario) -> Iterator[Fault]:
    """Yield what is wrong between the sections of a scenario, with places from its root."""
    document = scenario.document
    yield from _class_faults(scenario)
    layout = [(("cluster", *place), text) for place, text in document.cluster.layout_faults()]
    yield from layout
    if layout:
        return
    for name, cause in document.failures.given.items():
        yield from (((*("failures", name), *place), text) for place, text in _cause_faults(scenario, cause))
        yield from ((("failures", name), text) for text in clash(name, document.failures.given, document.recovery))
    for card in CARDS:
        if card.faults is not None:
            yield from card.faults(scenario)
    yield from _checkpoint_faults(scenario)
    if document.cost.electricity is not None and document.cost.power is None:
        yield ("cost", "electricity"), 'how much power does a GPU draw? write "power: 1.4 kW/GPU" beside it'
    work_faults = list(_peak_faults(scenario))
    yield from work_faults
    if not work_faults:
        yield from list(_time_faults(scenario)) or _restart_faults(scenario)


def _class_faults(scenario: Scenario) -> Iterator[Fault]:
    """Yield numbers by class whose classes are not those that the operator may be of."""
    wanted = {name: share.median for name, share in scenario.document.operator.classes.items()}
    for quantity in quantities(scenario.document):
        found = {one.name: one.share for one in quantity.by_class}
        if not found or (found.keys() == wanted.keys() and all(abs(found[n] - wanted[n]) < 1e-9 for n in wanted)):
            continue
        told = (
            ", ".join(f"{name} {units.show(share, '%')}" for name, share in each.items()) for each in (found, wanted)
        )
        text = "has values for the classes {}, and the operator is of {}; give the same classes and shares"
        yield tuple(quantity.path.split(".")), text.format(*told)


def _cause_faults(scenario: Scenario, cause: Cause) -> Iterator[Fault]:
    cluster = scenario.document.cluster
    try:
        parts = cluster.units_of(cause.part)
    except ValueError as error:
        yield ("part",), str(error)
        return
    try:
        cluster.count(cause.per, cause.part)
    except ValueError as error:
        yield ("observed" if cause.rate is None else "rate",), str(error)
    placed = parts.per_place > 0 or parts.span > 0
    element = cause.part in cluster.elements
    if cause.effect == "slow" and not placed and cause.found.family != "never":
        yield ("found",), f"the part '{cause.part}' has no place, so there is no node to evict; leave it out"
    yield from _element_faults(cluster, cause)
    yield from _domain_faults(cluster, cause)
    if cause.members is not None and cause.members.median < 1 and not (parts.span or element or _takes_several(cause)):
        yield ("members",), f"a {cause.part} that fails takes one node or none; name a domain, or give a blast"
    if cause.blast is not None and cause.blast.median > 0 and not element and not placed:
        yield ("blast",), f"the part '{cause.part}' has no place, so it takes no nodes; write \"0 nodes\""
    if cause.blast is not None and cause.blast.median > cluster.needed:
        yield ("blast",), f"{cause.blast.text()} are more than the {cluster.needed:_} nodes of the job; lower it"


def _element_faults(cluster: Cluster, cause: Cause) -> Iterator[Fault]:
    """Yield what is wrong with a cause whose part is, or is not, an element of the fabric."""
    elements = cluster.elements.get(cause.part)
    if elements is None:
        if cause.effect == "stop" and cause.healed.family != "never":
            text = 'belongs to the effect slow, not stop; write "effect: slow" or leave it out'
            yield ("healed",), text
        return
    if cause.effect != "stop":
        yield ("effect",), f'what a {cause.part} does the fabric tells; write "effect: stop", or leave it out'
    if cause.blast is not None and cause.blast.median > 0:
        yield ("blast",), f"what a {cause.part} takes the fabric tells; leave it out"


def _domain_faults(cluster: Cluster, cause: Cause) -> Iterator[Fault]:
    """Yield what is wrong with the domain of a common cause."""
    if cause.common is None:
        return
    place, name = ("common", "domain"), cause.common.domain
    try:
        span, elements = cluster.units_of(name).span, cluster.elements.get(name)
    except ValueError as error:
        yield place, str(error)
        return
    if elements is not None and not elements.nodes.all():
        yield place, f"a {name} of this fabric cuts off no node; write rack, feed, row or hall"
    elif not span and elements is None:
        remedy = "write nodes_per_site under cluster" if name == "site" else "write rack, leaf, feed, row, hall or site"
        yield place, f"a {name} is no domain of nodes; {remedy}"
    elif _reaches_beyond(cluster, cause, span):
        yield place, f"a {name} is no wider than a {cause.part}, or that has no place; name a wider domain"


def _reaches_beyond(cluster: Cluster, cause: Cause, span: int) -> bool:
    """Whether the part of a cause is not within one domain of so many nodes."""
    own = cluster.units_of(cause.part)
    return not own.per_place and (own.span == 0 or own.span >= span > 0)


def _takes_several(cause: Cause) -> bool:
    return cause.blast is not None and cause.blast.median > 1


def _restart_faults(scenario: Scenario) -> Iterator[Fault]:
    cluster, restart = scenario.document.cluster, scenario.document.recovery.restart
    if restart.growth is not None and (takes := restart.at(None)["value"]) > LONGEST_RESTART:
        text = f"{units.show(takes, 'd')} on {cluster.job_gpus:_} GPUs are more than a month"
        yield ("recovery", "restart"), f"{text}, {restart.growth.outside}; give a point of that size in by_gpus"


def _peak_faults(scenario: Scenario) -> Iterator[Fault]:
    job, peaks = scenario.document.job, scenario.document.cluster.peak
    if job.precision in peaks or (not peaks and not job.by_mfu):
        return
    if peaks:
        known = ", ".join(peaks)
        hint = did_you_mean(job.precision, peaks) or f"; known are {known}"
        yield ("job", "precision"), f"the peak speed at '{job.precision}' is unknown{hint}"
    else:
        remedy = 'name a node profile, or write "peak: {bf16: 989 TFLOP/s}" under cluster'
        yield ("job", "mfu"), f"the peak speed of a GPU is unknown, so MFU tells no time; {remedy}"


def _checkpoint_faults(scenario: Scenario) -> Iterator[Fault]:
    checkpoint = scenario.document.checkpoint
    size = scenario.checkpoint_size()
    for position, tier in enumerate(checkpoint.tiers):
        place = ("checkpoint", "tiers", position)
        yield from (((*place, *below), text) for below, text in tier.open_faults())
        if tier.bandwidth is not None and size is None:
            remedy = "give parameters under job, or size under checkpoint"
            yield (*place, "bandwidth"), f"the size of a checkpoint is unknown; {remedy}"
        if tier.group is not None and tier.group.median > scenario.nodes:
            yield (*place, "group"), f"{tier.group.text()} members are more than the {scenario.nodes:_} nodes"
    if checkpoint.follows:
        saves = [tier.blocking_at(None) for tier in checkpoint.tiers]
        if max(saves, default=0.0) <= 0 and scenario.document.failures.causes:
            yield ("checkpoint", "interval"), 'a save that costs nothing has no best interval; write "interval: 10 min"'


def _time_faults(scenario: Scenario) -> Iterator[Fault]:
    document = scenario.document
    work = scenario.work()
    place = ("job", "work") if document.job.work is not None else ("job",)
    if not 0 < work <= LONGEST_WORK:
        text = f"{units.show(work, 'd')} of work are more than the 2.5 years that can be simulated"
        yield place, text + "; split the run, or check MFU and GPUs"
    elif work < 1e-3:
        yield place, f"{units.show(work, 's')} of work are too little; check tokens, parameters and GPUs"
    horizon = document.run.horizon
    if horizon is not None and horizon.median < work:
        yield ("run", "horizon"), f"{horizon.text()} is less than the work, {units.show(work, 'd')}; raise it"
