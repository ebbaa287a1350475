"""From causes as they are written to the rows of a plan: one for each clock (docs/operators.md, decision 0008)."""

import re
from typing import Any

from simulator.words.unit_catalogue import DOMAINS, ELEMENTS
from tests.naive.quantities import Values, value

Row = dict[str, Any]
# Units of a part: in each GPU, network card or node; below a switch or in a domain, whose size the cluster says.
IN_A_GPU, IN_A_CARD, IN_A_NODE = ("gpu", "hbm", "nvlink"), ("nic", "link", "port"), ("node", "host")
OF_THE_JOB = ("job", "software", "storage", "site")
SIZES = {"leaf": "leaf", "tor": "leaf", "switch": "leaf", "rack": "rack", "domain": "rack", "feed": "feed",
         "row": "row", "hall": "hall", "site": "site"}  # fmt: skip


def rows_of(document: Any) -> list[Row]:
    """Return the rows in the order of the file, those of one cause side by side.

    The cause itself, its bad nodes, what strikes its domain; each of these by whether it hangs, and then by what ends
    the stop.
    """
    found: list[Row] = []
    for name, cause in document.failures.given.items():
        for row in _kinds(name, cause):
            for noticed in _by_detection(row, document.recovery):
                found += _by_rung(noticed, document.recovery)
    return found


def _kinds(name: str, cause: Any) -> list[Row]:
    row: Row = {
        "name": name, "cause": cause, "part": cause.part, "counted": cause.part, "factors": [], "effect": cause.effect,
        "blast": None if cause.blast is None else int(cause.blast.median), "lemons": cause.lemons,
        "detection": cause.detection, "restart": cause.restart, "tried": [], "spares": cause.spares_exposed,
        "renews": cause.law in ("weibull", "lognormal") and cause.on_replacement == "renewal"
        and cause.effect in ("stop", "slow"),
    }  # fmt: skip
    rows = [row]
    if cause.lemons is not None and cause.lemons.times is not None:
        row["lemons"] = None
        bad = {"name": f"{name}_bad", "lemons": cause.lemons, "renews": False}
        rows.append({**row, **bad, "factors": [("times", cause.lemons.times)]})
    if cause.common is not None:
        row["factors"] = [("rest of", cause.common.share)]
        common = {"name": f"{name}_common", "part": cause.common.domain, "blast": None, "lemons": None, "spares": False}
        rows.append({**row, **common, "factors": [("times", cause.common.share)]})
    return rows


def _can_be_told_apart(row: Row) -> bool:
    """Whether its failures have kinds: they stop the job, nobody sees them at once, and each kind has its own clock."""
    seen = row["part"] in DOMAINS or row["part"] in ELEMENTS
    return row["effect"] == "stop" and not seen and not row["renews"] and row["cause"].law != "lognormal"


def _by_detection(row: Row, recovery: Any) -> list[Row]:
    cause, hangs = row["cause"], recovery.hangs
    own = cause.detection is not None and cause.hangs is None
    if hangs is None or own or not _can_be_told_apart(row):
        return [row]
    share = hangs.share if cause.hangs is None else cause.hangs
    if not share.uncertain and share.median == 0:
        return [row]
    hanging = {**row, "detection": hangs.detection}
    if not share.uncertain and share.median == 1:
        return [hanging]
    return [
        {**row, "factors": [*row["factors"], ("rest of", share)]},
        {**hanging, "name": f"{row['name']}_hang", "factors": [*row["factors"], ("times", share)]},
    ]


def _by_rung(row: Row, recovery: Any) -> list[Row]:
    """The failures that need a full restart come first, then those that each rung ends."""
    if row["cause"].restart is not None or not _can_be_told_apart(row):
        return [row]
    ended, factors, tried = [], row["factors"], []
    for rung in recovery.ladder:
        update: Row = {"name": f"{row['name']}_{re.sub('[ -]+', '_', rung.rung.strip().lower())}"}
        update |= {"blast": 0} if rung.keeps_nodes else {}
        by_it = {**row, "restart": rung.time, "tried": tried, "factors": [*factors, ("times", rung.share)]}
        ended.append(by_it | update)
        factors, tried = [*factors, ("rest of", rung.share)], [*tried, rung]
    return [{**row, "factors": factors, "tried": tried}, *ended]


def share_of_rate(row: Row, values: Values) -> float:
    """Return how many of the failures that the cause counts are those of the row."""
    product = 1.0
    for how, share in row["factors"]:
        product *= value(share, values) if how == "times" else 1.0 - value(share, values)
    return max(0.0, product)


def units_of(cluster: Any, part: str) -> dict[str, int]:
    """Return the units of a part under the job: how many, in each place, and places that one spans."""
    needed = needed_of(cluster)
    if part in cluster.elements:
        return {"number": len(cluster.elements[part].nodes), "per_place": 0, "span": 0}
    own = cluster.parts.get(part)
    span = None
    if own is not None and own.like == "nodes":
        span = int(own.median)
    elif own is not None:
        return {"number": int(own.median) * needed, "per_place": int(own.median), "span": 0}
    elif part in IN_A_GPU + IN_A_CARD + IN_A_NODE:
        size = cluster.gpus_per_node if part in IN_A_GPU else cluster.nics_per_node
        each = 1 if part in IN_A_NODE else int(size.median)
        return {"number": each * needed, "per_place": each, "span": 0}
    elif part in SIZES and getattr(cluster, f"nodes_per_{SIZES[part]}") is not None:
        span = int(getattr(cluster, f"nodes_per_{SIZES[part]}").median)
    if span is None:
        assert part in OF_THE_JOB
        return {"number": 1, "per_place": 0, "span": 0}
    number = 0
    while number * span < needed:  # the last one may serve fewer places
        number += 1
    return {"number": number, "per_place": 0, "span": span}


def needed_of(cluster: Any) -> int:
    """Return the places of the job."""
    if cluster.nodes is not None:
        return int(cluster.nodes.median)
    return int(cluster.gpus.median) // int(cluster.gpus_per_node.median)
