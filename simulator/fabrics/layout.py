"""The layout of a fabric: what is joined to what, in numbers, and the domains of its nodes as slices of node numbers.

Nodes are numbered depth-first, site by site, pod by pod, leaf by leaf, so all that shares an element is a slice.
"""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.fabrics.faults import faults_of
from simulator.fabrics.kinds import NVL_RAIL, TORUS, TWO_SITES

Numbers = NDArray[np.int64]


class Slices(NamedTuple):
    """Slices of node numbers, one an element of both arrays: the first node and the last one, which belongs to it."""

    first: Numbers
    last: Numbers

    @property
    def sizes(self) -> Numbers:
        """How many nodes each has."""
        sizes: Numbers = self.last - self.first + 1
        return sizes


@dataclass(frozen=True)
class FabricLayout:
    """How a fabric is built. Bandwidths are for one direction [B/s]; the last leaf, pod and site may be partly filled.

    Switches have the ports of a full design, so what stands in a last, partly filled pod has more than its share.
    Raises ValueError for what cannot be built: what is wrong, and the nearest that works.
    """

    kind: str  # one of KINDS
    nodes: int
    gpus_per_node: int
    link_bandwidth: float  # of a GPU's port [B/s]; a node has one for each GPU
    rails: int = 1  # leaves among which the ports of a node are spread; 1: all are on one leaf
    planes: int = 1  # networks side by side, each with a part of every port
    nodes_per_leaf: int = 8  # under one leaf, or one leaf for each rail and plane; on a router of a dragonfly
    leaves_per_pod: int = 8  # leaf groups of a pod; routers of a group of a dragonfly
    spines_per_pod: int = 8  # in each plane
    cores_per_spine: int = 1  # spines of the same number in all pods share these cores
    leaf_oversubscription: float = 1.0  # bandwidth into a leaf from below over that to its spines
    pod_oversubscription: float = 1.0  # bandwidth into the spines of a pod from below over that to the cores
    radix: int = 0  # ports of a switch; 0: as many as needed
    nodes_per_domain: int = 1  # in an NVL domain
    nvlink_switches: int = 0  # of an NVL domain
    nvlink_bandwidth: float = 0.0  # of a GPU, over all its links [B/s]
    local_links: int = 1  # dragonfly: cables between two routers of a group
    global_links: int = 0  # dragonfly: cables of a router to other groups
    axes: int = 3  # of a torus: 2 or 3
    cube: tuple[int, int, int] = (1, 1, 1)  # torus: nodes of a cube along the axes; a cube is a rack
    cubes: tuple[int, int, int] = (1, 1, 1)  # torus: cubes along the axes
    nodes_per_site: int = 0  # two sites: nodes of the first one
    wan_bandwidth: float = 0.0  # between two sites [B/s]
    wan_links: int = 1  # that share it
    nodes_per_rack: int = 4
    racks_per_feed: int = 4  # on one power feed or cooling unit
    racks_per_row: int = 16
    rows_per_hall: int = 8

    def __post_init__(self) -> None:
        """Raise ValueError with all that is wrong."""
        found = list(faults_of(self))
        if found:
            raise ValueError("; and ".join(found))

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return self.nodes * self.gpus_per_node

    @property
    def lanes(self) -> int:
        """Leaves that each node is joined to."""
        return self.rails * self.planes

    @property
    def nodes_per_pod(self) -> int:
        """Nodes of a full pod, or of a group of a dragonfly."""
        return self.nodes_per_leaf * self.leaves_per_pod

    @property
    def node_bandwidth(self) -> float:
        """Bandwidth of all ports of a node [B/s]."""
        return self.gpus_per_node * self.link_bandwidth

    @property
    def lane_bandwidth(self) -> float:
        """Bandwidth of a node to one of its leaves [B/s]."""
        return self.node_bandwidth / self.lanes

    @property
    def leaf_uplink(self) -> float:
        """Bandwidth between a leaf and one of its spines [B/s]."""
        return self.nodes_per_leaf * self.lane_bandwidth / (self.leaf_oversubscription * self.spines_per_pod)

    @property
    def spine_uplink(self) -> float:
        """Bandwidth between a spine and one of its cores [B/s]."""
        below = self.leaves_per_pod * self.rails * self.leaf_uplink
        return below / (self.pod_oversubscription * self.cores_per_spine)

    @property
    def node_shape(self) -> tuple[int, int, int]:
        """GPUs of a node of a torus along the axes, as near to a cube as their number allows."""
        return box(self.gpus_per_node, self.axes)

    @property
    def torus(self) -> tuple[int, int, int]:
        """Nodes of a torus along the axes."""
        (a, b, c), (x, y, z) = self.cube, self.cubes
        return (a * x, b * y, c * z)

    def sites(self) -> Slices:
        """Return the sites."""
        per_site = self.nodes_per_site if self.kind == TWO_SITES else self.nodes
        return _cut(np.array([0]), np.array([self.nodes - 1]), per_site)

    def leaves(self) -> Slices:
        """Return the nodes that share a leaf, or one for each rail and plane, or a router."""
        return self._within_sites(self.nodes_per_leaf)

    def pods(self) -> Slices:
        """Return the pods, or the groups of a dragonfly."""
        return self._within_sites(self.nodes_per_pod)

    def domains(self) -> dict[str, Slices]:
        """Return the domains by level, the smallest first; those of a level are disjoint and cover all nodes."""
        rack = self.nodes_per_rack
        found = {"node": self._within_sites(1)}
        if self.kind == NVL_RAIL:
            found["nvl_domain"] = self._within_sites(self.nodes_per_domain)
        found["rack"] = self._within_sites(rack)
        if self.kind != TORUS:
            found["leaf"] = self.leaves()
        found["feed"] = self._within_sites(rack * self.racks_per_feed)
        found["row"] = self._within_sites(rack * self.racks_per_row)
        if self.kind != TORUS:
            found["pod"] = self.pods()
        found["hall"] = self._within_sites(rack * self.racks_per_row * self.rows_per_hall)
        found["site"] = self.sites()
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return all fields by name."""
        return asdict(self)

    def _within_sites(self, span: int) -> Slices:
        return _cut(*self.sites(), span)


def _cut(first: Numbers, last: Numbers, span: int) -> Slices:
    """Return slices of `span` nodes each, the last one of every given slice with what is left."""
    starts = np.concatenate([np.arange(low, high + 1, span) for low, high in zip(first, last, strict=True)])
    ends = np.append(starts[1:] - 1, last[-1])
    return Slices(starts.astype(np.int64), ends.astype(np.int64))


def boxes(volume: int, axes: int = 3) -> list[tuple[int, int, int]]:
    """Return all whole numbers along the axes with this product; of two axes the third is 1."""
    divisors = [side for side in range(1, volume + 1) if volume % side == 0]
    found = ((one, two, volume // one // two) for one in divisors for two in divisors if volume % (one * two) == 0)
    return [sides for sides in found if axes == 3 or sides[2] == 1]


def box(volume: int, axes: int = 3, of: tuple[int, int, int] = (1, 1, 1)) -> tuple[int, int, int]:
    """Return the sides, in blocks of so many, of the box of this many blocks that is nearest to a cube.

    Of boxes that are alike the one with its longest sides first.
    """

    def shape(sides: tuple[int, int, int]) -> tuple[int, int, list[int]]:
        lengths = [side * block for side, block in zip(sides, of, strict=True)]
        return max(lengths), sum(lengths), [-length for length in lengths]

    return min(boxes(volume, axes), key=shape)
