"""What the failure of each element of a fabric of leaves, spines and cores does, by its structure.

A domain (leaf group, pod, site) keeps this share of its bandwidth: what leaves it after the failure, over the least of
what left it before and what its parts still send; so what a part has lost is not counted again for the whole. A node
keeps the least share of all domains that it belongs to.
"""

from collections.abc import Iterator

from simulator.fabrics.clos import NODE_LINK, PLANE, Clos, Pod, Site
from simulator.fabrics.clos_exits import UNHARMED, Harm, group_exit, pod_exit
from simulator.fabrics.kinds import TWO_SITES
from simulator.fabrics.topology import SCALE_OUT, Effect, Elements, Table, least


def elements(clos: Clos) -> tuple[Elements, ...]:
    """Return all classes of elements of the scale-out network."""
    start = {each.name: each.start for each in clos.switches}
    links = {each.name: each for each in clos.links}

    def place(name: str) -> tuple[int, int]:
        return (-1, len(clos.of_plane(0))) if name == PLANE else (start.get(name, 0), 1)

    tables = {
        "node": _nodes(clos), NODE_LINK: _node_links(clos), "leaf": _leaves(clos), "leaf uplink": _leaf_uplinks(clos),
        "spine": _spines(clos), "spine uplink": _spine_uplinks(clos), "core": _cores(clos),
        PLANE: _planes(clos), "border router": _borders(clos), "wan link": _wan_links(clos),
    }  # fmt: skip
    return tuple(
        table.of_cables(links[name]) if name in links else table.of_vertices(name, SCALE_OUT, *place(name))
        for name, table in tables.items()
        if table.count
    )


def _nodes(clos: Clos) -> Table:
    table = Table()
    table.add_one_node_each(0, clos.layout.nodes, 1, 0.0)
    return table


def _pods(clos: Clos) -> Iterator[tuple[Site, Pod]]:
    return ((site, pod) for site in clos.sites for pod in site.pods)


def _groups(pod: Pod) -> Iterator[tuple[int, int, int]]:
    """Yield number, first node and size of each group of a pod."""
    first = pod.first
    for group, size in enumerate(pod.sizes):
        yield group, first, size
        first += size


def _node_links(clos: Clos) -> Table:
    layout, table = clos.layout, Table()
    ports = layout.gpus_per_node * layout.planes
    harm = Harm(port=layout.link_bandwidth / layout.planes)
    for site, pod in _pods(clos):
        for group, first, size in _groups(pod):
            whole = size * layout.node_bandwidth - harm.port
            around = least(_around(clos, site, pod, harm._replace(group=group), first, size, whole))
            if around:
                for node in range(first, first + size):
                    table.add(ports, [Effect(node, 1, 1.0 - 1.0 / ports), *around])
            else:
                table.add_one_node_each(first, size, ports, 1.0 - 1.0 / ports)
    return table


def _leaves(clos: Clos) -> Table:
    layout, table = clos.layout, Table()
    for site, pod in _pods(clos):
        for group, first, size in _groups(pod):
            # Where one leaf joins all there are, its failure parts them, and one is left.
            alone = size == layout.nodes and layout.lanes == 1
            own = Effect(first + alone, size - alone, 1.0 - 1.0 / layout.lanes)
            left = size * layout.node_bandwidth * own.share
            harm = Harm(group=group, leaf=True)
            table.add(layout.lanes, [own, *_around(clos, site, pod, harm, first, size, left)])
    return table


def _leaf_uplinks(clos: Clos) -> Table:
    layout, table = clos.layout, Table()
    for site, pod in _pods(clos):
        for group, first, size in _groups(pod) if site.has_spines else ():
            harm = Harm(group=group, uplink=layout.leaf_uplink)
            effects = _around(clos, site, pod, harm, first, size, size * layout.node_bandwidth)
            table.add(layout.lanes * layout.spines_per_pod, effects)
    return table


def _spines(clos: Clos) -> Table:
    layout, table, harm = clos.layout, Table(), Harm(spine=True)
    for site, pod in _pods(clos):
        if site.has_spines:
            effects = []
            for _, first, size in _groups(pod):
                before, after = group_exit(layout, size, True), group_exit(layout, size, True, harm)
                effects.append(Effect(first, size, _share(after, before, size * layout.node_bandwidth)))
            below = sum(group_exit(layout, size, True, harm) for size in pod.sizes)
            effects += _of_pod(clos, site, pod, harm, below)
            table.add(layout.planes * layout.spines_per_pod, effects)
    return table


def _spine_uplinks(clos: Clos) -> Table:
    layout, table = clos.layout, Table()
    for site, pod in _pods(clos):
        if site.has_cores:
            below = sum(group_exit(layout, size, True) for size in pod.sizes)
            effects = _of_pod(clos, site, pod, Harm(above=layout.spine_uplink), below)
            table.add(layout.planes * layout.spines_per_pod * layout.cores_per_spine, effects)
    return table


def _cores(clos: Clos) -> Table:
    layout, table, harm = clos.layout, Table(), Harm(above=clos.layout.spine_uplink)
    for site in clos.sites:
        if site.has_cores:
            effects = []
            for pod in site.pods:
                below = sum(group_exit(layout, size, True) for size in pod.sizes)
                effects += _of_pod(clos, site, pod, harm, below)
            table.add(layout.planes * layout.spines_per_pod * layout.cores_per_spine, effects)
    return table


def _planes(clos: Clos) -> Table:
    """Planes with all their switches: a node has as much left in each of the others, and no domain has less."""
    table, planes = Table(), clos.layout.planes
    if planes > 1:
        table.add(planes, [Effect(0, clos.layout.nodes, 1.0 - 1.0 / planes)])
    return table


def _borders(clos: Clos) -> Table:
    table = Table()
    if clos.layout.kind == TWO_SITES:
        for site in clos.sites:
            table.add(1, [_parted(clos, site)])
    return table


def _wan_links(clos: Clos) -> Table:
    layout, table = clos.layout, Table()
    if layout.kind == TWO_SITES:
        left = layout.wan_bandwidth * (1.0 - 1.0 / layout.wan_links)
        effects = [_parted(clos, clos.sites[1])] if layout.wan_links == 1 else []
        for site in clos.sites if layout.wan_links > 1 else ():
            below = site_sends(clos, site)
            share = _share(min(below, left), min(below, layout.wan_bandwidth), below)
            effects.append(Effect(site.first, site.nodes, share))
        table.add(layout.wan_links, effects)
    return table


def site_sends(clos: Clos, site: Site) -> float:
    """Return what the topmost switches of a site get from below [B/s]."""
    if site.has_cores:
        return sum(pod_exit(clos.layout, pod.sizes) for pod in site.pods)
    return sum(group_exit(clos.layout, size, site.has_spines) for size in site.pods[0].sizes)


def _parted(clos: Clos, blamed: Site) -> Effect:
    """Two sites without a WAN: the larger one goes on alone, or of equal ones that which is not to blame."""
    first, second = clos.sites
    cut = blamed if first.nodes == second.nodes else second
    return Effect(cut.first, cut.nodes, 0.0)


def _around(clos: Clos, site: Site, pod: Pod, harm: Harm, first: int, size: int, sends: float) -> list[Effect]:
    """Return what a harm in a group does to the group, whose nodes still send so much [B/s], and to its pod."""
    if not site.has_spines:
        return []
    layout = clos.layout
    after = group_exit(layout, size, True, harm)
    group = Effect(first, size, _share(after, group_exit(layout, size, True), sends))
    below = sum(group_exit(layout, other, True) for other in pod.sizes) - group_exit(layout, size, True) + after
    return [group, *_of_pod(clos, site, pod, harm, below)]


def _of_pod(clos: Clos, site: Site, pod: Pod, harm: Harm, below: float) -> list[Effect]:
    """Return what a harm does to a pod whose groups still send so much [B/s]."""
    if not site.has_cores:
        return []
    before = pod_exit(clos.layout, pod.sizes, UNHARMED)
    return [Effect(pod.first, pod.nodes, _share(pod_exit(clos.layout, pod.sizes, harm), before, below))]


def _share(after: float, before: float, sent: float) -> float:
    """Return the share of its bandwidth that a domain keeps, of what its parts still send [B/s]."""
    could = min(before, sent)
    return min(1.0, after / could) if could > 0 else 1.0
