"""What was promised: dates and deadlines."""

import math
from datetime import date, timedelta

from simulator.ensemble import Ensemble
from simulator.metrics.columns import column, of_column
from simulator.metrics.probability import Probability


def deadline(ensemble: Ensemble) -> Probability | None:
    """Return the probability of finishing by the end of the day of the deadline; None where none is given.

    The error is that of Agresti and Coull (1998): two more of each are counted, so it is not zero when all meet it.
    """
    allowed = days_allowed(ensemble)
    if allowed is None:
        return None
    met = int((column(ensemble, "finish_days") <= allowed).sum())
    share = (met + 2) / (ensemble.replications + 4)
    return Probability(met / ensemble.replications, math.sqrt(share * (1 - share) / (ensemble.replications + 4)))


def finish_date(ensemble: Ensemble) -> dict[str, date | None] | None:
    """Return P10, P50 and P90 of the day on which the run finishes; None: it does not, or no start is given."""
    start = ensemble.scenario.start
    if start is None:
        return None
    days = of_column(ensemble, "finish_days")
    return {name: _day(start, getattr(days, name)) for name in ("p10", "p50", "p90")}


def _day(start: date, days: float) -> date | None:
    try:
        return start + timedelta(days=math.floor(days))
    except (OverflowError, ValueError):  # never, or after the year 9999
        return None


def days_allowed(ensemble: Ensemble) -> float | None:
    """Return the time from the start to the end of the day of the deadline [days]."""
    start, end = ensemble.scenario.start, ensemble.scenario.deadline
    return None if start is None or end is None else (end - start).days + 1.0
