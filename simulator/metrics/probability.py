"""A probability, with the error of its estimate."""

import math
from typing import NamedTuple

NORMAL = 1.959963984540054  # the quantile of the normal law that bounds a central interval of 95 %


class Probability(NamedTuple):
    """A probability and the standard error of its estimate."""

    probability: float
    mc_error: float


class Proportion(NamedTuple):
    """A share of the replications as a probability, its standard error, and the ends of its 95 % interval."""

    probability: float
    mc_error: float
    low: float
    high: float


def proportion(met: int, count: int) -> Proportion:
    """Return the probability of what `met` of `count` replications did.

    Error and interval are those of Agresti and Coull (1998): two more of each are counted, so they are not empty where
    all replications agree.
    """
    middle = (met + 2) / (count + 4)
    error = math.sqrt(middle * (1.0 - middle) / (count + 4))
    return Proportion(met / count, error, max(0.0, middle - NORMAL * error), min(1.0, middle + NORMAL * error))
