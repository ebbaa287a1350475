"""Remedies that can be followed to the letter: errors mended by what they say themselves.

A file is read in stages, and what is wrong in an early one hides what is wrong in a later one. With the early errors
mended as their own words say, reading goes on, and all errors of a file are told at once.
"""

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot
from simulator.scenario.yaml_tree import Item, read_text

MOST_ROUNDS = 6
BESIDE = "."
MENDED = "as a message says"  # the layer of what a remedy adds
Errors = list[ScenarioError]
_WRITE = re.compile(
    r'write "(?P<written>[^"]*)"(?: (?:under|below) (?P<section>[a-z_][a-z0-9_.]*)| (?P<beside>beside)\b)?(?! in that)'
)
_MEANT = re.compile(r"did you mean '(?P<meant>[^']*)'")
_LEAVE = re.compile(r"\bleave (?:it|this|them|the spread) out\b")
_PART_OF_KEY = re.compile(r"'(?P<part>[^']*)' is an unknown key")
_PAIR = re.compile(r"[a-z_]\w*: ")
_UNIT = re.compile(r'unknown unit "(?P<unit>[^"]*)"')


class Remedy(NamedTuple):
    """What an error says can be done: `value` replaces, `pair` is added, `key` renames, `out` deletes."""

    kind: str
    text: str = ""
    section: str = ""  # to which a pair is added, where the words name it; the part of a key with dots that is wrong


def remedies(error: ScenarioError) -> list[Remedy]:
    """Return the remedies of an error that can be followed to the letter, in the order of its words."""
    words = f"{error.message}; {error.remedy}"
    found = [(match.start(), _of(error, match)) for match in _WRITE.finditer(words)]
    found += [(match.start(), _meant(words, match["meant"])) for match in _MEANT.finditer(words)]
    found += [(match.start(), Remedy("out")) for match in _LEAVE.finditer(words)]
    if not found and "unknown key" in error.message:
        found.append((0, Remedy("out")))
    return [remedy for _, remedy in sorted(found, key=lambda each: each[0])]


def _of(error: ScenarioError, match: re.Match[str]) -> Remedy:
    written = match["written"]
    if _PAIR.match(written):
        return Remedy("pair", written, BESIDE if match["beside"] else match["section"] or "")
    unit = _UNIT.search(error.message) is not None and not re.match(r"[0-9]", written)
    return Remedy("unit" if unit else "value", written)


def _meant(words: str, meant: str) -> Remedy:
    if "unknown key" in words:
        part = _PART_OF_KEY.match(words)
        return Remedy("key", meant, "" if part is None else part["part"])
    return Remedy("unit" if _UNIT.search(words) else "value", meant)


def mended(tree: Item, errors: Sequence[ScenarioError]) -> Item | None:
    """Return a tree in which each error is mended by the first of its remedies; None where one has none.

    What is to be added is an example mostly, and what is to be left out a question: from these more would seem to be
    wrong than is. Only a name, a law without numbers, and a key that nobody knows, are followed.
    """
    for error in errors:
        known = [remedy for remedy in remedies(error) if _harmless(error, remedy)]
        changed = followed(tree, error, known[0]) if known else None
        if changed is None:
            return None
        tree = changed
    return tree


def _harmless(error: ScenarioError, remedy: Remedy) -> bool:
    if remedy.kind == "pair":
        return error.path == "name" or remedy.text == "law: exponential"
    return remedy.kind != "out" or error.message == "unknown key"


def together(
    tree: Item, errors: Sequence[ScenarioError], known: Sequence[ScenarioError], read: Callable[[Item], Errors]
) -> Errors:
    """Return errors of a tree, and those that come to light once these are mended as they say.

    `known` were found before the tree was, and hide nothing; `read` returns what is wrong with a tree.
    """
    tree = Item(tree.value, tree.spot, tree.layer)  # what is known is told, and the rest is read without it
    told, found = list(errors), [error for error in errors if error not in known]
    for _ in range(MOST_ROUNDS):
        changed = mended(tree, found)
        if changed is None:
            break
        tree = changed
        found = [error for error in read(tree) if error not in told]
        fresh = [error for error in found if not _is_of_ours(error, tree)]
        told += fresh
        if not fresh:
            break
    return told


def _is_of_ours(error: ScenarioError, tree: Item) -> bool:
    """Whether an error is of what a remedy has added."""
    item = tree.find(_keys(tree, error.path))
    return item is not None and item.layer == MENDED


def followed(tree: Item, error: ScenarioError, remedy: Remedy) -> Item | None:
    """Return a tree in which a remedy of an error is followed; None where there is nothing to do it to."""
    tree = copy.deepcopy(tree)
    keys = _keys(tree, error.path)
    if remedy.kind == "pair":
        return tree if _added(tree, keys, remedy, error.spot) else None
    if not keys:
        return None
    above = tree.find(keys[:-1])
    if above is None or not isinstance(above.value, dict | list):
        return None
    if remedy.kind == "out":
        _delete(above, keys[-1])
    elif remedy.kind == "key":
        new = keys[-1].replace(remedy.section, remedy.text) if remedy.section else remedy.text
        if not isinstance(above.value, dict) or keys[-1] not in above.value or new in above.value:
            return None
        above.value = {new if key == keys[-1] else key: item for key, item in above.value.items()}
    else:
        found = above.child(keys[-1])
        text = _replaced(found, error, remedy)
        if not text:
            return None
        spot = error.spot if found is None else found.spot
        item = _respotted(read_text(text, spot.file), spot) if text[0] in "{[" else Item(text, spot, tree.layer)
        _put(above, keys[-1], item)
    return tree


def _keys(tree: Item, path: str) -> list[str]:
    """Return the keys of a path, of which some have dots in them."""
    keys: list[str] = []
    item: Item | None = tree
    while path:
        known = item.value if item is not None and isinstance(item.value, dict) else {}
        whole = [key for key in known if path == key or path.startswith(f"{key}.")]
        key = max(whole, key=len) if whole else path.split(".")[0]
        keys.append(key)
        path = path[len(key) + 1 :]
        item = None if item is None else item.child(key)
    return keys


def _delete(above: Item, key: str) -> None:
    if isinstance(above.value, dict):
        above.value.pop(key, None)
    elif isinstance(above.value, list) and key.isdigit() and int(key) < len(above.value):
        del above.value[int(key)]


def _put(above: Item, key: str, item: Item) -> None:
    if isinstance(above.value, dict):
        above.value[key] = item
    elif isinstance(above.value, list) and key.isdigit() and int(key) < len(above.value):
        above.value[int(key)] = item


def _replaced(found: Item | None, error: ScenarioError, remedy: Remedy) -> str | None:
    """Return the text that takes the place of a value."""
    if remedy.kind == "value":
        return remedy.text
    unit = _UNIT.search(error.message)
    value = None if found is None else found.value
    if unit is None or not isinstance(value, str) or unit[1] not in value:
        return None
    start = value.rindex(unit[1])
    return value[:start] + remedy.text + value[start + len(unit[1]) :]


def _added(tree: Item, keys: list[str], remedy: Remedy, spot: Spot) -> bool:
    """Add the keys of a pair where the words, or the place of the error, say; return whether it was possible."""
    try:
        pairs = read_text(remedy.text, spot.file).value
    except ScenarioErrors:
        return False
    section = next(iter(_sections(tree, keys, remedy, list(pairs) if isinstance(pairs, dict) else [])), None)
    if section is None or not isinstance(section.value, dict) or not isinstance(pairs, dict):
        return False
    section.value |= {key: _respotted(item, spot) for key, item in pairs.items()}
    return True


def _sections(tree: Item, keys: list[str], remedy: Remedy, pairs: list[str]) -> Iterator[Item]:
    """Yield the sections to which a pair may be meant, the likeliest first."""
    if remedy.section == BESIDE:
        places = [keys[:-1]]
    elif remedy.section:
        named = remedy.section.split(".")
        if tree.find(named[:1]) is None and isinstance(tree.value, dict):
            tree.value[named[0]] = Item({}, tree.spot, tree.layer)
        places = [named, [*keys[:-1], *named]]
    elif keys and keys[-1] in pairs:
        places = [keys[:-1]]
    else:
        places = [keys, keys[:-1]]
    for place in places:
        found = tree.find(place)
        if found is not None and isinstance(found.value, dict):
            yield found


def _respotted(item: Item, spot: Spot) -> Item:
    below = {key: _respotted(each, spot) for key, each in item.value.items()} if isinstance(item.value, dict) else None
    return Item(item.value if below is None else below, spot, MENDED)
