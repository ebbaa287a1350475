"""Dragonfly: groups of routers that are all joined to each other, and groups joined by global links.

Global links are spread evenly over the other groups; which router holds which follows from the distance between the
groups only, so all groups are alike. Source: Kim, Dally, Scott & Abts, ISCA 2008; the arrangement: Hastings et al.,
CLUSTER 2015 ("relative"). Nodes have all ports on one router. Every group is full.
"""

from typing import Any, NamedTuple

import numpy as np

from simulator.fabrics.dragonfly_elements import elements
from simulator.fabrics.faults import LEAST_GROUPS
from simulator.fabrics.kinds import DRAGONFLY
from simulator.fabrics.layout import FabricLayout, Numbers
from simulator.fabrics.topology import LEAF_DEPTH, SCALE_OUT, Links, Switches, Topology


class GlobalLinks(NamedTuple):
    """Global links of group 0: to which group each leads (as a distance), from which router, to which router there."""

    distance: Numbers
    own: Numbers
    other: Numbers


# HPE Slingshot (De Sensi et al., SC 2020): switches of 64 ports, of which 16 lead to nodes, 31 to the others of a group
# of 32, and 17 to other groups; 16 of these are used here, as many as lead to nodes.
PORTS, ROUTERS, GLOBAL = 16, 32, 16


def layout_for(nodes: int, gpus_per_node: int, link_bandwidth: float, **more: Any) -> FabricLayout:
    """Return the layout for so many nodes, which fill groups of routers; `more` are further fields of the layout.

    A cluster of less than three groups has smaller ones.
    """
    per_router = max(1, PORTS // gpus_per_node)
    routers = max(1, min(ROUTERS, nodes // (LEAST_GROUPS * per_router)))
    ports = max(per_router * gpus_per_node, GLOBAL)
    usual = {
        "nodes_per_leaf": per_router, "leaves_per_pod": routers, "global_links": GLOBAL,
        "local_links": -(-2 * ports // routers),
    }  # fmt: skip
    return FabricLayout(DRAGONFLY, nodes, gpus_per_node, link_bandwidth, **{**usual, **more})


def build(layout: FabricLayout) -> Topology:
    """Return the dragonfly of a layout."""
    routers = layout.nodes // layout.nodes_per_leaf
    first = np.arange(routers) * layout.nodes_per_leaf
    nodes = np.full(routers, layout.nodes_per_leaf)
    switches = Switches("router", SCALE_OUT, LEAF_DEPTH, layout.nodes, first, nodes)
    below = np.arange(layout.nodes)
    of_nodes = Links(
        "node link", SCALE_OUT, below, layout.nodes + below // layout.nodes_per_leaf, layout.node_bandwidth,
        layout.gpus_per_node,
    )  # fmt: skip
    links = [of_nodes, _local_links(layout), _global_links(layout)]
    found = tuple(each for each in links if len(each.tail))
    ports = global_ports(layout)
    return Topology(layout, (switches,), found, elements(layout, ports.distance, ports.own, ports.other, found))


def groups(layout: FabricLayout) -> int:
    """Return how many groups there are."""
    return layout.nodes // layout.nodes_per_pod


def links_per_pair(layout: FabricLayout) -> int:
    """Return the global links between any two groups."""
    return layout.leaves_per_pod * layout.global_links // (groups(layout) - 1)


def global_ports(layout: FabricLayout) -> GlobalLinks:
    """Return the global links of group 0; those of group g lead from the same routers, as far on."""
    many, times = groups(layout), links_per_pair(layout)
    distance = np.repeat(np.arange(1, many), times)
    number = np.tile(np.arange(times), many - 1)
    own = ((distance - 1) * times + number) // layout.global_links
    other = ((many - distance - 1) * times + number) // layout.global_links
    return GlobalLinks(distance, own, other)


def _local_links(layout: FabricLayout) -> Links:
    one, other = np.triu_indices(layout.leaves_per_pod, 1)
    base = layout.nodes + np.arange(groups(layout))[:, None] * layout.leaves_per_pod
    bandwidth = layout.local_links * layout.link_bandwidth
    tail, head = (base + one).ravel(), (base + other).ravel()
    return Links("local link", SCALE_OUT, tail, head, bandwidth, layout.local_links)


def _global_links(layout: FabricLayout) -> Links:
    """Each link once: from the group with the lower number."""
    ports, many, routers = global_ports(layout), groups(layout), layout.leaves_per_pod
    group = np.arange(many)[:, None]
    beyond = group + ports.distance[None, :]
    once = beyond < many
    tail = (layout.nodes + group * routers + ports.own[None, :])[once]
    head = (layout.nodes + beyond * routers + ports.other[None, :])[once]
    return Links("global link", SCALE_OUT, tail, head, layout.link_bandwidth, 1)
