"""The schema of a scenario file: its sections, and the same for editors as JSON schema."""

import types
import typing
from typing import Any

from pydantic import BaseModel, Field

from simulator.checkpoint import Checkpoint
from simulator.cluster import Cluster
from simulator.cost import Cost
from simulator.experiment import Run
from simulator.failures import Failures
from simulator.job import Job
from simulator.maintenance import Maintenance
from simulator.recovery import Recovery
from simulator.section import Section

# Words of a wider schema whose models do not exist yet. To ignore them would be a lie.
NOT_MODELLED = ("fabric", "parallel", "sweep")


class Document(Section):
    """A scenario file, without `schema` and `extends`, which are dealt with before."""

    name: str = Field(description="what the scenario is called")
    question: str | None = Field(default=None, description="what a planner wants to know")
    cluster: Cluster
    job: Job
    failures: Failures = Failures()
    recovery: Recovery = Recovery()
    checkpoint: Checkpoint = Checkpoint()
    maintenance: Maintenance | None = None
    cost: Cost = Cost()
    run: Run = Run()


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of scenario files, for editors."""
    schema = Document.model_json_schema()
    head = {
        "schema": {"const": 1, "description": "the version of this schema"},
        "extends": {"type": "string", "description": "a file below this one: a path, or a preset's name"},
    }
    schema["properties"] = head | schema["properties"]
    _for_editors(schema)
    schema["required"] = ["schema"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Derisk scenario", **schema}


def _for_editors(part: Any) -> None:
    """Drop what holds for whole scenarios only, as a file may extend another, and defaults that are no YAML."""
    if isinstance(part, list):
        for below in part:
            _for_editors(below)
    elif isinstance(part, dict):
        if isinstance(part.get("required"), list):
            del part["required"]
        if isinstance(part.get("default"), dict | list):
            del part["default"]
        for below in part.values():
            _for_editors(below)


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
