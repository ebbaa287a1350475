"""A fabric that was built: its vertices and links in arrays, and what each element serves.

Vertices are numbers: nodes from 0 on, switches after them, class by class.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import networkx
import numpy as np
from numpy.typing import NDArray

from simulator.fabrics.layout import FabricLayout, Numbers

Shares = NDArray[np.float64]

SCALE_OUT, SCALE_UP = "scale-out", "scale-up"
NODE_DEPTH, LEAF_DEPTH, SPINE_DEPTH, CORE_DEPTH, BORDER_DEPTH = range(5)
NO_LESS = 1.0 - 1e-9  # a share from here on is whole: rounding has taken the rest


class Switches(NamedTuple):
    """Switches of one class: numbers from `start` on, and the slice of nodes below each."""

    name: str
    network: str
    depth: int  # layers of switches below, and its own
    start: int
    first: Numbers  # first node below
    nodes: Numbers  # how many

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.first)


class Links(NamedTuple):
    """Links of one class between two vertices each, a bundle of `cables` with `bandwidth` [B/s] in all."""

    name: str
    network: str
    tail: Numbers
    head: Numbers
    bandwidth: float
    cables: int


class Elements(NamedTuple):
    """Elements of one class, and what the failure of each does: rows of slices of nodes that lose bandwidth.

    A row says that when `element` fails, `nodes` nodes from `first` on are left with a `share` of their bandwidth in
    the element's network, less than 1; at 0 they are cut off. What no row names is not slowed.
    """

    name: str
    network: str
    total: int
    start: int  # the first vertex; -1 for cables of the links of the same name, and for planes (`Clos.of_plane`)
    size: int  # vertices that an element takes with it; 0 for a cable
    element: Numbers
    first: Numbers
    nodes: Numbers
    share: Shares


class Topology(NamedTuple):
    """A fabric: layout, switches, links, and all classes of elements."""

    layout: FabricLayout
    switches: tuple[Switches, ...]
    links: tuple[Links, ...]
    elements: tuple[Elements, ...]

    @property
    def vertices(self) -> int:
        """Nodes and switches."""
        return self.layout.nodes + sum(each.total for each in self.switches)

    def links_of(self, name: str) -> Links:
        """Return the links of a class. Raises KeyError."""
        return {each.name: each for each in self.links}[name]

    def elements_of(self, name: str) -> Elements:
        """Return the elements of a class. Raises KeyError."""
        return {each.name: each for each in self.elements}[name]

    def graph(self, network: str | None = None) -> Any:
        """Return the networkx graph, or that of one network.

        A vertex has its class as `name` and its `depth` in layers, an edge its class and its `bandwidth` [B/s].
        """
        graph = networkx.Graph()
        graph.add_nodes_from(range(self.layout.nodes), name="node", depth=NODE_DEPTH)
        for switches in self.switches:
            if network in (None, switches.network):
                vertices = range(switches.start, switches.start + switches.total)
                graph.add_nodes_from(vertices, name=switches.name, depth=switches.depth)
        for links in self.links:
            if network in (None, links.network):
                graph.add_edges_from(_edges(links, self.vertices))
        return graph


def _edges(links: Links, vertices: int) -> Iterable[tuple[int, int, dict[str, Any]]]:
    """Yield the edges of links; those between the same two vertices are one, with the bandwidth of all."""
    low, high = np.minimum(links.tail, links.head), np.maximum(links.tail, links.head)
    keys, times = np.unique(low * vertices + high, return_counts=True)
    for low_vertex, high_vertex, number in zip(
        (keys // vertices).tolist(), (keys % vertices).tolist(), times.tolist(), strict=True
    ):
        yield low_vertex, high_vertex, {"bandwidth": number * links.bandwidth, "name": links.name}


class Effect(NamedTuple):
    """A slice of nodes that is left with a share of its bandwidth."""

    first: int
    nodes: int
    share: float


def least(effects: Sequence[Effect]) -> list[Effect]:
    """Return disjoint slices with the least share that any effect leaves them, neighbours alike as one."""
    told = [each for each in effects if each.share < NO_LESS and each.nodes > 0]
    borders = sorted({border for each in told for border in (each.first, each.first + each.nodes)})
    found: list[Effect] = []
    for low, high in pairwise(borders):
        over = [each.share for each in told if each.first <= low and high <= each.first + each.nodes]
        if not over:
            continue
        before = found[-1] if found else None
        if before is not None and before.first + before.nodes == low and before.share == min(over):
            found[-1] = Effect(before.first, high - before.first, before.share)
        else:
            found.append(Effect(low, high - low, min(over)))
    return found


class Table:
    """Rows of what elements do, as they are found."""

    def __init__(self) -> None:
        """Begin empty."""
        self._element: list[Numbers] = []
        self._first: list[Numbers] = []
        self._nodes: list[Numbers] = []
        self._share: list[Shares] = []
        self.count = 0

    def add(self, times: int, effects: Sequence[Effect]) -> None:
        """Add so many elements that do the same."""
        numbers = np.arange(self.count, self.count + times)
        self.count += times
        told = least(effects)
        if told:
            first, nodes, share = (np.array(column) for column in zip(*told, strict=True))
            element = np.repeat(numbers, len(told))
            self._keep(element, np.tile(first, times), np.tile(nodes, times), np.tile(share, times))

    def add_one_node_each(self, first: int, nodes: int, times: int, share: float) -> None:
        """Add for each of these nodes so many elements that leave it with a share."""
        count = nodes * times
        owners = np.repeat(np.arange(first, first + nodes), times)
        ones = np.ones(count, dtype=np.int64)
        self._keep(np.arange(self.count, self.count + count), owners, ones, np.full(count, share))
        self.count += count

    def add_copies(self, rows: Sequence[Sequence[Effect]], times: int, shift: int, around: int) -> None:
        """Add elements, `times` of each row of effects, and copies of all, shifted by so many nodes, once `around`."""
        copies, many = around // shift, len(rows) * times
        numbers = [row for row, effects in enumerate(rows) for _ in effects]
        told = [each for effects in rows for each in effects]
        if told:
            element = np.array(numbers)[:, None] * times + np.arange(times)  # (effects, times)
            first, nodes, share = (np.array(column) for column in zip(*told, strict=True))
            copy = np.arange(copies)[:, None, None]
            shape = (copies, len(told), times)
            found = [
                self.count + copy * many + element[None],
                np.broadcast_to((first[None, :, None] + copy * shift) % around, shape),
                np.broadcast_to(nodes[None, :, None], shape),
                np.broadcast_to(share[None, :, None], shape),
            ]
            order = np.lexsort((np.ravel(found[1]), np.ravel(found[0])))
            self._keep(*(np.ravel(each)[order] for each in found))
        self.count += copies * many

    def of_vertices(self, name: str, network: str, start: int, size: int = 1) -> Elements:
        """Return the elements as vertices from `start` on, `size` each."""
        return self._elements(name, network, start, size)

    def of_cables(self, links: Links) -> Elements:
        """Return the elements as the cables of these links."""
        return self._elements(links.name, links.network, -1, 0)

    def _keep(self, element: Numbers, first: Numbers, nodes: Numbers, share: Shares) -> None:
        self._element.append(element)
        self._first.append(first)
        self._nodes.append(nodes)
        self._share.append(share)

    def _elements(self, name: str, network: str, start: int, size: int) -> Elements:
        element, first, nodes = (
            np.concatenate([np.empty(0, dtype=np.int64), *rows]).astype(np.int64)
            for rows in (self._element, self._first, self._nodes)
        )
        share = np.concatenate([np.empty(0), *self._share])
        return Elements(name, network, self.count, start, size, element, first, nodes, share)
