"""Giving every number of a scenario its path and its source, and going through all of them."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from simulator.scenario.yaml_tree import Item
from simulator.words.drawn import Drawn
from simulator.words.quantity import Quantity
from simulator.words.section import Section

S = TypeVar("S", bound=Section)
Sources = Mapping[str, str | None]


def sources_of(tree: Item) -> dict[str, str | None]:
    """Return the source of everything in a tree by path: its own, or that of the section around it, in the same file.

    What one file says does not vouch for what another file, or `--set`, puts in its place.
    """
    sources: dict[str, str | None] = {}

    def visit(item: Item, path: tuple[str, ...], above: tuple[Item, ...]) -> None:
        around = above
        if isinstance(item.value, dict) and (own := item.value.get("source")) is not None:
            around = (own, *above)
        vouching = [source for source in around if source.layer == item.layer and isinstance(source.value, str)]
        sources[".".join(path)] = str(vouching[0].value) if vouching else None
        for key, below in _children(item):
            visit(below, (*path, key), around)

    visit(tree, (), ())
    return sources


def _children(item: Item) -> Iterator[tuple[str, Item]]:
    if isinstance(item.value, dict):
        yield from item.value.items()
    elif isinstance(item.value, list):
        yield from ((str(position), below) for position, below in enumerate(item.value))


def settled(section: S, path: tuple[str, ...], sources: Sources) -> S:
    """Return a section in which every number has its path and source."""
    update = {name: _settle(value, (*path, name), sources) for name, value in _fields(section) if name != "source"}
    copy = section.model_copy(update=update)
    copy.__pydantic_fields_set__ = section.model_fields_set  # what was said stays what was said
    return copy


def _settle(value: Any, path: tuple[str, ...], sources: Sources) -> Any:
    if isinstance(value, Quantity):
        name = ".".join(path)
        return replace(value, path=name, source=sources.get(name, value.source), said=name in sources)
    if isinstance(value, Drawn):
        numbers = ((key, _settle(number, (*path, *_suffix(value, key)), sources)) for key, number in value.numbers)
        return replace(value, numbers=tuple(numbers))
    if isinstance(value, Section):
        return settled(value, path, sources)
    if isinstance(value, dict):
        return {key: _settle(below, (*path, key), sources) for key, below in value.items()}
    if isinstance(value, tuple):
        parts = [_settle(below, (*path, str(position)), sources) for position, below in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def _suffix(drawn: Drawn, key: str) -> tuple[str, ...]:
    return () if drawn.family == "fixed" and drawn.growth is None else (key,)


def _fields(section: Section) -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        yield name, getattr(section, name)
    yield from (section.__pydantic_extra__ or {}).items()


def with_silent(value: Any, silent: Container[str]) -> Any:
    """Return a settled section in which the numbers at some paths are not said by its file."""
    if isinstance(value, Quantity):
        return replace(value, said=value.said and value.path not in silent)
    if isinstance(value, Drawn):
        return replace(value, numbers=tuple((key, with_silent(number, silent)) for key, number in value.numbers))
    if isinstance(value, Section):
        return value.model_copy(update={name: with_silent(below, silent) for name, below in _fields(value)})
    if isinstance(value, dict):
        return {key: with_silent(below, silent) for key, below in value.items()}
    if isinstance(value, tuple):
        parts = [with_silent(below, silent) for below in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value


def quantities(value: Any) -> Iterator[Quantity]:
    """Yield every number in a settled section, in the order of the schema."""
    if isinstance(value, Quantity):
        yield value
    elif isinstance(value, Drawn):
        yield from (number for _, number in value.numbers)
    elif isinstance(value, Section):
        for _, below in _fields(value):
            yield from quantities(below)
    elif isinstance(value, dict):
        for below in value.values():
            yield from quantities(below)
    elif isinstance(value, tuple):
        for below in value:
            yield from quantities(below)


def document(value: Any) -> Any:
    """Return what a scenario file would say to mean exactly a settled section: plain mappings, lists and text."""
    if isinstance(value, Quantity):
        return value.written()
    if isinstance(value, Drawn):
        return _written_law(value)
    if isinstance(value, Section):
        written = {name: document(below) for name, below in _fields(value) if below is not None and name != "source"}
        return {name: below for name, below in written.items() if below not in ({}, [])}
    if isinstance(value, dict):
        return {key: document(below) for key, below in value.items()}
    if isinstance(value, tuple):
        return [document(below) for below in value]
    return value if isinstance(value, bool) else str(value)


def _written_law(drawn: Drawn) -> Any:
    if drawn.family == "never":
        return "never"
    if drawn.growth is not None:
        points = [[gpus.exact(), time.exact()] for gpus, time in drawn.growth.points]
        return {"by_gpus": points, "times": drawn.numbers[0][1].written()}
    if drawn.family == "fixed":
        return drawn.numbers[0][1].written()
    return {key: number.written() for key, number in drawn.numbers} | {"law": drawn.family}
