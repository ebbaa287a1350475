"""What was promised: dates and deadlines, and whether the run ends at all."""

import math
from datetime import date, timedelta

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import ENDS, SHARES
from simulator.metrics.columns import column, of_column
from simulator.metrics.probability import Proportion, proportion


def never_finishes(ensemble: Ensemble) -> Proportion:
    """Return the probability of never finishing: of reaching the horizon, or of having no end in sight [1]."""
    return proportion(int(np.isinf(column(ensemble, "finish_days")).sum()), ensemble.replications)


def deadline(ensemble: Ensemble) -> Proportion | None:
    """Return the probability of finishing by the end of the day of the deadline; None where none is given."""
    allowed = days_allowed(ensemble)
    if allowed is None:
        return None
    return proportion(int((column(ensemble, "finish_days") <= allowed).sum()), ensemble.replications)


def finish_date(ensemble: Ensemble) -> dict[str, date | None] | None:
    """Return the quantiles of the day on which the run finishes, and the ends of their 95 % intervals, by name.

    None for all: no start is given. None for one: it does not finish, or the replications do not bound it.
    """
    start = ensemble.scenario.start
    if start is None:
        return None
    days = of_column(ensemble, "finish_days")
    return {name: _day(start, getattr(days, name)) for name in (*SHARES, *ENDS)}


def _day(start: date, days: float) -> date | None:
    try:
        return start + timedelta(days=math.floor(days))
    except (OverflowError, ValueError):  # never, or after the year 9999
        return None


def days_allowed(ensemble: Ensemble) -> float | None:
    """Return the time from the start to the end of the day of the deadline [days]."""
    start, end = ensemble.scenario.start, ensemble.scenario.deadline
    return None if start is None or end is None else (end - start).days + 1.0
