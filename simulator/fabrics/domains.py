"""Shocks to whole domains, common causes, and the capacity that goes with a domain: data and closed forms."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulator.fabrics.layout import FabricLayout, Slices
from simulator.fabrics.topology import Shares
from simulator.words.section import did_you_mean


class DomainShock(NamedTuple):
    """A cause that strikes a whole domain at once (Marshall & Olkin, JASA 1967)."""

    level: str  # of `FabricLayout.domains`, such as rack or feed
    rate: float  # of one domain [1/s]
    share: float = 1.0  # of its nodes that are hit, each alone with this probability [1]


class CommonCause(NamedTuple):
    """The failure rate of a part, split into what strikes it alone and what strikes all parts of its group [1/s]."""

    alone: float
    together: float


class DomainRow(NamedTuple):
    """The domains of a level: how many there are, and nodes and GPUs of the largest."""

    level: str
    total: int
    nodes: int
    gpus: int


def common_cause(rate: float, beta: float) -> CommonCause:
    """Return the rates of a part's failures alone and of those of its whole group [1/s], by the beta factor.

    A share beta of the failures of a part has a cause that it shares with its group: (1 - beta) rate and beta rate, the
    second once a group. Raises ValueError for what is no rate or share. Source: Fleming 1975, General Atomic GA-A13284.
    """
    if not (rate >= 0 and 0 <= beta <= 1):
        raise ValueError(f"rate {rate:g} and beta {beta:g}: a rate is not negative, and beta lies in [0, 1]")
    return CommonCause((1.0 - beta) * rate, beta * rate)


def capacity_lost(bad_share: ArrayLike, domain_gpus: ArrayLike) -> Shares:
    """Return the share of capacity lost when whole domains of T GPUs go and a share f of GPUs is bad: 1 - (1-f)^T [1].

    GPUs are bad independently of each other. Raises ValueError for a share outside [0, 1] and a domain without GPUs.
    """
    bad, size = np.asarray(bad_share, dtype=np.float64), np.asarray(domain_gpus, dtype=np.float64)
    if not (np.all((bad >= 0) & (bad <= 1)) and np.all(size >= 1)):
        raise ValueError("the share of bad GPUs lies in [0, 1], and a domain has at least one GPU")
    with np.errstate(divide="ignore"):  # of all GPUs: the logarithm is -infinite, and all capacity is lost
        lost: Shares = -np.expm1(size * np.log1p(-bad))
    return lost


def domain_table(layout: FabricLayout) -> list[DomainRow]:
    """Return the domains of a layout by level, the smallest first."""
    return [
        DomainRow(level, len(slices.first), int(slices.sizes.max()), int(slices.sizes.max()) * layout.gpus_per_node)
        for level, slices in layout.domains().items()
    ]


def shock_rate(layout: FabricLayout, shocks: Iterable[DomainShock]) -> float:
    """Return how often any of the domains is struck [1/s], whatever it hits. Raises ValueError for an unknown level."""
    return sum(shock.rate * len(_slices(layout, shock).first) for shock in shocks)


def node_rate(layout: FabricLayout, shocks: Iterable[DomainShock]) -> Shares:
    """Return how often each node is hit by shocks to its domains [1/s], (nodes,). Raises ValueError as `shock_rate`.

    Each node belongs to one domain of every level, so all nodes are hit alike (Marshall & Olkin 1967: margins add up).
    """
    found = np.zeros(layout.nodes)
    for shock in shocks:
        _slices(layout, shock)
        found += shock.rate * shock.share
    return found


def _slices(layout: FabricLayout, shock: DomainShock) -> Slices:
    domains = layout.domains()
    if shock.level not in domains:
        raise ValueError(f"there is no level '{shock.level}'{did_you_mean(shock.level, domains) or _known(domains)}")
    if not (shock.rate >= 0 and 0 <= shock.share <= 1):
        raise ValueError(f"a shock to a {shock.level} has a rate of {shock.rate:g} and a share of {shock.share:g}")
    return domains[shock.level]


def _known(domains: Iterable[str]) -> str:
    return f"; there are {', '.join(domains)}"
