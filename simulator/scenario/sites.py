"""What joins two sites, as the training step of a job has it."""

from typing import Any

from simulator.nouns.cluster import Cluster
from simulator.words.quantity import default

NO_WAN = 'two sites need the bandwidth between them; write "wan_bandwidth: 10 Tb/s"'
# Light goes 200 km a millisecond in glass, and fibres go round about: 5 ms there and back are some 400 km.
_ROUND_TRIP = default("5 ms", "ms", why="some 400 km of fibre between the sites")


def on_two_sites(cluster: Cluster) -> bool:
    """Return whether the nodes of a job stand on both of two sites."""
    apart = cluster.nodes_per_site
    return cluster.topology == "two_sites" and (apart is None or apart.median < cluster.needed)


def with_round_trip(cluster: Cluster) -> Cluster:
    """Return a cluster that says how long it takes from one site to the other and back, if its job is on both."""
    if not on_two_sites(cluster) or cluster.wan_round_trip is not None:
        return cluster
    return cluster.model_copy(update={"wan_round_trip": _ROUND_TRIP})


def wan_of(cluster: Cluster) -> dict[str, Any]:
    """Return what a case has to know of the WAN that a job's gradients cross; nothing for a job on one site."""
    if not on_two_sites(cluster) or cluster.wan_bandwidth is None:
        return {}
    trip = 0.0 if cluster.wan_round_trip is None else cluster.wan_round_trip.median
    return {"sites": 2, "wan_bandwidth": cluster.wan_bandwidth.median, "wan_round_trip": trip}
