"""What a word means: the fields of a scenario from its schema, the fields of a result and the accounts from here."""

import ast
import types
import typing
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.nouns.cost import LINES, PARTS
from simulator.report.words import ACCOUNTS, COUNTS, MONEY, RESULTS, STATISTICS
from simulator.scenario.schema import HEAD, Document, form, meaning
from simulator.words.drawn import Drawn, by_operator
from simulator.words.quantity import Quantity
from simulator.words.section import Section, did_you_mean


class Entry(NamedTuple):
    """A field and what it means."""

    field: str
    kind: str  # scenario, result, account or statistic
    meaning: str
    written: str = ""  # how a scenario writes it
    default: str = ""
    keys: str = ""  # what a section holds


_METRICS = Path(__file__).resolve().parent.parent / "metrics"


def entries() -> list[Entry]:
    """Return every field: results first, then scenarios in the order of the schema."""
    known = [Entry(name, "result", meaning) for name, meaning in {**_metrics(), **RESULTS}.items()]
    known += [Entry(f"counts.{count.name.lower()}", "result", words.meaning) for count, words in COUNTS.items()]
    known += [Entry(f"money.lines_usd.{name}", "result", words.meaning) for name, words in LINES.items()]
    known += [Entry(f"money.of_which_usd.{name}", "result", words.meaning) for name, words in PARTS.items()]
    known += [Entry(f"money.{name}", "result", meaning) for name, meaning in MONEY.items()]
    known += [Entry(name, "statistic", meaning) for name, meaning in STATISTICS.items()]
    known += [Entry(account.name, "account", words.meaning) for account, words in ACCOUNTS.items()]
    known += [Entry(name, "scenario", str(part["description"])) for name, part in HEAD.items()]
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
        rows += [("if left out", entry.default), ("its keys are", entry.keys)]
        parts.append(f"{entry.field}\n{table([row for row in rows if row[1]], width=width)}")
    return "\n\n".join(parts)


@cache
def _metrics() -> dict[str, str]:
    """Return what the functions of the metrics say of themselves."""
    documents = _documents()
    return {
        name: " ".join(documents[name].split()).removeprefix("Return ").removeprefix("the ")
        for name in sorted(documents)
        if name != "summarise"
    }


def _documents() -> dict[str, str]:
    """Return the docstrings of the metrics, read from their sources: to import them takes a second and a half."""
    public, found = set(), {}
    for source in sorted(_METRICS.glob("*.py")):
        body = ast.parse(source.read_text(encoding="utf-8")).body
        if source.name == "__init__.py":
            public = {alias.name for node in body if isinstance(node, ast.ImportFrom) for alias in node.names}
        found.update({node.name: ast.get_docstring(node) or "" for node in body if isinstance(node, ast.FunctionDef)})
    return {name: words for name, words in found.items() if name in public}


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
        means, written = meaning(model, name) or _first_line(inner), form(model, name)
        # A field's own description hides that of its type, which says how it is written.
        written = written or _written(properties.get(name, {}))
        yield Entry(here, "scenario", means, written, _default(field), _keys(inner))
        if inner is not None:
            yield from _section(inner, f"{here}.<number>." if repeated else f"{here}.")
    extra = _named(model)
    if extra is not None:
        yield Entry(f"{path}<name>", "scenario", _first_line(extra), "a section; its name is free", keys=_keys(extra))
        yield from _section(extra, f"{path}<name>.")


def _keys(model: type[Section] | None) -> str:
    """Return the keys of a section; empty where there is none."""
    if model is None:
        return ""
    own = [name for name in model.model_fields if name != "source"]
    return ", ".join([*own, *(["<name>"] if _named(model) else []), "source"])


def _named(model: type[BaseModel]) -> type[Section] | None:
    """Return the kind of the sections that may stand here under a name of the user's choice."""
    extra = typing.get_args(model.__annotations__.get("__pydantic_extra__", None))
    return extra[-1] if extra and isinstance(extra[-1], type) and issubclass(extra[-1], Section) else None


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
    if isinstance(value, Drawn) and value == by_operator(value.numbers[0][1].like if value.numbers else ""):
        return "as the class of the operator has it"
    if isinstance(value, Drawn):
        numbers = ", ".join(f"{key} {number.text()}" for key, number in value.numbers)
        return numbers.removeprefix("value ") or value.family
    return str(value).lower() if isinstance(value, bool) else str(value)
