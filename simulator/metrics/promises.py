"""What was promised: dates, deadlines and money."""

import math
from datetime import date, timedelta

import numpy as np

from simulator.ensemble import Ensemble
from simulator.ensemble.estimates import Estimate, estimate
from simulator.ensemble.table import INPUT
from simulator.metrics.columns import column, of_column
from simulator.metrics.probability import Probability
from simulator.plan import Floats

SECONDS_PER_DAY = 86_400.0


def cost_usd(ensemble: Ensemble) -> Estimate | None:
    """Return the cost of the GPUs of job and spares over the wall clock [USD]; None where no price is given."""
    price = ensemble.scenario.document.cost.gpu
    if price is None:
        return None
    seconds = column(ensemble, "wall_days") * SECONDS_PER_DAY
    return estimate(seconds * ensemble.scenario.provisioned_gpus * _price(ensemble, "cost.gpu", price.median))


def delay_cost_usd(ensemble: Ensemble) -> Estimate | None:
    """Return the cost of finishing after the deadline [USD]; None without a deadline or a price of delay."""
    price, allowed = ensemble.scenario.document.cost.delay, _days_allowed(ensemble)
    if price is None or allowed is None:
        return None
    late = np.maximum(0.0, column(ensemble, "finish_days") - allowed)
    # Nothing times infinity is no number, but a free delay costs nothing however long it is.
    price_per_day = _price(ensemble, "cost.delay", price.median) * SECONDS_PER_DAY
    return estimate(np.multiply(late, price_per_day, out=np.zeros(len(late)), where=price_per_day > 0))


def deadline(ensemble: Ensemble) -> Probability | None:
    """Return the probability of finishing by the end of the day of the deadline; None where none is given.

    The error is that of Agresti and Coull (1998): two more of each are counted, so it is not zero when all meet it.
    """
    allowed = _days_allowed(ensemble)
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


def _price(ensemble: Ensemble, path: str, median: float) -> Floats:
    """Return a price in each replication [SI]."""
    name = f"{INPUT}{path}"
    return column(ensemble, name) if name in ensemble.table else np.full(ensemble.replications, median)


def _days_allowed(ensemble: Ensemble) -> float | None:
    """Return the time from the start to the end of the day of the deadline [days]."""
    start, end = ensemble.scenario.start, ensemble.scenario.deadline
    return None if start is None or end is None else (end - start).days + 1.0
