"""The clocks of causes: how many units, and the hazard of one of them."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from simulator import laws
from simulator.durations import Hazard
from simulator.failures import Cause
from simulator.plan import Floats
from simulator.scenario.model import Scenario

Values = Mapping[str, float] | None

SHARED = "failures.shared_spread"


class Row(NamedTuple):
    """A cause, and what follows from the cluster: its units, and how many of the noun that its rate counts by."""

    number: int
    cause: Cause
    units: int
    per_place: int
    span: int
    counted: int
    rated: int  # units of the part that the rate is about
    first_step: int  # of its intensity in the plan's table
    gpus: int  # of the job


def rows(scenario: Scenario) -> Iterator[Row]:
    """Yield a row for each clock, in the order of the file."""
    cluster, everywhere = scenario.document.cluster, scenario.document.failures.scales
    steps = 0
    for number, cause in enumerate(scenario.document.failures.causes.values()):
        parts, counted = cluster.units_of(cause.part), cluster.units_of(cause.counted_part).number
        filled = cause.filled(parts.per_place, parts.span)
        if filled.scales is None and everywhere is not None:
            filled = filled.model_copy(update={"scales": everywhere})
        rated = cluster.count(cause.per, cause.counted_part)
        yield Row(number, filled, *parts, rated, counted, steps, scenario.gpus)
        steps += len(cause.intensity or ())


def set_hazard(hazard: Floats, table: Floats, row: Row, values: Values) -> None:
    """Write a cause's hazard of one unit [1/s, s] and the age of its cohort [s]."""
    cause = row.cause
    shared = 1.0 if values is None else values.get(SHARED, 1.0)
    if cause.scales is not None:
        shared *= cause.scales.times_at(values, row.gpus)
    rate = shared * cause.rate_at(values, row.counted, row.rated)
    first, second = rate, 0.0
    if cause.law == "weibull" and cause.shape is not None:
        first = cause.shape.at(values)
        faster, portion = shared * cause.times.at(values), cause.portion_at(values)
        if cause.scale is not None:
            second = cause.scale.at(values) / faster if faster > 0.0 else math.inf
        else:
            second = laws.weibull_scale(portion / rate, first) if rate > 0.0 else math.inf
        # A portion of the failures is one of the hazard at every age, not a clock that runs slower.
        second = second / math.pow(portion, 1.0 / first) if portion > 0.0 else math.inf
    elif cause.law == "lognormal" and cause.shape is not None:
        second = cause.shape.at(values)
        first = (math.log(1.0 / rate) if rate > 0.0 else math.inf) - 0.5 * second * second
    elif cause.intensity is not None:
        first, second = row.first_step, len(cause.intensity)
        _set_steps(table, row, rate)
    hazard[row.number] = (first, second, cause.age.at(values))


def _set_steps(table: Floats, row: Row, rate: float) -> None:
    cumulative = before = factor = 0.0
    for line, step in enumerate(row.cause.intensity or (), start=row.first_step):
        cumulative += (step.age.median - before) * factor * rate
        before, factor = step.age.median, step.factor.median
        table[line] = (before, factor * rate, cumulative)


def hazard_kind(cause: Cause) -> Hazard:
    """Return the family of a cause's hazard."""
    if cause.law != "exponential":
        return Hazard.WEIBULL if cause.law == "weibull" else Hazard.LOGNORMAL
    return Hazard.EXPONENTIAL if cause.intensity is None else Hazard.TABLE
