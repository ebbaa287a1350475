"""A fabric for a reader: its elements, bisection, hops, what each failure cuts off or slows, and the domains."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from simulator.fabrics import (
    FabricLayout,
    bisection,
    blast_radius,
    capacity_lost,
    domain_table,
    fabric_of,
    first_half,
    layout_from,
    mean_hops,
)
from simulator.report import text
from simulator.scenario.profiles import load_fabric, load_node
from simulator.words import units
from simulator.words.hardware import Fabric, Gpu, Node

SCHEMA = 1
BAD_SHARE = 1e-3  # of GPUs, for the capacity that goes with whole domains
USUAL_NODE = "hgx_h100"
# Nodes whose GPUs bring a fabric of their own, each for the fabrics of its kind.
_NODES = ("gb200_nvl72", "tpu_v5p_pod", "tpu_v6e_pod", "trn2_ultraserver", "hgx_a100", "hgx_h100", "hgx_b200")
_KIND_WORDS = {
    "fat_tree": "fat tree",
    "rail": "rails",
    "nvl_rail": "NVL domains with rails",
    "dragonfly": "dragonfly",
    "torus_3d": "torus",
    "two_sites": "two sites",
}
ELEMENT_HEAD = ("element", "network", "number", "cuts off", "slows", "bandwidth left")
DOMAIN_HEAD = ("level", "number", "nodes", "GPUs", "capacity lost")


class Sheet(NamedTuple):
    """A fabric with all that is told of it."""

    name: str
    title: str
    node: str
    node_title: str
    layout: FabricLayout
    switches: dict[str, int]
    bisection: float  # [B/s]
    mean_hops: float
    elements: list[dict[str, Any]]
    domains: list[dict[str, Any]]


class AskedError(ValueError):
    """A question about a fabric that contradicts itself; the text is for the user."""


def usual_node(fabric: str) -> str:
    """Return the node that a fabric goes with where nobody says: one whose GPUs have it, else that of most clusters."""
    return next((node for node in _NODES if load_node(node)[1].scale_up_fabric == fabric), USUAL_NODE)


def load(fabric: str, node: str | None) -> tuple[Fabric, str, Node, Gpu]:
    """Return a fabric, and the node that it joins, by the names of their profiles. Raises ScenarioErrors."""
    profile = load_fabric(fabric)
    name = node or usual_node(fabric)
    return profile, name, *load_node(name)


def sheet(fabric: str, nodes: int, node: str | None = None, **more: Any) -> Sheet:
    """Return what is told of so many nodes on a fabric; `more` as in `layout_from`.

    Raises ScenarioErrors for a profile that is not there or not valid, ValueError for what cannot be built.
    """
    profile, name, loaded, gpu = load(fabric, node)
    return of_layout(layout_from(profile, loaded, gpu, nodes, **more), fabric, profile.name, name, loaded.name)


def asked(
    fabric: str,
    nodes: int,
    node: str | None = None,
    *,
    kind: str | None = None,
    radix: int | None = None,
    nodes_per_leaf: int | None = None,
    wan: str | None = None,
) -> Sheet:
    """Return what is told of so many nodes on a fabric; `wan` is the bandwidth between two sites, such as "10 Tb/s".

    Raises AskedError for what contradicts itself, else as `sheet`.
    """
    if wan is not None and kind not in (None, "two_sites"):
        raise AskedError(f"a WAN joins two sites, and a {kind} has one; ask for the kind two_sites")
    if wan is None and kind == "two_sites":
        raise AskedError("two sites need the bandwidth between them; give that of the WAN, such as '10 Tb/s'")
    try:
        bandwidth = 0.0 if wan is None else units.parse(wan, "GB/s")
    except units.UnitError as wrong:
        raise AskedError(f"WAN: {wrong}") from wrong
    given = {"radix": radix, "nodes_per_leaf": nodes_per_leaf}
    more = {name: value for name, value in given.items() if value is not None}
    return sheet(fabric, nodes, node, kind=kind if wan is None else "two_sites", wan_bandwidth=bandwidth, **more)


def of_layout(layout: FabricLayout, name: str = "", title: str = "", node: str = "", node_title: str = "") -> Sheet:
    """Return what is told of a layout."""
    topology = fabric_of(layout)
    elements = [
        {
            "element": row.element,
            "network": row.network,
            "number": row.total,
            "nodes_cut_off": row.cut_off,
            "nodes_slowed": row.slowed,
            "share_left": row.share_left,
        }
        for row in blast_radius(topology)
    ]
    domains = [
        {
            "level": row.level,
            "number": row.total,
            "nodes": row.nodes,
            "gpus": row.gpus,
            "capacity_lost": float(capacity_lost(BAD_SHARE, row.gpus)),
        }
        for row in domain_table(layout)
    ]
    switches = {each.name: each.total for each in topology.switches}
    return Sheet(
        name, title, node, node_title, layout, switches, bisection(topology), mean_hops(topology), elements, domains
    )


def as_json(told: Sheet) -> dict[str, Any]:
    """Return what `derisk fabric --json` prints."""
    return {
        "schema": SCHEMA,
        "fabric": told.name,
        "node": told.node,
        "gpus": told.layout.gpus,
        "layout": told.layout.as_dict(),
        "switches": told.switches,
        "bisection_B_per_s": told.bisection,
        "first_half_nodes": first_half(told.layout),
        "mean_hops": told.mean_hops,
        "elements": told.elements,
        "domains": told.domains,
        "bad_share": BAD_SHARE,
    }


def as_text(told: Sheet, width: int | None) -> str:
    """Return what `derisk fabric` prints."""
    layout = told.layout
    head = f"{told.name}: {told.title}, built as {_KIND_WORDS[layout.kind]}\n{told.node}: {told.node_title}"
    size = f"{layout.nodes:_} nodes of {text.plural(layout.gpus_per_node, 'GPU')}, {layout.gpus:_} GPUs"
    switches = ", ".join(f"{name} {number:_}" for name, number in told.switches.items()) or "none"
    built = f"{size}; {_built(layout)}; switches: {switches}"
    answers = (
        f"Between the first {first_half(layout):_} nodes and the rest: {units.show(told.bisection, 'GB/s')} each way; "
        f"{text.number(told.mean_hops)} hops between two nodes in the mean."
    )
    note = "What one failure does at the worst: nodes that it cuts off, nodes that it slows, and the bandwidth left."
    capacity = f"Capacity lost: where {BAD_SHARE:.1%} of GPUs are bad, and each takes its whole domain along."
    return "\n\n".join(
        [
            head,
            text.paragraph(f"{built}.", width),
            text.paragraph(answers, width),
            text.table([ELEMENT_HEAD, *element_cells(told)], right=(2, 3, 4, 5)),
            text.paragraph(note, width),
            text.table([DOMAIN_HEAD, *domain_cells(told)], right=(1, 2, 3, 4)),
            text.paragraph(capacity, width),
        ]
    )


def _built(layout: FabricLayout) -> str:
    """Return how a layout is built, in words."""
    if layout.kind == "torus_3d":
        cubes, cube = ("x".join(map(str, sides[: layout.axes])) for sides in (layout.cubes, layout.cube))
        return f"{cubes} cubes of {cube} nodes"
    if layout.kind == "dragonfly":
        return (
            f"{layout.nodes_per_leaf} nodes a router, {layout.leaves_per_pod} routers a group, "
            f"{layout.global_links} global links a router"
        )
    over = [
        f"{level} oversubscribed {text.number(factor)}:1"
        for level, factor in (("leaves", layout.leaf_oversubscription), ("pods", layout.pod_oversubscription))
        if factor > 1
    ]
    parts = [
        f"{text.plural(layout.rails, 'rail')} in {text.plural(layout.planes, 'plane')}",
        f"{layout.nodes_per_leaf} nodes under a leaf",
        f"{layout.nodes_per_pod} in a pod",
        *over,
    ]
    if layout.kind == "two_sites":
        parts.append(f"{units.show(layout.wan_bandwidth, 'GB/s')} between sites over {layout.wan_links} links")
    return ", ".join(parts)


def element_cells(told: Sheet) -> Iterator[Sequence[str]]:
    """Yield the rows of the table of elements."""
    for row in told.elements:
        left = f"{row['share_left']:.2%}" if row["nodes_slowed"] else "-"
        numbers = (f"{row[name]:_}" for name in ("number", "nodes_cut_off", "nodes_slowed"))
        yield row["element"], row["network"], *numbers, left


def domain_cells(told: Sheet) -> Iterator[Sequence[str]]:
    """Yield the rows of the table of domains."""
    for row in told.domains:
        numbers = (f"{row[name]:_}" for name in ("number", "nodes", "gpus"))
        yield row["level"], *numbers, f"{row['capacity_lost']:.2%}"
