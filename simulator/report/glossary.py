"""What a word means: the fields of a scenario from its schema, the fields of a result and the accounts from here."""

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator import metrics
from simulator.drawn import Drawn
from simulator.quantity import Quantity
from simulator.report.words import ACCOUNTS, RESULTS, STATISTICS
from simulator.scenario.schema import Document
from simulator.section import Section, did_you_mean


class Entry(NamedTuple):
    """A field and what it means."""

    field: str
    kind: str  # scenario, result, account or statistic
    meaning: str
    written: str = ""  # how a scenario writes it
    default: str = ""


def entries() -> list[Entry]:
    """Return every field: results first, then scenarios in the order of the schema."""
    known = [Entry(name, "result", meaning) for name, meaning in {**_metrics(), **RESULTS}.items()]
    known += [Entry(name, "statistic", meaning) for name, meaning in STATISTICS.items()]
    known += [Entry(account.name, "account", words.meaning) for account, words in ACCOUNTS.items()]
    return [*known, *_section(Document, "")]


def find(field: str) -> list[Entry]:
    """Return the entries that a field's name or path means: a whole path first, else all paths that end with it."""
    known = entries()
    wanted = _plain(field)
    exact = [entry for entry in known if _plain(entry.field) == wanted]
    if exact:
        return exact
    ends = [entry for entry in known if _plain(entry.field).endswith(f".{wanted}")]
    if ends:
        return ends
    # A cause has a name of its user's choice, and a tier a number: failures.gpu.rate, checkpoint.tiers.0.every.
    return [entry for entry in known if _fits(entry.field, field)]


def suggestion(field: str) -> str:
    """Return "did you mean" words for a field that is unknown."""
    names = {entry.field for entry in entries()}
    return did_you_mean(field, names | {name.rpartition(".")[2] for name in names})


def as_text(found: list[Entry], width: int | None) -> str:
    """Return what `derisk explain` prints."""
    from simulator.report.text import table

    parts = []
    for entry in found:
        rows = [("is", entry.kind), ("means", entry.meaning), ("is written as", entry.written)]
        rows.append(("if left out", entry.default))
        parts.append(f"{entry.field}\n{table([row for row in rows if row[1]], width=width)}")
    return "\n\n".join(parts)


def _metrics() -> dict[str, str]:
    """Return what the functions of metrics.py say of themselves."""
    functions = {name: getattr(metrics, name) for name in metrics.__all__}
    documents = {name: inspect.getdoc(function) for name, function in functions.items() if inspect.isfunction(function)}
    return {
        name: " ".join(document.split()).removeprefix("Return ").removeprefix("the ")
        for name, document in documents.items()
        if document is not None and name != "summarise"
    }


def _plain(field: str) -> str:
    return field.lower().replace(" ", "_")


def _fits(pattern: str, field: str) -> bool:
    parts, words = pattern.split("."), field.split(".")
    return len(parts) == len(words) and all(
        part == word or part.startswith("<") for part, word in zip(parts, words, strict=True)
    )


def _section(model: type[BaseModel], path: str) -> Iterator[Entry]:
    properties = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if name == "source" and path:
            continue
        here = f"{path}{name}"
        inner, repeated = _inner(field.annotation)
        means = field.description or _first_line(inner) or f"part of: {_first_line(model)}"
        yield Entry(here, "scenario", means, _written(properties.get(name, {})), _default(field))
        if inner is not None:
            yield from _section(inner, f"{here}.<number>." if repeated else f"{here}.")
    extra = typing.get_args(model.__annotations__.get("__pydantic_extra__", None))
    if extra and isinstance(extra[-1], type) and issubclass(extra[-1], Section):
        yield Entry(f"{path}<name>", "scenario", _first_line(extra[-1]), "a section; its name is free")
        yield from _section(extra[-1], f"{path}<name>.")


def _inner(annotation: Any) -> tuple[type[Section] | None, bool]:
    """Return the section inside an annotation, and whether there may be several."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return (annotation, False) if issubclass(annotation, Section) else (None, False)
    several = typing.get_origin(annotation) in (tuple, list)
    for argument in typing.get_args(annotation):
        found, deeper = _inner(argument)
        if found is not None:
            return found, several or deeper
    return None, False


def _first_line(model: type[BaseModel] | None) -> str:
    return "" if model is None or not model.__doc__ else model.__doc__.split("\n")[0].rstrip(".")


def _written(schema: dict[str, Any]) -> str:
    """Return how a value is written, from the JSON schema of its field."""
    for part in (*schema.get("anyOf", ()), schema):
        if "enum" in part:
            return " or ".join(str(choice) for choice in part["enum"])
        if "const" in part:
            return str(part["const"])
        if part.get("type") == "boolean":
            return "true or false"
        if isinstance(part.get("type"), list):
            return str(part.get("description", ""))
    return ""


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required() or value is None or isinstance(value, Section | tuple | dict):
        return "required" if field.is_required() else ""
    if isinstance(value, Quantity):
        return f"{value.text()} ({value.source})" if value.source else value.text()
    if isinstance(value, Drawn):
        numbers = ", ".join(f"{key} {number.text()}" for key, number in value.numbers)
        return numbers.removeprefix("value ") or value.family
    return str(value).lower() if isinstance(value, bool) else str(value)
