"""Failures: what breaks, how often, and what a failure does to the job."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StrictBool, model_validator

from simulator import units
from simulator.drawn import Drawn, Speed, Timing, TimingOrNever
from simulator.intensity import Intensity
from simulator.quantity import Age, Factor, Like, Nodes, PositiveDuration, Quantity, Share, chosen, default
from simulator.section import Fault, Section

NOUNS = ("GPU", "node", "NIC", "link", "port", "leaf", "switch", "rack", "domain", "job", "site")
Rate = Annotated[Quantity, Like("/kGPU/day", others=("/day", *(f"/{noun}/day" for noun in NOUNS)))]
Exposure = Annotated[Quantity, Like("GPUs", others=NOUNS[1:], above=0, certain=True)]


class Observed(Section):
    """A count of failures seen, over a time, on so many parts. Its rate is known to 1/sqrt(count)."""

    count: Annotated[Quantity, Like("", above=0, counted=True)]
    over: PositiveDuration
    on: Exposure

    def rate_at(self, values: Mapping[str, float] | None) -> float:
        """Return the failures per part and second."""
        return self.count.at(values) / (self.over.at(values) * self.on.median)

    @property
    def per(self) -> str:
        """The noun that the rate counts by."""
        return units.unit(self.on.like).dimension.powers[0][0]


class Lemons(Section):
    """Bad nodes: the cause strikes these only, at its rate."""

    share: Share


Reach = Annotated[Quantity, Like("s", above=0, certain=True)]


class Cause(Section):
    """One cause of failures: a part, a law of time between failures, an effect.

    A rate is one over the mean time between failures; a Weibull law given by one has that mean life from new.
    """

    part: str = Field(description="gpu, hbm, nic, link, node, host, leaf, rack, domain, job, software, storage, site")
    rate: Rate | None = Field(default=None, description="failures per part (or GPU, node...) and time")
    mtbf: PositiveDuration | None = Field(default=None, description="mean time between failures of one part [s]")
    scale: PositiveDuration | None = Field(default=None, description="of the Weibull law, instead of its mean [s]")
    observed: Observed | None = Field(default=None, description="a count of failures that gives the rate")
    spread: Share | None = Field(default=None, description="log-standard deviation of the rate: how well it is known")
    times: Factor = chosen("1", "")
    law: Literal["exponential", "weibull"] = "exponential"
    shape: Annotated[Quantity, Like("", least=0.05, most=20)] | None = None
    age: Age = default("0 d", "d", why="new at the start")
    on_replacement: Literal["renewal", "minimal_repair"] = "renewal"
    intensity: Intensity | None = Field(default=None, description="[age, factor on the rate] steps")
    effect: Literal["stop", "stall", "slow"] = "stop"
    absorbed: Share = default("0%", "%", why="nothing is hidden below the application")
    stall: Timing | None = Field(
        default=None, description="how long the transport takes to recover, or how long the outage lasts [s]"
    )
    reach: Reach | None = Field(
        default=None, description="outages up to so long the transport retries through: the job only stalls [s]"
    )
    speed: Speed | None = Field(default=None, description="share of nominal speed that a slow node keeps")
    found: TimingOrNever = Drawn("never")
    healed: TimingOrNever = Drawn("never")
    blast: Nodes | None = Field(default=None, description="nodes that a stop takes")
    exposed: Literal["always", "busy", "running"] = "always"
    spares_exposed: StrictBool | None = None
    detection: Timing | None = None
    diagnosis: Timing | None = None
    repair: TimingOrNever | None = None
    cure: Share | None = None
    relapse: TimingOrNever | None = None
    retire: StrictBool = False
    lemons: Lemons | None = None

    @model_validator(mode="before")
    @classmethod
    def _spread_belongs_to_the_rate(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "spread" not in data:
            return data
        data = dict(data)
        spread = data.pop("spread")
        for name in ("rate", "mtbf", "scale"):
            if name in data:
                data[name] = _with_spread(data[name], spread)
                return data
        if isinstance(data.get("observed"), dict) and "count" in data["observed"]:
            data["observed"] = {**data["observed"], "count": _with_spread(data["observed"]["count"], spread)}
        return data

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the cause."""
        given = [name for name in ("rate", "mtbf", "scale", "observed") if getattr(self, name) is not None]
        if not given:
            yield (), 'no rate is given; write "rate: 0.3 /kGPU/day", mtbf, or observed: {count, over, on}'
        for name in given[1:]:
            yield (name,), f"give only one of {' and '.join(given)}"
        yield from self._law_faults()
        yield from self._effect_faults()

    def _law_faults(self) -> Iterator[Fault]:
        weibull = self.law == "weibull"
        if weibull and self.shape is None:
            yield ("law",), 'a Weibull law needs a shape; write "shape: 0.8"'
        for name in ("shape", "scale"):
            if not weibull and getattr(self, name) is not None:
                yield (name,), 'belongs to a Weibull law; write "law: weibull"'
        if weibull and self.intensity is not None:
            yield ("intensity",), "a Weibull law has an intensity of its own; give one or the other"

    def _effect_faults(self) -> Iterator[Fault]:
        if self.effect == "stall" and self.stall is None:
            yield (), 'how long is a stall? write "stall: 8 s"'
        if self.effect == "slow" and self.speed is None:
            yield (), 'how slow is it? write "speed: {from: 70%, to: 95%}"'
        if self.effect != "slow":
            own = {"speed": self.speed is not None, "found": _happens(self.found), "healed": _happens(self.healed)}
            for name in (name for name, given in own.items() if given):
                yield (name,), f'belongs to the effect slow, not {self.effect}; write "effect: slow" or leave it out'
        if self.effect != "stop" and self.absorbed.median > 0:
            yield ("absorbed",), f"is the share of stops that become stalls; the effect is {self.effect}"
        if self.reach is not None and self.effect != "stop":
            yield ("reach",), f"is what turns stops into stalls; the effect is {self.effect}"
        if self.effect == "stop" and self.reach is not None and self.stall is None:
            yield ("reach",), 'how long do outages last? write "stall: {p50: 10 s, p90: 2 min}"'
        if self.effect == "stop" and (self.absorbed.median > 0 or self.absorbed.uncertain) and self.stall is None:
            yield ("absorbed",), 'how long is an absorbed stop? write "stall: 8 s"'

    def rate_at(self, values: Mapping[str, float] | None, count: int, parts: int) -> float:
        """Return the failures of one unit of the part [1/s]; `count` of the rate's noun stand for `parts` units."""
        times = self.times.at(values)
        if self.mtbf is not None:
            return times / self.mtbf.at(values)
        if self.rate is not None:
            return times * self.rate.at(values) * count / parts
        if self.observed is not None:
            return times * self.observed.rate_at(values) * count / parts
        return 0.0

    @property
    def happens(self) -> bool:
        """Whether its rate is above zero."""
        counted = self.rate or self.mtbf or self.scale or (self.observed.count if self.observed else None)
        return counted is not None and counted.median > 0 and self.times.median > 0

    @property
    def renews(self) -> bool:
        """Whether a broken unit is replaced by a new one, and that changes anything: what stalls breaks nothing."""
        return self.law == "weibull" and self.on_replacement == "renewal" and self.effect != "stall"

    @property
    def moves(self) -> bool:
        """Whether its rate, law or age is not known exactly."""
        numbers = (self.rate, self.mtbf, self.scale, self.times, self.shape, self.age)
        observed = () if self.observed is None else (self.observed.count, self.observed.over)
        return any(number is not None and number.uncertain for number in (*numbers, *observed))

    def filled(self, per_place: int, span: int) -> "Cause":
        """Return the cause with the nodes that a stop takes: those that the part serves; none for one in no place."""
        if self.blast is not None:
            return self
        return self.model_copy(update={"blast": chosen(f"{span or min(1, per_place)} nodes", "nodes")})

    @property
    def per(self) -> str:
        """The noun that the rate counts by; empty where it counts by the part itself."""
        counted = self.rate or self.observed
        return counted.per if counted is not None else ""


def _happens(drawn: Drawn) -> bool:
    return drawn.family != "never"


def _with_spread(value: Any, spread: Any) -> Any:
    return {**value, "spread": spread} if isinstance(value, dict) else {"value": value, "spread": spread}


class Failures(Section):
    """All causes by name, and what is not known about all of them alike."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Cause]

    shared_spread: Annotated[Quantity, Like("%", most=3, certain=True)] | None = Field(
        default=None, description="log-standard deviation of one factor on all rates: a good or a bad cluster"
    )

    @property
    def causes(self) -> dict[str, Cause]:
        """The causes by name, in the order of the file."""
        return self.__pydantic_extra__
