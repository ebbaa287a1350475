"""A quantity that chance draws anew each time it is needed within a run: its law, as a scenario writes it.

The numbers of the law may themselves be known only roughly; that ignorance is theirs (quantity.py). So
`{p50: 2 min, p90: 10 min}` is a law of chance, while `{p10: 1 min, p50: 2 min, p90: 10 min}` is one fixed duration that
we do not know.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from simulator.quantity import Like, Quantity, default
from simulator.section import Fault, did_you_mean, faults_in, refusal, unknown_key

# Each form of a law: the keys of its numbers, and the families that it can mean, the first by default.
FORMS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("mean", "shape"): ("weibull", "lognormal", "gamma"),
    ("p50", "p90"): ("lognormal", "weibull", "gamma"),
    ("mean",): ("exponential",),
    ("from", "to"): ("uniform",),
    ("every", "power"): ("checks",),
}
_KEYS = ("mean", "shape", "p50", "p90", "from", "to", "every", "power", "law", "source")
_SHAPE = Like("", above=0, most=1000)
_POWER = Like("%", above=0, most=1)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A law of chance: `fixed`, `never`, or a family of FORMS, with its numbers [SI] by their keys."""

    family: str
    numbers: tuple[tuple[str, Quantity], ...] = ()

    @property
    def uncertain(self) -> bool:
        """Whether any of its numbers is not known exactly."""
        return any(number.uncertain for _, number in self.numbers)

    def at(self, values: Mapping[str, float] | None) -> dict[str, float]:
        """Return its numbers [SI] by their keys, in a replication whose inputs are drawn, or the medians."""
        return {name: number.at(values) for name, number in self.numbers}


@dataclass(frozen=True)
class DrawnLike:
    """How a field's law is written: the unit of its numbers, their largest value, and whether it may be `never`."""

    unit: str
    most: float = math.inf
    above: float = -math.inf
    never: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the field to an editor."""
        text = f"a value in {self.unit}, or a law of chance: {{mean, shape}}, {{mean, law: exponential}}, {{p50, p90}}"
        checked = "checks {every, power} that find it with that probability"
        return {"type": ["string", "number", "object"], "description": f"{text}, {{from, to}}, or {checked}"}

    def read(self, value: Any) -> Drawn:
        """Return the law that a scenario's value means; raise every fault in it."""
        if isinstance(value, Drawn):
            return value
        if value == "never":
            if not self.never:
                raise refusal([((), "must not be never; write a duration")], value)
            return Drawn("never")
        if not isinstance(value, dict) or "p10" in value or "value" in value or not set(value) & set(_KEYS[:-1]):
            number = Like(self.unit, most=self.most, above=self.above)
            return Drawn("fixed", (("value", number.read(value)),))
        faults: list[Fault] = [((key,), unknown_key(key, _KEYS)) for key in value if key not in _KEYS]
        if faults:
            raise refusal(faults, value)
        return self._read_law(value)

    def _read_law(self, value: dict[str, Any]) -> Drawn:
        form = tuple(key for key in _KEYS[:8] if key in value)
        if form not in FORMS:
            forms = "{mean, shape}, {mean, law: exponential}, {p50, p90}, {from, to} or {every, power}"
            raise refusal([((), f"a law is {forms}")], value)
        families = FORMS[form]
        family = value.get("law", None if form == ("mean",) else families[0])
        if family is None:
            raise refusal([((), 'a mean alone is no law; write "law: exponential" with it, or a shape')], value)
        if family not in families:
            hint = did_you_mean(str(family), families) or f"; one of {', '.join(families)}"
            raise refusal([(("law",), f"'{family}' is not a law of {' and '.join(form)}{hint}")], value)
        if "source" in value and not isinstance(value["source"], str):
            raise refusal([(("source",), "a source is text")], value)
        return self._checked(Drawn(family, self._numbers(form, value)))

    def _numbers(self, form: tuple[str, ...], value: dict[str, Any]) -> tuple[tuple[str, Quantity], ...]:
        lowest = self.above if form == ("from", "to") else 0.0
        number = Like(self.unit, above=lowest, most=self.most)
        numbers: list[tuple[str, Quantity]] = []
        faults: list[Fault] = []
        for key in form:
            try:
                numbers.append((key, {"shape": _SHAPE, "power": _POWER}.get(key, number).read(value[key])))
            except ValidationError as error:
                faults += faults_in(error, key)
        if faults:
            raise refusal(faults, value)
        return tuple(numbers)

    def _checked(self, drawn: Drawn) -> Drawn:
        numbers = dict(drawn.numbers)
        if "shape" in numbers and drawn.family != "lognormal" and numbers["shape"].median < 0.05:
            raise refusal([(("shape",), "must not be below 0.05")])
        for low, high in (("p50", "p90"), ("from", "to")):
            if low in numbers and not numbers[low].median < numbers[high].median:
                raise refusal([((), f"{high} must be above {low}; a single value is written alone")])
        ratio = numbers["p90"].median / numbers["p50"].median if drawn.family == "gamma" and "p90" in numbers else 2.0
        if not 1.02 <= ratio <= 1e6:  # beyond, the shape runs out of the range in which it is searched
            raise refusal([((), "p90 must be 1.02 to 10^6 times p50 in a gamma law; or use lognormal")])
        return drawn


def fixed(value: str, like: str, *, p10: str | None = None, p90: str | None = None, why: str = "default") -> Drawn:
    """Return the fixed quantity that holds where a scenario is silent: ASSUMED, with what speaks for it."""
    return Drawn("fixed", (("value", default(value, like, p10=p10, p90=p90, why=why)),))


Timing = Annotated[Drawn, DrawnLike("min")]
TimingOrNever = Annotated[Drawn, DrawnLike("min", never=True)]
Speed = Annotated[Drawn, DrawnLike("%", most=1.0, above=0)]
