"""The stop rule: replications go on in growing rounds until a quantile is known as precisely as asked for."""

import math
from typing import NamedTuple

import numpy as np

from simulator.ensemble.estimates import half_width
from simulator.ensemble.measures import goodput
from simulator.ensemble.replicator import Chunk
from simulator.nouns.experiment import Stop
from simulator.numbers.ledger import Account, Outcome
from simulator.numbers.plan import Floats
from simulator.numbers.times import TICKS_PER_SECOND

FIRST_ROUND = 256
LEAST_GROWTH = 1.25
MOST_GROWTH = 2.0


class Precision(NamedTuple):
    """How well a quantile is known: half the width of its 95 % interval [s], or [1] for a share of time."""

    quantity: str  # finish or goodput
    quantile: float
    asked: float
    found: float  # infinite where the replications do not bound it

    @property
    def reached(self) -> bool:
        """Whether it is known as precisely as asked for."""
        return self.found <= self.asked


def precision(stop: Stop, chunks: list[Chunk]) -> Precision:
    """Return how well the quantile of a stop rule is known by now."""
    share, asked = stop.quantile.median, stop.half_width.median
    ordered = np.sort(np.concatenate([_values(stop, chunk) for chunk in chunks])) if chunks else np.zeros(0)
    return Precision(stop.quantity, share, asked, half_width(ordered, share))


def next_target(done: int, most: int, found: Precision) -> int:
    """Return how many replications the next round should reach. It depends on results only, never on the threads."""
    # The half-width falls with the square root of the replications.
    growth = (found.found / found.asked) ** 2
    return min(most, math.ceil(done * min(MOST_GROWTH, max(LEAST_GROWTH, growth))))


def _values(stop: Stop, chunk: Chunk) -> Floats:
    if stop.quantity == "finish":
        return np.where(chunk.outcome == Outcome.DONE, chunk.finish / TICKS_PER_SECOND, np.inf)
    return goodput(chunk.ledger[:, Account.PRODUCTIVE], chunk.finish)
