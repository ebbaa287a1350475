"""What a collective costs on a fabric: latency, bandwidth, hierarchy, oversubscription, and what is degraded.

Groups are given by their number of ranks and their stride: the distance between neighbours in the numbering that puts
tensor parallelism first. Ranks of a group that share a scale-up domain use their network ports side by side. Collisions
and the quality of a fabric are in its bandwidth: see `machine.network_of`.
"""

from typing import NamedTuple

import numpy as np

from simulator.numbers.roofline import Numbers


class Network(NamedTuple):
    """The connections of an accelerator, as numbers or arrays. Bandwidths are for one direction."""

    domain: Numbers  # accelerators with the fast connection among them
    up_bandwidth: Numbers  # that large collectives reach within a domain [B/s]
    out_bandwidth: Numbers  # that they reach between domains, for each accelerator [B/s]
    up_latency: Numbers = 1.9e-6  # of a hop within a domain [s]
    out_latency: Numbers = 14e-6  # of a hop between domains [s]
    base_latency: Numbers = 8.4e-6  # of a collective [s]
    pod: Numbers = np.inf  # accelerators under one element of the oversubscribed level
    oversubscription: Numbers = 1.0  # bandwidth below that level over bandwidth above it
    sites: Numbers = 1.0  # on which replicas stand
    wan_bandwidth: Numbers = np.inf  # between sites, of the whole job [B/s]
    wan_round_trip: Numbers = 0.0  # from one site to another and back [s]


class Group(NamedTuple):
    """Ranks that communicate, and what connects them."""

    ranks: Numbers
    local: Numbers  # ranks of the group in one domain
    bandwidth: Numbers  # of the slowest part of a ring through all of them [B/s]
    latency: Numbers  # of a hop of the slowest kind [s]
    base_latency: Numbers  # [s]


def group(network: Network, ranks: Numbers, stride: Numbers) -> Group:
    """Return the group of so many ranks at a stride: in one domain if they fit, else across."""
    local = np.clip(network.domain / np.asarray(stride), 1.0, ranks)
    within = np.asarray(ranks) * stride <= network.domain
    across = np.minimum(network.up_bandwidth, network.out_bandwidth * local)
    # Every ring leaves its pod once, and all groups of a pod do so at the same time: they share what leads out of it.
    inside = np.clip(network.pod / np.asarray(stride), 1.0, ranks)
    spans = np.asarray(ranks) * stride > network.pod
    across = across * np.where(spans, np.minimum(1.0, inside / network.oversubscription), 1.0)
    return Group(
        ranks=ranks,
        local=local,
        bandwidth=np.where(within, network.up_bandwidth, across),
        latency=np.where(within, network.up_latency, network.out_latency),
        base_latency=network.base_latency,
    )


def ring_time(group: Group, size: Numbers) -> Numbers:
    """Return the time of an all-gather or a reduce-scatter of `size` bytes in all, as a ring [s].

    Thakur, Rabenseifner & Gropp 2005, sections 4.1 and 4.2; hops within a domain run side by side with those between.
    """
    moved = size * (group.ranks - 1.0) / np.asarray(group.ranks)
    crossings = np.maximum(np.asarray(group.ranks) / group.local, 1.0)
    latency = group.base_latency + crossings * group.latency
    return np.where(np.asarray(group.ranks) > 1, moved / group.bandwidth + latency, 0.0)


def all_reduce_time(group: Group, size: Numbers) -> Numbers:
    """Return the time of an all-reduce of `size` bytes: a reduce-scatter and an all-gather [s]."""
    return 2.0 * ring_time(group, size)


def between_sites_time(network: Network, size: Numbers) -> Numbers:
    """Return the time of an all-reduce of `size` bytes between sites, each of which has summed its own before [s].

    A ring of the sites, whose replicas share the WAN; the phases within a site are the collectives above.
    """
    sites = np.asarray(network.sites)
    crossing = 2.0 * size * (1.0 - 1.0 / sites) / network.wan_bandwidth + network.wan_round_trip
    return np.where(sites > 1, crossing, 0.0)


def all_to_all_time(network: Network, ranks: Numbers, stride: Numbers, size: Numbers) -> Numbers:
    """Return the time in which each rank sends `size` bytes, in equal parts to all ranks, itself included [s]."""
    ranks = np.asarray(ranks)
    local = np.clip(network.domain / np.asarray(stride), 1.0, ranks)
    inside = np.clip(network.pod / np.asarray(stride), local, ranks)
    within = size * (local - 1.0) / ranks / network.up_bandwidth
    near = size * (inside - local) / ranks / network.out_bandwidth
    far = size * (ranks - inside) / ranks / network.out_bandwidth * network.oversubscription
    latency = network.base_latency + np.where(ranks > local, network.out_latency, network.up_latency)
    return np.where(ranks > 1, within + near + far + latency, 0.0)


def shift_time(network: Network, ranks: Numbers, stride: Numbers, size: Numbers) -> Numbers:
    """Return the time in which all ranks of a ring send `size` bytes to the next one: that of the slowest link [s]."""
    reach = np.asarray(ranks) * stride
    within = reach <= network.domain
    across = network.out_bandwidth / np.where(reach > network.pod, network.oversubscription, 1.0)
    bandwidth = np.where(within, network.up_bandwidth, across)
    return np.where(within, network.up_latency, network.out_latency) + size / bandwidth


def send_time(network: Network, ranks: Numbers, stride: Numbers, size: Numbers) -> Numbers:
    """Return the time to send `size` bytes from one rank of a chain to the next, the mean over its links [s].

    Those that leave a domain, or a pod, are as many as it takes to leave it: each stage waits for its own link only.
    """
    reach, stride = np.asarray(ranks) * stride, np.asarray(stride)
    leaving = np.where(reach > network.domain, np.minimum(1.0, stride / network.domain), 0.0)
    far = np.where(reach > network.pod, np.minimum(1.0, stride / network.pod), 0.0)
    within = network.up_latency + size / network.up_bandwidth
    across = network.out_latency + size / network.out_bandwidth
    beyond = size / network.out_bandwidth * (network.oversubscription - 1.0)
    return (1.0 - leaving) * within + leaving * across + far * beyond
