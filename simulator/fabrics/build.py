"""One question for all kinds: the fabric of a layout."""

from collections.abc import Callable, Mapping

from simulator.fabrics import dragonfly, fat_tree, nvl_rail, rail, torus, two_sites
from simulator.fabrics.kinds import DRAGONFLY, FAT_TREE, NVL_RAIL, RAIL, TORUS, TWO_SITES
from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.topology import Topology

BUILDERS: Mapping[str, Callable[[FabricLayout], Topology]] = {
    FAT_TREE: fat_tree.build,
    RAIL: rail.build,
    NVL_RAIL: nvl_rail.build,
    DRAGONFLY: dragonfly.build,
    TORUS: torus.build,
    TWO_SITES: two_sites.build,
}


def build(layout: FabricLayout) -> Topology:
    """Return the fabric of a layout: switches, links and what every element serves."""
    return BUILDERS[layout.kind](layout)
