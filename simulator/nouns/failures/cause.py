"""A cause of failures: what breaks, how often, and what that does to the job."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from simulator.mechanisms import CARDS, MANNERS, CauseKeys
from simulator.mechanisms.card import Manner
from simulator.mechanisms.steps import Rung
from simulator.nouns.failures.rows import Origin, Portion
from simulator.nouns.failures.scales import Scales
from simulator.words import units
from simulator.words.intensity import Intensity
from simulator.words.quantity import Age, Factor, Like, Nodes, PositiveDuration, Quantity, Share, chosen, default
from simulator.words.section import Fault, Section
from simulator.words.unit_catalogue import DOMAINS, ELEMENTS

NOUNS = (
    "GPU", "node", "NIC", "link", "port", "leaf", "switch", "rack", "domain", "feed", "row", "hall", "job", "site",
    *ELEMENTS,
)  # fmt: skip
Rate = Annotated[Quantity, Like("/kGPU/day", others=("/day", *(f"/{noun}/day" for noun in NOUNS)))]
if TYPE_CHECKING:
    EffectWord = str
else:
    EffectWord = Literal[tuple(MANNERS)]
Exposure = Annotated[Quantity, Like("GPUs", others=NOUNS[1:], above=0, certain=True)]


class Observed(Section):
    """A count of failures seen, over a time, on so many parts. Its rate is known to 1/sqrt(count)."""

    count: Annotated[Quantity, Like("", above=0, counted=True)] = Field(description="failures that were seen")
    over: PositiveDuration = Field(description="the time in which they were seen")
    on: Exposure = Field(description="the parts, GPUs or nodes that were watched")

    def rate_at(self, values: Mapping[str, float] | None) -> float:
        """Return the failures per part and second."""
        return self.count.at(values) / (self.over.at(values) * self.on.median)

    @property
    def per(self) -> str:
        """The noun that the rate counts by."""
        return units.unit(self.on.like).dimension.powers[0][0]


class Common(Section):
    """A share of the failures of a part has a cause that strikes its whole domain: the beta factor."""

    share: Share = Field(
        description="of the failures that strike the whole domain; the rest strikes one part, as before"
    )
    domain: str = Field(description="rack, leaf, feed, row, hall or site")


class _Clocked(Section):
    """The first keys of a cause: what fails, how often, and what that does to the job."""

    part: str = Field(
        description="gpu, hbm, nic, link, node, host, leaf, rack, domain, job, software, storage, site, or an element "
        "of the fabric, such as spine"
    )
    rate: Rate | None = Field(default=None, description="failures per part (or GPU, node...) and time")
    mtbf: PositiveDuration | None = Field(default=None, description="mean time between failures of one part [s]")
    scale: PositiveDuration | None = Field(default=None, description="of the Weibull law, instead of its mean [s]")
    observed: Observed | None = Field(default=None, description="a count of failures that gives the rate")
    spread: Share | None = Field(default=None, description="log-standard deviation of the rate: how well it is known")
    times: Factor = Field(
        default=chosen("1", ""), description="a factor on the rate, for what-if questions; 0 switches the cause off"
    )
    scales: Scales | None = Field(
        default=None, description="how its rate grows with the job beyond the number of its parts; as under failures"
    )
    law: Literal["exponential", "weibull", "lognormal"] = Field(
        default="exponential",
        description="of the time between failures: exponential forgets the age of a part, weibull does not",
    )
    shape: Annotated[Quantity, Like("", least=0.05, most=20)] | None = Field(
        default=None, description="of the Weibull law: below 1 parts fail early, above 1 they wear out"
    )
    age: Age = Field(
        default=default("0 d", "d", why="new at the start"), description="of the parts when the run starts"
    )
    on_replacement: Literal["renewal", "minimal_repair"] = Field(
        default="renewal",
        description="whether what replaces a broken part is new (renewal) or as old as it was (minimal_repair)",
    )
    intensity: Intensity | None = Field(default=None, description="[age, factor on the rate] steps")
    effect: EffectWord = Field(
        default="stop",
        description="stop the job, stall it for a moment, slow a node down, or corrupt the work until it is found",
    )
    blast: Nodes | None = Field(default=None, description="nodes that a stop takes")
    exposed: Literal["always", "busy", "running"] = Field(
        default="always",
        description="when it can strike: always, while the job is busy (recovering too), or while it is running",
    )


class Cause(CauseKeys, _Clocked):
    """One cause of failures: a part, a law of time between failures, an effect.

    A rate is one over the mean time between failures; a Weibull law given by one has that mean life from new.
    """

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
        for card in CARDS:
            if card.wrong_in_cause is not None:
                yield from card.wrong_in_cause(self)
        yield from self._search_faults()

    def _law_faults(self) -> Iterator[Fault]:
        ages, name_of = self.law != "exponential", self.law.capitalize()
        if ages and self.shape is None:
            yield ("law",), f'a {name_of} law needs a shape; write "shape: 0.8"'
        for name, law in (("shape", "weibull"), ("scale", "weibull")):
            if getattr(self, name) is not None and self.law != law and (name, self.law) != ("shape", "lognormal"):
                yield (name,), 'belongs to a Weibull law; write "law: weibull"'
        if self.law == "lognormal" and self.common is not None:
            yield ("common",), 'is not defined for a lognormal law; write "law: weibull", or a cause of its own'
        if ages and self.intensity is not None:
            yield ("intensity",), f"a {name_of} law has an intensity of its own; give one or the other"

    def _search_faults(self) -> Iterator[Fault]:
        if self.bisection is not None and self.diagnosis is not None:
            yield ("bisection",), "is the diagnosis; give one or the other"
        if self.common is not None and self.effect != "stop":
            yield ("common",), f"strikes a whole domain, and only stops do; the effect is {self.effect}"

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
        return ages and self.on_replacement == "renewal" and self.manner.breaks

    @property
    def manner(self) -> Manner:
        """What its effect is to the rest."""
        return MANNERS[self.effect]

    @property
    def slows(self) -> bool:
        """Whether a failure may slow the job down, and go unnoticed until the slow place is found or fast again."""
        return self.effect == "slow" or self.rerouted

    def portion(self, update: Mapping[str, Any], share: Quantity, *, rest: bool = False) -> "Cause":
        """Return a row of the cause with a share of its rate, or with what a share leaves, and some fields changed."""
        copy = self.model_copy(update=update)
        copy._origin = replace(self._origin, factors=(*self._origin.factors, Portion(share, rest)))
        return copy

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


def _with_spread(value: Any, spread: Any) -> Any:
    return {**value, "spread": spread} if isinstance(value, dict) else {"value": value, "spread": spread}
