"""Values that Python has, as a scenario file has them: texts for overrides, and the tree of a mapping."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from simulator.scenario.errors import MAPPING, OVERRIDE, ScenarioError, ScenarioErrors, Spot, error_at, given_as
from simulator.scenario.sweep import as_text
from simulator.scenario.yaml_tree import MOST_DEPTH, Item

_PLAIN = "write text, a number, true or false, a list or a mapping"


def texts_of(overrides: Mapping[str, Any], option: str = OVERRIDE) -> list[str]:
    """Return overrides by path as texts "a.b=value", as `--set` takes them. Raises ScenarioErrors."""
    if not isinstance(overrides, Mapping):
        words = f"{overrides!r:.80} is no mapping; write {{'cluster.hot_spares': '64 nodes'}}"
        raise ScenarioErrors([error_at(Spot(option), "", words)])
    errors: list[ScenarioError] = []
    texts = []
    for path, value in overrides.items():
        if not isinstance(path, str) or "=" in path:
            words = "is no path to an input; write one such as 'cluster.hot_spares'"
            errors.append(error_at(Spot(option), str(path), words))
            continue
        item = _item(value, (path,), option, errors)
        data = _with_null(item.data())
        # A text is read as after `--set PATH=`, so it may be a range or a factor too.
        texts.append(f"{path}={'' if item.value is None else data if isinstance(data, str) else as_text(data)}")
    if errors:
        raise ScenarioErrors(errors)
    return given_as(option, texts)


def tree_of(mapping: Mapping[str, Any]) -> Item:
    """Return the tree of a mapping, as it would be read from YAML. Raises ScenarioErrors for what YAML cannot hold."""
    errors: list[ScenarioError] = []
    tree = _item(mapping, (), MAPPING, errors)
    if errors:
        raise ScenarioErrors(errors)
    return tree


def _item(value: Any, path: tuple[str, ...], file: str, errors: list[ScenarioError]) -> Item:
    spot = Spot(file)
    if len(path) > MOST_DEPTH:
        errors.append(error_at(spot, ".".join(path[:3]), f"is nested more than {MOST_DEPTH} deep"))
        return Item(None, spot, file)
    if isinstance(value, Mapping):
        below = dict(_entries(value, path, file, errors))
        return Item({key: _item(each, (*path, key), file, errors) for key, each in below.items()}, spot, file)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return Item([_item(each, (*path, str(at)), file, errors) for at, each in enumerate(value)], spot, file)
    if value is None or isinstance(value, bool | str):
        return Item(value, spot, file)
    if isinstance(value, Integral | Real):
        return Item(str(int(value)) if isinstance(value, Integral) else repr(float(value)), spot, file)
    if isinstance(value, date | Path):
        return Item(str(value), spot, file)
    errors.append(error_at(spot, ".".join(path), f"{value!r:.80} is no value; {_PLAIN}"))
    return Item(None, spot, file)


def _entries(
    mapping: Mapping[Any, Any], path: tuple[str, ...], file: str, errors: list[ScenarioError]
) -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(key, str) or (isinstance(key, Integral) and not isinstance(key, bool)):
            yield str(key), value
        else:
            errors.append(error_at(Spot(file), ".".join(path), f"the key {key!r} is no text; write a plain word"))


def _with_null(data: Any) -> Any:
    """Return a plain value in which None is the word that YAML has for it."""
    if isinstance(data, dict):
        return {key: _with_null(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_with_null(value) for value in data]
    return "null" if data is None else data
