"""What all fields of a plan are made of, and what several of them ask of a scenario."""

from typing import Any, NamedTuple

from tests.naive.quantities import Values, value
from tests.naive.rows import Row, needed_of


class Given(NamedTuple):
    """What fields are made of."""

    document: Any
    values: Values
    rows: list[Row]


def gpus(given: Given) -> int:
    cluster = given.document.cluster
    return needed_of(cluster) * int(cluster.gpus_per_node.median)


def tier(given: Given, target: str) -> Any:
    for one in given.document.checkpoint.tiers:
        if one.to == target:
            return one
    return None


def transfer(given: Given, one: Any) -> float:
    """Return the time in which a checkpoint is written or read [s]: its size over the bandwidth."""
    checkpoint, job = given.document.checkpoint, given.document.job
    if one is None or one.bandwidth is None:
        return 0.0
    size = value(checkpoint.size, given.values)
    if checkpoint.size is None:
        size = value(checkpoint.bytes_per_parameter, given.values) * value(job.parameters, given.values)
    return size / value(one.bandwidth, given.values)


def planned(given: Given) -> Any:
    section = given.document.maintenance
    return None if section is None or section.planned is False else section
