"""What each replication costs, by line: docs/cost.md, one replication after the other.

A replication is a row of the table, with its inputs by path under "drawn".
"""

import math
from collections.abc import Mapping
from typing import Any

from tests.naive.estimates import Numbers, told, with_ratio
from tests.naive.quantities import value

DAY = 86_400.0
Row = Mapping[str, Any]


def clock_rates(scenario: Any, row: Row) -> dict[str, float]:
    """Return what runs with the clock, by line [USD/s]."""
    cost, gpus, drawn = scenario.document.cost, scenario.provisioned_gpus, row["drawn"]
    rates = {}
    if cost.gpu is not None:
        rates["gpus"] = gpus * value(cost.gpu, drawn)
    elif cost.capital is not None:
        left = 1 - value(cost.residual, drawn)
        rates["gpus"] = gpus * value(cost.capital, drawn) * left / value(cost.lifetime, drawn)
    if cost.electricity is not None:
        power = value(cost.power, drawn) * max(1.0, value(cost.pue, drawn))
        rates["power"] = gpus * power * value(cost.electricity, drawn)
    if cost.network is not None:
        rates["network"] = gpus * value(cost.network, drawn)
    if cost.storage is not None:
        rates["storage"] = value(cost.storage.size, drawn, 1.0) * value(cost.storage.price, drawn)
    if cost.staff is not None:
        rates["staff"] = value(cost.staff.people, drawn, 1.0) * value(cost.staff.price, drawn)
    if cost.debugging is not None and cost.debugging.time is None:
        rates["debugging"] = value(cost.debugging.price, drawn)
    return rates


def lines(scenario: Any, row: Row) -> dict[str, float]:
    """Return the money of a replication by line [USD]."""
    cost, drawn, rates = scenario.document.cost, row["drawn"], clock_rates(scenario, row)
    seconds = row["wall_us"] / 1e6
    found = {name: rate * seconds for name, rate in rates.items()}
    if cost.set_up is not None:
        found["set_up"] = value(cost.set_up.time, drawn) * sum(rates.values()) + value(cost.set_up.price, drawn)
    if cost.debugging is not None and cost.debugging.time is not None:
        each = value(cost.debugging.time, drawn) * value(cost.debugging.price, drawn)
        found["debugging"] = each * row["interruptions"]
    order = ("gpus", "power", "network", "storage", "staff", "set_up", "debugging")
    return {name: found[name] for name in order if name in found}


def of_which(scenario: Any, row: Row) -> dict[str, float]:
    """Return what of the lines did not become training [USD]."""
    found = lines(scenario, row)
    of_gpus = [found[name] for name in ("gpus", "power", "network") if name in found]
    job = scenario.gpus / scenario.provisioned_gpus
    goodput = row["productive_us"] / row["wall_us"]
    parts = {"goodput_expense": sum(of_gpus) * job * (1 - goodput), "spares": sum(of_gpus) * (1 - job)}
    kept = parts if of_gpus else {}
    return kept | {name: found[name] for name in ("set_up", "debugging") if name in found}


def goodput_point(scenario: Any, row: Row) -> float:
    """Return what one more point of goodput would save: the money by the clock at g, less that at g + 0.01 [USD]."""
    by_clock = sum(clock_rates(scenario, row).values()) * row["wall_us"] / 1e6
    goodput = row["productive_us"] / row["wall_us"]
    return 0.01 * by_clock / (goodput + 0.01)


def exaflop(scenario: Any, row: Row) -> float | None:
    """Return the model FLOP of productive training [10^18]; None where nothing tells."""
    drawn = row["drawn"]
    flop = scenario.flop(drawn)
    return None if flop is None else flop / scenario.work(drawn) * row["productive_us"] / 1e6 / 1e18


def delay(scenario: Any, row: Row) -> float | None:
    """Return the money for the days after the deadline [USD]."""
    price = scenario.document.cost.delay
    if price is None or scenario.start is None or scenario.deadline is None:
        return None
    a_day = value(price, row["drawn"]) * DAY
    allowed = (scenario.deadline - scenario.start).days + 1  # to the end of that day
    if row["outcome"] != "DONE":
        return math.inf if a_day > 0 else 0.0
    return max(0.0, row["wall_us"] / 1e6 / DAY - allowed) * a_day


def money(scenario: Any, rows: list[Row]) -> Numbers:
    """Return the fields of `summary.json` that are about money."""
    found: Numbers = {}
    each = [lines(scenario, row) for row in rows]
    totals = [sum(one.values()) for one in each]
    if each[0]:
        found["cost_usd"] = told(totals)
    late = [delay(scenario, row) for row in rows]
    if late[0] is not None:
        found["delay_cost_usd"] = told([x for x in late if x is not None], "unfinished")
    if not each[0]:
        return found
    parts = [of_which(scenario, row) for row in rows]
    found["money"] = {
        "lines_usd": {name: told([one[name] for one in each]) for name in each[0]},
        "total_usd": told(totals),
        "of_which_usd": {name: told([one[name] for one in parts]) for name in parts[0]},
    }
    trained = [exaflop(scenario, row) for row in rows]
    done = [x for x in trained if x is not None]
    if done:
        own = [total / x if x > 0 else math.inf for total, x in zip(totals, done, strict=True)]
        found["money"]["usd_per_effective_exaflop"] = with_ratio(told(own, "unproductive"), totals, done)
    found["money"]["usd_per_goodput_point"] = told([goodput_point(scenario, row) for row in rows])
    return found
