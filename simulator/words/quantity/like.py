"""Reading a number of a scenario: its unit and bounds, and the forms in which it says how well it is known."""

import math
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from simulator.words import units
from simulator.words.quantity.by_class import OfClass, by_class
from simulator.words.quantity.number import HOW, Quantity
from simulator.words.section import Fault, did_you_mean, faults_in, refusal, unknown_key

_KEYS = ("value", "p10", "p50", "p90", "spread", "by_class", "source", "how")

_ZERO_WITH_SPREAD = (
    "a number with a spread must be above zero; leave the spread out, or to switch a cause off write times: 0 beside "
    "its rate, which stays"
)


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
                raise refusal([(("spread",), _ZERO_WITH_SPREAD)])
            return Quantity(number, like, spread=spread, source=source, how=how, **self._flags())
        (p10, like), (p50, second), (p90, third) = self._percentiles(value)
        if not units.unit(like).dimension == units.unit(second).dimension == units.unit(third).dimension:
            raise refusal([((), "p10, p50 and p90 must be in the same unit")])
        if not 0 < p10 <= p50 <= p90:
            raise refusal([((), "p10, p50 and p90 must be above zero and must not fall; a certain zero stands alone")])
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
            fault = self._out_of_bounds(number, like, "%" not in str(value) and number <= 100)
        except units.UnitError as error:
            raise refusal([(place, str(error))], value) from None
        if fault:
            raise refusal([(place, f"{str(value).strip()} {fault}")], value)
        return number, like

    def _parsed(self, value: Any) -> tuple[float, str]:
        if self.others:
            found = units.measure(value, self.unit)
            for like in (self.unit, *self.others):
                # A bare number is no share: what has no unit is refused below.
                written = like != "%" or "%" in str(value)
                if written and units.unit(like).dimension == found.dimension:
                    return found.value, like
        return units.parse(value, self.unit), self.unit

    def _out_of_bounds(self, number: float, like: str, written_plain: bool) -> str:
        if number < self.least:
            return f"must not be {'negative' if self.least == 0 else f'below {units.show(self.least, like)}'}"
        if number <= self.above:
            return f"must be above {'zero' if self.above == 0 else units.show(self.above, like)}"
        if number > self.most:
            percent = f'; write "{number:g}%"' if self.unit == "%" and self.most == 1 and written_plain else ""
            return f"must not be above {units.show(self.most, like)}{percent}"
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
