"""Laws of time made from what people know of them: a mean and a shape, a median and a P90, or two bounds.

All values are in the unit of the law (seconds, or a pure number). Raises nothing: the door has checked the numbers.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from simulator.numbers.times import Family, Law
from simulator.words.quantity import Z90

_GAMMA_SHAPES = (0.02, 1e4)  # between them P90/P50 runs from 1e10 to 1.013
_LN2, _LN10 = math.log(2.0), math.log(10.0)


def fixed(value: float) -> Law:
    """Return the law that always gives `value`."""
    return Law(Family.FIXED, value)


def never() -> Law:
    """Return the law of what does not happen."""
    return Law(Family.NEVER)


def exponential(mean: float) -> Law:
    """Return the exponential law of a mean."""
    return Law(Family.EXPONENTIAL, mean)


def weibull(mean: float, shape: float) -> Law:
    """Return the Weibull law of a mean = scale Gamma(1 + 1/shape) and a shape (Weibull 1951)."""
    return Law(Family.WEIBULL, weibull_scale(mean, shape), 1.0 / shape)


def weibull_scale(mean: float, shape: float) -> float:
    """Return the scale of a Weibull law from its mean and shape."""
    return mean * math.exp(-math.lgamma(1.0 + 1.0 / shape))


def weibull_by_quantiles(p50: float, p90: float) -> Law:
    """Return the Weibull law of a median and a P90, from F = 1 - exp(-(t/scale)^shape)."""
    if p90 <= p50:
        return fixed(p50)
    inverse_shape = math.log(p90 / p50) / math.log(_LN10 / _LN2)
    return Law(Family.WEIBULL, p50 / math.pow(_LN2, inverse_shape), inverse_shape)


def lognormal(mean: float, shape: float) -> Law:
    """Return the lognormal law of a mean = exp(mu + shape²/2); the shape is the logarithm's standard deviation."""
    return Law(Family.LOGNORMAL, math.log(mean) - 0.5 * shape * shape, shape)


def lognormal_by_quantiles(p50: float, p90: float) -> Law:
    """Return the lognormal law of a median and a P90."""
    if p90 <= p50:
        return fixed(p50)
    return Law(Family.LOGNORMAL, math.log(p50), math.log(p90 / p50) / Z90)


def lognormal_by_median(p50: float, shape: float) -> Law:
    """Return the lognormal law of a median; the shape is the logarithm's standard deviation."""
    return Law(Family.LOGNORMAL, math.log(p50), shape)


def gamma(mean: float, shape: float) -> Law:
    """Return the gamma law of a mean = scale shape and a shape."""
    return Law(Family.GAMMA, mean / shape, shape, math.lgamma(shape))


def gamma_by_quantiles(p50: float, p90: float) -> Law:
    """Return the gamma law of a median and a P90: its shape by bisection, as P90/P50 falls when the shape grows."""
    if p90 <= p50:
        return fixed(p50)
    from simulator.numbers.durations import gamma_quantile  # brings the compiler

    low, high = _GAMMA_SHAPES
    while high / low > 1.0 + 1e-14:
        middle = math.sqrt(low * high)
        if not low < middle < high:
            break
        log_gamma = math.lgamma(middle)
        ratio = gamma_quantile(middle, log_gamma, 0.9) / gamma_quantile(middle, log_gamma, 0.5)
        low, high = (middle, high) if ratio > p90 / p50 else (low, middle)
    shape = math.sqrt(low * high)
    log_gamma = math.lgamma(shape)
    return Law(Family.GAMMA, p50 / gamma_quantile(shape, log_gamma, 0.5), shape, log_gamma)


def uniform(low: float, high: float) -> Law:
    """Return the uniform law between two bounds."""
    return Law(Family.UNIFORM, low, max(low, high))


def checks(every: float, power: float) -> Law:
    """Return the law of the time until checks, one each `every`, find what began at a random moment between two."""
    return Law(Family.CHECKS, every, power)


def normal_maximum(deviation: float, number: int) -> Law:
    """Return the law of the largest of so many draws from a Normal law of mean 0."""
    return Law(Family.NORMAL_MAXIMUM, deviation, 1.0 / number)


def pareto_maximum(scale: float, index: float, number: int) -> Law:
    """Return the law of the largest of so many draws from a Pareto law: P(X > x) = (scale / x)^index."""
    return Law(Family.PARETO_MAXIMUM, scale, 1.0 / index, 1.0 / number)


_BY_FORM: dict[tuple[str, ...], Callable[..., Law]] = {
    ("fixed", "value"): fixed,
    ("never",): never,
    ("exponential", "mean"): exponential,
    ("weibull", "mean", "shape"): weibull,
    ("weibull", "p50", "p90"): weibull_by_quantiles,
    ("lognormal", "mean", "shape"): lognormal,
    ("lognormal", "p50", "p90"): lognormal_by_quantiles,
    ("lognormal", "p50", "shape"): lognormal_by_median,
    ("gamma", "mean", "shape"): gamma,
    ("gamma", "p50", "p90"): gamma_by_quantiles,
    ("uniform", "from", "to"): uniform,
    ("checks", "every", "power"): checks,
}


def mean(law: Law) -> float:
    """Return the mean of a law, in its unit; infinite where it never comes."""
    return moments(law)[0]


def moments(law: Law) -> tuple[float, float]:
    """Return the mean and the variance of a law, in its unit and its square; infinite where it never comes."""
    kind, a, b = Family(int(law.kind)), law.a, law.b
    if kind == Family.WEIBULL:
        first = a * math.exp(math.lgamma(1.0 + b))
        return first, a * a * math.exp(math.lgamma(1.0 + 2.0 * b)) - first * first
    if kind == Family.LOGNORMAL:
        first = math.exp(a + b * b / 2)
        return first, first * first * math.expm1(b * b)
    if kind == Family.CHECKS:
        # 1/b - 1 checks in the mean that find nothing, and half the time between two checks.
        found = (1.0 - b) / (b * b) if b > 0 else math.inf
        return (a * (1.0 / b - 0.5), a * a * (found + 1.0 / 12.0)) if b > 0 else (math.inf, math.inf)
    simple = {
        Family.FIXED: (a, 0.0),
        Family.EXPONENTIAL: (a, a * a),
        Family.GAMMA: (a * b, a * a * b),
        Family.UNIFORM: ((a + b) / 2, (b - a) ** 2 / 12),
        Family.NEVER: (math.inf, math.inf),
    }
    return simple[kind]


def sum_of(parts: Sequence[Law]) -> Law:
    """Return the law of a sum of independent times: its mean and variance are exact, its form is lognormal.

    Source: Fenton (1960), IRE Transactions on Communications Systems 8:57, for sums of lognormal times.
    """
    pairs = [moments(part) for part in parts]
    whole, variance = math.fsum(pair[0] for pair in pairs), math.fsum(pair[1] for pair in pairs)
    if variance <= 0.0 or not math.isfinite(variance):
        return fixed(whole) if math.isfinite(whole) else never()
    return lognormal(whole, math.sqrt(math.log1p(variance / whole**2)))


def build(family: str, numbers: Mapping[str, float]) -> Law:
    """Return the law of a family from its numbers, by their keys in a scenario and in that order."""
    return _BY_FORM[(family, *numbers)](*numbers.values())
