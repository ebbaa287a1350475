"""The hazard of one unit of a row: semantics 6.3, and how a rate becomes one."""

import math
from typing import Any

from tests.naive.quantities import Values, value
from tests.naive.rows import Row, needed_of, share_of_rate, units_of

EXPONENTIAL, WEIBULL, TABLE, LOGNORMAL = range(4)
COUNTED_AS = {"GPU": "gpu", "NIC": "nic"}


def happens(row: Row) -> bool:
    """Return whether the cause has failures at all: its rate and the factor on it are above zero."""
    cause = row["cause"]
    counted = cause.observed.count if cause.observed is not None else cause.rate or cause.mtbf or cause.scale
    return bool(counted.median > 0 and cause.times.median > 0)


def hazard_of(row: Row, document: Any, values: Values, first: int) -> dict[str, Any]:
    """Return kind and parameters of a row's hazard, and its rows of the table, of which there are `first` already."""
    cause = row["cause"]
    share, faster = share_of_rate(row, values), _faster(row, document, values)
    age = value(cause.age, values)
    if cause.law == "weibull":
        shape = value(cause.shape, values)
        # What is left of the failures at every age, (age / scale)^shape times that share, is a longer scale.
        scale = _life(row, document, values, faster)
        if cause.scale is None:
            scale /= math.gamma(1 + 1 / shape)
        scale = scale * share ** (-1 / shape) if share > 0 else math.inf
        return {"kind": WEIBULL, "parameters": [shape, scale, age], "table": []}
    if cause.law == "lognormal":
        spread = value(cause.shape, values)
        median = math.log(_life(row, document, values, faster * share)) - spread**2 / 2
        return {"kind": LOGNORMAL, "parameters": [median, spread, age], "table": []}
    rate = share / _life(row, document, values, faster)
    if cause.intensity is None:
        return {"kind": EXPONENTIAL, "parameters": [rate, 0.0, age], "table": []}
    table: list[list[float]] = []
    level = 0.0
    for place, step in enumerate(cause.intensity):
        if place > 0:
            level += (step.age.median - table[-1][0]) * table[-1][1]
        table.append([step.age.median, rate * step.factor.median, level])
    return {"kind": TABLE, "parameters": [first, len(table), age], "table": table}


def _faster(row: Row, document: Any, values: Values) -> float:
    """Return the factor on the rate that is not a share of it: `times`, all rates alike, and the size of the job."""
    cause, failures = row["cause"], document.failures
    factor = value(cause.times, values)
    if failures.shared_spread is not None and values is not None:
        factor *= values.get("failures.shared_spread", 1.0)
    scales = failures.scales if cause.scales is None else cause.scales
    if scales is not None:
        gpus = needed_of(document.cluster) * int(document.cluster.gpus_per_node.median)
        counted_at = getattr(scales, "from").median
        if gpus > counted_at:
            factor *= (gpus / counted_at) ** value(scales.excess, values)
    return factor


def _life(row: Row, document: Any, values: Values, faster: float) -> float:
    """Return the mean time between failures of one unit [s], or the scale where that is what the cause gives."""
    cause = row["cause"]
    for given in (cause.mtbf, cause.scale):
        if given is not None:
            return value(given, values) / faster if faster > 0 else math.inf
    if cause.rate is not None:
        rate, per = value(cause.rate, values), _noun(cause.rate.like)
    else:
        seen = cause.observed
        rate = value(seen.count, values) / (value(seen.over, values) * seen.on.median)
        per = seen.on.like.removesuffix("s")
    units = units_of(document.cluster, row["counted"])["number"]
    counted = units if per is None else units_of(document.cluster, COUNTED_AS.get(per, per))["number"]
    rate *= faster * counted / units
    return 1 / rate if rate > 0 else math.inf


def _noun(unit: str) -> str | None:
    """Return what a rate counts by, such as GPU of "/kGPU/day"; None for failures of the part itself, "/day"."""
    words = [word for word in unit.split("/") if word not in ("", "day", "year", "h", "s")]
    return words[0].removeprefix("k") if words else None
