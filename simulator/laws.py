"""Laws of time made from what people know of them: a mean and a shape, a median and a P90, or two bounds.

All values are in the unit of the law (seconds, or a pure number). Raises nothing: the door has checked the numbers.
"""

import math
from collections.abc import Callable, Mapping

from simulator.durations import Family, Law, gamma_quantile
from simulator.quantity import Z90

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


def gamma(mean: float, shape: float) -> Law:
    """Return the gamma law of a mean = scale shape and a shape."""
    return Law(Family.GAMMA, mean / shape, shape, math.lgamma(shape))


def gamma_by_quantiles(p50: float, p90: float) -> Law:
    """Return the gamma law of a median and a P90: its shape by bisection, as P90/P50 falls when the shape grows."""
    if p90 <= p50:
        return fixed(p50)
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
    ("gamma", "mean", "shape"): gamma,
    ("gamma", "p50", "p90"): gamma_by_quantiles,
    ("uniform", "from", "to"): uniform,
    ("checks", "every", "power"): checks,
}


def build(family: str, numbers: Mapping[str, float]) -> Law:
    """Return the law of a family from its numbers, by their keys in a scenario and in that order."""
    return _BY_FORM[(family, *numbers)](*numbers.values())
