"""The clocks of causes: how many units each has in a cluster, and the hazard of one of them."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from simulator.nouns.cluster import Cluster
from simulator.nouns.failures import Cause, Failures
from simulator.numbers.times import Hazard
from simulator.words import laws

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

    def hazard_at(self, values: Values) -> tuple[float, float, float]:
        """Return the two numbers of the hazard of one unit [1/s, s] and the age of the cohort [s]."""
        first, second = self._law_at(values)
        return first, second, self.cause.age.at(values)

    def steps_at(self, values: Values) -> Iterator[tuple[float, float, float]]:
        """Yield the steps of a rate that changes with age: from which age [s], rate [1/s], cumulative hazard there."""
        rate = self._rate_at(values)
        cumulative = before = factor = 0.0
        for step in self.cause.intensity or ():
            cumulative += (step.age.median - before) * factor * rate
            before, factor = step.age.median, step.factor.median
            yield before, factor * rate, cumulative

    @property
    def hazard_kind(self) -> Hazard:
        """The family of the hazard."""
        if self.cause.law != "exponential":
            return Hazard.WEIBULL if self.cause.law == "weibull" else Hazard.LOGNORMAL
        return Hazard.EXPONENTIAL if self.cause.intensity is None else Hazard.TABLE

    def _shared_at(self, values: Values) -> float:
        """Return the factor on the rates of all causes, and on this one for the size of the job [1]."""
        shared = 1.0 if values is None else values.get(SHARED, 1.0)
        if self.cause.scales is not None:
            shared *= self.cause.scales.times_at(values, self.gpus)
        return shared

    def _rate_at(self, values: Values) -> float:
        return self._shared_at(values) * self.cause.rate_at(values, self.counted, self.rated)

    def _law_at(self, values: Values) -> tuple[float, float]:
        cause, rate = self.cause, self._rate_at(values)
        if cause.law == "weibull" and cause.shape is not None:
            return self._weibull_at(values, cause.shape.at(values), rate)
        if cause.law == "lognormal" and cause.shape is not None:
            second = cause.shape.at(values)
            return (math.log(1.0 / rate) if rate > 0.0 else math.inf) - 0.5 * second * second, second
        if cause.intensity is not None:
            return self.first_step, len(cause.intensity)
        return rate, 0.0

    def _weibull_at(self, values: Values, shape: float, rate: float) -> tuple[float, float]:
        cause = self.cause
        faster, portion = self._shared_at(values) * cause.times.at(values), cause.portion_at(values)
        if cause.scale is not None:
            scale = cause.scale.at(values) / faster if faster > 0.0 else math.inf
        else:
            scale = laws.weibull_scale(portion / rate, shape) if rate > 0.0 else math.inf
        # A portion of the failures is one of the hazard at every age, not a clock that runs slower.
        return shape, scale / math.pow(portion, 1.0 / shape) if portion > 0.0 else math.inf


def rows(cluster: Cluster, failures: Failures) -> Iterator[Row]:
    """Yield a row for each clock, in the order of the file."""
    everywhere, steps = failures.scales, 0
    for number, cause in enumerate(failures.causes.values()):
        parts, counted = cluster.units_of(cause.part), cluster.units_of(cause.counted_part).number
        filled = cause.filled(parts.per_place, parts.span)
        if filled.scales is None and everywhere is not None:
            filled = filled.model_copy(update={"scales": everywhere})
        rated = cluster.count(cause.per, cause.counted_part)
        yield Row(number, filled, *parts, rated, counted, steps, cluster.job_gpus)
        steps += len(cause.intensity or ())
