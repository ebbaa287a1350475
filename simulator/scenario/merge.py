"""Layers of a scenario: what a file extends, and what `--set` changes. Maps merge; scalars and lists replace."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from simulator.nouns.operators import LONG_FORM
from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot, error_at, of_option, option_of
from simulator.scenario.hub_config import as_shape, is_config
from simulator.scenario.named import closest, find_named, hint_for
from simulator.scenario.yaml_tree import MOST_DEPTH, Item, read_file, read_text

SCHEMA = "1"
_SCALE = re.compile(r"x\s*([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)")
_NUMBER = re.compile(r"([+-]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(.*)", re.DOTALL)
_TEXTS = ("name", "question", "source", "model")

# Keys that say the same thing in different ways: who writes one of them drops the others of the layer below.
_ALTERNATIVES = (
    ("failures", frozenset({"rate", "mtbf", "scale", "observed"})),
    ("cluster", frozenset({"gpus", "nodes"})),
    ("job", frozenset({"work", "tokens"})),
    ("job", frozenset({"work", "flop"})),
    ("job", frozenset({"mfu", "step_time"})),
    ("job", frozenset({"work", "step_time"})),
    ("job", frozenset({"work", "phases"})),
    ("job", frozenset({"tokens", "phases"})),
    ("job", frozenset({"flop", "phases"})),
    ("maintenance", frozenset({"first", "windows"})),
    ("cost", frozenset({"gpu", "capital"})),
)
_FORM_KEYS = frozenset({"value", "p10", "p50", "p90", "spread", "mean", "shape", "from", "to", "law"})
_BACKING = frozenset({"source", "how"})
_MARKS = frozenset({"source", "spread", "law"})


@dataclass
class Layered(Item):
    """The tree of a file over what it extends, which is kept: an error may be of either."""

    below: "Layered | None" = None  # what it extends
    own: Item | None = None  # what the file itself says, without `extends`
    wrong: tuple[ScenarioError, ...] = ()  # what is wrong already, and need not keep the rest from being read


def wrong_in(tree: Item) -> tuple[ScenarioError, ...]:
    """Return what is known to be wrong with a tree before its sections are read."""
    return tree.wrong if isinstance(tree, Layered) else ()


def layered(path: Path, name: str) -> Layered:
    """Return the tree of a file with what it extends below it. Raises ScenarioErrors."""
    return _extended(read_file(path, name), path, name, ())


def layered_text(text: str, folder: Path, name: str) -> Layered:
    """Return the tree of a text that could stand in a folder, as `layered`. Raises ScenarioErrors."""
    return layered_tree(read_text(text, name), folder, name)


def layered_tree(tree: Item, folder: Path, name: str) -> Layered:
    """Return a tree that could be a file of a folder, as `layered`. Raises ScenarioErrors."""
    return _extended(tree, folder / name, name, ())


def with_overrides(tree: Item, overrides: Sequence[str]) -> Item:
    """Return a tree with `--set` values on top. Raises ScenarioErrors."""
    errors: list[ScenarioError] = []
    for override in overrides:
        try:
            tree = merge(tree, _override(tree, override), (), errors)
        except ScenarioErrors as failed:
            errors += failed.errors
    if errors:
        raise ScenarioErrors(errors)
    return tree


def _extended(tree: Item, path: Path, name: str, above: tuple[Path, ...]) -> Layered:
    wrong = _faults_of_head(tree, not above)
    target = tree.child("extends")
    if isinstance(tree.value, dict) and "operator" in tree.value:
        tree = Item(tree.value | {"operator": _as_operator(tree.value["operator"])}, tree.spot, tree.layer)
    if target is None or not isinstance(tree.value, dict):
        return Layered(tree.value, tree.spot, tree.layer, wrong=tuple(wrong))
    base = _base_of(target, path, wrong)
    chain = (*above, path.resolve())
    if base.resolve() in chain:
        circle = " -> ".join(file.name for file in (*chain[chain.index(base.resolve()) :], base))
        raise ScenarioErrors([error_at(target.spot, "extends", f"goes round in a circle: {circle}; leave one out")])
    if len(chain) > 10:
        raise ScenarioErrors([error_at(target.spot, "extends", "is more than 10 files deep")])
    shown = _shown(base, path, name)
    below = _extended(read_file(base, shown), base, shown, chain)
    own = Item({key: item for key, item in tree.value.items() if key != "extends"}, tree.spot, tree.layer)
    merged = merge(below, own, (), wrong)
    return Layered(merged.value, merged.spot, merged.layer, below, own, (*below.wrong, *wrong))


def _faults_of_head(tree: Item, top: bool) -> list[ScenarioError]:
    """Return what is wrong with the head of a file, if the rest can be read all the same. Raises ScenarioErrors."""
    try:
        check_head(tree, "a scenario is a mapping of keys such as schema, cluster and job")
    except ScenarioErrors as failed:
        if not top or [error.path for error in failed.errors] != ["schema"] or tree.child("schema") is not None:
            raise
        return list(failed.errors)
    return []


def _base_of(target: Item, path: Path, wrong: list[ScenarioError]) -> Path:
    """Return the file that `extends` names, or was probably to name, which is told. Raises ScenarioErrors."""
    if not isinstance(target.value, str):
        raise ScenarioErrors([*wrong, error_at(target.spot, "extends", "must be the path of a file")])
    base = find_named(target.value, path.parent, other_than=path)
    if base is not None:
        return base
    text = f"there is no file '{target.value}' beside this one or among the presets; {hint_for(target.value)}"
    wrong.append(error_at(target.spot, "extends", text, target.value))
    near = closest(target.value)
    meant = find_named(near[0], path.parent) if near else None
    if meant is None:
        raise ScenarioErrors(wrong)
    return meant


def check_head(tree: Item, shape: str) -> None:
    """Refuse what is no mapping, or has another schema number than ours."""
    if not isinstance(tree.value, dict):
        text = _OF_CASES if _holds_cases(tree) else f"is not a mapping; {shape}"
        raise ScenarioErrors([error_at(Spot(tree.spot.file), "", text)])
    schema = tree.child("schema")
    if schema is None and _holds_cases(tree):
        raise ScenarioErrors([error_at(Spot(tree.spot.file), "", _OF_CASES)])
    if schema is None and is_config(tree):
        text = f"is the configuration of a model; in a scenario write under job: shape: {as_shape(tree)}"
        raise ScenarioErrors([error_at(Spot(tree.spot.file), "", f"{text}, and sequence: 8_192 tokens")])
    if schema is None:
        raise ScenarioErrors([error_at(Spot(tree.spot.file), "schema", f'missing; write "schema: {SCHEMA}"')])
    if schema.value != SCHEMA:
        words = f"{schema.data()} is not a schema that this version reads"
        remedy = f'it reads schema {SCHEMA}: see CHANGELOG.md for what changed, then write "schema: {SCHEMA}"'
        raise ScenarioErrors([ScenarioError(schema.spot, "schema", words, remedy, str(schema.value))])


_OF_CASES = "is a file of cases; use derisk step"


def _holds_cases(tree: Item) -> bool:
    """Return whether a tree is what `derisk step` reads: `cases`, or a list of what has GPUs and a model."""
    if not isinstance(tree.value, list):
        return tree.child("cases") is not None
    return any(item.child("gpus") is not None or item.child("model") is not None for item in tree.value)


def _shown(base: Path, path: Path, name: str) -> str:
    # Beside the file it extends, a base is named as the user named that file: relative stays relative.
    try:
        return str(Path(name).parent / base.relative_to(path.parent))
    except ValueError:
        return str(base)


def merge(base: Item, top: Item, path: tuple[str, ...], errors: list[ScenarioError]) -> Item:
    """Return `base` with `top` laid over it."""
    if isinstance(top.value, str) and (scale := _SCALE.fullmatch(top.value)) and path and path[-1] not in _TEXTS:
        return _scaled(base, Decimal(scale[1]), top, path, errors)
    if path == ("operator",):
        base, top = _operators(base, top)
    if not isinstance(base.value, dict) or not isinstance(top.value, dict) or _replaces_number(base.value, top.value):
        return top
    merged = dict(base.value)
    for key in _displaced(merged, top.value, path):
        del merged[key]
    if is_number(base.value):
        for key in _BACKING:
            merged.pop(key, None)  # it vouched for the numbers below, not for these
    for key, item in top.value.items():
        here = (*path, key)
        if item.value is None and key in merged:
            del merged[key]
        elif key == "rate" and key not in merged and _is_scale(item) and path[:1] == ("failures",):
            merged["times"] = merge(merged.get("times", Item("1", item.spot, item.layer)), item, here, errors)
        elif key in merged:
            merged[key] = merge(merged[key], item, here, errors)
        elif _is_scale(item) and key not in _TEXTS:
            errors.append(error_at(item.spot, ".".join(here), f"{item.value} scales a number that is given; none is"))
        else:
            merged[key] = _as_operator(item) if here == ("operator",) else item
    return Item(merged, base.spot if of_option(top.spot.file) else top.spot, base.layer)


def _operators(base: Item, top: Item) -> tuple[Item, Item]:
    """Return what two layers say of the operator in the long form. Classes of the upper one are all that there are.

    Only `--set operator.classes.NAME` changes one of several.
    """
    below, above = _as_operator(base), _as_operator(top)
    one_of_several = above is top and of_option(top.spot.file)
    if isinstance(below.value, dict) and above.child("classes") is not None and not one_of_several:
        below = Item({key: item for key, item in below.value.items() if key != "classes"}, below.spot, below.layer)
    return below, above


def _as_operator(item: Item) -> Item:
    """Return what is said of the operator in its long form, be it a word or a mixture."""
    if isinstance(item.value, str):
        share = Item("100%", item.spot, item.layer)
        return Item({"classes": Item({item.value: share}, item.spot, item.layer)}, item.spot, item.layer)
    if not isinstance(item.value, dict) or LONG_FORM & set(item.value):
        return item
    source = {key: below for key, below in item.value.items() if key == "source"}
    shares = Item({key: below for key, below in item.value.items() if key not in source}, item.spot, item.layer)
    return Item({"classes": shares, **source}, item.spot, item.layer)


def _is_scale(item: Item) -> bool:
    return isinstance(item.value, str) and _SCALE.fullmatch(item.value) is not None


def _displaced(base: dict[str, Item], top: dict[str, Item], path: tuple[str, ...]) -> set[str]:
    displaced: set[str] = set()
    for section, keys in _ALTERNATIVES:
        depth = 2 if section == "failures" else 1
        if len(path) == depth and path[0] == section:
            for key in keys & set(top):
                if not _is_scale(top[key]) and top[key].value is not None and key not in base:
                    displaced |= (keys & set(base)) - {key}
    if path == ("job",) and "phases" in top and "phases" not in base:
        displaced |= {"mfu", "step_time"} & set(base)  # which each phase has for itself
    return displaced


def is_number(value: object) -> bool:
    """Whether a mapping is one number or law with what belongs to it, rather than a section."""
    return isinstance(value, dict) and bool(_FORM_KEYS & set(value)) and set(value) <= _FORM_KEYS | _BACKING


def _replaces_number(base: dict[str, Item], top: dict[str, Item]) -> bool:
    """Whether `top` gives a number in another form than `base`, such as a mean and shape for a median and P90."""
    form = (_FORM_KEYS & set(top)) - _MARKS
    # A median and a P90 alone are a law of chance; over {p10, p50, p90} they would silently stay what is not known.
    return is_number(base) and (not form <= set(base) or (form == {"p50", "p90"} and "p10" in base))


def _scaled(base: Item, factor: Decimal, top: Item, path: tuple[str, ...], errors: list[ScenarioError]) -> Item:
    if isinstance(base.value, dict) and is_number(base.value):
        keys = ("value", "p10", "p50", "p90", "mean", "from", "to")
        value = {
            key: _scaled(item, factor, top, (*path, key), errors) if key in keys else item
            for key, item in base.value.items()
            if key not in _BACKING
        }
        return Item(value, top.spot, top.layer)
    if isinstance(base.value, dict) and (factors := {"times", "times_optimum"} & set(base.value)):
        return Item(
            base.value | {key: _scaled(base.value[key], factor, top, (*path, key), errors) for key in factors}, top.spot
        )
    match = _NUMBER.fullmatch(base.value) if isinstance(base.value, str) else None
    if match is None:
        errors.append(error_at(top.spot, ".".join(path), f"{top.value} scales a number; there is none to scale"))
        return base
    return Item(f"{Decimal(match[1].replace('_', '')) * factor}{match[2]}", top.spot, top.layer)


def _override(tree: Item, override: str) -> Item:
    """Return the tree of one `--set a.b=value`."""
    name, equals, text = override.partition("=")
    path = [word.strip() for word in name.split(".")]
    option = option_of(override)
    spot = Spot(option, said=str(override))
    if not equals or not all(path):
        raise ScenarioErrors([error_at(spot, "", f"'{override}' is not of the form a.b=value")])
    if len(path) > MOST_DEPTH:
        text = f"has {len(path):_} words between dots, and no input lies more than {MOST_DEPTH} deep"
        raise ScenarioErrors([error_at(spot, ".".join(path[:3]), text)])
    value = Item(None, spot, option)
    if text.strip():
        try:
            value = _respotted(read_text(text.strip(), option), spot)
        except ScenarioErrors as failed:
            message = failed.errors[0].message
            raise ScenarioErrors([error_at(spot, name, f"'{text}' {message}")]) from None
    for depth in range(len(path) - 1, -1, -1):
        base = tree.find(path[:depth])
        if base is not None and isinstance(base.value, list):
            value = _in_list(base, path[: depth + 1], value, spot)
        else:
            value = Item({path[depth]: value}, spot, option)
    return value


def _in_list(base: Item, path: list[str], value: Item, spot: Spot) -> Item:
    items = list(base.value) if isinstance(base.value, list) else []
    if not path[-1].isdigit() or int(path[-1]) >= len(items):
        text = f"there is no item {path[-1]}; the list has items 0 to {len(items) - 1}"
        raise ScenarioErrors([error_at(spot, ".".join(path), text)])
    errors: list[ScenarioError] = []
    items[int(path[-1])] = merge(items[int(path[-1])], value, tuple(path), errors)
    if errors:
        raise ScenarioErrors(errors)
    return Item(items, spot, spot.file)


def _respotted(item: Item, spot: Spot) -> Item:
    value = item.value
    if isinstance(value, dict):
        value = {key: _respotted(below, spot) for key, below in value.items()}
    elif isinstance(value, list):
        value = [_respotted(below, spot) for below in value]
    return Item(value, spot, spot.file)
