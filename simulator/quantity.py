"""A number of a scenario: its value in SI, where it comes from, and how well it is known.

What we do not know (ignorance) is drawn once a replication. It is either a lognormal of a given log-standard deviation
(`spread`), or a two-piece lognormal through P10, P50 and P90: its logarithm is Normal with one standard deviation below
the median and another above. What chance does within a run is another matter: see drawn.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, NamedTuple

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from simulator import units
from simulator.section import Fault, did_you_mean, faults_in, refusal, unknown_key

Z90 = 1.2815515655446004  # the standard normal quantile of 0.9
ASSUMED = "ASSUMED"
CHOSEN = "chosen"
DEFAULT = "default"

_TIMES = ("d", "h", "min", "s", "ms", "us")
_KEYS = ("value", "p10", "p50", "p90", "spread", "by_class", "source", "how")

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
    by_class: "tuple[OfClass, ...]" = ()  # of operators, where the operator may be of several

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
    def per(self) -> str:
        """The noun that a rate counts by, such as GPU or node; empty for a rate per time only."""
        return next((noun for noun, power in units.unit(self.like).dimension.powers if noun != "s" and power < 0), "")

    def at(self, values: Mapping[str, float] | None) -> float:
        """Return the value [SI] in a replication whose inputs are drawn, or the median."""
        return self.median if values is None else values.get(self.path, self.median)

    def at_score(self, score: float) -> float:
        """Return the value [SI] at a standard normal score: 0 is the median, 1.28 the P90."""
        if self.by_class:
            return _of_mixture(self.by_class, score)
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
        return _exact(self.median, self.like)

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
            document = {"p10": _exact(self.p10, self.like), "p50": value, "p90": _exact(self.p90, self.like)}
        elif self.spread > 0 or self.counted:
            document["spread"] = units.exact(self.spread, "%")
        if self.choice and len(document) == 1 and self.source in (None, DEFAULT) and self.how is None:
            return value
        document["source"] = self.backing
        return document if self.how is None else document | {"how": self.how}


class OfClass(NamedTuple):
    """What a number is where the operator is of one class, and the probability of that class [1]."""

    name: str
    share: float
    number: Quantity

    def written(self) -> dict[str, Any]:
        """Return what a scenario would say of it."""
        number = self.number.written()
        share = {"share": units.exact(self.share, "%")}
        return share | (number if isinstance(number, dict) else {"value": number})


def by_class(parts: tuple[OfClass, ...], source: str | None) -> Quantity:
    """Return a number that has a value for each class of operator; its median is that of the mixture."""
    first = parts[0].number
    whole = replace(first, by_class=parts, source=source, p10=None, p90=None, spread=0.0)
    return replace(whole, median=whole.at_score(0.0))


def _of_mixture(parts: tuple[OfClass, ...], score: float) -> float:
    """Return the value of a mixture [SI] at a standard normal score, by bisection of its distribution function."""
    wanted = _below(score)
    ends = [part.number.at_score(score) for part in parts]
    low, high = min(ends), max(ends)
    for _ in range(80):
        middle = (low + high) / 2
        if math.fsum(part.share * _below(part.number.score_of(middle)) for part in parts) < wanted:
            low = middle
        else:
            high = middle
    return high


def _below(score: float) -> float:
    """Return the probability that a standard normal number lies below a score."""
    return 0.5 * math.erfc(-score / math.sqrt(2.0))


@dataclass(frozen=True)
class Like:
    """How a field's number is written: a unit of its dimension (others that do as well), and its bounds [SI]."""

    unit: str
    others: tuple[str, ...] = ()
    least: float = 0.0
    above: float = -math.inf  # exclusive
    most: float = math.inf
    whole: bool = False
    certain: bool = False  # a number that nobody can be ignorant of, such as that of GPUs in a node
    choice: bool = False  # a planner's decision
    counted: bool = False  # a number of events seen: its rate is known to one over its square root

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the field to an editor."""
        text = f"a number in {self.unit}" if self.unit else "a plain number"
        if self.certain:
            return {"type": ["string", "number", "object"], "description": text}
        form = "; or {value, spread, source}, or {p10, p50, p90, source} where it is not known exactly"
        return {"type": ["string", "number", "object"], "description": text + form}

    def read(self, value: Any) -> Quantity:
        """Return the quantity that a scenario's value means; raise every fault in it."""
        if isinstance(value, Quantity):
            return value
        if not isinstance(value, dict):
            number, like = self._number(value, ())
            return Quantity(number, like, spread=self._default_spread(number), **self._flags())
        faults: list[Fault] = [((key,), unknown_key(key, _KEYS)) for key in value if key not in _KEYS]
        if not faults:
            faults = list(self._faults_of_form(value))
        if faults:
            raise refusal(faults, value)
        return self._read_form(value)

    def _faults_of_form(self, value: dict[str, Any]) -> list[Fault]:
        percentiles = {"p10", "p50", "p90"} & set(value)
        if percentiles and "value" in value:
            return [((), "give either a value or p10, p50 and p90")]
        if percentiles and len(percentiles) < 3:
            missing = [name for name in ("p10", "p50", "p90") if name not in value]
            return [((), f"{' and '.join(missing)} missing; a number that is not known exactly has p10, p50 and p90")]
        if "by_class" in value:
            return self._faults_of_classes(value["by_class"])
        if not percentiles and "value" not in value:
            return [((), "no value is given; write {value: ...} or {p10: ..., p50: ..., p90: ...}")]
        if percentiles and "spread" in value:
            return [(("spread",), "give either a spread or p10 and p90")]
        if self.certain and (percentiles or "spread" in value):
            return [((), "must be a certain number; give one value")]
        if "source" in value and not isinstance(value["source"], str):
            return [(("source",), "a source is text")]
        if "how" in value and value["how"] not in HOW:
            word = str(value["how"])
            return [(("how",), f"'{word}' is not one of {', '.join(HOW)}{did_you_mean(word, HOW)}")]
        return []

    def _faults_of_classes(self, value: Any) -> list[Fault]:
        if self.certain:
            return [((), "must be a certain number; give one value")]
        if not isinstance(value, dict) or not value or not all(isinstance(one, dict) for one in value.values()):
            return [(("by_class",), "is {class: {share: 70%, value: ...}} for each class of operator")]
        return [
            (("by_class", name), 'which share? write "share: 70%"') for name, one in value.items() if "share" not in one
        ]

    def _read_classes(self, value: dict[str, Any], source: str | None) -> Quantity:
        parts, faults = [], []
        for name, one in value.items():
            try:
                share = Like("%", most=1, certain=True).read(one["share"]).median
                number = self.read({key: text for key, text in one.items() if key != "share"})
                parts.append(OfClass(name, share, number))
            except ValidationError as error:
                faults += faults_in(error, "by_class", name)
        if faults:
            raise refusal(faults, value)
        return by_class(tuple(parts), source)

    def _read_form(self, value: dict[str, Any]) -> Quantity:
        source, how = value.get("source"), value.get("how")
        if "by_class" in value:
            return self._read_classes(value["by_class"], source)
        if "value" in value:
            number, like = self._number(value["value"], ("value",))
            spread = self._default_spread(number)
            if "spread" in value:
                spread = read_spread(value["spread"], ("spread",))
            if spread > 0 and number <= 0:
                raise refusal([(("spread",), "a number with a spread must be above zero")])
            return Quantity(number, like, spread=spread, source=source, how=how, **self._flags())
        (p10, like), (p50, second), (p90, third) = self._percentiles(value)
        if not units.unit(like).dimension == units.unit(second).dimension == units.unit(third).dimension:
            raise refusal([((), "p10, p50 and p90 must be in the same unit")])
        if not 0 < p10 <= p50 <= p90:
            raise refusal([((), "p10, p50 and p90 must be above zero and must not fall")])
        return Quantity(p50, like, p10=p10, p90=p90, source=source, how=how, **self._flags())

    def _flags(self) -> dict[str, Any]:
        return {"most": self.most, "counted": self.counted, "choice": self.choice}

    def _default_spread(self, number: float) -> float:
        # A Poisson count N has the relative standard error 1/sqrt(N).
        return 1.0 / math.sqrt(number) if self.counted and number > 0 else 0.0

    def _percentiles(self, value: dict[str, Any]) -> list[tuple[float, str]]:
        numbers: list[tuple[float, str]] = []
        faults: list[Fault] = []
        for name in ("p10", "p50", "p90"):
            try:
                numbers.append(self._number(value[name], (name,)))
            except ValidationError as error:
                faults += faults_in(error)
        if faults:
            raise refusal(faults, value)
        return numbers

    def _number(self, value: Any, place: tuple[str, ...]) -> tuple[float, str]:
        """Return a value in SI and the unit of its dimension, within bounds."""
        try:
            number, like = self._parsed(value)
            fault = self._out_of_bounds(number, like)
        except units.UnitError as error:
            raise refusal([(place, str(error))], value) from None
        if fault:
            raise refusal([(place, f"{str(value).strip()} {fault}")], value)
        return number, like

    def _parsed(self, value: Any) -> tuple[float, str]:
        if self.others:
            found = units.measure(value, self.unit)
            for like in (self.unit, *self.others):
                if units.unit(like).dimension == found.dimension:
                    return found.value, like
        return units.parse(value, self.unit), self.unit

    def _out_of_bounds(self, number: float, like: str) -> str:
        if number < self.least:
            return f"must not be {'negative' if self.least == 0 else f'below {units.show(self.least, like)}'}"
        if number <= self.above:
            return f"must be above {'zero' if self.above == 0 else units.show(self.above, like)}"
        if number > self.most:
            return f"must not be above {units.show(self.most, like)}"
        return "must be a whole number" if self.whole and like == self.unit and number != math.floor(number) else ""


def read_spread(value: Any, place: tuple[str, ...]) -> float:
    """Return a log-standard deviation [-] from its text."""
    try:
        spread = units.parse(value, "%")
    except units.UnitError as error:
        raise refusal([(place, str(error))], value) from None
    if not 0 <= spread <= 3:
        raise refusal([(place, f"{units.show(spread, '%')} must lie between 0 and 300%")], value)
    return spread


def _exact(value: float, like: str) -> str:
    """Return the shortest text that means exactly this value."""
    if like not in _TIMES or value == 0:
        return units.exact(value, like)
    return min((units.exact(value, unit) for unit in _TIMES), key=lambda text: len(text.split()[0]))


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


LONGEST = 1000 * 365 * 86_400.0  # [s] a thousand years: longer ones are mistakes, and ticks have an end

Duration = Annotated[Quantity, Like("min", most=LONGEST)]
Age = Annotated[Quantity, Like("d", most=LONGEST)]
PositiveDuration = Annotated[Quantity, Like("min", above=0, most=LONGEST)]
Share = Annotated[Quantity, Like("%", most=1)]
Factor = Annotated[Quantity, Like("", choice=True)]
Nodes = Annotated[Quantity, Like("nodes", whole=True, certain=True, choice=True)]
SomeNodes = Annotated[Quantity, Like("nodes", whole=True, certain=True, choice=True, least=1)]
SomeGpus = Annotated[Quantity, Like("GPUs", whole=True, certain=True, choice=True, least=1)]
Count = Annotated[Quantity, Like("", whole=True, certain=True, choice=True)]
PartSpan = Annotated[Quantity, Like("nodes", whole=True, certain=True, least=1)]
GpusPerNode = Annotated[Quantity, Like("GPUs", whole=True, certain=True, least=1)]
NicsPerNode = Annotated[Quantity, Like("NICs", whole=True, certain=True)]
