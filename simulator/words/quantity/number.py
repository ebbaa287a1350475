"""A number of a scenario: its value in SI, where it comes from, and how well it is known.

What we do not know (ignorance) is drawn once a replication. It is either a lognormal of a given log-standard deviation
(`spread`), or a two-piece lognormal through P10, P50 and P90: its logarithm is Normal with one standard deviation below
the median and another above. What chance does within a run is another matter: see drawn.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.words import units
from simulator.words.quantity.by_class import OfClass, of_mixture

Z90 = 1.2815515655446004  # the standard normal quantile of 0.9
ASSUMED = "ASSUMED"
CHOSEN = "chosen"
DEFAULT = "default"
GIVEN = "given"
FOLLOWS = "follows"  # from other inputs: a profile, a known model, a prediction


# How a number was got: printed by its vendor, measured by somebody, inferred from others, or remembered only.
HOW = ("vendor", "measured", "inferred", "memory")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number [SI], `like` the unit it is written in; `path` names it, `source` says why (none: it is ASSUMED)."""

    median: float
    like: str
    p10: float | None = None
    p90: float | None = None
    spread: float = 0.0  # log-standard deviation [-]
    counted: bool = False  # a count of events, whose spread is 1/sqrt(count) unless given
    choice: bool = False  # a planner's decision, such as a number of spares: nothing has to back it
    most: float = math.inf  # draws beyond are cut off here, as at 1 for a share
    source: str | None = None
    path: str = ""
    how: str | None = None  # one of HOW; hardware profiles say so of every number
    by_class: tuple[OfClass, ...] = ()  # of operators, where the operator may be of several
    said: bool = field(default=False, compare=False)  # by the scenario, in its file, below it or on the command line

    @property
    def uncertain(self) -> bool:
        """Whether there is anything about it that we do not know."""
        if self.by_class:
            return True
        return self.spread > 0 or (self.p10 is not None and not self.p10 == self.median == self.p90)

    @property
    def assumed(self) -> bool:
        """Whether it is a claim about the world that nothing backs."""
        return not self.choice and (self.source is None or self.source.startswith(ASSUMED))

    @property
    def standing(self) -> str:
        """Who says it: GIVEN by the scenario, CHOSEN there as a planner's decision, our DEFAULT, or what FOLLOWS."""
        if self.said:
            return CHOSEN if self.choice else GIVEN
        ours = self.source is None or self.source.startswith((ASSUMED, DEFAULT))
        return DEFAULT if ours else FOLLOWS

    @property
    def per(self) -> str:
        """The noun that a rate counts by, such as GPU or node; empty for a rate per time only."""
        return next((noun for noun, power in units.unit(self.like).dimension.powers if noun != "s" and power < 0), "")

    def at(self, values: Mapping[str, float] | None) -> float:
        """Return the value [SI] in a replication whose inputs are drawn, or the median."""
        return self.median if values is None else values.get(self.path, self.median)

    def at_score(self, score: float) -> float:
        """Return the value [SI] at a standard normal score: 0 is the median, 1.28 the P90."""
        if self.by_class:
            return of_mixture(self.by_class, score)
        if self.spread > 0:
            return min(self.most, self.median * math.exp(self.spread * score))
        edge = self.p90 if score > 0 else self.p10
        if edge is None:
            return self.median
        return min(self.most, self.median * math.exp(abs(score) / Z90 * math.log(edge / self.median)))

    def score_of(self, value: float) -> float:
        """Return the standard normal score at which it has a value [SI]; infinite where it never has that or less."""
        if value == self.median:
            return 0.0
        side = math.copysign(1.0, value - self.median)
        edge = self.at_score(side * Z90)
        if value <= 0 or self.median <= 0 or edge == self.median:
            return side * math.inf
        return side * Z90 * math.log(value / self.median) / math.log(edge / self.median)

    @property
    def backing(self) -> str:
        """What backs it, for a reader: its source, ASSUMED, or that somebody chose it."""
        if self.source is not None:
            return self.source
        return CHOSEN if self.choice else ASSUMED

    def text(self) -> str:
        """Return the value for a reader, with its unit."""
        return units.show(self.median, self.like)

    def exact(self) -> str:
        """Return the shortest text that means exactly the value, or the median of one that is not known exactly."""
        return units.shortest(self.median, self.like)

    def ignorance(self) -> str:
        """Return how well it is known, for a reader; empty for a number that is given as certain."""
        if self.by_class:
            low, high = (units.show(self.at_score(score), self.like) for score in (-Z90, Z90))
            return f"P10 {low}, P90 {high}, by class of operator"
        if self.p10 is not None and self.p90 is not None:
            return f"P10 {units.show(self.p10, self.like)}, P90 {units.show(self.p90, self.like)}"
        return f"spread {units.show(self.spread, '%')}" if self.spread > 0 else ""

    def written(self) -> str | dict[str, Any]:
        """Return what a scenario would say to get exactly this number, its ignorance and its source again."""
        value = self.exact()
        if self.by_class:
            return {"by_class": {one.name: one.written() for one in self.by_class}}
        document: dict[str, Any] = {"value": value}
        if self.p10 is not None and self.p90 is not None:
            document = {
                "p10": units.shortest(self.p10, self.like),
                "p50": value,
                "p90": units.shortest(self.p90, self.like),
            }
        elif self.spread > 0 or self.counted:
            document["spread"] = units.exact(self.spread, "%")
        if self.choice and len(document) == 1 and self.source in (None, DEFAULT) and self.how is None:
            return value
        document["source"] = self.backing
        return document if self.how is None else document | {"how": self.how}


def chosen(value: str, like: str) -> Quantity:
    """Return the decision that holds where a scenario is silent."""
    return Quantity(units.parse(value, like), like, source=DEFAULT, choice=True)


def default(value: str, like: str, *, p10: str | None = None, p90: str | None = None, why: str = "default") -> Quantity:
    """Return the number that holds where a scenario is silent: ASSUMED, with what speaks for it."""
    most = 1.0 if like == "%" else math.inf
    quantity = Quantity(units.parse(value, like), like, most=most, source=f"{ASSUMED}: {why}")
    if p10 is None or p90 is None:
        return quantity
    return replace(quantity, p10=units.parse(p10, like), p90=units.parse(p90, like))
