"""What the failure of each element of a dragonfly does, by its structure: all groups are alike, so one tells all.

As for leaves, spines and cores: a router, and a group, keeps what still leaves it over the least of what left it before
and what its parts still send. What leaves a group is a minimum cut of a complete graph of routers.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.fabrics.layout import FabricLayout, Numbers
from simulator.fabrics.topology import SCALE_OUT, Effect, Elements, Links, Shares, Table, least


class Group(NamedTuple):
    """A group of routers: what the nodes of each send and what its global links carry [B/s], and who is there."""

    supply: Shares
    beyond: Shares
    alive: NDArray[np.bool_]
    local: float  # between two routers [B/s]
    lost: float = 0.0  # of the local link between the routers `at` [B/s]
    at: tuple[int, int] = (0, 0)

    def router_exits(self) -> Shares:
        """Return what leaves each router [B/s]."""
        room = (self.alive.sum() - 1) * self.local + self.beyond
        if self.lost > 0:
            room[list(self.at)] -= self.lost
        exits: Shares = np.where(self.alive, np.minimum(self.supply, room), 0.0)
        return exits

    def exit(self) -> float:
        """Return what leaves the group [B/s]."""
        kept = self.alive
        supply, beyond = self.supply[kept], self.beyond[kept]
        whole = complete_flow(supply, beyond, self.local)
        if self.lost == 0:
            return whole
        one, other = self.at
        rest = np.array([r for r in np.flatnonzero(kept) if r not in self.at], dtype=np.int64)
        parted = (_parted(self, rest, one, other), _parted(self, rest, other, one))
        return min(whole, *parted)


def complete_flow(supply: Shares, beyond: Shares, local: float) -> float:
    """Return the flow from routers that send `supply` to those that take `beyond`, all joined by `local` [B/s].

    A cut keeps k routers on the side of the source, those with the least to lose by it.
    """
    many = len(supply)
    gain = np.concatenate([[0.0], np.cumsum(np.sort(beyond - supply))])
    kept = np.arange(many + 1)
    return float((supply.sum() + gain + kept * (many - kept) * local).min())


def _parted(group: Group, rest: Numbers, inside: int, outside: int) -> float:
    """Return the least cut with one end of the hurt local link on either side [B/s]."""
    many = len(rest) + 2
    gain = np.concatenate([[0.0], np.cumsum(np.sort((group.beyond - group.supply)[rest]))])
    kept = np.arange(1, many)
    base = group.supply[rest].sum() + group.beyond[inside] + group.supply[outside] - group.lost
    return float((base + gain + kept * (many - kept) * group.local).min())


def elements(
    layout: FabricLayout, distance: Numbers, own: Numbers, other: Numbers, links: Sequence[Links]
) -> tuple[Elements, ...]:
    """Return all classes of elements; the global links of group 0 are given as in `dragonfly.global_ports`."""
    ports = np.bincount(own, minlength=layout.leaves_per_pod).astype(np.float64)
    intact = Group(
        np.full(layout.leaves_per_pod, layout.nodes_per_leaf * layout.node_bandwidth),
        ports * layout.link_bandwidth,
        np.ones(layout.leaves_per_pod, dtype=np.bool_),
        layout.local_links * layout.link_bandwidth,
    )
    by_name = {each.name: each for each in links}
    found = [
        _nodes(layout, intact).of_vertices("node", SCALE_OUT, 0),
        _node_links(layout, intact).of_cables(by_name["node link"]),
        _routers(layout, intact, distance, own, other).of_vertices("router", SCALE_OUT, layout.nodes),
    ]
    if "local link" in by_name:
        found.append(_local_links(layout, intact).of_cables(by_name["local link"]))
    return (*found, _global_links(layout, intact, distance, own, other, by_name["global link"]))


def _harmed(layout: FabricLayout, before: Group, after: Group, first: int = 0) -> list[Effect]:
    """Return what has happened to a group whose first node is given."""
    span = layout.nodes_per_leaf
    sent, were = after.router_exits(), before.router_exits()
    could = np.minimum(were, after.supply)
    kept = np.where(could > 0, sent / np.where(could > 0, could, 1.0), 1.0)  # who sends nothing has lost nothing here
    shares = np.where(after.alive, kept, 0.0)
    effects = [Effect(first + r * span, span, min(1.0, share)) for r, share in enumerate(shares.tolist())]
    if sent.sum() > 0:
        share = after.exit() / min(before.exit(), float(sent.sum()))
        effects += [Effect(first + r * span, span, min(1.0, share)) for r in np.flatnonzero(after.alive).tolist()]
    return least(effects)


def _less(numbers: Shares, at: int, lost: float) -> Shares:
    changed = numbers.copy()
    changed[at] = max(0.0, changed[at] - lost)
    return changed


def _of_each_node(layout: FabricLayout, intact: Group, lost: float, times: int, share: float) -> Table:
    """Elements of nodes, `times` each, that leave the node a share and its router less to send [B/s]."""
    rows = []
    for router in range(layout.leaves_per_pod):
        around = _harmed(layout, intact, intact._replace(supply=_less(intact.supply, router, lost)))
        first = router * layout.nodes_per_leaf
        rows += [[Effect(node, 1, share), *around] for node in range(first, first + layout.nodes_per_leaf)]
    table = Table()
    table.add_copies([least(each) for each in rows], times, layout.nodes_per_pod, layout.nodes)
    return table


def _nodes(layout: FabricLayout, intact: Group) -> Table:
    return _of_each_node(layout, intact, layout.node_bandwidth, 1, 0.0)


def _node_links(layout: FabricLayout, intact: Group) -> Table:
    ports = layout.gpus_per_node
    return _of_each_node(layout, intact, layout.link_bandwidth, ports, 1.0 - 1.0 / ports)


def _routers(layout: FabricLayout, intact: Group, distance: Numbers, own: Numbers, other: Numbers) -> Table:
    """A router cuts off its nodes, takes local links from its group, and global links from the groups they lead to."""
    rows = []
    for router in range(layout.leaves_per_pod):
        alive = intact.alive.copy()
        alive[router] = False
        dead = Group(_less(intact.supply, router, np.inf), _less(intact.beyond, router, np.inf), alive, intact.local)
        effects = _harmed(layout, intact, dead)
        beyond = own == router
        for far in np.unique(distance[beyond]).tolist():
            there = other[beyond & (distance == far)]
            lost = np.bincount(there, minlength=layout.leaves_per_pod) * layout.link_bandwidth
            harmed = intact._replace(beyond=intact.beyond - lost)
            effects += _harmed(layout, intact, harmed, far * layout.nodes_per_pod)
        rows.append(effects)
    table = Table()
    table.add_copies(rows, 1, layout.nodes_per_pod, layout.nodes)
    return table


def _local_links(layout: FabricLayout, intact: Group) -> Table:
    rows = [
        _harmed(layout, intact, intact._replace(lost=layout.link_bandwidth, at=(one, other)))
        for one, other in zip(*(each.tolist() for each in np.triu_indices(layout.leaves_per_pod, 1)), strict=True)
    ]
    table = Table()
    table.add_copies(rows, layout.local_links, layout.nodes_per_pod, layout.nodes)
    return table


def _global_links(
    layout: FabricLayout, intact: Group, distance: Numbers, own: Numbers, other: Numbers, links: Links
) -> Elements:
    """A global link takes its bandwidth from the router and the group at either end."""
    effects = [
        _harmed(layout, intact, intact._replace(beyond=_less(intact.beyond, router, layout.link_bandwidth)))
        for router in range(layout.leaves_per_pod)
    ]
    rows: list[tuple[Numbers, Numbers, Numbers, Shares]] = []
    for ends in (links.tail, links.head):
        group, at = np.divmod(ends - layout.nodes, layout.leaves_per_pod)
        for router, harmed in enumerate(effects):
            here = np.flatnonzero(at == router)
            for each in harmed:
                first = group[here] * layout.nodes_per_pod + each.first
                rows.append((here, first, np.full(len(here), each.nodes), np.full(len(here), each.share)))
    table = Table().of_cables(links)._replace(total=len(links.tail))
    if not rows:
        return table
    element, first, nodes, share = (np.concatenate(column) for column in zip(*rows, strict=True))
    order = np.lexsort((first, element))
    return table._replace(element=element[order], first=first[order], nodes=nodes[order], share=share[order])
