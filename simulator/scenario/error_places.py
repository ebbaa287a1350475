"""Who is to blame: an error that a lower layer lacks by itself is told where the layer above brings it about."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from simulator.scenario.errors import ScenarioError, ScenarioErrors, Spot, of_option, option_of
from simulator.scenario.merge import Layered, is_number, merge, with_overrides
from simulator.scenario.yaml_tree import Item

MOST = 60  # changes that are tried one by one: each is a scenario that is read
Read = Callable[[Item], list[ScenarioError]]  # what is wrong with a tree
_NUMBER = re.compile(r"[0-9][0-9_.e+-]*(?: ?[A-Za-z%/]+)?")


class _Change(NamedTuple):
    """One thing that a layer says."""

    spot: Spot
    over: Callable[[Item], Item]  # lays it over a tree; raises ScenarioErrors


def blamed(
    errors: Sequence[ScenarioError], tree: Item, file: Layered | None, overrides: Sequence[str], read: Read
) -> list[ScenarioError]:
    """Return errors, each at the place in the topmost layer that it follows from.

    `tree` is all layers together, `file` the topmost file with what it extends, under the overrides.
    """
    found = list(errors)
    if overrides and file is not None:
        found = _moved(found, tree, file, _overrides(overrides), read)
    while file is not None and file.below is not None and file.own is not None:
        below, own = file.below, file.own
        found = _moved(found, tree, below, list(_leaves(own, ())), read)
        file = below
    return found


def _moved(
    errors: list[ScenarioError], tree: Item, base: Item, changes: list[_Change], read: Read
) -> list[ScenarioError]:
    """Return errors; those of the base's places that only the changes bring about are at the change that does."""
    own = {change.spot for change in changes}
    files = {change.spot.file for change in changes}
    doubtful = [error for error in errors if error.spot not in own and not _is_certain(error, tree, files)]
    if not doubtful or not changes or len(changes) > MOST:
        return errors
    had = _keys_of(read, base)
    doubtful = [error for error in doubtful if _key(error) not in had]
    found = {id(error): spot for error in doubtful if (spot := _culprit(error, base, changes, read)) is not None}
    return [replace(error, spot=found.get(id(error), error.spot)) for error in errors]


def _is_certain(error: ScenarioError, tree: Item, files: set[str]) -> bool:
    """Whether an error stands at a value, of these layers or of one above them, and so needs no other place."""
    if of_option(error.file):
        return True
    item = tree.find(error.path.split("."))
    return error.file in files and item is not None and not isinstance(item.value, dict)


def _culprit(error: ScenarioError, base: Item, changes: list[_Change], read: Read) -> Spot | None:
    """Return the place of the change that brings an error about: alone, or as the one without which it is not there."""
    for change in reversed(changes):
        if _key(error) in _keys_of(read, base, change):
            return change.spot
    for change in reversed(changes):
        if _key(error) not in _keys_of(read, base, *(other for other in changes if other is not change)):
            return change.spot
    return None


def _keys_of(read: Read, base: Item, *changes: _Change) -> set[tuple[str, str]]:
    try:
        tree = base
        for change in changes:
            tree = change.over(tree)
    except ScenarioErrors as failed:
        return {_key(error) for error in failed.errors}
    return {_key(error) for error in read(tree)}


def _key(error: ScenarioError) -> tuple[str, str]:
    # The same complaint about other numbers is the same complaint.
    return error.path, _NUMBER.sub("#", error.message)


def _overrides(overrides: Sequence[str]) -> list[_Change]:
    def change(override: str) -> _Change:
        return _Change(Spot(option_of(override), said=str(override)), lambda tree: with_overrides(tree, [override]))

    return [change(override) for override in overrides]


def _leaves(item: Item, path: tuple[str, ...]) -> Iterator[_Change]:
    """Yield what a file says, value by value: a number with its spread is one."""
    if isinstance(item.value, dict) and not is_number(item.value):
        for key, below in item.value.items():
            if path or key not in ("schema", "name", "question"):
                yield from _leaves(below, (*path, key))
        return
    yield _Change(item.spot, lambda tree: _laid_over(tree, path, item))


def _laid_over(tree: Item, path: tuple[str, ...], item: Item) -> Item:
    for key in reversed(path):
        item = Item({key: item}, item.spot, item.layer)
    errors: list[ScenarioError] = []
    merged = merge(tree, item, (), errors)
    if errors:
        raise ScenarioErrors(errors)
    return merged
