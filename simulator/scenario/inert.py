"""What is written and would change nothing: policies that need what the cluster lacks, fields that an effect ignores.

A rate or a share that is written as zero beside it is a question asked, and so is a part of the scenario that a layer
above takes away: see who answers for it in `loader`.
"""

from collections.abc import Iterator
from typing import Any

from simulator.cluster import Cluster
from simulator.failures import Cause
from simulator.scenario import idle, idle_rules
from simulator.scenario.model import Scenario
from simulator.scenario.source import Item
from simulator.section import Fault, Place, Section

_LEAVE = "or leave this out"
# A list of prices serves many scenarios, some of which have no deadline; a known model also says what a run was, and
# all parameters of a mixture of experts stand beside the active ones in every description.
ONLY_TOLD: frozenset[Place] = frozenset({("cost", "delay"), ("job", "model"), ("job", "parameters")})
_OF_NODES = ("repair", "cure", "relapse", "missed", "blamed", "spares_exposed", "retire")
_OF_STOPS = ("missed", "blamed", "members", "spares_exposed")
_ALL = (*_OF_NODES, "detection", "hangs", "diagnosis", "restart", "bisection", "members")


def settings(scenario: Scenario, tree: Item) -> Iterator[Fault]:
    """Yield what changes nothing, whatever numbers stand beside it, with places from the root."""
    document = scenario.document
    if document.cost.delay is not None and document.job.deadline is None:
        remedy = f'write "start: 2027-03-01" and "deadline: 2027-06-15" under job, {_LEAVE}'
        yield ("cost", "delay"), f"without a deadline nothing is late; {remedy}"
    yield from idle.settings(scenario, tree)
    yield from _pool_faults(scenario)
    # Who writes no failure at all asks for the run without failures, whatever follows one.
    if not document.failures.given:
        return
    yield from _shop_faults(scenario)
    yield from _effect_faults(scenario, tree)
    yield from idle_rules.of_recovery(document, tree)
    for name, cause in document.failures.given.items():
        written = tree.find(("failures", name))
        written = written if written is not None else tree
        faults = dict(idle_rules.of_cause(document, cause, written))
        faults |= dict(_cause_faults(document.cluster, cause, written))
        yield from (((*("failures", name), *place), text) for place, text in faults.items())


def without(section: Any, place: Place, usual: Any = None) -> Any:
    """Return a section in which what stands at a place is as if it were unsaid.

    `usual` says what the class of the operator has in such a section.
    """
    name, below = str(place[0]), place[1:]
    if isinstance(section, tuple):
        return tuple(without(each, below) if position == place[0] else each for position, each in enumerate(section))
    if isinstance(section, dict):
        return {key: each for key, each in section.items() if key != name}
    if getattr(section, name) is None:
        return section  # another place above it was the matter, too
    filled = getattr(usual, name, None)
    if below:
        value = without(getattr(section, name), below, filled)
    else:
        value = type(section).model_fields[name].get_default()
        # What is nothing by itself stays so: a class fills it only where a cause has a use for it.
        value = filled if filled is not None and value not in (None, ()) else value
    copy: Section = section.model_copy(update={name: value})
    return copy


def _pool_faults(scenario: Scenario) -> Iterator[Fault]:
    """Yield policies that need nodes beside those of the job."""
    cluster, recovery = scenario.document.cluster, scenario.document.recovery
    if recovery.resume_with is not None and recovery.resume_with.median and not cluster.selects:
        remedy = f'write "cold_spares: 24 nodes" under cluster, {_LEAVE}'
        yield ("recovery", "resume_with"), f"without a pool behind the hot spares nobody can bring them; {remedy}"
    fetched = cluster.preemptible is not None  # though it may be none of them
    for name, applies in (("host_selection", fetched or cluster.cold_spares is not None), ("preemption", fetched)):
        if getattr(recovery, name) is not None and not applies:
            remedy = f'write "preemptible: 32 nodes" under cluster, {_LEAVE}'
            yield ("recovery", name), f"there are no nodes beside the hot spares to which it could apply; {remedy}"
    idle = cluster.idle_nodes + cluster.others
    # Without any spares there is a choice all the same: several nodes may be back when a job that waited goes on.
    if recovery.choice != "first" and idle and not (cluster.spares or cluster.selects):
        text = "spares inside blocks serve their own block, so nothing is chosen"
        yield ("recovery", "choice"), f"{text}; give hot_spares under cluster, {_LEAVE}"
    if recovery.eviction is not None and not idle:
        text = f"without spares no slow node is ever evicted; give hot_spares under cluster, {_LEAVE}"
        yield ("recovery", "eviction"), text
    # Bad nodes that come back from repair stand in the pool too, whether or not it began with spares.
    bad = any(cause.lemons is not None for cause in scenario.document.failures.given.values())
    if recovery.spares_exposed and not cluster.spares and not bad:
        text = f"there are no hot spares that could break; give hot_spares under cluster, {_LEAVE}"
        yield ("recovery", "spares_exposed"), text


def _shop_faults(scenario: Scenario) -> Iterator[Fault]:
    """Yield rules of diagnosis and repair where nothing is taken out of the job, or nothing ever comes back."""
    document = scenario.document
    recovery, rows = document.recovery, list(document.failures.causes.values())
    placed = [row for row in rows if _takes_places(document.cluster, row.part)]
    taken = [row for row in placed if row.effect in ("stop", "corrupt") or row.found.family != "never"]
    back = [row for row in taken if not row.retire and (row.repair or recovery.repair).family != "never"]
    missed = [share for row in taken if (share := recovery.missed if row.missed is None else row.missed) is not None]
    text, remedy = "no cause takes a node out of the job", "give one of a part of a node, such as gpu"
    if taken:
        text, remedy = "no node ever comes back from its repair", 'write "repair: 24 h" under recovery'
    for name in ("manual", "vendor", "crews", "retirement"):
        # A node whose fault nobody finds comes back without a repair, and may be retired then.
        if not back and getattr(recovery, name) is not None and not (name == "retirement" and missed):
            yield ("recovery", name), f"{text}; {remedy}, {_LEAVE}"
    for name in ("missed", "blamed"):
        share = getattr(recovery, name)
        # A share of none is what it is without.
        if share is not None and (share.median or share.uncertain) and not any(row.effect == "stop" for row in placed):
            text = "no cause stops the job and takes a node, so no diagnosis can err"
            yield ("recovery", name), f'{text}; give one with "effect: stop" and "part: gpu", {_LEAVE}'
    if recovery.spares_exposed and document.cluster.spares and not any(
        row.effect == "stop" and _units_in_places(document.cluster, row.part) for row in rows
    ):  # fmt: skip
        text = "no cause stops a part of a node, so no spare breaks"
        yield ("recovery", "spares_exposed"), f'{text}; give one with "effect: stop" and "part: gpu", {_LEAVE}'


def _effect_faults(scenario: Scenario, tree: Item) -> Iterator[Fault]:
    """Yield policies against an effect that no cause has."""
    document = scenario.document
    given = document.failures.given
    slowing = [
        name
        for name, cause in given.items()
        if (cause.effect == "slow" or cause.multipath is not None) and _takes_places(document.cluster, cause.part)
    ]
    found = [
        name
        for name in slowing
        if given[name].found.family != "never" or tree.find(("failures", name, "found")) is not None
    ]
    if document.recovery.eviction is not None and not found:
        text, remedy = "no cause makes a node slow, so none is evicted", 'give one with "effect: slow" and "found: 1 h"'
        if slowing:
            text, remedy = (
                "no slow node is ever found, so none is evicted",
                f'write "found: 1 h" under failures.{slowing[0]}',
            )
        yield ("recovery", "eviction"), f"{text}; {remedy}, {_LEAVE}"
    if document.checkpoint.keep is not None and not any(cause.effect == "corrupt" for cause in given.values()):
        text = "no cause corrupts the job unseen, so the last checkpoint is always good"
        yield ("checkpoint", "keep"), f'{text}; give one with "effect: corrupt", {_LEAVE}'
    for name in ("exposed_network", "exposed_scale_up"):
        narrower = {each.field for each in document.cluster.elements.values()}
        if getattr(document.job, name) is not None and name not in narrower:
            text = "no cause strikes an element of the fabric that makes this network narrower"
            yield ("job", name), f"{text}; give one of a part such as spine, {_LEAVE}"


def _cause_faults(cluster: Cluster, cause: Cause, written: Item) -> Iterator[Fault]:
    """Yield fields that the effect or the part of a cause ignores."""
    ignored: tuple[str, ...] = ()
    why = ""
    if cause.effect == "stall":
        ignored, why = _ALL, "a stall takes no node and needs no recovery"
    elif cause.effect in ("slow", "corrupt"):
        ignored, why = _OF_STOPS, f"belongs to the effect stop, not {cause.effect}"
    elif not _takes_places(cluster, cause.part) and cause.part not in cluster.elements:
        ignored, why = _OF_NODES, f"the part '{cause.part}' has no place, so no node is taken out"
    elif not _units_in_places(cluster, cause.part):
        ignored, why = ("spares_exposed",), f"the part '{cause.part}' is of no single node, so no spare has it"
    for name in ignored:
        # What is said to be off is off.
        if getattr(cause, name) is not None and getattr(cause, name) is not False:
            yield (name,), f"{why}; leave it out"
    # One that is filled in is written out with the rest of a scenario, and says nothing then.
    if cause.effect != "stop" and cause.blast is not None and cause.blast.median != _usual_blast(cluster, cause.part):
        yield ("blast",), f"is what a stop takes; the effect is {cause.effect}, so leave it out"
    if cause.stall is not None and cause.effect in ("slow", "corrupt"):
        yield ("stall",), f"belongs to outages; the effect is {cause.effect}, so leave it out"
    layers = (cause.link_level, cause.multipath, cause.reach, cause.rebuild)
    hidden = cause.absorbed.median > 0 or cause.absorbed.uncertain or written.child("absorbed") is not None
    if cause.stall is not None and cause.effect == "stop" and not hidden and not any(layers):
        yield (
            ("stall",),
            f'what turns a stop into a stall? write "absorbed: 90%", or reach, or "effect: stall", {_LEAVE}',
        )
    if cause.law == "exponential" and cause.intensity is None and (cause.age.median > 0 or cause.age.uncertain):
        yield ("age",), f'at a constant rate the old fail as the new do; write "law: weibull", {_LEAVE}'


def _usual_blast(cluster: Cluster, part: str) -> int:
    try:
        units = cluster.units_of(part)
    except ValueError:
        return 0
    return units.span or min(1, units.per_place)


def _units_in_places(cluster: Cluster, part: str) -> bool:
    try:
        return cluster.units_of(part).per_place > 0
    except ValueError:
        return True  # what is wrong with the part is told elsewhere


def _takes_places(cluster: Cluster, part: str) -> bool:
    """Whether a part that fails can take nodes of the job."""
    if (elements := cluster.elements.get(part)) is not None:
        return bool(elements.nodes.any())
    try:
        parts = cluster.units_of(part)
    except ValueError:
        return True
    return parts.per_place > 0 or parts.span > 0
