"""How large leaves, pods and cores are where nobody says: as large as switches of a radix allow."""

import math
from typing import Any

from simulator.fabrics.faults import most_below
from simulator.fabrics.layout import FabricLayout

# Ports of a switch at the speed of a GPU's port: Broadcom Tomahawk 5 and NVIDIA Spectrum-4 have 51.2 Tb/s, which is 128
# ports of 400 Gb/s; NVIDIA Quantum-X800 has 144 of 800 Gb/s.
RADIX = 128
RADIX_NVL = 144


def sized(
    kind: str,
    nodes: int,
    gpus_per_node: int,
    link_bandwidth: float,
    *,
    rails: int = 1,
    radix: int = RADIX,
    nodes_per_leaf: int = 0,
    nodes_per_pod: int = 0,
    **more: Any,
) -> FabricLayout:
    """Return a layout of leaves, spines and cores for so many nodes; 0: as many as fit. Raises ValueError.

    Half of the ports of a leaf and of a spine lead down, more where a level is oversubscribed; cores are as few as can
    join all pods. `more` are further fields of the layout.
    """
    ports = max(1, gpus_per_node // rails)
    leaf_over, pod_over = (float(more.get(name, 1.0)) for name in ("leaf_oversubscription", "pod_oversubscription"))
    domain = int(more.get("nodes_per_domain", 1))
    leaf = nodes_per_leaf or max(domain, most_below(radix, leaf_over) // ports // domain * domain)
    spines = max(2, math.ceil(leaf * ports / leaf_over))
    leaves = -(-nodes_per_pod // leaf) if nodes_per_pod else max(1, most_below(radix, pod_over) // rails)
    site = int(more.get("nodes_per_site", nodes))
    up = max(1, math.ceil(leaves * rails / pod_over))
    pods = -(-site // (leaf * leaves))
    cores = next((few for few in range(1, up + 1) if up % few == 0 and pods * (up // few) <= radix), up)
    return FabricLayout(
        kind, nodes, gpus_per_node, link_bandwidth, rails=rails, radix=radix, nodes_per_leaf=leaf,
        leaves_per_pod=leaves, spines_per_pod=spines, cores_per_spine=cores if pods > 1 else 1, **more,
    )  # fmt: skip
