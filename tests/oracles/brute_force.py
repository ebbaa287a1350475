"""The answers once more, slowly: take the element out of the graph, look at its components, and find maximum flows.

Only for small fabrics, as a check on what follows from structure. See `clos_elements` for what a share means.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import networkx
import numpy as np

from simulator.fabrics.clos import PLANE, Clos
from simulator.fabrics.kinds import CLOS, DRAGONFLY
from simulator.fabrics.topology import BORDER_DEPTH, LEAF_DEPTH, SCALE_OUT, SPINE_DEPTH, Elements, Shares, Topology

_SOURCE, _SINK = "source", "sink"


class Domain(NamedTuple):
    """Nodes that share links to the rest, the switches that are theirs, and the domains one level below."""

    nodes: frozenset[int]
    switches: frozenset[int]
    parts: tuple[frozenset[int], ...]


def without(topology: Topology, elements: Elements, number: int) -> Any:
    """Return the graph of the network of an element without it."""
    graph = topology.graph(elements.network)
    if elements.name == PLANE:
        graph.remove_nodes_from(Clos(topology.layout).of_plane(number).tolist())
        return graph
    if elements.size:
        first = elements.start + number * elements.size
        graph.remove_nodes_from(range(first, first + elements.size))
        return graph
    links = topology.links_of(elements.name)
    row = number // links.cables
    edge = graph.edges[int(links.tail[row]), int(links.head[row])]
    edge["bandwidth"] -= links.bandwidth / links.cables
    if edge["bandwidth"] < 1e-9 * links.bandwidth:
        graph.remove_edge(int(links.tail[row]), int(links.head[row]))
    return graph


def survivors(topology: Topology, graph: Any) -> frozenset[int]:
    """Return the nodes that still reach each other: of the component with most nodes, then most vertices, the first."""
    nodes = topology.layout.nodes
    parts = [sorted(part) for part in networkx.connected_components(graph)]
    best = max(parts, key=lambda part: (sum(v < nodes for v in part), len(part), -part[0]))
    return frozenset(v for v in best if v < nodes)


def flow(graph: Any, sources: Iterable[int], sinks: Iterable[int]) -> float:
    """Return the maximum flow [B/s] from some vertices to others, neither of which is a limit itself."""
    directed = networkx.DiGraph()
    for one, other, data in graph.to_directed().edges(data=True):
        directed.add_edge(one, other, capacity=data["bandwidth"])
    # An edge without a capacity has an infinite one.
    directed.add_edges_from((_SOURCE, vertex) for vertex in sources)
    directed.add_edges_from((vertex, _SINK) for vertex in sinks)
    if _SOURCE not in directed or _SINK not in directed:
        return 0.0
    return float(networkx.maximum_flow_value(directed, _SOURCE, _SINK))


def exit_flow(graph: Any, nodes: Iterable[int], switches: Iterable[int] = ()) -> float:
    """Return what can leave a domain [B/s]: the maximum flow from its nodes to all that is outside.

    It goes up only, or stays on its layer, as routes do: not down to another leaf, to come up again from there.
    """
    sources = {vertex for vertex in nodes if vertex in graph}
    inside = sources | (set(switches) & set(graph))
    around = {vertex for one in inside for vertex in graph[one]} - inside
    # What has left has arrived, so nothing further out matters.
    return flow(_upward(graph.subgraph(inside | around)), sources, around)


def _upward(graph: Any) -> Any:
    """Return a graph with each edge in the direction in which routes take it on their way out."""
    depth, directed = graph.nodes(data="depth"), networkx.DiGraph()
    for one, other, data in graph.edges(data=True):
        for tail, head in ((one, other), (other, one)):
            if depth[tail] <= depth[head]:
                directed.add_edge(tail, head, **data)
    return directed


def shares(topology: Topology, elements: Elements, number: int) -> Shares:
    """Return the share of its bandwidth that each node is left with when an element fails, (nodes,)."""
    whole, hurt = topology.graph(elements.network), without(topology, elements, number)
    out = elements.network == SCALE_OUT
    left = survivors(topology, hurt) if out else frozenset(v for v in hurt if v < topology.layout.nodes)
    found = np.zeros(topology.layout.nodes)
    exits: dict[frozenset[int], float] = {}
    for node in left:
        exits[frozenset([node])] = exit_flow(hurt, [node])
        before = exit_flow(whole, [node])
        # A domain that holds all that are left needs no way out.
        found[node] = min(1.0, exits[frozenset([node])] / before) if len(left) > 1 else 1.0
    for domain in domains(topology) if out else ():
        if not domain.nodes & left or domain.nodes >= left:
            continue
        after = exit_flow(hurt, domain.nodes & left, domain.switches)
        sent = sum(exits.get(part, 0.0) for part in domain.parts)
        share = min(1.0, after / min(exit_flow(whole, domain.nodes, domain.switches), sent))
        exits[domain.nodes] = after
        for node in domain.nodes & left:
            found[node] = min(found[node], share)
    return found


def domains(topology: Topology) -> Iterator[Domain]:
    """Yield the domains whose links are shared, the small ones first; what makes up a whole site counts as the site."""
    layout = topology.layout
    levels: list[tuple[str, int]] = []
    if layout.kind in CLOS:
        levels = [("leaf", LEAF_DEPTH), ("pod", SPINE_DEPTH), ("site", BORDER_DEPTH)]
    elif layout.kind == DRAGONFLY:
        levels = [("leaf", LEAF_DEPTH), ("pod", LEAF_DEPTH)]
    slices = layout.domains()
    sites = set(zip(*slices["site"], strict=True))
    below = [frozenset([node]) for node in range(layout.nodes)]
    for level, depth in levels:
        found: list[frozenset[int]] = []
        for first, last in zip(*slices[level], strict=True):
            nodes = frozenset(range(int(first), int(last) + 1))
            parts = tuple(part for part in below if part <= nodes)
            if level != "site" and (first, last) in sites:
                found += parts
            else:
                found.append(nodes)
                yield Domain(nodes, frozenset(_switches(topology, int(first), int(last), depth)), parts)
        below = found


def _switches(topology: Topology, first: int, last: int, depth: int) -> Iterator[int]:
    """Yield the switches of the scale-out network whose nodes all lie in a slice, up to so many layers."""
    for each in topology.switches:
        if each.network == SCALE_OUT and each.depth <= depth:
            inside = (each.first >= first) & (each.first + each.nodes - 1 <= last)
            yield from (each.start + np.flatnonzero(inside)).tolist()


def bisection(topology: Topology, first_half: int) -> float:
    """Return the maximum flow [B/s] from the first nodes to all others, over the scale-out network."""
    graph = topology.graph(SCALE_OUT)
    return flow(graph, range(first_half), range(first_half, topology.layout.nodes))


def hops(topology: Topology) -> Any:
    """Return the links on the shortest path between any two nodes, (nodes, nodes)."""
    graph, nodes = topology.graph(), topology.layout.nodes
    found = np.zeros((nodes, nodes), dtype=np.int64)
    for one, reached in networkx.all_pairs_shortest_path_length(graph):
        if one < nodes:
            for other, steps in reached.items():
                if other < nodes:
                    found[one, other] = steps
    return found
