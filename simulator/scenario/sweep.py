"""The `sweep` section and its axes: inputs, and the values that each of them takes in turn."""

import json
import math
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Annotated, Any, NamedTuple

from pydantic import ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from simulator.scenario.errors import AXIS, SECTION
from simulator.words import units
from simulator.words.section import Fault, Section, refusal
from simulator.words.unit_catalogue import PLURALS

MOST_VALUES = 1_000  # of one axis
LONGEST = 100  # characters of a range: what it costs to read one grows faster than its length
WIDEST = 1e300  # ratio of the ends of a range by ratios
RANGE = "LOW..HIGH/COUNT, such as '0..128 nodes/5', or with log behind it, such as '10 s..10 min/4 log'"
_NUMBER = r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RANGE = re.compile(rf"(x?)\s*({_NUMBER})\s*(.*?)\s*\.\.\s*(x?)\s*({_NUMBER})\s*(.*?)\s*/\s*([0-9]+)(\s+log)?")
_MEANT_AS_RANGE = re.compile(rf"x?\s*{_NUMBER}[^,]*\.\.")
_BEGINS_AS_NUMBER = re.compile(r"x?\s*[+-]?\.?[0-9]")
# What all have in common that are compared: under one seed their differences tell more than under seeds of their own.
_COMMON = {"run.seed": "--seed", "run.replications": "-n", "run.stop": "-n"}


class AxisError(ValueError):
    """An axis that cannot be swept; the text, "what is wrong; what to do", is for the user."""


class Axis(NamedTuple):
    """An input, and what it is set to in turn: texts as they stand after `--set PATH=`."""

    path: str
    values: tuple[str, ...]
    given_as: str = AXIS  # or SECTION: where its values stand, for what is wrong with them


def read_axis(text: str) -> Axis:
    """Return the axis that "PATH=VALUE,VALUE" means. Raises AxisError."""
    path, equals, listed = text.partition("=")
    if not equals:
        raise AxisError(
            f"'{text}' gives no values; write PATH=VALUE,VALUE, such as cluster.hot_spares='0 nodes,32 nodes'"
        )
    if not path.strip():
        raise AxisError(f"{text}: {path_fault(path)}")
    return axis_of(path, split(listed))


def axis_of(path: str, texts: Sequence[str], given_as: str = AXIS) -> Axis:
    """Return the axis of an input at values, of which some may be ranges. Raises AxisError."""
    path = path.strip()
    if (fault := path_fault(path)) is not None:
        raise AxisError(f"{path}: {fault}")
    try:
        return Axis(path, expanded(texts), given_as)
    except AxisError as error:
        raise AxisError(f"{path}: {error}") from None


def path_fault(path: str) -> str | None:
    """Return why nothing can be swept at a path, where that is plain without a scenario."""
    words = path.split(".")
    if (len(words) < 2 and path != "operator") or not all(word.strip() for word in words):
        return "is no path to an input; write one such as cluster.hot_spares"
    if (fault := common_fault(path, "cells")) is not None:
        return fault
    return "a sweep has no sweep within; leave it out" if words[0] == "sweep" else None


def common_fault(path: str, what: str) -> str | None:
    """Return why a path cannot differ between what is compared (`what`, such as "cells"); None where it can."""
    path = ".".join(word.strip() for word in path.split("."))
    if path == "run":
        return f"all {what} have the same seed and number of replications; set one part of it, such as run.horizon"
    for common, option in _COMMON.items():
        if path == common or path.startswith(f"{common}."):
            return f"all {what} have the same seed and number of replications; write {option}"
    return None


def clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return the path of an axis that stands in the way of another, and why; None where all are apart."""
    seen: list[str] = []
    for path in paths:
        for other in seen:
            if path == other:
                return path, "is swept twice; write all its values in one axis"
            if path.startswith(f"{other}.") or other.startswith(f"{path}."):
                return path, f"is swept beside {other}, of which one is a part of the other; leave one out"
        seen.append(path)
    return None


def split(listed: str) -> list[str]:
    """Return what commas outside brackets part, as `a, {p10: 1, p90: 2}`; brackets around all of it fall away."""
    listed = listed.strip()
    if listed.startswith("[") and _closes(listed) == len(listed) - 1:
        listed = listed[1:-1]
    parts, depth = [""], 0
    for letter in listed:
        depth += (letter in "{[") - (letter in "}]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _closes(text: str) -> int | None:
    """Return the place of the bracket that closes the one that a text begins with; None where none does."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "{[") - (letter in "}]")
        if depth == 0:
            return place
    return None


def expanded(written: Sequence[str]) -> tuple[str, ...]:
    """Return the values that texts mean, with ranges spelt out. Raises AxisError."""
    values: list[str] = []
    for text in written:
        if not text:
            raise AxisError("a value is missing; write VALUE,VALUE without a comma at the end")
        values += _range(text) if _meant_as_range(text) else [text]
    if len(values) > MOST_VALUES:
        raise AxisError(f"{len(values):_} values are more than {MOST_VALUES:_}; leave some out")
    for number, value in enumerate(values):
        if value in values[:number]:
            raise AxisError(f"'{value}' appears twice; leave it out")
    return tuple(values)


def _meant_as_range(text: str) -> bool:
    """Whether a text is to be a range. Raises AxisError for one that is too long to be looked at closely."""
    if len(text) <= LONGEST:
        return _MEANT_AS_RANGE.match(text) is not None
    if _BEGINS_AS_NUMBER.match(text) and ".." in text:
        raise AxisError(f"'{text[: LONGEST // 2]}...' has {len(text):_} characters, and no range does; write {RANGE}")
    return False


def _range(text: str) -> list[str]:
    """Return the values of a range: its ends as they are written, and what lies at equal distances (ratios) between."""
    match = _RANGE.fullmatch(text)
    if match is None or match[1] != match[4]:
        raise AxisError(f"'{text}' is no range; write {RANGE}")
    scale, low_number, low_unit, _, high_number, unit, count_text, log = match.groups()
    count = int(count_text)
    if not 2 <= count <= MOST_VALUES:
        raise AxisError(f"'{text}' has {count:_} values; a range has 2 to {MOST_VALUES:_}")
    low, high = _in_unit(_exact(low_number, text), low_unit or unit, unit), _exact(high_number, text)
    if not low < high:
        raise AxisError(f"'{text}' does not rise; write the lower end first")
    if -low > sys.float_info.max:
        raise AxisError(f"'{text}' begins below all numbers that can be told in {unit}; write an end nearer to zero")
    if log and low <= 0:
        raise AxisError(f"'{text}' begins at zero, of which there are no ratios; begin above it, or leave log out")
    if log and high / low > WIDEST:
        raise AxisError(f"'{text}' spans a ratio of more than {WIDEST:g}; write ends that are nearer, or leave log out")
    whole = not scale and _counted(unit)
    between = []
    for step in range(1, count - 1):
        if log:
            value, digits = Fraction(float(low) * float(high / low) ** (step / (count - 1))), 4
        else:
            value, digits = low + (high - low) * step / (count - 1), 6
        number = str(round(value)) if whole or value.denominator == 1 else f"{float(value):.{digits}g}"
        between.append(_join(scale, number, unit))
    return [_join(scale, low_number, low_unit or unit), *between, _join(scale, high_number, unit)]


def _exact(number: str, text: str) -> Fraction:
    """Return a number of a range as it is written. Raises AxisError for one that no float is near to.

    An exponent says in a few letters what would fill the memory as a fraction.
    """
    plain = number.replace("_", "")
    near = float(plain)
    if not math.isfinite(near):
        raise AxisError(f"'{text}': {number} is not a finite number; write a smaller one")
    if near == 0 and re.search(r"[1-9]", plain.lower().split("e")[0]):
        raise AxisError(f"'{text}': {number} is too small to be told from zero; write 0, or a larger one")
    return Fraction(plain) if near else Fraction(0)


def _in_unit(plain: Fraction, own: str, unit: str) -> Fraction:
    """Return a number with a unit of its own as one in another unit. Raises AxisError."""
    if own == unit:
        return plain
    try:
        mine, other = units.measure(f"1 {own}", unit), units.measure(f"1 {unit}", own)
    except units.UnitError as error:
        raise AxisError(str(error)) from None
    if mine.dimension != other.dimension:
        raise AxisError(f"{own} and {unit or 'a plain number'} do not measure the same; write both ends in one unit")
    return plain * Fraction(mine.value) / Fraction(other.value)


def _counted(unit: str) -> bool:
    """Whether a unit counts things, of which there are no halves."""
    try:
        return str(units.measure(f"1 {unit}", unit).dimension) in PLURALS
    except units.UnitError:
        return False  # whoever reads the values has the words


def _join(scale: str, number: str, unit: str) -> str:
    return f"{scale}{number}{'' if unit in ('', '%') else ' '}{unit}"


class _Values:
    """How the values of an axis are written in a scenario: a list, or a range."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        """Validate by reading."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe the values to an editor."""
        return {"type": ["array", "string"], "description": f"values as after --set PATH=, also x0.5; or {RANGE}"}

    def read(self, value: Any) -> tuple[str, ...]:
        """Return the values of an axis, with ranges spelt out; raise what is wrong with them."""
        items = value if isinstance(value, list | tuple) else split(value) if isinstance(value, str) else [value]
        if not items:
            raise refusal([((), "no values are given; write [..., ...]")], value)
        try:
            return expanded([as_text(item) for item in items])
        except AxisError as error:
            raise refusal([((), str(error))], value) from None


def factor_in(text: str) -> float | None:
    """Return the factor that "x0.5" is on what the scenario says; None for a text that scales nothing."""
    match = re.fullmatch(rf"x\s*({_NUMBER})", text)
    return None if match is None else float(match[1].replace("_", ""))


def as_text(value: Any) -> str:
    """Return a value as it would stand after `--set PATH=`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_text(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_text(below) for below in value) + "]"
    text = str(value)
    return json.dumps(text) if re.search(r"[{}\[\]#\"']|[:,] ", text) and not text.startswith("{") else text


class Sweep(Section):
    """What `derisk sweep` runs a scenario for: a grid over inputs by their paths."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Annotated[tuple[str, ...], _Values()]]

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes in the order of the file."""
        return tuple(Axis(path, values, SECTION) for path, values in self.__pydantic_extra__.items())

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the paths."""
        paths = list(self.__pydantic_extra__ or ())
        for path in paths:
            if (fault := path_fault(path)) is not None:
                yield (path,), fault
        if (found := clash(paths)) is not None:
            yield (found[0],), found[1]
