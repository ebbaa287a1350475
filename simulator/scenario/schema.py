"""The schema of a scenario file: its sections, and the same for editors as JSON schema."""

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import GenerateJsonSchema

from simulator.mechanisms.windows import Maintenance
from simulator.nouns.checkpoint import Checkpoint
from simulator.nouns.cluster import Cluster
from simulator.nouns.cost import Cost
from simulator.nouns.experiment import Run
from simulator.nouns.failures import Failures
from simulator.nouns.job import Job
from simulator.nouns.operators import Operator
from simulator.nouns.recovery import Recovery
from simulator.scenario.number_paths import document
from simulator.scenario.sweep import Sweep
from simulator.words.drawn import BY_OPERATOR, Drawn
from simulator.words.quantity import Quantity
from simulator.words.section import Fault, Section, unknown_key


class Document(Section):
    """A scenario file, without `schema` and `extends`, which are dealt with before."""

    name: str = Field(description="what the scenario is called")
    question: str | None = Field(default=None, description="what a planner wants to know")
    cluster: Cluster = Field(description="the machines: those of the job, hot spares on top, and their parts")
    job: Job = Field(
        description="the work, and when it starts: training time, or FLOP and the MFU at which they are done"
    )
    operator: Operator = Field(
        default=Operator(),
        description="who runs it: a class that fills what is left unsaid of recovery, saves and spares; automatic",
    )
    failures: Failures = Field(default=Failures(), description="the causes of failures by name")
    recovery: Recovery = Field(
        default=Recovery(), description="from a failure back to training; a cause may say otherwise for itself"
    )
    checkpoint: Checkpoint = Field(default=Checkpoint(), description="saves: how often, where to, and what they cost")
    maintenance: Maintenance | None = Field(
        default=None, description="windows in which the job stands still as planned"
    )
    cost: Cost = Field(default=Cost(), description="prices")
    run: Run = Field(default=Run(), description="the Monte Carlo run: replications, seed, where each one ends")
    sweep: Sweep | None = Field(
        default=None,
        description="what `derisk sweep` runs it for: values, or a range, by the path of an input; all combinations",
    )

    def faults(self) -> Iterator[Fault]:
        """Yield paths of a sweep at which there is no input."""
        for path in () if self.sweep is None else (axis.path for axis in self.sweep.axes):
            words = path.split(".")
            for depth, word in enumerate(words):
                cause = depth == 1 and words[0] == "failures" and word in self.failures.given
                known = keys_at(Document, tuple(words[:depth]))
                if known and not cause and word not in known:
                    names = [*known, *self.failures.given] if words[:depth] == ["failures"] else known
                    yield ("sweep", path), f"'{word}' is an {unknown_key(word, [n for n in names if n != 'source'])}"
                    break


# What a file may say before its sections.
HEAD: dict[str, dict[str, Any]] = {
    "schema": {"const": 1, "description": "the version of this schema"},
    "extends": {"type": "string", "description": "a file below this one: a path, or a preset's name"},
}


def meaning(model: type[BaseModel], name: str) -> str:
    """Return what a field of a section means."""
    return model.model_fields[name].description or ""


def form(model: type[BaseModel], name: str) -> str:
    """Return how a field of a section is written, where its type tells; empty elsewhere."""
    for marker in model.model_fields[name].metadata:
        if hasattr(marker, "__get_pydantic_json_schema__"):
            return str(marker.__get_pydantic_json_schema__({}, None).get("description", ""))
    return ""


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of scenario files, for editors."""
    schema = Document.model_json_schema(schema_generator=_ForEditors)
    _describe(schema, Document)
    for section in sections(Document):
        _describe(schema["$defs"][section.__name__], section)
    schema["properties"] = HEAD | schema["properties"]
    _allow_short_forms(schema["$defs"]["Operator"])
    _loosen(schema)
    schema["required"] = ["schema"]
    words = {"title": "Derisk scenario", "description": "A planned training run on a planned cluster."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, **words}


def _allow_short_forms(operator: dict[str, Any]) -> None:
    """Let an operator be a class alone, or a share of each, as `Operator` reads it."""
    operator["type"] = ["object", "string"]
    operator["additionalProperties"] = operator["properties"]["classes"]["additionalProperties"]
    operator["properties"]["classes"]["type"] = ["object", "string"]


class _ForEditors(GenerateJsonSchema):
    """Writes defaults as a user would."""

    def encode_default(self, dft: Any) -> Any:
        """Return a default as a scenario says it, without its source; None where that is to say nothing."""
        if isinstance(dft, Drawn) and any(number.source == BY_OPERATOR for _, number in dft.numbers):
            return None  # what holds then is not one value
        if isinstance(dft, Quantity | Drawn):
            return without_source(document(dft))
        return dft if isinstance(dft, str | bool) else None


def without_source(written: Any) -> Any:
    """Return what a scenario would say, without what backs it; a number that has no more to it is its text."""
    if not isinstance(written, dict):
        return written
    rest = {key: without_source(value) for key, value in written.items() if key != "source"}
    return rest["value"] if list(rest) == ["value"] else rest


def _describe(part: dict[str, Any], model: type[BaseModel]) -> None:
    """Give every field of a section its meaning, and how it is written where the meaning took that place."""
    for name, field in part["properties"].items():
        words = [meaning(model, name), "" if "anyOf" in field else form(model, name)]
        field["description"] = ": ".join(word for word in words if word)


def _loosen(part: Any) -> None:
    """Drop what holds for whole scenarios only, as a file may extend another, and defaults that say nothing."""
    if isinstance(part, list):
        for below in part:
            _loosen(below)
    elif isinstance(part, dict):
        if isinstance(part.get("required"), list):
            del part["required"]
        if "default" in part and part["default"] is None:
            del part["default"]
        for below in part.values():
            _loosen(below)


def sections(root: type[BaseModel]) -> Iterator[type[Section]]:
    """Yield every kind of section below one, the outer ones first."""
    extra = typing.get_args(root.__annotations__.get("__pydantic_extra__"))
    for annotation in (*(field.annotation for field in root.model_fields.values()), *extra):
        inner = _inner(annotation)
        if isinstance(inner, type) and issubclass(inner, Section):
            yield inner
            yield from sections(inner)


def keys_at(root: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that a section at a path knows; empty where there is no section."""
    model: Any = root
    for key in path:
        fields = getattr(model, "model_fields", {})
        if key in fields:
            model = _inner(fields[str(key)].annotation)
        elif "__pydantic_extra__" in getattr(model, "__annotations__", {}):
            model = typing.get_args(model.__annotations__["__pydantic_extra__"])[1]
    return list(getattr(model, "model_fields", {}))


def _inner(annotation: Any) -> Any:
    """Return the section inside an optional, a tuple or a dict."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, tuple, dict, list):
        inner = [_inner(argument) for argument in arguments if argument not in (type(None), str, Ellipsis)]
        return inner[0] if inner else None
    return annotation
