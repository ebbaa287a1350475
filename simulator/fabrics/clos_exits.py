"""How much bandwidth leaves a leaf group, a pod and a site of a fabric of leaves, spines and cores, exactly.

Flow from nodes that could send all they have: each result is a minimum cut, found among the few that can be the least
because elements of a class are alike (max-flow min-cut: Ford & Fulkerson 1956).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from simulator.fabrics.layout import FabricLayout
from simulator.fabrics.topology import Shares


class Harm(NamedTuple):
    """What is broken in one group of a pod, or in the pod: each at most in one lane or plane."""

    group: int = -1  # of the pod, where the next three are
    port: float = 0.0  # bandwidth lost between a node and one leaf [B/s]
    leaf: bool = False  # one leaf is dead
    uplink: float = 0.0  # bandwidth lost between one leaf and one spine [B/s]
    spine: bool = False  # one spine is dead
    above: float = 0.0  # bandwidth lost above one spine [B/s]


UNHARMED = Harm()


def group_exit(layout: FabricLayout, size: int, spines: bool, harm: Harm = UNHARMED) -> float:
    """Return what leaves the leaves of a group of nodes for the spines [B/s]; without spines, what enters them."""
    down = size * layout.lane_bandwidth
    up = layout.spines_per_pod * layout.leaf_uplink if spines else np.inf
    whole = min(down, up)
    if harm.spine:
        hit = min(down, up - layout.leaf_uplink)
        return layout.rails * hit + (layout.lanes - layout.rails) * whole
    hit = 0.0 if harm.leaf else min(down - harm.port, up - harm.uplink)
    return hit + (layout.lanes - 1) * whole


@lru_cache(maxsize=4096)
def pod_exit(layout: FabricLayout, sizes: tuple[int, ...], harm: Harm = UNHARMED) -> float:
    """Return what leaves the spines of a pod for the cores [B/s], of groups with so many nodes."""
    uplink, spines = layout.leaf_uplink, layout.spines_per_pod
    downs = np.repeat(np.array(sizes) * layout.lane_bandwidth, layout.rails)
    above = np.full(spines, layout.cores_per_spine * layout.spine_uplink)
    whole = plane_flow(downs, uplink, above)
    if harm == UNHARMED:
        return layout.planes * whole
    at = max(0, harm.group) * layout.rails
    downs[at] = 0.0 if harm.leaf else downs[at] - harm.port
    above[0] -= harm.above
    hit = plane_flow(downs, uplink, above[1:] if harm.spine else above, harm.uplink, at)
    return hit + (layout.planes - 1) * whole


def plane_flow(downs: Shares, uplink: float, above: Shares, lost: float = 0.0, at: int = 0) -> float:
    """Return the flow through leaves and spines that are all joined [B/s].

    `downs` is what enters each leaf, `uplink` lies between a leaf and a spine (less `lost` between leaf `at` and one of
    them), `above` leaves each spine. A cut either takes what is above a spine, or all uplinks to it; among spines that
    are otherwise alike it first takes those with the least above.
    """
    taken = np.arange(len(above) + 1)
    room = (len(above) - taken) * uplink
    passed = np.minimum(downs[:, None], room[None, :])
    if lost > 0:
        passed[at] = np.minimum(downs[at], np.maximum(0.0, room - lost))
    cuts = np.concatenate([[0.0], np.cumsum(np.sort(above))]) + passed.sum(axis=0)
    return float(cuts.min())
