"""Rules of causes and of recovery that the rest of a scenario leaves without any case to apply to."""

from collections.abc import Iterator, Sequence
from typing import Any

from simulator.cluster import Cluster
from simulator.failures import Cause
from simulator.parts import Units
from simulator.quantity import Quantity
from simulator.recovery import Recovery
from simulator.scenario.schema import Document
from simulator.scenario.source import Item
from simulator.section import Fault

_LEAVE = "or leave this out"
_HOLDS = "all its failures hang, and the detection of hangs holds"
_FEWER = 'write "hangs: 10%" under the cause, or leave this out'
# Of a strike that takes a node out of the job.
_OF_TAKING = ("members", "detection", "diagnosis", "bisection", "missed", "blamed", "cure", "relapse", "retire")


def of_cause(document: Document, cause: Cause, written: Item) -> Iterator[Fault]:
    """Yield what is written of a cause and has no case, with places below it."""
    units = _units(document.cluster, cause.part)
    if units is None:
        return  # what is wrong with the part is told elsewhere
    kinds = (*_kinds(document.recovery, cause), *_growth(document.cluster, cause.scales))
    for name, text in (*_law(cause), *_taking(document, cause, units), *_repairs(document, cause), *kinds):
        value = getattr(cause, name)
        # What is said to be off is off.
        if written.child(name) is not None and value is not False and getattr(value, "family", "") != "never":
            yield (name,), text


def of_recovery(document: Document, tree: Item) -> Iterator[Fault]:
    """Yield what is written of recovery that every cause says for itself, or none needs."""
    recovery, causes = document.recovery, list(document.failures.given.values())
    for name in ("detection", "diagnosis", "repair", "cure"):
        own = ("bisection", name) if name == "diagnosis" else (name,)
        silent = [
            cause for cause in causes if cause.effect != "stall" and all(getattr(cause, key) is None for key in own)
        ]
        hanging = [cause for cause in silent if name == "detection" and _surely_hangs(recovery, cause)]
        # After a window of maintenance the job recovers as after a failure.
        idle = causes and len(silent) == len(hanging) and document.maintenance is None
        if idle and tree.find(("recovery", name)) is not None:
            text = f"every cause has a {name} of its own, or needs none"
            yield ("recovery", name), f"{text}, or {_HOLDS}; {_FEWER}" if hanging else f"{text}; leave it out"
    kinds = {"hangs": [cause.may_hang for cause in causes], "ladder": [cause.may_climb for cause in causes]}
    for name, used in kinds.items():
        if causes and not any(used) and tree.find(("recovery", name)) is not None:
            yield ("recovery", name), "no cause has failures that could be told apart so; leave it out"
    yield from _shares(recovery, causes, tree)
    yield from ((place, text) for place, text in _kept(document, causes) if tree.find(place) is not None)
    everywhere = (*_growth(document.cluster, document.failures.scales), *_scaled(document))
    yield from ((("failures", name), text) for name, text in dict(everywhere).items())
    cluster = document.cluster
    # Beside blocks, and nothing else, there is no choice at all, which is told elsewhere.
    chosen = cluster.spares > 0 or cluster.selects or not cluster.idle_nodes
    if recovery.choice != "first" and chosen and _alike(document):
        text = "every node is as good as the other, so it does not matter which is taken"
        yield ("recovery", "choice"), f'{text}; give a cause with lemons, or write "cure: 80%", {_LEAVE}'
    struck = any(_uncured(recovery, cause) for cause in causes if cause.relapse is None)
    if tree.find(("recovery", "relapse")) is not None and not struck and not _is_default(recovery, "relapse"):
        yield ("recovery", "relapse"), f'every repair cures, so no node strikes again; write "cure: 80%", {_LEAVE}'


def _alike(document: Document) -> bool:
    """Return whether every spare is as good as the other: none bad, none uncured, none near its retirement."""
    causes = document.failures.given.values()
    marked = any(cause.lemons is not None or _uncured(document.recovery, cause) for cause in causes)
    return not marked and document.recovery.retirement is None


def _units(cluster: Cluster, part: str) -> Units | None:
    try:
        return cluster.units_of(part)
    except ValueError:
        return None


def _kinds(recovery: Recovery, cause: Cause) -> Iterator[tuple[str, str]]:
    """Yield a share of hangs where none can be told apart, and what is said of failures of which there are none."""
    if cause.hangs is not None and not cause.divisible:
        yield "hangs", "what it does is noticed at once, or has one clock for all kinds of failures; leave it out"
    if _surely_hangs(recovery, cause):
        yield "detection", f"{_HOLDS}; {_FEWER}"


def _surely_hangs(recovery: Recovery, cause: Cause) -> bool:
    """Return whether every failure of a cause hangs, so that the detection of hangs is that of the cause."""
    # What strikes a whole domain is seen at once.
    if recovery.hangs is None or not cause.may_hang or cause.common is not None:
        return False
    share = recovery.hangs.share if cause.hangs is None else cause.hangs
    return share.median == 1 and not share.uncertain


def _shares(recovery: Recovery, causes: Sequence[Cause], tree: Item) -> Iterator[Fault]:
    """Yield a share of hangs that every cause says for itself."""
    shares = [cause.hangs for cause in causes if cause.may_hang]
    if shares and None not in shares and tree.find(("recovery", "hangs", "share")) is not None:
        yield ("recovery", "hangs", "share"), "every cause that may hang has hangs of its own; leave it out"


def _kept(document: Document, causes: Sequence[Cause]) -> Iterator[Fault]:
    """Yield rungs that keep nodes where what climbs the ladder takes none."""
    climbing = [cause for cause in causes if cause.may_climb]
    if not climbing or any(_takes_nodes(document.cluster, cause) for cause in climbing):
        return
    for position, rung in enumerate(document.recovery.ladder):
        if rung.keeps_nodes:
            text = "no cause that climbs the ladder takes a node"
            yield (
                ("recovery", "ladder", position, "keeps_nodes"),
                f'{text}; give one with "effect: stop" and "part: gpu", {_LEAVE}',
            )


def _takes_nodes(cluster: Cluster, cause: Cause) -> bool:
    if cause.blast is not None:
        return cause.blast.median > 0
    units = _units(cluster, cause.part)
    return units is None or units.per_place > 0 or units.span > 0


def _scaled(document: Document) -> Iterator[tuple[str, str]]:
    """Yield a growth of all rates where every cause says how its own grows."""
    causes = document.failures.given.values()
    if document.failures.scales is not None and causes and all(cause.scales is not None for cause in causes):
        yield "scales", "every cause has scales of its own; leave it out"


def _growth(cluster: Cluster, scales: Any) -> Iterator[tuple[str, str]]:
    """Yield what grows beyond a size that the job does not exceed."""
    if scales is not None and cluster.job_gpus <= getattr(scales, "from").median:
        yield "scales", f"the job has no more than {getattr(scales, 'from').text()}, from which it begins; leave it out"


def _law(cause: Cause) -> Iterator[tuple[str, str]]:
    if cause.on_replacement != "renewal":
        if cause.law == "exponential":
            text = "at a constant rate a new part fails as an old one does"
            yield "on_replacement", f'{text}; write "law: weibull", {_LEAVE}'
        elif cause.effect in ("stall", "corrupt"):
            yield "on_replacement", f"what has the effect {cause.effect} breaks no part; leave it out"
    if cause.effect == "corrupt" and cause.exposed != "always":
        yield "exposed", "what corrupts a job does so while it is running; leave it out"


def _taking(document: Document, cause: Cause, units: Units) -> Iterator[tuple[str, str]]:
    """Yield what is said of nodes that are taken, where one is taken for certain, or none, or many."""
    struck = document.cluster.elements.get(cause.part)
    several = units.span > 0 or struck is not None
    if cause.effect == "stop" and cause.blast is not None:
        several = cause.blast.median != 1
    if cause.members is not None and not several:
        yield "members", f"a {cause.part} that fails takes one node or none; leave it out"
    if cause.effect == "stop" and several and _happens(cause.blamed):
        yield "blamed", "a diagnosis errs about a node that was struck alone; leave it out"
    bad = any(each.lemons is not None for each in document.failures.given.values())
    if cause.spares_exposed and cause.effect == "stop" and not document.cluster.spares and not bad:
        yield "spares_exposed", f"there are no hot spares that could break; give hot_spares under cluster, {_LEAVE}"
    if cause.retire:
        for name in ("repair", "cure"):
            yield name, "the nodes that it broke do not come back; leave it out, or leave out retire"
    if struck is None:
        return
    if not struck.nodes.any():
        for name in _OF_TAKING:
            yield name, f"a {cause.part} of this fabric cuts off no node and stops nothing; leave it out"
    if not struck.field:
        yield "healed", f"a {cause.part} of this fabric cuts off nodes and makes nothing narrower; leave it out"


def _repairs(document: Document, cause: Cause) -> Iterator[tuple[str, str]]:
    if cause.effect != "stall" and cause.relapse is not None and not _uncured(document.recovery, cause):
        yield "relapse", f'every repair cures, so no node strikes again; write "cure: 80%", {_LEAVE}'


def _uncured(recovery: Recovery, cause: Cause) -> bool:
    """Return whether a node that a cause has struck can be in the job as it was."""
    cure = recovery.cure if cause.cure is None else cause.cure
    stages = [stage.cure for stage in (recovery.manual, recovery.vendor) if stage is not None]
    missed = recovery.missed if cause.missed is None else cause.missed
    blamed = recovery.blamed if cause.blamed is None else cause.blamed
    return any(each.median < 1 or each.uncertain for each in (cure, *stages)) or _happens(missed) or _happens(blamed)


def _happens(share: Quantity | None) -> bool:
    return share is not None and (share.median > 0 or share.uncertain)


def _is_default(recovery: Recovery, name: str) -> bool:
    usual = type(recovery).model_fields[name].get_default()
    return _numbers(getattr(recovery, name)) == _numbers(usual)


def _numbers(drawn: Any) -> tuple[Any, ...]:
    return drawn.family, *((key, each.median, each.p10, each.p90, each.spread) for key, each in drawn.numbers)
