"""The parts of a cluster that can break: their names, and how many of each there are to a node or a domain."""

from collections.abc import Collection
from typing import NamedTuple

from simulator.words.section import did_you_mean
from simulator.words.unit_catalogue import ELEMENTS

PER_GPU = ("gpu", "hbm", "nvlink")
PER_NIC = ("nic", "link", "port")
PER_NODE = ("node", "host")
_PER_LEAF = ("leaf", "tor", "switch")
_PER_RACK = ("rack", "domain")
PER_JOB = ("job", "software", "storage", "site")  # one for the job, in no place
SPAN_KEYS = {
    **dict.fromkeys(_PER_LEAF, "nodes_per_leaf"), **dict.fromkeys(_PER_RACK, "nodes_per_rack"),
    "feed": "nodes_per_feed", "row": "nodes_per_row", "hall": "nodes_per_hall", "site": "nodes_per_site",
}  # fmt: skip
# The domains of place and power, each inside the next; leaves are domains of the network and may lie across.
NESTED = ("nodes_per_rack", "nodes_per_feed", "nodes_per_row", "nodes_per_hall", "nodes_per_site")
OWN = ("feed", "row", "hall")  # a scenario may count these itself, in parts
BUILT_IN = (*PER_GPU, *PER_NIC, *PER_NODE, *SPAN_KEYS, *PER_JOB)
SYNONYMS = {"GPU": "gpu", "NIC": "nic"}


def key_of(part: str) -> str:
    """Return the key of a cluster that counts a built-in part, or says how large a domain is; empty for others."""
    return "nics_per_node" if part in PER_NIC else SPAN_KEYS.get(part, "")


class Units(NamedTuple):
    """The units of a part under the job: all in all, in each place, or the places one spans."""

    number: int
    per_place: int  # 0: they span places, or there is one for the job
    span: int  # [nodes]; 0: units in each place, or the job's


def unknown(part: str, own: Collection[str]) -> str:
    """Return the words for a part that there is not, with all that there are, a cluster's `own` among them."""
    hint = did_you_mean(part, [*BUILT_IN, *ELEMENTS, *own])
    remedy = hint or f'; write "parts: {{{part}: 32 /node}}" under cluster, or one of these'
    known = dict.fromkeys((*BUILT_IN, *own))
    listed = f"parts are {', '.join(known)}; of a fabric also {', '.join(ELEMENTS)}"
    return f"there is no part '{part}'{remedy}{' ' if hint else '; '}{listed}"
