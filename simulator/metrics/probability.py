"""A probability, with the error of its estimate."""

from typing import NamedTuple


class Probability(NamedTuple):
    """A probability and the standard error of its estimate."""

    probability: float
    mc_error: float
