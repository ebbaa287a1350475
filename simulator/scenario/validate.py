"""From a tree to sections: pydantic validates, and its complaints become our errors at their places in the file."""

import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot, error_at
from simulator.scenario.hub_config import SHAPE_KEYS
from simulator.scenario.schema import keys_at
from simulator.scenario.yaml_tree import Item
from simulator.words import units
from simulator.words.section import Fault, Place, Section, did_you_mean, unknown_key

S = TypeVar("S", bound=Section)


def validated(
    model: type[S], tree: Item, skip: Iterable[str] = (), prefix: str = "", empty_is_absent: bool = False
) -> S:
    """Return the section that a tree describes; `prefix` is the path to it. Raises ScenarioErrors: all found."""
    empty = () if empty_is_absent else _empty(tree, ())
    errors = [error_at(item.spot, path, _NO_VALUE) for path, item in empty]
    data = _without_empty(tree.data())
    for key in skip:
        data.pop(key, None)
    try:
        section = model.model_validate(data)
    except ValidationError as failed:
        found = [_error(model, tree, detail) for detail in failed.errors(include_url=False)]
        found = [error for error in found if not _is_mistyped(error, found)]
        # What is missing above an empty value is that value.
        errors += [error for error in found if not any(f"{gap.path}.".startswith(f"{error.path}.") for gap in errors)]
    if errors:
        raise ScenarioErrors(_below(prefix, error) for error in errors)
    return section


def _is_mistyped(missing: ScenarioError, errors: Iterable[ScenarioError]) -> bool:
    """Whether what is missing is there, as a key that is nearly it, which is told."""
    section, _, key = missing.path.rpartition(".")
    meant = f"did you mean '{key}'?"
    return missing.message == "missing" and any(
        error.remedy == meant and error.path.rpartition(".")[0] == section for error in errors
    )


def _below(prefix: str, error: ScenarioError) -> ScenarioError:
    return replace(error, path=".".join(filter(None, (prefix, error.path)))) if prefix else error


def error_for(tree: Item, fault: Fault) -> ScenarioError:
    """Return the error of a fault at its place in a tree."""
    place, text = _as_written(tree, fault[0]), fault[1]
    path = ".".join(str(key) for key in place)
    item = tree.nearest(place)
    value = item.value if isinstance(item.value, str) else ""
    # The whole file is the matter where not even the section is there.
    spot = item.spot if item is not tree else Spot(tree.spot.file)
    return error_at(spot, path, text, value)


def _as_written(tree: Item, place: Place) -> Place:
    """Return the place at which the file says what validation has moved: a spread beside a rate belongs to the rate."""
    if not place or tree.find(place) is not None:
        return place
    if place[-1] == "value":
        return place[:-1]
    beside = ((*place[:depth], "spread") for depth in range(len(place) - 2, 0, -1))
    return next((spot for spot in beside if place[-1] == "spread" and tree.find(spot) is not None), place)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


# What to write where something is missing that a section cannot do without.
_EXAMPLES = {
    "name": "my run", "cluster": "{node: hgx_h100, gpus: 1_024 GPUs}",
    "job": "{parameters: 70B parameters, tokens: 15T tokens, mfu: 40%}", "part": "gpu", "to": "storage",
    "domain": "rack", "size": "16 nodes", "half_width": "6 h", "length": "2 h", "count": "12",
    "excess": "0.1",
}  # fmt: skip
_BOUNDS = {"greater_than_equal": "below", "less_than_equal": "above"}
_NO_VALUE = "no value is given; write one, or leave the key out"


def _empty(item: Item, path: tuple[str, ...]) -> Iterable[tuple[str, Item]]:
    if item.value is None:
        yield ".".join(path), item
    elif isinstance(item.value, dict):
        for key, below in item.value.items():
            yield from _empty(below, (*path, key))
    elif isinstance(item.value, list):
        for position, below in enumerate(item.value):
            yield from _empty(below, (*path, str(position)))


def _without_empty(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _without_empty(value) for key, value in data.items() if value is not None}
    return [_without_empty(value) for value in data if value is not None] if isinstance(data, list) else data


def _error(model: type[Section], tree: Item, detail: ErrorDetails) -> ScenarioError:
    place = detail["loc"]
    text = _text(model, place, detail)
    if detail["type"] == "missing" and len(place) == 3 and (place[0], place[2]) == ("failures", "part"):
        causes = tree.child("failures")
        others = [] if causes is None else [name for name in causes.data() if name not in (place[1], "source")]
        if any(causes is not None and causes.find((name, "part")) is not None for name in others):
            text += f", or name a cause that there is: {', '.join(others)}"
    if detail["type"] == "missing" and place[-2:] == ("scales", "from"):
        text = f'missing; write "from: {_smaller_than_the_job(tree):_} GPUs"'
    return error_for(tree, (place, text))


def _smaller_than_the_job(tree: Item) -> int:
    """Return a number of GPUs, a power of two, that the job exceeds as far as the tree tells: 16,384 at most."""
    most = 16_384
    for key, like in (("gpus", "GPUs"), ("nodes", "nodes")):  # a node has one GPU at least
        item = tree.find(("cluster", key))
        if item is not None and isinstance(item.value, str):
            with suppress(units.UnitError):
                most = min(most, math.ceil(units.parse(item.value, like) / 2))
    return 1 << max(most, 1).bit_length() - 1


def _text(model: type[Section], place: tuple[str | int, ...], detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "refused":
        return str(detail["msg"])
    if kind == "extra_forbidden":
        word = str(place[-1])
        if "shape" in place and word in SHAPE_KEYS:
            return f"unknown key; did you mean '{SHAPE_KEYS[word]}'?"
        return unknown_key(word, [key for key in keys_at(model, place[:-1]) if key != "source"])
    if kind == "missing":
        word = str(place[-1])
        return f'missing; write "{word}: {_EXAMPLES[word]}"' if word in _EXAMPLES else "missing; write it"
    if kind == "literal_error":
        choices = [choice.strip("'") for choice in str(context["expected"]).replace(" or ", ", ").split(", ")]
        word = str(detail["input"])
        return f"'{word}' is not one of {', '.join(choices)}{did_you_mean(word, choices)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return "must be a section with keys of its own"
    if kind in ("list_type", "tuple_type"):
        return "must be a list; write [..., ...]"
    if kind in _BOUNDS:
        return f"{detail['input']} must not be {_BOUNDS[kind]} {context.get('ge', context.get('le'))}"
    if kind in ("int_parsing", "int_type", "int_from_float", "int_parsing_size"):
        return f"{_short(detail['input'])} is not a whole number"
    if kind == "string_type":
        return "must be text; put it in quotes"
    if kind == "bool_type":
        return f"{detail['input']} is not a truth value; write true or false"
    return str(detail["msg"])
