"""Two sites, each with leaves, spines and cores of its own, joined by a WAN between two border routers."""

from typing import Any

from simulator.fabrics.clos import Clos
from simulator.fabrics.clos_elements import elements
from simulator.fabrics.kinds import TWO_SITES
from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.sizes import sized
from simulator.fabrics.topology import Topology

WAVE = 50e9  # [B/s] of a link of the WAN where nobody says: a wavelength of 400 Gb/s (OIF 400ZR, 2020)


def layout_for(
    nodes: int, gpus_per_node: int, link_bandwidth: float, wan_bandwidth: float, **more: Any
) -> FabricLayout:
    """Return the layout for so many nodes, half of them on each site, joined by a WAN [B/s]; `more` as in `sized`.

    Each site has a rail for each GPU of a node, unless `rails` says otherwise.
    """
    usual = {
        "rails": gpus_per_node,
        "nodes_per_site": -(-nodes // 2),
        "wan_links": max(1, round(wan_bandwidth / WAVE)),
    }
    return sized(TWO_SITES, nodes, gpus_per_node, link_bandwidth, wan_bandwidth=wan_bandwidth, **{**usual, **more})


def build(layout: FabricLayout) -> Topology:
    """Return the fabric of two sites of a layout."""
    clos = Clos(layout)
    return Topology(layout, clos.switches, clos.links, elements(clos))
