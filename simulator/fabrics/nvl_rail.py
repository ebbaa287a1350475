"""NVL domains with rails: nodes of a domain share NVLink switches, and all nodes a rail-optimised network.

The two networks are told apart: a failure in one takes a share of the bandwidth of that one. Source: NVIDIA GB200 NVL72
datasheet: 18 compute trays of 4 GPUs, 9 switch trays of 2 NVLink switches; every GPU is joined to each switch.
"""

from typing import Any

import numpy as np

from simulator.fabrics.clos import Clos
from simulator.fabrics.clos_elements import elements
from simulator.fabrics.kinds import NVL_RAIL
from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.sizes import RADIX_NVL, sized
from simulator.fabrics.topology import LEAF_DEPTH, SCALE_UP, Effect, Elements, Links, Switches, Table, Topology

SWITCHES = 18  # NVLink switches of a GB200 NVL72 rack: one for each of the 18 links of a GPU


def layout_for(
    nodes: int, gpus_per_node: int, link_bandwidth: float, nvlink_bandwidth: float, nodes_per_domain: int, **more: Any
) -> FabricLayout:
    """Return the layout for so many nodes, with a rail for each GPU of a node; a domain is a rack.

    Bandwidths of a GPU, to the network and over all its NVLinks [B/s]; `more` as in `sizes.sized`.
    """
    usual = {
        "rails": gpus_per_node, "radix": RADIX_NVL, "nvlink_switches": SWITCHES, "nvlink_bandwidth": nvlink_bandwidth,
        "nodes_per_domain": nodes_per_domain, "nodes_per_rack": nodes_per_domain,
    }  # fmt: skip
    return sized(NVL_RAIL, nodes, gpus_per_node, link_bandwidth, **{**usual, **more})


def build(layout: FabricLayout) -> Topology:
    """Return the rail-optimised fabric of a layout with the NVLink network of its domains."""
    clos = Clos(layout)
    start = layout.nodes + sum(each.total for each in clos.switches)
    domains = layout.domains()["nvl_domain"]
    first, nodes = (np.repeat(each, layout.nvlink_switches) for each in (domains.first, domains.sizes))
    switches = Switches("nvlink switch", SCALE_UP, LEAF_DEPTH, start, first, nodes)
    domain = np.repeat(np.arange(len(domains.first)), domains.sizes)
    heads = start + domain[:, None] * layout.nvlink_switches + np.arange(layout.nvlink_switches)[None, :]
    bandwidth = layout.gpus_per_node * layout.nvlink_bandwidth / layout.nvlink_switches
    tails = np.repeat(np.arange(layout.nodes), layout.nvlink_switches)
    links = Links("nvlink", SCALE_UP, tails, heads.ravel(), bandwidth, 1)
    return Topology(
        layout, (*clos.switches, switches), (*clos.links, links), (*elements(clos), *_elements(layout, switches, links))
    )


def _elements(layout: FabricLayout, switches: Switches, links: Links) -> tuple[Elements, Elements]:
    """A switch slows all nodes of its domain; a bundle between a node and a switch that node."""
    left = 1.0 - 1.0 / layout.nvlink_switches
    of_switches, of_links = Table(), Table()
    domains = layout.domains()["nvl_domain"]
    for first, size in zip(domains.first.tolist(), domains.sizes.tolist(), strict=True):
        of_switches.add(layout.nvlink_switches, [Effect(first, size, left)])
    of_links.add_one_node_each(0, layout.nodes, layout.nvlink_switches, left)
    return of_switches.of_vertices(switches.name, SCALE_UP, switches.start), of_links.of_cables(links)
