"""The speed of a job: ranks that wait for the slowest, and evaluation (semantics 1.6 and 10.3)."""

import math

from scipy import integrate, special

from tests.naive.given import Given, gpus
from tests.naive.quantities import Q, parts, value


def slower_by_noise(given: Given) -> float:
    """Return how much longer a step is for the slowest of all ranks, in the mean over steps."""
    ranks, number = given.document.job.ranks, gpus(given)
    if ranks is None or ranks.noise is None:
        return 0.0
    size = value(ranks.noise, given.values)
    if ranks.law == "pareto":
        index = value(ranks.index, given.values)
        if index <= 1:
            return math.inf
        logarithm = math.lgamma(number + 1) + math.lgamma(1 - 1 / index) - math.lgamma(number + 1 - 1 / index)
        return size * math.exp(logarithm)
    return size * largest_normal(number)


def largest_normal(number: int) -> float:
    """Return the mean of the largest of so many standard normal numbers (Tippett 1925)."""

    def above(x: float) -> float:
        return float(-special.expm1(number * special.log_ndtr(x)))

    def below(x: float) -> float:
        return float(math.exp(number * special.log_ndtr(x)))

    middle = 5.0
    upper = integrate.quad(above, middle, 40.0, epsabs=1e-14, limit=200)[0]
    return float(
        upper
        + integrate.quad(above, 0.0, middle, epsabs=1e-14, limit=200)[0]
        - integrate.quad(below, -40.0, 0.0, epsabs=1e-14, limit=200)[0]
    )


def pauses(given: Given) -> float:
    """Return the time of evaluation over that of the training between two."""
    one = given.document.job.evaluation
    return 0.0 if one is None else value(one.takes, given.values) / value(one.every, given.values)


def pace(given: Given) -> int:
    """The speed of the job, which leaves room for its evaluation in all ticks of training (semantics 10.3)."""
    return min(parts(1 / ((1 + slower_by_noise(given)) * (1 + pauses(given)))), Q * Q // (Q + evaluation(given)))


def evaluation(given: Given) -> int:
    # The model is evaluated after so much training, which noise makes longer.
    return min(Q, math.floor(pauses(given) * (1 + slower_by_noise(given)) * Q))
