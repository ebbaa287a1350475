"""What a fabric answers at full size, from its structure: bisection, hops, and the blast radius of every element.

`brute_force` gives the same answers from the graph of a small one.
"""

from typing import NamedTuple

import numpy as np

from simulator.fabrics import dragonfly, torus
from simulator.fabrics.clos import Clos, Site
from simulator.fabrics.kinds import CLOS, DRAGONFLY
from simulator.fabrics.layout import FabricLayout, Numbers
from simulator.fabrics.topology import Elements, Shares, Topology

SAME_LEAF, LAYER = 2, 2  # hops between nodes on one leaf, and what each layer of switches above it adds


class Blast(NamedTuple):
    """What the failure of one element of a class does, at its worst: nodes cut off, nodes slowed, share that is left.

    `share_left` [1] is the least of those that are slowed, 1 where none is.
    """

    element: str
    network: str
    total: int
    cut_off: int
    slowed: int
    share_left: float


def blast_radius(topology: Topology) -> list[Blast]:
    """Return a row for each class of elements."""
    return [_blast(each) for each in topology.elements]


def _blast(elements: Elements) -> Blast:
    cut = elements.share == 0.0
    slowed = elements.share[~cut]
    return Blast(
        elements.name,
        elements.network,
        elements.total,
        _most(elements.element[cut], elements.nodes[cut]),
        _most(elements.element[~cut], elements.nodes[~cut]),
        float(slowed.min()) if len(slowed) else 1.0,
    )


def _most(element: Numbers, nodes: Numbers) -> int:
    return int(np.bincount(element, weights=nodes).max()) if len(element) else 0


def first_half(layout: FabricLayout) -> int:
    """Return how many nodes stand in the first half: every other one by number, in whole groups of a dragonfly."""
    if layout.kind == DRAGONFLY:
        return dragonfly.groups(layout) // 2 * layout.nodes_per_pod
    return layout.nodes // 2


def bisection(topology: Topology) -> float:
    """Return what the first half of the nodes can send to the second over the scale-out network, one way [B/s]."""
    layout = topology.layout
    half = first_half(layout)
    if layout.kind in CLOS:
        return _clos_bisection(Clos(layout), half)
    if layout.kind == DRAGONFLY:
        one = half // layout.nodes_per_pod
        other = dragonfly.groups(layout) - one
        across = one * other * dragonfly.links_per_pair(layout) * layout.link_bandwidth
        return min(across, half * layout.node_bandwidth)
    # Every node is a source or a sink, so the cut is all links between the halves.
    between = (each.bandwidth * np.count_nonzero((each.tail < half) != (each.head < half)) for each in topology.links)
    return float(sum(between))


def _clos_bisection(clos: Clos, half: int) -> float:
    """Flow is matched as low as it can be; what is left over goes up, as far as the links above carry it.

    Spines, and cores, of a kind are alike, so together they are one branch of a tree, in which this is a maximum flow.
    """
    layout, found, above = clos.layout, 0.0, []
    for site in clos.sites:
        low, high, matched = _site_surplus(layout, site, half)
        found += matched
        above.append((low, high))
    if len(above) == 2:
        (low, high), (other_low, other_high) = above
        found += min(low, other_high, layout.wan_bandwidth) + min(other_low, high, layout.wan_bandwidth)
    return found


def _site_surplus(layout: FabricLayout, site: Site, half: int) -> tuple[float, float, float]:
    """Return what the first and the second half of a site have left for others [B/s], and what they exchange."""
    leaf_up = layout.spines_per_pod * layout.leaf_uplink if site.has_spines else np.inf
    pod_up = layout.spines_per_pod * layout.cores_per_spine * layout.spine_uplink if site.has_cores else np.inf
    low = high = matched = 0.0
    for pod in site.pods:
        sizes = np.array(pod.sizes)
        starts = pod.first + np.cumsum(sizes) - sizes
        ahead = np.clip(half - starts, 0, sizes)
        one, other = ahead * layout.lane_bandwidth, (sizes - ahead) * layout.lane_bandwidth
        meet = np.minimum(one, other)
        up, down = (float(np.minimum(each - meet, leaf_up).sum()) * layout.rails for each in (one, other))
        matched += float(meet.sum()) * layout.rails + min(up, down)
        low += min(up - min(up, down), pod_up)
        high += min(down - min(up, down), pod_up)
    meet_above = min(low, high)
    planes = layout.planes
    return planes * (low - meet_above), planes * (high - meet_above), planes * (matched + meet_above)


def hops(topology: Topology, one: int, other: int) -> int:
    """Return the links on the shortest path between two nodes, over either network."""
    layout = topology.layout
    if one == other:
        return 0
    if layout.kind in CLOS:
        return _clos_hops(layout, one, other)
    if layout.kind == DRAGONFLY:
        routers = np.array([one, other]) // layout.nodes_per_leaf
        return SAME_LEAF + int(_router_steps(layout, int(routers[0]))[routers[1]])
    places = torus.positions(layout)
    return int(torus.ring_steps(layout, places[one], places[other]))


def _clos_hops(layout: FabricLayout, one: int, other: int) -> int:
    first, second = (_place(layout, node) for node in (one, other))
    if first[0] != second[0]:
        sites = Clos(layout).sites
        return sites[first[0]].tiers + sites[second[0]].tiers + 3  # to a border router, the WAN, and back
    return SAME_LEAF + LAYER * ((first[1] != second[1]) + (first[2] != second[2]))


def _place(layout: FabricLayout, node: int) -> tuple[int, int, int]:
    """Return site, pod and leaf group of a node."""
    levels = (layout.sites(), layout.pods(), layout.leaves())
    site, pod, leaf = (int(np.searchsorted(each.first, node, side="right")) - 1 for each in levels)
    return site, pod, leaf


def mean_hops(topology: Topology) -> float:
    """Return the mean of the hops over all pairs of different nodes."""
    layout = topology.layout
    pairs = layout.nodes * (layout.nodes - 1.0)
    if layout.kind in CLOS:
        return _clos_hop_sum(layout) / pairs
    if layout.kind == DRAGONFLY:
        steps = np.array([_router_steps(layout, router).sum() for router in range(layout.leaves_per_pod)])
        between = steps.sum() / layout.leaves_per_pod * layout.nodes_per_leaf  # for a node, to all others
        return float(SAME_LEAF + between / (layout.nodes - 1))
    rings = [np.minimum(np.arange(side), side - np.arange(side)).mean() for side in layout.torus]
    return float(sum(rings) * layout.nodes / (layout.nodes - 1))


def _clos_hop_sum(layout: FabricLayout) -> float:
    """Return the sum of hops over all ordered pairs: each level that two nodes do not share adds to it."""
    levels = (layout.leaves(), layout.pods(), layout.sites())
    in_leaf, in_pod, in_site = (float((each.sizes.astype(float) ** 2).sum()) for each in levels)
    total = SAME_LEAF * (in_leaf - layout.nodes) + (SAME_LEAF + LAYER) * (in_pod - in_leaf)
    total += (SAME_LEAF + 2 * LAYER) * (in_site - in_pod)
    across = layout.nodes**2 - in_site
    return total + (sum(site.tiers for site in Clos(layout).sites) + 3) * across if across else total


def _router_steps(layout: FabricLayout, router: int) -> Numbers:
    """Return the links between a router of a dragonfly and all others; three always do, the way over a global link."""
    ports, many, span = dragonfly.global_ports(layout), dragonfly.groups(layout), layout.leaves_per_pod
    own, other, far = ports.own, ports.other, ports.distance
    steps = np.full(many * span, 3, dtype=np.int64)
    near = _neighbours(many, span, router, own, other, far)
    for each in near.tolist():
        steps[_neighbours(many, span, each, own, other, far)] = 2
    steps[near] = 1
    steps[router] = 0
    return steps


def _neighbours(many: int, span: int, router: int, own: Numbers, other: Numbers, far: Numbers) -> Numbers:
    group, at = divmod(router, span)
    local = group * span + np.arange(span)
    beyond = own == at
    return np.concatenate([local[local != router], (group + far[beyond]) % many * span + other[beyond]])


def share_left(topology: Topology, name: str, number: int) -> Shares:
    """Return the share of bandwidth that each node is left with when an element fails, (nodes,). Raises KeyError."""
    elements = topology.elements_of(name)
    found = np.ones(topology.layout.nodes)
    for row in np.flatnonzero(elements.element == number):
        low = elements.first[row]
        piece = found[low : low + elements.nodes[row]]
        piece[:] = np.minimum(piece, elements.share[row])
    return found
