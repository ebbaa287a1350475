"""The schema of a scenario file: its sections, and the same for editors as JSON schema."""

import types
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import GenerateJsonSchema

from simulator.checkpoint import Checkpoint
from simulator.cluster import Cluster
from simulator.cost import Cost
from simulator.drawn import BY_OPERATOR, Drawn
from simulator.experiment import Run
from simulator.failures import Failures
from simulator.job import Job
from simulator.maintenance import Maintenance
from simulator.operators import Operator
from simulator.quantity import Quantity
from simulator.recovery import Recovery
from simulator.scenario.settle import document
from simulator.scenario.sweep import Sweep
from simulator.section import Fault, Section, unknown_key


class Document(Section):
    """A scenario file, without `schema` and `extends`, which are dealt with before."""

    name: str = Field(description="what the scenario is called")
    question: str | None = Field(default=None, description="what a planner wants to know")
    cluster: Cluster
    job: Job
    operator: Operator = Operator()
    failures: Failures = Failures()
    recovery: Recovery = Recovery()
    checkpoint: Checkpoint = Checkpoint()
    maintenance: Maintenance | None = None
    cost: Cost = Cost()
    run: Run = Run()
    sweep: Sweep | None = None

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

# What a field means whose noun leaves it without a description.
_MEANINGS = {
    "Document": {
        "cluster": "the machines: those of the job, hot spares on top, and their parts",
        "operator": "who runs it: a class that fills what is left unsaid of recovery, saves and spares; automatic",
        "job": "the work, and when it starts: training time, or FLOP and the MFU at which they are done",
        "failures": "the causes of failures by name",
        "recovery": "from a failure back to training; a cause may say otherwise for itself",
        "checkpoint": "saves: how often, where to, and what they cost",
        "maintenance": "windows in which the job stands still as planned",
        "cost": "prices",
        "run": "the Monte Carlo run: replications, seed, where each one ends",
        "sweep": "what `derisk sweep` runs it for: values, or a range, by the path of an input; all combinations",
    },
    "Cluster": {
        "hot_spares": "nodes that stand ready to replace broken ones, on top of those of the job",
        "gpus_per_node": "GPUs in a node; its profile knows",
        "nics_per_node": "network interfaces in a node; its profile knows",
    },
    "Job": {
        "parameters": "parameters of the model; a known model has them",
        "tokens": "tokens to train on",
        "deadline": "the last day that counts as in time; needs a start",
        "start_up": "from the beginning of the run until training begins",
    },
    "Observed": {
        "count": "failures that were seen",
        "over": "the time in which they were seen",
        "on": "the parts, GPUs or nodes that were watched",
    },
    "Lemons": {
        "share": "nodes that are bad, of all",
        "times": "bad nodes fail at so many times the rate on top of what all do; else nobody but they fails",
        "again": "good nodes that turn bad as time goes by",
    },
    "Again": {"share": "nodes that turn bad at the end of each period, of all", "every": "the period"},
    "Common": {
        "share": "of the failures that strike the whole domain; the rest strikes one part, as before",
        "domain": "rack, leaf, feed, row, hall or site",
    },
    "Stage": {"cure": "share of the repairs that end in this stage which remove the fault"},
    "Cause": {
        "times": "a factor on the rate, for what-if questions; 0 switches the cause off",
        "law": "of the time between failures: exponential forgets the age of a part, weibull does not",
        "shape": "of the Weibull law: below 1 parts fail early, above 1 they wear out",
        "age": "of the parts when the run starts",
        "on_replacement": "whether what replaces a broken part is new (renewal) or as old as it was (minimal_repair)",
        "effect": "stop the job, stall it for a moment, slow a node down, or corrupt the work until it is found",
        "members": "share of the nodes of its domain that a stop takes, each alone with this probability",
        "missed": "share of diagnoses that find nothing: the node stays in use; else as under recovery",
        "blamed": "share of diagnoses that take another node out; else as under recovery",
        "absorbed": "share of stops that the transport hides: the job stalls only",
        "found": "from when a node becomes slow, or begins to corrupt, until that is noticed",
        "healed": "from when a node becomes slow until it is fast again by itself",
        "exposed": "when it can strike: always, while the job is busy (recovering too), or while it is running",
        "spares_exposed": "whether it strikes spares too; else as under recovery",
        "detection": "from the failure until it is noticed; else as under recovery",
        "diagnosis": "from the alarm until the broken nodes are known; else as under recovery",
        "repair": "of a node that it broke, or never; else as under recovery",
        "cure": "share of repairs that remove the fault; else as under recovery",
        "relapse": "until an uncured node in the job strikes again; else as under recovery",
        "retire": "nodes that it broke do not come back",
        "lemons": "bad nodes: the cause strikes these only, at its rate",
    },
    "Recovery": {
        "policy": "how broken nodes are replaced: by hot spares",
        "detection": "from the failure until somebody or something notices",
        "diagnosis": "from the alarm until the broken nodes are known",
        "missed": "share of diagnoses that find nothing: the broken node goes back to the spares as it is",
        "blamed": "share of diagnoses that take out another node, and leave the broken one in",
        "swap": "bringing spares into the places of broken nodes",
        "restart": "process start and communicator set-up, before the checkpoint is loaded",
        "eviction": "which slow nodes are taken out, and when; all that are found, at once",
        "retirement": "which nodes never come back; none",
        "repair": "until a broken node is back in the pool, without the wait for a crew",
        "cure": "share of repairs that remove the fault; the other nodes come back and strike again",
    },
    "Tier": {
        "to": "where its saves go: the memory of other hosts, or storage",
        "every": "it takes one save in so many",
    },
    "Checkpoint": {
        "interval": "how often a save is due",
        "overlap": "a save that is due before the last one is durable waits for it (delay) or is left out (skip)",
        "tiers": "where saves go; storage, and memory of other hosts where given",
        "bytes_per_parameter": "of a checkpoint: weights and the state of the optimiser",
    },
    "Window": {"at": "when it begins, from the start of the run", "length": "how long it lasts"},
    "Maintenance": {"windows": "windows that are listed one by one"},
    "Run": {
        "seed": "of all draws: the same seed gives the same numbers on every machine",
        "replications": "simulated runs, unless a stop rule decides",
        "stop": "go on until a quantile is known to a half-width (95 %), or there are `max` replications",
        "max_events": "a replication ends DIVERGED after so many, or after so many failures, of nodes at work or not",
    },
    "Stop": {
        "quantity": "what has to be known: the finish, or goodput",
        "quantile": "which quantile of it, such as 0.9",
        "half_width": "half the width of its 95 % interval: a time for finish, a share for goodput",
        "max": "replications at most",
    },
}


def meaning(model: type[BaseModel], name: str) -> str:
    """Return what a field of a section means."""
    return model.model_fields[name].description or _MEANINGS.get(model.__name__, {}).get(name, "")


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
