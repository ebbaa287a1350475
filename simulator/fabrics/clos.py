"""Leaves, spines and cores: what fat trees and rail-optimised fabrics have in common, on one site or two.

The nodes of a leaf group share one leaf for each rail and plane ("lane"). In a pod every leaf of a plane is joined to
every spine of that plane; spines of the same number in all pods of a site share the same cores. A group alone on its
site has no spines, a pod alone on its site no cores. Two sites are joined by a border router each, which all topmost
switches reach at the whole bandwidth of the WAN.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np

from simulator.fabrics.kinds import TWO_SITES
from simulator.fabrics.layout import FabricLayout, Numbers
from simulator.fabrics.topology import (
    BORDER_DEPTH,
    CORE_DEPTH,
    LEAF_DEPTH,
    SCALE_OUT,
    SPINE_DEPTH,
    Links,
    Switches,
)

NODE_LINK, LEAF_UPLINK, SPINE_UPLINK, BORDER_LINK, WAN_LINK = (
    "node link", "leaf uplink", "spine uplink", "border link", "wan link",
)  # fmt: skip
PLANE = "plane"


class Pod(NamedTuple):
    """A pod: its first leaf group, and the nodes of each of its groups."""

    number: int
    group: int
    first: int
    sizes: tuple[int, ...]

    @property
    def nodes(self) -> int:
        """Nodes in all."""
        return sum(self.sizes)


class Site(NamedTuple):
    """A site: its nodes and its pods."""

    number: int
    first: int
    nodes: int
    pods: tuple[Pod, ...]

    @property
    def has_spines(self) -> bool:
        """Whether more than one leaf group stands there."""
        return len(self.pods) > 1 or len(self.pods[0].sizes) > 1

    @property
    def has_cores(self) -> bool:
        """Whether more than one pod stands there."""
        return len(self.pods) > 1

    @property
    def tiers(self) -> int:
        """Layers of switches."""
        return 1 + self.has_spines + self.has_cores


class Clos:
    """The places of switches and links in the arrays of a layout of leaves, spines and cores."""

    def __init__(self, layout: FabricLayout) -> None:
        """Count what stands where."""
        self.layout = layout
        self.groups = layout.leaves()
        self.sites = tuple(self._sites())
        self.pods = [pod for site in self.sites for pod in site.pods]

    def _sites(self) -> list[Site]:
        sizes, pods, sites = self.groups.sizes, self.layout.pods(), self.layout.sites()
        group_of_pod = np.searchsorted(self.groups.first, pods.first)
        ends = np.append(group_of_pod[1:], len(sizes))
        made = [
            Pod(number, int(low), int(first), tuple(sizes[low:high].tolist()))
            for number, (low, high, first) in enumerate(zip(group_of_pod, ends, pods.first, strict=True))
        ]
        return [
            Site(number, int(first), int(last - first + 1), tuple(pod for pod in made if first <= pod.first <= last))
            for number, (first, last) in enumerate(zip(*sites, strict=True))
        ]

    @cached_property
    def switches(self) -> tuple[Switches, ...]:
        """Leaves group by group, spines pod by pod, cores site by site, each plane by plane; then border routers."""
        layout, start, found = self.layout, self.layout.nodes, []
        per_spine = layout.planes * layout.spines_per_pod
        spined = [pod for site in self.sites if site.has_spines for pod in site.pods]
        cored = [site for site in self.sites if site.has_cores]
        bordered = self.sites if layout.kind == TWO_SITES else ()
        classes: list[tuple[str, int, list[int], list[int], int]] = [
            ("leaf", LEAF_DEPTH, self.groups.first.tolist(), self.groups.sizes.tolist(), layout.lanes),
            ("spine", SPINE_DEPTH, [pod.first for pod in spined], [pod.nodes for pod in spined], per_spine),
            (
                "core", CORE_DEPTH, [site.first for site in cored], [site.nodes for site in cored],
                per_spine * layout.cores_per_spine,
            ),
            ("border router", BORDER_DEPTH, [site.first for site in bordered], [site.nodes for site in bordered], 1),
        ]  # fmt: skip
        for name, depth, first, nodes, times in classes:
            if first:
                arrays = (np.repeat(np.array(each, dtype=np.int64), times) for each in (first, nodes))
                made = Switches(name, SCALE_OUT, depth, start, *arrays)
                start += made.total
                found.append(made)
        return tuple(found)

    def numbers(self, name: str) -> Numbers:
        """Return the vertices of a class of switches, none where there is none."""
        found = [each for each in self.switches if each.name == name]
        return np.arange(found[0].start, found[0].start + found[0].total) if found else np.empty(0, dtype=np.int64)

    def of_plane(self, plane: int) -> Numbers:
        """Return the vertices of all switches of a plane."""
        layout = self.layout
        # How many switches of one plane stand side by side, and then as many of the next.
        together = {
            "leaf": 1, "spine": layout.spines_per_pod, "core": layout.spines_per_pod * layout.cores_per_spine,
        }  # fmt: skip
        numbers = {name: self.numbers(name) for name in together}
        found = [
            each[(np.arange(len(each)) // together[name]) % layout.planes == plane] for name, each in numbers.items()
        ]
        return _joined(found)

    @cached_property
    def links(self) -> tuple[Links, ...]:
        """All links: from a node to a leaf there is a cable for each port, what lies between switches counts as one."""
        found = [self._node_links(), self._leaf_uplinks(), self._spine_uplinks(), *self._wan()]
        return tuple(each for each in found if len(each.tail))

    def _node_links(self) -> Links:
        layout = self.layout
        group = np.repeat(np.arange(len(self.groups.first)), self.groups.sizes)
        leaves = layout.nodes + group[:, None] * layout.lanes + np.arange(layout.lanes)[None, :]
        nodes = np.repeat(np.arange(layout.nodes), layout.lanes)
        cables = layout.gpus_per_node // layout.rails
        return Links(NODE_LINK, SCALE_OUT, nodes, leaves.ravel(), layout.lane_bandwidth, cables)

    def _leaf_uplinks(self) -> Links:
        layout, tails, heads = self.layout, [], []
        spines, leaves = self.numbers("spine"), self.numbers("leaf")
        taken = 0
        for pod in (pod for site in self.sites if site.has_spines for pod in site.pods):
            groups = len(pod.sizes)
            own = leaves[pod.group * layout.lanes : (pod.group + groups) * layout.lanes]
            planes = np.tile(np.arange(layout.planes), groups * layout.rails)  # a lane is rail x planes + plane
            block = spines[taken : taken + layout.planes * layout.spines_per_pod]
            taken += len(block)
            tails.append(np.repeat(own, layout.spines_per_pod))
            heads.append(block.reshape(layout.planes, -1)[planes].ravel())
        return Links(LEAF_UPLINK, SCALE_OUT, _joined(tails), _joined(heads), layout.leaf_uplink, 1)

    def _spine_uplinks(self) -> Links:
        layout, tails, heads = self.layout, [], []
        spines, cores = self.numbers("spine"), self.numbers("core")
        per_pod = layout.planes * layout.spines_per_pod
        at_pod = at_core = 0
        for site in (site for site in self.sites if site.has_spines):
            if site.has_cores:
                block = cores[at_core : at_core + per_pod * layout.cores_per_spine]
                at_core += len(block)
                own = spines[at_pod * per_pod : (at_pod + len(site.pods)) * per_pod]
                tails.append(np.repeat(own, layout.cores_per_spine))
                heads.append(np.tile(block, len(site.pods)))
            at_pod += len(site.pods)
        return Links(SPINE_UPLINK, SCALE_OUT, _joined(tails), _joined(heads), layout.spine_uplink, 1)

    def _wan(self) -> list[Links]:
        layout = self.layout
        if layout.kind != TWO_SITES:
            return []
        borders, tails, heads = self.numbers("border router"), [], []
        for site, border in zip(self.sites, borders, strict=True):
            name = ("leaf", "spine", "core")[site.tiers - 1]
            switches = next(each for each in self.switches if each.name == name)
            inside = (switches.first >= site.first) & (switches.first < site.first + site.nodes)
            tops = switches.start + np.flatnonzero(inside)
            tails.append(tops)
            heads.append(np.full(len(tops), border))
        return [
            Links(BORDER_LINK, SCALE_OUT, _joined(tails), _joined(heads), layout.wan_bandwidth, 1),
            Links(WAN_LINK, SCALE_OUT, borders[:1], borders[1:], layout.wan_bandwidth, layout.wan_links),
        ]


def _joined(arrays: list[Numbers]) -> Numbers:
    return np.concatenate([np.empty(0, dtype=np.int64), *arrays]).astype(np.int64)
