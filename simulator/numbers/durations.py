"""Laws of time: the only sampler. A law turns one uniform number into a duration, by inversion.

Inversion keeps one number a quantity (so that draws can be keyed) and is monotone (so that paired scenarios stay
paired). Only `math` is used: its functions give the same bits compiled and not; NumPy's array versions do not.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.jit import routine, rule, sampler
from simulator.numbers import times
from simulator.numbers.chance import uniform
from simulator.numbers.plan import Purpose
from simulator.numbers.times import Family, Hazard

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


# A plan is compiled with `level_at` as it stands in Python, to which a member of an enumeration is slow to find.
_EXPONENTIAL, _WEIBULL, _LOGNORMAL = (int(kind) for kind in (Hazard.EXPONENTIAL, Hazard.WEIBULL, Hazard.LOGNORMAL))


class Hazards(NamedTuple):
    """What the clocks of the causes read of a plan."""

    kind: Integers  # (causes,), see Hazard
    parameters: Floats  # (causes, 3): two parameters, and the age of the cohort at tick 0 [s]
    table: Floats  # (rows, 3): age from [s], rate [1/s], cumulative hazard at that age


ticks = sampler(times.ticks)


@rule
def _polynomial(
    x: float, a: float, b: float, c: float, d: float, e: float, f: float, g: float, h: float
) -> float:  # the coefficients, from the constant term on
    # Estrin's scheme: half the depth of Horner's, and a draw waits for every step.
    square = x * x
    return ((a + b * x) + (c + d * x) * square) + ((e + f * x) + (g + h * x) * square) * (square * square)


@rule
def _tail(r: float) -> float:
    if r <= 5.0:
        r -= 1.6
        return _polynomial(
            r, 1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
            1.27045825245236838258, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.7454501427834140764e-4,
        ) / _polynomial(
            r, 1.0, 2.05319162663775882187, 1.67638483018380384940, 6.89767334985100004550e-1,
            1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
            1.05075007164441684324e-9,
        )  # fmt: skip
    r -= 5.0
    return _polynomial(
        r, 6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 2.96560571828504891230e-1,
        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ) / _polynomial(
        r, 1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
        7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15,
    )  # fmt: skip


@routine
def normal_quantile(u: float) -> float:
    """The standard normal quantile of u in (0, 1): algorithm AS 241, PPND16 (Wichura 1988), to 1e-15."""
    q = u - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * _polynomial(
            r, 3.3871328727963666080, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
            4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3,
        ) / _polynomial(
            r, 1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
            2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3,
        )  # fmt: skip
    if q < 0.0:
        return -_tail(math.sqrt(-math.log(u)))
    return _tail(math.sqrt(-math.log(1.0 - u)))


@routine
def _gamma_lower(shape: float, log_gamma: float, x: float) -> float:
    """The regularised lower incomplete gamma function: series below shape + 1, continued fraction above (Lentz)."""
    if x <= 0.0:
        return 0.0
    front = math.exp(shape * math.log(x) - x - log_gamma)
    if x < shape + 1.0:
        term = 1.0 / shape
        total = term
        for step in range(1, 1000):
            term *= x / (shape + step)
            total += term
            if term < total * 1e-17:
                break
        return front * total
    b = x + 1.0 - shape
    c = 1e300
    d = 1.0 / b
    fraction = d
    for step in range(1, 1000):
        numerator = -step * (step - shape)
        b += 2.0
        d = 1.0 / (numerator * d + b)
        c = b + numerator / c
        fraction *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return 1.0 - front * fraction


@routine
def gamma_quantile(shape: float, log_gamma: float, u: float) -> float:
    """The quantile of a gamma law of scale 1: Newton's steps in the logarithm, kept inside a shrinking bracket."""
    low = 0.0
    high = math.inf
    # Wilson and Hilferty's approximation; for small quantiles the leading term of the series.
    root = 1.0 - 1.0 / (9.0 * shape) + normal_quantile(u) / (3.0 * math.sqrt(shape))
    x = shape * root * root * root
    if root <= 0.2:
        x = math.exp((math.log(u) + math.log(shape) + log_gamma) / shape)
    if x < 1e-300:
        return x
    for _ in range(60):
        error = _gamma_lower(shape, log_gamma, x) - u
        if error > 0.0:
            high = x
        else:
            low = x
        slope = math.exp(shape * math.log(x) - x - log_gamma)  # of the distribution over ln x
        proposal = x * math.exp(max(-2.0, min(2.0, -error / slope))) if slope > 0.0 else -1.0
        if not low < proposal < high:
            proposal = 0.5 * (low + high) if high < math.inf else 2.0 * x
        if abs(proposal - x) <= 1e-15 * x:
            return proposal
        x = proposal
    return x


@routine
def sample(kind: float, a: float, b: float, c: float, u: float) -> float:
    """The quantile u of a law: a duration [s], or a pure number for factors."""
    family = int(kind)
    if family == Family.FIXED:
        return a
    if family == Family.LOGNORMAL:
        return math.exp(a + b * normal_quantile(u))
    if family == Family.EXPONENTIAL:
        return -a * math.log(u)
    if family == Family.WEIBULL:
        return a * math.pow(-math.log(u), b)
    if family == Family.UNIFORM:
        return a + (b - a) * u
    if family == Family.GAMMA:
        return a * gamma_quantile(b, c, u)
    if family == Family.CHECKS:
        return a * _checks(b, u)
    if family == Family.NORMAL_MAXIMUM:
        return a * normal_quantile(math.pow(u, b))
    if family == Family.PARETO_MAXIMUM:
        return a * math.pow(-math.expm1(math.log(u) * c), -b)
    return math.inf


@routine
def _checks(power: float, u: float) -> float:
    """Periods until a check finds what began at a random moment of one: a geometric number, and a part of the first."""
    if power >= 1.0:
        return 1.0 - u
    missed = math.floor(math.log(u) / math.log1p(-power))
    least = math.pow(1.0 - power, missed + 1.0)
    return missed + min(1.0, max(0.0, 1.0 - (u - least) * (1.0 - power) / (power * least)))


@sampler
def draw_value(laws: Floats, key: np.uint64, cause: int, stream: int, ordinal: int, purpose: int) -> float:
    """The quantity that a name owns for a purpose, under its cause's row of `laws`: seconds, or a pure number."""
    return draw_value_with(laws, key, cause, stream, ordinal, purpose, purpose)


@sampler
def draw_value_with(
    laws: Floats, key: np.uint64, cause: int, stream: int, ordinal: int, purpose: int, number: int
) -> float:  # the law is that of a purpose, fed with the number of another one
    """The quantity that a name owns under the law of a purpose, from its number for `number`."""
    law = laws[cause, purpose]
    family = int(law[0])
    if family == Family.FIXED:
        return law[1]
    if family == Family.NEVER:
        return math.inf
    u = uniform(key, stream, ordinal, number)
    if family == Family.LOGNORMAL:  # the usual law, so it is spared a call
        return math.exp(law[1] + law[2] * normal_quantile(u))
    return sample(law[0], law[1], law[2], law[3], u)


@sampler
def draw_ticks(laws: Floats, key: np.uint64, cause: int, stream: int, ordinal: int, purpose: int) -> int:
    """The duration that a name owns for a purpose [ticks]."""
    return ticks(draw_value(laws, key, cause, stream, ordinal, purpose))


@sampler
def budget(key: np.uint64, stream: int, ordinal: int) -> float:
    """The unit-exponential budget of a candidate, in (0, inf)."""
    return -math.log(uniform(key, stream, ordinal, Purpose.BUDGET))


@routine
def level_at(hazards: Hazards, cause: int, age: float) -> float:
    """Cumulative hazard of one unit from age 0 to `age` [s]."""
    if hazards.kind[cause] == _EXPONENTIAL:
        return hazards.parameters[cause, 0] * age
    if hazards.kind[cause] == _WEIBULL:
        return math.pow(age / hazards.parameters[cause, 1], hazards.parameters[cause, 0])
    if hazards.kind[cause] == _LOGNORMAL:
        if age <= 0.0:
            return 0.0
        score = (math.log(age) - hazards.parameters[cause, 0]) / hazards.parameters[cause, 1] * math.sqrt(0.5)
        if score < 0.0:
            return -math.log1p(-0.5 * math.erfc(-score))
        survivors = 0.5 * math.erfc(score)
        return -math.log(survivors) if survivors > 0.0 else math.inf
    row = int(hazards.parameters[cause, 0])
    last = row + int(hazards.parameters[cause, 1]) - 1
    while row < last and hazards.table[row + 1, 0] <= age:
        row += 1
    return hazards.table[row, 2] + (age - hazards.table[row, 0]) * hazards.table[row, 1]


@routine
def age_at(hazards: Hazards, cause: int, level: float) -> float:
    """The age [s] at which one unit's cumulative hazard reaches `level`; infinite where it never does."""
    if hazards.kind[cause] == Hazard.EXPONENTIAL:
        return level / hazards.parameters[cause, 0] if hazards.parameters[cause, 0] > 0.0 else math.inf
    if hazards.kind[cause] == Hazard.WEIBULL:
        return hazards.parameters[cause, 1] * math.pow(level, 1.0 / hazards.parameters[cause, 0])
    if hazards.kind[cause] == Hazard.LOGNORMAL:
        dead, left = -math.expm1(-level), math.exp(-level)
        if dead <= 0.0 or left <= 0.0:
            return 0.0 if dead <= 0.0 else math.inf
        score = normal_quantile(dead) if dead < 0.5 else -normal_quantile(left)
        return math.exp(hazards.parameters[cause, 0] + hazards.parameters[cause, 1] * score)
    row = int(hazards.parameters[cause, 0])
    last = row + int(hazards.parameters[cause, 1]) - 1
    while row < last and hazards.table[row + 1, 2] <= level:
        row += 1
    rate = hazards.table[row, 1]
    return hazards.table[row, 0] + (level - hazards.table[row, 2]) / rate if rate > 0.0 else math.inf
