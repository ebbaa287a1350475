"""Every key of a scenario, from the schema, and other legal values for each: for tests that ask whether any is idle."""

import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from simulator.nouns.checkpoint import Interval
from simulator.scenario import Scenario
from simulator.scenario.schema import Document
from simulator.words import units
from simulator.words.drawn import Drawn, DrawnLike
from simulator.words.intensity import Steps
from simulator.words.quantity import Like, Quantity
from simulator.words.section import Section

# What a key takes whose type does not tell: names of other things, dates, lists. By its path, `*` for a name or place.
WRITTEN: dict[str, tuple[str, ...]] = {
    "cluster.node": ("hgx_h100", "hgx_b200", "hgx_a100", "gb200_nvl72"),
    "cluster.fabric": ("infiniband_ndr", "roce_400g_ecmp", "roce_400g_llama3"),
    "job.model": ("llama3_8b", "llama3_70b", "no_such_model"),
    "job.parallel": ("{tensor: 4}", "{pipeline: 2}"),
    "job.precision": ("fp8", "bf16"),
    "job.start": ("2027-03-02", "2027-05-01"),
    "job.deadline": ("2027-03-09", "2027-03-20", "2028-05-01"),
    "failures.*.part": ("gpu", "node", "software", "spine", "rack"),
    "failures.*.intensity": ("[[0 d, 3], [1 d, 1]]",),
    "failures.*.reach": ("40 s", "{timeout: 20, retries: 7}", "5 min"),
    "failures.*.rebuild.within": ("90 s", "10 min"),
    "failures.*.link_level": ("2 s", "20 s"),
    "failures.*.common.domain": ("rack", "leaf", "feed"),
    "checkpoint.tiers": ("[{to: storage, blocking: 90 s, restore: 9 min}]",),
    "checkpoint.tiers.*.storage": ("cluster_file_system", "parallel_file_system", "object_store"),
    "maintenance.windows": ("[{at: 3 h, length: 1 h}]",),
    "name": ("other",),
    "question": ("Which one?",),
    "sweep": ("{run.horizon: 90 d}",),
}


class Leaf(NamedTuple):
    """A key of a scenario that holds one value."""

    path: str  # in the scenario, as `--set` has it
    key: str  # in the schema: `*` for the name of a cause or part, and for a place in a list
    values: tuple[str, ...]  # others than it has, each legal for the key alone


def leaves(scenario: Scenario) -> Iterator[Leaf]:
    """Yield every leaf of the schema, where a scenario has it or could have it."""
    yield from _of_section(Document, scenario.document, (), ())


def _of_section(model: type[Section], section: Any, path: tuple[str, ...], key: tuple[str, ...]) -> Iterator[Leaf]:
    for name, field in model.model_fields.items():
        value = None if section is None else getattr(section, name)
        yield from _of(_annotated(field), value, (*path, name), (*key, name))
    extra = typing.get_args(model.__annotations__.get("__pydantic_extra__"))
    for name, value in ((section.__pydantic_extra__ or {}) if extra and section is not None else {}).items():
        yield from _of(extra[1], value, (*path, name), (*key, "*"))


def _of(annotation: Any, value: Any, path: tuple[str, ...], key: tuple[str, ...]) -> Iterator[Leaf]:
    known = WRITTEN.get(".".join(key), ())
    inner = list(_parts(annotation))
    section = next((each for each in inner if isinstance(each, type) and issubclass(each, Section)), None)
    if any(isinstance(each, Interval) for each in inner) and not isinstance(value, Section):
        section = None  # a duration or a word, in place of the section
    several = next((each for each in inner if typing.get_origin(each) in (tuple, dict)), None)
    several = None if any(isinstance(each, Steps) for each in inner) else several
    if section is not None:
        yield from _of_section(section, value, path, key)
    elif several is not None:
        below = typing.get_args(several)[typing.get_origin(several) is dict]
        below = typing.get_args(several)[0] if typing.get_origin(several) is tuple else below
        named = value.items() if isinstance(value, dict) else enumerate(value or ())
        for name, each in named:
            yield from _of(below, each, (*path, str(name)), (*key, "*"))
    if (section is None and several is None) or known:
        own = [text for each in inner for text in _texts(each, value)]
        values = tuple(dict.fromkeys(text for text in (*known, *own) if text != _written(value)))
        yield Leaf(".".join(path), ".".join(key), values)


def _annotated(field: FieldInfo) -> Any:
    """Return the annotation of a field with what pydantic took out of it."""
    found: Any = field.annotation
    for mark in field.metadata:
        found = typing.Annotated[found, mark]
    return found


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield what an annotation is made of: the marks of Annotated, the members of a union, the rest as it is."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from annotation.__metadata__
        yield from _parts(annotation.__origin__)
    elif origin in (typing.Union, types.UnionType):
        for each in typing.get_args(annotation):
            yield from _parts(each)
    else:
        yield annotation


def _written(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else ""


def _texts(kind: Any, value: Any) -> Iterator[str]:
    """Yield other values that a part of an annotation allows."""
    if isinstance(kind, Like):
        yield from _numbers(kind, value if isinstance(value, Quantity) else None)
    elif isinstance(kind, DrawnLike):
        yield from _laws(kind, value if isinstance(value, Drawn) else None)
    elif isinstance(kind, Interval):
        yield from ("auto", "7 min", "50 min", "{times_optimum: 3}")
    elif typing.get_origin(kind) is typing.Literal:
        yield from (str(each) for each in typing.get_args(kind) if each != value)
    elif kind is bool:
        yield from ("true", "false")


def _numbers(like: Like, value: Quantity | None) -> Iterator[str]:
    unit = like.unit if value is None else value.like
    scale = units.parse(f"1 {unit}" if unit else "1", unit) if unit else 1.0
    if value is not None and value.median > 0:
        found = [factor * value.median for factor in (2.0, 0.5, 1.3, 0.9)]
        found += [value.median + 1, value.median - 1] if like.whole else []
    else:
        found = [factor * scale for factor in (30.0, 2.0, 1.0, 8.0, 60.0, 1000.0, 0.1)]
    for number in found:
        whole = not like.whole or unit != like.unit or number == int(number)
        fits = whole and like.least <= number <= like.most and number > like.above
        if fits and (value is None or number != value.median):
            yield units.exact(number, unit)


def _laws(like: DrawnLike, value: Drawn | None) -> Iterator[str]:
    if like.unit == "%":
        yield from ("55%", "80%", "95%", "{from: 50%, to: 90%}")
        return
    number = dict(value.numbers).get("value") if value is not None and value.family == "fixed" else None
    yield from ("37 min", "3 h", "90 s") if number is None else _numbers(Like("s"), number)
    if like.never and (value is None or value.family != "never"):
        yield "never"
