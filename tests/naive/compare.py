"""What differs between a plan and the fields that the naive compile makes: whole numbers exactly, others to 1e-12."""

import math
from collections.abc import Iterator
from typing import Any

from simulator.numbers.plan import Plan

CLOSE = 1e-12  # relative
MANY = 100_000  # segments, beyond which the run times of two neighbours are the same to the last bit of a float


def differences(plan: Plan, naive: dict[str, Any]) -> list[str]:
    """Return the places at which they differ, with both values."""
    found = []
    for name in Plan._fields:
        mine = getattr(plan, name)
        if name == "interval" and is_neighbour(plan.work, mine, naive[name]):
            continue
        found += _differ(name, mine.tolist() if hasattr(mine, "tolist") else mine, naive[name])
    return found


def is_neighbour(work: int, interval: int, other: int) -> bool:
    """Return whether two intervals are of so many segments that they cannot be told apart, and differ by one of those.

    They are multiples of the best one, a quarter of it at least.
    """
    return work > MANY * interval and abs(interval - other) <= 4 * interval**2 / work + 1


def _differ(place: str, plan: Any, naive: Any) -> Iterator[str]:
    if isinstance(plan, list) and isinstance(naive, list) and len(plan) == len(naive):
        for number, (one, other) in enumerate(zip(plan, naive, strict=True)):
            yield from _differ(f"{place} {number}", one, other)
    elif isinstance(plan, float) and isinstance(naive, int | float):
        if not math.isclose(plan, naive, rel_tol=CLOSE, abs_tol=0.0):
            yield f"{place}: {plan!r}, and naively {naive!r}"
    elif type(plan) is not type(naive) or plan != naive:
        yield f"{place}: {plan!r}, and naively {naive!r}"
