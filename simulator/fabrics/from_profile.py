"""The layout of a fabric from hardware profiles: which topology, how fast its ports are, what is oversubscribed."""

from typing import Any

from simulator.fabrics import dragonfly, fat_tree, nvl_rail, rail, torus, two_sites
from simulator.fabrics.kinds import CLOS, DRAGONFLY, FAT_TREE, KINDS, NVL_RAIL, RAIL, TORUS, TWO_SITES
from simulator.fabrics.layout import FabricLayout
from simulator.words.hardware import Fabric, Gpu, Node
from simulator.words.quantity import Quantity
from simulator.words.section import did_you_mean

LEAF_LEVELS = ("leaf", "tor", "rack")  # names of the lowest level in profiles; any other is a pod
_KIND_OF = {"fat_tree": FAT_TREE, "rail": RAIL, "torus_2d": TORUS, "torus_3d": TORUS}


def layout_from(
    fabric: Fabric,
    node: Node,
    gpu: Gpu,
    nodes: int,
    *,
    kind: str | None = None,
    wan_bandwidth: float = 0.0,
    **more: Any,
) -> FabricLayout:
    """Return the layout of so many nodes on a fabric; `kind` joins its ports otherwise than the profile says.

    Two sites need the bandwidth of a WAN [B/s]. `more` are fields of the layout, and where switches are sized `radix`
    and `nodes_per_pod`. Raises ValueError for what cannot be built: what is wrong, and what works.
    """
    kind = kind or _kind_of(fabric, node, gpu)
    if kind not in KINDS:
        remedy = did_you_mean(kind, KINDS) or f"; there are {', '.join(KINDS)}"
        raise ValueError(f"there is no fabric '{kind}'{remedy}")
    gpus = int(node.gpus_per_node.median)
    rack = {} if node.nodes_per_rack is None else {"nodes_per_rack": int(node.nodes_per_rack.median)}
    if kind == TORUS:
        speed = _speed(fabric.bandwidth or gpu.scale_up_bandwidth, gpu, "scale_up_bandwidth")
        return torus.layout_for(
            nodes, gpus, speed, rack.get("nodes_per_rack", 1), axes=2 if fabric.topology == "torus_2d" else 3, **more
        )
    # The bandwidth of a profile of NVLink is not that of the network.
    own = None if fabric.topology == "nvlink_domain" else fabric.bandwidth
    speed = _speed(own or gpu.scale_out_bandwidth, gpu, "scale_out_bandwidth")
    if kind == DRAGONFLY:
        return dragonfly.layout_for(nodes, gpus, speed, **{**rack, **more})
    if kind in CLOS:
        more = {**rack, "planes": int(fabric.planes.median), **_levels(fabric, gpus), **more}
    if kind == NVL_RAIL:
        up = _speed(gpu.scale_up_bandwidth, gpu, "scale_up_bandwidth")
        return nvl_rail.layout_for(nodes, gpus, speed, up, _domain(node, gpu), **more)
    if kind == TWO_SITES:
        return two_sites.layout_for(nodes, gpus, speed, wan_bandwidth, **more)
    if kind == RAIL:
        return rail.layout_for(nodes, gpus, speed, **more)
    return fat_tree.layout_for(nodes, gpus, speed, **more)


def _kind_of(fabric: Fabric, node: Node, gpu: Gpu) -> str:
    if fabric.topology == "nvlink_domain":
        # Within a node NVLink joins no nodes; what does is a network with a rail for each GPU.
        return NVL_RAIL if _domain(node, gpu) > 1 else RAIL
    if fabric.topology not in _KIND_OF:
        text = f"{fabric.name} joins the GPUs of one node, so it has no domains of nodes"
        raise ValueError(f"{text}; name the network between nodes, such as infiniband_ndr")
    return _KIND_OF[fabric.topology]


def _domain(node: Node, gpu: Gpu) -> int:
    """Return the nodes of an NVL domain."""
    if gpu.scale_up_domain is None:
        return 1
    return max(1, int(gpu.scale_up_domain.median) // int(node.gpus_per_node.median))


def _speed(bandwidth: Quantity | None, gpu: Gpu, field: str) -> float:
    if bandwidth is None:
        raise ValueError(f"neither the fabric nor {gpu.name} says how fast a port is; write {field} in its profile")
    return bandwidth.median


def _levels(fabric: Fabric, gpus: int) -> dict[str, Any]:
    """Return what a profile says of its levels: nodes below, and oversubscription."""
    found: dict[str, Any] = {}
    pods = [level for level in fabric.gpus_under if level not in LEAF_LEVELS]
    if len(pods) > 1:
        raise ValueError(f"{' and '.join(pods)} are two levels above the leaves; one is built here, name one of them")
    for level, span in fabric.gpus_under.items():
        below = int(span.median)
        if below % gpus:
            low = below // gpus * gpus
            choice = f"{low:_} or {low + gpus:_}" if low else f"{gpus:_}"
            raise ValueError(f"{below:_} GPUs under a {level} are no whole number of nodes of {gpus}; write {choice}")
        found["nodes_per_leaf" if level in LEAF_LEVELS else "nodes_per_pod"] = below // gpus
    for level, factor in fabric.oversubscription.items():
        found["leaf_oversubscription" if level in LEAF_LEVELS else "pod_oversubscription"] = factor.median
    return found
