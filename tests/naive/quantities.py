"""Numbers of a replication, and laws of chance as rows of a plan: kind and three parameters."""

import math
from collections.abc import Mapping
from typing import Any

from scipy.optimize import brentq
from scipy.special import gammainc

SECOND = 1_000_000  # ticks
NEVER = 2**61  # [ticks]
Q = 100_000  # nominal speed
NORMAL_90 = 1.2815515655446004  # 90 % of a Normal law lie below so many standard deviations

FIXED, EXPONENTIAL, WEIBULL, LOGNORMAL, GAMMA, UNIFORM, NEVER_COMES, CHECKS, NORMAL_MAXIMUM, PARETO_MAXIMUM = range(10)

Values = Mapping[str, float] | None
Law = list[float]
NO_TIME: Law = [FIXED, 0.0, 0.0, 0.0]
NEVER_AT_ALL: Law = [NEVER_COMES, 0.0, 0.0, 0.0]


def value(quantity: Any, values: Values, absent: float = 0.0) -> float:
    """Return what a number is in a replication [SI]: what was drawn for its path, or else its median."""
    if quantity is None:
        return absent
    if values is not None and quantity.path in values:
        return float(values[quantity.path])
    return float(quantity.median)


def whole(quantity: Any, absent: int = 0) -> int:
    """Return a number that is certain and whole."""
    return absent if quantity is None else int(quantity.median)


def ticks(seconds: float) -> int:
    """Return a duration in ticks (semantics 1.1 and 1.2)."""
    if seconds * 1e6 + 0.5 >= NEVER:
        return NEVER
    return max(0, math.floor(seconds * 1e6 + 0.5))


def parts(rate: float) -> int:
    """Return a share in parts of Q, cut to the range of a speed (semantics 1.3)."""
    return min(Q, max(1, math.floor(rate * Q + 0.5)))


def law_of(drawn: Any, values: Values) -> Law:
    """Return the row of a law that a scenario writes: see the comments of `durations.Family`."""
    if drawn is None:
        return NO_TIME
    if drawn.family == "never":
        return NEVER_AT_ALL
    known = {key: value(number, values) for key, number in drawn.numbers}
    if drawn.growth is not None:
        return fixed(known["times"] * grown(drawn.growth))
    if drawn.family == "fixed":
        return fixed(known["value"])
    if drawn.family == "exponential":
        return [EXPONENTIAL, known["mean"], 0.0, 0.0]
    if drawn.family == "uniform":
        return [UNIFORM, known["from"], known["to"], 0.0]
    if drawn.family == "checks":
        return [CHECKS, known["every"], known["power"], 0.0]
    return {"weibull": _weibull, "lognormal": _lognormal, "gamma": _gamma}[drawn.family](known)


def fixed(seconds: float) -> Law:
    """Return the law of a time that is always the same; one without end never comes."""
    return NEVER_AT_ALL if math.isinf(seconds) else [FIXED, seconds, 0.0, 0.0]


def grown(growth: Any) -> float:
    """Return the time at the size of the job (docs/operators.md): straight lines between points, both in logarithms."""
    points = [(math.log(gpus.median), math.log(time.median)) for gpus, time in growth.points]
    size = math.log(growth.gpus)
    if size <= points[0][0] or len(points) == 1:
        return float(growth.points[0][1].median)
    place = 1
    while place < len(points) - 1 and points[place][0] < size:
        place += 1
    (x0, y0), (x1, y1) = points[place - 1], points[place]
    y = y0 + (y1 - y0) * (size - x0) / (x1 - x0)
    return math.exp(y) if y <= math.log(1e15) else math.inf


def _weibull(known: dict[str, float]) -> Law:
    if "mean" in known:
        return [WEIBULL, known["mean"] / math.gamma(1 + 1 / known["shape"]), 1 / known["shape"], 0.0]
    # ln 2 = (p50 / scale)^shape and ln 10 = (p90 / scale)^shape.
    shape = math.log(math.log(10) / math.log(2)) / math.log(known["p90"] / known["p50"])
    return [WEIBULL, known["p50"] / math.log(2) ** (1 / shape), 1 / shape, 0.0]


def _lognormal(known: dict[str, float]) -> Law:
    if "mean" in known:
        return [LOGNORMAL, math.log(known["mean"]) - known["shape"] ** 2 / 2, known["shape"], 0.0]
    if "shape" in known:
        return [LOGNORMAL, math.log(known["p50"]), known["shape"], 0.0]
    return [LOGNORMAL, math.log(known["p50"]), math.log(known["p90"] / known["p50"]) / NORMAL_90, 0.0]


def _gamma(known: dict[str, float]) -> Law:
    if "mean" in known:
        shape = known["shape"]
        return [GAMMA, known["mean"] / shape, shape, math.lgamma(shape)]
    ratio = known["p90"] / known["p50"]

    def below(shape: float, share: float) -> float:  # the quantile, in scales
        return float(brentq(lambda x: gammainc(shape, x) - share, 0.0, 100.0 + 10 * shape, xtol=1e-300, rtol=1e-15))

    shape = brentq(lambda s: below(s, 0.9) / below(s, 0.5) - ratio, 0.02, 1e4, xtol=1e-300, rtol=1e-15)
    return [GAMMA, known["p50"] / below(shape, 0.5), shape, math.lgamma(shape)]


def moments(law: Law) -> tuple[float, float]:
    """Return the mean and the variance of a time."""
    kind, a, b, _ = law
    if kind == FIXED:
        return a, 0.0
    if kind == EXPONENTIAL:
        return a, a * a
    if kind == WEIBULL:
        mean = a * math.gamma(1 + b)
        return mean, a * a * math.gamma(1 + 2 * b) - mean * mean
    if kind == LOGNORMAL:
        mean = math.exp(a + b * b / 2)
        return mean, mean * mean * (math.exp(b * b) - 1)
    if kind == GAMMA:
        return a * b, a * a * b
    if kind == UNIFORM:
        return (a + b) / 2, (b - a) ** 2 / 12
    if kind == CHECKS:
        # It begins at any moment between two checks, and so many of those that follow overlook it.
        return a * (0.5 + (1 - b) / b), a * a * (1 / 12 + (1 - b) / b**2)
    return math.inf, math.inf


def sum_of(laws: list[Law]) -> Law:
    """Return the law of a sum: its mean and variance are exact, its form is taken as lognormal (docs/operators.md)."""
    if len(laws) == 1:
        return laws[0]
    mean, variance = (math.fsum(column) for column in zip(*map(moments, laws), strict=True))
    if variance == 0 or math.isinf(mean):
        return fixed(mean)
    spread = math.log1p(variance / mean**2)
    return [LOGNORMAL, math.log(mean) - spread / 2, math.sqrt(spread), 0.0]


def longer_than(law: Law, seconds: float) -> float:
    """Return the share of times that are longer than so many seconds."""
    kind, a, b, _ = law
    if kind == NEVER_COMES:
        return 1.0
    if kind == FIXED:
        return float(a > seconds)
    if kind == EXPONENTIAL:
        return math.exp(-seconds / a)
    if kind == WEIBULL:
        return math.exp(-((seconds / a) ** (1 / b)))
    if kind == LOGNORMAL:
        return 0.5 * math.erfc((math.log(seconds) - a) / b / math.sqrt(2)) if b > 0 else float(math.exp(a) > seconds)
    if kind == GAMMA:
        return 1.0 - float(gammainc(b, seconds / a))
    if kind == UNIFORM:
        return min(1.0, max(0.0, (b - seconds) / (b - a)))
    # Checks: it began between two, and is found by the first one after `whole` others or by a later one.
    assert kind == CHECKS
    whole_ones = math.floor(seconds / a)
    return (1 - b) ** whole_ones * (1 - b * (seconds / a - whole_ones))
