"""From a file to a scenario."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from simulator.scenario import no_effect
from simulator.scenario.error_places import blamed
from simulator.scenario.errors import ErrorsElsewhere, ScenarioError, ScenarioErrors, of_option
from simulator.scenario.merge import Layered, is_number, layered, layered_text, with_overrides, wrong_in
from simulator.scenario.model import Scenario
from simulator.scenario.number_paths import with_silent
from simulator.scenario.reading import Read, from_tree
from simulator.scenario.remedies import together
from simulator.scenario.sweep import as_text, factor_in
from simulator.scenario.yaml_tree import Item
from simulator.words.section import Place


def load_scenario(path: str | Path, overrides: list[str] | None = None) -> Scenario:
    """Return the scenario of a file, with `a.b=value` overrides on top. Raises ScenarioErrors: all that are found."""
    base = _Base(layered(Path(path), str(path)), Path(path).parent, str(path))
    return base.scenario(overrides or [])


def reload_scenario(path: str | Path, silent: Container[str] = ()) -> Scenario:
    """Return the scenario that a run wrote down, to the letter, be it that today it would not be taken like that.

    At the paths in `silent` the file says what its user's did not. Raises ScenarioErrors.
    """
    scenario = from_tree(layered(Path(path), str(path)), Path(path).parent, str(path)).scenario
    return standing_alone(replace(scenario, document=with_silent(scenario.document, silent)))


def load_variants(
    source: str | Path | Scenario, overrides: Sequence[str], variants: Iterable[Sequence[str]]
) -> Iterator[Scenario | ScenarioErrors]:
    """Yield the scenario of a file with overrides on top for each list of more of them, or what is wrong with that one.

    So too of a scenario. A file is read once; the variants have no `sweep` of their own. Raises ScenarioErrors where
    the file cannot be read.
    """
    if isinstance(source, Scenario):
        assert isinstance(source.origin, Origin | WrittenOut)
        origin = source.origin
        base, overrides = origin.base, [*origin.overrides, *overrides]
    else:
        base = _Base(layered(Path(source), str(source)), Path(source).parent, str(source))
    whole = base.tree_with(overrides)
    sections = whole.value if isinstance(whole.value, dict) else {}
    kept = {key: item for key, item in sections.items() if key != "sweep"}
    tree = Layered(kept, whole.spot, whole.layer, wrong=wrong_in(whole))
    base = _Base(tree, base.folder, base.name)
    wanted = list(variants)
    useful: frozenset[Place] | None = None
    for variant in wanted:
        try:
            yield base.scenario(variant)
        except ScenarioErrors:
            # What one cell says in vain may be what the next one is about.
            useful = base.useful(wanted) if useful is None else useful
            try:
                yield base.scenario(variant, useful)
            except ScenarioErrors as failed:
                yield failed


def parse_scenario(
    text: str, overrides: list[str] | None = None, name: str = "scenario", folder: str | Path = "."
) -> Scenario:
    """Return the scenario of a YAML text as if it stood in a file `name` of a folder. Raises ScenarioErrors."""
    return tree_scenario(layered_text(text, Path(folder), name), Path(folder), name, overrides or [])


def tree_scenario(tree: Item, folder: Path, name: str, overrides: Sequence[str]) -> Scenario:
    """Return the scenario of a tree as if it were a file `name` of a folder. Raises ScenarioErrors."""
    return _Base(tree, folder, name).scenario(overrides)


def overridden(tree: Item, folder: Path, name: str, overrides: Sequence[str]) -> Item:
    """Return the tree of a file with overrides on top. Raises ScenarioErrors."""
    changed = _Base(tree, folder, name).tree_with(overrides)
    if wrong := wrong_in(changed):
        raise ScenarioErrors(wrong)
    return changed


@dataclass(frozen=True, eq=False)
class _Base:
    """A file as it stands, on which overrides are put; one may scale what the file leaves to its default."""

    tree: Item
    folder: Path
    name: str

    def scenario(self, overrides: Sequence[str], useful: frozenset[Place] = frozenset()) -> Scenario:
        """Return the scenario with overrides on top; what is `useful` elsewhere is not refused here."""
        tree = self.tree_with(overrides)

        try:
            read = self._read(tree, overrides, useful)
        except ErrorsElsewhere:
            raise
        except ScenarioErrors as failed:
            raise ScenarioErrors(self._told(tree, failed.errors, overrides, useful)) from None
        found = read.pruned(tree) if read.no_effect else read.scenario
        return replace(found, origin=Origin(self, tuple(overrides)))

    def _read(self, tree: Item, overrides: Sequence[str], useful: frozenset[Place]) -> Read:
        def refused(place: Place) -> bool:
            return place not in useful and self._answers_for(tree, place, overrides)

        return from_tree(tree, self.folder, self.name, refused)

    def _told(
        self, tree: Item, errors: Sequence[ScenarioError], overrides: Sequence[str], useful: frozenset[Place]
    ) -> list[ScenarioError]:
        """Return errors with those that they hide, each at the place that brings it about."""

        def wrong_with(other: Item) -> list[ScenarioError]:
            return _errors_of(lambda: self._read(other, overrides, useful))

        found = together(tree, errors, wrong_in(self.tree), wrong_with)
        file = self.tree if isinstance(self.tree, Layered) else None
        return blamed(found, tree, file, overrides, wrong_with)

    def useful(self, variants: Iterable[Sequence[str]]) -> frozenset[Place]:
        """Return what is in vain in some of these variants, and not in all that say it."""
        said = []
        for overrides in variants:
            with suppress(ScenarioErrors):
                tree = self.tree_with(overrides)
                said.append((tree, self._vain(tree)))
        places = frozenset(place for _, vain in said for place in vain)
        return frozenset(
            place for place in places if any(tree.find(place) is not None and place not in vain for tree, vain in said)
        )

    def _answers_for(self, tree: Item, place: Place, overrides: Sequence[str]) -> bool:
        """Whether this file, or a value on top of it, says in vain what stands at a place.

        What a file below says may serve other files that extend it, and to take away what a policy is for is a question
        worth asking of a file: both are told, and not refused.
        """
        if place in no_effect.ONLY_TOLD:
            return False
        if self.tree.find(place) is None:
            # An override brought it; another may have taken away what it is for.
            own = [override for override in overrides if _leads_to(_parted(override)[0], place)]
            return len(own) == len(overrides) or place in self._vain(self.tree_with(own))
        file = tree.nearest(place).spot.file
        if not of_option(file) and file != self.name:
            return False
        return not overrides or place in self._in_vain

    @cached_property
    def _in_vain(self) -> frozenset[Place]:
        return self._vain(self.tree)

    def _vain(self, tree: Item) -> frozenset[Place]:
        try:
            return frozenset(place for place, _ in from_tree(tree, self.folder, self.name).no_effect)
        except ScenarioErrors:
            return frozenset()  # the other overrides put right what is wrong

    def tree_with(self, overrides: Sequence[str]) -> Item:
        """Return the tree with overrides on top, over what they scale or change a part of, be it a default."""
        parted = [_parted(override) for override in overrides]
        classes = [override for override, (path, _) in zip(overrides, parted, strict=True) if path[0] == "operator"]
        given: dict[tuple[str, ...], str] = {}
        for path, text in parted:
            for end in range(1, len(path) + 1):
                if self.tree.find(path[:end]) is not None or (end == len(path) and factor_in(text) is None):
                    continue
                usual = self._resolved_with(tuple(classes))
                if end == len(path) or _is_whole(path, end, usual):
                    given |= _as_overrides(usual, path[:end])
        changed = with_overrides(self.tree, [*given.values(), *overrides])
        return Layered(changed.value, changed.spot, changed.layer, wrong=wrong_in(self.tree))

    def _resolved_with(self, overrides: tuple[str, ...]) -> dict[str, Any]:
        """Return the resolved scenario with some overrides on top; read once for all that ask."""
        if overrides not in self._resolved:
            try:
                read = from_tree(with_overrides(self.tree, overrides), self.folder, self.name)
                self._resolved[overrides] = read.scenario.resolved()
            except ScenarioErrors:
                self._resolved[overrides] = {}  # the overrides may put right what is wrong; if not, it is told then
        return self._resolved[overrides]

    @cached_property
    def _resolved(self) -> dict[tuple[str, ...], dict[str, Any]]:
        return {}


@dataclass(frozen=True, eq=False)
class Origin:
    """Of what a scenario was read: a file as it stands, and the overrides on top."""

    base: _Base
    overrides: tuple[str, ...] = ()

    def changed(self, overrides: Sequence[str]) -> Scenario:
        """Return the scenario with more overrides, after those with which it was read. Raises ScenarioErrors."""
        return self.base.scenario([*self.overrides, *overrides])


@dataclass(frozen=True, eq=False)
class WrittenOut:
    """Of a scenario that no file says: it is written out, once, where something is changed."""

    scenario: Scenario
    overrides: tuple[str, ...] = ()

    @cached_property
    def base(self) -> _Base:
        """The scenario as if it were a file."""
        name = self.scenario.file
        return _Base(layered_text(self.scenario.resolved_yaml(), Path(), name), Path(), name)

    def changed(self, overrides: Sequence[str]) -> Scenario:
        """Return the scenario with overrides. Raises ScenarioErrors."""
        return self.base.scenario(overrides)


def standing_alone(scenario: Scenario) -> Scenario:
    """Return a scenario that no longer is what its file says."""
    return replace(scenario, origin=WrittenOut(scenario))


def _errors_of(read: Callable[[], object]) -> list[ScenarioError]:
    try:
        read()
    except ScenarioErrors as failed:
        return failed.errors
    return []


def _parted(override: str) -> tuple[list[str], str]:
    path, _, text = override.partition("=")
    return [word.strip() for word in path.split(".")], text.strip()


def _is_whole(path: Sequence[str], end: int, resolved: Any) -> bool:
    """Return whether what a path leads through at its `end` makes sense only whole: a list, windows, a law."""
    return (
        path[end].isdigit()
        or (path[:end] == ["maintenance"] and path[end] != "planned")
        or is_number(_at(resolved, path[:end]))
    )


def _leads_to(path: Sequence[str], place: Place) -> bool:
    return all(one == str(other) for one, other in zip(path, place, strict=False))


def _at(resolved: Any, path: Sequence[str]) -> Any:
    """Return the resolved value at a path; None where there is none."""
    for key in path:
        if isinstance(resolved, list):
            resolved = resolved[int(key)] if key.isdigit() and int(key) < len(resolved) else None
        else:
            resolved = resolved.get(key) if isinstance(resolved, dict) else None
    return resolved


def _as_overrides(resolved: Any, path: Sequence[str]) -> dict[tuple[str, ...], str]:
    """Return what says the resolved value at a path, as texts for --set by path; none where there is none."""
    found = _at(resolved, path)
    if isinstance(found, dict):
        found = {key: value for key, value in found.items() if key != "source"}
        found = found["value"] if list(found) == ["value"] else found
    if found is None:
        return {}
    # A detection that is given is that of hangs too; of one that is changed in part the class's stay.
    beside = _as_overrides(resolved, ["recovery", "hangs"]) if list(path) == ["recovery", "detection"] else {}
    return {tuple(path): f"{'.'.join(path)}={as_text(found)}", **beside}
