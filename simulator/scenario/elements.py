"""From the fabric of a scenario to parts that break: what each of its elements cuts off or slows, and its domains."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from simulator.nouns.cluster import Cluster
from simulator.nouns.failures import Cause
from simulator.nouns.job import Job
from simulator.scenario.errors import ScenarioErrors
from simulator.scenario.profiles import outer_fabric
from simulator.scenario.schema import Document
from simulator.scenario.sites import NO_WAN
from simulator.scenario.validate import error_for
from simulator.scenario.yaml_tree import Item
from simulator.words.drawn import Drawn
from simulator.words.hardware import Fabric, Gpu, Node
from simulator.words.quantity import ASSUMED, Quantity, default
from simulator.words.section import Fault, Place, did_you_mean

if TYPE_CHECKING:
    from simulator.fabrics import Elements, FabricLayout
    from simulator.scenario.step import Step

_LEAVES = ("leaf", "tor", "switch")
_LEVELS = {"rack": "rack", "domain": "rack", "feed": "feed", "row": "row", "hall": "hall", "pod": "pod", "site": "site"}
_OF_WAN, _ANY_WAN = "wan link", 1e12  # [B/s]
_WHY = "49 published runs on 256 to 2,560 accelerators, split by the step-time model"
_USUAL = {
    "exposed_network": default("4%", "%", p10="1.5%", p90="8%", why=_WHY),
    "exposed_scale_up": default("9%", "%", p10="2%", p90="15%", why=_WHY),
}
# A torus is both networks in one.
_USUAL_OF_ONE_NETWORK = default("12%", "%", p10="5%", p90="20%", why=f"{_WHY}; both networks together")
_FIELDS = {"scale-out": "exposed_network", "scale-up": "exposed_scale_up"}


class Struck(NamedTuple):
    """What the failure of each element of a class does: it cuts off a slice of nodes, or else leaves less bandwidth."""

    first: Any  # node of its slice, (elements,)
    nodes: Any  # of its slice; 0: none, (elements,)
    share: Any  # of the bandwidth that is left to the slowest node; 1 for one that cuts nodes off, (elements,) [1]
    field: str = ""  # of the job: the share of a step that waits for its network
    exposed: Quantity | None = None  # that share; None where no element leaves less bandwidth

    def rows(self, values: Mapping[str, float] | None = None) -> Any:
        """Return rows of `plan.Slice`, with the speeds of a replication whose inputs are drawn, or at the medians."""
        from simulator.fabrics import slowdown_of
        from simulator.numbers.times import SPEED_SCALE  # both bring much that reading a scenario does not need

        speed = np.full(len(self.nodes), SPEED_SCALE)
        if self.exposed is not None:
            kept = slowdown_of(self.share, self.exposed.at(values))
            speed = np.clip(np.rint(SPEED_SCALE * kept), 1, SPEED_SCALE)
        return np.stack([self.first, self.nodes, speed], axis=1).astype(np.int64)

    def told(self) -> str:
        """Return what one of them does at the worst, for a reader."""
        from simulator.numbers.times import SPEED_SCALE

        most, speed = int(self.nodes.max()), self.rows()[:, 2].min() / SPEED_SCALE
        slows = f"slows the job to {speed:.3%} of its speed"
        if not most:
            return f"one cuts off no node, {slows}" if speed < 1 else "one cuts off no node and slows nothing"
        cuts = f"one cuts off {most:_} node{'s'[: most != 1]}"
        return f"{cuts}, or {slows}" if speed < 1 else cuts


def with_elements(
    document: Document, machines: tuple[Node, Gpu] | None, step: "Step | None", tree: Item, folder: Path
) -> Document:
    """Return a document whose cluster has the elements and domains of its fabric that causes name.

    Raises ScenarioErrors for a fabric that cannot be built, and for elements that it does not have.
    """
    cluster, wanted = document.cluster, _wanted(document)
    profile = outer_fabric(tree, folder)
    if profile is None or not wanted:
        return document
    if cluster.wan_bandwidth is None and _OF_WAN in wanted:
        raise ScenarioErrors([error_for(tree, (("cluster", "topology"), NO_WAN))])
    layout = _layout(cluster, profile, machines, tree)
    sizes, struck = _domains(layout, [name for name in wanted if name in _LEVELS])
    faults: list[Fault] = []
    classes = [name for name in wanted if name not in sizes and name not in struck]
    if classes:
        from simulator.fabrics import fabric_of

        found = {each.name: each for each in fabric_of(layout).elements}
        for name in classes:
            elements = found.get("leaf" if name in _LEAVES else name)
            made = _missing(layout, name, found) if elements is None else _struck(elements)
            if isinstance(made, str):
                faults += ((place, made) for place in wanted[name])
            else:
                struck[name] = made
    if faults:
        raise ScenarioErrors(error_for(tree, fault) for fault in faults)
    job = _with_exposed(document.job, layout.kind, struck, step)
    struck = {
        name: each._replace(exposed=getattr(job, each.field)) if each.field else each for name, each in struck.items()
    }
    keys = {f"nodes_per_{_LEVELS[name]}": size for name, size in sizes.items()}
    cluster = cluster.model_copy(update=keys).with_elements(struck, layout.kind)
    causes = {name: _healed(cause, struck, document.recovery.repair) for name, cause in document.failures.given.items()}
    failures = document.failures.model_copy(update=causes)
    return document.model_copy(update={"cluster": cluster, "job": job, "failures": failures})


def _wanted(document: Document) -> dict[str, list[Place]]:
    """Return the parts of which only the fabric knows how many there are, and where the scenario names them."""
    found: dict[str, list[Place]] = {}
    for name, cause in document.failures.given.items():
        counted = ("rate",) if cause.observed is None else ("observed",)
        named: list[tuple[str, Place]] = [(cause.part, ("part",)), (cause.per, counted)]
        if cause.common is not None:
            named.append((cause.common.domain, ("common", "domain")))
        for part, place in named:
            alone = part == "site" and document.cluster.topology != "two_sites"
            if document.cluster.unsized(part) and not alone:
                found.setdefault(part, []).append(("failures", name, *place))
    return found


def _healed(cause: Cause, struck: Mapping[str, Struck], repair: Drawn) -> Cause:
    """Return a cause that says how long the network is narrower: as long as a repair takes, unless it is told."""
    elements = struck.get(cause.part)
    if elements is None or not elements.field or "healed" in cause.model_fields_set:
        return cause
    law = cause.repair or repair
    source = f"{ASSUMED}: as a repair of a node"
    numbers = tuple((key, replace(number, source=source)) for key, number in law.numbers)
    return cause.model_copy(update={"healed": replace(law, numbers=numbers)})


def _layout(cluster: Cluster, profile: Fabric, machines: tuple[Node, Gpu] | None, tree: Item) -> "FabricLayout":
    from simulator.fabrics import layout_from

    place = ("cluster", "fabric" if cluster.topology is None else "topology")
    if machines is None:
        text = 'which nodes does it join? write "node: hgx_h100" under cluster'
        raise ScenarioErrors([error_for(tree, (("cluster", "fabric"), text))])
    node, gpu = machines
    own = {name: getattr(cluster, name) for name in ("gpus_per_node", "nodes_per_rack")}
    node = node.model_copy(update={name: size for name, size in own.items() if size is not None})
    sizes = {name: getattr(cluster, name) for name in ("radix", "nodes_per_leaf")}
    if cluster.topology == "two_sites":
        sizes["nodes_per_site"] = cluster.nodes_per_site
    more = {name: int(size.median) for name, size in sizes.items() if size is not None}
    # Where no link of a WAN breaks, nothing that does asks how wide it is.
    wan = _ANY_WAN if cluster.wan_bandwidth is None else cluster.wan_bandwidth.median
    try:
        layout = layout_from(profile, node, gpu, cluster.needed, kind=cluster.topology, wan_bandwidth=wan, **more)
    except ValueError as wrong:
        raise ScenarioErrors([error_for(tree, (place, str(wrong)))]) from None
    given = {"racks_per_feed": cluster.nodes_per_feed, "racks_per_row": cluster.nodes_per_row}
    racks: dict[str, Any] = {
        name: max(1, int(size.median) // layout.nodes_per_rack) for name, size in given.items() if size is not None
    }
    return replace(layout, **racks)


def _domains(layout: "FabricLayout", names: list[str]) -> tuple[dict[str, Quantity], dict[str, Struck]]:
    """Return the sizes of domains [nodes], and slices for those that are not all alike."""
    rack = layout.nodes_per_rack
    row = rack * layout.racks_per_row
    nodes = {"rack": rack, "feed": rack * layout.racks_per_feed, "row": row, "hall": row * layout.rows_per_hall}
    said = f"racks of {rack} nodes"
    words = {
        "feed": f"{said}, {layout.racks_per_feed} on a feed", "row": f"{said}, {layout.racks_per_row} in a row",
        "hall": f"{said}, {layout.racks_per_row} in a row, {layout.rows_per_hall} rows in a hall",
    }  # fmt: skip
    sizes: dict[str, Quantity] = {}
    struck: dict[str, Struck] = {}
    domains = layout.domains()
    for name in names:
        level = _LEVELS[name]
        slices, span = domains.get(level), nodes.get(level)
        if slices is None:
            continue
        if span is not None and np.array_equal(slices.first, span * np.arange(len(slices.first))):
            source = f"{ASSUMED}: {words.get(level, said)}, see docs/fabric.md"
            sizes[name] = Quantity(float(span), "nodes", source=source)
        else:
            struck[name] = Struck(slices.first, slices.sizes, np.ones(len(slices.first)))
    return sizes, struck


def _struck(elements: "Elements") -> Struck | str:
    """Return what the elements of a class do, or what is wrong with one of them."""
    from simulator.fabrics import cut_off, job_share

    nodes, cut = cut_off(elements), elements.share == 0
    first, end = np.full(elements.total, np.iinfo(np.int64).max), np.zeros(elements.total, dtype=np.int64)
    np.minimum.at(first, elements.element[cut], elements.first[cut])
    np.maximum.at(end, elements.element[cut], elements.first[cut] + elements.nodes[cut])
    first = np.where(nodes > 0, first, 0)
    apart = np.flatnonzero((nodes > 0) & (end - first != nodes))
    if len(apart):
        text = f"a {elements.name} cuts off nodes with others between them, such as {int(nodes[apart[0]]):_} of"
        return f"{text} {int((end - first)[apart[0]]):_}; name another part, or the domain that goes with it"
    share = np.where(nodes > 0, 1.0, job_share(elements))
    return Struck(first, nodes, share, _FIELDS[elements.network] if (share < 1).any() else "")


def _missing(layout: "FabricLayout", name: str, found: Mapping[str, Any]) -> str:
    known = [each for each in found if each != "node"]
    remedy = did_you_mean(name, known) or f"; it has {', '.join(known)}"
    return f"a fabric of {layout.nodes:_} nodes built as {layout.kind} has no {name}{remedy}"


def _with_exposed(job: Job, kind: str, struck: Mapping[str, Struck], step: "Step | None") -> Job:
    """Return a job that says which share of a step waits for the networks that become narrower."""
    update = {}
    for field in sorted({each.field for each in struck.values() if each.field}):
        given = getattr(job, field)
        # Elements keep a copy from before all numbers are given their paths, and are drawn by them.
        update[field] = replace(_exposed(field, kind, step) if given is None else given, path=f"job.{field}")
    return job.model_copy(update=update)


def _exposed(field: str, kind: str, step: "Step | None") -> Quantity:
    one = kind == "torus_3d"
    if step is None:
        return _USUAL_OF_ONE_NETWORK if one else _USUAL[field]
    from simulator.workload.exposed import exposed_shares

    shares = exposed_shares(step.case, step.prediction)
    value = sum(shares) if one else shares.scale_out if field == "exposed_network" else shares.scale_up
    source = "step-time model, docs/step_time.md: exposed communication of the predicted step"
    return Quantity(value, "%", most=1.0, source=source, how="inferred")
