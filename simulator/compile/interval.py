"""How often a job stops, and the best work between saves for it."""

import math
from collections.abc import Callable

import numpy as np

from simulator.mechanisms import CARDS, MANNERS
from simulator.numbers.durations import Hazards, level_at, sample, ticks
from simulator.numbers.plan import Plan
from simulator.numbers.times import TICKS_PER_SECOND

# Called from here it may as well stay Python: to compile it for this one use would take longer.
_level: Callable[[Hazards, int, float], float] = getattr(level_at, "py_func", level_at)
_sample: Callable[..., float] = getattr(sample, "py_func", sample)


_STOPS = tuple(card.stops for card in CARDS if card.stops is not None)
_UNITS = tuple(card.units for card in CARDS if card.units is not None)


def stopping(later: bool = False) -> list[int]:
    """Return the effects that stop the job, and `later` those whose alarm does."""
    return [manner.effect for manner in MANNERS.values() if manner.stops or (later and manner.stops_later)]


def stop_rate(plan: Plan, later: bool = False) -> float:
    """Return the failures of the whole job per second that stop it [1/s]: the mean over `work` from tick 0.

    Weibull units count as replaced by equally old ones. What the network hides is no stop. With `later` what stops the
    job once it is found counts, too.
    """
    work, hazards = plan.work / TICKS_PER_SECOND, Hazards(plan.hazard_kind, plan.hazard, plan.table)
    rates = []
    for cause in map(int, np.flatnonzero(np.isin(plan.effect, stopping(later)) & (plan.units > 0))):
        age = float(plan.hazard[cause, 2])
        rate = _units(plan, cause) * (_level(hazards, cause, age + work) - _level(hazards, cause, age)) / work
        for stops in _STOPS:
            rate *= stops(plan, cause)
        rates.append(rate)
    return math.fsum(rates)


def _units(plan: Plan, cause: int) -> int:
    """Return the units of a cause that stop the job when they fail."""
    return min((units(plan, cause) for units in _UNITS), default=int(plan.units[cause]))


def best_interval(plan: Plan) -> int:
    """Return the exact optimum of the work between saves [ticks], for the pause of an ordinary save.

    Stops are taken as exponential. What storage can keep up with is another matter: see `pace`.
    """
    from simulator.numbers import theory  # brings scipy, which nothing else here needs

    work = plan.work / TICKS_PER_SECOND
    rate = stop_rate(plan, later=True)
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
