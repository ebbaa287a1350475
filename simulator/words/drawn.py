"""A quantity that chance draws anew each time it is needed within a run: its law, as a scenario writes it.

The numbers of the law may themselves be known only roughly; that ignorance is theirs (quantity.py). So
`{p50: 2 min, p90: 10 min}` is a law of chance, while `{p10: 1 min, p50: 2 min, p90: 10 min}` is one fixed duration that
we do not know. A median that we do not know and a spread of chance around it are `{p50: {p10, p50, p90}, shape: 0.8}`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Any

from pydantic import GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from simulator.words.quantity import Like, Quantity, default
from simulator.words.section import Fault, did_you_mean, faults_in, refusal, unknown_key

# Each form of a law: the keys of its numbers, and the families that it can mean, the first by default.
FORMS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("mean", "shape"): ("weibull", "lognormal", "gamma"),
    ("p50", "p90"): ("lognormal", "weibull", "gamma"),
    ("p50", "shape"): ("lognormal",),
    ("mean",): ("exponential",),
    ("from", "to"): ("uniform",),
    ("every", "power"): ("checks",),
}
_KEYS = ("mean", "p50", "p90", "shape", "from", "to", "every", "power", "law", "source")
_GROWTH_KEYS = ("by_gpus", "times", "source")
_GPUS = Like("GPUs", above=0, certain=True)
_TIMES = Like("", above=0)
_GROWTH_EXAMPLE = "by_gpus: [[16_000 GPUs, 200 s], [98_000 GPUs, 900 s]]"
LARGEST = math.log(1e15)  # of a time [s] that is extrapolated; larger ones are without end
_SHAPE = Like("", above=0, most=1000)
_POWER = Like("%", above=0, most=1)


@dataclass(frozen=True, slots=True)
class Growth:
    """A time that grows with the size of the job: points of (GPUs, time), and how many GPUs the job has."""

    points: tuple[tuple[Quantity, Quantity], ...]  # [GPUs] rising, [s]; none: those of the class of operator
    gpus: int = 0  # 0: the job is not known yet

    @property
    def sizes_and_times(self) -> list[tuple[float, float]]:
        """The points as plain numbers [GPUs, s]."""
        return [(gpus.median, time.median) for gpus, time in self.points]

    @property
    def at_job(self) -> float:
        """The time at the size of the job [s]: interpolated in logarithms.

        Below the first point it is that of the first. Above the last one it goes on as between the last two.
        """
        sizes, times = ([number.median for number in column] for column in zip(*self.points, strict=True))
        if self.gpus <= sizes[0] or len(sizes) == 1:
            return float(times[0])
        (low, below), (high, above) = next(
            (pair for pair in pairwise(zip(sizes, times, strict=True)) if pair[1][0] >= self.gpus),
            ((sizes[-2], times[-2]), (sizes[-1], times[-1])),
        )
        steps = math.log(self.gpus / low) / math.log(high / low)
        if math.log(below) + steps * math.log(above / below) > LARGEST:
            return math.inf
        return float(below * (above / below) ** steps)

    @property
    def outside(self) -> str:
        """What is said of a job whose size lies beyond the points; empty for one between them."""
        first, last = self.points[0][0], self.points[-1][0]
        if self.gpus > last.median:
            return f"EXTRAPOLATED beyond {last.text()}"
        return f"as at {first.text()}, the smallest size that is given" if self.gpus < first.median else ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A law of chance: `fixed`, `never`, or a family of FORMS, with its numbers [SI] by their keys.

    One that grows with the job is fixed too: `times` what its `growth` says at the job's size.
    """

    family: str
    numbers: tuple[tuple[str, Quantity], ...] = ()
    growth: Growth | None = None

    def located(self, gpus: int) -> "Drawn":
        """Return the law for a job of so many GPUs."""
        return self if self.growth is None else replace(self, growth=replace(self.growth, gpus=gpus))

    def of(self, usual: "Drawn") -> "Drawn":
        """Return the law with the growth of a usual one, where it says only how many times that."""
        return self if not self.scales_class else replace(self, growth=usual.growth)

    @property
    def scales_class(self) -> bool:
        """Whether it says only how many times what the class of operator says by the size of the job."""
        return self.growth is not None and not self.growth.points

    def same_numbers(self, other: "Drawn") -> bool:
        """Return whether another law is the same one with the same numbers, whatever backs them."""

        def plain(law: "Drawn") -> tuple[Any, ...]:
            return law.family, *((key, each.median, each.p10, each.p90, each.spread) for key, each in law.numbers)

        return plain(self) == plain(other)

    @property
    def uncertain(self) -> bool:
        """Whether any of its numbers is not known exactly."""
        return any(number.uncertain for _, number in self.numbers)

    def at(self, values: Mapping[str, float] | None) -> dict[str, float]:
        """Return its numbers [SI] by their keys, in a replication whose inputs are drawn, or the medians."""
        if self.growth is not None:
            return {"value": self.growth.at_job * self.numbers[0][1].at(values)}
        return {name: number.at(values) for name, number in self.numbers}


@dataclass(frozen=True)
class DrawnLike:
    """How a field's law is written: the unit of its numbers, their largest value, and whether it may be `never`.

    One that `grows` may be given by the size of the job, and one `of_class` as so many times what the class of operator
    says of that; one that is `one_value` has no law of chance.
    """

    unit: str
    most: float = math.inf
    above: float = -math.inf
    never: bool = False
    grows: bool = False
    of_class: bool = False
    one_value: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the field to an editor."""
        text = f"a value in {self.unit}"
        if not self.one_value:
            text += (
                ", or a law of chance: {mean, shape}, {mean, law: exponential}, {p50, p90}, {p50, shape}, {from, to}"
            )
            text += ", or checks {every, power} that find it with that probability"
        if self.grows:
            text += f"; or by the size of the job, {{{_GROWTH_EXAMPLE}}}"
        return {"type": ["string", "number", "object"], "description": text}

    def read(self, value: Any) -> Drawn:
        """Return the law that a scenario's value means; raise every fault in it."""
        if isinstance(value, Drawn):
            return value
        if value == "never":
            if not self.never:
                raise refusal([((), "must not be never; write a duration")], value)
            return Drawn("never")
        if isinstance(value, dict) and ("by_gpus" in value or (self.of_class and "times" in value)):
            return self._read_growth(value)
        if self.one_value or not isinstance(value, dict) or "p10" in value or "value" in value or not (
            set(value) & set(_KEYS[:-1])
        ):  # fmt: skip
            number = Like(self.unit, most=self.most, above=self.above)
            return Drawn("fixed", (("value", number.read(value)),))
        faults: list[Fault] = [((key,), unknown_key(key, _KEYS)) for key in value if key not in _KEYS]
        if faults:
            raise refusal(faults, value)
        return self._read_law(value)

    def _read_growth(self, value: dict[str, Any]) -> Drawn:
        faults: list[Fault] = [((key,), unknown_key(key, _GROWTH_KEYS)) for key in value if key not in _GROWTH_KEYS]
        if not self.grows:
            faults.append((("by_gpus",), "does not grow with the job here; write one value, or a law of chance"))
        points = value.get("by_gpus", [])
        listed = isinstance(points, list) and (points or "by_gpus" not in value)
        if not listed or not all(isinstance(p, list) and len(p) == 2 for p in points):
            faults.append((("by_gpus",), f"is a list of [GPUs, time]; write {_GROWTH_EXAMPLE}"))
        if faults:
            raise refusal(faults, value)
        read = []
        for place, pair in enumerate(points):
            try:
                read.append((_GPUS.read(pair[0]), Like(self.unit, above=0, most=self.most, certain=True).read(pair[1])))
            except ValidationError as error:
                faults += faults_in(error, "by_gpus", place)
        if not faults and any(after[0].median <= before[0].median for before, after in pairwise(read)):
            faults.append((("by_gpus",), f"the numbers of GPUs must rise, as in {_GROWTH_EXAMPLE}"))
        if faults:
            raise refusal(faults, value)
        try:
            times = _TIMES.read(value.get("times", "1"))
        except ValidationError as error:
            raise refusal(faults_in(error, "times"), value) from None
        if "times" not in value:
            times = replace(times, source=value.get("source"))
        return Drawn("fixed", (("times", times),), Growth(tuple(read)))

    def _read_law(self, value: dict[str, Any]) -> Drawn:
        form = tuple(key for key in _KEYS[:8] if key in value)
        if form not in FORMS:
            forms = "{mean, shape}, {mean, law: exponential}, {p50, p90}, {p50, shape}, {from, to} or {every, power}"
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
            if low in numbers and high in numbers and not numbers[low].median < numbers[high].median:
                raise refusal([((), f"{high} must be above {low}; a single value is written alone")])
        ratio = numbers["p90"].median / numbers["p50"].median if drawn.family == "gamma" and "p90" in numbers else 2.0
        if not 1.02 <= ratio <= 1e6:  # beyond, the shape runs out of the range in which it is searched
            raise refusal([((), "p90 must be 1.02 to 10^6 times p50 in a gamma law; or use lognormal")])
        return drawn


def fixed(value: str, like: str, *, p10: str | None = None, p90: str | None = None, why: str = "default") -> Drawn:
    """Return the fixed quantity that holds where a scenario is silent: ASSUMED, with what speaks for it."""
    return Drawn("fixed", (("value", default(value, like, p10=p10, p90=p90, why=why)),))


def by_operator(like: str) -> Drawn:
    """Return what stands where the class of the operator says how long it takes: see `simulator.nouns.operators`."""
    return Drawn("fixed", (("value", Quantity(0.0, like, source=BY_OPERATOR)),))


BY_OPERATOR = "the class of the operator"
Timing = Annotated[Drawn, DrawnLike("min")]
GrowingTiming = Annotated[Drawn, DrawnLike("min", grows=True)]
TimingOfClass = Annotated[Drawn, DrawnLike("min", grows=True, of_class=True)]
GrowingDuration = Annotated[Drawn, DrawnLike("min", grows=True, one_value=True)]
TimingOrNever = Annotated[Drawn, DrawnLike("min", never=True)]
Speed = Annotated[Drawn, DrawnLike("%", most=1.0, above=0)]
