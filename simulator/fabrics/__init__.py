"""Fabrics at full size: what is joined to what, which nodes share which element, and what is left when it fails.

`FabricLayout` says how a fabric is built, `fabric_of` builds it (or finds it in the cache), and the rest are questions.
"""

from simulator.fabrics.answers import Blast, bisection, blast_radius, first_half, hops, mean_hops, share_left
from simulator.fabrics.build import build
from simulator.fabrics.cache import fabric_of
from simulator.fabrics.domains import (
    CommonCause,
    DomainShock,
    capacity_lost,
    common_cause,
    domain_table,
    node_rate,
    shock_rate,
)
from simulator.fabrics.from_profile import layout_from
from simulator.fabrics.kinds import KINDS
from simulator.fabrics.layout import FabricLayout, Slices
from simulator.fabrics.shares import Impacts, cut_off, impacts, job_share, slowdown_of
from simulator.fabrics.topology import Elements, Topology

__all__ = [
    "KINDS",
    "Blast",
    "CommonCause",
    "DomainShock",
    "Elements",
    "FabricLayout",
    "Impacts",
    "Slices",
    "Topology",
    "bisection",
    "blast_radius",
    "build",
    "capacity_lost",
    "common_cause",
    "cut_off",
    "domain_table",
    "fabric_of",
    "first_half",
    "hops",
    "impacts",
    "job_share",
    "layout_from",
    "mean_hops",
    "node_rate",
    "share_left",
    "shock_rate",
    "slowdown_of",
]
