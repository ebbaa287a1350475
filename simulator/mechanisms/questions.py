"""What cards ask of a scenario before they call a setting useless."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.words.parts import Units
from simulator.words.quantity import Quantity

if TYPE_CHECKING:
    from simulator.nouns.cluster import Cluster
    from simulator.nouns.failures import Cause
    from simulator.nouns.recovery import Recovery
    from simulator.scenario.schema import Document

LEAVE = "or leave this out"


def happens(share: Quantity | None) -> bool:
    """Return whether a share can be above zero."""
    return share is not None and (share.median > 0 or share.uncertain)


def units_of(cluster: "Cluster", part: str) -> Units | None:
    """Return the units of a part; None where there is no such part, which is told elsewhere."""
    try:
        return cluster.units_of(part)
    except ValueError:
        return None


def in_places(cluster: "Cluster", part: str) -> bool:
    """Return whether the units of a part are of single nodes."""
    units = units_of(cluster, part)
    return units is None or units.per_place > 0


def takes_places(cluster: "Cluster", part: str) -> bool:
    """Return whether a part that fails can take nodes of the job."""
    if (elements := cluster.elements.get(part)) is not None:
        return bool(elements.nodes.any())
    units = units_of(cluster, part)
    return units is None or units.per_place > 0 or units.span > 0


def takes_several(cluster: "Cluster", cause: "Cause") -> bool:
    """Return whether a failure of a cause can take other nodes than the one that it strikes."""
    if cause.effect == "stop" and cause.blast is not None:
        return cause.blast.median != 1
    units = units_of(cluster, cause.part)
    return (units is not None and units.span > 0) or cause.part in cluster.elements


def cut_off(cluster: "Cluster", part: str) -> bool:
    """Return whether a part is an element of the fabric that cuts off no node, and so stops nothing."""
    elements = cluster.elements.get(part)
    return elements is not None and not elements.nodes.any()


def uncured(recovery: "Recovery", cause: "Cause") -> bool:
    """Return whether a node that a cause has struck can be in the job as it was."""
    cure = recovery.cure if cause.cure is None else cause.cure
    stages = [stage.cure for stage in (recovery.manual, recovery.vendor) if stage is not None]
    missed = recovery.missed if cause.missed is None else cause.missed
    blamed = recovery.blamed if cause.blamed is None else cause.blamed
    return any(each.median < 1 or each.uncertain for each in (cure, *stages)) or happens(missed) or happens(blamed)


def taken(document: "Document") -> "list[Cause]":
    """Return the rows of causes that take a node out of the job."""
    placed = [row for row in document.failures.causes.values() if takes_places(document.cluster, row.part)]
    return [row for row in placed if (row.manner.takes and row.effect != "slow") or row.found.family != "never"]


def no_repairs(document: "Document") -> str:
    """Return in words why no node is ever repaired, with a remedy; empty where one is."""
    rows = taken(document)
    usual = document.recovery.repair
    if any(row.comes_back and (row.repair or usual).family != "never" for row in rows):
        return ""
    if rows:
        return f'no node ever comes back from its repair; write "repair: 24 h" under recovery, {LEAVE}'
    return f"no cause takes a node out of the job; give one of a part of a node, such as gpu, {LEAVE}"


def with_own(document: "Document", *names: str) -> Iterator[bool]:
    """Yield of each cause that needs a recovery whether it says for itself what is one of these keys."""
    for cause in document.failures.given.values():
        if cause.manner.takes:
            yield any(getattr(cause, name) is not None for name in names)
