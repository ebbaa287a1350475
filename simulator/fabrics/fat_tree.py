"""Fat tree: all ports of a node are on one leaf (in each plane), and leaves are joined by spines, pods by cores.

Source: Al-Fares, Loukissas & Vahdat, SIGCOMM 2008, with oversubscription by level as in The Llama 3 Herd of Models,
arXiv 2407.21783, section 3.3.1.
"""

from typing import Any

from simulator.fabrics.clos import Clos
from simulator.fabrics.clos_elements import elements
from simulator.fabrics.kinds import FAT_TREE
from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.sizes import sized
from simulator.fabrics.topology import Topology


def layout_for(nodes: int, gpus_per_node: int, link_bandwidth: float, **more: Any) -> FabricLayout:
    """Return the layout for so many nodes with ports of so much bandwidth [B/s]; `more` as in `sizes.sized`."""
    return sized(FAT_TREE, nodes, gpus_per_node, link_bandwidth, **more)


def build(layout: FabricLayout) -> Topology:
    """Return the fat tree of a layout."""
    clos = Clos(layout)
    return Topology(layout, clos.switches, clos.links, elements(clos))
