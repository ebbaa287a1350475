"""Time as the engines count it, and the families of laws and of hazards; `durations` draws from them."""

from enum import IntEnum
from typing import NamedTuple

from simulator.numbers.plan import Purpose

TICKS_PER_SECOND = 1_000_000
NEVER = 2**61  # [ticks] a duration above it means never
SPEED_SCALE = 100_000  # Q: nominal speed; work is counted in 1/Q tick of nominal-speed training


class Family(IntEnum):
    """Families of laws, with their parameters a, b, c."""

    FIXED = 0  # a: value
    EXPONENTIAL = 1  # a: mean
    WEIBULL = 2  # a: scale, b: 1/shape
    LOGNORMAL = 3  # a: mean of the logarithm, b: its standard deviation
    GAMMA = 4  # a: scale, b: shape, c: ln Gamma(shape)
    UNIFORM = 5  # a: low, b: high
    NEVER = 6
    CHECKS = 7  # a: time between checks, b: probability that one finds it
    NORMAL_MAXIMUM = 8  # a: standard deviation, b: one over the number of draws of which it is the largest
    PARETO_MAXIMUM = 9  # a: scale, b: one over the index, c: one over the number of draws


class Law(NamedTuple):
    """One law: its family and parameters; values in seconds, or pure numbers for factors."""

    kind: int
    a: float = 0.0
    b: float = 0.0
    c: float = 0.0


LAW_COLUMNS = len(Purpose)
LAW_FIELDS = 4


class Hazard(IntEnum):
    """Families of failure intensities, by age or calendar time."""

    EXPONENTIAL = 0  # first: rate [1/s]
    WEIBULL = 1  # first: shape, second: scale [s]
    TABLE = 2  # piecewise constant; first, second: first row and number of rows in `table`
    LOGNORMAL = 3  # first: mean of the logarithm of the age [ln s], second: its standard deviation


def ticks(seconds: float) -> int:
    """Ticks of a duration [s], rounded to the nearest; at least 0, and NEVER beyond 2^61."""
    scaled = seconds * TICKS_PER_SECOND + 0.5
    if not scaled < NEVER:
        return NEVER
    return int(scaled) if scaled > 0.0 else 0
