"""The experiment: how many replications, how precise, and where each one ends at the latest."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simulator import units
from simulator.quantity import Duration, Like, PositiveDuration, Quantity, default
from simulator.section import Fault, Section

_Number = Like("", whole=True, certain=True, most=2**53)
_Replications = Like("", whole=True, certain=True, least=1, most=10_000_000)


class Stop(Section):
    """Replications go on until a quantile is known to a half-width (95 %), or there are `max` of them."""

    quantity: Literal["finish", "goodput"] = "finish"
    quantile: Annotated[Quantity, Like("", above=0, most=0.9999, certain=True)] = default("0.9", "", why="P90")
    half_width: Annotated[Quantity, Like("h", others=("%",), above=0, certain=True)]
    max: Annotated[Quantity, _Replications] = default("20_000", "")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the stop rule."""
        needed = {"finish": "h", "goodput": "%"}[self.quantity]
        if self.half_width.like != needed:
            remedy = "a time such as 6 h" if needed == "h" else "a share such as 0.5%"
            found = units.show(self.half_width.median, self.half_width.like)
            yield ("half_width",), f"{found} does not measure {self.quantity}; write {remedy}"


class Run(Section):
    """The Monte Carlo run."""

    seed: Annotated[Quantity, _Number] = default("1", "")
    replications: Annotated[Quantity, _Replications] = default("1000", "")
    stop: Stop | None = None
    horizon: PositiveDuration | None = Field(default=None, description="a replication ends then; 10 x the work")
    max_events: Annotated[Quantity, Like("", whole=True, certain=True, least=1, most=1e9)] = default("10_000_000", "")
    warm_up: Duration = default("0 s", "h")
