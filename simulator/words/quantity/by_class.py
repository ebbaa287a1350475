"""A number that has a value for each class of operator, where the operator may be of several: a mixture."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.words import units

if TYPE_CHECKING:
    from simulator.words.quantity.number import Quantity


class OfClass(NamedTuple):
    """What a number is where the operator is of one class, and the probability of that class [1]."""

    name: str
    share: float
    number: "Quantity"

    def written(self) -> dict[str, Any]:
        """Return what a scenario would say of it."""
        number = self.number.written()
        share = {"share": units.exact(self.share, "%")}
        return share | (number if isinstance(number, dict) else {"value": number})


def by_class(parts: tuple[OfClass, ...], source: str | None) -> "Quantity":
    """Return a number that has a value for each class of operator; its median is that of the mixture."""
    first = parts[0].number
    whole = replace(first, by_class=parts, source=source, p10=None, p90=None, spread=0.0)
    return replace(whole, median=whole.at_score(0.0))


def of_mixture(parts: tuple[OfClass, ...], score: float) -> float:
    """Return the value of a mixture [SI] at a standard normal score, by bisection of its distribution function."""
    wanted = share_below(score)
    ends = [part.number.at_score(score) for part in parts]
    low, high = min(ends), max(ends)
    for _ in range(80):
        middle = (low + high) / 2
        if math.fsum(part.share * share_below(part.number.score_of(middle)) for part in parts) < wanted:
            low = middle
        else:
            high = middle
    return high


def share_below(score: float) -> float:
    """Return the probability that a standard normal number lies below a score [1]."""
    return 0.5 * math.erfc(-score / math.sqrt(2.0))
