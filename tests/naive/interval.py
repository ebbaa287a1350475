"""The best work between saves by trying them, and how often a job stops."""

import functools
import math
from decimal import Decimal, localcontext
from typing import Any

from tests.naive.quantities import SECOND, longer_than, ticks

STOP, CORRUPT = 0, 3
EXPONENTIAL, WEIBULL, TABLE, LOGNORMAL = range(4)
LENGTH, MULTIPATH, MASKED, REBUILD, SLICE, NODES = 8, 0, 0, 1, 4, 1
HOPELESS = 700  # stops within a segment: its run time is beyond what a number holds
Plan = dict[str, Any]


def chosen(plan: Plan, times: float) -> int:
    """Return the work between saves of a job that knows its failures (docs/operators.md) [ticks].

    So many times the optimum, cut to whole ticks, but no shorter than storage keeps up with, and not above the work.
    """
    wanted = max(1, int(times * best(plan)))
    return min(plan["work"], max(wanted, keeps_up(plan)))


def keeps_up(plan: Plan) -> int:
    """Return the shortest interval at which a save is durable when the next one to storage is due [ticks]."""
    every, lag = plan["storage_every"], plan["lag"]
    return int(lag // every + (lag % every > 0))


def best(plan: Plan) -> int:
    """Return the optimum [ticks]: the work in so many equal segments that Daly's expected run time is least.

    With n segments of tau = W / n, each saved but the last, the mean is (n - 1) f(tau + delta) + f(tau) with f(L)
    proportional to e^(lambda L) - 1 (Daly 2006; tests/oracles/closed_forms.yaml). What a recovery costs is a factor.
    """
    work, rate = plan["work"] / SECOND, stops_a_second(plan)
    save = (plan["save"] if plan["storage_every"] > 1 else plan["save_storage"]) / SECOND
    if save == 0:
        save = plan["save_storage"] / plan["storage_every"] / SECOND
    if rate == 0 or save == 0 or rate * save > HOPELESS:
        return int(plan["work"])

    def cost(segments: int) -> float:
        tau = work / segments
        if rate * (tau + save) > HOPELESS:
            return math.inf
        return (segments - 1) * math.expm1(rate * (tau + save)) + math.expm1(rate * tau)

    # The cost falls to its minimum and rises after it: find an upper end, then narrow the whole numbers down.
    low, high = 1, 2
    while cost(high) < cost(high // 2) or math.isinf(cost(high)):
        high *= 2
    while high - low > 2:
        left = low + (high - low) // 3
        right = high - (high - low) // 3
        if cost(left) > cost(right) or math.isinf(cost(left)):
            low = left
        else:
            high = right
    segments = min(range(low, high + 1), key=cost)
    exact = functools.partial(exact_cost, Decimal(work), Decimal(rate), Decimal(save))
    for step in (-1, 1):  # among millions of segments neighbours differ by less than a float can tell
        while segments + step >= 1 and exact(segments + step) < exact(segments):
            segments += step
    return min(plan["work"], max(1, ticks(work / segments)))


def exact_cost(work: Decimal, rate: Decimal, save: Decimal, segments: int) -> Decimal:
    """Return the same with so many digits that neighbours can be told apart."""
    with localcontext(prec=60):
        tau = work / segments
        return (segments - 1) * ((rate * (tau + save)).exp() - 1) + (rate * tau).exp() - 1


def stops_a_second(plan: Plan) -> float:
    """Return the stops of the job a second, in the mean over its work: those of all units, as if none were renewed."""
    work = plan["work"] / SECOND
    found = []
    for row, units in enumerate(plan["units"]):
        if units == 0 or plan["effect"][row] not in (STOP, CORRUPT):
            continue
        begin = plan["rules"][row][SLICE]
        if begin >= 0:  # an element that cuts off no node slows the job
            units = sum(line[NODES] > 0 for line in plan["slices"][begin : begin + units])
        age = plan["hazard"][row][2]
        failures = level(plan, row, age + work) - level(plan, row, age)
        bad = plan["lemon_share"][row] or 1.0
        found.append(units * failures * bad * outlives(plan, row))
    return math.fsum(found) / work


def level(plan: Plan, row: int, age: float) -> float:
    """Return the cumulative hazard of a unit at an age (semantics 6.3)."""
    kind, (first, second, _) = plan["hazard_kind"][row], plan["hazard"][row]
    if kind == EXPONENTIAL:
        return float(first * age)
    if kind == WEIBULL:
        return float((age / second) ** first)
    if kind == LOGNORMAL:
        return -math.log(0.5 * math.erfc((math.log(age) - first) / second / math.sqrt(2))) if age > 0 else 0.0
    total = 0.0
    steps = plan["table"][int(first) : int(first) + int(second)]
    for place, (begin, rate, _) in enumerate(steps):
        end = steps[place + 1][0] if place + 1 < len(steps) else math.inf
        total += rate * max(0.0, min(age, end) - begin)
    return total


def outlives(plan: Plan, row: int) -> float:
    """Return the share of the outages that no layer of the network keeps from the job (semantics 7.1)."""
    if plan["effect"][row] == CORRUPT:
        return 1.0
    longest = max(plan["rules"][row][MASKED], plan["reach"][row], plan["rules"][row][REBUILD])
    through = longer_than(plan["laws"][row][LENGTH], longest / SECOND) if longest > 0 else 1.0
    return float((1 - plan["hidden"][row]) * (1 - plan["odds"][row][MULTIPATH]) * through)
