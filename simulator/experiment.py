"""The experiment: how many replications, how precise, and where each one ends at the latest."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simulator import units
from simulator.quantity import LONGEST, Like, Quantity, chosen
from simulator.section import Fault, Section

HORIZON = 10.0  # times the work: the longest that a replication lasts unless given
_Number = Like("", whole=True, certain=True, choice=True, most=2**53)
_Replications = Like("", whole=True, certain=True, choice=True, least=1, most=10_000_000)

_Events = Like("", whole=True, certain=True, choice=True, least=1, most=1e9)
_WarmUp = Like("h", most=LONGEST, certain=True, choice=True)
_Horizon = Like("h", above=0, most=LONGEST, certain=True, choice=True)


class Stop(Section):
    """Replications go on until a quantile is known to a half-width (95 %), or there are `max` of them."""

    quantity: Literal["finish", "goodput"] = "finish"
    quantile: Annotated[Quantity, Like("", above=0, most=0.9999, certain=True, choice=True)] = chosen("0.9", "")
    half_width: Annotated[Quantity, Like("h", others=("%",), above=0, certain=True, choice=True)]
    max: Annotated[Quantity, _Replications] = chosen("20_000", "")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the stop rule."""
        needed = {"finish": "h", "goodput": "%"}[self.quantity]
        if self.half_width.like != needed:
            remedy = "a time such as 6 h" if needed == "h" else "a share such as 0.5%"
            found = units.show(self.half_width.median, self.half_width.like)
            yield ("half_width",), f"{found} does not measure {self.quantity}; write {remedy}"


class Run(Section):
    """The Monte Carlo run."""

    seed: Annotated[Quantity, _Number] = chosen("1", "")
    replications: Annotated[Quantity, _Replications] = chosen("1000", "")
    stop: Stop | None = None
    horizon: Annotated[Quantity, _Horizon] | None = Field(
        default=None, description="a replication ends then [s]; 10 x the work"
    )
    max_events: Annotated[Quantity, _Events] = chosen("10_000_000", "")
    warm_up: Annotated[Quantity, _WarmUp] = Field(
        default=chosen("0 s", "h"), description="failures before it do not count in the nodes seen out of service [s]"
    )

    def filled(self, work: float) -> "Run":
        """Return the run with a horizon, ten times the work [s] where none is given."""
        if self.horizon is not None:
            return self
        horizon = Quantity(HORIZON * work, "h", source=f"default: {HORIZON:g} x the work", choice=True)
        return self.model_copy(update={"horizon": horizon})
