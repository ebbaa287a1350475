"""How often a job stops, and the best work between saves for it."""

import math
from collections.abc import Callable

import numpy as np

from simulator.chance import Purpose
from simulator.durations import TICKS_PER_SECOND, Hazards, level_at, sample, ticks
from simulator.ledger import Effect
from simulator.plan import Odds, Plan, Rule, Slice

# Called from here it may as well stay Python: to compile it for this one use would take longer.
_level: Callable[[Hazards, int, float], float] = getattr(level_at, "py_func", level_at)
_sample: Callable[..., float] = getattr(sample, "py_func", sample)


def stop_rate(plan: Plan, alarms: bool = False) -> float:
    """Return the failures of the whole job per second that stop it [1/s]: the mean over `work` from tick 0.

    Weibull units count as replaced by equally old ones. What the network hides is no stop. With `alarms` corruptions
    count, whose alarms stop the job later.
    """
    work, hazards = plan.work / TICKS_PER_SECOND, Hazards(plan.hazard_kind, plan.hazard, plan.table)
    rates = []
    stopping = plan.effect == Effect.STOP
    if alarms:
        stopping |= plan.effect == Effect.CORRUPT
    for cause in map(int, np.flatnonzero(stopping & (plan.units > 0))):
        age = float(plan.hazard[cause, 2])
        level = _level(hazards, cause, age + work) - _level(hazards, cause, age)
        lemons = plan.lemon_share[cause] or 1.0
        stops = (1.0 - plan.hidden[cause]) * (1.0 - plan.odds[cause, Odds.MULTIPATH]) * _outlives(plan, cause)
        rates.append(_stopping_units(plan, cause) * level / work * stops * lemons)
    return math.fsum(rates)


def _stopping_units(plan: Plan, cause: int) -> int:
    """Return the units of a cause that stop the job when they fail: elements that cut off no node only slow it."""
    first, units = int(plan.rules[cause, Rule.SLICE]), int(plan.units[cause])
    return units if first < 0 else int(np.count_nonzero(plan.slices[first : first + units, Slice.NODES]))


def _outlives(plan: Plan, cause: int) -> float:
    """Return the share of a cause's outages that last longer than any layer of the network reaches [1]."""
    farthest = max(plan.rules[cause, Rule.MASKED], plan.reach[cause], plan.rules[cause, Rule.REBUILD])
    if farthest <= 0:
        return 1.0
    law, reach = plan.laws[cause, Purpose.LENGTH], farthest / TICKS_PER_SECOND
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
    """Return the exact optimum of the work between saves [ticks], for the pause of an ordinary save.

    Stops are taken as exponential. What storage can keep up with is another matter: see `pace`.
    """
    from simulator import theory  # brings scipy, which nothing else here needs

    work = plan.work / TICKS_PER_SECOND
    rate = stop_rate(plan, alarms=True)
    # That of the most frequent tier: where saves go to memory, one to storage is the exception.
    save = (plan.save if plan.storage_every > 1 else plan.save_storage) / TICKS_PER_SECOND
    if save == 0.0:  # what a save costs is then what those to storage cost
        save = plan.save_storage / plan.storage_every / TICKS_PER_SECOND
    if rate * work == 0.0 or save == 0.0:
        return plan.work
    # Restart and detection scale the mean run time and do not move its minimum.
    return min(plan.work, max(1, ticks(theory.best_segments(work, rate, save, 0.0, 0.0)[1])))


def pace(plan: Plan) -> int:
    """Return the shortest interval at which storage keeps up [ticks]: a save is durable when the next one is due."""
    return -(-plan.lag // plan.storage_every)
