"""A cause of failures: what breaks, how often, and what that does to the job."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, StrictBool, model_validator

from simulator import units
from simulator.drawn import Drawn, GrowingTiming, Speed, Timing, TimingOrNever
from simulator.failures.rows import Origin
from simulator.failures.scales import Scales
from simulator.failures.transport import Reach, Rebuild
from simulator.intensity import Intensity
from simulator.quantity import Age, Factor, Like, Nodes, PositiveDuration, Quantity, Share, chosen, default
from simulator.recovery import Rung
from simulator.section import Fault, Section
from simulator.unit_catalogue import DOMAINS, ELEMENTS

NOUNS = (
    "GPU", "node", "NIC", "link", "port", "leaf", "switch", "rack", "domain", "feed", "row", "hall", "job", "site",
    *ELEMENTS,
)  # fmt: skip
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


class Again(Section):
    """Good nodes turn bad: so many of all at the end of each period."""

    share: Share
    every: Annotated[Quantity, Like("d", above=0, certain=True)]


class Lemons(Section):
    """Bad nodes: the cause strikes these only, at its rate; or all nodes at its rate, and these `times` that on top.

    A repair cures a bad node or leaves it as it was, so what makes it bad ages with the calendar and is never renewed.
    """

    share: Share
    times: Factor | None = None
    again: Again | None = None


class Common(Section):
    """A share of the failures of a part has a cause that strikes its whole domain: the beta factor."""

    share: Share
    domain: str


class Cause(Section):
    """One cause of failures: a part, a law of time between failures, an effect.

    A rate is one over the mean time between failures; a Weibull law given by one has that mean life from new.
    """

    part: str = Field(
        description="gpu, hbm, nic, link, node, host, leaf, rack, domain, job, software, storage, site, or an element "
        "of the fabric, such as spine"
    )
    rate: Rate | None = Field(default=None, description="failures per part (or GPU, node...) and time")
    mtbf: PositiveDuration | None = Field(default=None, description="mean time between failures of one part [s]")
    scale: PositiveDuration | None = Field(default=None, description="of the Weibull law, instead of its mean [s]")
    observed: Observed | None = Field(default=None, description="a count of failures that gives the rate")
    spread: Share | None = Field(default=None, description="log-standard deviation of the rate: how well it is known")
    times: Factor = chosen("1", "")
    scales: Scales | None = Field(
        default=None, description="how its rate grows with the job beyond the number of its parts; as under failures"
    )
    law: Literal["exponential", "weibull", "lognormal"] = "exponential"
    shape: Annotated[Quantity, Like("", least=0.05, most=20)] | None = None
    age: Age = default("0 d", "d", why="new at the start")
    on_replacement: Literal["renewal", "minimal_repair"] = "renewal"
    intensity: Intensity | None = Field(default=None, description="[age, factor on the rate] steps")
    effect: Literal["stop", "stall", "slow", "corrupt"] = "stop"
    absorbed: Share = default("0%", "%", why="nothing is hidden below the application")
    stall: Timing | None = Field(
        default=None, description="how long the transport takes to recover, or how long the outage lasts [s]"
    )
    link_level: Reach | None = Field(default=None, description="outages up to so long the link hides: unseen [s]")
    multipath: Share | None = Field(
        default=None, description="share of outages around which another path leads: the job slows to `speed` meanwhile"
    )
    reach: Reach | None = Field(
        default=None, description="outages up to so long the transport retries through: the job only stalls [s]"
    )
    rebuild: Rebuild | None = Field(default=None, description="longer outages that cost new communicators, no restart")
    speed: Speed | None = Field(default=None, description="share of nominal speed that a slow node keeps")
    found: TimingOrNever = Drawn("never")
    healed: TimingOrNever = Drawn("never")
    blast: Nodes | None = Field(default=None, description="nodes that a stop takes")
    members: Share | None = None
    exposed: Literal["always", "busy", "running"] = "always"
    spares_exposed: StrictBool | None = None
    detection: Timing | None = None
    hangs: Share | None = Field(
        default=None, description="share of its failures that hang instead of announcing themselves; as under recovery"
    )
    diagnosis: Timing | None = None
    restart: GrowingTiming | None = Field(
        default=None, description="process start and communicators after it, on no ladder; else as under recovery [s]"
    )
    repair: TimingOrNever | None = None
    missed: Share | None = None
    blamed: Share | None = None
    bisection: Annotated[Quantity, Like("min", above=0)] | None = Field(
        default=None,
        description="one test of half the nodes; to find the broken one takes log2(nodes) of them, one at least [s]",
    )
    cure: Share | None = None
    relapse: TimingOrNever | None = None
    retire: StrictBool = False
    lemons: Lemons | None = None
    common: Common | None = Field(default=None, description="share of its failures that strike a whole domain")
    _origin: Origin = PrivateAttr(default=Origin())

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
        ages, name_of = self.law != "exponential", self.law.capitalize()
        if ages and self.shape is None:
            yield ("law",), f'a {name_of} law needs a shape; write "shape: 0.8"'
        for name, law in (("shape", "weibull"), ("scale", "weibull")):
            if getattr(self, name) is not None and self.law != law and (name, self.law) != ("shape", "lognormal"):
                yield (name,), 'belongs to a Weibull law; write "law: weibull"'
        if self.law == "lognormal" and self.common is not None:
            yield ("common",), 'is not defined for a lognormal law; write "law: weibull", or a cause of its own'
        if self.renews and self.lemons is not None and self.lemons.times is None:
            text = "is what a repair cures or leaves as it was, so nothing is renewed"
            yield ("lemons",), f'{text}; write "on_replacement: minimal_repair" beside it, or give times'
        if ages and self.intensity is not None:
            yield ("intensity",), f"a {name_of} law has an intensity of its own; give one or the other"

    def _effect_faults(self) -> Iterator[Fault]:
        if self.effect == "stall" and self.stall is None:
            yield (), 'how long is a stall? write "stall: 8 s"'
        if self.effect == "slow" and self.speed is None:
            yield (), 'how slow is it? write "speed: {from: 70%, to: 95%}"'
        if self.effect == "corrupt" and not _happens(self.found):
            yield (), 'when is it found? write "found: {every: 4 h, power: 80%}", a time, or another law'
        slowing = self.effect == "slow" or self.multipath is not None
        if not slowing and self.speed is not None:
            yield from self._belongs("speed", "slow")
        if not slowing and self.effect != "corrupt" and _happens(self.found):
            yield from self._belongs("found", "slow")
        # An element of a fabric that stops nothing makes the network narrower until it is healed: see the door.
        if self.effect not in ("slow", "stop") and _happens(self.healed):
            yield from self._belongs("healed", "slow")
        if self.effect != "stop" and self.absorbed.median > 0:
            yield ("absorbed",), f"is the share of stops that become stalls; the effect is {self.effect}"
        yield from self._layer_faults()
        yield from self._search_faults()

    def _search_faults(self) -> Iterator[Fault]:
        if self.bisection is not None and self.diagnosis is not None:
            yield ("bisection",), "is the diagnosis; give one or the other"
        if self.common is not None and self.effect != "stop":
            yield ("common",), f"strikes a whole domain, and only stops do; the effect is {self.effect}"

    def _belongs(self, name: str, effect: str) -> Iterator[Fault]:
        yield (name,), f'belongs to the effect {effect}, not {self.effect}; write "effect: {effect}" or leave it out'

    def _layer_faults(self) -> Iterator[Fault]:
        layers = ("link_level", "multipath", "reach", "rebuild")
        given = [name for name in layers if getattr(self, name) is not None]
        for name in given:
            if self.effect == "stop" and self.stall is None:
                yield (name,), 'how long do outages last? write "stall: {p50: 10 s, p90: 2 min}"'
            elif self.effect != "stop":
                yield (name,), f"is what turns stops into stalls; the effect is {self.effect}"
        if self.effect == "stop" and (self.absorbed.median > 0 or self.absorbed.uncertain) and self.stall is None:
            yield ("absorbed",), 'how long is an absorbed stop? write "stall: 8 s"'
        if self.multipath is not None and self.effect == "stop" and self.speed is None:
            yield ("multipath",), 'how fast is the job on the other paths? write "speed: 97%"'
        reaches = [(name, self._reach_of(name).median) for name in given if name != "multipath"]
        for (below, low), (name, high) in pairwise(reaches):
            if high <= low:
                yield (name,), f"reaches no farther than {below}, which comes first; lengthen it or leave it out"

    def _reach_of(self, layer: str) -> Quantity:
        found = getattr(self, layer)
        reach: Quantity = found.within if layer == "rebuild" else found
        return reach

    def rate_at(self, values: Mapping[str, float] | None, count: int, parts: int) -> float:
        """Return the failures of one unit of the part [1/s]; `count` of the rate's noun stand for `parts` units."""
        times = self.times.at(values) * self.portion_at(values)
        if self.mtbf is not None:
            return times / self.mtbf.at(values)
        if self.rate is not None:
            return times * self.rate.at(values) * count / parts
        if self.observed is not None:
            return times * self.observed.rate_at(values) * count / parts
        return 0.0

    def portion_at(self, values: Mapping[str, float] | None) -> float:
        """Return what this row has of the rate that is written [1]: 1, unless it is one of several rows of a cause."""
        return self._origin.factor_at(values)

    @property
    def happens(self) -> bool:
        """Whether its rate is above zero."""
        counted = self.rate or self.mtbf or self.scale or (self.observed.count if self.observed else None)
        return counted is not None and counted.median > 0 and self.times.median > 0

    @property
    def renews(self) -> bool:
        """Whether a broken unit is replaced by a new one, and that changes anything: what stalls breaks nothing."""
        ages = self.law != "exponential"
        return ages and self.on_replacement == "renewal" and self.effect not in ("stall", "corrupt")

    @property
    def moves(self) -> bool:
        """Whether its rate, law or age is not known exactly."""
        excess = None if self.scales is None else self.scales.excess
        numbers = (self.rate, self.mtbf, self.scale, self.times, self.shape, self.age, excess)
        observed = () if self.observed is None else (self.observed.count, self.observed.over)
        return self._origin.uncertain or any(
            number is not None and number.uncertain for number in (*numbers, *observed)
        )

    @property
    def divisible(self) -> bool:
        """Whether its failures may be told apart by kind, each kind with a clock of its own.

        Only what stops the job is detected, and a domain or an element of the fabric that fails is seen at once. A part
        that is renewed has one clock for all that can befall it. A share of lognormal lives is not lognormal.
        """
        seen = self.part in DOMAINS or self.part in ELEMENTS
        return self.effect == "stop" and not seen and not self.renews and self.law != "lognormal"

    @property
    def may_hang(self) -> bool:
        """Whether some of its failures may be noticed in another way, as hangs: it has no one detection for all."""
        return self.divisible and (self.detection is None or self.hangs is not None)

    @property
    def may_climb(self) -> bool:
        """Whether its stops may end at a rung of the ladder: it has no restart of its own."""
        return self.divisible and self.restart is None

    @property
    def tried(self) -> tuple[Rung, ...]:
        """The rungs of the ladder that were tried before and did not end its stops."""
        return self._origin.tried

    def filled(self, per_place: int, span: int) -> "Cause":
        """Return the cause with the nodes that a stop takes: those that the part serves; none for one in no place."""
        if self.blast is not None:
            return self
        return self.model_copy(update={"blast": chosen(f"{span or min(1, per_place)} nodes", "nodes")})

    @property
    def counted_part(self) -> str:
        """The part whose failures its rate counts: its own, or that of the cause of which it is the common share."""
        return self._origin.part or self.part

    @property
    def per(self) -> str:
        """The noun that the rate counts by; empty where it counts by the part itself."""
        counted = self.rate or self.observed
        return counted.per if counted is not None else ""


def _happens(drawn: Drawn) -> bool:
    return drawn.family != "never"


def _with_spread(value: Any, spread: Any) -> Any:
    return {**value, "spread": spread} if isinstance(value, dict) else {"value": value, "spread": spread}
