"""Reading YAML 1.2 into a tree in which every value knows its place in its file.

The parser's events are enough: scalars stay text (units.py reads numbers), so that a message can quote what stands
there. Anchors, tags and several documents have no use here and are refused, as is whatever could be a trap: files that
are too large, too deep or not text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot, error_at

MOST_BYTES = 1_000_000
MOST_DEPTH = 20
_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass
class Item:
    """A value of the file: text, truth value, None, a list of items, or a mapping of keys to items."""

    value: "str | bool | list[Item] | dict[str, Item] | None"
    spot: Spot  # of its key in a mapping, with the value where both stand on one line; else of itself
    layer: str = ""  # the file, or the --set, that says so

    def data(self) -> Any:
        """Return the plain value."""
        if isinstance(self.value, dict):
            return {key: item.data() for key, item in self.value.items()}
        return [item.data() for item in self.value] if isinstance(self.value, list) else self.value

    def find(self, path: Iterable[str | int]) -> "Item | None":
        """Return what stands at a path, or None."""
        item: Item | None = self
        for key in path:
            if item is None:
                return None
            item = item.child(key)
        return item

    def nearest(self, path: Iterable[str | int]) -> "Item":
        """Return what stands at a path, or the last thing on the way to it."""
        item = self
        for key in path:
            below = item.child(key)
            if below is None:
                break
            item = below
        return item

    def child(self, key: str | int) -> "Item | None":
        """Return the value of a key, or the item of a list's position."""
        if isinstance(self.value, dict):
            return self.value.get(str(key))
        if isinstance(self.value, list) and str(key).isdigit() and int(key) < len(self.value):
            return self.value[int(key)]
        return None


def read_file(path: Path, name: str, most_bytes: int = MOST_BYTES) -> Item:
    """Return the tree of a YAML file; `name` is what messages call it. Raises ScenarioErrors."""

    def refuse(text: str) -> ScenarioErrors:
        return ScenarioErrors([error_at(Spot(name), "", text)])

    try:
        if path.is_dir():
            raise refuse("is a folder; name a scenario file")
        if path.exists() and not path.is_file():
            raise refuse("is not a file with an end; name a scenario file")
        size = path.stat().st_size
        if size > most_bytes:
            raise refuse(f"has {size / 1e6:.1f} MB; a file of this kind has at most {most_bytes / 1e6:.0f} MB")
        content = path.read_bytes()[: most_bytes + 1]
    except FileNotFoundError:
        raise refuse("there is no such file") from None
    except (OSError, ValueError) as error:
        raise refuse(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if b"\0" in content:
        raise refuse("is a binary file; a scenario is YAML, in UTF-8")
    try:
        return read_text(content.decode("utf-8-sig"), name)
    except UnicodeDecodeError:
        raise refuse("is not UTF-8 text; save it as UTF-8") from None


def read_text(text: str, name: str) -> Item:
    """Return the tree of a YAML text; `name` is what messages call it. Raises ScenarioErrors."""
    reader = _Reader(name, text.splitlines())
    try:
        root = reader.read(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = reader.spot(mark.line, mark.column) if mark else Spot(name)
        raise ScenarioErrors([*reader.errors, error_at(spot, "", f"is not YAML: {_plain_words(error)}")]) from None
    except (YAMLError, RecursionError) as error:
        # Control characters, for one: such an error has no mark.
        words = "; ".join(str(error).split("\n")[:1])
        raise ScenarioErrors([error_at(Spot(name), "", f"is not YAML: {words}")]) from None
    if reader.errors:
        raise ScenarioErrors(reader.errors)
    if root is None:
        raise ScenarioErrors([error_at(Spot(name), "", 'is empty; a scenario begins with "schema: 1"')])
    return root


def _plain_words(error: MarkedYAMLError) -> str:
    problem = (error.problem or "syntax").replace("\\t", "a tab")
    if "'a tab'" in problem or "tab" in problem:
        return "a tab cannot indent or begin a value; use spaces"
    return f"{problem} ({error.context})" if error.context else problem


@dataclass
class _Reader:
    name: str
    lines: list[str]
    errors: list[ScenarioError] = field(default_factory=list)

    def spot(self, line: int, column: int, end_line: int | None = None, end_column: int = 0) -> Spot:
        text = self.lines[line] if line < len(self.lines) else ""
        width = end_column - column if end_line == line else len(text.rstrip()) - column
        return Spot(self.name, line + 1, column + 1, max(1, width), text)

    def refuse(self, mark: Any, path: tuple[str, ...], text: str) -> None:
        spot = self.spot(mark.line, mark.column, mark.line, mark.column + 1)
        self.errors.append(error_at(spot, ".".join(path), text))

    def read(self, events: Iterator[Any]) -> Item | None:
        root: Item | None = None
        for event in events:
            if isinstance(event, DocumentStartEvent) and root is not None:
                self.refuse(event.start_mark, (), "a second document begins here; a file holds one")
                raise ScenarioErrors(self.errors)
            if isinstance(event, NodeEvent):
                root = self.item(event, events, ())
        return root

    def item(self, event: Any, events: Iterator[Any], path: tuple[str, ...], key: Any = None) -> Item:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            self.refuse(event.start_mark, path, "anchors and aliases are not read; write the value out, or use extends")
            raise ScenarioErrors(self.errors)
        if len(path) > MOST_DEPTH:
            self.refuse(event.start_mark, path[:3], f"is nested more than {MOST_DEPTH} deep")
            raise ScenarioErrors(self.errors)
        if getattr(event, "tag", None) not in (None, "!"):
            self.refuse(event.start_mark, path, f"tags such as {event.tag} are not read; write the plain value")
        start, end = event.start_mark, event.end_mark
        value: Any
        if isinstance(event, MappingStartEvent):
            value, end = self.mapping(events, path)
        elif isinstance(event, SequenceStartEvent):
            value, end = self.sequence(events, path)
        else:
            plain = event.style is None or event.style == ""
            value = _CONSTANTS.get(event.value, event.value) if plain else event.value
        first = key.start_mark if key is not None else start
        return Item(value, self.spot(first.line, first.column, end.line, end.column), self.name)

    def mapping(self, events: Iterator[Any], path: tuple[str, ...]) -> tuple[dict[str, Item], Any]:
        value: dict[str, Item] = {}
        for key in events:
            if isinstance(key, MappingEndEvent):
                return value, key.end_mark
            name = key.value if isinstance(key, ScalarEvent) else ""
            here = (*path, name)
            if not isinstance(key, ScalarEvent) or key.anchor is not None:
                self.refuse(key.start_mark, path, "a key must be a plain word")
                raise ScenarioErrors(self.errors)
            if name in value:
                self.refuse(key.start_mark, here, f"appears twice; the first stands in line {value[name].spot.line}")
            value[name] = self.item(next(events), events, here, key)
        raise ScenarioErrors(self.errors)

    def sequence(self, events: Iterator[Any], path: tuple[str, ...]) -> tuple[list[Item], Any]:
        value: list[Item] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                return value, event.end_mark
            value.append(self.item(event, events, (*path, str(len(value)))))
        raise ScenarioErrors(self.errors)
