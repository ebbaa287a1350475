"""What a collective costs on a fabric: latency, bandwidth by message size, hierarchy, collisions and what is degraded.

Groups are given by their number of ranks and their stride: the distance between neighbours in the numbering that puts
tensor parallelism first. Ranks of a group that share a scale-up domain use their network ports side by side.
"""

from typing import NamedTuple

import numpy as np

from simulator.roofline import Numbers


class Network(NamedTuple):
    """The connections of an accelerator, as numbers or arrays. Bandwidths are for one direction."""

    domain: Numbers  # accelerators with the fast connection among them
    up_bandwidth: Numbers  # that large collectives reach within a domain [B/s]
    out_bandwidth: Numbers  # that they reach between domains, for each accelerator [B/s]
    up_latency: Numbers = 1.9e-6  # of a hop within a domain [s]
    out_latency: Numbers = 14e-6  # of a hop between domains [s]
    base_latency: Numbers = 8.4e-6  # of a collective [s]
    ramp: Numbers = 0.0  # message at which a collective within a domain takes twice its time at full bandwidth [B]


class Group(NamedTuple):
    """Ranks that communicate, and what connects them."""

    ranks: Numbers
    local: Numbers  # ranks of the group in one domain
    bandwidth: Numbers  # of the slowest part of a ring through all of them [B/s]
    latency: Numbers  # of one hop, the mean over the ring [s]
    ramp: Numbers  # [B]
    base_latency: Numbers  # [s]


def group(network: Network, ranks: Numbers, stride: Numbers) -> Group:
    """Return the group of so many ranks at a stride: in one domain if they fit, else across."""
    local = np.clip(network.domain / np.asarray(stride), 1.0, ranks)
    within = np.asarray(ranks) * stride <= network.domain
    across = np.minimum(network.up_bandwidth, network.out_bandwidth * local)
    hops = np.where(within, network.up_latency, network.out_latency)
    return Group(
        ranks,
        local,
        np.where(within, network.up_bandwidth, across),
        hops,
        np.where(within, network.ramp, 0.0),
        network.base_latency,
    )


def ring_time(group: Group, size: Numbers) -> Numbers:
    """Return the time of an all-gather or a reduce-scatter of `size` bytes in all, as a ring [s].

    Thakur, Rabenseifner & Gropp 2005, sections 4.1 and 4.2; hops within a domain run side by side with those between.
    The root of the ramp is how measured bus bandwidth grows with the message between 16 MiB and 16 GiB.
    """
    moved = size * (group.ranks - 1.0) / np.asarray(group.ranks)
    crossings = np.maximum(np.asarray(group.ranks) / group.local, 1.0)
    latency = group.base_latency + crossings * group.latency
    time = (moved + np.sqrt(moved * group.ramp)) / group.bandwidth + latency
    return np.where(np.asarray(group.ranks) > 1, time, 0.0)


def all_reduce_time(group: Group, size: Numbers) -> Numbers:
    """Return the time of an all-reduce of `size` bytes: a reduce-scatter and an all-gather [s]."""
    return 2.0 * ring_time(group, size)


def all_to_all_time(network: Network, ranks: Numbers, stride: Numbers, size: Numbers) -> Numbers:
    """Return the time in which each rank sends `size` bytes, in equal parts to all ranks, itself included [s]."""
    ranks = np.asarray(ranks)
    local = np.clip(network.domain / np.asarray(stride), 1.0, ranks)
    within = size * (local - 1.0) / ranks / network.up_bandwidth
    across = size * (ranks - local) / ranks / network.out_bandwidth
    crosses = ranks > local
    latency = network.base_latency + np.where(crosses, network.out_latency, network.up_latency)
    return np.where(ranks > 1, within + across + latency, 0.0)


def send_time(network: Network, stride: Numbers, size: Numbers) -> Numbers:
    """Return the time to send `size` bytes to the rank at a stride: within the domain where both fit in it [s]."""
    within = 2.0 * np.asarray(stride) <= network.domain
    bandwidth = np.where(within, network.up_bandwidth, network.out_bandwidth)
    return np.where(within, network.up_latency, network.out_latency) + size / bandwidth
