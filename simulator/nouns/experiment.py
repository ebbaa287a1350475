"""The experiment: how many replications, how precise, and where each one ends at the latest."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from simulator.words import units
from simulator.words.quantity import LONGEST, Like, Quantity, chosen
from simulator.words.section import Fault, Section

HORIZON = 10.0  # times the work: the longest that a replication lasts unless given
_Number = Like("", whole=True, certain=True, choice=True, most=2**53)
_Replications = Like("", whole=True, certain=True, choice=True, least=1, most=10_000_000)

_Events = Like("", whole=True, certain=True, choice=True, least=1, most=1e9)
_WarmUp = Like("h", most=LONGEST, certain=True, choice=True)
_Horizon = Like("h", above=0, most=LONGEST, certain=True, choice=True)


class Stop(Section):
    """Replications go on until a quantile is known to a half-width (95 %), or there are `max` of them."""

    quantity: Literal["finish", "goodput"] = Field(
        default="finish", description="what has to be known: the finish, or goodput"
    )
    quantile: Annotated[Quantity, Like("", above=0, most=0.9999, certain=True, choice=True)] = Field(
        default=chosen("0.9", ""), description="which quantile of it, such as 0.9"
    )
    half_width: Annotated[Quantity, Like("h", others=("%",), above=0, certain=True, choice=True)] = Field(
        description="half the width of its 95 % interval: a time for finish, a share for goodput"
    )
    max: Annotated[Quantity, _Replications] = Field(default=chosen("20_000", ""), description="replications at most")

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the stop rule."""
        needed = {"finish": "h", "goodput": "%"}[self.quantity]
        if self.half_width.like != needed:
            remedy = "a time such as 6 h" if needed == "h" else "a share such as 0.5%"
            found = units.show(self.half_width.median, self.half_width.like)
            yield ("half_width",), f"{found} does not measure {self.quantity}; write {remedy}"


class Run(Section):
    """The Monte Carlo run."""

    seed: Annotated[Quantity, _Number] = Field(
        default=chosen("1", ""), description="of all draws: the same seed gives the same numbers on every machine"
    )
    replications: Annotated[Quantity, _Replications] = Field(
        default=chosen("1000", ""), description="simulated runs, unless a stop rule decides"
    )
    stop: Stop | None = Field(
        default=None,
        description="go on until a quantile is known to a half-width (95 %), or there are `max` replications",
    )
    horizon: Annotated[Quantity, _Horizon] | None = Field(
        default=None, description="a replication ends then [s]; 10 x the work"
    )
    max_events: Annotated[Quantity, _Events] = Field(
        default=chosen("10_000_000", ""),
        description="a replication ends DIVERGED after so many, or after so many failures, of nodes at work or not",
    )
    warm_up: Annotated[Quantity, _WarmUp] = Field(
        default=chosen("0 s", "h"), description="failures before it do not count in the nodes seen out of service [s]"
    )

    def filled(self, work: float) -> "Run":
        """Return the run with a horizon, ten times the work [s] where none is given."""
        if self.horizon is not None:
            return self
        horizon = Quantity(HORIZON * work, "h", source=f"default: {HORIZON:g} x the work", choice=True)
        return self.model_copy(update={"horizon": horizon})
