"""The fields of a form, from the schema and the scenario: value, unit, range, meaning, and what backs the value."""

import math
import re
import types
import typing
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.scenario import Scenario
from simulator.scenario.operators import operator_names
from simulator.scenario.schema import Document, meaning
from simulator.scenario.sweep import as_text
from simulator.words import units
from simulator.words.drawn import DrawnLike
from simulator.words.quantity import ASSUMED, CHOSEN, DEFAULT, Like
from simulator.words.section import Section

FORM = {"value", "p10", "p50", "p90", "spread", "source", "how"}
LAW = {"by_gpus", "times", "mean", "shape", "p50", "p90", "from", "to", "every", "power", "law", "source"}
HIDDEN = ("schema", "name", "question")
FAR = 1e5  # [SI] a bound beyond is nothing that anybody comes near

SECTIONS = {
    "cluster": "Cluster",
    "job": "Job",
    "operator": "Operator",
    "failures": "Failures",
    "recovery": "Recovery",
    "checkpoint": "Checkpoint",
    "maintenance": "Maintenance",
    "cost": "Cost",
    "run": "Simulation",
}


class Field(NamedTuple):
    """A line of the form."""

    path: str
    value: str  # as a scenario writes it, without its source
    unit: str
    limits: str  # the range in words; empty where there is none
    span: str  # the range in short, such as "0 to 100%"; empty where one of its ends is open or far
    help: str
    badge: str  # ASSUMED, source, chosen or default
    source: str
    choices: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The section of the scenario."""
        return self.path.partition(".")[0]

    @property
    def label(self) -> str:
        """The path within its section, in words."""
        return (self.path.partition(".")[2] or self.path).replace("_", " ").replace(".", " · ")


class Place(NamedTuple):
    """Where the schema speaks of a path."""

    model: type[BaseModel]
    name: str
    info: FieldInfo


def fields(scenario: Scenario) -> list[Field]:
    """Return every field of a scenario that has a value: the class of the operator, then the order of the schema."""
    written = scenario.resolved()
    classes = written.pop("operator")["classes"]
    return [_operator(classes), *(_field(path, value) for path, value in _leaves(written, ()))]


def _operator(classes: Mapping[str, str]) -> Field:
    """Return the class of the operator, or the mixture, as one choice."""
    names = list(classes)
    value = names[0] if len(names) == 1 else _text(classes)
    choices = tuple(dict.fromkeys((value, *operator_names())))
    return Field("operator", value, "", "", "", help_of("operator"), CHOSEN, "", choices)


def absent(scenario: Scenario) -> list[str]:
    """Return fields of the schema that the scenario leaves out, outside lists and named causes."""
    present = {field.path for field in fields(scenario)}
    covered = {path[: path.rfind(".")] for path in present} | present
    return [path for path in _known() if path not in covered and path.partition(".")[0] in SECTIONS]


def help_of(path: str) -> str:
    """Return what a path means, its unit and its range."""
    place = find(path)
    if place is None:
        return ""
    unit, limits = _unit(place.info), limits_of(place.info)
    words = [meaning(place.model, place.name), f"in {unit}" if unit else "", limits]
    return "; ".join(word for word in words if word)


def find(path: str) -> Place | None:
    """Return where the schema speaks of a path: the field itself, or the number or law of which it is a part."""
    model: Any = Document
    keys = path.split(".")
    found: Place | None = None
    while keys:
        key, *keys = keys
        info = model.model_fields.get(key)
        if info is None:
            extra = typing.get_args(model.__annotations__.get("__pydantic_extra__"))
            if not extra:
                return found
            model = extra[-1]
            continue
        found = Place(model, key, info)
        inner = _inner(info.annotation)
        if inner is None:
            return found
        if keys and (keys[0].isdigit() or typing.get_origin(info.annotation) is dict):
            keys = keys[1:]
        model = inner
    return found


def limits_of(info: FieldInfo) -> str:
    """Return the range of a field in words."""
    like = _marker(info)
    if like is None:
        return ""
    unit = like.unit
    if isinstance(like, DrawnLike):
        return f"at most {_shown(like.most, unit)}" if math.isfinite(like.most) else ""
    parts = []
    if math.isfinite(like.above):
        parts.append("above zero" if like.above == 0 else f"above {_shown(like.above, unit)}")
    elif like.least > 0:
        parts.append(f"at least {_shown(like.least, unit)}")
    else:
        parts.append("zero or more")
    if math.isfinite(like.most):
        parts.append(f"at most {_shown(like.most, unit)}")
    if like.whole:
        parts.append("whole")
    return ", ".join(parts)


def span_of(info: FieldInfo) -> str:
    """Return the range of a number in short; empty where it is open, or so wide that it only stops slips of the pen."""
    like = _marker(info)
    if not isinstance(like, Like) or like.most > FAR:
        return ""
    low = units.show(max(like.least, like.above), like.unit).removesuffix(like.unit).strip()
    return f"{low} to {_shown(like.most, like.unit)}"


def _shown(value: float, unit: str) -> str:
    return units.show(value, "d" if value > 1e8 and unit in ("min", "h", "s", "d") else unit).replace("_", ",")


def _field(path: str, value: Any) -> Field:
    place = find(path)
    source = _source(value)
    text = _text(value)
    choices: tuple[str, ...] = ()
    unit = limits = span = ""
    if place is not None:
        choices = _choices(place.info.annotation)
        unit, limits, span = _unit(place.info), limits_of(place.info), span_of(place.info)
    return Field(path, text, unit, limits, span, help_of(path), _badge(source, value), source, choices)


def _leaves(tree: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield what a form shows as one line: a number with its ignorance, a law, a word."""
    if isinstance(tree, Mapping) and not _is_leaf(tree):
        for key, below in tree.items():
            if key != "source" and not (not path and key in HIDDEN):
                yield from _leaves(below, (*path, str(key)))
    elif isinstance(tree, list | tuple) and any(isinstance(below, Mapping) for below in tree):
        for position, below in enumerate(tree):
            yield from _leaves(below, (*path, str(position)))
    elif tree is not None:
        yield ".".join(path), tree


def _is_leaf(tree: Mapping[str, Any]) -> bool:
    keys = set(tree)
    if keys <= FORM and keys & {"value", "p50"}:
        return True
    return bool(keys) and keys <= LAW and keys != {"source"} and not keys <= {"every", "source"}


def _text(value: Any) -> str:
    """Return a value as a scenario writes it, without sources."""
    plain = _without_source(value)
    if isinstance(plain, dict | list | tuple):
        return as_text(list(plain) if isinstance(plain, tuple) else plain)
    return str(plain).lower() if isinstance(plain, bool) else _grouped(str(plain))


def _grouped(text: str) -> str:
    """Return text in which long whole numbers have their thousands apart, as YAML allows."""
    return re.sub(r"(?<![\w.])\d{5,}(?![\w.])", lambda found: f"{int(found[0]):_}", text)


def _without_source(value: Any) -> Any:
    if isinstance(value, Mapping):
        rest = {key: _without_source(below) for key, below in value.items() if key not in ("source", "how")}
        return rest["value"] if list(rest) == ["value"] else rest
    return value


def _source(value: Any) -> str:
    """Return what backs a value; of the numbers of a law, whatever is weakest."""
    if not isinstance(value, Mapping):
        return ""
    if isinstance(value.get("source"), str):
        return str(value["source"])
    found = [_source(below) for below in value.values() if isinstance(below, Mapping)]
    return next((one for one in found if one.startswith(ASSUMED)), found[0] if found else "")


def _badge(source: str, value: Any) -> str:
    if source.startswith(ASSUMED):
        return ASSUMED
    if source in ("", CHOSEN):
        return CHOSEN
    return DEFAULT if source == DEFAULT else "source"


def _unit(info: FieldInfo) -> str:
    like = _marker(info)
    if like is None:
        return ""
    return " or ".join((like.unit, *like.others)) if isinstance(like, Like) else like.unit


def _marker(info: FieldInfo) -> Like | DrawnLike | None:
    for marker in info.metadata:
        if isinstance(marker, Like | DrawnLike):
            return marker
    return _marker_in(info.annotation)


def _marker_in(annotation: Any) -> Like | DrawnLike | None:
    for marker in getattr(annotation, "__metadata__", ()):
        if isinstance(marker, Like | DrawnLike):
            return marker
    for argument in typing.get_args(annotation):
        found = _marker_in(argument)
        if found is not None:
            return found
    return None


def _choices(annotation: Any) -> tuple[str, ...]:
    """Return the words that a field may be, where its type lists them."""
    if typing.get_origin(annotation) is typing.Literal:
        return tuple(str(choice) for choice in typing.get_args(annotation))
    arguments = [argument for argument in typing.get_args(annotation) if argument is not type(None)]
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return _choices(arguments[0]) if is_union and len(arguments) == 1 else ()


def _inner(annotation: Any) -> type[Section] | None:
    """Return the section inside an annotation."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, Section) else None
    for argument in typing.get_args(annotation):
        found = _inner(argument)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    from simulator.report.glossary import entries

    return tuple(
        entry.field
        for entry in entries()
        if entry.kind == "scenario"
        and "<" not in entry.field
        and not entry.keys
        and not entry.field.endswith(".source")
    )
