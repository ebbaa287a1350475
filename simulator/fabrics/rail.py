"""Rail-optimised fabric: the ports of a node go to as many leaves, one a rail, and leaves of all rails share spines.

A leaf serves one rail of all nodes of its group, so its failure slows them all and cuts off none. Source: NVIDIA DGX
SuperPOD reference architecture, H100, "compute fabric": groups of 32 nodes with 8 leaves.
"""

from typing import Any

from simulator.fabrics.clos import Clos
from simulator.fabrics.clos_elements import elements
from simulator.fabrics.kinds import RAIL
from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.sizes import sized
from simulator.fabrics.topology import Topology


def layout_for(nodes: int, gpus_per_node: int, link_bandwidth: float, **more: Any) -> FabricLayout:
    """Return the layout for so many nodes, with a rail for each GPU of a node; `more` as in `sizes.sized`."""
    return sized(RAIL, nodes, gpus_per_node, link_bandwidth, **{"rails": gpus_per_node, **more})


def build(layout: FabricLayout) -> Topology:
    """Return the rail-optimised fabric of a layout."""
    clos = Clos(layout)
    return Topology(layout, clos.switches, clos.links, elements(clos))
