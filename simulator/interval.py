"""How often a job stops, and the best work between saves for it."""

import math
from collections.abc import Callable

import numpy as np

from simulator.chance import Purpose
from simulator.durations import TICKS_PER_SECOND, Hazards, level_at, sample, ticks
from simulator.ledger import Effect
from simulator.plan import Plan

# Called from here it may as well stay Python: to compile it for this one use would take longer.
_level: Callable[[Hazards, int, float], float] = getattr(level_at, "py_func", level_at)
_sample: Callable[..., float] = getattr(sample, "py_func", sample)


def stop_rate(plan: Plan) -> float:
    """Return the failures of the whole job per second that stop it [1/s]: the mean over `work` from tick 0.

    Weibull units count as replaced by equally old ones. What the network hides is no stop.
    """
    work, hazards = plan.work / TICKS_PER_SECOND, Hazards(plan.hazard_kind, plan.hazard, plan.table)
    rates = []
    for cause in map(int, np.flatnonzero((plan.effect == Effect.STOP) & (plan.units > 0))):
        age = float(plan.hazard[cause, 2])
        level = _level(hazards, cause, age + work) - _level(hazards, cause, age)
        lemons = plan.lemon_share[cause] or 1.0
        rates.append(plan.units[cause] * level / work * (1.0 - plan.hidden[cause]) * _outlives(plan, cause) * lemons)
    return math.fsum(rates)


def _outlives(plan: Plan, cause: int) -> float:
    """Return the share of a cause's outages that last longer than the transport's reach [1]."""
    if plan.reach[cause] <= 0:
        return 1.0
    law, reach = plan.laws[cause, Purpose.LENGTH], plan.reach[cause] / TICKS_PER_SECOND
    if _sample(*law, 0.5) == _sample(*law, 0.25):  # of one length, all or none
        return float(_sample(*law, 0.5) > reach)
    # A quantile rises or falls with the number that it is drawn by: halve towards where it crosses the reach.
    rises = _sample(*law, 0.75) > _sample(*law, 0.25)
    low, high = 0.0, 1.0
    for _ in range(52):
        middle = (low + high) / 2
        if (_sample(*law, middle) <= reach) == rises:
            low = middle
        else:
            high = middle
    return 1.0 - low if rises else low


def best_interval(plan: Plan) -> int:
    """Return the exact optimum of the work between saves [ticks], for the mean blocking time and exponential stops.

    Storage that takes longer than that to make a save durable would hold up the next one, so it sets the pace.
    """
    from simulator import theory  # brings scipy, which nothing else here needs

    work = plan.work / TICKS_PER_SECOND
    rate = stop_rate(plan)
    save = (plan.save * (plan.storage_every - 1) + plan.save_storage) / plan.storage_every / TICKS_PER_SECOND
    if rate * work == 0.0 or save == 0.0:
        return plan.work
    # Restart and detection scale the mean run time and do not move its minimum.
    best = max(1, ticks(theory.best_segments(work, rate, save, 0.0, 0.0)[1]))
    return min(plan.work, max(best, pace(plan)))


def pace(plan: Plan) -> int:
    """Return the shortest interval at which storage keeps up [ticks]: a save is durable when the next one is due."""
    return -(-plan.lag // plan.storage_every)
