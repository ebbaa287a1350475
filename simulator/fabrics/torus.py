"""3D torus of GPUs, without switches: cubes of nodes, each a rack, joined to rings along three axes.

A node is a block of GPUs, such as 2 x 2 x 1, so between two neighbours lie as many cables as its side has GPUs. Numbers
run cube by cube, and within a cube along the axes, the last one fastest. Source: Jouppi et al., ISCA 2023, "TPU v4",
section 2: cubes of 4 x 4 x 4 chips, joined by optical switches. A torus of two axes has
a third one of length 1.
"""

import math
from typing import Any

import numpy as np

from simulator.fabrics.kinds import TORUS
from simulator.fabrics.layout import FabricLayout, Numbers, box
from simulator.fabrics.topology import SCALE_OUT, Elements, Links, Table, Topology

AXES = ("x", "y", "z")
NO_MORE = 1e-9  # a share up to here is none: rounding has left the rest


def layout_for(
    nodes: int, gpus_per_node: int, link_bandwidth: float, nodes_per_rack: int, axes: int = 3, **more: Any
) -> FabricLayout:
    """Return the layout for so many nodes, of which a rack is a cube; `link_bandwidth` is of a GPU, over all its links.

    The axes are as equally long as they can be, in GPUs. `more` are further fields of the layout.
    """
    block = box(gpus_per_node, axes)
    cube = box(nodes_per_rack, axes, block)
    rack = (block[0] * cube[0], block[1] * cube[1], block[2] * cube[2])
    cubes = box(max(1, nodes // nodes_per_rack), axes, rack)
    usual = {"axes": axes, "cube": cube, "cubes": cubes, "nodes_per_rack": nodes_per_rack}
    return FabricLayout(TORUS, nodes, gpus_per_node, link_bandwidth, **{**usual, **more})


def build(layout: FabricLayout) -> Topology:
    """Return the torus of a layout."""
    links = tuple(_links(layout, axis) for axis in range(3) if layout.torus[axis] > 1)
    return Topology(layout, (), links, tuple(_elements(layout, links)))


def cables(layout: FabricLayout, axis: int) -> int:
    """Return the cables between two neighbours along an axis, one way round the ring."""
    return layout.gpus_per_node // layout.node_shape[axis]


def cable_bandwidth(layout: FabricLayout) -> float:
    """Return the bandwidth of a cable [B/s]: each GPU has two an axis, and `link_bandwidth` is of them together.

    Cables within a node, and along an axis of a single node, stay idle.
    """
    return layout.link_bandwidth / (2.0 * layout.axes)


def positions(layout: FabricLayout) -> Numbers:
    """Return where each node stands on the axes, (nodes, 3)."""
    cubes = np.stack(np.unravel_index(np.arange(math.prod(layout.cubes)), layout.cubes), axis=1)
    inside = np.stack(np.unravel_index(np.arange(math.prod(layout.cube)), layout.cube), axis=1)
    places: Numbers = (cubes[:, None, :] * np.array(layout.cube) + inside[None, :, :]).reshape(-1, 3)
    return places


def numbers_at(layout: FabricLayout, places: Numbers) -> Numbers:
    """Return the numbers of the nodes that stand there, (places,)."""
    cube, inside = np.divmod(places, np.array(layout.cube))
    of_cube = np.ravel_multi_index(tuple(cube.T), layout.cubes)
    of_node = np.ravel_multi_index(tuple(inside.T), layout.cube)
    numbers: Numbers = (of_cube * math.prod(layout.cube) + of_node).astype(np.int64)
    return numbers


def ring_steps(layout: FabricLayout, one: Numbers, other: Numbers) -> Numbers:
    """Return the hops between places, the shorter way round each ring."""
    apart = np.abs(one - other)
    steps: Numbers = np.minimum(apart, np.array(layout.torus) - apart).sum(axis=-1)
    return steps


def _links(layout: FabricLayout, axis: int) -> Links:
    """Links from each node to the next one along an axis; in a ring of two both ways lead to the same."""
    places = positions(layout)
    beyond = places.copy()
    beyond[:, axis] = (beyond[:, axis] + 1) % layout.torus[axis]
    count = cables(layout, axis)
    bandwidth = count * cable_bandwidth(layout)
    head = numbers_at(layout, beyond)
    return Links(f"{AXES[axis]} link", SCALE_OUT, np.arange(layout.nodes), head, bandwidth, count)


def _elements(layout: FabricLayout, links: tuple[Links, ...]) -> list[Elements]:
    """Elements: nodes and whole cubes slow their neighbours, a cable both of its ends."""
    whole = 2.0 * sum(each.bandwidth for each in links)  # of a node, over all its links
    in_cube, cubes = math.prod(layout.cube), math.prod(layout.cubes)
    found = [_of_block(layout, links, "node", 1, whole)]
    if cubes > 1 and in_cube > 1:
        found.append(_of_block(layout, links, "cube", in_cube, whole))
    for each in links:
        table = _of_link(each, 1.0 - each.bandwidth / each.cables / whole)
        found.append(table)
    return found


def _of_block(layout: FabricLayout, links: tuple[Links, ...], name: str, size: int, whole: float) -> Elements:
    """Blocks of nodes: each takes itself, and from a node beside it the links between them."""
    pairs, lost = [], []
    for each in links:
        for one, other in ((each.tail, each.head), (each.head, each.tail)):
            apart = one // size != other // size
            pairs.append((one[apart] // size) * layout.nodes + other[apart])
            lost.append(np.full(int(apart.sum()), each.bandwidth))
    keys, index = np.unique(np.concatenate(pairs), return_inverse=True)
    shares = 1.0 - np.bincount(index, weights=np.concatenate(lost)) / whole
    keys, shares = keys[shares > NO_MORE], shares[shares > NO_MORE]  # one that is left alone waits for nobody
    blocks = layout.nodes // size
    element = np.concatenate([np.arange(blocks), keys // layout.nodes])
    first = np.concatenate([np.arange(blocks) * size, keys % layout.nodes])
    nodes = np.concatenate([np.full(blocks, size), np.ones(len(keys), dtype=np.int64)])
    share = np.concatenate([np.zeros(blocks), shares])
    order = np.lexsort((first, element))
    return Elements(
        name, SCALE_OUT, blocks, 0, size, element[order], first[order], nodes[order].astype(np.int64), share[order]
    )


def _of_link(links: Links, share: float) -> Elements:
    """Cables: each slows its two ends."""
    table = Table()
    ends = np.sort(np.stack([links.tail, links.head], axis=1), axis=1)
    count = len(ends) * links.cables
    made = table.of_cables(links)
    return made._replace(
        total=count,
        element=np.repeat(np.arange(count), 2),
        first=np.repeat(ends, links.cables, axis=0).ravel(),
        nodes=np.ones(2 * count, dtype=np.int64),
        share=np.full(2 * count, share),
    )
